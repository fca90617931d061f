//! 日志 in the real window: the simulated platform's lines asked for, folded, followed, kept, exported; text that stays text.

use shouwang_tests::window::{Options, Wall};
use std::time::Duration;

const SOON: Duration = Duration::from_secs(30);
const LONG: Duration = Duration::from_secs(90);
const DESK: &str = "/index.html#desk";
/// As much at four in the morning as at noon.
const STEADY: &str = "[demo]\nlog_lines_per_second = 25\n";

/// The desk on the page of logs, with some lines of the simulated platform's past.
fn logs(name: &'static str) -> Wall {
    let wall = Wall::open(Options::new(name).config(STEADY).args(&["--desk"]));
    wall.enter(DESK);
    wall.click("[data-nav=logs]");
    there(&wall, "[data-feature=logs]");
    let script = "const total = Number((document.querySelector('[data-log-total]')?.textContent ?? '').replace(/[^0-9]/g, ''));
                  if (total > 500) return true; document.querySelector('[data-log-refresh]')?.click(); return false";
    wall.until("lines of the past", LONG, script);
    wall
}

fn there(wall: &Wall, css: &str) {
    let script = format!("return document.querySelector(`{css}`) !== null");
    wall.until(css, SOON, &script);
}

fn gone(wall: &Wall, css: &str) {
    let script = format!("return document.querySelector(`{css}`) === null");
    wall.until(&format!("no {css}"), SOON, &script);
}

/// Types a query as a person does and asks.
fn ask(wall: &Wall, query: &str) {
    write(wall, "[data-log-input]", query);
    wall.js(
        "document.querySelector('[data-log-input]').dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true }))",
    );
    let asked = format!(
        "return document.querySelector('[data-log-input]').value === `{query}` && document.querySelector('[data-log-run]') === null
           && document.querySelector('[data-log-none=busy]') === null"
    );
    wall.until(query, SOON, &asked);
}

fn write(wall: &Wall, css: &str, text: &str) {
    wall.js(&format!(
        "const field = document.querySelector('{css}'); field.focus();
         Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(field, `{text}`);
         field.dispatchEvent(new Event('input', {{ bubbles: true }}));"
    ));
}

fn press(wall: &Wall, key: &str) {
    wall.js(&format!(
        "(document.activeElement ?? document.body).dispatchEvent(new KeyboardEvent('keydown', {{ key: '{key}', bubbles: true, cancelable: true }}))"
    ));
}

/// What a command answers; an error is a text.
fn invoke(wall: &Wall, command: &str, args: &str) -> serde_json::Value {
    wall.js(&format!(
        "window.__said = undefined;
         window.__TAURI_INTERNALS__.invoke('{command}', {args})
           .then((a) => {{ window.__said = [a] }}, (e) => {{ window.__said = [JSON.stringify(e)] }});"
    ));
    let said = wall.until("the command's answer", SOON, "return window.__said ?? null");
    said.get(0).cloned().unwrap_or_default()
}

#[test]
fn lines_are_asked_for_looked_at_and_narrowed() {
    let wall = logs("logs");
    assert!(wall.count("[data-line]") > 20);
    assert!(wall.text("[data-feature=logs]").contains("演示"));
    wall.picture("all");

    // A Chinese word of two characters, marked in the lines that have it.
    ask(&wall, "订单");
    there(&wall, "[data-line] mark");
    let marked = "const rows = [...document.querySelectorAll('[data-line]')];
                  return rows.length > 3 && rows.every((row) => row.querySelector('mark')?.textContent === '订单')";
    wall.until("only lines with the word", SOON, marked);

    // Nothing is lost or doubled from page to page.
    ask(&wall, "");
    wall.js("document.querySelector('[data-lines]').focus()");
    for _ in 0..4 {
        press(&wall, "End");
        std::thread::sleep(Duration::from_millis(400));
    }
    let count = wall.js("return Number(document.querySelector('[data-lines]').dataset.count)");
    assert!(count.as_f64() > Some(600.0), "{count}");

    // A value by click, then left out.
    wall.click("[data-log-refresh]");
    wall.click("[data-facet=level] [data-value=error]");
    wall.until(
        "only errors",
        SOON,
        "const rows = [...document.querySelectorAll('[data-line]')]; return rows.length > 0 && rows.every((row) => row.dataset.logLevel === 'error')",
    );
    wall.click("[data-line='0']");
    there(&wall, "[data-log-detail] [data-field=level]");
    wall.until(
        "fields of the line",
        SOON,
        "return document.querySelector('[data-log-detail] [data-field=demo]') !== null",
    );
    wall.picture("detail");
    press(&wall, "c");
    there(&wall, "[data-log-around] [data-around]");
    wall.until(
        "lines around it",
        SOON,
        "return document.querySelectorAll('[data-around]').length > 5",
    );
    wall.picture("around");
    press(&wall, "Escape");
    gone(&wall, "[data-log-detail]");

    // What fired then.
    wall.click("[data-line='0']");
    there(&wall, "[data-log-detail]");
    wall.click("[data-to-history]");
    there(&wall, "[data-feature=history] [data-history-around]");
    wall.picture("alerts-then");
    wall.click("[data-nav=logs]");
    there(&wall, "[data-feature=logs] [data-line]");

    // A stretch of the histogram.
    let at = wall.js("const r = document.querySelector('[data-histogram] .plot').getBoundingClientRect(); return [r.x, r.y, r.width, r.height]");
    let one = |i: usize| at[i].as_f64().unwrap_or(0.0);
    let place = |share: f64| {
        (
            (one(0) + one(2) * share) as i64,
            (one(1) + one(3) / 2.0) as i64,
        )
    };
    wall.drag(place(0.3), place(0.5));
    wall.until(
        "a fixed range",
        SOON,
        "return document.querySelector('[data-log-range]').textContent.includes('–')",
    );
    wall.picture("brushed");
}

