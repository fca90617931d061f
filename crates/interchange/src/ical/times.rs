//! Times of events.

use super::lines::{Event, Property};
use crate::fault::{Fault, Field, Problem};
use crate::when::{self, Edge};
use chrono::{NaiveDate, NaiveDateTime, TimeDelta};
use chrono_tz::Tz;

/// A begin or an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Time {
    /// A day, in whichever zone.
    Day(NaiveDate),
    /// An instant, ms.
    At(i64),
}

/// Names that Outlook gives to zones, for the places where rotas are likely (CLDR, windowsZones.xml).
const WINDOWS: [(&str, Tz); 18] = [
    ("China Standard Time", Tz::Asia__Shanghai),
    ("Taipei Standard Time", Tz::Asia__Taipei),
    ("Tokyo Standard Time", Tz::Asia__Tokyo),
    ("Korea Standard Time", Tz::Asia__Seoul),
    ("Singapore Standard Time", Tz::Asia__Singapore),
    ("SE Asia Standard Time", Tz::Asia__Bangkok),
    ("India Standard Time", Tz::Asia__Kolkata),
    ("Arabian Standard Time", Tz::Asia__Dubai),
    ("Russian Standard Time", Tz::Europe__Moscow),
    ("AUS Eastern Standard Time", Tz::Australia__Sydney),
    ("GMT Standard Time", Tz::Europe__London),
    ("W. Europe Standard Time", Tz::Europe__Berlin),
    ("Romance Standard Time", Tz::Europe__Paris),
    ("Central Europe Standard Time", Tz::Europe__Budapest),
    ("Eastern Standard Time", Tz::America__New_York),
    ("Central Standard Time", Tz::America__Chicago),
    ("Mountain Standard Time", Tz::America__Denver),
    ("Pacific Standard Time", Tz::America__Los_Angeles),
];

/// A zone by its IANA name, or by Windows'.
pub(crate) fn zone(name: &str) -> Option<Tz> {
    let name = name.trim().trim_start_matches('/');
    let windows = || {
        WINDOWS
            .iter()
            .find(|(n, _)| *n == name)
            .map(|(_, zone)| *zone)
    };
    // some programs put their own name before it: /example.com/Asia/Shanghai
    let tail = || {
        let parts: Vec<&str> = name.split('/').collect();
        let last = parts.get(parts.len().checked_sub(2)?..)?;
        last.join("/").parse().ok()
    };
    name.parse().ok().or_else(windows).or_else(tail)
}

/// Reads DTSTART or DTEND; a time without a zone is one of `zone`.
pub(crate) fn read(property: &Property, field: Field, default: Tz) -> Result<Time, Fault> {
    let fault = |problem| property.fault(field, problem);
    let text = property.value.trim();
    if property
        .param("VALUE")
        .is_some_and(|v| v.eq_ignore_ascii_case("DATE"))
        || text.len() == 8
    {
        return date(text).map(Time::Day).map_err(fault);
    }
    let (text, utc) = match text.strip_suffix(['Z', 'z']) {
        Some(text) => (text, true),
        None => (text, false),
    };
    let local = (text.len() == 15)
        .then(|| NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M%S").ok())
        .flatten()
        .filter(|t| in_range(t.date()))
        .ok_or_else(|| fault(Problem::Date))?;
    if utc {
        return Ok(Time::At(local.and_utc().timestamp_millis()));
    }
    let zone = match property.param("TZID") {
        None => default,
        Some(name) => zone(name).ok_or_else(|| Fault {
            cell: crate::fault::shown(name),
            ..fault(Problem::Zone)
        })?,
    };
    when::instant(local, zone).map(Time::At).map_err(fault)
}

fn in_range(date: NaiveDate) -> bool {
    use chrono::Datelike;
    (1970..=9998).contains(&date.year())
}

fn date(text: &str) -> Result<NaiveDate, Problem> {
    if text.len() != 8 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Problem::Date);
    }
    let date = NaiveDate::parse_from_str(text, "%Y%m%d").ok();
    date.filter(|d| in_range(*d)).ok_or(Problem::DateNoSuchDay)
}

