//! Two traces of the same request: which paths are new, gone, slower, faster, and which of that made the difference.
//!
//! Both are merged by path (as in a flame graph), and the union of both trees is judged node by node.

use crate::Arrangement;
use crate::parents::NONE;
use crate::paths::{Children, Name, PathTotals, Paths};
use hashbrown::HashMap;
use std::cmp::Reverse;

/// From when on a change of a path's mean duration is worth a mention: both must hold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Significance {
    /// At least so much, ns.
    pub absolute_ns: i64,
    /// At least this part of the longer of the two, 0 to 1.
    pub relative: f64,
}

impl Default for Significance {
    /// A millisecond and a tenth.
    fn default() -> Self {
        Self {
            absolute_ns: 1_000_000,
            relative: 0.1,
        }
    }
}

/// What became of a path from the first trace to the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Nothing significant.
    Same,
    /// It is only in the second.
    Added,
    /// It is only in the first.
    Removed,
    /// It takes significantly longer (mean duration).
    Slower,
    /// It takes significantly less time.
    Faster,
    /// As long as before, but another number of spans or of failures.
    Counts,
}

/// A path of either trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// Its service and operation.
    pub name: Name,
    /// The path that it is below, as an index of [`Comparison::paths`].
    pub parent: Option<u32>,
    /// How far below a root.
    pub depth: u32,
    /// Paths below it, all the way down: the ones that follow it.
    pub descendants: u32,
    /// Its spans in the first trace; `longest` is a row of that one.
    pub first: Option<PathTotals>,
    /// Its spans in the second trace.
    pub second: Option<PathTotals>,
    /// What became of it.
    pub change: Change,
    /// How many of the paths below it changed.
    pub changed_below: u32,
}

impl Compared {
    fn delta(&self, of: impl Fn(&PathTotals) -> i64) -> i64 {
        let of = |side: &Option<PathTotals>| side.as_ref().map_or(0, &of);
        of(&self.second).saturating_sub(of(&self.first))
    }

    /// By how many spans the second trace has more.
    pub fn spans_delta(&self) -> i64 {
        self.delta(|t| i64::from(t.spans))
    }

    /// By how many failures the second has more.
    pub fn errors_delta(&self) -> i64 {
        self.delta(|t| i64::from(t.errors))
    }

    /// By how much the sum of durations is longer in the second, ns.
    pub fn total_delta_ns(&self) -> i64 {
        self.delta(|t| t.total_ns)
    }

    /// By how much the mean duration is longer, ns.
    pub fn mean_delta_ns(&self) -> i64 {
        self.delta(PathTotals::mean_ns)
    }

    /// By how much the self time is more, ns.
    pub fn self_delta_ns(&self) -> i64 {
        self.delta(|t| t.self_ns)
    }

    /// By how much more of the critical path it is, ns.
    pub fn critical_delta_ns(&self) -> i64 {
        self.delta(|t| t.critical_ns)
    }
}

/// One of the two traces as a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Side {
    /// Its spans.
    pub spans: u32,
    /// Those that failed.
    pub errors: u32,
    /// From the first beginning to the last end, ns.
    pub duration_ns: i64,
    /// How long its critical path is, ns.
    pub critical_ns: i64,
}

impl Side {
    fn of(a: &Arrangement) -> Self {
        let (start, end) = a.extent_ns();
        Self {
            spans: a.len() as u32,
            errors: a.errors_before.last().copied().unwrap_or(0),
            duration_ns: end.saturating_sub(start),
            critical_ns: a.critical.duration_ns(),
        }
    }
}

/// The comparison of two traces.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    /// All paths of both in pre-order: those of the first trace in its order of time, what only the second has after them.
    pub paths: Vec<Compared>,
    /// The first trace.
    pub first: Side,
    /// The second.
    pub second: Side,
}

impl Comparison {
    /// The paths whose own work on the critical path differs, the greatest difference first. The differences of all add up to
    /// that of the two critical paths, so these are what made the second trace longer or shorter.
    pub fn causes(&self) -> Vec<u32> {
        let mut out: Vec<u32> = (0..)
            .zip(&self.paths)
            .filter(|(_, p)| p.critical_delta_ns() != 0)
            .map(|(n, _)| n)
            .collect();
        let delta = |n: u32| {
            self.paths
                .get(n as usize)
                .map_or(0, Compared::critical_delta_ns)
        };
        out.sort_by_key(|&n| (Reverse(delta(n).unsigned_abs()), n));
        out
    }

    /// How many paths became what.
    pub fn count(&self, change: Change) -> usize {
        self.paths.iter().filter(|p| p.change == change).count()
    }
}

fn judge(first: Option<&PathTotals>, second: Option<&PathTotals>, s: Significance) -> Change {
    let (Some(a), Some(b)) = (first, second) else {
        return if first.is_none() {
            Change::Added
        } else {
            Change::Removed
        };
    };
    let (was, is) = (a.mean_ns(), b.mean_ns());
    let delta = is.saturating_sub(was);
    let relative = delta as f64 / was.max(is).max(1) as f64;
    if delta.saturating_abs() >= s.absolute_ns && relative.abs() >= s.relative && delta != 0 {
        if delta > 0 {
            Change::Slower
        } else {
            Change::Faster
        }
    } else if (a.spans, a.errors) != (b.spans, b.errors) {
        Change::Counts
    } else {
        Change::Same
    }
}

/// A path of the union.
struct Union {
    name: Name,
    sides: [Option<PathTotals>; 2],
}

/// Compares two traces.
pub fn compare(
    first: &Arrangement,
    second: &Arrangement,
    significance: Significance,
) -> Comparison {
    let mut all: Vec<Union> = Vec::new();
    let mut parents: Vec<u32> = Vec::new();
    let mut known: HashMap<(u32, Name), u32> = HashMap::new();
    for (side, a) in [first, second].into_iter().enumerate() {
        let paths = Paths::of(a);
        let mut place: Vec<u32> = Vec::with_capacity(paths.all.len());
        for path in &paths.all {
            let parent = if path.parent == NONE {
                NONE
            } else {
                place[path.parent as usize]
            };
            let name = paths.names[path.name as usize].clone();
            let next = all.len() as u32;
            let at = *known.entry((parent, name.clone())).or_insert(next);
            if at == next {
                parents.push(parent);
                all.push(Union {
                    name,
                    sides: [None, None],
                });
            }
            all[at as usize].sides[side] = Some(path.totals);
            place.push(at);
        }
    }
    Comparison {
        paths: arranged(&all, &parents, significance),
        first: Side::of(first),
        second: Side::of(second),
    }
}

fn arranged(all: &[Union], parents: &[u32], significance: Significance) -> Vec<Compared> {
    let mut place = vec![NONE; all.len()];
    let mut out: Vec<Compared> = Vec::with_capacity(all.len());
    for (n, depth) in Children::of_parents(parents).pre_order() {
        let n = n as usize;
        let [first, second] = all[n].sides;
        place[n] = out.len() as u32;
        let above = parents[n];
        out.push(Compared {
            name: all[n].name.clone(),
            parent: (above != NONE).then(|| place[above as usize]),
            depth,
            descendants: 0,
            first,
            second,
            change: judge(first.as_ref(), second.as_ref(), significance),
            changed_below: 0,
        });
    }
    for n in (0..out.len()).rev() {
        let path = &out[n];
        let changed = path.changed_below + u32::from(path.change != Change::Same);
        let size = path.descendants + 1;
        if let Some(parent) = path.parent.and_then(|p| out.get_mut(p as usize)) {
            parent.descendants += size;
            parent.changed_below += changed;
        }
    }
    out
}
