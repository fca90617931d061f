//! Random rotas: the fast answers are those of the slow, obvious implementation at every quarter of an hour.

use super::reference;
use super::world::{DAY, HOUR, date, ms, people, platform};
use chrono::{Datelike, Days, NaiveDate};
use chrono_tz::Europe::Berlin;
use chrono_tz::{America::New_York, Asia::Kolkata, Asia::Shanghai, Australia::Lord_Howe, Tz};
use engine::rota::{coverage, holders, next_change, on_duty, schedule};
use model::rota::{
    Absence, AbsenceId, Book, Cadence, Calendar, CalendarDay, CalendarId, Conflict, DayKind, Layer,
    LayerId, Member, Override, OverrideId, Role, Rota, RotaId, Rotation, ShiftRule, Slot, Swap,
    SwapId, SwapState, WallTime,
};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const PEOPLE: [&str; 5] = ["a", "b", "c", "d", "e"];
const ZONES: [Tz; 5] = [Shanghai, Berlin, New_York, Lord_Howe, Kolkata];
const STEP: i64 = HOUR / 4;
const LENGTH: i64 = 6 * DAY;
const OWN: &str = "own";
/// China's, one with a weekend of its own, and one that somebody has removed by hand from the database.
const CALENDARS: [&str; 3] = ["cn", OWN, "gone"];

/// Days around which something happens: clocks change, holidays, ends of years, a leap day.
fn days() -> Vec<NaiveDate> {
    vec![
        date(2026, 3, 29),
        date(2026, 10, 25),
        date(2026, 3, 8),
        date(2026, 11, 1),
        date(2026, 4, 5),
        date(2026, 10, 4),
        date(2025, 1, 26),
        date(2026, 9, 27),
        date(2026, 12, 31),
        date(2028, 2, 29),
    ]
}

fn person() -> impl Strategy<Value = String> {
    prop::sample::select(&PEOPLE[..]).prop_map(String::from)
}

fn turn() -> impl Strategy<Value = Vec<String>> {
    prop_oneof![
        8 => prop::collection::vec(person(), 1),
        2 => prop::collection::vec(person(), 2..4),
        1 => Just(Vec::new()),
    ]
}

fn time() -> impl Strategy<Value = WallTime> {
    let any = (0u16..24, 0u16..4).prop_map(|(h, q)| WallTime::new(h, q * 15).unwrap());
    // The hours in which clocks change, and those at which shifts often do.
    let often = prop::sample::select(vec![
        (0, 0),
        (1, 30),
        (2, 0),
        (2, 15),
        (2, 30),
        (3, 0),
        (9, 0),
        (18, 0),
    ]);
    prop_oneof![1 => any, 2 => often.prop_map(|(h, m)| WallTime::new(h, m).unwrap())]
}

fn rule() -> impl Strategy<Value = ShiftRule> {
    let kinds = vec![DayKind::Workday, DayKind::Weekend, DayKind::Holiday];
    let kinds = prop::collection::btree_set(prop::sample::select(kinds), 0..3);
    let weekdays = prop_oneof![
        3 => Just(BTreeSet::new()),
        1 => prop::collection::btree_set(1u8..8, 1..6),
    ];
    (kinds, weekdays, time(), time(), prop::bool::weighted(0.3)).prop_map(
        |(kinds, weekdays, from, to, around)| ShiftRule {
            kinds,
            weekdays,
            from,
            to: if around { from } else { to },
        },
    )
}

fn rotation(around: NaiveDate) -> impl Strategy<Value = Rotation> {
    let cadence = prop_oneof![
        (1u16..5).prop_map(|days| Cadence::Days { days }),
        (1u16..3, 1u8..8).prop_map(|(weeks, weekday)| Cadence::Weeks { weeks, weekday }),
        (1u16..4).prop_map(|shifts| Cadence::Shifts { shifts }),
        Just(Cadence::Cycle { days: Vec::new() }),
    ];
    let turns = prop::collection::vec((turn(), 1u16..4), 1..5);
    let by_turn = (turns, cadence).prop_map(|(turns, cadence)| {
        let (turns, lengths): (Vec<_>, Vec<u16>) = turns.into_iter().unzip();
        let cadence = match cadence {
            Cadence::Cycle { .. } => Cadence::Cycle { days: lengths },
            other => other,
        };
        Rotation::Turns { turns, cadence }
    });
    let weekdays = prop::collection::btree_map(1u8..8, turn(), 1..7);
    let planned = prop::collection::btree_map(0u64..10, turn(), 1..10).prop_map(move |days| {
        let day = |n: u64| around + Days::new(n) - Days::new(3);
        Rotation::Planned {
            days: days.into_iter().map(|(n, p)| (day(n), p)).collect(),
        }
    });
    prop_oneof![
        6 => by_turn,
        1 => weekdays.prop_map(|people| Rotation::Weekdays { people }),
        1 => planned,
    ]
}

