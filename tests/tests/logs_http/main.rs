//! Stores of logs that are reached over HTTP against servers that play them: each must answer as the filter says of each line.

mod bad_input;
mod of_elastic;
mod of_loki;
mod suite;

use model::Secret;
use model::log::{
    Attrs, Compare, Counted, Direction, Field, Filter, Histogram, LogLevel, LogLine, LogRange,
    PageAsk,
};
use shouwang_tests::fake_logs::FakeLine;
use shouwang_tests::hostile::{Answer, Body, Hostile};
use shouwang_tests::victorialogs::{self, Held};
use source::{Ask, Connection, LogOptions, Logs, QueryFault, SourceError, connect_logs};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// 2026-11-21T11:25:28.922 UTC.
const START_NS: i64 = 1_795_260_328_922_000_000;
/// Time stamps are so far apart, ns.
const TICK_NS: i64 = 1_000_000;

/// xorshift64: the same lines each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % sides as u64) as usize
    }

    fn of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.roll(all.len())]
    }
}

const SERVICES: [&str; 4] = ["order-service", "Payment", "推荐\"服务\\", ""];
const MESSAGES: [&str; 8] = [
    "下单失败，连接超时 (timeout)",
    "OK",
    "ok",
    "GET /api/orders?x=\"1\" 502\n\tat a.b.c(D.java:7)",
    "user \\ `quoted` | drop",
    "K k K",
    "100% [a] {b} ^c$ *d* +e",
    "",
];

fn some_lines(n: usize) -> Vec<FakeLine> {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    (0..n)
        .map(|_| {
            let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
            FakeLine {
                // many have the same time, and some are the same altogether
                at_ns: START_NS + TICK_NS * i64::try_from(dice.roll(n / 6 + 1)).unwrap_or(0),
                message: dice.of(&MESSAGES).to_owned(),
                fields: vec![
                    field("service", dice.of(&SERVICES)),
                    field(
                        "level",
                        dice.of(&["ERROR", "warn", "info", "错误", "loud", ""]),
                    ),
                    field("host", dice.of(&["pod-1", "pod-2"])),
                    field("trace_id", dice.of(&["", "", "0AF7651916cd43dd"])),
                    field("http_status", dice.of(&["200", "502", "n/a", ""])),
                ],
            }
        })
        .collect()
}

/// The lines as every store should give them, without their numbers.
fn wanted_lines(lines: &[FakeLine]) -> Vec<LogLine> {
    let line = |l: &FakeLine| {
        let mut attrs = Attrs::new();
        if !l.field("http_status").is_empty() {
            attrs.insert("http_status".into(), l.field("http_status").into());
        }
        LogLine {
            position: model::log::LogPosition::before(l.at_ns),
            level: LogLevel::read(l.field("level")),
            service: l.field("service").to_owned(),
            host: l.field("host").to_owned(),
            message: l.message.clone(),
            trace_id: l.field("trace_id").to_ascii_lowercase(),
            attrs,
            ..LogLine::default()
        }
    };
    lines.iter().map(line).collect()
}

