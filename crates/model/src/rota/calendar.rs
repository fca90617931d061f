//! Which days are worked.

use super::CalendarId;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What kind of day it is, for shifts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DayKind {
    /// 工作日: Monday to Friday that no holiday covers, and make-up working days (调休上班).
    Workday,
    /// 周末: Saturday or Sunday that is neither a holiday nor worked.
    Weekend,
    /// 节假日: a day off by the calendar, whichever day of the week.
    Holiday,
}

/// Days on which a country's (or a company's) calendar differs from Monday to Friday.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calendar {
    /// Which: `cn`.
    pub id: CalendarId,
    /// As shown: 中国法定节假日.
    pub name: String,
    /// ISO 3166 code of the country, or empty: `CN`.
    #[serde(default)]
    pub country: String,
    /// The days it knows, holidays and make-up days.
    #[serde(default)]
    pub days: BTreeMap<NaiveDate, CalendarDay>,
    /// Years of which it knows the notice: year → which notice or file it comes from. In other years only the day of the week is known.
    #[serde(default)]
    pub years: BTreeMap<i32, String>,
    /// Which days of the week are off, 1 Monday to 7 Sunday; none named: Saturday and Sunday.
    #[serde(default)]
    pub weekend: BTreeSet<u8>,
}

/// One day of a calendar.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalendarDay {
    /// Whether it is a day off; if not, it is worked though it may be a Saturday or Sunday.
    pub off: bool,
    /// The holiday to which it belongs: 春节.
    pub name: String,
}

/// What is known of one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Day {
    /// Which.
    pub date: NaiveDate,
    /// Workday, weekend or holiday.
    pub kind: DayKind,
    /// The holiday to which it belongs, of a make-up day the one it makes up for.
    pub name: Option<String>,
    /// A weekend's day that is worked (调休上班).
    pub make_up: bool,
    /// Whether the calendar has the notice of that year; if not, the kind is by the day of the week alone.
    pub known: bool,
}

/// A year without a notice: its holidays and make-up days are not known, and shifts go by the day of the week.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct MissingYear {
    /// Whose.
    pub calendar: CalendarId,
    /// Which year.
    pub year: i32,
}
