//! What is asked of a store of logs, and what it answers.

use super::{Field, Filter, LogLevel, LogLine, LogPosition};
use serde::{Deserialize, Serialize};

/// Which lines are meant: a stretch of time and a filter.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LogRange {
    /// From this time on, ns since the epoch.
    pub from_ns: i64,
    /// Before this time, ns.
    pub to_ns: i64,
    /// Which of them.
    pub filter: Filter,
}

/// Which way a page goes from its position.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// To smaller positions.
    #[default]
    Older,
    /// To greater ones.
    Newer,
}

/// Which part of a [`LogRange`] is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PageAsk {
    /// Only lines beyond this position, itself not included; `None`: from the range's end (older) or beginning (newer).
    pub beyond: Option<LogPosition>,
    /// Which way.
    pub direction: Direction,
    /// Lines at most; a store gives fewer than this only when there are no more.
    pub limit: usize,
}

/// A page of lines.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogPage {
    /// The lines, **the newest first** whichever way the page went.
    pub lines: Vec<LogLine>,
    /// Whether there are more that way.
    pub more: bool,
}

/// How many lines, by time and level.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histogram {
    /// When the first bucket begins, ns; a multiple of `step_ns`.
    pub start_ns: i64,
    /// Length of a bucket, ns.
    pub step_ns: i64,
    /// One row for each bucket: lines of no level, then of each of [`LogLevel::ALL`].
    pub counts: Vec<[u64; 7]>,
    /// False when some lines were not counted because it would have taken too long: the counts are a floor.
    pub exact: bool,
}

impl Histogram {
    /// Where in a row lines of this level are counted.
    pub fn column(level: Option<LogLevel>) -> usize {
        level.map_or(0, |l| 1 + l as usize)
    }

    /// All lines.
    pub fn total(&self) -> u64 {
        self.counts.iter().flatten().sum()
    }
}

/// A number of lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// So many, or at least so many.
    pub lines: u64,
    /// Whether that is all.
    pub exact: bool,
}

/// One value of a field and how many lines have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FacetValue {
    /// The value as text.
    pub value: String,
    /// Lines with it.
    pub lines: u64,
}

/// The most frequent values of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facet {
    /// Which field.
    pub field: Field,
    /// The most frequent first.
    pub values: Vec<FacetValue>,
    /// Whether every line of the range was looked at.
    pub exact: bool,
    /// When not: whether the numbers are estimates for the whole range, from some lines of all its parts; else they are those of
    /// the newest lines only.
    pub estimated: bool,
}

/// How far a live tail has come, in the order in which lines **arrived**: a line that is late by its own clock is not missed.
/// What it is made of is the store's matter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TailMark(pub String);

/// What has arrived.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogTail {
    /// Lines of the filter, the newest first by position.
    pub lines: Vec<LogLine>,
    /// Where to go on.
    pub mark: TailMark,
    /// Lines of the filter that arrived and are left out because there were more than asked for; the newest were kept.
    pub left_out: u64,
}
