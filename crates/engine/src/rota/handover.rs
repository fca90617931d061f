//! From one shift to the next: when a handover is due, whether it is signed, and to whom pages go meanwhile.

use super::query::{holders, next_change, on_duty};
use super::timeline::{Absences, segments};
use model::duty::PersonId;
use model::rota::{
    Book, Gap, Handover, HandoverId, HandoverRules, HandoverState, OnDuty, Role, RotaId,
};
use std::collections::BTreeSet;

/// The changes of the primary from `from` (not at it) to `until`, ms, that are to be handed over and are not in the book yet: who to whom, with
/// an empty pack. None for a rota without [`model::rota::Rota::handover`]. After a gap it is those before the gap who hand over; where the same
/// people go on there is nothing to hand over.
pub fn handovers_due(book: &Book, rota: &RotaId, from: i64, until: i64) -> Vec<Handover> {
    let Some(found) = book.rotas.get(rota).filter(|r| r.handover.is_some()) else {
        return Vec::new();
    };
    let role = Role::Primary;
    let absences = Absences::of(book, from, until);
    let line = segments(book, found, &role, &absences, from, until);
    let mut out = Vec::new();
    let mut last: Vec<PersonId> = Vec::new();
    for segment in &line {
        let now: Vec<PersonId> = segment.holders.iter().map(|h| h.person.clone()).collect();
        if now.is_empty() {
            continue;
        }
        let kept = |h: &Handover| h.rota == *rota && h.role == role && h.at == segment.from;
        if segment.from > from
            && !last.is_empty()
            && !same_people(&last, &now)
            && !book.handovers.values().any(|h| kept(h))
        {
            out.push(Handover {
                rota: rota.clone(),
                role: role.clone(),
                at: segment.from,
                from: last,
                to: now.clone(),
                ..Handover::default()
            });
        }
        last = now;
    }
    out
}

fn same_people(one: &[PersonId], other: &[PersonId]) -> bool {
    let set = |p: &[PersonId]| p.iter().cloned().collect::<BTreeSet<_>>();
    set(one) == set(other)
}

/// Handovers that are overdue at `now`, ms, and of which both sides have not been told yet, oldest first.
pub fn unsigned(book: &Book, now: i64) -> Vec<HandoverId> {
    let mut out: Vec<&Handover> = Vec::new();
    for handover in book.handovers.values() {
        let rules = rules(book, &handover.rota);
        let overdue = |r| handover.state(r, now) == HandoverState::Overdue;
        if handover.told_at.is_none() && rules.is_some_and(overdue) {
            out.push(handover);
        }
    }
    out.sort_by_key(|h| (h.at, h.id));
    out.into_iter().map(|h| h.id).collect()
}

fn rules(book: &Book, rota: &RotaId) -> Option<HandoverRules> {
    book.rotas.get(rota).and_then(|r| r.handover)
}

/// When the next unsigned handover becomes overdue after `now`, ms.
pub fn next_overdue(book: &Book, now: i64) -> Option<i64> {
    let due = |h: &Handover| {
        let rules = rules(book, &h.rota)?;
        let at = h.at.saturating_add(rules.grace_ms);
        (h.signed_at().is_none() && h.told_at.is_none() && at > now).then_some(at)
    };
    book.handovers.values().filter_map(|h| due(h)).min()
}

/// To whom pages for a role go, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pages {
    /// Whom. Nobody only if there is nobody at all.
    pub to: Vec<PersonId>,
    /// Why them.
    pub why: PagesWhy,
}

/// Why pages go where they go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PagesWhy {
    /// They are on duty.
    OnDuty,
    /// The handover to those who are on duty is not signed: the old shift keeps the pages.
    NotHandedOver {
        /// Which.
        handover: HandoverId,
    },
    /// Nobody is on duty: those who stand behind the role get them.
    NobodyOnDuty,
}

/// Where pages for the primary go among those on duty at `t`, ms: the newest handover that has happened by then decides. As long as it is not
/// signed the old shift keeps them; when the shift changes again, that change's old shift. A handover to people who are not on duty any more
/// decides nothing.
pub fn pages_to(on_duty: &[OnDuty], handovers: &[&Handover], t: i64) -> Pages {
    let of_role = |role: &Role| -> Vec<PersonId> {
        let there = on_duty.iter().filter(|d| d.role == *role);
        there.map(|d| d.person.clone()).collect()
    };
    let primary = of_role(&Role::Primary);
    if primary.is_empty() {
        let behind = [Role::Secondary, Role::Manager].iter().map(of_role);
        let to = behind.into_iter().find(|p| !p.is_empty());
        return Pages {
            to: to.unwrap_or_default(),
            why: PagesWhy::NobodyOnDuty,
        };
    }
    let happened = handovers
        .iter()
        .filter(|h| h.role == Role::Primary && h.at <= t);
    let newest = happened.max_by_key(|h| (h.at, h.id));
    let signed = |h: &Handover| h.signed_at().is_some_and(|at| at <= t);
    match newest {
        Some(h) if !signed(h) && !h.from.is_empty() && h.to.iter().any(|p| primary.contains(p)) => {
            Pages {
                to: h.from.clone(),
                why: PagesWhy::NotHandedOver { handover: h.id },
            }
        }
        _ => Pages {
            to: primary,
            why: PagesWhy::OnDuty,
        },
    }
}