fn filters() -> Vec<Filter> {
    let f = Field::named;
    let is = |name: &str, value: &str| Filter::Is(f(name), value.into());
    let text = |t: &str| Filter::Text(t.into());
    let not = |inner: Filter| Filter::Not(Box::new(inner));
    let mut all = vec![
        Filter::All,
        text("超"),
        text("连接超时 ("),
        text("oK"),
        text("k"),
        text("\"1\" 502\n\tat A.B"),
        text("\\ `Quoted` |"),
        text("[A] {b} ^C$ *d* +"),
        text("nowhere"),
        text("\" or * or \""),
        is("service", "ORDER-service"),
        is("service", "推荐\"服务\\"),
        is("service", "\"}) | drop"),
        is("service", ""),
        Filter::Prefix(f("service"), "pay".into()),
        Filter::Contains(f("service"), "服务".into()),
        Filter::Has(f("service")),
        not(Filter::Has(f("service"))),
        Filter::Has(f("trace_id")),
        is("trace_id", "0af7651916CD43dd"),
        is("level", "error"),
        is("level", "loud"),
        not(is("level", "warn")),
        Filter::Has(f("level")),
        Filter::AtLeast(LogLevel::Warn),
        not(Filter::AtLeast(LogLevel::Warn)),
        is("category", "app"),
        is("category", "system"),
        is("http_status", "502"),
        Filter::Has(f("http_status")),
        Filter::Number(f("http_status"), Compare::AtLeast, 500.0),
        not(Filter::Number(f("http_status"), Compare::Less, 500.0)),
        Filter::Is(f("message"), "ok".into()),
        Filter::Prefix(f("message"), "get /".into()),
        Filter::Or(vec![]),
    ];
    all.push(Filter::And(vec![
        text("o"),
        not(is("host", "pod-1")),
        Filter::AtLeast(LogLevel::Info),
    ]));
    all.push(Filter::Or(vec![
        is("service", "payment"),
        text("超时"),
        Filter::Number(f("http_status"), Compare::More, 500.0),
    ]));
    all.push(not(Filter::Or(vec![
        is("service", "payment"),
        not(text("ok")),
    ])));
    all
}

fn range(filter: Filter) -> LogRange {
    LogRange {
        from_ns: START_NS,
        to_ns: START_NS + 3_600_000_000_000,
        filter,
    }
}

fn key(line: &LogLine) -> (i64, String, String) {
    let mut line = line.clone();
    line.position.seq = 0;
    (
        line.position.at_ns,
        line.message.clone(),
        format!("{line:?}"),
    )
}

fn keys(lines: &[LogLine]) -> Vec<(i64, String, String)> {
    let mut all: Vec<_> = lines.iter().map(key).collect();
    all.sort();
    all
}

/// All lines by pages of `limit`.
async fn all_pages(
    store: &dyn Logs,
    range: &LogRange,
    direction: Direction,
    limit: usize,
) -> Vec<LogLine> {
    let (mut all, mut beyond) = (Vec::new(), None);
    loop {
        let ask = PageAsk {
            beyond,
            direction,
            limit,
        };
        let answer = store.page(range, ask).await.expect("a page");
        assert!(!answer.partial, "{:?}", answer.warnings);
        let mut lines = answer.value.lines;
        assert!(
            lines.is_sorted_by(|a, b| a.position > b.position),
            "the newest first"
        );
        assert!(lines.len() == limit || !answer.value.more);
        if direction == Direction::Newer {
            lines.reverse();
        }
        beyond = lines.last().map(|l| l.position).or(beyond);
        all.extend(lines);
        if !answer.value.more {
            return all;
        }
    }
}

