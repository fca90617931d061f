//! What the simulated platform costs: `cargo run --release -p simulator --example measure`.

use simulator::stories::{Rhythm, Stories, StoryOptions};
use simulator::trace_server::{self, TraceStore};
use simulator::{Platform, giants};
use std::time::{Duration, Instant};

const HOUR: i64 = 3_600_000;
const NOON: i64 = 1_794_974_400_000;

#[expect(clippy::disallowed_methods, reason = "measures durations")]
fn timed<T>(f: impl FnOnce() -> T) -> (T, Duration) {
    let begun = Instant::now();
    let value = f();
    (value, begun.elapsed())
}

fn main() {
    let (mut platform, made) = timed(|| Platform::new(42, NOON - HOUR));
    println!("{} series, made in {made:?}", platform.labels().len());
    let (history, took) = timed(|| platform.history(NOON - HOUR, NOON, 15_000));
    let samples: usize = history.iter().map(|s| s.samples.len()).sum();
    println!("an hour at 15 s, {samples} samples: {took:?}");
    let rounds = 200;
    let ((), took) = timed(|| {
        for i in 1..=rounds {
            platform.advance_to(NOON + i * 1000);
            std::hint::black_box(platform.samples());
        }
    });
    println!("one second with all samples: {:?}", took / rounds as u32);
    let mut page = String::new();
    let ((), took) = timed(|| {
        for _ in 0..rounds {
            page.clear();
            platform.write_text(&mut page);
        }
    });
    println!("a page of {} bytes: {:?}", page.len(), took / rounds as u32);
    stories();
}

/// Memory of this program where the system tells it, MB.
fn resident_mb() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find(|l| l.starts_with("VmRSS:"))?;
    let kb: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kb / 1024.0)
}

/// Requests as traces and lines, and what a large trace weighs.
fn stories() {
    const S: i64 = 1_000_000_000;
    let options = StoryOptions {
        lines_per_second: 5_000.0,
        rhythm: Rhythm::Steady,
        ..StoryOptions::default()
    };
    let mut stories = Stories::new(options);
    // the first stretch also makes what still runs from before
    stories.between(NOON * 1_000_000, NOON * 1_000_000 + S, &[]);
    let (batch, took) =
        timed(|| stories.between(NOON * 1_000_000 + S, NOON * 1_000_000 + 11 * S, &[]));
    let per_second = batch.lines.len() as f64 / took.as_secs_f64();
    let spans: usize = batch.traces.iter().map(|t| t.spans.len()).sum();
    println!(
        "{} lines, {} traces, {spans} spans: {took:?}, {per_second:.0} lines a second",
        batch.lines.len(),
        batch.traces.len()
    );
    let store = TraceStore::default();
    drop(batch);
    let before = resident_mb();
    let mut busy = Duration::ZERO;
    for i in 11..41 {
        let from = NOON * 1_000_000 + i * S;
        let traces = stories.between(from, from + S, &[]).traces;
        let ((), took) = timed(|| store.push(traces));
        busy += took;
    }
    println!(
        "30 s taken into a store: {busy:?}, {} spans kept, memory {before:?} -> {:?} MB",
        store.spans(),
        resident_mb()
    );
    let (giant, took) = timed(|| giants::trace_of(50_000, 1, NOON * 1_000_000));
    println!("a trace of {} spans: {took:?}", giant.spans.len());
    let (body, took) = timed(|| trace_server::classic_body(&giant));
    println!("as classic JSON: {} bytes, {took:?}", body.len());
}
