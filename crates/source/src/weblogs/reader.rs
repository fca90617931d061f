//! Pages over a store that knows times only: lines are read by whole time stamps, so that none is lost or repeated where a page ends.

use super::Gathered;
use crate::error::SourceError;
use crate::metrics::Answer;
use futures::future::BoxFuture;
use model::log::{Direction, Filter, LogLine, LogPage, LogRange, PageAsk};
use std::time::Duration;

/// Lines that one question may read to answer what the server cannot decide.
const SCAN_LINES: usize = 200_000;
/// Questions to the server that one question may take.
const SCAN_ASKS: usize = 200;
/// Lines asked for beyond those wanted, because some of the last time stamp are left for the next page.
const SPARE: usize = 50;

/// Lines that are wanted of a store.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fetch<'a> {
    pub filter: &'a Filter,
    /// From this time on.
    pub from_ns: i64,
    /// Before this time; `None`: whatever there is.
    pub to_ns: Option<i64>,
    /// Older: the newest of them; newer: the oldest.
    pub direction: Direction,
    pub limit: usize,
}

/// Lines of a store.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    /// In any order, at least those of the filter; their numbers are made of what they say.
    pub lines: Vec<LogLine>,
    /// Whether there may be more.
    pub full: bool,
    pub bytes: u64,
    pub server_time_ms: Option<i64>,
}

/// A store that gives lines by time.
pub(crate) trait Backend: Send + Sync {
    /// The lines, as many as asked for from one end.
    fn fetch<'a>(&'a self, fetch: Fetch<'a>) -> BoxFuture<'a, Result<Batch, SourceError>>;

    /// Lines that it gives at once at most.
    fn most(&self) -> usize;

    /// The longest stretch of time that it answers, ns.
    fn longest_ns(&self) -> i64 {
        i64::MAX
    }

    /// What its times are multiples of, ns.
    fn grain_ns(&self) -> i64 {
        1
    }

    /// Time that a question may take in all.
    fn patience(&self) -> Duration;
}

