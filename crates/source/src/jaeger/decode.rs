//! Both APIs' traces out of bytes: pure, bounded, in one pass.

use super::lists::Fault;
use super::{classic, limits::Odd, limits::TraceLimits, v3};
use crate::alertmanager::raw::unreadable;
use crate::error::SourceError;
use model::trace::Trace;
use serde::de::DeserializeSeed as _;
use std::borrow::Cow;

/// Traces of an answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decoded {
    /// The traces, in the server's order, nothing sorted or mended. What was odd is in each one's warnings, as [`Odd`] writes it.
    pub traces: Vec<Trace>,
    /// What the server says went wrong with parts of the answer, and what was odd about no trace in particular.
    pub warnings: Vec<String>,
    /// Whether the server says that a trace which was asked for is not there.
    pub not_found: bool,
}

/// `GET /api/traces` and `/api/traces/{id}` of the classic API.
///
/// # Errors
/// [`SourceError::Truncated`] or [`SourceError::Malformed`].
pub fn classic(body: &[u8], limits: &TraceLimits) -> Result<Decoded, SourceError> {
    let (text, broken) = text(body);
    let mut read = classic::Traces::new(limits);
    let mut json = serde_json::Deserializer::from_str(&text);
    classic::Envelope(&mut read)
        .deserialize(&mut json)
        .and_then(|()| json.end())
        .map_err(|e| unreadable(body, &e, "traces as Jaeger's API has them"))?;
    if !read.is_envelope && read.faults.is_empty() {
        return Err(SourceError::Malformed {
            at: 0,
            what: "traces as Jaeger's API has them",
        });
    }
    Ok(decoded(read.traces, &read.odd, read.faults, broken))
}

/// `GET /api/v3/traces` and `/api/v3/traces/{id}`: the spans of all traces, sorted apart.
///
/// # Errors
/// [`SourceError::Truncated`] or [`SourceError::Malformed`].
pub fn v3(body: &[u8], limits: &TraceLimits) -> Result<Decoded, SourceError> {
    let (text, broken) = text(body);
    let mut read = v3::Merged::new(limits);
    let mut json = serde_json::Deserializer::from_str(&text);
    loop {
        v3::Document(&mut read)
            .deserialize(&mut json)
            .map_err(|e| unreadable(body, &e, "spans as OpenTelemetry has them"))?;
        // a server that streams writes one document after the other
        if json.end().is_ok() {
            break;
        }
    }
    let faults: Vec<Fault> = read.fault.take().into_iter().collect();
    if !read.found && faults.is_empty() && text.trim() != "{}" {
        return Err(SourceError::Malformed {
            at: 0,
            what: "spans as OpenTelemetry has them",
        });
    }
    let odd = read.odd;
    Ok(decoded(read.finish(), &odd, faults, broken))
}

fn text(body: &[u8]) -> (Cow<'_, str>, bool) {
    match std::str::from_utf8(body) {
        Ok(text) => (Cow::Borrowed(text), false),
        Err(_) => (String::from_utf8_lossy(body), true),
    }
}

fn decoded(
    traces: Vec<Trace>,
    odd: &super::limits::Oddities,
    faults: Vec<Fault>,
    broken: bool,
) -> Decoded {
    let mut odd = *odd;
    if broken {
        odd.note(Odd::NotUtf8);
    }
    Decoded {
        traces,
        not_found: faults.iter().any(|f| f.code == Some(404)),
        warnings: faults
            .into_iter()
            .map(|f| f.message)
            .chain(odd.texts())
            .collect(),
    }
}
