//! Going through the lines of a filter from one end of a range.
//!
//! The range is cut into windows that grow, so that what is frequent is found in the first and what is rare does not make the
//! database plan and sort the whole past at once, and so that there is a place to stop when the time is over.

use super::{Reader, row};
use crate::layout::{Layout, Sql, push_time};
use crate::predicate;
use futures::TryStreamExt as _;
use model::log::{Direction, Field, Filter, LogLevel, LogLine, LogPosition, LogRange, PageAsk};
use source::SourceError;

pub(super) const HOUR: i64 = 3_600_000_000_000;
/// Ranges longer than this are first cut to the times that there are lines of.
const LONG: i64 = 72 * HOUR;

/// What is needed of each line, and how many rows are asked for at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    pub message: bool,
    pub attrs: bool,
    pub rows: usize,
}

impl Wanted {
    pub fn everything(rows: usize) -> Self {
        Self {
            message: true,
            attrs: true,
            rows,
        }
    }
}

/// How a walk ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// At the range's other end.
    Complete,
    /// The visitor had enough.
    Enough,
    /// Time was over.
    Late,
}

/// Windows of a range: the first of `first` ns, each four times as long as the one before.
pub(super) struct Windows {
    from: i64,
    to: i64,
    length: i64,
    direction: Direction,
}

impl Windows {
    pub fn new(from: i64, to: i64, first: i64, direction: Direction) -> Self {
        Self {
            from,
            to,
            length: first,
            direction,
        }
    }
}

impl Iterator for Windows {
    type Item = (i64, i64);

    fn next(&mut self) -> Option<(i64, i64)> {
        if self.from >= self.to {
            return None;
        }
        let window = match self.direction {
            Direction::Older => {
                let from = self.to.saturating_sub(self.length).max(self.from);
                (from, std::mem::replace(&mut self.to, from))
            }
            Direction::Newer => {
                let to = self.from.saturating_add(self.length).min(self.to);
                (std::mem::replace(&mut self.from, to), to)
            }
        };
        self.length = self.length.saturating_mul(4);
        Some(window)
    }
}

impl Reader {
    /// Shows `visit` the lines of the filter one after the other until it says false.
    pub(super) async fn walk(
        &self,
        range: &LogRange,
        ask: PageAsk,
        wanted: Wanted,
        mut visit: impl FnMut(LogLine) -> bool + Send,
    ) -> Result<End, SourceError> {
        predicate::check(&range.filter)?;
        let layout = self.layout().await?;
        let deadline = self.deadline();
        let (mut from, mut to) = (range.from_ns, range.to_ns);
        if let Some(beyond) = ask.beyond {
            match ask.direction {
                Direction::Older => to = to.min(beyond.at_ns.saturating_add(1)),
                Direction::Newer => from = from.max(beyond.at_ns),
            }
        }
        if to.saturating_sub(from) > LONG {
            (from, to) = self.clip(layout, from, to).await?;
        }
        let branches = branches(layout, &range.filter);
        let first = if by_index(layout, &range.filter) {
            i64::MAX
        } else if branches.is_empty() {
            HOUR
        } else {
            24 * HOUR
        };
        let mut beyond = ask.beyond;
        let mut found = false;
        for window in Windows::new(from, to, first, ask.direction) {
            if found && tokio::time::Instant::now() > deadline {
                return Ok(End::Late);
            }
            loop {
                let mut sql = page_sql(
                    layout,
                    range,
                    window,
                    beyond,
                    ask.direction,
                    wanted,
                    &branches,
                );
                let mut rows = sql.0.build().fetch(&self.pool);
                let mut seen = 0;
                loop {
                    let next = match rows.try_next().await {
                        Ok(next) => next,
                        // what was found so far is better than nothing, and the answer says that there is more
                        Err(e) if found && is_late(&e) => return Ok(End::Late),
                        Err(e) => return Err(self.failed(&e)),
                    };
                    let Some(next) = next else { break };
                    seen += 1;
                    let line = row::line(layout, &next).map_err(|e| self.failed(&e))?;
                    beyond = Some(line.position);
                    if sql.1 || logs::matches(&range.filter, &line) {
                        found = true;
                        if !visit(line) {
                            return Ok(End::Enough);
                        }
                    }
                }
                if seen < wanted.rows {
                    break;
                }
                if tokio::time::Instant::now() > deadline {
                    return Ok(End::Late);
                }
            }
        }
        Ok(End::Complete)
    }

