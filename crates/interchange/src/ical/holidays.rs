//! Another country's holidays, or a company's own.

use super::lines::{self, Event};
use super::times::{self, Time};
use crate::fault::{Fault, Field, Problem, Refused, shown};
use chrono::{Datelike, NaiveDate};
use chrono_tz::Tz;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

/// Days of one event at most: more is no holiday.
const MAX_DAYS: u64 = 60;
/// Years for which an event of every year is written out, at most.
const MAX_YEARS: i32 = 20;

/// Days of a calendar that are written out at most.
const MAX_WRITTEN: usize = 20_000;

/// A day that is not as its day of the week says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holiday {
    /// Which day.
    pub date: NaiveDate,
    /// The holiday to which it belongs.
    pub name: String,
    /// Whether it is a day off; else a day of make-up work.
    pub off: bool,
}

impl From<Holiday> for (NaiveDate, String, bool) {
    /// As a calendar is made of them.
    fn from(day: Holiday) -> Self {
        (day.date, day.name, day.off)
    }
}

/// Holidays that were read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holidays {
    /// The calendar's own name, or empty.
    pub name: String,
    /// By date, each day once.
    pub days: Vec<Holiday>,
    /// Years in which an event of once begins: what the file says of them is a list for that year. Of other years it has only what returns on
    /// the same day every year, which is not all of a country's holidays.
    pub years: BTreeSet<i32>,
    /// Events that are in the calendar but are no days off: anniversaries, school holidays that the calendar marks as such, cancelled ones.
    pub passed_over: u64,
}

/// Reads a calendar of holidays: events that last whole days. An event of every year (`FREQ=YEARLY` without further conditions) is written out for
/// `years`; other rules are refused. Days of make-up work are told by Apple's `X-APPLE-SPECIAL-DAY` or by a name with 班 or "working day"; days that
/// the calendar itself calls anniversaries (Google's "Observance", 纪念日) are passed over.
///
/// # Errors
/// All faults of the file, by the lines of its text; nothing is taken from a file with faults.
pub fn holidays(bytes: &[u8], years: RangeInclusive<i32>) -> Result<Holidays, Refused> {
    let mut refused = Refused::default();
    let file = match lines::read(bytes, &mut refused) {
        Ok(file) => file,
        Err(fault) => {
            refused.add(fault);
            return Err(refused.whole());
        }
    };
    let name = file.properties.iter().find(|p| p.name == "X-WR-CALNAME");
    let mut out = Holidays {
        name: name.map_or_else(String::new, |p| shown(p.value.trim())),
        ..Holidays::default()
    };
    let marked = file.events.iter().any(|e| e.get(APPLE).is_some());
    let mut days: BTreeMap<NaiveDate, (Holiday, u64)> = BTreeMap::new();
    let mut written = 0;
    for event in &file.events {
        if is_no_holiday(event, marked) {
            out.passed_over += 1;
            continue;
        }
        match of_event(event, &years) {
            Ok(found) => {
                let once = event.get("RRULE").is_none();
                let first = found.first().filter(|_| once);
                out.years.extend(first.map(|day| day.date.year()));
                written += found.len();
                if written > MAX_WRITTEN {
                    refused.add(event.fault(
                        Field::From,
                        Problem::TooLarge {
                            what: "days",
                            is: written as u64,
                            max: MAX_WRITTEN as u64,
                        },
                    ));
                    break;
                }
                enter(&mut days, found, event, &mut refused);
            }
            Err(fault) => refused.add(fault),
        }
    }
    out.days = days.into_values().map(|(day, _)| day).collect();
    refused.or(out)
}

const APPLE: &str = "X-APPLE-SPECIAL-DAY";

/// `marked`: the calendar says of its days off that they are some, so that the others are none.
fn is_no_holiday(event: &Event, marked: bool) -> bool {
    let cancelled = event
        .text("STATUS")
        .is_some_and(|s| s.eq_ignore_ascii_case("CANCELLED"));
    let described = event.text("DESCRIPTION").unwrap_or_default().to_lowercase();
    let anniversary = described.starts_with("observance") || described.starts_with("纪念日");
    cancelled || anniversary || (marked && event.get(APPLE).is_none())
}

