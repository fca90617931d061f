//! Scraping `/metrics` pages as Prometheus does: any number of targets, each on its own timetable.
//!
//! Every target has a task of its own, so a slow or hostile one holds up nobody. A page is taken whole or not at all; what it no
//! longer shows ends with a stale marker, and so does everything of a target that fails, is removed or is stopped.

mod error;
mod fetch;
mod memory;
mod target;

pub use error::{ScrapeError, TargetError};
pub use target::{ScrapeAuth, ScrapeTarget};

use crate::Clock;
use crate::tsdb::{Metadata, MetricKind, Tsdb};
use fetch::Fetcher;
use memory::{Report, SeriesMemory};
use model::{Labels, Sample};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior};

/// Where scraped samples go.
pub trait ScrapeSink: Send + Sync {
    /// Takes a batch; answers how many samples were refused.
    fn append(&self, batch: &[(Labels, Sample)]) -> usize;
    /// Takes what a page says about its families.
    fn describe(&self, metadata: &[exposition::Metadata]);
}

impl ScrapeSink for Tsdb {
    fn append(&self, batch: &[(Labels, Sample)]) -> usize {
        Tsdb::append(self, batch).refused()
    }

    fn describe(&self, metadata: &[exposition::Metadata]) {
        for m in metadata {
            let (name, of_store) = store_metadata(m);
            self.set_metadata(name, of_store);
        }
    }
}

/// Metadata of a page (or of the collector, or of the simulator) as the store keeps them, with the family's name.
pub fn store_metadata(m: &exposition::Metadata) -> (&str, Metadata) {
    use exposition::Kind;
    let kind = match m.kind {
        Kind::Counter => MetricKind::Counter,
        Kind::Gauge => MetricKind::Gauge,
        Kind::Histogram => MetricKind::Histogram,
        Kind::GaugeHistogram => MetricKind::GaugeHistogram,
        Kind::Summary => MetricKind::Summary,
        Kind::Info => MetricKind::Info,
        Kind::StateSet => MetricKind::StateSet,
        Kind::Unknown => MetricKind::Unknown,
    };
    (
        &m.name,
        Metadata {
            kind,
            help: m.help.clone(),
            unit: m.unit.clone(),
        },
    )
}

/// How a target is.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetStatus {
    /// Label `job`.
    pub job: String,
    /// Label `instance`.
    pub instance: String,
    /// The address that is asked.
    pub url: String,
    /// When the last scrape began, milliseconds since the epoch; `None` before the first.
    pub last_scrape_ms: Option<i64>,
    /// How long it took.
    pub last_duration: Duration,
    /// Samples on the last page that was taken.
    pub samples: usize,
    /// Samples of it that the store refused.
    pub refused: usize,
    /// Why the last scrape failed; `None` when it did not.
    pub error: Option<ScrapeError>,
}

struct Task {
    target: ScrapeTarget,
    status: Arc<Mutex<TargetStatus>>,
    stop: watch::Sender<bool>,
    handle: JoinHandle<()>,
}

/// Scrapes until it is stopped. Dropping it without [`Scraper::stop`] ends the tasks at their next tick, without stale markers.
pub struct Scraper {
    sink: Arc<dyn ScrapeSink>,
    clock: Clock,
    tasks: Mutex<BTreeMap<String, Task>>,
}

impl Scraper {
    /// Begins to scrape `targets`. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// The first target that is wrong; then nothing has begun.
    pub fn start(
        targets: Vec<ScrapeTarget>,
        sink: Arc<dyn ScrapeSink>,
        clock: Clock,
    ) -> Result<Self, TargetError> {
        let scraper = Self {
            sink,
            clock,
            tasks: Mutex::new(BTreeMap::new()),
        };
        let wanted = check(targets)?;
        let mut tasks = scraper.tasks.lock();
        for (id, (target, fetcher)) in wanted {
            tasks.insert(id, scraper.spawn(target, fetcher));
        }
        drop(tasks);
        Ok(scraper)
    }

    /// Goes over to `targets`: begins new ones, ends those that are gone or changed, leaves the others alone.
    ///
    /// # Errors
    /// The first target that is wrong; then everything stays as it was.
    pub async fn set_targets(&self, targets: Vec<ScrapeTarget>) -> Result<(), TargetError> {
        let mut wanted = check(targets)?;
        let gone: Vec<Task> = {
            let mut tasks = self.tasks.lock();
            let keep =
                |id: &String, task: &Task| wanted.get(id).is_some_and(|(t, _)| *t == task.target);
            let ids: Vec<String> = tasks
                .iter()
                .filter(|(id, task)| !keep(id, task))
                .map(|(id, _)| id.clone())
                .collect();
            ids.iter().filter_map(|id| tasks.remove(id)).collect()
        };
        // first the end of the old, then the beginning of the new: a changed target has the same series
        end(gone).await;
        let mut tasks = self.tasks.lock();
        wanted.retain(|id, _| !tasks.contains_key(id));
        for (id, (target, fetcher)) in wanted {
            tasks.insert(id, self.spawn(target, fetcher));
        }
        Ok(())
    }