    /// The part of a range in which there are lines.
    pub(super) async fn clip(
        &self,
        layout: &Layout,
        from: i64,
        to: i64,
    ) -> Result<(i64, i64), SourceError> {
        let sql = if layout.own {
            // counters of a minute, in seconds
            "SELECT extract(epoch FROM min(minute))::int8 * 1000000000, (extract(epoch FROM max(minute))::int8 + 60) * 1000000000 \
             FROM shouwang_logs.minute WHERE minute > '1700-01-01' AND minute < '2262-01-01'"
                .to_owned()
        } else {
            let edge = |direction| {
                format!(
                    "(SELECT {} FROM {} WHERE {} ORDER BY {} LIMIT 1)",
                    layout.time_ns(),
                    layout.table,
                    layout.known_times(),
                    layout.order(direction)
                )
            };
            format!(
                "SELECT {}, {} + 1",
                edge(Direction::Newer),
                edge(Direction::Older)
            )
        };
        let found: (Option<i64>, Option<i64>) = sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .fetch_one(&self.pool)
            .await
            .map_err(|e| self.failed(&e))?;
        Ok(match found {
            (Some(oldest), Some(newest)) => (from.max(oldest), to.min(newest)),
            _ => (to, to),
        })
    }
}

fn is_late(e: &sqlx::Error) -> bool {
    matches!(e, sqlx::Error::Database(db) if db.code().as_deref() == Some("57014"))
}

/// Conditions of which each goes with an index that has the lines in their order: one for each level, because an index on service and
/// level has the order of times only within one. Empty when no such index helps.
fn branches(layout: &Layout, filter: &Filter) -> Vec<(Option<String>, i16)> {
    if !layout.own {
        return Vec::new();
    }
    let levels = predicate::levels(filter);
    let codes = || levels.iter().map(|l| predicate::level_code(*l));
    if let Some(service) = predicate::service(filter).filter(|s| !s.contains('\0')) {
        return codes().map(|c| (Some(service.clone()), c)).collect();
    }
    // the index on level and time holds warnings and worse
    if !levels.is_empty() && levels.iter().all(|l| *l >= Some(LogLevel::Warn)) {
        return codes().map(|c| (None, c)).collect();
    }
    Vec::new()
}

/// Whether the filter names a trace or span: few lines, found by an index in one step.
fn by_index(layout: &Layout, filter: &Filter) -> bool {
    match filter {
        Filter::Is(Field::TraceId, value) => layout.own && !value.is_empty(),
        Filter::And(all) => all.iter().any(|f| by_index(layout, f)),
        _ => false,
    }
}

