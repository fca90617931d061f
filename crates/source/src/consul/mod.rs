//! Consul's HTTP API (<https://developer.hashicorp.com/consul/api-docs>): catalog, health and keys, with blocking queries
//! (<https://developer.hashicorp.com/consul/api-docs/features/blocking>).

mod decode;
#[cfg(test)]
mod tests;

use crate::connection::{Auth, ConfigError, Connection};
use crate::error::{Capacity, QueryFault, SourceError};
use crate::http::{Http, Protocol, Reply};
use crate::services::{
    KeyChange, KeyEvent, MAX_CHANGES, News, RegistryOptions, ServiceInstance, ServiceRegistry,
    Watch, cut, tidy,
};
use futures::FutureExt as _;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Services that are looked at.
const MAX_SERVICES: usize = 500;
/// Keys that are watched under one prefix.
const MAX_KEYS: usize = 50_000;
/// Characters of a message that are kept.
const MESSAGE: usize = 300;

/// A client for one Consul.
#[derive(Debug)]
pub struct Consul {
    http: Http,
    options: RegistryOptions,
    /// For questions that do not wait.
    patience: Duration,
}

impl Consul {
    /// A client; nothing is sent yet. A bearer token is sent as `X-Consul-Token`.
    ///
    /// # Errors
    /// When the connection's description cannot be right.
    pub fn new(connection: &Connection, options: &RegistryOptions) -> Result<Self, ConfigError> {
        let mut connection = connection.clone();
        if let Auth::Bearer(token) = &connection.auth {
            let header = ("X-Consul-Token".to_owned(), token.clone());
            connection.headers.push(header);
            connection.auth = Auth::None;
        }
        Ok(Self {
            http: Http::new(&connection, Protocol::Other("Consul"))?,
            options: options.clone(),
            patience: connection.timeout,
        })
    }

    /// A question; with the index of the last answer it waits for another one.
    async fn ask(
        &self,
        path: &[&str],
        more: &[(&str, String)],
        after: Option<u64>,
    ) -> Result<(Reply, u64), SourceError> {
        let mut params = more.to_vec();
        let mut within = self.patience;
        if let Some(index) = after {
            params.push(("index", index.to_string()));
            params.push(("wait", format!("{}ms", self.options.wait.as_millis())));
            // the server adds up to a sixteenth, so that not all come back at once
            within += self.options.wait + self.options.wait / 16;
        }
        let reply = self.http.get_within(path, &params, within).await?;
        let known = matches!(reply.status, 200..300 | 404);
        if !known {
            return Err(self.refused(&reply));
        }
        let index = reply.header("x-consul-index").parse().ok();
        match index {
            Some(index) => Ok((reply, index)),
            None => Err(self.http.not_ours(&reply)),
        }
    }

    /// Its errors are plain texts.
    fn refused(&self, reply: &Reply) -> SourceError {
        let text = String::from_utf8_lossy(&reply.body);
        let plain = reply.content_type.starts_with("text/plain") && !text.trim().is_empty();
        match reply.status {
            400 | 500 if plain => SourceError::Query {
                fault: if reply.status == 400 {
                    QueryFault::Invalid
                } else {
                    QueryFault::Internal
                },
                message: self.http.clean(&text, MESSAGE),
            },
            _ => self.http.refusal(reply),
        }
    }

    async fn instances(&self) -> Result<Vec<ServiceInstance>, SourceError> {
        let (reply, _) = self.ask(&["v1", "catalog", "services"], &[], None).await?;
        let mut names = decode::services(&reply.body)?;
        let wanted = &self.options.services;
        names.retain(|n| wanted.is_empty() || wanted.contains(n));
        if names.len() > MAX_SERVICES {
            return Err(SourceError::Limit {
                what: Capacity::Series,
                limit: MAX_SERVICES as u64,
            });
        }
        let mut all = Vec::new();
        for name in &names {
            let path = ["v1", "health", "service", name.as_str()];
            let (reply, _) = self.ask(&path, &[], None).await?;
            all.extend(decode::instances(&reply.body)?);
        }
        tidy(all)
    }
}

