//! The rota at work in the desk: a rota is made, changed, swapped, handed over; the alert desk tells whoever is on duty; it is all there after
//! a restart.

mod desk_support;
#[path = "desk_support/rota.rs"]
mod rota_support;

use desk::duty::control::Control;
use desk::rota::{RotaAsk, RotaHandle};
use desk::start::Desk;
use desk_support::{started, until};
use model::duty::Via;
use model::{Labels, Observation};
use rota_support::{done, edit};
use shouwang_tests::notifications::{Bus, Manner, Note, NotificationServer};
use shouwang_tests::{http, now_ms};
use std::path::Path;
use wire::{
    AbsenceView, AlertAct, AlertQuery, CadenceView, DutyView, ExportAsk, HandoverView, ImportAsk,
    ImportKind, LayerView, MemberEdit, NotesQuery, OnDutyView, PlanAsk, RotaEdit, RotaPage,
    RotaQuery, RotaView, RotationView, SideView, SlotView,
};

const HOUR: f64 = 3_600_000.0;

async fn desk(dir: &Path, bus: Option<&str>) -> Desk {
    let file = dir.join("config.toml");
    let text = format!(
        "data_dir = {:?}\n[embedded]\nhost = false\n[demo]\nenabled = false\n[duty]\nbuiltin_rules = false\ncalendar_listen = \"127.0.0.1:0\"\n\
         [[person]]\nid = \"lisi\"\nname = \"李四\"\n[[person]]\nid = \"zhangsan\"\nname = \"张三\"\n",
        dir.join("data"),
    );
    std::fs::write(&file, text).unwrap();
    started(&file, bus).await
}

async fn refused(rota: &RotaHandle, wanted: RotaEdit) -> String {
    let e = edit(rota, wanted).await.expect_err("refused");
    e.params.get("reason_key").cloned().unwrap_or_default()
}

async fn page(rota: &RotaHandle) -> RotaPage {
    let query = RotaQuery {
        days: 60,
        ..RotaQuery::default()
    };
    let page = rota.ask(|reply| RotaAsk::Page(query, reply)).await;
    page.expect("the rota answers")
        .expect("a first page is whole")
}

async fn duty(desk: &Desk) -> DutyView {
    let query = AlertQuery {
        limit: 1,
        ..AlertQuery::default()
    };
    desk.duty.list(query).await.expect("the desk answers").duty
}

fn member(id: &str, name: &str, phone: &str) -> RotaEdit {
    RotaEdit::PutMember {
        member: MemberEdit {
            id: id.into(),
            name: name.into(),
            phone: Some(phone.into()),
            ..MemberEdit::default()
        },
    }
}

/// Three people take turns, 王经理 stands behind them.
async fn platform(rota: &RotaHandle) {
    for (id, name) in [
        ("lisi", "李四"),
        ("zhangsan", "张三"),
        ("zhaoliu", "赵六"),
        ("wang", "王经理"),
    ] {
        done(rota, member(id, name, "13800131234")).await;
    }
    done(
        rota,
        RotaEdit::BeginRota {
            id: "platform".into(),
            name: "平台值班".into(),
            people: vec!["lisi".into(), "zhangsan".into(), "zhaoliu".into()],
            managers: vec!["wang".into()],
        },
    )
    .await;
}

fn primary(all: &[OnDutyView]) -> &OnDutyView {
    all.iter()
        .find(|d| d.role == "primary")
        .unwrap_or_else(|| panic!("no primary in {all:?}"))
}

async fn fires(desk: &Desk, rule: &str) {
    let labels = Labels::from_pairs([("alertname", rule), ("severity", "critical")]);
    let alert = Observation::firing(labels, now_ms());
    desk.duty
        .take("test".into(), vec![alert])
        .await
        .expect("it is kept");
}

async fn told(server: &NotificationServer, part: &str) -> Note {
    until(part, async || {
        server.notes().into_iter().find(|n| n.title.contains(part))
    })
    .await
}

