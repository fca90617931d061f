//! Lines into a day's file.

use super::columns::{BLOCK, Entry, LineKind, encode};
use super::day::Day;
use super::file::{self, Fault};
use super::{index, row};
use hashbrown::{HashMap, HashSet};
use model::log::LogLine;
use rusqlite::{CachedStatement, Connection, params};
use std::path::Path;

/// Words whose middle is searched; a day with more (it would be a log of something that is no text) has no list.
const MAX_WORDS: usize = 200_000;

/// What is written of one day. After an error it has to be dropped: what it knows may not be in the file.
pub(super) struct DayWriter {
    conn: Connection,
    known: Known,
    /// Whether the index has parts that can still be merged.
    pub(super) unmerged: bool,
}

struct Known {
    day_ns: i64,
    streams: HashMap<String, u64>,
    words: HashSet<Box<str>>,
    /// The block that is not full yet.
    block: i64,
    entries: Vec<Entry>,
}

impl DayWriter {
    pub(super) fn open(day: Day, path: &Path, max_bytes: u64) -> Result<Self, Fault> {
        let conn = file::writing(path, max_bytes)?;
        let known = Known::load(&conn, day).map_err(|e| Fault::of(path, &e))?;
        Ok(Self {
            conn,
            known,
            unmerged: true,
        })
    }

    /// Inserts lines with their numbers, ascending, in a transaction that stays open.
    pub(super) fn insert(&mut self, lines: &[(i64, i64, &LogLine)]) -> rusqlite::Result<()> {
        self.conn.execute_batch("BEGIN IMMEDIATE")?;
        self.unmerged = true;
        let mut insert = Insert::new(&self.conn)?;
        for (id, at_ns, line) in lines {
            insert.line(&mut self.known, *id, *at_ns, line)?;
        }
        Ok(())
    }

    pub(super) fn commit(&mut self) -> rusqlite::Result<()> {
        self.conn.execute_batch("COMMIT")
    }

    /// Merges a bit more of the index.
    pub(super) fn merge(&mut self) -> rusqlite::Result<()> {
        let before = self.conn.total_changes();
        let merge = "INSERT INTO words(words, rank) VALUES('merge', 200)";
        self.conn.execute(merge, [])?;
        // as FTS5 says it: a statement that changed less than two rows found nothing to do
        self.unmerged = self.conn.total_changes() - before >= 2;
        Ok(())
    }

    /// Ends with everything in the one file, as far as readers let it.
    pub(super) fn close(self) {
        let checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)";
        let _ = self.conn.query_row(checkpoint, [], |_| Ok(()));
    }
}

impl Known {
    fn load(conn: &Connection, day: Day) -> rusqlite::Result<Self> {
        let mut known = Self {
            day_ns: day.start_ns(),
            streams: HashMap::new(),
            words: HashSet::new(),
            block: 0,
            entries: Vec::new(),
        };
        let mut all = conn.prepare("SELECT id, category, service, host FROM streams")?;
        let mut rows = all.query([])?;
        while let Some(row) = rows.next()? {
            let text = |i| row.get_ref(i).and_then(|v| Ok(v.as_str()?));
            let key = stream_key(text(1)?, text(2)?, text(3)?);
            known
                .streams
                .insert(key, row.get::<_, i64>(0)?.cast_unsigned());
        }
        let mut all = conn.prepare("SELECT word FROM vocabulary")?;
        let mut rows = all.query([])?;
        while let Some(row) = rows.next()? {
            known.words.insert(row.get_ref(0)?.as_str()?.into());
        }
        let last = "SELECT coalesce(max(id) + 1, 0) FROM blocks";
        let first: i64 = conn.query_row(last, [], |r| r.get(0))?;
        let mut open = conn.prepare("SELECT id, at, kind FROM lines WHERE id >= ?1 ORDER BY id")?;
        let mut rows = open.query([first.saturating_mul(BLOCK)])?;
        while let Some(row) = rows.next()? {
            let (block, entry) = entry(row)?;
            known.block = block;
            known.entries.push(entry);
        }
        Ok(known)
    }
}

/// A row of `id, at, kind` as the block's number and its entry.
pub(super) fn entry(row: &rusqlite::Row<'_>) -> rusqlite::Result<(i64, Entry)> {
    let id: i64 = row.get(0)?;
    let entry = Entry {
        offset: u16::try_from(id.rem_euclid(BLOCK)).unwrap_or(0),
        at: row.get(1)?,
        kind: LineKind(row.get::<_, i64>(2)?.cast_unsigned()),
    };
    Ok((id.div_euclid(BLOCK), entry))
}

