//! What every source of metrics answers.

use crate::SourceError;
use futures::future::BoxFuture;
use model::{InstantValue, Labels, RangeFrame};
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::future::Future;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// A question under way. Dropping it cancels it, at the server too where the server notices.
pub type Ask<'a, T> = BoxFuture<'a, Result<Answer<T>, SourceError>>;

/// A value with what the source said about it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer<T> {
    /// The value.
    pub value: T,
    /// What the source warned of, in its own words, at most 20 texts of 500 characters. Hostile input: show as text.
    pub warnings: Vec<String>,
    /// Bytes of the answer's body, decompressed. 0 where nothing crossed a wire.
    pub bytes: u64,
    /// The server's clock when it answered, ms since the epoch, to the second (from HTTP's `Date`).
    pub server_time_ms: Option<i64>,
    /// Whether the source says that parts are missing (a storage node was away).
    pub partial: bool,
}

impl<T> Answer<T> {
    /// A value of a source in this process: nothing crossed a wire, nothing is missing.
    pub fn local(value: T) -> Self {
        Self {
            value,
            warnings: Vec::new(),
            bytes: 0,
            server_time_ms: None,
            partial: false,
        }
    }

    /// The same answer with another value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Answer<U> {
        Answer {
            value: f(self.value),
            warnings: self.warnings,
            bytes: self.bytes,
            server_time_ms: self.server_time_ms,
            partial: self.partial,
        }
    }
}

/// A stretch of time, both ends included, ms since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Where it begins.
    pub start_ms: i64,
    /// Where it ends.
    pub end_ms: i64,
}

/// What a source knows about a metric, from the exporter's `# TYPE`, `# HELP` and `# UNIT` lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    /// `counter`, `gauge`, `histogram`, `summary`, `unknown`, …
    pub kind: String,
    /// The exporter's own sentence. Hostile input: show as text.
    pub help: String,
    /// The unit, often empty.
    pub unit: String,
}

/// Which program answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Flavor {
    /// Prometheus itself.
    Prometheus,
    /// VictoriaMetrics, single node or cluster.
    VictoriaMetrics,
    /// The store inside this program.
    Embedded,
    /// InfluxDB; its version says which generation.
    InfluxDb,
    /// Something that answers Prometheus' API (Thanos, Mimir, …).
    #[default]
    Compatible,
}

/// What probing a source told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceInfo {
    /// Which program answers.
    pub flavor: Flavor,
    /// Its version, where it tells one.
    pub version: Option<String>,
    /// Whether it is ready to answer queries (false while it replays its log after a start).
    pub ready: bool,
    /// Whether it knows types and help texts of metrics.
    pub has_metadata: bool,
}

/// A source of metrics that answers PromQL.
///
/// All times are milliseconds since the epoch. All methods end with [`SourceError`] within the source's own
/// time limit, and answers are bounded; what an answer says is hostile input all the same.
pub trait Metrics: Send + Sync + Debug {
    /// The kind's name in the registry and the configuration.
    fn kind(&self) -> &'static str;

    /// How long a question may take by its own configuration; whoever bounds questions must not be shorter.
    fn patience(&self) -> Duration {
        Duration::ZERO
    }

    /// Evaluates `query` at one time; `None` is the source's own now.
    fn instant<'a>(&'a self, query: &'a str, at_ms: Option<i64>) -> Ask<'a, InstantValue>;

    /// Evaluates `query` at `start_ms`, `start_ms + step_ms`, … up to `end_ms`. Points that the source does not
    /// have are [`model::stale_marker`](model::sample::stale_marker) (a NaN), so that a gap can be told from
    /// a value that is NaN.
    fn range<'a>(
        &'a self,
        query: &'a str,
        start_ms: i64,
        end_ms: i64,
        step_ms: i64,
    ) -> Ask<'a, RangeFrame>;

    /// The label sets that match any of `selectors` and have samples in `span`, at most `limit` of them.
    fn series<'a>(
        &'a self,
        selectors: &'a [&'a str],
        span: Span,
        limit: usize,
    ) -> Ask<'a, Vec<Labels>>;

    /// The label names of what matches any of `selectors` (empty: of everything), sorted.
    fn label_names<'a>(&'a self, selectors: &'a [&'a str], span: Span) -> Ask<'a, Vec<String>>;

    /// The values of label `name` in what matches any of `selectors` (empty: in everything), sorted.
    fn label_values<'a>(
        &'a self,
        name: &'a str,
        selectors: &'a [&'a str],
        span: Span,
    ) -> Ask<'a, Vec<String>>;

    /// Type, help and unit of `metric`, or of every metric the source knows. Empty where it keeps none.
    fn metadata<'a>(&'a self, metric: Option<&'a str>) -> Ask<'a, BTreeMap<String, Metadata>>;

    /// Who answers there, and whether it is ready.
    fn probe(&self) -> Ask<'_, SourceInfo>;

    /// For each metric name whether it has a value now; few questions for many names.
    fn exists<'a>(&'a self, metrics: &'a [&'a str]) -> Ask<'a, Vec<bool>>;
}

/// Waits for `ask` until `token` is cancelled, then drops it and answers [`SourceError::Cancelled`].
///
/// # Errors
/// What `ask` answers, or [`SourceError::Cancelled`].
pub async fn cancellable<T>(
    token: &CancellationToken,
    ask: impl Future<Output = Result<T, SourceError>>,
) -> Result<T, SourceError> {
    tokio::select! {
        biased;
        () = token.cancelled() => Err(SourceError::Cancelled),
        answer = ask => answer,
    }
}
