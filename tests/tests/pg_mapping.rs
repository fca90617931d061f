//! Tables of others, read through a mapping, and what is said when it does not fit; TLS.

use model::Secret;
use model::log::{Direction, Field, Filter, LogCategory, LogLevel, LogRange, PageAsk};
use pglogs::mapping::Mapping;
use pglogs::{Credentials, Options, Reader};
use shouwang_tests::certs::pki;
use shouwang_tests::postgres::{Postgres, postgres};
use source::{Logs as _, SourceError, TlsFault};

/// The tests' now: 2026-11-21 12:00 UTC.
const NOW: i64 = 1_795_262_400_000_000_000;
const SECOND: i64 = 1_000_000_000;

fn now() -> i64 {
    NOW
}

fn login(user: &str) -> Credentials {
    Credentials {
        user: user.to_owned(),
        password: (user != "postgres").then(|| Secret::new("geheim")),
    }
}

const TABLE: &str = r#"
CREATE SCHEMA app;
CREATE TABLE app."Access Log" (n bigint PRIMARY KEY, at timestamp, ms bigint, sev text, kind text, app varchar(40), box text, txt text,
    trace uuid, span text, doc json, colour text, secret text);
INSERT INTO app."Access Log"
SELECT g, (timestamptz '2026-11-21 11:59:00+00' + g / 3 * interval '100 ms') AT TIME ZONE 'Asia/Shanghai',
    1795262340000 + g / 3 * 100,
    (ARRAY['INFO', ' 警告 ', 'Critical', NULL, 'whatever'])[1 + g % 5], (ARRAY['app-logs', 'security', 'odd'])[1 + g % 3],
    (ARRAY['Pay', NULL, 'nginx'])[1 + g % 3], 'box-' || g % 2, CASE g % 4 WHEN 0 THEN '连接超时' WHEN 1 THEN NULL ELSE 'ok ' || g END,
    CASE WHEN g % 2 = 0 THEN '4bf92f35-77b3-4da6-a3ce-929d0e0e4736'::uuid END, CASE WHEN g % 3 = 0 THEN 'ABCD' END,
    CASE g % 3 WHEN 0 THEN '{"http": {"status": 502}}' WHEN 1 THEN '[1, 2]' END::json, CASE WHEN g % 2 = 0 THEN 'red' END, 'x'
FROM generate_series(0, 299) g;
CREATE VIEW app.seen AS SELECT * FROM app."Access Log";
CREATE ROLE reads LOGIN PASSWORD 'geheim';
GRANT USAGE ON SCHEMA app TO reads;
GRANT SELECT (n, at, ms, sev, kind, app, box, txt, trace, span, doc, colour) ON app."Access Log" TO reads;
GRANT SELECT ON app."Access Log", app.seen TO reads;
"#;

fn mapping() -> Mapping {
    let text = str::to_owned;
    Mapping {
        table: text("app.Access Log"),
        time: text("at"),
        time_zone: text("Asia/Shanghai"),
        id: text("n"),
        level: text("sev"),
        category: text("kind"),
        service: text("app"),
        host: text("box"),
        message: text("txt"),
        trace_id: text("trace"),
        span_id: text("span"),
        attrs: text("doc"),
        extra: vec![text("colour")],
        ..Mapping::default()
    }
}

fn filled() -> (Postgres, Options) {
    let server = postgres("");
    server.sql("postgres", TABLE);
    let options = Options::new(&server.url("postgres")).expect("an address");
    (server, options)
}

fn range(filter: Filter) -> LogRange {
    LogRange {
        from_ns: NOW - 60 * SECOND,
        to_ns: NOW,
        filter,
    }
}

fn filters() -> Vec<Filter> {
    let is = |field: &str, value: &str| Filter::Is(Field::named(field), value.into());
    let mut all: Vec<Filter> = LogLevel::ALL.into_iter().map(Filter::AtLeast).collect();
    all.extend([
        Filter::All,
        Filter::Text("超".into()),
        Filter::Text("OK".into()),
        Filter::Text(String::new()),
        is("category", "app"),
        is("category", "security"),
        is("service", "pay"),
        is("trace_id", "4BF92F3577B34DA6A3CE929D0E0E4736"),
        is("span_id", "abcd"),
        is("http.status", "502"),
        is("colour", "RED"),
        is("attrs", "[1,2]"),
        Filter::Has(Field::named("colour")),
        Filter::Has(Field::Service),
        Filter::Has(Field::Level),
        Filter::Prefix(Field::Host, "BOX-1".into()),
    ]);
    let not: Vec<Filter> = all
        .iter()
        .map(|f| Filter::Not(Box::new(f.clone())))
        .collect();
    all.extend(not);
    all
}

