//! Pages of lines by position.

use super::columns::Entry;
use super::day::DAY_NS;
use super::eval::{Found, Stretch, Wanted};
use super::folder::DayFile;
use super::plan::{Plan, looks_at_attrs, plan};
use super::read::{Block, Question, Snapshot, Stop};
use model::log::{Direction, Filter, LogLine, LogPage, LogPosition, LogRange, PageAsk};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

/// Lines of a page, and bytes of their messages.
const MAX_LINES: usize = 10_000;
const MAX_BYTES: usize = 64 << 20;
/// Blocks that are looked at together: few at first, because a page is mostly near its beginning.
const FIRST_BLOCKS: usize = 8;
const MOST_BLOCKS: usize = 128;

/// A page.
pub(super) fn page(question: &Question, range: &LogRange, ask: PageAsk) -> Result<LogPage, Stop> {
    let limit = ask.limit.min(MAX_LINES);
    if limit == 0 {
        return Ok(LogPage::default());
    }
    let pager = Pager::new(question, range, ask);
    let mut days = question.days(pager.from_ns, pager.to_ns);
    if ask.direction == Direction::Older {
        days.reverse();
    }
    let mut lines = Vec::new();
    let mut more = false;
    let mut bytes = 0;
    for file in days {
        let (positions, whole, day) = pager.of_day(&file, limit + 1 - lines.len())?;
        let mut reader = day.reader(true)?;
        for (_, id) in &positions {
            if lines.len() == limit || bytes > MAX_BYTES {
                more = true;
                break;
            }
            reader.each(*id, *id, |_, line| {
                bytes += line.message.len();
                lines.push(std::mem::take(line));
            })?;
        }
        if !whole && !more {
            // the time is up: what is certain is a page, nothing is not
            if lines.is_empty() {
                return Err(Stop::Ended);
            }
            more = true;
        }
        if more {
            break;
        }
    }
    if ask.direction == Direction::Newer {
        lines.reverse();
    }
    Ok(LogPage { lines, more })
}

/// All lines of a range from the newest on, at most `limit`; and whether these are all.
pub(super) fn newest(
    question: &Question,
    range: &LogRange,
    limit: usize,
) -> Result<(Vec<LogLine>, bool), Stop> {
    let ask = PageAsk {
        limit,
        ..PageAsk::default()
    };
    let page = page(question, range, ask)?;
    Ok((page.lines, !page.more))
}

struct Pager<'a> {
    question: &'a Question,
    filter: &'a Filter,
    attrs: bool,
    direction: Direction,
    beyond: Option<LogPosition>,
    from_ns: i64,
    to_ns: i64,
}

/// A row's place among the others, greater if it comes earlier on the page: time since the day began and number, negative
/// when the page goes to newer lines.
type Key = (i64, i64);

/// The rows of a day that are nearest to the beginning of the page.
struct Best {
    keys: BinaryHeap<Reverse<Key>>,
    limit: usize,
}

impl Best {
    /// Whether a row with this key would not be among them.
    fn refuses(&self, key: Key) -> bool {
        self.keys.len() >= self.limit && self.keys.peek().is_some_and(|worst| key < worst.0)
    }

    fn take(&mut self, key: Key) {
        self.keys.push(Reverse(key));
        if self.keys.len() > self.limit {
            self.keys.pop();
        }
    }

    /// Whether rows that are no earlier than `time` of a key cannot change anything, given that at the same time they come
    /// after those that were seen.
    fn is_settled(&self, time: i64) -> bool {
        self.keys.len() >= self.limit && self.keys.peek().is_some_and(|worst| worst.0.0 >= time)
    }
}

impl<'a> Pager<'a> {
    fn new(question: &'a Question, range: &'a LogRange, ask: PageAsk) -> Self {
        let (mut from_ns, mut to_ns) = (range.from_ns, range.to_ns);
        match (ask.beyond, ask.direction) {
            (Some(p), Direction::Older) => to_ns = to_ns.min(p.at_ns.saturating_add(1)),
            (Some(p), Direction::Newer) => from_ns = from_ns.max(p.at_ns),
            (None, _) => {}
        }
        Self {
            question,
            filter: &range.filter,
            attrs: looks_at_attrs(&range.filter),
            direction: ask.direction,
            beyond: ask.beyond,
            from_ns,
            to_ns,
        }
    }

    fn key(&self, at: i64, id: i64) -> Key {
        match self.direction {
            Direction::Older => (at, id),
            Direction::Newer => (-at, -id),
        }
    }

    /// The time of a key that no row of a block comes before.
    fn bound(&self, block: &Block) -> i64 {
        match self.direction {
            Direction::Older => block.max_at,
            Direction::Newer => -block.min_at,
        }
    }

