//! PostgreSQL as a store of logs, against a real server: every answer compared with the reference over the same lines.

mod pg_support;

use model::log::{
    Compare, Direction, Field, Filter, Histogram, LogLevel, LogLine, LogPosition, LogRange, PageAsk,
};
use pg_support::{DAY, NOW, SECOND, line, login, prepared, reader, retain, writer};
use pglogs::lifecycle::Policy;
use pglogs::{Reader, Writer};
use source::{LogSink as _, Logs as _, SourceError};
use std::time::Duration;

const LINES: u64 = 1500;

fn is(field: &str, value: &str) -> Filter {
    Filter::Is(Field::named(field), value.into())
}

fn not(filter: Filter) -> Filter {
    Filter::Not(Box::new(filter))
}

fn number(field: &str, compare: Compare, bound: f64) -> Filter {
    Filter::Number(Field::named(field), compare, bound)
}

/// Filters of every kind on every kind of field, right, wrong and hostile.
fn filters() -> Vec<Filter> {
    let mut all = vec![Filter::All, Filter::And(vec![]), Filter::Or(vec![])];
    for text in [
        "超时",
        "超",
        "timeout",
        "%_",
        "\\",
        "'",
        "",
        "no such\0text",
        "绝对没有",
    ] {
        all.push(Filter::Text(text.into()));
    }
    for level in LogLevel::ALL {
        all.push(Filter::AtLeast(level));
    }
    let fields = [
        "level",
        "category",
        "service",
        "host",
        "message",
        "trace_id",
        "http",
        "http.status",
        "duration_ms",
        "ratio",
        "retry",
        "none",
        "tags",
        "1.0",
        "nothing.there",
        "a'b",
        "a\0b",
    ];
    let values = [
        "error",
        "app",
        "ORDER-service",
        "200",
        "500.0",
        "true",
        "",
        "超",
        "[]",
        "number as a key",
        "x\0",
        "1e2",
    ];
    for field in fields {
        let field = Field::named(field);
        all.push(Filter::Has(field.clone()));
        for value in values {
            all.push(Filter::Is(field.clone(), value.into()));
            all.push(Filter::Contains(field.clone(), value.into()));
            all.push(Filter::Prefix(field.clone(), value.into()));
        }
        for compare in [
            Compare::Less,
            Compare::AtMost,
            Compare::More,
            Compare::AtLeast,
        ] {
            for bound in [0.25, 12.5, 300.0, f64::INFINITY, f64::NAN] {
                all.push(Filter::Number(field.clone(), compare, bound));
            }
        }
    }
    let both = is("service", "nginx").and(Filter::AtLeast(LogLevel::Warn));
    all.push(both.clone());
    all.push(not(both.clone()));
    all.push(Filter::Or(vec![
        both,
        number("http.status", Compare::AtLeast, 450.0),
    ]));
    all.push(not(Filter::Or(vec![
        number("ratio", Compare::More, 1.0),
        Filter::Text("超".into()),
    ])));
    all.push(is("service", "nginx").and(not(Filter::Text("超时".into()))));
    all
}

fn range(filter: Filter) -> LogRange {
    LogRange {
        from_ns: NOW - DAY,
        to_ns: NOW,
        filter,
    }
}

async fn filled(writer: &Writer, lines: u64) {
    let lines: Vec<LogLine> = (0..lines).map(line).collect();
    for batch in lines.chunks(700) {
        writer.append(batch.to_vec()).await.expect("kept");
    }
}

async fn all_pages(
    reader: &Reader,
    range: &LogRange,
    size: usize,
    direction: Direction,
) -> Vec<LogLine> {
    let mut ask = PageAsk {
        beyond: None,
        direction,
        limit: size,
    };
    let mut all = Vec::new();
    loop {
        let mut page = reader.page(range, ask).await.expect("a page").value;
        assert!(page.lines.len() <= size);
        assert!(page.lines.is_sorted_by(|a, b| a.position > b.position));
        if direction == Direction::Newer {
            page.lines.reverse();
        }
        let Some(last) = page.lines.last() else { break };
        ask.beyond = Some(last.position);
        all.append(&mut page.lines);
        if !page.more {
            break;
        }
    }
    all
}

