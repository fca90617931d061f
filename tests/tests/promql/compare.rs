//! One query, two answers, and what is different between them.

use model::{Labels, Sample};
use promql::{Engine, PromqlError, Storage, Value};
use serde_json::Value as Json;
use shouwang_tests::http;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// How a query is asked.
#[derive(Debug, Clone)]
pub enum Ask {
    /// At one time, milliseconds since the epoch.
    Instant(i64),
    /// Over a range of times.
    Range {
        /// First step.
        start: i64,
        /// Last time at which a step may be.
        end: i64,
        /// Between steps.
        step: i64,
    },
}

/// What came back.
#[derive(Debug, Clone)]
pub enum Answer {
    /// Refused or failed, and why.
    Error(String),
    /// `resultType`, and the series in the order in which they came.
    Series(&'static str, Vec<(Labels, Vec<Sample>)>),
    /// A string.
    Text(String),
}

fn encode(text: &str) -> String {
    let mut out = String::new();
    for b in text.bytes() {
        if b.is_ascii_alphanumeric() {
            out.push(char::from(b));
        } else {
            let _ = write!(out, "%{b:02X}");
        }
    }
    out
}

fn seconds(ms: i64) -> String {
    format!("{:.3}", ms as f64 / 1000.0)
}

/// What the Prometheus at `port` says.
pub fn prometheus(port: u16, query: &str, ask: &Ask) -> Answer {
    let query = encode(query);
    let path = match ask {
        Ask::Instant(t) => format!("/api/v1/query?query={query}&time={}", seconds(*t)),
        Ask::Range { start, end, step } => format!(
            "/api/v1/query_range?query={query}&start={}&end={}&step={}",
            seconds(*start),
            seconds(*end),
            seconds(*step)
        ),
    };
    let reply = http::get(port, &path).expect("Prometheus answers");
    let json: Json = serde_json::from_slice(&reply.body).expect("Prometheus answers in JSON");
    if json["status"] != "success" {
        return Answer::Error(json["error"].as_str().unwrap_or("?").to_owned());
    }
    let result = &json["data"]["result"];
    match json["data"]["resultType"].as_str().expect("a type") {
        "string" => Answer::Text(result[1].as_str().expect("a text").to_owned()),
        "scalar" => Answer::Series("scalar", vec![(Labels::default(), vec![sample(result)])]),
        "vector" => Answer::Series("vector", list(result, |s| vec![sample(&s["value"])])),
        "matrix" => Answer::Series(
            "matrix",
            list(result, |s| {
                s["values"]
                    .as_array()
                    .expect("values")
                    .iter()
                    .map(sample)
                    .collect()
            }),
        ),
        other => panic!("unknown result type {other}"),
    }
}

fn list(result: &Json, samples: impl Fn(&Json) -> Vec<Sample>) -> Vec<(Labels, Vec<Sample>)> {
    let series = result.as_array().expect("a list");
    series
        .iter()
        .map(|s| {
            let metric = s["metric"].as_object().expect("labels");
            let labels = metric
                .iter()
                .map(|(n, v)| (n.as_str(), v.as_str().expect("a text")));
            (Labels::from_pairs(labels), samples(s))
        })
        .collect()
}

fn sample(pair: &Json) -> Sample {
    let t = pair[0].as_f64().expect("a time");
    let v = match pair[1].as_str().expect("a value") {
        "+Inf" => f64::INFINITY,
        "-Inf" => f64::NEG_INFINITY,
        number => number.parse().expect("a number"),
    };
    Sample {
        t: (t * 1000.0).round() as i64,
        v,
    }
}

/// What we say.
pub fn ours(engine: &Engine, storage: &dyn Storage, query: &str, ask: &Ask) -> Answer {
    let answer = match *ask {
        Ask::Instant(t) => engine.instant(storage, query, t).map(|value| match value {
            Value::Scalar(s) => Answer::Series("scalar", vec![(Labels::default(), vec![s])]),
            Value::String { value, .. } => Answer::Text(value),
            Value::Vector(v) => {
                Answer::Series("vector", v.into_iter().map(|(l, s)| (l, vec![s])).collect())
            }
            Value::Matrix(m) => Answer::Series(
                "matrix",
                m.into_iter().map(|s| (s.labels, s.samples)).collect(),
            ),
        }),
        Ask::Range { start, end, step } => {
            engine.range(storage, query, start, end, step).map(|m| {
                Answer::Series(
                    "matrix",
                    m.into_iter().map(|s| (s.labels, s.samples)).collect(),
                )
            })
        }
    };
    answer.unwrap_or_else(|e: PromqlError| Answer::Error(e.to_string()))
}

fn same(a: f64, b: f64) -> bool {
    a == b
        || (a.is_nan() && b.is_nan())
        || ((a - b).abs() <= 1e-9 * a.abs().max(b.abs()) && a.is_finite() && b.is_finite())
}

/// The first difference between the two answers to `query`, or `None` where they agree.
pub fn difference(query: &str, theirs: &Answer, ours: &Answer) -> Option<String> {
    match (theirs, ours) {
        (Answer::Error(_), Answer::Error(_)) => None,
        (Answer::Text(a), Answer::Text(b)) if a == b => None,
        (Answer::Series(kind, a), Answer::Series(our_kind, b)) => {
            if kind != our_kind {
                return Some(format!("type {kind}, ours {our_kind}"));
            }
            series(a, b).or_else(|| order(query, kind, a, b))
        }
        _ => Some(format!("theirs {}, ours {}", brief(theirs), brief(ours))),
    }
}

fn brief(answer: &Answer) -> String {
    match answer {
        Answer::Error(why) => format!("error {why:?}"),
        Answer::Text(text) => format!("text {text:?}"),
        Answer::Series(kind, series) => format!("{kind} of {} series", series.len()),
    }
}

fn series(theirs: &[(Labels, Vec<Sample>)], ours: &[(Labels, Vec<Sample>)]) -> Option<String> {
    let index = |all: &[(Labels, Vec<Sample>)]| -> BTreeMap<Labels, Vec<Sample>> {
        all.iter().cloned().collect()
    };
    let (a, b) = (index(theirs), index(ours));
    if b.len() != ours.len() {
        return Some("ours has the same labels twice".into());
    }
    if let Some(labels) = a.keys().find(|l| !b.contains_key(*l)) {
        return Some(format!(
            "{} and {} series; ours lacks {labels}",
            a.len(),
            b.len()
        ));
    }
    if let Some(labels) = b.keys().find(|l| !a.contains_key(*l)) {
        return Some(format!(
            "{} and {} series; only ours has {labels}",
            a.len(),
            b.len()
        ));
    }
    for (labels, theirs) in &a {
        let ours = &b[labels];
        let times = |s: &[Sample]| s.iter().map(|s| s.t).collect::<Vec<_>>();
        if times(theirs) != times(ours) {
            return Some(format!(
                "{labels}: {} samples, ours {}: {:?} {:?}",
                theirs.len(),
                ours.len(),
                theirs.first(),
                ours.first()
            ));
        }
        for (a, b) in theirs.iter().zip(ours) {
            if !same(a.v, b.v) {
                return Some(format!("{labels} at {}: {}, ours {}", a.t, a.v, b.v));
            }
        }
    }
    None
}

/// `sort` and `topk` promise an order of an instant vector; a range is sorted by labels.
fn order(
    query: &str,
    kind: &str,
    theirs: &[(Labels, Vec<Sample>)],
    ours: &[(Labels, Vec<Sample>)],
) -> Option<String> {
    let sorted = ["sort(", "sort_desc(", "topk(", "bottomk("];
    let values = |all: &[(Labels, Vec<Sample>)]| -> Vec<f64> {
        all.iter()
            .flat_map(|(_, s)| s.iter().map(|s| s.v))
            .collect()
    };
    if kind == "vector" && sorted.iter().any(|s| query.starts_with(s)) {
        let (a, b) = (values(theirs), values(ours));
        let differs = a.iter().zip(&b).any(|(a, b)| !same(*a, *b));
        return differs.then(|| format!("in another order: {a:?}, ours {b:?}"));
    }
    let is_range = kind == "matrix" && ours.windows(2).any(|w| w[0].0 >= w[1].0);
    is_range.then(|| "ours is not sorted by labels".into())
}
