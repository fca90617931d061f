//! From figures to sentences, charts and tables.

mod alerts;
mod business;
mod capacity;
mod rota;
mod service;

use crate::data::{Data, Group, Measured, Shown};
use crate::document::{Cell, Chart, Document, KeyFigure, Section};
use crate::figure;
use crate::period::Kind;
use crate::say::Writer;
use crate::trend::{Summary, Track};
use chart::panel::{Body, Grade, Graph, GraphLine, Stroke, Writer as Axis};
use chrono::{Datelike as _, NaiveDate};
use model::board::Unit;
use model::{Direction, Severity};

/// Points of a chart's line at most.
const CHART_POINTS: usize = 336;
/// Less than this share of the time known is told.
const COVERED: f64 = 0.95;

/// Writes the report.
pub fn compose(data: &Data) -> Document {
    let w = Writer {
        locale: data.locale.clone(),
        zone: data.zone,
    };
    let promises = service::promises(data, &w);
    let missed = promises.iter().filter(|p| p.kept == Some(false)).count();
    let unknown = promises.iter().filter(|p| p.kept.is_none()).count();
    let urgent = data.alerts.as_ref().map_or(0, |a| a.levels[0].fired);
    let (verdict, grade) = match (missed, promises.len() == unknown) {
        (_, true) => (w.plain("verdict.unknown"), Grade::Warning),
        (0, _) if urgent > 0 => (
            w.say("verdict.kept_urgent", &[("count", &urgent.to_string())]),
            Grade::Warning,
        ),
        (0, _) => (w.plain("verdict.kept"), Grade::Normal),
        (n, _) => (
            w.say("verdict.missed", &[("count", &n.to_string())]),
            Grade::Critical,
        ),
    };
    let mut sections = vec![
        business::section(data, &w),
        service::section(data, &promises, &w),
    ];
    sections.extend(alerts::section(data, &w));
    sections.push(capacity::section(data, &w));
    sections.extend(rota::section(data, &w));
    sections.push(method(data, &w));
    Document {
        locale: data.locale.clone(),
        title: w.plain(&format!("title.{}", data.period.kind.name())),
        subtitle: span(data, &w),
        verdict,
        grade,
        lead: lead(data, &promises, &w),
        figures: key_figures(data, &promises, &w),
        sections,
        foot: w.say("foot", &[("time", &w.time(data.made_at, "%Y-%m-%d %H:%M"))]),
    }
}

fn day(date: NaiveDate) -> String {
    date.format("%Y-%m-%d").to_string()
}

/// The period in words.
fn span(data: &Data, w: &Writer) -> String {
    let p = &data.period;
    match p.kind {
        Kind::Daily => {
            let weekday = w.plain(&format!(
                "weekday.{}",
                p.first.weekday().num_days_from_monday()
            ));
            format!("{} {weekday}", day(p.first))
        }
        Kind::Weekly => w.say(
            "span.week",
            &[
                ("from", &day(p.first)),
                ("to", &day(p.last())),
                ("week", &p.first.iso_week().week().to_string()),
            ],
        ),
        Kind::Monthly => w.say(
            "span.month",
            &[("from", &day(p.first)), ("to", &day(p.last()))],
        ),
    }
}

/// The measure of this id, if it was asked and something is known.
fn find<'a>(data: &'a Data, id: &str) -> Option<&'a Measured> {
    data.measures
        .iter()
        .find(|m| m.measure.id == id && m.now.summary().is_some())
}

/// The value that is shown of a track, with its unit.
pub(crate) fn headline(m: &Measured, track: &Track) -> Option<(f64, Unit)> {
    let summary = track.summary()?;
    Some(match m.measure.shown {
        Shown::Mean => (summary.mean, m.measure.unit),
        Shown::Peak => (summary.max, m.measure.unit),
        Shown::Total(unit) => (track.total_per_minute()?, unit),
    })
}

fn name(m: &Measured, w: &Writer) -> String {
    w.plain(&format!("measure.{}", m.measure.id))
}

/// A headline as text; `–` where nothing is known.
fn written(value: Option<(f64, Unit)>, w: &Writer) -> String {
    value.map_or_else(
        || figure::NOTHING.to_owned(),
        |(v, unit)| figure::line(whole(v, unit), unit, &w.locale),
    )
}

/// Totals of things that are counted have no fractions.
fn whole(value: f64, unit: Unit) -> f64 {
    if matches!(unit, Unit::Count | Unit::Yuan) && value.abs() >= 100.0 {
        value.round()
    } else {
        value
    }
}

/// The change against the period before. Percentages are compared by points, everything else by its share.
fn change(m: &Measured, w: &Writer) -> String {
    let (now, before) = (headline(m, &m.now), headline(m, &m.before));
    let (Some((now, unit)), Some((before, _))) = (now, before) else {
        return figure::NOTHING.to_owned();
    };
    if unit == Unit::Percent {
        let points = now - before;
        let text = format!("{points:+.2}");
        return w.say(
            "points",
            &[("n", if points.abs() < 0.005 { "±0" } else { &text })],
        );
    }
    figure::change(Some(now), Some(before))
}

