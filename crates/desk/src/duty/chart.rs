//! The metric around an alert's firing: what its rule's expression compares, drawn from before it fired until it was over.

use crate::clock;
use crate::frames::error_view;
use model::duty::Alert;
use model::{Labels, RangeFrame};
use promql_parser::parser::{Expr, token};
use source::Metrics;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use wire::{AlertChart, ErrorCode, ErrorView, SeriesView};

/// Shown before the firing, ms.
const BEFORE: i64 = 30 * 60_000;
/// Shown after the end, ms.
const AFTER: i64 = 10 * 60_000;
/// The longest stretch, ms: of an alert that is open for weeks the beginning is shown.
const LONGEST: i64 = 6 * 3_600_000;
/// Points of a series.
const POINTS: i64 = 240;
/// Series at most; the alert's own come first.
const SERIES: usize = 6;
/// Whatever a source does, the chart has an answer by then.
const PATIENCE: Duration = Duration::from_secs(15);

/// Sources of metrics in order of preference: name, whether simulated, client.
pub type Book = Arc<Vec<(String, bool, Arc<dyn Metrics>)>>;

/// What a rule compares: the expression without its comparison, and the limit if it is a number.
pub fn compared(expr: &str) -> (String, Option<f64>) {
    let whole = || (expr.to_owned(), None);
    // The guard refuses what the parser cannot bear.
    if promql::selectors(expr).is_err() {
        return whole();
    }
    let Ok(parsed) = promql_parser::parser::parse(expr) else {
        return whole();
    };
    let mut tree = &parsed;
    loop {
        tree = match tree {
            Expr::Paren(p) => &p.expr,
            // "and", "unless": what is drawn is what is compared on the left
            Expr::Binary(b) if b.op.is_set_operator() && b.op.id() != token::T_LOR => &b.lhs,
            other => {
                let Expr::Binary(b) = other else {
                    return (other.to_string(), None);
                };
                if !b.op.is_comparison_operator() {
                    return (other.to_string(), None);
                }
                return match (number(&b.lhs), number(&b.rhs)) {
                    (None, Some(limit)) => (b.lhs.to_string(), Some(limit)),
                    (Some(limit), None) => (b.rhs.to_string(), Some(limit)),
                    _ => (b.lhs.to_string(), None),
                };
            }
        };
    }
}

fn number(expr: &Expr) -> Option<f64> {
    match expr {
        Expr::NumberLiteral(n) => Some(n.val),
        Expr::Paren(p) => number(&p.expr),
        Expr::Unary(u) => number(&u.expr).map(|n| -n),
        _ => None,
    }
}

/// Whether a series is the alert's: none of its labels says otherwise.
fn is_own(series: &Labels, alert: &Labels) -> bool {
    series
        .iter()
        .filter(|(n, _)| *n != model::labels::METRIC_NAME)
        .all(|(n, v)| alert.get(n).is_none_or(|a| a == v))
}

/// The stretch shown and the distance of its points, ms.
fn span(alert: &Alert, now: i64) -> (i64, i64, i64) {
    let from = alert.starts_at - BEFORE;
    let end = alert
        .resolved
        .as_ref()
        .map_or(now, |(at, _)| (at + AFTER).min(now));
    let to = end.clamp(from + BEFORE, from + LONGEST);
    let step = ((to - from) / POINTS).max(5_000) / 5_000 * 5_000;
    (
        from.div_euclid(step) * step,
        to.div_euclid(step) * step,
        step,
    )
}

