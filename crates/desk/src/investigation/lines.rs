//! What the logs say: warnings and worse since shortly before the firing, against the hour before.
//!
//! A page holds the newest lines only. What is missing from one that is full may stand in what was not read, so before a pattern is called
//! new the store is asked for its words; what it does not answer in time stays unsure.

use super::clues::{self, Clues};
use super::deadline::Deadline;
use super::{COMPARED, Stretch, of_its_kind};
use crate::logs::{Entry, Stores};
use futures::StreamExt as _;
use futures::future::join_all;
use futures::stream::FuturesOrdered;
use model::log::{Filter, LogLevel, LogLine, LogPage, LogRange, PageAsk};
use source::Logs;
use std::collections::BTreeSet;
use std::time::Duration;
use wire::{ErrorView, InvestigationGap, InvestigationLogs, InvestigationPattern};

/// Lines read of each stretch, the newest.
const LINES: usize = 2_000;
/// Lines read of those that have a pattern's words.
const WORDS: usize = 50;
/// Stores asked at most.
const STORES: usize = 6;
/// Asking for the words of patterns may take so long.
const ASKING: Duration = Duration::from_millis(400);
const MS: i64 = 1_000_000;

/// What one store gave.
struct Read {
    filter: Filter,
    /// Whether the filter is about what the alert names.
    narrow: bool,
    since: LogPage,
    /// The hour before, or why it is not known.
    before: Result<LogPage, ErrorView>,
}

/// A store's answer.
type Told<'a> = (&'a Entry, Result<Read, ErrorView>);

/// Asks the stores about what the alert names, and about everything when that gives nothing; the first that knows something of what is
/// named is taken.
pub(super) async fn gather(
    stores: &Stores,
    clues: &Clues,
    stretch: Stretch,
    demo: bool,
    all: Deadline,
) -> InvestigationLogs {
    let mut view = InvestigationLogs {
        from: stretch.from as f64,
        to: stretch.to as f64,
        ..InvestigationLogs::default()
    };
    // Lines in files are older than what is looked at, and reading them takes minutes.
    let warm = stores.all().iter().filter(|e| !e.is_cold()).collect();
    let mut entries = of_its_kind(warm, |e: &&Entry| e.demo, demo);
    entries.truncate(STORES);
    let mut asked: FuturesOrdered<_> = entries
        .iter()
        .copied()
        .map(|entry| one(entry, clues, stretch, all))
        .collect();
    let mut told: Vec<Told<'_>> = Vec::new();
    while let Some(one) = asked.next().await {
        view.asked.push(one.0.name.clone());
        let knows = one.1.as_ref().is_ok_and(|read| read.narrow);
        told.push(one);
        if knows {
            break;
        }
    }
    drop(asked);
    let best = best(&told);
    let mut chosen = None;
    for (n, (entry, answer)) in told.into_iter().enumerate() {
        match answer {
            Ok(read) if best == Some(n) => chosen = Some((entry, read)),
            Ok(_) => {}
            // Without any answer the first one's failure is the part's.
            Err(error) if best.is_none() && view.error.is_none() => {
                view.store.clone_from(&entry.name);
                view.demo = entry.demo;
                view.error = Some(error);
            }
            Err(error) => view.gaps.push(gap(&entry.name, error)),
        }
    }
    if let Some((entry, read)) = chosen {
        view.store.clone_from(&entry.name);
        view.demo = entry.demo;
        tell(&mut view, entry, read, stretch, all).await;
    }
    view.took_ms = all.took_ms();
    view
}

fn gap(what: &str, error: ErrorView) -> InvestigationGap {
    InvestigationGap {
        what: what.to_owned(),
        error,
    }
}

