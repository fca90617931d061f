//! What reading raw records costs, a line of JSON for each form: `cargo run --release -p logs --example raw_bench`. One core.

use chrono_tz::Asia::Shanghai;
use logs::raw::{Origin, Splitter, Start, read};
use std::time::Instant;

const LINES: usize = 100_000;

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn timed(what: &str, record: impl Fn(usize) -> String) {
    let records: Vec<String> = (0..LINES).map(record).collect();
    let origin = Origin::new(Shanghai, 1_795_226_400_000_000_000);
    let mut best = f64::INFINITY;
    for _ in 0..5 {
        let start = Instant::now();
        for record in &records {
            std::hint::black_box(read(record.as_bytes(), &origin));
        }
        best = best.min(start.elapsed().as_secs_f64());
    }
    println!(
        "{{\"raw_{what}_lines_per_second\":{:.0}}}",
        LINES as f64 / best
    );
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn splitting() {
    let stream: String = (0..LINES)
        .map(|n| {
            format!(
                "2026-11-21 10:00:00,{:03} INFO line {n}\n\tat a.b.C\n",
                n % 1000
            )
        })
        .collect();
    let start = Instant::now();
    let mut splitter = Splitter::new(Start::Trace);
    let mut records = 0;
    for chunk in stream.as_bytes().chunks(65_536) {
        records += splitter.push(chunk).len();
    }
    records += splitter.finish().len();
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "{{\"split_records_per_second\":{:.0}}}",
        records as f64 / seconds
    );
}

fn main() {
    timed("json", |n| {
        format!(
            r#"{{"@timestamp":"2026-11-21T02:00:00.{:03}Z","level":"ERROR","service.name":"order-service","host.name":"web-{}","message":"订单 {n} 创建失败：库存不足","trace.id":"{n:032x}","user_id":{n},"http.status":502}}"#,
            n % 1000,
            n % 9
        )
    });
    timed("log4j", |n| {
        format!(
            "2026-11-21 10:00:00,{:03} ERROR [http-8080-{}] c.s.order.OrderService - 订单 {n} 创建失败：库存不足",
            n % 1000,
            n % 9
        )
    });
    timed("nginx", |n| {
        format!(
            r#"10.0.0.{} - - [21/Nov/2026:10:00:00 +0800] "GET /api/orders/{n} HTTP/1.1" 502 157 "-" "curl/8" 0.250"#,
            n % 255
        )
    });
    timed("logfmt", |n| {
        format!(
            "ts=2026-11-21T02:00:00.{:03}Z level=warn msg=\"slow query\" duration_ms={n} service=order",
            n % 1000
        )
    });
    timed("plain", |n| {
        format!("订单 {n} 创建失败：库存不足，请稍后重试")
    });
    splitting();
}
