//! Boards on disk: what an editor saves is on the wall at once, and a mistake leaves the old board in place and
//! is said with its line.

use shouwang_tests::window::{Options, Wall};
use std::time::Duration;

const SOON: Duration = Duration::from_secs(20);

fn board(title: &str, panel: &str, kind: &str) -> String {
    format!(
        "id: t\ntitle: {title}\nwindow_seconds: 600\nrefresh_seconds: 1\ncolumns: 24\nrows: 20\npanels:\n- id: {panel}\n  \
         kind: {kind}\n  title: 面板 {panel}\n  at: {{x: 0, y: 0, w: 12, h: 10}}\n  queries:\n  - expr: node_load1\n"
    )
}

#[test]
fn a_board_is_read_again_when_its_file_changes_and_a_broken_one_is_said() {
    let config = "board = \"t\"\n[demo]\nenabled = false\n[embedded]\ninterval_seconds = 1.0\n";
    let wall = Wall::open(
        Options::new("reload")
            .config(config)
            .board("t", board("第一版", "one", "timeseries")),
    );
    wall.until_state("one", "data", SOON);

    wall.write_board("t", &board("第二版", "two", "stat"));
    wall.until_state("two", "data", SOON);
    assert_eq!(wall.count("[data-panel='one']"), 0, "the old panel is gone");

    wall.write_board("t", &board("第三版", "three", "no_such_kind"));
    wall.control("health");
    wall.until(
        "the problem to be said with file and line",
        SOON,
        "return [...document.querySelectorAll('[data-view=\"health\"] .problem code')]
           .some(c => c.textContent.endsWith('t.yaml:9'))",
    );
    wall.picture("problem");
    wall.click("[data-close]");
    wall.until_state("two", "data", SOON);
    assert_eq!(wall.count("[data-panel='three']"), 0);

    wall.write_board("t", &board("第四版", "four", "gauge"));
    wall.until_state("four", "data", SOON);
    wall.control("health");
    wall.until(
        "the problem to be gone",
        SOON,
        "return document.querySelector('[data-view=\"health\"] section') !== null
           && document.querySelector('[data-view=\"health\"] .problem') === null",
    );
}
