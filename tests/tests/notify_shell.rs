//! The shell of the alert desk in real windows: a P0 pops up, takes every screen, and is taken by the pop-up's button.

use shouwang_tests::notifications::{Manner, NotificationServer};
use shouwang_tests::tray::Tray;
use shouwang_tests::window::{self, Options, Wall};
use std::process::{Command, Stdio};
use std::time::Duration;
use xtask::display::TempDir;
use xtask::procs;

const SOON: Duration = Duration::from_secs(30);
const DESK: &str = "/index.html#desk";
const POCKET: &str = "/index.html#pocket";
const TAKEOVER: &str = "/index.html#takeover";

/// Rules that fire without any server, `seconds` after the start.
fn rules(dir: &TempDir, alerts: &[(&str, &str, &str)], seconds: u32) -> String {
    let mut text = String::from("groups:\n- name: test\n  interval: 1s\n  rules:\n");
    for (name, severity, summary) in alerts {
        text.push_str(&format!(
            "  - alert: {name}\n    expr: vector(1)\n    for: {seconds}s\n    labels: {{severity: {severity}}}\n    \
             annotations: {{summary: \"{summary}\"}}\n"
        ));
    }
    std::fs::write(dir.path().join("test.yaml"), text).expect("rules can be written");
    format!(
        "[duty]\nbuiltin_rules = false\nrules_dir = {:?}\nrules_interval_seconds = 1\n",
        dir.path().display().to_string()
    )
}

/// The address of the bus that the program is on.
fn bus(wall: &Wall) -> String {
    let mut command = Command::new("true");
    wall.display().apply(&mut command);
    let found = command
        .get_envs()
        .find(|(name, _)| *name == "DBUS_SESSION_BUS_ADDRESS");
    let (_, address) = found.expect("the display has a bus");
    address.expect("an address").to_string_lossy().into_owned()
}

