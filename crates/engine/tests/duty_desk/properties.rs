//! What must hold whatever happens, in whatever order.

use super::world::{Answer, SECOND, World, labels, morning, team};
use engine::duty::setup::MINUTE;
use engine::duty::{Action, Event, InhibitRule, PerLevel, Setup};
use model::duty::{
    Alert, AlertId, DropReason, MuteKind, Notice, NoticeId, NoticeKind, NoticeState, What,
};
use model::{Level, Matcher, Observation};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const ALERTS: [&str; 5] = ["A:critical", "B:critical", "C:error", "D:warning", "E:info"];
const SOURCES: [&str; 2] = ["am", "rules"];

#[derive(Clone, Debug)]
enum Op {
    Fire(usize, usize),
    Resolve(usize, usize),
    Poll(usize, u8),
    Lost(usize),
    Ack(usize, Option<i64>),
    AckAll(Option<i64>),
    Unack(usize),
    Snooze(usize, i64),
    Silence(usize, i64),
    Unmute,
    ByHand(usize),
    Assign(usize),
    Channel(bool, u8),
    Run(i64),
    Storm(u8),
    /// The program is killed after what the next one has kept, and is started again after so many seconds.
    Kill(i64),
    Sleep(i64),
    Back(i64),
}

fn op() -> impl Strategy<Value = Op> {
    let alert = 0..ALERTS.len();
    let source = 0..SOURCES.len();
    let minutes = prop::option::of(1i64..40);
    prop_oneof![
        6 => (source.clone(), alert.clone()).prop_map(|(s, a)| Op::Fire(s, a)),
        4 => (source.clone(), alert.clone()).prop_map(|(s, a)| Op::Resolve(s, a)),
        2 => (source.clone(), any::<u8>()).prop_map(|(s, a)| Op::Poll(s, a)),
        1 => source.prop_map(Op::Lost),
        4 => (alert.clone(), minutes.clone()).prop_map(|(a, m)| Op::Ack(a, m)),
        1 => minutes.prop_map(Op::AckAll),
        2 => alert.clone().prop_map(Op::Unack),
        1 => (alert.clone(), 1i64..40).prop_map(|(a, m)| Op::Snooze(a, m)),
        2 => (alert.clone(), 1i64..40).prop_map(|(a, m)| Op::Silence(a, m)),
        1 => Just(Op::Unmute),
        1 => alert.clone().prop_map(Op::ByHand),
        1 => alert.prop_map(Op::Assign),
        3 => (any::<bool>(), 0u8..4).prop_map(|(c, a)| Op::Channel(c, a)),
        10 => (1i64..1200).prop_map(Op::Run),
        1 => (1u8..30).prop_map(Op::Storm),
        2 => (1i64..60).prop_map(Op::Kill),
    ]
}

/// Also sleep, and a clock that is put back.
fn op_with_jumps() -> impl Strategy<Value = Op> {
    prop_oneof![
        12 => op(),
        1 => (1i64..90).prop_map(Op::Sleep),
        1 => (1i64..60).prop_map(Op::Back),
    ]
}

fn setup() -> Setup {
    Setup {
        channels: ["popup", "webhook"].map(String::from).into(),
        policies: engine::duty::setup::seed_policies(
            &["popup", "webhook"].map(String::from).into(),
        ),
        silencing: ["am".to_string()].into(),
        inhibitions: vec![InhibitRule {
            source: vec![Matcher::equal("alertname", "B")],
            target: vec![Matcher::equal("alertname", "C")],
            equal: Vec::new(),
        }],
        collect: PerLevel([0, 0, 2 * MINUTE, 5 * MINUTE]),
        ..team()
    }
}

fn known(w: &World, alert: usize) -> Option<AlertId> {
    let fingerprint = model::Fingerprint::of(&labels(ALERTS[alert]));
    w.duty.find(fingerprint).map(|a| a.id)
}

