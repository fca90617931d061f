//! The engine with a clock of our own: restarts, several sources, failures, changes of the configuration.

use model::{Labels, Observation, Reported};
use rules::{AlertState, Ask, Assignment, Failure, Loaded, Options, RuleEngine, SavedState, parse};

const T: i64 = 1_794_931_200_000;
const S: i64 = 1000;

fn load(text: &str) -> Loaded {
    parse("test.yaml", text).unwrap_or_else(|e| panic!("{e:#?}"))
}

fn engine(text: &str, sources: &[&str], options: Options) -> RuleEngine {
    let mut engine = RuleEngine::new(options);
    engine.configure(&assignments(text, sources), T);
    engine
}

fn assignments(text: &str, sources: &[&str]) -> Vec<Assignment> {
    let groups = load(text).file.groups.into_iter();
    groups
        .map(|group| Assignment {
            file: "test.yaml".into(),
            group,
            sources: sources.iter().map(|s| (*s).to_owned()).collect(),
        })
        .collect()
}

fn row(host: &str, v: f64) -> (Labels, f64) {
    let labels = Labels::from_pairs([("__name__", "m"), ("host", host)]);
    (labels, v)
}

/// The next round: all questions answered by `answer`.
fn round(
    engine: &mut RuleEngine,
    now: i64,
    answer: impl Fn(&Ask) -> Result<Vec<(Labels, f64)>, Failure>,
) -> (i64, Vec<Observation>) {
    let next = engine.next_wakeup(now).expect("rules");
    let mut told = Vec::new();
    for ask in engine.due(next) {
        told.append(&mut engine.answered(&ask, answer(&ask), next + 20));
    }
    (next, told)
}

const ONE: &str = r#"
groups:
- name: g
  interval: 30s
  rules:
  - alert: High
    expr: m > 5
    for: 1m
    labels: {severity: critical, host_again: '{{ $labels.host }}', gone: '{{ $labels.nothing }}'}
    annotations: {summary: '{{ $labels.host }} {{ $value }}'}
"#;

#[test]
fn pending_firing_resolved() {
    let mut e = engine(ONE, &["a"], Options::default());
    let high = |_: &Ask| Ok(vec![row("x", 7.5)]);
    let (t0, told) = round(&mut e, T, high);
    assert!(t0 > T && t0 <= T + 30 * S);
    assert_eq!((told.len(), e.firing().len()), (0, 0));
    assert_eq!(e.active()[0].state, AlertState::Pending);
    let (t1, told) = round(&mut e, t0, high);
    assert_eq!((t1 - t0, told.len()), (30 * S, 0));
    let (t2, told) = round(&mut e, t1, high);
    let [firing] = told.as_slice() else {
        panic!("{told:?}")
    };
    assert_eq!(firing.state, Reported::Firing);
    assert_eq!((firing.starts_at, firing.ends_at), (t2, None));
    assert_eq!(
        firing.labels.to_string(),
        r#"{alertname="High", host="x", host_again="x", severity="critical"}"#
    );
    assert_eq!(firing.annotations["summary"], "x 7.5");
    assert_eq!(firing.expr.as_deref(), Some("m > 5"));
    assert_eq!(e.firing(), told);
    let (t3, told) = round(&mut e, t2, |_| Ok(Vec::new()));
    assert_eq!(told[0].state, Reported::Resolved);
    assert_eq!((told[0].starts_at, told[0].ends_at), (t2, Some(t3)));
    assert!(e.firing().is_empty() && e.active().is_empty());
    // it comes back: pending again, a new start
    let (t4, _) = round(&mut e, t3, high);
    assert_eq!(e.active()[0].active_at, t4);
}

#[test]
fn a_failed_evaluation_changes_nothing_and_is_told() {
    let mut e = engine(ONE, &["a"], Options::default());
    let high = |_: &Ask| Ok(vec![row("x", 7.5)]);
    let mut now = T;
    for _ in 0..3 {
        now = round(&mut e, now, high).0;
    }
    assert_eq!(e.firing().len(), 1);
    for _ in 0..100 {
        let (t, told) = round(&mut e, now, |_| Err(Failure("no route".repeat(1000))));
        now = t;
        assert!(told.is_empty());
    }
    assert_eq!(e.firing().len(), 1);
    let status = &e.status()[0];
    assert!(status.error.as_ref().is_some_and(|s| s.len() == 2000));
    assert_eq!(status.last_evaluation, Some(now));
    assert_eq!((status.duration_ms, status.firing), (Some(20), 1));
    round(&mut e, now, high);
    assert_eq!(e.status()[0].error, None);
}

