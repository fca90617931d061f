use super::beside::web_link;
use super::*;
use crate::message::ActionId;
use model::Labels;
use model::alert::{Fingerprint, Reported};
use model::duty::{Actor, Escalation, LevelReason, NoticeId, NoticeState, Resolution, Sight};

const MINUTE: i64 = 60_000;
/// 2026-11-21T15:28:00 in Shanghai.
const NOW: i64 = 1_795_246_080_000;

fn alert(id: i64, level: Level, summary: &str) -> Alert {
    let labels = Labels::from_pairs([
        ("alertname", "WeChatPaySuccessRateLow"),
        ("channel", "wechat"),
        ("instance", "pay-01:9100"),
    ]);
    // by way of JSON, so that a field that the desk adds for itself changes nothing here
    let mut alert: Alert = serde_json::from_value(serde_json::json!({
        "id": id, "fingerprint": Fingerprint::of(&labels), "labels": {},
        "annotations": {"summary": summary, "description": "成功率低于 95% 已超过 2 分钟"},
        "level": level, "level_reason": LevelReason::Default,
        "starts_at": NOW - 4 * MINUTE, "first_seen": NOW - 4 * MINUTE + 5000,
        "sights": {}, "value": 93.2, "ack": null, "assignee": null, "snooze": null, "suppressions": [],
        "escalation": Escalation::default(), "responded_at": null, "resolved": null,
    }))
    .expect("an alert");
    alert.labels = labels;
    alert
}

fn pay() -> Alert {
    alert(12, Level::P0, "微信支付成功率过低")
}

fn notice(kind: NoticeKind, level: Level, alerts: &[Alert]) -> Notice {
    Notice {
        id: NoticeId(0x0011_2233_4455_6677_8899_aabb_ccdd_eeff),
        kind,
        level,
        alerts: alerts.iter().map(|a| a.id).collect(),
        to: "zhangsan".into(),
        channel: "popup".into(),
        created_at: NOW,
        attempts: 0,
        outcome: NoticeState::Waiting {
            not_before: NOW,
            why: None,
        },
    }
}

fn people() -> Vec<Person> {
    let person = |id: &str, name: &str| Person {
        id: id.into(),
        name: name.into(),
        addresses: BTreeMap::from([("sms".to_owned(), "13800000000".to_owned())]),
    };
    vec![person("zhangsan", "张三"), person("lisi", "李四")]
}

fn write(kind: NoticeKind, alerts: &[Alert], next: Option<Next>, locale: &str) -> Message {
    let level = alerts.first().map_or(Level::P3, |a| a.level);
    let people = people();
    let scene = Scene {
        alerts,
        people: &people,
        next,
        locale,
        zone: chrono_tz::Asia::Shanghai,
        now: NOW,
    };
    render(&notice(kind, level, alerts), &scene)
}

fn next() -> Option<Next> {
    Some(Next {
        at: NOW + 4 * MINUTE,
        to: vec!["李四".into(), "王五".into()],
    })
}

fn acked(mut alert: Alert, comment: &str) -> Alert {
    let ack = serde_json::json!({
        "by": {"id": "lisi", "name": "李四", "via": "desk"}, "at": NOW - MINUTE, "comment": comment, "until": null,
    });
    alert.ack = Some(serde_json::from_value(ack).expect("an acknowledgement"));
    alert
}

const FIRST: NoticeKind = NoticeKind::Step { step: 0, round: 0 };

/// Title and body as one text.
fn text(message: &Message) -> String {
    format!("{}\n{}", message.title, message.body.join("\n"))
}

#[track_caller]
fn says(kind: &NoticeKind, alerts: &[Alert], next: Option<Next>, zh: &str, en: &str) {
    let said = |locale| text(&write(kind.clone(), alerts, next.clone(), locale));
    assert_eq!(said("zh-CN"), zh);
    assert_eq!(said("en"), en);
}

#[test]
fn the_first_telling() {
    says(
        &FIRST,
        &[pay()],
        next(),
        "P0 · 微信支付成功率过低\n成功率低于 95% 已超过 2 分钟\n当前值 93.2\n持续 4 分钟（15:24 起）\n15:32 升级给 李四、王五",
        "P0 · 微信支付成功率过低\n成功率低于 95% 已超过 2 分钟\nValue 93.2\nFor 4 min (since 15:24)\n15:32: escalates to 李四, 王五",
    );
}

