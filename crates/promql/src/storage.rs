//! What the evaluator asks of a store.

use model::{Labels, Sample};
use promql_parser::label::Matchers;

/// Why a store could not answer.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// More samples or series than the caller allows; the text names the limit.
    #[error("too much data: {0}")]
    TooMuch(String),
    /// The store itself failed.
    #[error("storage: {0}")]
    Failed(String),
}

/// Receives one series at a time; the samples are borrowed for the call only. An error ends the selection.
pub type Sink<'a> = dyn FnMut(&Labels, &[Sample]) -> Result<(), StorageError> + 'a;

/// A store of series that the evaluator can read.
pub trait Storage {
    /// Calls `sink` once for each series that matches all `matchers` and has a sample in `start..=end`
    /// (milliseconds since the epoch, both inclusive), with those samples ascending by time, stale markers included.
    /// Series come in no particular order.
    fn select(
        &self,
        matchers: &Matchers,
        start: i64,
        end: i64,
        sink: &mut Sink<'_>,
    ) -> Result<(), StorageError>;
}
