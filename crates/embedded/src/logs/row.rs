//! A line as a row.

use super::columns::LineKind;
use super::read::Stream;
use model::log::{Attrs, LogLine, LogPosition};
use rusqlite::Row;
use serde_json::Value;
use std::borrow::Cow;

/// JSON as deep as a parser reads it again.
const MAX_DEPTH: usize = 100;

/// The columns that [`read`] wants, in its order.
pub(super) const COLUMNS: &str = "id, at, kind, trace, span, message, attrs";

/// Attributes as JSON; `None` when there are none. What lies deeper than a parser would go becomes text.
pub(super) fn attrs_json(attrs: &Attrs) -> Option<String> {
    if attrs.is_empty() {
        return None;
    }
    let attrs = if attrs.values().any(|v| deeper(v, MAX_DEPTH)) {
        let cut = attrs
            .iter()
            .map(|(k, v)| (k.clone(), shallow(v, MAX_DEPTH)));
        Cow::Owned(cut.collect::<Attrs>())
    } else {
        Cow::Borrowed(attrs)
    };
    serde_json::to_string(&*attrs).ok()
}

fn deeper(value: &Value, left: usize) -> bool {
    match value {
        Value::Array(items) => left == 0 || items.iter().any(|v| deeper(v, left - 1)),
        Value::Object(map) => left == 0 || map.values().any(|v| deeper(v, left - 1)),
        _ => false,
    }
}

fn shallow(value: &Value, left: usize) -> Value {
    match value {
        Value::Array(_) | Value::Object(_) if left == 0 => Value::String(value.to_string()),
        Value::Array(items) => items.iter().map(|v| shallow(v, left - 1)).collect(),
        Value::Object(map) => map
            .iter()
            .map(|(k, v)| (k.clone(), shallow(v, left - 1)))
            .collect(),
        other => other.clone(),
    }
}

/// The line of a row; without its attributes when nobody asks for them.
pub(super) fn read(
    row: &Row<'_>,
    day_ns: i64,
    streams: &[Stream],
    attrs: bool,
    line: &mut LogLine,
) -> rusqlite::Result<()> {
    let text = |index| -> rusqlite::Result<&str> {
        Ok(row.get_ref(index)?.as_str_or_null()?.unwrap_or_default())
    };
    let kind = LineKind(row.get::<_, i64>(2)?.cast_unsigned());
    line.position = LogPosition {
        at_ns: day_ns.saturating_add(row.get(1)?),
        seq: row.get::<_, i64>(0)?.cast_unsigned(),
    };
    line.level = kind.level();
    put(&mut line.trace_id, text(3)?);
    put(&mut line.span_id, text(4)?);
    put(&mut line.message, text(5)?);
    match streams.get(kind.stream()) {
        Some(stream) => {
            line.category = stream.category;
            put(&mut line.service, &stream.service);
            put(&mut line.host, &stream.host);
        }
        None => {
            line.service.clear();
            line.host.clear();
        }
    }
    line.attrs = match text(6)? {
        json if attrs && !json.is_empty() => serde_json::from_str(json).unwrap_or_default(),
        _ => Attrs::new(),
    };
    Ok(())
}

fn put(into: &mut String, text: &str) {
    into.clear();
    into.push_str(text);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn json_that_is_too_deep_can_be_read_again() {
        let deep = (0..1_000).fold(json!(1), |inner, _| json!([inner]));
        let attrs: Attrs = [("deep".to_owned(), deep), ("x".to_owned(), json!({"y": 1}))]
            .into_iter()
            .collect();
        let text = attrs_json(&attrs).expect("JSON");
        let back: Attrs = serde_json::from_str(&text).expect("not too deep");
        assert_eq!(back["x"], attrs["x"]);
        assert!(text.contains(r#""[[["#));
        assert_eq!(attrs_json(&Attrs::new()), None);
    }
}
