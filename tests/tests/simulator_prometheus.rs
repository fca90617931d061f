//! The simulated platform as a target of a real Prometheus, and its control interface.

use serde_json::Value as Json;
use shouwang_tests::http;
use shouwang_tests::now_ms;
use shouwang_tests::servers::{self, Ready, Server, Spec};
use simulator::server::{Clock, Options, serve};
use simulator::{Platform, Scenario};
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

fn calm() -> Scenario {
    Scenario {
        ambient: false,
        ..Scenario::default()
    }
}

/// Starts the simulator; it ends with the runtime.
fn simulator(runtime: &tokio::runtime::Runtime) -> u16 {
    let port = servers::free_port();
    let listener = runtime
        .block_on(tokio::net::TcpListener::bind(("127.0.0.1", port)))
        .expect("the port is free");
    let clock: Clock = Arc::new(now_ms);
    runtime.spawn(serve(
        listener,
        Options {
            scenario: calm(),
            speed: 1.0,
        },
        clock,
        std::future::pending(),
    ));
    port
}

fn prometheus(target: u16) -> Server {
    let config = format!(
        "global: {{scrape_interval: 1s, scrape_timeout: 1s}}\nscrape_configs:\n- job_name: shouwang\n  honor_labels: true\n  static_configs:\n  - targets: [\"127.0.0.1:{target}\"]\n"
    );
    Server::start(Spec {
        program: "prometheus".into(),
        args: [
            "--config.file={dir}/prometheus.yml",
            "--storage.tsdb.path={dir}/data",
            "--web.listen-address=127.0.0.1:{port}",
        ]
        .map(str::to_owned)
        .into(),
        env: Vec::new(),
        files: vec![("prometheus.yml".into(), config)],
        ready: Ready::Log("Server is ready to receive web requests"),
        scheme: "http",
    })
}

fn ask(port: u16, query: &str) -> Option<f64> {
    let reply = http::get(port, &format!("/api/v1/query?query={query}")).ok()?;
    let json: Json = serde_json::from_slice(&reply.body).ok()?;
    json["data"]["result"][0]["value"][1].as_str()?.parse().ok()
}

#[test]
fn a_real_prometheus_scrapes_it_without_complaint() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let server = prometheus(simulator(&runtime));
    let series = Platform::with_scenario(&calm(), now_ms()).labels().len() as f64;
    let wanted = || {
        ask(server.port(), "up%7Bjob%3D%22shouwang%22%7D") == Some(1.0)
            && ask(server.port(), "count_over_time(online_users%5B1m%5D)").is_some_and(|n| n >= 3.0)
    };
    for _ in 0..300 {
        if wanted() {
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(wanted(), "{}", server.log());
    assert_eq!(
        ask(
            server.port(),
            "scrape_samples_scraped%7Bjob%3D%22shouwang%22%7D"
        ),
        Some(series)
    );
    assert_eq!(
        ask(
            server.port(),
            "scrape_samples_post_metric_relabeling%7Bjob%3D%22shouwang%22%7D"
        ),
        Some(series)
    );
    let complaints: Vec<String> = server
        .log()
        .lines()
        .filter(|l| {
            l.contains("level=warn")
                || l.contains("level=error")
                || l.contains("out-of-order")
                || l.contains("duplicate")
        })
        .map(str::to_owned)
        .collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn promtool_reads_the_page() {
    let mut page = String::new();
    Platform::with_scenario(&calm(), 1_794_976_830_000).write_text(&mut page);
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool comes with Prometheus");
    promtool
        .stdin
        .take()
        .expect("its input")
        .write_all(page.as_bytes())
        .expect("the page is read");
    let said = promtool.wait_with_output().expect("promtool ends");
    // 3: lint about names, which are those of the real exporters; 1: the page is wrong
    assert!(
        matches!(said.status.code(), Some(0 | 3)),
        "{}",
        String::from_utf8_lossy(&said.stderr)
    );
    let text = String::from_utf8_lossy(&said.stderr).to_lowercase();
    assert!(
        !text.contains("error while") && !text.contains("no help text"),
        "{text}"
    );
}

#[test]
fn incidents_are_started_listed_and_ended_at_run_time() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let port = simulator(&runtime);
    let list = |reply: http::Reply| -> Json { serde_json::from_slice(&reply.body).expect("JSON") };
    let none = list(http::get(port, "/-/incidents").expect("an answer"));
    assert_eq!(none, serde_json::json!([]));
    let started = http::request(
        port,
        "POST",
        "/-/incidents",
        &[],
        b"payment-channel-failing:emergency+10m",
    )
    .expect("an answer");
    assert_eq!(started.status, 200, "{}", started.text());
    let started = list(started);
    assert_eq!(
        (started[0]["name"].as_str(), started[0]["severity"].as_str()),
        (Some("payment-channel-failing"), Some("emergency"))
    );
    let wrong = http::request(port, "POST", "/-/incidents", &[], b"fire").expect("an answer");
    assert_eq!((wrong.status, wrong.text().contains("fire")), (400, true));
    assert_eq!(
        http::request(port, "POST", "/-/incidents", &[], &[b'x'; 10_000])
            .expect("an answer")
            .status,
        413
    );
    assert_eq!(
        http::request(port, "DELETE", "/-/incidents/fire", &[], b"")
            .expect("an answer")
            .status,
        404
    );
    let ended = http::request(
        port,
        "DELETE",
        "/-/incidents/payment-channel-failing",
        &[],
        b"",
    )
    .expect("an answer");
    assert_eq!(list(ended), serde_json::json!([]));
}
