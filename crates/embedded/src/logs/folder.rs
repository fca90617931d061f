//! The folder of the days' files: which there are, which are dropped, which are put aside.

use super::Options;
use super::columns::BLOCK;
use super::day::Day;
use super::error::OpenError;
use super::file::{self, Fault};
use super::read::WordList;
use parking_lot::{Mutex, RwLock};
use rusqlite::Connection;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tokio::sync::Semaphore;

/// Questions answered at the same time.
const READERS: usize = 4;
/// Connections for reading that are kept open for one day.
const IDLE: usize = 2;
/// How many of each kind of news are kept.
const NEWS: usize = 50;
/// When a file with unknown numbers of arrivals was put aside, numbering goes on so far beyond the others: no file holds as
/// many lines, so no number is given twice.
const LEAP: i64 = 1 << 32;

/// Why a day was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It was older than is kept.
    Age,
    /// All files together were larger than allowed, and it was the oldest.
    Size,
}

/// A day that was dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// Its date, `2026-11-21`.
    pub date: String,
    /// Bytes that became free.
    pub bytes: u64,
    /// Why.
    pub why: Why,
}

/// A damaged file that was put out of the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAside {
    /// Its new name.
    pub to: PathBuf,
    /// What was wrong with it.
    pub cause: String,
}

/// How a store is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Why the last lines were not kept; `None` when they were.
    pub failing: Option<super::AppendError>,
    /// Lines kept since the start.
    pub kept: u64,
    /// Of them with a time out of all bounds, kept at the time of their arrival.
    pub times_replaced: u64,
    /// Lines that were handed in since the start and could not be kept; each was told to whoever handed it in.
    pub refused: u64,
    /// Days that were dropped since the start, at most the last 50.
    pub dropped: Vec<Dropped>,
    /// Files that were put aside since the start, at most the last 50.
    pub set_aside: Vec<SetAside>,
}

/// One day.
pub(super) struct DayFile {
    pub(super) day: Day,
    pub(super) path: PathBuf,
    /// The greatest number of an arrival in it.
    pub(super) newest: AtomicI64,
    idle: Mutex<Vec<Connection>>,
    pub(super) words: Mutex<WordList>,
}

impl DayFile {
    /// A connection for reading.
    pub(super) fn connection(&self) -> rusqlite::Result<Connection> {
        match self.idle.lock().pop() {
            Some(conn) => Ok(conn),
            None => file::reading(&self.path),
        }
    }

    pub(super) fn give_back(&self, conn: Connection) {
        let mut idle = self.idle.lock();
        if idle.len() < IDLE {
            idle.push(conn);
        }
    }

    /// Before the file is moved or removed.
    pub(super) fn close(&self) {
        self.idle.lock().clear();
    }
}

/// The folder.
pub(super) struct Folder {
    pub(super) options: Options,
    /// The number of the next arrival; all below it are committed.
    pub(super) arrived: AtomicI64,
    pub(super) readers: Arc<Semaphore>,
    days: RwLock<BTreeMap<Day, Arc<DayFile>>>,
    /// Days that a reader found damaged, with what it saw; the writer puts them aside.
    suspects: Mutex<Vec<(Day, String)>>,
    health: Mutex<Health>,
    _lock: File,
}

