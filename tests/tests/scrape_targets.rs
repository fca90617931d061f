//! The scraper against a real node exporter and against servers that misbehave on purpose.

use embedded::scrape::{ScrapeAuth, ScrapeError, ScrapeTarget, Scraper, TargetStatus};
use embedded::tsdb::{Options, Tsdb};
use exposition::{Limits, Problem};
use model::Secret;
use promql::{Engine, Value};
use shouwang_tests::hostile::{Answer, Body, Hostile};
use shouwang_tests::{now_ms, servers};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

fn store() -> Arc<Tsdb> {
    Arc::new(Tsdb::in_memory(Options::new(Arc::new(now_ms))))
}

fn target(job: &str, port: u16) -> ScrapeTarget {
    ScrapeTarget {
        interval: Duration::from_millis(300),
        timeout: Duration::from_millis(300),
        ..ScrapeTarget::new(job, format!("http://127.0.0.1:{port}/metrics"))
    }
}

fn start(targets: Vec<ScrapeTarget>, store: &Arc<Tsdb>) -> Scraper {
    Scraper::start(targets, store.clone(), Arc::new(now_ms)).expect("the targets are in order")
}

fn ask(store: &Tsdb, expr: &str) -> Vec<f64> {
    match Engine::default().instant(store, expr, now_ms()) {
        Ok(Value::Vector(rows)) => rows.iter().map(|(_, s)| s.v).collect(),
        other => panic!("{expr}: {other:?}"),
    }
}

