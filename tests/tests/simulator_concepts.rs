//! The built-in concepts on the simulated platform: all bound, all with data, calm when nothing is wrong, and crossing their
//! limits when something is. In our own store and engine, and in a real Prometheus with the same samples.

use embedded::tsdb::{Options, Tsdb};
use model::board::{Concept, ConceptFile};
use model::{Labels, Series, Severity};
use promql::{Engine, Value};
use serde_json::Value as Json;
use shouwang_tests::http;
use shouwang_tests::remote_write::remote_write;
use shouwang_tests::servers::{self, PrometheusOptions};
use simulator::{IncidentKind, Planned, Platform, Scenario};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
/// Wednesday 2026-11-18, 12:20:30 in Shanghai: lunch.
const LUNCH: i64 = 1_794_931_200_000 + 12 * HOUR + 20 * MINUTE + 30_000;
const STEP: i64 = 15_000;

/// Name of the dialect that the desk itself speaks: nothing of the platform's does.
const OWN: &str = "shouwang";

fn concepts() -> Vec<Concept> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../boards/concepts.yaml");
    let text = std::fs::read_to_string(&path).expect("boards/concepts.yaml");
    let file: ConceptFile = serde_saphyr::from_str(&text).expect("the file of concepts is valid");
    let mut all = file.concepts;
    all.retain(|c| c.dialects.first().is_none_or(|d| d.name != OWN));
    all
}

/// Whether a concept speaks of a day long ago.
fn compares(concept: &Concept) -> bool {
    concept.dialects.iter().any(|d| d.expr.contains(" offset "))
}

fn calm() -> Scenario {
    Scenario {
        ambient: false,
        ..Scenario::default()
    }
}

/// The samples of `scenario`'s last `span` before `now`.
fn past(scenario: &Scenario, now: i64, span: i64) -> Vec<Series> {
    Platform::with_scenario(scenario, now - span).history(now - span, now, STEP)
}

fn store(pieces: &[Vec<Series>], now: i64) -> Tsdb {
    let store = Tsdb::in_memory(Options::new(Arc::new(move || now)));
    for series in pieces.iter().flatten() {
        let r = store
            .series_ref(&series.labels)
            .expect("a series of the platform");
        let batch: Vec<_> = series.samples.iter().map(|s| (r, *s)).collect();
        assert_eq!(store.append_refs(&batch).refused(), 0, "{}", series.labels);
    }
    store
}

fn ask(store: &Tsdb, expr: &str, now: i64) -> Vec<(Labels, f64)> {
    match Engine::default().instant(store, expr, now) {
        Ok(Value::Vector(rows)) => rows.into_iter().map(|(l, s)| (l, s.v)).collect(),
        other => panic!("{expr}: {other:?}"),
    }
}

/// The worst severity of a concept's first dialect, with the row that has it.
fn worst(store: &Tsdb, concept: &Concept, now: i64) -> (Severity, String) {
    let Some(limits) = concept.thresholds else {
        return (Severity::Normal, String::new());
    };
    ask(store, &concept.dialects[0].expr, now)
        .into_iter()
        .map(|(l, v)| (limits.severity(v), format!("{} {l} = {v}", concept.id)))
        .max()
        .unwrap_or_default()
}

