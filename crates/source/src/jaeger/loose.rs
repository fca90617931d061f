//! JSON values of any type where one type is expected: what does not fit is passed over, so that one odd value never costs the
//! rest of an answer.

use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;
use std::fmt;

/// Makes a visitor answer `$otherwise` to every scalar; `$this` is the visitor.
macro_rules! scalars_are {
    ($otherwise:expr) => {
        scalars_are!(_this => $otherwise);
    };
    ($this:ident => $otherwise:expr) => {
        fn visit_bool<E: serde::de::Error>(self, _: bool) -> Result<Self::Value, E> {
            let $this = self;
            Ok($otherwise)
        }
        fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<Self::Value, E> {
            let $this = self;
            Ok($otherwise)
        }
        fn visit_u64<E: serde::de::Error>(self, _: u64) -> Result<Self::Value, E> {
            let $this = self;
            Ok($otherwise)
        }
        fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<Self::Value, E> {
            let $this = self;
            Ok($otherwise)
        }
        fn visit_str<E: serde::de::Error>(self, _: &str) -> Result<Self::Value, E> {
            let $this = self;
            Ok($otherwise)
        }
        fn visit_unit<E: serde::de::Error>(self) -> Result<Self::Value, E> {
            let $this = self;
            Ok($otherwise)
        }
    };
}
pub(super) use scalars_are;

/// Passes over the rest of an array. What is nested in it is skipped without recursion.
pub(super) fn skip_seq<'de, A: SeqAccess<'de>>(mut seq: A) -> Result<(), A::Error> {
    while seq.next_element::<IgnoredAny>()?.is_some() {}
    Ok(())
}

/// Passes over the rest of an object.
pub(super) fn skip_map<'de, A: MapAccess<'de>>(mut map: A) -> Result<(), A::Error> {
    while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
    Ok(())
}

/// A scalar of any type.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Loose<'de> {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Cow<'de, str>),
    /// An array or an object; passed over.
    Nested,
}

impl Loose<'_> {
    /// As a whole number: also from a text, as JSON of protobuf has 64-bit numbers.
    pub(super) fn int(&self) -> Option<i64> {
        match self {
            Self::Int(n) => Some(*n),
            // beyond the range the nearest one is meant: such times and durations are broken anyway
            Self::Float(x) if x.is_finite() => Some(*x as i64),
            Self::Text(text) => {
                let text = text.trim();
                let wide = || text.parse::<i128>().ok();
                text.parse()
                    .ok()
                    .or_else(|| wide().map(|n| n.clamp(i64::MIN.into(), i64::MAX.into()) as i64))
            }
            _ => None,
        }
    }

    /// As any number.
    pub(super) fn float(&self) -> Option<f64> {
        match self {
            Self::Int(n) => Some(*n as f64),
            Self::Float(x) => Some(*x),
            Self::Text(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl<'de> Deserialize<'de> for Loose<'de> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Loose<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }
            fn visit_bool<E: Error>(self, v: bool) -> Result<Loose<'de>, E> {
                Ok(Loose::Bool(v))
            }
            fn visit_i64<E: Error>(self, v: i64) -> Result<Loose<'de>, E> {
                Ok(Loose::Int(v))
            }
            fn visit_u64<E: Error>(self, v: u64) -> Result<Loose<'de>, E> {
                // a number that has no place in 64 signed bits stays exact as a text
                Ok(i64::try_from(v).map_or_else(|_| Loose::Text(v.to_string().into()), Loose::Int))
            }
            fn visit_f64<E: Error>(self, v: f64) -> Result<Loose<'de>, E> {
                Ok(Loose::Float(v))
            }
            fn visit_borrowed_str<E: Error>(self, v: &'de str) -> Result<Loose<'de>, E> {
                Ok(Loose::Text(Cow::Borrowed(v)))
            }
            fn visit_str<E: Error>(self, v: &str) -> Result<Loose<'de>, E> {
                Ok(Loose::Text(Cow::Owned(v.to_owned())))
            }
            fn visit_unit<E: Error>(self) -> Result<Loose<'de>, E> {
                Ok(Loose::Null)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Loose<'de>, A::Error> {
                skip_seq(seq).map(|()| Loose::Nested)
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Loose<'de>, A::Error> {
                skip_map(map).map(|()| Loose::Nested)
            }
        }
        d.deserialize_any(Read)
    }
}

/// An array whose elements are read by `.0`, one after the other; anything that is no array has no elements.
pub(super) struct Each<'r, S>(pub &'r mut S);

impl<'de, S> DeserializeSeed<'de> for Each<'_, S>
where
    for<'x> &'x mut S: DeserializeSeed<'de, Value = ()>,
{
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<(), D::Error> {
        d.deserialize_any(self)
    }
}

impl<'de, S> Visitor<'de> for Each<'_, S>
where
    for<'x> &'x mut S: DeserializeSeed<'de, Value = ()>,
{
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }
    scalars_are!(());
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element_seed(&mut *self.0)?.is_some() {}
        Ok(())
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        skip_map(map)
    }
}

/// As [`Each`], and whether it was a list; `null` is an empty one.
pub(super) struct ListOrNot<'r, S>(pub &'r mut S);

impl<'de, S> DeserializeSeed<'de> for ListOrNot<'_, S>
where
    for<'x> &'x mut S: DeserializeSeed<'de, Value = ()>,
{
    type Value = bool;
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<bool, D::Error> {
        d.deserialize_any(self)
    }
}

impl<'de, S> Visitor<'de> for ListOrNot<'_, S>
where
    for<'x> &'x mut S: DeserializeSeed<'de, Value = ()>,
{
    type Value = bool;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }
    fn visit_bool<E: Error>(self, _: bool) -> Result<bool, E> {
        Ok(false)
    }
    fn visit_i64<E: Error>(self, _: i64) -> Result<bool, E> {
        Ok(false)
    }
    fn visit_u64<E: Error>(self, _: u64) -> Result<bool, E> {
        Ok(false)
    }
    fn visit_f64<E: Error>(self, _: f64) -> Result<bool, E> {
        Ok(false)
    }
    fn visit_str<E: Error>(self, _: &str) -> Result<bool, E> {
        Ok(false)
    }
    fn visit_unit<E: Error>(self) -> Result<bool, E> {
        Ok(true)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<bool, A::Error> {
        Each(self.0).visit_seq(seq).map(|()| true)
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<bool, A::Error> {
        skip_map(map).map(|()| false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_any_dress() {
        let read = |json: &str| serde_json::from_str::<Loose<'_>>(json).expect(json).int();
        assert_eq!(read("12"), Some(12));
        assert_eq!(read("\"9007199254740993\""), Some(9_007_199_254_740_993));
        assert_eq!(read("\"99999999999999999999\""), Some(i64::MAX));
        assert_eq!(read("18446744073709551615"), Some(i64::MAX));
        assert_eq!(read("-1.5e3"), Some(-1_500));
        for none in ["null", "true", "\"x\"", "[1,[2]]", "{\"a\":{\"b\":1}}"] {
            assert_eq!(read(none), None, "{none}");
        }
    }

    #[test]
    fn what_is_nested_a_thousand_deep_is_passed_over() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(
            serde_json::from_str::<Loose<'_>>(&deep).expect("JSON"),
            Loose::Nested
        );
    }
}
