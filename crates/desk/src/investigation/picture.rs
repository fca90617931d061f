//! The same page as a picture, for a colleague or a ticket, in the desk's language.

use crate::cli::say::Speaker;
use crate::rota::role_name;
use crate::texts;
use chart::{Colour, Line, Palette, Plot, Poster, Row, Section};
use chrono::{DateTime, Utc};
use model::board::Unit;
use report::figure;
use std::collections::BTreeMap;
use wire::{
    Baseline, InvestigationAlert, InvestigationGap, InvestigationPattern, InvestigationTrace,
    InvestigationView, LevelView,
};

/// Quiet ground, one colour for what is wrong; as the desk's dark theme.
const PALETTE: Palette = Palette {
    ground: Colour(0x0b, 0x0f, 0x14),
    panel: Colour(0x12, 0x18, 0x20),
    hair: Colour(0x2a, 0x34, 0x40),
    text: Colour(0xe6, 0xec, 0xf2),
    muted: Colour(0x8a, 0x97, 0xa6),
    accent: Colour(0x56, 0xb4, 0xe9),
    alarm: Colour(0xff, 0x7a, 0x45),
};
/// Entries of each list: a picture is not scrolled.
const ENTRIES: usize = 5;

fn level_colour(level: LevelView) -> Colour {
    match level {
        LevelView::P0 => Colour(0xff, 0x4d, 0x8d),
        LevelView::P1 => Colour(0xff, 0x7a, 0x45),
        LevelView::P2 => Colour(0xff, 0xb0, 0x20),
        LevelView::P3 => PALETTE.accent,
    }
}

/// Writes sentences in one language and zone.
struct Writer<'a> {
    locale: &'a str,
    zone: chrono_tz::Tz,
}

impl Writer<'_> {
    fn plain(&self, key: &str) -> String {
        texts::plain(self.locale, &format!("investigation.{key}"))
    }

    fn with(&self, key: &str, params: &[(&str, String)]) -> String {
        let params: BTreeMap<String, String> = params
            .iter()
            .map(|(n, v)| ((*n).to_owned(), v.clone()))
            .collect();
        texts::say(self.locale, &format!("investigation.{key}"), &params)
    }

    fn error(&self, error: &wire::ErrorView) -> String {
        Speaker::new(self.locale, self.zone.name()).error(error)
    }

    fn time(&self, ms: f64, format: &str) -> String {
        clock(ms, &self.zone, format)
    }

    /// A length of time, ms, as the page shows it.
    fn length(&self, ms: f64) -> String {
        figure::line(ms, Unit::Milliseconds, self.locale)
    }

    /// How long something is ago, ms, as the page says it.
    fn age(&self, ms: f64) -> String {
        let words = report::Writer {
            locale: self.locale.to_owned(),
            zone: self.zone,
        };
        words.length(ms as i64)
    }

    /// A number without a unit, as the page shows it.
    fn number(&self, value: f64) -> String {
        figure::line(value, Unit::Count, self.locale)
    }
}

fn clock(ms: f64, zone: &chrono_tz::Tz, format: &str) -> String {
    DateTime::<Utc>::from_timestamp_millis(ms as i64)
        .map(|t| t.with_timezone(zone).format(format).to_string())
        .unwrap_or_default()
}

/// Times below the axis; the context is the zone's name.
fn axis_time(ms: f64, zone: &str) -> String {
    clock(ms, &zone.parse().unwrap_or(chrono_tz::UTC), "%H:%M")
}

/// A PNG of what was gathered at `now` (ms).
///
/// # Errors
/// Without a Chinese face on this machine, or when it cannot be drawn.
pub fn png(
    view: &InvestigationView,
    locale: &str,
    zone: chrono_tz::Tz,
    now: i64,
) -> Result<Vec<u8>, chart::ChartError> {
    chart::face::install();
    chart::png(&poster(view, locale, zone, now))
}

