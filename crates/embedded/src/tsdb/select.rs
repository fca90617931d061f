//! Reading: samples by matcher, and lists of what there is.

use super::Tsdb;
use super::disk::ReadError;
use super::series::MemSeries;
use model::{Labels, Sample};
use promql::storage::{Sink, Storage, StorageError};
use promql_parser::label::Matchers;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Series whose old samples are fetched from the file at a time: bounds the memory that a selection takes.
const FILE_GROUP: usize = 256;

/// A span of time in milliseconds since the epoch, both ends inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first millisecond.
    pub start: i64,
    /// The last millisecond.
    pub end: i64,
}

impl Span {
    /// All of time.
    pub const ALL: Self = Self {
        start: i64::MIN,
        end: i64::MAX,
    };
}

impl From<ReadError> for StorageError {
    fn from(e: ReadError) -> Self {
        match e {
            ReadError::TooMuch { .. } => Self::TooMuch(e.to_string()),
            e => Self::Failed(e.to_string()),
        }
    }
}

/// Passes series on and counts their samples against the limit.
struct Counted<'a, 'b> {
    sink: &'a mut Sink<'b>,
    left: usize,
    max: usize,
}

impl Counted<'_, '_> {
    fn pass(&mut self, labels: &Labels, samples: &[Sample]) -> Result<(), StorageError> {
        if samples.is_empty() {
            return Ok(());
        }
        self.left = self.left.checked_sub(samples.len()).ok_or_else(|| {
            StorageError::TooMuch(format!(
                "more than {} samples; ask for fewer series or a shorter range",
                self.max
            ))
        })?;
        (self.sink)(labels, samples)
    }
}

impl Storage for Tsdb {
    fn select(
        &self,
        matchers: &Matchers,
        start: i64,
        end: i64,
        sink: &mut Sink<'_>,
    ) -> Result<(), StorageError> {
        let series = self.shared.head.read().select(matchers);
        let max = self.shared.options.max_samples;
        let mut sink = Counted {
            sink,
            left: max,
            max,
        };
        let mut in_file: Vec<Arc<MemSeries>> = Vec::new();
        let mut samples: Vec<Sample> = Vec::new();
        for s in series {
            samples.clear();
            {
                let state = s.state.lock();
                if !state.overlaps(start, end) {
                    continue;
                }
                if self.reader.is_some() && state.needs_file(start, end) {
                    drop(state);
                    in_file.push(s);
                    continue;
                }
                self.note_damage(state.read(start, end, &mut samples));
            }
            sink.pass(&s.labels, &samples)?;
        }
        for group in in_file.chunks(FILE_GROUP) {
            self.select_from_file(group, start, end, &mut sink)?;
        }
        Ok(())
    }
}

impl Tsdb {
    /// Memory is read before the file: a chunk leaves memory only after it is in the file, so none is missed.
    fn select_from_file(
        &self,
        group: &[Arc<MemSeries>],
        start: i64,
        end: i64,
        sink: &mut Counted<'_, '_>,
    ) -> Result<(), StorageError> {
        let Some(reader) = &self.reader else {
            return Ok(());
        };
        let mut in_memory: Vec<(i64, Vec<Sample>)> = Vec::with_capacity(group.len());
        for s in group {
            let state = s.state.lock();
            let mut samples = Vec::new();
            self.note_damage(state.read(start, end, &mut samples));
            in_memory.push((state.memory_from, samples));
        }
        let keys = group.iter().map(|s| s.key).collect();
        let mut chunks = reader.read(keys, start, end, sink.left)?;
        let mut samples: Vec<Sample> = Vec::new();
        for (s, (memory_from, recent)) in group.iter().zip(in_memory) {
            samples.clear();
            for chunk in chunks.remove(&s.key).unwrap_or_default() {
                let end = end.min(memory_from.saturating_sub(1));
                self.note_damage(chunk.read(start, end, &mut samples));
            }
            samples.extend(recent);
            sink.pass(&s.labels, &samples)?;
        }
        Ok(())
    }

    fn note_damage(&self, chunks: u64) {
        if chunks > 0 && self.shared.damaged.fetch_add(chunks, Ordering::Relaxed) == 0 {
            tracing::error!("samples do not decode and are left out: the samples' file is damaged");
        }
    }

    /// The series that match any of `any_of` (all series when it is empty) and may have a sample in `span`, sorted,
    /// at most `limit`.
    pub fn series(&self, any_of: &[Matchers], span: Span, limit: usize) -> Vec<Labels> {
        let mut out: BTreeSet<Labels> = BTreeSet::new();
        self.each_in(any_of, span, |labels| {
            out.insert(labels.clone());
            if out.len() > limit {
                out.pop_last();
            }
        });
        out.into_iter().collect()
    }

    /// The names of the labels of those series (see [`Tsdb::series`]), sorted, at most `limit`.
    pub fn label_names(&self, any_of: &[Matchers], span: Span, limit: usize) -> Vec<String> {
        let mut out: BTreeSet<String> = BTreeSet::new();
        if any_of.is_empty() && span == Span::ALL {
            out.extend(self.shared.head.read().index.names().map(str::to_owned));
        } else {
            self.each_in(any_of, span, |labels| {
                for (name, _) in labels.iter() {
                    if !out.contains(name) {
                        out.insert(name.to_owned());
                    }
                }
            });
        }
        out.into_iter().take(limit).collect()
    }

    /// The values that the label `name` has in those series (see [`Tsdb::series`]), sorted, at most `limit`.
    pub fn label_values(
        &self,
        name: &str,
        any_of: &[Matchers],
        span: Span,
        limit: usize,
    ) -> Vec<String> {
        let mut out: BTreeSet<String> = BTreeSet::new();
        if any_of.is_empty() {
            let head = self.shared.head.read();
            let alive = |slot: &u32| {
                head.get(*slot)
                    .is_some_and(|s| s.state.lock().overlaps(span.start, span.end))
            };
            let values = head
                .index
                .values(name)
                .filter(|(_, slots)| slots.iter().any(alive));
            out.extend(values.map(|(value, _)| value.to_owned()));
        } else {
            self.each_in(any_of, span, |labels| {
                if let Some(value) = labels.get(name).filter(|v| !out.contains(*v)) {
                    out.insert(value.to_owned());
                }
            });
        }
        out.into_iter().take(limit).collect()
    }

    fn each_in(&self, any_of: &[Matchers], span: Span, mut f: impl FnMut(&Labels)) {
        let series = {
            let head = self.shared.head.read();
            if any_of.is_empty() {
                head.all()
            } else {
                any_of.iter().flat_map(|m| head.select(m)).collect()
            }
        };
        for s in series {
            if s.state.lock().overlaps(span.start, span.end) {
                f(&s.labels);
            }
        }
    }
}
