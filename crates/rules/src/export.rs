//! Rule files for a Prometheus.

use crate::duration;
use crate::file::{Group, Kind, Rule, RuleFile};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The groups as the text of a rule file that Prometheus 2.42 and later read. Labels of a group, which Prometheus knows since its
/// version 3, are written on each of its rules.
pub fn export(groups: &[Group]) -> String {
    let mut out = String::from("groups:\n");
    if groups.is_empty() {
        return "groups: []\n".to_owned();
    }
    for group in groups {
        let _ = writeln!(out, "- name: {}", quoted(&group.name));
        if let Some(ms) = group.interval_ms {
            let _ = writeln!(out, "  interval: {}", duration::format(ms));
        }
        if group.limit > 0 {
            let _ = writeln!(out, "  limit: {}", group.limit);
        }
        if group.query_offset_ms > 0 {
            let _ = writeln!(
                out,
                "  query_offset: {}",
                duration::format(group.query_offset_ms)
            );
        }
        out.push_str(if group.rules.is_empty() {
            "  rules: []\n"
        } else {
            "  rules:\n"
        });
        for rule in &group.rules {
            one(&mut out, group, rule);
        }
    }
    out
}

/// A file's groups, see [`export`].
pub fn export_file(file: &RuleFile) -> String {
    export(&file.groups)
}

fn one(out: &mut String, group: &Group, rule: &Rule) {
    let kind = match rule.kind {
        Kind::Alert => "alert",
        Kind::Record => "record",
    };
    let _ = writeln!(out, "  - {kind}: {}", quoted(&rule.name));
    let _ = writeln!(out, "    expr: {}", quoted(&rule.expr));
    for (key, ms) in [
        ("for", rule.for_ms),
        ("keep_firing_for", rule.keep_firing_for_ms),
    ] {
        if ms > 0 {
            let _ = writeln!(out, "    {key}: {}", duration::format(ms));
        }
    }
    texts(out, "labels", &group.labels_of(rule));
    texts(out, "annotations", &rule.annotations);
}

fn texts(out: &mut String, key: &str, all: &BTreeMap<String, String>) {
    if all.is_empty() {
        return;
    }
    let _ = writeln!(out, "    {key}:");
    for (name, text) in all {
        let _ = writeln!(out, "      {}: {}", quoted(name), quoted(text));
    }
}

/// A YAML scalar in double quotes: nothing in it can be taken for anything else.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}') => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
