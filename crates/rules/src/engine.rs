//! Which questions are due, and what their answers make of the alerts.

use crate::ask::{ActiveAlert, Ask, Assignment, Failure, Options, RuleStatus};
use crate::file::Kind;
use crate::rule_state::{Alert, AlertState, Compiled, Round, RuleState};
use crate::saved::{SavedAlert, SavedRule, SavedState};
use crate::schedule::Schedule;
use model::alert::Reported;
use model::{Labels, Observation};
use std::collections::BTreeMap;

/// What identifies a rule on a source over a change of the configuration, as Prometheus does it: the name with the labels; rules that
/// have both in common are told apart by their order.
type Key = (
    String,
    String,
    String,
    BTreeMap<String, String>,
    usize,
    String,
);

struct Instance {
    key: Key,
    expr: String,
    compiled: Compiled,
    extra: Labels,
    state: RuleState,
    /// Question on the way: its id, the evaluation's time, when it was asked.
    asked: Option<(u64, i64, i64)>,
    evaluated_at: Option<i64>,
    duration_ms: Option<i64>,
    error: Option<String>,
    missed: u64,
}

struct Team {
    /// File, group and source.
    name: String,
    schedule: Schedule,
    query_offset_ms: i64,
    limit: usize,
    rules: Vec<Instance>,
}

/// Evaluates rules: says what to ask, takes answers, knows what fires. Sans-IO: time is a parameter, milliseconds since the epoch.
pub struct RuleEngine {
    options: Options,
    teams: Vec<Team>,
    recording: Vec<RuleStatus>,
    last_id: u64,
}

/// Longest words of a failure that are kept.
const MAX_ERROR: usize = 2000;

impl RuleEngine {
    /// Without rules.
    pub fn new(options: Options) -> Self {
        Self {
            options,
            teams: Vec::new(),
            recording: Vec::new(),
            last_id: 0,
        }
    }

    /// Takes these groups instead of those before. Alerts of rules with the same file, group, name, labels and source stay; alerts of
    /// rules that are gone end without being named again, so they are missing from the next [`RuleEngine::firing`].
    /// The first evaluations are spread over the interval after `now`; a group that was there before keeps its times.
    pub fn configure(&mut self, groups: &[Assignment], now: i64) {
        let schedules: BTreeMap<String, Schedule> = self
            .teams
            .iter()
            .map(|t| (t.name.clone(), t.schedule))
            .collect();
        let mut before: BTreeMap<Key, Instance> = std::mem::take(&mut self.teams)
            .into_iter()
            .flat_map(|t| t.rules)
            .map(|i| (i.key.clone(), i))
            .collect();
        self.recording.clear();
        for assignment in groups {
            self.list_recording(assignment);
            for source in &assignment.sources {
                let mut team = self.team(assignment, source, &mut before, now);
                if let Some(known) = schedules.get(&team.name)
                    && known.interval() == team.schedule.interval()
                {
                    team.schedule = *known;
                }
                if !team.rules.is_empty() {
                    self.teams.push(team);
                }
            }
        }
    }

    fn list_recording(&mut self, assignment: &Assignment) {
        let group = &assignment.group;
        for rule in group.rules.iter().filter(|r| r.kind == Kind::Record) {
            self.recording.push(RuleStatus {
                file: assignment.file.clone(),
                group: group.name.clone(),
                rule: rule.name.clone(),
                source: String::new(),
                evaluated: false,
                last_evaluation: None,
                duration_ms: None,
                error: None,
                missed: 0,
                pending: 0,
                firing: 0,
            });
        }
    }

    fn team(
        &self,
        assignment: &Assignment,
        source: &str,
        before: &mut BTreeMap<Key, Instance>,
        now: i64,
    ) -> Team {
        let Assignment { file, group, .. } = assignment;
        let interval = group
            .interval_ms
            .unwrap_or(self.options.interval_ms)
            .max(self.options.shortest_interval_ms);
        let extra = match &self.options.source_label {
            Some(label) => Labels::from_pairs([(label.as_str(), source)]),
            None => Labels::default(),
        };
        let mut seen: BTreeMap<(String, BTreeMap<String, String>), usize> = BTreeMap::new();
        let mut rules = Vec::new();
        for rule in group.rules.iter().filter(|r| r.kind == Kind::Alert) {
            let labels = group.labels_of(rule);
            let count = seen.entry((rule.name.clone(), labels.clone())).or_default();
            let key = (
                file.clone(),
                group.name.clone(),
                rule.name.clone(),
                labels,
                *count,
                source.to_owned(),
            );
            *count += 1;
            let old = before.remove(&key);
            rules.push(Instance {
                state: old.as_ref().map(|o| o.state.clone()).unwrap_or_default(),
                evaluated_at: old.as_ref().and_then(|o| o.evaluated_at),
                // the answer to a question about another expression is not waited for
                asked: old.filter(|o| o.expr == rule.expr).and_then(|o| o.asked),
                key,
                expr: rule.expr.clone(),
                compiled: Compiled::new(group, rule),
                extra: extra.clone(),
                duration_ms: None,
                error: None,
                missed: 0,
            });
        }
        Team {
            name: format!("{file}\0{}\0{source}", group.name),
            schedule: Schedule::new(interval, file, &group.name, source, now),
            query_offset_ms: group.query_offset_ms,
            limit: group.limit,
            rules,
        }
    }

