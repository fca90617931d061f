//! Whole years: gaps or exactly one primary at every instant, holidays and make-up days, ends of months and years.

use super::world::*;
use chrono::{Datelike, NaiveDate, Weekday};
use chrono_tz::Asia::Shanghai;
use engine::rota::{coverage, day, holidays, missing_notices, on_duty, schedule};
use model::rota::{
    Book, Cadence, Calendar, CalendarDay, DayKind, DutyReason, Edit, Gap, GapCause, MissingYear,
    Override, Role, Rotation, WallTime,
};

fn start() -> i64 {
    ms(Shanghai, 2025, 1, 1, 0, 0)
}

fn end() -> i64 {
    ms(Shanghai, 2028, 1, 1, 0, 0)
}

#[test]
fn each_instant_of_three_years_has_exactly_one_primary() {
    let book = handbook(&["a", "b", "c", "d", "e"]);
    let found = coverage(&book, &platform(), start(), end());
    assert!(found.is_clean(), "{found:?}");
    let missing = MissingYear {
        calendar: holidays::CHINA.into(),
        year: 2027,
    };
    assert_eq!(found.missing_years, [missing]);
    let mut shifts = schedule(&book, &platform(), start(), end());
    shifts.retain(|s| s.role == Role::Primary);
    assert_eq!(shifts[0].from, start());
    for pair in shifts.windows(2) {
        assert_eq!(pair[0].until, pair[1].from, "{pair:?}");
    }
    assert_eq!(shifts.last().unwrap().until, end());
    let mut t = start();
    while t < end() {
        assert_eq!(primary(&book, t).len(), 1, "{t}");
        t += 7 * HOUR / 2;
    }
}

/// The handbook's rota without its holiday shift.
fn without_holidays() -> Book {
    let book = handbook(&["a", "b", "c"]);
    let rota = &book.rotas[&platform()];
    let holiday = rota.layers.iter().find(|l| l.name == "节假日").unwrap().id;
    let edit = Edit::RemoveLayer {
        rota: platform(),
        layer: holiday,
    };
    done(&book, edit, "boss", 0).0
}

/// At each instant of 2025 to 2027 there is either exactly one primary or a gap that is reported, and the gaps are the calendar's days off.
fn check_gaps(book: &Book, days_off: usize, runs: usize) {
    let found = coverage(book, &platform(), start(), end());
    let calendar = &book.calendars[&holidays::CHINA.into()];
    let off = |d: &NaiveDate| calendar.days.get(d).is_some_and(|l| l.off);
    let days: Vec<NaiveDate> = date(2025, 1, 1)
        .iter_days()
        .take(1095)
        .filter(off)
        .collect();
    assert_eq!(days.len(), days_off);
    let gap_time: i64 = found.gaps.iter().map(|g| g.until - g.from).sum();
    assert_eq!(gap_time, days_off as i64 * DAY);
    assert_eq!(found.gaps.len(), runs, "{:?}", found.gaps);
    for gap in &found.gaps {
        assert_eq!(gap.cause, GapCause::NoShift);
        assert_eq!(gap.role, Role::Primary);
    }
    for day in days {
        let begins = ms(Shanghai, day.year(), day.month(), day.day(), 9, 0);
        let within = |g: &&Gap| g.from <= begins && begins + DAY <= g.until;
        assert!(found.gaps.iter().any(|g| within(&g)), "{day}");
    }
    let mut t = start();
    while t < end() {
        let gap = found.gaps.iter().any(|g| g.from <= t && t < g.until);
        assert_eq!(primary(book, t).len(), usize::from(!gap), "{t}");
        t += 7 * HOUR / 2;
    }
}

#[test]
fn without_a_holiday_shift_the_holidays_of_three_years_are_gaps_and_nothing_else_is() {
    // 28 days in 6 runs in 2025, 33 in 7 in 2026; of 2027 there is no notice, which is told.
    let book = without_holidays();
    check_gaps(&book, 28 + 33, 6 + 7);
    let found = coverage(&book, &platform(), start(), end());
    assert_eq!(found.missing_years.len(), 1);
    assert_eq!(found.missing_years[0].year, 2027);
}

