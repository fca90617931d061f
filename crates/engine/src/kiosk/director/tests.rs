use super::*;
use crate::kiosk::plan::Hours;
use chrono::NaiveTime;

const S: i64 = 1_000;
/// 2026-11-21 08:00 in Shanghai.
const EIGHT: i64 = 1_795_219_200_000;

fn stop(board: &str, seconds: i64) -> Stop {
    Stop {
        board: board.into(),
        dwell_ms: seconds * S,
        hours: Hours::default(),
    }
}

fn surface(name: &str, stops: Vec<Stop>, follows: bool) -> Surface {
    Surface {
        name: name.into(),
        stops,
        follows,
    }
}

fn plan(surfaces: Vec<Surface>) -> Plan {
    Plan {
        surfaces,
        director: Some(Level::P1),
        stay_acknowledged: true,
        return_after_ms: 10 * S,
        zone: chrono_tz::Asia::Shanghai,
    }
}

fn boards() -> BTreeMap<String, Board> {
    let board = |id: &str, domains: &[&str]| {
        let panels: Vec<_> = domains
            .iter()
            .enumerate()
            .map(|(i, d)| {
                serde_json::json!({"id": format!("p{i}"), "kind": "tile", "title": "t", "domain": d,
                    "at": {"x": 0, "y": 0, "w": 1, "h": 1}})
            })
            .collect();
        let json = serde_json::json!({"id": id, "title": id, "panels": panels});
        (id.to_owned(), serde_json::from_value(json).unwrap())
    };
    [
        board("overview", &["payment", "cache", "server"]),
        board("payment", &["payment"]),
        board("cache", &["cache"]),
        board("hosts", &["server"]),
    ]
    .into()
}

fn director(surfaces: Vec<Surface>) -> Director {
    let mut d = Director::new(plan(surfaces), EIGHT);
    d.boards(&boards(), &BTreeMap::new(), EIGHT);
    d
}

fn one() -> Director {
    let stops = vec![stop("overview", 30), stop("hosts", 20), stop("cache", 10)];
    director(vec![surface("1", stops, true)])
}

fn failing(id: i64, level: Level, domain: Domain) -> Failing {
    Failing {
        id,
        level,
        domain: Some(domain),
        board: None,
        title: "坏了".into(),
        since: EIGHT + id,
        acked: false,
    }
}

fn board(d: &Director) -> String {
    d.state()[0].board.clone()
}

#[test]
fn boards_follow_each_other_after_their_time() {
    let mut d = one();
    let mut seen = Vec::new();
    for second in 0..65 {
        d.tick(EIGHT + second * S);
        seen.push(board(&d));
    }
    assert_eq!((&*seen[29], &*seen[30]), ("overview", "hosts"));
    assert_eq!(
        (&*seen[49], &*seen[50], &*seen[60]),
        ("hosts", "cache", "overview")
    );
    let state = &d.state()[0];
    assert_eq!(
        (state.index, state.of, &state.mode),
        (0, 3, &Mode::Rotating)
    );
}

#[test]
fn a_wall_that_slept_moves_one_board_on_and_gives_it_its_whole_time() {
    let mut d = one();
    let woke = EIGHT + 9 * 3_600 * S + 7;
    d.tick(woke);
    assert_eq!(board(&d), "hosts");
    assert_eq!(d.state()[0].until, Some(woke + 20 * S));
    d.tick(woke + 19 * S);
    assert_eq!(board(&d), "hosts");
    d.tick(woke + 20 * S);
    assert_eq!(board(&d), "cache");

    // An alert that began while it slept is shown at the first look.
    let mut d = one();
    d.alerts(vec![failing(7, Level::P0, Domain::Payment)], woke);
    assert_eq!(board(&d), "payment");
}

#[test]
fn the_next_board_is_asked_for_before_it_comes() {
    let mut d = one();
    let needed = |d: &Director| d.needed().into_iter().collect::<Vec<_>>();
    assert_eq!(needed(&d), ["overview"]);
    assert_eq!(d.next_wakeup(), EIGHT + 22 * S);
    d.tick(EIGHT + 22 * S);
    assert_eq!(needed(&d), ["hosts", "overview"]);
}

fn coming(d: &Director) -> Option<String> {
    d.state()[0].coming.clone()
}

