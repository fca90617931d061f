//! PostgreSQL as a store of logs where something is wrong: lines that a database refuses, logins that may not, a server that goes away.

mod pg_support;

use model::log::{Filter, LogLine, LogPosition, LogRange, PageAsk};
use pg_support::{DAY, NOW, SECOND, line, login, prepared, reader, retain, writer};
use pglogs::lifecycle::Policy;
use pglogs::{Reader, Writer};
use source::{LogSink as _, Logs as _, SourceError};
use std::time::Duration;

fn range(filter: Filter) -> LogRange {
    LogRange {
        from_ns: NOW - DAY,
        to_ns: NOW,
        filter,
    }
}

async fn how_many(reader: &Reader, range: &LogRange) -> u64 {
    reader.count(range).await.expect("a count").value.lines
}

#[tokio::test]
async fn lines_that_a_database_refuses_are_kept_all_the_same() {
    let (server, options) = prepared("").await;
    let folder = tempfile::tempdir().expect("a folder");
    retain(&options, folder.path(), &Policy::default()).await;
    let mut lines: Vec<LogLine> = (0..5).map(line).collect();
    for l in &mut lines {
        l.position = LogPosition::before(NOW - SECOND);
    }
    lines[0].message = "a\0b\u{1b}[31m".into();
    lines[0].attrs.insert("\0".into(), "\0".into());
    lines[1].message = "长".repeat(4 << 20);
    let mut deep = serde_json::json!(0);
    for _ in 0..1000 {
        deep = serde_json::json!({ "d": deep });
    }
    lines[2].attrs.insert("deep".into(), deep);
    lines[3].position = LogPosition::before(5);
    lines[4]
        .attrs
        .insert("n".into(), serde_json::json!(1.7e308));
    lines[4].service = "s".repeat(100_000);
    assert_eq!(writer(&options).append(lines).await.expect("kept").value, 5);
    let reader = reader(&options);
    let page = reader
        .page(
            &LogRange {
                from_ns: NOW - 60 * SECOND,
                to_ns: NOW + SECOND,
                filter: Filter::All,
            },
            PageAsk {
                limit: 10,
                ..PageAsk::default()
            },
        )
        .await
        .expect("a page")
        .value;
    let with = |key: &str| {
        page.lines
            .iter()
            .find(|l| l.attrs.contains_key(key))
            .unwrap_or_else(|| panic!("{key}"))
    };
    assert_eq!(page.lines.len(), 5);
    assert!(
        with("nul_replaced")
            .message
            .starts_with("a\u{fffd}b\u{fffd}[")
    );
    assert!(with("cut_bytes").message.len() <= pglogs::MAX_MESSAGE_BYTES);
    assert_eq!(with("time_replaced").position.at_ns, NOW);
    assert!(with("deep").attrs["deep"].to_string().contains('…'));
    assert_eq!(with("n").attrs["n"], serde_json::json!(1.7e308));
    // late and future lines are kept in the default partition, and found
    let mut late = vec![line(1), line(2)];
    late[0].position = LogPosition::before(NOW - 400 * DAY);
    late[1].position = LogPosition::before(NOW + 20 * DAY);
    writer(&options).append(late).await.expect("kept");
    assert_eq!(
        server.sql("logs", "SELECT count(*) FROM shouwang_logs.line_default"),
        "2"
    );
    let everything = LogRange {
        from_ns: i64::MIN,
        to_ns: i64::MAX,
        filter: Filter::All,
    };
    assert_eq!(how_many(&reader, &everything).await, 7);
    assert_eq!(
        reader
            .page(
                &everything,
                PageAsk {
                    limit: 10,
                    ..PageAsk::default()
                }
            )
            .await
            .expect("a page")
            .value
            .lines
            .len(),
        7
    );
}

