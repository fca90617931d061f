//! The suite that every implementation of [`Metrics`] has to pass, on the real system behind it.
//!
//! A test loads [`fixture`] into the system, then calls [`check`]; [`source_conformance!`](crate::source_conformance)
//! writes that test.

use crate::{Metrics, SourceError, Span, cancellable};
use model::sample::is_stale_marker;
use model::{InstantValue, Labels, Sample, Series};
use tokio_util::sync::CancellationToken;

/// Distance of two samples of the fixture, ms.
pub const STEP_MS: i64 = 15_000;
/// Samples before and after the fixture's gap.
const HALF: i64 = 20;
/// Samples missing in the gap, so that it is longer than Prometheus' 5 minutes of lookback.
const GAP: i64 = 40;

/// What did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Which check.
    pub check: &'static str,
    /// What came instead.
    pub what: String,
}

/// The time of the fixture's last sample, when its first one is at `base_ms`.
pub fn end_ms(base_ms: i64) -> i64 {
    base_ms + (2 * HALF + GAP - 1) * STEP_MS
}

/// The series that the suite asks for: `conformance_level{shop="s0|s1|s2"}` with `v = i + 100 × shop`, a gap in the
/// middle; `conformance_text{note="…"}` with a hostile label value. `base_ms` should be a multiple of [`STEP_MS`].
pub fn fixture(base_ms: i64) -> Vec<Series> {
    let sample = |i: i64, v: f64| Sample {
        t: base_ms + i * STEP_MS,
        v,
    };
    let mut all: Vec<Series> = (0..3)
        .map(|shop| Series {
            labels: Labels::from_pairs([
                ("__name__", "conformance_level".to_owned()),
                ("shop", format!("s{shop}")),
                ("city", "上海".to_owned()),
            ]),
            samples: (0..HALF)
                .chain(HALF + GAP..2 * HALF + GAP)
                .map(|i| sample(i, (i + 100 * shop) as f64))
                .collect(),
        })
        .collect();
    all.push(Series {
        labels: Labels::from_pairs([("__name__", "conformance_text"), ("note", HOSTILE)]),
        samples: (0..2 * HALF + GAP).map(|i| sample(i, 0.125)).collect(),
    });
    all
}

/// A label value with everything that needs care on its way to a page.
pub const HOSTILE: &str = "<img src=x onerror=\"alert(1)\">\\ \u{1f363}\n\u{202e}";

/// Runs all checks; an empty list means that `source` conforms.
pub async fn check(source: &dyn Metrics, base_ms: i64) -> Vec<Failure> {
    let mut run = Run {
        source,
        base_ms,
        failures: Vec::new(),
    };
    run.instant().await;
    run.range().await;
    run.lists().await;
    run.errors().await;
    run.existence().await;
    run.failures
}

/// A test `$name` that builds a source by `$make` (an async expression giving `(source, base_ms, keep_alive)`) and holds
/// it to the suite.
#[macro_export]
macro_rules! source_conformance {
    ($name:ident, $make:expr) => {
        #[tokio::test(flavor = "multi_thread")]
        async fn $name() {
            let (source, base_ms, _keep) = $make.await;
            let failures = $crate::conformance::check(&*source, base_ms).await;
            assert!(failures.is_empty(), "{failures:#?}");
        }
    };
}

struct Run<'a> {
    source: &'a dyn Metrics,
    base_ms: i64,
    failures: Vec<Failure>,
}

