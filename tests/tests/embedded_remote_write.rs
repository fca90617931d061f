//! A real Prometheus writes to us; and what must not get in does not.

mod embedded_support;

use embedded::tsdb::{Options, Tsdb};
use embedded_support::{alike, embedded, ordered, url, with};
use model::{Labels, Sample, Series};
use serde_json::Value;
use shouwang_tests::remote_write::encode;
use shouwang_tests::servers::{self, PrometheusOptions, Ready, Server, Spec};
use shouwang_tests::{http, now_ms};
use std::sync::Arc;
use std::time::Duration;

fn query(port: u16, query: &str) -> Value {
    let reply = http::get(port, &format!("/api/v1/query?query={}", url(query))).expect("an answer");
    serde_json::from_slice(&reply.body).expect("JSON")
}

/// Asks until `ready` says so, for at most half a minute.
fn eventually(what: &str, mut ready: impl FnMut() -> bool) {
    for _ in 0..300 {
        if ready() {
            return;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("{what} did not happen within 30 s");
}

#[test]
fn a_prometheus_with_remote_write_delivers_samples_and_metadata() {
    let ours = embedded();
    let config = format!(
        "global: {{scrape_interval: 1s}}\n\
         scrape_configs:\n- job_name: self\n  static_configs:\n  - targets: ['127.0.0.1:{{port}}']\n\
         remote_write:\n- url: http://127.0.0.1:{}/api/v1/write\n  metadata_config: {{send_interval: 1s}}\n  \
         queue_config: {{batch_send_deadline: 1s}}\n",
        ours.port
    );
    let args = [
        "--config.file={dir}/prometheus.yml",
        "--storage.tsdb.path={dir}/data",
        "--web.listen-address=127.0.0.1:{port}",
    ];
    let theirs = Server::start(Spec {
        program: "prometheus".into(),
        args: args.map(str::to_owned).into(),
        env: Vec::new(),
        files: vec![("prometheus.yml".into(), config)],
        ready: Ready::Log("Server is ready to receive web requests"),
        scheme: "http",
    });
    eventually("a sample of `up`", || {
        query(ours.port, "up")["data"]["result"][0]["value"][1] == "1"
    });
    eventually("five samples", || {
        query(ours.port, "count_over_time(up[1m])>=5")["data"]["result"][0].is_object()
    });
    let names = |port| {
        let reply = http::get(port, "/api/v1/label/__name__/values").expect("an answer");
        serde_json::from_slice::<Value>(&reply.body).expect("JSON")["data"].clone()
    };
    eventually("all metrics", || {
        names(ours.port) == names(theirs.port()) && names(ours.port)[0].is_string()
    });
    eventually("metadata", || {
        let reply = http::get(
            ours.port,
            "/api/v1/metadata?metric=prometheus_http_requests_total",
        )
        .expect("an answer");
        let body: Value = serde_json::from_slice(&reply.body).expect("JSON");
        body["data"]["prometheus_http_requests_total"][0]["type"] == "counter"
    });
    // what both have at one moment a few seconds ago is the same; the window is short because a Prometheus does not
    // send what it scraped before its sender was up
    let at = now_ms() / 1000 - 1;
    for query in [
        "go_memstats_alloc_bytes",
        "sum(rate(prometheus_http_requests_total[4s]))by(code)",
        "count({job=\"self\"})",
    ] {
        let path = format!("/api/v1/query?query={}&time={at}", url(query));
        let ask = |port| {
            ordered(
                serde_json::from_slice(&http::get(port, &path).expect("an answer").body)
                    .expect("JSON"),
            )
        };
        let mut last = (Value::Null, Value::Null);
        for _ in 0..100 {
            last = (ask(ours.port), ask(theirs.port()));
            if alike(&last.0, &last.1) && last.0["data"]["result"][0].is_object() {
                break;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        assert!(
            alike(&last.0, &last.1),
            "{query}: we {} it {}",
            last.0,
            last.1
        );
        assert!(last.0["data"]["result"][0].is_object(), "{query}: nothing");
    }
}

fn one(labels: &[(&str, &str)], t: i64, v: f64) -> Series {
    Series {
        labels: Labels::from_pairs(labels.iter().copied()),
        samples: vec![Sample { t, v }],
    }
}

fn post(port: u16, body: &[u8]) -> (u16, String) {
    let reply = http::request(
        port,
        "POST",
        "/api/v1/write",
        &[("Content-Encoding", "snappy")],
        body,
    )
    .expect("an answer");
    (reply.status, reply.text())
}

#[test]
fn samples_out_of_order_are_answered_as_prometheus_answers_them() {
    let ours = embedded();
    let theirs = servers::prometheus(PrometheusOptions::default());
    let now = now_ms();
    let steps = [
        one(&[("__name__", "m")], now, 1.0),
        one(&[("__name__", "m")], now, 1.0),
        one(&[("__name__", "m")], now, 2.0),
        one(&[("__name__", "m")], now - 1000, 2.0),
        one(&[("__name__", "m")], now + 1, f64::NAN),
    ];
    for (series, expected) in steps.iter().zip([204, 204, 400, 400, 204]) {
        let body = encode(std::slice::from_ref(series));
        let (status, text) = post(ours.port, &body);
        let (their_status, their_text) = post(theirs.port(), &body);
        assert_eq!(
            (status, their_status),
            (expected, expected),
            "{text} / {their_text}"
        );
        assert!(text.starts_with(their_text.trim()), "{text} / {their_text}");
    }
}

#[test]
fn good_samples_of_a_request_are_kept_beside_refused_ones() {
    let ours = embedded();
    let now = now_ms();
    let huge = "x".repeat(3 << 20);
    let batch = [
        one(&[("__name__", "good")], now, 1.0),
        one(&[("__name__", "bad"), ("huge", &huge)], now, 1.0),
        one(&[("__name__", "<img src=x onerror=alert(1)>")], now, 1.0),
        one(&[("__name__", "late")], now - 30 * 24 * 3_600_000, 1.0),
        one(&[("__name__", "early")], now + 3_600_000, 1.0),
        one(&[("__name__", "better")], now, 1.0),
    ];
    let (status, text) = post(ours.port, &encode(&batch));
    assert_eq!(status, 400);
    assert!(
        text.contains("\"huge\" has 3145728 bytes") && text.contains("(4 of 6 samples refused)"),
        "{text}"
    );
    let names = http::get(ours.port, "/api/v1/label/__name__/values")
        .expect("an answer")
        .text();
    assert_eq!(names, r#"{"status":"success","data":["better","good"]}"#);
}

#[test]
fn bodies_that_are_no_request_are_refused_with_a_reason() {
    let ours = embedded();
    let good = encode(&[one(&[("__name__", "m")], now_ms(), 1.0)]);
    let plain = |bytes: &[u8]| snap_raw(bytes);
    let cases: Vec<(&str, Vec<u8>, u16, &str)> = vec![
        ("text", b"abc".to_vec(), 400, "snappy: corrupt input"),
        (
            "cut",
            good.get(..good.len() - 3).expect("long enough").to_vec(),
            400,
            "snappy: corrupt input",
        ),
        (
            "html",
            plain(b"<html>Bad Gateway</html>"),
            400,
            "not a remote-write request",
        ),
        (
            "a length beyond the end",
            plain(&[0x0a, 0xff, 0xff, 0x03]),
            400,
            "ends in the middle",
        ),
        (
            "an endless varint",
            plain(&[0xff; 64]),
            400,
            "not a remote-write request",
        ),
        // says that it unpacks to 4 GiB - 1
        (
            "bomb",
            vec![0xff, 0xff, 0xff, 0xff, 0x0f, 0],
            413,
            "after decompression",
        ),
        (
            "one series of 5 MiB",
            plain(&big_series()),
            400,
            "smaller batches",
        ),
        ("17 MiB", vec![0; 17 << 20], 413, ""),
    ];
    for (what, body, status, reason) in cases {
        let Ok(reply) = http::request(ours.port, "POST", "/api/v1/write", &[], &body) else {
            // a server may close the connection before it has read a body that is too large
            assert_eq!(status, 413, "{what}: no answer");
            continue;
        };
        assert_eq!(reply.status, status, "{what}: {}", reply.text());
        assert!(reply.text().contains(reason), "{what}: {}", reply.text());
    }
    let v2 = [(
        "Content-Type",
        "application/x-protobuf;proto=io.prometheus.write.v2.Request",
    )];
    assert_eq!(
        http::request(ours.port, "POST", "/api/v1/write", &v2, &good)
            .expect("an answer")
            .status,
        415
    );
    let gzip = [("Content-Encoding", "gzip")];
    assert_eq!(
        http::request(ours.port, "POST", "/api/v1/write", &gzip, &good)
            .expect("an answer")
            .status,
        415
    );
    assert_eq!(post(ours.port, &encode(&[])).0, 204, "nothing is not wrong");
    assert_eq!(post(ours.port, &good).0, 204, "it still works");
}

fn snap_raw(bytes: &[u8]) -> Vec<u8> {
    snap::raw::Encoder::new()
        .compress_vec(bytes)
        .expect("it compresses")
}

/// A `TimeSeries` field of 5 MiB.
fn big_series() -> Vec<u8> {
    let mut bytes = vec![0x0a, 0x80, 0x80, 0xc0, 0x02];
    bytes.resize(5 + (5 << 20), 0);
    bytes
}

#[test]
fn the_series_limit_is_told() {
    let mut options = Options::new(Arc::new(now_ms));
    options.limits.max_series = 2;
    let ours = with(Arc::new(Tsdb::in_memory(options)));
    let batch: Vec<Series> = (0..5)
        .map(|i| one(&[("__name__", "m"), ("i", &i.to_string())], now_ms(), 1.0))
        .collect();
    let (status, text) = post(ours.port, &encode(&batch));
    assert_eq!(status, 400);
    assert!(
        text.contains("it has 2 series") && text.contains("(3 of 5 samples refused)"),
        "{text}"
    );
}
