//! Alerts of the past, and figures of them.

use super::{AlertRow, LevelView};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A question to the history.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct HistoryQuery {
    /// Episodes that began from here on …
    pub from: f64,
    /// … to before here.
    pub to: f64,
    /// As in [`AlertQuery::text`].
    pub text: String,
    /// Who acknowledged, owned or was told.
    pub person: Option<String>,
    /// Only these levels; empty: all.
    pub levels: Vec<LevelView>,
    /// Where the last page ended: time and episode.
    #[ts(type = "[number, number] | null")]
    pub before: Option<(f64, i64)>,
    /// How many; at most 200.
    pub limit: u32,
}

/// A part of the history, youngest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct HistoryPage {
    /// Rows.
    pub rows: Vec<AlertRow>,
    /// How to ask for the next page; `None`: this is the last.
    #[ts(type = "[number, number] | null")]
    pub before: Option<(f64, i64)>,
}

/// How well a limit was kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct Kept {
    /// Kept.
    pub met: u32,
    /// Of so many.
    pub of: u32,
}

/// Durations in ms; `None` where there is none to speak of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct Spread {
    /// How many.
    pub count: u32,
    /// Mean.
    pub mean: Option<f64>,
    /// Median.
    pub median: Option<f64>,
    /// 95th percentile.
    pub p95: Option<f64>,
}

/// One week of figures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct WeekFigures {
    /// Its Monday, 00:00 in the configured zone.
    pub from: f64,
    /// Episodes that began, P0 to P3.
    pub fired: [u32; 4],
    /// Time to the first response (MTTA).
    pub response: Spread,
    /// Time to the end (MTTR).
    pub resolution: Spread,
    /// Nobody has ever responded (and it is over).
    pub unanswered: u32,
    /// Still open.
    pub open: u32,
    /// Response limits kept, P0 to P3.
    pub response_kept: [Kept; 4],
    /// Resolution limits kept, P0 to P3.
    pub resolution_kept: [Kept; 4],
}

/// The figures page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct FiguresView {
    /// Weeks, oldest first.
    pub weeks: Vec<WeekFigures>,
    /// The rules that fired most: name, episodes.
    pub noisy: Vec<(String, u32)>,
    /// Acknowledgements by person: name, how many.
    pub acks: Vec<(String, u32)>,
}
