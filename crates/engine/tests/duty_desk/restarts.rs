//! Killed, asleep, with another clock: everything goes on, and nothing is told twice as if it were new.

use super::world::{Answer, SECOND, World, team};
use engine::duty::setup::MINUTE;
use engine::duty::{Action, Effect, Event, Setup};
use model::duty::{NoticeId, NoticeKind, NoticeState, Suppression, What};
use std::collections::BTreeSet;

#[test]
fn killed_between_keeping_and_sending_sends_under_the_same_id() {
    let mut w = World::team();
    w.killed = true;
    w.fire("A:critical");
    assert_eq!(w.told(), [""; 0]);
    let kept = w.keeper.notices.values().next().unwrap().id;
    w.restart_after(5 * SECOND);
    assert_eq!(w.told(), ["10:00:05 zhang popup step0 A"]);
    assert_eq!(w.sent[0].1.id, kept);
    assert!(matches!(
        w.keeper.notices[&kept].outcome,
        NoticeState::Sent { .. }
    ));
}

#[test]
fn killed_between_sending_and_hearing_of_it_sends_again_under_the_same_id() {
    let mut w = World::team();
    w.script.insert("popup".into(), [Answer::Silent].into());
    w.fire("A:critical");
    w.restart_after(5 * SECOND);
    assert_eq!(
        w.told(),
        ["10:00 zhang popup step0 A", "10:00:05 zhang popup step0 A"]
    );
    assert_eq!(w.sent[0].1.id, w.sent[1].1.id);
    assert_eq!(w.sent[1].1.attempts, 2);
}

#[test]
fn killed_after_the_acknowledgement_was_kept_does_not_send() {
    let mut w = World::team();
    w.script.insert("popup".into(), [Answer::Silent].into());
    w.fire("A:critical");
    w.killed = true;
    w.ack("zhang", "A:critical");
    w.restart_after(5 * SECOND);
    w.minutes(60);
    assert_eq!(w.told().len(), 1);
    assert!(w.alert("A:critical").ack.is_some());
    assert_eq!(w.outcomes("zhang"), ["step0 Acknowledged"]);
}

#[test]
fn after_a_restart_the_next_step_keeps_its_time() {
    let mut w = World::team();
    w.fire("A:critical");
    w.minutes(5);
    w.restart_after(MINUTE);
    w.told();
    w.minutes(20);
    assert_eq!(
        w.told(),
        ["10:15 li popup step1 A", "10:15 zhang popup step1 A"]
    );
}

#[test]
fn a_step_missed_while_away_comes_once_and_says_how_late_it_is() {
    let mut w = World::team();
    w.fire("A:critical");
    w.minutes(5);
    w.told();
    w.restart_after(12 * MINUTE);
    assert_eq!(
        w.told(),
        [
            "10:17 li popup step1 A",
            "10:17 zhang popup caught_up",
            "10:17 zhang popup step1 A"
        ]
    );
    let late = 2 * MINUTE;
    assert!(w.has(
        "A:critical",
        |t| matches!(t, What::StepDue { step: 1, late: l, .. } if *l == late)
    ));
    assert!(w.has("A:critical", |t| matches!(t, What::CaughtUp { .. })));
    let NoticeKind::System { params, .. } = &w
        .sent
        .iter()
        .find(|(_, n)| n.alerts.is_empty())
        .unwrap()
        .1
        .kind
    else {
        panic!()
    };
    assert_eq!(
        (params["minutes"].as_str(), params["open"].as_str()),
        ("12", "1")
    );
    w.restart_after(10 * SECOND);
    w.minutes(5);
    assert_eq!(w.told(), [""; 0]);
}

#[test]
fn a_short_absence_is_not_worth_telling() {
    let mut w = World::team();
    w.fire("A:critical");
    w.told();
    w.restart_after(90 * SECOND);
    assert_eq!(w.told(), [""; 0]);
}

