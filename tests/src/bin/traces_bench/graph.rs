//! The graph of services: how long from the press of a button until 1,238 services with 4,271 edges stand on the screen.

use super::{PATIENCE, SETTLE, percentile, say};
use serde_json::json;
use shouwang_tests::jaeger::{self, Behaviour};
use shouwang_tests::window::{Options, Wall};

const SERVICES: usize = 1_238;
const EDGES: usize = 4_271;
/// Each time the layout is made anew.
const TIMES: usize = 5;

/// Opens the page and measures.
pub fn measure() {
    let store = jaeger::start(Behaviour::with_graph(SERVICES, EDGES), Vec::new());
    let wall = Wall::open(
        Options::new("bench-graph")
            .args(&["--desk"])
            .config(format!(
                "[embedded]\nhost = false\n[demo]\nenabled = false\n[duty]\nbuiltin_rules = false\n\
         [[trace_source]]\nname = \"large\"\nkind = \"jaeger\"\nurl = {:?}\n",
                store.url()
            )),
    );
    wall.enter("/index.html#desk");
    wall.click("[data-nav=traces]");
    wall.click("[data-trace-tab=graph]");
    wall.until(
        "a part of the graph",
        PATIENCE,
        "return document.querySelector('[data-node]') !== null",
    );
    std::thread::sleep(SETTLE);
    let times: Vec<f64> = (0..TIMES).map(|_| whole(&wall)).collect();
    wall.picture("whole");
    say(&json!({
        "graph_pressed_to_painted_p50_ms": percentile(&times, 50),
        "graph_pressed_to_painted_max_ms": percentile(&times, 100),
    }));
}

/// From a part to the whole and back; ms until the whole is painted.
fn whole(wall: &Wall) -> f64 {
    // A canvas that was painted is no longer as large as a new one.
    wall.js(
        "window.__painted = 0;
         const look = () => {
           const canvas = document.querySelector('[data-overview] canvas');
           if (canvas !== null && canvas.width !== 300) requestAnimationFrame(() => { window.__painted = performance.now() - window.__pressed });
           else requestAnimationFrame(look);
         };
         requestAnimationFrame(look);
         window.__pressed = performance.now();
         document.querySelector('[data-graph-whole]').click();",
    );
    let took = wall.until("the whole graph", PATIENCE, "return window.__painted");
    wall.click("[data-graph-whole]");
    wall.until(
        "a part again",
        PATIENCE,
        "return document.querySelector('[data-node]') !== null",
    );
    took.as_f64().unwrap_or(f64::NAN)
}
