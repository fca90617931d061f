//! Values under each other: bars, rows and columns, parts of a whole.

use super::{How, Known, Series, Window, series, shown, weight, worst_first};
use crate::render::words::grade;
use chart::panel::{Bar, Bars, Body, Figure, Slice, Table, nice_step};
use engine::{Engine, Freshness};
use model::Severity;
use model::board::{Panel, Unit};
use std::collections::BTreeMap;

/// Parts of a ring at most.
const RING: usize = 12;

/// A row of a table.
struct Row {
    severity: Severity,
    weight: f64,
    cells: Vec<Figure>,
    pasts: Vec<Vec<Option<f64>>>,
}

/// What is said of those that are not listed.
pub(super) fn rest(hidden: usize, normal: usize, shown: usize, how: &How) -> String {
    let count = |key: &str, n: usize| how.words.with(key, "count", &n.to_string());
    let mut said = Vec::new();
    if hidden > 0 {
        said.push(count("ui.rest.more", hidden));
    }
    if normal > 0 {
        said.push(count(
            if shown == 0 {
                "ui.rest.all_normal"
            } else {
                "ui.rest.normal"
            },
            normal,
        ));
    }
    said.join("  ")
}

pub(super) fn bars(engine: &Engine, panel: &Panel, main: &[&Known<'_>], how: &How) -> Body {
    let mut all = series(engine, main, None, how);
    all.retain(|s| !s.judged.value.is_nan());
    all.sort_by(worst_first);
    let whole = all.len();
    if panel.abnormal_only {
        all.retain(|s| {
            s.judged.severity != Severity::Normal || s.judged.freshness != Freshness::Fresh
        });
    }
    let (wanted, limit) = (all.len(), usize::from(panel.limit.unwrap_or(8).max(1)));
    all.truncate(limit);
    let limits = |s: &Series<'_>| s.of.status.limits.map(|l| [l.warning, l.critical]);
    let most = all.iter().fold(0.0_f64, |m, s| {
        let limit = limits(s).and_then(|[w, c]| c.or(w)).unwrap_or(0.0);
        m.max(s.judged.value.abs()).max(limit)
    });
    let step = nice_step(most / 4.0, false);
    let full = match (panel.max, panel.unit) {
        (Some(max), _) if max > 0.0 => max,
        (_, Unit::Percent) => 100.0,
        (_, Unit::Ratio) => 1.0,
        _ if most > 0.0 => (most / step).ceil() * step,
        _ => 1.0,
    };
    let bar = |s: &Series<'_>| Bar {
        name: s.name.clone(),
        figure: shown(&s.judged, s.of.unit, how),
        share: s.judged.value / full,
        limits: limits(s)
            .into_iter()
            .flatten()
            .flatten()
            .map(|l| l / full)
            .collect(),
    };
    Body::Bars(Bars {
        rest: rest(wanted - all.len(), whole - wanted, all.len(), how),
        bars: all.iter().map(bar).collect(),
    })
}

/// Rows by the series' names; with a window, the past of each value as well.
pub(super) fn table(
    engine: &Engine,
    panel: &Panel,
    main: &[&Known<'_>],
    window: Option<&Window>,
    how: &How,
) -> Body {
    let mut rows: BTreeMap<String, Row> = BTreeMap::new();
    let nothing = how
        .words
        .figure(f64::NAN, Unit::Count, Severity::Normal, false);
    for (column, known) in main.iter().enumerate() {
        for s in series(engine, &[*known], window, how) {
            let row = rows.entry(s.name.clone()).or_insert_with(|| Row {
                severity: Severity::Normal,
                weight: f64::NEG_INFINITY,
                cells: vec![nothing.clone(); main.len()],
                pasts: vec![Vec::new(); main.len()],
            });
            row.severity = row.severity.max(s.judged.severity);
            if column == 0 {
                row.weight = weight(&s);
            }
            if let Some(cell) = row.cells.get_mut(column) {
                *cell = shown(&s.judged, s.of.unit, how);
            }
            if let Some(past) = row.pasts.get_mut(column) {
                *past = s.points;
            }
        }
    }
    let whole = rows.len();
    let mut rows: Vec<_> = rows
        .into_iter()
        .filter(|(_, row)| !panel.abnormal_only || row.severity != Severity::Normal)
        .collect();
    rows.sort_by(|(_, a), (_, b)| {
        b.severity
            .cmp(&a.severity)
            .then(b.weight.total_cmp(&a.weight))
    });
    let wanted = rows.len();
    rows.truncate(usize::from(panel.limit.unwrap_or(8).max(1)));
    let head = main.iter().map(|k| {
        k.query
            .label
            .as_deref()
            .map_or_else(String::new, |key| how.words.plain(key))
    });
    let pasts = rows
        .iter_mut()
        .map(|(_, row)| std::mem::take(&mut row.pasts));
    let pasts = if window.is_some() {
        pasts.collect()
    } else {
        Vec::new()
    };
    Body::Table(Table {
        head: head.collect(),
        rest: rest(wanted - rows.len(), whole - wanted, rows.len(), how),
        rows: rows
            .into_iter()
            .map(|(name, row)| (name, grade(row.severity), row.cells))
            .collect(),
        pasts,
    })
}

/// Parts of the whole of what is positive, the largest first.
pub(super) fn ring(engine: &Engine, main: &[&Known<'_>], how: &How) -> Body {
    let mut all = series(engine, main, None, how);
    all.retain(|s| s.judged.value > 0.0 && s.judged.value.is_finite());
    all.sort_by(|a, b| b.judged.value.total_cmp(&a.judged.value));
    let whole: f64 = all.iter().map(|s| s.judged.value).sum();
    let slice = |s: &Series<'_>| Slice {
        name: s.name.clone(),
        figure: shown(&s.judged, s.of.unit, how),
        share: s.judged.value / whole.max(f64::MIN_POSITIVE),
    };
    Body::Ring(all.iter().take(RING).map(slice).collect())
}
