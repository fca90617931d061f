//! What the page of traces costs with a trace of 50,000 spans from a store that speaks Jaeger's classic API, and how soon a large graph of
//! services stands.
//!
//! `cargo xtask bench traces-view` runs it and judges its lines; `SHOUWANG_BIN` is the program that is measured. With `--quick` the trace
//! has 10,000 spans.

mod body;
mod graph;

use serde_json::{Value, json};
use shouwang_tests::traces::FakeStore;
use shouwang_tests::window::{Options, Wall};
use std::time::Duration;
use xtask::procfs::Cost;

/// Until what a step has left to do is done.
const SETTLE: Duration = Duration::from_secs(8);
/// How long anything in the page may take.
const PATIENCE: Duration = Duration::from_secs(120);
/// Pixels a frame: a fast wheel.
const WHEEL: f64 = 60.0;

/// The value below which `percent` of the values lie; nothing measured is no number.
fn percentile(values: &[f64], percent: usize) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(rank).copied().unwrap_or(f64::NAN)
}

fn say(line: &Value) {
    println!("{line}");
}

/// Scrolls by `step` pixels with every frame for five seconds (to and fro at the ends); times between frames, ms.
fn scroll(wall: &Wall, step: f64) -> Vec<f64> {
    wall.js(&format!(
        "window.__frames = null;
         const box = document.querySelector('[data-rows]');
         const times = []; let last = 0, begun = 0, step = {step};
         const go = (t) => {{
           if (last > 0) times.push(t - last); else begun = t;
           last = t;
           const before = box.scrollTop;
           box.scrollTop = before + step;
           if (box.scrollTop === before) step = -step;
           if (t - begun < 5000) requestAnimationFrame(go);
           else {{ box.scrollTop = 0; window.__frames = times; }}
         }};
         requestAnimationFrame(go);"
    ));
    let seen = wall.until(
        "five seconds of scrolling",
        PATIENCE,
        "return window.__frames",
    );
    let all = seen.as_array().map(Vec::as_slice).unwrap_or_default();
    all.iter().map(|v| v.as_f64().unwrap_or(f64::NAN)).collect()
}

fn main() {
    let quick = std::env::args().any(|a| a == "--quick");
    let spans = if quick { 10_000 } else { 50_000 };
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load: Option<f64> = load.split(' ').next().and_then(|t| t.parse().ok());
    say(&json!({ "load_average": load }));
    let begin_us = shouwang_tests::now_ms() * 1_000 - 3_600_000_000;
    let body = body::classic(spans, begin_us);
    say(&json!({ "spans": spans, "body_mb": body.len() as f64 / 1e6 }));
    let store = FakeStore::with_body(body::services(), body::ID.to_owned(), body);
    let wall = Wall::open(
        Options::new("bench-traces")
            .args(&["--desk"])
            .config(format!(
                "[embedded]\nhost = false\n[demo]\nenabled = false\n[duty]\nbuiltin_rules = false\n\
         [[trace_source]]\nname = \"big\"\nkind = \"jaeger\"\nurl = {:?}\ntimeout_seconds = 60\n",
                store.url()
            )),
    );
    wall.enter("/index.html#desk");
    wall.click("[data-nav=traces]");
    wall.until(
        "the store's services",
        PATIENCE,
        "return document.querySelector('[data-service]') !== null",
    );
    std::thread::sleep(SETTLE);
    let pid = wall.driver_pid();
    let cost = || Cost::of_tree(pid).expect("the window is open").pss_total() as f64;
    let none = cost();
    open(&wall, &store);
    std::thread::sleep(SETTLE);
    let mib = (cost() - none) / f64::from(1 << 20);
    say(&json!({ "memory_more_mib": mib }));
    wall.picture("opened");
    let height = spans as f64 * 25.0;
    for (what, step) in [("wheel", WHEEL), ("thumb", height / 300.0)] {
        let frames = scroll(&wall, step);
        say(&json!({
            format!("{what}_frame_p95_ms"): percentile(&frames, 95),
            format!("{what}_frame_max_ms"): percentile(&frames, 100),
            format!("{what}_frames"): frames.len(),
        }));
    }
    wall.picture("scrolled");
    drop(wall);
    graph::measure();
}

/// Opens the trace, and tells how long after the last byte of the answer its first rows were painted.
fn open(wall: &Wall, store: &FakeStore) {
    wall.js(&format!(
        "window.__painted = 0;
         const field = document.querySelector('[data-trace-id]');
         Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(field, '{}');
         field.dispatchEvent(new Event('input', {{ bubbles: true }}));
         const look = () => {{
           if (document.querySelector('[data-span-row]') !== null) requestAnimationFrame(() => {{ window.__painted = Date.now() }});
           else requestAnimationFrame(look);
         }};
         setTimeout(() => document.querySelector('[data-open-id]').click(), 100);
         requestAnimationFrame(look);",
        body::ID
    ));
    let painted = wall.until("its first rows", PATIENCE, "return window.__painted");
    let painted = painted.as_f64().unwrap_or(f64::NAN);
    say(&json!({ "received_to_rows_ms": painted - store.sent_at() as f64 }));
}
