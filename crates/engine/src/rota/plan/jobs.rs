//! The shifts that a plan has to give to somebody.

use super::{PlanRules, is_planned_for};
use crate::rota::fairness::{DayBook, standing};
use crate::rota::timeline::{Absences, roles, segments};
use crate::rota::wall;
use chrono::NaiveDate;
use model::duty::PersonId;
use model::rota::{Book, DayKind, Layer, LayerId, Rota, WallTime};
use std::collections::BTreeMap;

/// One place of one shift.
#[derive(Clone, Debug)]
pub(super) struct Job<'a> {
    pub layer: &'a Layer,
    pub day: NaiveDate,
    pub from: i64,
    pub until: i64,
    /// Hours by weight, in the rota's zone.
    pub weight: f64,
    /// Nights that count.
    pub nights: Vec<NaiveDate>,
    pub holidays: u32,
    pub weekends: u32,
    /// Who may take it.
    pub pool: Vec<&'a PersonId>,
}

/// All places of all shifts that begin in the time, in order. Of shifts that a stronger layer covers in part, the part that is left.
pub(super) fn jobs<'a>(
    book: &'a Book,
    rota: &'a Rota,
    from: NaiveDate,
    until: NaiveDate,
    rules: &'a PlanRules,
) -> Vec<Job<'a>> {
    let found = places(book, rota, from, until);
    let calendar = rota.calendar.as_ref().and_then(|id| book.calendars.get(id));
    let mut days = DayBook::new(rota.zone, calendar.map(AsRef::as_ref));
    let mut out = Vec::new();
    for ((from, id, day), (until, places)) in found {
        let Some(layer) = rota.layer(id) else {
            continue;
        };
        let pool = pool(book, layer, rules);
        let off = days.days_off(from, until);
        let job = Job {
            layer,
            day,
            from,
            until,
            weight: days.score(from, until, &rules.weights) * standing(&layer.role, &rules.weights),
            nights: days.nights(from, until),
            holidays: off.0,
            weekends: off.1,
            pool,
        };
        out.extend(std::iter::repeat_n(job, places));
    }
    out
}

/// Shifts by begin, layer and day: until when, and for how many people.
type Places = BTreeMap<(i64, LayerId, NaiveDate), (i64, usize)>;

fn places(book: &Book, rota: &Rota, from: NaiveDate, until: NaiveDate) -> Places {
    // As the rota would be if nobody were absent and nothing were decided: what is to be filled, not how it is filled now.
    let mut plain = rota.clone();
    plain.layers.retain(is_planned_for);
    let bare = Book {
        calendars: book.calendars.clone(),
        ..Book::default()
    };
    let moment = |day| wall::instant(day, WallTime::default(), rota.zone).unwrap_or(0);
    // The last day's shift goes on into the next day, and layers in other zones begin their days earlier or later.
    let around = 2 * 24 * 3_600_000;
    let (start, end) = (moment(from) - around, moment(until) + around);
    let absences = Absences::of(&bare, start, end);
    let mut found: Places = BTreeMap::new();
    for role in roles(&bare, &plain) {
        let mut began: BTreeMap<(LayerId, NaiveDate), i64> = BTreeMap::new();
        for segment in segments(&bare, &plain, &role, &absences, start, end) {
            let Some(base) = segment.base else { continue };
            let day = base.shift.day;
            if day < from || day >= until {
                continue;
            }
            let id = base.layer.id;
            let first = *began.entry((id, day)).or_insert(segment.from);
            let job = found.entry((first, id, day)).or_default();
            job.0 = segment.until;
            job.1 = job.1.max(segment.holders.len()).max(1);
        }
    }
    found
}

fn pool<'a>(book: &'a Book, layer: &'a Layer, rules: &'a PlanRules) -> Vec<&'a PersonId> {
    let named = if rules.people.is_empty() {
        layer.rotation.people()
    } else {
        rules.people.iter().collect()
    };
    let fits = |p: &&PersonId| book.members.get(*p).is_some_and(|m| m.can(&layer.role));
    let mut pool: Vec<&PersonId> = named.into_iter().filter(fits).collect();
    pool.sort_unstable();
    pool.dedup();
    pool
}

impl Job<'_> {
    /// How hard a shift is to give: those on days off come first, then the heavier.
    pub fn hardness(&self) -> (bool, f64) {
        let kind = self.holidays + self.weekends > 0;
        let made_for = self.layer.rule.kinds.contains(&DayKind::Holiday);
        (kind || made_for, self.weight)
    }
}
