//! A server that plays Consul by its documentation: what it demands of a request, blocking queries, how its answers and errors look.

use crate::etcd::encoded;
use crate::fake_logs::{asked, get};
use crate::hostile::{Answer, Body, Hostile, Request};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// The token that is let in.
pub const TOKEN: &str = "b1gs33cr3t-4711";

/// An instance of a service.
#[derive(Clone, Debug)]
pub struct Instance {
    /// Its service.
    pub service: String,
    /// Its id.
    pub id: String,
    /// Its port on 127.0.0.1.
    pub port: u16,
    /// Status of its check: `passing`, `warning`, `critical`.
    pub status: String,
    /// Its tags.
    pub tags: Vec<String>,
}

#[derive(Default)]
struct State {
    index: u64,
    instances: Vec<Instance>,
    /// Key to the index of its last change and its value.
    keys: BTreeMap<String, (u64, String)>,
}

/// The server; ends when dropped.
pub struct Consul {
    server: Hostile,
    shared: Arc<(Mutex<State>, Condvar)>,
}

impl Consul {
    /// An empty one.
    pub fn start() -> Self {
        let shared: Arc<(Mutex<State>, Condvar)> = Arc::default();
        let state = shared.clone();
        lock(&shared).index = 10;
        Self {
            server: Hostile::start(move |request| answer(request, &state)),
            shared,
        }
    }

    /// Its address.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Paths of all requests so far.
    pub fn asked(&self) -> Vec<String> {
        self.server.requests().into_iter().map(|r| r.path).collect()
    }

    fn change(&self, f: impl FnOnce(&mut State)) {
        f(&mut lock(&self.shared));
        self.shared.1.notify_all();
    }

    /// Registers an instance, or another state of it.
    pub fn register(&self, instance: Instance) {
        self.change(|s| {
            s.index += 1;
            s.instances.retain(|i| i.id != instance.id);
            s.instances.push(instance);
        });
    }

    /// Takes an instance away.
    pub fn deregister(&self, id: &str) {
        self.change(|s| {
            s.index += 1;
            s.instances.retain(|i| i.id != id);
        });
    }

    /// Sets a key.
    pub fn put(&self, key: &str, value: &str) {
        self.change(|s| {
            s.index += 1;
            let at = s.index;
            s.keys.insert(key.to_owned(), (at, value.to_owned()));
        });
    }

    /// Deletes a key.
    pub fn delete(&self, key: &str) {
        self.change(|s| {
            s.index += 1;
            s.keys.remove(key);
        });
    }

    /// The index goes back, as after a restored snapshot.
    pub fn restore(&self, index: u64) {
        self.change(|s| s.index = index);
    }
}

fn lock(shared: &(Mutex<State>, Condvar)) -> std::sync::MutexGuard<'_, State> {
    shared.0.lock().unwrap_or_else(PoisonError::into_inner)
}

fn plain(status: u16, text: &str) -> Answer {
    Answer::with(status, "text/plain; charset=utf-8", Body::Full(text.into()))
}

fn answer(request: &Request, shared: &(Mutex<State>, Condvar)) -> Answer {
    let (path, params) = asked(request);
    if request.method != "GET" {
        return plain(405, "method POST not allowed");
    }
    match request.header("x-consul-token") {
        Some(TOKEN) => {}
        Some(_) => return plain(403, "ACL not found"),
        None => {
            return plain(
                403,
                "Permission denied: anonymous token lacks permission 'service:read'",
            );
        }
    }
    let mut state = lock(shared);
    if let Ok(index) = get(&params, "index").parse::<u64>() {
        let wait = get(&params, "wait")
            .strip_suffix("ms")
            .and_then(|w| w.parse().ok());
        let Some(wait) = wait.filter(|w: &u64| *w <= 600_000) else {
            return plain(400, "Invalid wait time");
        };
        // an index from the future waits too: that is why clients have to look for one that went back
        let unchanged = |s: &mut State| s.index == index;
        let waited = shared
            .1
            .wait_timeout_while(state, Duration::from_millis(wait), unchanged);
        state = waited.unwrap_or_else(PoisonError::into_inner).0;
    }
    let mut answer = match path.strip_prefix("/v1/") {
        Some("catalog/services") => services(&state),
        Some("health/state/any") => checks(&state),
        Some(rest) => match (
            rest.strip_prefix("health/service/"),
            rest.strip_prefix("kv/"),
        ) {
            (Some(name), _) => health(&state, name),
            (_, Some(prefix)) => keys(&state, prefix, get(&params, "recurse")),
            _ => plain(404, ""),
        },
        None => return plain(404, ""),
    };
    answer
        .headers
        .push(("X-Consul-Index".into(), state.index.to_string()));
    answer
}

fn services(state: &State) -> Answer {
    let mut all = serde_json::Map::from_iter([("consul".to_owned(), json!([]))]);
    for i in &state.instances {
        all.insert(i.service.clone(), json!(i.tags));
    }
    Answer::json(200, Value::Object(all).to_string())
}

fn check(i: &Instance) -> Value {
    json!({"Node": "n1", "CheckID": format!("service:{}", i.id), "Status": i.status, "ServiceID": i.id, "ServiceName": i.service})
}

fn checks(state: &State) -> Answer {
    let all: Vec<Value> = state.instances.iter().map(check).collect();
    Answer::json(200, Value::Array(all).to_string())
}

fn health(state: &State, name: &str) -> Answer {
    let own = state.instances.iter().filter(|i| i.service == name);
    let all: Vec<Value> = own
        .map(|i| {
            json!({
                "Node": {"Node": "n1", "Address": "127.0.0.1"},
                "Service": {"ID": i.id, "Service": i.service, "Tags": i.tags, "Address": "", "Port": i.port, "Meta": {"zone": "a"}},
                "Checks": [{"Status": "passing", "CheckID": "serfHealth"}, check(i)]
            })
        })
        .collect();
    Answer::json(200, Value::Array(all).to_string())
}

fn keys(state: &State, prefix: &str, recurse: &str) -> Answer {
    let under = |k: &&String| {
        if recurse == "true" {
            k.starts_with(prefix)
        } else {
            *k == prefix
        }
    };
    let all: Vec<Value> = state
        .keys
        .keys()
        .filter(under)
        .filter_map(|k| Some((k, state.keys.get(k)?)))
        .map(|(k, (at, value))| {
            json!({"LockIndex": 0, "Key": k, "Flags": 0, "Value": encoded(value), "CreateIndex": at, "ModifyIndex": at})
        })
        .collect();
    if all.is_empty() {
        return plain(404, "");
    }
    Answer::json(200, Value::Array(all).to_string())
}