/// Whether a change went in the bad direction by more than a tenth.
fn change_grade(m: &Measured) -> Grade {
    let (Some((now, _)), Some((before, _))) = (headline(m, &m.now), headline(m, &m.before)) else {
        return Grade::Normal;
    };
    if before == 0.0 || m.measure.unit == Unit::Percent {
        return Grade::Normal;
    }
    let share = (now - before) / before.abs();
    match m.measure.better {
        Some(Direction::Above) if share < -0.1 => Grade::Warning,
        Some(Direction::Below) if share > 0.1 => Grade::Warning,
        _ => Grade::Normal,
    }
}

fn severity_grade(severity: Severity) -> Grade {
    match severity {
        Severity::Normal => Grade::Normal,
        Severity::Warning => Grade::Warning,
        Severity::Critical => Grade::Critical,
        Severity::Emergency => Grade::Emergency,
    }
}

/// How bad the shown value is by its limits.
fn grade(m: &Measured) -> Grade {
    let value = headline(m, &m.now).map(|(v, _)| v);
    match (m.limits, value, m.measure.shown) {
        (_, _, Shown::Total(_)) | (None, _, _) | (_, None, _) => Grade::Normal,
        (Some(limits), Some(v), _) => severity_grade(limits.severity(v)),
    }
}

