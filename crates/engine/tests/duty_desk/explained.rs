//! "为什么通知/没有通知我", of present and of past episodes.

use super::world::{Answer, World, team};
use engine::duty::setup::MINUTE;
use engine::duty::{Finding, Stop, You, explain};
use model::duty::{
    AlertId, DropReason, LevelReason, NoticeState, Resolution, Suppression, WaitReason,
};
use model::{Level, Reported};

/// From what was kept, as of an episode that the desk has forgotten.
fn ask(w: &World, id: AlertId, person: &str) -> Vec<Finding> {
    let k = &w.keeper;
    let mine: Vec<_> = k
        .transitions
        .iter()
        .filter(|t| t.alert == id)
        .cloned()
        .collect();
    let notices: Vec<_> = k
        .notices
        .values()
        .filter(|n| n.alerts.contains(&id))
        .cloned()
        .collect();
    explain(
        &k.alerts[&id],
        &mine,
        &notices,
        &w.setup,
        Some(&person.to_string()),
    )
}

fn you(w: &World, id: AlertId, person: &str) -> You {
    match ask(w, id, person).pop() {
        Some(Finding::You(you)) => you,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_whole_way_of_an_alert() {
    let mut w = World::team();
    let start = w.now;
    let id = w.fire("A:critical");
    w.minutes(1);
    let got = ask(&w, id, "zhang");
    let reason = LevelReason::Mapping {
        label: "severity".into(),
        value: "critical".into(),
    };
    assert_eq!(
        got[..4],
        [
            Finding::Source {
                source: "am".into(),
                state: Reported::Firing,
                since: start,
                seen_at: start,
            },
            Finding::Level {
                level: Level::P0,
                reason,
            },
            Finding::Policy {
                policy: "p0".into(),
                exists: true,
            },
            Finding::NotQuiet,
        ]
    );
    assert!(
        matches!(&got[4], Finding::StepDone { step: 0, late: 0, to, instead: false, .. } if to == &["zhang"])
    );
    assert!(
        matches!(&got[5], Finding::StepAhead { step: 1, at, .. } if *at == start + 15 * MINUTE)
    );
    assert!(matches!(
        &got[6],
        Finding::Notice {
            outcome: NoticeState::Sent { .. },
            ..
        }
    ));
    let told = You::Told {
        at: start,
        channel: "popup".into(),
    };
    assert_eq!(got[7], Finding::You(told));
    assert_eq!(got.len(), 8);
}

#[test]
fn not_yet_not_meant_and_not_known() {
    let mut w = World::team();
    let id = w.fire("A:critical");
    let later = You::Later {
        step: 1,
        at: w.now + 15 * MINUTE,
    };
    assert_eq!(you(&w, id, "li"), later);
    assert_eq!(you(&w, id, "wang"), You::NotTarget);
    assert_eq!(you(&w, id, "nobody"), You::Unknown);
}

#[test]
fn not_told_because_somebody_has_it() {
    let mut w = World::team();
    let id = w.fire("A:critical");
    w.minutes(5);
    w.ack("zhang", "A:critical");
    let by = Suppression::Acknowledged {
        by: "ZHANG".into(),
        until: None,
    };
    let want = You::Stopped {
        step: 1,
        why: Stop::Held {
            by: by.clone(),
            remaining: 10 * MINUTE,
        },
    };
    assert_eq!(you(&w, id, "li"), want);
    let held = Finding::Quiet {
        by,
        from: w.now,
        ended: None,
    };
    assert!(ask(&w, id, "li").contains(&held));
}

#[test]
fn of_the_past_not_told_because_it_was_silenced_and_over() {
    let mut w = World::team();
    w.silence("alertname", "A", 30);
    let from = w.now;
    let id = w.fire("A:critical");
    w.minutes(5);
    w.resolve("A:critical");
    w.minutes(120);
    assert!(w.duty.alert(id).is_none());
    let got = ask(&w, id, "zhang");
    let ended = Some(from + 5 * MINUTE);
    assert!(got.iter().any(|f| matches!(f, Finding::Quiet { by: Suppression::Silenced { .. }, from: f, ended: e } if *f == from && *e == ended)));
    let source = "am".to_string();
    let why = Stop::Resolved(Resolution::Source { source });
    assert_eq!(you(&w, id, "zhang"), You::Stopped { step: 0, why });
}

#[test]
fn collected_says_until_when_and_then_follows_the_digest() {
    let mut w = World::team();
    let id = w.fire("A:warning");
    w.fire("B:warning");
    let waits = You::Waiting {
        channel: "popup".into(),
        until: Some(w.now + 5 * MINUTE),
        why: Some(WaitReason::Collecting),
    };
    assert_eq!(you(&w, id, "zhang"), waits);
    w.always.insert("popup".into(), Answer::Never);
    w.minutes(5);
    let failed = You::Failed {
        channel: "popup".into(),
        code: "down".into(),
    };
    assert_eq!(you(&w, id, "zhang"), failed);
}

#[test]
fn dropped_says_why() {
    let mut w = World::team();
    let id = w.fire("A:warning");
    w.minutes(1);
    w.ack("wang", "A:warning");
    let why = DropReason::Acknowledged;
    assert_eq!(you(&w, id, "zhang"), You::Dropped { why });
}

#[test]
fn told_instead_of_nobody() {
    let mut setup = team();
    setup.roles.clear();
    let mut w = World::new(setup);
    let id = w.fire("A:critical");
    assert!(
        ask(&w, id, "wang")
            .iter()
            .any(|f| matches!(f, Finding::StepDone { instead: true, to, .. } if to.len() == 3))
    );
    assert!(matches!(you(&w, id, "wang"), You::Told { .. }));
}

#[test]
fn without_the_policy_of_then_the_rest_is_still_told() {
    let mut w = World::team();
    let id = w.fire("A:critical");
    w.setup.policies.retain(|p| p.name != "p0");
    let got = ask(&w, id, "zhang");
    assert!(got.contains(&Finding::Policy {
        policy: "p0".into(),
        exists: false
    }));
    assert!(matches!(got.last(), Some(Finding::You(You::Told { .. }))));
}
