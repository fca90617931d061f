//! What has arrived.

use super::ReadError;
use super::columns::BLOCK;
use super::day::DAY_NS;
use super::eval::{Stretch, Wanted};
use super::plan::{looks_at_attrs, plan};
use super::read::{Question, Snapshot, Stop};
use model::log::{Filter, LogTail, TailMark};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::atomic::Ordering;

/// Lines that a tail gives at most.
const MAX_LINES: usize = 10_000;
/// Blocks that are looked at together.
const BLOCKS: usize = 128;

/// Lines by time and number, with the place of their day; the least is the first to go.
type Newest = BinaryHeap<Reverse<(i64, i64, usize)>>;

/// A mark is the number of the next arrival. One that is beyond what has arrived (the folder was emptied) begins now.
pub(super) fn tail(
    question: &Question,
    filter: &Filter,
    mark: Option<&TailMark>,
    limit: usize,
) -> Result<LogTail, Stop> {
    // looked at before the files: what is committed later is the next call's
    let next = question.folder.arrived.load(Ordering::Acquire);
    let mark = match mark {
        None => next,
        Some(TailMark(text)) => {
            let unknown = Stop::Failed(ReadError::Invalid("a mark of another store"));
            let from: i64 = text.parse().map_err(|_| unknown)?;
            from.clamp(0, next)
        }
    };
    let limit = limit.min(MAX_LINES);
    let mut newest = Newest::new();
    let mut days = Vec::new();
    let mut arrived = 0_u64;
    for file in question.folder.days() {
        if mark >= next || file.newest.load(Ordering::Acquire) < mark {
            continue;
        }
        let day = question.snapshot(&file)?;
        arrived += of_day(question, &day, filter, (mark, next), &mut |at, id| {
            newest.push(Reverse((day.day_ns.saturating_add(at), id, days.len())));
            if newest.len() > limit {
                newest.pop();
            }
        })?;
        days.push(day);
    }
    let mut rows: Vec<(i64, i64, usize)> = newest.into_iter().map(|Reverse(r)| r).collect();
    rows.sort_unstable_by(|a, b| b.cmp(a));
    let mut lines = Vec::with_capacity(rows.len());
    for (_, id, day) in rows {
        let Some(day) = days.get(day) else { continue };
        day.reader(true)?
            .each(id, id, |_, line| lines.push(std::mem::take(line)))?;
    }
    Ok(LogTail {
        left_out: arrived.saturating_sub(lines.len() as u64),
        lines,
        mark: TailMark(next.to_string()),
    })
}

/// Calls `take` with time and number of each wanted row that arrived between two numbers; answers how many.
fn of_day(
    question: &Question,
    day: &Snapshot,
    filter: &Filter,
    rows: (i64, i64),
    take: &mut impl FnMut(i64, i64),
) -> Result<u64, Stop> {
    let plan = plan(filter, day)?;
    let wanted = Wanted {
        plan: &plan,
        filter,
        from: 0,
        to: DAY_NS,
        rows,
        attrs: looks_at_attrs(filter),
    };
    let first = day.blocks.partition_point(|b| (b.id + 1) * BLOCK <= rows.0);
    let mut arrived = 0;
    for some in day.blocks.get(first..).unwrap_or_default().chunks(BLOCKS) {
        let stretch = Stretch::new(day, some);
        let found = stretch.decide(question, &wanted)?;
        arrived += found.count() as u64;
        stretch.each(&found, |row, entry| take(entry.at, stretch.id(row)))?;
    }
    Ok(arrived)
}
