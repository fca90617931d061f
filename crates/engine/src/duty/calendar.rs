//! Times that come back every week, in the customer's zone.

use chrono::{Datelike, Days, LocalResult, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

/// Minutes of a day.
const DAY: u16 = 24 * 60;

/// A stretch of some days of the week, perhaps over midnight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeekTime {
    /// Days on which it begins, 1 Monday to 7 Sunday; none named: every day.
    pub days: Vec<u8>,
    /// Begin, minutes after midnight.
    pub from: u16,
    /// End, minutes after midnight; not after `from`: on the next day.
    pub to: u16,
}

impl WeekTime {
    /// Every day from `from` to `to`, minutes after midnight.
    pub fn daily(from: u16, to: u16) -> Self {
        Self {
            days: Vec::new(),
            from,
            to,
        }
    }

    /// The stretch that covers `now`, ms: from, until.
    pub fn covering(&self, now: i64, zone: Tz) -> Option<(i64, i64)> {
        let today = day_of(now, zone)?;
        [today.checked_sub_days(Days::new(1)), Some(today)]
            .into_iter()
            .flatten()
            .filter_map(|day| self.on(day, zone))
            .find(|(from, until)| *from <= now && now < *until)
    }

    /// The next begin after `now`, ms.
    pub fn next_start(&self, now: i64, zone: Tz) -> Option<i64> {
        let today = day_of(now, zone)?;
        (0..=8)
            .filter_map(|n| today.checked_add_days(Days::new(n)))
            .filter_map(|day| self.on(day, zone))
            .map(|(from, _)| from)
            .find(|from| *from > now)
    }

    /// The stretch that begins on `day`.
    fn on(&self, day: NaiveDate, zone: Tz) -> Option<(i64, i64)> {
        let weekday = day.weekday().number_from_monday() as u8;
        if !self.days.is_empty() && !self.days.contains(&weekday) {
            return None;
        }
        let last = if self.to.min(DAY) <= self.from {
            day.checked_add_days(Days::new(1))?
        } else {
            day
        };
        let stretch = (at(day, self.from, zone)?, at(last, self.to, zone)?);
        (stretch.0 < stretch.1).then_some(stretch)
    }
}

fn day_of(now: i64, zone: Tz) -> Option<NaiveDate> {
    let utc = Utc.timestamp_millis_opt(now).single()?;
    Some(utc.with_timezone(&zone).date_naive())
}

/// The moment of a wall clock's time. Of a time that comes twice (summer time ends) the first; one that is left out (summer time begins)
/// is the same distance after the gap.
fn at(day: NaiveDate, minute: u16, zone: Tz) -> Option<i64> {
    let (day, minute) = if minute >= DAY {
        (day.checked_add_days(Days::new(1))?, minute - DAY)
    } else {
        (day, minute)
    };
    let time = NaiveTime::from_num_seconds_from_midnight_opt(u32::from(minute % DAY) * 60, 0)?;
    let local = day.and_time(time);
    match zone.from_local_datetime(&local) {
        LocalResult::Single(t) | LocalResult::Ambiguous(t, _) => Some(t.timestamp_millis()),
        LocalResult::None => {
            let before = local.checked_sub_signed(TimeDelta::hours(3))?;
            let t = zone.from_local_datetime(&before).earliest()?;
            Some(t.timestamp_millis() + 3 * super::setup::HOUR)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::duty::setup::HOUR;
    use chrono_tz::Asia::Shanghai;
    use chrono_tz::Europe::Berlin;

    fn ms(zone: Tz, y: i32, m: u32, d: u32, h: u32, min: u32) -> i64 {
        let t = zone.with_ymd_and_hms(y, m, d, h, min, 0).unwrap();
        t.timestamp_millis()
    }

    #[test]
    fn a_night_belongs_to_the_day_on_which_it_begins() {
        let friday_night = WeekTime {
            days: vec![5],
            from: 22 * 60,
            to: 7 * 60,
        };
        let saturday_3 = ms(Shanghai, 2026, 11, 21, 3, 0);
        assert_eq!(
            friday_night.covering(saturday_3, Shanghai),
            Some((
                ms(Shanghai, 2026, 11, 20, 22, 0),
                ms(Shanghai, 2026, 11, 21, 7, 0)
            ))
        );
        let sunday_3 = ms(Shanghai, 2026, 11, 22, 3, 0);
        assert_eq!(friday_night.covering(sunday_3, Shanghai), None);
        assert_eq!(
            friday_night.next_start(saturday_3, Shanghai),
            Some(ms(Shanghai, 2026, 11, 27, 22, 0))
        );
    }

    #[test]
    fn its_end_does_not_belong_to_it() {
        let noon = WeekTime::daily(12 * 60, 13 * 60);
        let at = |h, m| ms(Shanghai, 2026, 11, 21, h, m);
        assert!(noon.covering(at(12, 0), Shanghai).is_some());
        assert!(noon.covering(at(12, 59), Shanghai).is_some());
        assert!(noon.covering(at(13, 0), Shanghai).is_none());
    }

    #[test]
    fn until_midnight_is_one_whole_day() {
        let whole = WeekTime::daily(0, 24 * 60);
        let (from, until) = whole
            .covering(ms(Shanghai, 2026, 11, 21, 9, 0), Shanghai)
            .unwrap();
        assert_eq!(until - from, 24 * HOUR);
    }

    #[test]
    fn a_time_that_summer_time_leaves_out_is_an_hour_later() {
        // 29 March 2026: 2:00 to 3:00 does not exist in Berlin.
        let window = WeekTime::daily(2 * 60 + 30, 4 * 60);
        let (from, until) = window
            .covering(ms(Berlin, 2026, 3, 29, 3, 45), Berlin)
            .unwrap();
        assert_eq!(from, ms(Berlin, 2026, 3, 29, 3, 30));
        assert_eq!(until, ms(Berlin, 2026, 3, 29, 4, 0));
    }
}
