//! Several boards at once: whose questions are asked, what a board knows that comes back, and what outlives the program.

use engine::machine::{Meta, RememberedSource};
use engine::panels::State;
use engine::{
    Budget, Effect, Engine, Event, Failure, Freshness, Memory, MemoryLimits, ProbeReport, Setup,
    SourceSpec,
};
use model::board::Board;
use model::{Labels, Lang, RangeFrame};
use std::collections::BTreeSet;

const T0: i64 = 1_700_000_000_000;

fn board(id: &str, exprs: &[&str], refresh: u32) -> (String, Board) {
    let panels: Vec<_> = exprs
        .iter()
        .enumerate()
        .map(|(i, expr)| {
            serde_json::json!({"id": format!("p{i}"), "kind": "timeseries", "title": "t",
                "at": {"x": 0, "y": 0, "w": 1, "h": 1}, "queries": [{"id": "a", "expr": expr}]})
        })
        .collect();
    let json = serde_json::json!({"id": id, "title": id, "window_seconds": 600,
        "refresh_seconds": refresh, "panels": panels});
    (
        id.to_owned(),
        serde_json::from_value(json).expect("a board"),
    )
}

fn setup() -> Setup {
    Setup {
        sources: vec![SourceSpec {
            name: "p".into(),
            kind: "prometheus".into(),
            address: String::new(),
            demo: false,
            langs: &[Lang::Promql],
            budget: Budget {
                old_ms: 20_000,
                unknown_ms: 60_000,
            },
        }],
        boards: [
            board("a", &["load", "shared"], 5),
            board("b", &["memory", "shared"], 1),
            board("c", &["disk"], 5),
        ]
        .into(),
        open: "a".into(),
        ..Setup::default()
    }
}

/// Answers everything as it is asked; the expressions of ranges with how many points were asked for.
fn answer(engine: &mut Engine, effects: Vec<Effect>, now: i64) -> Vec<(String, i64)> {
    let mut asked = Vec::new();
    let mut queue = effects;
    while let Some(effect) = queue.pop() {
        let event = match effect {
            Effect::Probe(name, _) => Event::Probed(
                name,
                Ok(ProbeReport {
                    version: "p".into(),
                    present: BTreeSet::new(),
                }),
                Meta::default(),
            ),
            Effect::Range(id, key, r) => {
                let len = (r.end - r.start) / r.step + 1;
                asked.push((key.expr, len));
                let points = vec![1.0; usize::try_from(len).expect("a length")];
                let frame = RangeFrame {
                    start_ms: r.start,
                    step_ms: r.step,
                    len: points.len(),
                    series: vec![(Labels::from_pairs([("instance", "h")]), points)],
                };
                Event::Ranged(id, Ok(frame), Meta::default())
            }
            Effect::Instant(id, _) => Event::Instant(id, Ok((now, vec![])), Meta::default()),
            Effect::Ages(id, ..) => Event::Aged(id, Ok(vec![("h".into(), now)]), Meta::default()),
            Effect::Cancel(_) => continue,
        };
        queue.extend(engine.handle(event, now));
    }
    asked
}

fn pass(engine: &mut Engine, from: i64, to: i64) -> Vec<(String, i64)> {
    let mut asked = Vec::new();
    let mut now = from;
    while let Some((at, _)) = engine.next_wakeup().filter(|(at, _)| *at <= to) {
        now = now.max(at);
        let effects = engine.handle(Event::Wakeup, now);
        asked.extend(answer(engine, effects, now));
    }
    asked
}

fn need(engine: &mut Engine, boards: &[&str], now: i64) -> Vec<(String, i64)> {
    let boards = boards.iter().map(|b| (*b).to_owned()).collect();
    let effects = engine.handle(Event::Needed(boards), now);
    answer(engine, effects, now)
}

fn started() -> Engine {
    let mut engine = Engine::new();
    let effects = engine.handle(Event::Configured(setup()), T0);
    answer(&mut engine, effects, T0);
    engine
}

fn names(asked: &[(String, i64)]) -> BTreeSet<&str> {
    asked.iter().map(|(expr, _)| expr.as_str()).collect()
}

