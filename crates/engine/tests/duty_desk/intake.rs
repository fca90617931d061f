//! One list out of many sources.

use super::world::{SECOND, World, labels, morning, team};
use engine::duty::setup::MINUTE;
use engine::duty::{Action, Event, Extent, Setup};
use model::duty::{Resolution, What};
use model::{Level, Observation, Reported};

#[test]
fn two_sources_of_one_alert_are_one_alert_told_once() {
    let mut w = World::team();
    w.fire_at("am", &["A:critical"]);
    w.fire_at("prometheus", &["A:critical"]);
    assert_eq!(w.duty.alerts().count(), 1);
    assert_eq!(w.told(), ["10:00 zhang popup step0 A"]);
    assert!(w.has(
        "A:critical",
        |t| matches!(t, What::AlsoFrom { source } if source == "prometheus")
    ));
}

#[test]
fn sources_that_disagree_firing_wins_until_the_last_has_resolved() {
    let mut w = World::team();
    w.fire_at("am", &["A:critical"]);
    w.fire_at("rules", &["A:critical"]);
    w.minutes(1);
    w.resolve_at("am", "A:critical");
    assert!(w.alert("A:critical").is_open());
    assert!(w.has(
        "A:critical",
        |t| matches!(t, What::EndedAt { source } if source == "am")
    ));
    w.told();
    w.minutes(1);
    w.resolve_at("rules", "A:critical");
    let resolution = &w.alert("A:critical").resolved;
    let last = Resolution::Source {
        source: "rules".into(),
    };
    assert_eq!(resolution, &Some((w.now, last)));
    assert_eq!(w.told(), ["10:02 zhang popup resolved A"]);
}

#[test]
fn an_unchanged_answer_writes_nothing() {
    let mut w = World::team();
    w.poll("am", &["A:critical", "B:warning"]);
    for _ in 0..3 {
        w.now += 5 * SECOND;
        let before = w.effects;
        w.poll("am", &["A:critical", "B:warning"]);
        assert_eq!(w.effects, before);
    }
}

#[test]
fn a_new_value_or_text_is_shown_and_not_written() {
    let mut w = World::team();
    w.poll("am", &["A:critical"]);
    let revision = w.duty.revision();
    let mut seen = Observation::firing(labels("A:critical"), morning());
    seen.value = Some(97.5);
    seen.annotations.insert("summary".into(), "97.5 %".into());
    let before = w.effects;
    w.observed("am", true, vec![seen]);
    assert_eq!(w.effects, before);
    assert_eq!(w.alert("A:critical").value, Some(97.5));
    let id = w.id("A:critical");
    assert_eq!(w.duty.changed_since(revision).alerts, [id]);
}

#[test]
fn an_answer_by_pieces_ends_what_none_of_them_names_and_nothing_before_the_last() {
    let mut w = World::team();
    let names = ["A:critical", "B:critical", "C:critical"];
    let now = w.now;
    let seen = |name: &str| Observation::firing(labels(name), now);
    w.poll("am", &names);
    let missing = w.setup.missing_ms / MINUTE + 1;
    // An answer that was broken off says nothing of what it has not reached.
    w.piece("am", Extent::First, vec![seen(names[2])]);
    // Then two whole ones, by pieces.
    for _ in 0..2 {
        w.piece("am", Extent::First, vec![seen(names[0])]);
        assert!(w.alert(names[1]).is_open() && w.alert(names[2]).is_open());
        w.piece("am", Extent::Next, Vec::new());
        w.piece("webhook", Extent::Some, Vec::new());
        assert!(w.alert(names[2]).is_open());
        w.piece("am", Extent::Last, vec![seen(names[1])]);
        w.minutes(missing);
    }
    assert!(w.alert(names[0]).is_open() && w.alert(names[1]).is_open());
    assert!(!w.alert(names[2]).is_open());
}

#[test]
fn stale_resolved_is_ignored() {
    let mut w = World::team();
    w.fire("A:critical");
    let late = Observation {
        state: Reported::Resolved,
        ends_at: Some(w.now - MINUTE),
        ..Observation::firing(labels("A:critical"), w.now - 2 * MINUTE)
    };
    w.observed("am", false, vec![late]);
    assert!(w.alert("A:critical").is_open());
}

