//! What the index of words holds of a line beside the tokens of its message.

use logs::tokens::tokens;
use model::log::{Attrs, LogLine};
use serde_json::Value;
use std::fmt::Write;

/// The token of a line whose message is not wholly indexed: it is a candidate for every phrase.
pub(super) const WHOLE_TEXT: &str = "!t";
/// The token of a line whose attributes are not all indexed.
pub(super) const ALL_ATTRS: &str = "!a";
/// Characters in tokens that FTS5's tokenizer `ascii` would cut at.
pub(super) const TOKEN_CHARS: &str = "~!=";
/// Attributes that are indexed, and how deep they may lie.
const MAX_ATTRS: usize = 32;
const MAX_DEPTH: usize = 6;
/// The longest value that is indexed, bytes.
const MAX_VALUE: usize = 128;

/// Begins the way to a field that is no attribute.
const OWN: &str = "\u{0}";

/// Writes a line's tokens, a space behind each, and calls `word` with the words that the list must have.
pub(super) fn document(line: &LogLine, out: &mut String, mut word: impl FnMut(&str)) {
    out.clear();
    let whole = tokens(&line.message, |kind, token| {
        out.push_str(token);
        out.push(' ');
        if kind == logs::tokens::Kind::Word {
            word(token);
        }
    });
    if !whole {
        out.push_str(WHOLE_TEXT);
        out.push(' ');
    }
    if !line.trace_id.is_empty() {
        put_token(out, trace_token(&line.trace_id).as_str());
    }
    let mut left = MAX_ATTRS;
    if !attributes(&line.attrs, Hash::new(), MAX_DEPTH, &mut left, out) {
        put_token(out, ALL_ATTRS);
    }
}

fn put_token(out: &mut String, token: &str) {
    out.push_str(token);
    out.push(' ');
}

/// False when there were too many.
fn attributes(attrs: &Attrs, path: Hash, depth: usize, left: &mut usize, out: &mut String) -> bool {
    for (key, value) in attrs {
        let path = path.and(key);
        let number;
        let text = match value {
            Value::Object(_) if depth == 0 || *left == 0 => return false,
            Value::Object(inner) => {
                if !attributes(inner, path, depth - 1, left, out) {
                    return false;
                }
                continue;
            }
            Value::String(text) => text.as_str(),
            Value::Bool(true) => "true",
            Value::Bool(false) => "false",
            Value::Number(n) => {
                number = logs::number_text(n);
                &number
            }
            Value::Null | Value::Array(_) => continue,
        };
        if !is_indexed(text) {
            continue;
        }
        if *left == 0 {
            return false;
        }
        *left -= 1;
        put_token(out, path.token(text).as_str());
    }
    true
}

/// Whether a value is in the index at all; said of what is looked for as of what is there. Long texts are not, nor fractions,
/// of which hardly one is like another; nor what looks like a list or an object as text, which are not indexed as wholes.
fn is_indexed(text: &str) -> bool {
    let fraction = |t: &str| {
        t.contains('.')
            && t.bytes()
                .all(|b| matches!(b, b'0'..=b'9' | b'.' | b'-' | b'+'))
    };
    text.len() <= MAX_VALUE && !text.starts_with(['[', '{']) && !fraction(text)
}

/// The token of lines whose attribute at `path` is `value`; `None` when that is not indexed.
pub(super) fn attr_token(path: &[String], value: &str) -> Option<String> {
    if path.is_empty() || !is_indexed(value) {
        return None;
    }
    let path = path.iter().fold(Hash::new(), |hash, key| hash.and(key));
    Some(path.token(value))
}

/// The token of lines of a trace.
pub(super) fn trace_token(id: &str) -> String {
    Hash::new().and(OWN).and("trace_id").token(id)
}

/// FNV-1a; its hits are looked at again, so a collision costs one row's reading.
#[derive(Clone, Copy)]
struct Hash(u64);

impl Hash {
    fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    fn byte(self, b: u8) -> Self {
        Self((self.0 ^ u64::from(b)).wrapping_mul(0x0000_0100_0000_01b3))
    }

    fn and(self, key: &str) -> Self {
        key.bytes().fold(self, Self::byte).byte(0xff)
    }

    fn token(self, value: &str) -> String {
        let lower = value.bytes().map(|b| b.to_ascii_lowercase());
        let hash = lower.fold(self, Self::byte).0;
        let mut token = String::with_capacity(12);
        let _ = write!(token, "={:010x}", (hash ^ (hash >> 40)) & 0xff_ffff_ffff);
        token
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn doc(line: &LogLine) -> Vec<String> {
        let mut out = String::new();
        document(line, &mut out, |_| ());
        out.split_whitespace().map(str::to_owned).collect()
    }

    fn with(attrs: Value) -> LogLine {
        LogLine {
            attrs: attrs.as_object().cloned().unwrap_or_default(),
            ..LogLine::default()
        }
    }

    fn has(line: &LogLine, path: &str, value: &str) -> bool {
        let path: Vec<String> = path.split('.').map(str::to_owned).collect();
        attr_token(&path, value).is_some_and(|t| doc(line).contains(&t))
    }

    #[test]
    fn attributes_by_path_and_value() {
        let line = with(
            json!({"http": {"status": 502, "ok": false}, "user": "Li", "none": null, "list": [1]}),
        );
        assert!(has(&line, "http.status", "502"));
        assert!(has(&line, "http.ok", "FALSE"));
        assert!(has(&line, "user", "li"));
        assert!(!has(&line, "http.status", "50"));
        assert!(!has(&line, "status", "502"));
        assert_eq!(doc(&line).len(), 3);
        assert_eq!(attr_token(&["list".into()], "[1]"), None);
        assert_eq!(attr_token(&["ratio".into()], "0.25"), None);
    }

    #[test]
    fn too_many_are_told() {
        let many: Attrs = (0..40).map(|i| (format!("k{i}"), json!("v"))).collect();
        let line = with(Value::Object(many));
        assert!(doc(&line).contains(&ALL_ATTRS.to_owned()));
        let deep = (0..20).fold(json!({"a": 1}), |inner, _| json!({"a": inner}));
        assert!(doc(&with(deep)).contains(&ALL_ATTRS.to_owned()));
    }

    #[test]
    fn a_trace_is_no_attribute() {
        let line = LogLine {
            trace_id: "4bf92f".into(),
            ..LogLine::default()
        };
        assert_eq!(doc(&line), [trace_token("4BF92F")]);
        assert!(!has(&with(json!({"trace_id": "4bf92f"})), "x", "4bf92f"));
    }
}
