//! One role of a rota over time: layers, absences, overrides and swaps put together.
//!
//! All moments at which anything begins or ends cut the time into segments; in each of them one answer holds.

use super::turns::{Occurrence, Setting, occurrences};
use model::duty::PersonId;
use model::rota::{
    Absence, AbsenceId, Book, DayKind, DutyReason, GapCause, Layer, Override, OverrideId, Role,
    Rota, Slot, SwapId, SwapState,
};
use std::collections::{BTreeMap, BTreeSet};

/// Longer stretches are cut off, ms: eleven years.
pub const LONGEST: i64 = 4018 * 24 * 3_600_000;

/// Why somebody has a role, without copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why<'a> {
    Turn,
    StandIn {
        absence: AbsenceId,
        of: &'a PersonId,
    },
    Override(OverrideId),
    Swap(SwapId),
}

/// Somebody who has the role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Holder<'a> {
    pub person: &'a PersonId,
    pub why: Why<'a>,
}

/// The shift of a layer that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Base<'a> {
    pub layer: &'a Layer,
    pub shift: Occurrence<'a>,
}

/// A stretch in which one answer holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Segment<'a> {
    pub from: i64,
    pub until: i64,
    /// The layer that counts; if nobody of any layer is there, the first of them.
    pub base: Option<Base<'a>>,
    pub holders: Vec<Holder<'a>>,
    /// Whether it is the turn of somebody who is absent, everywhere, with nobody standing in.
    pub absent: bool,
}

impl<'a> Segment<'a> {
    pub fn reason(&self, holder: &Holder<'a>) -> DutyReason {
        let id = self.base.map(|b| b.layer.id).unwrap_or_default();
        match holder.why {
            Why::Override(id) => DutyReason::Override { id },
            Why::Swap(id) => DutyReason::Swap { id },
            Why::StandIn { absence, of } => DutyReason::StandIn {
                absence,
                layer: id,
                of: of.clone(),
            },
            Why::Turn => self.turn_reason(),
        }
    }

    fn turn_reason(&self) -> DutyReason {
        let layer = self.base.map(|b| b.layer.id).unwrap_or_default();
        match self.base {
            Some(b) if is_holiday_shift(b.layer, &b.shift) => DutyReason::Holiday {
                layer,
                name: b.shift.name.unwrap_or_default().to_string(),
            },
            base => DutyReason::Layer {
                layer,
                day: base.map_or(DayKind::Workday, |b| b.shift.kind),
            },
        }
    }

    /// Why nobody has the role; of use only where nobody has.
    pub fn cause(&self) -> GapCause {
        match self.base {
            None => GapCause::NoShift,
            Some(b) if self.absent => GapCause::AllAbsent {
                layer: b.layer.id,
                people: b.shift.people.to_vec(),
            },
            Some(b) => GapCause::NobodyNamed { layer: b.layer.id },
        }
    }

    fn continues(&self, former: &Self) -> bool {
        former.until == self.from
            && former.base == self.base
            && former.holders == self.holders
            && former.absent == self.absent
    }
}

fn is_holiday_shift(layer: &Layer, shift: &Occurrence<'_>) -> bool {
    layer.rule.is_for_holidays() && shift.kind == DayKind::Holiday
}

/// An override or one side of an accepted swap.
#[derive(Clone, Copy)]
struct Decision<'a> {
    from: i64,
    until: i64,
    /// When it was decided, its number, its side: the order in which decisions count.
    order: (i64, i64, u8),
    act: Act<'a>,
}

#[derive(Clone, Copy)]
enum Act<'a> {
    Put(&'a Override),
    Trade {
        id: SwapId,
        gives: &'a PersonId,
        takes: &'a PersonId,
    },
}

/// Absences by person.
pub(super) struct Absences<'a>(BTreeMap<&'a PersonId, Vec<&'a Absence>>);

impl<'a> Absences<'a> {
    /// Those that touch the stretch.
    pub fn of(book: &'a Book, from: i64, until: i64) -> Self {
        let mut out: BTreeMap<&PersonId, Vec<&Absence>> = BTreeMap::new();
        for absence in book.absences.values() {
            if absence.from < until && absence.until > from {
                out.entry(&absence.person).or_default().push(absence);
            }
        }
        Self(out)
    }

