//! What the running program keeps inside, for the command line of the same machine: its stores answer through its door.
//!
//! Numbers cross as their bits: what is not known (a NaN of its own) must stay that.

use super::control::Control;
use crate::core::Handle;
use crate::driver::failure;
use crate::sources::Client;
use engine::{Budget, SourceSpec};
use model::{InstantValue, Labels, RangeFrame, Sample, Series};
use serde::{Deserialize, Serialize};
use source::{Answer, Ask, Flavor, Metadata, Metrics, SourceError, SourceInfo, Span};
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use wire::{ErrorCode, ErrorView};

/// A source that the running program keeps.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Kept {
    name: String,
    kind: String,
    demo: bool,
    /// Old, unknown: ms.
    budget: (i64, i64),
}

/// What one of them is asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Question {
    source: String,
    what: What,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
enum What {
    Instant(String, Option<i64>),
    Range(String, i64, i64, i64),
    Exists(Vec<String>),
    Probe,
}

/// What it answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Said {
    Scalar(i64, u64),
    Text(i64, String),
    /// Labels and samples; an instant vector has one of each, at its own time.
    Vector(Vec<(Labels, i64, u64)>),
    Matrix(Vec<(Labels, Vec<(i64, u64)>)>),
    Range {
        start: i64,
        step: i64,
        len: usize,
        series: Vec<(Labels, Vec<u64>)>,
    },
    Exists(Vec<bool>),
    Probed(Option<String>),
}

fn bits(sample: &Sample) -> (i64, u64) {
    (sample.t, sample.v.to_bits())
}

fn sample((t, v): (i64, u64)) -> Sample {
    Sample {
        t,
        v: f64::from_bits(v),
    }
}

impl Said {
    fn instant(value: InstantValue) -> Self {
        match value {
            InstantValue::Scalar(s) => Self::Scalar(s.t, s.v.to_bits()),
            InstantValue::Text(t, text) => Self::Text(t, text),
            InstantValue::Vector(all) => {
                let one = |(labels, s): (Labels, Sample)| (labels, s.t, s.v.to_bits());
                Self::Vector(all.into_iter().map(one).collect())
            }
            InstantValue::Matrix(all) => {
                let one = |s: Series| (s.labels, s.samples.iter().map(bits).collect());
                Self::Matrix(all.into_iter().map(one).collect())
            }
        }
    }

    fn range(frame: RangeFrame) -> Self {
        let one = |(labels, values): (Labels, Vec<f64>)| {
            (labels, values.into_iter().map(f64::to_bits).collect())
        };
        Self::Range {
            start: frame.start_ms,
            step: frame.step_ms,
            len: frame.len,
            series: frame.series.into_iter().map(one).collect(),
        }
    }

    fn into_instant(self) -> Result<InstantValue, SourceError> {
        match self {
            Self::Scalar(t, v) => Ok(InstantValue::Scalar(sample((t, v)))),
            Self::Text(t, text) => Ok(InstantValue::Text(t, text)),
            Self::Vector(all) => {
                let one = |(labels, t, v)| (labels, sample((t, v)));
                Ok(InstantValue::Vector(all.into_iter().map(one).collect()))
            }
            Self::Matrix(all) => {
                let one = |(labels, samples): (Labels, Vec<(i64, u64)>)| Series {
                    labels,
                    samples: samples.into_iter().map(sample).collect(),
                };
                Ok(InstantValue::Matrix(all.into_iter().map(one).collect()))
            }
            _ => Err(other()),
        }
    }

    fn into_range(self) -> Result<RangeFrame, SourceError> {
        let Self::Range {
            start,
            step,
            len,
            series,
        } = self
        else {
            return Err(other());
        };
        let one = |(labels, values): (Labels, Vec<u64>)| {
            (labels, values.into_iter().map(f64::from_bits).collect())
        };
        Ok(RangeFrame {
            start_ms: start,
            step_ms: step,
            len,
            series: series.into_iter().map(one).collect(),
        })
    }
}

fn other() -> SourceError {
    SourceError::Internal {
        detail: "the running program answered something else".to_owned(),
    }
}

/// The sources that the wall keeps inside, for the door.
pub(super) async fn kept(wall: &Handle) -> Result<Vec<Kept>, ErrorView> {
    let specs = wall.inside().await?;
    let kept = |spec: SourceSpec| Kept {
        name: spec.name,
        kind: spec.kind,
        demo: spec.demo,
        budget: (spec.budget.old_ms, spec.budget.unknown_ms),
    };
    Ok(specs.into_iter().map(kept).collect())
}

/// Asks one of them, for the door.
pub(super) async fn asked(wall: &Handle, question: Question) -> Result<Said, ErrorView> {
    let metrics = wall.metrics(question.source).await?;
    let refuse = |e: SourceError| crate::frames::error_view(&failure(&e));
    match question.what {
        What::Instant(query, at) => {
            let answer = metrics.instant(&query, at).await.map_err(refuse)?;
            Ok(Said::instant(answer.value))
        }
        What::Range(query, start, end, step) => {
            let answer = metrics.range(&query, start, end, step).await;
            Ok(Said::range(answer.map_err(refuse)?.value))
        }
        What::Exists(names) => {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let answer = metrics.exists(&names).await.map_err(refuse)?;
            Ok(Said::Exists(answer.value))
        }
        What::Probe => Ok(Said::Probed(
            metrics.probe().await.map_err(refuse)?.value.version,
        )),
    }
}

