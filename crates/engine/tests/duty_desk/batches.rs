//! Collected notices, storms, digests, flapping.

use super::world::{Answer, SECOND, World, clock, labels, team};
use engine::duty::setup::MINUTE;
use engine::duty::{Action, Event, Extent, PerLevel, Setup};
use model::duty::{DigestReason, DropReason, NoticeKind, NoticeState, Suppression, What};
use model::{Level, Observation};

fn names(n: usize, severity: &str) -> Vec<String> {
    (0..n).map(|i| format!("A{i:05}:{severity}")).collect()
}

fn fire_all(w: &mut World, all: &[String]) {
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    w.fire_at("am", &all);
}

#[test]
fn warnings_are_collected_into_one_digest() {
    let mut w = World::team();
    w.fire("A:warning");
    w.minutes(2);
    w.fire("B:warning");
    w.fire("C:info");
    w.minutes(10);
    // the first one's five minutes are over; what else is collected goes along
    assert_eq!(w.told(), ["10:05 zhang popup digest-collected A B C"]);
    let digest = &w.sent[0].1;
    assert_eq!(digest.level, Level::P2);
    let kind = NoticeKind::Digest {
        why: DigestReason::Collected,
    };
    assert_eq!(digest.kind, kind);
    let dropped = w.keeper.notices.values().filter(|n| {
        matches!(&n.outcome, NoticeState::Dropped { why: DropReason::InDigest { digest: d }, .. } if *d == digest.id)
    });
    assert_eq!(dropped.count(), 3);
}

#[test]
fn one_collected_alone_goes_as_itself() {
    let mut w = World::team();
    w.fire("A:warning");
    w.minutes(6);
    assert_eq!(w.told(), ["10:05 zhang popup step0 A"]);
}

#[test]
fn acknowledged_before_the_digest_is_not_in_it() {
    let mut w = World::team();
    w.fire("A:warning");
    w.fire("B:warning");
    w.fire("C:warning");
    w.minutes(2);
    w.ack("wang", "B:warning");
    w.minutes(4);
    assert_eq!(w.told(), ["10:05 zhang popup digest-collected A C"]);
}

#[test]
fn over_before_the_digest_nobody_hears_of_it() {
    let mut w = World::team();
    w.fire("A:warning");
    w.minutes(2);
    w.resolve("A:warning");
    w.minutes(60);
    assert_eq!(w.told(), [""; 0]);
    assert_eq!(w.outcomes("zhang"), ["step0 Resolved"]);
}

#[test]
fn a_digest_of_acknowledged_alerts_is_not_tried_again() {
    let mut w = World::team();
    w.script
        .insert("popup".into(), [Answer::Later(60 * SECOND)].into());
    w.fire("A:warning");
    w.fire("B:warning");
    w.minutes(5);
    assert_eq!(w.told().len(), 1);
    w.ack("li", "A:warning");
    assert_eq!(w.duty.notices().count(), 1); // B is nobody's yet
    w.ack("li", "B:warning");
    assert_eq!(w.duty.notices().count(), 0);
    w.minutes(30);
    assert_eq!(w.told(), [""; 0]);
}

#[test]
fn a_shown_digest_is_withdrawn_when_all_of_it_is_taken() {
    let mut w = World::team();
    w.fire("A:warning");
    w.fire("B:warning");
    w.minutes(5);
    w.ack("li", "A:warning");
    assert!(w.withdrawn.is_empty());
    w.resolve("B:warning");
    assert_eq!(w.withdrawn, [w.sent[0].1.id]);
}

#[test]
fn a_storm_is_ten_notices_and_then_digests() {
    let mut w = World::team();
    fire_all(&mut w, &names(100, "error"));
    let got = w.told();
    assert_eq!(got.len(), 10);
    assert_eq!(got[0], "10:00 zhang popup step0 A00000");
    w.run_for(30 * SECOND);
    fire_all(&mut w, &["Z:error".to_string()]);
    w.run_for(29 * SECOND);
    assert_eq!(w.told(), [""; 0]);
    w.run_for(SECOND);
    let got = w.told();
    assert_eq!(got.len(), 1);
    assert!(got[0].starts_with("10:01 zhang popup digest-storm A00010 "));
    assert_eq!(w.sent.last().unwrap().1.alerts.len(), 91);
}

#[test]
fn a_storm_ends_and_the_next_alert_is_told_at_once() {
    let mut w = World::team();
    fire_all(&mut w, &names(20, "error"));
    w.minutes(5);
    w.told();
    w.fire("Z:error");
    assert_eq!(w.told(), ["10:05 zhang popup step0 Z"]);
}

#[test]
fn a_p0_passes_in_a_storm() {
    let mut w = World::team();
    fire_all(&mut w, &names(50, "error"));
    w.told();
    w.run_for(10 * SECOND);
    w.fire("Z:critical");
    assert_eq!(w.told(), ["10:00:10 zhang popup step0 Z"]);
}

#[test]
fn many_p0_in_a_storm_become_urgent_digests_at_most_every_15_seconds() {
    let mut w = World::team();
    fire_all(&mut w, &names(50, "error"));
    w.told();
    for n in 0..20 {
        w.run_for(SECOND);
        w.fire_at("am", &[&format!("Z{n:02}:critical")]);
    }
    w.run_for(10 * SECOND);
    let got = w.told();
    assert_eq!(
        got,
        [
            "10:00:01 zhang popup step0 Z00",
            "10:00:02 zhang popup step0 Z01",
            "10:00:03 zhang popup step0 Z02",
            "10:00:04 zhang popup step0 Z03",
            "10:00:05 zhang popup step0 Z04",
            "10:00:06 zhang popup step0 Z05",
            "10:00:21 zhang popup digest-storm Z06 Z07 Z08 Z09 Z10 Z11 Z12 Z13 Z14 Z15 Z16 Z17 Z18 Z19",
        ]
    );
}

