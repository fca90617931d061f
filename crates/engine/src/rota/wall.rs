//! From the wall clock to the instant and back.

use chrono::{Days, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use model::rota::WallTime;

/// The day that a zone's calendar shows at an instant, ms; `None` far outside of what calendars reach.
pub fn day_at(at: i64, zone: Tz) -> Option<NaiveDate> {
    let utc = Utc.timestamp_millis_opt(at).single()?;
    Some(utc.with_timezone(&zone).date_naive())
}

/// The first instant, ms, at which a zone's clock shows this day and time or a later one.
///
/// Of a time that comes twice it is the first; of one that summer time leaves out it is the moment of the change. So a later wall time never
/// has an earlier instant, and shifts that follow each other by the wall clock neither overlap nor leave a hole on any day.
pub fn instant(day: NaiveDate, time: WallTime, zone: Tz) -> Option<i64> {
    let minutes = u32::from(time.minutes());
    let time = NaiveTime::from_num_seconds_from_midnight_opt(minutes * 60, 0)?;
    let local = day.and_time(time);
    match zone.from_local_datetime(&local) {
        LocalResult::Single(t) | LocalResult::Ambiguous(t, _) => Some(t.timestamp_millis()),
        LocalResult::None => left_out(local, zone),
    }
}

/// Midnight at the end of a day.
pub fn day_end(day: NaiveDate, zone: Tz) -> Option<i64> {
    instant(next(day)?, WallTime::default(), zone)
}

/// The day after.
pub fn next(day: NaiveDate) -> Option<NaiveDate> {
    day.checked_add_days(Days::new(1))
}

/// The day before.
pub fn previous(day: NaiveDate) -> Option<NaiveDate> {
    day.checked_sub_days(Days::new(1))
}

/// The moment at which the clock jumps over `local`. Most jumps are an hour; once a zone has jumped over a whole day.
fn left_out(local: NaiveDateTime, zone: Tz) -> Option<i64> {
    let (hours, before) = [3, 27].into_iter().find_map(|hours| {
        let earlier = local.checked_sub_signed(TimeDelta::hours(hours))?;
        Some((hours, zone.from_local_datetime(&earlier).latest()?))
    })?;
    let mut low = before.timestamp_millis();
    let mut high = low + hours * 3_600_000;
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        let shown = Utc.timestamp_millis_opt(middle).single()?;
        if shown.with_timezone(&zone).naive_local() >= local {
            high = middle;
        } else {
            low = middle;
        }
    }
    Some(high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono_tz::{America::New_York, Australia::Lord_Howe, Europe::Berlin, Pacific::Apia};

    fn date(y: i32, m: u32, d: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(y, m, d).unwrap()
    }

    fn utc(y: i32, mo: u32, d: u32, h: u32, mi: u32) -> i64 {
        let t = Utc.with_ymd_and_hms(y, mo, d, h, mi, 0).unwrap();
        t.timestamp_millis()
    }

    #[test]
    fn a_time_left_out_is_the_moment_of_the_change_and_one_that_comes_twice_the_first() {
        let half_past = WallTime::new(2, 30).unwrap();
        for (zone, day, at) in [
            (Berlin, date(2026, 3, 29), utc(2026, 3, 29, 1, 0)),
            (Berlin, date(2026, 10, 25), utc(2026, 10, 25, 0, 30)),
            (New_York, date(2026, 3, 8), utc(2026, 3, 8, 7, 0)),
            // Half an hour: 2:00 becomes 2:30, so that 2:30 is the moment itself.
            (Lord_Howe, date(2026, 10, 4), utc(2026, 10, 3, 15, 30)),
        ] {
            assert_eq!(instant(day, half_past, zone), Some(at), "{zone} {day}");
        }
        let quarter_past = WallTime::new(2, 15).unwrap();
        assert_eq!(
            instant(date(2026, 10, 4), quarter_past, Lord_Howe),
            Some(utc(2026, 10, 3, 15, 30))
        );
    }

    #[test]
    fn a_day_that_a_zone_left_out_has_no_length() {
        let day = date(2011, 12, 30);
        let start = instant(day, WallTime::default(), Apia);
        assert_eq!(start, day_end(day, Apia));
        assert_eq!(start, Some(utc(2011, 12, 30, 10, 0)));
    }

    #[test]
    fn later_on_the_wall_is_never_earlier_in_time() {
        for zone in [Berlin, New_York, Lord_Howe, chrono_tz::Asia::Shanghai] {
            let mut day = date(2025, 1, 1);
            let mut latest = i64::MIN;
            while day < date(2028, 1, 1) {
                for minutes in (0..1440).step_by(15) {
                    let time = WallTime::new(minutes / 60, minutes % 60).unwrap();
                    let at = instant(day, time, zone).unwrap();
                    assert!(at >= latest, "{zone} {day} {time}");
                    latest = at;
                }
                day = next(day).unwrap();
            }
        }
    }
}