impl std::fmt::Debug for Folder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Folder")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl Folder {
    /// Takes the folder for this process and looks at every file in it.
    pub(super) fn open(options: Options) -> Result<Self, OpenError> {
        let lock = lock(&options.folder)?;
        let folder = Self {
            arrived: AtomicI64::new(1),
            readers: Arc::new(Semaphore::new(READERS)),
            days: RwLock::default(),
            suspects: Mutex::default(),
            health: Mutex::default(),
            _lock: lock,
            options,
        };
        let mut newest = BLOCK - 1; // the first line begins a block
        for day in listed(&folder.options.folder)? {
            let row = match newest_row(&folder.path(day)) {
                Ok(row) => row,
                Err(Fault::Other(e)) => return Err(e),
                Err(Fault::Damaged(cause)) => {
                    folder.put_aside(day, cause);
                    continue;
                }
            };
            folder.add(day);
            folder.arrived_at(day, row);
            newest = newest.max(row);
        }
        if !folder.health.lock().set_aside.is_empty() {
            newest = newest.saturating_add(LEAP);
        }
        folder
            .arrived
            .store(newest.saturating_add(1), Ordering::Release);
        Ok(folder)
    }

    pub(super) fn path(&self, day: Day) -> PathBuf {
        self.options.folder.join(day.file_name())
    }

    /// Makes a day known to readers; its file is there.
    pub(super) fn add(&self, day: Day) {
        let path = self.path(day);
        let mut days = self.days.write();
        days.entry(day).or_insert_with(|| {
            Arc::new(DayFile {
                day,
                path,
                newest: AtomicI64::new(0),
                idle: Mutex::default(),
                words: Mutex::default(),
            })
        });
    }

    /// A day has lines up to this arrival.
    pub(super) fn arrived_at(&self, day: Day, id: i64) {
        if let Some(file) = self.days.read().get(&day) {
            file.newest.fetch_max(id, Ordering::AcqRel);
        }
    }

    /// All days, the oldest first.
    pub(super) fn days(&self) -> Vec<Arc<DayFile>> {
        self.days.read().values().cloned().collect()
    }

    pub(super) fn health(&self) -> Health {
        self.health.lock().clone()
    }

    pub(super) fn note(&self, change: impl FnOnce(&mut Health)) {
        let mut health = self.health.lock();
        change(&mut health);
        let over = health.dropped.len().saturating_sub(NEWS);
        health.dropped.drain(..over);
        let over = health.set_aside.len().saturating_sub(NEWS);
        health.set_aside.drain(..over);
    }

    /// A reader found a day damaged: it is asked no more, and the writer will put it aside.
    pub(super) fn suspect(&self, day: Day, cause: String) {
        self.forget(day);
        self.suspects.lock().push((day, cause));
    }

    pub(super) fn suspects(&self) -> Vec<(Day, String)> {
        std::mem::take(&mut *self.suspects.lock())
    }

    fn forget(&self, day: Day) {
        let gone = self.days.write().remove(&day);
        if let Some(gone) = gone {
            gone.close();
        }
    }

    /// Renames a damaged file and what belongs to it. Nobody writes it any more.
    pub(super) fn put_aside(&self, day: Day, cause: String) {
        self.forget(day);
        let from = self.path(day);
        let now = (self.options.clock)();
        let to = file::beside(&from, &format!(".corrupt-{now}"));
        for (from, to) in file::with_log(&from).iter().zip(file::with_log(&to)) {
            if let Err(e) = std::fs::rename(from, &to)
                && e.kind() != std::io::ErrorKind::NotFound
            {
                tracing::error!(from = %from.display(), error = %e, "a damaged file of logs cannot be moved aside");
            }
        }
        tracing::warn!(to = %to.display(), cause, "a file of logs is damaged and was moved aside");
        self.note(|h| h.set_aside.push(SetAside { to, cause }));
    }

    /// Bytes of all days.
    pub(super) fn bytes(&self) -> u64 {
        self.days().iter().map(|d| file::bytes(&d.path)).sum()
    }

    /// The days that have to go by now, the oldest first; never the newest.
    pub(super) fn too_many(&self) -> Vec<(Day, Why)> {
        let now_ns = (self.options.clock)().saturating_mul(1_000_000);
        let first = Day::of(now_ns).before(self.options.max_days.saturating_sub(1));
        let days = self.days();
        let mut bytes: u64 = days.iter().map(|d| file::bytes(&d.path)).sum();
        let mut out = Vec::new();
        let older = days.len().saturating_sub(1);
        for file in days.iter().take(older) {
            let why = if file.day < first {
                Why::Age
            } else if bytes > self.options.max_bytes {
                Why::Size
            } else {
                break;
            };
            bytes = bytes.saturating_sub(file::bytes(&file.path));
            out.push((file.day, why));
        }
        out
    }

    /// Unlinks a day. Nobody writes it any more; who reads it reads on.
    pub(super) fn drop_day(&self, day: Day, why: Why) {
        let path = self.path(day);
        let bytes = file::bytes(&path);
        self.forget(day);
        for file in file::with_log(&path) {
            if let Err(e) = std::fs::remove_file(&file)
                && e.kind() != std::io::ErrorKind::NotFound
            {
                tracing::warn!(file = %file.display(), error = %e, "an old file of logs cannot be removed; tried again later");
                self.add(day);
                return;
            }
        }
        tracing::info!(%day, bytes, ?why, "a day of logs was dropped");
        let date = day.to_string();
        self.note(|h| h.dropped.push(Dropped { date, bytes, why }));
    }
}

fn lock(folder: &Path) -> Result<File, OpenError> {
    let path = folder.to_owned();
    let io = |source| OpenError::Io {
        path: folder.to_owned(),
        source,
    };
    std::fs::create_dir_all(folder).map_err(io)?;
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(folder.join("logs.lock"))
        .map_err(io)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(OpenError::InUse { path }),
        Err(std::fs::TryLockError::Error(source)) => Err(io(source)),
    }
}

fn listed(folder: &Path) -> Result<Vec<Day>, OpenError> {
    let io = |source| OpenError::Io {
        path: folder.to_owned(),
        source,
    };
    let mut days = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(io)? {
        let name = entry.map_err(io)?.file_name();
        days.extend(name.to_str().and_then(Day::of_file));
    }
    days.sort_unstable();
    Ok(days)
}

/// The greatest number of a row in a day's file, which is looked at and, after a crash, made whole by it.
fn newest_row(path: &Path) -> Result<i64, Fault> {
    let conn = file::writing(path, u64::MAX)?;
    conn.query_row("SELECT coalesce(max(id), 0) FROM lines", [], |r| r.get(0))
        .map_err(|e| Fault::of(path, &e))
}
