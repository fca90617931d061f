use super::*;
use model::log::{LogLine, LogPosition};
use proptest::prelude::*;

fn templates(messages: &[&str]) -> Vec<(u64, String)> {
    let mut miner = Miner::new();
    for message in messages {
        miner.add(message);
    }
    miner
        .patterns()
        .iter()
        .map(|p| (p.count, p.template()))
        .collect()
}

#[track_caller]
fn one(messages: &[&str], template: &str) {
    assert_eq!(
        templates(messages),
        [(messages.len() as u64, template.to_owned())]
    );
}

#[test]
fn values_are_known_by_their_form() {
    for (message, template) in [
        (
            "took 12 ms, 3.5GB of 1024 bytes (1.0 KB)",
            "took <time>, <size> of <size>",
        ),
        (
            "from 10.2.3.4:8080 to db-1.svc.cluster.local",
            "from <address> to <address>",
        ),
        ("read /var/log/app.log at 0x7f3a", "read <path> at <hex>"),
        (
            "id 6f1c1f2e-0a4b-4a51-9d2c-1f2e3a4b5c6d done",
            "id <id> done",
        ),
        (
            "GET https://shop.example/a?b=1 by \"curl 8\"",
            "GET <url> by <quoted>",
        ),
        (
            "at 2026-11-21T10:00:00.123Z and 10:00:01",
            "at <time> and <time>",
        ),
        ("since Fri Jun 17 07:07:00 2005 down", "since <time> down"),
        ("parts [1, 2, 3, 4] moved", "parts [<list>] moved"),
        ("blk_-38 blk_99 deleted", "blk_<number> deleted"),
        (
            "订单 1001 支付失败，耗时 30 毫秒",
            "订单 <number> 支付失败，耗时 <time>",
        ),
        (
            "菜品“宫保鸡丁”售罄（门店 3）",
            "菜品<quoted>售罄（门店 <number>）",
        ),
        ("订单ORD20261121创建", "订单ORD<number>创建"),
        (
            "it's 50% full: don't wait",
            "it's <number> full: don't wait",
        ),
    ] {
        one(&[message], template);
    }
}

#[test]
fn chinese_and_english_lines_are_grouped() {
    let patterns = templates(&[
        "订单 1001 创建成功，用户 7，金额 35.50 元",
        "connection to 10.0.0.1:6379 refused after 3 retries",
        "订单 1002 创建成功，用户 12，金额 8.00 元",
        "订单 1003 创建失败，库存不足",
        "connection to 10.0.0.2:6379 refused after 5 retries",
        "订单 1004 创建成功，用户 3，金额 120.00 元",
    ]);
    let counts: Vec<u64> = patterns.iter().map(|p| p.0).collect();
    assert_eq!(counts, [3, 2, 1], "{patterns:?}");
    assert_eq!(
        patterns[0].1,
        "订单 <number> 创建成功，用户 <number>，金额 <number> 元"
    );
}

#[test]
fn words_that_say_something_else_stay_apart() {
    assert_eq!(
        templates(&["circuit breaker open", "circuit breaker closed"]).len(),
        2
    );
    assert_eq!(
        templates(&["支付服务启动成功", "支付服务连接超时"]).len(),
        2
    );
    assert_eq!(
        templates(&["flag set to true", "flag set to false"]).len(),
        2
    );
}

#[test]
fn a_word_with_many_values_is_a_value() {
    let names = ["alice", "bob", "carol", "dave", "erin", "frank"];
    let messages: Vec<String> = names
        .iter()
        .map(|n| format!("password of {n} was changed"))
        .collect();
    let all: Vec<&str> = messages.iter().map(String::as_str).collect();
    one(&all, "password of <any> was changed");
    let names = ["张三", "李四", "王小明", "赵六", "欧阳修", "孙七"];
    let messages: Vec<String> = names.iter().map(|n| format!("用户{n}登录成功")).collect();
    let all: Vec<&str> = messages.iter().map(String::as_str).collect();
    one(&all, "用户<any>登录成功");
}

#[test]
fn an_id_holds_when_its_pattern_becomes_part_of_another() {
    let mut miner = Miner::new();
    let ids: Vec<PatternId> = ["甲", "乙", "丙", "丁", "戊"]
        .iter()
        .map(|n| miner.add(&format!("队列 {n} 积压告警")))
        .collect();
    let now = miner.resolve(ids[0]);
    assert!(ids.iter().all(|id| miner.resolve(*id) == now), "{ids:?}");
    assert_eq!(now, ids[0], "the oldest of them keeps its name");
    let pattern = miner.pattern(ids[3]).expect("is there");
    assert_eq!((pattern.count, pattern.first, pattern.last), (5, 0, 4));
    assert_eq!(pattern.example, "队列 甲 积压告警");
    assert_eq!(miner.add("队列 己 积压告警"), now);
}

