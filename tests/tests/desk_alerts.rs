//! The whole way: a rule fires in a real Prometheus, a real Alertmanager holds it, a pop-up stands on a real bus, its button acknowledges
//! — in the database, in the list and as a silence in the Alertmanager — and it is over when the rule is.

mod desk_support;

use desk::duty::DutyHandle;
use desk::start::Desk;
use desk_support::{started, until};
use model::duty::{AlertId, Via};
use serde_json::Value;
use shouwang_tests::alertmanager;
use shouwang_tests::http;
use shouwang_tests::notifications::{Bus, Manner, Note, NotificationServer};
use shouwang_tests::now_ms;
use shouwang_tests::remote_write;
use shouwang_tests::servers::{self, PrometheusOptions, Server};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use wire::{
    AlertAct, AlertItem, AlertLook, AlertPage, AlertQuery, AlertRow, AlertTab, MatcherView,
};

const RULES: &str = "groups:
- name: pay
  interval: 1s
  rules:
  - alert: PaymentDown
    expr: pay_ok == 0
    labels: {severity: critical, service: payment}
    annotations: {summary: 支付服务不可用, description: '{{ $labels.channel }} 没有应答'}
";

struct Platform {
    prometheus: Server,
    alertmanager: Server,
    stop: Arc<std::sync::atomic::AtomicI64>,
    writer: Option<std::thread::JoinHandle<()>>,
}

impl Platform {
    /// A Prometheus that knows `pay_ok`, which is well at first, and the Alertmanager that it sends to.
    fn start() -> Self {
        let alertmanager = servers::alertmanager(None);
        let prometheus = servers::prometheus(PrometheusOptions {
            rules: Some(RULES.into()),
            alertmanagers: vec![format!("127.0.0.1:{}", alertmanager.port())],
            ..PrometheusOptions::default()
        });
        let value = Arc::new(std::sync::atomic::AtomicI64::new(1));
        let (port, shared) = (prometheus.port(), value.clone());
        let writer = std::thread::spawn(move || {
            loop {
                let v = shared.load(std::sync::atomic::Ordering::SeqCst);
                if v < 0 {
                    return;
                }
                let labels =
                    model::Labels::from_pairs([("__name__", "pay_ok"), ("channel", "wechat")]);
                let series = model::Series {
                    labels,
                    samples: vec![model::Sample {
                        t: now_ms(),
                        v: v as f64,
                    }],
                };
                remote_write::remote_write(port, &[series]).expect("a sample is taken");
                std::thread::sleep(Duration::from_millis(500));
            }
        });
        // What fires before Prometheus knows its Alertmanager is sent a minute later.
        let began = now_ms();
        let known = |port| {
            let reply = http::get(port, "/api/v1/alertmanagers").expect("an answer");
            let v: Value = serde_json::from_slice(&reply.body).expect("JSON");
            v["data"]["activeAlertmanagers"]
                .as_array()
                .is_some_and(|a| !a.is_empty())
        };
        while !known(prometheus.port()) {
            assert!(
                now_ms() - began < 60_000,
                "Prometheus does not find its Alertmanager"
            );
            std::thread::sleep(Duration::from_millis(200));
        }
        Self {
            prometheus,
            alertmanager,
            stop: value,
            writer: Some(writer),
        }
    }

