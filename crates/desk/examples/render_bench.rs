//! What a picture and a report cost, a line of JSON for each: `cargo run --release -p desk --example render_bench`.
//!
//! The panel has 10 series of 1,440 points, asked of the embedded store as `shouwang render` does. The report is about a week of samples of
//! every 30 s and the week before, of all that it measures.

use chart::panel::Theme;
use desk::local::LocalMetrics;
use desk::render::{self, Beside, Clients, How, View, Words};
use desk::reports::files::{self, Format};
use desk::reports::{From, gather};
use desk::{boards, sources};
use embedded::tsdb::{Options, Tsdb};
use engine::SourceSpec;
use model::{Labels, Sample};
use report::{Kind, Period};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// 2026-11-16 00:00 in Shanghai, a Monday.
const MONDAY: i64 = 1_794_758_400_000;
const DAY: i64 = 86_400_000;
const ROUNDS: usize = 9;

fn clients(store: Arc<Tsdb>) -> Clients {
    let spec = SourceSpec {
        name: "bench".into(),
        kind: "embedded".into(),
        address: String::new(),
        demo: false,
        budget: sources::budget(30.0),
        langs: &[model::Lang::Promql],
    };
    let metrics = LocalMetrics::new("embedded", store, Arc::new(|| MONDAY));
    vec![(spec, Ok(Arc::new(metrics)))]
}

fn store() -> Arc<Tsdb> {
    Arc::new(Tsdb::in_memory(Options {
        retention_ms: 40 * DAY,
        ..Options::new(Arc::new(|| MONDAY))
    }))
}

fn labels(pairs: &[(&str, &str)]) -> Labels {
    Labels::from_pairs(pairs.iter().copied())
}

/// Ten hosts' load, a sample each minute of a day.
fn day() -> Arc<Tsdb> {
    let store = store();
    for host in 0..10 {
        let name = format!("host-{host}");
        let of = labels(&[("__name__", "node_load1"), ("instance", &name)]);
        let info = labels(&[("__name__", "node_uname_info"), ("instance", &name)]);
        for i in 0..1_500_i64 {
            let (t, v) = (
                MONDAY - i * 60_000,
                (i as f64 / 90.0 + f64::from(host)).sin() * 3.0 + 4.0,
            );
            store.append(&[
                (of.clone(), Sample { t, v }),
                (info.clone(), Sample { t, v: 1.0 }),
            ]);
        }
    }
    store
}

/// Two weeks of what reports measure.
fn fortnight() -> Arc<Tsdb> {
    let store = store();
    let counters = [
        ("orders_created_total", ("channel", "app"), 500.0),
        ("orders_created_total", ("channel", "web"), 200.0),
        ("orders_paid_total", ("channel", "app"), 680.0),
        ("order_amount_yuan_total", ("channel", "app"), 40_000.0),
        ("payment_attempts_total", ("result", "ok"), 690.0),
        ("payment_attempts_total", ("result", "failed"), 5.0),
        (
            "http_server_request_duration_seconds_count",
            ("http_response_status_code", "200"),
            9_000.0,
        ),
        (
            "http_server_request_duration_seconds_count",
            ("http_response_status_code", "500"),
            9.0,
        ),
        ("new_registrations_total", ("platform", "ios"), 10.0),
    ];
    for (name, (label, value), per_minute) in counters {
        let mut pairs = vec![("__name__", name), (label, value)];
        if label != "channel" {
            pairs.push(("channel", "alipay"));
        }
        let of = labels(&pairs);
        for i in 0..=(14 * 2_880_i64) {
            let t = MONDAY - 14 * DAY + i * 30_000;
            store.append(&[(
                of.clone(),
                Sample {
                    t,
                    v: i as f64 * per_minute / 2.0,
                },
            )]);
        }
    }
    for host in 0..20 {
        let name = format!("host-{host}");
        let used = 0.4 + f64::from(host) / 50.0;
        for i in 0..=(14 * 288_i64) {
            let t = MONDAY - 14 * DAY + i * 300_000;
            let disk = |metric| {
                labels(&[
                    ("__name__", metric),
                    ("instance", &name),
                    ("mountpoint", "/data"),
                    ("fstype", "ext4"),
                ])
            };
            let left = 1e12 * (1.0 - used - i as f64 * 1e-5);
            store.append(&[
                (disk("node_filesystem_avail_bytes"), Sample { t, v: left }),
                (disk("node_filesystem_size_bytes"), Sample { t, v: 1e12 }),
                (
                    labels(&[("__name__", "node_uname_info"), ("instance", &name)]),
                    Sample { t, v: 1.0 },
                ),
            ]);
        }
    }
    store
}

