//! What every store of logs answers, and the kinds of them.

use crate::elastic::Elastic;
use crate::loki::Loki;
use crate::metrics::Ask;
use crate::victorialogs::VictoriaLogs;
use crate::weblogs::LogOptions;
use crate::{ConfigError, Connection};
use model::log::{
    Counted, Facet, Field, Histogram, LogLine, LogPage, LogRange, LogTail, PageAsk, TailMark,
};
use std::fmt::Debug;
use std::sync::Arc;

/// What probing a store of logs told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogStoreInfo {
    /// Its version, where it tells one.
    pub version: Option<String>,
    /// Whether it answers queries now.
    pub ready: bool,
    /// The oldest line it has, ns since the epoch, where that is cheap to know.
    pub oldest_ns: Option<i64>,
    /// The newest line it has, ns since the epoch; only of a store to which nothing is added any more.
    pub newest_ns: Option<i64>,
    /// Lines it has, where that is cheap to know.
    pub lines: Option<u64>,
    /// Bytes on its disk, where that is cheap to know.
    pub bytes: Option<u64>,
    /// What somebody should know of it although it answers.
    pub news: Vec<LogStoreNews>,
}

/// What became of lines in a store that keeps them itself, since it was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogStoreNews {
    /// Lines are not kept now.
    Failing {
        /// Whether there is no room for them.
        full: bool,
        /// The store's words.
        text: String,
    },
    /// So many lines could not be kept.
    Refused(u64),
    /// So many lines had a time out of all bounds and were kept at that of their arrival.
    TimesReplaced(u64),
    /// Damaged files were put aside.
    SetAside {
        /// How many.
        files: usize,
        /// The last one's new name.
        to: String,
        /// What was wrong with it.
        cause: String,
    },
    /// Days were dropped before they were as old as is allowed, because all together were too large.
    Dropped {
        /// How many.
        days: usize,
        /// The last one's date.
        last: String,
    },
}

/// A store of logs. All methods end within the store's own time limit with [`crate::SourceError`] at worst, answers are
/// bounded, and what a line says is hostile input.
///
/// Every store gives the same lines for the same [`model::log::Filter`]. What it cannot decide by itself it decides on the
/// lines that it reads; where that would mean reading without end it answers a part and says so (`exact`, `more`).
pub trait Logs: Send + Sync + Debug {
    /// The kind's name in the registry and the configuration.
    fn kind(&self) -> &'static str;

    /// Who answers there, and whether it is ready.
    fn probe(&self) -> Ask<'_, LogStoreInfo>;

    /// A page of lines. Going on from the last line's position never loses or repeats one, also when more lines than a page
    /// holds have the same time.
    fn page<'a>(&'a self, range: &'a LogRange, page: PageAsk) -> Ask<'a, LogPage>;

    /// Lines by time and level in buckets of `step_ns`, over the whole range whatever page is shown.
    fn histogram<'a>(&'a self, range: &'a LogRange, step_ns: i64) -> Ask<'a, Histogram>;

    /// How many lines.
    fn count<'a>(&'a self, range: &'a LogRange) -> Ask<'a, Counted>;

    /// The most frequent values, at most `limit` of each field.
    fn facets<'a>(
        &'a self,
        range: &'a LogRange,
        fields: &'a [Field],
        limit: usize,
    ) -> Ask<'a, Vec<Facet>>;

    /// The fields that lines of the range have, the frequent ones first, at most 500; found in some of the newest lines.
    fn fields<'a>(&'a self, range: &'a LogRange) -> Ask<'a, Vec<Field>>;

    /// What has arrived since `mark`; with `None` nothing, only the mark to go on from. At most `limit` lines, the newest.
    /// `range.from_ns` and `range.to_ns` do not matter.
    fn tail<'a>(
        &'a self,
        range: &'a LogRange,
        mark: Option<&'a TailMark>,
        limit: usize,
    ) -> Ask<'a, LogTail>;
}

/// A store that takes lines in.
pub trait LogSink: Send + Sync + Debug {
    /// Keeps these lines; answered when they are on the disk, with the number kept. The `seq` of their positions is given by
    /// the store. Lines whose time is out of all bounds are kept at the time of arrival with the attribute `time_replaced`.
    fn append(&self, lines: Vec<LogLine>) -> Ask<'_, usize>;
}

/// Makes a client of one kind; sends nothing.
type Connect = fn(&Connection, &LogOptions) -> Result<Arc<dyn Logs>, ConfigError>;

/// One kind of store of logs.
#[derive(Clone, Copy, Debug)]
pub struct LogKind {
    /// Its name in the configuration.
    pub name: &'static str,
    /// Makes a client; sends nothing.
    pub connect: Connect,
}

/// All kinds that are reached over HTTP. A new kind is one entry here.
pub const LOG_KINDS: &[LogKind] = &[
    LogKind {
        name: "elasticsearch",
        connect: |c, o| Ok(Arc::new(Elastic::new(c, o)?)),
    },
    LogKind {
        name: "loki",
        connect: |c, o| Ok(Arc::new(Loki::new(c, o)?)),
    },
    LogKind {
        name: "victorialogs",
        connect: |c, o| Ok(Arc::new(VictoriaLogs::new(c, o)?)),
    },
];

/// A client of kind `kind`.
///
/// # Errors
/// [`ConfigError::UnknownKind`], or what is wrong with the connection.
pub fn connect_logs(
    kind: &str,
    connection: &Connection,
    options: &LogOptions,
) -> Result<Arc<dyn Logs>, ConfigError> {
    LOG_KINDS
        .iter()
        .find(|k| k.name == kind)
        .ok_or_else(|| ConfigError::UnknownKind(kind.to_owned()))
        .and_then(|k| (k.connect)(connection, options))
}
