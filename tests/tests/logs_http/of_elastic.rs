//! Elasticsearch and OpenSearch.

use super::*;
use shouwang_tests::elastic;

#[tokio::test]
async fn elasticsearch_answers_as_the_filter_says() {
    for (version, n) in [("6.8.23", 40), ("8.11.0", 150)] {
        let lines = some_lines(n);
        let held = held(&lines);
        let server = elastic::start(held.clone(), version, 10_000);
        let store = client("elasticsearch", &server);
        conforms(&*store, &lines).await;
        tails(&*store, &held).await;
        let said = store.probe().await.expect("it is there").value.version;
        assert_eq!(said.as_deref(), Some(version));
        assert!(
            server
                .requests()
                .iter()
                .all(|r| !r.path.contains("_search") || r.path.starts_with("/logs-*,"))
        );
    }
}

#[tokio::test]
async fn elasticsearch_goes_on_after_its_window() {
    // more lines of one time stamp than one answer holds
    let lines: Vec<FakeLine> = (0..10_500)
        .map(|n| FakeLine {
            at_ns: START_NS,
            message: format!("line {n}"),
            fields: vec![("service".into(), "order".into())],
        })
        .collect();
    let server = elastic::start(held(&lines), "8.11.0", 10_000);
    let store = client("elasticsearch", &server);
    let all = all_pages(&*store, &range(Filter::All), Direction::Older, 6_000).await;
    assert_eq!(keys(&all).len(), 10_500);
    let wrong = Connection {
        auth: source::Auth::Bearer(Secret::new("wrong")),
        ..connection(&server)
    };
    let store = connect_logs("elasticsearch", &wrong, &LogOptions::default()).expect("a client");
    let refused = store.count(&range(Filter::All)).await.expect_err("refused");
    assert_eq!(refused, SourceError::Unauthorized);
}
