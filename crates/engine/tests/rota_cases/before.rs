//! Before an edit is kept: how far it is looked at, what it would break there, and what cannot be at all.

use super::world::*;
use engine::rota::{AHEAD, Refusal, coverage, preview, reach};
use model::rota::{
    Absence, AbsenceId, Book, Cadence, Conflict, Coverage, Edit, Layer, LayerId, Member, Override,
    Role, Rota, ShiftRule, Slot, Swap, SwapId, WallTime,
};

fn now() -> i64 {
    at(11, 20, 12)
}

/// What somebody looks at: a few days, far from what is edited.
const SHOWN: (i64, i64) = (0, DAY);

/// `a`, `b`, `c` day by day from nine to nine as the primary; `c` on 23 November 2026.
fn daily() -> Book {
    let rule = ShiftRule::around_the_clock(WallTime::hour(9));
    let layer = turns(rule, &["a", "b", "c"], Cadence::Days { days: 1 });
    let book = one_layer(&["a", "b", "c", "d"], layer);
    assert_eq!(primary(&book, at(11, 23, 12)), ["c"]);
    book
}

fn day(person: &str, d: u32) -> Slot {
    slot(person, at(11, d, 9), at(11, d + 1, 9))
}

fn request(give: Slot, with: &str, take: Option<Slot>) -> Edit {
    Edit::RequestSwap(Swap {
        give,
        with: with.into(),
        take,
        ..Swap::default()
    })
}

fn absence(person: &str, from: i64, until: i64) -> Edit {
    Edit::PutAbsence(Absence {
        person: person.into(),
        from,
        until,
        ..Absence::default()
    })
}

fn worse(book: &Book, edit: Edit, by: &str) -> Vec<Coverage> {
    let seen = preview(book, edit, &who(by), now(), at(11, 20, 0), at(12, 5, 0)).unwrap();
    seen.differences.into_iter().map(|d| d.worse).collect()
}

#[test]
fn what_begins_and_ends_is_followed_as_far_as_it_goes() {
    let book = daily();
    let far = (at(12, 20, 0), at(12, 22, 0));
    let put = |from, until| Override {
        rota: platform(),
        person: "d".into(),
        from,
        until,
        ..Override::default()
    };
    let own = |edit: &Edit| reach(&book, edit, now(), SHOWN);
    assert_eq!(own(&absence("a", far.0, far.1)), [SHOWN, far]);
    assert_eq!(own(&Edit::PutOverride(put(far.0, far.1))), [SHOWN, far]);
    let later = (far.1 + DAY, far.1 + 2 * DAY);
    let several = Edit::PutOverrides {
        overrides: vec![put(later.0, later.1), put(far.0, far.1)],
    };
    assert_eq!(own(&several), [SHOWN, far, later]);
    let (one, other) = (day("c", 23), day("a", 27));
    let sides = [(one.from, one.until), (other.from, other.until)];
    let exchange = Edit::Exchange {
        one: one.clone(),
        other: other.clone(),
        why: String::new(),
    };
    assert_eq!(own(&exchange), [SHOWN, sides[0], sides[1]]);
    let asked = request(one, "a", Some(other));
    assert_eq!(own(&asked), [SHOWN, sides[0], sides[1]]);
    // What is there is as long as it is when it goes, and when it is answered.
    let (with, _) = done(&book, asked, "c", now());
    let swap = *with.swaps.keys().next().unwrap();
    let accept = Edit::AcceptSwap {
        swap,
        answer: String::new(),
    };
    assert_eq!(
        reach(&with, &accept, now(), SHOWN),
        [SHOWN, sides[0], sides[1]]
    );
    let (with, _) = done(&with, absence("b", far.0, far.1), "b", now());
    let away = *with.absences.keys().next().unwrap();
    let back = Edit::RemoveAbsence { absence: away };
    assert_eq!(reach(&with, &back, now(), SHOWN), [SHOWN, far]);
    let moved = Edit::PutAbsence(Absence {
        from: later.0,
        until: later.1,
        ..Absence::clone(&with.absences[&away])
    });
    assert_eq!(reach(&with, &moved, now(), SHOWN), [SHOWN, far, later]);
    let (with, _) = done(&with, Edit::PutOverride(put(far.0, far.1)), "boss", now());
    let id = *with.overrides.keys().next().unwrap();
    let gone = Edit::RemoveOverride { id };
    assert_eq!(reach(&with, &gone, now(), SHOWN), [SHOWN, far]);
    // Where the screen shows it, or lies against it, it is one stretch.
    let shown = (far.0 - DAY, far.0);
    let edit = absence("a", far.0, far.1);
    assert_eq!(reach(&book, &edit, now(), shown), [(shown.0, far.1)]);
    assert_eq!(
        reach(
            &book,
            &Edit::RemoveAbsence {
                absence: AbsenceId(77)
            },
            now(),
            SHOWN
        ),
        [SHOWN]
    );
}

