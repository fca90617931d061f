//! Traces as the page sees them. A trace stays in the program; the page asks for the rows that it shows.
//!
//! Times of day are ms since the epoch, times within a trace and lengths of time are ns. A trace that is open is known by a
//! `key`, an opaque text; a span in it by its number among all rows, whatever is folded away. Whatever asks again under the
//! same `lane` gives up the question before. All names, tags and texts are from outside: text, never markup.

mod graph;
mod views;

pub use graph::*;
pub use views::*;

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

/// A service that a trace went through, and when: what a line of a log knows of its trace besides its id.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct TraceNear {
    /// Hostile: text.
    pub service: String,
    /// ms.
    pub at: f64,
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
    /// Where it may be, when the id is the lower half of the trace's.
    #[serde(default)]
    pub near: Option<TraceNear>,
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
