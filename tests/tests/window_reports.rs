//! The manager's page in the real window: yesterday's daily report is made from the demonstration, listed, and read as it was written.

use shouwang_tests::window::{Options, Wall};
use std::time::Duration;

const SOON: Duration = Duration::from_secs(50);
const DESK: &str = "/index.html#desk";
const CONFIG: &str = "[embedded]\nhost = false\n[duty]\nbuiltin_rules = false\n";

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