#[test]
fn the_gaps_of_a_year_whose_notice_is_imported_are_known_too() {
    let mut book = without_holidays();
    let mut calendar = Calendar::clone(&book.calendars[&holidays::CHINA.into()]);
    calendar.years.insert(2027, "试".into());
    // Not the notice, which is not out: two runs of days off and a Sunday that is worked.
    let off = [(1, 1..=3), (10, 1..=7)];
    for (month, days) in off {
        for day in days {
            let listed = CalendarDay {
                off: true,
                name: "试".into(),
            };
            calendar.days.insert(date(2027, month, day), listed);
        }
    }
    let worked = CalendarDay {
        off: false,
        name: "试".into(),
    };
    calendar.days.insert(date(2027, 9, 26), worked);
    book = done(&book, Edit::PutCalendar(calendar), "boss", 0).0;
    check_gaps(&book, 28 + 33 + 10, 6 + 7 + 2);
    let found = coverage(&book, &platform(), start(), end());
    assert!(found.missing_years.is_empty());
}

/// Days off as month, first, last day; days worked as month and day.
type Notice = (Vec<(u32, u32, u32)>, Vec<(u32, u32)>);

/// The notice of 2026, written out from its text and not from the file.
fn notice_2026() -> Notice {
    let off = vec![
        (1, 1, 3),
        (2, 15, 23),
        (4, 4, 6),
        (5, 1, 5),
        (6, 19, 21),
        (9, 25, 27),
        (10, 1, 7),
    ];
    let worked = vec![(1, 4), (2, 14), (2, 28), (5, 9), (9, 20), (10, 10)];
    (off, worked)
}

#[test]
fn every_day_of_2026_is_as_the_notice_says() {
    let calendar = holidays::china("");
    let (off, worked) = notice_2026();
    let mut other_than_by_weekday = 0;
    for date in date(2026, 1, 1).iter_days().take(365) {
        let (m, d) = (date.month(), date.day());
        let is_off = off
            .iter()
            .any(|(mo, a, b)| *mo == m && (*a..=*b).contains(&d));
        let is_worked = worked.contains(&(m, d));
        let weekend = matches!(date.weekday(), Weekday::Sat | Weekday::Sun);
        let expected = match (is_off, is_worked, weekend) {
            (true, _, _) => DayKind::Holiday,
            (false, true, _) | (false, false, false) => DayKind::Workday,
            (false, false, true) => DayKind::Weekend,
        };
        let found = day(Some(&calendar), date);
        assert_eq!(found.kind, expected, "{date}");
        assert_eq!(found.make_up, is_worked, "{date}");
        assert!(found.known);
        assert_eq!(found.name.is_some(), is_off || is_worked, "{date}");
        let works = expected == DayKind::Workday;
        other_than_by_weekday += u32::from(works == weekend);
    }
    assert_eq!(other_than_by_weekday, 25);
}

#[test]
fn the_shift_follows_the_notice_on_each_of_its_days() {
    let book = handbook(&["a", "b", "c", "d"]);
    let rota = &book.rotas[&platform()];
    let (off, worked) = notice_2026();
    let layer_at = |t| {
        let on = on_duty(&book, &platform(), t);
        let first = on.into_iter().find(|d| d.role == Role::Primary).unwrap();
        match first.reason {
            DutyReason::Holiday { layer, name } => (rota.layer(layer).unwrap().name.clone(), name),
            DutyReason::Layer { layer, .. } => {
                (rota.layer(layer).unwrap().name.clone(), String::new())
            }
            other => panic!("{other:?}"),
        }
    };
    for (m, a, b) in off {
        for d in a..=b {
            let (layer, name) = layer_at(at(m, d, 12));
            assert_eq!(layer, "节假日", "{m}-{d}");
            assert!(!name.is_empty());
        }
        // The night before belongs to the day before, until nine.
        assert_ne!(layer_at(at(m, a, 8)).0, "节假日");
    }
    for (m, d) in worked {
        assert_eq!(layer_at(at(m, d, 12)).0, "工作日", "{m}-{d}");
        assert_eq!(layer_at(at(m, d, 20)).0, "夜间", "{m}-{d}");
    }
}

#[test]
fn holidays_of_2025_are_those_of_its_notice() {
    let calendar = holidays::china("");
    let of_2025 = |off| {
        let days = calendar
            .days
            .iter()
            .filter(|(d, l)| d.year() == 2025 && l.off == off);
        days.map(|(d, _)| d.ordinal()).collect::<Vec<_>>()
    };
    let days = |list: &[(u32, u32, u32)]| -> Vec<u32> {
        let each = list.iter().flat_map(|(m, a, b)| (*a..=*b).map(|d| (*m, d)));
        each.map(|(m, d)| date(2025, m, d).ordinal()).collect()
    };
    let off = [
        (1, 1, 1),
        (1, 28, 31),
        (2, 1, 4),
        (4, 4, 6),
        (5, 1, 5),
        (5, 31, 31),
    ];
    let more = [(6, 1, 2), (10, 1, 8)];
    assert_eq!(of_2025(true), days(&[&off[..], &more[..]].concat()));
    assert_eq!(of_2025(true).len(), 28);
    let worked = [
        (1, 26, 26),
        (2, 8, 8),
        (4, 27, 27),
        (9, 28, 28),
        (10, 11, 11),
    ];
    assert_eq!(of_2025(false), days(&worked));
}

