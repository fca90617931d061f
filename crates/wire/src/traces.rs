//! Traces as the page sees them. A trace stays in the program; the page asks for the rows that it shows.
//!
//! Times of day are ms since the epoch, times within a trace and lengths of time are ns. A trace that is open is known by a
//! `key`, an opaque text; a span in it by its number among all rows, whatever is folded away. Whatever asks again under the
//! same `lane` gives up the question before. All names, tags and texts are from outside: text, never markup.

use crate::alert::Sentence;
use crate::error::ErrorView;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A store of traces and how it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct TraceSourceView {
    /// Its name in the configuration.
    pub name: String,
    /// `jaeger`.
    pub kind: String,
    /// Address without credentials.
    pub address: String,
    /// Whether its traces are made up.
    pub demo: bool,
    /// Whether it answers; `None`: not asked yet.
    pub ok: Option<bool>,
    /// Why it does not.
    pub error: Option<ErrorView>,
    /// Which API it speaks: `classic` or `v3`.
    pub api: Option<String>,
    /// When it last answered.
    pub last_ok: Option<f64>,
    /// How long its last answer to a probe took, ms.
    pub latency: Option<f64>,
}

/// What can be chosen for a search. Whatever is not asked for is empty.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct TraceChoicesView {
    /// The store that was asked.
    pub source: String,
    /// All services, or the operations of one.
    pub names: Vec<String>,
    /// Whether there are more than are told.
    pub more: bool,
}

/// A search. Stores match all of it against **one span** of `service`, and answer some of the traces that match.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct TraceSearch {
    /// Which place of the page asks.
    pub lane: String,
    /// Which store; `None`: the first.
    pub source: Option<String>,
    /// The service.
    pub service: String,
    /// Only spans of this operation.
    pub operation: Option<String>,
    /// As it was written: `http.status_code=500 error=true note="two words"`.
    pub tags: String,
    /// As it was written: `200ms`, `1.5s`; empty: any.
    pub min_duration: String,
    /// As it was written; empty: any.
    pub max_duration: String,
    /// From this time on.
    pub from: f64,
    /// Until this time.
    pub to: f64,
    /// Traces at most, 1 to 1,500.
    pub limit: u32,
}

/// A service's part in a trace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct TraceShareView {
    /// The service.
    pub name: String,
    /// Its spans.
    pub spans: u32,
    /// Those that failed.
    pub errors: u32,
}

/// A trace in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct TraceItem {
    /// Its id, 32 hexadecimal digits.
    pub id: String,
    /// Service of the first root.
    pub service: String,
    /// Operation of the first root.
    pub operation: String,
    /// When it began.
    pub at: f64,
    /// How long it took, ns.
    pub duration: f64,
    /// Its spans.
    pub spans: u32,
    /// Those that failed.
    pub errors: u32,
    /// Spans whose parent is not there.
    pub orphans: u32,
    /// Who took part, the one with most spans first; some of them.
    pub shares: Vec<TraceShareView>,
    /// How many took part.
    pub services: u32,
}

/// The answer to a search, the newest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct TraceListView {
    /// The store that was asked.
    pub source: String,
    /// Made up.
    pub demo: bool,
    /// The traces.
    pub traces: Vec<TraceItem>,
    /// Whether as many came as were asked for, so that there may be more.
    pub capped: bool,
    /// What the store warned of, in its own words.
    pub warnings: Vec<String>,
    /// How long it took, ms.
    pub took: f64,
}

/// Which trace is to be opened.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct TraceOpen {
    /// Which place of the page asks.
    pub lane: String,
    /// Which store; `None`: all are asked, the first that has it counts.
    pub source: Option<String>,
    /// Its id, hexadecimal.
    pub id: String,
    /// With hosts' clocks moved so that children lie within their parents.
    pub adjusted: bool,
    /// Asked of the store again, although it is open.
    pub again: bool,
}

/// A service in an open trace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct TraceServiceView {
    /// Its name.
    pub name: String,
    /// Its spans.
    pub spans: u32,
    /// Those that failed.
    pub errors: u32,
    /// Time in which it did work of its own, ns.
    pub self_time: f64,
}

/// A piece of the minimap.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct TraceBucketView {
    /// Spans that touch it.
    pub spans: u32,
    /// Those that failed.
    pub errors: u32,
    /// Which share of it is on the critical path, 0 to 1.
    pub critical: f64,
}

