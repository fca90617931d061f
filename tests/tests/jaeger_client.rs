//! The client of Jaeger over real HTTP against a server that plays Jaegers of several ages.

use model::Secret;
use model::trace::{Dependency, SpanId, SpanKind, Trace, TraceId, TraceQuery};
use shouwang_tests::hostile::{Answer, Body, Hostile};
use shouwang_tests::jaeger::{Behaviour, FakeSpan, start};
use source::{Connection, QueryFault, SourceError, TraceApi, Traces, connect_traces};
use std::sync::Arc;
use std::time::Duration;

const ORDER: &str = "0af7651916cd43dd8448eb211c80319c";
/// 64 bits, with its leading zeros dropped.
const SHORT: &str = "77ab";
const START_US: i64 = 1_795_260_328_922_000;

fn client(url: String) -> Arc<dyn Traces> {
    let mut connection = Connection::to(url);
    connection.timeout = Duration::from_secs(5);
    connect_traces("jaeger", &connection).expect("a client")
}

fn span(trace: &str, id: u64, parent: u64, service: &str, operation: &str) -> FakeSpan {
    FakeSpan {
        trace: trace.into(),
        id,
        parent,
        service: service.into(),
        operation: operation.into(),
        kind: if parent == 0 { "server" } else { "client" }.into(),
        start_us: START_US + i64::try_from(id).unwrap_or(0) * 1_000,
        duration_us: 100_000 / i64::try_from(id).unwrap_or(1),
        ..FakeSpan::default()
    }
}

/// An order that fails in its payment, and a later short trace.
fn spans() -> Vec<FakeSpan> {
    let mut payment = span(ORDER, 2, 1, "payment/支付", "POST /pay");
    payment.error = true;
    payment.tags = vec![("channel".into(), "支付宝 \"1\"".into())];
    let mut other = span(SHORT, 3, 0, "order", "GET /menu");
    other.tags = vec![("http.status_code".into(), "200".into())];
    vec![span(ORDER, 1, 0, "order", "POST /订单"), payment, other]
}

fn everything(service: &str) -> TraceQuery {
    TraceQuery {
        service: service.into(),
        from_ns: START_US * 1_000,
        to_ns: (START_US + 60_000_000) * 1_000,
        limit: 20,
        ..TraceQuery::default()
    }
}

fn id(text: &str) -> TraceId {
    text.parse().expect("an id")
}

fn ids(traces: &[Trace]) -> Vec<TraceId> {
    traces.iter().map(|t| t.id).collect()
}

