//! Logs, the whole way: a running desk over every kind of store, each holding the same lines, asked as the page asks. And stores that are
//! away, that hang, that send what is none of theirs: the others go on.

mod desk_support;

use desk::logs::LogsHandle;
use desk::start::Desk;
use desk_support::{started, until};
use embedded::logs::{LogStore, Options as EmbeddedOptions};
use model::log::{LogLevel, LogLine, LogPosition};
use pglogs::{Credentials, Options, Writer};
use serde_json::{Value, json};
use shouwang_tests::fake_logs::FakeLine;
use shouwang_tests::hostile::{Answer, Body, Hostile};
use shouwang_tests::now_ms;
use shouwang_tests::postgres::{Postgres, postgres};
use shouwang_tests::servers::free_port;
use shouwang_tests::victorialogs::Held;
use shouwang_tests::{elastic, loki, victorialogs};
use source::LogSink as _;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use wire::{
    ErrorCode, LogCompleteAsk, LogExportAsk, LogExportFormat, LogFacetsAsk, LogHistogramAsk,
    LogLineView, LogPageAsk, LogPatternsAsk, LogProposalKind, LogSavedView, LogScope, LogStoreView,
    LogTailAsk, LogViewEdit,
};

const LINES: i64 = 600;
const MS: i64 = 1_000_000;
const SERVICES: [&str; 3] = ["order-service", "payment", "stock"];

/// The `n`-th line; three have the same time.
fn line(begin_ms: i64, n: i64) -> LogLine {
    let (level, message, status) = match n % 10 {
        0 => (
            LogLevel::Error,
            format!("下单失败：支付网关连接超时，订单 {n}"),
            "502",
        ),
        5 => (LogLevel::Warn, format!("库存不足，订单 {n}"), "200"),
        _ => (
            LogLevel::Info,
            format!("GET /api/orders/{n} 用时 {} ms", n % 40),
            "200",
        ),
    };
    LogLine {
        position: LogPosition::before((begin_ms + n / 3 * 1_000) * MS),
        level: Some(level),
        service: SERVICES[n.rem_euclid(3) as usize].into(),
        host: format!("node-{}", n % 2),
        message,
        attrs: json!({"http_status": status})
            .as_object()
            .cloned()
            .unwrap_or_default(),
        ..LogLine::default()
    }
}

/// The same for a server that is played.
fn fake(line: &LogLine) -> FakeLine {
    let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let status = line.attrs.get("http_status").and_then(Value::as_str);
    FakeLine {
        at_ns: line.position.at_ns,
        message: line.message.clone(),
        fields: vec![
            field("service", &line.service),
            field("level", line.level.map_or("", LogLevel::name)),
            field("host", &line.host),
            field("http_status", status.unwrap_or_default()),
        ],
    }
}

fn now_ns() -> i64 {
    now_ms() * MS
}

/// A desk without a simulated platform, with these stores of logs.
async fn desk(dir: &Path, stores: &str) -> Desk {
    let file = dir.join("config.toml");
    let data = dir.join("data");
    let text = format!(
        "data_dir = {data:?}\n[embedded]\nhost = false\n[demo]\nenabled = false\n[duty]\nbuiltin_rules = false\n{stores}"
    );
    std::fs::write(&file, text).expect("a file");
    started(&file, None).await
}

fn entry(name: &str, kind: &str, url: &str) -> String {
    format!(
        "[[log_store]]\nname = {name:?}\nkind = {kind:?}\nurl = {url:?}\ntimeout_seconds = 5.0\n"
    )
}

/// All kinds of stores with the same lines, and what adds one more to each.
struct Stores {
    begin_ms: i64,
    held: Held,
    servers: [Hostile; 3],
    postgres: Postgres,
    writer: Writer,
}

impl Stores {
    async fn start(data: &Path) -> Self {
        let begin_ms = now_ms() / 1_000 * 1_000 - 900_000;
        let lines: Vec<LogLine> = (0..LINES).map(|n| line(begin_ms, n)).collect();
        let held: Held = Arc::new(Mutex::new(lines.iter().map(fake).collect()));
        let servers = [
            loki::start(held.clone(), loki::Behaviour::default()),
            victorialogs::start(held.clone(), None),
            elastic::start(held.clone(), "8.15.0", 10_000),
        ];
        let own = EmbeddedOptions::new(data.join("logs").join("files"), Arc::new(now_ms));
        let own = LogStore::open(own).expect("the embedded store");
        own.append(lines.clone()).await.expect("kept");
        let postgres = postgres("");
        postgres.sql("postgres", "CREATE DATABASE logs");
        let options = Options::new(&postgres.url("logs")).expect("an address");
        let who = Credentials {
            user: "postgres".into(),
            password: None,
        };
        pglogs::schema::prepare(&options, &who)
            .await
            .expect("prepared");
        let writer = Writer::new(&options, &who, now_ns);
        writer.append(lines).await.expect("kept");
        Self {
            begin_ms,
            held,
            servers,
            postgres,
            writer,
        }
    }

