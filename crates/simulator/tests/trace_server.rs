//! The server of traces as a client sees it: shapes, errors, limits and oddities of both of Jaeger's APIs.

use model::trace::{SpanId, Tag, TagValue, Trace, TraceId};
use reqwest::StatusCode;
use serde_json::Value;
use simulator::giants;
use simulator::stories::{Rhythm, Stories, StoryOptions};
use simulator::trace_server::{Flavour, ServerOptions, StoreLimits, TraceServer, TraceStore};
use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

/// Wednesday 2026-11-18, 12:00 in Shanghai.
const NOON_MS: i64 = 1_794_974_400_000;
const NOON: i64 = NOON_MS * 1_000_000;
const MINUTE: i64 = 60_000_000_000;

struct Jaeger {
    server: TraceServer,
    client: reqwest::Client,
    base: String,
}

struct Answer {
    status: StatusCode,
    kind: String,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.body))
    }
}

impl Jaeger {
    async fn start(store: TraceStore, flavour: Flavour) -> Self {
        Self::with(store, |o| o.flavour = flavour).await
    }

    async fn with(store: TraceStore, change: impl FnOnce(&mut ServerOptions)) -> Self {
        // an error means that there is a provider already
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut options = ServerOptions::new(Arc::new(|| NOON_MS));
        change(&mut options);
        let path = options.base_path.clone();
        let server = TraceServer::start("127.0.0.1:0".parse().unwrap(), store, options)
            .await
            .expect("a free port");
        Self {
            base: format!("http://{}{path}", server.address()),
            server,
            client: reqwest::Client::builder()
                .no_proxy()
                .tls_certs_only([])
                .build()
                .expect("a client"),
        }
    }

    async fn get(&self, path: &str) -> Answer {
        let response = self
            .client
            .get(format!("{}{path}", self.base))
            .send()
            .await
            .expect("an answer");
        Answer {
            status: response.status(),
            kind: response.headers()["content-type"]
                .to_str()
                .unwrap()
                .to_owned(),
            body: response.text().await.expect("a body"),
        }
    }

    async fn ok(&self, path: &str) -> Value {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        assert_eq!(answer.kind, "application/json", "{path}");
        answer.json()
    }

    /// What is wrong by the classic API: JSON that is called plain text.
    async fn fails(&self, path: &str, status: u16) -> String {
        let answer = self.get(path).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.body);
        assert_eq!(answer.kind, "text/plain; charset=utf-8", "{path}");
        assert!(answer.body.ends_with('\n'));
        let body = answer.json();
        assert!(body["data"].is_null() && body["total"] == 0 && body["limit"] == 0);
        assert_eq!(body["errors"][0]["code"], status);
        body["errors"][0]["msg"]
            .as_str()
            .expect("a text")
            .to_owned()
    }

    /// What is wrong by v3.
    async fn fails_v3(&self, path: &str, status: u16) -> String {
        let answer = self.get(path).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.body);
        assert_eq!(answer.kind, "text/plain; charset=utf-8", "{path}");
        let body = answer.json();
        assert_eq!(body["error"]["httpCode"], status);
        body["error"]["message"]
            .as_str()
            .expect("a text")
            .to_owned()
    }
}

fn some() -> Vec<Trace> {
    static MADE: LazyLock<Vec<Trace>> = LazyLock::new(make);
    MADE.clone()
}

fn make() -> Vec<Trace> {
    let options = StoryOptions {
        lines_per_second: 30.0,
        rhythm: Rhythm::Steady,
        ambient: false,
        ..StoryOptions::default()
    };
    Stories::new(options)
        .between(NOON - 2 * MINUTE, NOON, &[])
        .traces
}

fn filled() -> TraceStore {
    let store = TraceStore::default();
    store.push(some());
    store
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value
        .as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect()
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).expect("a list")
}

const RANGE: &str = "start=1794970000000000&end=1794974400000000";
const RANGE_V3: &str =
    "query.startTimeMin=2026-11-18T03:00:00Z&query.startTimeMax=2026-11-18T12:00:00.5%2B08:00";

