//! A store of logs in files of this host: no server, found again by any part of a message.
//!
//! A file holds the lines of one day (UTC, by the lines' own time), so that retention is unlinking a file. In it lines stand
//! in the order of their arrival; a line's row number is its arrival's number in the whole store and the `seq` of its
//! position. Three things lie beside the rows:
//! - an index of words (SQLite FTS5 over the tokens of [`logs::tokens`], without the texts themselves);
//! - for each 1,024 rows a block with their times, levels and streams (a stream is a category, a service and a host), so that
//!   histograms, counts and filters of those fields read no rows;
//! - the list of words, by whose middle words are found.
//!
//! A question makes two sets of rows for each stretch of rows: those that may be wanted and those that surely are. What is
//! between the two is read and decided by [`logs::matches`], so every answer is that of the reference.

mod bits;
mod columns;
mod day;
mod error;
mod eval;
mod file;
mod folder;
mod index;
mod insert;
mod page;
mod plan;
mod read;
mod row;
mod tail;
mod tally;
#[cfg(test)]
mod tests;

mod writer;

pub use error::{AppendError, OpenError, ReadError};
pub use folder::{Dropped, Health, SetAside, Why};

use crate::Clock;
use folder::Folder;
use model::log::{
    Counted, Facet, Field, Histogram, LogLine, LogPage, LogRange, LogTail, PageAsk, TailMark,
};
use read::Question;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use writer::Writer;

/// Where and how lines are kept.
#[derive(Clone)]
pub struct Options {
    /// The folder of the files; made when it is not there.
    pub folder: PathBuf,
    /// The present time.
    pub clock: Clock,
    /// Days that are kept, today included.
    pub max_days: u32,
    /// The oldest days are dropped when all files together hold more than this.
    pub max_bytes: u64,
    /// How long the writer waits for more lines before it commits a few: bounds the commits a second.
    pub linger: Duration,
    /// After this a question ends with what it has.
    pub read_limit: Duration,
}

impl Options {
    /// Defaults: 30 days, 20 GiB, commits at most every 100 ms when lines trickle, 10 s for a question.
    pub fn new(folder: impl Into<PathBuf>, clock: Clock) -> Self {
        Self {
            folder: folder.into(),
            clock,
            max_days: 30,
            max_bytes: 20 << 30,
            linger: Duration::from_millis(100),
            read_limit: Duration::from_secs(10),
        }
    }
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options")
            .field("folder", &self.folder)
            .field("max_days", &self.max_days)
            .field("max_bytes", &self.max_bytes)
            .finish_non_exhaustive()
    }
}

/// What a store holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// The oldest line's time, ns since the epoch.
    pub oldest_ns: Option<i64>,
    /// Lines.
    pub lines: u64,
    /// Bytes of all files.
    pub bytes: u64,
}

/// The store. Clones share it; when the last one is dropped what was accepted is written and the files are closed.
#[derive(Clone, Debug)]
pub struct LogStore {
    folder: Arc<Folder>,
    writer: Arc<Writer>,
}

impl LogStore {
    /// Opens the folder. A damaged file is put aside and told in [`LogStore::health`]; the others are used.
    ///
    /// # Errors
    /// When the folder cannot be used: another process has it, or a file in it is another program's.
    pub fn open(options: Options) -> Result<Self, OpenError> {
        let folder = Arc::new(Folder::open(options)?);
        let writer = Arc::new(Writer::start(folder.clone())?);
        Ok(Self { folder, writer })
    }

    /// Keeps these lines and answers, when they are on the disk, how many were kept. Their `seq` is given here. A line whose time is further back than
    /// the store keeps, or more than a day ahead, is kept at the present time with its own time in the attribute
    /// `time_replaced`.
    ///
    /// # Errors
    /// [`AppendError`]; no line of this call is kept then, unless the error says so.
    pub async fn append(&self, lines: Vec<LogLine>) -> Result<usize, AppendError> {
        self.writer.append(lines).await
    }

    /// A page of lines; see [`model::log::PageAsk`].
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn page(&self, range: &LogRange, ask: PageAsk) -> Result<LogPage, ReadError> {
        let range = range.clone();
        self.ask(move |q| page::page(q, &range, ask)).await
    }

    /// Lines by time and level.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn histogram(&self, range: &LogRange, step_ns: i64) -> Result<Histogram, ReadError> {
        let range = range.clone();
        self.ask(move |q| tally::histogram(q, &range, step_ns))
            .await
    }

    /// How many lines.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn count(&self, range: &LogRange) -> Result<Counted, ReadError> {
        let range = range.clone();
        self.ask(move |q| tally::count(q, &range)).await
    }

    /// The most frequent values. Of level, category, service and host all lines are looked at, of others the newest 10,000.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn facets(
        &self,
        range: &LogRange,
        fields: &[Field],
        limit: usize,
    ) -> Result<Vec<Facet>, ReadError> {
        let (range, fields) = (range.clone(), fields.to_vec());
        self.ask(move |q| tally::facets(q, &range, &fields, limit))
            .await
    }

    /// The fields that the newest 1,000 lines have, the frequent ones first.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn fields(&self, range: &LogRange) -> Result<Vec<Field>, ReadError> {
        let range = range.clone();
        self.ask(move |q| tally::fields(q, &range)).await
    }

    /// What has arrived since `mark`; without one only the mark of now.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn tail(
        &self,
        range: &LogRange,
        mark: Option<&TailMark>,
        limit: usize,
    ) -> Result<LogTail, ReadError> {
        let (filter, mark) = (range.filter.clone(), mark.cloned());
        self.ask(move |q| tail::tail(q, &filter, mark.as_ref(), limit))
            .await
    }

    /// What it holds.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn contents(&self) -> Result<Contents, ReadError> {
        self.ask(tally::contents).await
    }

    /// How it is.
    pub fn health(&self) -> Health {
        self.folder.health()
    }

    /// Drops the days that are too old or too many now, without waiting for the writer's own round.
    ///
    /// # Errors
    /// [`AppendError::Closing`].
    pub async fn retain(&self) -> Result<(), AppendError> {
        self.writer.retain().await
    }

    /// On a thread for blocking work, ended when nobody waits and after the limit.
    async fn ask<T: Send + 'static>(
        &self,
        work: impl Fn(&Question) -> Result<T, read::Stop> + Send + Sync + 'static,
    ) -> Result<T, ReadError> {
        read::ask(self.folder.clone(), work).await
    }
}
