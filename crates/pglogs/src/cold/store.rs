//! The folder of files as a store like any other, only slower: there is no index, so every question unpacks the files of its time.
//!
//! One question is read at a time, and the newest lines that it found are held: pages that go on, facets and fields of the same lines
//! come from them.

use super::manifest::readable_parts;
use super::scan::{self, Cuts, Found};
use crate::PgLogsError;
use crate::read::facets::{fields, tallied};
use futures::FutureExt as _;
use model::log::{
    Counted, Direction, Facet, Field, Histogram, LogLine, LogPage, LogPosition, LogRange, LogTail,
    PageAsk, TailMark,
};
use source::{Answer, Ask, LogStoreInfo, Logs, QueryFault, SourceError};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// Lines that are held of the last question.
const AHEAD: usize = 20_000;
/// What is held counts for so long: folders come and go once a day.
const FRESH: Duration = Duration::from_secs(120);
/// Buckets that a histogram may have.
const MAX_BUCKETS: i64 = 100_000;
/// Warnings of an answer.
const MAX_WARNINGS: usize = 20;
/// Lines whose fields are listed.
const FIELDS_SAMPLE: usize = 1_000;

/// How far the reading is, for whoever waits for it.
#[derive(Debug, Default)]
pub struct Progress {
    lines: AtomicU64,
    of: AtomicU64,
    busy: AtomicBool,
    took_ms: AtomicU64,
}

impl Progress {
    /// Lines that were looked at for the question under way, or for the last one.
    pub fn lines(&self) -> u64 {
        self.lines.load(Ordering::Relaxed)
    }

    /// Lines in the files that it may have to read: it may end before all of them.
    pub fn of(&self) -> u64 {
        self.of.load(Ordering::Relaxed)
    }

    /// Whether a question is under way.
    pub fn busy(&self) -> bool {
        self.busy.load(Ordering::Relaxed)
    }

    /// How long it has been reading.
    pub fn took(&self) -> Duration {
        Duration::from_millis(self.took_ms.load(Ordering::Relaxed))
    }
}

/// The newest lines of a question.
#[derive(Debug)]
struct Stretch {
    range: LogRange,
    beyond: Option<LogPosition>,
    /// The newest first.
    page: LogPage,
    warnings: Vec<String>,
    at: Instant,
}

impl Stretch {
    /// The lines after this place as far as they are held; `None` when they begin elsewhere.
    fn after(&self, range: &LogRange, beyond: Option<LogPosition>) -> Option<&[LogLine]> {
        let begins = match (self.beyond, beyond) {
            (None, _) => true,
            (Some(own), Some(asked)) => asked <= own,
            (Some(_), None) => false,
        };
        if !begins || self.range != *range || self.at.elapsed() > FRESH {
            return None;
        }
        let lines = &self.page.lines;
        let skip = beyond.map_or(0, |b| lines.partition_point(|l| l.position >= b));
        lines.get(skip..)
    }

    fn page(&self, range: &LogRange, ask: PageAsk) -> Option<LogPage> {
        if ask.direction != Direction::Older {
            return None;
        }
        let lines = self.after(range, ask.beyond)?;
        if lines.len() < ask.limit && self.page.more {
            return None;
        }
        let shown = lines.get(..ask.limit.min(lines.len()))?;
        Some(LogPage {
            lines: shown.to_vec(),
            more: self.page.more || lines.len() > shown.len(),
        })
    }
}

/// Ends the reading when nobody waits for it any more.
struct Leave {
    gone: Arc<AtomicBool>,
    progress: Arc<Progress>,
}

impl Drop for Leave {
    fn drop(&mut self) {
        self.gone.store(true, Ordering::Relaxed);
        self.progress.busy.store(false, Ordering::Relaxed);
    }
}

/// Lines that left a database, to be searched.
#[derive(Debug)]
pub struct ColdLogs {
    folder: PathBuf,
    timeout: Duration,
    progress: Arc<Progress>,
    held: Mutex<Option<Arc<Stretch>>>,
}

impl ColdLogs {
    /// The name of its kind.
    pub const KIND: &'static str = "cold";

    /// The files below `folder`. A question that takes longer than `timeout` is answered in part where the answer can say so, else with
    /// [`SourceError::Timeout`].
    pub fn new(folder: PathBuf, timeout: Duration) -> Self {
        Self {
            folder,
            timeout,
            progress: Arc::default(),
            held: Mutex::default(),
        }
    }

