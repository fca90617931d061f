//! Answers of VictoriaLogs: JSON objects one a line, whose values are texts.

use crate::alertmanager::raw::unreadable;
use crate::error::SourceError;
use crate::weblogs::LineMaker;
use model::log::{FacetValue, LogLine};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::HashMap;

/// A time as it writes them.
pub(super) fn time_ns(text: &str) -> Option<i64> {
    let time = chrono::DateTime::parse_from_rfc3339(text).ok()?;
    time.timestamp_nanos_opt()
}

fn objects(body: &[u8]) -> impl Iterator<Item = Result<Map<String, Value>, SourceError>> {
    let lines = body
        .split(|b| *b == b'\n')
        .filter(|l| !l.trim_ascii().is_empty());
    lines.map(|line| {
        let text = String::from_utf8_lossy(line);
        let read: Result<Map<String, Value>, _> = serde_json::from_str(&text);
        read.or_else(|e| {
            let unreadable = || unreadable(line, &e, "an object a line, as VictoriaLogs has them");
            logs::raw::object(&text).ok_or_else(unreadable)
        })
    })
}

/// Lines of `query`. An object without a time is none.
///
/// # Errors
/// [`SourceError::Truncated`] or [`SourceError::Malformed`].
pub(super) fn lines(body: &[u8], maker: &LineMaker<'_>) -> Result<Vec<LogLine>, SourceError> {
    let mut all = Vec::new();
    for object in objects(body) {
        let mut object = object?;
        let time = object.remove("_time");
        let Some(at_ns) = time.as_ref().and_then(Value::as_str).and_then(time_ns) else {
            continue;
        };
        let message = object.remove("_msg");
        // what the store made of the fields of the stream, which stand beside it anyway
        object.retain(|name, value| {
            !matches!(name.as_str(), "_stream" | "_stream_id") && value.as_str() != Some("")
        });
        let message = message.as_ref().and_then(Value::as_str).unwrap_or_default();
        all.push(maker.line(at_ns, message, object));
    }
    Ok(all)
}

/// Rows of `query` with `stats`.
///
/// # Errors
/// [`SourceError::Truncated`] or [`SourceError::Malformed`].
pub(super) fn rows(body: &[u8]) -> Result<Vec<HashMap<String, String>>, SourceError> {
    let text = |value: Value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    };
    objects(body)
        .map(|object| Ok(object?.into_iter().map(|(k, v)| (k, text(v))).collect()))
        .collect()
}

/// Values and how many lines have each.
///
/// # Errors
/// [`SourceError::Truncated`] or [`SourceError::Malformed`].
pub(super) fn facet(body: &[u8], name: &str) -> Result<Vec<FacetValue>, SourceError> {
    let of = |mut row: HashMap<String, String>| {
        Some(FacetValue {
            lines: row.get("lines")?.parse().ok()?,
            value: row.remove(name).filter(|v| !v.is_empty())?,
        })
    };
    Ok(rows(body)?.into_iter().filter_map(of).collect())
}

/// `{"values":[{"value":…,"hits":…}]}` of `field_names`.
///
/// # Errors
/// [`SourceError::Truncated`] or [`SourceError::Malformed`].
pub(super) fn values(body: &[u8]) -> Result<Vec<(String, u64)>, SourceError> {
    #[derive(Deserialize)]
    struct Values {
        values: Option<Vec<One>>,
    }
    #[derive(Deserialize)]
    struct One {
        value: String,
        #[serde(default)]
        hits: u64,
    }
    let read: Values = serde_json::from_slice(body)
        .map_err(|e| unreadable(body, &e, "values as VictoriaLogs has them"))?;
    let all = read.values.unwrap_or_default();
    Ok(all.into_iter().map(|v| (v.value, v.hits)).collect())
}