    /// When something is due next, as seen from `now`; `None` without rules.
    pub fn next_wakeup(&self, now: i64) -> Option<i64> {
        self.teams.iter().map(|t| t.schedule.next(now)).min()
    }

    /// The questions that are due. A rule whose last question is not answered yet is left out. Of evaluations that were slept through
    /// only the last one is made.
    pub fn due(&mut self, now: i64) -> Vec<Ask> {
        let mut asks = Vec::new();
        for team in &mut self.teams {
            let Some(at) = team.schedule.due(now) else {
                continue;
            };
            for rule in &mut team.rules {
                if rule.asked.is_some() {
                    rule.missed += 1;
                    continue;
                }
                self.last_id += 1;
                rule.asked = Some((self.last_id, at, now));
                let (_, group, name, _, _, source) = &rule.key;
                asks.push(Ask {
                    id: self.last_id,
                    group: group.clone(),
                    rule: name.clone(),
                    source: source.clone(),
                    expr: rule.expr.clone(),
                    at: at.saturating_sub(team.query_offset_ms),
                });
            }
        }
        asks
    }

    /// Takes an answer over: the rows of the result, a scalar as one row without labels. A failure leaves the alerts as they were.
    /// Answers what began to fire or ended with it. An answer to a question that is not waited for changes nothing.
    pub fn answered(
        &mut self,
        ask: &Ask,
        answer: Result<Vec<(Labels, f64)>, Failure>,
        now: i64,
    ) -> Vec<Observation> {
        let mut all = self.teams.iter_mut().flat_map(|t| {
            let limit = t.limit;
            t.rules.iter_mut().map(move |r| (limit, r))
        });
        let waiting = all.find(|(_, r)| r.asked.is_some_and(|(id, _, _)| id == ask.id));
        let Some((limit, rule)) = waiting else {
            return Vec::new();
        };
        let Some((_, at, asked_at)) = rule.asked.take() else {
            return Vec::new();
        };
        rule.evaluated_at = Some(at);
        rule.duration_ms = Some(now.saturating_sub(asked_at).max(0));
        let done = answer.map_err(|f| f.0).and_then(|rows| {
            let round = Round {
                rule: &rule.compiled,
                at,
                limit,
                external_labels: &self.options.external_labels,
                external_url: &self.options.external_url,
                extra: &rule.extra,
            };
            rule.state.eval(rows, &round).map_err(|e| e.to_string())
        });
        let changes = match done {
            Ok(changes) => {
                rule.error = None;
                changes
            }
            Err(text) => {
                rule.error = Some(text.chars().take(MAX_ERROR).collect());
                Vec::new()
            }
        };
        let ended: BTreeMap<Labels, Observation> = changes
            .iter()
            .filter_map(|c| rule.state.alerts.get(&c.labels).map(|a| (c, a)))
            .map(|(c, a)| (c.labels.clone(), observation(a, &rule.expr)))
            .collect();
        ended
            .into_iter()
            // another source or rule may still have it
            .map(|(labels, seen)| self.observed(&labels).unwrap_or(seen))
            .collect()
    }

    fn instances(&self) -> impl Iterator<Item = &Instance> {
        self.teams.iter().flat_map(|t| &t.rules)
    }

    /// What all sources together say of a firing alert.
    fn observed(&self, labels: &Labels) -> Option<Observation> {
        self.instances()
            .filter_map(|i| i.state.alerts.get(labels).map(|a| (i, a)))
            .filter(|(_, a)| a.state == AlertState::Firing)
            .map(|(i, a)| observation(a, &i.expr))
            .min_by_key(|o| o.starts_at)
    }

    /// All that fires now, in order of the labels; the same alert from several sources once, with its earliest start.
    pub fn firing(&self) -> Vec<Observation> {
        let mut all: BTreeMap<&Labels, Observation> = BTreeMap::new();
        for i in self.instances() {
            let firing = |a: &&Alert| a.state == AlertState::Firing;
            for a in i.state.alerts.values().filter(firing) {
                let seen = observation(a, &i.expr);
                match all.get(&a.labels) {
                    Some(known) if known.starts_at <= seen.starts_at => {}
                    _ => {
                        all.insert(&a.labels, seen);
                    }
                }
            }
        }
        all.into_values().collect()
    }

