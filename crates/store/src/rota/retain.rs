//! Forgetting old notes and handovers, and the changes that are about nothing else.

use sqlx::sqlite::SqliteConnection;

/// One piece: notes written before `before`, handovers of shifts that changed before it (the latest of each rota stays), and log lines of that
/// time that are about such things alone. Answers the numbers of notes, handovers and lines.
pub(crate) async fn piece(
    conn: &mut SqliteConnection,
    before: i64,
    rows: i64,
) -> Result<(u64, u64, u64), sqlx::Error> {
    let notes = sqlx::query(
        "DELETE FROM duty_notes WHERE id IN (SELECT id FROM duty_notes WHERE at < $1 LIMIT $2)",
    )
    .bind(before)
    .bind(rows)
    .execute(&mut *conn)
    .await?
    .rows_affected();
    let handovers = sqlx::query(
        "DELETE FROM handovers WHERE id IN (SELECT id FROM handovers h WHERE at < $1 AND EXISTS \
         (SELECT 1 FROM handovers n WHERE n.rota = h.rota AND (n.at, n.id) > (h.at, h.id)) LIMIT $2)",
    )
    .bind(before)
    .bind(rows)
    .execute(&mut *conn)
    .await?
    .rows_affected();
    let changes = sqlx::query(
        "DELETE FROM rota_changes WHERE id IN (SELECT id FROM rota_changes WHERE kept = 0 AND at < $1 LIMIT $2)",
    )
    .bind(before)
    .bind(rows)
    .execute(&mut *conn)
    .await?
    .rows_affected();
    Ok((notes, handovers, changes))
}