/// To whom a page for a role of a rota goes at `t`, ms. For the primary handovers count ([`pages_to`]); old shifts that are absent by now keep
/// nothing. Where nobody has the role it goes to the secondary, then to the manager of the rota, then to every manager in the list of people,
/// then to everybody: never to nobody as long as there is somebody.
pub fn pages_for(book: &Book, rota: &RotaId, role: &Role, t: i64) -> Pages {
    let on = on_duty(book, rota, t);
    if *role == Role::Primary && rules(book, rota).is_some() {
        let handovers = book.handovers.values().map(AsRef::as_ref);
        let handovers: Vec<&Handover> = handovers.filter(|h| h.rota == *rota).collect();
        let mut pages = pages_to(&on, &handovers, t);
        if let PagesWhy::NotHandedOver { .. } = pages.why {
            let absences = Absences::of(book, t, t.saturating_add(1));
            pages.to.retain(|p| absences.at(p, t).is_none());
            if !pages.to.is_empty() {
                return pages;
            }
        }
    }
    let direct = on.iter().filter(|d| d.role == *role);
    let direct: Vec<PersonId> = direct.map(|d| d.person.clone()).collect();
    if !direct.is_empty() {
        return Pages {
            to: direct,
            why: PagesWhy::OnDuty,
        };
    }
    Pages {
        to: behind(book, &on),
        why: PagesWhy::NobodyOnDuty,
    }
}

/// Who stands behind a role that nobody has.
fn behind(book: &Book, on: &[OnDuty]) -> Vec<PersonId> {
    for role in [Role::Primary, Role::Secondary, Role::Manager] {
        let there = on.iter().filter(|d| d.role == role);
        let there: Vec<PersonId> = there.map(|d| d.person.clone()).collect();
        if !there.is_empty() {
            return there;
        }
    }
    managers(book)
}

fn managers(book: &Book) -> Vec<PersonId> {
    let all = book.members.values();
    let named = all.clone().filter(|m| m.roles.contains(&Role::Manager));
    let named: Vec<PersonId> = named.map(|m| m.id.clone()).collect();
    if named.is_empty() {
        return all.map(|m| m.id.clone()).collect();
    }
    named
}

/// Nobody has a required role of a rota at an instant: a P1 for `tell`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nobody {
    /// Which rota.
    pub rota: RotaId,
    /// The role, the gap around the instant (looked for a week back and ahead) and its cause.
    pub gap: Gap,
    /// The managers: of the rota at that instant, or else all of the list, or else everybody.
    pub tell: Vec<PersonId>,
}

/// Required roles that nobody has at `t`, ms, of every rota that has layers at all.
pub fn nobody_on_duty(book: &Book, t: i64) -> Vec<Nobody> {
    const WEEK: i64 = 7 * 24 * 3_600_000;
    let mut out = Vec::new();
    for rota in book.rotas.values().filter(|r| !r.layers.is_empty()) {
        for role in &rota.required {
            if !holders(book, &rota.id, role, t).is_empty() {
                continue;
            }
            let around = super::coverage(
                book,
                &rota.id,
                t.saturating_sub(WEEK),
                t.saturating_add(WEEK),
            );
            let here = |g: &Gap| g.role == *role && g.from <= t && t < g.until;
            let Some(gap) = around.gaps.into_iter().find(here) else {
                continue;
            };
            let mut tell = holders(book, &rota.id, &Role::Manager, t);
            if tell.is_empty() {
                tell = managers(book);
            }
            out.push(Nobody {
                rota: rota.id.clone(),
                gap,
                tell,
            });
        }
    }
    out
}

/// The next moment after `t`, ms, at which an answer about the present can differ: somebody's duty or absence begins or ends, a handover
/// happens or becomes overdue. For the timer of whoever shows or uses who is on duty; `None`: nothing within 400 days.
pub fn next_moment(book: &Book, t: i64) -> Option<i64> {
    let changes = book.rotas.keys().filter_map(|r| next_change(book, r, t));
    let absences = book.absences.values().flat_map(|a| [a.from, a.until]);
    let handovers = book.handovers.values().map(|h| h.at);
    let known = absences.chain(handovers).filter(|at| *at > t);
    changes.chain(known).chain(next_overdue(book, t)).min()
}
