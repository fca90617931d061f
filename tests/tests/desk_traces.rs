//! Traces, the whole way: a running desk over servers that play Jaegers, asked as the page asks. And stores that are away, that hang,
//! that send what is none of theirs.

mod desk_support;

use desk::start::Desk;
use desk::traces::TracesHandle;
use desk_support::{started, until};
use shouwang_tests::hostile::{Answer, Body, Hostile};
use shouwang_tests::jaeger::{self, Behaviour, FakeSpan};
use shouwang_tests::now_ms;
use shouwang_tests::servers::free_port;
use std::path::Path;
use std::time::Duration;
use wire::{
    ErrorCode, TraceChange, TraceFind, TraceFlameAsk, TraceFold, TraceGraphAsk, TraceGraphView,
    TraceHead, TraceNear, TraceOpen, TraceRowsAsk, TraceSearch, TraceSourceView,
    TraceStatisticsAsk,
};

const FAST: &str = "0af7651916cd43dd8448eb211c80319c";
const SLOW: &str = "5b8aa5a2d2c872e8321cf37308d69df2";

fn span(trace: &str, id: u64, parent: u64, what: (&str, &str), at: (i64, i64)) -> FakeSpan {
    FakeSpan {
        trace: trace.into(),
        id,
        parent,
        service: what.0.into(),
        operation: what.1.into(),
        kind: if parent == 0 { "server" } else { "client" }.into(),
        start_us: at.0,
        duration_us: at.1,
        ..FakeSpan::default()
    }
}

/// Two orders: the same calls, but in the second the payment is slow and fails.
fn spans(begin_us: i64) -> Vec<FakeSpan> {
    let order = |trace: &str, base: i64, payment: i64| {
        vec![
            span(
                trace,
                1,
                0,
                ("order", "POST /订单"),
                (base, payment + 30_000),
            ),
            span(
                trace,
                2,
                1,
                ("payment", "POST /pay"),
                (base + 10_000, payment),
            ),
            span(trace, 3, 1, ("stock", "SELECT"), (base + 2_000, 5_000)),
        ]
    };
    let mut all = order(FAST, begin_us, 40_000);
    let mut slow = order(SLOW, begin_us + 1_000_000, 900_000);
    slow[1].error = true;
    slow[1].tags = vec![("channel".into(), "支付宝".into())];
    all.extend(slow);
    all
}

async fn desk(dir: &Path, stores: &[(&str, String)]) -> Desk {
    let data = dir.join("data");
    let mut text = format!(
        "data_dir = {data:?}\n[embedded]\nhost = false\n[demo]\nenabled = false\n[duty]\nbuiltin_rules = false\n"
    );
    for (name, url) in stores {
        text.push_str(&format!(
            "[[trace_source]]\nname = {name:?}\nkind = \"jaeger\"\nurl = {url:?}\ntimeout_seconds = 3.0\n"
        ));
    }
    let file = dir.join("config.toml");
    std::fs::write(&file, text).expect("a file");
    started(&file, None).await
}

fn search(source: &str, service: &str) -> TraceSearch {
    TraceSearch {
        lane: "search".into(),
        source: Some(source.into()),
        service: service.into(),
        from: now_ms() as f64 - 3_600_000.0,
        to: now_ms() as f64,
        limit: 20,
        ..TraceSearch::default()
    }
}

fn open(source: &str, id: &str) -> TraceOpen {
    TraceOpen {
        lane: "open".into(),
        source: Some(source.into()),
        id: id.into(),
        ..TraceOpen::default()
    }
}

async fn ids(traces: &TracesHandle, ask: TraceSearch) -> Vec<String> {
    let found = traces.search(ask).await.expect("a list");
    found.traces.into_iter().map(|t| t.id).collect()
}

async fn opened(traces: &TracesHandle, source: &str, id: &str) -> TraceHead {
    traces.open(open(source, id)).await.expect("a trace")
}

