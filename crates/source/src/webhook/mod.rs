//! What an Alertmanager posts to a webhook, version 4 (`notify/webhook` and `template.Data` of the Alertmanager).

use crate::SourceError;
use crate::alertmanager::fields::Text;
use crate::alertmanager::raw::{List, Reader};
use crate::alerts::{AlertLimits, Oddities};
use model::alert::{Observation, Reported};
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;

/// The version that is understood.
pub const VERSION: &str = "4";
/// Characters kept of names that are only for the log.
const NAME: usize = 300;

/// One notification: a group's alerts.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// The group, in the Alertmanager's own words. For the log; cleaned.
    pub group_key: String,
    /// The receiver's name in the Alertmanager's configuration. For the log; cleaned.
    pub receiver: String,
    /// [`Reported::Resolved`] when all alerts of the group are over.
    pub status: Reported,
    /// The Alertmanager's own address, `http` or `https` only.
    pub external_url: Option<String>,
    /// How many alerts of the group the Alertmanager left out (`max_alerts` of its configuration).
    pub truncated: u64,
    /// The alerts, firing and resolved.
    pub alerts: Vec<Observation>,
    /// What was odd; alerts that could not be taken are counted here.
    pub oddities: Oddities,
}

/// Why a body is not taken. [`WebhookError::code`] is the locale key `error.webhook.<code>`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    /// More bytes than allowed.
    #[error("body larger than {limit} bytes")]
    TooLarge {
        /// Bytes allowed.
        limit: u64,
    },
    /// More alerts than allowed.
    #[error("more than {limit} alerts")]
    TooMany {
        /// Alerts allowed.
        limit: u64,
    },
    /// JSON, but of another version: an older Alertmanager, or another program.
    #[error("webhook version {found:?}, only \"4\" is understood")]
    Version {
        /// What it says; cut and cleaned.
        found: String,
    },
    /// JSON without a version: a payload of somebody's own template, or something else altogether.
    #[error("not the Alertmanager's own payload: it names no version")]
    Custom,
    /// Ended early.
    #[error("body ended early")]
    Truncated,
    /// Not JSON, or not what version 4 says.
    #[error("body malformed at byte {at}: {what}")]
    Malformed {
        /// Byte of the body.
        at: usize,
        /// What was expected.
        what: &'static str,
    },
}

impl WebhookError {
    /// The code: stable, snake case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "too_large",
            Self::TooMany { .. } => "too_many",
            Self::Version { .. } => "version",
            Self::Custom => "custom",
            Self::Truncated => "truncated",
            Self::Malformed { .. } => "malformed",
        }
    }

    /// Placeholders of the sentence.
    pub fn params(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::TooLarge { limit } | Self::TooMany { limit } => {
                vec![("limit", limit.to_string())]
            }
            Self::Version { found } => vec![("found", found.clone())],
            Self::Malformed { at, what } => {
                vec![("at", at.to_string()), ("what", (*what).to_owned())]
            }
            Self::Custom | Self::Truncated => Vec::new(),
        }
    }

    /// Every code; a test holds the locales to it.
    pub const CODES: [&'static str; 6] = [
        "too_large",
        "too_many",
        "version",
        "custom",
        "truncated",
        "malformed",
    ];
}

/// Reads a body. An alert that says nothing of its start is taken to have begun at `received_at` (ms).
///
/// # Errors
/// [`WebhookError`]. Single alerts that cannot be taken are no error: they are counted in [`Batch::oddities`].
pub fn parse(body: &[u8], limits: &AlertLimits, received_at: i64) -> Result<Batch, WebhookError> {
    if body.len() as u64 > limits.body_bytes {
        return Err(WebhookError::TooLarge {
            limit: limits.body_bytes,
        });
    }
    let mut reader = Reader::new(limits);
    reader.start_otherwise = Some(received_at);
    let mut json = serde_json::Deserializer::from_slice(body);
    let read = Payload(&mut reader)
        .deserialize(&mut json)
        .and_then(|read| json.end().map(|()| read));
    let read =
        read.map_err(
            |e| match reader.fault(body, &e, "a webhook's payload, version 4") {
                SourceError::Limit { limit, .. } => WebhookError::TooMany { limit },
                SourceError::Truncated => WebhookError::Truncated,
                // the version stands behind the alerts: of another version they need not look like ours
                SourceError::Malformed { at, what } => other_version(body)
                    .filter(|_| e.is_data())
                    .unwrap_or(WebhookError::Malformed { at, what }),
                _ => WebhookError::Malformed {
                    at: 0,
                    what: "a webhook's payload, version 4",
                },
            },
        )?;
    match read.version {
        Some(v) if v == VERSION => {}
        Some(found) => {
            return Err(WebhookError::Version {
                found: crate::http::clean(&found, 40),
            });
        }
        None => return Err(WebhookError::Custom),
    }
    let Some(alerts) = read.alerts else {
        return Err(WebhookError::Malformed {
            at: body.len(),
            what: "alerts",
        });
    };
    Ok(Batch {
        alerts,
        oddities: reader.oddities,
        ..read.batch
    })
}

/// What the body says of its version, where that is not ours.
fn other_version(body: &[u8]) -> Option<WebhookError> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Word {
        Text(String),
        Number(f64),
        Other(IgnoredAny),
    }
    #[derive(Deserialize)]
    struct Versioned {
        version: Option<Word>,
    }
    let read: Versioned = serde_json::from_slice(body).ok()?;
    let found = match read.version {
        None => return Some(WebhookError::Custom),
        Some(Word::Text(v)) if v == VERSION => return None,
        Some(Word::Text(v)) => v,
        Some(Word::Number(n)) => n.to_string(),
        Some(Word::Other(_)) => "?".to_owned(),
    };
    Some(WebhookError::Version {
        found: crate::http::clean(&found, 40),
    })
}

struct Payload<'r>(&'r mut Reader);

struct Partly {
    batch: Batch,
    version: Option<String>,
    alerts: Option<Vec<Observation>>,
}

impl<'de> DeserializeSeed<'de> for Payload<'_> {
    type Value = Partly;
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<Partly, D::Error> {
        d.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Payload<'_> {
    type Value = Partly;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a webhook's payload")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Partly, A::Error> {
        let mut read = Partly {
            batch: Batch {
                group_key: String::new(),
                receiver: String::new(),
                status: Reported::Firing,
                external_url: None,
                truncated: 0,
                alerts: Vec::new(),
                oddities: Oddities::default(),
            },
            version: None,
            alerts: None,
        };
        while let Some(key) = map.next_key::<Text<'_>>()? {
            match &*key.0 {
                "alerts" => read.alerts = Some(map.next_value_seed(List(self.0))?),
                "version" => read.version = Some(map.next_value::<Text<'_>>()?.0.into_owned()),
                "groupKey" => {
                    read.batch.group_key =
                        crate::http::clean(&map.next_value::<Text<'_>>()?.0, NAME);
                }
                "receiver" => {
                    read.batch.receiver =
                        crate::http::clean(&map.next_value::<Text<'_>>()?.0, NAME);
                }
                "status" => {
                    let word = map.next_value::<Text<'_>>()?;
                    if word.0 == "resolved" {
                        read.batch.status = Reported::Resolved;
                    }
                }
                "externalURL" => {
                    let url = map.next_value::<Text<'_>>()?;
                    read.batch.external_url = self.0.url(&url.0).map(|(url, _)| url);
                }
                "truncatedAlerts" => read.batch.truncated = map.next_value()?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests;
