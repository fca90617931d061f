//! Dashboards of Grafana through the editor's dialog: what they become is shown on the canvas before anything is kept, and what could not
//! be taken is listed.
//!
//! `SHOUWANG_DASHBOARDS` may name a folder: every `.json` in it goes the same way, and figures of each are printed.

use serde_json::Value;
use shouwang_tests::window::{Options, Wall};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

const SOON: Duration = Duration::from_secs(60);
const DESK: &str = "/index.html#desk";
const KITCHEN: &str = include_str!("dashboards/kitchen.json");
const CONFIG: &str = "[embedded]\nhost = false\n[duty]\nbuiltin_rules = false\n";

fn open(name: &'static str) -> Wall {
    let wall = Wall::open(Options::new(name).config(CONFIG).args(&["--desk"]));
    wall.until_windows(&[DESK], SOON);
    wall.enter(DESK);
    there(&wall, "[data-nav='boards']");
    wall.click("[data-nav='boards']");
    there(&wall, "[data-import]");
    wall
}

fn there(wall: &Wall, css: &str) {
    let script = format!("return document.querySelector(`{css}`) !== null");
    wall.until(css, SOON, &script);
}

/// Chooses a file in the dialog, as a person does, and waits for what is said of it.
fn choose_file(wall: &Wall, name: &str, text: &str) {
    wall.click("[data-import]");
    there(wall, "[data-import-file]");
    let (name, text) = (Value::from(name), Value::from(text));
    wall.js(&format!(
        "const given = new DataTransfer();
         given.items.add(new File([{text}], {name}, {{ type: 'application/json' }}));
         const field = document.querySelector('[data-import-file]');
         field.files = given.files;
         field.dispatchEvent(new Event('change', {{ bubbles: true }}));"
    ));
    wall.until(
        "an answer about the file",
        SOON,
        "return document.querySelector('[data-import-done], [data-import-error]') !== null",
    );
}

/// Ids of the boards that a dashboard became.
fn boards(wall: &Wall) -> Vec<String> {
    let found = wall.js("return [...document.querySelectorAll('[data-import-open]')].map(e => e.dataset.importOpen)");
    let all = found.as_array().map(Vec::as_slice).unwrap_or_default();
    all.iter()
        .filter_map(|id| id.as_str().map(str::to_owned))
        .collect()
}

/// Opens one of the boards and waits until its picture stands: every panel has answered, whatever it says.
fn open_board(wall: &Wall, id: &str) {
    wall.click(&format!("[data-import-open='{id}']"));
    there(wall, "[data-canvas] [data-panel]");
    wall.until(
        "a checked draft",
        SOON,
        "return document.querySelector('[data-editor]').dataset.checked === 'true'",
    );
    wall.until(
        "every panel to have answered",
        SOON,
        "const all = [...document.querySelectorAll('[data-canvas] [data-panel]')];
         return all.length === document.querySelectorAll('[data-grip]').length && all.every(p => p.dataset.state !== 'loading')",
    );
    let problems = wall.texts("[data-problems] li");
    assert!(problems.is_empty(), "{id}: {problems:?}");
}

fn leave(wall: &Wall) {
    wall.click("[data-leave]");
    there(wall, "dialog [data-submit]");
    wall.click("dialog [data-submit]");
    there(wall, "[data-import]");
}

/// States of the panels on the canvas, counted.
fn states(wall: &Wall) -> BTreeMap<String, usize> {
    let found = wall.js("return [...document.querySelectorAll('[data-canvas] [data-panel]')].map(p => p.dataset.state)");
    let mut out = BTreeMap::new();
    for state in found.as_array().map(Vec::as_slice).unwrap_or_default() {
        *out.entry(state.as_str().unwrap_or_default().to_owned())
            .or_default() += 1;
    }
    out
}

