//! What the alert desk's decisions are told, what they answer, and what they refuse.

use super::setup::Setup;
use model::duty::{Actor, AlertId, MuteId, MuteKind, Notice, NoticeId, PersonId, Record, Snapshot};
use model::{Fingerprint, Matcher, Observation};
use std::collections::BTreeMap;

/// How much of what a source has an answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Something of it: what is not named may hold all the same.
    Some,
    /// All of it: what is missing may be over.
    All,
    /// The first piece of all of it. An answer of very many alerts is taken in by pieces, so that nobody's question waits for all of them.
    First,
    /// A further piece.
    Next,
    /// The last piece: what was in none of them may be over.
    Last,
}

impl Extent {
    /// Of the pieces of one answer with everything, the one in this place.
    pub fn piece(first: bool, last: bool) -> Self {
        match (first, last) {
            (true, true) => Self::All,
            (true, false) => Self::First,
            (false, false) => Self::Next,
            (false, true) => Self::Last,
        }
    }

    pub(super) fn is_of_all(self) -> bool {
        self != Self::Some
    }

    pub(super) fn begins(self) -> bool {
        matches!(self, Self::All | Self::First)
    }

    pub(super) fn ends(self) -> bool {
        matches!(self, Self::All | Self::Last)
    }
}

/// Something has happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// What was kept before the program ended; once, before anything else but [`Event::Configured`].
    Restored(Box<Snapshot>),
    /// The configuration, also when it has changed.
    Configured(Box<Setup>),
    /// Who has which role now; replaces [`Setup::roles`].
    Roles(BTreeMap<String, Vec<PersonId>>),
    /// A source has answered.
    Observed {
        /// Which.
        source: String,
        /// How much of what it has this is.
        extent: Extent,
        /// What it says.
        alerts: Vec<Observation>,
    },
    /// A source cannot be reached. Nothing is over because of that.
    SourceLost {
        /// Which.
        source: String,
    },
    /// A source answers again.
    SourceBack {
        /// Which.
        source: String,
    },
    /// A source is no longer configured: what only it has reported is over.
    SourceRemoved {
        /// Which.
        source: String,
    },
    /// What a channel has answered to [`Effect::Send`].
    Sent {
        /// Which notice.
        notice: NoticeId,
        /// The channel's receipt, or why not.
        result: Result<String, SendFailure>,
    },
    /// What an Alertmanager has answered to [`Effect::Mirror`].
    Mirrored {
        /// The alert of the effect.
        alert: AlertId,
        /// Which source.
        source: String,
        /// The silence's id, or the failure's code.
        result: Result<String, String>,
    },
    /// What an Alertmanager has answered to [`Effect::Unmirror`].
    Unmirrored {
        /// The alert of the effect.
        alert: AlertId,
        /// Which source.
        source: String,
        /// Which silence.
        silence: String,
        /// Nothing, or the failure's code.
        result: Result<(), String>,
    },
    /// A channel works, or does not.
    ChannelHealth {
        /// Its kind.
        channel: String,
        /// Whether it works.
        ok: bool,
    },
    /// The time of [`super::Duty::next_wakeup`] has come, or nothing else has happened for a while.
    Wakeup,
}

/// Why a channel has not taken a notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendFailure {
    /// A code of `notify`.
    pub code: String,
    /// Its values.
    pub params: BTreeMap<String, String>,
    /// Whether to try again.
    pub retry: Retry,
}

/// Whether to try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// After so many ms.
    After(i64),
    /// It will not get better.
    Never,
}

/// What a person does. An action on many alerts is done on those that are open; it is refused if none of them is, or one is unknown.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// "I have it": escalation stops. Replaces a former acknowledgement.
    Ack {
        /// Which.
        alerts: Vec<AlertId>,
        /// 我来处理, 误报, …
        comment: String,
        /// For how long, ms; `None`: until it is over.
        for_ms: Option<i64>,
        /// Also as a silence at the Alertmanagers that report it, matching the values of these labels.
        mirror: Option<Vec<String>>,
    },
    /// Takes an acknowledgement back: escalation goes on.
    Unack {
        /// Which.
        alerts: Vec<AlertId>,
    },
    /// Gives them to somebody, who is told; `None`: to nobody.
    Assign {
        /// Which.
        alerts: Vec<AlertId>,
        /// To whom.
        to: Option<PersonId>,
        /// Why.
        comment: String,
    },
    /// Puts them off.
    Snooze {
        /// Which.
        alerts: Vec<AlertId>,
        /// For how long, ms.
        for_ms: i64,
    },
    /// No longer put off.
    Unsnooze {
        /// Which.
        alerts: Vec<AlertId>,
    },
    /// "It is over": stays closed until its sources have resolved it once.
    Resolve {
        /// Which.
        alerts: Vec<AlertId>,
        /// Why.
        comment: String,
    },
    /// A line in the timeline; also of an episode that is over and still known here.
    Comment {
        /// Which.
        alerts: Vec<AlertId>,
        /// What.
        comment: String,
    },
    /// A silence or a maintenance window.
    Mute {
        /// Which of both.
        kind: MuteKind,
        /// All must match.
        matchers: Vec<Matcher>,
        /// From, ms.
        starts_at: i64,
        /// Until, ms.
        ends_at: i64,
        /// Why; a maintenance window's title.
        comment: String,
    },
    /// Ends a silence or a maintenance window now.
    Unmute {
        /// Which.
        id: MuteId,
    },
}

