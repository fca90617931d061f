//! What somebody can do to the rota.

use super::{
    Absence, AbsenceId, Calendar, CalendarId, DutyNote, Handover, HandoverId, Layer, LayerId,
    Member, NoteId, Override, OverrideId, Pack, Rota, RotaId, Side, Slot, Swap, SwapId,
};
use crate::duty::PersonId;
use serde::{Deserialize, Serialize};

/// One thing that somebody (or the program) does to the rota. `engine::rota::apply` does it or says why not. Numbers of things that an edit
/// makes are 0; the engine gives them, and enters who and when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Edit {
    /// Enters a person or replaces what is known of one.
    PutMember(Member),
    /// Enters or replaces several at once: an imported list. All or none.
    PutMembers {
        /// Who.
        members: Vec<Member>,
    },
    /// Removes a person whom no rota, and no shift to come, names.
    RemoveMember {
        /// Who.
        person: PersonId,
    },
    /// Makes a rota, or replaces its name, zone, calendar, rules and layers.
    PutRota(Rota),
    /// Removes a rota with its overrides and swaps.
    RemoveRota {
        /// Which.
        rota: RotaId,
    },
    /// Makes a layer (number 0) or replaces one.
    PutLayer {
        /// On which rota.
        rota: RotaId,
        /// The layer.
        layer: Layer,
    },
    /// Removes a layer.
    RemoveLayer {
        /// From which rota.
        rota: RotaId,
        /// Which.
        layer: LayerId,
    },
    /// Enters an absence (number 0) or replaces one.
    PutAbsence(Absence),
    /// Removes an absence.
    RemoveAbsence {
        /// Which.
        absence: AbsenceId,
    },
    /// Puts somebody on duty for a time (number 0), or replaces an override: dragging a person to a shift is this.
    PutOverride(Override),
    /// Several at once: an imported list, a shift that is divided. All or none.
    PutOverrides {
        /// Which.
        overrides: Vec<Override>,
    },
    /// Removes an override.
    RemoveOverride {
        /// Which.
        id: OverrideId,
    },
    /// Changes two people's stretches of duty at once, by somebody who may: dragging one shift onto another is this. Two overrides.
    Exchange {
        /// One side.
        one: Slot,
        /// The other.
        other: Slot,
        /// Why.
        why: String,
    },
    /// Asks for a swap (number 0).
    RequestSwap(Swap),
    /// The other side agrees.
    AcceptSwap {
        /// Which.
        swap: SwapId,
        /// A word with it.
        answer: String,
    },
    /// The other side does not agree.
    DeclineSwap {
        /// Which.
        swap: SwapId,
        /// Why not.
        answer: String,
    },
    /// The one who asked takes it back while it waits.
    WithdrawSwap {
        /// Which.
        swap: SwapId,
    },
    /// Enters a calendar or replaces it, for example with one year more.
    PutCalendar(Calendar),
    /// Removes a calendar that no rota uses.
    RemoveCalendar {
        /// Which.
        calendar: CalendarId,
    },
    /// Lays a plan over the rota: layers that hold for its time.
    AdoptPlan {
        /// Which rota.
        rota: RotaId,
        /// The plan's layers (numbers 0).
        layers: Vec<Layer>,
    },
    /// Begins a handover (number 0): by the program, before a change of shift.
    OpenHandover(Handover),
    /// Puts the pack together anew: by the program, until the first signature.
    UpdatePack {
        /// Which handover.
        handover: HandoverId,
        /// What it holds now.
        pack: Pack,
    },
    /// What the old shift writes to the new one, until it has signed.
    WriteHandover {
        /// Which.
        handover: HandoverId,
        /// The text, in place of the former.
        notes: String,
    },
    /// Somebody signs for a side.
    SignHandover {
        /// Which.
        handover: HandoverId,
        /// For which side.
        side: Side,
    },
    /// Both sides were told that it is not signed: by the program.
    ToldUnsigned {
        /// Which.
        handover: HandoverId,
    },
    /// Writes a note (number 0) into the duty record.
    AddNote(DutyNote),
    /// Corrects a note of one's own; the former text stays in the log.
    AlterNote {
        /// As it was.
        before: DutyNote,
        /// What it says now.
        text: String,
        /// Words to find it by.
        tags: Vec<String>,
    },
    /// Removes a note of one's own; its text stays in the log.
    RemoveNote {
        /// As it was.
        before: DutyNote,
        /// Which.
        note: NoteId,
    },
}
