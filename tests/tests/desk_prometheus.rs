//! The desk without a window, on a real Prometheus: what the page would see.

use desk::config;
use desk::start::{self, Desk, Machine, Overrides};
use shouwang_tests::hostile::{Answer, Body, Hostile};
use shouwang_tests::servers::{PrometheusOptions, prometheus};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;
use wire::{
    ErrorCode, FrameHead, PanelFrame, PanelState, ReadyBoard, SourceHealth, SourceView, WallCommand,
};

/// A page that pulls and remembers, as the real one does.
#[derive(Default)]
struct Page {
    cursor: u64,
    panels: BTreeMap<String, PanelFrame>,
    sources: Vec<SourceView>,
    /// Points of the first series of each panel's first query: time to value.
    points: BTreeMap<String, BTreeMap<i64, f64>>,
    frames: Vec<usize>,
}

impl Page {
    async fn pull(&mut self, desk: &Desk) -> FrameHead {
        let bytes = desk.handle.pull(0, self.cursor).await.expect("a frame");
        self.frames.push(bytes.len());
        let (head, block) = wire::frame::read(&bytes).expect("a frame that reads");
        self.cursor = head.cursor;
        if let Some(sources) = head.sources.clone() {
            self.sources = sources;
        }
        for panel in head.panels.clone() {
            if let Some(query) = panel.queries.first() {
                let points = self.points.entry(panel.id.clone()).or_default();
                if query.series.is_some() {
                    points.clear();
                }
                if let Some(patch) = query.patch {
                    points.retain(|t, _| *t < patch.from as i64);
                    let at = patch.offset as usize;
                    for (i, v) in block.iter().skip(at).take(patch.count as usize).enumerate() {
                        points.insert(patch.from as i64 + i as i64 * patch.step as i64, *v);
                    }
                }
                points.retain(|t, _| *t >= query.start as i64);
            }
            self.panels.insert(panel.id.clone(), panel);
        }
        head
    }

