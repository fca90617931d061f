//! What is gathered as a whole: its stretch of time, its deadline, who is on duty.

use super::*;
use crate::duty::{Ask, Message};
use crate::logs::Stores;
use wire::{AlertBand, AlertLook, LabelView, LevelView, OnDutyView, Sentence};

fn said() -> Sentence {
    Sentence {
        key: "duty.reason.severity".into(),
        params: std::collections::BTreeMap::new(),
    }
}

pub(super) fn row(id: i64, place: &[&str]) -> AlertRow {
    AlertRow {
        id,
        fingerprint: format!("{id:016x}"),
        level: LevelView::P1,
        look: AlertLook::Open,
        title: "微信支付大量失败".into(),
        rule: "PaymentFailing".into(),
        place: place.iter().map(|p| (*p).to_owned()).collect(),
        sources: 1,
        starts_at: 1e9,
        respond_by: None,
        resolve_by: None,
        resolved_at: None,
        acked_by: None,
        ack_comment: None,
        ack_until: None,
        assignee: None,
        quiet: None,
        next: None,
        flapping: false,
        unverified: false,
        demo: false,
    }
}

pub(super) fn detail() -> AlertDetail {
    let label = LabelView {
        name: "service".into(),
        value: "pay".into(),
    };
    AlertDetail {
        now: 2e9,
        row: row(7, &["pay"]),
        description: Some("支付渠道没有应答".into()),
        runbook: Some("https://runbooks.example.cn/pay".into()),
        annotations: Vec::new(),
        labels: vec![label],
        level_reason: said(),
        expr: Some("pay_ok == 0".into()),
        sights: Vec::new(),
        quiet: Vec::new(),
        steps: Vec::new(),
        timeline: Vec::new(),
        notices: Vec::new(),
        findings: Vec::new(),
    }
}

pub(super) fn on_duty() -> OnDutyView {
    OnDutyView {
        rota: "main".into(),
        role: "primary".into(),
        person: "lisi".into(),
        name: "李四".into(),
        from: 0.0,
        until: 3e9,
        why: said(),
        next: Vec::new(),
    }
}

#[test]
fn the_stretch_begins_before_the_firing_and_has_an_end() {
    let minute = 60_000;
    let fired = 1_000 * minute;
    let stretch = |over: Option<i64>, now: i64| {
        let row = AlertRow {
            starts_at: fired as f64,
            resolved_at: over.map(|at| at as f64),
            ..row(1, &[])
        };
        let found = Stretch::around(&row, now);
        ((found.from - fired) / minute, (found.to - fired) / minute)
    };
    // Open: until now, an hour after the firing at most.
    assert_eq!(stretch(None, fired + 5 * minute), (-10, 5));
    assert_eq!(stretch(None, fired + 500 * minute), (-10, 60));
    // Over: ten minutes after it was, as far as that has passed.
    assert_eq!(
        stretch(Some(fired + 20 * minute), fired + 500 * minute),
        (-10, 30)
    );
    assert_eq!(
        stretch(Some(fired + 20 * minute), fired + 22 * minute),
        (-10, 22)
    );
    // A clock that is behind makes no stretch without a length.
    let behind = Stretch::around(
        &AlertRow {
            starts_at: fired as f64,
            ..row(1, &[])
        },
        fired - 60 * minute,
    );
    assert!(behind.to > behind.from);
}

#[test]
fn made_up_alerts_are_explained_by_made_up_stores() {
    let of = |stores: &[bool], demo| of_its_kind(stores.to_vec(), |s: &bool| *s, demo);
    assert_eq!(of(&[false, true], true), [true]);
    assert_eq!(of(&[false, true], false), [false]);
    assert_eq!(of(&[true], false), [true]);
    assert_eq!(of(&[], false), Vec::<bool>::new());
}

/// An investigator whose desk answers what `answers` lets it.
fn investigator(
    answers: impl Fn(Ask) -> Option<Ask> + Send + 'static,
) -> (Investigator, tokio::sync::watch::Sender<Arc<AlertBand>>) {
    let (duty, mut rx, band) = DutyHandle::channel();
    tokio::spawn(async move {
        // What is neither answered nor dropped hangs.
        let mut held = Vec::new();
        while let Some(message) = rx.recv().await {
            if let Message::Ask(ask) = message {
                held.extend(answers(ask));
            }
        }
    });
    let place = Place {
        data: None,
        zone: chrono_tz::Asia::Shanghai,
    };
    let investigator = Investigator::new(
        duty,
        Arc::new(Vec::new()),
        Stores::default(),
        Vec::new(),
        place,
    );
    (investigator, band)
}

#[tokio::test]
async fn a_desk_that_hangs_is_given_up_in_time() {
    let (all_hang, _band) = investigator(Some);
    let began = clock::instant();
    let error = all_hang.investigate(AlertId(7)).await.err();
    assert_eq!(error.map(|e| e.code), Some(ErrorCode::Timeout));
    assert!(began.elapsed() < Duration::from_secs(3));
}

#[tokio::test]
async fn what_the_desk_does_not_answer_is_said_and_the_rest_is_there() {
    let (lists_hang, band) = investigator(|ask| match ask {
        Ask::Detail(_, reply) => {
            let _ = reply.send(Ok(detail()));
            None
        }
        other => Some(other),
    });
    let rota = vec![on_duty()];
    band.send_replace(Arc::new(AlertBand {
        rota: rota.clone(),
        ..AlertBand::default()
    }));
    let view = lists_hang.investigate(AlertId(7)).await.expect("a view");
    assert_eq!(view.on_duty, rota);
    let timeout = |e: &Option<ErrorView>| e.as_ref().map(|e| e.code) == Some(ErrorCode::Timeout);
    assert!(timeout(&view.others_error) && timeout(&view.metric.error));
    // Two seconds are promised; a machine on which tests run side by side is given another one.
    assert!(view.took_ms < 3_000.0, "{}", view.took_ms);
}
