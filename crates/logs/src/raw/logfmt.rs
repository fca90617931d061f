//! `key=value key="a value"`.

use super::draft::Draft;
use super::known;
use model::log::Attrs;
use serde_json::Value;

/// Pairs that are looked at.
const MAX_PAIRS: usize = 200;
/// One of these must be there; else it is a sentence with some pairs in it.
const TELLING: &[&str] = &[
    "level", "lvl", "msg", "message", "time", "ts", "severity", "caller",
];

/// Reads a record of pairs; false when it is none.
pub(super) fn read(text: &str, draft: &mut Draft<'_>) -> bool {
    let Some(pairs) = pairs(text) else {
        return false;
    };
    if pairs.len() < 2 || !pairs.iter().any(|(key, _)| TELLING.contains(key)) {
        return false;
    }
    let mut attrs = Attrs::new();
    for (key, value) in pairs {
        if attrs.insert(key.to_owned(), guess(value)).is_some() {
            draft.notes.duplicate_keys += 1;
        }
    }
    let message = known::take(attrs, draft);
    draft.message(&message);
    true
}

/// A value that is a number or a truth as such; all digits of an id stay.
fn guess(value: String) -> Value {
    match value.as_str() {
        "true" => return true.into(),
        "false" => return false.into(),
        "null" | "nil" => return Value::Null,
        _ => (),
    }
    let plain = value.len() <= 15
        && !value.starts_with('+')
        && !(value.starts_with('0') && value.len() > 1 && !value.starts_with("0."));
    let number = value
        .bytes()
        .all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-'));
    match value.parse::<i64>() {
        Ok(whole) if plain => whole.into(),
        _ => match value.parse::<f64>() {
            Ok(float) if plain && number && float.is_finite() => float.into(),
            _ => value.into(),
        },
    }
}

/// The pairs, when the text consists of nothing else (a key without a value is allowed).
fn pairs(text: &str) -> Option<Vec<(&str, String)>> {
    let mut out = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        if out.len() >= MAX_PAIRS {
            return None;
        }
        let end = rest
            .find(|c: char| c == '=' || c.is_whitespace())
            .unwrap_or(rest.len());
        let (key, after) = rest.split_at(end);
        let named = key
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"_.-/@".contains(&b));
        if key.is_empty() || !named {
            return None;
        }
        let Some(after) = after.strip_prefix('=') else {
            // only a sentence begins with words without values
            if out.is_empty() {
                return None;
            }
            out.push((key, String::new()));
            rest = after.trim_start();
            continue;
        };
        let (value, after) = value(after)?;
        out.push((key, value));
        if !after.is_empty() && !after.starts_with(char::is_whitespace) {
            return None;
        }
        rest = after.trim_start();
    }
    Some(out)
}

fn value(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        let (value, rest) = text.split_at(end);
        return Some((value.to_owned(), rest));
    };
    let mut out = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((out, quoted.get(at + 1..)?)),
            '\\' => out.push(match chars.next()?.1 {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                other => other,
            }),
            c => out.push(c),
        }
    }
    None
}
