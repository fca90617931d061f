//! Answers of the Alertmanager's API v2 (`api/v2/openapi.yaml` of the Alertmanager).

use super::raw::{List, Reader, unreadable};
use crate::alerts::{
    AlertLimits, AlertSourceInfo, Oddities, SilenceRequest, SilenceState, SourceSilence, time_ms,
};
use crate::error::{Capacity, SourceError};
use model::alert::{Matcher, Observation};
use serde::de::{DeserializeSeed, Error};
use serde::{Deserialize, Deserializer, Serialize};

/// `GET /api/v2/alerts`.
///
/// # Errors
/// [`SourceError::Truncated`], [`SourceError::Malformed`] or [`SourceError::Limit`].
pub fn alerts(
    body: &[u8],
    limits: &AlertLimits,
) -> Result<(Vec<Observation>, Oddities), SourceError> {
    let mut reader = Reader::new(limits);
    let mut json = serde_json::Deserializer::from_slice(body);
    let read = List(&mut reader)
        .deserialize(&mut json)
        .and_then(|all| json.end().map(|()| all));
    match read {
        Ok(all) => Ok((all, reader.oddities)),
        Err(e) => Err(reader.fault(body, &e, "alerts as the API v2 has them")),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ServerStatus {
    #[serde(default)]
    cluster: Cluster,
    uptime: Time,
    version_info: VersionInfo,
}

#[derive(Default, Deserialize)]
struct Cluster {
    #[serde(default)]
    status: String,
}

#[derive(Deserialize)]
struct VersionInfo {
    #[serde(default)]
    version: String,
}

/// `GET /api/v2/status`.
///
/// # Errors
/// [`SourceError::Truncated`] or [`SourceError::Malformed`].
pub(super) fn status(body: &[u8]) -> Result<AlertSourceInfo, SourceError> {
    let status: ServerStatus = serde_json::from_slice(body)
        .map_err(|e| unreadable(body, &e, "a status as the API v2 has it"))?;
    Ok(AlertSourceInfo {
        version: Some(crate::http::clean(&status.version_info.version, 40))
            .filter(|v| !v.is_empty()),
        started_at_ms: status.uptime.0,
        ready: status.cluster.status != "settling",
        silences: true,
    })
}

/// A time of the API; the zero time is none.
struct Time(Option<i64>);

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        time_ms(&text).map(Self).map_err(D::Error::custom)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Silence {
    id: String,
    status: SilenceStatus,
    updated_at: Time,
    #[serde(default)]
    comment: String,
    #[serde(default)]
    created_by: String,
    starts_at: Time,
    ends_at: Time,
    matchers: Vec<ApiMatcher>,
}

#[derive(Deserialize)]
struct SilenceStatus {
    state: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ApiMatcher {
    name: String,
    value: String,
    is_regex: bool,
    // Alertmanagers before 0.22 do not know it
    #[serde(default = "yes")]
    is_equal: bool,
}

fn yes() -> bool {
    true
}

/// `GET /api/v2/silences`.
///
/// # Errors
/// [`SourceError::Truncated`], [`SourceError::Malformed`] or [`SourceError::Limit`].
pub(super) fn silences(
    body: &[u8],
    limits: &AlertLimits,
) -> Result<Vec<SourceSilence>, SourceError> {
    let all: Vec<Silence> = serde_json::from_slice(body)
        .map_err(|e| unreadable(body, &e, "silences as the API v2 has them"))?;
    if all.len() > limits.silences {
        return Err(SourceError::Limit {
            what: Capacity::Silences,
            limit: limits.silences as u64,
        });
    }
    Ok(all.into_iter().map(source_silence).collect())
}

/// `GET /api/v2/silence/{id}`.
///
/// # Errors
/// [`SourceError::Truncated`] or [`SourceError::Malformed`].
pub(super) fn one_silence(body: &[u8]) -> Result<SourceSilence, SourceError> {
    serde_json::from_slice(body)
        .map(source_silence)
        .map_err(|e| unreadable(body, &e, "a silence as the API v2 has it"))
}

fn source_silence(s: Silence) -> SourceSilence {
    SourceSilence {
        id: s.id,
        state: match s.status.state.as_str() {
            "pending" => SilenceState::Pending,
            "expired" => SilenceState::Expired,
            _ => SilenceState::Active,
        },
        updated_at: s.updated_at.0.unwrap_or_default(),
        silence: SilenceRequest {
            matchers: s
                .matchers
                .into_iter()
                .map(|m| Matcher {
                    name: m.name,
                    value: m.value,
                    is_regex: m.is_regex,
                    is_equal: m.is_equal,
                })
                .collect(),
            starts_at: s.starts_at.0.unwrap_or_default(),
            ends_at: s.ends_at.0.unwrap_or_default(),
            created_by: s.created_by,
            comment: s.comment,
        },
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PostableSilence<'a> {
    matchers: Vec<ApiMatcher>,
    starts_at: String,
    ends_at: String,
    created_by: &'a str,
    comment: &'a str,
}

/// Body of `POST /api/v2/silences`.
///
/// # Errors
/// [`SourceError::Internal`] for a time that no calendar has.
pub(super) fn postable(request: &SilenceRequest) -> Result<Vec<u8>, SourceError> {
    let internal = |detail: &str| SourceError::Internal {
        detail: detail.to_owned(),
    };
    let time = |ms: i64| {
        chrono::DateTime::from_timestamp_millis(ms)
            .map(|t| t.to_rfc3339_opts(chrono::SecondsFormat::Millis, true))
            .ok_or_else(|| internal("a silence's time that no calendar has"))
    };
    let body = PostableSilence {
        matchers: request
            .matchers
            .iter()
            .map(|m| ApiMatcher {
                name: m.name.clone(),
                value: m.value.clone(),
                is_regex: m.is_regex,
                is_equal: m.is_equal,
            })
            .collect(),
        starts_at: time(request.starts_at)?,
        ends_at: time(request.ends_at)?,
        created_by: &request.created_by,
        comment: &request.comment,
    };
    serde_json::to_vec(&body).map_err(|e| internal(&e.to_string()))
}

#[derive(Deserialize)]
struct Created {
    #[serde(rename = "silenceID")]
    silence_id: String,
}

/// Answer to it.
///
/// # Errors
/// [`SourceError::Truncated`] or [`SourceError::Malformed`].
pub(super) fn created(body: &[u8]) -> Result<String, SourceError> {
    let created: Created =
        serde_json::from_slice(body).map_err(|e| unreadable(body, &e, "a silence's id"))?;
    if super::is_id(&created.silence_id) {
        Ok(created.silence_id)
    } else {
        Err(SourceError::Malformed {
            at: 0,
            what: "a silence's id",
        })
    }
}

/// The Alertmanager's own words in a refusal: a JSON string, or `{"code":…,"message":…}`.
pub(super) fn refusal_words(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Words {
        Text(String),
        Coded { message: String },
    }
    match serde_json::from_slice(body).ok()? {
        Words::Text(message) | Words::Coded { message } => Some(message),
    }
}

/// A matcher as the parameter `filter` has it: within the quotes only `\\`, `\"` and `\n` are escapes
/// (`pkg/labels/parse.go`).
pub(super) fn filter(matcher: &Matcher) -> String {
    let op = match (matcher.is_equal, matcher.is_regex) {
        (true, false) => "=",
        (false, false) => "!=",
        (true, true) => "=~",
        (false, true) => "!~",
    };
    let mut out = format!("{}{op}\"", matcher.name);
    for c in matcher.value.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