/// Does one thing; answers how far the clock jumped.
fn apply(w: &mut World, op: &Op) -> i64 {
    let act = |w: &mut World, alert: usize, make: &dyn Fn(Vec<AlertId>) -> Action| {
        if let Some(id) = known(w, alert) {
            let _ = w.act("zhang", make(vec![id])); // refused is fine here
        }
    };
    match op {
        Op::Fire(s, a) => w.fire_at(SOURCES[*s], &[ALERTS[*a]]),
        Op::Resolve(s, a) => w.resolve_at(SOURCES[*s], ALERTS[*a]),
        Op::Poll(s, mask) => {
            let some: Vec<&str> = (0..ALERTS.len())
                .filter(|i| mask & (1 << i) != 0)
                .map(|i| ALERTS[i])
                .collect();
            w.poll(SOURCES[*s], &some);
        }
        Op::Lost(s) => w.event(Event::SourceLost {
            source: SOURCES[*s].into(),
        }),
        Op::Ack(a, minutes) => act(w, *a, &|alerts| Action::Ack {
            alerts,
            comment: String::new(),
            for_ms: minutes.map(|m| m * MINUTE),
            mirror: Some(vec!["alertname".into()]),
        }),
        Op::AckAll(minutes) => {
            let alerts: Vec<AlertId> = w.duty.alerts().map(|a| a.id).collect();
            let action = Action::Ack {
                alerts,
                comment: String::new(),
                for_ms: minutes.map(|m| m * MINUTE),
                mirror: None,
            };
            let _ = w.act("li", action);
        }
        Op::Unack(a) => act(w, *a, &|alerts| Action::Unack { alerts }),
        Op::Snooze(a, m) => act(w, *a, &|alerts| Action::Snooze {
            alerts,
            for_ms: m * MINUTE,
        }),
        Op::Silence(a, m) => {
            let name = &ALERTS[*a][..1];
            let action = Action::Mute {
                kind: MuteKind::Silence,
                matchers: vec![Matcher::equal("alertname", name)],
                starts_at: w.now,
                ends_at: w.now + m * MINUTE,
                comment: String::new(),
            };
            w.act("wang", action).expect("a good silence");
        }
        Op::Unmute => {
            let first = w.duty.mutes().next().map(|m| m.id);
            if let Some(id) = first {
                let _ = w.act("wang", Action::Unmute { id });
            }
        }
        Op::ByHand(a) => act(w, *a, &|alerts| Action::Resolve {
            alerts,
            comment: String::new(),
        }),
        Op::Assign(a) => act(w, *a, &|alerts| Action::Assign {
            alerts,
            to: Some("wang".into()),
            comment: String::new(),
        }),
        Op::Channel(popup, answer) => {
            let name = if *popup { "popup" } else { "webhook" };
            let answer = match answer {
                0 => Answer::Takes,
                1 => Answer::Later(20 * SECOND),
                2 => Answer::Never,
                _ => Answer::Silent,
            };
            w.always.insert(name.into(), answer);
        }
        Op::Run(seconds) => w.run_for(seconds * SECOND),
        Op::Storm(n) => {
            let now = w.now;
            let one = |i| Observation::firing(labels(&format!("S{i}:error")), now);
            w.observed("am", false, (0..*n).map(one).collect());
        }
        Op::Kill(_) => w.killed = true,
        Op::Sleep(minutes) => {
            w.sleep(*minutes);
            return minutes * MINUTE;
        }
        Op::Back(minutes) => {
            w.now -= minutes * MINUTE;
            w.event(Event::Wakeup);
            return minutes * MINUTE;
        }
    }
    0
}

