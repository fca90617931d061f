//! The desk without a window over sources that are half well: parts of answers, pages that cannot be scraped, secrets that cannot be read,
//! a keyring that hangs, clocks that are apart, and every bad answer beside a good one. What the page would see.

#[path = "desk_sources/secrets.rs"]
mod secrets_of_sources;

use desk::config;
use desk::start::{self, Desk, Machine, Overrides};
use shouwang_tests::hostile::{Answer, Body, Hostile};
use shouwang_tests::{fake_prometheus, now_ms, servers};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use wire::{
    ErrorCode, ErrorView, FrameHead, HealthView, PanelFrame, PanelState, RemarkView, SourceHealth,
    SourceView,
};

/// Panels beside each other, each over `vector(time())` of a source of its own.
fn board(panels: &[(&str, &str)]) -> String {
    let mut text = format!(
        "id: overview\ntitle: test\nwindow_seconds: 60\nrefresh_seconds: 1\ncolumns: {}\nrows: 1\npanels:\n",
        panels.len().max(1)
    );
    for (x, (id, source)) in panels.iter().enumerate() {
        text.push_str(&format!(
            "  - {{id: {id}, kind: timeseries, title: t, at: {{x: {x}, y: 0, w: 1, h: 1}}, queries: [{{expr: 'vector(time())', source: {source}}}]}}\n"
        ));
    }
    text
}

fn written(dir: &Path, board: &str, config: &str) -> config::Loaded {
    let boards = dir.join("boards");
    std::fs::create_dir_all(&boards).unwrap();
    std::fs::write(boards.join("overview.yaml"), board).unwrap();
    let file = dir.join("config.toml");
    let text = format!(
        "data_dir = {:?}\nboards_dir = {boards:?}\n{config}",
        dir.join("data")
    );
    std::fs::write(&file, text).unwrap();
    let loaded = config::load(Some(&file));
    assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
    loaded
}

async fn desk(dir: &Path, board: &str, config: &str) -> Desk {
    let loaded = written(dir, board, config);
    start::start(loaded, Overrides::default(), Machine::none()).await
}

const NOTHING_EMBEDDED: &str = "[embedded]\nhost = false\n[demo]\nenabled = false\n";

fn source(name: &str, url: &str, more: &str) -> String {
    format!(
        "[[source]]\nname = {name:?}\nkind = \"prometheus\"\nurl = {url:?}\nscrape_interval_seconds = 1\ntimeout_seconds = 5\n{more}"
    )
}

/// Everything that a page sees, with its numbers.
struct Seen {
    head: FrameHead,
    block: Vec<f64>,
}

impl Seen {
    fn panel(&self, id: &str) -> &PanelFrame {
        let mut all = self.head.panels.iter();
        all.find(|p| p.id == id).expect("the panel")
    }

    fn source(&self, name: &str) -> &SourceView {
        let sources = self.head.sources.as_ref().expect("a whole frame");
        sources.iter().find(|s| s.name == name).expect("the source")
    }

    fn is_data(&self, id: &str) -> bool {
        self.panel(id).state == PanelState::Data
    }

    fn error(&self, id: &str) -> Option<&ErrorView> {
        match &self.panel(id).state {
            PanelState::Failed { error, .. } => Some(error),
            _ => None,
        }
    }

    fn code(&self, id: &str) -> Option<ErrorCode> {
        self.error(id).map(|e| e.code)
    }

    fn unknown(&self) -> u32 {
        self.head.verdict.as_ref().expect("a whole frame").unknown
    }

    /// Time of the newest point of a panel's first series, ms.
    fn newest_point(&self, id: &str) -> f64 {
        let patch = self.panel(id).queries[0].patch.expect("points");
        patch.from + patch.step * f64::from(patch.count - 1)
    }

    /// Data time of a panel's value in our time, ms.
    fn data_at(&self, id: &str) -> f64 {
        self.block[self.panel(id).queries[0].reduced as usize + 1]
    }
}

async fn look(desk: &Desk) -> Seen {
    let bytes = desk.handle.pull(0, 0).await.expect("a frame");
    let (head, block) = wire::frame::read(&bytes).expect("a frame that reads");
    Seen { head, block }
}

