//! Things to tell people, and what has become of them.

use super::{AlertId, NoticeId, PersonId, Suppression};
use crate::alert::Level;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Why a notice exists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum NoticeKind {
    /// A step of the escalation policy: 0 is the first telling.
    Step {
        /// The step's index.
        step: u32,
        /// The policy's round.
        round: u32,
    },
    /// An acknowledgement has lapsed; escalation goes on.
    AckLapsed,
    /// Somebody gave it to this person.
    Assigned {
        /// Who gave it (name).
        by: String,
        /// Why.
        comment: String,
    },
    /// It is over; told to those who were told of it.
    Resolved,
    /// It comes and goes; told once.
    Flapping,
    /// Several at once instead of each by itself (storm, collected P2/P3, after quiet hours).
    Digest {
        /// Why together.
        why: DigestReason,
    },
    /// The program tells of itself: started after having been away, a policy that names nobody, a channel that fails.
    System {
        /// Locale key under `notice.system.`.
        code: String,
        /// Placeholders of its sentence.
        params: BTreeMap<String, String>,
    },
}

/// Why notices are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DigestReason {
    /// More than a person can read.
    Storm,
    /// P2/P3 are collected.
    Collected,
    /// Quiet hours are over.
    QuietHours,
}

/// What has become of a notice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum NoticeState {
    /// To be sent not before this time.
    Waiting {
        /// ms.
        not_before: i64,
        /// Why it waits, if it waits.
        why: Option<WaitReason>,
    },
    /// Given to its channel; nothing heard yet. After a crash it is sent again under the same id.
    Sending {
        /// Since when, ms.
        since: i64,
    },
    /// The channel has taken it.
    Sent {
        /// When, ms.
        at: i64,
        /// The channel's own words: an id at the provider, or empty.
        receipt: String,
    },
    /// Given up.
    Failed {
        /// When, ms.
        at: i64,
        /// A code of the channel, see `notify`.
        code: String,
        /// Its values.
        params: BTreeMap<String, String>,
    },
    /// Not sent, on purpose.
    Dropped {
        /// When, ms.
        at: i64,
        /// Why.
        why: DropReason,
    },
}

/// Why a notice waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum WaitReason {
    /// Collected with others of its level.
    Collecting,
    /// Quiet hours of that person.
    QuietHours,
    /// A storm: the next digest takes it.
    Storm,
    /// The channel failed and is tried again.
    Retry {
        /// Code of the failure.
        code: String,
    },
}

/// Why a notice was not sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum DropReason {
    /// Somebody took it first.
    Acknowledged,
    /// It was over first.
    Resolved,
    /// Something began to keep it quiet first.
    Suppressed {
        /// What.
        by: Suppression,
    },
    /// It stands in a digest.
    InDigest {
        /// Which.
        digest: NoticeId,
    },
    /// The next step came first.
    Superseded,
}

/// One thing to tell one person by one channel: a row of the outbox.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Notice {
    /// Which; the same after a crash.
    pub id: NoticeId,
    /// Why.
    #[serde(flatten)]
    pub kind: NoticeKind,
    /// Level of the most urgent alert it is about.
    pub level: Level,
    /// What it is about, most urgent first; empty for [`NoticeKind::System`].
    pub alerts: Vec<AlertId>,
    /// Whom.
    pub to: PersonId,
    /// By which channel: the kind's name in the channel registry.
    pub channel: String,
    /// When it came to be, ms.
    pub created_at: i64,
    /// Attempts so far.
    pub attempts: u32,
    /// What has become of it.
    pub outcome: NoticeState,
}
