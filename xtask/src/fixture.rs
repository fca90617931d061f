//! A real Prometheus with data for panels of 4 series: twelve minutes of the past, then a new point every
//! second, and the boards and configuration that show them.

use crate::display::TempDir;
use crate::procs::{self, Service};
use anyhow::{Context, Result, bail};
use std::fmt::Write as _;
use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Panels on the board that is measured most.
pub const PANELS: usize = 24;
/// Series in a panel.
pub const LINES: usize = 4;
/// Points in a series, one a second.
pub const POINTS: u64 = 720;

/// What stands on the wall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Boards; the first one is `b00`.
    pub boards: usize,
    /// Panels on each, [`LINES`] series in a panel.
    pub panels: usize,
    /// Seconds that a board stays before the next one comes; `None`: the first one stays.
    pub dwell: Option<u32>,
}

impl Layout {
    /// One board of [`PANELS`] panels.
    pub const ONE: Self = Self {
        boards: 1,
        panels: PANELS,
        dwell: None,
    };
    /// One board of twice as many.
    pub const FULL: Self = Self {
        boards: 1,
        panels: 2 * PANELS,
        dwell: None,
    };
    /// Sixteen boards, each ten seconds.
    pub const ROTATING: Self = Self {
        boards: 16,
        panels: PANELS,
        dwell: Some(10),
    };
}

/// A Prometheus that scrapes our numbers once a second. Ends on drop.
#[derive(Debug)]
pub struct Fixture {
    _prometheus: Service,
    port: u16,
    dir: TempDir,
}

impl Fixture {
    /// Fills the past and starts it, with data for [`PANELS`] panels.
    ///
    /// # Errors
    /// When promtool or Prometheus fail.
    pub fn start() -> Result<Self> {
        Self::with(PANELS)
    }

    /// Fills the past and starts it, with data for that many panels.
    ///
    /// # Errors
    /// When promtool or Prometheus fail.
    pub fn with(panels: usize) -> Result<Self> {
        let dir = TempDir::new("bench")?;
        let exporter = serve_numbers(panels)?;
        backfill(dir.path(), exporter, panels)?;
        let port = free_port()?;
        let config = dir.path().join("prometheus.yml");
        fs::write(
            &config,
            format!(
                "global: {{scrape_interval: 1s, scrape_timeout: 1s}}\nscrape_configs:\n- job_name: bench\n  \
                 static_configs: [{{targets: ['127.0.0.1:{exporter}']}}]\n"
            ),
        )?;
        let log = fs::File::create(dir.path().join("prometheus.log"))?;
        let mut command = procs::tied("prometheus");
        command
            .arg(format!("--config.file={}", config.display()))
            .arg(format!(
                "--storage.tsdb.path={}",
                dir.path().join("data").display()
            ))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        let mut prometheus = Service::start("prometheus", &mut command)?;
        wait_for(&mut prometheus, port, "/-/ready", "eady")?;
        // it begins to scrape only some seconds after it is ready
        let scraped = "/api/v1/query?query=up%7Bjob%3D%22bench%22%7D%20%3D%3D%201";
        wait_for(&mut prometheus, port, scraped, "\"value\"")?;
        Ok(Self {
            _prometheus: prometheus,
            port,
            dir,
        })
    }

    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where its files are; goes on drop.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Bytes of the full-range answers for all panels, with their headers.
    ///
    /// # Errors
    /// When Prometheus does not answer.
    pub fn full_range_bytes(&self) -> Result<u64> {
        let end = procs::epoch_seconds().floor();
        let start = end - (POINTS - 1) as f64;
        (0..PANELS)
            .map(|p| {
                let query = format!("bench_value%7Bpanel%3D%22p{p:02}%22%7D");
                let path =
                    format!("/api/v1/query_range?query={query}&start={start}&end={end}&step=1");
                let answer = get(self.port, &path)?;
                if !answer.contains("\"success\"") {
                    bail!("{}", answer.chars().take(300).collect::<String>());
                }
                Ok(answer.len() as u64)
            })
            .sum()
    }
}

/// The numbers at second `t`: smooth waves of different length with a little roughness, so that lines look and
/// compress like measurements.
fn value(panel: usize, line: usize, t: f64) -> f64 {
    let phase = (panel * LINES + line) as f64;
    let wave = (t / (40.0 + phase)).sin() * 30.0 + (t / 7.0 + phase).sin() * 4.0;
    let rough = ((t * 12.9898 + phase * 78.233).sin() * 43_758.547).fract();
    ((50.0 + wave + rough * 3.0) * 1000.0).round() / 1000.0
}

