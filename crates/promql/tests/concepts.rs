//! What the language promises, one concept a test, on samples small enough to check by hand.

use model::sample::stale_marker;
use model::{Labels, Sample, Series};
use promql::storage::Sink;
use promql::{
    Engine, ExecutionError, LimitError, MemoryStorage, PromqlError, Storage, StorageError, Value,
};
use promql_parser::label::Matchers;
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const MINUTE: i64 = 60_000;

/// A series `text` (`m{a="1"}` without escapes) with a value each minute from 0 on; `_` leaves a gap, `x` is a
/// stale marker.
fn series(text: &str, values: &str) -> Series {
    let (name, rest) = text.split_once('{').unwrap_or((text, ""));
    let pairs = rest
        .trim_end_matches('}')
        .split(',')
        .filter_map(|p| p.split_once('='))
        .map(|(n, v)| (n, v.trim_matches('"')));
    let samples = values.split(' ').zip(0..).filter_map(|(v, i)| {
        let v = match v {
            "_" => return None,
            "x" => stale_marker(),
            number => number.parse().expect("a number"),
        };
        Some(Sample { t: i * MINUTE, v })
    });
    Series {
        labels: Labels::from_pairs(pairs.chain([("__name__", name)])),
        samples: samples.collect(),
    }
}

fn shop() -> MemoryStorage {
    MemoryStorage::new(vec![
        series("orders{shop=\"1\",city=\"sh\"}", "0 10 20 30 40 50"),
        series("orders{shop=\"2\",city=\"sh\"}", "0 5 0 5 10 15"),
        series("orders{shop=\"3\",city=\"bj\"}", "7 _ 7 x _ 9"),
        series("seats{shop=\"1\"}", "4 4 4 4 4 4"),
        series("seats{shop=\"2\"}", "8 8 8 8 8 8"),
        series("twin_a{x=\"1\"}", "1 1 1"),
        series("twin_b{x=\"1\"}", "_ _ _ 2 2 2"),
    ])
}

/// The answer at minute `at` as text, one `labels value` for each series.
fn ask(query: &str, at: i64) -> Vec<String> {
    match Engine::default().instant(&shop(), query, at * MINUTE) {
        Ok(Value::Vector(v)) => v.iter().map(|(l, s)| format!("{l} {}", s.v)).collect(),
        Ok(Value::Scalar(s)) => vec![s.v.to_string()],
        Ok(Value::String { value, .. }) => vec![value],
        Ok(Value::Matrix(m)) => m
            .iter()
            .map(|s| {
                let samples: Vec<String> = s
                    .samples
                    .iter()
                    .map(|p| format!("{}@{}", p.v, p.t / 1000))
                    .collect();
                format!("{} {}", s.labels, samples.join(" "))
            })
            .collect(),
        Err(error) => vec![format!("error: {error}")],
    }
}

fn fails(query: &str, at: i64) -> PromqlError {
    Engine::default()
        .instant(&shop(), query, at * MINUTE)
        .expect_err(query)
}

