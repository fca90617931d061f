//! The way in: an instant query, a range query, and the selectors of a query.

use crate::Storage;
use crate::compile::{self, MAX_MS};
use crate::error::{LimitError, PromqlError};
use crate::eval::Eval;
use crate::plan::Node;
use crate::rows::{Grid, is_absent, samples};
use model::{Labels, Sample, Series};
use promql_parser::parser::value::ValueType;
use promql_parser::parser::{Expr, VectorSelector};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// What an instant query gives.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A number, at the evaluation time.
    Scalar(Sample),
    /// A string literal.
    String {
        /// The evaluation time, milliseconds since the epoch.
        t: i64,
        /// The text.
        value: String,
    },
    /// One sample for each series, at the evaluation time; sorted by labels, except for `sort`, `sort_desc`, `topk`
    /// and `bottomk` (there the best of each group first).
    Vector(Vec<(Labels, Sample)>),
    /// The samples of a range selector or subquery with their own times, sorted by labels.
    Matrix(Vec<Series>),
}

/// Asked now and then during evaluation: true ends the query with [`PromqlError::Cancelled`].
pub type CancelHook = Arc<dyn Fn() -> bool + Send + Sync>;

/// Evaluates PromQL as Prometheus 2.42 does. Cheap to clone; holds no data.
#[derive(Clone)]
pub struct Engine {
    /// How far back an instant selector looks for a sample (Prometheus' default is 5 minutes).
    pub lookback: Duration,
    /// Most samples held in memory by a query: rows that are sorted, matched or merged, and the result.
    pub max_samples: usize,
    /// Most steps of a range query (Prometheus' API allows 11,000).
    pub max_steps: usize,
    /// The step of a subquery that names none (Prometheus takes its evaluation interval, 1 minute).
    pub subquery_step: Duration,
    /// Cancellation, such as a deadline or a window that was closed. `None` never cancels.
    pub cancelled: Option<CancelHook>,
}

impl Default for Engine {
    fn default() -> Self {
        Self {
            lookback: Duration::from_secs(300),
            max_samples: 50_000_000,
            max_steps: 11_000,
            subquery_step: Duration::from_secs(60),
            cancelled: None,
        }
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("lookback", &self.lookback)
            .field("max_samples", &self.max_samples)
            .field("max_steps", &self.max_steps)
            .field("subquery_step", &self.subquery_step)
            .finish_non_exhaustive()
    }
}

impl Engine {
    /// This engine with a cancellation hook.
    #[must_use]
    pub fn with_cancel(mut self, cancelled: CancelHook) -> Self {
        self.cancelled = Some(cancelled);
        self
    }

    /// Evaluates `query` at `at_ms` (milliseconds since the epoch).
    ///
    /// # Errors
    /// [`PromqlError`]: the query is no PromQL, has no meaning for the data, is too large, was cancelled, or the
    /// store failed.
    pub fn instant(
        &self,
        storage: &dyn Storage,
        query: &str,
        at_ms: i64,
    ) -> Result<Value, PromqlError> {
        let grid = Grid {
            start: bounded(at_ms)?,
            step: 1,
            len: 1,
        };
        let node = self.plan(query, at_ms, at_ms)?;
        self.run(storage, |eval| match &node {
            Node::Text(value) => Ok(Value::String {
                t: at_ms,
                value: value.clone(),
            }),
            Node::Range(source) => Ok(Value::Matrix(eval.matrix(source, at_ms)?)),
            node if node.is_scalar() => {
                let v = eval.scalar(node, grid)?;
                let v = v.first().copied().unwrap_or(f64::NAN);
                Ok(Value::Scalar(Sample { t: at_ms, v }))
            }
            node => {
                let mut vector = Vec::new();
                eval.stream(node, grid, &mut |metric, row| {
                    if let Some(v) = row.first().filter(|v| !is_absent(**v)) {
                        eval.hold(1)?;
                        vector.push((metric.into_labels(), Sample { t: at_ms, v: *v }));
                    }
                    Ok(())
                })?;
                if !node.has_order() {
                    vector.sort_by(|(a, _), (b, _)| a.cmp(b));
                }
                Ok(Value::Vector(vector))
            }
        })
    }

    /// Evaluates `query` at `start_ms`, `start_ms + step_ms`, … up to `end_ms` (milliseconds since the epoch).
    /// Series are sorted by labels; steps without a value have no sample, NaN is a value.
    ///
    /// # Errors
    /// [`PromqlError`], as [`Engine::instant`]; also for a query whose result is a string or range vector, for an
    /// end before the start, a step that is not positive, or too many steps.
    pub fn range(
        &self,
        storage: &dyn Storage,
        query: &str,
        start_ms: i64,
        end_ms: i64,
        step_ms: i64,
    ) -> Result<Vec<Series>, PromqlError> {
        let grid = self.grid(start_ms, end_ms, step_ms)?;
        let node = self.plan(query, start_ms, end_ms)?;
        if !matches!(node.value_type(), ValueType::Scalar | ValueType::Vector) {
            return Err(PromqlError::parse(format!(
                "invalid expression type {:?} for range query, must be Scalar or instant Vector",
                node.value_type().to_string()
            )));
        }
        self.run(storage, |eval| {
            let mut all = Vec::new();
            eval.stream(&node, grid, &mut |metric, row| {
                let samples = samples(grid, row);
                if !samples.is_empty() {
                    eval.hold(samples.len())?;
                    all.push(Series {
                        labels: metric.into_labels(),
                        samples,
                    });
                }
                Ok(())
            })?;
            all.sort_by(|a, b| a.labels.cmp(&b.labels));
            Ok(all)
        })
    }

