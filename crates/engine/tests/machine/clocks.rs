//! Clocks that are apart or jump, and boards that are changed while they are shown.

use super::*;

/// A source whose clock is `off` ms before ours: its answers carry its own times.
struct Apart {
    off: i64,
}

impl Apart {
    fn meta(&self, now: i64) -> Meta {
        Meta {
            // HTTP's Date is cut to the second.
            server_time: Some((now + self.off).div_euclid(1_000) * 1_000),
            ..Meta::default()
        }
    }

    /// Answers everything as this source would; what ranges were asked for.
    fn answer(
        &self,
        engine: &mut Engine,
        effects: Vec<Effect>,
        now: i64,
    ) -> Vec<engine::plan::RangeRequest> {
        let (mut asked, mut queue) = (Vec::new(), effects);
        while let Some(effect) = queue.pop() {
            let meta = self.meta(now);
            let event = match effect {
                Effect::Probe(name, _) => Event::Probed(name, present(&["node_x"]), meta),
                Effect::Range(id, _, r) => {
                    asked.push(r);
                    // Nothing is there beyond its own present.
                    let end = r.end.min((now + self.off).div_euclid(r.step) * r.step);
                    Event::Ranged(id, Ok(frame(r.start, end, r.step, 1.0)), meta)
                }
                Effect::Instant(id, _) => {
                    let values = vec![(labels("h1"), 1.0)];
                    Event::Instant(id, Ok((now + self.off, values)), meta)
                }
                Effect::Ages(id, ..) => {
                    Event::Aged(id, Ok(vec![("h1".into(), now + self.off)]), meta)
                }
                Effect::Cancel(_) => continue,
            };
            queue.extend(engine.handle(event, now));
        }
        asked
    }

    fn pass(&self, engine: &mut Engine, from: i64, to: i64) -> Vec<engine::plan::RangeRequest> {
        let (mut asked, mut now) = (Vec::new(), from);
        while let Some((at, _)) = engine.next_wakeup().filter(|(at, _)| *at <= to) {
            now = now.max(at);
            let effects = engine.handle(Event::Wakeup, now);
            asked.extend(self.answer(engine, effects, now));
        }
        asked
    }
}

fn begun(source_clock: &Apart) -> Engine {
    let mut engine = Engine::new();
    let panels = vec![
        panel("x", PanelKind::Timeseries, "${cpu}"),
        panel("y", PanelKind::Gauge, "${cpu}"),
    ];
    let effects = engine.handle(
        Event::Configured(setup(panels, vec![source("p", false)])),
        T0,
    );
    source_clock.answer(&mut engine, effects, T0);
    engine
}

#[test]
fn a_source_whose_clock_is_apart_is_asked_in_its_own_time_and_judged_in_ours() {
    for off in [600_000, -600_000] {
        let apart = Apart { off };
        let mut engine = begun(&apart);
        let asked = apart.pass(&mut engine, T0, T0 + 60_000);
        let now = T0 + 60_000;
        let last = asked.last().expect("asked");
        assert!(
            (last.end - (now + off)).abs() <= 15_000,
            "{off}: the end of what is asked is its present: {last:?}"
        );
        let state = engine.source("p").expect("the source");
        assert!((state.skew - off).abs() <= 1_000, "{off}: {}", state.skew);
        assert!(matches!(&state.health, Health::Degraded(why) if why.code == "skew"));
        for panel in engine.panels() {
            assert_eq!(panel.state, State::Data, "{off}");
            let at = panel.data_at().expect("a data time");
            assert!(
                (now - at).abs() <= 20_000,
                "{off}: ages are in our time: {} ms",
                now - at
            );
        }
        assert_eq!(engine.verdict().unknown, 0);
    }
}

