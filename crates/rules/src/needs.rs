//! Without which metrics an expression certainly answers nothing.
//!
//! Most sources have a part of what the built-in rules ask for. A rule that cannot answer need not be asked: whoever evaluates finds out
//! with one question which metrics there are, instead of asking hundreds of rules in vain.

use promql_parser::parser::value::ValueType;
use promql_parser::parser::{Call, Expr, VectorSelector};
use std::collections::BTreeSet;
use std::time::Duration;

/// Prometheus' lookback: a metric without a value for so long has none now.
const LOOKBACK: Duration = Duration::from_secs(300);

/// The metrics of which at least one must have a value now, or the expression's answer is empty. `None`: it may answer something anyway
/// (`absent`, `vector`, a number, a metric by its labels alone), or it looks back further than a metric without a value is remembered
/// (ranges over five minutes, offsets, `@`, subqueries).
pub fn needs(expr: &str) -> Option<BTreeSet<String>> {
    let expr = promql_parser::parser::parse(expr).ok()?;
    if expr.value_type() != ValueType::Vector {
        return None;
    }
    let mut names = BTreeSet::new();
    gather(&expr, &mut names)?;
    (!names.is_empty()).then_some(names)
}

fn gather(expr: &Expr, names: &mut BTreeSet<String>) -> Option<()> {
    match expr {
        Expr::Aggregate(e) => {
            if let Some(param) = &e.param {
                gather(param, names)?;
            }
            gather(&e.expr, names)
        }
        Expr::Unary(e) => gather(&e.expr, names),
        Expr::Paren(e) => gather(&e.expr, names),
        Expr::Binary(e) => {
            gather(&e.lhs, names)?;
            gather(&e.rhs, names)
        }
        Expr::NumberLiteral(_) | Expr::StringLiteral(_) => Some(()),
        Expr::VectorSelector(s) => selector(s, names),
        Expr::MatrixSelector(m) => (m.range <= LOOKBACK)
            .then(|| selector(&m.vs, names))
            .flatten(),
        Expr::Call(call) => function(call, names),
        Expr::Subquery(_) | Expr::Extension(_) => None,
    }
}

fn selector(s: &VectorSelector, names: &mut BTreeSet<String>) -> Option<()> {
    if s.offset.is_some() || s.at.is_some() {
        return None;
    }
    names.insert(s.name.clone()?);
    Some(())
}

fn function(call: &Call, names: &mut BTreeSet<String>) -> Option<()> {
    match call.func.name {
        "absent" | "absent_over_time" | "vector" | "scalar" => return None,
        // numbers of their own, which the rest of the expression is compared with
        "time" | "pi" => {}
        // hour() and its like are those of now
        _ if call.args.args.is_empty() => return None,
        _ => {}
    }
    call.args.args.iter().try_for_each(|arg| gather(arg, names))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(expr: &str) -> Option<Vec<String>> {
        needs(expr).map(|names| names.into_iter().collect())
    }

    #[test]
    fn all_metrics_of_an_expression() {
        assert_eq!(said("up == 0"), Some(vec!["up".into()]));
        assert_eq!(
            said("sum by (a) (rate(b_total{c=\"d\"}[5m])) / on (a) group_left () e > 0.5"),
            Some(vec!["b_total".into(), "e".into()])
        );
        assert_eq!(
            said("(time() - last_backup) / 3600 > 24 unless ignoring (x) -off"),
            Some(vec!["last_backup".into(), "off".into()])
        );
        assert_eq!(
            said("histogram_quantile(0.9, sum by (le) (rate(h_bucket[1m]))) > 2"),
            Some(vec!["h_bucket".into()])
        );
    }

    #[test]
    fn what_may_answer_without_them_has_to_be_asked() {
        for expr in [
            "absent(up)",
            "absent_over_time(up[5m])",
            "up or vector(0)",
            "1",
            "scalar(up) > bool 0",
            "up == 0 and on () hour() > 8",
            "{job=\"a\"} == 0",
            "{__name__=~\"a|b\"} > 1",
            "not (",
        ] {
            assert_eq!(said(expr), None, "{expr}");
        }
    }

    #[test]
    fn what_looks_back_further_has_to_be_asked() {
        for expr in [
            "increase(a_total[1h]) > 3",
            "a - a offset 1d > 5",
            "a @ 1700000000 > 1",
            "max_over_time(rate(a_total[1m])[10m:1m]) > 1",
        ] {
            assert_eq!(said(expr), None, "{expr}");
        }
    }
}
