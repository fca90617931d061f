//! The suite that every store of logs has to pass, on the real system behind it.
//!
//! [`check`] fills the store with [`lines`] (and later with a few more, to follow them) and compares every answer with what
//! `logs::matches` says of the same lines. The store may hold other lines, if they are of other times.

use crate::conformance::Failure;
use crate::logs::{LogSink, Logs};
use model::log::{
    Compare, Direction, Field, Filter, Histogram, LogCategory, LogLevel, LogLine, LogPosition,
    LogRange, PageAsk, TailMark,
};
use serde_json::json;
use std::collections::BTreeMap;

/// Time between two of the fixture's moments, ns.
const STEP_NS: i64 = 1_000_000_000;
/// Moments of the fixture; at one of them many lines were written.
const MOMENTS: i64 = 180;
const CROWD_AT: i64 = 60;
const CROWD: i64 = 150;
/// Lines of a page in most checks: less than the crowd.
const PAGE: usize = 41;

/// What a store cannot do by its nature; everything else is checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lacks {
    /// Attributes lose their nesting or their types.
    pub attributes: bool,
    /// Numbers are not all exact; then they must say so and be no more than the truth.
    pub exactness: bool,
    /// Following by arrival: late lines are missed.
    pub late_lines: bool,
}

/// The fixture's range of time.
pub fn range(base_ns: i64) -> (i64, i64) {
    (base_ns, base_ns + MOMENTS * STEP_NS)
}

/// The fixture: Chinese and English messages, all levels and none, a crowd of lines with the same time. `base_ns` should be a
/// multiple of a minute. No two messages are alike.
pub fn lines(base_ns: i64) -> Vec<LogLine> {
    let moments = (0..MOMENTS).chain(std::iter::repeat_n(CROWD_AT, CROWD as usize));
    moments
        .enumerate()
        .map(|(i, moment)| line(i, base_ns + moment * STEP_NS))
        .collect()
}

fn line(i: usize, at_ns: i64) -> LogLine {
    let text = match i % 9 {
        0 => "下单失败，连接超时".to_owned(),
        1 => "支付完成，用时 35ms".to_owned(),
        2 => "ConnectTimeoutException in OrderServiceImpl".to_owned(),
        3 => "库存不足 sku=SKU-20431-红".to_owned(),
        4 => format!("GET /api/orders/PO20261121{i:06} 200"),
        5 => "<img src=x onerror=\"alert(1)\"> \u{1f363} 100% _ ' \\ ".to_owned(),
        6 => "trace 4bf92f3577b34da6a3ce929d0e0e4736 done".to_owned(),
        7 => "第一行\n第二行：超".to_owned(),
        _ => "heartbeat ok".to_owned(),
    };
    let level = match i % 7 {
        0 => None,
        n => LogLevel::ALL.get(n - 1).copied(),
    };
    let attrs = match i % 4 {
        0 => json!({}),
        1 => json!({"http": {"status": 500 + i % 5, "path": "/api/下单"}, "retry": true}),
        2 => json!({"user": format!("u{}", i % 6), "ms": i}),
        _ => json!({"user": "Li", "tags": ["a", "b"], "ratio": 0.25}),
    };
    LogLine {
        position: LogPosition { at_ns, seq: 0 },
        level,
        category: LogCategory::ALL[i % 3],
        service: ["order-service", "payment", "库存"][i % 3].to_owned(),
        host: ["node-1", "", "node-2"][i % 3].to_owned(),
        message: format!("{text} #{i}"),
        trace_id: if i.is_multiple_of(5) {
            format!("{:032x}", i % 20 + 1)
        } else {
            String::new()
        },
        span_id: if i.is_multiple_of(10) {
            format!("{:016x}", i + 1)
        } else {
            String::new()
        },
        attrs: attrs.as_object().cloned().unwrap_or_default(),
    }
}

