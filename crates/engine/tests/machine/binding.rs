//! Which source knows what, and what is asked of it then: concepts, variables, marks.

use super::*;

#[test]
fn a_concept_is_bound_in_each_source_by_its_own_dialect() {
    let mut engine = Engine::new();
    let both = vec![source("one", false), source("two", true)];
    engine.handle(
        Event::Configured(setup(vec![panel("x", PanelKind::Gauge, "${cpu}")], both)),
        T0,
    );
    assert_eq!(engine.panels()[0].state, State::Loading);
    let effects = engine.handle(
        Event::Probed("one".into(), present(&["other_x"]), Meta::default()),
        T0,
    );
    assert!(
        effects
            .iter()
            .any(|e| matches!(e, Effect::Instant(_, key) if key.expr == "(other_x)")),
        "{effects:?}"
    );
    let effects = engine.handle(
        Event::Probed("two".into(), present(&["node_x"]), Meta::default()),
        T0,
    );
    answer_all(&mut engine, effects, T0, 1.0);
    assert!(
        engine.panels()[0].demo,
        "one simulated series marks the panel"
    );
    let board = engine.revisions().0;
    engine.handle(
        Event::Probed("one".into(), present(&["node_x"]), Meta::default()),
        T0 + 1,
    );
    let asked: Vec<&str> = engine.panels()[0].queries[0]
        .streams
        .iter()
        .filter_map(|id| engine.stream(*id))
        .map(|s| s.key.expr.as_str())
        .collect();
    assert_eq!(
        asked,
        ["(node_x)", "(node_x)"],
        "the preferred dialect has come"
    );
    assert_eq!(
        engine.revisions().0,
        board,
        "a new binding is not a new board"
    );
}

#[test]
fn a_binding_that_changes_names_only_the_series_that_it_changes() {
    let panels = vec![
        panel("plain", PanelKind::Gauge, "x"),
        panel("bound", PanelKind::Gauge, "${cpu}"),
    ];
    let mut engine = Engine::new();
    engine.handle(
        Event::Configured(setup(panels, vec![source("p", false)])),
        T0,
    );
    let probed = Event::Probed("p".into(), present(&["other_x"]), Meta::default());
    let effects = engine.handle(probed, T0);
    answer_all(&mut engine, effects, T0, 1.0);
    let named = |engine: &Engine, at: usize| {
        let query = &engine.panels()[at].queries[0];
        (query.epoch, query.epoch_revision)
    };
    let before = (named(&engine, 0), named(&engine, 1));

    let probed = Event::Probed("p".into(), present(&["node_x"]), Meta::default());
    let effects = engine.handle(probed, T0 + 1);
    answer_all(&mut engine, effects, T0 + 1, 1.0);
    assert_eq!(named(&engine, 0), before.0, "it is asked as before");
    assert_ne!(named(&engine, 1), before.1);
}

#[test]
fn what_was_there_once_stays_bound_and_its_absence_is_not_well() {
    let mut engine = started(vec![panel("x", PanelKind::Gauge, "${cpu}")]);
    assert_eq!(engine.verdict().unknown, 0);
    engine.handle(
        Event::Probed("p".into(), present(&[]), Meta::default()),
        T0 + 1,
    );
    let id = engine.panels()[0].queries[0].streams[0];
    engine.handle(
        Event::Instant(id, Ok((T0 + 2, vec![])), Meta::default()),
        T0 + 2,
    );
    assert_eq!(engine.panels()[0].state, State::NoData(None));
    assert_eq!(engine.verdict().unknown, 1);
}

#[test]
fn a_source_that_shows_its_metrics_little_by_little_is_probed_again_soon() {
    let mut engine = Engine::new();
    engine.handle(
        Event::Configured(setup(
            vec![panel("x", PanelKind::Gauge, "${cpu}")],
            vec![source("p", false)],
        )),
        T0,
    );
    let mut now = T0;
    let mut waits = Vec::new();
    for found in [
        vec![],
        vec![],
        vec!["node_x"],
        vec!["node_x"],
        vec!["node_x"],
        vec!["node_x"],
    ] {
        engine.handle(
            Event::Probed("p".into(), present(&found), Meta::default()),
            now,
        );
        let next = engine.source("p").unwrap().next_probe;
        waits.push(next - now);
        now = next;
        engine.handle(Event::Wakeup, now);
    }
    assert_eq!(waits, [2_000, 2_000, 2_000, 4_000, 8_000, 16_000]);
}