#[test]
fn what_has_no_end_is_followed_for_a_quarter_and_to_where_a_layer_begins_and_ends() {
    let book = daily();
    let quarter = (now(), now() + AHEAD);
    let layer = Layer::clone(&book.rotas[&platform()].layers[0]);
    let put = |layer: Layer| Edit::PutLayer {
        rota: platform(),
        layer,
    };
    let of = |edit: &Edit| reach(&book, edit, now(), SHOWN);
    assert_eq!(of(&put(layer.clone())), [SHOWN, quarter]);
    let remove = Edit::RemoveLayer {
        rota: platform(),
        layer: layer.id,
    };
    assert_eq!(of(&remove), [SHOWN, quarter]);
    assert_eq!(
        of(&Edit::PutRota(Rota::clone(&book.rotas[&platform()]))),
        [SHOWN, quarter]
    );
    assert_eq!(
        of(&Edit::PutMember(Member::clone(&book.members["a"]))),
        [SHOWN, quarter]
    );
    // One that ends in half a year: what is missing from then on.
    let ends = Layer {
        last_day: Some(date(2027, 6, 30)),
        ..layer.clone()
    };
    let end = ms(chrono_tz::Asia::Shanghai, 2027, 6, 30, 0, 0);
    assert_eq!(of(&put(ends)), [SHOWN, quarter, (end, end + AHEAD)]);
    let begins = Layer {
        id: LayerId(0),
        first_day: date(2027, 6, 30),
        ..layer.clone()
    };
    assert_eq!(
        of(&put(begins.clone())),
        [SHOWN, quarter, (end, end + AHEAD)]
    );
    let planned = Layer {
        last_day: Some(date(2027, 7, 1)),
        ..begins
    };
    let plan = Edit::AdoptPlan {
        rota: platform(),
        layers: vec![planned],
    };
    assert_eq!(of(&plan), [SHOWN, (end, end + 3 * DAY)]);
}

#[test]
fn a_person_without_the_role_is_told_before_and_after() {
    let book = daily();
    let mut second = Member::clone(&book.members["d"]);
    second.roles = vec![Role::Secondary];
    let (book, _) = done(&book, Edit::PutMember(second), "boss", now());
    let put = Override {
        rota: platform(),
        role: Role::Primary,
        person: "d".into(),
        from: at(11, 23, 9),
        until: at(11, 24, 21),
        ..Override::default()
    };
    let put = Edit::PutOverride(put);
    // Over two turns it is one stretch.
    let expected = Conflict::LacksRole {
        person: "d".into(),
        role: Role::Primary,
        from: at(11, 23, 9),
        until: at(11, 24, 21),
    };
    let seen = worse(&book, put.clone(), "boss");
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].conflicts, std::slice::from_ref(&expected));
    let (kept, _) = done(&book, put, "boss", now());
    let found = coverage(&kept, &platform(), at(11, 20, 0), at(12, 5, 0));
    assert_eq!(found.conflicts, [expected]);
    assert!(!found.is_clean());
    // Given the role it is well.
    let mut able = Member::clone(&kept.members["d"]);
    able.roles.push(Role::Primary);
    let seen = preview(
        &kept,
        Edit::PutMember(able),
        &who("boss"),
        now(),
        at(11, 20, 0),
        at(12, 5, 0),
    );
    assert_eq!(seen.unwrap().differences[0].better.conflicts.len(), 1);
}

/// Another role of the same rota, which `a` always has, and another rota, on which `b` always is.
fn elsewhere() -> Book {
    let book = daily();
    let rule = ShiftRule::around_the_clock(WallTime::hour(9));
    let mut second = turns(rule.clone(), &["a"], Cadence::Days { days: 1 });
    second.role = Role::Secondary;
    let edit = Edit::PutLayer {
        rota: platform(),
        layer: second,
    };
    let (book, _) = done(&book, edit, "boss", now());
    let mut other = Rota::new("dba", "数据库", chrono_tz::Asia::Shanghai);
    other.layers = vec![turns(rule, &["b"], Cadence::Days { days: 1 })];
    done(&book, Edit::PutRota(other), "boss", now()).0
}

