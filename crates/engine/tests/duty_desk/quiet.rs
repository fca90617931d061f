//! What keeps alerts quiet: quiet hours, silences, maintenance, inhibition, the sources themselves.

use super::world::{World, labels, morning, team};
use engine::duty::calendar::WeekTime;
use engine::duty::setup::{HOUR, MINUTE};
use engine::duty::{Action, InhibitRule, Policy, QuietHours, Setup, Step, Target, When, Window};
use model::duty::{DropReason, MuteKind, NoticeState, Suppression, What};
use model::{Level, Matcher, Observation, Reported};

/// 22:00 to 07:00 for P2 and P3, or for what is given.
fn night(levels: &[Level], person: Option<&str>) -> Setup {
    Setup {
        quiet: vec![QuietHours {
            person: person.map(String::from),
            time: WeekTime::daily(22 * 60, 7 * 60),
            levels: levels.to_vec(),
        }],
        ..team()
    }
}

fn at_23(setup: Setup) -> World {
    World::at(setup, morning() + 13 * HOUR)
}

#[test]
fn at_night_warnings_wait_for_the_morning_and_come_together() {
    let mut w = at_23(night(&[Level::P2, Level::P3], None));
    w.fire("A:warning");
    w.minutes(60);
    w.fire("B:info");
    w.minutes(2 * 60);
    assert_eq!(w.told(), [""; 0]);
    w.minutes(5 * 60);
    let got = w.told();
    assert_eq!(
        got,
        [
            "07:00 li popup step1 A",
            "07:00 zhang popup digest-quiethours A B"
        ]
    );
}

#[test]
fn at_night_p0_and_p1_wake_whatever_the_configuration_says() {
    let mut w = at_23(night(&Level::ALL, None));
    w.fire("A:critical");
    w.fire("B:error");
    assert_eq!(
        w.told(),
        ["23:00 zhang popup step0 A", "23:00 zhang popup step0 B"]
    );
}

#[test]
fn a_policy_that_tells_at_once_neither_collects_nor_waits_for_the_morning() {
    let mut setup = night(&[Level::P2, Level::P3], None);
    let step = Step {
        targets: vec![Target::Person("zhang".into()), Target::Person("li".into())],
        channels: vec!["popup".into()],
        ..Step::default()
    };
    let now = Policy {
        name: "now".into(),
        matchers: vec![Matcher::equal("alertname", "A")],
        steps: vec![step],
        at_once: true,
        ..Policy::default()
    };
    setup.policies.insert(0, now);
    let both = |at: &str| {
        [
            format!("{at} li popup step0 A"),
            format!("{at} zhang popup step0 A"),
        ]
    };
    let mut w = at_23(setup.clone());
    w.fire("A:warning");
    w.fire("B:warning");
    assert_eq!(w.told(), both("23:00"), "in quiet hours");
    // By day it is not collected either.
    let mut w = World::at(setup, morning());
    w.fire("A:warning");
    w.fire("B:warning");
    assert_eq!(w.told(), both("10:00"));
    w.minutes(6);
    assert_eq!(w.told(), ["10:05 zhang popup step0 B"]);
}

#[test]
fn quiet_hours_of_one_person_are_not_the_others() {
    let mut w = at_23(night(&[Level::P2], Some("li")));
    w.fire("A:warning");
    w.minutes(60 * 9);
    assert_eq!(
        w.told(),
        ["23:05 zhang popup step0 A", "07:00 li popup step1 A"]
    );
}

#[test]
fn collected_into_the_night_waits_on() {
    let mut w = World::at(
        night(&[Level::P2, Level::P3], None),
        morning() + 12 * HOUR - 2 * MINUTE,
    );
    w.fire("A:warning");
    w.minutes(60);
    assert_eq!(w.told(), [""; 0]);
    w.minutes(9 * 60);
    assert!(w.told().contains(&"07:00 zhang popup step0 A".to_string()));
}

#[test]
fn resolved_at_night_is_told_in_the_morning() {
    let mut setup = night(&[Level::P2], None);
    setup.policies[2].steps.truncate(1);
    let mut w = World::at(setup, morning() + 11 * HOUR);
    w.fire("A:warning");
    w.minutes(90);
    assert_eq!(w.told(), ["21:05 zhang popup step0 A"]);
    w.resolve("A:warning");
    w.minutes(60 * 9);
    assert_eq!(w.told(), ["07:00 zhang popup resolved A"]);
}

