//! Times as programs write them.

use super::Origin;
use chrono::{DateTime, Datelike, Duration, NaiveDate, NaiveDateTime, NaiveTime, TimeZone};
use std::str;

/// A time at the beginning of `text`, ns since the epoch, and how many bytes it takes.
pub(super) fn at_start(text: &str, origin: &Origin) -> Option<(i64, usize)> {
    let mut cursor = Cursor::new(text);
    let local = match cursor.peek()? {
        b'0'..=b'9' => cursor.digits_first()?,
        b'A'..=b'Z' => cursor.month_first(origin)?,
        _ => return None,
    };
    let ns = match cursor.offset() {
        Some(seconds) => local.and_utc().timestamp_nanos_opt()? - seconds * 1_000_000_000,
        None => in_zone(local, origin)?,
    };
    Some((ns, cursor.at))
}

/// The whole text as a time, or as a number of seconds, milli-, micro- or nanoseconds since the epoch.
pub(super) fn whole(text: &str, origin: &Origin) -> Option<i64> {
    let text = text.trim();
    if let Ok(number) = text.parse::<i64>() {
        return epoch(number);
    }
    if text.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return epoch_seconds(text.parse().ok()?);
    }
    let (ns, length) = at_start(text, origin)?;
    (length == text.len()).then_some(ns)
}

/// A whole number since the epoch; its size tells its unit (seconds up to the year 5138).
pub(super) fn epoch(number: i64) -> Option<i64> {
    match number.unsigned_abs() {
        0..100_000_000 => None,
        100_000_000..100_000_000_000 => number.checked_mul(1_000_000_000),
        100_000_000_000..100_000_000_000_000 => number.checked_mul(1_000_000),
        100_000_000_000_000..100_000_000_000_000_000 => number.checked_mul(1_000),
        _ => Some(number),
    }
}

/// A number with a fraction since the epoch, by its size.
pub(super) fn epoch_seconds(number: f64) -> Option<i64> {
    let whole = number.trunc();
    if !(1e8..9.2e18).contains(&whole) {
        return None;
    }
    let start = epoch(whole as i64)?;
    let unit = start / (whole as i64);
    Some(start + ((number - whole) * unit as f64).round() as i64)
}

/// A time by the origin's clock; what the change to summer time leaves out is an hour later.
fn in_zone(local: NaiveDateTime, origin: &Origin) -> Option<i64> {
    let zone = origin.zone;
    let time = zone.from_local_datetime(&local).earliest().or_else(|| {
        zone.from_local_datetime(&(local + Duration::hours(1)))
            .earliest()
    })?;
    time.timestamp_nanos_opt()
}

