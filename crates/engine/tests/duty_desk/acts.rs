//! What people do, and what is refused.

use super::world::{SECOND, World, labels, team};
use engine::duty::setup::MINUTE;
use engine::duty::{Action, Effect, Event, Refused, Setup};
use model::duty::{AlertId, DropReason, MuteKind, NoticeState, What};
use model::{Matcher, Observation, Reported};

#[test]
fn assigned_to_somebody_is_told_to_that_person() {
    let mut w = World::team();
    let id = w.fire("A:critical");
    w.told();
    let action = Action::Assign {
        alerts: vec![id],
        to: Some("wang".into()),
        comment: "你更熟".into(),
    };
    w.act("zhang", action).unwrap();
    assert_eq!(w.told(), ["10:00 wang popup assigned A"]);
    let alert = w.alert("A:critical");
    assert_eq!(alert.assignee.as_deref(), Some("wang"));
    assert_eq!(alert.responded_at, None);
    // nobody has acknowledged it: the clock runs
    w.minutes(15);
    assert_eq!(w.told().len(), 2);
}

#[test]
fn assigned_to_oneself_counts_as_a_response_and_tells_nobody() {
    let mut w = World::team();
    let id = w.fire("A:critical");
    w.told();
    let action = Action::Assign {
        alerts: vec![id],
        to: Some("zhang".into()),
        comment: String::new(),
    };
    w.act("zhang", action).unwrap();
    assert_eq!(w.told(), [""; 0]);
    assert_eq!(w.alert("A:critical").responded_at, Some(w.now));
}

#[test]
fn many_assigned_at_once_are_one_notice() {
    let mut w = World::team();
    w.fire_at("am", &["A:error", "B:critical", "C:error"]);
    w.told();
    let action = Action::Assign {
        alerts: ["A:error", "B:critical", "C:error"].map(|a| w.id(a)).into(),
        to: Some("li".into()),
        comment: String::new(),
    };
    w.act("zhang", action).unwrap();
    assert_eq!(w.told(), ["10:00 li popup assigned B A C"]);
}

#[test]
fn many_acknowledged_at_once_lapse_as_one_notice() {
    let mut w = World::team();
    w.fire_at("am", &["A:critical", "B:critical", "C:critical"]);
    w.told();
    let action = Action::Ack {
        alerts: ["A:critical", "B:critical", "C:critical"]
            .map(|a| w.id(a))
            .into(),
        comment: String::new(),
        for_ms: Some(30 * MINUTE),
        mirror: None,
    };
    w.act("zhang", action).unwrap();
    assert_eq!(w.duty.counts(w.now)[0].unacked, 0);
    w.minutes(30);
    assert_eq!(w.told(), ["10:30 zhang popup lapsed A B C"]);
}

#[test]
fn a_lapse_notice_is_not_tried_again_after_a_new_acknowledgement() {
    let mut w = World::team();
    w.fire("A:critical");
    w.ack_for("zhang", "A:critical", Some(10));
    w.told();
    let later = super::world::Answer::Later(2 * MINUTE);
    w.script.insert("popup".into(), [later].into());
    w.minutes(11);
    w.ack("zhang", "A:critical");
    w.minutes(60);
    assert_eq!(w.told(), ["10:10 zhang popup lapsed A"]);
    let last = w
        .keeper
        .notices
        .values()
        .max_by_key(|n| n.created_at)
        .unwrap();
    assert!(matches!(
        last.outcome,
        NoticeState::Dropped {
            why: DropReason::Acknowledged,
            ..
        }
    ));
}

#[test]
fn snoozed_is_quiet_until_then_and_goes_on() {
    let mut w = World::team();
    let id = w.fire("A:critical");
    w.minutes(5);
    let action = Action::Snooze {
        alerts: vec![id],
        for_ms: 30 * MINUTE,
    };
    w.act("zhang", action).unwrap();
    w.told();
    w.minutes(39);
    assert_eq!(w.told(), [""; 0]);
    w.minutes(2);
    assert_eq!(w.told().len(), 2); // step 1, ten minutes after the snooze
    assert_eq!(w.alert("A:critical").responded_at, None);
}

