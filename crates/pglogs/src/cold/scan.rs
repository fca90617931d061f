//! Going through files for the lines of a question. There is no index: what a file has is known when it was read, and only times say
//! which files need not be.

use super::manifest::readable_parts;
use super::read::each_line_of;
use crate::PgLogsError;
use model::log::{Direction, LogLine, LogPage, LogPosition, LogRange, PageAsk};
use std::cmp::Reverse;
use std::path::{Path, PathBuf};

/// Lines between two words about how far it is.
const TELL_EVERY: u64 = 1_000;
/// Bytes of text that an answer may have.
const MAX_BYTES: usize = 64 << 20;

/// Hears how many lines were looked at so far; false: nobody waits any more, or the time is over.
pub type Told<'a> = &'a mut dyn FnMut(u64) -> bool;

/// A file that may have lines of a stretch of time.
#[derive(Debug)]
pub(super) struct Cut {
    path: PathBuf,
    first_ns: i64,
    last_ns: i64,
    lines: u64,
}

/// The files of a stretch, and what cannot be read.
#[derive(Debug, Default)]
pub(super) struct Cuts {
    all: Vec<Cut>,
    /// Folders and files that are damaged: their lines are missing in the answer.
    pub damaged: Vec<PgLogsError>,
}

impl Cuts {
    /// Those below `folder` whose times touch the stretch.
    ///
    /// # Errors
    /// When the folder cannot be read. One that is not there has no files.
    pub fn of(folder: &Path, from_ns: i64, to_ns: i64) -> Result<Self, PgLogsError> {
        let (parts, damaged) = readable_parts(folder)?;
        let touches = |first: i64, last: i64| last >= from_ns && first < to_ns;
        let mut all = Vec::new();
        for (path, manifest) in parts {
            for file in manifest.files {
                if touches(file.first_ns, file.last_ns) {
                    all.push(Cut {
                        path: path.join(&file.name),
                        first_ns: file.first_ns,
                        last_ns: file.last_ns,
                        lines: file.lines,
                    });
                }
            }
        }
        Ok(Self { all, damaged })
    }

    /// Lines in these files.
    pub fn lines(&self) -> u64 {
        self.all.iter().map(|c| c.lines).sum()
    }
}

/// What was found.
#[derive(Debug, Default)]
pub struct Found {
    /// The lines.
    pub page: LogPage,
    /// False when it was given up before the next lines were certain.
    pub whole: bool,
    /// Folders and files that could not be read.
    pub damaged: Vec<PgLogsError>,
}

/// The lines of the filter that are nearest to where the page begins.
#[derive(Debug)]
struct Kept {
    direction: Direction,
    /// One more than asked for: whether there are more is known by it.
    room: usize,
    lines: Vec<LogLine>,
    bytes: usize,
    /// Nothing beyond this is wanted any more.
    bound: Option<LogPosition>,
}

impl Kept {
    fn new(direction: Direction, limit: usize) -> Self {
        Self {
            direction,
            room: limit.saturating_add(1),
            lines: Vec::new(),
            bytes: 0,
            bound: None,
        }
    }

    /// Whether `a` comes before `b` on the way.
    fn nearer(&self, a: LogPosition, b: LogPosition) -> bool {
        match self.direction {
            Direction::Older => a > b,
            Direction::Newer => a < b,
        }
    }

    fn wants(&self, at: LogPosition) -> bool {
        self.bound.is_none_or(|bound| self.nearer(at, bound))
    }

    fn push(&mut self, line: LogLine) {
        self.bytes += size(&line);
        self.lines.push(line);
        if self.lines.len() >= self.room.saturating_mul(2).max(512) || self.bytes > 2 * MAX_BYTES {
            self.trim();
        }
    }

    /// Throws away what is too far.
    fn trim(&mut self) {
        match self.direction {
            Direction::Older => self.lines.sort_by_key(|l| Reverse(l.position)),
            Direction::Newer => self.lines.sort_by_key(|l| l.position),
        }
        self.lines.truncate(self.room);
        self.bytes = self.lines.iter().map(size).sum();
        while self.bytes > MAX_BYTES && self.lines.len() > 2 {
            self.bytes -= self.lines.pop().as_ref().map_or(0, size);
            self.room = self.lines.len();
        }
        if self.lines.len() >= self.room {
            self.bound = self.lines.last().map(|l| l.position);
        }
    }

    /// Whether nothing in this file, nor in those after it, can be nearer than what is kept.
    fn settles(&mut self, cut: &Cut) -> bool {
        self.trim();
        self.bound.is_some_and(|bound| match self.direction {
            Direction::Older => bound.at_ns > cut.last_ns,
            Direction::Newer => bound.at_ns < cut.first_ns,
        })
    }

