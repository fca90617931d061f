//! Traces as the classic API under `/api` has them (`model/json/model.go` of Jaeger), read in one pass over the text.

mod parts;

use super::ids;
use super::kit::{Kit, failed, kind};
use super::limits::{Odd, Oddities, TraceLimits};
use super::lists::{Fault, FaultList, texts};
use super::loose::{Each, ListOrNot, Loose, scalars_are, skip_map, skip_seq};
use hashbrown::HashMap;
use model::trace::{Link, Process, Span, SpanEvent, SpanId, Tag, Trace, TraceId};
use parts::{Events, OneProcess, Reference, References, span_id};
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;
use std::sync::Arc;

/// Reads `data` of the envelope: a list of traces.
pub(super) struct Traces<'l> {
    kit: Kit<'l>,
    pub traces: Vec<Trace>,
    pub faults: Vec<Fault>,
    /// Whether there was an envelope at all.
    pub is_envelope: bool,
    /// Oddities that are of no trace.
    pub odd: Oddities,
}

impl<'l> Traces<'l> {
    pub(super) fn new(limits: &'l TraceLimits) -> Self {
        Self {
            kit: Kit::new(limits),
            traces: Vec::new(),
            faults: Vec::new(),
            is_envelope: false,
            odd: Oddities::default(),
        }
    }
}

/// The envelope `{"data":…,"total":…,"limit":…,"offset":…,"errors":…}`.
pub(super) struct Envelope<'r, 'l>(pub &'r mut Traces<'l>);

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum EnvelopeField {
    Data,
    Errors,
    #[serde(other)]
    Other,
}

