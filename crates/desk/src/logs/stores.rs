//! The stores of logs by name, and how they are.

use super::keeping::{Record, Watched};
use super::scope::store_error;
use crate::clock;
use engine::Failure;
use parking_lot::Mutex;
use pglogs::cold::{ColdLogs, Progress};
use source::{LogStoreInfo, Logs};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use wire::{ErrorCode, ErrorView, LogReadingView, LogStoreView};

/// A store is asked how it is this often, and so long at most.
const PROBE_EVERY: Duration = Duration::from_secs(15);
const PROBE_WITHIN: Duration = Duration::from_secs(10);
/// How long a question reads files before it answers with what it has; below what its asker waits.
const COLD_WITHIN: Duration = Duration::from_secs(100);

/// One store.
#[derive(Debug)]
pub struct Entry {
    /// Its name in the configuration.
    pub name: String,
    /// Its kind.
    pub kind: String,
    /// Whether its lines are made up.
    pub demo: bool,
    client: Result<Arc<dyn Logs>, Failure>,
    seen: Mutex<Seen>,
    /// What a store of files has beside.
    cold: Option<Cold>,
    /// What is known of how its partitions are kept.
    kept: Option<Watched>,
}

/// Lines that left a database.
#[derive(Debug)]
struct Cold {
    /// The database's name in the configuration.
    of: String,
    progress: Arc<Progress>,
}

/// What the last probe told.
#[derive(Clone, Debug, Default)]
struct Seen {
    ok: Option<bool>,
    error: Option<ErrorView>,
    info: LogStoreInfo,
    last_ok: Option<i64>,
    latency: Option<f64>,
}

impl Entry {
    /// A store, or why there is none.
    pub fn new(name: &str, kind: &str, demo: bool, client: Result<Arc<dyn Logs>, Failure>) -> Self {
        Self {
            name: name.to_owned(),
            kind: kind.to_owned(),
            demo,
            client,
            seen: Mutex::default(),
            cold: None,
            kept: None,
        }
    }

    /// As this one, with the record of how its partitions are kept.
    #[must_use]
    pub fn kept(self, record: Option<Watched>) -> Self {
        Self {
            kept: record,
            ..self
        }
    }

    /// What is known of how its partitions are kept; nothing for a store that nobody looks after.
    pub fn record(&self) -> Option<Record> {
        self.kept.as_ref().map(|record| record.lock().clone())
    }

    /// The lines that left the database of the store `of`, in files below `folder`. Sends nothing, opens nothing.
    pub fn cold(of: &str, folder: PathBuf) -> Self {
        let store = ColdLogs::new(folder, COLD_WITHIN);
        let cold = Cold {
            of: of.to_owned(),
            progress: store.progress(),
        };
        Self {
            cold: Some(cold),
            ..Self::new(
                &format!("{of}/cold"),
                ColdLogs::KIND,
                false,
                Ok(Arc::new(store)),
            )
        }
    }

    /// Whether its lines are in files without an index: questions take long and have to be bounded.
    pub fn is_cold(&self) -> bool {
        self.cold.is_some()
    }

    /// How far a slow store has read; nothing for one that is not slow.
    pub fn reading(&self) -> Option<LogReadingView> {
        let progress = &self.cold.as_ref()?.progress;
        Some(LogReadingView {
            busy: progress.busy(),
            lines: progress.lines() as f64,
            of: progress.of() as f64,
            took: progress.took().as_secs_f64() * 1e3,
        })
    }

    /// Whom to ask.
    ///
    /// # Errors
    /// Why it could not be set up.
    pub fn client(&self) -> Result<&Arc<dyn Logs>, ErrorView> {
        self.client.as_ref().map_err(crate::frames::error_view)
    }

    /// How it is, for a page.
    pub fn view(&self) -> LogStoreView {
        let seen = self.seen.lock().clone();
        let number = |n: Option<u64>| n.map(|n| n as f64);
        LogStoreView {
            name: self.name.clone(),
            kind: self.kind.clone(),
            demo: self.demo,
            ok: seen.ok,
            error: seen.error,
            notes: seen.info.news.iter().map(super::news::said).collect(),
            version: seen.info.version,
            cold_of: self.cold.as_ref().map(|c| c.of.clone()),
            oldest: seen.info.oldest_ns.map(|ns| ns as f64 / 1e6),
            newest: seen.info.newest_ns.map(|ns| ns as f64 / 1e6),
            lines: number(seen.info.lines),
            bytes: number(seen.info.bytes),
            last_ok: seen.last_ok.map(|t| t as f64),
            latency: seen.latency,
            keeping: self.record().map(|record| record.view()),
        }
    }

    async fn probe(&self) {
        let began = clock::instant();
        let told = match self.client() {
            Err(e) => Err(e),
            Ok(client) => match tokio::time::timeout(PROBE_WITHIN, client.probe()).await {
                Err(_) => {
                    Err(ErrorView::new(ErrorCode::Timeout).with("seconds", PROBE_WITHIN.as_secs()))
                }
                Ok(Err(e)) => Err(store_error(&e)),
                Ok(Ok(answer)) => Ok(answer.value),
            },
        };
        let mut seen = self.seen.lock();
        match told {
            Ok(info) => {
                seen.ok = Some(info.ready);
                seen.error = None;
                seen.info = info;
                seen.last_ok = Some(clock::now_ms());
                seen.latency = Some(began.elapsed().as_secs_f64() * 1e3);
            }
            Err(e) => {
                seen.ok = Some(false);
                seen.error = Some(e);
            }
        }
    }
}

/// All stores, the preferred one first.
#[derive(Clone, Debug, Default)]
pub struct Stores(Arc<Vec<Entry>>);

impl Stores {
    /// These stores, the preferred one first.
    pub fn new(entries: Vec<Entry>) -> Self {
        Self(Arc::new(entries))
    }

    /// All of them.
    pub fn all(&self) -> &[Entry] {
        &self.0
    }

    /// The one of this name; without a name the first.
    ///
    /// # Errors
    /// [`ErrorCode::UnknownSource`].
    pub fn pick(&self, name: Option<&str>) -> Result<&Entry, ErrorView> {
        let found = match name {
            Some(name) => self.0.iter().find(|e| e.name == name),
            None => self.0.first(),
        };
        found.ok_or_else(|| {
            ErrorView::new(ErrorCode::UnknownSource).with("source", name.unwrap_or_default())
        })
    }

    /// Asks each of them now and then how it is, until told to end. One that hangs keeps no other waiting.
    pub(super) async fn watch(self, stop: CancellationToken) {
        let mut ticks = tokio::time::interval(PROBE_EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = ticks.tick() => {}
            }
            tokio::select! {
                () = stop.cancelled() => return,
                _ = futures::future::join_all(self.0.iter().map(Entry::probe)) => {}
            }
        }
    }
}
