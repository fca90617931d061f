//! A record that is a JSON object.

use super::draft::Draft;
use super::text::Notes;
use super::{MAX_ATTRS, MAX_DEPTH, dispatch, known};
use model::log::Attrs;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;
use std::fmt;

/// Above so many bytes only the outermost object is taken apart.
const MAX_NESTED: usize = 1 << 20;
/// Digits of a number that a 64-bit float keeps.
const EXACT_DIGITS: usize = 15;

/// Reads the object; false when it is none.
pub(super) fn read(text: &str, draft: &mut Draft<'_>, nested: u8) -> bool {
    let depth = if text.len() > MAX_NESTED {
        1
    } else {
        MAX_DEPTH
    };
    let mut notes = draft.notes.clone();
    let mut left = MAX_ATTRS;
    let Some(mut attrs) = object(text, depth, &mut left, &mut notes) else {
        return false;
    };
    draft.notes = notes;
    // Docker's json-file: what the program wrote, and when
    if let Some(Value::String(inner)) = attrs.get("log")
        && attrs.contains_key("stream")
    {
        let inner = inner.clone();
        attrs.remove("log");
        known::take(attrs, draft);
        let (received, level) = (draft.at_ns.take(), draft.level.take());
        dispatch(inner.trim_end_matches(['\n', '\r']), draft, nested + 1);
        draft.at_ns = draft.at_ns.or(received);
        draft.level_if_none(level);
        return true;
    }
    let message = known::take(attrs, draft);
    draft.message(&message);
    true
}

/// The object that the text is, bounded. Objects below `depth` are their text.
pub(super) fn object(
    text: &str,
    depth: usize,
    left: &mut usize,
    notes: &mut Notes,
) -> Option<Attrs> {
    let visitor = Members { depth, left, notes };
    let mut reader = serde_json::Deserializer::from_str(text);
    let attrs = reader.deserialize_map(visitor).ok()?;
    reader.end().ok()?;
    Some(attrs)
}

/// Members of an object or a list, each kept as text first, so that nothing is built that is not kept.
struct Members<'a> {
    depth: usize,
    left: &'a mut usize,
    notes: &'a mut Notes,
}

impl<'de> Visitor<'de> for Members<'_> {
    type Value = Attrs;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Attrs, M::Error> {
        let mut out = Attrs::new();
        while let Some(key) = map.next_key::<String>()? {
            let raw: &RawValue = map.next_value()?;
            let value = if *self.left > 0 {
                *self.left -= 1;
                value(raw.get(), self.depth - 1, self.left, self.notes)
            } else if known::is_name(&key) {
                value(raw.get(), 0, self.left, self.notes)
            } else {
                self.notes.dropped_attrs += 1;
                continue;
            };
            if out.insert(key, value).is_some() {
                self.notes.duplicate_keys += 1;
            }
        }
        Ok(out)
    }
}

struct Items<'a>(Members<'a>);

impl<'de> Visitor<'de> for Items<'_> {
    type Value = Vec<Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut seq: S) -> Result<Vec<Value>, S::Error> {
        let Members { depth, left, notes } = self.0;
        let mut out = Vec::new();
        while let Some(raw) = seq.next_element::<&RawValue>()? {
            if *left == 0 {
                notes.dropped_attrs += 1;
                continue;
            }
            *left -= 1;
            out.push(value(raw.get(), depth - 1, left, notes));
        }
        Ok(out)
    }
}

fn value(raw: &str, depth: usize, left: &mut usize, notes: &mut Notes) -> Value {
    let as_text = || Value::from(raw);
    match raw.as_bytes().first() {
        Some(b'{') if depth > 0 => {
            object(raw, depth, left, notes).map_or_else(as_text, Value::Object)
        }
        Some(b'[') if depth > 0 => {
            let mut reader = serde_json::Deserializer::from_str(raw);
            let items = reader.deserialize_seq(Items(Members { depth, left, notes }));
            items.map_or_else(|_| as_text(), Value::Array)
        }
        Some(b'"') => serde_json::from_str::<String>(raw).map_or_else(|_| as_text(), Value::from),
        Some(b'-' | b'0'..=b'9') => number(raw),
        Some(b't') => true.into(),
        Some(b'f') => false.into(),
        Some(b'n') => Value::Null,
        _ => as_text(),
    }
}

/// A number, or its text when a number would not keep all of its digits: ids are written so.
fn number(raw: &str) -> Value {
    if let Ok(whole) = raw.parse::<i64>() {
        return whole.into();
    }
    if let Ok(whole) = raw.parse::<u64>() {
        return whole.into();
    }
    let digits = raw.bytes().take_while(|b| !matches!(b, b'e' | b'E'));
    let digits = digits.filter(u8::is_ascii_digit).count();
    match raw.parse::<f64>() {
        Ok(float) if float.is_finite() && (digits <= EXACT_DIGITS + 2 || raw.contains('.')) => {
            float.into()
        }
        _ => raw.into(),
    }
}
