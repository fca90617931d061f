//! The client against a real Prometheus: answers of every kind, typed refusals, restarts.

use model::{InstantValue, Labels, Sample, Series};
use shouwang_tests::http;
use shouwang_tests::now_ms;
use shouwang_tests::remote_write::remote_write;
use shouwang_tests::servers::{self, PrometheusOptions, Server};
use source::prometheus::Prometheus;
use source::{
    Connection, Flavor, Metrics, QueryFault, SourceError, Span, conformance, source_conformance,
};
use std::sync::Arc;
use std::time::Duration;

fn client(server: &Server) -> Arc<dyn Metrics> {
    source::registry::connect("prometheus", &Connection::to(server.url())).expect("a client")
}

fn empty() -> Server {
    servers::prometheus(PrometheusOptions::default())
}

async fn conforming() -> (Arc<dyn Metrics>, i64, Server) {
    let server = empty();
    let base = (now_ms() - 7_200_000) / conformance::STEP_MS * conformance::STEP_MS;
    remote_write(server.port(), &conformance::fixture(base)).expect("samples are accepted");
    (client(&server), base, server)
}

source_conformance!(prometheus_conforms, conforming());

#[tokio::test]
async fn probing_tells_who_answers() {
    let server = servers::prometheus(PrometheusOptions {
        targets: vec![("self".into(), vec!["127.0.0.1:{port}".into()])],
        interval: "250ms".into(),
        ..PrometheusOptions::default()
    });
    let source = client(&server);
    let names = ["up", "prometheus_build_info", "node_load1"];
    let mut found = Vec::new();
    for _ in 0..100 {
        found = source.exists(&names).await.expect("an answer").value;
        if found[0] && found[1] {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(found, [true, true, false]);
    let info = source.probe().await.expect("an answer").value;
    assert_eq!(info.flavor, Flavor::Prometheus);
    assert!(
        info.version.as_deref().is_some_and(|v| v.starts_with("2.")),
        "{info:?}"
    );
    assert!(info.ready && info.has_metadata, "{info:?}");
    let known = source
        .metadata(Some("prometheus_http_requests_total"))
        .await;
    let known = known.expect("an answer").value;
    let one = known
        .get("prometheus_http_requests_total")
        .expect("its own metric");
    assert_eq!(one.kind, "counter");
    assert!(one.help.contains("HTTP requests"), "{one:?}");
    assert!(source.metadata(None).await.expect("an answer").value.len() > 50);
}

#[tokio::test]
async fn answers_carry_size_and_the_server_s_clock() {
    let server = empty();
    let before = now_ms();
    let answer = client(&server)
        .instant("vector(1)", None)
        .await
        .expect("an answer");
    assert!(answer.bytes > 50 && !answer.partial && answer.warnings.is_empty());
    let skew = answer.server_time_ms.expect("a Date header") - before;
    assert!((-1_000..5_000).contains(&skew), "{skew} ms");
}

#[tokio::test]
async fn a_refresh_of_the_newest_points_is_small() {
    let server = empty();
    let base = (now_ms() - 3_600_000) / 5_000 * 5_000;
    let series: Vec<Series> = (0..50)
        .map(|i| Series {
            labels: Labels::from_pairs([("__name__", "wide".to_owned()), ("i", i.to_string())]),
            samples: (0..720)
                .map(|k| Sample {
                    t: base + k * 5_000,
                    v: (k * i) as f64 / 7.0,
                })
                .collect(),
        })
        .collect();
    remote_write(server.port(), &series).expect("samples are accepted");
    let source = client(&server);
    let end = base + 719 * 5_000;
    let full = source
        .range("wide", base, end, 5_000)
        .await
        .expect("an answer");
    assert_eq!((full.value.series.len(), full.value.len), (50, 720));
    let (labels, column) = &full.value.series[1];
    assert_eq!(
        column[719],
        (719 * labels.get("i").unwrap_or("0").parse::<i64>().unwrap_or(0)) as f64 / 7.0
    );
    let newest = source
        .range("wide", end, end, 5_000)
        .await
        .expect("an answer");
    assert_eq!((newest.value.series.len(), newest.value.len), (50, 1));
    assert!(
        newest.bytes * 50 <= full.bytes,
        "{} of {}",
        newest.bytes,
        full.bytes
    );
}

#[tokio::test]
async fn every_type_of_instant_answer() {
    let server = empty();
    let base = now_ms() / 1_000 * 1_000 - 60_000;
    let series = Series {
        labels: Labels::from_pairs([("__name__", "raw")]),
        samples: [1.0, f64::NAN, f64::INFINITY, -2.5e-300]
            .into_iter()
            .zip(0..)
            .map(|(v, i)| Sample {
                t: base + i * 1_000 + 7,
                v,
            })
            .collect(),
    };
    remote_write(server.port(), &[series]).expect("samples are accepted");
    let source = client(&server);
    let at = Some(base + 30_000);
    let ask = async |query| source.instant(query, at).await.expect("an answer").value;
    assert_eq!(
        ask("1.5").await,
        InstantValue::Scalar(Sample {
            t: base + 30_000,
            v: 1.5
        })
    );
    assert_eq!(
        ask("\"守望\"").await,
        InstantValue::Text(base + 30_000, "守望".into())
    );
    match ask("raw[1m]").await {
        InstantValue::Matrix(all) => {
            let bits: Vec<u64> = all[0].samples.iter().map(|s| s.v.to_bits()).collect();
            assert_eq!(bits[0], 1.0_f64.to_bits());
            assert!(all[0].samples[1].v.is_nan());
            assert_eq!(
                bits[2..],
                [f64::INFINITY.to_bits(), (-2.5e-300_f64).to_bits()]
            );
            assert_eq!(all[0].samples[3].t, base + 3_007);
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn refusals_are_typed() {
    let server = servers::prometheus(PrometheusOptions {
        args: vec!["--query.max-samples=50".into()],
        ..PrometheusOptions::default()
    });
    let source = client(&server);
    let fault = async |query: &str| match source.instant(query, Some(1_000_000)).await {
        Err(SourceError::Query { fault, message }) => (fault, message),
        other => panic!("{query}: {other:?}"),
    };
    let (invalid, message) = fault("sum by (").await;
    assert_eq!(invalid, QueryFault::Invalid);
    assert!(message.contains("parse error"), "{message}");
    let two = "label_replace(vector(1), \"a\", \"b\", \"\", \"\") * on () group_left () (label_replace(vector(1), \"a\", \"x\", \"\", \"\") or label_replace(vector(2), \"a\", \"y\", \"\", \"\"))";
    assert_eq!(fault(two).await.0, QueryFault::Failed);
    let span = Span {
        start_ms: 0,
        end_ms: 1_000,
    };
    let refused = source.series(&["{"], span, 10).await;
    assert!(
        matches!(
            refused,
            Err(SourceError::Query {
                fault: QueryFault::Invalid,
                ..
            })
        ),
        "{refused:?}"
    );
    let refused = source.label_values("not-a-name", &[], span).await;
    assert!(
        matches!(
            refused,
            Err(SourceError::Query {
                fault: QueryFault::Invalid,
                ..
            })
        ),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_long_query_goes_as_a_form() {
    let server = empty();
    let terms: Vec<String> = (0..3_000).map(|i| i.to_string()).collect();
    let query = terms.join("+");
    let got = client(&server)
        .instant(&query, Some(1_000))
        .await
        .expect("an answer")
        .value;
    assert_eq!(
        got,
        InstantValue::Scalar(Sample {
            t: 1_000,
            v: 4_498_500.0
        })
    );
}

#[tokio::test]
async fn the_server_s_own_time_limit_is_typed() {
    let server = servers::prometheus(PrometheusOptions {
        args: vec!["--query.timeout=1ms".into()],
        ..PrometheusOptions::default()
    });
    let slow = "count_over_time(vector(1)[10000s:1s])";
    let got = client(&server).range(slow, 0, 10_000_000, 1_000).await;
    match got {
        Err(
            e @ SourceError::Query {
                fault: QueryFault::Timeout,
                ..
            },
        ) => assert!(e.is_transient()),
        other => panic!("{other:?}"),
    }
}

/// Many seconds of work in small steps, between which the server looks whether it is still wanted; within one long step it does not.
const SLOW: &str = "sum(count_over_time((vector(1) + vector(1))[8000000s:1s]))";

#[tokio::test]
async fn our_time_limit_cancels_at_the_server_too() {
    let server = empty();
    let mut connection = Connection::to(server.url());
    connection.timeout = Duration::from_millis(300);
    let source = Prometheus::new(&connection).expect("a client");
    let got = source.instant(SLOW, None).await;
    // whoever was first: our clock, or the server with the timeout that we sent along
    match got {
        Err(SourceError::Timeout { after }) => assert_eq!(after, connection.timeout),
        Err(SourceError::Query {
            fault: QueryFault::Timeout | QueryFault::Cancelled,
            ..
        }) => {}
        other => panic!("{other:?}"),
    }
    until_idle(&server).await;
}

/// How many queries the server is at, by its own account.
fn at_it(server: &Server) -> u32 {
    let page = http::request(server.port(), "GET", "/metrics", &[], &[]).expect("its metrics");
    let text = String::from_utf8_lossy(&page.body).into_owned();
    let line = text
        .lines()
        .find_map(|l| l.strip_prefix("prometheus_engine_queries "));
    line.and_then(|v| v.trim().parse().ok())
        .expect("it counts its queries")
}

async fn until_idle(server: &Server) {
    for _ in 0..150 {
        if at_it(server) == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the server still works on a question that nobody waits for");
}

#[tokio::test]
async fn a_question_that_is_dropped_half_way_ends_at_the_server_too() {
    let server = empty();
    let source = client(&server);
    let asking = source.clone();
    let asked = tokio::spawn(async move {
        let answer = asking.instant(SLOW, None).await;
        answer.map(|_| ())
    });
    until_busy(&server).await;
    // Left alone it goes on for longer than a dropped one is given to end.
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(at_it(&server), 1, "it is not over by itself");
    asked.abort();
    assert!(asked.await.is_err_and(|e| e.is_cancelled()));
    until_idle(&server).await;
    // The client is as good as before.
    assert!(source.instant("vector(1)", None).await.is_ok());
}

async fn until_busy(server: &Server) {
    for _ in 0..150 {
        if at_it(server) > 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the question never reached the server");
}

#[tokio::test]
async fn a_restart_is_an_error_and_then_over() {
    let mut server = empty();
    let base = now_ms() / 1_000 * 1_000 - 10_000;
    let series = Series {
        labels: Labels::from_pairs([("__name__", "lasting")]),
        samples: vec![Sample { t: base, v: 4.0 }],
    };
    remote_write(server.port(), &[series]).expect("samples are accepted");
    let source = client(&server);
    let ask = async || source.instant("lasting", Some(base)).await.map(|a| a.value);
    let before = ask().await.expect("an answer");
    server.kill();
    match ask().await {
        Err(e @ SourceError::Connect { .. }) => {
            assert!(e.is_transient() && e.to_string().contains("refused"), "{e}");
        }
        other => panic!("{other:?}"),
    }
    server.restart();
    assert_eq!(ask().await.expect("an answer"), before);
}

#[tokio::test]
async fn a_server_that_is_not_ready_says_so() {
    let server = empty();
    // /-/quit ends it gracefully; until the port closes it answers, then refuses: never a panic, never an empty success
    let source = client(&server);
    assert!(source.probe().await.expect("an answer").value.ready);
    http::request(server.port(), "POST", "/-/quit", &[], &[]).expect("it obeys");
    for _ in 0..200 {
        match source.probe().await {
            Err(SourceError::Connect { .. }) => return,
            Ok(_) | Err(SourceError::Truncated | SourceError::Http { .. }) => {}
            Err(other) => panic!("{other:?}"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it never ended");
}
