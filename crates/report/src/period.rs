//! Which stretch of time a report is about.

use chrono::{DateTime, Datelike as _, Days, Months, NaiveDate, TimeZone as _, Utc};
use chrono_tz::Tz;

const MINUTE: i64 = 60_000;

/// How long a report's period is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// 日报: a day.
    Daily,
    /// 周报: Monday to Sunday.
    Weekly,
    /// 月报: a month of the calendar.
    Monthly,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Daily, Self::Weekly, Self::Monthly];

    /// As it is written in the configuration and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Daily => "daily",
            Self::Weekly => "weekly",
            Self::Monthly => "monthly",
        }
    }

    /// The kind of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.name() == name)
    }

    /// The distance of the points that the report looks at, ms: fine enough for a share of time, and fewer points than a Prometheus gives
    /// at once.
    pub fn step(self) -> i64 {
        match self {
            Self::Daily => MINUTE,
            Self::Weekly => 5 * MINUTE,
            Self::Monthly => 15 * MINUTE,
        }
    }
}

/// A stretch of whole days, begin inclusive, end exclusive, with the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// How long.
    pub kind: Kind,
    /// Its first day.
    pub first: NaiveDate,
    /// The day after its last.
    pub end: NaiveDate,
    /// Begin, ms.
    pub from: i64,
    /// End, ms.
    pub until: i64,
    /// When the period before it begins, ms; it ends at `from`.
    pub before: i64,
}

/// When a day begins; where midnight does not exist, when the clock goes on.
fn begins(day: NaiveDate, zone: Tz) -> i64 {
    (0..4)
        .filter_map(|hour| day.and_hms_opt(hour, 0, 0))
        .find_map(|time| zone.from_local_datetime(&time).earliest())
        .map_or(0, |time| time.timestamp_millis())
}

fn bounds(kind: Kind, day: NaiveDate) -> Option<(NaiveDate, NaiveDate)> {
    match kind {
        Kind::Daily => Some((day, day.checked_add_days(Days::new(1))?)),
        Kind::Weekly => {
            let monday =
                day.checked_sub_days(Days::new(day.weekday().num_days_from_monday().into()))?;
            Some((monday, monday.checked_add_days(Days::new(7))?))
        }
        Kind::Monthly => {
            let first = day.with_day(1)?;
            Some((first, first.checked_add_months(Months::new(1))?))
        }
    }
}

impl Period {
    /// The period that has this day; `None` at the ends of the calendar.
    pub fn of(kind: Kind, day: NaiveDate, zone: Tz) -> Option<Self> {
        let (first, end) = bounds(kind, day)?;
        let (earlier, _) = bounds(kind, first.checked_sub_days(Days::new(1))?)?;
        Some(Self {
            kind,
            first,
            end,
            from: begins(first, zone),
            until: begins(end, zone),
            before: begins(earlier, zone),
        })
    }

    /// The last period that was over at a time, ms.
    pub fn last_over(kind: Kind, now: i64, zone: Tz) -> Option<Self> {
        let today = DateTime::<Utc>::from_timestamp_millis(now)?
            .with_timezone(&zone)
            .date_naive();
        let (first, _) = bounds(kind, today)?;
        Self::of(kind, first.checked_sub_days(Days::new(1))?, zone)
    }

    /// Its last day.
    pub fn last(&self) -> NaiveDate {
        self.end
            .checked_sub_days(Days::new(1))
            .unwrap_or(self.first)
    }

    /// The name of its files without their ending: `shouwang-weekly-2026-11-16`.
    pub fn file_stem(&self) -> String {
        let day = match self.kind {
            Kind::Monthly => self.first.format("%Y-%m"),
            _ => self.first.format("%Y-%m-%d"),
        };
        format!("shouwang-{}-{day}", self.kind.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    #[test]
    fn weeks_begin_on_monday_and_months_on_the_first() {
        let zone = chrono_tz::Asia::Shanghai;
        let week = Period::of(Kind::Weekly, day("2026-11-21"), zone).expect("a week");
        assert_eq!(
            (week.first, week.last()),
            (day("2026-11-16"), day("2026-11-22"))
        );
        assert_eq!(week.until - week.from, 7 * 86_400_000);
        assert_eq!(week.from - week.before, 7 * 86_400_000);
        assert_eq!(week.file_stem(), "shouwang-weekly-2026-11-16");
        let month = Period::of(Kind::Monthly, day("2026-03-31"), zone).expect("a month");
        assert_eq!(
            (month.first, month.end),
            (day("2026-03-01"), day("2026-04-01"))
        );
        assert_eq!(
            month.from - month.before,
            28 * 86_400_000,
            "February before it"
        );
        assert_eq!(month.file_stem(), "shouwang-monthly-2026-03");
    }

    #[test]
    fn the_last_one_that_is_over_is_not_the_one_that_runs() {
        let zone = chrono_tz::Asia::Shanghai;
        // 2026-11-16 00:30 in Shanghai is a Monday; in UTC it is still Sunday.
        let monday = begins(day("2026-11-16"), zone) + 30 * MINUTE;
        let of = |kind| {
            Period::last_over(kind, monday, zone)
                .expect("a period")
                .first
        };
        assert_eq!(of(Kind::Daily), day("2026-11-15"));
        assert_eq!(of(Kind::Weekly), day("2026-11-09"));
        assert_eq!(of(Kind::Monthly), day("2026-10-01"));
        assert_eq!(Period::last_over(Kind::Daily, i64::MAX, zone), None);
    }

    #[test]
    fn a_day_when_the_clock_is_changed_has_23_hours() {
        let spring =
            Period::of(Kind::Daily, day("2026-03-29"), chrono_tz::Europe::Berlin).expect("a day");
        assert_eq!(spring.until - spring.from, 23 * 3_600_000);
    }
}
