use super::decode::{Decoded, classic, v3};
use super::{Odd, TraceLimits, listed, lists, summarise};
use crate::SourceError;
use model::trace::{Dependency, Link, Operation, SpanId, SpanKind, TagValue, Trace, TraceId};
use serde_json::{Value, json};

mod newer;
mod random;

const ID: &str = "0af7651916cd43dd8448eb211c80319c";

fn id() -> TraceId {
    ID.parse().expect("an id")
}

fn read(body: &str) -> Decoded {
    classic(body.as_bytes(), &TraceLimits::default()).expect("traces")
}

fn read_v3(body: &str) -> Decoded {
    v3(body.as_bytes(), &TraceLimits::default()).expect("traces")
}

/// The only trace, without what was odd.
fn only(decoded: Decoded) -> Trace {
    let [one] = <[Trace; 1]>::try_from(decoded.traces).expect("one trace");
    one
}

fn odd(trace: &Trace) -> Vec<(Odd, u32)> {
    trace.warnings.iter().filter_map(|w| Odd::read(w)).collect()
}

fn envelope(trace: Value) -> String {
    json!({"data": [trace], "total": 0, "limit": 0, "offset": 0, "errors": null}).to_string()
}

/// A trace of the given spans, all of process `p1`.
fn with_spans(spans: Value) -> String {
    envelope(json!({
        "traceID": ID, "spans": spans, "warnings": null,
        "processes": {"p1": {"serviceName": "order-service", "tags": []}},
    }))
}

fn span(n: u64, more: Value) -> Value {
    let mut span = json!({
        "traceID": ID, "spanID": format!("{n:016x}"), "operationName": "op", "references": [],
        "startTime": 1_795_260_328_922_000u64 + n, "duration": 10, "tags": [], "logs": [],
        "processID": "p1", "warnings": null,
    });
    let fields = span.as_object_mut().expect("an object");
    fields.extend(more.as_object().expect("an object").clone());
    span
}

/// One span in OpenTelemetry's form with these attributes.
fn otlp(attributes: Value) -> Value {
    json!({"result": {"resourceSpans": [{
        "resource": {"attributes": [
            {"key": "service.name", "value": {"stringValue": "order-service"}},
            {"key": "host.name", "value": {"stringValue": "门店-1"}},
        ]},
        "scopeSpans": [{"scope": {"name": "http", "version": "1.2"}, "spans": [{
            "traceId": ID, "spanId": "00f067aa0ba902b7", "parentSpanId": "b7ad6b7169203331",
            "name": "POST /订单", "kind": 2,
            "startTimeUnixNano": "1795260328922123456", "endTimeUnixNano": "1795260328923623456",
            "attributes": attributes,
            "events": [{"timeUnixNano": "1795260328922200001", "name": "exception", "attributes": [
                {"key": "exception.type", "value": {"stringValue": "Timeout"}},
            ]}],
            "links": [{"traceId": "00000000000000000000000000000077", "spanId": "0000000000000005"}],
            "status": {"code": 2, "message": "支付失败"},
        }]}],
    }]}})
}

