//! The editor of boards in the real window: a panel is made, dragged, resized and asked for with completion, shows data, goes back and
//! forth, is saved and is on the wall.

use shouwang_tests::window::{Options, Wall};
use std::time::Duration;

const SOON: Duration = Duration::from_secs(40);
const DESK: &str = "/index.html#desk";
const WALL: &str = "/";
const CONFIG: &str = "board = \"t\"\n[demo]\nenabled = false\n[embedded]\ninterval_seconds = 1.0\n[duty]\nbuiltin_rules = false\n";
const BOARD: &str = "# the only comment\nid: t\ntitle: 试验\nwindow_seconds: 600\nrefresh_seconds: 1\ncolumns: 24\nrows: 20\npanels:\n  - id: one\n    kind: stat\n    \
                     title: 负载\n    at: {x: 0, y: 0, w: 8, h: 8}\n    queries:\n      - {id: a, expr: node_load1}\n";

fn open(name: &'static str) -> Wall {
    let wall = Wall::open(
        Options::new(name)
            .config(CONFIG)
            .board("t", BOARD)
            .args(&["--desk"]),
    );
    wall.until_windows(&[DESK], SOON);
    wall.enter(DESK);
    there(&wall, "[data-nav='boards']");
    wall.click("[data-nav='boards']");
    there(&wall, "[data-board='t']");
    wall
}

fn there(wall: &Wall, css: &str) {
    let script = format!("return document.querySelector(`{css}`) !== null");
    wall.until(css, SOON, &script);
}

fn write(wall: &Wall, css: &str, text: &str) {
    let text = serde_json::to_string(text).expect("a text");
    wall.js(&format!(
        "const field = document.querySelector(`{css}`);
         const kind = field instanceof HTMLTextAreaElement ? HTMLTextAreaElement : HTMLInputElement;
         field.focus();
         Object.getOwnPropertyDescriptor(kind.prototype, 'value').set.call(field, {text});
         if (field.type !== 'number') field.setSelectionRange(field.value.length, field.value.length);
         field.dispatchEvent(new Event('input', {{ bubbles: true }}));"
    ));
}

/// A point of an element, in parts of its size.
fn point(wall: &Wall, css: &str, x: f64, y: f64) -> (i64, i64) {
    let at = wall.js(&format!(
        "const r = document.querySelector(`{css}`).getBoundingClientRect();
         return [Math.round(r.x + r.width * {x}), Math.round(r.y + r.height * {y})]"
    ));
    let one = |i: usize| at[i].as_i64().expect("a place");
    (one(0), one(1))
}

/// Where a panel stands: column, row, width, height.
fn place(wall: &Wall, panel: &str) -> Vec<i64> {
    let text = wall.js(&format!(
        "return document.querySelector(`[data-grip='{panel}']`).dataset.at"
    ));
    let text = text.as_str().expect("a place").to_owned();
    text.split(',')
        .map(|n| n.parse().expect("a number"))
        .collect()
}

fn until_place(wall: &Wall, panel: &str, expected: &str) {
    let script = format!(
        "return document.querySelector(`[data-grip='{panel}']`)?.dataset.at === '{expected}'"
    );
    wall.until(&format!("{panel} at {expected}"), SOON, &script);
}

fn key(wall: &Wall, css: &str, init: &str) {
    wall.js(&format!(
        "document.querySelector(`{css}`).dispatchEvent(new KeyboardEvent('keydown', {{ bubbles: true, cancelable: true, {init} }}))"
    ));
}

