//! Fairness is counted as people count it, and a plan is fairer than the rotation, keeps its rules and is the same for a seed.

use super::world::*;
use engine::rota::{PlanRules, coverage, fairness, plan, schedule};
use model::rota::{
    Absence, Book, Edit, Fairness, Load, Override, Role, Rota, RotaId, Shift, Weights,
};
use std::collections::BTreeMap;

fn load<'a>(fairness: &'a Fairness, person: &str) -> &'a Load {
    fairness.people.iter().find(|l| l.person == person).unwrap()
}

/// A rota without shifts on which only overrides are.
fn by_hand(stays: &[(&str, i64, i64)]) -> Book {
    let mut book = people(&["a", "b"]);
    let mut rota = Rota::new("platform", "r", chrono_tz::Asia::Shanghai);
    rota.calendar = Some("cn".into());
    book = done(&book, Edit::PutRota(rota), "a", 0).0;
    for (person, from, until) in stays {
        let put = Override {
            rota: platform(),
            role: Role::Primary,
            person: (*person).into(),
            from: *from,
            until: *until,
            ..Override::default()
        };
        book = done(&book, Edit::PutOverride(put), "a", 0).0;
    }
    book
}

#[test]
fn nights_weekends_and_holidays_are_counted_as_people_do() {
    let cases = [
        // A workday's day, its night, a Saturday around the clock, the holiday's first day around the clock.
        ((at(11, 24, 9), at(11, 24, 18)), (0, 0, 0), 9.0),
        (
            (at(11, 24, 18), at(11, 25, 9)),
            (1, 0, 0),
            4.0 + 8.0 * 1.5 + 3.0,
        ),
        ((at(11, 21, 9), at(11, 22, 9)), (1, 1, 0), 48.0),
        ((at(10, 1, 9), at(10, 2, 9)), (1, 0, 1), 72.0),
        // A make-up Saturday is a workday, a holiday's Sunday is a holiday.
        ((at(2, 14, 9), at(2, 14, 18)), (0, 0, 0), 9.0),
        ((at(2, 15, 9), at(2, 15, 18)), (0, 0, 1), 27.0),
        // Friday's night ends on Saturday at nine: no weekend, but Saturday's hours weigh.
        (
            (at(11, 20, 18), at(11, 21, 9)),
            (1, 0, 0),
            4.0 + 2.0 * 1.5 + 9.0 * 2.0,
        ),
    ];
    for ((from, until), (nights, weekends, holidays), score) in cases {
        let book = by_hand(&[("a", from, until)]);
        let weights = Weights::default();
        let found = fairness(&book, &platform(), from - DAY, until + DAY, &weights);
        let a = load(&found, "a");
        assert_eq!(
            (a.nights, a.weekends, a.holidays),
            (nights, weekends, holidays)
        );
        assert!(
            (a.score - score).abs() < 1e-9,
            "{} instead of {score}",
            a.score
        );
        assert_eq!(a.on_duty_ms, until - from);
    }
}

#[test]
fn mean_deviation_and_spread_are_of_the_scores() {
    let book = by_hand(&[
        ("a", at(11, 24, 9), at(11, 24, 18)),
        ("b", at(11, 25, 9), at(11, 25, 12)),
    ]);
    let found = fairness(
        &book,
        &platform(),
        at(11, 1, 0),
        at(12, 1, 0),
        &Weights::default(),
    );
    assert_eq!((found.mean, found.deviation, found.spread), (6.0, 3.0, 6.0));
}

fn twenty() -> Vec<String> {
    (0..20).map(|n| format!("p{n:02}")).collect()
}

fn big() -> Book {
    let ids = twenty();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let mut book = handbook(&ids);
    for (n, person) in ids.iter().enumerate().step_by(3) {
        let from = at(10, 1, 0) + n as i64 * 4 * DAY;
        let absence = Absence {
            person: (*person).to_string(),
            from,
            until: from + 9 * DAY,
            why: "年假".into(),
            ..Absence::default()
        };
        book = done(&book, Edit::PutAbsence(absence), person, 0).0;
    }
    book
}

fn by_person(shifts: Vec<Shift>) -> BTreeMap<String, Vec<Shift>> {
    let mut out: BTreeMap<String, Vec<Shift>> = BTreeMap::new();
    for shift in shifts.into_iter().filter(|s| s.role != Role::Manager) {
        out.entry(shift.person.clone()).or_default().push(shift);
    }
    out
}

