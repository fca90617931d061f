//! The rota's book, the duty record and the log of changes.

use crate::more::*;
use crate::rota_book::*;
use crate::samples::*;
use model::duty::{AlertId, What};
use model::rota::*;
use std::path::Path;
use store::rota::{ChangeQuery, HandoverQuery, NoteQuery};
use store::{AuditFaultKind, Store, StoreError, Trust, restore};

#[tokio::test]
async fn every_noun_comes_back_from_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("desk.sqlite");
    let store = open(&path).await;
    let mut desk = Desk::new();
    let changes = desk.one_of_each();
    let committed = store.commit_rota(&changes).await.unwrap();
    assert_eq!(
        (committed.changes, committed.audit),
        (changes.len(), changes.len())
    );
    store.close().await;

    let store = open(&path).await;
    let book = store.load_rota().await.unwrap();
    assert_eq!(book, desk.book);
    assert!(book.members.len() > 1 && book.swaps.len() == 1 && book.handovers.len() == 1);
    assert!(!book.absences.is_empty() && !book.overrides.is_empty() && !book.calendars.is_empty());
    let log = store.rota_changes(&ChangeQuery::default()).await.unwrap();
    let kept: Vec<_> = log.into_iter().rev().map(wrapped).collect();
    assert_eq!(kept, changes);
    let notes = store.notes(&NoteQuery::default()).await.unwrap();
    assert_eq!(notes.notes, desk.notes);
    assert!(store.verify(&key()).await.unwrap().is_whole());
    // the audit log names things by their ids, and has no contacts
    let audit = store.audit_log(None, 1000).await.unwrap();
    let text = serde_json::to_string(&audit).unwrap();
    assert!(text.contains("rota_put_members") && text.contains("+member zhangsan"));
    assert!(!text.contains("13800001234") && !text.contains("example.com"));
}

#[tokio::test]
async fn what_is_altered_and_removed_is_so_after_a_restart() {
    let store = Store::in_memory().await.unwrap();
    let mut desk = Desk::new();
    store.commit_rota(&desk.one_of_each()).await.unwrap();
    let overrides: Vec<_> = desk.book.overrides.keys().copied().collect();
    let absence = *desk.book.absences.keys().next().unwrap();
    let mut altered = desk.book.overrides[&overrides[0]].as_ref().clone();
    altered.until += 60 * MINUTE;
    let note = desk.notes[0].clone();
    let edits = [
        Edit::PutOverride(altered),
        Edit::RemoveAbsence { absence },
        Edit::RemoveNote {
            note: note.id,
            before: note.clone(),
        },
        Edit::RemoveOverride { id: overrides[1] },
        Edit::RemoveRota {
            rota: "spare".into(),
        },
        Edit::RemoveCalendar {
            calendar: "none".into(),
        },
        Edit::RemoveMember {
            person: "zhaoliu".to_owned(),
        },
    ];
    // all in one transaction: of several states of one thing the last counts
    let changes: Vec<_> = edits.into_iter().map(|e| desk.does(e)).collect();
    store.commit_rota(&changes).await.unwrap();
    assert_eq!(store.load_rota().await.unwrap(), desk.book);
    assert!(!desk.book.members.contains_key("zhaoliu"));
    let notes = store.notes(&NoteQuery::default()).await.unwrap().notes;
    assert!(notes.iter().all(|n| n.id != note.id));
    let undone = store
        .rota_change(ChangeId(desk.book.last_id))
        .await
        .unwrap();
    assert_eq!(undone.map(wrapped).as_ref(), changes.last());
    assert_eq!(store.rota_change(ChangeId(999_999)).await.unwrap(), None);
}

#[tokio::test]
async fn the_desk_and_the_rota_are_kept_together_or_not_at_all() {
    let store = Store::in_memory().await.unwrap();
    let mut desk = Desk::new();
    let changes = desk.one_of_each();
    let nowhere = transition(99, NOW, What::AckLapsed);
    let refused = store
        .commit_both(&[audit(NOW, "ack"), nowhere], &changes)
        .await;
    assert!(
        matches!(refused, Err(StoreError::UnknownAlert { .. })),
        "{refused:?}"
    );
    assert_eq!(store.load_rota().await.unwrap(), Book::default());
    assert_eq!(store.audit_log(None, 10).await.unwrap(), []);
    let both = [keep(&alert(1, NOW)), fired(1, NOW), audit(NOW, "ack")];
    let committed = store.commit_both(&both, &changes).await.unwrap();
    assert_eq!((committed.alerts, committed.changes), (1, changes.len()));
    assert_eq!(committed.audit, changes.len() + 1);
    assert_eq!(store.load_rota().await.unwrap(), desk.book);
    assert_eq!(store.load(NOW).await.unwrap().alerts.len(), 1);
    assert!(store.verify(&key()).await.unwrap().is_whole());
}