#[test]
fn a_very_first_start_tells_nothing() {
    let mut w = World::team();
    w.keeper.alive_at = None;
    w.restart_after(0);
    assert_eq!(w.told(), [""; 0]);
}

#[test]
fn sleep_over_three_steps_tells_each_person_once() {
    let mut w = World::team();
    w.fire("A:critical");
    w.minutes(1);
    w.told();
    w.sleep(46);
    // due were step 1 (10:15), step 0 of round 1 (10:30) and step 1 of round 1 (10:45): the last one speaks
    assert_eq!(
        w.told(),
        [
            "10:47 li popup step1/1 A",
            "10:47 zhang popup slept",
            "10:47 zhang popup step1/1 A"
        ]
    );
    let due = w.timeline(w.id("A:critical"));
    let due = due.iter().filter(|t| matches!(t, What::StepDue { .. }));
    assert_eq!(due.count(), 4);
    assert_eq!(
        w.outcomes("zhang")
            .iter()
            .filter(|o| o.ends_with("Superseded"))
            .count(),
        2
    );
    w.minutes(14);
    assert_eq!(w.told(), ["11:00 zhang popup step0/2 A"]);
}

#[test]
fn an_acknowledgement_that_lapsed_while_away_is_told() {
    let mut w = World::team();
    w.fire("A:critical");
    w.ack_for("zhang", "A:critical", Some(30));
    w.minutes(1);
    w.told();
    w.restart_after(60 * MINUTE);
    let got = w.told();
    assert!(
        got.contains(&"11:01 zhang popup lapsed A".to_string()),
        "{got:?}"
    );
}

#[test]
fn what_kept_it_quiet_still_does_after_a_restart() {
    let mut w = World::new(Setup {
        silencing: ["am".to_string()].into(),
        ..team()
    });
    w.fire("A:critical");
    w.silence("alertname", "A", 30);
    let id = w.fire("B:critical");
    let snooze = Action::Snooze {
        alerts: vec![id],
        for_ms: 20 * MINUTE,
    };
    w.act("li", snooze).unwrap();
    w.told();
    w.restart_after(MINUTE);
    w.minutes(18);
    assert_eq!(w.told(), [""; 0]);
    assert!(matches!(
        w.alert("A:critical").suppressions[..],
        [Suppression::Silenced { .. }]
    ));
    w.minutes(60);
    let got = w.told();
    assert!(
        got.contains(&"10:35 li popup step1 B".to_string()),
        "{got:?}"
    );
    assert!(
        got.contains(&"10:45 li popup step1 A".to_string()),
        "{got:?}"
    );
}

#[test]
fn collected_notices_and_retries_survive_a_restart() {
    let mut w = World::team();
    w.fire("A:warning");
    w.fire("B:warning");
    w.script
        .insert("popup".into(), [Answer::Later(5 * MINUTE)].into());
    w.fire("C:critical");
    w.told();
    w.restart_after(MINUTE);
    w.minutes(10);
    assert_eq!(
        w.told(),
        [
            "10:05 zhang popup digest-collected A B",
            "10:05 zhang popup step0 C"
        ]
    );
}

#[test]
fn closed_by_hand_stays_closed_over_a_restart() {
    let mut w = World::team();
    w.poll("am", &["A:critical"]);
    let alerts = vec![w.id("A:critical")];
    let comment = String::new();
    w.act("zhang", Action::Resolve { alerts, comment }).unwrap();
    w.told();
    w.restart_after(3 * 60 * MINUTE);
    w.poll("am", &["A:critical"]);
    w.minutes(30);
    assert_eq!(w.told(), [""; 0]);
}

#[test]
fn after_a_restart_resolution_is_told_by_the_channels_that_told() {
    let mut w = World::team();
    w.fire("A:critical");
    w.restart_after(MINUTE);
    w.told();
    w.resolve("A:critical");
    assert_eq!(w.told(), ["10:01 zhang popup resolved A"]);
}

