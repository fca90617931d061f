//! Resources and scopes: their attributes, names and versions.

use crate::jaeger::any::Attributes;
use crate::jaeger::kit::Kit;
use crate::jaeger::loose::{Each, Loose, scalars_are, skip_seq};
use model::trace::{Process, Tag, TagValue};
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;
use std::sync::Arc;

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "camelCase")]
enum AttributesField {
    Attributes,
    Name,
    Version,
    #[serde(other)]
    Other,
}

/// What an object with `attributes`, and with a `name` and a `version` when it is a scope, says.
pub(super) struct Named<'r, 'l>(pub &'r mut Kit<'l>);

#[derive(Default)]
pub(super) struct Said {
    pub name: Option<Arc<str>>,
    pub version: Option<Arc<str>>,
    tags: Vec<Tag>,
}

impl<'de> DeserializeSeed<'de> for Named<'_, '_> {
    type Value = Said;
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<Said, D::Error> {
        d.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Named<'_, '_> {
    type Value = Said;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("attributes")
    }
    scalars_are!(Said::default());
    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Said, A::Error> {
        skip_seq(seq).map(|()| Said::default())
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Said, A::Error> {
        let mut said = Said::default();
        while let Some(field) = map.next_key()? {
            match field {
                AttributesField::Attributes => {
                    map.next_value_seed(Each(&mut Attributes(self.0)))?;
                    said.tags = self.0.tags();
                }
                AttributesField::Name => said.name = named(&mut map, self.0)?,
                AttributesField::Version => said.version = named(&mut map, self.0)?,
                AttributesField::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(said)
    }
}

/// A text that is not empty.
pub(super) fn named<'de, A: MapAccess<'de>>(
    map: &mut A,
    kit: &mut Kit<'_>,
) -> Result<Option<Arc<str>>, A::Error> {
    let name: Loose<'_> = map.next_value()?;
    Ok(name.text().filter(|n| !n.is_empty()).map(|n| kit.text(n)))
}

/// A resource: its service's name, and the rest.
pub(super) struct Resource<'r, 'l>(pub &'r mut Kit<'l>);

impl<'de> DeserializeSeed<'de> for Resource<'_, '_> {
    type Value = Process;
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<Process, D::Error> {
        let mut said = Named(&mut *self.0).deserialize(d)?;
        let at = said.tags.iter().position(|t| &*t.key == "service.name");
        let service = match at.map(|at| said.tags.remove(at).value) {
            Some(TagValue::Text(name)) => name,
            Some(other) => self.0.text(&other.to_string()),
            None => self.0.text(""),
        };
        Ok(Process {
            service,
            tags: said.tags,
        })
    }
}