/// The first that knows something of what the alert names, else the first that has lines, else the first that has answered.
fn best(told: &[Told<'_>]) -> Option<usize> {
    let first = |wanted: fn(&Read) -> bool| {
        told.iter()
            .position(|(_, answer)| answer.as_ref().is_ok_and(wanted))
    };
    first(|read| read.narrow)
        .or_else(|| first(|read| !read.since.lines.is_empty()))
        .or_else(|| first(|_| true))
}

/// Patterns of what was read.
async fn tell(
    view: &mut InvestigationLogs,
    entry: &Entry,
    read: Read,
    stretch: Stretch,
    all: Deadline,
) {
    let Read {
        filter,
        narrow,
        since,
        before,
    } = read;
    view.query = logs::query::write(&filter);
    view.narrow = narrow;
    view.lines = u32::try_from(since.lines.len()).unwrap_or(u32::MAX);
    view.exact = !since.more;
    let known = match before {
        Ok(page) => {
            view.before_exact = !page.more;
            Some(page.lines)
        }
        Err(error) => {
            view.gaps.push(gap(&entry.name, error));
            None
        }
    };
    let before = known.as_deref().unwrap_or_default();
    let length = (stretch.to - stretch.from).max(1);
    // A page that is full covers less time than was asked for: then how often something was cannot be compared.
    let ratio = if view.before_exact && view.exact {
        COMPARED as f64 / length as f64
    } else {
        0.0
    };
    let (new, more) = clues::patterns(before, &since.lines, ratio);
    view.more = more;
    if view.before_exact {
        view.new = new;
        return;
    }
    let (found, checked) = match entry.client() {
        Ok(client) => by_words(&**client, &filter, stretch, &new, all).await,
        Err(_) => (Vec::new(), BTreeSet::new()),
    };
    let before: Vec<LogLine> = before.iter().cloned().chain(found).collect();
    let (still, _) = clues::patterns(&before, &since.lines, 0.0);
    (view.new, view.unsure) = still
        .into_iter()
        .partition(|pattern| checked.contains(&pattern.example));
}

/// Lines of the hour before that have the words of these patterns, and the examples of those patterns of which all such lines are there.
async fn by_words(
    client: &dyn Logs,
    filter: &Filter,
    stretch: Stretch,
    patterns: &[InvestigationPattern],
    all: Deadline,
) -> (Vec<LogLine>, BTreeSet<String>) {
    let ask = |pattern| with_words(client, filter, stretch, pattern, all);
    let answers = join_all(patterns.iter().map(ask)).await;
    let (mut lines, mut checked) = (Vec::new(), BTreeSet::new());
    for (example, found) in answers.into_iter().flatten() {
        if !found.more {
            checked.insert(example);
        }
        lines.extend(found.lines);
    }
    (lines, checked)
}

/// A pattern's example, and lines of the hour before that have its words.
async fn with_words(
    client: &dyn Logs,
    filter: &Filter,
    stretch: Stretch,
    pattern: &InvestigationPattern,
    all: Deadline,
) -> Option<(String, LogPage)> {
    let words = clues::words(pattern)?;
    let filter = filter.clone().and(Filter::Text(words.to_owned()));
    let range = range(stretch.from - COMPARED, stretch.from, &filter);
    let found = all.keep(page(client, &range, WORDS)).await.ok()?;
    Some((pattern.example.clone(), found))
}

async fn one<'a>(entry: &'a Entry, clues: &Clues, stretch: Stretch, all: Deadline) -> Told<'a> {
    let told = all.less(ASKING).keep(ask(entry, clues, stretch, all)).await;
    (entry, told)
}

async fn ask(
    entry: &Entry,
    clues: &Clues,
    stretch: Stretch,
    all: Deadline,
) -> Result<Read, ErrorView> {
    let client = entry.client()?;
    if let Some(filter) = clues.filter() {
        let found = read(&**client, filter, true, stretch, all).await?;
        if !found.since.lines.is_empty() {
            return Ok(found);
        }
    }
    let everything = Filter::AtLeast(LogLevel::Warn);
    read(&**client, everything, false, stretch, all).await
}

/// Both stretches beside each other; what is since stays when what was before does not come.
async fn read(
    client: &dyn Logs,
    filter: Filter,
    narrow: bool,
    stretch: Stretch,
    all: Deadline,
) -> Result<Read, ErrorView> {
    let earlier = range(stretch.from - COMPARED, stretch.from, &filter);
    let now = range(stretch.from, stretch.to, &filter);
    // Ends a moment before whoever waits for both of them gives up.
    let soon = all.less(ASKING + Duration::from_millis(50));
    let before = async { Ok(soon.keep(page(client, &earlier, LINES)).await) };
    let (since, before) = tokio::try_join!(page(client, &now, LINES), before)?;
    Ok(Read {
        filter,
        narrow,
        since,
        before,
    })
}

fn range(from: i64, to: i64, filter: &Filter) -> LogRange {
    LogRange {
        from_ns: from.saturating_mul(MS),
        to_ns: to.saturating_mul(MS),
        filter: filter.clone(),
    }
}

/// The newest lines; fewer than asked for because a store's time was up are not all either.
async fn page(client: &dyn Logs, range: &LogRange, limit: usize) -> Result<LogPage, ErrorView> {
    let ask = PageAsk {
        limit,
        ..PageAsk::default()
    };
    let answer = client
        .page(range, ask)
        .await
        .map_err(|e| crate::frames::error_view(&crate::driver::failure(&e)))?;
    let more = answer.value.more || answer.partial;
    Ok(LogPage {
        more,
        ..answer.value
    })
}

#[cfg(test)]
mod tests;
