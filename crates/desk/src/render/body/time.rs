//! Values over time: lines, lanes, depth of colour.

use super::{How, Known, Series, Window, series, worst_first};
use crate::render::body::rows::rest;
use crate::render::words::grade;
use chart::panel::{Body, Grade, Graph, GraphLine, Heat, Lanes, Stroke};
use engine::Engine;
use model::board::{Panel, Unit};
use model::{Direction, Severity, Thresholds};

/// Lines of a panel at most; the worst and then the greatest are drawn.
const LINES: usize = 24;

pub(super) fn lanes(
    engine: &Engine,
    panel: &Panel,
    main: &[&Known<'_>],
    window: &Window,
    how: &How,
) -> Body {
    let mut all = series(engine, main, Some(window), how);
    let wanted = all.len();
    all.truncate(usize::from(panel.limit.unwrap_or(8).max(1)));
    let lane = |s: &Series<'_>| {
        let up_down = (s.of.unit == Unit::UpDown).then_some(Thresholds {
            warning: Some(1.0),
            critical: Some(0.5),
            direction: Direction::Below,
            ..Thresholds::default()
        });
        let limits = s.of.status.limits.or(up_down);
        let mut stretches: Vec<(f64, f64, Grade)> = Vec::new();
        for (i, value) in s.points.iter().enumerate() {
            let Some(value) = value else { continue };
            let from = window.start + i as f64 * window.step;
            let how_bad = limits.map_or(Grade::Normal, |l| grade(l.severity(*value)));
            match stretches.last_mut() {
                Some((_, to, before)) if *before == how_bad && *to >= from => {
                    *to = from + window.step
                }
                _ => stretches.push((from, from + window.step, how_bad)),
            }
        }
        (s.name.clone(), stretches)
    };
    Body::Lanes(Lanes {
        from: window.from,
        to: window.to,
        lanes: all.iter().map(lane).collect(),
        marks: how.beside.moments(),
        time: how.words.clock(window.to - window.from),
        zone_offset: how.words.offset(how.at),
        rest: rest(wanted - all.len(), 0, all.len(), how),
    })
}

pub(super) fn graph(
    engine: &Engine,
    panel: &Panel,
    main: &[&Known<'_>],
    window: &Window,
    how: &How,
) -> Graph {
    let mut all = series(engine, main, Some(window), how);
    if all.len() > LINES {
        all.sort_by(worst_first);
        all.truncate(LINES);
    }
    let alone = all.len() == 1;
    let line = |(i, s): (usize, Series<'_>)| GraphLine {
        newest: how.words.line(s.judged.value, s.of.unit),
        stroke: match s.judged.severity {
            Severity::Normal => Stroke::Series(i),
            bad if alone => Stroke::Grade(grade(bad)),
            _ => Stroke::Series(i),
        },
        filled: alone,
        name: s.name,
        points: s.points,
        ..GraphLine::default()
    };
    let limits = main
        .first()
        .and_then(|k| k.status.limits)
        .map_or_else(Vec::new, |l| {
            let all = [
                (l.warning, Grade::Warning),
                (l.critical, Grade::Critical),
                (l.emergency, Grade::Emergency),
            ];
            all.into_iter().filter_map(|(v, g)| Some((v?, g))).collect()
        });
    let unit = main.first().map_or(panel.unit, |k| k.unit);
    Graph {
        from: window.from,
        to: window.to,
        start: window.start,
        step: window.step,
        lines: all.into_iter().enumerate().map(line).collect(),
        limits,
        marks: how.beside.moments(),
        min: panel.min,
        max: panel.max,
        value: how.words.axis(unit),
        time: how.words.clock(window.to - window.from),
        zone_offset: how.words.offset(how.at),
        binary: matches!(unit, Unit::Bytes | Unit::BytesPerSecond),
    }
}

/// A row for each series, from below in the order of its upper bound (`le`) where it has one; a bucket counts what the one below it
/// does not.
pub(super) fn heat(engine: &Engine, main: &[&Known<'_>], window: &Window, how: &How) -> Body {
    let mut rows: Vec<(f64, String, Vec<Option<f64>>)> = Vec::new();
    for known in main {
        for stream in known
            .status
            .streams
            .iter()
            .filter_map(|id| engine.stream(*id))
        {
            for latest in stream.latest(0) {
                let bound = latest
                    .labels
                    .get("le")
                    .map(|le| le.parse().unwrap_or(f64::INFINITY));
                let name = match bound {
                    Some(le) => how.words.line(le, known.unit),
                    None => crate::frames::series_name(
                        known.query.legend.as_deref(),
                        latest.labels,
                        &stream.key.source,
                    ),
                };
                let points = window.points(stream, latest.labels);
                // Buckets of several series that share an end are one row.
                let known = rows
                    .iter_mut()
                    .find(|(le, _, _)| bound.is_some_and(|b| b.total_cmp(le).is_eq()));
                match known {
                    Some((_, _, cells)) => add(cells, &points),
                    None => rows.push((bound.unwrap_or(f64::NAN), name, points)),
                }
            }
        }
    }
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    if rows.iter().all(|r| !r.0.is_nan()) {
        for i in (1..rows.len()).rev() {
            let below = rows[i - 1].2.clone();
            for (cell, less) in rows[i].2.iter_mut().zip(below) {
                *cell = cell.zip(less).map(|(v, less)| (v - less).max(0.0));
            }
        }
    }
    let most = rows
        .iter()
        .flat_map(|r| r.2.iter().copied().flatten())
        .fold(0.0, f64::max);
    let share = |cells: Vec<Option<f64>>| -> Vec<Option<f64>> {
        cells
            .into_iter()
            .map(|v| v.map(|v| v / most.max(f64::MIN_POSITIVE)))
            .collect()
    };
    Body::Heat(Heat {
        from: window.start,
        to: window.start + window.step * window.count as f64,
        rows: rows
            .into_iter()
            .map(|(_, name, cells)| (name, share(cells)))
            .collect(),
        marks: how.beside.moments(),
        time: how.words.clock(window.to - window.from),
        zone_offset: how.words.offset(how.at),
    })
}

fn add(cells: &mut Vec<Option<f64>>, more: &[Option<f64>]) {
    if cells.len() < more.len() {
        cells.resize(more.len(), None);
    }
    for (cell, value) in cells.iter_mut().zip(more) {
        *cell = match (*cell, *value) {
            (Some(a), Some(b)) => Some(a + b),
            (a, b) => a.or(b),
        };
    }
}