#[test]
fn two_boards_are_asked_for_at_once_and_what_both_read_as_often_as_the_faster_one() {
    let mut engine = started();
    need(&mut engine, &["a", "b"], T0);
    assert!(engine.shown("a").is_complete() && engine.shown("b").is_complete());
    let asked = pass(&mut engine, T0, T0 + 20_000);
    assert_eq!(names(&asked), BTreeSet::from(["load", "memory", "shared"]));
    let count = |name: &str| asked.iter().filter(|(e, _)| e == name).count();
    // `shared` has a grid of its own for each of the two refresh times
    assert!(
        count("memory") >= 15 && (3..=6).contains(&count("load")),
        "{asked:?}"
    );
}

#[test]
fn a_board_that_was_shown_is_complete_at_once_when_it_comes_back_and_is_not_asked_for_meanwhile() {
    let mut engine = started();
    need(&mut engine, &["b"], T0 + 1_000);
    let asked = pass(&mut engine, T0 + 1_000, T0 + 120_000);
    assert!(!names(&asked).contains("load"), "{asked:?}");
    let back = T0 + 120_000;
    let boards = BTreeSet::from(["a".to_owned()]);
    let effects = engine.handle(Event::Needed(boards), back);
    let shown = engine.shown("a");
    assert!(shown.is_complete(), "before any answer");
    assert!(
        matches!(shown.panels()[0].state, State::Stale(_)),
        "and it does not look fresh: {:?}",
        shown.panels()[0].state
    );
    let asked = answer(&mut engine, effects, back);
    let load = asked
        .iter()
        .find(|(e, _)| e == "load")
        .expect("asked at once");
    assert!(load.1 < 60, "only the hole of two minutes: {load:?}");
    assert_eq!(engine.shown("a").panels()[0].state, State::Data);
}

/// A lid was closed, a virtual machine was held: nothing that passed meanwhile is asked for more than once.
#[test]
fn a_machine_that_slept_shows_nothing_as_fresh_and_fills_the_hole_once() {
    let mut engine = started();
    pass(&mut engine, T0, T0 + 20_000);
    let woke = T0 + 20_000 + 5 * 60_000;
    let effects = engine.handle(Event::Wakeup, woke);
    let panel = &engine.shown("a").panels()[0];
    assert!(
        matches!(panel.state, State::Stale(at) if at <= T0 + 20_000),
        "before any answer: {:?}",
        panel.state
    );
    let mut asked = answer(&mut engine, effects, woke);
    asked.extend(pass(&mut engine, woke, woke + 5_000));
    let of_load: Vec<i64> = asked
        .iter()
        .filter(|(expr, _)| expr == "load")
        .map(|(_, points)| *points)
        .collect();
    assert!(
        (1..=3).contains(&of_load.len()),
        "once for what was missed, then as usual: {of_load:?}"
    );
    assert!(
        of_load[0] > 55 && of_load[0] < 75,
        "the hole of five minutes and no more: {of_load:?}"
    );
    assert!(of_load[1..].iter().all(|points| *points < 8), "{of_load:?}");
    assert_eq!(engine.shown("a").panels()[0].state, State::Data);
}

#[test]
fn boards_that_nobody_needs_are_forgotten_after_a_while() {
    let mut engine = started();
    need(&mut engine, &["b"], T0 + 1_000);
    need(&mut engine, &["c"], T0 + 1_900_000);
    assert!(!engine.shown("a").is_complete(), "half an hour is over");
    assert!(engine.shown("b").is_complete());
    assert_eq!(
        engine.shown("a").verdict().unknown,
        1,
        "nothing can be said of it"
    );
}

#[test]
fn many_boards_are_bounded() {
    let mut engine = Engine::new();
    let mut many = setup();
    many.boards = (0..60)
        .map(|i| board(&format!("n{i:02}"), &["x"], 5))
        .collect();
    many.open = "n00".into();
    let effects = engine.handle(Event::Configured(many), T0);
    answer(&mut engine, effects, T0);
    for i in 0..60 {
        need(&mut engine, &[&format!("n{i:02}")], T0 + i * 1_000);
    }
    let known = (0..60).filter(|i| !engine.shown(&format!("n{i:02}")).panels().is_empty());
    assert!(known.count() <= 32);
}

