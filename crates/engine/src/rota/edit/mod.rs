//! Changes to the book: each edit either makes a changed book and one line of the log, or is refused with a reason.

mod check;
mod draft;
mod hand;
mod put;
mod refusal;
mod swap;

pub use refusal::Refusal;

use draft::Draft;
use model::duty::Actor;
use model::rota::{Book, Edit, RotaChange, RotaId, Touched};

/// Does an edit as `by` at `now`, ms: the changed book, and the change to be kept. The book that was given is as it was.
pub fn apply(book: &Book, edit: Edit, by: &Actor, now: i64) -> Result<(Book, RotaChange), Refusal> {
    let mut draft = Draft::new(book, by, now);
    let action = name(&edit);
    let rota = rota_of(book, &edit);
    perform(&mut draft, edit)?;
    draft.finish(action, rota, None)
}

fn perform(draft: &mut Draft<'_>, edit: Edit) -> Result<(), Refusal> {
    match edit {
        Edit::PutMember(member) => put::members(draft, vec![member]),
        Edit::PutMembers { members } => put::members(draft, members),
        Edit::RemoveMember { person } => put::remove_member(draft, &person),
        Edit::PutRota(rota) => put::rota(draft, rota),
        Edit::RemoveRota { rota } => put::remove_rota(draft, &rota),
        Edit::PutLayer { rota, layer } => put::layer(draft, &rota, layer),
        Edit::RemoveLayer { rota, layer } => put::remove_layer(draft, &rota, layer),
        Edit::PutAbsence(absence) => put::absence(draft, absence),
        Edit::RemoveAbsence { absence } => put::remove_absence(draft, absence),
        Edit::PutOverride(new) => put::put_override(draft, new),
        Edit::PutOverrides { overrides } => {
            let mut all = overrides.into_iter();
            all.try_for_each(|o| put::put_override(draft, o))
        }
        Edit::RemoveOverride { id } => put::remove_override(draft, id),
        Edit::Exchange { one, other, why } => put::exchange(draft, &one, &other, &why),
        Edit::RequestSwap(swap) => swap::request(draft, swap),
        Edit::AcceptSwap { swap, answer } => swap::accept(draft, swap, answer),
        Edit::DeclineSwap { swap, answer } => swap::decline(draft, swap, answer),
        Edit::WithdrawSwap { swap } => swap::withdraw(draft, swap),
        Edit::PutCalendar(calendar) => put::calendar(draft, calendar),
        Edit::RemoveCalendar { calendar } => put::remove_calendar(draft, &calendar),
        Edit::AdoptPlan { rota, layers } => put::adopt(draft, &rota, layers),
        Edit::OpenHandover(handover) => hand::open(draft, handover),
        Edit::UpdatePack { handover, pack } => hand::update_pack(draft, handover, pack),
        Edit::WriteHandover { handover, notes } => hand::write(draft, handover, notes),
        Edit::SignHandover { handover, side } => hand::sign(draft, handover, side),
        Edit::ToldUnsigned { handover } => hand::told(draft, handover),
        Edit::AddNote(note) => hand::add_note(draft, note),
        Edit::AlterNote { before, text, tags } => hand::alter_note(draft, before, text, tags),
        Edit::RemoveNote { before, note } => hand::remove_note(draft, before, note),
    }
}

/// The edit's name in the log and in locales.
pub fn name(edit: &Edit) -> &'static str {
    match edit {
        Edit::PutMember(_) => "put_member",
        Edit::PutMembers { .. } => "put_members",
        Edit::RemoveMember { .. } => "remove_member",
        Edit::PutRota(_) => "put_rota",
        Edit::RemoveRota { .. } => "remove_rota",
        Edit::PutLayer { .. } => "put_layer",
        Edit::RemoveLayer { .. } => "remove_layer",
        Edit::PutAbsence(_) => "put_absence",
        Edit::RemoveAbsence { .. } => "remove_absence",
        Edit::PutOverride(_) => "put_override",
        Edit::PutOverrides { .. } => "put_overrides",
        Edit::RemoveOverride { .. } => "remove_override",
        Edit::Exchange { .. } => "exchange",
        Edit::RequestSwap(_) => "request_swap",
        Edit::AcceptSwap { .. } => "accept_swap",
        Edit::DeclineSwap { .. } => "decline_swap",
        Edit::WithdrawSwap { .. } => "withdraw_swap",
        Edit::PutCalendar(_) => "put_calendar",
        Edit::RemoveCalendar { .. } => "remove_calendar",
        Edit::AdoptPlan { .. } => "adopt_plan",
        Edit::OpenHandover(_) => "open_handover",
        Edit::UpdatePack { .. } => "update_pack",
        Edit::WriteHandover { .. } => "write_handover",
        Edit::SignHandover { .. } => "sign_handover",
        Edit::ToldUnsigned { .. } => "told_unsigned",
        Edit::AddNote(_) => "add_note",
        Edit::AlterNote { .. } => "alter_note",
        Edit::RemoveNote { .. } => "remove_note",
    }
}

