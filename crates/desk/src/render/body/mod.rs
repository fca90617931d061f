//! What stands in a panel, by its kind.

mod days;
mod expected;
mod lists;
mod objective;
mod rows;
mod spread;
mod time;
mod value;
mod web;

use super::picture::How;
use chart::panel::{Body, Figure};
use engine::judge::Judged;
use engine::panels::QueryStatus;
use engine::stream::Stream;
use engine::{Engine, Freshness, PanelStatus};
use model::board::{Board, Panel, PanelKind, Query, Role, Unit};
use model::{Direction, Labels, Thresholds};

/// A query with what is known of it.
struct Known<'a> {
    query: &'a Query,
    status: &'a QueryStatus,
    unit: Unit,
}

/// A series of a query.
struct Series<'a> {
    name: String,
    labels: &'a Labels,
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
    let window = Window::of(engine, panel.window(board), &main, how.at);
    match panel.kind {
        PanelKind::Tile | PanelKind::Stat => value::hero(engine, panel, &known, &window, how),
        PanelKind::Slo => objective::body(engine, panel, &known, how),
        PanelKind::Gauge => value::gauge(panel, &main, how),
        PanelKind::BarList | PanelKind::BarGauge => rows::bars(engine, panel, &main, how),
        PanelKind::Histogram => spread::body(engine, panel, &main, how),
        PanelKind::Topology => web::body(engine, panel, status, how),
        PanelKind::Ring => rows::ring(engine, &main, how),
        PanelKind::Table => rows::table(engine, panel, &main, None, how),
        PanelKind::SparkTable => rows::table(engine, panel, &main, Some(&window), how),
        PanelKind::StateTimeline => time::lanes(engine, panel, &main, &window, how),
        PanelKind::Heatmap => time::heat(engine, &main, &window, how),
        PanelKind::Timeseries => Body::Lines(time::graph(engine, panel, &main, &window, how)),
        PanelKind::Calendar => days::body(engine, board, panel, &main, &window, how),
        PanelKind::Forecast => expected::body(engine, panel, &main, &window, how),
        PanelKind::AlertList => lists::alerts(panel, how),
        PanelKind::LogStream => lists::lines(panel, how),
        PanelKind::Text => Body::Words(Vec::new()),
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
    fn of(engine: &Engine, seconds: u32, main: &[&Known<'_>], at: i64) -> Self {
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
            from: (at - i64::from(seconds) * 1_000) as f64,
            to: at as f64,
            start: start as f64,
            step: step as f64,
            count: usize::try_from(count).unwrap_or(0),
        }
    }

    /// When the point of this number is, ms.
    fn time(&self, i: usize) -> f64 {
        self.start + i as f64 * self.step
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
                    labels: latest.labels,
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

impl Window {
    /// Where between its points things happened, 0 to 1, for small pictures without an axis.
    fn shares(&self, how: &How) -> Vec<(f64, chart::panel::Grade)> {
        let whole = self.step * self.count.saturating_sub(1) as f64;
        if whole <= 0.0 {
            return Vec::new();
        }
        let share = |m: chart::panel::Moment| ((m.at - self.start) / whole, m.grade);
        let all = how.beside.moments().into_iter().map(share);
        all.filter(|(at, _)| (0.0..=1.0).contains(at)).collect()
    }
}