#[test]
fn a_firing_that_comes_after_its_own_end_is_ignored() {
    let mut w = World::team();
    let early = Observation::firing(labels("A:critical"), w.now);
    w.observed("webhook", false, vec![early.clone()]);
    w.minutes(2);
    w.resolve_at("webhook", "A:critical");
    w.told();
    w.minutes(1);
    w.observed("webhook", false, vec![early]);
    assert!(!w.alert("A:critical").is_open());
    assert_eq!(w.told(), [""; 0]);
}

#[test]
fn a_resolution_of_what_was_never_heard_of_is_nothing() {
    let mut w = World::team();
    w.resolve("A:critical");
    assert_eq!(w.duty.known().count(), 0);
}

#[test]
fn an_alertmanager_that_restarts_empty_resolves_and_wakes_nobody() {
    let mut w = World::team();
    w.poll("am", &["A:critical"]);
    w.told();
    w.run_for(15 * SECOND);
    w.poll("am", &[]);
    w.run_for(15 * SECOND);
    w.poll("am", &["A:critical"]);
    w.minutes(5);
    assert!(w.alert("A:critical").is_open());
    assert_eq!(w.alert("A:critical").id.0, 1);
    assert_eq!(w.told(), [""; 0]);
}

#[test]
fn what_stays_missing_from_full_answers_is_over() {
    let mut w = World::team();
    w.poll("am", &["A:critical"]);
    for _ in 0..3 {
        w.run_for(15 * SECOND);
        w.poll("am", &[]);
    }
    let gone = Resolution::Gone {
        source: "am".into(),
    };
    assert_eq!(w.alert("A:critical").resolved, Some((w.now, gone)));
    assert_eq!(
        w.told(),
        [
            "10:00 zhang popup step0 A",
            "10:00:45 zhang popup resolved A"
        ]
    );
}

#[test]
fn what_is_missing_from_a_partial_message_is_not_over() {
    let mut w = World::team();
    w.fire("A:critical");
    for _ in 0..10 {
        w.minutes(1);
        w.observed("am", false, vec![]);
    }
    assert!(w.alert("A:critical").is_open());
}

#[test]
fn a_source_that_is_lost_resolves_nothing() {
    let mut w = World::team();
    w.poll("am", &["A:warning"]);
    w.run_for(15 * SECOND);
    w.poll("am", &[]); // it is about to die
    w.event(Event::SourceLost {
        source: "am".into(),
    });
    assert_eq!(w.duty.lost_sources().collect::<Vec<_>>(), ["am"]);
    w.minutes(60);
    assert!(w.alert("A:warning").is_open());
    w.event(Event::SourceBack {
        source: "am".into(),
    });
    w.poll("am", &[]); // and comes back empty: the wait begins anew
    assert!(w.alert("A:warning").is_open());
    w.poll("am", &["A:warning"]);
    assert!(w.alert("A:warning").is_open());
}

#[test]
fn a_source_that_is_removed_ends_what_only_it_reported() {
    let mut w = World::team();
    w.fire_at("am", &["A:critical", "B:critical"]);
    w.fire_at("rules", &["B:critical"]);
    w.event(Event::SourceRemoved {
        source: "am".into(),
    });
    assert!(!w.alert("A:critical").is_open());
    assert!(w.alert("B:critical").is_open());
}

#[test]
fn fired_again_within_the_reopen_time_is_the_same_episode() {
    let mut w = World::team();
    let first = w.fire("A:critical");
    w.minutes(2);
    w.resolve("A:critical");
    w.minutes(4);
    assert_eq!(w.fire("A:critical"), first);
    assert!(w.has("A:critical", |t| matches!(t, What::Reopened { .. })));
    // they were told that it was over, so they hear that it is not
    assert_eq!(
        w.told(),
        [
            "10:00 zhang popup step0 A",
            "10:02 zhang popup resolved A",
            "10:06 zhang popup step0/1 A"
        ]
    );
}

