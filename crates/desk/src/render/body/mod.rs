//! What stands in a panel, by its kind.

use super::picture::How;
use super::words::grade;
use chart::panel::{
    Arc_, Bar, Bars, Body, Figure, Grade, Graph, GraphLine, Heat, Hero, Lanes, Slice, Stroke,
    Table, nice_step,
};
use engine::judge::Judged;
use engine::panels::QueryStatus;
use engine::stream::Stream;
use engine::{Engine, Freshness, PanelStatus};
use model::board::{Board, Panel, PanelKind, Query, Role, Unit};
use model::{Direction, Labels, Severity, Thresholds};
use std::collections::BTreeMap;

/// Lines of a panel at most; the worst and then the greatest are drawn.
const LINES: usize = 24;
/// Parts of a ring at most.
const RING: usize = 12;

/// A query with what is known of it.
struct Known<'a> {
    query: &'a Query,
    status: &'a QueryStatus,
    unit: Unit,
}

/// A series of a query.
struct Series<'a> {
    name: String,
    judged: Judged,
    points: Vec<Option<f64>>,
    of: &'a Known<'a>,
}

pub(super) fn body(
    engine: &Engine,
    board: &Board,
    panel: &Panel,
    status: &PanelStatus,
    how: &How,
) -> Body {
    let known: Vec<Known<'_>> = panel
        .queries
        .iter()
        .zip(&status.queries)
        .map(|(query, status)| Known {
            query,
            status,
            unit: query.unit.unwrap_or(panel.unit),
        })
        .collect();
    let main: Vec<&Known<'_>> = known
        .iter()
        .filter(|k| k.query.role == Role::Main)
        .collect();
    let window = Window::of(engine, board, &main, how.at);
    match panel.kind {
        PanelKind::Tile | PanelKind::Stat | PanelKind::Slo => {
            hero(engine, panel, &known, &window, how)
        }
        PanelKind::Gauge => gauge(panel, &main, how),
        PanelKind::BarList | PanelKind::BarGauge | PanelKind::Histogram | PanelKind::Topology => {
            bars(engine, panel, &main, how)
        }
        PanelKind::Ring => ring(engine, &main, how),
        PanelKind::Table | PanelKind::SparkTable => table(engine, panel, &main, how),
        PanelKind::StateTimeline => lanes(engine, panel, &main, &window, how),
        PanelKind::Heatmap => heat(engine, &main, &window, how),
        PanelKind::Timeseries | PanelKind::Calendar | PanelKind::Forecast => {
            Body::Lines(graph(engine, panel, &main, &window, how))
        }
        PanelKind::Text | PanelKind::AlertList | PanelKind::LogStream => {
            Body::Words(vec![how.words.plain("ui.state.wall_only")])
        }
    }
}

/// The time that is drawn, ms, and where its points lie.
struct Window {
    from: f64,
    to: f64,
    start: f64,
    step: f64,
    count: usize,
}

impl Window {
    fn of(engine: &Engine, board: &Board, main: &[&Known<'_>], at: i64) -> Self {
        let columns = || {
            let ids = main.iter().flat_map(|k| &k.status.streams);
            ids.filter_map(|id| engine.stream(*id))
                .map(|s| &s.columns)
                .filter(|c| !c.is_empty())
        };
        let start = columns().map(engine::Columns::start).min().unwrap_or(at);
        let end = columns()
            .filter_map(engine::Columns::last)
            .max()
            .unwrap_or(at);
        let step = columns()
            .map(engine::Columns::step)
            .find(|s| *s > 0)
            .unwrap_or(0);
        let count = (end - start).checked_div(step).map_or(0, |n| n + 1);
        Self {
            from: (at - i64::from(board.window_seconds) * 1_000) as f64,
            to: at as f64,
            start: start as f64,
            step: step as f64,
            count: usize::try_from(count).unwrap_or(0),
        }
    }

    /// The points of a stream's series on this window's grid.
    fn points(&self, stream: &Stream, labels: &Labels) -> Vec<Option<f64>> {
        let c = &stream.columns;
        let Some((_, values)) = c.series().find(|(l, _)| *l == labels) else {
            return Vec::new();
        };
        let shift = (c.start() - self.start as i64)
            .checked_div(c.step())
            .unwrap_or(0);
        (0..self.count)
            .map(|i| {
                let i = i64::try_from(i).ok()? - shift;
                let value = *values.get(usize::try_from(i).ok()?)?;
                value.is_finite().then_some(value)
            })
            .collect()
    }
}

/// All series of some queries, with their points where there is a window.
fn series<'a>(
    engine: &'a Engine,
    queries: &[&'a Known<'a>],
    window: Option<&Window>,
    how: &How,
) -> Vec<Series<'a>> {
    let several = queries.len() > 1;
    let mut out = Vec::new();
    for known in queries {
        let mut judged = known.status.judged.iter();
        let label = known.query.label.as_deref().map(|key| how.words.plain(key));
        for stream in known
            .status
            .streams
            .iter()
            .filter_map(|id| engine.stream(*id))
        {
            for latest in stream.latest(0) {
                let name = crate::frames::series_name(
                    known.query.legend.as_deref(),
                    latest.labels,
                    &stream.key.source,
                );
                let nameless = known.query.legend.is_none() && latest.labels.is_empty();
                out.push(Series {
                    name: match &label {
                        Some(label) if nameless || name.is_empty() => label.clone(),
                        Some(label) if several => format!("{label} {name}"),
                        _ => name,
                    },
                    judged: judged.next().copied().unwrap_or_default(),
                    points: window.map_or_else(Vec::new, |w| w.points(stream, latest.labels)),
                    of: known,
                });
            }
        }
    }
    out
}