    fn config(&self) -> String {
        let [loki, victoria, elastic] = &self.servers;
        let pg = entry("pg", "postgresql", &self.postgres.url("logs"));
        [
            "[[log_store]]\nname = \"files\"\nkind = \"embedded\"\n".into(),
            format!("{pg}user = \"postgres\"\n"),
            entry("loki", "loki", &loki.url()),
            entry("victoria", "victorialogs", &victoria.url()),
            entry("elastic", "elasticsearch", &elastic.url()),
        ]
        .concat()
    }

    fn scope(&self, store: &str, query: &str) -> LogScope {
        LogScope {
            store: Some(store.into()),
            query: query.into(),
            from: self.begin_ms as f64,
            to: (self.begin_ms + LINES / 3 * 1_000) as f64,
            ..LogScope::default()
        }
    }
}

/// All lines of a scope, page by page.
async fn all(logs: &LogsHandle, scope: &LogScope, limit: u32) -> Vec<LogLineView> {
    let (mut all, mut beyond) = (Vec::new(), None);
    loop {
        let ask = LogPageAsk {
            lane: format!("{:?}", scope.store),
            scope: scope.clone(),
            beyond: beyond.clone(),
            limit,
            columns: vec!["http_status".into()],
            ..LogPageAsk::default()
        };
        let page = logs.page(ask).await.expect("a page");
        beyond = page.lines.last().map(|l| l.place.clone()).or(beyond);
        all.extend(page.lines);
        if !page.more {
            return all;
        }
        assert!(all.len() <= LINES as usize, "it ends");
    }
}

/// Query, pages and what is told of the lines: the same of every store.
async fn answers_as_its_lines_are(logs: &LogsHandle, stores: &Stores, name: &str) {
    let everything = stores.scope(name, "");
    let lines = all(logs, &everything, 70).await;
    assert_eq!(lines.len(), LINES as usize, "{name}");
    assert!(
        lines.is_sorted_by(|a, b| a.at >= b.at),
        "{name}: the newest first"
    );
    let messages: BTreeSet<&str> = lines.iter().map(|l| l.message.as_str()).collect();
    assert_eq!(messages.len(), lines.len(), "{name}: none twice");

    let late = all(
        logs,
        &stores.scope(name, "超时 level:error http_status:502"),
        1_000,
    )
    .await;
    assert_eq!(late.len(), 60, "{name}");
    assert!(
        late.iter()
            .all(|l| l.cells == ["502"] && l.message.contains("超时"))
    );

    let line = logs
        .line(Some(name.into()), late[7].place.clone())
        .await
        .expect("the line");
    assert_eq!(line.message, late[7].message, "{name}");
    assert!(
        line.fields.contains(&("http_status".into(), "502".into())),
        "{name}: {line:?}"
    );

    let ask = LogHistogramAsk {
        lane: "histogram".into(),
        scope: everything.clone(),
        buckets: 20,
    };
    let histogram = logs.histogram(ask).await.expect("a histogram");
    assert_eq!((histogram.total, histogram.exact), (600.0, true), "{name}");
    let of_level = |column: usize| histogram.counts.iter().map(|row| row[column]).sum::<f64>();
    assert_eq!(
        (of_level(3), of_level(4), of_level(5)),
        (480.0, 60.0, 60.0),
        "{name}"
    );

    let ask = LogFacetsAsk {
        lane: "facets".into(),
        scope: everything.clone(),
        fields: vec!["service".into(), "http_status".into()],
        limit: 5,
    };
    let facets = logs.facets(ask).await.expect("facets").facets;
    for value in &facets[0].values {
        assert!(
            SERVICES.contains(&value.value.as_str()) && value.lines == 200.0,
            "{name}: {value:?}"
        );
    }
    let statuses: Vec<_> = facets[1]
        .values
        .iter()
        .map(|v| (v.value.as_str(), v.lines))
        .collect();
    assert_eq!(statuses, [("200", 540.0), ("502", 60.0)], "{name}");
    assert!(facets.iter().all(|f| f.exact && !f.estimated), "{name}");

    let ask = LogPatternsAsk {
        lane: "patterns".into(),
        scope: everything,
        limit: 20,
    };
    let patterns = logs.patterns(ask).await.expect("patterns");
    assert!(
        patterns.whole && patterns.looked_at == 600.0,
        "{name}: {patterns:?}"
    );
    let late = patterns
        .patterns
        .iter()
        .find(|p| p.example.contains("超时"));
    assert_eq!(late.expect("the pattern of timeouts").lines, 60.0, "{name}");

    let ask = LogCompleteAsk {
        lane: "complete".into(),
        scope: stores.scope(name, "service:"),
        caret: 8,
    };
    let proposals = logs.complete(ask).await.expect("proposals").proposals;
    assert!(
        proposals.iter().any(|p| p.insert.contains("payment")),
        "{name}: {proposals:?}"
    );
    completes_phrases(logs, stores, name).await;
}