/// Everything that a store answers against what the filter says of each line.
async fn conforms(store: &dyn Logs, lines: &[FakeLine]) {
    let all = wanted_lines(lines);
    for filter in filters() {
        let wanted: Vec<LogLine> = all
            .iter()
            .filter(|l| logs::matches(&filter, l))
            .cloned()
            .collect();
        let range = range(filter.clone());
        for (direction, limit) in [
            (Direction::Older, 7),
            (Direction::Newer, 40),
            (Direction::Older, 1_000),
        ] {
            let got = all_pages(store, &range, direction, limit).await;
            assert_eq!(keys(&got), keys(&wanted), "{filter:?}");
        }
        let count = store.count(&range).await.expect("a count").value;
        assert_eq!(
            count,
            Counted {
                lines: wanted.len() as u64,
                exact: true
            },
            "{filter:?}"
        );

        let step = 7 * TICK_NS;
        let histogram = store
            .histogram(&range, 1_000 * step)
            .await
            .expect("a histogram")
            .value;
        assert_eq!(histogram.total(), wanted.len() as u64, "{filter:?}");
        let short = LogRange {
            to_ns: START_NS + 40 * TICK_NS,
            ..range.clone()
        };
        let histogram = store
            .histogram(&short, step)
            .await
            .expect("a histogram")
            .value;
        assert!(histogram.exact, "{filter:?}");
        assert_eq!(histogram.start_ns, START_NS.div_euclid(step) * step);
        let mut counts = vec![[0u64; 7]; histogram.counts.len()];
        for line in wanted.iter().filter(|l| l.position.at_ns < short.to_ns) {
            let bucket = (line.position.at_ns - histogram.start_ns) / step;
            counts[usize::try_from(bucket).expect("in range")][Histogram::column(line.level)] += 1;
        }
        assert_eq!(histogram.counts, counts, "{filter:?}");

        let fields = [
            Field::Service,
            Field::Level,
            Field::named("http_status"),
            Field::named("none"),
        ];
        for fields in [&fields[..1], &fields[..], &fields[2..]] {
            let facets = store.facets(&range, fields, 3).await.expect("facets").value;
            for (facet, field) in facets.iter().zip(fields) {
                assert!(facet.exact && facet.field == *field);
                let mut values: BTreeMap<String, u64> = BTreeMap::new();
                for line in &wanted {
                    if let Some(value) = logs::field_text(line, field) {
                        *values.entry(value.into_owned()).or_default() += 1;
                    }
                }
                let mut values: Vec<(String, u64)> = values.into_iter().collect();
                values.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
                values.truncate(3);
                let got: Vec<_> = facet
                    .values
                    .iter()
                    .map(|v| (v.value.clone(), v.lines))
                    .collect();
                assert_eq!(got, values, "{filter:?} {field}");
            }
        }
    }
    let fields = store
        .fields(&range(Filter::All))
        .await
        .expect("fields")
        .value;
    for name in [
        "service",
        "level",
        "host",
        "message",
        "trace_id",
        "http_status",
    ] {
        assert!(fields.contains(&Field::named(name)), "{name} of {fields:?}");
    }
    assert!(store.probe().await.expect("it is there").value.ready);
}

/// A tail gives what comes, once, of its filter only.
async fn tails(store: &dyn Logs, held: &Held) {
    let wanted = range(Filter::Text("new".into()));
    let begun = store.tail(&wanted, None, 10).await.expect("a mark").value;
    assert!(begun.lines.is_empty());
    let newest = held
        .lock()
        .expect("the lines")
        .iter()
        .map(|l| l.at_ns)
        .max()
        .unwrap_or(START_NS);
    let push = |at_ns: i64, message: &str| {
        let line = FakeLine {
            at_ns,
            message: message.to_owned(),
            fields: vec![
                ("service".into(), "order-service".into()),
                ("host".into(), "pod-1".into()),
            ],
        };
        held.lock().expect("the lines").push(line);
    };
    push(newest + TICK_NS, "new 1");
    push(newest + TICK_NS, "other");
    push(newest - 5 * TICK_NS, "new and late");
    let first = store
        .tail(&wanted, Some(&begun.mark), 10)
        .await
        .expect("lines")
        .value;
    let said: Vec<&str> = first.lines.iter().map(|l| l.message.as_str()).collect();
    assert_eq!((said, first.left_out), (vec!["new 1", "new and late"], 0));
    for n in 0..12 {
        push(newest + (2 + n) * TICK_NS, "new again");
    }
    let second = store
        .tail(&wanted, Some(&first.mark), 10)
        .await
        .expect("lines")
        .value;
    assert_eq!((second.lines.len(), second.left_out), (10, 2));
    let third = store
        .tail(&wanted, Some(&second.mark), 10)
        .await
        .expect("lines")
        .value;
    assert!(third.lines.is_empty());
}

fn connection(server: &Hostile) -> Connection {
    let mut connection = Connection::to(server.url());
    connection.timeout = Duration::from_secs(20);
    connection
}

fn client(kind: &str, server: &Hostile) -> Arc<dyn Logs> {
    connect_logs(kind, &connection(server), &LogOptions::default()).expect("a client")
}

fn held(lines: &[FakeLine]) -> Held {
    Arc::new(Mutex::new(lines.to_vec()))
}

