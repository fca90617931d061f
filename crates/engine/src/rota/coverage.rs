//! What is wrong with a rota in a stretch of time: gaps, people in two places, absent people on duty.

use super::days::missing_years;
use super::timeline::{Absences, LONGEST, Segment, roles, segments};
use model::duty::PersonId;
use model::rota::{
    Absence, Book, Conflict, Coverage, DoubleBooking, Gap, Place, Role, Rota, RotaId, SwapState,
};
use std::collections::{BTreeMap, BTreeSet};

/// One person has one role for a time.
#[derive(Clone, Copy)]
struct Stay<'a> {
    from: i64,
    until: i64,
    place: (&'a RotaId, &'a Role),
}

/// Everything that is wrong with a rota from `from` to `until`, ms; of a stretch longer than eleven years only the first eleven. Empty for a
/// rota that is not in the book.
pub fn coverage(book: &Book, rota: &RotaId, from: i64, until: i64) -> Coverage {
    let until = until.min(from.saturating_add(LONGEST)).max(from);
    let mut out = Coverage {
        rota: rota.clone(),
        from,
        until,
        ..Coverage::default()
    };
    let Some(rota) = book.rotas.get(rota) else {
        return out;
    };
    let absences = Absences::of(book, from, until);
    let roles = roles(book, rota);
    let mut stays: BTreeMap<&PersonId, Vec<Stay<'_>>> = BTreeMap::new();
    for role in &roles {
        let line = segments(book, rota, role, &absences, from, until);
        if rota.required.contains(role) {
            gaps(role, &line, &mut out.gaps);
        }
        if *role == Role::Primary {
            several(&line, &mut out.conflicts);
        }
        people(book, role, &line, &absences, &mut out.conflicts);
        collect(&rota.id, role, &line, &mut stays);
    }
    let others = elsewhere(book, rota, &stays);
    let other_roles: Vec<Vec<Role>> = others.iter().map(|r| on_call(book, r)).collect();
    for (other, roles) in others.iter().zip(&other_roles) {
        for role in roles {
            let line = segments(book, other, role, &absences, from, until);
            let mut theirs = BTreeMap::new();
            collect(&other.id, role, &line, &mut theirs);
            for (person, more) in theirs {
                if let Some(mine) = stays.get_mut(person) {
                    mine.extend(more);
                }
            }
        }
    }
    for (person, stays) in stays {
        doubles(&rota.id, person, stays, &mut out.doubles);
    }
    out.missing_years = years(book, rota, from, until);
    out.gaps
        .sort_by(|a, b| (a.from, &a.role).cmp(&(b.from, &b.role)));
    out.doubles
        .sort_by(|a, b| (a.from, &a.person).cmp(&(b.from, &b.person)));
    out.conflicts.sort_by_key(begin);
    out
}

fn begin(conflict: &Conflict) -> i64 {
    match conflict {
        Conflict::AbsentOnDuty { from, .. }
        | Conflict::SeveralPrimaries { from, .. }
        | Conflict::UnknownPerson { from, .. }
        | Conflict::LacksRole { from, .. } => *from,
    }
}

