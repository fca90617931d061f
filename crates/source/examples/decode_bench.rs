//! Measures the decoder of range answers against `serde_json::Value` on 1,000 series × 720 points and prints JSON:
//! `cargo run --release -p source --example decode_bench`.

use source::Limits;
use source::prometheus::decode::{self, Grid};
use std::fmt::Write as _;
use std::time::{Duration, Instant};

const SERIES: usize = 1_000;
const POINTS: i64 = 720;
const START_MS: i64 = 1_700_000_000_000;
const STEP_MS: i64 = 5_000;

fn main() {
    // a gauge's few digits, as the 15.9 MB that are the project's measure; and a rate's 17
    let (short, long) = (measure(&answer(10_000.0)), measure(&answer(f64::INFINITY)));
    println!("{{\"short\":{short},\"long\":{long}}}");
}

fn measure(body: &[u8]) -> String {
    let limits = Limits::default();
    let end = START_MS + (POINTS - 1) * STEP_MS;
    let grid = Grid::new(START_MS, end, STEP_MS, &limits).expect("a valid grid");
    let ours = best_of(9, || {
        let frame = decode::range(body, grid, &limits)
            .expect("a valid answer")
            .value;
        assert_eq!((frame.series.len(), frame.len), (SERIES, 720));
    });
    let serde = best_of(9, || {
        let value: serde_json::Value = serde_json::from_slice(body).expect("valid JSON");
        assert!(value.is_object());
    });
    format!(
        "{{\"bytes\":{},\"decode_ms\":{:.1},\"serde_json_value_ms\":{:.1},\"ratio\":{:.2}}}",
        body.len(),
        ours.as_secs_f64() * 1e3,
        serde.as_secs_f64() * 1e3,
        serde.as_secs_f64() / ours.as_secs_f64()
    )
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

/// As Prometheus writes it; values between 0 and 1, rounded to 1 / `places`.
fn answer(places: f64) -> Vec<u8> {
    let mut text =
        String::from("{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[");
    let mut state: u64 = 0x9e37_79b9_7f4a_7c15;
    for series in 0..SERIES {
        let comma = if series > 0 { "," } else { "" };
        let _ = write!(
            text,
            "{comma}{{\"metric\":{{\"__name__\":\"node_cpu_utilisation\",\"instance\":\"10.0.{}.{}:9100\",\"job\":\"node\",\"shop\":\"s{series}\"}},\"values\":[",
            series / 256,
            series % 256
        );
        for point in 0..POINTS {
            // xorshift64: the numbers only have to look like measurements
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let mut value = (state >> 11) as f64 / (1_u64 << 53) as f64;
            if places.is_finite() {
                value = (value * places).round() / places;
            }
            let comma = if point > 0 { "," } else { "" };
            let t = (START_MS + point * STEP_MS) / 1_000;
            let _ = write!(text, "{comma}[{t},\"{value}\"]");
        }
        text.push_str("]}");
    }
    text.push_str("]}}");
    text.into_bytes()
}
