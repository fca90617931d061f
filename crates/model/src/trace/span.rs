//! A trace as its store gives it: nothing is sorted, mended or left out.

use super::{SpanId, TraceId};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// Which part of a call a span is.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum SpanKind {
    /// Work within a service, or not said.
    #[default]
    Internal,
    /// The answering side of a call.
    Server,
    /// The asking side of a call.
    Client,
    /// Puts a message into a queue.
    Producer,
    /// Takes a message out of a queue.
    Consumer,
}

impl SpanKind {
    /// Its name, as in OpenTelemetry's `span.kind`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::Server => "server",
            Self::Client => "client",
            Self::Producer => "producer",
            Self::Consumer => "consumer",
        }
    }

    /// By its name; anything else is internal.
    pub fn named(name: &str) -> Self {
        [Self::Server, Self::Client, Self::Producer, Self::Consumer]
            .into_iter()
            .find(|k| k.name().eq_ignore_ascii_case(name))
            .unwrap_or_default()
    }
}

/// The value of a tag.
#[derive(Clone, Debug, PartialEq)]
pub enum TagValue {
    /// Text. Values repeat much, so they are shared.
    Text(Arc<str>),
    /// True or false.
    Bool(bool),
    /// A whole number; exact also beyond 2^53.
    Int(i64),
    /// Any number.
    Float(f64),
    /// Bytes, of which only the number is kept.
    Binary(usize),
}

impl fmt::Display for TagValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Bool(b) => write!(f, "{b}"),
            Self::Int(n) => write!(f, "{n}"),
            Self::Float(x) => write!(f, "{x}"),
            Self::Binary(bytes) => write!(f, "[{bytes} B]"),
        }
    }
}

/// A name with a value.
#[derive(Clone, Debug, PartialEq)]
pub struct Tag {
    /// The name.
    pub key: Arc<str>,
    /// The value.
    pub value: TagValue,
}

/// Something that a span notes while it runs: a log of a span, an OpenTelemetry event.
#[derive(Clone, Debug, PartialEq)]
pub struct SpanEvent {
    /// When, ns since the epoch.
    pub at_ns: i64,
    /// Its fields; an OpenTelemetry event's name is the field `event`.
    pub fields: Vec<Tag>,
}

/// A reference to another span that is not the parent, often of another trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its trace.
    pub trace: TraceId,
    /// The span.
    pub span: SpanId,
}

/// What ran the spans.
#[derive(Clone, Debug, PartialEq)]
pub struct Process {
    /// The service's name.
    pub service: Arc<str>,
    /// What is the same for all its spans: host, version, …
    pub tags: Vec<Tag>,
}

/// A span.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    /// Its id.
    pub id: SpanId,
    /// The span that caused it, when one is named; it need not be there.
    pub parent: Option<SpanId>,
    /// Other references; and the parent once more when the span only follows from it ([`Span::follows`]).
    pub links: Vec<Link>,
    /// Index into [`Trace::processes`].
    pub process: u32,
    /// What it does.
    pub operation: Arc<str>,
    /// Which part of a call.
    pub kind: SpanKind,
    /// When it began by its own host's clock, ns since the epoch.
    pub start_ns: i64,
    /// How long it took, ns. Negative as broken tracers write it.
    pub duration_ns: i64,
    /// Whether it failed (`error=true`, `otel.status_code=ERROR`, status code 2).
    pub error: bool,
    /// What it says of itself.
    pub tags: Vec<Tag>,
    /// What it noted, in the store's order.
    pub events: Vec<SpanEvent>,
    /// What the store found odd, in its own words.
    pub warnings: Vec<String>,
}

impl Span {
    /// When it ended; never before it began.
    pub fn end_ns(&self) -> i64 {
        self.start_ns.saturating_add(self.duration_ns.max(0))
    }

    /// Whether it follows from its parent without the parent waiting for it (OpenTracing's `FOLLOWS_FROM`): then its
    /// parent, in `trace`, is among its links too.
    pub fn follows(&self, trace: TraceId) -> bool {
        let is_parent = |l: &Link| l.trace == trace && Some(l.span) == self.parent;
        self.links.iter().any(is_parent)
    }

    /// The value of tag `key`.
    pub fn tag(&self, key: &str) -> Option<&TagValue> {
        self.tags.iter().find(|t| &*t.key == key).map(|t| &t.value)
    }
}

/// A trace. [`Span::process`] is always an index of [`Trace::processes`]; nothing else about it can be relied on: ids may
/// repeat, parents may lack or form a ring.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trace {
    /// Its id.
    pub id: TraceId,
    /// The spans in the store's order.
    pub spans: Vec<Span>,
    /// What ran them.
    pub processes: Vec<Process>,
    /// What the store found odd, in its own words, and codes of what we dropped (see the decoder).
    pub warnings: Vec<String>,
}

impl Trace {
    /// The service of a span; empty when its index is none.
    pub fn service(&self, span: &Span) -> &str {
        self.processes
            .get(span.process as usize)
            .map_or("", |p| &p.service)
    }

    /// From the first beginning to the last end, ns since the epoch; `None` without spans.
    pub fn extent_ns(&self) -> Option<(i64, i64)> {
        let start = self.spans.iter().map(|s| s.start_ns).min()?;
        let end = self.spans.iter().map(Span::end_ns).max()?;
        Some((start, end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_by_name() {
        for kind in [
            SpanKind::Internal,
            SpanKind::Server,
            SpanKind::Client,
            SpanKind::Producer,
            SpanKind::Consumer,
        ] {
            assert_eq!(SpanKind::named(kind.name()), kind);
        }
        assert_eq!(SpanKind::named("SERVER"), SpanKind::Server);
        assert_eq!(SpanKind::named("?"), SpanKind::Internal);
    }
}
