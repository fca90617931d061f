//! Alerts in JSON as the Alertmanager's API v2, its webhook v4 and Prometheus' API write them, read in one pass over the
//! bytes, without a tree in between. Unknown fields are skipped.

use super::fields::{LabelPairs, Notes, Read, State, Status, Text};
use crate::alerts::{AlertLimits, Oddities, time_ms};
use crate::error::{Capacity, SourceError};
use model::alert::{Fingerprint, Observation, Reported};
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::collections::{BTreeMap, HashMap};
use std::fmt;

/// Links remembered while one body is read.
const LINKS: usize = 1_024;

/// What is read, and what was odd about it.
pub(crate) struct Reader {
    pub limits: AlertLimits,
    pub oddities: Oddities,
    /// What an alert that says nothing of its start is taken to have begun at.
    pub start_otherwise: Option<i64>,
    /// Set when reading was given up because there are more alerts than allowed.
    pub too_many: bool,
    /// Links that were read already: all alerts of a rule have the same one, and reading one takes as long as all the rest of
    /// an alert.
    links: HashMap<String, Option<Link>>,
}

/// A URL, and the expression in it.
type Link = (String, Option<String>);

impl Reader {
    pub(crate) fn new(limits: &AlertLimits) -> Self {
        Self {
            limits: *limits,
            oddities: Oddities::default(),
            start_otherwise: None,
            too_many: false,
            links: HashMap::new(),
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
    url: Option<Link>,
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
        let mut updated_at = None;
        while let Some(field) = map.next_key()? {
            match field {
                Field::Labels => raw.labels = map.next_value_seed(LabelPairs(&reader.limits))?,
                Field::Annotations => {
                    raw.annotations = map.next_value_seed(Notes {
                        limits: &reader.limits,
                        oddities: &mut reader.oddities,
                    })?;
                }
                Field::Status => raw.status = map.next_value()?,
                Field::State => raw.status.word(&map.next_value::<Text<'_>>()?.0),
                Field::StartsAt | Field::ActiveAt => raw.starts_at = time(&mut map)?,
                Field::EndsAt => raw.ends_at = time(&mut map)?,
                Field::UpdatedAt => updated_at = Some(map.next_value::<Text<'_>>()?),
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
        if raw.starts_at.is_none() {
            raw.starts_at = updated_at.and_then(|t| time_ms(&t.0).ok().flatten());
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
        let Some(starts_at) = raw.starts_at.or(self.start_otherwise) else {
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
    pub(crate) fn url(&mut self, text: &str) -> Option<Link> {
        if text.is_empty() {
            return None;
        }
        let link = match self.links.get(text) {
            Some(known) => known.clone(),
            None => {
                let link = link(text, self.limits.annotation_bytes);
                if self.links.len() < LINKS {
                    self.links.insert(text.to_owned(), link.clone());
                }
                link
            }
        };
        self.oddities.url_dropped += usize::from(link.is_none());
        link
    }
}

fn link(text: &str, max: usize) -> Option<Link> {
    let url = Some(text)
        .filter(|t| t.len() <= max)
        .and_then(|t| reqwest::Url::parse(t).ok())
        .filter(|u| matches!(u.scheme(), "http" | "https"))?;
    let expr = url
        .query_pairs()
        .find(|(name, _)| name == "g0.expr")
        .map(|(_, expr)| expr.into_owned())
        .filter(|expr| !expr.trim().is_empty());
    Some((String::from(url), expr))
}

fn time<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Option<i64>, A::Error> {
    let text: Text<'_> = map.next_value()?;
    if text.0.is_empty() {
        return Ok(None);
    }
    time_ms(&text.0).map_err(A::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

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