impl<'de> DeserializeSeed<'de> for Envelope<'_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<(), D::Error> {
        d.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Envelope<'_, '_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an envelope")
    }
    scalars_are!(());
    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<(), A::Error> {
        skip_seq(seq)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let all = self.0;
        while let Some(field) = map.next_key()? {
            match field {
                EnvelopeField::Data => {
                    all.is_envelope |= map.next_value_seed(ListOrNot(&mut *all))?;
                }
                EnvelopeField::Errors => map.next_value_seed(FaultList(&mut all.faults))?,
                EnvelopeField::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "camelCase")]
enum TraceField {
    #[serde(rename = "traceID", alias = "traceId")]
    TraceId,
    Spans,
    Processes,
    Warnings,
    #[serde(other)]
    Other,
}

impl<'de> DeserializeSeed<'de> for &mut Traces<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<(), D::Error> {
        d.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &mut Traces<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a trace")
    }
    scalars_are!(());
    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<(), A::Error> {
        skip_seq(seq)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        if self.traces.len() >= self.kit.limits.traces {
            self.odd.note(Odd::SpansDropped);
            return skip_map(map);
        }
        let mut one = Spans {
            kit: &mut self.kit,
            trace: None,
            stated: HashMap::new(),
            first: None,
            spans: Vec::new(),
            processes: Processes::default(),
        };
        let mut warnings = Vec::new();
        while let Some(field) = map.next_key()? {
            match field {
                TraceField::TraceId => {
                    let id: Loose<'_> = map.next_value()?;
                    one.trace = id.text().and_then(ids::trace);
                }
                TraceField::Spans => map.next_value_seed(Each(&mut one))?,
                TraceField::Processes => map.next_value_seed(ProcessMap(&mut one))?,
                TraceField::Warnings => warnings = map.next_value_seed(texts())?,
                TraceField::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        match one.finish(warnings) {
            Ok(trace) => self.traces.push(trace),
            Err(odd) => self.odd.add(&odd),
        }
        Ok(())
    }
}

/// Processes by the names (`p1`, …) by which spans call them; spans come first, so names are numbered as they appear.
#[derive(Default)]
struct Processes {
    numbers: HashMap<Arc<str>, u32>,
    known: Vec<Option<Process>>,
    /// The one of spans that name none.
    nameless: Option<u32>,
}

impl Processes {
    fn new_number(&mut self) -> u32 {
        self.known.push(None);
        u32::try_from(self.known.len() - 1).unwrap_or(u32::MAX)
    }

    fn number(&mut self, name: Arc<str>) -> u32 {
        if let Some(number) = self.numbers.get(&name) {
            return *number;
        }
        let number = self.new_number();
        self.numbers.insert(name, number);
        number
    }

    fn nameless(&mut self) -> u32 {
        if let Some(number) = self.nameless {
            return number;
        }
        let number = self.new_number();
        self.nameless = Some(number);
        number
    }

    fn set(&mut self, number: u32, process: Process) {
        if let Some(slot) = self.known.get_mut(number as usize) {
            *slot = Some(process);
        }
    }
}

/// The spans of one trace.
struct Spans<'r, 'l> {
    kit: &'r mut Kit<'l>,
    trace: Option<TraceId>,
    /// The first id that a span says its trace has.
    first: Option<TraceId>,
    /// How many spans say so of each id; the trace's own may come after them.
    stated: HashMap<TraceId, u32>,
    spans: Vec<Span>,
    processes: Processes,
}

impl Spans<'_, '_> {
    /// The trace, or only what was odd when nothing of it can be taken.
    fn finish(mut self, warnings: Vec<String>) -> Result<Trace, Oddities> {
        for span in &self.spans {
            let known = self.processes.known.get(span.process as usize);
            if !matches!(known, Some(Some(_))) {
                self.kit.odd.note(Odd::MissingProcess);
            }
        }
        let id = self.trace.or(self.first);
        for (_, spans) in self.stated.iter().filter(|(of, _)| Some(**of) != id) {
            (0..*spans).for_each(|_| self.kit.odd.note(Odd::ForeignSpan));
        }
        let odd = std::mem::take(&mut self.kit.odd);
        let id = id.ok_or(odd)?;
        let unknown = self.kit.text("");
        let process = |known: Option<Process>| {
            known.unwrap_or_else(|| Process {
                service: unknown.clone(),
                tags: Vec::new(),
            })
        };
        self.spans.shrink_to_fit();
        Ok(Trace {
            id,
            spans: self.spans,
            processes: self.processes.known.into_iter().map(process).collect(),
            warnings: warnings.into_iter().chain(odd.texts()).collect(),
        })
    }
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "camelCase")]
enum SpanField {
    #[serde(rename = "traceID", alias = "traceId")]
    TraceId,
    #[serde(rename = "spanID", alias = "spanId")]
    SpanId,
    #[serde(rename = "parentSpanID", alias = "parentSpanId")]
    ParentSpanId,
    OperationName,
    References,
    StartTime,
    Duration,
    Tags,
    Logs,
    #[serde(rename = "processID", alias = "processId")]
    ProcessId,
    Process,
    Warnings,
    #[serde(other)]
    Other,
}

/// A span as it stands.
#[derive(Default)]
struct Raw {
    trace: Option<TraceId>,
    id: Option<SpanId>,
    parent: Option<SpanId>,
    operation: Option<Arc<str>>,
    references: Vec<Reference>,
    start_us: Option<i64>,
    duration_us: Option<i64>,
    tags: Vec<Tag>,
    events: Vec<SpanEvent>,
    process: Option<u32>,
    warnings: Vec<String>,
}

impl<'de> DeserializeSeed<'de> for &mut Spans<'_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<(), D::Error> {
        d.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &mut Spans<'_, '_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a span")
    }
    scalars_are!(this => this.kit.odd.note(Odd::SpanRefused));
    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<(), A::Error> {
        self.kit.odd.note(Odd::SpanRefused);
        skip_seq(seq)
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        if !self.kit.another_span() {
            return skip_map(map);
        }
        let raw = self.read(map)?;
        match self.span(raw) {
            Some(span) => self.spans.push(span),
            None => self.kit.odd.note(Odd::SpanRefused),
        }
        Ok(())
    }
}

