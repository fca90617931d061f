//! 现场: everything that may explain one alert, gathered on one page. Times are ms since the epoch.

use crate::alert::{AlertChart, AlertDetail, AlertRow};
use crate::error::ErrorView;
use crate::rota::OnDutyView;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The same stretch of time, a day or a week earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Baseline {
    /// A day earlier.
    Day,
    /// A week earlier.
    Week,
}

/// Something that was asked and is missing from an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct InvestigationGap {
    /// A store or a service by its name. Hostile: text.
    pub what: String,
    /// Why it is missing.
    pub error: ErrorView,
}

/// The metric around the firing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct InvestigationMetric {
    /// The metric; `None` with `error`.
    pub chart: Option<AlertChart>,
    /// The metric's first series as it was before: points at the chart's times, `None` is a gap. Only what is known.
    pub baselines: Vec<(Baseline, Vec<Option<f64>>)>,
    /// Earlier stretches that did not come in time.
    pub late: Vec<Baseline>,
    /// Why there is none.
    pub error: Option<ErrorView>,
    /// How long it took.
    pub took_ms: f64,
}

/// Similar lines of a log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct InvestigationPattern {
    /// What they have in common; what differs stands as `<number>`, `<ip>`, … Hostile: text.
    pub template: String,
    /// One of them. Hostile: text.
    pub example: String,
    /// Who wrote them; of several the most frequent. Hostile: text.
    pub service: String,
    /// So many since shortly before the firing.
    pub count: u32,
    /// So many in the hour before.
    pub before: u32,
    /// When the first of them that was read was written.
    pub first: f64,
    /// A trace that one of them belongs to; empty: none.
    pub trace_id: String,
}

/// What the logs say.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct InvestigationLogs {
    /// Whose lines these are; empty: there is no store.
    pub store: String,
    /// All stores that were asked, the preferred one first.
    pub asked: Vec<String>,
    /// Whether its lines are made up.
    pub demo: bool,
    /// What was asked, in the query language.
    pub query: String,
    /// Whether the query is about what the alert names; false: about everything, because nothing was found about that.
    pub narrow: bool,
    /// Looked at from here.
    pub from: f64,
    /// To here.
    pub to: f64,
    /// Lines of warnings and worse in that time that were read.
    pub lines: u32,
    /// Whether those were all; else counts are floors, and the first line of a pattern may be older.
    pub exact: bool,
    /// Whether all lines of the hour before were read.
    pub before_exact: bool,
    /// Patterns that were not there in the hour before, the most frequent first: all of it was read, or the store was asked for them.
    pub new: Vec<InvestigationPattern>,
    /// Patterns that were not among what was read of the hour before, where that is not all of it.
    pub unsure: Vec<InvestigationPattern>,
    /// Patterns that were there and are more than three times as frequent now.
    pub more: Vec<InvestigationPattern>,
    /// Stores that did not answer, and the hour before when it could not be read.
    pub gaps: Vec<InvestigationGap>,
    /// Why nothing is known.
    pub error: Option<ErrorView>,
    /// How long it took.
    pub took_ms: f64,
}

/// A trace in short.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct InvestigationTrace {
    /// 32 hexadecimal digits.
    pub id: String,
    /// Service of its root. Hostile: text.
    pub service: String,
    /// Operation of its root. Hostile: text.
    pub operation: String,
    /// When it began.
    pub start: f64,
    /// How long it took, ms.
    pub duration: f64,
    /// Its spans.
    pub spans: u32,
    /// Spans that failed.
    pub errors: u32,
}

/// What the traces say.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct InvestigationTraces {
    /// Whose traces these are; empty: there is no source.
    pub source: String,
    /// All sources that were asked, the preferred one first.
    pub asked: Vec<String>,
    /// Whether its traces are made up.
    pub demo: bool,
    /// Services that were asked about.
    pub services: Vec<String>,
    /// Whether the alert names them; false: the alert names none that is known there, so all were asked.
    pub narrow: bool,
    /// Looked at from here.
    pub from: f64,
    /// To here.
    pub to: f64,
    /// Traces that were looked at; a source gives some that match, not all.
    pub looked_at: u32,
    /// Half of them took less than this, ms; `None` without any.
    pub median: Option<f64>,
    /// Failed ones, the newest first.
    pub failed: Vec<InvestigationTrace>,
    /// The slowest.
    pub slow: Vec<InvestigationTrace>,
    /// Sources and services that did not answer.
    pub gaps: Vec<InvestigationGap>,
    /// Why nothing is known.
    pub error: Option<ErrorView>,
    /// How long it took.
    pub took_ms: f64,
}

/// Another alert about the same time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct InvestigationAlert {
    /// The alert.
    pub row: AlertRow,
    /// How much later than this one it fired, ms; negative: before it.
    pub after: f64,
    /// Values of places that both have: service, host, …
    pub shared: Vec<String>,
}

/// Everything that may explain an alert.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct InvestigationView {
    /// The alert itself: labels, texts, runbook, timeline.
    pub alert: AlertDetail,
    /// The metric around the firing.
    pub metric: InvestigationMetric,
    /// Error patterns.
    pub logs: InvestigationLogs,
    /// Slow and failed traces.
    pub traces: InvestigationTraces,
    /// What else fired, the most likely to belong to it first.
    pub others: Vec<InvestigationAlert>,
    /// Why some of these are missing.
    pub others_error: Option<ErrorView>,
    /// Who is on duty.
    pub on_duty: Vec<OnDutyView>,
    /// How long gathering took.
    pub took_ms: f64,
}
