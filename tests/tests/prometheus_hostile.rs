//! The client against servers that misbehave: every failure is typed, bounded in time and memory.

use shouwang_tests::hostile::{Answer, Body, Hostile};
use source::prometheus::Prometheus;
use source::{Capacity, Connection, Limits, Metrics, QueryFault, SourceError};
use std::time::Duration;

const GOOD: &str = r#"{"status":"success","data":{"resultType":"vector","result":[]}}"#;

async fn instant(server: &Hostile) -> Result<source::Answer<model::InstantValue>, SourceError> {
    let mut connection = Connection::to(server.url());
    connection.timeout = Duration::from_millis(1_500);
    connection.limits.body_bytes = 1 << 20;
    let source = Prometheus::new(&connection).expect("a client");
    source.instant("up", None).await
}

async fn failure(answer: Answer) -> SourceError {
    let server = Hostile::always(answer);
    instant(&server).await.expect_err("a failure")
}

#[tokio::test]
async fn a_login_page_is_not_prometheus() {
    let page = "<!doctype html><html><head><title>登录 <b>SSO</b></title></head><body><script>alert(1)</script></body></html>";
    for status in [200, 404] {
        let html = Answer::with(status, "text/html; charset=utf-8", Body::Full(page.into()));
        match failure(html).await {
            e @ SourceError::NotPrometheus { .. } => {
                let text = e.to_string();
                assert!(
                    text.contains("text/html") && text.contains("登录"),
                    "{text}"
                );
                assert!(!text.contains("script"), "{text}");
                assert_eq!(e.code(), "not_prometheus");
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn cut_off_answers() {
    let truncated = Body::Truncated {
        declared: 5_000,
        sent: GOOD.into(),
    };
    assert_eq!(
        failure(Answer::with(200, "application/json", truncated)).await,
        SourceError::Truncated
    );
    let chunked = Body::ChunkedCut(GOOD.into());
    assert_eq!(
        failure(Answer::with(200, "application/json", chunked)).await,
        SourceError::Truncated
    );
    // the transfer is whole, the JSON is not
    assert_eq!(
        failure(Answer::json(200, &GOOD[..40])).await,
        SourceError::Truncated
    );
    assert_eq!(failure(Answer::json(200, "")).await, SourceError::Truncated);
    let hang_up = Answer::with(200, "application/json", Body::HangUp);
    assert!(matches!(
        failure(hang_up).await,
        SourceError::Connect { .. }
    ));
}

#[tokio::test]
async fn answers_without_end_are_left_at_the_limit() {
    let limit = SourceError::TooLarge { limit: 1 << 20 };
    let endless = Body::Endless {
        first: br#"{"status":"success","warnings":["#.to_vec(),
        again: [b' '; 65_536].to_vec(),
    };
    assert_eq!(
        failure(Answer::with(200, "application/json", endless)).await,
        limit
    );
    // announced too large: not even read
    let announced = Body::Truncated {
        declared: 1 << 40,
        sent: Vec::new(),
    };
    assert_eq!(
        failure(Answer::with(200, "application/json", announced)).await,
        limit
    );
    let endless_error = Body::Endless {
        first: b"<h1>no</h1>".to_vec(),
        again: [b'x'; 65_536].to_vec(),
    };
    let refused = failure(Answer::with(503, "text/html", endless_error)).await;
    assert_eq!(refused, SourceError::Http { status: 503 });
}

#[tokio::test]
async fn a_gzip_bomb_is_left_at_the_limit() {
    // 8 MiB of spaces, deflated as stored runs would be too long to write here: a JSON text repeated through gzip's
    // own window is what a bomb is; made by the system's gzip so that no library of ours is in between
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("bomb");
    std::fs::write(&file, vec![b' '; 64 << 20]).expect("a file");
    let gzip = std::process::Command::new("gzip")
        .arg("-9")
        .arg(&file)
        .status();
    assert!(gzip.expect("gzip runs").success());
    let small = std::fs::read(file.with_extension("gz")).expect("the packed file");
    assert!(small.len() < 100_000, "{}", small.len());
    let server = Hostile::start(move |request| {
        let mut answer = Answer::with(200, "application/json", Body::Full(small.clone()));
        if request
            .header("accept-encoding")
            .is_some_and(|v| v.contains("gzip"))
        {
            answer
                .headers
                .push(("Content-Encoding".into(), "gzip".into()));
        }
        answer
    });
    let mut connection = Connection::to(server.url());
    connection.gzip = true;
    connection.limits.body_bytes = 1 << 20;
    let source = Prometheus::new(&connection).expect("a client");
    let got = source.instant("up", None).await.map(|_| ());
    assert_eq!(got, Err(SourceError::TooLarge { limit: 1 << 20 }));
    assert!(server.requests()[0].header("accept-encoding").is_some());
    // and nobody is asked for gzip who is not configured so
    instant(&server)
        .await
        .expect_err("packed bytes are no JSON");
    assert_eq!(server.requests()[1].header("accept-encoding"), None);
}

#[tokio::test]
async fn slow_and_silent_servers_end_in_time() {
    let timeout = SourceError::Timeout {
        after: Duration::from_millis(1_500),
    };
    let drip = Body::Drip {
        bytes: GOOD.into(),
        every: Duration::from_millis(100),
    };
    assert_eq!(
        failure(Answer::with(200, "application/json", drip)).await,
        timeout
    );
    let silence = Body::Silence(Duration::from_secs(4));
    assert_eq!(
        failure(Answer::with(200, "application/json", silence)).await,
        timeout
    );
}

#[tokio::test]
async fn statuses_and_their_bodies() {
    let api = |kind: &str| {
        format!(r#"{{"status":"error","errorType":"{kind}","error":"why\u001b[31m\n{kind}"}}"#)
    };
    for (status, kind, expected) in [
        (400, "bad_data", QueryFault::Invalid),
        (422, "execution", QueryFault::Failed),
        (503, "timeout", QueryFault::Timeout),
        (503, "canceled", QueryFault::Cancelled),
        (503, "unavailable", QueryFault::Unavailable),
        (500, "internal", QueryFault::Internal),
        (422, "422", QueryFault::Failed),
        (200, "execution", QueryFault::Failed),
    ] {
        let expected = SourceError::Query {
            fault: expected,
            message: format!("why [31m {kind}"),
        };
        assert_eq!(
            failure(Answer::json(status, api(kind))).await,
            expected,
            "{status} {kind}"
        );
    }
    for (status, expected) in [
        (401, SourceError::Unauthorized),
        (403, SourceError::Forbidden),
        (429, SourceError::Http { status: 429 }),
        (500, SourceError::Http { status: 500 }),
        (502, SourceError::Http { status: 502 }),
    ] {
        let plain = Answer::with(status, "text/plain", Body::Full("go away".into()));
        assert_eq!(failure(plain).await, expected);
    }
}

#[tokio::test]
async fn ten_megabytes_of_label_value() {
    let mut connection = Connection::to("http://unused");
    let label = "x".repeat(10 << 20);
    let body = format!(
        r#"{{"status":"success","data":{{"resultType":"vector","result":[{{"metric":{{"a":"{label}"}},"value":[1,"1"]}}]}}}}"#
    );
    let server = Hostile::always(Answer::json(200, body));
    connection.url = server.url();
    let source = Prometheus::new(&connection).expect("a client");
    let limit = Limits::default().label_bytes as u64;
    let expected = SourceError::Limit {
        what: Capacity::LabelBytes,
        limit,
    };
    assert_eq!(
        source.instant("up", None).await.map(|_| ()),
        Err(expected.clone())
    );
    let listed = Hostile::always(Answer::json(
        200,
        format!(r#"{{"status":"success","data":["{label}"]}}"#),
    ));
    connection.url = listed.url();
    let source = Prometheus::new(&connection).expect("a client");
    let span = source::Span {
        start_ms: 0,
        end_ms: 1,
    };
    assert_eq!(
        source.label_values("a", &[], span).await.map(|_| ()),
        Err(expected)
    );
}

#[tokio::test]
async fn warnings_and_missing_parts_arrive() {
    let many: Vec<String> = (0..50)
        .map(|i| format!("\"w{i} \\u202e{}\"", "y".repeat(1_000)))
        .collect();
    let body = format!(
        r#"{{"status":"success","isPartial":true,"warnings":[{}],"data":{{"resultType":"vector","result":[]}}}}"#,
        many.join(",")
    );
    let server = Hostile::always(Answer::json(200, body));
    let answer = instant(&server).await.expect("an answer with warnings");
    assert!(answer.partial);
    assert_eq!(answer.warnings.len(), 20);
    assert!(answer.warnings[0].starts_with("w0 y") && answer.warnings[0].chars().count() == 501);
}

#[tokio::test]
async fn a_server_without_post_is_asked_again() {
    let server = Hostile::start(|request| match request.method.as_str() {
        "POST" => Answer::json(405, "{}"),
        _ => Answer::json(200, GOOD),
    });
    let source =
        Prometheus::new(&Connection::to(format!("{}/prefix/", server.url()))).expect("a client");
    let long = format!("up{{a=\"{}\"}}", "b".repeat(3_000));
    source
        .instant(&long, Some(1_500))
        .await
        .expect("an answer to GET");
    let seen = server.requests();
    assert_eq!(seen.len(), 2);
    assert!(seen[0].text().contains("bbbb") && seen[0].path == "/prefix/api/v1/query");
    assert!(
        seen[1].path.starts_with("/prefix/api/v1/query?query=up")
            && seen[1].path.contains("time=1.500")
    );
    assert!(seen[1].path.contains("timeout=27.000"), "{}", seen[1].path);
}

#[tokio::test]
async fn a_gateway_that_passes_only_queries_can_be_probed() {
    let server = Hostile::start(|request| {
        if request.path.starts_with("/api/v1/query") {
            Answer::json(
                200,
                r#"{"status":"success","data":{"resultType":"scalar","result":[1,"1"]}}"#,
            )
        } else {
            Answer::with(404, "text/plain", Body::Full("404 page not found".into()))
        }
    });
    let source = Prometheus::new(&Connection::to(server.url())).expect("a client");
    let info = source.probe().await.expect("an answer").value;
    assert!(info.ready && !info.has_metadata && info.version.is_none());
    let page = Hostile::always(Answer::with(
        200,
        "text/html",
        Body::Full("<h1>Welcome to nginx!</h1>".into()),
    ));
    let source = Prometheus::new(&Connection::to(page.url())).expect("a client");
    assert!(matches!(
        source.probe().await,
        Err(SourceError::NotPrometheus { .. })
    ));
}

#[tokio::test]
async fn one_that_replays_its_log_is_not_ready() {
    let starting = Answer::with(503, "text/plain", Body::Full("Service Unavailable".into()));
    let server = Hostile::always(starting);
    let source = Prometheus::new(&Connection::to(server.url())).expect("a client");
    assert!(!source.probe().await.expect("an answer").value.ready);
    match source.instant("up", None).await {
        Err(e @ SourceError::Http { status: 503 }) => assert!(e.is_transient()),
        other => panic!("{other:?}"),
    }
}
