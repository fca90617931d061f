//! Edits of people, rotas, layers, absences, overrides, calendars and plans.

use super::Refusal;
use super::check;
use super::draft::Draft;
use crate::rota::wall;
use model::duty::PersonId;
use model::rota::{
    Absence, AbsenceId, CalendarId, Layer, LayerId, Member, Override, OverrideId, Rota, RotaId,
    Rotation, Slot, SwapState,
};
use std::collections::BTreeSet;

type Done = Result<(), Refusal>;

pub fn members(draft: &mut Draft<'_>, members: Vec<Member>) -> Done {
    for member in members {
        check::member(&member)?;
        if !draft.book.members.contains_key(&member.id) {
            check::room("people", draft.book.members.len(), check::MEMBERS)?;
        }
        let id = member.id.clone();
        draft.set_member(&id, Some(member));
    }
    Ok(())
}

/// A person whom a layer that has not ended names, or a shift to come, stays.
pub fn remove_member(draft: &mut Draft<'_>, person: &PersonId) -> Done {
    check::known(&draft.book, person)?;
    let in_use = |by: &str| Refusal::InUse {
        id: person.clone(),
        by: by.to_string(),
    };
    for rota in draft.book.rotas.values() {
        for layer in &rota.layers {
            let today = wall::day_at(draft.now, layer.zone.unwrap_or(rota.zone));
            let ended = layer.last_day.is_some_and(|l| today.is_some_and(|t| l < t));
            if !ended && layer.rotation.people().contains(&person) {
                return Err(in_use(&format!("{} · {}", rota.name, layer.name)));
            }
        }
    }
    let now = draft.now;
    let coming = |o: &Override| o.until > now && o.person == *person;
    if draft.book.overrides.values().any(|o| coming(o)) {
        return Err(in_use("override"));
    }
    for swap in draft.book.swaps.values() {
        let open = matches!(swap.state, SwapState::Requested | SwapState::Accepted);
        let end = swap.take.as_ref().map_or(i64::MIN, |t| t.until);
        let coming = swap.give.until.max(end) > now;
        if open && coming && (swap.with == *person || swap.give.person == *person) {
            return Err(in_use("swap"));
        }
    }
    let stands_in = |a: &Absence| a.until > now && a.stand_in.as_ref() == Some(person);
    if draft.book.absences.values().any(|a| stands_in(a)) {
        return Err(in_use("absence"));
    }
    draft.set_member(person, None);
    Ok(())
}

fn find_rota(draft: &Draft<'_>, id: &RotaId) -> Result<Rota, Refusal> {
    let found = draft.book.rotas.get(id).map(|r| Rota::clone(r));
    found.ok_or_else(|| Refusal::UnknownRota { rota: id.clone() })
}

pub fn rota(draft: &mut Draft<'_>, mut rota: Rota) -> Done {
    let former = draft.book.rotas.get(&rota.id).cloned();
    if former.is_none() {
        check::room("rotas", draft.book.rotas.len(), check::ROTAS)?;
    }
    check::rota(&draft.book, &rota)?;
    let mut seen = BTreeSet::new();
    for layer in &mut rota.layers {
        // A number that is not this rota's own is somebody else's.
        let known = former.as_ref().is_some_and(|r| r.layer(layer.id).is_some());
        if !known || !seen.insert(layer.id) {
            layer.id = LayerId(draft.number());
        }
    }
    let id = rota.id.clone();
    draft.set_rota(&id, Some(rota));
    Ok(())
}

pub fn remove_rota(draft: &mut Draft<'_>, id: &RotaId) -> Done {
    find_rota(draft, id)?;
    let book = draft.book.clone();
    for o in book.overrides.values().filter(|o| o.rota == *id) {
        draft.set_override(&o.id, None);
    }
    for s in book.swaps.values() {
        if s.give.rota == *id || s.take.as_ref().is_some_and(|t| t.rota == *id) {
            draft.set_swap(&s.id, None);
        }
    }
    for h in book.handovers.values().filter(|h| h.rota == *id) {
        draft.set_handover(&h.id, None);
    }
    draft.set_rota(id, None);
    Ok(())
}

pub fn layer(draft: &mut Draft<'_>, id: &RotaId, mut layer: Layer) -> Done {
    let mut rota = find_rota(draft, id)?;
    check::layer(&draft.book, &layer)?;
    if layer.id == LayerId(0) {
        check::room("layers", rota.layers.len(), check::LAYERS)?;
        layer.id = LayerId(draft.number());
        rota.layers.push(layer);
    } else {
        let place = rota.layers.iter_mut().find(|l| l.id == layer.id);
        let place = place.ok_or(Refusal::Unknown {
            what: "layer",
            id: layer.id.0,
        })?;
        *place = layer;
    }
    draft.set_rota(id, Some(rota));
    Ok(())
}

pub fn remove_layer(draft: &mut Draft<'_>, id: &RotaId, layer: LayerId) -> Done {
    let mut rota = find_rota(draft, id)?;
    let there = rota.layers.len();
    rota.layers.retain(|l| l.id != layer);
    if rota.layers.len() == there {
        return Err(Refusal::Unknown {
            what: "layer",
            id: layer.0,
        });
    }
    draft.set_rota(id, Some(rota));
    Ok(())
}