struct Cursor<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text: text.as_bytes(),
            at: 0,
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn take(&mut self, any: &[u8]) -> Option<u8> {
        let byte = self.peek().filter(|b| any.contains(b))?;
        self.at += 1;
        Some(byte)
    }

    fn literal(&mut self, text: &str) -> Option<()> {
        let rest = self.text.get(self.at..)?;
        rest.starts_with(text.as_bytes())
            .then(|| self.at += text.len())
    }

    /// A number of `min` to `max` digits.
    fn number(&mut self, min: usize, max: usize) -> Option<u32> {
        let rest = self.text.get(self.at..)?;
        let length = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        if !(min..=max).contains(&length) {
            return None;
        }
        self.at += length;
        str::from_utf8(rest.get(..length)?).ok()?.parse().ok()
    }

    fn month_name(&mut self) -> Option<u32> {
        const MONTHS: [&str; 12] = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ];
        let name = self.text.get(self.at..self.at + 3)?;
        let month = MONTHS.iter().position(|m| m.as_bytes() == name)?;
        self.at += 3;
        u32::try_from(month + 1).ok()
    }

    /// `2026-11-21 …`, `2026/11/21 …`, `2026年11月21日 …`, `21/Nov/2026:…`, `21 Nov 2026 …`, `21-Nov-2026::…`.
    fn digits_first(&mut self) -> Option<NaiveDateTime> {
        let first = self.number(1, 4)?;
        let date = if self.at == 4 {
            let chinese = self.literal("年").is_some();
            let sign = if chinese { 0 } else { self.take(b"-/.")? };
            let month = self.number(1, 2)?;
            if chinese {
                self.literal("月")?;
            } else {
                self.take(&[sign])?;
            }
            let day = self.number(1, 2)?;
            if chinese {
                self.literal("日")?;
            }
            NaiveDate::from_ymd_opt(first.cast_signed(), month, day)?
        } else {
            self.take(b"/ -")?;
            let month = self.month_name()?;
            self.take(b"/ -")?;
            let year = self.number(4, 4)?;
            NaiveDate::from_ymd_opt(year.cast_signed(), month, first)?
        };
        while self.take(b"T:_ ").is_some() {}
        Some(date.and_time(self.clock()?))
    }

    /// `Nov 21 10:00:00`, `Sat Nov 21 10:00:00 2026`; without a year the one that is nearest to the time of receipt.
    fn month_first(&mut self, origin: &Origin) -> Option<NaiveDateTime> {
        let month = match self.month_name() {
            Some(month) => month,
            None => {
                self.at += 3;
                self.take(b" ,")?;
                self.take(b" ");
                self.month_name()?
            }
        };
        self.take(b" ")?;
        self.take(b" ");
        let day = self.number(1, 2)?;
        self.take(b" ")?;
        let time = self.clock()?;
        let before = self.at;
        let year = self.take(b" ").and_then(|_| self.number(4, 4));
        if let Some(year) = year.filter(|y| (1970..2262).contains(y)) {
            return Some(NaiveDate::from_ymd_opt(year.cast_signed(), month, day)?.and_time(time));
        }
        self.at = before;
        let received = DateTime::from_timestamp_nanos(origin.received_ns);
        let received = received.with_timezone(&origin.zone).naive_local();
        (-1..=1)
            .filter_map(|n| NaiveDate::from_ymd_opt(received.year() + n, month, day))
            .map(|date| date.and_time(time))
            .min_by_key(|t| (*t - received).num_seconds().abs())
    }

    /// `10:00:00`, with up to nine digits behind a point or comma.
    fn clock(&mut self) -> Option<NaiveTime> {
        let hour = self.number(1, 2)?;
        self.take(b":")?;
        let minute = self.number(2, 2)?;
        self.take(b":")?;
        let second = self.number(2, 2)?;
        let mut ns = 0;
        let before = self.at;
        if self.take(b".,").is_some() {
            let rest = self.text.get(self.at..)?;
            let length = rest.iter().take_while(|b| b.is_ascii_digit()).count();
            let digits = rest.get(..length.min(9))?;
            match str::from_utf8(digits).ok()?.parse::<u32>() {
                Ok(fraction) => {
                    ns = fraction * 10_u32.pow(9 - digits.len() as u32);
                    self.at += length;
                }
                Err(_) => self.at = before,
            }
        }
        // a leap second is the last one of its minute
        NaiveTime::from_hms_nano_opt(hour, minute, second.min(59), ns)
    }

    /// `Z`, `+08:00`, `+0800`, ` UTC`; seconds east of Greenwich. Other names of zones (CST) say nothing certain and are passed over.
    fn offset(&mut self) -> Option<i64> {
        let before = self.at;
        if self.take(b"Z").is_some() {
            return Some(0);
        }
        self.take(b" ");
        if let Some(sign) = self.take(b"+-")
            && let Some(offset) = self.hours_and_minutes()
        {
            return Some(if sign == b'-' { -offset } else { offset });
        }
        self.at = before;
        self.take(b" ")?;
        let rest = self.text.get(self.at..)?;
        let name = rest.iter().take_while(|b| b.is_ascii_uppercase()).count();
        let ends = rest.get(name).is_none_or(|b| matches!(b, b' ' | b']'));
        match rest.get(..name)? {
            b"UTC" | b"GMT" if ends => {
                self.at += name;
                Some(0)
            }
            b"CST" | b"EST" | b"EDT" | b"PST" | b"PDT" | b"CET" | b"CEST" | b"JST" | b"HKT"
            | b"MST" | b"MDT" | b"CDT" | b"BST" | b"IST" | b"KST" | b"SGT"
                if ends =>
            {
                self.at += name;
                None
            }
            _ => {
                self.at = before;
                None
            }
        }
    }

    fn hours_and_minutes(&mut self) -> Option<i64> {
        let rest = self.text.get(self.at..)?;
        let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        let (hours, minutes) = match digits {
            4 => {
                let number = self.number(4, 4)?;
                (number / 100, number % 100)
            }
            2 => {
                let hours = self.number(2, 2)?;
                let before = self.at;
                let minutes = self.take(b":").and_then(|_| self.number(2, 2));
                if minutes.is_none() {
                    self.at = before;
                }
                (hours, minutes.unwrap_or(0))
            }
            _ => return None,
        };
        (hours <= 18 && minutes < 60).then(|| i64::from(hours * 3600 + minutes * 60))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono_tz::Asia::Shanghai;

    /// 2026-11-21T02:00:00Z, ten in the morning in Shanghai.
    const TEN: i64 = 1_795_226_400_000_000_000;

    fn origin() -> Origin {
        Origin::new(Shanghai, TEN)
    }

    #[track_caller]
    fn is(text: &str, plus_ns: i64) {
        assert_eq!(whole(text, &origin()), Some(TEN + plus_ns), "{text}");
    }

    #[test]
    fn the_many_spellings_of_one_moment() {
        for text in [
            "2026-11-21T10:00:00+08:00",
            "2026-11-21T02:00:00Z",
            "2026-11-21 10:00:00",
            "2026/11/21 10:00:00",
            "2026年11月21日 10:00:00",
            "2026-11-21 02:00:00 UTC",
            "2026-11-21 10:00:00 CST",
            "21/Nov/2026:10:00:00 +0800",
            "21 Nov 2026 10:00:00",
            "21-Nov-2026::10:00:00",
            "Nov 21 10:00:00",
            "Sat Nov 21 10:00:00 2026",
            "1795226400",
            "1795226400000",
            "1795226400000000",
            "1795226400000000000",
        ] {
            is(text, 0);
        }
        is("2026-11-21 10:00:00,123", 123_000_000);
        is("2026-11-21T02:00:00.123456789Z", 123_456_789);
        is("2026-11-20T21:30:00.5-04:30", 500_000_000);
        is("1795226400.25", 250_000_000);
    }

    #[test]
    fn a_year_that_is_not_told_is_the_nearest() {
        let mut origin = origin();
        origin.received_ns += 60 * 86_400_000_000_000;
        let told = whole("Nov 21 10:00:00", &origin);
        assert_eq!(told, Some(TEN));
    }

    #[test]
    fn what_is_no_time() {
        for text in [
            "",
            "12",
            "2026-13-01 00:00:00",
            "2026-11-21",
            "hello",
            "Nov",
            "Nov 31 10:00:00",
            "99999999999999999999",
            "2026-11-21 25:00:00",
        ] {
            assert_eq!(whole(text, &origin()), None, "{text}");
        }
    }

    #[test]
    fn an_hour_that_the_clock_leaves_out() {
        let origin = Origin::new(chrono_tz::Europe::Berlin, TEN);
        let told = whole("2026-03-29 02:30:00", &origin);
        assert_eq!(told, whole("2026-03-29T01:30:00Z", &origin));
    }
}