/// Asks the sources in their order until one has the alert's metric.
pub async fn chart(alert: Alert, book: Book) -> Result<AlertChart, ErrorView> {
    let Some(expr) = alert.expr.clone() else {
        return Err(ErrorView::new(ErrorCode::NoExpression));
    };
    let (drawn, limit) = compared(&expr);
    let (from, to, step) = span(&alert, clock::now_ms());
    let mut failed = None;
    for (name, demo, metrics) in book.iter() {
        let answer = tokio::time::timeout(PATIENCE, metrics.range(&drawn, from, to, step)).await;
        match answer {
            Ok(Ok(answer)) if !answer.value.series.is_empty() => {
                return Ok(AlertChart {
                    from: from as f64,
                    to: to as f64,
                    step: step as f64,
                    series: pick(answer.value, &alert.labels, name, *demo),
                    limit,
                    expr: drawn,
                    fired_at: alert.starts_at as f64,
                    resolved_at: alert.resolved.map(|(at, _)| at as f64),
                });
            }
            Ok(Ok(_)) => {}
            Ok(Err(e)) => failed = Some(error_view(&crate::driver::failure(&e))),
            Err(_) => {
                failed =
                    Some(ErrorView::new(ErrorCode::Timeout).with("seconds", PATIENCE.as_secs()));
            }
        }
    }
    Err(failed.unwrap_or_else(|| ErrorView::new(ErrorCode::NoMetric)))
}

type Drawn = Vec<(SeriesView, Vec<Option<f64>>)>;

fn pick(frame: RangeFrame, alert: &Labels, source: &str, demo: bool) -> Drawn {
    let (own, others): (Vec<_>, Vec<_>) = frame
        .series
        .into_iter()
        .partition(|(l, _)| is_own(l, alert));
    // Where the alert's own series can be told, the others say nothing.
    let chosen = if own.is_empty() { others } else { own };
    let view = |labels: &Labels| SeriesView {
        name: crate::frames::series_name(None, labels, source),
        labels: labels
            .iter()
            .take(40)
            .map(|(n, v)| (n.to_owned(), v.chars().take(200).collect()))
            .collect::<BTreeMap<_, _>>(),
        source: source.to_owned(),
        demo,
    };
    let finite = |v: f64| v.is_finite().then_some(v);
    chosen
        .into_iter()
        .take(SERIES)
        .map(|(l, values)| (view(&l), values.into_iter().map(finite).collect()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::duty::samples::alert;
    use model::Level;

    #[test]
    fn what_is_drawn_is_what_is_compared() {
        let cases = [
            ("up == 0", "up", Some(0.0)),
            ("95 > pay_success", "pay_success", Some(95.0)),
            (
                "(rate(x[5m]) * 100 > 1) and on() y",
                "rate(x[5m]) * 100",
                Some(1.0),
            ),
            ("a > b", "a", None),
            ("absent(up)", "absent(up)", None),
            ("x < -1", "x", Some(-1.0)),
            ("not promql (", "not promql (", None),
        ];
        for (expr, drawn, limit) in cases {
            assert_eq!(compared(expr), (drawn.to_owned(), limit), "{expr}");
        }
    }

    #[test]
    fn the_stretch_begins_before_the_firing_and_is_bounded() {
        let mut a = alert(1, Level::P1, &[]);
        a.starts_at = 10 * 3_600_000;
        let (from, to, step) = span(&a, a.starts_at + 60_000);
        assert!(from <= a.starts_at - BEFORE + step && to >= a.starts_at);
        assert!((to - from) / step <= 2 * POINTS);
        let (from, to, _) = span(&a, a.starts_at + 100 * 24 * 3_600_000);
        assert!(to - from <= LONGEST);
    }

    #[test]
    fn the_alerts_own_series_are_drawn_alone() {
        let l = |i: &str| Labels::from_pairs([("__name__", "x"), ("instance", i)]);
        let frame = RangeFrame {
            start_ms: 0,
            step_ms: 1,
            len: 1,
            series: vec![(l("a"), vec![1.0]), (l("b"), vec![f64::NAN])],
        };
        let drawn = pick(
            frame.clone(),
            &Labels::from_pairs([("instance", "b")]),
            "s",
            false,
        );
        assert_eq!(drawn.len(), 1);
        assert_eq!(drawn[0].1, [None]);
        assert_eq!(
            pick(frame, &Labels::from_pairs([("instance", "c")]), "s", false).len(),
            2
        );
    }
}
