//! The gateway's JSON.

use crate::error::{QueryFault, SourceError};
use crate::services::{InstanceHealth, KeyChange, KeyEvent, MAX_CHANGES, ServiceInstance, cut};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde::de::{self, DeserializeOwned, Deserializer};
use serde_json::Value;

/// A number that stands as a text, or as a number in some versions.
fn number<'de, D: Deserializer<'de>>(d: D) -> Result<u64, D::Error> {
    match Value::deserialize(d)? {
        Value::String(text) => text.parse().map_err(de::Error::custom),
        Value::Number(n) => n
            .as_u64()
            .ok_or_else(|| de::Error::custom("no whole number")),
        _ => Err(de::Error::custom("a number")),
    }
}

/// Bytes that stand as base64.
fn bytes<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(d)?;
    STANDARD.decode(text).map_err(de::Error::custom)
}

#[derive(Deserialize, Default)]
struct Header {
    #[serde(default, deserialize_with = "number")]
    revision: u64,
}

/// A key with its value; fields that are zero are left out by the gateway.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct KeyValue {
    #[serde(default, deserialize_with = "bytes")]
    pub key: Vec<u8>,
    #[serde(default, deserialize_with = "bytes")]
    pub value: Vec<u8>,
    #[serde(default, deserialize_with = "number")]
    pub create_revision: u64,
    #[serde(default, deserialize_with = "number")]
    pub mod_revision: u64,
    #[serde(default, deserialize_with = "number")]
    pub lease: u64,
}

