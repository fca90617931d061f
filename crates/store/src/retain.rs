//! Forgetting what ended long ago. The audit log is never shortened.

use crate::{Store, StoreError};
use sqlx::sqlite::SqliteConnection;

/// Rows of one piece. Between pieces others may write: an acknowledgement never waits for more than one.
const PIECE: i64 = 200;

/// What was forgotten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Episodes, with their timelines.
    pub alerts: u64,
    /// Notices that were about these alone, and old ones about nothing.
    pub notices: u64,
    /// Silences and maintenance windows.
    pub mutes: u64,
    /// Notes of the duty record.
    pub notes: u64,
    /// Handovers.
    pub handovers: u64,
    /// Lines of the rota's log that are about notes and handovers alone.
    pub changes: u64,
}

impl Pruned {
    fn is_nothing(self) -> bool {
        self == Self::default()
    }
}

impl Store {
    /// Forgets episodes that ended before `before`, notices of that time that are done and about nothing that is kept, and mutes that ended
    /// before it; also notes of the duty record and handovers of that time, with the log's lines about them. Episodes that were closed by
    /// hand while a source still reports them stay, and so do people, rotas, absences, overrides and swaps with all of their changes. The file
    /// does not shrink; its room is used again.
    ///
    /// # Errors
    /// From the database. What was forgotten until then stays forgotten.
    pub async fn prune(&self, before: i64) -> Result<Pruned, StoreError> {
        let mut all = Pruned::default();
        loop {
            let piece = {
                let mut writer = self.writer().await?;
                let failed = |e: sqlx::Error| self.failed(&e);
                writer.begin().await.map_err(failed)?;
                let done = piece(&mut writer.conn, before).await;
                writer.end(done).await.map_err(failed)?
            };
            if piece.is_nothing() {
                return Ok(all);
            }
            all.alerts = all.alerts.saturating_add(piece.alerts);
            all.notices = all.notices.saturating_add(piece.notices);
            all.mutes = all.mutes.saturating_add(piece.mutes);
            all.notes = all.notes.saturating_add(piece.notes);
            all.handovers = all.handovers.saturating_add(piece.handovers);
            all.changes = all.changes.saturating_add(piece.changes);
            tokio::task::yield_now().await;
        }
    }
}

async fn piece(conn: &mut SqliteConnection, before: i64) -> Result<Pruned, sqlx::Error> {
    let ids: Vec<i64> = sqlx::query_scalar(
        "SELECT id FROM alerts WHERE resolved_at < $1 AND lingers = 0 ORDER BY resolved_at LIMIT $2",
    )
    .bind(before)
    .bind(PIECE)
    .fetch_all(&mut *conn)
    .await?;
    for id in &ids {
        sqlx::query("DELETE FROM notice_alerts WHERE alert = $1")
            .bind(id)
            .execute(&mut *conn)
            .await?;
        sqlx::query("DELETE FROM involved WHERE alert = $1")
            .bind(id)
            .execute(&mut *conn)
            .await?;
        sqlx::query("DELETE FROM alerts WHERE id = $1")
            .bind(id)
            .execute(&mut *conn)
            .await?;
    }
    let notices = sqlx::query(
        "DELETE FROM notices WHERE number IN (SELECT number FROM notices n WHERE created_at < $1 AND open = 0 \
         AND NOT EXISTS (SELECT 1 FROM notice_alerts a WHERE a.notice = n.number) LIMIT $2)",
    )
    .bind(before)
    .bind(PIECE)
    .execute(&mut *conn)
    .await?
    .rows_affected();
    let mutes = sqlx::query(
        "DELETE FROM mutes WHERE id IN (SELECT id FROM mutes WHERE ends_at < $1 LIMIT $2)",
    )
    .bind(before)
    .bind(PIECE)
    .execute(&mut *conn)
    .await?
    .rows_affected();
    let (notes, handovers, changes) = crate::rota::piece(conn, before, PIECE).await?;
    Ok(Pruned {
        alerts: ids.len() as u64,
        notices,
        mutes,
        notes,
        handovers,
        changes,
    })
}
