//! What people decide against the rotation: absences, overrides, swaps.

use super::{AbsenceId, OverrideId, Role, RotaId, SwapId};
use crate::duty::{Actor, PersonId};
use serde::{Deserialize, Serialize};

/// Somebody is not there: leave, illness, a journey. Rotations pass over the person; overrides and swaps that name the person all the same
/// stand, and are shown as conflicts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Absence {
    /// Which; 0 in an edit that makes it.
    #[serde(default)]
    pub id: AbsenceId,
    /// Who.
    pub person: PersonId,
    /// From, ms.
    pub from: i64,
    /// Until, ms.
    pub until: i64,
    /// Who stands in on every rota; `None`: the next layer, and if there is none, nobody: a gap.
    #[serde(default)]
    pub stand_in: Option<PersonId>,
    /// Why: 年假.
    #[serde(default)]
    pub why: String,
    /// Who has entered it.
    #[serde(default)]
    pub by: Actor,
    /// When it was entered, ms.
    #[serde(default)]
    pub at: i64,
}

/// Somebody takes a role for a time, whatever the rotation says.
///
/// Overrides and accepted swaps count in the order in which they were decided: an override replaces who is there by then, a later swap
/// changes its two people.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Override {
    /// Which; 0 in an edit that makes it.
    #[serde(default)]
    pub id: OverrideId,
    /// On which rota.
    pub rota: RotaId,
    /// As what.
    pub role: Role,
    /// Who takes it.
    pub person: PersonId,
    /// Whose place it is. `None`, or a person who does not have the role then: the place of everybody who has it.
    #[serde(default)]
    pub replaces: Option<PersonId>,
    /// From, ms.
    pub from: i64,
    /// Until, ms.
    pub until: i64,
    /// Why.
    #[serde(default)]
    pub why: String,
    /// Who has decided it.
    #[serde(default)]
    pub by: Actor,
    /// When it was decided, ms.
    #[serde(default)]
    pub at: i64,
}

/// A stretch of one person's duty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    /// On which rota.
    pub rota: RotaId,
    /// As what.
    pub role: Role,
    /// Whose.
    pub person: PersonId,
    /// From, ms.
    pub from: i64,
    /// Until, ms.
    pub until: i64,
}

/// Somebody asks somebody else to take a shift, perhaps for one of the other's. Counts only when the other has accepted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Swap {
    /// Which; 0 in an edit that makes it.
    #[serde(default)]
    pub id: SwapId,
    /// What the one who asks gives away; `give.person` asks.
    pub give: Slot,
    /// Who is asked.
    pub with: PersonId,
    /// What the one who asks takes in return (`take.person` is `with`); `None`: nothing.
    #[serde(default)]
    pub take: Option<Slot>,
    /// Why.
    #[serde(default)]
    pub why: String,
    /// Who has asked: the person of `give`, or a manager in that person's name.
    #[serde(default)]
    pub by: Actor,
    /// When it was asked, ms.
    #[serde(default)]
    pub at: i64,
    /// Where it stands.
    #[serde(default)]
    pub state: SwapState,
    /// Who has answered or withdrawn it.
    #[serde(default)]
    pub decided_by: Option<Actor>,
    /// When, ms. Accepted swaps count in this order.
    #[serde(default)]
    pub decided_at: Option<i64>,
    /// What the one who answered said.
    #[serde(default)]
    pub answer: String,
}

impl Swap {
    /// When the first of its shifts begins, ms: from then on it cannot be accepted.
    pub fn begins(&self) -> i64 {
        let take = self.take.as_ref().map_or(i64::MAX, |t| t.from);
        self.give.from.min(take)
    }
}

/// Where a swap stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SwapState {
    /// Waits for the other's answer.
    #[default]
    Requested,
    /// The other has agreed: it counts.
    Accepted,
    /// The other has refused.
    Declined,
    /// The one who asked has taken it back.
    Withdrawn,
}
