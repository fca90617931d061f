//! The parts of a span of the classic API: references, events, processes, tags.

use crate::jaeger::ids;
use crate::jaeger::kit::{Kit, base64_bytes};
use crate::jaeger::limits::Odd;
use crate::jaeger::loose::{Each, Loose, scalars_are, skip_map, skip_seq};
use model::trace::{Process, SpanEvent, SpanId, TagValue, TraceId};
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;

pub(super) fn span_id<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Option<SpanId>, A::Error> {
    let id: Loose<'_> = map.next_value()?;
    Ok(id.text().and_then(ids::span))
}

/// A reference to another span.
pub(super) struct Reference {
    pub trace: Option<TraceId>,
    pub span: SpanId,
    /// `CHILD_OF`; else `FOLLOWS_FROM`.
    pub child: bool,
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "camelCase")]
enum ReferenceField {
    RefType,
    #[serde(rename = "traceID", alias = "traceId")]
    TraceId,
    #[serde(rename = "spanID", alias = "spanId")]
    SpanId,
    #[serde(other)]
    Other,
}

pub(super) struct References<'r, 'l> {
    pub kit: &'r mut Kit<'l>,
    pub list: Vec<Reference>,
}

impl<'de> DeserializeSeed<'de> for &mut References<'_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<(), D::Error> {
        d.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &mut References<'_, '_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a reference")
    }
    scalars_are!(this => this.kit.odd.note(Odd::LinksDropped));
    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<(), A::Error> {
        self.kit.odd.note(Odd::LinksDropped);
        skip_seq(seq)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let (mut trace, mut span, mut child) = (None, None, true);
        while let Some(field) = map.next_key()? {
            match field {
                ReferenceField::RefType => {
                    let word: Loose<'_> = map.next_value()?;
                    child = word.text() != Some("FOLLOWS_FROM");
                }
                ReferenceField::TraceId => {
                    let id: Loose<'_> = map.next_value()?;
                    trace = id.text().and_then(ids::trace);
                }
                ReferenceField::SpanId => span = span_id(&mut map)?,
                ReferenceField::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        match span {
            Some(span) if self.list.len() < self.kit.limits.links => {
                self.list.push(Reference { trace, span, child });
            }
            _ => self.kit.odd.note(Odd::LinksDropped),
        }
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "camelCase")]
enum EventField {
    Timestamp,
    Fields,
    #[serde(other)]
    Other,
}

pub(super) struct Events<'r, 'l> {
    pub kit: &'r mut Kit<'l>,
    pub list: Vec<SpanEvent>,
}

impl<'de> DeserializeSeed<'de> for &mut Events<'_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<(), D::Error> {
        d.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &mut Events<'_, '_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an event")
    }
    scalars_are!(this => this.kit.odd.note(Odd::EventsDropped));
    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<(), A::Error> {
        self.kit.odd.note(Odd::EventsDropped);
        skip_seq(seq)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let (mut at, mut fields) = (None, Vec::new());
        if self.list.len() >= self.kit.limits.events {
            self.kit.odd.note(Odd::EventsDropped);
            return skip_map(map);
        }
        while let Some(field) = map.next_key()? {
            match field {
                EventField::Timestamp => at = map.next_value::<Loose<'_>>()?.int(),
                EventField::Fields => {
                    map.next_value_seed(Each(&mut *self.kit))?;
                    fields = self.kit.tags();
                }
                EventField::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        match at {
            Some(us) => self.list.push(SpanEvent {
                at_ns: us.saturating_mul(1_000),
                fields,
            }),
            None => self.kit.odd.note(Odd::EventsDropped),
        }
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "camelCase")]
enum ProcessField {
    ServiceName,
    Tags,
    #[serde(other)]
    Other,
}

pub(super) struct OneProcess<'r, 'l>(pub &'r mut Kit<'l>);

impl<'de> DeserializeSeed<'de> for OneProcess<'_, '_> {
    type Value = Option<Process>;
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<Self::Value, D::Error> {
        d.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for OneProcess<'_, '_> {
    type Value = Option<Process>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a process")
    }
    scalars_are!(None);
    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
        skip_seq(seq).map(|()| None)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut service, mut tags) = (None, Vec::new());
        while let Some(field) = map.next_key()? {
            match field {
                ProcessField::ServiceName => {
                    let name: Loose<'_> = map.next_value()?;
                    service = name.text().map(|n| self.0.text(n));
                }
                ProcessField::Tags => {
                    map.next_value_seed(Each(&mut *self.0))?;
                    tags = self.0.tags();
                }
                ProcessField::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        let service = match service {
            Some(service) => service,
            None => self.0.text(""),
        };
        Ok(Some(Process { service, tags }))
    }
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum TagField {
    Key,
    Type,
    Value,
    #[serde(other)]
    Other,
}

/// One tag of the list being read.
impl<'de> DeserializeSeed<'de> for &mut Kit<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<(), D::Error> {
        d.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &mut Kit<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a tag")
    }
    scalars_are!(this => this.odd.note(Odd::TagRefused));
    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<(), A::Error> {
        self.odd.note(Odd::TagRefused);
        skip_seq(seq)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let (mut key, mut form, mut value) = (Loose::Null, Loose::Null, Loose::Null);
        while let Some(field) = map.next_key()? {
            match field {
                TagField::Key => key = map.next_value()?,
                TagField::Type => form = map.next_value()?,
                TagField::Value => value = map.next_value()?,
                TagField::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        match (
            key.text(),
            tag_value(self, form.text().unwrap_or_default(), &value),
        ) {
            (Some(key), Some(value)) => self.tag(key, value),
            _ => self.odd.note(Odd::TagRefused),
        }
        Ok(())
    }
}

/// The value of a tag of type `form`; what is not of its type is taken as it stands. `None` for what is no scalar.
fn tag_value(kit: &mut Kit<'_>, form: &str, value: &Loose<'_>) -> Option<TagValue> {
    let typed = match (form, value) {
        // beyond 2^53 it comes as a text, because a browser would round it
        ("int64", Loose::Text(digits)) => digits.parse().ok().map(TagValue::Int),
        ("float64", _) => value.float().map(TagValue::Float),
        ("bool", Loose::Text(word)) => word.parse().ok().map(TagValue::Bool),
        ("binary", Loose::Text(text)) => Some(TagValue::Binary(base64_bytes(text))),
        _ => None,
    };
    typed.or_else(|| {
        Some(match value {
            Loose::Text(text) => TagValue::Text(kit.text(text)),
            Loose::Bool(yes) => TagValue::Bool(*yes),
            Loose::Int(n) => TagValue::Int(*n),
            Loose::Float(x) => TagValue::Float(*x),
            Loose::Null | Loose::Nested => return None,
        })
    })
}
