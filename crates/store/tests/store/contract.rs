//! What is kept comes back as it was, in one piece, from a file that outlives its process.

use crate::more::*;
use crate::samples::*;
use model::duty::*;
use model::{Labels, Reported};
use std::collections::BTreeMap;
use store::{RECENT_MS, Store, StoreError};

/// One record of every kind, and every kind of transition.
fn one_of_each() -> Vec<Record> {
    let source = || "am".to_owned();
    let by = || actor("li");
    let suppression = Suppression::Inhibited {
        by: AlertId(9),
        name: "ClusterDown".to_owned(),
    };
    let id = NoticeId(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef);
    let to = || "li".to_owned();
    let channel = || "popup".to_owned();
    let whats = vec![
        What::Fired { source: source() },
        What::AlsoFrom { source: source() },
        What::EndedAt { source: source() },
        What::Leveled {
            level: model::Level::P1,
            reason: LevelReason::Default,
        },
        What::Suppressed {
            by: suppression.clone(),
        },
        What::Unsuppressed { by: suppression },
        What::PolicyChosen {
            policy: "default".to_owned(),
        },
        What::StepDue {
            step: 1,
            round: 2,
            targets: vec![to()],
            channels: vec![channel()],
            late: 17,
        },
        What::NobodyToTell { step: 3 },
        What::NoticeMade {
            notice: id,
            to: to(),
            channel: channel(),
            waits: Some(WaitReason::QuietHours),
            until: Some(NOW),
        },
        What::NoticeEnded {
            notice: id,
            to: to(),
            channel: channel(),
            outcome: NoticeState::Sent {
                at: NOW,
                receipt: "17".to_owned(),
            },
        },
        What::NoticeRetry {
            notice: id,
            to: to(),
            channel: channel(),
            code: "connect".to_owned(),
            next_at: NOW + 5,
        },
        What::Acked {
            ack: ack("li", NOW),
        },
        What::Unacked { by: by() },
        What::AckLapsed,
        What::Mirrored {
            source: source(),
            result: Err("forbidden".to_owned()),
            created: true,
        },
        What::Assigned {
            to: None,
            by: by(),
            comment: String::new(),
        },
        What::Snoozed {
            by: by(),
            until: None,
        },
        What::Commented {
            by: by(),
            comment: "<b>\u{202e}\0".to_owned(),
        },
        What::Resolved {
            resolution: Resolution::ByHand {
                by: by(),
                comment: "误报".to_owned(),
            },
        },
        What::Reopened { source: source() },
        What::CaughtUp { since: NOW - 5 },
    ];
    let mut records = vec![keep(&alert(1, NOW))];
    let lines = whats.into_iter().enumerate();
    records.extend(lines.map(|(i, what)| transition(1, NOW + i as i64, what)));
    let waiting = NoticeState::Waiting {
        not_before: NOW,
        why: Some(WaitReason::Retry {
            code: "connect".to_owned(),
        }),
    };
    records.push(Record::Notice(notice(1, &[1], NOW, waiting)));
    records.push(Record::Mute(mute(1, NOW, NOW + MINUTE)));
    records.push(audit(NOW, "ack"));
    records.push(Record::Alive(NOW));
    records
}

#[tokio::test]
async fn every_kind_of_record_comes_back_from_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("desk.sqlite");
    let records = one_of_each();
    let store = open(&path).await;
    let committed = store.commit(&records).await.unwrap();
    assert_eq!(
        (committed.alerts, committed.transitions, committed.notices),
        (1, 22, 1)
    );
    assert_eq!(
        (committed.mutes, committed.audit, committed.audit_seq),
        (1, 1, 1)
    );
    store.close().await;

    let store = open(&path).await;
    let snapshot = store.load(NOW).await.unwrap();
    let wanted = |pick: fn(&Record) -> bool| records.iter().filter(move |r| pick(r)).cloned();
    let alerts = snapshot
        .alerts
        .iter()
        .map(|a| Record::Alert(Box::new(a.clone())));
    assert!(alerts.eq(wanted(|r| matches!(r, Record::Alert(_)))));
    let notices = snapshot.notices.into_iter().map(Record::Notice);
    assert!(notices.eq(wanted(|r| matches!(r, Record::Notice(_)))));
    let mutes = snapshot.mutes.into_iter().map(Record::Mute);
    assert!(mutes.eq(wanted(|r| matches!(r, Record::Mute(_)))));
    assert_eq!(snapshot.last_alert, AlertId(1));
    assert_eq!(snapshot.last_mute, MuteId(1));
    assert_eq!(snapshot.last_notice, 1);
    assert_eq!(snapshot.alive_at, Some(NOW));
    let timeline = store.timeline(AlertId(1)).await.unwrap();
    let timeline = timeline.into_iter().map(Record::Transition);
    assert!(timeline.eq(wanted(|r| matches!(r, Record::Transition(_)))));
    let log = store.audit_log(None, 10).await.unwrap();
    let log = log.into_iter().map(|(_, entry)| Record::Audit(entry));
    assert!(log.eq(wanted(|r| matches!(r, Record::Audit(_)))));
    assert_eq!(store.notices_of(AlertId(1)).await.unwrap().len(), 1);
    assert_eq!(
        store.mute(MuteId(1)).await.unwrap(),
        Some(mute(1, NOW, NOW + MINUTE))
    );
    assert_eq!(store.alert(AlertId(2)).await.unwrap(), None);
}

