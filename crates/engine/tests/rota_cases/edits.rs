//! Edits: the log, undo, previews, what is refused.

use super::world::*;
use engine::rota::{Refusal, apply, coverage, preview, record, schedule, undo};
use model::rota::{
    Absence, Book, Cadence, DutyNote, Edit, Layer, LayerId, Member, Override, OverrideId, Role,
    Rota, Rotation, ShiftRule, Touched, WallTime,
};

fn now() -> i64 {
    at(11, 20, 12)
}

fn put(person: &str, from: i64, until: i64) -> Override {
    Override {
        rota: platform(),
        role: Role::Primary,
        person: person.into(),
        from,
        until,
        ..Override::default()
    }
}

#[test]
fn every_edit_is_one_line_of_the_log_that_makes_the_same_book_again() {
    let start = handbook(&["a", "b", "c"]);
    let rota = start.rotas[&platform()].clone();
    let layer = Layer {
        name: "支援".into(),
        role: Role::Other("dba".into()),
        rule: ShiftRule::around_the_clock(WallTime::hour(9)),
        rotation: Rotation::Turns {
            turns: vec![vec!["a".into()]],
            cadence: Cadence::Days { days: 1 },
        },
        first_day: date(2026, 1, 1),
        ..Layer::default()
    };
    let other = Rota::new("other", "别的", chrono_tz::Europe::Berlin);
    let edits = vec![
        Edit::PutMember(Member {
            id: "d".into(),
            name: "丁".into(),
            phone: "13800131234".into(),
            ..Member::default()
        }),
        Edit::PutLayer {
            rota: platform(),
            layer,
        },
        Edit::PutAbsence(Absence {
            person: "a".into(),
            from: now(),
            until: now() + DAY,
            ..Absence::default()
        }),
        Edit::PutOverride(put("d", now(), now() + HOUR)),
        Edit::PutRota(other),
        Edit::RemoveRota {
            rota: "other".into(),
        },
        Edit::RemoveLayer {
            rota: platform(),
            layer: rota.layers[0].id,
        },
    ];
    let mut book = start.clone();
    let mut replayed = start.clone();
    let mut log = Vec::new();
    for (n, edit) in (0..).zip(edits) {
        let (next, change) = done(&book, edit, "boss", now() + n);
        assert_eq!(change.by.id, "boss");
        assert_eq!(change.at, now() + n);
        assert!(change.id.0 > book.last_id);
        replayed = record(&replayed, &change);
        assert_eq!(replayed, next);
        log.push(change);
        book = next;
    }
    for change in log.iter().rev() {
        let (next, undone) = undo(&book, change, &who("boss"), now()).unwrap();
        assert_eq!(undone.undoes, Some(change.id));
        replayed = record(&replayed, &undone);
        book = next;
        assert_eq!(replayed, book);
    }
    assert_eq!(
        Book {
            last_id: start.last_id,
            ..book
        },
        start
    );
}

#[test]
fn undo_is_refused_when_something_came_after_and_can_itself_be_undone() {
    let book = handbook(&["a", "b", "c"]);
    let (book, first) = done(
        &book,
        Edit::PutOverride(put("a", now(), now() + HOUR)),
        "boss",
        1,
    );
    let id = *book.overrides.keys().next().unwrap();
    let later = Override {
        id,
        ..put("b", now(), now() + HOUR)
    };
    let (changed, second) = done(&book, Edit::PutOverride(later), "boss", 2);
    let refusal = undo(&changed, &first, &who("boss"), 3).unwrap_err();
    assert_eq!(refusal.code(), "changed_since");
    let (back, third) = undo(&changed, &second, &who("boss"), 3).unwrap();
    assert_eq!(back.overrides, book.overrides);
    let (forth, _) = undo(&back, &third, &who("boss"), 4).unwrap();
    assert_eq!(forth.overrides, changed.overrides);
    let (none, _) = undo(&back, &first, &who("boss"), 5).unwrap();
    assert!(none.overrides.is_empty());
}

#[test]
fn what_was_made_cannot_be_undone_while_something_needs_it() {
    let book = handbook(&["a", "b"]);
    let new = Member {
        id: "n".into(),
        name: "新".into(),
        ..Member::default()
    };
    let (book, made) = done(&book, Edit::PutMember(new), "boss", 1);
    let (book, _) = done(
        &book,
        Edit::PutOverride(put("n", now(), now() + HOUR)),
        "boss",
        2,
    );
    let refusal = undo(&book, &made, &who("boss"), 3).unwrap_err();
    assert_eq!(refusal.code(), "in_use");
}