/// Search, open, rows, a span, finding, flame, statistics, comparison.
async fn is_looked_into(traces: &TracesHandle, source: &str) {
    assert_eq!(
        ids(traces, search(source, "order")).await,
        [SLOW, FAST],
        "{source}"
    );
    let failed = TraceSearch {
        tags: "channel=支付宝".into(),
        ..search(source, "payment")
    };
    assert_eq!(ids(traces, failed).await, [SLOW], "{source}");
    let long = TraceSearch {
        min_duration: "500ms".into(),
        operation: Some("POST /订单".into()),
        ..search(source, "order")
    };
    assert_eq!(ids(traces, long).await, [SLOW], "{source}");
    let names = traces
        .names(Some(source.into()), None)
        .await
        .expect("services");
    assert_eq!(names.names, ["order", "payment", "stock"], "{source}");

    let head = opened(traces, source, SLOW).await;
    assert_eq!(
        (head.spans, head.errors, head.depth, head.roots),
        (3, 1, 2, 1),
        "{source}"
    );
    assert_eq!(head.duration, 930e6, "{source}");
    let ask = TraceRowsAsk {
        key: head.key.clone(),
        count: 100,
        view: [0.0, head.duration],
        ..TraceRowsAsk::default()
    };
    let rows = traces.rows(&ask).expect("rows");
    let names: Vec<&str> = rows.rows.iter().map(|r| r.operation.as_str()).collect();
    assert_eq!(
        names,
        ["POST /订单", "SELECT", "POST /pay"],
        "{source}: by time below their parent"
    );
    assert_eq!(
        (rows.rows[2].start, rows.rows[2].duration),
        (10e6, 900e6),
        "{source}"
    );
    assert!(
        rows.rows[2].marks & 1 != 0 && !rows.rows[2].critical.is_empty(),
        "{source}"
    );
    let folded = TraceRowsAsk {
        fold: Some(TraceFold::Toggle { row: 0 }),
        ..ask.clone()
    };
    assert_eq!(traces.rows(&folded).expect("rows").total, 1, "{source}");

    let found = TraceFind {
        key: head.key.clone(),
        text: "支付宝".into(),
        ..TraceFind::default()
    };
    let found = traces.find(found).await.expect("found");
    assert_eq!((found.total, found.row), (1, Some(2)), "{source}");
    let detail = traces.span(&head.key, 2).expect("a span");
    assert!(
        detail
            .tags
            .iter()
            .any(|t| t.key == "channel" && t.value == "支付宝"),
        "{source}"
    );
    assert_eq!(detail.path.len(), 1, "{source}");

    let flame = TraceFlameAsk {
        key: head.key.clone(),
        width: 1_000,
        ..TraceFlameAsk::default()
    };
    assert_eq!(
        traces.flame(flame).await.expect("a flame graph").total,
        930e6,
        "{source}"
    );
    let ask = TraceStatisticsAsk {
        key: head.key.clone(),
        by: "service".into(),
        order: "self".into(),
        ..TraceStatisticsAsk::default()
    };
    let groups = traces.statistics(ask).await.expect("statistics").groups;
    let first = groups[0].service.expect("a service") as usize;
    assert_eq!(
        (head.services[first].name.as_str(), groups[0].errors),
        ("payment", 1),
        "{source}"
    );

    let diff = traces
        .compare(open(source, FAST), open(source, SLOW))
        .await
        .expect("a comparison");
    let payment = diff
        .rows
        .iter()
        .find(|r| r.operation == "POST /pay")
        .expect("its row");
    assert_eq!(
        (payment.change, payment.total),
        (TraceChange::Slower, [40e6, 900e6]),
        "{source}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn old_and_new_jaegers_are_looked_into() {
    let dir = tempfile::tempdir().expect("a folder");
    let begin_us = (now_ms() - 600_000) * 1_000;
    let calls = |to: &str| ("order".to_owned(), to.to_owned(), 2);
    let now = Behaviour {
        dependencies: Some(vec![calls("payment"), calls("stock")]),
        ..Behaviour::default()
    };
    let old = Behaviour {
        v3: false,
        summaries: false,
        dependencies: None,
        ..now.clone()
    };
    let servers = [
        jaeger::start(now, spans(begin_us)),
        jaeger::start(old, spans(begin_us)),
    ];
    let stores = [("now", servers[0].url()), ("old", servers[1].url())];
    let desk = desk(dir.path(), &stores).await;
    for (name, from_store) in [("now", true), ("old", false)] {
        is_looked_into(&desk.traces, name).await;
        let graph = graph(&desk, name, None).await;
        assert_eq!(graph.sampled, !from_store, "{name}");
        assert_eq!((graph.nodes.len(), graph.edges.len()), (3, 2), "{name}");
        let payment = graph
            .edges
            .iter()
            .find(|e| graph.nodes[e.to as usize].name == "payment");
        assert_eq!(
            payment.expect("the call").errors,
            Some(0.5),
            "{name}: measured in samples"
        );
    }
    let source = until("both answer probes", async || {
        let all = desk.traces.stores();
        all.iter().all(|s| s.ok == Some(true)).then_some(all)
    })
    .await;
    let apis: Vec<_> = source.iter().map(|s| s.api.as_deref()).collect();
    assert_eq!(apis, [Some("v3"), Some("classic")]);

    let unknown = desk
        .traces
        .open(open("now", "ffff"))
        .await
        .expect_err("no such trace");
    assert_eq!(unknown.code, ErrorCode::UnknownTrace);
    let no_id = desk
        .traces
        .open(open("now", "../secret"))
        .await
        .expect_err("no id");
    assert_eq!(no_id.code, ErrorCode::Search);
    desk.stop().await;
}

/// Some logs write 64 bits of an id, some stores keep 64 of it.
#[tokio::test(flavor = "multi_thread")]
async fn half_an_id_is_enough_where_the_line_says_where_and_when_it_was() {
    let dir = tempfile::tempdir().expect("a folder");
    let begin_ms = now_ms() - 600_000;
    let old = "00000000000000008448eb211c80319d";
    let mut all = spans(begin_ms * 1_000);
    all.push(span(
        old,
        1,
        0,
        ("order", "GET /old"),
        (begin_ms * 1_000, 5_000),
    ));
    let server = jaeger::start(Behaviour::default(), all);
    let desk = desk(dir.path(), &[("now", server.url())]).await;
    let half = &FAST[16..];
    let by_itself = desk.traces.open(open("now", half)).await;
    assert_eq!(
        by_itself.map_err(|e| e.code).err(),
        Some(ErrorCode::UnknownTrace),
        "no store finds half an id"
    );
    let near = |service: &str, at: i64| TraceOpen {
        near: Some(TraceNear {
            service: service.into(),
            at: at as f64,
        }),
        ..open("now", half)
    };
    // The line was written by a service in the middle of the trace.
    let found = desk.traces.open(near("payment", begin_ms + 30)).await;
    assert_eq!(found.expect("a trace").id, FAST);
    // Long after its beginning: an order may take minutes.
    let late = desk.traces.open(near("order", begin_ms + 300_000)).await;
    assert_eq!(late.expect("a trace").id, FAST);
    let elsewhere = desk.traces.open(near("stock", begin_ms - 60_000)).await;
    assert_eq!(
        elsewhere.map_err(|e| e.code).err(),
        Some(ErrorCode::UnknownTrace)
    );
    // The other way: the line has 128 bits, and the store has kept the lower ones.
    let whole = format!("0af7651916cd43dd{}", &old[16..]);
    assert_eq!(opened(&desk.traces, "now", &whole).await.id, old);
    desk.stop().await;
}

async fn graph(desk: &Desk, source: &str, focus: Option<&str>) -> TraceGraphView {
    let ask = TraceGraphAsk {
        lane: "graph".into(),
        source: Some(source.into()),
        to: now_ms() as f64,
        lookback: 3_600_000.0,
        focus: focus.map(str::to_owned),
        hops: 1,
        ..TraceGraphAsk::default()
    };
    desk.traces.graph(ask).await.expect("a graph")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_graph_begins_where_most_is_called_and_can_be_gone_about_in() {
    let dir = tempfile::tempdir().expect("a folder");
    let server = jaeger::start(Behaviour::with_graph(1_238, 4_271), Vec::new());
    let desk = desk(dir.path(), &[("large", server.url())]).await;
    let first = graph(&desk, "large", None).await;
    assert_eq!((first.services.len(), first.all_edges), (1_238, 4_271));
    let focus = first.focus.clone().expect("a place to begin");
    assert!(first.nodes.len() <= 81 && first.nodes.iter().any(|n| n.name == focus));
    assert!(
        first.nodes.iter().any(|n| n.hidden > 0),
        "what is left out is said"
    );
    let other = first
        .services
        .iter()
        .find(|s| **s != focus)
        .expect("another");
    let second = graph(&desk, "large", Some(other)).await;
    assert_eq!(second.focus.as_ref(), Some(other));
    let asked = server
        .requests()
        .iter()
        .filter(|r| r.path.contains("dependencies"))
        .count();
    assert_eq!(asked, 1, "going about in it asks nothing");
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stores_that_are_away_or_talk_nonsense_are_told_and_the_others_go_on() {
    let dir = tempfile::tempdir().expect("a folder");
    let begin_us = (now_ms() - 600_000) * 1_000;
    let good = jaeger::start(Behaviour::default(), spans(begin_us));
    let refusing = Behaviour {
        storage_away: true,
        v3: false,
        summaries: false,
        ..Behaviour::default()
    };
    let refusing = jaeger::start(refusing, spans(begin_us));
    let portal = Hostile::start(|_| {
        let page = Body::Full("<html><title>登录</title>".into());
        Answer::with(200, "text/html", page)
    });
    let nonsense = Hostile::always(Answer::json(200, "{\"data\":[[{\"traceID\":"));
    let silent = Hostile::start(|_| {
        Answer::with(
            200,
            "application/json",
            Body::Silence(Duration::from_secs(20)),
        )
    });
    let stores = [
        ("good", good.url()),
        ("away", format!("http://127.0.0.1:{}", free_port())),
        ("refusing", refusing.url()),
        ("portal", portal.url()),
        ("nonsense", nonsense.url()),
        ("silent", silent.url()),
    ];
    let desk = desk(dir.path(), &stores).await;
    let wanted = [
        ("away", &[ErrorCode::Connect][..]),
        ("refusing", &[ErrorCode::Query, ErrorCode::Http][..]),
        ("portal", &[ErrorCode::NotExpected][..]),
        (
            "nonsense",
            &[
                ErrorCode::NotExpected,
                ErrorCode::Truncated,
                ErrorCode::Malformed,
            ][..],
        ),
        ("silent", &[ErrorCode::Timeout][..]),
    ];
    for (name, codes) in wanted {
        let told = desk
            .traces
            .search(search(name, "order"))
            .await
            .expect_err(name);
        assert!(codes.contains(&told.code), "{name}: {told:?}");
        let told = desk.traces.open(open(name, FAST)).await.expect_err(name);
        assert!(codes.contains(&told.code), "{name}: {told:?}");
        let view = until(name, async || {
            let view = store_of(&desk, name);
            view.error.is_some().then_some(view)
        })
        .await;
        assert_eq!(view.ok, Some(false), "{name}: {view:?}");
    }
    is_looked_into(&desk.traces, "good").await;
    // without a store named all are asked, and what one of them says of itself keeps nobody from the trace
    let anywhere = TraceOpen {
        source: None,
        ..open("", FAST)
    };
    let found = desk.traces.open(anywhere).await.expect("the first has it");
    assert_eq!(found.source, "good");
    desk.stop().await;
}

fn store_of(desk: &Desk, name: &str) -> TraceSourceView {
    let all = desk.traces.stores();
    all.into_iter().find(|s| s.name == name).expect("the store")
}
