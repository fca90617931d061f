//! The search.

use crate::more::*;
use crate::samples::*;
use model::alert::Matcher;
use model::duty::*;
use model::{Labels, Level};
use store::{Query, Role, State, Store, StoreError};

fn ids(alerts: &[Alert]) -> Vec<i64> {
    alerts.iter().map(|a| a.id.0).collect()
}

async fn found(store: &Store, query: Query) -> Vec<i64> {
    let page = store.history(&query).await.unwrap();
    assert_eq!(page.next, None);
    ids(&page.items)
}

#[tokio::test]
async fn pages_lose_nothing_and_repeat_nothing_where_times_are_equal() {
    let store = Store::in_memory().await.unwrap();
    // 500 episodes at 7 times
    let records: Vec<_> = (1..=500).map(|i| keep(&alert(i, NOW + i % 7))).collect();
    store.commit(&records).await.unwrap();
    for limit in [1, 3, 71, 72, 499, 500, 501] {
        let mut query = Query {
            limit,
            ..Query::default()
        };
        let mut seen = Vec::new();
        let mut later = 0;
        loop {
            let page = store.history(&query).await.unwrap();
            assert!(page.items.len() <= limit as usize);
            seen.extend(page.items.iter().map(|a| (a.first_seen, a.id.0)));
            // new ones that arrive meanwhile do not shift the pages
            later += 1;
            if limit > 1 {
                store
                    .commit(&[keep(&alert(1000 + later, NOW + 100))])
                    .await
                    .unwrap();
            }
            match page.next {
                Some(next) => query.before = Some(next),
                None => break,
            }
        }
        let mut sorted = seen.clone();
        sorted.sort_by(|a, b| b.cmp(a));
        sorted.dedup();
        assert_eq!(seen, sorted, "limit {limit}");
        assert_eq!(seen.iter().filter(|(_, id)| *id <= 500).count(), 500);
    }
}

#[tokio::test]
async fn each_condition_restricts() {
    let store = Store::in_memory().await.unwrap();
    let mut one = alert(1, NOW);
    one.ack = Some(ack("li", NOW));
    let two = resolved(alert(2, NOW + 10), NOW + 20);
    let mut three = alert(3, NOW + 20);
    three.labels = Labels::from_pairs([
        ("alertname", "磁盘将满"),
        ("mount", "/data"),
        ("env", "prod"),
    ]);
    three.assignee = Some("wang".to_owned());
    let four = alert(4, NOW + 30);
    let reached = |id, to: &str, outcome| {
        let to = to.to_owned();
        Record::Notice(Notice {
            to,
            ..notice(id, &[4], NOW, outcome)
        })
    };
    let sent = NoticeState::Sent {
        at: NOW,
        receipt: String::new(),
    };
    let failed = NoticeState::Failed {
        at: NOW,
        code: "connect".to_owned(),
        params: Default::default(),
    };
    let notices = [reached(1, "li", sent), reached(2, "qian", failed)];
    let unacked = transition(
        2,
        NOW,
        What::Acked {
            ack: ack("zhao", NOW),
        },
    );
    let mut records = vec![keep(&one), keep(&two), keep(&three), keep(&four), unacked];
    records.extend(notices);
    store.commit(&records).await.unwrap();
    let q = Query::default;
    assert_eq!(found(&store, q()).await, [4, 3, 2, 1]);
    assert_eq!(
        found(
            &store,
            Query {
                from: Some(NOW + 10),
                to: Some(NOW + 30),
                ..q()
            }
        )
        .await,
        [3, 2]
    );
    assert_eq!(
        found(
            &store,
            Query {
                levels: vec![Level::P0, Level::P2],
                ..q()
            }
        )
        .await,
        [4, 2]
    );
    let states = [
        (State::Open, vec![4, 3, 1]),
        (State::Unacknowledged, vec![4, 3]),
        (State::Acknowledged, vec![1]),
        (State::Resolved, vec![2]),
    ];
    for (state, wanted) in states {
        assert_eq!(
            found(
                &store,
                Query {
                    state: Some(state),
                    ..q()
                }
            )
            .await,
            wanted,
            "{state:?}"
        );
    }
    let people = [
        ("li", None, vec![4, 1]),
        ("li", Some(Role::Acknowledged), vec![1]),
        ("li", Some(Role::Told), vec![4]),
        ("wang", Some(Role::Assigned), vec![3]),
        ("zhao", None, vec![2]),
        ("qian", None, vec![]), // nothing reached them
        ("nobody", None, vec![]),
    ];
    for (person, role, wanted) in people {
        let person = Some((person.to_owned(), role));
        assert_eq!(
            found(
                &store,
                Query {
                    person: person.clone(),
                    ..q()
                }
            )
            .await,
            wanted,
            "{person:?}"
        );
    }
    for (text, wanted) in [
        ("将满", vec![3]),
        ("ORDER-service", vec![4, 2, 1]),
        (" #2 ", vec![2]),
        ("%", vec![4, 3, 2, 1]),
        ("_", vec![]),
    ] {
        let text = text.to_owned();
        assert_eq!(
            found(
                &store,
                Query {
                    text: text.clone(),
                    ..q()
                }
            )
            .await,
            wanted,
            "{text}"
        );
    }
}

