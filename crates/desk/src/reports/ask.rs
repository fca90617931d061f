//! The figures of metrics: each measure is asked of the first source that knows its concepts and has values.

use super::objectives;
use crate::boards::Library;
use crate::driver::failure;
use crate::frames::series_name;
use crate::render::{Clients, Words};
use crate::texts;
use chrono_tz::Tz;
use engine::Failure;
use engine::binding::{Bindings, bind, expression};
use futures::StreamExt as _;
use model::RangeFrame;
use model::board::{Query, concepts_in};
use report::Period;
use report::data::{DISKS, Disk, MEASURES, Measure, Measured, Objective};
use report::trend::Track;
use source::{Metrics, SourceError};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// Whatever a source does, a question has its answer by then.
const PATIENCE: Duration = Duration::from_secs(30);
/// Questions under way at once: a Prometheus is not ours alone.
const AT_ONCE: usize = 6;
/// Disks and parts that are taken at most.
const MOST: usize = 200;
const HOUR: i64 = 3_600_000;

/// What was found.
#[derive(Default)]
pub(super) struct Asked {
    pub measures: Vec<Measured>,
    pub objectives: Vec<Objective>,
    pub disks: Vec<Disk>,
    pub demo: bool,
    pub faults: Vec<String>,
}

/// A source that answers, and the concepts it knows.
pub(super) struct Known<'a> {
    demo: bool,
    metrics: &'a Arc<dyn Metrics>,
    bindings: Bindings,
}

pub(super) async fn gather(
    library: &Library,
    clients: &Clients,
    period: Period,
    now: i64,
    locale: &str,
    zone: Tz,
) -> Asked {
    let mut out = Asked::default();
    let words = Words {
        locale: locale.to_owned(),
        zone,
    };
    let fault = |name: &str, why: &Failure| {
        let values = [
            ("name".to_owned(), name.to_owned()),
            ("reason".to_owned(), words.failure(why)),
        ];
        texts::say(locale, "report.method.fault", &values.into())
    };
    let wanted = discovery(library);
    let mut known = Vec::new();
    for (spec, client) in clients {
        match client {
            Ok(metrics) => match probe(library, spec.langs, metrics, &wanted).await {
                Ok(bindings) => known.push(Known {
                    demo: spec.demo,
                    metrics,
                    bindings,
                }),
                Err(why) => out.faults.push(fault(&spec.name, &why)),
            },
            Err(why) => out.faults.push(fault(&spec.name, why)),
        }
    }
    let asker = Asker {
        library,
        known: &known,
        period,
        now,
    };
    // Made before they are asked: a closure that makes them while they are asked could not go to another thread.
    let asks: Vec<_> = MEASURES.iter().map(|m| asker.measure(m)).collect();
    let measured = futures::stream::iter(asks).buffered(AT_ONCE);
    let measured: Vec<(Measured, bool, Option<Failure>)> = measured.collect().await;
    for (one, demo, why) in measured {
        let name = texts::plain(locale, &format!("report.measure.{}", one.measure.id));
        out.faults.extend(why.map(|why| fault(&name, &why)));
        out.demo |= demo;
        out.measures.push(one);
    }
    out.disks = asker.disks().await;
    out.objectives = objectives::gather(&asker, locale).await;
    out
}

/// The concepts that a report asks about.
pub(super) fn concepts(library: &Library) -> BTreeSet<String> {
    let expressions = MEASURES
        .iter()
        .flat_map(|m| [Some(m.expr), m.parts.map(|p| p.0)])
        .flatten();
    let mut all: BTreeSet<String> = expressions.chain([DISKS]).flat_map(concepts_in).collect();
    let objectives = objectives::questions(library);
    all.extend(objectives.iter().flat_map(|q| concepts_in(&q.query.expr)));
    all
}

/// The metrics that tell which dialects of our concepts a source speaks.
fn discovery(library: &Library) -> Vec<String> {
    let concepts = concepts(library);
    let dialects = concepts
        .iter()
        .filter_map(|id| library.concepts.get(id))
        .flat_map(|c| &c.dialects);
    let names: BTreeSet<String> = dialects.map(|d| d.discovery.clone()).collect();
    names.into_iter().collect()
}

async fn probe(
    library: &Library,
    langs: &[model::Lang],
    metrics: &Arc<dyn Metrics>,
    wanted: &[String],
) -> Result<Bindings, Failure> {
    let names: Vec<&str> = wanted.iter().map(String::as_str).collect();
    let answer = tokio::time::timeout(PATIENCE, metrics.exists(&names)).await;
    let found = answer
        .map_err(|_| failure(&SourceError::Timeout { after: PATIENCE }))?
        .map_err(|e| failure(&e))?;
    let there = wanted.iter().zip(found.value).filter(|(_, there)| *there);
    let present: BTreeSet<String> = there.map(|(name, _)| name.clone()).collect();
    Ok(bind(&library.concepts, &present, langs))
}

