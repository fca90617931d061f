//! Conditions behind a concept, as behind a metric: `${host_cpu_percent}{instance=~"$host"}`.
//!
//! A concept's expression may be anything and name its labels as its exporter does, so that a condition cannot go into it. Its answer is
//! narrowed instead, by nothing but PromQL: what fulfils the condition gets a label, and only series with this label stay.

/// Label that series carry while they are chosen; it is gone from the answer.
const KEPT: &str = "shouwang_kept";
/// Conditions behind one concept.
const MOST: usize = 8;

/// One condition on a label.
struct Condition<'a> {
    label: &'a str,
    operator: &'a str,
    /// The string with its quotes, as it was written.
    literal: &'a str,
}

/// `filled` narrowed by the conditions that `rest` begins with, and the length of those. Without any condition nothing is changed.
/// `None` when they cannot be read.
pub(super) fn narrowed(filled: String, rest: &str) -> Option<(String, usize)> {
    if !rest.starts_with('{') {
        return Some((filled, 0));
    }
    let (conditions, length) = conditions(rest)?;
    let out = conditions
        .iter()
        .try_fold(filled, |expr, one| one.narrow(expr))?;
    Some((out, length))
}

/// `{label=~"text", …}` at the begin of `text`, and its length.
fn conditions(text: &str) -> Option<(Vec<Condition<'_>>, usize)> {
    let mut out = Vec::new();
    let mut rest = text.strip_prefix('{')?.trim_start();
    while !rest.starts_with('}') {
        let name = rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
            .filter(|end| *end > 0)?;
        let (label, after) = rest.split_at(name);
        let after = after.trim_start();
        let operator = ["=~", "!~", "!=", "="]
            .into_iter()
            .find(|op| after.starts_with(op))?;
        let after = after.get(operator.len()..)?.trim_start();
        let end = literal_end(after)?;
        let (literal, after) = after.split_at(end);
        out.push(Condition {
            label,
            operator,
            literal,
        });
        let after = after.trim_start();
        rest = match after.strip_prefix(',') {
            Some(next) => next.trim_start(),
            None if after.starts_with('}') => after,
            None => return None,
        };
        if out.len() > MOST {
            return None;
        }
    }
    // The closing sign is one byte.
    Some((out, text.len() - rest.len() + 1))
}

/// Length of the string that `text` begins with, quotes included.
fn literal_end(text: &str) -> Option<usize> {
    let quote = text
        .chars()
        .next()
        .filter(|c| matches!(c, '"' | '\'' | '`'))?;
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' if quote != '`' => escaped = true,
            c if c == quote => return Some(at + 1),
            _ => {}
        }
    }
    None
}

impl Condition<'_> {
    fn narrow(&self, expr: String) -> Option<String> {
        let inside = self.literal.get(1..self.literal.len() - 1)?;
        let negative = self.operator.starts_with('!');
        let is_pattern = self.operator.ends_with('~');
        if is_pattern && !negative && inside == ".*" {
            return Some(expr);
        }
        let pattern = if is_pattern {
            self.literal.to_owned()
        } else {
            plain(inside)?
        };
        let keep = if negative { "unless" } else { "and" };
        let label = self.label;
        Some(format!(
            "label_replace(label_replace({expr}, \"{KEPT}\", \"1\", \"{label}\", {pattern}) {keep} on ({KEPT}) \
             label_replace(vector(1), \"{KEPT}\", \"1\", \"{KEPT}\", \"\"), \"{KEPT}\", \"\", \"{KEPT}\", \".*\")"
        ))
    }
}

/// A pattern that means the text itself. A text with escapes of its own is for `=~`.
fn plain(text: &str) -> Option<String> {
    if text.contains('\\') {
        return None;
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            c if ".+*?()|[]{}^$".contains(c) => {
                out.push_str("\\\\");
                out.push(c);
            }
            c => out.push(c),
        }
    }
    Some(format!("\"{out}\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_read_as_behind_a_metric() {
        let read = |text| {
            conditions(text).map(|(all, length)| {
                let all: Vec<String> = all
                    .iter()
                    .map(|c| format!("{}|{}|{}", c.label, c.operator, c.literal))
                    .collect();
                (all, &text[length..])
            })
        };
        let found = read(r#"{ a =~ "x}\"y", b!='z' } > 1"#).unwrap();
        assert_eq!(
            found,
            (vec![r#"a|=~|"x}\"y""#.into(), "b|!=|'z'".into()], " > 1")
        );
        assert_eq!(read("{}"), Some((vec![], "")));
        assert_eq!(read("{a=\"1\",}").map(|f| f.1), Some(""));
        for bad in [
            "{",
            "{a}",
            "{a=b}",
            "{a=\"b}",
            "{=\"b\"}",
            "{a=\"b\" c=\"d\"}",
            "{a<\"b\"}",
        ] {
            assert!(conditions(bad).is_none(), "{bad}");
        }
        let many = format!("{{{}}}", "a=\"b\",".repeat(9));
        assert!(conditions(&many).is_none());
    }

    #[test]
    fn everything_is_no_condition() {
        let whole = |rest| narrowed("(x)".to_owned(), rest).map(|(text, _)| text);
        assert_eq!(whole(r#"{host=~".*"}"#).as_deref(), Some("(x)"));
        assert_eq!(whole(" > 1").as_deref(), Some("(x)"));
        assert!(whole(r#"{host!~".*"}"#).unwrap().contains("unless"));
        assert!(whole(r#"{host="a.b"}"#).unwrap().contains(r#""a\\.b""#));
        assert_eq!(whole(r#"{host="a\n"}"#), None);
    }
}
