//! Steps: when, to whom, by which channel.

use super::world::{Answer, SECOND, World, labels, team};
use engine::duty::setup::MINUTE;
use engine::duty::{Policy, Repeat, Setup, Step, Target, WakeReason};
use model::duty::{NoticeState, What};
use model::{Level, Matcher};

fn policy(steps: &[(i64, &str, &[&str])]) -> Policy {
    let step = |(after, who, channels): &(i64, &str, &[&str])| Step {
        after_ms: after * MINUTE,
        targets: match *who {
            "" => Vec::new(),
            "*" => vec![Target::Everyone],
            who if who.starts_with('@') => vec![Target::Group(who[1..].into())],
            who => vec![Target::Person(who.into())],
        },
        channels: channels.iter().map(|c| (*c).to_string()).collect(),
    };
    Policy {
        name: "mine".into(),
        steps: steps.iter().map(step).collect(),
        ..Policy::default()
    }
}

pub fn with(steps: &[(i64, &str, &[&str])], channels: &[&str]) -> Setup {
    Setup {
        policies: vec![policy(steps)],
        channels: channels.iter().map(|c| (*c).to_string()).collect(),
        system_channels: vec!["popup".into()],
        ..team()
    }
}

#[test]
fn p0_escalates_after_15_minutes_and_again_four_rounds_long() {
    let mut w = World::team();
    w.fire("A:critical");
    w.minutes(300);
    let got = w.told();
    assert_eq!(
        got[..6],
        [
            "10:00 zhang popup step0 A",
            "10:15 li popup step1 A",
            "10:15 zhang popup step1 A",
            "10:30 zhang popup step0/1 A",
            "10:45 li popup step1/1 A",
            "10:45 zhang popup step1/1 A",
        ]
    );
    assert_eq!(got.len(), 15);
    assert_eq!(got[14], "12:15 zhang popup step1/4 A");
    assert_eq!(w.duty.next_for(w.id("A:critical")), None);
}

#[test]
fn each_level_has_its_own_pace() {
    let mut w = World::new(Setup {
        tell_resolved: engine::duty::PerLevel([false; 4]),
        ..team()
    });
    for (alert, want) in [
        (
            "B:error",
            vec!["10:00 zhang popup step0 B", "10:30 li popup step1 B"],
        ),
        (
            "C:warning",
            vec!["10:05 zhang popup step0 C", "14:05 li popup step1 C"],
        ),
        (
            "D:info",
            vec!["10:30 zhang popup step0 D", "10:30 zhang popup step1 D"],
        ),
    ] {
        let mut w2 = World::new(w.setup.clone());
        w2.fire(alert);
        w2.minutes(26 * 60);
        assert_eq!(w2.told(), want);
    }
    assert_eq!(w.told(), [""; 0]);
}

#[test]
fn what_comes_next_is_visible() {
    let mut w = World::team();
    let id = w.fire("A:critical");
    let next = w.duty.next_for(id).unwrap();
    assert_eq!(next.at, w.now + 15 * MINUTE);
    assert_eq!(next.names, ["ZHANG", "LI"]);
    assert_eq!(next.channels, ["popup"]);
    w.minutes(14);
    w.run_for(30 * SECOND);
    let (at, why) = w.duty.next_wakeup().unwrap();
    assert_eq!((at, why), (next.at, WakeReason::Step(id)));
}

#[test]
fn acknowledged_stops_the_clock_for_good() {
    let mut w = World::team();
    w.fire("A:critical");
    w.minutes(3);
    w.ack("zhang", "A:critical");
    let shown = w.sent[0].1.id;
    assert_eq!(w.withdrawn, [shown]);
    w.minutes(600);
    assert_eq!(w.told(), ["10:00 zhang popup step0 A"]);
    assert_eq!(
        w.alert("A:critical").responded_at,
        Some(w.sent[0].0 + 3 * MINUTE)
    );
    assert!(w.takeover().is_empty());
}

