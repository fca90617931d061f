//! Dates and times as people and spreadsheets write them.

use crate::fault::Problem;
use chrono::{DateTime, MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, TimeZone};
use chrono_tz::Tz;

/// Which end of a shift a date without a time is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edge {
    /// The day's beginning.
    From,
    /// The day's end: a shift "until 23 November" covers the 23rd.
    Until,
}

/// Milliseconds since the epoch of a date and time in a zone: `2026-11-21 09:00`, `2026/11/21 9:00`, `2026年11月21日 09:00`, `2026-11-21T09:00:00`,
/// with an offset (`…+08:00`, `…Z`) or without, `24:00` for the day's end, the date alone.
pub(crate) fn read(text: &str, zone: Tz, edge: Edge) -> Result<i64, Problem> {
    let text = plain(text);
    if let Some(offset) = with_offset(&text) {
        return Ok(offset);
    }
    if !text.is_empty() && text.chars().all(|c| c.is_ascii_digit() || c == '.') {
        // 20261121 is a date, 46347.375 is how a spreadsheet counts the days since 1900
        let date = NaiveDate::parse_from_str(&text, "%Y%m%d");
        return match date {
            Ok(date) if text.len() == 8 => whole_day(date, zone, edge),
            _ => Err(Problem::DateNumber),
        };
    }
    let (date, time) = match text.split_once([' ', 'T']) {
        Some((date, time)) => (date, time.trim()),
        None => (text.as_str(), ""),
    };
    let date = day(date)?;
    if time.is_empty() {
        return whole_day(date, zone, edge);
    }
    if matches!(time, "24:00" | "24:00:00") {
        return whole_day(date, zone, Edge::Until);
    }
    let time = ["%H:%M", "%H:%M:%S"]
        .iter()
        .find_map(|f| NaiveTime::parse_from_str(time, f).ok())
        .ok_or(Problem::Date)?;
    instant(date.and_time(time), zone)
}

/// Of a local time; in milliseconds.
pub(crate) fn instant(local: NaiveDateTime, zone: Tz) -> Result<i64, Problem> {
    match zone.from_local_datetime(&local) {
        MappedLocalTime::Single(at) => Ok(at.timestamp_millis()),
        MappedLocalTime::Ambiguous(..) => Err(Problem::DateTwice {
            zone: zone.name().to_owned(),
        }),
        MappedLocalTime::None => Err(Problem::DateSkipped {
            zone: zone.name().to_owned(),
        }),
    }
}

/// A day's beginning or end. Where the clocks are changed at midnight, the day begins at its first moment.
pub(crate) fn whole_day(date: NaiveDate, zone: Tz, edge: Edge) -> Result<i64, Problem> {
    let date = match edge {
        Edge::From => date,
        Edge::Until => date.succ_opt().ok_or(Problem::DateNoSuchDay)?,
    };
    let midnight = date.and_time(NaiveTime::MIN);
    // clocks go forward by an hour nearly everywhere; the first quarter of an hour that exists is the day's beginning
    let quarters = (0..=12).map(|q| midnight + chrono::TimeDelta::minutes(15 * q));
    quarters
        .filter_map(|local| zone.from_local_datetime(&local).earliest())
        .map(|at| at.timestamp_millis())
        .next()
        .ok_or(Problem::DateNoSuchDay)
}

/// Full-width digits and signs become plain ones, and spaces are gathered.
fn plain(text: &str) -> String {
    let plain = text.chars().map(|c| match c {
        '０'..='９' | '：' | '／' | '－' | '＋' => {
            char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c)
        }
        '年' | '月' => '-',
        '日' | '\u{3000}' | '\t' => ' ',
        c => c,
    });
    let plain: String = plain.collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn with_offset(text: &str) -> Option<i64> {
    let text = match text.strip_suffix(['Z', 'z']) {
        Some(rest) => format!("{rest}+00:00"),
        None => text.to_owned(),
    };
    let text = text.replace('/', "-").replacen('T', " ", 1);
    [
        "%Y-%m-%d %H:%M%:z",
        "%Y-%m-%d %H:%M:%S%:z",
        "%Y-%m-%d %H:%M:%S%.3f%:z",
    ]
    .iter()
    .find_map(|f| DateTime::parse_from_str(&text, f).ok())
    .map(|at| at.timestamp_millis())
}

