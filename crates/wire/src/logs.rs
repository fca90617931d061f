//! Logs as the page sees them. Times are ms since the epoch unless they say otherwise; everything that a line says is hostile text.
//!
//! A line's place is an opaque text: nanoseconds and 64-bit numbers do not fit into a page's numbers.

use crate::alert::Sentence;
use crate::error::ErrorView;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// How serious a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum LogLevelView {
    /// Step by step.
    Trace,
    /// For whoever looks for a fault.
    Debug,
    /// What happens.
    Info,
    /// Odd, and dealt with.
    Warn,
    /// Something failed.
    Error,
    /// The program ends.
    Fatal,
}

/// Which kind of log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum LogCategoryView {
    /// app-logs
    App,
    /// system-logs
    System,
    /// security-logs
    Security,
}

/// A store of logs and how it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct LogStoreView {
    /// Its name in the configuration.
    pub name: String,
    /// `embedded`, `postgresql`, `loki`, …
    pub kind: String,
    /// Whether its lines are made up.
    pub demo: bool,
    /// Whether it answers; `None`: not asked yet.
    pub ok: Option<bool>,
    /// Why it does not.
    pub error: Option<ErrorView>,
    /// What somebody should know of its files although it answers.
    pub notes: Vec<Sentence>,
    /// Its version.
    pub version: Option<String>,
    /// The store whose old lines these are, in files that are read slowly and only when somebody asks.
    pub cold_of: Option<String>,
    /// The oldest line's time.
    pub oldest: Option<f64>,
    /// The newest line's time, where nothing is added any more.
    pub newest: Option<f64>,
    /// Lines it has.
    pub lines: Option<f64>,
    /// Bytes on its disk.
    pub bytes: Option<f64>,
    /// When it last answered.
    pub last_ok: Option<f64>,
    /// How long its last answer to a probe took, ms.
    pub latency: Option<f64>,
    /// How its partitions are kept, where the program does that.
    pub keeping: Option<LogKeepingView>,
}

/// How a store's partitions are kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct LogKeepingView {
    /// When they were last looked at; `None`: not yet.
    pub looked: Option<f64>,
    /// Why they are not kept.
    pub error: Option<Sentence>,
    /// What somebody should know.
    pub findings: Vec<Sentence>,
    /// What was done since the program runs, the last first.
    pub steps: Vec<LogStepView>,
}

/// Something that was done to a partition or to the files of a day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct LogStepView {
    /// When.
    pub at: f64,
    /// What.
    pub what: Sentence,
    /// Why it came to nothing.
    pub error: Option<Sentence>,
}

/// A field and a value that it has, or has not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LogTermView {
    /// By its name in queries.
    pub field: String,
    /// As text.
    pub value: String,
    /// Lines that have it are left out.
    pub exclude: bool,
}

/// Which lines are meant.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct LogScope {
    /// Which store; `None`: the first.
    pub store: Option<String>,
    /// Only this kind of log.
    pub category: Option<LogCategoryView>,
    /// In the language of queries; empty: all.
    pub query: String,
    /// Beside the query.
    pub terms: Vec<LogTermView>,
    /// From this time on.
    pub from: f64,
    /// Before this time.
    pub to: f64,
}

/// A page of lines. Whatever asks again under the same `lane` gives up the question before.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct LogPageAsk {
    /// Which place of the page asks.
    pub lane: String,
    /// Which lines.
    pub scope: LogScope,
    /// Only beyond this place; `None`: from the end, or the beginning when `newer`.
    pub beyond: Option<String>,
    /// To later lines.
    pub newer: bool,
    /// Lines at most; at most 1,000.
    pub limit: u32,
    /// Fields to show as cells, at most 12.
    pub columns: Vec<String>,
}

