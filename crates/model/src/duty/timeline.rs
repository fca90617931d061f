//! What happened to an episode, line by line.

use super::{
    Ack, Actor, AlertId, LevelReason, NoticeId, NoticeState, PersonId, Resolution, Suppression,
    WaitReason,
};
use crate::alert::Level;
use serde::{Deserialize, Serialize};

/// One thing that happened to an episode, for its timeline and for "为什么通知/没有通知我".
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Transition {
    /// The episode.
    pub alert: AlertId,
    /// When, ms.
    pub at: i64,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// What can happen to an episode.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum What {
    /// First heard of.
    Fired {
        /// From which source.
        source: String,
    },
    /// Another source reports it too, or one reports it again.
    AlsoFrom {
        /// Which.
        source: String,
    },
    /// A source says it is over while another still reports it.
    EndedAt {
        /// Which.
        source: String,
    },
    /// It got its level, or another one.
    Leveled {
        /// Which.
        level: Level,
        /// By what.
        reason: LevelReason,
    },
    /// A reason to keep quiet began to hold.
    Suppressed {
        /// Which.
        by: Suppression,
    },
    /// A reason to keep quiet ended.
    Unsuppressed {
        /// Which.
        by: Suppression,
    },
    /// It was matched to a policy.
    PolicyChosen {
        /// Its name.
        policy: String,
    },
    /// A step fell due and this was made of it.
    StepDue {
        /// Index from 0.
        step: u32,
        /// The policy's round.
        round: u32,
        /// Whom it named (persons).
        targets: Vec<PersonId>,
        /// By which channels.
        channels: Vec<String>,
        /// How late it was, ms: the machine slept or the program was not running.
        late: i64,
    },
    /// A step named nobody who can be told: who was told instead is in the notices that follow.
    NobodyToTell {
        /// Index from 0.
        step: u32,
    },
    /// All notices of the step before have failed: this step does not wait for its time.
    BroughtForward {
        /// Index from 0.
        step: u32,
    },
    /// A notice was put into the outbox.
    NoticeMade {
        /// Which.
        notice: NoticeId,
        /// Whom.
        to: PersonId,
        /// By which channel.
        channel: String,
        /// Why it waits, if it waits.
        waits: Option<WaitReason>,
        /// Until when it waits.
        until: Option<i64>,
    },
    /// What became of a notice.
    NoticeEnded {
        /// Which.
        notice: NoticeId,
        /// Whom.
        to: PersonId,
        /// By which channel.
        channel: String,
        /// Sent, Failed or Dropped.
        outcome: NoticeState,
    },
    /// A try failed; the next follows.
    NoticeRetry {
        /// Which.
        notice: NoticeId,
        /// Whom.
        to: PersonId,
        /// By which channel.
        channel: String,
        /// A code of the channel.
        code: String,
        /// When it is tried again.
        next_at: i64,
    },
    /// Somebody took it.
    Acked {
        /// Who, what, until when.
        ack: Ack,
    },
    /// Taken back.
    Unacked {
        /// Who.
        by: Actor,
    },
    /// The acknowledgement's time is over.
    AckLapsed,
    /// The acknowledgement stands as a silence at an Alertmanager, or could not be put there or taken away.
    Mirrored {
        /// Which source.
        source: String,
        /// The silence, or the failure's code.
        result: Result<String, String>,
        /// False when the silence was removed.
        created: bool,
    },
    /// Given to somebody.
    Assigned {
        /// To whom; `None`: to nobody any more.
        to: Option<PersonId>,
        /// By whom.
        by: Actor,
        /// Why.
        comment: String,
    },
    /// Put off.
    Snoozed {
        /// By whom.
        by: Actor,
        /// Until when; `None`: no longer.
        until: Option<i64>,
    },
    /// Somebody wrote something.
    Commented {
        /// Who.
        by: Actor,
        /// What.
        comment: String,
    },
    /// It is over.
    Resolved {
        /// Why.
        resolution: Resolution,
    },
    /// It fired again shortly after it was over, and counts as the same episode.
    Reopened {
        /// From which source.
        source: String,
    },
    /// The program was not running (or the machine slept) while it was open.
    CaughtUp {
        /// From when.
        since: i64,
    },
}
