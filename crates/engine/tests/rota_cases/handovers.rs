//! Handovers: who to whom, who may sign, to whom pages go meanwhile, and what happens when nobody is there.

use super::world::*;
use engine::rota::{
    PagesWhy, handovers_due, next_moment, next_on_duty, next_overdue, nobody_on_duty, pages_for,
    schedule, unsigned,
};
use model::rota::{
    Absence, Book, Cadence, Edit, GapCause, Handover, HandoverId, HandoverState, Pack, Role,
    ShiftRule, Side, WallTime,
};

const MINUTE: i64 = 60_000;

/// The change of 24 November at nine, opened half an hour before.
fn opened() -> (Book, HandoverId, Handover) {
    let rule = ShiftRule::around_the_clock(WallTime::hour(9));
    let layer = turns(rule, &["a", "b", "c"], Cadence::Days { days: 1 });
    let book = one_layer(&["a", "b", "c"], layer);
    let change = at(11, 24, 9);
    let due = handovers_due(&book, &platform(), change - HOUR, change + HOUR);
    let [handover] = due.as_slice() else {
        panic!("{due:?}");
    };
    assert_eq!(handover.at, change);
    let edit = Edit::OpenHandover(handover.clone());
    let (book, _) = done(&book, edit, "system", change - HOUR / 2);
    let id = *book.handovers.keys().next().unwrap();
    let handover = Handover::clone(&book.handovers[&id]);
    (book, id, handover)
}

fn sign(book: &Book, id: HandoverId, side: Side, by: &str, t: i64) -> Book {
    let edit = Edit::SignHandover { handover: id, side };
    done(book, edit, by, t).0
}

fn pages(book: &Book, t: i64) -> (Vec<String>, PagesWhy) {
    let pages = pages_for(book, &platform(), &Role::Primary, t);
    (pages.to, pages.why)
}

#[test]
fn the_old_shift_keeps_the_pages_until_both_have_signed() {
    let (book, id, handover) = opened();
    assert_eq!(
        (handover.from.concat(), handover.to.concat()),
        ("c".into(), "a".into())
    );
    assert!(handovers_due(&book, &platform(), handover.at - HOUR, handover.at + HOUR).is_empty());
    let change = handover.at;
    let kept = PagesWhy::NotHandedOver { handover: id };
    assert_eq!(
        pages(&book, change - 1),
        (vec!["c".into()], PagesWhy::OnDuty)
    );
    assert_eq!(pages(&book, change), (vec!["c".into()], kept.clone()));
    let one = sign(&book, id, Side::Giving, "c", change + MINUTE);
    assert_eq!(pages(&one, change + 2 * MINUTE), (vec!["c".into()], kept));
    let both = sign(&one, id, Side::Taking, "a", change + 3 * MINUTE);
    assert_eq!(
        pages(&both, change + 3 * MINUTE),
        (vec!["a".into()], PagesWhy::OnDuty)
    );
    // Signing ahead of time: the pages go over when the shift changes.
    let early = sign(&book, id, Side::Giving, "c", change - MINUTE);
    let early = sign(&early, id, Side::Taking, "a", change - MINUTE);
    assert_eq!(pages(&early, change - 1).0, ["c"]);
    assert_eq!(pages(&early, change).0, ["a"]);
}

#[test]
fn unsigned_after_half_an_hour_both_are_told_once_and_the_old_shift_keeps_the_pages() {
    let (book, id, handover) = opened();
    let rules = book.rotas[&platform()].handover.unwrap();
    let late = handover.at + 30 * MINUTE;
    assert_eq!(next_overdue(&book, handover.at), Some(late));
    assert!(unsigned(&book, late - 1).is_empty());
    assert_eq!(unsigned(&book, late), [id]);
    assert_eq!(handover.state(rules, late), HandoverState::Overdue);
    assert_eq!(handover.state(rules, late - 1), HandoverState::Open);
    assert_eq!(
        handover.state(rules, handover.at - 1),
        HandoverState::Coming
    );
    assert_eq!(next_moment(&book, handover.at - 1), Some(handover.at));
    assert_eq!(next_moment(&book, handover.at), Some(late));
    assert_eq!(next_moment(&book, late), Some(handover.at + DAY));
    let (told, _) = done(&book, Edit::ToldUnsigned { handover: id }, "system", late);
    assert!(unsigned(&told, late + MINUTE).is_empty());
    assert_eq!(next_overdue(&told, late), None);
    assert_eq!(pages(&told, late + 5 * HOUR).0, ["c"]);
    // At the next change the shift before it has the pages, signed or not.
    let next = handovers_due(&told, &platform(), late, late + DAY);
    let (next, _) = done(
        &told,
        Edit::OpenHandover(next[0].clone()),
        "system",
        late + HOUR,
    );
    assert_eq!(pages(&next, handover.at + DAY + MINUTE).0, ["a"]);
    // Without the program having opened it, the pages follow the rota.
    assert_eq!(pages(&told, handover.at + DAY + MINUTE).0, ["b"]);
}