#[test]
fn the_next_board_is_laid_out_a_moment_before_it_comes() {
    let mut d = one();
    d.tick(EIGHT + 27_499);
    assert_eq!(coming(&d), None);
    assert_eq!(d.next_wakeup(), EIGHT + 27_500);
    d.tick(EIGHT + 27_500);
    assert_eq!(coming(&d).as_deref(), Some("hosts"));
    d.tick(EIGHT + 30 * S);
    assert_eq!((&*board(&d), coming(&d)), ("hosts", None));

    // What fails comes first, and nothing comes after it.
    d.alerts(vec![failing(1, Level::P0, Domain::Cache)], EIGHT + 49 * S);
    assert_eq!((&*board(&d), coming(&d)), ("cache", None));

    let mut single = director(vec![surface("1", vec![stop("overview", 5)], true)]);
    single.tick(EIGHT + 4 * S);
    assert_eq!(coming(&single), None, "the same board again is no other");
}

#[test]
fn who_turns_by_hand_finds_the_next_board_in_that_direction_ready() {
    let mut d = one();
    d.command(None, &Command::Pause, EIGHT).unwrap();
    assert_eq!(coming(&d), None, "nobody has turned yet");
    d.command(None, &Command::Previous, EIGHT + S).unwrap();
    assert_eq!(
        (&*board(&d), coming(&d).as_deref()),
        ("cache", Some("hosts"))
    );
    assert!(d.needed().contains("hosts"), "and it is asked for");
    d.command(None, &Command::Next, EIGHT + 2 * S).unwrap();
    assert_eq!(
        (&*board(&d), coming(&d).as_deref()),
        ("overview", Some("hosts"))
    );
    d.tick(EIGHT + 32 * S - 1);
    assert!(coming(&d).is_some());
    d.tick(EIGHT + 32 * S);
    assert_eq!(coming(&d), None, "that was long ago");
    assert!(!d.needed().contains("hosts"));

    // While it rotates, what comes by itself goes before what a key would bring.
    let mut d = one();
    d.command(None, &Command::Previous, EIGHT + S).unwrap();
    assert_eq!(coming(&d).as_deref(), Some("hosts"));
    d.tick(EIGHT + 9 * S);
    assert_eq!(coming(&d).as_deref(), Some("overview"));
    // A chosen board stays until somebody says otherwise.
    d.command(None, &Command::Show("payment".into()), EIGHT + 9 * S)
        .unwrap();
    assert_eq!(coming(&d), None);
}

#[test]
fn a_pause_stays_and_what_was_paused_comes_back_for_its_whole_time() {
    let mut d = one();
    d.command(None, &Command::Pause, EIGHT + S).unwrap();
    d.tick(EIGHT + 1_000 * S);
    assert_eq!(
        (&*board(&d), &d.state()[0].mode),
        ("overview", &Mode::Paused)
    );
    d.command(None, &Command::Resume, EIGHT + 1_000 * S)
        .unwrap();
    d.tick(EIGHT + 1_029 * S);
    assert_eq!(board(&d), "overview");
    d.tick(EIGHT + 1_030 * S);
    assert_eq!(board(&d), "hosts");
}

#[test]
fn a_chosen_board_is_held_until_told_otherwise_and_unknown_ones_are_refused() {
    let mut d = one();
    let show = |b: &str| Command::Show(b.to_owned());
    d.command(None, &show("payment"), EIGHT).unwrap();
    d.tick(EIGHT + 3_600 * S);
    assert_eq!((&*board(&d), &d.state()[0].mode), ("payment", &Mode::Held));
    d.command(None, &Command::Next, EIGHT + 3_600 * S).unwrap();
    assert_eq!(board(&d), "overview", "back to where the rotation was");
    d.command(None, &Command::Next, EIGHT + 3_601 * S).unwrap();
    d.command(None, &Command::Previous, EIGHT + 3_602 * S)
        .unwrap();
    d.command(None, &Command::Previous, EIGHT + 3_603 * S)
        .unwrap();
    assert_eq!(board(&d), "cache", "backwards over the beginning");
    assert_eq!(
        d.command(None, &show("nope"), EIGHT),
        Err(CommandError::UnknownBoard)
    );
    assert_eq!(
        d.command(Some(4), &Command::Next, EIGHT),
        Err(CommandError::UnknownScreen)
    );
}

