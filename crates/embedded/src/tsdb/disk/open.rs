//! Opening the file, and putting a damaged one out of the way.

use super::{FileOptions, MovedAside, OpenError, is_damage, result_code};
use crate::tsdb::Shared;
use crate::tsdb::head::Head;
use crate::tsdb::metadata::Metadata;
use crate::tsdb::series::State;
use model::Labels;
use sqlx::migrate::MigrateError;
use sqlx::sqlite::{
    SqliteAutoVacuum, SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// "SWts": tells our files from those of other programs.
const APPLICATION_ID: i32 = 0x5357_7473;

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");

/// What the file knew when it was opened.
pub(super) struct Opened {
    pub(super) writer: SqliteConnection,
    pub(super) moved_aside: Option<MovedAside>,
}

enum Failure {
    Damaged(String),
    Other(OpenError),
}

/// Takes the lock that keeps a second process out; it is held as long as the file is open.
pub(super) fn lock(path: &Path) -> Result<File, OpenError> {
    let io = |source| OpenError::Io {
        path: path.to_owned(),
        source,
    };
    if let Some(folder) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(io)?;
    }
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(beside(path, ".lock"))
        .map_err(io)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(OpenError::InUse {
            path: path.to_owned(),
        }),
        Err(std::fs::TryLockError::Error(source)) => Err(io(source)),
    }
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// How the connection that writes is made.
fn writing(file: &FileOptions) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(&file.path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        // in WAL mode this can lose the last commits in a power failure, never the file; a killed process loses none
        .synchronous(SqliteSynchronous::Normal)
        .auto_vacuum(SqliteAutoVacuum::Incremental)
        .busy_timeout(Duration::from_secs(5))
        .pragma("journal_size_limit", "16777216")
        .disable_statement_logging()
}

/// How the connection that reads is made. It sets nothing of the file's: that would be writing.
pub(super) fn reading(file: &FileOptions) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(&file.path)
        .read_only(true)
        .busy_timeout(Duration::from_secs(5))
        .row_buffer_size(256)
        .disable_statement_logging()
}

/// Opens the file and fills the head with what it knows. A damaged file is moved aside and a new one begun.
pub(super) async fn open(file: &FileOptions, shared: &Shared) -> Result<Opened, OpenError> {
    match try_open(file, shared).await {
        Ok(writer) => Ok(Opened {
            writer,
            moved_aside: None,
        }),
        Err(Failure::Other(e)) => Err(e),
        Err(Failure::Damaged(cause)) => {
            let moved_aside = move_aside(file, cause, shared.now())?;
            let writer = try_open(file, shared).await.map_err(|e| match e {
                Failure::Other(e) => e,
                Failure::Damaged(text) => OpenError::Sqlite {
                    path: file.path.clone(),
                    code: 0,
                    text,
                },
            })?;
            Ok(Opened {
                writer,
                moved_aside,
            })
        }
    }
}

/// Renames the file and what belongs to it to `*.corrupt-<milliseconds>`; `None` when there is no file.
fn move_aside(
    file: &FileOptions,
    cause: String,
    now: i64,
) -> Result<Option<MovedAside>, OpenError> {
    let to = beside(&file.path, &format!(".corrupt-{now}"));
    match std::fs::rename(&file.path, &to) {
        Ok(()) => {}
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        Err(source) => {
            let path = file.path.clone();
            return Err(OpenError::Io { path, source });
        }
    }
    for suffix in ["-wal", "-shm"] {
        // they may not be there; SQLite must not find them beside the new file
        let _ = std::fs::rename(beside(&file.path, suffix), beside(&to, suffix));
    }
    tracing::warn!(to = %to.display(), cause, "the samples' file is damaged and was moved aside");
    Ok(Some(MovedAside { to, cause }))
}

/// Begins a new file in place of one that turned out damaged while in use.
pub(super) async fn replace(
    file: &FileOptions,
    cause: String,
    now: i64,
) -> Result<Opened, OpenError> {
    let moved_aside = move_aside(file, cause, now)?;
    let writer = connect(file).await.map_err(|e| match e {
        Failure::Other(e) => e,
        Failure::Damaged(text) => OpenError::Sqlite {
            path: file.path.clone(),
            code: 0,
            text,
        },
    })?;
    Ok(Opened {
        writer,
        moved_aside,
    })
}

async fn try_open(file: &FileOptions, shared: &Shared) -> Result<SqliteConnection, Failure> {
    let mut conn = connect(file).await?;
    match load(&mut conn, file).await {
        Ok((head, metadata)) => {
            *shared.head.write() = head;
            *shared.metadata.write() = metadata;
            Ok(conn)
        }
        Err(e) => {
            // closed before it is renamed, else SQLite would write its WAL into the renamed file
            let _ = conn.close().await;
            Err(e)
        }
    }
}