#[test]
fn ten_thousand_at_once_are_few_sendings_and_all_are_accounted_for() {
    let mut w = World::team();
    fire_all(&mut w, &names(10_000, "critical"));
    // ten, five more because they are P0, and the rest in one digest
    assert_eq!(w.sent.len(), 16);
    let digest = &w.sent.iter().find(|(_, n)| n.alerts.len() > 1).unwrap().1;
    assert_eq!(digest.alerts.len(), 10_000 - 15);
    assert!(w.duty.alerts().all(|a| a.told == ["zhang"]));
    w.minutes(15);
    assert!(w.sent.len() < 16 + 2 * 17, "{}", w.sent.len());
    let escalated: Vec<usize> = w.keeper.audit.iter().map(|a| a.alerts.len()).collect();
    assert_eq!(escalated, [10_000]);
}

#[test]
fn the_most_urgent_come_first() {
    let mut w = World::team();
    let mut all = names(12, "error");
    all.push("Z:critical".into());
    fire_all(&mut w, &all);
    assert_eq!(w.sent[0].1.level, Level::P0);
    assert!(w.told().contains(&"10:00 zhang popup step0 Z".to_string()));
}

#[test]
fn a_storm_is_one_persons_by_one_channel() {
    let mut setup = team();
    setup.roles.insert("duty".into(), vec!["zhang".into()]);
    let mut w = World::new(setup);
    fire_all(&mut w, &names(30, "error"));
    w.told();
    let action = Action::Assign {
        alerts: vec![w.id("A00001:error")],
        to: Some("wang".into()),
        comment: String::new(),
    };
    w.act("zhang", action).unwrap();
    assert_eq!(w.told(), ["10:00 wang popup assigned A00001"]);
}

#[test]
fn resolutions_of_a_storm_are_a_digest_too() {
    let mut w = World::new(Setup {
        collect: PerLevel([0; 4]),
        ..team()
    });
    fire_all(&mut w, &names(40, "error"));
    w.minutes(3);
    w.told();
    for n in 0..40 {
        w.resolve(&format!("A{n:05}:error"));
    }
    w.minutes(3);
    let got = w.told();
    assert_eq!(got.len(), 11);
    assert!(
        got[10].starts_with("10:04 zhang popup digest-storm"),
        "{}",
        got[10]
    );
    assert_eq!(w.sent.last().unwrap().1.alerts.len(), 30);
}

fn flap(w: &mut World, times: usize) {
    for _ in 0..times {
        w.fire("A:critical");
        w.minutes(1);
        w.resolve("A:critical");
        w.minutes(1);
    }
}

#[test]
fn flapping_is_told_once_and_then_quiet() {
    let mut w = World::team();
    flap(&mut w, 6);
    assert_eq!(
        w.told(),
        [
            "10:00 zhang popup step0 A",
            "10:01 zhang popup resolved A",
            "10:02 zhang popup step0/1 A",
            "10:03 zhang popup resolved A",
            "10:04 zhang popup flapping A",
        ]
    );
    assert!(w.has("A:critical", |t| matches!(
        t,
        What::Suppressed {
            by: Suppression::Flapping { .. }
        }
    )));
}

#[test]
fn flapping_that_ends_quiet_is_told_as_over() {
    let mut w = World::team();
    flap(&mut w, 4);
    w.told();
    let last = w.now - MINUTE;
    w.minutes(12);
    let end = clock(last + 10 * MINUTE);
    assert_eq!(w.told(), [format!("{end} zhang popup resolved A")]);
}

#[test]
fn flapping_that_ends_firing_wakes_again() {
    let mut w = World::team();
    flap(&mut w, 4);
    w.fire("A:critical");
    w.told();
    w.minutes(9);
    assert_eq!(w.told(), [""; 0]);
    w.minutes(2);
    let got = w.told();
    assert_eq!(got.len(), 1);
    assert!(got[0].starts_with("10:18 zhang popup step0/"), "{}", got[0]);
    assert!(w.has("A:critical", |t| matches!(
        t,
        What::Unsuppressed {
            by: Suppression::Flapping { .. }
        }
    )));
}

#[test]
fn flapping_of_what_somebody_has_is_not_told() {
    let mut w = World::team();
    w.fire("A:critical");
    w.ack("zhang", "A:critical");
    w.told();
    w.resolve("A:critical");
    flap(&mut w, 4);
    let got = w.told();
    assert!(got.iter().all(|l| l.contains("resolved")), "{got:?}");
}

#[test]
fn a_slow_alert_does_not_flap() {
    let mut w = World::team();
    for _ in 0..4 {
        w.fire("A:critical");
        w.minutes(6);
        w.resolve("A:critical");
        w.minutes(6);
    }
    assert!(!w.told().iter().any(|l| l.contains("flapping")));
}

#[test]
fn a_webhook_that_repeats_itself_a_thousand_times_is_one_alert() {
    let mut w = World::team();
    let one = Observation::firing(labels("A:critical"), w.now);
    w.event(Event::Observed {
        source: "hook".into(),
        extent: Extent::Some,
        alerts: vec![one; 1000],
    });
    assert_eq!(w.told(), ["10:00 zhang popup step0 A"]);
}
