//! The program as a person uses it, in both languages.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Output, Stdio};

const PROGRAM: &str = env!("CARGO_BIN_EXE_shouwang-simulator");

struct Running(Child, String);

impl Drop for Running {
    fn drop(&mut self) {
        // it may have ended by itself
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start() -> Running {
    let mut child = Command::new(PROGRAM)
        .args([
            "--listen",
            "127.0.0.1:0",
            "--lang",
            "en",
            "--calm",
            "--speed",
            "60",
        ])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("its output"))
        .read_line(&mut line)
        .expect("a first line");
    let url = line
        .split_whitespace()
        .find(|w| w.starts_with("http://"))
        .unwrap_or_else(|| panic!("no address in {line:?}"))
        .trim_end_matches("/metrics")
        .to_owned();
    Running(child, url)
}

fn run(args: &[&str]) -> Output {
    Command::new(PROGRAM)
        .args(args)
        // plain HTTP works on a system without any authority
        .env("SSL_CERT_FILE", "no-such-file.pem")
        .env("SSL_CERT_DIR", "no-such-folder")
        .output()
        .expect("the program runs")
}

fn said(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn an_incident_is_started_listed_and_ended_from_another_shell() {
    let running = start();
    let url = running.1.as_str();
    let started = run(&[
        "incident",
        "start",
        "payment-channel-failing:emergency+10m",
        "--to",
        url,
        "--lang",
        "en",
    ]);
    assert!(started.status.success(), "{}", said(&started.stderr));
    assert!(
        said(&started.stdout).contains("payment-channel-failing: Emergency"),
        "{}",
        said(&started.stdout)
    );
    let listed = run(&["--lang", "zh-CN", "incident", "list", "--to", url]);
    assert!(
        said(&listed.stdout).contains("紧急"),
        "{}",
        said(&listed.stdout)
    );
    let ended = run(&[
        "incident",
        "stop",
        "payment-channel-failing",
        "--to",
        url,
        "--lang",
        "en",
    ]);
    assert!(
        said(&ended.stdout).contains("No incident"),
        "{}",
        said(&ended.stdout)
    );
}

#[test]
fn each_incident_can_be_started_from_another_shell() {
    let running = start();
    for kind in simulator::incident::IncidentKind::ALL {
        let started = run(&[
            "incident",
            "start",
            &format!("{kind}:critical+10m"),
            "--to",
            &running.1,
            "--lang",
            "en",
        ]);
        assert!(
            started.status.success()
                && said(&started.stdout).contains(&format!("{kind}: Critical, ")),
            "{kind}: {}{}",
            said(&started.stdout),
            said(&started.stderr)
        );
    }
}

#[test]
fn nothing_of_the_help_is_in_the_other_language() {
    for args in [
        &["--help"][..],
        &["incident", "--help"],
        &["incident", "start", "--help"],
    ] {
        let help = said(&run(&[args, &["--lang", "zh-CN"]].concat()).stdout);
        assert!(help.contains("用法：") && help.contains("选项"), "{help}");
        for english in ["Usage", "Options", "Commands", "Print help"] {
            assert!(!help.contains(english), "{help}");
        }
    }
    let wrong = run(&["--sped", "2", "--lang", "zh-CN"]);
    let words = said(&wrong.stderr);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(words.contains("没有 --sped 这个选项"), "{words}");
    let wrong = run(&["--speed", "quick", "--lang", "zh-CN"]);
    assert!(
        said(&wrong.stderr).contains("不对"),
        "{}",
        said(&wrong.stderr)
    );
}

#[test]
fn mistakes_are_explained_in_the_language_that_is_asked_for() {
    let wrong = run(&["incident", "start", "fire", "--lang", "en"]);
    assert!(!wrong.status.success());
    assert!(
        said(&wrong.stderr).contains("No incident is called fire")
            && said(&wrong.stderr).contains("replica-lag"),
        "{}",
        said(&wrong.stderr)
    );
    let wrong = run(&["--incident", "host-cpu+soon", "--lang", "zh-CN"]);
    assert!(
        !wrong.status.success() && said(&wrong.stderr).contains("不是时长"),
        "{}",
        said(&wrong.stderr)
    );
    let nobody = run(&[
        "incident",
        "list",
        "--to",
        "http://127.0.0.1:9",
        "--lang",
        "en",
    ]);
    assert!(
        !nobody.status.success() && said(&nobody.stderr).contains("Is it running?"),
        "{}",
        said(&nobody.stderr)
    );
    let nowhere = run(&["--scenario", "no-such-file.toml", "--lang", "en"]);
    assert!(
        !nowhere.status.success() && said(&nowhere.stderr).contains("no-such-file.toml"),
        "{}",
        said(&nowhere.stderr)
    );
    let help = run(&["--help", "--lang", "zh-CN"]);
    assert!(
        said(&help.stdout).contains("模拟的餐厅平台"),
        "{}",
        said(&help.stdout)
    );
}

#[test]
fn a_port_that_is_taken_is_said() {
    let running = start();
    let address = running.1.trim_start_matches("http://").to_owned();
    let second = run(&["--listen", &address, "--lang", "en"]);
    assert!(
        !second.status.success() && said(&second.stderr).contains(&address),
        "{}",
        said(&second.stderr)
    );
}

/// The body of an answer to a GET without any client.
fn get(url: &str, path: &str) -> String {
    use std::io::{Read, Write};
    let host = url.trim_start_matches("http://");
    let mut stream = std::net::TcpStream::connect(host).expect("the server listens");
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {host}\r\n\r\n").expect("a question");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
        .split_once("\r\n\r\n")
        .map_or_else(String::new, |(_, body)| body.to_owned())
}

#[test]
fn traces_are_served_and_lines_written_of_the_same_requests() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("platform.log");
    let args = [
        "--listen",
        "127.0.0.1:0",
        "--traces",
        "127.0.0.1:0",
        "--speed",
        "60",
        "--log-rate",
        "100",
    ];
    let mut child = Command::new(PROGRAM)
        .args(args)
        .args(["--lang", "en", "--logs", "json", "--log-file"])
        .arg(&file)
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    let mut url = || {
        let line = lines.next().expect("a line").expect("text");
        let word = line.split_whitespace().find(|w| w.starts_with("http://"));
        word.unwrap_or_else(|| panic!("no address in {line:?}"))
            .to_owned()
    };
    let running = Running(child, url());
    assert!(
        url().ends_with("/metrics"),
        "the metrics are there as before"
    );
    let mut written = Vec::new();
    let mut found = None;
    for _ in 0..150 {
        std::thread::sleep(std::time::Duration::from_millis(200));
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        written = text.lines().map(str::to_owned).collect();
        found = written.iter().rev().find_map(|line| {
            let line: serde_json::Value = serde_json::from_str(line).ok()?;
            let id = line["trace_id"].as_str()?.to_owned();
            let trace = get(&running.1, &format!("/api/traces/{id}"));
            trace.contains(line["span_id"].as_str()?).then_some(id)
        });
        if found.is_some() && written.len() > 50 {
            break;
        }
    }
    assert!(found.is_some(), "no line of {} has a trace", written.len());
    for line in &written[..written.len() - 1] {
        let line: serde_json::Value = serde_json::from_str(line).expect("an object a line");
        assert!(line["time"].as_str().is_some_and(|t| t.ends_with('Z')));
        assert!(
            line["message"].is_string() && line["demo"] == true,
            "{line}"
        );
    }
    assert!(get(&running.1, "/api/v3/services").contains("order-service"));
}

#[test]
fn a_file_that_cannot_be_written_is_said() {
    let wrong = run(&[
        "--listen",
        "127.0.0.1:0",
        "--logs",
        "json",
        "--log-file",
        "no-such-folder/x.log",
        "--lang",
        "en",
    ]);
    assert!(
        !wrong.status.success() && said(&wrong.stderr).contains("no-such-folder"),
        "{}",
        said(&wrong.stderr)
    );
}
