//! The embedded store as a source like any other.

use crate::tiers::Tiers;
use embedded::tsdb::{Span as StoreSpan, Tsdb};
use model::{InstantValue, Labels, RangeFrame, sample::stale_marker};
use promql::storage::Storage;
use promql::{Engine, LimitError, PromqlError, Value};
use promql_parser::label::Matchers;
use promql_parser::parser::{self, Expr};
use source::{
    Answer, Ask, Capacity, Flavor, Metadata, Metrics, QueryFault, SourceError, SourceInfo, Span,
};
use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Series, names and values that one listing gives at most.
const MAX_LISTED: usize = 20_000;
/// A metric is there when it has had a sample within this time, ms: longer than a start takes to live through the simulated past.
const PRESENT_MS: i64 = 2 * 3_600_000;

/// A time-series store of this process, answering PromQL.
#[derive(Clone)]
pub struct LocalMetrics {
    kind: &'static str,
    store: Arc<Tsdb>,
    past: Option<Past>,
    clock: embedded::Clock,
}

/// What is older than the store's own samples.
#[derive(Clone)]
struct Past {
    store: Arc<Tsdb>,
    since: i64,
    keeps: i64,
}

impl fmt::Debug for LocalMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalMetrics")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

impl LocalMetrics {
    /// `kind` is `embedded` or `simulator`.
    pub fn new(kind: &'static str, store: Arc<Tsdb>, clock: embedded::Clock) -> Self {
        Self {
            kind,
            store,
            past: None,
            clock,
        }
    }

    /// With older samples of some series in a store of their own. The newer store begins at `since` and keeps its samples for
    /// `keeps`, both in ms.
    #[must_use]
    pub fn with_past(mut self, store: Arc<Tsdb>, since: i64, keeps: i64) -> Self {
        self.past = Some(Past {
            store,
            since,
            keeps,
        });
        self
    }

    /// Runs on a thread for blocking work; a question that nobody waits for any more ends at its next check.
    fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Tsdb, &Engine) -> Result<T, SourceError> + Send + 'static,
    ) -> Ask<'_, T> {
        let store = self.store.clone();
        Box::pin(async move {
            let cancelled = CancelOnDrop(Arc::new(AtomicBool::new(false)));
            let flag = cancelled.0.clone();
            let engine =
                Engine::default().with_cancel(Arc::new(move || flag.load(Ordering::Relaxed)));
            let done = tokio::task::spawn_blocking(move || work(&store, &engine)).await;
            done.map_err(|e| SourceError::Internal {
                detail: e.to_string(),
            })?
            .map(Answer::local)
        })
    }
}

impl LocalMetrics {
    /// As [`Self::ask`], over the past as well.
    fn evaluate<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Storage, &Engine) -> Result<T, SourceError> + Send + 'static,
    ) -> Ask<'_, T> {
        let past = self.past.clone();
        let now = (self.clock)();
        self.ask(move |live, engine| match &past {
            None => work(live, engine),
            Some(past) => {
                let tiers = Tiers {
                    live,
                    past: &past.store,
                    live_since: past.since.max(now - past.keeps),
                };
                work(&tiers, engine)
            }
        })
    }
}

