//! Whatever the types can hold comes back as it was.

use crate::samples::*;
use model::alert::Matcher;
use model::duty::*;
use model::{Labels, Level, Reported};
use proptest::collection::{btree_map, vec};
use proptest::option::of;
use proptest::prelude::*;
use store::{Query, Store};

fn text() -> impl Strategy<Value = String> {
    any::<String>()
}

fn level() -> impl Strategy<Value = Level> {
    proptest::sample::select(Level::ALL.to_vec())
}

fn any_actor() -> impl Strategy<Value = Actor> {
    let via = [
        Via::System,
        Via::Popup,
        Via::Desk,
        Via::Pocket,
        Via::Takeover,
        Via::CommandLine,
        Via::Config,
    ];
    (text(), text(), proptest::sample::select(via.to_vec())).prop_map(|(id, name, via)| Actor {
        id,
        name,
        via,
    })
}

fn any_ack() -> impl Strategy<Value = Ack> {
    (
        any_actor(),
        any::<i64>(),
        text(),
        of(any::<i64>()),
        btree_map(text(), text(), 0..3),
    )
        .prop_map(|(by, at, comment, until, mirrored)| Ack {
            by,
            at,
            comment,
            until,
            mirrored,
            ..ack("x", 0)
        })
}

fn any_suppression() -> impl Strategy<Value = Suppression> {
    let n = any::<i64>;
    prop_oneof![
        (text(), of(n())).prop_map(|(by, until)| Suppression::Acknowledged { by, until }),
        (text(), n()).prop_map(|(by, until)| Suppression::Snoozed { by, until }),
        (n(), text(), n()).prop_map(|(m, by, until)| Suppression::Silenced {
            mute: MuteId(m),
            by,
            until
        }),
        (n(), text(), n()).prop_map(|(m, title, until)| Suppression::Maintenance {
            mute: MuteId(m),
            title,
            until
        }),
        (n(), text()).prop_map(|(a, name)| Suppression::Inhibited {
            by: AlertId(a),
            name
        }),
        (text(), vec(text(), 0..3)).prop_map(|(source, by)| Suppression::AtSource { source, by }),
        (any::<u32>(), n()).prop_map(|(changes, until)| Suppression::Flapping { changes, until }),
    ]
}

fn any_resolution() -> impl Strategy<Value = Resolution> {
    prop_oneof![
        text().prop_map(|source| Resolution::Source { source }),
        text().prop_map(|source| Resolution::Gone { source }),
        (any_actor(), text()).prop_map(|(by, comment)| Resolution::ByHand { by, comment }),
    ]
}

prop_compose! {
    fn any_alert()(
        id in 1..i64::MAX,
        labels in vec((text(), text()), 0..5),
        annotations in btree_map(text(), text(), 0..3),
        level in level(),
        times in any::<(i64, i64)>(),
        value in of(proptest::num::f64::NORMAL | proptest::num::f64::ZERO | proptest::num::f64::SUBNORMAL),
        ack in of(any_ack()),
        assignee in of(text()),
        snooze in of((any_actor(), any::<i64>())),
        suppressions in vec(any_suppression(), 0..3),
        resolved in of((any::<i64>(), any_resolution())),
        told in vec(text(), 0..3),
    ) -> Alert {
        let mut alert = alert(1, NOW);
        alert.id = AlertId(id);
        alert.labels = Labels::from_pairs(labels);
        (alert.starts_at, alert.first_seen) = times;
        alert.sights = [("s".to_owned(), sight(Reported::Suppressed, NOW))].into();
        Alert { annotations, level, value, ack, assignee, snooze, suppressions, resolved, told, ..alert }
    }
}

fn any_outcome() -> impl Strategy<Value = NoticeState> {
    let n = any::<i64>;
    let wait = prop_oneof![
        Just(WaitReason::Collecting),
        Just(WaitReason::Storm),
        text().prop_map(|code| WaitReason::Retry { code })
    ];
    let dropped = prop_oneof![
        Just(DropReason::Acknowledged),
        any_suppression().prop_map(|by| DropReason::Suppressed { by }),
        any::<u128>().prop_map(|d| DropReason::InDigest {
            digest: NoticeId(d)
        }),
        Just(DropReason::Superseded)
    ];
    prop_oneof![
        (n(), of(wait)).prop_map(|(not_before, why)| NoticeState::Waiting { not_before, why }),
        n().prop_map(|since| NoticeState::Sending { since }),
        (n(), text()).prop_map(|(at, receipt)| NoticeState::Sent { at, receipt }),
        (n(), text(), btree_map(text(), text(), 0..3))
            .prop_map(|(at, code, params)| NoticeState::Failed { at, code, params }),
        (n(), dropped).prop_map(|(at, why)| NoticeState::Dropped { at, why }),
    ]
}

