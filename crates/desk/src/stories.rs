//! What the simulated platform writes: log lines and traces of the same requests, from a little before the start until the program
//! ends. One loop, so that a line's trace can be found.

use crate::clock;
use crate::config::Demo;
use model::log::LogLine;
use model::trace::Trace;
use simulator::stories::{Batch, Rhythm, Stories, StoryOptions};
use simulator::{Incident, Planned};
use source::LogSink;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// New lines come this often, and are written this long after they happened: clocks of hosts are a little ahead.
const EVERY: Duration = Duration::from_millis(500);
/// Lines of the past that the platform has lived through when the program starts, ms.
const PAST_MS: i64 = 65 * 60_000;
/// Lines of the past at most, at the options' rate.
const PAST_LINES: f64 = 100_000.0;
/// The past is made in pieces of this length, the newest last.
const PIECE_NS: i64 = 120_000_000_000;
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
pub fn options(demo: &Demo) -> StoryOptions {
    let plain = StoryOptions {
        seed: demo.seed,
        ambient: demo.incidents,
        ..StoryOptions::default()
    };
    match demo.log_lines_per_second {
        Some(lines_per_second) => StoryOptions {
            lines_per_second,
            rhythm: Rhythm::Steady,
            ..plain
        },
        None => plain,
    }
}

/// How far back the platform has lived, ms: less when it writes much, so that the start is no flood.
fn past_ms(options: &StoryOptions) -> i64 {
    let fits = PAST_LINES / options.lines_per_second.max(1.0) * 1e3;
    (fits as i64).min(PAST_MS)
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
    // After a sleep of the machine no more than this is made up for.
    let past_ns = past_ms(&options) * MS;
    let mut stories = Stories::new(options);
    let mut at = clock::now_ms() * MS - past_ns;
    let incidents = Arc::new(incidents);
    while !stop.is_cancelled() {
        let now = clock::now_ms() * MS;
        at = at.max(now - past_ns);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_lines_has_a_short_past() {
        let of = |log_lines_per_second| {
            options(&Demo {
                log_lines_per_second,
                ..Demo::default()
            })
        };
        assert_eq!(past_ms(&of(None)), PAST_MS);
        assert_eq!(past_ms(&of(Some(5_000.0))), 20_000);
        assert_eq!(past_ms(&of(Some(0.0))), PAST_MS);
        assert_eq!(of(None).rhythm, Rhythm::Day);
        assert_eq!(of(Some(1.0)).rhythm, Rhythm::Steady);
    }
}