pub fn absence(draft: &mut Draft<'_>, mut absence: Absence) -> Done {
    check::known(&draft.book, &absence.person)?;
    check::stretch(absence.from, absence.until)?;
    check::written("why", &absence.why, check::REASON)?;
    if let Some(stand_in) = &absence.stand_in {
        check::known(&draft.book, stand_in)?;
        if *stand_in == absence.person {
            let person = stand_in.clone();
            return Err(Refusal::AlreadyOnDuty { person });
        }
    }
    if absence.id == AbsenceId(0) {
        check::room("absences", draft.book.absences.len(), check::DECISIONS)?;
        absence.id = AbsenceId(draft.number());
    } else if !draft.book.absences.contains_key(&absence.id) {
        return Err(Refusal::Unknown {
            what: "absence",
            id: absence.id.0,
        });
    }
    absence.by = draft.by.clone();
    absence.at = draft.now;
    let id = absence.id;
    draft.set_absence(&id, Some(absence));
    Ok(())
}

pub fn remove_absence(draft: &mut Draft<'_>, id: AbsenceId) -> Done {
    if !draft.book.absences.contains_key(&id) {
        return Err(Refusal::Unknown {
            what: "absence",
            id: id.0,
        });
    }
    draft.set_absence(&id, None);
    Ok(())
}

pub fn put_override(draft: &mut Draft<'_>, mut new: Override) -> Done {
    find_rota(draft, &new.rota)?;
    check::known(&draft.book, &new.person)?;
    check::stretch(new.from, new.until)?;
    check::written("why", &new.why, check::REASON)?;
    check::named("role", new.role.as_str(), check::NAME)?;
    if let Some(replaces) = &new.replaces {
        check::known(&draft.book, replaces)?;
    }
    if new.id == OverrideId(0) {
        check::room("overrides", draft.book.overrides.len(), check::DECISIONS)?;
        new.id = OverrideId(draft.number());
    } else if !draft.book.overrides.contains_key(&new.id) {
        return Err(Refusal::Unknown {
            what: "override",
            id: new.id.0,
        });
    }
    new.by = draft.by.clone();
    new.at = draft.now;
    let id = new.id;
    draft.set_override(&id, Some(new));
    Ok(())
}

pub fn remove_override(draft: &mut Draft<'_>, id: OverrideId) -> Done {
    if !draft.book.overrides.contains_key(&id) {
        return Err(Refusal::Unknown {
            what: "override",
            id: id.0,
        });
    }
    draft.set_override(&id, None);
    Ok(())
}

/// Two overrides that put each person in the other's place.
pub fn exchange(draft: &mut Draft<'_>, one: &Slot, other: &Slot, why: &str) -> Done {
    if one.person == other.person {
        return Err(Refusal::BadSwap);
    }
    check::holds(&draft.book, one)?;
    check::holds(&draft.book, other)?;
    for (slot, person) in [(one, &other.person), (other, &one.person)] {
        let new = Override {
            rota: slot.rota.clone(),
            role: slot.role.clone(),
            person: person.clone(),
            replaces: Some(slot.person.clone()),
            from: slot.from,
            until: slot.until,
            why: why.to_string(),
            ..Override::default()
        };
        put_override(draft, new)?;
    }
    Ok(())
}

pub fn calendar(draft: &mut Draft<'_>, calendar: model::rota::Calendar) -> Done {
    check::calendar(&calendar)?;
    if !draft.book.calendars.contains_key(&calendar.id) {
        check::room("calendars", draft.book.calendars.len(), 100)?;
    }
    let id = calendar.id.clone();
    draft.set_calendar(&id, Some(calendar));
    Ok(())
}

pub fn remove_calendar(draft: &mut Draft<'_>, id: &CalendarId) -> Done {
    if !draft.book.calendars.contains_key(id) {
        let calendar = id.clone();
        return Err(Refusal::UnknownCalendar { calendar });
    }
    let uses = |r: &Rota| {
        let by_layer = r.layers.iter().any(|l| l.calendar.as_ref() == Some(id));
        by_layer || r.calendar.as_ref() == Some(id)
    };
    if let Some(rota) = draft.book.rotas.values().find(|r| uses(r)) {
        return Err(Refusal::InUse {
            id: id.0.clone(),
            by: rota.name.clone(),
        });
    }
    draft.set_calendar(id, None);
    Ok(())
}

/// Lays planned layers over a rota. Days that a former plan of the same role and shift has in their time are gone, so that plans do not pile
/// up.
pub fn adopt(draft: &mut Draft<'_>, id: &RotaId, plan: Vec<Layer>) -> Done {
    let mut rota = find_rota(draft, id)?;
    for mut layer in plan {
        check::layer(&draft.book, &layer)?;
        let bad = |field| Refusal::BadLayer {
            layer: layer.name.clone(),
            field,
        };
        let Rotation::Planned { days } = &layer.rotation else {
            return Err(bad("turns"));
        };
        let last = layer.last_day.ok_or_else(|| bad("last_day"))?;
        let time = layer.first_day..=last;
        if !days.keys().all(|d| time.contains(d)) {
            return Err(bad("planned_days"));
        }
        for former in &mut rota.layers {
            let same = former.role == layer.role
                && former.rule == layer.rule
                && former.zone == layer.zone
                && former.priority == layer.priority;
            if let Rotation::Planned { days } = &mut former.rotation
                && same
            {
                days.retain(|d, _| !time.contains(d));
            }
        }
        rota.layers.retain(|l| match &l.rotation {
            Rotation::Planned { days } => !days.is_empty(),
            _ => true,
        });
        check::room("layers", rota.layers.len(), check::LAYERS)?;
        layer.id = LayerId(draft.number());
        rota.layers.push(layer);
    }
    draft.set_rota(id, Some(rota));
    Ok(())
}