/// What a range holds, and the store's revision then.
#[derive(Debug)]
pub(super) struct Ranged {
    pub revision: u64,
    pub keys: Vec<KeyValue>,
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, SourceError> {
    serde_json::from_slice(body).map_err(|e| {
        if e.is_eof() {
            SourceError::Truncated
        } else {
            SourceError::Malformed {
                at: e.column().saturating_sub(1),
                what: "an answer of etcd",
            }
        }
    })
}

pub(super) fn range(body: &[u8]) -> Result<Ranged, SourceError> {
    #[derive(Deserialize)]
    struct Range {
        header: Header,
        #[serde(default)]
        kvs: Vec<KeyValue>,
    }
    let range: Range = read(body)?;
    Ok(Ranged {
        revision: range.header.revision,
        keys: range.kvs,
    })
}

pub(super) fn token(body: &[u8]) -> Result<String, SourceError> {
    #[derive(Deserialize)]
    struct Authenticated {
        token: String,
    }
    read::<Authenticated>(body).map(|a| a.token)
}

/// Code of gRPC and message of a refusal.
pub(super) fn error(body: &[u8]) -> Option<(u64, String)> {
    let said: Value = serde_json::from_slice(body).ok()?;
    let inner = said.get("error").filter(|e| e.is_object()).unwrap_or(&said);
    let text = |name| inner.get(name).and_then(Value::as_str);
    let code = ["grpc_code", "code"]
        .into_iter()
        .find_map(|n| inner.get(n).and_then(Value::as_u64))?;
    Some((
        code,
        text("message").or(text("error")).unwrap_or("").to_owned(),
    ))
}

/// One event of a watch.
#[derive(Debug)]
pub(super) struct Event {
    kv: KeyValue,
    deleted: bool,
    pub revision: u64,
}

impl Event {
    /// As every registry tells it; without the value unless `values`.
    pub(super) fn change(self, values: bool) -> KeyChange {
        let created = self.kv.create_revision == self.kv.mod_revision;
        let event = match (self.deleted, created) {
            (true, _) => KeyEvent::Deleted,
            (false, true) => KeyEvent::Created,
            (false, false) => KeyEvent::Changed,
        };
        KeyChange {
            key: cut(&String::from_utf8_lossy(&self.kv.key)),
            event,
            revision: self.revision,
            by: (self.kv.lease != 0).then(|| format!("lease {:x}", self.kv.lease)),
            value: (values && !self.deleted).then(|| cut(&String::from_utf8_lossy(&self.kv.value))),
        }
    }
}

/// What a watch told.
#[derive(Debug)]
pub(super) enum Watched {
    /// Events in their order, at most [`MAX_CHANGES`].
    Events(Vec<Event>),
    /// The asked revision is not kept any more; this one is.
    Compacted(u64),
}

#[derive(Deserialize)]
struct Line {
    result: Option<Outcome>,
    error: Option<Value>,
}

#[derive(Deserialize, Default)]
struct Outcome {
    #[serde(default)]
    canceled: bool,
    #[serde(default, deserialize_with = "number")]
    compact_revision: u64,
    #[serde(default)]
    cancel_reason: String,
    #[serde(default)]
    events: Vec<RawEvent>,
}

#[derive(Deserialize)]
struct RawEvent {
    /// `DELETE`; what is zero, a put, is left out.
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    kv: KeyValue,
}

/// Whether a line says more than that the watch has begun.
pub(super) fn is_news(line: &[u8]) -> bool {
    match read::<Line>(line) {
        Ok(Line {
            result: Some(r),
            error: None,
        }) => r.canceled || !r.events.is_empty(),
        // what cannot be read is looked at by whoever reads it
        _ => true,
    }
}

pub(super) fn watch(line: &[u8]) -> Result<Watched, SourceError> {
    if let Some((code, message)) = error(line) {
        return Err(match code {
            16 => SourceError::Unauthorized,
            7 => SourceError::Forbidden,
            _ => SourceError::Query {
                fault: QueryFault::Failed,
                message: cut(&message),
            },
        });
    }
    let outcome = read::<Line>(line)?.result.unwrap_or_default();
    if outcome.canceled {
        if outcome.compact_revision > 0 {
            return Ok(Watched::Compacted(outcome.compact_revision));
        }
        return Err(if outcome.cancel_reason.contains("permission denied") {
            SourceError::Forbidden
        } else {
            SourceError::Query {
                fault: QueryFault::Cancelled,
                message: cut(&outcome.cancel_reason),
            }
        });
    }
    let events = outcome.events.into_iter().take(MAX_CHANGES).map(|e| Event {
        deleted: e.kind == "DELETE",
        revision: e.kv.mod_revision,
        kv: e.kv,
    });
    Ok(Watched::Events(events.collect()))
}

/// The instance that a key stands for; `None` for a key that is none.
pub(super) fn instance(prefix: &str, kv: &KeyValue) -> Option<ServiceInstance> {
    let key = std::str::from_utf8(&kv.key).ok()?;
    let (service, id) = key
        .strip_prefix(prefix)?
        .trim_start_matches('/')
        .split_once('/')?;
    let text = std::str::from_utf8(&kv.value).ok()?.trim();
    if service.is_empty() || id.is_empty() {
        return None;
    }
    let mut instance = ServiceInstance {
        service: service.to_owned(),
        id: id.to_owned(),
        ..ServiceInstance::default()
    };
    match serde_json::from_str::<Value>(text) {
        Ok(Value::Object(said)) => {
            let find = |names: &[&str]| names.iter().find_map(|n| said.get(*n));
            let host = find(&["host", "Host"]).and_then(Value::as_str);
            let port = find(&["port", "Port"]).and_then(Value::as_u64);
            instance.address =
                match find(&["Addr", "addr", "address", "Address"]).and_then(Value::as_str) {
                    Some(address) => address.to_owned(),
                    None => host.map_or(String::new(), |h| match port {
                        Some(port) => format!("{h}:{port}"),
                        None => h.to_owned(),
                    }),
                };
            if find(&["healthy", "Healthy"]) == Some(&Value::Bool(false)) {
                instance.health = InstanceHealth::Critical;
            }
            if let Some(Value::Object(meta)) = find(&["Metadata", "metadata", "meta"]) {
                let texts = meta
                    .iter()
                    .filter_map(|(n, v)| Some((n.clone(), v.as_str()?.to_owned())));
                instance.meta = texts.collect();
            }
        }
        _ => instance.address = text.to_owned(),
    }
    Some(instance)
}
