//! `shouwang logs …` against a real server.

use crate::ground::{DAY_MS, Ground, MS, files, now_ns, postgres_user};
use model::log::{LogLine, LogRange, PageAsk};
use pglogs::Reader;
use pglogs::schema::VERSION;
use shouwang_tests::now_ms;
use source::Logs as _;

#[tokio::test]
async fn the_command_prepares_shows_and_does_what_is_due() {
    let ground = Ground::new("");
    // the SQL for whoever does it by hand is the same schema
    let sql = ground.logs(&["prepare", "--sql"]).good().out.join("\n");
    ground.server.sql("postgres", "CREATE DATABASE by_hand");
    ground.server.sql("by_hand", &sql);
    let there = "SELECT to_regclass('shouwang_logs.line') IS NOT NULL";
    assert_eq!(ground.server.sql("by_hand", there), "t");
    let missing = ground.logs(&["status"]);
    assert!(
        !missing.good && missing.err.contains("prepare"),
        "{missing:?}"
    );
    assert_eq!(
        ground.logs(&["prepare"]).good().out,
        [format!("The schema has version {VERSION} now")]
    );
    assert_eq!(
        ground.logs(&["prepare"]).good().out,
        [format!("The schema had version {VERSION} already")]
    );

    // a plan is shown and nothing is done
    let before = ground.everything();
    let planned = ground.logs(&["retain", "--dry-run"]).good();
    assert_eq!(planned.out.len(), 4, "{planned:?}");
    assert!(planned.out[0].starts_with("1/4 ") && planned.out[3].starts_with("4/4 "));
    assert!(planned.err.contains("no partition yet"), "{planned:?}");
    let planned = ground.logs(&["retain", "--dry-run", "--json"]).good();
    let [plan] = &planned.json()[..] else {
        panic!("{planned:?}")
    };
    let steps = plan["steps"].as_array().expect("steps");
    assert!(steps.len() == 4 && steps.iter().all(|s| s["step"] == "create"));
    assert_eq!(plan["findings"][0]["finding"], "not_ahead");
    assert_eq!(ground.everything(), before);

    // done, and then there is nothing to do
    let done = ground.logs(&["retain"]).good();
    assert_eq!(done.out.last().map(String::as_str), Some("All done"));
    assert!(done.err.is_empty(), "{done:?}");
    assert_ne!(ground.everything(), before);
    assert_eq!(ground.logs(&["retain"]).good().out, ["Nothing to do"]);

    let unknown = ground.logs(&["status", "--store", "other"]);
    assert!(!unknown.good && unknown.err.contains("main"), "{unknown:?}");
}

#[tokio::test]
async fn the_command_moves_a_day_into_files_and_reads_them() {
    let ground = Ground::new("");
    ground.prepare().await;
    ground.logs(&["retain"]).good();
    ground.write(40, 30).await;
    ground.write(0, 5).await;
    let status = ground.logs(&["status", "--json"]).good().json().remove(0);
    assert_eq!(status["findings"][0]["finding"], "default_not_empty");
    assert_eq!(status["findings"][0]["lines"], 30);
    let status = ground.logs(&["status"]).good();
    assert_eq!(
        status.out.len(),
        6,
        "a head, four days and the lines without one: {status:?}"
    );
    assert!(status.err.contains("30 lines have no partition"));

    let before = ground.everything();
    let planned = ground
        .logs(&["retain", "--dry-run", "--move-default", "--json"])
        .good()
        .json();
    assert_eq!(planned[0]["steps"].as_array().map(Vec::len), Some(1));
    assert_eq!(planned[0]["steps"][0]["waiting"], 30);
    assert_eq!(ground.everything(), before);
    let done = ground.logs(&["retain", "--move-default", "--json"]).good();
    let events = done.json();
    let of = |event: &str| -> Vec<String> {
        let those = events.iter().filter(|e| e["event"] == event);
        those
            .map(|e| e["what"]["step"].as_str().unwrap_or_default().to_owned())
            .collect()
    };
    let wanted = ["create", "export", "verify", "detach", "drop"];
    assert_eq!(
        (of("begun"), of("done")),
        (
            wanted.map(String::from).into(),
            wanted.map(String::from).into()
        )
    );
    assert!(of("progress").contains(&"export".to_owned()));
    assert_eq!(ground.logs(&["retain"]).good().out, ["Nothing to do"]);
    assert_eq!(
        ground
            .server
            .sql("logs", "SELECT count(*) FROM shouwang_logs.line"),
        "5"
    );
    assert_eq!(
        files(&ground.cold()).len(),
        3,
        "a folder, a manifest, lines"
    );

    // the files are good, and searched by words and time
    let good = ground.logs(&["verify"]).good();
    assert!(
        good.out.len() == 1 && good.out[0].contains("30 lines"),
        "{good:?}"
    );
    let found = ground
        .logs(&["search", "支付网关 level:error", "--limit", "7"])
        .good();
    assert_eq!(found.json().len(), 7);
    assert!(
        found
            .json()
            .iter()
            .all(|l| l["message"].as_str().is_some_and(|m| m.contains("超时")))
    );
    assert!(found.err.contains('7'), "there are more: {found:?}");
    let none = ground.logs(&["search", "支付网关 -level:error"]).good();
    assert!(none.out.is_empty(), "{none:?}");
    assert!(!ground.logs(&["search", "level:("]).good);

    // a flipped byte is told, with the file's name
    let lines = files(&ground.cold())
        .into_iter()
        .find(|f| f.extension().is_some_and(|e| e == "zst"))
        .expect("lines");
    let mut bytes = std::fs::read(&lines).expect("bytes");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&lines, bytes).expect("written");
    let bad = ground.logs(&["verify"]);
    assert!(!bad.good && bad.err.contains("lines-00001"), "{bad:?}");
}