#[test]
fn fired_again_later_is_a_new_episode() {
    let mut w = World::team();
    let first = w.fire("A:critical");
    w.resolve("A:critical");
    w.minutes(6);
    w.told();
    let second = w.fire("A:critical");
    assert_ne!(first, second);
    assert_eq!(w.told(), ["10:06 zhang popup step0 A"]);
}

#[test]
fn fired_again_while_somebody_has_it_wakes_nobody() {
    let mut w = World::team();
    w.fire("A:critical");
    w.ack("zhang", "A:critical");
    w.minutes(1);
    w.resolve("A:critical");
    w.minutes(1);
    w.told();
    w.fire("A:critical");
    w.minutes(60);
    assert!(w.alert("A:critical").ack.is_some());
    assert_eq!(w.told(), [""; 0]);
}

#[test]
fn fired_again_after_the_acknowledgement_has_lapsed_wakes() {
    let mut w = World::team();
    w.fire("A:critical");
    w.ack_for("zhang", "A:critical", Some(2));
    w.minutes(1);
    w.resolve("A:critical");
    w.minutes(3);
    w.told();
    w.fire("A:critical");
    assert_eq!(w.told(), ["10:04 zhang popup step0/1 A"]);
    assert!(w.has("A:critical", |t| matches!(t, What::AckLapsed)));
}

#[test]
fn closed_by_hand_stays_closed_until_its_source_resolves_it() {
    let mut w = World::team();
    w.poll("am", &["A:critical"]);
    let id = w.id("A:critical");
    let action = Action::Resolve {
        alerts: vec![id],
        comment: "误报".into(),
    };
    w.act("zhang", action).unwrap();
    for _ in 0..20 {
        w.minutes(1);
        w.poll("am", &["A:critical"]);
    }
    w.fire_at("rules", &["A:critical"]);
    assert!(!w.alert("A:critical").is_open());
    assert_eq!(w.told(), ["10:00 zhang popup step0 A"]);
    w.resolve_at("am", "A:critical");
    w.resolve_at("rules", "A:critical");
    w.minutes(1);
    w.fire("A:critical");
    assert_ne!(w.id("A:critical"), id);
    assert_eq!(w.told(), ["10:21 zhang popup step0 A"]);
}

#[test]
fn too_many_alerts_are_refused_and_that_is_told_once() {
    let mut w = World::new(Setup {
        max_open: 3,
        ..team()
    });
    for n in 0..6 {
        w.fire_at("am", &[&format!("A{n}:info")]);
    }
    assert_eq!(w.duty.alerts().count(), 3);
    assert_eq!(w.told(), ["10:00 zhang popup too_many_alerts"]);
    w.resolve("A0:info");
    w.fire_at("am", &["A5:info"]);
    assert!(w.alert("A5:info").is_open());
}

#[test]
fn levels_come_from_labels_and_targets_count_from_the_later_time() {
    let mut w = World::team();
    let old = Observation::firing(labels("A:critical"), w.now - 60 * MINUTE);
    w.observed("am", false, vec![old]);
    let a = w.alert("A:critical").clone();
    assert_eq!((a.level, a.starts_at), (Level::P0, w.now - 60 * MINUTE));
    assert_eq!(w.duty.respond_due(&a), Some(w.now + 5 * MINUTE));
    assert_eq!(w.duty.resolve_due(&a), Some(w.now + 30 * MINUTE));
    w.minutes(5);
    let counts = w.duty.counts(w.now);
    assert_eq!(
        (counts[0].open, counts[0].unacked, counts[0].overdue),
        (1, 1, 1)
    );
}

#[test]
fn the_past_is_forgotten_and_a_reader_that_missed_it_is_told_so() {
    let mut w = World::team();
    w.fire("A:critical");
    let seen = w.duty.revision();
    w.resolve("A:critical");
    assert!(w.duty.changed_since(seen).complete);
    w.minutes(30);
    assert_eq!(w.duty.known().count(), 0);
    assert!(!w.duty.changed_since(seen).complete);
}
