//! How many lines: histogram and count, from the counters of each minute where they know, else from the lines.

use super::Reader;
use super::walk::{End, HOUR, Wanted, Windows, push_between};
use crate::layout::{Layout, Sql, split};
use crate::predicate::{self, counters};
use futures::TryStreamExt as _;
use model::log::{Counted, Direction, Histogram, LogLevel, LogRange, PageAsk};
use source::{QueryFault, SourceError};

const MINUTE: i64 = 60_000_000_000;
/// Buckets that a histogram may have.
const MAX_BUCKETS: i64 = 100_000;
/// Rows at a time where lines have to be looked at here.
const ROWS: usize = 20_000;

/// A range as whole minutes and what is left on either side.
pub(super) struct Minutes {
    /// Whole minutes, ns; empty when `from >= to`.
    pub whole: (i64, i64),
    /// The rest.
    pub edges: Vec<(i64, i64)>,
}

impl Minutes {
    pub fn of(from: i64, to: i64) -> Self {
        let floor = |t: i64| t.saturating_sub(t.rem_euclid(MINUTE));
        let (begin, end) = (floor(from.saturating_add(MINUTE - 1)), floor(to));
        if begin >= end {
            return Self {
                whole: (from, from),
                edges: Vec::from_iter((from < to).then_some((from, to))),
            };
        }
        let edges = [(from, begin), (end, to)];
        Self {
            whole: (begin, end),
            edges: edges.into_iter().filter(|(a, b)| a < b).collect(),
        }
    }
}

impl Reader {
    pub(super) async fn histogram_of(
        &self,
        range: &LogRange,
        step_ns: i64,
    ) -> Result<Histogram, SourceError> {
        predicate::check(&range.filter)?;
        let invalid = |message: &str| SourceError::Query {
            fault: QueryFault::Invalid,
            message: message.to_owned(),
        };
        if step_ns <= 0 || range.from_ns >= range.to_ns {
            return Err(invalid("a step above 0 and a range that is not empty"));
        }
        let start_ns = range
            .from_ns
            .saturating_sub(range.from_ns.rem_euclid(step_ns));
        let last = (range.to_ns - 1).saturating_sub(start_ns) / step_ns;
        if last >= MAX_BUCKETS {
            return Err(invalid("at most 100,000 buckets"));
        }
        let mut histogram = Histogram {
            start_ns,
            step_ns,
            counts: vec![[0; 7]; usize::try_from(last + 1).unwrap_or(0)],
            exact: true,
        };
        let layout = self.layout().await?;
        if layout.own && step_ns % MINUTE == 0 && predicate::counted(&range.filter) {
            let minutes = Minutes::of(range.from_ns, range.to_ns);
            self.of_minutes(range, minutes.whole, &mut histogram)
                .await?;
            for edge in minutes.edges {
                self.of_lines(layout, range, edge, &mut histogram).await?;
            }
            return Ok(histogram);
        }
        let deadline = self.deadline();
        let (mut from, mut to) = (range.from_ns, range.to_ns);
        if to.saturating_sub(from) > 72 * HOUR {
            (from, to) = self.clip(layout, from, to).await?;
        }
        for window in Windows::new(from, to, HOUR, Direction::Older) {
            if tokio::time::Instant::now() > deadline {
                histogram.exact = false;
                break;
            }
            match self.of_lines(layout, range, window, &mut histogram).await {
                Ok(true) => {}
                Ok(false) | Err(SourceError::Timeout { .. }) => {
                    histogram.exact = false;
                    break;
                }
                Err(e) => return Err(e),
            }
        }
        Ok(histogram)
    }

