//! The rota once more, slowly: at one instant, by walking days and minutes, from UTC to the wall clock only.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeDelta, Weekday};
use chrono_tz::Tz;
use model::rota::{
    Absence, Book, Cadence, Calendar, DayKind, DutyReason, Layer, Role, Rota, RotaId, Rotation,
    SwapState, WallTime,
};

const MINUTE: i64 = 60_000;

/// What a clock shows.
fn wall(t: i64, zone: Tz) -> NaiveDateTime {
    let utc = DateTime::from_timestamp_millis(t).unwrap().naive_utc();
    utc.and_utc().with_timezone(&zone).naive_local()
}

/// The latest time that the clock has shown up to `t`: after the clock was put back it stays for a while.
fn shown(t: i64, zone: Tz) -> NaiveDateTime {
    let back = (0..=180 / 15).map(|n| t - n * 15 * MINUTE);
    // Moments between two quarters of an hour: a minute before each of them.
    back.flat_map(|t| [t, t - MINUTE])
        .map(|t| wall(t, zone))
        .max()
        .unwrap()
}

fn reached(shown: NaiveDateTime, day: NaiveDate, time: WallTime) -> bool {
    let minutes = TimeDelta::minutes(time.minutes().into());
    shown >= day.and_hms_opt(0, 0, 0).unwrap() + minutes
}

fn kind(calendar: Option<&Calendar>, day: NaiveDate) -> DayKind {
    let listed = calendar.and_then(|c| c.days.get(&day));
    match listed {
        Some(l) if l.off => DayKind::Holiday,
        Some(_) => DayKind::Workday,
        None if is_weekend(calendar, day) => DayKind::Weekend,
        None => DayKind::Workday,
    }
}

/// The calendar's own weekend; Saturday and Sunday where it names none.
fn is_weekend(calendar: Option<&Calendar>, day: NaiveDate) -> bool {
    let weekday = day.weekday();
    let own = calendar.map(|c| c.weekend.clone()).unwrap_or_default();
    if own.is_empty() {
        return matches!(weekday, Weekday::Sat | Weekday::Sun);
    }
    own.into_iter()
        .any(|n| u32::from(n) == weekday.number_from_monday())
}

fn begins(layer: &Layer, calendar: Option<&Calendar>, day: NaiveDate) -> bool {
    let weekday = day.weekday().number_from_monday() as u8;
    let kinds = &layer.rule.kinds;
    let weekdays = &layer.rule.weekdays;
    day >= layer.first_day
        && layer.last_day.is_none_or(|l| day <= l)
        && (kinds.is_empty() || kinds.contains(&kind(calendar, day)))
        && (weekdays.is_empty() || weekdays.contains(&weekday))
}

/// Whose turn it is on a day, by counting from the layer's first day on.
fn turn(layer: &Layer, calendar: Option<&Calendar>, on: NaiveDate) -> Option<Vec<String>> {
    let (turns, cadence) = match &layer.rotation {
        Rotation::Planned { days } => return days.get(&on).cloned(),
        Rotation::Weekdays { people } => {
            let weekday = on.weekday().number_from_monday() as u8;
            return Some(people.get(&weekday).cloned().unwrap_or_default());
        }
        Rotation::Turns { turns, cadence } => (turns, cadence),
    };
    let mut now = 0;
    let mut used = 0;
    let mut day = layer.first_day;
    while day < on {
        let next = day + TimeDelta::days(1);
        let (counts, length) = match cadence {
            Cadence::Days { days } => (true, *days),
            Cadence::Weeks { weeks, weekday } => (
                next.weekday().number_from_monday() as u8 == *weekday,
                *weeks,
            ),
            Cadence::Shifts { shifts } => (begins(layer, calendar, day), *shifts),
            Cadence::Cycle { days } => (true, days[now]),
        };
        if counts {
            used += 1;
        }
        if used == length {
            used = 0;
            now = (now + 1) % turns.len();
        }
        day = next;
    }
    Some(turns[now].clone())
}

/// One layer's people at an instant, if it covers it, and whether it is a holiday's shift.
fn covering(
    book: &Book,
    rota: &Rota,
    layer: &Layer,
    t: i64,
) -> Option<(Vec<String>, NaiveDate, DayKind)> {
    let zone = layer.zone.unwrap_or(rota.zone);
    let id = layer.calendar.as_ref().or(rota.calendar.as_ref());
    let calendar = id.and_then(|id| book.calendars.get(id)).map(|c| &**c);
    let now = shown(t, zone);
    for back in 0..3 {
        let day = now.date() - TimeDelta::days(back);
        if !begins(layer, calendar, day) {
            continue;
        }
        let over = layer.rule.to <= layer.rule.from;
        let end = day + TimeDelta::days(over.into());
        if !reached(now, day, layer.rule.from) || reached(now, end, layer.rule.to) {
            continue;
        }
        let by_shift = matches!(&layer.rotation, Rotation::Planned { .. })
            || matches!(
                &layer.rotation,
                Rotation::Turns {
                    cadence: Cadence::Shifts { .. },
                    ..
                }
            );
        let mut turn_day = day;
        if let Some(handoff) = layer.handoff.filter(|_| !by_shift) {
            turn_day = now.date();
            while !reached(now, turn_day, handoff) {
                turn_day -= TimeDelta::days(1);
            }
            if matches!(&layer.rotation, Rotation::Turns { .. }) {
                turn_day = turn_day.max(layer.first_day);
            }
        }
        let people = turn(layer, calendar, turn_day)?;
        return Some((people, day, kind(calendar, day)));
    }
    None
}