/// Greater is worse.
fn weight(s: &Series<'_>) -> f64 {
    let below =
        s.of.status
            .limits
            .is_some_and(|l| l.direction == Direction::Below);
    match s.judged.value {
        v if v.is_nan() => f64::NEG_INFINITY,
        v if below => -v,
        v => v,
    }
}

fn worst_first(a: &Series<'_>, b: &Series<'_>) -> std::cmp::Ordering {
    let severity = b.judged.severity.cmp(&a.judged.severity);
    severity
        .then(weight(b).total_cmp(&weight(a)))
        .then_with(|| a.name.cmp(&b.name))
}

fn shown(judged: &Judged, unit: Unit, how: &How) -> Figure {
    let faded = judged.freshness != Freshness::Fresh;
    how.words.figure(judged.value, unit, judged.severity, faded)
}

/// The limit nearest to normal.
fn first_limit(limits: &Thresholds) -> Option<f64> {
    limits.warning.or(limits.critical).or(limits.emergency)
}

fn limit_note(limits: &Thresholds, unit: Unit, how: &How) -> Option<(String, String)> {
    let key = if limits.direction == Direction::Below {
        "ui.limit.lower"
    } else {
        "ui.limit.upper"
    };
    Some((
        how.words.plain(key),
        how.words.line(first_limit(limits)?, unit),
    ))
}

