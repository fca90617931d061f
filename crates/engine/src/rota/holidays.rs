//! Holiday files in the form of NateScarlet/holiday-cn, the ones inside the program, and calendars from other lists of days.
//!
//! Such a file is one State Council notice: `{"year": 2026, "days": [{"name": "元旦", "date": "2026-01-01", "isOffDay": true}, …]}`. It is named
//! by the year in the notice's title; days at the end of December before can be in it.

use chrono::{Datelike, NaiveDate};
use model::rota::{Calendar, CalendarDay, CalendarId};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// The id of the calendar that is built in.
pub const CHINA: &str = "cn";

/// Larger files are refused, bytes. A real one has 6 kB.
pub const MAX_BYTES: usize = 256 * 1024;
/// More days are refused.
pub const MAX_DAYS: usize = 400;
/// Longer names are refused, characters.
pub const MAX_NAME: usize = 100;

const CN_2025: &str = include_str!("../../../../calendars/cn-2025.json");
const CN_2026: &str = include_str!("../../../../calendars/cn-2026.json");

/// A day of a list: which, the holiday's name, whether it is off (or worked).
pub type Entry = (NaiveDate, String, bool);

/// One year's notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HolidayYear {
    /// The year in its title.
    pub year: i32,
    /// Where it comes from, as the file says; may be empty.
    pub source: String,
    /// Its days.
    pub days: BTreeMap<NaiveDate, CalendarDay>,
}

/// Why a list of holidays cannot be used. Entries count from 1, in the order of the list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HolidayError {
    /// Larger than [`MAX_BYTES`].
    #[error("the file has {bytes} bytes; at most {MAX_BYTES} are read")]
    TooLarge {
        /// How large it is.
        bytes: usize,
    },
    /// Not JSON of that form.
    #[error("line {line}, column {column}: {what}")]
    NotJson {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
        /// The parser's words.
        what: String,
    },
    /// A year that no notice can have.
    #[error("year {year} is not between 2000 and 2199")]
    BadYear {
        /// As given.
        year: i64,
    },
    /// No days, or more than [`MAX_DAYS`].
    #[error("{days} days; a year's list has 1 to {MAX_DAYS}")]
    BadCount {
        /// How many.
        days: usize,
    },
    /// A text that is no day of the calendar.
    #[error("entry {entry}: `{text}` is not a date of the form 2026-01-31")]
    BadDate {
        /// Which entry.
        entry: usize,
        /// As given, bounded.
        text: String,
    },
    /// A day outside of the notice's year and the December before.
    #[error("entry {entry}: {date} does not belong to the notice of {year}")]
    OtherYear {
        /// Which entry.
        entry: usize,
        /// The day.
        date: NaiveDate,
        /// The notice's year.
        year: i32,
    },
    /// The same day twice.
    #[error("entry {entry}: {date} is listed twice")]
    Twice {
        /// The second entry.
        entry: usize,
        /// The day.
        date: NaiveDate,
    },
    /// A name that is empty, too long or holds control characters.
    #[error(
        "entry {entry}: the name of {date} is empty, longer than {MAX_NAME} characters or not text"
    )]
    BadName {
        /// Which entry.
        entry: usize,
        /// The day.
        date: NaiveDate,
    },
}

impl HolidayError {
    /// A stable name for locales, in snake_case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "too_large",
            Self::NotJson { .. } => "not_json",
            Self::BadYear { .. } => "bad_year",
            Self::BadCount { .. } => "bad_count",
            Self::BadDate { .. } => "bad_date",
            Self::OtherYear { .. } => "other_year",
            Self::Twice { .. } => "twice",
            Self::BadName { .. } => "bad_name",
        }
    }
}

/// Where in a file of [`read_year`] the fault is: line and column, from 1. `None`: it is about the file as a whole.
pub fn place(bytes: &[u8], error: &HolidayError) -> Option<(usize, usize)> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let at = match error {
        // the parser says 0 for the column of a file that ends at a line's end
        HolidayError::NotJson { line, column, .. } => return Some((*line, (*column).max(1))),
        HolidayError::TooLarge { .. } => return None,
        HolidayError::BadYear { .. } => value_of(bytes, "year", 0),
        HolidayError::BadCount { .. } => value_of(bytes, "days", 0),
        HolidayError::BadDate { entry, .. }
        | HolidayError::OtherYear { entry, .. }
        | HolidayError::Twice { entry, .. }
        | HolidayError::BadName { entry, .. } => value_of(bytes, "days", *entry),
    }?;
    let before = bytes.get(..at)?;
    let line = before.iter().filter(|b| **b == b'\n').count() + 1;
    let begin = before
        .iter()
        .rposition(|b| *b == b'\n')
        .map_or(0, |n| n + 1);
    let column = String::from_utf8_lossy(before.get(begin..)?)
        .chars()
        .count()
        + 1;
    Some((line, column))
}

