use super::*;
use proptest::prelude::*;

fn f(name: &str) -> Field {
    Field::named(name)
}

fn text(t: &str) -> Filter {
    Filter::Text(t.into())
}

fn is(name: &str, value: &str) -> Filter {
    Filter::Is(f(name), value.into())
}

fn not(filter: Filter) -> Filter {
    Filter::Not(Box::new(filter))
}

fn number(name: &str, compare: Compare, n: f64) -> Filter {
    Filter::Number(f(name), compare, n)
}

#[track_caller]
fn reads(query: &str, expected: Filter) {
    match parse(query) {
        Ok(filter) => assert_eq!(filter, expected, "{query}"),
        Err(fault) => panic!("{query}: {fault}"),
    }
}

#[track_caller]
fn refuses(query: &str, fault: Fault, at: Range<usize>) -> QueryFault {
    match parse(query) {
        Ok(filter) => panic!("{query} was read as {filter:?}"),
        Err(found) => {
            assert_eq!((found.fault, found.at.clone()), (fault, at), "{query}");
            found
        }
    }
}

#[test]
fn words_and_phrases() {
    reads("", Filter::All);
    reads(" \u{3000} ", Filter::All);
    reads("*", Filter::All);
    reads("超时", text("超时"));
    reads("时", text("时"));
    reads("连接 超时", Filter::And(vec![text("连接"), text("超时")]));
    reads("\"连接 超时\"", text("连接 超时"));
    reads("“连接 超时”", text("连接 超时"));
    reads("“连接 超时\"", text("连接 超时"));
    reads(r#""提示“余额不足”""#, text("提示“余额不足”"));
    reads(r#""a\"b\\c\n""#, text("a\"b\\c\n"));
    reads("*timeout*", text("timeout"));
    reads(r"a\*b", text("a*b"));
    reads(
        "非法请求 android",
        Filter::And(vec![text("非法请求"), text("android")]),
    );
}

#[test]
fn and_or_not_in_both_languages() {
    let (a, b, c) = (|| text("甲"), || text("乙"), || text("丙"));
    let mixed = || Filter::Or(vec![Filter::And(vec![a(), b()]), c()]);
    reads("甲 and 乙 or 丙", mixed());
    reads("甲 乙 OR 丙", mixed());
    reads("甲 且 乙 或 丙", mixed());
    reads("甲 && 乙 || 丙", mixed());
    reads(
        "甲 and (乙 or 丙)",
        Filter::And(vec![a(), Filter::Or(vec![b(), c()])]),
    );
    reads(
        "甲（乙 或 丙）",
        Filter::And(vec![a(), Filter::Or(vec![b(), c()])]),
    );
    reads("not 甲", not(a()));
    reads("非 甲", not(a()));
    reads("-甲 乙", Filter::And(vec![not(a()), b()]));
    reads("！甲", not(a()));
    reads("-（甲 乙）", not(Filter::And(vec![a(), b()])));
    reads("甲，乙、丙", Filter::And(vec![a(), b(), c()]));
    reads("a, b", Filter::And(vec![text("a"), text("b")]));
    reads("-level:error", not(is("level", "error")));
}

#[test]
fn fields_and_their_values() {
    reads("level:error", is("level", "error"));
    reads("level: ERROR", is("level", "error"));
    reads("level=WARNING", is("level", "warn"));
    reads("级别：错误", is("level", "error"));
    reads("服务：order-service", is("service", "order-service"));
    reads("category:app-logs", is("category", "app"));
    reads("service:order-service", is("service", "order-service"));
    reads("http.status:500", is("http.status", "500"));
    reads("status!=500", not(is("status", "500")));
    reads("user_id:*", Filter::Has(f("user_id")));
    reads("host:web-*", Filter::Prefix(f("host"), "web-".into()));
    reads("host:\"web 1\"*", Filter::Prefix(f("host"), "web 1".into()));
    reads("host:\"web-*\"", is("host", "web-*"));
    reads("path:~orders", Filter::Contains(f("path"), "orders".into()));
    reads("path：～订单", Filter::Contains(f("path"), "订单".into()));
    reads(
        "path:*orders*",
        Filter::Contains(f("path"), "orders".into()),
    );
    reads("url:http://a/b", is("url", "http://a/b"));
    reads("offset:-5", is("offset", "-5"));
    reads("message:超时", text("超时"));
    reads("message=超时", is("message", "超时"));
    reads(
        "\\level:x",
        Filter::Is(Field::Attr(vec!["level".into()]), "x".into()),
    );
    reads("\"level\":\"error\"", is("level", "error"));
    let odd = Field::Attr(vec!["a b".into(), "订单".into()]);
    reads("\"a b\".\"订单\":1", Filter::Is(odd, "1".into()));
    reads("service:\"\"", is("service", ""));
}

#[test]
fn numbers_levels_and_ranges() {
    reads(
        "http.status>=500",
        number("http.status", Compare::AtLeast, 500.0),
    );
    reads(
        "duration_ms > 1.5e3",
        number("duration_ms", Compare::More, 1500.0),
    );
    reads(
        "duration_ms＞＝500",
        number("duration_ms", Compare::AtLeast, 500.0),
    );
    reads(
        "duration_ms≤500",
        number("duration_ms", Compare::AtMost, 500.0),
    );
    reads("status:<500", number("status", Compare::Less, 500.0));
    reads("n>-1", number("n", Compare::More, -1.0));
    let range = |low, high| {
        Filter::And(vec![
            number("duration_ms", low, 100.0),
            number("duration_ms", high, 500.0),
        ])
    };
    reads(
        "duration_ms:[100 TO 500}",
        range(Compare::AtLeast, Compare::Less),
    );
    reads(
        "duration_ms:{100 to 500]",
        range(Compare::More, Compare::AtMost),
    );
    reads(
        "duration_ms：【100 到 500】",
        range(Compare::AtLeast, Compare::AtMost),
    );
    reads("n:[5 TO *]", number("n", Compare::AtLeast, 5.0));
    reads("n:[* TO *]", Filter::Has(f("n")));
    reads("level>=warn", Filter::AtLeast(LogLevel::Warn));
    reads("level > warn", Filter::AtLeast(LogLevel::Error));
    let below = |l| Filter::And(vec![Filter::Has(Field::Level), not(Filter::AtLeast(l))]);
    reads("level<warn", below(LogLevel::Warn));
    reads("level<=warn", below(LogLevel::Error));
    reads("level<=fatal", Filter::Has(Field::Level));
    reads(
        "level:[info TO error}",
        Filter::And(vec![
            Filter::AtLeast(LogLevel::Info),
            below(LogLevel::Error),
        ]),
    );
}

#[test]
fn lists_of_values() {
    let ab = || Filter::Or(vec![is("service", "a"), is("service", "b")]);
    reads("service:(a or b)", ab());
    reads("服务：（a 或 b）", ab());
    reads("service:(a, b)", ab());
    reads("service:(a，b)", ab());
    reads("service:(a b)", ab());
    reads("service:(a)", is("service", "a"));
    reads(
        "service!=(a or b)",
        Filter::And(vec![not(is("service", "a")), not(is("service", "b"))]),
    );
    reads(
        "x:(a* or ~b) c",
        Filter::And(vec![
            Filter::Or(vec![
                Filter::Prefix(f("x"), "a".into()),
                Filter::Contains(f("x"), "b".into()),
            ]),
            text("c"),
        ]),
    );
}

#[test]
fn pieces_of_log_lines_are_words() {
    reads("http://shop/a", text("http://shop/a"));
    reads("std::fmt", text("std::fmt"));
    reads("10:30:15", text("10:30:15"));
    reads(
        "TypeError: null",
        Filter::And(vec![text("TypeError:"), text("null")]),
    );
    reads("a->b", text("a->b"));
    reads(
        "a -> b",
        Filter::And(vec![text("a"), text("->"), text("b")]),
    );
    reads("--force", text("--force"));
    reads("下单失败：库存不足", text("下单失败：库存不足"));
    reads("[ERROR]", text("[ERROR]"));
    reads("1,234", text("1,234"));
    reads("<html>", text("<html>"));
    reads(r"C:\logs", text(r"C:\logs"));
}

#[test]
fn faults_say_where_and_what() {
    refuses("甲 and", Fault::TermMissing, 5..5);
    refuses("or 甲", Fault::TermMissing, 0..2);
    refuses("()", Fault::TermMissing, 1..2);
    refuses("level:", Fault::ValueMissing, 6..6);
    refuses("(level:)", Fault::ValueMissing, 7..8);
    refuses("甲 (乙", Fault::ParenOpen, 2..3);
    refuses("甲) 乙", Fault::ParenClose, 1..2);
    refuses("甲 \"乙", Fault::QuoteOpen, 2..4);
    refuses("n:[1 2]", Fault::Range, 5..6);
    refuses("n:[1 TO 2", Fault::Range, 9..9);
    refuses("n:[1 TO 2)", Fault::Range, 9..10);
    refuses("n>abc", Fault::NotNumber, 2..5);
    refuses("n>inf", Fault::NotNumber, 2..5);
    refuses("n:[a TO 2]", Fault::NotNumber, 3..4);
    refuses("level>fatal", Fault::NoSuchLevel, 6..11);
    refuses("level<trace", Fault::NoSuchLevel, 6..11);
    refuses("a*b", Fault::Wildcard, 0..3);
    refuses("host:*b", Fault::Wildcard, 5..7);
    refuses("service:(a and b)", Fault::List, 11..14);
    refuses("service:(a or (b))", Fault::List, 14..15);
    refuses("service:(a", Fault::ParenOpen, 8..9);
    let fault = refuses("level:eror", Fault::UnknownLevel, 6..10);
    assert_eq!(
        (fault.expected, fault.meant.as_deref()),
        (Expected::Level, Some("error"))
    );
    let fault = refuses("category:securty", Fault::UnknownCategory, 9..16);
    assert_eq!(fault.meant.as_deref(), Some("security"));
    assert_eq!(fault.found, "securty");
}

#[test]
fn bounded_in_every_way() {
    let long = "a".repeat(MAX_CHARS + 1);
    refuses(&long, Fault::TooLong, MAX_CHARS..MAX_CHARS);
    assert!(parse(&"甲".repeat(MAX_CHARS)).is_ok());
    let deep = "(".repeat(MAX_DEPTH + 1) + "a" + &")".repeat(MAX_DEPTH + 1);
    assert_eq!(parse(&deep).map_err(|f| f.fault), Err(Fault::TooDeep));
    assert!(parse(&("(".repeat(MAX_DEPTH - 1) + "a" + &")".repeat(MAX_DEPTH - 1))).is_ok());
    let nots = "not ".repeat(MAX_DEPTH) + "a";
    assert_eq!(parse(&nots).map_err(|f| f.fault), Err(Fault::TooDeep));
    let many = "a ".repeat(MAX_TERMS + 1);
    assert_eq!(parse(&many).map_err(|f| f.fault), Err(Fault::TooMany));
    let list = format!("x:({})", "a ".repeat(MAX_TERMS + 1));
    assert_eq!(parse(&list).map_err(|f| f.fault), Err(Fault::TooMany));
}

#[test]
fn a_name_that_is_nearly_right_is_doubted() {
    let parsed = read("sevrice:a http.statsu:500 user_id:1").unwrap_or_default();
    let known = [f("http.status"), f("user_id")];
    let doubts = parsed.doubts(&known);
    let told: Vec<_> = doubts
        .iter()
        .map(|d| (d.at.clone(), d.meant.to_string()))
        .collect();
    assert_eq!(
        told,
        [
            (0..7, "service".to_owned()),
            (10..21, "http.status".to_owned())
        ]
    );
    let exact = read("service:a levels:b").unwrap_or_default();
    assert!(exact.doubts(&[f("levels")]).is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// No text makes it panic, and where a fault is lies within the text.
    #[test]
    fn any_text_is_read_or_refused(query in "[a(（)）:：\"“”*~～\\[\\]{}<>=!！\\\\ ,，、或且非or and超-]{0,30}|.{0,20}|(level|服务|a\\.b)[:：=<>]{1,2}.{0,10}") {
        let length = query.chars().count();
        if let Err(fault) = read(&query) {
            prop_assert!(fault.at.start <= fault.at.end && fault.at.end <= length, "{:?}", fault);
        }
        for caret in 0..=length {
            let done = crate::query::complete(&query, caret);
            prop_assert!(done.replace.start <= caret && caret <= done.replace.end && done.replace.end <= length, "{:?}", done);
        }
    }
}