impl Run<'_> {
    fn must(&mut self, check: &'static str, holds: bool, got: &dyn std::fmt::Debug) {
        if !holds {
            let what = format!("{got:?}").chars().take(2_000).collect();
            self.failures.push(Failure { check, what });
        }
    }

    async fn instant(&mut self) {
        let at = self.base_ms + 10 * STEP_MS;
        let got = self.source.instant("conformance_level", Some(at)).await;
        let vector = match &got {
            Ok(answer) => match &answer.value {
                InstantValue::Vector(all) => sorted(all.clone()),
                _ => Vec::new(),
            },
            Err(_) => Vec::new(),
        };
        let expected: Vec<(Labels, Sample)> = fixture(self.base_ms)
            .into_iter()
            .filter(|s| s.labels.metric_name() == Some("conformance_level"))
            .filter_map(|s| {
                Some((
                    s.labels,
                    Sample {
                        t: at,
                        v: s.samples.get(10)?.v,
                    },
                ))
            })
            .collect();
        self.must("instant vector", vector == sorted(expected), &got);

        // VictoriaMetrics answers a scalar as a vector without labels
        let got = self.source.instant("2 + 3", Some(at)).await;
        let five = match &got {
            Ok(answer) => match &answer.value {
                InstantValue::Scalar(sample) => sample.v == 5.0 && sample.t == at,
                InstantValue::Vector(all) => {
                    matches!(&all[..], [(l, s)] if l.is_empty() && s.v == 5.0 && s.t == at)
                }
                _ => false,
            },
            Err(_) => false,
        };
        self.must("instant scalar", five, &got);

        let got = self
            .source
            .instant("no_such_metric_anywhere", Some(at))
            .await;
        let empty = matches!(&got, Ok(a) if a.value == InstantValue::Vector(Vec::new()));
        self.must("unknown metric is empty, not an error", empty, &got);

        let got = self.source.instant("conformance_text", Some(at)).await;
        let kept = matches!(&got, Ok(a) if matches!(&a.value, InstantValue::Vector(v)
            if matches!(&v[..], [(l, s)] if l.get("note") == Some(HOSTILE) && s.v == 0.125)));
        self.must("hostile label value arrives as it is", kept, &got);
    }

    async fn range(&mut self) {
        let (start, end) = (self.base_ms, end_ms(self.base_ms));
        let got = self
            .source
            .range("conformance_level{shop=\"s1\"}", start, end, STEP_MS)
            .await;
        let frame = got.as_ref().map(|a| a.value.clone()).unwrap_or_default();
        let len = (2 * HALF + GAP) as usize;
        let shape = (frame.start_ms, frame.step_ms, frame.len) == (start, STEP_MS, len)
            && frame.series.iter().all(|(_, column)| column.len() == len);
        self.must("range has the grid that was asked", shape, &got);
        let column = frame.series.first().map_or(&[][..], |(_, c)| &c[..]);
        let value = |i: i64| column.get(i as usize).copied().unwrap_or(f64::NAN);
        let values = (0..HALF)
            .chain(HALF + GAP..2 * HALF + GAP)
            .all(|i| value(i) == (i + 100) as f64);
        self.must("range values", frame.series.len() == 1 && values, &got);
        // after 5 minutes of lookback, before the next sample
        let gap = (HALF + 21..HALF + GAP).all(|i| is_stale_marker(value(i)));
        self.must("a gap is marked, not drawn over", gap, &column);

        let off = start + 1_234;
        let got = self
            .source
            .range("conformance_text * 8", off, off + 60 * STEP_MS, STEP_MS)
            .await;
        let grid = matches!(&got, Ok(a) if a.value.start_ms == off && a.value.len == 61
            && matches!(&a.value.series[..], [(_, c)] if c.iter().all(|v| *v == 1.0)));
        self.must("a grid off the step's multiples is kept", grid, &got);

        let got = self
            .source
            .range("no_such_metric", start, end, STEP_MS)
            .await;
        let empty = matches!(&got, Ok(a) if a.value.series.is_empty() && a.value.len == len);
        self.must("range of an unknown metric is empty", empty, &got);
    }

    async fn lists(&mut self) {
        let span = Span {
            start_ms: self.base_ms,
            end_ms: end_ms(self.base_ms),
        };
        let of_level: [&str; 1] = ["conformance_level"];
        let got = self.source.label_values("shop", &of_level, span).await;
        let shops = matches!(&got, Ok(a) if a.value == ["s0", "s1", "s2"]);
        self.must("label values, sorted", shops, &got);
        let got = self.source.label_names(&of_level, span).await;
        let names = matches!(&got, Ok(a) if a.value == ["__name__", "city", "shop"]);
        self.must("label names, sorted", names, &got);
        let got = self.source.series(&of_level, span, 100).await;
        let three = matches!(&got, Ok(a) if a.value.len() == 3
            && a.value.iter().all(|l| l.metric_name() == Some("conformance_level")));
        self.must("series", three, &got);
        let got = self.source.series(&of_level, span, 2).await;
        let two = matches!(&got, Ok(a) if a.value.len() == 2);
        self.must("series obey the limit", two, &got);
        let got = self.source.metadata(Some("conformance_level")).await;
        self.must("metadata answers, empty or not", got.is_ok(), &got);
        let got = self.source.probe().await;
        let ready = matches!(&got, Ok(a) if a.value.ready);
        self.must("probe says ready", ready, &got);
    }

    async fn errors(&mut self) {
        let got = self.source.instant("sum(", None).await;
        let typed = matches!(&got, Err(SourceError::Query { message, .. }) if !message.is_empty());
        self.must("a query that cannot be parsed is typed", typed, &got);
        let got = self
            .source
            .range("1 +", self.base_ms, self.base_ms, 1_000)
            .await;
        let typed = matches!(&got, Err(SourceError::Query { .. }));
        self.must("the same for a range", typed, &got);
        let got = self.source.range("1", self.base_ms, self.base_ms, 0).await;
        self.must("a step of 0 is refused", got.is_err(), &got);
        let end = self.base_ms + 20_000_000;
        let got = self.source.range("1", self.base_ms, end, 1_000).await;
        let limit = matches!(&got, Err(SourceError::Limit { .. }));
        self.must("too many points are refused", limit, &got);
        // Under way when it is given up. A fast source may have answered at the first look: then another one is asked.
        let mut got = Err(SourceError::Cancelled);
        for _ in 0..100 {
            let token = CancellationToken::new();
            let mut asked = std::pin::pin!(cancellable(&token, self.source.instant("1", None)));
            if futures::poll!(&mut asked).is_pending() {
                token.cancel();
                got = asked.await.map(Some);
                break;
            }
            got = Ok(None);
        }
        let cancelled = matches!(&got, Err(SourceError::Cancelled));
        self.must(
            "a question that is given up half-way says so",
            cancelled,
            &got,
        );
        let got = self.source.instant("1", None).await;
        self.must("and the next one is answered", got.is_ok(), &got);
    }

    async fn existence(&mut self) {
        // only what has a value now exists: a name of the fixture may be long past by now, so ask for a shape
        let names: [&str; 3] = ["no_such_metric_anywhere", "not a name", ""];
        let got = self.source.exists(&names).await;
        let none = matches!(&got, Ok(a) if a.value == [false, false, false]);
        self.must("what does not exist is not claimed", none, &got);
    }
}

fn sorted(mut all: Vec<(Labels, Sample)>) -> Vec<(Labels, Sample)> {
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}
