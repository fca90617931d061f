//! What PostgreSQL costs as a store of logs: `cargo run --release -p pglogs --example pg_bench -- <url> <login> [lines]`.
//!
//! The database must be empty and the login its superuser. Prints JSON, a figure a line; times in milliseconds. Lines are spread evenly
//! over three days (UTC) up to a moment of our own; every third word of their texts differs from line to line.

use chrono::{Days, NaiveDate};
use model::log::{
    Direction, Field, Filter, LogCategory, LogLevel, LogLine, LogPosition, LogRange, PageAsk,
};
use pglogs::lifecycle::{Maintainer, Policy, plan};
use pglogs::{Credentials, Options, Reader, Writer};
use serde_json::json;
use source::{LogSink, Logs};
use std::time::{Duration, Instant};

const SECOND: i64 = 1_000_000_000;
const HOUR: i64 = 3600 * SECOND;
const DAYS: u32 = 3;
/// 2026-11-21 00:00 UTC: the end of the last day.
const END: i64 = 1_795_219_200 * SECOND;
const BATCH: u64 = 5_000;
const SERVICES: [&str; 20] = [
    "gateway",
    "order-service",
    "payment-service",
    "inventory",
    "recommendation",
    "nutritionist",
    "user-center",
    "delivery",
    "coupon",
    "search",
    "nginx",
    "redis",
    "kafka",
    "mysql",
    "etcd",
    "consul",
    "sshd",
    "kubelet",
    "firewall",
    "audit",
];

#[expect(clippy::disallowed_methods, reason = "a bench measures real time")]
fn started() -> Instant {
    Instant::now()
}

fn ms(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1000.0
}

fn end() -> i64 {
    END
}

