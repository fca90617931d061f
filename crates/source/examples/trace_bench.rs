//! Measures the decoder of the classic API on a generated trace of 50,000 spans (about 40 MB) and prints JSON:
//! `cargo run --release -p source --example trace_bench`. With a number as argument the trace has as many spans; with a file's
//! name it measures that answer instead.

use serde_json::{Value, json};
use source::jaeger::{TraceLimits, decode, summarise};
use std::fmt::Write as _;
use std::time::{Duration, Instant};

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match &args[..] {
        [held, file] if held == "--held" => println!("{}", held_by(file)),
        [] => report("50000"),
        [what, ..] => report(what),
    }
}

fn report(what: &str) {
    let body = match what.parse() {
        Ok(spans) => trace(spans).into_bytes(),
        Err(_) => std::fs::read(what).expect("the file can be read"),
    };
    let limits = TraceLimits::default();
    let kept = std::env::temp_dir().join(format!("trace_bench_{}", std::process::id()));
    std::fs::write(&kept, &body).expect("the temporary directory can be written");
    let decoded = decode::classic(&body, &limits).expect("a valid answer");
    let trace = decoded.traces.first().expect("a trace");
    let spans = trace.spans.len();
    let ours = best_of(7, || {
        decode::classic(&body, &limits).expect("a valid answer");
    });
    let short = best_of(7, || {
        assert_eq!(summarise(trace).spans as usize, spans);
    });
    let tree = best_of(3, || {
        serde_json::from_slice::<Value>(&body).expect("valid JSON");
    });
    let held = in_its_own_process(&kept.to_string_lossy());
    // a file in the temporary directory that stays is no failure of the measurement
    let _ = std::fs::remove_file(kept);
    let report = json!({
        "spans": spans,
        "bytes": body.len(),
        "decode_ms": round(ours.as_secs_f64() * 1e3),
        "mb_per_s": round(body.len() as f64 / 1e6 / ours.as_secs_f64()),
        "summarise_ms": round(short.as_secs_f64() * 1e3),
        "held_mb": round(held.0 / 1e6),
        "peak_mb": round(held.1 / 1e6),
        "serde_json_value_ms": round(tree.as_secs_f64() * 1e3),
    });
    println!("{report}");
}

/// Memory of the decoded trace and the most that decoding needed beside the body, where no memory was freed before.
fn in_its_own_process(file: &str) -> (f64, f64) {
    let program = std::env::current_exe().expect("this program");
    let said = std::process::Command::new(program)
        .args(["--held", file])
        .output();
    let said = String::from_utf8_lossy(&said.expect("it runs").stdout).into_owned();
    let mut numbers = said
        .split_whitespace()
        .map(|n| n.parse().expect("a number"));
    (numbers.next().unwrap_or(0.0), numbers.next().unwrap_or(0.0))
}

fn held_by(file: &str) -> String {
    let body = std::fs::read(file).expect("the file can be read");
    let before = status("VmRSS:");
    let decoded = decode::classic(&body, &TraceLimits::default()).expect("a valid answer");
    let (held, peak) = (status("VmRSS:"), status("VmHWM:"));
    assert!(!decoded.traces.is_empty());
    format!(
        "{} {}",
        held.saturating_sub(before),
        peak.saturating_sub(before)
    )
}

/// A line of `/proc/self/status` in bytes (Linux; 0 elsewhere).
fn status(name: &str) -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|l| l.strip_prefix(name));
    let kib: Option<u64> = line.and_then(|l| l.split_whitespace().next()?.parse().ok());
    kib.unwrap_or(0) * 1024
}

fn round(x: f64) -> f64 {
    (x * 10.0).round() / 10.0
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

/// A trace of so many spans as the classic API writes it: a dozen services, an event on every third span, about 800 bytes a span.
fn trace(spans: usize) -> String {
    const ID: &str = "0af7651916cd43dd8448eb211c80319c";
    let mut out = String::with_capacity(spans * 850);
    out.push_str(r#"{"data":[{"traceID":""#);
    out.push_str(ID);
    out.push_str(r#"","spans":["#);
    for n in 1..=spans {
        if n > 1 {
            out.push(',');
        }
        span(&mut out, ID, n);
    }
    out.push_str(r#"],"processes":{"#);
    for p in 0..12 {
        let comma = if p > 0 { "," } else { "" };
        // writing into a text cannot fail
        let _ = write!(
            out,
            r#"{comma}"p{p}":{{"serviceName":"service-{p}","tags":[{{"key":"host.name","type":"string","value":"pod-{p}-7f9c"}},{{"key":"telemetry.sdk.language","type":"string","value":"java"}}]}}"#
        );
    }
    out.push_str(r#"},"warnings":null}],"total":0,"limit":0,"offset":0,"errors":null}"#);
    out
}

fn span(out: &mut String, trace: &str, n: usize) {
    let start = 1_795_260_328_000_000 + n * 37;
    let (parent, process, order) = (n / 4, n % 12, n * 7_919);
    let references = match parent {
        0 => String::new(),
        _ => format!(r#"{{"refType":"CHILD_OF","traceID":"{trace}","spanID":"{parent:016x}"}}"#),
    };
    let logs = match n % 3 {
        0 => format!(
            r#"{{"timestamp":{},"fields":[{{"key":"event","type":"string","value":"cache miss"}},{{"key":"key","type":"string","value":"菜单:{}"}}]}}"#,
            start + 5,
            n % 500
        ),
        _ => String::new(),
    };
    // writing into a text cannot fail
    let _ = write!(
        out,
        r#"{{"traceID":"{trace}","spanID":"{n:016x}","flags":1,"operationName":"POST /api/orders/{{id}}/step-{}","references":[{references}],"startTime":{start},"duration":{},"tags":[{{"key":"span.kind","type":"string","value":"server"}},{{"key":"http.request.method","type":"string","value":"POST"}},{{"key":"http.response.status_code","type":"int64","value":{}}},{{"key":"url.path","type":"string","value":"/api/orders/{order}"}},{{"key":"db.statement","type":"string","value":"SELECT * FROM orders WHERE store = 门店{} AND state = 'open'"}},{{"key":"net.peer.port","type":"int64","value":5432}},{{"key":"error","type":"bool","value":{}}}],"logs":[{logs}],"processID":"p{process}","warnings":null}}"#,
        n % 40,
        100 + n % 9_000,
        if n.is_multiple_of(50) { 502 } else { 200 },
        n % 3_000,
        n.is_multiple_of(50),
    );
}