#[tokio::test]
async fn the_start_gets_what_still_matters() {
    let store = Store::in_memory().await.unwrap();
    let old = NOW - 10 * RECENT_MS;
    let mut by_hand = resolved(alert(4, old), old);
    by_hand.resolved = Some((
        old,
        Resolution::ByHand {
            by: actor("li"),
            comment: String::new(),
        },
    ));
    let closed = by_hand.clone();
    by_hand
        .sights
        .insert("am".to_owned(), sight(Reported::Firing, old));
    let done = NoticeState::Dropped {
        at: NOW,
        why: DropReason::Acknowledged,
    };
    let waiting = NoticeState::Waiting {
        not_before: NOW,
        why: None,
    };
    let records = [
        keep(&alert(1, old)),
        keep(&resolved(alert(2, old), NOW - RECENT_MS)),
        keep(&resolved(alert(3, old), NOW - RECENT_MS - 1)),
        keep(&by_hand),
        keep(&Alert {
            id: AlertId(5),
            ..closed.clone()
        }),
        Record::Notice(notice(1, &[1], NOW, waiting.clone())),
        Record::Notice(notice(2, &[1], NOW, NoticeState::Sending { since: NOW })),
        Record::Notice(notice(3, &[1], NOW, waiting)),
        Record::Notice(notice(3, &[1], NOW, done)),
        Record::Mute(mute(1, old, NOW)),
        Record::Mute(mute(2, old, NOW + 1)),
        Record::Mute(mute(3, NOW + 5, NOW + 10)),
    ];
    store.commit(&records).await.unwrap();
    let ids = |s: &Snapshot| s.alerts.iter().map(|a| a.id.0).collect::<Vec<_>>();
    let snapshot = store.load(NOW).await.unwrap();
    // 4 was closed by hand, and a source still reports it
    assert_eq!(ids(&snapshot), [1, 2, 4]);
    let notices: Vec<_> = snapshot.notices.iter().map(|n| n.id.0).collect();
    assert_eq!(notices, [1, 2]);
    let mutes: Vec<_> = snapshot.mutes.iter().map(|m| m.id.0).collect();
    assert_eq!(mutes, [2, 3]);
    assert_eq!((snapshot.last_alert.0, snapshot.last_mute.0), (5, 3));
    assert_eq!(snapshot.last_notice, 3, "one that changes is not one more");
    assert_eq!(snapshot.alive_at, None);
    // the source has let go of it
    let closed = Alert {
        id: AlertId(4),
        ..closed
    };
    store.commit(&[keep(&closed)]).await.unwrap();
    assert_eq!(ids(&store.load(NOW).await.unwrap()), [1, 2]);
}

#[tokio::test]
async fn the_last_of_several_states_counts() {
    let store = Store::in_memory().await.unwrap();
    let first = alert(1, NOW);
    let second = Alert {
        assignee: Some("wang".to_owned()),
        ..first.clone()
    };
    store.commit(&[keep(&first), keep(&second)]).await.unwrap();
    assert_eq!(store.alert(AlertId(1)).await.unwrap(), Some(second));
    store.commit(&[keep(&first)]).await.unwrap();
    assert_eq!(store.alert(AlertId(1)).await.unwrap(), Some(first));
}

#[tokio::test]
async fn a_transaction_is_kept_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("desk.sqlite")).await;
    let records = [
        keep(&alert(1, NOW)),
        audit(NOW, "ack"),
        Record::Alive(NOW),
        fired(2, NOW), // nobody kept episode 2
    ];
    let refused = store.commit(&records).await.unwrap_err();
    assert!(
        matches!(refused, StoreError::UnknownAlert { .. }),
        "{refused}"
    );
    assert_eq!(store.load(NOW).await.unwrap(), Snapshot::default());
    assert_eq!(store.audit_log(None, 10).await.unwrap(), []);
    // and the audit log goes on where it was
    let committed = store.commit(&records[..3]).await.unwrap();
    assert_eq!(committed.audit_seq, 1);
    assert!(store.verify(&key()).await.unwrap().is_whole());
}