fn serve_numbers(panels: usize) -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = listener.local_addr()?.port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || answer_scrapes(stream, panels));
        }
    });
    Ok(port)
}

/// Prometheus keeps its connection; each request ends with an empty line.
fn answer_scrapes(mut stream: TcpStream, panels: usize) {
    let mut seen = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(n) = stream.read(&mut buffer) {
        if n == 0 {
            return;
        }
        seen.extend_from_slice(buffer.get(..n).unwrap_or_default());
        if !seen.ends_with(b"\r\n\r\n") {
            continue;
        }
        seen.clear();
        let mut page = String::from("# TYPE bench_value gauge\n");
        let now = procs::epoch_seconds();
        for p in 0..panels {
            for l in 0..LINES {
                let _ = writeln!(
                    page,
                    "bench_value{{panel=\"p{p:02}\",line=\"l{l}\"}} {}",
                    value(p, l, now)
                );
            }
        }
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: {}\r\n\r\n",
            page.len()
        );
        if stream
            .write_all(head.as_bytes())
            .and_then(|()| stream.write_all(page.as_bytes()))
            .is_err()
        {
            return;
        }
    }
}

/// The past, as blocks made by promtool, with the labels that the scraped series will have.
fn backfill(dir: &Path, exporter: u16, panels: usize) -> Result<()> {
    let now = procs::epoch_seconds().floor();
    let mut text = String::from("# TYPE bench_value gauge\n");
    for p in 0..panels {
        for l in 0..LINES {
            for ago in (1..=POINTS).rev() {
                let t = now - ago as f64;
                let _ = writeln!(
                    text,
                    "bench_value{{panel=\"p{p:02}\",line=\"l{l}\",job=\"bench\",instance=\"127.0.0.1:{exporter}\"}} \
                     {} {t}",
                    value(p, l, t)
                );
            }
        }
    }
    text.push_str("# EOF\n");
    let file = dir.join("past.om");
    fs::write(&file, text)?;
    procs::output(
        Command::new("promtool")
            .args(["tsdb", "create-blocks-from", "openmetrics"])
            .arg(&file)
            .arg(dir.join("data")),
    )?;
    Ok(())
}

/// Waits until the answer to `path` is a success that holds `sign`.
fn wait_for(prometheus: &mut Service, port: u16, path: &str, sign: &str) -> Result<()> {
    let begun = procs::now();
    while !get(port, path).is_ok_and(|a| a.contains(" 200 OK") && a.contains(sign)) {
        prometheus.check()?;
        if begun.elapsed() > Duration::from_secs(30) {
            bail!("Prometheus 没有就绪 · Prometheus did not become ready");
        }
        procs::pause(Duration::from_millis(50))?;
    }
    Ok(())
}

/// Status line, headers and body.
fn get(port: u16, path: &str) -> Result<String> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    write!(stream, "GET {path} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A port of 127.0.0.1 on which nobody listens now.
///
/// # Errors
/// When the system gives none.
pub fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
        .local_addr()?
        .port())
}

/// Stands between the program and a server and counts what the server sends. Its threads end with the process.
#[derive(Debug)]
pub struct Counter {
    port: u16,
    bytes: Arc<AtomicU64>,
}

impl Counter {
    /// In front of 127.0.0.1:`server`.
    ///
    /// # Errors
    /// When no port is free.
    pub fn start(server: u16) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        let bytes = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&bytes);
        std::thread::spawn(move || {
            for near in listener.incoming().flatten() {
                let _ = pass(near, server, &count);
            }
        });
        Ok(Self { port, bytes })
    }

    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Bytes that the server sent so far.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }
}

fn pass(near: TcpStream, server: u16, count: &Arc<AtomicU64>) -> Result<()> {
    let far = TcpStream::connect((Ipv4Addr::LOCALHOST, server))?;
    let (near2, far2) = (near.try_clone()?, far.try_clone()?);
    let count = Arc::clone(count);
    std::thread::spawn(move || copy(near, far, &AtomicU64::new(0)));
    std::thread::spawn(move || copy(far2, near2, &count));
    Ok(())
}

fn copy(mut from: TcpStream, mut to: TcpStream, count: &AtomicU64) {
    let mut buffer = [0; 16 * 1024];
    while let Ok(n) = from.read(&mut buffer) {
        count.fetch_add(n as u64, Ordering::Relaxed);
        if n == 0 || to.write_all(buffer.get(..n).unwrap_or_default()).is_err() {
            break;
        }
    }
    let _ = to.shutdown(std::net::Shutdown::Write);
}

