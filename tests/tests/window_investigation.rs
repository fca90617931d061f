//! 现场 in the real window: the pop-up's button opens it, everything is there, and it becomes a picture.

use shouwang_tests::notifications::{Manner, NotificationServer};
use shouwang_tests::window::{Options, Wall};
use std::process::Command;
use std::time::Duration;
use xtask::display::TempDir;

const SOON: Duration = Duration::from_secs(60);

/// Fires without a server a few seconds after the start; a series of one is drawn.
const RULE: &str = "groups:
- name: test
  interval: 1s
  rules:
  - alert: PaymentFailing
    expr: vector(1) > 0
    for: 5s
    labels: {severity: high, service: payment-service}
    annotations:
      summary: 微信支付大量失败 <b>现在</b>
      description: 支付渠道没有应答，先看渠道状态，再切换备用渠道。
      runbook_url: https://runbooks.example.cn/pay
";

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

#[test]
fn the_pop_ups_button_opens_everything_about_the_alert() {
    let dir = TempDir::new("investigation-rules").expect("a directory");
    std::fs::write(dir.path().join("test.yaml"), RULE).expect("rules can be written");
    let config = format!(
        "[duty]\nbuiltin_rules = false\nrules_dir = {:?}\nrules_interval_seconds = 1\n",
        dir.path().display().to_string()
    );
    let options = Options::new("investigation").config(config).args(&[
        "--desk",
        "--incident",
        "payment-channel-failing",
    ]);
    let wall = Wall::open(options);
    let server = NotificationServer::start(&bus(&wall), Manner::able());
    let note = server.wait_titled("微信支付大量失败");
    server.press(note.id, "view");
    wall.until(
        "the page to be gathered",
        SOON,
        "const page = document.querySelector('[data-investigation]');
         return page !== null && page.dataset.investigation !== 'loading'",
    );
    assert_eq!(
        wall.texts("[data-part-error]"),
        Vec::<String>::new(),
        "every part was answered"
    );
    assert_eq!(wall.count("[data-chart=drawn]"), 1);
    assert_eq!(wall.count("[data-ghost]"), 2, "a day and a week before");
    // The platform has just begun: its first payments may still be on their way.
    wall.until(
        "traces of that time",
        SOON,
        "if (document.querySelector('[data-trace]') !== null) return true;
         document.querySelector('[data-do=again]:enabled')?.click();
         return false",
    );
    // Which lines are new is decided, and tested, without a window; here the store has answered.
    assert_eq!(wall.count("[data-part=logs] .demo"), 1);
    assert!(
        wall.text("[data-runbook]")
            .contains("runbooks.example.cn/pay")
    );
    assert_eq!(
        wall.count("[data-investigation] b"),
        wall.count("[data-investigation] .legend b"),
        "markup stays text"
    );
    wall.picture("gathered");

    wall.click("[data-do=picture]");
    let path = wall.dir().join("data/exports/alert-1.png");
    wall.until(
        "the picture to be told",
        SOON,
        "return document.body.innerText.includes('alert-1.png')",
    );
    let png = std::fs::read(&path).expect("a picture was written");
    assert!(
        png.starts_with(b"\x89PNG") && png.len() > 20_000,
        "{} bytes",
        png.len()
    );

    wall.click("[data-trace]");
    wall.until(
        "the trace",
        SOON,
        "return document.querySelector('[data-page=traces]') !== null",
    );
    wall.picture("trace");
}
