//! Objectives of the boards (panels of the kind `slo`) over a report's period: the same question as on the wall, asked once over the whole
//! period, so that the share of bad events is that of the period and not a mean of shares.

use super::ask::{Asker, Known, Stretch};
use crate::boards::Library;
use crate::frames::series_name;
use crate::texts;
use model::board::{PanelKind, Query, WINDOW, concepts_in};
use report::data::{MEASURES, Objective};
use std::collections::BTreeSet;

/// Objectives that are taken at most, and series of each.
const MOST: usize = 20;
const SERIES: usize = 10;

/// One panel's question.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Question {
    /// The panel's title: locale key, or the words themselves.
    pub title: String,
    /// Percent of good events.
    pub objective: f64,
    /// With `$window`; gives the share of bad events.
    pub query: Query,
}

/// What the boards promise, each once. A question that depends on what somebody has chosen on the wall is none of a report.
pub(super) fn questions(library: &Library) -> Vec<Question> {
    let mut all: Vec<Question> = Vec::new();
    for board in library.boards.values() {
        let chosen = |expr: &str| {
            let mut variables = board.variables.iter();
            variables.any(|v| {
                expr.contains(&format!("${}", v.id)) || expr.contains(&format!("${{{}}}", v.id))
            })
        };
        for panel in board.panels.iter().filter(|p| p.kind == PanelKind::Slo) {
            let Some(slo) = panel.slo.filter(model::board::Slo::is_possible) else {
                continue;
            };
            let asked = panel.queries.iter().find(|q| q.expr.contains(WINDOW));
            let Some(query) = asked.filter(|q| !chosen(&q.expr)) else {
                continue;
            };
            let known = |q: &Question| q.query.expr == query.expr && q.objective == slo.objective;
            if all.len() < MOST && !all.iter().any(known) {
                all.push(Question {
                    title: panel.title.clone(),
                    objective: slo.objective,
                    query: query.clone(),
                });
            }
        }
    }
    all
}

/// How each was kept in the period.
pub(super) async fn gather(asker: &Asker<'_>, locale: &str) -> Vec<Objective> {
    let s = asker.this();
    // One point, at the end, over the whole of it.
    let at = Stretch {
        from: s.until - s.step,
        ..s
    };
    let window = format!("{}s", (s.until - s.from) / 1_000);
    let mut out = Vec::new();
    for question in questions(asker.library) {
        let expr = question.query.expr.replace(WINDOW, &window);
        let name = texts::plain(locale, &question.title);
        let mut nothing = true;
        for source in asker.known {
            let Ok(Some(frame)) = asker.ask(source, &expr, at).await else {
                continue;
            };
            let of = measure(asker, source, &expr);
            for (labels, values) in frame.series.iter().take(SERIES) {
                let Some(bad) = values.last().filter(|v| v.is_finite()) else {
                    continue;
                };
                nothing = false;
                let of_series = series_name(question.query.legend.as_deref(), labels, "");
                out.push(Objective {
                    name: format!("{name} {of_series}").trim().to_owned(),
                    of,
                    promised: question.objective,
                    good: Some(100.0 * (1.0 - bad.clamp(0.0, 1.0))),
                });
            }
            if !nothing {
                break;
            }
        }
        if nothing {
            out.push(Objective {
                name,
                of: likely(asker.library, &expr),
                promised: question.objective,
                good: None,
            });
        }
    }
    out
}

/// The promised measure that is about the same: it reads the same metrics.
fn measure(asker: &Asker<'_>, source: &Known<'_>, expr: &str) -> Option<&'static str> {
    let wanted = names(&asker.filled(source, expr)?);
    let same = |expr: &str| {
        let filled = asker.filled(source, expr);
        filled.is_some_and(|filled| names(&filled) == wanted)
    };
    let mut promised = MEASURES.iter().filter(|m| m.promised);
    let found = promised.find(|m| !wanted.is_empty() && same(m.expr))?;
    Some(found.id)
}

/// The same without a source: by what the measure's concepts are in any dialect.
fn likely(library: &Library, expr: &str) -> Option<&'static str> {
    let concepts: BTreeSet<String> = concepts_in(expr).into_iter().collect();
    let wanted = names(expr);
    let mut promised = MEASURES.iter().filter(|m| m.promised);
    let found = promised.find(|m| {
        let own: BTreeSet<String> = concepts_in(m.expr).into_iter().collect();
        let known = own.iter().filter_map(|id| library.concepts.get(id));
        let mut dialects = known.flat_map(|c| &c.dialects);
        (!concepts.is_empty() && own == concepts)
            || (!wanted.is_empty() && dialects.any(|d| names(&d.expr) == wanted))
    })?;
    Some(found.id)
}

/// Names of the metrics that an expression reads.
fn names(expr: &str) -> BTreeSet<String> {
    let selectors = promql::selectors(expr).unwrap_or_default();
    let name = |s: String| s.split('{').next().unwrap_or_default().to_owned();
    selectors.into_iter().map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_boards_promise_payments() {
        let all = questions(&crate::boards::load(None));
        assert!(
            all.iter()
                .any(|q| q.query.expr.contains("payment_attempts_total"))
        );
        assert!(all.iter().all(|q| q.query.expr.contains(WINDOW)));
        let library = crate::boards::load(None);
        let of = |expr: &str| likely(&library, expr);
        let payments = all
            .iter()
            .find(|q| q.query.expr.contains("payment_attempts_total"));
        let payments = payments
            .expect("it is there")
            .query
            .expr
            .replace(WINDOW, "60s");
        assert_eq!(of(&payments), Some("payment_success"));
        assert_eq!(of("1 - ${api_5xx_percent} / 100"), Some("api_errors"));
        assert_eq!(of("sum(increase(refunds_failed_total[60s]))"), None);
    }

    #[test]
    fn the_same_metrics_are_the_same_thing() {
        let slo = "(sum(increase(a{r!=\"ok\"}[60s])) or vector(0)) / (sum(increase(a[60s])) > 0)";
        let share = "100*sum(rate(a{r=\"ok\"}[5m]))/(sum(rate(a[5m])) > 0)";
        assert_eq!(names(slo), names(share));
        assert_eq!(names(slo), BTreeSet::from(["a".to_owned()]));
        assert_ne!(names(slo), names("sum(rate(a[5m]))/sum(rate(b[5m]))"));
        assert!(names("not promql(").is_empty());
    }
}
