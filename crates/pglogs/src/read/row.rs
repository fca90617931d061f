//! From a row to a line.

use crate::layout::{Category, Layout, Level};
use model::log::{Attrs, LogCategory, LogLevel, LogLine, LogPosition};
use serde_json::Value;
use sqlx::Row as _;
use sqlx::postgres::PgRow;

/// The attribute under which attributes stand that are no object, or nested deeper than we read.
const WHOLE: &str = "attrs";

/// The line of a row chosen by [`Layout::select`].
pub(crate) fn line(layout: &Layout, row: &PgRow) -> Result<LogLine, sqlx::Error> {
    let text = |i: usize| row.try_get::<String, _>(i);
    let seq: i64 = row.try_get(1)?;
    let level = text(2)?;
    let category = text(3)?;
    Ok(LogLine {
        position: LogPosition {
            at_ns: row.try_get(0)?,
            seq: u64::try_from(seq).unwrap_or(0),
        },
        level: match layout.level {
            Level::Code(_) => level
                .parse::<usize>()
                .ok()
                .and_then(|n| n.checked_sub(1))
                .and_then(|n| LogLevel::ALL.get(n).copied()),
            Level::Word(_) => LogLevel::read(&level),
            Level::None => None,
        },
        category: match layout.category {
            Category::Code(_) => category
                .parse::<usize>()
                .ok()
                .and_then(|n| LogCategory::ALL.get(n).copied())
                .unwrap_or_default(),
            Category::Word(_) | Category::Fixed(_) => category.parse().unwrap_or_default(),
        },
        service: text(4)?,
        host: text(5)?,
        trace_id: text(6)?,
        span_id: text(7)?,
        message: clean(text(8)?),
        attrs: attrs(text(9)?),
    })
}

/// Whoever wrote to the table may have left control characters in it.
fn clean(message: String) -> String {
    let bad = |c: char| c.is_control() && c != '\n' && c != '\t';
    if message.contains(bad) {
        message.replace(bad, "\u{fffd}")
    } else {
        message
    }
}

fn attrs(text: String) -> Attrs {
    if text.is_empty() || text == "{}" {
        return Attrs::new();
    }
    match serde_json::from_str(&text) {
        Ok(Value::Object(map)) => map,
        Ok(other) => Attrs::from_iter([(WHOLE.to_owned(), other)]),
        // nested deeper than serde_json reads
        Err(_) => Attrs::from_iter([(WHOLE.to_owned(), Value::String(text))]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_of_any_shape() {
        assert!(attrs("{}".into()).is_empty());
        assert_eq!(attrs("{\"a\": 1}".into())["a"], 1);
        assert_eq!(attrs("[1]".into())["attrs"][0], 1);
        let deep = format!("{}{}", "[".repeat(1000), "]".repeat(1000));
        assert_eq!(attrs(deep.clone())["attrs"], deep);
    }

    #[test]
    fn control_characters_of_others_do_not_pass() {
        assert_eq!(clean("a\u{1b}[31m\tb".into()), "a\u{fffd}[31m\tb");
    }
}