/// What somebody types in Chinese, one word after the other, until the query stands.
async fn completes_phrases(logs: &LogsHandle, stores: &Stores, name: &str) {
    let proposed = async |typed: &str| {
        let ask = LogCompleteAsk {
            lane: "complete".into(),
            scope: stores.scope(name, typed),
            caret: u32::try_from(typed.chars().count()).unwrap_or(0),
        };
        logs.complete(ask).await.expect("proposals")
    };
    let of = |found: &wire::LogCompletion, kind| -> Vec<String> {
        let those = found.proposals.iter().filter(|p| p.kind == kind);
        those.map(|p| p.insert.clone()).collect()
    };
    let found = proposed("支付").await;
    let phrases = of(&found, LogProposalKind::Phrase);
    assert_eq!(phrases, ["支付网关连接超时"], "{name}");
    assert_eq!((found.from, found.to), (0, 2), "{name}");
    assert_eq!(
        found.proposals[0].lines,
        Some(60.0),
        "{name}: of the newest that have it"
    );
    let whole = proposed("支付网关连接超时 ").await;
    let operators = of(&whole, LogProposalKind::Operator);
    assert_eq!(operators, ["and ", "or ", "not "], "{name}");
    let begun = proposed("支付网关连接超时 a").await;
    assert!(of(&begun, LogProposalKind::Operator).contains(&"and ".to_owned()));
    assert!(!of(&proposed("支").await, LogProposalKind::Operator).contains(&"and ".to_owned()));
    let chosen = proposed("支付网关连接超时 and 订").await;
    assert_eq!((chosen.from, chosen.to), (13, 14), "{name}");
    assert!(whole.fault.is_none() && proposed("支付 and ").await.fault.is_some());
}

