//! How long a wall needs for another board, until all of its panels are painted: 48 panels × 4 series × 720 points from a real Prometheus,
//! at 1920×1080 and at 3840×2160.
//!
//! `cargo xtask bench boards` runs it and judges its lines; `SHOUWANG_BIN` is the program that is measured. By rotation, where the page has
//! laid out the next board beforehand; by a key pressed again and again, where it has too but for the first time (the greatest of these
//! times); and by keys to and fro, where the one before still stands ready.

use serde_json::{Value, json};
use shouwang_tests::window::{Options, Wall};
use std::time::Duration;
use xtask::display::Size;
use xtask::fixture::{self, Fixture, Layout};

/// Boards that follow each other, and seconds that each stays.
const BOARDS: usize = 6;
const DWELL: u32 = 6;
const SOON: Duration = Duration::from_secs(60);

/// In the page: from when the frame with the board came (or the key was pressed, `window.__began`) until all panels have their data and the
/// picture after that has been painted, ms.
const WATCH: &str = "
  window.__took = [];
  window.__began = null;
  let came = null;
  const ask = window.fetch;
  window.fetch = (input, ...rest) => ask(input, ...rest).then((answer) => {
    if (String(input).endsWith('/pull')) came = performance.now();
    return answer;
  });
  const shown = () => document.querySelector('[data-view=wall]')?.dataset.board;
  const complete = () => {
    const panels = document.querySelectorAll('main[data-aside=false] [data-panel]');
    return panels.length === PANELS && [...panels].every((p) => p.dataset.state === 'data');
  };
  window.__came = () => came !== null;
  let board = shown(), begun = null;
  const look = () => {
    if (shown() !== board) { board = shown(); begun = window.__began ?? came; }
    if (begun !== null && complete()) {
      const since = begun;
      begun = null;
      window.__began = null;
      requestAnimationFrame(() => requestAnimationFrame(() => window.__took.push(performance.now() - since)));
    }
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);";

fn took(wall: &Wall, at_least: usize) -> Vec<f64> {
    let script = format!("return window.__took.length >= {at_least} ? window.__took : null");
    let seen = wall.until("boards that are painted", SOON * 4, &script);
    let seen = seen.as_array().cloned().unwrap_or_default();
    seen.iter().filter_map(Value::as_f64).collect()
}

fn say(name: &str, mut times: Vec<f64>) {
    times.sort_by(f64::total_cmp);
    let at = |percent: usize| {
        let rank = (times.len() * percent).div_ceil(100).saturating_sub(1);
        times.get(rank).copied().unwrap_or(f64::NAN)
    };
    println!(
        "{}",
        json!({format!("{name}_p50_ms"): at(50), format!("{name}_p95_ms"): at(95), format!("{name}_max_ms"): at(100)})
    );
}

fn main() {
    let quick = std::env::args().any(|a| a == "--quick");
    let rounds = if quick { 4 } else { 20 };
    let layout = Layout {
        boards: BOARDS,
        dwell: Some(DWELL),
        ..Layout::FULL
    };
    let fixture = Fixture::with(layout.panels).unwrap_or_else(|e| panic!("{e:#}"));
    for (name, size) in [("", Size::FULL_HD), ("_4k", Size::UHD)] {
        measure(&fixture, layout, size, name, rounds);
    }
}

fn measure(fixture: &Fixture, layout: Layout, size: Size, name: &str, rounds: usize) {
    let mut options = Options::new("bench-boards").size(size).args(&["--kiosk"]);
    for b in 0..BOARDS {
        options = options.board(&format!("b{b:02}"), fixture::board(b, layout.panels));
    }
    let wall = Wall::open(options.config(fixture::config_text(fixture.port(), layout)));
    wall.until(
        "the first board",
        SOON,
        "return document.querySelector('[data-view=wall]')?.dataset.board === 'b01'",
    );
    wall.js(&WATCH.replace("PANELS", &layout.panels.to_string()));
    // Without it a board's time would be counted from the beginning.
    wall.until("a frame to be seen", SOON, "return window.__came()");
    say(&format!("by_rotation{name}"), took(&wall, rounds));

    wall.command_line(&["wall", "pause"], "");
    let onwards = (1..=rounds).map(|_| "ArrowRight");
    say(&format!("by_key{name}"), pressed(&wall, onwards));
    let to_and_fro = ["ArrowLeft", "ArrowRight"].into_iter().cycle().take(rounds);
    say(
        &format!("by_keys_to_and_fro{name}"),
        pressed(&wall, to_and_fro),
    );
}

/// Presses one key after the other, each when the board before has been there for a while.
fn pressed<'a>(wall: &Wall, keys: impl Iterator<Item = &'a str>) -> Vec<f64> {
    let mut times = Vec::new();
    for (n, key) in keys.enumerate() {
        wall.js("window.__took = []; window.__began = null");
        std::thread::sleep(Duration::from_millis(2_000 + 37 * n as u64));
        wall.js(&format!(
            "window.__began = performance.now();
             document.body.dispatchEvent(new KeyboardEvent('keydown', {{ key: '{key}', bubbles: true }}))"
        ));
        times.extend(took(wall, 1));
    }
    times
}
