//! Alerts for tests.

use model::duty::{Ack, Actor, Alert, AlertId, Escalation, LevelReason, Suppression, Via};
use model::{Fingerprint, Labels, Level};
use std::collections::BTreeMap;

/// An open alert with these labels.
pub fn alert(id: i64, level: Level, labels: &[(&str, &str)]) -> Alert {
    let labels = Labels::from_pairs(labels.iter().copied());
    Alert {
        id: AlertId(id),
        fingerprint: Fingerprint::of(&labels),
        labels,
        annotations: BTreeMap::new(),
        level,
        level_reason: LevelReason::Default,
        starts_at: 1_000 * id,
        first_seen: 1_000 * id,
        sights: Default::default(),
        expr: None,
        value: None,
        ack: None,
        assignee: None,
        snooze: None,
        suppressions: Vec::new(),
        escalation: Escalation::default(),
        responded_at: None,
        resolved: None,
        changes: Vec::new(),
        told: Vec::new(),
        told_by: Default::default(),
    }
}

/// The same, acknowledged.
pub fn acked(mut alert: Alert, by: &str) -> Alert {
    alert.ack = Some(Ack {
        by: Actor {
            id: by.into(),
            name: by.into(),
            via: Via::Desk,
        },
        at: 5_000,
        comment: String::new(),
        until: None,
        mirrored: BTreeMap::new(),
        mirror: Default::default(),
    });
    alert.suppressions = vec![Suppression::Acknowledged {
        by: by.into(),
        until: None,
    }];
    alert
}
