//! Traces in the real window: searched, opened, folded, zoomed, compared; and traces as broken as they come.

use serde_json::{Value, json};
use shouwang_tests::now_ms;
use shouwang_tests::traces::FakeStore;
use shouwang_tests::window::{Options, Wall};
use std::time::Duration;

const SOON: Duration = Duration::from_secs(40);
const DESK: &str = "/index.html#desk";

fn there(wall: &Wall, css: &str) {
    wall.until(
        css,
        SOON,
        &format!("return document.querySelector(`{css}`) !== null"),
    );
}

fn press(wall: &Wall, key: &str) {
    wall.js(&format!(
        "document.activeElement?.blur?.(); window.dispatchEvent(new KeyboardEvent('keydown', {{key: '{key}', bubbles: true, cancelable: true}}))"
    ));
}

fn write(wall: &Wall, css: &str, text: &str) {
    wall.js(&format!(
        "const field = document.querySelector('{css}');
         Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(field, {text:?});
         field.dispatchEvent(new Event('input', {{ bubbles: true }}));
         field.dispatchEvent(new Event('change', {{ bubbles: true }}));"
    ));
}

fn number(wall: &Wall, script: &str) -> f64 {
    wall.js(script).as_f64().unwrap_or(f64::NAN)
}

#[test]
fn the_demonstration_is_searched_opened_and_compared() {
    let options = Options::new("traces")
        .config("[embedded]\nhost = false\n[duty]\nbuiltin_rules = false\n")
        .args(&["--desk"]);
    let wall = Wall::open(options);
    wall.enter(DESK);
    wall.click("[data-nav=traces]");
    there(&wall, "[data-service]");
    // Its past is being made while one looks.
    wall.until(
        "traces of a service",
        Duration::from_secs(120),
        "if (document.querySelector('[data-results]').dataset.searching === 'false') document.querySelector('[data-service]').click();
         return Number(document.querySelector('[data-results]').dataset.count) >= 5",
    );
    wall.picture("found");
    assert!(wall.count("[data-trace-list] [data-trace]") >= 5);

    // Opened: the largest of them.
    wall.click("[data-order=spans]");
    wall.click("[data-trace-list] li:first-child [data-open-trace]");
    there(&wall, "[data-span-row='0']");
    let spans = number(
        &wall,
        "return Number(document.querySelector('[data-trace-page]').dataset.spans)",
    );
    let rows = number(
        &wall,
        "return Number(document.querySelector('[data-rows]').dataset.total)",
    );
    assert!(
        spans >= 3.0 && (spans - rows).abs() < 0.5,
        "{spans} spans, {rows} rows"
    );
    wall.picture("opened");
    wall.click("[data-span-row='0']");
    there(&wall, "[data-span-detail][data-row='0']");
    press(&wall, "j");
    there(&wall, "[data-span-detail][data-row='1']");
    wall.picture("span");
    // Folded and unfolded.
    wall.click("[data-span-row='0'] [data-fold]");
    wall.until(
        "one row",
        SOON,
        "return document.querySelector('[data-rows]').dataset.total === '1'",
    );
    wall.click("[data-levels=all]");
    wall.until(
        "all rows",
        SOON,
        &format!("return document.querySelector('[data-rows]').dataset.total === '{rows}'"),
    );
    // Zoomed by dragging over the minimap, and back.
    let place = wall.js("const r = document.querySelector('[data-minimap]').getBoundingClientRect(); return [r.x, r.y, r.width, r.height].map(Math.round)");
    let at = |i: usize| place[i].as_i64().expect("a place");
    let y = at(1) + at(3) / 2;
    wall.drag((at(0) + at(2) / 4, y), (at(0) + at(2) / 2, y));
    there(&wall, "[data-whole]");
    wall.picture("zoomed");
    press(&wall, "0");
    wall.until(
        "the whole time",
        SOON,
        "return document.querySelector('[data-whole]') === null",
    );

    wall.click("[data-look=flame]");
    wall.until(
        "frames",
        SOON,
        "return Number(document.querySelector('[data-flame]').dataset.frames) > 2",
    );
    wall.picture("flame");
    wall.click("[data-look=statistics]");
    wall.until(
        "groups",
        SOON,
        "return Number(document.querySelector('[data-statistics]').dataset.groups) > 1",
    );
    wall.click("[data-by=operation]");
    wall.picture("statistics");

    // Two of them beside each other.
    press(&wall, "Escape");
    there(&wall, "[data-trace-list]");
    wall.click("[data-trace-list] li:nth-child(1) [data-pick]");
    wall.click("[data-trace-list] li:nth-child(3) [data-pick]");
    wall.click("[data-trace-tab=compare]");
    wall.until(
        "paths",
        SOON,
        "return Number(document.querySelector('[data-compare]').dataset.rows) > 1",
    );
    wall.picture("compared");

    wall.click("[data-trace-tab=graph]");
    wall.until(
        "services",
        Duration::from_secs(60),
        "return Number(document.querySelector('[data-graph]')?.dataset.nodes) > 3",
    );
    wall.picture("graph");
    let origin = wall.text("[data-graph-origin]");
    // The demonstration's server keeps a graph of its own; what stands at its lines is from samples, and both are said.
    assert!(
        origin.contains("依赖来自存储自己的统计") && origin.contains("条抽样链路"),
        "it says where the graph is from: {origin}"
    );
    let sizes: Vec<&str> = origin.split('/').collect();
    assert!(sizes.len() > 1 && origin.contains("个服务"), "{origin}");
    wall.click("[data-graph-sampled]");
    wall.until(
        "a graph of samples that says so",
        Duration::from_secs(60),
        "return document.querySelector('[data-graph]')?.dataset.sampled === 'true'
             && document.querySelector('[data-graph-origin]').textContent.includes('条抽样链路算出')",
    );
    // By the pointer: the driver itself clicks no shapes.
    let place = wall.js("const r = document.querySelector('[data-node]').getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2].map(Math.round)");
    let at = |i: usize| place[i].as_i64().expect("a place");
    wall.drag((at(0), at(1)), (at(0), at(1)));
    there(&wall, "[data-node-card]");
    wall.picture("focus");
}

