//! What the simulated platform costs: `cargo run --release -p simulator --example measure`.

use simulator::Platform;
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
}
