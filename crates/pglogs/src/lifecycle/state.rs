//! What there is.

use crate::PgLogsError;
use crate::cold;
use crate::schema::{INDEXES, day_of, partition};
use chrono::NaiveDate;
use serde::Serialize;
use sqlx::PgConnection;
use std::path::Path;

/// Partitions, lines without one, and files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct State {
    /// Tables of one day, the oldest first; also those that were taken out of the parent.
    pub partitions: Vec<Partition>,
    /// Days of lines that have no partition.
    pub default: Vec<DefaultDay>,
    /// Files of days, the oldest first.
    pub cold: Vec<ColdPart>,
    /// Folders of files whose manifest cannot be read, the oldest first.
    pub damaged: Vec<Damaged>,
    /// Folders that were cut off while they were written or removed.
    pub unfinished: Vec<Unfinished>,
}

/// A table of the lines of one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Partition {
    /// The day, UTC.
    pub day: NaiveDate,
    /// What the catalogue calls it; tells it from an earlier one of the same day.
    pub oid: u32,
    /// Whether it is a part of the table of lines.
    pub attached: bool,
    /// Lines, as the database estimates.
    pub lines: u64,
    /// Bytes on the disk with indexes.
    pub bytes: u64,
    /// Which of our indexes it has, whole.
    pub indexes: Vec<String>,
}

/// Lines of a day that has no partition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DefaultDay {
    /// The day, UTC.
    pub day: NaiveDate,
    /// How many.
    pub lines: u64,
}

/// Lines of a day in files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ColdPart {
    /// The day, UTC.
    pub day: NaiveDate,
    /// From 1; lines that came after the day was exported are in the next.
    pub part: u32,
    /// The table that they come from.
    pub oid: u32,
    /// How many.
    pub lines: u64,
    /// Bytes of the files.
    pub bytes: u64,
    /// Whether they were read back and found good.
    pub verified: bool,
}

/// Files of a day that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Damaged {
    /// The day by the folder's name, UTC.
    pub day: NaiveDate,
    /// Which of the day's folders.
    pub part: u32,
    /// What is wrong, for people who repair it.
    pub detail: String,
}

/// What a step that was cut off left of a day's folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unfinished {
    /// The day by the folder's name, UTC.
    pub day: NaiveDate,
    /// Which of the day's folders.
    pub part: u32,
}

/// A table: its name, the catalogue's number for it, whether it is attached, lines, bytes, and its good indexes.
type TableRow = (String, i64, bool, i64, i64, Vec<String>);

/// Looks at the database and at the folder of files.
pub(crate) async fn look(conn: &mut PgConnection, folder: &Path) -> Result<State, PgLogsError> {
    let rows: Vec<TableRow> = sqlx::query_as(
        "SELECT c.relname::text, c.oid::int8, EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = c.oid), \
         greatest(c.reltuples, 0)::int8, pg_total_relation_size(c.oid), \
         ARRAY(SELECT x.relname::text FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid WHERE i.indrelid = c.oid AND i.indisvalid ORDER BY 1) \
         FROM pg_class c WHERE c.relnamespace = 'shouwang_logs'::regnamespace AND c.relkind = 'r' AND c.relname LIKE 'line\\_%' ORDER BY 1",
    )
    .fetch_all(&mut *conn)
    .await?;
    let mut state = State::default();
    for (name, oid, attached, lines, bytes, indexes) in rows {
        let Some(day) = day_of(&name) else { continue };
        let has = |suffix: &str| {
            indexes
                .iter()
                .any(|i| *i == format!("{}_{suffix}", partition(day)))
        };
        state.partitions.push(Partition {
            day,
            oid: u32::try_from(oid).unwrap_or(0),
            attached,
            lines: u64::try_from(lines).unwrap_or(0),
            bytes: u64::try_from(bytes).unwrap_or(0),
            indexes: INDEXES
                .iter()
                .filter(|i| has(i.suffix))
                .map(|i| i.suffix.to_owned())
                .collect(),
        });
    }
    let days: Vec<(NaiveDate, i64)> = sqlx::query_as(
        "SELECT (ts AT TIME ZONE 'UTC')::date, count(*) FROM shouwang_logs.line_default GROUP BY 1 ORDER BY 1",
    )
    .fetch_all(conn)
    .await?;
    state.default = days
        .into_iter()
        .map(|(day, lines)| DefaultDay {
            day,
            lines: u64::try_from(lines).unwrap_or(0),
        })
        .collect();
    let found = cold::survey(folder)?;
    let damaged = |(day, part, e): (NaiveDate, u32, PgLogsError)| Damaged {
        day,
        part,
        detail: e.to_string(),
    };
    state.damaged = found.damaged.into_iter().map(damaged).collect();
    let unfinished = |(day, part)| Unfinished { day, part };
    state.unfinished = found.unfinished.into_iter().map(unfinished).collect();
    state.cold = found
        .parts
        .into_iter()
        .map(|(_, manifest)| ColdPart {
            day: manifest.day,
            part: manifest.part,
            oid: manifest.oid,
            lines: manifest.lines,
            bytes: manifest.files.iter().map(|f| f.bytes).sum(),
            verified: manifest.verified,
        })
        .collect();
    Ok(state)
}