fn role() -> impl Strategy<Value = Role> {
    prop_oneof![3 => Just(Role::Primary), 1 => Just(Role::Secondary)]
}

fn layer(around: NaiveDate) -> impl Strategy<Value = Layer> {
    let more = (
        0i32..3,
        prop::option::of(time()),
        0u64..60,
        prop::option::weighted(0.2, 0u64..9),
        prop::option::weighted(0.3, prop::sample::select(&ZONES[..])),
        prop::option::weighted(0.4, prop::sample::select(&CALENDARS[..])),
    );
    (role(), rule(), rotation(around), more).prop_map(
        move |(role, rule, rotation, (priority, handoff, before, last, zone, calendar))| Layer {
            id: LayerId(0),
            name: "班".into(),
            role,
            priority,
            rule,
            rotation,
            handoff,
            first_day: around + Days::new(3) - Days::new(before),
            last_day: last.map(|n| around + Days::new(3) + Days::new(n)),
            zone,
            calendar: calendar.map(CalendarId::from),
        },
    )
}

/// A company's calendar: a weekend of its own, and days off and worked around the time that is looked at.
fn own_calendar(around: NaiveDate) -> impl Strategy<Value = Calendar> {
    let weekend = prop_oneof![
        1 => Just(BTreeSet::new()),
        1 => Just(BTreeSet::from([5, 6])),
        2 => prop::collection::btree_set(1u8..8, 1..4),
    ];
    let days = prop::collection::btree_map(0u64..14, any::<bool>(), 0..6);
    (weekend, days).prop_map(move |(weekend, days)| Calendar {
        id: OWN.into(),
        name: "自己的".into(),
        days: days
            .into_iter()
            .map(|(n, off)| {
                let name = "厂休".into();
                (
                    around + Days::new(n) - Days::new(5),
                    CalendarDay { off, name },
                )
            })
            .collect(),
        years: BTreeMap::from([(around.year(), "试".into())]),
        weekend,
        ..Calendar::default()
    })
}

/// A stretch within the looked-at time or over its edges, in quarters of an hour from its begin.
fn stretch() -> impl Strategy<Value = (i64, i64)> {
    (-100i64..600, 1i64..200).prop_map(|(from, length)| (from * STEP, (from + length) * STEP))
}

#[derive(Clone, Debug)]
struct Case {
    book: Book,
    from: i64,
}

fn id(other: bool) -> RotaId {
    if other { "other".into() } else { platform() }
}