fn poster(view: &InvestigationView, locale: &str, zone: chrono_tz::Tz, now: i64) -> Poster {
    let writer = Writer { locale, zone };
    let row = &view.alert.row;
    let duty: Vec<String> = view
        .on_duty
        .iter()
        .map(|d| format!("{} {}", d.name, role_name(locale, &d.role)))
        .collect();
    let duty = if duty.is_empty() {
        writer.plain("nobody")
    } else {
        duty.join("  ")
    };
    let mut facts = vec![
        (
            writer.plain("metric.fired"),
            writer.time(row.starts_at, "%m-%d %H:%M:%S"),
        ),
        (writer.plain("on_duty"), duty),
    ];
    if !row.place.is_empty() {
        facts.push((row.rule.clone(), row.place.join(" · ")));
    }
    let runbook = view
        .alert
        .runbook
        .clone()
        .map(|url| format!("{} {url}", writer.plain("runbook")));
    let description = view.alert.description.clone().unwrap_or_default();
    Poster {
        title: row.title.clone(),
        badge: format!("{:?}", row.level).to_uppercase(),
        badge_colour: level_colour(row.level),
        subtitle: [Some(description), runbook]
            .into_iter()
            .flatten()
            .filter(|s| !s.is_empty())
            .collect::<Vec<_>>()
            .join("　"),
        facts,
        plot: plot(view, &writer),
        sections: sections(view, &writer),
        foot: writer.with(
            "foot",
            &[("time", writer.time(now as f64, "%Y-%m-%d %H:%M:%S"))],
        ),
        palette: PALETTE,
    }
}

fn plot(view: &InvestigationView, writer: &Writer<'_>) -> Result<Plot, String> {
    let Some(figures) = &view.metric.chart else {
        return Err(view
            .metric
            .error
            .as_ref()
            .map_or_else(String::new, |e| writer.error(e)));
    };
    let colour = level_colour(view.alert.row.level);
    let now = figures
        .series
        .iter()
        .enumerate()
        .map(|(i, (series, points))| Line {
            name: if figures.series.len() == 1 {
                writer.plain("metric.now")
            } else {
                series.name.clone()
            },
            colour: if i == 0 { colour } else { PALETTE.muted },
            dashed: false,
            points: points.clone(),
        });
    let before = view.metric.baselines.iter().map(|(which, points)| Line {
        name: writer.plain(match which {
            Baseline::Day => "baseline.day",
            Baseline::Week => "baseline.week",
        }),
        colour: match which {
            Baseline::Day => PALETTE.muted,
            Baseline::Week => PALETTE.hair,
        },
        dashed: true,
        points: points.clone(),
    });
    // The chart keeps a function and no context: one for each language.
    let value = if writer.locale == "en" {
        |v| figure::line(v, Unit::Count, "en")
    } else {
        |v| figure::line(v, Unit::Count, "zh-CN")
    };
    let over = figures
        .resolved_at
        .map(|at| (at, writer.plain("metric.resolved")));
    Ok(Plot {
        title: figures.expr.clone(),
        from: figures.from,
        step: figures.step,
        to: figures.to,
        lines: now.chain(before).collect(),
        limit: figures.limit.map(|l| {
            (
                l,
                writer.with("metric.limit", &[("limit", writer.number(l))]),
            )
        }),
        marks: std::iter::once((figures.fired_at, writer.plain("metric.fired")))
            .chain(over)
            .collect(),
        time: axis_time,
        time_context: writer.zone.name().to_owned(),
        value,
    })
}

fn sections(view: &InvestigationView, writer: &Writer<'_>) -> Vec<Section> {
    let (logs, traces) = (&view.logs, &view.traces);
    let why = |error: &Option<wire::ErrorView>, missing: bool, none: &str, nothing: &str| {
        error.as_ref().map_or_else(
            || writer.plain(if missing { none } else { nothing }),
            |e| writer.error(e),
        )
    };
    let known = logs.new.iter().map(|p| (p, false));
    let unsure = logs.unsure.iter().map(|p| (p, true));
    let more = logs.more.iter().map(|p| (p, false));
    let patterns = known.chain(unsure).chain(more).take(ENTRIES);
    let missing = |gaps: &[InvestigationGap]| {
        gaps.iter()
            .map(|g| g.what.as_str())
            .collect::<Vec<_>>()
            .join(", ")
    };
    // Part of an answer says whose is missing.
    let with_gaps = |note: String, gaps: &[InvestigationGap]| {
        if gaps.is_empty() {
            return note;
        }
        let said = writer.with("gaps", &[("names", missing(gaps))]);
        [note, said]
            .into_iter()
            .filter(|s| !s.is_empty())
            .collect::<Vec<_>>()
            .join(" · ")
    };
    let failed = traces.failed.iter().take(ENTRIES);
    let slow = traces.slow.iter().take(ENTRIES);
    let about = if logs.narrow {
        "logs.about"
    } else {
        "logs.about_all"
    };
    let lines = format!("{}{}", if logs.exact { "" } else { "≥ " }, logs.lines);
    let traced = |rows: Vec<Row>, title: &str| Section {
        title: writer.plain(title),
        note: with_gaps(
            traces.median.map_or_else(String::new, |m| {
                let params = [
                    ("count", traces.looked_at.to_string()),
                    ("median", writer.length(m)),
                ];
                writer.with("traces.median", &params)
            }),
            &traces.gaps,
        ),
        empty: why(
            &traces.error,
            traces.source.is_empty(),
            "traces.no_source",
            "traces.nothing",
        ),
        rows,
    };
    vec![
        Section {
            title: writer.plain("logs.title"),
            note: with_gaps(
                if logs.lines == 0 {
                    String::new()
                } else {
                    writer.with(about, &[("lines", lines)])
                },
                &logs.gaps,
            ),
            empty: why(
                &logs.error,
                logs.store.is_empty(),
                "logs.no_store",
                "logs.nothing",
            ),
            rows: patterns
                .map(|(p, unsure)| pattern(p, unsure, logs.exact, writer))
                .collect(),
        },
        traced(failed.map(|t| trace(t, writer)).collect(), "traces.failed"),
        traced(slow.map(|t| trace(t, writer)).collect(), "traces.slow"),
        Section {
            title: writer.plain("others.title"),
            note: String::new(),
            empty: view
                .others_error
                .as_ref()
                .map_or_else(|| writer.plain("others.none"), |e| writer.error(e)),
            rows: view
                .others
                .iter()
                .take(ENTRIES)
                .map(|o| other(o, writer))
                .collect(),
        },
    ]
}