#[tokio::test]
async fn every_filter_gives_the_lines_of_the_reference() {
    let (server, options) = prepared("").await;
    let folder = tempfile::tempdir().expect("a folder");
    retain(&options, folder.path(), &Policy::default()).await;
    const LINES: u64 = 400;
    filled(&writer(&options), LINES).await;
    let reader = reader(&options);

    let all = all_pages(&reader, &range(Filter::All), 10_000, Direction::Older).await;
    assert_eq!(all.len() as u64, LINES);
    let mut contents: Vec<LogLine> = all.clone();
    contents.iter_mut().for_each(|l| l.position.seq = 0);
    contents.sort_by_key(|l| (l.position, format!("{l:?}")));
    let mut expected: Vec<LogLine> = (0..LINES).map(line).collect();
    expected.sort_by_key(|l| (l.position, format!("{l:?}")));
    assert_eq!(contents, expected, "lines come back as they were written");

    for (i, filter) in filters().into_iter().enumerate() {
        for filter in [filter.clone(), not(filter)] {
            let right: Vec<&LogLine> = all.iter().filter(|l| logs::matches(&filter, l)).collect();
            let range = range(filter.clone());
            let page = reader
                .page(
                    &range,
                    PageAsk {
                        limit: 10_000,
                        ..PageAsk::default()
                    },
                )
                .await;
            let page = page.unwrap_or_else(|e| panic!("{filter:?}: {e}")).value;
            assert_eq!(page.lines.iter().collect::<Vec<_>>(), right, "{filter:?}");
            // the costly rest for a part of them
            if i % 7 == 0 || right.len() > 10 && i % 3 == 0 {
                let counted = reader.count(&range).await.expect("a count").value;
                assert_eq!(
                    (counted.lines, counted.exact),
                    (right.len() as u64, true),
                    "{filter:?}"
                );
                let histogram = reader
                    .histogram(&range, 60 * SECOND)
                    .await
                    .expect("a histogram")
                    .value;
                assert_histogram(&histogram, &right, &filter);
            }
        }
    }
    drop(server);
}

fn assert_histogram(histogram: &Histogram, right: &[&LogLine], filter: &Filter) {
    let mut counts = vec![[0; 7]; histogram.counts.len()];
    for line in right {
        let bucket = (line.position.at_ns - histogram.start_ns) / histogram.step_ns;
        counts[usize::try_from(bucket).expect("in range")][Histogram::column(line.level)] += 1;
    }
    assert!(histogram.exact);
    assert_eq!(histogram.counts, counts, "{filter:?}");
}

#[tokio::test]
async fn pages_tails_and_counts_agree_whatever_the_sizes() {
    let (_server, options) = prepared("").await;
    let folder = tempfile::tempdir().expect("a folder");
    retain(&options, folder.path(), &Policy::default()).await;
    let reader = reader(&options);
    let nothing = reader
        .page(
            &range(Filter::All),
            PageAsk {
                limit: 5,
                ..PageAsk::default()
            },
        )
        .await;
    assert_eq!(nothing.expect("an empty page").value.lines, []);
    let everything = LogRange {
        from_ns: i64::MIN,
        to_ns: i64::MAX,
        filter: Filter::All,
    };
    assert_eq!(
        reader
            .count(&everything)
            .await
            .expect("a count")
            .value
            .lines,
        0
    );

    let mark = reader
        .tail(&range(Filter::All), None, 10)
        .await
        .expect("a mark")
        .value
        .mark;
    filled(&writer(&options), LINES).await;
    let tail = reader
        .tail(&range(Filter::All), Some(&mark), 100)
        .await
        .expect("a tail")
        .value;
    assert_eq!((tail.lines.len(), tail.left_out), (100, LINES - 100));
    let again = reader
        .tail(&range(Filter::All), Some(&tail.mark), 100)
        .await
        .expect("a tail")
        .value;
    assert_eq!((again.lines.len(), again.left_out), (0, 0));
    let some = number("http.status", Compare::AtLeast, 450.0);
    let tail = reader
        .tail(&range(some.clone()), Some(&mark), 10)
        .await
        .expect("a tail")
        .value;
    let right = (0..LINES)
        .map(line)
        .filter(|l| logs::matches(&some, l))
        .count() as u64;
    assert_eq!(
        (tail.lines.len() as u64 + tail.left_out, tail.lines.len()),
        (right, 10)
    );

    for filter in [
        Filter::All,
        is("service", "nginx"),
        some,
        Filter::AtLeast(LogLevel::Warn),
    ] {
        let range = range(filter);
        let mut older = all_pages(&reader, &range, 10_000, Direction::Older).await;
        for size in [1_usize, 3, 7, 997] {
            if size == 1 && older.len() > 1000 {
                continue;
            }
            assert_eq!(
                all_pages(&reader, &range, size, Direction::Older).await,
                older,
                "{size}"
            );
        }
        older.reverse();
        assert_eq!(
            all_pages(&reader, &range, 101, Direction::Newer).await,
            older
        );
    }
    // ranges that cut minutes, microseconds and single lines
    let all = all_pages(&reader, &range(Filter::All), 10_000, Direction::Older).await;
    let at = all[all.len() / 2].position.at_ns;
    for (from_ns, to_ns) in [
        (at, at + 1),
        (at - 1, at),
        (at + 1, at + 1),
        (at - 999, at + 1001),
        (at - 200 * SECOND, at + 7),
        (i64::MIN, i64::MAX),
    ] {
        for filter in [
            Filter::All,
            Filter::Text("超".into()),
            is("service", "nginx"),
        ] {
            let range = LogRange {
                from_ns,
                to_ns,
                filter,
            };
            let right = all
                .iter()
                .filter(|l| {
                    (from_ns..to_ns).contains(&l.position.at_ns) && logs::matches(&range.filter, l)
                })
                .count();
            assert_eq!(
                reader.count(&range).await.expect("a count").value.lines,
                right as u64,
                "{range:?}"
            );
            let page = reader
                .page(
                    &range,
                    PageAsk {
                        limit: 10_000,
                        ..PageAsk::default()
                    },
                )
                .await
                .expect("a page")
                .value;
            assert_eq!(page.lines.len(), right);
        }
    }
    assert_odd_steps(&reader, &all).await;
    assert_facets(&reader, &all).await;
}