fn lead(data: &Data, promises: &[service::Promise<'_>], w: &Writer) -> Vec<String> {
    let mut out = Vec::new();
    if let (Some(orders), Some(amount)) = (find(data, "orders"), find(data, "amount")) {
        out.push(w.say(
            "lead.business",
            &[
                ("orders", &written(headline(orders, &orders.now), w)),
                ("orders_change", &change(orders, w)),
                ("amount", &written(headline(amount, &amount.now), w)),
                ("amount_change", &change(amount, w)),
            ],
        ));
    }
    out.extend(service::lead(promises, w));
    out.extend(alerts::lead(data, w));
    out.extend(capacity::lead(data, w));
    if data.demo {
        out.push(w.plain("lead.demo"));
    }
    out
}

fn key_figures(data: &Data, promises: &[service::Promise<'_>], w: &Writer) -> Vec<KeyFigure> {
    let mut out = Vec::new();
    for m in data.measures.iter().filter(|m| m.measure.key) {
        let Some((value, unit)) = headline(m, &m.now) else {
            continue;
        };
        let shown = figure::show(whole(value, unit), unit, &w.locale);
        let kept = promises
            .iter()
            .filter(|p| p.of.is_some_and(|of| of.measure.id == m.measure.id))
            .filter_map(|p| p.kept)
            .min();
        out.push(KeyFigure {
            name: name(m, w),
            text: shown.text,
            unit: shown.unit,
            note: w.say("against", &[("change", &change(m, w))]),
            grade: if kept == Some(false) {
                grade(m).max(Grade::Warning)
            } else {
                grade(m)
            },
            course: thin(&m.now, 60).points,
        });
    }
    if let Some(alerts) = &data.alerts {
        let before = data.alerts_before.as_ref().map(crate::data::Alerts::fired);
        let length =
            |ms: Option<i64>| ms.map_or_else(|| figure::NOTHING.to_owned(), |ms| w.length(ms));
        out.push(KeyFigure {
            name: w.plain("alerts.fired"),
            text: figure::digits(alerts.fired() as f64),
            unit: w.plain("alerts.times"),
            note: w.say(
                "against",
                &[(
                    "change",
                    &figure::change(Some(alerts.fired() as f64), before.map(|n| n as f64)),
                )],
            ),
            grade: if alerts.levels[0].fired > 0 {
                Grade::Warning
            } else {
                Grade::Normal
            },
            course: Vec::new(),
        });
        out.push(KeyFigure {
            name: "MTTA / MTTR".to_owned(),
            text: length(alerts.response.mean),
            unit: String::new(),
            note: w.say("alerts.mttr", &[("time", &length(alerts.resolution.mean))]),
            grade: Grade::Normal,
            course: Vec::new(),
        });
    }
    out
}

/// A track with so many points at most.
fn thin(track: &Track, most: usize) -> Track {
    track.thinned(track.points.len().div_ceil(most.max(1)))
}

/// A measure over the period, with the period before under it at the same places.
fn course(data: &Data, m: &Measured, w: &Writer) -> Chart {
    let now = thin(&m.now, CHART_POINTS);
    let mut before = m
        .before
        .thinned(m.now.points.len().div_ceil(CHART_POINTS).max(1));
    before.points.truncate(now.points.len());
    let summary = m.now.summary();
    let unit = m.measure.unit;
    let mean = |s: &Summary| w.say("mean", &[("value", &figure::line(s.mean, unit, &w.locale))]);
    let lines = vec![
        GraphLine {
            name: w.plain("now"),
            newest: summary.as_ref().map_or_else(String::new, mean),
            filled: true,
            points: now.points,
            ..GraphLine::default()
        },
        GraphLine {
            name: w.plain("before"),
            newest: m.before.summary().as_ref().map_or_else(String::new, mean),
            stroke: Stroke::Quiet,
            dashed: true,
            points: before.points,
            ..GraphLine::default()
        },
    ];
    let limits = m.limits.map_or_else(Vec::new, |l| {
        let all = [
            (l.warning, Grade::Warning),
            (l.critical, Grade::Critical),
            (l.emergency, Grade::Emergency),
        ];
        all.into_iter().filter_map(|(v, g)| Some((v?, g))).collect()
    });
    Chart {
        title: name(m, w),
        subtitle: String::new(),
        height: 0.36,
        body: Body::Lines(Graph {
            from: data.period.from as f64,
            to: data.period.until as f64,
            start: now.start as f64,
            step: now.step as f64,
            lines,
            limits,
            marks: Vec::new(),
            min: None,
            max: None,
            value: axis(unit, &w.locale),
            time: clock(data),
            zone_offset: offset(data),
            binary: matches!(unit, Unit::Bytes | Unit::BytesPerSecond),
        }),
    }
}

fn axis(unit: Unit, locale: &str) -> Axis {
    let locale = locale.to_owned();
    Axis::new(move |value| figure::line(value, unit, &locale))
}

fn clock(data: &Data) -> Axis {
    let w = Writer {
        locale: data.locale.clone(),
        zone: data.zone,
    };
    let format = if data.period.kind == Kind::Daily {
        "%H:%M"
    } else {
        "%m-%d"
    };
    Axis::new(move |ms| w.time(ms as i64, format))
}

fn offset(data: &Data) -> f64 {
    use chrono::{Offset as _, TimeZone as _};
    let Some(utc) = chrono::DateTime::from_timestamp_millis(data.period.from) else {
        return 0.0;
    };
    f64::from(
        data.zone
            .offset_from_utc_datetime(&utc.naive_utc())
            .fix()
            .local_minus_utc(),
    ) * 1_000.0
}

/// A row of a table of measures: now, before, change, greatest and when.
fn row(m: &Measured, w: &Writer) -> Vec<Cell> {
    let unit = m.measure.unit;
    let extreme = m.now.summary().map_or_else(
        || figure::NOTHING.to_owned(),
        |s| {
            let worst_is_low = m.limits.is_some_and(|l| l.direction == Direction::Below);
            let (v, at) = if worst_is_low {
                (s.min, s.min_at)
            } else {
                (s.max, s.max_at)
            };
            format!(
                "{} · {}",
                figure::line(v, unit, &w.locale),
                w.time(at, "%m-%d %H:%M")
            )
        },
    );
    vec![
        name(m, w).into(),
        Cell::of(written(headline(m, &m.now), w), grade(m)),
        written(headline(m, &m.before), w).into(),
        Cell::of(change(m, w), change_grade(m)),
        extreme.into(),
    ]
}

fn heads(keys: &[&str], w: &Writer) -> Vec<String> {
    keys.iter()
        .map(|key| w.plain(&format!("column.{key}")))
        .collect()
}

fn of_group(data: &Data, group: Group) -> Vec<&Measured> {
    data.measures
        .iter()
        .filter(|m| m.measure.group == group)
        .collect()
}

/// How the figures are made, and what is missing.
fn method(data: &Data, w: &Writer) -> Section {
    use crate::document::Block;
    let mut blocks: Vec<Block> = Vec::new();
    let thin: Vec<String> = data
        .measures
        .iter()
        .filter_map(|m| {
            let covered = m.now.summary().map_or(0.0, |s| s.coverage);
            (covered < COVERED).then(|| {
                format!(
                    "{} {}",
                    name(m, w),
                    figure::line(covered, Unit::Ratio, &w.locale)
                )
            })
        })
        .collect();
    if !thin.is_empty() {
        let list = thin.join(&w.plain("separator"));
        blocks.push(Block::Text(w.say("method.thin", &[("list", &list)])));
    }
    blocks.extend(data.faults.iter().map(|fault| Block::Text(fault.clone())));
    let minutes = (data.period.kind.step() / 60_000).to_string();
    blocks.push(Block::Note(
        w.say("method.points", &[("minutes", &minutes)]),
    ));
    blocks.push(Block::Note(w.say(
        "method.promise",
        &[(
            "promise",
            &figure::line(data.promise, Unit::Percent, &w.locale),
        )],
    )));
    if !data.objectives.is_empty() {
        blocks.push(Block::Note(w.plain("method.slo")));
    }
    blocks.push(Block::Note(w.plain("method.alerts")));
    blocks.push(Block::Note(w.plain("method.capacity")));
    Section {
        title: w.plain("section.method"),
        blocks,
    }
}
