//! Edits of handovers and of the duty record.

use super::Refusal;
use super::check;
use super::draft::Draft;
use model::rota::{DutyNote, Handover, HandoverId, NoteId, Pack, Side, Signature};

type Done = Result<(), Refusal>;

fn find(draft: &Draft<'_>, id: HandoverId) -> Result<Handover, Refusal> {
    let found = draft.book.handovers.get(&id);
    let found = found.map(|h| Handover::clone(h));
    found.ok_or(Refusal::Unknown {
        what: "handover",
        id: id.0,
    })
}

pub fn open(draft: &mut Draft<'_>, handover: Handover) -> Done {
    if !draft.book.rotas.contains_key(&handover.rota) {
        let rota = handover.rota;
        return Err(Refusal::UnknownRota { rota });
    }
    let same = |h: &&std::sync::Arc<Handover>| {
        h.rota == handover.rota && h.role == handover.role && h.at == handover.at
    };
    if let Some(there) = draft.book.handovers.values().find(same) {
        return Err(Refusal::AlreadyOpen { handover: there.id });
    }
    check::stretch(handover.at, handover.at.saturating_add(1))?;
    let people = handover.from.iter().chain(&handover.to);
    people
        .into_iter()
        .try_for_each(|p| check::known(&draft.book, p))?;
    if handover.from.is_empty() || handover.to.is_empty() {
        return Err(Refusal::BadNumber {
            field: "people",
            least: 1,
            most: check::MEMBERS as i64,
        });
    }
    let id = HandoverId(draft.number());
    let handover = Handover {
        id,
        given: None,
        taken: None,
        told_at: None,
        ..handover
    };
    draft.set_handover(&id, Some(handover));
    Ok(())
}

pub fn update_pack(draft: &mut Draft<'_>, id: HandoverId, pack: Pack) -> Done {
    let handover = find(draft, id)?;
    if handover.given.is_some() || handover.taken.is_some() {
        return Err(Refusal::AlreadySigned { handover: id });
    }
    draft.set_handover(&id, Some(Handover { pack, ..handover }));
    Ok(())
}

pub fn write(draft: &mut Draft<'_>, id: HandoverId, notes: String) -> Done {
    let handover = find(draft, id)?;
    one_of(draft, &handover.from)?;
    check::written("notes", &notes, check::TEXT)?;
    if handover.given.is_some() {
        return Err(Refusal::AlreadySigned { handover: id });
    }
    draft.set_handover(&id, Some(Handover { notes, ..handover }));
    Ok(())
}

fn one_of(draft: &Draft<'_>, people: &[String]) -> Done {
    if people.contains(&draft.by.id) {
        return Ok(());
    }
    let who = people.first().cloned().unwrap_or_default();
    Err(Refusal::NotYours { who })
}

/// Anybody of a side signs for it.
pub fn sign(draft: &mut Draft<'_>, id: HandoverId, side: Side) -> Done {
    let mut handover = find(draft, id)?;
    let people = match side {
        Side::Giving => &handover.from,
        Side::Taking => &handover.to,
    };
    one_of(draft, people)?;
    let signature = Signature {
        by: draft.by.id.clone(),
        at: draft.now,
    };
    let place = match side {
        Side::Giving => &mut handover.given,
        Side::Taking => &mut handover.taken,
    };
    if place.is_some() {
        return Err(Refusal::AlreadySigned { handover: id });
    }
    *place = Some(signature);
    draft.set_handover(&id, Some(handover));
    Ok(())
}

pub fn told(draft: &mut Draft<'_>, id: HandoverId) -> Done {
    let handover = find(draft, id)?;
    let told_at = handover.told_at.or(Some(draft.now));
    draft.set_handover(
        &id,
        Some(Handover {
            told_at,
            ..handover
        }),
    );
    Ok(())
}

fn note_fits(note: &DutyNote) -> Done {
    check::named("text", &note.text, check::TEXT)?;
    check::room("tags", note.tags.len(), 21)?;
    check::room("alerts", note.alerts.len(), 201)?;
    note.tags
        .iter()
        .try_for_each(|t| check::named("tag", t, check::NAME))
}

/// Whoever writes it is its author; it may be dated back, not ahead.
pub fn add_note(draft: &mut Draft<'_>, note: DutyNote) -> Done {
    if !draft.book.rotas.contains_key(&note.rota) {
        let rota = note.rota;
        return Err(Refusal::UnknownRota { rota });
    }
    note_fits(&note)?;
    let at = if note.at <= 0 {
        draft.now
    } else {
        note.at.min(draft.now)
    };
    let note = DutyNote {
        id: NoteId(draft.number()),
        by: draft.by.id.clone(),
        at,
        ..note
    };
    draft.note(None, Some(note));
    Ok(())
}

pub fn alter_note(
    draft: &mut Draft<'_>,
    before: DutyNote,
    text: String,
    tags: Vec<String>,
) -> Done {
    one_of(draft, std::slice::from_ref(&before.by))?;
    let after = DutyNote {
        text,
        tags,
        ..before.clone()
    };
    note_fits(&after)?;
    draft.note(Some(before), Some(after));
    Ok(())
}

pub fn remove_note(draft: &mut Draft<'_>, before: DutyNote, id: NoteId) -> Done {
    one_of(draft, std::slice::from_ref(&before.by))?;
    if before.id != id {
        return Err(Refusal::Unknown {
            what: "note",
            id: id.0,
        });
    }
    draft.note(Some(before), None);
    Ok(())
}