/// What is asked, each with the store's answer compared.
fn filters(lacks: Lacks) -> Vec<Filter> {
    let f = Field::named;
    let text = |t: &str| Filter::Text(t.to_owned());
    let is = |name: &str, value: &str| Filter::Is(f(name), value.to_owned());
    let not = |inner: Filter| Filter::Not(Box::new(inner));
    let mut all = vec![Filter::All];
    // words of one and two characters and more, parts of words and ids, markup, signs that patterns treat specially
    all.extend(
        [
            "超",
            "超时",
            "连接超时",
            "timeout",
            "TimeoutEx",
            "PO20261121",
            "21000",
            "4bf92f3577b3",
            "<img",
            "\u{1f363}",
            "%",
            "_",
            "\\",
            "'",
            "第一行\n",
            "，用时 35",
            "sku-20431-红",
            "heartbeat ok #",
            "不存在的词",
            "",
        ]
        .map(text),
    );
    all.extend([
        is("level", "error"),
        is("category", "security"),
        is("service", "Order-Service"),
        is("service", "库存"),
        is("host", "node-1"),
        is("trace_id", "00000000000000000000000000000006"),
        is("message", "heartbeat ok #8"),
        Filter::AtLeast(LogLevel::Warn),
        not(Filter::AtLeast(LogLevel::Warn)),
        Filter::Has(f("host")),
        not(Filter::Has(f("level"))),
        Filter::Has(f("span_id")),
        Filter::Contains(f("service"), "-SER".to_owned()),
        Filter::Prefix(f("host"), "node".to_owned()),
        Filter::Prefix(f("message"), "下单".to_owned()),
        not(text("超时")),
        text("超时").and(is("service", "order-service")),
        text("ok").and(not(is("category", "app"))),
        Filter::Or(vec![text("库存不足"), is("level", "fatal"), text("done")]),
        not(Filter::Or(vec![text("超"), text("timeout")])).and(Filter::AtLeast(LogLevel::Info)),
        Filter::And(vec![]),
        Filter::Or(vec![]),
    ]);
    if !lacks.attributes {
        all.extend([
            is("http.status", "502"),
            is("user", "li"),
            is("retry", "true"),
            is("ratio", "0.25"),
            is("tags", "[\"a\",\"b\"]"),
            Filter::Has(f("http")),
            not(Filter::Has(f("user"))),
            Filter::Contains(f("http.path"), "下单".to_owned()),
            Filter::Prefix(f("user"), "U".to_owned()),
            Filter::Number(f("http.status"), Compare::AtLeast, 503.0),
            Filter::Number(f("ms"), Compare::Less, 100.0),
            not(Filter::Number(f("ms"), Compare::More, 50.0)).and(text("超")),
        ]);
    }
    all
}

/// Fills the store and runs all checks; an empty list means that `store` conforms. `sink` takes lines into it.
pub async fn check(store: &dyn Logs, sink: &dyn LogSink, base_ns: i64) -> Vec<Failure> {
    check_but(store, sink, base_ns, Lacks::default()).await
}

/// Like [`check`], without what the store cannot do.
pub async fn check_but(
    store: &dyn Logs,
    sink: &dyn LogSink,
    base_ns: i64,
    lacks: Lacks,
) -> Vec<Failure> {
    let lines = lines(base_ns);
    let mut run = Run {
        store,
        base_ns,
        lacks,
        failures: Vec::new(),
        lines,
    };
    let kept = sink.append(run.lines.clone()).await.map(|a| a.value);
    run.must("append", kept == Ok(run.lines.len()), &kept);
    run.probe().await;
    run.whole_lines().await;
    for filter in filters(lacks) {
        run.pages(&filter).await;
        run.numbers(&filter).await;
    }
    run.ends_of_the_range().await;
    run.facets().await;
    run.fields().await;
    run.following(sink).await;
    run.nonsense().await;
    run.failures
}

struct Run<'a> {
    store: &'a dyn Logs,
    base_ns: i64,
    lacks: Lacks,
    failures: Vec<Failure>,
    lines: Vec<LogLine>,
}