#[test]
fn a_span_as_the_classic_api_writes_it() {
    let body = envelope(json!({
        "traceID": ID,
        "spans": [{
            "traceID": ID, "spanID": "00f067aa0ba902b7", "flags": 1, "operationName": "POST /订单",
            "references": [
                {"refType": "FOLLOWS_FROM", "traceID": "77", "spanID": "5"},
                {"refType": "CHILD_OF", "traceID": ID, "spanID": "b7ad6b7169203331"},
            ],
            "startTime": 1_795_260_328_922_123u64, "duration": 1_500,
            "tags": [
                {"key": "span.kind", "type": "string", "value": "server"},
                {"key": "error", "type": "bool", "value": true},
                {"key": "big", "type": "int64", "value": "9007199254740993"},
                {"key": "small", "type": "int64", "value": -7},
                {"key": "ratio", "type": "float64", "value": 1},
                {"key": "body", "type": "binary", "value": "AAECAw=="},
            ],
            "logs": [{"timestamp": 1_795_260_328_922_200u64, "fields": [
                {"key": "event", "type": "string", "value": "支付失败"},
            ]}],
            "processID": "p1", "warnings": ["clock skew: +1.2ms"],
        }],
        "processes": {"p1": {"serviceName": "order-service", "tags": [
            {"key": "host.name", "type": "string", "value": "门店-1"},
        ]}},
        "warnings": ["trace is incomplete"],
    }));
    let trace = only(read(&body));
    assert_eq!(trace.id, id());
    assert_eq!(trace.warnings, ["trace is incomplete"]);
    let span = &trace.spans[0];
    assert_eq!(span.id, SpanId(0x00f0_67aa_0ba9_02b7));
    assert_eq!(span.parent, Some(SpanId(0xb7ad_6b71_6920_3331)));
    let other = Link {
        trace: TraceId(0x77),
        span: SpanId(5),
    };
    assert_eq!(span.links, [other]);
    assert_eq!(&*span.operation, "POST /订单");
    assert_eq!((span.kind, span.error), (SpanKind::Server, true));
    assert_eq!(span.start_ns, 1_795_260_328_922_123_000);
    assert_eq!(span.duration_ns, 1_500_000);
    assert_eq!(span.tag("big"), Some(&TagValue::Int(9_007_199_254_740_993)));
    assert_eq!(span.tag("small"), Some(&TagValue::Int(-7)));
    assert_eq!(span.tag("ratio"), Some(&TagValue::Float(1.0)));
    assert_eq!(span.tag("body"), Some(&TagValue::Binary(4)));
    assert_eq!(span.events[0].at_ns, 1_795_260_328_922_200_000);
    assert_eq!(span.events[0].fields[0].value.to_string(), "支付失败");
    assert_eq!(span.warnings, ["clock skew: +1.2ms"]);
    assert_eq!(trace.service(span), "order-service");
    assert_eq!(trace.processes[0].tags[0].value.to_string(), "门店-1");
}

#[test]
fn who_the_parent_is() {
    let child =
        |trace: &str, span: &str| json!({"refType": "CHILD_OF", "traceID": trace, "spanID": span});
    let follows = |trace: &str, span: &str| json!({"refType": "FOLLOWS_FROM", "traceID": trace, "spanID": span});
    let link = |trace: TraceId, span| Link {
        trace,
        span: SpanId(span),
    };
    let dropped_zero = &ID[1..];
    for (references, parent, links) in [
        (json!([]), None, vec![]),
        (json!([child(ID, "2")]), Some(2), vec![]),
        (json!([child(dropped_zero, "2")]), Some(2), vec![]),
        // only followed: the cause all the same, and said to be no child
        (json!([follows(ID, "3")]), Some(3), vec![link(id(), 3)]),
        (
            json!([follows(ID, "3"), child(ID, "2")]),
            Some(2),
            vec![link(id(), 3)],
        ),
        (
            json!([child("99", "2")]),
            None,
            vec![link(TraceId(0x99), 2)],
        ),
        (
            json!([child(ID, "2"), child(ID, "4")]),
            Some(2),
            vec![link(id(), 4)],
        ),
    ] {
        let trace = only(read(&with_spans(json!([span(
            1,
            json!({"references": references})
        )]))));
        assert_eq!(trace.spans[0].parent, parent.map(SpanId), "{references}");
        assert_eq!(trace.spans[0].links, links, "{references}");
        assert_eq!(odd(&trace), []);
    }
    // as versions before 1.6 wrote it
    let old = span(
        1,
        json!({"references": null, "parentSpanID": "0000000000000007"}),
    );
    assert_eq!(
        only(read(&with_spans(json!([old])))).spans[0].parent,
        Some(SpanId(7))
    );
    let root = span(1, json!({"parentSpanID": "0000000000000000"}));
    assert_eq!(only(read(&with_spans(json!([root])))).spans[0].parent, None);
}