#[test]
fn the_wall_goes_to_what_fails_says_why_stays_and_returns() {
    let mut d = one();
    d.tick(EIGHT + 35 * S);
    assert_eq!(board(&d), "hosts");
    d.alerts(vec![failing(1, Level::P1, Domain::Cache)], EIGHT + 36 * S);
    assert_eq!(board(&d), "cache");
    let Mode::Failing(why) = d.state()[0].mode.clone() else {
        panic!("{:?}", d.state());
    };
    assert_eq!((why.alert, why.level, why.others), (1, Level::P1, 0));
    // as urgent: it stays; more urgent: it goes
    let p1 = failing(2, Level::P1, Domain::Server);
    let p0 = failing(3, Level::P0, Domain::Payment);
    let first = failing(1, Level::P1, Domain::Cache);
    d.alerts(vec![first.clone(), p1.clone()], EIGHT + 40 * S);
    assert_eq!(board(&d), "cache");
    d.alerts(vec![first.clone(), p1, p0.clone()], EIGHT + 41 * S);
    assert_eq!(board(&d), "payment");
    // an acknowledgement does not move it
    let acked = Failing { acked: true, ..p0 };
    d.alerts(vec![acked], EIGHT + 50 * S);
    d.tick(EIGHT + 3_600 * S);
    assert_eq!(board(&d), "payment");
    // over: ten seconds later it is where it was, for the whole of its time
    let over = EIGHT + 3_600 * S;
    d.alerts(vec![], over);
    d.tick(over + 9 * S);
    assert_eq!(board(&d), "payment");
    d.tick(over + 10 * S);
    assert_eq!(board(&d), "hosts");
    d.tick(over + 28 * S);
    assert_eq!(board(&d), "hosts");
    d.tick(over + 30 * S);
    assert_eq!(board(&d), "cache");
}

#[test]
fn less_urgent_ones_and_those_without_a_board_move_nothing() {
    let mut d = one();
    let nowhere = Failing {
        domain: None,
        ..failing(4, Level::P0, Domain::Cache)
    };
    d.alerts(
        vec![failing(1, Level::P2, Domain::Cache), nowhere.clone()],
        EIGHT + S,
    );
    assert_eq!((board(&d), d.is_urgent()), ("overview".into(), true));
    let named = Failing {
        board: Some("hosts".into()),
        ..nowhere
    };
    d.alerts(vec![named], EIGHT + 2 * S);
    assert_eq!(board(&d), "hosts", "the label `board` counts");
    let mut off = Director::new(
        Plan {
            director: None,
            ..d.plan.clone()
        },
        EIGHT,
    );
    off.boards(&boards(), &BTreeMap::new(), EIGHT);
    off.alerts(vec![failing(1, Level::P0, Domain::Cache)], EIGHT);
    assert_eq!((board(&off), off.is_urgent()), ("overview".into(), false));
}

#[test]
fn acknowledged_ones_let_go_where_that_is_wanted() {
    let mut d = one();
    d.plan.stay_acknowledged = false;
    let alert = failing(1, Level::P0, Domain::Cache);
    d.alerts(vec![alert.clone()], EIGHT + S);
    assert_eq!(board(&d), "cache");
    d.alerts(
        vec![Failing {
            acked: true,
            ..alert
        }],
        EIGHT + 2 * S,
    );
    d.tick(EIGHT + 12 * S);
    assert_eq!(board(&d), "overview");
}

#[test]
fn who_turns_away_is_left_alone_until_something_else_fails() {
    let mut d = one();
    let first = failing(1, Level::P0, Domain::Cache);
    d.alerts(vec![first.clone()], EIGHT + S);
    d.command(None, &Command::Show("hosts".into()), EIGHT + 2 * S)
        .unwrap();
    d.alerts(vec![first.clone()], EIGHT + 3 * S);
    assert_eq!(board(&d), "hosts");
    let second = failing(2, Level::P1, Domain::Payment);
    d.alerts(vec![first, second], EIGHT + 4 * S);
    assert_eq!(
        board(&d),
        "payment",
        "a new one is not hidden by what a person chose"
    );
}

#[test]
fn several_screens_share_what_fails_and_a_fixed_one_stays() {
    let mut d = director(vec![
        surface("1", vec![stop("overview", 30)], false),
        surface("2", vec![stop("hosts", 30), stop("cache", 30)], true),
        surface("3", vec![stop("hosts", 30), stop("cache", 30)], true),
    ]);
    d.alerts(
        vec![
            failing(1, Level::P1, Domain::Cache),
            failing(2, Level::P0, Domain::Payment),
        ],
        EIGHT + S,
    );
    let shown: Vec<String> = d.state().into_iter().map(|s| s.board).collect();
    assert_eq!(shown, ["overview", "payment", "cache"]);
    assert_eq!(d.state()[0].mode, Mode::Single);
}

