//! What the simulated platform writes: log lines and traces of the same requests, from a little before the start until the program
//! ends. One loop, so that a line's trace can be found.

use crate::clock;
use model::log::LogLine;
use model::trace::Trace;
use simulator::stories::{Batch, Stories, StoryOptions};
use simulator::{Incident, Planned};
use source::LogSink;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// New lines come this often, and are written this long after they happened: clocks of hosts are a little ahead.
const EVERY: Duration = Duration::from_millis(500);
/// Lines of the past that the platform has lived through when the program starts, ms.
const PAST_MS: i64 = 65 * 60_000;
/// The past is made in pieces of this length, the newest last.
const PIECE_NS: i64 = 120_000_000_000;
/// After a sleep of the machine no more than this is made up for.
const LATEST_NS: i64 = PAST_MS * MS;
/// ns in a ms.
const MS: i64 = 1_000_000;
/// Lines of one transaction.
const LINES: usize = 5_000;

/// Where the stories go.
pub struct Sinks {
    /// Takes the lines; `None`: nobody does.
    pub logs: Option<Arc<dyn LogSink>>,
    /// Takes the traces.
    pub traces: Option<Box<dyn Fn(Vec<Trace>) + Send + Sync>>,
}

impl std::fmt::Debug for Sinks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sinks")
            .field("logs", &self.logs)
            .field("traces", &self.traces.is_some())
            .finish()
    }
}

/// How the platform's stories are made: as its metrics are, so that what goes wrong there is seen here.
pub fn options(seed: u64, ambient: bool, lines_per_second: f64) -> StoryOptions {
    StoryOptions {
        seed,
        ambient,
        lines_per_second,
        ..StoryOptions::default()
    }
}

/// Incidents of the command line count from now.
pub fn incidents(planned: &[Planned], now_ms: i64) -> Vec<Incident> {
    let one = |p: &Planned| {
        let start_ms = now_ms.saturating_add(p.after_ms);
        Incident {
            kind: p.kind,
            start_ms,
            end_ms: start_ms.saturating_add(p.duration_ms),
            severity: p.severity,
        }
    };
    planned.iter().map(one).collect()
}

/// Tells the stories until told to end.
pub async fn tell(
    options: StoryOptions,
    incidents: Vec<Incident>,
    sinks: Sinks,
    stop: CancellationToken,
) {
    let mut stories = Stories::new(options);
    let mut at = (clock::now_ms() - PAST_MS) * MS;
    let incidents = Arc::new(incidents);
    while !stop.is_cancelled() {
        let now = clock::now_ms() * MS;
        at = at.max(now - LATEST_NS);
        if at >= now {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(EVERY) => continue,
            }
        }
        let to = now.min(at + PIECE_NS);
        let during = incidents.clone();
        // An hour of requests takes seconds: not on the threads that answer the page.
        let made = tokio::task::spawn_blocking(move || {
            let batch = stories.between(at, to, &during);
            (stories, batch)
        });
        match made.await {
            Ok((told, batch)) => {
                stories = told;
                hand_over(&sinks, batch).await;
            }
            Err(e) => return tracing::error!(error = %e, "the simulated platform is silent"),
        }
        at = to;
        if to == now {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(EVERY) => {}
            }
        }
    }
}

async fn hand_over(sinks: &Sinks, batch: Batch) {
    if let Some(traces) = &sinks.traces
        && !batch.traces.is_empty()
    {
        traces(batch.traces);
    }
    let Some(logs) = &sinks.logs else { return };
    let mut lines = batch.lines.into_iter();
    loop {
        let part: Vec<LogLine> = lines.by_ref().take(LINES).collect();
        if part.is_empty() {
            return;
        }
        if let Err(e) = logs.append(part).await {
            tracing::warn!(error = %e, "lines of the simulated platform are lost");
        }
    }
}
