//! Finding spans.

use crate::Arrangement;
use hashbrown::HashMap;
use model::trace::{Span, Tag, TagValue};
use regex::{Regex, RegexBuilder};
use std::sync::Arc;

/// The longest text that is looked for, in characters; what is beyond it is not looked at.
const LONGEST_TEXT: usize = 200;

/// What is looked for; a span must match all of it. The default matches nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Find {
    /// Text in the operation, the service, the id, a tag's name or value or `name=value`, an event's field; without regard to
    /// case.
    pub text: String,
    /// Exactly this service.
    pub service: Option<String>,
    /// Exactly this operation.
    pub operation: Option<String>,
    /// Only failed spans.
    pub errors: bool,
    /// Only spans on the critical path.
    pub critical: bool,
}

/// The rows that were found, in order, also those that are folded away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hits {
    /// The rows.
    pub rows: Vec<u32>,
}

impl Hits {
    /// The number of the first hit after a row; after the last the first of all. Without a row the first.
    pub fn next(&self, after: Option<u32>) -> Option<usize> {
        let at = after.map_or(0, |row| self.rows.partition_point(|&r| r <= row));
        (!self.rows.is_empty()).then(|| at % self.rows.len())
    }

    /// The number of the last hit before a row; before the first the last of all. Without a row the last.
    pub fn previous(&self, before: Option<u32>) -> Option<usize> {
        let at = before.map_or(0, |row| self.rows.partition_point(|&r| r < row));
        let last = self.rows.len().checked_sub(1)?;
        Some(at.checked_sub(1).unwrap_or(last))
    }

    /// How many of them are below a row, all the way down.
    pub fn below(&self, a: &Arrangement, row: u32) -> usize {
        let end = row.saturating_add(a.descendants(row));
        let until = self.rows.partition_point(|&r| r <= end);
        until.saturating_sub(self.rows.partition_point(|&r| r <= row))
    }

    /// Whether a row is one of them.
    pub fn contains(&self, row: u32) -> bool {
        self.rows.binary_search(&row).is_ok()
    }
}

impl Arrangement {
    /// Finds spans.
    pub fn find(&self, find: &Find) -> Hits {
        let text: String = find.text.trim().chars().take(LONGEST_TEXT).collect();
        let asks = find.errors || find.critical || find.service.is_some();
        if text.is_empty() && !asks && find.operation.is_none() {
            return Hits::default();
        }
        // a text of this length without any operators cannot be too large an expression
        let text = (!text.is_empty()).then(|| Text::of(&text)).transpose();
        let Ok(mut text) = text else {
            return Hits::default();
        };
        let mut wanted = |&row: &u32| {
            let span = self.span(row);
            span.is_some_and(|span| self.is_wanted(row, span, find, text.as_mut()))
        };
        let mut rows: Vec<u32> = (0..self.len() as u32).collect();
        rows.retain(|row| wanted(row));
        Hits { rows }
    }

    fn is_wanted(&self, row: u32, span: &Span, find: &Find, text: Option<&mut Text>) -> bool {
        let service = self.trace.service(span);
        (!find.errors || span.error)
            && find.service.as_ref().is_none_or(|s| s == service)
            && (find.operation.as_ref()).is_none_or(|o| **o == *span.operation)
            && (!find.critical || !self.critical.of_row(row).is_empty())
            && text.is_none_or(|text| {
                let process = self.trace.processes.get(span.process as usize);
                text.is_in(span) || process.is_some_and(|p| text.is_in_shared(&p.service))
            })
    }
}

/// A text to find, and in which of the trace's shared texts it is: names and many values of tags are shared by thousands of
/// spans.
struct Text {
    expression: Regex,
    /// A text with `=` can be in `name=value` without being in either.
    joins: bool,
    /// Only then it can be in an id.
    hex: bool,
    known: HashMap<*const u8, bool>,
}

impl Text {
    fn of(text: &str) -> Result<Self, regex::Error> {
        let mut builder = RegexBuilder::new(&regex::escape(text));
        Ok(Self {
            expression: builder.case_insensitive(true).build()?,
            joins: text.contains('='),
            hex: text.bytes().all(|b| b.is_ascii_hexdigit()),
            known: HashMap::new(),
        })
    }

    fn is_in(&mut self, span: &Span) -> bool {
        self.is_in_shared(&span.operation)
            || span.tags.iter().any(|t| self.is_in_tag(t))
            || (span.events.iter()).any(|e| e.fields.iter().any(|t| self.is_in_tag(t)))
            || (self.hex && self.expression.is_match(&span.id.to_string()))
    }

    fn is_in_tag(&mut self, tag: &Tag) -> bool {
        if self.is_in_shared(&tag.key) {
            return true;
        }
        match &tag.value {
            TagValue::Text(value) if !self.joins => self.is_in_shared(value),
            value => self.expression.is_match(&format!("{}={value}", tag.key)),
        }
    }

    /// The same allocation is the same text as long as the trace lives.
    fn is_in_shared(&mut self, text: &Arc<str>) -> bool {
        let expression = &self.expression;
        let known = self.known.entry(Arc::as_ptr(text).cast::<u8>());
        *known.or_insert_with(|| expression.is_match(text))
    }
}