/// A stretch on a grid: `from` exclusive, `until` inclusive, so that each point stands for the time before it.
#[derive(Clone, Copy)]
pub(super) struct Stretch {
    pub from: i64,
    pub until: i64,
    pub step: i64,
}

pub(super) struct Asker<'a> {
    pub library: &'a Library,
    pub known: &'a [Known<'a>],
    period: Period,
    now: i64,
}

impl Asker<'_> {
    /// The period, as far as it is over.
    pub fn this(&self) -> Stretch {
        let step = self.period.kind.step();
        let until = self
            .period
            .until
            .min(self.now.div_euclid(step) * step)
            .max(self.period.from + step);
        Stretch {
            from: self.period.from,
            until,
            step,
        }
    }

    fn before(&self) -> Stretch {
        Stretch {
            from: self.period.before,
            until: self.period.from,
            step: self.period.kind.step(),
        }
    }

    async fn measure(&self, measure: &'static Measure) -> (Measured, bool, Option<Failure>) {
        let limits = measure
            .limits
            .and_then(|id| self.library.concepts.get(id))
            .and_then(|c| c.thresholds);
        let empty = |s: Stretch| Track {
            start: s.from + s.step,
            step: s.step,
            points: vec![None; usize::try_from((s.until - s.from) / s.step).unwrap_or(0)],
        };
        let mut out = Measured {
            measure,
            limits,
            now: empty(self.this()),
            before: empty(self.before()),
            parts: Vec::new(),
        };
        let mut why = None;
        for source in self.known {
            match self.ask(source, measure.expr, self.this()).await {
                Ok(Some(frame)) if !frame.series.is_empty() => {
                    out.now = first(&frame);
                    if let Ok(Some(frame)) = self.ask(source, measure.expr, self.before()).await
                        && !frame.series.is_empty()
                    {
                        out.before = first(&frame);
                    }
                    if let Some((expr, label)) = measure.parts
                        && let Ok(Some(frame)) = self.ask(source, expr, self.this()).await
                    {
                        out.parts = parts(&frame, label);
                    }
                    return (out, source.demo, None);
                }
                Ok(_) => {}
                Err(failed) => why = Some(failed),
            }
        }
        (out, false, why)
    }

    /// Hourly, of every source.
    async fn disks(&self) -> Vec<Disk> {
        let Stretch { from, until, .. } = self.this();
        let step = if until - from > 2 * 24 * HOUR {
            HOUR
        } else {
            HOUR / 4
        };
        let stretch = Stretch {
            from,
            until: until.max(from + step),
            step,
        };
        let mut out: BTreeMap<String, Disk> = BTreeMap::new();
        for source in self.known {
            let Ok(Some(frame)) = self.ask(source, DISKS, stretch).await else {
                continue;
            };
            for (labels, values) in frame.series.iter().take(MOST) {
                let name = series_name(Some("{{instance}} {{mountpoint}}"), labels, "");
                let used = track(&frame, values);
                out.entry(name.clone()).or_insert(Disk { name, used });
            }
        }
        out.into_values().collect()
    }

    /// The expression in the source's dialects; `None`: it does not know the concepts.
    pub fn filled(&self, source: &Known<'_>, expr: &str) -> Option<String> {
        let query = Query {
            expr: expr.to_owned(),
            ..Query::default()
        };
        expression(&query, &self.library.concepts, &source.bindings).ok()
    }

    /// `None`: this source does not know the concepts.
    pub async fn ask(
        &self,
        source: &Known<'_>,
        expr: &str,
        s: Stretch,
    ) -> Result<Option<RangeFrame>, Failure> {
        let Some(filled) = self.filled(source, expr) else {
            return Ok(None);
        };
        let asked = source
            .metrics
            .range(&filled, s.from + s.step, s.until, s.step);
        match tokio::time::timeout(PATIENCE, asked).await {
            Ok(Ok(answer)) => Ok(Some(answer.value)),
            Ok(Err(e)) => Err(failure(&e)),
            Err(_) => Err(failure(&SourceError::Timeout { after: PATIENCE })),
        }
    }
}

fn track(frame: &RangeFrame, values: &[f64]) -> Track {
    Track {
        start: frame.start_ms,
        step: frame.step_ms,
        points: values.iter().map(|v| v.is_finite().then_some(*v)).collect(),
    }
}

fn first(frame: &RangeFrame) -> Track {
    frame
        .series
        .first()
        .map_or_else(Track::default, |(_, values)| track(frame, values))
}

fn parts(frame: &RangeFrame, label: &str) -> Vec<(String, Track)> {
    let name = |labels: &model::Labels| labels.get(label).unwrap_or("–").chars().take(60).collect();
    frame
        .series
        .iter()
        .take(MOST)
        .map(|(labels, values)| (name(labels), track(frame, values)))
        .collect()
}