async fn exports(logs: &LogsHandle, stores: &Stores, name: &str) {
    let ask = LogExportAsk {
        scope: stores.scope(name, "level:error"),
        format: LogExportFormat::Ndjson,
        limit: 1_000,
        columns: Vec::new(),
    };
    let made = logs.export(ask).await.expect("an export");
    assert_eq!((made.lines, made.whole), (60.0, true), "{name}");
    let text = std::fs::read_to_string(&made.path).expect("the file");
    let rows: Vec<Value> = text
        .lines()
        .map(|l| serde_json::from_str(l).expect("JSON"))
        .collect();
    assert_eq!(rows.len(), 60, "{name}");
    assert!(
        rows.iter()
            .all(|r| r["level"] == "error" && r["attrs"]["http_status"] == "502")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_store_answers_the_page() {
    let dir = tempfile::tempdir().expect("a folder");
    let stores = Stores::start(&dir.path().join("data")).await;
    let desk = desk(dir.path(), &stores.config()).await;
    for name in ["files", "pg", "loki", "victoria", "elastic"] {
        answers_as_its_lines_are(&desk.logs, &stores, name).await;
        exports(&desk.logs, &stores, name).await;
    }
    until("all answer probes", async || {
        let home = desk.logs.home().await;
        (home.stores.len() == 5 && home.stores.iter().all(|s| s.ok == Some(true))).then_some(())
    })
    .await;
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_arrives_is_followed_with_its_filter() {
    let dir = tempfile::tempdir().expect("a folder");
    let stores = Stores::start(&dir.path().join("data")).await;
    let desk = desk(dir.path(), &stores.config()).await;
    let ask = |name: &str, mark: Option<String>| LogTailAsk {
        lane: format!("tail-{name}"),
        scope: stores.scope(name, "level:error"),
        mark,
        limit: 100,
        columns: Vec::new(),
    };
    let names = ["pg", "loki", "victoria", "elastic"];
    let mut marks = Vec::new();
    for name in names {
        let begun = desk.logs.tail(ask(name, None)).await.expect("a mark");
        assert!(
            begun.lines.is_empty(),
            "{name}: only what arrives from now on"
        );
        marks.push(begun.mark);
    }
    let now = now_ms();
    let fresh = |n: i64| LogLine {
        position: LogPosition::before((now + n) * MS),
        ..line(now, n)
    };
    // the second is no error
    let fresh = [fresh(10), fresh(11)];
    stores.writer.append(fresh.to_vec()).await.expect("kept");
    stores
        .held
        .lock()
        .expect("no panic")
        .extend(fresh.iter().map(fake));
    for (name, first) in names.into_iter().zip(marks) {
        let mut mark = Some(first);
        let came = until(name, async || {
            let tail = desk
                .logs
                .tail(ask(name, mark.take()))
                .await
                .expect("a tail");
            mark = Some(tail.mark);
            (!tail.lines.is_empty()).then_some(tail.lines)
        })
        .await;
        let messages: Vec<&str> = came.iter().map(|l| l.message.as_str()).collect();
        assert_eq!(messages, [fresh[0].message.as_str()], "{name}");
        let more = desk.logs.tail(ask(name, mark)).await.expect("a tail");
        assert!(more.lines.is_empty(), "{name}: once");
    }
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_outlives_the_desk() {
    let dir = tempfile::tempdir().expect("a folder");
    let first = desk(dir.path(), "").await;
    let view = LogSavedView {
        name: "支付超时".into(),
        query: "超时 service:payment".into(),
        columns: vec!["http_status".into()],
        back: 3_600_000.0,
        ..LogSavedView::default()
    };
    let edit = LogViewEdit::Keep { view: view.clone() };
    first.logs.edit_views(edit).await.expect("kept");
    let broken = LogSavedView {
        query: "level:(".into(),
        ..view.clone()
    };
    let refused = first
        .logs
        .edit_views(LogViewEdit::Keep { view: broken })
        .await;
    assert_eq!(refused.expect_err("no query").code, ErrorCode::LogQuery);
    first.stop().await;
    let second = desk(dir.path(), "").await;
    assert_eq!(second.logs.home().await.views, [view]);
    second.stop().await;
}

async fn store_of(desk: &Desk, name: &str) -> LogStoreView {
    let home = desk.logs.home().await;
    home.stores
        .into_iter()
        .find(|s| s.name == name)
        .expect("the store")
}

fn page(store: &str) -> LogPageAsk {
    LogPageAsk {
        lane: store.into(),
        scope: LogScope {
            store: Some(store.into()),
            from: now_ms() as f64 - 3_600_000.0,
            to: now_ms() as f64,
            ..LogScope::default()
        },
        limit: 10,
        ..LogPageAsk::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn stores_that_are_away_or_talk_nonsense_are_told_and_the_others_go_on() {
    let dir = tempfile::tempdir().expect("a folder");
    let html = || Body::Full("<html><title>登录</title>".into());
    let portal = Hostile::start(move |_| Answer::with(200, "text/html", html()));
    let nonsense = Hostile::always(Answer::json(200, "{\"hits\":[[[\u{0}"));
    let silent = Hostile::start(|_| {
        Answer::with(
            200,
            "application/json",
            Body::Silence(Duration::from_secs(20)),
        )
    });
    let config = [
        "[[log_store]]\nname = \"good\"\nkind = \"embedded\"\n".into(),
        entry("away", "loki", &format!("http://127.0.0.1:{}", free_port())),
        entry(
            "no-database",
            "postgresql",
            &format!("postgresql://127.0.0.1:{}/logs", free_port()),
        ),
        entry("portal", "victorialogs", &portal.url()),
        entry("nonsense", "elasticsearch", &nonsense.url()),
        entry("silent", "loki", &silent.url()).replace("5.0", "1.0"),
    ]
    .concat();
    let desk = desk(dir.path(), &config).await;
    let wanted = [
        ("away", &[ErrorCode::Connect][..]),
        ("no-database", &[ErrorCode::Connect][..]),
        (
            "portal",
            &[ErrorCode::NotExpected, ErrorCode::Malformed][..],
        ),
        (
            "nonsense",
            &[ErrorCode::NotExpected, ErrorCode::Malformed][..],
        ),
        ("silent", &[ErrorCode::Timeout][..]),
    ];
    for (name, codes) in wanted {
        let told = desk.logs.page(page(name)).await.expect_err(name);
        assert!(codes.contains(&told.code), "{name}: {told:?}");
        let view = until(name, async || {
            let view = store_of(&desk, name).await;
            view.error.is_some().then_some(view)
        })
        .await;
        assert_eq!(view.ok, Some(false), "{name}: {view:?}");
    }
    let good = desk
        .logs
        .page(page("good"))
        .await
        .expect("the others go on");
    assert!(good.lines.is_empty() && !good.more);
    let unknown = desk
        .logs
        .page(page("unknown"))
        .await
        .expect_err("no such store");
    assert_eq!(unknown.code, ErrorCode::UnknownSource);
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_goes_and_comes_back_answers_again() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut stores = Stores::start(&dir.path().join("data")).await;
    let desk = desk(dir.path(), &stores.config()).await;
    let scope = stores.scope("pg", "level:error");
    assert_eq!(all(&desk.logs, &scope, 100).await.len(), 60);
    stores.postgres.kill();
    let away = desk.logs.page(page("pg")).await.expect_err("away");
    assert!(
        matches!(
            away.code,
            ErrorCode::Connect | ErrorCode::Truncated | ErrorCode::Query
        ),
        "{away:?}"
    );
    let others = stores.scope("files", "level:error");
    assert_eq!(
        all(&desk.logs, &others, 100).await.len(),
        60,
        "the others go on"
    );
    stores.postgres.restart();
    until("it answers again", async || {
        desk.logs.page(page("pg")).await.ok().map(drop)
    })
    .await;
    assert_eq!(
        all(&desk.logs, &scope, 100).await.len(),
        60,
        "nothing is lost"
    );
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_that_left_the_database_are_found_in_their_files() {
    let dir = tempfile::tempdir().expect("a folder");
    let cold = dir.path().join("cold");
    let begin_ms = now_ms() / 1_000 * 1_000 - 40 * 86_400_000;
    let day = chrono::DateTime::from_timestamp_millis(begin_ms)
        .expect("a time")
        .date_naive();
    let mut files = pglogs::cold::Files::begin(&cold, day, 1).expect("a folder");
    for n in 0..LINES {
        let mut line = line(begin_ms, n);
        line.position.seq = u64::try_from(n).unwrap_or(0) + 1;
        files.add(&line).expect("written");
    }
    files.finish(0).expect("finished");
    // its database is away: the files need none
    let hot = entry(
        "pg",
        "postgresql",
        &format!("postgresql://127.0.0.1:{}/logs", free_port()),
    );
    let desk = desk(dir.path(), &format!("{hot}cold_dir = {cold:?}\n")).await;
    let name = "pg/cold";
    let store = until("the files are counted", async || {
        let store = store_of(&desk, name).await;
        (store.ok == Some(true)).then_some(store)
    })
    .await;
    assert_eq!(
        (store.cold_of.as_deref(), store.lines),
        (Some("pg"), Some(600.0))
    );
    assert_eq!(store.oldest, Some(begin_ms as f64));
    let (from, to) = (begin_ms as f64, store.newest.expect("known") + 1.0);
    let scope = |query: &str| LogScope {
        store: Some(name.into()),
        query: query.into(),
        from,
        to,
        ..LogScope::default()
    };
    assert_eq!(all(&desk.logs, &scope(""), 70).await.len(), 600);
    assert_eq!(
        all(&desk.logs, &scope("超时 service:payment"), 7)
            .await
            .len(),
        20
    );
    let ask = LogHistogramAsk {
        lane: "histogram".into(),
        scope: scope("level:error"),
        buckets: 20,
    };
    let histogram = desk.logs.histogram(ask).await.expect("a histogram");
    assert_eq!((histogram.total, histogram.exact), (60.0, true));
    let reading = desk
        .logs
        .reading(Some(name))
        .expect("a store")
        .expect("it is slow");
    assert_eq!(
        (reading.busy, reading.lines, reading.of),
        (false, 600.0, 600.0)
    );
    assert_eq!(desk.logs.reading(Some("pg")).expect("a store"), None);

    // bounded: a stretch of time is needed, and there is nothing to follow
    let mut endless = page(name);
    endless.scope.from = from - 60.0 * 86_400_000.0;
    let refused = desk.logs.page(endless).await.expect_err("too long");
    assert_eq!(refused.code, ErrorCode::Refused);
    assert_eq!(refused.params["reason_key"], "logs.refused.cold_range");
    let ask = LogTailAsk {
        lane: "tail".into(),
        scope: scope(""),
        mark: None,
        limit: 10,
        columns: Vec::new(),
    };
    let tail = desk.logs.tail(ask).await.expect_err("nothing arrives");
    assert_eq!(tail.code, ErrorCode::Unsupported);
    desk.stop().await;
}
