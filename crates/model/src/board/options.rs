//! What only some kinds of panels are told.

use crate::Happened;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A promise about the share of good events. The panel's query is the share of bad ones, 0 to 1, over `$window`:
/// `sum(rate(errors[$window])) / sum(rate(all[$window]))`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slo {
    /// Percent of good events that is promised, more than 0 and less than 100.
    pub objective: f64,
    /// Days over which it is promised.
    #[serde(default = "thirty")]
    pub days: u16,
}

fn thirty() -> u16 {
    30
}

/// Where the expected comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ForecastMethod {
    /// The same time of the seasons before: their middle, and the band in which they lay.
    #[default]
    SameTime,
    /// A straight line through the window (least squares).
    Linear,
    /// Level, trend and season, each forgetting exponentially (Holt, Winters; additive).
    HoltWinters,
}

/// How a forecast looks ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Forecast {
    /// Where the expected comes from.
    #[serde(default)]
    pub method: ForecastMethod,
    /// How far ahead, seconds.
    #[serde(default = "day")]
    pub ahead_seconds: u32,
    /// After how many seconds things are as they were.
    #[serde(default = "day")]
    pub season_seconds: u32,
}

fn day() -> u32 {
    86_400
}

impl Default for Forecast {
    fn default() -> Self {
        Self {
            method: ForecastMethod::default(),
            ahead_seconds: day(),
            season_seconds: day(),
        }
    }
}

/// Labels that name the two ends of a topology's edges. A series with only the second says something of that node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ends {
    /// Who calls.
    pub from: String,
    /// Who is called.
    pub to: String,
}

impl Default for Ends {
    /// As the service graphs of OpenTelemetry's connector and of Tempo name them.
    fn default() -> Self {
        Self {
            from: "client".to_owned(),
            to: "server".to_owned(),
        }
    }
}

/// A question whose values are times: each series marks, across the board's lines, when it happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mark {
    /// Unique on the board.
    pub id: String,
    /// What kind of thing.
    pub kind: Happened,
    /// PromQL; values are seconds since the epoch (`process_start_time_seconds`, `kube_replicaset_created`).
    pub expr: String,
    /// What is said of it: text with `{{label}}` placeholders; the labels' values when left out.
    #[serde(default)]
    pub legend: Option<String>,
}

/// What a panel leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkTo {
    /// Another board.
    Board,
    /// The search of logs.
    Logs,
    /// The search of traces.
    Traces,
}

/// A way from a panel, or from one of its rows, to where more is known. `$label` in texts stands for that label of the row; a topology's
/// nodes have `node`, lines of a log stream `service`, `host` and `level`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// What it leads to.
    pub to: LinkTo,
    /// The board's id, the query of the log search (`service:$service level>=error`), the service whose traces are wanted.
    pub target: String,
    /// Values of the board's variables.
    #[serde(default)]
    pub variables: BTreeMap<String, String>,
}

impl Link {
    /// The labels of a row that it needs, in order, each once. `$label.host` needs `label`.
    pub fn labels(&self) -> Vec<String> {
        let texts = std::iter::once(&self.target).chain(self.variables.values());
        let mut out: Vec<String> = Vec::new();
        for label in texts.flat_map(|t| super::variable::variables_in(t)) {
            if !out.contains(&label) {
                out.push(label);
            }
        }
        out
    }
}
