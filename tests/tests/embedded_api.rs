//! Our HTTP API beside a real Prometheus: the same samples, the same requests, the same answers; and promtool.

mod embedded_support;

use embedded::tsdb::Tsdb;
use embedded_support::{alike, embedded, ordered, url};
use model::{Labels, Sample, Series};
use serde_json::{Value, json};
use shouwang_tests::remote_write::remote_write;
use shouwang_tests::servers::{self, PrometheusOptions};
use shouwang_tests::{http, now_ms};
use std::process::Command;

const STEP: i64 = 15_000;
const COUNT: i64 = 80;

/// Counters with a reset, gauges, histogram buckets, NaN, infinities, a stale marker, text that needs escaping.
fn samples(end: i64) -> Vec<Series> {
    let series = |name: &str, more: &[(&str, &str)], value: &dyn Fn(i64) -> f64| Series {
        labels: Labels::from_pairs([("__name__", name)].into_iter().chain(more.iter().copied())),
        samples: (0..COUNT)
            .map(|i| Sample {
                t: end - (COUNT - 1 - i) * STEP,
                v: value(i),
            })
            .collect(),
    };
    let mut all = Vec::new();
    for (i, node) in ["n1", "n2", "n3"].into_iter().enumerate() {
        for mode in ["idle", "user"] {
            let rate = (i + 1) as f64 * if mode == "idle" { 7.5 } else { 1.25 };
            all.push(series(
                "cpu_seconds_total",
                &[("node", node), ("mode", mode)],
                &|n| (n % 50) as f64 * rate,
            ));
        }
        all.push(series("temperature", &[("node", node)], &|n| {
            40.0 + (n as f64 / 7.0 + i as f64).sin() * 1e-7
        }));
    }
    for (le, share) in [("0.1", 0.2), ("1", 0.7), ("+Inf", 1.0)] {
        all.push(series("latency_bucket", &[("le", le)], &|n| {
            (n as f64 * 10.0 * share).floor()
        }));
    }
    all.push(series("odd", &[("what", "nan")], &|_| f64::NAN));
    all.push(series("odd", &[("what", "inf")], &|n| {
        if n % 2 == 0 {
            f64::INFINITY
        } else {
            f64::NEG_INFINITY
        }
    }));
    all.push(series("odd", &[("what", "huge")], &|n| 1.234e25 * n as f64));
    all.push(series("odd", &[("what", "引号\"\\\n<b>")], &|n| n as f64));
    all.push(series("gone", &[], &|n| {
        if n == COUNT - 3 {
            model::sample::stale_marker()
        } else {
            n as f64
        }
    }));
    all
}

