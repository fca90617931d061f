//! What may be kept: bounds and references of people, rotas, layers, calendars.

use super::Refusal;
use crate::rota::timeline::{Absences, segments};
use chrono::{Datelike, NaiveDate};
use model::duty::PersonId;
use model::rota::{Book, Cadence, Calendar, Layer, Member, Role, Rota, Rotation, Slot};

/// The most characters of a name.
pub const NAME: usize = 100;
/// The most characters of a reason or an answer.
pub const REASON: usize = 1_000;
/// The most characters of a note.
pub const TEXT: usize = 20_000;
/// The most people.
pub const MEMBERS: usize = 5_000;
/// The most rotas.
pub const ROTAS: usize = 200;
/// The most layers of one rota.
pub const LAYERS: usize = 200;
/// The most turns of one layer.
const TURNS: usize = 500;
/// The most people of one turn.
const TOGETHER: usize = 20;
/// The most days of a planned layer: eleven years.
const PLANNED: usize = 4_018;
/// The most days of a calendar.
const CALENDAR: usize = 12_000;
/// The most absences, overrides and swaps, each.
pub const DECISIONS: usize = 100_000;

const YEAR_2000: i64 = 946_684_800_000;
const YEAR_2200: i64 = 7_258_118_400_000;
const LONGEST: i64 = 400 * 24 * 3_600_000;

type Checked = Result<(), Refusal>;

/// Text of at least one visible character.
pub fn named(field: &'static str, text: &str, limit: usize) -> Checked {
    if text.trim().is_empty() {
        return Err(Refusal::BadText { field, limit });
    }
    written(field, text, limit)
}

/// Text that may be empty. Line ends and tabs are text.
pub fn written(field: &'static str, text: &str, limit: usize) -> Checked {
    let odd = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    if text.chars().count() > limit || text.chars().any(odd) {
        return Err(Refusal::BadText { field, limit });
    }
    Ok(())
}

/// An id that can be typed.
pub fn id(text: &str) -> Checked {
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '@');
    let length = text.chars().count();
    if (1..=64).contains(&length) && text.chars().all(fits) {
        return Ok(());
    }
    let text = text.chars().filter(|c| !c.is_control()).take(64).collect();
    Err(Refusal::BadId { text })
}

/// A stretch of time.
pub fn stretch(from: i64, until: i64) -> Checked {
    let known = YEAR_2000..YEAR_2200;
    let ok = known.contains(&from) && known.contains(&until) && from < until;
    if ok && until - from <= LONGEST {
        return Ok(());
    }
    Err(Refusal::BadStretch { from, until })
}

/// Somebody of the list.
pub fn known(book: &Book, person: &PersonId) -> Checked {
    if book.members.contains_key(person) {
        return Ok(());
    }
    let person = person.clone();
    Err(Refusal::UnknownPerson { person })
}

/// One more.
pub fn room(what: &'static str, there: usize, limit: usize) -> Checked {
    if there < limit {
        return Ok(());
    }
    Err(Refusal::TooMany { what, limit })
}

fn role(role: &Role) -> Checked {
    named("role", role.as_str(), NAME)
}

/// A person.
pub fn member(member: &Member) -> Checked {
    id(&member.id)?;
    named("name", &member.name, NAME)?;
    let contacts = [
        ("phone", &member.phone),
        ("email", &member.email),
        ("dingtalk", &member.dingtalk),
        ("wecom", &member.wecom),
    ];
    for (field, contact) in contacts {
        written(field, contact.expose(), 254)?;
    }
    room("roles", member.roles.len(), TOGETHER)?;
    room("teams", member.teams.len(), 100)?;
    member.roles.iter().try_for_each(role)?;
    member.teams.iter().try_for_each(|t| named("team", t, NAME))
}

/// A rota with its layers.
pub fn rota(book: &Book, rota: &Rota) -> Checked {
    id(&rota.id.0)?;
    named("name", &rota.name, NAME)?;
    calendar_known(book, rota.calendar.as_ref())?;
    room("layers", rota.layers.len(), LAYERS + 1)?;
    room("roles", rota.required.len(), TOGETHER + 1)?;
    rota.required.iter().try_for_each(role)?;
    if let Some(rules) = rota.handover {
        let fits = (0..=24 * 3_600_000).contains(&rules.grace_ms);
        if !fits {
            return Err(Refusal::BadNumber {
                field: "grace_ms",
                least: 0,
                most: 24 * 3_600_000,
            });
        }
    }
    rota.layers.iter().try_for_each(|l| layer(book, l))
}

fn calendar_known(book: &Book, id: Option<&model::rota::CalendarId>) -> Checked {
    match id {
        Some(id) if !book.calendars.contains_key(id) => Err(Refusal::UnknownCalendar {
            calendar: id.clone(),
        }),
        _ => Ok(()),
    }
}