    fn is_well(&self, well: bool) {
        self.stop
            .store(i64::from(well), std::sync::atomic::Ordering::SeqCst);
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        self.stop.store(-1, std::sync::atomic::Ordering::SeqCst);
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

async fn desk(dir: &Path, platform: &Platform, bus: &str) -> Desk {
    let file = dir.join("config.toml");
    let text = format!(
        "data_dir = {:?}\n[embedded]\nhost = false\n[duty]\nmirror_labels = [\"alertname\"]\n\
         [[source]]\nname = \"prom\"\nkind = \"prometheus\"\nurl = {:?}\n\
         [[alert_source]]\nname = \"am\"\nkind = \"alertmanager\"\nurl = {:?}\npoll_seconds = 1\n\
         [[person]]\nid = \"lisi\"\nname = \"李四\"\n[[person]]\nid = \"zhangsan\"\nname = \"张三\"\n",
        dir.join("data"),
        platform.prometheus.url(),
        platform.alertmanager.url(),
    );
    std::fs::write(&file, text).unwrap();
    started(&file, Some(bus)).await
}

async fn page(duty: &DutyHandle, tab: AlertTab) -> AlertPage {
    let query = AlertQuery {
        tab,
        limit: 50,
        ..AlertQuery::default()
    };
    duty.list(query).await.expect("the desk answers")
}

async fn rows(duty: &DutyHandle, tab: AlertTab) -> Vec<AlertRow> {
    let items = page(duty, tab).await.items.expect("a first page is whole");
    let row = |item| match item {
        AlertItem::Alert { row } => Some(*row),
        AlertItem::Group { .. } => None,
    };
    items.into_iter().filter_map(row).collect()
}

async fn told(server: &NotificationServer, part: &str) -> Note {
    until(part, async || {
        server.notes().into_iter().find(|n| n.title.contains(part))
    })
    .await
}

fn silences(platform: &Platform) -> Vec<Value> {
    let all = alertmanager::read(platform.alertmanager.port(), "silences").expect("a list");
    let all = all.as_array().expect("an array").clone();
    all.into_iter()
        .filter(|s| s["status"]["state"] == "active")
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn from_a_rule_in_prometheus_to_a_button_that_acknowledges() {
    let platform = Platform::start();
    let bus = Bus::start();
    let server = NotificationServer::start(bus.address(), Manner::able());
    let dir = tempfile::tempdir().unwrap();
    let desk = desk(dir.path(), &platform, bus.address()).await;

    platform.is_well(false);
    let open = until("the list has it", async || {
        rows(&desk.duty, AlertTab::Open).await.pop()
    })
    .await;
    assert_eq!(open.title, "支付服务不可用");
    let note = told(&server, "支付服务不可用").await;
    assert!(note.title.contains("P0"), "{note:?}");
    assert_eq!(
        (note.urgency, note.expire),
        (Some(2), 0),
        "a P0 is critical and stays"
    );
    assert!(note.actions.contains(&"ack".to_owned()), "{note:?}");
    let row = rows(&desk.duty, AlertTab::Unacked).await.remove(0);
    assert_eq!(
        (row.rule.as_str(), row.look),
        ("PaymentDown", AlertLook::Open)
    );
    assert_eq!(row.place, ["payment", "wechat"]);
    assert!(row.respond_by.is_some() && row.next.is_some(), "{row:?}");
    let am = alertmanager::read(platform.alertmanager.port(), "alerts").expect("a list");
    assert_eq!(am[0]["fingerprint"], row.fingerprint.as_str());

    server.press(note.id, "ack");
    let acked = until("acknowledged", async || {
        let all = rows(&desk.duty, AlertTab::Open).await;
        all.into_iter().find(|r| r.look == AlertLook::Acked)
    })
    .await;
    assert_eq!(acked.acked_by.as_deref(), Some("李四"));
    assert!(
        acked.next.is_none() && acked.ack_until.is_some(),
        "{acked:?}"
    );
    let silence = until("a silence", async || silences(&platform).pop()).await;
    assert_eq!(silence["matchers"][0]["name"], "alertname");
    assert_eq!(silence["createdBy"], "李四");

    // In the database as another program reads it.
    let store = store::Store::open_read_only(&dir.path().join("data/duty/desk.db"))
        .await
        .expect("the database");
    let kept = store
        .alert(AlertId(row.id))
        .await
        .unwrap()
        .expect("the episode");
    let ack = kept.ack.expect("acknowledged");
    assert_eq!((ack.by.id.as_str(), ack.by.via), ("lisi", Via::Popup));

    // Why and by which way: said line by line.
    let detail = desk.duty.detail(AlertId(row.id)).await.expect("its detail");
    let keys: Vec<&str> = detail
        .timeline
        .iter()
        .map(|t| t.what.key.as_str())
        .collect();
    for key in [
        "timeline.fired",
        "timeline.notice_sent",
        "timeline.acked_until",
        "timeline.mirrored",
    ] {
        assert!(keys.contains(&key), "{key} is not in {keys:?}");
    }
    assert!(
        detail
            .findings
            .iter()
            .any(|f| f.stage == "you" && f.verdict == "for"),
        "{:?}",
        detail.findings
    );
    // The expression stands in the address at which Prometheus shows it.
    let chart = desk.duty.chart(AlertId(row.id)).await.expect("the metric");
    assert_eq!((chart.expr.as_str(), chart.limit), ("pay_ok", Some(0.0)));
    assert!(chart.series[0].1.contains(&Some(1.0)), "{chart:?}");

    // Taken back: the silence goes too; taken again by hand.
    let act = AlertAct::Unack {
        alerts: vec![row.id],
    };
    desk.duty.act(act, Via::Desk).await.expect("taken back");
    until("no silence", async || {
        silences(&platform).is_empty().then_some(())
    })
    .await;

    platform.is_well(true);
    let over = until("over", async || {
        rows(&desk.duty, AlertTab::Resolved).await.pop()
    })
    .await;
    assert_eq!(over.id, row.id);
    assert!(told(&server, "已恢复").await.urgency != Some(2));
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_allowed_is_refused_with_its_reason() {
    let platform = Platform::start();
    let bus = Bus::start();
    let _server = NotificationServer::start(bus.address(), Manner::able());
    let dir = tempfile::tempdir().unwrap();
    let desk = desk(dir.path(), &platform, bus.address()).await;
    let refused = async |act| {
        let e = desk.duty.act(act, Via::Desk).await.expect_err("refused");
        e.params.get("reason_key").cloned().unwrap_or_default()
    };
    let ack = |id| AlertAct::Ack {
        alerts: vec![id],
        comment: String::new(),
        for_ms: None,
        mirror: None,
    };
    assert_eq!(refused(ack(999)).await, "refused.unknown_alert");
    let everything = AlertAct::Mute {
        maintenance: false,
        matchers: vec![MatcherView {
            name: "x".into(),
            value: ".*".into(),
            is_regex: true,
            is_equal: true,
        }],
        from: None,
        until: now_ms() as f64 + 60_000.0,
        comment: String::new(),
    };
    assert_eq!(refused(everything).await, "refused.matches_everything");
    let nobody = AlertAct::Me {
        person: "nobody".into(),
    };
    assert_eq!(refused(nobody).await, "refused.unknown_person");
    let unknown = desk.duty.detail(AlertId(999)).await.expect_err("unknown");
    assert_eq!(unknown.code, wire::ErrorCode::UnknownAlert);
    let query = AlertQuery {
        text: "a=~\"(\"".into(),
        limit: 10,
        ..AlertQuery::default()
    };
    let page = desk.duty.list(query).await.unwrap();
    assert_eq!(page.error.unwrap().code, wire::ErrorCode::Search);
    desk.stop().await;
}