#[test]
fn one_odd_value_costs_nothing_but_itself() {
    for (broken, kind, kept) in [
        (json!(7), Odd::SpanRefused, 1),
        (json!(["x"]), Odd::SpanRefused, 1),
        (json!(null), Odd::SpanRefused, 1),
        (span(2, json!({"spanID": "0"})), Odd::SpanRefused, 1),
        (span(2, json!({"spanID": {"a": 1}})), Odd::SpanRefused, 1),
        (
            span(2, json!({"startTime": "yesterday"})),
            Odd::SpanRefused,
            1,
        ),
        (span(2, json!({"duration": null})), Odd::BadDuration, 2),
        (span(2, json!({"processID": "p9"})), Odd::MissingProcess, 2),
        (span(2, json!({"processID": null})), Odd::MissingProcess, 2),
        (span(2, json!({"traceID": "77"})), Odd::ForeignSpan, 2),
        (span(2, json!({"tags": [3]})), Odd::TagRefused, 2),
        (
            span(2, json!({"tags": [{"key": "a", "value": [[1]]}]})),
            Odd::TagRefused,
            2,
        ),
        (span(2, json!({"references": ["x"]})), Odd::LinksDropped, 2),
        (
            span(2, json!({"references": [{"spanID": "?"}]})),
            Odd::LinksDropped,
            2,
        ),
        (
            span(2, json!({"logs": [{"fields": []}]})),
            Odd::EventsDropped,
            2,
        ),
    ] {
        let trace = only(read(&with_spans(json!([span(1, json!({})), broken]))));
        assert_eq!(trace.spans.len(), kept, "{broken}");
        assert_eq!(odd(&trace), [(kind, 1)], "{broken}");
        assert!(
            trace
                .spans
                .iter()
                .all(|s| (s.process as usize) < trace.processes.len())
        );
    }
    // lists that are none, and types that are others
    let strange = span(
        1,
        json!({
            "tags": {"a": 1}, "logs": "none", "warnings": 7, "operationName": 12, "duration": "5",
            "startTime": "1795260328922000", "references": {"x": [1]},
        }),
    );
    let trace = only(read(&with_spans(json!([strange]))));
    assert_eq!(
        (trace.spans[0].duration_ns, &*trace.spans[0].operation),
        (5_000, "")
    );
    assert_eq!(odd(&trace), []);
}

#[test]
fn broken_traces_are_kept_as_they_are() {
    let parent = |p: u64| json!({"references": [{"refType": "CHILD_OF", "traceID": ID, "spanID": format!("{p:x}")}]});
    let spans = json!([
        span(1, parent(2)),
        span(2, parent(1)),
        span(3, parent(3)),
        span(4, parent(99)),
        span(4, json!({"duration": -50})),
        span(5, json!({"duration": i64::MAX})),
        span(6, json!({"startTime": -3})),
    ]);
    let trace = only(read(&with_spans(spans)));
    assert_eq!(trace.spans.len(), 7);
    assert_eq!(trace.spans[4].duration_ns, -50_000);
    assert_eq!(trace.spans[5].duration_ns, i64::MAX);
    assert_eq!(trace.spans[6].start_ns, -3_000);
    assert_eq!(odd(&trace), []);
    let short = summarise(&trace);
    assert_eq!((short.spans, short.orphans), (7, 1));
}

#[test]
fn a_megabyte_is_cut_and_a_crowd_is_thinned() {
    let many: Vec<Value> = (0..300)
        .map(|n| json!({"key": format!("k{n}"), "type": "string", "value": "v"}))
        .collect();
    let logs: Vec<Value> = (0..1_005)
        .map(|n| json!({"timestamp": n, "fields": []}))
        .collect();
    let references: Vec<Value> = (1..=260)
        .map(|n| json!({"refType": "FOLLOWS_FROM", "traceID": "9", "spanID": format!("{n:x}")}))
        .collect();
    let huge = "守".repeat(350_000);
    let body = with_spans(json!([
        span(
            1,
            json!({"tags": [{"key": "sql", "type": "string", "value": huge}]})
        ),
        span(
            2,
            json!({"tags": many, "logs": logs, "references": references, "operationName": huge})
        ),
    ]));
    let trace = only(read(&body));
    let limits = TraceLimits::default();
    let TagValue::Text(text) = &trace.spans[0].tags[0].value else {
        panic!("a text")
    };
    assert!(text.len() <= limits.text_bytes && text.ends_with("守…"));
    assert_eq!(trace.spans[1].tags.len(), limits.tags);
    assert_eq!(trace.spans[1].events.len(), limits.events);
    assert_eq!(trace.spans[1].links.len(), limits.links);
    assert_eq!(
        odd(&trace),
        [
            (Odd::TextCut, 2),
            (Odd::TagsDropped, 44),
            (Odd::EventsDropped, 5),
            (Odd::LinksDropped, 4)
        ]
    );
    let few = TraceLimits { spans: 1, ..limits };
    let trace = only(classic(body.as_bytes(), &few).expect("a trace"));
    assert_eq!(
        (trace.spans.len(), odd(&trace)),
        (1, vec![(Odd::TextCut, 1), (Odd::SpansDropped, 1)])
    );
}

