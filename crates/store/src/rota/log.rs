//! What was changed, and the handovers of the past.

use crate::load::read;
use crate::{Store, StoreError};
use model::rota::{ChangeId, Handover, RotaChange, RotaId};
use model::rota::{DutyNote, NoteId};
use sqlx::{QueryBuilder, Sqlite};

/// Rows of one page at most.
const PAGE: u32 = 500;

/// Which changes. What is left empty does not restrict.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangeQuery {
    /// Of one rota, and those of no rota in particular (people, calendars).
    pub rota: Option<RotaId>,
    /// Goes on behind this change.
    pub before: Option<ChangeId>,
    /// Changes wanted; 0 and more than 500 count as 500.
    pub limit: u32,
}

/// Which handovers. What is left empty does not restrict.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HandoverQuery {
    /// Of one rota.
    pub rota: Option<RotaId>,
    /// Of shifts that changed before this time, ms.
    pub before: Option<i64>,
    /// Only those that are not signed by both sides.
    pub unsigned: bool,
    /// Handovers wanted; 0 and more than 500 count as 500.
    pub limit: u32,
}

fn limit(wanted: u32) -> u32 {
    match wanted {
        0 => PAGE,
        n => n.min(PAGE),
    }
}

impl Store {
    /// Changes, newest first.
    ///
    /// # Errors
    /// From the database; [`StoreError::Unreadable`] for a row that cannot be read back.
    pub async fn rota_changes(&self, query: &ChangeQuery) -> Result<Vec<RotaChange>, StoreError> {
        let mut sql = QueryBuilder::<Sqlite>::new("SELECT id, body FROM rota_changes WHERE true");
        if let Some(rota) = &query.rota {
            sql.push(" AND (rota IS NULL OR rota = ")
                .push_bind(rota.0.clone())
                .push(")");
        }
        if let Some(before) = query.before {
            sql.push(" AND id < ").push_bind(before.0);
        }
        sql.push(" ORDER BY id DESC LIMIT ")
            .push_bind(limit(query.limit));
        self.rows_of("rota_changes", sql).await
    }

    /// One change, to undo it or to show it.
    ///
    /// # Errors
    /// From the database; [`StoreError::Unreadable`].
    pub async fn rota_change(&self, id: ChangeId) -> Result<Option<RotaChange>, StoreError> {
        let mut sql = QueryBuilder::<Sqlite>::new("SELECT id, body FROM rota_changes WHERE id = ");
        sql.push_bind(id.0);
        Ok(self.rows_of("rota_changes", sql).await?.pop())
    }

    /// One note of the duty record.
    ///
    /// # Errors
    /// From the database; [`StoreError::Unreadable`].
    pub async fn note(&self, id: NoteId) -> Result<Option<DutyNote>, StoreError> {
        let mut sql = QueryBuilder::<Sqlite>::new("SELECT id, body FROM duty_notes WHERE id = ");
        sql.push_bind(id.0);
        Ok(self.rows_of("duty_notes", sql).await?.pop())
    }

    /// Handovers, latest change of shift first.
    ///
    /// # Errors
    /// From the database; [`StoreError::Unreadable`] for a row that cannot be read back.
    pub async fn handovers(&self, query: &HandoverQuery) -> Result<Vec<Handover>, StoreError> {
        let mut sql = QueryBuilder::<Sqlite>::new("SELECT id, body FROM handovers WHERE true");
        if let Some(rota) = &query.rota {
            sql.push(" AND rota = ").push_bind(rota.0.clone());
        }
        if let Some(before) = query.before {
            sql.push(" AND at < ").push_bind(before);
        }
        if query.unsigned {
            sql.push(" AND signed = 0");
        }
        sql.push(" ORDER BY at DESC, id DESC LIMIT ")
            .push_bind(limit(query.limit));
        self.rows_of("handovers", sql).await
    }

    async fn rows_of<T: serde::de::DeserializeOwned>(
        &self,
        table: &'static str,
        mut sql: QueryBuilder<Sqlite>,
    ) -> Result<Vec<T>, StoreError> {
        let mut reader = self.reader().await?;
        let rows: Vec<(i64, String)> = sql
            .build_query_as()
            .fetch_all(&mut *reader)
            .await
            .map_err(|e| self.failed(&e))?;
        rows.iter()
            .map(|(id, body)| read(table, id, body))
            .collect()
    }
}