/// To whom notices of the newest alert of this rule went.
async fn recipients(desk: &Desk, rule: &str) -> Vec<String> {
    until(rule, async || {
        let query = AlertQuery {
            text: format!("alertname={rule}"),
            limit: 10,
            ..AlertQuery::default()
        };
        let items = desk.duty.list(query).await.ok()?.items?;
        let row = items.into_iter().find_map(|item| match item {
            wire::AlertItem::Alert { row } => Some(row),
            wire::AlertItem::Group { .. } => None,
        })?;
        let detail = desk.duty.detail(model::duty::AlertId(row.id)).await.ok()?;
        let mut names: Vec<String> = detail.notices.iter().map(|n| n.to.clone()).collect();
        names.sort();
        names.dedup();
        (!names.is_empty()).then_some(names)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rota_says_who_is_told_and_survives_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let desk = desk(dir.path(), None).await;
    let rota = desk.rota.clone();
    platform(&rota).await;

    let shown = page(&rota).await;
    assert_eq!(shown.days.len(), 60);
    assert!(shown.problems.is_empty(), "{:?}", shown.problems);
    assert_eq!(shown.people[0].phone, "138****1234", "masked");
    assert!(shown.shifts.iter().all(|s| !s.name.is_empty()));
    let now = primary(&shown.on_duty).clone();
    let view = until("the desk knows", async || {
        let view = duty(&desk).await;
        (!view.rota.is_empty()).then_some(view)
    })
    .await;
    assert_eq!(primary(&view.rota).person, now.person);
    fires(&desk, "DiskBroken").await;
    assert_eq!(
        recipients(&desk, "DiskBroken").await,
        std::slice::from_ref(&now.name)
    );

    // Somebody else takes the place: the next alert goes there, and is undone with one step.
    let other = if now.person == "zhaoliu" {
        "lisi"
    } else {
        "zhaoliu"
    };
    let slot = SlotView {
        rota: "platform".into(),
        role: "primary".into(),
        person: other.into(),
        from: now_ms() as f64 - HOUR,
        until: now_ms() as f64 + HOUR,
    };
    done(
        &rota,
        RotaEdit::Assign {
            slot: slot.clone(),
            replaces: None,
            why: "看牙".into(),
        },
    )
    .await;
    let shown = page(&rota).await;
    let stands = primary(&shown.on_duty);
    assert_eq!(stands.person, other);
    assert_eq!(stands.why.key, "rota.why.override_because");
    let undo = shown.undo.expect("it can be undone");
    assert_eq!(undo.what.key, "rota.change.put_override");
    fires(&desk, "PumpBroken").await;
    let name = stands.name.clone();
    assert_eq!(recipients(&desk, "PumpBroken").await, [name]);
    assert_eq!(
        refused(
            &rota,
            RotaEdit::Assign {
                slot: SlotView {
                    person: "nobody".into(),
                    ..slot
                },
                replaces: None,
                why: String::new(),
            }
        )
        .await,
        "refused.rota.unknown_person"
    );
    done(&rota, RotaEdit::Undo { change: undo.id }).await;
    assert_eq!(primary(&page(&rota).await.on_duty).person, now.person);

    // The command line asks the same.
    let control = until("the door", async || {
        Control::find(&dir.path().join("data")).await
    })
    .await;
    let asked: (Option<i64>, Option<String>) = (None, None);
    let on: Vec<OnDutyView> = control.ask("oncall", &asked).await.unwrap();
    assert_eq!(primary(&on).person, now.person);
    desk.stop().await;

    let again = self::desk(dir.path(), None).await;
    let shown = page(&again.rota).await;
    assert_eq!(primary(&shown.on_duty).person, now.person);
    let log = again
        .rota
        .ask(|reply| RotaAsk::Log(Some("platform".into()), None, reply))
        .await
        .unwrap();
    let keys: Vec<&str> = log.iter().map(|c| c.what.key.as_str()).collect();
    assert_eq!(
        keys[..2],
        ["rota.change.undo", "rota.change.put_override"],
        "{keys:?}"
    );
    assert_eq!(log[0].by, "李四");
    again.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_on_duty_is_told_to_the_manager_and_is_over_with_the_gap() {
    let bus = Bus::start();
    let server = NotificationServer::start(bus.address(), Manner::able());
    let dir = tempfile::tempdir().unwrap();
    let desk = desk(dir.path(), Some(bus.address())).await;
    let rota = desk.rota.clone();
    platform(&rota).await;
    for person in ["lisi", "zhangsan", "zhaoliu"] {
        let absence = AbsenceView {
            id: 0,
            person: person.into(),
            from: now_ms() as f64 - HOUR,
            until: now_ms() as f64 + HOUR,
            stand_in: None,
            why: "年假".into(),
        };
        done(&rota, RotaEdit::PutAbsence { absence }).await;
    }
    let note = told(&server, "没有主值").await;
    assert!(note.title.contains("P1"), "{note:?}");
    assert_eq!(recipients(&desk, "NobodyOnDuty").await, ["王经理"]);
    let shown = page(&rota).await;
    let gap = shown
        .problems
        .iter()
        .find(|p| p.kind == "gap")
        .expect("a gap");
    assert_eq!(gap.what.key, "rota.problem.gap_all_absent");
    for absence in shown.absences.iter().map(|a| a.id) {
        done(&rota, RotaEdit::RemoveAbsence { absence }).await;
    }
    told(&server, "已恢复").await;
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_swap_counts_when_the_other_has_agreed() {
    let dir = tempfile::tempdir().unwrap();
    let desk = desk(dir.path(), None).await;
    let rota = desk.rota.clone();
    platform(&rota).await;
    let shown = page(&rota).await;
    let later = now_ms() as f64 + 48.0 * HOUR;
    let mine = |p: &RotaPage, who: &str| {
        let of = p
            .shifts
            .iter()
            .filter(|s| s.role == "primary" && s.from > later);
        of.clone()
            .find(|s| s.person == who)
            .cloned()
            .expect("a shift")
    };
    let shift = mine(&shown, "lisi");
    let give = SlotView {
        rota: "platform".into(),
        role: "primary".into(),
        person: "lisi".into(),
        from: shift.from,
        until: shift.until,
    };
    done(
        &rota,
        RotaEdit::RequestSwap {
            give,
            with: "zhangsan".into(),
            take: None,
            why: "回家".into(),
        },
    )
    .await;
    let shown = page(&rota).await;
    let swap = shown.swaps.first().expect("the request").clone();
    assert!(!swap.can_answer && swap.can_withdraw, "{swap:?}");
    let accept = RotaEdit::AnswerSwap {
        swap: swap.id,
        accept: true,
        answer: "好".into(),
    };
    assert_eq!(
        refused(&rota, accept.clone()).await,
        "refused.rota.not_yours"
    );
    let at = |p: &RotaPage| {
        let of = p
            .shifts
            .iter()
            .filter(|s| s.role == "primary" && s.from == shift.from);
        of.map(|s| s.person.clone()).collect::<Vec<_>>()
    };
    assert_eq!(at(&shown), ["lisi"], "a request changes nothing");
    let me = AlertAct::Me {
        person: "zhangsan".into(),
    };
    desk.duty
        .act(me, Via::Desk)
        .await
        .expect("somebody else sits down");
    done(&rota, accept).await;
    let shown = page(&rota).await;
    assert_eq!(at(&shown), ["zhangsan"]);
    let moved = shown
        .shifts
        .iter()
        .find(|s| s.from == shift.from && s.role == "primary");
    assert_eq!(moved.expect("the shift").by, "swap");
    assert_eq!(shown.swaps[0].state, "accepted");
    let me = AlertAct::Me {
        person: "lisi".into(),
    };
    let back = desk.duty.act(me, Via::Desk).await;
    back.expect("whoever asked sits down again");
    let agreed = page(&rota).await.swaps[0].clone();
    assert!(!agreed.can_withdraw, "what is agreed to stands: {agreed:?}");
    desk.stop().await;
}

fn clock(ms: i64) -> String {
    let utc = chrono::DateTime::from_timestamp_millis(ms).expect("a time");
    utc.with_timezone(&chrono_tz::Asia::Shanghai)
        .format("%H:%M")
        .to_string()
}

/// Two people in turn, day by day; the turn changes at this time of the day.
fn daily(handoff: i64, grace_minutes: u32) -> RotaView {
    let first = now_ms() - 10 * 24 * 3_600_000;
    let first = chrono::DateTime::from_timestamp_millis(first).expect("a time");
    RotaView {
        id: "daily".into(),
        name: "日班".into(),
        zone: "Asia/Shanghai".into(),
        calendar: None,
        layers: vec![LayerView {
            id: 0,
            name: "全天".into(),
            role: "primary".into(),
            priority: 0,
            kinds: Vec::new(),
            weekdays: Vec::new(),
            from: "00:00".into(),
            to: "00:00".into(),
            rotation: RotationView::Turns {
                turns: vec![vec!["lisi".into()], vec!["zhangsan".into()]],
                cadence: CadenceView::Days { days: 1 },
            },
            handoff: Some(clock(handoff)),
            first_day: first.format("%Y-%m-%d").to_string(),
            last_day: None,
            zone: None,
            calendar: None,
        }],
        required: vec!["primary".into()],
        grace_minutes: Some(grace_minutes),
    }
}

async fn handover(rota: &RotaHandle) -> HandoverView {
    until("a handover", async || page(rota).await.handover).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handover_is_packed_and_signed_by_both() {
    let dir = tempfile::tempdir().unwrap();
    let desk = desk(dir.path(), None).await;
    let rota = desk.rota.clone();
    for (id, name) in [("lisi", "李四"), ("zhangsan", "张三")] {
        done(&rota, member(id, name, "")).await;
    }
    let soon = now_ms() + 20 * 60_000;
    done(
        &rota,
        RotaEdit::PutRota {
            rota: daily(soon, 30),
        },
    )
    .await;
    fires(&desk, "DiskBroken").await;
    done(
        &rota,
        RotaEdit::AddNote {
            rota: "daily".into(),
            text: "磁盘阵列在换盘，100%_会再告警".into(),
            alerts: vec![1],
            tags: vec!["磁盘".into()],
        },
    )
    .await;
    let coming = until("the pack has the alert", async || {
        let coming = handover(&rota).await;
        (coming.open_count == 1).then_some(coming)
    })
    .await;
    assert_eq!(
        (coming.state.as_str(), coming.open[0].title.as_str()),
        ("coming", "DiskBroken")
    );
    assert_eq!(coming.records.len(), 1, "{coming:?}");
    let (mut old, mut new) = ("lisi", "zhangsan");
    if coming.from != ["李四"] {
        (old, new) = (new, old);
    }
    let sit = async |who: &str| {
        let me = AlertAct::Me { person: who.into() };
        desk.duty
            .act(me, Via::Desk)
            .await
            .expect("somebody sits down");
    };
    let sign = |side| RotaEdit::SignHandover {
        handover: coming.id,
        side,
    };
    sit(new).await;
    assert_eq!(
        refused(&rota, sign(SideView::Giving)).await,
        "refused.rota.not_yours"
    );
    done(&rota, sign(SideView::Taking)).await;
    sit(old).await;
    done(&rota, sign(SideView::Giving)).await;
    let signed = handover(&rota).await;
    assert_eq!(signed.state, "signed");
    assert!(
        signed.given.is_some() && signed.taken.is_some(),
        "{signed:?}"
    );
    assert_eq!(signed.open_count, 1, "what was signed is kept");

    let search = |text: &str| NotesQuery {
        text: text.into(),
        limit: 10,
        ..NotesQuery::default()
    };
    for (words, found) in [("换盘", 1), ("100%_", 1), ("%", 1), ("网络", 0)] {
        let query = search(words);
        let notes = rota
            .ask(|reply| RotaAsk::Notes(query, reply))
            .await
            .unwrap();
        assert_eq!(notes.notes.len(), found, "{words}");
    }
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shift_that_changed_before_there_was_a_rota_is_not_handed_over() {
    let dir = tempfile::tempdir().unwrap();
    let first = desk(dir.path(), None).await;
    let rota = first.rota.clone();
    for (id, name) in [("lisi", "李四"), ("zhangsan", "张三")] {
        done(&rota, member(id, name, "")).await;
    }
    let just = now_ms() - 20 * 60_000;
    let made = RotaEdit::PutRota {
        rota: daily(just, 5),
    };
    done(&rota, made).await;
    // Pages go to who is on duty, also when the desk looks back after a start.
    let to_who_is_on_duty = async |desk: &Desk, rule: &str| {
        let view = until("the desk knows", async || {
            let view = duty(desk).await;
            (!view.rota.is_empty()).then_some(view)
        })
        .await;
        fires(desk, rule).await;
        let on_duty = primary(&view.rota).name.clone();
        assert_eq!(recipients(desk, rule).await, [on_duty]);
        let shown = page(&desk.rota).await.handover;
        assert!(shown.is_none(), "{shown:?}");
    };
    to_who_is_on_duty(&first, "DiskBroken").await;
    first.stop().await;
    let again = self::desk(dir.path(), None).await;
    to_who_is_on_duty(&again, "PumpBroken").await;
    again.stop().await;
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

#[tokio::test(flavor = "multi_thread")]
async fn files_come_in_as_a_whole_or_not_at_all_and_calendars_go_out() {
    let dir = tempfile::tempdir().unwrap();
    let desk = desk(dir.path(), None).await;
    let rota = desk.rota.clone();
    platform(&rota).await;
    let import = async |kind, target: Option<&str>, bytes: &[u8]| {
        let ask = ImportAsk {
            kind,
            target: target.map(str::to_owned),
            content: base64(bytes),
            dry_run: false,
        };
        rota.ask(|reply| RotaAsk::Import(ask, Via::Desk, reply))
            .await
    };
    let bad = "姓名,手机\n孙七,13800138000\n周八,not a number\n,13800138001\n";
    let (gbk, _, _) = encoding_rs::GBK.encode(bad);
    let answer = import(ImportKind::People, None, &gbk).await.unwrap();
    let places: Vec<(u32, Option<u32>)> =
        answer.errors.iter().map(|e| (e.line, e.column)).collect();
    assert_eq!(places, [(3, Some(2)), (4, Some(1))], "{answer:?}");
    assert!(
        page(&rota).await.people.iter().all(|p| p.name != "孙七"),
        "nothing by half"
    );
    let good = "\u{feff}姓名,编号,手机\n孙七,sunqi,13800138000\n";
    let answer = import(ImportKind::People, None, good.as_bytes())
        .await
        .unwrap();
    assert_eq!((answer.entries, answer.error_count), (1, 0));
    assert!(page(&rota).await.people.iter().any(|p| p.id == "sunqi"));
    let year = "{\"year\": 2027, \"days\": [{\"name\": \"元旦\", \"date\": \"2027-01-01\", \"isOffDay\": true}]}";
    let answer = import(ImportKind::Holidays, None, year.as_bytes())
        .await
        .unwrap();
    assert_eq!(answer.entries, 1);
    let answer = import(ImportKind::Holidays, None, b"[]").await.unwrap();
    assert_eq!(answer.errors[0].what.key, "rota.holiday_error.not_json");

    let ask = ExportAsk::Person {
        person: "lisi".into(),
    };
    let written = rota.ask(|reply| RotaAsk::Export(ask, reply)).await.unwrap();
    let text = std::fs::read_to_string(&written.path).unwrap();
    assert!(
        text.starts_with("BEGIN:VCALENDAR") && text.contains("BEGIN:VEVENT"),
        "{text}"
    );
    let url = written.url.expect("an address to subscribe to");
    let rest = url
        .strip_prefix("http://127.0.0.1:")
        .expect("on this machine");
    let (port, path) = rest.split_once('/').expect("a path");
    let port: u16 = port.parse().unwrap();
    let path = format!("/{path}");
    let served = tokio::task::spawn_blocking(move || {
        let right = http::get(port, &path).expect("an answer");
        let wrong = http::get(port, "/calendar/guess/person/lisi.ics").expect("an answer");
        (right, wrong)
    });
    let (right, wrong) = served.await.unwrap();
    assert_eq!(right.status, 200);
    assert!(String::from_utf8_lossy(&right.body).contains("BEGIN:VEVENT"));
    assert_eq!(wrong.status, 404);
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_fairer_and_a_preview_shows_what_would_break() {
    let dir = tempfile::tempdir().unwrap();
    let desk = desk(dir.path(), None).await;
    let rota = desk.rota.clone();
    platform(&rota).await;
    let day = |ms: i64| {
        let utc = chrono::DateTime::from_timestamp_millis(ms).expect("a time");
        utc.format("%Y-%m-%d").to_string()
    };
    let plan = PlanAsk {
        rota: "platform".into(),
        from: day(now_ms() + 5 * 24 * 3_600_000),
        until: day(now_ms() + 95 * 24 * 3_600_000),
        people: Vec::new(),
        nights_in_a_row: 2,
        rest_hours: 11,
        seed: 1,
        weights: None,
        // What is evened out is the planned time together with the past that counts.
        history_days: Some(0),
    };
    let ask = plan.clone();
    let made = rota.ask(|reply| RotaAsk::Plan(ask, reply)).await.unwrap();
    assert!(
        made.spread_after <= made.spread_before,
        "{} {}",
        made.spread_after,
        made.spread_before
    );
    assert!(made.problems.is_empty(), "{:?}", made.problems);
    done(&rota, RotaEdit::AdoptPlan { plan: plan.clone() }).await;
    let long = PlanAsk {
        until: "2099-01-01".into(),
        ..plan
    };
    assert_eq!(
        refused(&rota, RotaEdit::AdoptPlan { plan: long }).await,
        "refused.rota.plan_too_long"
    );

    let shown = page(&rota).await;
    let layers = shown.rota.expect("the rota").layers;
    let night = layers
        .iter()
        .find(|l| l.name == "夜班")
        .expect("the seed's nights");
    let remove = RotaEdit::RemoveLayer {
        rota: "platform".into(),
        layer: night.id,
    };
    let query = RotaQuery {
        days: 30,
        ..RotaQuery::default()
    };
    let preview = rota
        .ask(|reply| RotaAsk::Preview(Box::new(remove), query, reply))
        .await
        .unwrap();
    assert!(
        preview.new.iter().any(|p| p.kind == "gap"),
        "{:?}",
        preview.new
    );
    assert!(
        page(&rota).await.problems.is_empty(),
        "a preview keeps nothing"
    );
    desk.stop().await;
}
