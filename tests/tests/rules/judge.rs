//! A test file for `promtool test rules`: the samples, and all that our engine found at each step, for Prometheus to judge.

use crate::promtool::quoted;
use crate::replay::Step;
use model::Series;
use rules::AlertState;
use std::collections::BTreeSet;
use std::fmt::Write as _;

fn number(v: f64) -> String {
    if v.is_nan() {
        "NaN".to_owned()
    } else if v.is_infinite() {
        if v > 0.0 { "+Inf" } else { "-Inf" }.to_owned()
    } else {
        format!("{v}")
    }
}

/// `series` sampled every `scrape` ms from 0 on (`_` where there is none), evaluated every `every` ms.
pub fn test_file(series: &[Series], scrape: i64, every: i64, steps: &[Step]) -> String {
    let mut out = format!(
        "rule_files: [rules.yml]\nevaluation_interval: {}\ntests:\n- interval: {}\n  input_series:\n",
        rules::duration::format(every),
        rules::duration::format(scrape)
    );
    for s in series {
        let _ = write!(
            out,
            "  - series: {}\n    values: '",
            quoted(&s.labels.to_string())
        );
        let mut t = 0;
        for p in &s.samples {
            while t < p.t {
                out.push_str("_ ");
                t += scrape;
            }
            let text = if model::sample::is_stale_marker(p.v) {
                "stale".to_owned()
            } else {
                number(p.v)
            };
            let _ = write!(out, "{text} ");
            t += scrape;
        }
        out.push_str("'\n");
    }
    out.push_str("  promql_expr_test:\n");
    for step in steps {
        expectations(&mut out, step);
    }
    texts(&mut out, steps);
    out
}

/// Prometheus' own series about its alerts: name, labels, state, and since when.
fn expectations(out: &mut String, step: &Step) {
    let at = rules::duration::format(step.t);
    for metric in ["ALERTS", "ALERTS_FOR_STATE"] {
        let _ = writeln!(out, "  - expr: {metric}\n    eval_time: {at}");
        out.push_str(if step.active.is_empty() {
            "    exp_samples: []\n"
        } else {
            "    exp_samples:\n"
        });
        for a in &step.active {
            let state = match a.state {
                AlertState::Firing => "firing",
                _ => "pending",
            };
            let labels = a.labels.with("__name__", metric);
            let (labels, value) = if metric == "ALERTS" {
                (labels.with("alertstate", state), 1)
            } else {
                (labels, a.active_at / 1000)
            };
            let _ = writeln!(
                out,
                "    - labels: {}\n      value: {value}",
                quoted(&labels.to_string())
            );
        }
    }
}

/// Whether the digits of a text hang on the value's last bits, in which sums over many series in another order may differ.
fn on_the_edge(value: f64) -> bool {
    if !value.is_finite() || value == 0.0 {
        return false;
    }
    let first = value.abs().log10().floor() as i32;
    (4..=6).any(|digits| {
        let scaled = value.abs() * 10f64.powi(digits - 1 - first);
        (scaled.fract() - 0.5).abs() < 1e-8 * scaled
    })
}

/// The texts of what fires, at every step, for each rule that ever fires.
fn texts(out: &mut String, steps: &[Step]) {
    let firing = |s: &Step| {
        s.active
            .iter()
            .filter(|a| a.state == AlertState::Firing)
            .cloned()
            .collect::<Vec<_>>()
    };
    let names: BTreeSet<String> = steps
        .iter()
        .flat_map(&firing)
        .filter_map(|a| a.labels.get("alertname").map(str::to_owned))
        .collect();
    if names.is_empty() {
        return;
    }
    out.push_str("  alert_rule_test:\n");
    for step in steps {
        let all = firing(step);
        for name in &names {
            let at = rules::duration::format(step.t);
            let of_name = |a: &&rules::ActiveAlert| a.labels.get("alertname") == Some(name);
            if all.iter().filter(of_name).any(|a| on_the_edge(a.value)) {
                continue;
            }
            let _ = writeln!(out, "  - alertname: {name}\n    eval_time: {at}");
            if !all.iter().any(|a| of_name(&a)) {
                out.push_str("    exp_alerts: []\n");
                continue;
            }
            out.push_str("    exp_alerts:\n");
            for a in all.iter().filter(of_name) {
                out.push_str("    - exp_labels:\n");
                for (n, v) in a.labels.iter().filter(|(n, _)| *n != "alertname") {
                    let _ = writeln!(out, "        {n}: {}", quoted(v));
                }
                out.push_str("      exp_annotations:\n");
                for (n, v) in &a.annotations {
                    let _ = writeln!(out, "        {n}: {}", quoted(v));
                }
            }
        }
    }
}
