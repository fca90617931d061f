//! From when until when an edit can make a difference: what is compared before it is kept, whatever days are on the screen.

use super::wall;
use chrono::{Days, NaiveDate};
use chrono_tz::Tz;
use model::rota::{Absence, Book, Edit, Layer, Override, Rota, RotaId, Slot, Swap, WallTime};

const DAY: i64 = 24 * 3_600_000;
/// How far a change without an end is followed, ms: a quarter, with its longest months.
pub const AHEAD: i64 = 92 * DAY;
/// Nothing is compared over longer than this at once, ms.
const LONGEST: i64 = 400 * DAY;

type Stretch = (i64, i64);

/// The stretches, ms, in which an edit at `now` can make somebody's duty different, and the one that is `shown`: in order, apart from each
/// other. What begins and ends by itself (absences, overrides, swaps, plans) is followed as far as it goes. Layers and rotas, which go on for
/// ever, and people are followed for a quarter from now, and for a quarter from each day to come on which a layer begins or ends. Of a rota
/// that is removed nothing is compared but that.
pub fn reach(book: &Book, edit: &Edit, now: i64, shown: Stretch) -> Vec<Stretch> {
    let mut out = of(book, edit, now);
    for stretch in &mut out {
        stretch.1 = stretch.1.min(stretch.0.saturating_add(LONGEST));
    }
    // A rota that goes is over from now on; the days before were on duty all the same.
    if !matches!(edit, Edit::RemoveRota { .. }) {
        out.push(shown);
    }
    out.retain(|(from, until)| from < until);
    out.sort_unstable();
    let mut apart: Vec<Stretch> = Vec::with_capacity(out.len());
    for (from, until) in out {
        match apart.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(until),
            _ => apart.push((from, until)),
        }
    }
    apart
}

fn of(book: &Book, edit: &Edit, now: i64) -> Vec<Stretch> {
    let absence = |a: &Absence| (a.from, a.until);
    let put = |o: &Override| (o.from, o.until);
    match edit {
        Edit::PutOverride(new) => {
            let former = book.overrides.get(&new.id).map(|o| put(o));
            former.into_iter().chain([put(new)]).collect()
        }
        Edit::PutOverrides { overrides } => overrides.iter().map(put).collect(),
        Edit::RemoveOverride { id } => book.overrides.get(id).map(|o| put(o)).into_iter().collect(),
        Edit::PutAbsence(new) => {
            let former = book.absences.get(&new.id).map(|a| absence(a));
            former.into_iter().chain([absence(new)]).collect()
        }
        Edit::RemoveAbsence { absence: id } => {
            let former = book.absences.get(id).map(|a| absence(a));
            former.into_iter().collect()
        }
        Edit::Exchange { one, other, .. } => vec![slot(one), slot(other)],
        Edit::RequestSwap(swap) => sides(swap),
        Edit::AcceptSwap { swap, .. }
        | Edit::DeclineSwap { swap, .. }
        | Edit::WithdrawSwap { swap } => book.swaps.get(swap).map_or_else(Vec::new, |s| sides(s)),
        Edit::AdoptPlan { rota, layers } => {
            let zone = zone_of(book, rota);
            layers.iter().filter_map(|l| planned(l, zone)).collect()
        }
        Edit::PutLayer { rota, layer } => {
            let former = book.rotas.get(rota).and_then(|r| r.layer(layer.id));
            let layers = former.into_iter().chain([layer]);
            ahead(layers.map(|l| (l, zone_of(book, rota))), now)
        }
        Edit::RemoveLayer { rota, layer } => {
            let former = book.rotas.get(rota).and_then(|r| r.layer(*layer));
            ahead(former.map(|l| (l, zone_of(book, rota))).into_iter(), now)
        }
        Edit::PutRota(new) => {
            let former = book.rotas.get(&new.id).map(AsRef::as_ref);
            let rotas = former.into_iter().chain([new]);
            ahead(rotas.flat_map(of_rota), now)
        }
        Edit::RemoveRota { rota } => {
            let former = book.rotas.get(rota).map(AsRef::as_ref);
            ahead(former.into_iter().flat_map(of_rota), now)
        }
        Edit::PutCalendar(_)
        | Edit::RemoveCalendar { .. }
        | Edit::PutMember(_)
        | Edit::PutMembers { .. }
        | Edit::RemoveMember { .. } => ahead(std::iter::empty(), now),
        Edit::OpenHandover(_)
        | Edit::UpdatePack { .. }
        | Edit::WriteHandover { .. }
        | Edit::SignHandover { .. }
        | Edit::ToldUnsigned { .. }
        | Edit::AddNote(_)
        | Edit::AlterNote { .. }
        | Edit::RemoveNote { .. } => Vec::new(),
    }
}

fn slot(slot: &Slot) -> Stretch {
    (slot.from, slot.until)
}

fn sides(swap: &Swap) -> Vec<Stretch> {
    let give = std::iter::once(&swap.give);
    give.chain(&swap.take).map(slot).collect()
}

fn zone_of(book: &Book, rota: &RotaId) -> Tz {
    book.rotas.get(rota).map_or(Tz::UTC, |r| r.zone)
}

fn of_rota(rota: &Rota) -> impl Iterator<Item = (&Layer, Tz)> {
    rota.layers.iter().map(|l| (l, rota.zone))
}

fn begin(day: NaiveDate, zone: Tz) -> Option<i64> {
    wall::instant(day, WallTime::default(), zone)
}

/// When nothing of a layer is left after its last day, whose shift may go on into the next.
fn over(layer: &Layer, zone: Tz) -> Option<i64> {
    let day = layer.last_day?.checked_add_days(Days::new(2))?;
    begin(day, layer.zone.unwrap_or(zone))
}

fn planned(layer: &Layer, zone: Tz) -> Option<Stretch> {
    let from = begin(layer.first_day, layer.zone.unwrap_or(zone))?;
    Some((from, over(layer, zone)?))
}

/// A quarter from now on, and a quarter around each begin and end to come.
fn ahead<'a>(layers: impl Iterator<Item = (&'a Layer, Tz)>, now: i64) -> Vec<Stretch> {
    let mut out = vec![(now, now.saturating_add(AHEAD))];
    for (layer, zone) in layers {
        let first = begin(layer.first_day, layer.zone.unwrap_or(zone));
        // The day before, because what is missing may begin where the layer ends.
        let edges = first
            .into_iter()
            .chain(over(layer, zone).map(|t| t - 2 * DAY));
        let coming = edges.filter(|at| *at > now);
        out.extend(coming.map(|at| (at, at.saturating_add(AHEAD))));
    }
    out
}