/// An event's begin and end; whole days are those of `default`.
pub(crate) fn stretch(event: &Event, default: Tz) -> Result<(i64, i64), Fault> {
    let missing = |field| event.fault(field, Problem::Missing);
    let begin = event.get("DTSTART").ok_or_else(|| missing(Field::From))?;
    let from = read(begin, Field::From, default)?;
    let instant = |time, property: &Property, field| match time {
        Time::At(at) => Ok(at),
        Time::Day(day) => {
            when::whole_day(day, default, Edge::From).map_err(|p| property.fault(field, p))
        }
    };
    let start = instant(from, begin, Field::From)?;
    if let Some(end) = event.get("DTEND") {
        let until = read(end, Field::Until, default)?;
        return Ok((start, instant(until, end, Field::Until)?));
    }
    let length = event.get("DURATION");
    let Some(length) = length else {
        return match from {
            // RFC 5545, 3.6.1: without an end it lasts that day
            Time::Day(day) => when::whole_day(day, default, Edge::Until)
                .map(|end| (start, end))
                .map_err(|p| begin.fault(Field::From, p)),
            Time::At(_) => Err(missing(Field::Until)),
        };
    };
    let wrong = || length.fault(Field::Until, Problem::Date);
    let lasts = duration(&length.value).ok_or_else(wrong)?;
    let end = match from {
        // days of the calendar, not of 24 hours
        Time::Day(day) => {
            let end = day.checked_add_signed(lasts).ok_or_else(wrong)?;
            when::whole_day(end, default, Edge::From).map_err(|p| length.fault(Field::Until, p))?
        }
        Time::At(at) => at.checked_add(lasts.num_milliseconds()).ok_or_else(wrong)?,
    };
    Ok((start, end))
}

/// `P1W`, `P1DT12H`, `PT30M`; nothing below zero, and ten years at most.
fn duration(text: &str) -> Option<TimeDelta> {
    let text = text.trim();
    let rest = text.strip_prefix('+').unwrap_or(text).strip_prefix('P')?;
    let (mut seconds, mut time, mut number) = (0_i64, false, String::new());
    for c in rest.chars() {
        if c.is_ascii_digit() && number.len() < 9 {
            number.push(c);
            continue;
        }
        if c == 'T' && !time && number.is_empty() {
            time = true;
            continue;
        }
        let unit = match (c, time) {
            ('W', false) => 7 * 86_400,
            ('D', false) => 86_400,
            ('H', true) => 3600,
            ('M', true) => 60,
            ('S', true) => 1,
            _ => return None,
        };
        seconds += number.parse::<i64>().ok()? * unit;
        number.clear();
    }
    let ten_years = 3653 * 86_400;
    (number.is_empty() && (1..=ten_years).contains(&seconds)).then(|| TimeDelta::seconds(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_those_of_the_standard() {
        for (text, seconds) in [
            ("P1W", Some(604_800)),
            ("P1DT12H", Some(129_600)),
            ("+PT1H30M15S", Some(5415)),
            ("PT0S", None),
            ("-PT1H", None),
            ("P1H", None),
            ("PT1D", None),
            ("P", None),
            ("PT", None),
            ("PT5", None),
            ("P99999W", None),
            ("P9999999999D", None),
            ("1H", None),
        ] {
            assert_eq!(duration(text).map(|d| d.num_seconds()), seconds, "{text}");
        }
    }

    #[test]
    fn zones_have_three_kinds_of_names() {
        for name in [
            "Asia/Shanghai",
            "China Standard Time",
            "/citadel.org/20210210_1/Asia/Shanghai",
        ] {
            assert_eq!(zone(name), Some(Tz::Asia__Shanghai), "{name}");
        }
        for name in ["", "/", "Beijing", "东八区"] {
            assert_eq!(zone(name), None, "{name}");
        }
    }
}
