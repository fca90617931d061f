//! What the configuration says about alerts: who is told what, when and by which channel.
//!
//! The defaults are those of the operations handbook: P0 is answered within 5 minutes and escalates after 15, P1 15/30 minutes,
//! P2 1/4 hours, P3 4 hours with a reminder after a day.

use super::calendar::WeekTime;
use model::duty::{Person, PersonId};
use model::{Level, Matcher};
use std::collections::{BTreeMap, BTreeSet};

/// One minute, ms.
pub const MINUTE: i64 = 60_000;
/// One hour, ms.
pub const HOUR: i64 = 60 * MINUTE;
/// Role of those who are told first.
pub const DUTY: &str = "duty";
/// Role of those to whom it escalates.
pub const LEAD: &str = "lead";
/// Id of the one person there is when nobody is configured: whoever sits at this desk.
pub const LOCAL: &str = "local";

/// Everything that the alert desk's decisions depend on beside what happens.
#[derive(Clone, Debug, PartialEq)]
pub struct Setup {
    /// Who can be told. Nobody: one person [`LOCAL`] has every role.
    pub people: Vec<Person>,
    /// Groups of the configuration: name → persons.
    pub groups: BTreeMap<String, Vec<PersonId>>,
    /// Who has which role now ([`DUTY`], [`LEAD`], …); the rota replaces it by [`super::Event::Roles`].
    pub roles: BTreeMap<String, Vec<PersonId>>,
    /// Escalation policies; the first that fits counts. Where none fits, [`seed_policies`] stand in.
    pub policies: Vec<Policy>,
    /// How labels become levels.
    pub levels: LevelMapping,
    /// How soon somebody must answer and repair.
    pub targets: ResponseTargets,
    /// Kinds of channels that exist.
    pub channels: BTreeSet<String>,
    /// Channels for what the program has to say of itself; those that do not exist are left out, and if none is left, all are used.
    pub system_channels: Vec<String>,
    /// Which alerts explain which others.
    pub inhibitions: Vec<InhibitRule>,
    /// When P2 and P3 wait.
    pub quiet: Vec<QuietHours>,
    /// How long notices of a level are collected before they are sent together, ms; 0: not at all.
    pub collect: PerLevel<i64>,
    /// What counts as flapping.
    pub flapping: FlapLimits,
    /// How much one person can read by one channel.
    pub storm: StormLimits,
    /// How long a failed channel is tried.
    pub retry: RetryLimits,
    /// Whether those who were told of an alert are told that it is over.
    pub tell_resolved: PerLevel<bool>,
    /// The same alert firing again within this time after its end is the same episode, ms.
    pub reopen_ms: i64,
    /// How long an alert must be missing from a source's full list before it counts as over there, ms.
    pub missing_ms: i64,
    /// Maintenance windows of the configuration.
    pub maintenance: Vec<Window>,
    /// The customer's time zone, for quiet hours and recurring windows.
    pub zone: chrono_tz::Tz,
    /// Sources that take silences (Alertmanagers): only there are acknowledgements mirrored.
    pub silencing: BTreeSet<String>,
    /// How long a mirroring silence lasts when the acknowledgement has no end, ms.
    pub mirror_ms: i64,
    /// The longest acknowledgement, snooze, silence or maintenance window that is accepted, ms.
    pub longest_ms: i64,
    /// More open episodes are refused.
    pub max_open: usize,
}

impl Default for Setup {
    fn default() -> Self {
        let channels: BTreeSet<String> = ["popup", "sound"].map(String::from).into();
        Self {
            people: Vec::new(),
            groups: BTreeMap::new(),
            roles: BTreeMap::new(),
            policies: seed_policies(&channels),
            levels: LevelMapping::default(),
            targets: ResponseTargets::default(),
            channels,
            system_channels: vec!["popup".into(), "webhook".into()],
            inhibitions: Vec::new(),
            quiet: Vec::new(),
            collect: PerLevel([0, 0, 5 * MINUTE, 30 * MINUTE]),
            flapping: FlapLimits::default(),
            storm: StormLimits::default(),
            retry: RetryLimits::default(),
            tell_resolved: PerLevel([true; 4]),
            reopen_ms: 5 * MINUTE,
            missing_ms: 30_000,
            maintenance: Vec::new(),
            zone: chrono_tz::Asia::Shanghai,
            silencing: BTreeSet::new(),
            mirror_ms: 24 * HOUR,
            longest_ms: 366 * 24 * HOUR,
            max_open: 100_000,
        }
    }
}