fn hero(engine: &Engine, panel: &Panel, known: &[Known<'_>], window: &Window, how: &How) -> Body {
    // A tile shows its main value, unless a further check is worse.
    let mut head = known.iter().find(|k| k.query.role == Role::Main);
    if panel.kind == PanelKind::Tile {
        for check in known.iter().filter(|k| k.query.role == Role::Check) {
            let severity = |k: &Known<'_>| k.status.reduced.severity;
            if !check.status.reduced.value.is_nan()
                && head.is_none_or(|h| severity(check) > severity(h))
            {
                head = Some(check);
            }
        }
    }
    let Some(head) = head else {
        return Body::Words(Vec::new());
    };
    let mut notes = Vec::new();
    if panel.kind == PanelKind::Tile {
        let label = head.query.label.as_deref().map(|key| how.words.plain(key));
        notes.extend(label.map(|l| (l, Figure::default())));
    } else {
        let limit = head
            .status
            .limits
            .and_then(|l| limit_note(&l, head.unit, how));
        notes.extend(limit.map(|(name, text)| {
            (
                name,
                Figure {
                    text,
                    ..Figure::default()
                },
            )
        }));
    }
    for note in known.iter().filter(|k| k.query.role == Role::Note) {
        let name = note
            .query
            .label
            .as_deref()
            .map_or_else(String::new, |key| how.words.plain(key));
        notes.push((name, shown(&note.status.reduced, note.unit, how)));
    }
    let main: Vec<&Known<'_>> = known
        .iter()
        .filter(|k| k.query.role == Role::Main)
        .take(1)
        .collect();
    let mut past = series(engine, &main, Some(window), how);
    past.sort_by(worst_first);
    Body::Hero(Hero {
        figure: shown(&head.status.reduced, head.unit, how),
        notes,
        past: past.into_iter().next().map_or_else(Vec::new, |s| s.points),
        limit: main
            .first()
            .and_then(|k| k.status.limits)
            .as_ref()
            .and_then(first_limit),
    })
}

fn gauge(panel: &Panel, main: &[&Known<'_>], how: &How) -> Body {
    let Some(head) = main.first() else {
        return Body::Words(Vec::new());
    };
    let (value, limits) = (head.status.reduced.value, head.status.limits);
    let natural = match head.unit {
        Unit::Percent => Some(100.0),
        Unit::Ratio | Unit::UpDown => Some(1.0),
        Unit::Score => Some(5.0),
        _ => None,
    };
    let marks = || {
        limits
            .into_iter()
            .flat_map(|l| [l.warning, l.critical, l.emergency])
            .flatten()
    };
    let most = marks()
        .chain([value])
        .filter(|v| v.is_finite())
        .fold(0.0, f64::max);
    let step = nice_step(most * 1.1 / 4.0, false);
    let low = panel.min.unwrap_or(0.0);
    let high = panel
        .max
        .or(natural)
        .unwrap_or((most * 1.1 / step).ceil() * step);
    let share = |v: f64| ((v - low) / (high - low).max(1e-12)).clamp(0.0, 1.0);
    let zones = limits.map_or_else(Vec::new, |l| {
        let at = [
            (l.warning, Grade::Warning),
            (l.critical, Grade::Critical),
            (l.emergency, Grade::Emergency),
        ];
        let zone = |(limit, grade): (Option<f64>, Grade)| {
            let at = share(limit?);
            Some(if l.direction == Direction::Below {
                (0.0, at, grade)
            } else {
                (at, 1.0, grade)
            })
        };
        at.into_iter().filter_map(zone).collect()
    });
    let note = limits.and_then(|l| limit_note(&l, head.unit, how));
    Body::Arc(Arc_ {
        figure: shown(&head.status.reduced, head.unit, how),
        share: if value.is_nan() { 0.0 } else { share(value) },
        zones,
        note: note.map_or_else(String::new, |(name, value)| format!("{name} {value}")),
    })
}

/// What is said of those that are not listed.
fn rest(hidden: usize, normal: usize, shown: usize, how: &How) -> String {
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

fn bars(engine: &Engine, panel: &Panel, main: &[&Known<'_>], how: &How) -> Body {
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

fn table(engine: &Engine, panel: &Panel, main: &[&Known<'_>], how: &How) -> Body {
    let mut rows: BTreeMap<String, (Severity, f64, Vec<Figure>)> = BTreeMap::new();
    let nothing = how
        .words
        .figure(f64::NAN, Unit::Count, Severity::Normal, false);
    for (column, known) in main.iter().enumerate() {
        for s in series(engine, &[*known], None, how) {
            let row = rows.entry(s.name.clone()).or_insert_with(|| {
                (
                    Severity::Normal,
                    f64::NEG_INFINITY,
                    vec![nothing.clone(); main.len()],
                )
            });
            row.0 = row.0.max(s.judged.severity);
            if column == 0 {
                row.1 = weight(&s);
            }
            if let Some(cell) = row.2.get_mut(column) {
                *cell = shown(&s.judged, s.of.unit, how);
            }
        }
    }
    let whole = rows.len();
    let mut rows: Vec<_> = rows
        .into_iter()
        .filter(|(_, row)| !panel.abnormal_only || row.0 != Severity::Normal)
        .collect();
    rows.sort_by(|(_, a), (_, b)| b.0.cmp(&a.0).then(b.1.total_cmp(&a.1)));
    let wanted = rows.len();
    rows.truncate(usize::from(panel.limit.unwrap_or(8).max(1)));
    let head = main.iter().map(|k| {
        k.query
            .label
            .as_deref()
            .map_or_else(String::new, |key| how.words.plain(key))
    });
    Body::Table(Table {
        head: head.collect(),
        rest: rest(wanted - rows.len(), whole - wanted, rows.len(), how),
        rows: rows
            .into_iter()
            .map(|(name, (severity, _, cells))| (name, grade(severity), cells))
            .collect(),
    })
}

fn lanes(engine: &Engine, panel: &Panel, main: &[&Known<'_>], window: &Window, how: &How) -> Body {
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
        time: how.words.clock(window.to - window.from),
        zone_offset: how.words.offset(how.at),
        rest: rest(wanted - all.len(), 0, all.len(), how),
    })
}

fn graph(engine: &Engine, panel: &Panel, main: &[&Known<'_>], window: &Window, how: &How) -> Graph {
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
        marks: Vec::new(),
        min: panel.min,
        max: panel.max,
        value: how.words.axis(unit),
        time: how.words.clock(window.to - window.from),
        zone_offset: how.words.offset(how.at),
        binary: matches!(unit, Unit::Bytes | Unit::BytesPerSecond),
    }
}

/// Parts of the whole of what is positive, the largest first.
fn ring(engine: &Engine, main: &[&Known<'_>], how: &How) -> Body {
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

/// A row for each series, from below in the order of its upper bound (`le`) where it has one; a bucket counts what the one below it
/// does not.
fn heat(engine: &Engine, main: &[&Known<'_>], window: &Window, how: &How) -> Body {
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
                rows.push((
                    bound.unwrap_or(f64::NAN),
                    name,
                    window.points(stream, latest.labels),
                ));
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
        time: how.words.clock(window.to - window.from),
        zone_offset: how.words.offset(how.at),
    })
}