fn stream_key(category: &str, service: &str, host: &str) -> String {
    format!("{category}\0{service}\0{host}")
}

/// Nothing instead of an empty text.
fn present(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

/// The statements of a transaction.
struct Insert<'c> {
    line: CachedStatement<'c>,
    words: CachedStatement<'c>,
    stream: CachedStatement<'c>,
    word: CachedStatement<'c>,
    block: CachedStatement<'c>,
    columns: CachedStatement<'c>,
    document: String,
    new_words: Vec<Box<str>>,
    /// The last line's stream; the next one's is mostly the same.
    last: Option<(String, u64)>,
    key: String,
}

impl<'c> Insert<'c> {
    fn new(conn: &'c Connection) -> rusqlite::Result<Self> {
        let prepare = |sql| conn.prepare_cached(sql);
        Ok(Self {
            line: prepare(
                "INSERT INTO lines(id, at, kind, trace, span, message, attrs) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?,
            words: prepare("INSERT INTO words(rowid, tokens) VALUES(?1, ?2)")?,
            stream: prepare(
                "INSERT INTO streams(id, category, service, host) VALUES(?1, ?2, ?3, ?4)",
            )?,
            word: prepare("INSERT INTO vocabulary(word) VALUES(?1)")?,
            block: prepare("INSERT INTO blocks(id, lines, min_at, max_at) VALUES(?1, ?2, ?3, ?4)")?,
            columns: prepare("INSERT INTO columns(block, data) VALUES(?1, ?2)")?,
            document: String::new(),
            new_words: Vec::new(),
            last: None,
            key: String::new(),
        })
    }

    fn line(
        &mut self,
        known: &mut Known,
        id: i64,
        at_ns: i64,
        line: &LogLine,
    ) -> rusqlite::Result<()> {
        let kind = LineKind::new(self.stream(known, line)?, line.level);
        let at = at_ns - known.day_ns;
        self.line.execute(params![
            id,
            at,
            kind.0.cast_signed(),
            present(&line.trace_id),
            present(&line.span_id),
            line.message,
            row::attrs_json(&line.attrs),
        ])?;
        self.index(known, id, line)?;
        let block = id.div_euclid(BLOCK);
        if block != known.block {
            self.full(known)?;
            known.block = block;
        }
        known.entries.push(Entry {
            offset: u16::try_from(id.rem_euclid(BLOCK)).unwrap_or(0),
            at,
            kind,
        });
        Ok(())
    }

    fn index(&mut self, known: &mut Known, id: i64, line: &LogLine) -> rusqlite::Result<()> {
        let (words, new) = (&mut known.words, &mut self.new_words);
        index::document(line, &mut self.document, |word| {
            if words.len() <= MAX_WORDS && !words.contains(word) {
                words.insert(word.into());
                new.push(word.into());
            }
        });
        for word in self.new_words.drain(..) {
            self.word.execute([&*word])?;
            if known.words.len() == MAX_WORDS + 1 {
                // an empty word says that the list ends here
                self.word.execute([""])?;
            }
        }
        if !self.document.is_empty() {
            self.words.execute(params![id, self.document])?;
        }
        Ok(())
    }

    /// The number of the line's stream.
    fn stream(&mut self, known: &mut Known, line: &LogLine) -> rusqlite::Result<u64> {
        self.key.clear();
        for part in [line.category.name(), "\0", &line.service, "\0", &line.host] {
            self.key.push_str(part);
        }
        if let Some((key, id)) = &self.last
            && *key == self.key
        {
            return Ok(*id);
        }
        let id = match known.streams.get(&self.key) {
            Some(id) => *id,
            None => {
                let id = known.streams.len() as u64;
                self.stream.execute(params![
                    id.cast_signed(),
                    line.category.name(),
                    line.service,
                    line.host
                ])?;
                known.streams.insert(self.key.clone(), id);
                id
            }
        };
        self.last = Some((self.key.clone(), id));
        Ok(id)
    }

    /// Writes the block that is not open any more.
    fn full(&mut self, known: &mut Known) -> rusqlite::Result<()> {
        let times = || known.entries.iter().map(|e| e.at);
        if let (Some(min), Some(max)) = (times().min(), times().max()) {
            let lines = i64::try_from(known.entries.len()).unwrap_or(BLOCK);
            self.block.execute(params![known.block, lines, min, max])?;
            self.columns
                .execute(params![known.block, encode(&known.entries)])?;
        }
        known.entries.clear();
        Ok(())
    }
}
