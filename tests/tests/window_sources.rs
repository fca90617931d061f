//! Sources of the configuration on the wall: a real Prometheus that scrapes a real node exporter, sources that
//! do not answer, data that stop coming, and values that look like markup.

use shouwang_tests::hostile::{Answer, Body, Hostile};
use shouwang_tests::servers::{self, PrometheusOptions};
use shouwang_tests::window::{Options, Wall};
use std::time::Duration;

const SOON: Duration = Duration::from_secs(40);

/// A board with one panel of each kind that matters here; `exprs` are (panel, kind, expression, legend).
fn board(panels: &[(&str, &str, &str, &str)]) -> String {
    let mut text = String::from(
        "id: t\ntitle: 测试\nwindow_seconds: 600\nrefresh_seconds: 1\ncolumns: 24\nrows: 20\npanels:\n",
    );
    for (i, (id, kind, expr, legend)) in panels.iter().enumerate() {
        let (x, y) = (i % 3 * 8, i / 3 * 10);
        text.push_str(&format!(
            "- id: {id}\n  kind: {kind}\n  title: {id}\n  at: {{x: {x}, y: {y}, w: 8, h: 10}}\n  queries:\n  \
             - expr: {expr:?}\n    legend: {legend:?}\n"
        ));
    }
    text
}

fn prometheus_source(name: &str, url: &str) -> String {
    format!(
        "[[source]]\nname = \"{name}\"\nkind = \"prometheus\"\nurl = \"{url}\"\nscrape_interval_seconds = 1.0\n"
    )
}

const NOTHING_EMBEDDED: &str = "[embedded]\nhost = false\n[demo]\nenabled = false\n";

/// A script: whether the header says this about the source.
fn health_is(name: &str, health: &str) -> String {
    format!(
        "return document.querySelector('[data-source=\"{name}\"]')?.dataset.health === '{health}'"
    )
}

#[test]
fn a_real_prometheus_with_a_real_node_exporter_shows_then_goes_stale_then_fails_and_comes_back() {
    let mut exporter = servers::node_exporter();
    let target = format!("127.0.0.1:{}", exporter.port());
    let mut prometheus = servers::prometheus(PrometheusOptions {
        targets: vec![("node".into(), vec![target])],
        ..PrometheusOptions::default()
    });
    let wall = Wall::open(
        Options::new("prometheus")
            .config(format!(
                "board = \"t\"\n{NOTHING_EMBEDDED}{}",
                prometheus_source("real", &prometheus.url())
            ))
            .board(
                "t",
                board(&[
                    ("load", "timeseries", "node_load1", "{{instance}}"),
                    ("mem", "stat", "node_memory_MemTotal_bytes", "{{instance}}"),
                    ("own", "stat", "prometheus_build_info", "{{version}}"),
                ]),
            ),
    );
    wall.until_state("load", "data", SOON);
    wall.until_state("mem", "data", SOON);
    wall.until("the source to be well", SOON, &health_is("real", "ok"));
    assert!(
        wall.text("[data-panel='load']").contains("127.0.0.1"),
        "{}",
        wall.text("[data-panel='load']")
    );
    wall.picture("data");

    // the node exporter knows the host, and nothing of orders and payments
    wall.control("health");
    wall.until(
        "the health page to tell bound from unbound",
        SOON,
        "const n = b => document.querySelectorAll(`[data-concept][data-bound='${b}']`).length;
         return n(true) >= 5 && n(false) >= 20",
    );
    assert!(wall.text("[data-view='health']").contains("未绑定"));
    wall.click("[data-close]");

    exporter.kill();
    wall.until_state("load", "stale", SOON);
    wall.picture("stale");
    exporter.restart();
    wall.until_state("load", "data", SOON);

    prometheus.kill();
    wall.until_state("load", "failed", SOON);
    wall.until("the header to say it", SOON, &health_is("real", "failed"));
    wall.picture("failed");
    let clock = wall.text("[data-clock]");
    wall.until(
        "the rest of the wall to go on",
        SOON,
        &format!("return document.querySelector('[data-clock]').textContent !== {clock:?}"),
    );
    prometheus.restart();
    wall.until_state("load", "data", SOON);
}

