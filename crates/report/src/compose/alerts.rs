//! 告警: how many, how soon taken, how soon over, which rules.

use super::heads;
use crate::data::{Alerts, Data, OfLevel};
use crate::document::{Block, Cell, Chart, Section, Table};
use crate::figure;
use crate::say::Writer;
use chart::panel::{Bar, Bars, Body, Figure, Grade};
use model::board::Unit;

const GRADES: [Grade; 4] = [
    Grade::Emergency,
    Grade::Critical,
    Grade::Warning,
    Grade::Normal,
];

fn length(ms: Option<i64>, w: &Writer) -> String {
    ms.map_or_else(|| figure::NOTHING.to_owned(), |ms| w.length(ms))
}

pub(super) fn lead(data: &Data, w: &Writer) -> Option<String> {
    let alerts = data.alerts.as_ref()?;
    let urgent = alerts.levels[0].fired + alerts.levels[1].fired;
    if alerts.fired() == 0 {
        return Some(w.plain("lead.no_alerts"));
    }
    Some(w.say(
        "lead.alerts",
        &[
            ("count", &alerts.fired().to_string()),
            ("urgent", &urgent.to_string()),
            ("mtta", &length(alerts.response.mean, w)),
            ("mttr", &length(alerts.resolution.mean, w)),
        ],
    ))
}

pub(super) fn section(data: &Data, w: &Writer) -> Option<Section> {
    let alerts = data.alerts.as_ref()?;
    let mut blocks = vec![Block::Table(Table {
        head: heads(
            &[
                "level",
                "fired",
                "before",
                "mtta",
                "mtta_kept",
                "mttr",
                "mttr_kept",
            ],
            w,
        ),
        rows: rows(data, alerts, w),
    })];
    let params = [
        ("unanswered", alerts.unanswered.to_string()),
        ("open", alerts.open.to_string()),
    ];
    let params: Vec<(&str, &str)> = params.iter().map(|(n, v)| (*n, v.as_str())).collect();
    blocks.push(Block::Note(w.say("alerts.rest", &params)));
    let rules = bars(&alerts.rules, &w.plain("chart.rules"), w);
    let people = bars(&alerts.people, &w.plain("chart.acks"), w);
    match (rules, people) {
        (Some(rules), Some(people)) => blocks.push(Block::Pair(Box::new(rules), Box::new(people))),
        (Some(one), None) | (None, Some(one)) => blocks.push(Block::Chart(Box::new(Chart {
            height: 0.36,
            ..one
        }))),
        (None, None) => {}
    }
    Some(Section {
        title: w.plain("section.alerts"),
        blocks,
    })
}

fn rows(data: &Data, alerts: &Alerts, w: &Writer) -> Vec<Vec<Cell>> {
    let before = |level: usize| {
        data.alerts_before
            .as_ref()
            .and_then(|a| a.levels.get(level))
            .map(|l| l.fired)
    };
    let mut out: Vec<Vec<Cell>> = alerts
        .levels
        .iter()
        .enumerate()
        .map(|(i, l)| {
            let bad = if l.fired > 0 {
                GRADES.get(i).copied().unwrap_or_default()
            } else {
                Grade::Normal
            };
            line(Cell::of(format!("P{i}"), bad), l, before(i), w)
        })
        .collect();
    let sum = |pick: fn(&OfLevel) -> (u64, u64)| {
        alerts
            .levels
            .iter()
            .map(pick)
            .fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1))
    };
    let all = OfLevel {
        fired: alerts.fired(),
        response: alerts.response,
        resolution: alerts.resolution,
        response_kept: sum(|l| l.response_kept),
        resolution_kept: sum(|l| l.resolution_kept),
    };
    out.push(line(
        w.plain("alerts.all").into(),
        &all,
        data.alerts_before.as_ref().map(Alerts::fired),
        w,
    ));
    out
}

fn line(head: Cell, l: &OfLevel, before: Option<u64>, w: &Writer) -> Vec<Cell> {
    let count =
        |n: Option<u64>| n.map_or_else(|| figure::NOTHING.to_owned(), |n| figure::digits(n as f64));
    let kept = |(met, of): (u64, u64)| {
        if of == 0 {
            return Cell::from(figure::NOTHING.to_owned());
        }
        let share = met as f64 / of as f64;
        let text = format!(
            "{} ({met}/{of})",
            figure::line(share, Unit::Ratio, &w.locale)
        );
        Cell::of(
            text,
            if share < 0.9 {
                Grade::Warning
            } else {
                Grade::Normal
            },
        )
    };
    vec![
        head,
        count(Some(l.fired)).into(),
        count(before).into(),
        length(l.response.mean, w).into(),
        kept(l.response_kept),
        length(l.resolution.mean, w).into(),
        kept(l.resolution_kept),
    ]
}

fn bars(counts: &[(String, u64)], title: &str, w: &Writer) -> Option<Chart> {
    let most = counts.iter().map(|(_, n)| *n).max().filter(|n| *n > 0)?;
    let bar = |(name, n): &(String, u64)| Bar {
        name: name.clone(),
        figure: Figure {
            text: figure::digits(*n as f64),
            unit: w.plain("alerts.times"),
            ..Figure::default()
        },
        share: *n as f64 / most as f64,
        limits: Vec::new(),
    };
    Some(Chart {
        title: title.to_owned(),
        subtitle: String::new(),
        body: Body::Bars(Bars {
            bars: counts.iter().take(8).map(bar).collect(),
            rest: String::new(),
        }),
        height: 0.62,
    })
}
