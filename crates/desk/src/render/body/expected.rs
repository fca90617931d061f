//! The past, and what is to be expected: which series is drawn, and over which time.

use super::{How, Known, Window, series};
use crate::render::body::time;
use crate::render::predict::{self, Past};
use chart::panel::{Body, GraphLine, Stroke};
use engine::Engine;
use model::Direction;
use model::board::Panel;

/// Series that are looked into for the one that reaches its limit first.
const MOST: usize = 24;

pub(super) fn body(
    engine: &Engine,
    panel: &Panel,
    main: &[&Known<'_>],
    window: &Window,
    how: &How,
) -> Body {
    let view = panel.forecast.unwrap_or_default();
    let limits = main.first().and_then(|k| k.status.limits);
    let below = limits.is_some_and(|l| l.direction == Direction::Below);
    let limit = panel
        .max
        .filter(|_| !below)
        .or_else(|| limits.and_then(|l| l.emergency.or(l.critical).or(l.warning)));
    let (ahead, season) = (
        f64::from(view.ahead_seconds) * 1_000.0,
        f64::from(view.season_seconds) * 1_000.0,
    );
    let mut all = series(engine, main, Some(window), how);
    all.truncate(MOST);
    let mut best: Option<(usize, Option<predict::Expected>, f64)> = None;
    for (i, s) in all.iter().enumerate() {
        let past = Past {
            start: window.start,
            step: window.step,
            values: &s.points,
        };
        let expected = predict::predict(&past, view.method, season, ahead);
        let meets = expected
            .as_ref()
            .zip(limit)
            .and_then(|(e, limit)| e.reaches(limit, below, past.last()))
            .unwrap_or(f64::INFINITY);
        let sooner = best.as_ref().is_none_or(|(at, _, before)| {
            let worse = |a: f64, b: f64| if below { a < b } else { a > b };
            meets < *before || (meets == *before && worse(s.judged.value, all[*at].judged.value))
        });
        if sooner {
            best = Some((i, expected, meets));
        }
    }
    let mut graph = time::graph(engine, panel, main, window, how);
    let Some((at, expected, meets)) = best else {
        return Body::Lines(graph);
    };
    let name = all[at].name.clone();
    let last = window.time(window.count.saturating_sub(1));
    graph.lines = vec![GraphLine {
        name: name.clone(),
        newest: how.words.line(all[at].judged.value, all[at].of.unit),
        points: all[at].points.clone(),
        ..GraphLine::default()
    }];
    graph.from = window
        .start
        .max(window.from)
        .max(last - (1.6 * ahead).max(1.2 * season));
    let Some(expected) = expected else {
        return Body::Lines(graph);
    };
    graph.to = last + ahead;
    graph.time = how.words.clock(graph.to - graph.from);
    let (mid, band) = expected.on_grid(window.start, window.step);
    let said = if meets.is_finite() {
        let limit = limit.unwrap_or(f64::NAN);
        let time = how
            .words
            .line((meets - last) / 1_000.0, model::board::Unit::Seconds);
        let params = [
            ("limit".to_owned(), how.words.line(limit, all[at].of.unit)),
            ("time".to_owned(), time),
        ];
        how.words.say("ui.forecast.reaches", params)
    } else {
        let method = format!("{:?}", view.method);
        how.words
            .plain(&format!("ui.forecast.method.{}", snake(&method)))
    };
    graph.lines.push(GraphLine {
        name: said,
        stroke: Stroke::Quiet,
        dashed: true,
        points: mid,
        band,
        ..GraphLine::default()
    });
    Body::Lines(graph)
}

/// `SameTime` as `same_time`.
fn snake(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.extend(c.to_lowercase());
    }
    out
}
