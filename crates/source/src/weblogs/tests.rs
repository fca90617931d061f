use super::reader::numbered;
use super::tally;
use super::*;
use crate::error::SourceError;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use model::log::{
    Compare, Direction, Field, Filter, Histogram, LogCategory, LogLevel, LogLine, LogRange, PageAsk,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::time::Duration;

fn names() -> Names {
    Names::find(&FieldNames::default(), |n| {
        ["app", "level", "pod", "trace_id"].contains(&n)
    })
}

/// A store in memory that knows times only and gives at most so many lines, among them some that were not asked for.
struct Few {
    lines: Vec<LogLine>,
    most: usize,
    longest: i64,
    grain: i64,
}

impl Backend for Few {
    fn fetch<'a>(&'a self, fetch: Fetch<'a>) -> BoxFuture<'a, Result<Batch, SourceError>> {
        let to = fetch.to_ns.unwrap_or(i64::MAX);
        assert!(to.saturating_sub(fetch.from_ns) <= self.longest || fetch.to_ns.is_none());
        let mut lines: Vec<LogLine> = self.lines.clone();
        lines.retain(|l| (fetch.from_ns..to).contains(&l.position.at_ns));
        // the server decides on the service only
        if let Filter::Is(Field::Service, _) = fetch.filter {
            lines.retain(|l| logs::matches(fetch.filter, l));
        }
        // no order among equal times that could be relied on
        lines.sort_by_key(|l| (l.position.at_ns, l.message.len(), l.position.seq));
        if fetch.direction == Direction::Older {
            lines.reverse();
        }
        lines.truncate(fetch.limit);
        let full = lines.len() >= fetch.limit;
        let batch = Batch {
            lines,
            full,
            bytes: 1,
            server_time_ms: None,
        };
        futures::future::ready(Ok(batch)).boxed()
    }

    fn most(&self) -> usize {
        self.most
    }

    fn longest_ns(&self) -> i64 {
        self.longest
    }

    fn grain_ns(&self) -> i64 {
        self.grain
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(60)
    }
}

fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    runtime.expect("a runtime").block_on(future)
}

/// Lines at few times, many of them the same.
fn some_lines() -> impl Strategy<Value = Vec<LogLine>> {
    let one = (0i64..12, 0usize..4, 0usize..3, 0usize..3);
    prop::collection::vec(one, 0..60).prop_map(|all| {
        let names = names();
        let maker = LineMaker { names: &names };
        all.into_iter()
            .map(|(at, message, service, level)| {
                let fields = [
                    ("app".to_owned(), json!(["order", "payment", ""][service])),
                    ("level".to_owned(), json!(["ERROR", "info", "?"][level])),
                ];
                maker.line(at, ["连接超时", "ok", "a", ""][message], fields)
            })
            .collect()
    })
}

fn some_filter() -> impl Strategy<Value = Filter> {
    prop::sample::select(vec![
        Filter::All,
        Filter::Is(Field::Service, "ORDER".into()),
        Filter::Text("超".into()),
        Filter::Not(Box::new(Filter::Is(Field::Level, "error".into()))),
        Filter::Text("nowhere".into()),
    ])
}