/// A number that looks random and is the same for the same `n` (SplitMix64).
fn mix(n: u64) -> u64 {
    let mut z = n.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn line(n: u64, all: u64) -> LogLine {
    let r = mix(n);
    let pick = |shift: u32, of: u64| usize::try_from((r >> shift) % of).unwrap_or(0);
    let level = match r % 100 {
        0 => LogLevel::Fatal,
        1..=5 => LogLevel::Error,
        6..=15 => LogLevel::Warn,
        16..=35 => LogLevel::Debug,
        _ => LogLevel::Info,
    };
    let what = [
        "支付网关",
        "库存服务",
        "推荐引擎",
        "营养师服务",
        "用户中心",
        "配送调度",
    ][pick(8, 6)];
    let state = match r % 1000 {
        0 => "连接超时，已放弃",
        1..=9 => "连接超时，重试中",
        10..=59 => "响应缓慢",
        _ => "调用完成",
    };
    let message = format!(
        "订单服务调用{what}{state} orderId={:016x} 耗时 {}ms 线程 PreserveServiceImpl-exec-{} GET /api/v1/orders/{} status={} upstream=10.0.{}.{}",
        mix(r),
        r % 1500,
        r % 64,
        r % 1_000_000,
        [200, 200, 200, 404, 502][pick(16, 5)],
        r % 16,
        (r >> 20) % 255
    );
    let attrs = json!({"http": {"method": "GET", "status": 200, "path": "/api/v1/orders"}, "thread": format!("exec-{}", r % 64), "logger": "cn.platform.order.PreserveServiceImpl", "region": "cn-east-1"});
    let span = i64::from(DAYS) * 24 * HOUR;
    let at = END - span
        + i64::try_from(u128::from(n) * u128::try_from(span).unwrap_or(0) / u128::from(all))
            .unwrap_or(0);
    LogLine {
        position: LogPosition::before(at),
        level: Some(level),
        category: LogCategory::ALL[pick(24, 20).saturating_sub(17)],
        service: SERVICES[pick(32, 20)].into(),
        host: format!("node-{}", r % 12),
        message,
        trace_id: format!("{:032x}", mix(n / 5)),
        span_id: format!("{r:016x}"),
        attrs: attrs.as_object().cloned().unwrap_or_default(),
    }
}

fn told(what: &str, mut all: Vec<f64>) {
    all.sort_by(f64::total_cmp);
    let at = |q: f64| all[((all.len() - 1) as f64 * q).round() as usize];
    println!(
        "{}",
        json!({"question": what, "p50_ms": at(0.5), format!("{what}_p95_ms"): at(0.95), "max_ms": at(1.0)})
    );
}

async fn prepare(options: &Options, who: &Credentials, folder: &std::path::Path) {
    pglogs::schema::prepare(options, who)
        .await
        .expect("prepared");
    let policy = Policy {
        ahead_days: DAYS,
        ..Policy::default()
    };
    let mut maintainer = Maintainer::connect(options, who, folder, end)
        .await
        .expect("a maintainer");
    let last = chrono::DateTime::from_timestamp_nanos(END).date_naive();
    let first: NaiveDate = last
        .checked_sub_days(Days::new(u64::from(DAYS)))
        .expect("a day");
    for step in plan(&maintainer.state().await.expect("a state"), &policy, first) {
        maintainer.run(&step, &mut |_| ()).await.expect("done");
    }
}

async fn ingest(writer: &Writer, lines: u64) {
    let begun = started();
    let mut next = 0;
    let mut commits = Vec::new();
    let mut making = Duration::ZERO;
    while next < lines {
        let made = started();
        let batch: Vec<LogLine> = (next..(next + BATCH).min(lines))
            .map(|n| line(n, lines))
            .collect();
        making += made.elapsed();
        next += BATCH;
        let commit = started();
        writer.append(batch).await.expect("kept");
        commits.push(ms(commit));
    }
    // making the lines is not the store's work
    let seconds = (begun.elapsed() - making).as_secs_f64();
    println!(
        "{}",
        json!({"ingest_lines_per_second": lines as f64 / seconds, "ingest_lines": lines})
    );
    told("commit_5000", commits);
}

fn between(from_ns: i64, to_ns: i64, filter: Filter) -> LogRange {
    LogRange {
        from_ns,
        to_ns,
        filter,
    }
}

fn newest(limit: usize) -> PageAsk {
    PageAsk {
        beyond: None,
        direction: Direction::Older,
        limit,
    }
}

fn is(field: &str, value: &str) -> Filter {
    Filter::Is(Field::named(field), value.to_owned())
}

async fn pages(reader: &Reader, what: &str, ranges: Vec<LogRange>) {
    let mut all = Vec::new();
    let mut found = 0;
    for range in ranges {
        let begun = started();
        found += reader
            .page(&range, newest(100))
            .await
            .expect("a page")
            .value
            .lines
            .len();
        all.push(ms(begun));
    }
    println!("{}", json!({"question": what, "lines_found": found}));
    told(what, all);
}

async fn questions(reader: &Reader, lines: u64) {
    let span = i64::from(DAYS) * 24;
    // different hours, so that not every question finds what the one before has read
    let hour = |i: i64| END - (i * 7 % (span - 1) + 1) * HOUR;
    let by = |i: usize| {
        is("service", SERVICES[i % 20]).and(is("level", LogLevel::ALL[2 + i % 4].name()))
    };
    pages(
        reader,
        "service_and_level_24h",
        (0..200)
            .map(|i| between(END - 24 * HOUR, END, by(i)))
            .collect(),
    )
    .await;
    pages(
        reader,
        "service_and_level_all",
        (0..100)
            .map(|i| between(END - span * HOUR, END, by(i)))
            .collect(),
    )
    .await;
    pages(
        reader,
        "at_least_error_all",
        (0..50)
            .map(|_| between(END - span * HOUR, END, Filter::AtLeast(LogLevel::Error)))
            .collect(),
    )
    .await;
    for (what, phrase) in [
        ("phrase_often_hour", "超时"),
        ("phrase_rare_hour", "已放弃"),
        ("phrase_never_hour", "绝对没有"),
        ("word_never_hour", "NeverSaid"),
    ] {
        let ranges = (0..40).map(|i| between(hour(i), hour(i) + HOUR, Filter::Text(phrase.into())));
        pages(reader, what, ranges.collect()).await;
    }
    pages(
        reader,
        "trace",
        (0..50)
            .map(|i| {
                between(
                    END - span * HOUR,
                    END,
                    is("trace_id", &format!("{:032x}", mix(mix(i) % lines / 5))),
                )
            })
            .collect(),
    )
    .await;
    let mut all = Vec::new();
    for i in 0..30 {
        let filter = if i % 2 == 0 {
            Filter::All
        } else {
            is("service", SERVICES[3])
        };
        let range = between(END - 24 * HOUR - i * 977, END - i * 977, filter);
        let begun = started();
        let histogram = reader
            .histogram(&range, 60 * SECOND)
            .await
            .expect("a histogram")
            .value;
        all.push(ms(begun));
        assert!(histogram.exact && histogram.total() > 0);
    }
    told("histogram_24h_by_minute", all);
    let mut all = Vec::new();
    for i in 0..20 {
        let range = between(hour(i), hour(i) + HOUR, Filter::Text("超时".into()));
        let begun = started();
        assert!(reader.count(&range).await.expect("a count").value.exact);
        all.push(ms(begun));
    }
    told("count_phrase_hour", all);
    paging(reader).await;
}

/// Page after page of a hundred, and a live tail that finds nothing new.
async fn paging(reader: &Reader) {
    let range = between(END - 24 * HOUR, END, Filter::All);
    let mut ask = newest(100);
    let mut all = Vec::new();
    for _ in 0..100 {
        let begun = started();
        let page = reader.page(&range, ask).await.expect("a page").value;
        all.push(ms(begun));
        ask.beyond = page.lines.last().map(|l| l.position);
    }
    told("next_page", all);
    let mut mark = reader
        .tail(&range, None, 100)
        .await
        .expect("a mark")
        .value
        .mark;
    let mut all = Vec::new();
    for _ in 0..50 {
        let begun = started();
        mark = reader
            .tail(&range, Some(&mark), 100)
            .await
            .expect("a tail")
            .value
            .mark;
        all.push(ms(begun));
    }
    told("tail", all);
}

#[tokio::main]
async fn main() {
    let mut args = std::env::args().skip(1);
    let url = args.next().expect("the database's address");
    let user = args.next().expect("a login");
    let lines: u64 = args
        .next()
        .and_then(|n| n.parse().ok())
        .unwrap_or(10_000_000);
    let mut options = Options::new(&url).expect("an address");
    options.timeout = Duration::from_secs(60);
    let who = Credentials {
        user,
        password: None,
    };
    let folder = tempfile::tempdir().expect("a folder");
    prepare(&options, &who, folder.path()).await;
    let writer = Writer::new(&options, &who, end);
    ingest(&writer, lines).await;
    let reader = Reader::new(&options, &who, None, end);
    let info = reader.probe().await.expect("answers").value;
    println!(
        "{}",
        json!({"bytes_per_line": info.bytes.unwrap_or(0) as f64 / lines as f64})
    );
    questions(&reader, lines).await;
}
