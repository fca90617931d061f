//! The time-series store: recent samples compressed in memory, older ones in SQLite.
//!
//! Appending takes a shared lock on the index and a lock on the one series; only new series lock the index for
//! themselves. Reading copies the list of matching series and then holds one series' lock at a time, so neither
//! waits long for the other. Times are milliseconds since the epoch throughout.

mod append;
mod bits;
mod chunk;
mod disk;
mod head;
mod index;
mod metadata;
mod select;
mod series;
mod sweep;
#[cfg(test)]
mod tests;

pub use append::{AppendError, AppendReport, Limits, Refused};
pub use disk::{FileOptions, FileState, FlushError, Health, MovedAside, OpenError, ReadError};
pub use head::SeriesRef;
pub use metadata::{Metadata, MetricKind};
pub use select::Span;

use crate::Clock;
use append::Bounds;
use disk::{Keeper, Reader};
use head::Head;
use model::{Labels, Sample};
use parking_lot::RwLock;
use series::{MemSeries, Pushed};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Samples appended while the index stays locked for reading: bounds how long a new series waits.
const APPEND_GROUP: usize = 4096;

/// How a store behaves.
#[derive(Clone)]
pub struct Options {
    /// What is refused.
    pub limits: Limits,
    /// How long samples are kept, in milliseconds before the clock's now.
    pub retention_ms: i64,
    /// With a file: how far back samples stay in memory as well, in milliseconds.
    pub memory_window_ms: i64,
    /// Beyond this many bytes of samples in memory the oldest leave it, whether they are in a file or not.
    pub max_memory_bytes: u64,
    /// Most samples that one selection may read.
    pub max_samples: usize,
    /// The present time.
    pub clock: Clock,
}

impl Options {
    /// Defaults: 15 days, 50 million samples a selection (both as Prometheus), two hours and 1 GiB in memory; see
    /// also [`Limits`].
    pub fn new(clock: Clock) -> Self {
        Self {
            limits: Limits::default(),
            retention_ms: 15 * 24 * 3600 * 1000,
            memory_window_ms: 2 * 3600 * 1000,
            max_memory_bytes: 1 << 30,
            max_samples: 50_000_000,
            clock,
        }
    }
}

/// What all threads of a store share.
struct Shared {
    options: Options,
    head: RwLock<Head>,
    metadata: RwLock<BTreeMap<String, Metadata>>,
    appended: AtomicU64,
    damaged: AtomicU64,
}

/// A time-series store. Share it as `Arc<Tsdb>`; dropping it ends its threads after a last flush.
pub struct Tsdb {
    // dropped in this order: the keeper's last flush, then the reader
    keeper: Option<Keeper>,
    reader: Option<Reader>,
    shared: Arc<Shared>,
}

impl Tsdb {
    /// A store without a file: what does not fit the retention is gone.
    pub fn in_memory(options: Options) -> Self {
        let shared = Arc::new(Shared::new(options));
        let keeper = Keeper::in_memory(shared.clone());
        if let Err(e) = &keeper {
            tracing::error!(error = %e, "no thread for the store: samples are kept beyond the retention");
        }
        Self {
            keeper: keeper.ok(),
            reader: None,
            shared,
        }
    }

    /// A store with a file. Only the names of the series are read at once, samples when they are asked for.
    ///
    /// A damaged file is moved aside and a new one begun: see [`Health::moved_aside`].
    pub fn open(options: Options, file: FileOptions) -> Result<Self, OpenError> {
        let shared = Arc::new(Shared::new(options));
        let (keeper, reader) = Keeper::with_file(shared.clone(), file)?;
        Ok(Self {
            keeper: Some(keeper),
            reader: Some(reader),
            shared,
        })
    }

    /// Writes all samples to the file now, and applies the retention. Waits until it is done.
    pub fn flush(&self) -> Result<(), FlushError> {
        self.keeper.as_ref().map_or(Ok(()), Keeper::round)
    }

    /// How the store is.
    pub fn health(&self) -> Health {
        let health = self.keeper.as_ref().map(Keeper::health);
        Health {
            damaged: self.shared.damaged.load(Ordering::Relaxed),
            ..health.unwrap_or_default()
        }
    }

    /// Appends samples. The good ones are stored even when others are refused.
    pub fn append(&self, batch: &[(Labels, Sample)]) -> AppendReport {
        self.shared.append(batch)
    }

    /// The reference of a series, which is made when it is not there yet; for [`Tsdb::append_refs`].
    pub fn series_ref(&self, labels: &Labels) -> Result<SeriesRef, AppendError> {
        if let Some((r, _)) = self.shared.head.read().find(labels) {
            return Ok(r);
        }
        let mut head = self.shared.head.write();
        head.find_or_create(labels, &self.shared.options.limits)
            .map(|(r, _)| r)
    }