struct CancelOnDrop(Arc<AtomicBool>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Metrics for LocalMetrics {
    fn kind(&self) -> &'static str {
        self.kind
    }

    fn instant<'a>(&'a self, query: &'a str, at_ms: Option<i64>) -> Ask<'a, InstantValue> {
        let (query, at) = (query.to_owned(), at_ms.unwrap_or_else(|| (self.clock)()));
        self.evaluate(move |store, engine| {
            let value = engine.instant(store, &query, at).map_err(error)?;
            Ok(match value {
                Value::Scalar(s) => InstantValue::Scalar(s),
                Value::String { t, value } => InstantValue::Text(t, value),
                Value::Vector(v) => InstantValue::Vector(v),
                Value::Matrix(m) => InstantValue::Matrix(m),
            })
        })
    }

    fn range<'a>(
        &'a self,
        query: &'a str,
        start_ms: i64,
        end_ms: i64,
        step_ms: i64,
    ) -> Ask<'a, RangeFrame> {
        let query = query.to_owned();
        self.evaluate(move |store, engine| {
            let all = engine
                .range(store, &query, start_ms, end_ms, step_ms)
                .map_err(error)?;
            let len = usize::try_from((end_ms - start_ms) / step_ms.max(1) + 1).unwrap_or(0);
            let column = |series: model::Series| {
                let mut values = vec![stale_marker(); len];
                for s in &series.samples {
                    let i =
                        usize::try_from((s.t - start_ms) / step_ms.max(1)).unwrap_or(usize::MAX);
                    if let Some(slot) = values.get_mut(i) {
                        *slot = s.v;
                    }
                }
                (series.labels, values)
            };
            Ok(RangeFrame {
                start_ms,
                step_ms,
                len,
                series: all.into_iter().map(column).collect(),
            })
        })
    }

    fn series<'a>(
        &'a self,
        selectors: &'a [&'a str],
        span: Span,
        limit: usize,
    ) -> Ask<'a, Vec<Labels>> {
        let matchers = matchers(selectors);
        self.ask(move |store, _| {
            Ok(store.series(&matchers?, store_span(span), limit.min(MAX_LISTED)))
        })
    }

    fn label_names<'a>(&'a self, selectors: &'a [&'a str], span: Span) -> Ask<'a, Vec<String>> {
        let matchers = matchers(selectors);
        self.ask(move |store, _| Ok(store.label_names(&matchers?, store_span(span), MAX_LISTED)))
    }

    fn label_values<'a>(
        &'a self,
        name: &'a str,
        selectors: &'a [&'a str],
        span: Span,
    ) -> Ask<'a, Vec<String>> {
        let (name, matchers) = (name.to_owned(), matchers(selectors));
        self.ask(move |store, _| {
            Ok(store.label_values(&name, &matchers?, store_span(span), MAX_LISTED))
        })
    }

    fn metadata<'a>(&'a self, metric: Option<&'a str>) -> Ask<'a, BTreeMap<String, Metadata>> {
        let metric = metric.map(str::to_owned);
        self.ask(move |store, _| {
            let all = store.metadata(metric.as_deref(), MAX_LISTED).into_iter();
            let one = |m: embedded::tsdb::Metadata| Metadata {
                kind: m.kind.as_str().to_owned(),
                help: m.help,
                unit: m.unit,
            };
            Ok(all.map(|(name, m)| (name, one(m))).collect())
        })
    }

    fn probe(&self) -> Ask<'_, SourceInfo> {
        let info = SourceInfo {
            flavor: Flavor::Embedded,
            version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            ready: true,
            has_metadata: true,
        };
        self.ask(move |_, _| Ok(info))
    }

    fn exists<'a>(&'a self, metrics: &'a [&'a str]) -> Ask<'a, Vec<bool>> {
        let names: Vec<String> = metrics.iter().map(|m| (*m).to_owned()).collect();
        let now = (self.clock)();
        self.ask(move |store, _| {
            let span = StoreSpan {
                start: now - PRESENT_MS,
                end: now,
            };
            let present: HashSet<String> = store
                .label_values("__name__", &[], span, MAX_LISTED)
                .into_iter()
                .collect();
            Ok(names.iter().map(|n| present.contains(n)).collect())
        })
    }
}

fn store_span(span: Span) -> StoreSpan {
    StoreSpan {
        start: span.start_ms,
        end: span.end_ms,
    }
}

fn matchers(selectors: &[&str]) -> Result<Vec<Matchers>, SourceError> {
    let one = |text: &&str| match parser::parse(text) {
        Ok(Expr::VectorSelector(v)) => {
            let mut matchers = v.matchers;
            if let Some(name) = v.name {
                matchers = matchers.append(promql_parser::label::Matcher::new(
                    promql_parser::label::MatchOp::Equal,
                    "__name__",
                    &name,
                ));
            }
            Ok(matchers)
        }
        Ok(_) => Err(invalid("expected a series selector")),
        Err(e) => Err(invalid(&e)),
    };
    selectors.iter().map(one).collect()
}

fn invalid(message: &str) -> SourceError {
    SourceError::Query {
        fault: QueryFault::Invalid,
        message: message.to_owned(),
    }
}

/// The evaluator's error in the words of every source.
fn error(e: PromqlError) -> SourceError {
    let fault = match &e {
        PromqlError::Parse { .. } => QueryFault::Invalid,
        PromqlError::Limit(LimitError::Steps { max }) => {
            let limit = u64::try_from(*max).unwrap_or(u64::MAX);
            return SourceError::Limit {
                what: Capacity::Points,
                limit,
            };
        }
        PromqlError::Execution(_) | PromqlError::Limit(_) => QueryFault::Failed,
        PromqlError::Cancelled => return SourceError::Cancelled,
        PromqlError::Storage(_) => QueryFault::Internal,
    };
    SourceError::Query {
        fault,
        message: e.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;
    use embedded::tsdb::Options;
    use model::Sample;
    use source::conformance::{STEP_MS, end_ms, fixture};

    async fn loaded() -> (Box<dyn Metrics>, i64, ()) {
        let now = clock::now_ms();
        let base = (now - (end_ms(0) + 60_000)).div_euclid(STEP_MS) * STEP_MS;
        let time: embedded::Clock = Arc::new(clock::now_ms);
        let store = Arc::new(Tsdb::in_memory(Options::new(time.clone())));
        for series in fixture(base) {
            let batch: Vec<(Labels, Sample)> = series
                .samples
                .iter()
                .map(|s| (series.labels.clone(), *s))
                .collect();
            assert_eq!(store.append(&batch).refused(), 0);
        }
        (
            Box::new(LocalMetrics::new("embedded", store, time)),
            base,
            (),
        )
    }

    source::source_conformance!(the_embedded_store_is_a_source_like_any_other, loaded());
}
