//! What can go wrong, as a closed set of codes.

use source::{QueryFault, SourceError, TlsFault};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Longest text of the server's that is kept.
const MAX_DETAIL: usize = 300;

/// What went wrong between us and the database, or with the files that lines are kept in. [`PgLogsError::code`] is the locale key
/// `pglogs.<code>`, [`PgLogsError::params`] fills it.
#[derive(Debug, thiserror::Error)]
pub enum PgLogsError {
    /// No connection within the time for it.
    #[error("no connection within {after:?}")]
    ConnectTimeout {
        /// The time.
        after: Duration,
    },
    /// The database, or the way there.
    #[error("{0}")]
    Database(
        /// The driver's error.
        #[from]
        sqlx::Error,
    ),
    /// Our schema is not in the database.
    #[error("the schema shouwang_logs is not there")]
    NoSchema,
    /// The schema is newer than this program.
    #[error("the schema has version {found}, this program knows {known}")]
    NewerSchema {
        /// What is there.
        found: i32,
        /// What we know.
        known: i32,
    },
    /// The schema is older than this program.
    #[error("the schema has version {found}, this program needs {known}")]
    OlderSchema {
        /// What is there.
        found: i32,
        /// What we need.
        known: i32,
    },
    /// The database keeps texts in another encoding than UTF-8.
    #[error("the database's encoding is {found}, it must be UTF8")]
    Encoding {
        /// Its encoding.
        found: String,
    },
    /// The server is older than we can work with.
    #[error("the server has version {found}, it must be 14 or newer")]
    OldServer {
        /// Its version.
        found: String,
    },
    /// Somebody else maintains the store at this moment.
    #[error("another run maintains this store")]
    Busy,
    /// The table of a mapping is not there, or may not be seen.
    #[error("no table {table}, or no right to see it")]
    NoTable {
        /// Its name.
        table: String,
    },
    /// A column of a mapping is not in the table.
    #[error("{key}: table {table} has no column {column}; it has {known}")]
    NoColumn {
        /// Key of the mapping.
        key: String,
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// The columns that there are.
        known: String,
    },
    /// A column has a type that cannot serve.
    #[error("{key}: column {column} is of type {found}; it must be {wanted}")]
    ColumnType {
        /// Key of the mapping.
        key: String,
        /// The column.
        column: String,
        /// Its type.
        found: String,
        /// Types that serve.
        wanted: &'static str,
    },
    /// The mapping says something that means nothing.
    #[error("{key}: {value} is not known")]
    Mapping {
        /// Key of the mapping.
        key: &'static str,
        /// What it says.
        value: String,
    },
    /// The mapping lacks something.
    #[error("{key} is needed: {why}")]
    MappingNeeds {
        /// Key of the mapping.
        key: &'static str,
        /// Why, as a code: `time_zone`, `time_unit`, `id`.
        why: &'static str,
    },
    /// A file or folder cannot be read or written.
    #[error("{}: {detail}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// The system's words.
        detail: String,
    },
    /// A file is not what its manifest says.
    #[error("{}: {fault}", path.display())]
    Damaged {
        /// Which.
        path: PathBuf,
        /// In which way.
        fault: ColdFault,
    },
    /// The table has other lines than its files: it was written to after the export.
    #[error("partition {partition} has {found} lines, its files have {exported}")]
    Changed {
        /// The partition.
        partition: String,
        /// Lines that it has.
        found: u64,
        /// Lines in the files.
        exported: u64,
    },
    /// The folder lies under no path that can be used.
    #[error("there is no folder for lines that leave the database")]
    NoFolder,
}