/// Runs all, looking after each one whether the database knows what the desk knows. Answers how far the clock jumped altogether.
fn run(ops: &[Op]) -> (World, i64) {
    let mut w = World::at(setup(), morning());
    w.mirror_answer = Some(Ok("silence".into()));
    let mut jumps = 0;
    let mut restart: Option<i64> = None;
    for op in ops {
        let after = restart.take();
        jumps += apply(&mut w, op);
        if let Op::Kill(seconds) = op {
            restart = Some(*seconds);
        }
        if let Some(seconds) = after {
            w.restart_after(seconds * SECOND);
            jumps += seconds * SECOND;
            if let Some(seconds) = restart.take() {
                w.restart_after(seconds * SECOND);
                jumps += seconds * SECOND;
            }
        }
        if !w.killed {
            same_as_kept(&w);
        }
    }
    if w.killed {
        w.restart_after(0);
    }
    (w, jumps)
}

/// Without what changes with every answer of a source, and is not kept by itself.
fn lasting(alert: &Alert) -> Alert {
    let mut a = alert.clone();
    a.annotations.clear();
    a.value = None;
    for sight in a.sights.values_mut() {
        sight.seen_at = 0;
        sight.missing_since = None;
        sight.ends_at = None;
    }
    a
}

fn same_as_kept(w: &World) {
    for alert in w.duty.known() {
        let kept = w.keeper.alerts.get(&alert.id).map(lasting);
        assert_eq!(kept, Some(lasting(alert)), "kept as it is");
    }
    let live: BTreeMap<&NoticeId, &Notice> = w.duty.notices().map(|n| (&n.id, n)).collect();
    let open = |n: &&Notice| {
        matches!(
            n.outcome,
            NoticeState::Waiting { .. } | NoticeState::Sending { .. }
        )
    };
    let kept = w.keeper.notices.values().filter(open);
    let kept: BTreeMap<&NoticeId, &Notice> = kept.map(|n| (&n.id, n)).collect();
    assert_eq!(
        live.keys().collect::<Vec<_>>(),
        kept.keys().collect::<Vec<_>>()
    );
}

/// Whether people were told that the acknowledgement of this alert lapsed at `at`.
fn told_of_lapse(w: &World, alert: AlertId, at: i64) -> bool {
    w.keeper
        .notices
        .values()
        .any(|n| n.kind == NoticeKind::AckLapsed && n.created_at == at && n.alerts.contains(&alert))
}

/// The first round that may be an alert's last: later ones are when something has begun it anew.
const LAST_ROUND: u32 = 4;

/// Running time of an alert's clock between two tellings, by a step or of a lapse, never exceeds the policy's 15 minutes. After the last
/// step a lapse begins a new round with its second step, because the lapse itself was told. After the last step of the last round nothing is
/// waited for; what begins a round after all then begins it with its first step.
fn p0_in_time(w: &World, alert: &Alert, slack: i64) {
    let policies = setup().policies;
    let policy = policies
        .iter()
        .find(|p| p.name == alert.escalation.policy)
        .expect("a policy of the setup");
    let may_be_last =
        |step: u32, round: u32| round >= LAST_ROUND && step as usize + 1 == policy.steps.len();
    let mut exhausted = false;
    let mut holds = 0;
    let mut open = false;
    let mut since: Option<i64> = None;
    let mut spent = 0;
    for t in w.keeper.transitions.iter().filter(|t| t.alert == alert.id) {
        let stop = |since: &mut Option<i64>| since.take().map_or(0, |s| t.at - s);
        match &t.what {
            What::Fired { .. } | What::Reopened { .. } => {
                (open, spent) = (true, 0);
                since = (holds == 0).then_some(t.at);
            }
            What::Suppressed { .. } => {
                holds += 1;
                spent += stop(&mut since);
            }
            What::Unsuppressed { .. } => {
                holds -= 1;
                since = (holds == 0 && open).then_some(t.at);
            }
            What::Resolved { .. } => {
                open = false;
                since = None;
            }
            What::AckLapsed if told_of_lapse(w, alert.id, t.at) => spent = 0,
            What::StepDue { step, round, .. } => {
                spent += stop(&mut since);
                let anew = exhausted && *step == 0;
                assert!(
                    anew || spent <= 15 * MINUTE + slack,
                    "step {spent} ms after the last"
                );
                exhausted = may_be_last(*step, *round);
                spent = 0;
                since = Some(t.at);
            }
            _ => {}
        }
        assert!(holds >= 0, "every suppression ends as often as it begins");
    }
    let done = alert.escalation.due_at.is_none();
    if let Some(since) = since
        && open
    {
        assert!(alert.suppressions.is_empty(), "held without saying so");
        let waited = spent + w.now - since;
        let exhausted = done && alert.escalation.round >= LAST_ROUND;
        assert!(
            exhausted || waited <= 15 * MINUTE + slack,
            "nothing for {waited} ms: {:?}",
            alert.escalation
        );
    }
}

