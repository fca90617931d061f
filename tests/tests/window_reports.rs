//! The manager's page in the real window: yesterday's daily report is made from the demonstration, listed, read as it was written, and
//! forwarded through a real mail server.

use shouwang_tests::servers::{Ready, Server, Spec};
use shouwang_tests::window::{Options, Wall};
use std::path::PathBuf;
use std::time::Duration;

const SOON: Duration = Duration::from_secs(50);
const DESK: &str = "/index.html#desk";
const CONFIG: &str = "[embedded]\nhost = false\n[duty]\nbuiltin_rules = false\n";

/// A mail server that keeps what it takes in `mail/new`.
fn mail_server() -> Server {
    let args = [
        "-m",
        "aiosmtpd",
        "-n",
        "-l",
        "127.0.0.1:{port}",
        "-c",
        "aiosmtpd.handlers.Mailbox",
        "{dir}/mail",
    ];
    Server::start(Spec {
        program: "/usr/bin/python3".to_owned(),
        args: args.map(str::to_owned).into(),
        env: Vec::new(),
        files: Vec::new(),
        ready: Ready::Port,
        scheme: "smtp",
    })
}

fn config(port: u16) -> String {
    format!(
        "[embedded]\nhost = false\n[duty]\nbuiltin_rules = false\n\
         [mail]\nhost = \"127.0.0.1\"\nport = {port}\nsecurity = \"none\"\nfrom = \"守望 <watch@example.com>\"\n\
         [[report]]\nkind = \"daily\"\nmail_to = [\"经理 <manager@example.com>\"]\n"
    )
}

/// The mails that have come.
fn mails(server: &Server) -> Vec<PathBuf> {
    let read = std::fs::read_dir(server.dir().join("mail/new"));
    read.into_iter()
        .flatten()
        .flatten()
        .map(|e| e.path())
        .collect()
}

fn until(wall: &Wall, what: &str, script: &str) {
    wall.until(what, SOON, &format!("return {script}"));
}

#[test]
fn a_daily_report_is_made_listed_and_read() {
    let wall = Wall::open(Options::new("reports").config(CONFIG).args(&["--desk"]));
    wall.until_windows(&[DESK], SOON);
    wall.enter(DESK);
    wall.click("[data-nav='reports']");
    until(
        &wall,
        "the page",
        "document.querySelector('[data-make]:not([disabled])') !== null",
    );
    assert_eq!(wall.count("[data-report]"), 0);
    wall.click("[data-make]");
    wall.click("dialog [data-submit]");
    until(
        &wall,
        "it is being made, and the page goes on",
        "document.querySelector('[data-making], [data-report]') !== null",
    );
    until(
        &wall,
        "its charts",
        "[...document.querySelectorAll('[data-paper] img')].filter(i => i.complete && i.naturalWidth > 100).length >= 6",
    );
    wall.picture("daily");
    let rows = wall.texts("[data-report]");
    assert!(rows.len() == 1 && rows[0].contains("手动生成"), "{rows:?}");
    assert!(wall.text("[data-paper] h1").contains("守望 日报"));
    let lead = wall.text("[data-paper] .lead");
    assert!(lead.contains("下单") && lead.contains("模拟数据"), "{lead}");
    assert!(wall.text("[data-paper]").contains("SLO 成功占比"));
    wall.click("[data-save-report]");
    until(
        &wall,
        "a copy",
        "document.querySelector('[data-saved] code') !== null",
    );
    let copies = wall.texts("[data-saved] code");
    assert_eq!(copies.len(), 2);
    let pdf = std::fs::read(&copies[0]).expect("the copied PDF");
    assert!(pdf.starts_with(b"%PDF-"));
    // What is on the disk is there after another look at the page, too.
    wall.click("[data-nav='figures']");
    wall.click("[data-nav='reports']");
    until(
        &wall,
        "the same report",
        "document.querySelector('[data-paper] [data-verdict]') !== null",
    );
}

#[test]
fn a_report_that_is_due_is_mailed_by_itself_and_again_when_somebody_forwards_it() {
    let server = mail_server();
    let options = Options::new("reports-mail").config(config(server.port()));
    let wall = Wall::open(options.args(&["--desk"]));
    wall.until_windows(&[DESK], SOON);
    wall.enter(DESK);
    wall.click("[data-nav='reports']");
    until(
        &wall,
        "yesterday's",
        "document.querySelector('[data-paper] h1') !== null",
    );
    let begun = xtask::procs::now();
    while mails(&server).is_empty() {
        assert!(begun.elapsed() < SOON, "{}", server.log());
        std::thread::sleep(Duration::from_millis(200));
    }
    wall.click("[data-send]");
    until(
        &wall,
        "who will get it",
        "document.querySelector('[data-receivers]')?.textContent.includes('manager@example.com') ?? false",
    );
    wall.picture("dialog");
    wall.click("dialog [data-submit]");
    until(
        &wall,
        "it is sent",
        "document.querySelector('[data-receivers]') === null",
    );
    let all = mails(&server);
    assert_eq!(all.len(), 2, "{all:?}");
    for one in all {
        let mail = std::fs::read_to_string(one).expect("the mail");
        for part in [
            "manager@example.com",
            "watch@example.com",
            "application/pdf",
            "text/html",
        ] {
            assert!(mail.contains(part), "{part} is missing");
        }
    }
}
