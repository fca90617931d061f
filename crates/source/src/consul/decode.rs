//! Consul's JSON.

use crate::error::SourceError;
use crate::services::{InstanceHealth, ServiceInstance, cut};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use std::collections::BTreeMap;

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, SourceError> {
    serde_json::from_slice(body).map_err(|e| {
        if e.is_eof() {
            SourceError::Truncated
        } else {
            SourceError::Malformed {
                at: e.column().saturating_sub(1),
                what: "an answer of Consul",
            }
        }
    })
}

/// The names in the answer of `/v1/catalog/services`.
pub(super) fn services(body: &[u8]) -> Result<Vec<String>, SourceError> {
    read::<BTreeMap<String, IgnoredAny>>(body).map(|all| all.into_keys().collect())
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    node: Node,
    service: Service,
    #[serde(default)]
    checks: Vec<Check>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Node {
    #[serde(default)]
    address: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Service {
    #[serde(rename = "ID")]
    id: String,
    service: String,
    #[serde(default)]
    tags: Option<Vec<String>>,
    #[serde(default)]
    address: String,
    #[serde(default)]
    port: u16,
    #[serde(default)]
    meta: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Check {
    #[serde(default)]
    status: String,
}

/// The instances in the answer of `/v1/health/service/<name>`; each is as bad as its worst check.
pub(super) fn instances(body: &[u8]) -> Result<Vec<ServiceInstance>, SourceError> {
    let one = |e: Entry| {
        let host = if e.service.address.is_empty() {
            e.node.address
        } else {
            e.service.address
        };
        // IPv6 needs its brackets before a port
        let host = if host.contains(':') && !host.starts_with('[') {
            format!("[{host}]")
        } else {
            host
        };
        let address = match (host.is_empty(), e.service.port) {
            (true, _) => String::new(),
            (false, 0) => host,
            (false, port) => format!("{host}:{port}"),
        };
        ServiceInstance {
            service: e.service.service,
            id: e.service.id,
            address,
            health: e
                .checks
                .iter()
                .map(|c| health(&c.status))
                .max()
                .unwrap_or_default(),
            tags: e.service.tags.unwrap_or_default(),
            meta: e.service.meta.unwrap_or_default().into_iter().collect(),
        }
    };
    Ok(read::<Vec<Entry>>(body)?.into_iter().map(one).collect())
}

fn health(status: &str) -> InstanceHealth {
    match status {
        "passing" => InstanceHealth::Passing,
        "warning" => InstanceHealth::Warning,
        "maintenance" => InstanceHealth::Maintenance,
        // what is not known is not well
        _ => InstanceHealth::Critical,
    }
}

/// One key of `/v1/kv/<prefix>?recurse`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Key {
    pub key: String,
    #[serde(rename = "ModifyIndex")]
    pub modified: u64,
    #[serde(default)]
    pub session: Option<String>,
    #[serde(default)]
    value: Option<String>,
}

impl Key {
    /// The value as a text.
    pub(super) fn text(&self) -> Option<String> {
        let bytes = STANDARD.decode(self.value.as_deref()?).ok()?;
        Some(cut(&String::from_utf8_lossy(&bytes)))
    }
}

pub(super) fn keys(body: &[u8]) -> Result<Vec<Key>, SourceError> {
    read(body)
}
