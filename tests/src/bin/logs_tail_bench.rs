//! What the page of logs costs while 5,000 lines a second arrive and it follows them with a filter: times between frames, memory.
//!
//! `cargo xtask bench logs-tail` runs it and judges its lines; `SHOUWANG_BIN` is the program that is measured. Ten minutes, after five in which
//! caches, the demonstration's store of traces and the page's heap become as large as they are going to be; one with `--quick`, after a half.

use serde_json::{Value, json};
use shouwang_tests::window::{Options, Wall};
use std::collections::BTreeMap;
use std::time::Duration;
use xtask::procfs::Cost;
use xtask::procs;

const SOON: Duration = Duration::from_secs(60);
/// Memory is looked at this often.
const EVERY: Duration = Duration::from_secs(10);
/// Of so many parts of the run the least memory is taken: two minutes each of ten.
const PARTS: usize = 5;
/// What is asked for: each line is looked at, and each is one of them, so that as many come as without it.
const FILTER: &str = "-\"no line says this\"";

/// The value below which `percent` of the values lie; nothing measured is no number.
fn percentile(values: &[f64], percent: usize) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(rank).copied().unwrap_or(f64::NAN)
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or(f64::NAN)
}

/// Follows on the page of logs, and lets it settle. Frames are noted from the end of that on; what arrives is counted where the page gets it.
fn follow(wall: &Wall, settle: Duration) {
    wall.enter("/index.html#desk");
    wall.click("[data-nav=logs]");
    // Asked again until there is something, but no sooner than an answer can come: a new question gives up the one before.
    let listed = "if (document.querySelector('[data-log-tail]') !== null && document.querySelectorAll('[data-line]').length > 20) return true;
                  if (!(performance.now() - (window.__asked ?? 0) < 5000)) { window.__asked = performance.now(); document.querySelector('[data-log-refresh]')?.click(); }
                  return false";
    wall.until("lines", SOON, listed);
    wall.js(&format!(
        "const field = document.querySelector('[data-log-input]'); field.focus();
         Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(field, `{FILTER}`);
         field.dispatchEvent(new Event('input', {{ bubbles: true }}));
         field.dispatchEvent(new KeyboardEvent('keydown', {{ key: 'Enter', bubbles: true, cancelable: true }}));"
    ));
    let asked = format!(
        "return document.querySelector('[data-log-input]').value === `{FILTER}` && document.querySelector('[data-log-run]') === null && document.querySelectorAll('[data-line]').length > 20"
    );
    wall.until("lines of the filter", SOON, &asked);
    wall.click("[data-log-tail]");
    let on = "return document.querySelector('[data-feature=logs][data-tail=on]') !== null";
    wall.until("the tail", SOON, on);
    // Also while it settles: a page that is asked for each picture collects its garbage at other times than one that is not, and needs 30 MB more.
    wall.js(
        "const frames = window.__frames = []; let last = 0;
         const go = (t) => { if (last > 0) frames.push(t - last); last = t; requestAnimationFrame(go); };
         requestAnimationFrame(go);",
    );
    std::thread::sleep(settle);
    wall.js("window.__frames.length = 0;");
}

/// Lines that the tail has brought or left out so far.
fn arrived(wall: &Wall) -> f64 {
    number(&wall.js("return Number(document.querySelector('[data-log-tailing]').dataset.came)"))
}

fn main() {
    let quick = std::env::args().any(|a| a == "--quick");
    let (settle, minutes) = if quick { (30, 1) } else { (300, 10) };
    let wall = Wall::open(Options::new("bench-logs-tail").args(&["--desk"]).config(
        "[embedded]\nhost = false\n[duty]\nbuiltin_rules = false\n[demo]\nenabled = true\nlog_lines_per_second = 5000\n",
    ));
    follow(&wall, Duration::from_secs(settle));
    let pid = wall.driver_pid();
    let (begun, first) = (procs::now(), arrived(&wall));
    let mut memory = Vec::new();
    let mut by_process: BTreeMap<String, Vec<(f64, f64)>> = BTreeMap::new();
    let mut look = || {
        let cost = Cost::of_tree(pid).expect("the window is open");
        let at = begun.elapsed().as_secs_f64() / 60.0;
        memory.push((at, mib(cost.pss_total())));
        let mut of_name: BTreeMap<&str, u64> = BTreeMap::new();
        for (pid, bytes) in &cost.pss {
            let name = cost.names.get(pid).map_or("", String::as_str);
            *of_name.entry(name).or_default() += bytes;
        }
        for (name, bytes) in of_name {
            let of = by_process.entry(name.to_owned()).or_default();
            of.push((at, mib(bytes)));
        }
    };
    look();
    while begun.elapsed() < Duration::from_secs(60 * minutes) {
        std::thread::sleep(EVERY);
        look();
    }
    let grown: BTreeMap<&String, f64> = by_process
        .iter()
        .map(|(name, points)| (name, floor_grown(points)))
        .collect();
    let lines = arrived(&wall) - first;
    let frames = wall.js("return window.__frames");
    let frames: Vec<f64> = frames
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default()
        .iter()
        .map(number)
        .collect();
    wall.picture("following");
    let line = json!({
        "tail_frame_p95_ms": percentile(&frames, 95),
        "tail_frame_max_ms": percentile(&frames, 100),
        "frames": frames.len(),
        "lines_arrived_per_second": lines / begun.elapsed().as_secs_f64(),
        "memory_at_start_mib": memory.first().map(|m| m.1),
        "memory_at_end_mib": memory.last().map(|m| m.1),
        "memory_grown_per_minute_mib": slope(&memory),
        "memory_floor_grown_mib": floor_grown(&memory),
        "memory_floor_grown_of_each_mib": grown,
        "minutes": minutes,
    });
    println!("{line}");
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

/// How much more the least of the last part of the run is than the least of the first.
fn floor_grown(points: &[(f64, f64)]) -> f64 {
    let part = points.len().div_ceil(PARTS).max(1);
    let floor = |part: Option<&[(f64, f64)]>| {
        let values = part.into_iter().flatten().map(|p| p.1);
        values.reduce(f64::min).unwrap_or(f64::NAN)
    };
    floor(points.rchunks(part).next()) - floor(points.chunks(part).next())
}

/// Least squares: how much the second grows with the first.
fn slope(points: &[(f64, f64)]) -> f64 {
    let n = points.len() as f64;
    let mean = |f: fn(&(f64, f64)) -> f64| points.iter().map(f).sum::<f64>() / n;
    let (x, y) = (mean(|p| p.0), mean(|p| p.1));
    let over: f64 = points.iter().map(|p| (p.0 - x) * (p.1 - y)).sum();
    let under: f64 = points.iter().map(|p| (p.0 - x).powi(2)).sum();
    over / under
}
