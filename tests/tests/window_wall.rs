//! The wall as it comes without any configuration: the embedded host and the demonstration, in a real window.

use serde_json::Value;
use shouwang_tests::window::{MISPLACED, Options, Wall};
use std::time::Duration;
use xtask::display::Size;

const SOON: Duration = Duration::from_secs(30);

/// Waits until every tile and most panels show data.
fn until_live(wall: &Wall) {
    wall.until(
        "12 tiles and 16 further panels with data",
        Duration::from_secs(60),
        "const all = [...document.querySelectorAll('[data-panel]')].filter(p => p.dataset.state === 'data');
         const tiles = all.filter(p => p.dataset.kind === 'tile').length;
         return tiles >= 12 && all.length - tiles >= 16",
    );
}

#[test]
fn the_wall_comes_up_in_chinese_with_twelve_tiles_and_sixteen_live_panels() {
    let wall = Wall::open(Options::new("first"));
    until_live(&wall);
    assert_eq!(wall.js("return document.documentElement.lang"), "zh-CN");
    let page = wall.text("body");
    for domain in [
        "服务器",
        "容器",
        "网络设备",
        "Web / API",
        "数据库",
        "缓存",
        "消息队列",
        "用户",
        "订单",
        "支付",
        "AI 推荐",
        "营养师咨询",
    ] {
        assert!(page.contains(domain), "no tile for {domain}");
    }
    // a key without a text would be shown as itself
    let raw = wall.js(
        "return [...document.querySelectorAll('body *')].filter(e => e.children.length === 0)
           .map(e => e.textContent.trim()).filter(t => /^(app|severity|domain|error|ui|concept|board|problem|secrets)(\\.[a-z_0-9]+)+$/.test(t))",
    );
    assert_eq!(raw, Value::Array(Vec::new()), "keys instead of texts");
    // what the simulator makes is marked where it is shown
    let unmarked = wall.js(
        "return [...document.querySelectorAll('[data-panel][data-demo=\"true\"]')]
           .filter(p => !p.textContent.includes('演示')).map(p => p.dataset.panel)",
    );
    assert_eq!(unmarked, Value::Array(Vec::new()), "simulated without 演示");
    assert!(wall.count("[data-panel][data-demo='true']") >= 12);
    wall.picture("1080p");
}

#[test]
fn the_clock_advances_and_values_change() {
    let wall = Wall::open(Options::new("live"));
    until_live(&wall);
    let (clock, values) = (wall.text("[data-clock]"), wall.texts("[data-panel]"));
    assert!(!clock.trim().is_empty());
    wall.until(
        "the clock to advance",
        Duration::from_secs(10),
        &format!("return document.querySelector('[data-clock]').textContent !== {clock:?}"),
    );
    std::thread::sleep(Duration::from_secs(12));
    let later = wall.texts("[data-panel]");
    let changed = values.iter().zip(&later).filter(|(a, b)| a != b).count();
    assert!(
        changed >= 8,
        "only {changed} panels of {} changed their text",
        values.len()
    );
}

fn fits(name: &'static str, size: Size) {
    let wall = Wall::open(Options::new(name).size(size).args(&["--kiosk"]));
    until_live(&wall);
    let inside = wall.js("return [innerWidth, innerHeight]");
    assert_eq!(
        inside,
        serde_json::json!([size.w, size.h]),
        "kiosk fills the screen"
    );
    assert_eq!(
        wall.js(MISPLACED),
        Value::Array(Vec::new()),
        "see {}",
        wall.picture("misplaced").display()
    );
    let cursors = wall.js(
        "return [...new Set([document.documentElement, ...document.querySelectorAll('body, body *')]
           .map(e => getComputedStyle(e).cursor))]",
    );
    assert_eq!(
        cursors,
        serde_json::json!(["none"]),
        "no cursor in kiosk mode"
    );
    wall.picture(&size.to_string());
}

#[test]
fn kiosk_fits_full_hd() {
    fits("kiosk-1080p", Size::FULL_HD);
}

#[test]
fn kiosk_fits_4k() {
    fits("kiosk-4k", Size::UHD);
}

#[test]
fn kiosk_fits_21_to_9() {
    fits("kiosk-21x9", Size::WIDE);
}

#[test]
fn the_language_switches_at_run_time_and_back() {
    let wall = Wall::open(Options::new("language"));
    until_live(&wall);
    assert!(wall.text("body").contains("服务器"));
    wall.control("locale");
    wall.until(
        "the page in English",
        SOON,
        "return document.documentElement.lang === 'en' && document.body.textContent.includes('Database')",
    );
    assert!(
        !wall.text("body").contains("数据库"),
        "nothing stays Chinese"
    );
    wall.control("locale");
    wall.until(
        "the page in Chinese",
        SOON,
        "return document.documentElement.lang === 'zh-CN' && document.body.textContent.includes('数据库')",
    );
}

#[test]
fn a_chart_zooms_by_dragging_and_goes_back() {
    let wall = Wall::open(Options::new("zoom"));
    until_live(&wall);
    let area = wall.js(
        "const c = document.querySelector('[data-kind=\"timeseries\"][data-state=\"data\"] .u-over').getBoundingClientRect();
         return [c.left, c.top, c.width, c.height].map(Math.round)",
    );
    let n = |i: usize| area[i].as_i64().expect("a number");
    let (left, top, width, height) = (n(0), n(1), n(2), n(3));
    let middle = top + height / 2;

    wall.hover(left + width / 2, middle);
    wall.until(
        "a crosshair in several charts",
        SOON,
        "return document.querySelectorAll('.u-cursor-x:not(.u-off)').length > 1",
    );

    wall.drag((left + width / 4, middle), (left + width * 3 / 4, middle));
    wall.until(
        "the zoomed chart to offer the way back",
        SOON,
        "return document.querySelector('button[data-zoom]') !== null",
    );
    assert_eq!(
        wall.count("button[data-zoom]"),
        1,
        "only this chart is zoomed"
    );
    wall.picture("zoomed");
    wall.click("button[data-zoom]");
    wall.until(
        "the chart to be live again",
        SOON,
        "return document.querySelector('button[data-zoom]') === null",
    );
}

#[test]
fn the_health_page_says_which_concepts_are_bound() {
    let wall = Wall::open(Options::new("health"));
    until_live(&wall);
    wall.control("health");
    wall.until(
        "the health page",
        SOON,
        "return document.querySelector('[data-view=\"health\"]') !== null",
    );
    let bound = wall.until(
        "bound concepts",
        SOON,
        "return document.querySelectorAll('[data-concept][data-bound=\"true\"]').length",
    );
    assert!(bound.as_u64().is_some_and(|n| n >= 20), "{bound}");
    assert!(wall.text("[data-view='health']").contains("已绑定"));
    wall.picture("page");
}
