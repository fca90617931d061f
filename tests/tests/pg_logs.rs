//! PostgreSQL as a store of logs, against a real server: every answer compared with the reference over the same lines.

mod pg_support;

use model::log::{
    Compare, Direction, Field, Filter, Histogram, LogLevel, LogLine, LogPosition, LogRange, PageAsk,
};
use pg_support::{DAY, NOW, SECOND, line, prepared, reader, retain, writer};
use pglogs::lifecycle::Policy;
use pglogs::{Reader, Writer};
use source::{LogSink as _, Logs as _};

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

/// Attributes have no counters: of more lines than are looked at, some of every part of the time are.
#[tokio::test]
async fn values_of_an_attribute_are_estimated_over_the_whole_time() {
    let (_server, options) = prepared("").await;
    let folder = tempfile::tempdir().expect("a folder");
    retain(&options, folder.path(), &Policy::default()).await;
    const MANY: i64 = 30_000;
    // two payments in three by 支付宝 until an hour ago, then by WeChat only; spread evenly over three hours
    let begin = NOW - 3 * 3600 * SECOND;
    let paid = |n: i64| {
        let channel = if n >= MANY * 2 / 3 || n % 3 == 0 {
            "wechat"
        } else {
            "alipay"
        };
        let attrs = serde_json::json!({ "channel": channel });
        LogLine {
            position: LogPosition::before(begin + n * (3 * 3600 * SECOND / MANY)),
            attrs: attrs.as_object().expect("an object").clone(),
            ..line(1)
        }
    };
    let lines: Vec<LogLine> = (0..MANY).map(paid).collect();
    let writer = writer(&options);
    for batch in lines.chunks(5_000) {
        writer.append(batch.to_vec()).await.expect("kept");
    }
    let reader = reader(&options);
    let asked = |from_ns, filter| LogRange {
        from_ns,
        to_ns: NOW,
        filter,
    };
    let facet = async |range: LogRange| {
        let field = Field::named("channel");
        let found = reader.facets(&range, &[field], 10).await;
        found.expect("values").value.remove(0)
    };
    let lines_of = |facet: &model::log::Facet, name: &str| {
        let value = facet.values.iter().find(|v| v.value == name);
        value.map_or(0.0, |v| v.lines as f64)
    };
    let whole = facet(asked(begin, Filter::All)).await;
    assert!(whole.estimated && !whole.exact, "{whole:?}");
    let (alipay, wechat) = (lines_of(&whole, "alipay"), lines_of(&whole, "wechat"));
    // 13,333 and 16,667; the newest lines alone would say none and all
    assert!((alipay / 13_333.0 - 1.0).abs() < 0.1, "{whole:?}");
    assert!((wechat / 16_667.0 - 1.0).abs() < 0.1, "{whole:?}");
    assert!(((alipay + wechat) / MANY as f64 - 1.0).abs() < 0.01);
    let recent = facet(asked(NOW - 1800 * SECOND, Filter::All)).await;
    assert!(recent.exact && !recent.estimated, "{recent:?}");
    assert_eq!(lines_of(&recent, "wechat"), 5_000.0);
}