#[test]
fn dragging_a_shift_shows_both_sides_before_it_is_saved() {
    let book = handbook(&["a", "b", "c", "d"]);
    let (from, until) = (at(11, 23, 0), at(11, 30, 0));
    let shifts = schedule(&book, &platform(), from, until);
    let day = shifts
        .iter()
        .find(|s| s.role == Role::Primary && s.from == at(11, 24, 9))
        .unwrap();
    let second = |t| engine::rota::holders(&book, &platform(), &Role::Secondary, t).concat();
    let to = ["a", "b", "c", "d"]
        .into_iter()
        .find(|p| *p != day.person && *p != second(day.from))
        .unwrap();
    let edit = Edit::PutOverride(Override {
        replaces: Some(day.person.clone()),
        ..put(to, day.from, day.until)
    });
    let seen = preview(&book, edit.clone(), &who("boss"), now(), from, until).unwrap();
    assert!(seen.is_clean(), "{seen:?}");
    let [one] = seen.differences.as_slice() else {
        panic!("{seen:?}");
    };
    assert_eq!((one.before.len(), one.after.len()), (1, 1));
    assert_eq!(one.before[0].person, day.person);
    assert_eq!(one.after[0].person, to);
    assert_eq!(
        (one.after[0].from, one.after[0].until),
        (day.from, day.until)
    );
    assert_eq!(one.after[0].instead_of, [day.person.as_str()]);
    // Onto the secondary of that time: told as a double booking, before anything is saved.
    let twice = Edit::PutOverride(put(&second(day.from), day.from, day.until));
    let seen = preview(&book, twice, &who("boss"), now(), from, until).unwrap();
    let worse = &seen.differences[0].worse;
    assert_eq!(worse.doubles.len(), 1, "{worse:?}");
    assert_eq!(worse.doubles[0].one.role, Role::Primary);
    assert_eq!(worse.doubles[0].other.role, Role::Secondary);
    let (after, change) = done(&book, edit, "boss", now());
    assert_eq!(change.touched.len(), 1);
    assert!(coverage(&after, &platform(), from, until).is_clean());
}

#[test]
fn a_gap_is_seen_before_it_is_made_and_seen_healed_before_it_is_filled() {
    let book = handbook(&["a", "b", "c"]);
    let (from, until) = (at(9, 1, 9), at(12, 1, 9));
    let rota = &book.rotas[&platform()];
    let layer = rota.layers.iter().find(|l| l.name == "节假日").unwrap().id;
    let remove = Edit::RemoveLayer {
        rota: platform(),
        layer,
    };
    let seen = preview(&book, remove.clone(), &who("boss"), now(), from, until).unwrap();
    let worse = &seen.differences[0].worse;
    // Mid-autumn and the national holiday.
    let gaps: Vec<(i64, i64)> = worse.gaps.iter().map(|g| (g.from, g.until)).collect();
    assert_eq!(
        gaps,
        [(at(9, 25, 9), at(9, 28, 9)), (at(10, 1, 9), at(10, 8, 9))]
    );
    let (holed, _) = done(&book, remove, "boss", now());
    let fill = Edit::PutOverride(put("a", at(9, 25, 9), at(9, 27, 9)));
    let seen = preview(&holed, fill, &who("boss"), now(), from, until).unwrap();
    let one = &seen.differences[0];
    assert!(one.worse.is_clean());
    assert_eq!(one.better.gaps.len(), 1);
    assert_eq!(
        (one.better.gaps[0].from, one.better.gaps[0].until),
        (at(9, 25, 9), at(9, 27, 9))
    );
}

#[test]
fn exchanging_two_shifts_is_two_overrides_in_one_change() {
    let book = handbook(&["a", "b", "c"]);
    let shifts = schedule(&book, &platform(), at(11, 23, 9), at(12, 10, 9));
    let mut days = shifts
        .iter()
        .filter(|s| s.role == Role::Primary && s.until - s.from == 9 * HOUR);
    let one = days.next().unwrap();
    let other = days.find(|s| s.person != one.person).unwrap();
    let edit = Edit::Exchange {
        one: slot(&one.person, one.from, one.until),
        other: slot(&other.person, other.from, other.until),
        why: "调换".into(),
    };
    let (book, change) = done(&book, edit, "boss", now());
    assert_eq!(primary(&book, one.from), [other.person.as_str()]);
    assert_eq!(primary(&book, other.from), [one.person.as_str()]);
    assert_eq!(change.touched.len(), 2);
    let (book, _) = undo(&book, &change, &who("boss"), now()).unwrap();
    assert_eq!(primary(&book, one.from), [one.person.as_str()]);
}