    /// All pending and firing alerts of each rule and source.
    pub fn active(&self) -> Vec<ActiveAlert> {
        self.instances()
            .flat_map(|i| i.state.alerts.values().map(move |a| (i, a)))
            .filter(|(_, a)| a.state != AlertState::Inactive)
            .map(|(i, a)| ActiveAlert {
                labels: a.labels.clone(),
                annotations: a.annotations.clone(),
                state: a.state,
                active_at: a.active_at,
                fired_at: a.fired_at,
                value: a.value,
                expr: i.expr.clone(),
                source: i.key.5.clone(),
            })
            .collect()
    }

    /// How the rules are doing, in the order of the files, recording rules at the end.
    pub fn status(&self) -> Vec<RuleStatus> {
        let count = |i: &Instance, state| {
            let all = i.state.alerts.values();
            all.filter(|a| a.state == state).count()
        };
        self.instances()
            .map(|i| RuleStatus {
                file: i.key.0.clone(),
                group: i.key.1.clone(),
                rule: i.key.2.clone(),
                source: i.key.5.clone(),
                evaluated: true,
                last_evaluation: i.evaluated_at,
                duration_ms: i.duration_ms,
                error: i.error.clone(),
                missed: i.missed,
                pending: count(i, AlertState::Pending),
                firing: count(i, AlertState::Firing),
            })
            .chain(self.recording.iter().cloned())
            .collect()
    }

    /// What to keep for a restart.
    pub fn state(&self, now: i64) -> SavedState {
        let rules = self
            .instances()
            .filter_map(|i| {
                let all = i.state.alerts.values();
                let alerts: Vec<SavedAlert> = all
                    .filter(|a| a.state != AlertState::Inactive)
                    .map(saved)
                    .collect();
                let (file, group, rule, labels, _, source) = i.key.clone();
                (!alerts.is_empty()).then_some(SavedRule {
                    file,
                    group,
                    rule,
                    labels,
                    source,
                    evaluated_at: i.evaluated_at,
                    alerts,
                })
            })
            .collect();
        SavedState { at: now, rules }
    }

    /// Takes up what was kept, after [`RuleEngine::configure`] and before the first question. What fired fires on until an evaluation
    /// says otherwise, however long the restart took. What was pending goes on waiting; the time in between does not count, and
    /// after more than [`Options::outage_tolerance_ms`] it begins anew (Prometheus does the same from `ALERTS_FOR_STATE`, but lets no
    /// alert fire in the first ten minutes: there the data may be missing too, here only the desk was away).
    pub fn restore(&mut self, saved: &SavedState, now: i64) {
        let tolerance = self.options.outage_tolerance_ms;
        for s in &saved.rules {
            let outage = now
                .saturating_sub(s.evaluated_at.unwrap_or(saved.at))
                .max(0);
            let mut all = self.teams.iter_mut().flat_map(|t| {
                let interval = t.schedule.interval();
                t.rules.iter_mut().map(move |r| (interval, r))
            });
            let found = all.find(|(_, i)| {
                let (file, group, rule, labels, _, source) = &i.key;
                (file, group, rule, labels, source)
                    == (&s.file, &s.group, &s.rule, &s.labels, &s.source)
            });
            if let Some((interval, i)) = found {
                // up to the next evaluation time passes as it does without a restart
                let lost = outage.saturating_sub(interval).max(0);
                i.state.restore(&s.alerts, lost, tolerance);
                i.evaluated_at = i.evaluated_at.or(s.evaluated_at);
            }
        }
    }
}

fn saved(a: &Alert) -> SavedAlert {
    SavedAlert {
        labels: a.labels.clone(),
        annotations: a.annotations.clone(),
        value: a.value,
        state: a.state,
        active_at: a.active_at,
        fired_at: a.fired_at,
        keep_firing_since: a.keep_firing_since,
    }
}

fn observation(a: &Alert, expr: &str) -> Observation {
    let firing = a.state == AlertState::Firing;
    Observation {
        annotations: a.annotations.clone(),
        state: if firing {
            Reported::Firing
        } else {
            Reported::Resolved
        },
        ends_at: a.resolved_at.filter(|_| !firing),
        value: Some(a.value),
        expr: Some(expr.to_owned()),
        ..Observation::firing(a.labels.clone(), a.fired_at.unwrap_or(a.active_at))
    }
}