#[test]
fn a_quarter_for_twenty_is_even_rested_and_the_same_for_a_seed() {
    let book = big();
    let (first, last) = (date(2026, 10, 1), date(2027, 1, 1));
    let rules = PlanRules::default();
    let made = plan(&book, &platform(), first, last, &rules, 7).unwrap();
    assert_eq!(
        plan(&book, &platform(), first, last, &rules, 7).unwrap(),
        made
    );
    assert_ne!(
        plan(&book, &platform(), first, last, &rules, 8)
            .unwrap()
            .layers,
        made.layers
    );
    assert!(
        made.unfilled.is_empty() && made.strained.is_empty(),
        "{:?}",
        made.strained
    );
    assert!(made.total_after.deviation < made.total_before.deviation / 5.0);
    // Within one holiday's shift of each other, history included.
    assert!(
        made.total_after.spread < 72.0,
        "{}",
        made.total_after.spread
    );
    let counts = |of: fn(&Load) -> u32| {
        let all = made
            .total_after
            .people
            .iter()
            .filter(|l| l.person != "boss")
            .map(of);
        (all.clone().min().unwrap(), all.max().unwrap())
    };
    let (fewest, most) = counts(|l| l.nights);
    assert!(most - fewest <= 6, "nights {fewest} to {most}");
    let edit = Edit::AdoptPlan {
        rota: platform(),
        layers: made.layers.clone(),
    };
    let (planned, change) = done(&book, edit, "boss", at(9, 25, 0));
    let (from, until) = (at(10, 1, 9), at(12, 31, 9));
    let found = coverage(&planned, &platform(), from, until);
    assert!(found.is_clean(), "{found:?}");
    for (person, shifts) in by_person(schedule(&planned, &platform(), from, until)) {
        for pair in shifts.windows(2) {
            let rest = pair[1].from - pair[0].until;
            assert!(rest >= rules.min_rest_ms, "{person} {pair:?}");
        }
        for absence in planned.absences.values().filter(|a| a.person == person) {
            let away = |s: &Shift| s.from < absence.until && s.until > absence.from;
            assert!(!shifts.iter().any(away));
        }
    }
    // A new plan takes the place of the old one instead of lying on it.
    let again = plan(&planned, &platform(), first, last, &rules, 9).unwrap();
    let edit = Edit::AdoptPlan {
        rota: platform(),
        layers: again.layers,
    };
    let (twice, _) = done(&planned, edit, "boss", at(9, 26, 0));
    let layers = |b: &Book| b.rotas[&platform()].layers.len();
    assert_eq!(layers(&twice), layers(&planned));
    let (back, _) = engine::rota::undo(&planned, &change, &who("boss"), at(9, 25, 1)).unwrap();
    assert_eq!(back.rotas, book.rotas);
}

#[test]
fn no_more_nights_in_a_row_than_allowed() {
    let book = handbook(&["a", "b", "c", "d", "e", "f"]);
    let rules = PlanRules {
        max_nights: 1,
        min_rest_ms: 0,
        ..PlanRules::default()
    };
    let made = plan(
        &book,
        &platform(),
        date(2026, 11, 1),
        date(2026, 12, 1),
        &rules,
        1,
    )
    .unwrap();
    assert!(made.strained.is_empty(), "{:?}", made.strained);
    let edit = Edit::AdoptPlan {
        rota: platform(),
        layers: made.layers,
    };
    let (planned, _) = done(&book, edit, "boss", 0);
    for (person, shifts) in by_person(schedule(&planned, &platform(), at(11, 1, 9), at(11, 30, 9)))
    {
        // Nights are those with a shift at two in the morning.
        let nights: Vec<i64> = (2..30)
            .filter(|d| {
                let t = at(11, *d, 2);
                shifts.iter().any(|s| s.from <= t && t < s.until)
            })
            .map(i64::from)
            .collect();
        for pair in nights.windows(2) {
            assert!(pair[1] - pair[0] > 1, "{person}: {nights:?}");
        }
    }
}

#[test]
fn where_a_rule_cannot_hold_it_is_told_and_where_nobody_can_it_is_a_gap() {
    // Two people, primary and secondary around the clock: no rest is possible.
    let two = handbook(&["a", "b"]);
    let (first, last) = (date(2026, 11, 2), date(2026, 11, 9));
    let rules = PlanRules::default();
    let made = plan(&two, &platform(), first, last, &rules, 1).unwrap();
    assert!(!made.strained.is_empty());
    assert!(made.unfilled.is_empty());
    let absence = Absence {
        person: "a".into(),
        from: at(11, 3, 0),
        until: at(11, 6, 0),
        ..Absence::default()
    };
    let (away, _) = done(&two, Edit::PutAbsence(absence), "a", 0);
    let made = plan(&away, &platform(), first, last, &rules, 1).unwrap();
    assert!(!made.unfilled.is_empty());
    for gap in &made.unfilled {
        assert!(
            gap.from < at(11, 6, 9) && gap.until > at(11, 3, 0),
            "{gap:?}"
        );
    }
}

#[test]
fn a_plan_leaves_alone_who_is_on_another_rota() {
    let mut book = handbook(&["a", "b", "c", "d"]);
    let other: RotaId = "other".into();
    let mut rota = Rota::new(other.clone(), "别的", chrono_tz::Asia::Shanghai);
    let every = model::rota::ShiftRule::around_the_clock(model::rota::WallTime::hour(0));
    rota.layers = vec![turns(every, &["a"], model::rota::Cadence::Days { days: 1 })];
    book = done(&book, Edit::PutRota(rota), "boss", 0).0;
    let rules = PlanRules::default();
    let made = plan(
        &book,
        &platform(),
        date(2026, 11, 2),
        date(2026, 11, 16),
        &rules,
        3,
    )
    .unwrap();
    let edit = Edit::AdoptPlan {
        rota: platform(),
        layers: made.layers,
    };
    assert!(made.unfilled.is_empty());
    let (planned, _) = done(&book, edit, "boss", 0);
    let found = coverage(&planned, &platform(), at(11, 2, 9), at(11, 15, 9));
    assert!(found.doubles.is_empty(), "{:?}", found.doubles);
}