#[test]
fn nobody_knows_the_concept() {
    let mut engine = Engine::new();
    engine.handle(
        Event::Configured(setup(
            vec![
                panel("x", PanelKind::Gauge, "${cpu}"),
                panel("y", PanelKind::Gauge, "${nope}"),
            ],
            vec![source("p", false)],
        )),
        T0,
    );
    engine.handle(Event::Probed("p".into(), present(&[]), Meta::default()), T0);
    assert!(
        matches!(&engine.panels()[0].state, State::NoData(Some(why)) if why.code == "unbound_concept")
    );
    assert!(
        matches!(&engine.panels()[1].state, State::Failed(_, why) if why.code == "unknown_concept")
    );
    assert_eq!(
        engine.verdict().unknown,
        2,
        "a wall that has seen nothing does not say that all is well"
    );
}

#[test]
fn variables_are_chosen_from_what_sources_have_and_stand_in_the_questions() {
    use model::board::Variable;
    let mut setup = setup(
        vec![panel("p", PanelKind::Gauge, r#"up{host=~"$host"}"#)],
        vec![source("a", false)],
    );
    let variable = Variable {
        id: "host".into(),
        query: Some("label_values(up, host)".into()),
        default: vec!["a.b".into()],
        ..Variable::default()
    };
    if let Some(board) = setup.boards.get_mut("b") {
        board.variables.push(variable);
    }
    let mut engine = Engine::new();
    engine.handle(Event::Configured(setup), T0);
    let probed = Event::Probed("a".into(), present(&["up"]), Meta::default());
    let effects = engine.handle(probed, T0);
    let asked = |effects: &[Effect]| -> Vec<String> {
        let instant = |e: &Effect| match e {
            Effect::Instant(_, key) => Some(key.expr.clone()),
            _ => None,
        };
        effects.iter().filter_map(instant).collect()
    };
    let first = asked(&effects);
    assert!(
        first.contains(&r#"up{host=~"a\\.b"}"#.to_owned()),
        "{first:?}"
    );
    assert!(
        first.contains(&"group by (host) (up)".to_owned()),
        "{first:?}"
    );

    let listing = effects.iter().find_map(|e| match e {
        Effect::Instant(id, key) if key.expr.starts_with("group") => Some(*id),
        _ => None,
    });
    let host = |name: &str| (Labels::from_pairs([("host", name)]), 1.0);
    let answer = Ok((T0, vec![host("b"), host("a.b")]));
    engine.handle(
        Event::Instant(listing.unwrap(), answer, Meta::default()),
        T0,
    );
    let board = engine.board().cloned().unwrap();
    let status = engine.variables(&board);
    assert_eq!(status[0].values, ["a.b", "b"]);
    assert_eq!(status[0].chosen, ["a.b"]);

    let before = engine.beside_revision();
    engine.handle(Event::Wakeup, T0);
    assert_eq!(engine.beside_revision(), before);

    // One variable of one value: the second is left out. What the board does not have is nothing.
    let chosen = BTreeMap::from([
        ("host".to_owned(), vec!["b".to_owned(), "c".to_owned()]),
        ("other".to_owned(), vec!["x".to_owned()]),
    ]);
    let effects = engine.handle(Event::Chosen("b".into(), chosen), T0 + 1);
    assert_eq!(asked(&effects), [r#"up{host=~"b"}"#]);
    let everything = BTreeMap::from([("host".to_owned(), Vec::new())]);
    let effects = engine.handle(Event::Chosen("b".into(), everything), T0 + 2);
    assert_eq!(asked(&effects), [r#"up{host=~".*"}"#]);
}

#[test]
fn times_that_metrics_tell_are_marks_of_the_board() {
    use model::Happened;
    use model::board::Mark;
    let mut setup = setup(
        vec![panel("p", PanelKind::Gauge, "up")],
        vec![source("a", false)],
    );
    let mark = Mark {
        id: "started".into(),
        kind: Happened::Deployment,
        expr: "process_start_time_seconds".into(),
        legend: None,
    };
    if let Some(board) = setup.boards.get_mut("b") {
        board.marks.push(mark.clone());
    }
    let mut engine = Engine::new();
    engine.handle(Event::Configured(setup), T0);
    let probed = Event::Probed("a".into(), present(&["up"]), Meta::default());
    let effects = engine.handle(probed, T0);
    let asked = effects.iter().find_map(|e| match e {
        Effect::Instant(id, key) if key.expr == mark.expr => Some(*id),
        _ => None,
    });
    let series = |at: f64| vec![(Labels::from_pairs([("service", "order")]), at)];
    let mut tell = |at: f64, now: i64| {
        let answer = Ok((now, series(at)));
        engine.handle(Event::Instant(asked.unwrap(), answer, Meta::default()), now);
        (engine.beside_revision(), engine.marks(&mark)[0].1.to_vec())
    };
    let (first, found) = tell(1.7e9, T0);
    assert_eq!(found, series(1.7e9));
    assert_eq!(tell(1.7e9, T0 + 1).0, first, "nothing new");
    assert!(tell(1.8e9, T0 + 2).0 > first, "it was started again");
}
