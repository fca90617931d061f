//! Our PromQL evaluator over series that are asked for while it works.

use crate::error::{Capacity, QueryFault, SourceError};
use crate::metrics::Span;
use model::labels::METRIC_NAME;
use model::{Lang, Series};
use promql::storage::Sink;
use promql::{LimitError, PromqlError, Storage, StorageError};
use promql_parser::label::{MatchOp, Matcher, Matchers};
use promql_parser::parser::{self, Expr};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What one selector needs.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    /// What the series must fit.
    pub matchers: Matchers,
    /// From when on, ms, included.
    pub start: i64,
    /// Until when, ms, included.
    pub end: i64,
}

impl Wanted {
    /// From a selector's text.
    pub(super) fn parse(selector: &str, span: Span) -> Result<Self, SourceError> {
        // bounds its length and depth before the parser builds a tree
        promql::selectors(selector).map_err(fault)?;
        match parser::parse(selector) {
            Ok(Expr::VectorSelector(v)) => {
                let name = v
                    .name
                    .map(|n| Matcher::new(MatchOp::Equal, METRIC_NAME, &n));
                let matchers = match name {
                    Some(name) => v.matchers.append(name),
                    None => v.matchers,
                };
                Ok(Self {
                    matchers,
                    start: span.start_ms,
                    end: span.end_ms,
                })
            }
            _ => Err(SourceError::Query {
                fault: QueryFault::Invalid,
                message: "expected a series selector".into(),
            }),
        }
    }

    /// The question in a store's own language that stands in the selector.
    pub(super) fn native(&self) -> Option<(Lang, &str)> {
        self.matchers.matchers.iter().find_map(|m| {
            let lang = Lang::NATIVE.into_iter().find(|l| l.name() == m.name)?;
            (m.op == MatchOp::Equal).then_some((lang, m.value.as_str()))
        })
    }

    fn key(&self) -> (String, i64, i64) {
        let mut texts: Vec<String> = self
            .matchers
            .matchers
            .iter()
            .map(ToString::to_string)
            .collect();
        texts.sort_unstable();
        (texts.join(","), self.start, self.end)
    }
}

/// Series that are there already, and what was asked for in vain.
#[derive(Debug, Default)]
pub(super) struct Fetched {
    known: BTreeMap<(String, i64, i64), Vec<Series>>,
    missing: RefCell<BTreeMap<(String, i64, i64), Wanted>>,
}

impl Fetched {
    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    pub(super) fn missing(&self) -> Vec<Wanted> {
        std::mem::take(&mut *self.missing.borrow_mut())
            .into_values()
            .collect()
    }

    pub(super) fn keep(&mut self, wanted: Wanted, series: Vec<Series>) {
        self.known.insert(wanted.key(), series);
    }
}

impl Storage for Fetched {
    fn select(
        &self,
        matchers: &Matchers,
        start: i64,
        end: i64,
        sink: &mut Sink<'_>,
    ) -> Result<(), StorageError> {
        let wanted = Wanted {
            matchers: matchers.clone(),
            start,
            end,
        };
        let key = wanted.key();
        let Some(series) = self.known.get(&key) else {
            self.missing.borrow_mut().insert(key, wanted);
            return Ok(());
        };
        for one in series {
            let from = one.samples.partition_point(|s| s.t < start);
            let to = one.samples.partition_point(|s| s.t <= end);
            if let Some(samples) = one.samples.get(from..to).filter(|s| !s.is_empty()) {
                sink(&one.labels, samples)?;
            }
        }
        Ok(())
    }
}

struct CancelOnDrop(Arc<AtomicBool>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Evaluates on a thread for blocking work; when nobody waits any more it ends at its next check.
pub(super) async fn run<T: Send + 'static>(
    fetched: Fetched,
    max_samples: usize,
    work: impl FnOnce(&Fetched, &promql::Engine) -> Result<T, PromqlError> + Send + 'static,
) -> Result<(Result<T, PromqlError>, Fetched), SourceError> {
    let cancelled = CancelOnDrop(Arc::new(AtomicBool::new(false)));
    let flag = cancelled.0.clone();
    let engine = promql::Engine {
        max_samples,
        ..promql::Engine::default()
    };
    let engine = engine.with_cancel(Arc::new(move || flag.load(Ordering::Relaxed)));
    tokio::task::spawn_blocking(move || (work(&fetched, &engine), fetched))
        .await
        .map_err(|e| SourceError::Internal {
            detail: e.to_string(),
        })
}

/// The evaluator's error in the words of every source.
pub(super) fn fault(e: PromqlError) -> SourceError {
    let fault = match &e {
        PromqlError::Parse { .. } => QueryFault::Invalid,
        PromqlError::Limit(LimitError::Steps { max }) => {
            return SourceError::Limit {
                what: Capacity::Points,
                limit: *max as u64,
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
