//! Episodes and what belongs to them, for the tests and the bench of the store.

use model::duty::*;
use model::{Fingerprint, Labels, Level, Reported};
use serde_json::json;
use std::collections::BTreeMap;
use store::{AuditKey, Store};

/// 2026-03-02 08:00:00 UTC, a Monday.
pub const NOW: i64 = 1_772_438_400_000;
pub const MINUTE: i64 = 60_000;

pub fn key() -> AuditKey {
    AuditKey::new(b"a secret of the tests")
}

pub async fn open(path: &std::path::Path) -> Store {
    Store::open(path, &key(), NOW)
        .await
        .expect("the store opens")
}

pub fn actor(id: &str) -> Actor {
    Actor {
        id: id.to_owned(),
        name: format!("{id} 先生"),
        via: Via::Desk,
    }
}

/// From JSON as it may stand in an older database: fields that came later are missing.
fn from_json<T: serde::de::DeserializeOwned>(value: serde_json::Value) -> T {
    serde_json::from_value(value).expect("as the model has it")
}

pub fn ack(id: &str, at: i64) -> Ack {
    from_json(
        json!({ "by": actor(id), "at": at, "comment": "我来处理", "until": at + 60 * MINUTE }),
    )
}

/// An open episode with the labels of a real one.
pub fn alert(id: i64, first_seen: i64) -> Alert {
    let labels = Labels::from_pairs([
        ("alertname", format!("HighErrorRate{}", id % 7)),
        ("instance", format!("10.0.{}.{}:9100", id / 250, id % 250)),
        ("job", "order-service".to_owned()),
        ("cluster", "上海一区".to_owned()),
        ("severity", "critical".to_owned()),
        ("team", "platform".to_owned()),
    ]);
    let text = "订单服务错误率超过 5%，持续 5 分钟，请立即检查数据库连接池和下游支付接口";
    from_json(json!({
        "id": id,
        "fingerprint": Fingerprint::of(&labels),
        "labels": labels,
        "annotations": {
            "summary": format!("{text} #{id}"),
            "runbook_url": "https://wiki.example/runbooks/orders",
        },
        "level": Level::ALL[(id % 4).unsigned_abs() as usize],
        "level_reason": { "by": "mapping", "label": "severity", "value": "critical" },
        "starts_at": first_seen - 15_000,
        "first_seen": first_seen,
        "sights": { "am": sight(Reported::Firing, first_seen) },
        "expr": "rate(http_requests_total{code=~\"5..\"}[5m]) > 0.05",
        "value": 0.0731,
        "suppressions": [],
        "escalation": { "policy": "default", "next_step": 1, "due_at": first_seen + 15 * MINUTE, "round": 0 },
        "changes": [first_seen],
    }))
}

pub fn sight(state: Reported, at: i64) -> Sight {
    Sight {
        state,
        seen_at: at,
        missing_since: None,
        starts_at: at - 15_000,
        ends_at: None,
        silenced_by: Vec::new(),
        inhibited_by: Vec::new(),
        muted_by: Vec::new(),
        generator_url: Some("http://prometheus.example:9090/graph?g0.expr=up".to_owned()),
    }
}

pub fn keep(alert: &Alert) -> Record {
    Record::Alert(Box::new(alert.clone()))
}

pub fn transition(alert: i64, at: i64, what: What) -> Record {
    Record::Transition(Transition {
        alert: AlertId(alert),
        at,
        what,
    })
}

pub fn fired(alert: i64, at: i64) -> Record {
    let source = "am".to_owned();
    transition(alert, at, What::Fired { source })
}

pub fn audit(at: i64, action: &str) -> Record {
    Record::Audit(AuditEntry {
        at,
        by: actor("li"),
        action: action.to_owned(),
        alerts: vec![AlertId(1)],
        detail: BTreeMap::from([("comment".to_owned(), "我来处理".to_owned())]),
    })
}