#[tokio::test]
async fn matchers_mean_what_they_mean_at_the_alertmanager() {
    let store = Store::in_memory().await.unwrap();
    let with = |id: i64, pairs: &[(&str, &str)]| {
        let mut alert = alert(id, NOW + id);
        alert.labels = Labels::from_pairs(pairs.iter().copied());
        keep(&alert)
    };
    let records = [
        with(1, &[("alertname", "A"), ("env", "prod")]),
        with(2, &[("alertname", "B"), ("env", "prod-2")]),
        with(3, &[("alertname", "A")]),
        with(4, &[("alertname", "C"), ("env", "pro\nd")]),
    ];
    store.commit(&records).await.unwrap();
    let matcher = |name: &str, value: &str, is_regex, is_equal| Matcher {
        name: name.to_owned(),
        value: value.to_owned(),
        is_regex,
        is_equal,
    };
    for (matchers, wanted) in [
        (vec![matcher("alertname", "A", false, true)], vec![3, 1]),
        (vec![matcher("alertname", "A", false, false)], vec![4, 2]),
        (vec![matcher("env", "prod", false, true)], vec![1]),
        (vec![matcher("env", "prod", true, true)], vec![1]), // anchored
        (vec![matcher("env", "prod.*|x", true, true)], vec![2, 1]),
        (vec![matcher("env", "pro.d", true, true)], vec![4]), // the dot is any character, also a new line
        (vec![matcher("env", "", false, true)], vec![3]),
        (vec![matcher("env", ".+", true, false)], vec![3]),
        (
            vec![
                matcher("alertname", "A", false, true),
                matcher("env", "prod", false, true),
            ],
            vec![1],
        ),
        (
            vec![
                matcher("alertname", "A", false, true),
                matcher("alertname", "B", false, true),
            ],
            vec![],
        ),
        (
            vec![matcher("'; DROP TABLE alerts; --", "x", false, true)],
            vec![],
        ),
    ] {
        let query = Query {
            labels: matchers.clone(),
            ..Query::default()
        };
        assert_eq!(found(&store, query).await, wanted, "{matchers:?}");
    }
    for pattern in ["(", "a{100000}{100000}"] {
        let query = Query {
            labels: vec![matcher("env", pattern, true, true)],
            ..Query::default()
        };
        let refused = store.history(&query).await.unwrap_err();
        assert!(matches!(refused, StoreError::Pattern { .. }), "{refused}");
    }
}

#[tokio::test]
async fn figures_of_a_week_from_the_database() {
    let store = Store::in_memory().await.unwrap();
    let mut taken = resolved(alert(4, NOW), NOW + 20 * MINUTE); // P0
    taken.responded_at = Some(NOW + 4 * MINUTE);
    let mut quiet = alert(8, NOW + MINUTE); // P0
    quiet.suppressions = vec![Suppression::Maintenance {
        mute: MuteId(1),
        title: "发布".to_owned(),
        until: NOW + 60 * MINUTE,
    }];
    let mut no_longer = quiet.clone();
    no_longer.suppressions.clear();
    let mut held = alert(12, NOW + MINUTE); // P0: acknowledged is not kept quiet
    held.suppressions = vec![Suppression::Acknowledged {
        by: "li".to_owned(),
        until: None,
    }];
    let acked = |at| transition(4, at, What::Acked { ack: ack("li", at) });
    store
        .commit(&[
            keep(&taken),
            keep(&quiet),
            keep(&held),
            acked(NOW),
            acked(NOW + 5),
        ])
        .await
        .unwrap();
    // once quieted it stays counted so
    store.commit(&[keep(&no_longer)]).await.unwrap();
    let zone = chrono_tz::Asia::Shanghai;
    let targets = store::Targets::default();
    let figures = store
        .figures(NOW, NOW + 60 * MINUTE, zone, &targets, NOW + 10 * MINUTE)
        .await
        .unwrap();
    assert_eq!(figures.weeks.len(), 1);
    let week = &figures.weeks[0];
    assert_eq!((week.year, week.week), (2026, 10));
    assert_eq!(week.tally, figures.total);
    let tally = &week.tally;
    assert_eq!(
        (tally.fired, tally.open, tally.response.median),
        (3, 2, Some(4 * MINUTE))
    );
    assert_eq!(
        (
            tally.response_target.met,
            tally.response_target.missed,
            tally.response_target.quieted
        ),
        (1, 1, 1)
    );
    assert_eq!(
        tally.acks,
        [store::figures::AcksBy {
            person: "li".to_owned(),
            name: "li 先生".to_owned(),
            count: 2
        }]
    );
    assert_eq!(tally.noisiest.iter().map(|n| n.count).sum::<u64>(), 3);
    // the end of the range is not in it
    let none = store
        .figures(NOW + 2 * MINUTE, NOW + 3 * MINUTE, zone, &targets, NOW)
        .await
        .unwrap();
    assert_eq!(none, store::Figures::default());
    let all = store
        .figures(i64::MIN, i64::MAX, zone, &targets, NOW)
        .await
        .unwrap();
    assert_eq!((all.total.fired, all.undated), (3, 0));
    // what lies more than a thousand weeks back is told, not left out
    store.commit(&[keep(&alert(99, 0))]).await.unwrap();
    let all = store
        .figures(i64::MIN, i64::MAX, zone, &targets, NOW)
        .await
        .unwrap();
    assert_eq!((all.total.fired, all.undated), (3, 1));
}