/// An open trace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct TraceHead {
    /// To ask on.
    pub key: String,
    /// Its id, 32 hexadecimal digits.
    pub id: String,
    /// Where it is from.
    pub source: String,
    /// Made up.
    pub demo: bool,
    /// Service of the first root.
    pub service: String,
    /// Operation of the first root.
    pub operation: String,
    /// When it began.
    pub at: f64,
    /// How long it took, ns.
    pub duration: f64,
    /// Its spans.
    pub spans: u32,
    /// Those that failed.
    pub errors: u32,
    /// Levels of spans below one another.
    pub depth: u32,
    /// Rows that stand at the left edge.
    pub roots: u32,
    /// Who took part, the one with most time of its own first.
    pub services: Vec<TraceServiceView>,
    /// What is to be said of it: orphans, rings, clocks, what the store warned of.
    pub notes: Vec<Sentence>,
    /// Whether clocks are moved.
    pub adjusted: bool,
    /// Whether moving clocks would change anything.
    pub skewed: bool,
    /// Rows as things are folded.
    pub rows: u32,
    /// Length of the critical path's own work by service, ns, in the order of `services`.
    pub critical: Vec<f64>,
    /// The whole time in pieces of the same length.
    pub minimap: Vec<TraceBucketView>,
    /// Bytes of the store's answer.
    pub bytes: f64,
    /// From the question to the whole answer, and until it was arranged, ms.
    pub took: [f64; 2],
}

/// What is folded differently from now on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "fold", rename_all = "snake_case")]
pub enum TraceFold {
    /// The subtree of a row, or out again.
    Toggle {
        /// Which.
        row: u32,
    },
    /// Everything below this many levels.
    Depth {
        /// Levels that stay, 1 or more.
        levels: u32,
    },
    /// Nothing is folded.
    None,
    /// Everything that hides this row is unfolded.
    Reveal {
        /// Which.
        row: u32,
    },
}

/// Which rows are shown.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct TraceRowsAsk {
    /// Which trace.
    pub key: String,
    /// First of the rows that are not folded away.
    pub first: u32,
    /// How many, at most 1,000.
    pub count: u32,
    /// To be folded before.
    pub fold: Option<TraceFold>,
    /// The part of the trace's time that is drawn, ns from its begin; the critical path is told so fine as it can be drawn there.
    pub view: [f64; 2],
}

/// A span in the waterfall.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct TraceRow {
    /// Its number among all rows.
    pub row: u32,
    /// Levels above it.
    pub depth: u32,
    /// Spans directly below it.
    pub children: u32,
    /// Spans below it.
    pub below: u32,
    /// Whether they are folded away.
    pub folded: bool,
    /// Failed spans that are folded away below it.
    pub errors_below: u32,
    /// Index of its service among [`TraceHead::services`].
    pub service: u32,
    /// What it does.
    pub operation: String,
    /// `internal`, `server`, `client`, `producer`, `consumer`.
    pub kind: String,
    /// When it began, ns from the trace's begin.
    pub start: f64,
    /// How long it took, ns; negative as it was recorded.
    pub duration: f64,
    /// Its own work, ns.
    pub self_time: f64,
    /// Where the critical path goes through its own work: begin and end, ns from the trace's begin.
    pub critical: Vec<[f64; 2]>,
    /// A set; bit n: 0 failed, 1 orphan, 2 ring cut here, 3 id twice, 4 id shared with its client, 5 negative duration, 6 begins
    /// before its parent, 7 ends after it, 8 not waited for, 9 warned of, 10 clock moved, 11 links, 12 events.
    pub marks: u32,
}

/// Some rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct TraceRowsView {
    /// Number of the first among the rows that are not folded away.
    pub first: u32,
    /// All that are not folded away.
    pub total: u32,
    /// Rises with each folding.
    pub revision: u32,
    /// Where the row that was to be revealed or toggled stands, if one was.
    pub at: Option<u32>,
    /// The rows.
    pub rows: Vec<TraceRow>,
}

/// What is looked for in a trace.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct TraceFind {
    /// Which trace.
    pub key: String,
    /// In names, tags, events, ids; without regard to case.
    pub text: String,
    /// Only failed ones.
    pub errors: bool,
    /// Only of this service (an index).
    pub service: Option<u32>,
    /// From this row on.
    pub from: Option<u32>,
    /// Backwards.
    pub back: bool,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct TraceFound {
    /// How many spans.
    pub total: u32,
    /// Which of them `row` is, from 1; 0: none.
    pub nth: u32,
    /// The next one.
    pub row: Option<u32>,
    /// Rows that were found; the first 2,000.
    pub rows: Vec<u32>,
}

