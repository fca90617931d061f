//! Forgetting.

use crate::more::*;
use crate::samples::*;
use model::Reported;
use model::duty::*;
use store::{Pruned, Store};

#[tokio::test]
async fn what_ended_long_ago_goes_and_everything_else_stays() {
    let store = Store::in_memory().await.unwrap();
    let day = 24 * 60 * MINUTE;
    let (old, cut) = (NOW - 100 * day, NOW - 90 * day);
    let mut records = Vec::new();
    // 450 old ones: more than two pieces
    for i in 1..=450 {
        records.extend([
            keep(&resolved(alert(i, old), old + i)),
            fired(i, old),
            fired(i, old),
        ]);
    }
    let mut by_hand = alert(452, old);
    by_hand.resolved = Some((
        old,
        Resolution::ByHand {
            by: actor("li"),
            comment: String::new(),
        },
    ));
    assert!(by_hand.sights.values().all(|s| s.state == Reported::Firing));
    let sent = NoticeState::Sent {
        at: old,
        receipt: String::new(),
    };
    records.extend([
        keep(&alert(451, old)),                // still open
        keep(&by_hand),                        // a source still reports it
        keep(&resolved(alert(453, old), cut)), // at the edge
        Record::Notice(notice(1, &[1, 2], old, sent.clone())),
        Record::Notice(notice(2, &[3, 451], old, sent.clone())), // also about one that stays
        Record::Notice(notice(3, &[4], old, NoticeState::Sending { since: old })), // not done
        Record::Notice(notice(4, &[], NOW, sent)),               // the program's own, new
        Record::Mute(mute(1, old, cut - 1)),
        Record::Mute(mute(2, old, cut)),
        audit(old, "ack"),
    ]);
    store.commit(&records).await.unwrap();
    let pruned = store.prune(cut).await.unwrap();
    assert_eq!(
        pruned,
        Pruned {
            alerts: 450,
            notices: 1,
            mutes: 1,
            ..Pruned::default()
        }
    );
    let left = store.history(&store::Query::default()).await.unwrap();
    assert_eq!(
        left.items.iter().map(|a| a.id.0).collect::<Vec<_>>(),
        [453, 452, 451]
    );
    assert_eq!(store.timeline(AlertId(1)).await.unwrap(), []);
    assert_eq!(store.notice(&NoticeId(1)).await.unwrap(), None);
    assert_eq!(store.notices_of(AlertId(451)).await.unwrap().len(), 1);
    assert_eq!(store.notices_of(AlertId(3)).await.unwrap().len(), 0);
    assert_eq!(
        (
            store.mute(MuteId(1)).await.unwrap(),
            store.mute(MuteId(2)).await.unwrap().is_some()
        ),
        (None, true)
    );
    assert_eq!(store.audit_log(None, 10).await.unwrap().len(), 1);
    // ids are never given twice
    let snapshot = store.load(NOW).await.unwrap();
    assert_eq!(snapshot.last_alert, AlertId(453));
    assert_eq!(store.prune(cut).await.unwrap(), Pruned::default());
    // with the last of them goes the largest id, and it is still known
    let closed = resolved(alert(453, old), old);
    store.commit(&[keep(&closed)]).await.unwrap();
    assert_eq!(store.prune(cut).await.unwrap().alerts, 1);
    assert_eq!(store.load(NOW).await.unwrap().last_alert, AlertId(453));
}

#[tokio::test]
async fn others_write_between_the_pieces() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("desk.sqlite")).await;
    let records: Vec<_> = (1..=5000)
        .map(|i| keep(&resolved(alert(i, 0), 1)))
        .collect();
    store.commit(&records).await.unwrap();
    let pruning = tokio::spawn({
        let store = store.clone();
        async move { store.prune(NOW).await.unwrap() }
    });
    let mut between = 0;
    while !pruning.is_finished() {
        store
            .commit(&[keep(&alert(6000, NOW)), audit(NOW, "ack")])
            .await
            .unwrap();
        between += 1;
    }
    assert_eq!(pruning.await.unwrap().alerts, 5000);
    assert!(
        between > 3,
        "{between} commits while 25 pieces were forgotten"
    );
}