/// One line as a list shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct LogLineView {
    /// Its place, opaque; unique in its store.
    pub place: String,
    /// When it was written.
    pub at: f64,
    /// How serious.
    pub level: Option<LogLevelView>,
    /// Which kind of log.
    pub category: LogCategoryView,
    /// What wrote it.
    pub service: String,
    /// Where.
    pub host: String,
    /// Its text, at most 2,000 characters.
    pub message: String,
    /// Whether the text goes on.
    pub cut: bool,
    /// The trace that it belongs to; empty: none.
    pub trace_id: String,
    /// The span.
    pub span_id: String,
    /// What the columns asked for say, in their order; empty where a line lacks the field.
    pub cells: Vec<String>,
}

/// Lines, the newest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct LogPageView {
    /// The lines.
    pub lines: Vec<LogLineView>,
    /// Whether there are more that way.
    pub more: bool,
    /// What to mark in messages, compared without regard to the case of ASCII letters.
    pub phrases: Vec<String>,
    /// Whether the store says that parts are missing.
    pub partial: bool,
    /// What the store warned of.
    pub warnings: Vec<String>,
    /// How long it took, ms.
    pub took: f64,
}

/// A line as a whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct LogDetailView {
    /// The line as in a list, without cells.
    pub line: LogLineView,
    /// Its time in full, RFC 3339 with nanoseconds, UTC.
    pub time: String,
    /// Its text, at most 256 KiB.
    pub message: String,
    /// Bytes of text that are not shown.
    #[ts(type = "number")]
    pub left_out: u64,
    /// Its fields by their names in queries, in order, at most 500.
    pub fields: Vec<(String, String)>,
    /// Everything but the text as JSON, at most 256 KiB; `null` when it is larger.
    #[ts(type = "unknown")]
    pub attrs: serde_json::Value,
    /// The line as one JSON object, as an export writes it.
    pub raw: String,
}

/// Lines by time and level.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct LogHistogramAsk {
    /// Which place of the page asks.
    pub lane: String,
    /// Which lines.
    pub scope: LogScope,
    /// About so many buckets; at most 400.
    pub buckets: u32,
}

/// Lines by time and level, over the whole range whatever page is shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct LogHistogramView {
    /// When the first bucket begins.
    pub start: f64,
    /// Length of a bucket, ms.
    pub step: f64,
    /// One row for each bucket: no level, trace, debug, info, warn, error, fatal.
    pub counts: Vec<[f64; 7]>,
    /// All lines.
    pub total: f64,
    /// False: some lines were not counted, the numbers are a floor.
    pub exact: bool,
    /// How long it took, ms.
    pub took: f64,
}

/// The most frequent values of fields.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct LogFacetsAsk {
    /// Which place of the page asks.
    pub lane: String,
    /// Which lines.
    pub scope: LogScope,
    /// Which fields, at most 20; none: those that say most.
    pub fields: Vec<String>,
    /// Values of each at most; at most 100.
    pub limit: u32,
}

/// A value and how many lines have it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct LogFacetValue {
    /// The value.
    pub value: String,
    /// Lines.
    pub lines: f64,
}

/// A field's most frequent values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct LogFacetView {
    /// Which field.
    pub field: String,
    /// The most frequent first.
    pub values: Vec<LogFacetValue>,
    /// Whether every line was looked at.
    pub exact: bool,
    /// When not: whether the numbers are estimates for all lines; else they are those of the newest ones.
    pub estimated: bool,
}

/// How far a slow store has read for the question under way, or for the last one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct LogReadingView {
    /// Whether it is reading.
    pub busy: bool,
    /// Lines that it has looked at.
    pub lines: f64,
    /// Lines that it has to look at, at most.
    pub of: f64,
    /// For so long, ms.
    pub took: f64,
}

/// Fields of the lines.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct LogFacetsView {
    /// In the order asked for.
    pub facets: Vec<LogFacetView>,
    /// All fields that the lines have, the frequent ones first.
    pub fields: Vec<String>,
}