/// A tag.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct TraceTagView {
    /// Its name.
    pub key: String,
    /// Its value as text.
    pub value: String,
    /// `text`, `bool`, `number`, `binary`.
    pub kind: String,
    /// Whether the value goes on.
    pub cut: bool,
}

/// Something that a span noted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct TraceEventView {
    /// When, ns from the trace's begin.
    pub at: f64,
    /// Its name, or the first of its fields that has the sense of one.
    pub name: String,
    /// What it says.
    pub fields: Vec<TraceTagView>,
}

/// Another span that is referred to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct TraceLinkView {
    /// Its trace.
    pub trace: String,
    /// The span.
    pub span: String,
    /// Its row, when it is in this trace.
    pub row: Option<u32>,
}

/// A span above another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct TraceStepView {
    /// Its row.
    pub row: u32,
    /// Index of its service.
    pub service: u32,
    /// What it does.
    pub operation: String,
}

/// Everything about a span.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct TraceSpanView {
    /// As it stands in the waterfall.
    pub row: TraceRow,
    /// Its id, 16 hexadecimal digits.
    pub id: String,
    /// The parent that it names.
    pub parent: Option<String>,
    /// From the root to its parent: the first and the last of them.
    pub path: Vec<TraceStepView>,
    /// Steps that are left out of `path` in its middle.
    pub path_cut: u32,
    /// When it began.
    pub at: f64,
    /// By how much its clock is moved, ns.
    pub shift: f64,
    /// What it says of itself; at most 300.
    pub tags: Vec<TraceTagView>,
    /// What ran it.
    pub process: Vec<TraceTagView>,
    /// What it noted; at most 300.
    pub events: Vec<TraceEventView>,
    /// Events and tags that are not told.
    pub left_out: u32,
    /// Other spans.
    pub links: Vec<TraceLinkView>,
    /// What is odd about it.
    pub notes: Vec<Sentence>,
    /// What the store found odd, in its own words.
    pub warnings: Vec<String>,
}

/// Which part of a flame graph is shown.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct TraceFlameAsk {
    /// Which trace.
    pub key: String,
    /// The frame that takes the whole width; `None`: all.
    pub focus: Option<u32>,
    /// Width in pixels: frames narrower than one are left out.
    pub width: u32,
}

/// Spans with the same path of services and operations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct TraceFrameView {
    /// Its number; several frames too narrow to draw have none and stand together.
    pub frame: Option<u32>,
    /// How many frames it stands for.
    pub frames: u32,
    /// Levels above it.
    pub depth: u32,
    /// Left edge as a share of the width.
    pub x: f64,
    /// Width as a share of the width.
    pub width: f64,
    /// Index of its service.
    pub service: u32,
    /// What it does.
    pub operation: String,
    /// Its spans.
    pub spans: u32,
    /// Those that failed.
    pub errors: u32,
    /// Time of all of them, ns.
    pub total: f64,
    /// Time of their own work, ns.
    pub self_time: f64,
    /// The longest of its spans: a row.
    pub longest: u32,
}

/// A flame graph.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct TraceFlameView {
    /// Frames from the root down.
    pub frames: Vec<TraceFrameView>,
    /// Levels.
    pub depth: u32,
    /// What the whole width stands for, ns.
    pub total: f64,
    /// From the root to the frame in focus.
    pub path: Vec<TraceStepView>,
}

/// Which statistics.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct TraceStatisticsAsk {
    /// Which trace.
    pub key: String,
    /// `service`, `operation` or `tag`.
    pub by: String,
    /// The tag, for `tag`.
    pub tag: String,
    /// `self`, `total`, `count`, `errors`, `average`, `p95`, `max` or `name`.
    pub order: String,
}

/// Spans that have something in common.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct TraceGroupView {
    /// Index of the service; `None` where there are several.
    pub service: Option<u32>,
    /// The operation or the tag's value; empty for a service as a whole.
    pub name: String,
    /// Spans without the tag.
    pub without: bool,
    /// How many.
    pub spans: u32,
    /// Those that failed.
    pub errors: u32,
    /// Time of all of them, ns.
    pub total: f64,
    /// Time of their own work, ns.
    pub self_time: f64,
    /// Mean, ns.
    pub average: f64,
    /// Median, ns.
    pub p50: f64,
    /// 95th percentile, ns.
    pub p95: f64,
    /// Longest, ns.
    pub max: f64,
    /// Part of the whole trace's own work, 0 to 1.
    pub share: f64,
    /// The row of the longest.
    pub longest: u32,
}

/// Statistics of a trace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct TraceStatisticsView {
    /// The groups; at most 2,000.
    pub groups: Vec<TraceGroupView>,
    /// How many there are.
    pub total: u32,
    /// Tags that spans have, the frequent ones first.
    pub tags: Vec<String>,
}

