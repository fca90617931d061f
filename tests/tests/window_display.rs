//! The private display of window tests, `cargo xtask run` and the measurements; and their Prometheus.

use shouwang_tests::http;
use std::path::Path;
use std::time::Duration;
use xtask::display::{Display, Size, TempDir};
use xtask::fixture::{Counter, Fixture, LINES, PANELS, POINTS};
use xtask::procs;

fn is_gone(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).map_or(true, |stat| stat.contains(") Z"))
}

/// Width and height from the head of a PNG.
fn png_size(file: &Path) -> (u32, u32) {
    let bytes = std::fs::read(file).expect("the picture is there");
    assert!(bytes.starts_with(b"\x89PNG"), "a PNG");
    let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().expect("4 bytes"));
    (number(16), number(20))
}

#[test]
fn a_display_shows_takes_pictures_and_leaves_nothing_behind() {
    let display =
        Display::start(Size::WIDE).unwrap_or_else(|e| panic!("{e:#}. Run `cargo xtask setup`."));
    let second = Display::start(Size::FULL_HD).expect("two displays side by side");
    assert_ne!(display.name(), second.name());
    let out = TempDir::new("picture").expect("a directory");
    let file = out.path().join("a/b.png");
    display.picture(&file).expect("a picture");
    assert_eq!(png_size(&file), (2560, 1080));
    let left: Vec<_> = std::fs::read_dir(file.parent().expect("a folder"))
        .expect("it")
        .flatten()
        .collect();
    assert_eq!(left.len(), 1, "no half picture stays: {left:?}");

    let (pids, dir) = (
        [display.xvfb_pid(), display.bus_pid()],
        display.dir().to_owned(),
    );
    assert!(pids.iter().all(|p| !is_gone(*p)));
    drop(display);
    assert!(pids.iter().all(|p| is_gone(*p)), "{pids:?}");
    assert!(!dir.exists());
}

#[test]
fn the_measured_prometheus_has_its_past_and_a_new_point_each_second() {
    let fixture = Fixture::start().unwrap_or_else(|e| panic!("{e:#}"));
    let counter = Counter::start(fixture.port()).expect("a counter");
    let now = procs::epoch_seconds().floor();
    let count = |query: &str| -> f64 {
        let answer = http::get(counter.port(), &format!("/api/v1/query?query={query}"))
            .expect("an answer")
            .text();
        let value: serde_json::Value = serde_json::from_str(&answer).expect("JSON");
        value["data"]["result"][0]["value"][1]
            .as_str()
            .and_then(|v| v.parse().ok())
            .unwrap_or(f64::NAN)
    };
    let series = (PANELS * LINES) as f64;
    let past = count(&format!("sum(count_over_time(bench_value[20m]@{now}))"));
    assert!(past >= series * POINTS as f64, "{past}");
    let (begun, mut later) = (procs::now(), past);
    while later < past + 2.0 * series {
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "nothing new: {past} {later}"
        );
        std::thread::sleep(Duration::from_millis(500));
        later = count("sum(count_over_time(bench_value[20m]))");
    }
    assert_eq!(
        count("count(bench_value)"),
        series,
        "the past has the labels of the scraped"
    );
    let full = fixture.full_range_bytes().expect("ranges");
    assert!(full > series as u64 * POINTS * 15, "{full}");
    assert!(counter.bytes() > 500);
}
