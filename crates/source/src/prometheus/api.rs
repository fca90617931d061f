//! The small answers of Prometheus' HTTP API, read with serde.

use super::decode::Decoded;
use crate::connection::Limits;
use crate::error::{Capacity, QueryFault, SourceError};
use crate::metrics::Metadata;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Envelope<T> {
    status: String,
    data: Option<T>,
    #[serde(default)]
    warnings: Vec<String>,
    #[serde(default, rename = "isPartial")]
    partial: bool,
    #[serde(default, rename = "errorType")]
    error_type: String,
    #[serde(default)]
    error: String,
}

/// `data` of `/api/v1/status/buildinfo`; VictoriaMetrics answers an empty one.
#[derive(Debug, Default, Deserialize)]
pub(super) struct BuildInfo {
    #[serde(default)]
    pub version: String,
}

/// One exporter's word on a metric, in `data` of `/api/v1/metadata`.
#[derive(Debug, Deserialize)]
pub(super) struct MetadataEntry {
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    help: String,
    #[serde(default)]
    unit: String,
}

/// Any answer whose data serde reads.
pub(super) fn decode<T: DeserializeOwned>(body: &[u8]) -> Result<Decoded<T>, SourceError> {
    let envelope: Envelope<T> = serde_json::from_slice(body).map_err(|e| unreadable(&e))?;
    if envelope.status == "error" {
        return Err(SourceError::Query {
            fault: query_fault(&envelope.error_type, 200),
            message: envelope.error,
        });
    }
    let value = envelope.data.ok_or(SourceError::Malformed {
        at: body.len(),
        what: "data",
    })?;
    Ok(Decoded {
        value,
        warnings: envelope.warnings,
        partial: envelope.partial,
    })
}

/// The error that stands in `body`, if it is one in the API's own format.
pub(super) fn api_error(body: &[u8], status: u16) -> Option<(QueryFault, String)> {
    let envelope: Envelope<serde::de::IgnoredAny> = serde_json::from_slice(body).ok()?;
    (envelope.status == "error")
        .then(|| (query_fault(&envelope.error_type, status), envelope.error))
}

/// `errorType` of Prometheus' `web/api/v1/api.go`. VictoriaMetrics writes the HTTP status there.
pub(super) fn query_fault(error_type: &str, status: u16) -> QueryFault {
    match error_type {
        "bad_data" | "not_found" => QueryFault::Invalid,
        "execution" => QueryFault::Failed,
        "timeout" => QueryFault::Timeout,
        "canceled" => QueryFault::Cancelled,
        "unavailable" => QueryFault::Unavailable,
        "internal" => QueryFault::Internal,
        other => match other.parse().unwrap_or(status) {
            400 | 404 => QueryFault::Invalid,
            429 | 502 | 503 => QueryFault::Unavailable,
            504 => QueryFault::Timeout,
            500..=599 => QueryFault::Internal,
            _ => QueryFault::Failed,
        },
    }
}

/// Exporters may disagree about a metric; the first word counts, as in Prometheus' own page.
pub(super) fn metadata(
    all: BTreeMap<String, Vec<MetadataEntry>>,
    limits: &Limits,
) -> Result<BTreeMap<String, Metadata>, SourceError> {
    all.into_iter()
        .filter_map(|(name, entries)| entries.into_iter().next().map(|entry| (name, entry)))
        .map(|(name, entry)| {
            within([&name, &entry.kind, &entry.help, &entry.unit], limits)?;
            let known = Metadata {
                kind: entry.kind,
                help: entry.help,
                unit: entry.unit,
            };
            Ok((name, known))
        })
        .collect()
}

/// Whether none of `texts` is longer than a label may be.
pub(super) fn within<'a>(
    texts: impl IntoIterator<Item = &'a String>,
    limits: &Limits,
) -> Result<(), SourceError> {
    if texts.into_iter().any(|t| t.len() > limits.label_bytes) {
        return Err(SourceError::Limit {
            what: Capacity::LabelBytes,
            limit: limits.label_bytes as u64,
        });
    }
    Ok(())
}

fn unreadable(e: &serde_json::Error) -> SourceError {
    if e.is_eof() {
        SourceError::Truncated
    } else {
        SourceError::Malformed {
            // these answers stand on one line
            at: e.column().saturating_sub(1),
            what: "an answer of Prometheus' API",
        }
    }
}
