//! What can go wrong between the desk and its database, as a closed set of codes.

use crate::backup::BackupFault;
use std::path::{Path, PathBuf};

/// Why the store did not do what it was asked. [`StoreError::code`] is stable and in snake case, for the sentence in the locales;
/// [`StoreError::params`] fills it, [`StoreError::advice`] is the key of what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Another desk writes this database.
    #[error("{path} is in use by another desk")]
    InUse {
        /// The database.
        path: PathBuf,
    },
    /// A later version of the program made it.
    #[error("{path} has schema {found}; this program knows {known}")]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its schema's version.
        found: i64,
        /// The newest that this program knows.
        known: i64,
    },
    /// An earlier version of the program made it, and it was opened for reading only.
    #[error("{path} has schema {found}, not yet {known}; let the desk open it once")]
    Older {
        /// The database.
        path: PathBuf,
        /// Its schema's version.
        found: i64,
        /// The one that this program reads.
        known: i64,
    },
    /// Another program's file.
    #[error("{path} is not an alert desk's database")]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// There is no such database, and it was opened for reading only.
    #[error("{path} does not exist")]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// SQLite cannot make sense of the file.
    #[error("{path} is damaged: {detail}; restore a backup")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// SQLite's words.
        detail: String,
    },
    /// A row that cannot be read back; the others can.
    #[error("{table} {key} cannot be read: {detail}")]
    Unreadable {
        /// Table.
        table: &'static str,
        /// Row.
        key: String,
        /// What is wrong with it.
        detail: String,
    },
    /// The disk is full, or the database has reached its limit. Nothing of the transaction was kept.
    #[error("no room for {path}")]
    Full {
        /// The database.
        path: PathBuf,
    },
    /// The system could not read or write.
    #[error("{path}: {detail}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's words.
        detail: String,
    },
    /// Opened for reading only, or the file may not be written.
    #[error("{path} is open for reading only")]
    ReadOnly {
        /// The database.
        path: PathBuf,
    },
    /// Somebody else held the database longer than we wait. Nothing was kept; the same may succeed later.
    #[error("{path} is locked by another program")]
    Busy {
        /// The database.
        path: PathBuf,
    },
    /// A transition names an episode that is neither in the database nor in the same transaction. Nothing was kept.
    #[error("a record refers to an episode that is not kept: {detail}")]
    UnknownAlert {
        /// SQLite's words.
        detail: String,
    },
    /// The end of the audit log is not the one that was last written; somebody else wrote. Nothing was kept.
    #[error("the audit log was changed by somebody else at entry {seq}")]
    AuditMoved {
        /// The last entry found.
        seq: i64,
    },
    /// A change of the rota was decided on a book that is not the newest. Nothing was kept; read the book anew.
    #[error("the rota's change {id} does not follow {last}, the last one that is kept")]
    StaleChange {
        /// Its number.
        id: i64,
        /// The largest number before.
        last: i64,
    },
    /// A regular expression of a search is wrong.
    #[error("regular expression {pattern:?}: {detail}")]
    Pattern {
        /// As given.
        pattern: String,
        /// What is wrong.
        detail: String,
    },
    /// A backup cannot be made or is not taken back.
    #[error("backup {path}: {fault}")]
    Backup {
        /// The backup.
        path: PathBuf,
        /// Why.
        fault: BackupFault,
    },
    /// Anything else that SQLite says.
    #[error("SQLite {result}: {detail}")]
    Sqlite {
        /// SQLite's primary result code (<https://sqlite.org/rescode.html>); 0 when it gave none.
        result: i32,
        /// Its words.
        detail: String,
    },
}

const SQLITE_BUSY: i32 = 5;
const SQLITE_LOCKED: i32 = 6;
const SQLITE_READONLY: i32 = 8;
const SQLITE_IOERR: i32 = 10;
const SQLITE_CORRUPT: i32 = 11;
const SQLITE_FULL: i32 = 13;
const SQLITE_CANTOPEN: i32 = 14;
const SQLITE_NOTADB: i32 = 26;
/// Extended code of a foreign key that points nowhere.
const SQLITE_CONSTRAINT_FOREIGNKEY: i32 = 787;

/// SQLite's extended result code, 0 when the error is not SQLite's.
pub(crate) fn extended_code(e: &sqlx::Error) -> i32 {
    let code = e.as_database_error().and_then(|e| e.code());
    code.and_then(|c| c.parse::<i32>().ok()).unwrap_or(0)
}