const ID: &str = "00000000000000000000000000000bad";

/// A span as Jaeger's classic API has it.
fn span(id: &str, parent: Option<&str>, name: &str, start_us: i64, duration_us: i64) -> Value {
    let references: Vec<Value> = parent
        .map(|p| json!({"refType": "CHILD_OF", "traceID": ID, "spanID": p}))
        .into_iter()
        .collect();
    json!({
        "traceID": ID, "spanID": id, "operationName": name, "references": references,
        "startTime": start_us, "duration": duration_us, "processID": "p1",
        "tags": [{"key": "<b>key</b>", "type": "string", "value": "<img src=x onerror=\"window.__hacked = 1\">"}],
        "logs": [], "warnings": null,
    })
}

#[test]
fn a_broken_trace_is_shown_and_what_is_broken_is_said() {
    let begin = now_ms() * 1_000 - 60_000_000;
    let markup = "<script>window.__hacked = 1</script><b>下单</b>";
    let mut spans = vec![
        span("a1", None, markup, begin, 500_000),
        span("a2", Some("a1"), "正常的一步", begin + 1_000, 100_000),
        span("a3", Some("a1"), "负的耗时", begin + 2_000, -5_000),
        span("a4", Some("ffff"), "父级不在", begin + 3_000, 1_000),
        span("b1", Some("b2"), "环一", begin + 4_000, 1_000),
        span("b2", Some("b1"), "环二", begin + 5_000, 1_000),
        span("c1", Some("a1"), "重号甲", begin + 6_000, 1_000),
        span("c1", Some("a1"), "重号乙", begin + 7_000, 1_000),
        span("d1", Some("d1"), "自己的父级", begin + 8_000, 1_000),
    ];
    // A chain 200 deep below the second span.
    for n in 0..200 {
        let parent = if n == 0 {
            "a2".to_owned()
        } else {
            format!("e{:x}", n - 1)
        };
        let name = format!("第 {} 层", n + 3);
        spans.push(span(
            &format!("e{n:x}"),
            Some(&parent),
            &name,
            begin + 1_000 + n,
            90_000 - n * 10,
        ));
    }
    let count = spans.len();
    let trace = json!({
        "traceID": ID, "spans": spans, "warnings": null,
        "processes": {"p1": {"serviceName": "<i>坏服务</i>", "tags": []}},
    });
    let store = FakeStore::start(vec!["<i>坏服务</i>".to_owned()], trace);
    let options = Options::new("traces-bad")
        .config(format!(
            "[embedded]\nhost = false\n[demo]\nenabled = false\n[duty]\nbuiltin_rules = false\n\
             [[trace_source]]\nname = \"bad\"\nkind = \"jaeger\"\nurl = {:?}\n",
            store.url()
        ))
        .args(&["--desk"]);
    let wall = Wall::open(options);
    wall.enter(DESK);
    wall.click("[data-nav=traces]");
    there(&wall, "[data-service]");
    write(&wall, "[data-trace-id]", "bad00bad");
    wall.click("[data-open-id]");
    there(&wall, "[data-open-error]");
    write(&wall, "[data-trace-id]", ID);
    wall.click("[data-open-id]");
    there(&wall, "[data-span-row='0']");

    // All of it is there, and what is odd about it is said.
    assert_eq!(wall.text("[data-fact=spans]"), count.to_string());
    let notes = wall.js("return [...document.querySelectorAll('[data-notes] [data-note]')].map((n) => n.dataset.note)");
    for wanted in ["orphans", "rings", "duplicates", "negative"] {
        let key = format!("traces.note.{wanted}");
        let said = notes
            .as_array()
            .is_some_and(|all| all.iter().any(|n| n == &json!(key)));
        assert!(said, "{key} among {notes}");
    }
    // What names say is text.
    let hacked = "return window.__hacked === undefined && document.querySelector('[data-waterfall] script, [data-waterfall] b b, [data-span-detail] img') === null";
    assert_eq!(wall.js(hacked), true);
    assert!(wall.text("[data-span-row='0']").contains("<script>"));
    wall.click("[data-span-row='0']");
    there(&wall, "[data-span-detail] [data-tag='<b>key</b>']");
    assert!(
        wall.text("[data-span-detail] [data-tag='<b>key</b>']")
            .contains("onerror")
    );
    assert_eq!(wall.js(hacked), true);
    wall.picture("broken");

    // The deepest span can be found, is unfolded for it, and says how deep it is.
    write(&wall, "[data-trace-find]", "第 202 层");
    there(&wall, "[data-found='1']");
    there(&wall, "[data-span-detail] h3");
    wall.until(
        "the deepest span",
        SOON,
        "const row = [...document.querySelectorAll('[data-span-row]')].find((r) => r.textContent.includes('第 202 层'));
         return row !== undefined && row.querySelector('em')?.textContent === '202' && row.querySelector('.cut').clientWidth > 60",
    );
    wall.picture("deep");
}