/// Writes boards and configuration into `dir`; gives the program's arguments.
///
/// # Errors
/// When a file cannot be written.
pub fn configure(dir: &Path, port: u16, layout: Layout) -> Result<Vec<String>> {
    let boards = dir.join("boards");
    fs::create_dir_all(&boards)?;
    for b in 0..layout.boards {
        fs::write(
            boards.join(format!("b{b:02}.yaml")),
            board(b, layout.panels),
        )?;
    }
    let config = dir.join("shouwang.toml");
    let text = format!(
        "boards_dir = {:?}\n{}",
        boards.display().to_string(),
        config_text(port, layout)
    );
    fs::write(&config, text).context("configuration")?;
    Ok(vec![
        "--config".into(),
        config.display().to_string(),
        "--board".into(),
        "b00".into(),
        "--kiosk".into(),
    ])
}

/// The configuration without the folder of the boards: the source, and in which order the boards follow each other.
pub fn config_text(port: u16, layout: Layout) -> String {
    let mut text = format!(
        "board = \"b00\"\n\n[embedded]\nhost = false\n\n[demo]\nenabled = false\n\n\
         [[source]]\nname = \"bench\"\nkind = \"prometheus\"\nurl = \"http://127.0.0.1:{port}\"\n\
         scrape_interval_seconds = 1.0\n"
    );
    if let Some(dwell) = layout.dwell {
        let _ = write!(text, "\n[wall]\ndwell_seconds = {dwell}\n");
        for b in 0..layout.boards {
            let _ = write!(text, "[[wall.rotation]]\nboard = \"b{b:02}\"\n");
        }
    }
    text
}

/// Panels of time series over [`POINTS`] seconds, asked once a second, six or eight beside each other. Each board shows the same series, in
/// another order.
pub fn board(number: usize, panels: usize) -> String {
    let across = if panels > PANELS { 8 } else { 6 };
    let rows = panels.div_ceil(across) * 5;
    let mut text = format!(
        "id: b{number:02}\ntitle: B{number:02} · {panels} × {LINES} × {POINTS}\nwindow_seconds: {POINTS}\nrefresh_seconds: 1\ncolumns: \
         24\nrows: {rows}\npanels:\n"
    );
    for i in 0..panels {
        let (x, y, w) = (i % across * (24 / across), i / across * 5, 24 / across);
        let p = (i + number) % panels;
        let _ = write!(
            text,
            "- id: p{p:02}\n  kind: timeseries\n  title: P{p:02}\n  at: {{x: {x}, y: {y}, w: {w}, h: 5}}\n  \
             queries:\n  - expr: bench_value{{panel=\"p{p:02}\"}}\n    legend: \"{{{{line}}}}\"\n    source: bench\n"
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_sends_is_counted() {
        let exporter = serve_numbers(PANELS).unwrap();
        let counter = Counter::start(exporter).unwrap();
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, counter.port())).unwrap();
        stream.write_all(b"GET /metrics HTTP/1.1\r\n\r\n").unwrap();
        let mut text = String::new();
        let mut buffer = [0; 4096];
        let last = format!("panel=\"p{:02}\",line=\"l{}\"", PANELS - 1, LINES - 1);
        while !(text.contains(&last) && text.ends_with('\n')) {
            let n = stream.read(&mut buffer).unwrap();
            assert!(n > 0, "{text}");
            text.push_str(&String::from_utf8_lossy(&buffer[..n]));
        }
        assert_eq!(counter.bytes(), text.len() as u64);
        assert_eq!(
            text.lines()
                .filter(|l| l.starts_with("bench_value{"))
                .count(),
            PANELS * LINES
        );
    }

    #[test]
    fn the_board_has_every_panel_on_its_grid() {
        let text = board(0, PANELS);
        assert_eq!(text.matches("kind: timeseries").count(), PANELS);
        assert!(text.contains("at: {x: 20, y: 15, w: 4, h: 5}"));
        let text = board(3, Layout::FULL.panels);
        assert!(text.contains("rows: 30"));
        assert!(text.contains(
            "id: p02\n  kind: timeseries\n  title: P02\n  at: {x: 21, y: 25, w: 3, h: 5}"
        ));
    }

    #[test]
    fn the_boards_follow_each_other() {
        let text = config_text(9, Layout::ROTATING);
        assert_eq!(text.matches("[[wall.rotation]]").count(), 16);
        assert!(!config_text(9, Layout::ONE).contains("[wall]"));
    }
}