#[test]
fn acknowledged_at_night_is_not_told_in_the_morning() {
    let mut w = at_23(night(&[Level::P2], None));
    w.fire("A:warning");
    w.minutes(30);
    w.ack("wang", "A:warning");
    w.minutes(60 * 9);
    assert_eq!(w.told(), [""; 0]);
}

#[test]
fn a_silence_holds_the_clock_and_its_end_lets_it_go_on() {
    let mut w = World::team();
    w.fire("A:critical");
    w.minutes(5);
    let mute = w.silence("alertname", "A", 60);
    let want = Suppression::Silenced {
        mute,
        by: "WANG".into(),
        until: w.now + 60 * MINUTE,
    };
    assert_eq!(w.alert("A:critical").suppressions, [want]);
    w.told();
    w.minutes(69);
    assert_eq!(w.told(), [""; 0]);
    w.minutes(2);
    assert_eq!(
        w.told(),
        ["11:15 li popup step1 A", "11:15 zhang popup step1 A"]
    );
}

#[test]
fn silenced_from_the_start_is_told_when_the_silence_expires_while_firing() {
    let mut w = World::team();
    w.silence("alertname", "A", 30);
    w.fire("A:critical");
    w.minutes(29);
    assert_eq!(w.told(), [""; 0]);
    w.minutes(2);
    assert_eq!(w.told(), ["10:30 zhang popup step0 A"]);
}

#[test]
fn a_silence_that_is_taken_away_ends_at_once() {
    let mut w = World::team();
    let id = w.silence("alertname", "A", 30);
    w.fire("A:critical");
    w.minutes(3);
    w.act("li", Action::Unmute { id }).unwrap();
    assert_eq!(w.told(), ["10:03 zhang popup step0 A"]);
    assert_eq!(w.keeper.mutes[&id].ends_at, w.now);
    assert!(w.act("li", Action::Unmute { id }).is_err());
}

#[test]
fn what_was_collected_when_a_silence_began_is_told_after_it() {
    let mut w = World::team();
    w.fire("A:warning");
    w.minutes(2);
    w.silence("alertname", "A", 60);
    let dropped = w.keeper.notices.values().next().unwrap();
    assert!(matches!(
        &dropped.outcome,
        NoticeState::Dropped {
            why: DropReason::Suppressed {
                by: Suppression::Silenced { .. }
            },
            ..
        }
    ));
    w.minutes(70);
    assert_eq!(w.told(), ["11:07 zhang popup step0/1 A"]);
}

#[test]
fn a_silence_in_the_future_begins_then() {
    let mut w = World::team();
    let action = Action::Mute {
        kind: MuteKind::Maintenance,
        matchers: vec![Matcher {
            is_regex: true,
            ..Matcher::equal("alertname", "A|B")
        }],
        starts_at: w.now + 10 * MINUTE,
        ends_at: w.now + 40 * MINUTE,
        comment: "发布".into(),
    };
    w.act("li", action).unwrap();
    w.fire("A:critical");
    w.told();
    w.minutes(39);
    assert_eq!(w.told(), [""; 0]);
    let held = &w.alert("A:critical").suppressions;
    assert!(matches!(&held[..], [Suppression::Maintenance { title, .. }] if title == "发布"));
    w.minutes(10);
    assert_eq!(
        w.told(),
        ["10:45 li popup step1 A", "10:45 zhang popup step1 A"]
    );
}

#[test]
fn a_preview_says_what_a_silence_would_hide() {
    let mut w = World::team();
    let a = w.fire("A:critical,team=pay");
    w.fire("B:critical");
    let hidden = w.duty.would_hide(&[Matcher::equal("team", "pay")]);
    assert_eq!(hidden.unwrap(), [a]);
    assert!(w.duty.would_hide(&[]).is_err());
}

