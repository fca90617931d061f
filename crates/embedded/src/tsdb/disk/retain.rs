//! Retention: what is too old leaves the file, and what makes it too large.

use super::FileOptions;
use crate::tsdb::series::{BUCKET_MS, bucket};
use sqlx::sqlite::SqliteConnection;

/// Buckets deleted for their size in one round; the next round goes on.
const BUCKETS_A_ROUND: usize = 64;

/// Pages given back to the file system in one round (100 MiB), so that a round never takes long.
const PAGES_A_ROUND: i64 = 25_600;

/// What a round left.
pub(super) struct Retained {
    /// Nothing earlier than this is in the file.
    pub(super) oldest: i64,
    /// Bytes in use.
    pub(super) bytes: u64,
}

/// Deletes what is older than `oldest` and then the oldest buckets until the file is as small as it may be.
pub(super) async fn retain(
    conn: &mut SqliteConnection,
    file: &FileOptions,
    oldest: i64,
) -> Result<Retained, sqlx::Error> {
    let mut first = bucket(oldest.max(0));
    let mut deleted = delete_before(conn, first).await?;
    let mut bytes = used(conn).await?;
    for _ in 0..BUCKETS_A_ROUND {
        if bytes <= file.max_bytes {
            break;
        }
        let Some(key) = sqlx::query_scalar::<_, Option<i64>>("SELECT min(id) FROM chunks")
            .fetch_one(&mut *conn)
            .await?
        else {
            break;
        };
        first = (key >> 32) + 1;
        deleted += delete_before(conn, first).await?;
        bytes = used(conn).await?;
    }
    if deleted > 0 {
        vacuum(conn).await?;
    }
    Ok(Retained {
        oldest: oldest.max(first * BUCKET_MS),
        bytes,
    })
}

async fn delete_before(conn: &mut SqliteConnection, bucket: i64) -> Result<u64, sqlx::Error> {
    let done = sqlx::query("DELETE FROM chunks WHERE id < ?1")
        .bind(bucket << 32)
        .execute(conn)
        .await?;
    Ok(done.rows_affected())
}

/// Forgets series. Their chunks are gone already.
pub(super) async fn forget(conn: &mut SqliteConnection, keys: &[i64]) -> Result<(), sqlx::Error> {
    let keys = serde_json::to_string(keys).map_err(|e| sqlx::Error::Encode(e.into()))?;
    sqlx::query("DELETE FROM series WHERE id IN (SELECT value FROM json_each(?1))")
        .bind(keys)
        .execute(conn)
        .await?;
    Ok(())
}

async fn used(conn: &mut SqliteConnection) -> Result<u64, sqlx::Error> {
    let number =
        async |conn: &mut SqliteConnection, pragma: &'static str| -> Result<i64, sqlx::Error> {
            sqlx::query_scalar(pragma).fetch_one(conn).await
        };
    let pages =
        number(conn, "PRAGMA page_count").await? - number(conn, "PRAGMA freelist_count").await?;
    let bytes = pages.saturating_mul(number(conn, "PRAGMA page_size").await?);
    Ok(u64::try_from(bytes).unwrap_or(0))
}

async fn vacuum(conn: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    let sql = format!("PRAGMA incremental_vacuum({PAGES_A_ROUND})");
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql))
        .execute(&mut *conn)
        .await?;
    sqlx::raw_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        .execute(conn)
        .await?;
    Ok(())
}
