//! Edits in any order: the log makes the same book again, undo puts everything back, and a preview is what then happens.

use super::world::*;
use engine::rota::{apply, coverage, preview, record, tried, undo};
use model::rota::{Absence, Book, Coverage, Edit, Gap, Override, Role, Slot, Swap, SwapId};
use proptest::prelude::*;

const PEOPLE: [&str; 4] = ["a", "b", "c", "d"];

#[derive(Clone, Debug)]
enum Op {
    Absence(usize, i64, i64, Option<usize>),
    Override(usize, Option<usize>, i64, i64),
    Swap(i64, usize),
    Answer(usize, bool),
    Exchange(i64, i64),
    RemoveLayer(usize),
    Undo,
}

fn op() -> impl Strategy<Value = Op> {
    let person = 0..PEOPLE.len();
    let hours = (0i64..400, 1i64..80);
    prop_oneof![
        2 => (person.clone(), hours.clone(), prop::option::of(person.clone()))
            .prop_map(|(p, (f, l), s)| Op::Absence(p, f, l, s)),
        3 => (person.clone(), prop::option::of(person.clone()), hours)
            .prop_map(|(p, r, (f, l))| Op::Override(p, r, f, l)),
        3 => (0i64..400, person).prop_map(|(f, p)| Op::Swap(f, p)),
        3 => (0usize..4, any::<bool>()).prop_map(|(n, yes)| Op::Answer(n, yes)),
        2 => (0i64..400, 0i64..400).prop_map(|(a, b)| Op::Exchange(a, b)),
        1 => (0usize..9).prop_map(Op::RemoveLayer),
        2 => Just(Op::Undo),
    ]
}

/// National holiday, a make-up Saturday and workdays: 28 September to 18 October 2026.
fn from() -> i64 {
    at(9, 28, 9)
}

fn until() -> i64 {
    from() + 20 * DAY
}

/// The primary's shift at an hour, as a slot.
fn shift_at(book: &Book, hour: i64) -> Option<Slot> {
    let t = from() + hour * HOUR;
    let on = engine::rota::on_duty(book, &platform(), t);
    let first = on.into_iter().find(|d| d.role == Role::Primary)?;
    Some(slot(&first.person, t, t + HOUR))
}

fn edit(book: &Book, op: &Op) -> Option<(Edit, String)> {
    let name = |n: usize| PEOPLE[n].to_string();
    let time = |from_hour: i64, length: i64| {
        let start = from() + from_hour * HOUR;
        (start, start + length * HOUR)
    };
    let boss = "boss".to_string();
    Some(match op {
        Op::Absence(p, f, l, stand_in) => {
            let (from, until) = time(*f, *l);
            let absence = Absence {
                person: name(*p),
                from,
                until,
                stand_in: stand_in.filter(|s| s != p).map(name),
                ..Absence::default()
            };
            (Edit::PutAbsence(absence), boss)
        }
        Op::Override(p, replaces, f, l) => {
            let (from, until) = time(*f, *l);
            let new = Override {
                rota: platform(),
                role: Role::Primary,
                person: name(*p),
                replaces: replaces.map(name),
                from,
                until,
                ..Override::default()
            };
            (Edit::PutOverride(new), boss)
        }
        Op::Swap(hour, with) => {
            let give = shift_at(book, *hour)?;
            let asks = give.person.clone();
            let swap = Swap {
                give,
                with: name(*with),
                ..Swap::default()
            };
            (Edit::RequestSwap(swap), asks)
        }
        Op::Answer(n, yes) => {
            let (id, swap) = book.swaps.iter().nth(*n)?;
            let (swap, who, answer) = (SwapId(id.0), swap.with.clone(), String::new());
            let edit = if *yes {
                Edit::AcceptSwap { swap, answer }
            } else {
                Edit::DeclineSwap { swap, answer }
            };
            (edit, who)
        }
        Op::Exchange(a, b) => {
            let (one, other) = (shift_at(book, *a)?, shift_at(book, *b)?);
            let why = String::new();
            (Edit::Exchange { one, other, why }, boss)
        }
        Op::RemoveLayer(n) => {
            let layer = book.rotas[&platform()].layers.get(*n)?.id;
            let rota = platform();
            (Edit::RemoveLayer { rota, layer }, boss)
        }
        Op::Undo => return None,
    })
}

fn gap_at(coverage: &Coverage, t: i64) -> bool {
    let here = |g: &Gap| g.from <= t && t < g.until;
    coverage.gaps.iter().any(here)
}

fn double_at(coverage: &Coverage, t: i64) -> usize {
    let here = coverage
        .doubles
        .iter()
        .filter(|d| d.from <= t && t < d.until);
    here.count()
}

/// What a preview calls worse is wrong afterwards and was not before, and the reverse.
fn check_preview(before: &Book, after: &Book, edit: Edit, by: &str) -> Result<(), TestCaseError> {
    let seen = preview(before, edit.clone(), &who(by), 1, from(), until()).unwrap();
    let was = coverage(before, &platform(), from(), until());
    // A request is looked at as if it were agreed to.
    let agreed = matches!(edit, Edit::RequestSwap(_));
    let agreed = agreed.then(|| tried(before, edit, &who(by), 1).unwrap().0);
    let after = agreed.as_ref().unwrap_or(after);
    let is = coverage(after, &platform(), from(), until());
    let found = seen.differences.iter().find(|d| d.rota == platform());
    let empty = engine::rota::Difference::default();
    let found = found.unwrap_or(&empty);
    let mut t = from();
    while t < until() {
        prop_assert_eq!(gap_at(&found.worse, t), gap_at(&is, t) && !gap_at(&was, t));
        prop_assert_eq!(gap_at(&found.better, t), gap_at(&was, t) && !gap_at(&is, t));
        let (more, fewer) = (double_at(&found.worse, t), double_at(&found.better, t));
        prop_assert_eq!(double_at(&was, t) + more, double_at(&is, t) + fewer);
        t += HOUR;
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 4, ..ProptestConfig::default() })]

    #[test]
    fn the_log_is_the_book_and_undo_is_the_way_back(ops in prop::collection::vec(op(), 1..14)) {
        let start = handbook(&PEOPLE);
        let mut book = start.clone();
        let mut replayed = start.clone();
        let mut past = Vec::new();
        for op in ops {
            let (next, change) = match edit(&book, &op) {
                Some((edit, by)) => match apply(&book, edit.clone(), &who(&by), 1) {
                    Ok((next, change)) => {
                        check_preview(&book, &next, edit, &by)?;
                        past.push((book.clone(), change.clone()));
                        (next, change)
                    }
                    Err(_) => continue,
                },
                None => {
                    let Some((former, change)) = past.pop() else { continue };
                    let by = change.by.clone();
                    let (next, undone) = undo(&book, &change, &by, 1).unwrap();
                    prop_assert_eq!(&Book { last_id: former.last_id, ..next.clone() }, &former);
                    (next, undone)
                }
            };
            prop_assert!(change.id.0 > book.last_id);
            replayed = record(&replayed, &change);
            prop_assert_eq!(&replayed, &next);
            book = next;
        }
        while let Some((former, change)) = past.pop() {
            let (next, _) = undo(&book, &change, &change.by, 1).unwrap();
            prop_assert_eq!(&Book { last_id: former.last_id, ..next.clone() }, &former);
            book = next;
        }
        prop_assert_eq!(&Book { last_id: start.last_id, ..book }, &start);
    }
}