#[test]
fn a_clock_that_jumps_while_the_wall_runs_leaves_one_grid_and_no_old_picture() {
    for off in [600_000, -600_000] {
        let mut clock = Apart { off: 0 };
        let mut engine = begun(&clock);
        clock.pass(&mut engine, T0, T0 + 30_000);
        assert_eq!(engine.source("p").unwrap().health, Health::Ok);
        clock.off = off;
        clock.pass(&mut engine, T0 + 30_000, T0 + 90_000);
        let now = T0 + 90_000;
        let id = engine.panels()[0].queries[0].streams[0];
        let columns = &engine.stream(id).expect("the stream").columns;
        let last = columns.last().expect("points");
        assert!(
            (last - (now + off)).abs() <= 20_000,
            "{off}: ends at its present, {} ms apart",
            last - (now + off)
        );
        assert!(columns.len() <= 121, "{off}: the window and no more");
        for panel in engine.panels() {
            assert_eq!(panel.state, State::Data, "{off}");
        }
        // And back.
        clock.off = 0;
        clock.pass(&mut engine, now, now + 60_000);
        let columns = &engine.stream(id).expect("the stream").columns;
        let last = columns.last().expect("points");
        assert!((last - (now + 60_000)).abs() <= 20_000, "{off}: and back");
        assert_eq!(engine.source("p").unwrap().health, Health::Ok);
    }
}

#[test]
fn our_own_clock_may_jump_as_well() {
    let clock = Apart { off: 0 };
    let mut engine = begun(&clock);
    clock.pass(&mut engine, T0, T0 + 30_000);
    // A machine that slept for an hour; everything is due at once, the hole is longer than the window.
    let woken = T0 + 3_600_000;
    let effects = engine.handle(Event::Wakeup, woken);
    let asked = clock.answer(&mut engine, effects, woken);
    assert!(
        asked.iter().all(|r| r.end - r.start <= 600_000),
        "{asked:?}"
    );
    clock.pass(&mut engine, woken, woken + 10_000);
    assert!(engine.panels().iter().all(|p| p.state == State::Data));
}

#[test]
fn a_board_with_another_window_begins_a_grid_of_its_own() {
    let clock = Apart { off: 0 };
    let mut engine = begun(&clock);
    clock.pass(&mut engine, T0, T0 + 20_000);
    let grid = |engine: &Engine| {
        let query = &engine.panels()[0].queries[0];
        let stream = engine.stream(query.streams[0]).expect("a stream");
        (
            stream.columns.step(),
            stream.columns.len(),
            stream.key.shape,
        )
    };
    assert_eq!(
        (grid(&engine).0, grid(&engine).2),
        (5_000, Shape::Range(600_000, 5_000))
    );
    let laid_out = engine.revisions().0;
    // The file was saved with a window of a day, then with a step of its own.
    let mut now = T0 + 20_000;
    for (window, step, shape) in [
        (86_400, None, Shape::Range(86_400_000, 120_000)),
        (86_400, Some(600), Shape::Range(86_400_000, 600_000)),
        (600, None, Shape::Range(600_000, 5_000)),
    ] {
        let mut changed = engine.setup().clone();
        let board = changed.boards.get_mut("b").expect("the board");
        board.window_seconds = window;
        board.panels[0].step_seconds = step;
        let effects = engine.handle(Event::Configured(changed), now);
        let asked = clock.answer(&mut engine, effects, now);
        let Shape::Range(wide, apart) = shape else {
            panic!("a range")
        };
        assert!(
            asked
                .iter()
                .any(|r| r.step == apart && r.end - r.start == wide && r.start % apart == 0),
            "the whole of the new window, on its grid: {asked:?}"
        );
        clock.pass(&mut engine, now, now + 10_000);
        now += 10_000;
        let (step, len, now_asked) = grid(&engine);
        assert_eq!((step, now_asked), (apart, shape));
        assert_eq!(i64::try_from(len).unwrap(), wide / apart + 1);
        assert!(
            engine.revisions().0 > laid_out,
            "the page forgets the old points"
        );
        assert_eq!(engine.panels()[0].state, State::Data);
    }
}