fn any_kind() -> impl Strategy<Value = NoticeKind> {
    prop_oneof![
        any::<(u32, u32)>().prop_map(|(step, round)| NoticeKind::Step { step, round }),
        Just(NoticeKind::AckLapsed),
        Just(NoticeKind::Digest {
            why: DigestReason::QuietHours
        }),
        // its `params` stand beside the notice's own fields
        (text(), btree_map(text(), text(), 0..3))
            .prop_map(|(code, params)| NoticeKind::System { code, params }),
    ]
}

prop_compose! {
    fn any_notice()(
        id in any::<u128>(),
        kind in any_kind(),
        level in level(),
        alerts in vec(any::<i64>().prop_map(AlertId), 0..4),
        to in text(),
        channel in text(),
        numbers in any::<(i64, u32)>(),
        outcome in any_outcome(),
    ) -> Notice {
        let base = crate::more::notice(1, &[], numbers.0, outcome);
        Notice { id: NoticeId(id), kind, level, alerts, to, channel, attempts: numbers.1, ..base }
    }
}

fn any_what() -> impl Strategy<Value = What> {
    prop_oneof![
        any_ack().prop_map(|ack| What::Acked { ack }),
        any_suppression().prop_map(|by| What::Suppressed { by }),
        (any::<u128>(), text(), text(), any_outcome()).prop_map(|(n, to, channel, outcome)| {
            What::NoticeEnded {
                notice: NoticeId(n),
                to,
                channel,
                outcome,
            }
        }),
        any_resolution().prop_map(|resolution| What::Resolved { resolution }),
        (text(), Result::<String, String>::arbitrary(), any::<bool>()).prop_map(
            |(source, result, created)| What::Mirrored {
                source,
                result,
                created
            }
        ),
        (of(text()), any_actor(), text()).prop_map(|(to, by, comment)| What::Assigned {
            to,
            by,
            comment
        }),
    ]
}

prop_compose! {
    fn any_mute()(
        id in 1..i64::MAX,
        matchers in vec((text(), text(), any::<bool>(), any::<bool>()), 0..3),
        times in any::<(i64, i64)>(),
        by in any_actor(),
        comment in text(),
    ) -> Mute {
        let matchers = matchers.into_iter().map(|(name, value, is_regex, is_equal)| Matcher { name, value, is_regex, is_equal });
        Mute { matchers: matchers.collect(), by, comment, ..crate::more::mute(id, times.0, times.1) }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn everything_comes_back(
        alert in any_alert(),
        notice in any_notice(),
        mute in any_mute(),
        lines in vec((any::<i64>(), any_what()), 0..5),
        entry in (any::<i64>(), any_actor(), text(), btree_map(text(), text(), 0..3)),
    ) {
        let id = alert.id;
        let lines: Vec<_> = lines.into_iter().map(|(at, what)| Transition { alert: id, at, what }).collect();
        let (at, by, action, detail) = entry;
        let entry = AuditEntry { at, by, action, alerts: vec![id], detail };
        let mut records = vec![keep(&alert), Record::Notice(notice.clone()), Record::Mute(mute.clone()), Record::Audit(entry.clone())];
        records.extend(lines.iter().cloned().map(Record::Transition));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let store = Store::in_memory().await.unwrap();
            store.commit(&records).await.unwrap();
            assert_eq!(store.alert(id).await.unwrap(), Some(alert.clone()));
            assert_eq!(store.notice(&notice.id).await.unwrap(), Some(notice));
            assert_eq!(store.mute(mute.id).await.unwrap(), Some(mute));
            assert_eq!(store.timeline(id).await.unwrap(), lines);
            assert_eq!(store.audit_log(None, 9).await.unwrap(), [(1, entry)]);
            assert!(store.verify(&key()).await.unwrap().is_whole());
            let all = store.history(&Query::default()).await.unwrap();
            assert_eq!(all.items, [alert]);
        });
    }
}
