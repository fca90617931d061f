//! Figures of the store and of PromQL over it, one JSON object a line. `cargo xtask bench` judges them.
//!
//! Each part runs in a process of its own (this program with the part's name), so that its memory is its own:
//! `memory` (100,000 series × 40 samples: ingest, resident memory), `queries` (the same, beside a real Prometheus fed
//! with the same samples by remote write), `file` (flush, bytes a sample, opening). `--quick` takes a tenth.

mod beside;

use embedded::tsdb::{FileOptions, Options, Tsdb};
use model::{Labels, Sample};
use serde_json::{Value, json};
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::time::Duration;

/// Time of the first sample; all of the bench is in the store's own time.
const STEP: i64 = 15_000;
const SAMPLES: i64 = 40;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let quick = args.iter().any(|a| a == "--quick");
    let series = if quick { 10_000 } else { 100_000 };
    match args
        .iter()
        .find(|a| !a.starts_with("--"))
        .map(String::as_str)
    {
        Some("memory") => memory(series),
        Some("queries") => beside::queries(series),
        Some("file") => file(if quick { 1000 } else { 10_000 }),
        Some(other) => {
            eprintln!("no part {other}: memory, queries or file");
            return ExitCode::FAILURE;
        }
        None => return parts(quick),
    }
    ExitCode::SUCCESS
}

fn parts(quick: bool) -> ExitCode {
    let Ok(program) = std::env::current_exe() else {
        return ExitCode::FAILURE;
    };
    let mut ok = true;
    for part in ["memory", "queries", "file"] {
        let done = Command::new(&program)
            .arg(part)
            .args(quick.then_some("--quick"))
            .status();
        ok &= done.is_ok_and(|s| s.success());
    }
    if ok {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// The labels of series `i`: 100 nodes, as many values of `series` as series.
fn labels(i: usize) -> Labels {
    Labels::from_pairs([
        ("__name__", "m".to_owned()),
        ("node", format!("node-{:03}", i % 100)),
        ("namespace", format!("team-{:02}", i % 23)),
        ("container", format!("container-{}", i % 7)),
        ("series", format!("series-{i:06}")),
    ])
}

/// A counter of seconds with two digits after the point, which rises unevenly.
fn value(i: usize, n: i64) -> f64 {
    let noise = (i as u64 ^ (n as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)) % 97;
    ((i as u64 % 1000) * 1_000 + n as u64 * 700 + noise * 5) as f64 / 100.0
}

#[expect(
    clippy::disallowed_methods,
    reason = "a bench measures the machine's time"
)]
fn timed<T>(f: impl FnOnce() -> T) -> (T, Duration) {
    let begun = std::time::Instant::now();
    let result = f();
    (result, begun.elapsed())
}

#[expect(
    clippy::disallowed_methods,
    reason = "Prometheus takes samples of the present only"
)]
fn now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |d| d.as_millis() as i64)
}

fn options() -> Options {
    Options::new(Arc::new(now_ms))
}

fn print(figure: &Value) {
    println!("{figure}");
}

/// A line of `/proc/self/status` in MiB, such as `VmRSS`.
fn status_mib(key: &str) -> f64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text
        .lines()
        .find_map(|l| l.strip_prefix(key))
        .unwrap_or_default();
    let kib: f64 = line
        .trim_matches(|c: char| !c.is_ascii_digit())
        .parse()
        .unwrap_or(f64::NAN);
    kib / 1024.0
}

/// Time of sample `n`, when the last one is at `end`.
fn at(end: i64, n: i64) -> i64 {
    end - (SAMPLES - 1 - n) * STEP
}

/// All samples, one time after the other, as scrapes bring them: first by labels, then by reference.
fn fill(db: &Tsdb, series: usize, end: i64) -> (Duration, Duration) {
    let mut first = Duration::ZERO;
    for from in (0..series).step_by(1000) {
        let batch: Vec<(Labels, Sample)> = (from..series.min(from + 1000))
            .map(|i| {
                (
                    labels(i),
                    Sample {
                        t: at(end, 0),
                        v: value(i, 0),
                    },
                )
            })
            .collect();
        let (report, took) = timed(|| db.append(&batch));
        assert_eq!(report.accepted, batch.len());
        first += took;
    }
    let refs: Vec<_> = (0..series)
        .filter_map(|i| db.series_ref(&labels(i)).ok())
        .collect();
    let mut rest = Duration::ZERO;
    for n in 1..SAMPLES {
        for (group, refs) in refs.chunks(1000).enumerate() {
            let batch: Vec<_> = refs
                .iter()
                .enumerate()
                .map(|(i, r)| {
                    (
                        *r,
                        Sample {
                            t: at(end, n),
                            v: value(group * 1000 + i, n),
                        },
                    )
                })
                .collect();
            let (report, took) = timed(|| db.append_refs(&batch));
            assert_eq!(report.accepted, batch.len());
            rest += took;
        }
    }
    (first, rest)
}