/// What every step was to tell stands in a notice, and each notice's end has a reason that has happened.
fn all_accounted_for(w: &World) {
    let mut made: BTreeMap<(AlertId, u32, u32, &str, &str), &Notice> = BTreeMap::new();
    for n in w.keeper.notices.values() {
        if let NoticeKind::Step { step, round } = n.kind {
            let key = (n.alerts[0], round, step, n.to.as_str(), n.channel.as_str());
            assert!(
                made.insert(key, n).is_none(),
                "one notice for each step, person and channel: {key:?}"
            );
        }
    }
    let live: BTreeSet<&NoticeId> = w.duty.notices().map(|n| &n.id).collect();
    for t in &w.keeper.transitions {
        let What::StepDue {
            step,
            round,
            targets,
            channels,
            ..
        } = &t.what
        else {
            continue;
        };
        assert!(!targets.is_empty() && !channels.is_empty());
        for to in targets {
            for channel in channels {
                let key = (t.alert, *round, *step, to.as_str(), channel.as_str());
                let n = made.get(&key).expect("every step's notice is kept");
                accounted_for(w, n, &live);
            }
        }
    }
}

fn accounted_for(w: &World, n: &Notice, live: &BTreeSet<&NoticeId>) {
    let line = w.timeline(n.alerts[0]);
    let has = |f: &dyn Fn(&What) -> bool| line.iter().any(|t| f(t));
    match &n.outcome {
        NoticeState::Waiting { .. } | NoticeState::Sending { .. } => assert!(live.contains(&n.id)),
        NoticeState::Sent { .. } => {
            assert!(w.sent.iter().any(|(_, s)| s.id == n.id), "sent indeed");
        }
        NoticeState::Failed { .. } => {
            let ended = |t: &What| matches!(t, What::NoticeEnded { notice, .. } if *notice == n.id);
            assert!(has(&ended));
        }
        NoticeState::Dropped { why, .. } => match why {
            DropReason::Acknowledged => assert!(has(&|t| matches!(t, What::Acked { .. }))),
            DropReason::Resolved => assert!(has(&|t| matches!(t, What::Resolved { .. }))),
            DropReason::Suppressed { .. } => {
                assert!(has(&|t| matches!(t, What::Suppressed { .. })));
            }
            DropReason::InDigest { digest } => {
                let digest = &w.keeper.notices[digest];
                assert!(digest.alerts.contains(&n.alerts[0]));
                assert!(digest.to == n.to && digest.channel == n.channel);
            }
            DropReason::Superseded => {
                let later = |t: &What| matches!(t, What::StepDue { .. } | What::Reopened { .. });
                assert!(line.iter().filter(|t| later(t)).count() > 1);
            }
        },
    }
}

/// A hundred, or as many as `PROPTEST_CASES` says.
fn cases() -> u32 {
    let wanted = std::env::var("PROPTEST_CASES").ok();
    wanted.and_then(|n| n.parse().ok()).unwrap_or(100)
}

/// Acknowledged after the last step, lapsed a minute later: the new round counts from the lapse, which was told.
#[test]
fn a_lapse_after_the_last_step_begins_a_new_round() {
    let ops = [
        Op::Channel(true, 2),
        Op::Channel(false, 2),
        Op::Poll(0, 1),
        Op::Run(3705),
        Op::AckAll(Some(1)),
        Op::Run(856),
    ];
    let (w, jumps) = run(&ops);
    let alert = w.keeper.alerts.values().next().expect("one");
    let lapsed = w.now - 796 * SECOND;
    assert!(told_of_lapse(&w, alert.id, lapsed));
    assert_eq!(alert.escalation.due_at, Some(lapsed + 15 * MINUTE));
    p0_in_time(&w, alert, jumps);
}