#[tokio::test]
async fn a_change_that_does_not_follow_the_last_one_is_refused() {
    let store = Store::in_memory().await.unwrap();
    let mut desk = Desk::new();
    let changes = desk.one_of_each();
    store.commit_rota(&changes).await.unwrap();
    let last = desk.book.last_id;
    for stale in [&changes[..1], &changes[changes.len() - 1..]] {
        let refused = store.commit_rota(stale).await.unwrap_err();
        let RotaRecord::Change(change) = &stale[0];
        assert_eq!(
            refused,
            StoreError::StaleChange {
                id: change.id.0,
                last
            }
        );
        assert_eq!(
            (refused.code(), refused.is_transient()),
            ("store_stale_change", false)
        );
    }
    // two of one transaction in the wrong order
    let one = desk.does(note("一", &[]));
    let two = desk.does(note("二", &[]));
    let refused = store.commit_rota(&[two.clone(), one.clone()]).await;
    assert!(matches!(refused, Err(StoreError::StaleChange { .. })));
    store.commit_rota(&[one, two]).await.unwrap();
    assert_eq!(store.load_rota().await.unwrap(), desk.book);
}

async fn found(store: &Store, query: NoteQuery) -> Vec<String> {
    let page = store.notes(&query).await.unwrap();
    page.notes.into_iter().map(|n| n.text).collect()
}

#[tokio::test]
async fn notes_are_found_by_words_person_rota_alert_and_time() {
    let store = Store::in_memory().await.unwrap();
    let mut desk = Desk::new();
    let mut changes = desk.one_of_each();
    for (i, (text, tags)) in [
        (
            "数据库连接池 100% 用尽，重启了 order-service",
            vec!["数据库"],
        ),
        ("支付接口超时，已联系第三方", vec!["支付", "P1"]),
        ("100 个连接，order_service 正常", vec![]),
        ("交接：磁盘 C:\\data 还剩 5%", vec!["磁盘"]),
    ]
    .into_iter()
    .enumerate()
    {
        desk.now += 60 * MINUTE;
        let about: &[i64] = if i == 1 { &[7, 8] } else { &[] };
        let mut new = match note(text, &tags) {
            Edit::AddNote(note) => note,
            other => panic!("{other:?}"),
        };
        new.alerts = about.iter().map(|a| AlertId(*a)).collect();
        changes.push(desk.does(Edit::AddNote(new)));
    }
    store.commit_rota(&changes).await.unwrap();
    let words = |text: &str| NoteQuery {
        text: text.to_owned(),
        ..NoteQuery::default()
    };
    assert_eq!(found(&store, words("数据库")).await.len(), 1);
    assert_eq!(found(&store, words("连接 ORDER")).await.len(), 2);
    // % and _ are characters, not wildcards
    assert_eq!(found(&store, words("100%")).await.len(), 1);
    assert_eq!(found(&store, words("order_service")).await.len(), 1);
    assert_eq!(found(&store, words("c:\\DATA")).await.len(), 1);
    assert_eq!(
        found(&store, words("p1")).await,
        ["支付接口超时，已联系第三方"]
    );
    assert_eq!(found(&store, words("p1 磁盘")).await, [""; 0]);
    let about = NoteQuery {
        alert: Some(AlertId(8)),
        ..NoteQuery::default()
    };
    assert_eq!(found(&store, about).await.len(), 1);
    let hour = NoteQuery {
        from: Some(desk.now - 60 * MINUTE),
        to: Some(desk.now),
        ..NoteQuery::default()
    };
    assert_eq!(found(&store, hour).await.len(), 1);
    for (rota, person, number) in [
        ("platform", "zhangsan", 5),
        ("platform", "lisi", 0),
        ("spare", "zhangsan", 0),
    ] {
        let query = NoteQuery {
            rota: Some(rota.into()),
            person: Some(person.to_owned()),
            ..NoteQuery::default()
        };
        assert_eq!(found(&store, query).await.len(), number, "{rota} {person}");
    }
    // page by page
    let (mut all, mut query) = (Vec::new(), NoteQuery::default());
    query.limit = 2;
    loop {
        let page = store.notes(&query).await.unwrap();
        assert!(page.notes.len() <= 2);
        all.extend(page.notes);
        match page.next {
            Some(next) => query.before = Some(next),
            None => break,
        }
    }
    desk.notes.sort_by_key(|n| std::cmp::Reverse((n.at, n.id)));
    assert_eq!(all, desk.notes);
}

