//! Calendars that we write, as other programs read them: Python's `icalendar`, and our own reader.

use chrono_tz::Tz;
use interchange::{Feed, feed, overrides_from_ical};
use model::rota::{Book, DutyReason, LayerId, Member, OverrideId, Role, Rota, RotaId, Shift};
use proptest::prelude::*;
use serde_json::Value;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

/// What Python reads, as JSON.
const SCRIPT: &str = r#"
import sys, json
from datetime import timezone
from icalendar import Calendar

cal = Calendar.from_ical(sys.stdin.buffer.read())
ms = lambda t: int(t.dt.astimezone(timezone.utc).timestamp() * 1000)
text = lambda e, k: str(e[k]) if k in e else None
events = []
for e in cal.walk("VEVENT"):
    categories = e["CATEGORIES"].cats
    events.append({
        "uid": text(e, "UID"), "summary": text(e, "SUMMARY"), "description": text(e, "DESCRIPTION"),
        "from": ms(e["DTSTART"]), "until": ms(e["DTEND"]), "stamp": ms(e["DTSTAMP"]),
        "categories": [str(c) for c in categories], "person": text(e, "X-SHOUWANG-PERSON"),
    })
print(json.dumps({
    "name": text(cal, "X-WR-CALNAME"), "prodid": text(cal, "PRODID"), "version": text(cal, "VERSION"),
    "refresh": cal["REFRESH-INTERVAL"].params.get("VALUE") + " " + cal["REFRESH-INTERVAL"].to_ical().decode(),
    "events": events,
}))
"#;

fn python(calendar: &str) -> Value {
    // the system's, to which Debian's package belongs; another may come first in the path
    let own = Path::new("/usr/bin/python3");
    let name = if own.exists() {
        own
    } else {
        Path::new("python3")
    };
    let mut python = Command::new(name)
        .args(["-c", SCRIPT])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("python3 is there; run `cargo xtask setup`");
    let mut stdin = python.stdin.take().expect("a pipe");
    stdin.write_all(calendar.as_bytes()).expect("it reads");
    drop(stdin);
    let out = python.wait_with_output().expect("it ends");
    let told = String::from_utf8_lossy(&out.stderr);
    assert!(
        out.status.success(),
        "python's icalendar refuses (or is missing: run `cargo xtask setup`): {told}\n{calendar}"
    );
    serde_json::from_slice(&out.stdout).expect("JSON")
}

fn book(people: &[(&str, &str)], rota_name: &str) -> Book {
    let mut book = Book::default();
    for (id, name) in people {
        let member = Member {
            id: (*id).to_owned(),
            name: (*name).to_owned(),
            phone: "13800001234".into(),
            email: "somebody@example.com".into(),
            ..Member::default()
        };
        book.members.insert((*id).to_owned(), Arc::new(member));
    }
    let mut rota = Rota::new("platform", rota_name, Tz::Asia__Shanghai);
    rota.required = vec![Role::Primary, Role::Secondary];
    book.rotas.insert(rota.id.clone(), Arc::new(rota));
    book
}

/// 21 November 2026, 09:00 in Shanghai.
const NINE: i64 = 1_795_222_800_000;
const HOUR: i64 = 3_600_000;

fn shift(person: &str, role: Role, from: i64, hours: i64) -> Shift {
    Shift {
        role,
        person: person.to_owned(),
        from,
        until: from + hours * HOUR,
        reason: DutyReason::Override { id: OverrideId(7) },
        layer: Some(LayerId(3)),
        day: chrono::NaiveDate::from_ymd_opt(2026, 11, 21),
        instead_of: Vec::new(),
    }
}

fn write(book: &Book, shifts: &[Shift], name: &str, why: &str) -> String {
    let rota = RotaId::from("platform");
    let role = |r: &Role| match r {
        Role::Primary => "主值".to_owned(),
        other => other.as_str().to_owned(),
    };
    let about = Feed {
        name,
        changed_at: NINE - HOUR,
        role: &role,
        why: &|_| why.to_owned(),
    };
    feed(book, shifts.iter().map(|s| (&rota, s)), &about)
}

/// What the format demands of every line.
fn check_lines(calendar: &str) {
    assert!(calendar.ends_with("END:VCALENDAR\r\n"));
    for line in calendar.split_terminator("\r\n") {
        assert!(line.len() <= 75, "{} octets: {line}", line.len());
        assert!(!line.is_empty() && !line.contains(['\r', '\n']), "{line:?}");
    }
}

