//! Live tails of stores that do not say in which order lines arrived: the last seconds are read again and again, and what was there
//! before is known by its position. A line that is later than that by its own clock is missed.

use super::Gathered;
use super::reader::{Backend, Fetch, numbered};
use crate::error::SourceError;
use crate::metrics::Answer;
use model::log::{Direction, LogLine, LogPosition, LogRange, LogTail, TailMark};
use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, PoisonError};

/// How late a line may be, ns.
const LATE_NS: i64 = 10_000_000_000;
/// Lines of the last seconds that are read again at most; with more the time is shorter.
const AGAIN: usize = 2_000;
/// Marks that are remembered.
const MARKS: usize = 64;

/// What was there already at each of the last marks.
#[derive(Debug, Default)]
pub(crate) struct Tails {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    next: u64,
    marks: VecDeque<(u64, HashSet<LogPosition>)>,
}

impl Tails {
    fn keep(&self, since_ns: i64, seen: HashSet<LogPosition>) -> TailMark {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.next += 1;
        let id = kept.next;
        kept.marks.push_back((id, seen));
        if kept.marks.len() > MARKS {
            kept.marks.pop_front();
        }
        TailMark(format!("{since_ns}.{id}"))
    }

    fn seen(&self, id: u64) -> HashSet<LogPosition> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.marks.iter().find(|(known, _)| *known == id);
        found.map(|(_, seen)| seen.clone()).unwrap_or_default()
    }
}

/// As [`crate::Logs::tail`]. After a restart of this program the last seconds are given once more.
pub(crate) async fn tail(
    backend: &dyn Backend,
    tails: &Tails,
    range: &LogRange,
    mark: Option<&TailMark>,
    limit: usize,
) -> Result<Answer<LogTail>, SourceError> {
    let known = mark.and_then(|mark| {
        let (since, id) = mark.0.split_once('.')?;
        Some((since.parse::<i64>().ok()?, id.parse::<u64>().ok()?))
    });
    let since = match known {
        Some((since, _)) => since,
        None => newest(backend, range).await?,
    };
    let fetch = Fetch {
        filter: &range.filter,
        from_ns: since,
        to_ns: None,
        direction: Direction::Older,
        limit: backend.most(),
    };
    let batch = backend.fetch(fetch).await?;
    let (full, mut gathered) = (
        batch.full,
        Gathered {
            bytes: batch.bytes,
            server_time_ms: batch.server_time_ms,
            warnings: Vec::new(),
        },
    );
    let mut lines = numbered(batch.lines);
    lines.retain(|l| l.position.at_ns >= since && logs::matches(&range.filter, l));
    lines.reverse();
    let mut since = next_since(&lines, since);
    if let (true, Some(oldest)) = (full, lines.last()) {
        // what is older was not read and would seem new
        since = since.max(oldest.position.at_ns.saturating_add(backend.grain_ns()));
    }
    let positions = lines.iter().map(|l| l.position);
    let seen = positions.filter(|p| p.at_ns >= since).collect();
    let mark = tails.keep(since, seen);
    let Some((_, id)) = known else {
        return Ok(gathered.answer(LogTail {
            mark,
            ..LogTail::default()
        }));
    };
    let before = tails.seen(id);
    lines.retain(|l| !before.contains(&l.position));
    let left_out = lines.len().saturating_sub(limit) as u64;
    lines.truncate(limit);
    if full {
        // more came than the server gives at once: how many more is not known
        gathered.warnings.push("tail_limit".to_owned());
    }
    Ok(gathered.answer(LogTail {
        lines,
        mark,
        left_out,
    }))
}

/// From where on the next question reads: late lines are waited for, but not for too many.
fn next_since(newest_first: &[LogLine], since: i64) -> i64 {
    let Some(newest) = newest_first.first() else {
        return since;
    };
    let late = newest.position.at_ns.saturating_sub(LATE_NS);
    let many = newest_first.get(AGAIN).map_or(since, |l| l.position.at_ns);
    since.max(late).max(many)
}

/// Where a tail that begins now reads from.
async fn newest(backend: &dyn Backend, range: &LogRange) -> Result<i64, SourceError> {
    let fetch = Fetch {
        filter: &model::log::Filter::All,
        from_ns: i64::MIN,
        to_ns: None,
        direction: Direction::Older,
        limit: 1,
    };
    let batch = backend.fetch(fetch).await?;
    let newest = batch.lines.iter().map(|l| l.position.at_ns).max();
    let now = batch.server_time_ms.map(|ms| ms.saturating_mul(1_000_000));
    Ok(newest
        .or(now)
        .unwrap_or(range.to_ns)
        .saturating_sub(LATE_NS))
}
