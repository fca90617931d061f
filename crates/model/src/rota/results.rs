//! What follows from a rota: who is on duty and why, gaps, double bookings, fairness.

use super::{AbsenceId, DayKind, LayerId, MissingYear, OverrideId, Role, RotaId, SwapId};
use crate::duty::PersonId;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// Somebody has a role at an instant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnDuty {
    /// As what.
    pub role: Role,
    /// Who.
    pub person: PersonId,
    /// Since when without a break by the same layer, override or swap, ms; looked for at most 40 days back.
    pub from: i64,
    /// Until when, ms; looked for at most 40 days ahead.
    pub until: i64,
    /// Why.
    pub reason: DutyReason,
}

/// Why somebody is on duty; the first that holds: override, swap, holiday shift, layer. See [`super::Override`] for how overrides and swaps
/// meet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum DutyReason {
    /// Somebody has put the person there.
    Override {
        /// Which.
        id: OverrideId,
    },
    /// The person has agreed to a swap, or asked for it.
    Swap {
        /// Which: the last one, if several follow each other.
        id: SwapId,
    },
    /// Stands in for an absent person.
    StandIn {
        /// Which absence.
        absence: AbsenceId,
        /// Whose turn it is.
        layer: LayerId,
        /// Who is absent.
        of: PersonId,
    },
    /// It is the person's turn in a layer made for holidays, on a holiday.
    Holiday {
        /// Which layer.
        layer: LayerId,
        /// The holiday's name.
        name: String,
    },
    /// It is the person's turn in a layer.
    Layer {
        /// Which layer.
        layer: LayerId,
        /// What kind of day it began on.
        day: DayKind,
    },
}

/// One person's stretch of one shift, as it results from everything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shift {
    /// As what.
    pub role: Role,
    /// Who.
    pub person: PersonId,
    /// From, ms; not before the asked stretch.
    pub from: i64,
    /// Until, ms; not after the asked stretch.
    pub until: i64,
    /// Why.
    pub reason: DutyReason,
    /// The layer whose shift it is, even if somebody else has it now; `None`: an override where no shift is.
    pub layer: Option<LayerId>,
    /// The day on which that layer's shift begins, in the layer's zone.
    pub day: Option<NaiveDate>,
    /// Whose turn it would be by the layer, if it is another's.
    pub instead_of: Vec<PersonId>,
}

/// Nobody has a required role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// Which.
    pub role: Role,
    /// From, ms.
    pub from: i64,
    /// Until, ms.
    pub until: i64,
    /// Why.
    pub cause: GapCause,
}

/// Why nobody has a role.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "cause", rename_all = "snake_case")]
pub enum GapCause {
    /// No layer of that role covers the time.
    NoShift,
    /// A layer covers it, but its turn names nobody.
    NobodyNamed {
        /// Which.
        layer: LayerId,
    },
    /// Everybody whose turn it is is absent, and nobody stands in.
    AllAbsent {
        /// The layer that counts first.
        layer: LayerId,
        /// Who is absent there.
        people: Vec<PersonId>,
    },
}

/// Where somebody is on duty.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// On which rota.
    pub rota: RotaId,
    /// As what.
    pub role: Role,
}

/// A person in two places at once: two roles of one rota, or two rotas (there the role of manager does not count, because one manager can
/// stand behind several rotas).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoubleBooking {
    /// Who.
    pub person: PersonId,
    /// From, ms.
    pub from: i64,
    /// Until, ms.
    pub until: i64,
    /// One place; of two roles of one rota the one that is told first.
    pub one: Place,
    /// The other.
    pub other: Place,
}

/// Something that is wrong without being a gap or a double booking.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Conflict {
    /// An override or a swap has put an absent person on duty.
    AbsentOnDuty {
        /// Who.
        person: PersonId,
        /// As what.
        role: Role,
        /// Which absence.
        absence: AbsenceId,
        /// From, ms.
        from: i64,
        /// Until, ms.
        until: i64,
    },
    /// Several people are the primary at once.
    SeveralPrimaries {
        /// Who.
        people: Vec<PersonId>,
        /// From, ms.
        from: i64,
        /// Until, ms.
        until: i64,
    },
    /// Somebody is on duty whom the list of people does not have.
    UnknownPerson {
        /// The id.
        person: PersonId,
        /// As what.
        role: Role,
        /// From, ms.
        from: i64,
        /// Until, ms: of the first such stretch.
        until: i64,
    },
    /// Somebody is on duty as something that the list of people does not name among the person's roles ([`super::Member::can`]).
    LacksRole {
        /// Who.
        person: PersonId,
        /// As what.
        role: Role,
        /// From, ms.
        from: i64,
        /// Until, ms.
        until: i64,
    },
}

/// What is wrong with a rota in a stretch of time. Everything in order of time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// Which rota.
    pub rota: RotaId,
    /// From, ms.
    pub from: i64,
    /// Until, ms.
    pub until: i64,
    /// Required roles that nobody has.
    pub gaps: Vec<Gap>,
    /// People in two places at once.
    pub doubles: Vec<DoubleBooking>,
    /// What else is wrong.
    pub conflicts: Vec<Conflict>,
    /// Years whose holidays are not known.
    pub missing_years: Vec<MissingYear>,
}

impl Coverage {
    /// Whether nothing is wrong. Missing years are warnings.
    pub fn is_clean(&self) -> bool {
        self.gaps.is_empty() && self.doubles.is_empty() && self.conflicts.is_empty()
    }
}

/// How much heavier an hour of duty weighs than one on a workday's daytime (1.0).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Weights {
    /// 22:00 to 06:00 of a workday.
    pub night: f64,
    /// A weekend's day.
    pub weekend: f64,
    /// A holiday.
    pub holiday: f64,
    /// All of it times this for roles other than the primary, who sleep unless they are called.
    pub standby: f64,
}

impl Default for Weights {
    fn default() -> Self {
        Self {
            night: 1.5,
            weekend: 2.0,
            holiday: 3.0,
            standby: 0.5,
        }
    }
}

/// How much duty one person has. Days and nights are those of the person's zone.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Load {
    /// Who.
    pub person: PersonId,
    /// Time on duty, ms.
    pub on_duty_ms: i64,
    /// Nights with at least four hours of duty between 22:00 and 06:00.
    pub nights: u32,
    /// Weekend days with at least six hours of duty between 08:00 and 24:00.
    pub weekends: u32,
    /// Holidays with at least six hours of duty between 08:00 and 24:00.
    pub holidays: u32,
    /// Hours by weight.
    pub score: f64,
}

/// How evenly duty is spread.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Fairness {
    /// From, ms.
    pub from: i64,
    /// Until, ms.
    pub until: i64,
    /// Everybody whom the rota names, and whoever was on duty; by id.
    pub people: Vec<Load>,
    /// Mean of the scores.
    pub mean: f64,
    /// Standard deviation of the scores.
    pub deviation: f64,
    /// Largest score less the smallest.
    pub spread: f64,
}