/// Counts are floors, and the first line is the first that was read, where lines were left out.
fn pattern(p: &InvestigationPattern, unsure: bool, exact: bool, writer: &Writer<'_>) -> Row {
    let first = if exact {
        "logs.first"
    } else {
        "logs.first_read"
    };
    let first = writer.with(first, &[("time", writer.time(p.first, "%H:%M:%S"))]);
    let doubt = if unsure {
        writer.plain("logs.unsure_short")
    } else {
        String::new()
    };
    let count = format!("{}{}", if exact { "" } else { "≥ " }, p.count);
    Row {
        text: p.template.clone(),
        under: [p.service.clone(), first, doubt]
            .into_iter()
            .filter(|s| !s.is_empty())
            .collect::<Vec<_>>()
            .join(" · "),
        figure: writer.with("logs.count", &[("count", count)]),
        alarming: true,
    }
}

fn trace(t: &InvestigationTrace, writer: &Writer<'_>) -> Row {
    let spans = writer.with("traces.spans", &[("count", t.spans.to_string())]);
    let errors = writer.with("traces.errors", &[("count", t.errors.to_string())]);
    let begun = writer.time(t.start, "%H:%M:%S");
    Row {
        text: format!("{} {}", t.service, t.operation),
        under: if t.errors == 0 {
            format!("{begun} · {spans} · {}", t.id)
        } else {
            format!("{begun} · {spans} · {errors} · {}", t.id)
        },
        figure: writer.length(t.duration),
        alarming: t.errors > 0,
    }
}