impl Spans<'_, '_> {
    fn read<'de, A: MapAccess<'de>>(&mut self, mut map: A) -> Result<Raw, A::Error> {
        let mut raw = Raw::default();
        while let Some(field) = map.next_key()? {
            match field {
                SpanField::TraceId => {
                    let id: Loose<'_> = map.next_value()?;
                    raw.trace = id.text().and_then(ids::trace);
                }
                SpanField::SpanId => raw.id = span_id(&mut map)?,
                SpanField::ParentSpanId => raw.parent = span_id(&mut map)?,
                SpanField::OperationName => {
                    let name: Loose<'_> = map.next_value()?;
                    raw.operation = name.text().map(|n| self.kit.text(n));
                }
                SpanField::References => {
                    let mut list = References {
                        kit: self.kit,
                        list: Vec::new(),
                    };
                    map.next_value_seed(Each(&mut list))?;
                    raw.references = list.list;
                }
                SpanField::StartTime => raw.start_us = map.next_value::<Loose<'_>>()?.int(),
                SpanField::Duration => raw.duration_us = map.next_value::<Loose<'_>>()?.int(),
                SpanField::Tags => {
                    map.next_value_seed(Each(&mut *self.kit))?;
                    raw.tags = self.kit.tags();
                }
                SpanField::Logs => {
                    let mut events = Events {
                        kit: self.kit,
                        list: Vec::new(),
                    };
                    map.next_value_seed(Each(&mut events))?;
                    events.list.shrink_to_fit();
                    raw.events = events.list;
                }
                SpanField::ProcessId => {
                    let name: Loose<'_> = map.next_value()?;
                    raw.process = name.text().map(|n| self.processes.number(self.kit.text(n)));
                }
                SpanField::Process => {
                    if let Some(process) = map.next_value_seed(OneProcess(self.kit))? {
                        let number = self.processes.new_number();
                        self.processes.set(number, process);
                        raw.process = Some(number);
                    }
                }
                SpanField::Warnings => raw.warnings = map.next_value_seed(texts())?,
                SpanField::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(raw)
    }

    /// The span; `None` when it has no id or no beginning.
    fn span(&mut self, raw: Raw) -> Option<Span> {
        let (id, start_us) = (raw.id?, raw.start_us?);
        self.first = self.first.or(raw.trace);
        if let Some(of) = raw.trace {
            *self.stated.entry(of).or_default() += 1;
        }
        if raw.duration_us.is_none() {
            self.kit.odd.note(Odd::BadDuration);
        }
        let (parent, links) = related(&raw, raw.trace.or(self.trace));
        Some(Span {
            id,
            parent,
            links,
            process: match raw.process {
                Some(process) => process,
                None => self.processes.nameless(),
            },
            operation: match raw.operation {
                Some(operation) => operation,
                None => self.kit.text(""),
            },
            kind: kind(&raw.tags),
            start_ns: start_us.saturating_mul(1_000),
            duration_ns: raw.duration_us.unwrap_or_default().saturating_mul(1_000),
            error: failed(&raw.tags),
            tags: raw.tags,
            events: raw.events,
            warnings: raw.warnings,
        })
    }
}

/// The parent and the other references. The parent is the first of the same trace that the span is a child of, else the first
/// that it follows from; one that is only followed is a link too.
fn related(raw: &Raw, trace: Option<TraceId>) -> (Option<SpanId>, Vec<Link>) {
    let same = |r: &&Reference| r.trace.is_none() || trace.is_none() || r.trace == trace;
    let cause = |child: bool| {
        raw.references
            .iter()
            .filter(same)
            .find(|r| r.child == child)
    };
    let parent = cause(true).or_else(|| cause(false));
    let links = raw
        .references
        .iter()
        .filter(|r| !(r.child && parent.is_some_and(|p| std::ptr::eq(p, *r))))
        .filter_map(|r| {
            Some(Link {
                trace: r.trace.or(trace)?,
                span: r.span,
            })
        })
        .collect();
    (parent.map(|p| p.span).or(raw.parent), links)
}

/// `{"p1":{"serviceName":…,"tags":[…]},…}`.
struct ProcessMap<'x, 'r, 'l>(&'x mut Spans<'r, 'l>);

impl<'de> DeserializeSeed<'de> for ProcessMap<'_, '_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<(), D::Error> {
        d.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ProcessMap<'_, '_, '_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("processes by their names")
    }
    scalars_are!(());
    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<(), A::Error> {
        skip_seq(seq)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let spans = self.0;
        while let Some(name) = map.next_key::<std::borrow::Cow<'_, str>>()? {
            let number = spans.processes.number(spans.kit.text(&name));
            if let Some(process) = map.next_value_seed(OneProcess(spans.kit))? {
                spans.processes.set(number, process);
            }
        }
        Ok(())
    }
}
