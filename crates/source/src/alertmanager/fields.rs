//! The parts of an alert in JSON, each bounded while it is read.

use crate::alerts::{AlertLimits, Oddities};
use model::Labels;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

/// Ids kept of what holds one alert.
const HOLDERS: usize = 64;
/// Bytes of such an id.
const ID: usize = 256;

/// A text that borrows from the body where it can; `null` is empty.
pub(crate) struct Text<'de>(pub Cow<'de, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Text<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }
            fn visit_borrowed_str<E: Error>(self, v: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(v)))
            }
            fn visit_str<E: Error>(self, v: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(v.to_owned())))
            }
            fn visit_unit<E: Error>(self) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed("")))
            }
        }
        d.deserialize_any(Read)
    }
}

/// Labels, or why an alert with these cannot be taken.
pub(super) enum Read {
    Labels(Labels),
    TooMany,
    TooLong,
}

impl Default for Read {
    fn default() -> Self {
        Self::Labels(Labels::default())
    }
}

/// Labels, as many as are allowed.
pub(super) struct LabelPairs<'l>(pub &'l AlertLimits);

impl<'de> DeserializeSeed<'de> for LabelPairs<'_> {
    type Value = Read;
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<Read, D::Error> {
        d.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for LabelPairs<'_> {
    type Value = Read;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("labels")
    }
    fn visit_unit<E: Error>(self) -> Result<Read, E> {
        Ok(Read::default())
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Read, A::Error> {
        let mut pairs: Vec<(Cow<'de, str>, Cow<'de, str>)> = Vec::with_capacity(8);
        while let Some((name, value)) = map.next_entry::<Text<'de>, Text<'de>>()? {
            let refusal = if pairs.len() >= self.0.labels {
                Read::TooMany
            } else if name.0.len().max(value.0.len()) > self.0.label_bytes {
                Read::TooLong
            } else {
                pairs.push((name.0, value.0));
                continue;
            };
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(refusal);
        }
        Ok(Read::Labels(Labels::from_pairs(pairs)))
    }
}

/// Annotations, cut where they are too long.
pub(super) struct Notes<'r> {
    pub limits: &'r AlertLimits,
    pub oddities: &'r mut Oddities,
}

impl<'de> DeserializeSeed<'de> for Notes<'_> {
    type Value = BTreeMap<String, String>;
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<Self::Value, D::Error> {
        d.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Notes<'_> {
    type Value = BTreeMap<String, String>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("annotations")
    }
    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(BTreeMap::new())
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let max = self.limits.annotation_bytes;
        let mut all = BTreeMap::new();
        while let Some((name, value)) = map.next_entry::<Text<'de>, Text<'de>>()? {
            if all.len() >= self.limits.labels || name.0.len() > self.limits.label_bytes {
                self.oddities.annotations_cut += 1;
                continue;
            }
            let value = if value.0.len() > max {
                self.oddities.annotations_cut += 1;
                cut(&value.0, max)
            } else {
                value.0.into_owned()
            };
            all.insert(name.0.into_owned(), value);
        }
        Ok(all)
    }
}

/// At most `max` bytes of whole characters, marked as cut.
fn cut(text: &str, max: usize) -> String {
    let mark = '…';
    let end = text.floor_char_boundary(max.saturating_sub(mark.len_utf8()));
    let mut out = text.get(..end).unwrap_or_default().to_owned();
    out.push(mark);
    out
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum State {
    /// Also where nothing is said.
    #[default]
    Firing,
    Suppressed,
    Resolved,
    Pending,
    Unknown,
}

/// `status`: a word in the webhook, an object in the API v2.
#[derive(Default)]
pub(super) struct Status {
    pub state: State,
    pub silenced_by: Vec<String>,
    pub inhibited_by: Vec<String>,
    pub muted_by: Vec<String>,
}

impl Status {
    pub(super) fn word(&mut self, word: &str) {
        self.state = match word {
            // `unprocessed`: the Alertmanager has not yet looked at silences and inhibition
            "" | "firing" | "active" | "unprocessed" => State::Firing,
            "suppressed" => State::Suppressed,
            "resolved" => State::Resolved,
            "pending" | "inactive" => State::Pending,
            _ => State::Unknown,
        };
    }
}

impl<'de> Deserialize<'de> for Status {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Status;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an alert's status")
            }
            fn visit_str<E: Error>(self, word: &str) -> Result<Status, E> {
                let mut status = Status::default();
                status.word(word);
                Ok(status)
            }
            fn visit_unit<E: Error>(self) -> Result<Status, E> {
                Ok(Status::default())
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Status, A::Error> {
                let mut status = Status::default();
                while let Some(key) = map.next_key::<Text<'_>>()? {
                    match &*key.0 {
                        "state" => status.word(&map.next_value::<Text<'_>>()?.0),
                        "silencedBy" => status.silenced_by = map.next_value::<Ids>()?.0,
                        "inhibitedBy" => status.inhibited_by = map.next_value::<Ids>()?.0,
                        "mutedBy" => status.muted_by = map.next_value::<Ids>()?.0,
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(status)
            }
        }
        d.deserialize_any(Read)
    }
}

/// The first ids of an array; `null` is none.
struct Ids(Vec<String>);

impl<'de> Deserialize<'de> for Ids {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Ids;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("ids")
            }
            fn visit_unit<E: Error>(self) -> Result<Ids, E> {
                Ok(Ids(Vec::new()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Ids, A::Error> {
                let mut ids = Vec::new();
                while let Some(id) = seq.next_element::<Text<'_>>()? {
                    if ids.len() < HOLDERS && id.0.len() <= ID {
                        ids.push(id.0.into_owned());
                    }
                }
                Ok(Ids(ids))
            }
        }
        d.deserialize_any(Read)
    }
}

/// Follows `path` through objects and reads what is there; `None` where it is not.
pub(crate) struct Descend<'p, S> {
    pub path: &'p [&'p str],
    pub seed: S,
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Descend<'_, S> {
    type Value = Option<S::Value>;
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<Self::Value, D::Error> {
        if self.path.is_empty() {
            self.seed.deserialize(d).map(Some)
        } else {
            d.deserialize_map(self)
        }
    }
}

impl<'de, S: DeserializeSeed<'de>> Visitor<'de> for Descend<'_, S> {
    type Value = Option<S::Value>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let Some((name, path)) = self.path.split_first() else {
            return Ok(None);
        };
        let mut seed = Some(self.seed);
        let mut found = None;
        while let Some(key) = map.next_key::<Text<'_>>()? {
            match seed.take_if(|_| key.0 == *name) {
                Some(seed) => found = map.next_value_seed(Descend { path, seed })?,
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_between_characters() {
        assert_eq!(cut("守望守望", 7), "守…");
        assert_eq!(cut("abc", 0), "…");
    }
}
