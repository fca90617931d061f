//! A whole trace in a strip of some hundred pixels.

use crate::Arrangement;

/// One stretch of the trace's time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bucket {
    /// Spans that run in it.
    pub spans: u32,
    /// Failed spans that run in it.
    pub errors: u32,
    /// Which share of it is on the critical path, 0 to 1.
    pub critical: f32,
}

impl Arrangement {
    /// The extent in `buckets` equal stretches (10,000 at most; none without spans). A span that ends where a stretch begins
    /// does not run in that one, unless it has no duration.
    pub fn minimap(&self, buckets: usize) -> Vec<Bucket> {
        let n = buckets.min(10_000);
        if n == 0 || self.is_empty() {
            return Vec::new();
        }
        let grid = Grid::of(self.extent_ns(), n);
        // what begins and what ends in each stretch; summed up it is what runs
        let mut change = vec![(0i32, 0i32); n + 1];
        for row in 0..self.len() {
            let (from, to) = (
                grid.at(self.start[row]),
                grid.last(self.start[row], self.end[row]),
            );
            let failed = i32::from(self.marks[row].contains(crate::Marks::ERROR));
            change[from].0 += 1;
            change[from].1 += failed;
            change[to + 1].0 -= 1;
            change[to + 1].1 -= failed;
        }
        let (mut spans, mut errors) = (0, 0);
        let mut out = Vec::with_capacity(n);
        for (s, e) in change.into_iter().take(n) {
            spans += s;
            errors += e;
            out.push(Bucket {
                spans: spans as u32,
                errors: errors as u32,
                critical: 0.0,
            });
        }
        for piece in self.critical.segments() {
            let (from, to) = (grid.place(piece.start_ns), grid.place(piece.end_ns));
            let last = (to.ceil() as usize).min(n);
            let touched = out.get_mut(from as usize..last).unwrap_or_default();
            for (k, bucket) in (from as u32..).zip(touched) {
                let inside = to.min(f64::from(k) + 1.0) - from.max(f64::from(k));
                bucket.critical = (bucket.critical + inside.max(0.0) as f32).min(1.0);
            }
        }
        out
    }
}

/// Time as stretches.
struct Grid {
    start: i64,
    width: f64,
    n: usize,
}

impl Grid {
    fn of((start, end): (i64, i64), n: usize) -> Self {
        let width = (end.saturating_sub(start).max(1)) as f64 / n as f64;
        Self { start, width, n }
    }

    /// In stretches from the start.
    fn place(&self, t: i64) -> f64 {
        (t.saturating_sub(self.start) as f64 / self.width).clamp(0.0, self.n as f64)
    }

    fn at(&self, t: i64) -> usize {
        (self.place(t) as usize).min(self.n - 1)
    }

    /// The last stretch in which something runs.
    fn last(&self, start: i64, end: i64) -> usize {
        let last = (self.place(end).ceil() as usize).saturating_sub(1);
        last.clamp(self.at(start), self.n - 1)
    }
}