#[test]
fn pythons_icalendar_reads_times_and_names_as_they_are() {
    // no n behind the backslash: version 4 of Python's package takes the two for a line break
    let hard = "欧阳·娜娜, \"Nana\"; C:\\dir 很长的名字很长的名字很长的名字很长的名字很长的名字很长的名字😀";
    let people = [("zhangsan", "张三"), ("nana", hard)];
    let book = book(&people, "平台值班（核心）");
    let mut shifts = vec![
        shift("zhangsan", Role::Primary, NINE, 9),
        shift("nana", Role::Primary, NINE + 9 * HOUR, 15),
        shift("zhangsan", Role::from("a,b;c\\d"), NINE, 24),
    ];
    shifts[1].from += 1000; // to the second
    let why = "替 李四 值班：第一行\r\n第二行; 第三, 第四\u{7}\u{1b}[31m";
    let text = write(&book, &shifts, "值班, 平台; \"核心\"", why);
    check_lines(&text);
    assert!(
        !text.contains("13800001234") && !text.contains("somebody@"),
        "no contacts"
    );
    let read = python(&text);
    assert_eq!(read["name"], "值班, 平台; \"核心\"");
    assert_eq!(read["prodid"], "-//Shouwang//Rota//ZH");
    assert_eq!(read["version"], "2.0");
    assert_eq!(read["refresh"], "DURATION PT900S");
    let events = read["events"].as_array().expect("events");
    assert_eq!(events.len(), 3);
    let of = |person: &str, role: &str| {
        let fits = |e: &&Value| e["person"] == person && e["categories"][0] == role;
        events
            .iter()
            .find(fits)
            .unwrap_or_else(|| panic!("{person} {role}: {read}"))
    };
    let first = of("zhangsan", "主值");
    assert_eq!(first["summary"], "主值 张三 · 平台值班（核心）");
    assert_eq!(
        (&first["from"], &first["until"]),
        (&NINE.into(), &(NINE + 9 * HOUR).into())
    );
    assert_eq!(first["stamp"], NINE - HOUR);
    assert_eq!(
        first["description"],
        "替 李四 值班：第一行\n第二行; 第三, 第四[31m"
    );
    let night = of("nana", "主值");
    assert_eq!(night["summary"], format!("主值 {hard} · 平台值班（核心）"));
    assert_eq!(night["from"], NINE + 9 * HOUR + 1000);
    assert_eq!(
        of("zhangsan", "a，b;c\\d")["categories"]
            .as_array()
            .map(Vec::len),
        Some(1)
    );
}

/// The handbook's four shifts in autumn 2026, over the holidays and the make-up days, for a rota in Berlin too, where the clocks go back.
#[test]
fn a_real_rotas_shifts_are_read_as_the_engine_has_them() {
    for zone in [Tz::Asia__Shanghai, Tz::Europe__Berlin] {
        let people = [("a", "张三"), ("b", "李四"), ("c", "王五"), ("d", "赵六")];
        let mut book = book(&people, "平台");
        let china = engine::rota::holidays::china("中国法定节假日");
        let mut rota = Rota::new("platform", "平台值班", zone);
        rota.calendar = Some(china.id.clone());
        let ids: Vec<String> = people.iter().map(|(id, _)| (*id).to_owned()).collect();
        let first = chrono::NaiveDate::from_ymd_opt(2026, 9, 7).expect("a Monday");
        let names = engine::rota::SeedNames {
            workday: "白班",
            night: "夜间",
            weekend: "周末",
            holiday: "节假日",
            manager: "主管",
        };
        rota.layers = engine::rota::seed_layers(&ids[..3], &ids[3..], first, names);
        for (i, layer) in (1..).zip(&mut rota.layers) {
            layer.id = LayerId(i);
        }
        book.calendars.insert(china.id.clone(), Arc::new(china));
        book.rotas.insert(rota.id.clone(), Arc::new(rota));
        let day = 24 * HOUR;
        let from = NINE - 70 * day;
        let shifts = engine::rota::schedule(&book, &"platform".into(), from, from + 60 * day);
        assert!(shifts.len() > 150, "{}", shifts.len());
        let text = write(&book, &shifts, "值班", "");
        check_lines(&text);
        let read = python(&text);
        let of_event = |e: &Value| {
            let text = |k: &str| e[k].as_str().unwrap_or_default().to_owned();
            (
                e["from"].as_i64(),
                e["until"].as_i64(),
                text("person"),
                text("summary"),
            )
        };
        let mut found: Vec<_> = read["events"]
            .as_array()
            .expect("events")
            .iter()
            .map(of_event)
            .collect();
        let of_shift = |s: &Shift| {
            let role = match s.role {
                Role::Primary => "主值",
                _ => s.role.as_str(),
            };
            let summary = format!("{role} {} · 平台值班", book.name_of(&s.person));
            (Some(s.from), Some(s.until), s.person.clone(), summary)
        };
        let mut expected: Vec<_> = shifts.iter().map(of_shift).collect();
        found.sort();
        expected.sort();
        assert_eq!(found, expected);
        let uids: std::collections::BTreeSet<_> = read["events"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|e| e["uid"].to_string())
            .collect();
        assert_eq!(uids.len(), shifts.len(), "each has a UID of its own");
        // and back as overrides
        let back = overrides_from_ical(text.as_bytes(), &book, &"platform".into(), &Role::Primary);
        let mut back: Vec<_> = back
            .expect("our own calendar")
            .into_iter()
            .map(|o| (o.from, o.until, o.person, o.role))
            .collect();
        let mut shifts: Vec<_> = shifts
            .into_iter()
            .map(|s| (s.from, s.until, s.person, s.role))
            .collect();
        back.sort();
        shifts.sort();
        assert_eq!(back, shifts);
    }
}