    /// Pulls every fifth of a second until `done` holds; fails after half a minute.
    async fn until(&mut self, desk: &Desk, what: &str, done: impl Fn(&Self) -> bool) {
        for _ in 0..150 {
            self.pull(desk).await;
            if done(self) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        panic!("{what}: {:#?} {:#?}", self.panels, self.sources);
    }

    fn state(&self, panel: &str) -> &PanelState {
        &self.panels[panel].state
    }
}

const BOARD: &str = r"
id: overview
title: test
window_seconds: 60
refresh_seconds: 1
columns: 4
rows: 2
panels:
  - {id: good, kind: timeseries, title: t, at: {x: 0, y: 0, w: 1, h: 1}, queries: [{expr: 'sum(scrape_samples_scraped)'}]}
  - {id: bad, kind: stat, title: t, at: {x: 1, y: 0, w: 1, h: 1}, queries: [{expr: 'BAD'}]}
  - {id: none, kind: gauge, title: t, at: {x: 2, y: 0, w: 1, h: 1}, queries: [{expr: 'no_such_metric'}]}
";

async fn desk(dir: &Path, sources: &str) -> Desk {
    let boards = dir.join("boards");
    std::fs::create_dir_all(&boards).unwrap();
    // It parses, so the board is taken; only the source can refuse it.
    let board = BOARD.replace("BAD", "label_replace(up, \"x\", \"$1\", \"y\", \"(\")");
    std::fs::write(boards.join("overview.yaml"), board).unwrap();
    let file = dir.join("config.toml");
    let text = format!(
        "data_dir = {:?}\nboards_dir = {boards:?}\n[embedded]\nhost = false\n{sources}",
        dir.join("data")
    );
    std::fs::write(&file, text).unwrap();
    let loaded = config::load(Some(&file));
    assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
    start::start(loaded, Overrides::default(), Machine::none()).await
}

fn source(name: &str, url: &str) -> String {
    format!(
        "[[source]]\nname = {name:?}\nkind = \"prometheus\"\nurl = {url:?}\nscrape_interval_seconds = 1\ntimeout_seconds = 2\n"
    )
}

fn scraping_itself() -> PrometheusOptions {
    let targets = vec![("prometheus".to_owned(), vec!["127.0.0.1:{port}".to_owned()])];
    PrometheusOptions {
        targets,
        ..PrometheusOptions::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_of_prometheus_is_shown_and_the_picture_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let mut server = prometheus(scraping_itself());
    let desk = desk(dir.path(), &source("p", &server.url())).await;
    let mut page = Page::default();
    page.until(&desk, "data", |p| {
        p.panels
            .get("good")
            .is_some_and(|x| x.state == PanelState::Data)
    })
    .await;
    page.until(&desk, "a wrong query fails its own panel", |p| {
        matches!(p.state("bad"), PanelState::Failed { error, .. } if error.code == ErrorCode::Query)
    })
    .await;
    page.until(&desk, "no data", |p| {
        matches!(p.state("none"), PanelState::NoData { .. })
    })
    .await;

    // Cost of a refresh: frames after the first hold what is new.
    let before = page.frames.len();
    for _ in 0..10 {
        page.pull(&desk).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let largest = page.frames[before..].iter().max().copied().unwrap_or(0);
    assert!(largest < 6_000, "a refresh of {largest} bytes");

    server.kill();
    page.until(&desk, "failed", |p| {
        matches!(p.state("good"), PanelState::Failed { error, .. } if error.code == ErrorCode::Connect)
            && p.sources[0].health == SourceHealth::Failed
    })
    .await;
    let known: Vec<i64> = page.points["good"].keys().copied().collect();
    server.restart();
    page.until(&desk, "data again", |p| {
        *p.state("good") == PanelState::Data && p.sources[0].health == SourceHealth::Ok
    })
    .await;
    let points = &page.points["good"];
    let last_before = known.last().copied().unwrap();
    assert!(
        points.keys().any(|t| *t > last_before),
        "the picture goes on"
    );
    assert!(points.contains_key(&last_before), "and keeps what it had");
    let times: Vec<i64> = points.keys().copied().collect();
    assert!(
        times.windows(2).all(|w| w[1] - w[0] == 1_000),
        "one grid, no hole in it: {times:?}"
    );
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sources_that_misbehave_leave_the_others_alone() {
    let dir = tempfile::tempdir().unwrap();
    let server = prometheus(scraping_itself());
    let html = Hostile::always(Answer::with(
        200,
        "text/html",
        Body::Full(b"<html><title>Login</title></html>".to_vec()),
    ));
    let nobody = format!("http://127.0.0.1:{}", shouwang_tests::servers::free_port());
    let sources = [
        ("p", server.url()),
        ("html", html.url()),
        ("nobody", nobody),
    ];
    let text: String = sources.iter().map(|(n, u)| source(n, u)).collect();
    let desk = desk(dir.path(), &text).await;
    let mut page = Page::default();
    page.until(
        &desk,
        "the good one works, the others say what is wrong",
        |p| {
            let code = |name: &str| {
                p.sources
                    .iter()
                    .find(|s| s.name == name)
                    .and_then(|s| s.error.as_ref())
                    .map(|e| e.code)
            };
            p.panels
                .get("good")
                .is_some_and(|x| x.state == PanelState::Data)
                && code("html") == Some(ErrorCode::NotPrometheus)
                && code("nobody") == Some(ErrorCode::Connect)
                && code("p").is_none()
        },
    )
    .await;
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_zoom_gives_finer_points_and_a_board_that_breaks_stays() {
    let dir = tempfile::tempdir().unwrap();
    let server = prometheus(scraping_itself());
    let desk = desk(dir.path(), &source("p", &server.url())).await;
    let mut page = Page::default();
    page.until(&desk, "data", |p| {
        p.panels
            .get("good")
            .is_some_and(|x| x.state == PanelState::Data)
    })
    .await;
    let now = desk::clock::now_ms();
    let zoom = desk::core::Zoom {
        screen: 0,
        panel: "good".into(),
        from: now - 20_000,
        to: now,
        points: 500,
    };
    let (head, _) =
        wire::frame::read(&desk.handle.zoom(zoom).await.expect("a zoom")).expect("a frame");
    let patch = head.panels[0].queries[0].patch.expect("points");
    assert_eq!(patch.step, 1_000.0);
    assert!(patch.count >= 20);
    let nonsense = desk::core::Zoom {
        screen: 0,
        panel: "nope".into(),
        from: 0,
        to: 1,
        points: 1,
    };
    assert!(desk.handle.zoom(nonsense).await.is_err());

    let board = dir.path().join("boards/overview.yaml");
    std::fs::write(&board, "id: overview\ntitle: t\npanels: {").unwrap();
    let mut problem = None;
    for _ in 0..50 {
        tokio::time::sleep(Duration::from_millis(200)).await;
        problem = desk
            .handle
            .health()
            .await
            .expect("health")
            .problems
            .first()
            .cloned();
        if problem.is_some() {
            break;
        }
    }
    let problem = problem.expect("the broken board is told");
    assert!(
        problem.file.ends_with("overview.yaml") && problem.line == 3,
        "{problem:?}"
    );
    page.until(&desk, "the old board stays", |p| {
        *p.state("good") == PanelState::Data
    })
    .await;
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_from_the_command_line_reaches_the_store_that_the_wall_holds() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let file = dir.path().join("config.toml");
    let port = shouwang_tests::servers::free_port();
    let text = format!(
        "data_dir = {data:?}\n[embedded]\ninterval_seconds = 1\nlisten = \"127.0.0.1:{port}\"\n[demo]\nenabled = false\n"
    );
    std::fs::write(&file, text).unwrap();
    let loaded = config::load(Some(&file));
    assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
    let settings = loaded.config.clone();
    let desk = start::start(loaded, Overrides::default(), Machine::none()).await;
    let stop = tokio_util::sync::CancellationToken::new();
    let client = desk::feeders::for_query(&settings, Some(&data), "local", &stop)
        .await
        .expect("the wall's own address");
    let mut found = 0;
    for _ in 0..50 {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let answer = client
            .instant("node_uname_info", None)
            .await
            .expect("an answer");
        if let model::InstantValue::Vector(all) = answer.value {
            found = all.len();
        }
        if found > 0 {
            break;
        }
    }
    assert_eq!(found, 1, "this host's own metric, through Prometheus' API");

    let mut alone = settings.clone();
    alone.embedded.listen.clear();
    let refused = desk::feeders::for_query(&alone, Some(&data), "local", &stop).await;
    assert!(
        refused.is_err(),
        "without an address it is said that the store is in use"
    );
    desk.stop().await;
}

/// One pull of a page that may have laid out a board.
async fn pulled(desk: &Desk, cursor: u64, ready: Option<&ReadyBoard>) -> FrameHead {
    let ready = ready.cloned().into_iter().collect();
    let bytes = desk.handle.pull_with(0, cursor, ready).await;
    let bytes = bytes.expect("a frame");
    let (head, _) = wire::frame::read(&bytes).expect("a frame that reads");
    head
}

/// Pulls until a board that comes is sent. What the page then says of it, and its cursor.
async fn coming(desk: &Desk, board: &str) -> (ReadyBoard, u64) {
    let mut cursor = 0;
    for _ in 0..150 {
        let head = pulled(desk, cursor, None).await;
        cursor = head.cursor;
        if let Some(coming) = head.coming {
            assert_eq!(coming.board.id, board);
            assert_eq!(coming.panels.len(), coming.board.panels.len());
            assert!(
                coming.panels.iter().all(|p| p.state != PanelState::Loading),
                "it is sent when it is complete"
            );
            let points = |p: &PanelFrame| p.queries[0].patch.map_or(0, |patch| patch.count);
            assert!(coming.panels.iter().any(|p| points(p) > 0), "with points");
            let board = board.to_owned();
            return (ReadyBoard { board, cursor }, cursor);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{board} has not come");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_board_that_is_laid_out_beforehand_gets_only_what_is_new_when_it_comes() {
    let dir = tempfile::tempdir().unwrap();
    let server = prometheus(scraping_itself());
    std::fs::create_dir_all(dir.path().join("boards")).unwrap();
    for id in ["two", "three"] {
        let board = BOARD
            .replace("BAD", "up")
            .replace("id: overview", &format!("id: {id}"));
        std::fs::write(dir.path().join(format!("boards/{id}.yaml")), board).unwrap();
    }
    let rotation = ["overview", "two", "three"]
        .map(|b| format!("[[wall.rotation]]\nboard = {b:?}\n"))
        .concat();
    let config = format!(
        "{}[wall]\ndwell_seconds = 3600\n{rotation}",
        source("p", &server.url())
    );
    let desk = desk(dir.path(), &config).await;
    let turn = async || {
        let next = WallCommand::Next { screen: None };
        desk.handle.wall(next).await.expect("a board that follows");
    };
    let mut page = Page::default();
    page.until(&desk, "data", |p| {
        let points = p.points.get("good");
        points.is_some_and(|points| points.len() > 5)
    })
    .await;

    // Who has turned once will turn again.
    turn().await;
    let (ready, cursor) = coming(&desk, "three").await;
    let head = pulled(&desk, cursor, Some(&ready)).await;
    assert!(head.coming.is_none(), "it is sent once");
    assert_eq!(head.board, None);
    tokio::time::sleep(Duration::from_secs(2)).await;

    turn().await;
    let head = pulled(&desk, cursor, Some(&ready)).await;
    assert_eq!(head.board.map(|b| b.id).as_deref(), Some("three"));
    assert!(!head.full);
    assert!(head.verdict.is_some() && head.kiosk.is_some());
    assert!(head.settings.is_none(), "what all boards share stays");
    let good = head
        .panels
        .iter()
        .find(|p| p.id == "good")
        .expect("it has moved on");
    assert!(good.queries[0].series.is_none());
    let count = good.queries[0].patch.map(|p| p.count);
    assert!(
        count.is_some_and(|n| n < 40),
        "{count:?} points of sixty, and it was known up to two seconds ago"
    );

    // Whoever has nothing ready, something else, or something from before a restart, gets all of it.
    let other = ReadyBoard {
        board: "two".to_owned(),
        ..ready.clone()
    };
    let later = ReadyBoard {
        cursor: u64::MAX,
        ..ready.clone()
    };
    for not in [None, Some(&other), Some(&later)] {
        let head = pulled(&desk, cursor, not).await;
        assert!(head.full && head.panels.len() == 3, "{not:?}");
    }
    let head = pulled(&desk, 0, Some(&ready)).await;
    assert!(head.full && head.settings.is_some(), "a page that begins");
    desk.stop().await;
}