#[test]
fn a_panel_is_made_moved_asked_for_and_saved() {
    let wall = open("editor");
    wall.click("[data-board='t']");
    wall.until_state("one", "data", SOON);

    wall.click("[data-add='timeseries']");
    there(&wall, "[data-grip='timeseries']");
    assert_eq!(
        place(&wall, "timeseries"),
        [8, 0, 6, 5],
        "the first free place"
    );
    // 24 columns and 20 rows: a cell to the right is a 24th of the canvas, three rows are 3/20 of its height.
    let from = point(&wall, "[data-grip='timeseries']", 0.5, 0.5);
    let canvas = wall.js("const r = document.querySelector('[data-canvas]').getBoundingClientRect(); return [r.width, r.height]");
    let cell = (
        canvas[0].as_f64().expect("a width") / 24.0,
        canvas[1].as_f64().expect("a height") / 20.0,
    );
    let by = |at: (i64, i64), x: f64, y: f64| {
        (
            at.0 + (x * cell.0).round() as i64,
            at.1 + (y * cell.1).round() as i64,
        )
    };
    wall.drag(from, by(from, 4.0, 3.0));
    until_place(&wall, "timeseries", "12,3,6,5");
    let corner = point(&wall, "[data-grip='timeseries'] [data-edge='se']", 0.5, 0.5);
    wall.drag(corner, by(corner, 4.0, 5.0));
    until_place(&wall, "timeseries", "12,3,10,10");
    key(&wall, "[data-grip='timeseries']", "key: 'ArrowRight'");
    key(
        &wall,
        "[data-grip='timeseries']",
        "key: 'ArrowDown', shiftKey: true",
    );
    until_place(&wall, "timeseries", "13,3,10,11");

    // an unfinished query is said at its field; what is proposed finishes it
    write(&wall, "[data-expr='a']", "avg(node_loa");
    there(&wall, "[data-proposal='node_load5']");
    there(&wall, "[data-problem='expr']");
    wall.picture("completion");
    wall.js(
        "document.querySelector(`[data-proposal='node_load5']`).dispatchEvent(new PointerEvent('pointerdown', { bubbles: true, cancelable: true }))",
    );
    let typed = wall.js("return document.querySelector(`[data-expr='a']`).value");
    assert_eq!(typed, "avg(node_load5");
    write(&wall, "[data-expr='a']", "avg(node_load5)");
    wall.until_state("timeseries", "data", SOON);
    write(&wall, "[data-inspector] [data-field='title']", "五分钟负载");
    wall.until(
        "the title in the picture",
        SOON,
        "return document.querySelector(`[data-panel='timeseries'] h2`)?.textContent === '五分钟负载'",
    );
    wall.picture("made");

    // two steps back and forth
    wall.click("[data-undo]");
    wall.until(
        "the old title",
        SOON,
        "return document.querySelector(`[data-inspector] [data-field='title']`).value !== '五分钟负载'",
    );
    wall.click("[data-redo]");
    wall.until(
        "the new title again",
        SOON,
        "return document.querySelector(`[data-inspector] [data-field='title']`).value === '五分钟负载'",
    );
    wall.until(
        "a checked draft",
        SOON,
        "return document.querySelector('[data-editor]').dataset.checked === 'true'",
    );
    wall.click("[data-save]");
    wall.until(
        "saved",
        SOON,
        "return document.querySelector('[data-editor]').dataset.dirty === 'false'",
    );

    let file = std::fs::read_dir(wall.dir())
        .expect("the test's directory")
        .flatten()
        .find_map(|e| {
            let inside = std::fs::read_to_string(e.path().join("t.yaml"));
            inside
                .or_else(|_| std::fs::read_to_string(e.path()))
                .ok()
                .filter(|t| t.starts_with("# the only"))
        })
        .expect("the board's file");
    assert!(file.starts_with("# the only comment\nid: t\n"), "{file}");
    assert!(
        file.contains("  - id: timeseries\n    kind: timeseries\n    title: 五分钟负载\n    at: {x: 13, y: 3, w: 10, h: 11}\n    queries:\n      - {id: a, expr: 'avg(node_load5)'}\n"),
        "{file}"
    );

    wall.click("[data-nav='wall']");
    wall.until_windows(&[WALL, DESK], SOON);
    wall.enter(WALL);
    wall.until_state("timeseries", "data", SOON);
    wall.picture("on-the-wall");
}

/// Takes a value of a field that says so when it is left.
fn fill(wall: &Wall, css: &str, text: &str) {
    write(wall, css, text);
    wall.js(&format!(
        "document.querySelector(`{css}`).dispatchEvent(new Event('change', {{ bubbles: true }}))"
    ));
}

fn pick(wall: &Wall, css: &str, value: &str) {
    wall.js(&format!(
        "const field = document.querySelector(`{css}`); field.value = '{value}';
         field.dispatchEvent(new Event('change', {{ bubbles: true }}))"
    ));
}

fn until_checked(wall: &Wall) {
    wall.until(
        "a checked draft",
        SOON,
        "return document.querySelector('[data-editor]').dataset.checked === 'true'",
    );
}

