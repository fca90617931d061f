//! What can go wrong.

use std::path::PathBuf;
use std::time::Duration;

/// Why the store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has the folder.
    #[error("{path} is in use by another process; end it or name another folder")]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// A file with the name of one of ours that another program made.
    #[error("{path} is a database of another program; move it away or name another folder")]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// Written by a later version of this program.
    #[error(
        "{path} was written by a later version of this program; use that one or name another folder"
    )]
    Newer {
        /// The file.
        path: PathBuf,
    },
    /// The folder or a file cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The folder or file.
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

/// Why lines were not kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// The disk is full, or the day's file has reached the limit of all files.
    #[error("no room for log lines ({kept} of the call were kept): {text}")]
    Full {
        /// Lines of the call that are kept all the same, because their day's file was written before another failed.
        kept: usize,
        /// SQLite's text.
        text: String,
    },
    /// Any other failure.
    #[error("log lines cannot be written ({kept} of the call were kept; SQLite {code}): {text}")]
    Failed {
        /// Lines of the call that are kept all the same.
        kept: usize,
        /// SQLite's primary result code, 0 when it gave none.
        code: i32,
        /// The text.
        text: String,
    },
    /// The store is closing.
    #[error("the store is closing")]
    Closing,
}

/// Why a question was not answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// It would take longer than the limit, and nothing was certain by then.
    #[error("not done within {after:?}; ask for a shorter time or a rarer word")]
    TimedOut {
        /// The limit.
        after: Duration,
    },
    /// More of something than an answer may have.
    #[error("more than {limit} {what}")]
    TooMuch {
        /// Of what.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// A question that has no meaning.
    #[error("{0}")]
    Invalid(&'static str),
    /// A file failed.
    #[error("{path}: {text}")]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// SQLite's primary result code, 0 when it gave none.
        code: i32,
        /// SQLite's text.
        text: String,
    },
    /// The store's own fault.
    #[error("internal: {0}")]
    Internal(String),
}

const SQLITE_IOERR: i32 = 10;
const SQLITE_CORRUPT: i32 = 11;
const SQLITE_FULL: i32 = 13;
const SQLITE_NOTADB: i32 = 26;
const SQLITE_INTERRUPT: i32 = 9;

/// SQLite's primary result code (<https://sqlite.org/rescode.html>), 0 when the error is not SQLite's.
pub(super) fn code(e: &rusqlite::Error) -> i32 {
    e.sqlite_error().map_or(0, |e| e.extended_code & 0xff)
}

/// Whether the file is no database any more.
pub(super) fn is_damage(e: &rusqlite::Error) -> bool {
    matches!(code(e), SQLITE_CORRUPT | SQLITE_NOTADB)
        || matches!(
            e,
            rusqlite::Error::InvalidColumnType(..)
                | rusqlite::Error::FromSqlConversionFailure(..)
                | rusqlite::Error::IntegralValueOutOfRange(..)
                | rusqlite::Error::Utf8Error(..)
        )
}

/// Whether a question was ended from outside.
pub(super) fn is_interrupt(e: &rusqlite::Error) -> bool {
    code(e) == SQLITE_INTERRUPT
}

impl AppendError {
    /// The same for a call of which so many lines were kept.
    pub(super) fn with_kept(&self, kept: usize) -> Self {
        let mut e = self.clone();
        if let Self::Full { kept: k, .. } | Self::Failed { kept: k, .. } = &mut e {
            *k = kept;
        }
        e
    }

    pub(super) fn of(e: &rusqlite::Error, kept: usize) -> Self {
        let text = e.to_string();
        // "disk I/O error" with ENOSPC is what a full disk gives while the WAL's index is extended
        let full = e.sqlite_error().is_some_and(|e| {
            e.extended_code & 0xff == SQLITE_IOERR && text.contains("No space left")
        });
        match code(e) {
            SQLITE_FULL => Self::Full { kept, text },
            _ if full => Self::Full { kept, text },
            code => Self::Failed { kept, code, text },
        }
    }
}
