//! While the desk runs, partitions of a PostgreSQL store are made ahead, become warm and cold, and go, without anybody's hand. The same
//! steps as `shouwang logs retain` takes; whoever of the two is first does them, and what is left undone is planned again.

use super::postgres;
use crate::config::{Config, LogStore};
use crate::sources::Secrets;
use pglogs::lifecycle::{Maintainer, Policy, findings, plan};
use pglogs::{Credentials, Options, PgLogsError};
use std::path::PathBuf;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The first look comes so long after the start, which has better to do.
const FIRST: Duration = Duration::from_secs(60);
/// Partitions change once a day; an hour later is early enough after a fault.
const EVERY: Duration = Duration::from_secs(3_600);
/// Days have to be old enough for the next step more than once when a database was left alone for long.
const ROUNDS: usize = 3;

/// A store that is looked after.
struct Kept {
    name: String,
    options: Options,
    who: Credentials,
    folder: PathBuf,
    policy: Policy,
}

/// Begins to look after all stores that a login is configured for. What is wrong with one is logged, and said by `shouwang logs status`.
pub fn start(config: &Config, secrets: &dyn Secrets, stop: &CancellationToken) {
    for store in config.log_store.iter().filter(|s| s.kind == postgres::KIND) {
        match kept(config, store, secrets) {
            Ok(Some(kept)) => drop(tokio::spawn(keep(kept, stop.clone()))),
            Ok(None) => {}
            Err(e) => {
                tracing::warn!(store = store.name, error = ?e, "nobody looks after the partitions");
            }
        }
    }
}

fn kept(
    config: &Config,
    store: &LogStore,
    secrets: &dyn Secrets,
) -> Result<Option<Kept>, engine::Failure> {
    let Some((options, who)) = postgres::keeper(store, secrets)? else {
        return Ok(None);
    };
    let Some(folder) = postgres::cold_folder(config, store) else {
        return Ok(None);
    };
    Ok(Some(Kept {
        name: store.name.clone(),
        options,
        who,
        folder,
        policy: postgres::policy(store, false),
    }))
}

async fn keep(kept: Kept, stop: CancellationToken) {
    let mut wait = FIRST;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(wait) => {}
        }
        wait = EVERY;
        // a step is one transaction, or a folder that gets its name at last: to be stopped in the middle leaves nothing by half
        let done = tokio::select! {
            () = stop.cancelled() => return,
            done = once(&kept) => done,
        };
        match done {
            Ok(0) => {}
            Ok(steps) => tracing::info!(store = kept.name, steps, "partitions of logs are kept"),
            Err(e) => {
                tracing::warn!(store = kept.name, error = %e, "partitions of logs are not kept")
            }
        }
    }
}

/// Does what is due; answers how many steps that were.
async fn once(kept: &Kept) -> Result<usize, PgLogsError> {
    let connecting = Maintainer::connect(&kept.options, &kept.who, &kept.folder, postgres::clock());
    let mut keeper = connecting.await?;
    let mut steps = 0;
    for _ in 0..ROUNDS {
        let state = keeper.state().await?;
        for finding in findings(&state, &kept.policy, postgres::today()) {
            tracing::warn!(
                store = kept.name,
                finding = finding.code(),
                "partitions of logs"
            );
        }
        let due = plan(&state, &kept.policy, postgres::today());
        if due.is_empty() {
            break;
        }
        for step in &due {
            keeper.run(step, &mut |_| {}).await?;
            steps += 1;
        }
    }
    Ok(steps)
}
