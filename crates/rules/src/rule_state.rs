//! One rule on one source: from the results of its expression to alerts. `AlertingRule.Eval` of Prometheus 2.42, step by step.

use crate::file::{Group, Rule};
use crate::saved::SavedAlert;
use crate::template::{Data, Template, TemplateError};
use model::Labels;
use model::alert::ALERT_NAME;
use model::labels::METRIC_NAME;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

/// How long a resolved alert is remembered, ms.
const RESOLVED_RETENTION_MS: i64 = 15 * 60_000;

/// In what state an alert of a rule is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertState {
    /// It fired and does no more; remembered for a quarter of an hour.
    Inactive,
    /// The expression holds, but not yet for as long as `for` says.
    Pending,
    /// It fires.
    Firing,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Alert {
    pub(crate) labels: Labels,
    pub(crate) annotations: BTreeMap<String, String>,
    pub(crate) value: f64,
    pub(crate) state: AlertState,
    /// First time that the expression gave it.
    pub(crate) active_at: i64,
    pub(crate) fired_at: Option<i64>,
    pub(crate) resolved_at: Option<i64>,
    /// First time that the expression did not give it while it fires on.
    pub(crate) keep_firing_since: Option<i64>,
}

/// Why a result was not used; the words are Prometheus'.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EvalError {
    #[error("vector contains metrics with the same labelset after applying alert labels")]
    SameLabels,
    #[error("exceeded limit of {limit} with {alerts} alerts")]
    Limit { limit: usize, alerts: usize },
}

/// What is the same for all evaluations of a rule.
#[derive(Clone, Debug)]
pub(crate) struct Compiled {
    pub(crate) name: String,
    for_ms: i64,
    keep_firing_for_ms: i64,
    labels: Vec<(String, Text)>,
    annotations: Vec<(String, Text)>,
}

/// A label's or annotation's value. It is read when it is needed first: of hundreds of rules few ever fire, and read it is ten times as large.
#[derive(Clone, Debug)]
struct Text {
    alert: Arc<str>,
    text: String,
    /// With what is wrong in it; files that were checked have nothing.
    read: OnceLock<Result<Box<Template>, TemplateError>>,
}

impl Text {
    fn new(alert: &Arc<str>, text: &str) -> Self {
        Self {
            alert: alert.clone(),
            text: text.to_owned(),
            read: OnceLock::new(),
        }
    }

    fn expand(&self, data: &Data) -> String {
        let read = || Template::parse(&self.alert, &self.text).map(Box::new);
        match self.read.get_or_init(read) {
            Ok(t) => t.expand_or_say(data),
            Err(e) => format!("<error expanding template: {e}>"),
        }
    }
}

impl Compiled {
    pub(crate) fn new(group: &Group, rule: &Rule) -> Self {
        let alert: Arc<str> = rule.name.as_str().into();
        let texts = |all: &BTreeMap<String, String>| {
            all.iter()
                .map(|(name, text)| (name.clone(), Text::new(&alert, text)))
                .collect()
        };
        Self {
            name: rule.name.clone(),
            for_ms: rule.for_ms,
            keep_firing_for_ms: rule.keep_firing_for_ms,
            labels: texts(&group.labels_of(rule)),
            annotations: texts(&rule.annotations),
        }
    }

    /// Labels of the alert that a row makes.
    fn labels_of(&self, metric: &Labels, data: &Data, extra: &Labels) -> Labels {
        let of_metric = metric
            .iter()
            .filter(|(n, _)| *n != METRIC_NAME)
            .map(|(n, v)| (n.to_owned(), v.to_owned()));
        let of_rule = self
            .labels
            .iter()
            .map(|(name, text)| (name.clone(), text.expand(data)));
        let of_desk = extra.iter().map(|(n, v)| (n.to_owned(), v.to_owned()));
        let name = (ALERT_NAME.to_owned(), self.name.clone());
        Labels::from_pairs(of_metric.chain(of_rule).chain(of_desk).chain([name]))
    }
}

/// The alerts of a rule on a source.
#[derive(Clone, Debug, Default)]
pub(crate) struct RuleState {
    pub(crate) alerts: BTreeMap<Labels, Alert>,
}

/// A change that others must hear of.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Change {
    pub(crate) labels: Labels,
    pub(crate) to: AlertState,
}

/// What an evaluation is made with.
pub(crate) struct Round<'a> {
    pub(crate) rule: &'a Compiled,
    /// The evaluation's time, ms.
    pub(crate) at: i64,
    /// Most alerts; 0 is any number.
    pub(crate) limit: usize,
    pub(crate) external_labels: &'a Labels,
    pub(crate) external_url: &'a str,
    /// Labels that every alert of this source gets.
    pub(crate) extra: &'a Labels,
}

