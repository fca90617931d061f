//! etcd 3.4 and later by its JSON gateway (<https://etcd.io/docs/v3.4/dev-guide/api_grpc_gateway/>): keys and values are base64, 64-bit
//! numbers are texts, a watch is a stream with one JSON object a line.
//!
//! etcd knows keys and no services. An instance is a key `<prefix><service>/<id>`; its value is `host:port`, or JSON with `Addr`,
//! `addr` or `address` (or `host` and `port`), and `Metadata`, `metadata` or `meta` with texts, as the usual libraries write it. A key that is
//! there is a healthy instance: it hangs on a lease that its process keeps alive, unless it says `"healthy": false` itself.

mod decode;
#[cfg(test)]
mod tests;

use crate::connection::{Auth, ConfigError, Connection};
use crate::error::{QueryFault, SourceError};
use crate::http::{Http, Protocol, Reply, Streamed};
use crate::services::{
    KeyChange, MAX_INSTANCES, News, RegistryOptions, ServiceInstance, ServiceRegistry, Watch, tidy,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use decode::{Ranged, Watched};
use futures::FutureExt as _;
use model::Secret;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

/// Instances that come and go together are told together.
const TOGETHER: Duration = Duration::from_millis(300);
/// Characters of a message that are kept.
const MESSAGE: usize = 300;

/// A client for one etcd.
#[derive(Debug)]
pub struct Etcd {
    http: Http,
    options: RegistryOptions,
    login: Option<(String, Secret)>,
    token: Mutex<Option<Secret>>,
}

impl Etcd {
    /// A client; nothing is sent yet.
    ///
    /// # Errors
    /// When the connection's description cannot be right.
    pub fn new(connection: &Connection, options: &RegistryOptions) -> Result<Self, ConfigError> {
        let mut connection = connection.clone();
        // user and password buy a token; they are not sent with each question
        let login = match std::mem::take(&mut connection.auth) {
            Auth::Basic { user, password } => Some((user, password)),
            other => {
                connection.auth = other;
                None
            }
        };
        let mut http = Http::new(&connection, Protocol::Other("etcd"))?;
        if let Some((_, password)) = &login {
            http.knows(password.clone());
        }
        Ok(Self {
            http,
            options: options.clone(),
            login,
            token: Mutex::new(None),
        })
    }

    async fn token(&self) -> Result<Option<Secret>, SourceError> {
        let Some((user, password)) = &self.login else {
            return Ok(None);
        };
        let mut token = self.token.lock().await;
        if token.is_none() {
            let body = json!({"name": user, "password": password.expose()}).to_string();
            let path = ["v3", "auth", "authenticate"];
            let reply = self.http.call(&path, body.into_bytes(), None).await?;
            if !(200..300).contains(&reply.status) {
                // the gateway says 400 to a wrong password
                return Err(match self.refused(&reply) {
                    SourceError::Query {
                        fault: QueryFault::Invalid,
                        ..
                    } => SourceError::Unauthorized,
                    other => other,
                });
            }
            *token = Some(Secret::new(decode::token(&reply.body)?));
        }
        Ok(token.clone())
    }

    fn refused(&self, reply: &Reply) -> SourceError {
        let Some((code, message)) = decode::error(&reply.body) else {
            return self.http.refusal(reply);
        };
        let message = self.http.clean(&message, MESSAGE);
        // gRPC's codes: https://grpc.github.io/grpc/core/md_doc_statuscodes.html
        let fault = match code {
            16 => return SourceError::Unauthorized,
            7 => return SourceError::Forbidden,
            3 | 5 | 9 | 11 => QueryFault::Invalid,
            4 => QueryFault::Timeout,
            8 | 14 => QueryFault::Unavailable,
            _ => QueryFault::Internal,
        };
        SourceError::Query { fault, message }
    }

    /// A question with a token; a token that is no good any more is bought anew once.
    async fn call(&self, path: &[&str], body: &Value) -> Result<Reply, SourceError> {
        for first in [true, false] {
            let token = self.token().await?;
            let text = body.to_string().into_bytes();
            let reply = self.http.call(path, text, token.as_ref()).await?;
            if (200..300).contains(&reply.status) {
                let begins = reply.body.iter().find(|b| !b.is_ascii_whitespace());
                return match begins {
                    Some(b'{') => Ok(reply),
                    None => Err(SourceError::Truncated),
                    Some(_) => Err(self.http.not_ours(&reply)),
                };
            }
            match self.refused(&reply) {
                SourceError::Unauthorized if first && self.login.is_some() => self.forget().await,
                other => return Err(other),
            }
        }
        Err(SourceError::Unauthorized)
    }

    async fn forget(&self) {
        *self.token.lock().await = None;
    }

    async fn range(&self, prefix: &str, keys: usize) -> Result<Ranged, SourceError> {
        let body = json!({
            "key": encoded(prefix),
            "range_end": STANDARD.encode(after(prefix.as_bytes())),
            "limit": keys.to_string(),
        });
        let reply = self.call(&["v3", "kv", "range"], &body).await?;
        decode::range(&reply.body)
    }

    /// The next events of keys under `prefix` from `revision` on; `None` when there were none in time.
    async fn watch(&self, prefix: &str, revision: u64) -> Result<Option<Watched>, SourceError> {
        let body = json!({"create_request": {
            "key": encoded(prefix),
            "range_end": STANDARD.encode(after(prefix.as_bytes())),
            "start_revision": revision.to_string(),
        }});
        let token = self.token().await?;
        let text = body.to_string().into_bytes();
        let path = ["v3", "watch"];
        let streamed = self
            .http
            .first_line(
                &path,
                text,
                token.as_ref(),
                self.options.wait,
                decode::is_news,
            )
            .await?;
        match streamed {
            Streamed::Line(line) => match decode::watch(&line) {
                Err(SourceError::Unauthorized) => {
                    self.forget().await;
                    Err(SourceError::Unauthorized)
                }
                other => other.map(Some),
            },
            Streamed::Quiet => Ok(None),
            Streamed::Refused(reply) => {
                let refused = self.refused(&reply);
                if refused == SourceError::Unauthorized {
                    self.forget().await;
                }
                Err(refused)
            }
        }
    }
}

fn encoded(text: &str) -> String {
    // an empty key means the first one there is
    if text.is_empty() {
        STANDARD.encode([0])
    } else {
        STANDARD.encode(text)
    }
}

/// The first key that does not begin with `prefix`, as the documentation says: its last byte plus one; a zero byte means no end.
fn after(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if let Some(next) = last.checked_add(1) {
            end.push(next);
            return end;
        }
    }
    vec![0]
}

