//! The machine as its driver sees it: events in, effects out, a clock that the test moves.

mod binding;
mod clocks;
mod doubt;

use engine::machine::Meta;
use engine::panels::State;
use engine::stream::Shape;
use engine::{
    Budget, Effect, Engine, Event, Failure, Health, ProbeReport, Setup, SourceSpec, StreamId,
};
use model::board::{Area, Board, Concept, Dialect, Domain, Panel, PanelKind, Query, Unit};
use model::{Direction, Labels, Lang, RangeFrame, Severity, Thresholds};
use std::collections::{BTreeMap, BTreeSet};

const T0: i64 = 1_700_000_000_000;

fn query(expr: &str) -> Query {
    Query {
        id: "a".into(),
        expr: expr.into(),
        ..Query::default()
    }
}

fn panel(id: &str, kind: PanelKind, expr: &str) -> Panel {
    Panel {
        id: id.into(),
        kind,
        title: "t".into(),
        at: Area {
            w: 1,
            h: 1,
            ..Area::default()
        },
        domain: Some(Domain::Server),
        unit: Unit::Percent,
        queries: vec![query(expr)],
        ..Panel::default()
    }
}

fn source(name: &str, demo: bool) -> SourceSpec {
    SourceSpec {
        name: name.into(),
        kind: "prometheus".into(),
        address: String::new(),
        demo,
        budget: Budget {
            old_ms: 20_000,
            unknown_ms: 60_000,
        },
        langs: &[Lang::Promql],
    }
}

fn setup(panels: Vec<Panel>, sources: Vec<SourceSpec>) -> Setup {
    let cpu = Concept {
        id: "cpu".into(),
        title: "c".into(),
        domain: Domain::Server,
        unit: Unit::Percent,
        thresholds: Some(Thresholds {
            warning: Some(70.0),
            critical: Some(85.0),
            emergency: Some(95.0),
            direction: Direction::Above,
        }),
        dialects: vec![
            Dialect {
                name: "node".into(),
                discovery: "node_x".into(),
                expr: "node_x".into(),
                lang: Lang::Promql,
                labels: BTreeMap::new(),
            },
            Dialect {
                name: "other".into(),
                discovery: "other_x".into(),
                expr: "other_x".into(),
                lang: Lang::Promql,
                labels: BTreeMap::new(),
            },
        ],
    };
    let board = Board {
        id: "b".into(),
        title: "t".into(),
        window_seconds: 600,
        refresh_seconds: 5,
        columns: 4,
        rows: 4,
        panels,
        ..Board::default()
    };
    Setup {
        sources,
        concepts: BTreeMap::from([("cpu".into(), cpu)]),
        boards: BTreeMap::from([("b".into(), board)]),
        open: "b".into(),
    }
}

fn present(names: &[&str]) -> Result<ProbeReport, Failure> {
    Ok(ProbeReport {
        version: "p".into(),
        present: names
            .iter()
            .map(|s| (*s).to_owned())
            .collect::<BTreeSet<_>>(),
    })
}

fn refused() -> Failure {
    Failure::new("connect", "detail", "refused")
}

/// Answers every effect with the same value and fresh data times; tells what was asked.
fn answer_all(engine: &mut Engine, effects: Vec<Effect>, now: i64, value: f64) -> Vec<Effect> {
    let mut asked = Vec::new();
    let mut queue = effects;
    while let Some(effect) = queue.pop() {
        asked.push(effect.clone());
        queue.extend(match effect {
            Effect::Probe(name, _) => engine.handle(
                Event::Probed(name, present(&["node_x"]), Meta::default()),
                now,
            ),
            Effect::Range(id, _, r) => engine.handle(
                Event::Ranged(
                    id,
                    Ok(frame(r.start, r.end, r.step, value)),
                    Meta::default(),
                ),
                now,
            ),
            Effect::Instant(id, _) => engine.handle(
                Event::Instant(id, Ok((now, vec![(labels("h1"), value)])), Meta::default()),
                now,
            ),
            Effect::Ages(id, ..) => engine.handle(
                Event::Aged(id, Ok(vec![("h1".into(), now)]), Meta::default()),
                now,
            ),
            Effect::Cancel(_) => Vec::new(),
        });
    }
    asked
}

fn labels(instance: &str) -> Labels {
    Labels::from_pairs([("instance", instance)])
}