#[test]
fn a_snooze_can_be_ended() {
    let mut w = World::team();
    let id = w.fire("A:critical");
    let alerts = vec![id];
    let snooze = Action::Snooze {
        alerts: alerts.clone(),
        for_ms: 60 * MINUTE,
    };
    w.act("zhang", snooze).unwrap();
    w.minutes(10);
    let unsnooze = Action::Unsnooze {
        alerts: alerts.clone(),
    };
    w.act("zhang", unsnooze.clone()).unwrap();
    assert_eq!(w.act("zhang", unsnooze), Err(Refused::NotSnoozed(id)));
    w.told();
    w.minutes(16);
    assert_eq!(w.told().len(), 2);
}

#[test]
fn resolved_by_hand_tells_the_others_and_drops_what_waits() {
    let mut w = World::team();
    let id = w.fire("A:critical");
    w.minutes(16);
    w.told();
    let action = Action::Resolve {
        alerts: vec![id],
        comment: "误报".into(),
    };
    w.act("zhang", action).unwrap();
    assert_eq!(w.told(), ["10:16 li popup resolved A"]);
    w.minutes(60);
    assert_eq!(w.told(), [""; 0]);
}

#[test]
fn what_people_do_is_audited() {
    let mut w = World::team();
    let id = w.fire("A:critical");
    w.ack("zhang", "A:critical");
    w.unack("li", "A:critical");
    w.silence("alertname", "A", 5);
    let comment = Action::Comment {
        alerts: vec![id],
        comment: "看过了".into(),
    };
    w.act("wang", comment).unwrap();
    w.minutes(30);
    let got: Vec<_> = w
        .keeper
        .audit
        .iter()
        .map(|a| (a.by.id.as_str(), a.action.as_str()))
        .collect();
    assert_eq!(
        got,
        [
            ("zhang", "ack"),
            ("li", "unack"),
            ("wang", "silence"),
            ("wang", "comment"),
            ("", "escalated")
        ]
    );
    assert!(w.has(
        "A:critical",
        |t| matches!(t, What::Commented { comment, .. } if comment == "看过了")
    ));
}

#[test]
fn of_many_those_that_are_over_are_passed_over() {
    let mut w = World::team();
    w.fire_at("am", &["A:critical", "B:critical"]);
    let both: Vec<AlertId> = ["A:critical", "B:critical"].map(|a| w.id(a)).into();
    w.resolve("A:critical");
    let action = Action::Ack {
        alerts: both,
        comment: String::new(),
        for_ms: None,
        mirror: None,
    };
    w.act("zhang", action).unwrap();
    assert!(w.alert("A:critical").ack.is_none());
    assert!(w.alert("B:critical").ack.is_some());
}

