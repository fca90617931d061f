//! OpenTelemetry's JSON as v3 sends it: ids in hexadecimal, kinds and status as numbers, nanoseconds and whole numbers as text,
//! what is empty left out.

use super::classic_json::{Seq, binary};
use super::warnings;
use model::trace::{Process, Span, SpanEvent, SpanKind, Tag, TagValue, Trace};
use serde::ser::{SerializeMap, SerializeStruct};
use serde::{Serialize, Serializer};
use std::sync::Arc;

/// Under which name the warnings of a span travel.
const WARNINGS: &str = "@jaeger@warnings";

/// All traces of an answer in one document, one entry for each process of each trace.
pub(super) struct Traces {
    pub(super) traces: Vec<Arc<Trace>>,
    pub(super) raw: bool,
}

impl Serialize for Traces {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let found: Vec<Vec<Vec<String>>> = self
            .traces
            .iter()
            .map(|t| {
                if self.raw {
                    Vec::new()
                } else {
                    warnings::of(t)
                }
            })
            .collect();
        let parts: Vec<Part<'_>> = self
            .traces
            .iter()
            .zip(&found)
            .flat_map(|(trace, warnings)| {
                (0..trace.processes.len()).map(move |i| Part::new(trace, i, warnings))
            })
            .filter(|p| !p.spans.is_empty())
            .collect();
        let mut out = s.serialize_map(Some(1))?;
        out.serialize_entry("resourceSpans", &parts)?;
        out.end()
    }
}

/// The spans of one process.
struct Part<'a> {
    trace: String,
    process: &'a Process,
    spans: Vec<(&'a Span, &'a [String])>,
}

impl<'a> Part<'a> {
    fn new(trace: &'a Trace, process: usize, warnings: &'a [Vec<String>]) -> Self {
        let spans = trace.spans.iter().enumerate();
        Self {
            trace: trace.id.to_string(),
            process: &trace.processes[process],
            spans: spans
                .filter(|(_, s)| s.process as usize == process)
                .map(|(i, s)| (s, warnings.get(i).map_or(&[][..], Vec::as_slice)))
                .collect(),
        }
    }
}

impl Serialize for Part<'_> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Scope<T> {
            scope: Named,
            spans: T,
        }
        #[derive(Serialize)]
        struct Named {
            name: &'static str,
        }
        let spans = self.spans.iter().map(|(span, warnings)| OneSpan {
            trace: &self.trace,
            span,
            warnings,
        });
        let scope = Scope {
            scope: Named {
                name: "restaurant/instrumentation",
            },
            spans: Seq(spans),
        };
        let mut out = s.serialize_struct("ResourceSpans", 2)?;
        out.serialize_field("resource", &Resource(self.process))?;
        out.serialize_field("scopeSpans", &[scope])?;
        out.end()
    }
}

struct Resource<'a>(&'a Process);

impl Serialize for Resource<'_> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let name = Tag {
            key: "service.name".into(),
            value: TagValue::Text(self.0.service.clone()),
        };
        let all: Vec<Attribute<'_>> = std::iter::once(&name)
            .chain(&self.0.tags)
            .map(Attribute)
            .collect();
        let mut out = s.serialize_struct("Resource", 1)?;
        out.serialize_field("attributes", &all)?;
        out.end()
    }
}

struct OneSpan<'a> {
    trace: &'a str,
    span: &'a Span,
    warnings: &'a [String],
}

/// The number of a kind.
fn kind(kind: SpanKind) -> u8 {
    match kind {
        SpanKind::Internal => 1,
        SpanKind::Server => 2,
        SpanKind::Client => 3,
        SpanKind::Producer => 4,
        SpanKind::Consumer => 5,
    }
}