proptest! {
    /// Pages in either direction give each line once, whatever a store gives at once, as long as no time stamp has more lines than that.
    #[test]
    fn pages_lose_and_repeat_nothing(
        lines in some_lines(), filter in some_filter(), limit in 1usize..9, spare in 0usize..40, longest in 1i64..20,
        from in 0i64..6, to in 4i64..14, newer in any::<bool>(),
    ) {
        let most = 60 + spare;
        let store = Few { lines: lines.clone(), most, longest, grain: 1 };
        let range = LogRange { from_ns: from, to_ns: to, filter: filter.clone() };
        let mut wanted = numbered(lines);
        wanted.retain(|l| (from..to).contains(&l.position.at_ns) && logs::matches(&filter, l));
        let direction = if newer { Direction::Newer } else { Direction::Older };
        if !newer { wanted.reverse(); }
        let (mut got, mut beyond) = (Vec::new(), None);
        for _ in 0..100 {
            let ask = PageAsk { beyond, direction, limit };
            let answer = run(page(&store, &range, ask)).expect("a page");
            prop_assert!(!answer.partial);
            let mut lines = answer.value.lines;
            prop_assert!(lines.is_sorted_by(|a, b| a.position > b.position), "the newest first");
            prop_assert!(lines.len() == limit || !answer.value.more);
            if newer { lines.reverse(); }
            beyond = lines.last().map(|l| l.position).or(beyond);
            got.extend(lines);
            if !answer.value.more { break; }
        }
        prop_assert_eq!(got, wanted);
    }

    #[test]
    fn counts_on_lines_are_those_of_all_lines(lines in some_lines(), filter in some_filter(), from in 0i64..6, to in 6i64..14, step in 1i64..5) {
        let store = Few { lines: lines.clone(), most: 70, longest: 3, grain: 1 };
        let range = LogRange { from_ns: from, to_ns: to, filter: filter.clone() };
        let mut wanted = lines;
        wanted.retain(|l| (from..to).contains(&l.position.at_ns) && logs::matches(&filter, l));
        let counted = run(tally::count(&store, &range)).expect("a count").value;
        prop_assert_eq!((counted.lines as usize, counted.exact), (wanted.len(), true));
        let all = run(tally::histogram(&store, &range, step)).expect("a histogram").value;
        prop_assert!(all.exact && all.start_ns <= from && all.start_ns % step == 0);
        for (n, counts) in all.counts.iter().enumerate() {
            let bucket = all.start_ns + n as i64 * step;
            for (column, count) in counts.iter().enumerate() {
                let of = wanted.iter().filter(|l| (bucket..bucket + step).contains(&l.position.at_ns));
                prop_assert_eq!(*count as usize, of.filter(|l| Histogram::column(l.level) == column).count());
            }
        }
        let found = run(tally::facets(&store, &range, &[Field::Service], 5)).expect("facets").value;
        let total: u64 = found[0].values.iter().map(|v| v.lines).sum();
        prop_assert_eq!(total as usize, wanted.iter().filter(|l| !l.service.is_empty()).count());
    }

    /// A tail gives every line that comes, once, also a late one, and keeps its filter.
    #[test]
    fn a_tail_gives_each_line_once(first in some_lines(), later in prop::collection::vec(some_lines(), 1..4), filter in some_filter()) {
        let mut store = Few { lines: first, most: 1_000, longest: i64::MAX, grain: 1 };
        let range = LogRange { filter: filter.clone(), ..LogRange::default() };
        let tails = Tails::default();
        let begun = run(tail(&store, &tails, &range, None, 100)).expect("a mark").value;
        prop_assert_eq!(begun.lines, vec![]);
        let mut mark = begun.mark;
        for lines in later {
            let wanted = lines.iter().filter(|l| logs::matches(&filter, l)).count();
            store.lines.extend(lines);
            let got = run(tail(&store, &tails, &range, Some(&mark), 5)).expect("lines").value;
            prop_assert_eq!(got.lines.len() + got.left_out as usize, wanted);
            prop_assert!(got.lines.iter().all(|l| logs::matches(&filter, l)));
            // asked again with the same mark, the same is answered
            let again = run(tail(&store, &tails, &range, Some(&mark), 5)).expect("lines").value;
            prop_assert_eq!(&again.lines, &got.lines);
            mark = got.mark;
        }
    }
}

#[test]
fn a_time_stamp_with_more_lines_than_an_answer_holds_is_said() {
    let names = names();
    let maker = LineMaker { names: &names };
    let lines = (0..30).map(|n| maker.line(5, &n.to_string(), [])).collect();
    let store = Few {
        lines,
        most: 10,
        longest: i64::MAX,
        grain: 1,
    };
    let range = LogRange {
        from_ns: 0,
        to_ns: 9,
        filter: Filter::All,
    };
    let ask = PageAsk {
        limit: 100,
        ..PageAsk::default()
    };
    let answer = run(page(&store, &range, ask)).expect("a page");
    assert_eq!(answer.value.lines.len(), 10);
    assert!(answer.partial);
    assert_eq!(answer.warnings, ["crowded"]);
    assert!(
        !run(tally::count(&store, &range))
            .expect("a count")
            .value
            .exact
    );
}