#[test]
fn what_cannot_be_is_refused_and_changes_nothing() {
    let mut w = World::team();
    let id = w.fire("A:critical");
    let gone = w.fire("B:critical");
    w.resolve("B:critical");
    let before = (w.effects, w.duty.revision());
    let ack = |alerts: Vec<AlertId>, for_ms, mirror: Option<Vec<&str>>| Action::Ack {
        alerts,
        comment: String::new(),
        for_ms,
        mirror: mirror.map(|m| m.into_iter().map(String::from).collect()),
    };
    let now = w.now;
    let mute = |matchers: Vec<Matcher>, from: i64, to: i64| Action::Mute {
        kind: MuteKind::Silence,
        matchers,
        starts_at: now + from,
        ends_at: now + to,
        comment: String::new(),
    };
    let one = vec![Matcher::equal("a", "b")];
    let bad = |is_regex, name: &str, value: &str| {
        vec![Matcher {
            is_regex,
            ..Matcher::equal(name, value)
        }]
    };
    let nobody = Action::Assign {
        alerts: vec![id],
        to: Some("nobody".into()),
        comment: String::new(),
    };
    let long = Action::Comment {
        alerts: vec![id],
        comment: "x".repeat(5000),
    };
    let max_ms = w.setup.longest_ms;
    let label = "nope".to_string();
    for (action, want) in [
        (ack(vec![], None, None), Refused::NoAlerts),
        (
            ack(vec![AlertId(99)], None, None),
            Refused::UnknownAlert(AlertId(99)),
        ),
        (ack(vec![gone], None, None), Refused::AlreadyResolved(gone)),
        (ack(vec![id], Some(0), None), Refused::BadDuration),
        (
            ack(vec![id], Some(i64::MAX), None),
            Refused::TooLong { max_ms },
        ),
        (ack(vec![id], None, Some(vec![])), Refused::NoMirrorLabels),
        (
            ack(vec![id], None, Some(vec!["nope"])),
            Refused::UnknownLabel { alert: id, label },
        ),
        (
            Action::Unack { alerts: vec![id] },
            Refused::NotAcknowledged(id),
        ),
        (nobody, Refused::UnknownPerson("nobody".into())),
        (long, Refused::CommentTooLong { max: 4096 }),
        (mute(vec![], 0, 9), Refused::NoMatchers),
        (mute(bad(true, "a", ".*"), 0, 9), Refused::MatchesEverything),
        (
            mute(bad(false, "", "x"), 0, 9),
            Refused::BadLabelName(String::new()),
        ),
        (mute(one.clone(), 9, 9), Refused::EndBeforeStart),
        (mute(one.clone(), -9, -1), Refused::AlreadyOver),
        (
            mute(one.clone(), 0, i64::MAX - now),
            Refused::TooLong { max_ms },
        ),
        (
            mute(vec![Matcher::equal("a", "b"); 65], 0, 9),
            Refused::TooMany { max: 64 },
        ),
        (
            Action::Unmute {
                id: model::duty::MuteId(7),
            },
            Refused::UnknownMute(model::duty::MuteId(7)),
        ),
    ] {
        assert_eq!(w.act("zhang", action.clone()), Err(want), "{action:?}");
    }
    let broken = mute(bad(true, "a", "("), 0, 9);
    assert!(matches!(
        w.act("zhang", broken),
        Err(Refused::BadRegex { .. })
    ));
    assert_eq!((w.effects, w.duty.revision()), before);
}

fn mirrored() -> World {
    let mut w = World::new(Setup {
        silencing: ["am".to_string()].into(),
        ..team()
    });
    w.fire("A:critical,team=pay");
    w
}

fn ack_mirrored(w: &mut World, alerts: &[&str]) {
    let action = Action::Ack {
        alerts: alerts.iter().map(|a| w.id(a)).collect(),
        comment: "我来处理".into(),
        for_ms: Some(60 * MINUTE),
        mirror: Some(vec!["alertname".into(), "team".into()]),
    };
    w.act("zhang", action).unwrap();
}

#[test]
fn an_acknowledgement_is_mirrored_and_removed_when_taken_back() {
    let mut w = mirrored();
    w.mirror_answer = Some(Ok("s-1".into()));
    ack_mirrored(&mut w, &["A:critical,team=pay"]);
    let Effect::Mirror {
        source,
        matchers,
        until,
        ..
    } = &w.mirrors[0]
    else {
        panic!("{:?}", w.mirrors)
    };
    assert_eq!(source, "am");
    assert_eq!(*until, w.now + 60 * MINUTE);
    let want = [
        Matcher::equal("alertname", "A"),
        Matcher::equal("team", "pay"),
    ];
    assert_eq!(matchers[..], want);
    let stands = &w
        .alert("A:critical,team=pay")
        .ack
        .as_ref()
        .unwrap()
        .mirrored;
    assert_eq!(stands.get("am").map(String::as_str), Some("s-1"));
    // The Alertmanager says that it is silenced, by our own silence: that is no reason of its own.
    let seen = Observation {
        state: Reported::Suppressed,
        silenced_by: vec!["s-1".into()],
        ..Observation::firing(labels("A:critical,team=pay"), w.now)
    };
    w.observed("am", true, vec![seen]);
    assert_eq!(w.alert("A:critical,team=pay").suppressions.len(), 1);
    w.unack("zhang", "A:critical,team=pay");
    assert!(matches!(&w.mirrors[1], Effect::Unmirror { silence, .. } if silence == "s-1"));
}