#[tokio::test]
async fn the_classic_api_has_its_shapes() {
    let jaeger = Jaeger::start(filled(), Flavour::Current).await;
    let services = jaeger.ok("/api/services").await;
    assert_eq!(
        keys(&services),
        BTreeSet::from(["data", "total", "limit", "offset", "errors"])
    );
    assert!(services["errors"].is_null() && services["limit"] == 0);
    assert_eq!(services["total"], items(&services["data"]).len());
    assert!(items(&services["data"]).contains(&"order-service".into()));

    let names = jaeger.ok("/api/services/order-service/operations").await;
    assert!(items(&names["data"]).contains(&"POST /api/v1/orders".into()));
    let named = jaeger
        .ok("/api/operations?service=order-service&spanKind=server")
        .await;
    for one in items(&named["data"]) {
        assert_eq!(keys(one), BTreeSet::from(["name", "spanKind"]));
        assert_eq!(one["spanKind"], "server");
    }

    let found = jaeger
        .ok(&format!(
            "/api/traces?service=order-service&{RANGE}&limit=20"
        ))
        .await;
    assert_eq!(found["total"], 0, "traces are not counted");
    let traces = items(&found["data"]);
    assert_eq!(traces.len(), 20);
    for trace in traces {
        assert_eq!(
            keys(trace),
            BTreeSet::from(["traceID", "spans", "processes", "warnings"])
        );
        for span in items(&trace["spans"]) {
            check_span(trace, span);
        }
    }
    let id = traces[0]["traceID"].as_str().expect("an id");
    let one = jaeger.ok(&format!("/api/traces/{id}")).await;
    assert_eq!(one["data"][0]["traceID"], traces[0]["traceID"]);
    assert_eq!(items(&one["data"]).len(), 1);

    let edges = jaeger
        .ok("/api/dependencies?endTs=1794974400000&lookback=3600000")
        .await;
    let calls = |parent: &str, child: &str| {
        items(&edges["data"])
            .iter()
            .find(|e| e["parent"] == parent && e["child"] == child)
            .and_then(|e| e["callCount"].as_u64())
            .unwrap_or(0)
    };
    assert!(calls("gateway", "order-service") > 10);
    assert!(calls("order-service", "payment-service") > 0);
    let few = jaeger
        .ok("/api/dependencies?endTs=1794974400000&lookback=3600000&service=consultation")
        .await;
    assert!(
        items(&few["data"])
            .iter()
            .all(|e| e["parent"] == "consultation" || e["child"] == "consultation")
    );
    let none = jaeger.ok("/api/dependencies?endTs=1000&lookback=1").await;
    assert_eq!(none["data"], Value::Array(Vec::new()));
    jaeger.server.stop().await;
}

fn check_span(trace: &Value, span: &Value) {
    assert_eq!(
        keys(span),
        BTreeSet::from([
            "traceID",
            "spanID",
            "flags",
            "operationName",
            "references",
            "startTime",
            "duration",
            "tags",
            "logs",
            "processID",
            "warnings",
        ])
    );
    assert_eq!(span["traceID"], trace["traceID"]);
    assert_eq!(span["spanID"].as_str().map(str::len), Some(16));
    assert!(
        span["startTime"]
            .as_i64()
            .is_some_and(|t| t > NOON / 1000 - 200_000_000)
    );
    assert!(span["duration"].is_u64());
    let process = &trace["processes"][span["processID"].as_str().expect("a process")];
    assert!(process["serviceName"].is_string() && !items(&process["tags"]).is_empty());
    for reference in items(&span["references"]) {
        assert_eq!(
            keys(reference),
            BTreeSet::from(["refType", "traceID", "spanID"])
        );
    }
    let mut has_kind = false;
    for tag in items(&span["tags"]) {
        let fits = match tag["type"].as_str() {
            Some("string") => tag["value"].is_string(),
            Some("int64") => tag["value"].is_i64(),
            Some("bool") => tag["value"].is_boolean(),
            Some("float64") => tag["value"].is_number(),
            _ => false,
        };
        assert!(fits, "{tag}");
        has_kind |= tag["key"] == "span.kind";
    }
    assert!(has_kind);
    for log in items(&span["logs"]) {
        assert_eq!(keys(log), BTreeSet::from(["timestamp", "fields"]));
    }
}

