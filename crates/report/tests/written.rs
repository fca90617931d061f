//! Reports as they come out, of figures that are known.

use chart::panel::Grade;
use model::{Direction, Thresholds};
use report::data::{Alerts, Disk, Duty, MEASURES, Measured, Objective, OfLevel, Rota, Times};
use report::document::Block;
use report::period::{Kind, Period};
use report::trend::Track;
use report::{Data, compose, html, pdf};

const HOUR: i64 = 3_600_000;

fn track(from: i64, until: i64, step: i64, value: impl Fn(f64) -> f64) -> Track {
    let count = (until - from) / step;
    let points = (0..count)
        .map(|i| Some(value(i as f64 / count as f64)))
        .collect();
    Track {
        start: from,
        step,
        points,
    }
}

fn limits(id: &str) -> Option<Thresholds> {
    let below = Direction::Below;
    match id {
        "order_success" => Some(Thresholds {
            warning: Some(95.0),
            critical: Some(90.0),
            direction: below,
            ..Thresholds::default()
        }),
        "payment_success" => Some(Thresholds {
            warning: Some(98.0),
            critical: Some(96.5),
            direction: below,
            ..Thresholds::default()
        }),
        "api_errors" => Some(Thresholds {
            warning: Some(1.0),
            critical: Some(5.0),
            ..Thresholds::default()
        }),
        _ => None,
    }
}

/// A week in which payments fail for some hours, with a disk that fills.
fn week(locale: &str) -> Data {
    let zone = chrono_tz::Asia::Shanghai;
    let period =
        Period::of(Kind::Weekly, "2026-11-18".parse().expect("a date"), zone).expect("a week");
    let step = period.kind.step();
    let day = |x: f64| (x * 7.0 * std::f64::consts::TAU).sin();
    let value = |id: &str, scale: f64| -> Box<dyn Fn(f64) -> f64> {
        match id {
            "orders" => Box::new(move |x| (1_000.0 + 500.0 * day(x)) * scale),
            "amount" => Box::new(move |x| (80_000.0 + 40_000.0 * day(x)) * scale),
            "payment_success" => Box::new(move |x| {
                if scale > 1.0 && x > 0.5 && x < 0.53 {
                    91.2
                } else {
                    99.2
                }
            }),
            "order_success" => Box::new(|_| 97.5),
            "api_errors" => Box::new(move |x| 0.2 + 0.1 * day(x)),
            "users" => Box::new(move |x| (60_000.0 + 20_000.0 * day(x)) * scale),
            _ => Box::new(move |x| 50.0 + 10.0 * day(x)),
        }
    };
    let part = |name: &str, v: f64| {
        (
            name.to_owned(),
            track(period.from, period.until, step, move |_| v),
        )
    };
    let measures = MEASURES
        .iter()
        .map(|measure| Measured {
            measure,
            limits: limits(measure.id),
            now: track(period.from, period.until, step, value(measure.id, 1.062)),
            before: track(period.before, period.from, step, value(measure.id, 1.0)),
            parts: match measure.id {
                "orders" => vec![
                    part("app", 600.0),
                    part("mini_program", 300.0),
                    part("<b>x</b>", 100.0),
                ],
                "payment_success" => vec![part("alipay", 99.4), part("wechat", 96.1)],
                _ => Vec::new(),
            },
        })
        .collect();
    let times = |minutes: i64| Times {
        count: 10,
        mean: Some(minutes * 60_000),
        p95: Some(minutes * 120_000),
    };
    let level = |fired, minutes| OfLevel {
        fired,
        response: times(minutes),
        resolution: times(minutes * 8),
        response_kept: (fired, fired),
        resolution_kept: (fired.saturating_sub(1), fired),
    };
    let alerts = Alerts {
        levels: [level(2, 3), level(9, 6), level(31, 20), level(80, 60)],
        response: times(12),
        resolution: times(47),
        unanswered: 5,
        open: 1,
        rules: vec![
            ("WeChatPaySuccessRateLow".into(), 42),
            ("<script>alert(1)</script>".into(), 7),
        ],
        people: vec![("李四".into(), 30), ("王五".into(), 12)],
    };
    Data {
        zone,
        locale: locale.to_owned(),
        made_at: period.until + HOUR,
        demo: false,
        promise: 99.0,
        measures,
        objectives: Vec::new(),
        alerts_before: Some(Alerts::default()),
        alerts: Some(alerts),
        disks: vec![
            Disk {
                name: "db-01 /data".into(),
                used: track(period.from, period.until, HOUR, |x| 80.0 + 7.0 * x),
            },
            Disk {
                name: "web-01 /".into(),
                used: track(period.from, period.until, HOUR, |_| 40.0),
            },
        ],
        rota: Some(Rota {
            people: vec![Duty {
                person: "张三".into(),
                rota: "平台值班".into(),
                on_duty: 56 * HOUR,
                nights: 3,
                days_off: 1,
            }],
            handovers: (12, 1, 1),
            gaps: 0,
        }),
        faults: Vec::new(),
        period,
    }
}

