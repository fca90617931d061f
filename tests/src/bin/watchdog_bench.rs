//! How soon a page of the wall is back: from the moment in which its process is killed or stopped, or its script begins to spin, until the
//! page that takes its place has painted. The longest of several.
//!
//! `cargo xtask bench watchdog` runs it and judges its lines; `SHOUWANG_BIN` is the program that is measured.

use serde_json::json;
use shouwang_tests::kiosk::{QUIET, alone, board, kill, painting, status};
use shouwang_tests::window::{self, Options, Wall};
use std::time::{Duration, Instant};
use xtask::display::{Display, Size};
use xtask::procs;

/// The wall says once a second how its pages are; between its words nothing is known.
const LOOK: Duration = Duration::from_millis(50);

/// Waits until another page than `process` paints, and gives for how long there was no new picture, ms, as the program itself has measured
/// it. It counts from the last picture, which was before the deed: what is said is never less than what is asked for.
fn back(display: &Display, deed: Instant, before: &wire::PageView) -> f64 {
    loop {
        let now = status(display);
        // What it says of the time before stays until the new page has painted; then it lives.
        let page = now
            .pages
            .iter()
            .find(|p| p.revived > before.revived && p.lives && p.process != before.process);
        if let Some(away) = page.and_then(|p| p.away) {
            return away;
        }
        assert!(
            deed.elapsed() < Duration::from_secs(60),
            "not back: {now:?}"
        );
        std::thread::sleep(LOOK);
    }
}

fn by_signal(signal: &str, rounds: usize) -> f64 {
    let _lock = window::one_at_a_time();
    let display = Display::start(Size::FULL_HD).unwrap_or_else(|e| panic!("{e:#}"));
    let program = alone(&display, "");
    let mut worst = 0.0_f64;
    let mut revived = 0;
    for _ in 0..rounds {
        let (process, before) = painting(&display, revived, None);
        let deed = procs::now();
        kill(signal, process);
        worst = worst.max(back(&display, deed, &before.pages[0]));
        revived = before.pages[0].revived + 1;
    }
    drop(program);
    worst
}

fn by_script(rounds: usize) -> f64 {
    let mut worst = 0.0_f64;
    // A driver's session does not outlive the page: each time another program.
    for _ in 0..rounds {
        let wall = Wall::open(
            Options::new("bench-watchdog")
                .config(format!("[wall]\nkiosk = true\n{QUIET}"))
                .board("one", board("one", "第一块", "server"))
                .args(&["--kiosk"]),
        );
        let (_, before) = painting(wall.display(), 0, None);
        wall.js("setTimeout(() => { for (;;) {} }, 100); return true");
        worst = worst.max(back(wall.display(), procs::now(), &before.pages[0]));
    }
    worst
}

fn main() {
    let quick = std::env::args().any(|a| a == "--quick");
    let rounds = if quick { 1 } else { 5 };
    println!("{}", json!({"killed_ms": by_signal("-KILL", rounds)}));
    println!("{}", json!({"stopped_ms": by_signal("-STOP", rounds)}));
    println!("{}", json!({"spinning_ms": by_script(rounds)}));
}