#[expect(clippy::disallowed_methods, reason = "a bench measures real time")]
fn instant() -> Instant {
    Instant::now()
}

fn tell(name: &str, mut times: Vec<f64>) {
    times.sort_by(f64::total_cmp);
    let median = times.get(times.len() / 2).copied().unwrap_or(f64::NAN);
    println!("{{\"{name}\":{median:.2}}}");
}

const BOARD: &str = "
id: bench
title: board.overview
refresh_seconds: 60
panels:
  - {id: p, kind: timeseries, title: domain.server, unit: count, at: {x: 0, y: 0, w: 24, h: 20}, queries: [{expr: '${host_load1}', legend: '{{instance}}'}]}
";

async fn panel() {
    let mut library = boards::load(None);
    let board = boards::parse_board(std::path::Path::new("bench.yaml"), BOARD, &library.concepts);
    library
        .boards
        .insert("bench".into(), board.expect("a good board"));
    let store = day();
    let how = How {
        size: (1920, 1080),
        theme: Theme::DARK,
        words: Words {
            locale: "zh-CN".into(),
            zone: chrono_tz::Asia::Shanghai,
        },
        at: MONDAY,
        beside: Beside::default(),
    };
    let (mut whole, mut drawing) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let view = View {
            board: "bench".into(),
            panel: Some("p".into()),
            at: MONDAY,
            range: Some(DAY),
            chosen: BTreeMap::new(),
        };
        let began = instant();
        let setup = render::setup(&library, &view).expect("it is there");
        let engine = render::look(
            setup,
            clients(store.clone()),
            MONDAY,
            Duration::from_secs(30),
        )
        .await;
        let asked = instant();
        let sheet = render::sheet(&engine, &how);
        let bytes = chart::panel::png(&sheet).expect("a picture");
        assert!(bytes.len() > 10_000);
        whole.push(began.elapsed().as_secs_f64() * 1e3);
        drawing.push(asked.elapsed().as_secs_f64() * 1e3);
    }
    tell("panel_10x1440_ms", whole);
    tell("panel_10x1440_drawing_ms", drawing);
}

async fn weekly() {
    let from = From {
        library: boards::load(None),
        clients: clients(fortnight()),
        database: None,
        zone: chrono_tz::Asia::Shanghai,
        locale: "zh-CN".into(),
        promise: 99.9,
    };
    let period = Period::last_over(Kind::Weekly, MONDAY, from.zone).expect("a week");
    let dir = std::env::temp_dir().join(format!("shouwang-render-bench-{}", std::process::id()));
    let mut times = Vec::new();
    for _ in 0..3 {
        let began = instant();
        let data = gather(&from, period, MONDAY).await;
        let document = report::compose(&data);
        let written =
            files::write(&document, &period, &[Format::Pdf, Format::Html], &dir).expect("written");
        times.push(began.elapsed().as_secs_f64() * 1e3);
        let size = std::fs::metadata(&written[0]).expect("a file").len();
        assert!(size < 3 << 20, "{size}");
    }
    std::fs::remove_dir_all(&dir).expect("removed");
    tell("weekly_report_ms", times);
}

#[tokio::main]
async fn main() {
    let began = instant();
    chart::face::install();
    tell("face_ms", vec![began.elapsed().as_secs_f64() * 1e3]);
    panel().await;
    weekly().await;
}