/// One value for each level, P0 first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PerLevel<T>(pub [T; 4]);

impl<T: Copy> PerLevel<T> {
    /// The value of a level.
    pub fn of(&self, level: Level) -> T {
        let [p0, p1, p2, p3] = self.0;
        match level {
            Level::P0 => p0,
            Level::P1 => p1,
            Level::P2 => p2,
            Level::P3 => p3,
        }
    }
}

/// How soon somebody must answer (acknowledge) and how soon it must be over, ms; `None`: no target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResponseTargets {
    /// Until somebody has taken it.
    pub respond_ms: PerLevel<Option<i64>>,
    /// Until it is over.
    pub resolve_ms: PerLevel<Option<i64>>,
}

impl Default for ResponseTargets {
    fn default() -> Self {
        Self {
            respond_ms: PerLevel([
                Some(5 * MINUTE),
                Some(15 * MINUTE),
                Some(HOUR),
                Some(4 * HOUR),
            ]),
            resolve_ms: PerLevel([Some(30 * MINUTE), Some(2 * HOUR), Some(8 * HOUR), None]),
        }
    }
}

/// How an alert's labels become its level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LevelMapping {
    /// A label whose value is a level (`P0` to `P3`) wins over all lines.
    pub priority_label: String,
    /// `label`, `value`, level: the first line that fits counts. Values are compared without regard to ASCII case.
    pub lines: Vec<(String, String, Level)>,
    /// Where nothing fits.
    pub otherwise: Level,
}

impl Default for LevelMapping {
    fn default() -> Self {
        let of = |level, values: &[&str]| -> Vec<(String, String, Level)> {
            let line = |v: &&str| ("severity".to_string(), (*v).to_string(), level);
            values.iter().map(line).collect()
        };
        let lines = [
            of(Level::P0, &["critical", "emergency", "p0", "disaster"]),
            of(Level::P1, &["high", "error", "major", "p1"]),
            of(Level::P2, &["warning", "medium", "p2"]),
            of(Level::P3, &["info", "low", "notice", "none", "p3"]),
        ];
        Self {
            priority_label: "priority".into(),
            lines: lines.concat(),
            otherwise: Level::P2,
        }
    }
}

/// An escalation policy.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Policy {
    /// Unique.
    pub name: String,
    /// For which levels; none named: for all.
    pub levels: Vec<Level>,
    /// For which alerts: all must match; none: for all.
    pub matchers: Vec<Matcher>,
    /// What is done when. Never empty in a policy that fits: one without steps is passed over.
    pub steps: Vec<Step>,
    /// Whether it begins anew after its last step.
    pub repeat: Option<Repeat>,
    /// Whether its notices go as soon as they are made: they are not collected, and quiet hours do not keep them. A storm still does.
    pub at_once: bool,
}

/// One step of a policy.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Step {
    /// When, ms since the policy's clock was started. Not before the step in front of it.
    pub after_ms: i64,
    /// Whom.
    pub targets: Vec<Target>,
    /// By which channels.
    pub channels: Vec<String>,
}

/// A policy begins anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repeat {
    /// From the last step to the next round's first, ms; at least a minute.
    pub every_ms: i64,
    /// How many further rounds.
    pub times: u32,
}

/// Whom a step names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// One person.
    Person(PersonId),
    /// A group of the configuration.
    Group(String),
    /// Whoever has this role when the step is due.
    Role(String),
    /// Everybody.
    Everyone,
}

/// While an alert that matches `source` is open, those that match `target` with equal values of the labels `equal` are kept quiet, as in the
/// Alertmanager: an alert that matches both sides is not inhibited by another that does too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InhibitRule {
    /// What explains.
    pub source: Vec<Matcher>,
    /// What is explained.
    pub target: Vec<Matcher>,
    /// Labels that must be equal; missing on both sides is equal.
    pub equal: Vec<String>,
}