/// The offset of the value of a key of the outermost object, or with `entry` from 1 of an entry of that value. Only for what has been parsed:
/// it trusts brackets and quotation marks to be closed.
fn value_of(json: &[u8], key: &str, entry: usize) -> Option<usize> {
    let (mut depth, mut text, mut escaped) = (0_usize, None, false);
    // the last text of the outermost object, which is a key when a colon follows; whether the value wanted has begun; entries so far
    let (mut last, mut inside, mut wanted, mut seen) = ("", false, false, 0_usize);
    for (at, byte) in json.iter().copied().enumerate() {
        if let Some(begin) = text {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => {
                    text = None;
                    if depth == 1 {
                        last = std::str::from_utf8(json.get(begin..at)?).unwrap_or("");
                    }
                }
                _ => {}
            }
            continue;
        }
        if wanted && !byte.is_ascii_whitespace() {
            if entry == 0 {
                return Some(at);
            }
            (wanted, inside) = (false, true);
        } else if inside && depth == 2 && !byte.is_ascii_whitespace() && byte != b',' {
            seen += 1;
            if seen == entry {
                return Some(at);
            }
        }
        match byte {
            b'"' => text = Some(at + 1),
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b':' if depth == 1 => wanted = last == key,
            _ => {}
        }
    }
    None
}

