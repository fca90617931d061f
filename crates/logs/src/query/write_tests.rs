use super::*;
use crate::matches;
use crate::query::parse;
use model::log::LogLine;
use proptest::prelude::*;
use serde_json::json;

#[test]
fn as_a_person_would_write_it() {
    for query in [
        "",
        "超时",
        "\"连接 超时\"",
        "level:error",
        "level>=warn",
        "service:(order-service or pay)",
        "http.status>=500",
        "user_id:*",
        "host:web-*",
        "http.path:~/orders",
        "超时 -重试 or level:fatal",
        "(a or b) c",
        "-(a b)",
        "message=\"下单失败\"",
        "\\level:x",
        "http.\"a b\":1",
        "\"或\" \"AND\"",
    ] {
        // a conjunction within an alternative is given its parentheses
        let expected = query.replace("超时 -重试 or", "(超时 -重试) or");
        let filter = parse(query).unwrap_or_else(|e| panic!("{query}: {e}"));
        assert_eq!(write(&filter), expected);
    }
}

fn field() -> impl Strategy<Value = Field> {
    let segment = prop_oneof![
        "[a-z_@$][a-z0-9_-]{0,3}",
        ".{0,3}",
        Just("level".to_owned()),
        Just("级别".to_owned())
    ];
    prop_oneof![
        prop::sample::select(Field::OWN.to_vec()),
        prop::collection::vec(segment, 1..3).prop_map(Field::Attr),
    ]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z超时0-9_-]{1,4}",
        ".{0,6}",
        "[-!*:：~(（“”\"'\\\\,，、 =<>\\[\\]{}\n\ta或]{0,5}",
        prop::sample::select(vec![
            "and", "OR", "not", "且", "或", "非", "to", "level:x", "--a", "*", "a*b"
        ])
        .prop_map(str::to_owned),
    ]
}

fn compare() -> impl Strategy<Value = Compare> {
    prop::sample::select(vec![
        Compare::Less,
        Compare::AtMost,
        Compare::More,
        Compare::AtLeast,
    ])
}

/// Filters that a query can say.
fn canonical() -> impl Strategy<Value = Filter> {
    let attr = || field().prop_filter("an attribute", |f| matches!(f, Field::Attr(_)));
    let number = any::<f64>().prop_filter("finite", |n| n.is_finite());
    let leaf = prop_oneof![
        text().prop_map(Filter::Text),
        (field(), text()).prop_map(|(f, t)| Filter::Is(f, t)),
        (field(), text()).prop_map(|(f, t)| Filter::Contains(f, t)),
        (field(), text()).prop_map(|(f, t)| Filter::Prefix(f, t)),
        field().prop_map(Filter::Has),
        (attr(), compare(), number).prop_map(|(f, c, n)| Filter::Number(f, c, n)),
        prop::sample::select(LogLevel::ALL.to_vec()).prop_map(Filter::AtLeast),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(Filter::And),
            prop::collection::vec(inner.clone(), 2..4).prop_map(Filter::Or),
            inner.prop_map(|f| Filter::Not(Box::new(f))),
        ]
    })
}

fn odd() -> impl Strategy<Value = Filter> {
    let number = prop::sample::select(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 5.0]);
    let leaf = prop_oneof![
        Just(Filter::All),
        Just(Filter::Has(Field::Attr(vec![]))),
        (
            prop::sample::select(vec![Field::Level, Field::named("n"), Field::Message]),
            compare(),
            number
        )
            .prop_map(|(f, c, n)| Filter::Number(f, c, n)),
        Just(Filter::Text("a".into())),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Filter::And),
            prop::collection::vec(inner.clone(), 0..3).prop_map(Filter::Or),
            inner.prop_map(|f| Filter::Not(Box::new(f))),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn what_is_written_is_read_again(filter in canonical()) {
        let query = write(&filter);
        prop_assert_eq!(parse(&query), Ok(filter), "{}", query);
    }

    #[test]
    fn what_no_query_can_say_keeps_its_meaning(filter in odd(), n in -10.0..10.0, message in "[ab]") {
        let attrs = json!({"n": n});
        let line = LogLine { message, attrs: attrs.as_object().cloned().unwrap_or_default(), ..LogLine::default() };
        let query = write(&filter);
        let again = parse(&query).map_err(|e| TestCaseError::fail(format!("{query}: {e}")))?;
        prop_assert_eq!(matches(&again, &line), matches(&filter, &line), "{}", query);
    }
}
