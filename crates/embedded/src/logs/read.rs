//! Questions: on threads of their own, ended from outside, each over unchanging states of the days' files.

use super::ReadError;
use super::columns::{BLOCK, Entry, decode};
use super::day::{DAY_NS, Day};
use super::error::{code, is_damage, is_interrupt};
use super::folder::{DayFile, Folder};
use super::insert::entry;
use super::row::{self, COLUMNS};
use logs::tokens::Need;
use model::log::{LogCategory, LogLine};
use rusqlite::{CachedStatement, Connection, params};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// Instructions of SQLite between two looks at whether to go on.
const CHECK_EVERY: i32 = 2_000;
/// Words that a part of a word may stand for, to be looked for in the index.
const MAX_EXPANSIONS: usize = 200;
/// Damaged days after which a question gives up.
const MAX_DAMAGED: usize = 5;

const GO_ON: u8 = 0;
const NOBODY_WAITS: u8 = 1;
const TIME_IS_UP: u8 = 2;

/// Why a question ended early.
#[derive(Debug)]
pub(super) enum Stop {
    /// Nobody waits any more, or the time is up.
    Ended,
    Failed(ReadError),
    Damaged(Day, String),
}

/// A question under way.
pub(super) struct Question {
    pub(super) folder: Arc<Folder>,
    state: Arc<AtomicU8>,
}

struct EndOnDrop(Arc<AtomicU8>);

impl Drop for EndOnDrop {
    fn drop(&mut self) {
        self.0.store(NOBODY_WAITS, Ordering::Relaxed);
    }
}

/// Asks on a thread for blocking work. A day that turns out damaged is left out and told; then it is asked again.
pub(super) async fn ask<T: Send + 'static>(
    folder: Arc<Folder>,
    work: impl Fn(&Question) -> Result<T, Stop> + Send + Sync + 'static,
) -> Result<T, ReadError> {
    let limit = folder.options.read_limit;
    let timed_out = || ReadError::TimedOut { after: limit };
    let turn = tokio::time::timeout(limit, folder.readers.clone().acquire_owned());
    let turn = turn.await.map_err(|_| timed_out())?;
    let turn = turn.map_err(|e| ReadError::Internal(e.to_string()))?;
    let state = Arc::new(AtomicU8::new(GO_ON));
    let _end = EndOnDrop(state.clone());
    let question = Question {
        folder,
        state: state.clone(),
    };
    let mut task = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        question.answer(work)
    });
    let done = tokio::select! {
        done = &mut task => done,
        () = tokio::time::sleep(limit) => {
            state.store(TIME_IS_UP, Ordering::Relaxed);
            task.await
        }
    };
    match done.map_err(|e| ReadError::Internal(e.to_string()))? {
        Ok(answer) => Ok(answer),
        Err(Stop::Failed(e)) => Err(e),
        Err(Stop::Ended) => Err(timed_out()),
        Err(Stop::Damaged(_, cause)) => Err(ReadError::Internal(cause)),
    }
}

impl Question {
    fn answer<T>(&self, work: impl Fn(&Self) -> Result<T, Stop>) -> Result<T, Stop> {
        for _ in 0..MAX_DAMAGED {
            match work(self) {
                Err(Stop::Damaged(day, cause)) => self.folder.suspect(day, cause),
                other => return other,
            }
        }
        work(self)
    }

    /// Whether to end now.
    pub(super) fn is_over(&self) -> bool {
        self.state.load(Ordering::Relaxed) != GO_ON
    }

    /// The days that may have lines in this stretch of time, the oldest first.
    pub(super) fn days(&self, from_ns: i64, to_ns: i64) -> Vec<Arc<DayFile>> {
        let mut days = self.folder.days();
        days.retain(|d| {
            let start = d.day.start_ns();
            start < to_ns && start.saturating_add(DAY_NS) > from_ns
        });
        days
    }

    /// What a day holds now.
    pub(super) fn snapshot(&self, file: &Arc<DayFile>) -> Result<Snapshot, Stop> {
        let failed = |e: rusqlite::Error| stop(file, &e);
        let conn = file.connection().map_err(failed)?;
        let state = self.state.clone();
        let check = move || state.load(Ordering::Relaxed) != GO_ON;
        conn.progress_handler(CHECK_EVERY, Some(check))
            .map_err(failed)?;
        conn.execute_batch("BEGIN").map_err(failed)?;
        let mut snapshot = Snapshot {
            file: file.clone(),
            day_ns: file.day.start_ns(),
            conn: Some(conn),
            blocks: Vec::new(),
            open: Vec::new(),
            streams: Vec::new(),
        };
        snapshot.load().map_err(failed)?;
        Ok(snapshot)
    }
}