    /// How far it is.
    pub fn progress(&self) -> Arc<Progress> {
        self.progress.clone()
    }

    fn failed(&self, e: &PgLogsError) -> SourceError {
        e.source(self.timeout)
    }

    /// Does `work` over the files of a range on a thread for such work. Dropping the future ends it.
    async fn read<T: Send + 'static>(
        &self,
        range: &LogRange,
        work: impl FnOnce(Cuts, LogRange, scan::Told<'_>) -> Result<T, PgLogsError> + Send + 'static,
    ) -> Result<T, SourceError> {
        let leave = Leave {
            gone: Arc::default(),
            progress: self.progress.clone(),
        };
        let (gone, progress) = (leave.gone.clone(), self.progress.clone());
        let (folder, range) = (self.folder.clone(), range.clone());
        progress.lines.store(0, Ordering::Relaxed);
        progress.took_ms.store(0, Ordering::Relaxed);
        progress.busy.store(true, Ordering::Relaxed);
        let begun = Instant::now();
        let deadline = begun + self.timeout;
        let reading = tokio::task::spawn_blocking(move || {
            let cuts = Cuts::of(&folder, range.from_ns, range.to_ns)?;
            if !gone.load(Ordering::Relaxed) {
                progress.of.store(cuts.lines(), Ordering::Relaxed);
            }
            let mut told = |looked| {
                // whoever came after a question that was given up says how far he is himself
                if gone.load(Ordering::Relaxed) {
                    return false;
                }
                let now = Instant::now();
                let took = u64::try_from((now - begun).as_millis()).unwrap_or(u64::MAX);
                progress.lines.store(looked, Ordering::Relaxed);
                progress.took_ms.store(took, Ordering::Relaxed);
                now < deadline
            };
            work(cuts, range, &mut told)
        });
        let read = reading.await.map_err(|e| SourceError::Internal {
            detail: e.to_string(),
        })?;
        read.map_err(|e| self.failed(&e))
    }

    async fn scan(&self, range: &LogRange, ask: PageAsk) -> Result<Found, SourceError> {
        let mut range = range.clone();
        match (ask.beyond, ask.direction) {
            (None, _) => {}
            (Some(b), Direction::Older) => range.to_ns = range.to_ns.min(b.at_ns.saturating_add(1)),
            (Some(b), Direction::Newer) => range.from_ns = range.from_ns.max(b.at_ns),
        }
        let found = self
            .read(&range, move |cuts, range, told| {
                scan::page(cuts, &range, ask, told)
            })
            .await?;
        if !found.whole && found.page.lines.is_empty() {
            return Err(SourceError::Timeout {
                after: self.timeout,
            });
        }
        Ok(found)
    }

    /// The lines from a place on, many of them.
    async fn stretch(
        &self,
        range: &LogRange,
        beyond: Option<LogPosition>,
        least: usize,
    ) -> Result<Arc<Stretch>, SourceError> {
        // held while it is read: whoever asks for the same lines waits for them and does not read them again
        let mut held = self.held.lock().await;
        let enough = |s: &Arc<Stretch>| {
            s.after(range, beyond)
                .is_some_and(|lines| !s.page.more || lines.len() >= least)
        };
        if let Some(held) = held.as_ref().filter(|s| enough(s)) {
            return Ok(held.clone());
        }
        let ask = PageAsk {
            beyond,
            direction: Direction::Older,
            limit: least.max(AHEAD),
        };
        let found = self.scan(range, ask).await?;
        let stretch = Arc::new(Stretch {
            range: range.clone(),
            beyond,
            page: found.page,
            warnings: warnings(&found.damaged),
            at: Instant::now(),
        });
        *held = Some(stretch.clone());
        Ok(stretch)
    }

    async fn page_of(
        &self,
        range: &LogRange,
        ask: PageAsk,
    ) -> Result<Answer<LogPage>, SourceError> {
        if ask.direction == Direction::Newer {
            let _one_at_a_time = self.held.lock().await;
            let found = self.scan(range, ask).await?;
            return Ok(answer(found.page, warnings(&found.damaged)));
        }
        let stretch = self.stretch(range, ask.beyond, ask.limit).await?;
        // a question that was given up in the middle has fewer lines than asked for, and says so
        let page = stretch.page(range, ask).unwrap_or_else(|| LogPage {
            lines: stretch
                .after(range, ask.beyond)
                .unwrap_or_default()
                .to_vec(),
            more: true,
        });
        Ok(answer(page, stretch.warnings.clone()))
    }