#[test]
fn an_event_keeps_its_uid_wherever_the_asked_stretch_ends() {
    let book = book(&[("zhangsan", "张三"), ("lisi", "李四")], "平台");
    let uids = |shifts: &[Shift]| -> Vec<String> {
        let read = python(&write(&book, shifts, "x", ""));
        let uid = |e: &Value| e["uid"].as_str().unwrap_or_default().to_owned();
        read["events"]
            .as_array()
            .expect("events")
            .iter()
            .map(uid)
            .collect()
    };
    let day = shift("zhangsan", Role::Primary, NINE, 9);
    let mut cut = day.clone();
    cut.from += HOUR;
    let all = uids(&[
        day.clone(),
        shift("lisi", Role::Primary, NINE, 9),
        shift("zhangsan", Role::Secondary, NINE, 9),
    ]);
    assert_eq!(
        uids(std::slice::from_ref(&cut)),
        uids(std::slice::from_ref(&day))
    );
    let distinct: std::collections::BTreeSet<_> = all.iter().collect();
    assert_eq!(distinct.len(), 3, "{all:?}");
    // a shift in two pieces, because somebody else has it for an hour
    let (mut early, mut late) = (day.clone(), day);
    early.until = NINE + 2 * HOUR;
    late.from = NINE + 3 * HOUR;
    let pieces = uids(&[late, early]);
    assert_ne!(pieces[0], pieces[1]);
    assert_eq!(uids(&[cut])[0], pieces[0]);
}

#[test]
fn an_unchanged_calendar_is_the_same_file() {
    let book = book(&[("zhangsan", "张三"), ("lisi", "李四")], "平台");
    let shifts = [
        shift("zhangsan", Role::Primary, NINE, 9),
        shift("lisi", Role::Secondary, NINE, 9),
    ];
    let turned: Vec<Shift> = shifts.iter().rev().cloned().collect();
    assert_eq!(
        write(&book, &shifts, "x", ""),
        write(&book, &turned, "x", "")
    );
    let empty = write(&book, &[], "x", "");
    check_lines(&empty);
    assert_eq!(python(&empty)["events"].as_array().map(Vec::len), Some(0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Any name, any role, any text: lines stay within the limit, and our own reader finds the same shifts.
    #[test]
    fn any_calendar_is_read_back(name in "\\PC{0,120}", role in "\\PC{1,60}", why in "[\\PC\r\n\t]{0,300}", ids in proptest::collection::vec("[a-z\\\\,;:\"· 张]{1,30}", 1..4)) {
        let role = Role::from(role.as_str());
        prop_assume!(!role.as_str().is_empty());
        let ids: Vec<String> = ids.iter().map(|i| format!("p{i}").trim().to_owned()).collect();
        let people: Vec<(&str, &str)> = ids.iter().map(|id| (id.as_str(), name.as_str())).collect();
        let mut book = book(&people, &name);
        let mut rota = book.rotas[&"platform".into()].as_ref().clone();
        rota.required = vec![role.clone()];
        book.rotas.insert(rota.id.clone(), Arc::new(rota));
        let shifts: Vec<Shift> = (0..).zip(&ids).map(|(i, id)| shift(id, role.clone(), NINE + i * 10 * HOUR, 9)).collect();
        let text = write(&book, &shifts, &name, &why);
        check_lines(&text);
        let read = overrides_from_ical(text.as_bytes(), &book, &"platform".into(), &Role::Primary);
        let read = read.map_err(|e| TestCaseError::fail(format!("{e}\n{text}")))?;
        let found: Vec<_> = read.iter().map(|o| (&o.person, &o.role, o.from, o.until)).collect();
        let expected: Vec<_> = shifts.iter().map(|s| (&s.person, &s.role, s.from, s.until)).collect();
        prop_assert_eq!(found, expected);
    }
}
