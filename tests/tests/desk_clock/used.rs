//! The rota where it is used: steps of policies that name a role of it, alerts open across a handoff, the handover's pack, the command line.

use super::support::*;
use desk::config;
use shouwang_tests::notifications::{Bus, Manner, NotificationServer};
use shouwang_tests::now_ms;
use std::path::Path;
use std::process::{Command, Output};
use wire::{AlertAct, MatcherView, RotaEdit, SideView};

fn policy(level: &str, more: &str) -> String {
    format!("[[policy]]\nname = \"own\"\nlevel = \"{level}\"\n{more}")
}

fn step(after: f64, to: &str) -> String {
    format!("[[policy.step]]\nafter_minutes = {after}\nto = [\"{to}\"]\nchannels = [\"popup\"]\n")
}

/// The next full minute that leaves some seconds to prepare.
fn soon() -> i64 {
    (now_ms() + 40_000) / MINUTE * MINUTE + MINUTE
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_reaches_whoever_has_the_role_and_one_that_nobody_knows_is_told() {
    let bus = Bus::start();
    let server = NotificationServer::start(bus.address(), Manner::able());
    let dir = tempfile::tempdir().unwrap();
    let own = policy("P0", "")
        + "[[policy.step]]\nchannels = [\"popup\"]\nto = [\"daily/备值\", \"daily/dba\", \"nightly/primary\"]\n";
    let file = written(dir.path(), "Asia/Shanghai", &own);
    let desk = started(&file, Some(bus.address())).await;
    let rota = desk.rota.clone();
    people(&rota).await;
    let mut made = daily(now_ms() + 12 * HOUR);
    let mut second = layer("二线", "secondary", None);
    second.rotation = wire::RotationView::Turns {
        turns: vec![vec!["wang".into()]],
        cadence: wire::CadenceView::Days { days: 1 },
    };
    made.layers.push(second);
    done(&rota, RotaEdit::PutRota { rota: made }).await;
    until("the alert desk knows", async || {
        let on = on_duty(&desk).await;
        on.contains(&"wang".to_owned()).then_some(())
    })
    .await;
    fires(&desk, "DiskBroken").await;
    assert_eq!(recipients(&desk, "DiskBroken", 0).await, ["王经理"]);
    // The two that there are not: said by the program itself while it runs …
    for part in ["daily/dba", "nightly/primary"] {
        until(part, async || {
            let notes = server.notes();
            notes
                .iter()
                .any(|n| format!("{n:?}").contains(part))
                .then_some(())
        })
        .await;
    }
    desk.stop().await;
    // … and by `shouwang check`, with file and line.
    let text = std::fs::read_to_string(&file).unwrap();
    let line = text.lines().position(|l| l.contains("nightly")).unwrap() + 1;
    let found = desk::rota::checked(&config::load(Some(&file))).await;
    let said: Vec<String> = found.iter().map(|p| p.say("zh-CN")).collect();
    assert_eq!(said.len(), 2, "{said:?}");
    let place = format!("{}:{line}: ", file.display());
    assert!(said.iter().all(|s| s.starts_with(&place)), "{said:?}");
    assert!(
        said[0].contains("daily/dba") && said[1].contains("nightly"),
        "{said:?}"
    );
    let checked = shouwang(&["--config", &file.display().to_string(), "check"]);
    assert!(!checked.status.success());
    let errors = String::from_utf8_lossy(&checked.stderr).into_owned();
    assert!(errors.contains(&said[1]), "{errors}");
}

/// An alert fires before the shift changes, and its second step comes after.
async fn across_a_handoff(signed: bool) {
    // Where nothing can be told, the next step comes at once and not after the handoff.
    let bus = Bus::start();
    let _server = NotificationServer::start(bus.address(), Manner::able());
    let dir = tempfile::tempdir().unwrap();
    let handoff = soon();
    let after = (handoff + 8_000 - now_ms()) as f64 / MINUTE as f64;
    let own = policy(
        "P0",
        &(step(0.0, "daily/primary") + &step(after, "daily/primary")),
    );
    let desk = started(
        &written(dir.path(), "Asia/Shanghai", &own),
        Some(bus.address()),
    )
    .await;
    let rota = desk.rota.clone();
    people(&rota).await;
    let mut made = daily(handoff);
    // Unsigned it is overdue at once, and stays with the old shift all the same.
    made.grace_minutes = Some(0);
    done(&rota, RotaEdit::PutRota { rota: made }).await;
    let coming = until("the handover", async || {
        let shown = page(&rota, None, 60).await.handover?;
        (shown.at as i64 == handoff).then_some(shown)
    })
    .await;
    let (old, new) = (coming.from[0].clone(), coming.to[0].clone());
    assert_ne!(old, new);
    until("the alert desk knows", async || {
        (!on_duty(&desk).await.is_empty()).then_some(())
    })
    .await;
    fires(&desk, "DiskBroken").await;
    assert_eq!(
        recipients(&desk, "DiskBroken", 0).await,
        std::slice::from_ref(&old)
    );
    assert!(now_ms() < handoff, "the machine was too slow for this test");
    if signed {
        for (name, side) in [(&old, SideView::Giving), (&new, SideView::Taking)] {
            sit(&desk, if name == "李四" { "lisi" } else { "zhangsan" }).await;
            let sign = RotaEdit::SignHandover {
                handover: coming.id,
                side,
            };
            done(&rota, sign).await;
        }
    }
    let next = recipients(&desk, "DiskBroken", handoff).await;
    assert_eq!(next, [if signed { new } else { old }]);
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_open_across_a_signed_handoff_goes_to_the_new_shift() {
    across_a_handoff(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_open_across_an_unsigned_handoff_stays_with_the_old_shift() {
    across_a_handoff(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unsigned_handover_is_told_to_both_at_once_whatever_a_policy_says_of_its_level() {
    let bus = Bus::start();
    let server = NotificationServer::start(bus.address(), Manner::able());
    let dir = tempfile::tempdir().unwrap();
    // Quiet hours all day, P2 collected for five minutes, and a policy for the level that names somebody else.
    let own =
        policy("P2", &step(0.0, "daily/manager")) + "[[quiet]]\nfrom = \"00:00\"\nto = \"23:59\"\n";
    let desk = started(
        &written(dir.path(), "Asia/Shanghai", &own),
        Some(bus.address()),
    )
    .await;
    let rota = desk.rota.clone();
    people(&rota).await;
    let mut made = daily(soon());
    made.grace_minutes = Some(0);
    done(&rota, RotaEdit::PutRota { rota: made }).await;
    let late = until("overdue", async || {
        let shown = page(&rota, None, 60).await.handover?;
        (shown.state == "overdue").then_some(shown)
    })
    .await;
    let mut both: Vec<String> = late.from.iter().chain(&late.to).cloned().collect();
    both.sort();
    assert_eq!(recipients(&desk, "HandoverUnsigned", 0).await, both);
    until("it stands on the screen", async || {
        let notes = server.notes();
        notes
            .iter()
            .any(|n| n.title.contains("交接未签"))
            .then_some(())
    })
    .await;
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pack_holds_what_lapses_what_ends_and_what_was_noisy() {
    let dir = tempfile::tempdir().unwrap();
    let desk = started(&written(dir.path(), "Asia/Shanghai", ""), None).await;
    let rota = desk.rota.clone();
    people(&rota).await;
    let handoff = now_ms() + 20 * MINUTE;
    let made = RotaEdit::PutRota {
        rota: daily(handoff),
    };
    done(&rota, made).await;
    for rule in ["DiskBroken", "PumpBroken", "FanBroken"] {
        fires(&desk, rule).await;
    }
    let id = async |rule: &str| until(rule, async || alert(&desk, rule).await).await.row.id;
    let act = async |act: AlertAct| {
        let done = desk.duty.act(act, model::duty::Via::Desk).await;
        done.expect("it is done");
    };
    let ack = |id, for_ms| AlertAct::Ack {
        alerts: vec![id],
        comment: String::new(),
        for_ms,
        mirror: None,
    };
    act(ack(id("DiskBroken").await, Some((30 * MINUTE) as f64))).await;
    // Without an end of its own it lapses after the configured hour.
    act(ack(id("PumpBroken").await, None)).await;
    let mute = |name: &str, hours: i64| AlertAct::Mute {
        maintenance: false,
        matchers: vec![MatcherView {
            name: "alertname".into(),
            value: name.into(),
            is_regex: false,
            is_equal: true,
        }],
        from: None,
        until: (now_ms() + hours * HOUR) as f64,
        comment: format!("{name} 维护"),
    };
    act(mute("Backup", 3)).await;
    // Longer than the next shift lasts.
    act(mute("Archive", 72)).await;
    let pack = until("the pack has it all", async || {
        let shown = handover(&rota).await;
        let full = shown.open_count == 3 && shown.lapsing.len() == 2 && !shown.silences.is_empty();
        (full && shown.noisy.len() == 3).then_some(shown)
    })
    .await;
    let lapsing: Vec<(&str, Option<&str>)> = pack
        .lapsing
        .iter()
        .map(|a| (a.title.as_str(), a.by.as_deref()))
        .collect();
    let by = Some("李四");
    assert_eq!(lapsing, [("DiskBroken", by), ("PumpBroken", by)]);
    for (entry, minutes) in pack.lapsing.iter().zip([30, 60]) {
        let left = entry.until.expect("an end") - now_ms() as f64;
        let last = (minutes * MINUTE) as f64;
        assert!(
            (last - 5.0 * MINUTE as f64..=last).contains(&left),
            "{left}"
        );
    }
    let [silence] = pack.silences.as_slice() else {
        panic!("{:?}", pack.silences)
    };
    assert_eq!(
        (silence.comment.as_str(), silence.by.as_str()),
        ("Backup 维护", "李四")
    );
    let noisy: Vec<(&str, u32)> = pack
        .noisy
        .iter()
        .map(|r| (r.name.as_str(), r.episodes))
        .collect();
    assert_eq!(
        noisy,
        [("DiskBroken", 1), ("FanBroken", 1), ("PumpBroken", 1)]
    );
    // Acknowledged ones stand behind the one that nobody has.
    assert_eq!(pack.open[0].title, "FanBroken");
    desk.stop().await;
}

// ---- the command line ---------------------------------------------------------------------------------------------------------

/// What the program says to these arguments. It is this test's own program, which carries the command line out in a process of its own.
fn shouwang(arguments: &[&str]) -> Output {
    let me = std::env::current_exe().expect("this program");
    Command::new(me)
        .args(["--exact", "--nocapture", "used::command_line"])
        .env("SHOUWANG_TEST_ARGUMENTS", arguments.join("\u{1f}"))
        .env("LC_ALL", "zh_CN.UTF-8")
        .output()
        .expect("it runs")
}

/// The process that [`shouwang`] starts; by itself there is nothing to carry out.
#[test]
fn command_line() {
    let Ok(arguments) = std::env::var("SHOUWANG_TEST_ARGUMENTS") else {
        return;
    };
    let all = std::iter::once("shouwang").chain(arguments.split('\u{1f}'));
    let desk::cli::Action::Done(code) = desk::cli::parse(all.map(Into::into)) else {
        panic!("a window");
    };
    std::process::exit(i32::from(code != std::process::ExitCode::SUCCESS));
}

async fn oncall(file: &Path, arguments: &[&str]) -> (bool, String) {
    let file = file.display().to_string();
    let all: Vec<String> = ["--config", &file, "oncall"]
        .iter()
        .chain(arguments)
        .map(|a| (*a).to_owned())
        .collect();
    let ran = tokio::task::spawn_blocking(move || {
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        shouwang(&all)
    });
    let ran = ran.await.unwrap();
    let said = [ran.stdout, ran.stderr].map(|b| String::from_utf8_lossy(&b).into_owned());
    (ran.status.success(), said.concat())
}

#[tokio::test(flavor = "multi_thread")]
async fn oncall_says_who_is_on_at_a_time_of_the_configured_zone() {
    let dir = tempfile::tempdir().unwrap();
    let file = written(dir.path(), "Europe/Berlin", "");
    let desk = started(&file, None).await;
    let rota = desk.rota.clone();
    people(&rota).await;
    let mut made = daily(now_ms());
    made.zone = "Europe/Berlin".into();
    made.grace_minutes = None;
    made.layers[0].handoff = None;
    made.layers[0].from = "09:00".into();
    made.layers[0].to = "09:00".into();
    done(&rota, RotaEdit::PutRota { rota: made.clone() }).await;
    made.id = "dba".into();
    made.name = "数据库".into();
    made.layers[0].rotation = wire::RotationView::Turns {
        turns: vec![vec!["wang".into()]],
        cadence: wire::CadenceView::Days { days: 1 },
    };
    done(&rota, RotaEdit::PutRota { rota: made }).await;
    until("the door", async || {
        desk::duty::control::Control::find(&dir.path().join("data")).await
    })
    .await;

    let lines = |text: &str| -> Vec<Vec<String>> {
        let of = text
            .lines()
            .filter(|l| l.contains("主值") || l.contains("值班人"));
        of.map(|l| l.split_whitespace().map(str::to_owned).collect())
            .collect()
    };
    // The day on which the clocks are put back has 25 hours, and 02:30 twice: 张三 has it from Saturday nine to Sunday nine.
    for at in ["2026-10-24 09:00", "2026-10-25 02:30", "2026-10-25 08:59"] {
        let (well, said) = oncall(&file, &["--at", at, "--rota", "daily"]).await;
        assert!(well, "{said}");
        let table = lines(&said);
        assert_eq!(table.len(), 2, "{said}");
        assert_eq!(table[0][..3], ["值班表", "角色", "值班人"], "{said}");
        let row = [
            "daily", "主值", "张三", "10-24", "09:00:00", "10-25", "09:00:00", "李四",
        ];
        assert_eq!(table[1][..8], row, "{at}: {said}");
        assert!(said.contains("轮到“全天”"), "{said}");
    }
    for at in ["2026-10-25 09:00", "2026-10-25T08:00:00Z"] {
        let (_, said) = oncall(&file, &["--at", at, "--rota", "daily"]).await;
        assert_eq!(lines(&said)[1][2], "李四", "{at}: {said}");
    }
    // Without a rota all of them.
    let (well, said) = oncall(&file, &["--at", "2026-10-25 09:00"]).await;
    let mut rotas: Vec<String> = lines(&said)
        .into_iter()
        .skip(1)
        .map(|l| l[0].clone())
        .collect();
    rotas.sort();
    assert!(well);
    assert_eq!(rotas, ["daily", "dba"], "{said}");
    let (well, said) = oncall(&file, &["--at", "2020-01-01 09:00"]).await;
    assert!(well && said.contains("没有人在值班"), "{said}");
    let (well, said) = oncall(&file, &["--at", "明天"]).await;
    assert!(!well && said.contains("看不懂的时间 明天"), "{said}");
    let (well, said) = oncall(&file, &["--rota", "nightly"]).await;
    assert!(
        !well && said.contains("没有编号为 nightly 的值班表"),
        "{said}"
    );
    desk.stop().await;
}