#[tokio::test]
async fn one_desk_writes_and_others_read_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new folder/desk.sqlite");
    let missing = Store::open_read_only(&path).await.err().unwrap();
    assert_eq!(missing, StoreError::Missing { path: path.clone() });
    let desk = open(&path).await;
    let second = Store::open(&path, &key(), NOW).await.err().unwrap();
    assert_eq!(second, StoreError::InUse { path: path.clone() });

    let reader = Store::open_read_only(&path).await.unwrap();
    let refused = reader.commit(&[Record::Alive(NOW)]).await.unwrap_err();
    assert_eq!(refused, StoreError::ReadOnly { path: path.clone() });
    let writing = tokio::spawn(async move {
        for i in 1..=100 {
            let records = [
                keep(&alert(i, NOW + i)),
                fired(i, NOW + i),
                audit(NOW, "ack"),
            ];
            desk.commit(&records).await.unwrap();
        }
        desk
    });
    let mut seen = 0;
    while !writing.is_finished() {
        let snapshot = reader.load(NOW).await.unwrap();
        // one view: as many episodes as ids
        assert_eq!(snapshot.alerts.len() as i64, snapshot.last_alert.0);
        assert!(snapshot.last_alert.0 >= seen);
        seen = snapshot.last_alert.0;
        let report = reader.verify(&key()).await.unwrap();
        assert!(report.is_whole(), "{report:?}");
    }
    let desk = writing.await.unwrap();
    assert_eq!(reader.load(NOW).await.unwrap().alerts.len(), 100);
    desk.close().await;
    // without a desk as well
    let alone = Store::open_read_only(&path).await.unwrap();
    assert_eq!(alone.load(NOW).await.unwrap().alerts.len(), 100);
    drop(open(&path).await);
}

#[tokio::test]
async fn hostile_texts_come_back_byte_for_byte() {
    let store = Store::in_memory().await.unwrap();
    let mut hostile = alert(1, NOW);
    hostile.labels = Labels::from_pairs([
        ("alertname", "a\0b'; DROP TABLE alerts; --".to_owned()),
        ("huge", "字".repeat(350_000)),
        ("", "no name".to_owned()),
        (
            "\u{ffff}\u{1F4A3}",
            "<script>alert(1)</script>\u{202e}\u{7}".to_owned(),
        ),
    ]);
    hostile.annotations = BTreeMap::from([("\0".to_owned(), "\r\n\t\"\\".to_owned())]);
    hostile.told = vec!["'\0".to_owned()];
    hostile.first_seen = i64::MAX;
    hostile.starts_at = i64::MIN;
    let id = AlertId(i64::MAX);
    hostile.id = id;
    store
        .commit(&[keep(&hostile), fired(i64::MAX, i64::MIN)])
        .await
        .unwrap();
    assert_eq!(store.alert(id).await.unwrap(), Some(hostile.clone()));
    assert_eq!(store.load(i64::MIN).await.unwrap().alerts, [hostile]);
}

#[tokio::test]
async fn a_notice_about_what_is_forgotten_stops_nothing() {
    let store = Store::in_memory().await.unwrap();
    let sent = NoticeState::Sent {
        at: NOW,
        receipt: String::new(),
    };
    let digest = notice(1, &[7, 8], NOW, sent);
    store
        .commit(&[Record::Notice(digest.clone()), keep(&alert(9, NOW))])
        .await
        .unwrap();
    assert_eq!(store.notice(&digest.id).await.unwrap(), Some(digest));
}

#[tokio::test]
async fn a_caller_that_gives_up_half_way_leaves_the_store_in_order() {
    use std::future::Future;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("desk.sqlite");
    let store = open(&path).await;
    let mut given_up = 0;
    for i in 1..=120 {
        let records = [keep(&alert(i, NOW)), fired(i, NOW), audit(NOW + i, "ack")];
        let mut commit = Box::pin(store.commit(&records));
        // looked at a few times only, then dropped wherever it is
        let mut finished = false;
        for _ in 0..i % 12 {
            let waker = std::task::Waker::noop();
            let mut context = std::task::Context::from_waker(waker);
            if let std::task::Poll::Ready(done) = commit.as_mut().poll(&mut context) {
                done.unwrap();
                finished = true;
                break;
            }
            tokio::time::sleep(std::time::Duration::from_micros(300)).await;
        }
        drop(commit);
        given_up += usize::from(!finished);
        if i % 5 == 0 {
            store.commit(&records).await.unwrap();
            assert_eq!(store.alert(AlertId(i)).await.unwrap(), Some(alert(i, NOW)));
        }
    }
    assert!(given_up > 20, "{given_up} were given up");
    let report = store.verify(&key()).await.unwrap();
    assert!(report.is_whole(), "{report:?}");
    store.close().await;
    let report = open(&path).await.verify(&key()).await.unwrap();
    assert!(report.is_whole(), "{report:?}");
}
