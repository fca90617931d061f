//! The rows that a page shows.

use crate::{Arrangement, Collapsed, Marks, Segment};
use model::trace::Span;

/// One row of the waterfall.
#[derive(Clone, Debug, PartialEq)]
pub struct Row<'a> {
    /// Its place among the visible rows, from 0.
    pub position: u32,
    /// Its place among all rows; what [`Collapsed`] and the other questions take.
    pub row: u32,
    /// Its span's index in the trace.
    pub span_index: u32,
    /// Its span.
    pub span: &'a Span,
    /// Its service.
    pub service: &'a str,
    /// How far below its root, which is at 0.
    pub depth: u32,
    /// The row of its parent.
    pub parent: Option<u32>,
    /// Rows directly below it.
    pub children: u32,
    /// Rows below it, all the way down.
    pub descendants: u32,
    /// Whether these are folded away.
    pub collapsed: bool,
    /// Whether no sibling comes after it: where the line of the tree ends.
    pub last: bool,
    /// When it begins by the arrangement's clocks, ns since the epoch.
    pub start_ns: i64,
    /// When it ends, ns.
    pub end_ns: i64,
    /// By how much the arrangement moved it, ns; 0 as recorded.
    pub shift_ns: i64,
    /// Its self time, ns.
    pub self_ns: i64,
    /// Where the critical path is in it, or, when it is collapsed, in it or below it; in order.
    pub critical: Vec<Segment>,
    /// What is odd or notable about it.
    pub marks: Marks,
    /// Failed spans below it, all the way down: what a collapsed row hides.
    pub errors_below: u32,
    /// By how much it begins before its parent as recorded, ns; else 0.
    pub before_parent_ns: i64,
    /// By how much it ends after its parent as recorded, ns; else 0.
    pub after_parent_ns: i64,
}

impl Arrangement {
    /// The visible rows from position `first` on, `count` at most. Pieces of the critical path that are less than `grain_ns` apart
    /// are given as one; with the time of half a pixel a row of a thousand pixels has no more than that of them.
    pub fn visible(
        &self,
        collapsed: &Collapsed,
        first: u32,
        count: u32,
        grain_ns: i64,
    ) -> Vec<Row<'_>> {
        let mut out = Vec::new();
        let mut next = collapsed.row_at(first);
        for position in (first..=u32::MAX).take(count as usize) {
            let Some(row) = next else { break };
            let Some(made) = self.row(row, collapsed, position, grain_ns) else {
                break;
            };
            let below = if made.collapsed { made.descendants } else { 0 };
            next = Some(row + below + 1);
            out.push(made);
        }
        out
    }

    fn row(&self, row: u32, collapsed: &Collapsed, position: u32, grain: i64) -> Option<Row<'_>> {
        let n = row as usize;
        let span_index = *self.span.get(n)?;
        let span = self.trace.spans.get(span_index as usize)?;
        let descendants = self.descendants(row);
        let after = n + 1 + descendants as usize;
        let folded = collapsed.contains(row);
        let critical = if folded {
            self.critical.window_of(row).into_iter().collect()
        } else {
            merged(self.critical.of_row(row), grain)
        };
        let failed = |row: usize| self.errors_before.get(row).copied().unwrap_or(0);
        let skew = self.skew_of(span_index);
        Some(Row {
            position,
            row,
            span_index,
            span,
            service: self.trace.service(span),
            depth: *self.depth.get(n)?,
            parent: self.parent(row),
            children: *self.children.get(n)?,
            descendants,
            collapsed: folded,
            last: self.parent.get(after) != self.parent.get(n),
            start_ns: *self.start.get(n)?,
            end_ns: *self.end.get(n)?,
            shift_ns: *self.shift.get(n)?,
            self_ns: self.self_ns(row),
            critical,
            marks: *self.marks.get(n)?,
            errors_below: failed(after) - failed(n + 1),
            before_parent_ns: skew.map_or(0, |s| s.before_ns),
            after_parent_ns: skew.map_or(0, |s| s.after_ns),
        })
    }
}

/// Pieces in order, those less than `grain` apart as one.
fn merged(pieces: &[Segment], grain: i64) -> Vec<Segment> {
    let mut out: Vec<Segment> = Vec::new();
    for piece in pieces {
        match out.last_mut() {
            Some(last) if piece.start_ns.saturating_sub(last.end_ns) < grain => {
                last.end_ns = piece.end_ns;
            }
            _ => out.push(*piece),
        }
    }
    out
}