#[tokio::test]
async fn handovers_are_loaded_as_long_as_they_decide_something() {
    let store = Store::in_memory().await.unwrap();
    let mut desk = Desk::new();
    store.commit_rota(&desk.one_of_each()).await.unwrap();
    let first = *desk.book.handovers.keys().next().unwrap();
    let mut changes = Vec::new();
    for side in [Side::Giving, Side::Taking] {
        changes.push(desk.signs(first, side));
    }
    // the first is signed and in the last week still, then older and followed by others
    store.commit_rota(&changes).await.unwrap();
    assert_eq!(store.load_rota().await.unwrap(), desk.book);
    let day = 24 * 60 * MINUTE;
    let mut changes = Vec::new();
    desk.now += 8 * day;
    changes.push(desk.does(handover(desk.now)));
    let second = *desk.book.handovers.keys().next_back().unwrap();
    desk.now += day;
    changes.push(desk.does(handover(desk.now)));
    let third = *desk.book.handovers.keys().next_back().unwrap();
    for side in [Side::Giving, Side::Taking] {
        changes.push(desk.signs(third, side));
    }
    store.commit_rota(&changes).await.unwrap();
    let book = store.load_rota().await.unwrap();
    assert_eq!(book, desk.book);
    let loaded: Vec<_> = book.handovers.into_keys().collect();
    assert_eq!(
        loaded,
        [second, third],
        "the first decides nothing any more"
    );
    let ids = |all: Vec<Handover>| all.into_iter().map(|h| h.id).collect::<Vec<_>>();
    let all = store.handovers(&HandoverQuery::default()).await.unwrap();
    assert_eq!(ids(all.clone()), [third, second, first]);
    let before = HandoverQuery {
        rota: Some("platform".into()),
        before: Some(all[0].at),
        limit: 1,
        ..HandoverQuery::default()
    };
    assert_eq!(ids(store.handovers(&before).await.unwrap()), [second]);
    let unsigned = HandoverQuery {
        unsigned: true,
        ..HandoverQuery::default()
    };
    assert_eq!(ids(store.handovers(&unsigned).await.unwrap()), [second]);
    let elsewhere = HandoverQuery {
        rota: Some("spare".into()),
        ..HandoverQuery::default()
    };
    assert_eq!(ids(store.handovers(&elsewhere).await.unwrap()), []);
    // the log of one rota, and of people
    let log = ChangeQuery {
        rota: Some("spare".into()),
        ..ChangeQuery::default()
    };
    let log = store.rota_changes(&log).await.unwrap();
    assert!(log.iter().any(|c| c.action == "put_members"));
    assert!(
        log.iter()
            .all(|c| c.rota.as_ref().is_none_or(|r| r.0 == "spare"))
    );
}

