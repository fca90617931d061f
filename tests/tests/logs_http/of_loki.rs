//! Loki.

use super::*;
use shouwang_tests::loki;

#[tokio::test]
async fn loki_answers_as_the_filter_says() {
    // every stream has the label that stands for the service
    let mut lines = some_lines(180);
    for line in lines.iter_mut().filter(|l| l.field("service").is_empty()) {
        line.fields[0].1 = "unknown_service".into();
    }
    let held = held(&lines);
    let small = loki::Behaviour {
        most: 60,
        ..loki::Behaviour::default()
    };
    let server = loki::start(held.clone(), small);
    let store = client("loki", &server);
    conforms(&*store, &lines).await;
    tails(&*store, &held).await;
    assert_eq!(
        store
            .probe()
            .await
            .expect("it is there")
            .value
            .version
            .as_deref(),
        Some("3.1.0")
    );
}

#[tokio::test]
async fn loki_finds_a_trace_in_lines_and_in_their_fields() {
    let line = |at: i64, message: &str, trace: &str| FakeLine {
        at_ns: START_NS + at,
        message: message.into(),
        fields: vec![
            ("service".into(), "order".into()),
            ("trace_id".into(), trace.into()),
        ],
    };
    let lines = [
        line(1, "in a field", "0AF7651916cd43dd"),
        line(
            2,
            r#"{"msg":"in the line","trace_id":"0af7651916cd43dd","http":{"status":502}}"#,
            "",
        ),
        line(3, "mentioned only: 0af7651916cd43dd", ""),
        line(4, "both 0af7651916cd43dd", "0af7651916cd43dd"),
        line(4, "both 0af7651916cd43dd", "0af7651916cd43dd"),
        line(5, "another", "77"),
    ];
    let behaviour = loki::Behaviour {
        labels: &["service"],
        ..loki::Behaviour::default()
    };
    let server = loki::start(held(&lines), behaviour);
    let store = client("loki", &server);
    let wanted = range(Filter::Is(Field::TraceId, "0af7651916cd43dd".into()));
    for limit in [1, 2, 10] {
        let all = all_pages(&*store, &wanted, Direction::Older, limit).await;
        let at: Vec<i64> = all.iter().map(|l| l.position.at_ns - START_NS).collect();
        assert_eq!(at, [4, 4, 2, 1]);
        assert_eq!(
            logs::field_text(&all[2], &Field::named("http.status")).as_deref(),
            Some("502")
        );
    }
    let count = store.count(&wanted).await.expect("a count").value;
    assert_eq!(
        count,
        Counted {
            lines: 4,
            exact: true
        }
    );
}

#[tokio::test]
async fn loki_tenants_scopes_and_long_ranges() {
    let lines = some_lines(40);
    let server = loki::start(
        held(&lines),
        loki::Behaviour {
            tenant: Some("east"),
            ..loki::Behaviour::default()
        },
    );
    assert_eq!(
        client("loki", &server)
            .probe()
            .await
            .expect_err("no tenant")
            .code(),
        "unauthorized"
    );
    let mut with_tenant = connection(&server);
    with_tenant.headers = vec![("X-Scope-OrgID".into(), Secret::new("east"))];
    let scoped = |scope: &str| {
        let options = LogOptions {
            scope: Some(scope.into()),
            ..LogOptions::default()
        };
        connect_logs("loki", &with_tenant, &options).expect("a client")
    };
    let store = scoped("{host=\"pod-1\"}");
    // half a year is asked for in pieces
    let long = LogRange {
        from_ns: START_NS - 180 * 86_400_000_000_000,
        ..range(Filter::All)
    };
    let wanted = lines.iter().filter(|l| l.field("host") == "pod-1").count();
    assert_eq!(
        store.count(&long).await.expect("a count").value.lines as usize,
        wanted
    );
    let day = 86_400_000_000_000;
    assert_eq!(
        store
            .histogram(&long, day)
            .await
            .expect("a histogram")
            .value
            .total() as usize,
        wanted
    );
    assert_eq!(
        all_pages(&*store, &long, Direction::Newer, 500).await.len(),
        wanted
    );
    let refused = scoped("{host=~\".*\"}")
        .count(&long)
        .await
        .expect_err("an empty selector");
    assert!(
        matches!(&refused, SourceError::Query { fault: QueryFault::Invalid, message } if message.contains("parse error"))
    );
}