#[tokio::test]
async fn the_classic_api_fails_as_jaeger_does() {
    let jaeger = Jaeger::start(filled(), Flavour::Current).await;
    let text = jaeger.fails("/api/operations", 400).await;
    assert_eq!(text, "parameter 'service' is required");
    assert_eq!(jaeger.fails("/api/traces", 400).await, text);
    for (parameters, said) in [
        (
            "minDuration=1d",
            "unable to parse param 'minDuration': time: unknown unit \"d\"",
        ),
        (
            "start=soon",
            "unable to parse param 'start': strconv.ParseInt: parsing \"soon\": invalid syntax",
        ),
        ("limit=x", "strconv.ParseInt: parsing \"x\": invalid syntax"),
        (
            "tag=http",
            "malformed 'tag' parameter, expecting key:value, received: http",
        ),
        (
            "tags=%7B%22a%22:1%7D",
            "malformed 'tags' parameter, cannot unmarshal JSON",
        ),
        (
            "minDuration=2s&maxDuration=1s",
            "'maxDuration' should be greater than 'minDuration'",
        ),
        (
            "raw=maybe",
            "unable to parse param 'raw': strconv.ParseBool",
        ),
        ("traceID=zz", "cannot parse traceID param"),
    ] {
        let text = jaeger
            .fails(&format!("/api/traces?service=gateway&{parameters}"), 400)
            .await;
        assert!(text.starts_with(said), "{text}");
    }
    let text = jaeger
        .fails("/api/traces?service=gateway&limit=0", 500)
        .await;
    assert!(text.contains("search depth"), "{text}");
    assert_eq!(
        jaeger.fails("/api/traces/1234", 404).await,
        "trace not found"
    );
    jaeger.fails("/api/traces/no-hex-at-all", 400).await;
    assert!(
        jaeger
            .fails("/api/dependencies?endTs=x", 400)
            .await
            .contains("endTs")
    );
    jaeger
        .fails("/api/metrics/calls?service=gateway", 501)
        .await;
    let answer = jaeger.get("/api/v9/nothing").await;
    assert_eq!(
        (answer.status.as_u16(), &*answer.body),
        (404, "404 page not found\n")
    );
    let url = format!("{}/api/archive/1234", jaeger.base);
    assert_eq!(jaeger.client.post(url).send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn a_search_is_about_one_span() {
    let store = filled();
    let jaeger = Jaeger::start(store.clone(), Flavour::Current).await;
    let find = async |more: &str| {
        let found = jaeger
            .ok(&format!("/api/traces?{RANGE}&limit=1000&{more}"))
            .await;
        items(&found["data"]).to_vec()
    };
    let all = find("service=gateway").await.len();
    let slow = find("service=gateway&minDuration=400ms").await;
    assert!(!slow.is_empty() && slow.len() < all);
    // every trace has a short span of the gateway, so the length of the whole says nothing
    assert_eq!(find("service=gateway&maxDuration=20ms").await.len(), all);
    let of_orders = "service=gateway&operation=POST%20/api/v1/orders";
    assert!(!find(of_orders).await.is_empty());
    assert!(
        find(&format!("{of_orders}&maxDuration=20ms"))
            .await
            .is_empty()
    );
    let orders = find("service=order-service&operation=POST%20/api/v1/orders").await;
    assert!(!orders.is_empty() && orders.len() < all);
    let tagged = find("service=payment-service&tag=app.payment.channel:wechat").await;
    let by_json =
        find("service=payment-service&tags=%7B%22app.payment.channel%22:%22wechat%22%7D").await;
    assert!(!tagged.is_empty() && tagged == by_json);
    // the tag is of a span of the payment service, not of the gateway's, though both are in one trace
    assert!(
        find("service=gateway&tag=app.payment.channel:wechat")
            .await
            .is_empty()
    );
    let failed = find("service=gateway&tag=error:true").await;
    for trace in &failed {
        let bad = items(&trace["spans"]).iter().any(|s| {
            items(&s["tags"])
                .iter()
                .any(|t| t["key"] == "error" && t["value"] == true)
        });
        assert!(bad);
    }
    // a process' tag is a tag of its spans
    assert_eq!(find("service=gateway&tag=demo:true").await.len(), all);
    let id = orders[0]["traceID"].as_str().unwrap();
    let by_id = jaeger
        .ok(&format!("/api/traces?traceID={id}&traceID=abc"))
        .await;
    assert_eq!(items(&by_id["data"]).len(), 1);
    assert_eq!(by_id["errors"][0]["msg"], "trace not found");
    assert_eq!(by_id["errors"][0]["traceID"], format!("{:032x}", 0xabc));
    assert!(by_id["errors"][0].get("code").is_none());
    // without times it is the last hour
    assert!(!items(&jaeger.ok("/api/traces?service=gateway").await["data"]).is_empty());
}

#[tokio::test]
async fn v3_has_its_shapes_and_errors() {
    let jaeger = Jaeger::start(filled(), Flavour::Current).await;
    let services = jaeger.ok("/api/v3/services").await;
    assert!(items(&services["services"]).contains(&"gateway".into()));
    let operations = jaeger
        .ok("/api/v3/operations?service=gateway&spanKind=server")
        .await;
    assert!(
        items(&operations["operations"])
            .iter()
            .all(|o| o["spanKind"] == "server")
    );
    let none = jaeger.ok("/api/v3/operations?service=nobody").await;
    assert_eq!(none, serde_json::json!({}), "what is empty is left out");

    let asked = format!("query.serviceName=order-service&query.searchDepth=15&{RANGE_V3}");
    let found = jaeger.ok(&format!("/api/v3/traces?{asked}")).await;
    let mut ids = BTreeSet::new();
    for part in items(&found["result"]["resourceSpans"]) {
        let attributes = items(&part["resource"]["attributes"]);
        assert!(
            attributes
                .iter()
                .any(|a| a["key"] == "service.name" && a["value"]["stringValue"].is_string())
        );
        for span in items(&part["scopeSpans"][0]["spans"]) {
            ids.insert(span["traceId"].as_str().expect("an id").to_owned());
            assert!(span["kind"].as_u64().is_some_and(|k| (1..=5).contains(&k)));
            assert!(
                span["startTimeUnixNano"]
                    .as_str()
                    .is_some_and(|t| t.parse::<i64>().is_ok())
            );
            assert!(span["endTimeUnixNano"].is_string() && span["status"].is_object());
            for attribute in span["attributes"].as_array().unwrap_or(&Vec::new()) {
                assert_eq!(keys(&attribute["value"]).len(), 1);
                if let Some(n) = attribute["value"].get("intValue") {
                    assert!(n.is_string(), "whole numbers are text");
                }
            }
        }
    }
    assert_eq!(ids.len(), 15);

    let summaries = jaeger.ok(&format!("/api/v3/trace-summaries?{asked}")).await;
    let summaries = items(&summaries["summaries"]);
    assert_eq!(summaries.len(), 15);
    for one in summaries {
        assert!(ids.contains(one["traceId"].as_str().unwrap()));
        assert!(one["rootServiceName"].is_string() && one["rootOperationName"].is_string());
        assert!(one["minStartTimeUnixNano"].is_string() && one["maxEndTimeUnixNano"].is_string());
        let spans: u64 = items(&one["services"])
            .iter()
            .map(|s| s["spanCount"].as_u64().unwrap())
            .sum();
        assert_eq!(one["spanCount"], spans);
    }
    let id = ids.first().unwrap();
    let one = jaeger.ok(&format!("/api/v3/traces/{id}")).await;
    assert!(!items(&one["result"]["resourceSpans"]).is_empty());

    assert_eq!(
        jaeger.fails_v3("/api/v3/traces/1234", 404).await,
        "No traces found"
    );
    let nobody = format!("/api/v3/traces?query.serviceName=nobody&{RANGE_V3}");
    assert_eq!(jaeger.fails_v3(&nobody, 404).await, "No traces found");
    let text = jaeger
        .fails_v3("/api/v3/traces?query.serviceName=gateway", 400)
        .await;
    assert_eq!(
        text,
        "query.startTimeMin and query.startTimeMax are required"
    );
    let bad = format!("/api/v3/traces?query.serviceName=gateway&{RANGE_V3}&query.durationMin=1d");
    assert!(
        jaeger
            .fails_v3(&bad, 400)
            .await
            .starts_with("malformed parameter query.durationMin")
    );
    assert!(
        jaeger
            .fails_v3("/api/v3/traces/zz", 400)
            .await
            .starts_with("malformed parameter trace_id")
    );
    let old_names = "query.service_name=gateway&query.start_time_min=2026-11-18T03:00:00Z&query.start_time_max=2026-11-18T05:00:00Z&query.num_traces=3";
    let few = jaeger
        .ok(&format!("/api/v3/trace-summaries?{old_names}"))
        .await;
    assert_eq!(items(&few["summaries"]).len(), 3);
}

#[tokio::test]
async fn other_jaegers_have_less() {
    let old = Jaeger::start(TraceStore::default(), Flavour::Old).await;
    assert!(
        old.ok("/api/services").await["data"].is_null(),
        "not an empty list"
    );
    assert_eq!(
        old.get("/api/v3/services").await.body,
        "404 page not found\n"
    );
    let new = Jaeger::start(TraceStore::default(), Flavour::Current).await;
    assert_eq!(
        new.ok("/api/services").await["data"],
        Value::Array(Vec::new())
    );
    assert_eq!(new.ok("/api/v3/services").await, serde_json::json!({}));
    let both = Jaeger::start(filled(), Flavour::Both).await;
    assert_eq!(both.get("/api/v3/trace-summaries").await.status, 404);
    both.ok("/api/v3/services").await;
    let later = Jaeger::start(filled(), Flavour::WithoutClassic).await;
    assert_eq!(later.get("/api/traces?service=gateway").await.status, 404);
    assert!(!items(&later.ok("/api/dependencies").await["data"]).is_empty());

    let under = Jaeger::with(filled(), |o| o.base_path = "/jaeger".into()).await;
    under.ok("/api/v3/services").await;
    let outside = format!("http://{}/api/v3/services", under.server.address());
    assert_eq!(
        under.client.get(outside).send().await.unwrap().status(),
        404
    );

    let page = Jaeger::with(filled(), |o| {
        o.page = true;
        o.flavour = Flavour::Old;
    })
    .await;
    let answer = page.get("/api/v3/services").await;
    assert_eq!(answer.status, 200);
    assert!(answer.kind.starts_with("text/html") && answer.body.contains("<title>"));
}

#[tokio::test]
async fn what_is_odd_is_told() {
    let store = filled();
    let mut odd = giants::chain(3, 9, NOON - MINUTE);
    let id = odd.id;
    odd.spans[1].tags.push(Tag {
        key: "big".into(),
        value: TagValue::Int(i64::MAX),
    });
    odd.spans[1].tags.push(Tag {
        key: "bytes".into(),
        value: TagValue::Binary(3),
    });
    odd.spans[2].parent = Some(SpanId(0xdead));
    odd.spans[1].start_ns -= 40_000_000;
    store.push(vec![odd]);
    let jaeger = Jaeger::start(store, Flavour::Current).await;
    let found = jaeger.ok(&format!("/api/traces/{id}")).await;
    let spans = items(&found["data"][0]["spans"]);
    assert_eq!(
        spans[2]["warnings"][0],
        "parent span ID=000000000000dead is not in the trace; skipping clock skew adjustment"
    );
    let skew = spans[1]["warnings"][0].as_str().expect("a warning");
    assert!(
        skew.starts_with("clock skew adjustment disabled; not applying calculated delta of "),
        "{skew}"
    );
    assert!(spans[0]["warnings"].is_null());
    let tag = |key: &str| {
        items(&spans[1]["tags"])
            .iter()
            .find(|t| t["key"] == key)
            .expect("the tag")
            .clone()
    };
    assert_eq!(
        tag("big"),
        serde_json::json!({"key": "big", "type": "int64", "value": i64::MAX.to_string()})
    );
    assert_eq!(tag("bytes")["type"], "binary");
    assert_eq!(tag("bytes")["value"], "AAAA");
    let raw = jaeger.ok(&format!("/api/traces/{id}?raw=true")).await;
    assert!(
        items(&raw["data"][0]["spans"])
            .iter()
            .all(|s| s["warnings"].is_null())
    );
    let v3 = jaeger.ok(&format!("/api/v3/traces/{id}")).await;
    assert!(v3.to_string().contains("@jaeger@warnings"));
}

#[test]
fn the_store_is_bounded_by_number_spans_and_age() {
    let limits = |traces, spans, seconds| StoreLimits {
        traces,
        spans,
        age: Duration::from_secs(seconds),
    };
    let store = TraceStore::new(limits(50, 1_000_000, 3600));
    let all = some();
    let last = all.last().expect("traces").id;
    store.push(all.clone());
    assert_eq!(store.len(), 50);
    assert!(store.get(last).is_some(), "the newest stay");
    assert_eq!(store.get(all[0].id), None);

    let store = TraceStore::new(limits(100_000, 300, 3600));
    store.push(all.clone());
    assert!(
        store.spans() <= 300 && store.spans() > 200,
        "{}",
        store.spans()
    );

    let store = TraceStore::new(limits(100_000, 1_000_000, 30));
    store.push(all.clone());
    let kept = store.len();
    assert!(
        kept * 2 < all.len() && kept > all.len() / 8,
        "{kept} of {}",
        all.len()
    );

    // one giant is kept though it is over the limit, and goes when the next comes
    let store = TraceStore::new(limits(10, 100, 3600));
    let giant = giants::trace_of(1000, 1, NOON);
    let id = giant.id;
    store.push(vec![giant]);
    assert!(store.get(id).is_some());
    store.push(vec![giants::chain(5, 2, NOON)]);
    assert_eq!((store.get(id), store.len(), store.spans()), (None, 1, 5));

    // parts of a trace come together
    let store = TraceStore::default();
    let mut whole = giants::chain(6, 3, NOON);
    let mut rest = whole.clone();
    rest.spans.drain(..4);
    whole.spans.truncate(4);
    store.push(vec![whole]);
    store.push(vec![rest.clone()]);
    let merged = store.get(rest.id).expect("the trace");
    assert_eq!((merged.spans.len(), store.len()), (6, 1));
    assert_eq!(
        merged.service(&merged.spans[5]),
        rest.service(&rest.spans[1])
    );
    store.push(vec![Trace {
        id: TraceId(5),
        ..Trace::default()
    }]);
    assert_eq!(store.len(), 1, "a trace without spans is none");
}

#[tokio::test]
async fn a_giant_is_served_whole() {
    let store = TraceStore::default();
    let giant = giants::trace_of(8000, 1, NOON - MINUTE);
    let id = giant.id;
    store.push(vec![giant]);
    let graph = giants::graph(1238, 4271, 5);
    store.push(giants::traces_of(&graph, 5, NOON - MINUTE));
    let jaeger = Jaeger::start(store, Flavour::Current).await;
    let answer = jaeger.get(&format!("/api/traces/{id}")).await;
    let per_span = answer.body.len() / 8000;
    assert!((700..1100).contains(&per_span), "{per_span} bytes a span");
    assert_eq!(items(&answer.json()["data"][0]["spans"]).len(), 8000);
    let edges = jaeger.ok("/api/dependencies").await;
    let of_graph = items(&edges["data"])
        .iter()
        .filter(|e| {
            !e["parent"]
                .as_str()
                .is_some_and(|p| p.starts_with("service-"))
        })
        .count();
    assert_eq!(of_graph, 4271);
}
