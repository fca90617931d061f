//! Traces as `/api/v3` has them: OpenTelemetry's `ResourceSpans` in JSON of protobuf, those of all traces in one document, read in
//! one pass and sorted apart by trace.

mod parts;
mod resource;

use super::any::Attributes;
use super::ids;
use super::kit::{Kit, failed, kind};
use super::limits::{Odd, Oddities, TraceLimits};
use super::lists::Fault;
use super::loose::{Each, Loose, scalars_are, skip_map, skip_seq};
use hashbrown::HashMap;
use model::trace::{Link, Process, Span, SpanEvent, SpanKind, Tag, TagValue, Trace, TraceId};
use parts::{Events, Links, Status, StatusSeed};
use resource::{Named, Resource, Said, named};
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt::{self, Write as _};
use std::sync::Arc;

/// Reads documents with `resourceSpans`; several may follow one another.
pub(super) struct Merged<'l> {
    kit: Kit<'l>,
    traces: Vec<Part>,
    by_id: HashMap<TraceId, usize>,
    resources: Vec<Process>,
    /// Resources by what they say: many servers repeat the resource for every span.
    same: HashMap<String, u32>,
    pub fault: Option<Fault>,
    /// Whether there were any `resourceSpans`.
    pub found: bool,
    /// Oddities that are of no trace.
    pub odd: Oddities,
}

/// A trace while its spans come in.
struct Part {
    id: TraceId,
    /// Their `process` is the number of a resource of the whole answer.
    spans: Vec<Span>,
    odd: Oddities,
}

impl<'l> Merged<'l> {
    pub(super) fn new(limits: &'l TraceLimits) -> Self {
        Self {
            kit: Kit::new(limits),
            traces: Vec::new(),
            by_id: HashMap::new(),
            resources: Vec::new(),
            same: HashMap::new(),
            fault: None,
            found: false,
            odd: Oddities::default(),
        }
    }

    /// The traces in the order in which they began to come.
    pub(super) fn finish(self) -> Vec<Trace> {
        let resources = self.resources;
        let own = |mut part: Part| {
            let mut numbers: HashMap<u32, u32> = HashMap::new();
            let mut processes = Vec::new();
            for span in &mut part.spans {
                let resource = span.process;
                span.process = *numbers.entry(resource).or_insert_with(|| {
                    processes.extend(resources.get(resource as usize).cloned());
                    u32::try_from(processes.len().saturating_sub(1)).unwrap_or(u32::MAX)
                });
            }
            part.spans.shrink_to_fit();
            Trace {
                id: part.id,
                spans: part.spans,
                processes,
                warnings: part.odd.texts().collect(),
            }
        };
        self.traces.into_iter().map(own).collect()
    }

    /// A number for this resource.
    fn resource(&mut self, resource: Process) -> u32 {
        let mut said = String::new();
        said.push_str(&resource.service);
        for tag in &resource.tags {
            // writing into a text cannot fail
            let _ = write!(said, "\0{}\0{:?}", tag.key, tag.value);
        }
        let next = u32::try_from(self.resources.len()).unwrap_or(u32::MAX);
        let number = *self.same.entry(said).or_insert(next);
        if number == next {
            self.resources.push(resource);
        }
        number
    }

    fn put(&mut self, trace: TraceId, span: Span) {
        let odd = std::mem::take(&mut self.kit.odd);
        let next = self.traces.len();
        if next >= self.kit.limits.traces && !self.by_id.contains_key(&trace) {
            self.odd.note(Odd::SpansDropped);
            return;
        }
        let at = *self.by_id.entry(trace).or_insert(next);
        if at == next {
            self.traces.push(Part {
                id: trace,
                spans: Vec::new(),
                odd: Oddities::default(),
            });
        }
        if let Some(part) = self.traces.get_mut(at) {
            part.odd.add(&odd);
            part.spans.push(span);
        }
    }
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "camelCase")]
enum DocumentField {
    Result,
    #[serde(alias = "resource_spans")]
    ResourceSpans,
    Error,
    #[serde(other)]
    Other,
}

/// `{"result":{"resourceSpans":[…]}}`, or without the wrapper as old servers had it.
pub(super) struct Document<'r, 'l>(pub &'r mut Merged<'l>);

