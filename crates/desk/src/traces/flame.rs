//! The flame graph of an open trace.

use super::opened::Opened;
use super::units::name;
use traces::{Cell, Flame, Frame};
use wire::{TraceFlameAsk, TraceFlameView, TraceFrameView, TraceStepView};

/// Levels that are drawn.
const LEVELS: u32 = 200;
/// Pixels that are drawn at most.
const WIDEST: u32 = 8_000;

/// What the page draws.
pub fn flame(opened: &Opened, ask: &TraceFlameAsk) -> TraceFlameView {
    let flame = opened.flame.get_or_init(|| Flame::of(&opened.arrangement));
    let width = ask.width.clamp(100, WIDEST);
    let focus = ask.focus.filter(|f| (*f as usize) < flame.frames().len());
    let frame = |n: u32| flame.frames().get(n as usize);
    let total = focus.and_then(frame).map_or(flame.work_ns(), |f| f.work_ns);
    let mut path = Vec::new();
    let mut at = focus;
    while let Some((n, f)) = at.and_then(|n| Some((n, frame(n)?))) {
        path.push(TraceStepView {
            row: n,
            service: opened.service(&f.name.service),
            operation: name(&f.name.operation),
        });
        at = f.parent;
    }
    path.reverse();
    TraceFlameView {
        frames: flame
            .cells(focus, width, 0, LEVELS)
            .iter()
            .map(|cell| view(opened, cell, cell.frame.and_then(frame), f64::from(width)))
            .collect(),
        depth: flame.depth(),
        drawn: flame.depth().min(LEVELS),
        total: total as f64,
        path,
    }
}

fn view(opened: &Opened, cell: &Cell, frame: Option<&Frame>, width: f64) -> TraceFrameView {
    let totals = frame.map(|f| &f.totals);
    TraceFrameView {
        frame: cell.frame,
        frames: cell.frames,
        depth: cell.depth,
        x: cell.x / width,
        width: cell.width / width,
        service: frame.map_or(0, |f| opened.service(&f.name.service)),
        operation: frame.map(|f| name(&f.name.operation)).unwrap_or_default(),
        spans: totals.map_or(0, |t| t.spans),
        errors: totals.map_or(0, |t| t.errors),
        total: totals.map_or(0.0, |t| t.total_ns as f64),
        self_time: totals.map_or(0.0, |t| t.self_ns as f64),
        longest: totals.map_or(0, |t| t.longest),
    }
}