/// What is to be done. All [`Effect::Keep`] of one answer are committed in one transaction before any other effect of it is run.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Into the database, in one transaction.
    Keep(Vec<Record>),
    /// Give it to its channel and answer with [`Event::Sent`].
    Send(Notice),
    /// Close what these have put on screens.
    Withdraw(Vec<NoticeId>),
    /// Make a silence at an Alertmanager and answer with [`Event::Mirrored`].
    Mirror {
        /// For which alert (the answer names it).
        alert: AlertId,
        /// Where.
        source: String,
        /// What it matches.
        matchers: Vec<Matcher>,
        /// Until when, ms.
        until: i64,
        /// Who.
        by: Actor,
        /// Why.
        comment: String,
    },
    /// Remove a silence at an Alertmanager and answer with [`Event::Unmirrored`].
    Unmirror {
        /// For which alert (the answer names it).
        alert: AlertId,
        /// Where.
        source: String,
        /// Which.
        silence: String,
    },
}

/// Why an action is not done. Nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// No alert is named.
    #[error("no alert is named")]
    NoAlerts,
    /// There is no such episode here.
    #[error("there is no alert {}", .0.0)]
    UnknownAlert(AlertId),
    /// It is over (of many: all are).
    #[error("alert {} is over", .0.0)]
    AlreadyResolved(AlertId),
    /// Nobody has acknowledged it (of many: none).
    #[error("alert {} is not acknowledged", .0.0)]
    NotAcknowledged(AlertId),
    /// It is not put off (of many: none).
    #[error("alert {} is not snoozed", .0.0)]
    NotSnoozed(AlertId),
    /// There is no such person.
    #[error("there is no person {0:?}")]
    UnknownPerson(PersonId),
    /// There is no such silence or maintenance window, or it has ended.
    #[error("there is no silence or maintenance window {}", .0.0)]
    UnknownMute(MuteId),
    /// A mute without a condition.
    #[error("a silence needs at least one matcher")]
    NoMatchers,
    /// A mute whose conditions hold without any label: it would hide everything.
    #[error("the matchers match everything")]
    MatchesEverything,
    /// A label that cannot be.
    #[error("{0:?} is not a label name")]
    BadLabelName(String),
    /// A regular expression that cannot be read, or is too large.
    #[error("the regular expression of {label} cannot be used: {why}")]
    BadRegex {
        /// Of which label.
        label: String,
        /// By the library.
        why: String,
    },
    /// The alert has no such label to mirror.
    #[error("alert {} has no label {label:?}", alert.0)]
    UnknownLabel {
        /// Which alert.
        alert: AlertId,
        /// Which label.
        label: String,
    },
    /// No label was chosen for the mirroring silence.
    #[error("a mirroring silence needs at least one label")]
    NoMirrorLabels,
    /// It ends before it starts.
    #[error("it ends before it starts")]
    EndBeforeStart,
    /// It has already ended.
    #[error("it has already ended")]
    AlreadyOver,
    /// A duration that is not positive.
    #[error("a duration must be positive")]
    BadDuration,
    /// Longer than allowed.
    #[error("longer than {max_ms} ms")]
    TooLong {
        /// The longest, ms.
        max_ms: i64,
    },
    /// A text that is too long.
    #[error("the comment is longer than {max} bytes")]
    CommentTooLong {
        /// Bytes.
        max: usize,
    },
    /// Too many silences and windows, or conditions in one.
    #[error("more than {max}")]
    TooMany {
        /// How many there may be.
        max: usize,
    },
}

/// Why the alert desk wants to be woken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WakeReason {
    /// A step falls due.
    Step(AlertId),
    /// An acknowledgement lapses.
    AckLapses(AlertId),
    /// A snooze ends.
    SnoozeEnds(AlertId),
    /// An alert that flapped counts as still.
    FlappingEnds(AlertId),
    /// An episode that is over need not be remembered any more.
    Forget(AlertId),
    /// A notice waits until then: collected, quiet hours, storm, a retry.
    Notice(NoticeId),
    /// A silence or maintenance window begins or ends.
    Mute(MuteId),
    /// The database is told that the program lives.
    Alive,
}

/// What happens next to an alert if nobody does anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Next {
    /// When, ms.
    pub at: i64,
    /// Index of the step.
    pub step: u32,
    /// The policy's round.
    pub round: u32,
    /// Whom it would tell, as of now: ids.
    pub to: Vec<PersonId>,
    /// Their names.
    pub names: Vec<String>,
    /// By which channels.
    pub channels: Vec<String>,
}

/// Open alerts of one level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// All.
    pub open: usize,
    /// Not acknowledged, and nothing else keeps them quiet.
    pub unacked: usize,
    /// Something else than an acknowledgement keeps them quiet.
    pub suppressed: usize,
    /// Nobody has taken them within the response time.
    pub overdue: usize,
}

/// What has changed since a revision.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Episodes that are new or changed, also those that are over by now.
    pub alerts: Vec<AlertId>,
    /// False: some that changed are forgotten already; read all anew.
    pub complete: bool,
}

/// Which alerts have which fingerprint: one open episode at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Episode {
    /// The alert's identity.
    pub fingerprint: Fingerprint,
    /// Its newest episode.
    pub alert: AlertId,
}