#[tokio::test]
async fn victorialogs_answers_as_the_filter_says() {
    let lines = some_lines(180);
    let held = held(&lines);
    let server = victorialogs::start(held.clone(), None);
    let store = client("victorialogs", &server);
    conforms(&*store, &lines).await;
    tails(&*store, &held).await;
    // a long query goes as a form
    let many = (0..300)
        .map(|n| Filter::Text(format!("nowhere {n}")))
        .collect();
    let count = store
        .count(&range(Filter::Or(many)))
        .await
        .expect("a count")
        .value;
    assert_eq!(count.lines, 0);
    assert!(
        server
            .requests()
            .iter()
            .any(|r| r.method == "POST" && r.body.len() > 2_000)
    );
}

#[tokio::test]
async fn victorialogs_tenants_and_refusals() {
    let lines = some_lines(10);
    let server = victorialogs::start(held(&lines), Some("7"));
    let refused = client("victorialogs", &server)
        .probe()
        .await
        .expect_err("no tenant");
    assert!(
        matches!(&refused, SourceError::Query { fault: QueryFault::Invalid, message } if message.contains("AccountID"))
    );
    let mut with_tenant = connection(&server);
    with_tenant.headers = vec![("AccountID".into(), Secret::new("7"))];
    let options = LogOptions {
        scope: Some("\"host\":~\"^pod-1$\"".into()),
        ..LogOptions::default()
    };
    let store = connect_logs("victorialogs", &with_tenant, &options).expect("a client");
    let count = store
        .count(&range(Filter::All))
        .await
        .expect("a count")
        .value
        .lines;
    assert_eq!(
        count as usize,
        lines.iter().filter(|l| l.field("host") == "pod-1").count()
    );
    let broken = LogOptions {
        scope: Some("{host=".into()),
        ..LogOptions::default()
    };
    let store = connect_logs("victorialogs", &with_tenant, &broken).expect("a client");
    let refused = store
        .count(&range(Filter::All))
        .await
        .expect_err("no query");
    assert!(
        matches!(&refused, SourceError::Query { fault: QueryFault::Invalid, message } if message.contains("cannot parse query"))
    );
}

#[tokio::test]
async fn strangers_and_broken_answers_are_told() {
    for kind in source::LOG_KINDS.iter().map(|k| k.name) {
        let page = Body::Full("<html><title>Sign in</title>".into());
        for answer in [
            Answer::with(200, "text/html", page.clone()),
            Answer::with(404, "text/html", page.clone()),
            Answer::json(200, "[7]"),
        ] {
            let server = Hostile::always(answer);
            let refused = client(kind, &server)
                .page(
                    &range(Filter::All),
                    PageAsk {
                        limit: 5,
                        ..PageAsk::default()
                    },
                )
                .await;
            let refused = refused.expect_err("no store");
            assert!(
                matches!(refused.code(), "not_expected" | "malformed"),
                "{kind}: {refused:?}"
            );
        }
        for (status, code) in [
            (401, "unauthorized"),
            (403, "unauthorized"),
            (429, "http"),
            (502, "http"),
        ] {
            let server = Hostile::always(Answer::with(status, "text/html", page.clone()));
            let refused = client(kind, &server).probe().await.expect_err("refused");
            assert_eq!(refused.code(), code, "{kind}");
        }
        let cut = Body::Truncated {
            declared: 900,
            sent: br#"{"values":[{"va"#.to_vec(),
        };
        let server = Hostile::always(Answer::with(200, "application/json", cut));
        assert_eq!(
            client(kind, &server).probe().await.expect_err("cut"),
            SourceError::Truncated,
            "{kind}"
        );
        let huge = Answer::with(
            200,
            "application/json",
            Body::Endless {
                first: b"{".to_vec(),
                again: vec![b' '; 1 << 16],
            },
        );
        let server = Hostile::always(huge);
        let mut small = connection(&server);
        small.limits.body_bytes = 1 << 20;
        let store = connect_logs(kind, &small, &LogOptions::default()).expect("a client");
        assert_eq!(
            store.probe().await.expect_err("too large").code(),
            "too_large",
            "{kind}"
        );
    }
}