fn stop(file: &DayFile, e: &rusqlite::Error) -> Stop {
    if is_interrupt(e) {
        return Stop::Ended;
    }
    if is_damage(e) {
        return Stop::Damaged(file.day, e.to_string());
    }
    Stop::Failed(ReadError::Sqlite {
        path: file.path.clone(),
        code: code(e),
        text: e.to_string(),
    })
}

/// Where lines come from.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    pub(super) category: LogCategory,
    pub(super) service: String,
    pub(super) host: String,
}

/// Rows side by side.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    /// Its rows' numbers divided by [`BLOCK`].
    pub(super) id: i64,
    /// Rows that there are.
    pub(super) lines: i64,
    /// The earliest and the latest, ns since the day began.
    pub(super) min_at: i64,
    pub(super) max_at: i64,
}

impl Block {
    pub(super) fn is_full(&self) -> bool {
        self.lines == BLOCK
    }
}

/// The words of a day that readers know of; it only grows.
#[derive(Debug, Default)]
pub(super) struct WordList {
    last: i64,
    words: Vec<Box<str>>,
    /// There are more words than the list holds.
    over: bool,
}

/// A state of a day's file that does not change while it is looked at.
pub(super) struct Snapshot {
    pub(super) file: Arc<DayFile>,
    pub(super) day_ns: i64,
    /// `None` only while it is dropped.
    conn: Option<Connection>,
    /// All blocks, ascending.
    pub(super) blocks: Vec<Block>,
    /// The rows that are in no written block.
    open: Vec<(i64, Entry)>,
    pub(super) streams: Vec<Stream>,
}

impl Drop for Snapshot {
    fn drop(&mut self) {
        if let Some(conn) = self.conn.take()
            && conn.execute_batch("ROLLBACK").is_ok()
            && conn.progress_handler(0, None::<fn() -> bool>).is_ok()
        {
            self.file.give_back(conn);
        }
    }
}

impl Snapshot {
    fn conn(&self) -> Result<&Connection, Stop> {
        let gone = || Stop::Failed(ReadError::Internal("a snapshot without connection".into()));
        self.conn.as_ref().ok_or_else(gone)
    }

    pub(super) fn stop(&self, e: &rusqlite::Error) -> Stop {
        stop(&self.file, e)
    }

    fn load(&mut self) -> rusqlite::Result<()> {
        let Some(conn) = &self.conn else {
            return Ok(());
        };
        let mut all =
            conn.prepare_cached("SELECT id, lines, min_at, max_at FROM blocks ORDER BY id")?;
        let mut rows = all.query([])?;
        while let Some(row) = rows.next()? {
            self.blocks.push(Block {
                id: row.get(0)?,
                lines: row.get(1)?,
                min_at: row.get(2)?,
                max_at: row.get(3)?,
            });
        }
        let first = self.blocks.last().map_or(0, |b| b.id + 1);
        let mut open =
            conn.prepare_cached("SELECT id, at, kind FROM lines WHERE id >= ?1 ORDER BY id")?;
        let mut rows = open.query([first.saturating_mul(BLOCK)])?;
        while let Some(row) = rows.next()? {
            self.open.push(entry(row)?);
        }
        for same in self.open.chunk_by(|a, b| a.0 == b.0) {
            let times = || same.iter().map(|(_, e)| e.at);
            self.blocks.push(Block {
                id: same.first().map_or(0, |(block, _)| *block),
                lines: i64::try_from(same.len()).unwrap_or(BLOCK),
                min_at: times().min().unwrap_or(0),
                max_at: times().max().unwrap_or(0),
            });
        }
        let mut all =
            conn.prepare_cached("SELECT category, service, host FROM streams ORDER BY id")?;
        let mut rows = all.query([])?;
        while let Some(row) = rows.next()? {
            self.streams.push(Stream {
                category: row.get_ref(0)?.as_str()?.parse().unwrap_or_default(),
                service: row.get(1)?,
                host: row.get(2)?,
            });
        }
        Ok(())
    }

    /// The rows of a block.
    pub(super) fn entries(&self, block: i64, into: &mut Vec<Entry>) -> Result<(), Stop> {
        let open = self.open.partition_point(|(b, _)| *b < block);
        let open = self.open.get(open..).unwrap_or_default();
        if open.first().is_some_and(|(b, _)| *b == block) {
            into.clear();
            into.extend(open.iter().take_while(|(b, _)| *b == block).map(|(_, e)| e));
            return Ok(());
        }
        let conn = self.conn()?;
        let read = conn
            .prepare_cached("SELECT data FROM columns WHERE block = ?1")
            .and_then(|mut s| {
                s.query_row([block], |row| {
                    Ok(decode(row.get_ref(0)?.as_blob()?, into).is_some())
                })
            });
        match read {
            Ok(true) => Ok(()),
            Ok(false) => Err(Stop::Damaged(
                self.file.day,
                format!("columns of block {block}"),
            )),
            Err(rusqlite::Error::QueryReturnedNoRows) => Err(Stop::Damaged(
                self.file.day,
                format!("no columns of block {block}"),
            )),
            Err(e) => Err(self.stop(&e)),
        }
    }