/// The index to wait with after `index`: one that went back (the server was restored from a backup) begins anew, and nothing below 1
/// may be sent, because it would not wait at all.
fn next_index(before: Option<u64>, index: u64) -> Option<u64> {
    let index = index.max(1);
    before.is_none_or(|b| index >= b).then_some(index)
}

impl ServiceRegistry for Consul {
    fn kind(&self) -> &'static str {
        "consul"
    }

    fn services(self: Arc<Self>) -> Box<dyn Watch<Vec<ServiceInstance>>> {
        Box::new(Services {
            consul: self,
            index: None,
            known: None,
        })
    }

    fn keys(self: Arc<Self>, prefix: &str) -> Box<dyn Watch<Vec<KeyChange>>> {
        Box::new(Keys {
            consul: self,
            prefix: prefix.trim_start_matches('/').to_owned(),
            index: None,
            known: None,
        })
    }
}

struct Services {
    consul: Arc<Consul>,
    index: Option<u64>,
    known: Option<Vec<ServiceInstance>>,
}

impl Services {
    async fn news(&mut self) -> Result<Option<Vec<ServiceInstance>>, SourceError> {
        // every change of a check moves this index; a service without checks is found when the wait is over
        let path = ["v1", "health", "state", "any"];
        let (_, index) = self.consul.ask(&path, &[], self.index).await?;
        let all = self.consul.instances().await?;
        self.index = next_index(self.index, index);
        if self.known.as_ref() == Some(&all) {
            return Ok(None);
        }
        self.known = Some(all.clone());
        Ok(Some(all))
    }
}

impl Watch<Vec<ServiceInstance>> for Services {
    fn next(&mut self) -> News<'_, Vec<ServiceInstance>> {
        self.news().boxed()
    }
}

struct Keys {
    consul: Arc<Consul>,
    prefix: String,
    index: Option<u64>,
    /// Key to its index; `None` before the first answer.
    known: Option<BTreeMap<String, u64>>,
}

impl Keys {
    async fn news(&mut self) -> Result<Option<Vec<KeyChange>>, SourceError> {
        let mut path = vec!["v1", "kv"];
        path.extend(self.prefix.split('/'));
        let recurse = [("recurse", "true".to_owned())];
        let (reply, index) = self.consul.ask(&path, &recurse, self.index).await?;
        // 404 is how it says that there is no such key
        let keys = if reply.status == 404 {
            Vec::new()
        } else {
            decode::keys(&reply.body)?
        };
        if keys.len() > MAX_KEYS {
            return Err(SourceError::Limit {
                what: Capacity::Series,
                limit: MAX_KEYS as u64,
            });
        }
        let unchanged = self.index == Some(index.max(1));
        self.index = next_index(self.index, index);
        let now: BTreeMap<String, u64> = keys.iter().map(|k| (k.key.clone(), k.modified)).collect();
        let Some(before) = self.known.replace(now) else {
            return Ok(Some(Vec::new()));
        };
        if unchanged {
            return Ok(None);
        }
        let changes = self.differences(&before, &keys, index);
        Ok((!changes.is_empty()).then_some(changes))
    }

    fn differences(
        &self,
        before: &BTreeMap<String, u64>,
        keys: &[decode::Key],
        index: u64,
    ) -> Vec<KeyChange> {
        let values = self.consul.options.values;
        let mut changes = Vec::new();
        for key in keys {
            let event = match before.get(&key.key) {
                None => KeyEvent::Created,
                Some(modified) if *modified != key.modified => KeyEvent::Changed,
                Some(_) => continue,
            };
            changes.push(KeyChange {
                key: cut(&key.key),
                event,
                revision: key.modified,
                by: key.session.clone().map(|s| format!("session {}", cut(&s))),
                value: if values { key.text() } else { None },
            });
        }
        let now = self.known.as_ref();
        let gone = before
            .keys()
            .filter(|k| now.is_some_and(|n| !n.contains_key(*k)));
        changes.extend(gone.map(|key| KeyChange {
            key: cut(key),
            event: KeyEvent::Deleted,
            revision: index,
            by: None,
            value: None,
        }));
        changes.truncate(MAX_CHANGES);
        changes
    }
}

impl Watch<Vec<KeyChange>> for Keys {
    fn next(&mut self) -> News<'_, Vec<KeyChange>> {
        self.news().boxed()
    }
}
