//! Answers of Loki: streams of lines, matrices and vectors of counts, lists of labels.

use crate::alertmanager::raw::unreadable;
use crate::error::SourceError;
use crate::weblogs::{LineMaker, object};
use model::log::{Field, LogLine};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Envelope<T> {
    data: Option<T>,
}

#[derive(Deserialize)]
struct Outcome<T> {
    result: Option<Vec<T>>,
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<Option<T>, SourceError> {
    let envelope: Result<Envelope<T>, _> = match std::str::from_utf8(body) {
        Ok(text) => serde_json::from_str(text),
        Err(_) => serde_json::from_str(&String::from_utf8_lossy(body)),
    };
    let envelope = envelope.map_err(|e| unreadable(body, &e, "an answer as Loki has it"))?;
    Ok(envelope.data)
}

#[derive(Deserialize)]
struct Stream {
    #[serde(default)]
    stream: Map<String, Value>,
    #[serde(default)]
    values: Vec<Entry>,
}

/// Time, line and, in newer versions, fields of that line alone.
#[derive(Deserialize)]
#[serde(untagged)]
enum Entry {
    Plain(String, String),
    WithFields(String, String, Value),
}

/// Lines of `query_range`. `labels` are the labels of streams: what a line that is JSON says by these names is not taken, so that the
/// server and we look at the same.
///
/// # Errors
/// [`SourceError::Truncated`] or [`SourceError::Malformed`].
pub(super) fn lines(
    body: &[u8],
    maker: &LineMaker<'_>,
    labels: &[String],
) -> Result<Vec<LogLine>, SourceError> {
    let outcome: Option<Outcome<Stream>> = read(body)?;
    let mut all = Vec::new();
    for stream in outcome.and_then(|o| o.result).unwrap_or_default() {
        for entry in stream.values {
            let (at, text, more) = match entry {
                Entry::Plain(at, text) => (at, text, None),
                Entry::WithFields(at, text, more) => (at, text, Some(more)),
            };
            let Ok(at_ns) = at.parse() else { continue };
            let mut fields = stream.stream.clone();
            if let Some(Value::Object(more)) = more {
                fields.extend(apart(more));
            }
            for (name, value) in said(&text) {
                if !labels.contains(&name) && !fields.contains_key(&name) {
                    fields.insert(name, value);
                }
            }
            fields.retain(|_, value| value.as_str() != Some(""));
            all.push(maker.line(at_ns, &text, fields));
        }
    }
    Ok(all)
}

/// Fields of one line, which some versions give in groups by where they come from.
fn apart(more: Map<String, Value>) -> Map<String, Value> {
    let mut all = Map::new();
    for (name, value) in more {
        match value {
            Value::Object(group) if matches!(name.as_str(), "structuredMetadata" | "parsed") => {
                all.extend(group);
            }
            value => {
                all.insert(name, value);
            }
        }
    }
    all
}

/// What a line that is a JSON object says.
fn said(text: &str) -> Map<String, Value> {
    if !text.trim_start().starts_with('{') {
        return Map::new();
    }
    object(text).unwrap_or_default()
}

#[derive(Deserialize)]
struct Series {
    #[serde(default)]
    metric: BTreeMap<String, String>,
    #[serde(default)]
    values: Vec<(f64, String)>,
    value: Option<(f64, String)>,
}

/// A count: the value of the label that was asked for (empty where it is missing), when in seconds, how many.
pub(super) type Count = (String, f64, u64);

/// Counts of a matrix or a vector by one label.
///
/// # Errors
/// [`SourceError::Truncated`] or [`SourceError::Malformed`].
pub(super) fn counts(body: &[u8], label: Option<&str>) -> Result<Vec<Count>, SourceError> {
    let outcome: Option<Outcome<Series>> = read(body)?;
    let mut all = Vec::new();
    for series in outcome.and_then(|o| o.result).unwrap_or_default() {
        let value = label.and_then(|l| series.metric.get(l)).cloned();
        let value = value.unwrap_or_default();
        for (at, count) in series.values.into_iter().chain(series.value) {
            let count: f64 = count.parse().unwrap_or(0.0);
            all.push((value.clone(), at, count.max(0.0) as u64));
        }
    }
    Ok(all)
}

/// Names of labels.
///
/// # Errors
/// [`SourceError::Truncated`] or [`SourceError::Malformed`].
pub(super) fn labels(body: &[u8]) -> Result<Vec<String>, SourceError> {
    let all: Option<Vec<String>> = read(body)?;
    Ok(all.unwrap_or_default())
}

/// The version of `buildinfo`, where it can be read.
pub(super) fn version(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Build {
        version: String,
    }
    let build: Build = serde_json::from_slice(body).ok()?;
    Some(crate::http::clean(&build.version, 40)).filter(|v| !v.is_empty())
}

/// Lines of two questions together: what both gave once, what one gave twice twice.
pub(super) fn union(a: Vec<LogLine>, b: Vec<LogLine>) -> Vec<LogLine> {
    let mut counts: BTreeMap<_, usize> = BTreeMap::new();
    a.iter()
        .for_each(|l| *counts.entry(l.position).or_default() += 1);
    let mut all = a;
    for line in b {
        match counts.get_mut(&line.position) {
            Some(n) if *n > 0 => *n -= 1,
            _ => all.push(line),
        }
    }
    all
}

/// Whether a filter wants lines of one trace or span: its field and the id.
pub(super) fn id_wanted(filter: &model::log::Filter) -> Option<(Field, &str)> {
    use model::log::Filter;
    match filter {
        Filter::Is(field @ (Field::TraceId | Field::SpanId), id) if !id.is_empty() => {
            Some((field.clone(), id))
        }
        Filter::And(all) => all.iter().find_map(id_wanted),
        _ => None,
    }
}