    /// Calls `hit` with each row of `from..=to` whose tokens are as `expression` wants.
    pub(super) fn search(
        &self,
        expression: &str,
        from: i64,
        to: i64,
        mut hit: impl FnMut(i64),
    ) -> Result<(), Stop> {
        let mut run = || {
            let conn = self.conn.as_ref();
            let conn = conn.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
            let mut search = conn.prepare_cached(
                "SELECT rowid FROM words WHERE words MATCH ?1 AND rowid BETWEEN ?2 AND ?3",
            )?;
            let mut rows = search.query(params![expression, from, to])?;
            while let Some(row) = rows.next()? {
                hit(row.get(0)?);
            }
            Ok(())
        };
        run().map_err(|e: rusqlite::Error| self.stop(&e))
    }

    /// The words of the day that are as a need wants; `None` when there are too many to look for, or not all are known.
    pub(super) fn words(&self, need: &Need) -> Result<Option<Vec<String>>, Stop> {
        let Need::Word { part, begins, ends } = need else {
            return Ok(None);
        };
        let mut list = self.file.words.lock();
        self.learn(&mut list).map_err(|e| self.stop(&e))?;
        if list.over {
            return Ok(None);
        }
        let fits = |word: &str| {
            word.contains(part.as_str())
                && (!begins || word.starts_with(part.as_str()))
                && (!ends || word.ends_with(part.as_str()))
        };
        let found: Vec<String> = list
            .words
            .iter()
            .filter(|w| fits(w))
            .take(MAX_EXPANSIONS + 1)
            .map(|w| w.to_string())
            .collect();
        Ok((found.len() <= MAX_EXPANSIONS).then_some(found))
    }

    fn learn(&self, list: &mut WordList) -> rusqlite::Result<()> {
        let Some(conn) = &self.conn else {
            return Ok(());
        };
        let mut new =
            conn.prepare_cached("SELECT id, word FROM vocabulary WHERE id > ?1 ORDER BY id")?;
        let mut rows = new.query([list.last])?;
        while let Some(row) = rows.next()? {
            list.last = row.get(0)?;
            match row.get_ref(1)?.as_str()? {
                "" => list.over = true,
                word => list.words.push(word.into()),
            }
        }
        Ok(())
    }

    /// Reads rows one by one.
    pub(super) fn reader(&self, attrs: bool) -> Result<RowReader<'_>, Stop> {
        let conn = self.conn()?;
        let sql = format!("SELECT {COLUMNS} FROM lines WHERE id BETWEEN ?1 AND ?2");
        let statement = conn.prepare_cached(&sql).map_err(|e| self.stop(&e))?;
        Ok(RowReader {
            snapshot: self,
            statement,
            attrs,
            line: LogLine::default(),
        })
    }
}

/// Reads rows of a day, into one line again and again.
pub(super) struct RowReader<'s> {
    snapshot: &'s Snapshot,
    statement: CachedStatement<'s>,
    attrs: bool,
    line: LogLine,
}

impl RowReader<'_> {
    /// Calls `take` with each row of `from..=to`, ascending.
    pub(super) fn each(
        &mut self,
        from: i64,
        to: i64,
        take: impl FnMut(i64, &mut LogLine),
    ) -> Result<(), Stop> {
        self.each_of(from, to, |_| true, take)
    }

    /// Like [`RowReader::each`], only the rows whose number is `wanted`; the others' columns are not looked at.
    pub(super) fn each_of(
        &mut self,
        from: i64,
        to: i64,
        wanted: impl Fn(i64) -> bool,
        mut take: impl FnMut(i64, &mut LogLine),
    ) -> Result<(), Stop> {
        let (day, attrs, line) = (self.snapshot, self.attrs, &mut self.line);
        let mut run = || {
            let mut rows = self.statement.query([from, to])?;
            while let Some(found) = rows.next()? {
                let id = found.get(0)?;
                if wanted(id) {
                    row::read(found, day.day_ns, &day.streams, attrs, line)?;
                    take(id, line);
                }
            }
            Ok(())
        };
        run().map_err(|e: rusqlite::Error| day.stop(&e))
    }
}
