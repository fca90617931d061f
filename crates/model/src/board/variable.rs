//! Variables of a board: what stands for `$id` in its expressions and titles.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Values of a variable that are kept and shown.
pub const MAX_VALUES: usize = 500;

/// Something that can be chosen for a whole board: a host, a namespace, a service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variable {
    /// snake_case; used as `$id`.
    pub id: String,
    /// Locale key of its name; the id when left out.
    #[serde(default)]
    pub label: Option<String>,
    /// Where its values come from: `label_values(metric, label)`, or a fixed list `values`.
    #[serde(default)]
    pub query: Option<String>,
    /// Its values, when they are known beforehand.
    #[serde(default)]
    pub values: Vec<String>,
    /// Several may be chosen.
    #[serde(default)]
    pub multi: bool,
    /// Chosen at first; all when empty.
    #[serde(default)]
    pub default: Vec<String>,
}

/// What `label_values(metric, label)` asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelValues {
    /// The selector (concepts not yet filled in).
    pub selector: String,
    /// The label whose values are wanted.
    pub label: String,
}

impl LabelValues {
    /// Reads `label_values(selector, label)`; the selector may be any expression. `None` for anything else.
    pub fn parse(query: &str) -> Option<Self> {
        let inner = query
            .trim()
            .strip_prefix("label_values(")?
            .strip_suffix(')')?;
        let (selector, label) = inner.rsplit_once(',')?;
        let (selector, label) = (selector.trim(), label.trim());
        let named = is_name(label) && !selector.is_empty();
        named.then(|| Self {
            selector: selector.to_owned(),
            label: label.to_owned(),
        })
    }

    /// The question that has one series for each value.
    pub fn expr(&self) -> String {
        format!("group by ({}) ({})", self.label, self.selector)
    }
}

/// Whether `id` can stand after `$`.
pub fn is_name(id: &str) -> bool {
    let mut chars = id.chars();
    chars
        .next()
        .is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// The ids that are used as `$id` in `text`, in order, each once. `${…}` is a concept and none of them.
pub fn variables_in(text: &str) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    replace(text, |id| {
        if !ids.iter().any(|known| known == id) {
            ids.push(id.to_owned());
        }
        None
    });
    ids
}

/// `text` with `$id` replaced where `of` knows the id.
pub fn replace(text: &str, mut of: impl FnMut(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('$') {
        let (before, after) = rest.split_at(start);
        out.push_str(before);
        let after = after.get(1..).unwrap_or("");
        let length = after
            .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
            .unwrap_or(after.len());
        let id = after.get(..length).unwrap_or("");
        match is_name(id).then(|| of(id)).flatten() {
            Some(value) => out.push_str(&value),
            None => {
                out.push('$');
                out.push_str(id);
            }
        }
        rest = after.get(length..).unwrap_or("");
    }
    out.push_str(rest);
    out
}

/// `expr` with the chosen values of its variables: the pattern of a regular expression, as it must stand in a string of PromQL
/// (`host=~"$host"`). Nothing chosen stands for everything.
pub fn fill(expr: &str, chosen: &BTreeMap<String, Vec<String>>) -> String {
    replace(expr, |id| chosen.get(id).map(|values| pattern(values)))
}

/// `filter` of the log search with the chosen values of its variables, each as one text: `service:$service` becomes
/// `service:"a"` or `service:("a" or "b")`. Nothing chosen becomes `service:*`, any value.
pub fn fill_lines(filter: &str, chosen: &BTreeMap<String, Vec<String>>) -> String {
    let quoted = |value: &String| {
        let escaped = value.replace('\\', "\\\\").replace('"', "\\\"");
        format!("\"{}\"", escaped.replace('\n', "\\n"))
    };
    replace(filter, |id| {
        let values = chosen.get(id)?;
        let all: Vec<String> = values.iter().map(quoted).collect();
        Some(match all.as_slice() {
            [] => "*".to_owned(),
            [one] => one.clone(),
            _ => format!("({})", all.join(" or ")),
        })
    })
}

/// Alternatives of a regular expression (RE2), escaped once for it and once for the string around it.
fn pattern(values: &[String]) -> String {
    if values.is_empty() {
        return ".*".to_owned();
    }
    let escaped: Vec<String> = values.iter().map(|v| escape(v)).collect();
    let text = if escaped.len() == 1 {
        escaped.concat()
    } else {
        format!("({})", escaped.join("|"))
    };
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '\'' => out.push_str("\\'"),
            '\n' => out.push_str("\\n"),
            c => out.push(c),
        }
    }
    out
}

fn escape(value: &str) -> String {
    let mut out = String::with_capacity(value.len() + 8);
    for c in value.chars() {
        if r"\.+*?()|[]{}^$".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(values: &[&str]) -> BTreeMap<String, Vec<String>> {
        let values = values.iter().map(|v| (*v).to_owned()).collect();
        BTreeMap::from([("host".to_owned(), values)])
    }

    #[test]
    fn what_is_chosen_is_escaped_for_the_expression_and_for_its_string() {
        let expr = r#"up{host=~"$host"} and ${cpu} > $hostile"#;
        assert_eq!(
            fill(expr, &chosen(&["a.b"])),
            r#"up{host=~"a\\.b"} and ${cpu} > $hostile"#
        );
        assert_eq!(
            fill(expr, &chosen(&["a", r#""} or up{x=""#])),
            r#"up{host=~"(a|\"\\} or up\\{x=\")"} and ${cpu} > $hostile"#
        );
        assert_eq!(fill("$host$host 5$", &chosen(&[])), ".*.* 5$");
        assert_eq!(fill("主机 $host。", &chosen(&["甲"])), "主机 甲。");
    }

    #[test]
    fn variables_are_found_and_concepts_are_not() {
        assert_eq!(variables_in("$a ${b} $c_1$a $1 $"), ["a", "c_1"]);
    }

    #[test]
    fn label_values_are_a_question_with_a_series_for_each() {
        let found = LabelValues::parse(r#"label_values(up{job=~"a,b"}, instance)"#).unwrap();
        assert_eq!(found.expr(), r#"group by (instance) (up{job=~"a,b"})"#);
        assert_eq!(LabelValues::parse("label_values(up)"), None);
        assert_eq!(LabelValues::parse("label_values(up, a b)"), None);
        assert_eq!(LabelValues::parse("sum(up)"), None);
    }

    #[test]
    fn a_filter_of_lines_takes_values_as_texts() {
        let of = |values: &[&str]| {
            let values = values.iter().map(|v| (*v).to_owned()).collect();
            let chosen = BTreeMap::from([("service".to_owned(), values)]);
            fill_lines("service:$service level>=warn $other", &chosen)
        };
        assert_eq!(of(&[]), "service:* level>=warn $other");
        assert_eq!(of(&["a"]), r#"service:"a" level>=warn $other"#);
        assert_eq!(
            of(&["a", r#"b"\ or x"#]),
            r#"service:("a" or "b\"\\ or x") level>=warn $other"#
        );
    }
}
