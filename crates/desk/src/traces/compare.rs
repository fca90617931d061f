//! Two open traces beside each other.

use super::list;
use super::opened::Opened;
use super::units::name;
use traces::{Change, Compared, PathTotals, Significance, compare};
use wire::{TraceChange, TraceDiffRow, TraceDiffView};

/// Paths that are told.
const PATHS: usize = 5_000;

/// What the page shows.
pub fn diff(first: &Opened, second: &Opened) -> TraceDiffView {
    let compared = compare(
        &first.arrangement,
        &second.arrangement,
        Significance::default(),
    );
    let item = |o: &Opened| list::item(&source::jaeger::summarise(o.arrangement.trace()));
    let count = |c: Change| u32::try_from(compared.count(c)).unwrap_or(u32::MAX);
    TraceDiffView {
        traces: vec![item(first), item(second)],
        rows: compared.paths.iter().take(PATHS).map(row).collect(),
        total: u32::try_from(compared.paths.len()).unwrap_or(u32::MAX),
        counts: [
            Change::Added,
            Change::Removed,
            Change::Slower,
            Change::Faster,
            Change::Counts,
            Change::Same,
        ]
        .map(count),
    }
}

fn row(path: &Compared) -> TraceDiffRow {
    let sides = [path.first.as_ref(), path.second.as_ref()];
    let ns = |f: fn(&PathTotals) -> i64| sides.map(|s| s.map_or(0.0, |t| f(t) as f64));
    TraceDiffRow {
        depth: path.depth,
        service: name(&path.name.service),
        operation: name(&path.name.operation),
        change: match path.change {
            Change::Added => TraceChange::Added,
            Change::Removed => TraceChange::Removed,
            Change::Slower => TraceChange::Slower,
            Change::Faster => TraceChange::Faster,
            Change::Counts => TraceChange::Counts,
            Change::Same => TraceChange::Same,
        },
        below: path.changed_below > 0,
        spans: sides.map(|s| s.map_or(0, |t| t.spans)),
        errors: sides.map(|s| s.map_or(0, |t| t.errors)),
        total: ns(|t| t.total_ns),
        self_time: ns(|t| t.self_ns),
        critical: ns(|t| t.critical_ns),
        longest: sides.map(|s| s.map(|t| t.longest)),
    }
}
