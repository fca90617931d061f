//! Asks one source of alerts again and again.

use super::handle::{DutyHandle, Message, SourceNews};
use crate::frames::error_view;
use crate::{clock, driver};
use engine::duty::Extent;
use model::{Fingerprint, Labels, Observation, Reported};
use source::{Alerts, SourceError, next_poll_after};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// For so long after its start an Alertmanager may not have heard of all alerts again, ms: Prometheus sends each at least once a minute.
const SETTLES: i64 = 3 * 60_000;
/// A source that fails is asked again after this at first, and ever more rarely up to [`RARELY`].
const SOON: Duration = Duration::from_secs(1);
const RARELY: Duration = Duration::from_secs(30);

/// Alerts that the desk takes in at a time: some tens of milliseconds.
const PIECE: usize = 5_000;

/// What an Alertmanager has listed since it started, as long as it is young. What it has listed itself and lists no more is over; what it
/// has never listed says nothing.
#[derive(Default)]
struct Young {
    started: i64,
    /// Labels, since when, until when: what tells the end of an alert. Its texts would double what 50,000 of them take.
    listed: BTreeMap<Fingerprint, (Labels, i64, Option<i64>)>,
}

impl Young {
    /// Adds to the list what is over. `started` is given while it is young.
    fn look(&mut self, alerts: &mut Vec<Observation>, started: Option<i64>) {
        let Some(started) = started else {
            self.listed.clear();
            return;
        };
        if started != self.started {
            self.listed.clear();
            self.started = started;
        }
        let now = alerts
            .iter()
            .map(|o| (o.fingerprint(), (o.labels.clone(), o.starts_at, o.ends_at)))
            .collect();
        let before = std::mem::replace(&mut self.listed, now);
        let gone = before
            .into_iter()
            .filter(|(f, _)| !self.listed.contains_key(f));
        alerts.extend(gone.map(|(_, (labels, starts_at, ends_at))| Observation {
            state: Reported::Resolved,
            ends_at,
            ..Observation::firing(labels, starts_at)
        }));
    }
}

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
        let mut young = Young::default();
        loop {
            let pause = match self.client.alerts().await {
                Ok(answer) => {
                    failures = 0;
                    let mut list = answer.value;
                    let started = list.started_at_ms;
                    let settling = started.is_some_and(|at| clock::now_ms() - at < SETTLES);
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
                    young.look(&mut list.alerts, started.filter(|_| settling));
                    hand_over(&handle, &self.name, list.alerts, full).await;
                    next_poll_after(self.interval, took)
                }
                Err(error) => {
                    failures += 1;
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

/// By pieces: between two of them the desk answers others.
async fn hand_over(handle: &DutyHandle, source: &str, alerts: Vec<Observation>, full: bool) {
    let mut left = alerts.into_iter();
    let mut first = true;
    loop {
        let alerts: Vec<Observation> = left.by_ref().take(PIECE).collect();
        let last = left.len() == 0;
        let extent = if full {
            Extent::piece(first, last)
        } else {
            Extent::Some
        };
        handle.observed(source.to_owned(), extent, alerts).await;
        if last {
            return;
        }
        first = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::duty::Event;

    #[tokio::test]
    async fn many_alerts_are_handed_over_by_pieces_each_after_the_last_was_taken_in() {
        async fn extents(count: usize, full: bool) -> Vec<(Extent, usize)> {
            let (handle, mut rx, _band) = DutyHandle::channel();
            let alert = Observation::firing(Labels::from_pairs([("alertname", "a")]), 1);
            let sent = tokio::spawn(async move {
                hand_over(&handle, "am", vec![alert; count], full).await;
            });
            let mut all = Vec::new();
            while let Some(message) = rx.recv().await {
                let Message::Observed(Event::Observed { extent, alerts, .. }, taken) = message
                else {
                    panic!("{message:?}");
                };
                assert!(rx.try_recv().is_err(), "nothing waits behind it");
                all.push((extent, alerts.len()));
                taken.send(()).expect("somebody waits");
            }
            sent.await.expect("it ends");
            all
        }
        use Extent::{All, First, Last, Next};
        assert_eq!(extents(0, true).await, [(All, 0)]);
        assert_eq!(extents(PIECE, true).await, [(All, PIECE)]);
        assert_eq!(
            extents(2 * PIECE + 1, true).await,
            [(First, PIECE), (Next, PIECE), (Last, 1)]
        );
        assert_eq!(
            extents(PIECE + 1, false).await,
            [(Extent::Some, PIECE), (Extent::Some, 1)]
        );
    }

    #[test]
    fn a_young_alertmanager_ends_only_what_it_has_listed_itself() {
        let alert = |n: &str| Observation::firing(Labels::from_pairs([("alertname", n)]), 1);
        let mut young = Young::default();
        let mut first = vec![alert("a"), alert("b")];
        young.look(&mut first, Some(100));
        assert_eq!(first.len(), 2);
        let mut second = vec![alert("b")];
        young.look(&mut second, Some(100));
        assert_eq!((second.len(), second[1].state), (2, Reported::Resolved));
        assert_eq!(second[1].labels, alert("a").labels);
        // Started anew: it knows of nothing yet.
        let mut third = Vec::new();
        young.look(&mut third, Some(200));
        assert!(third.is_empty());
        let mut old = Vec::new();
        young.look(&mut old, None);
        assert!(old.is_empty());
    }
}