#[test]
fn what_is_nested_deep_is_passed_over() {
    let deep = format!("{}{}", "[".repeat(50_000), "]".repeat(50_000));
    let body = with_spans(json!([span(
        1,
        json!({"tags": [{"key": "deep", "value": "DEEP"}], "x": "DEEP"})
    )]));
    let trace = only(read(&body.replace("\"DEEP\"", &deep)));
    assert_eq!(odd(&trace), [(Odd::TagRefused, 1)]);
    let nested = (0..1_000).fold("{\"stringValue\":\"x\"}".to_owned(), |inner, _| {
        format!("{{\"arrayValue\":{{\"values\":[{inner}]}}}}")
    });
    let body = otlp(json!([{"key": "deep", "value": "DEEP"}])).to_string();
    let trace = only(read_v3(&body.replace("\"DEEP\"", &nested)));
    assert_eq!(
        trace.spans[0].tag("deep").expect("a tag").to_string(),
        "[[[[[[[[…]]]]]]]]"
    );
}

#[test]
fn bytes_that_are_no_utf8() {
    let body = with_spans(json!([span(1, json!({"operationName": "GBK"}))]));
    let mut body = body.into_bytes();
    let at = body.windows(3).position(|w| w == b"GBK").expect("there");
    body[at] = 0xb6;
    let read = classic(&body, &TraceLimits::default()).expect("traces");
    assert_eq!(read.warnings, ["shouwang.not_utf8 1"]);
    assert_eq!(&*read.traces[0].spans[0].operation, "\u{fffd}BK");
}