#[test]
fn a_board_has_its_hours() {
    let night = Hours {
        between: Some((
            NaiveTime::from_hms_opt(22, 0, 0).unwrap(),
            NaiveTime::from_hms_opt(6, 0, 0).unwrap(),
        )),
        weekdays: Vec::new(),
    };
    let stops = vec![
        Stop {
            hours: night,
            ..stop("cache", 10)
        },
        stop("overview", 10),
        stop("hosts", 10),
    ];
    let mut d = director(vec![surface("1", stops, true)]);
    assert_eq!(
        board(&d),
        "overview",
        "by day it does not begin with the night's board"
    );
    assert_eq!(d.state()[0].of, 2);
    let mut seen = BTreeSet::new();
    for second in 0..60 {
        d.tick(EIGHT + 15 * 3_600 * S + second * S);
        seen.insert(board(&d));
    }
    assert_eq!(seen.len(), 3);
}

mod properties {
    use super::*;
    use proptest::prelude::*;

    #[derive(Clone, Debug)]
    enum Step {
        Pass(i64),
        Alerts(Vec<(i64, u8, u8, bool)>),
        Person(u8, u8),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            3 => (-60_i64..120).prop_map(Step::Pass),
            2 => prop::collection::vec((0_i64..6, 0_u8..4, 0_u8..3, any::<bool>()), 0..4).prop_map(Step::Alerts),
            1 => (0_u8..5, 0_u8..4).prop_map(|(c, b)| Step::Person(c, b)),
        ];
        prop::collection::vec(step, 1..40)
    }

    const LEVELS: [Level; 4] = [Level::P0, Level::P1, Level::P2, Level::P3];
    const DOMAINS: [Domain; 3] = [Domain::Payment, Domain::Cache, Domain::Server];
    const BOARDS: [&str; 4] = ["overview", "payment", "cache", "hosts"];

    fn alerts(raw: &[(i64, u8, u8, bool)]) -> Vec<Failing> {
        raw.iter()
            .map(|(id, level, domain, acked)| Failing {
                acked: *acked,
                ..failing(
                    *id,
                    LEVELS[usize::from(*level)],
                    DOMAINS[usize::from(*domain)],
                )
            })
            .collect()
    }

    fn command(c: u8, b: u8) -> Command {
        match c {
            0 => Command::Next,
            1 => Command::Previous,
            2 => Command::Pause,
            3 => Command::Resume,
            _ => Command::Show(BOARDS[usize::from(b)].to_owned()),
        }
    }

    proptest! {
        /// Whatever happens, a known board is on the screen, it is among those asked for, and unless a person turned away a failing
        /// domain's board is on it.
        #[test]
        fn a_known_board_is_always_shown_and_fire_is_never_hidden(steps in steps()) {
            let mut d = one();
            let (mut now, mut told, mut turned) = (EIGHT, Vec::new(), BTreeSet::new());
            for step in steps {
                match step {
                    Step::Pass(seconds) => now += seconds * S,
                    Step::Alerts(raw) => {
                        told = alerts(&raw);
                        d.alerts(told.clone(), now);
                    }
                    Step::Person(c, b) => {
                        let c = command(c, b);
                        match c {
                            Command::Resume => turned.clear(),
                            Command::Pause => {}
                            _ => turned.extend(told.iter().filter(|f| f.level <= Level::P1).map(|f| f.id)),
                        }
                        d.command(None, &c, now).unwrap();
                    }
                }
                d.tick(now);
                turned.retain(|id| told.iter().any(|f| f.id == *id && f.level <= Level::P1));
                let state = d.state().remove(0);
                prop_assert!(BOARDS.contains(&&*state.board));
                prop_assert!(d.needed().contains(&state.board));
                prop_assert!(state.index < state.of);
                prop_assert!(d.next_wakeup() > now);
                let fresh = told.iter().filter(|f| f.level <= Level::P1 && !turned.contains(&f.id));
                let fresh: Vec<_> = fresh.collect();
                if !fresh.is_empty() {
                    let Mode::Failing(why) = &state.mode else {
                        return Err(TestCaseError::fail(format!("{state:?} hides {fresh:?}")));
                    };
                    let worst = fresh.iter().map(|f| f.level).min();
                    prop_assert_eq!(Some(why.level), worst);
                }
            }
        }

        /// Without alerts and people every board gets its time, and no other.
        #[test]
        fn every_board_gets_its_time(rounds in 1_i64..5) {
            let mut d = one();
            let mut seconds: BTreeMap<String, i64> = BTreeMap::new();
            for second in 0..rounds * 60 {
                d.tick(EIGHT + second * S);
                *seconds.entry(board(&d)).or_default() += 1;
            }
            prop_assert_eq!(seconds["overview"], 30 * rounds);
            prop_assert_eq!(seconds["hosts"], 20 * rounds);
            prop_assert_eq!(seconds["cache"], 10 * rounds);
        }
    }
}
