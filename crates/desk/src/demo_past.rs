//! Days of the simulated platform's business, so that a demonstration can be compared with yesterday and last week.

use crate::clock;
use crate::core::{Handle, Message};
use embedded::tsdb::{Options, Tsdb};
use engine::Event;
use model::{Labels, Sample};
use simulator::{Platform, Scenario};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How far back, ms: a day's sum a week ago, over a window of a day.
const PAST: i64 = 9 * 86_400_000 + HOUR;
/// Distance of two samples, ms: two of them lie in every five minutes.
const STEP: i64 = 120_000;
const HOUR: i64 = 3_600_000;
/// Lived through at a time, ms.
const PIECE: i64 = 6 * HOUR;

/// What boards compare with the past.
pub const COMPARED: [&str; 11] = [
    "consultation_completed_total",
    "consultation_requests_total",
    "daily_active_users",
    "new_registrations_total",
    "online_users",
    "order_amount_yuan_total",
    "orders_created_total",
    "orders_paid_total",
    "payment_amount_yuan_total",
    "payment_attempts_total",
    "recommendation_requests_total",
];

/// An empty store for those days.
pub(crate) fn store(clock: embedded::Clock) -> Arc<Tsdb> {
    Arc::new(Tsdb::in_memory(Options {
        retention_ms: PAST,
        ..Options::new(clock)
    }))
}

/// A second life of the same platform: the same seed gives the same values, and only its counters began at another time.
fn platform(scenario: &Scenario, now: i64) -> Platform {
    let begin = (now - PAST + HOUR).div_euclid(STEP) * STEP;
    Platform::with_scenario(scenario, begin).only(&COMPARED, STEP)
}

/// Fills `store` up to the present.
pub(crate) fn fill(store: &Tsdb, scenario: &Scenario, stop: &CancellationToken) {
    let now = clock::now_ms();
    let mut platform = platform(scenario, now);
    while now - platform.now_ms() >= STEP && !stop.is_cancelled() {
        live_on(&mut platform, store, now);
    }
}

/// Fills `store` up to the present, tells, and goes on until stopped.
pub(crate) async fn run(
    store: Arc<Tsdb>,
    scenario: Scenario,
    handle: Handle,
    stop: CancellationToken,
) {
    let mut platform = platform(&scenario, clock::now_ms());
    let mut told = false;
    loop {
        let feed = store.clone();
        // Six hours are hundreds of steps of hundreds of series: not on the threads that answer the page.
        let lived = tokio::task::spawn_blocking(move || {
            live_on(&mut platform, &feed, clock::now_ms());
            platform
        });
        platform = match lived.await {
            Ok(platform) => platform,
            Err(e) => std::panic::resume_unwind(e.into_panic()),
        };
        let behind = clock::now_ms() - platform.now_ms();
        if behind < STEP && !told {
            told = true;
            // Panels that asked in the meantime have got a part of it.
            let filled = Event::Backfilled("demo".into());
            handle.send(Message::Event(filled)).await;
        }
        let wait = Duration::from_millis(u64::try_from(STEP - behind).unwrap_or(0));
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(wait) => {}
        }
    }
}

/// Lives on to `now`, but no further than one piece.
fn live_on(platform: &mut Platform, store: &Tsdb, now: i64) {
    let from = platform.now_ms() + STEP;
    let to = now.min(from + PIECE);
    for series in platform.history(from, to, STEP) {
        let samples: Vec<(Labels, Sample)> = series
            .samples
            .iter()
            .map(|s| (series.labels.clone(), *s))
            .collect();
        store.append(&samples);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_794_931_200_000;

    #[test]
    fn the_past_is_on_one_grid_without_gaps() {
        let store = store(Arc::new(|| NOW));
        let begin = NOW - 5 * HOUR;
        let mut platform =
            Platform::with_scenario(&Scenario::default(), begin).only(&COMPARED, STEP);
        let before = platform.labels().len();
        assert!(before > 50, "{before}");
        // In pieces of any length the same grid.
        for now in [begin + HOUR, begin + HOUR + 50_000, NOW - HOUR, NOW] {
            live_on(&mut platform, &store, now);
        }
        // Both ends of a range belong to it.
        let query = "min(count_over_time(orders_created_total[4h])) == 121";
        match promql::Engine::default().instant(&*store, query, NOW) {
            Ok(promql::Value::Vector(rows)) => assert_eq!(rows.len(), 1, "no gap"),
            other => panic!("{other:?}"),
        }
        for family in COMPARED {
            let known = |l: &Labels| l.metric_name() == Some(family);
            assert!(platform.labels().iter().any(known), "{family}");
        }
    }
}
