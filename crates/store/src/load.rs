//! What an engine needs to go on after a start.

use crate::{Store, StoreError};
use futures::TryStreamExt;
use model::duty::{AlertId, MuteId, Snapshot};
use serde::de::DeserializeOwned;
use sqlx::sqlite::SqliteConnection;
use std::fmt::Display;

/// How long ago an episode may have ended and still be loaded: it can be reopened, and counts for flapping.
pub const RECENT_MS: i64 = 30 * 60 * 1000;

/// A row's JSON.
pub(crate) fn read<T: DeserializeOwned>(
    table: &'static str,
    key: impl Display,
    body: &str,
) -> Result<T, StoreError> {
    serde_json::from_str(body).map_err(|e| StoreError::Unreadable {
        table,
        key: key.to_string(),
        detail: e.to_string(),
    })
}

/// All rows of a statement that gives key and JSON, with values for its two parameters.
async fn rows<T: DeserializeOwned>(
    conn: &mut SqliteConnection,
    store: &Store,
    table: &'static str,
    sql: &'static str,
    now: i64,
) -> Result<Vec<T>, StoreError> {
    let mut out = Vec::new();
    let mut rows = sqlx::query_as::<_, (i64, String)>(sql)
        .bind(now)
        .fetch(conn);
    while let Some((key, body)) = rows.try_next().await.map_err(|e| store.failed(&e))? {
        out.push(read(table, key, &body)?);
    }
    Ok(out)
}

impl Store {
    /// What was kept and still matters: open episodes, those that ended within [`RECENT_MS`] before `now`, those that were closed by hand while
    /// a source still reports them, notices that are not done, mutes that have not ended. Episodes, notices and mutes in the order in which
    /// they came to be.
    ///
    /// # Errors
    /// From the database; [`StoreError::Unreadable`] for a row that cannot be read back.
    pub async fn load(&self, now: i64) -> Result<Snapshot, StoreError> {
        let mut reader = self.reader().await?;
        let loaded = self.load_from(&mut reader, now).await;
        if loaded.is_err() {
            reader.discard();
        }
        loaded
    }

    async fn load_from(
        &self,
        reader: &mut SqliteConnection,
        now: i64,
    ) -> Result<Snapshot, StoreError> {
        let failed = |e: sqlx::Error| self.failed(&e);
        // one view of all tables
        let mut tx = sqlx::Connection::begin(reader).await.map_err(failed)?;
        let conn = &mut *tx;
        let (alive_at, last_alert, last_mute): (Option<i64>, i64, i64) =
            sqlx::query_as("SELECT alive_at, last_alert, last_mute FROM desk")
                .fetch_one(&mut *conn)
                .await
                .map_err(failed)?;
        let alerts = "SELECT id, body FROM alerts WHERE id IN (\
             SELECT id FROM alerts WHERE resolved_at IS NULL \
             UNION SELECT id FROM alerts WHERE resolved_at >= $1 \
             UNION SELECT id FROM alerts WHERE lingers = 1) ORDER BY id";
        let since = now.saturating_sub(RECENT_MS);
        let alerts = rows(conn, self, "alerts", alerts, since).await?;
        let notices = "SELECT number, body FROM notices WHERE open = 1 ORDER BY number";
        let notices = rows(conn, self, "notices", notices, now).await?;
        let last_notice = "SELECT coalesce(max(number), 0) FROM notices";
        let last_notice: i64 = sqlx::query_scalar(last_notice)
            .fetch_one(&mut *conn)
            .await
            .map_err(failed)?;
        let mutes = "SELECT id, body FROM mutes WHERE ends_at > $1 ORDER BY id";
        let mutes = rows(conn, self, "mutes", mutes, now).await?;
        tx.rollback().await.map_err(failed)?; // nothing was written
        Ok(Snapshot {
            alerts,
            notices,
            mutes,
            last_alert: AlertId(last_alert),
            last_mute: MuteId(last_mute),
            last_notice: last_notice.unsigned_abs(),
            alive_at,
        })
    }
}