/// The rota that an edit is about; `None` if it is about several or about none.
fn rota_of(book: &Book, edit: &Edit) -> Option<RotaId> {
    match edit {
        Edit::PutMember(_)
        | Edit::PutMembers { .. }
        | Edit::RemoveMember { .. }
        | Edit::PutAbsence(_)
        | Edit::RemoveAbsence { .. }
        | Edit::PutCalendar(_)
        | Edit::RemoveCalendar { .. } => None,
        Edit::PutRota(rota) => Some(rota.id.clone()),
        Edit::RemoveRota { rota }
        | Edit::PutLayer { rota, .. }
        | Edit::RemoveLayer { rota, .. }
        | Edit::AdoptPlan { rota, .. } => Some(rota.clone()),
        Edit::PutOverride(o) => Some(o.rota.clone()),
        Edit::PutOverrides { overrides } => {
            let first = &overrides.first()?.rota;
            let same = overrides.iter().all(|o| o.rota == *first);
            same.then(|| first.clone())
        }
        Edit::RemoveOverride { id } => book.overrides.get(id).map(|o| o.rota.clone()),
        Edit::Exchange { one, other, .. } => (one.rota == other.rota).then(|| one.rota.clone()),
        Edit::RequestSwap(swap) => Some(swap.give.rota.clone()),
        Edit::AcceptSwap { swap, .. }
        | Edit::DeclineSwap { swap, .. }
        | Edit::WithdrawSwap { swap } => book.swaps.get(swap).map(|s| s.give.rota.clone()),
        Edit::OpenHandover(handover) => Some(handover.rota.clone()),
        Edit::UpdatePack { handover, .. }
        | Edit::WriteHandover { handover, .. }
        | Edit::SignHandover { handover, .. }
        | Edit::ToldUnsigned { handover } => book.handovers.get(handover).map(|h| h.rota.clone()),
        Edit::AddNote(note) => Some(note.rota.clone()),
        Edit::AlterNote { before, .. } | Edit::RemoveNote { before, .. } => {
            Some(before.rota.clone())
        }
    }
}

/// Puts everything that a change touched back as it was before, as `by` at `now`, ms. A change like any other, which can be undone in turn.
///
/// Refused when something of it was changed again since, for handovers (signatures stand), and for answers to swaps unless it is the same
/// person who takes the answer back before the shift begins.
pub fn undo(
    book: &Book,
    change: &RotaChange,
    by: &Actor,
    now: i64,
) -> Result<(Book, RotaChange), Refusal> {
    for touched in change.touched.iter().rev() {
        may_undo(book, change, touched, by, now)?;
    }
    let mut draft = Draft::new(book, by, now);
    for touched in change.touched.iter().rev() {
        take_back(&mut draft, touched)?;
    }
    draft.finish("undo", change.rota.clone(), Some(change.id))
}

/// What was made goes as if somebody removed it: not while something needs it, and a rota with all that hangs on it.
fn take_back(draft: &mut Draft<'_>, touched: &Touched) -> Result<(), Refusal> {
    match touched {
        Touched::Member {
            before: None,
            after: Some(m),
        } => put::remove_member(draft, &m.id),
        Touched::Calendar {
            before: None,
            after: Some(c),
        } => put::remove_calendar(draft, &c.id),
        Touched::Rota {
            before: None,
            after: Some(r),
        } => put::remove_rota(draft, &r.id),
        other => {
            draft.put(other, true);
            Ok(())
        }
    }
}

fn may_undo(
    book: &Book,
    change: &RotaChange,
    touched: &Touched,
    by: &Actor,
    now: i64,
) -> Result<(), Refusal> {
    macro_rules! unchanged {
        ($map:ident, $before:ident, $after:ident, $kind:literal) => {{
            let id = $after.as_ref().or($before.as_ref()).map(|t| t.id.clone());
            let there = id.as_ref().and_then(|id| book.$map.get(id));
            if there.map(AsRef::as_ref) != $after.as_deref() {
                let id = id.map(|id| id.to_string()).unwrap_or_default();
                return Err(Refusal::ChangedSince {
                    what: format!("{} {id}", $kind),
                });
            }
        }};
    }
    match touched {
        Touched::Member { before, after } => unchanged!(members, before, after, "member"),
        Touched::Rota { before, after } => unchanged!(rotas, before, after, "rota"),
        Touched::Absence { before, after } => unchanged!(absences, before, after, "absence"),
        Touched::Override { before, after } => unchanged!(overrides, before, after, "override"),
        Touched::Calendar { before, after } => unchanged!(calendars, before, after, "calendar"),
        Touched::Swap { before, after } => {
            unchanged!(swaps, before, after, "swap");
            // A removed rota takes its swaps with it, and brings them back.
            if let Some(after) = after {
                if by.id != change.by.id {
                    let who = change.by.id.clone();
                    return Err(Refusal::NotYours { who });
                }
                if after.begins() <= now {
                    return Err(Refusal::AlreadyBegun { at: after.begins() });
                }
            }
        }
        Touched::Handover { after, .. } => {
            if after.is_some() {
                let what = change.action.clone();
                return Err(Refusal::Final { what });
            }
        }
        // Whether a note is as it was, the store sees.
        Touched::Note { .. } => {}
    }
    Ok(())
}

/// Enters a change that was made elsewhere, or is read back from the log, into a book.
pub fn record(book: &Book, change: &RotaChange) -> Book {
    let mut draft = Draft::new(book, &change.by, change.at);
    for touched in &change.touched {
        draft.put(touched, false);
    }
    let mut book = draft.book;
    book.last_id = book.last_id.max(change.id.0);
    draft::forget_handovers(&mut book, change.at);
    book
}
