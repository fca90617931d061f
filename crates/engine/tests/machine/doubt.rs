//! What is not well while something is: one of several instances that hangs, parts of answers, a source that is missing, too many
//! series, a question that nobody waits for.

use super::*;
use engine::{Caveat, Freshness, Remark};

fn meta(partial: bool, texts: &[&str]) -> Meta {
    Meta {
        caveat: Caveat::new(partial, texts.iter().map(|t| (*t).to_owned()).collect()),
        ..Meta::default()
    }
}

fn of(values: &[(&str, f64)], now: i64) -> Result<(i64, Vec<(Labels, f64)>), Failure> {
    Ok((now, values.iter().map(|(i, v)| (labels(i), *v)).collect()))
}

#[test]
fn one_of_two_instances_that_hangs_is_not_all_well() {
    let mut engine = started(vec![panel("x", PanelKind::Gauge, "${cpu}")]);
    assert_eq!(engine.verdict().unknown, 0);
    let id = engine.panels()[0].queries[0].streams[0];
    let stuck = T0;
    // The source goes on answering for both; the samples behind one of them are old.
    let mut look = |now: i64| {
        engine.handle(
            Event::Instant(id, of(&[("h1", 50.0), ("h2", 40.0)], now), Meta::default()),
            now,
        );
        let times = vec![("h1".to_owned(), now), ("h2".to_owned(), stuck)];
        engine.handle(Event::Aged(id, Ok(times), Meta::default()), now);
        (engine.panels()[0].clone(), engine.verdict().unknown)
    };
    let (panel, unknown) = look(T0 + 10_000);
    assert_eq!(
        (panel.state, panel.remarks.len(), unknown),
        (State::Data, 0, 0)
    );
    for (age, freshness) in [(30_000, Freshness::Old), (90_000, Freshness::Unknown)] {
        let (panel, unknown) = look(T0 + age);
        assert_eq!(panel.state, State::Data, "the other one is fresh");
        let marks: Vec<_> = panel.queries[0]
            .judged
            .iter()
            .map(|j| j.freshness)
            .collect();
        assert_eq!(marks, [Freshness::Fresh, freshness]);
        assert_eq!(
            panel.remarks,
            [Remark::Old {
                series: 1,
                of: 2,
                since: Some(stuck)
            }]
        );
        assert_eq!(unknown, 1, "after {age} ms");
    }
}

#[test]
fn a_series_that_is_over_is_no_doubt() {
    let mut engine = started(vec![panel("x", PanelKind::Timeseries, "${cpu}")]);
    let id = engine.panels()[0].queries[0].streams[0];
    let both = |len: usize, start: i64, second: bool| RangeFrame {
        start_ms: start,
        step_ms: 5_000,
        len,
        series: ["h1", "h2"]
            .into_iter()
            .take(if second { 2 } else { 1 })
            .map(|h| (labels(h), vec![1.0; len]))
            .collect(),
    };
    let mut now = T0 + 5_000;
    engine.handle(
        Event::Ranged(id, Ok(both(3, now - 10_000, true)), Meta::default()),
        now,
    );
    let over = now;
    while now < over + 120_000 {
        now += 5_000;
        engine.handle(
            Event::Ranged(id, Ok(both(1, now, false)), Meta::default()),
            now,
        );
        let times = vec![("h1".to_owned(), now)];
        engine.handle(Event::Aged(id, Ok(times), Meta::default()), now);
    }
    let panel = &engine.panels()[0];
    assert_eq!(panel.queries[0].judged[1].freshness, Freshness::Unknown);
    assert_eq!((&panel.state, panel.remarks.len()), (&State::Data, 0));
    assert_eq!(engine.verdict().unknown, 0, "a container that was removed");
}

