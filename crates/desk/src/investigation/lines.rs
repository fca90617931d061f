//! What the logs say: warnings and worse since shortly before the firing, against the hour before.

use super::clues::{self, Clues};
use super::{COMPARED, Stretch, in_time};
use crate::logs::Stores;
use model::log::{Filter, LogLevel, LogLine, LogRange, PageAsk};
use source::Logs;
use wire::{ErrorView, InvestigationLogs};

/// Lines read of each stretch, the newest.
const LINES: usize = 2_000;
const MS: i64 = 1_000_000;

/// What one filter gave: lines before, lines since, whether those since are all.
type Read = (Vec<LogLine>, Vec<LogLine>, bool);

/// Asks the preferred store about what the alert names, and about everything when that gives nothing.
pub(super) async fn gather(stores: &Stores, clues: &Clues, stretch: Stretch) -> InvestigationLogs {
    let mut view = InvestigationLogs {
        from: stretch.from as f64,
        to: stretch.to as f64,
        ..InvestigationLogs::default()
    };
    let Some(entry) = stores.all().first() else {
        return view;
    };
    view.store.clone_from(&entry.name);
    view.demo = entry.demo;
    let client = match entry.client() {
        Ok(client) => client.clone(),
        Err(error) => {
            view.error = Some(error);
            return view;
        }
    };
    let everything = Filter::AtLeast(LogLevel::Warn);
    let work = async {
        if let Some(filter) = clues.filter() {
            let (before, since, exact) = read(&*client, &filter, stretch).await?;
            if !since.is_empty() {
                return Ok((filter, true, (before, since, exact)));
            }
        }
        let found = read(&*client, &everything, stretch).await?;
        Ok((everything, false, found))
    };
    let (answer, took_ms) = in_time(work).await;
    view.took_ms = took_ms;
    match answer {
        Ok((filter, narrow, (before, since, exact))) => {
            let length = (stretch.to - stretch.from).max(1);
            // A page that is full covers less time than was asked for: then only what is new can be told.
            let ratio = if before.len() < LINES && exact {
                COMPARED as f64 / length as f64
            } else {
                0.0
            };
            let (new, more) = clues::patterns(&before, &since, ratio);
            view.query = logs::query::write(&filter);
            view.narrow = narrow;
            view.lines = u32::try_from(since.len()).unwrap_or(u32::MAX);
            view.exact = exact;
            (view.new, view.more) = (new, more);
        }
        Err(error) => view.error = Some(error),
    }
    view
}

async fn read(client: &dyn Logs, filter: &Filter, stretch: Stretch) -> Result<Read, ErrorView> {
    let range = |from: i64, to: i64| LogRange {
        from_ns: from.saturating_mul(MS),
        to_ns: to.saturating_mul(MS),
        filter: filter.clone(),
    };
    let ask = PageAsk {
        limit: LINES,
        ..PageAsk::default()
    };
    let (earlier, now) = (
        range(stretch.from - COMPARED, stretch.from),
        range(stretch.from, stretch.to),
    );
    let (before, since) = tokio::try_join!(client.page(&earlier, ask), client.page(&now, ask))
        .map_err(|e| crate::frames::error_view(&crate::driver::failure(&e)))?;
    let exact = !since.value.more;
    Ok((before.value.lines, since.value.lines, exact))
}