/// Files as they lie on hosts: each form by itself, in the encodings that there are, with what should not be in them.
#[tokio::test]
async fn a_log_file_is_read_whatever_is_in_it() {
    let ground = Ground::new("");
    ground.prepare().await;
    ground.logs(&["retain"]).good();
    let (gbk, _, _) = encoding_rs::GB18030.encode("订单创建失败：库存不足 order=1");
    let at = chrono::DateTime::from_timestamp_millis(now_ms()).expect("a time");
    let iso = at.format("%Y-%m-%dT%H:%M:%S.%3fZ").to_string();
    let deep = format!("{}1{}", "{\"a\":".repeat(1_000), "}".repeat(1_000));
    let lines: [Vec<u8>; 7] = [
        format!("{iso} ERROR [main] c.s.OrderService - 下单失败 java.lang.IllegalStateException: x\n\tat a.B.c(B.java:7)").into(),
        format!("{{\"time\":\"{iso}\",\"level\":\"warn\",\"msg\":\"慢查询\",\"deep\":{deep}}}").into(),
        gbk.into_owned(),
        b"\x1b[1;31mred\x1b[0m text \0 <img src=x onerror=alert(1)>".to_vec(),
        b"broken \xff\xfe utf-8".to_vec(),
        [b"long ".to_vec(), vec![b'x'; 10 << 20]].concat(),
        "level=info msg=\"最后一行\" service=stock".into(),
    ];
    let file = ground.dir.path().join("app.log");
    std::fs::write(&file, lines.join(&b'\n')).expect("written");
    let path = file.display().to_string();
    let said = ground
        .logs(&["import", &path, "--service", "order", "--host", "web-1"])
        .good();
    assert_eq!(said.out, ["Wrote 7 lines into main"], "{said:?}");
    let reader = Reader::new(&ground.options(), &postgres_user(), None, now_ns);
    let found = async |query: &str| -> Vec<LogLine> {
        let range = LogRange {
            from_ns: now_ns() - DAY_MS * MS,
            to_ns: now_ns() + DAY_MS * MS,
            filter: logs::query::parse(query).expect("a query"),
        };
        let ask = PageAsk {
            limit: 20,
            ..PageAsk::default()
        };
        reader.page(&range, ask).await.expect("a page").value.lines
    };
    assert_eq!(found("").await.len(), 7);
    let stack = found("level:error 下单失败").await;
    assert!(
        stack.len() == 1 && stack[0].message.contains("B.java:7"),
        "{stack:?}"
    );
    assert_eq!(
        (stack[0].service.as_str(), stack[0].host.as_str()),
        ("order", "web-1")
    );
    assert_eq!(
        found("level:warn 慢查询").await.len(),
        1,
        "a deep document costs nothing"
    );
    assert_eq!(found("库存不足").await.len(), 1, "GBK");
    let red = found("\"red text\"").await;
    assert!(red.len() == 1 && !red[0].message.contains("[0m"), "{red:?}");
    assert_eq!(found("broken utf").await.len(), 1);
    let long = found("long").await;
    assert!(long.len() == 1 && long[0].message.len() < 1 << 20);
    assert_eq!(found("service:stock 最后一行").await.len(), 1);
    let missing = ground.logs(&["import", "/nowhere/app.log"]);
    assert!(
        !missing.good && missing.err.contains("/nowhere"),
        "{missing:?}"
    );
}