#[test]
fn from_november_the_next_notice_is_missed() {
    let book = handbook(&["a", "b"]);
    let years = |t| -> Vec<i32> { missing_notices(&book, t).iter().map(|m| m.year).collect() };
    let second = 1_000;
    assert!(years(at(11, 1, 0) - second).is_empty());
    assert_eq!(years(at(11, 1, 0)), [2027]);
    assert_eq!(years(ms(Shanghai, 2027, 3, 1, 0, 0)), [2027]);
    assert_eq!(years(ms(Shanghai, 2027, 12, 1, 0, 0)), [2027, 2028]);
    let file = r#"{"year":2027,"days":[{"name":"元旦","date":"2027-01-01","isOffDay":true}]}"#;
    let notice = holidays::read_year(file.as_bytes()).unwrap();
    let more = holidays::with_year(&book.calendars[&holidays::CHINA.into()], notice, "notice");
    let book = done(&book, Edit::PutCalendar(more), "boss", 0).0;
    assert!(missing_notices(&book, at(12, 1, 0)).is_empty());
    assert!(
        coverage(&book, &platform(), start(), end())
            .missing_years
            .is_empty()
    );
}

#[test]
fn a_night_reaches_over_midnight_and_the_ends_of_month_and_year() {
    let layer = turns(workdays(18, 9), &["a", "b"], Cadence::Shifts { shifts: 1 });
    let book = one_layer(&["a", "b"], layer);
    for (y, m, d) in [(2026, 6, 30), (2025, 12, 31), (2026, 3, 31)] {
        let evening = ms(Shanghai, y, m, d, 18, 0);
        let morning = evening + 15 * HOUR;
        let evenings: Vec<String> = primary(&book, evening);
        assert_eq!(evenings.len(), 1, "{y}-{m}-{d}");
        assert!(primary(&book, evening - 1).is_empty());
        assert_eq!(primary(&book, morning - 1), evenings);
        assert!(primary(&book, morning).is_empty());
        let on = on_duty(&book, &platform(), evening + 7 * HOUR);
        assert_eq!((on[0].from, on[0].until), (evening, morning));
    }
}

#[test]
fn an_override_inside_a_holiday_stands_out_and_the_holiday_goes_on_around_it() {
    let book = handbook(&["a", "b", "c"]);
    let (from, until) = (at(10, 3, 14), at(10, 3, 20));
    let usual = primary(&book, from);
    let other = ["a", "b", "c"].into_iter().find(|p| usual != [*p]).unwrap();
    let edit = Edit::PutOverride(Override {
        rota: platform(),
        role: Role::Primary,
        person: other.into(),
        from,
        until,
        why: "顶班".into(),
        ..Override::default()
    });
    let (book, _) = done(&book, edit, "boss", at(9, 30, 0));
    for (t, person, by_override) in [
        (from - 1, usual[0].as_str(), false),
        (from, other, true),
        (until - 1, other, true),
        (until, usual[0].as_str(), false),
    ] {
        let on = on_duty(&book, &platform(), t);
        assert_eq!(on[0].person, person);
        let reason = &on[0].reason;
        match reason {
            DutyReason::Override { .. } => assert!(by_override),
            DutyReason::Holiday { name, .. } => {
                assert!(!by_override);
                assert_eq!(name, "国庆节");
            }
            other => panic!("{other:?}"),
        }
    }
    let shifts = schedule(&book, &platform(), at(10, 3, 9), at(10, 4, 9));
    let here = shifts
        .iter()
        .find(|s| s.from == from && s.role == Role::Primary)
        .unwrap();
    assert_eq!(here.instead_of, usual);
    assert_eq!(here.day, Some(date(2026, 10, 3)));
}

#[test]
fn a_week_is_handed_off_within_a_shift_at_the_time_that_is_named() {
    let weekly = Cadence::Weeks {
        weeks: 1,
        weekday: 1,
    };
    let rule = model::rota::ShiftRule::around_the_clock(WallTime::hour(0));
    let mut layer = turns(rule, &["a", "b"], weekly);
    layer.handoff = Some(WallTime::hour(10));
    let book = one_layer(&["a", "b"], layer);
    // Monday 23 November 2026.
    let monday = at(11, 23, 10);
    let (before, after) = (primary(&book, monday - 1), primary(&book, monday));
    assert_ne!(before, after);
    let on = on_duty(&book, &platform(), monday + DAY);
    assert_eq!((on[0].from, on[0].until), (monday, monday + 7 * DAY));
    assert_eq!(primary(&book, monday + 7 * DAY), before);
    assert!(coverage(&book, &platform(), monday, monday + 300 * DAY).is_clean());
}