/// What became of a path from one trace to the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum TraceChange {
    /// Only in the second.
    Added,
    /// Only in the first.
    Removed,
    /// Took notably longer.
    Slower,
    /// Took notably less.
    Faster,
    /// As long as before, but another number of spans or of failures.
    Counts,
    /// Nothing that matters.
    Same,
}

/// A path in both traces.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct TraceDiffRow {
    /// Levels above it.
    pub depth: u32,
    /// The service.
    pub service: String,
    /// What it does.
    pub operation: String,
    /// What became of it.
    pub change: TraceChange,
    /// Whether something below it changed.
    pub below: bool,
    /// Spans in each.
    pub spans: [u32; 2],
    /// Failed ones in each.
    pub errors: [u32; 2],
    /// Time in each, ns.
    pub total: [f64; 2],
    /// Time of own work in each, ns.
    pub self_time: [f64; 2],
    /// Own work on the critical path in each, ns.
    pub critical: [f64; 2],
    /// The longest of its spans in each: a row.
    pub longest: [Option<u32>; 2],
}

/// Two traces beside each other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct TraceDiffView {
    /// Both.
    pub traces: Vec<TraceItem>,
    /// Paths in the order of a tree; at most 5,000.
    pub rows: Vec<TraceDiffRow>,
    /// How many there are.
    pub total: u32,
    /// Paths of each change: added, removed, slower, faster, counts, same.
    pub counts: [u32; 6],
}

/// Which graph of services.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct TraceGraphAsk {
    /// Which place of the page asks.
    pub lane: String,
    /// Which store; `None`: the first.
    pub source: Option<String>,
    /// Until when.
    pub to: f64,
    /// How long before, ms.
    pub lookback: f64,
    /// Computed from traces that are fetched, even if the store keeps a graph.
    pub sampled: bool,
    /// Only this service and its neighbours.
    pub focus: Option<String>,
    /// How far from it, 1 to 5.
    pub hops: u32,
    /// All services, also when there are more than can be read: to see the whole and to go on from there.
    pub whole: bool,
    /// Asked of the store again.
    pub again: bool,
}

/// A service in the graph.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct TraceNodeView {
    /// Its name.
    pub name: String,
    /// Middle, in units of the drawing.
    pub x: f64,
    /// Middle.
    pub y: f64,
    /// Width of its box.
    pub width: f64,
    /// Height of its box.
    pub height: f64,
    /// Calls to it.
    pub calls: f64,
    /// Neighbours that are not shown.
    pub hidden: u32,
    /// Whether it calls itself.
    pub own: bool,
    /// Whether it is only known from those who call it: a database, a queue.
    pub inferred: bool,
    /// Services that it stands for.
    pub members: u32,
}

/// Calls from one service to another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct TraceEdgeView {
    /// Index of who calls.
    pub from: u32,
    /// Index of who is called.
    pub to: u32,
    /// How often.
    pub calls: f64,
    /// Share of failed calls among the traces that were fetched, 0 to 1.
    pub errors: Option<f64>,
    /// Median of them, ns.
    pub p50: Option<f64>,
    /// 95th percentile of them, ns.
    pub p95: Option<f64>,
    /// Calls that the latter are made of.
    pub measured: u32,
    /// Whether it goes through a queue.
    pub queue: bool,
    /// Part of a circle.
    pub circle: bool,
    /// Its way: points in units of the drawing.
    pub points: Vec<[f64; 2]>,
    /// The most frequent operations that are called.
    pub operations: Vec<String>,
}

/// Who calls whom.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct TraceGraphView {
    /// The store that was asked.
    pub source: String,
    /// Made up.
    pub demo: bool,
    /// Whether it is computed from traces that were fetched; otherwise it is the store's own.
    pub sampled: bool,
    /// Traces that figures are computed from.
    pub traces: u32,
    /// Width of the drawing.
    pub width: f64,
    /// Height of the drawing.
    pub height: f64,
    /// Services shown.
    pub nodes: Vec<TraceNodeView>,
    /// Calls shown.
    pub edges: Vec<TraceEdgeView>,
    /// All services, sorted.
    pub services: Vec<String>,
    /// All calls.
    pub all_edges: u32,
    /// The service in the middle: the one asked for, or the busiest one when the whole would be too large to read.
    pub focus: Option<String>,
    /// What is to be said of it.
    pub notes: Vec<Sentence>,
    /// From when.
    pub from: f64,
    /// Until when.
    pub to: f64,
}