fn frame(start: i64, end: i64, step: i64, value: f64) -> RangeFrame {
    let len = usize::try_from((end - start) / step + 1).unwrap();
    RangeFrame {
        start_ms: start,
        step_ms: step,
        len,
        series: vec![(labels("h1"), vec![value; len])],
    }
}

/// Lets time pass as the driver does, answering everything.
fn run(engine: &mut Engine, from: i64, to: i64, value: f64) -> Vec<Effect> {
    let mut asked = Vec::new();
    let mut now = from;
    while let Some((at, _)) = engine.next_wakeup() {
        if at > to {
            break;
        }
        now = now.max(at);
        let effects = engine.handle(Event::Wakeup, now);
        asked.extend(answer_all(engine, effects, now, value));
    }
    asked
}

fn started(panels: Vec<Panel>) -> Engine {
    let mut engine = Engine::new();
    let effects = engine.handle(
        Event::Configured(setup(panels, vec![source("p", false)])),
        T0,
    );
    assert!(
        matches!(effects.as_slice(), [Effect::Probe(..)]),
        "nothing is asked before the source is known: {effects:?}"
    );
    answer_all(&mut engine, effects, T0, 50.0);
    engine
}

#[test]
fn probe_then_the_whole_window_then_only_what_is_new() {
    let mut engine = started(vec![panel("x", PanelKind::Timeseries, "max(${cpu})")]);
    assert_eq!(engine.panels()[0].state, State::Data);
    let asked = run(&mut engine, T0, T0 + 30_000, 50.0);
    let ranges: Vec<_> = asked
        .iter()
        .filter_map(|e| {
            if let Effect::Range(_, key, r) = e {
                Some((key, r))
            } else {
                None
            }
        })
        .collect();
    assert!(ranges.len() >= 5, "{ranges:?}");
    for (key, r) in ranges {
        assert_eq!(key.expr, "max((node_x))");
        assert_eq!(key.shape, Shape::Range(600_000, 5_000));
        assert!((r.end - r.start) / r.step <= engine::plan::OVERLAP, "{r:?}");
    }
}

#[test]
fn a_dead_source_fails_its_panels_and_is_asked_ever_less_often_until_it_is_back() {
    let mut engine = started(vec![panel("x", PanelKind::Timeseries, "${cpu}")]);
    let id = StreamId(0);
    let mut now = T0 + 6_000;
    let effects = engine.handle(Event::Wakeup, now);
    assert!(effects.iter().any(|e| matches!(e, Effect::Range(..))));
    if effects.iter().any(|e| matches!(e, Effect::Probe(..))) {
        engine.handle(
            Event::Probed("p".into(), present(&["node_x"]), Meta::default()),
            now,
        );
    }
    if effects.iter().any(|e| matches!(e, Effect::Ages(..))) {
        engine.handle(Event::Aged(id, Err(refused()), Meta::default()), now);
    }
    // One lost answer: the source is probed, the panel stays.
    let effects = engine.handle(Event::Ranged(id, Err(refused()), Meta::default()), now);
    assert!(
        effects.iter().any(|e| matches!(e, Effect::Probe(..))),
        "{effects:?}"
    );
    assert_eq!(engine.panels()[0].state, State::Data);
    engine.handle(
        Event::Probed("p".into(), Err(refused()), Meta::default()),
        now,
    );
    assert!(matches!(engine.panels()[0].state, State::Failed(..)));
    assert!(matches!(
        engine.source("p").unwrap().health,
        Health::Failed(..)
    ));
    assert_eq!(engine.verdict().unknown, 1);
    let mut probes = 0;
    for _ in 0..120 {
        now += 1_000;
        for effect in engine.handle(Event::Wakeup, now) {
            assert!(
                matches!(effect, Effect::Probe(..)),
                "a dead source gets no questions: {effect:?}"
            );
            probes += 1;
            engine.handle(
                Event::Probed("p".into(), Err(refused()), Meta::default()),
                now,
            );
        }
    }
    assert!((4..=10).contains(&probes), "{probes} probes in two minutes");
    // Back: everything is asked at once, from where it ended.
    now += 30_000;
    let effects = engine.handle(Event::Wakeup, now);
    let asked = answer_all(&mut engine, effects, now, 60.0);
    let ranges: Vec<_> = asked
        .iter()
        .filter_map(|e| {
            if let Effect::Range(_, _, r) = e {
                Some(*r)
            } else {
                None
            }
        })
        .collect();
    if let [r] = ranges.as_slice() {
        assert!(
            r.start >= T0 - 10_000 && r.start <= T0,
            "the hole is filled, no more: {r:?}"
        );
    }
    run(&mut engine, now, now + 10_000, 60.0);
    assert_eq!(engine.panels()[0].state, State::Data);
    let stream = engine.stream(id).unwrap();
    let (_, values) = stream.columns.series().next().unwrap();
    assert!(values.iter().all(|v| !v.is_nan()), "no hole left");
}

