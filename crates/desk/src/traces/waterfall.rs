//! Rows of the waterfall, folding, finding.

use super::opened::Opened;
use super::units::name;
use std::sync::Arc;
use traces::{Find, Hits, Row};
use wire::{TraceFind, TraceFold, TraceFound, TraceRow, TraceRowsAsk, TraceRowsView};

/// Rows of one answer.
const MOST: u32 = 1_000;
/// The critical path is told as fine as this many pixels show it, so a row has at most half as many pieces of it in what is drawn.
const PIXELS: f64 = 1_000.0;
/// Rows that were found and are told.
const FOUND: usize = 2_000;

/// The rows that the page shows, folded as it wants.
pub fn rows(opened: &Opened, ask: &TraceRowsAsk) -> TraceRowsView {
    let a = &opened.arrangement;
    let mut fold = opened.fold.lock();
    let mut at = None;
    if let Some(change) = &ask.fold {
        let collapsed = &mut fold.collapsed;
        match change {
            TraceFold::Toggle { row } => collapsed.toggle(a, *row),
            TraceFold::Depth { levels } => collapsed.to_depth(a, levels.saturating_sub(1)),
            TraceFold::None => collapsed.to_depth(a, u32::MAX),
            TraceFold::Reveal { row } => collapsed.reveal(a, *row),
        }
        if let TraceFold::Toggle { row } | TraceFold::Reveal { row } = change {
            at = collapsed.position(*row).map(|(position, _)| position);
        }
        fold.revision = fold.revision.wrapping_add(1);
    }
    let [from, to] = ask.view;
    let grain = ((to - from) / PIXELS).clamp(0.0, 1e18) as i64;
    let count = ask.count.min(MOST);
    let seen = a.visible(&fold.collapsed, ask.first, count, grain);
    TraceRowsView {
        first: ask.first,
        total: fold.collapsed.visible(),
        revision: fold.revision,
        at,
        rows: seen.iter().map(|r| row(opened, r, (from, to))).collect(),
    }
}

/// A row as the page sees it; the critical path only where `view` shows it.
pub fn row(opened: &Opened, r: &Row<'_>, view: (f64, f64)) -> TraceRow {
    let begin = opened.begin();
    let since = |ns: i64| ns.saturating_sub(begin) as f64;
    let inside = |s: &&[f64; 2]| s[1] >= view.0 && s[0] <= view.1;
    let pieces: Vec<[f64; 2]> = r
        .critical
        .iter()
        .map(|s| [since(s.start_ns), since(s.end_ns)])
        .collect();
    TraceRow {
        row: r.row,
        depth: r.depth,
        children: r.children,
        below: r.descendants,
        folded: r.collapsed,
        errors_below: if r.collapsed { r.errors_below } else { 0 },
        service: opened.service(r.service),
        operation: name(&r.span.operation),
        kind: r.span.kind.name().to_owned(),
        start: since(r.start_ns),
        duration: r.span.duration_ns as f64,
        self_time: r.self_ns as f64,
        critical: pieces.iter().filter(inside).copied().collect(),
        marks: u32::from(r.marks.bits()),
    }
}

/// What was found, and the next of it.
pub fn find(opened: &Opened, ask: &TraceFind) -> TraceFound {
    let wanted = Find {
        text: ask.text.clone(),
        errors: ask.errors,
        service: ask
            .service
            .and_then(|n| opened.services.get(n as usize))
            .map(|s| s.service.to_string()),
        ..Find::default()
    };
    let hits = hits(opened, wanted);
    let at = if ask.back {
        hits.previous(ask.from)
    } else {
        hits.next(ask.from)
    };
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    TraceFound {
        total: count(hits.rows.len()),
        nth: at.map_or(0, |n| count(n + 1)),
        row: at.and_then(|n| hits.rows.get(n)).copied(),
        rows: hits.rows.iter().take(FOUND).copied().collect(),
    }
}

/// All that match; the answer to the last question is kept for the way from one to the next.
fn hits(opened: &Opened, wanted: Find) -> Arc<Hits> {
    let mut found = opened.found.lock();
    if let Some((asked, hits)) = &*found
        && *asked == wanted
    {
        return hits.clone();
    }
    let hits = Arc::new(opened.arrangement.find(&wanted));
    *found = Some((wanted, hits.clone()));
    hits
}
