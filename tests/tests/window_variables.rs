//! From a tile of the overview to its board, to one host, to that host's log lines; and from a board of services to one service's traces.

use shouwang_tests::window::{Options, Wall};
use std::time::Duration;

const SOON: Duration = Duration::from_secs(60);
const DESK: &str = "/index.html#desk";
const WALL: &str = "/";
const CONFIG: &str = "[embedded]\nhost = false\n[duty]\nbuiltin_rules = false\n";

fn there(wall: &Wall, css: &str) {
    let script = format!("return document.querySelector(`{css}`) !== null");
    wall.until(css, SOON, &script);
}

/// Waits until exactly these rows are in a table.
fn until_rows(wall: &Wall, panel: &str, wanted: usize) {
    let script = format!(
        "return document.querySelectorAll(`[data-panel='{panel}'] .rows .row`).length === {wanted}"
    );
    wall.until(&format!("{wanted} rows in {panel}"), SOON, &script);
}

/// Opens the list of a variable among the controls that come up with the pointer, and takes a value of it.
fn choose(wall: &Wall, variable: &str, value: &str) {
    wall.hover(300, 300);
    wall.hover(330, 320);
    let button = format!("[data-variable='{variable}'] > button");
    there(wall, &button);
    wall.click(&button);
    let choice = format!("[data-variable='{variable}'] [data-choice='{value}']");
    there(wall, &choice);
    wall.click(&choice);
    let chosen =
        format!("return document.querySelector('[data-chosen]')?.textContent.includes('{value}')");
    wall.until("the choice in the head of the wall", SOON, &chosen);
    // The list is closed again, so that nothing lies over the panels.
    wall.js("window.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }))");
    wall.hover(700, 700);
}

fn until_board(wall: &Wall, title: &str) {
    let script =
        format!("return document.querySelector('[data-title]')?.textContent === '{title}'");
    wall.until(title, SOON, &script);
}

#[test]
fn a_tile_leads_to_one_host_and_to_its_lines() {
    let wall = Wall::open(Options::new("variables").config(CONFIG));
    wall.until_state("tile_server", "data", SOON);
    wall.click("[data-panel='tile_server'] h2 button");
    until_board(&wall, "服务器");
    wall.until_state("hosts", "data", SOON);
    until_rows(&wall, "hosts", 7);
    assert_eq!(wall.count("[data-chosen]"), 0, "everything is shown");
    wall.picture("everything");

    choose(&wall, "host", "sw-db-01:9100");
    until_rows(&wall, "hosts", 1);
    wall.until_state("cpu", "data", SOON);
    // Every panel follows: lines, rows, bars, cells.
    wall.until(
        "lines of one host",
        SOON,
        "return [...document.querySelectorAll(`[data-panel='cpu'] .legend .item`)].length === 1
           && document.querySelector(`[data-panel='cpu'] .legend .name`).textContent === 'sw-db-01:9100'",
    );
    wall.until(
        "disks of one host",
        SOON,
        "const names = [...document.querySelectorAll(`[data-panel='disks'] bdi`)].map(e => e.textContent);
         return names.length > 0 && names.every(name => name.startsWith('sw-db-01:9100'))",
    );
    let states = wall.js(
        "return [...document.querySelectorAll('[data-panel]')].filter(p => p.dataset.state !== 'data' && p.dataset.state !== 'loading').map(p => p.dataset.panel + ' ' + p.dataset.state)",
    );
    assert_eq!(states.as_array().map(Vec::len), Some(0), "{states}");
    wall.picture("one-host");

    // A second host beside the first, then a row leads to one of them alone.
    choose(&wall, "host", "sw-web-01:9100");
    until_rows(&wall, "hosts", 2);
    wall.click("[data-panel='hosts'] .rows .row:first-of-type .name button");
    until_rows(&wall, "hosts", 1);
    // Panels are laid out anew with a choice: the row that is clicked must be the one that stays.
    wall.until_state("details", "data", SOON);
    until_rows(&wall, "details", 1);

    wall.click("[data-panel='details'] .rows .row .name button");
    wall.until_windows(&[WALL, DESK], SOON);
    wall.enter(DESK);
    there(&wall, "[data-log-input]");
    wall.until(
        "the host's lines",
        SOON,
        "return /^host:\"sw-(db|web)-01\" level>=warn$/.test(document.querySelector('[data-log-input]').value)",
    );
    wall.picture("its-lines");
}

/// The page that the desk was brought to: its field holds this.
fn until_field(wall: &Wall, field: &str, pattern: &str) {
    wall.until_windows(&[WALL, DESK], SOON);
    wall.enter(DESK);
    there(wall, field);
    let script = format!("return {pattern}.test(document.querySelector(`{field}`).value)");
    wall.until(pattern, SOON, &script);
}

#[test]
fn a_node_of_the_graph_leads_to_its_traces() {
    let wall =
        Wall::open(Options::new("variables-node").config(format!("board = \"traces\"\n{CONFIG}")));
    wall.until_state("edges", "data", SOON);
    there(&wall, "[data-panel='edges'] .node button");
    let name = wall.js("const one = document.querySelector(`[data-panel='edges'] .node button`); return one.textContent");
    wall.click("[data-panel='edges'] .node button");
    until_field(
        &wall,
        "[data-trace-service]",
        &format!("/^{}$/", name.as_str().expect("a name")),
    );
}

#[test]
fn a_line_of_a_stream_leads_to_its_service() {
    let wall =
        Wall::open(Options::new("variables-line").config(format!("board = \"logs\"\n{CONFIG}")));
    wall.until_state("stream", "data", SOON);
    there(&wall, "[data-panel='stream'] p button");
    wall.click("[data-panel='stream'] p button");
    until_field(&wall, "[data-log-input]", "/^service:\".+\" level>=error$/");
}

#[test]
fn one_service_of_the_api_is_its_own_board() {
    let wall =
        Wall::open(Options::new("variables-api").config(format!("board = \"api\"\n{CONFIG}")));
    wall.until_state("services", "data", SOON);
    choose(&wall, "service", "payment-service");
    until_rows(&wall, "services", 1);
    until_rows(&wall, "routes", 1);
    let quiet = "return [...document.querySelectorAll('[data-panel]')].every(p => p.dataset.state === 'data')";
    wall.until("data in every panel", SOON, quiet);
    wall.picture("one-service-of-the-api");
}

#[test]
fn a_row_of_a_service_leads_to_its_traces() {
    let wall = Wall::open(
        Options::new("variables-service").config(format!("board = \"traces\"\n{CONFIG}")),
    );
    wall.until_state("services", "data", SOON);
    choose(&wall, "service", "order-service");
    until_rows(&wall, "services", 1);
    wall.until_state("p90", "data", SOON);
    wall.picture("one-service");
    wall.click("[data-panel='services'] .rows .row .name button");
    wall.until_windows(&[WALL, DESK], SOON);
    wall.enter(DESK);
    there(&wall, "[data-trace-service]");
    wall.until(
        "the service to be asked for",
        SOON,
        "return document.querySelector('[data-trace-service]').value === 'order-service'",
    );
    wall.picture("its-traces");
}