#[test]
fn a_wrong_query_fails_its_own_panel_only() {
    let mut engine = started(vec![
        panel("x", PanelKind::Timeseries, "${cpu}"),
        panel("y", PanelKind::Stat, "bad(("),
    ]);
    let bad = StreamId(1);
    engine.handle(
        Event::Ranged(
            bad,
            Err(Failure::new("query", "detail", "parse error")),
            Meta::default(),
        ),
        T0 + 1,
    );
    assert_eq!(engine.panels()[0].state, State::Data);
    assert!(matches!(&engine.panels()[1].state, State::Failed(_, why) if why.code == "query"));
    assert!(matches!(engine.source("p").unwrap().health, Health::Ok));
}

#[test]
fn values_age_by_time_alone_and_never_look_fresh() {
    let mut engine = started(vec![panel("x", PanelKind::Gauge, "${cpu}")]);
    let stuck = T0;
    // The exporter died; Prometheus goes on answering with the last value.
    let mut now = T0;
    let mut seen = Vec::new();
    while now < T0 + 90_000 {
        now += 500;
        for effect in engine.handle(Event::Wakeup, now) {
            match effect {
                Effect::Instant(id, _) => {
                    engine.handle(
                        Event::Instant(id, Ok((now, vec![(labels("h1"), 99.0)])), Meta::default()),
                        now,
                    );
                }
                Effect::Ages(id, ..) => {
                    engine.handle(
                        Event::Aged(id, Ok(vec![("h1".into(), stuck)]), Meta::default()),
                        now,
                    );
                }
                Effect::Probe(name, _) => {
                    engine.handle(
                        Event::Probed(name, present(&["node_x"]), Meta::default()),
                        now,
                    );
                }
                Effect::Range(..) | Effect::Cancel(_) => unreachable!("a gauge has no past"),
            }
        }
        let age = now - stuck;
        match &engine.panels()[0].state {
            State::Data => assert!(age <= 25_000, "looks fresh at {age} ms"),
            State::Stale(since) => assert_eq!(*since, stuck),
            other => panic!("{other:?}"),
        }
        seen.push(engine.panels()[0].severity);
    }
    assert!(
        seen.contains(&Severity::Emergency),
        "99 % was an emergency while it was known"
    );
    assert_eq!(
        engine.panels()[0].severity,
        Severity::Normal,
        "a value of unknown age is no alarm"
    );
    assert_eq!(
        engine.verdict().unknown,
        1,
        "but the verdict does not say that all is well"
    );
}

#[test]
fn severity_and_since_when() {
    let mut engine = started(vec![panel("x", PanelKind::Tile, "${cpu}")]);
    assert!(engine.verdict().abnormal.is_empty());
    run(&mut engine, T0, T0 + 20_000, 90.0);
    let a = &engine.verdict().abnormal[0];
    assert_eq!(
        (a.judged.severity, a.judged.value, a.labels.get("instance")),
        (Severity::Critical, 90.0, Some("h1"))
    );
    let since = a.since;
    run(&mut engine, T0 + 20_000, T0 + 40_000, 91.0);
    assert_eq!(engine.verdict().abnormal[0].since, since);
    run(&mut engine, T0 + 40_000, T0 + 60_000, 99.0);
    let worse = &engine.verdict().abnormal[0];
    assert_eq!(worse.judged.severity, Severity::Emergency);
    assert!(worse.since > since);
    run(&mut engine, T0 + 60_000, T0 + 80_000, 10.0);
    assert!(engine.verdict().abnormal.is_empty());
}

