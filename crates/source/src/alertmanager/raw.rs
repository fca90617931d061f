//! Alerts in JSON as the Alertmanager's API v2, its webhook v4 and Prometheus' API write them, read in one pass over the
//! bytes, without a tree in between. Unknown fields are skipped.

use crate::alerts::{AlertLimits, Oddities, time_ms};
use crate::error::{Capacity, SourceError};
use model::Labels;
use model::alert::{Fingerprint, Observation, Reported};
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

/// Ids kept of what holds one alert.
const HOLDERS: usize = 64;
/// Bytes of such an id.
const ID: usize = 256;

/// What is read, and what was odd about it.
pub(crate) struct Reader {
    pub limits: AlertLimits,
    pub oddities: Oddities,
    /// What an alert that says nothing of its start is taken to have begun at.
    pub start_otherwise: Option<i64>,
    /// Set when reading was given up because there are more alerts than allowed.
    pub too_many: bool,
}

impl Reader {
    pub(crate) fn new(limits: &AlertLimits) -> Self {
        Self {
            limits: *limits,
            oddities: Oddities::default(),
            start_otherwise: None,
            too_many: false,
        }
    }

    /// What stopped the reading of `body`.
    pub(crate) fn fault(
        &self,
        body: &[u8],
        e: &serde_json::Error,
        what: &'static str,
    ) -> SourceError {
        if self.too_many {
            return SourceError::Limit {
                what: Capacity::Alerts,
                limit: self.limits.alerts as u64,
            };
        }
        unreadable(body, e, what)
    }
}

/// The error of a body that is not what was expected.
pub(crate) fn unreadable(body: &[u8], e: &serde_json::Error, what: &'static str) -> SourceError {
    if e.is_eof() {
        return SourceError::Truncated;
    }
    SourceError::Malformed {
        at: offset(body, e.line(), e.column()),
        what: if e.is_data() { what } else { "JSON" },
    }
}

/// The byte of `line` (from 1) and `column` (from 1, in bytes).
fn offset(body: &[u8], line: usize, column: usize) -> usize {
    let before = memchr::memchr_iter(b'\n', body)
        .nth(line.saturating_sub(2))
        .filter(|_| line > 1);
    (before.map_or(0, |end| end + 1) + column.saturating_sub(1)).min(body.len())
}

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

/// An array of alerts; `null` is an empty one. Those that cannot be taken are counted and left out.
pub(crate) struct List<'r>(pub &'r mut Reader);

impl<'de> DeserializeSeed<'de> for List<'_> {
    type Value = Vec<Observation>;
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<Self::Value, D::Error> {
        d.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for List<'_> {
    type Value = Vec<Observation>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of alerts")
    }
    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut all = Vec::new();
        let mut seen = 0;
        while let Some(one) = seq.next_element_seed(One(self.0))? {
            seen += 1;
            if seen > self.0.limits.alerts {
                self.0.too_many = true;
                return Err(A::Error::custom("more alerts than allowed"));
            }
            all.extend(one);
        }
        Ok(all)
    }
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "camelCase")]
enum Field {
    Labels,
    Annotations,
    Status,
    State,
    StartsAt,
    ActiveAt,
    EndsAt,
    UpdatedAt,
    #[serde(rename = "generatorURL")]
    GeneratorUrl,
    Fingerprint,
    Value,
    #[serde(other)]
    Other,
}

/// One alert, as it stands.
#[derive(Default)]
struct Raw {
    labels: Read,
    annotations: BTreeMap<String, String>,
    status: Status,
    starts_at: Option<i64>,
    ends_at: Option<i64>,
    updated_at: Option<i64>,
    url: Option<(String, Option<String>)>,
    fingerprint: Option<Result<Fingerprint, ()>>,
    value: Option<f64>,
}

/// An alert; `None` where it cannot be taken (and was counted) or is only pending.
struct One<'r>(&'r mut Reader);