async fn connect(file: &FileOptions) -> Result<SqliteConnection, Failure> {
    let failed = |e: sqlx::Error| failure(file, &e);
    if is_foreign(file).await? {
        let path = file.path.clone();
        return Err(Failure::Other(OpenError::Foreign { path }));
    }
    let mut conn = writing(file).connect().await.map_err(failed)?;
    match prepare(&mut conn, file).await {
        Ok(()) => Ok(conn),
        Err(e) => {
            let _ = conn.close().await;
            Err(e)
        }
    }
}

/// Whether another program made the file; looked at without writing, because connecting for writing sets the
/// file's journal mode.
async fn is_foreign(file: &FileOptions) -> Result<bool, Failure> {
    let failed = |e: sqlx::Error| failure(file, &e);
    if std::fs::metadata(&file.path).map_or(0, |m| m.len()) == 0 {
        return Ok(false);
    }
    let mut conn = reading(file).connect().await.map_err(failed)?;
    let asked = async {
        let tables = "SELECT count(*) FROM sqlite_schema";
        let tables: i64 = sqlx::query_scalar(tables).fetch_one(&mut conn).await?;
        let id = "PRAGMA application_id";
        let id: i32 = sqlx::query_scalar(id).fetch_one(&mut conn).await?;
        Ok(tables > 0 && id != APPLICATION_ID)
    };
    let foreign = asked.await.map_err(failed);
    let _ = conn.close().await;
    foreign
}

async fn prepare(conn: &mut SqliteConnection, file: &FileOptions) -> Result<(), Failure> {
    let failed = |e: sqlx::Error| failure(file, &e);
    let page: i64 = sqlx::query_scalar("PRAGMA page_size")
        .fetch_one(&mut *conn)
        .await
        .map_err(failed)?;
    let pages = file.hard_limit_bytes / page.max(512).unsigned_abs();
    let setup = format!(
        "PRAGMA application_id = {APPLICATION_ID}; PRAGMA max_page_count = {};",
        pages.max(16)
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(setup))
        .execute(&mut *conn)
        .await
        .map_err(failed)?;
    MIGRATIONS.run(&mut *conn).await.map_err(|e| match e {
        MigrateError::VersionMissing(_)
        | MigrateError::VersionMismatch(_)
        | MigrateError::VersionTooNew(..) => Failure::Other(OpenError::Newer {
            path: file.path.clone(),
        }),
        MigrateError::Execute(e) | MigrateError::ExecuteMigration(e, _) => failure(file, &e),
        other => Failure::Damaged(other.to_string()),
    })
}

fn failure(file: &FileOptions, e: &sqlx::Error) -> Failure {
    let code = result_code(e);
    let text = e.to_string();
    if is_damage(code) || matches!(e, sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_)) {
        return Failure::Damaged(text);
    }
    Failure::Other(match e {
        sqlx::Error::Io(io) => OpenError::Io {
            path: file.path.clone(),
            source: io.kind().into(),
        },
        _ => OpenError::Sqlite {
            path: file.path.clone(),
            code,
            text,
        },
    })
}

type SeriesRow = (i64, String, Option<i64>, Option<i64>);

/// Series and metadata; samples stay in the file until somebody asks for them.
async fn load(
    conn: &mut SqliteConnection,
    file: &FileOptions,
) -> Result<(Head, BTreeMap<String, Metadata>), Failure> {
    let failed = |e: sqlx::Error| failure(file, &e);
    let rows: Vec<SeriesRow> = sqlx::query_as(
        "SELECT s.id, s.labels, \
         (SELECT start_ms FROM chunks c WHERE c.series_id = s.id ORDER BY start_ms LIMIT 1), \
         (SELECT end_ms FROM chunks c WHERE c.series_id = s.id ORDER BY start_ms DESC LIMIT 1) FROM series s",
    )
    .fetch_all(&mut *conn)
    .await
    .map_err(failed)?;
    let mut head = Head::new();
    for (key, labels, first, last) in rows {
        let labels: Labels = serde_json::from_str(&labels)
            .map_err(|e| Failure::Damaged(format!("series {key}: {e}")))?;
        // a series without samples is left over from a retention that was interrupted
        if let (Some(first), Some(last)) = (first, last)
            && head.find(&labels).is_none()
        {
            head.insert(labels, key, State::in_file(first, last));
        }
    }
    sqlx::query("DELETE FROM series WHERE NOT EXISTS (SELECT 1 FROM chunks c WHERE c.series_id = series.id)")
        .execute(&mut *conn)
        .await
        .map_err(failed)?;
    let rows: Vec<(String, String)> = sqlx::query_as("SELECT metric, body FROM metadata")
        .fetch_all(&mut *conn)
        .await
        .map_err(failed)?;
    let parsed = rows
        .into_iter()
        .filter_map(|(metric, body)| Some((metric, serde_json::from_str(&body).ok()?)));
    Ok((head, parsed.collect()))
}
