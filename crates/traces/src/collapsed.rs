//! Which rows are folded away.

use crate::Arrangement;

/// Rows that nobody sees, because something above them is collapsed.
#[derive(Clone, Copy, Debug)]
struct Hole {
    first: u32,
    end: u32,
    /// Hidden rows before it.
    before: u32,
}

impl Hole {
    /// How many visible rows are before it.
    fn position(&self) -> u32 {
        self.first - self.before
    }

    fn hidden_through(&self) -> u32 {
        self.before + (self.end - self.first)
    }
}

/// The collapsed rows of one [`Arrangement`]. A change costs as much as there are outermost collapsed rows; a look at the
/// visible rows costs a binary search in those.
///
/// A collapsed row stays so while something above it is collapsed or expanded. Rows that are not there, or have no
/// children, are ignored.
#[derive(Clone, Debug, Default)]
pub struct Collapsed {
    bits: Vec<u64>,
    holes: Vec<Hole>,
    rows: u32,
}

impl Collapsed {
    /// Nothing collapsed.
    pub fn none(a: &Arrangement) -> Self {
        Self {
            bits: vec![0; a.len().div_ceil(64)],
            holes: Vec::new(),
            rows: a.len() as u32,
        }
    }

    /// These rows collapsed.
    pub fn of(a: &Arrangement, rows: impl IntoIterator<Item = u32>) -> Self {
        let mut out = Self::none(a);
        for row in rows {
            out.put(a, row, true);
        }
        out.find_holes(a);
        out
    }

    /// What is collapsed in `self`, an arrangement `from` of a trace, for another arrangement of the same trace.
    pub fn carried(&self, from: &Arrangement, to: &Arrangement) -> Self {
        let span = |row: u32| from.span.get(row as usize).copied();
        let rows = self.rows().filter_map(span).filter_map(|s| to.row_of(s));
        Self::of(to, rows)
    }

    /// Collapses or expands one row.
    pub fn set(&mut self, a: &Arrangement, row: u32, collapsed: bool) {
        self.put(a, row, collapsed);
        self.find_holes(a);
    }

    /// Collapses a row that is expanded and the other way round.
    pub fn toggle(&mut self, a: &Arrangement, row: u32) {
        self.set(a, row, !self.contains(row));
    }

    /// Collapses or expands a row and all below it.
    pub fn set_below(&mut self, a: &Arrangement, row: u32, collapsed: bool) {
        let end = row.saturating_add(a.descendants(row));
        for row in row..=end {
            self.put(a, row, collapsed);
        }
        self.find_holes(a);
    }

    /// Shows rows of depths up to `depth` and none below; with `u32::MAX` all.
    pub fn to_depth(&mut self, a: &Arrangement, depth: u32) {
        self.bits = vec![0; a.len().div_ceil(64)];
        for (row, &d) in (0..).zip(&a.depth) {
            if d >= depth {
                self.put(a, row, true);
            }
        }
        self.find_holes(a);
    }

    /// Expands all that is above a row, so that it is visible.
    pub fn reveal(&mut self, a: &Arrangement, row: u32) {
        let mut above = a.parent(row);
        while let Some(row) = above {
            self.put(a, row, false);
            above = a.parent(row);
        }
        self.find_holes(a);
    }

    /// Whether a row is collapsed.
    pub fn contains(&self, row: u32) -> bool {
        let word = self.bits.get(row as usize / 64).copied().unwrap_or(0);
        word >> (row % 64) & 1 == 1
    }

    /// The collapsed rows in order.
    pub fn rows(&self) -> impl Iterator<Item = u32> + '_ {
        std::iter::successors(self.next(0), |&row| self.next(row.checked_add(1)?))
    }

    /// How many rows are visible.
    pub fn visible(&self) -> u32 {
        self.rows - self.holes.last().map_or(0, Hole::hidden_through)
    }

    /// The row at a visible position, counted from 0.
    pub fn row_at(&self, position: u32) -> Option<u32> {
        let holes = self.holes.partition_point(|h| h.position() <= position);
        let hidden = holes.checked_sub(1).and_then(|h| self.holes.get(h));
        let row = position.checked_add(hidden.map_or(0, Hole::hidden_through))?;
        (row < self.rows).then_some(row)
    }

    /// Where a row is among the visible ones, or, when it is hidden, the collapsed row that hides it; with whether it is hidden.
    pub fn position(&self, row: u32) -> Option<(u32, bool)> {
        if row >= self.rows {
            return None;
        }
        let holes = self.holes.partition_point(|h| h.first <= row);
        let Some(hole) = holes.checked_sub(1).and_then(|h| self.holes.get(h)) else {
            return Some((row, false));
        };
        Some(if row < hole.end {
            (hole.position().saturating_sub(1), true)
        } else {
            (row - hole.hidden_through(), false)
        })
    }

    fn put(&mut self, a: &Arrangement, row: u32, collapsed: bool) {
        let leaf = a.children.get(row as usize).is_none_or(|&c| c == 0);
        if let Some(word) = self.bits.get_mut(row as usize / 64) {
            let bit = 1u64 << (row % 64);
            *word = if collapsed && !leaf {
                *word | bit
            } else {
                *word & !bit
            };
        }
    }

    /// The first collapsed row from `row` on.
    fn next(&self, row: u32) -> Option<u32> {
        let mut at = row as usize / 64;
        let mut word = *self.bits.get(at)? & (!0 << (row % 64));
        while word == 0 {
            at += 1;
            word = *self.bits.get(at)?;
        }
        Some(at as u32 * 64 + word.trailing_zeros())
    }

    fn find_holes(&mut self, a: &Arrangement) {
        self.rows = a.len() as u32;
        let mut holes = Vec::new();
        let (mut from, mut before) = (0, 0);
        while let Some(row) = self.next(from) {
            let size = a.size.get(row as usize).copied().unwrap_or(1);
            let (first, end) = (row + 1, row + size);
            holes.push(Hole { first, end, before });
            before += end - first;
            from = end;
        }
        self.holes = holes;
    }
}