/// When notices wait: levels P2 and P3 only, whatever is named here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuietHours {
    /// For whom; `None`: for everybody.
    pub person: Option<PersonId>,
    /// When.
    pub time: WeekTime,
    /// For which levels; P0 and P1 are never held.
    pub levels: Vec<Level>,
}

/// A maintenance window of the configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// As shown.
    pub title: String,
    /// Which alerts: all must match; none: all alerts.
    pub matchers: Vec<Matcher>,
    /// When.
    pub when: When,
}

/// When a maintenance window is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum When {
    /// Once: from, until; ms.
    Once(i64, i64),
    /// Each week at these times of the customer's zone.
    Weekly(WeekTime),
}

/// What counts as flapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlapLimits {
    /// This many changes (fired, resolved) …
    pub changes: u32,
    /// … within this time, ms.
    pub within_ms: i64,
    /// Until there was none for this long, ms.
    pub still_ms: i64,
}

impl Default for FlapLimits {
    fn default() -> Self {
        Self {
            changes: 5,
            within_ms: 15 * MINUTE,
            still_ms: 10 * MINUTE,
        }
    }
}

/// How much one person can read by one channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StormLimits {
    /// More notices than these …
    pub notices: usize,
    /// … within this time, ms, are a storm: further ones wait for a digest, sent every so often.
    pub within_ms: i64,
    /// P0 that still pass by themselves within that time during a storm.
    pub urgent: usize,
    /// Digests of further P0 are at least this far apart, ms.
    pub urgent_every_ms: i64,
}

impl Default for StormLimits {
    fn default() -> Self {
        Self {
            notices: 10,
            within_ms: MINUTE,
            urgent: 5,
            urgent_every_ms: 15_000,
        }
    }
}

/// How long a failed channel is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryLimits {
    /// Tries altogether.
    pub attempts: u32,
    /// The shortest time between two, ms.
    pub min_ms: i64,
    /// The longest, ms.
    pub max_ms: i64,
}

impl Default for RetryLimits {
    fn default() -> Self {
        Self {
            attempts: 8,
            min_ms: 1_000,
            max_ms: 10 * MINUTE,
        }
    }
}

/// The handbook's policies for the channels that exist: `p0` to `p3`. Channels that do not exist are left out, unless none would be left.
pub fn seed_policies(channels: &BTreeSet<String>) -> Vec<Policy> {
    let of = |names: &[&str]| -> Vec<String> {
        let known = |n: &&&str| channels.contains(**n);
        let some: Vec<String> = names
            .iter()
            .filter(known)
            .map(|n| (*n).to_string())
            .collect();
        if some.is_empty() {
            channels.iter().cloned().collect()
        } else {
            some
        }
    };
    let step = |after_ms, roles: &[&str], names: &[&str]| Step {
        after_ms,
        targets: roles.iter().map(|r| Target::Role((*r).into())).collect(),
        channels: of(names),
    };
    let policy = |level: Level, steps, repeat| Policy {
        name: level.name().to_lowercase(),
        levels: vec![level],
        matchers: Vec::new(),
        steps,
        repeat,
        at_once: false,
    };
    let loud = ["popup", "sound", "webhook"];
    let plain = ["popup", "webhook"];
    let mild = ["popup"];
    vec![
        policy(
            Level::P0,
            vec![
                step(0, &[DUTY], &loud),
                step(15 * MINUTE, &[DUTY, LEAD], &loud),
            ],
            Some(Repeat {
                every_ms: 15 * MINUTE,
                times: 4,
            }),
        ),
        policy(
            Level::P1,
            vec![step(0, &[DUTY], &plain), step(30 * MINUTE, &[LEAD], &plain)],
            None,
        ),
        policy(
            Level::P2,
            vec![step(0, &[DUTY], &mild), step(4 * HOUR, &[LEAD], &mild)],
            None,
        ),
        policy(
            Level::P3,
            vec![step(0, &[DUTY], &mild), step(24 * HOUR, &[DUTY], &mild)],
            None,
        ),
    ]
}