#[test]
fn lines_are_folded_with_their_times() {
    let line = |at_ns, message: &str| LogLine {
        position: LogPosition { at_ns, seq: 0 },
        message: message.into(),
        ..LogLine::default()
    };
    // the newest first, as stores give them
    let lines = [line(30, "retry 3"), line(20, "stop"), line(10, "retry 1")];
    let fold = fold(&lines);
    let told: Vec<_> = fold
        .patterns
        .iter()
        .map(|p| (p.template(), p.count, p.first, p.last))
        .collect();
    assert_eq!(
        told,
        [
            ("retry <number>".to_owned(), 2, 10, 30),
            ("stop".to_owned(), 1, 20, 20)
        ]
    );
    assert_eq!(
        fold.of,
        [
            fold.patterns[0].id,
            fold.patterns[1].id,
            fold.patterns[0].id
        ]
    );
    assert_eq!(fold.evicted, Evicted::default());
}

#[test]
fn a_stack_trace_is_its_first_line() {
    let trace = |n: u32| {
        format!(
            "java.io.IOException: disk {n} full\n\tat a.b.C.d(C.java:{n})\n\tat e.F.g(F.java:2)"
        )
    };
    one(
        &[&trace(1), &trace(2)],
        "java.io.IOException: disk <number> full<rest>",
    );
}

#[test]
fn rare_patterns_are_forgotten_and_that_is_said() {
    let mut miner = Miner::with_limit(16);
    for _ in 0..100 {
        miner.add("the frequent one");
    }
    let word = |n: u64| -> String {
        format!("{n:x}")
            .bytes()
            .map(|b| char::from(b'a' + b % 26))
            .collect()
    };
    for n in 0..500u64 {
        // all words differ, so that nothing can be merged
        let (a, b) = (word(n), word(n * 7919 + 13));
        miner.add(&format!("{a}x {b}y {a}z"));
    }
    let (patterns, evicted) = (miner.patterns(), miner.evicted());
    assert!(patterns.len() <= 16);
    assert_eq!(
        (patterns[0].count, patterns[0].template()),
        (100, "the frequent one".to_owned())
    );
    assert!(evicted.patterns > 100, "{evicted:?}");
    let kept: u64 = patterns.iter().map(|p| p.count).sum();
    assert_eq!(kept + evicted.lines, miner.lines());
}

#[test]
fn huge_and_strange_messages_cost_little() {
    let mut miner = Miner::new();
    let huge = "啊 ".repeat(3_000_000);
    let id = miner.add(&huge);
    let pattern = miner.pattern(id).expect("is there");
    assert!(pattern.example.chars().count() <= Miner::EXAMPLE_CHARS);
    assert_eq!(pattern.parts.last(), Some(&Part::Any(Wild::Rest)));
    assert!(pattern.parts.len() < 1000);
    for odd in [
        "",
        " ",
        "\n",
        "((((",
        "\"",
        "“",
        "a:b:c:d/e/f#@&?\\:",
        "::::",
        "\u{202e}x\0",
        "9".repeat(70_000).as_str(),
    ] {
        let id = miner.add(odd);
        assert!(miner.pattern(id).is_some(), "{odd:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Nothing panics, no line is lost, and the same lines give the same patterns.
    #[test]
    fn every_line_is_in_one_pattern(messages in prop::collection::vec("[a-c0-9 .:/\"'<>()（“”订单失败，_-]{0,24}|.{0,12}", 1..60)) {
        let mine = || {
            let mut miner = Miner::with_limit(12);
            let ids: Vec<PatternId> = messages.iter().map(|m| miner.add(m)).collect();
            (miner, ids)
        };
        let (miner, ids) = mine();
        let kept: u64 = miner.patterns().iter().map(|p| p.count).sum();
        prop_assert_eq!(kept + miner.evicted().lines, messages.len() as u64);
        prop_assert!(miner.patterns().len() <= 12);
        let (again, same) = mine();
        prop_assert_eq!(ids, same);
        prop_assert_eq!(miner.patterns(), again.patterns());
    }

    /// What is a pattern's own example belongs to it.
    #[test]
    fn a_message_joins_itself(message in "[a-z0-9 订单:=,]{1,40}") {
        let mut miner = Miner::new();
        let first = miner.add(&message);
        prop_assert_eq!(miner.add(&message), first);
    }
}