#[tokio::test]
async fn old_notes_and_handovers_are_forgotten_and_the_log_stays_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("desk.sqlite");
    let store = open(&path).await;
    let mut desk = Desk::new();
    store.commit_rota(&desk.one_of_each()).await.unwrap();
    let first = *desk.book.handovers.keys().next().unwrap();
    let mut changes = Vec::new();
    for side in [Side::Giving, Side::Taking] {
        changes.push(desk.signs(first, side));
    }
    // more than two pieces
    changes.extend((0..450).map(|i| desk.does(note(&format!("第 {i} 条"), &["旧"]))));
    let day = 24 * 60 * MINUTE;
    let old = desk.now;
    desk.now += 100 * day;
    let cut = desk.now - 90 * day;
    changes.push(desk.does(handover(desk.now)));
    changes.push(desk.does(note("新的", &[])));
    store.commit_rota(&changes).await.unwrap();
    assert!(old < cut);
    let pruned = store.prune(cut).await.unwrap();
    assert_eq!((pruned.notes, pruned.handovers), (451, 1));
    // each of the notes, the handover's opening and its two signatures
    assert_eq!(pruned.changes, 451 + 3);
    assert_eq!(found(&store, NoteQuery::default()).await, ["新的"]);
    let mut book = store.load_rota().await.unwrap();
    let mut expected = desk.book.clone();
    expected.handovers.remove(&first);
    assert_eq!(book, expected, "people, rotas and decisions stay");
    assert!(store.verify(&key()).await.unwrap().is_whole());
    // numbers are not given again
    book.last_id = 0;
    desk.book.last_id = expected.last_id;
    store
        .commit_rota(&[desk.does(note("后来", &[]))])
        .await
        .unwrap();
    let all = store.prune(i64::MAX).await.unwrap();
    assert_eq!(
        (all.notes, all.handovers),
        (2, 0),
        "the latest handover stays"
    );
    assert_eq!(store.load_rota().await.unwrap().last_id, desk.book.last_id);
    assert_eq!(
        store.prune(i64::MAX).await.unwrap(),
        store::Pruned::default()
    );
}

/// A closed database with one of each, and the audit entry of its first and its last change.
async fn closed(folder: &Path) -> (std::path::PathBuf, i64) {
    let path = folder.join("desk.sqlite");
    let store = open(&path).await;
    store.commit(&[audit(NOW, "ack")]).await.unwrap();
    let committed = store.commit_rota(&Desk::new().one_of_each()).await.unwrap();
    store.close().await;
    (path, committed.audit_seq)
}

async fn faults(path: &Path) -> Vec<(i64, AuditFaultKind)> {
    let store = Store::open_read_only(path).await.unwrap();
    let report = store.verify(&key()).await.unwrap();
    report.faults.iter().map(|f| (f.seq, f.kind)).collect()
}

#[tokio::test]
async fn a_log_of_changes_that_was_edited_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let (path, last) = closed(folder.path()).await;
    for sql in [
        "UPDATE rota_changes SET body = replace(body, 'zhangsan', 'lisi')",
        "DELETE FROM rota_changes WHERE kept = 1",
    ] {
        let refused = raw(&path, sql).await.unwrap_err().to_string();
        assert!(refused.contains("only appended to"), "{refused}");
    }
    assert_eq!(faults(&path).await, []);
    let loose = "DROP TRIGGER rota_changes_are_not_edited; DROP TRIGGER rota_changes_are_not_cut;";
    let first = "(SELECT min(id) FROM rota_changes)";
    let edit = format!(
        "{loose} UPDATE rota_changes SET body = replace(body, '138', '139') WHERE id = {first}"
    );
    raw(&path, &edit).await.unwrap();
    assert_eq!(faults(&path).await, [(2, AuditFaultKind::ChangeEdited)]);
    raw(
        &path,
        &format!("DELETE FROM rota_changes WHERE id = {first}"),
    )
    .await
    .unwrap();
    assert_eq!(faults(&path).await, [(2, AuditFaultKind::ChangeMissing)]);
    let forge = "INSERT INTO rota_changes (id, at, rota, kept, body) SELECT 100000, at, rota, 1, body FROM rota_changes LIMIT 1";
    raw(&path, forge).await.unwrap();
    assert_eq!(
        faults(&path).await,
        [
            (2, AuditFaultKind::ChangeMissing),
            (last, AuditFaultKind::ChangeForged)
        ]
    );
    let store = open(&path).await;
    let backup = store
        .backup(&folder.path().join("b.sqlite"), &key(), NOW)
        .await;
    assert!(
        matches!(backup, Err(StoreError::Backup { .. })),
        "{backup:?}"
    );
}

#[tokio::test]
async fn a_backup_brings_the_rota_back() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = closed(folder.path()).await;
    let backup = folder.path().join("backup.sqlite");
    let store = open(&path).await;
    let manifest = store.backup(&backup, &key(), NOW).await.unwrap();
    let (book, log) = (
        store.load_rota().await.unwrap(),
        store.rota_changes(&ChangeQuery::default()).await.unwrap(),
    );
    assert_eq!(manifest.changes, log.len() as i64);
    store.close().await;
    let elsewhere = folder.path().join("new").join("desk.sqlite");
    restore(&backup, &elsewhere, &key(), Trust::Ours, &actor("li"), NOW)
        .await
        .unwrap();
    let store = open(&elsewhere).await;
    assert_eq!(store.load_rota().await.unwrap(), book);
    assert_eq!(
        store.rota_changes(&ChangeQuery::default()).await.unwrap(),
        log
    );
    assert!(store.verify(&key()).await.unwrap().is_whole());
}