fn case() -> impl Strategy<Value = Case> {
    let day = prop::sample::select(days());
    (day, prop::sample::select(&ZONES[..]))
        .prop_flat_map(|(day, zone)| {
            let layers = prop::collection::vec((layer(day), prop::bool::weighted(0.2)), 1..7);
            let absences =
                prop::collection::vec((person(), stretch(), prop::option::of(person())), 0..4);
            let overrides = prop::collection::vec(
                (
                    role(),
                    person(),
                    prop::option::of(person()),
                    stretch(),
                    0i64..5,
                ),
                0..4,
            );
            let slot = || (role(), person(), stretch(), prop::bool::weighted(0.1));
            let swaps = prop::collection::vec(
                (
                    slot(),
                    prop::option::of(slot()),
                    person(),
                    0i64..5,
                    prop::bool::weighted(0.8),
                ),
                0..4,
            );
            (
                Just((day, zone)),
                layers,
                absences,
                overrides,
                swaps,
                (
                    prop::option::weighted(0.7, prop::sample::select(&CALENDARS[..2])),
                    own_calendar(day),
                ),
            )
        })
        .prop_map(
            |((day, zone), layers, absences, overrides, swaps, (calendar, own))| {
                let from = ms(Shanghai, 2026, 1, 1, 0, 0)
                    + (day - date(2026, 1, 1)).num_days() * DAY
                    - 3 * DAY;
                let mut book = people(&PEOPLE[..4]);
                // One who is there for one role only.
                let mut only = Member::clone(&book.members["d"]);
                only.roles = vec![Role::Primary];
                book.members.insert(only.id.clone(), Arc::new(only));
                book.calendars.insert(own.id.clone(), Arc::new(own));
                for other in [false, true] {
                    let mut rota = Rota::new(id(other), "r", zone);
                    rota.calendar = calendar.map(CalendarId::from);
                    let mine = layers.iter().filter(|(_, o)| *o == other);
                    rota.layers = mine.map(|(l, _)| l.clone()).collect();
                    for (n, layer) in (1..).zip(&mut rota.layers) {
                        layer.id = LayerId(n);
                    }
                    book.rotas.insert(rota.id.clone(), Arc::new(rota));
                }
                for (n, (person, (f, u), stand_in)) in (100..).zip(absences) {
                    let absence = Absence {
                        id: AbsenceId(n),
                        person,
                        from: from + f,
                        until: from + u,
                        stand_in,
                        ..Absence::default()
                    };
                    book.absences.insert(absence.id, Arc::new(absence));
                }
                for (n, (role, person, replaces, (f, u), at)) in (200..).zip(overrides) {
                    let one = Override {
                        id: OverrideId(n),
                        rota: platform(),
                        role,
                        person,
                        replaces,
                        from: from + f,
                        until: from + u,
                        at,
                        ..Override::default()
                    };
                    book.overrides.insert(one.id, Arc::new(one));
                }
                for (n, (give, take, with, at, accepted)) in (150..).step_by(3).zip(swaps) {
                    let slot =
                        |(role, person, (f, u), other): (Role, String, (i64, i64), bool)| Slot {
                            rota: id(other),
                            role,
                            person,
                            from: from + f,
                            until: from + u,
                        };
                    let swap = Swap {
                        id: SwapId(n),
                        give: slot(give),
                        take: take.map(slot),
                        with,
                        decided_at: Some(at),
                        state: if accepted {
                            SwapState::Accepted
                        } else {
                            SwapState::Requested
                        },
                        ..Swap::default()
                    };
                    book.swaps.insert(swap.id, Arc::new(swap));
                }
                Case { book, from }
            },
        )
}

const ROLES: [Role; 2] = [Role::Primary, Role::Secondary];

type Held = Vec<(String, model::rota::DutyReason)>;

/// What the slow implementation says at each quarter of an hour.
fn slow(case: &Case, rota: &RotaId, role: &Role) -> Vec<(i64, Held)> {
    let times = (0..LENGTH / STEP).map(|n| case.from + n * STEP);
    times
        .map(|t| (t, reference::on_duty(&case.book, rota, role, t)))
        .collect()
}

fn ids(held: &Held) -> Vec<String> {
    held.iter().map(|(p, _)| p.clone()).collect()
}

fn sorted(mut held: Held) -> Held {
    held.sort();
    held
}

fn check_schedule(case: &Case, of_role: &[(Role, Vec<(i64, Held)>)]) -> Result<(), TestCaseError> {
    let (from, until) = (case.from, case.from + LENGTH);
    let shifts = schedule(&case.book, &platform(), from, until);
    for (role, line) in of_role {
        for (t, expected) in line {
            // In every quarter of an hour the answer is the same from its begin to its end.
            for t in [*t, *t + STEP - 1] {
                let here = shifts
                    .iter()
                    .filter(|s| s.role == *role && s.from <= t && t < s.until);
                let found: Held = here.map(|s| (s.person.clone(), s.reason.clone())).collect();
                prop_assert_eq!(
                    sorted(found),
                    sorted(expected.clone()),
                    "{:?} at {}",
                    role,
                    t
                );
            }
        }
    }
    for s in &shifts {
        prop_assert!(from <= s.from && s.from < s.until && s.until <= until);
    }
    Ok(())
}

