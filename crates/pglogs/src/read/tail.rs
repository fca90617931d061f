//! What has arrived.
//!
//! In our own schema each insertion leaves a row in `batch` with its transaction. A mark is a snapshot: what was inserted since are the
//! batches that it could not see, also those of transactions that were under way when it was taken. In a table of others there is no
//! such thing: a mark is the last position, and what is written later with an earlier one is not seen.

use super::walk::{Wanted, is_decided};
use super::{MAX_BYTES, MAX_PAGE, Reader, row};
use crate::layout::{Layout, Sql};
use crate::predicate;
use futures::TryStreamExt as _;
use model::log::{Direction, LogLine, LogPosition, LogRange, LogTail, PageAsk, TailMark};
use source::{QueryFault, SourceError};
use sqlx::{PgConnection, Row as _};

/// Batches that are looked at at once; whoever asks each second sees a handful.
const MAX_BATCHES: i64 = 10_000;
/// Lines that are looked at at once.
const MAX_LINES: usize = 50_000;

/// What arrived since a mark.
struct Arrived {
    /// Transactions, as 32 bits as rows know them.
    xids: Vec<u32>,
    ids: (i64, i64),
    /// Microseconds.
    times: (i64, i64),
}

impl Reader {
    pub(super) async fn tail_of(
        &self,
        range: &LogRange,
        mark: Option<&TailMark>,
        limit: usize,
    ) -> Result<LogTail, SourceError> {
        predicate::check(&range.filter)?;
        let layout = self.layout().await?;
        if !layout.own {
            return self.tail_by_position(range, mark, limit).await;
        }
        if let Some(mark) = mark.filter(|m| !is_snapshot(&m.0)) {
            return Err(bad_mark(mark));
        }
        // one snapshot for the mark and for what is before it
        let mut tx = self
            .pool
            .begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            .await
            .map_err(|e| self.failed(&e))?;
        // what arrived is found by its numbers and then sorted; sessions do not sort otherwise
        let ask = "SELECT pg_current_snapshot()::text, set_config('enable_sort', 'on', true)";
        let now: String = sqlx::query_scalar(ask)
            .fetch_one(&mut *tx)
            .await
            .map_err(|e| self.failed(&e))?;
        let mut tail = LogTail {
            mark: TailMark(now),
            ..LogTail::default()
        };
        if let Some(mark) = mark
            && let Some(arrived) = self.arrived(&mut tx, mark).await?
        {
            self.lines_of(
                &mut tx,
                layout,
                range,
                &arrived,
                limit.min(MAX_PAGE),
                &mut tail,
            )
            .await?;
        }
        tx.rollback().await.map_err(|e| self.failed(&e))?;
        Ok(tail)
    }

    async fn arrived(
        &self,
        conn: &mut PgConnection,
        mark: &TailMark,
    ) -> Result<Option<Arrived>, SourceError> {
        let rows = sqlx::query(
            "SELECT xid::text, first_id, last_id, (extract(epoch FROM first_ts) * 1000000)::int8, (extract(epoch FROM last_ts) * 1000000)::int8 \
             FROM shouwang_logs.batch WHERE xid >= pg_snapshot_xmin($1::pg_snapshot) AND NOT pg_visible_in_snapshot(xid, $1::pg_snapshot) \
             ORDER BY xid DESC LIMIT $2",
        )
        .bind(&mark.0)
        .bind(MAX_BATCHES)
        .fetch_all(conn)
        .await
        .map_err(|e| self.failed(&e))?;
        let mut arrived: Option<Arrived> = None;
        for r in rows {
            let get = |i: usize| r.try_get::<i64, _>(i).map_err(|e| self.failed(&e));
            let xid: String = r.try_get(0).map_err(|e| self.failed(&e))?;
            // a row keeps the lower half of its transaction's number
            let xid = (xid.parse::<u64>().unwrap_or(0) & u64::from(u32::MAX)) as u32;
            let (first, last, from, to) = (get(1)?, get(2)?, get(3)?, get(4)?);
            let all = arrived.get_or_insert(Arrived {
                xids: Vec::new(),
                ids: (first, last),
                times: (from, to),
            });
            all.xids.push(xid);
            all.ids = (all.ids.0.min(first), all.ids.1.max(last));
            all.times = (all.times.0.min(from), all.times.1.max(to));
        }
        Ok(arrived)
    }

