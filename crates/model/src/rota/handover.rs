//! From one shift to the next: what is handed over, who has signed, and the duty record.

use super::{HandoverId, NoteId, Role, RotaId};
use crate::alert::Level;
use crate::duty::{AlertId, MuteId, PersonId};
use serde::{Deserialize, Serialize};

/// How a rota's shifts are handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandoverRules {
    /// How long after the change of shift both must have signed, ms; then both are told.
    pub grace_ms: i64,
}

impl Default for HandoverRules {
    fn default() -> Self {
        Self {
            grace_ms: 30 * 60_000,
        }
    }
}

/// One change of shift.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Handover {
    /// Which; 0 before it is kept.
    #[serde(default)]
    pub id: HandoverId,
    /// On which rota.
    pub rota: RotaId,
    /// Whose change: the primary's.
    pub role: Role,
    /// When the shift changes, ms.
    pub at: i64,
    /// Who hands over.
    pub from: Vec<PersonId>,
    /// Who takes over.
    pub to: Vec<PersonId>,
    /// What the program has put together.
    #[serde(default)]
    pub pack: Pack,
    /// What the old shift writes to the new one.
    #[serde(default)]
    pub notes: String,
    /// The old shift's signature.
    #[serde(default)]
    pub given: Option<Signature>,
    /// The new shift's signature.
    #[serde(default)]
    pub taken: Option<Signature>,
    /// When both were told that it is not signed, ms.
    #[serde(default)]
    pub told_at: Option<i64>,
}

impl Handover {
    /// When the second signature was made, ms.
    pub fn signed_at(&self) -> Option<i64> {
        let (given, taken) = (self.given.as_ref()?, self.taken.as_ref()?);
        Some(given.at.max(taken.at))
    }

    /// Where it stands at `now` under a rota's rules.
    pub fn state(&self, rules: HandoverRules, now: i64) -> HandoverState {
        match (&self.given, &self.taken) {
            (Some(_), Some(_)) => HandoverState::Signed,
            _ if now < self.at => HandoverState::Coming,
            _ if now >= self.at.saturating_add(rules.grace_ms) => HandoverState::Overdue,
            (None, None) => HandoverState::Open,
            (Some(_), None) => HandoverState::Given,
            (None, Some(_)) => HandoverState::Taken,
        }
    }
}

/// Where a handover stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HandoverState {
    /// The shift has not changed yet; it can be signed already.
    Coming,
    /// Nobody has signed.
    Open,
    /// Only the old shift has signed.
    Given,
    /// Only the new shift has signed.
    Taken,
    /// Both have signed: pages go to the new shift.
    Signed,
    /// Not signed by both in time: both are told, the old shift keeps the pages.
    Overdue,
}

/// Which side of a handover somebody signs for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The old shift.
    Giving,
    /// The new shift.
    Taking,
}

/// Somebody has signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// Who.
    pub by: PersonId,
    /// When, ms.
    pub at: i64,
}

/// What the program puts together for the next shift. Every list is bounded by who makes it; the counts say how many there are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Pack {
    /// When it was put together, ms; 0: not yet.
    pub made_at: i64,
    /// Open alerts, most urgent first.
    #[serde(default)]
    pub open: Vec<PackAlert>,
    /// How many are open altogether.
    #[serde(default)]
    pub open_count: u32,
    /// Acknowledgements (and snoozes) that lapse next, soonest first.
    #[serde(default)]
    pub lapsing: Vec<PackAlert>,
    /// Silences and maintenance windows that end during the next shift, soonest first.
    #[serde(default)]
    pub silences: Vec<PackSilence>,
    /// Rules that were noisy during the old shift, noisiest first.
    #[serde(default)]
    pub noisy: Vec<PackRule>,
    /// Notes of the old shift.
    #[serde(default)]
    pub notes: Vec<DutyNote>,
}

/// An alert in a pack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackAlert {
    /// Which episode.
    pub alert: AlertId,
    /// Its rule's name.
    pub name: String,
    /// What its text says, bounded.
    pub summary: String,
    /// Urgency.
    pub level: Level,
    /// Since when, ms.
    pub since: i64,
    /// Who has it (name), if somebody has.
    pub by: Option<String>,
    /// When the acknowledgement or snooze lapses, ms.
    pub until: Option<i64>,
}

/// A silence in a pack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackSilence {
    /// Which.
    pub mute: MuteId,
    /// Why; a maintenance window's title.
    pub comment: String,
    /// Who made it (name).
    pub by: String,
    /// When it ends, ms.
    pub until: i64,
}

/// A noisy rule in a pack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackRule {
    /// The rule's name.
    pub name: String,
    /// Episodes during the shift.
    pub episodes: u32,
    /// Notices sent during the shift.
    pub notices: u32,
}

/// 值班记录: something written down during a shift.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DutyNote {
    /// Which; 0 in an edit that makes it.
    #[serde(default)]
    pub id: NoteId,
    /// On which rota.
    pub rota: RotaId,
    /// When, ms.
    pub at: i64,
    /// Who.
    pub by: PersonId,
    /// What. Untrusted text.
    pub text: String,
    /// Alerts that it is about.
    #[serde(default)]
    pub alerts: Vec<AlertId>,
    /// Words to find it by.
    #[serde(default)]
    pub tags: Vec<String>,
}
