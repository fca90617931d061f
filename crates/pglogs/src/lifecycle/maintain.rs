//! One step after the other.

use super::export;
use super::plan::Step;
use super::state::{self, State};
use crate::cold;
use crate::connect::{Credentials, Options};
use crate::schema::{self, INDEXES, bounds, partition};
use crate::{Clock, PgLogsError};
use chrono::NaiveDate;
use sqlx::{Connection as _, PgConnection};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How often a step that waits for a lock is tried.
const TRIES: u32 = 10;
const AGAIN_AFTER: Duration = Duration::from_millis(500);
/// How often a verification tells how far it is.
const TELL_EVERY: Duration = Duration::from_millis(250);

/// How far a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Lines done.
    pub lines: u64,
    /// Lines in all, as far as known.
    pub of: u64,
}

/// Where it is told.
pub(crate) type Told<'a> = &'a mut (dyn FnMut(Progress) + Send);

/// Looks after a store. At most one at a time for each database.
#[derive(Debug)]
pub struct Maintainer {
    conn: PgConnection,
    folder: PathBuf,
    clock: Clock,
}

impl Maintainer {
    /// Connects. `folder` is where lines go that leave the database.
    ///
    /// # Errors
    /// [`PgLogsError::Busy`] when somebody else looks after the store at this moment; what is wrong with the schema; when the login is
    /// no member of the role `shouwang_logs_owner`.
    pub async fn connect(
        options: &Options,
        who: &Credentials,
        folder: &Path,
        clock: Clock,
    ) -> Result<Self, PgLogsError> {
        let mut conn = options.maintainer(who).await?;
        schema::check_server(&mut conn).await?;
        let free: bool =
            sqlx::query_scalar("SELECT pg_try_advisory_lock(hashtext('shouwang_logs.maintain'))")
                .fetch_one(&mut conn)
                .await?;
        if !free {
            return Err(PgLogsError::Busy);
        }
        sqlx::raw_sql("SET ROLE shouwang_logs_owner")
            .execute(&mut conn)
            .await
            .map_err(no_owner)?;
        schema::check(&mut conn).await?;
        Ok(Self {
            conn,
            folder: folder.to_owned(),
            clock,
        })
    }

    /// What there is.
    ///
    /// # Errors
    /// When the database or the folder cannot be read.
    pub async fn state(&mut self) -> Result<State, PgLogsError> {
        state::look(&mut self.conn, &self.folder).await
    }

    /// Carries out one step. A step that was done already changes nothing.
    ///
    /// # Errors
    /// What kept it from being done. The state is as before, or further in the same direction.
    pub async fn run(&mut self, step: &Step, told: Told<'_>) -> Result<(), PgLogsError> {
        let mut tried = 0;
        loop {
            tried += 1;
            match self.attempt(step, told).await {
                Err(PgLogsError::Database(e)) if tried < TRIES && waits_for_lock(&e) => {
                    tokio::time::sleep(AGAIN_AFTER).await;
                }
                other => return other,
            }
        }
    }

    async fn attempt(&mut self, step: &Step, told: Told<'_>) -> Result<(), PgLogsError> {
        match step {
            Step::Create { day, search, .. } => self.create(*day, *search).await,
            Step::Index { day, index } => self.index(*day, index).await,
            Step::Unindex { day } => self.unindex(*day).await,
            Step::Export { day } => self.export(*day, told).await,
            Step::Verify { day } => self.verify(*day, told).await,
            Step::Detach { day } => self.detach(*day).await,
            Step::Drop { day } => self.drop_table(*day).await,
            Step::Discard { day } => self.discard(*day).await,
            Step::Forget { day, part } => cold::forget(&self.folder, *day, *part),
            Step::Sweep { day, part } => cold::sweep(&self.folder, *day, *part),
        }
    }

