//! The wall as a kiosk without a driver of windows: the program alone on a display, asked by its command line and seen by pictures.

use crate::window;
use std::process::{Command, Stdio};
use std::time::Duration;
use wire::WallStatus;
use xtask::display::Display;
use xtask::procs::{self, Service};

/// A board of one panel about a domain.
pub fn board(id: &str, title: &str, domain: &str) -> String {
    format!(
        "id: {id}\ntitle: {title}\nwindow_seconds: 600\nrefresh_seconds: 1\ncolumns: 24\nrows: 20\npanels:\n- id: {id}_load\n  \
         kind: stat\n  title: 负载\n  domain: {domain}\n  at: {{x: 0, y: 0, w: 24, h: 20}}\n  queries:\n  - expr: node_load1\n"
    )
}

/// Nothing but this host, each second.
pub const QUIET: &str = "[demo]\nenabled = false\n[embedded]\ninterval_seconds = 1.0\n";

/// How the program that runs on this display says that its wall is.
///
/// # Panics
/// When it cannot be asked.
pub fn status(display: &Display) -> WallStatus {
    let text = window::command_line(display, &["wall", "status", "--json"], "");
    serde_json::from_str(&text).expect("the status is JSON")
}

/// The program without WebDriver, whose session would not outlive the page's process.
///
/// # Panics
/// When it does not start.
pub fn alone(display: &Display, more: &str) -> Service {
    let boards = display.dir().join("boards");
    std::fs::create_dir_all(&boards).expect("a folder");
    std::fs::write(boards.join("one.yaml"), board("one", "第一块", "server")).expect("a board");
    let config = display.dir().join("config.toml");
    let text = format!(
        "board = \"one\"\nboards_dir = {:?}\n{more}\n{QUIET}",
        boards.display().to_string()
    );
    std::fs::write(&config, text).expect("the configuration");
    let log = std::fs::File::create(display.dir().join("program.log")).expect("a log");
    let mut command = procs::tied(window::program());
    command
        .arg("--kiosk")
        .arg("--config")
        .arg(&config)
        .env("SHOUWANG_DATA", display.dir().join("data"))
        .env("HOME", display.dir())
        .env("LANG", "zh_CN.UTF-8")
        .stdin(Stdio::null())
        .stdout(log.try_clone().expect("the log can be shared"))
        .stderr(log);
    display.apply(&mut command);
    Service::start("shouwang", &mut command).expect("the program starts")
}

/// Waits until the wall's page, in another process than `before`, has painted for a while, and gives its process. The count of revivals and
/// the process are not looked at in the same moment.
///
/// # Panics
/// When that does not happen.
pub fn painting(display: &Display, revived: u32, before: Option<u32>) -> (u32, WallStatus) {
    let begun = procs::now();
    loop {
        // Before the program listens there is nobody to ask.
        let door = display.dir().join("data/duty/control.json");
        if door.exists() {
            let now = status(display);
            if let Some(page) = now
                .pages
                .iter()
                .find(|p| p.revived >= revived && p.painted > 18 && p.process != before)
                && let Some(process) = page.process
            {
                return (process, now);
            }
        }
        assert!(
            begun.elapsed() < Duration::from_secs(120),
            "no page that paints\n{}",
            std::fs::read_to_string(display.dir().join("program.log")).unwrap_or_default()
        );
        std::thread::sleep(Duration::from_millis(300));
    }
}

/// Whether the process has a thread of that name.
///
/// # Panics
/// When the process is not there.
pub fn has_thread(process: u32, name: &str) -> bool {
    let threads = std::fs::read_dir(format!("/proc/{process}/task")).expect("a process");
    threads.flatten().any(|thread| {
        let said = std::fs::read_to_string(thread.path().join("comm")).unwrap_or_default();
        said.trim() == name
    })
}

/// Sends a signal.
///
/// # Panics
/// When the process is not there.
pub fn kill(signal: &str, process: u32) {
    let sent = Command::new("kill")
        .args([signal, &process.to_string()])
        .status();
    assert!(sent.expect("kill").success());
}

/// How many pixels of the picture are not the most frequent colour's, percent: a window that shows nothing has none.
///
/// # Panics
/// When the picture cannot be read.
pub fn drawn(picture: &std::path::Path) -> f64 {
    let mut identify = Command::new("convert");
    identify.arg(picture).args([
        "-resize",
        "240x135!",
        "-colors",
        "32",
        "-format",
        "%c",
        "histogram:info:",
    ]);
    let said = procs::output(&mut identify).unwrap_or_else(|e| panic!("{e:#}"));
    let counts = said
        .lines()
        .filter_map(|l| l.split(':').next()?.trim().parse::<f64>().ok());
    let (sum, most) = counts.fold((0.0, 0.0_f64), |(sum, most), n| (sum + n, most.max(n)));
    assert!(sum > 0.0, "no picture\n{said}");
    100.0 * (1.0 - most / sum)
}

/// Waits until so many pages paint, and gives their windows.
///
/// # Panics
/// When that does not happen.
pub fn pages(display: &Display, count: usize) -> Vec<String> {
    let begun = procs::now();
    loop {
        let door = display.dir().join("data/duty/control.json");
        let pages = if door.exists() {
            status(display).pages
        } else {
            Vec::new()
        };
        let paint = pages.iter().filter(|p| p.painted > 3).count();
        if pages.len() == count && paint == count {
            return pages.into_iter().map(|p| p.window).collect();
        }
        assert!(
            begun.elapsed() < Duration::from_secs(120),
            "not {count} pages that paint: {pages:?}\n{}",
            std::fs::read_to_string(display.dir().join("program.log")).unwrap_or_default()
        );
        std::thread::sleep(Duration::from_millis(300));
    }
}
