//! The range and instant decoders against a reference made with serde_json, and against damaged answers.

use model::sample::is_stale_marker;
use model::{InstantValue, Labels};
use proptest::prelude::*;
use serde_json::{Value, json};
use source::prometheus::decode::{self, Grid};
use source::{Capacity, Limits, QueryFault, SourceError};

const START: i64 = 1_700_000_000_000;
const STEP: i64 = 15_000;
const LEN: i64 = 12;

fn grid() -> Grid {
    Grid::new(START, START + (LEN - 1) * STEP, STEP, &Limits::default()).expect("a valid grid")
}

fn range(body: &str) -> Result<decode::Decoded<model::RangeFrame>, SourceError> {
    decode::range(body.as_bytes(), grid(), &Limits::default())
}

fn matrix(result: &Value) -> String {
    json!({"status": "success", "data": {"resultType": "matrix", "result": result}}).to_string()
}

/// The same answer read the slow way.
fn reference(body: &str) -> Vec<(Labels, Vec<Option<f64>>)> {
    let value: Value = serde_json::from_str(body).expect("valid JSON");
    let number = |text: &str| match text {
        "+Inf" => f64::INFINITY,
        "-Inf" => f64::NEG_INFINITY,
        other => other.parse().expect("a number"),
    };
    let result = value["data"]["result"].as_array().expect("a result");
    result
        .iter()
        .filter_map(|series| {
            let labels = series["metric"].as_object().expect("labels");
            let labels = labels
                .iter()
                .map(|(n, v)| (n.as_str(), v.as_str().expect("text")));
            let mut column = vec![None; LEN as usize];
            for point in series["values"].as_array()? {
                let t = (point[0].as_f64().expect("time") * 1000.0).round() as i64;
                let slot = (t - START + STEP / 2).div_euclid(STEP);
                if (0..LEN).contains(&slot) {
                    column[slot as usize] = Some(number(point[1].as_str().expect("value")));
                }
            }
            column
                .iter()
                .any(Option::is_some)
                .then(|| (Labels::from_pairs(labels), column))
        })
        .collect()
}

fn same(frame: &model::RangeFrame, expected: &[(Labels, Vec<Option<f64>>)]) -> bool {
    frame.series.len() == expected.len()
        && frame.series.iter().zip(expected).all(|((l, c), (el, ec))| {
            l == el
                && c.len() == ec.len()
                && c.iter().zip(ec).all(|(v, e)| match e {
                    None => is_stale_marker(*v),
                    Some(e) if e.is_nan() => v.is_nan() && !is_stale_marker(*v),
                    Some(e) => v.to_bits() == e.to_bits(),
                })
        })
}

fn value_text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<f64>().prop_map(|v| match v {
            v if v.is_nan() => "NaN".to_owned(),
            v if v == f64::INFINITY => "+Inf".to_owned(),
            v if v == f64::NEG_INFINITY => "-Inf".to_owned(),
            v => v.to_string(),
        }),
        (-1_000_000_i64..1_000_000).prop_map(|v| v.to_string()),
        any::<f32>()
            .prop_filter("finite", |v| v.is_finite())
            .prop_map(|v| format!("{v:e}")),
    ]
}

fn series() -> impl Strategy<Value = Value> {
    let labels = prop::collection::hash_map("[a-z_]{1,8}", ".{0,12}", 0..5);
    let time = prop_oneof![
        (0..LEN).prop_map(|i| json!((START + i * STEP) / 1_000)),
        (-2..LEN + 2, 0..1_000_i64)
            .prop_map(|(i, ms)| json!((START + i * STEP + ms) as f64 / 1_000.0)),
    ];
    let values = prop::collection::vec((time, value_text()), 0..20);
    (labels, values, any::<bool>()).prop_map(|(labels, values, extra)| {
        let mut element = json!({"metric": labels, "values": values});
        if extra {
            element["histograms"] = json!([[1.5, {"count": "3", "buckets": [[0, "1", "2", "3"]]}]]);
            element["unknown"] = json!([null, true, {"a": [{}, [], "]}\\\""]}]);
        }
        element
    })
}

