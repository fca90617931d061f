//! Servers that answer garbage where an Alertmanager or a Prometheus is expected.

use model::alert::Matcher;
use shouwang_tests::hostile::{Answer, Body, Hostile};
use shouwang_tests::servers;
use source::{
    AlertLimits, AlertOptions, Alerts, Capacity, Connection, QueryFault, SilenceRequest,
    SourceError, connect_alerts,
};
use std::sync::Arc;
use std::time::Duration;

fn client(url: String) -> Arc<dyn Alerts> {
    let mut connection = Connection::to(url);
    connection.timeout = Duration::from_secs(2);
    connect_alerts("alertmanager", &connection, &AlertOptions::default()).expect("a client")
}

async fn fault(answer: Answer) -> SourceError {
    let server = Hostile::always(answer);
    let got = client(server.url()).alerts().await;
    got.expect_err("no list of alerts")
}

fn json(text: &str) -> Answer {
    Answer::json(200, text)
}

#[tokio::test]
async fn what_is_not_an_alertmanager_says_so() {
    let page = "<html><title>登录 Sign in</title><body>";
    let html = |status| Answer::with(status, "text/html", Body::Full(page.into()));
    for answer in [html(200), html(404), html(400)] {
        match fault(answer).await {
            SourceError::NotAlertmanager { snippet, .. } => {
                assert!(snippet.contains("登录 Sign in"), "{snippet}");
            }
            other => panic!("{other:?}"),
        }
    }
    // another API altogether, and one that is too old for API v2
    for answer in [
        json(r#"{"status":"success","data":[]}"#),
        json("7"),
        json("\u{1}\u{2}garbage"),
        Answer::with(404, "text/plain", Body::Full("404 page not found".into())),
    ] {
        let got = fault(answer).await;
        assert_eq!(got.code(), "not_alertmanager", "{got:?}");
        assert!(!got.is_transient());
    }
    let prometheus = servers::prometheus(servers::PrometheusOptions::default());
    let got = client(prometheus.url())
        .alerts()
        .await
        .expect_err("no list");
    assert_eq!(got.code(), "not_alertmanager", "{got:?}");
    let got = client(prometheus.url())
        .probe()
        .await
        .expect_err("no status");
    assert_eq!(got.code(), "not_alertmanager", "{got:?}");
}

#[tokio::test]
async fn answers_that_end_early_or_never() {
    let whole = r#"[{"labels":{"alertname":"A"},"startsAt":"2026-11-21T11:25:28Z"}]"#;
    let cut = whole.as_bytes()[..40].to_vec();
    assert_eq!(fault(json("")).await, SourceError::Truncated);
    assert_eq!(fault(json(&whole[..40])).await, SourceError::Truncated);
    for body in [
        Body::Truncated {
            declared: whole.len(),
            sent: cut.clone(),
        },
        Body::ChunkedCut(cut),
    ] {
        let answer = Answer::with(200, "application/json", body);
        assert_eq!(fault(answer).await, SourceError::Truncated);
    }
    let silent = Answer::with(
        200,
        "application/json",
        Body::Silence(Duration::from_secs(4)),
    );
    assert!(matches!(fault(silent).await, SourceError::Timeout { .. }));

    let server = Hostile::always(Answer::with(
        200,
        "application/json",
        Body::Endless {
            first: b"[".to_vec(),
            again: vec![b' '; 64 << 10],
        },
    ));
    let options = AlertOptions {
        limits: AlertLimits {
            body_bytes: 1 << 20,
            ..AlertLimits::default()
        },
        ..AlertOptions::default()
    };
    let source = connect_alerts("alertmanager", &Connection::to(server.url()), &options);
    let got = source.expect("a client").alerts().await;
    assert_eq!(
        got.map(|_| ()),
        Err(SourceError::TooLarge { limit: 1 << 20 })
    );
}

#[tokio::test]
async fn wrong_types_are_located() {
    for (text, at) in [
        (r#"[{"labels":7}]"#, 11..13),
        (r#"[{"labels":{"a":7}}]"#, 16..18),
        (r#"[7]"#, 1..3),
        (r#"[{"labels":{"a":"b"},"startsAt":"soon"}]"#, 30..40),
        ("[{\"labels\":\n{\"a\":[]}}]", 16..19),
        (r#"[{"labels":{"a":"b"}} nonsense"#, 21..24),
        (r#"[] []"#, 3..5),
    ] {
        match fault(json(text)).await {
            SourceError::Malformed { at: found, .. } => {
                assert!(at.contains(&found), "{text}: {found}");
            }
            other => panic!("{text}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn refusals_are_typed() {
    let words = Answer::json(400, "\"matcher value contains unescaped double quote\"");
    match fault(words).await {
        SourceError::Query { fault, message } => {
            assert_eq!(fault, QueryFault::Invalid);
            assert!(message.contains("unescaped"), "{message}");
        }
        other => panic!("{other:?}"),
    }
    let coded = Answer::json(422, r#"{"code":612,"message":"matchers in body"}"#);
    assert!(
        matches!(fault(coded).await, SourceError::Query { message, .. } if message == "matchers in body")
    );
    let busy = "Limit of concurrent GET requests reached (8), try again later.\n";
    let got = fault(Answer::with(503, "text/plain", Body::Full(busy.into()))).await;
    assert_eq!(got, SourceError::Http { status: 503 });
    assert!(got.is_transient());
    assert_eq!(fault(json_status(401)).await, SourceError::Unauthorized);
    assert_eq!(fault(json_status(403)).await, SourceError::Forbidden);
    assert!(matches!(
        fault(Answer {
            status: 302,
            headers: vec![("Location".into(), "https://elsewhere.example/login?token=1".into())],
            body: Body::Full(Vec::new()),
        })
        .await,
        SourceError::Redirected { to } if to == "https://elsewhere.example/login"
    ));
}

fn json_status(status: u16) -> Answer {
    Answer::json(status, "\"no\"")
}

#[tokio::test]
async fn odd_alerts_are_counted_and_the_rest_is_taken() {
    let long = "x".repeat(20_000);
    let text = format!(
        r#"[{{"labels":{{"alertname":"{long}"}},"startsAt":"2026-11-21T11:25:28Z"}},
        {{"labels":{{}},"startsAt":"2026-11-21T11:25:28Z"}},
        {{"labels":{{"alertname":"NoStart"}}}},
        {{"labels":{{"alertname":"A"}},"annotations":{{"d":"{long}"}},"startsAt":"2026-11-21T11:25:28Z","fingerprint":"0000000000000001",
          "status":{{"state":"new-state","silencedBy":null,"mutedBy":["night"],"later":{{"x":[1]}}}},"generatorURL":"javascript:alert(1)"}}]"#
    );
    let server = Hostile::always(json(&text));
    let answer = client(server.url()).alerts().await.expect("an answer");
    let odd = answer.value.oddities;
    assert_eq!(odd.refused(), 3, "{odd:?}");
    assert_eq!((odd.label_too_long, odd.no_labels, odd.no_start), (1, 1, 1));
    assert_eq!((odd.fingerprint_mismatch, odd.unknown_state), (1, 1));
    assert_eq!((odd.annotations_cut, odd.url_dropped), (1, 1));
    assert!(answer.partial, "an absent alert need not be over");
    assert_eq!(answer.warnings.len(), 7, "{:?}", answer.warnings);
    let [only] = &answer.value.alerts[..] else {
        panic!("{:?}", answer.value.alerts)
    };
    assert_eq!(only.muted_by, ["night"]);
    assert_eq!(only.annotations["d"].len(), 16 << 10);
}

#[tokio::test]
async fn a_list_of_a_server_that_went_away_is_not_believed() {
    let server = Hostile::start(|request| match request.path.as_str() {
        "/api/v2/status" => Answer::with(503, "text/plain", Body::Full("starting".into())),
        _ => json("[]"),
    });
    let got = client(server.url()).alerts().await.map(|_| ());
    assert_eq!(got, Err(SourceError::Http { status: 503 }));
    // a gateway that passes only the alerts
    let server = Hostile::start(|request| match request.path.as_str() {
        "/api/v2/status" => Answer::json(403, "{}"),
        _ => json("[]"),
    });
    let list = client(server.url()).alerts().await.expect("a list").value;
    assert_eq!((list.alerts, list.started_at_ms), (Vec::new(), None));
}

#[tokio::test]
async fn a_million_alerts_are_refused_early() {
    let one = r#"{"labels":{"a":"b"},"startsAt":"2026-11-21T11:25:28Z"},"#;
    let mut text = String::from("[");
    text.push_str(&one.repeat(1_000_000));
    text.push_str("{}]");
    let got = fault(json(&text)).await;
    let expected = SourceError::Limit {
        what: Capacity::Alerts,
        limit: 100_000,
    };
    assert_eq!(got, expected);
}

#[tokio::test]
async fn a_silence_is_sent_once_even_if_the_connection_breaks() {
    let request = SilenceRequest {
        matchers: vec![Matcher::equal("a", "b")],
        starts_at: 1_800_000_000_000,
        ends_at: 1_800_000_060_000,
        created_by: "张三".into(),
        comment: "x".into(),
    };
    let server = Hostile::always(Answer::with(200, "application/json", Body::HangUp));
    let got = client(server.url()).silence(&request).await;
    assert!(got.is_err(), "{got:?}");
    let seen = server.requests();
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert_eq!(seen[0].path, "/api/v2/silences");
    let body: serde_json::Value = serde_json::from_slice(&seen[0].body).expect("JSON");
    assert_eq!(body["startsAt"], "2027-01-15T08:00:00.000Z");
    assert_eq!(body["matchers"][0]["isEqual"], true);

    for (answer, code) in [
        (json(r#"{"silenceID":"../../x"}"#), "malformed"),
        (json(r#"{"silenceID":7}"#), "malformed"),
        (json("{}"), "malformed"),
        (json("[]"), "not_alertmanager"),
    ] {
        let server = Hostile::always(answer);
        let got = client(server.url()).silence(&request).await;
        assert_eq!(got.expect_err("no id").code(), code);
    }
    // ending: 500, and the question afterwards does not answer either: the first refusal counts
    let server = Hostile::always(Answer::json(500, "\"silence store is broken\""));
    let got = client(server.url()).expire_silence("x").await;
    assert!(matches!(got, Err(SourceError::Query { message, .. }) if message.contains("broken")));
}

#[tokio::test]
async fn a_prometheus_without_rules_still_lists_its_alerts() {
    let alerts = r#"{"status":"success","data":{"alerts":[{"labels":{"alertname":"A"},"annotations":{},"state":"firing","activeAt":"2026-11-21T11:25:28Z","value":"2"}]}}"#;
    let server = Hostile::start(move |request| {
        if request.path.starts_with("/api/v1/alerts") {
            Answer::json(200, alerts)
        } else {
            Answer::with(500, "text/plain", Body::Full("no".into()))
        }
    });
    let source = connect_alerts(
        "prometheus",
        &Connection::to(server.url()),
        &AlertOptions {
            external_labels: model::Labels::from_pairs([("site", "上海")]),
            ..AlertOptions::default()
        },
    )
    .expect("a client");
    for _ in 0..3 {
        let list = source.alerts().await.expect("an answer").value;
        assert_eq!(list.alerts.len(), 1);
        assert_eq!(list.alerts[0].expr, None);
        assert_eq!(list.alerts[0].labels.get("site"), Some("上海"));
    }
    let rules = |r: &&shouwang_tests::hostile::Request| r.path.starts_with("/api/v1/rules");
    assert_eq!(server.requests().iter().filter(rules).count(), 1);
}
