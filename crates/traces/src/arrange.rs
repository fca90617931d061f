//! A trace's tree as flat rows in pre-order.

use crate::critical::{self, CriticalPath};
use crate::parents::{self, NONE};
use crate::paths::{Children, sizes};
use crate::skew::{self, HostSkew, Skew};
use crate::{Marks, Note, notes, self_time};
use model::trace::{Span, Trace};
use std::sync::Arc;

/// By which clocks spans are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Clocks {
    /// As recorded, each by its own host's clock.
    #[default]
    Recorded,
    /// Hosts' clocks moved so that children lie within their parents, by Jaeger's rule ([`Skew::shift_ns`]).
    Adjusted,
}

/// The tree of a trace as rows. Row r's subtree is the rows `r .. r + 1 + descendants`; children are in the order of their
/// start, then of their id.
///
/// Roots are the spans without a parent, orphans ([`Marks::ORPHAN`]) and the earliest span of each ring ([`Marks::RING`]), all
/// in the order of their start.
#[derive(Clone, Debug)]
pub struct Arrangement {
    pub(crate) trace: Arc<Trace>,
    pub(crate) clocks: Clocks,
    /// Row to index of span.
    pub(crate) span: Vec<u32>,
    /// Index of span to row.
    pub(crate) row_of: Vec<u32>,
    pub(crate) parent: Vec<u32>,
    pub(crate) depth: Vec<u32>,
    /// Rows of the subtree, itself included.
    pub(crate) size: Vec<u32>,
    pub(crate) children: Vec<u32>,
    pub(crate) start: Vec<i64>,
    pub(crate) end: Vec<i64>,
    pub(crate) shift: Vec<i64>,
    pub(crate) own: Vec<i64>,
    pub(crate) marks: Vec<Marks>,
    /// How many rows before r failed; one longer than the rows.
    pub(crate) errors_before: Vec<u32>,
    pub(crate) critical: CriticalPath,
    skews: Vec<Skew>,
    host_skews: Vec<HostSkew>,
    notes: Vec<(Option<u32>, Note)>,
}

/// The order of rows and what follows from it.
struct Order {
    span: Vec<u32>,
    parent: Vec<u32>,
    depth: Vec<u32>,
    size: Vec<u32>,
    children: Vec<u32>,
}

impl Order {
    /// `parents` has no rings; both slices are by index of span.
    fn of(trace: &Trace, parents: &[u32], starts: &[i64]) -> Self {
        let n = parents.len();
        let mut by_time: Vec<(i64, u64, u32)> = (0..)
            .zip(&trace.spans)
            .zip(starts)
            .map(|((i, span), &start): ((u32, &Span), _)| (start, span.id.0, i))
            .collect();
        by_time.sort_unstable();
        let below = Children::in_order(parents, by_time.iter().map(|&(_, _, i)| i));
        let mut out = Self {
            span: Vec::with_capacity(n),
            parent: Vec::with_capacity(n),
            depth: Vec::with_capacity(n),
            size: Vec::new(),
            children: Vec::with_capacity(n),
        };
        let mut open: Vec<(u32, u32, u32)> =
            below.of(n).iter().rev().map(|&s| (s, NONE, 0)).collect();
        while let Some((span, parent, depth)) = open.pop() {
            let row = out.span.len() as u32;
            let children = below.of(span as usize);
            out.span.push(span);
            out.parent.push(parent);
            out.depth.push(depth);
            out.children.push(children.len() as u32);
            open.extend(children.iter().rev().map(|&c| (c, row, depth + 1)));
        }
        out.size = sizes(&out.parent);
        out
    }
}

impl Arrangement {
    /// Arranges a trace as recorded.
    pub fn of(trace: Arc<Trace>) -> Self {
        Self::with(trace, Clocks::Recorded)
    }

    /// Arranges a trace by these clocks.
    pub fn with(trace: Arc<Trace>, clocks: Clocks) -> Self {
        let parents = parents::resolve(&trace);
        let mut starts: Vec<i64> = trace.spans.iter().map(|s| s.start_ns).collect();
        let mut order = Order::of(&trace, &parents.of, &starts);
        let measured = skew::measure(&trace, &parents.of, &order.span);
        let mut shift = vec![0; order.span.len()];
        if clocks == Clocks::Adjusted {
            for (start, shift) in starts.iter_mut().zip(&measured.shift) {
                *start = start.saturating_add(*shift);
            }
            order = Order::of(&trace, &parents.of, &starts);
            let shift_of = |&s: &u32| measured.shift[s as usize];
            shift = order.span.iter().map(shift_of).collect();
        }
        let mut row_of = vec![NONE; order.span.len()];
        for (row, &span) in (0..).zip(&order.span) {
            row_of[span as usize] = row;
        }
        let times = |(&span, shift): (&u32, &i64)| {
            let span = &trace.spans[span as usize];
            let moved = |t: i64| t.saturating_add(*shift);
            (moved(span.start_ns), moved(span.end_ns()))
        };
        let (start, end) = order.span.iter().zip(&shift).map(times).unzip();
        let marks_of = |&s: &u32| parents.marks[s as usize];
        let mut out = Self {
            clocks,
            row_of,
            start,
            end,
            shift,
            marks: order.span.iter().map(marks_of).collect(),
            own: Vec::new(),
            errors_before: Vec::new(),
            critical: CriticalPath::default(),
            skews: measured.skews,
            host_skews: measured.hosts,
            notes: notes::all(&trace),
            span: order.span,
            parent: order.parent,
            depth: order.depth,
            size: order.size,
            children: order.children,
            trace,
        };
        out.mark();
        out.own = self_time::all(&out);
        out.critical = critical::find(&out);
        out
    }

