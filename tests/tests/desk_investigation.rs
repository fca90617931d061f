//! 现场, the whole way: a running desk whose Prometheus, log store and Jaeger hang. What is asked has its answer in two seconds, with what came
//! by then, and says what did not.

mod desk_support;

use desk::start::Desk;
use desk_support::{started, until};
use model::Observation;
use model::duty::AlertId;
use shouwang_tests::hostile::{Answer, Body, Hostile, Request};
use shouwang_tests::{fake_logs, now_ms};
use std::path::Path;
use std::time::Duration;
use wire::{AlertItem, AlertQuery, AlertTab, Baseline, ErrorCode, ErrorView, InvestigationView};

/// What is promised.
const PROMISED_MS: f64 = 2_000.0;
/// A desk that waits for a processor is not late by itself: it is asked again, so many times.
const TRIES: usize = 5;

fn silent() -> Answer {
    let body = Body::Silence(Duration::from_secs(120));
    Answer::with(200, "application/json", body)
}

/// A Prometheus that says how it is, and hangs when it is asked for a range that ends before `known_ms`.
fn prometheus(request: &Request, known_ms: i64) -> Answer {
    let (path, params) = fake_logs::asked(request);
    let number = |name: &str| fake_logs::get(&params, name).parse::<f64>().unwrap_or(0.0);
    let data = match path.as_str() {
        "/-/ready" => {
            let body = Body::Full(b"Prometheus Server is Ready.\n".to_vec());
            return Answer::with(200, "text/plain", body);
        }
        "/api/v1/status/buildinfo" => serde_json::json!({"version": "2.42.0"}),
        "/api/v1/metadata" => serde_json::json!({}),
        "/api/v1/query_range" if number("end") * 1e3 < known_ms as f64 => return silent(),
        "/api/v1/query_range" => {
            let (mut t, end, step) = (number("start"), number("end"), number("step").max(1.0));
            let mut values = Vec::new();
            while t <= end {
                values.push(serde_json::json!([t, "7"]));
                t += step;
            }
            let series = serde_json::json!([{"metric": {"service": "pay"}, "values": values}]);
            serde_json::json!({"resultType": "matrix", "result": series})
        }
        _ => serde_json::json!({"resultType": "vector", "result": []}),
    };
    Answer::json(
        200,
        serde_json::json!({"status": "success", "data": data}).to_string(),
    )
}

async fn desk(dir: &Path, prometheus: &str, logs: &str, traces: &str) -> Desk {
    let file = dir.join("config.toml");
    let text = format!(
        "data_dir = {:?}\n[embedded]\nhost = false\n[demo]\nenabled = false\n[duty]\nbuiltin_rules = false\n\
         [[source]]\nname = \"prom\"\nkind = \"prometheus\"\nurl = {prometheus:?}\ntimeout_seconds = 30.0\n\
         [[log_store]]\nname = \"lines\"\nkind = \"victorialogs\"\nurl = {logs:?}\ntimeout_seconds = 30.0\n\
         [[trace_source]]\nname = \"jaeger\"\nkind = \"jaeger\"\nurl = {traces:?}\ntimeout_seconds = 30.0\n",
        dir.join("data"),
    );
    std::fs::write(&file, text).expect("a file");
    started(&file, None).await
}

/// Two alerts about one service; the first one's id.
async fn fired(desk: &Desk) -> AlertId {
    let alert = |name: &str| {
        let labels = [("alertname", name), ("service", "pay")];
        let mut alert = Observation::firing(model::Labels::from_pairs(labels), now_ms() - 120_000);
        alert.expr = Some("pay_ok < 8".into());
        alert
    };
    let both = vec![alert("PaymentFailing"), alert("PaymentSlow")];
    desk.duty.take("test".into(), both).await.expect("kept");
    until("the alert is in the list", async || {
        let query = AlertQuery {
            tab: AlertTab::Open,
            limit: 50,
            ..AlertQuery::default()
        };
        let items = desk.duty.list(query).await.expect("a list").items;
        items
            .unwrap_or_default()
            .into_iter()
            .find_map(|item| match item {
                AlertItem::Alert { row } if row.rule == "PaymentFailing" => Some(AlertId(row.id)),
                _ => None,
            })
    })
    .await
}

async fn gathered(desk: &Desk, id: AlertId) -> InvestigationView {
    let mut took = Vec::new();
    for _ in 0..TRIES {
        let began = now_ms();
        let view = desk.investigation.investigate(id).await.expect("a view");
        let seen = (now_ms() - began) as f64;
        if seen <= PROMISED_MS && view.took_ms <= PROMISED_MS {
            return view;
        }
        took.push(seen);
    }
    panic!("never within {PROMISED_MS} ms: {took:?}");
}

fn is_late(error: Option<&ErrorView>) -> bool {
    error.is_some_and(|e| e.code == ErrorCode::Timeout)
}

#[tokio::test(flavor = "multi_thread")]
async fn when_everything_hangs_the_page_comes_in_two_seconds_and_says_so() {
    let dir = tempfile::tempdir().expect("a folder");
    let prometheus = Hostile::start(|request| prometheus(request, i64::MAX));
    let (lines, jaeger) = (Hostile::start(|_| silent()), Hostile::start(|_| silent()));
    let desk = desk(dir.path(), &prometheus.url(), &lines.url(), &jaeger.url()).await;
    let id = fired(&desk).await;
    // Whatever is open already, each time anew.
    for _ in 0..2 {
        let view = gathered(&desk, id).await;
        assert_eq!(view.alert.row.rule, "PaymentFailing");
        assert!(is_late(view.metric.error.as_ref()), "{:?}", view.metric);
        assert!(is_late(view.logs.error.as_ref()), "{:?}", view.logs);
        assert!(is_late(view.traces.error.as_ref()), "{:?}", view.traces);
        assert_eq!(
            (view.logs.store.as_str(), view.traces.source.as_str()),
            ("lines", "jaeger")
        );
        // The desk itself does not hang: what else fired is there.
        assert!(view.others_error.is_none());
        assert_eq!(view.others.len(), 1, "{:?}", view.others);
        assert_eq!(view.others[0].shared, ["pay"]);
    }
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_past_that_hangs_takes_the_present_from_nobody() {
    let dir = tempfile::tempdir().expect("a folder");
    let since = now_ms() - 3_600_000;
    let prometheus = Hostile::start(move |request| prometheus(request, since));
    let (lines, jaeger) = (Hostile::start(|_| silent()), Hostile::start(|_| silent()));
    let desk = desk(dir.path(), &prometheus.url(), &lines.url(), &jaeger.url()).await;
    let id = fired(&desk).await;
    let view = gathered(&desk, id).await;
    let chart = view.metric.chart.as_ref().expect("the chart stays");
    assert!(!chart.series.is_empty() && view.metric.error.is_none());
    assert_eq!(view.metric.late, [Baseline::Day, Baseline::Week]);
    assert!(is_late(view.logs.error.as_ref()) && is_late(view.traces.error.as_ref()));
    desk.stop().await;
}