#[test]
fn a_lapsed_acknowledgement_is_told_and_the_clock_goes_on_with_what_was_left() {
    let mut w = World::team();
    w.fire("A:critical");
    w.minutes(5);
    w.ack_for("wang", "A:critical", Some(60));
    w.minutes(80);
    assert_eq!(
        w.told(),
        [
            "10:00 zhang popup step0 A",
            "11:05 wang popup lapsed A",
            "11:05 zhang popup lapsed A",
            "11:15 li popup step1 A",
            "11:15 zhang popup step1 A",
        ]
    );
}

#[test]
fn taken_back_the_clock_goes_on() {
    let mut w = World::team();
    w.fire("A:critical");
    w.minutes(10);
    w.ack("zhang", "A:critical");
    w.minutes(60);
    w.unack("zhang", "A:critical");
    w.told();
    w.minutes(6);
    assert_eq!(
        w.told(),
        ["11:15 li popup step1 A", "11:15 zhang popup step1 A"]
    );
}

#[test]
fn taken_back_after_the_last_step_begins_anew() {
    let mut w = World::team();
    w.fire("B:error");
    w.minutes(40);
    w.ack("zhang", "B:error");
    w.minutes(10);
    w.told();
    w.unack("zhang", "B:error");
    w.minutes(40);
    assert_eq!(
        w.told(),
        ["10:50 zhang popup step0/1 B", "11:20 li popup step1/1 B"]
    );
}

#[test]
fn lapsed_after_the_last_step_goes_on_with_the_second() {
    let mut w = World::team();
    w.fire("B:error");
    w.minutes(40);
    w.ack_for("zhang", "B:error", Some(10));
    w.told();
    w.minutes(60);
    assert_eq!(
        w.told(),
        [
            "10:50 li popup lapsed B",
            "10:50 zhang popup lapsed B",
            "11:20 li popup step1/1 B"
        ]
    );
}

#[test]
fn a_second_acknowledgement_replaces_the_first() {
    let mut w = World::team();
    w.fire("A:critical");
    w.ack_for("zhang", "A:critical", Some(10));
    w.minutes(5);
    w.ack_for("li", "A:critical", Some(60));
    w.told();
    w.minutes(50);
    assert_eq!(w.told(), [""; 0]);
    let ack = w.alert("A:critical").ack.clone().unwrap();
    assert_eq!(ack.by.id, "li");
}

#[test]
fn a_policy_naming_nobody_tells_everybody_and_says_so_once() {
    let mut w = World::new(with(
        &[(0, "nobody", &["popup"]), (5, "@none", &["popup"])],
        &["popup"],
    ));
    w.fire("A:critical");
    assert_eq!(
        w.told(),
        [
            "10:00 li popup step0 A",
            "10:00 wang popup step0 A",
            "10:00 zhang popup nobody_to_tell",
            "10:00 zhang popup step0 A",
        ]
    );
    assert!(w.has("A:critical", |t| matches!(
        t,
        What::NobodyToTell { step: 0 }
    )));
    w.fire("B:critical");
    assert!(!w.told().iter().any(|l| l.contains("nobody_to_tell")));
}

#[test]
fn an_unknown_channel_is_told_once_and_the_others_are_used() {
    let mut w = World::new(with(
        &[(0, "zhang", &["pager", "webhook"])],
        &["popup", "webhook"],
    ));
    w.fire("A:critical");
    w.fire("B:critical");
    assert_eq!(
        w.told(),
        [
            "10:00 zhang popup unknown_channel",
            "10:00 zhang webhook step0 A",
            "10:00 zhang webhook step0 B"
        ]
    );
}

#[test]
fn a_step_with_no_channel_that_exists_uses_all_there_are() {
    let mut w = World::new(with(&[(0, "zhang", &["pager"])], &["popup", "webhook"]));
    w.fire("A:critical");
    let got = w.told();
    assert!(got.contains(&"10:00 zhang popup step0 A".to_string()));
    assert!(got.contains(&"10:00 zhang webhook step0 A".to_string()));
}

