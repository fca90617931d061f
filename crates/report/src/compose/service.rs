//! 服务质量: what was promised and how it was kept.

use super::{change, change_grade, course, headline, heads, name, of_group, written};
use crate::data::{Data, Group, Measured, Objective};
use crate::document::{Block, Cell, Chart, Section, Table};
use crate::figure;
use crate::say::Writer;
use chart::panel::{Bar, Bars, Body, Figure, Grade};
use model::board::Unit;
use model::{Direction, Severity};

/// What was promised, and whether it was kept.
pub(super) struct Promise<'a> {
    /// As it is called.
    pub name: String,
    /// The measure that it is about; `None`: an objective about something else.
    pub of: Option<&'a Measured>,
    /// How it is counted.
    pub basis: Basis,
    /// What was promised, percent.
    pub promised: f64,
    /// What was kept, percent; `None`: nothing is known.
    pub share: Option<f64>,
    /// Whether the promise was kept; `None`: nothing is known.
    pub kept: Option<bool>,
}

/// How a promise is counted.
#[derive(Clone, Copy)]
pub(super) enum Basis {
    /// By the time in which the measure is inside of a limit.
    Time {
        /// The limit, and on which side of it is bad.
        limit: f64,
        direction: Direction,
        /// Minutes outside.
        outside: f64,
    },
    /// By good events of all: an objective of a board.
    Events,
}

impl Promise<'_> {
    /// The part of the errors that the objective allows which was used up; more than 1: all of it and more.
    fn spent(&self) -> Option<f64> {
        Some((100.0 - self.share?) / (100.0 - self.promised))
    }
}

/// All promises. Where a board has an objective for a measure and its events are known, that is the promise; else it is time, and the limit
/// is the critical one: below it users notice.
pub(super) fn promises<'a>(data: &'a Data, w: &Writer) -> Vec<Promise<'a>> {
    let mut all = Vec::new();
    for m in data.measures.iter().filter(|m| m.measure.promised) {
        let about = data
            .objectives
            .iter()
            .filter(|o| o.of == Some(m.measure.id));
        let known: Vec<&Objective> = about.filter(|o| o.good.is_some()).collect();
        if known.is_empty() {
            all.extend(in_time(m, data.promise, w));
        }
        for objective in &known {
            // Several series of one measure can only be told apart by their own names.
            let own = if known.len() > 1 {
                objective.name.clone()
            } else {
                name(m, w)
            };
            all.push(in_events(objective, own, Some(m)));
        }
    }
    let others = data.objectives.iter().filter(|o| o.of.is_none());
    all.extend(others.map(|o| in_events(o, o.name.clone(), None)));
    all
}

fn in_time<'a>(m: &'a Measured, promised: f64, w: &Writer) -> Option<Promise<'a>> {
    let limits = m.limits?;
    let limit = limits.critical.or(limits.warning)?;
    let share = m.now.inside(limit, limits.direction).map(|s| s * 100.0);
    let severity = if limits.critical.is_some() {
        Severity::Critical
    } else {
        Severity::Warning
    };
    Some(Promise {
        name: name(m, w),
        of: Some(m),
        basis: Basis::Time {
            limit,
            direction: limits.direction,
            outside: m.now.minutes_at(&limits, severity),
        },
        promised,
        share,
        kept: share.map(|s| s >= promised),
    })
}

fn in_events<'a>(objective: &Objective, name: String, of: Option<&'a Measured>) -> Promise<'a> {
    Promise {
        name,
        of,
        basis: Basis::Events,
        promised: objective.promised,
        share: objective.good,
        kept: objective.good.map(|good| good >= objective.promised),
    }
}