#[test]
fn a_selector_looks_back_five_minutes_and_ends_at_a_stale_marker() {
    assert_eq!(
        ask(r#"orders{city="bj"}"#, 2),
        [r#"orders{city="bj", shop="3"} 7"#]
    );
    assert_eq!(
        ask(r#"orders{city="bj"}"#, 4),
        Vec::<String>::new(),
        "stale since minute 3"
    );
    assert_eq!(
        ask("seats{shop=\"1\"}", 10),
        [r#"seats{shop="1"} 4"#],
        "just within the lookback"
    );
    assert_eq!(ask("seats", 11), Vec::<String>::new());
    let short = Engine {
        lookback: std::time::Duration::from_secs(60),
        ..Engine::default()
    };
    assert_eq!(
        short.instant(&shop(), "seats", 7 * MINUTE).expect("ok"),
        Value::Vector(vec![])
    );
}

#[test]
fn ranges_hold_both_ends_and_no_stale_marker() {
    assert_eq!(
        ask(r#"orders{city="bj"}[5m]"#, 5),
        [r#"orders{city="bj", shop="3"} 7@0 7@120 9@300"#]
    );
    assert_eq!(
        ask(r#"orders{shop="1"}[1m] offset 2m"#, 5),
        [r#"orders{city="sh", shop="1"} 20@120 30@180"#]
    );
    assert_eq!(
        ask(r#"orders{shop="1"}[1m] @ 60"#, 5),
        [r#"orders{city="sh", shop="1"} 0@0 10@60"#]
    );
}

#[test]
fn times_move_with_offset_and_stand_with_at() {
    assert_eq!(ask("sum(orders offset 1m)", 5), ["{} 50"]);
    assert_eq!(ask("sum(orders offset -1m)", 4), ["{} 74"]);
    assert_eq!(ask("sum(orders @ 60 offset 1m)", 5), ["{} 7"]);
    let range = |query: &str| {
        let all = Engine::default()
            .range(&shop(), query, MINUTE, 3 * MINUTE, MINUTE)
            .expect("ok");
        all.iter()
            .flat_map(|s| s.samples.iter().map(|p| p.v))
            .collect::<Vec<_>>()
    };
    assert_eq!(range(r#"orders{shop="1"} @ start()"#), [10.0, 10.0, 10.0]);
    assert_eq!(range(r#"orders{shop="1"} @ end()"#), [30.0, 30.0, 30.0]);
    assert_eq!(range(r#"orders{shop="1"}"#), [10.0, 20.0, 30.0]);
}

#[test]
fn counters_go_on_after_a_reset() {
    assert_eq!(
        ask(r#"increase(orders{shop="2"}[4m])"#, 5),
        [r#"{city="sh", shop="2"} 15"#]
    );
    assert_eq!(
        ask(r#"rate(orders{shop="1"}[5m]) * 3 > 0.4999 < 0.5001"#, 5).len(),
        1
    );
    assert_eq!(
        ask(r#"resets(orders{shop="2"}[5m])"#, 5),
        [r#"{city="sh", shop="2"} 1"#]
    );
}

#[test]
fn names_go_where_the_value_is_another_one() {
    assert_eq!(ask(r#"-seats{shop="1"}"#, 1), [r#"{shop="1"} -4"#]);
    assert_eq!(ask(r#"seats{shop="1"} > 1"#, 1), [r#"seats{shop="1"} 4"#]);
    assert_eq!(ask(r#"seats{shop="1"} > bool 1"#, 1), [r#"{shop="1"} 1"#]);
    assert_eq!(
        ask(r#"last_over_time(seats{shop="1"}[1m])"#, 1),
        [r#"seats{shop="1"} 4"#]
    );
    assert_eq!(
        ask(r#"max_over_time(seats{shop="1"}[1m])"#, 1),
        [r#"{shop="1"} 4"#]
    );
}

#[test]
fn series_that_lose_their_names_may_not_meet() {
    let twice = |query: &str, at: i64| {
        matches!(
            fails(query, at),
            PromqlError::Execution(ExecutionError::DuplicateLabels)
        )
    };
    assert!(twice(r#"abs({__name__=~"twin_.*"})"#, 4));
    assert!(twice(r#"rate({__name__=~"twin_.*"}[5m])"#, 4));
    assert!(twice(
        r#"label_replace(seats, "shop", "x", "shop", ".*")"#,
        1
    ));
    // one after the other they are one series
    let engine = Engine {
        lookback: std::time::Duration::from_secs(30),
        ..Engine::default()
    };
    let all = engine
        .range(
            &shop(),
            r#"abs({__name__=~"twin_.*"})"#,
            0,
            5 * MINUTE,
            MINUTE,
        )
        .expect("ok");
    assert_eq!(all.len(), 1);
    assert_eq!(
        all[0].samples.iter().map(|s| s.v).collect::<Vec<_>>(),
        [1.0, 1.0, 1.0, 2.0, 2.0, 2.0]
    );
}

#[test]
fn aggregations_group() {
    assert_eq!(
        ask("sum by (city) (orders)", 2),
        [r#"{city="bj"} 7"#, r#"{city="sh"} 20"#]
    );
    assert_eq!(
        ask("max without (shop) (orders)", 1),
        [r#"{city="bj"} 7"#, r#"{city="sh"} 10"#]
    );
    assert_eq!(ask("count(orders)", 1), ["{} 3"]);
    assert_eq!(ask("avg(seats)", 1), ["{} 6"]);
    assert_eq!(ask("stddev(seats)", 1), ["{} 2"]);
    assert_eq!(ask("quantile(0.5, seats)", 1), ["{} 6"]);
    assert_eq!(ask("group(seats)", 1), ["{} 1"]);
    assert_eq!(
        ask(r#"count_values("n", seats)"#, 1),
        [r#"{n="4"} 1"#, r#"{n="8"} 1"#]
    );
    assert_eq!(ask("topk(1, seats)", 1), [r#"seats{shop="2"} 8"#]);
    assert_eq!(
        ask("bottomk(5, seats)", 1),
        [r#"seats{shop="1"} 4"#, r#"seats{shop="2"} 8"#]
    );
    assert_eq!(
        ask("sort_desc(seats)", 1),
        [r#"seats{shop="2"} 8"#, r#"seats{shop="1"} 4"#]
    );
}

#[test]
fn vectors_match_by_labels() {
    assert_eq!(
        ask("orders / on(shop) seats", 4),
        [r#"{shop="1"} 10"#, r#"{shop="2"} 1.25"#]
    );
    assert_eq!(
        ask("orders * on(shop) group_left seats", 4),
        [
            r#"{city="sh", shop="1"} 160"#,
            r#"{city="sh", shop="2"} 80"#
        ]
    );
    assert_eq!(
        ask("seats + on(shop) group_right(nosuch) orders", 4).len(),
        2
    );
    assert_eq!(ask("orders and on(shop) seats", 4).len(), 2);
    assert_eq!(
        ask("orders unless on(shop) seats", 5),
        [r#"orders{city="bj", shop="3"} 9"#]
    );
    assert_eq!(ask("nosuch or seats", 1).len(), 2);
}

#[test]
fn matches_that_are_not_unique_say_so() {
    let error = fails("seats * on(city) orders", 1);
    let text = error.to_string();
    assert!(
        text.starts_with(
            r#"found duplicate series for the match group {city="sh"} on the right hand-side"#
        ),
        "{text}"
    );
    assert!(matches!(
        fails("seats + on() vector(1)", 1),
        PromqlError::Execution(ExecutionError::ImplicitManyToOne)
    ));
    assert!(matches!(
        fails("seats * on() group_left(shop) vector(1)", 1),
        PromqlError::Execution(ExecutionError::AmbiguousGrouping)
    ));
}

#[test]
fn subqueries_stand_on_multiples_of_their_step() {
    let engine = Engine::default();
    let answer = engine
        .instant(&shop(), r#"seats{shop="1"}[3m:2m]"#, 5 * MINUTE + 1_000)
        .expect("ok");
    let Value::Matrix(all) = answer else {
        panic!("not a matrix")
    };
    assert_eq!(
        all[0]
            .samples
            .iter()
            .map(|s| s.t / MINUTE)
            .collect::<Vec<_>>(),
        [4]
    );
    assert_eq!(ask(r#"max_over_time(sum(orders)[5m:1m])"#, 5), ["{} 74"]);
    assert_eq!(
        ask("count_over_time(vector(1)[5m:])", 5),
        ["{} 6"],
        "the default step is a minute"
    );
}

#[test]
fn absence_is_a_value() {
    assert_eq!(ask(r#"absent(nosuch{a="1",b!="2"})"#, 1), [r#"{a="1"} 1"#]);
    assert_eq!(ask("absent(seats)", 1), Vec::<String>::new());
    assert_eq!(
        ask(r#"absent_over_time(nosuch{a="1"}[5m])"#, 1),
        [r#"{a="1"} 1"#]
    );
}

#[test]
fn labels_can_be_made() {
    assert_eq!(
        ask(
            r#"label_replace(seats{shop="1"}, "s", "no-$1", "shop", "(.*)")"#,
            1
        ),
        [r#"seats{s="no-1", shop="1"} 4"#]
    );
    assert_eq!(
        ask(r#"label_replace(seats{shop="1"}, "s", "x", "shop", "")"#, 1),
        [r#"seats{shop="1"} 4"#],
        "the pattern is anchored"
    );
    assert_eq!(
        ask(
            r#"label_join(seats{shop="1"}, "s", "-", "shop", "shop")"#,
            1
        ),
        [r#"seats{s="1-1", shop="1"} 4"#]
    );
}

#[test]
fn times_and_scalars() {
    assert_eq!(ask("time()", 2), ["120"]);
    assert_eq!(
        ask(r#"timestamp(orders{city="bj"})"#, 1),
        [r#"{city="bj", shop="3"} 0"#]
    );
    assert_eq!(ask("scalar(seats)", 1), ["NaN"]);
    assert_eq!(ask(r#"scalar(seats{shop="1"}) + 1"#, 1), ["5"]);
    assert_eq!(ask("minute(vector(150))", 0), ["{} 2"]);
    assert_eq!(ask(r#""text""#, 0), ["text"]);
}

#[test]
fn ranges_are_sorted_and_have_no_sample_where_there_is_none() {
    let all = Engine::default()
        .range(&shop(), "orders", 3 * MINUTE, 5 * MINUTE, MINUTE)
        .expect("ok");
    let labels: Vec<String> = all.iter().map(|s| s.labels.to_string()).collect();
    assert!(labels.is_sorted(), "{labels:?}");
    assert_eq!(
        all[0]
            .samples
            .iter()
            .map(|s| s.t / MINUTE)
            .collect::<Vec<_>>(),
        [5],
        "stale before"
    );
    assert!(
        Engine::default()
            .range(&shop(), "orders[5m]", 0, MINUTE, MINUTE)
            .is_err()
    );
    assert!(
        Engine::default()
            .range(&shop(), "\"x\"", 0, MINUTE, MINUTE)
            .is_err()
    );
    let too_long = Engine::default().range(&shop(), "orders", 0, 11_001, 1);
    assert!(matches!(
        too_long,
        Err(PromqlError::Limit(LimitError::Steps { max: 11_000 }))
    ));
}

/// Counts how often it is read.
struct Counting(MemoryStorage, Cell<usize>);

impl Storage for Counting {
    fn select(
        &self,
        m: &Matchers,
        start: i64,
        end: i64,
        sink: &mut Sink<'_>,
    ) -> Result<(), StorageError> {
        self.1.set(self.1.get() + 1);
        self.0.select(m, start, end, sink)
    }
}

#[test]
fn a_selector_is_read_once_for_all_steps() {
    let storage = Counting(shop(), Cell::new(0));
    let query = "sum(rate(orders[5m])) / sum(max_over_time(seats[5m:10s]))";
    Engine::default()
        .range(&storage, query, 0, 5 * MINUTE, 1_000)
        .expect("ok");
    assert_eq!(storage.1.get(), 2);
}

/// Fails after the first series.
struct Failing(MemoryStorage);

impl Storage for Failing {
    fn select(
        &self,
        m: &Matchers,
        start: i64,
        end: i64,
        sink: &mut Sink<'_>,
    ) -> Result<(), StorageError> {
        self.0.select(m, start, end, sink)?;
        Err(StorageError::Failed("the disk is gone".into()))
    }
}

#[test]
fn what_the_store_says_is_passed_on() {
    let answer = Engine::default().instant(&Failing(shop()), "sum(orders)", MINUTE);
    assert!(
        matches!(answer, Err(PromqlError::Storage(StorageError::Failed(why))) if why.contains("disk"))
    );
}

#[test]
fn a_query_can_be_cancelled_half_way() {
    let many = (0..10_000)
        .map(|i| series(&format!("m{{i=\"{i}\"}}"), "1 2 3"))
        .collect();
    let storage = MemoryStorage::new(many);
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let engine = Engine::default().with_cancel(Arc::new(move || {
        count.fetch_add(1, Ordering::Relaxed) >= 20
    }));
    let answer = engine.instant(&storage, "sum(rate(m[5m]))", 2 * MINUTE);
    assert!(matches!(answer, Err(PromqlError::Cancelled)));
    assert!(
        (20..40).contains(&asked.load(Ordering::Relaxed)),
        "asked often, and not again after the answer"
    );
}

#[test]
fn a_clash_counts_only_where_the_other_side_has_values() {
    // shop 1 and 2 clash on the city while there are orders; ten minutes later there are none
    let query = "vector(1) * on() (sum by (shop) (orders))";
    assert!(matches!(
        fails(query, 5),
        PromqlError::Execution(ExecutionError::ManyToMany { .. })
    ));
    assert_eq!(ask(query, 20), Vec::<String>::new());
    assert_eq!(ask("nosuch * on(city) orders", 5), Vec::<String>::new());
}

#[test]
fn a_join_that_cannot_be_is_refused_at_once() {
    let many = (0..20_000)
        .map(|i| series(&format!("m{{i=\"{i}\"}}"), "1 2 3"))
        .collect();
    let answer = Engine::default().instant(&MemoryStorage::new(many), "m * on() m", 2 * MINUTE);
    assert!(matches!(
        answer,
        Err(PromqlError::Execution(ExecutionError::ManyToMany { .. }))
    ));
}