#[test]
fn a_part_of_an_answer_stays_told_until_the_same_question_is_answered_whole() {
    let mut engine = started(vec![
        panel("x", PanelKind::Timeseries, "${cpu}"),
        panel("y", PanelKind::Gauge, "other"),
    ]);
    let ids: Vec<_> = (0..2)
        .map(|i| engine.panels()[i].queries[0].streams[0])
        .collect();
    let now = T0 + 5_000;
    let warning = "storage node 3 is away";
    engine.handle(
        Event::Ranged(
            ids[0],
            Ok(frame(now - 5_000, now, 5_000, 1.0)),
            meta(true, &[warning]),
        ),
        now,
    );
    // Another question is answered whole a moment later.
    engine.handle(
        Event::Instant(ids[1], of(&[("h1", 1.0)], now + 1), Meta::default()),
        now + 1,
    );
    let source = engine.source("p").expect("the source");
    assert!(
        matches!(&source.health, Health::Degraded(why) if why.code == "partial" && why.params[0].1 == warning),
        "{:?}",
        source.health
    );
    assert!(
        matches!(&engine.panels()[0].remarks[..], [Remark::Warned { source, caveat }]
            if source == "p" && caveat.partial && caveat.texts == [warning])
    );
    assert!(engine.panels()[1].remarks.is_empty());
    assert_eq!(engine.verdict().unknown, 1, "what is missing may be bad");

    // Words alone are told and are no doubt.
    let now = now + 5_000;
    let effects = engine.handle(
        Event::Ranged(
            ids[0],
            Ok(frame(now - 5_000, now, 5_000, 1.0)),
            meta(false, &["slow"]),
        ),
        now,
    );
    assert_eq!(engine.verdict().unknown, 0);
    assert!(
        matches!(&engine.source("p").unwrap().health, Health::Degraded(why) if why.code == "warned")
    );
    // What was left out is asked for again, over the whole window.
    let mut asked = answer_all(&mut engine, effects, now, 1.0);
    asked.extend(run(&mut engine, now, now + 6_000, 1.0));
    let whole = asked
        .iter()
        .any(|e| matches!(e, Effect::Range(_, _, r) if r.end - r.start == 600_000));
    assert!(whole, "{asked:?}");
    assert_eq!(engine.source("p").unwrap().health, Health::Ok);
    assert!(engine.panels()[0].remarks.is_empty());
}

#[test]
fn more_series_than_are_kept_are_told() {
    let mut engine = started(vec![
        panel("x", PanelKind::Gauge, "${cpu}"),
        panel("y", PanelKind::Timeseries, "other"),
    ]);
    let ids: Vec<_> = (0..2)
        .map(|i| engine.panels()[i].queries[0].streams[0])
        .collect();
    let now = T0 + 5_000;
    let many: Vec<(Labels, f64)> = (0..230).map(|i| (labels(&format!("h{i}")), 1.0)).collect();
    let columns = RangeFrame {
        start_ms: now,
        step_ms: 5_000,
        len: 1,
        series: many.iter().map(|(l, v)| (l.clone(), vec![*v])).collect(),
    };
    let times: Vec<_> = (0..230).map(|i| (format!("h{i}"), now)).collect();
    engine.handle(
        Event::Instant(ids[0], Ok((now, many)), Meta::default()),
        now,
    );
    engine.handle(Event::Ranged(ids[1], Ok(columns), Meta::default()), now);
    for id in &ids {
        engine.handle(Event::Aged(*id, Ok(times.clone()), Meta::default()), now);
    }
    for panel in engine.panels() {
        let [
            Remark::Cut {
                shown: 200,
                dropped,
            },
        ] = panel.remarks[..]
        else {
            panic!("{:?}", panel.remarks);
        };
        assert!(dropped >= 30, "{dropped}");
    }
    assert_eq!(engine.verdict().unknown, 2, "the others may be bad");
}

/// Two sources know the concept; each answers for an instance of its own.
fn two_sources() -> (Engine, Vec<StreamId>) {
    let mut engine = Engine::new();
    let both = vec![source("one", false), source("two", false)];
    let effects = engine.handle(
        Event::Configured(setup(vec![panel("x", PanelKind::Gauge, "${cpu}")], both)),
        T0,
    );
    answer_all(&mut engine, effects, T0, 50.0);
    let ids = engine.panels()[0].queries[0].streams.clone();
    assert_eq!(ids.len(), 2);
    (engine, ids)
}