/// Nobody was ever reached, all rounds are over, and a snooze ends: from the beginning, however long nothing was waited for.
#[test]
fn a_snooze_after_the_last_step_of_an_unheard_alert_begins_anew() {
    let ops = [
        Op::Channel(true, 2),
        Op::Channel(false, 2),
        Op::Fire(0, 1),
        Op::Run(7_500),
        Op::Snooze(1, 1),
        Op::Run(120),
    ];
    let (w, jumps) = run(&ops);
    let alert = w.keeper.alerts.values().next().expect("one");
    let woken = w.now - 60 * SECOND;
    let begun = |t: &&model::duty::Transition| matches!(t.what, What::StepDue { step: 0, .. });
    let last = w.keeper.transitions.iter().rev().find(begun);
    assert_eq!(last.map(|t| t.at), Some(woken));
    p0_in_time(&w, alert, jumps);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    /// Looked at with every sending, see `World::send`; here also after the clock was moved.
    #[test]
    fn nobody_is_told_after_acknowledging(ops in prop::collection::vec(op_with_jumps(), 1..60)) {
        let (mut w, _) = run(&ops);
        let all: Vec<AlertId> = w.duty.alerts().map(|a| a.id).collect();
        if !all.is_empty() {
            let action = Action::Ack { alerts: all, comment: String::new(), for_ms: None, mirror: None };
            w.act("zhang", action).expect("open");
            w.always.clear();
            let before = w.sent.len();
            w.minutes(200);
            let wakes = |n: &Notice| matches!(n.kind, NoticeKind::Step { .. } | NoticeKind::AckLapsed);
            prop_assert!(!w.sent[before..].iter().any(|(_, n)| wakes(n)));
        }
    }

    /// One id for each step, person and channel, and never sent again once a channel has taken it.
    #[test]
    fn no_step_twice(ops in prop::collection::vec(op_with_jumps(), 1..60)) {
        let (mut w, _) = run(&ops);
        w.always.clear();
        w.minutes(20);
        w.restart_after(5 * SECOND);
        let mut taken: BTreeMap<&NoticeId, usize> = BTreeMap::new();
        for (_, n) in &w.sent {
            *taken.entry(&n.id).or_default() += 1;
        }
        for (id, times) in taken {
            prop_assert!(times <= w.keeper.notices[id].attempts as usize);
        }
        all_accounted_for(&w);
    }

    #[test]
    fn every_p0_that_nobody_has_reaches_its_next_step_in_time(ops in prop::collection::vec(op(), 1..60)) {
        let (w, jumps) = run(&ops);
        for alert in w.keeper.alerts.values().filter(|a| a.level == Level::P0) {
            p0_in_time(&w, alert, jumps);
        }
    }

    #[test]
    fn nothing_is_dropped_silently(ops in prop::collection::vec(op_with_jumps(), 1..60)) {
        let (mut w, _) = run(&ops);
        all_accounted_for(&w);
        // With channels that work, everything comes to its end.
        w.always.clear();
        w.restart_after(SECOND);
        w.minutes(30);
        all_accounted_for(&w);
        let stuck = w.duty.notices().filter(|n| matches!(n.outcome, NoticeState::Sending { .. }));
        prop_assert_eq!(stuck.count(), 0);
    }

    /// The same events give the same answers.
    #[test]
    fn the_same_happens_twice(ops in prop::collection::vec(op_with_jumps(), 1..30)) {
        let (one, _) = run(&ops);
        let (two, _) = run(&ops);
        prop_assert_eq!(one.sent, two.sent);
        prop_assert_eq!(one.keeper.transitions, two.keeper.transitions);
    }
}
