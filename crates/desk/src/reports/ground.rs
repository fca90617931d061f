//! What reports are made from, whoever asks for them: the command line, the schedule, the page.

use super::{From, gather};
use crate::config::{self, Config};
use crate::render::Clients;
use crate::{boards, feeders, reports};
use chrono_tz::Tz;
use report::{Data, Period};
use std::path::PathBuf;
use tokio_util::sync::CancellationToken;

/// Sources, boards and the alert desk's database.
pub struct Ground {
    config: Config,
    clients: Clients,
    database: Option<PathBuf>,
    boards: Option<PathBuf>,
    zone: Tz,
}

impl Ground {
    /// With these sources, in order of preference.
    pub fn new(config: Config, clients: Clients, database: Option<PathBuf>) -> Self {
        let zone = config.time_zone.parse();
        Self {
            boards: config::boards_dir(&config),
            zone: zone.unwrap_or(chrono_tz::Asia::Shanghai),
            config,
            clients,
            database,
        }
    }

    /// The zone of days.
    pub fn zone(&self) -> Tz {
        self.zone
    }

    /// Gathers everything about a period. `now` (ms) ends a period that is not over. Where the demonstration runs, the simulated platform
    /// lives through the whole period: what it keeps while it runs is a few hours.
    pub async fn gather(&self, question: Question<'_>, now: i64, stop: &CancellationToken) -> Data {
        let Question {
            period,
            locale,
            promise,
        } = question;
        let mut clients = self.clients.clone();
        let dir = self.boards.clone();
        let read = tokio::task::spawn_blocking(move || boards::load(dir.as_deref()));
        let library = match read.await {
            Ok(library) => library,
            Err(e) => std::panic::resume_unwind(e.into_panic()),
        };
        if self.config.demo_enabled() {
            clients.retain(|(spec, _)| !spec.demo);
            let wanted = reports::metrics(&library);
            let (from, until) = (period.before, period.until.min(now));
            let demo = feeders::for_report(&self.config, &wanted, from, until, stop);
            clients.push(demo.await);
        }
        let from = From {
            library,
            clients,
            database: self.database.clone(),
            zone: self.zone,
            locale: locale.unwrap_or(&self.config.locale).to_owned(),
            promise,
        };
        gather(&from, period, now).await
    }
}

/// Which report is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// About when.
    pub period: Period,
    /// `zh-CN` or `en`; `None`: the configuration's.
    pub locale: Option<&'a str>,
    /// The promised share of time, percent.
    pub promise: f64,
}