/// Waits until `done`, at most 20 s.
async fn until(what: &str, mut done: impl FnMut() -> bool) {
    for _ in 0..400 {
        if done() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{what} did not come");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_exporter_is_scraped_dies_and_comes_back() {
    let mut exporter = servers::node_exporter();
    let store = store();
    let patient = ScrapeTarget {
        interval: Duration::from_secs(2),
        timeout: Duration::from_secs(2),
        ..target("node", exporter.port())
    };
    let scraper = start(vec![patient], &store);
    until("up", || ask(&store, r#"up{job="node"}"#) == [1.0]).await;
    let instance = format!("127.0.0.1:{}", exporter.port());
    assert!(
        !ask(
            &store,
            &format!(r#"node_cpu_seconds_total{{job="node",instance="{instance}",mode="idle"}}"#)
        )
        .is_empty()
    );
    assert!(ask(&store, "scrape_samples_scraped")[0] > 300.0);
    assert!(ask(&store, "scrape_duration_seconds")[0] > 0.0);
    assert_eq!(
        store.metadata(Some("node_cpu_seconds_total"), 1)["node_cpu_seconds_total"]
            .kind
            .as_str(),
        "counter"
    );
    let status = scraper.status();
    assert_eq!(
        (status.len(), status[0].refused, &status[0].error),
        (1, 0, &None)
    );

    exporter.kill();
    until("down", || ask(&store, "up") == [0.0]).await;
    assert!(
        ask(&store, "node_load1").is_empty(),
        "a dead exporter's values end at once"
    );
    assert!(matches!(
        scraper.status()[0].error,
        Some(ScrapeError::Unreachable { .. })
    ));
    exporter.restart();
    until("up again", || {
        ask(&store, "up") == [1.0] && !ask(&store, "node_load1").is_empty()
    })
    .await;

    scraper.stop().await;
    assert!(
        ask(&store, "up").is_empty() && ask(&store, "node_load1").is_empty(),
        "stopped: nothing is shown as fresh"
    );
}

fn page(text: impl Into<Vec<u8>>) -> Answer {
    Answer::with(200, "text/plain; version=0.0.4", Body::Full(text.into()))
}

/// A server's behaviour and what the scraper must say of it.
type Case = (&'static str, Answer, fn(&ScrapeError) -> bool);

fn cases() -> Vec<Case> {
    let endless = Body::Endless {
        first: b"a 1\n".to_vec(),
        again: b"b{c=\"d\"} 1\n".repeat(500),
    };
    vec![
        (
            "html",
            Answer::with(
                200,
                "text/html",
                Body::Full(b"<!DOCTYPE html><html>login</html>".to_vec()),
            ),
            |e| matches!(e, ScrapeError::Page(p) if p.problem == Problem::Html),
        ),
        (
            "truncated",
            Answer::with(
                200,
                "text/plain",
                Body::Truncated {
                    declared: 9000,
                    sent: b"a 1\nb 2\n".to_vec(),
                },
            ),
            |e| matches!(e, ScrapeError::BrokenOff { .. }),
        ),
        (
            "cut",
            Answer::with(200, "text/plain", Body::ChunkedCut(b"a 1\n".to_vec())),
            |e| matches!(e, ScrapeError::BrokenOff { .. }),
        ),
        (
            "openmetrics-cut",
            Answer::with(
                200,
                "application/openmetrics-text; version=1.0.0",
                Body::Full(b"a 1\n".to_vec()),
            ),
            |e| matches!(e, ScrapeError::Page(p) if p.problem == Problem::MissingEof),
        ),
        ("endless", Answer::with(200, "text/plain", endless), |e| {
            matches!(
                e,
                ScrapeError::TooLarge { limit: 12_000_000 } | ScrapeError::Timeout { .. }
            )
        }),
        (
            "label",
            page(format!("a 1\nb{{c=\"{}\"}} 1\n", "v".repeat(10 << 20))),
            |e| matches!(e, ScrapeError::Page(p) if p.line == 2 && matches!(p.problem, Problem::LabelValueTooLong { .. })),
        ),
        (
            "nonsense",
            page(b"\x00\xff\xfe{{{{".to_vec()),
            |e| matches!(e, ScrapeError::Page(p) if p.line == 1),
        ),
        (
            "error",
            Answer::with(500, "text/plain", Body::Full(b"a 1\n".to_vec())),
            |e| matches!(e, ScrapeError::Status { status: 500 }),
        ),
        (
            "silent",
            Answer::with(200, "text/plain", Body::Silence(Duration::from_secs(30))),
            |e| matches!(e, ScrapeError::Timeout { .. }),
        ),
        (
            "hangup",
            Answer::with(200, "text/plain", Body::HangUp),
            |e| matches!(e, ScrapeError::Unreachable { .. }),
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_targets_are_named_and_harm_nobody_else() {
    let good = Hostile::start(|_| page("good 1\n"));
    let cases = cases();
    let servers: Vec<Hostile> = cases
        .iter()
        .map(|(_, answer, _)| answer.clone())
        .map(|answer| Hostile::start(move |_| answer.clone()))
        .collect();
    let store = store();
    let slow = |t: ScrapeTarget| ScrapeTarget {
        interval: Duration::from_secs(4),
        timeout: Duration::from_secs(4),
        limits: Limits {
            body: 12_000_000,
            ..Limits::default()
        },
        ..t
    };
    let mut targets: Vec<ScrapeTarget> = cases
        .iter()
        .zip(&servers)
        .map(|((job, ..), s)| slow(target(job, s.port())))
        .collect();
    targets.push(target("good", good.port()));
    let scraper = start(targets, &store);
    let of = |status: &[TargetStatus], job: &str| {
        status
            .iter()
            .find(|s| s.job == job)
            .cloned()
            .expect("the target")
    };
    until("all answers", || {
        scraper
            .status()
            .iter()
            .filter(|s| s.job != "good")
            .all(|s| s.error.is_some())
    })
    .await;
    let status = scraper.status();
    for (job, _, expected) in &cases {
        let error = of(&status, job).error.expect("an error");
        assert!(expected(&error), "{job}: {error:?}");
        assert_eq!(ask(&store, &format!("up{{job={job:?}}}")), [0.0], "{job}");
        assert!(
            ask(&store, &format!("{{__name__=~\"a|b\",job={job:?}}}")).is_empty(),
            "{job}: half a page is no page"
        );
    }
    assert_eq!(of(&status, "good").error, None);
    assert_eq!(ask(&store, "good"), [1.0]);
    scraper.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn redirects_are_not_followed_and_credentials_go_to_the_target_alone() {
    let elsewhere = Hostile::start(|_| page("stolen 1\n"));
    let to = format!("http://127.0.0.1:{}/metrics", elsewhere.port());
    let redirect = Hostile::start(move |_| {
        let mut answer = Answer::with(302, "text/plain", Body::Full(Vec::new()));
        answer.headers.push(("Location".into(), to.clone()));
        answer
    });
    let store = store();
    let secret = ScrapeTarget {
        auth: ScrapeAuth::Bearer(Secret::new("hunter2")),
        ..target("moved", redirect.port())
    };
    assert!(!format!("{secret:?}").contains("hunter2"));
    let scraper = start(vec![secret], &store);
    until("a refusal", || {
        scraper.status()[0].error == Some(ScrapeError::Status { status: 302 })
    })
    .await;
    scraper.stop().await;
    assert!(elsewhere.requests().is_empty());
    let asked = redirect.requests();
    assert_eq!(asked[0].header("authorization"), Some("Bearer hunter2"));
    assert!(asked[0].header("accept").is_some_and(|a| a.contains("application/openmetrics-text") && a.contains("text/plain")));
    assert!(
        asked[0]
            .header("accept-encoding")
            .is_some_and(|a| a.contains("gzip"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn openmetrics_series_that_end_and_targets_that_change() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let server = Hostile::start(move |_| {
        let more = if count.fetch_add(1, Ordering::SeqCst) < 3 {
            "once{job=\"x\"} 5\n"
        } else {
            ""
        };
        let text = format!(
            "# TYPE calls counter\n# UNIT calls seconds\ncalls_total{{job=\"theirs\"}} 7 # {{trace=\"t\"}} 1\n{more}# EOF\n"
        );
        Answer::with(
            200,
            "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Body::Full(text.into_bytes()),
        )
    });
    let store = store();
    let first = target("om", server.port());
    let scraper = start(vec![first.clone()], &store);
    until("the series", || {
        ask(&store, r#"once{job="om",exported_job="x"}"#) == [5.0]
    })
    .await;
    until("its end", || {
        ask(&store, "once").is_empty() && ask(&store, "up") == [1.0]
    })
    .await;
    assert_eq!(ask(&store, r#"calls_total{exported_job="theirs"}"#), [7.0]);
    assert_eq!(store.metadata(Some("calls"), 1)["calls"].unit, "seconds");

    let changed = ScrapeTarget {
        honor_labels: true,
        labels: vec![("zone".into(), "a".into())],
        ..first.clone()
    };
    scraper
        .set_targets(vec![changed])
        .await
        .expect("the targets are in order");
    until("the change", || {
        ask(&store, r#"calls_total{job="theirs",zone="a"}"#) == [7.0]
    })
    .await;
    assert!(
        ask(&store, r#"calls_total{exported_job="theirs"}"#).is_empty(),
        "the old series ended"
    );

    assert!(
        scraper
            .set_targets(vec![first.clone(), first])
            .await
            .is_err(),
        "twice the same"
    );
    assert_eq!(scraper.status().len(), 1, "a wrong list changes nothing");
    scraper.set_targets(Vec::new()).await.expect("no targets");
    let before = asked.load(Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(800)).await;
    assert_eq!(asked.load(Ordering::SeqCst), before, "nobody asks any more");
    assert!(ask(&store, "up").is_empty() && ask(&store, "calls_total").is_empty());
}
