//! What kind of day it is, and for which years that is known.

use super::wall;
use chrono::{Datelike, NaiveDate};
use chrono_tz::Tz;
use model::rota::{Book, Calendar, CalendarId, Day, DayKind, MissingYear};
use std::collections::BTreeSet;

/// The month from which next year's notice is missed: China's State Council publishes it in late October or in November.
const NOTICE_MONTH: u32 = 11;

/// What a calendar says of a day; without a calendar the day of the week decides.
pub fn day(calendar: Option<&Calendar>, date: NaiveDate) -> Day {
    let (kind, name) = kind_of(calendar, date);
    let weekend = is_weekend(calendar, date);
    Day {
        date,
        kind,
        name: name.map(str::to_string),
        make_up: weekend && kind == DayKind::Workday,
        known: calendar.is_none_or(|c| c.years.contains_key(&date.year())),
    }
}

/// The kind of a day, and the holiday that it belongs to.
pub(super) fn kind_of(calendar: Option<&Calendar>, date: NaiveDate) -> (DayKind, Option<&str>) {
    if let Some(listed) = calendar.and_then(|c| c.days.get(&date)) {
        let kind = if listed.off {
            DayKind::Holiday
        } else {
            DayKind::Workday
        };
        return (kind, Some(&listed.name));
    }
    if is_weekend(calendar, date) {
        (DayKind::Weekend, None)
    } else {
        (DayKind::Workday, None)
    }
}

fn is_weekend(calendar: Option<&Calendar>, date: NaiveDate) -> bool {
    let weekday = weekday(date);
    match calendar {
        Some(c) if !c.weekend.is_empty() => c.weekend.contains(&weekday),
        _ => weekday >= 6,
    }
}

/// 1 Monday to 7 Sunday.
pub(super) fn weekday(date: NaiveDate) -> u8 {
    date.weekday().number_from_monday() as u8
}

/// Years from the day of `from` to the day before `until` that a calendar does not know. One that is not in the book knows none.
pub(super) fn missing_years(
    book: &Book,
    id: &CalendarId,
    zone: Tz,
    from: i64,
    until: i64,
) -> Vec<MissingYear> {
    let (Some(first), Some(last)) = (
        wall::day_at(from, zone),
        wall::day_at(until.saturating_sub(1), zone),
    ) else {
        return Vec::new();
    };
    (first.year()..=last.year())
        .filter(|year| !knows(book, id, *year))
        .map(|year| missing(id, year))
        .collect()
}

fn knows(book: &Book, id: &CalendarId, year: i32) -> bool {
    book.calendars
        .get(id)
        .is_some_and(|c| c.years.contains_key(&year))
}

fn missing(id: &CalendarId, year: i32) -> MissingYear {
    MissingYear {
        calendar: id.clone(),
        year,
    }
}

/// Notices that should be there at `now` and are not, of the calendars that rotas use: this year's, and from 1 November next year's.
pub fn missing_notices(book: &Book, now: i64) -> Vec<MissingYear> {
    let mut out = BTreeSet::new();
    for rota in book.rotas.values() {
        let of_layers = rota.layers.iter().map(|l| {
            let id = l.calendar.as_ref().or(rota.calendar.as_ref());
            (id, l.zone.unwrap_or(rota.zone))
        });
        for (id, zone) in of_layers.chain([(rota.calendar.as_ref(), rota.zone)]) {
            let (Some(id), Some(today)) = (id, wall::day_at(now, zone)) else {
                continue;
            };
            let ahead = i32::from(today.month() >= NOTICE_MONTH);
            for year in today.year()..=today.year() + ahead {
                if !knows(book, id, year) {
                    out.insert(missing(id, year));
                }
            }
        }
    }
    out.into_iter().collect()
}
