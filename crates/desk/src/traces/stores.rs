//! The stores of traces: as configured, or the demonstration's.

use super::handle::TracesHandle;
use super::{demo, health};
use crate::config::Config;
use crate::sources::{self, Secrets};
use crate::{driver, frames};
use engine::Failure;
use parking_lot::Mutex;
use source::{SourceError, Traces, connect_traces};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use wire::{ErrorCode, ErrorView, TraceSourceView};

/// How a store is.
#[derive(Clone, Debug, Default)]
pub struct Health {
    /// Whether it answers; `None`: not asked yet.
    pub ok: Option<bool>,
    /// Why it does not.
    pub error: Option<ErrorView>,
    /// Which API it speaks.
    pub api: Option<&'static str>,
    /// When it last answered, ms.
    pub last_ok: Option<i64>,
    /// How long that took.
    pub latency_ms: Option<f64>,
}

/// A store of traces.
#[derive(Debug)]
pub struct Store {
    /// Its name in the configuration.
    pub name: String,
    /// Its kind in the registry.
    pub kind: String,
    /// Its address.
    pub address: String,
    /// Whether its traces are made up.
    pub demo: bool,
    /// Its client, or why there is none.
    pub client: Result<Arc<dyn Traces>, Failure>,
    /// How it is.
    pub health: Mutex<Health>,
}

impl Store {
    /// A store that has not been asked yet.
    pub fn new(
        name: &str,
        kind: &str,
        address: &str,
        demo: bool,
        client: Result<Arc<dyn Traces>, Failure>,
    ) -> Self {
        let health = match &client {
            Ok(_) => Health::default(),
            Err(why) => Health {
                ok: Some(false),
                error: Some(frames::error_view(why)),
                ..Health::default()
            },
        };
        Self {
            name: name.to_owned(),
            kind: kind.to_owned(),
            address: address.to_owned(),
            demo,
            client,
            health: Mutex::new(health),
        }
    }

    /// Its client.
    ///
    /// # Errors
    /// Why there is none.
    pub fn client(&self) -> Result<&Arc<dyn Traces>, ErrorView> {
        self.client.as_ref().map_err(frames::error_view)
    }

    /// As the page sees it.
    pub fn view(&self) -> TraceSourceView {
        let health = self.health.lock().clone();
        TraceSourceView {
            name: self.name.clone(),
            kind: self.kind.clone(),
            address: self.address.clone(),
            demo: self.demo,
            ok: health.ok,
            error: health.error,
            api: health.api.map(str::to_owned),
            last_ok: health.last_ok.map(|t| t as f64),
            latency: health.latency_ms,
        }
    }
}

/// A store's error as the page sees it.
pub fn error(e: &SourceError) -> ErrorView {
    frames::error_view(&driver::failure(e))
}

/// The store with this name, or the first.
///
/// # Errors
/// When there is none.
pub fn find<'a>(all: &'a [Arc<Store>], name: Option<&str>) -> Result<&'a Arc<Store>, ErrorView> {
    match name {
        Some(name) => all.iter().find(|s| s.name == name),
        None => all.first(),
    }
    .ok_or_else(|| {
        ErrorView::new(ErrorCode::UnknownSource).with("source", name.unwrap_or("trace_source"))
    })
}

/// Connects to all stores and watches over them; nothing here waits for one. Also gives what takes the simulated platform's traces,
/// when it runs.
pub async fn start(
    config: &Config,
    secrets: &dyn Secrets,
    stop: &CancellationToken,
) -> (TracesHandle, Option<demo::Sink>) {
    let mut stores: Vec<Arc<Store>> = Vec::new();
    for s in &config.trace_source {
        let client = sources::connection(&s.reached(), secrets).and_then(|connection| {
            connect_traces(&s.kind, &connection).map_err(|e| Failure::new("config", "detail", e))
        });
        stores.push(Arc::new(Store::new(
            &s.name, &s.kind, &s.url, false, client,
        )));
    }
    let mut sink = None;
    if config.demo_enabled() {
        let (store, takes) = demo::start(config.demo.log_lines_per_second, stop).await;
        stores.push(Arc::new(store));
        sink = Some(takes);
    }
    for store in &stores {
        tokio::spawn(health::watch(store.clone(), stop.clone()));
    }
    (TracesHandle::new(stores), sink)
}
