//! 服务质量: what was promised and how it was kept.

use super::{change, change_grade, course, headline, heads, name, of_group, written};
use crate::data::{Data, Group, Measured};
use crate::document::{Block, Cell, Chart, Section, Table};
use crate::figure;
use crate::say::Writer;
use chart::panel::{Bar, Bars, Body, Figure, Grade};
use model::board::Unit;
use model::{Direction, Severity};

/// A measure whose time inside its limit is promised.
pub(super) struct Promise<'a> {
    /// The measure.
    pub of: &'a Measured,
    /// The limit, and on which side of it is bad.
    pub limit: f64,
    pub direction: Direction,
    /// Share of the time inside, percent; `None`: nothing is known.
    pub share: Option<f64>,
    /// Minutes outside.
    pub outside: f64,
    /// Whether the promise was kept; `None`: nothing is known.
    pub kept: Option<bool>,
}

/// All promises. The limit is the critical one: below it users notice.
pub(super) fn promises(data: &Data) -> Vec<Promise<'_>> {
    let promised = data.measures.iter().filter(|m| m.measure.promised);
    promised.filter_map(|m| promise(m, data.promise)).collect()
}

fn promise(m: &Measured, promised: f64) -> Option<Promise<'_>> {
    let limits = m.limits?;
    let limit = limits.critical.or(limits.warning)?;
    let share = m.now.inside(limit, limits.direction).map(|s| s * 100.0);
    let severity = if limits.critical.is_some() {
        Severity::Critical
    } else {
        Severity::Warning
    };
    Some(Promise {
        of: m,
        limit,
        direction: limits.direction,
        share,
        outside: m.now.minutes_at(&limits, severity),
        kept: share.map(|s| s >= promised),
    })
}

/// A sentence for a reader in a hurry.
pub(super) fn lead(promises: &[Promise<'_>], w: &Writer) -> Option<String> {
    let missed: Vec<String> = promises
        .iter()
        .filter(|p| p.kept == Some(false))
        .map(|p| {
            let share = figure::line(p.share.unwrap_or(f64::NAN), Unit::Percent, &w.locale);
            w.say(
                "lead.missed_one",
                &[("name", &name(p.of, w)), ("share", &share)],
            )
        })
        .collect();
    if !missed.is_empty() {
        let list = missed.join(&w.plain("separator"));
        return Some(w.say("lead.missed", &[("list", &list)]));
    }
    let kept: Vec<String> = promises
        .iter()
        .filter(|p| p.kept == Some(true))
        .map(|p| name(p.of, w))
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
        rows: promises.iter().map(|p| row(data, p, w)).collect(),
    })];
    let charts: Vec<Chart> = promises
        .iter()
        .filter(|p| p.share.is_some())
        .map(|p| Chart {
            height: 0.62,
            ..course(data, p.of, w)
        })
        .collect();
    let channels = promises.iter().find_map(|p| parts(p.of, w));
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

fn row(data: &Data, p: &Promise<'_>, w: &Writer) -> Vec<Cell> {
    let limit = figure::line(p.limit, p.of.measure.unit, &w.locale);
    let limit = if p.direction == Direction::Below {
        format!("≥ {limit}")
    } else {
        format!("≤ {limit}")
    };
    let percent = |v: f64| figure::line(v, Unit::Percent, &w.locale);
    let (word, grade) = match p.kept {
        Some(true) => (w.plain("kept"), Grade::Normal),
        Some(false) => (w.plain("missed"), Grade::Critical),
        None => (w.plain("unknown"), Grade::Warning),
    };
    vec![
        name(p.of, w).into(),
        limit.into(),
        Cell::of(
            p.share.map_or_else(|| figure::NOTHING.to_owned(), percent),
            grade,
        ),
        percent(data.promise).into(),
        w.length((p.outside * 60_000.0) as i64).into(),
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
