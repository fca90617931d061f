//! Whatever the text: an answer or a typed error, never a panic, and never for long.

use model::{Labels, Sample, Series};
use promql::{Engine, LimitError, MemoryStorage, PromqlError, selectors};
use proptest::prelude::*;

fn storage() -> MemoryStorage {
    let series = ["a", "b"].map(|name| Series {
        labels: Labels::from_pairs([("__name__", name), ("x", "1"), ("le", "0.5")]),
        samples: (0..20)
            .map(|i| Sample {
                t: i * 15_000,
                v: if i == 7 { f64::NAN } else { i as f64 },
            })
            .collect(),
    });
    MemoryStorage::new(series.into())
}

/// Evaluates `query` in every way; the errors of a query that does not parse are the same everywhere.
fn try_all(query: &str) {
    let engine = Engine {
        max_samples: 20_000,
        ..Engine::default()
    };
    let storage = storage();
    let instant = engine.instant(&storage, query, 200_000);
    let range = engine.range(&storage, query, 0, 300_000, 7_000);
    let selectors = selectors(query);
    if let Err(PromqlError::Parse { message, .. }) = &instant {
        assert!(!message.is_empty());
        assert!(range.is_err(), "{query}");
        assert!(selectors.is_err(), "{query}");
    }
}

/// Pieces that lexers and parsers trip over.
fn piece() -> impl Strategy<Value = String> {
    let fixed = [
        "a",
        "b",
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        "[5m]",
        "[5m:]",
        "[1m:7s]",
        "[1y]",
        "[9e9]",
        ",",
        "=",
        "!=",
        "=~",
        "!~",
        "\"x\"",
        "'",
        "\"",
        "`\\s`",
        "\\",
        "+",
        "-",
        "*",
        "/",
        "%",
        "^",
        "==",
        ">",
        "<=",
        "@",
        "@ 3",
        "@ 1e400",
        "@ end()",
        "offset",
        "offset 1m",
        "offset -5m",
        "by (x)",
        "without (x)",
        "on(x)",
        "ignoring(x)",
        "group_left",
        "bool",
        "and",
        "or",
        "unless",
        "atan2",
        "sum",
        "topk(2,",
        "count_values(\"v\",",
        "quantile(0.5,",
        "rate(",
        "holt_winters(",
        "label_replace(",
        "histogram_quantile(0.9,",
        "time()",
        "scalar(",
        "vector(",
        "absent(",
        "1",
        "0x",
        "1e",
        "1e999",
        "NaN",
        "Inf",
        ".5",
        "5m",
        "#",
        "\n",
        "中文",
        "{x=\"1\"}",
        "{x=~\"(\"}",
        "{x=~\".*\"}",
        "start()",
        ":",
        ";",
        "\u{0}",
    ];
    prop_oneof![
        8 => proptest::sample::select(fixed.to_vec()).prop_map(str::to_owned),
        1 => "\\PC{0,6}",
    ]
}

/// Well-formed expressions of any type, so that types clash and evaluation is reached.
fn expression() -> impl Strategy<Value = String> {
    let leaf = proptest::sample::select(vec![
        "a",
        "b",
        "{__name__=~\"a|b\"}",
        "1",
        "NaN",
        "\"text\"",
        "a[1m]",
        "a[2m] offset 1m",
        "time()",
        "a @ 100",
        "a @ end()",
        "vector(1)",
        "b offset -1m",
        "a[10m:1ms]",
        "nosuch",
    ])
    .prop_map(str::to_owned);
    leaf.prop_recursive(5, 40, 3, |inner| {
        let function = proptest::sample::select(vec![
            "rate",
            "abs",
            "sum",
            "absent",
            "scalar",
            "vector",
            "deriv",
            "sort",
            "timestamp",
            "histogram_count",
            "hour",
            "avg_over_time",
            "absent_over_time",
            "last_over_time",
            "stddev",
            "count",
            "min",
        ]);
        let operator = proptest::sample::select(vec![
            "+",
            "/",
            "^",
            ">",
            "== bool",
            "and",
            "or on(x)",
            "unless",
            "* on(x) group_left",
            "atan2",
            "- ignoring(x)",
        ]);
        let modifier =
            proptest::sample::select(vec!["[5m:1m]", " offset 1m", " @ 50", "[1y:1ms]", "[2m]"]);
        let two = proptest::sample::select(vec![
            "topk",
            "bottomk",
            "quantile",
            "predict_linear",
            "quantile_over_time",
            "histogram_quantile",
            "clamp_min",
            "round",
            "count_values",
        ]);
        prop_oneof![
            (function, inner.clone()).prop_map(|(f, a)| format!("{f}({a})")),
            (inner.clone(), operator, inner.clone())
                .prop_map(|(a, o, b)| format!("({a}) {o} ({b})")),
            (inner.clone(), modifier).prop_map(|(a, m)| format!("{a}{m}")),
            (two, inner.clone(), inner.clone()).prop_map(|(f, a, b)| format!("{f}({a}, {b})")),
            (inner.clone(), "[a-z$0-9(){}]{0,5}").prop_map(|(a, r)| {
                format!("label_replace({a}, \"l\", \"{r}\", \"x\", \"{r}\")")
            }),
            inner.prop_map(|a| format!("-{a}")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn pieces_in_any_order(pieces in proptest::collection::vec(piece(), 0..24), spaced in any::<bool>()) {
        try_all(&pieces.join(if spaced { " " } else { "" }));
    }

    #[test]
    fn any_text(text in "\\PC*") {
        try_all(&text);
    }

    #[test]
    fn expressions_of_any_type(query in expression()) {
        try_all(&query);
    }
}

#[test]
fn deep_and_long_texts_end_in_an_error() {
    for query in [
        "(".repeat(20_000),
        "-".repeat(20_000),
        "sum(".repeat(5_000),
        format!("a{}", "[1m:1m]".repeat(3_000)),
        "a ^ ".repeat(5_000),
        format!("{}a{}", "abs(".repeat(99), ")".repeat(99)),
        format!(
            "{}a{}",
            "avg_over_time(sum(".repeat(45),
            ")[1m:1m])".repeat(45)
        ),
        vec!["a"; 140].join(" or "),
        format!("{}a{}", "(a + ".repeat(95), ")".repeat(95)),
        "a\"".repeat(9_000),
    ] {
        try_all(&query);
    }
}

#[test]
fn large_queries_end_at_the_limit() {
    let engine = Engine {
        max_samples: 1_000,
        ..Engine::default()
    };
    let storage = storage();
    let limited = |query: &str| {
        let answer = engine.instant(&storage, query, 200_000);
        matches!(
            answer,
            Err(PromqlError::Limit(LimitError::Samples { max: 1_000 }))
        )
    };
    assert!(limited("sum_over_time(a[1y:1ms])"));
    assert!(limited("a[10y:1ms]"));
    assert!(limited("sum_over_time(vector(1)[1d:1s])"));
    assert!(!limited("sum_over_time(a[5m:1s])"));
}
