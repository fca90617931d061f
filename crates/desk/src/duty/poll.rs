//! Asks one source of alerts again and again.

use super::handle::{DutyHandle, Message, SourceNews};
use crate::frames::error_view;
use crate::{clock, driver};
use engine::duty::Event;
use source::{Alerts, SourceError, next_poll_after};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// For so long after its start an Alertmanager may not have heard of all alerts again, ms: Prometheus sends each at least once in that time.
const SETTLES: i64 = 5 * 60_000;
/// A source that fails is asked again after this at first, and ever more rarely up to [`RARELY`].
const SOON: Duration = Duration::from_secs(1);
const RARELY: Duration = Duration::from_secs(30);
/// Its start time is asked for this often.
const PROBE_EVERY: i64 = 30_000;

/// One source.
pub struct Poll {
    /// Its name.
    pub name: String,
    /// Its client.
    pub client: Arc<dyn Alerts>,
    /// The pause between two questions.
    pub interval: Duration,
}

impl Poll {
    /// Asks until `stop`.
    pub async fn run(self, handle: DutyHandle, stop: CancellationToken) {
        let mut failures = 0;
        let mut started: Option<i64> = None;
        let mut probed_at = 0;
        loop {
            let now = clock::now_ms();
            if now - probed_at >= PROBE_EVERY {
                probed_at = now;
                // Where it does not tell, nothing is held back; the list itself says whether it can be asked.
                started = self
                    .client
                    .probe()
                    .await
                    .ok()
                    .and_then(|i| i.value.started_at_ms);
            }
            let settling = started.is_some_and(|at| clock::now_ms() - at < SETTLES);
            let pause = match self.client.alerts().await {
                Ok(answer) => {
                    failures = 0;
                    let list = answer.value;
                    let took = list.took;
                    let alerts = u32::try_from(list.alerts.len()).unwrap_or(u32::MAX);
                    // A list that is not whole says nothing about what it does not name.
                    let full = !settling && list.oddities.refused() == 0;
                    for odd in list.oddities.counts() {
                        tracing::warn!(
                            source = self.name,
                            what = odd.0,
                            count = odd.1,
                            "odd alerts"
                        );
                    }
                    let news = SourceNews {
                        name: self.name.clone(),
                        error: None,
                        alerts,
                    };
                    handle.send(Message::Source(news)).await;
                    let event = Event::Observed {
                        source: self.name.clone(),
                        full,
                        alerts: list.alerts,
                    };
                    handle.send(Message::Event(event)).await;
                    next_poll_after(self.interval, took)
                }
                Err(error) => {
                    failures += 1;
                    // After it comes back its start is asked for before its list is believed.
                    probed_at = 0;
                    self.failed(&handle, &error).await;
                    (SOON * 2_u32.pow(failures.min(5) - 1)).min(RARELY)
                }
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    async fn failed(&self, handle: &DutyHandle, error: &SourceError) {
        let error = error_view(&driver::failure(error));
        let news = SourceNews {
            name: self.name.clone(),
            error: Some(error),
            alerts: 0,
        };
        handle.send(Message::Source(news)).await;
    }
}