#[test]
fn a_weekly_window_over_midnight_covers_the_night() {
    let mut w = World::at(
        Setup {
            maintenance: vec![Window {
                title: "备份".into(),
                matchers: vec![Matcher::equal("job", "db")],
                when: When::Weekly(WeekTime {
                    days: vec![6],
                    from: 23 * 60,
                    to: 2 * 60,
                }),
            }],
            ..team()
        },
        morning() + 12 * HOUR,
    );
    w.fire("A:critical,job=db");
    assert_eq!(w.told(), ["22:00 zhang popup step0 A"]);
    w.ack_for("zhang", "A:critical,job=db", Some(65));
    w.minutes(3 * 60 + 59);
    // the acknowledgement has lapsed within the window: nobody is woken
    assert_eq!(w.told(), [""; 0]);
    w.minutes(20);
    let got = w.told();
    assert_eq!(got, ["02:15 li popup step1 A", "02:15 zhang popup step1 A"]);
    // and next Saturday again
    w.ack("zhang", "A:critical,job=db");
    w.minutes(7 * 24 * 60 - 3 * 60);
    assert_eq!(w.alert("A:critical,job=db").suppressions.len(), 2);
}

#[test]
fn an_inhibited_alert_is_quiet_until_what_explains_it_is_over() {
    let mut setup = team();
    setup.inhibitions = vec![InhibitRule {
        source: vec![Matcher::equal("severity", "critical")],
        target: vec![Matcher::equal("severity", "error")],
        equal: vec!["cluster".into()],
    }];
    let mut w = World::new(setup);
    let down = w.fire("Down:critical,cluster=a");
    w.fire("Slow:error,cluster=a");
    w.fire("Slow:error,cluster=b");
    assert_eq!(
        w.told(),
        [
            "10:00 zhang popup step0 Down",
            "10:00 zhang popup step0 Slow"
        ]
    );
    let held = &w.alert("Slow:error,cluster=a").suppressions;
    let want = Suppression::Inhibited {
        by: down,
        name: "Down".into(),
    };
    assert_eq!(held, &[want]);
    w.minutes(3);
    w.resolve("Down:critical,cluster=a");
    assert_eq!(
        w.told(),
        [
            "10:03 zhang popup resolved Down",
            "10:03 zhang popup step0 Slow"
        ]
    );
}

#[test]
fn an_inhibition_that_begins_later_drops_what_waits() {
    let mut setup = team();
    setup.inhibitions = vec![InhibitRule {
        source: vec![Matcher::equal("severity", "critical")],
        target: vec![Matcher::equal("severity", "warning")],
        equal: vec![],
    }];
    let mut w = World::new(setup);
    w.fire("Slow:warning");
    w.minutes(1);
    w.fire("Down:critical");
    w.minutes(10);
    assert_eq!(w.told(), ["10:01 zhang popup step0 Down"]);
    assert!(w.has("Slow:warning", |t| matches!(
        t,
        What::Suppressed {
            by: Suppression::Inhibited { .. }
        }
    )));
}

fn suppressed(alert: &str, by: &str, since: i64) -> Observation {
    Observation {
        state: Reported::Suppressed,
        silenced_by: vec![by.into()],
        ..Observation::firing(labels(alert), since)
    }
}

#[test]
fn suppressed_at_every_source_is_quiet_and_at_one_is_not() {
    let mut w = World::team();
    let one = suppressed("A:critical", "s-1", w.now);
    w.observed("am", true, vec![one]);
    assert_eq!(w.told(), [""; 0]);
    let held = &w.alert("A:critical").suppressions;
    let want = Suppression::AtSource {
        source: "am".into(),
        by: vec!["s-1".into()],
    };
    assert_eq!(held, &[want]);
    w.fire_at("rules", &["A:critical"]);
    assert_eq!(w.told(), ["10:00 zhang popup step0 A"]);
}

#[test]
fn two_reasons_hold_until_both_are_gone() {
    let mut w = World::team();
    w.silence("alertname", "A", 10);
    w.silence("severity", "critical", 20);
    w.fire("A:critical");
    assert_eq!(w.alert("A:critical").suppressions.len(), 2);
    w.minutes(15);
    assert_eq!(w.told(), [""; 0]);
    w.minutes(10);
    assert_eq!(w.told(), ["10:20 zhang popup step0 A"]);
    let counts = w.duty.counts(w.now);
    assert_eq!(counts[0].suppressed, 0);
}

#[test]
fn over_while_silenced_nobody_hears_of_it() {
    let mut w = World::team();
    w.silence("alertname", "A", 30);
    w.fire("A:critical");
    w.minutes(5);
    w.resolve("A:critical");
    w.minutes(60);
    assert_eq!(w.told(), [""; 0]);
}
