//! Figures of the log store, one JSON object a line. `cargo xtask bench` judges them.
//!
//! A million lines of a platform over 24 hours are taken in, a part of them in the order of their times and the rest with
//! the small disorder of many writers; then the questions of a person who searches. `--quick` takes a tenth.

mod lines;

use embedded::logs::{LogStore, Options};
use lines::{DAY_NS, START_NS, Writer};
use model::log::{Compare, Field, Filter, LogLevel, LogRange, PageAsk, TailMark};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// Lines handed over at once, and calls under way at the same time.
const BATCH: usize = 2_000;
const CALLS: usize = 8;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let quick = args.iter().any(|a| a == "--quick");
    let lines = if quick { 100_000 } else { 1_000_000 };
    let folder = tempfile::tempdir()?;
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(measure(folder.path(), lines))
}

#[expect(
    clippy::disallowed_methods,
    reason = "a bench measures the machine's time"
)]
fn now() -> Instant {
    Instant::now()
}

fn ms(since: Instant) -> f64 {
    now().duration_since(since).as_secs_f64() * 1e3
}

fn tell(figure: Value) {
    println!("{figure}");
}

fn open(folder: &Path) -> Result<LogStore, Box<dyn std::error::Error>> {
    let end_ms = (START_NS + DAY_NS) / 1_000_000;
    Ok(LogStore::open(Options::new(
        folder,
        Arc::new(move || end_ms),
    ))?)
}

async fn measure(folder: &Path, count: usize) -> Result<(), Box<dyn std::error::Error>> {
    let store = open(folder)?;
    let mut writer = Writer::new(count);
    // made beforehand, so that the generator is not measured
    let batches: Vec<_> = std::iter::repeat_with(|| writer.batch(BATCH))
        .take(count / BATCH)
        .collect();
    let bytes: usize = batches.iter().flatten().map(|l| l.message.len()).sum();
    let start = now();
    let mut calls = tokio::task::JoinSet::new();
    for batch in batches {
        if calls.len() >= CALLS
            && let Some(done) = calls.join_next().await
        {
            done??;
        }
        let store = store.clone();
        calls.spawn(async move { store.append(batch).await });
    }
    while let Some(done) = calls.join_next().await {
        done??;
    }
    let seconds = ms(start) / 1e3;
    let contents = store.contents().await?;
    tell(json!({
        "ingest_lines_per_second": count as f64 / seconds,
        "message_bytes": bytes as f64 / count as f64,
        "disk_bytes_per_line": contents.bytes as f64 / count as f64,
    }));
    questions(&store, "while_written").await?;
    trickle(&store, &mut writer).await?;
    drop(store);
    let start = now();
    let store = open(folder)?;
    let opened = ms(start);
    tell(json!({ "open_ms": opened }));
    questions(&store, "").await
}

fn range(filter: Filter) -> LogRange {
    LogRange {
        from_ns: START_NS,
        to_ns: START_NS + DAY_NS,
        filter,
    }
}

fn text(phrase: &str) -> Filter {
    Filter::Text(phrase.to_owned())
}

fn is(field: &str, value: &str) -> Filter {
    Filter::Is(Field::named(field), value.to_owned())
}

/// What is asked, by name.
fn filters() -> Vec<(&'static str, Filter)> {
    let error = Filter::AtLeast(LogLevel::Error);
    vec![
        ("word_of_two", text("超时")),
        ("frequent_word_of_two", text("订单")),
        ("word_of_four", text("连接超时")),
        ("word_of_one", text("滞")),
        ("frequent_character", text("单")),
        ("rare_word", text("熔断器")),
        ("no_such_word", text("不存在的词")),
        ("english_word", text("timeout")),
        ("order_number", text("20261121000777")),
        (
            "service_and_level",
            is("service", "payment").and(error.clone()),
        ),
        (
            "word_and_service",
            text("超时").and(is("service", "payment")),
        ),
        ("not_word", Filter::Not(Box::new(text("订单")))),
        ("attribute", is("http.status", "502")),
        (
            "attribute_number",
            Filter::Number(Field::named("ms"), Compare::More, 2_990.0),
        ),
        ("short_number", text("502")),
        ("error", error),
        ("all", Filter::All),
    ]
}

async fn questions(store: &LogStore, when: &str) -> Result<(), Box<dyn std::error::Error>> {
    let minute = 60_000_000_000;
    for (name, filter) in filters() {
        let range = range(filter);
        let ask = PageAsk {
            limit: 100,
            ..PageAsk::default()
        };
        let mut pages = Vec::new();
        for _ in 0..20 {
            let start = now();
            store.page(&range, ask).await?;
            pages.push(ms(start));
        }
        pages.sort_by(f64::total_cmp);
        let (mut counts, mut histograms, mut lines) = (Vec::new(), Vec::new(), 0);
        for _ in 0..10 {
            let start = now();
            lines = store.count(&range).await?.lines;
            counts.push(ms(start));
            let start = now();
            let histogram = store.histogram(&range, minute).await?;
            histograms.push(ms(start));
            if !histogram.exact || histogram.total() != lines {
                return Err(format!("{name}: the histogram does not agree with the count").into());
            }
        }
        counts.sort_by(f64::total_cmp);
        histograms.sort_by(f64::total_cmp);
        let median = |times: &[f64]| times.get(times.len() / 2).copied().unwrap_or(f64::NAN);
        let at =
            |times: &[f64], part: f64| times[((times.len() - 1) as f64 * part).round() as usize];
        let figures = match (name, when) {
            ("word_of_two", "") => json!({
                "case": name, "lines": lines, "newest_100_p95_ms": at(&pages, 0.95),
                "word_count_ms": median(&counts), "histogram_ms": median(&histograms),
            }),
            ("all", "") => json!({
                "case": name, "lines": lines, "page_p95_ms": at(&pages, 0.95), "count_ms": median(&counts),
                "histogram_24h_by_minute_ms": median(&histograms),
            }),
            _ => json!({
                "when": when, "case": name, "lines": lines, "page_p95_ms": at(&pages, 0.95), "count_ms": median(&counts),
                "histogram_ms": median(&histograms),
            }),
        };
        tell(figures);
    }
    facets(store, when).await
}

async fn facets(store: &LogStore, when: &str) -> Result<(), Box<dyn std::error::Error>> {
    let fields = ["level", "service", "host"].map(Field::named);
    let start = now();
    store.facets(&range(Filter::All), &fields, 20).await?;
    let own = ms(start);
    let start = now();
    let status = [Field::named("http.status")];
    store.facets(&range(Filter::All), &status, 20).await?;
    tell(json!({ "when": when, "facets_ms": own, "facet_of_attribute_ms": ms(start) }));
    Ok(())
}

/// Lines one by one as a collector hands them over, and how long until they are seen.
async fn trickle(store: &LogStore, writer: &mut Writer) -> Result<(), Box<dyn std::error::Error>> {
    let mut mark: TailMark = store.tail(&range(Filter::All), None, 1).await?.mark;
    let (mut appended, mut tailed) = (Vec::new(), Vec::new());
    for _ in 0..20 {
        let start = now();
        store.append(writer.batch(20)).await?;
        appended.push(ms(start));
        let start = now();
        let tail = store.tail(&range(text("订单")), Some(&mark), 500).await?;
        tailed.push(ms(start));
        mark = tail.mark;
    }
    let mean = |times: &[f64]| times.iter().sum::<f64>() / times.len() as f64;
    tell(json!({ "append_of_20_ms": mean(&appended), "tail_ms": mean(&tailed) }));
    Ok(())
}