#[test]
fn a_cycle_and_days_of_the_week_have_their_people() {
    let rule = model::rota::ShiftRule::around_the_clock(WallTime::hour(9));
    let cycle = turns(
        rule.clone(),
        &["a", "b"],
        Cadence::Cycle { days: vec![4, 3] },
    );
    let book = one_layer(&["a", "b"], cycle);
    let first = ms(Shanghai, 2025, 1, 6, 9, 0);
    let days: Vec<String> = (0..9)
        .map(|d| primary(&book, first + d * DAY).concat())
        .collect();
    assert_eq!(days.concat(), "aaaabbbaa");
    let mut weekdays = turns(rule, &["a"], Cadence::Days { days: 1 });
    weekdays.rotation = Rotation::Weekdays {
        people: [(1, vec!["a".to_string()]), (5, vec!["b".to_string()])].into(),
    };
    let book = one_layer(&["a", "b"], weekdays);
    let days: Vec<usize> = (0..7)
        .map(|d| primary(&book, first + d * DAY).len())
        .collect();
    assert_eq!(days, [1, 0, 0, 0, 1, 0, 0]);
    let found = coverage(&book, &platform(), first, first + 7 * DAY);
    let layer = book.rotas[&platform()].layers[0].id;
    assert_eq!(found.gaps[0].cause, GapCause::NobodyNamed { layer });
}