/// A sentence for a reader in a hurry.
pub(super) fn lead(promises: &[Promise<'_>], w: &Writer) -> Option<String> {
    let missed: Vec<String> = promises
        .iter()
        .filter(|p| p.kept == Some(false))
        .map(|p| {
            let share = figure::line(p.share.unwrap_or(f64::NAN), Unit::Percent, &w.locale);
            let promised = figure::line(p.promised, Unit::Percent, &w.locale);
            let key = match p.basis {
                Basis::Time { .. } => "lead.missed_one",
                Basis::Events => "lead.missed_slo",
            };
            let values = [
                ("name", p.name.as_str()),
                ("share", &share),
                ("promised", &promised),
            ];
            w.say(key, &values)
        })
        .collect();
    if !missed.is_empty() {
        let list = missed.join(&w.plain("separator"));
        return Some(w.say("lead.missed", &[("list", &list)]));
    }
    let kept: Vec<String> = promises
        .iter()
        .filter(|p| p.kept == Some(true))
        .map(|p| p.name.clone())
        .collect();
    if kept.is_empty() {
        return None;
    }
    Some(w.say("lead.kept", &[("list", &kept.join(&w.plain("separator")))]))
}

pub(super) fn section(data: &Data, promises: &[Promise<'_>], w: &Writer) -> Section {
    let mut blocks = vec![Block::Table(Table {
        head: heads(
            &["measure", "limit", "inside", "promise", "outside", "kept"],
            w,
        ),
        rows: promises.iter().map(|p| row(p, w)).collect(),
    })];
    let mut promised: Vec<&Measured> = Vec::new();
    for m in promises.iter().filter_map(|p| p.of) {
        if m.now.summary().is_some() && !promised.iter().any(|p| p.measure.id == m.measure.id) {
            promised.push(m);
        }
    }
    let charts: Vec<Chart> = promised
        .iter()
        .map(|m| Chart {
            height: 0.62,
            ..course(data, m, w)
        })
        .collect();
    let channels = promises.iter().find_map(|p| parts(p.of?, w));
    let mut charts = charts.into_iter().chain(channels);
    while let Some(left) = charts.next() {
        match charts.next() {
            Some(right) => blocks.push(Block::Pair(Box::new(left), Box::new(right))),
            None => blocks.push(Block::Chart(Box::new(Chart {
                height: 0.36,
                ..left
            }))),
        }
    }
    let others = of_group(data, Group::Service);
    blocks.push(Block::Table(Table {
        head: heads(&["measure", "now", "before", "change", "p95", "worst"], w),
        rows: others.into_iter().map(|m| detail(m, w)).collect(),
    }));
    Section {
        title: w.plain("section.service"),
        blocks,
    }
}

fn row(p: &Promise<'_>, w: &Writer) -> Vec<Cell> {
    let percent = |v: f64| figure::line(v, Unit::Percent, &w.locale);
    let (limit, outside) = match p.basis {
        Basis::Time {
            limit,
            direction,
            outside,
        } => {
            let unit = p.of.map_or(Unit::Count, |m| m.measure.unit);
            let limit = figure::line(limit, unit, &w.locale);
            let sign = if direction == Direction::Below {
                "≥"
            } else {
                "≤"
            };
            let outside = w.length((outside * 60_000.0) as i64);
            (format!("{sign} {limit}"), outside)
        }
        Basis::Events => {
            let spent = p.spent().map_or_else(
                || figure::NOTHING.to_owned(),
                |spent| figure::line((spent * 1e3).round() / 1e3, Unit::Ratio, &w.locale),
            );
            (
                w.plain("slo.events"),
                w.say("slo.spent", &[("share", &spent)]),
            )
        }
    };
    let (word, grade) = match p.kept {
        Some(true) => (w.plain("kept"), Grade::Normal),
        Some(false) => (w.plain("missed"), Grade::Critical),
        None => (w.plain("unknown"), Grade::Warning),
    };
    vec![
        p.name.clone().into(),
        limit.into(),
        Cell::of(
            p.share.map_or_else(|| figure::NOTHING.to_owned(), percent),
            grade,
        ),
        percent(p.promised).into(),
        outside.into(),
        Cell::of(word, grade),
    ]
}

/// A row of all measures of service: mean, before, change, p95, worst and when.
fn detail(m: &Measured, w: &Writer) -> Vec<Cell> {
    let unit = m.measure.unit;
    let summary = m.now.summary();
    let line = |v: f64| figure::line(v, unit, &w.locale);
    let low_is_bad = m.measure.better == Some(Direction::Above);
    let worst = summary.map_or_else(
        || figure::NOTHING.to_owned(),
        |s| {
            let (v, at) = if low_is_bad {
                (s.min, s.min_at)
            } else {
                (s.max, s.max_at)
            };
            format!("{} · {}", line(v), w.time(at, "%m-%d %H:%M"))
        },
    );
    let p95 = if low_is_bad {
        None
    } else {
        summary.map(|s| s.p95)
    };
    vec![
        name(m, w).into(),
        Cell::of(written(headline(m, &m.now), w), super::grade(m)),
        written(headline(m, &m.before), w).into(),
        Cell::of(change(m, w), change_grade(m)),
        p95.map_or_else(|| figure::NOTHING.to_owned(), line).into(),
        worst.into(),
    ]
}

/// The means of a measure's parts as bars, the worst first.
fn parts(m: &Measured, w: &Writer) -> Option<Chart> {
    let mut parts: Vec<(String, f64)> = m
        .parts
        .iter()
        .filter_map(|(name, track)| Some((name.clone(), track.summary()?.mean)))
        .collect();
    if parts.is_empty() {
        return None;
    }
    let low_is_bad = m.measure.better == Some(Direction::Above);
    parts.sort_by(|a, b| {
        if low_is_bad {
            a.1.total_cmp(&b.1)
        } else {
            b.1.total_cmp(&a.1)
        }
    });
    let most = parts.iter().map(|p| p.1).fold(0.0, f64::max);
    let full = if m.measure.unit == Unit::Percent {
        100.0
    } else {
        most.max(1e-9)
    };
    let bar = |(name, value): (String, f64)| {
        let shown = figure::show(value, m.measure.unit, &w.locale);
        let severity = m.limits.map_or(Severity::Normal, |l| l.severity(value));
        Bar {
            name: w.part(&name),
            figure: Figure {
                text: shown.text,
                unit: shown.unit,
                grade: super::severity_grade(severity),
                faded: false,
            },
            share: value / full,
            limits: Vec::new(),
        }
    };
    Some(Chart {
        title: w.say("chart.parts", &[("name", &name(m, w))]),
        subtitle: String::new(),
        body: Body::Bars(Bars {
            bars: parts.into_iter().take(10).map(bar).collect(),
            rest: String::new(),
        }),
        height: 0.62,
    })
}