#[test]
fn what_is_asked_for_is_looked_at_as_if_it_were_agreed_to() {
    let book = elsewhere();
    // `c` to `d`: nothing is wrong with that, and it is not for the asking that nothing is told.
    assert!(
        worse(&book, request(day("c", 23), "d", None), "c")
            .iter()
            .all(Coverage::is_clean)
    );
    let changed = preview(
        &book,
        request(day("c", 23), "d", None),
        &who("c"),
        now(),
        at(11, 20, 0),
        at(12, 5, 0),
    );
    assert_eq!(changed.unwrap().differences[0].after[0].person, "d");
    // `a` is the secondary then, `b` on another rota.
    for (with, other) in [("a", platform()), ("b", "dba".into())] {
        let ask = request(day("c", 23), with, None);
        let seen = worse(&book, ask.clone(), "c");
        let doubles: Vec<_> = seen
            .iter()
            .filter(|w| w.rota == platform())
            .flat_map(|w| &w.doubles)
            .collect();
        assert_eq!(doubles.len(), 1, "{seen:?}");
        assert_eq!(
            (doubles[0].person.as_str(), &doubles[0].other.rota),
            (with, &other)
        );
        assert_eq!(
            (doubles[0].from, doubles[0].until),
            (at(11, 23, 9), at(11, 24, 9))
        );
        // The one who is asked sees the same beside the answer.
        let (asked, _) = done(&book, ask, "c", now());
        let swap: SwapId = *asked.swaps.keys().next().unwrap();
        let accept = Edit::AcceptSwap {
            swap,
            answer: String::new(),
        };
        assert_eq!(worse(&asked, accept, with), seen);
        assert!(
            coverage(&asked, &platform(), at(11, 23, 9), at(11, 24, 9))
                .doubles
                .iter()
                .all(|d| d.person != "b"),
            "asked is not agreed"
        );
    }
}

#[test]
fn a_swap_with_somebody_who_is_absent_then_is_refused() {
    let book = daily();
    let away = |person: &str, d: u32| absence(person, at(11, d, 20), at(11, d, 22));
    let refusal = |person: &str, d: u32| Refusal::Absent {
        person: person.into(),
        at: at(11, d, 20),
    };
    let ask = request(day("c", 23), "d", None);
    let (absent, _) = done(&book, away("d", 23), "d", now());
    assert_eq!(refused(&absent, ask.clone(), "c", now()), refusal("d", 23));
    // Absent since it was asked.
    let (asked, _) = done(&book, ask, "c", now());
    let swap = *asked.swaps.keys().next().unwrap();
    let (asked, _) = done(&asked, away("d", 23), "d", now());
    let accept = Edit::AcceptSwap {
        swap,
        answer: String::new(),
    };
    assert_eq!(refused(&asked, accept, "d", now()), refusal("d", 23));
    // The one who gives is absent when what is taken in return begins.
    let (absent, _) = done(&book, away("c", 24), "c", now());
    let both = request(day("c", 23), "a", Some(day("a", 24)));
    assert_eq!(refused(&absent, both, "c", now()), refusal("c", 24));
    // On another day absence does not matter.
    let (absent, _) = done(&book, away("d", 26), "d", now());
    done(&absent, request(day("c", 23), "d", None), "c", now());
}

#[test]
fn a_rota_that_is_removed_leaves_nobody_on_duty_from_now_on() {
    // `b` is absent on the 22nd, and nobody stands in: that is wrong as it is.
    let away = absence("b", at(11, 22, 9), at(11, 23, 9));
    let (book, _) = done(&daily(), away, "b", now());
    let edit = Edit::RemoveRota { rota: platform() };
    assert_eq!(
        reach(&book, &edit, now(), SHOWN),
        [(now(), now() + AHEAD)],
        "who was on duty before was it all the same"
    );
    let seen = preview(&book, edit, &who("boss"), now(), now(), at(11, 25, 9)).unwrap();
    let [gone] = seen.differences.as_slice() else {
        panic!("{seen:?}");
    };
    let gaps: Vec<_> = gone.worse.gaps.iter().map(|g| (g.from, g.until)).collect();
    let (until, again) = (at(11, 22, 9), at(11, 23, 9));
    assert_eq!(gaps, [(now(), until), (again, at(11, 25, 9))]);
    assert!(gone.better.is_clean(), "nothing is put right by it");
    assert!(gone.after.is_empty() && gone.before.len() == 4, "{gone:?}");
    assert!(!seen.is_clean());
}
