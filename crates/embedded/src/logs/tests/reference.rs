//! Every answer is the slow reference's: all lines in a sorted list, and `logs::matches`.

use super::*;
use model::log::{Compare, Direction, Facet, FacetValue, Field, Histogram, LogPage, PageAsk};
use proptest::prelude::*;
use std::collections::BTreeMap;

struct Reference {
    /// By position.
    lines: Vec<LogLine>,
}

impl Reference {
    fn of(&self, range: &LogRange) -> Vec<&LogLine> {
        let within = |l: &&LogLine| {
            let at = l.position.at_ns;
            at >= range.from_ns && at < range.to_ns && logs::matches(&range.filter, l)
        };
        self.lines.iter().filter(within).collect()
    }

    fn page(&self, range: &LogRange, ask: PageAsk) -> LogPage {
        let mut all = self.of(range);
        match ask.direction {
            Direction::Older => {
                all.retain(|l| ask.beyond.is_none_or(|b| l.position < b));
                all.reverse();
            }
            Direction::Newer => all.retain(|l| ask.beyond.is_none_or(|b| l.position > b)),
        }
        let more = all.len() > ask.limit;
        all.truncate(ask.limit);
        if ask.direction == Direction::Newer {
            all.reverse();
        }
        LogPage {
            lines: all.into_iter().cloned().collect(),
            more,
        }
    }

    fn histogram(&self, range: &LogRange, step_ns: i64) -> Histogram {
        let start_ns = range.from_ns.div_euclid(step_ns) * step_ns;
        let buckets = (range.to_ns - start_ns + step_ns - 1) / step_ns;
        let mut counts = vec![[0; 7]; buckets.max(0) as usize];
        for line in self.of(range) {
            let bucket = (line.position.at_ns - start_ns) / step_ns;
            counts[bucket as usize][Histogram::column(line.level)] += 1;
        }
        Histogram {
            start_ns,
            step_ns,
            counts,
            exact: true,
        }
    }

    fn facet(&self, range: &LogRange, field: &Field, limit: usize) -> Facet {
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for line in self.of(range) {
            if let Some(value) = logs::field_text(line, field).filter(|v| !v.is_empty()) {
                *counts.entry(value.into_owned()).or_default() += 1;
            }
        }
        let mut values: Vec<FacetValue> = counts
            .into_iter()
            .map(|(value, lines)| FacetValue { value, lines })
            .collect();
        values.sort_by_key(|v| std::cmp::Reverse(v.lines));
        values.truncate(limit);
        Facet {
            field: field.clone(),
            values,
            exact: true,
            estimated: false,
        }
    }
}

fn leaf() -> impl Strategy<Value = Filter> {
    let field = prop_oneof![
        Just("service"),
        Just("host"),
        Just("level"),
        Just("category"),
        Just("http.status"),
        Just("user"),
        Just("ok"),
        Just("ms"),
        Just("ratio"),
        Just("tags"),
        Just("none"),
        Just("message"),
        Just("trace_id"),
        Just("span_id"),
        Just("http")
    ]
    .prop_map(Field::named);
    let value = prop_oneof![
        Just("order-service"),
        Just("Payment"),
        Just("node-1"),
        Just("error"),
        Just("app"),
        Just("502"),
        Just("li"),
        Just("true"),
        Just("0.25"),
        Just("[\"a\"]"),
        Just(""),
        Just("库存不足"),
        Just("00000000000000000000000000000007"),
        Just("o")
    ];
    let phrase = prop_oneof![
        Just("超时"),
        Just("超"),
        Just("时"),
        Just("连接超时"),
        Just("timeout"),
        Just("SERVICE"),
        Just("PO0"),
        Just("PO"),
        Just("，"),
        Just("200"),
        Just("order"),
        Just("用户"),
        Just(" "),
        Just("a b"),
        Just("12345"),
        Just("登录 ok"),
        Just("不在"),
        Just("zebra"),
        Just(""),
        Just("er=PO")
    ];
    prop_oneof![
        1 => Just(Filter::All),
        4 => phrase.clone().prop_map(|p: &str| Filter::Text(p.into())),
        3 => (field.clone(), value.clone()).prop_map(|(f, v): (_, &str)| Filter::Is(f, v.into())),
        1 => (field.clone(), value.clone()).prop_map(|(f, v): (_, &str)| Filter::Contains(f, v.into())),
        1 => (field.clone(), value).prop_map(|(f, v): (_, &str)| Filter::Prefix(f, v.into())),
        1 => phrase.prop_map(|p: &str| Filter::Contains(Field::Message, p.into())),
        1 => field.clone().prop_map(Filter::Has),
        1 => (field, 0.0_f64..1_000.0).prop_map(|(f, n)| Filter::Number(f, Compare::More, n)),
        1 => Just(Filter::AtLeast(LogLevel::Warn)),
    ]
}

fn filter() -> impl Strategy<Value = Filter> {
    leaf().prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Filter::And),
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Filter::Or),
            inner.prop_map(|f| Filter::Not(Box::new(f))),
        ]
    })
}