    /// Says of each row what is odd about it.
    fn mark(&mut self) {
        let mut failed = 0;
        self.errors_before = Vec::with_capacity(self.span.len() + 1);
        for row in 0..self.span.len() {
            let span = &self.trace.spans[self.span[row] as usize];
            let waits = (self.parent[row] == NONE) || critical::waits_for(self, row);
            let marks = &mut self.marks[row];
            marks.set(Marks::ERROR, span.error);
            marks.set(Marks::NEGATIVE, span.duration_ns < 0);
            marks.set(Marks::WARNED, !span.warnings.is_empty());
            marks.set(Marks::LINKED, !span.links.is_empty());
            marks.set(Marks::EVENTS, !span.events.is_empty());
            marks.set(Marks::ADJUSTED, self.shift[row] != 0);
            marks.set(Marks::ASYNC, !waits);
            self.errors_before.push(failed);
            failed += u32::from(span.error);
        }
        self.errors_before.push(failed);
        for skew in &self.skews {
            let marks = &mut self.marks[self.row_of[skew.span as usize] as usize];
            marks.set(Marks::BEFORE_PARENT, skew.before_ns > 0);
            marks.set(Marks::AFTER_PARENT, skew.after_ns > 0);
        }
    }

    /// The trace that was arranged.
    pub fn trace(&self) -> &Arc<Trace> {
        &self.trace
    }

    /// By which clocks.
    pub fn clocks(&self) -> Clocks {
        self.clocks
    }

    /// The number of rows, which is that of spans.
    pub fn len(&self) -> usize {
        self.span.len()
    }

    /// Whether the trace has no spans.
    pub fn is_empty(&self) -> bool {
        self.span.is_empty()
    }

    /// The span of a row.
    pub fn span(&self, row: u32) -> Option<&Span> {
        self.trace.spans.get(*self.span.get(row as usize)? as usize)
    }

    /// The row of a span by its index in [`Trace::spans`].
    pub fn row_of(&self, span: u32) -> Option<u32> {
        self.row_of.get(span as usize).copied()
    }

    /// The row of the parent.
    pub fn parent(&self, row: u32) -> Option<u32> {
        self.parent
            .get(row as usize)
            .copied()
            .filter(|&p| p != NONE)
    }

    /// What is odd or notable about a row.
    pub fn marks(&self, row: u32) -> Marks {
        self.marks.get(row as usize).copied().unwrap_or_default()
    }

    /// How far below its root a row is.
    pub fn depth(&self, row: u32) -> u32 {
        self.depth.get(row as usize).copied().unwrap_or_default()
    }

    /// Rows below a row, all the way down.
    pub fn descendants(&self, row: u32) -> u32 {
        self.size.get(row as usize).map_or(0, |size| size - 1)
    }

    /// The rows directly below a row, in order.
    pub fn children(&self, row: u32) -> impl Iterator<Item = u32> + '_ {
        let end = row.saturating_add(self.descendants(row)).saturating_add(1);
        let first = row.saturating_add(1);
        std::iter::successors(Some(first), |&r| Some(r + self.size.get(r as usize)?))
            .take_while(move |&r| r < end)
    }

    /// The rows without a parent, in order.
    pub fn roots(&self) -> impl Iterator<Item = u32> + '_ {
        std::iter::successors(Some(0), |&r: &u32| Some(r + self.size.get(r as usize)?))
            .take_while(|&r| (r as usize) < self.span.len())
    }

    /// The greatest depth; a root's is 0.
    pub fn max_depth(&self) -> u32 {
        self.depth.iter().copied().max().unwrap_or(0)
    }

    /// From the first beginning to the last end by the arrangement's clocks, ns since the epoch; (0, 0) without spans.
    pub fn extent_ns(&self) -> (i64, i64) {
        let start = self.start.iter().copied().min();
        let end = self.end.iter().copied().max();
        (start.unwrap_or(0), end.unwrap_or(0))
    }

    /// The time of a span that none of its children accounts for, ns: its duration less the union of its direct children's
    /// intervals, cut to its own.
    pub fn self_ns(&self, row: u32) -> i64 {
        self.own.get(row as usize).copied().unwrap_or(0)
    }

    /// The critical path.
    pub fn critical_path(&self) -> &CriticalPath {
        &self.critical
    }

    /// Spans that as recorded do not lie within their parents, by index of span.
    pub fn skews(&self) -> &[Skew] {
        &self.skews
    }

    /// What of a span does not lie within its parent; the span by its index.
    pub fn skew_of(&self, span: u32) -> Option<&Skew> {
        let found = self.skews.binary_search_by_key(&span, |s| s.span).ok()?;
        self.skews.get(found)
    }

    /// The same by pairs of hosts: from how many calls between them it shows that their clocks are apart, and how far.
    pub fn host_skews(&self) -> &[HostSkew] {
        &self.host_skews
    }

    /// What the store says of the trace (no span) and of its spans (by index), in the store's order.
    pub fn notes(&self) -> &[(Option<u32>, Note)] {
        &self.notes
    }
}
