//! How evenly duty is spread: hours by weight, nights, weekends, holidays of each person.

use super::days::kind_of;
use super::query::schedule;
use super::wall;
use chrono::NaiveDate;
use chrono_tz::Tz;
use model::duty::PersonId;
use model::rota::{Book, Calendar, DayKind, Fairness, Load, Role, Rota, RotaId, WallTime, Weights};
use std::collections::{BTreeMap, HashMap};

const HOUR: i64 = 3_600_000;
/// A night counts from this much duty in it, ms.
pub(super) const NIGHT_COUNTS: i64 = 4 * HOUR;
/// A weekend's day or a holiday counts from this much duty between 08:00 and 24:00, ms.
const DAY_COUNTS: i64 = 6 * HOUR;

/// One day of a zone, cut where weights and counts change. Moments in ms.
#[derive(Clone, Copy)]
struct Cuts {
    midnight: i64,
    six: i64,
    eight: i64,
    ten_pm: i64,
    end: i64,
    next_six: i64,
    kind: DayKind,
}

/// Days of one zone under one calendar.
pub(super) struct DayBook<'a> {
    zone: Tz,
    calendar: Option<&'a Calendar>,
    days: HashMap<NaiveDate, Option<Cuts>>,
}

/// Duty of one person on one day of the calendar.
#[derive(Clone, Copy, Debug, Default)]
struct OfDay {
    night: i64,
    waking: i64,
}

impl<'a> DayBook<'a> {
    pub fn new(zone: Tz, calendar: Option<&'a Calendar>) -> Self {
        Self {
            zone,
            calendar,
            days: HashMap::new(),
        }
    }

    fn cuts(&mut self, day: NaiveDate) -> Option<Cuts> {
        let (zone, calendar) = (self.zone, self.calendar);
        *self.days.entry(day).or_insert_with(|| {
            let at = |hour| wall::instant(day, WallTime::hour(hour), zone);
            Some(Cuts {
                midnight: at(0)?,
                six: at(6)?,
                eight: at(8)?,
                ten_pm: at(22)?,
                end: wall::day_end(day, zone)?,
                next_six: wall::instant(wall::next(day)?, WallTime::hour(6), zone)?,
                kind: kind_of(calendar, day).0,
            })
        })
    }

    /// Calls with every day that a stretch touches, beginning with the one before, whose night reaches into it.
    fn each(&mut self, from: i64, until: i64, mut take: impl FnMut(NaiveDate, &Cuts)) {
        let Some(first) = wall::day_at(from, self.zone) else {
            return;
        };
        let mut day = wall::previous(first);
        while let Some(date) = day {
            let Some(cuts) = self.cuts(date) else { return };
            if cuts.midnight >= until {
                return;
            }
            take(date, &cuts);
            day = wall::next(date);
        }
    }

    /// Hours of a stretch by weight.
    pub fn score(&mut self, from: i64, until: i64, weights: &Weights) -> f64 {
        let hours = |ms: i64| ms as f64 / HOUR as f64;
        let mut score = 0.0;
        self.each(from, until, |_, day| {
            let of_day = shared(from, until, day.midnight, day.end);
            score += hours(of_day)
                * match day.kind {
                    DayKind::Holiday => weights.holiday,
                    DayKind::Weekend => weights.weekend,
                    DayKind::Workday => 1.0,
                };
            if day.kind == DayKind::Workday {
                let night = shared(from, until, day.midnight, day.six)
                    + shared(from, until, day.ten_pm, day.end);
                score += hours(night) * (weights.night - 1.0);
            }
        });
        score
    }

    /// Nights (by the day on which they begin) with enough of a stretch to count.
    pub fn nights(&mut self, from: i64, until: i64) -> Vec<NaiveDate> {
        let mut out = Vec::new();
        self.each(from, until, |date, day| {
            if shared(from, until, day.ten_pm, day.next_six) >= NIGHT_COUNTS {
                out.push(date);
            }
        });
        out
    }

    /// Whether a stretch has a holiday, a weekend's day.
    pub fn days_off(&mut self, from: i64, until: i64) -> (u32, u32) {
        let (mut holidays, mut weekends) = (0, 0);
        self.each(from, until, |_, day| {
            if shared(from, until, day.eight, day.end) >= DAY_COUNTS {
                match day.kind {
                    DayKind::Holiday => holidays += 1,
                    DayKind::Weekend => weekends += 1,
                    DayKind::Workday => {}
                }
            }
        });
        (holidays, weekends)
    }
}