#[test]
fn the_same_labels_twice_and_too_many_alerts_are_errors() {
    let mut e = engine(
        "groups: [{name: g, limit: 2, rules: [{alert: A, expr: m, labels: {host: same}}, {alert: B, expr: m}]}]",
        &["a"],
        Options::default(),
    );
    let (now, told) = round(&mut e, T, |_| Ok(vec![row("x", 1.0), row("y", 1.0)]));
    assert_eq!(told.len(), 2);
    let error = |e: &RuleEngine, i: usize| e.status()[i].error.clone().unwrap_or_default();
    assert_eq!(
        error(&e, 0),
        "vector contains metrics with the same labelset after applying alert labels"
    );
    assert_eq!(error(&e, 1), "");
    round(&mut e, now, |_| {
        Ok(vec![row("x", 1.0), row("y", 1.0), row("z", 1.0)])
    });
    assert_eq!(error(&e, 1), "exceeded limit of 2 with 3 alerts");
    assert!(e.firing().is_empty(), "as in Prometheus, all are forgotten");
}

#[test]
fn one_alert_of_two_sources_is_one_alert() {
    let mut e = engine(
        "groups: [{name: g, rules: [{alert: A, expr: m}]}]",
        &["a", "b"],
        Options::default(),
    );
    let mut now = T;
    let mut told = Vec::new();
    let mut step = |e: &mut RuleEngine, have: &[&str]| {
        told.clear();
        // each source has a time of its own
        for _ in 0..2 {
            let (t, mut new) = round(e, now, |ask| {
                let has = have.contains(&ask.source.as_str());
                Ok(if has { vec![row("x", 1.0)] } else { Vec::new() })
            });
            now = t;
            told.append(&mut new);
        }
        told.iter().map(|o| o.state).collect::<Vec<_>>()
    };
    assert_eq!(step(&mut e, &["a"]), [Reported::Firing]);
    let since = e.firing()[0].starts_at;
    step(&mut e, &["a", "b"]);
    assert_eq!((e.firing().len(), e.active().len()), (1, 2));
    assert_eq!(e.firing()[0].starts_at, since);
    // one of them does not have it any more: it goes on
    assert_eq!(step(&mut e, &["b"]), [Reported::Firing]);
    assert_eq!(e.firing().len(), 1);
    assert_eq!(step(&mut e, &[]), [Reported::Resolved]);
    assert!(e.firing().is_empty());
    let mut named = engine(
        "groups: [{name: g, rules: [{alert: A, expr: m}]}]",
        &["a", "b"],
        Options {
            source_label: Some("source".into()),
            ..Options::default()
        },
    );
    let (t, _) = round(&mut named, T, |_| Ok(vec![row("x", 1.0)]));
    round(&mut named, t, |_| Ok(vec![row("x", 1.0)]));
    let sources: Vec<_> = named
        .firing()
        .iter()
        .map(|o| o.labels.get("source").map(str::to_owned))
        .collect();
    assert_eq!(sources, [Some("a".to_owned()), Some("b".to_owned())]);
}

/// Through JSON, as it is kept.
fn restart(text: &str, before: &RuleEngine, at: i64, now: i64) -> RuleEngine {
    let json = serde_json::to_string(&before.state(at)).expect("JSON");
    let saved: SavedState = serde_json::from_str(&json).expect("what was written");
    assert_eq!(saved, before.state(at));
    let mut e = RuleEngine::new(Options::default());
    e.configure(&assignments(text, &["a"]), now);
    e.restore(&saved, now);
    e
}

#[test]
fn a_restart_loses_neither_what_fires_nor_the_waiting() {
    let text = ONE.replace("for: 1m", "for: 10m");
    let high = |_: &Ask| Ok(vec![row("x", f64::INFINITY)]);
    let mut e = engine(&text, &["a"], Options::default());
    let mut now = T;
    for _ in 0..11 {
        now = round(&mut e, now, high).0;
    }
    let since = e.active()[0].active_at;
    assert_eq!(now - since, 300 * S);
    // away for an evaluation: nothing is lost
    let mut quick = restart(&text, &e, now, now + 5 * S);
    assert_eq!(quick.active()[0].active_at, since);
    let mut t = now;
    while quick.firing().is_empty() {
        t = round(&mut quick, t, high).0;
    }
    assert_eq!(t - since, 600 * S);
    // away for ten minutes: they do not count
    let back = now + 600 * S;
    let away = restart(&text, &e, now, back);
    assert_eq!(away.active()[0].active_at, since + 570 * S);
    // away for longer than is tolerated: it waits anew
    assert!(restart(&text, &e, now, now + 7200 * S).active().is_empty());
    // what fired fires at once, and its start is the old one, however long it took
    let fired_at = quick.firing()[0].starts_at;
    let mut later = restart(&text, &quick, t, t + 90_000 * S);
    assert_eq!(later.firing()[0].starts_at, fired_at);
    assert_eq!(later.firing()[0].value, Some(f64::INFINITY));
    let (_, told) = round(&mut later, t + 90_000 * S, |_| Ok(Vec::new()));
    assert_eq!(told[0].state, Reported::Resolved);
}