impl StoreError {
    /// From sqlx, about this database.
    pub(crate) fn of(path: &Path, e: &sqlx::Error) -> Self {
        let path = path.to_owned();
        let detail = e.to_string();
        if let sqlx::Error::Io(io) = e {
            return Self::io(&path, io);
        }
        if matches!(e, sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_)) {
            return Self::Damaged { path, detail };
        }
        let extended = extended_code(e);
        if extended == SQLITE_CONSTRAINT_FOREIGNKEY {
            return Self::UnknownAlert { detail };
        }
        match extended & 0xff {
            SQLITE_BUSY | SQLITE_LOCKED => Self::Busy { path },
            SQLITE_READONLY => Self::ReadOnly { path },
            SQLITE_IOERR | SQLITE_CANTOPEN => Self::Io { path, detail },
            SQLITE_CORRUPT | SQLITE_NOTADB => Self::Damaged { path, detail },
            SQLITE_FULL => Self::Full { path },
            result => Self::Sqlite { result, detail },
        }
    }

    /// From the system, about this file.
    pub(crate) fn io(path: &Path, e: &std::io::Error) -> Self {
        let path = path.to_owned();
        match e.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                Self::Full { path }
            }
            _ => Self::Io {
                path,
                detail: e.to_string(),
            },
        }
    }

    /// The code: stable, snake case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::InUse { .. } => "store_in_use",
            Self::Newer { .. } => "store_newer",
            Self::Older { .. } => "store_older",
            Self::Foreign { .. } => "store_foreign",
            Self::Missing { .. } => "store_missing",
            Self::Damaged { .. } => "store_damaged",
            Self::Unreadable { .. } => "store_unreadable",
            Self::Full { .. } => "store_full",
            Self::Io { .. } => "store_io",
            Self::ReadOnly { .. } => "store_read_only",
            Self::Busy { .. } => "store_busy",
            Self::UnknownAlert { .. } => "store_unknown_alert",
            Self::AuditMoved { .. } => "store_audit_moved",
            Self::StaleChange { .. } => "store_stale_change",
            Self::Pattern { .. } => "store_pattern",
            Self::Backup { .. } => "store_backup",
            Self::Sqlite { .. } => "store_sqlite",
        }
    }

    /// Every code.
    pub const CODES: [&'static str; 17] = [
        "store_audit_moved",
        "store_backup",
        "store_busy",
        "store_damaged",
        "store_foreign",
        "store_full",
        "store_in_use",
        "store_io",
        "store_missing",
        "store_newer",
        "store_older",
        "store_pattern",
        "store_read_only",
        "store_sqlite",
        "store_stale_change",
        "store_unknown_alert",
        "store_unreadable",
    ];

    /// What to do about it, finer than the code only for backups: `backup_<fault>`.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Backup { fault, .. } => fault.code(),
            other => other.code(),
        }
    }

    /// Placeholders of the sentence.
    pub fn params(&self) -> Vec<(&'static str, String)> {
        let shown = |p: &Path| ("path", p.display().to_string());
        match self {
            Self::InUse { path }
            | Self::Foreign { path }
            | Self::Missing { path }
            | Self::Full { path }
            | Self::ReadOnly { path }
            | Self::Busy { path } => vec![shown(path)],
            Self::Newer { path, found, known } | Self::Older { path, found, known } => vec![
                shown(path),
                ("found", found.to_string()),
                ("known", known.to_string()),
            ],
            Self::Damaged { path, detail } | Self::Io { path, detail } => {
                vec![shown(path), ("detail", detail.clone())]
            }
            Self::Unreadable { table, key, detail } => vec![
                ("table", (*table).to_owned()),
                ("key", key.clone()),
                ("detail", detail.clone()),
            ],
            Self::UnknownAlert { detail } => vec![("detail", detail.clone())],
            Self::AuditMoved { seq } => vec![("seq", seq.to_string())],
            Self::StaleChange { id, last } => {
                vec![("id", id.to_string()), ("last", last.to_string())]
            }
            Self::Pattern { pattern, detail } => {
                vec![("pattern", pattern.clone()), ("detail", detail.clone())]
            }
            Self::Backup { path, fault } => vec![shown(path), ("detail", fault.to_string())],
            Self::Sqlite { result, detail } => {
                vec![("result", result.to_string()), ("detail", detail.clone())]
            }
        }
    }

    /// Whether the same may succeed later without anybody changing the program or the file.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Busy { .. } | Self::Full { .. } | Self::Io { .. }
        )
    }
}