#[test]
fn every_concept_is_bound_and_has_data() {
    let now = LUNCH;
    let day = 24 * HOUR;
    // What is compared with yesterday and last week needs a little of those days.
    let store = store(
        &[
            past(&calm(), now - 7 * day, 20 * MINUTE),
            past(&calm(), now - day, 20 * MINUTE),
            past(&calm(), now, HOUR),
        ],
        now,
    );
    let names: BTreeSet<String> = Platform::with_scenario(&calm(), now)
        .labels()
        .iter()
        .filter_map(|l| l.metric_name().map(str::to_owned))
        .collect();
    let all = concepts();
    assert!(all.len() >= 90);
    let mut wrong = Vec::new();
    for c in &all {
        let Some(first) = c.dialects.first() else {
            wrong.push(format!("{} has no dialect", c.id));
            continue;
        };
        if !names.contains(&first.discovery) {
            wrong.push(format!("{}: the platform has no {}", c.id, first.discovery));
        }
        let rows = ask(&store, &first.expr, now);
        if rows.is_empty() || rows.iter().any(|(_, v)| !v.is_finite()) {
            wrong.push(format!("{}: {rows:?} from {}", c.id, first.expr));
        }
        if c.thresholds.is_some_and(|t| !t.is_set() || !t.is_ordered()) {
            wrong.push(format!("{}: thresholds are not in order", c.id));
        }
    }
    let ids: BTreeSet<&str> = all.iter().map(|c| c.id.as_str()).collect();
    assert_eq!(ids.len(), all.len(), "each id once");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_calm_platform_is_calm_at_every_hour() {
    let midnight = LUNCH - 12 * HOUR - 20 * MINUTE;
    let all = concepts();
    let mut wrong = Vec::new();
    for (day, minute) in [
        (0, 200),
        (0, 475),
        (0, 735),
        (0, 900),
        (0, 1115),
        (0, 1330),
        (3, 300),
        (3, 755),
        (3, 1120),
        (4, 1439),
    ] {
        let now = midnight + day * 24 * HOUR + minute * MINUTE;
        let store = store(&[past(&calm(), now, 35 * MINUTE)], now);
        for c in all.iter().filter(|c| !compares(c)) {
            let (severity, row) = worst(&store, c, now);
            if severity > Severity::Normal {
                wrong.push(format!("day {day}, minute {minute}: {row} is {severity:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The concept that an incident is about, and those that suffer with it (at least a warning when it is critical).
const EFFECTS: [(IncidentKind, &str, &[&str]); 7] = [
    (IncidentKind::HostCpu, "host_cpu_percent", &[]),
    (IncidentKind::DiskFilling, "host_disk_percent", &[]),
    (
        IncidentKind::ReplicaLag,
        "pg_replication_lag",
        &["pg_slow_queries", "pg_wal_lag"],
    ),
    (
        IncidentKind::PaymentChannelFailing,
        "payment_channel_success_percent",
        &[
            "payment_success_percent",
            "payment_failure_percent",
            "payment_timeout_percent",
            "order_cancelled_percent",
            "third_party_time",
        ],
    ),
    (
        IncidentKind::QueuePilingUp,
        "rabbitmq_queue_depth",
        &["kafka_consumer_lag", "rabbitmq_unacked"],
    ),
    (
        IncidentKind::PodCrashLoop,
        "recommendation_success_percent",
        &[
            "pod_crash_looping",
            "pod_restarts",
            "deployment_replicas_missing",
            "pod_not_ready",
        ],
    ),
    (
        IncidentKind::EventLoopLag,
        "nodejs_event_loop_lag",
        &["api_p90", "api_route_p90", "page_load"],
    ),
];

#[test]
fn each_incident_crosses_the_limits_that_it_is_about() {
    let all: BTreeMap<String, Concept> =
        concepts().into_iter().map(|c| (c.id.clone(), c)).collect();
    let mut wrong = Vec::new();
    for (kind, main, with) in EFFECTS {
        for severity in [Severity::Warning, Severity::Critical, Severity::Emergency] {
            let incident = Planned {
                kind,
                after_ms: 2 * MINUTE,
                duration_ms: HOUR,
                severity,
            };
            let scenario = Scenario {
                incidents: vec![incident],
                ..calm()
            };
            let store = store(&[past(&scenario, LUNCH, 20 * MINUTE)], LUNCH);
            let (reached, row) = worst(&store, &all[main], LUNCH);
            let highest = all[main].thresholds.map_or(Severity::Normal, |t| {
                if t.emergency.is_some() {
                    Severity::Emergency
                } else {
                    Severity::Critical
                }
            });
            if reached != severity.min(highest) {
                wrong.push(format!("{kind} {severity:?}: {row} is {reached:?}"));
            }
            for id in with.iter().filter(|_| severity >= Severity::Critical) {
                let (reached, row) = worst(&store, &all[*id], LUNCH);
                if reached == Severity::Normal {
                    wrong.push(format!("{kind} {severity:?}: {row} is normal"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The rows of an instant query to a real Prometheus, or what it says against the query.
fn ask_prometheus(port: u16, expr: &str, now: i64) -> Result<BTreeMap<Labels, f64>, String> {
    let form = form(&[
        ("query", expr),
        ("time", &format!("{}", now as f64 / 1000.0)),
    ]);
    let head = [("Content-Type", "application/x-www-form-urlencoded")];
    let reply =
        http::request(port, "POST", "/api/v1/query", &head, form.as_bytes()).expect("an answer");
    let json: Json = serde_json::from_slice(&reply.body).map_err(|e| e.to_string())?;
    if json["status"] != "success" {
        return Err(json["error"].to_string());
    }
    let rows = json["data"]["result"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let row = |r: &Json| {
        let labels: Labels = serde_json::from_value(r["metric"].clone()).expect("labels");
        (
            labels,
            r["value"][1]
                .as_str()
                .and_then(|v| v.parse().ok())
                .unwrap_or(f64::NAN),
        )
    };
    Ok(rows.iter().map(row).collect())
}

fn form(pairs: &[(&str, &str)]) -> String {
    let encode = |text: &str| {
        text.bytes()
            .map(|b| format!("%{b:02X}"))
            .collect::<String>()
    };
    pairs
        .iter()
        .map(|(n, v)| format!("{n}={}", encode(v)))
        .collect::<Vec<_>>()
        .join("&")
}

#[test]
fn prometheus_takes_every_dialect_and_gives_the_same_values() {
    let now = LUNCH;
    let samples = past(&calm(), now, 30 * MINUTE);
    let prometheus = servers::prometheus(PrometheusOptions::default());
    for part in samples.chunks(500) {
        remote_write(prometheus.port(), part).expect("samples are accepted");
    }
    let store = store(&[samples], now);
    let mut wrong = Vec::new();
    for c in concepts() {
        let promql = |d: &&model::board::Dialect| d.lang == model::Lang::Promql;
        for (i, d) in c.dialects.iter().filter(promql).enumerate() {
            let theirs = match ask_prometheus(prometheus.port(), &d.expr, now) {
                Ok(rows) => rows,
                Err(e) => {
                    wrong.push(format!("{} {}: {e}", c.id, d.name));
                    continue;
                }
            };
            let ours: BTreeMap<Labels, f64> = ask(&store, &d.expr, now).into_iter().collect();
            if i == 0 && theirs.is_empty() && !compares(&c) {
                wrong.push(format!("{}: Prometheus has no rows", c.id));
            }
            let same = ours.len() == theirs.len()
                && ours.iter().all(|(l, v)| {
                    theirs
                        .get(l)
                        .is_some_and(|t| (t - v).abs() <= 1e-9 * v.abs().max(1.0))
                });
            if !same {
                wrong.push(format!(
                    "{} {}: {ours:?} here, {theirs:?} there",
                    c.id, d.name
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