#[test]
fn what_is_missing_after_a_restart_gets_the_same_grace() {
    let mut w = World::team();
    w.poll("am", &["A:critical"]);
    w.restart_after(MINUTE);
    w.poll("am", &[]);
    assert!(w.alert("A:critical").is_open());
    w.minutes(1);
    w.poll("am", &[]);
    assert!(!w.alert("A:critical").is_open());
}

#[test]
fn an_unanswered_mirror_is_asked_for_again_after_a_restart() {
    let mut w = World::new(Setup {
        silencing: ["am".to_string()].into(),
        ..team()
    });
    let id = w.fire("A:critical");
    let action = Action::Ack {
        alerts: vec![id],
        comment: String::new(),
        for_ms: None,
        mirror: Some(vec!["alertname".into()]),
    };
    w.act("zhang", action).unwrap();
    w.mirror_answer = Some(Ok("s-2".into()));
    w.restart_after(5 * SECOND);
    assert_eq!(w.mirrors.len(), 2);
    let ack = w.alert("A:critical").ack.clone().unwrap();
    assert_eq!(ack.mirrored["am"], "s-2");
    w.restart_after(5 * SECOND);
    assert_eq!(w.mirrors.len(), 2);
    w.unack("zhang", "A:critical");
    assert!(matches!(w.mirrors[2], Effect::Unmirror { .. }));
}

#[test]
fn a_clock_put_back_tells_nothing_twice_and_is_recorded() {
    let mut w = World::team();
    w.fire("A:critical");
    w.minutes(16);
    w.told();
    w.now -= 12 * MINUTE;
    w.event(Event::Wakeup);
    w.minutes(11);
    assert_eq!(w.told(), [""; 0]);
    assert!(w.keeper.audit.iter().any(|a| a.action == "clock_back"));
    w.minutes(15); // 10:30 by the new clock
    assert_eq!(w.told(), ["10:30 zhang popup step0/1 A"]);
}

#[test]
fn asleep_twice_until_the_same_time_by_the_clock_is_told_twice() {
    let mut w = World::team();
    w.fire("A:critical");
    w.ack("zhang", "A:critical");
    w.told();
    for _ in 0..2 {
        w.sleep(20);
        assert_eq!(w.told(), ["10:20 zhang popup slept"]);
        w.now -= 20 * MINUTE;
        w.restart_after(0);
    }
    let ids: BTreeSet<NoticeId> = w.sent.iter().map(|(_, n)| n.id).collect();
    assert_eq!(ids.len(), w.sent.len(), "none is taken for another");
}

#[test]
fn a_clock_put_back_does_not_prolong_a_storm() {
    let mut w = World::team();
    for n in 0..30 {
        w.fire_at("am", &[&format!("A{n}:error")]);
    }
    w.now -= 30 * MINUTE;
    w.event(Event::Wakeup);
    w.told();
    w.fire("Z:critical");
    w.minutes(3);
    assert!(w.told().contains(&"09:30 zhang popup step0 Z".to_string()));
    w.fire("Y:error");
    assert_eq!(w.told(), ["09:33 zhang popup step0 Y"]);
}

#[test]
fn a_clock_put_forward_is_recorded_and_told_when_alerts_are_open() {
    let mut w = World::team();
    w.sleep(8);
    assert!(w.keeper.audit.iter().any(|a| a.action == "clock_forward"));
    w.sleep(30);
    assert_eq!(w.told(), [""; 0]);
    w.fire("A:error");
    w.told();
    w.sleep(11);
    assert_eq!(w.told(), ["10:49 zhang popup slept"]);
}

#[test]
fn the_database_hears_once_a_minute_that_the_program_lives() {
    let mut w = World::team();
    let first = w.keeper.alive_at.unwrap();
    let before = w.effects;
    w.minutes(10);
    assert_eq!(w.keeper.alive_at, Some(first + 10 * MINUTE));
    assert_eq!(w.effects - before, 10);
}