#[tokio::test]
async fn tables_of_others_give_the_same_lines() {
    let (_server, options) = filled();
    let number = Mapping {
        time: "ms".into(),
        time_unit: "ms".into(),
        ..mapping()
    };
    let view = Mapping {
        table: "app.seen".into(),
        ..mapping()
    };
    let by_place = Mapping {
        id: String::new(),
        ..mapping()
    };
    for mapping in [mapping(), number, view, by_place] {
        let reader = Reader::new(&options, &login("reads"), Some(mapping), now);
        reader.check().await.expect("it fits");
        let most = PageAsk {
            limit: 1000,
            ..PageAsk::default()
        };
        let all = reader
            .page(&range(Filter::All), most)
            .await
            .expect("a page")
            .value
            .lines;
        assert_eq!(all.len(), 300);
        assert_eq!(all[299].position.at_ns, NOW - 60 * SECOND);
        let one = &all[299];
        assert_eq!(
            (one.level, one.category),
            (Some(LogLevel::Info), LogCategory::App)
        );
        assert_eq!(
            (
                one.service.as_str(),
                one.trace_id.as_str(),
                one.span_id.as_str()
            ),
            ("Pay", "4bf92f3577b34da6a3ce929d0e0e4736", "abcd")
        );
        assert_eq!(one.attrs["http"]["status"], 502);
        assert_eq!(one.attrs["colour"], "red");
        for filter in filters() {
            let right: Vec<_> = all.iter().filter(|l| logs::matches(&filter, l)).collect();
            let range = range(filter);
            let page = reader.page(&range, most).await.expect("a page").value;
            assert_eq!(page.lines.iter().collect::<Vec<_>>(), right, "{range:?}");
            assert_eq!(
                reader.count(&range).await.expect("a count").value.lines,
                right.len() as u64
            );
            let histogram = reader
                .histogram(&range, 7 * SECOND)
                .await
                .expect("a histogram")
                .value;
            assert_eq!(histogram.total(), right.len() as u64);
        }
        let mut newest_first = all.clone();
        for direction in [Direction::Older, Direction::Newer] {
            let mut ask = PageAsk {
                beyond: None,
                direction,
                limit: 7,
            };
            let mut found = Vec::new();
            loop {
                let mut page = reader
                    .page(&range(Filter::All), ask)
                    .await
                    .expect("a page")
                    .value;
                if direction == Direction::Newer {
                    page.lines.reverse();
                }
                let Some(last) = page.lines.last() else { break };
                ask.beyond = Some(last.position);
                found.append(&mut page.lines);
            }
            assert_eq!(found, newest_first);
            newest_first.reverse();
        }
    }
}

#[tokio::test]
async fn a_mapping_that_does_not_fit_says_what_does_not() {
    let (server, options) = filled();
    let tried = async |change: fn(&mut Mapping)| {
        let mut wrong = mapping();
        change(&mut wrong);
        let reader = Reader::new(&options, &login("reads"), Some(wrong), now);
        reader.check().await.expect_err("does not fit")
    };
    assert_eq!(
        tried(|m| m.table = "app.gone".into()).await.code(),
        "no_table"
    );
    assert_eq!(
        tried(|m| m.table = "pg_catalog.pg_authid".into())
            .await
            .code(),
        "no_table"
    );
    let missing = tried(|m| m.level = "severity".into()).await;
    assert_eq!(missing.code(), "no_column");
    assert!(missing.to_string().contains("sev") && missing.to_string().contains("level"));
    assert_eq!(tried(|m| m.time = "txt".into()).await.code(), "column_type");
    assert_eq!(
        tried(|m| m.time_zone = String::new()).await.code(),
        "mapping_time_zone"
    );
    assert_eq!(tried(|m| m.id = "app".into()).await.code(), "column_type");
    let view = tried(|m| {
        m.table = "app.seen".into();
        m.id = String::new();
    });
    assert_eq!(view.await.code(), "mapping_id");
    // put right while the program runs: the next question finds it
    let reader = Reader::new(
        &options,
        &login("reads"),
        Some(Mapping {
            table: "app.later".into(),
            ..mapping()
        }),
        now,
    );
    assert!(reader.count(&range(Filter::All)).await.is_err());
    server.sql(
        "postgres",
        "CREATE VIEW app.later AS SELECT * FROM app.seen; GRANT SELECT ON app.later TO reads",
    );
    assert_eq!(
        reader
            .count(&range(Filter::All))
            .await
            .expect("a count")
            .value
            .lines,
        300
    );
}

#[tokio::test]
async fn tls_is_verified_or_there_is_no_answer() {
    let ours = pki("ours");
    let mut server = postgres("");
    let url = format!("{}?sslmode=verify-full", server.url("postgres"));
    let ask = async |authority: Option<&str>| {
        let mut options = Options::new(&url).expect("an address");
        options.tls_options.authorities_pem = authority.map(str::to_owned);
        let reader = Reader::new(&options, &login("postgres"), None, now);
        reader
            .check()
            .await
            .expect_err("no schema there")
            .to_string();
        reader.probe().await.expect_err("no schema there")
    };
    let no_tls = SourceError::Tls {
        why: TlsFault::NotTls,
    };
    assert_eq!(ask(Some(&ours.authority)).await, no_tls);
    server.put("server.crt", &ours.server.certificate);
    server.put("server.key", &ours.server.key);
    server.sql("postgres", "ALTER SYSTEM SET ssl = on");
    server.restart();
    // the schema is not there: so far it comes only when the certificate was good
    assert_eq!(
        ask(Some(&ours.authority)).await.advice(),
        "query_unavailable"
    );
    let unknown = SourceError::Tls {
        why: TlsFault::UnknownIssuer,
    };
    assert_eq!(ask(Some(&pki("others").authority)).await, unknown);
    assert_eq!(ask(None).await, unknown);
}