#[test]
fn groups_roles_and_persons_are_told_once_each() {
    let mut setup = team();
    setup.groups.insert(
        "ops".into(),
        vec!["zhang".into(), "wang".into(), "gone".into()],
    );
    setup.policies = vec![Policy {
        name: "mine".into(),
        steps: vec![Step {
            after_ms: 0,
            targets: vec![
                Target::Role("duty".into()),
                Target::Group("ops".into()),
                Target::Person("wang".into()),
            ],
            channels: vec!["popup".into()],
        }],
        ..Policy::default()
    }];
    let mut w = World::new(setup);
    w.fire("A:critical");
    assert_eq!(
        w.told(),
        ["10:00 wang popup step0 A", "10:00 zhang popup step0 A"]
    );
}

#[test]
fn a_new_shift_takes_the_next_step() {
    let mut w = World::team();
    w.fire("A:critical");
    w.told();
    w.event(engine::duty::Event::Roles(
        [("duty".to_string(), vec!["wang".to_string()])].into(),
    ));
    w.minutes(16);
    assert_eq!(w.told(), ["10:15 wang popup step1 A"]);
}

#[test]
fn nobody_configured_means_whoever_sits_here() {
    let mut w = World::new(Setup::default());
    w.fire("A:critical");
    assert_eq!(
        w.told(),
        ["10:00 local popup step0 A", "10:00 local sound step0 A"]
    );
}

#[test]
fn the_first_policy_that_fits_counts_and_the_handbooks_stand_in() {
    let mut setup = with(&[(0, "wang", &["popup"])], &["popup"]);
    setup.policies[0].matchers = vec![Matcher::equal("team", "pay")];
    setup.policies[0].levels = vec![Level::P0];
    let mut w = World::new(setup);
    w.fire("A:critical,team=pay");
    w.fire("B:critical");
    assert_eq!(
        w.told(),
        ["10:00 wang popup step0 A", "10:00 zhang popup step0 B"]
    );
    assert_eq!(w.alert("B:critical").escalation.policy, "default-p0");
}

#[test]
fn rising_urgency_starts_the_new_policy_at_once() {
    let mut w = World::team();
    w.fire("A:warning");
    w.minutes(10);
    w.told();
    w.configure(|s| {
        let line = ("alertname".to_string(), "A".to_string(), Level::P0);
        s.levels.lines.insert(0, line);
    });
    assert_eq!(w.told(), ["10:10 zhang popup step0/1 A"]);
    w.minutes(15);
    assert_eq!(
        w.told(),
        ["10:25 li popup step1/1 A", "10:25 zhang popup step1/1 A"]
    );
    assert!(w.has("A:warning", |t| matches!(
        t,
        What::Leveled {
            level: Level::P0,
            ..
        }
    )));
}

#[test]
fn falling_urgency_drops_what_waits_and_goes_on_slowly() {
    let mut w = World::team();
    w.fire("A:critical");
    w.minutes(1);
    w.configure(|s| {
        let line = ("alertname".to_string(), "A".to_string(), Level::P3);
        s.levels.lines.insert(0, line);
    });
    w.told();
    w.minutes(23 * 60);
    assert_eq!(w.told(), [""; 0]);
    assert_eq!(w.alert("A:critical").told, ["zhang"]);
    w.minutes(120);
    assert_eq!(w.told().len(), 1);
}

