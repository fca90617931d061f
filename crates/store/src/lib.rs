//! What the alert desk keeps, in SQLite: episodes, timelines, outbox, silences, and an audit log that is chained by hash.
//!
//! One desk writes a database ([`Store::open`]); any number may read it meanwhile ([`Store::open_read_only`]). What the engine wants kept goes
//! through [`Store::commit`], one transaction that is on the disk when it answers; [`Store::load`] gives back at the start what an engine needs
//! to go on. The rest answers questions: [`Store::history`], [`Store::timeline`], [`Store::figures`], [`Store::verify`].
//! The rota's book is kept the same way: [`Store::commit_rota`], [`Store::load_rota`], [`Store::notes`]; see [`rota`].
//!
//! Time is a parameter everywhere, milliseconds since the epoch.
#![warn(missing_docs)]

pub mod audit;
pub mod backup;
mod bulk;
mod checkpoint;
mod commit;
mod detail;
mod error;
pub mod figures;
pub mod history;
mod load;
mod noisy;
mod open;
mod retain;
pub mod rota;

pub use audit::{AuditFault, AuditFaultKind, AuditKey, AuditReport};
pub use backup::{BackupFault, Manifest, Restored, Trust, restore};
pub use commit::Committed;
pub use error::StoreError;
pub use figures::{Figures, Targets, Week};
pub use history::{Cursor, Page, Query, Role, State};
pub use load::RECENT_MS;
pub use noisy::NoisyRule;
pub use retain::Pruned;
pub use rota::{ChangeQuery, HandoverQuery, NoteCursor, NotePage, NoteQuery};

use audit::anchor::Anchor;
use sqlx::Sqlite;
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{SqliteConnection, SqlitePool};
use std::fs::File;
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::{Mutex, MutexGuard};

/// A database of the alert desk. Cloning is cheap; all clones are the same database.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    /// The file; `:memory:` when there is none.
    path: PathBuf,
    /// Absent when open for reading only.
    writer: Option<Mutex<Writer>>,
    /// Absent for a database in memory: its only connection also reads.
    readers: Option<SqlitePool>,
    /// Held as long as the database is open for writing.
    _lock: Option<File>,
}

/// The connection that writes, and what it knows of the audit log's end.
pub(crate) struct Writer {
    pub(crate) conn: SqliteConnection,
    /// The end of the audit log; `None` when a transaction ended in a way that leaves it unknown.
    pub(crate) head: Option<audit::Head>,
    /// Absent for a database in memory.
    pub(crate) anchor: Option<Anchor>,
    pub(crate) checkpoint: checkpoint::Checkpoint,
    /// A transaction was begun and neither kept nor taken back as far as we know: its caller gave up half-way.
    pub(crate) unfinished: bool,
}

impl Writer {
    /// Begins a transaction. By hand, because after a full disk SQLite has taken the transaction back already, and sqlx then counts one that is
    /// no more: it would refuse the next for ever.
    pub(crate) async fn begin(&mut self) -> Result<(), sqlx::Error> {
        self.clear().await;
        self.unfinished = true;
        sqlx::query("BEGIN IMMEDIATE")
            .execute(&mut self.conn)
            .await?;
        Ok(())
    }

    /// Takes back what a caller left that gave up half-way. Also before looking at the file: that would show what was never kept.
    pub(crate) async fn clear(&mut self) {
        if self.unfinished {
            self.take_back().await;
        }
    }

    /// Keeps the transaction if all went well, else takes it back.
    pub(crate) async fn end<T>(&mut self, done: Result<T, sqlx::Error>) -> Result<T, sqlx::Error> {
        let kept = match done {
            Ok(value) => sqlx::query("COMMIT")
                .execute(&mut self.conn)
                .await
                .map(|_| value),
            Err(e) => Err(e),
        };
        if kept.is_err() {
            self.take_back().await;
        }
        self.unfinished = false;
        kept
    }

    async fn take_back(&mut self) {
        // it fails when SQLite has taken it back by itself, which is as well
        let _ = sqlx::query("ROLLBACK").execute(&mut self.conn).await;
        self.unfinished = false;
    }
}

/// A connection to read from.
pub(crate) enum Reader<'a> {
    Own(PoolConnection<Sqlite>),
    Writers(MutexGuard<'a, Writer>),
}

impl Reader<'_> {
    /// After a failure that may have left a transaction open or ended one: the connection is not used again.
    pub(crate) fn discard(mut self) {
        if let Self::Own(conn) = &mut self {
            conn.close_on_drop();
        }
    }
}

impl Deref for Reader<'_> {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        match self {
            Self::Own(conn) => conn,
            Self::Writers(writer) => &writer.conn,
        }
    }
}

impl DerefMut for Reader<'_> {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        match self {
            Self::Own(conn) => conn,
            Self::Writers(writer) => &mut writer.conn,
        }
    }
}

impl Store {
    /// The database's file; `:memory:` when there is none.
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    /// Closes the connections and gives up the lock once the last clone is gone. A store that is merely dropped loses nothing either.
    pub async fn close(self) {
        if let Some(readers) = &self.inner.readers {
            readers.close().await;
        }
        if let Ok(inner) = Arc::try_unwrap(self.inner)
            && let Some(writer) = inner.writer
        {
            let Writer {
                conn,
                mut checkpoint,
                ..
            } = writer.into_inner();
            checkpoint.wait().await;
            // what it could still say is that a checkpoint failed: the log file keeps everything
            let _ = sqlx::Connection::close(conn).await;
        }
    }

    pub(crate) async fn writer(&self) -> Result<MutexGuard<'_, Writer>, StoreError> {
        match &self.inner.writer {
            Some(writer) => Ok(writer.lock().await),
            None => Err(StoreError::ReadOnly {
                path: self.inner.path.clone(),
            }),
        }
    }

    pub(crate) async fn reader(&self) -> Result<Reader<'_>, StoreError> {
        match &self.inner.readers {
            Some(pool) => Ok(Reader::Own(
                pool.acquire().await.map_err(|e| self.failed(&e))?,
            )),
            None => {
                let mut writer = self.writer().await?;
                writer.clear().await;
                Ok(Reader::Writers(writer))
            }
        }
    }

    pub(crate) fn failed(&self, e: &sqlx::Error) -> StoreError {
        StoreError::of(&self.inner.path, e)
    }
}