/// The sources inside the program that runs over this data directory; `None`: none runs.
pub async fn sources(data: &Path) -> Option<Vec<Client>> {
    let control = Arc::new(Control::find(data).await?);
    let kept: Vec<Kept> = control.ask("sources", &()).await.ok()?;
    let client = |kept: Kept| -> Client {
        let langs = source::registry::langs(&kept.kind);
        let spec = SourceSpec {
            name: kept.name.clone(),
            address: String::new(),
            demo: kept.demo,
            budget: Budget {
                old_ms: kept.budget.0,
                unknown_ms: kept.budget.1,
            },
            langs,
            kind: kept.kind,
        };
        let remote = RemoteMetrics {
            control: control.clone(),
            name: kept.name,
        };
        (spec, Ok(Arc::new(remote) as Arc<dyn Metrics>))
    };
    Some(kept.into_iter().map(client).collect())
}

/// A source inside the running program.
struct RemoteMetrics {
    control: Arc<Control>,
    name: String,
}

impl fmt::Debug for RemoteMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteMetrics")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl RemoteMetrics {
    async fn ask(&self, what: What) -> Result<Said, SourceError> {
        let question = Question {
            source: self.name.clone(),
            what,
        };
        let answer = self.control.ask("metrics", &question).await;
        answer.map_err(|e: ErrorView| match e.code {
            ErrorCode::Connect => SourceError::Connect {
                detail: e.params.get("detail").cloned().unwrap_or_default(),
            },
            _ => SourceError::Query {
                fault: source::QueryFault::Failed,
                message: e.params.values().cloned().collect::<Vec<_>>().join(", "),
            },
        })
    }
}

/// What the command line never asks of it.
fn never<T: Send + 'static>() -> Ask<'static, T> {
    Box::pin(async {
        Err(SourceError::Internal {
            detail: "not asked through the door".to_owned(),
        })
    })
}

impl Metrics for RemoteMetrics {
    fn kind(&self) -> &'static str {
        "embedded"
    }

    fn instant<'a>(&'a self, query: &'a str, at_ms: Option<i64>) -> Ask<'a, InstantValue> {
        Box::pin(async move {
            let said = self.ask(What::Instant(query.to_owned(), at_ms)).await?;
            said.into_instant().map(Answer::local)
        })
    }

    fn range<'a>(
        &'a self,
        query: &'a str,
        start_ms: i64,
        end_ms: i64,
        step_ms: i64,
    ) -> Ask<'a, RangeFrame> {
        Box::pin(async move {
            let what = What::Range(query.to_owned(), start_ms, end_ms, step_ms);
            self.ask(what).await?.into_range().map(Answer::local)
        })
    }

    fn series<'a>(&'a self, _: &'a [&'a str], _: Span, _: usize) -> Ask<'a, Vec<Labels>> {
        never()
    }

    fn label_names<'a>(&'a self, _: &'a [&'a str], _: Span) -> Ask<'a, Vec<String>> {
        never()
    }

    fn label_values<'a>(&'a self, _: &'a str, _: &'a [&'a str], _: Span) -> Ask<'a, Vec<String>> {
        never()
    }

    fn metadata<'a>(&'a self, _: Option<&'a str>) -> Ask<'a, BTreeMap<String, Metadata>> {
        never()
    }

    fn probe(&self) -> Ask<'_, SourceInfo> {
        Box::pin(async move {
            match self.ask(What::Probe).await? {
                Said::Probed(version) => Ok(Answer::local(SourceInfo {
                    flavor: Flavor::Embedded,
                    version,
                    ready: true,
                    has_metadata: false,
                })),
                _ => Err(other()),
            }
        })
    }

    fn exists<'a>(&'a self, metrics: &'a [&'a str]) -> Ask<'a, Vec<bool>> {
        Box::pin(async move {
            let names = metrics.iter().map(|m| (*m).to_owned()).collect();
            match self.ask(What::Exists(names)).await? {
                Said::Exists(found) if found.len() == metrics.len() => Ok(Answer::local(found)),
                _ => Err(other()),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_stays_that_on_its_way() {
        let gap = model::sample::stale_marker();
        let frame = RangeFrame {
            start_ms: 1_000,
            step_ms: 500,
            len: 3,
            series: vec![(Labels::from_pairs([("a", "甲")]), vec![1.5, gap, f64::NAN])],
        };
        let text = serde_json::to_string(&Said::range(frame)).unwrap();
        let back: Said = serde_json::from_str(&text).unwrap();
        let back = back.into_range().unwrap();
        let values = &back.series[0].1;
        assert_eq!((back.len, values[0]), (3, 1.5));
        assert!(model::sample::is_stale_marker(values[1]));
        assert!(values[2].is_nan() && !model::sample::is_stale_marker(values[2]));
        let vector = InstantValue::Vector(vec![(Labels::default(), Sample { t: 7, v: -0.25 })]);
        assert_eq!(
            Said::instant(vector.clone()).into_instant().unwrap(),
            vector
        );
        assert!(Said::Probed(None).into_range().is_err());
    }
}
