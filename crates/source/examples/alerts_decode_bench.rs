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
    let args: Vec<String> = std::env::args().skip(1).collect();
    match &args[..] {
        [held, how, what] if held == "--held" => println!("{}", held_by(how, what)),
        [] => report(&["10000", "50000"]),
        files => report(&files.iter().map(String::as_str).collect::<Vec<_>>()),
    }
}

fn report(all: &[&str]) {
    let all: Vec<Value> = all.iter().map(|what| measure(what)).collect();
    println!("{}", Value::from(all));
}

/// A number of alerts, or a file with an answer.
fn body(what: &str) -> Vec<u8> {
    match what.parse() {
        Ok(n) => answer(n),
        Err(_) => std::fs::read(what).expect("the file can be read"),
    }
}

fn measure(what: &str) -> Value {
    let limits = AlertLimits::default();
    let body = body(what);
    let kept = std::env::temp_dir().join(format!("alerts_decode_bench_{}", std::process::id()));
    std::fs::write(&kept, &body).expect("the temporary directory can be written");
    let file = kept.to_string_lossy().into_owned();
    let (alerts, oddities) = decode::alerts(&body, &limits).expect("a valid answer");
    assert_eq!(oddities, source::Oddities::default());
    let n = alerts.len();
    drop(alerts);
    let ours = best_of(7, || {
        decode::alerts(&body, &limits).expect("a valid answer");
    });
    let serde = best_of(5, || {
        serde_json::from_slice::<Value>(&body).expect("valid JSON");
    });
    let report = json!({
        "alerts": n,
        "bytes": body.len(),
        "decode_ms": round(ours.as_secs_f64() * 1e3),
        "mb_per_s": round(body.len() as f64 / 1e6 / ours.as_secs_f64()),
        "bytes_held_per_alert": in_its_own_process("alerts", &file) / n,
        "serde_json_value_ms": round(serde.as_secs_f64() * 1e3),
        "serde_json_value_bytes_held_per_alert": in_its_own_process("tree", &file) / n,
        "ratio": round(serde.as_secs_f64() / ours.as_secs_f64()),
    });
    // a file in the temporary directory that stays is no failure of the measurement
    let _ = std::fs::remove_file(kept);
    report
}

/// [`held_by`] where no memory was freed before that could be used again.
fn in_its_own_process(how: &str, what: &str) -> usize {
    let program = std::env::current_exe().expect("this program");
    let mut command = std::process::Command::new(program);
    let said = command.args(["--held", how, what]).output();
    let said = String::from_utf8_lossy(&said.expect("it runs").stdout).into_owned();
    said.trim().parse().expect("a number")
}

/// Resident bytes that a decoded answer needs.
fn held_by(how: &str, what: &str) -> usize {
    let body = body(what);
    let before = resident();
    if how == "tree" {
        let tree: Value = serde_json::from_slice(&body).expect("valid JSON");
        let held = resident().saturating_sub(before);
        assert!(tree.is_array());
        held
    } else {
        let all = decode::alerts(&body, &AlertLimits::default()).expect("a valid answer");
        let held = resident().saturating_sub(before);
        assert!(!all.0.is_empty());
        held
    }
}

fn round(x: f64) -> f64 {
    (x * 10.0).round() / 10.0
}

/// Resident memory of this process in bytes (Linux; 0 elsewhere).
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