/// What has arrived.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct LogTailAsk {
    /// Which place of the page asks.
    pub lane: String,
    /// Which lines; its times do not matter.
    pub scope: LogScope,
    /// Where the last answer ended; `None`: begin now.
    pub mark: Option<String>,
    /// Lines at most; at most 1,000.
    pub limit: u32,
    /// Fields to show as cells.
    pub columns: Vec<String>,
}

/// What has arrived, the newest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct LogTailView {
    /// The newest of what arrived.
    pub lines: Vec<LogLineView>,
    /// Where to go on.
    pub mark: String,
    /// Lines that arrived and are not among `lines`.
    pub left_out: f64,
    /// What to mark in messages.
    pub phrases: Vec<String>,
}

/// Similar lines folded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct LogPatternsAsk {
    /// Which place of the page asks.
    pub lane: String,
    /// Which lines.
    pub scope: LogScope,
    /// Patterns at most; at most 500.
    pub limit: u32,
}

/// A part of a pattern's text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LogPatternPart {
    /// The same in every line, or what kind of thing stands there.
    pub text: String,
    /// Whether it differs from line to line.
    pub any: bool,
}

/// Lines that say the same but for their values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct LogPatternView {
    /// Which.
    pub id: String,
    /// What they say.
    pub parts: Vec<LogPatternPart>,
    /// How many lines.
    pub lines: f64,
    /// Their share of all that were looked at, 0..1.
    pub share: f64,
    /// The most serious level among them.
    pub level: Option<LogLevelView>,
    /// Services that write it, at most 5.
    pub services: Vec<String>,
    /// Lines by time, 24 buckets over what was looked at.
    pub spark: Vec<f64>,
    /// The first line's time.
    pub first: f64,
    /// The last line's.
    pub last: f64,
    /// One of the lines.
    pub example: String,
    /// A query that finds them; empty when nothing in them stays the same.
    pub query: String,
}

/// Patterns, the most frequent first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct LogPatternsView {
    /// The patterns.
    pub patterns: Vec<LogPatternView>,
    /// Lines that were looked at: the newest ones.
    pub looked_at: f64,
    /// Whether that is all there are.
    pub whole: bool,
    /// From when on lines were looked at.
    pub since: f64,
    /// Patterns that are left out.
    pub left_out: f64,
}

/// A number's size by the values of a field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct LogNumbersAsk {
    /// Which place of the page asks.
    pub lane: String,
    /// Which lines.
    pub scope: LogScope,
    /// The field whose values make groups.
    pub by: String,
    /// The field that is a number.
    pub number: String,
    /// Groups at most; at most 100.
    pub limit: u32,
}

/// One group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct LogNumbersRow {
    /// The value that its lines share.
    pub value: String,
    /// Its lines that have the number.
    pub lines: f64,
    /// Mean.
    pub mean: f64,
    /// Half are below.
    pub p50: f64,
    /// 95 of 100 are below.
    pub p95: f64,
    /// The largest.
    pub max: f64,
}

/// Groups, the one with the most lines first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct LogNumbersView {
    /// The groups.
    pub rows: Vec<LogNumbersRow>,
    /// Lines that were looked at: the newest ones.
    pub looked_at: f64,
    /// Whether that is all there are.
    pub whole: bool,
}

/// What could be typed next.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct LogCompleteAsk {
    /// Which place of the page asks.
    pub lane: String,
    /// The query as it is, and where its values come from.
    pub scope: LogScope,
    /// Where the cursor is, in the page's units of text (UTF-16).
    pub caret: u32,
}

/// What a proposal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum LogProposalKind {
    /// A field's name.
    Field,
    /// A field's value.
    Value,
    /// A phrase seen in lines.
    Phrase,
    /// and, or, not.
    Operator,
}

/// Something that could be typed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct LogProposal {
    /// What is put in.
    pub insert: String,
    /// What it is.
    pub kind: LogProposalKind,
    /// Lines that have it, where that is known.
    pub lines: Option<f64>,
}