impl<'de> DeserializeSeed<'de> for Document<'_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<(), D::Error> {
        d.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Document<'_, '_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a document of spans")
    }
    scalars_are!(());
    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<(), A::Error> {
        skip_seq(seq)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(field) = map.next_key()? {
            match field {
                DocumentField::Result => {
                    // an empty answer lacks the list, because empty lists are not written
                    self.0.found = true;
                    map.next_value_seed(Document(&mut *self.0))?;
                }
                DocumentField::ResourceSpans => {
                    self.0.found = true;
                    map.next_value_seed(Each(&mut *self.0))?;
                }
                DocumentField::Error => self.0.fault = Some(map.next_value()?),
                DocumentField::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "camelCase")]
enum ResourceSpansField {
    Resource,
    #[serde(
        alias = "scope_spans",
        alias = "instrumentationLibrarySpans",
        alias = "instrumentation_library_spans"
    )]
    ScopeSpans,
    #[serde(other)]
    Other,
}

/// One element of `resourceSpans`.
impl<'de> DeserializeSeed<'de> for &mut Merged<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<(), D::Error> {
        d.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &mut Merged<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("spans of a resource")
    }
    scalars_are!(());
    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<(), A::Error> {
        skip_seq(seq)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut resource = None;
        // spans that come before their resource
        let mut waiting = Vec::new();
        while let Some(field) = map.next_key()? {
            match field {
                ResourceSpansField::Resource => {
                    let process = map.next_value_seed(Resource(&mut self.kit))?;
                    resource = Some(self.resource(process));
                }
                ResourceSpansField::ScopeSpans => {
                    let mut scopes = Scopes {
                        kit: &mut self.kit,
                        odd: &mut self.odd,
                        spans: Vec::new(),
                    };
                    map.next_value_seed(Each(&mut scopes))?;
                    waiting.append(&mut scopes.spans);
                }
                ResourceSpansField::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        let number = match resource {
            Some(number) => number,
            None => {
                let service = self.kit.text("");
                self.resource(Process {
                    service,
                    tags: Vec::new(),
                })
            }
        };
        for (trace, odd, mut span) in waiting {
            span.process = number;
            self.kit.odd = odd;
            self.put(trace, span);
        }
        Ok(())
    }
}

/// The scopes of one resource.
struct Scopes<'r, 'l> {
    kit: &'r mut Kit<'l>,
    odd: &'r mut Oddities,
    spans: Vec<(TraceId, Oddities, Span)>,
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "camelCase")]
enum ScopeField {
    #[serde(alias = "instrumentationLibrary")]
    Scope,
    Spans,
    #[serde(other)]
    Other,
}

impl<'de> DeserializeSeed<'de> for &mut Scopes<'_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<(), D::Error> {
        d.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &mut Scopes<'_, '_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("spans of a scope")
    }
    scalars_are!(());
    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<(), A::Error> {
        skip_seq(seq)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut scope = Said::default();
        let first = self.spans.len();
        while let Some(field) = map.next_key()? {
            match field {
                ScopeField::Scope => scope = map.next_value_seed(Named(self.kit))?,
                ScopeField::Spans => map.next_value_seed(Each(&mut Spans(self)))?,
                ScopeField::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        // as the classic API shows them, so that a trace looks the same by either
        let parts = [
            ("otel.scope.name", scope.name),
            ("otel.scope.version", scope.version),
        ];
        for (key, value) in parts {
            let Some(value) = value else { continue };
            let key = self.kit.text(key);
            for (_, _, span) in self.spans.iter_mut().skip(first) {
                span.tags.reserve_exact(1);
                span.tags.push(Tag {
                    key: key.clone(),
                    value: TagValue::Text(value.clone()),
                });
            }
        }
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "camelCase")]
enum SpanField {
    #[serde(alias = "trace_id")]
    TraceId,
    #[serde(alias = "span_id")]
    SpanId,
    #[serde(alias = "parent_span_id")]
    ParentSpanId,
    Name,
    Kind,
    #[serde(alias = "start_time_unix_nano")]
    StartTimeUnixNano,
    #[serde(alias = "end_time_unix_nano")]
    EndTimeUnixNano,
    Attributes,
    Events,
    Links,
    Status,
    #[serde(other)]
    Other,
}

/// A span as it stands.
#[derive(Default)]
struct Raw {
    trace: Option<TraceId>,
    id: Option<model::trace::SpanId>,
    parent: Option<model::trace::SpanId>,
    name: Option<Arc<str>>,
    kind: Option<SpanKind>,
    start_ns: Option<i64>,
    end_ns: Option<i64>,
    tags: Vec<Tag>,
    events: Vec<SpanEvent>,
    links: Vec<Link>,
    status: Status,
}

struct Spans<'x, 'r, 'l>(&'x mut Scopes<'r, 'l>);

