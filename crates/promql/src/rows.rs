//! Series on a grid of steps: one value a step, or none.

use crate::error::ExecutionError;
use hashbrown::HashMap;
use model::labels::METRIC_NAME;
use model::{Labels, Sample};
use std::fmt;
use std::hash::{Hash, Hasher};

/// The evaluation times: `len` of them from `start` on, `step` milliseconds apart.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grid {
    pub start: i64,
    pub step: i64,
    pub len: usize,
}

impl Grid {
    /// The time of step `i`.
    pub(crate) fn at(&self, i: usize) -> i64 {
        self.start.saturating_add(
            self.step
                .saturating_mul(i64::try_from(i).unwrap_or(i64::MAX)),
        )
    }

    /// The last time.
    pub(crate) fn end(&self) -> i64 {
        self.at(self.len.saturating_sub(1))
    }
}

/// "No value at this step". The stale marker's bits serve: they are a signalling NaN, which no arithmetic gives,
/// and stale markers themselves are never values.
pub(crate) fn absent() -> f64 {
    model::sample::stale_marker()
}

/// Whether `v` says that there is no value.
pub(crate) fn is_absent(v: f64) -> bool {
    model::sample::is_stale_marker(v)
}

/// The labels of a row. Dropping the metric's name only sets a flag, because most labels of a large query are
/// looked at once, to find a group, and building a set costs more than the arithmetic.
#[derive(Clone)]
pub(crate) struct Metric {
    labels: Labels,
    nameless: bool,
}

impl Metric {
    pub(crate) fn new(labels: Labels) -> Self {
        Self {
            labels,
            nameless: false,
        }
    }

    /// Without its name.
    pub(crate) fn drop_name(self) -> Self {
        Self {
            nameless: true,
            ..self
        }
    }

    /// Names and values in order of the names.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> + '_ {
        let nameless = self.nameless;
        self.labels
            .iter()
            .filter(move |(n, _)| !(nameless && *n == METRIC_NAME))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        if self.nameless && name == METRIC_NAME {
            return None;
        }
        self.labels.get(name)
    }

    /// Order of the series as they are stored, their names included.
    pub(crate) fn stored_order(&self, other: &Self) -> std::cmp::Ordering {
        self.labels.cmp(&other.labels)
    }

    /// As a label set of its own.
    pub(crate) fn into_labels(self) -> Labels {
        if self.nameless && self.labels.metric_name().is_some() {
            self.labels.without(|n| n == METRIC_NAME)
        } else {
            self.labels
        }
    }
}

impl PartialEq for Metric {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Metric {}

impl Hash for Metric {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for (name, value) in self.iter() {
            name.hash(state);
            value.hash(state);
        }
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.clone().into_labels().fmt(f)
    }
}

/// Rows held in memory.
pub(crate) struct Rows {
    steps: usize,
    pub(crate) metrics: Vec<Metric>,
    values: Vec<f64>,
}

impl Rows {
    pub(crate) fn new(steps: usize) -> Self {
        Self {
            steps,
            metrics: Vec::new(),
            values: Vec::new(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.metrics.len()
    }

    pub(crate) fn push(&mut self, metric: Metric, row: &[f64]) {
        self.metrics.push(metric);
        self.values.extend_from_slice(row);
    }

    /// The values of row `i`; empty if there is none.
    pub(crate) fn row(&self, i: usize) -> &[f64] {
        self.values
            .get(i * self.steps..(i + 1) * self.steps)
            .unwrap_or(&[])
    }

    pub(crate) fn row_mut(&mut self, i: usize) -> &mut [f64] {
        self.values
            .get_mut(i * self.steps..(i + 1) * self.steps)
            .unwrap_or(&mut [])
    }
}

/// Rows of which those with the same labels become one, as long as they have no step in common.
pub(crate) struct Merge {
    pub(crate) rows: Rows,
    index: HashMap<Metric, usize>,
}

impl Merge {
    pub(crate) fn new(steps: usize) -> Self {
        Self {
            rows: Rows::new(steps),
            index: HashMap::new(),
        }
    }

    /// Adds a row; true if it became one of its own. Two values at one step are an error.
    pub(crate) fn add(&mut self, metric: Metric, row: &[f64]) -> Result<bool, ExecutionError> {
        if let Some(&i) = self.index.get(&metric) {
            for (have, new) in self.rows.row_mut(i).iter_mut().zip(row) {
                if is_absent(*new) {
                    continue;
                }
                if !is_absent(*have) {
                    return Err(ExecutionError::DuplicateLabels);
                }
                *have = *new;
            }
            return Ok(false);
        }
        self.index.insert(metric.clone(), self.rows.len());
        self.rows.push(metric, row);
        Ok(true)
    }
}

/// The samples of a row: the steps that have a value.
pub(crate) fn samples(grid: Grid, row: &[f64]) -> Vec<Sample> {
    row.iter()
        .enumerate()
        .filter(|(_, v)| !is_absent(**v))
        .map(|(i, v)| Sample {
            t: grid.at(i),
            v: *v,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metric(pairs: &[(&str, &str)]) -> Metric {
        Metric::new(Labels::from_pairs(pairs.iter().copied()))
    }

    #[test]
    fn a_dropped_name_counts_for_nothing() {
        let a = metric(&[("__name__", "a"), ("x", "1")]).drop_name();
        let b = metric(&[("__name__", "b"), ("x", "1")]).drop_name();
        assert!(a == b);
        assert_eq!(a.get("__name__"), None);
        assert_eq!(a.to_string(), r#"{x="1"}"#);
    }

    #[test]
    fn rows_merge_only_where_they_do_not_overlap() {
        let mut merge = Merge::new(2);
        let m = metric(&[("x", "1")]);
        assert_eq!(merge.add(m.clone(), &[1.0, absent()]), Ok(true));
        assert_eq!(merge.add(m.clone(), &[absent(), f64::NAN]), Ok(false));
        assert!(merge.rows.row(0).iter().all(|v| !is_absent(*v)));
        assert_eq!(
            merge.add(m, &[2.0, absent()]),
            Err(ExecutionError::DuplicateLabels)
        );
    }

    #[test]
    fn no_arithmetic_gives_the_absent_value() {
        let a = absent();
        for v in [a + 0.0, a * 1.0, f64::NAN, f64::INFINITY - f64::INFINITY] {
            assert!(!is_absent(v));
        }
    }
}