/// Reads a range from one end to the other.
pub(crate) struct Reader<'a> {
    backend: &'a dyn Backend,
    range: &'a LogRange,
    direction: Direction,
    from_ns: i64,
    to_ns: i64,
    size: usize,
    lines: usize,
    asks: usize,
    begun: tokio::time::Instant,
    /// Whether everything was read.
    pub done: bool,
    pub gathered: Gathered,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(
        backend: &'a dyn Backend,
        range: &'a LogRange,
        direction: Direction,
        wanted: usize,
    ) -> Self {
        Self {
            backend,
            range,
            direction,
            from_ns: range.from_ns,
            to_ns: range.to_ns,
            size: wanted.saturating_add(SPARE).min(backend.most()),
            lines: 0,
            asks: 0,
            begun: tokio::time::Instant::now(),
            done: range.from_ns >= range.to_ns,
            gathered: Gathered::default(),
        }
    }

    /// The next lines of the filter, whole time stamps only, in the order of reading; `None` when there are no more or enough was
    /// read ([`Reader::done`] tells which).
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<LogLine>>, SourceError> {
        if self.done {
            return Ok(None);
        }
        let tired = self.begun.elapsed() > self.backend.patience() / 2;
        if self.lines >= SCAN_LINES || self.asks >= SCAN_ASKS || (tired && self.asks > 0) {
            self.warn("scan_limit");
            return Ok(None);
        }
        let (from, to) = self.window();
        let batch = self.fetch(from, to, self.size).await?;
        let lines = self.advance(batch, from, to).await?;
        // a filter that hits rarely is looked for in larger steps
        self.size = self.size.saturating_mul(2).min(self.backend.most());
        let filter = &self.range.filter;
        let mut lines = numbered(lines);
        lines.retain(|line| logs::matches(filter, line));
        if self.direction == Direction::Older {
            lines.reverse();
        }
        Ok(Some(lines))
    }

    fn warn(&mut self, code: &str) {
        if !self.gathered.warnings.iter().any(|w| w == code) {
            self.gathered.warnings.push(code.to_owned());
        }
    }

    fn window(&self) -> (i64, i64) {
        let longest = self.backend.longest_ns();
        match self.direction {
            Direction::Older => (
                self.from_ns.max(self.to_ns.saturating_sub(longest)),
                self.to_ns,
            ),
            Direction::Newer => (
                self.from_ns,
                self.to_ns.min(self.from_ns.saturating_add(longest)),
            ),
        }
    }

    async fn fetch(&mut self, from: i64, to: i64, limit: usize) -> Result<Batch, SourceError> {
        self.asks += 1;
        let fetch = Fetch {
            filter: &self.range.filter,
            from_ns: from,
            to_ns: Some(to),
            direction: self.direction,
            limit,
        };
        let mut batch = self.backend.fetch(fetch).await?;
        self.gathered.bytes += batch.bytes;
        self.gathered.server_time_ms = batch.server_time_ms.or(self.gathered.server_time_ms);
        self.lines += batch.lines.len();
        // servers differ in whether ends are included
        batch
            .lines
            .retain(|l| (from..to).contains(&l.position.at_ns));
        Ok(batch)
    }

    /// Takes a window's lines and moves on behind the last time stamp that is whole.
    async fn advance(
        &mut self,
        mut batch: Batch,
        from: i64,
        to: i64,
    ) -> Result<Vec<LogLine>, SourceError> {
        let times = batch.lines.iter().map(|l| l.position.at_ns);
        let (first, last) = (times.clone().min(), times.max());
        let (Some(first), Some(last), true) = (first, last, batch.full) else {
            self.behind(from, to);
            return Ok(batch.lines);
        };
        let grain = self.backend.grain_ns();
        let cut = match self.direction {
            Direction::Older => first,
            Direction::Newer => last,
        };
        if first != last {
            batch.lines.retain(|l| l.position.at_ns != cut);
            match self.direction {
                Direction::Older => self.to_ns = cut.saturating_add(grain),
                Direction::Newer => self.from_ns = cut,
            }
            return Ok(batch.lines);
        }
        // one time stamp fills the answer: it is asked for alone
        let whole = self
            .fetch(cut, cut.saturating_add(grain), self.backend.most())
            .await?;
        if whole.full {
            self.warn("crowded");
        }
        match self.direction {
            Direction::Older => self.behind(cut, to),
            Direction::Newer => self.behind(from, cut.saturating_add(grain)),
        }
        Ok(whole.lines)
    }

    /// Everything from `from` to `to` was read.
    fn behind(&mut self, from: i64, to: i64) {
        match self.direction {
            Direction::Older => self.to_ns = from,
            Direction::Newer => self.from_ns = to,
        }
        self.done = self.from_ns >= self.to_ns;
    }
}

/// The lines in their order, the oldest first; those that are the same at the same time get numbers one after the other.
pub(crate) fn numbered(mut lines: Vec<LogLine>) -> Vec<LogLine> {
    lines.sort_by_key(|l| l.position);
    let mut last = None;
    for line in &mut lines {
        if let Some((at_ns, seq)) = last
            && at_ns == line.position.at_ns
            && seq >= line.position.seq
        {
            line.position.seq = u64::saturating_add(seq, 1);
        }
        last = Some((line.position.at_ns, line.position.seq));
    }
    lines
}

/// A page of lines, as [`crate::Logs::page`].
pub(crate) async fn page(
    backend: &dyn Backend,
    range: &LogRange,
    ask: PageAsk,
) -> Result<Answer<LogPage>, SourceError> {
    let mut range = range.clone();
    if let Some(beyond) = ask.beyond {
        match ask.direction {
            Direction::Older => {
                let end = beyond.at_ns.saturating_add(backend.grain_ns());
                range.to_ns = range.to_ns.min(end);
            }
            Direction::Newer => range.from_ns = range.from_ns.max(beyond.at_ns),
        }
    }
    let is_beyond = |line: &LogLine| match (ask.beyond, ask.direction) {
        (None, _) => true,
        (Some(beyond), Direction::Older) => line.position < beyond,
        (Some(beyond), Direction::Newer) => line.position > beyond,
    };
    let mut reader = Reader::new(backend, &range, ask.direction, ask.limit);
    let mut lines = Vec::new();
    while lines.len() <= ask.limit {
        let Some(more) = reader.next().await? else {
            break;
        };
        lines.extend(more.into_iter().filter(is_beyond));
    }
    let more = lines.len() > ask.limit || !reader.done;
    lines.truncate(ask.limit);
    if ask.direction == Direction::Newer {
        lines.reverse();
    }
    Ok(reader.gathered.answer(LogPage { lines, more }))
}