    /// The absence that covers an instant.
    pub fn at(&self, person: &PersonId, t: i64) -> Option<&'a Absence> {
        let all = self.0.get(person)?;
        all.iter().find(|a| a.from <= t && t < a.until).copied()
    }

    /// Those of one person.
    pub fn of_person(&self, person: &PersonId) -> &[&'a Absence] {
        self.0.get(person).map_or(&[], Vec::as_slice)
    }

    fn moments(&self) -> impl Iterator<Item = i64> + '_ {
        self.0.values().flatten().flat_map(|a| [a.from, a.until])
    }
}

/// Every role that a rota's layers, overrides and requirements name.
pub(super) fn roles(book: &Book, rota: &Rota) -> Vec<Role> {
    let mut out: BTreeSet<&Role> = rota.required.iter().collect();
    out.extend(rota.layers.iter().map(|l| &l.role));
    let put = book.overrides.values().filter(|o| o.rota == rota.id);
    let mut out: BTreeSet<Role> = out.into_iter().cloned().collect();
    out.extend(put.map(|o| o.role.clone()));
    out.into_iter().collect()
}

/// The segments of a role from `from` to `until`, in order, without holes between them; empty if the stretch is. Not longer than [`LONGEST`].
pub(super) fn segments<'a>(
    book: &'a Book,
    rota: &'a Rota,
    role: &Role,
    absences: &Absences<'a>,
    from: i64,
    until: i64,
) -> Vec<Segment<'a>> {
    let until = until.min(from.saturating_add(LONGEST));
    if from >= until {
        return Vec::new();
    }
    let mut lanes = lanes(book, rota, role, from, until);
    let decisions = decisions(book, rota, role, from, until);
    let mut moments: Vec<i64> = vec![from, until];
    let shifts = lanes.iter().flat_map(|l| &l.shifts);
    moments.extend(shifts.flat_map(|s| [s.from, s.until]));
    moments.extend(decisions.iter().flat_map(|d| [d.from, d.until]));
    moments.extend(absences.moments());
    moments.retain(|t| from <= *t && *t <= until);
    moments.sort_unstable();
    moments.dedup();
    let mut out: Vec<Segment<'a>> = Vec::with_capacity(moments.len());
    let mut coming = decisions.iter().peekable();
    let mut active: Vec<&Decision<'a>> = Vec::new();
    for (from, until) in moments.iter().zip(moments.iter().skip(1)) {
        while let Some(d) = coming.next_if(|d| d.from <= *from) {
            let at = active.partition_point(|a| a.order <= d.order);
            active.insert(at, d);
        }
        active.retain(|d| d.until > *from);
        let mut segment = turn_of(&mut lanes, absences, *from, *until);
        for decision in &active {
            decide(&mut segment.holders, decision);
        }
        match out.last_mut() {
            Some(former) if segment.continues(former) => former.until = segment.until,
            _ => out.push(segment),
        }
    }
    out
}

/// A layer's shifts, and the one that comes next.
struct Lane<'a> {
    layer: &'a Layer,
    shifts: Vec<Occurrence<'a>>,
    next: usize,
}

/// The layers of a role, larger priority first, then in their order.
fn lanes<'a>(book: &'a Book, rota: &'a Rota, role: &Role, from: i64, until: i64) -> Vec<Lane<'a>> {
    let mut layers: Vec<&Layer> = rota.layers.iter().filter(|l| l.role == *role).collect();
    layers.sort_by_key(|l| std::cmp::Reverse(l.priority));
    let lane = |layer: &'a Layer| Lane {
        layer,
        shifts: occurrences(layer, &Setting::of(book, rota, layer), from, until),
        next: 0,
    };
    layers.into_iter().map(lane).collect()
}

