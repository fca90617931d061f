//! The thread that writes: flushes, retention, and what leaves memory.

use super::open::{self, Opened};
use super::read::Reader;
use super::retain::{Retained, forget, retain};
use super::write::{self, Keys};
use super::{FileOptions, FileState, FlushError, Health, MovedAside, OpenError};
use crate::tsdb::Shared;
use crate::tsdb::metadata::Metadata;
use crate::tsdb::sweep::{Swept, sweep};
use hashbrown::HashMap;
use parking_lot::Mutex;
use sqlx::Connection;
use sqlx::sqlite::SqliteConnection;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::runtime::Runtime;

/// How often a store without a file drops what is too old.
const SWEEP_EVERY: Duration = Duration::from_secs(30);

enum Job {
    Round(SyncSender<Result<(), FlushError>>),
    Stop,
}

/// Hands work to the writing thread; dropping it ends the thread after a last flush.
pub(in crate::tsdb) struct Keeper {
    jobs: Sender<Job>,
    thread: Option<JoinHandle<()>>,
    health: Arc<Mutex<Health>>,
}

impl Keeper {
    /// For a store without a file.
    pub(in crate::tsdb) fn in_memory(shared: Arc<Shared>) -> std::io::Result<Self> {
        let health = Arc::new(Mutex::new(Health::default()));
        let (jobs, inbox) = channel();
        let mut work = Work {
            shared,
            file: None,
            health: health.clone(),
        };
        let thread = std::thread::Builder::new()
            .name("tsdb-keep".into())
            .spawn(move || work.run(&inbox, SWEEP_EVERY))?;
        Ok(Self {
            jobs,
            thread: Some(thread),
            health,
        })
    }

    /// Opens the file, fills the head with the series it knows, and starts both threads.
    pub(in crate::tsdb) fn with_file(
        shared: Arc<Shared>,
        options: FileOptions,
    ) -> Result<(Self, Reader), OpenError> {
        let health = Arc::new(Mutex::new(Health {
            file: FileState::Ok,
            ..Health::default()
        }));
        let (jobs, inbox) = channel();
        let (ready, opened) = sync_channel(1);
        let path = options.path.clone();
        let io = |source| OpenError::Io {
            path: path.clone(),
            source,
        };
        let thread = std::thread::Builder::new().name("tsdb-keep".into()).spawn({
            let health = health.clone();
            move || start(shared, options, health, &ready, &inbox)
        });
        let thread = thread.map_err(io)?;
        let reader = opened
            .recv()
            .map_err(|_| io(std::io::ErrorKind::Other.into()))??;
        Ok((
            Self {
                jobs,
                thread: Some(thread),
                health,
            },
            reader,
        ))
    }

    /// A flush and a round of retention now; answers when it is done.
    pub(in crate::tsdb) fn round(&self) -> Result<(), FlushError> {
        let (reply, answer) = sync_channel(1);
        self.jobs
            .send(Job::Round(reply))
            .map_err(|_| FlushError::Closing)?;
        answer.recv().map_err(|_| FlushError::Closing)?
    }

