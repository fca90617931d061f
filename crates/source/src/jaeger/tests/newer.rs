//! What `/api/v3` answers: documents of OpenTelemetry.

use super::*;

#[test]
fn a_span_as_v3_writes_it() {
    let attributes = json!([
        {"key": "big", "value": {"intValue": "9007199254740993"}},
        {"key": "number", "value": {"intValue": 7}},
        {"key": "ok", "value": {"boolValue": true}},
        {"key": "ratio", "value": {"doubleValue": 0.5}},
        {"key": "nan", "value": {"doubleValue": "NaN"}},
        {"key": "bytes", "value": {"bytesValue": "AAECAw=="}},
        {"key": "list", "value": {"arrayValue": {"values": [{"stringValue": "a\"b"}, {"intValue": "1"}]}}},
        {"key": "map", "value": {"kvlistValue": {"values": [
            {"key": "k", "value": {"boolValue": false}},
            {"key": "n", "value": {"arrayValue": {"values": [{"doubleValue": 1.5}]}}},
        ]}}},
        {"key": "empty", "value": {}},
    ]);
    let trace = only(read_v3(&otlp(attributes).to_string()));
    assert_eq!(trace.id, id());
    let span = &trace.spans[0];
    assert_eq!(span.parent, Some(SpanId(0xb7ad_6b71_6920_3331)));
    assert_eq!(span.start_ns, 1_795_260_328_922_123_456);
    assert_eq!(span.duration_ns, 1_500_000);
    assert_eq!((span.kind, span.error), (SpanKind::Server, true));
    let tag = |key: &str| span.tag(key).expect(key).to_string();
    assert_eq!(span.tag("big"), Some(&TagValue::Int(9_007_199_254_740_993)));
    assert_eq!(span.tag("number"), Some(&TagValue::Int(7)));
    assert_eq!(span.tag("ratio"), Some(&TagValue::Float(0.5)));
    assert_eq!(span.tag("bytes"), Some(&TagValue::Binary(4)));
    assert_eq!(tag("nan"), "NaN");
    assert_eq!(tag("list"), r#"["a\"b",1]"#);
    assert_eq!(tag("map"), r#"{"k":false,"n":[1.5]}"#);
    assert_eq!(tag("empty"), "");
    assert_eq!(tag("otel.status_code"), "ERROR");
    assert_eq!(tag("otel.status_description"), "支付失败");
    assert_eq!(
        (tag("otel.scope.name"), tag("otel.scope.version")),
        ("http".into(), "1.2".into())
    );
    assert_eq!(span.events[0].at_ns, 1_795_260_328_922_200_001);
    assert_eq!(span.events[0].fields[0].value.to_string(), "exception");
    assert_eq!(span.links[0].trace, TraceId(0x77));
    assert_eq!(trace.service(span), "order-service");
    assert_eq!(trace.processes[0].tags.len(), 1);
}

#[test]
fn merged_spans_are_sorted_apart_by_trace() {
    let resource = |service: &str| json!({"attributes": [{"key": "service.name", "value": {"stringValue": service}}]});
    let one = |trace: &str, span: &str| {
        json!({
            "traceId": trace, "spanId": span, "name": "op", "kind": "SPAN_KIND_CLIENT",
            "startTimeUnixNano": "1000", "endTimeUnixNano": "900", "status": {"code": "STATUS_CODE_ERROR"},
        })
    };
    // base64 as the gRPC gateway writes bytes, the resource after its spans, and one resource said twice
    let document = json!({"resourceSpans": [
        {"scopeSpans": [{"spans": [one("AAAAAAAAAAAAAAAAAAAAAQ==", "AAAAAAAAAAE="), one("02", "02")]}], "resource": resource("a")},
        {"resource": resource("b"), "scopeSpans": [{"spans": [one("1", "03")]}]},
        {"resource": resource("a"), "instrumentationLibrarySpans": [{"spans": [one("2", "04"), one("0", "05"), 7]}]},
        {"scopeSpans": [{"spans": [one("2", "06")]}]},
    ]});
    let read = read_v3(&document.to_string());
    let shape = |t: &Trace| {
        let spans = t
            .spans
            .iter()
            .map(|s| (s.id.0, t.service(s).to_owned()))
            .collect::<Vec<_>>();
        (t.id.0, spans, t.processes.len())
    };
    let s = |id, service: &str| (id, service.to_owned());
    assert_eq!(
        read.traces.iter().map(shape).collect::<Vec<_>>(),
        [
            (1, vec![s(1, "a"), s(3, "b")], 2),
            (2, vec![s(2, "a"), s(4, "a"), s(6, "")], 2)
        ]
    );
    assert_eq!(read.warnings, ["shouwang.span_refused 2"]);
    let first = &read.traces[0].spans[0];
    assert_eq!(
        (first.duration_ns, first.error, first.kind),
        (-100, true, SpanKind::Client)
    );
}

#[test]
fn documents_of_v3() {
    assert_eq!(read_v3("{}"), Decoded::default());
    assert_eq!(read_v3(r#"{"result":{}}"#), Decoded::default());
    // a stream of documents
    let body = format!("{}\n{}", otlp(json!([])), otlp(json!([])));
    assert_eq!(only(read_v3(&body)).spans.len(), 2);
    let error = read_v3(r#"{"error":{"grpcCode":5,"httpCode":404,"message":"No traces found"}}"#);
    assert!(error.not_found && error.traces.is_empty());
    let fault = |body: &str| {
        v3(body.as_bytes(), &TraceLimits::default())
            .expect_err(body)
            .code()
    };
    assert_eq!(fault(r#"{"data":[]}"#), "malformed");
    assert_eq!(fault(r#"{"result":{"resourceSpans":[{"#), "truncated");
    assert_eq!(fault("{} ]"), "malformed");
}