impl Run<'_> {
    fn must(&mut self, check: &'static str, holds: bool, got: &dyn std::fmt::Debug) {
        if !holds {
            let what = format!("{got:?}").chars().take(2_000).collect();
            self.failures.push(Failure { check, what });
        }
    }

    fn range(&self, filter: &Filter) -> LogRange {
        let (from_ns, to_ns) = range(self.base_ns);
        LogRange {
            from_ns,
            to_ns,
            filter: filter.clone(),
        }
    }

    fn wanted(&self, range: &LogRange) -> Vec<&LogLine> {
        let within = |l: &&LogLine| {
            (range.from_ns..range.to_ns).contains(&l.position.at_ns)
                && logs::matches(&range.filter, l)
        };
        self.lines.iter().filter(within).collect()
    }

    async fn probe(&mut self) {
        let info = self.store.probe().await.map(|a| a.value);
        let count = self.lines.len() as u64;
        let holds = info
            .as_ref()
            .is_ok_and(|i| i.ready && i.lines.is_none_or(|n| n >= count));
        self.must("probe", holds, &info);
    }

    /// Lines come back as they were given, other than the number that the store gives.
    async fn whole_lines(&mut self) {
        let range = self.range(&Filter::All);
        let ask = PageAsk {
            limit: self.lines.len() + 1,
            ..PageAsk::default()
        };
        let page = match self.store.page(&range, ask).await {
            Ok(answer) => answer.value,
            Err(e) => return self.must("whole lines", false, &e),
        };
        let mut given: BTreeMap<String, LogLine> = BTreeMap::new();
        for line in &self.lines {
            given.insert(line.message.clone(), line.clone());
        }
        self.must("whole lines: more", !page.more, &page.lines.len());
        for mut line in page.lines {
            line.position.seq = 0;
            let expected = given.remove(&line.message);
            let mut same = expected.as_ref() == Some(&line);
            if self.lacks.attributes {
                line.attrs.clear();
                same = expected.as_ref().is_some_and(|e| {
                    line == LogLine {
                        attrs: model::log::Attrs::new(),
                        ..e.clone()
                    }
                });
            }
            self.must("whole lines", same, &(line, expected));
        }
        let left: Vec<String> = given.into_keys().collect();
        self.must("whole lines: missing", left.is_empty(), &left);
    }

    /// All pages one after another, both ways: nothing lost, nothing twice, in order.
    async fn pages(&mut self, filter: &Filter) {
        let range = self.range(filter);
        let mut expected: Vec<String> = self
            .wanted(&range)
            .iter()
            .map(|l| l.message.clone())
            .collect();
        expected.sort();
        for direction in [Direction::Older, Direction::Newer] {
            let mut beyond = None;
            let mut seen: Vec<LogLine> = Vec::new();
            for _ in 0..self.lines.len() {
                let ask = PageAsk {
                    beyond,
                    direction,
                    limit: PAGE,
                };
                let page = match self.store.page(&range, ask).await {
                    Ok(answer) => answer.value,
                    Err(e) => return self.must("pages", false, &(filter, e)),
                };
                let ordered = page.lines.is_sorted_by(|a, b| a.position > b.position);
                self.must("a page is ordered", ordered, &(filter, direction));
                let right = page.lines.len() == PAGE || !page.more;
                self.must("a page is full or the last", right, &(filter, direction));
                let mut lines = page.lines;
                if direction == Direction::Newer {
                    lines.reverse();
                }
                beyond = lines.last().map(|l| l.position).or(beyond);
                seen.extend(lines);
                if !page.more {
                    break;
                }
            }
            let ordered = match direction {
                Direction::Older => seen.is_sorted_by(|a, b| a.position > b.position),
                Direction::Newer => seen.is_sorted_by(|a, b| a.position < b.position),
            };
            self.must("pages go on in order", ordered, &(filter, direction));
            let mut got: Vec<String> = seen.into_iter().map(|l| l.message).collect();
            got.sort();
            let what = (filter, direction, got.len(), expected.len());
            self.must("pages have all lines", got == expected, &what);
        }
    }

    async fn numbers(&mut self, filter: &Filter) {
        let range = self.range(filter);
        let mut expected: BTreeMap<(i64, usize), u64> = BTreeMap::new();
        let step = 10 * STEP_NS;
        for line in self.wanted(&range) {
            let bucket = line.position.at_ns.div_euclid(step) * step;
            *expected
                .entry((bucket, Histogram::column(line.level)))
                .or_default() += 1;
        }
        let total: u64 = expected.values().sum();
        let counted = self.store.count(&range).await.map(|a| a.value);
        let holds = counted.as_ref().is_ok_and(|c| {
            (c.exact && c.lines == total) || (!c.exact && self.lacks.exactness && c.lines <= total)
        });
        self.must("count", holds, &(filter, &counted, total));
        let histogram = match self.store.histogram(&range, step).await {
            Ok(answer) => answer.value,
            Err(e) => return self.must("histogram", false, &(filter, e)),
        };
        let mut got: BTreeMap<(i64, usize), u64> = BTreeMap::new();
        for (i, row) in histogram.counts.iter().enumerate() {
            for (column, n) in row.iter().enumerate().filter(|(_, n)| **n > 0) {
                let bucket = histogram.start_ns + i as i64 * histogram.step_ns;
                *got.entry((bucket, column)).or_default() += n;
            }
        }
        let shape = histogram.step_ns == step
            && histogram.start_ns == range.from_ns.div_euclid(step) * step
            && histogram.counts.len() as i64 * step >= range.to_ns - histogram.start_ns;
        let what = (
            histogram.start_ns,
            histogram.step_ns,
            histogram.counts.len(),
        );
        self.must("histogram: buckets", shape, &what);
        let holds = if histogram.exact {
            got == expected
        } else {
            self.lacks.exactness && histogram.total() <= total
        };
        self.must("histogram", holds, &(filter, got, expected));
    }

    /// The beginning belongs to a range, the end does not.
    async fn ends_of_the_range(&mut self) {
        let base_ns = self.base_ns;
        let at = |moment: i64| base_ns + moment * STEP_NS;
        for (from, to) in [
            (3, 4),
            (CROWD_AT, CROWD_AT + 1),
            (CROWD_AT + 1, CROWD_AT + 3),
            (5, 5),
            (9, 2),
        ] {
            let range = LogRange {
                from_ns: at(from),
                to_ns: at(to),
                filter: Filter::All,
            };
            let wanted = self.wanted(&range).len() as u64;
            let counted = self.store.count(&range).await.map(|a| a.value);
            let holds = counted
                .as_ref()
                .is_ok_and(|c| c.lines == wanted || (!c.exact && self.lacks.exactness));
            self.must(
                "ends of the range: count",
                holds,
                &(from, to, counted, wanted),
            );
            let ask = PageAsk {
                limit: 1_000,
                ..PageAsk::default()
            };
            let page = self
                .store
                .page(&range, ask)
                .await
                .map(|a| a.value.lines.len());
            self.must(
                "ends of the range: page",
                page == Ok(wanted as usize),
                &(from, to, page, wanted),
            );
        }
        let range = self.range(&Filter::All);
        let beyond = LogPosition::before(at(CROWD_AT));
        for (direction, expected) in [
            (Direction::Older, CROWD_AT as usize),
            (Direction::Newer, self.lines.len() - CROWD_AT as usize),
        ] {
            let ask = PageAsk {
                beyond: Some(beyond),
                direction,
                limit: 1_000,
            };
            let page = self
                .store
                .page(&range, ask)
                .await
                .map(|a| a.value.lines.len());
            self.must(
                "from a time on",
                page == Ok(expected),
                &(direction, page, expected),
            );
        }
    }

    async fn facets(&mut self) {
        let fields = ["level", "service", "category", "host"].map(Field::named);
        let range = self.range(&Filter::AtLeast(LogLevel::Info));
        let facets = match self.store.facets(&range, &fields, 2).await {
            Ok(answer) => answer.value,
            Err(e) => return self.must("facets", false, &e),
        };
        let asked: Vec<&Field> = facets.iter().map(|f| &f.field).collect();
        self.must("facets: fields", asked.iter().copied().eq(&fields), &asked);
        for facet in &facets {
            let mut expected: BTreeMap<String, u64> = BTreeMap::new();
            for line in self.wanted(&range) {
                if let Some(value) = logs::field_text(line, &facet.field) {
                    *expected.entry(value.into_owned()).or_default() += 1;
                }
            }
            let ordered = facet.values.is_sorted_by(|a, b| a.lines >= b.lines);
            let most = expected.values().max().copied().unwrap_or(0);
            let right = facet.values.iter().all(|v| {
                let truth = expected.get(&v.value).copied().unwrap_or(0);
                v.lines == truth || (!facet.exact && v.lines < truth)
            });
            let first = !facet.exact || facet.values.first().is_some_and(|v| v.lines == most);
            let size = facet.values.len() == expected.len().min(2);
            self.must(
                "facets",
                ordered && right && first && size,
                &(facet, expected),
            );
        }
    }

    async fn fields(&mut self) {
        let fields = self
            .store
            .fields(&self.range(&Filter::All))
            .await
            .map(|a| a.value);
        let mut names = vec!["level", "service", "message", "trace_id"];
        if !self.lacks.attributes {
            names.extend(["user", "http.status"]);
        }
        for name in names {
            let there = fields
                .as_ref()
                .is_ok_and(|f| f.contains(&Field::named(name)));
            self.must("fields", there, &(name, &fields));
        }
    }

    async fn follow(
        &self,
        filter: Filter,
        mark: Option<&TailMark>,
        limit: usize,
    ) -> Result<(Vec<String>, TailMark, u64), crate::SourceError> {
        let range = self.range(&filter);
        let tail = self.store.tail(&range, mark, limit).await?.value;
        let lines = tail.lines.into_iter().map(|l| l.message).collect();
        Ok((lines, tail.mark, tail.left_out))
    }

    /// What arrives is told once, late lines included, in the order of positions.
    async fn following(&mut self, sink: &dyn LogSink) {
        let start = match self.follow(Filter::All, None, 10).await {
            Ok((lines, mark, _)) if lines.is_empty() => mark,
            other => return self.must("following: the beginning", false, &other),
        };
        let of = |moment: i64, text: &str| {
            let mut new = line(1, self.base_ns + moment * STEP_NS);
            new.message = text.to_owned();
            new
        };
        let late = if self.lacks.late_lines {
            MOMENTS + 1
        } else {
            7
        };
        let lines = vec![
            of(late, "迟到的一行"),
            of(MOMENTS + 2, "新的一行"),
            of(MOMENTS + 3, "another one"),
        ];
        let kept = sink.append(lines).await.map(|a| a.value);
        self.must("following: append", kept == Ok(3), &kept);
        let all = self.follow(Filter::All, Some(&start), 10).await;
        let texts = |texts: &[&str]| texts.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>();
        let newest_first = texts(&["another one", "新的一行", "迟到的一行"]);
        let holds = all
            .as_ref()
            .is_ok_and(|(l, _, out)| *l == newest_first && *out == 0);
        self.must("following: all", holds, &all);
        let some = self
            .follow(Filter::Text("一行".to_owned()), Some(&start), 10)
            .await;
        let holds = some.as_ref().is_ok_and(|(l, ..)| *l == newest_first[1..]);
        self.must("following keeps its filter", holds, &some);
        let few = self.follow(Filter::All, Some(&start), 2).await;
        let holds = few
            .as_ref()
            .is_ok_and(|(l, _, out)| *l == newest_first[..2] && *out == 1);
        self.must("following: too many", holds, &few);
        if let Ok((_, mark, _)) = all {
            let again = self.follow(Filter::All, Some(&mark), 10).await;
            let holds = again.as_ref().is_ok_and(|(l, ..)| l.is_empty());
            self.must("following: told once", holds, &again);
        }
    }

    /// Questions without meaning are errors, and a question that is dropped harms nothing.
    async fn nonsense(&mut self) {
        let range = self.range(&Filter::Text("超".to_owned()));
        let wrong = self.store.histogram(&range, 0).await;
        self.must("a step of nothing", wrong.is_err(), &wrong.map(|_| ()));
        for _ in 0..20 {
            drop(self.store.count(&range));
            let asked = self.store.page(
                &range,
                PageAsk {
                    limit: 5,
                    ..PageAsk::default()
                },
            );
            let _ = tokio::time::timeout(std::time::Duration::from_micros(50), asked).await;
        }
        let after = self.store.count(&range).await;
        self.must(
            "after dropped questions",
            after.is_ok(),
            &after.map(|a| a.value),
        );
    }
}