fn check_coverage(
    case: &Case,
    of_role: &[(Role, Vec<(i64, Held)>)],
    other: &[(Role, Vec<(i64, Held)>)],
) -> Result<(), TestCaseError> {
    let found = coverage(&case.book, &platform(), case.from, case.from + LENGTH);
    let within = |from: i64, until: i64, t: i64| from <= t && t < until;
    let lines = |lines: &[(Role, Vec<(i64, Held)>)], n: usize| -> Vec<(Role, Vec<String>)> {
        let at = |(role, line): &(Role, Vec<(i64, Held)>)| (role.clone(), ids(&line[n].1));
        lines.iter().map(at).collect()
    };
    for (n, (t, primary)) in of_role[0].1.iter().enumerate() {
        let gaps = found
            .gaps
            .iter()
            .filter(|g| within(g.from, g.until, *t))
            .count();
        prop_assert_eq!(gaps, usize::from(primary.is_empty()), "gap at {}", t);
        let several = found.conflicts.iter().any(|c| {
            matches!(c, Conflict::SeveralPrimaries { from, until, people }
                if within(*from, *until, *t) && *people == ids(primary))
        });
        prop_assert_eq!(several, primary.len() > 1, "several at {}", t);
        let here = lines(of_role, n);
        let there = lines(other, n);
        let mut twice = BTreeMap::new();
        for person in PEOPLE {
            let count = |lines: &[(Role, Vec<String>)]| {
                lines
                    .iter()
                    .filter(|(_, p)| p.iter().any(|p| p == person))
                    .count()
            };
            let (mine, theirs) = (count(&here), count(&there));
            let pairs = mine * mine.saturating_sub(1) / 2 + mine * theirs;
            let told = found.doubles.iter();
            let told = told.filter(|d| d.person == person && within(d.from, d.until, *t));
            twice.insert(person, (told.count(), pairs));
        }
        for (person, (told, pairs)) in twice {
            prop_assert_eq!(told, pairs, "{} twice at {}", person, t);
        }
        for (role, people) in &here {
            for absence in case.book.absences.values() {
                let away =
                    people.contains(&absence.person) && within(absence.from, absence.until, *t);
                let told = found.conflicts.iter().any(|c| {
                    matches!(c, Conflict::AbsentOnDuty { absence: id, role: r, from, until, .. }
                        if *id == absence.id && r == role && within(*from, *until, *t))
                });
                prop_assert_eq!(told, away, "absent at {}", t);
            }
            let lacks = *role == Role::Secondary && people.iter().any(|p| p == "d");
            let told = found.conflicts.iter().filter(|c| {
                matches!(c, Conflict::LacksRole { person, role: r, from, until }
                    if person == "d" && r == role && within(*from, *until, *t))
            });
            prop_assert_eq!(told.count(), usize::from(lacks), "lacks the role at {}", t);
        }
    }
    // The fifth is not in the list of people.
    let strange = of_role
        .iter()
        .any(|(_, l)| l.iter().any(|(_, h)| ids(h).iter().any(|p| p == "e")));
    let told = found
        .conflicts
        .iter()
        .any(|c| matches!(c, Conflict::UnknownPerson { person, .. } if person == "e"));
    prop_assert_eq!(told, strange);
    Ok(())
}

fn check_points(case: &Case, of_role: &[(Role, Vec<(i64, Held)>)]) -> Result<(), TestCaseError> {
    for (role, line) in of_role {
        for (t, expected) in line.iter().step_by(7) {
            prop_assert_eq!(holders(&case.book, &platform(), role, *t), ids(expected));
        }
    }
    for n in [60, 200, 401] {
        let t = of_role[0].1[n].0;
        let on = on_duty(&case.book, &platform(), t);
        for (role, line) in of_role {
            let here: Held = on
                .iter()
                .filter(|d| d.role == *role)
                .map(|d| (d.person.clone(), d.reason.clone()))
                .collect();
            prop_assert_eq!(&here, &line[n].1);
            for d in on.iter().filter(|d| d.role == *role) {
                for (other, held) in line {
                    if d.from <= *other && *other < d.until {
                        prop_assert!(ids(held).contains(&d.person), "{:?} at {}", d, other);
                    }
                }
            }
        }
        let next = next_change(&case.book, &platform(), t).unwrap_or(i64::MAX);
        let people = |n: usize| -> Vec<BTreeSet<String>> {
            of_role
                .iter()
                .map(|(_, l)| ids(&l[n].1).into_iter().collect())
                .collect()
        };
        let changed = (n..of_role[0].1.len()).find(|m| people(*m) != people(n));
        match changed {
            Some(m) => prop_assert_eq!(next, of_role[0].1[m].0),
            None => prop_assert!(next >= case.from + LENGTH),
        }
    }
    Ok(())
}

// Each case is some thousand instants: a third of the usual number of cases is enough, and PROPTEST_CASES asks for more.
proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 3, ..ProptestConfig::default() })]

    #[test]
    fn the_fast_answers_are_the_slow_ones(case in case()) {
        let lines = |id: &RotaId| -> Vec<(Role, Vec<(i64, Held)>)> {
            ROLES.iter().map(|r| (r.clone(), slow(&case, id, r))).collect()
        };
        let of_role = lines(&platform());
        check_schedule(&case, &of_role)?;
        check_coverage(&case, &of_role, &lines(&id(true)))?;
        check_points(&case, &of_role)?;
    }
}
