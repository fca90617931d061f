//! Swaps: only the other side agrees, not after the begin; chains; swaps and overrides together.

use super::world::*;
use engine::rota::{Refusal, coverage, on_duty, undo};
use model::rota::{
    Absence, Book, Cadence, DutyReason, Edit, Override, Role, ShiftRule, Swap, SwapId, SwapState,
    WallTime,
};

/// `a`, `b`, `c` day by day from nine to nine; `a` on 23 November 2026.
fn daily() -> Book {
    let rule = ShiftRule::around_the_clock(WallTime::hour(9));
    let layer = turns(rule, &["a", "b", "c"], Cadence::Days { days: 1 });
    let book = one_layer(&["a", "b", "c", "d"], layer);
    assert_eq!(primary(&book, at(11, 23, 12)), ["c"]);
    book
}

const NOW: u32 = 20;

fn now() -> i64 {
    at(11, NOW, 12)
}

fn day(person: &str, d: u32) -> model::rota::Slot {
    slot(person, at(11, d, 9), at(11, d + 1, 9))
}

fn asked(book: &Book, give: (&str, u32), take: Option<(&str, u32)>, with: &str) -> (Book, SwapId) {
    let swap = Swap {
        give: day(give.0, give.1),
        take: take.map(|(p, d)| day(p, d)),
        with: with.into(),
        why: "家里有事".into(),
        ..Swap::default()
    };
    let (book, _) = done(book, Edit::RequestSwap(swap), give.0, now());
    let id = *book.swaps.keys().last().unwrap();
    (book, id)
}

fn accept(id: SwapId) -> Edit {
    Edit::AcceptSwap {
        swap: id,
        answer: "好".into(),
    }
}

#[test]
fn a_swap_counts_when_the_other_has_agreed_and_both_sides_change() {
    let book = daily();
    let (book, id) = asked(&book, ("c", 23), Some(("a", 24)), "a");
    assert_eq!(primary(&book, at(11, 23, 12)), ["c"]);
    for stranger in ["b", "c", "boss"] {
        let refusal = refused(&book, accept(id), stranger, now());
        assert_eq!(refusal, Refusal::NotYours { who: "a".into() });
    }
    let (book, change) = done(&book, accept(id), "a", now() + 1);
    assert_eq!(primary(&book, at(11, 23, 12)), ["a"]);
    assert_eq!(primary(&book, at(11, 24, 12)), ["c"]);
    let on = on_duty(&book, &platform(), at(11, 23, 12));
    assert_eq!(on[0].reason, DutyReason::Swap { id });
    assert!(coverage(&book, &platform(), at(11, 20, 9), at(11, 30, 9)).is_clean());
    let swap = &book.swaps[&id];
    assert_eq!(swap.state, SwapState::Accepted);
    assert_eq!(swap.decided_by.as_ref().unwrap().id, "a");
    // Only who has agreed can take that back, and only before the shift.
    let stranger = undo(&book, &change, &who("c"), now()).unwrap_err();
    assert_eq!(stranger, Refusal::NotYours { who: "a".into() });
    let late = undo(&book, &change, &who("a"), at(11, 23, 9)).unwrap_err();
    assert_eq!(late.code(), "already_begun");
    let (book, _) = undo(&book, &change, &who("a"), now() + 2).unwrap();
    assert_eq!(primary(&book, at(11, 23, 12)), ["c"]);
}

#[test]
fn a_chain_of_swaps_ends_with_the_last() {
    let book = daily();
    let (book, first) = asked(&book, ("c", 23), None, "a");
    let (book, _) = done(&book, accept(first), "a", now() + 1);
    // What was c's is a's now: c cannot give it any more, a can.
    let mine = Swap {
        give: day("c", 23),
        with: "b".into(),
        ..Swap::default()
    };
    let refusal = refused(&book, Edit::RequestSwap(mine), "c", now());
    assert_eq!(refusal.code(), "not_on_duty");
    let (book, second) = asked(&book, ("a", 23), Some(("b", 25)), "b");
    let (book, _) = done(&book, accept(second), "b", now() + 2);
    let (book, third) = asked(&book, ("b", 23), None, "d");
    let (book, _) = done(&book, accept(third), "d", now() + 3);
    assert_eq!(primary(&book, at(11, 23, 12)), ["d"]);
    assert_eq!(primary(&book, at(11, 25, 12)), ["a"]);
    let on = on_duty(&book, &platform(), at(11, 23, 12));
    assert_eq!(on[0].reason, DutyReason::Swap { id: third });
    assert_eq!((on[0].from, on[0].until), (at(11, 23, 9), at(11, 24, 9)));
    assert!(coverage(&book, &platform(), at(11, 20, 9), at(11, 30, 9)).is_clean());
}

#[test]
fn of_two_requests_for_one_shift_the_second_is_too_late() {
    let book = daily();
    let (book, first) = asked(&book, ("c", 23), None, "a");
    let (book, second) = asked(&book, ("c", 23), None, "b");
    let (book, _) = done(&book, accept(second), "b", now() + 1);
    let refusal = refused(&book, accept(first), "a", now() + 2);
    assert_eq!(refusal.code(), "not_on_duty");
    let decline = Edit::DeclineSwap {
        swap: first,
        answer: "已经不用了".into(),
    };
    let (book, _) = done(&book, decline, "a", now() + 3);
    assert_eq!(book.swaps[&first].state, SwapState::Declined);
    assert_eq!(
        refused(&book, accept(first), "a", now()).code(),
        "swap_decided"
    );
}

