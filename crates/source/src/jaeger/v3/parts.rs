//! The parts of a span: status, events, links.

use super::resource::named;
use crate::jaeger::any::Attributes;
use crate::jaeger::ids;
use crate::jaeger::kit::Kit;
use crate::jaeger::limits::Odd;
use crate::jaeger::loose::{Each, Loose, scalars_are, skip_map, skip_seq};
use model::trace::{Link, SpanEvent, Tag, TagValue};
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;
use std::sync::Arc;

/// A span's status.
#[derive(Default)]
pub(super) struct Status {
    pub error: bool,
    fine: bool,
    pub message: Option<Arc<str>>,
}

impl Status {
    pub(super) fn word(&self) -> Option<&'static str> {
        match (self.error, self.fine) {
            (true, _) => Some("ERROR"),
            (_, true) => Some("OK"),
            _ => None,
        }
    }
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum StatusField {
    Code,
    Message,
    #[serde(other)]
    Other,
}

pub(super) struct StatusSeed<'r, 'l>(pub &'r mut Kit<'l>);

impl<'de> DeserializeSeed<'de> for StatusSeed<'_, '_> {
    type Value = Status;
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<Status, D::Error> {
        d.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for StatusSeed<'_, '_> {
    type Value = Status;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a status")
    }
    scalars_are!(Status::default());
    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Status, A::Error> {
        skip_seq(seq).map(|()| Status::default())
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Status, A::Error> {
        let mut status = Status::default();
        while let Some(field) = map.next_key()? {
            match field {
                StatusField::Code => {
                    let code: Loose<'_> = map.next_value()?;
                    status.error =
                        code.int() == Some(2) || code.text() == Some("STATUS_CODE_ERROR");
                    status.fine = code.int() == Some(1) || code.text() == Some("STATUS_CODE_OK");
                }
                StatusField::Message => status.message = named(&mut map, self.0)?,
                StatusField::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(status)
    }
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "camelCase")]
enum EventField {
    #[serde(alias = "time_unix_nano")]
    TimeUnixNano,
    Name,
    Attributes,
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
        if self.list.len() >= self.kit.limits.events {
            self.kit.odd.note(Odd::EventsDropped);
            return skip_map(map);
        }
        let (mut at, mut name, mut fields) = (None, None, Vec::new());
        while let Some(field) = map.next_key()? {
            match field {
                EventField::TimeUnixNano => at = map.next_value::<Loose<'_>>()?.int(),
                EventField::Name => name = named(&mut map, self.kit)?,
                EventField::Attributes => {
                    map.next_value_seed(Each(&mut Attributes(self.kit)))?;
                    fields = self.kit.tags();
                }
                EventField::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        let Some(at_ns) = at else {
            self.kit.odd.note(Odd::EventsDropped);
            return Ok(());
        };
        if let Some(name) = name {
            let key = self.kit.text("event");
            let value = TagValue::Text(name);
            fields.insert(0, Tag { key, value });
        }
        self.list.push(SpanEvent { at_ns, fields });
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "camelCase")]
enum LinkField {
    #[serde(alias = "trace_id")]
    TraceId,
    #[serde(alias = "span_id")]
    SpanId,
    #[serde(other)]
    Other,
}

pub(super) struct Links<'r, 'l> {
    pub kit: &'r mut Kit<'l>,
    pub list: Vec<Link>,
}

impl<'de> DeserializeSeed<'de> for &mut Links<'_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<(), D::Error> {
        d.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &mut Links<'_, '_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a link")
    }
    scalars_are!(this => this.kit.odd.note(Odd::LinksDropped));
    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<(), A::Error> {
        self.kit.odd.note(Odd::LinksDropped);
        skip_seq(seq)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let (mut trace, mut span) = (None, None);
        while let Some(field) = map.next_key()? {
            let value: Loose<'_> = map.next_value()?;
            match field {
                LinkField::TraceId => trace = value.text().and_then(ids::trace),
                LinkField::SpanId => span = value.text().and_then(ids::span),
                LinkField::Other => {}
            }
        }
        match (trace, span) {
            (Some(trace), Some(span)) if self.list.len() < self.kit.limits.links => {
                self.list.push(Link { trace, span });
            }
            _ => self.kit.odd.note(Odd::LinksDropped),
        }
        Ok(())
    }
}
