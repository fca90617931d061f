//! Why a query was refused or failed.

use crate::StorageError;

/// Why a query has no answer.
#[derive(Debug, thiserror::Error)]
pub enum PromqlError {
    /// The text is not PromQL (as of Prometheus 2.42), or an expression has the wrong type for its place.
    #[error("parse error{}: {message}", at(*position))]
    Parse {
        /// What is wrong, in English.
        message: String,
        /// Byte offset into the query, where it is known.
        position: Option<usize>,
    },
    /// The query is well-formed but has no meaning for the data.
    #[error(transparent)]
    Execution(#[from] ExecutionError),
    /// The query or its result is larger than the engine's options allow.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// The cancellation hook said so.
    #[error("query cancelled")]
    Cancelled,
    /// The store could not answer.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl PromqlError {
    pub(crate) fn parse(message: impl Into<String>) -> Self {
        Self::Parse {
            message: message.into(),
            position: None,
        }
    }

    pub(crate) fn parse_at(position: usize, message: impl Into<String>) -> Self {
        Self::Parse {
            message: message.into(),
            position: Some(position),
        }
    }
}

fn at(position: Option<usize>) -> String {
    position.map_or_else(String::new, |p| format!(" at byte {p}"))
}

/// What is wrong between a well-formed query and the data; the texts are Prometheus' own.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ExecutionError {
    /// Both sides of a vector match have several series for one match group.
    #[error(
        "found duplicate series for the match group {group} on the {side} hand-side of the operation: \
         [{first}, {second}];many-to-many matching not allowed: matching labels must be unique on one side"
    )]
    ManyToMany {
        /// The labels of the match group.
        group: String,
        /// The side that should have one series per group: `left` or `right`.
        side: &'static str,
        /// One of the two series.
        first: String,
        /// The other one.
        second: String,
    },
    /// Several series of the left side match one of the right side without `group_left`.
    #[error(
        "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)"
    )]
    ImplicitManyToOne,
    /// `group_left`/`group_right` gives two results the same labels.
    #[error("multiple matches for labels: grouping labels must ensure unique matches")]
    AmbiguousGrouping,
    /// Two series of a result have the same labels (mostly after the metric name is dropped).
    #[error("vector cannot contain metrics with the same labelset")]
    DuplicateLabels,
    /// `holt_winters` with a factor outside 0..1.
    #[error("invalid {which} factor. Expected: 0 < factor < 1, got: {value}")]
    SmoothingFactor {
        /// `smoothing` or `trend`.
        which: &'static str,
        /// What was given.
        value: f64,
    },
    /// The parameter of `topk`/`bottomk` is NaN or beyond 64 bits.
    #[error("Scalar value {0} overflows int64")]
    NotAnInteger(f64),
    /// A label name made by `count_values`, `label_replace` or `label_join` is not one.
    #[error("invalid label name {name:?} in {place}")]
    LabelName {
        /// The refused name.
        name: String,
        /// The function or aggregation.
        place: &'static str,
    },
    /// `label_replace` with a pattern that does not compile.
    #[error("invalid regular expression in label_replace(): {0}")]
    Regex(String),
}

/// Which bound was hit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LimitError {
    /// The text of the query is too long.
    #[error("the query has {bytes} bytes, at most {max} are accepted")]
    QueryLength {
        /// Bytes of the query.
        bytes: usize,
        /// Bytes accepted.
        max: usize,
    },
    /// Too many operators or parentheses in each other.
    #[error("the query is nested too deeply (more than {max}); split it up")]
    Depth {
        /// Levels accepted.
        max: usize,
    },
    /// Too many steps between start and end.
    #[error(
        "exceeded maximum resolution of {max} points per timeseries. Try decreasing the query resolution (?step=XX)"
    )]
    Steps {
        /// Steps accepted.
        max: usize,
    },
    /// The query would hold too many samples in memory.
    #[error(
        "query processing would load too many samples into memory (more than {max}); narrow its selectors or its range"
    )]
    Samples {
        /// Samples accepted.
        max: usize,
    },
    /// Start, end or step make no sense: end before start, or a step that is not positive.
    #[error("bad time range: the end must not be before the start and the step must be positive")]
    TimeRange,
    /// A time or duration is beyond what is computed with.
    #[error("a time or duration is out of bounds")]
    Time,
}
