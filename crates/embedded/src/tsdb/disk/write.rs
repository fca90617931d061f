//! Writing what the file has not got yet, in one transaction.

use crate::tsdb::Shared;
use crate::tsdb::metadata::Metadata;
use crate::tsdb::series::{MemSeries, Saved, bucket};
use hashbrown::HashMap;
use sqlx::sqlite::{Sqlite, SqliteConnection};
use sqlx::{Connection, QueryBuilder};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Series looked at before their chunks are handed to SQLite: bounds the copies that a flush holds.
const GROUP: usize = 1024;

/// Rows of one INSERT. One statement for each row costs four times as much.
const ROWS: usize = 128;

/// Chunk keys given so far, by bucket.
#[derive(Default)]
pub(super) struct Keys(BTreeMap<i64, i64>);

impl Keys {
    async fn next(&mut self, conn: &mut SqliteConnection, bucket: i64) -> Result<i64, sqlx::Error> {
        if let Some(last) = self.0.get_mut(&bucket) {
            *last += 1;
            return Ok(*last);
        }
        let used: Option<i64> =
            sqlx::query_scalar("SELECT max(id) FROM chunks WHERE id >= ?1 AND id < ?2")
                .bind(bucket << 32)
                .bind((bucket + 1) << 32)
                .fetch_one(conn)
                .await?;
        let next = used.unwrap_or(bucket << 32) + 1;
        self.0.insert(bucket, next);
        while self.0.len() > 16 {
            self.0.pop_first();
        }
        Ok(next)
    }
}

struct Row {
    key: i64,
    series: i64,
    start: i64,
    end: i64,
    count: u16,
    bytes: Vec<u8>,
}

/// What is true of a chunk once the transaction is in the file.
struct Mark {
    series: Arc<MemSeries>,
    start: i64,
    saved: Saved,
}

/// Writes all series, chunks and metadata that are not in the file. On an error nothing was written, and the next
/// call tries the same again.
pub(super) async fn flush(
    conn: &mut SqliteConnection,
    shared: &Shared,
    keys: &mut Keys,
    written: &mut HashMap<String, Metadata>,
) -> Result<(), sqlx::Error> {
    let all = shared.head.read().all();
    let mut tx = conn.begin().await?;
    let mut marks: Vec<Mark> = Vec::new();
    for group in all.chunks(GROUP) {
        let mut rows: Vec<Row> = Vec::new();
        let mut new: Vec<(i64, String)> = Vec::new();
        for series in group {
            let before = rows.len();
            let in_file = pending(series, &mut rows);
            for row in rows.iter_mut().skip(before) {
                if row.key == 0 {
                    row.key = keys.next(&mut tx, bucket(row.start)).await?;
                }
                let saved = Saved {
                    key: row.key,
                    samples: row.count,
                };
                marks.push(Mark {
                    series: series.clone(),
                    start: row.start,
                    saved,
                });
            }
            if rows.len() > before && !in_file {
                let labels = serde_json::to_string(&series.labels)
                    .map_err(|e| sqlx::Error::Encode(e.into()))?;
                new.push((series.key, labels));
            }
        }
        insert_series(&mut tx, &new).await?;
        insert_chunks(&mut tx, &mut rows).await?;
    }
    let metadata = changed_metadata(shared, written);
    insert_metadata(&mut tx, &metadata).await?;
    tx.commit().await?;
    for mark in marks {
        mark.series.state.lock().mark_saved(mark.start, mark.saved);
    }
    written.extend(metadata);
    Ok(())
}

/// Copies the chunks that have samples which the file has not got; answers whether the file knows the series.
fn pending(series: &MemSeries, rows: &mut Vec<Row>) -> bool {
    let state = series.state.lock();
    for c in state.closed.iter().filter(|c| c.saved.samples < c.count) {
        let bytes = c.bytes.to_vec();
        rows.push(Row {
            key: c.saved.key,
            series: series.key,
            start: c.start,
            end: c.end,
            count: c.count,
            bytes,
        });
    }
    if let Some(open) = state
        .open
        .as_ref()
        .filter(|o| state.open_saved.samples < o.count())
    {
        rows.push(Row {
            key: state.open_saved.key,
            series: series.key,
            start: open.start(),
            end: open.end(),
            count: open.count(),
            bytes: open.bytes().to_vec(),
        });
    }
    state.in_file
}

async fn insert_series(
    conn: &mut SqliteConnection,
    new: &[(i64, String)],
) -> Result<(), sqlx::Error> {
    for part in new.chunks(ROWS) {
        let mut sql = QueryBuilder::<Sqlite>::new("INSERT OR REPLACE INTO series (id, labels) ");
        sql.push_values(part, |mut row, (key, labels)| {
            row.push_bind(key).push_bind(labels);
        });
        sql.build().execute(&mut *conn).await?;
    }
    Ok(())
}

async fn insert_chunks(conn: &mut SqliteConnection, rows: &mut [Row]) -> Result<(), sqlx::Error> {
    for part in rows.chunks_mut(ROWS) {
        let mut sql = QueryBuilder::<Sqlite>::new(
            "INSERT INTO chunks (id, series_id, start_ms, end_ms, count, data) ",
        );
        sql.push_values(part, |mut row, r| {
            row.push_bind(r.key)
                .push_bind(r.series)
                .push_bind(r.start)
                .push_bind(r.end)
                .push_bind(r.count);
            row.push_bind(std::mem::take(&mut r.bytes));
        });
        // a chunk that still grows is written again under its key
        sql.push(" ON CONFLICT (id) DO UPDATE SET end_ms = excluded.end_ms, count = excluded.count, data = excluded.data");
        sql.build().execute(&mut *conn).await?;
    }
    Ok(())
}

fn changed_metadata(
    shared: &Shared,
    written: &HashMap<String, Metadata>,
) -> Vec<(String, Metadata)> {
    let all = shared.metadata.read();
    let changed = all
        .iter()
        .filter(|(name, m)| written.get(*name) != Some(*m));
    changed.map(|(name, m)| (name.clone(), m.clone())).collect()
}

async fn insert_metadata(
    conn: &mut SqliteConnection,
    changed: &[(String, Metadata)],
) -> Result<(), sqlx::Error> {
    for (metric, metadata) in changed {
        let body = serde_json::to_string(metadata).map_err(|e| sqlx::Error::Encode(e.into()))?;
        sqlx::query("INSERT OR REPLACE INTO metadata (metric, body) VALUES (?1, ?2)")
            .bind(metric)
            .bind(body)
            .execute(&mut *conn)
            .await?;
    }
    Ok(())
}
