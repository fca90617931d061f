//! Which rows of a stretch are wanted.

use super::bits::Bits;
use super::columns::{BLOCK, Entry};
use super::plan::{Plan, wants};
use super::read::{Block, Question, Snapshot, Stop};
use model::log::Filter;
use std::cell::{OnceCell, RefCell};

const ROWS: usize = BLOCK as usize;
/// Rows are read in one go when at least one in so many of a block is a candidate, else one by one.
const DENSE: usize = 12;

/// Some blocks of a day, ascending. A row's number in the stretch is its block's place times [`BLOCK`] and its place in it.
pub(super) struct Stretch<'a> {
    pub(super) day: &'a Snapshot,
    blocks: &'a [Block],
    entries: Vec<OnceCell<Vec<Entry>>>,
    /// Rows whose message, or attributes, are not wholly indexed, once looked for.
    unsure: RefCell<Vec<(&'static str, Bits)>>,
}

/// Rows that may be wanted, and those of them that surely are.
struct Sets {
    may: Bits,
    must: Bits,
}

/// What is asked of a stretch.
pub(super) struct Wanted<'a> {
    pub(super) plan: &'a Plan,
    pub(super) filter: &'a Filter,
    /// Times, ns since the day began, the end not included.
    pub(super) from: i64,
    pub(super) to: i64,
    /// Rows' numbers, the end not included.
    pub(super) rows: (i64, i64),
    /// Whether the filter looks at attributes.
    pub(super) attrs: bool,
}

/// Rows of a stretch: those that surely are wanted, and those that have to be read.
pub(super) struct Found {
    pub(super) sure: Bits,
    pub(super) unsure: Bits,
}

impl<'a> Stretch<'a> {
    pub(super) fn new(day: &'a Snapshot, blocks: &'a [Block]) -> Self {
        Self {
            day,
            blocks,
            entries: blocks.iter().map(|_| OnceCell::new()).collect(),
            unsure: RefCell::default(),
        }
    }

    fn len(&self) -> usize {
        self.blocks.len() * ROWS
    }

    /// The number of a row of the store, of a row here.
    pub(super) fn id(&self, row: usize) -> i64 {
        let block = self.blocks.get(row / ROWS).map_or(0, |b| b.id);
        block * BLOCK + (row % ROWS) as i64
    }

    /// The row here, of a row of the store; `None` when its block is not one of these.
    fn row(&self, id: i64) -> Option<usize> {
        let block = id.div_euclid(BLOCK);
        let first = self.blocks.first()?.id;
        let guess = usize::try_from(block - first).ok()?;
        let place = match self.blocks.get(guess) {
            Some(b) if b.id == block => guess,
            _ => self.blocks.binary_search_by_key(&block, |b| b.id).ok()?,
        };
        Some(place * ROWS + usize::try_from(id.rem_euclid(BLOCK)).ok()?)
    }

    /// The rows of the block at `place`.
    pub(super) fn entries(&self, place: usize) -> Result<&[Entry], Stop> {
        let (Some(cell), Some(block)) = (self.entries.get(place), self.blocks.get(place)) else {
            return Ok(&[]);
        };
        if let Some(known) = cell.get() {
            return Ok(known);
        }
        let mut entries = Vec::new();
        self.day.entries(block.id, &mut entries)?;
        Ok(cell.get_or_init(|| entries))
    }

    /// Calls `take` with each entry whose row is in `rows`.
    pub(super) fn each(
        &self,
        rows: &Bits,
        mut take: impl FnMut(usize, &Entry),
    ) -> Result<(), Stop> {
        for place in 0..self.blocks.len() {
            let first = place * ROWS;
            if rows.lacks(first, first + ROWS) {
                continue;
            }
            for entry in self.entries(place)? {
                let row = first + usize::from(entry.offset);
                if rows.has(row) {
                    take(row, entry);
                }
            }
        }
        Ok(())
    }

    /// Which rows are wanted, as far as columns and index can say.
    pub(super) fn find(&self, wanted: &Wanted<'_>) -> Result<Found, Stop> {
        let within = self.within(wanted)?;
        if within.is_empty() {
            let none = || Bits::none(self.len());
            return Ok(Found {
                sure: none(),
                unsure: none(),
            });
        }
        let Sets { mut may, mut must } = self.eval(wanted.plan, &within)?;
        may.and(&within);
        must.and(&within);
        may.minus(&must);
        Ok(Found {
            sure: must,
            unsure: may,
        })
    }

