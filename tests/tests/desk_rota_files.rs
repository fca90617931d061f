//! Files of the rota through the desk: calendars of other countries, notices, overrides as CSV and iCalendar, shifts that go out and come back,
//! calendars to subscribe to.

#[path = "desk_support/rota.rs"]
mod rota_support;

use chrono::{Datelike, NaiveDate};
use desk::config;
use desk::duty::Headless;
use desk::rota::{RotaAsk, RotaHandle};
use desk::start::{self, Desk, Machine, Overrides};
use model::duty::Via;
use rota_support::done;
use shouwang_tests::{http, now_ms};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use wire::{
    AlertQuery, CalendarView, ErrorView, ExportAsk, ImportAsk, ImportKind, ImportView, MemberEdit,
    Param, PlanAsk, RotaEdit, RotaPage, RotaQuery, Sentence, WeightsView,
};

const DAY: i64 = 24 * 3_600_000;

async fn desk(dir: &Path, calendar_listen: &str) -> Desk {
    let file = dir.join("config.toml");
    let text = format!(
        "data_dir = {:?}\n[embedded]\nhost = false\n[demo]\nenabled = false\n[duty]\nbuiltin_rules = false\ncalendar_listen = {calendar_listen:?}\n\
         [[person]]\nid = \"lisi\"\nname = \"李四\"\n",
        dir.join("data"),
    );
    std::fs::write(&file, text).unwrap();
    let loaded = config::load(Some(&file));
    assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
    let (_, popup_events) = mpsc::channel(1);
    let machine = Machine {
        shell: Arc::new(Headless),
        popup_events,
        ..Machine::none()
    };
    start::start(loaded, Overrides::default(), machine).await
}

/// Three people take turns, from Monday of this week on.
async fn platform(rota: &RotaHandle) {
    for (id, name) in [("lisi", "李四"), ("zhangsan", "张三"), ("zhaoliu", "赵六")] {
        let member = MemberEdit {
            id: id.into(),
            name: name.into(),
            ..MemberEdit::default()
        };
        done(rota, RotaEdit::PutMember { member }).await;
    }
    done(
        rota,
        RotaEdit::BeginRota {
            id: "platform".into(),
            name: "平台值班".into(),
            people: vec!["lisi".into(), "zhangsan".into(), "zhaoliu".into()],
            managers: Vec::new(),
        },
    )
    .await;
}

async fn page_of(rota: &RotaHandle, query: RotaQuery) -> RotaPage {
    let page = rota.ask(|reply| RotaAsk::Page(query, reply)).await;
    page.expect("the rota answers")
        .expect("a first page is whole")
}

async fn page(rota: &RotaHandle) -> RotaPage {
    let query = RotaQuery {
        days: 60,
        ..RotaQuery::default()
    };
    page_of(rota, query).await
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

struct Files<'a>(&'a RotaHandle);

impl Files<'_> {
    async fn ask(
        &self,
        kind: ImportKind,
        target: Option<&str>,
        bytes: &[u8],
        dry_run: bool,
    ) -> Result<ImportView, ErrorView> {
        let ask = ImportAsk {
            kind,
            target: target.map(str::to_owned),
            content: base64(bytes),
            dry_run,
        };
        self.0
            .ask(|reply| RotaAsk::Import(ask, Via::Desk, reply))
            .await
    }

    async fn look(&self, kind: ImportKind, target: Option<&str>, text: &str) -> ImportView {
        let seen = self.ask(kind, target, text.as_bytes(), true).await;
        seen.unwrap_or_else(|e| panic!("{text}: {e:?}"))
    }

    async fn take(&self, kind: ImportKind, target: Option<&str>, text: &str) -> ImportView {
        let taken = self.ask(kind, target, text.as_bytes(), false).await;
        let taken = taken.unwrap_or_else(|e| panic!("{text}: {e:?}"));
        assert_eq!(taken.error_count, 0, "{text}: {:?}", taken.errors);
        taken
    }
}