proptest! {
    #[test]
    fn as_serde_reads_it(all in prop::collection::vec(series(), 0..6), pretty: bool) {
        let mut body = matrix(&Value::Array(all));
        if pretty {
            let value: Value = serde_json::from_str(&body).expect("valid JSON");
            body = serde_json::to_string_pretty(&value).expect("JSON");
        }
        let decoded = range(&body).expect("a valid answer");
        prop_assert!(same(&decoded.value, &reference(&body)), "{}\n{:?}", body, decoded.value);
    }

    #[test]
    fn damaged_answers_never_panic(
        all in prop::collection::vec(series(), 0..4),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 1..6),
    ) {
        let mut body = matrix(&Value::Array(all)).into_bytes();
        for (at, byte, kind) in damage {
            let at = at.index(body.len());
            match kind {
                0 => body[at] = byte,
                1 => { body.remove(at); }
                _ => body.insert(at, byte),
            }
        }
        // what serde takes for a complete, well-formed answer must not be called cut off
        let ours = decode::range(&body, grid(), &Limits::default());
        if serde_json::from_slice::<Value>(&body).is_ok() {
            prop_assert_ne!(ours, Err(SourceError::Truncated));
        }
        let _ = decode::instant(&body, &Limits::default());
    }

    #[test]
    fn every_cut_is_seen(all in prop::collection::vec(series(), 0..4), at: prop::sample::Index) {
        let body = matrix(&Value::Array(all));
        let cut = &body.as_bytes()[..at.index(body.len())];
        prop_assert_eq!(decode::range(cut, grid(), &Limits::default()).map(|_| ()), Err(SourceError::Truncated));
        prop_assert_eq!(decode::instant(cut, &Limits::default()).map(|_| ()), Err(SourceError::Truncated));
    }
}

#[test]
fn gaps_and_nan_are_different() {
    let t = START / 1_000;
    let body =
        matrix(&json!([{"metric": {}, "values": [[t, "1"], [t + 30, "NaN"], [t + 45, "-Inf"]]}]));
    let frame = range(&body).expect("a valid answer").value;
    let column = &frame.series[0].1;
    assert_eq!(column[0], 1.0);
    assert!(is_stale_marker(column[1]) && is_stale_marker(column[11]));
    assert!(column[2].is_nan() && !is_stale_marker(column[2]));
    assert_eq!(column[3], f64::NEG_INFINITY);
    assert_eq!(
        (frame.start_ms, frame.step_ms, frame.len),
        (START, STEP, 12)
    );
}

#[test]
fn warnings_partial_and_fields_in_any_order() {
    let body = r#" {"isPartial":true,"warnings":["one","\u4e8c"],"infos":["x"],"stats":{"seriesFetched":"1"},
        "data":{"stats":{},"result":[{"values":[[1700000000.000,"7"]],"metric":{"a":"b"}}],"resultType":"matrix"},
        "status":"success"} "#;
    let decoded = range(body).expect("a valid answer");
    assert_eq!(decoded.warnings, ["one", "二"]);
    assert!(decoded.partial);
    assert_eq!(decoded.value.series[0].1[0], 7.0);
}

#[test]
fn the_api_s_own_error_in_a_good_status() {
    let body = r#"{"status":"error","errorType":"execution","error":"many-to-many"}"#;
    let expected = SourceError::Query {
        fault: QueryFault::Failed,
        message: "many-to-many".into(),
    };
    assert_eq!(range(body).map(|_| ()), Err(expected));
}

#[test]
fn native_histograms_are_left_out() {
    let body = matrix(
        &json!([{"metric": {"a": "h"}, "histograms": [[1, {"count": "1"}]]},
        {"metric": {"a": "v"}, "values": [[START / 1_000, "1"]]}]),
    );
    let frame = range(&body).expect("a valid answer").value;
    assert_eq!(frame.series.len(), 1);
    assert_eq!(frame.series[0].0.get("a"), Some("v"));
}

