//! A line in the making.

use super::text::{self, Notes};
use super::{MAX_MESSAGE, MAX_VALUE, NOTES, Origin, known};
use model::log::{Attrs, LogLevel, LogLine, LogPosition};
use serde_json::Value;

/// Bytes of a name of a service, host or field at most.
const MAX_NAME: usize = 256;

/// What was found so far.
pub(super) struct Draft<'a> {
    pub origin: &'a Origin,
    pub at_ns: Option<i64>,
    pub level: Option<LogLevel>,
    pub service: String,
    pub host: String,
    pub trace_id: String,
    pub span_id: String,
    pub attrs: Attrs,
    pub notes: Notes,
    message: String,
}

impl<'a> Draft<'a> {
    pub fn new(origin: &'a Origin) -> Self {
        Self {
            origin,
            at_ns: None,
            level: None,
            service: String::new(),
            host: String::new(),
            trace_id: String::new(),
            span_id: String::new(),
            attrs: Attrs::new(),
            notes: Notes::default(),
            message: String::new(),
        }
    }

    /// The message, cleaned and cut.
    pub fn message(&mut self, message: &str) {
        self.message = text::clean(message, MAX_MESSAGE, &mut self.notes);
    }

    /// An attribute with a text, unless it is empty.
    pub fn attr(&mut self, key: &str, value: &str) {
        if !value.is_empty() {
            self.put(key, Value::from(value));
        }
    }

    /// An attribute that is a number when it looks like one.
    pub fn number(&mut self, key: &str, value: &str) {
        match value.parse::<i64>() {
            Ok(number) => self.put(key, number.into()),
            Err(_) => match value.parse::<f64>().ok().filter(|n| n.is_finite()) {
                Some(number) => self.put(key, number.into()),
                None => self.attr(key, value),
            },
        }
    }

    pub fn put(&mut self, key: &str, value: Value) {
        self.attrs.insert(key.to_owned(), value);
    }

    pub fn service(&mut self, name: &str) {
        set(&mut self.service, name, &mut self.notes);
    }

    pub fn host(&mut self, name: &str) {
        set(&mut self.host, name, &mut self.notes);
    }

    pub fn level_if_none(&mut self, level: Option<LogLevel>) {
        self.level = self.level.or(level);
    }

    pub fn finish(mut self) -> LogLine {
        if self.trace_id.is_empty() {
            known::trace_in_text(&self.message)
                .into_iter()
                .for_each(|(trace, span)| (self.trace_id, self.span_id) = (trace, span));
        }
        let mut attrs = Attrs::new();
        let mut left = super::MAX_ATTRS;
        for (key, value) in std::mem::take(&mut self.attrs) {
            let key = text::clean(&key, MAX_NAME, &mut self.notes);
            if let Some(value) = bounded(value, &mut left, &mut self.notes) {
                attrs.insert(key, value);
            }
        }
        let notes = self.notes.told();
        if !notes.is_empty() {
            attrs.insert(NOTES.to_owned(), Value::Object(notes));
        }
        let or = |own: String, default: &str| {
            if own.is_empty() {
                default.to_owned()
            } else {
                own
            }
        };
        LogLine {
            position: LogPosition {
                at_ns: self.at_ns.unwrap_or(self.origin.received_ns),
                seq: 0,
            },
            level: self.level,
            category: self.origin.category,
            service: or(self.service, &self.origin.service),
            host: or(self.host, &self.origin.host),
            message: self.message,
            trace_id: self.trace_id,
            span_id: self.span_id,
            attrs,
        }
    }
}

/// The first name found stands.
fn set(name: &mut String, found: &str, notes: &mut Notes) {
    let found = found.trim();
    if name.is_empty() && !found.is_empty() && found != "-" {
        *name = text::clean(found, MAX_NAME, notes);
    }
}

/// The value with its texts cleaned and cut; `None` when there are too many already.
fn bounded(value: Value, left: &mut usize, notes: &mut Notes) -> Option<Value> {
    if *left == 0 {
        notes.dropped_attrs += 1;
        return None;
    }
    *left -= 1;
    Some(match value {
        Value::String(text) => Value::String(text::clean(&text, MAX_VALUE, notes)),
        Value::Array(items) => {
            let items = items.into_iter();
            Value::Array(items.filter_map(|v| bounded(v, left, notes)).collect())
        }
        Value::Object(map) => {
            let mut out = Attrs::new();
            for (key, value) in map {
                let key = text::clean(&key, MAX_NAME, notes);
                if let Some(value) = bounded(value, left, notes) {
                    out.insert(key, value);
                }
            }
            Value::Object(out)
        }
        other => other,
    })
}
