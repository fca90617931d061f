//! Registries of services (etcd, Consul): their instances become targets to scrape and series of health, changes of their
//! configuration keys become annotations.

mod series;
mod state;
mod targets;

pub use state::Registries;
pub use targets::Targets;

use crate::clock;
use crate::config::registry::Registry;
use crate::core::Handle;
use crate::driver::failure;
use crate::sources::{self, Secrets};
use embedded::tsdb::Tsdb;
use engine::Failure;
use model::{Annotation, Happened, Severity};
use source::{KeyChange, KeyEvent, RegistryOptions, ServiceRegistry, connect_registry};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Health is written this often.
const WRITE_EVERY: Duration = Duration::from_secs(15);
/// After a failure the next question waits from this long, doubling, to that long.
const AGAIN: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

/// Where news go.
#[derive(Clone)]
pub struct Sinks {
    /// Series of health.
    pub store: Arc<Tsdb>,
    /// Targets to scrape.
    pub targets: Arc<Targets>,
    /// Where changed keys are told.
    pub handle: Handle,
}

/// Begins to watch every configured registry.
pub fn start(
    config: &[Registry],
    secrets: &dyn Secrets,
    sinks: &Sinks,
    stop: &CancellationToken,
) -> (Registries, Vec<JoinHandle<()>>) {
    let known = Registries::new(config);
    let mut tasks = Vec::new();
    for (i, registry) in config.iter().enumerate() {
        let client = match connect(registry, secrets) {
            Ok(client) => client,
            Err(why) => {
                known.failed(i, why, clock::now_ms());
                continue;
            }
        };
        let watched = Watched {
            i,
            config: registry.clone(),
            known: known.clone(),
            sinks: sinks.clone(),
            stop: stop.clone(),
        };
        for prefix in &registry.keys {
            let keys = watched.clone().keys(client.clone(), prefix.clone());
            tasks.push(tokio::spawn(keys));
        }
        tasks.push(tokio::spawn(watched.services(client)));
    }
    if !config.is_empty() {
        let written = write(known.clone(), sinks.store.clone(), stop.clone());
        tasks.push(tokio::spawn(written));
    }
    (known, tasks)
}

fn connect(
    registry: &Registry,
    secrets: &dyn Secrets,
) -> Result<Arc<dyn ServiceRegistry>, Failure> {
    let connection = sources::connection(&registry.reached(), secrets)?;
    let defaults = RegistryOptions::default();
    let options = RegistryOptions {
        services: registry.services.clone(),
        services_prefix: match registry.services_prefix.as_str() {
            "" => defaults.services_prefix.clone(),
            prefix => prefix.to_owned(),
        },
        values: registry.keep_values,
        ..defaults
    };
    connect_registry(&registry.kind, &connection, &options)
        .map_err(|e| Failure::new("config", "detail", e))
}

#[derive(Clone)]
struct Watched {
    i: usize,
    config: Registry,
    known: Registries,
    sinks: Sinks,
    stop: CancellationToken,
}

impl Watched {
    async fn services(self, client: Arc<dyn ServiceRegistry>) {
        let mut watch = client.services();
        let mut pause = AGAIN.0;
        loop {
            let news = tokio::select! {
                () = self.stop.cancelled() => return,
                news = watch.next() => news,
            };
            match news {
                Ok(news) => {
                    pause = AGAIN.0;
                    if let Some(all) = news {
                        let targets = targets::of(&self.config, &all);
                        let taken = self.sinks.targets.set(&self.config.name, targets).await;
                        self.known.found(self.i, all, taken, clock::now_ms());
                        self.known.write(&self.sinks.store, clock::now_ms());
                    } else {
                        self.known.answered(self.i, clock::now_ms());
                    }
                }
                Err(e) => {
                    tracing::warn!(registry = self.config.name, error = %e, "services are not known");
                    self.known.failed(self.i, failure(&e), clock::now_ms());
                    if self.rest(&mut pause).await {
                        return;
                    }
                }
            }
        }
    }

    async fn keys(self, client: Arc<dyn ServiceRegistry>, prefix: String) {
        let mut watch = client.keys(&prefix);
        let mut pause = AGAIN.0;
        loop {
            let news = tokio::select! {
                () = self.stop.cancelled() => return,
                news = watch.next() => news,
            };
            match news {
                Ok(changes) => {
                    pause = AGAIN.0;
                    for change in changes.into_iter().flatten() {
                        let told = annotation(&self.config.name, change, clock::now_ms());
                        self.sinks.handle.happened(told).await;
                        self.known.changed(self.i);
                    }
                }
                Err(e) => {
                    tracing::warn!(registry = self.config.name, prefix, error = %e, "keys are not watched");
                    self.known.keys_failed(self.i, failure(&e), clock::now_ms());
                    if self.rest(&mut pause).await {
                        return;
                    }
                }
            }
        }
    }

    /// Waits after a failure; true when the program ends meanwhile.
    async fn rest(&self, pause: &mut Duration) -> bool {
        let now = *pause;
        *pause = (*pause * 2).min(AGAIN.1);
        tokio::select! {
            () = self.stop.cancelled() => true,
            () = tokio::time::sleep(now) => false,
        }
    }
}

async fn write(known: Registries, store: Arc<Tsdb>, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(WRITE_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => known.write(&store, clock::now_ms()),
        }
    }
}

/// A changed key as a mark on charts. Neither etcd nor Consul says when a key was written: it is the time at which we heard of it.
fn annotation(registry: &str, change: KeyChange, now: i64) -> Annotation {
    // signs and no words: a title is read in every language
    let mut title = match change.event {
        KeyEvent::Created => format!("+ {}", change.key),
        KeyEvent::Changed => change.key.clone(),
        KeyEvent::Deleted => format!("− {}", change.key),
    };
    if let Some(value) = &change.value {
        title = format!("{title} = {value}");
    }
    Annotation {
        id: format!("registry/{registry}/{}/{}", change.revision, change.key),
        kind: Happened::Configuration,
        at: now,
        until: None,
        title,
        place: change.by.into_iter().collect(),
        source: registry.to_owned(),
        severity: Severity::Normal,
        demo: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_key_is_a_mark_without_its_value() {
        let change = |event, value: Option<&str>| KeyChange {
            key: "config/db".into(),
            event,
            revision: 7,
            by: None,
            value: value.map(str::to_owned),
        };
        let told = annotation("etcd", change(KeyEvent::Changed, None), 5);
        assert_eq!(
            (told.at, told.title.as_str(), told.source.as_str()),
            (5, "config/db", "etcd")
        );
        assert_eq!(told.id, "registry/etcd/7/config/db");
        let gone = annotation("etcd", change(KeyEvent::Deleted, None), 5);
        assert_eq!(gone.title, "− config/db");
        let allowed = annotation("etcd", change(KeyEvent::Created, Some("on")), 5);
        assert_eq!(allowed.title, "+ config/db = on");
    }
}
