//! Lines of YAML from a tree that knows the order of its fields.

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// Longest line that is not broken up.
const WIDTH: usize = 140;

/// A value as it stands in a file.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    Null,
    /// Written as it is: a number, `true`, `false`.
    Plain(String),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reads;
        impl<'de> Visitor<'de> for Reads {
            type Value = Node;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any value")
            }
            fn visit_unit<E>(self) -> Result<Node, E> {
                Ok(Node::Null)
            }
            fn visit_bool<E>(self, v: bool) -> Result<Node, E> {
                Ok(Node::Plain(v.to_string()))
            }
            fn visit_u64<E>(self, v: u64) -> Result<Node, E> {
                Ok(Node::Plain(v.to_string()))
            }
            fn visit_i64<E>(self, v: i64) -> Result<Node, E> {
                Ok(Node::Plain(v.to_string()))
            }
            fn visit_f64<E>(self, v: f64) -> Result<Node, E> {
                Ok(Node::Plain(number(v)))
            }
            fn visit_str<E>(self, v: &str) -> Result<Node, E> {
                Ok(Node::Text(v.to_owned()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node, A::Error> {
                let mut out = Vec::new();
                while let Some(part) = seq.next_element()? {
                    out.push(part);
                }
                Ok(Node::List(out))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
                let mut out = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    out.push(pair);
                }
                Ok(Node::Map(out))
            }
        }
        from.deserialize_any(Reads)
    }
}

/// 85 and not 85.0, as people write it.
fn number(v: f64) -> String {
    if v.fract() == 0.0 && v.abs() < 1e15 {
        format!("{v:.0}")
    } else {
        format!("{v:?}")
    }
}

/// What a field of a board is when it is left out; of a panel or a query they say something, because those take after the board.
const BOARDS: [(&str, &str); 2] = [("window_seconds", "3600"), ("refresh_seconds", "5")];

/// What other fields are when they are left out; those are not written.
const LEFT_OUT: [(&str, &str); 7] = [
    ("unit", "count"),
    ("role", "main"),
    ("reduce", "worst"),
    ("lang", "promql"),
    ("direction", "above"),
    ("abnormal_only", "false"),
    ("multi", "false"),
];

fn says_nothing(key: &str, value: &Node) -> bool {
    match value {
        Node::Null => true,
        // A query's own unit is an exception from its panel's, also when it is a plain number: see `pruned`.
        Node::Plain(v) | Node::Text(v) => LEFT_OUT.contains(&(key, v)),
        Node::List(all) => all.is_empty(),
        // Limits of nothing switch a concept's off; a link that chooses nothing says nothing.
        Node::Map(fields) => key == "variables" && fields.is_empty(),
    }
}

/// Without what says nothing. `in_query`: inside a query, where `unit: count` does say something.
fn pruned(node: &Node, in_query: bool) -> Node {
    match node {
        Node::List(all) => Node::List(all.iter().map(|n| pruned(n, in_query)).collect()),
        Node::Map(fields) => {
            let kept = fields
                .iter()
                .filter(|(key, value)| {
                    let exception = in_query && key == "unit" && *value != Node::Null;
                    exception || !says_nothing(key, value)
                })
                .map(|(key, value)| (key.clone(), pruned(value, in_query || key == "queries")));
            Node::Map(kept.collect())
        }
        other => other.clone(),
    }
}

/// The lines of a board without its panels.
pub(super) fn top_lines(board: &Node) -> Vec<String> {
    let Node::Map(fields) = pruned(board, false) else {
        return Vec::new();
    };
    let mut out = Vec::new();
    let usual = |key: &str, value: &Node| match value {
        Node::Plain(v) => BOARDS.contains(&(key, v)),
        _ => false,
    };
    for (key, value) in &fields {
        if key != "panels" && !usual(key, value) {
            field(key, value, 0, &mut out);
        }
    }
    out
}

/// The lines of a panel as a part of a list whose dashes stand `indent` spaces from the left.
pub(super) fn panel_lines(panel: &Node, indent: usize) -> Vec<String> {
    let Node::Map(fields) = pruned(panel, false) else {
        return Vec::new();
    };
    let mut out = Vec::new();
    for (key, value) in &fields {
        field(key, value, indent + 2, &mut out);
    }
    dashed(out, indent)
}

/// The dash of a list before the first line.
fn dashed(mut lines: Vec<String>, indent: usize) -> Vec<String> {
    if let Some(first) = lines.first_mut() {
        let inside = first.trim_start().to_owned();
        *first = format!("{}- {inside}", " ".repeat(indent));
    }
    lines
}

fn field(key: &str, value: &Node, indent: usize, out: &mut Vec<String>) {
    let space = " ".repeat(indent);
    let flat = flow(value);
    let is_list_of_maps =
        matches!(value, Node::List(all) if all.iter().any(|n| matches!(n, Node::Map(_))));
    if !is_list_of_maps && indent + key.len() + flat.chars().count() <= WIDTH {
        out.push(format!("{space}{key}: {flat}"));
        return;
    }
    match value {
        Node::List(all) => {
            out.push(format!("{space}{key}:"));
            all.iter().for_each(|part| item(part, indent + 2, out));
        }
        Node::Map(fields) => {
            out.push(format!("{space}{key}:"));
            for (key, value) in fields {
                field(key, value, indent + 2, out);
            }
        }
        _ => out.push(format!("{space}{key}: {flat}")),
    }
}

fn item(part: &Node, indent: usize, out: &mut Vec<String>) {
    let space = " ".repeat(indent);
    let flat = flow(part);
    match part {
        Node::Map(fields) if indent + flat.chars().count() > WIDTH => {
            let mut lines = Vec::new();
            for (key, value) in fields {
                field(key, value, indent + 2, &mut lines);
            }
            out.extend(dashed(lines, indent));
        }
        _ => out.push(format!("{space}- {flat}")),
    }
}

/// On one line.
fn flow(node: &Node) -> String {
    match node {
        Node::Null => "null".to_owned(),
        Node::Plain(text) => text.clone(),
        Node::Text(text) => scalar(text),
        Node::List(all) => {
            let parts: Vec<String> = all.iter().map(flow).collect();
            format!("[{}]", parts.join(", "))
        }
        Node::Map(fields) => {
            let parts: Vec<String> = fields
                .iter()
                .map(|(key, value)| format!("{key}: {}", flow(value)))
                .collect();
            format!("{{{}}}", parts.join(", "))
        }
    }
}

/// A text with as few quotes as it needs to be a text again wherever it stands.
fn scalar(text: &str) -> String {
    // Whatever YAML 1.1 or 1.2 could take for something else than a text.
    const OTHERS: [&str; 12] = [
        "true", "false", "null", "yes", "no", "on", "off", "y", "n", "inf", "nan", "~",
    ];
    let word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '·' | '/');
    let begins_as_text = text.starts_with(|c: char| c.is_alphabetic());
    let inside = text.chars().all(|c| word(c) || c == ' ') && text.trim() == text;
    let is_other = OTHERS.contains(&text.to_ascii_lowercase().as_str());
    if begins_as_text && inside && !is_other {
        text.to_owned()
    } else if text.chars().any(char::is_control) {
        // JSON's escapes are YAML's inside double quotes.
        serde_json::Value::from(text).to_string()
    } else {
        format!("'{}'", text.replace('\'', "''"))
    }
}
