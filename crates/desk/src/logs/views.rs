//! Lines as a page sees them, bounded.

use super::scope;
use chrono::DateTime;
use model::log::{Attrs, Field, LogCategory, LogLevel, LogLine};
use serde_json::{Value, json};
use wire::{LogCategoryView, LogDetailView, LogLevelView, LogLineView};

/// Characters of a message in a list.
const MESSAGE: usize = 2_000;
/// Bytes of a message on its own, of its fields, of it as JSON.
const WHOLE: usize = 256 << 10;
/// Characters of a cell, of a service's or a host's name.
const CELL: usize = 300;
/// Characters of a field's value in the list of fields.
const FIELD: usize = 4_000;
/// Fields in that list, and how deep they are looked for.
const FIELDS: usize = 500;
const DEPTH: usize = 8;
/// Columns beside the usual ones.
pub(super) const COLUMNS: usize = 12;

/// How serious, on the wire.
pub(super) fn level(level: LogLevel) -> LogLevelView {
    match level {
        LogLevel::Trace => LogLevelView::Trace,
        LogLevel::Debug => LogLevelView::Debug,
        LogLevel::Info => LogLevelView::Info,
        LogLevel::Warn => LogLevelView::Warn,
        LogLevel::Error => LogLevelView::Error,
        LogLevel::Fatal => LogLevelView::Fatal,
    }
}

fn category(category: LogCategory) -> LogCategoryView {
    match category {
        LogCategory::App => LogCategoryView::App,
        LogCategory::System => LogCategoryView::System,
        LogCategory::Security => LogCategoryView::Security,
    }
}

/// At most so many characters, and whether there were more.
pub(super) fn head(text: &str, most: usize) -> (String, bool) {
    match text.char_indices().nth(most) {
        Some((end, _)) => (text.get(..end).unwrap_or_default().to_owned(), true),
        None => (text.to_owned(), false),
    }
}

/// At most so many bytes, cut between characters.
fn head_bytes(text: &str, most: usize) -> &str {
    let mut end = most.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

/// The fields that columns show.
pub(super) fn columns(names: &[String]) -> Vec<Field> {
    names
        .iter()
        .take(COLUMNS)
        .map(|n| Field::named(n))
        .collect()
}

/// A line in a list.
pub(super) fn line(line: &LogLine, columns: &[Field]) -> LogLineView {
    let (message, cut) = head(&line.message, MESSAGE);
    let cell = |field: &Field| {
        let text = logs::field_text(line, field).unwrap_or_default();
        head(&text, CELL).0
    };
    LogLineView {
        place: scope::place(line.position),
        at: line.position.at_ns as f64 / scope::MS as f64,
        level: line.level.map(level),
        category: category(line.category),
        service: head(&line.service, CELL).0,
        host: head(&line.host, CELL).0,
        message,
        cut,
        trace_id: head(&line.trace_id, 64).0,
        span_id: head(&line.span_id, 64).0,
        cells: columns.iter().map(cell).collect(),
    }
}

/// RFC 3339 with nanoseconds, UTC.
pub(super) fn time(at_ns: i64) -> String {
    DateTime::from_timestamp_nanos(at_ns).to_rfc3339_opts(chrono::SecondsFormat::Nanos, true)
}

/// A line as one JSON object, as an export writes it.
pub(super) fn object(line: &LogLine) -> Value {
    let mut object = serde_json::Map::new();
    let mut put = |name: &str, text: &str| {
        if !text.is_empty() {
            object.insert(name.to_owned(), json!(text));
        }
    };
    put("time", &time(line.position.at_ns));
    put("level", line.level.map_or("", LogLevel::name));
    put("category", line.category.name());
    put("service", &line.service);
    put("host", &line.host);
    put("message", &line.message);
    put("trace_id", &line.trace_id);
    put("span_id", &line.span_id);
    if !line.attrs.is_empty() {
        object.insert("attrs".to_owned(), Value::Object(line.attrs.clone()));
    }
    Value::Object(object)
}

/// A line as a whole.
pub(super) fn detail(whole: &LogLine) -> LogDetailView {
    let message = head_bytes(&whole.message, WHOLE);
    let attrs = Value::Object(whole.attrs.clone());
    let raw = object(whole).to_string();
    LogDetailView {
        line: line(whole, &[]),
        time: time(whole.position.at_ns),
        message: message.to_owned(),
        left_out: (whole.message.len() - message.len()) as u64,
        fields: fields(&whole.attrs),
        attrs: if raw.len() - whole.message.len().min(raw.len()) > WHOLE {
            Value::Null
        } else {
            attrs
        },
        raw: head_bytes(&raw, WHOLE).to_owned(),
    }
}

/// Attributes by their names in queries; what is inside others comes after its parent's other keys.
fn fields(attrs: &Attrs) -> Vec<(String, String)> {
    let mut out = Vec::new();
    gather(attrs, "", 0, &mut out);
    out
}

fn gather(attrs: &Attrs, before: &str, depth: usize, out: &mut Vec<(String, String)>) {
    for (key, value) in attrs {
        if out.len() >= FIELDS {
            return;
        }
        let name = format!("{before}{}", head(key, CELL).0);
        match value {
            Value::Object(inner) if depth < DEPTH && !inner.is_empty() => {
                gather(inner, &format!("{name}."), depth + 1, out);
            }
            Value::String(text) => out.push((name, head(text, FIELD).0)),
            Value::Number(number) => out.push((name, logs::number_text(number))),
            other => out.push((name, head(&other.to_string(), FIELD).0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::log::LogPosition;

    fn hostile() -> LogLine {
        let attrs = json!({
            "http": {"status": 502, "path": "/api/orders"},
            "<b>key</b>": "值",
            "ratio": 500.0,
        });
        LogLine {
            position: LogPosition {
                at_ns: 1_795_000_000_123_456_789,
                seq: 7,
            },
            level: Some(LogLevel::Warn),
            service: "支付".into(),
            message: "超".repeat(1 << 20),
            attrs: attrs.as_object().cloned().unwrap_or_default(),
            ..LogLine::default()
        }
    }

    #[test]
    fn a_list_and_a_detail_are_bounded_and_say_so() {
        let hostile = hostile();
        let columns = columns(&["http.status".into(), "host".into()]);
        let listed = line(&hostile, &columns);
        assert!(listed.cut);
        assert_eq!(listed.message.chars().count(), MESSAGE);
        assert_eq!(listed.cells, ["502", ""]);
        let whole = detail(&hostile);
        assert!(whole.message.len() <= WHOLE && whole.message.chars().all(|c| c == '超'));
        assert_eq!(whole.left_out as usize + whole.message.len(), 3 << 20);
        assert_eq!(whole.time, "2026-11-18T11:06:40.123456789Z");
        assert!(whole.raw.len() <= WHOLE);
        let names: Vec<&str> = whole.fields.iter().map(|(n, _)| n.as_str()).collect();
        assert_eq!(names, ["<b>key</b>", "http.path", "http.status", "ratio"]);
        assert_eq!(whole.fields[3].1, "500", "as queries compare it");
    }

    #[test]
    fn a_thousand_levels_are_no_thousand_calls() {
        let mut deep = json!(1);
        for _ in 0..200 {
            deep = json!({ "a": deep });
        }
        let line = LogLine {
            attrs: deep.as_object().cloned().unwrap_or_default(),
            ..LogLine::default()
        };
        let fields = detail(&line).fields;
        assert_eq!(fields.len(), 1);
        assert_eq!(fields[0].0, ["a"; DEPTH + 1].join("."));
    }
}