#[test]
fn taken_back_while_it_is_mirrored_removes_the_silence_when_it_comes() {
    let mut w = mirrored();
    ack_mirrored(&mut w, &["A:critical,team=pay"]);
    w.unack("zhang", "A:critical,team=pay");
    assert_eq!(w.mirrors.len(), 1);
    let alert = w.id("A:critical,team=pay");
    let (source, result) = ("am".to_string(), Ok("s-1".to_string()));
    w.event(Event::Mirrored {
        alert,
        source,
        result,
    });
    assert!(matches!(&w.mirrors[1], Effect::Unmirror { silence, .. } if silence == "s-1"));
}

#[test]
fn a_mirror_that_fails_is_told_and_the_acknowledgement_stands() {
    let mut w = mirrored();
    w.told();
    w.mirror_answer = Some(Err("unreachable".into()));
    ack_mirrored(&mut w, &["A:critical,team=pay"]);
    assert_eq!(w.told(), ["10:00 zhang popup mirror_failed"]);
    let ack = w.alert("A:critical,team=pay").ack.clone().unwrap();
    assert!(ack.mirrored.is_empty());
    assert!(w.has("A:critical,team=pay", |t| matches!(t, What::Mirrored { result: Err(code), created: true, .. } if code == "unreachable")));
}

#[test]
fn a_silence_that_cannot_be_removed_is_told() {
    let mut w = mirrored();
    w.mirror_answer = Some(Ok("s-1".into()));
    ack_mirrored(&mut w, &["A:critical,team=pay"]);
    w.unack("zhang", "A:critical,team=pay");
    w.told();
    let alert = w.id("A:critical,team=pay");
    w.event(Event::Unmirrored {
        alert,
        source: "am".into(),
        silence: "s-1".into(),
        result: Err("timeout".into()),
    });
    assert_eq!(w.told(), ["10:00 zhang popup unmirror_failed"]);
}

#[test]
fn alerts_taken_together_share_a_silence_until_the_last_is_taken_back() {
    let mut w = mirrored();
    w.fire("A:critical,team=pay,pod=x");
    w.mirror_answer = Some(Ok("s-1".into()));
    ack_mirrored(
        &mut w,
        &["A:critical,team=pay", "A:critical,team=pay,pod=x"],
    );
    assert_eq!(w.mirrors.len(), 1);
    w.unack("zhang", "A:critical,team=pay");
    assert_eq!(w.mirrors.len(), 1);
    w.unack("zhang", "A:critical,team=pay,pod=x");
    assert!(matches!(w.mirrors[1], Effect::Unmirror { .. }));
}

#[test]
fn a_mirrored_alert_that_is_over_takes_its_silence_away() {
    let mut w = mirrored();
    w.mirror_answer = Some(Ok("s-1".into()));
    ack_mirrored(&mut w, &["A:critical,team=pay"]);
    w.run_for(30 * SECOND);
    w.resolve("A:critical,team=pay");
    assert!(matches!(w.mirrors[1], Effect::Unmirror { .. }));
}

#[test]
fn sources_that_take_no_silences_are_not_asked() {
    let mut w = World::team();
    w.fire("A:critical,team=pay");
    ack_mirrored(&mut w, &["A:critical,team=pay"]);
    assert!(w.mirrors.is_empty());
}
