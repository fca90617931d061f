//! The alert desk's nouns: episodes of alerts, who took them, what keeps them quiet, whom they are told to, and what was done about it.
//!
//! Everything here is kept in the database as it stands (JSON by serde); a field that is added later needs a `serde(default)`.

mod notice;
mod timeline;

pub use notice::{DigestReason, DropReason, Notice, NoticeKind, NoticeState, WaitReason};
pub use timeline::{Transition, What};

use crate::Labels;
use crate::alert::{Fingerprint, Level, Matcher, Reported};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub use crate::sights::Sights;

/// One episode of an alert: from its first firing to its resolution. The same fingerprint that fires again later is a new episode.
/// Counts up from 1.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct AlertId(pub i64);

/// A notice: one thing told to one person by one channel. Made from what it is about, so that a resend after a crash has the same id:
/// 128 bits, written as 32 hexadecimal digits everywhere outside.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NoticeId(pub u128);

hex_id! {
    /// 32 hexadecimal digits.
    NoticeId, u128, "a notice's id", 32, NotANoticeId
}

/// A silence, a maintenance window: counts up from 1 over both.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct MuteId(pub i64);

/// A person's id in the configuration (`[[person]] id`).
pub type PersonId = String;

/// A person who can be told.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Person {
    /// Unique.
    pub id: PersonId,
    /// As shown: 李四.
    pub name: String,
    /// Channel kind → address at that channel (a phone number, a webhook's name). Pop-up and sound need none.
    #[serde(default)]
    pub addresses: BTreeMap<String, String>,
}

/// Who does something: a person at a place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// Id of the person, or the login name of the machine's user where nobody is configured.
    pub id: PersonId,
    /// As shown.
    pub name: String,
    /// By which way.
    pub via: Via,
}

/// By which way somebody acted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// The program itself.
    #[default]
    System,
    /// A button of a native pop-up.
    Popup,
    /// 告警台
    Desk,
    /// 掌上告警
    Pocket,
    /// The takeover window.
    Takeover,
    /// The command line.
    CommandLine,
    /// The configuration file.
    Config,
}

/// By what an alert got its level.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum LevelReason {
    /// Label `priority` (or what the configuration names) says so.
    PriorityLabel {
        /// The label.
        label: String,
        /// Its value.
        value: String,
    },
    /// A line of the mapping (`[[level]]`): label and value.
    Mapping {
        /// The label.
        label: String,
        /// Its value.
        value: String,
    },
    /// No line fits; the configured default.
    Default,
}

/// One source's view of an alert.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sight {
    /// What it last said. `Resolved` also when it names the alert no more.
    pub state: Reported,
    /// When it last said so, ms.
    pub seen_at: i64,
    /// Since when it is missing from that source's full list, ms.
    #[serde(default)]
    pub missing_since: Option<i64>,
    /// Start by that source.
    pub starts_at: i64,
    /// End by that source.
    #[serde(default)]
    pub ends_at: Option<i64>,
    /// Silences there that hold it.
    #[serde(default)]
    pub silenced_by: Vec<String>,
    /// Alerts there that inhibit it.
    #[serde(default)]
    pub inhibited_by: Vec<Fingerprint>,
    /// Time intervals there that mute it.
    #[serde(default)]
    pub muted_by: Vec<String>,
    /// Where it can be looked at.
    #[serde(default)]
    pub generator_url: Option<String>,
}

/// Somebody has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ack {
    /// Who.
    pub by: Actor,
    /// When.
    pub at: i64,
    /// 我来处理, 误报, …
    pub comment: String,
    /// When it lapses and escalation goes on; `None`: holds until the alert resolves.
    pub until: Option<i64>,
    /// The silences at Alertmanagers that mirror it: source → silence id (empty until the source has answered).
    #[serde(default)]
    pub mirrored: BTreeMap<String, String>,
    /// Names of the labels whose values the mirroring silences match; empty: not mirrored.
    #[serde(default)]
    pub mirror: Vec<String>,
}

/// Why nobody is told (now). Each says until when it holds, if that is known.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Suppression {
    /// Somebody has it.
    Acknowledged {
        /// Who (name).
        by: String,
        /// Until when.
        until: Option<i64>,
    },
    /// Put off by somebody.
    Snoozed {
        /// Who (name).
        by: String,
        /// Until when.
        until: i64,
    },
    /// One of our silences matches.
    Silenced {
        /// Which.
        mute: MuteId,
        /// Who made it (name).
        by: String,
        /// Until when.
        until: i64,
    },
    /// A maintenance window covers it.
    Maintenance {
        /// Which.
        mute: MuteId,
        /// Its title.
        title: String,
        /// Until when.
        until: i64,
    },
    /// An inhibition rule of ours: another alert explains it.
    Inhibited {
        /// The alert that explains it.
        by: AlertId,
        /// Its rule's name (`alertname`).
        name: String,
    },
    /// Every source that reports it keeps quiet about it (silences, inhibition, time intervals of the Alertmanager).
    AtSource {
        /// The source.
        source: String,
        /// Ids or names of what holds it there.
        by: Vec<String>,
    },
    /// It comes and goes; told once, then quiet until it has been still for a while.
    Flapping {
        /// State changes seen in the window.
        changes: u32,
        /// When it counts as still if nothing changes any more.
        until: i64,
    },
}

impl Suppression {
    /// Until when it holds, if that is known.
    pub fn until(&self) -> Option<i64> {
        match self {
            Self::Acknowledged { until, .. } => *until,
            Self::Snoozed { until, .. }
            | Self::Silenced { until, .. }
            | Self::Maintenance { until, .. }
            | Self::Flapping { until, .. } => Some(*until),
            Self::Inhibited { .. } | Self::AtSource { .. } => None,
        }
    }
}