fn other(o: &InvestigationAlert, writer: &Writer<'_>) -> Row {
    let figure = if o.after.abs() < 1_000.0 {
        writer.plain("others.same")
    } else {
        let key = if o.after < 0.0 {
            "others.before"
        } else {
            "others.after"
        };
        writer.with(key, &[("age", writer.age(o.after.abs()))])
    };
    Row {
        text: format!("{:?} {}", o.row.level, o.row.title),
        under: o.row.place.join(" · "),
        figure,
        alarming: false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{detail, on_duty, row};
    use super::*;
    use wire::{
        AlertChart, ErrorCode, ErrorView, InvestigationLogs, InvestigationMetric,
        InvestigationTraces, SeriesView,
    };

    /// Everything that a page can have: known, unsure, missing.
    fn gathered() -> InvestigationView {
        let pattern = |template: &str| InvestigationPattern {
            template: template.into(),
            example: String::new(),
            service: "pay".into(),
            count: 5,
            before: 0,
            first: 1e9,
            trace_id: String::new(),
        };
        let trace = InvestigationTrace {
            id: "ab".into(),
            service: "pay".into(),
            operation: "POST /pay".into(),
            start: 1e9,
            duration: 1_234.0,
            spans: 9,
            errors: 1,
        };
        let gap = InvestigationGap {
            what: "stock".into(),
            error: ErrorView::new(ErrorCode::Timeout).with("seconds", 1.8),
        };
        let series = SeriesView {
            name: "wechat".into(),
            labels: BTreeMap::new(),
            source: "prom".into(),
            demo: false,
        };
        InvestigationView {
            alert: detail(),
            metric: InvestigationMetric {
                chart: Some(AlertChart {
                    from: 0.0,
                    to: 1e4,
                    step: 5e3,
                    series: vec![(series, vec![Some(1.0), None, Some(2.0)])],
                    limit: Some(2.0),
                    expr: "pay_ok".into(),
                    fired_at: 5e3,
                    resolved_at: None,
                }),
                baselines: vec![(Baseline::Day, vec![Some(1.0); 3])],
                ..InvestigationMetric::default()
            },
            logs: InvestigationLogs {
                store: "logs".into(),
                narrow: true,
                lines: 12,
                new: vec![pattern("支付渠道没有应答 <number>")],
                unsure: vec![pattern("签名错误 <number>")],
                ..InvestigationLogs::default()
            },
            traces: InvestigationTraces {
                source: "jaeger".into(),
                looked_at: 3,
                median: Some(90.0),
                failed: vec![trace],
                gaps: vec![gap],
                ..InvestigationTraces::default()
            },
            others: vec![InvestigationAlert {
                row: row(8, &["web-1"]),
                after: -60_000.0,
                shared: Vec::new(),
            }],
            others_error: None,
            on_duty: vec![on_duty()],
            took_ms: 12.0,
        }
    }

    #[test]
    fn everything_that_was_gathered_stands_on_it() {
        let poster = poster(&gathered(), "zh-CN", chrono_tz::UTC, 2_000_000_000);
        assert_eq!(
            (poster.title.as_str(), poster.badge.as_str()),
            ("微信支付大量失败", "P1")
        );
        let facts: Vec<&str> = poster.facts.iter().map(|(_, v)| v.as_str()).collect();
        assert_eq!(facts[0], "01-12 13:46:40");
        assert!(facts[1].starts_with("李四 "), "{facts:?}");
        assert!(poster.subtitle.contains("https://runbooks.example.cn/pay"));
        let plot = poster.plot.expect("a chart");
        let dashed: Vec<bool> = plot.lines.iter().map(|l| l.dashed).collect();
        assert_eq!(dashed, [false, true], "the metric, and the day before");
        let [logs, failed, slow, others] = poster.sections.as_slice() else {
            panic!("{} sections", poster.sections.len())
        };
        assert_eq!(logs.rows.len(), 2);
        assert!(logs.note.contains("≥ 12"), "{}", logs.note);
        assert_eq!(logs.rows[0].figure, "≥ 5 行");
        assert!(
            !logs.rows[0].under.contains("可能"),
            "{}",
            logs.rows[0].under
        );
        assert!(
            logs.rows[1].under.contains("可能"),
            "{}",
            logs.rows[1].under
        );
        assert_eq!(
            (failed.rows.len(), failed.rows[0].figure.as_str()),
            (1, "1.23 s")
        );
        assert!(failed.note.contains("stock"), "{}", failed.note);
        assert!(slow.rows.is_empty());
        assert_eq!(others.rows[0].figure, "早 1 分");
    }

    #[test]
    fn what_could_not_be_asked_says_why() {
        let late = || Some(ErrorView::new(ErrorCode::Timeout).with("seconds", 1.8));
        let view = InvestigationView {
            metric: InvestigationMetric {
                error: late(),
                ..InvestigationMetric::default()
            },
            logs: InvestigationLogs {
                store: "logs".into(),
                error: late(),
                ..InvestigationLogs::default()
            },
            traces: InvestigationTraces::default(),
            others: Vec::new(),
            others_error: late(),
            on_duty: Vec::new(),
            ..gathered()
        };
        for locale in ["zh-CN", "en"] {
            let writer = Writer {
                locale,
                zone: chrono_tz::UTC,
            };
            let poster = poster(&view, locale, chrono_tz::UTC, 0);
            let said = writer.error(&ErrorView::new(ErrorCode::Timeout).with("seconds", 1.8));
            assert_eq!(poster.plot.err().as_ref(), Some(&said));
            assert_eq!(poster.sections[0].empty, said);
            assert_eq!(poster.sections[1].empty, writer.plain("traces.no_source"));
            assert_eq!(poster.sections[3].empty, said);
            assert_eq!(poster.facts[1].1, writer.plain("nobody"));
        }
    }

    #[test]
    fn numbers_and_lengths_as_on_the_page() {
        let writer = |locale| Writer {
            locale,
            zone: chrono_tz::Asia::Shanghai,
        };
        assert_eq!(writer("zh-CN").number(-3.4e8), "-3.4 亿");
        assert_eq!(writer("en").number(12_000.0), "12K");
        assert_eq!(writer("zh-CN").length(1_230.0), "1.23 s");
        assert_eq!(writer("zh-CN").length(90.0), "90 ms");
        assert_eq!(writer("zh-CN").length(600_000.0), "10 分");
        assert_eq!(writer("en").length(600_000.0), "10 min");
        assert_eq!(axis_time(0.0, "Asia/Shanghai"), "08:00");
    }
}