#[test]
fn only_the_two_sides_sign_each_once_and_signatures_stand() {
    let (book, id, handover) = opened();
    let edit = |side| Edit::SignHandover { handover: id, side };
    let t = handover.at;
    assert_eq!(
        refused(&book, edit(Side::Giving), "a", t).code(),
        "not_yours"
    );
    assert_eq!(
        refused(&book, edit(Side::Taking), "c", t).code(),
        "not_yours"
    );
    let write = |notes: &str| Edit::WriteHandover {
        handover: id,
        notes: notes.into(),
    };
    assert_eq!(refused(&book, write("x"), "a", t).code(), "not_yours");
    let (book, _) = done(&book, write("主库延迟已恢复"), "c", t);
    let pack = Pack {
        made_at: t,
        open_count: 3,
        ..Pack::default()
    };
    let update = Edit::UpdatePack { handover: id, pack };
    let (book, _) = done(&book, update.clone(), "system", t);
    let (signed, change) = done(&book, edit(Side::Giving), "c", t);
    assert_eq!(
        refused(&signed, edit(Side::Giving), "c", t).code(),
        "already_signed"
    );
    assert_eq!(
        refused(&signed, write("y"), "c", t).code(),
        "already_signed"
    );
    assert_eq!(
        refused(&signed, update, "system", t).code(),
        "already_signed"
    );
    let refusal = engine::rota::undo(&signed, &change, &who("c"), t).unwrap_err();
    assert_eq!(refusal.code(), "final");
    let again = Edit::OpenHandover(Handover {
        id: HandoverId(0),
        ..handover
    });
    assert_eq!(refused(&signed, again, "system", t).code(), "already_open");
}

#[test]
fn an_absent_old_shift_keeps_nothing() {
    let (book, _, handover) = opened();
    let absence = Absence {
        person: "c".into(),
        from: handover.at,
        until: handover.at + DAY,
        ..Absence::default()
    };
    let (book, _) = done(&book, Edit::PutAbsence(absence), "c", handover.at);
    assert_eq!(
        pages(&book, handover.at + MINUTE),
        (vec!["a".into()], PagesWhy::OnDuty)
    );
}

#[test]
fn where_the_same_people_go_on_nothing_is_handed_over() {
    let book = handbook(&["a", "b", "c", "d"]);
    let (from, until) = (at(9, 21, 0), at(10, 12, 0));
    let due = handovers_due(&book, &platform(), from, until);
    let shifts = schedule(&book, &platform(), from, until);
    let line: Vec<_> = shifts.iter().filter(|s| s.role == Role::Primary).collect();
    let changes = line
        .windows(2)
        .filter(|w| w[0].person != w[1].person)
        .count();
    assert_eq!(due.len(), changes);
    for handover in due {
        assert_ne!(handover.from, handover.to);
        assert_eq!(primary(&book, handover.at), handover.to);
        assert_eq!(primary(&book, handover.at - 1), handover.from);
    }
}

#[test]
fn nobody_on_duty_is_for_the_manager_and_pages_still_find_somebody() {
    let book = handbook(&["a", "b", "c"]);
    let rota = &book.rotas[&platform()];
    let holiday = rota
        .layers
        .iter()
        .filter(|l| l.name == "节假日" && l.role == Role::Primary);
    let layer = holiday.map(|l| l.id).next().unwrap();
    let remove = Edit::RemoveLayer {
        rota: platform(),
        layer,
    };
    let (book, _) = done(&book, remove, "boss", 0);
    let t = at(10, 1, 12);
    let found = nobody_on_duty(&book, t);
    let [nobody] = found.as_slice() else {
        panic!("{found:?}");
    };
    assert_eq!(nobody.tell, ["boss"]);
    assert_eq!(nobody.gap.cause, GapCause::NoShift);
    assert_eq!(
        (nobody.gap.from, nobody.gap.until),
        (at(10, 1, 9), at(10, 8, 9))
    );
    let (to, why) = pages(&book, t);
    assert_eq!(why, PagesWhy::NobodyOnDuty);
    assert_eq!(to.len(), 1);
    assert_ne!(to, ["boss"]);
    assert!(nobody_on_duty(&book, at(10, 1, 8)).is_empty());
    // After the gap comes whoever has the first workday.
    let next = next_on_duty(&book, &platform(), &Role::Primary, t);
    assert_eq!(next.len(), 1);
    assert_eq!(next[0].from, at(10, 8, 9));
    // Even without a secondary, a manager's shift or a manager in the list.
    let lonely = one_layer(
        &["a", "b"],
        turns(workdays(9, 18), &["a"], Cadence::Days { days: 1 }),
    );
    assert_eq!(pages(&lonely, t).0, ["a", "b"]);
    assert_eq!(nobody_on_duty(&lonely, t)[0].tell, ["a", "b"]);
}