#[test]
fn a_week_says_what_happened() {
    let document = compose(&week("zh-CN"));
    assert_eq!(
        (document.title.as_str(), document.verdict.as_str()),
        ("守望 周报", "1 项服务质量未达标")
    );
    assert_eq!(document.subtitle, "2026-11-16 至 2026-11-22（第 47 周）");
    assert_eq!(document.grade, Grade::Critical);
    let lead = document.lead.join("\n");
    // 1,062 a minute for 10,080 minutes.
    assert!(lead.contains("下单 1,070 万（较上期 +6.2%）"), "{lead}");
    assert!(lead.contains("支付成功率（达标时间 97"), "{lead}");
    assert!(
        lead.contains("告警 122 条，其中 P0、P1 共 11 条；平均响应 12 分"),
        "{lead}"
    );
    assert!(
        lead.contains("磁盘 db-01 /data 按现在的增长约 13 天后写满"),
        "{lead}"
    );
    let titles: Vec<&str> = document.sections.iter().map(|s| s.title.as_str()).collect();
    assert_eq!(
        titles,
        [
            "业务",
            "服务质量与 SLA",
            "告警与响应",
            "资源与容量",
            "值班与交接",
            "说明"
        ]
    );
    let names: Vec<&str> = document.figures.iter().map(|f| f.name.as_str()).collect();
    assert_eq!(names.last(), Some(&"MTTA / MTTR"));
    let tables = document
        .sections
        .iter()
        .flat_map(|s| &s.blocks)
        .filter_map(|b| match b {
            Block::Table(t) => Some(t),
            _ => None,
        });
    for table in tables {
        for row in &table.rows {
            assert_eq!(row.len(), table.head.len(), "{:?}", table.head);
        }
    }
}

#[test]
fn a_boards_objective_is_the_promise_where_its_events_are_known() {
    let objective = |name: &str, of, good| Objective {
        name: name.into(),
        of,
        promised: 98.5,
        good,
    };
    let mut data = week("zh-CN");
    data.objectives = vec![
        objective("支付目标", Some("payment_success"), Some(98.8)),
        objective("下单目标", Some("order_success"), None),
        objective("退款目标", None, Some(97.0)),
    ];
    let document = compose(&data);
    let section = &document.sections[1];
    let Block::Table(table) = &section.blocks[0] else {
        panic!("the table of promises comes first");
    };
    let row = |name: &str| -> Vec<&str> {
        let found = table.rows.iter().find(|r| r[0].text == name);
        let found = found.unwrap_or_else(|| panic!("no {name} in {table:?}"));
        found.iter().skip(1).map(|c| c.text.as_str()).collect()
    };
    // 1.2 of 1.5 percent are used up. By time, the same week missed its 99 %.
    assert_eq!(
        row("支付成功率"),
        ["SLO 成功占比", "98.8%", "98.5%", "错误预算用去 80%", "达标"]
    );
    assert_eq!(row("下单支付成功率")[2], "99%", "its events are not known");
    assert_eq!(
        row("退款目标"),
        [
            "SLO 成功占比",
            "97%",
            "98.5%",
            "错误预算用去 200%",
            "未达标"
        ]
    );
    assert_eq!(document.verdict, "1 项服务质量未达标");
    let lead = document.lead.join("\n");
    assert!(
        lead.contains("退款目标（成功占比 97%，目标 98.5%）"),
        "{lead}"
    );
}

#[test]
fn no_sentence_is_missing_in_either_language() {
    for locale in ["zh-CN", "en"] {
        assert!(chart::face::install());
        let page = html(&compose(&week(locale))).expect("a page");
        assert!(!page.contains("report."), "{locale}");
        assert!(!page.contains("%{"), "{locale}");
        let mut empty = week(locale);
        for m in &mut empty.measures {
            m.now.points.fill(None);
            m.before.points.clear();
        }
        (empty.alerts, empty.rota) = (None, None);
        empty.disks.clear();
        let document = compose(&empty);
        assert_eq!(
            document.grade,
            Grade::Warning,
            "nothing is known, and that is not good"
        );
        let page = html(&document).expect("a page");
        assert!(
            !page.contains("report.") && !page.contains("%{") && !page.contains("NaN"),
            "{locale}"
        );
        assert!(!pdf(&document).expect("a file").is_empty());
    }
}

#[test]
fn the_page_has_no_script_and_names_from_outside_are_text() {
    assert!(chart::face::install());
    let page = html(&compose(&week("zh-CN"))).expect("a page");
    assert!(
        !page.contains("<script") && !page.contains("<b>x</b>") && !page.contains("javascript:")
    );
    assert!(page.contains("&lt;script&gt;alert(1)"));
    assert!(
        !page.contains("http://")
            || page.matches("http://").count()
                == page.matches("http://www.w3.org/2000/svg").count()
    );
    assert!(page.matches("<svg").count() > 6 && page.contains("微信支付"));
    assert!(page.len() < 2_000_000, "{}", page.len());
}

#[test]
fn the_pdf_is_small_and_its_words_can_be_found() {
    assert!(chart::face::install());
    let bytes = pdf(&compose(&week("zh-CN"))).expect("a file");
    assert!(
        bytes.starts_with(b"%PDF-") && bytes.len() < 3_000_000,
        "{}",
        bytes.len()
    );
    let dir = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    let path = dir.join("weekly.pdf");
    std::fs::write(&path, &bytes).expect("written");
    std::fs::write(
        dir.join("weekly.html"),
        html(&compose(&week("zh-CN"))).expect("a page"),
    )
    .expect("written");
    let read = std::process::Command::new("pdftotext")
        .arg("-layout")
        .arg(&path)
        .arg("-")
        .output();
    let text = read
        .expect("pdftotext is installed (package poppler-utils)")
        .stdout;
    let text = String::from_utf8_lossy(&text);
    for words in [
        "守望 周报",
        "1 项服务质量未达标",
        "支付成功率",
        "WeChatPaySuccessRateLow",
        "db-01 /data",
        "张三",
    ] {
        assert!(text.contains(words), "{words} is not in the text:\n{text}");
    }
}
