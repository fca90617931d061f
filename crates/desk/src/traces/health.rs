//! Whether stores of traces answer: probed now and then, so that it is known before somebody asks.

use super::stores::{Health, Store};
use crate::{clock, driver, frames};
use source::{SourceError, TraceApi};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// A store that answers is probed this often.
const EVERY: Duration = Duration::from_secs(20);
/// One that does not after this at first, and ever more rarely up to [`EVERY`].
const SOON: Duration = Duration::from_secs(1);

/// Probes until `stop`.
pub async fn watch(store: Arc<Store>, stop: CancellationToken) {
    let Ok(client) = store.client.clone() else {
        return;
    };
    let mut failures = 0u32;
    loop {
        let begun = clock::instant();
        let answer = tokio::select! {
            () = stop.cancelled() => return,
            answer = client.probe() => answer,
        };
        // It speaks, but the storage behind it does not: nobody finds a trace there.
        let answer = answer.and_then(|a| match a.value.ready {
            true => Ok(a),
            false => Err(SourceError::Http { status: 503 }),
        });
        let now = clock::now_ms();
        let pause = match answer {
            Ok(answer) => {
                failures = 0;
                let api = match answer.value.api {
                    TraceApi::Classic => "classic",
                    TraceApi::V3 => "v3",
                };
                *store.health.lock() = Health {
                    ok: Some(true),
                    error: None,
                    api: Some(api),
                    last_ok: Some(now),
                    latency_ms: Some(begun.elapsed().as_secs_f64() * 1e3),
                };
                EVERY
            }
            Err(e) => {
                failures = (failures + 1).min(6);
                tracing::debug!(store = store.name, error = %e, "a store of traces does not answer");
                let mut health = store.health.lock();
                health.ok = Some(false);
                health.error = Some(frames::error_view(&driver::failure(&e)));
                (SOON * 2_u32.pow(failures - 1)).min(EVERY)
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}
