//! A running Prometheus and our engine on the same samples: `for` and `keep_firing_for` in real time, and what is told of an alert.

use crate::replay::ByName;
use model::{Labels, Observation, Reported, Sample, Series};
use rules::{Assignment, Failure, Options, RuleEngine};
use serde_json::Value as Json;
use shouwang_tests::remote_write::remote_write;
use shouwang_tests::servers::{self, PrometheusOptions, Server};
use shouwang_tests::{http, now_ms};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

const RULES: &str = r#"
groups:
- name: live
  interval: 1s
  rules:
  - alert: Heartbeat
    expr: vector(1)
  - alert: AtOnce
    expr: load > 5
    labels: {severity: info}
    annotations: {summary: '{{ $labels.host }} {{ $value | humanize }}'}
  - alert: AfterThreeSeconds
    expr: load > 5
    for: 3s
    labels: {severity: warning}
    annotations: {summary: '{{ printf "%.1f" $value }}%'}
  - alert: KeepsFiring
    expr: load > 5
    for: 2s
    keep_firing_for: 4s
    labels: {severity: critical}
    annotations: {summary: '{{ $labels.host | toUpper }}'}
"#;

fn one(t: i64, host: &str, v: f64) -> Series {
    Series {
        labels: Labels::from_pairs([("__name__", "load"), ("host", host)]),
        samples: vec![Sample { t, v }],
    }
}

fn ask(port: u16, path: &str) -> Json {
    let reply = http::get(port, path).expect("Prometheus answers");
    serde_json::from_slice(&reply.body).expect("JSON")
}

/// Raw samples of a series: times of Prometheus, ms, and values.
fn raw(server: &Server, selector: &str) -> Vec<(Labels, Vec<(i64, f64)>)> {
    let json = ask(
        server.port(),
        &format!("/api/v1/query?query={selector}%5B2m%5D"),
    );
    let rows = json["data"]["result"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    rows.iter()
        .map(|row| {
            let labels = serde_json::from_value(row["metric"].clone()).expect("labels");
            let values = row["values"].as_array().cloned().unwrap_or_default();
            let sample = |v: &Json| {
                let t = (v[0].as_f64()? * 1000.0).round() as i64;
                Some((t, v[1].as_str()?.parse().ok()?))
            };
            (labels, values.iter().filter_map(sample).collect())
        })
        .collect()
}

/// Pending and firing of each evaluation, as `ALERTS` tells it.
type Seen = BTreeSet<(i64, Labels)>;

fn theirs(server: &Server) -> Seen {
    raw(server, "ALERTS")
        .into_iter()
        .flat_map(|(labels, values)| {
            values
                .into_iter()
                .map(move |(t, _)| (t, labels.without(|n| n == "__name__")))
        })
        .collect()
}

/// Our engine at Prometheus' own evaluation times on the samples that it has.
fn ours(server: &Server, times: &BTreeSet<i64>) -> (Seen, Vec<Observation>) {
    let series = raw(server, "load")
        .into_iter()
        .map(|(labels, values)| Series {
            labels,
            samples: values.into_iter().map(|(t, v)| Sample { t, v }).collect(),
        });
    let store = ByName::new(series.collect());
    let file = rules::parse("live", RULES).expect("the rules").file;
    let mut engine = RuleEngine::new(Options::default());
    let first = *times.first().expect("an evaluation");
    let sources = vec!["live".to_owned()];
    let group = file.groups.into_iter().next().expect("the group");
    engine.configure(
        &[Assignment {
            file: "live".into(),
            group,
            sources,
        }],
        first - 5000,
    );
    let (mut seen, mut told) = (Seen::new(), Vec::new());
    // our slots are not Prometheus': each evaluation of ours stands for the one of Prometheus in the same second
    for t in times {
        let slot = (t - first) / 1000;
        let mut now = engine.next_wakeup(first - 5000).expect("a group");
        while now < first + slot * 1000 {
            now += 1000;
        }
        for ask in engine.due(now) {
            let rows = promql::Engine::default().instant(&store, &ask.expr, *t);
            let Ok(promql::Value::Vector(rows)) = rows else {
                panic!("{rows:?}");
            };
            let rows = rows.into_iter().map(|(l, s)| (l, s.v)).collect();
            told.extend(engine.answered(&ask, Ok::<_, Failure>(rows), now));
        }
        for a in engine.active() {
            let state = serde_json::to_value(a.state).expect("a state");
            let state = state.as_str().expect("a word");
            seen.insert((*t, a.labels.with("alertstate", state)));
        }
    }
    (seen, told)
}

/// Three seconds calm, eight too high, nine calm again.
fn drama(server: &Server) -> BTreeMap<String, Json> {
    let begin = now_ms();
    let mut alerts = BTreeMap::new();
    loop {
        let past = now_ms() - begin;
        if past > 20_000 {
            return alerts;
        }
        let high = (3000..11_000).contains(&past);
        let v = if high { 12_345.678 } else { 1.0 };
        remote_write(
            server.port(),
            &[one(now_ms(), "web", v), one(now_ms(), "db", 0.5)],
        )
        .expect("Prometheus takes the samples");
        if (9000..10_500).contains(&past) {
            let json = ask(server.port(), "/api/v1/alerts");
            for alert in json["data"]["alerts"]
                .as_array()
                .cloned()
                .unwrap_or_default()
            {
                let name = alert["labels"]["alertname"]
                    .as_str()
                    .unwrap_or("")
                    .to_owned();
                alerts.insert(name, alert);
            }
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn a_running_prometheus_goes_through_the_same_states() {
    let server = servers::prometheus(PrometheusOptions {
        rules: Some(RULES.to_owned()),
        ..PrometheusOptions::default()
    });
    let listed = drama(&server);
    let theirs = theirs(&server);
    // the heartbeat names the evaluations: those of a busy machine may be left out
    let times: BTreeSet<i64> = theirs.iter().map(|(t, _)| *t).collect();
    assert!(times.len() > 12, "{}", server.log());
    let (ours, told) = ours(&server, &times);
    let differ: Vec<_> = theirs.symmetric_difference(&ours).collect();
    assert!(differ.is_empty(), "{differ:#?}");
    for (name, state, at_least) in [
        ("AtOnce", "firing", 5),
        ("AfterThreeSeconds", "pending", 2),
        ("AfterThreeSeconds", "firing", 2),
        ("KeepsFiring", "firing", 6),
    ] {
        let count = ours.iter().filter(|(_, l)| {
            l.get("alertname") == Some(name) && l.get("alertstate") == Some(state)
        });
        assert!(count.count() >= at_least, "{name} {state}");
    }
    for name in ["AtOnce", "AfterThreeSeconds", "KeepsFiring"] {
        let of = |state| {
            told.iter()
                .find(|o| o.state == state && o.labels.get("alertname") == Some(name))
                .unwrap_or_else(|| panic!("{name}: no {state:?}"))
        };
        let (firing, resolved) = (of(Reported::Firing), of(Reported::Resolved));
        assert!(resolved.ends_at.is_some_and(|end| end > firing.starts_at));
        let alert = listed
            .get(name)
            .unwrap_or_else(|| panic!("{name} is not listed"));
        let labels: Labels = serde_json::from_value(alert["labels"].clone()).expect("labels");
        assert_eq!(firing.labels, labels);
        let texts: BTreeMap<String, String> =
            serde_json::from_value(alert["annotations"].clone()).expect("texts");
        assert_eq!(firing.annotations, texts);
    }
}
