//! Opening the database: the lock, the schema, the end of the audit log.

use crate::audit::anchor::Anchor;
use crate::audit::{self, AuditKey};
use crate::checkpoint::Checkpoint;
use crate::{Inner, Store, StoreError, Writer};
use futures::future::BoxFuture;
use sqlx::migrate::MigrateError;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

/// "SWad": tells our files from those of other programs.
const APPLICATION_ID: i32 = 0x5357_6164;
/// How long a connection waits for another that holds the file.
const BUSY: Duration = Duration::from_secs(5);
/// Readers at the same time: history, figures and a backup beside the desk's own questions.
const READERS: u32 = 4;

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");

/// The schema's newest version that this program knows.
pub(crate) fn schema_version() -> i64 {
    MIGRATIONS.iter().map(|m| m.version).max().unwrap_or(0)
}

/// Boxed: through the borrow that sqlx is generic over, the compiler cannot tell that an opened store may move between threads.
fn migrating(conn: &mut SqliteConnection) -> BoxFuture<'_, Result<(), MigrateError>> {
    Box::pin(MIGRATIONS.run_direct(None, conn, false))
}

/// A name beside the database's.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Takes the lock that keeps a second desk out; it is held as long as the file is open.
pub(crate) fn lock(path: &Path) -> Result<File, StoreError> {
    if let Some(folder) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|e| StoreError::io(folder, &e))?;
    }
    let name = beside(path, ".lock");
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&name)
        .map_err(|e| StoreError::io(&name, &e))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(StoreError::InUse {
            path: path.to_owned(),
        }),
        Err(std::fs::TryLockError::Error(e)) => Err(StoreError::io(&name, &e)),
    }
}

fn base() -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .busy_timeout(BUSY)
        .foreign_keys(true)
        .disable_statement_logging()
}

/// How the connection that writes is made.
fn writing(path: &Path) -> SqliteConnectOptions {
    base()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        // in WAL mode only FULL syncs at each commit: an acknowledgement must outlive a power failure
        .synchronous(SqliteSynchronous::Full)
        .pragma("journal_size_limit", "16777216")
        // a storm's transaction is some 20 MB and should not be written twice; in KiB
        .pragma("cache_size", "-32768")
        // a commit that also copies the log into the file is slow; see `checkpoint`. This is for when that one cannot keep up
        .pragma("wal_autocheckpoint", "16384")
}

/// How the connection that copies the write-ahead log is made.
pub(crate) fn maintaining(path: &Path) -> SqliteConnectOptions {
    base()
        .filename(path)
        .create_if_missing(false)
        .synchronous(SqliteSynchronous::Full)
}

/// How a connection that reads is made. It sets nothing of the file's: that would be writing.
pub(crate) fn reading(path: &Path) -> SqliteConnectOptions {
    base().filename(path).read_only(true).row_buffer_size(256)
}

fn readers(path: &Path) -> SqlitePool {
    SqlitePoolOptions::new()
        .max_connections(READERS)
        .min_connections(0)
        .acquire_timeout(Duration::from_secs(30))
        .connect_lazy_with(reading(path))
}

impl Store {
    /// Opens the database for a desk, and creates it if there is none. `key` protects the end of the audit log.
    ///
    /// If the end of the audit log is not the one that the anchor beside the database knows, the store opens all the same and writes an entry
    /// `audit_fault` that says what was found, so that it cannot go unnoticed by starting the program once more; see [`Store::verify`].
    ///
    /// # Errors
    /// [`StoreError::InUse`] when another desk has it; [`StoreError::Newer`], [`StoreError::Foreign`], [`StoreError::Damaged`] by what the file
    /// is; [`StoreError::Io`] and [`StoreError::Full`] from the system.
    pub async fn open(path: &Path, key: &AuditKey, now: i64) -> Result<Self, StoreError> {
        Self::open_locked(path, key, now, lock(path)?).await
    }

    /// With the lock already taken.
    pub(crate) async fn open_locked(
        path: &Path,
        key: &AuditKey,
        now: i64,
        lock: File,
    ) -> Result<Self, StoreError> {
        examine(path).await?;
        let options = writing(path);
        let mut conn = options
            .connect()
            .await
            .map_err(|e| StoreError::of(path, &e))?;
        let prepared = prepare(&mut conn, path, key).await;
        let (head, anchor) = match prepared {
            Ok(prepared) => prepared,
            Err(e) => {
                let _ = conn.close().await; // the error that matters is the first
                return Err(e);
            }
        };
        let mut writer = Writer {
            conn,
            head: Some(head),
            anchor: Some(anchor),
            checkpoint: Checkpoint::default(),
            unfinished: false,
        };
        audit::check_at_open(&mut writer, path, now).await?;
        Ok(Self {
            inner: Arc::new(Inner {
                path: path.to_owned(),
                writer: Some(Mutex::new(writer)),
                readers: Some(readers(path)),
                _lock: Some(lock),
            }),
        })
    }

