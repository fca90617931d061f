//! A source that hangs, one that answers after half a minute and one that sends 100 MB: the panels of another keep their second, and
//! memory stays bounded. `cargo test -p shouwang-tests --test slow_sources -- --nocapture` prints the figures.

use desk::config;
use desk::start::{self, Machine, Overrides};
use shouwang_tests::fake_prometheus::answer as prometheus;
use shouwang_tests::hostile::{Answer, Body, Hostile, Request};
use shouwang_tests::now_ms;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use wire::{PanelState, SourceHealth};

const MIB: usize = 1 << 20;
/// How long it is looked at; longer than the slow source takes.
const LOOKED_AT: Duration = Duration::from_secs(45);

const BOARD: &str = r"
id: overview
title: test
window_seconds: 60
refresh_seconds: 1
columns: 4
rows: 1
panels:
  - {id: good, kind: timeseries, title: t, at: {x: 0, y: 0, w: 1, h: 1}, queries: [{expr: 'vector(time())', source: good}]}
  - {id: hangs, kind: timeseries, title: t, at: {x: 1, y: 0, w: 1, h: 1}, queries: [{expr: 'vector(time())', source: hangs}]}
  - {id: slow, kind: timeseries, title: t, at: {x: 2, y: 0, w: 1, h: 1}, queries: [{expr: 'vector(time())', source: slow}]}
  - {id: huge, kind: timeseries, title: t, at: {x: 3, y: 0, w: 1, h: 1}, queries: [{expr: 'vector(time())', source: huge}]}
";

/// As [`prometheus`], but ranges are answered by `worse`.
fn but(worse: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Hostile {
    Hostile::start(move |request| {
        if request.path.contains("query_range") {
            worse(request)
        } else {
            prometheus(request)
        }
    })
}

/// Passes everything on to a well-behaved server, but answers ranges with 100 MB from one small buffer, so that the memory that is
/// measured is the program's and not this one's.
struct Huge {
    url: String,
    sent: Arc<AtomicU64>,
    _behind: Hostile,
}

impl Huge {
    fn start() -> Self {
        let behind = Hostile::start(prometheus);
        let port = behind
            .url()
            .rsplit(':')
            .next()
            .and_then(|p| p.parse().ok())
            .expect("a port");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let sent = Arc::new(AtomicU64::new(0));
        let counted = sent.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let counted = counted.clone();
                std::thread::spawn(move || {
                    // whoever hangs up has had enough
                    let _ = Self::answer(stream, port, &counted);
                });
            }
        });
        Self {
            url,
            sent,
            _behind: behind,
        }
    }

    fn answer(mut stream: TcpStream, behind: u16, sent: &AtomicU64) -> std::io::Result<()> {
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte)? == 1 {
            head.push(byte[0]);
        }
        let head = String::from_utf8_lossy(&head).into_owned();
        let length = head.lines().find_map(|l| {
            l.to_ascii_lowercase()
                .strip_prefix("content-length:")?
                .trim()
                .parse()
                .ok()
        });
        let mut body = vec![0; length.unwrap_or(0)];
        stream.read_exact(&mut body)?;
        if !head.contains("query_range") {
            let mut other = TcpStream::connect((Ipv4Addr::LOCALHOST, behind))?;
            other.set_read_timeout(Some(Duration::from_secs(2)))?;
            other.write_all(
                head.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n")
                    .as_bytes(),
            )?;
            other.write_all(&body)?;
            let mut answer = Vec::new();
            // a timeout of ours ends an answer of theirs that is kept open
            let _ = other.read_to_end(&mut answer);
            return stream.write_all(&answer);
        }
        let first = br#"{"status":"success","data":{"resultType":"matrix","result":["#;
        let last = b"]}}";
        let body = 100 * MIB;
        write!(
            stream,
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {body}\r\n\r\n"
        )?;
        stream.write_all(first)?;
        let spaces = vec![b' '; 64 << 10];
        let mut left = body - first.len() - last.len();
        while left > 0 {
            let piece = left.min(spaces.len());
            stream.write_all(&spaces[..piece])?;
            sent.fetch_add(piece as u64, Ordering::Relaxed);
            left -= piece;
        }
        stream.write_all(last)
    }
}

/// Resident memory of this process, MiB.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmRSS:"));
    let kib = line
        .and_then(|l| l.split_whitespace().nth(1))
        .and_then(|v| v.parse::<usize>().ok());
    kib.unwrap_or(0) / 1024
}