impl<'de> DeserializeSeed<'de> for &mut Spans<'_, '_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<(), D::Error> {
        d.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &mut Spans<'_, '_, '_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a span")
    }
    scalars_are!(this => this.0.odd.note(Odd::SpanRefused));
    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<(), A::Error> {
        self.0.odd.note(Odd::SpanRefused);
        skip_seq(seq)
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        let scopes = &mut *self.0;
        // those noted so far belong to no span (a resource, a scope)
        scopes.odd.add(&std::mem::take(&mut scopes.kit.odd));
        if !scopes.kit.another_span() {
            scopes.odd.add(&std::mem::take(&mut scopes.kit.odd));
            return skip_map(map);
        }
        let raw = read(scopes.kit, map)?;
        let trace = raw.trace;
        let span = raw.span(scopes.kit);
        let mut odd = std::mem::take(&mut scopes.kit.odd);
        match (trace, span) {
            (Some(trace), Some(span)) => scopes.spans.push((trace, odd, span)),
            _ => {
                odd.note(Odd::SpanRefused);
                scopes.odd.add(&odd);
            }
        }
        Ok(())
    }
}

fn read<'de, A: MapAccess<'de>>(kit: &mut Kit<'_>, mut map: A) -> Result<Raw, A::Error> {
    let mut raw = Raw::default();
    while let Some(field) = map.next_key()? {
        match field {
            SpanField::TraceId => {
                raw.trace = map.next_value::<Loose<'_>>()?.text().and_then(ids::trace);
            }
            SpanField::SpanId => {
                raw.id = map.next_value::<Loose<'_>>()?.text().and_then(ids::span);
            }
            SpanField::ParentSpanId => {
                raw.parent = map.next_value::<Loose<'_>>()?.text().and_then(ids::span);
            }
            SpanField::Name => raw.name = named(&mut map, kit)?,
            SpanField::Kind => raw.kind = span_kind(&map.next_value()?),
            SpanField::StartTimeUnixNano => raw.start_ns = map.next_value::<Loose<'_>>()?.int(),
            SpanField::EndTimeUnixNano => raw.end_ns = map.next_value::<Loose<'_>>()?.int(),
            SpanField::Attributes => {
                map.next_value_seed(Each(&mut Attributes(kit)))?;
                raw.tags = kit.tags();
            }
            SpanField::Events => {
                let mut events = Events {
                    kit,
                    list: Vec::new(),
                };
                map.next_value_seed(Each(&mut events))?;
                events.list.shrink_to_fit();
                raw.events = events.list;
            }
            SpanField::Links => {
                let mut links = Links {
                    kit,
                    list: Vec::new(),
                };
                map.next_value_seed(Each(&mut links))?;
                raw.links = links.list;
            }
            SpanField::Status => raw.status = map.next_value_seed(StatusSeed(kit))?,
            SpanField::Other => {
                map.next_value::<IgnoredAny>()?;
            }
        }
    }
    Ok(raw)
}

/// By number (`opentelemetry/proto/trace/v1/trace.proto`) or by name.
fn span_kind(value: &Loose<'_>) -> Option<SpanKind> {
    Some(match (value.int(), value.text()) {
        (Some(2), _) => SpanKind::Server,
        (Some(3), _) => SpanKind::Client,
        (Some(4), _) => SpanKind::Producer,
        (Some(5), _) => SpanKind::Consumer,
        (Some(1), _) => SpanKind::Internal,
        (None, Some(name)) => SpanKind::named(name.strip_prefix("SPAN_KIND_").unwrap_or(name)),
        _ => return None,
    })
}

impl Raw {
    /// The span; `None` when it has no id or no beginning.
    fn span(mut self, kit: &mut Kit<'_>) -> Option<Span> {
        let (id, start_ns) = (self.id?, self.start_ns.filter(|at| *at != 0)?);
        let duration_ns = match self.end_ns {
            Some(end) => end.saturating_sub(start_ns),
            None => {
                kit.odd.note(Odd::BadDuration);
                0
            }
        };
        let status = std::mem::take(&mut self.status);
        let error = status.error || failed(&self.tags);
        self.tags.reserve_exact(2);
        if let Some(word) = status.word() {
            self.tags.push(Tag {
                key: kit.text("otel.status_code"),
                value: TagValue::Text(kit.text(word)),
            });
        }
        if let Some(message) = status.message {
            self.tags.push(Tag {
                key: kit.text("otel.status_description"),
                value: TagValue::Text(message),
            });
        }
        self.tags.shrink_to_fit();
        Some(Span {
            id,
            parent: self.parent,
            links: self.links,
            process: 0,
            operation: match self.name {
                Some(name) => name,
                None => kit.text(""),
            },
            kind: self.kind.unwrap_or_else(|| kind(&self.tags)),
            start_ns,
            duration_ns,
            error,
            tags: self.tags,
            events: self.events,
            warnings: Vec::new(),
        })
    }
}