    pub(in crate::tsdb) fn health(&self) -> Health {
        self.health.lock().clone()
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        let _ = self.jobs.send(Job::Stop);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The file and what is known about its contents.
struct OpenFile {
    options: FileOptions,
    runtime: Runtime,
    /// `None` after a damaged file could not be replaced; tried again in every round.
    conn: Option<SqliteConnection>,
    keys: Keys,
    metadata: HashMap<String, Metadata>,
    reader: Reader,
    _lock: std::fs::File,
}

struct Work {
    shared: Arc<Shared>,
    file: Option<OpenFile>,
    health: Arc<Mutex<Health>>,
}

fn start(
    shared: Arc<Shared>,
    options: FileOptions,
    health: Arc<Mutex<Health>>,
    ready: &SyncSender<Result<Reader, OpenError>>,
    inbox: &Receiver<Job>,
) {
    let every = options.flush_every.max(Duration::from_millis(10));
    match open_file(&shared, options, &health) {
        Err(e) => _ = ready.send(Err(e)),
        Ok((file, reader)) => {
            let mut work = Work {
                shared,
                file: Some(file),
                health,
            };
            if ready.send(Ok(reader)).is_ok() {
                work.run(inbox, every);
            }
        }
    }
}

fn open_file(
    shared: &Arc<Shared>,
    options: FileOptions,
    health: &Mutex<Health>,
) -> Result<(OpenFile, Reader), OpenError> {
    let io = |source| OpenError::Io {
        path: options.path.clone(),
        source,
    };
    let lock = open::lock(&options.path)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(io)?;
    let Opened {
        writer,
        moved_aside,
    } = runtime.block_on(open::open(&options, shared))?;
    health.lock().moved_aside = moved_aside;
    let metadata = shared
        .metadata
        .read()
        .iter()
        .map(|(k, v)| (k.clone(), v.clone()))
        .collect();
    let reader = Reader::start(options.clone(), shared.clone()).map_err(io)?;
    let file = OpenFile {
        options,
        runtime,
        conn: Some(writer),
        keys: Keys::default(),
        metadata,
        reader: reader.handle(),
        _lock: lock,
    };
    Ok((file, reader))
}

impl Work {
    fn run(&mut self, inbox: &Receiver<Job>, every: Duration) {
        loop {
            match inbox.recv_timeout(every) {
                Err(RecvTimeoutError::Timeout) => _ = self.round(),
                Ok(Job::Round(reply)) => _ = reply.send(self.round()),
                Ok(Job::Stop) | Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        if let Some(file) = &mut self.file {
            if let Err(e) = file.flush(&self.shared) {
                tracing::error!(error = %e, "the last flush failed");
            }
            file.close();
        }
    }

    fn round(&mut self) -> Result<(), FlushError> {
        let shared = &*self.shared;
        let now = shared.now();
        // by the data's own time when the clock is ahead of it: a clock that jumps must not empty the store
        let newest = shared.newest().min(now);
        let mut oldest = newest.saturating_sub(shared.options.retention_ms);
        let mut result = Ok(());
        let mut file_bytes = 0;
        if let Some(file) = &mut self.file {
            result = file.flush(shared);
            if let Err(FlushError::Corrupt { text }) = &result {
                match file.replace(shared, text.clone(), now) {
                    Ok(Some(moved)) => self.health.lock().moved_aside = Some(moved),
                    Ok(None) => {}
                    Err(e) => result = Err(e),
                }
            }
            match file.retain(oldest) {
                Ok(retained) => (oldest, file_bytes) = (retained.oldest, retained.bytes),
                Err(e) => result = result.and(Err(e)),
            }
        }
        let swept = sweep(shared, newest, oldest, self.file.is_some());
        if let Some(file) = &mut self.file
            && let Err(e) = file.forget(&swept.removed)
        {
            tracing::warn!(error = %e, "series without samples could not be forgotten; the next start does it");
        }
        self.report(&result, now, file_bytes, &swept);
        result
    }

    fn report(&self, result: &Result<(), FlushError>, now: i64, file_bytes: u64, swept: &Swept) {
        let mut health = self.health.lock();
        health.unsaved = swept.unsaved;
        health.lost += swept.lost;
        health.memory_bytes = swept.memory;
        if self.file.is_none() {
            return;
        }
        health.file_bytes = file_bytes;
        let before = std::mem::take(&mut health.file);
        health.file = match result {
            Ok(()) => {
                health.last_flush_ms = Some(now);
                FileState::Ok
            }
            Err(e) => {
                if before == FileState::Ok {
                    tracing::error!(error = %e, "samples stay in memory");
                }
                FileState::Failing(e.clone())
            }
        };
    }
}

impl OpenFile {
    /// Ends with everything in the one file: the connection that reads is still open and could not do it.
    fn close(&mut self) {
        if let Some(mut conn) = self.conn.take() {
            self.runtime.block_on(async {
                let _ = sqlx::raw_sql("PRAGMA wal_checkpoint(TRUNCATE)")
                    .execute(&mut conn)
                    .await;
                let _ = conn.close().await;
            });
        }
    }

    fn flush(&mut self, shared: &Shared) -> Result<(), FlushError> {
        let Some(conn) = &mut self.conn else {
            return Err(FlushError::Corrupt {
                text: "no file".into(),
            });
        };
        let done = self.runtime.block_on(write::flush(
            conn,
            shared,
            &mut self.keys,
            &mut self.metadata,
        ));
        done.map_err(|e| {
            // numbers given in a transaction that was rolled back are asked for again
            self.keys = Keys::default();
            FlushError::from(&e)
        })
    }

    fn retain(&mut self, oldest: i64) -> Result<Retained, FlushError> {
        let Some(conn) = &mut self.conn else {
            return Err(FlushError::Closing);
        };
        self.runtime
            .block_on(retain(conn, &self.options, oldest))
            .map_err(|e| FlushError::from(&e))
    }

    fn forget(&mut self, series: &[i64]) -> Result<(), FlushError> {
        match &mut self.conn {
            Some(conn) if !series.is_empty() => self
                .runtime
                .block_on(forget(conn, series))
                .map_err(|e| FlushError::from(&e)),
            _ => Ok(()),
        }
    }

    /// Puts the damaged file out of the way and begins a new one with what is in memory.
    fn replace(
        &mut self,
        shared: &Shared,
        cause: String,
        now: i64,
    ) -> Result<Option<MovedAside>, FlushError> {
        if let Some(conn) = self.conn.take() {
            let _ = self.runtime.block_on(conn.close());
        }
        let opened = self
            .runtime
            .block_on(open::replace(&self.options, cause, now));
        let Opened {
            writer,
            moved_aside,
        } = opened.map_err(|e| FlushError::Failed {
            code: 0,
            text: e.to_string(),
        })?;
        self.conn = Some(writer);
        self.keys = Keys::default();
        self.metadata.clear();
        for series in shared.head.read().all() {
            series.state.lock().forget_file();
        }
        self.reader.reconnect();
        Ok(moved_aside)
    }
}