    async fn histogram_of(
        &self,
        range: &LogRange,
        step_ns: i64,
    ) -> Result<Answer<Histogram>, SourceError> {
        let invalid = |message: &str| SourceError::Query {
            fault: QueryFault::Invalid,
            message: message.to_owned(),
        };
        if step_ns <= 0 || range.from_ns >= range.to_ns {
            return Err(invalid("a step above 0 and a range that is not empty"));
        }
        let start_ns = range
            .from_ns
            .saturating_sub(range.from_ns.rem_euclid(step_ns));
        let buckets = (range.to_ns - 1).saturating_sub(start_ns) / step_ns + 1;
        if buckets > MAX_BUCKETS {
            return Err(invalid("fewer buckets"));
        }
        let mut counts = vec![[0_u64; 7]; usize::try_from(buckets).unwrap_or(0)];
        let _one_at_a_time = self.held.lock().await;
        let work = move |mut cuts: Cuts, range: LogRange, told: scan::Told<'_>| {
            let exact = scan::each(&mut cuts, &range, told, |line| {
                let bucket = (line.position.at_ns - start_ns) / step_ns;
                let row = usize::try_from(bucket).ok().and_then(|b| counts.get_mut(b));
                if let Some(cell) = row.and_then(|row| row.get_mut(Histogram::column(line.level))) {
                    *cell += 1;
                }
            });
            Ok((counts, exact && cuts.damaged.is_empty(), cuts.damaged))
        };
        let (counts, exact, damaged) = self.read(range, work).await?;
        let histogram = Histogram {
            start_ns,
            step_ns,
            counts,
            exact,
        };
        Ok(answer(histogram, warnings(&damaged)))
    }

    async fn count_of(&self, range: &LogRange) -> Result<Answer<Counted>, SourceError> {
        let _one_at_a_time = self.held.lock().await;
        let work = |mut cuts: Cuts, range: LogRange, told: scan::Told<'_>| {
            let mut lines = 0;
            let exact = scan::each(&mut cuts, &range, told, |_| lines += 1);
            Ok((lines, exact && cuts.damaged.is_empty(), cuts.damaged))
        };
        let (lines, exact, damaged) = self.read(range, work).await?;
        Ok(answer(Counted { lines, exact }, warnings(&damaged)))
    }

    async fn info(&self) -> Result<LogStoreInfo, SourceError> {
        let folder = self.folder.clone();
        let reading = tokio::task::spawn_blocking(move || readable_parts(&folder));
        let (parts, damaged) = reading
            .await
            .map_err(|e| SourceError::Internal {
                detail: e.to_string(),
            })?
            .map_err(|e| self.failed(&e))?;
        // one damaged folder keeps nobody from the others, but when nothing else is there that is what there is to say
        if let Some(e) = damaged.first().filter(|_| parts.is_empty()) {
            return Err(self.failed(e));
        }
        let filled = || parts.iter().filter(|(_, m)| m.lines > 0);
        let files = parts.iter().flat_map(|(_, m)| &m.files);
        Ok(LogStoreInfo {
            version: None,
            ready: true,
            oldest_ns: filled().map(|(_, m)| m.first_ns).min(),
            newest_ns: filled().map(|(_, m)| m.last_ns).max(),
            lines: Some(parts.iter().map(|(_, m)| m.lines).sum()),
            bytes: Some(files.map(|f| f.bytes).sum()),
            news: Vec::new(),
        })
    }
}

fn warnings(damaged: &[PgLogsError]) -> Vec<String> {
    let texts = damaged.iter().take(MAX_WARNINGS).map(ToString::to_string);
    texts.map(|t| t.chars().take(500).collect()).collect()
}

/// Parts are missing when something could not be read.
fn answer<T>(value: T, warnings: Vec<String>) -> Answer<T> {
    Answer {
        partial: !warnings.is_empty(),
        warnings,
        ..Answer::local(value)
    }
}