async fn assert_odd_steps(reader: &Reader, all: &[LogLine]) {
    for step in [7 * SECOND + 3, 300 * SECOND, 3600 * SECOND] {
        let range = LogRange {
            from_ns: NOW - DAY / 2 + 12_345,
            to_ns: NOW - DAY / 2 + 400 * SECOND,
            filter: Filter::All,
        };
        let histogram = reader
            .histogram(&range, step)
            .await
            .expect("a histogram")
            .value;
        assert_eq!(histogram.start_ns % step, 0);
        let right: Vec<&LogLine> = all
            .iter()
            .filter(|l| (range.from_ns..range.to_ns).contains(&l.position.at_ns))
            .collect();
        assert_histogram(&histogram, &right, &range.filter);
    }
    for step in [0, -5, 1] {
        let error = reader
            .histogram(&range(Filter::All), step)
            .await
            .expect_err("refused");
        assert_eq!(error.advice(), "query_invalid");
    }
}

async fn assert_facets(reader: &Reader, all: &[LogLine]) {
    let fields = ["level", "service", "category", "host", "http.status"].map(Field::named);
    for filter in [
        Filter::All,
        is("service", "nginx"),
        Filter::Text("超时".into()),
    ] {
        let range = range(filter);
        let facets = reader
            .facets(&range, &fields, 3)
            .await
            .expect("facets")
            .value;
        for (field, facet) in fields.iter().zip(&facets) {
            assert_eq!(field, &facet.field);
            assert!(facet.exact && facet.values.len() <= 3);
            for value in &facet.values {
                let with = all.iter().filter(|l| {
                    logs::matches(&range.filter, l)
                        && logs::field_text(l, field).as_deref() == Some(&value.value)
                });
                assert_eq!(with.count() as u64, value.lines, "{field} {value:?}");
            }
        }
    }
    let found = reader
        .fields(&range(Filter::All))
        .await
        .expect("fields")
        .value;
    for name in ["message", "http.status", "retry", "1.0"] {
        assert!(found.contains(&Field::named(name)), "{name} in {found:?}");
    }
}

#[tokio::test]
async fn it_conforms() {
    let (_server, options) = prepared("").await;
    let folder = tempfile::tempdir().expect("a folder");
    retain(&options, folder.path(), &Policy::default()).await;
    let failures =
        source::conformance_logs::check(&reader(&options), &writer(&options), NOW - 3600 * SECOND)
            .await;
    assert!(failures.is_empty(), "{failures:#?}");
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
    assert_eq!(
        reader
            .count(&everything)
            .await
            .expect("a count")
            .value
            .lines,
        7
    );
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
    assert_eq!(
        reader
            .count(&range(Filter::All))
            .await
            .expect("a count")
            .value
            .lines,
        1
    );
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
    assert_eq!(
        reader
            .count(&range(Filter::All))
            .await
            .expect("a count")
            .value
            .lines,
        1
    );
    assert_eq!(writer.append(vec![line(2)]).await.expect("kept").value, 1);
    // somebody ends our sessions while they are idle
    server.sql("logs", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'shouwang%'");
    assert_eq!(
        reader
            .count(&range(Filter::All))
            .await
            .expect("a count")
            .value
            .lines,
        2
    );
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
