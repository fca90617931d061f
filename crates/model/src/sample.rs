//! Samples and series.

use crate::Labels;
use serde::{Deserialize, Serialize};

/// One measured value.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// Milliseconds since 1970-01-01T00:00:00Z, from the data's own source.
    pub t: i64,
    /// The value; NaN and infinities are ordinary values here.
    pub v: f64,
}

/// A label set with its samples in ascending order of time, no time twice.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// What identifies the series.
    pub labels: Labels,
    /// Ascending by time.
    pub samples: Vec<Sample>,
}

/// The NaN by which Prometheus marks the end of a series ("stale marker", `value.StaleNaN` in its source).
pub const STALE_NAN_BITS: u64 = 0x7ff0_0000_0000_0002;

/// Whether `v` is Prometheus' stale marker (and not an ordinary NaN).
pub fn is_stale_marker(v: f64) -> bool {
    v.to_bits() == STALE_NAN_BITS
}

/// Prometheus' stale marker as a value.
pub fn stale_marker() -> f64 {
    f64::from_bits(STALE_NAN_BITS)
}
