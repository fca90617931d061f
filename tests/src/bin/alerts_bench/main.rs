//! What the alert desk's window costs with many alerts from a real Alertmanager, and how soon a webhook is a pop-up.
//!
//! `cargo xtask bench alerts` runs it and judges its lines; `SHOUWANG_BIN` is the program that is measured.
//! Arguments: `--quick` (10,000 alerts only, fewer repetitions), any of `list`, `popup` to do only that, and
//! numbers: the list with so many alerts each.

mod gate;
mod list;
mod page;
mod popup;

use serde_json::{Value, json};

/// The value below which `percent` of the values lie; nothing measured is no number.
fn percentile(values: &[f64], percent: usize) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(rank).copied().unwrap_or(f64::NAN)
}

/// One line of figures.
fn say(line: &Value) {
    println!("{line}");
}

/// How busy the machine is: the mean number of runnable processes of the last minute.
fn say_load(when: &str) {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load: Option<f64> = text.split(' ').next().and_then(|t| t.parse().ok());
    say(&json!({ "load_average": { when: load } }));
}

fn main() {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let quick = given.iter().any(|a| a == "--quick");
    let wanted =
        |part: &str| given.iter().all(|a| a.starts_with("--")) || given.iter().any(|a| a == part);
    say_load("before");
    if wanted("list") {
        let mut sizes: Vec<usize> = given.iter().filter_map(|a| a.parse().ok()).collect();
        if sizes.is_empty() {
            sizes = if quick {
                vec![10_000]
            } else {
                vec![10_000, 50_000]
            };
        }
        for n in sizes {
            list::measure(n, quick);
        }
    }
    if wanted("popup") {
        popup::measure(quick);
    }
    say_load("after");
}
