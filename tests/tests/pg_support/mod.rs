//! A prepared database, its logins, and lines to put into it.

use model::Secret;
use model::log::{LogCategory, LogLevel, LogLine, LogPosition};
use pglogs::lifecycle::{Maintainer, Policy, plan};
use pglogs::{Credentials, Options, Reader, Writer};
use serde_json::json;
use shouwang_tests::postgres::{Postgres, postgres};
use std::path::Path;

/// The tests' now: 2026-11-21 12:00 UTC.
pub const NOW: i64 = 1_795_262_400_000_000_000;
pub const SECOND: i64 = 1_000_000_000;
pub const DAY: i64 = 86_400 * SECOND;

pub fn now() -> i64 {
    NOW
}

pub fn login(user: &str) -> Credentials {
    Credentials {
        user: user.to_owned(),
        password: (user != "postgres").then(|| Secret::new("geheim")),
    }
}

/// A server with the database `logs`, our schema in it, and a login for each of the three roles.
pub async fn prepared(settings: &str) -> (Postgres, Options) {
    let server = postgres(settings);
    server.sql("postgres", "CREATE DATABASE logs");
    let options = Options::new(&server.url("logs")).expect("an address");
    pglogs::schema::prepare(&options, &login("postgres"))
        .await
        .expect("prepared");
    for (user, role) in [
        ("reads", "reader"),
        ("writes", "writer"),
        ("keeps", "owner"),
    ] {
        let sql =
            format!("CREATE ROLE {user} LOGIN PASSWORD 'geheim' IN ROLE shouwang_logs_{role}");
        server.sql("postgres", &sql);
    }
    (server, options)
}

pub fn reader(options: &Options) -> Reader {
    Reader::new(options, &login("reads"), None, now)
}

pub fn writer(options: &Options) -> Writer {
    Writer::new(options, &login("writes"), now)
}

pub async fn maintainer(options: &Options, folder: &Path) -> Maintainer {
    Maintainer::connect(options, &login("keeps"), folder, now)
        .await
        .expect("a maintainer")
}

pub fn today() -> chrono::NaiveDate {
    chrono::DateTime::from_timestamp_nanos(NOW).date_naive()
}

/// Carries out the whole plan; answers the codes of its steps.
pub async fn retain(options: &Options, folder: &Path, policy: &Policy) -> Vec<&'static str> {
    let mut maintainer = maintainer(options, folder).await;
    let state = maintainer.state().await.expect("a state");
    let steps = plan(&state, policy, today());
    for step in &steps {
        let done = maintainer.run(step, &mut |_| ()).await;
        done.unwrap_or_else(|e| panic!("{step:?}: {e}"));
    }
    steps.iter().map(|s| s.code()).collect()
}

/// Different lines, many at the same time, some odd; the `n`-th is always the same.
pub fn line(n: u64) -> LogLine {
    let levels = [
        None,
        Some(LogLevel::Info),
        Some(LogLevel::Warn),
        Some(LogLevel::Error),
    ];
    let messages = [
        "下单失败：支付网关连接超时 (timeout)",
        "PreserveService 已完成，耗时 12ms",
        "login OK 100%_done \\ 'quoted' \"x\"",
        "超",
        "",
        "TIMEOUT waiting for db-01",
    ];
    let pick = |k: u64| usize::try_from(n.wrapping_mul(k) >> 3).unwrap_or(0);
    let attrs = json!({
        "http": {"status": 200 + n % 7 * 50, "path": format!("/api/Orders/{}", n % 5)},
        "duration_ms": format!("{}.5", n % 40),
        "ratio": (n % 8) as f64 / 4.0,
        "retry": n.is_multiple_of(3),
        "none": null,
        "tags": if n.is_multiple_of(4) { json!([]) } else { json!(["a", n % 2]) },
        "1": {"0": "number as a key"},
    });
    LogLine {
        position: LogPosition::before(
            NOW - DAY / 2 + i64::try_from(n / 7).unwrap_or(0) * 977_000_003,
        ),
        level: levels[pick(5) % levels.len()],
        category: LogCategory::ALL[pick(3) % 3],
        service: ["", "order-service", "Payment", "nginx"][pick(7) % 4].into(),
        host: ["node-1", "NODE-2", ""][pick(11) % 3].into(),
        message: messages[pick(13) % messages.len()].into(),
        trace_id: if n.is_multiple_of(3) {
            format!("{:032x}", n / 9)
        } else {
            String::new()
        },
        span_id: if n.is_multiple_of(3) {
            format!("{n:016x}")
        } else {
            String::new()
        },
        attrs: attrs.as_object().cloned().unwrap_or_default(),
    }
}
