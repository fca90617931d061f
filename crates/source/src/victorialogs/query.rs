//! Texts in LogsQL. Everything that comes from outside stands within quotes, which are Go's and so JSON's.

use crate::weblogs::{Expr, How, pattern};
use chrono::{DateTime, SecondsFormat};
use model::log::Direction;
use serde_json::Value;

/// The filters of a query: the scope, the time, and what is asked.
pub(super) fn text(scope: Option<&str>, expr: &Expr, time: &str) -> String {
    let mut out = String::new();
    if let Some(scope) = scope.filter(|s| !s.trim().is_empty()) {
        out.push_str(&format!("({scope}) "));
    }
    out.push_str(time);
    if *expr != Expr::All {
        out.push(' ');
        write(expr, &mut out);
    }
    out
}

/// From a time on and before another; the last day where there is no beginning.
pub(super) fn time(from_ns: i64, to_ns: Option<i64>) -> String {
    let at = |ns| DateTime::from_timestamp_nanos(ns).to_rfc3339_opts(SecondsFormat::Nanos, true);
    match to_ns {
        Some(to) => format!("_time:[{}, {})", at(from_ns), at(to)),
        None if from_ns == i64::MIN => "_time:1d".to_owned(),
        None => format!("_time:>={}", at(from_ns)),
    }
}

/// So many from one end.
pub(super) fn sorted(direction: Direction, limit: usize) -> String {
    let order = match direction {
        Direction::Older => "desc",
        Direction::Newer => "asc",
    };
    format!(" | sort by (_time {order}) limit {limit}")
}

/// Lines by bucket and by the word for the level.
pub(super) fn per_bucket(step_ns: i64, level: Option<&str>) -> String {
    let level = level.map_or_else(String::new, |name| format!(", {}", quoted(name)));
    format!(" | stats by (_time:{step_ns}ns{level}) count() as lines")
}

/// The most frequent values of a field; those of lines that lack it do not count.
pub(super) fn top(name: &str, limit: usize) -> String {
    let name = quoted(name);
    format!(
        " | filter {name}:* | stats by ({name}) count() as lines | sort by (lines desc, {name} asc) limit {limit}"
    )
}

fn write(expr: &Expr, out: &mut String) {
    match expr {
        Expr::All => out.push('*'),
        Expr::Nothing => out.push_str("!*"),
        Expr::And(all) => list(all, " and ", out),
        Expr::Or(any) => list(any, " or ", out),
        Expr::Not(inner) => {
            out.push_str("!(");
            write(inner, out);
            out.push(')');
        }
        Expr::Match(name, how) => {
            out.push_str(&quoted(name.as_deref().unwrap_or("_msg")));
            match how {
                How::There => out.push_str(":*"),
                how => {
                    out.push_str(":~");
                    out.push_str(&quoted(&pattern(how)));
                }
            }
        }
    }
}

fn list(parts: &[Expr], word: &str, out: &mut String) {
    out.push('(');
    for (n, part) in parts.iter().enumerate() {
        if n > 0 {
            out.push_str(word);
        }
        write(part, out);
    }
    out.push(')');
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, how: How) -> Expr {
        Expr::Match(Some(name.into()), how)
    }

    #[test]
    fn a_query_says_what_is_asked() {
        let expr = Expr::And(vec![
            Expr::Match(None, How::Contains("超时 a.b".into())),
            Expr::Not(Box::new(Expr::Or(vec![
                of("service", How::Is("order".into())),
                of("http.status", How::There),
            ]))),
        ]);
        assert_eq!(
            text(Some("{env=\"prod\"}"), &expr, &time(0, Some(1))),
            concat!(
                r#"({env="prod"}) _time:[1970-01-01T00:00:00.000000000Z, 1970-01-01T00:00:00.000000001Z) "#,
                r#"("_msg":~"超时 [aA]\\.[bB]" and !(("service":~"^[oO][rR][dD][eE][rR]$" or "http.status":*)))"#
            )
        );
    }

    #[test]
    fn values_stay_within_their_quotes() {
        for evil in [
            "\" or * or \"",
            "\\",
            "\\\" | delete",
            "a\n| drop",
            "`*`",
            "'",
        ] {
            for expr in [of("f", How::Is(evil.into())), of(evil, How::There)] {
                let text = text(None, &expr, "*");
                let mut strings =
                    serde_json::Deserializer::from_str(&text["* ".len()..]).into_iter::<Value>();
                let name = strings.next().expect("a name").expect("quoted");
                assert!(name.is_string());
                let rest = &text["* ".len() + strings.byte_offset()..];
                match rest.strip_prefix(":~") {
                    Some(value) => {
                        let value: String = serde_json::from_str(value).expect("one quoted text");
                        assert!(value.starts_with('^') && value.ends_with('$'));
                    }
                    None => assert_eq!(rest, ":*"),
                }
            }
        }
    }
}
