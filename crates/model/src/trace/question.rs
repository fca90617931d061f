//! What is asked of a store of traces, and what it answers.

use super::{SpanKind, TraceId};
use serde::{Deserialize, Serialize};

/// Which traces are wanted. Stores match operation, tags and durations against **one span** of `service`, not against the
/// trace as a whole, and answer some traces that match, not necessarily the newest.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TraceQuery {
    /// The service; stores want one.
    pub service: String,
    /// Only spans of this operation.
    pub operation: Option<String>,
    /// All of these tags.
    pub tags: Vec<(String, String)>,
    /// From this time on, ns since the epoch.
    pub from_ns: i64,
    /// Until this time, ns.
    pub to_ns: i64,
    /// Spans that took at least so long, ns.
    pub min_duration_ns: Option<i64>,
    /// Spans that took at most so long, ns.
    pub max_duration_ns: Option<i64>,
    /// Traces at most.
    pub limit: usize,
}

/// A service's part in a trace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceShare {
    /// The service.
    pub name: String,
    /// Its spans.
    pub spans: u32,
    /// Those that failed.
    pub errors: u32,
}

/// A trace in a list.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TraceSummary {
    /// Its id.
    pub id: TraceId,
    /// Service of the first root.
    pub root_service: String,
    /// Operation of the first root.
    pub root_operation: String,
    /// When it began, ns since the epoch.
    pub start_ns: i64,
    /// How long from the first beginning to the last end, ns.
    pub duration_ns: i64,
    /// Its spans.
    pub spans: u32,
    /// Those that failed.
    pub errors: u32,
    /// Spans whose parent is not there.
    pub orphans: u32,
    /// Who took part, the one with most spans first.
    pub services: Vec<ServiceShare>,
}

/// The answer to a search.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TraceList {
    /// The traces, the newest first.
    pub traces: Vec<TraceSummary>,
    /// Whether there may be more: as many came as were asked for.
    pub capped: bool,
}

/// An operation of a service.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Operation {
    /// Its name.
    pub name: String,
    /// Which part of a call, where the store says so.
    pub kind: Option<SpanKind>,
}

/// Calls from one service to another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dependency {
    /// Who calls.
    pub parent: String,
    /// Who is called.
    pub child: String,
    /// How often in the time asked for.
    pub calls: u64,
}