    fn grid(&self, start: i64, end: i64, step: i64) -> Result<Grid, PromqlError> {
        let (start, end) = (bounded(start)?, bounded(end)?);
        if end < start || step <= 0 {
            return Err(LimitError::TimeRange.into());
        }
        let steps = (end - start) / step;
        let len = usize::try_from(steps).ok().filter(|n| *n <= self.max_steps);
        let len = len.ok_or(LimitError::Steps {
            max: self.max_steps,
        })?;
        Ok(Grid {
            start,
            step,
            len: len + 1,
        })
    }

    fn plan(&self, query: &str, start: i64, end: i64) -> Result<Node, PromqlError> {
        let expr = compile::parse(query)?;
        compile::compile(&expr, start, end, ms(self.subquery_step))
    }

    fn run<T>(
        &self,
        storage: &dyn Storage,
        evaluate: impl FnOnce(&Eval<'_>) -> Result<T, PromqlError>,
    ) -> Result<T, PromqlError> {
        let cancelled = || self.cancelled.as_ref().is_some_and(|hook| hook());
        let eval = Eval::new(storage, ms(self.lookback), self.max_samples, &cancelled);
        eval.check()?;
        evaluate(&eval)
    }
}

fn ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).map_or(MAX_MS, |ms| ms.min(MAX_MS))
}

fn bounded(t: i64) -> Result<i64, PromqlError> {
    if (-MAX_MS..=MAX_MS).contains(&t) {
        Ok(t)
    } else {
        Err(LimitError::Time.into())
    }
}

/// The text of each vector selector in `query` (name and matchers, without range, `offset` and `@`), each once, in
/// the order in which they stand.
///
/// # Errors
/// [`PromqlError::Parse`] or [`PromqlError::Limit`] for what [`Engine::instant`] would refuse before it evaluates.
pub fn selectors(query: &str) -> Result<Vec<String>, PromqlError> {
    let expr = compile::parse(query)?;
    // refuses what is too deep to walk
    compile::compile(&expr, 0, 0, 60_000)?;
    let mut found = Vec::new();
    walk(&expr, &mut |selector| {
        let bare = VectorSelector {
            offset: None,
            at: None,
            ..selector.clone()
        };
        let text = bare.to_string();
        if !found.contains(&text) {
            found.push(text);
        }
    });
    Ok(found)
}

fn walk(expr: &Expr, visit: &mut dyn FnMut(&VectorSelector)) {
    match expr {
        Expr::VectorSelector(selector) => visit(selector),
        Expr::MatrixSelector(matrix) => visit(&matrix.vs),
        Expr::Subquery(subquery) => walk(&subquery.expr, visit),
        Expr::Paren(paren) => walk(&paren.expr, visit),
        Expr::Unary(unary) => walk(&unary.expr, visit),
        Expr::Binary(binary) => {
            walk(&binary.lhs, visit);
            walk(&binary.rhs, visit);
        }
        Expr::Aggregate(aggregate) => {
            if let Some(parameter) = &aggregate.param {
                walk(parameter, visit);
            }
            walk(&aggregate.expr, visit);
        }
        Expr::Call(call) => {
            for arg in &call.args.args {
                walk(arg, visit);
            }
        }
        Expr::NumberLiteral(_) | Expr::StringLiteral(_) | Expr::Extension(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_of_a_query() {
        let found = selectors(
            r#"sum(rate(a{x="1"}[5m] offset 1h)) / (b @ 5 or a{x="1"}) + max_over_time({__name__=~"c|d"}[1h:1m])"#,
        );
        assert_eq!(
            found.expect("parses"),
            [r#"a{x="1"}"#, "b", r#"{__name__=~"c|d"}"#]
        );
        assert!(selectors("a +").is_err());
    }

    #[test]
    fn steps_are_counted_as_prometheus_counts_them() {
        let engine = Engine::default();
        let len = |start, end, step| engine.grid(start, end, step).map(|g| g.len).ok();
        assert_eq!(len(0, 60_000, 15_000), Some(5));
        assert_eq!(len(0, 59_999, 15_000), Some(4));
        assert_eq!(len(0, 11_000, 1), Some(11_001));
        assert_eq!(len(0, 11_001, 1), None);
        assert_eq!(
            (len(1, 0, 1), len(0, 1, 0), len(0, i64::MAX, 1)),
            (None, None, None)
        );
    }
}