#[test]
fn lines_out_of_flat_fields() {
    let names = names();
    let fields = json!({
        "app": "order", "level": "WARNING", "pod": "门店-1\u{1b}[31m", "trace_id": "0AF7", "http.status": "502",
        "http.route": "/a", "http": "x", "a.b.c": 1, "nothing": null, ".": "dot", "x": {"y": true},
    });
    let fields = fields.as_object().cloned().unwrap_or_default();
    let maker = LineMaker { names: &names };
    let line = maker.line(7, "a\u{0}b\u{1b}[31m\tc\nd", fields.clone());
    // a sequence of the terminal goes as a whole
    assert_eq!(line.message, "ab\tc\nd");
    assert_eq!(
        (line.service.as_str(), line.host.as_str()),
        ("order", "门店-1")
    );
    assert_eq!(line.level, Some(LogLevel::Warn));
    assert_eq!(
        (line.trace_id.as_str(), line.category),
        ("0af7", LogCategory::App)
    );
    // "http" comes before "http.…", so these keep their whole names
    assert_eq!(
        Value::Object(line.attrs.clone()),
        json!({"http": "x", "http.status": "502", "http.route": "/a", "a": {"b": {"c": 1}}, ".": "dot", "x": {"y": true}})
    );
    let again = maker.line(7, "a\u{0}b\u{1b}[31m\tc\nd", fields.into_iter().rev());
    assert_eq!(
        again.position, line.position,
        "the order of fields is no matter"
    );
    assert_ne!(maker.line(7, "other", []).position, line.position);
    let long = maker.line(0, &"守".repeat(4 << 20), []);
    assert!(long.message.len() <= (1 << 20) + 3 && long.message.ends_with('…'));
}

#[test]
fn what_a_server_is_asked() {
    let names = names();
    let ask = |f: &Filter| {
        plan(f, &names, &|name| match name {
            Some("hidden") => None,
            Some("some") => Some(false),
            _ => Some(true),
        })
    };
    let is = |name: &str, value: &str| Filter::Is(Field::named(name), value.into());
    let of = |name: &str, how: How| Expr::Match(Some(name.into()), how);
    let exact = |expr: Expr| Plan { expr, exact: true };
    assert_eq!(
        ask(&is("service", "x")),
        exact(of("app", How::Is("x".into())))
    );
    assert_eq!(ask(&is("service", "")), exact(Expr::Nothing));
    assert_eq!(
        ask(&is("span_id", "x")),
        exact(Expr::Nothing),
        "the store has none"
    );
    assert_eq!(
        ask(&is("app", "x")),
        exact(Expr::Nothing),
        "it is the line's service"
    );
    assert_eq!(ask(&is("category", "APP")), exact(Expr::All));
    assert_eq!(ask(&is("category", "system")), exact(Expr::Nothing));
    assert_eq!(ask(&is("level", "loud")), exact(Expr::Nothing));
    assert_eq!(
        ask(&Filter::AtLeast(LogLevel::Fatal)),
        exact(of("level", How::Word(LogLevel::Fatal.words().to_vec())))
    );
    assert_eq!(ask(&Filter::Text(String::new())), exact(Expr::All));
    assert_eq!(
        ask(&Filter::Not(Box::new(is("a.b", "x")))),
        exact(Expr::Not(Box::new(of("a.b", How::Is("x".into())))))
    );
    // what it cannot decide widens the answer and never narrows it
    let number = Filter::Number(Field::named("a"), Compare::More, 1.0);
    let wide = |expr: Expr| Plan { expr, exact: false };
    assert_eq!(ask(&number), wide(Expr::All));
    assert_eq!(ask(&Filter::Not(Box::new(number.clone()))), wide(Expr::All));
    assert_eq!(
        ask(&Filter::And(vec![number.clone(), is("service", "x")])),
        wide(of("app", How::Is("x".into())))
    );
    assert_eq!(
        ask(&Filter::Or(vec![number.clone(), is("service", "x")])),
        wide(Expr::All)
    );
    assert_eq!(
        ask(&Filter::Not(Box::new(Filter::And(vec![
            number,
            is("service", "x")
        ])))),
        wide(Expr::All)
    );
    assert_eq!(ask(&is("hidden", "x")), wide(Expr::All));
    assert_eq!(ask(&is("some", "x")), wide(of("some", How::Is("x".into()))));
    assert_eq!(
        ask(&Filter::Not(Box::new(is("some", "x")))),
        wide(Expr::All)
    );
    assert_eq!(ask(&Filter::Or(vec![])), exact(Expr::Nothing));
    assert_eq!(ask(&Filter::And(vec![])), exact(Expr::All));
}