fn configure(dir: &Path, sources: &[(&str, String)]) -> std::path::PathBuf {
    let boards = dir.join("boards");
    std::fs::create_dir_all(&boards).expect("a directory");
    std::fs::write(boards.join("overview.yaml"), BOARD).expect("a board");
    let mut text = format!(
        "data_dir = {:?}\nboards_dir = {boards:?}\n[embedded]\nhost = false\n",
        dir.join("data")
    );
    for (name, url) in sources {
        // the slow one is waited for; 100 MB are taken, so that reading them is part of the picture
        text.push_str(&format!(
            "[[source]]\nname = {name:?}\nkind = \"prometheus\"\nurl = {url:?}\nscrape_interval_seconds = 1\ntimeout_seconds = 40\nmax_answer_mib = 128\n"
        ));
    }
    let file = dir.join("config.toml");
    std::fs::write(&file, text).expect("the configuration");
    file
}

#[tokio::test(flavor = "multi_thread")]
async fn others_keep_their_second() {
    let good = Hostile::start(prometheus);
    let hangs = but(|_| {
        Answer::with(
            200,
            "application/json",
            Body::Silence(Duration::from_secs(600)),
        )
    });
    let slow = but(|request| {
        std::thread::sleep(Duration::from_secs(30));
        prometheus(request)
    });
    let huge = Huge::start();
    let dir = tempfile::tempdir().expect("a directory");
    let file = configure(
        dir.path(),
        &[
            ("good", good.url()),
            ("hangs", hangs.url()),
            ("slow", slow.url()),
            ("huge", huge.url.clone()),
        ],
    );
    let loaded = config::load(Some(&file));
    assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
    let desk = start::start(loaded, Overrides::default(), Machine::none()).await;

    let (mut cursor, mut last_point, mut slow_came) = (0, None, false);
    let mut intervals: Vec<i64> = Vec::new();
    let (mut peak, mut longest_pull, mut pulls) = (0, 0, 0);
    let begun = now_ms();
    let end = begun + LOOKED_AT.as_millis() as i64;
    while now_ms() < end {
        let asked = now_ms();
        let bytes = desk.handle.pull(0, cursor).await.expect("a frame");
        longest_pull = longest_pull.max(now_ms() - asked);
        pulls += 1;
        let (head, _) = wire::frame::read(&bytes).expect("a frame that reads");
        cursor = head.cursor;
        for panel in &head.panels {
            let new = panel
                .queries
                .first()
                .is_some_and(|q| q.patch.as_ref().is_some_and(|p| p.count > 0));
            if panel.id == "good" && new && panel.state == PanelState::Data {
                intervals.extend(last_point.map(|before| now_ms() - before));
                last_point = Some(now_ms());
            }
            // it is shown with its age, because it is half a minute old
            slow_came |= panel.id == "slow" && new;
        }
        peak = peak.max(resident());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let health = desk.handle.health().await.expect("the health page");
    intervals.sort_unstable();
    let at = |share: f64| intervals[((intervals.len() - 1) as f64 * share) as usize];
    println!(
        "good panel: {} updates in {LOOKED_AT:?}, interval p50 {} ms, p95 {} ms, longest {} ms; {pulls} pulls, longest {longest_pull} ms; \
         {} MiB received from the huge source; memory at most {peak} MiB",
        intervals.len(),
        at(0.5),
        at(0.95),
        at(1.0),
        huge.sent.load(Ordering::Relaxed) as usize / MIB,
    );
    // For `cargo xtask bench slow-sources`.
    println!(
        "{}",
        serde_json::json!({"other_panels_gap_p95_ms": at(0.95), "other_panels_greatest_gap_ms": at(1.0), "memory_mib": peak})
    );
    assert!(intervals.len() >= 35, "{intervals:?}");
    assert!((900..1_300).contains(&at(0.5)), "{intervals:?}");
    // one that comes late for a moment because of the machine's load is not a second that is lost for good
    assert!(at(0.9) < 2_000, "{intervals:?}");
    assert!(slow_came, "an answer after half a minute is still taken");
    assert!(
        huge.sent.load(Ordering::Relaxed) as usize > 90 * MIB,
        "it was really sent"
    );
    // eight questions at once at most, and the engine asks one of each stream: one body and what reading it takes
    assert!(peak < 900, "{peak} MiB");
    let of = |name: &str| {
        health
            .sources
            .iter()
            .find(|s| s.name == name)
            .map(|s| s.health)
    };
    assert_eq!(of("good"), Some(SourceHealth::Ok));
    desk.stop().await;
}
