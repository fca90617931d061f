//! The list: from the Alertmanager's answer to the painted page, scrolling, searching, acknowledging, memory.

use super::gate::Gate;
use super::{page, percentile, say};
use serde_json::json;
use shouwang_tests::window::{Options, Wall};
use shouwang_tests::{alertmanager, servers};
use std::time::{Duration, Instant};
use xtask::procfs::Cost;
use xtask::procs;

/// Until what a step has left to do is done.
const SETTLE: Duration = Duration::from_secs(10);
/// Pixels a frame: about 56 rows a second, a fast wheel.
const WHEEL: f64 = 60.0;

/// With `n` alerts.
///
/// The emergencies among them count as P1 by the configuration, because a takeover window would open over the one that is measured.
pub fn measure(n: usize, quick: bool) {
    let server = servers::alertmanager(None);
    alertmanager::load(server.port(), n).expect("the Alertmanager takes them");
    let gate = Gate::before(server.port());
    let wall = Wall::open(Options::new("bench-alerts").args(&["--desk"]).config(format!(
        "[embedded]\nhost = false\n[duty]\nbuiltin_rules = false\n\
         [[level]]\nlabel = \"severity\"\nvalue = \"critical\"\nlevel = \"P1\"\n\
         [[alert_source]]\nname = \"am\"\nkind = \"alertmanager\"\nurl = {:?}\npoll_seconds = 10\ntimeout_seconds = 60\n",
        gate.url()
    )));
    let pid = wall.driver_pid();
    let cost = || Cost::of_tree(pid).expect("the window is open");
    std::thread::sleep(SETTLE);
    let none = cost();
    page::watch_painted(&wall, n);
    gate.open();
    let painted = page::painted_at(&wall);
    // A second answer may be complete by now only if painting took longer than the pause between two questions.
    let latency = painted - gate.complete_at() as f64;
    say(&json!({ format!("painted_{n}_ms"): latency }));
    wall.picture(&format!("painted-{n}"));
    std::thread::sleep(SETTLE * 2);

    let before = cost();
    let begun = procs::now();
    std::thread::sleep(SETTLE);
    let busy = busy(&before, &cost(), begun);
    let mib = (cost().pss_total() as f64 - none.pss_total() as f64) / f64::from(1 << 20);
    say(
        &json!({ format!("memory_{n}_more_than_none_mib"): mib, format!("cpu_at_rest_{n}_percent"): busy }),
    );

    let height = n as f64 * 64.0;
    for (what, step) in [("wheel", WHEEL), ("thumb", height / 300.0)] {
        let frames = page::scroll(&wall, step);
        let line = json!({ format!("scroll_{n}"): {
            format!("{what}_frame_p95_ms"): percentile(&frames, 95), format!("{what}_frame_max_ms"): percentile(&frames, 100),
            "frames": frames.len(),
        }});
        say(&line);
    }
    let typed = page::type_texts(&wall, &texts(if quick { 3 } else { 12 }));
    say(
        &json!({ format!("typing_{n}"): { "key_to_list_p50_ms": percentile(&typed, 50), "key_to_list_p95_ms": percentile(&typed, 95),
        "key_to_list_max_ms": percentile(&typed, 100), "keys": typed.len() } }),
    );
    wall.js("const f = document.querySelector('[data-search]');
         Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(f, '');
         f.dispatchEvent(new InputEvent('input', { bubbles: true }));");
    std::thread::sleep(Duration::from_secs(2));
    let acked = page::acknowledge(&wall, if quick { 10 } else { 50 });
    say(
        &json!({ format!("acknowledge_{n}"): { "click_to_shown_p50_ms": percentile(&acked, 50), "click_to_shown_p95_ms": percentile(&acked, 95),
        "click_to_shown_max_ms": percentile(&acked, 100), "clicks": acked.len() } }),
    );
    wall.picture(&format!("acknowledged-{n}"));
}

fn busy(before: &Cost, after: &Cost, begun: Instant) -> f64 {
    100.0 * after.cpu_since(before).as_secs_f64() / begun.elapsed().as_secs_f64()
}

/// Shops' numbers, as they are typed key by key: each text finds another number of alerts than the one before.
fn texts(shops: usize) -> Vec<String> {
    const SHOPS: [&str; 12] = [
        "0123", "1456", "0278", "1901", "2010", "1345", "0789", "1111", "2999", "1500", "0003",
        "2222",
    ];
    let keys = |shop: &&str| {
        (1..=4)
            .map(|n| format!("门店{}", shop.get(..n).unwrap_or_default()))
            .collect::<Vec<_>>()
    };
    SHOPS.iter().take(shops).flat_map(keys).collect()
}