#[tokio::test]
async fn each_login_can_do_its_own_and_no_more() {
    let (server, mut options) = prepared("").await;
    let folder = tempfile::tempdir().expect("a folder");
    // nobody made partitions: lines are kept all the same
    assert_eq!(
        writer(&options)
            .append(vec![line(1)])
            .await
            .expect("kept")
            .value,
        1
    );
    let wrong = |user: &str| Reader::new(&options, &login(user), None, pg_support::now);
    assert_eq!(
        wrong("writes").probe().await.expect_err("no right"),
        SourceError::Forbidden
    );
    assert_eq!(
        wrong("nobody").probe().await.expect_err("no login"),
        SourceError::Unauthorized
    );
    let writes = Writer::new(&options, &login("reads"), pg_support::now);
    assert_eq!(
        writes.append(vec![line(1)]).await.expect_err("no right"),
        SourceError::Forbidden
    );
    let refused = pglogs::lifecycle::Maintainer::connect(
        &options,
        &login("writes"),
        folder.path(),
        pg_support::now,
    )
    .await;
    assert_eq!(refused.expect_err("no right").code(), "database");
    for (user, sql) in [
        ("writes", "SELECT count(*) FROM shouwang_logs.line"),
        ("writes", "UPDATE shouwang_logs.line SET level = 0"),
        ("writes", "DELETE FROM shouwang_logs.line"),
        (
            "writes",
            "INSERT INTO shouwang_logs.minute VALUES (now(), 0, 0, '', 1)",
        ),
        ("writes", "SELECT shouwang_logs.count_lines()"),
        (
            "reads",
            "INSERT INTO shouwang_logs.line (ts, message) VALUES (now(), '')",
        ),
        ("reads", "DROP TABLE shouwang_logs.line"),
    ] {
        let sql = format!(
            "SET ROLE {user}; DO $do$ BEGIN EXECUTE $q${sql}$q$; RAISE 'allowed'; EXCEPTION WHEN insufficient_privilege THEN NULL; END $do$"
        );
        server.sql("logs", &sql);
    }
    // sessions of readers are read only and limited whatever the login may do
    let all = Reader::new(&options, &login("postgres"), None, pg_support::now);
    all.check().await.expect("the schema is good");
    server.sql("logs", "ALTER TABLE shouwang_logs.line RENAME TO gone; CREATE VIEW shouwang_logs.line AS SELECT g.* FROM shouwang_logs.gone g, (SELECT pg_sleep(5)::text AS slept) s WHERE slept IS NOT NULL");
    options.timeout = Duration::from_millis(800);
    let slow = Reader::new(&options, &login("postgres"), None, pg_support::now);
    let error = slow
        .page(
            &range(Filter::All),
            PageAsk {
                limit: 1,
                ..PageAsk::default()
            },
        )
        .await
        .expect_err("too slow");
    assert_eq!(error.code(), "timeout");
    assert_eq!(server.sql("logs", "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'shouwang reader' AND state = 'active' AND query_start < now() - interval '2 s'"), "0");
}

#[tokio::test]
async fn a_server_that_goes_away_comes_back() {
    let (mut server, options) = prepared("").await;
    let (reader, writer) = (reader(&options), writer(&options));
    writer.append(vec![line(1)]).await.expect("kept");
    assert_eq!(how_many(&reader, &range(Filter::All)).await, 1);
    server.kill();
    let error = reader
        .count(&range(Filter::All))
        .await
        .expect_err("nobody there");
    assert!(error.is_transient(), "{error:?}");
    assert!(
        writer
            .append(vec![line(2)])
            .await
            .expect_err("nobody there")
            .is_transient()
    );
    server.restart();
    assert_eq!(how_many(&reader, &range(Filter::All)).await, 1);
    assert_eq!(writer.append(vec![line(2)]).await.expect("kept").value, 1);
    // somebody ends our sessions while they are idle
    server.sql("logs", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'shouwang%'");
    assert_eq!(how_many(&reader, &range(Filter::All)).await, 2);
    let elsewhere = pglogs::Options::new(&server.url("nowhere")).expect("an address");
    let nowhere = Reader::new(&elsewhere, &login("postgres"), None, pg_support::now);
    assert_eq!(
        nowhere.probe().await.expect_err("no database").code(),
        "connect"
    );
    let empty = pglogs::Options::new(&server.url("postgres")).expect("an address");
    let empty = Reader::new(&empty, &login("postgres"), None, pg_support::now);
    assert_eq!(
        empty.check().await.expect_err("no schema").code(),
        "no_schema"
    );
    server.sql(
        "postgres",
        "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0",
    );
    let latin = pglogs::Options::new(&server.url("latin")).expect("an address");
    let latin = pglogs::schema::prepare(&latin, &login("postgres")).await;
    assert_eq!(latin.expect_err("no UTF-8").code(), "encoding");
    server.sql("logs", "INSERT INTO shouwang_logs.migration VALUES (99)");
    let newer = Reader::new(&options, &login("reads"), None, pg_support::now);
    assert_eq!(
        newer.check().await.expect_err("newer").code(),
        "newer_schema"
    );
}