#[test]
fn holiday_files_are_refused_with_the_entry_at_fault() {
    let file = |days: &str| format!(r#"{{"year":2027,"days":[{days}]}}"#);
    let day = |date: &str| format!(r#"{{"name":"元旦","date":"{date}","isOffDay":true}}"#);
    let two = |second: &str| file(&[day("2027-01-01"), day(second)].join(","));
    for (text, code) in [
        (two("2027-02-29"), "bad_date"),
        (two("2027-1-02"), "bad_date"),
        (two("+2027-01-02"), "bad_date"),
        (two("2028-01-01"), "other_year"),
        (two("2026-11-30"), "other_year"),
        (two("2027-01-01"), "twice"),
        (file(""), "bad_count"),
        (
            file(r#"{"name":" ","date":"2027-01-01","isOffDay":true}"#),
            "bad_name",
        ),
        (file(r#"{"name":"元旦","date":"2027-01-01"}"#), "not_json"),
        (r#"{"year":99,"days":[]}"#.into(), "bad_year"),
        (r#"{"year":2027,"days":"#.into(), "not_json"),
        (" ".repeat(holidays::MAX_BYTES + 1), "too_large"),
    ] {
        let refused = holidays::read_year(text.as_bytes()).unwrap_err();
        assert_eq!(refused.code(), code, "{text:.80}: {refused}");
        if ["bad_date", "other_year", "twice"].contains(&code) {
            assert!(refused.to_string().starts_with("entry 2:"), "{refused}");
        }
    }
    // The December before is in some notices; a byte order mark does no harm.
    let text = format!("\u{feff}{}", two("2026-12-31"));
    assert_eq!(holidays::read_year(text.as_bytes()).unwrap().days.len(), 2);
}

#[test]
fn a_calendar_of_another_country_is_made_of_days() {
    let days = [
        (date(2026, 12, 25), "Weihnachten".to_string(), true),
        (date(2027, 1, 1), "Neujahr".to_string(), true),
    ];
    let calendar = holidays::calendar_of("de", "Deutschland", "DE", "feiertage.ics", days).unwrap();
    assert_eq!(
        calendar.years.keys().copied().collect::<Vec<_>>(),
        [2026, 2027]
    );
    assert_eq!(
        day(Some(&calendar), date(2026, 12, 25)).kind,
        DayKind::Holiday
    );
    let twice = [
        (date(2026, 12, 25), "x".to_string(), true),
        (date(2027, 1, 1), "x".to_string(), true),
        (date(2026, 12, 25), "x".to_string(), true),
    ];
    let refused = holidays::calendar_of("de", "D", "DE", "", twice).unwrap_err();
    assert!(refused.to_string().starts_with("entry 3:"), "{refused}");
}

#[test]
fn days_are_merged_year_by_year_and_a_rule_makes_no_year_known() {
    let xmas = |year| (date(year, 12, 25), "Weihnachten".to_string(), true);
    let easter = |month, day, year| (date(year, month, day), "Ostern".to_string(), true);
    let mut german = Calendar {
        id: "de".into(),
        name: "Deutschland".into(),
        weekend: [5, 6].into(),
        ..Calendar::default()
    };
    // 2026 is listed, 2027 is there by the rule of every year alone.
    let first = [easter(4, 6, 2026), xmas(2026), xmas(2027)];
    let merged = holidays::merge(&german, first, &[2026].into(), "2026.ics").unwrap();
    assert_eq!(merged.added, [2026].into());
    assert_eq!(merged.unsure, [2027].into());
    german = merged.calendar;
    assert_eq!(german.years.keys().copied().collect::<Vec<_>>(), [2026]);
    assert!(german.days.contains_key(&date(2027, 12, 25)));
    assert!(!day(Some(&german), date(2027, 12, 25)).known);
    // The list of 2027 alone leaves 2026 as it is, and the weekend too.
    let second = [easter(3, 29, 2027), xmas(2027), xmas(2026)];
    let merged = holidays::merge(&german, second, &[2027].into(), "2027.ics").unwrap();
    assert_eq!((merged.added, merged.kept), ([2027].into(), [2026].into()));
    german = merged.calendar;
    assert!(german.days.contains_key(&date(2026, 4, 6)));
    assert_eq!(german.weekend, [5, 6].into());
    // A year that is there already is replaced, and that is said.
    let again = holidays::merge(&german, [xmas(2026)], &[2026].into(), "").unwrap();
    assert_eq!(again.replaced, [(2026, (2, 1))].into());
    assert!(!again.calendar.days.contains_key(&date(2026, 4, 6)));
    assert!(again.calendar.days.contains_key(&date(2027, 3, 29)));
    let none = holidays::merge(&german, [], &[2026].into(), "").unwrap_err();
    assert_eq!(none.code(), "bad_count");
}

#[test]
fn a_fault_in_a_file_of_holidays_has_its_place() {
    let at = |text: &str| {
        let refused = holidays::read_year(text.as_bytes()).unwrap_err();
        (refused.code(), holidays::place(text.as_bytes(), &refused))
    };
    assert_eq!(at("{\n  \"year\": 2027,\n  x"), ("not_json", Some((3, 3))));
    assert_eq!(
        at("{\n  \"year\": 99, \"days\": []}"),
        ("bad_year", Some((2, 11)))
    );
    assert_eq!(
        at("{\"year\": 2027,\n\"days\": []}"),
        ("bad_count", Some((2, 9)))
    );
    let text = "\u{feff}{\"papers\": [\"days\", \"a \\\" ] b\"],\n \"year\": 2027, \"days\": [\n\
        {\"name\": \"元旦\", \"date\": \"2027-01-01\", \"isOffDay\": true},\n\
        {\"name\": \"元旦\", \"date\": \"2027-01-02\", \"isOffDay\": true}, {\"name\": \"春节\", \"date\": \"2027-02-30\", \"isOffDay\": true}]}";
    let (code, place) = at(text);
    assert_eq!(code, "bad_date");
    assert_eq!(place, Some((4, 57)));
    assert_eq!(at(&" ".repeat(holidays::MAX_BYTES + 1)).1, None);
}

#[test]
fn one_manager_can_stand_behind_two_rotas_but_not_behind_oneself() {
    let book = handbook(&["a", "b", "c"]);
    let other = model::rota::Rota {
        id: "other".into(),
        ..model::rota::Rota::clone(&book.rotas[&platform()])
    };
    let mut other = other;
    other.layers.retain(|l| l.role == Role::Manager);
    let (book, _) = done(&book, Edit::PutRota(other), "boss", 0);
    let (from, until) = (at(11, 2, 9), at(11, 9, 9));
    for rota in [platform(), "other".into()] {
        let found = coverage(&book, &rota, from, until);
        assert!(found.doubles.is_empty(), "{found:?}");
    }
    let primary = Override {
        rota: platform(),
        role: Role::Primary,
        person: "boss".into(),
        from,
        until: from + HOUR,
        ..Override::default()
    };
    let (book, _) = done(&book, Edit::PutOverride(primary), "boss", 0);
    let found = coverage(&book, &platform(), from, until);
    let [double] = found.doubles.as_slice() else {
        panic!("{found:?}");
    };
    assert_eq!(double.one.role, Role::Primary);
    assert_eq!(
        (&double.other.rota, &double.other.role),
        (&platform(), &Role::Manager)
    );
}