fn memory(series: usize) {
    let db = Tsdb::in_memory(options());
    let (first, rest) = fill(&db, series, now_ms());
    let rss = status_mib("VmRSS:");
    let rate = |samples: i64, took: Duration| (samples as f64 / took.as_secs_f64()).round();
    print(&json!({
        "case": "ingest",
        "series": series,
        "samples": series as i64 * SAMPLES,
        "ingest_samples_per_second": rate(series as i64 * SAMPLES, first + rest),
        "new_series_per_second": rate(series as i64, first),
        "by_reference_per_second": rate(series as i64 * (SAMPLES - 1), rest),
        "rss_mib": rss,
    }));
    // every sample by its labels, as a scraper without a cache would
    let db = Tsdb::in_memory(options());
    let all: Vec<Labels> = (0..series).map(labels).collect();
    let end = now_ms();
    let mut took = Duration::ZERO;
    for n in 0..SAMPLES {
        for (group, labels) in all.chunks(1000).enumerate() {
            let sample = |i: usize| Sample {
                t: at(end, n),
                v: value(group * 1000 + i, n),
            };
            let batch: Vec<_> = labels
                .iter()
                .enumerate()
                .map(|(i, l)| (l.clone(), sample(i)))
                .collect();
            took += timed(|| db.append(&batch)).1;
        }
    }
    print(&json!({
        "case": "ingest by labels",
        "ingest_samples_per_second": rate(series as i64 * SAMPLES, took),
    }));
}

/// A folder that is gone when the program ends in order.
fn file(series: usize) {
    let Ok(folder) = tempfile::tempdir() else {
        eprintln!("no temporary folder");
        return;
    };
    let open = |name: &str| {
        let path = folder.path().join(name);
        let file = FileOptions {
            flush_every: Duration::from_secs(3600),
            ..FileOptions::new(path)
        };
        Tsdb::open(options(), file)
    };
    let end = now_ms();
    let write = |name: &str, series: usize, samples: i64, step: i64| -> Option<(Duration, u64)> {
        let db = open(name).ok()?;
        let refs: Vec<_> = (0..series)
            .filter_map(|i| db.series_ref(&labels(i)).ok())
            .collect();
        for n in 0..samples {
            let t = end - (samples - 1 - n) * step;
            let batch: Vec<_> = refs
                .iter()
                .enumerate()
                .map(|(i, r)| (*r, Sample { t, v: value(i, n) }))
                .collect();
            db.append_refs(&batch);
        }
        let (done, took) = timed(|| db.flush());
        done.ok()?;
        Some((took, db.health().file_bytes))
    };
    if let Some((took, bytes)) = write("flush.sqlite", series, 120, 5000) {
        print(&json!({
            "case": "flush", "series": series, "samples": series * 120,
            "flush_ms": took.as_secs_f64() * 1000.0,
            "bytes_per_sample": bytes as f64 / (series * 120) as f64,
        }));
    }
    // two hours at 5 s
    if write("open.sqlite", 3000, 1440, 5000).is_some() {
        let (db, took) = timed(|| open("open.sqlite"));
        let Ok(db) = db else { return };
        let engine = promql::Engine::default();
        let (first, asked) = timed(|| engine.instant(&db, "sum by (node) (rate(m[5m]))", end));
        print(&json!({
            "case": "open", "series": db.series_count(), "samples": 3000 * 1440,
            "open_ms": took.as_secs_f64() * 1000.0,
            "first_query_ms": asked.as_secs_f64() * 1000.0,
            "first_query_worked": i32::from(first.is_ok()),
        }));
        let range = || {
            engine.range(
                &db,
                "sum by (node) (rate(m[5m]))",
                end - 7_000_000,
                end,
                60_000,
            )
        };
        let (_, asked) = timed(range);
        print(
            &json!({"case": "two hours of 3,000 series", "range_ms": asked.as_secs_f64() * 1000.0}),
        );
    }
}