#[test]
fn a_dashboard_is_taken_seen_and_exported() {
    let wall = open("grafana");
    choose_file(&wall, "broken.json", "{\"panels\": [1,}");
    there(&wall, "[data-import-error]");
    wall.click("dialog header .x");
    choose_file(&wall, "kitchen.json", KITCHEN);
    let said = wall.text("[data-import-done]");
    assert!(said.contains("厨房 · Kitchen"), "{said}");
    assert!(
        said.contains('6') && said.contains('4'),
        "four of six panels: {said}"
    );
    let lost = wall.texts("dialog li");
    for part in ["geomap", "mysql", "filters", "门店地图", "订单表", "流量"] {
        assert!(
            lost.iter().any(|t| t.contains(part)),
            "{part} not in {lost:?}"
        );
    }
    wall.picture("losses");

    let ids = boards(&wall);
    assert_eq!(ids.len(), 1, "{ids:?}");
    open_board(&wall, &ids[0]);
    // The demonstration's sources may have just begun.
    wall.until(
        "four panels with data",
        SOON,
        "const all = [...document.querySelectorAll('[data-canvas] [data-panel]')];
         return all.length === 4 && all.every(p => p.dataset.state === 'data')",
    );
    wall.picture("board");
    // Units, limits and the variable came along.
    wall.click("[data-grip='磁盘']");
    let limit = wall.js("return document.querySelector(`[data-field='warning']`).value");
    assert_eq!(limit, "70");
    let unit = wall.js("return document.querySelector(`[data-field='unit']`).value");
    assert_eq!(unit, "percent");
    wall.click("[data-board-fields]");
    there(&wall, "[data-edit-variable='node'] [data-found='7']");
    wall.picture("variable");

    wall.click("[data-export]");
    there(&wall, "[data-exported]");
    let path = wall.text("[data-exported]");
    let text = std::fs::read_to_string(path.trim()).expect("the exported file");
    let json: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(json["panels"][0]["type"], "timeseries");
    assert_eq!(json["templating"]["list"][1]["name"], "node");
}

/// Files of the folder that the environment names, by name.
fn given() -> Vec<(String, String)> {
    let Some(folder) = std::env::var_os("SHOUWANG_DASHBOARDS") else {
        return Vec::new();
    };
    let folder = PathBuf::from(folder);
    let entries = std::fs::read_dir(&folder)
        .unwrap_or_else(|e| panic!("SHOUWANG_DASHBOARDS={}: {e}", folder.display()));
    let mut all: Vec<(String, String)> = entries
        .flatten()
        .map(|e| e.path())
        .filter(|p| p.extension().is_some_and(|e| e == "json"))
        .map(|p| {
            let text =
                std::fs::read_to_string(&p).unwrap_or_else(|e| panic!("{}: {e}", p.display()));
            let name = p.file_stem().map(|s| s.to_string_lossy().into_owned());
            (name.unwrap_or_default(), text)
        })
        .collect();
    assert!(!all.is_empty(), "{} has no .json", folder.display());
    all.sort();
    all
}

#[test]
fn dashboards_of_a_folder_are_taken() {
    let all = given();
    if all.is_empty() {
        eprintln!("SKIPPED: SHOUWANG_DASHBOARDS names no folder of dashboards, so none was taken");
        return;
    }
    let wall = open("grafana-folder");
    let mut report = String::new();
    for (name, text) in all {
        choose_file(&wall, &format!("{name}.json"), &text);
        let said = wall.text("[data-import-done]");
        assert!(
            !said.is_empty(),
            "{name}: {}",
            wall.text("[data-import-error]")
        );
        let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
        for reason in wall.texts("dialog li span") {
            *reasons.entry(reason).or_default() += 1;
        }
        wall.picture(&format!("{name}-losses"));
        let _ = writeln!(report, "{said}");
        for (reason, count) in reasons {
            let _ = writeln!(report, "    {count} × {reason}");
        }
        let ids = boards(&wall);
        assert!(!ids.is_empty(), "{name}: nothing was taken");
        for (i, id) in ids.iter().enumerate() {
            if i > 0 {
                choose_file(&wall, &format!("{name}.json"), &text);
            }
            open_board(&wall, id);
            wall.picture(&format!("{name}-{}", i + 1));
            let _ = writeln!(report, "  {id}: {:?}", states(&wall));
            leave(&wall);
        }
    }
    println!("{report}");
}