    /// Appends samples to series that were looked up before: the fastest way. A reference whose series is gone is
    /// refused with [`AppendError::StaleRef`].
    pub fn append_refs(&self, batch: &[(SeriesRef, Sample)]) -> AppendReport {
        self.shared.append_refs(batch)
    }

    /// Says what a metric is.
    pub fn set_metadata(&self, metric: &str, metadata: Metadata) {
        let metadata = metadata.bounded();
        if self.shared.metadata.read().get(metric) == Some(&metadata) {
            return;
        }
        let mut all = self.shared.metadata.write();
        if metric.len() <= self.shared.options.limits.max_name_bytes
            && (all.len() < metadata::MAX_METRICS || all.contains_key(metric))
        {
            all.insert(metric.to_owned(), metadata);
        }
    }

    /// What metrics are, by name; at most `limit`, of `metric` alone when given.
    pub fn metadata(&self, metric: Option<&str>, limit: usize) -> BTreeMap<String, Metadata> {
        let all = self.shared.metadata.read();
        let wanted = all
            .iter()
            .filter(|(name, _)| metric.is_none_or(|m| m == *name));
        wanted
            .take(limit)
            .map(|(name, m)| (name.clone(), m.clone()))
            .collect()
    }

    /// Number of series.
    pub fn series_count(&self) -> usize {
        self.shared.head.read().len()
    }

    /// Samples stored since the store was opened.
    pub fn appended(&self) -> u64 {
        self.shared.appended.load(Ordering::Relaxed)
    }
}

impl Shared {
    fn new(options: Options) -> Self {
        Self {
            options,
            head: RwLock::new(Head::new()),
            metadata: RwLock::default(),
            appended: AtomicU64::new(0),
            damaged: AtomicU64::new(0),
        }
    }

    fn now(&self) -> i64 {
        (self.options.clock)()
    }

    /// Time of the newest sample, `i64::MIN` before there is one.
    fn newest(&self) -> i64 {
        let all = self.head.read().all();
        all.iter()
            .map(|s| s.state.lock().last_t)
            .max()
            .unwrap_or(i64::MIN)
    }

    fn bounds(&self) -> Bounds {
        let now = self.now();
        Bounds {
            // before the epoch there is no key in the file for a sample
            oldest: now.saturating_sub(self.options.retention_ms).max(0),
            latest: now.saturating_add(self.options.limits.max_ahead_ms),
        }
    }

    fn append(&self, batch: &[(Labels, Sample)]) -> AppendReport {
        let bounds = self.bounds();
        let mut report = AppendReport::default();
        let mut stored = 0;
        for (n, group) in batch.chunks(APPEND_GROUP).enumerate() {
            let base = n * APPEND_GROUP;
            let mut unknown: Vec<usize> = Vec::new();
            {
                let head = self.head.read();
                for (i, (labels, sample)) in group.iter().enumerate() {
                    match head.find(labels) {
                        Some((_, series)) => {
                            stored += push(series, *sample, bounds, base + i, &mut report)
                        }
                        None => unknown.push(i),
                    }
                }
            }
            if unknown.is_empty() {
                continue;
            }
            let mut head = self.head.write();
            for i in unknown {
                let Some((labels, sample)) = group.get(i) else {
                    continue;
                };
                let created = bounds
                    .check(sample.t)
                    .and_then(|()| head.find_or_create(labels, &self.options.limits));
                match created {
                    Ok((_, series)) => {
                        stored += push(series, *sample, bounds, base + i, &mut report)
                    }
                    Err(error) => report.refuse(base + i, error),
                }
            }
        }
        self.appended.fetch_add(stored, Ordering::Relaxed);
        report
    }

    fn append_refs(&self, batch: &[(SeriesRef, Sample)]) -> AppendReport {
        let bounds = self.bounds();
        let mut report = AppendReport::default();
        let mut stored = 0;
        for (n, group) in batch.chunks(APPEND_GROUP).enumerate() {
            let head = self.head.read();
            for (i, (r, sample)) in group.iter().enumerate() {
                let index = n * APPEND_GROUP + i;
                match head.by_ref(*r) {
                    Some(series) => stored += push(series, *sample, bounds, index, &mut report),
                    None => report.refuse(index, AppendError::StaleRef),
                }
            }
        }
        self.appended.fetch_add(stored, Ordering::Relaxed);
        report
    }
}

/// Answers how many samples were stored: 1 or 0.
fn push(
    series: &MemSeries,
    sample: Sample,
    bounds: Bounds,
    index: usize,
    report: &mut AppendReport,
) -> u64 {
    match bounds
        .check(sample.t)
        .and_then(|()| series.state.lock().push(sample))
    {
        Ok(pushed) => {
            report.accepted += 1;
            u64::from(pushed == Pushed::Stored)
        }
        Err(error) => {
            report.refuse(index, error);
            0
        }
    }
}
