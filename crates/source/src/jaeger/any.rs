//! OpenTelemetry's attributes in JSON: `{"key":…,"value":{"stringValue":…}}`. Arrays and maps become a text that reads like JSON.

use super::kit::{Kit, base64_bytes};
use super::limits::Odd;
use super::loose::{Each, Loose, scalars_are, skip_seq};
use model::trace::TagValue;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt::{self, Write as _};

/// Levels of arrays and maps that are written out; what is deeper is `…`.
const LEVELS: usize = 8;

/// Attributes of the list being read, each into the kit's tags.
pub(super) struct Attributes<'r, 'l>(pub &'r mut Kit<'l>);

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum PairField {
    Key,
    Value,
    #[serde(other)]
    Other,
}

impl<'de> DeserializeSeed<'de> for &mut Attributes<'_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<(), D::Error> {
        d.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &mut Attributes<'_, '_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an attribute")
    }
    scalars_are!(this => this.0.odd.note(Odd::TagRefused));
    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<(), A::Error> {
        self.0.odd.note(Odd::TagRefused);
        skip_seq(seq)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let (mut key, mut value) = (Loose::Null, None);
        while let Some(field) = map.next_key()? {
            match field {
                PairField::Key => key = map.next_value()?,
                PairField::Value => value = map.next_value_seed(Any(0))?,
                PairField::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        let Some(key) = key.text() else {
            self.0.odd.note(Odd::TagRefused);
            return Ok(());
        };
        // an attribute without a value is an empty text
        let value = match value {
            None => TagValue::Text(self.0.text("")),
            Some(Value::Text(text)) => TagValue::Text(self.0.text(&text)),
            Some(Value::Written(text)) => TagValue::Text(self.0.text(&text)),
            Some(Value::Bool(yes)) => TagValue::Bool(yes),
            Some(Value::Int(n)) => TagValue::Int(n),
            Some(Value::Float(x)) => TagValue::Float(x),
            Some(Value::Bytes(n)) => TagValue::Binary(n),
        };
        self.0.tag(key, value);
        Ok(())
    }
}

/// A value of an attribute.
enum Value<'de> {
    Text(std::borrow::Cow<'de, str>),
    Bool(bool),
    Int(i64),
    Float(f64),
    Bytes(usize),
    /// An array or a map, written out.
    Written(String),
}

impl Value<'_> {
    fn write(&self, out: &mut String) {
        // writing into a text cannot fail
        let _ = match self {
            Self::Text(text) => write!(out, "{}", serde_json::Value::from(&**text)),
            Self::Bool(yes) => write!(out, "{yes}"),
            Self::Int(n) => write!(out, "{n}"),
            Self::Float(x) => write!(out, "{x}"),
            Self::Bytes(n) => write!(out, "\"[{n} B]\""),
            Self::Written(text) => write!(out, "{text}"),
        };
    }
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "camelCase")]
enum AnyField {
    #[serde(alias = "string_value")]
    StringValue,
    #[serde(alias = "bool_value")]
    BoolValue,
    #[serde(alias = "int_value")]
    IntValue,
    #[serde(alias = "double_value")]
    DoubleValue,
    #[serde(alias = "bytes_value")]
    BytesValue,
    #[serde(alias = "array_value")]
    ArrayValue,
    #[serde(alias = "kvlist_value")]
    KvlistValue,
    #[serde(other)]
    Other,
}

/// A value, so many levels down. `None` when it says nothing.
struct Any(usize);