fn gaps(role: &Role, line: &[Segment<'_>], out: &mut Vec<Gap>) {
    let began = out.len();
    for segment in line.iter().filter(|s| s.holders.is_empty()) {
        let cause = segment.cause();
        match out.get_mut(began..).and_then(<[_]>::last_mut) {
            Some(g) if g.until == segment.from && g.cause == cause => g.until = segment.until,
            _ => out.push(Gap {
                role: role.clone(),
                from: segment.from,
                until: segment.until,
                cause,
            }),
        }
    }
}

fn several(line: &[Segment<'_>], out: &mut Vec<Conflict>) {
    let mut last: Option<(Vec<PersonId>, i64, i64)> = None;
    let mut close = |last: &mut Option<(Vec<PersonId>, i64, i64)>| {
        if let Some((people, from, until)) = last.take() {
            out.push(Conflict::SeveralPrimaries {
                people,
                from,
                until,
            });
        }
    };
    for segment in line.iter().filter(|s| s.holders.len() > 1) {
        let now: Vec<PersonId> = segment.holders.iter().map(|h| h.person.clone()).collect();
        match &mut last {
            Some((people, _, until)) if *until == segment.from && *people == now => {
                *until = segment.until;
            }
            _ => {
                close(&mut last);
                last = Some((now, segment.from, segment.until));
            }
        }
    }
    close(&mut last);
}

/// Absent and unknown people on duty, and those who do not have the role.
fn people(
    book: &Book,
    role: &Role,
    line: &[Segment<'_>],
    absences: &Absences<'_>,
    out: &mut Vec<Conflict>,
) {
    let mut unknown: BTreeSet<&PersonId> = BTreeSet::new();
    let mut lack: BTreeMap<&PersonId, usize> = BTreeMap::new();
    for segment in line {
        for holder in &segment.holders {
            let person = holder.person;
            for absence in absences.of_person(person) {
                absent(role, segment, absence, out);
            }
            match book.members.get(person) {
                Some(member) if member.can(role) => {}
                Some(_) => lacking(role, segment, person, &mut lack, out),
                None if unknown.insert(person) => out.push(Conflict::UnknownPerson {
                    person: person.clone(),
                    role: role.clone(),
                    from: segment.from,
                    until: segment.until,
                }),
                None => {}
            }
        }
    }
}

/// `last` knows where in `out` each person's latest stretch stands: one that goes on is one conflict.
fn lacking<'a>(
    role: &Role,
    segment: &Segment<'_>,
    person: &'a PersonId,
    last: &mut BTreeMap<&'a PersonId, usize>,
    out: &mut Vec<Conflict>,
) {
    let former = last.get(person).and_then(|at| out.get_mut(*at));
    if let Some(Conflict::LacksRole { until, .. }) = former
        && *until == segment.from
    {
        *until = segment.until;
        return;
    }
    last.insert(person, out.len());
    out.push(Conflict::LacksRole {
        person: person.clone(),
        role: role.clone(),
        from: segment.from,
        until: segment.until,
    });
}

fn absent(role: &Role, segment: &Segment<'_>, absence: &Absence, out: &mut Vec<Conflict>) {
    let begin = segment.from.max(absence.from);
    let end = segment.until.min(absence.until);
    if begin >= end {
        return;
    }
    // A stretch of the same absence that goes on is one conflict.
    let former = out.iter_mut().rev().find_map(|c| match c {
        Conflict::AbsentOnDuty {
            absence: id,
            role: r,
            until,
            ..
        } if *id == absence.id && r == role && *until == begin => Some(until),
        _ => None,
    });
    match former {
        Some(until) => *until = end,
        None => out.push(Conflict::AbsentOnDuty {
            person: absence.person.clone(),
            role: role.clone(),
            absence: absence.id,
            from: begin,
            until: end,
        }),
    }
}

fn collect<'a>(
    rota: &'a RotaId,
    role: &'a Role,
    line: &[Segment<'a>],
    out: &mut BTreeMap<&'a PersonId, Vec<Stay<'a>>>,
) {
    for segment in line {
        for holder in &segment.holders {
            let stays = out.entry(holder.person).or_default();
            match stays.last_mut() {
                Some(s) if s.until == segment.from && s.place == (rota, role) => {
                    s.until = segment.until;
                }
                _ => stays.push(Stay {
                    from: segment.from,
                    until: segment.until,
                    place: (rota, role),
                }),
            }
        }
    }
}

/// Other rotas that could have one of these people.
fn elsewhere<'a>(
    book: &'a Book,
    rota: &Rota,
    stays: &BTreeMap<&PersonId, Vec<Stay<'_>>>,
) -> Vec<&'a Rota> {
    let mut out = Vec::new();
    for other in book.rotas.values().filter(|r| r.id != rota.id) {
        let known = |p: &PersonId| stays.contains_key(p);
        let layers = other.layers.iter().any(|l| {
            let mut people = l.rotation.people().into_iter();
            people.any(known)
        });
        let put = book.overrides.values();
        let put = put.filter(|o| o.rota == other.id).any(|o| known(&o.person));
        let swapped = book.swaps.values().any(|s| {
            let there = |slot: &model::rota::Slot| slot.rota == other.id;
            s.state == SwapState::Accepted
                && (there(&s.give) && known(&s.with)
                    || s.take.as_ref().is_some_and(there) && known(&s.give.person))
        });
        let stand_ins = book.absences.values();
        let stands_in = stand_ins.filter_map(|a| a.stand_in.as_ref()).any(known);
        if layers || put || swapped || stands_in {
            out.push(other.as_ref());
        }
    }
    out
}

/// The roles of another rota in which somebody cannot be when on duty here: all but the manager's.
fn on_call(book: &Book, rota: &Rota) -> Vec<Role> {
    let mut out = roles(book, rota);
    out.retain(|r| *r != Role::Manager);
    out
}

fn doubles(
    rota: &RotaId,
    person: &PersonId,
    mut stays: Vec<Stay<'_>>,
    out: &mut Vec<DoubleBooking>,
) {
    stays.sort_by_key(|s| s.from);
    let mut open: Vec<Stay<'_>> = Vec::new();
    for stay in stays {
        open.retain(|o| o.until > stay.from);
        for other in &open {
            let (here, there) = (other.place.0 == rota, stay.place.0 == rota);
            if !here && !there {
                // Two other rotas: theirs to tell.
                continue;
            }
            // The manager of this rota can be on duty elsewhere.
            let manager = |s: &Stay<'_>| *s.place.1 == Role::Manager;
            if here != there && (manager(other) || manager(&stay)) {
                continue;
            }
            let first = here && (!there || other.place.1 <= stay.place.1);
            let (one, two) = if first {
                (other, &stay)
            } else {
                (&stay, other)
            };
            out.push(DoubleBooking {
                person: person.clone(),
                from: stay.from,
                until: stay.until.min(other.until),
                one: place(one),
                other: place(two),
            });
        }
        open.push(stay);
    }
}

fn place(stay: &Stay<'_>) -> Place {
    Place {
        rota: stay.place.0.clone(),
        role: stay.place.1.clone(),
    }
}

fn years(book: &Book, rota: &Rota, from: i64, until: i64) -> Vec<model::rota::MissingYear> {
    let mut out = BTreeSet::new();
    let mut seen = BTreeSet::new();
    for layer in &rota.layers {
        let zone = layer.zone.unwrap_or(rota.zone);
        let id = layer.calendar.as_ref().or(rota.calendar.as_ref());
        if let Some(id) = id.filter(|id| seen.insert((*id, zone.name()))) {
            out.extend(missing_years(book, id, zone, from, until));
        }
    }
    out.into_iter().collect()
}