#[test]
fn a_start_without_network_shows_the_last_values_as_old_and_then_fills_the_hole() {
    let engine = started();
    let memory = engine.memory(MemoryLimits::default());
    assert_eq!(memory.streams.len(), 2);
    let kept = serde_json::to_string(&memory).expect("JSON");
    let memory = serde_json::from_str(&kept).expect("the same");

    let later = T0 + 5_000;
    let mut engine = Engine::new();
    let effects = engine.handle(Event::Configured(setup()), later);
    let probe = effects.into_iter().next().expect("a probe");
    let asked = engine.handle(Event::Remembered(memory), later);
    let shown = engine.shown("a");
    assert!(shown.is_complete());
    let judged = &shown.panels()[0].queries[0].judged[0];
    assert_eq!(
        (judged.value, judged.freshness),
        (1.0, Freshness::Old),
        "never fresh"
    );
    assert!(matches!(shown.panels()[0].state, State::Stale(at) if at == T0));

    // the source does not answer: the values stay
    let Effect::Probe(name, _) = probe else {
        panic!("{probe:?}");
    };
    let refused = || Failure::new("connect", "detail", "x");
    engine.handle(
        Event::Probed(name.clone(), Err(refused()), Meta::default()),
        later,
    );
    // nor does it answer what was asked because it is remembered
    for effect in asked {
        let answer = match effect {
            Effect::Range(id, ..) => Event::Ranged(id, Err(refused()), Meta::default()),
            Effect::Instant(id, _) => Event::Instant(id, Err(refused()), Meta::default()),
            Effect::Ages(id, ..) => Event::Aged(id, Err(refused()), Meta::default()),
            Effect::Probe(name, _) => Event::Probed(name, Err(refused()), Meta::default()),
            Effect::Cancel(_) => continue,
        };
        engine.handle(answer, later);
    }
    let panel = &engine.shown("a").panels()[0];
    assert!(
        matches!(panel.state, State::Failed(..)),
        "{:?}",
        panel.state
    );
    assert_eq!(panel.queries[0].judged[0].value, 1.0);

    // the network is back
    let back = later + 60_000;
    let report = ProbeReport {
        version: "p".into(),
        present: BTreeSet::new(),
    };
    let effects = engine.handle(Event::Probed(name, Ok(report), Meta::default()), back);
    let asked = answer(&mut engine, effects, back);
    let load = asked
        .iter()
        .find(|(e, _)| e == "load")
        .expect("asked again");
    assert!(load.1 < 30, "only what is missing: {load:?}");
    let shown = engine.shown("a");
    assert_eq!(shown.panels()[0].state, State::Data);
}

/// A remembered source whose metrics are all known was once probed again with every answer.
#[test]
fn a_remembered_source_that_has_nothing_new_is_left_in_peace() {
    let memory = Memory {
        sources: vec![RememberedSource {
            name: "p".into(),
            present: BTreeSet::from(["node_load1".to_owned()]),
        }],
        streams: Vec::new(),
    };
    let mut engine = Engine::new();
    let mut queue = engine.handle(Event::Configured(setup()), T0);
    queue.extend(engine.handle(Event::Remembered(memory), T0));
    let mut probes = Vec::new();
    let mut now = T0;
    while now <= T0 + 30_000 {
        for effect in std::mem::take(&mut queue) {
            if let Effect::Probe(name, _) = effect {
                probes.push(now - T0);
                let report = ProbeReport {
                    version: "p".into(),
                    present: BTreeSet::from(["node_load1".to_owned()]),
                };
                let answered = Event::Probed(name, Ok(report), Meta::default());
                queue.extend(engine.handle(answered, now));
            } else {
                answer(&mut engine, vec![effect], now);
            }
        }
        now += 100;
        queue.extend(engine.handle(Event::Wakeup, now));
    }
    assert!((2..=6).contains(&probes.len()), "{probes:?}");
}

#[test]
fn what_is_remembered_is_bounded_and_keeps_what_was_not_opened() {
    let mut engine = started();
    need(&mut engine, &["a", "b", "c"], T0);
    let all = engine.memory(MemoryLimits::default());
    assert!(all.streams.len() >= 5);
    let few = MemoryLimits {
        streams: 2,
        ..MemoryLimits::default()
    };
    assert_eq!(engine.memory(few).streams.len(), 2);
    let mut next = Engine::new();
    next.handle(Event::Configured(setup()), T0 + 1_000);
    next.handle(Event::Remembered(all.clone()), T0 + 1_000);
    assert_eq!(
        next.memory(MemoryLimits::default()).streams.len(),
        all.streams.len()
    );
}