#[test]
fn faults_are_shown_at_their_place_and_words_are_proposed() {
    let wall = logs("logs-query");
    wall.click("[data-log-input]");
    write(&wall, "[data-log-input]", "service:");
    there(&wall, "[data-proposal]");
    let values = wall.texts("[data-proposal]").join(" ");
    assert!(
        values.contains("nginx") || values.contains("order-service"),
        "{values}"
    );
    wall.picture("proposals");
    write(&wall, "[data-log-input]", "超时 and (level:error");
    there(&wall, "[data-log-fault]");
    wall.picture("fault");
    let said = wall.text("[data-log-fault]");
    assert!(!said.contains("log_query."), "{said}");
    ask(&wall, "没有人会写这样的话");
    there(&wall, "[data-log-none=empty]");
    wall.picture("none");
}

#[test]
fn lines_are_folded_followed_kept_and_exported() {
    let wall = logs("logs-more");
    press(&wall, "p");
    there(&wall, "[data-pattern]");
    wall.picture("patterns");
    wall.click("[data-pattern]:not(:disabled)");
    there(&wall, "[data-line] mark");
    ask(&wall, "");

    // Live: what comes is shown, and waits while somebody reads.
    press(&wall, "Escape");
    wall.js("document.querySelector('[data-lines]').focus()");
    press(&wall, "t");
    there(&wall, "[data-feature=logs][data-tail=on]");
    let first = wall.js("return document.querySelector('[data-line=\"0\"]').dataset.place");
    let newer =
        format!("return document.querySelector('[data-line=\"0\"]').dataset.place !== {first}");
    wall.until("a new line", SOON, &newer);
    wall.click("[data-line='2']");
    there(&wall, "[data-feature=logs][data-tail=paused]");
    wall.until(
        "lines that wait",
        SOON,
        "return /[1-9]/.test(document.querySelector('[data-log-fresh]').textContent)",
    );
    wall.picture("paused");
    wall.click("[data-log-fresh]");
    there(&wall, "[data-feature=logs][data-tail=on]");
    press(&wall, "Escape");
    press(&wall, "Escape");
    there(&wall, "[data-feature=logs][data-tail=off]");

    // Kept under a name, opened again.
    ask(&wall, "level>=warn");
    wall.click("[data-log-views]");
    there(&wall, "[data-view-name]");
    write(&wall, "[data-view-name]", "警告以上");
    wall.click("[data-dialog] [data-submit]");
    gone(&wall, "[data-dialog]");
    ask(&wall, "");
    wall.click("[data-log-views]");
    there(&wall, "[data-view='警告以上']");
    wall.click("[data-view='警告以上']");
    wall.until(
        "the view's query",
        SOON,
        "return document.querySelector('[data-log-input]').value === 'level>=warn'",
    );

    // Into a file, as many lines as it says.
    wall.click("[data-log-export]");
    wall.click("[data-format=ndjson]");
    wall.click("[data-dialog] [data-submit]");
    there(&wall, "[data-log-exported]");
    wall.picture("exported");
    let path = wall.text("[data-dialog] code");
    let text = std::fs::read_to_string(&path).expect("the file is there");
    assert!(text.lines().count() > 10);
    for row in text.lines() {
        let line: serde_json::Value = serde_json::from_str(row).expect("JSON");
        let level = line["level"].as_str().unwrap_or_default();
        assert!(["warn", "error", "fatal"].contains(&level), "{row}");
    }
}

