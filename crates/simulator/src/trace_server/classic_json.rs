//! The classic API's JSON, written straight from the spans.

use super::warnings;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use model::trace::{Span, SpanEvent, Tag, TagValue, Trace};
use serde::ser::{SerializeMap, SerializeStruct};
use serde::{Serialize, Serializer};
use std::sync::Arc;

/// Whole numbers beyond this are sent as text, because JavaScript cannot hold them.
const SAFE: i64 = (1 << 53) - 1;
/// Bytes of a binary tag that are made up for it at most; the model keeps only their number.
const MOST_BYTES: usize = 1 << 16;

/// What every answer is wrapped in.
#[derive(Serialize)]
pub(super) struct Envelope<T> {
    pub(super) data: T,
    /// Only lists of services and operations count.
    pub(super) total: usize,
    pub(super) limit: u32,
    pub(super) offset: u32,
    pub(super) errors: Option<Vec<Problem>>,
}

impl<T> Envelope<T> {
    pub(super) fn of(data: T, total: usize) -> Self {
        Self {
            data,
            total,
            limit: 0,
            offset: 0,
            errors: None,
        }
    }
}

/// Something that went wrong.
#[derive(Serialize)]
pub(super) struct Problem {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) code: Option<u16>,
    pub(super) msg: String,
    #[serde(rename = "traceID", skip_serializing_if = "Option::is_none")]
    pub(super) trace_id: Option<String>,
}

/// A trace, as received or with what Jaeger finds odd in it.
pub(super) struct ClassicTrace {
    pub(super) trace: Arc<Trace>,
    pub(super) raw: bool,
}

impl Serialize for ClassicTrace {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let trace = &*self.trace;
        let id = trace.id.to_string();
        let found = if self.raw {
            Vec::new()
        } else {
            warnings::of(trace)
        };
        let spans = trace.spans.iter().enumerate().map(|(i, span)| ClassicSpan {
            trace: &id,
            span,
            warnings: found.get(i).map_or(&[], Vec::as_slice),
        });
        let mut out = s.serialize_struct("Trace", 4)?;
        out.serialize_field("traceID", &id)?;
        out.serialize_field("spans", &Seq(spans))?;
        out.serialize_field("processes", &Processes(trace))?;
        out.serialize_field("warnings", &Warnings(&trace.warnings))?;
        out.end()
    }
}

/// What an iterator gives, as a list.
pub(super) struct Seq<I>(pub(super) I);

impl<I> Serialize for Seq<I>
where
    I: Iterator + Clone,
    I::Item: Serialize,
{
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_seq(self.0.clone())
    }
}

/// No warnings are `null`.
struct Warnings<'a>(&'a [String]);

impl Serialize for Warnings<'_> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        if self.0.is_empty() {
            s.serialize_none()
        } else {
            s.collect_seq(self.0)
        }
    }
}

struct Processes<'a>(&'a Trace);

impl Serialize for Processes<'_> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Process<'a> {
            #[serde(rename = "serviceName")]
            service: &'a str,
            tags: Vec<KeyValue<'a>>,
        }
        let mut map = s.serialize_map(Some(self.0.processes.len()))?;
        for (i, process) in self.0.processes.iter().enumerate() {
            let one = Process {
                service: &process.service,
                tags: process.tags.iter().map(KeyValue).collect(),
            };
            map.serialize_entry(&format!("p{}", i + 1), &one)?;
        }
        map.end()
    }
}

struct ClassicSpan<'a> {
    trace: &'a str,
    span: &'a Span,
    warnings: &'a [String],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Reference<'a> {
    ref_type: &'static str,
    #[serde(rename = "traceID")]
    trace: &'a str,
    #[serde(rename = "spanID")]
    span: String,
}

impl Serialize for ClassicSpan<'_> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let span = self.span;
        let mut out = s.serialize_struct("Span", 11)?;
        out.serialize_field("traceID", self.trace)?;
        out.serialize_field("spanID", &span.id.to_string())?;
        out.serialize_field("flags", &1)?;
        out.serialize_field("operationName", &*span.operation)?;
        out.serialize_field("references", &References(self))?;
        out.serialize_field("startTime", &micros(span.start_ns))?;
        out.serialize_field("duration", &micros(span.duration_ns))?;
        out.serialize_field("tags", &Tags(span))?;
        out.serialize_field("logs", &Seq(span.events.iter().map(Log)))?;
        out.serialize_field("processID", &format!("p{}", u64::from(span.process) + 1))?;
        out.serialize_field("warnings", &Warnings(self.warnings))?;
        out.end()
    }
}

/// Whole microseconds; time before the epoch is none.
fn micros(ns: i64) -> i64 {
    ns.div_euclid(1000)
}

struct References<'a>(&'a ClassicSpan<'a>);

impl Serialize for References<'_> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let span = self.0.span;
        let parent = span
            .parent
            .map(|id| (self.0.trace.to_owned(), id, "CHILD_OF"));
        let links = span
            .links
            .iter()
            .map(|l| (l.trace.to_string(), l.span, "FOLLOWS_FROM"));
        let all: Vec<(String, _, _)> = parent.into_iter().chain(links).collect();
        s.collect_seq(all.iter().map(|(trace, id, ref_type)| Reference {
            ref_type,
            trace,
            span: id.to_string(),
        }))
    }
}

/// The span's tags, and what OpenTelemetry's kind and status become.
struct Tags<'a>(&'a Span);

impl Serialize for Tags<'_> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let span = self.0;
        let has = |key: &str| span.tags.iter().any(|t| &*t.key == key);
        let text = |key: &str, value: &str| Tag {
            key: key.into(),
            value: TagValue::Text(value.into()),
        };
        let mut more = Vec::new();
        if !has("span.kind") {
            more.push(text("span.kind", span.kind.name()));
        }
        if span.error && !has("otel.status_code") {
            more.push(text("otel.status_code", "ERROR"));
        }
        if span.error && !has("error") {
            more.push(Tag {
                key: "error".into(),
                value: TagValue::Bool(true),
            });
        }
        s.collect_seq(span.tags.iter().chain(&more).map(KeyValue))
    }
}

struct Log<'a>(&'a SpanEvent);

impl Serialize for Log<'_> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let mut out = s.serialize_struct("Log", 2)?;
        out.serialize_field("timestamp", &micros(self.0.at_ns))?;
        out.serialize_field("fields", &Seq(self.0.fields.iter().map(KeyValue)))?;
        out.end()
    }
}

struct KeyValue<'a>(&'a Tag);

impl Serialize for KeyValue<'_> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let mut out = s.serialize_struct("KeyValue", 3)?;
        out.serialize_field("key", &*self.0.key)?;
        match &self.0.value {
            TagValue::Text(text) => value(&mut out, "string", &**text),
            TagValue::Bool(b) => value(&mut out, "bool", b),
            TagValue::Int(n) if (-SAFE..=SAFE).contains(n) => value(&mut out, "int64", n),
            TagValue::Int(n) => value(&mut out, "int64", &n.to_string()),
            TagValue::Float(x) => value(&mut out, "float64", x),
            TagValue::Binary(n) => value(&mut out, "binary", &binary(*n)),
        }?;
        out.end()
    }
}

/// As many bytes as there were, in base64; what they were is not known.
pub(super) fn binary(count: usize) -> String {
    STANDARD.encode(vec![0_u8; count.min(MOST_BYTES)])
}

fn value<O: SerializeStruct, V: Serialize + ?Sized>(
    out: &mut O,
    kind: &str,
    value: &V,
) -> Result<(), O::Error> {
    out.serialize_field("type", kind)?;
    out.serialize_field("value", value)
}