/// Overrides and both sides of accepted swaps that touch the stretch, by their begin.
fn decisions<'a>(
    book: &'a Book,
    rota: &Rota,
    role: &Role,
    from: i64,
    until: i64,
) -> Vec<Decision<'a>> {
    let mut out: Vec<Decision<'a>> = Vec::new();
    for o in book.overrides.values() {
        if o.rota == rota.id && o.role == *role {
            out.push(Decision {
                from: o.from,
                until: o.until,
                order: (o.at, o.id.0, 0),
                act: Act::Put(o),
            });
        }
    }
    for swap in book.swaps.values() {
        if swap.state != SwapState::Accepted {
            continue;
        }
        let side = |slot: &'a Slot, takes: &'a PersonId, side| Decision {
            from: slot.from,
            until: slot.until,
            order: (swap.decided_at.unwrap_or(swap.at), swap.id.0, side),
            act: Act::Trade {
                id: swap.id,
                gives: &slot.person,
                takes,
            },
        };
        let here = |slot: &Slot| slot.rota == rota.id && slot.role == *role;
        if here(&swap.give) {
            out.push(side(&swap.give, &swap.with, 0));
        }
        if let Some(take) = swap.take.as_ref().filter(|t| here(t)) {
            out.push(side(take, &swap.give.person, 1));
        }
    }
    out.retain(|d| d.from < until && d.until > from && d.from < d.until);
    out.sort_by_key(|d| (d.from, d.order));
    out
}

/// Who has the role by the layers.
fn turn_of<'a>(
    lanes: &mut [Lane<'a>],
    absences: &Absences<'a>,
    from: i64,
    until: i64,
) -> Segment<'a> {
    let mut on: Vec<Base<'a>> = Vec::with_capacity(lanes.len());
    for lane in lanes {
        while lane.shifts.get(lane.next).is_some_and(|s| s.until <= from) {
            lane.next += 1;
        }
        if let Some(shift) = lane.shifts.get(lane.next).filter(|s| s.from <= from) {
            on.push(Base {
                layer: lane.layer,
                shift: *shift,
            });
        }
    }
    // Stable: among holiday shifts, and among the others, the order of the lanes stays.
    on.sort_by_key(|b| !is_holiday_shift(b.layer, &b.shift));
    for base in &on {
        let holders = present(base.shift.people, absences, from);
        if !holders.is_empty() {
            return Segment {
                from,
                until,
                base: Some(*base),
                holders,
                absent: false,
            };
        }
    }
    let base = on.first().copied();
    Segment {
        from,
        until,
        base,
        holders: Vec::new(),
        absent: base.is_some_and(|b| !b.shift.people.is_empty()),
    }
}

/// Those of a turn who are there, and stand-ins who are, each once.
fn present<'a>(people: &'a [PersonId], absences: &Absences<'a>, t: i64) -> Vec<Holder<'a>> {
    let mut out: Vec<Holder<'a>> = Vec::with_capacity(people.len());
    for person in people {
        let holder = match absences.at(person, t) {
            None => Some(Holder {
                person,
                why: Why::Turn,
            }),
            Some(absence) => absence
                .stand_in
                .as_ref()
                .filter(|s| absences.at(s, t).is_none())
                .map(|stand_in| Holder {
                    person: stand_in,
                    why: Why::StandIn {
                        absence: absence.id,
                        of: person,
                    },
                }),
        };
        if let Some(holder) = holder {
            match out.iter_mut().find(|h| h.person == holder.person) {
                // One's own turn is the better reason.
                Some(same) if holder.why == Why::Turn => *same = holder,
                Some(_) => {}
                None => out.push(holder),
            }
        }
    }
    out
}

fn decide<'a>(holders: &mut Vec<Holder<'a>>, decision: &Decision<'a>) {
    match decision.act {
        Act::Put(o) => {
            let new = Holder {
                person: &o.person,
                why: Why::Override(o.id),
            };
            let place = o.replaces.as_ref();
            let place = place.and_then(|p| holders.iter().position(|h| h.person == p));
            match place {
                Some(at) => put(holders, at, new),
                None => *holders = vec![new],
            }
        }
        Act::Trade { id, gives, takes } => {
            if let Some(at) = holders.iter().position(|h| h.person == gives) {
                let new = Holder {
                    person: takes,
                    why: Why::Swap(id),
                };
                put(holders, at, new);
            }
        }
    }
}

/// Puts somebody in another's place; whoever has the role already does not get it twice.
fn put<'a>(holders: &mut Vec<Holder<'a>>, at: usize, new: Holder<'a>) {
    if let Some(place) = holders.get_mut(at) {
        *place = new;
    }
    let mut index = 0;
    holders.retain(|h| {
        index += 1;
        index == at + 1 || h.person != new.person
    });
}
