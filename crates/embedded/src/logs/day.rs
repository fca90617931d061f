//! Days and the names of their files.

use chrono::{Days, NaiveDate};
use std::fmt;

/// Nanoseconds of a day.
pub(super) const DAY_NS: i64 = 86_400_000_000_000;
const PREFIX: &str = "logs-";
const SUFFIX: &str = ".db";

/// A day in UTC, by its number since 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Day(i64);

impl Day {
    /// The day of a time.
    pub(super) fn of(at_ns: i64) -> Self {
        Self(at_ns.div_euclid(DAY_NS))
    }

    /// Its first nanosecond.
    pub(super) fn start_ns(self) -> i64 {
        self.0.saturating_mul(DAY_NS)
    }

    /// `days` earlier.
    pub(super) fn before(self, days: u32) -> Self {
        Self(self.0.saturating_sub(days.into()))
    }

    fn date(self) -> NaiveDate {
        let days = Days::new(self.0.unsigned_abs());
        let date = if self.0 < 0 {
            NaiveDate::default().checked_sub_days(days)
        } else {
            NaiveDate::default().checked_add_days(days)
        };
        date.unwrap_or_default()
    }

    /// The name of its file: `logs-2026-11-21.db`.
    pub(super) fn file_name(self) -> String {
        format!("{PREFIX}{self}{SUFFIX}")
    }

    /// Whose file that is, if it is one of a day.
    pub(super) fn of_file(name: &str) -> Option<Self> {
        let date = name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?;
        let date: NaiveDate = date.parse().ok()?;
        let day = Self((date - NaiveDate::default()).num_days());
        (day.file_name() == name).then_some(day)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.date().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_after_its_day() {
        let day = Day::of(1_795_219_200_000_000_000);
        assert_eq!(day.file_name(), "logs-2026-11-21.db");
        assert_eq!(Day::of_file(&day.file_name()), Some(day));
        assert_eq!(day.start_ns(), 1_795_219_200_000_000_000);
        assert_eq!(Day::of(day.start_ns() - 1), day.before(1));
        assert_eq!(Day::of(-1).file_name(), "logs-1969-12-31.db");
        for other in [
            "logs-2026-11-21.db-wal",
            "logs-x.db",
            "a.db",
            "logs-2026-1-2.db",
        ] {
            assert_eq!(Day::of_file(other), None, "{other}");
        }
    }
}