#[test]
fn no_panel_is_outside_its_band_on_a_board_that_is_well() {
    let limit = |critical| Thresholds {
        critical: Some(critical),
        ..Thresholds::default()
    };
    let with = |id, kind, expr, critical| {
        let mut panel = panel(id, kind, expr);
        panel.thresholds = Some(limit(critical));
        panel
    };
    let mut engine = started(vec![
        with("other", PanelKind::Gauge, "max(other_x)", 60.0),
        with("twice", PanelKind::StateTimeline, "max(other_x)", 60.0),
        with("lane", PanelKind::StateTimeline, "${cpu}", 60.0),
        with("tile", PanelKind::Tile, "max(${cpu})", 80.0),
        with("tiles", PanelKind::Tile, "max(${cpu})", 80.0),
    ]);
    let shown = |engine: &Engine| -> Vec<usize> {
        let mut panels: Vec<_> = engine.verdict().abnormal.iter().map(|a| a.panel).collect();
        panels.sort_unstable();
        panels
    };
    assert_eq!(shown(&engine), [] as [usize; 0]);
    run(&mut engine, T0, T0 + 20_000, 70.0);
    assert_eq!(shown(&engine), [0, 2], "the tile has another limit");
    let since_when = |engine: &Engine| -> BTreeMap<usize, i64> {
        let abnormal = engine.verdict().abnormal.iter();
        abnormal.map(|a| (a.panel, a.since)).collect()
    };
    let before = since_when(&engine);
    run(&mut engine, T0 + 20_000, T0 + 40_000, 90.0);
    assert_eq!(
        shown(&engine),
        [0, 3, 4],
        "now the tiles say it, each for itself"
    );
    run(&mut engine, T0 + 40_000, T0 + 60_000, 70.0);
    assert_eq!(shown(&engine), [0, 2]);
    assert_eq!(
        since_when(&engine),
        before,
        "also the lane was outside its band all the time"
    );
    run(&mut engine, T0 + 60_000, T0 + 80_000, 50.0);
    assert_eq!(shown(&engine), [] as [usize; 0]);
}

#[test]
fn an_answer_for_a_question_of_another_board_is_ignored() {
    let mut engine = started(vec![panel("x", PanelKind::Gauge, "${cpu}")]);
    let effects = engine.handle(
        Event::Ranged(StreamId(77), Ok(frame(0, 10, 5, 1.0)), Meta::default()),
        T0 + 1,
    );
    assert!(effects.is_empty());
    assert_eq!(engine.panels()[0].state, State::Data);
}

#[test]
fn after_a_backfill_the_holes_are_filled() {
    let mut engine = started(vec![panel("x", PanelKind::Timeseries, "${cpu}")]);
    run(&mut engine, T0, T0 + 20_000, 50.0);
    let now = T0 + 21_000;
    let effects = engine.handle(Event::Backfilled("p".into()), now);
    let whole = effects
        .iter()
        .find_map(|e| {
            if let Effect::Range(_, _, r) = e {
                Some(*r)
            } else {
                None
            }
        })
        .expect("asked at once");
    assert_eq!(whole.end - whole.start, 600_000);
    answer_all(&mut engine, effects, now, 60.0);
    let stream = engine.stream(StreamId(0)).unwrap();
    let (_, values) = stream.columns.series().next().unwrap();
    assert!(values.iter().all(|v| *v == 60.0));
    let next = run(&mut engine, now, now + 10_000, 60.0);
    let part = next
        .iter()
        .find_map(|e| {
            if let Effect::Range(_, _, r) = e {
                Some(*r)
            } else {
                None
            }
        })
        .expect("asked");
    assert!(
        part.end - part.start <= 10_000,
        "and then only what is new again: {part:?}"
    );
}

#[test]
fn a_short_budget_of_age_does_not_make_fresh_values_look_old() {
    let mut fast = source("p", false);
    fast.budget = Budget {
        old_ms: 3_000,
        unknown_ms: 10_000,
    };
    let mut setup = setup(vec![panel("x", PanelKind::Gauge, "${cpu}")], vec![fast]);
    setup.boards.get_mut("b").unwrap().refresh_seconds = 1;
    let mut engine = Engine::new();
    let effects = engine.handle(Event::Configured(setup), T0);
    answer_all(&mut engine, effects, T0, 1.0);
    for second in 1..30 {
        run(
            &mut engine,
            T0 + (second - 1) * 1_000,
            T0 + second * 1_000,
            1.0,
        );
        assert_eq!(engine.panels()[0].state, State::Data, "after {second} s");
    }
}