#[test]
fn a_later_step_says_that_nobody_responded() {
    let step = |step, round| NoticeKind::Step { step, round };
    says(
        &step(1, 0),
        &[pay()],
        None,
        "P0 升级 · 微信支付成功率过低\n成功率低于 95% 已超过 2 分钟\n当前值 93.2\n持续 4 分钟（15:24 起）\n3 分钟 无人响应，升级到第 2 步",
        "P0 escalated · 微信支付成功率过低\n成功率低于 95% 已超过 2 分钟\nValue 93.2\nFor 4 min (since 15:24)\nNo response for 3 min, step 2",
    );
    let mut answered = pay();
    answered.responded_at = Some(NOW - MINUTE);
    answered.escalation.due_at = Some(NOW + 11 * 60 * MINUTE);
    says(
        &step(0, 1),
        &[answered],
        None,
        "P0 升级 · 微信支付成功率过低\n成功率低于 95% 已超过 2 分钟\n当前值 93.2\n持续 4 分钟（15:24 起）\n已持续 3 分钟，升级到第 1 步 （第 2 轮）\n11-22 02:28 升级到下一步",
        "P0 escalated · 微信支付成功率过低\n成功率低于 95% 已超过 2 分钟\nValue 93.2\nFor 4 min (since 15:24)\nAfter 3 min, step 1 (round 2)\nNext step at 11-22 02:28",
    );
}

#[test]
fn lapsed_given_and_taken() {
    says(
        &NoticeKind::AckLapsed,
        &[pay()],
        None,
        "P0 确认到期 · 微信支付成功率过低\n成功率低于 95% 已超过 2 分钟\n当前值 93.2\n持续 4 分钟（15:24 起）\n之前的确认已到期，继续升级",
        "P0 acknowledgement lapsed · 微信支付成功率过低\n成功率低于 95% 已超过 2 分钟\nValue 93.2\nFor 4 min (since 15:24)\nThe acknowledgement has lapsed; escalation goes on",
    );
    let given = |comment: &str| NoticeKind::Assigned {
        by: "李四".into(),
        comment: comment.into(),
    };
    let mut mine = pay();
    mine.assignee = Some("zhangsan".into());
    says(
        &given("你熟悉支付"),
        std::slice::from_ref(&mine),
        None,
        "P0 转给您 · 微信支付成功率过低\n成功率低于 95% 已超过 2 分钟\n当前值 93.2\n持续 4 分钟（15:24 起）\n李四 转给您：你熟悉支付",
        "P0 given to you · 微信支付成功率过低\n成功率低于 95% 已超过 2 分钟\nValue 93.2\nFor 4 min (since 15:24)\nGiven to you by 李四: 你熟悉支付",
    );
    assert!(text(&write(given(""), &[mine.clone()], None, "zh-CN")).ends_with("李四 转给您"));
    let assigned = write(FIRST, &[mine], None, "zh-CN");
    assert_eq!(
        assigned.body.last().map(String::as_str),
        Some("负责人 张三")
    );

    let taken = write(FIRST, &[acked(pay(), "我来处理")], next(), "zh-CN");
    assert_eq!(
        taken.body.last().map(String::as_str),
        Some("李四 已确认：我来处理")
    );
    let ids: Vec<_> = taken.actions.iter().map(|a| a.id).collect();
    assert_eq!(ids, [ActionId::View], "nothing left to acknowledge");
    let taken = write(FIRST, &[acked(pay(), " ")], next(), "en");
    assert_eq!(
        taken.body.last().map(String::as_str),
        Some("Acknowledged by 李四")
    );
}

#[test]
fn it_is_over() {
    let over = |why| {
        let mut a = pay();
        a.resolved = Some((NOW - MINUTE, why));
        a
    };
    let source = Resolution::Source {
        source: "prod-am".into(),
    };
    says(
        &NoticeKind::Resolved,
        &[over(source)],
        next(),
        "已恢复 · 微信支付成功率过低\n成功率低于 95% 已超过 2 分钟\n当前值 93.2\n15:27 恢复，持续 3 分钟（prod-am）",
        "Resolved · 微信支付成功率过低\n成功率低于 95% 已超过 2 分钟\nValue 93.2\nOver at 15:27 after 3 min (prod-am)",
    );
    let by_hand = Resolution::ByHand {
        by: Actor {
            name: "李四".into(),
            ..Actor::default()
        },
        comment: String::new(),
    };
    let said = text(&write(
        NoticeKind::Resolved,
        &[over(by_hand)],
        None,
        "zh-CN",
    ));
    assert!(said.contains("（李四 手动关闭）"), "{said}");
    let again = write(NoticeKind::Resolved, &[pay()], None, "zh-CN");
    assert!(text(&again).contains("15:24 起再次触发"));
    assert_eq!(again.actions.len(), 1);
}

#[test]
fn it_comes_and_goes() {
    let mut a = alert(3, Level::P1, "队列积压");
    a.changes = vec![0; 7];
    a.value = None;
    a.annotations.remove("description");
    says(
        &NoticeKind::Flapping,
        &[a],
        next(),
        "P1 反复告警 · 队列积压\n持续 4 分钟（15:24 起）\n近期状态变化 7 次，稳定之前不再逐次通知",
        "P1 flapping · 队列积压\nFor 4 min (since 15:24)\n7 changes lately; not told one by one until it is steady",
    );
}