fn absence<'a>(book: &'a Book, person: &str, t: i64) -> Option<&'a Absence> {
    let mut all = book.absences.values();
    all.find(|a| a.person == person && a.from <= t && t < a.until)
        .map(|a| &**a)
}

/// Who has a role at an instant and why, in order.
pub fn on_duty(book: &Book, id: &RotaId, role: &Role, t: i64) -> Vec<(String, DutyReason)> {
    let rota = &book.rotas[id];
    let mut layers = Vec::new();
    for (place, layer) in rota.layers.iter().enumerate() {
        if layer.role != *role {
            continue;
        }
        if let Some((people, day, kind)) = covering(book, rota, layer, t) {
            let holiday = kind == DayKind::Holiday && layer.rule.kinds.contains(&kind);
            let rank = (!holiday, -i64::from(layer.priority), place);
            layers.push((rank, layer, people, day, kind));
        }
    }
    layers.sort_by_key(|l| l.0);
    let mut on: Vec<(String, DutyReason)> = Vec::new();
    for (rank, layer, people, day, kind) in layers {
        on = turn_at(book, rota, layer, !rank.0, people, (day, kind), t);
        if !on.is_empty() {
            break;
        }
    }
    decisions(book, id, role, t, on)
}

fn turn_at(
    book: &Book,
    rota: &Rota,
    layer: &Layer,
    holiday: bool,
    people: Vec<String>,
    (day, kind): (NaiveDate, DayKind),
    t: i64,
) -> Vec<(String, DutyReason)> {
    let mut on: Vec<(String, DutyReason)> = Vec::new();
    for person in people {
        let own = if holiday {
            let id = layer.calendar.as_ref().or(rota.calendar.as_ref()).unwrap();
            let name = book.calendars[id].days[&day].name.clone();
            DutyReason::Holiday {
                layer: layer.id,
                name,
            }
        } else {
            DutyReason::Layer {
                layer: layer.id,
                day: kind,
            }
        };
        let (who, why) = match absence(book, &person, t) {
            None => (person, own),
            Some(away) => match &away.stand_in {
                Some(other) if absence(book, other, t).is_none() => {
                    let why = DutyReason::StandIn {
                        absence: away.id,
                        layer: layer.id,
                        of: person,
                    };
                    (other.clone(), why)
                }
                _ => continue,
            },
        };
        match on.iter_mut().find(|(p, _)| *p == who) {
            Some(there) if !matches!(why, DutyReason::StandIn { .. }) => there.1 = why,
            Some(_) => {}
            None => on.push((who, why)),
        }
    }
    on
}

fn decisions(
    book: &Book,
    id: &RotaId,
    role: &Role,
    t: i64,
    mut on: Vec<(String, DutyReason)>,
) -> Vec<(String, DutyReason)> {
    // (when, number) → what to do with the list.
    type Step = Box<dyn Fn(&mut Vec<(String, DutyReason)>)>;
    let mut steps: Vec<((i64, i64), Step)> = Vec::new();
    let replace = |on: &mut Vec<(String, DutyReason)>, from: &str, to: &str, why: DutyReason| {
        let Some(place) = on.iter().position(|(p, _)| p == from) else {
            return false;
        };
        let mut new: Vec<(String, DutyReason)> = Vec::new();
        for (n, (p, r)) in on.drain(..).enumerate() {
            if n == place {
                new.push((to.to_string(), why.clone()));
            } else if p != to {
                new.push((p, r));
            }
        }
        *on = new;
        true
    };
    for o in book.overrides.values() {
        if o.rota != *id || o.role != *role || t < o.from || t >= o.until {
            continue;
        }
        let o = o.clone();
        steps.push((
            (o.at, o.id.0),
            Box::new(move |on| {
                let why = DutyReason::Override { id: o.id };
                let one = o.replaces.as_ref();
                let done = one.is_some_and(|r| replace(on, r, &o.person, why.clone()));
                if !done {
                    *on = vec![(o.person.clone(), why)];
                }
            }),
        ));
    }
    for s in book
        .swaps
        .values()
        .filter(|s| s.state == SwapState::Accepted)
    {
        let sides = [
            Some((&s.give, &s.with)),
            s.take.as_ref().map(|take| (take, &s.give.person)),
        ];
        for (slot, to) in sides.into_iter().flatten() {
            if slot.rota != *id || slot.role != *role || t < slot.from || t >= slot.until {
                continue;
            }
            let (from, to, id) = (slot.person.clone(), to.clone(), s.id);
            steps.push((
                (s.decided_at.unwrap(), s.id.0),
                Box::new(move |on| {
                    replace(on, &from, &to, DutyReason::Swap { id });
                }),
            ));
        }
    }
    steps.sort_by_key(|s| s.0);
    for (_, step) in steps {
        step(&mut on);
    }
    on
}