impl RuleState {
    /// Takes the result of the expression over. Answers which alerts began to fire and which ended.
    pub(crate) fn eval(
        &mut self,
        rows: Vec<(Labels, f64)>,
        round: &Round<'_>,
    ) -> Result<Vec<Change>, EvalError> {
        let present = self.take(rows, round)?;
        let mut changes = Vec::new();
        let mut active = 0;
        let ts = round.at;
        self.alerts.retain(|labels, a| {
            let mut keeps = true;
            // a clock that was put back must not make an alert wait for it
            a.active_at = a.active_at.min(ts);
            if present.contains(labels) {
                a.keep_firing_since = None;
            } else {
                let keep_firing = a.keeps_firing(ts, round.rule.keep_firing_for_ms);
                let forgotten = a
                    .resolved_at
                    .is_some_and(|at| ts.saturating_sub(at) > RESOLVED_RETENTION_MS);
                if a.state == AlertState::Pending || forgotten {
                    keeps = false;
                }
                if a.state != AlertState::Inactive && !keep_firing {
                    if a.state == AlertState::Firing {
                        changes.push(Change {
                            labels: labels.clone(),
                            to: AlertState::Inactive,
                        });
                    }
                    a.state = AlertState::Inactive;
                    a.resolved_at = Some(ts);
                }
                if !keep_firing {
                    return keeps;
                }
            }
            active += 1;
            if a.state == AlertState::Pending && ts.saturating_sub(a.active_at) >= round.rule.for_ms
            {
                a.state = AlertState::Firing;
                a.fired_at = Some(ts);
                changes.push(Change {
                    labels: labels.clone(),
                    to: AlertState::Firing,
                });
            }
            keeps
        });
        if round.limit > 0 && active > round.limit {
            self.alerts.clear();
            return Err(EvalError::Limit {
                limit: round.limit,
                alerts: active,
            });
        }
        Ok(changes)
    }

    /// Makes the alerts of the rows; answers their labels.
    fn take(
        &mut self,
        rows: Vec<(Labels, f64)>,
        round: &Round<'_>,
    ) -> Result<BTreeSet<Labels>, EvalError> {
        let mut found: BTreeMap<Labels, (BTreeMap<String, String>, f64)> = BTreeMap::new();
        for (metric, value) in rows {
            let data = Data {
                labels: metric,
                value,
                external_labels: round.external_labels.clone(),
                external_url: round.external_url.to_owned(),
            };
            let labels = round.rule.labels_of(&data.labels, &data, round.extra);
            let annotations = round
                .rule
                .annotations
                .iter()
                .map(|(name, text)| (name.clone(), text.expand(&data)))
                .collect();
            if found.insert(labels, (annotations, value)).is_some() {
                return Err(EvalError::SameLabels);
            }
        }
        let present = found.keys().cloned().collect();
        for (labels, (annotations, value)) in found {
            match self.alerts.get_mut(&labels) {
                Some(a) if a.state != AlertState::Inactive => {
                    a.value = value;
                    a.annotations = annotations;
                }
                _ => {
                    let alert = Alert {
                        labels: labels.clone(),
                        annotations,
                        value,
                        state: AlertState::Pending,
                        active_at: round.at,
                        fired_at: None,
                        resolved_at: None,
                        keep_firing_since: None,
                    };
                    self.alerts.insert(labels, alert);
                }
            }
        }
        Ok(present)
    }

    /// Takes up what was known before a restart, at `now`; see [`crate::RuleEngine::restore`].
    pub(crate) fn restore(&mut self, saved: &[SavedAlert], outage_ms: i64, tolerance_ms: i64) {
        for s in saved {
            let too_long = outage_ms > tolerance_ms;
            let active_at = match s.state {
                AlertState::Firing => s.active_at,
                AlertState::Pending if !too_long => s.active_at.saturating_add(outage_ms.max(0)),
                _ => continue,
            };
            self.alerts
                .entry(s.labels.clone())
                .or_insert_with(|| Alert {
                    labels: s.labels.clone(),
                    annotations: s.annotations.clone(),
                    value: s.value,
                    state: s.state,
                    active_at,
                    fired_at: s.fired_at,
                    resolved_at: None,
                    keep_firing_since: s.keep_firing_since,
                });
        }
    }
}

impl Alert {
    fn keeps_firing(&mut self, ts: i64, keep_ms: i64) -> bool {
        if self.state != AlertState::Firing || keep_ms <= 0 {
            return false;
        }
        let since = self.keep_firing_since.map_or(ts, |since| since.min(ts));
        self.keep_firing_since = Some(since);
        ts.saturating_sub(since) < keep_ms
    }
}