impl<'de> DeserializeSeed<'de> for One<'_> {
    type Value = Option<Observation>;
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<Self::Value, D::Error> {
        d.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for One<'_> {
    type Value = Option<Observation>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an alert")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let reader = self.0;
        let mut raw = Raw::default();
        while let Some(field) = map.next_key()? {
            match field {
                Field::Labels => raw.labels = map.next_value_seed(LabelPairs(&reader.limits))?,
                Field::Annotations => raw.annotations = map.next_value_seed(Notes(reader))?,
                Field::Status => raw.status = map.next_value()?,
                Field::State => raw.status.word(&map.next_value::<Text<'_>>()?.0),
                Field::StartsAt | Field::ActiveAt => raw.starts_at = time(&mut map)?,
                Field::EndsAt => raw.ends_at = time(&mut map)?,
                Field::UpdatedAt => raw.updated_at = time(&mut map)?,
                Field::GeneratorUrl => {
                    let text: Text<'_> = map.next_value()?;
                    raw.url = reader.url(&text.0);
                }
                Field::Fingerprint => {
                    let text: Text<'_> = map.next_value()?;
                    raw.fingerprint = (!text.0.is_empty()).then(|| text.0.parse().map_err(|_| ()));
                }
                Field::Value => {
                    let text: Text<'_> = map.next_value()?;
                    raw.value = text.0.parse().ok();
                }
                Field::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(reader.finish(raw))
    }
}

impl Reader {
    fn finish(&mut self, raw: Raw) -> Option<Observation> {
        if raw.status.state == State::Pending {
            return None;
        }
        let odd = &mut self.oddities;
        let labels = match raw.labels {
            Read::Labels(labels) if !labels.is_empty() => labels,
            Read::Labels(_) => {
                odd.no_labels += 1;
                return None;
            }
            Read::TooMany => {
                odd.too_many_labels += 1;
                return None;
            }
            Read::TooLong => {
                odd.label_too_long += 1;
                return None;
            }
        };
        let Some(starts_at) = raw.starts_at.or(raw.updated_at).or(self.start_otherwise) else {
            odd.no_start += 1;
            return None;
        };
        if raw
            .fingerprint
            .is_some_and(|stated| stated != Ok(Fingerprint::of(&labels)))
        {
            odd.fingerprint_mismatch += 1;
        }
        odd.unknown_state += usize::from(raw.status.state == State::Unknown);
        let (generator_url, expr) = raw.url.unzip();
        Some(Observation {
            labels,
            annotations: raw.annotations,
            state: match raw.status.state {
                State::Suppressed => Reported::Suppressed,
                State::Resolved => Reported::Resolved,
                State::Firing | State::Pending | State::Unknown => Reported::Firing,
            },
            starts_at,
            ends_at: raw.ends_at,
            generator_url,
            value: raw.value,
            expr: expr.flatten(),
            silenced_by: raw.status.silenced_by,
            inhibited_by: raw
                .status
                .inhibited_by
                .iter()
                .filter_map(|id| id.parse().ok())
                .collect(),
            muted_by: raw.status.muted_by,
        })
    }

    /// The URL, if it can be opened without harm, and the expression that a Prometheus puts into it
    /// (`/graph?g0.expr=…`, `strutil.TableLinkForExpression`).
    pub(crate) fn url(&mut self, text: &str) -> Option<(String, Option<String>)> {
        if text.is_empty() {
            return None;
        }
        let max = self.limits.annotation_bytes;
        let url = Some(text)
            .filter(|t| t.len() <= max)
            .and_then(|t| reqwest::Url::parse(t).ok())
            .filter(|u| matches!(u.scheme(), "http" | "https"));
        let Some(url) = url else {
            self.oddities.url_dropped += 1;
            return None;
        };
        let expr = url
            .query_pairs()
            .find(|(name, _)| name == "g0.expr")
            .map(|(_, expr)| expr.into_owned())
            .filter(|expr| !expr.trim().is_empty());
        Some((String::from(url), expr))
    }
}

fn time<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Option<i64>, A::Error> {
    let text: Text<'_> = map.next_value()?;
    if text.0.is_empty() {
        return Ok(None);
    }
    time_ms(&text.0).map_err(A::Error::custom)
}

/// Labels, or why an alert with these cannot be taken.
enum Read {
    Labels(Labels),
    TooMany,
    TooLong,
}

impl Default for Read {
    fn default() -> Self {
        Self::Labels(Labels::default())
    }
}

struct LabelPairs<'l>(&'l AlertLimits);

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

struct Notes<'r>(&'r mut Reader);

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
        let max = self.0.limits.annotation_bytes;
        let mut all = BTreeMap::new();
        while let Some((name, value)) = map.next_entry::<Text<'de>, Text<'de>>()? {
            if all.len() >= self.0.limits.labels || name.0.len() > self.0.limits.label_bytes {
                self.0.oddities.annotations_cut += 1;
                continue;
            }
            let value = if value.0.len() > max {
                self.0.oddities.annotations_cut += 1;
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
enum State {
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
struct Status {
    state: State,
    silenced_by: Vec<String>,
    inhibited_by: Vec<String>,
    muted_by: Vec<String>,
}

impl Status {
    fn word(&mut self, word: &str) {
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

    #[test]
    fn offsets_count_lines() {
        assert_eq!(offset(b"abc", 1, 2), 1);
        assert_eq!(offset(b"ab\ncd\nef", 3, 1), 6);
        assert_eq!(offset(b"ab", 9, 9), 2);
    }

    #[test]
    fn urls_that_a_browser_may_open_and_what_they_ask() {
        let mut reader = Reader::new(&AlertLimits::default());
        let (url, expr) = reader
            .url("http://p:9090/graph?g0.expr=up%7Bjob%3D%22%E7%82%B9%22%7D+%3D%3D+0&g0.tab=1")
            .expect("a link");
        assert!(url.starts_with("http://p:9090/graph?g0.expr="));
        assert_eq!(expr.as_deref(), Some("up{job=\"点\"} == 0"));
        assert_eq!(
            reader.url("https://x/"),
            Some(("https://x/".to_owned(), None))
        );
        for bad in [
            "javascript:alert(1)",
            "file:///etc/passwd",
            "graph",
            "http://",
        ] {
            assert_eq!(reader.url(bad), None, "{bad}");
        }
        assert_eq!(reader.oddities.url_dropped, 4);
        assert_eq!(reader.url(""), None);
        assert_eq!(reader.oddities.url_dropped, 4);
    }
}
