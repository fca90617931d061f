//! Answers of metrics sources in the shape that charts need: columns on one grid of times.

use crate::Labels;

/// Series on a regular grid of times.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RangeFrame {
    /// Time of the first point, ms since the epoch.
    pub start_ms: i64,
    /// Distance of two points in ms, greater than 0.
    pub step_ms: i64,
    /// Points of each series.
    pub len: usize,
    /// Label sets with exactly `len` values each; NaN where there is no point.
    pub series: Vec<(Labels, Vec<f64>)>,
}

impl RangeFrame {
    /// Time of point `i`, ms since the epoch.
    pub fn time(&self, i: usize) -> i64 {
        self.start_ms + self.step_ms * i64::try_from(i).unwrap_or(i64::MAX / self.step_ms.max(1))
    }
}

/// The answer of an instant query.
#[derive(Clone, Debug, PartialEq)]
pub enum InstantValue {
    /// One number without labels, with its time in ms.
    Scalar(crate::Sample),
    /// A text, with its time in ms.
    Text(i64, String),
    /// One value a series.
    Vector(Vec<(Labels, crate::Sample)>),
    /// A range selector's raw samples.
    Matrix(Vec<crate::Series>),
}