    /// The rows that are wanted; those that have to be read are read.
    pub(super) fn decide(&self, question: &Question, wanted: &Wanted<'_>) -> Result<Bits, Stop> {
        let Found { mut sure, unsure } = self.find(wanted)?;
        if unsure.is_empty() {
            return Ok(sure);
        }
        let mut reader = self.day.reader(wanted.attrs)?;
        for place in 0..self.blocks.len() {
            let first = place * ROWS;
            if unsure.lacks(first, first + ROWS) {
                continue;
            }
            if question.is_over() {
                return Err(Stop::Ended);
            }
            let rows: Vec<usize> = (first..first + ROWS).filter(|r| unsure.has(*r)).collect();
            let mut look = |from, to| {
                let candidate = |id| self.row(id).is_some_and(|row| unsure.has(row));
                reader.each_of(from, to, candidate, |id, line| {
                    if let Some(row) = self.row(id)
                        && logs::matches(wanted.filter, line)
                    {
                        sure.set(row);
                    }
                })
            };
            if rows.len() * DENSE >= ROWS {
                look(self.id(first), self.id(first + ROWS - 1))?;
            } else {
                for row in rows {
                    look(self.id(row), self.id(row))?;
                }
            }
        }
        Ok(sure)
    }

    /// The rows that there are, of the times and numbers that are asked for.
    fn within(&self, wanted: &Wanted<'_>) -> Result<Bits, Stop> {
        let mut within = Bits::none(self.len());
        for (place, block) in self.blocks.iter().enumerate() {
            let first = place * ROWS;
            let (begin, end) = (block.id * BLOCK, (block.id + 1) * BLOCK);
            let times = block.min_at >= wanted.from && block.max_at < wanted.to;
            let rows = begin >= wanted.rows.0 && end <= wanted.rows.1;
            if block.is_full() && times && rows {
                within.fill(first, first + ROWS);
                continue;
            }
            if block.max_at < wanted.from
                || block.min_at >= wanted.to
                || end <= wanted.rows.0
                || begin >= wanted.rows.1
            {
                continue;
            }
            for entry in self.entries(place)? {
                let id = begin + i64::from(entry.offset);
                let wanted_time = entry.at >= wanted.from && entry.at < wanted.to;
                if wanted_time && id >= wanted.rows.0 && id < wanted.rows.1 {
                    within.set(first + usize::from(entry.offset));
                }
            }
        }
        Ok(within)
    }

    /// `within` are the rows whose answer matters.
    fn eval(&self, plan: &Plan, within: &Bits) -> Result<Sets, Stop> {
        let same = |may: Bits| Sets {
            must: may.clone(),
            may,
        };
        Ok(match plan {
            Plan::Const(true) => same(Bits::all(self.len())),
            Plan::Const(false) => same(Bits::none(self.len())),
            Plan::Kinds(kinds) => same(self.kinds(kinds, within)?),
            Plan::Tokens {
                expression,
                unsure,
                exact,
            } => self.tokens(expression.as_deref(), unsure, *exact)?,
            Plan::Unknown => Sets {
                may: Bits::all(self.len()),
                must: Bits::none(self.len()),
            },
            Plan::Not(inner) => {
                let Sets { mut may, mut must } = self.eval(inner, within)?;
                may.not();
                must.not();
                Sets {
                    may: must,
                    must: may,
                }
            }
            Plan::And(all) => {
                let mut sets = same(Bits::all(self.len()));
                for part in all {
                    let part = self.eval(part, within)?;
                    sets.may.and(&part.may);
                    sets.must.and(&part.must);
                }
                sets
            }
            Plan::Or(any) => {
                let mut sets = same(Bits::none(self.len()));
                for part in any {
                    let part = self.eval(part, within)?;
                    sets.may.or(&part.may);
                    sets.must.or(&part.must);
                }
                sets
            }
        })
    }

    fn kinds(&self, kinds: &[bool], within: &Bits) -> Result<Bits, Stop> {
        let mut bits = Bits::none(self.len());
        self.each(within, |row, entry| {
            if wants(kinds, entry.kind) {
                bits.set(row);
            }
        })?;
        Ok(bits)
    }

    fn tokens(
        &self,
        expression: Option<&str>,
        unsure: &'static str,
        exact: bool,
    ) -> Result<Sets, Stop> {
        let hits = match expression {
            Some(expression) => self.hits(expression)?,
            None => Bits::none(self.len()),
        };
        let mut may = hits.clone();
        let known = self.unsure.borrow().iter().any(|(t, _)| *t == unsure);
        if !known {
            let bits = self.hits(&format!("\"{unsure}\""))?;
            self.unsure.borrow_mut().push((unsure, bits));
        }
        if let Some((_, bits)) = self.unsure.borrow().iter().find(|(t, _)| *t == unsure) {
            may.or(bits);
        }
        let must = if exact { hits } else { Bits::none(self.len()) };
        Ok(Sets { may, must })
    }

    fn hits(&self, expression: &str) -> Result<Bits, Stop> {
        let mut bits = Bits::none(self.len());
        if let (Some(first), Some(last)) = (self.blocks.first(), self.blocks.last()) {
            let (from, to) = (first.id * BLOCK, (last.id + 1) * BLOCK - 1);
            self.day.search(expression, from, to, |id| {
                if let Some(row) = self.row(id) {
                    bits.set(row);
                }
            })?;
        }
        Ok(bits)
    }
}