async fn until(desk: &Desk, what: &str, done: impl Fn(&Seen) -> bool) -> Seen {
    for _ in 0..300 {
        let seen = look(desk).await;
        if !seen.head.panels.is_empty() && done(&seen) {
            return seen;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let seen = look(desk).await;
    panic!("{what}: {:#?} {:#?}", seen.head.panels, seen.head.sources);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_of_an_answer_is_told_where_it_is_shown_and_on_its_source() {
    let partial = Arc::new(AtomicBool::new(true));
    let still = partial.clone();
    let storage = Hostile::start(move |request| {
        if request.path.contains("query_range") && still.load(Ordering::Relaxed) {
            let more =
                serde_json::json!({"isPartial": true, "warnings": ["storage node 3 is away"]});
            return fake_prometheus::with(request, more);
        }
        fake_prometheus::answer(request)
    });
    let dir = tempfile::tempdir().unwrap();
    let mut two = board(&[("part", "vm"), ("whole", "vm")]);
    // Of the same source, but about the present: it is answered whole every second.
    two = two.replace("id: whole, kind: timeseries", "id: whole, kind: stat");
    two = two.replacen("columns: 2", "columns: 3", 1);
    two.push_str("  - {id: now, kind: gauge, title: t, at: {x: 2, y: 0, w: 1, h: 1}, queries: [{expr: 'vector(1)', source: vm}]}\n");
    let config = format!("{NOTHING_EMBEDDED}{}", source("vm", &storage.url(), ""));
    let desk = desk(dir.path(), &two, &config).await;
    let seen = until(&desk, "the part is told", |s| {
        s.is_data("part") && s.is_data("now") && !s.panel("part").remarks.is_empty()
    })
    .await;
    assert_eq!(
        seen.panel("part").remarks,
        [RemarkView::Warned {
            source: "vm".into(),
            partial: true,
            texts: vec!["storage node 3 is away".into()]
        }]
    );
    assert!(seen.panel("now").remarks.is_empty());
    assert!(seen.unknown() > 0, "what is missing may be bad");
    // It stays told while other questions are answered whole.
    for _ in 0..15 {
        let seen = look(&desk).await;
        let vm = seen.source("vm");
        assert_eq!(vm.health, SourceHealth::Degraded);
        assert_eq!(vm.error.as_ref().map(|e| e.code), Some(ErrorCode::Partial));
        assert_eq!(vm.warnings, ["storage node 3 is away"]);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let health = desk.handle.health().await.expect("health");
    assert_eq!(health.sources[0].warnings, ["storage node 3 is away"]);
    partial.store(false, Ordering::Relaxed);
    until(&desk, "whole again", |s| {
        s.panel("part").remarks.is_empty()
            && s.source("vm").health == SourceHealth::Ok
            && s.unknown() == 0
    })
    .await;
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_cannot_be_scraped_is_told_with_its_reason() {
    let html = Hostile::always(Answer::with(
        200,
        "text/html",
        Body::Full(b"<html><title>Login</title></html>".to_vec()),
    ));
    let good = Hostile::always(Answer::with(
        200,
        "text/plain; version=0.0.4",
        Body::Full(b"orders 3\n".to_vec()),
    ));
    let dead = format!("http://127.0.0.1:{}", servers::free_port());
    let mut config = "[demo]\nenabled = false\n[embedded]\nhost = false\n".to_owned();
    for (job, url) in [("good", good.url()), ("html", html.url()), ("dead", dead)] {
        config.push_str(&format!(
            "[[embedded.scrape]]\njob = {job:?}\nurl = \"{url}/metrics\"\ninterval_seconds = 1.0\ntimeout_seconds = 1.0\n"
        ));
    }
    let dir = tempfile::tempdir().unwrap();
    let desk = desk(dir.path(), &board(&[("p", "local")]), &config).await;
    let seen = until(&desk, "the source says it", |s| {
        let error = s.source("local").error.as_ref();
        error.is_some_and(|e| e.params.get("failed").is_some_and(|n| n == "2"))
    })
    .await;
    let local = seen.source("local");
    let error = local.error.as_ref().expect("a reason");
    assert_eq!(
        (local.health, error.code),
        (SourceHealth::Degraded, ErrorCode::Targets)
    );
    assert_eq!(error.params["all"], "3");
    assert_eq!(error.params["reason_key"], "scrape.error.unreachable");
    assert!(seen.is_data("p"), "what it has is shown all the same");
    let health: HealthView = desk.handle.health().await.expect("health");
    let target = |job: &str| {
        let mut all = health.targets.iter();
        all.find(|t| t.job == job).expect("the target")
    };
    assert_eq!(target("good").health, SourceHealth::Ok);
    assert_eq!(target("good").samples, 1);
    for (job, key) in [
        ("html", "scrape.error.page"),
        ("dead", "scrape.error.unreachable"),
    ] {
        let error = target(job).error.as_ref().expect("a reason");
        assert_eq!(target(job).health, SourceHealth::Failed);
        assert_eq!(error.code, ErrorCode::Scrape);
        assert_eq!(error.params["reason_key"], key);
    }
    assert_ne!(health.targets[0].job, "good", "those that fail come first");
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_whose_clock_is_ten_minutes_ahead_is_shown_in_our_time() {
    const AHEAD: i64 = 600_000;
    let ahead = Hostile::start(|request| {
        let mut answer = fake_prometheus::answer(request);
        let theirs = chrono::DateTime::from_timestamp_millis(now_ms() + AHEAD).expect("a time");
        let date = theirs.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
        answer.headers.push(("Date".into(), date));
        answer
    });
    let dir = tempfile::tempdir().unwrap();
    let config = format!("{NOTHING_EMBEDDED}{}", source("ahead", &ahead.url(), ""));
    let desk = desk(dir.path(), &board(&[("p", "ahead")]), &config).await;
    let skew = |s: &Seen| s.source("ahead").skew.unwrap_or(0.0);
    until(&desk, "its time is known", |s| {
        s.is_data("p") && skew(s) > 590_000.0 && s.newest_point("p") > s.head.now + 590_000.0
    })
    .await;
    for _ in 0..20 {
        let seen = look(&desk).await;
        let source = seen.source("ahead");
        assert!((skew(&seen) - AHEAD as f64).abs() <= 1_500.0, "{source:?}");
        assert_eq!(
            (source.health, source.error.as_ref().map(|e| e.code)),
            (SourceHealth::Degraded, Some(ErrorCode::Skew))
        );
        assert!(seen.is_data("p"), "{:?}", seen.panel("p").state);
        let age = seen.head.now - seen.data_at("p");
        assert!(age.abs() < 5_000.0, "its values are {age} ms old");
        let behind = seen.head.now + AHEAD as f64 - seen.newest_point("p");
        assert!(behind.abs() < 5_000.0, "the picture ends {behind} ms ago");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    desk.stop().await;
}

/// 64 MiB of spaces, which gzip makes 64 KiB of.
fn bomb(dir: &Path) -> Vec<u8> {
    let file = dir.join("bomb");
    std::fs::write(&file, vec![b' '; 64 << 20]).unwrap();
    let gzip = std::process::Command::new("gzip")
        .arg("-9")
        .arg(&file)
        .status();
    assert!(gzip.expect("gzip runs").success());
    std::fs::read(dir.join("bomb.gz")).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_bad_answer_fails_its_own_panel_and_a_good_one_keeps_its_second() {
    let dir = tempfile::tempdir().unwrap();
    let bomb = bomb(dir.path());
    let json = |bytes: Vec<u8>| Answer::with(200, "application/json", Body::Full(bytes));
    let bad = |worse: Answer| {
        Hostile::start(move |request| {
            if request.path.contains("query_range") {
                worse.clone()
            } else {
                fake_prometheus::answer(request)
            }
        })
    };
    let begun = br#"{"status":"success","data":{"resultType":"matrix","result":["#.to_vec();
    let truncated = Answer::with(
        200,
        "application/json",
        Body::Truncated {
            declared: 5_000,
            sent: begun.clone(),
        },
    );
    let mut large = begun.clone();
    large.resize(4 << 20, b' ');
    let mut packed = json(bomb);
    packed
        .headers
        .push(("Content-Encoding".into(), "gzip".into()));
    let label = format!(
        r#"{{"status":"success","data":{{"resultType":"matrix","result":[{{"metric":{{"x":"{}"}},"values":[[1,"1"]]}}]}}}}"#,
        "长".repeat(10 << 20 >> 1)
    );
    let html = Answer::with(
        200,
        "text/html",
        Body::Full(b"<html><title>Login</title></html>".to_vec()),
    );
    let good = Hostile::start(fake_prometheus::answer);
    let servers = [
        ("truncated", bad(truncated), ""),
        ("oversized", bad(json(large)), "max_answer_mib = 1\n"),
        ("bomb", bad(packed), "gzip = true\nmax_answer_mib = 1\n"),
        ("label", bad(json(label.into_bytes())), ""),
        ("html", bad(html), ""),
    ];
    let mut config = NOTHING_EMBEDDED.to_owned() + &source("good", &good.url(), "");
    let mut panels = vec![("good", "good")];
    for (name, server, more) in &servers {
        config.push_str(&source(name, &server.url(), more));
        panels.push((*name, *name));
    }
    let desk = desk(dir.path(), &board(&panels), &config).await;
    until(&desk, "the good one is there", |s| s.is_data("good")).await;
    // While the others come to their ends, and after.
    let mut worst: f64 = 0.0;
    for _ in 0..60 {
        let seen = look(&desk).await;
        assert!(seen.is_data("good"));
        worst = worst.max(seen.head.now - seen.newest_point("good"));
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert!(worst < 3_500.0, "the good panel was {worst} ms behind");
    let seen = until(&desk, "each says what is wrong", |s| {
        servers.iter().all(|(name, ..)| s.code(name).is_some())
    })
    .await;
    for (name, expected, advice) in [
        ("truncated", ErrorCode::Truncated, "truncated"),
        ("oversized", ErrorCode::TooLarge, "too_large"),
        ("bomb", ErrorCode::TooLarge, "too_large"),
        ("label", ErrorCode::Limit, "limit"),
        ("html", ErrorCode::NotPrometheus, "not_prometheus"),
    ] {
        let error = seen.error(name).expect("it fails");
        assert_eq!(error.code, expected, "{name}");
        // What to do about it comes along; the page has the sentence.
        assert_eq!(error.params.get("advice").map(String::as_str), Some(advice));
        assert!(error.params.values().all(|v| v.len() < 4_000), "{name}");
    }
    assert!(seen.is_data("good"));
    desk.stop().await;
}