fn fixture(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name)
}

/// The fixtures were written by the program when it had the first schema alone: 20 open episodes, a notice, a mute, five audit entries.
#[tokio::test]
async fn a_database_from_before_the_rota_is_taken_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("desk.sqlite");
    std::fs::copy(fixture("desk-0001.sqlite"), &path).unwrap();
    let anchor = "desk.sqlite.audit.anchor";
    std::fs::copy(
        fixture("desk-0001.sqlite.audit.anchor"),
        folder.path().join(anchor),
    )
    .unwrap();
    let older = Store::open_read_only(&path).await.err();
    assert!(
        matches!(
            older,
            Some(StoreError::Older {
                found: 1,
                known: 2,
                ..
            })
        ),
        "{older:?}"
    );
    let store = open(&path).await;
    assert!(store.verify(&key()).await.unwrap().is_whole());
    let snapshot = store.load(NOW).await.unwrap();
    assert_eq!(
        (
            snapshot.alerts.len(),
            snapshot.notices.len(),
            snapshot.mutes.len()
        ),
        (20, 1, 1)
    );
    assert_eq!(snapshot.last_alert, AlertId(20));
    assert_eq!(store.load_rota().await.unwrap(), Book::default());
    let mut desk = Desk::new();
    store.commit_rota(&desk.one_of_each()).await.unwrap();
    store.close().await;
    let store = open(&path).await;
    assert_eq!(store.load_rota().await.unwrap(), desk.book);
    assert_eq!(store.load(NOW).await.unwrap().alerts, snapshot.alerts);
    assert!(store.verify(&key()).await.unwrap().is_whole());
}

#[tokio::test]
async fn a_backup_from_before_the_rota_is_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("desk.sqlite");
    let backup = fixture("backup-0001.sqlite");
    let restored = restore(&backup, &path, &key(), Trust::Ours, &actor("li"), NOW)
        .await
        .unwrap();
    assert_eq!(
        (restored.manifest.schema, restored.manifest.changes),
        (1, 0)
    );
    let store = open(&path).await;
    assert_eq!(store.load(NOW).await.unwrap().alerts.len(), 20);
    assert_eq!(store.load_rota().await.unwrap(), Book::default());
    assert!(store.verify(&key()).await.unwrap().is_whole());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_see_whole_changes_while_a_desk_writes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("desk.sqlite");
    let store = open(&path).await;
    let mut desk = Desk::new();
    store.commit_rota(&desk.one_of_each()).await.unwrap();
    let second = Store::open(&path, &key(), NOW).await.err();
    assert!(
        matches!(second, Some(StoreError::InUse { .. })),
        "{second:?}"
    );
    let base = desk.book.overrides.len();
    let reader = Store::open_read_only(&path).await.unwrap();
    let done = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let stop = done.clone();
    let reading = tokio::spawn(async move {
        let mut looked = 0;
        while !stop.load(std::sync::atomic::Ordering::Relaxed) || looked == 0 {
            let book = reader.load_rota().await.unwrap();
            // each change makes three at once
            assert_eq!((book.overrides.len() - base) % 3, 0);
            let newest = book.overrides.keys().next_back().map_or(0, |o| o.0);
            assert!(newest < book.last_id);
            assert!(reader.verify(&key()).await.unwrap().is_whole());
            looked += 1;
        }
        looked
    });
    for i in 0..40 {
        let from = desk.now + i * 60 * MINUTE;
        let one = |n: i64| Override {
            from: from + n * MINUTE,
            until: from + (n + 1) * MINUTE,
            ..override_of("lisi", from, 1)
        };
        let overrides = vec![one(0), one(1), one(2)];
        let change = desk.does(Edit::PutOverrides { overrides });
        store.commit_rota(&[change]).await.unwrap();
    }
    done.store(true, std::sync::atomic::Ordering::Relaxed);
    assert!(reading.await.unwrap() > 0);
    assert_eq!(store.load_rota().await.unwrap(), desk.book);
}
