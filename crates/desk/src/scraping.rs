//! How the pages are that the program scrapes itself: a source that answers from its own store is not well when what fills it is away.

use crate::core::{Handle, Message};
use crate::frames;
use embedded::scrape::{ScrapeError, Scraper, TargetStatus};
use engine::{Event, Failure};
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use wire::{SourceHealth, TargetView};

/// Targets are looked at this often; they are asked every fifteen seconds as a rule.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Targets that the health page lists.
const LISTED: usize = 200;

/// What was last seen of all targets. Cloning gives the same ones.
///
/// A copy and not the scraper: whoever stops the scraper must be the last that has it.
#[derive(Clone, Debug, Default)]
pub struct Scraped {
    inner: Arc<Mutex<Vec<TargetStatus>>>,
}

impl Scraped {
    /// For the health page: those that fail first.
    pub fn views(&self) -> Vec<TargetView> {
        let all = self.inner.lock();
        let (bad, good): (Vec<&TargetStatus>, Vec<_>) = all.iter().partition(|t| t.error.is_some());
        bad.into_iter().chain(good).take(LISTED).map(view).collect()
    }

    /// Looks at `scraper` until the program stops, and tells the wall when `source`, which it fills, gets or loses a reason to be degraded.
    pub(crate) async fn watch(
        self,
        scraper: Arc<Scraper>,
        source: String,
        handle: Handle,
        stop: CancellationToken,
    ) {
        let mut told = None;
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = ticks.tick() => {}
            }
            let now = scraper.status();
            let trouble = trouble(&now);
            *self.inner.lock() = now;
            if trouble != told {
                told.clone_from(&trouble);
                let event = Event::Troubled(source.clone(), trouble);
                handle.send(Message::Event(event)).await;
            }
        }
    }
}

/// What is wrong, by the first target that fails.
fn trouble(all: &[TargetStatus]) -> Option<Failure> {
    let failing = || all.iter().filter_map(|t| Some((t, t.error.as_ref()?)));
    let (first, error) = failing().next()?;
    let mut params = vec![
        ("failed", failing().count().to_string()),
        ("all", all.len().to_string()),
        ("url", first.url.clone()),
    ];
    params.extend(reason(error));
    Some(Failure {
        code: "targets",
        params,
    })
}

/// The sentence of a failed scrape and its values.
fn reason(error: &ScrapeError) -> Vec<(&'static str, String)> {
    let mut params = vec![("reason_key", format!("scrape.error.{}", error.code()))];
    match error {
        ScrapeError::Timeout { after } => {
            params.push(("seconds", format!("{}", after.as_secs_f64())));
        }
        ScrapeError::Unreachable { reason } | ScrapeError::BrokenOff { reason } => {
            params.push(("detail", reason.clone()));
        }
        ScrapeError::Status { status } => params.push(("status", status.to_string())),
        ScrapeError::TooLarge { limit } => params.push(("limit", limit.to_string())),
        ScrapeError::Page(e) => {
            params.push(("line", e.line.to_string()));
            params.push(("column", e.column.to_string()));
        }
    }
    params
}

fn view(t: &TargetStatus) -> TargetView {
    let error = t.error.as_ref().map(|e| {
        frames::error_view(&Failure {
            code: "scrape",
            params: reason(e),
        })
    });
    TargetView {
        job: t.job.clone(),
        instance: t.instance.clone(),
        url: t.url.clone(),
        health: match (t.last_scrape_ms, &error, t.refused) {
            (None, ..) => SourceHealth::Unknown,
            (_, Some(_), _) => SourceHealth::Failed,
            (_, None, 1..) => SourceHealth::Degraded,
            (_, None, 0) => SourceHealth::Ok,
        },
        error,
        last: t.last_scrape_ms.map(|t| t as f64),
        samples: u32::try_from(t.samples).unwrap_or(u32::MAX),
    }
}
