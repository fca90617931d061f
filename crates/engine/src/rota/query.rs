//! Who is on duty: at an instant, over a stretch, and when that changes.

use super::timeline::{Absences, Holder, Segment, Why, roles, segments};
use model::duty::PersonId;
use model::rota::{Book, OnDuty, Role, Rota, RotaId, Shift};
use std::cmp::Ordering;

/// How far back and ahead [`on_duty`] looks for the begin and end of somebody's duty, ms.
pub const LOOK: i64 = 40 * DAY;
const DAY: i64 = 24 * 3_600_000;

/// Who has which role of a rota at `t`, ms, and why: by role, then in the order of the turn. Empty for a rota that is not in the book.
pub fn on_duty(book: &Book, rota: &RotaId, t: i64) -> Vec<OnDuty> {
    let Some(rota) = book.rotas.get(rota) else {
        return Vec::new();
    };
    let from = t.saturating_sub(LOOK);
    let until = t.saturating_add(LOOK);
    let absences = Absences::of(book, from, until);
    let mut out = Vec::new();
    for role in roles(book, rota) {
        let line = segments(book, rota, &role, &absences, from, until);
        let Some(here) = line.iter().position(|s| s.from <= t && t < s.until) else {
            continue;
        };
        let Some((before, rest)) = line.split_at_checked(here) else {
            continue;
        };
        let Some((segment, after)) = rest.split_first() else {
            continue;
        };
        for holder in &segment.holders {
            let same = |s: &&Segment<'_>| holds_alike(s, segment, holder);
            let since = before.iter().rev().take_while(same).last();
            let last = after.iter().take_while(same).last();
            out.push(OnDuty {
                role: role.clone(),
                person: holder.person.clone(),
                from: since.map_or(segment.from, |s| s.from),
                until: last.map_or(segment.until, |s| s.until),
                reason: segment.reason(holder),
            });
        }
    }
    out
}

/// Whether somebody has the role in `other` by the same layer, stand-in, override or swap as in `here`.
fn holds_alike(other: &Segment<'_>, here: &Segment<'_>, holder: &Holder<'_>) -> bool {
    let layer = |s: &Segment<'_>| s.base.map(|b| b.layer.id);
    let by_layer = matches!(holder.why, Why::Turn | Why::StandIn { .. });
    other.holders.contains(holder) && (!by_layer || layer(other) == layer(here))
}

/// Who has one role at `t`, in the order of the turn: as [`on_duty`] without looking for begin and end.
pub fn holders(book: &Book, rota: &RotaId, role: &Role, t: i64) -> Vec<PersonId> {
    let Some(rota) = book.rotas.get(rota) else {
        return Vec::new();
    };
    let until = t.saturating_add(1);
    let absences = Absences::of(book, t, until);
    let line = segments(book, rota, role, &absences, t, until);
    line.first()
        .map(|s| s.holders.iter().map(|h| h.person.clone()).collect())
        .unwrap_or_default()
}

/// Everybody's shifts from `from` to `until`, ms, as they result from everything, cut to that stretch: by begin, role and person. What one
/// person has of one shift without a break and for one reason is one entry.
pub fn schedule(book: &Book, rota: &RotaId, from: i64, until: i64) -> Vec<Shift> {
    let Some(rota) = book.rotas.get(rota) else {
        return Vec::new();
    };
    let absences = Absences::of(book, from, until);
    let mut out = Vec::new();
    for role in roles(book, rota) {
        let line = segments(book, rota, &role, &absences, from, until);
        shifts_of(&role, &line, &mut out);
    }
    out.sort_by(in_order);
    out
}

fn in_order(a: &Shift, b: &Shift) -> Ordering {
    let key = |s: &Shift| (s.from, s.until);
    key(a)
        .cmp(&key(b))
        .then_with(|| a.role.cmp(&b.role))
        .then_with(|| a.person.cmp(&b.person))
}

fn shifts_of(role: &Role, line: &[Segment<'_>], out: &mut Vec<Shift>) {
    let mut open: Vec<Shift> = Vec::new();
    for segment in line {
        let mut still: Vec<Shift> = Vec::with_capacity(segment.holders.len());
        for holder in &segment.holders {
            let new = shift_of(role, segment, holder);
            let former = open.iter().position(|s| continues(s, &new));
            match former.map(|at| open.swap_remove(at)) {
                Some(former) => still.push(Shift {
                    until: new.until,
                    ..former
                }),
                None => still.push(new),
            }
        }
        out.append(&mut open);
        open = still;
    }
    out.append(&mut open);
}

fn shift_of(role: &Role, segment: &Segment<'_>, holder: &Holder<'_>) -> Shift {
    let turn = segment.base.map_or(&[][..], |b| b.shift.people);
    let is_on = |p: &&PersonId| segment.holders.iter().any(|h| h.person == *p);
    let others = turn.iter().filter(|p| !is_on(p));
    let instead_of = match holder.why {
        Why::Turn => Vec::new(),
        Why::StandIn { of, .. } => vec![of.clone()],
        Why::Override(_) | Why::Swap(_) => others.cloned().collect(),
    };
    Shift {
        role: role.clone(),
        person: holder.person.clone(),
        from: segment.from,
        until: segment.until,
        reason: segment.reason(holder),
        layer: segment.base.map(|b| b.layer.id),
        day: segment.base.map(|b| b.shift.day),
        instead_of,
    }
}

fn continues(former: &Shift, new: &Shift) -> bool {
    former.until == new.from
        && former.person == new.person
        && former.reason == new.reason
        && former.layer == new.layer
        && former.day == new.day
        && former.instead_of == new.instead_of
}

/// The next moment after `t`, ms, at which a role changes hands, begins to have nobody or ceases to; `None`: not within 400 days.
pub fn next_change(book: &Book, rota: &RotaId, t: i64) -> Option<i64> {
    let rota = book.rotas.get(rota)?;
    [2 * DAY, 40 * DAY, 400 * DAY].into_iter().find_map(|look| {
        let until = t.saturating_add(look);
        let absences = Absences::of(book, t, until);
        let of_role = |role: &Role| change_of(book, rota, role, &absences, t, until);
        roles(book, rota).iter().filter_map(of_role).min()
    })
}

/// Who has a role next, after those who have it at `t`, ms: from when until when, and why. Gaps between are passed over; nobody if it stays as
/// it is for 400 days.
pub fn next_on_duty(book: &Book, rota: &RotaId, role: &Role, t: i64) -> Vec<OnDuty> {
    let now = holders(book, rota, role, t);
    let mut at = t;
    // Other roles' changes and gaps come between; a role that changes more often than this in between is no rota.
    for _ in 0..100 {
        let Some(next) = next_change(book, rota, at) else {
            break;
        };
        at = next;
        let then = holders(book, rota, role, at);
        if !then.is_empty() && then != now {
            let mut on = on_duty(book, rota, at);
            on.retain(|d| d.role == *role);
            return on;
        }
    }
    Vec::new()
}

fn change_of(
    book: &Book,
    rota: &Rota,
    role: &Role,
    absences: &Absences<'_>,
    from: i64,
    until: i64,
) -> Option<i64> {
    let line = segments(book, rota, role, absences, from, until);
    let people = |s: &Segment<'_>| -> Vec<String> {
        let mut out: Vec<String> = s.holders.iter().map(|h| h.person.clone()).collect();
        out.sort_unstable();
        out
    };
    let now = people(line.first()?);
    line.iter().find(|s| people(s) != now).map(|s| s.from)
}
