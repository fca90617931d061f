//! While the desk runs, partitions of a PostgreSQL store are made ahead, become warm and cold, and go, without anybody's hand. The same
//! steps as `shouwang logs retain` takes; whoever of the two is first does them, and what is left undone is planned again.
//!
//! What was done and what somebody should know is kept beside the store, for the page of health and for [`super::alarm`].

use super::postgres;
use super::steps;
use crate::clock;
use crate::config::{Config, LogStore};
use crate::sources::Secrets;
use engine::Failure;
use parking_lot::Mutex;
use pglogs::lifecycle::{Finding, Maintainer, Policy, Step, findings, plan};
use pglogs::{Credentials, Options, PgLogsError};
use std::collections::{BTreeSet, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use wire::{LogKeepingView, LogStepView, Sentence};

/// The first look comes so long after the start, which has better to do.
pub const FIRST: Duration = Duration::from_secs(60);
/// Partitions change once a day; an hour later is early enough after a fault.
const EVERY: Duration = Duration::from_secs(3_600);
/// Days have to be old enough for the next step more than once when a database was left alone for long.
const ROUNDS: usize = 3;
/// Steps that are remembered.
const LAST: usize = 20;

/// What is known of how a store is kept.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// When it was last looked at, ms.
    pub looked: Option<i64>,
    /// What somebody should know, and since when it is known, ms.
    pub findings: Vec<(Finding, i64)>,
    /// Why it is not kept.
    pub error: Option<Sentence>,
    /// Since when, ms, and how many looks in a row came to nothing.
    pub failing: Option<(i64, u32)>,
    pub(super) steps: VecDeque<Done>,
}

#[derive(Clone, Debug)]
pub(super) struct Done {
    at: i64,
    step: Step,
    error: Option<Sentence>,
}

impl Record {
    /// For a page, the last step first.
    pub fn view(&self) -> LogKeepingView {
        let step = |done: &Done| LogStepView {
            at: done.at as f64,
            what: steps::step(&done.step),
            error: done.error.clone(),
        };
        LogKeepingView {
            looked: self.looked.map(|t| t as f64),
            error: self.error.clone(),
            findings: self
                .findings
                .iter()
                .map(|(f, _)| steps::finding(f))
                .collect(),
            steps: self.steps.iter().rev().map(step).collect(),
        }
    }

    fn looked(&mut self, at: i64, found: Vec<Finding>) {
        let same = |a: &Finding, b: &Finding| steps::about(a) == steps::about(b);
        let since = |new: &Finding| {
            let before = self.findings.iter().find(|(old, _)| same(old, new));
            before.map_or(at, |(_, since)| *since)
        };
        self.findings = found.into_iter().map(|f| (f.clone(), since(&f))).collect();
        self.looked = Some(at);
    }

    fn did(&mut self, at: i64, step: &Step, error: Option<&PgLogsError>) {
        if self.steps.len() == LAST {
            self.steps.pop_front();
        }
        self.steps.push_back(Done {
            at,
            step: step.clone(),
            error: error.map(steps::error),
        });
    }

    fn ended(&mut self, at: i64, error: Option<Sentence>) {
        self.failing = error.as_ref().map(|_| match self.failing {
            Some((since, times)) => (since, times.saturating_add(1)),
            None => (at, 1),
        });
        self.error = error;
    }
}

/// A store's record, shared with whoever shows it.
pub type Watched = Arc<Mutex<Record>>;

/// A store that is looked after.
pub struct Keeper {
    name: String,
    options: Options,
    who: Credentials,
    folder: PathBuf,
    policy: Policy,
    record: Watched,
}

/// Those that a login is configured for. Of one that cannot be looked after there is a record that says why.
pub fn keepers(config: &Config, secrets: &dyn Secrets) -> Vec<(String, Watched, Option<Keeper>)> {
    let mut all = Vec::new();
    for store in config.log_store.iter().filter(|s| s.kind == postgres::KIND) {
        let record = Watched::default();
        match keeper(config, store, secrets, &record) {
            Ok(None) => {}
            Ok(Some(keeper)) => all.push((store.name.clone(), record, Some(keeper))),
            Err(e) => {
                record
                    .lock()
                    .ended(clock::now_ms(), Some(steps::failure(&e)));
                tracing::warn!(store = store.name, error = ?e, "nobody looks after the partitions");
                all.push((store.name.clone(), record, None));
            }
        }
    }
    all
}

fn keeper(
    config: &Config,
    store: &LogStore,
    secrets: &dyn Secrets,
    record: &Watched,
) -> Result<Option<Keeper>, Failure> {
    let Some((options, who)) = postgres::keeper(store, secrets)? else {
        return Ok(None);
    };
    let Some(folder) = postgres::cold_folder(config, store) else {
        return Ok(None);
    };
    Ok(Some(Keeper {
        name: store.name.clone(),
        options,
        who,
        folder,
        policy: postgres::policy(store, false),
        record: record.clone(),
    }))
}

impl Keeper {
    /// Does what is due again and again, for the first time after `wait`, until told to end.
    pub async fn run(self, mut wait: Duration, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(wait) => {}
            }
            wait = EVERY;
            // a step is one transaction, or a folder that gets its name at last: to be stopped in the middle leaves nothing by half
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.look() => {}
            }
        }
    }

    /// Does what is due once, and notes what came of it.
    pub async fn look(&self) {
        let done = self.once().await;
        let at = clock::now_ms();
        match done {
            Ok(steps) => {
                self.record.lock().ended(at, None);
                if steps > 0 {
                    tracing::info!(store = self.name, steps, "partitions of logs are kept");
                }
            }
            // somebody does it by hand at this moment
            Err(PgLogsError::Busy) => {}
            Err(e) => {
                self.record.lock().ended(at, Some(steps::error(&e)));
                tracing::warn!(store = self.name, error = %e, "partitions of logs are not kept");
            }
        }
    }

    /// Does what is due; answers how many steps that were.
    async fn once(&self) -> Result<usize, PgLogsError> {
        let connecting =
            Maintainer::connect(&self.options, &self.who, &self.folder, postgres::clock());
        let mut keeper = connecting.await?;
        let (mut steps, mut failed) = (0, None);
        for round in 0..=ROUNDS {
            let state = keeper.state().await?;
            let found = findings(&state, &self.policy, postgres::today());
            for finding in &found {
                let finding = finding.code();
                tracing::warn!(store = self.name, finding, "partitions of logs");
            }
            self.record.lock().looked(clock::now_ms(), found);
            let due = plan(&state, &self.policy, postgres::today());
            if due.is_empty() || failed.is_some() || round == ROUNDS {
                break;
            }
            // what cannot be done for one day keeps nobody from the others
            let mut stuck = BTreeSet::new();
            for step in &due {
                if stuck.contains(&step.day()) {
                    continue;
                }
                let done = keeper.run(step, &mut |_| {}).await;
                let error = done.as_ref().err();
                self.record.lock().did(clock::now_ms(), step, error);
                match done {
                    Ok(()) => steps += 1,
                    Err(e) => {
                        stuck.insert(step.day());
                        failed.get_or_insert(e);
                    }
                }
            }
        }
        failed.map_or(Ok(steps), Err)
    }
}
