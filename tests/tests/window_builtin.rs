//! Every built-in board in a real window with the demonstration: nothing failed, nothing empty, nothing out of its place.

use shouwang_tests::window::{MISPLACED, Options, Wall};
use std::time::Duration;

const SOON: Duration = Duration::from_secs(60);
/// Panels about what has happened to the desk (with it they are seen in desk_clock/board.rs): empty until an alert has fired, been answered and ended;
/// and who is on duty, which nobody has said here.
const MAY_BE_EMPTY: [&str; 6] = ["mtta", "mttr", "sla", "rota", "channels", "sources"];

/// Chooses a board in the menu, as a person does.
fn open(wall: &Wall, board: &str) {
    wall.hover(900, 500);
    wall.hover(910, 510);
    wall.until(
        "the menu",
        SOON,
        "return document.querySelector('nav select') !== null",
    );
    wall.js(&format!(
        "const s = document.querySelector('nav select');
         s.value = {board:?}; s.dispatchEvent(new Event('change', {{ bubbles: true }})); return true"
    ));
}

#[test]
fn every_built_in_board_is_whole() {
    whole("builtin", "");
}

#[test]
fn every_built_in_board_is_whole_from_six_metres() {
    whole(
        "builtin-far",
        "[wall]\nviewing_distance = 6.0\nscreen_inches = 55.0\n",
    );
}

/// Shows each board with this in the configuration.
fn whole(name: &'static str, wall: &str) {
    let config =
        format!("locale = \"zh-CN\"\n{wall}[embedded]\nhost = false\n[demo]\nincidents = false\n");
    let wall = Wall::open(Options::new(name).config(config));
    let library = desk::boards::load(None);
    assert!(library.boards.len() >= 19, "{}", library.boards.len());
    for board in library.boards.values() {
        open(&wall, &board.id);
        let ids: Vec<&str> = board.panels.iter().map(|p| p.id.as_str()).collect();
        let wanted = serde_json::to_string(&ids).expect("ids");
        let free = serde_json::to_string(&MAY_BE_EMPTY).expect("ids");
        let what = format!("board {} with data in every panel", board.id);
        wall.until(
            &what,
            SOON,
            &format!(
                "const wanted = {wanted}, free = {free};
                 const shown = [...document.querySelectorAll('[data-panel]')];
                 if (shown.length !== wanted.length) return false;
                 return shown.every(p => wanted.includes(p.dataset.panel) && (p.dataset.state === 'data'
                   || (p.dataset.state !== 'failed' && free.includes(p.dataset.panel))))"
            ),
        );
        assert_eq!(
            wall.js(MISPLACED),
            serde_json::json!([]),
            "board {}",
            board.id
        );
        wall.picture(&board.id);
    }
}
