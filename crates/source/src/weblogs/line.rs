//! A line out of a text and the store's flat fields.

use super::Names;
use model::log::{Attrs, Field, LogLevel, LogLine, LogPosition};
use serde_json::Value;
use std::hash::{Hash, Hasher};

/// Bytes of a message that are kept.
const MESSAGE: usize = 1 << 20;
/// Bytes of a field's value that are kept.
const VALUE: usize = 64 << 10;
/// Fields of a line that are kept.
const FIELDS: usize = 256;
/// Levels of nesting of a name with dots.
const LEVELS: usize = 8;
/// Bits of a line's number that are left for lines that are the same.
const TWINS: u64 = 0x3ff;

/// Makes lines, one after the other.
pub(crate) struct LineMaker<'n> {
    pub names: &'n Names,
}

impl LineMaker<'_> {
    /// The line. Its number is made of what it says, so that it is the same whenever the line is read; the lowest bits are left for
    /// lines that say the same at the same time.
    pub(crate) fn line(
        &self,
        at_ns: i64,
        message: &str,
        fields: impl IntoIterator<Item = (String, Value)>,
    ) -> LogLine {
        let mut line = LogLine {
            message: clean(message, MESSAGE),
            ..LogLine::default()
        };
        let mut said = Fnv::default();
        message.hash(&mut said);
        let mut fields: Vec<(String, Value)> = fields.into_iter().take(FIELDS).collect();
        // the order of an object's fields is no part of what it says
        fields.sort_by(|a, b| a.0.cmp(&b.0));
        for (name, value) in fields {
            name.hash(&mut said);
            match &value {
                Value::String(text) => text.hash(&mut said),
                other => other.to_string().hash(&mut said),
            }
            self.put(&mut line, &name, value);
        }
        line.position = LogPosition {
            at_ns,
            seq: said.finish() & !TWINS,
        };
        line
    }

    fn put(&self, line: &mut LogLine, name: &str, value: Value) {
        let value = match value {
            Value::String(text) => Value::String(clean(&text, VALUE)),
            other => other,
        };
        let Some(field) = self.names.field(name) else {
            if !matches!(value, Value::Null) {
                nest(&mut line.attrs, name, value, LEVELS);
            }
            return;
        };
        let text = match value {
            Value::String(text) => text,
            Value::Null => return,
            other => other.to_string(),
        };
        match field {
            Field::Service => line.service = text,
            Field::Host => line.host = text,
            Field::TraceId => line.trace_id = text.to_ascii_lowercase(),
            Field::SpanId => line.span_id = text.to_ascii_lowercase(),
            Field::Level => line.level = LogLevel::read(&text),
            Field::Category => line.category = text.parse().unwrap_or_default(),
            Field::Message | Field::Attr(_) => {}
        }
    }
}

/// Puts a value under a name with dots as deep as they say; where something that is no object is in the way, under the whole name.
fn nest(attrs: &mut Attrs, name: &str, value: Value, levels: usize) {
    if let (Some((first, rest)), true) = (name.split_once('.'), levels > 0) {
        let is_name = !first.is_empty() && !rest.is_empty();
        let slot = attrs.get(first).is_none_or(Value::is_object);
        if is_name && slot {
            let inner = attrs
                .entry(first)
                .or_insert_with(|| Value::Object(Attrs::new()));
            if let Value::Object(inner) = inner {
                nest(inner, rest, value, levels - 1);
            }
            return;
        }
    }
    attrs.insert(name.to_owned(), value);
}

/// The members of a JSON object. One that is deeper than can be read keeps what is too deep as its text.
pub(crate) fn object(text: &str) -> Option<Attrs> {
    serde_json::from_str(text)
        .ok()
        .or_else(|| logs::raw::object(text))
}

/// A text without colours and other terminal sequences, without control characters other than line feeds and tabs, cut at `most` bytes.
fn clean(text: &str, most: usize) -> String {
    let end = text.floor_char_boundary(most.min(text.len()));
    let kept = logs::raw::without_escapes(text.get(..end).unwrap_or_default());
    let harmless = |c: char| !c.is_control() || matches!(c, '\n' | '\t');
    let mut out: String = if kept.chars().all(harmless) {
        kept.into_owned()
    } else {
        kept.chars().filter(|c| harmless(*c)).collect()
    };
    if end < text.len() {
        out.push('…');
    }
    out
}

/// FNV-1a: the same in every process and every version, which the standard hasher does not promise.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
