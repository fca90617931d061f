//! Which rules were noisy.

use crate::more::notice;
use crate::samples::*;
use model::Labels;
use model::duty::*;
use store::{NoisyRule, Store};

fn of(rule: &str, id: i64, at: i64) -> Record {
    let mut alert = alert(id, at);
    alert.labels = Labels::from_pairs([("alertname", rule), ("n", &id.to_string())]);
    keep(&alert)
}

fn told(id: u128, alerts: &[i64], at: i64) -> Record {
    Record::Notice(notice(
        id,
        alerts,
        at,
        NoticeState::Sent {
            at,
            receipt: String::new(),
        },
    ))
}

fn rule(name: &str, episodes: u32, notices: u32) -> NoisyRule {
    NoisyRule {
        rule: name.into(),
        episodes,
        notices,
    }
}

#[tokio::test]
async fn rules_are_counted_within_the_shift_noisiest_first() {
    let store = Store::in_memory().await.unwrap();
    let (from, to) = (NOW, NOW + 1_000);
    let records = [
        // At the begin of the shift, within it, at its end (which is the next one's), and before it.
        of("磁盘将满", 1, from),
        of("磁盘将满", 2, from + 500),
        of("磁盘将满", 3, to),
        of("磁盘将满", 4, from - 1),
        of("PumpBroken", 5, from + 1),
        of("PumpBroken", 6, from + 2),
        of("PumpBroken", 7, to - 1),
        of("FanBroken", 8, from + 3),
        // Only its notices are of this shift.
        of("Old", 9, from - 500),
        told(1, &[1], from),
        told(2, &[2], to - 1),
        told(3, &[3], to),
        told(4, &[4], from - 1),
        // A repetition within the shift of what began before it counts for its rule.
        told(5, &[4], from + 10),
        // A digest is one notice, also where it tells of a rule twice.
        told(6, &[5, 6, 8], from + 20),
        told(7, &[9], from + 30),
    ];
    store.commit(&records).await.unwrap();
    let found = store.noisy(from, to, 10).await.unwrap();
    let expected = [
        rule("PumpBroken", 3, 1),
        rule("磁盘将满", 2, 3),
        rule("FanBroken", 1, 1),
    ];
    assert_eq!(found, expected);
    assert_eq!(store.noisy(from, to, 2).await.unwrap(), expected[..2]);
    assert_eq!(store.noisy(from, from, 10).await.unwrap(), []);
    assert_eq!(
        store.noisy(to, to + 1, 10).await.unwrap(),
        [rule("磁盘将满", 1, 1)]
    );
}

#[tokio::test]
async fn a_hostile_name_is_cut() {
    let store = Store::in_memory().await.unwrap();
    store
        .commit(&[of(&"长".repeat(5_000), 1, NOW)])
        .await
        .unwrap();
    let found = store.noisy(NOW, NOW + 1, 10).await.unwrap();
    assert_eq!(found[0].rule, "长".repeat(200));
}
