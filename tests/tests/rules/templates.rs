//! Texts of alerts: each template is filled in by Prometheus itself (`promtool test rules`) and by us; the texts must be the same.

use crate::promtool::{self, quoted};
use model::Labels;
use rules::template::{Data, Template};
use std::fmt::Write as _;

/// The labels of the one series that all rules are about.
fn labels() -> Labels {
    Labels::from_pairs([
        ("instance", "web-1.example.com:9100"),
        ("ip", "10.1.2.3:80"),
        ("v6", "[fe80::1]:443"),
        ("job", "api"),
        ("path", "/订单/a b?x=1&y=<z>"),
        ("n", "1234.5"),
        ("empty_in_go", "''\"\\"),
    ])
}

/// PromQL of a value, and the value.
const VALUES: [(&str, f64); 22] = [
    ("0", 0.0),
    ("1", 1.0),
    ("-42.5", -42.5),
    ("85.33333333333333", 85.333_333_333_333_33),
    ("99.995", 99.995),
    ("999.96", 999.96),
    ("1024", 1024.0),
    ("123456", 123_456.0),
    ("1000000", 1_000_000.0),
    ("1234567.5", 1_234_567.5),
    ("123456789012", 123_456_789_012.0),
    ("1e20", 1e20),
    ("1e21", 1e21),
    ("1.5e300", 1.5e300),
    ("0.5", 0.5),
    ("0.000123", 0.000_123),
    ("0.00001", 0.000_01),
    ("-0.0000000025", -2.5e-9),
    ("1794931200.125", 1_794_931_200.125),
    ("+Inf", f64::INFINITY),
    ("-Inf", f64::NEG_INFINITY),
    ("NaN", f64::NAN),
];

const TEMPLATES: &str = include_str!("templates.txt");

/// One template a line; `\n` in it is a new line.
fn templates() -> Vec<String> {
    TEMPLATES
        .lines()
        .filter(|l| !l.is_empty() && !l.starts_with("##"))
        .map(|l| l.replace("\\n", "\n"))
        .collect()
}

fn series() -> String {
    labels().to_string()
}

fn rule_file(templates: &[String]) -> String {
    let mut out = String::from("groups:\n- name: t\n  rules:\n");
    for (i, (expr, _)) in VALUES.iter().enumerate() {
        let _ = writeln!(
            out,
            "  - alert: A{i}\n    expr: m * 0 + {expr}\n    annotations:"
        );
        for (j, t) in templates.iter().enumerate() {
            let _ = writeln!(out, "      t{j}: {}", quoted(t));
        }
    }
    out
}

fn test_file(expected: &dyn Fn(usize, &str) -> String, templates: &[String]) -> String {
    let mut out = format!(
        "rule_files: [rules.yml]\nevaluation_interval: 1m\ntests:\n- interval: 1m\n  external_labels: {{dc: 上海}}\n  input_series:\n  - series: {}\n    values: '1'\n  alert_rule_test:\n",
        quoted(&format!("m{}", series()))
    );
    for i in 0..VALUES.len() {
        let _ = writeln!(
            out,
            "  - alertname: A{i}\n    eval_time: 0s\n    exp_alerts:\n    - exp_labels:"
        );
        for (n, v) in labels().iter() {
            let _ = writeln!(out, "        {n}: {}", quoted(v));
        }
        out.push_str("      exp_annotations:\n");
        for (j, t) in templates.iter().enumerate() {
            let _ = writeln!(out, "        t{j}: {}", quoted(&expected(i, t)));
        }
    }
    out
}

fn ours(i: usize, text: &str) -> String {
    let data = Data {
        labels: labels(),
        value: VALUES[i].1,
        external_labels: Labels::from_pairs([("dc", "上海")]),
        external_url: String::new(),
    };
    Template::parse(&format!("A{i}"), text)
        .unwrap_or_else(|e| panic!("{text}: {e}"))
        .expand_or_say(&data)
}

#[test]
fn texts_are_filled_in_as_prometheus_does() {
    let all = templates();
    assert!(all.len() >= 150, "the list shrank: {}", all.len());
    let said = promtool::test(&rule_file(&all), &test_file(&ours, &all));
    if !said.ok {
        // one by one, to name what differs
        let mut wrong = Vec::new();
        for t in &all {
            let one = std::slice::from_ref(t);
            let said = promtool::test(&rule_file(one), &test_file(&ours, one));
            if !said.ok {
                wrong.push(format!("{t}\n{}", differences(&said.text)));
            }
        }
        panic!(
            "{} of {} differ:\n{}",
            wrong.len(),
            all.len(),
            wrong.join("\n")
        );
    }
}

/// The annotations of promtool's complaint, expected and got.
fn differences(said: &str) -> String {
    said.lines()
        .filter(|l| l.contains("Annotations") || l.contains("alertname:") || l.contains("err"))
        .take(9)
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn what_prometheus_refuses_to_read_we_refuse_too() {
    let wrong = include_str!("templates_wrong.txt");
    let mut differ = Vec::new();
    let mut count = 0;
    for text in wrong.lines().filter(|l| !l.is_empty()) {
        count += 1;
        let file = format!(
            "groups:\n- name: t\n  rules:\n  - alert: A\n    expr: m\n    annotations:\n      t: {}\n",
            quoted(text)
        );
        let (theirs, ours) = (promtool::check(&file), rules::parse("t", &file));
        if theirs.ok || ours.is_ok() {
            differ.push(format!("{text}: promtool {}, ours {ours:?}", theirs.ok));
        }
    }
    assert!(count >= 25);
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}
