//! The rota's nouns: who is on duty when and why, what has been put in its place, what was handed over, and every change to it.
//!
//! Times are milliseconds since 1970 in UTC; every stretch begins with `from` and ends before `until`. Days and wall-clock times are those of
//! the zone that is named beside them. Everything here is kept in the database as it stands (JSON by serde); a field that is added later
//! needs a `serde(default)`. Enums that hold maps keep serde's plain form, because an inner tag loses numbers as keys. What follows from these nouns is decided in `engine::rota`.

mod book;
mod calendar;
mod change;
mod decisions;
mod edit;
mod handover;
mod layer;
mod people;
mod results;

pub use book::Book;
pub use calendar::{Calendar, CalendarDay, Day, DayKind, MissingYear};
pub use change::{RotaChange, RotaRecord, Touched};
pub use decisions::{Absence, Override, Slot, Swap, SwapState};
pub use edit::Edit;
pub use handover::{
    DutyNote, Handover, HandoverRules, HandoverState, Pack, PackAlert, PackRule, PackSilence, Side,
    Signature,
};
pub use layer::{Cadence, Layer, Rota, Rotation, ShiftRule, WallTime};
pub use people::{Contact, Member, Role};
pub use results::{
    Conflict, Coverage, DoubleBooking, DutyReason, Fairness, Gap, GapCause, Load, OnDuty, Place,
    Shift, Weights,
};

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! numbered {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

macro_rules! named {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_string())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

numbered! {
    /// A layer of a rota. All numbers of the rota come from one counter ([`Book::last_id`]), so that none is given twice.
    LayerId,
    /// An absence.
    AbsenceId,
    /// An override.
    OverrideId,
    /// A swap.
    SwapId,
    /// A handover.
    HandoverId,
    /// A note of the duty record.
    NoteId,
    /// A change. Larger than the numbers of everything that the change has made.
    ChangeId,
}

named! {
    /// A rota, as escalation steps and the command line name it: `platform`.
    RotaId,
    /// A calendar of holidays: `cn`.
    CalendarId,
}