/// What is wrong with a file of lines.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ColdFault {
    /// Not there.
    #[error("missing")]
    Missing,
    /// The manifest cannot be read.
    #[error("manifest unreadable: {0}")]
    Manifest(String),
    /// Made by a newer program.
    #[error("manifest of version {0}")]
    Version(u32),
    /// Other bytes than were written.
    #[error("checksum differs")]
    Checksum,
    /// Other lines than were written.
    #[error("has {found} lines instead of {expected}")]
    Rows {
        /// Lines that it has.
        found: u64,
        /// Lines that it should have.
        expected: u64,
    },
    /// A line cannot be read, or is longer than any that we write.
    #[error("line {line} unreadable: {detail}")]
    Line {
        /// Its number from 1.
        line: u64,
        /// What is wrong.
        detail: String,
    },
    /// The times of its lines are not those of the manifest.
    #[error("times differ from the manifest")]
    Times,
}

impl ColdFault {
    /// The code: stable, snake case, locale key `pglogs.cold_<code>`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Manifest(_) => "manifest",
            Self::Version(_) => "version",
            Self::Checksum => "checksum",
            Self::Rows { .. } => "rows",
            Self::Line { .. } => "line",
            Self::Times => "times",
        }
    }
}

impl PgLogsError {
    pub(crate) fn io(path: &Path, e: &std::io::Error) -> Self {
        Self::Io {
            path: path.to_owned(),
            detail: e.to_string(),
        }
    }

    pub(crate) fn damaged(path: &Path, fault: ColdFault) -> Self {
        Self::Damaged {
            path: path.to_owned(),
            fault,
        }
    }

    /// The code: stable, snake case, locale key `pglogs.<code>`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::ConnectTimeout { .. } | Self::Database(_) => "database",
            Self::NoSchema => "no_schema",
            Self::NewerSchema { .. } => "newer_schema",
            Self::OlderSchema { .. } => "older_schema",
            Self::Encoding { .. } => "encoding",
            Self::OldServer { .. } => "old_server",
            Self::Busy => "busy",
            Self::NoTable { .. } => "no_table",
            Self::NoColumn { .. } => "no_column",
            Self::ColumnType { .. } => "column_type",
            Self::Mapping { .. } => "mapping",
            Self::MappingNeeds { why, .. } => match *why {
                "time_zone" => "mapping_time_zone",
                "time_unit" => "mapping_time_unit",
                _ => "mapping_id",
            },
            Self::Io { .. } => "io",
            Self::Damaged { .. } => "damaged",
            Self::Changed { .. } => "changed",
            Self::NoFolder => "no_folder",
        }
    }

    /// Placeholders of the sentence.
    pub fn params(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::ConnectTimeout { .. } => vec![("detail", self.to_string())],
            Self::Database(e) => vec![("detail", detail(e))],
            Self::NewerSchema { found, known } | Self::OlderSchema { found, known } => {
                vec![("found", found.to_string()), ("known", known.to_string())]
            }
            Self::Encoding { found } | Self::OldServer { found } => {
                vec![("found", found.clone())]
            }
            Self::NoTable { table } => vec![("table", table.clone())],
            Self::NoColumn {
                key,
                table,
                column,
                known,
            } => vec![
                ("key", key.clone()),
                ("table", table.clone()),
                ("column", column.clone()),
                ("known", known.clone()),
            ],
            Self::ColumnType {
                key,
                column,
                found,
                wanted,
            } => vec![
                ("key", key.clone()),
                ("column", column.clone()),
                ("found", found.clone()),
                ("wanted", (*wanted).to_owned()),
            ],
            Self::Mapping { key, value } => {
                vec![("key", (*key).to_owned()), ("value", value.clone())]
            }
            Self::MappingNeeds { key, .. } => vec![("key", (*key).to_owned())],
            Self::Io { path, detail } => vec![
                ("path", path.display().to_string()),
                ("detail", detail.clone()),
            ],
            Self::Damaged { path, fault } => vec![
                ("path", path.display().to_string()),
                ("detail", fault.to_string()),
            ],
            Self::Changed {
                partition,
                found,
                exported,
            } => vec![
                ("partition", partition.clone()),
                ("found", found.to_string()),
                ("exported", exported.to_string()),
            ],
            Self::NoSchema | Self::Busy | Self::NoFolder => Vec::new(),
        }
    }

    /// The same for whoever asked a store of logs; `limit` is the time limit that counted.
    pub(crate) fn source(&self, limit: Duration) -> SourceError {
        match self {
            Self::ConnectTimeout { after } => SourceError::Timeout { after: *after },
            Self::Database(e) => source_error(e, limit),
            other => SourceError::Query {
                fault: QueryFault::Unavailable,
                message: other.to_string(),
            },
        }
    }
}