impl ServiceRegistry for Etcd {
    fn kind(&self) -> &'static str {
        "etcd"
    }

    fn services(self: Arc<Self>) -> Box<dyn Watch<Vec<ServiceInstance>>> {
        Box::new(Services {
            etcd: self,
            next: None,
        })
    }

    fn keys(self: Arc<Self>, prefix: &str) -> Box<dyn Watch<Vec<KeyChange>>> {
        Box::new(Keys {
            etcd: self,
            prefix: prefix.to_owned(),
            next: None,
        })
    }
}

struct Services {
    etcd: Arc<Etcd>,
    /// The first revision that has not been seen.
    next: Option<u64>,
}

impl Services {
    async fn news(&mut self) -> Result<Option<Vec<ServiceInstance>>, SourceError> {
        let prefix = &self.etcd.options.services_prefix;
        if let Some(next) = self.next {
            match self.etcd.watch(prefix, next).await? {
                None => return Ok(None),
                Some(_) => tokio::time::sleep(TOGETHER).await,
            }
        }
        // everything anew: what is there counts, not how it came to be
        let all = self.etcd.range(prefix, MAX_INSTANCES + 1).await?;
        let wanted = &self.etcd.options.services;
        let instances = all
            .keys
            .iter()
            .filter_map(|kv| decode::instance(prefix, kv))
            .filter(|i| wanted.is_empty() || wanted.contains(&i.service));
        let instances = tidy(instances.collect())?;
        self.next = Some(all.revision + 1);
        Ok(Some(instances))
    }
}

impl Watch<Vec<ServiceInstance>> for Services {
    fn next(&mut self) -> News<'_, Vec<ServiceInstance>> {
        self.news().boxed()
    }
}

struct Keys {
    etcd: Arc<Etcd>,
    prefix: String,
    next: Option<u64>,
}

impl Keys {
    async fn news(&mut self) -> Result<Option<Vec<KeyChange>>, SourceError> {
        let Some(next) = self.next else {
            self.next = Some(self.etcd.range(&self.prefix, 1).await?.revision + 1);
            return Ok(Some(Vec::new()));
        };
        match self.etcd.watch(&self.prefix, next).await? {
            None => Ok(None),
            Some(Watched::Compacted(oldest)) => {
                // what happened before is not to be had any more
                self.next = Some(oldest.max(next));
                Ok(Some(Vec::new()))
            }
            Some(Watched::Events(events)) => {
                let newest = events.iter().map(|e| e.revision).max().unwrap_or(next);
                let values = self.etcd.options.values;
                let changes = events.into_iter().map(|e| e.change(values)).collect();
                self.next = Some(newest + 1);
                Ok(Some(changes))
            }
        }
    }
}

impl Watch<Vec<KeyChange>> for Keys {
    fn next(&mut self) -> News<'_, Vec<KeyChange>> {
        self.news().boxed()
    }
}