#[derive(Deserialize)]
struct File {
    year: i64,
    #[serde(default)]
    source: String,
    #[serde(default)]
    papers: Vec<String>,
    days: Vec<FileDay>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FileDay {
    name: String,
    date: String,
    is_off_day: bool,
}

/// Reads one year's file, with or without a byte order mark.
pub fn read_year(bytes: &[u8]) -> Result<HolidayYear, HolidayError> {
    if bytes.len() > MAX_BYTES {
        return Err(HolidayError::TooLarge { bytes: bytes.len() });
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let file: File = serde_json::from_slice(bytes).map_err(|e| HolidayError::NotJson {
        line: e.line(),
        column: e.column(),
        what: bounded(&e.to_string()),
    })?;
    let year = i32::try_from(file.year)
        .ok()
        .filter(|y| (2000..2200).contains(y))
        .ok_or(HolidayError::BadYear { year: file.year })?;
    let dated = file.days.into_iter().enumerate().map(|(i, d)| {
        let date = exact_date(&d.date).ok_or_else(|| HolidayError::BadDate {
            entry: i + 1,
            text: bounded(&d.date),
        })?;
        let of_year = date.year() == year || (date.year() == year - 1 && date.month() == 12);
        if of_year {
            Ok((date, d.name, d.is_off_day))
        } else {
            Err(HolidayError::OtherYear {
                entry: i + 1,
                date,
                year,
            })
        }
    });
    let days = checked(dated)?;
    let source = if file.source.is_empty() {
        file.papers.into_iter().next().unwrap_or_default()
    } else {
        file.source
    };
    Ok(HolidayYear {
        year,
        source: bounded(&source),
        days,
    })
}

/// `2026-01-31` and nothing else: chrono by itself also takes signs, blanks and years of other lengths.
fn exact_date(text: &str) -> Option<NaiveDate> {
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    (date.to_string() == text).then_some(date)
}

fn bounded(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(200)
        .collect()
}

fn checked(
    days: impl Iterator<Item = Result<Entry, HolidayError>>,
) -> Result<BTreeMap<NaiveDate, CalendarDay>, HolidayError> {
    let mut out = BTreeMap::new();
    let mut count = 0;
    for (i, day) in days.enumerate() {
        count = i + 1;
        let (date, name, off) = day?;
        if count > MAX_DAYS {
            return Err(HolidayError::BadCount { days: count });
        }
        let name = name.trim();
        let long = name.chars().count() > MAX_NAME;
        if name.is_empty() || long || name.chars().any(char::is_control) {
            return Err(HolidayError::BadName { entry: count, date });
        }
        let day = CalendarDay {
            off,
            name: name.to_string(),
        };
        if out.insert(date, day).is_some() {
            return Err(HolidayError::Twice { entry: count, date });
        }
    }
    if count == 0 {
        return Err(HolidayError::BadCount { days: 0 });
    }
    Ok(out)
}

/// A calendar with one more year, or with another notice for a year it has: the former days of that year are gone. Days in the December
/// before are taken over beside that year's own.
pub fn with_year(calendar: &Calendar, notice: HolidayYear, source: &str) -> Calendar {
    let mut out = calendar.clone();
    out.days.retain(|date, _| date.year() != notice.year);
    out.days.extend(notice.days);
    let source = if source.is_empty() {
        notice.source
    } else {
        bounded(source)
    };
    out.years.insert(notice.year, source);
    out
}

/// A calendar from days of any years: day, name, off (or worked). Every year that has a day counts as known. At most [`MAX_DAYS`] days for
/// each year of the longest list that is accepted, which is 30 years.
pub fn calendar_of(
    id: impl Into<CalendarId>,
    name: &str,
    country: &str,
    source: &str,
    days: impl IntoIterator<Item = Entry>,
) -> Result<Calendar, HolidayError> {
    let mut by_year: BTreeMap<i32, Vec<(usize, Entry)>> = BTreeMap::new();
    for (i, day) in days.into_iter().enumerate() {
        if i >= MAX_DAYS * 30 {
            return Err(HolidayError::BadCount { days: i + 1 });
        }
        let year = day.0.year();
        if !(2000..2200).contains(&year) {
            return Err(HolidayError::BadYear { year: year.into() });
        }
        by_year.entry(year).or_default().push((i + 1, day));
    }
    if by_year.is_empty() {
        return Err(HolidayError::BadCount { days: 0 });
    }
    let mut calendar = Calendar {
        id: id.into(),
        name: name.to_string(),
        country: country.to_string(),
        ..Calendar::default()
    };
    for (year, days) in by_year {
        let entries: Vec<usize> = days.iter().map(|(entry, _)| *entry).collect();
        let days = checked(days.into_iter().map(|(_, day)| Ok(day)))
            .map_err(|e| renumbered(e, &entries))?;
        calendar.days.extend(days);
        calendar.years.insert(year, bounded(source));
    }
    Ok(calendar)
}

/// What becomes of a calendar when days are merged into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merged {
    /// The calendar with them.
    pub calendar: Calendar,
    /// Years that the calendar knew and that are replaced: year → days before, days after.
    pub replaced: BTreeMap<i32, (usize, usize)>,
    /// Years that it knows from now on and did not before.
    pub added: BTreeSet<i32>,
    /// Years that get days and count as unknown all the same, because only rules tell of them.
    pub unsure: BTreeSet<i32>,
    /// Years of which the list has days by rules alone and which the calendar knows better: they stay as they are.
    pub kept: BTreeSet<i32>,
}

/// Takes days of any years over into a calendar, year by year. A year of `known`, those that the list tells by themselves, replaces the calendar's
/// days of that year; every other year of the calendar stays. Days of further years (a holiday of every year, written out; the end of a holiday
/// over New Year) go beside what is there, unless the calendar knows that year: a rule cannot know the days that move, so it makes no year known.
///
/// # Errors
/// When the list is empty or too long, or has a day that cannot be; see [`HolidayError`].
pub fn merge(
    calendar: &Calendar,
    days: impl IntoIterator<Item = Entry>,
    known: &BTreeSet<i32>,
    source: &str,
) -> Result<Merged, HolidayError> {
    let (id, name, country) = (calendar.id.clone(), &calendar.name, &calendar.country);
    let read = calendar_of(id, name, country, source, days)?;
    let count = |of: &BTreeMap<NaiveDate, CalendarDay>, year: i32| {
        of.keys().filter(|date| date.year() == year).count()
    };
    let mut out = Merged {
        calendar: calendar.clone(),
        replaced: BTreeMap::new(),
        added: BTreeSet::new(),
        unsure: BTreeSet::new(),
        kept: BTreeSet::new(),
    };
    let into = &mut out.calendar;
    for (year, source) in read.years {
        match (known.contains(&year), calendar.years.contains_key(&year)) {
            (true, true) => {
                let (before, after) = (count(&calendar.days, year), count(&read.days, year));
                out.replaced.insert(year, (before, after));
            }
            (true, false) => {
                out.added.insert(year);
            }
            (false, true) => {
                out.kept.insert(year);
                continue;
            }
            (false, false) => {
                out.unsure.insert(year);
            }
        }
        if known.contains(&year) {
            into.days.retain(|date, _| date.year() != year);
            into.years.insert(year, source);
        }
        let new = read.days.iter().filter(|(date, _)| date.year() == year);
        into.days
            .extend(new.map(|(date, day)| (*date, day.clone())));
    }
    Ok(out)
}

/// The entry's place in the whole list instead of in its year's.
fn renumbered(error: HolidayError, entries: &[usize]) -> HolidayError {
    let place = |entry: usize| entries.get(entry - 1).copied().unwrap_or(entry);
    match error {
        HolidayError::Twice { entry, date } => HolidayError::Twice {
            entry: place(entry),
            date,
        },
        HolidayError::BadName { entry, date } => HolidayError::BadName {
            entry: place(entry),
            date,
        },
        other => other,
    }
}

/// China's statutory holidays and make-up days as far as they are inside the program: 2025 and 2026. `name` is what screens call it.
pub fn china(name: &str) -> Calendar {
    let mut calendar = Calendar {
        id: CHINA.into(),
        name: name.to_string(),
        country: "CN".to_string(),
        ..Calendar::default()
    };
    for text in [CN_2025, CN_2026] {
        // They are in the program and tested; nothing here can fail at a customer's.
        if let Ok(notice) = read_year(text.as_bytes()) {
            calendar = with_year(&calendar, notice, "");
        }
    }
    calendar
}
