//! The harness itself: every server starts, answers, takes samples, comes back after a kill.

use model::{Labels, Sample, Series};
use shouwang_tests::remote_write::remote_write;
use shouwang_tests::servers::{self, PrometheusOptions};
use shouwang_tests::{certs, http};

fn one_series() -> Series {
    Series {
        labels: Labels::from_pairs([("__name__", "harness"), ("city", "上海")]),
        samples: (0..10)
            .map(|i| Sample {
                t: 1_700_000_000_000 + i * 1_000,
                v: i as f64,
            })
            .collect(),
    }
}

#[test]
fn prometheus_takes_samples_and_survives_a_kill() {
    let mut server = servers::prometheus(PrometheusOptions::default());
    remote_write(server.port(), &[one_series()]).expect("samples are accepted");
    let ask =
        |port| http::get(port, "/api/v1/query?query=harness&time=1700000009").expect("an answer");
    let before = ask(server.port());
    assert!(
        before.text().contains("上海") && before.text().contains("\"9\""),
        "{}",
        before.text()
    );
    server.kill();
    assert!(http::get(server.port(), "/-/ready").is_err());
    server.restart();
    assert_eq!(
        ask(server.port()).text(),
        before.text(),
        "the data outlives a kill"
    );
}

#[test]
fn victoria_takes_samples() {
    let server = servers::victoria(&["-search.latencyOffset=0s"]);
    remote_write(server.port(), &[one_series()]).expect("samples are accepted");
}

#[test]
fn alertmanager_and_node_exporter_answer() {
    let alertmanager = servers::alertmanager(None);
    let alerts = http::get(alertmanager.port(), "/api/v2/alerts").expect("an answer");
    assert_eq!((alerts.status, alerts.text().trim()), (200, "[]"));
    let exporter = servers::node_exporter();
    let metrics = http::get(exporter.port(), "/metrics").expect("an answer");
    assert!(metrics.text().contains("node_cpu_seconds_total{"));
}

#[test]
fn prometheus_behind_tls_starts() {
    let pki = certs::pki("harness");
    let server = servers::prometheus(PrometheusOptions {
        tls: true,
        web_config: Some(
            "tls_server_config: {cert_file: server.pem, key_file: server.key}\n".into(),
        ),
        files: vec![
            ("server.pem".into(), pki.server.certificate),
            ("server.key".into(), pki.server.key),
        ],
        ..PrometheusOptions::default()
    });
    assert!(server.url().starts_with("https://127.0.0.1:"));
    let plain = http::get(server.port(), "/-/ready").expect("Go answers plain HTTP with 400");
    assert_eq!(plain.status, 400);
}

#[test]
#[should_panic(expected = "cargo xtask setup")]
fn a_missing_program_says_what_to_run() {
    servers::Server::start(servers::Spec {
        program: "no-such-program-anywhere".into(),
        args: Vec::new(),
        env: Vec::new(),
        files: Vec::new(),
        ready: servers::Ready::Port,
        scheme: "http",
    });
}