/// A second start of the same program over the same data; its exit code.
fn start_again(wall: &Wall, flag: &str) -> Option<i32> {
    let mut command = Command::new(window::program());
    command
        .arg("--config")
        .arg(wall.dir().join("config.toml"))
        .args([flag, "--seconds", "60"])
        .env("SHOUWANG_DATA", wall.dir().join("data"))
        .env("HOME", wall.dir())
        .env("LANG", "zh_CN.UTF-8")
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    wall.display().apply(&mut command);
    let mut child = command.spawn().expect("the program starts");
    let begun = procs::now();
    while begun.elapsed() < SOON {
        if let Some(status) = child.try_wait().expect("it can be waited for") {
            return status.code();
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    let _ = child.kill();
    let _ = child.wait();
    None
}

/// What a command answers: `ok`, or the error's code.
fn invoke(wall: &Wall, command: &str, args: &str) -> String {
    wall.js(&format!(
        "window.__said = null;
         window.__TAURI_INTERNALS__.invoke('{command}', {args})
           .then(() => {{ window.__said = 'ok' }}, e => {{ window.__said = e.code ?? String(e) }});"
    ));
    let said = wall.until("the command's answer", SOON, "return window.__said");
    said.as_str().unwrap_or_default().to_owned()
}

#[test]
fn a_p0_pops_up_takes_the_screen_and_is_taken_by_the_button() {
    let dir = TempDir::new("shell-rules").expect("a directory");
    let alerts = [
        ("PaySuccessRateLow", "critical", "微信支付成功率过低"),
        ("ApiSlow", "high", "订单接口变慢 <b>2 s</b>"),
    ];
    let options = Options::new("shell-takeover")
        .config(rules(&dir, &alerts, 4))
        .args(&["--desk"]);
    let wall = Wall::open(options);
    let server = NotificationServer::start(&bus(&wall), Manner::able());
    assert_eq!(wall.windows(), [DESK]);

    let p0 = server.wait_titled("微信支付");
    assert_eq!(p0.title, "P0 · 微信支付成功率过低");
    assert_eq!((p0.urgency, p0.expire), (Some(2), 0));
    assert_eq!(p0.actions, ["ack", "确认", "view", "查看"]);
    let p1 = server.wait_titled("订单接口");
    for button in ["确认", "查看"] {
        assert!(p1.actions.iter().any(|a| a == button), "{p1:?}");
    }
    assert!(p1.urgency != Some(2) && !p1.body.contains("<b>"), "{p1:?}");

    wall.until_windows(&[DESK, TAKEOVER], SOON);
    wall.enter(TAKEOVER);
    wall.until(
        "the alert on the takeover",
        SOON,
        "return document.body.innerText.includes('微信支付成功率过低')",
    );
    wall.picture("takeover");
    // who wants to look first can: the desk comes before the takeover, which stays
    let asked = "{kind: 'desk', alert: 1}";
    assert_eq!(invoke(&wall, "open_window", asked), "ok");
    assert_eq!(wall.windows(), [DESK, TAKEOVER]);
    wall.enter(DESK);
    wall.until(
        "the desk to have the focus",
        SOON,
        "return document.hasFocus()",
    );
    wall.picture("looking");

    server.press(p0.id, "ack");
    wall.until_windows(&[DESK], SOON);
    let (p1, p1_title) = (p1.id, p1.title.clone());
    server.press(p1, "ack");
    wall.enter(DESK);
    wall.until(
        &format!("nothing left that nobody has ({p1_title})"),
        SOON,
        "return document.querySelectorAll('[data-look=\"open\"]').length === 0",
    );
    wall.picture("acknowledged");
}

#[test]
fn a_second_start_brings_up_the_first() {
    let wall = Wall::open(Options::new("shell-second").args(&["--desk"]));
    assert_eq!(start_again(&wall, "--pocket"), Some(0));
    wall.until_windows(&[DESK, POCKET], SOON);
    assert_eq!(start_again(&wall, "--desk"), Some(0));
    assert_eq!(wall.windows(), [DESK, POCKET]);
    wall.enter(POCKET);
    wall.picture("pocket");
}

#[test]
fn the_wall_reads_and_never_acts() {
    let wall = Wall::open(Options::new("shell-wall"));
    assert_eq!(invoke(&wall, "health", "{}"), "ok");
    for (command, args) in [
        ("alert_act", "{act: {do: 'hush', for_ms: 1000}}"),
        (
            "alert_act",
            "{act: {do: 'ack', alerts: [1], comment: '', for_ms: null, mirror: null}}",
        ),
        ("alert_preview", "{matchers: []}"),
        ("plugin:notification|notify", "{options: {title: 'x'}}"),
        ("plugin:window|close", "{}"),
    ] {
        let said = invoke(&wall, command, args);
        assert!(said.contains("not allowed"), "{command}: {said}");
    }
    assert_eq!(
        invoke(&wall, "open_window", "{kind: 'desk', alert: null}"),
        "ok"
    );
    wall.until_windows(&["/", DESK], SOON);
    wall.enter(DESK);
    assert_eq!(
        invoke(&wall, "alert_act", "{act: {do: 'hush', for_ms: 0}}"),
        "ok"
    );
    let said = invoke(&wall, "open_board", "{board: 'network'}");
    assert!(said.contains("not allowed"), "{said}");
}

#[test]
fn the_tray_counts_and_opens_windows() {
    let dir = TempDir::new("shell-tray").expect("a directory");
    let alerts = [("ApiSlow", "high", "订单接口变慢")];
    let options = Options::new("shell-tray")
        .config(rules(&dir, &alerts, 6))
        .args(&["--desk"]);
    let wall = Wall::open(options);
    let tray = Tray::start(&bus(&wall));
    let labels = |tray: &Tray| -> Vec<String> {
        let menu = tray.menu().into_iter();
        menu.map(|e| e.label).filter(|l| !l.is_empty()).collect()
    };
    let until = |what: &str, ready: &dyn Fn() -> bool| {
        let begun = procs::now();
        while !ready() {
            assert!(
                begun.elapsed() < SOON,
                "{what} did not come\n{}",
                wall.words()
            );
            std::thread::sleep(Duration::from_millis(200));
        }
    };
    let entries = ["打开告警台", "打开大屏", "掌上告警", "静音 30 分钟", "退出"];
    assert_eq!(labels(&tray)[1..], entries);
    until("the count", &|| labels(&tray)[0] == "P1 1，未确认 1 条");
    assert!(!tray.menu()[0].enabled, "the count is no entry to choose");
    let icon = tray.icon();

    tray.choose("掌上告警");
    wall.until_windows(&[DESK, POCKET], SOON);
    tray.choose("静音 30 分钟");
    until("unmute", &|| labels(&tray)[4] == "取消静音");
    tray.choose("取消静音");
    until("mute", &|| labels(&tray)[4] == "静音 30 分钟");

    wall.enter(DESK);
    let acted = "{act: {do: 'ack', alerts: [1], comment: '', for_ms: null, mirror: null}}";
    assert_eq!(invoke(&wall, "alert_act", acted), "ok");
    until("nothing left", &|| labels(&tray)[0] == "P1 1，未确认 0 条");
    until("another picture", &|| tray.icon() != icon);
    tray.choose("退出");
    until("the end", &|| !tray.is_owner_there());
}