#[test]
fn many_become_one() {
    let mut alerts = vec![pay()];
    alerts.extend((0..11).map(|i| alert(100 + i, Level::P2, &format!("磁盘 {i}"))));
    alerts[1].resolved = Some((NOW, Resolution::Gone { source: "s".into() }));
    let digest = |why| NoticeKind::Digest { why };
    let message = write(digest(DigestReason::Storm), &alerts, None, "zh-CN");
    assert_eq!(message.title, "告警风暴：12 条告警");
    assert_eq!(message.counts, [1, 0, 11, 0]);
    assert_eq!(message.body.len(), 1 + DIGEST_LINES + 1);
    assert_eq!(message.body[0], "P0 1 · P2 11");
    assert_eq!(message.body[1], "P0 微信支付成功率过低（4 分钟）");
    assert_eq!(message.body[2], "P2 磁盘 0（已恢复，持续 4 分钟）");
    assert_eq!(message.body[9], "另有 4 条，请在告警台查看");
    let titles = [
        (
            DigestReason::Collected,
            "告警汇总：12 条",
            "Collected alerts: 12",
        ),
        (
            DigestReason::QuietHours,
            "免打扰期间的告警：12 条",
            "Alerts of the quiet hours: 12",
        ),
        (
            DigestReason::Storm,
            "告警风暴：12 条告警",
            "Alert storm: 12 alerts",
        ),
    ];
    for (why, zh, en) in titles {
        assert_eq!(write(digest(why), &alerts, None, "zh-CN").title, zh);
        let message = write(digest(why), &alerts, None, "en");
        assert_eq!(message.title, en);
        assert_eq!(message.body[9], "4 more at the alert desk");
        assert_eq!(message.body[2], "P2 磁盘 0 (over, lasted 4 min)");
    }
}

#[test]
fn a_group_is_named_by_its_first() {
    let alerts = [pay(), alert(2, Level::P1, "支付宝成功率过低")];
    says(
        &FIRST,
        &alerts,
        next(),
        "P0 · 微信支付成功率过低 等 2 条\nP0 微信支付成功率过低（4 分钟）\nP1 支付宝成功率过低（4 分钟）\n15:32 升级给 李四、王五",
        "P0 · 微信支付成功率过低 and others, 2 in all\nP0 微信支付成功率过低 (4 min)\nP1 支付宝成功率过低 (4 min)\n15:32: escalates to 李四, 王五",
    );
}

#[test]
fn the_program_tells_of_itself() {
    let system = |code: &str| NoticeKind::System {
        code: code.into(),
        params: BTreeMap::from([("detail".to_owned(), "x\u{202e}y".to_owned())]),
    };
    says(
        &system("no such\n"),
        &[],
        None,
        "守望 · 系统提示\n程序提示：no such",
        "Shouwang · about itself\nThe program says: no such",
    );
    let message = write(system("none"), &[], None, "zh-CN");
    assert_eq!(message.kind, Kind::System);
    assert_eq!(message.actions.len(), 1);
}

#[test]
fn what_the_desk_tells_of_itself_is_a_sentence() {
    let named = |params: &[(&str, &str)]| -> BTreeMap<String, String> {
        let pairs = params.iter();
        pairs.map(|(k, v)| ((*k).into(), (*v).into())).collect()
    };
    let failed = NoticeKind::System {
        code: "channel_failed".into(),
        params: named(&[("channel", "sound"), ("code", "no_sound_device")]),
    };
    says(
        &failed,
        &[],
        None,
        "守望 · 系统提示\n通知渠道 声音 发送失败（没有可用的声音设备），已改用其他渠道",
        "Shouwang · about itself\nChannel Sound failed (no sound device); others are used instead",
    );
    // The same word means another thing of a source than of a channel.
    let unmirrored = NoticeKind::System {
        code: "mirror_failed".into(),
        params: named(&[("source", "am"), ("code", "unauthorized")]),
    };
    says(
        &unmirrored,
        &[],
        None,
        "守望 · 系统提示\n确认未能同步为 am 的静默（用户名、密码或令牌被拒绝）",
        "Shouwang · about itself\nAn acknowledgement could not be put as a silence at am (the user, password or token was refused)",
    );
    let all = [
        "minutes", "open", "policy", "number", "title", "channel", "code", "step", "max", "source",
        "silence",
    ];
    for code in [
        "caught_up",
        "slept",
        "bad_policy",
        "bad_inhibition",
        "bad_window",
        "channel_down",
        "unknown_channel",
        "nobody_to_tell",
        "nobody_reached",
        "too_many_alerts",
        "mirror_failed",
        "unmirror_failed",
    ] {
        let kind = NoticeKind::System {
            code: code.into(),
            params: named(&all.map(|n| (n, "7"))),
        };
        for locale in ["zh-CN", "en"] {
            let said = write(kind.clone(), &[], None, locale).body.remove(0);
            let unknown = said.contains("程序提示") || said.contains("The program says");
            assert!(!said.contains("%{") && !unknown, "{said}");
        }
    }
}

