//! The file behind a store: SQLite in WAL mode, one connection that writes and one that reads, each on a thread of
//! its own, so that the store's calls need no async runtime and a long read never waits for a flush.

mod keeper;
mod open;
mod read;
mod retain;
#[cfg(test)]
mod tests;
mod write;

pub(super) use keeper::Keeper;
pub(super) use read::Reader;

use std::path::PathBuf;
use std::time::Duration;

/// Where and how a store keeps its samples.
#[derive(Clone, Debug)]
pub struct FileOptions {
    /// The SQLite file; made when it is not there. Beside it stand `-wal`, `-shm` and `.lock`.
    pub path: PathBuf,
    /// Time between two flushes: what a crash can cost at most, and a bit.
    pub flush_every: Duration,
    /// The oldest samples are deleted when the file holds more than this many bytes.
    pub max_bytes: u64,
    /// The file never grows beyond this many bytes, whatever arrives between two flushes; then the store goes on in
    /// memory and says [`FileState::Full`].
    pub hard_limit_bytes: u64,
}

impl FileOptions {
    /// Defaults: flushed every 30 s, 2 GiB, and never more than 3 GiB.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            flush_every: Duration::from_secs(30),
            max_bytes: 2 << 30,
            hard_limit_bytes: 3 << 30,
        }
    }
}

/// Why a store with a file could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it open.
    #[error("{path} is in use by another process; end it or name another file")]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// A SQLite file of another program.
    #[error("{path} is a database of another program; name another file")]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// Written by a later version of this program.
    #[error(
        "{path} was written by a later version of this program; use that one or name another file"
    )]
    Newer {
        /// The file.
        path: PathBuf,
    },
    /// The file or its folder cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// SQLite's own error.
    #[error("{path}: {text}")]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// SQLite's primary result code, 0 when it gave none.
        code: i32,
        /// SQLite's text.
        text: String,
    },
}

/// Why old samples could not be read.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ReadError {
    /// More samples than one selection may read.
    #[error("more than {max} samples in the file; ask for fewer series or a shorter range")]
    TooMuch {
        /// The limit.
        max: usize,
    },
    /// SQLite failed.
    #[error("{0}")]
    Sqlite(String),
    /// The store is closing.
    #[error("the store is closing")]
    Closing,
}

/// Why a flush failed. The samples stay in memory and are written by a later flush.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FlushError {
    /// The disk is full, or the file has reached its hard limit.
    #[error("no room for the samples' file: {text}")]
    Full {
        /// SQLite's text.
        text: String,
    },
    /// The file is damaged; it was moved aside and a new one begun.
    #[error("the samples' file is damaged: {text}")]
    Corrupt {
        /// SQLite's text.
        text: String,
    },
    /// Any other failure.
    #[error("the samples' file cannot be written (SQLite {code}): {text}")]
    Failed {
        /// SQLite's primary result code, 0 when it gave none.
        code: i32,
        /// The text.
        text: String,
    },
    /// The store is closing.
    #[error("the store is closing")]
    Closing,
}

/// A damaged file that was put out of the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MovedAside {
    /// Its new name.
    pub to: PathBuf,
    /// What was wrong with it.
    pub cause: String,
}

/// Whether samples reach the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum FileState {
    /// There is no file: samples are in memory only.
    #[default]
    None,
    /// The last flush worked, or there was none yet.
    Ok,
    /// The last flush failed.
    Failing(FlushError),
}

/// How a store is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Whether samples reach the file.
    pub file: FileState,
    /// When the last flush that worked ended, milliseconds.
    pub last_flush_ms: Option<i64>,
    /// Samples in memory that were in no file after the last round.
    pub unsaved: u64,
    /// Samples dropped from memory before they reached a file, because memory was at its limit.
    pub lost: u64,
    /// Chunks left out of answers because they do not decode, counted each time that one is read. More than none
    /// means a damaged file that SQLite still takes for whole.
    pub damaged: u64,
    /// Bytes that samples in memory took at the last round.
    pub memory_bytes: u64,
    /// Bytes in use in the file at the last round.
    pub file_bytes: u64,
    /// The last damaged file that was put out of the way.
    pub moved_aside: Option<MovedAside>,
}

const SQLITE_CORRUPT: i32 = 11;
const SQLITE_FULL: i32 = 13;
const SQLITE_NOTADB: i32 = 26;

/// SQLite's primary result code (<https://sqlite.org/rescode.html>), 0 when the error is not SQLite's.
fn result_code(e: &sqlx::Error) -> i32 {
    let code = e.as_database_error().and_then(|e| e.code());
    code.and_then(|c| c.parse::<i32>().ok())
        .map_or(0, |c| c & 0xff)
}

fn is_damage(code: i32) -> bool {
    code == SQLITE_CORRUPT || code == SQLITE_NOTADB
}

impl From<&sqlx::Error> for FlushError {
    fn from(e: &sqlx::Error) -> Self {
        let text = e.to_string();
        match result_code(e) {
            SQLITE_FULL => Self::Full { text },
            code if is_damage(code) => Self::Corrupt { text },
            code => Self::Failed { code, text },
        }
    }
}
