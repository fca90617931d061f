//! The UTC calendar as Go's `time` package reckons it, for every 64-bit number of seconds: the date functions take
//! any value, also NaN, and Prometheus gives whatever Go's conversion makes of it.

use crate::functions::DatePart;

const SECONDS_PER_DAY: u64 = 86_400;
/// The year from which Go counts absolute seconds; a multiple of 400 plus 1, so that the leap rule starts there.
const ABSOLUTE_ZERO_YEAR: i64 = -292_277_022_399;
/// Seconds from the absolute zero to 1970.
const UNIX_TO_ABSOLUTE: i64 = 62_135_596_800 + 9_223_371_966_579_724_800;
const DAYS_BEFORE: [u64; 13] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365];

struct Date {
    year: i64,
    /// 1 to 12.
    month: usize,
    /// 1 to 31.
    day: u64,
    /// 1 to 366.
    day_of_year: u64,
}

/// The part of the date `seconds` after 1970.
pub(crate) fn part_of_seconds(part: DatePart, seconds: f64) -> f64 {
    let absolute = to_i64(seconds).wrapping_add(UNIX_TO_ABSOLUTE) as u64;
    let of_day = absolute % SECONDS_PER_DAY;
    let n = match part {
        DatePart::Hour => of_day / 3_600,
        DatePart::Minute => of_day % 3_600 / 60,
        // 1 January of the absolute zero year is a Monday
        DatePart::DayOfWeek => (absolute / SECONDS_PER_DAY + 1) % 7,
        DatePart::DayOfMonth => date(absolute).day,
        DatePart::DayOfYear => date(absolute).day_of_year,
        DatePart::Month => date(absolute).month as u64,
        DatePart::DaysInMonth => {
            let date = date(absolute);
            days_in_month(date.year, date.month)
        }
        DatePart::Year => return date(absolute).year as f64,
    };
    n as f64
}

/// As Go converts on 64-bit x86: what does not fit is the smallest number.
fn to_i64(v: f64) -> i64 {
    if (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&v) {
        v as i64
    } else {
        i64::MIN
    }
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in_month(year: i64, month: usize) -> u64 {
    let before = |m: usize| DAYS_BEFORE.get(m).copied().unwrap_or(0);
    before(month) - before(month.saturating_sub(1)) + u64::from(month == 2 && is_leap(year))
}

fn date(absolute: u64) -> Date {
    let mut days = absolute / SECONDS_PER_DAY;
    let mut year = 400 * (days / 146_097);
    days %= 146_097;
    // the last century of 400 years and the last year of four are a day longer: `n - n/4` keeps them whole
    let n = days / 36_524;
    let n = n - (n >> 2);
    year += 100 * n;
    days -= 36_524 * n;
    year += 4 * (days / 1_461);
    days %= 1_461;
    let n = days / 365;
    let n = n - (n >> 2);
    year += n;
    days -= 365 * n;
    let year = (year as i64).wrapping_add(ABSOLUTE_ZERO_YEAR);
    let mut month = 1;
    let mut left = days;
    while month < 12 && left >= days_in_month(year, month) {
        left -= days_in_month(year, month);
        month += 1;
    }
    Date {
        year,
        month,
        day: left + 1,
        day_of_year: days + 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(seconds: f64) -> [f64; 8] {
        use DatePart::{DayOfMonth, DayOfWeek, DayOfYear, DaysInMonth, Hour, Minute, Month, Year};
        [
            Year,
            Month,
            DayOfMonth,
            DayOfWeek,
            DayOfYear,
            DaysInMonth,
            Hour,
            Minute,
        ]
        .map(|p| part_of_seconds(p, seconds))
    }

    #[test]
    fn known_dates() {
        assert_eq!(all(0.0), [1970.0, 1.0, 1.0, 4.0, 1.0, 31.0, 0.0, 0.0]);
        // 29 February 2024, 23:59 UTC, a Thursday
        assert_eq!(
            all(1_709_251_140.0),
            [2024.0, 2.0, 29.0, 4.0, 60.0, 29.0, 23.0, 59.0]
        );
        // 31 December 2000, the 366th day, a Sunday
        assert_eq!(
            all(978_220_800.0),
            [2000.0, 12.0, 31.0, 0.0, 366.0, 31.0, 0.0, 0.0]
        );
        // a second before 1970
        assert_eq!(
            all(-1.0),
            [1969.0, 12.0, 31.0, 3.0, 365.0, 31.0, 23.0, 59.0]
        );
    }

    #[test]
    fn nonsense_does_not_panic() {
        for v in [
            f64::NAN,
            f64::INFINITY,
            -f64::INFINITY,
            1e300,
            -9.3e18,
            9.2e18,
        ] {
            assert!(all(v).iter().all(|p| p.is_finite()));
        }
    }
}
