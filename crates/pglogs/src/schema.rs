//! Our schema: made, checked, its partitions.

use crate::PgLogsError;
use crate::connect::{Credentials, Options};
use chrono::{Days, NaiveDate};
use sqlx::{Connection as _, PgConnection};

/// Newest version of the schema that this program knows.
pub const VERSION: i32 = 2;
/// Oldest server that has what we use (`date_bin`).
const OLDEST_SERVER: i32 = 140_000;

const ROLES: &str = include_str!("../migrations/roles.sql");
const MIGRATIONS: &[(i32, &str)] = &[
    (1, include_str!("../migrations/0001_lines.sql")),
    (2, include_str!("../migrations/0002_levels.sql")),
];

/// All statements that make the schema in an empty database, for whoever runs them by hand.
pub fn script() -> String {
    let mut all = format!("{ROLES}\nBEGIN;\n");
    for (_, sql) in MIGRATIONS {
        all.push_str(sql);
    }
    all.push_str("COMMIT;\n");
    all
}

/// Makes the roles and the schema, or brings it up to date. Answers the versions that were applied, none when it was up to date.
///
/// `who` must be allowed to create roles and schemas; afterwards the login that maintains needs the role `shouwang_logs_owner` only.
///
/// # Errors
/// What is wrong with the server, or what it refused; then nothing was changed.
pub async fn prepare(options: &Options, who: &Credentials) -> Result<Vec<i32>, PgLogsError> {
    let mut conn = options.maintainer(who).await?;
    check_server(&mut conn).await?;
    let mut tx = conn.begin().await?;
    // two programs that prepare at once: the second finds it done
    sqlx::query("SELECT pg_advisory_xact_lock(hashtext('shouwang_logs.prepare'))")
        .execute(&mut *tx)
        .await?;
    let found = found_version(&mut tx).await?.unwrap_or(0);
    if found > VERSION {
        return Err(PgLogsError::NewerSchema {
            found,
            known: VERSION,
        });
    }
    if found == VERSION {
        return Ok(Vec::new());
    }
    sqlx::raw_sql(ROLES).execute(&mut *tx).await?;
    let mut applied = Vec::new();
    for (version, sql) in MIGRATIONS.iter().filter(|(v, _)| *v > found) {
        sqlx::raw_sql(*sql).execute(&mut *tx).await?;
        applied.push(*version);
    }
    tx.commit().await?;
    Ok(applied)
}

/// Whether the server is new enough and keeps texts as UTF-8.
pub(crate) async fn check_server(conn: &mut PgConnection) -> Result<(), PgLogsError> {
    let (number, version, encoding): (i32, String, String) = sqlx::query_as(
        "SELECT current_setting('server_version_num')::int, current_setting('server_version'), current_setting('server_encoding')",
    )
    .fetch_one(conn)
    .await?;
    if number < OLDEST_SERVER {
        return Err(PgLogsError::OldServer { found: version });
    }
    if encoding != "UTF8" {
        return Err(PgLogsError::Encoding { found: encoding });
    }
    Ok(())
}

async fn found_version(conn: &mut PgConnection) -> Result<Option<i32>, PgLogsError> {
    let there: bool =
        sqlx::query_scalar("SELECT to_regclass('shouwang_logs.migration') IS NOT NULL")
            .fetch_one(&mut *conn)
            .await?;
    if !there {
        return Ok(None);
    }
    Ok(
        sqlx::query_scalar("SELECT max(version) FROM shouwang_logs.migration")
            .fetch_one(conn)
            .await?,
    )
}

/// Whether our schema is there, in our version.
pub(crate) async fn check(conn: &mut PgConnection) -> Result<(), PgLogsError> {
    match found_version(conn).await? {
        None => Err(PgLogsError::NoSchema),
        Some(found) if found > VERSION => Err(PgLogsError::NewerSchema {
            found,
            known: VERSION,
        }),
        Some(found) if found < VERSION => Err(PgLogsError::OlderSchema {
            found,
            known: VERSION,
        }),
        Some(_) => Ok(()),
    }
}

/// A partition's name.
pub(crate) fn partition(day: NaiveDate) -> String {
    format!("line_{}", day.format("%Y%m%d"))
}

/// The day of a partition with this name.
pub(crate) fn day_of(partition: &str) -> Option<NaiveDate> {
    let digits = partition.strip_prefix("line_")?;
    (digits.len() == 8)
        .then(|| NaiveDate::parse_from_str(digits, "%Y%m%d").ok())
        .flatten()
}

/// Where a day begins and ends, as PostgreSQL reads it.
pub(crate) fn bounds(day: NaiveDate) -> (String, String) {
    let next = day.checked_add_days(Days::new(1)).unwrap_or(day);
    let text = |d: NaiveDate| format!("{} 00:00:00+00", d.format("%Y-%m-%d"));
    (text(day), text(next))
}

/// An index of a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Index {
    /// What follows the partition in its name.
    pub suffix: &'static str,
    /// What it is on.
    pub on: &'static str,
    /// Whether it is for searching, and goes when the partition is no longer hot.
    pub search: bool,
}

/// The indexes of a partition that is hot. None on words: finding a phrase reads the lines of the time asked for, because an index that
/// finds Chinese words of two characters costs more at each insertion than everything else together.
pub(crate) const INDEXES: [Index; 5] = [
    Index {
        suffix: "ts",
        on: "USING btree (ts)",
        search: false,
    },
    Index {
        suffix: "service",
        on: "USING btree (lower(service), level, ts)",
        search: true,
    },
    Index {
        suffix: "level",
        on: "USING btree (level, ts) WHERE level >= 4",
        search: true,
    },
    Index {
        suffix: "trace",
        on: "USING btree (lower(trace_id)) WHERE trace_id <> ''",
        search: true,
    },
    // a live tail finds the newest numbers with it; as large as some pages
    Index {
        suffix: "id",
        on: "USING brin (id) WITH (pages_per_range = 32)",
        search: true,
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_are_called_by_their_day() {
        let day = NaiveDate::from_ymd_opt(2026, 11, 30).expect("a day");
        assert_eq!(partition(day), "line_20261130");
        assert_eq!(day_of("line_20261130"), Some(day));
        assert_eq!(day_of("line_default"), None);
        assert_eq!(day_of("line_2026113"), None);
        assert_eq!(day_of("line_20261301"), None);
        assert_eq!(
            bounds(day),
            (
                "2026-11-30 00:00:00+00".into(),
                "2026-12-01 00:00:00+00".into()
            )
        );
    }

    #[test]
    fn migrations_are_numbered_without_gaps_and_say_their_number() {
        for (i, (version, sql)) in MIGRATIONS.iter().enumerate() {
            assert_eq!(usize::try_from(*version).ok(), Some(i + 1));
            assert!(sql.contains(&format!(
                "INSERT INTO shouwang_logs.migration (version) VALUES ({version})"
            )));
        }
        assert_eq!(MIGRATIONS.last().map(|m| m.0), Some(VERSION));
    }
}
