//! What every store of traces answers, and the kinds of them.

use crate::jaeger::{Jaeger, TraceLimits};
use crate::metrics::Ask;
use crate::{ConfigError, Connection};
use model::trace::{Dependency, Operation, Trace, TraceId, TraceList, TraceQuery};
use std::fmt::Debug;
use std::sync::Arc;

/// Which of Jaeger's two HTTP APIs a store speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TraceApi {
    /// The classic one under `/api`.
    #[default]
    Classic,
    /// The one under `/api/v3`, with OpenTelemetry's shapes.
    V3,
}

/// What probing a store of traces told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TraceSourceInfo {
    /// Which API is used.
    pub api: TraceApi,
    /// Whether it answers summaries, so that a search need not carry whole traces.
    pub summaries: bool,
    /// Whether it answers queries now.
    pub ready: bool,
}

/// A store of traces. All methods end within the store's own time limit with [`crate::SourceError`] at worst, answers are
/// bounded, and what a trace says is hostile input.
pub trait Traces: Send + Sync + Debug {
    /// The kind's name in the registry and the configuration.
    fn kind(&self) -> &'static str;

    /// Who answers there and how.
    fn probe(&self) -> Ask<'_, TraceSourceInfo>;

    /// All services, sorted.
    fn services(&self) -> Ask<'_, Vec<String>>;

    /// The operations of a service, sorted.
    fn operations<'a>(&'a self, service: &'a str) -> Ask<'a, Vec<Operation>>;

    /// The traces that match, in short.
    fn search<'a>(&'a self, query: &'a TraceQuery) -> Ask<'a, TraceList>;

    /// The traces that match, whole.
    fn traces<'a>(&'a self, query: &'a TraceQuery) -> Ask<'a, Vec<Trace>>;

    /// One trace; `None` when the store does not have it.
    fn trace(&self, id: TraceId) -> Ask<'_, Option<Trace>>;

    /// Who calls whom, in the `lookback_ms` before `end_ms`, as the store keeps it. Empty where nothing computes it.
    fn dependencies(&self, end_ms: i64, lookback_ms: i64) -> Ask<'_, Vec<Dependency>>;
}

/// Makes a client of one kind; sends nothing.
type Connect = fn(&Connection) -> Result<Arc<dyn Traces>, ConfigError>;

/// One kind of store of traces.
#[derive(Clone, Copy, Debug)]
pub struct TraceKind {
    /// Its name in the configuration.
    pub name: &'static str,
    /// Makes a client; sends nothing.
    pub connect: Connect,
}

/// All kinds. A new kind is one entry here.
pub const TRACE_KINDS: &[TraceKind] = &[TraceKind {
    name: "jaeger",
    connect: |c| {
        let limits = TraceLimits {
            body_bytes: c.limits.body_bytes,
            ..TraceLimits::default()
        };
        Ok(Arc::new(Jaeger::new(c, &limits)?))
    },
}];

/// A client of kind `kind`.
///
/// # Errors
/// [`ConfigError::UnknownKind`], or what is wrong with the connection.
pub fn connect_traces(kind: &str, connection: &Connection) -> Result<Arc<dyn Traces>, ConfigError> {
    TRACE_KINDS
        .iter()
        .find(|k| k.name == kind)
        .ok_or_else(|| ConfigError::UnknownKind(kind.to_owned()))
        .and_then(|k| (k.connect)(connection))
}