#[test]
fn a_failed_channel_is_tried_again_under_the_same_id() {
    let mut w = World::team();
    w.script.insert(
        "popup".into(),
        [Answer::Later(5 * SECOND), Answer::Later(20 * SECOND)].into(),
    );
    w.fire("A:critical");
    w.minutes(5);
    assert_eq!(
        w.told(),
        [
            "10:00 zhang popup step0 A",
            "10:00:05 zhang popup step0 A",
            "10:00:25 zhang popup step0 A"
        ]
    );
    let ids: std::collections::BTreeSet<_> = w.sent.iter().map(|(_, n)| &n.id).collect();
    assert_eq!(ids.len(), 1);
    assert_eq!(w.sent[2].1.attempts, 3);
    assert!(w.has("A:critical", |t| matches!(t, What::NoticeRetry { .. })));
}

#[test]
fn retries_end_after_eight_and_the_next_step_comes_early() {
    let mut w = World::new(with(
        &[(0, "zhang", &["webhook"]), (30, "li", &["popup"])],
        &["popup", "webhook"],
    ));
    w.always
        .insert("webhook".into(), Answer::Later(10 * SECOND));
    w.fire("A:critical");
    w.minutes(29);
    let got = w.told();
    let tries = got.iter().filter(|l| l.contains("webhook step0")).count();
    assert_eq!(tries, 8);
    assert!(
        got.contains(&"10:01:10 li popup step1 A".to_string()),
        "{got:?}"
    );
    assert!(got.contains(&"10:01:10 zhang popup channel_failed".to_string()));
    assert!(w.has("A:critical", |t| matches!(
        t,
        What::BroughtForward { step: 1 }
    )));
}

#[test]
fn a_channel_that_never_will_brings_the_next_step_now() {
    let mut w = World::new(with(
        &[(0, "zhang", &["webhook"]), (30, "li", &["popup"])],
        &["popup", "webhook"],
    ));
    w.always.insert("webhook".into(), Answer::Never);
    w.fire("A:critical");
    let got = w.told();
    assert!(
        got.contains(&"10:00 li popup step1 A".to_string()),
        "{got:?}"
    );
    assert_eq!(w.alert("A:critical").told, ["li"]);
}

#[test]
fn one_of_two_channels_that_works_is_enough_to_wait() {
    let mut w = World::new(with(
        &[(0, "zhang", &["webhook", "popup"]), (30, "li", &["popup"])],
        &["popup", "webhook"],
    ));
    w.always.insert("webhook".into(), Answer::Never);
    w.fire("A:critical");
    w.minutes(29);
    assert!(!w.told().iter().any(|l| l.contains("step1")));
}

#[test]
fn all_channels_failing_does_not_use_up_the_rounds() {
    let mut w = World::team();
    w.always.insert("popup".into(), Answer::Never);
    w.fire("A:critical");
    assert_eq!(
        w.told(),
        [
            "10:00 li popup step1 A",
            "10:00 zhang popup nobody_reached",
            "10:00 zhang popup step0 A",
            "10:00 zhang popup step1 A"
        ]
    );
    w.always.clear();
    w.minutes(16);
    assert_eq!(w.told(), ["10:15 zhang popup step0/1 A"]);
}

#[test]
fn acknowledged_between_two_tries_is_not_tried_again() {
    let mut w = World::team();
    w.script
        .insert("popup".into(), [Answer::Later(60 * SECOND)].into());
    w.fire("A:critical");
    w.run_for(30 * SECOND);
    w.ack("li", "A:critical");
    w.minutes(60);
    assert_eq!(w.told().len(), 1);
    assert_eq!(w.outcomes("zhang"), ["step0 Acknowledged"]);
}

#[test]
fn acknowledged_while_it_is_sent_is_withdrawn_when_it_arrives() {
    let mut w = World::team();
    w.script.insert("popup".into(), [Answer::Silent].into());
    w.fire("A:critical");
    w.ack("li", "A:critical");
    let id = w.sent[0].1.id;
    assert!(w.withdrawn.is_empty());
    let result = Ok(String::new());
    w.event(engine::duty::Event::Sent { notice: id, result });
    assert_eq!(w.withdrawn, std::slice::from_ref(&id));
    assert!(matches!(
        w.keeper.notices[&id].outcome,
        NoticeState::Sent { .. }
    ));
}