#[test]
fn of_two_sources_the_living_one_is_shown_and_the_missing_one_told() {
    let (mut engine, ids) = two_sources();
    engine.handle(
        Event::Instant(ids[1], of(&[("h1", 60.0)], T0), Meta::default()),
        T0,
    );
    assert_eq!(engine.panels()[0].state, State::Data);
    let mut now = T0 + 1_000;
    engine.handle(
        Event::Probed("two".into(), Err(refused()), Meta::default()),
        now,
    );
    // Long after what the dead one said last has gone out of date.
    for _ in 0..60 {
        now += 2_000;
        engine.handle(
            Event::Instant(ids[0], of(&[("h1", 50.0)], now), Meta::default()),
            now,
        );
        let times = vec![("h1".to_owned(), now)];
        engine.handle(Event::Aged(ids[0], Ok(times), Meta::default()), now);
        let panel = &engine.panels()[0];
        assert_eq!(panel.state, State::Data, "after {} ms", now - T0);
        assert!(
            matches!(&panel.remarks[..], [Remark::Missing { source, why, .. }] if source == "two" && why.code == "connect"),
            "{:?}",
            panel.remarks
        );
        assert_eq!(engine.verdict().unknown, 1);
    }
    assert_eq!(engine.panels()[0].queries[0].reduced.value, 50.0);
    // Nothing is left: then it has failed.
    engine.handle(
        Event::Probed("one".into(), Err(refused()), Meta::default()),
        now,
    );
    assert!(matches!(engine.panels()[0].state, State::Failed(..)));
    assert!(engine.panels()[0].remarks.is_empty());
}

#[test]
fn a_living_source_without_series_does_not_hide_that_the_other_is_missing() {
    let (mut engine, ids) = two_sources();
    engine.handle(
        Event::Instant(ids[0], of(&[], T0 + 1), Meta::default()),
        T0 + 1,
    );
    engine.handle(
        Event::Probed("two".into(), Err(refused()), Meta::default()),
        T0 + 2,
    );
    assert!(matches!(engine.panels()[0].state, State::Failed(..)));
}

#[test]
fn what_feeds_a_source_can_trouble_it_and_it_answers_all_the_same() {
    let mut engine = started(vec![panel("x", PanelKind::Gauge, "${cpu}")]);
    let why = Failure::new("targets", "failed", 1);
    let before = engine.revisions().1;
    engine.handle(Event::Troubled("p".into(), Some(why.clone())), T0 + 1_000);
    assert!(engine.revisions().1 > before, "the page is told");
    run(&mut engine, T0 + 1_000, T0 + 20_000, 50.0);
    assert_eq!(engine.source("p").unwrap().health, Health::Degraded(why));
    assert_eq!(engine.panels()[0].state, State::Data);
    engine.handle(Event::Troubled("p".into(), None), T0 + 21_000);
    assert_eq!(engine.source("p").unwrap().health, Health::Ok);
}

#[test]
fn a_question_of_a_board_that_is_not_shown_any_more_is_given_up_and_nothing_has_failed() {
    let mut setup = setup(
        vec![panel("x", PanelKind::Timeseries, "${cpu}")],
        vec![source("p", false)],
    );
    let mut other = setup.boards["b"].clone();
    other.id = "c".into();
    other.panels = vec![panel("y", PanelKind::Timeseries, "other")];
    setup.boards.insert("c".into(), other);
    let mut engine = Engine::new();
    let effects = engine.handle(Event::Configured(setup), T0);
    answer_all(&mut engine, effects, T0, 1.0);
    let id = engine.panels()[0].queries[0].streams[0];
    let now = T0 + 6_000;
    let asked = engine.handle(Event::Wakeup, now);
    assert!(
        asked
            .iter()
            .any(|e| matches!(e, Effect::Range(of, ..) if *of == id))
    );
    let need = |board: &str| Event::Needed(BTreeSet::from([board.to_owned()]));
    let effects = engine.handle(need("c"), now + 100);
    assert!(effects.contains(&Effect::Cancel(id)), "{effects:?}");
    assert!(
        !engine
            .handle(need("c"), now + 200)
            .contains(&Effect::Cancel(id)),
        "once"
    );
    let cancelled = Failure {
        code: "cancelled",
        params: Vec::new(),
    };
    let effects = engine.handle(
        Event::Ranged(id, Err(cancelled), Meta::default()),
        now + 300,
    );
    assert!(
        !effects.iter().any(|e| matches!(e, Effect::Probe(..))),
        "no reason to doubt the source"
    );
    let stream = engine.stream(id).expect("it is kept for a while");
    assert!(stream.error.is_none() && stream.failures == 0 && !stream.in_flight);
    // Shown again, it is asked again.
    let effects = engine.handle(need("b"), now + 400);
    let mut asked = answer_all(&mut engine, effects, now + 400, 1.0);
    asked.extend(run(&mut engine, now + 400, now + 12_000, 1.0));
    assert!(
        asked
            .iter()
            .any(|e| matches!(e, Effect::Range(of, ..) if *of == id))
    );
    assert_eq!(engine.shown("b").panels()[0].state, State::Data);
}
