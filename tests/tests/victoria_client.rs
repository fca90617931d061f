//! The same client against a real VictoriaMetrics.

use model::{InstantValue, Labels, Sample, Series};
use shouwang_tests::remote_write::remote_write;
use shouwang_tests::servers::{self, Server};
use shouwang_tests::{http, now_ms};
use source::{Connection, Flavor, Metrics, SourceError, conformance, source_conformance};
use std::sync::Arc;

fn with(series: &[Series]) -> (Arc<dyn Metrics>, Server) {
    let server = servers::victoria(&["-search.latencyOffset=0s"]);
    remote_write(server.port(), series).expect("samples are accepted");
    // what was written is searchable after a flush, else up to a second later
    http::get(server.port(), "/internal/force_flush").expect("it flushes");
    let source = source::registry::connect("prometheus", &Connection::to(server.url()));
    (source.expect("a client"), server)
}

async fn conforming() -> (Arc<dyn Metrics>, i64, Server) {
    let base = (now_ms() - 7_200_000) / conformance::STEP_MS * conformance::STEP_MS;
    let (source, server) = with(&conformance::fixture(base));
    (source, base, server)
}

source_conformance!(victoria_conforms, conforming());

#[tokio::test]
async fn probing_tells_who_answers() {
    let now = now_ms();
    let (source, _server) = with(&[Series {
        labels: Labels::from_pairs([("__name__", "present"), ("a", "b")]),
        samples: vec![Sample {
            t: now - 1_000,
            v: 1.0,
        }],
    }]);
    let info = source.probe().await.expect("an answer").value;
    assert_eq!(info.flavor, Flavor::VictoriaMetrics);
    assert!(info.ready && !info.has_metadata);
    let found = source
        .exists(&["present", "absent"])
        .await
        .expect("an answer");
    assert_eq!(found.value, [true, false]);
}

#[tokio::test]
async fn its_error_says_what_is_wrong() {
    let (source, _server) = with(&[]);
    match source.instant("rate(", None).await {
        Err(SourceError::Query { message, .. }) => assert!(message.contains("rate"), "{message}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_long_range_keeps_the_grid_that_was_asked() {
    let base = (now_ms() - 3_600_000) / 10_000 * 10_000;
    let (source, _server) = with(&[Series {
        labels: Labels::from_pairs([("__name__", "line")]),
        samples: (0..300)
            .map(|i| Sample {
                t: base + i * 10_000,
                v: i as f64,
            })
            .collect(),
    }]);
    // 50 points and more are moved to multiples of the step unless asked not to
    let start = base + 3_000;
    let frame = source
        .range("line", start, start + 200 * 10_000, 10_000)
        .await
        .expect("an answer")
        .value;
    assert_eq!((frame.start_ms, frame.len), (start, 201));
    let column = &frame.series[0].1;
    assert!(
        column.iter().enumerate().all(|(i, v)| *v == i as f64),
        "{column:?}"
    );
    let at = source
        .instant("line", Some(base + 5_000))
        .await
        .expect("an answer")
        .value;
    assert!(matches!(at, InstantValue::Vector(v) if v[0].1.v == 0.0));
}