fn day(text: &str) -> Result<NaiveDate, Problem> {
    let parts: Vec<&str> = text.split(['-', '/', '.']).collect();
    let digits = |p: &&str| (1..=4).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_digit());
    if !parts.iter().all(digits) {
        return Err(Problem::Date);
    }
    match parts.as_slice() {
        [_, _] => Err(Problem::DateNoYear),
        [year, month, day] if year.len() == 4 => {
            let (month, day) = (month.parse().ok(), day.parse().ok());
            let date = year.parse().ok().zip(month).zip(day);
            date.and_then(|((y, m), d)| NaiveDate::from_ymd_opt(y, m, d))
                .filter(|_| (1970..=9998).contains(&year.parse().unwrap_or(0)))
                .ok_or(Problem::DateNoSuchDay)
        }
        [_, _, _] => Err(Problem::DateOrder),
        _ => Err(Problem::Date),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono_tz::{Africa, America, Asia, Europe};
    use proptest::prelude::*;

    /// In UTC.
    fn utc(text: &str, zone: Tz, edge: Edge) -> Result<String, &'static str> {
        let at = read(text, zone, edge).map_err(|p| p.code())?;
        let at = DateTime::from_timestamp_millis(at).expect("a time");
        Ok(at.format("%Y-%m-%dT%H:%M:%S").to_string())
    }

    #[test]
    fn what_people_write_is_read() {
        for text in [
            "2026-11-21 09:00",
            "2026/11/21 9:00",
            "2026.11.21 09:00:00",
            "2026-11-21T09:00",
            "2026年11月21日 09:00",
            "2026年11月21日09:00",
            "２０２６／１１／２１　０９：００",
            "2026-11-21  09:00",
            "2026-11-21 09:00+08:00",
            "2026-11-21T02:00:00+01:00",
            "2026/11/21T01:00:00.000Z",
        ] {
            let read = utc(text, Asia::Shanghai, Edge::From);
            assert_eq!(read.as_deref(), Ok("2026-11-21T01:00:00"), "{text}");
        }
    }

    #[test]
    fn a_date_alone_is_the_whole_day() {
        for text in ["2026/11/21", "2026-11-21", "20261121", "2026年11月21日"] {
            let ends = [Edge::From, Edge::Until].map(|e| utc(text, Asia::Shanghai, e));
            let (from, until) = ("2026-11-20T16:00:00", "2026-11-21T16:00:00");
            assert_eq!(ends, [Ok(from.to_owned()), Ok(until.to_owned())], "{text}");
        }
        let midnight = utc("2026-12-31 24:00", Asia::Shanghai, Edge::From);
        assert_eq!(midnight.as_deref(), Ok("2026-12-31T16:00:00"));
    }

    #[test]
    fn what_could_mean_two_things_is_refused_by_name() {
        let code = |text| utc(text, Asia::Shanghai, Edge::From).expect_err(text);
        assert_eq!(code("11月21日"), "date_no_year");
        assert_eq!(code("11-21 09:00"), "date_no_year");
        assert_eq!(code("11/21/2026"), "date_order");
        assert_eq!(code("26/11/21 09:00"), "date_order");
        assert_eq!(code("46347.375"), "date_number");
        assert_eq!(code("46347"), "date_number");
        assert_eq!(code("2026-02-30 09:00"), "date_no_such_day");
        assert_eq!(code("2026-13-01"), "date_no_such_day");
        assert_eq!(code("0000-01-01"), "date_no_such_day");
        for text in [
            "",
            "明天",
            "2026-11-21 9点",
            "2026-11-21 25:00",
            "2026-11-21 09:00 AM",
            "----",
            "2026-11-21-09",
        ] {
            assert_eq!(code(text), "date", "{text}");
        }
    }

    #[test]
    fn hours_that_the_clocks_skip_or_repeat_are_refused() {
        let berlin = |text| utc(text, Europe::Berlin, Edge::From);
        assert_eq!(berlin("2026-03-29 02:30"), Err("date_skipped"));
        assert_eq!(berlin("2026-10-25 02:30"), Err("date_twice"));
        let told = berlin("2026-10-25 02:30+01:00");
        assert_eq!(told.as_deref(), Ok("2026-10-25T01:30:00"));
        // Cairo's clocks go forward at midnight, Havana's fall back to it
        let cairo = utc("2026-04-24", Africa::Cairo, Edge::From);
        assert_eq!(cairo.as_deref(), Ok("2026-04-23T22:00:00"));
        let havana = utc("2026-11-01", America::Havana, Edge::From);
        assert_eq!(havana.as_deref(), Ok("2026-11-01T04:00:00"));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[0-9TZ年月日:/+. -]{0,24}|\\PC{0,20}") {
            for edge in [Edge::From, Edge::Until] {
                let _ = read(&text, Asia::Shanghai, edge);
            }
        }
    }
}
