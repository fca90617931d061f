//! Before an edit is kept the desk says what it would break, wherever that is; and what was kept is taken back step by step.

use super::support::*;
use shouwang_tests::now_ms;
use wire::{AbsenceView, RotaEdit, RotaPreview, SlotView};

fn kinds(preview: &RotaPreview) -> Vec<&str> {
    let mut kinds: Vec<&str> = preview.new.iter().map(|p| p.kind.as_str()).collect();
    kinds.dedup();
    kinds
}

fn absence(person: &str, from: i64, until: i64) -> RotaEdit {
    RotaEdit::PutAbsence {
        absence: AbsenceView {
            id: 0,
            person: person.into(),
            from: from as f64,
            until: until as f64,
            stand_in: None,
            why: String::new(),
        },
    }
}

fn assign(slot: SlotView) -> RotaEdit {
    RotaEdit::Assign {
        slot,
        replaces: None,
        why: String::new(),
    }
}

/// The begin of the day that is so many days ahead.
fn ahead(days: i64) -> i64 {
    let day = day(now_ms() + days * DAY);
    let begin = chrono::DateTime::parse_from_rfc3339(&format!("{day}T00:00:00+08:00"));
    begin.expect("a day").timestamp_millis()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_edit_breaks_beyond_the_page_is_seen_before_it_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let desk = started(&written(dir.path(), "Asia/Shanghai", ""), None).await;
    let rota = desk.rota.clone();
    people(&rota).await;
    let handoff = ahead(0) + 9 * HOUR;
    done(
        &rota,
        RotaEdit::PutRota {
            rota: daily(handoff),
        },
    )
    .await;
    // Somebody looks at today; everything that follows is two months ahead.
    let (from, until) = (ahead(60), ahead(63));
    let mine = page(&rota, Some(day(from)), 1).await.shifts;
    let lisi = mine.iter().find(|s| s.person == "lisi");
    let lisi = lisi.expect("his turn is each other day").clone();
    done(&rota, absence("zhangsan", from, until)).await;
    let both = look(&rota, absence("lisi", from, until)).await.unwrap();
    assert_eq!(kinds(&both), ["gap"], "{both:?}");
    assert!(both.new.iter().all(|p| p.from >= from as f64), "{both:?}");
    // An exchange puts him on duty while he is absent.
    let near = page(&rota, None, 60).await.shifts;
    let other = near.iter().filter(|s| s.from > now_ms() as f64);
    let other = other.clone().find(|s| s.person == "zhangsan").unwrap();
    let exchange = RotaEdit::Exchange {
        one: slot("primary", "lisi", lisi.from as i64, lisi.until as i64),
        other: slot("primary", "zhangsan", other.from as i64, other.until as i64),
        why: String::new(),
    };
    let seen = look(&rota, exchange).await.unwrap();
    assert!(kinds(&seen).contains(&"absent"), "{seen:?}");
    // The gap that his absence makes is filled by hand; without that it is there again.
    let gap = (lisi.until as i64).max(from + 9 * HOUR);
    done(&rota, assign(slot("primary", "wang", gap, gap + DAY))).await;
    let put = page(&rota, Some(day(from)), 5).await.shifts;
    let id = put.iter().find_map(|s| s.r#override).expect("an override");
    let seen = look(&rota, RotaEdit::RemoveOverride { id }).await.unwrap();
    assert_eq!(kinds(&seen), ["gap"], "{seen:?}");
    // Back from his absence he is there again: two gaps less, nothing worse.
    let away = page(&rota, Some(day(from)), 5).await.absences[0].id;
    let back = RotaEdit::RemoveAbsence { absence: away };
    let seen = look(&rota, back).await.unwrap();
    assert!(seen.new.is_empty() && !seen.gone.is_empty(), "{seen:?}");
    // The only layer goes, or ends in half a year.
    let layer = page(&rota, None, 1).await.rota.unwrap().layers.remove(0);
    let remove = RotaEdit::RemoveLayer {
        rota: "daily".into(),
        layer: layer.id,
    };
    let seen = look(&rota, remove).await.unwrap();
    let last = seen.new.iter().map(|p| p.until).fold(0.0, f64::max);
    assert!(last > (now_ms() + 90 * DAY) as f64, "{seen:?}");
    let ends = RotaEdit::PutLayer {
        rota: "daily".into(),
        layer: wire::LayerView {
            last_day: Some(day(now_ms() + 180 * DAY)),
            ..layer
        },
    };
    let seen = look(&rota, ends).await.unwrap();
    assert_eq!(kinds(&seen), ["gap"], "{seen:?}");
    assert!(
        page(&rota, None, 60).await.rota.unwrap().layers[0]
            .last_day
            .is_none()
    );
    // He may be the secondary only from now on.
    let second = member("zhangsan", "张三", &["secondary"]);
    let seen = look(&rota, second).await.unwrap();
    assert_eq!(kinds(&seen), ["lacks"], "{seen:?}");
    assert_eq!(seen.new[0].what.key, "rota.problem.lacks");
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_swap_shows_what_agreeing_would_break_to_both_sides() {
    let dir = tempfile::tempdir().unwrap();
    let desk = started(&written(dir.path(), "Asia/Shanghai", ""), None).await;
    let rota = desk.rota.clone();
    people(&rota).await;
    let handoff = ahead(0) + 9 * HOUR;
    let made = RotaEdit::PutRota {
        rota: daily(handoff),
    };
    done(&rota, made).await;
    let shifts = page(&rota, None, 60).await.shifts;
    let later = (now_ms() + 2 * DAY) as f64;
    let shift = shifts.iter().find(|s| s.person == "lisi" && s.from > later);
    let shift = shift.expect("a shift").clone();
    let (from, until) = (shift.from as i64, shift.until as i64);
    let ask = |with: &str| RotaEdit::RequestSwap {
        give: slot("primary", "lisi", from, until),
        with: with.into(),
        take: None,
        why: String::new(),
    };
    let seen = look(&rota, ask("wang")).await.unwrap();
    assert!(seen.new.is_empty(), "{seen:?}");
    // 张三 is the secondary then.
    done(&rota, assign(slot("secondary", "zhangsan", from, until))).await;
    let seen = look(&rota, ask("zhangsan")).await.unwrap();
    assert_eq!(kinds(&seen), ["double"], "{seen:?}");
    done(&rota, ask("zhangsan")).await;
    sit(&desk, "zhangsan").await;
    let swap = page(&rota, None, 60).await.swaps[0].clone();
    assert!(swap.can_answer && !swap.can_withdraw, "{swap:?}");
    let accept = |swap| RotaEdit::AnswerSwap {
        swap,
        accept: true,
        answer: String::new(),
    };
    let seen = look(&rota, accept(swap.id)).await.unwrap();
    assert_eq!(kinds(&seen), ["double"], "{seen:?}");
    // He goes on leave: now it cannot be at all.
    done(&rota, absence("zhangsan", from, from + HOUR)).await;
    let cannot = look(&rota, accept(swap.id)).await.unwrap_err();
    assert_eq!(cannot.params["reason_key"], "refused.rota.absent");
    let cannot = edit(&rota, accept(swap.id)).await.unwrap_err();
    assert_eq!(cannot.params["reason_key"], "refused.rota.absent");
    let away = page(&rota, None, 60).await.absences[0].id;
    done(&rota, RotaEdit::RemoveAbsence { absence: away }).await;
    // What is agreed to cannot be withdrawn, and no button says so, on neither side.
    done(&rota, accept(swap.id)).await;
    for who in ["zhangsan", "lisi"] {
        sit(&desk, who).await;
        let swap = page(&rota, None, 60).await.swaps[0].clone();
        assert_eq!(swap.state, "accepted");
        assert!(!swap.can_withdraw && !swap.can_answer, "{who} {swap:?}");
    }
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn undo_goes_back_step_by_step_also_around_a_handoff_and_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let file = written(dir.path(), "Asia/Shanghai", "");
    let first = started(&file, None).await;
    let rota = first.rota.clone();
    people(&rota).await;
    // The program opens the handover half an hour before: at the next full minute that leaves some seconds.
    let opens = (now_ms() + 15_000) / MINUTE * MINUTE + MINUTE;
    let made = RotaEdit::PutRota {
        rota: daily(opens + 30 * MINUTE),
    };
    done(&rota, made).await;
    let (from, until) = (ahead(10), ahead(11));
    let people_of = async |day_of: i64| {
        let shifts = page(&rota, Some(day(day_of)), 1).await.shifts;
        let put = shifts.iter().filter(|s| s.by == "override");
        let mut names: Vec<String> = put.map(|s| s.person.clone()).collect();
        // One override over two turns is two shifts.
        names.dedup();
        names
    };
    done(&rota, assign(slot("primary", "wang", from, until))).await;
    done(
        &rota,
        assign(slot("primary", "lisi", from + DAY, until + DAY)),
    )
    .await;
    assert!(
        page(&rota, None, 60)
            .await
            .handover
            .is_none_or(|h| (h.at as i64) < opens)
    );
    let opened = until_at(&rota, opens + 30 * MINUTE).await;
    assert_eq!(opened, "coming");
    let undo = async || page(&rota, None, 60).await.undo;
    let second = undo().await.expect("the handover does not hide it");
    assert_eq!(second.what.key, "rota.change.put_override");
    assert_eq!(log(&rota).await[0].what.key, "rota.change.open_handover");
    done(&rota, RotaEdit::Undo { change: second.id }).await;
    assert_eq!(people_of(from + DAY).await, [""; 0]);
    assert_eq!(people_of(from).await, ["wang"]);
    // A second step goes one further back and does not do the first again.
    let before = undo().await.expect("one more");
    assert!(before.id < second.id, "{before:?} {second:?}");
    done(&rota, RotaEdit::Undo { change: before.id }).await;
    assert_eq!(people_of(from).await, [""; 0]);
    assert_eq!(people_of(from + DAY).await, [""; 0]);

    // In the log an older change is taken back by itself, and the undoing of another is undone.
    done(&rota, assign(slot("primary", "wang", from, until))).await;
    done(
        &rota,
        assign(slot("primary", "lisi", from + DAY, until + DAY)),
    )
    .await;
    let lines = log(&rota).await;
    let [newest, older] = &lines[..2] else {
        panic!("{lines:?}")
    };
    assert!(newest.can_undo && older.can_undo, "{lines:?}");
    done(&rota, RotaEdit::Undo { change: older.id }).await;
    assert_eq!(
        (
            people_of(from).await.len(),
            people_of(from + DAY).await.len()
        ),
        (0, 1)
    );
    let lines = log(&rota).await;
    assert_eq!(lines[0].what.key, "rota.change.undo");
    assert!(lines[0].can_undo && !lines[2].can_undo, "{lines:?}");
    done(
        &rota,
        RotaEdit::Undo {
            change: lines[0].id,
        },
    )
    .await;
    assert_eq!(people_of(from).await, ["wang"]);
    let next = undo().await.expect("a step").id;
    assert_eq!(next, newest.id);
    first.stop().await;

    let again = started(&file, None).await;
    let shown = page(&again.rota, None, 60)
        .await
        .undo
        .expect("also after a restart");
    assert_eq!(shown.id, next);
    again.stop().await;
}

/// Waits for the handover of this change of shift: its state.
async fn until_at(rota: &desk::rota::RotaHandle, at: i64) -> String {
    until("the handover is opened", async || {
        let shown = page(rota, None, 60).await.handover?;
        (shown.at as i64 == at).then_some(shown.state)
    })
    .await
}