    async fn lines_of(
        &self,
        conn: &mut PgConnection,
        layout: &Layout,
        range: &LogRange,
        arrived: &Arrived,
        limit: usize,
        tail: &mut LogTail,
    ) -> Result<(), SourceError> {
        let decided = is_decided(layout, &range.filter);
        let mut sql = Sql::new(format!(
            "SELECT {}, count(*) OVER () FROM {} WHERE ",
            layout.select(true, true),
            layout.table
        ));
        sql.push("ts >= ");
        crate::layout::push_time(&mut sql, arrived.times.0);
        sql.push(" AND ts <= ");
        crate::layout::push_time(&mut sql, arrived.times.1);
        sql.push(" AND id BETWEEN ");
        sql.push_bind(arrived.ids.0);
        sql.push(" AND ");
        sql.push_bind(arrived.ids.1);
        let xids: Vec<String> = arrived.xids.iter().map(u32::to_string).collect();
        sql.push(format!(
            " AND xmin = ANY ('{{{}}}'::xid[]) AND ",
            xids.join(",")
        ));
        predicate::push(&mut sql, layout, &range.filter);
        let most = if decided { limit } else { MAX_LINES };
        sql.push(format!(
            " ORDER BY {} LIMIT {}",
            layout.order(Direction::Older),
            most.max(1)
        ));
        let mut rows = sql.build().fetch(conn);
        let (mut all, mut seen, mut bytes) = (0, 0, 0);
        while let Some(next) = rows.try_next().await.map_err(|e| self.failed(&e))? {
            let line: LogLine = row::line(layout, &next).map_err(|e| self.failed(&e))?;
            if seen == 0 {
                let counted: i64 = next.try_get(10).map_err(|e| self.failed(&e))?;
                all = u64::try_from(counted).unwrap_or(0);
            }
            seen += 1;
            if !decided && !logs::matches(&range.filter, &line) {
                all = all.saturating_sub(1);
                continue;
            }
            bytes += line.message.len() + 200;
            if tail.lines.len() < limit && bytes < MAX_BYTES {
                tail.lines.push(line);
            }
        }
        tail.left_out = all.saturating_sub(tail.lines.len() as u64);
        Ok(())
    }

    async fn tail_by_position(
        &self,
        range: &LogRange,
        mark: Option<&TailMark>,
        limit: usize,
    ) -> Result<LogTail, SourceError> {
        let Some(mark) = mark else {
            let newest = self.newest().await?;
            return Ok(LogTail {
                mark: write_position(newest),
                ..LogTail::default()
            });
        };
        let beyond = read_position(mark).ok_or_else(|| bad_mark(mark))?;
        let newest = self.newest().await?;
        let range = LogRange {
            from_ns: beyond.at_ns,
            to_ns: newest.at_ns.saturating_add(1),
            filter: range.filter.clone(),
        };
        let mut tail = LogTail {
            mark: write_position(newest.max(beyond)),
            ..LogTail::default()
        };
        let ask = PageAsk {
            beyond: Some(beyond),
            direction: Direction::Newer,
            limit: MAX_LINES,
        };
        let limit = limit.min(MAX_PAGE);
        let mut lines = std::collections::VecDeque::new();
        let mut last = None;
        let end = self
            .walk(&range, ask, Wanted::everything(MAX_LINES), |line| {
                last = Some(line.position);
                lines.push_front(line);
                if lines.len() > limit {
                    lines.pop_back();
                    tail.left_out += 1;
                }
                true
            })
            .await?;
        if end != super::walk::End::Complete {
            tail.mark = write_position(last.unwrap_or(beyond));
        }
        tail.lines = lines.into();
        Ok(tail)
    }

    /// Where a table of others ends now, as far as the clock: a line from the future must not hide all that come after it.
    async fn newest(&self) -> Result<LogPosition, SourceError> {
        let now = (self.clock)();
        let all = LogRange {
            from_ns: now.saturating_sub(super::walk::HOUR),
            to_ns: now.saturating_add(1),
            filter: model::log::Filter::All,
        };
        let mut found = LogPosition::before(now.saturating_sub(super::walk::HOUR));
        let wanted = Wanted {
            message: false,
            attrs: false,
            rows: 1,
        };
        self.walk(&all, PageAsk::default(), wanted, |line| {
            found = line.position;
            false
        })
        .await?;
        Ok(found)
    }
}

fn bad_mark(mark: &TailMark) -> SourceError {
    let shown: String = mark.0.chars().take(60).collect();
    SourceError::Query {
        fault: QueryFault::Invalid,
        message: format!("not a mark of this store: {shown}"),
    }
}

/// `xmin:xmax:xip,…` as PostgreSQL writes it.
fn is_snapshot(text: &str) -> bool {
    let number = |t: &str| t.len() < 21 && t.parse::<u64>().is_ok();
    let mut parts = text.split(':');
    let (Some(min), Some(max), Some(running), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    number(min) && number(max) && (running.is_empty() || running.split(',').all(number))
}

fn write_position(position: LogPosition) -> TailMark {
    TailMark(format!("{}/{}", position.at_ns, position.seq))
}

fn read_position(mark: &TailMark) -> Option<LogPosition> {
    let (at, seq) = mark.0.split_once('/')?;
    Some(LogPosition {
        at_ns: at.parse().ok()?,
        seq: seq.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_read_as_they_are_written_and_nothing_else_is() {
        assert!(is_snapshot("731:731:") && is_snapshot("10:20:10,14,15"));
        for bad in ["", "10:20", "10:20:x", "a:b:", "1:2:3:4", "1:2:3,"] {
            assert!(!is_snapshot(bad), "{bad}");
        }
        let at = LogPosition { at_ns: -5, seq: 7 };
        assert_eq!(read_position(&write_position(at)), Some(at));
        assert_eq!(read_position(&TailMark("731:731:".into())), None);
    }
}
