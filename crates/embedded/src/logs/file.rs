//! One day's file: its tables, and how it is opened.

use super::error::{OpenError, code, is_damage};
use super::index::TOKEN_CHARS;
use rusqlite::{Connection, OpenFlags};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// "SWlg": tells our files from those of other programs.
const APPLICATION_ID: i32 = 0x5357_6c67;
const VERSION: i32 = 1;

/// Why a file could not be opened.
#[derive(Debug)]
pub(super) enum Fault {
    /// It is no database any more; it can be put aside.
    Damaged(String),
    Other(OpenError),
}

impl Fault {
    pub(super) fn of(path: &Path, e: &rusqlite::Error) -> Self {
        let text = e.to_string();
        if is_damage(e) {
            return Self::Damaged(text);
        }
        Self::Other(OpenError::Sqlite {
            path: path.to_owned(),
            code: code(e),
            text,
        })
    }
}

/// For writing; made when it is not there. It never grows beyond `max_bytes`.
pub(super) fn writing(path: &Path, max_bytes: u64) -> Result<Connection, Fault> {
    let sqlite = |e: rusqlite::Error| Fault::of(path, &e);
    let empty = std::fs::metadata(path).map_or(0, |m| m.len()) == 0;
    let conn = Connection::open(path).map_err(sqlite)?;
    conn.busy_timeout(Duration::from_secs(5)).map_err(sqlite)?;
    if !empty {
        look(&conn, path)?;
    }
    // An append is answered after the commit. FULL has it on the disk then, so that a power failure costs no line either; the
    // commits are few because lines are gathered.
    let setup = "PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                 PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -16000;";
    conn.execute_batch(setup).map_err(sqlite)?;
    let page: i64 = conn
        .query_row("PRAGMA page_size", [], |r| r.get(0))
        .map_err(sqlite)?;
    let pages = max_bytes / page.max(512).unsigned_abs();
    let limit = format!("PRAGMA max_page_count = {}", pages.max(64));
    conn.query_row(&limit, [], |_| Ok(())).map_err(sqlite)?;
    tables(&conn).map_err(sqlite)?;
    Ok(conn)
}

/// Whose file it is, looked at before anything is written.
fn look(conn: &Connection, path: &Path) -> Result<(), Fault> {
    let sqlite = |e: rusqlite::Error| Fault::of(path, &e);
    let number = |sql: &str| conn.query_row(sql, [], |r| r.get::<_, i32>(0));
    let made = number("SELECT count(*) FROM sqlite_schema").map_err(sqlite)?;
    let path = path.to_owned();
    if made > 0 && number("PRAGMA application_id").map_err(sqlite)? != APPLICATION_ID {
        return Err(Fault::Other(OpenError::Foreign { path }));
    }
    if number("PRAGMA user_version").map_err(sqlite)? > VERSION {
        return Err(Fault::Other(OpenError::Newer { path }));
    }
    Ok(())
}

fn tables(conn: &Connection) -> rusqlite::Result<()> {
    let made: i32 = conn.query_row("PRAGMA user_version", [], |r| r.get(0))?;
    if made == VERSION {
        return Ok(());
    }
    // The index keeps neither texts (content='') nor lengths (columnsize=0) nor places in the text (detail=none): hits are
    // looked at again. The tokens come ready, one behind another; `ascii` only cuts at the spaces between them.
    conn.execute_batch(&format!(
        "BEGIN IMMEDIATE;
         CREATE TABLE IF NOT EXISTS lines(id INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind INTEGER NOT NULL,
                                          trace TEXT, span TEXT, message TEXT NOT NULL, attrs TEXT);
         CREATE TABLE IF NOT EXISTS streams(id INTEGER PRIMARY KEY, category TEXT NOT NULL, service TEXT NOT NULL, host TEXT NOT NULL);
         CREATE TABLE IF NOT EXISTS vocabulary(id INTEGER PRIMARY KEY, word TEXT NOT NULL);
         CREATE TABLE IF NOT EXISTS blocks(id INTEGER PRIMARY KEY, lines INTEGER NOT NULL, min_at INTEGER NOT NULL, max_at INTEGER NOT NULL);
         CREATE TABLE IF NOT EXISTS columns(block INTEGER PRIMARY KEY, data BLOB NOT NULL);
         CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5(tokens, content='', columnsize=0, detail=none,
                                                             tokenize=\"ascii tokenchars '{TOKEN_CHARS}'\");
         INSERT INTO words(words, rank) VALUES('hashsize', 16777216);
         INSERT INTO words(words, rank) VALUES('automerge', 8);
         INSERT INTO words(words, rank) VALUES('crisismerge', 32);
         PRAGMA application_id = {APPLICATION_ID};
         PRAGMA user_version = {VERSION};
         COMMIT;"
    ))
}

/// For reading. The file is opened for writing too, because only so SQLite can make the shared memory of its log when it
/// is not there, but nothing can be written.
pub(super) fn reading(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags)?;
    conn.busy_timeout(Duration::from_secs(5))?;
    conn.execute_batch("PRAGMA query_only = 1; PRAGMA cache_size = -4000;")?;
    conn.set_prepared_statement_cache_capacity(32);
    Ok(conn)
}

/// The files that belong to it.
pub(super) fn with_log(path: &Path) -> [PathBuf; 3] {
    ["", "-wal", "-shm"].map(|suffix| beside(path, suffix))
}

/// Bytes of it and of what belongs to it.
pub(super) fn bytes(path: &Path) -> u64 {
    let size = |p: &PathBuf| std::fs::metadata(p).map_or(0, |m| m.len());
    with_log(path).iter().map(size).sum()
}

pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