#[test]
fn a_line_leads_to_its_trace_and_the_trace_to_its_lines() {
    let wall = logs("logs-links");
    // One kind of log after the other, a field as a column.
    for category in ["security", "system", "app"] {
        wall.click(&format!("[data-category={category}]"));
        there(
            &wall,
            &format!("[data-category={category}][aria-selected=true]"),
        );
        there(&wall, "[data-line='0']");
    }
    ask(&wall, "trace_id:* duration_ms:*");
    there(&wall, "[data-line='0']");
    there(&wall, "[data-column=duration_ms]");
    wall.click("[data-column=duration_ms]");
    there(&wall, "[data-column=duration_ms][aria-pressed=true]");

    wall.click("[data-line='0']");
    there(&wall, "[data-log-detail] [data-field=trace_id]");
    let trace = wall.text("[data-log-detail] [data-field=trace_id] dd");
    there(&wall, "[data-to-trace]");
    wall.click("[data-to-trace]");
    there(&wall, &format!("[data-trace-page='{trace}']"));
    wall.picture("to-trace");
    wall.click("[data-trace-logs]");
    there(&wall, "[data-feature=logs]");
    wall.until(
        "lines of the trace",
        SOON,
        &format!(
            "return document.querySelector('[data-log-input]')?.value.includes('trace_id:{trace}') && document.querySelector(`[data-line='0']`) !== null"
        ),
    );

    // By the key as well, and to the alerts of its service.
    wall.click("[data-line='0']");
    there(&wall, "[data-to-trace]");
    press(&wall, "g");
    there(&wall, &format!("[data-trace-page='{trace}']"));
    wall.click("[data-trace-logs]");
    there(&wall, "[data-line='0']");
    wall.click("[data-line='0']");
    there(&wall, "[data-to-alerts]");
    wall.click("[data-to-alerts]");
    there(&wall, "[data-view=desk][data-page=alerts]");

    // How the store is stands on the page of health.
    wall.click("[data-nav=health]");
    there(
        &wall,
        "[data-health-logs] [data-log-store=demo][data-ok=true]",
    );
}

/// Panels that may have nothing while nothing is wrong: they count what only incidents bring. Everything else has to have data.
const MAY_BE_EMPTY: [&str; 11] = [
    "api/failed",
    "api/slow",
    "errors/fatal",
    "performance/slow",
    "performance/queries",
    "performance/retries",
    "resources/memory",
    "resources/containers",
    "health/upstream",
    "health/restarts",
    "health/balancer",
];

#[test]
fn boards_have_data_in_every_panel_that_the_platform_feeds() {
    let wall = logs("logs-boards");
    wall.click("[data-show-as=boards]");
    for board in [
        "api",
        "errors",
        "users",
        "performance",
        "resources",
        "health",
        "analysis",
        "security",
    ] {
        wall.click(&format!("[data-log-board={board}]"));
        there(
            &wall,
            &format!("[data-log-boards={board}] [data-log-panel]"),
        );
        // The past is written oldest first: on a slow machine the last minutes may not be there yet.
        wall.until(
            &format!("{board}: every panel has data but those that may be empty"),
            LONG,
            &format!(
                "const may = {};
                 const all = [...document.querySelectorAll('[data-log-panel]')];
                 if (all.length <= 3 || all.some((one) => one.dataset.state === 'loading')) return false;
                 const empty = all.filter((one) => one.dataset.total === '0' && !may.includes('{board}/' + one.dataset.logPanel));
                 if (empty.length === 0) return true;
                 document.querySelector('[data-log-refresh]')?.click(); return false",
                serde_json::to_string(&MAY_BE_EMPTY).expect("JSON"),
            ),
        );
        wall.picture(board);
        let failed = wall.texts("[data-log-panel][data-state=failed]");
        assert!(failed.is_empty(), "{board}: {failed:?}");
    }
}

#[test]
fn the_wall_may_not_ask_for_logs() {
    let wall = Wall::open(Options::new("logs-wall"));
    let said = invoke(&wall, "logs_home", "{}");
    assert!(
        said.as_str().is_some_and(|s| s.contains("not allowed")),
        "{said}"
    );
}
