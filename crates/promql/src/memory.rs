//! A store in memory: for tests, and for small data that is at hand anyway.

use crate::storage::{Sink, Storage, StorageError};
use model::{Labels, Series};
use promql_parser::label::Matchers;

/// Series in the order in which they were given.
#[derive(Debug, Clone, Default)]
pub struct MemoryStorage {
    series: Vec<Series>,
}

impl MemoryStorage {
    /// From series whose samples ascend by time.
    pub fn new(series: Vec<Series>) -> Self {
        Self { series }
    }

    /// The series held.
    pub fn series(&self) -> &[Series] {
        &self.series
    }
}

/// Whether `labels` fits all `matchers` (a label that is not there counts as empty).
pub fn matches(matchers: &Matchers, labels: &Labels) -> bool {
    matchers
        .matchers
        .iter()
        .all(|m| m.is_match(labels.get(&m.name).unwrap_or("")))
}

impl Storage for MemoryStorage {
    fn select(
        &self,
        matchers: &Matchers,
        start: i64,
        end: i64,
        sink: &mut Sink<'_>,
    ) -> Result<(), StorageError> {
        for series in self.series.iter().filter(|s| matches(matchers, &s.labels)) {
            let from = series.samples.partition_point(|s| s.t < start);
            let to = series.samples.partition_point(|s| s.t <= end);
            if let Some(samples) = series.samples.get(from..to).filter(|s| !s.is_empty()) {
                sink(&series.labels, samples)?;
            }
        }
        Ok(())
    }
}