#[test]
fn variables_marks_and_options_are_edited_seen_and_saved() {
    let wall = open("editor-parts");
    wall.click("[data-board='t']");
    wall.until_state("one", "data", SOON);
    wall.click("[data-board-fields]");

    // A variable: what is wrong is said at its field, what the sources have is shown.
    wall.click("[data-add-variable]");
    write(
        &wall,
        "[data-expr='variable-host']",
        "label_values(node_load1)",
    );
    there(&wall, "[data-edit-variable='host'] [data-problem='expr']");
    write(
        &wall,
        "[data-expr='variable-host']",
        "label_values(node_load1, instance)",
    );
    there(&wall, "[data-edit-variable='host'] [data-found='1']");
    fill(&wall, "[data-field='variable-label']", "主机");
    fill(&wall, "[data-field='variable-id']", "machine");
    there(&wall, "[data-edit-variable='machine']");

    // What is proposed closes when the field is left.
    wall.js("document.activeElement?.blur()");
    wall.until(
        "no proposals",
        SOON,
        "return document.querySelector('[data-proposals]') === null",
    );

    // A mark: the moment at which this machine was started, far before the board's hour, and one that is there.
    wall.click("[data-add-mark]");
    pick(&wall, "[data-field='mark-kind']", "maintenance");
    write(&wall, "[data-expr='mark-started']", "time(");
    there(&wall, "[data-edit-mark='started'] [data-problem='expr']");
    write(
        &wall,
        "[data-expr='mark-started']",
        "max by (instance) (timestamp(node_load1)) - 60",
    );
    there(&wall, "[data-edit-mark='started'] [data-found='1']");
    write(&wall, "[data-field='mark-legend']", "{{instance}} 一分钟前");
    wall.picture("board-fields");

    // The panel: an id, a past and a kind of its own, a way to the logs.
    wall.click("[data-grip='one']");
    there(&wall, "[data-inspector='one']");
    write(
        &wall,
        "[data-expr='a']",
        "node_load1{instance=~\"$machine\"}",
    );
    pick(&wall, "[data-field='kind']", "timeseries");
    fill(&wall, "[data-field='panel-window']", "3");
    there(&wall, "[data-problem='window_seconds']");
    fill(&wall, "[data-field='panel-window']", "300");
    wall.click("[data-add-link]");
    pick(&wall, "[data-field='link-to']", "logs");
    write(&wall, "[data-field='link-target']", "host:vm level>=error");
    fill(&wall, "[data-field='panel-id']", "load");
    there(&wall, "[data-inspector='load']");
    until_checked(&wall);
    wall.until_state("load", "data", SOON);
    wall.picture("panel-fields");

    // An objective needs what makes it one.
    wall.click("[data-add='slo']");
    there(&wall, "[data-inspector='slo'] [data-field='objective']");
    fill(&wall, "[data-field='objective']", "100");
    there(&wall, "[data-inspector='slo'] [data-problem='slo']");
    fill(&wall, "[data-field='objective']", "99.5");
    write(
        &wall,
        "[data-expr='a']",
        "1 - avg_over_time(up[$window]) / 1",
    );
    until_checked(&wall);
    wall.until(
        "no problem",
        SOON,
        "return document.querySelector('[data-problems]') === null",
    );

    wall.click("[data-save]");
    wall.until(
        "saved",
        SOON,
        "return document.querySelector('[data-editor]').dataset.dirty === 'false'",
    );
    let file = std::fs::read_to_string(wall.dir().join("boards/t.yaml")).expect("the board's file");
    for said in [
        "variables:\n  - {id: machine, label: 主机, query: 'label_values(node_load1, instance)', multi: true}\n",
        "marks:\n  - {id: started, kind: maintenance, expr: 'max by (instance) (timestamp(node_load1)) - 60', legend: '{{instance}} 一分钟前'}\n",
        "  - id: load\n    kind: timeseries\n",
        "    window_seconds: 300\n",
        "    links:\n      - {to: logs, target: 'host:vm level>=error'}\n",
        "      - {id: a, expr: 'node_load1{instance=~\"$machine\"}'}\n",
        "    slo: {objective: 99.5, days: 30}\n",
    ] {
        assert!(file.contains(said), "{said} in {file}");
    }

    // All of it can be taken back, step by step.
    for _ in 0..80 {
        wall.js(
            "const undo = document.querySelector('[data-undo]'); if (!undo.disabled) undo.click()",
        );
    }
    wall.click("[data-board-fields]");
    there(&wall, "[data-variables='0']");
    there(&wall, "[data-marks='0']");
    assert_eq!(place(&wall, "one"), [0, 0, 8, 8]);
}

#[test]
fn a_file_that_somebody_else_changed_is_not_overwritten_unasked() {
    let wall = open("editor-conflict");
    wall.click("[data-board='t']");
    there(&wall, "[data-grip='one']");
    wall.write_board("t", &BOARD.replace("试验", "别人的"));
    write(&wall, "[data-inspector] [data-field='title']", "我的");
    wall.until(
        "a checked draft",
        SOON,
        "return document.querySelector('[data-editor]').dataset.checked === 'true'",
    );
    wall.click("[data-save]");
    there(&wall, "[data-conflict]");
    wall.click("dialog [data-submit]");
    wall.until(
        "saved",
        SOON,
        "return document.querySelector('[data-editor]').dataset.dirty === 'false'",
    );
}