impl Logs for ColdLogs {
    fn kind(&self) -> &'static str {
        Self::KIND
    }

    fn probe(&self) -> Ask<'_, LogStoreInfo> {
        async { self.info().await.map(Answer::local) }.boxed()
    }

    fn page<'a>(&'a self, range: &'a LogRange, page: PageAsk) -> Ask<'a, LogPage> {
        self.page_of(range, page).boxed()
    }

    fn histogram<'a>(&'a self, range: &'a LogRange, step_ns: i64) -> Ask<'a, Histogram> {
        self.histogram_of(range, step_ns).boxed()
    }

    fn count<'a>(&'a self, range: &'a LogRange) -> Ask<'a, Counted> {
        self.count_of(range).boxed()
    }

    fn facets<'a>(
        &'a self,
        range: &'a LogRange,
        wanted: &'a [Field],
        limit: usize,
    ) -> Ask<'a, Vec<Facet>> {
        async move {
            let stretch = self.stretch(range, None, AHEAD).await?;
            let facets = tallied(&stretch.page.lines, wanted, limit, !stretch.page.more);
            Ok(answer(facets, stretch.warnings.clone()))
        }
        .boxed()
    }

    fn fields<'a>(&'a self, range: &'a LogRange) -> Ask<'a, Vec<Field>> {
        async move {
            let stretch = self.stretch(range, None, AHEAD).await?;
            let lines = stretch.page.lines.iter().take(FIELDS_SAMPLE);
            Ok(answer(fields(lines), stretch.warnings.clone()))
        }
        .boxed()
    }

    fn tail<'a>(
        &'a self,
        _range: &'a LogRange,
        _mark: Option<&'a TailMark>,
        _limit: usize,
    ) -> Ask<'a, LogTail> {
        // nothing arrives here but whole days
        let what = "live tail";
        async move { Err(SourceError::Unsupported { what }) }.boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cold::Files;
    use chrono::NaiveDate;
    use model::log::{Filter, LogLevel};

    const SECOND: i64 = 1_000_000_000;
    const LONG: Duration = Duration::from_secs(60);

    fn line(n: i64) -> LogLine {
        LogLine {
            // always three at the same time
            position: LogPosition {
                at_ns: n / 3 * SECOND,
                seq: u64::try_from(n).unwrap_or(0) + 1,
            },
            level: (n % 5 == 0).then_some(LogLevel::Error),
            service: ["下单", "支付"][usize::from(n % 2 == 0)].into(),
            message: format!("第 {n} 行{}", if n % 10 == 0 { "：超时" } else { "" }),
            attrs: serde_json::json!({"http": {"status": 200 + n % 3}})
                .as_object()
                .cloned()
                .unwrap_or_default(),
            ..LogLine::default()
        }
    }

    /// Two days, the second in two parts whose times are mixed.
    fn filled(folder: &std::path::Path) {
        let day = |d| NaiveDate::from_ymd_opt(2026, 10, d).expect("a day");
        let write = |day, oid, lines: &mut dyn Iterator<Item = i64>| {
            let mut files = Files::begin(folder, day, oid).expect("a folder");
            for n in lines {
                files.add(&line(n)).expect("written");
            }
            files.finish(0).expect("finished")
        };
        write(day(1), 1, &mut (0..300));
        write(day(2), 2, &mut (300..600).filter(|n| n % 4 != 0));
        write(day(2), 3, &mut (300..600).filter(|n| n % 4 == 0));
    }

    fn range(filter: Filter) -> LogRange {
        LogRange {
            from_ns: 0,
            to_ns: 1_000 * SECOND,
            filter,
        }
    }

    async fn numbers(
        store: &ColdLogs,
        range: &LogRange,
        direction: Direction,
        limit: usize,
    ) -> Vec<u64> {
        let (mut all, mut beyond) = (Vec::new(), None);
        loop {
            let ask = PageAsk {
                beyond,
                direction,
                limit,
            };
            let page = store.page(range, ask).await.expect("a page").value;
            assert!(page.lines.is_sorted_by(|a, b| a.position > b.position));
            assert!(page.lines.len() == limit || !page.more);
            let mut seqs: Vec<_> = page.lines.iter().map(|l| l.position).collect();
            if direction == Direction::Newer {
                seqs.reverse();
            }
            beyond = seqs.last().copied().or(beyond);
            all.extend(seqs.iter().map(|p| p.seq));
            if !page.more {
                return all;
            }
        }
    }

    #[tokio::test]
    async fn pages_lose_and_repeat_nothing_in_either_direction() {
        let dir = tempfile::tempdir().expect("a folder");
        filled(dir.path());
        let store = ColdLogs::new(dir.path().into(), LONG);
        for filter in [Filter::All, Filter::Text("超时".into())] {
            let range = range(filter.clone());
            let mut wanted: Vec<u64> = (0..600)
                .map(line)
                .filter(|l| logs::matches(&filter, l))
                .map(|l| l.position.seq)
                .collect();
            for limit in [7, 60, 1_000] {
                let newer = numbers(&store, &range, Direction::Newer, limit).await;
                assert_eq!(newer, wanted, "{limit}");
            }
            wanted.reverse();
            for limit in [1, 7, 60, 1_000] {
                let older = numbers(&store, &range, Direction::Older, limit).await;
                assert_eq!(older, wanted, "{limit}");
            }
        }
        let (lines, of) = (store.progress().lines(), store.progress().of());
        assert!(lines > 0 && lines <= of && of <= 600, "{lines} of {of}");
        assert!(!store.progress().busy());
    }

    #[tokio::test]
    async fn numbers_are_those_of_the_lines() {
        let dir = tempfile::tempdir().expect("a folder");
        filled(dir.path());
        let store = ColdLogs::new(dir.path().into(), LONG);
        let all = range(Filter::All);
        let counted = store.count(&all).await.expect("a count").value;
        assert_eq!((counted.lines, counted.exact), (600, true));
        let histogram = store.histogram(&all, 100 * SECOND).await.expect("counted");
        assert_eq!(histogram.value.counts.len(), 10);
        assert_eq!(histogram.value.counts[0], [240, 0, 0, 0, 0, 60, 0]);
        assert_eq!(histogram.value.total(), 600);
        assert!(store.histogram(&all, 0).await.is_err());
        let fields = store.fields(&all).await.expect("fields").value;
        let status = Field::named("http.status");
        assert!(fields.contains(&status), "{fields:?}");
        let facets = store.facets(&all, &[status, Field::Service], 2).await;
        let facets = facets.expect("facets").value;
        let of = |i: usize| -> Vec<(&str, u64)> {
            let values = facets[i].values.iter();
            values.map(|v| (v.value.as_str(), v.lines)).collect()
        };
        assert_eq!(of(0), [("200", 200), ("201", 200)]);
        assert_eq!(of(1), [("下单", 300), ("支付", 300)]);
        assert!(facets.iter().all(|f| f.exact));
        let info = store.probe().await.expect("answers").value;
        assert_eq!((info.lines, info.oldest_ns), (Some(600), Some(0)));
        assert_eq!(info.newest_ns, Some(199 * SECOND));
        let tail = store.tail(&all, None, 1).await.expect_err("none");
        assert!(matches!(tail, SourceError::Unsupported { .. }));
    }

    #[tokio::test]
    async fn a_damaged_file_is_named_and_the_others_are_read() {
        let dir = tempfile::tempdir().expect("a folder");
        filled(dir.path());
        let file = dir.path().join("2026-10-01.1/lines-00001.ndjson.zst");
        std::fs::write(&file, b"no zstd at all").expect("written");
        std::fs::write(dir.path().join("2026-10-02.2/manifest.json"), b"{").expect("written");
        let store = ColdLogs::new(dir.path().into(), LONG);
        let ask = PageAsk {
            limit: 1_000,
            ..PageAsk::default()
        };
        let page = store.page(&range(Filter::All), ask).await.expect("a page");
        assert_eq!(page.value.lines.len(), 225);
        assert!(page.partial && page.warnings.len() == 2, "{page:?}");
        assert!(page.warnings.iter().any(|w| w.contains("lines-00001")));
        let counted = store.count(&range(Filter::All)).await.expect("a count");
        assert_eq!((counted.value.lines, counted.value.exact), (225, false));
    }

    #[tokio::test]
    async fn what_takes_too_long_says_so() {
        let dir = tempfile::tempdir().expect("a folder");
        let day = NaiveDate::from_ymd_opt(2026, 10, 1).expect("a day");
        let mut files = Files::begin(dir.path(), day, 1).expect("a folder");
        for n in 0..3_000 {
            files.add(&line(n)).expect("written");
        }
        files.finish(0).expect("finished");
        let store = ColdLogs::new(dir.path().into(), Duration::ZERO);
        let all = LogRange {
            to_ns: i64::MAX,
            ..range(Filter::All)
        };
        let page = store.page(&all, PageAsk::default()).await;
        assert!(matches!(page, Err(SourceError::Timeout { .. })), "{page:?}");
        let counted = store.count(&all).await.expect("a count").value;
        assert_eq!((counted.lines, counted.exact), (1_000, false));
    }
}