    /// Only what is nearer than anything in this file, which was not read to its end.
    fn without(&mut self, cut: &Cut) {
        match self.direction {
            Direction::Older => self.lines.retain(|l| l.position.at_ns > cut.last_ns),
            Direction::Newer => self.lines.retain(|l| l.position.at_ns < cut.first_ns),
        }
    }

    fn page(mut self, limit: usize, gone_through: bool) -> LogPage {
        self.trim();
        let more = self.lines.len() >= self.room || !gone_through;
        let most = limit.min(if self.lines.len() >= self.room {
            self.room - 1
        } else {
            self.room
        });
        self.lines.truncate(most);
        if self.direction == Direction::Newer {
            self.lines.reverse();
        }
        LogPage {
            lines: self.lines,
            more,
        }
    }
}

/// About as many bytes as a line takes.
fn size(line: &LogLine) -> usize {
    // attributes are small beside a message that is large, and alike where it is not
    line.message.len() + 400
}

/// A page of lines. Files whose times are beyond what was found are not opened.
///
/// # Errors
/// When the folder cannot be read. Damaged files are named in the answer and left out.
pub(super) fn page(
    mut cuts: Cuts,
    range: &LogRange,
    ask: PageAsk,
    told: Told<'_>,
) -> Result<Found, PgLogsError> {
    match ask.direction {
        Direction::Older => cuts.all.sort_by_key(|c| Reverse(c.last_ns)),
        Direction::Newer => cuts.all.sort_by_key(|c| c.first_ns),
    }
    let mut kept = Kept::new(ask.direction, ask.limit);
    let asked = |at: LogPosition, kept: &Kept| ask.beyond.is_none_or(|b| kept.nearer(b, at));
    let mut looked = 0;
    let mut whole = true;
    for cut in &cuts.all {
        if kept.settles(cut) {
            break;
        }
        let mut goes_on = true;
        let read = each_line_of(&cut.path, |line| {
            looked += 1;
            goes_on = looked % TELL_EVERY != 0 || told(looked);
            let at = line.position;
            let wanted = (range.from_ns..range.to_ns).contains(&at.at_ns)
                && asked(at, &kept)
                && kept.wants(at)
                && logs::matches(&range.filter, &line);
            if wanted {
                kept.push(line);
            }
            // a file's lines are in order: from here on all are too new
            goes_on
                && at.at_ns < range.to_ns
                && (ask.direction == Direction::Older || kept.wants(at))
        });
        if let Err(e) = read {
            cuts.damaged.push(e);
        }
        if !goes_on {
            kept.without(cut);
            whole = false;
            break;
        }
    }
    told(looked);
    Ok(Found {
        page: kept.page(ask.limit, whole),
        whole,
        damaged: cuts.damaged,
    })
}

/// Shows every line of the filter, in no order. False when it was given up before the end.
pub(super) fn each(
    cuts: &mut Cuts,
    range: &LogRange,
    told: Told<'_>,
    mut visit: impl FnMut(&LogLine),
) -> bool {
    let mut looked = 0;
    for cut in &cuts.all {
        let mut goes_on = true;
        let read = each_line_of(&cut.path, |line| {
            looked += 1;
            goes_on = looked % TELL_EVERY != 0 || told(looked);
            let at = line.position.at_ns;
            if (range.from_ns..range.to_ns).contains(&at) && logs::matches(&range.filter, &line) {
                visit(&line);
            }
            goes_on && at < range.to_ns
        });
        if let Err(e) = read {
            cuts.damaged.push(e);
        }
        if !goes_on {
            return false;
        }
    }
    told(looked);
    true
}

/// The newest lines of a filter in all folders below `folder`, at most `limit`, the newest first. Files whose times are outside the range
/// are not opened. `told` hears how many lines were looked at, now and then.
///
/// # Errors
/// When a file cannot be read, or is damaged.
pub fn search(
    folder: &Path,
    range: &LogRange,
    limit: usize,
    told: &mut dyn FnMut(u64),
) -> Result<LogPage, PgLogsError> {
    let ask = PageAsk {
        limit,
        ..PageAsk::default()
    };
    let cuts = Cuts::of(folder, range.from_ns, range.to_ns)?;
    let mut tell = |looked| {
        told(looked);
        true
    };
    let mut found = page(cuts, range, ask, &mut tell)?;
    match found.damaged.pop() {
        Some(damaged) => Err(damaged),
        None => Ok(found.page),
    }
}
