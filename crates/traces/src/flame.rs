//! The flame graph of a trace: spans merged by path, as wide as the work that was done in and below them.

use crate::Arrangement;
use crate::parents::NONE;
use crate::paths::{Children, Name, PathTotals, Paths, sizes};
use std::cmp::Reverse;

/// A frame: all spans of one path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Its service and operation.
    pub name: Name,
    /// The frame that it stands on.
    pub parent: Option<u32>,
    /// Frames below it in the stack; a root's is 0.
    pub depth: u32,
    /// Frames on top of it, all the way up.
    pub descendants: u32,
    /// What its spans have together.
    pub totals: PathTotals,
    /// Self time of its spans and of all on top of them, ns: its width. Children that run at the same time add up here, so it
    /// can be more than the duration; that way what stands on a frame is never wider than it.
    pub work_ns: i64,
    /// Where it begins, in ns of work from the left.
    pub offset_ns: i64,
}

/// One rectangle to draw.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cell {
    /// The frame; `None` for several frames too narrow to be drawn one by one.
    pub frame: Option<u32>,
    /// How many frames it stands for, those on top of them included when it stands for several; else 1.
    pub frames: u32,
    /// The row, as a depth; below a zoomed frame are those that it stands on, each as wide as the window.
    pub depth: u32,
    /// Left edge, pixels.
    pub x: f64,
    /// Width, pixels; may be less than one.
    pub width: f64,
}

/// A flame graph. Frames are in pre-order; what stands on one frame is sorted by work, the widest first, then by name.
#[derive(Clone, Debug, Default)]
pub struct Flame {
    frames: Vec<Frame>,
    work_ns: i64,
}

impl Flame {
    /// Merges a trace.
    pub fn of(a: &Arrangement) -> Self {
        let paths = Paths::of(a);
        let parents: Vec<u32> = paths.all.iter().map(|p| p.parent).collect();
        let mut work: Vec<i64> = paths.all.iter().map(|p| p.totals.self_ns).collect();
        for n in (0..work.len()).rev() {
            if parents[n] != NONE {
                let above = parents[n] as usize;
                work[above] = work[above].saturating_add(work[n]);
            }
        }
        let size = sizes(&parents);
        let mut children = Children::of_parents(&parents);
        for n in 0..=parents.len() {
            let name = |c: u32| &paths.names[paths.all[c as usize].name as usize];
            (children.of_mut(n)).sort_by_key(|&c| (Reverse(work[c as usize]), name(c)));
        }
        let mut frame_of = vec![NONE; parents.len()];
        // how much of each path's width its children have taken so far; the last one is for the roots
        let mut taken = vec![0i64; parents.len() + 1];
        let mut frames: Vec<Frame> = Vec::with_capacity(parents.len());
        for (path, depth) in children.pre_order() {
            let n = path as usize;
            let above = parents[n];
            let parent = (above != NONE).then(|| frame_of[above as usize]);
            let base = parent.and_then(|p| frames.get(p as usize));
            let place = taken.get_mut(if above == NONE {
                parents.len()
            } else {
                above as usize
            });
            let before = place.map_or(0, |p| std::mem::replace(p, p.saturating_add(work[n])));
            frame_of[n] = frames.len() as u32;
            frames.push(Frame {
                name: paths.names[paths.all[n].name as usize].clone(),
                parent,
                depth,
                descendants: size[n] - 1,
                totals: paths.all[n].totals,
                work_ns: work[n],
                offset_ns: base.map_or(0, |b| b.offset_ns).saturating_add(before),
            });
        }
        let work_ns = taken.last().copied().unwrap_or(0);
        Self { frames, work_ns }
    }

    /// The frames.
    pub fn frames(&self) -> &[Frame] {
        &self.frames
    }

    /// The work of the whole trace, ns: the sum of all self times.
    pub fn work_ns(&self) -> i64 {
        self.work_ns
    }

    /// The number of rows.
    pub fn depth(&self) -> u32 {
        self.frames.iter().map(|f| f.depth + 1).max().unwrap_or(0)
    }

    /// The rectangles of the rows `first .. first + rows` in a window `width` pixels wide that shows all, or one frame as wide
    /// as the window. No row has more than twice as many of them as it has pixels.
    pub fn cells(&self, zoom: Option<u32>, width: u32, first: u32, rows: u32) -> Vec<Cell> {
        let zoomed = zoom.and_then(|z| Some((z, self.frames.get(z as usize)?)));
        let (left, work) = zoomed.map_or((0, self.work_ns), |(_, f)| (f.offset_ns, f.work_ns));
        let px = |ns: i64| ns as f64 * f64::from(width) / work.max(1) as f64;
        let shown = first..first.saturating_add(rows);
        let mut out = Vec::new();
        if let Some((_, frame)) = zoomed {
            self.base_of(frame, f64::from(width), &shown, &mut out);
        }
        let (mut at, end) = match zoomed {
            Some((z, frame)) => (z as usize, z as usize + 1 + frame.descendants as usize),
            None => (0, self.frames.len()),
        };
        while at < end {
            let frame = &self.frames[at];
            let after = at + 1 + frame.descendants as usize;
            let x = px(frame.offset_ns.saturating_sub(left));
            let mut cell = Cell {
                frame: Some(at as u32),
                frames: 1,
                depth: frame.depth,
                x,
                width: px(frame.work_ns),
            };
            let narrow = cell.width < 1.0 && zoom != Some(at as u32);
            if narrow {
                // siblings come by width: all that follow are as narrow
                let above = frame.parent.filter(|_| zoom != Some(at as u32));
                let parent = above.and_then(|p| Some((p, self.frames.get(p as usize)?)));
                let until = parent.map_or(end, |(p, f)| p as usize + 1 + f.descendants as usize);
                let rest = &self.frames[at..until];
                let siblings = rest.iter().filter(|f| f.depth == frame.depth);
                cell.width = siblings.map(|f| px(f.work_ns)).sum();
                cell.frames = (until - at) as u32;
                cell.frame = cell.frame.filter(|_| cell.frames == 1);
                at = until;
            } else {
                at = if frame.depth.saturating_add(1) < shown.end {
                    at + 1
                } else {
                    after
                };
            }
            if shown.contains(&cell.depth) {
                out.push(cell);
            }
        }
        out
    }

    /// The frames that a zoomed one stands on.
    fn base_of(
        &self,
        frame: &Frame,
        width: f64,
        shown: &std::ops::Range<u32>,
        out: &mut Vec<Cell>,
    ) {
        let above = |f: &&Frame| f.parent.and_then(|p| self.frames.get(p as usize));
        let first = frame.parent;
        let mut number = first;
        for base in std::iter::successors(above(&frame), above) {
            if shown.contains(&base.depth) {
                out.push(Cell {
                    frame: number,
                    frames: 1,
                    depth: base.depth,
                    x: 0.0,
                    width,
                });
            }
            number = base.parent;
        }
        out.reverse();
    }
}