fn enter(
    days: &mut BTreeMap<NaiveDate, (Holiday, u64)>,
    found: Vec<Holiday>,
    event: &Event,
    refused: &mut Refused,
) {
    for day in found {
        match days.get(&day.date) {
            Some((other, line)) if other.off != day.off => {
                refused.add(Fault {
                    cell: day.date.to_string(),
                    ..event.fault(Field::From, Problem::Twice { line: *line })
                });
            }
            // two holidays on one day are one day off
            Some(_) => {}
            None => {
                days.insert(day.date, (day, event.line));
            }
        }
    }
}

fn of_event(event: &Event, years: &RangeInclusive<i32>) -> Result<Vec<Holiday>, Fault> {
    let title = event
        .text("SUMMARY")
        .ok_or_else(|| event.fault(Field::Name, Problem::Missing))?;
    let (first, length) = whole_days(event)?;
    let off = match event.text(APPLE) {
        Some(kind) => !kind.eq_ignore_ascii_case("ALTERNATE-WORKDAY"),
        None => !names_work(title),
    };
    let name = shown(bare(title));
    let begins = match yearly(event)? {
        None => vec![first],
        Some(until) => {
            let last = until.map_or(*years.end(), |u| u.year().min(*years.end()));
            let from = first.year().max(*years.start());
            (from..=last.min(from.saturating_add(MAX_YEARS)))
                // 29 February is not there every year
                .filter_map(|y| NaiveDate::from_ymd_opt(y, first.month(), first.day()))
                .filter(|d| until.is_none_or(|u| *d <= u))
                .collect()
        }
    };
    let day = |date| Holiday {
        date,
        name: name.clone(),
        off,
    };
    let days = begins.iter().flat_map(|b| b.iter_days().take(length));
    Ok(days.map(day).collect())
}

/// An event's first day and how many it lasts.
fn whole_days(event: &Event) -> Result<(NaiveDate, usize), Fault> {
    let begin = event
        .get("DTSTART")
        .ok_or_else(|| event.fault(Field::From, Problem::Missing))?;
    let day = |property: &lines::Property, field| match times::read(property, field, Tz::UTC)? {
        Time::Day(day) => Ok(day),
        Time::At(_) => Err(property.fault(field, Problem::NotAllDay)),
    };
    let first = day(begin, Field::From)?;
    let Some(end) = event.get("DTEND") else {
        // a duration of whole days is seen so rarely that the day alone is the better guess to refuse
        return match event.get("DURATION") {
            None => Ok((first, 1)),
            Some(d) if d.value.trim() == "P1D" => Ok((first, 1)),
            Some(d) => Err(d.fault(Field::Until, Problem::NotAllDay)),
        };
    };
    let days = (day(end, Field::Until)? - first).num_days();
    match u64::try_from(days) {
        // some programs write the day itself as the end
        Ok(0) => Ok((first, 1)),
        Ok(days) if days > MAX_DAYS => Err(end.fault(
            Field::Until,
            Problem::TooLarge {
                what: "days",
                is: days,
                max: MAX_DAYS,
            },
        )),
        Ok(days) => Ok((first, usize::try_from(days).unwrap_or(1))),
        Err(_) => Err(end.fault(Field::Until, Problem::EndNotAfterStart)),
    }
}

/// Whether it is an event of every year, and until when. `None`: of once.
fn yearly(event: &Event) -> Result<Option<Option<NaiveDate>>, Fault> {
    if let Some(dates) = event.get("RDATE") {
        return Err(dates.fault(Field::From, Problem::Recurring));
    }
    let mut rules = event.all("RRULE");
    let Some(rule) = rules.next() else {
        return Ok(None);
    };
    let refused = || rule.fault(Field::From, Problem::Recurring);
    if rules.next().is_some() {
        return Err(refused());
    }
    let (mut every_year, mut until) = (false, None);
    for part in rule.value.to_ascii_uppercase().split(';') {
        match part.trim().split_once('=') {
            Some(("FREQ", "YEARLY")) => every_year = true,
            Some(("INTERVAL", "1")) | Some(("WKST", _)) => {}
            Some(("UNTIL", day)) => {
                let day = day.get(..8).unwrap_or_default();
                let day = NaiveDate::parse_from_str(day, "%Y%m%d");
                until = Some(day.map_err(|_| refused())?);
            }
            _ => return Err(refused()),
        }
    }
    if every_year {
        Ok(Some(until))
    } else {
        Err(refused())
    }
}

