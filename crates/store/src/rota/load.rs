//! The book, as an engine needs it at the start.

use crate::load::read;
use crate::{Store, StoreError};
use futures::TryStreamExt;
use model::rota::Book;
use serde::de::DeserializeOwned;
use sqlx::sqlite::SqliteConnection;
use std::sync::Arc;

/// All rows of a statement that gives key (as text) and JSON.
async fn rows<T: DeserializeOwned>(
    conn: &mut SqliteConnection,
    store: &Store,
    table: &'static str,
    sql: &'static str,
) -> Result<Vec<T>, StoreError> {
    let mut out = Vec::new();
    let mut rows = sqlx::query_as::<_, (String, String)>(sql).fetch(conn);
    while let Some((key, body)) = rows.try_next().await.map_err(|e| store.failed(&e))? {
        out.push(read(table, key, &body)?);
    }
    Ok(out)
}

impl Store {
    /// Everything that decides who is on duty: people, rotas, calendars, every absence, override and swap, the handovers of the week before the
    /// last change and the latest of each rota.
    ///
    /// # Errors
    /// From the database; [`StoreError::Unreadable`] for a row that cannot be read back.
    pub async fn load_rota(&self) -> Result<Book, StoreError> {
        let mut reader = self.reader().await?;
        let loaded = self.book_from(&mut reader).await;
        if loaded.is_err() {
            reader.discard();
        }
        loaded
    }

    async fn book_from(&self, reader: &mut SqliteConnection) -> Result<Book, StoreError> {
        let failed = |e: sqlx::Error| self.failed(&e);
        // one view of all tables
        let mut tx = sqlx::Connection::begin(reader).await.map_err(failed)?;
        let conn = &mut *tx;
        let mut book = Book {
            last_id: sqlx::query_scalar("SELECT last_rota FROM desk")
                .fetch_one(&mut *conn)
                .await
                .map_err(failed)?,
            ..Book::default()
        };
        for m in rows::<model::rota::Member>(conn, self, "members", "SELECT id, body FROM members")
            .await?
        {
            book.members.insert(m.id.clone(), Arc::new(m));
        }
        for r in
            rows::<model::rota::Rota>(conn, self, "rotas", "SELECT id, body FROM rotas").await?
        {
            book.rotas.insert(r.id.clone(), Arc::new(r));
        }
        let sql = "SELECT id, body FROM calendars";
        for c in rows::<model::rota::Calendar>(conn, self, "calendars", sql).await? {
            book.calendars.insert(c.id.clone(), Arc::new(c));
        }
        let sql = "SELECT CAST(id AS TEXT), body FROM absences";
        for a in rows::<model::rota::Absence>(conn, self, "absences", sql).await? {
            book.absences.insert(a.id, Arc::new(a));
        }
        let sql = "SELECT CAST(id AS TEXT), body FROM overrides";
        for o in rows::<model::rota::Override>(conn, self, "overrides", sql).await? {
            book.overrides.insert(o.id, Arc::new(o));
        }
        let sql = "SELECT CAST(id AS TEXT), body FROM swaps";
        for s in rows::<model::rota::Swap>(conn, self, "swaps", sql).await? {
            book.swaps.insert(s.id, Arc::new(s));
        }
        // as the engine forgets them
        let sql = "SELECT CAST(id AS TEXT), body FROM handovers h WHERE at >= \
             (SELECT at FROM rota_changes ORDER BY id DESC LIMIT 1) - 7 * 86400000 \
             OR NOT EXISTS (SELECT 1 FROM handovers n WHERE n.rota = h.rota AND n.at > h.at)";
        for h in rows::<model::rota::Handover>(conn, self, "handovers", sql).await? {
            book.handovers.insert(h.id, Arc::new(h));
        }
        tx.rollback().await.map_err(failed)?; // nothing was written
        Ok(book)
    }
}