fn in_range(day: NaiveDate) -> bool {
    (2000..2200).contains(&day.year())
}

/// A layer.
pub fn layer(book: &Book, layer: &Layer) -> Checked {
    named("layer", &layer.name, NAME)?;
    role(&layer.role)?;
    calendar_known(book, layer.calendar.as_ref())?;
    let bad = |field| Refusal::BadLayer {
        layer: layer.name.clone(),
        field,
    };
    if !layer.rule.weekdays.iter().all(|d| (1..=7).contains(d)) {
        return Err(bad("weekdays"));
    }
    if !in_range(layer.first_day) {
        return Err(bad("first_day"));
    }
    if layer
        .last_day
        .is_some_and(|d| d < layer.first_day || !in_range(d))
    {
        return Err(bad("last_day"));
    }
    rotation(&layer.rotation).map_err(bad)?;
    let mut people = layer.rotation.people().into_iter();
    people.try_for_each(|p| known(book, p))
}

fn rotation(rotation: &Rotation) -> Result<(), &'static str> {
    let few = |people: &Vec<PersonId>| people.len() <= TOGETHER;
    match rotation {
        Rotation::Weekdays { people } => {
            let days = people.keys().all(|d| (1..=7).contains(d));
            (days && people.values().all(few))
                .then_some(())
                .ok_or("weekdays")
        }
        Rotation::Planned { days } => {
            let fits = days.len() <= PLANNED && days.keys().all(|d| in_range(*d));
            (fits && days.values().all(few))
                .then_some(())
                .ok_or("planned_days")
        }
        Rotation::Turns { turns, cadence } => {
            if turns.is_empty() || turns.len() > TURNS || !turns.iter().all(few) {
                return Err("turns");
            }
            let days = 1..=366;
            let fits = match cadence {
                Cadence::Days { days: n } | Cadence::Shifts { shifts: n } => days.contains(n),
                Cadence::Weeks { weeks, weekday } => {
                    (1..=52).contains(weeks) && (1..=7).contains(weekday)
                }
                Cadence::Cycle { days: lengths } => {
                    lengths.len() == turns.len() && lengths.iter().all(|n| days.contains(n))
                }
            };
            fits.then_some(()).ok_or("cadence")
        }
    }
}

/// A calendar.
pub fn calendar(calendar: &Calendar) -> Checked {
    id(&calendar.id.0)?;
    named("name", &calendar.name, NAME)?;
    written("country", &calendar.country, NAME)?;
    room("days", calendar.days.len(), CALENDAR + 1)?;
    room("years", calendar.years.len(), 201)?;
    if !calendar.weekend.iter().all(|d| (1..=7).contains(d)) {
        return Err(Refusal::BadNumber {
            field: "weekend",
            least: 1,
            most: 7,
        });
    }
    for (day, listed) in &calendar.days {
        if !in_range(*day) {
            return Err(Refusal::BadDay { day: *day });
        }
        named("holiday", &listed.name, NAME)?;
    }
    let mut sources = calendar.years.values();
    sources.try_for_each(|s| written("source", s, REASON))
}

/// That the person of a slot has its role during all of it.
pub fn holds(book: &Book, slot: &Slot) -> Checked {
    stretch(slot.from, slot.until)?;
    known(book, &slot.person)?;
    let away = |at| Refusal::NotOnDuty {
        person: slot.person.clone(),
        role: slot.role.clone(),
        at,
    };
    let Some(rota) = book.rotas.get(&slot.rota) else {
        let rota = slot.rota.clone();
        return Err(Refusal::UnknownRota { rota });
    };
    let absences = Absences::of(book, slot.from, slot.until);
    let line = segments(book, rota, &slot.role, &absences, slot.from, slot.until);
    let on = |s: &&crate::rota::timeline::Segment<'_>| {
        s.holders.iter().any(|h| *h.person == slot.person)
    };
    match line.iter().find(|s| !on(s)) {
        Some(segment) => Err(away(segment.from)),
        None => Ok(()),
    }
}

/// That a person can take a slot over: is not absent, and does not have its role already, at any time of it. Two roles or two rotas at once are
/// possible, if unwise: those a preview tells.
pub fn free(book: &Book, slot: &Slot, person: &PersonId) -> Checked {
    let Some(rota) = book.rotas.get(&slot.rota) else {
        return Ok(());
    };
    let absences = Absences::of(book, slot.from, slot.until);
    if let Some(away) = absences.of_person(person).iter().map(|a| a.from).min() {
        return Err(Refusal::Absent {
            person: person.clone(),
            at: away.max(slot.from),
        });
    }
    let line = segments(book, rota, &slot.role, &absences, slot.from, slot.until);
    let there = line.iter().flat_map(|s| &s.holders);
    if there.into_iter().any(|h| h.person == person) {
        let person = person.clone();
        return Err(Refusal::AlreadyOnDuty { person });
    }
    Ok(())
}