#[test]
fn envelopes() {
    assert_eq!(read(r#"{"data":null,"errors":null}"#), Decoded::default());
    assert_eq!(read(r#"{"data":[]}"#), Decoded::default());
    let missing = read(
        r#"{"data":[],"errors":[{"code":404,"msg":"trace not found","traceID":"7"},{"msg":"shard 3 away"}]}"#,
    );
    assert!(missing.not_found);
    assert_eq!(missing.warnings, ["trace not found", "shard 3 away"]);
    let fault = |body: &str| {
        classic(body.as_bytes(), &TraceLimits::default())
            .expect_err(body)
            .code()
    };
    assert_eq!(fault(r#"{"data":[{"traceID":"1","spans":["#), "truncated");
    assert_eq!(fault(r#"{"status":"success"}"#), "malformed");
    assert_eq!(fault("[]"), "malformed");
    assert_eq!(
        fault(r#"{"status":"success","data":{"resultType":"vector"}}"#),
        "malformed"
    );
    assert_eq!(fault(r#"{"data":[}"#), "malformed");
    assert_eq!(fault(r#"{"data":[]} x"#), "malformed");
    // a trace that says its id only in its spans, and one that never does
    let trace = |id: Value| json!({"spans": [span(1, json!({"traceID": id}))], "processes": {}});
    assert_eq!(only(read(&envelope(trace(json!(ID))))).id, id());
    let none = read(&envelope(trace(json!("?"))));
    assert_eq!(none.traces, []);
}

#[test]
fn a_list_that_is_none_is_not_an_empty_one() {
    let asked = |body: &str| listed(body.as_bytes(), lists::services, "a list");
    assert_eq!(asked("{}"), Ok(vec![]));
    assert_eq!(asked(r#"{"data":null,"total":0}"#), Ok(vec![]));
    for body in [
        r#"{"status":"ok"}"#,
        r#"{"data":"soon"}"#,
        r#"{"services":{"a":1}}"#,
    ] {
        assert_eq!(
            asked(body).map_err(|e| e.code()),
            Err("malformed"),
            "{body}"
        );
    }
}

#[test]
fn short_lists_of_both_apis() {
    let services = |body: &str| lists::services(body.as_bytes()).expect(body);
    assert_eq!(
        services(r#"{"data":["b","a","a",7],"total":3}"#),
        (vec!["a".into(), "b".into()], true)
    );
    assert_eq!(services(r#"{"data":null,"total":0}"#), (vec![], true));
    assert_eq!(
        services(r#"{"services":["支付"]}"#),
        (vec!["支付".into()], true)
    );
    assert_eq!(services("{}"), (vec![], false));
    let operation = |name: &str, kind| Operation {
        name: name.into(),
        kind,
    };
    let operations = |body: &str| lists::operations(body.as_bytes()).expect(body).0;
    assert_eq!(
        operations(
            r#"{"data":[{"name":"b","spanKind":"server"},{"name":"a","spanKind":""},{"spanKind":"x"},null]}"#
        ),
        [operation("a", None), operation("b", Some(SpanKind::Server))]
    );
    assert_eq!(
        operations(r#"{"data":["x"],"total":1}"#),
        [operation("x", None)]
    );
    assert_eq!(
        operations(r#"{"operations":[{"name":"a","spanKind":"internal"}]}"#),
        [operation("a", Some(SpanKind::Internal))]
    );
    let dependencies = r#"{"data":[{"parent":"b","child":"c","callCount":2},{"parent":"a","child":"a","callCount":1},
        {"parent":"b","child":"c","callCount":"3"},{"parent":"a","child":"","callCount":-1},{"x":1}]}"#;
    let edge = |parent: &str, child: &str, calls| Dependency {
        parent: parent.into(),
        child: child.into(),
        calls,
    };
    assert_eq!(
        lists::dependencies(dependencies.as_bytes())
            .expect("dependencies")
            .0,
        [edge("a", "", 0), edge("a", "a", 1), edge("b", "c", 5)]
    );
}

#[test]
fn summaries_have_their_times_as_texts() {
    let body = json!({"summaries": [
        {"traceId": ID, "rootServiceName": "gateway", "rootOperationName": "GET /", "minStartTimeUnixNano": "1795260328922123456",
         "maxEndTimeUnixNano": "1795260328932123456", "spanCount": 9, "errorSpanCount": 1,
         "services": [{"name": "b", "spanCount": 2}, {"name": "a", "spanCount": 7, "errorSpanCount": 1}]},
        {"traceId": "?"}, 7,
    ]});
    let (all, found) = lists::summaries(body.to_string().as_bytes()).expect("summaries");
    assert!(found && all.len() == 1);
    assert_eq!(
        (all[0].duration_ns, all[0].orphans, all[0].spans),
        (10_000_000, 0, 9)
    );
    let names: Vec<&str> = all[0].services.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(names, ["a", "b"]);
}

#[test]
fn errors_speak_in_the_servers_words() {
    let said = |body: &str| lists::refusal(body.as_bytes()).map(|f| (f.code, f.message));
    let v1 = "{\"data\":null,\"total\":0,\"limit\":0,\"offset\":0,\"errors\":[{\"code\":400,\"msg\":\"unable to parse param 'limit': x\"}]}\n";
    assert_eq!(
        said(v1),
        Some((Some(400), "unable to parse param 'limit': x".into()))
    );
    let v3 = r#"{"error":{"httpCode":404,"message":"No traces found"}}"#;
    assert_eq!(said(v3), Some((Some(404), "No traces found".into())));
    for nothing in [
        "404 page not found",
        "",
        "{\"errors\":null}",
        "[1]",
        "{\"error\":7}",
        "<html>",
    ] {
        assert_eq!(said(nothing), None, "{nothing}");
    }
}

#[test]
fn a_trace_in_short() {
    let parent =
        |p: &str| json!({"references": [{"refType": "CHILD_OF", "traceID": ID, "spanID": p}]});
    let mut orphan = parent("99");
    orphan["startTime"] = json!(1_795_260_328_000_000u64);
    orphan["operationName"] = json!("orphan");
    let mut failed = parent("1");
    failed["tags"] = json!([{"key": "error", "type": "string", "value": "true"}]);
    let root = json!({"operationName": "root", "duration": 2_000});
    let trace = only(read(&with_spans(json!([
        span(3, orphan),
        span(2, failed),
        span(1, root)
    ]))));
    let short = summarise(&trace);
    // an orphan that began earlier is not the root
    assert_eq!(
        (short.root_service.as_str(), short.root_operation.as_str()),
        ("order-service", "root")
    );
    assert_eq!((short.spans, short.errors, short.orphans), (3, 1, 1));
    assert_eq!(short.start_ns, 1_795_260_328_000_000_000);
    assert_eq!(short.duration_ns, 922_001_000 + 2_000_000);
    assert_eq!((short.services[0].spans, short.services[0].errors), (3, 1));
    assert_eq!(summarise(&Trace::default()).spans, 0);
}