#[test]
fn a_swap_whose_shift_has_begun_is_over() {
    let book = daily();
    let (book, id) = asked(&book, ("a", 24), Some(("c", 23)), "c");
    let begun = Refusal::AlreadyBegun { at: at(11, 23, 9) };
    assert_eq!(refused(&book, accept(id), "c", at(11, 23, 9)), begun);
    let (book, _) = done(&book, Edit::WithdrawSwap { swap: id }, "a", at(11, 23, 10));
    assert_eq!(book.swaps[&id].state, SwapState::Withdrawn);
    let late = Swap {
        give: day("c", 23),
        with: "a".into(),
        ..Swap::default()
    };
    let refusal = refused(&book, Edit::RequestSwap(late), "c", at(11, 23, 10));
    assert_eq!(refusal, begun);
}

#[test]
fn what_does_not_fit_is_refused() {
    let book = daily();
    let swap = |give, take, with: &str| {
        Edit::RequestSwap(Swap {
            give,
            take,
            with: with.into(),
            ..Swap::default()
        })
    };
    for (edit, by, code) in [
        (swap(day("c", 23), None, "c"), "c", "bad_swap"),
        (swap(day("c", 23), Some(day("b", 25)), "a"), "c", "bad_swap"),
        (swap(day("c", 23), None, "x"), "c", "unknown_person"),
        (swap(day("b", 23), None, "a"), "b", "not_on_duty"),
        // Over the end of the shift.
        (
            swap(slot("c", at(11, 23, 9), at(11, 24, 10)), None, "b"),
            "c",
            "not_on_duty",
        ),
        (swap(day("c", 23), None, "a"), "b", "not_yours"),
        (
            swap(slot("c", at(11, 24, 9), at(11, 23, 9)), None, "a"),
            "c",
            "bad_stretch",
        ),
        (accept(SwapId(77)), "a", "unknown"),
    ] {
        assert_eq!(refused(&book, edit, by, now()).code(), code);
    }
}

#[test]
fn a_later_override_stands_above_a_swap_and_a_later_swap_changes_an_override() {
    let book = daily();
    let (book, id) = asked(&book, ("c", 23), None, "a");
    let (book, _) = done(&book, accept(id), "a", now() + 1);
    let put = Override {
        rota: platform(),
        role: Role::Primary,
        person: "b".into(),
        from: at(11, 23, 9),
        until: at(11, 24, 9),
        ..Override::default()
    };
    let (book, _) = done(&book, Edit::PutOverride(put), "boss", now() + 2);
    let on = on_duty(&book, &platform(), at(11, 23, 12));
    assert_eq!(on[0].person, "b");
    assert!(matches!(on[0].reason, DutyReason::Override { .. }));
    let (book, again) = asked(&book, ("b", 23), None, "d");
    let (book, _) = done(&book, accept(again), "d", now() + 3);
    assert_eq!(primary(&book, at(11, 23, 12)), ["d"]);
}

#[test]
fn an_override_put_while_a_swap_waits_wins() {
    let book = daily();
    let (book, id) = asked(&book, ("c", 23), None, "a");
    let put = Override {
        rota: platform(),
        role: Role::Primary,
        person: "b".into(),
        from: at(11, 23, 12),
        until: at(11, 23, 14),
        ..Override::default()
    };
    let (book, _) = done(&book, Edit::PutOverride(put), "boss", now() + 1);
    let refusal = refused(&book, accept(id), "a", now() + 2);
    let gone = Refusal::NotOnDuty {
        person: "c".into(),
        role: Role::Primary,
        at: at(11, 23, 12),
    };
    assert_eq!(refusal, gone);
    // Even where an accepted swap names the one whom the override has put aside.
    let mut forced = Swap::clone(&book.swaps[&id]);
    forced.state = SwapState::Accepted;
    forced.decided_at = Some(now() + 3);
    let mut book = book;
    book.swaps.insert(id, forced.into());
    assert_eq!(primary(&book, at(11, 23, 13)), ["b"]);
    assert_eq!(primary(&book, at(11, 23, 15)), ["a"]);
}

#[test]
fn somebody_absent_can_be_put_on_duty_by_hand_but_it_is_told() {
    let book = daily();
    let absence = |stand_in: Option<&str>| {
        Edit::PutAbsence(Absence {
            person: "c".into(),
            from: at(11, 23, 0),
            until: at(11, 25, 0),
            stand_in: stand_in.map(String::from),
            why: "年假".into(),
            ..Absence::default()
        })
    };
    let (away, _) = done(&book, absence(None), "c", now());
    let found = coverage(&away, &platform(), at(11, 22, 9), at(11, 26, 9));
    assert_eq!(found.gaps.len(), 1);
    assert_eq!(
        (found.gaps[0].from, found.gaps[0].until),
        (at(11, 23, 9), at(11, 24, 9))
    );
    let (stood, _) = done(&book, absence(Some("d")), "c", now());
    let on = on_duty(&stood, &platform(), at(11, 23, 12));
    assert_eq!(on[0].person, "d");
    assert!(matches!(&on[0].reason, DutyReason::StandIn { of, .. } if of == "c"));
    let put = Override {
        rota: platform(),
        role: Role::Primary,
        person: "c".into(),
        from: at(11, 23, 20),
        until: at(11, 23, 22),
        ..Override::default()
    };
    let (book, _) = done(&stood, Edit::PutOverride(put), "boss", now());
    let found = coverage(&book, &platform(), at(11, 22, 9), at(11, 26, 9));
    assert_eq!(found.conflicts.len(), 1, "{found:?}");
    assert!(found.gaps.is_empty());
}