#[test]
fn a_changed_configuration_keeps_what_is_the_same() {
    let mut e = engine(ONE, &["a"], Options::default());
    let high = |_: &Ask| Ok(vec![row("x", 7.5)]);
    let mut now = T;
    for _ in 0..3 {
        now = round(&mut e, now, high).0;
    }
    let before = e.firing();
    let next = e.next_wakeup(now);
    let more = ONE.replace(
        "  - alert: High",
        "  - alert: Other\n    expr: n\n  - alert: High",
    );
    e.configure(&assignments(&more, &["a"]), now);
    assert_eq!(e.firing(), before);
    assert_eq!(e.next_wakeup(now), next, "the times stay");
    e.configure(&assignments(&ONE.replace("High", "Higher"), &["a"]), now);
    assert!(e.firing().is_empty(), "another rule");
    e.configure(&[], now);
    assert_eq!((e.next_wakeup(now), e.status().len()), (None, 0));
}

#[test]
fn questions_that_are_not_answered_are_not_asked_twice() {
    let mut e = engine(ONE, &["a"], Options::default());
    let first = e.next_wakeup(T).expect("a rule");
    let asks = e.due(first);
    assert_eq!(asks.len(), 1);
    assert_eq!((asks[0].at, asks[0].expr.as_str()), (first, "m > 5"));
    assert!(e.due(first + 30 * S).is_empty());
    assert_eq!(e.status()[0].missed, 1);
    // the late answer counts for its own time
    e.answered(&asks[0], Ok(vec![row("x", 9.0)]), first + 40 * S);
    assert_eq!(e.active()[0].active_at, first);
    assert_eq!(e.status()[0].duration_ms, Some(40 * S));
    // a second answer, and one to another engine's question, change nothing
    assert!(
        e.answered(&asks[0], Ok(Vec::new()), first + 41 * S)
            .is_empty()
    );
    assert_eq!(e.active().len(), 1);
}

#[test]
fn a_clock_that_is_put_back_does_not_make_an_alert_wait_for_it() {
    let mut e = engine(ONE, &["a"], Options::default());
    let high = |_: &Ask| Ok(vec![row("x", 7.5)]);
    let (t, _) = round(&mut e, T, high);
    let back = t - 86_400 * S;
    let (t1, _) = round(&mut e, back, high);
    assert!(t1 <= back + 30 * S);
    let (t2, _) = round(&mut e, t1, high);
    let (t3, told) = round(&mut e, t2, high);
    assert_eq!((t3 - t1, told.len()), (60 * S, 1));
}

#[test]
fn recording_rules_are_listed_and_not_asked() {
    let text = "groups: [{name: g, rules: [{record: 'a:b', expr: sum(m)}, {alert: A, expr: m}]}]";
    let loaded = load(text);
    assert_eq!(loaded.warnings.len(), 1);
    assert_eq!(loaded.warnings[0].problem.code(), "recording_not_evaluated");
    let mut e = engine(text, &["a"], Options::default());
    let next = e.next_wakeup(T).expect("a rule");
    assert_eq!(e.due(next).len(), 1);
    let recording = e.status().into_iter().find(|s| !s.evaluated);
    assert_eq!(recording.map(|s| s.rule), Some("a:b".to_owned()));
}

#[test]
fn an_offset_asks_for_the_past() {
    let mut e = engine(
        "groups: [{name: g, query_offset: 1m, rules: [{alert: A, expr: m}]}]",
        &["a"],
        Options::default(),
    );
    let next = e.next_wakeup(T).expect("a rule");
    let ask = e.due(next).remove(0);
    assert_eq!(ask.at, next - 60 * S);
    let told = e.answered(&ask, Ok(vec![row("x", 1.0)]), next);
    assert_eq!(told[0].starts_at, next);
}