    /// How all targets are, in order of job, then address.
    pub fn status(&self) -> Vec<TargetStatus> {
        self.tasks
            .lock()
            .values()
            .map(|t| t.status.lock().clone())
            .collect()
    }

    /// Ends all tasks, waits for them, and marks all their series as ended.
    pub async fn stop(self) {
        let tasks = std::mem::take(&mut *self.tasks.lock());
        end(tasks.into_values().collect()).await;
    }

    fn spawn(&self, target: ScrapeTarget, fetcher: Fetcher) -> Task {
        let status = Arc::new(Mutex::new(TargetStatus {
            job: target.job.clone(),
            instance: target.instance(),
            url: target.url.clone(),
            last_scrape_ms: None,
            last_duration: Duration::ZERO,
            samples: 0,
            refused: 0,
            error: None,
        }));
        let (stop, stopped) = watch::channel(false);
        let worker = Worker {
            memory: SeriesMemory::new(&target),
            target: target.clone(),
            fetcher,
            sink: self.sink.clone(),
            clock: self.clock.clone(),
            status: status.clone(),
            last_ms: i64::MIN,
        };
        Task {
            target,
            status,
            stop,
            handle: tokio::spawn(worker.run(stopped)),
        }
    }
}

type Checked = BTreeMap<String, (ScrapeTarget, Fetcher)>;

fn check(targets: Vec<ScrapeTarget>) -> Result<Checked, TargetError> {
    let mut checked = BTreeMap::new();
    for target in targets {
        let fetcher = Fetcher::new(&target)?;
        let id = target.id();
        if checked.contains_key(&id) {
            return Err(TargetError::Twice {
                job: target.job,
                url: target.url,
            });
        }
        checked.insert(id, (target, fetcher));
    }
    Ok(checked)
}

async fn end(tasks: Vec<Task>) {
    for task in &tasks {
        // a task that is gone already needs no word
        let _ = task.stop.send(true);
    }
    for task in tasks {
        if let Err(e) = task.handle.await {
            tracing::error!(job = task.target.job, error = %e, "a scrape task ended badly");
        }
    }
}

struct Worker {
    target: ScrapeTarget,
    fetcher: Fetcher,
    memory: SeriesMemory,
    sink: Arc<dyn ScrapeSink>,
    clock: Clock,
    status: Arc<Mutex<TargetStatus>>,
    last_ms: i64,
}

impl Worker {
    async fn run(mut self, mut stopped: watch::Receiver<bool>) {
        let spread = self.target.spread();
        let interval = self.target.interval;
        let begun = Instant::now();
        // the first look soon, so that a wall has something to show; from then on each target at its own place in the interval
        let soon = Duration::from_millis(spread % 1000).min(interval / 4);
        let place = Duration::from_millis(spread % (interval.as_millis() as u64).max(1));
        let mut ticks = tokio::time::interval_at(begun + place.max(soon + interval / 4), interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut first = true;
        loop {
            let due = async {
                if first {
                    tokio::time::sleep_until(begun + soon).await;
                } else {
                    ticks.tick().await;
                }
            };
            tokio::select! {
                biased;
                // an error means that the scraper was dropped
                _ = stopped.changed() => break,
                () = due => {}
            }
            first = false;
            tokio::select! {
                biased;
                _ = stopped.changed() => break,
                () = self.round() => {}
            }
        }
        let t = self.next_ms();
        let batch = self.memory.end(t);
        self.sink.append(&batch);
    }

    /// The clock's time, but never one that was used already: a stale marker must come after the last sample.
    fn next_ms(&mut self) -> i64 {
        self.last_ms = (self.clock)().max(self.last_ms.saturating_add(1));
        self.last_ms
    }

    async fn round(&mut self) {
        let t = self.next_ms();
        let begun = Instant::now();
        let fetched = self.fetcher.fetch().await;
        let duration = begun.elapsed();
        let (batch, samples, error) = match fetched {
            Ok(page) => {
                self.sink.describe(&page.metadata);
                let scraped = page.samples.len();
                let report = Report {
                    up: true,
                    duration,
                    scraped,
                };
                (self.memory.page(page.samples, t, &report), scraped, None)
            }
            Err(e) => {
                let report = Report {
                    up: false,
                    duration,
                    scraped: 0,
                };
                (self.memory.failure(t, &report), 0, Some(e))
            }
        };
        let refused = self.sink.append(&batch);
        let mut status = self.status.lock();
        if error.is_some() && status.error != error {
            tracing::warn!(job = self.target.job, url = self.target.url, error = ?error, "scrape failed");
        }
        status.last_scrape_ms = Some(t);
        status.last_duration = duration;
        status.samples = samples;
        status.refused = refused;
        status.error = error;
    }
}