impl Serialize for OneSpan<'_> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let span = self.span;
        let mut out = s.serialize_map(None)?;
        out.serialize_entry("traceId", self.trace)?;
        out.serialize_entry("spanId", &span.id.to_string())?;
        if let Some(parent) = span.parent {
            out.serialize_entry("parentSpanId", &parent.to_string())?;
        }
        out.serialize_entry("name", &*span.operation)?;
        out.serialize_entry("kind", &kind(span.kind))?;
        out.serialize_entry("startTimeUnixNano", &span.start_ns.to_string())?;
        let end = span.start_ns.saturating_add(span.duration_ns);
        out.serialize_entry("endTimeUnixNano", &end.to_string())?;
        if !span.tags.is_empty() || !self.warnings.is_empty() {
            out.serialize_entry("attributes", &Attributes(self))?;
        }
        if !span.events.is_empty() {
            out.serialize_entry("events", &Seq(span.events.iter().map(Event)))?;
        }
        if !span.links.is_empty() {
            #[derive(Serialize)]
            #[serde(rename_all = "camelCase")]
            struct Link {
                trace_id: String,
                span_id: String,
            }
            let links = span.links.iter().map(|l| Link {
                trace_id: l.trace.to_string(),
                span_id: l.span.to_string(),
            });
            out.serialize_entry("links", &Seq(links))?;
        }
        out.serialize_entry("status", &Status(span.error))?;
        out.end()
    }
}

struct Status(bool);

impl Serialize for Status {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let mut out = s.serialize_map(Some(usize::from(self.0)))?;
        if self.0 {
            out.serialize_entry("code", &2)?;
        }
        out.end()
    }
}

struct Attributes<'a>(&'a OneSpan<'a>);

impl Serialize for Attributes<'_> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let warnings = (!self.0.warnings.is_empty()).then_some(Either::Warnings(self.0.warnings));
        let tags = self.0.span.tags.iter().map(|t| Either::Tag(Attribute(t)));
        s.collect_seq(tags.chain(warnings))
    }
}

#[derive(Serialize)]
#[serde(untagged)]
enum Either<'a> {
    Tag(Attribute<'a>),
    #[serde(serialize_with = "warned")]
    Warnings(&'a [String]),
}

fn warned<S: Serializer>(warnings: &[String], s: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Text<'a> {
        string_value: &'a str,
    }
    let values: Vec<Text<'_>> = warnings.iter().map(|w| Text { string_value: w }).collect();
    let mut out = s.serialize_struct("KeyValue", 2)?;
    out.serialize_field("key", WARNINGS)?;
    out.serialize_field(
        "value",
        &serde_json::json!({"arrayValue": {"values": values}}),
    )?;
    out.end()
}

struct Attribute<'a>(&'a Tag);

impl Serialize for Attribute<'_> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let mut out = s.serialize_struct("KeyValue", 2)?;
        out.serialize_field("key", &*self.0.key)?;
        out.serialize_field("value", &Value(&self.0.value))?;
        out.end()
    }
}

struct Value<'a>(&'a TagValue);

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let mut out = s.serialize_map(Some(1))?;
        match self.0 {
            TagValue::Text(text) => out.serialize_entry("stringValue", &**text),
            TagValue::Bool(b) => out.serialize_entry("boolValue", b),
            TagValue::Int(n) => out.serialize_entry("intValue", &n.to_string()),
            TagValue::Float(x) => out.serialize_entry("doubleValue", x),
            TagValue::Binary(n) => out.serialize_entry("bytesValue", &binary(*n)),
        }?;
        out.end()
    }
}

/// What a span noted; its field `event` is the name.
struct Event<'a>(&'a SpanEvent);

impl Serialize for Event<'_> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let name = self.0.fields.iter().find(|f| &*f.key == "event");
        let rest = self.0.fields.iter().filter(|f| &*f.key != "event");
        let mut out = s.serialize_map(None)?;
        out.serialize_entry("timeUnixNano", &self.0.at_ns.to_string())?;
        if let Some(name) = name {
            out.serialize_entry("name", &name.value.to_string())?;
        }
        let attributes: Vec<Attribute<'_>> = rest.map(Attribute).collect();
        if !attributes.is_empty() {
            out.serialize_entry("attributes", &attributes)?;
        }
        out.end()
    }
}
