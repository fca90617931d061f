//! Any input is read or refused.

use super::*;
use proptest::prelude::*;

fn is_unreadable(e: &SourceError) -> bool {
    matches!(e.code(), "truncated" | "malformed")
}

/// Any JSON, with the names that matter among its keys.
fn any_json() -> impl Strategy<Value = Value> {
    let names = prop::sample::select(vec![
        "data",
        "errors",
        "traceID",
        "spans",
        "processes",
        "spanID",
        "tags",
        "logs",
        "references",
        "key",
        "value",
        "type",
        "startTime",
        "duration",
        "result",
        "resourceSpans",
        "scopeSpans",
        "resource",
        "attributes",
        "traceId",
        "spanId",
        "startTimeUnixNano",
        "arrayValue",
        "values",
        "intValue",
        "warnings",
        "processID",
        "p1",
        "summaries",
        "services",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[0-9a-f]{0,34}".prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(7, 120, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((names.clone(), inner), 0..6).prop_map(|all| Value::Object(
                all.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()
            )),
        ]
    })
}

proptest! {
    #[test]
    fn any_json_is_read_or_refused_and_what_is_read_is_sound(data in any_json(), cut in 0usize..400) {
        let body = json!({"data": [data.clone()], "result": {"resourceSpans": [data]}}).to_string();
        for read in [classic, v3] {
            let all = read(body.as_bytes(), &TraceLimits::default()).expect("a list is never an error");
            for trace in &all.traces {
                prop_assert!(trace.spans.iter().all(|s| (s.process as usize) < trace.processes.len()));
                prop_assert_eq!(summarise(trace).spans as usize, trace.spans.len());
            }
            let end = body.floor_char_boundary(cut.min(body.len().saturating_sub(1)));
            let shorter = read(&body.as_bytes()[..end], &TraceLimits::default());
            prop_assert!(shorter.is_err_and(|e| is_unreadable(&e)));
        }
        let _ = lists::services(body.as_bytes());
        let _ = (lists::operations(body.as_bytes()), lists::summaries(body.as_bytes()), lists::refusal(body.as_bytes()));
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for read in [classic, v3] {
            if let Err(e) = read(&bytes, &TraceLimits::default()) {
                prop_assert!(is_unreadable(&e));
            }
        }
    }
}
