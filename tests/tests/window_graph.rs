//! The graph of services in the real window: 1,238 services with 4,271 edges, where it begins, seen whole, and gone about in.

use shouwang_tests::jaeger::{self, Behaviour};
use shouwang_tests::window::{Options, Wall};
use std::time::Duration;

const SOON: Duration = Duration::from_secs(40);
const SERVICES: usize = 1_238;
const EDGES: usize = 4_271;

fn there(wall: &Wall, css: &str) {
    wall.until(
        css,
        SOON,
        &format!("return document.querySelector('{css}') !== null"),
    );
}

#[test]
fn a_graph_of_a_thousand_services_begins_small_is_seen_whole_and_gone_about_in() {
    let store = jaeger::start(Behaviour::with_graph(SERVICES, EDGES), Vec::new());
    let options = Options::new("graph")
        .config(format!(
            "[embedded]\nhost = false\n[demo]\nenabled = false\n[duty]\nbuiltin_rules = false\n\
             [[trace_source]]\nname = \"large\"\nkind = \"jaeger\"\nurl = {:?}\n",
            store.url()
        ))
        .args(&["--desk"]);
    let wall = Wall::open(options);
    wall.enter("/index.html#desk");
    wall.click("[data-nav=traces]");
    wall.click("[data-trace-tab=graph]");

    // It begins where most is called, with what can be read at once, and says how much there is.
    wall.until(
        "a part of the graph",
        SOON,
        "const n = Number(document.querySelector('[data-graph]')?.dataset.nodes); return n > 3 && n <= 81",
    );
    assert!(wall.count("[data-node]") > 3 && wall.count("[data-edge]") > 3);
    let origin = wall.text("[data-graph-origin]");
    assert!(
        origin.contains("1,238") && origin.contains("4,271"),
        "{origin}"
    );
    wall.picture("begin");

    // Seen whole: painted, and no name over another.
    wall.click("[data-graph-whole]");
    wall.until(
        "all services",
        SOON,
        &format!(
            "return document.querySelector('[data-overview]')?.dataset.overview === '{SERVICES}'"
        ),
    );
    wall.until(
        "ink",
        SOON,
        "const c = document.querySelector('[data-overview] canvas');
         const at = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
         let ink = 0;
         for (let i = 3; i < at.length; i += 4) if (at[i] > 0) ink += 1;
         return ink > at.length / 4 / 100",
    );
    wall.picture("whole");

    // A name that is looked for is offered, and going to it shows its neighbours.
    wall.js("const field = document.querySelector('[data-graph-find]');
         field.value = '-07'; field.dispatchEvent(new Event('input', { bubbles: true }));
         return null");
    there(&wall, "[data-graph-match]");
    wall.picture("found");
    let name = wall.js("return document.querySelector('[data-graph-match]').dataset.graphMatch");
    let name = name.as_str().expect("a name").to_owned();
    wall.click("[data-graph-match]");
    wall.until(
        "its neighbours",
        SOON,
        &format!(
            "return document.querySelector('[data-overview]') === null && document.querySelector('[data-node={name:?}].hot') !== null"
        ),
    );
    wall.picture("focus");

    // Back to the whole, and from there to the beginning.
    wall.click("[data-graph-all]");
    there(&wall, "[data-overview]");
    wall.click("[data-graph-whole]");
    there(&wall, "[data-node]");
    let asked = store
        .requests()
        .iter()
        .filter(|r| r.path.contains("dependencies"))
        .count();
    assert_eq!(asked, 1, "going about in it asks nothing of the store");
}