#[test]
fn a_source_that_does_not_answer_keeps_nothing_from_starting() {
    let nobody = format!("http://127.0.0.1:{}", servers::free_port());
    let html = Hostile::always(Answer::with(
        200,
        "text/html",
        Body::Full(b"<html>login</html>".to_vec()),
    ));
    let config = format!(
        "[demo]\nenabled = true\n{}{}",
        prometheus_source("nobody", &nobody),
        prometheus_source("login-page", &html.url())
    );
    let wall = Wall::open(Options::new("unreachable").config(config));
    for name in ["nobody", "login-page"] {
        wall.until(
            &format!("the header to say that {name} fails"),
            SOON,
            &health_is(name, "failed"),
        );
    }
    let header = wall.text("header");
    assert!(
        header.contains("nobody") && header.contains("login-page"),
        "{header}"
    );
    wall.until(
        "the rest to be live",
        SOON,
        "return document.querySelectorAll('[data-panel][data-state=\"data\"]').length >= 20",
    );
    wall.picture("wall");
}

#[test]
fn hostile_names_stay_text() {
    let page = concat!(
        "# TYPE evil_things gauge\n",
        "evil_things{name=\"<img src=x onerror=window.pwned=1>\",n=\"1\"} 10\n",
        "evil_things{name=\"</script><script>window.pwned=1</script>\",n=\"2\"} 20\n",
        "evil_things{name=\"{{constructor.constructor('window.pwned=1')()}}\",n=\"3\"} 30\n",
        "evil_things{name=\"\u{202e}gnp.exe\",n=\"4\"} 40\n",
        "evil_things{name=\"javascript:window.pwned=1\",n=\"5\"} NaN\n",
        "evil_things{name=\"inf\",n=\"6\"} +Inf\n",
    );
    let mut text = page.to_owned();
    text.push_str(&format!(
        "evil_things{{name=\"{}\",n=\"7\"}} 70\n",
        "长".repeat(5_000)
    ));
    let target = Hostile::always(Answer::with(
        200,
        "text/plain; version=0.0.4",
        Body::Full(text.into_bytes()),
    ));
    let config = format!(
        "board = \"t\"\n[demo]\nenabled = false\n[embedded]\nhost = false\n[[embedded.scrape]]\njob = \"evil\"\nurl = \
         \"{}/metrics\"\ninterval_seconds = 1.0\n",
        target.url()
    );
    let wall = Wall::open(Options::new("hostile").config(config).board(
        "t",
        board(&[
            ("lines", "timeseries", "evil_things", "{{name}}"),
            ("bars", "bar_list", "evil_things", "{{name}}"),
            ("rows", "table", "evil_things", "{{name}}"),
            ("value", "stat", "evil_things{n=\"1\"}", "{{name}}"),
            ("lanes", "state_timeline", "evil_things", "{{name}}"),
        ]),
    ));
    for panel in ["lines", "bars", "rows"] {
        wall.until_state(panel, "data", SOON);
    }
    wall.until(
        "the name as text",
        SOON,
        "return document.querySelector('[data-panel=\"bars\"]').textContent.includes('<img src=x onerror=')",
    );
    wall.hover(300, 400); // a tooltip is a favourite place for markup
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(wall.js("return [window.pwned ?? null, document.querySelectorAll('img, script:not([src])').length]"), serde_json::json!([null, 0]));
    let wide = wall.js("return document.documentElement.scrollWidth <= innerWidth && document.documentElement.scrollHeight <= innerHeight");
    assert_eq!(wide, true, "a long name does not push the page apart");
    wall.picture("wall");
}

#[test]
fn an_error_in_one_panel_is_said_there_and_the_rest_goes_on() {
    let prometheus = servers::prometheus(PrometheusOptions {
        targets: vec![("self".into(), vec!["127.0.0.1:{port}".into()])],
        ..PrometheusOptions::default()
    });
    let wall = Wall::open(
        Options::new("query-error")
            .config(format!(
                "board = \"t\"\n{NOTHING_EMBEDDED}{}",
                prometheus_source("real", &prometheus.url())
            ))
            .board(
                "t",
                board(&[
                    ("good", "timeseries", "up", "{{job}}"),
                    // two sides that match many to many: PromQL that parses and fails
                    (
                        "bad",
                        "timeseries",
                        "prometheus_http_requests_total * on(job) prometheus_http_requests_total",
                        "x",
                    ),
                    ("empty", "timeseries", "no_such_metric", "x"),
                ]),
            ),
    );
    wall.until_state("good", "data", SOON);
    wall.until_state("bad", "failed", SOON);
    wall.until_state("empty", "no_data", SOON);
    let why = wall.text("[data-panel='bad']");
    assert!(
        why.contains("查询被拒绝") && why.contains("match group"),
        "{why}"
    );
    assert_eq!(wall.state("good"), "data");
    wall.picture("wall");
}