/// How much of one stretch lies in another, ms.
fn shared(from: i64, until: i64, begin: i64, end: i64) -> i64 {
    (until.min(end) - from.max(begin)).max(0)
}

/// How evenly a rota's duty from `from` to `until`, ms, is spread. The manager's role is no load: it is called only when the others fail. A
/// person with two roles at once has the load of both. Empty for a rota that is not in the book.
pub fn fairness(book: &Book, rota: &RotaId, from: i64, until: i64, weights: &Weights) -> Fairness {
    let mut out = Fairness {
        from,
        until,
        ..Fairness::default()
    };
    let Some(found) = book.rotas.get(rota) else {
        return out;
    };
    let calendar = found
        .calendar
        .as_ref()
        .and_then(|id| book.calendars.get(id));
    let calendar = calendar.map(AsRef::as_ref);
    let mut by_zone: HashMap<Tz, DayBook<'_>> = HashMap::new();
    let mut loads = named(found);
    let mut days: BTreeMap<(PersonId, NaiveDate), OfDay> = BTreeMap::new();
    for shift in schedule(book, rota, from, until) {
        if shift.role == Role::Manager {
            continue;
        }
        let zone = zone_of(book, found, &shift.person);
        let days_of = by_zone
            .entry(zone)
            .or_insert_with(|| DayBook::new(zone, calendar));
        let load = loads
            .entry(shift.person.clone())
            .or_insert_with(|| load_of(&shift.person));
        load.on_duty_ms += shift.until - shift.from;
        let score = days_of.score(shift.from, shift.until, weights);
        load.score += score * standing(&shift.role, weights);
        days_of.each(shift.from, shift.until, |date, day| {
            let of_day = days.entry((shift.person.clone(), date)).or_default();
            of_day.night += shared(shift.from, shift.until, day.ten_pm, day.next_six);
            of_day.waking += shared(shift.from, shift.until, day.eight, day.end);
        });
    }
    for ((person, date), of_day) in days {
        if let Some(load) = loads.get_mut(&person) {
            count(load, kind_of(calendar, date).0, of_day);
        }
    }
    out.people = loads.into_values().collect();
    summarise(&mut out);
    out
}

/// Counts one day of the calendar.
fn count(load: &mut Load, kind: DayKind, of_day: OfDay) {
    load.nights += u32::from(of_day.night >= NIGHT_COUNTS);
    if of_day.waking >= DAY_COUNTS {
        match kind {
            DayKind::Holiday => load.holidays += 1,
            DayKind::Weekend => load.weekends += 1,
            DayKind::Workday => {}
        }
    }
}

/// How heavy a role is.
pub(super) fn standing(role: &Role, weights: &Weights) -> f64 {
    if *role == Role::Primary {
        1.0
    } else {
        weights.standby
    }
}

/// Where a person's nights are.
pub(super) fn zone_of(book: &Book, rota: &Rota, person: &PersonId) -> Tz {
    let own = book.members.get(person).and_then(|m| m.zone);
    own.unwrap_or(rota.zone)
}

fn load_of(person: &PersonId) -> Load {
    Load {
        person: person.clone(),
        ..Load::default()
    }
}

/// Everybody whom the rota names in a role that counts, with no load yet.
fn named(rota: &Rota) -> BTreeMap<PersonId, Load> {
    let layers = rota.layers.iter().filter(|l| l.role != Role::Manager);
    let people = layers.flat_map(|l| l.rotation.people());
    people.map(|p| (p.clone(), load_of(p))).collect()
}

/// Mean, deviation and spread of the scores.
pub(super) fn summarise(fairness: &mut Fairness) {
    let scores: Vec<f64> = fairness.people.iter().map(|p| p.score).collect();
    if scores.is_empty() {
        return;
    }
    let count = scores.len() as f64;
    let mean = scores.iter().sum::<f64>() / count;
    let square = scores.iter().map(|s| (s - mean).powi(2)).sum::<f64>();
    let largest = scores.iter().copied().fold(f64::MIN, f64::max);
    let smallest = scores.iter().copied().fold(f64::MAX, f64::min);
    fairness.mean = mean;
    fairness.deviation = (square / count).sqrt();
    fairness.spread = largest - smallest;
}