/// Why an episode ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Resolution {
    /// A source said so, and no other still reports it.
    Source {
        /// Which one last.
        source: String,
    },
    /// No source names it any more.
    Gone {
        /// The one that named it last.
        source: String,
    },
    /// By hand. If a source still reports it, it stays closed until the source has resolved it once.
    ByHand {
        /// Who.
        by: Actor,
        /// Why.
        comment: String,
    },
}

/// Where an episode's escalation stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Escalation {
    /// The policy's name.
    pub policy: String,
    /// The next step's index; as many as there are steps when all are done.
    pub next_step: u32,
    /// When the next step is due, ms, while the clock runs; `None` while held or done.
    pub due_at: Option<i64>,
    /// What is left to the next step, ms, while the clock is held.
    pub remaining: Option<i64>,
    /// How often a policy began anew in this episode (repeat, reopening, another level): never counts down, so that episode, round and
    /// step name one telling.
    pub round: u32,
    /// The round with which the present run of the policy began: its repeats count from here.
    #[serde(default)]
    pub first_round: u32,
}

/// One episode of an alert: all that is known of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// Episode.
    pub id: AlertId,
    /// Identity.
    pub fingerprint: Fingerprint,
    /// Labels.
    pub labels: Labels,
    /// Texts. Hostile input.
    pub annotations: BTreeMap<String, String>,
    /// Urgency.
    pub level: Level,
    /// By what.
    pub level_reason: LevelReason,
    /// Earliest start of all sources, ms.
    pub starts_at: i64,
    /// When we first heard of it, ms; response and resolution times count from here or `starts_at`, whichever is later.
    pub first_seen: i64,
    /// What each source says.
    pub sights: Sights,
    /// The rule's expression, if known.
    #[serde(default)]
    pub expr: Option<String>,
    /// The newest value, if known.
    #[serde(default)]
    pub value: Option<f64>,
    /// Somebody has it.
    pub ack: Option<Ack>,
    /// Whose it is, if assigned.
    pub assignee: Option<PersonId>,
    /// Put off: by whom, until when.
    pub snooze: Option<(Actor, i64)>,
    /// What keeps it quiet now, all reasons.
    pub suppressions: Vec<Suppression>,
    /// Where escalation stands.
    pub escalation: Escalation,
    /// When somebody first took it (acknowledged, assigned to oneself, resolved by hand), ms.
    pub responded_at: Option<i64>,
    /// End and why; `None` while it holds.
    pub resolved: Option<(i64, Resolution)>,
    /// Times of the latest state changes of this fingerprint (for flapping), oldest first, bounded.
    #[serde(default)]
    pub changes: Vec<i64>,
    /// Persons to whom a notice of it was given to a channel (and has not failed there).
    #[serde(default)]
    pub told: Vec<PersonId>,
    /// The same with the channel: those to tell when it is over. Bounded.
    #[serde(default)]
    pub told_by: Vec<(PersonId, String)>,
}

impl Alert {
    /// The rule's name: label `alertname`, or an empty text.
    pub fn name(&self) -> &str {
        self.labels.get(crate::alert::ALERT_NAME).unwrap_or("")
    }

    /// Whether it holds.
    pub fn is_open(&self) -> bool {
        self.resolved.is_none()
    }
}

/// A silence or a maintenance window of ours.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mute {
    /// Which.
    pub id: MuteId,
    /// Silence or maintenance.
    pub kind: MuteKind,
    /// All must match. Never empty, and never matching the empty label set.
    pub matchers: Vec<Matcher>,
    /// From, ms.
    pub starts_at: i64,
    /// Until, ms.
    pub ends_at: i64,
    /// Who.
    pub by: Actor,
    /// Why; a maintenance window's title.
    pub comment: String,
}

/// Silence or maintenance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MuteKind {
    /// 静默
    Silence,
    /// 维护窗口
    Maintenance,
}

/// One line of the audit log, before it is chained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// When, ms.
    pub at: i64,
    /// Who.
    pub by: Actor,
    /// What: `ack`, `unack`, `assign`, `snooze`, `resolve`, `silence`, `unsilence`, `maintenance`, `comment`, `escalated`, `restored`, …
    pub action: String,
    /// The episodes concerned.
    pub alerts: Vec<AlertId>,
    /// Further values: comment, until, matchers.
    pub detail: BTreeMap<String, String>,
}

/// Everything that the engine wants kept. One answer of the engine is one transaction.
#[derive(Clone, Debug, PartialEq)]
pub enum Record {
    /// An episode as it stands now; replaces the former.
    Alert(Box<Alert>),
    /// One more line of a timeline.
    Transition(Transition),
    /// A notice as it stands now; replaces the former.
    Notice(Notice),
    /// A silence or maintenance window as it stands now; replaces the former.
    Mute(Mute),
    /// One more line of the audit log.
    Audit(AuditEntry),
    /// When the desk was last alive, ms.
    Alive(i64),
}

/// What the store gives back at the start.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// Open episodes, and those that were resolved so lately that they still matter (reopening, flapping).
    pub alerts: Vec<Alert>,
    /// Notices that are waiting or being sent.
    pub notices: Vec<Notice>,
    /// Silences and maintenance windows that have not ended.
    pub mutes: Vec<Mute>,
    /// The largest episode id that was ever given.
    pub last_alert: AlertId,
    /// The largest mute id that was ever given.
    pub last_mute: MuteId,
    /// Grows with each notice that is kept: what tells the notices of two runs of the program apart where their times do not.
    pub last_notice: u64,
    /// When the desk was last alive; `None` at the very first start.
    pub alive_at: Option<i64>,
}
