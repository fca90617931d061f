//! The same query on the same samples, here and in a real Prometheus.

use super::{SAMPLES, STEP, at, fill, labels, now_ms, options, print, status_mib, timed, value};
use embedded::tsdb::Tsdb;
use promql::{Engine, Value};
use prost::Message;
use serde_json::json;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const QUERY: &str = "sum by (node) (rate(m[5m]))";
const QUERY_IN_URL: &str = "sum%20by%20(node)%20(rate(m%5B5m%5D))";

/// Runs of each query; the median counts.
const RUNS: usize = 7;

/// By node: the values at each step.
type Answer = BTreeMap<String, Vec<(i64, f64)>>;

struct Prometheus {
    child: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Prometheus {
    fn start() -> Option<Self> {
        let folder = tempfile::tempdir().ok()?;
        let config = folder.path().join("prometheus.yml");
        std::fs::write(&config, "global: {scrape_interval: 1m}\n").ok()?;
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .ok()?
            .local_addr()
            .ok()?
            .port();
        let child = Command::new("prometheus")
            .arg(format!("--config.file={}", config.display()))
            .arg(format!(
                "--storage.tsdb.path={}",
                folder.path().join("data").display()
            ))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .arg("--web.enable-remote-write-receiver")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let prometheus = Self {
            child,
            port,
            _folder: folder,
        };
        for _ in 0..200 {
            if prometheus
                .ask("GET", "/-/ready", &[])
                .is_some_and(|(status, _)| status == 200)
            {
                return Some(prometheus);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        None
    }

    fn ask(&self, method: &str, path: &str, body: &[u8]) -> Option<(u16, String)> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.0\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n"
        )
        .ok()?;
        stream.write_all(body).ok()?;
        let mut text = String::new();
        stream.read_to_string(&mut text).ok()?;
        let status = text.split(' ').nth(1)?.parse().ok()?;
        let (_, body) = text.split_once("\r\n\r\n")?;
        Some((status, body.to_owned()))
    }

    fn query(&self, path: &str) -> Option<Answer> {
        let (status, body) = self.ask("GET", path, &[])?;
        let body: serde_json::Value = serde_json::from_str(&body).ok().filter(|_| status == 200)?;
        let point = |p: &serde_json::Value| {
            Some((
                (p[0].as_f64()? * 1000.0) as i64,
                p[1].as_str()?.parse().ok()?,
            ))
        };
        let mut answer = Answer::new();
        for series in body["data"]["result"].as_array()? {
            let points = match series["values"].as_array() {
                Some(points) => points.iter().filter_map(point).collect(),
                None => point(&series["value"]).into_iter().collect(),
            };
            answer.insert(series["metric"]["node"].as_str()?.to_owned(), points);
        }
        Some(answer)
    }
}

#[derive(Clone, PartialEq, Message)]
struct WriteRequest {
    #[prost(message, repeated, tag = "1")]
    timeseries: Vec<TimeSeries>,
}

#[derive(Clone, PartialEq, Message)]
struct TimeSeries {
    #[prost(message, repeated, tag = "1")]
    labels: Vec<Label>,
    #[prost(message, repeated, tag = "2")]
    samples: Vec<Point>,
}

#[derive(Clone, PartialEq, Message)]
struct Label {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    value: String,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct Point {
    #[prost(double, tag = "1")]
    value: f64,
    #[prost(int64, tag = "2")]
    timestamp: i64,
}

/// The samples of `from..to`, as remote write sends them.
fn body(from: usize, to: usize, end: i64) -> Vec<u8> {
    let label = |(name, value): (&str, &str)| Label {
        name: name.into(),
        value: value.into(),
    };
    let timeseries = (from..to)
        .map(|i| TimeSeries {
            labels: labels(i).iter().map(label).collect(),
            samples: (0..SAMPLES)
                .map(|n| Point {
                    value: value(i, n),
                    timestamp: at(end, n),
                })
                .collect(),
        })
        .collect();
    let plain = WriteRequest { timeseries }.encode_to_vec();
    snap::raw::Encoder::new()
        .compress_vec(&plain)
        .unwrap_or_default()
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times
        .get(times.len() / 2)
        .map_or(f64::NAN, |t| t.as_secs_f64() * 1000.0)
}

fn repeated<T>(mut f: impl FnMut() -> T) -> (Option<T>, f64) {
    let mut times = Vec::new();
    let mut last = None;
    for _ in 0..RUNS {
        let (answer, took) = timed(&mut f);
        times.push(took);
        last = Some(answer);
    }
    (last, median(times))
}

/// Whether both answers have the same nodes, times and values (to 1e-9).
fn agree(a: &Answer, b: &Answer) -> bool {
    let same = |(x, y): (&(i64, f64), &(i64, f64))| {
        x.0 == y.0 && (x.1 - y.1).abs() <= 1e-9 * y.1.abs().max(1.0)
    };
    let series = |(x, y): ((&String, &Vec<_>), (&String, &Vec<_>))| {
        x.0 == y.0 && x.1.len() == y.1.len() && x.1.iter().zip(y.1).all(same)
    };
    !a.is_empty() && a.len() == b.len() && a.iter().zip(b).all(series)
}

pub(super) fn queries(series: usize) {
    // both evaluate at whole seconds, so that their times compare
    let end = now_ms() / 1000 * 1000;
    let db = Tsdb::in_memory(options());
    fill(&db, series, end);
    let engine = Engine::default();
    let start = end - (SAMPLES - 1) * STEP;
    let node = |labels: &model::Labels| labels.get("node").unwrap_or_default().to_owned();
    let (instant, instant_ms) = repeated(|| match engine.instant(&db, QUERY, end) {
        Ok(Value::Vector(all)) => all
            .iter()
            .map(|(l, s)| (node(l), vec![(s.t, s.v)]))
            .collect(),
        _ => Answer::new(),
    });
    let (range, range_ms) = repeated(|| match engine.range(&db, QUERY, start, end, STEP) {
        Ok(all) => all
            .iter()
            .map(|s| {
                (
                    node(&s.labels),
                    s.samples.iter().map(|p| (p.t, p.v)).collect(),
                )
            })
            .collect(),
        Err(_) => Answer::new(),
    });
    print(
        &json!({"case": "after queries", "rss_mib": status_mib("VmRSS:"), "peak_rss_mib": status_mib("VmHWM:")}),
    );
    let Some(prometheus) = Prometheus::start() else {
        eprintln!("no Prometheus beside it: install the package prometheus");
        print(&json!({"case": "instant", "ms": instant_ms}));
        print(&json!({"case": "40 steps", "ms": range_ms}));
        return;
    };
    for from in (0..series).step_by(1000) {
        let sent = prometheus.ask("POST", "/api/v1/write", &body(from, from + 1000, end));
        assert!(
            sent.as_ref().is_some_and(|(status, _)| *status == 204),
            "Prometheus takes the samples: {sent:?}"
        );
    }
    let at = end / 1000;
    let path = format!("/api/v1/query?query={QUERY_IN_URL}&time={at}");
    let (theirs, their_ms) = repeated(|| prometheus.query(&path).unwrap_or_default());
    report(
        "instant",
        instant_ms,
        their_ms,
        agree(&instant.unwrap_or_default(), &theirs.unwrap_or_default()),
    );
    let path = format!(
        "/api/v1/query_range?query={QUERY_IN_URL}&start={}&end={at}&step={}",
        start / 1000,
        STEP / 1000
    );
    let (theirs, their_ms) = repeated(|| prometheus.query(&path).unwrap_or_default());
    report(
        "40 steps",
        range_ms,
        their_ms,
        agree(&range.unwrap_or_default(), &theirs.unwrap_or_default()),
    );
}

fn report(case: &str, ms: f64, prometheus_ms: f64, agree: bool) {
    print(&json!({
        "case": case,
        "ms": ms,
        "prometheus_ms": prometheus_ms,
        "ratio_to_prometheus": ms / prometheus_ms,
        "answers_agree": i32::from(agree),
    }));
}