/// Fills a store and its reference with the same lines.
async fn filled(store: &LogStore, seed: u64, count: usize) -> Reference {
    let mut dice = Dice(seed);
    let mut at = NOW - 30 * HOUR;
    let mut lines: Vec<LogLine> = (0..count).map(|_| any_line(&mut dice, &mut at)).collect();
    let mut rest = lines.as_slice();
    while !rest.is_empty() {
        let (now, later) = rest.split_at(rest.len().min(1 + dice.below(900) as usize));
        assert_eq!(store.append(now.to_vec()).await, Ok(now.len()));
        rest = later;
    }
    for (seq, line) in (FIRST..).zip(&mut lines) {
        line.position.seq = seq;
    }
    lines.sort_by_key(|l| l.position);
    Reference { lines }
}

async fn compare(store: &LogStore, reference: &Reference, range: &LogRange, limit: usize) {
    let lines = reference.of(range).len() as u64;
    let counted = store.count(range).await.expect("a number");
    assert_eq!((counted.lines, counted.exact), (lines, true), "{range:?}");
    for direction in [Direction::Older, Direction::Newer] {
        let mut beyond = None;
        // not every page of small ones: their middle is as their ends
        for _ in 0..6 {
            let ask = PageAsk {
                beyond,
                direction,
                limit,
            };
            let page = store.page(range, ask).await.expect("a page");
            assert_eq!(page, reference.page(range, ask), "{range:?} {ask:?}");
            let end = match direction {
                Direction::Older => page.lines.last(),
                Direction::Newer => page.lines.first(),
            };
            beyond = end.map(|l| l.position);
            if !page.more {
                break;
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]

    #[test]
    fn answers_are_the_references(
        seed in any::<u64>(),
        count in prop_oneof![0_usize..40, 1_000_usize..5_000],
        asked in proptest::collection::vec((filter(), 0_i64..60, 1_i64..60, 1_usize..200), 12),
    ) {
        let folder = tempfile::tempdir().expect("a folder");
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(async {
            let store = open(folder.path());
            let reference = filled(&store, seed, count).await;
            for (i, (filter, from, hours, limit)) in asked.into_iter().enumerate() {
                let from_ns = NOW - from * HOUR + i as i64 * 77 * SECOND;
                let range = LogRange { from_ns, to_ns: from_ns + hours * HOUR, filter };
                compare(&store, &reference, &range, limit).await;
                let step = [SECOND * 60, SECOND * 7 * 60, HOUR, HOUR * 24][i % 4];
                let histogram = store.histogram(&range, step).await.expect("a histogram");
                assert_eq!(histogram, reference.histogram(&range, step), "{range:?}");
                let fields = ["service", "level", "http.status", "user", "host", "category", "trace_id"].map(Field::named);
                let facets = store.facets(&range, &fields, 5).await.expect("facets");
                let slow: Vec<Facet> = fields.iter().map(|f| reference.facet(&range, f, 5)).collect();
                assert_eq!(facets, slow, "{range:?}");
            }
            // and what is on the disk is what was answered
            drop(store);
            let store = open(folder.path());
            compare(&store, &reference, &all_of(Filter::All), 700).await;
            compare(&store, &reference, &all_of(text("超时")), 50).await;
            let contents = store.contents().await.expect("contents");
            assert_eq!(contents.lines as usize, count);
            assert_eq!(contents.oldest_ns, reference.lines.first().map(|l| l.position.at_ns));
        });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_lines_of_one_moment_are_paged_without_loss() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path());
    let lines: Vec<LogLine> = (0..5_000)
        .map(|i| line(NOW, &format!("超时 {i}")))
        .collect();
    store.append(lines).await.expect("kept");
    for direction in [Direction::Older, Direction::Newer] {
        let (mut beyond, mut seen) = (None, Vec::new());
        loop {
            let ask = PageAsk {
                beyond,
                direction,
                limit: 333,
            };
            let page = store
                .page(&all_of(text("超时")), ask)
                .await
                .expect("a page");
            let mut lines: Vec<LogPosition> = page.lines.iter().map(|l| l.position).collect();
            assert!(lines.is_sorted_by(|a, b| a > b), "the newest first");
            if direction == Direction::Newer {
                lines.reverse();
            }
            beyond = lines.last().copied();
            seen.extend(lines);
            if !page.more {
                break;
            }
        }
        assert_eq!(seen.len(), 5_000);
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 5_000);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_fields_that_lines_have() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path());
    let mut one = line(NOW, "a");
    one.attrs = json!({"http": {"status": 1}, "none": null})
        .as_object()
        .cloned()
        .expect("an object");
    store.append(vec![one, line(NOW, "b")]).await.expect("kept");
    let fields = store.fields(&all_of(Filter::All)).await.expect("fields");
    let names: Vec<String> = fields.iter().map(Field::to_string).collect();
    assert_eq!(names, ["category", "message", "http.status"]);
}