    /// A database that ends with the store, for tests and trials. Its audit log has no anchor.
    ///
    /// # Errors
    /// When SQLite cannot make it.
    pub async fn in_memory() -> Result<Self, StoreError> {
        let path = Path::new(":memory:");
        let mut conn = base()
            .in_memory(true)
            .connect()
            .await
            .map_err(|e| StoreError::of(path, &e))?;
        migrate(&mut conn, path).await?;
        let writer = Writer {
            conn,
            head: Some(audit::Head::START),
            anchor: None,
            checkpoint: Checkpoint::default(),
            unfinished: false,
        };
        Ok(Self {
            inner: Arc::new(Inner {
                path: path.to_owned(),
                writer: Some(Mutex::new(writer)),
                readers: None,
                _lock: None,
            }),
        })
    }

    /// Opens an existing database for reading only, also while a desk writes it.
    ///
    /// # Errors
    /// [`StoreError::Missing`] when there is none; else as [`Store::open`].
    pub async fn open_read_only(path: &Path) -> Result<Self, StoreError> {
        match std::fs::metadata(path) {
            Ok(m) if m.is_file() && m.len() > 0 => {}
            Ok(m) if m.is_file() => {
                return Err(StoreError::Missing {
                    path: path.to_owned(),
                });
            }
            Ok(_) => {
                return Err(StoreError::Foreign {
                    path: path.to_owned(),
                });
            }
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                return Err(StoreError::Missing {
                    path: path.to_owned(),
                });
            }
            Err(e) => return Err(StoreError::io(path, &e)),
        }
        let (found, known) = (examine(path).await?, schema_version());
        if found < known {
            return Err(StoreError::Older {
                path: path.to_owned(),
                found,
                known,
            });
        }
        Ok(Self {
            inner: Arc::new(Inner {
                path: path.to_owned(),
                writer: None,
                readers: Some(readers(path)),
                _lock: None,
            }),
        })
    }
}

/// The version of the file's schema, 0 for none yet. Looked at without writing, because connecting for writing sets the file's journal mode.
pub(crate) async fn examine(path: &Path) -> Result<i64, StoreError> {
    match std::fs::metadata(path) {
        Ok(m) if m.is_dir() => {
            return Err(StoreError::Foreign {
                path: path.to_owned(),
            });
        }
        Ok(m) if m.len() == 0 => return Ok(0),
        Ok(_) => {}
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(0),
        Err(e) => return Err(StoreError::io(path, &e)),
    }
    let failed = |e: sqlx::Error| StoreError::of(path, &e);
    let mut conn = reading(path).connect().await.map_err(failed)?;
    let found = version_of(&mut conn, path).await;
    let _ = conn.close().await; // nothing was written
    found
}

async fn version_of(conn: &mut SqliteConnection, path: &Path) -> Result<i64, StoreError> {
    let failed = |e: sqlx::Error| StoreError::of(path, &e);
    let tables: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema")
        .fetch_one(&mut *conn)
        .await
        .map_err(failed)?;
    let id: i32 = sqlx::query_scalar("PRAGMA application_id")
        .fetch_one(&mut *conn)
        .await
        .map_err(failed)?;
    // a process that was killed while it made the file leaves no tables, or ours
    if tables > 0 && id != APPLICATION_ID {
        return Err(StoreError::Foreign {
            path: path.to_owned(),
        });
    }
    let migrated: i64 =
        sqlx::query_scalar("SELECT count(*) FROM sqlite_schema WHERE name = '_sqlx_migrations'")
            .fetch_one(&mut *conn)
            .await
            .map_err(failed)?;
    if migrated == 0 {
        return Ok(0);
    }
    let found: i64 = sqlx::query_scalar("SELECT coalesce(max(version), 0) FROM _sqlx_migrations")
        .fetch_one(&mut *conn)
        .await
        .map_err(failed)?;
    let known = schema_version();
    if found > known {
        return Err(StoreError::Newer {
            path: path.to_owned(),
            found,
            known,
        });
    }
    Ok(found)
}

async fn migrate(conn: &mut SqliteConnection, path: &Path) -> Result<(), StoreError> {
    let failed = |e: sqlx::Error| StoreError::of(path, &e);
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!(
        "PRAGMA application_id = {APPLICATION_ID}"
    )))
    .execute(&mut *conn)
    .await
    .map_err(failed)?;
    let ran = migrating(conn).await;
    match ran {
        Ok(()) => Ok(()),
        Err(MigrateError::Execute(e) | MigrateError::ExecuteMigration(e, _)) => Err(failed(e)),
        Err(
            MigrateError::VersionMissing(found)
            | MigrateError::VersionMismatch(found)
            | MigrateError::VersionTooNew(found, _),
        ) => Err(StoreError::Newer {
            path: path.to_owned(),
            found,
            known: schema_version(),
        }),
        Err(other) => Err(StoreError::Damaged {
            path: path.to_owned(),
            detail: other.to_string(),
        }),
    }
}

async fn prepare(
    conn: &mut SqliteConnection,
    path: &Path,
    key: &AuditKey,
) -> Result<(audit::Head, Anchor), StoreError> {
    migrate(conn, path).await?;
    let failed = |e: sqlx::Error| StoreError::of(path, &e);
    let identity: String = sqlx::query_scalar("SELECT identity FROM desk")
        .fetch_one(&mut *conn)
        .await
        .map_err(failed)?;
    let head = audit::head_of(conn).await.map_err(failed)?;
    let anchor = Anchor::open(path, key.clone(), identity)?;
    Ok((head, anchor))
}