    /// Adds what the counters say about whole minutes.
    async fn of_minutes(
        &self,
        range: &LogRange,
        (from, to): (i64, i64),
        into: &mut Histogram,
    ) -> Result<(), SourceError> {
        if from >= to {
            return Ok(());
        }
        let mut sql = Sql::new("SELECT (extract(epoch FROM date_bin(");
        sql.push_bind(into.step_ns / 1_000_000_000);
        sql.push(" * interval '1 second', minute, ");
        crate::layout::push_time(&mut sql, split(into.start_ns).0);
        sql.push("))::int8 - ");
        sql.push_bind(into.start_ns / 1_000_000_000);
        sql.push(") / ");
        sql.push_bind(into.step_ns / 1_000_000_000);
        sql.push(format!(
            ", level, sum(lines)::int8 FROM (SELECT minute, level, sum(lines) AS lines FROM {} WHERE ",
            counters(&range.filter)
        ));
        push_between(&mut sql, "minute", split(from).0, split(to).0);
        sql.push(" AND ");
        predicate::push(&mut sql, &Layout::own(), &range.filter);
        sql.push(" GROUP BY 1, 2) m GROUP BY 1, 2");
        let rows: Vec<(i64, i16, i64)> = sql
            .build_query_as()
            .fetch_all(&self.pool)
            .await
            .map_err(|e| self.failed(&e))?;
        for (bucket, level, lines) in rows {
            add(into, bucket, level, lines);
        }
        Ok(())
    }

    /// Adds the lines of a window; false when there was no time for all of them.
    async fn of_lines(
        &self,
        layout: &Layout,
        range: &LogRange,
        (from, to): (i64, i64),
        into: &mut Histogram,
    ) -> Result<bool, SourceError> {
        if !in_sql(layout, range) {
            let (start, step) = (into.start_ns, into.step_ns);
            return self
                .look_at(range, (from, to), |at_ns, level| {
                    let column = i16::try_from(Histogram::column(level)).unwrap_or(0);
                    add(into, at_ns.saturating_sub(start) / step, column, 1);
                })
                .await;
        }
        let level = match &layout.level {
            crate::layout::Level::Code(c) => c.as_str(),
            crate::layout::Level::Word(_) | crate::layout::Level::None => "0::int2",
        };
        let mut sql = Sql::new(format!("SELECT ({} - ", layout.time_ns()));
        sql.push_bind(into.start_ns);
        sql.push(") / ");
        sql.push_bind(into.step_ns);
        sql.push(format!(", {level}, count(*) FROM {} WHERE ", layout.table));
        layout.push_range(&mut sql, from, to);
        sql.push(" AND ");
        predicate::push(&mut sql, layout, &range.filter);
        sql.push(" GROUP BY 1, 2");
        let mut rows = sql.build_query_as::<(i64, i16, i64)>().fetch(&self.pool);
        // taken over whole or not at all, so that a bucket is not half counted
        let mut found = Vec::new();
        while let Some(row) = rows.try_next().await.map_err(|e| self.failed(&e))? {
            found.push(row);
        }
        for (bucket, level, lines) in found {
            add(into, bucket, level, lines);
        }
        Ok(true)
    }

    /// Shows time and level of each line of a window; false when there was no time for all of them.
    async fn look_at(
        &self,
        range: &LogRange,
        (from_ns, to_ns): (i64, i64),
        mut seen: impl FnMut(i64, Option<LogLevel>) + Send,
    ) -> Result<bool, SourceError> {
        let window = LogRange {
            from_ns,
            to_ns,
            filter: range.filter.clone(),
        };
        let ask = PageAsk {
            limit: ROWS,
            ..PageAsk::default()
        };
        let wanted = Wanted {
            message: false,
            attrs: false,
            rows: ROWS,
        };
        let end = self
            .walk(&window, ask, wanted, |line| {
                seen(line.position.at_ns, line.level);
                true
            })
            .await?;
        Ok(end == End::Complete)
    }