#[test]
fn answers_are_those_of_a_prometheus() {
    let ours = embedded();
    let theirs = servers::prometheus(PrometheusOptions::default());
    let end = now_ms() / 1000 * 1000;
    let data = samples(end);
    remote_write(ours.port, &data).expect("we take the samples");
    remote_write(theirs.port(), &data).expect("Prometheus takes the samples");
    let (at, from) = (end / 1000, (end - COUNT * STEP) / 1000);
    let mut requests: Vec<String> = Vec::new();
    for query in [
        "cpu_seconds_total",
        "odd",
        "gone",
        "{__name__=~\"odd|gone\"}",
        "sum by (node) (rate(cpu_seconds_total[5m]))",
        "histogram_quantile(0.9, rate(latency_bucket[5m]))",
        "temperature - on (node) group_left temperature offset 1m",
        "cpu_seconds_total{mode!=\"idle\",node=~\"n[12]\"}",
        "cpu_seconds_total{nothing=\"\"}",
        "1/0",
        "time() - 5",
        "absent(nothing)",
        "count_values(\"v\", odd)",
    ] {
        requests.push(format!("query?query={}&time={at}", url(query)));
        requests.push(format!("query?query={}&time={at}.123", url(query)));
        requests.push(format!(
            "query_range?query={}&start={from}&end={at}&step=30s",
            url(query)
        ));
        requests.push(format!(
            "query_range?query={}&start={from}.5&end={at}&step=0.75m",
            url(query)
        ));
        requests.push(format!(
            "query_range?query={}&start={from}&end={at}&step=77.7",
            url(query)
        ));
    }
    requests.push(format!("query?query={}&time={at}", url("odd[1m]")));
    requests.push(format!("query?query={}&time={at}", url("\"text\\n\"")));
    for match_ in ["odd", "{node=~\"n.\",mode!=\"idle\"}", "{what=~\".+\"}"] {
        let m = url(match_);
        for path in [
            "series",
            "labels",
            "label/node/values",
            "label/__name__/values",
        ] {
            requests.push(format!("{path}?match[]={m}&start={from}&end={at}"));
        }
    }
    requests.push(format!(
        "series?match[]=odd&match[]=gone&start={from}&end={at}"
    ));
    requests.extend(
        [
            "labels",
            "label/__name__/values",
            "label/nothing/values",
            "metadata",
        ]
        .map(str::to_owned),
    );
    // what is wrong
    requests.extend(
        [
            "query?query=up&time=abc",
            "query?query=up&timeout=abc",
            "query_range?query=up&start=0&end=1&step=0",
            "query_range?query=up&start=0&end=1&step=abc",
            "query_range?query=up&start=2&end=1&step=1",
            "query_range?query=up&start=0&end=100000&step=1",
            "query_range?query=up&end=100000&step=1",
            "query_range?query=%22a%22&start=0&end=2&step=1",
            "query_range?query=up%5B1m%5D&start=0&end=10&step=1",
            "series",
            "series?match[]=%7Ba=~%22.*%22%7D",
            "series?match[]=up&start=abc",
            "label/a-b/values",
            "metadata?limit=x",
        ]
        .map(str::to_owned),
    );
    requests.push(format!(
        "query?time={at}&query={}",
        url("label_replace(odd,\"a\",\"b\",\"what\",\"(\")")
    ));
    requests.push(format!("query?time={at}&query={}", url("odd * on () odd")));
    let mut wrong = Vec::new();
    for request in requests {
        let path = format!("/api/v1/{request}");
        let (a, b) = (
            http::get(ours.port, &path).expect("we answer"),
            http::get(theirs.port(), &path).expect("it answers"),
        );
        let parse = |reply: &http::Reply| {
            ordered(serde_json::from_slice(&reply.body).unwrap_or(json!(reply.text())))
        };
        let (x, y) = (parse(&a), parse(&b));
        // where a match fails in several ways, which of them is named depends on the order of the series
        let matching = |v: &Value| {
            v["error"].as_str().is_some_and(|e| e.contains("matching"))
                && v["errorType"] == "execution"
        };
        let same = alike(&x, &y) || (matching(&x) && matching(&y));
        if a.status != b.status || !same {
            wrong.push(format!(
                "{request}\n  we: {} {x}\n  it: {} {y}",
                a.status, b.status
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn parse_errors_have_prometheus_type_and_status() {
    let ours = embedded();
    for query in ["up%7B", "", "sum(", "rate(up)", "up%5B"] {
        let reply =
            http::get(ours.port, &format!("/api/v1/query?query={query}")).expect("an answer");
        let body: Value = serde_json::from_slice(&reply.body).expect("JSON");
        assert_eq!(
            (reply.status, &body["status"], &body["errorType"]),
            (400, &json!("error"), &json!("bad_data"))
        );
        let text = body["error"].as_str().expect("a text");
        assert!(
            text.starts_with("invalid parameter \"query\": 1:") && text.contains("parse error"),
            "{text}"
        );
    }
}

#[test]
fn a_query_that_takes_too_long_is_a_timeout() {
    let ours = embedded();
    let theirs = servers::prometheus(PrometheusOptions::default());
    for port in [ours.port, theirs.port()] {
        let reply =
            http::get(port, "/api/v1/query?query=sum(up)&timeout=0.000001").expect("an answer");
        let body: Value = serde_json::from_slice(&reply.body).expect("JSON");
        assert_eq!(
            (reply.status, &body["errorType"]),
            (503, &json!("timeout")),
            "{body}"
        );
        assert!(
            body["error"]
                .as_str()
                .is_some_and(|e| e.starts_with("query timed out in")),
            "{body}"
        );
    }
}

#[test]
fn forms_are_taken_by_post_and_other_methods_refused() {
    let ours = embedded();
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    let post = |path: &str, body: &str| {
        http::request(ours.port, "POST", path, &form, body.as_bytes()).expect("an answer")
    };
    let reply = post("/api/v1/query?query=3&time=5", "query=1%2B1");
    assert_eq!(
        reply.text(),
        r#"{"status":"success","data":{"resultType":"scalar","result":[5,"2"]}}"#,
        "the body comes first"
    );
    assert_eq!(
        post("/api/v1/series", "match[]=up").text(),
        r#"{"status":"success","data":[]}"#
    );
    assert_eq!(
        post("/api/v1/query", &format!("query={}", "x".repeat(2 << 20))).status,
        413
    );
    assert_eq!(post("/api/v1/label/job/values", "").status, 405);
    assert_eq!(
        http::request(ours.port, "DELETE", "/api/v1/query", &[], b"")
            .expect("an answer")
            .status,
        405
    );
    assert_eq!(
        http::get(ours.port, "/api/v1/nope")
            .expect("an answer")
            .status,
        404
    );
    assert_eq!(
        http::get(ours.port, "/-/healthy")
            .expect("an answer")
            .status,
        200
    );
    assert_eq!(
        http::get(ours.port, "/-/ready").expect("an answer").status,
        200
    );
    let build = http::get(ours.port, "/api/v1/status/buildinfo")
        .expect("an answer")
        .text();
    assert!(
        build.contains(r#""version":"2.42.0""#) && build.contains("shouwang"),
        "{build}"
    );
}

#[test]
fn pages_of_other_hosts_are_refused() {
    use std::io::{Read, Write};
    let ours = embedded();
    let status = |headers: &str| {
        let mut stream =
            std::net::TcpStream::connect(("127.0.0.1", ours.port)).expect("it listens");
        write!(
            stream,
            "GET /api/v1/labels HTTP/1.1\r\n{headers}Connection: close\r\n\r\n"
        )
        .expect("sent");
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("an answer");
        text.split(' ').nth(1).unwrap_or("").to_owned()
    };
    assert_eq!(status("Host: localhost:9090\r\n"), "200");
    assert_eq!(status("Host: evil.example\r\n"), "403");
    assert_eq!(
        status("Host: 127.0.0.1\r\nOrigin: https://evil.example\r\n"),
        "403"
    );
    assert_eq!(status("Host: 127.0.0.1\r\nOrigin: null\r\n"), "403");
    assert_eq!(
        status("Host: 127.0.0.1\r\nOrigin: http://localhost:3000\r\n"),
        "200"
    );
}

#[test]
fn other_addresses_than_loopback_need_permission() {
    use embedded::api::{BindError, Options, Server};
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let bind = |allow_remote| {
        let options = Options {
            allow_remote,
            ..Options::new(([0, 0, 0, 0], 0).into())
        };
        let clock: embedded::Clock = std::sync::Arc::new(now_ms);
        let tsdb = Tsdb::in_memory(embedded::tsdb::Options::new(clock.clone()));
        runtime.block_on(Server::bind(
            options,
            tsdb.into(),
            promql::Engine::default(),
            clock,
        ))
    };
    assert!(matches!(
        bind(false).err(),
        Some(BindError::NotLoopback { .. })
    ));
    assert!(bind(true).is_ok());
}

fn promtool(args: &[&str]) -> String {
    let done = Command::new("promtool")
        .args(args)
        .output()
        .expect("promtool is installed: run `cargo xtask setup`");
    let error = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "promtool {args:?}: {error}");
    String::from_utf8_lossy(&done.stdout).into_owned()
}

#[test]
fn promtool_asks_us_as_it_asks_a_prometheus() {
    let ours = embedded();
    let end = now_ms() / 1000 * 1000;
    remote_write(ours.port, &samples(end)).expect("we take the samples");
    let url = format!("http://127.0.0.1:{}", ours.port);
    let (at, from) = (
        (end / 1000).to_string(),
        ((end - 60_000) / 1000).to_string(),
    );
    let out = promtool(&[
        "query",
        "instant",
        "--time",
        &at,
        &url,
        "sum by (node) (cpu_seconds_total{mode=\"idle\"})",
    ]);
    assert_eq!(out.lines().count(), 3, "{out}");
    assert!(out.contains("{node=\"n2\"} => 435 @["), "{out}");
    let range = [
        "query",
        "range",
        "--start",
        &from,
        "--end",
        &at,
        "--step",
        "15s",
        &url,
        "cpu_seconds_total{node=\"n1\",mode=\"idle\"}",
    ];
    let out = promtool(&range);
    assert_eq!(
        out.lines().filter(|l| l.contains(" @[")).count(),
        5,
        "{out}"
    );
    let out = promtool(&[
        "query", "series", "--match", "odd", "--start", &from, "--end", &at, &url,
    ]);
    assert_eq!(out.lines().count(), 4, "{out}");
    let out = promtool(&["query", "labels", &url, "node"]);
    assert_eq!(
        out.split_whitespace().collect::<Vec<_>>(),
        ["n1", "n2", "n3"]
    );
    let failed = Command::new("promtool")
        .args(["query", "instant", &url, "sum("])
        .output()
        .expect("promtool");
    assert!(!failed.status.success());
    let text = String::from_utf8_lossy(&failed.stderr).into_owned();
    assert!(text.contains("parse error"), "{text}");
}
