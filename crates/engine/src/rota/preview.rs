//! What an edit would change before it is made: shifts on both sides, new gaps and conflicts, and those that it heals.

use super::coverage::coverage;
use super::edit::{Refusal, apply};
use super::query::schedule;
use model::duty::Actor;
use model::rota::{
    Book, Conflict, Coverage, DoubleBooking, Edit, Gap, GapCause, Role, RotaChange, RotaId, Shift,
    Swap, SwapState, Touched,
};
use std::sync::Arc;

/// What an edit would do to one rota.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Difference {
    /// Which rota.
    pub rota: RotaId,
    /// What would be wrong that is not wrong now: to be shown in red before saving.
    pub worse: Coverage,
    /// What is wrong now and would not be any more.
    pub better: Coverage,
    /// Shifts that would be no more, or shorter: as they are now.
    pub before: Vec<Shift>,
    /// Shifts that would be instead.
    pub after: Vec<Shift>,
}

/// What an edit would do.
#[derive(Clone, Debug, PartialEq)]
pub struct Preview {
    /// The change as it would be kept.
    pub change: RotaChange,
    /// Every rota for which something would be different, by id.
    pub differences: Vec<Difference>,
}

impl Preview {
    /// Whether nothing gets worse.
    pub fn is_clean(&self) -> bool {
        self.differences.iter().all(|d| d.worse.is_clean())
    }
}

/// Tries an edit as `by` at `now`: the book as it would be, and the change. Refused as [`apply`] would refuse it. What is asked for counts as
/// agreed to: a request by itself changes nobody's duty, and whoever asks or is asked wants to know what an agreement would break.
pub fn tried(book: &Book, edit: Edit, by: &Actor, now: i64) -> Result<(Book, RotaChange), Refusal> {
    let (mut after, change) = apply(book, edit, by, now)?;
    for touched in &change.touched {
        if let Touched::Swap {
            after: Some(swap), ..
        } = touched
            && swap.state == SwapState::Requested
        {
            let agreed = Swap {
                state: SwapState::Accepted,
                decided_at: Some(now),
                ..Swap::clone(swap)
            };
            after.swaps.insert(agreed.id, Arc::new(agreed));
        }
    }
    Ok((after, change))
}

/// Tries an edit as `by` at `now` and compares from `from` to `until`, ms. Refused as [`apply`] would refuse it.
pub fn preview(
    book: &Book,
    edit: Edit,
    by: &Actor,
    now: i64,
    from: i64,
    until: i64,
) -> Result<Preview, Refusal> {
    let (after, change) = tried(book, edit, by, now)?;
    Ok(Preview {
        change,
        differences: differences(book, &after, from, until),
    })
}

/// Every rota for which something is different between two books from `from` to `until`, ms, by id.
pub fn differences(before: &Book, after: &Book, from: i64, until: i64) -> Vec<Difference> {
    let mut ids: Vec<&RotaId> = before.rotas.keys().chain(after.rotas.keys()).collect();
    ids.sort_unstable();
    ids.dedup();
    ids.into_iter()
        .filter_map(|id| difference(before, after, id, from, until))
        .collect()
}

fn difference(
    before: &Book,
    after: &Book,
    rota: &RotaId,
    from: i64,
    until: i64,
) -> Option<Difference> {
    let was = coverage(before, rota, from, until);
    let (old, new) = (
        schedule(before, rota, from, until),
        schedule(after, rota, from, until),
    );
    let is = if after.rotas.contains_key(rota) {
        coverage(after, rota, from, until)
    } else {
        removed(&was, &old)
    };
    if was == is && old == new {
        return None;
    }
    Some(Difference {
        rota: rota.clone(),
        worse: less(&is, &was),
        better: less(&was, &is),
        before: without(&old, &new),
        after: without(&new, &old),
    })
}

/// What is wrong with a rota that is no more: nobody is where somebody was, and of what was wrong nothing has been put right.
fn removed(was: &Coverage, old: &[Shift]) -> Coverage {
    let mut gaps: Vec<Gap> = Vec::new();
    let mut shifts: Vec<&Shift> = old.iter().collect();
    shifts.sort_by(|a, b| (&a.role, a.from).cmp(&(&b.role, b.from)));
    for shift in shifts {
        match gaps.last_mut() {
            Some(last) if last.role == shift.role && shift.from <= last.until => {
                last.until = last.until.max(shift.until);
            }
            _ => gaps.push(Gap {
                role: shift.role.clone(),
                from: shift.from,
                until: shift.until,
                cause: GapCause::NoShift,
            }),
        }
    }
    let mut is = was.clone();
    is.gaps.extend(gaps);
    is
}