fn names_work(title: &str) -> bool {
    let lower = title.to_lowercase();
    title.contains('班')
        || ["working day", "workday", "make-up day"]
            .iter()
            .any(|w| lower.contains(w))
}

/// 春节（休） is 春节.
fn bare(title: &str) -> &str {
    let title = title.trim();
    let tails = [
        "（休）",
        "（班）",
        "(休)",
        "(班)",
        "补班",
        "调休上班",
        "上班",
    ];
    let cut = tails.iter().find_map(|t| title.strip_suffix(t));
    cut.map(str::trim)
        .filter(|t| !t.is_empty())
        .unwrap_or(title)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calendar(events: &[&str]) -> String {
        let events: String = events
            .iter()
            .map(|e| format!("BEGIN:VEVENT\n{e}\nEND:VEVENT\n"))
            .collect();
        format!("BEGIN:VCALENDAR\nX-WR-CALNAME:Feiertage\n{events}END:VCALENDAR\n")
    }

    fn read(events: &[&str]) -> Result<Holidays, Refused> {
        holidays(calendar(events).as_bytes(), 2025..=2027)
    }

    fn days(events: &[&str]) -> Vec<String> {
        let read = read(events).expect("holidays");
        let day = |h: &Holiday| {
            format!(
                "{} {} {}",
                h.date,
                h.name,
                if h.off { "off" } else { "work" }
            )
        };
        read.days.iter().map(day).collect()
    }

    #[test]
    fn days_off_and_days_of_work_are_told_apart() {
        let plain = days(&[
            "SUMMARY:Karfreitag\nDTSTART;VALUE=DATE:20260403\nDTEND;VALUE=DATE:20260404",
            "SUMMARY:春节（休）\nDTSTART;VALUE=DATE:20260216\nDTEND;VALUE=DATE:20260218",
            "SUMMARY:春节（班）\nDTSTART;VALUE=DATE:20260214",
            "SUMMARY:Easter Monday\nDTSTART:20260406\nDTEND:20260406\nDURATION:P1D",
        ]);
        assert_eq!(
            plain,
            [
                "2026-02-14 春节 work",
                "2026-02-16 春节 off",
                "2026-02-17 春节 off",
                "2026-04-03 Karfreitag off",
                "2026-04-06 Easter Monday off"
            ]
        );
    }

    #[test]
    fn a_calendar_is_made_of_them() {
        let read = read(&[
            "SUMMARY:Neujahr\nDTSTART;VALUE=DATE:20260101",
            "SUMMARY:Tag der Arbeit\nDTSTART;VALUE=DATE:20260501",
        ]);
        let days = read.expect("holidays").days.into_iter().map(Into::into);
        let made = engine::rota::holidays::calendar_of("de", "Feiertage", "DE", "ics", days);
        let calendar = made.expect("a calendar");
        let may = NaiveDate::from_ymd_opt(2026, 5, 1).expect("a day");
        assert!(calendar.days[&may].off && calendar.years.contains_key(&2026));
    }

    #[test]
    fn a_year_is_told_by_events_of_once_and_not_by_rules() {
        let read = read(&[
            "SUMMARY:Weihnachten\nDTSTART;VALUE=DATE:20251225\nRRULE:FREQ=YEARLY",
            "SUMMARY:Karfreitag\nDTSTART;VALUE=DATE:20260403",
            "SUMMARY:Silvester\nDTSTART;VALUE=DATE:20261231\nDTEND;VALUE=DATE:20270102",
        ])
        .expect("holidays");
        assert_eq!(read.years, [2026].into());
        let days = read.days.iter().map(|d| d.date.year());
        assert_eq!(days.collect::<BTreeSet<_>>(), [2025, 2026, 2027].into());
    }

    #[test]
    fn anniversaries_are_passed_over() {
        let google = read(&[
            "SUMMARY:Tax Day\nDESCRIPTION:Observance\\nTo hide observances\\, go to\nDTSTART;VALUE=DATE:20260415",
            "SUMMARY:Memorial Day\nDESCRIPTION:Public holiday\nDTSTART;VALUE=DATE:20260525",
        ])
        .expect("holidays");
        assert_eq!(
            (google.days.len(), google.passed_over, google.name.as_str()),
            (1, 1, "Feiertage")
        );
        let apple = days(&[
            "SUMMARY:教师节\nDTSTART;VALUE=DATE:20260910",
            "SUMMARY:国庆节\nX-APPLE-SPECIAL-DAY:WORK-HOLIDAY\nDTSTART;VALUE=DATE:20261001",
            "SUMMARY:国庆节\nX-APPLE-SPECIAL-DAY:ALTERNATE-WORKDAY\nDTSTART;VALUE=DATE:20261010",
        ]);
        assert_eq!(apple, ["2026-10-01 国庆节 off", "2026-10-10 国庆节 work"]);
    }

    #[test]
    fn what_is_every_year_is_written_out_and_other_rules_are_refused() {
        let yearly = days(&[
            "SUMMARY:Neujahr\nDTSTART;VALUE=DATE:19700101\nRRULE:FREQ=YEARLY;INTERVAL=1",
            "SUMMARY:Alt\nDTSTART;VALUE=DATE:20000301\nRRULE:FREQ=YEARLY;UNTIL=20250301",
            "SUMMARY:Leap\nDTSTART;VALUE=DATE:20240229\nRRULE:FREQ=YEARLY",
        ]);
        assert_eq!(
            yearly,
            [
                "2025-01-01 Neujahr off",
                "2025-03-01 Alt off",
                "2026-01-01 Neujahr off",
                "2027-01-01 Neujahr off"
            ]
        );
        for rule in [
            "FREQ=SECONDLY;COUNT=1000000000",
            "FREQ=YEARLY;BYDAY=1MO",
            "FREQ=YEARLY;INTERVAL=2",
            "",
            "FREQ=YEARLY;UNTIL=x",
        ] {
            let refused = read(&[&format!(
                "SUMMARY:x\nDTSTART;VALUE=DATE:20260101\nRRULE:{rule}"
            )]);
            let fault = refused.expect_err(rule).faults.remove(0);
            assert_eq!(
                (fault.line, fault.problem),
                (6, Problem::Recurring),
                "{rule}"
            );
        }
        let long = holidays(
            calendar(&["SUMMARY:x\nDTSTART;VALUE=DATE:19700101\nRRULE:FREQ=YEARLY"]).as_bytes(),
            i32::MIN..=i32::MAX,
        );
        assert_eq!(long.expect("bounded").days.len(), 21);
        // 20,000 events of 21 years with 59 days each
        let many =
            "SUMMARY:x\nDTSTART;VALUE=DATE:19700101\nDTEND;VALUE=DATE:19700301\nRRULE:FREQ=YEARLY";
        let many = holidays(calendar(&vec![many; 20_000]).as_bytes(), 2000..=2100);
        let fault = many.expect_err("too many days").faults.remove(0);
        assert_eq!((fault.line, fault.problem.code()), (99, "too_large"));
    }

    #[test]
    fn faults_have_their_lines() {
        let refused = read(&[
            "SUMMARY:x\nDTSTART:20260101T000000Z\nDTEND:20260102T000000Z",
            "DTSTART;VALUE=DATE:20260101",
            "SUMMARY:x",
            "SUMMARY:x\nDTSTART;VALUE=DATE:20260230",
            "SUMMARY:x\nDTSTART;VALUE=DATE:20260101\nDTEND;VALUE=DATE:20270101",
            "SUMMARY:国庆\nDTSTART;VALUE=DATE:20261001",
            "SUMMARY:国庆（班）\nDTSTART;VALUE=DATE:20261001",
        ])
        .expect_err("refused");
        let found: Vec<_> = refused
            .faults
            .iter()
            .map(|f| (f.line, f.problem.code()))
            .collect();
        assert_eq!(
            found,
            [
                (5, "not_all_day"),
                (8, "missing"),
                (11, "missing"),
                (16, "date_no_such_day"),
                (21, "too_large"),
                (27, "twice")
            ]
        );
    }
}
