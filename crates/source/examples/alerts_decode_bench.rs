//! Measures the decoder of the Alertmanager's list against `serde_json::Value` on 10,000 and 50,000 alerts of about 870 bytes and
//! prints JSON: `cargo run --release -p source --example alerts_decode_bench`. With a file's name as argument it measures that
//! answer of a real Alertmanager instead.

use model::Labels;
use model::alert::Fingerprint;
use serde_json::{Value, json};
use source::AlertLimits;
use source::alertmanager::decode;
use std::time::{Duration, Instant};

fn main() {
    let bodies: Vec<Vec<u8>> = match std::env::args().nth(1) {
        Some(file) => vec![std::fs::read(&file).expect("the file can be read")],
        None => [10_000, 50_000].map(answer).into(),
    };
    let all: Vec<Value> = bodies.iter().map(|body| measure(body)).collect();
    println!("{}", Value::from(all));
}

fn measure(body: &[u8]) -> Value {
    let limits = AlertLimits::default();
    let ours = best_of(7, || {
        decode::alerts(body, &limits).expect("a valid answer");
    });
    let serde = best_of(5, || {
        serde_json::from_slice::<Value>(body).expect("valid JSON");
    });
    let before = resident();
    let (alerts, oddities) = decode::alerts(body, &limits).expect("a valid answer");
    let held = resident().saturating_sub(before);
    assert_eq!(oddities, source::Oddities::default());
    let n = alerts.len();
    let before = resident();
    let tree: Value = serde_json::from_slice(body).expect("valid JSON");
    let tree_held = resident().saturating_sub(before);
    assert!(tree.is_array() && n > 0);
    json!({
        "alerts": n,
        "bytes": body.len(),
        "decode_ms": round(ours.as_secs_f64() * 1e3),
        "mb_per_s": round(body.len() as f64 / 1e6 / ours.as_secs_f64()),
        "bytes_held_per_alert": held / n,
        "serde_json_value_ms": round(serde.as_secs_f64() * 1e3),
        "serde_json_value_bytes_held_per_alert": tree_held / n,
        "ratio": round(serde.as_secs_f64() / ours.as_secs_f64()),
    })
}

fn round(x: f64) -> f64 {
    (x * 10.0).round() / 10.0
}

/// Resident memory of this process in bytes (Linux; 0 elsewhere). Freed memory is often kept, so it is a lower bound.
fn resident() -> usize {
    let read = || {
        let text = std::fs::read_to_string("/proc/self/statm").ok()?;
        text.split_whitespace().nth(1)?.parse::<usize>().ok()
    };
    read().unwrap_or(0) * 4096
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
fn best_of(times: usize, mut work: impl FnMut()) -> Duration {
    let once = |work: &mut dyn FnMut()| {
        let begun = Instant::now();
        work();
        begun.elapsed()
    };
    (0..times)
        .map(|_| once(&mut work))
        .min()
        .unwrap_or_default()
}

/// As Alertmanager 0.25 writes it.
fn answer(n: usize) -> Vec<u8> {
    let all: Vec<Value> = (0..n).map(alert).collect();
    serde_json::to_vec(&all).expect("JSON")
}

fn alert(i: usize) -> Value {
    let store = format!("门店{:04}", i % 3_000);
    let labels = [
        ("alertname", "DiskAlmostFull".to_owned()),
        ("severity", "warning".to_owned()),
        (
            "instance",
            format!("10.0.{}.{}:9100", i / 250 % 250, i % 250),
        ),
        ("job", "node".to_owned()),
        ("cluster", format!("cn-east-{}", i % 3)),
        ("service", format!("svc-{}", i % 40)),
        ("store", store.clone()),
        ("id", format!("{i:07}")),
    ];
    let fingerprint = Fingerprint::of(&Labels::from_pairs(labels.clone()));
    let labels: serde_json::Map<String, Value> = labels
        .into_iter()
        .map(|(n, v)| (n.to_owned(), v.into()))
        .collect();
    json!({
        "annotations": {
            "description": format!("{store} 的磁盘已超过 5 分钟高于 90%，当前值 {}。", i % 97),
            "runbook_url": "https://runbooks.example/DiskAlmostFull",
            "summary": format!("磁盘空间不足：{store}"),
        },
        "endsAt": "2026-11-21T12:03:00.097Z",
        "fingerprint": fingerprint,
        "receivers": [{ "name": "desk" }],
        "startsAt": "2026-11-21T11:58:00.097Z",
        "status": { "inhibitedBy": [], "silencedBy": [], "state": "active" },
        "updatedAt": "2026-11-21T11:58:00.097Z",
        "generatorURL": "http://prometheus.example:9090/graph?g0.expr=node_filesystem_avail_bytes%7Bjob%3D%22node%22%7D+%3C+10&g0.tab=1",
        "labels": labels,
    })
}
