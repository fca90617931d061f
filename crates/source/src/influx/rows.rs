//! From rows of any format to bounded series.

use crate::connection::Limits;
use crate::error::{Capacity, SourceError};
use crate::http::Reply;
use model::labels::METRIC_NAME;
use model::{Labels, Sample, Series};
use serde::Deserialize;
use std::collections::HashMap;

/// A decoded answer and what the server said beside it.
#[derive(Debug)]
pub(super) struct Read<T> {
    pub value: T,
    pub warnings: Vec<String>,
    /// The server cut it.
    pub partial: bool,
}

impl<T> Read<T> {
    pub(super) fn whole(value: T) -> Self {
        Self {
            value,
            warnings: Vec::new(),
            partial: false,
        }
    }
}

/// Collects points by labels.
pub(super) struct Collect<'l> {
    limits: &'l Limits,
    index: HashMap<Labels, usize>,
    series: Vec<Series>,
    values: usize,
}

impl<'l> Collect<'l> {
    pub(super) fn new(limits: &'l Limits) -> Self {
        Self {
            limits,
            index: HashMap::new(),
            series: Vec::new(),
            values: 0,
        }
    }

    /// The place of the series with these labels, for [`Collect::push`].
    pub(super) fn series(&mut self, labels: Labels) -> Result<usize, SourceError> {
        if let Some(i) = self.index.get(&labels) {
            return Ok(*i);
        }
        let limit = |what, limit: usize| SourceError::Limit {
            what,
            limit: limit as u64,
        };
        if self.series.len() >= self.limits.series {
            return Err(limit(Capacity::Series, self.limits.series));
        }
        if labels.len() > self.limits.labels {
            return Err(limit(Capacity::Labels, self.limits.labels));
        }
        let most = self.limits.label_bytes;
        if labels.iter().any(|(n, v)| n.len() > most || v.len() > most) {
            return Err(limit(Capacity::LabelBytes, most));
        }
        let i = self.series.len();
        self.index.insert(labels.clone(), i);
        self.series.push(Series {
            labels,
            samples: Vec::new(),
        });
        Ok(i)
    }

    /// A point of the series at `place`.
    pub(super) fn push(&mut self, place: usize, t: i64, v: f64) -> Result<(), SourceError> {
        self.values += 1;
        if self.values > self.limits.values {
            return Err(SourceError::Limit {
                what: Capacity::Values,
                limit: self.limits.values as u64,
            });
        }
        if let Some(series) = self.series.get_mut(place) {
            series.samples.push(Sample { t, v });
        }
        Ok(())
    }

    /// All series with their points in order of time; of two points of one time the later one in the answer counts.
    pub(super) fn finish(mut self) -> Vec<Series> {
        for series in &mut self.series {
            let samples = &mut series.samples;
            if !samples.is_sorted_by(|a, b| a.t < b.t) {
                samples.reverse();
                samples.sort_by_key(|s| s.t); // stable: the later one comes first now
                samples.dedup_by_key(|s| s.t);
            }
        }
        self.series.retain(|s| !s.samples.is_empty());
        self.series
    }
}

/// Labels as boards know them: the measurement as the metric's name, `instance` from Telegraf's `host`.
pub(super) fn labels<'a>(
    measurement: &'a str,
    tags: impl Iterator<Item = (&'a str, &'a str)> + Clone,
    field: Option<&'a str>,
) -> Labels {
    let host = tags.clone().find(|(n, v)| *n == "host" && !v.is_empty());
    // tags come last: of equal names the last counts
    let ours = [(METRIC_NAME, measurement), ("field", field.unwrap_or(""))];
    let instance = host.map(|(_, host)| ("instance", host));
    Labels::from_pairs(ours.into_iter().chain(instance).chain(tags))
}

/// What a server says in `{"error": …}` or `{"message": …}`, the ways of its generations.
pub(super) fn message(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Said {
        error: Option<String>,
        message: Option<String>,
    }
    let said: Said = serde_json::from_slice(body).ok()?;
    said.error.or(said.message).filter(|m| !m.trim().is_empty())
}

/// The version that `/ping` tells.
pub(super) fn version(reply: &Reply) -> Option<String> {
    #[derive(Deserialize)]
    struct Ping {
        version: String,
    }
    let header = reply.header("x-influxdb-version");
    if !header.is_empty() {
        return Some(header.to_owned());
    }
    let ping: Ping = serde_json::from_slice(&reply.body).ok()?;
    Some(ping.version)
}

/// A text within the bytes of a label.
pub(super) fn bounded(text: &str, limits: &Limits) -> Result<String, SourceError> {
    if text.len() > limits.label_bytes {
        return Err(SourceError::Limit {
            what: Capacity::LabelBytes,
            limit: limits.label_bytes as u64,
        });
    }
    Ok(text.to_owned())
}

/// Milliseconds of a time as the servers write it; without a zone it is UTC.
pub(super) fn time_ms(text: &str) -> Option<i64> {
    if let Ok(t) = chrono::DateTime::parse_from_rfc3339(text) {
        return Some(t.timestamp_millis());
    }
    let naive = chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").ok()?;
    Some(naive.and_utc().timestamp_millis())
}

/// An error of serde in our words.
pub(super) fn unreadable(e: &serde_json::Error, what: &'static str) -> SourceError {
    if e.is_eof() {
        SourceError::Truncated
    } else {
        SourceError::Malformed {
            at: if e.line() <= 1 {
                e.column().saturating_sub(1)
            } else {
                e.column()
            },
            what,
        }
    }
}