#[test]
fn an_alert_that_is_not_there_is_said() {
    let mut n = notice(FIRST, Level::P1, &[pay()]);
    n.to = "nobody".into();
    let scene = Scene {
        alerts: &[],
        people: &[],
        next: None,
        locale: "zh-CN",
        zone: chrono_tz::UTC,
        now: NOW,
    };
    let message = render(&n, &scene);
    assert_eq!(
        text(&message),
        "P1 · 告警 #12\n详情已不在列表中，请在告警台的历史里查看"
    );
    assert_eq!((message.to.name.as_str(), message.total), ("nobody", 1));
}

#[test]
fn facts_buttons_link_and_recipient() {
    let mut a = pay();
    a.annotations
        .insert("runbook_url".into(), "javascript:alert(1)".into());
    let sight = Sight {
        state: Reported::Firing,
        seen_at: NOW,
        missing_since: None,
        starts_at: NOW,
        ends_at: None,
        silenced_by: Vec::new(),
        inhibited_by: Vec::new(),
        muted_by: Vec::new(),
        generator_url: Some("https://prom.example/graph?g0.expr=up".into()),
    };
    a.sights.insert("am".into(), sight);
    let people = people();
    let mut n = notice(FIRST, Level::P0, std::slice::from_ref(&a));
    n.channel = "sms".into();
    let scene = Scene {
        alerts: std::slice::from_ref(&a),
        people: &people,
        next: None,
        locale: "zh-CN",
        zone: chrono_tz::Asia::Shanghai,
        now: NOW,
    };
    let m = render(&n, &scene);
    assert_eq!(
        m.link.as_deref(),
        Some("https://prom.example/graph?g0.expr=up"),
        "a script is no link"
    );
    assert_eq!(m.to.address.as_deref(), Some("13800000000"));
    let facts: Vec<_> = m
        .facts
        .iter()
        .map(|f| format!("{}={}", f.name, f.value))
        .collect();
    assert_eq!(
        facts,
        [
            "规则=WeChatPaySuccessRateLow",
            "级别=P0",
            "当前值=93.2",
            "开始=15:24",
            "channel=wechat",
            "instance=pay-01:9100"
        ]
    );
    let buttons: Vec<_> = m.actions.iter().map(|a| a.title.as_str()).collect();
    assert_eq!(buttons, ["确认", "查看"]);
    for bad in [
        "file:///etc/passwd",
        "https://u:p@host/",
        "//host",
        "data:text/html,x",
    ] {
        assert_eq!(web_link(bad), None, "{bad}");
    }
}

#[test]
fn hostile_texts_stay_small_and_plain() {
    let mut a = pay();
    let evil = "<b onload=x>&\u{202e}\u{1b}[2J\u{0}\n\n".repeat(50_000);
    a.annotations = BTreeMap::from([
        ("summary".to_owned(), evil.clone()),
        ("description".to_owned(), evil.clone()),
    ]);
    a.labels = Labels::from_pairs(
        std::iter::once(("alertname".to_owned(), evil.clone()))
            .chain((0..500).map(|i| (format!("label_{i}\u{202e}"), evil.clone()))),
    );
    a.value = Some(f64::NAN);
    a.starts_at = i64::MIN;
    let m = write(FIRST, &[a], None, "zh-CN");
    let all = format!("{}{:?}{:?}", text(&m), m.facts, m.alerts);
    assert!(!all.contains('\u{202e}') && !all.contains('\u{1b}') && !all.contains('\0'));
    assert!(all.len() < 400_000, "{} bytes", all.len());
    assert!(m.title.chars().count() <= text::TITLE * 10);
    assert!(m.body.len() <= 8 && m.facts.len() <= FACTS + 4);
    assert!(!m.body.iter().any(|l| l.contains('\n')));
}

#[test]
fn a_name_is_always_there() {
    let mut a = pay();
    a.annotations.clear();
    assert_eq!(
        write(FIRST, &[a.clone()], None, "zh-CN").title,
        "P0 · WeChatPaySuccessRateLow"
    );
    a.labels = Labels::default();
    assert_eq!(
        write(FIRST, &[a.clone()], None, "zh-CN").title,
        "P0 · 无名告警"
    );
    assert_eq!(write(FIRST, &[a], None, "en").title, "P0 · Nameless alert");
}