/// Jaegers of all ages, and what probing says of each.
fn ages() -> [(&'static str, Behaviour, TraceApi, bool); 6] {
    let now = Behaviour::default();
    [
        ("current", now.clone(), TraceApi::V3, true),
        (
            "1.50: v3 beside a full classic API",
            Behaviour {
                summaries: false,
                ..now.clone()
            },
            TraceApi::Classic,
            false,
        ),
        (
            "1.20: classic only",
            Behaviour {
                v3: false,
                summaries: false,
                null_when_empty: true,
                ..now.clone()
            },
            TraceApi::Classic,
            false,
        ),
        (
            "v3 only, spelled as before",
            Behaviour {
                classic: false,
                summaries: false,
                ..now.clone()
            },
            TraceApi::V3,
            false,
        ),
        (
            "classic search dropped",
            Behaviour {
                classic_search: false,
                ..now.clone()
            },
            TraceApi::V3,
            true,
        ),
        (
            "the page for unknown routes, under a prefix",
            Behaviour {
                v3: false,
                page_for_unknown: true,
                base: "/tracing/jaeger".into(),
                ..now
            },
            TraceApi::Classic,
            false,
        ),
    ]
}

#[tokio::test]
async fn every_age_answers_the_same() {
    for (age, behaviour, api, summaries) in ages() {
        let base = behaviour.base.clone();
        let server = start(behaviour, spans());
        let jaeger = client(format!("{}{base}/", server.url()));
        let info = jaeger.probe().await.expect(age).value;
        assert_eq!(
            (info.api, info.summaries, info.ready),
            (api, summaries, true),
            "{age}"
        );
        let services = jaeger.services().await.expect(age).value;
        assert_eq!(services, ["order", "payment/支付"], "{age}");
        let operations = jaeger.operations("payment/支付").await.expect(age).value;
        assert_eq!(operations.len(), 1, "{age}");
        assert_eq!(
            (operations[0].name.as_str(), operations[0].kind),
            ("POST /pay", Some(SpanKind::Client))
        );

        let list = jaeger.search(&everything("order")).await.expect(age).value;
        assert!(!list.capped, "{age}");
        let found: Vec<TraceId> = list.traces.iter().map(|t| t.id).collect();
        assert_eq!(found, [id(SHORT), id(ORDER)], "{age}: the newest first");
        let order = &list.traces[1];
        assert_eq!(
            (order.root_service.as_str(), order.root_operation.as_str()),
            ("order", "POST /订单")
        );
        assert_eq!((order.spans, order.errors), (2, 1), "{age}");
        assert_eq!(order.start_ns, (START_US + 1_000) * 1_000);
        assert_eq!(order.duration_ns, 100_000_000);
        assert_eq!(order.services.len(), 2);

        let trace = jaeger.trace(id(ORDER)).await.expect(age).value.expect(age);
        assert_eq!(trace.spans.len(), 2, "{age}");
        let payment = trace
            .spans
            .iter()
            .find(|s| s.error)
            .expect("the failed one");
        assert_eq!(payment.parent, Some(SpanId(1)));
        assert_eq!(trace.service(payment), "payment/支付");
        assert_eq!(
            payment.tag("channel").map(ToString::to_string).as_deref(),
            Some("支付宝 \"1\"")
        );
        assert!(
            jaeger.trace(id(SHORT)).await.expect(age).value.is_some(),
            "{age}"
        );
        assert_eq!(
            jaeger.trace(id("123")).await.expect(age).value,
            None,
            "{age}"
        );
    }
}

#[tokio::test]
async fn every_age_filters_by_one_span() {
    for (age, behaviour, _, _) in ages() {
        let base = behaviour.base.clone();
        let server = start(behaviour, spans());
        let jaeger = client(format!("{}{base}", server.url()));
        let ask = async |query: TraceQuery| {
            let list = jaeger.search(&query).await.expect(age).value;
            let whole = jaeger.traces(&query).await.expect(age).value;
            let mut short: Vec<TraceId> = list.traces.iter().map(|t| t.id).collect();
            let mut long = ids(&whole);
            short.sort();
            long.sort();
            assert_eq!(short, long, "{age}");
            short
        };
        let tag = |service: &str, key: &str, value: &str| TraceQuery {
            tags: vec![(key.into(), value.into())],
            ..everything(service)
        };
        assert_eq!(
            ask(tag("payment/支付", "channel", "支付宝 \"1\"")).await,
            [id(ORDER)]
        );
        // the tag is on a span of another service
        assert_eq!(ask(tag("order", "channel", "支付宝 \"1\"")).await, []);
        assert_eq!(ask(tag("order", "http.status_code", "200\"} ")).await, []);
        let long = TraceQuery {
            min_duration_ns: Some(60_000_000),
            ..everything("order")
        };
        assert_eq!(ask(long).await, [id(ORDER)]);
        let short = TraceQuery {
            max_duration_ns: Some(50_000_000),
            ..everything("order")
        };
        assert_eq!(ask(short).await, [id(SHORT)]);
        let named = TraceQuery {
            operation: Some("GET /menu".into()),
            ..everything("order")
        };
        assert_eq!(ask(named).await, [id(SHORT)]);
        let before = TraceQuery {
            to_ns: START_US * 1_000,
            ..everything("order")
        };
        assert_eq!(ask(before).await, []);
        let one = TraceQuery {
            limit: 1,
            ..everything("order")
        };
        assert!(jaeger.search(&one).await.expect(age).value.capped, "{age}");
    }
}

#[tokio::test]
async fn an_empty_store_is_no_fault() {
    for (age, behaviour, api, _) in ages() {
        let base = behaviour.base.clone();
        let server = start(behaviour, Vec::new());
        let jaeger = client(format!("{}{base}", server.url()));
        assert_eq!(jaeger.probe().await.expect(age).value.api, api, "{age}");
        assert!(jaeger.services().await.expect(age).value.is_empty());
        assert!(jaeger.operations("x").await.expect(age).value.is_empty());
        assert!(
            jaeger
                .search(&everything("x"))
                .await
                .expect(age)
                .value
                .traces
                .is_empty()
        );
        assert!(
            jaeger
                .traces(&everything("x"))
                .await
                .expect(age)
                .value
                .is_empty()
        );
        assert!(
            jaeger
                .dependencies(START_US / 1_000, 86_400_000)
                .await
                .expect(age)
                .value
                .is_empty()
        );
    }
}

#[tokio::test]
async fn dependencies_are_sorted_and_may_be_missing() {
    let edges = vec![
        ("b".to_owned(), "c".to_owned(), 2),
        ("a".into(), "a".into(), 1),
        ("b".into(), "c".into(), 3),
    ];
    let server = start(
        Behaviour {
            dependencies: Some(edges),
            ..Behaviour::default()
        },
        spans(),
    );
    let answer = client(server.url())
        .dependencies(1_000, 500)
        .await
        .expect("dependencies");
    let edge = |parent: &str, child: &str, calls| Dependency {
        parent: parent.into(),
        child: child.into(),
        calls,
    };
    assert_eq!(answer.value, [edge("a", "a", 1), edge("b", "c", 5)]);
    assert!(
        server
            .requests()
            .iter()
            .any(|r| r.path == "/api/dependencies?endTs=1000&lookback=500")
    );
    for nothing in [
        Behaviour {
            dependencies: None,
            ..Behaviour::default()
        },
        Behaviour {
            classic: false,
            ..Behaviour::default()
        },
        Behaviour {
            classic: false,
            page_for_unknown: true,
            ..Behaviour::default()
        },
    ] {
        let server = start(nothing, spans());
        let answer = client(server.url())
            .dependencies(1_000, 500)
            .await
            .expect("no fault");
        assert_eq!(answer.value, []);
    }
}

#[tokio::test]
async fn refusals_are_in_the_servers_words() {
    let classic = start(
        Behaviour {
            v3: false,
            ..Behaviour::default()
        },
        spans(),
    );
    let refused = client(classic.url())
        .search(&everything(""))
        .await
        .expect_err("no service");
    let invalid = |message: &str| SourceError::Query {
        fault: QueryFault::Invalid,
        message: message.into(),
    };
    assert_eq!(refused, invalid("parameter 'service' is required"));
    let refused = client(classic.url())
        .operations("")
        .await
        .expect_err("no service");
    assert_eq!(refused, invalid("parameter 'service' is required"));

    let away = start(
        Behaviour {
            storage_away: true,
            ..Behaviour::default()
        },
        spans(),
    );
    let jaeger = client(away.url());
    assert!(!jaeger.probe().await.expect("it is a Jaeger").value.ready);
    let refused = jaeger.services().await.expect_err("the storage is away");
    assert!(
        matches!(&refused, SourceError::Query { fault: QueryFault::Internal, message } if message == "storage is away")
    );
    assert!(refused.is_transient());
}

#[tokio::test]
async fn strangers_are_told() {
    let page = "<html><title>登录 Sign in</title><body>";
    let html = |status| Answer::with(status, "text/html", Body::Full(page.into()));
    for answer in [html(200), html(404)] {
        let server = Hostile::always(answer);
        let refused = client(server.url()).probe().await.expect_err("no Jaeger");
        match refused {
            SourceError::NotExpected {
                expected, snippet, ..
            } => {
                assert_eq!(expected, "Jaeger");
                assert!(snippet.contains("登录 Sign in"), "{snippet}");
            }
            other => panic!("{other:?}"),
        }
    }
    for answer in [
        Answer::json(
            200,
            r#"{"status":"success","data":{"resultType":"vector"}}"#,
        ),
        Answer::json(200, "7"),
        Answer::with(404, "text/plain", Body::Full("404 page not found".into())),
    ] {
        let server = Hostile::always(answer.clone());
        let got = client(server.url()).search(&everything("a")).await;
        assert!(got.is_err(), "{answer:?} {got:?}");
    }
    for (status, code) in [(401, "unauthorized"), (403, "unauthorized"), (502, "http")] {
        let server = Hostile::always(Answer::with(status, "text/plain", Body::Full("no".into())));
        assert_eq!(
            client(server.url())
                .probe()
                .await
                .expect_err("refused")
                .code(),
            code
        );
    }
    let server = Hostile::always(Answer::with(
        200,
        "application/json",
        Body::Truncated {
            declared: 500,
            sent: br#"{"services":["a"#.to_vec(),
        },
    ));
    assert_eq!(
        client(server.url()).services().await.expect_err("cut"),
        SourceError::Truncated
    );
}

#[tokio::test]
async fn headers_go_with_every_question() {
    let server = start(Behaviour::default(), spans());
    let mut connection = Connection::to(server.url());
    connection.headers = vec![("X-Tenant".into(), Secret::new("east"))];
    let jaeger = connect_traces("jaeger", &connection).expect("a client");
    jaeger
        .search(&everything("order"))
        .await
        .expect("an answer");
    let requests = server.requests();
    assert!(requests.len() >= 3);
    assert!(
        requests
            .iter()
            .all(|r| r.header("x-tenant") == Some("east"))
    );
}