/// Parts of `shifts` in which the person does not have the role for the same reason in `others`.
fn without(shifts: &[Shift], others: &[Shift]) -> Vec<Shift> {
    let mut out = Vec::new();
    for shift in shifts {
        let same = |o: &&Shift| {
            o.person == shift.person && o.role == shift.role && o.reason == shift.reason
        };
        let covered = others.iter().filter(same).map(|o| (o.from, o.until));
        for (from, until) in rest(shift.from, shift.until, covered) {
            out.push(Shift {
                from,
                until,
                ..shift.clone()
            });
        }
    }
    out
}

/// What remains of a stretch beside others.
fn rest(from: i64, until: i64, others: impl Iterator<Item = (i64, i64)>) -> Vec<(i64, i64)> {
    let mut others: Vec<(i64, i64)> = others.filter(|(f, u)| *f < until && *u > from).collect();
    others.sort_unstable();
    let mut out = Vec::new();
    let mut start = from;
    for (begin, end) in others {
        if begin > start {
            out.push((start, begin));
        }
        start = start.max(end);
    }
    if start < until {
        out.push((start, until));
    }
    out
}

/// What is wrong in `one` beyond what is wrong in `other`.
fn less(one: &Coverage, other: &Coverage) -> Coverage {
    let missing = |y: &&model::rota::MissingYear| !other.missing_years.contains(y);
    Coverage {
        rota: one.rota.clone(),
        from: one.from,
        until: one.until,
        gaps: one.gaps.iter().flat_map(|g| gap_less(g, other)).collect(),
        doubles: one
            .doubles
            .iter()
            .flat_map(|d| double_less(d, other))
            .collect(),
        conflicts: one
            .conflicts
            .iter()
            .flat_map(|c| conflict_less(c, other))
            .collect(),
        missing_years: one.missing_years.iter().filter(missing).cloned().collect(),
    }
}

fn gap_less(gap: &Gap, other: &Coverage) -> Vec<Gap> {
    let same = other.gaps.iter().filter(|g| g.role == gap.role);
    rest(gap.from, gap.until, same.map(|g| (g.from, g.until)))
        .into_iter()
        .map(|(from, until)| Gap {
            from,
            until,
            ..gap.clone()
        })
        .collect()
}

fn double_less(double: &DoubleBooking, other: &Coverage) -> Vec<DoubleBooking> {
    let same = other
        .doubles
        .iter()
        .filter(|d| d.person == double.person && d.one == double.one && d.other == double.other);
    rest(double.from, double.until, same.map(|d| (d.from, d.until)))
        .into_iter()
        .map(|(from, until)| DoubleBooking {
            from,
            until,
            ..double.clone()
        })
        .collect()
}

fn conflict_less(conflict: &Conflict, other: &Coverage) -> Vec<Conflict> {
    let (from, until) = times(conflict);
    let same = other.conflicts.iter().filter(|c| alike(c, conflict));
    let mut left = rest(from, until, same.map(times)).into_iter();
    if matches!(conflict, Conflict::UnknownPerson { .. }) {
        // It names the first stretch only: once is enough.
        let known = other.conflicts.iter().any(|c| alike(c, conflict));
        return if known {
            Vec::new()
        } else {
            vec![conflict.clone()]
        };
    }
    left.by_ref().map(|t| at(conflict, t)).collect()
}

fn times(conflict: &Conflict) -> (i64, i64) {
    match conflict {
        Conflict::AbsentOnDuty { from, until, .. }
        | Conflict::SeveralPrimaries { from, until, .. }
        | Conflict::UnknownPerson { from, until, .. }
        | Conflict::LacksRole { from, until, .. } => (*from, *until),
    }
}

fn at(conflict: &Conflict, (begin, end): (i64, i64)) -> Conflict {
    let mut out = conflict.clone();
    match &mut out {
        Conflict::AbsentOnDuty { from, until, .. }
        | Conflict::SeveralPrimaries { from, until, .. }
        | Conflict::UnknownPerson { from, until, .. }
        | Conflict::LacksRole { from, until, .. } => (*from, *until) = (begin, end),
    }
    out
}

/// Whether two conflicts are the same but for their time.
fn alike(one: &Conflict, other: &Conflict) -> bool {
    let key = |c: &Conflict| -> (u8, Vec<String>, Option<Role>, i64) {
        match c {
            Conflict::AbsentOnDuty {
                person,
                role,
                absence,
                ..
            } => (0, vec![person.clone()], Some(role.clone()), absence.0),
            Conflict::SeveralPrimaries { people, .. } => (1, people.clone(), None, 0),
            Conflict::UnknownPerson { person, role, .. } => {
                (2, vec![person.clone()], Some(role.clone()), 0)
            }
            Conflict::LacksRole { person, role, .. } => {
                (3, vec![person.clone()], Some(role.clone()), 0)
            }
        }
    };
    key(one) == key(other)
}