impl<'de> DeserializeSeed<'de> for Any {
    type Value = Option<Value<'de>>;
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<Self::Value, D::Error> {
        d.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Any {
    type Value = Option<Value<'de>>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }
    scalars_are!(None);
    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
        skip_seq(seq).map(|()| None)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(field) = map.next_key()? {
            found = match field {
                AnyField::ArrayValue | AnyField::KvlistValue if self.0 >= LEVELS => {
                    map.next_value::<IgnoredAny>()?;
                    Some(Value::Written("…".to_owned()))
                }
                AnyField::ArrayValue => Some(list(&mut map, self.0, '[', ']')?),
                AnyField::KvlistValue => Some(list(&mut map, self.0, '{', '}')?),
                AnyField::Other => {
                    map.next_value::<IgnoredAny>()?;
                    found
                }
                scalar => scalar_value(&scalar, map.next_value()?).or(found),
            };
        }
        Ok(found)
    }
}

fn scalar_value<'de>(field: &AnyField, value: Loose<'de>) -> Option<Value<'de>> {
    Some(match (field, value) {
        (AnyField::IntValue, value) => Value::Int(value.int()?),
        (AnyField::DoubleValue, value) => Value::Float(value.float()?),
        (AnyField::BytesValue, Loose::Text(text)) => Value::Bytes(base64_bytes(&text)),
        (_, Loose::Text(text)) => Value::Text(text),
        (_, Loose::Bool(yes)) => Value::Bool(yes),
        (_, Loose::Int(n)) => Value::Int(n),
        (_, Loose::Float(x)) => Value::Float(x),
        (_, Loose::Null | Loose::Nested) => return None,
    })
}

/// `{"values":[…]}` of an array or of a map, written out.
fn list<'de, A: MapAccess<'de>>(
    map: &mut A,
    level: usize,
    open: char,
    close: char,
) -> Result<Value<'de>, A::Error> {
    let mut out = String::from(open);
    map.next_value_seed(Values {
        out: &mut out,
        level: level + 1,
    })?;
    out.push(close);
    Ok(Value::Written(out))
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum ValuesField {
    Values,
    #[serde(other)]
    Other,
}

struct Values<'o> {
    out: &'o mut String,
    level: usize,
}

impl<'de> DeserializeSeed<'de> for Values<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<(), D::Error> {
        d.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Values<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("values")
    }
    scalars_are!(());
    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<(), A::Error> {
        skip_seq(seq)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(field) = map.next_key()? {
            match field {
                ValuesField::Values => map.next_value_seed(Each(&mut Element {
                    out: &mut *self.out,
                    level: self.level,
                    first: true,
                }))?,
                ValuesField::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

/// An element of an array (a value) or of a map (`{"key":…,"value":…}`), written to the end of `out`.
struct Element<'o> {
    out: &'o mut String,
    level: usize,
    first: bool,
}

impl<'de> DeserializeSeed<'de> for &mut Element<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<(), D::Error> {
        d.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &mut Element<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an element")
    }
    scalars_are!(());
    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<(), A::Error> {
        skip_seq(seq)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let (mut key, mut value) = (None, None);
        while let Some(name) = map.next_key::<std::borrow::Cow<'_, str>>()? {
            match &*name {
                "key" => key = map.next_value::<Loose<'_>>()?.text().map(str::to_owned),
                "value" => value = map.next_value_seed(Any(self.level))?,
                "arrayValue" | "kvlistValue" if self.level >= LEVELS => {
                    map.next_value::<IgnoredAny>()?;
                    value = Some(Value::Written("…".to_owned()));
                }
                "arrayValue" => value = Some(list(&mut map, self.level, '[', ']')?),
                "kvlistValue" => value = Some(list(&mut map, self.level, '{', '}')?),
                "intValue" => value = scalar_value(&AnyField::IntValue, map.next_value()?),
                "doubleValue" => value = scalar_value(&AnyField::DoubleValue, map.next_value()?),
                "bytesValue" => value = scalar_value(&AnyField::BytesValue, map.next_value()?),
                "stringValue" | "boolValue" => {
                    value = scalar_value(&AnyField::StringValue, map.next_value()?);
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        if !std::mem::take(&mut self.first) {
            self.out.push(',');
        }
        if let Some(key) = key {
            Value::Text(key.into()).write(self.out);
            self.out.push(':');
        }
        value.unwrap_or(Value::Text("".into())).write(self.out);
        Ok(())
    }
}