    async fn execute(&mut self, sql: String) -> Result<(), PgLogsError> {
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql))
            .execute(&mut self.conn)
            .await?;
        Ok(())
    }

    async fn create(&mut self, day: NaiveDate, search: bool) -> Result<(), PgLogsError> {
        let name = partition(day);
        let (from, to) = bounds(day);
        let mut sql = format!(
            "CREATE TABLE shouwang_logs.{name} (LIKE shouwang_logs.line INCLUDING DEFAULTS INCLUDING CONSTRAINTS);"
        );
        // lines of this day that had no place yet; whoever reads sees each of them exactly once all the while
        sql.push_str(&format!(
            "LOCK TABLE shouwang_logs.line_default IN ACCESS EXCLUSIVE MODE; \
             WITH moved AS (DELETE FROM shouwang_logs.line_default WHERE ts >= '{from}' AND ts < '{to}' RETURNING *) \
             INSERT INTO shouwang_logs.{name} SELECT * FROM moved;"
        ));
        for index in INDEXES.iter().filter(|i| search || !i.search) {
            sql.push_str(&format!(
                "CREATE INDEX {name}_{} ON shouwang_logs.{name} {};",
                index.suffix, index.on
            ));
        }
        sql.push_str(&format!(
            "ALTER TABLE shouwang_logs.line ATTACH PARTITION shouwang_logs.{name} FOR VALUES FROM ('{from}') TO ('{to}');"
        ));
        let mut tx = self.conn.begin().await?;
        let there: bool = sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL")
            .bind(format!("shouwang_logs.{name}"))
            .fetch_one(&mut *tx)
            .await?;
        if there {
            return Ok(());
        }
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql))
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    async fn index(&mut self, day: NaiveDate, suffix: &str) -> Result<(), PgLogsError> {
        let Some(index) = INDEXES.iter().find(|i| i.suffix == suffix) else {
            return Ok(());
        };
        let name = partition(day);
        // one that was cut off while it was made is there, and no good
        self.execute(format!(
            "DROP INDEX CONCURRENTLY IF EXISTS shouwang_logs.{name}_{suffix}"
        ))
        .await?;
        self.execute(format!(
            "CREATE INDEX CONCURRENTLY {name}_{suffix} ON shouwang_logs.{name} {}",
            index.on
        ))
        .await
    }

    async fn unindex(&mut self, day: NaiveDate) -> Result<(), PgLogsError> {
        let name = partition(day);
        for index in INDEXES.iter().filter(|i| i.search) {
            self.execute(format!(
                "DROP INDEX CONCURRENTLY IF EXISTS shouwang_logs.{name}_{}",
                index.suffix
            ))
            .await?;
        }
        Ok(())
    }

    /// The catalogue's number of a day's table, and whether it is attached.
    async fn table(&mut self, day: NaiveDate) -> Result<Option<(u32, bool)>, PgLogsError> {
        let found: Option<(i64, bool)> = sqlx::query_as(
            "SELECT c.oid::int8, EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = c.oid) FROM pg_class c WHERE c.oid = to_regclass($1)",
        )
        .bind(format!("shouwang_logs.{}", partition(day)))
        .fetch_optional(&mut self.conn)
        .await?;
        Ok(found.map(|(oid, attached)| (u32::try_from(oid).unwrap_or(0), attached)))
    }

    async fn export(&mut self, day: NaiveDate, told: Told<'_>) -> Result<(), PgLogsError> {
        let Some((oid, true)) = self.table(day).await? else {
            return Ok(());
        };
        if cold::of_table(&self.folder, day, oid)?.is_some() {
            return Ok(());
        }
        let now = (self.clock)();
        export::export(&mut self.conn, &self.folder, (day, oid), now, told).await
    }

    async fn verify(&mut self, day: NaiveDate, told: Told<'_>) -> Result<(), PgLogsError> {
        let Some((oid, _)) = self.table(day).await? else {
            return Ok(());
        };
        let Some((folder, manifest)) = cold::of_table(&self.folder, day, oid)? else {
            return Ok(());
        };
        let of = manifest.lines;
        let done = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&done);
        let mut reading = tokio::task::spawn_blocking(move || {
            cold::verify(&folder, &|lines| counter.store(lines, Ordering::Relaxed))
        });
        loop {
            tokio::select! {
                found = &mut reading => {
                    told(Progress { lines: of, of });
                    return found.unwrap_or_else(|e| Err(PgLogsError::Io {
                        path: self.folder.clone(),
                        detail: e.to_string(),
                    }));
                }
                () = tokio::time::sleep(TELL_EVERY) => {
                    told(Progress { lines: done.load(Ordering::Relaxed), of });
                }
            }
        }
    }

    /// Takes a day's table out, and its counters with it, when it has exactly the lines of its verified files: until that is known
    /// nobody can write to it.
    async fn detach(&mut self, day: NaiveDate) -> Result<(), PgLogsError> {
        let Some((oid, true)) = self.table(day).await? else {
            return Ok(());
        };
        let name = partition(day);
        let files = cold::of_table(&self.folder, day, oid)?;
        let mut tx = self.conn.begin().await?;
        let Some((folder, manifest)) = files.filter(|(_, m)| m.verified) else {
            return Err(PgLogsError::Changed {
                partition: name,
                found: 0,
                exported: 0,
            });
        };
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!(
            "LOCK TABLE shouwang_logs.{name} IN SHARE MODE"
        )))
        .execute(&mut *tx)
        .await?;
        let (lines, last): (i64, Option<i64>) = sqlx::query_as(sqlx::AssertSqlSafe(format!(
            "SELECT count(*), max(id) FROM shouwang_logs.{name}"
        )))
        .fetch_one(&mut *tx)
        .await?;
        let found = u64::try_from(lines).unwrap_or(0);
        if found != manifest.lines || last.unwrap_or(0) != manifest.last_id {
            tx.rollback().await?;
            // the files are no longer all; the next plan exports anew
            cold::remove(&folder)?;
            return Err(PgLogsError::Changed {
                partition: name,
                found,
                exported: manifest.lines,
            });
        }
        sqlx::raw_sql(sqlx::AssertSqlSafe(taken_out(day)))
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Takes a day's table out and removes it, both or nothing: a table that is out and has no files is somebody's who took it out by
    /// hand, so nobody would remove it later.
    async fn discard(&mut self, day: NaiveDate) -> Result<(), PgLogsError> {
        let Some((_, true)) = self.table(day).await? else {
            return Ok(());
        };
        let mut sql = taken_out(day);
        sql.push_str(&format!("; DROP TABLE shouwang_logs.{}", partition(day)));
        let mut tx = self.conn.begin().await?;
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql))
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    async fn drop_table(&mut self, day: NaiveDate) -> Result<(), PgLogsError> {
        let Some((oid, false)) = self.table(day).await? else {
            return Ok(());
        };
        // without good files it is not ours to remove
        if cold::of_table(&self.folder, day, oid)?.is_some_and(|(_, m)| m.verified) {
            self.execute(format!("DROP TABLE shouwang_logs.{}", partition(day)))
                .await?;
        }
        Ok(())
    }
}

/// SQL that takes a day's table out of the parent, and its counters with it.
fn taken_out(day: NaiveDate) -> String {
    let name = partition(day);
    let (from, to) = bounds(day);
    format!(
        "ALTER TABLE shouwang_logs.line DETACH PARTITION shouwang_logs.{name}; \
         DELETE FROM shouwang_logs.minute WHERE minute >= '{from}' AND minute < '{to}'; \
         DELETE FROM shouwang_logs.minute_level WHERE minute >= '{from}' AND minute < '{to}'"
    )
}

/// A role that is not there says that the schema is not; one that may not be taken, that rights lack.
fn no_owner(e: sqlx::Error) -> PgLogsError {
    let unknown = e
        .as_database_error()
        .is_some_and(|db| db.code().as_deref() == Some("22023"));
    if unknown {
        PgLogsError::NoSchema
    } else {
        PgLogsError::Database(e)
    }
}

/// lock_not_available and deadlock_detected.
fn waits_for_lock(e: &sqlx::Error) -> bool {
    e.as_database_error()
        .and_then(|db| db.code())
        .is_some_and(|code| code == "55P03" || code == "40P01")
}