#[test]
fn several_overrides_are_done_together_or_not_at_all() {
    let book = handbook(&["a", "b"]);
    let overrides = vec![
        put("a", now(), now() + HOUR),
        put("nobody", now() + HOUR, now() + 2 * HOUR),
    ];
    let refusal = refused(&book, Edit::PutOverrides { overrides }, "boss", now());
    assert_eq!(
        refusal,
        Refusal::UnknownPerson {
            person: "nobody".into()
        }
    );
    assert!(book.overrides.is_empty());
}

#[test]
fn what_makes_no_sense_is_refused_by_name() {
    let book = handbook(&["a", "b"]);
    let layer = |change: fn(&mut Layer)| {
        let mut layer = book.rotas[&platform()].layers[0].clone();
        layer.id = LayerId(0);
        change(&mut layer);
        Edit::PutLayer {
            rota: platform(),
            layer,
        }
    };
    let cadence = |layer: &mut Layer, new: Cadence| {
        if let Rotation::Turns { cadence, .. } = &mut layer.rotation {
            *cadence = new;
        }
    };
    let cases: Vec<(Edit, &str)> = vec![
        (layer(|l| l.name = "  ".into()), "bad_text"),
        (layer(|l| l.name = "a\u{0}".into()), "bad_text"),
        (layer(|l| l.rule.weekdays = [0].into()), "bad_layer"),
        (layer(|l| l.last_day = Some(date(2020, 1, 1))), "bad_layer"),
        (layer(|l| l.first_day = date(9999, 1, 1)), "bad_layer"),
        (
            layer(|l| l.calendar = Some("xx".into())),
            "unknown_calendar",
        ),
        (layer(|l| l.rotation = Rotation::default()), "bad_layer"),
        (
            layer(|l| {
                l.rotation = Rotation::Weekdays {
                    people: [(1, vec!["x".to_string()])].into(),
                }
            }),
            "unknown_person",
        ),
        (Edit::PutOverride(put("a", 5, 4)), "bad_stretch"),
        (Edit::PutOverride(put("a", now(), i64::MAX)), "bad_stretch"),
        (
            Edit::PutOverride(Override {
                id: OverrideId(9_999),
                ..put("a", now(), now() + HOUR)
            }),
            "unknown",
        ),
        (
            Edit::PutOverride(Override {
                rota: "x".into(),
                ..put("a", now(), now() + HOUR)
            }),
            "unknown_rota",
        ),
        (Edit::RemoveMember { person: "a".into() }, "in_use"),
        (
            Edit::RemoveCalendar {
                calendar: "cn".into(),
            },
            "in_use",
        ),
        (
            Edit::PutMember(Member {
                id: "x y".into(),
                name: "x".into(),
                ..Member::default()
            }),
            "bad_id",
        ),
    ];
    for (edit, code) in cases {
        let refusal = refused(&book, edit.clone(), "boss", now());
        assert_eq!(refusal.code(), code, "{edit:?}");
        assert!(!refusal.to_string().is_empty());
    }
    for new in [
        Cadence::Days { days: 0 },
        Cadence::Weeks {
            weeks: 1,
            weekday: 8,
        },
        Cadence::Shifts { shifts: 367 },
        Cadence::Cycle { days: vec![1] },
    ] {
        let mut bad = book.rotas[&platform()].layers[0].clone();
        cadence(&mut bad, new);
        let edit = Edit::PutLayer {
            rota: platform(),
            layer: bad,
        };
        assert_eq!(refused(&book, edit, "boss", now()).code(), "bad_layer");
    }
    let same = Edit::PutRota(Rota::clone(&book.rotas[&platform()]));
    assert_eq!(refused(&book, same, "boss", now()), Refusal::NothingToDo);
}

#[test]
fn notes_are_their_authors_own() {
    let book = handbook(&["a", "b"]);
    let note = DutyNote {
        rota: platform(),
        at: now() + DAY,
        text: "切换了主库".into(),
        tags: vec!["数据库".into()],
        ..DutyNote::default()
    };
    let (book, change) = done(&book, Edit::AddNote(note), "a", now());
    let [
        Touched::Note {
            after: Some(kept), ..
        },
    ] = change.touched.as_slice()
    else {
        panic!("{change:?}");
    };
    assert_eq!((kept.by.as_str(), kept.at), ("a", now()));
    let alter = |by| {
        let edit = Edit::AlterNote {
            before: DutyNote::clone(kept),
            text: "切换回来了".into(),
            tags: Vec::new(),
        };
        apply(&book, edit, &who(by), now())
    };
    assert_eq!(alter("b").unwrap_err().code(), "not_yours");
    let (_, change) = alter("a").unwrap();
    assert!(
        matches!(&change.touched[0], Touched::Note { before: Some(b), .. } if b.text == "切换了主库")
    );
}