fn keys(notes: &[Sentence]) -> Vec<&str> {
    let all = notes.iter();
    all.filter_map(|n| n.key.strip_prefix("rota.import."))
        .collect()
}

fn today() -> NaiveDate {
    let utc = chrono::DateTime::from_timestamp_millis(now_ms()).expect("a time");
    utc.with_timezone(&chrono_tz::Asia::Shanghai).date_naive()
}

/// The local day so many days from now.
fn in_days(days: i64) -> NaiveDate {
    today() + chrono::TimeDelta::days(days)
}

fn feiertage(events: &[(&str, String, bool)]) -> String {
    let event = |(name, day, yearly): &(&str, String, bool)| {
        let rule = if *yearly { "RRULE:FREQ=YEARLY\r\n" } else { "" };
        format!(
            "BEGIN:VEVENT\r\nSUMMARY:{name}\r\nDTSTART;VALUE=DATE:{day}\r\n{rule}END:VEVENT\r\n"
        )
    };
    let events: String = events.iter().map(event).collect();
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nX-WR-CALNAME:Feiertage\r\n{events}END:VCALENDAR\r\n")
}

fn calendar<'a>(page: &'a RotaPage, id: &str) -> &'a CalendarView {
    let found = page.calendars.iter().find(|c| c.id == id);
    found.unwrap_or_else(|| panic!("no {id} in {:?}", page.calendars))
}

