//! What stores of logs over HTTP share: which of their fields are a line's own, filters as far as a server can decide them, pages
//! over stores that know times only, counting on lines that were read, and live tails.

mod filter;
mod line;
mod names;
mod reader;
mod tail;
mod tally;
#[cfg(test)]
mod tests;

pub(crate) use filter::{Expr, How, Plan, pattern, plan};
pub(crate) use line::{LineMaker, object};
pub(crate) use names::Names;
pub use names::{FieldNames, LogOptions};
pub(crate) use reader::{Backend, Batch, Fetch, page};
pub(crate) use tail::{Tails, tail};
pub(crate) use tally::{buckets, count, facets, fields, histogram, most_frequent};

use crate::error::SourceError;
use crate::metrics::Answer;

/// Bodies above this are read on a thread of their own, so that others' answers need not wait.
const LARGE: usize = 256 << 10;

/// Reads a body with `read`; a large one on a thread for such work. The body is given back.
pub(crate) async fn decoded<T: Send + 'static>(
    body: Vec<u8>,
    read: impl FnOnce(&[u8]) -> Result<T, SourceError> + Send + 'static,
) -> Result<(T, Vec<u8>), SourceError> {
    let large = body.len() > LARGE;
    let work = move || read(&body).map(|value| (value, body));
    if large {
        return tokio::task::spawn_blocking(work)
            .await
            .map_err(|e| SourceError::Internal {
                detail: e.to_string(),
            })?;
    }
    work()
}

/// Codes in [`crate::Answer::warnings`] of stores of logs over HTTP: why an answer is not whole. Locale keys
/// `log_source.warning.<code>`.
pub const LOG_WARNINGS: [&str; 3] = ["scan_limit", "crowded", "tail_limit"];

/// An answer gathered from several questions.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    /// Bytes of all bodies.
    pub bytes: u64,
    /// The server's clock with the last of them.
    pub server_time_ms: Option<i64>,
    /// Some of [`LOG_WARNINGS`].
    pub warnings: Vec<String>,
}

impl Gathered {
    pub(crate) fn answer<T>(self, value: T) -> Answer<T> {
        Answer {
            value,
            bytes: self.bytes,
            server_time_ms: self.server_time_ms,
            partial: !self.warnings.is_empty(),
            warnings: self.warnings,
        }
    }
}
