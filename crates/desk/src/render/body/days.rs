//! A calendar: hours by days, or days by weeks, by the zone's own clock.

use super::{How, Known, Window, series};
use crate::render::words::grade;
use chart::panel::{Body, Day, Days, Grade};
use chrono::{DateTime, Datelike as _, Duration, NaiveDate, Timelike as _, Utc};
use engine::{Engine, Freshness};
use model::Direction;
use model::board::{Board, Panel, Reduce};

/// Longer than this, days stand in weeks instead of hours in days, seconds.
const LONG: u32 = 35 * 86_400;

/// The points of one cell.
#[derive(Clone, Copy, Default)]
struct Cell {
    value: f64,
    count: u32,
}

/// The grid of a calendar.
struct Grid {
    weeks: bool,
    first: NaiveDate,
    rows: usize,
    columns: usize,
}

impl Grid {
    fn new(oldest: NaiveDate, today: NaiveDate, weeks: bool) -> Self {
        let days = usize::try_from((today - oldest).num_days() + 1).unwrap_or(1);
        if !weeks {
            return Self {
                weeks,
                first: oldest,
                rows: days,
                columns: 24,
            };
        }
        let monday = oldest - Duration::days(i64::from(oldest.weekday().num_days_from_monday()));
        let columns = (today - monday).num_days() / 7 + 1;
        Self {
            weeks,
            first: monday,
            rows: 7,
            columns: usize::try_from(columns).unwrap_or(1),
        }
    }

    /// Row and column of a time.
    fn place(&self, date: NaiveDate, hour: u32) -> Option<(usize, usize)> {
        let days = usize::try_from((date - self.first).num_days()).ok()?;
        let at = if self.weeks {
            (days % 7, days / 7)
        } else {
            (days, hour as usize)
        };
        (at.0 < self.rows && at.1 < self.columns).then_some(at)
    }
}

pub(super) fn body(
    engine: &Engine,
    board: &Board,
    panel: &Panel,
    main: &[&Known<'_>],
    window: &Window,
    how: &How,
) -> Body {
    let Some(known) = main.first() else {
        return Body::Words(Vec::new());
    };
    let local = |ms: f64| {
        let utc = DateTime::<Utc>::from_timestamp_millis(ms as i64)?;
        let there = utc.with_timezone(&how.words.zone);
        Some((there.date_naive(), there.hour()))
    };
    let seconds = panel.window(board);
    // An hour later, so that the oldest day is not one of which a single hour is known.
    let (Some((oldest, _)), Some((today, _))) =
        (local(window.from + 3_600_000.0), local(window.to))
    else {
        return Body::Words(Vec::new());
    };
    let grid = Grid::new(oldest, today, seconds > LONG);
    let below = known
        .status
        .limits
        .is_some_and(|l| l.direction == Direction::Below);
    let reduce = known.query.reduce;
    let all = series(engine, &[*known], Some(window), how);
    let mut cells = vec![vec![Cell::default(); grid.columns]; grid.rows];
    for i in 0..window.count {
        let mut joined = Cell::default();
        for value in all
            .iter()
            .filter_map(|s| s.points.get(i).copied().flatten())
        {
            take(&mut joined, value, reduce, below);
        }
        if joined.count == 0 {
            continue;
        }
        let at = local(window.time(i)).and_then(|(date, hour)| grid.place(date, hour));
        if let Some((row, column)) = at {
            take(&mut cells[row][column], joined.value, reduce, below);
        }
    }
    let mut marked = vec![vec![false; grid.columns]; grid.rows];
    for moment in how.beside.moments() {
        let at = local(moment.at).and_then(|(date, hour)| grid.place(date, hour));
        if let Some((row, column)) = at {
            marked[row][column] = true;
        }
    }
    let values = || {
        cells
            .iter()
            .flatten()
            .filter(|c| c.count > 0)
            .map(|c| c.value)
    };
    let (lo, hi) = values().fold((f64::MAX, f64::MIN), |(a, b), v| (a.min(v), b.max(v)));
    if lo > hi {
        return Body::Words(vec![how.words.plain("ui.state.no_data")]);
    }
    let least = panel
        .min
        .unwrap_or(if lo > 0.0 && lo < 0.6 * hi { 0.0 } else { lo });
    let most = panel.max.unwrap_or(hi);
    let old = known.status.reduced.freshness != Freshness::Fresh;
    let day = |(cell, marked): (&Cell, &bool)| Day {
        depth: (cell.count > 0).then(|| {
            if most > least {
                (cell.value - least) / (most - least)
            } else {
                1.0
            }
        }),
        grade: match known.status.limits {
            Some(limits) if cell.count > 0 && !old => grade(limits.severity(cell.value)),
            _ => Grade::Normal,
        },
        marked: *marked,
    };
    let weekdays = how.words.plain("ui.calendar.weekdays");
    let weekdays: Vec<&str> = weekdays.split(' ').collect();
    let name = |row: usize| {
        let date = grid.first + Duration::days(i64::try_from(row).unwrap_or(0));
        let weekday = date.weekday().num_days_from_monday() as usize;
        let weekday = weekdays.get(weekday).copied().unwrap_or_default();
        if grid.weeks {
            weekday.to_owned()
        } else {
            format!("{} {weekday}", date.format("%m-%d"))
        }
    };
    let column = |c: usize| {
        if grid.weeks {
            let date = grid.first + Duration::weeks(i64::try_from(c).unwrap_or(0));
            date.format("%m-%d").to_string()
        } else {
            format!("{c:02}")
        }
    };
    let rows = cells.iter().zip(&marked).enumerate();
    Body::Days(Days {
        columns: (0..grid.columns).map(column).collect(),
        rows: rows
            .map(|(r, (cells, marked))| (name(r), cells.iter().zip(marked).map(day).collect()))
            .collect(),
        ends: (
            how.words.line(least, known.unit),
            how.words.line(most, known.unit),
        ),
    })
}

/// Adds a value as the query joins series: added up, the greatest, the smallest, else the mean.
fn take(cell: &mut Cell, value: f64, reduce: Reduce, below: bool) {
    cell.count += 1;
    if cell.count == 1 {
        cell.value = value;
        return;
    }
    cell.value = match reduce {
        Reduce::Sum | Reduce::Count => cell.value + value,
        Reduce::Max => cell.value.max(value),
        Reduce::Min => cell.value.min(value),
        Reduce::Worst if below => cell.value.min(value),
        Reduce::Worst => cell.value.max(value),
        _ => cell.value + (value - cell.value) / f64::from(cell.count),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_stand_in_days_and_days_in_weeks() {
        let day = |text: &str| text.parse::<NaiveDate>().expect("a day");
        let hours = Grid::new(day("2026-11-20"), day("2026-11-22"), false);
        assert_eq!((hours.rows, hours.columns), (3, 24));
        assert_eq!(hours.place(day("2026-11-21"), 7), Some((1, 7)));
        assert_eq!(hours.place(day("2026-11-19"), 7), None);
        // 2026-10-01 is a Thursday: its week begins on Monday, the 28th of September.
        let weeks = Grid::new(day("2026-10-01"), day("2026-11-22"), true);
        assert_eq!((weeks.rows, weeks.columns), (7, 8));
        assert_eq!(weeks.place(day("2026-10-05"), 3), Some((0, 1)));
    }
}