/// What is wrong with a query, and where.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct LogFault {
    /// From this unit of text on (UTF-16).
    pub from: u32,
    /// Before this one.
    pub to: u32,
    /// What.
    pub error: ErrorView,
}

/// What could be typed, and what is wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct LogCompletion {
    /// What is replaced: from this unit of text on (UTF-16).
    pub from: u32,
    /// Before this one.
    pub to: u32,
    /// Proposals, the likeliest first.
    pub proposals: Vec<LogProposal>,
    /// What is wrong with the query as it is.
    pub fault: Option<LogFault>,
}

/// What an export writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum LogExportFormat {
    /// One JSON object a line.
    #[default]
    Ndjson,
    /// Comma-separated, UTF-8 with a mark, formulas defused.
    Csv,
}

/// Lines into a file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct LogExportAsk {
    /// Which lines.
    pub scope: LogScope,
    /// How.
    pub format: LogExportFormat,
    /// Lines at most; at most 200,000.
    pub limit: u32,
    /// Columns of a CSV beside the usual ones.
    pub columns: Vec<String>,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct LogExportView {
    /// Where.
    pub path: String,
    /// Lines in it.
    pub lines: f64,
    /// Whether those are all; else the newest.
    pub whole: bool,
}

/// A view that somebody has kept.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct LogSavedView {
    /// Its name, unique.
    pub name: String,
    /// Which store; `None`: the first.
    pub store: Option<String>,
    /// Only this kind of log.
    pub category: Option<LogCategoryView>,
    /// The query.
    pub query: String,
    /// Columns beside time, level, service and message.
    pub columns: Vec<String>,
    /// How far back, ms.
    pub back: f64,
}

/// How a panel of a log board shows its lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum LogPanelKind {
    /// How many, as one number with its course.
    Count,
    /// By time and level.
    Histogram,
    /// By time, one line for each of several queries.
    Series,
    /// The most frequent values of a field.
    Top,
    /// A number's mean, p95 and largest by a field.
    Numbers,
    /// The newest lines.
    Lines,
    /// Similar lines folded.
    Patterns,
}

/// One line of a `series` panel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LogSeriesView {
    /// Locale key of its name, or the name.
    pub title: String,
    /// Which lines, beside the panel's query.
    pub query: String,
}

/// One panel of a log board.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LogPanelView {
    /// Unique in its board.
    pub id: String,
    /// Locale key of its title, or the title.
    pub title: String,
    /// How it shows them.
    pub kind: LogPanelKind,
    /// Which lines.
    pub query: String,
    /// Field of `top`, group of `numbers`.
    pub field: String,
    /// Number of `numbers`.
    pub number: String,
    /// Unit of that number.
    pub unit: String,
    /// Lines of `series`.
    pub series: Vec<LogSeriesView>,
    /// Columns of `lines`.
    pub columns: Vec<String>,
    /// Width in twelfths of the board.
    pub width: u8,
    /// Height in rows.
    pub height: u8,
}

/// A page of panels about logs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LogBoardView {
    /// Unique.
    pub id: String,
    /// Locale key of its title, or the title.
    pub title: String,
    /// Its panels, in reading order.
    pub panels: Vec<LogPanelView>,
}

/// What the page needs once: stores, boards, kept views.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct LogsHome {
    /// All stores; the first is asked when none is named.
    pub stores: Vec<LogStoreView>,
    /// All boards.
    pub boards: Vec<LogBoardView>,
    /// Kept views, by name.
    pub views: Vec<LogSavedView>,
    /// What is wrong with files of boards or views.
    pub problems: Vec<crate::view::ErrorText>,
}

/// A change of the kept views.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum LogViewEdit {
    /// Keeps a view; one of the same name is replaced.
    Keep {
        /// Which.
        view: LogSavedView,
    },
    /// Forgets a view.
    Drop {
        /// Which.
        name: String,
    },
}
