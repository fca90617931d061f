//! What stands on the wall when nothing is wrong.

use chrono::{DateTime, Datelike, NaiveTime, Timelike, Weekday};
use chrono_tz::Tz;
use model::Level;

/// Hours of the day, by the wall clock. Those that end before they begin go over midnight and belong to the day on which they begin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hours {
    /// First minute; `None`: all day.
    pub between: Option<(NaiveTime, NaiveTime)>,
    /// On these days; empty: on every day.
    pub weekdays: Vec<Weekday>,
}

impl Hours {
    /// Whether `now` (ms) is within them.
    pub fn contain(&self, now: i64, zone: Tz) -> bool {
        let Some(at) = DateTime::from_timestamp_millis(now).map(|t| t.with_timezone(&zone)) else {
            return true;
        };
        let on = |day: Weekday| self.weekdays.is_empty() || self.weekdays.contains(&day);
        let Some((from, to)) = self.between else {
            return on(at.weekday());
        };
        let minute = at.time().with_nanosecond(0).unwrap_or(at.time());
        if from <= to {
            return on(at.weekday()) && minute >= from && minute < to;
        }
        (on(at.weekday()) && minute >= from) || (on(at.weekday().pred()) && minute < to)
    }
}

/// A board in a rotation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stop {
    /// Its id.
    pub board: String,
    /// How long it stays, ms.
    pub dwell_ms: i64,
    /// When it takes part.
    pub hours: Hours,
}

/// A screen, or several that show parts of one board.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surface {
    /// What people call it: the name or number of its first output.
    pub name: String,
    /// Its boards in their order, at least one.
    pub stops: Vec<Stop>,
    /// Goes to the board of a failing domain.
    pub follows: bool,
}

/// The whole wall.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// At least one.
    pub surfaces: Vec<Surface>,
    /// Alerts this urgent move the wall; `None`: none do.
    pub director: Option<Level>,
    /// An acknowledged alert keeps its board on the wall.
    pub stay_acknowledged: bool,
    /// So long after the last such alert the rotation goes on, ms: an alert that comes back at once does not make the wall jump twice.
    pub return_after_ms: i64,
    /// Zone of the hours.
    pub zone: Tz,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Saturday 2026-11-21 08:00 in Shanghai.
    const SATURDAY_8: i64 = 1_795_219_200_000;
    const HOUR: i64 = 3_600_000;

    fn hours(from: (u32, u32), to: (u32, u32), weekdays: &[Weekday]) -> Hours {
        let time = |(h, m)| NaiveTime::from_hms_opt(h, m, 0).unwrap();
        Hours {
            between: Some((time(from), time(to))),
            weekdays: weekdays.to_vec(),
        }
    }

    #[test]
    fn hours_over_midnight_belong_to_the_day_on_which_they_begin() {
        let zone = chrono_tz::Asia::Shanghai;
        let night = hours((22, 0), (7, 0), &[Weekday::Sat]);
        assert!(
            !night.contain(SATURDAY_8 - 2 * HOUR, zone),
            "Friday's night"
        );
        assert!(!night.contain(SATURDAY_8, zone));
        assert!(night.contain(SATURDAY_8 + 14 * HOUR, zone), "22:00 itself");
        assert!(night.contain(SATURDAY_8 + 22 * HOUR, zone), "Sunday, 06:00");
        assert!(
            !night.contain(SATURDAY_8 + 23 * HOUR, zone),
            "07:00 is over"
        );
    }

    #[test]
    fn without_a_word_it_is_always() {
        let zone = chrono_tz::Asia::Shanghai;
        assert!(Hours::default().contain(0, zone));
        let day = hours((8, 0), (20, 0), &[]);
        assert!(day.contain(SATURDAY_8, zone) && !day.contain(SATURDAY_8 - 1_000, zone));
    }
}
