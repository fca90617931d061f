//! The critical path: what would have to be faster for the trace to be faster.
//!
//! The algorithm is that of CRISP (Zhang, Ramanathan, Raj, Parwal, Sherwood, Chabbi: "CRISP: Critical Path Analysis of
//! Large-Scale Microservice Architectures", USENIX ATC 2022): from the end of a span backwards, the path goes into the child that
//! finished last, from that one's beginning into the one that finished last before it, and is the span's own wherever
//! none ran. Children that stick out of their parent are cut to it, as CRISP and Jaeger's page do.
//!
//! A parent does not wait for a child that follows from it, for the consumer of a message that it produced, or for one on its own
//! clock that ends clearly after it; these and what is below them are not on the path.

use crate::{Arrangement, Marks};
use model::trace::SpanKind;

/// By how much a child on its parent's own clock may end after it and still have been waited for: spans are closed one after
/// the other, not at once. ns.
const CLOSING_NS: i64 = 1_000_000;

/// A piece of the critical path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The row whose own work it is.
    pub row: u32,
    /// From, ns since the epoch by the arrangement's clocks.
    pub start_ns: i64,
    /// Until, ns; after `start_ns`.
    pub end_ns: i64,
}

impl Segment {
    /// How long, ns.
    pub fn duration_ns(&self) -> i64 {
        self.end_ns.saturating_sub(self.start_ns)
    }
}

/// The critical path of a trace's main root: of the real roots (of all, where there is no real one) the one that took longest.
#[derive(Clone, Debug, Default)]
pub struct CriticalPath {
    root: Option<u32>,
    /// By row, then by time.
    segments: Vec<Segment>,
    /// The window in which the path is in a row's subtree, by row.
    windows: Vec<Segment>,
}

impl CriticalPath {
    /// The root whose path it is; `None` without spans.
    pub fn root(&self) -> Option<u32> {
        self.root
    }

    /// All pieces by row, then by time. No two of them overlap.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// The pieces that are a row's own work.
    pub fn of_row(&self, row: u32) -> &[Segment] {
        let from = self.segments.partition_point(|s| s.row < row);
        let to = self.segments.partition_point(|s| s.row <= row);
        self.segments.get(from..to).unwrap_or_default()
    }

    /// When the path is in the row or in anything below it: one stretch of time.
    pub fn window_of(&self, row: u32) -> Option<Segment> {
        let found = self.windows.binary_search_by_key(&row, |s| s.row).ok()?;
        self.windows.get(found).copied()
    }

    /// How much of the path is a row's own work, ns.
    pub fn own_ns(&self, row: u32) -> i64 {
        (self.of_row(row).iter()).fold(0, |sum: i64, s| sum.saturating_add(s.duration_ns()))
    }

    /// How long the path is, ns: as long as its root.
    pub fn duration_ns(&self) -> i64 {
        (self.segments.iter()).fold(0, |sum: i64, s| sum.saturating_add(s.duration_ns()))
    }
}

/// Whether the parent of `row`, which has one, waits for it.
pub(crate) fn waits_for(a: &Arrangement, row: usize) -> bool {
    let parent_row = a.parent[row] as usize;
    let span = &a.trace.spans[a.span[row] as usize];
    let parent = &a.trace.spans[a.span[parent_row] as usize];
    let same_process = span.process == parent.process;
    let message =
        parent.kind == SpanKind::Producer || (span.kind == SpanKind::Consumer && !same_process);
    let outlives = same_process && a.end[row] > a.end[parent_row].saturating_add(CLOSING_NS);
    !(span.follows(a.trace.id) || message || outlives)
}

fn main_root(a: &Arrangement) -> Option<u32> {
    let key = |&r: &u32| {
        let row = r as usize;
        let odd = [Marks::ORPHAN, Marks::RING];
        let real = !odd.iter().any(|&m| a.marks[row].contains(m));
        let took = a.end[row].saturating_sub(a.start[row]);
        (real, took, std::cmp::Reverse(r))
    };
    a.roots().max_by_key(key)
}

/// A row and the time in which the path runs through its subtree.
type Visit = (u32, i64, i64);

/// Walks the path.
pub(crate) fn find(a: &Arrangement) -> CriticalPath {
    let mut out = CriticalPath {
        root: main_root(a),
        ..CriticalPath::default()
    };
    let start = |r: u32| (r, a.start[r as usize], a.end[r as usize]);
    let mut open: Vec<Visit> = out.root.into_iter().map(start).collect();
    let mut candidates = Vec::new();
    while let Some(visit) = open.pop() {
        let (row, from, to) = visit;
        out.windows.push(Segment {
            row,
            start_ns: from,
            end_ns: to,
        });
        last_first(a, visit, &mut candidates);
        let mut until = to;
        let mut own = |start_ns, end_ns| {
            if end_ns > start_ns {
                out.segments.push(Segment {
                    row,
                    start_ns,
                    end_ns,
                });
            }
        };
        for &(child, child_from, child_to) in &candidates {
            if child_to <= until {
                own(child_to, until);
                open.push((child, child_from, child_to));
                until = child_from;
            }
        }
        own(from, until);
    }
    out.segments.sort_unstable_by_key(|s| (s.row, s.start_ns));
    out.windows.sort_unstable_by_key(|s| s.row);
    out
}

/// The children that a row waits for, cut to the window, the one that finished last first; of those that finished at the same
/// time the one that began first.
fn last_first(a: &Arrangement, (row, from, to): Visit, out: &mut Vec<Visit>) {
    out.clear();
    for child in a.children(row) {
        let c = child as usize;
        let (start, end) = (a.start[c].max(from), a.end[c].min(to));
        if end > start && !a.marks[c].contains(Marks::ASYNC) {
            out.push((child, start, end));
        }
    }
    out.sort_unstable_by_key(|&(child, start, end)| (std::cmp::Reverse(end), start, child));
}
