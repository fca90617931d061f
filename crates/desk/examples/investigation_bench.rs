//! How soon 现场 is gathered, a line of JSON: `cargo run --release -p desk --example investigation_bench`.
//!
//! A desk with the demonstration and one of its incidents, without windows, on a folder of its own. A rule fires at once; a minute later, when
//! the platform has written lines and traces, everything about that alert is gathered again and again. With `--quick` the wait is short.

use desk::config;
use desk::start::{self, Desk, Machine, Overrides};
use model::duty::AlertId;
use std::path::Path;
use std::time::Duration;
use wire::{AlertItem, AlertQuery, AlertTab, InvestigationView};

const ROUNDS: usize = 40;
const RULE: &str = "groups:
- name: bench
  interval: 1s
  rules:
  - alert: PaymentFailing
    expr: vector(1) > 0
    labels: {severity: high, service: payment-service}
    annotations: {summary: 微信支付大量失败}
";

async fn desk(dir: &Path) -> Desk {
    let rules = dir.join("rules");
    std::fs::create_dir_all(&rules).expect("a folder");
    std::fs::write(rules.join("bench.yaml"), RULE).expect("a file");
    let file = dir.join("config.toml");
    let text = format!(
        "data_dir = {:?}\n[embedded]\nhost = false\n[duty]\nbuiltin_rules = false\nrules_dir = {rules:?}\nrules_interval_seconds = 1\n",
        dir.join("data")
    );
    std::fs::write(&file, text).expect("a file");
    let loaded = config::load(Some(&file));
    assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
    let overrides = Overrides {
        incidents: vec![
            "payment-channel-failing"
                .parse()
                .expect("an incident of the demonstration"),
        ],
        ..Overrides::default()
    };
    start::start(loaded, overrides, Machine::none()).await
}

/// The alert that fires, once it does.
async fn alert(desk: &Desk) -> AlertId {
    loop {
        let query = AlertQuery {
            tab: AlertTab::Open,
            limit: 50,
            ..AlertQuery::default()
        };
        let items = desk.duty.list(query).await.expect("a list").items;
        let found = items.unwrap_or_default().into_iter().find_map(|i| match i {
            AlertItem::Alert { row } if row.rule == "PaymentFailing" => Some(AlertId(row.id)),
            _ => None,
        });
        if let Some(id) = found {
            return id;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

fn is_whole(view: &InvestigationView) -> bool {
    view.metric.error.is_none()
        && view.metric.late.is_empty()
        && view.logs.error.is_none()
        && view.logs.gaps.is_empty()
        && view.traces.error.is_none()
        && view.traces.gaps.is_empty()
        && view.others_error.is_none()
}

#[tokio::main]
async fn main() {
    let quick = std::env::args().any(|a| a == "--quick");
    let dir = tempfile::tempdir().expect("a folder");
    let desk = desk(dir.path()).await;
    let id = alert(&desk).await;
    tokio::time::sleep(Duration::from_secs(if quick { 10 } else { 60 })).await;
    let (mut took, mut whole, mut lines, mut traces) = (Vec::new(), 0, 0, 0);
    for _ in 0..ROUNDS {
        let view = desk.investigation.investigate(id).await.expect("a view");
        took.push(view.took_ms);
        whole += usize::from(is_whole(&view));
        (lines, traces) = (view.logs.lines, view.traces.looked_at);
    }
    took.sort_by(f64::total_cmp);
    let at = |percent: usize| took[(took.len() * percent).div_ceil(100) - 1];
    let figures = serde_json::json!({
        "gathered_p50_ms": at(50),
        "gathered_p95_ms": at(95),
        "gathered_max_ms": at(100),
        "whole_percent": 100 * whole / ROUNDS,
        "lines": lines,
        "traces": traces,
    });
    println!("{figures}");
    desk.stop().await;
}