    fn is_beyond(&self, day: &Snapshot, at: i64, id: i64) -> bool {
        let position = LogPosition {
            at_ns: day.day_ns.saturating_add(at),
            seq: id.cast_unsigned(),
        };
        match (self.beyond, self.direction) {
            (None, _) => true,
            (Some(beyond), Direction::Older) => position < beyond,
            (Some(beyond), Direction::Newer) => position > beyond,
        }
    }

    /// The first `limit` rows of a day in the page's order, as time and number, and whether that is certain to be all of
    /// them: false when the time was up before.
    fn of_day(
        &self,
        file: &Arc<DayFile>,
        limit: usize,
    ) -> Result<(Vec<Key>, bool, Snapshot), Stop> {
        let day = self.question.snapshot(file)?;
        let from = self.from_ns.saturating_sub(day.day_ns).max(0);
        let to = self.to_ns.saturating_sub(day.day_ns).min(DAY_NS);
        let plan = plan(self.filter, &day)?;
        let wanted = Wanted {
            plan: &plan,
            filter: self.filter,
            from,
            to,
            rows: (0, i64::MAX),
            attrs: self.attrs,
        };
        let mut best = Best {
            keys: BinaryHeap::new(),
            limit,
        };
        let mut blocks = day.blocks.clone();
        blocks.retain(|b| b.max_at >= from && b.min_at < to);
        let unsettled = if matches!(plan, Plan::Const(false)) {
            None
        } else {
            self.walk(&day, &blocks, &wanted, &mut best)?
        };
        let mut keys: Vec<Key> = best.keys.into_iter().map(|Reverse(k)| k).collect();
        keys.sort_unstable_by(|a, b| b.cmp(a));
        if let Some(bound) = unsettled {
            keys.retain(|k| k.0 > bound);
        }
        for (at, id) in &mut keys {
            (*at, *id) = (at.abs(), id.abs());
        }
        Ok((keys, unsettled.is_none(), day))
    }

    /// Looks at blocks until what is left cannot change the best. Answers, when the time was up before that, the time of a key that rows not looked at may have.
    fn walk(
        &self,
        day: &Snapshot,
        blocks: &[Block],
        wanted: &Wanted<'_>,
        best: &mut Best,
    ) -> Result<Option<i64>, Stop> {
        let mut left = blocks;
        let mut size = FIRST_BLOCKS;
        // how early rows of the blocks that come after may be
        let bounds = self.bounds(blocks);
        while let Some(bound) = left.len().checked_sub(1).and_then(|i| bounds.get(i)) {
            if best.is_settled(*bound) {
                break;
            }
            let (now, later) = match self.direction {
                Direction::Older => {
                    let (later, now) = left.split_at(left.len().saturating_sub(size));
                    (now, later)
                }
                Direction::Newer => left.split_at(size.min(left.len())),
            };
            match self.look(&Stretch::new(day, now), wanted, best) {
                Ok(()) => {}
                Err(Stop::Ended) => return Ok(Some(*bound)),
                Err(e) => return Err(e),
            }
            left = later;
            size = (size * 2).min(MOST_BLOCKS);
        }
        Ok(None)
    }

    /// For each number of blocks left, less one: the greatest bound among them.
    fn bounds(&self, blocks: &[Block]) -> Vec<i64> {
        let running = |best: &mut i64, b: &Block| {
            *best = (*best).max(self.bound(b));
            Some(*best)
        };
        match self.direction {
            Direction::Older => blocks.iter().scan(i64::MIN, running).collect(),
            Direction::Newer => blocks.iter().rev().scan(i64::MIN, running).collect(),
        }
    }

    fn look(
        &self,
        stretch: &Stretch<'_>,
        wanted: &Wanted<'_>,
        best: &mut Best,
    ) -> Result<(), Stop> {
        let Found { sure, unsure } = stretch.find(wanted)?;
        let mut candidates: Vec<(Key, bool)> = Vec::new();
        for (rows, sure) in [(&sure, true), (&unsure, false)] {
            stretch.each(rows, |row, e: &Entry| {
                let id = stretch.id(row);
                if self.is_beyond(stretch.day, e.at, id) {
                    candidates.push((self.key(e.at, id), sure));
                }
            })?;
        }
        candidates.sort_unstable_by(|a, b| b.cmp(a));
        let mut reader = stretch.day.reader(wanted.attrs)?;
        for (key, sure) in candidates {
            if best.refuses(key) {
                break;
            }
            if self.question.is_over() {
                return Err(Stop::Ended);
            }
            let mut holds = sure;
            if !sure {
                let id = key.1.abs();
                reader.each(id, id, |_, line| {
                    holds = logs::matches(self.filter, line);
                })?;
            }
            if holds {
                best.take(key);
            }
        }
        Ok(())
    }
}