/// The question for a window, and whether its answer has exactly the lines of the filter.
fn page_sql(
    layout: &Layout,
    range: &LogRange,
    window: (i64, i64),
    beyond: Option<LogPosition>,
    direction: Direction,
    wanted: Wanted,
    branches: &[(Option<String>, i16)],
) -> (Sql, bool) {
    let mut sql = Sql::new("");
    let mut exact = true;
    let select = layout.select(wanted.message || !is_decided(layout, &range.filter), {
        wanted.attrs || !is_decided(layout, &range.filter)
    });
    let found_first = by_index(layout, &range.filter);
    let branches = if found_first { &[] } else { branches };
    let mut one = |sql: &mut Sql, branch: Option<&(Option<String>, i16)>| {
        sql.push(format!("SELECT {select} FROM {} WHERE ", layout.table));
        layout.push_range(sql, window.0, window.1);
        if let Some(beyond) = beyond {
            sql.push(" AND ");
            layout.push_beyond(sql, beyond, direction);
        }
        if let Some((service, level)) = branch {
            sql.push(format!(" AND level = {level}"));
            match service {
                Some(service) => {
                    sql.push(" AND lower(service) = ");
                    sql.push_bind(service.clone());
                }
                // so that the planner sees that the partial index holds them
                None => {
                    sql.push(" AND level >= 4");
                }
            }
        }
        sql.push(" AND ");
        exact &= predicate::push(sql, layout, &range.filter);
        // a trace's few lines are found first and put in order then; with both in sight the planner walks through all lines in order
        sql.push(if found_first {
            " OFFSET 0".to_owned()
        } else {
            format!(
                " ORDER BY {} LIMIT {}",
                layout.order(direction),
                wanted.rows
            )
        });
    };
    if branches.is_empty() && !found_first {
        one(&mut sql, None);
        return (sql, exact);
    }
    sql.push("SELECT * FROM (");
    if found_first {
        one(&mut sql, None);
    }
    for (i, branch) in branches.iter().enumerate() {
        sql.push(if i > 0 { " UNION ALL (" } else { "(" });
        one(&mut sql, Some(branch));
        sql.push(")");
    }
    let way = match direction {
        Direction::Older => "DESC",
        Direction::Newer => "ASC",
    };
    sql.push(format!(
        ") l ORDER BY at_ns {way}, seq {way} LIMIT {}",
        wanted.rows
    ));
    (sql, exact)
}

/// Whether SQL decides about this filter alone; else a line's text and attributes are needed to look again.
pub(super) fn is_decided(layout: &Layout, filter: &Filter) -> bool {
    predicate::push(&mut Sql::new(""), layout, filter)
}

impl Layout {
    /// Times that fit into nanoseconds of 64 bits.
    fn known_times(&self) -> String {
        use crate::layout::Time;
        match &self.time {
            Time::Epoch(c, unit) => {
                format!(
                    "{c} BETWEEN {} AND {}",
                    i64::MIN / unit,
                    i64::MAX / unit - 1
                )
            }
            Time::Split => "ts BETWEEN '1700-01-01' AND '2262-01-01'".into(),
            Time::Zoned(c) | Time::Local(c, _) => {
                format!("{c} BETWEEN '1700-01-01' AND '2262-01-01'")
            }
        }
    }
}

/// A range of microseconds of `column`, a `timestamptz`.
pub(super) fn push_between(sql: &mut Sql, column: &str, from_us: i64, to_us: i64) {
    sql.push(format!("{column} >= "));
    push_time(sql, from_us);
    sql.push(format!(" AND {column} < "));
    push_time(sql, to_us);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_cover_the_range_once_from_either_end() {
        for direction in [Direction::Older, Direction::Newer] {
            let windows: Vec<_> = Windows::new(0, 1000, 100, direction).collect();
            assert_eq!(windows.len(), 3);
            let mut sorted = windows.clone();
            sorted.sort_unstable();
            assert_eq!((sorted[0].0, sorted[2].1), (0, 1000));
            assert!(sorted.windows(2).all(|w| w[0].1 == w[1].0));
        }
        let mut all = Windows::new(i64::MIN, i64::MAX, HOUR, Direction::Older);
        assert!(all.by_ref().count() < 40);
        assert_eq!(Windows::new(5, 5, 1, Direction::Older).next(), None);
    }

    #[test]
    fn an_index_for_each_level() {
        let own = Layout::own();
        let service = Filter::Is(Field::Service, "A".into());
        assert_eq!(branches(&own, &service).len(), 7);
        let both = service.and(Filter::AtLeast(LogLevel::Error));
        assert_eq!(
            branches(&own, &both),
            [(Some("a".to_owned()), 5), (Some("a".to_owned()), 6)]
        );
        assert_eq!(
            branches(&own, &Filter::AtLeast(LogLevel::Warn)),
            [(None, 4), (None, 5), (None, 6)]
        );
        assert!(branches(&own, &Filter::AtLeast(LogLevel::Info)).is_empty());
        assert!(branches(&own, &Filter::All).is_empty());
    }
}