#[tokio::test(flavor = "multi_thread")]
async fn another_countrys_holidays_go_into_a_calendar_of_their_own_year_by_year() {
    let dir = tempfile::tempdir().unwrap();
    let desk = desk(dir.path(), "").await;
    let rota = desk.rota.clone();
    platform(&rota).await;
    let files = Files(&rota);
    let year = today().year();
    let china = calendar(&page(&rota).await, "cn").clone();
    let ical = ImportKind::HolidaysIcal;
    let file = feiertage(&[
        ("Karfreitag", format!("{year}0403"), false),
        ("Neujahr", format!("{}0101", year - 1), true),
        ("Weihnachten", format!("{}1225", year - 1), true),
    ]);

    // China's calendar is not for it, whether it is looked at or taken.
    for dry_run in [true, false] {
        let refused = files.ask(ical, Some("cn"), file.as_bytes(), dry_run).await;
        let refused = refused.expect_err("refused");
        let reason = refused.params["reason_key"].as_str();
        assert_eq!(reason, "refused.rota.calendar_reserved");
    }
    // Without a target it is a new one, which is said before it is there.
    let seen = files.look(ical, None, &file).await;
    assert_eq!(
        keys(&seen.notes),
        ["calendar_new", "years_added", "years_unsure"]
    );
    assert_eq!(seen.calendar.as_ref().unwrap().id, "feiertage");
    assert_eq!(page(&rota).await.calendars.len(), 1, "only looked at");
    files.take(ical, None, &file).await;
    let shown = page(&rota).await;
    assert_eq!(*calendar(&shown, "cn"), china);
    let german = calendar(&shown, "feiertage");
    assert_eq!(german.name, "Feiertage");
    assert_eq!(
        german.years,
        [year],
        "a rule of every year makes none known"
    );

    // The list of the next year alone does not take this year's away.
    let next = feiertage(&[
        ("Karfreitag", format!("{}0326", year + 1), false),
        ("Neujahr", format!("{}0101", year - 1), true),
    ]);
    let seen = files.look(ical, Some("feiertage"), &next).await;
    assert_eq!(keys(&seen.notes)[..2], ["calendar", "years_added"]);
    assert!(
        keys(&seen.notes).contains(&"years_kept"),
        "{:?}",
        seen.notes
    );
    files.take(ical, Some("feiertage"), &next).await;
    assert_eq!(
        calendar(&page(&rota).await, "feiertage").years,
        [year, year + 1]
    );
    // What is replaced is said with its numbers; another file of that name does not go there by itself.
    let mended = feiertage(&[("Karfreitag", format!("{year}0404"), false)]);
    let seen = files.look(ical, Some("feiertage"), &mended).await;
    let over = seen.notes.iter().find(|n| n.key.ends_with("year_replaced"));
    let over = over.expect("replaced");
    assert_eq!(over.params["year"], Param::Text(year.to_string()));
    let numbers = (&over.params["before"], &over.params["after"]);
    assert_eq!(numbers, (&Param::Number(3.0), &Param::Number(1.0)));
    let seen = files.look(ical, None, &file).await;
    assert_eq!(keys(&seen.notes)[..2], ["calendar_new", "same_name"]);
    assert_eq!(seen.calendar.as_ref().unwrap().id, "feiertage-2");

    // Germans work on the Chinese holidays, and their week may be another one.
    let mut wanted = page(&rota).await.rota.expect("the rota");
    wanted.calendar = Some("feiertage".into());
    done(&rota, RotaEdit::PutRota { rota: wanted }).await;
    let weekend = RotaEdit::SetWeekend {
        calendar: "feiertage".into(),
        weekend: vec![5, 6],
    };
    done(&rota, weekend).await;
    let query = RotaQuery {
        from: Some(format!("{year}-06-01")),
        days: 14,
        ..RotaQuery::default()
    };
    let june = page_of(&rota, query).await;
    for day in &june.days {
        let date: NaiveDate = day.date.parse().unwrap();
        let free = [5, 6].contains(&date.weekday().number_from_monday());
        assert_eq!(day.kind == "weekend", free, "{day:?}");
    }
    // A further year keeps the weekend.
    files
        .take(ical, Some("feiertage"), &next.replace("0326", "0327"))
        .await;
    assert_eq!(calendar(&page(&rota).await, "feiertage").weekend, [5, 6]);
    desk.stop().await;

    let again = self::desk(dir.path(), "").await;
    let shown = page(&again.rota).await;
    assert_eq!(*calendar(&shown, "cn"), china);
    assert_eq!(calendar(&shown, "feiertage").years, [year, year + 1]);
    again.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_year_that_is_not_known_is_told_to_every_page_of_the_desk() {
    let dir = tempfile::tempdir().unwrap();
    let desk = desk(dir.path(), "").await;
    let rota = desk.rota.clone();
    platform(&rota).await;
    let files = Files(&rota);
    let year = today().year();
    let old = feiertage(&[("Karfreitag", format!("{}0418", year - 1), false)]);
    files.take(ImportKind::HolidaysIcal, Some("de"), &old).await;
    let mut wanted = page(&rota).await.rota.expect("the rota");
    wanted.calendar = Some("de".into());
    done(&rota, RotaEdit::PutRota { rota: wanted }).await;
    let query = AlertQuery {
        limit: 1,
        ..AlertQuery::default()
    };
    let missing = async || {
        let duty = desk
            .duty
            .list(query.clone())
            .await
            .expect("it answers")
            .duty;
        let years = duty.rota_warnings.iter().map(|w| w.params["year"].clone());
        years.collect::<Vec<_>>()
    };
    let until = async |known: bool| {
        for _ in 0..600 {
            let there = missing().await.contains(&Param::Text(year.to_string()));
            if there != known {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{:?}", missing().await);
    };
    until(false).await;
    // With the year's list it is over.
    let file = feiertage(&[("Karfreitag", format!("{year}0403"), false)]);
    files
        .take(ImportKind::HolidaysIcal, Some("de"), &file)
        .await;
    until(true).await;
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_in_a_notice_has_its_line_its_column_and_its_entry() {
    let dir = tempfile::tempdir().unwrap();
    let desk = desk(dir.path(), "").await;
    let rota = desk.rota.clone();
    let files = Files(&rota);
    let first = async |text: &str| {
        let seen = files.look(ImportKind::Holidays, None, text).await;
        assert_eq!(seen.error_count, 1, "{seen:?}");
        seen.errors.into_iter().next().expect("an error")
    };
    let broken = first("{\n  \"year\": 2027,\n  \"days\": [}\n").await;
    assert_eq!(broken.what.key, "rota.holiday_error.not_json");
    assert_eq!((broken.line, broken.column), (3, Some(12)));
    assert!(broken.what.params.is_empty(), "no words of a parser");
    let day =
        |date: &str| format!("{{\"name\": \"元旦\", \"date\": \"{date}\", \"isOffDay\": true}}");
    let (good, bad) = (day("2027-01-01"), day("2027-02-30"));
    let wrong = first(&format!(
        "{{\"year\": 2027, \"days\": [\n{good},\n  {bad}]}}"
    ))
    .await;
    assert_eq!(wrong.what.key, "rota.holiday_error.bad_date");
    assert_eq!((wrong.line, wrong.column), (3, Some(3)));
    assert_eq!(wrong.what.params["entry"], Param::Text("2".into()));
    assert_eq!(wrong.what.params["text"], Param::Text("2027-02-30".into()));
    let twice = first(&format!("{{\"year\": 2027, \"days\": [{good},{good}]}}")).await;
    assert_eq!(twice.what.key, "rota.holiday_error.twice");
    // A good one says what it would replace.
    let year = first_year(&rota).await;
    let good = good.replace("2027", &year.to_string());
    let file = format!("{{\"year\": {year}, \"days\": [{good}]}}");
    let seen = files.look(ImportKind::Holidays, None, &file).await;
    assert_eq!(keys(&seen.notes), ["calendar", "year_replaced"]);
    assert_eq!(seen.calendar.unwrap().id, "cn");
    desk.stop().await;
}

async fn first_year(rota: &RotaHandle) -> i32 {
    *calendar(&page(rota).await, "cn")
        .years
        .first()
        .expect("a year")
}

#[tokio::test(flavor = "multi_thread")]
async fn overrides_come_in_as_csv_and_ical_after_a_look_and_go_out_again() {
    let dir = tempfile::tempdir().unwrap();
    let desk = desk(dir.path(), "").await;
    let rota = desk.rota.clone();
    platform(&rota).await;
    let files = Files(&rota);
    let (first, second) = (in_days(10), in_days(11));
    // 张三 is not there then: what the file would do to the rota is seen before it is kept.
    let away = wire::AbsenceView {
        id: 0,
        person: "zhangsan".into(),
        from: (now_ms() + 8 * DAY) as f64,
        until: (now_ms() + 14 * DAY) as f64,
        stand_in: None,
        why: "年假".into(),
    };
    done(&rota, RotaEdit::PutAbsence { absence: away }).await;
    let csv = format!("角色,值班人,开始,结束,加班费\n主值,张三,{first} 09:00,{first} 18:00,是\n");
    let (gbk, _, _) = encoding_rs::GBK.encode(&csv);
    let kind = ImportKind::Overrides;
    let seen = files.ask(kind, Some("platform"), &gbk, true).await.unwrap();
    assert_eq!(
        (seen.entries, seen.error_count),
        (1, 0),
        "{:?}",
        seen.errors
    );
    assert_eq!(keys(&seen.notes), ["ignored"]);
    assert_eq!(
        seen.notes[0].params["columns"],
        Param::Texts(vec!["加班费".into()])
    );
    let preview = seen.preview.expect("what it would do");
    assert!(
        preview
            .new
            .iter()
            .any(|p| p.kind == "absent" || p.kind == "gap"),
        "{:?}",
        preview.new
    );
    let log = async || {
        rota.ask(|reply| RotaAsk::Log(Some("platform".into()), None, reply))
            .await
            .unwrap()
    };
    let before = log().await.len();
    // Without a rota the column is wanted.
    let seen = files.ask(kind, None, &gbk, true).await.unwrap();
    assert_eq!(seen.errors[0].what.key, "exchange.problem.column_missing");
    // A fault has its place, and nothing is taken.
    let bad = csv.replace("张三", "没有这人");
    let (gbk_bad, _, _) = encoding_rs::GBK.encode(&bad);
    let refused = files
        .ask(kind, Some("platform"), &gbk_bad, false)
        .await
        .unwrap();
    assert_eq!(
        (refused.errors[0].line, refused.errors[0].column),
        (2, Some(2))
    );
    assert_eq!(log().await.len(), before);
    let good = csv.replace("张三", "赵六");
    let (gbk, _, _) = encoding_rs::GBK.encode(&good);
    let taken = files
        .ask(kind, Some("platform"), &gbk, false)
        .await
        .unwrap();
    assert_eq!((taken.entries, taken.error_count), (1, 0));

    let ical = format!(
        "BEGIN:VCALENDAR\nVERSION:2.0\nX-WR-TIMEZONE:Asia/Shanghai\nBEGIN:VEVENT\nUID:1\nSUMMARY:李四\nDTSTART:{0}T090000\nDTEND:{0}T180000\nEND:VEVENT\nEND:VCALENDAR\n",
        second.format("%Y%m%d")
    );
    let kind = ImportKind::OverridesIcal;
    let refused = files
        .ask(kind, Some("nowhere"), ical.as_bytes(), true)
        .await;
    assert_eq!(
        refused.unwrap_err().params["reason_key"],
        "refused.rota.unknown_rota"
    );
    let seen = files.look(kind, Some("platform"), &ical).await;
    assert_eq!((seen.entries, seen.preview.is_some()), (1, true));
    files.take(kind, Some("platform"), &ical).await;
    let placed = async || {
        let shown = page(&rota).await;
        let by = shown.shifts.iter().filter(|s| s.by == "override");
        let by = by.map(|s| (s.person.clone(), s.from, s.until));
        by.collect::<Vec<_>>()
    };
    let there = placed().await;
    let people: Vec<&str> = there.iter().map(|(p, ..)| p.as_str()).collect();
    assert_eq!(people, ["zhaoliu", "lisi"], "{there:?}");

    // The shifts go out as a table that comes in again: the same people at the same times.
    let ask = ExportAsk::Shifts {
        rota: "platform".into(),
        from: first.to_string(),
        until: second.to_string(),
    };
    let written = rota.ask(|reply| RotaAsk::Export(ask, reply)).await.unwrap();
    assert_eq!(written.url, None);
    let table = std::fs::read_to_string(&written.path).unwrap();
    assert!(
        table.starts_with('\u{feff}') && table.contains("赵六"),
        "{table}"
    );
    let who = |page: RotaPage| {
        let primary = page.shifts.into_iter().filter(|s| s.role == "primary");
        let mut all: Vec<_> = primary
            .map(|s| (s.from as i64, s.until as i64, s.person))
            .collect();
        all.sort();
        all
    };
    let query = RotaQuery {
        from: Some(first.to_string()),
        days: 2,
        ..RotaQuery::default()
    };
    let was = who(page_of(&rota, query.clone()).await);
    let back = files.take(ImportKind::Overrides, None, &table).await;
    assert!(back.entries >= 4, "{table}");
    assert_eq!(who(page_of(&rota, query).await), was);
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rota_can_be_subscribed_to_where_there_is_a_listener() {
    let ask = || ExportAsk::Rota {
        rota: "platform".into(),
    };
    let dir = tempfile::tempdir().unwrap();
    let desk = desk(dir.path(), "127.0.0.1:0").await;
    let rota = desk.rota.clone();
    platform(&rota).await;
    let written = rota
        .ask(|reply| RotaAsk::Export(ask(), reply))
        .await
        .unwrap();
    let url = written.url.expect("an address to subscribe to");
    let rest = url
        .strip_prefix("http://127.0.0.1:")
        .expect("on this machine");
    let (port, path) = rest.split_once('/').expect("a path");
    let (port, path): (u16, _) = (port.parse().unwrap(), format!("/{path}"));
    assert!(path.ends_with("/rota/platform.ics"), "{path}");
    let served = tokio::task::spawn_blocking(move || {
        let right = http::get(port, &path).expect("an answer");
        let other = http::get(port, &path.replace("platform.ics", "nowhere.ics"));
        let bare = http::get(port, &path.replace(".ics", ""));
        (right, other.expect("an answer"), bare.expect("an answer"))
    });
    let (right, other, bare) = served.await.unwrap();
    assert_eq!((right.status, other.status, bare.status), (200, 404, 404));
    let text = String::from_utf8_lossy(&right.body).into_owned();
    let file = std::fs::read_to_string(&written.path).unwrap();
    assert_eq!(
        text.matches("BEGIN:VEVENT").count(),
        file.matches("BEGIN:VEVENT").count()
    );
    for name in ["李四", "张三", "赵六", "平台值班"] {
        assert!(text.contains(name), "{name}");
    }
    desk.stop().await;

    let dir = tempfile::tempdir().unwrap();
    let desk = self::desk(dir.path(), "").await;
    platform(&desk.rota).await;
    let written = desk
        .rota
        .ask(|reply| RotaAsk::Export(ask(), reply))
        .await
        .unwrap();
    assert_eq!(written.url, None, "nothing listens");
    assert!(Path::new(&written.path).exists());
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn duty_is_counted_over_what_is_asked_and_a_plan_by_the_weights_that_are_wanted() {
    let dir = tempfile::tempdir().unwrap();
    let desk = desk(dir.path(), "").await;
    let rota = desk.rota.clone();
    platform(&rota).await;
    let hours = |page: &RotaPage| page.loads.iter().map(|l| l.hours).sum::<f64>();
    let query = |count_days| RotaQuery {
        from: Some(in_days(3).to_string()),
        days: 35,
        count_from: (count_days > 0).then(|| in_days(10).to_string()),
        count_days,
        ..RotaQuery::default()
    };
    let (all, seven) = (
        page_of(&rota, query(0)).await,
        page_of(&rota, query(7)).await,
    );
    assert_eq!(all.shifts.len(), seven.shifts.len());
    // There are two roles that count.
    assert!((hours(&all) - 35.0 * 48.0).abs() < 0.1, "{}", hours(&all));
    assert!(
        (hours(&seven) - 7.0 * 48.0).abs() < 0.1,
        "{}",
        hours(&seven)
    );
    assert_eq!(seven.counted_until - seven.counted_from, (7 * DAY) as f64);
    assert_eq!((all.weights.night, all.weights.holiday), (1.5, 3.0));

    let plan = |weights, history_days| PlanAsk {
        rota: "platform".into(),
        from: in_days(20).to_string(),
        until: in_days(50).to_string(),
        people: Vec::new(),
        nights_in_a_row: 7,
        rest_hours: 0,
        seed: 1,
        weights,
        history_days,
    };
    let usual = all.weights;
    let made = async |ask: PlanAsk| rota.ask(|reply| RotaAsk::Plan(ask, reply)).await;
    let default = made(plan(None, None)).await.unwrap();
    let written = made(plan(Some(usual), Some(90))).await.unwrap();
    assert_eq!(default, written, "what is not said is as the page shows it");
    let flat = WeightsView {
        night: 1.0,
        weekend: 1.0,
        holiday: 1.0,
        standby: 1.0,
    };
    let flat = made(plan(Some(flat), Some(0))).await.unwrap();
    for load in &flat.after {
        assert!((load.score - load.hours).abs() < 0.1, "{load:?}");
    }
    let wrong = WeightsView {
        night: f64::NAN,
        ..usual
    };
    let refused = made(plan(Some(wrong), None)).await.unwrap_err();
    assert_eq!(refused.params["reason_key"], "refused.rota.bad_number");
    desk.stop().await;
}
