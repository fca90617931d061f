//! Why an edit is not done.

use chrono::NaiveDate;
use model::duty::PersonId;
use model::rota::{CalendarId, HandoverId, Role, RotaId, SwapId, SwapState};

/// Why an edit is not done. The book is as it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Not in the list of people.
    #[error("nobody has the id `{person}`")]
    UnknownPerson {
        /// As given.
        person: PersonId,
    },
    /// No such rota.
    #[error("there is no rota `{rota}`")]
    UnknownRota {
        /// As given.
        rota: RotaId,
    },
    /// No such calendar.
    #[error("there is no calendar `{calendar}`")]
    UnknownCalendar {
        /// As given.
        calendar: CalendarId,
    },
    /// Nothing of this kind has this number: it was removed meanwhile.
    #[error("there is no {what} {id}")]
    Unknown {
        /// `layer`, `absence`, `override`, `swap`, `handover`.
        what: &'static str,
        /// As given.
        id: i64,
    },
    /// A text that is missing, too long or not text.
    #[error("{field} must be text of 1 to {limit} characters")]
    BadText {
        /// Which field.
        field: &'static str,
        /// The most characters.
        limit: usize,
    },
    /// A number, or a number of things, outside of what is possible.
    #[error("{field} must be between {least} and {most}")]
    BadNumber {
        /// Which field.
        field: &'static str,
        /// The least.
        least: i64,
        /// The most.
        most: i64,
    },
    /// An id that cannot be written in files and on the command line.
    #[error("`{text}` is not an id: 1 to 64 letters, digits, `.`, `-`, `_`, `@`")]
    BadId {
        /// As given, bounded.
        text: String,
    },
    /// A stretch that does not begin before it ends, is longer than 400 days, or lies outside of the years 2000 to 2199.
    #[error("from {from} until {until} is not a stretch of time of at most 400 days")]
    BadStretch {
        /// ms.
        from: i64,
        /// ms.
        until: i64,
    },
    /// A field of a layer that makes no sense.
    #[error("layer `{layer}`: {field} is out of range")]
    BadLayer {
        /// Its name.
        layer: String,
        /// Which: `weekdays`, `cadence`, `turns`, `first_day`, `last_day`, `planned_days`.
        field: &'static str,
    },
    /// A day of a calendar that makes no sense.
    #[error("calendar: {day} is out of range")]
    BadDay {
        /// Which.
        day: NaiveDate,
    },
    /// More than are kept.
    #[error("at most {limit} {what}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// The most.
        limit: usize,
    },
    /// Something still needs it.
    #[error("`{id}` is still used by {by}")]
    InUse {
        /// What should go.
        id: String,
        /// What needs it: the name of a rota or layer, or a kind of thing.
        by: String,
    },
    /// Only somebody else may do this.
    #[error("only {who} can do this")]
    NotYours {
        /// Who: a person's id.
        who: PersonId,
    },
    /// The person does not have the role during the whole stretch.
    #[error("{person} is not on duty as {role} at {at}")]
    NotOnDuty {
        /// Who.
        person: PersonId,
        /// As what.
        role: Role,
        /// The first moment at which the person is not, ms.
        at: i64,
    },
    /// The person is on duty there already.
    #[error("{person} is on duty there already")]
    AlreadyOnDuty {
        /// Who.
        person: PersonId,
    },
    /// The person is absent then.
    #[error("{person} is absent at {at}")]
    Absent {
        /// Who.
        person: PersonId,
        /// The first moment of the stretch at which the person is, ms.
        at: i64,
    },
    /// A swap's two sides do not fit each other: with oneself, or what is taken is not the other's.
    #[error("the two sides of the swap do not fit")]
    BadSwap,
    /// The shift has begun.
    #[error("the shift has begun at {at}")]
    AlreadyBegun {
        /// When, ms.
        at: i64,
    },
    /// The swap was answered or withdrawn.
    #[error("swap {swap} is {state:?}")]
    SwapDecided {
        /// Which.
        swap: SwapId,
        /// Where it stands.
        state: SwapState,
    },
    /// That side has signed.
    #[error("handover {handover} is signed")]
    AlreadySigned {
        /// Which.
        handover: HandoverId,
    },
    /// There is such a handover already.
    #[error("handover {handover} is for the same change of shift")]
    AlreadyOpen {
        /// Which.
        handover: HandoverId,
    },
    /// What the change touched was changed again since: undo the later change first.
    #[error("{what} was changed again since")]
    ChangedSince {
        /// What: a kind of thing and its id.
        what: String,
    },
    /// A signature cannot be undone.
    #[error("{what} cannot be undone")]
    Final {
        /// The change's action.
        what: String,
    },
    /// Everything is like that already.
    #[error("nothing would change")]
    NothingToDo,
}

impl Refusal {
    /// A stable name for locales, in snake_case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownPerson { .. } => "unknown_person",
            Self::UnknownRota { .. } => "unknown_rota",
            Self::UnknownCalendar { .. } => "unknown_calendar",
            Self::Unknown { .. } => "unknown",
            Self::BadText { .. } => "bad_text",
            Self::BadNumber { .. } => "bad_number",
            Self::BadId { .. } => "bad_id",
            Self::BadStretch { .. } => "bad_stretch",
            Self::BadLayer { .. } => "bad_layer",
            Self::BadDay { .. } => "bad_day",
            Self::TooMany { .. } => "too_many",
            Self::InUse { .. } => "in_use",
            Self::NotYours { .. } => "not_yours",
            Self::NotOnDuty { .. } => "not_on_duty",
            Self::AlreadyOnDuty { .. } => "already_on_duty",
            Self::Absent { .. } => "absent",
            Self::BadSwap => "bad_swap",
            Self::AlreadyBegun { .. } => "already_begun",
            Self::SwapDecided { .. } => "swap_decided",
            Self::AlreadySigned { .. } => "already_signed",
            Self::AlreadyOpen { .. } => "already_open",
            Self::ChangedSince { .. } => "changed_since",
            Self::Final { .. } => "final",
            Self::NothingToDo => "nothing_to_do",
        }
    }
}
