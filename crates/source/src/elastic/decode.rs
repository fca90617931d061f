//! Answers of `_search`.

use super::TIME;
use super::fields::Fields;
use crate::alertmanager::raw::unreadable;
use crate::error::SourceError;
use crate::weblogs::{LineMaker, object};
use model::log::LogLine;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Levels of nesting that become names with dots.
const LEVELS: usize = 8;

#[derive(Debug, Deserialize)]
pub(super) struct Found {
    #[serde(default)]
    timed_out: bool,
    #[serde(default, rename = "_shards")]
    shards: Shards,
    hits: Hits,
    #[serde(default)]
    pub aggregations: BTreeMap<String, Buckets>,
}

#[derive(Debug, Default, Deserialize)]
struct Shards {
    #[serde(default)]
    failed: u64,
}

#[derive(Debug, Deserialize)]
struct Hits {
    /// A number before version 7, an object since.
    total: Option<Value>,
    #[serde(default)]
    hits: Vec<Hit>,
}

/// A document is taken apart by itself: one that is too deep to be read must not cost the page.
#[derive(Debug, Deserialize)]
struct Hit {
    #[serde(default, rename = "_source")]
    source: Option<Box<RawValue>>,
    #[serde(default)]
    sort: Vec<Value>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Buckets {
    #[serde(default)]
    pub buckets: Vec<Bucket>,
    #[serde(default)]
    pub doc_count_error_upper_bound: i64,
}

#[derive(Debug, Deserialize)]
pub(super) struct Bucket {
    pub key: Value,
    #[serde(default)]
    pub doc_count: u64,
    pub words: Option<Buckets>,
}

impl Found {
    /// Reads an answer.
    ///
    /// # Errors
    /// [`SourceError::Truncated`] or [`SourceError::Malformed`].
    pub(super) fn read(body: &[u8]) -> Result<Self, SourceError> {
        let read = match std::str::from_utf8(body) {
            Ok(text) => serde_json::from_str(text),
            Err(_) => serde_json::from_str(&String::from_utf8_lossy(body)),
        };
        read.map_err(|e| unreadable(body, &e, "an answer as Elasticsearch has it"))
    }

    /// Whether parts of the index did not answer.
    pub(super) fn partial(&self) -> bool {
        self.timed_out || self.shards.failed > 0
    }

    pub(super) fn total(&self) -> u64 {
        match &self.hits.total {
            Some(Value::Object(total)) => total.get("value").and_then(Value::as_u64).unwrap_or(0),
            Some(total) => total.as_u64().unwrap_or(0),
            None => 0,
        }
    }

    pub(super) fn count(&self) -> usize {
        self.hits.hits.len()
    }

    /// Where a further question goes on.
    pub(super) fn after(&self) -> Option<Value> {
        let last = self.hits.hits.last()?;
        (!last.sort.is_empty()).then(|| Value::from(last.sort.clone()))
    }

    /// The lines. Their times are the index', which are coarser than those that were sent.
    pub(super) fn lines(self, fields: &Fields) -> Vec<LogLine> {
        let maker = LineMaker {
            names: &fields.names,
        };
        let line = |hit: Hit| {
            let at = hit.sort.first().and_then(Value::as_i64)?;
            let at_ns = at.checked_mul(fields.grain_ns)?;
            let mut flat = Vec::new();
            let mut message = String::new();
            let source = hit.source.as_ref().map_or("{}", |raw| raw.get());
            match object(source) {
                Some(source) => flatten(source, "", LEVELS, &mut flat),
                None => source.clone_into(&mut message),
            }
            flat.retain(|(name, value)| {
                let is_message = *name == fields.message_field;
                if is_message {
                    message = match value {
                        Value::String(text) => text.clone(),
                        Value::Null => String::new(),
                        other => other.to_string(),
                    };
                }
                !is_message && name != TIME
            });
            Some(maker.line(at_ns, &message, flat))
        };
        self.hits.hits.into_iter().filter_map(line).collect()
    }
}

fn flatten(object: Map<String, Value>, above: &str, levels: usize, out: &mut Vec<(String, Value)>) {
    for (key, value) in object {
        let name = match above {
            "" => key,
            above => format!("{above}.{key}"),
        };
        match value {
            Value::Object(inner) if levels > 1 && !inner.is_empty() => {
                flatten(inner, &name, levels - 1, out);
            }
            value => out.push((name, value)),
        }
    }
}

/// The server's own words: `{"error":{"root_cause":[{"reason":…}],"reason":…}}`, or a text.
pub(super) fn refusal(body: &[u8]) -> Option<String> {
    let said: Value = serde_json::from_slice(body).ok()?;
    let error = said.get("error")?;
    let root = error
        .get("root_cause")
        .and_then(|c| c.get(0)?.get("reason"));
    let reason = root.or_else(|| error.get("reason")).unwrap_or(error);
    reason.as_str().map(str::to_owned)
}