/// Why a question got no answer. SQLSTATE is what is looked at, never a message's words.
pub(crate) fn source_error(e: &sqlx::Error, limit: Duration) -> SourceError {
    match e {
        sqlx::Error::PoolTimedOut => SourceError::Timeout { after: limit },
        e if source::tls_fault(e).is_some() => SourceError::Tls {
            why: source::tls_fault(e).unwrap_or(TlsFault::NotTls),
        },
        sqlx::Error::Io(io) if io.kind() == std::io::ErrorKind::UnexpectedEof => {
            SourceError::Truncated
        }
        sqlx::Error::Io(_) | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => {
            SourceError::Connect { detail: detail(e) }
        }
        // without a cause of rustls' own: the server answered that it has no TLS
        sqlx::Error::Tls(_) => SourceError::Tls {
            why: TlsFault::NotTls,
        },
        sqlx::Error::Database(db) => {
            let state = db.code().unwrap_or_default().into_owned();
            refused(&state, detail(e), limit)
        }
        sqlx::Error::Protocol(_)
        | sqlx::Error::ColumnDecode { .. }
        | sqlx::Error::Decode(_)
        | sqlx::Error::Encode(_) => SourceError::Malformed {
            at: 0,
            what: "a value of PostgreSQL's protocol",
        },
        other => SourceError::Internal {
            detail: detail(other),
        },
    }
}

fn refused(state: &str, message: String, limit: Duration) -> SourceError {
    let query = |fault| SourceError::Query {
        fault,
        message: message.clone(),
    };
    match state {
        // invalid_authorization_specification, invalid_password
        "28000" | "28P01" => SourceError::Unauthorized,
        // insufficient_privilege
        "42501" => SourceError::Forbidden,
        // invalid_catalog_name
        "3D000" => SourceError::Connect { detail: message },
        // query_canceled: by statement_timeout, unless an administrator did it
        "57014" => SourceError::Timeout { after: limit },
        // lock_not_available
        "55P03" => query(QueryFault::Unavailable),
        // read_only_sql_transaction: a standby, or a session of ours that reads
        "25006" => query(QueryFault::Failed),
        _ => match state.get(..2) {
            // connection exceptions, insufficient resources, operator intervention
            Some("08" | "53" | "57") => query(QueryFault::Unavailable),
            // syntax or access rule: a table or column that is not there
            Some("42" | "3F") => query(QueryFault::Invalid),
            Some("22") => query(QueryFault::Failed),
            _ => query(QueryFault::Internal),
        },
    }
}

/// The server's or the system's words in one line, cut. Hostile input.
pub(crate) fn detail(e: &sqlx::Error) -> String {
    cut(&match e {
        sqlx::Error::Database(db) => match db.code() {
            Some(code) => format!("{} ({code})", db.message()),
            None => db.message().to_owned(),
        },
        other => other.to_string(),
    })
}

fn cut(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(MAX_DETAIL)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_decides_and_not_the_words() {
        let of = |state: &str| refused(state, "whatever".into(), Duration::from_secs(1));
        assert_eq!(of("28P01"), SourceError::Unauthorized);
        assert_eq!(of("42501"), SourceError::Forbidden);
        assert_eq!(of("57014").code(), "timeout");
        assert_eq!(of("57P01").advice(), "query_unavailable");
        assert_eq!(of("42P01").advice(), "query_invalid");
        assert_eq!(of("").advice(), "query_internal");
    }
}
