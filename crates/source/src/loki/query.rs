//! Texts in LogQL. Everything that comes from outside stands within quotes, which are Go's and so JSON's.
//!
//! A query is a selector of streams, then stages: filters on the line (only "and" between them), and filters on labels (any logic). What
//! fits neither is left to be decided on the lines.

use crate::weblogs::{Expr, How, pattern};
use serde_json::Value;

/// Stages for what is asked, and whether they say all of it.
pub(super) fn stages(expr: &Expr) -> (String, bool) {
    let mut out = String::new();
    let whole = stage(&inward(expr, false), &mut out);
    (out, whole)
}

/// "Not" pushed down to what is asked of single fields.
fn inward(expr: &Expr, not: bool) -> Expr {
    let all = |parts: &[Expr]| parts.iter().map(|p| inward(p, not)).collect();
    match (expr, not) {
        (Expr::Not(inner), _) => inward(inner, !not),
        (Expr::And(parts), false) | (Expr::Or(parts), true) => Expr::And(all(parts)),
        (Expr::Or(parts), false) | (Expr::And(parts), true) => Expr::Or(all(parts)),
        (Expr::All, true) => Expr::Nothing,
        (Expr::Nothing, true) => Expr::All,
        (leaf, false) => leaf.clone(),
        (leaf, true) => Expr::Not(Box::new(leaf.clone())),
    }
}

fn stage(expr: &Expr, out: &mut String) -> bool {
    match expr {
        Expr::All => true,
        Expr::And(parts) => {
            // each part is written, also behind one that could not be
            let said = parts.iter().filter(|p| stage(p, out)).count();
            said == parts.len()
        }
        Expr::Match(None, how) => {
            out.push_str(" |~ ");
            out.push_str(&quoted(&pattern(how)));
            true
        }
        Expr::Not(inner) if matches!(**inner, Expr::Match(None, _)) => {
            let Expr::Match(None, how) = &**inner else {
                return false;
            };
            out.push_str(" !~ ");
            out.push_str(&quoted(&pattern(how)));
            true
        }
        Expr::Or(parts) => match lines(parts) {
            Some(patterns) => {
                out.push_str(" |~ ");
                out.push_str(&quoted(&patterns));
                true
            }
            None => labels_stage(expr, out),
        },
        label => labels_stage(label, out),
    }
}

/// One pattern for any of several of the line.
fn lines(parts: &[Expr]) -> Option<String> {
    let one = |part: &Expr| match part {
        Expr::Match(None, how) => Some(format!("(?:{})", pattern(how))),
        _ => None,
    };
    let all: Option<Vec<String>> = parts.iter().map(one).collect();
    all.filter(|a| !a.is_empty()).map(|a| a.join("|"))
}

fn labels_stage(expr: &Expr, out: &mut String) -> bool {
    match labels(expr) {
        Some(text) => {
            out.push_str(" | ");
            out.push_str(&text);
            true
        }
        None => false,
    }
}

fn labels(expr: &Expr) -> Option<String> {
    let list = |parts: &[Expr], word: &str| {
        let all: Option<Vec<String>> = parts.iter().map(labels).collect();
        let all = all.filter(|a| !a.is_empty())?;
        Some(format!("({})", all.join(word)))
    };
    match expr {
        Expr::And(parts) => list(parts, " and "),
        Expr::Or(parts) => list(parts, " or "),
        Expr::Match(Some(name), how) => Some(format!("{name}=~{}", anchored(how))),
        Expr::Not(inner) => match &**inner {
            Expr::Match(Some(name), how) => Some(format!("{name}!~{}", anchored(how))),
            _ => None,
        },
        Expr::All | Expr::Nothing | Expr::Match(None, _) => None,
    }
}

/// A pattern of a label, which is always of the whole value.
fn anchored(how: &How) -> String {
    let pattern = pattern(how);
    quoted(&match how {
        How::Contains(_) => format!("(?s).*{pattern}.*"),
        How::Prefix(_) => format!("(?s){pattern}.*"),
        How::There => "(?s).+".to_owned(),
        How::Is(_) | How::Word(_) => pattern,
    })
}

pub(super) fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// Lines of a stretch that ends right before the moment of evaluation: a range holds its end and not its beginning, so it is moved
/// back by the least time there is.
pub(super) fn counted(query: &str, length_ns: i64, by: Option<&str>) -> String {
    let by = by.map_or_else(String::new, |label| format!(" by ({label})"));
    let length = duration(length_ns);
    format!("sum{by} (count_over_time({query} [{length}] offset 1ns))")
}

/// A duration as Go's `ParseDuration` reads it.
fn duration(ns: i64) -> String {
    for (unit, size) in [("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1_000)] {
        if ns % size == 0 {
            return format!("{}{unit}", ns / size);
        }
    }
    format!("{ns}ns")
}

/// Whether a name can be a label.
pub(super) fn is_label(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes
        .next()
        .is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(name: &str, how: How) -> Expr {
        Expr::Match(Some(name.into()), how)
    }

    fn line(part: &str) -> Expr {
        Expr::Match(None, How::Contains(part.into()))
    }

    fn not(expr: Expr) -> Expr {
        Expr::Not(Box::new(expr))
    }

    #[test]
    fn what_is_asked_becomes_stages() {
        let is = |v: &str| label("app", How::Is(v.into()));
        for (expr, text, whole) in [
            (Expr::All, "", true),
            (line("a."), r#" |~ "[aA]\\.""#, true),
            (not(line("1")), r#" !~ "1""#, true),
            (is("1"), r#" | app=~"^1$""#, true),
            (
                not(label("app", How::Contains("1".into()))),
                r#" | app!~"(?s).*1.*""#,
                true,
            ),
            (
                Expr::And(vec![line("1"), is("2")]),
                r#" |~ "1" | app=~"^2$""#,
                true,
            ),
            (
                Expr::Or(vec![line("1"), line("2")]),
                r#" |~ "(?:1)|(?:2)""#,
                true,
            ),
            (
                not(Expr::Or(vec![line("1"), is("2")])),
                r#" !~ "1" | app!~"^2$""#,
                true,
            ),
            (
                Expr::Or(vec![is("1"), not(is("2"))]),
                r#" | (app=~"^1$" or app!~"^2$")"#,
                true,
            ),
            // neither kind of stage has "or" between a line and a label
            (Expr::Or(vec![line("1"), is("2")]), "", false),
            (
                Expr::And(vec![line("3"), Expr::Or(vec![line("1"), is("2")])]),
                r#" |~ "3""#,
                false,
            ),
        ] {
            assert_eq!(stages(&expr), (text.to_owned(), whole), "{expr:?}");
        }
    }

    #[test]
    fn values_stay_within_their_quotes() {
        for evil in ["\" | json", "\\", "\\\"} or {", "a\n| drop", "`"] {
            let (text, _) = stages(&label("app", How::Is(evil.into())));
            let quoted = text.strip_prefix(" | app=~").expect("a label's filter");
            let value: String = serde_json::from_str(quoted).expect("one quoted text");
            assert!(value.starts_with('^') && value.ends_with('$'));
        }
        assert!(
            is_label("service_name")
                && !is_label("a=\"x\"")
                && !is_label("http.status")
                && !is_label("")
        );
    }

    #[test]
    fn a_range_is_moved_so_that_it_holds_its_beginning() {
        assert_eq!(
            counted("{a=~\".+\"}", 60_000_000_000, Some("level")),
            "sum by (level) (count_over_time({a=~\".+\"} [60s] offset 1ns))"
        );
        assert_eq!(duration(1_500_000), "1500us");
    }
}
