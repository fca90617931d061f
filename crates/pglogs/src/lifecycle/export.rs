//! From a partition into files.

use super::maintain::{Progress, Told};
use crate::PgLogsError;
use crate::cold::Files;
use crate::layout::Layout;
use crate::read::row;
use crate::schema::partition;
use chrono::NaiveDate;
use futures::TryStreamExt as _;
use model::log::Direction;
use sqlx::PgConnection;
use std::path::Path;

/// Lines between two words about how far it is.
const TELL_EVERY: u64 = 20_000;

/// Writes all lines of a day's table in their order. The folder gets its name at the very end: one that is cut off is found by its
/// temporary name and removed.
pub(super) async fn export(
    conn: &mut PgConnection,
    folder: &Path,
    (day, oid): (NaiveDate, u32),
    now_ns: i64,
    told: Told<'_>,
) -> Result<(), PgLogsError> {
    let table = format!("shouwang_logs.{}", partition(day));
    let of: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}")))
        .fetch_one(&mut *conn)
        .await?;
    let of = u64::try_from(of).unwrap_or(0);
    let layout = Layout {
        table,
        ..Layout::own()
    };
    let sql = format!(
        "SELECT {} FROM {} ORDER BY {}",
        layout.select(true, true),
        layout.table,
        layout.order(Direction::Newer)
    );
    let mut files = Files::begin(folder, day, oid)?;
    let mut rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch(conn);
    let mut lines = 0;
    while let Some(next) = rows.try_next().await? {
        files.add(&row::line(&layout, &next)?)?;
        lines += 1;
        if lines % TELL_EVERY == 0 {
            told(Progress { lines, of });
        }
    }
    files.finish(now_ns)?;
    told(Progress { lines, of: lines });
    Ok(())
}