    pub(super) async fn count_of(&self, range: &LogRange) -> Result<Counted, SourceError> {
        predicate::check(&range.filter)?;
        let layout = self.layout().await?;
        let mut counted = Counted {
            lines: 0,
            exact: true,
        };
        if layout.own && predicate::counted(&range.filter) {
            let minutes = Minutes::of(range.from_ns, range.to_ns);
            let (from, to) = minutes.whole;
            if from < to {
                let mut sql = Sql::new(format!(
                    "SELECT coalesce(sum(lines), 0)::int8 FROM {} WHERE ",
                    counters(&range.filter)
                ));
                push_between(&mut sql, "minute", split(from).0, split(to).0);
                sql.push(" AND ");
                predicate::push(&mut sql, layout, &range.filter);
                counted.lines += self.number(sql).await?;
            }
            for edge in minutes.edges {
                counted.lines += self.number(count_sql(layout, range, edge)).await?;
            }
            return Ok(counted);
        }
        let deadline = self.deadline();
        let (mut from, mut to) = (range.from_ns, range.to_ns);
        if to.saturating_sub(from) > 72 * HOUR {
            (from, to) = self.clip(layout, from, to).await?;
        }
        let decided = super::walk::is_decided(layout, &range.filter);
        for window in Windows::new(from, to, HOUR, Direction::Older) {
            if tokio::time::Instant::now() > deadline {
                counted.exact = false;
                break;
            }
            let found = if decided {
                self.number(count_sql(layout, range, window))
                    .await
                    .map(|n| {
                        counted.lines += n;
                        true
                    })
            } else {
                self.look_at(range, window, |_, _| counted.lines += 1).await
            };
            match found {
                Ok(true) => {}
                Ok(false) | Err(SourceError::Timeout { .. }) => {
                    counted.exact = false;
                    break;
                }
                Err(e) => return Err(e),
            }
        }
        Ok(counted)
    }

    async fn number(&self, mut sql: Sql) -> Result<u64, SourceError> {
        let lines: i64 = sql
            .build_query_scalar()
            .fetch_one(&self.pool)
            .await
            .map_err(|e| self.failed(&e))?;
        Ok(u64::try_from(lines).unwrap_or(0))
    }
}

fn count_sql(layout: &Layout, range: &LogRange, (from, to): (i64, i64)) -> Sql {
    let mut sql = Sql::new(format!("SELECT count(*) FROM {} WHERE ", layout.table));
    layout.push_range(&mut sql, from, to);
    sql.push(" AND ");
    predicate::push(&mut sql, layout, &range.filter);
    sql
}

/// Whether the database can count by time and level alone.
fn in_sql(layout: &Layout, range: &LogRange) -> bool {
    !matches!(layout.level, crate::layout::Level::Word(_))
        && super::walk::is_decided(layout, &range.filter)
}

fn add(into: &mut Histogram, bucket: i64, level: i16, lines: i64) {
    let cell = usize::try_from(bucket)
        .ok()
        .and_then(|b| into.counts.get_mut(b))
        .zip(usize::try_from(level).ok())
        .and_then(|(row, l)| row.get_mut(l));
    if let Some(cell) = cell {
        *cell += u64::try_from(lines).unwrap_or(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_and_what_is_left_on_either_side() {
        let m = Minutes::of(30, 3 * MINUTE + 5);
        assert_eq!(m.whole, (MINUTE, 3 * MINUTE));
        assert_eq!(m.edges, [(30, MINUTE), (3 * MINUTE, 3 * MINUTE + 5)]);
        let m = Minutes::of(MINUTE, 2 * MINUTE);
        assert_eq!((m.whole, m.edges.len()), ((MINUTE, 2 * MINUTE), 0));
        let m = Minutes::of(10, 20);
        assert!(m.whole.0 >= m.whole.1);
        assert_eq!(m.edges, [(10, 20)]);
        let m = Minutes::of(-MINUTE - 1, 0);
        assert_eq!(m.whole, (-MINUTE, 0));
        assert_eq!(m.edges, [(-MINUTE - 1, -MINUTE)]);
        assert!(Minutes::of(i64::MIN, i64::MAX).whole.1 > 0);
    }
}
