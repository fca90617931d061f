//! What the engine is told and what it tells: options, assignments, questions, alerts, how the rules are doing.

use crate::file::Group;
use crate::rule_state::AlertState;
use model::Labels;
use std::collections::BTreeMap;

/// How the engine works.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Interval of groups that name none, ms.
    pub interval_ms: i64,
    /// Shortest interval; a group that wants less gets this, ms.
    pub shortest_interval_ms: i64,
    /// `{{ $externalLabels }}`; they are not put on the alerts.
    pub external_labels: Labels,
    /// `{{ $externalURL }}`.
    pub external_url: String,
    /// A label that names the source on every alert. `None` by default: the same alert from two sources is one alert.
    pub source_label: Option<String>,
    /// Pending alerts are taken up after a restart when it took no longer than this, ms.
    pub outage_tolerance_ms: i64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            interval_ms: 30_000,
            shortest_interval_ms: 1000,
            external_labels: Labels::default(),
            external_url: String::new(),
            source_label: None,
            outage_tolerance_ms: 3_600_000,
        }
    }
}

/// A group and the sources that it is evaluated against.
#[derive(Clone, Debug, PartialEq)]
pub struct Assignment {
    /// The file that it is from.
    pub file: String,
    /// The group.
    pub group: Group,
    /// Names of metrics sources. A source that has none of the metrics gives no alerts.
    pub sources: Vec<String>,
}

/// A question: evaluate `expr` at `at` on `source`. Every question is to be answered once, by [`RuleEngine::answered`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// Tells questions apart.
    pub id: u64,
    /// The group's name.
    pub group: String,
    /// The rule's name.
    pub rule: String,
    /// Which source.
    pub source: String,
    /// PromQL, an instant query.
    pub expr: String,
    /// The query's time, ms.
    pub at: i64,
}

/// Why a question has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Failure(pub String);

/// An alert that is pending or firing.
#[derive(Clone, Debug, PartialEq)]
pub struct ActiveAlert {
    /// Its identity.
    pub labels: Labels,
    /// Texts.
    pub annotations: BTreeMap<String, String>,
    /// Pending or firing.
    pub state: AlertState,
    /// Since when the expression holds, ms.
    pub active_at: i64,
    /// Since when it fires, ms.
    pub fired_at: Option<i64>,
    /// Last value of the expression.
    pub value: f64,
    /// The rule's expression.
    pub expr: String,
    /// Which source gives it.
    pub source: String,
}

/// How a rule is doing on a source.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleStatus {
    /// The file.
    pub file: String,
    /// The group.
    pub group: String,
    /// The rule.
    pub rule: String,
    /// The source; empty for a recording rule.
    pub source: String,
    /// False for a recording rule: it is listed, never evaluated here.
    pub evaluated: bool,
    /// Time of the last evaluation that was answered, ms.
    pub last_evaluation: Option<i64>,
    /// From question to answer, ms.
    pub duration_ms: Option<i64>,
    /// Why the last evaluation failed; the alerts are as they were before it.
    pub error: Option<String>,
    /// Evaluations that were left out, because the one before was not answered yet.
    pub missed: u64,
    /// Number of pending alerts.
    pub pending: usize,
    /// Number of firing alerts.
    pub firing: usize,
}