#[test]
fn a_later_step_supersedes_a_try_that_waits() {
    let mut w = World::new(with(
        &[(0, "zhang", &["popup"]), (5, "zhang", &["popup"])],
        &["popup"],
    ));
    w.script
        .insert("popup".into(), [Answer::Later(9 * MINUTE)].into());
    w.fire("A:critical");
    w.minutes(30);
    assert_eq!(
        w.told(),
        ["10:00 zhang popup step0 A", "10:05 zhang popup step1 A"]
    );
    assert_eq!(w.outcomes("zhang"), ["step0 Superseded", "step1 Sent"]);
}

#[test]
fn a_channel_that_works_again_sends_what_waited() {
    let mut w = World::team();
    w.script
        .insert("popup".into(), [Answer::Later(9 * MINUTE)].into());
    w.fire("A:critical");
    w.minutes(2);
    w.event(engine::duty::Event::ChannelHealth {
        channel: "popup".into(),
        ok: true,
    });
    assert_eq!(
        w.told(),
        ["10:00 zhang popup step0 A", "10:02 zhang popup step0 A"]
    );
}

#[test]
fn a_channel_that_is_down_is_told_once_by_the_others() {
    let mut w = World::new(with(&[(0, "zhang", &["popup"])], &["popup", "webhook"]));
    for _ in 0..3 {
        w.event(engine::duty::Event::ChannelHealth {
            channel: "popup".into(),
            ok: false,
        });
    }
    assert_eq!(w.told(), ["10:00 zhang webhook channel_down"]);
}

#[test]
fn a_repeat_runs_its_rounds_and_no_more() {
    let mut setup = with(&[(0, "zhang", &["popup"])], &["popup"]);
    setup.policies[0].repeat = Some(Repeat {
        every_ms: 10 * MINUTE,
        times: 2,
    });
    let mut w = World::new(setup);
    w.fire("A:critical");
    w.minutes(120);
    assert_eq!(
        w.told(),
        [
            "10:00 zhang popup step0 A",
            "10:10 zhang popup step0/1 A",
            "10:20 zhang popup step0/2 A"
        ]
    );
}

#[test]
fn the_takeover_stands_for_p0_that_nobody_has() {
    let mut w = World::team();
    let a = w.fire("A:critical");
    w.fire("B:error");
    assert_eq!(w.takeover(), [a]);
    w.silence("alertname", "A", 10);
    assert!(w.takeover().is_empty());
    w.minutes(10);
    assert_eq!(w.takeover(), [a]);
    assert_eq!(labels("A:critical"), w.alert("A:critical").labels);
}

#[test]
fn a_role_that_no_rota_has_is_told_as_a_problem_and_the_others_are_told() {
    let mut setup = with(&[(0, "wang", &["popup"])], &["popup"]);
    for role in ["platform/primary", "platform/dba"] {
        let step = &mut setup.policies[0].steps[0];
        step.targets.push(Target::Role(role.into()));
    }
    let mut w = World::new(setup);
    let roles = |of: &[(&str, &str)]| {
        let one = |(r, p): &(&str, &str)| ((*r).to_string(), vec![(*p).to_string()]);
        engine::duty::Event::Roles(of.iter().map(one).collect())
    };
    w.event(roles(&[("duty", "zhang"), ("platform/primary", "li")]));
    w.told();
    w.fire("A:critical");
    let got = w.told();
    let told = |part: &str| got.iter().filter(|t| t.contains(part)).count();
    assert_eq!(
        (told("li popup step0 A"), told("wang popup step0 A")),
        (1, 1),
        "{got:?}"
    );
    assert!(told("unknown_role") > 0, "{got:?}");
    // Once for each place, not for each alert.
    w.fire("B:critical");
    assert!(!w.told().iter().any(|t| t.contains("unknown_role")));
}