#[test]
fn wrong_shapes_are_named() {
    for (body, what) in [
        ("{}", "data"),
        (
            r#"{"status":"success","data":{"resultType":"vector","result":[]}}"#,
            "matrix",
        ),
        (
            r#"{"status":"success","data":{"resultType":"tensor","result":[]}}"#,
            "resultType",
        ),
        (
            r#"{"status":"success","data":{"resultType":"matrix","result":{}}}"#,
            "a list",
        ),
        (
            r#"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1,2]]}]}}"#,
            "quotes",
        ),
        (
            r#"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1,"x"]]}]}}"#,
            "NaN",
        ),
        (
            r#"{"status":"success","data":{"resultType":"matrix","result":[]}} x"#,
            "end",
        ),
        ("[1,2]", "object"),
    ] {
        match range(body) {
            Err(SourceError::Malformed { what: said, .. }) => {
                assert!(said.contains(what), "{body}: {said}")
            }
            other => panic!("{body}: {other:?}"),
        }
    }
    let deep = format!(r#"{{"x":{}"#, "[".repeat(100_000));
    assert!(matches!(range(&deep), Err(SourceError::Malformed { .. })));
}

#[test]
fn too_much_is_refused() {
    let limits = Limits {
        series: 2,
        points: 100,
        values: 30,
        labels: 3,
        label_bytes: 1_000,
        ..Limits::default()
    };
    let t = START / 1_000;
    let decode =
        |result: Value| decode::range(matrix(&result).as_bytes(), grid(), &limits).map(|_| ());
    let one = |labels: Value| json!({"metric": labels, "values": [[t, "1"]]});
    let refused = |what, limit| Err(SourceError::Limit { what, limit });
    assert_eq!(decode(json!([one(json!({})), one(json!({}))])), Ok(()));
    let three: Vec<Value> = (0..3).map(|i| one(json!({"i": i.to_string()}))).collect();
    assert_eq!(decode(json!(three)), refused(Capacity::Series, 2));
    let fat = json!([one(json!({"a": "x".repeat(10 << 20)}))]);
    assert_eq!(decode(fat), refused(Capacity::LabelBytes, 1_000));
    assert_eq!(
        decode(json!([one(
            json!({"a": "1", "b": "1", "c": "1", "d": "1"})
        )])),
        refused(Capacity::Labels, 3)
    );
    let few = Limits {
        values: 20,
        series: 100,
        ..limits
    };
    let two = matrix(&json!([one(json!({})), one(json!({"a": "b"}))]));
    assert_eq!(
        decode::range(two.as_bytes(), grid(), &few).map(|_| ()),
        refused(Capacity::Values, 20)
    );
    assert_eq!(
        Grid::new(0, 100_000, 1_000, &limits),
        Err(SourceError::Limit {
            what: Capacity::Points,
            limit: 100
        })
    );
    assert!(Grid::new(0, 99_000, 1_000, &limits).is_ok());
    assert!(Grid::new(i64::MIN, i64::MAX, 1, &limits).is_err());
}

#[test]
fn instant_answers_of_every_type() {
    let read = |kind: &str, result: Value| {
        let body = json!({"status": "success", "data": {"resultType": kind, "result": result}})
            .to_string();
        decode::instant(body.as_bytes(), &Limits::default())
            .expect("a valid answer")
            .value
    };
    let sample = |v| model::Sample { t: 1_500, v };
    assert_eq!(
        read("scalar", json!([1.5, "+Inf"])),
        InstantValue::Scalar(sample(f64::INFINITY))
    );
    assert_eq!(
        read("string", json!([1.5, "守\"望"])),
        InstantValue::Text(1_500, "守\"望".into())
    );
    assert_eq!(
        read(
            "vector",
            json!([{"metric": {"a": "<b>"}, "value": [1.5, "2"]}, {"metric": {}, "histogram": [1, {}]}])
        ),
        InstantValue::Vector(vec![(Labels::from_pairs([("a", "<b>")]), sample(2.0))])
    );
    assert_eq!(
        read(
            "matrix",
            json!([{"metric": {}, "values": [[1.5, "1"], [1.5, "2"]]}])
        ),
        InstantValue::Matrix(vec![model::Series {
            labels: Labels::default(),
            samples: vec![sample(1.0), sample(2.0)]
        }])
    );
}
