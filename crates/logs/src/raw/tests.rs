use super::*;
use chrono_tz::Asia::Shanghai;
use model::log::LogLevel;
use proptest::prelude::*;
use serde_json::{Value, json};

/// 2026-11-21T02:00:00Z, ten in the morning in Shanghai.
const TEN: i64 = 1_795_226_400_000_000_000;
const TRACE: &str = "6f1c1f2e0a4b4a519d2c1f2e3a4b5c6d";
const SPAN: &str = "1f2e3a4b5c6d7e8f";

fn origin() -> Origin {
    Origin::new(Shanghai, TEN + 3_000_000_000)
}

fn line(record: &str) -> LogLine {
    read(record.as_bytes(), &origin())
}

/// Time (s after ten), level, service, host, message.
#[track_caller]
fn is(
    record: &str,
    seconds: f64,
    level: &str,
    service: &str,
    host: &str,
    message: &str,
) -> LogLine {
    let line = line(record);
    let at = (line.position.at_ns - TEN) as f64 / 1e9;
    let told = line.level.map_or("", LogLevel::name);
    assert_eq!(
        (
            at,
            told,
            line.service.as_str(),
            line.host.as_str(),
            line.message.as_str()
        ),
        (seconds, level, service, host, message),
        "{record}"
    );
    line
}

#[track_caller]
fn attrs(line: &LogLine, expected: Value) {
    assert_eq!(Value::Object(line.attrs.clone()), expected);
}

#[test]
fn json_of_many_libraries() {
    let zap = is(
        r#"{"level":"error","ts":1795226400.5,"caller":"order/handler.go:88","msg":"创建订单失败","service":"order","user_id":7}"#,
        0.5,
        "error",
        "order",
        "",
        "创建订单失败",
    );
    attrs(&zap, json!({"caller": "order/handler.go:88", "user_id": 7}));
    is(
        r#"{"time":"2026-11-21T10:00:00+08:00","level":"warning","msg":"slow"}"#,
        0.0,
        "warn",
        "",
        "",
        "slow",
    );
    is(
        r#"{"level":50,"time":1795226400250,"pid":1,"hostname":"web-1","name":"pay","msg":"boom"}"#,
        0.25,
        "error",
        "",
        "web-1",
        "boom",
    );
    let logback = is(
        &format!(
            r#"{{"@timestamp":"2026-11-21T02:00:00.100Z","message":"超时","logger_name":"c.s.Pay","level":"ERROR","traceId":"{TRACE}","spanId":"{SPAN}","stack_trace":"java.X\n\tat a"}}"#
        ),
        0.1,
        "error",
        "",
        "",
        "超时",
    );
    assert_eq!(
        (logback.trace_id.as_str(), logback.span_id.as_str()),
        (TRACE, SPAN)
    );
    attrs(
        &logback,
        json!({"logger_name": "c.s.Pay", "stack_trace": "java.X\n\tat a"}),
    );
    let ecs = is(
        &format!(
            r#"{{"@timestamp":"2026-11-21T02:00:00Z","log.level":"info","message":"m","service.name":"order","host":{{"name":"n1","ip":"10.0.0.1"}},"trace.id":"{TRACE}","http.response.status_code":500}}"#
        ),
        0.0,
        "info",
        "order",
        "n1",
        "m",
    );
    attrs(
        &ecs,
        json!({"host": {"ip": "10.0.0.1"}, "http": {"response": {"status_code": 500}}}),
    );
    let otel = is(
        &format!(
            r#"{{"timeUnixNano":"1795226400000000001","severityNumber":17,"body":{{"stringValue":"失败"}},"attributes":{{"http.route":"/a"}},"resource":{{"service.name":"pay","host.name":"h"}},"traceId":"{}","spanId":"{SPAN}"}}"#,
            TRACE.to_uppercase()
        ),
        0.000000001,
        "error",
        "pay",
        "h",
        "失败",
    );
    assert_eq!(otel.trace_id, TRACE);
    is(
        r#"{"severity_number":10,"body":"m"}"#,
        3.0,
        "info",
        "",
        "",
        "m",
    );
    is(
        r#"{"version":"1.1","host":"h","short_message":"m","level":3}"#,
        3.0,
        "error",
        "",
        "h",
        "m",
    );
    attrs(&otel, json!({"http": {"route": "/a"}}));
}

#[test]
fn docker_and_cri_hold_another_record() {
    let docker = is(
        r#"{"log":"{\"level\":\"warn\",\"msg\":\"库存低\"}\n","stream":"stderr","time":"2026-11-21T02:00:00.5Z"}"#,
        0.5,
        "warn",
        "",
        "",
        "库存低",
    );
    attrs(&docker, json!({"stream": "stderr"}));
    is(
        "2026-11-21T02:00:00.5Z stdout F level=error msg=\"下单失败\" user_id=3",
        0.5,
        "error",
        "",
        "",
        "下单失败",
    );
    let cri = is(
        "2026-11-21T02:00:00.5Z stdout P half of a li",
        0.5,
        "",
        "",
        "",
        "half of a li",
    );
    attrs(&cri, json!({"stream": "stdout", NOTES: {"partial": true}}));
}

#[test]
fn the_journal() {
    is(
        r#"{"__REALTIME_TIMESTAMP":"1795226400000000","PRIORITY":"3","_HOSTNAME":"db1","SYSLOG_IDENTIFIER":"sshd","MESSAGE":[98,111,111,109]}"#,
        0.0,
        "error",
        "sshd",
        "db1",
        "boom",
    );
    let mut export = b"__REALTIME_TIMESTAMP=1795226400000000\nPRIORITY=4\n_HOSTNAME=db1\n_SYSTEMD_UNIT=redis.service\nMESSAGE\n".to_vec();
    export.extend(7u64.to_le_bytes());
    export.extend(b"two\nrow\nEXTRA=x\n");
    let line = read(&export, &origin());
    assert_eq!(
        (line.position.at_ns, line.level, line.message.as_str()),
        (TEN, Some(LogLevel::Warn), "two\nrow")
    );
    assert_eq!(
        (line.service.as_str(), line.attrs["EXTRA"].as_str()),
        ("redis.service", Some("x"))
    );
}

#[test]
fn logfmt() {
    let pairs = is(
        r#"ts=2026-11-21T02:00:00Z level=warn msg="slow \"query\"" duration_ms=12.5 order=007 ok=true err="#,
        0.0,
        "warn",
        "",
        "",
        "slow \"query\"",
    );
    attrs(
        &pairs,
        json!({"duration_ms": 12.5, "order": "007", "ok": true, "err": ""}),
    );
    // a sentence with a pair in it is a sentence
    is(
        "user said level=high and left",
        3.0,
        "",
        "",
        "",
        "user said level=high and left",
    );
}

#[test]
fn syslog_of_both_kinds() {
    let new = is(
        &format!(
            r#"<11>1 2026-11-21T02:00:00.5Z web1 order 812 ID47 [app@1 user="a\"b" trace_id="{TRACE}"] 创建失败"#
        ),
        0.5,
        "error",
        "order",
        "web1",
        "创建失败",
    );
    assert_eq!(new.trace_id, TRACE);
    attrs(
        &new,
        json!({"facility": 1, "pid": 812, "msgid": "ID47", "data": {"app@1": {"user": "a\"b", "trace_id": TRACE}}}),
    );
    let old = is(
        "<38>Nov 21 10:00:00 gw sshd[99]: Failed password for root",
        0.0,
        "info",
        "sshd",
        "gw",
        "Failed password for root",
    );
    attrs(&old, json!({"facility": 4, "pid": 99}));
    is(
        "Nov 21 10:00:00 gw kernel: eth0 up",
        0.0,
        "",
        "kernel",
        "gw",
        "eth0 up",
    );
    is(
        "2026-11-21T10:00:00+08:00 gw cron[5]: job",
        0.0,
        "",
        "cron",
        "gw",
        "job",
    );
    is("<13>no head at all", 3.0, "info", "", "", "no head at all");
}

#[test]
fn nginx() {
    let access = is(
        r#"10.0.0.9 - - [21/Nov/2026:10:00:00 +0800] "GET /api/orders?id=1 HTTP/1.1" 502 157 "-" "curl/8" 0.250"#,
        0.0,
        "error",
        "nginx",
        "",
        r#"10.0.0.9 - - [21/Nov/2026:10:00:00 +0800] "GET /api/orders?id=1 HTTP/1.1" 502 157 "-" "curl/8" 0.250"#,
    );
    attrs(
        &access,
        json!({
            "client": "10.0.0.9", "duration_ms": 250.0,
            "http": {"status": 502, "method": "GET", "path": "/api/orders?id=1", "version": "HTTP/1.1", "bytes": 157, "agent": "curl/8"},
        }),
    );
    let error = is(
        r#"2026/11/21 10:00:00 [error] 12#34: *56 connect() failed (111: Connection refused), client: 10.0.0.9, server: shop, request: "GET / HTTP/1.1", host: "shop.example""#,
        0.0,
        "error",
        "nginx",
        "",
        r#"connect() failed (111: Connection refused), client: 10.0.0.9, server: shop, request: "GET / HTTP/1.1", host: "shop.example""#,
    );
    attrs(
        &error,
        json!({"connection": 56, "pid": 12, "client": "10.0.0.9", "server": "shop", "request": "GET / HTTP/1.1", "http_host": "shop.example"}),
    );
}

#[test]
fn databases_caches_and_queues() {
    let pg = is(
        "2026-11-21 10:00:00.500 CST [77] app@shop ERROR:  relation \"x\" does not exist",
        0.5,
        "error",
        "postgresql",
        "",
        "relation \"x\" does not exist",
    );
    attrs(&pg, json!({"pid": 77, "user": "app", "database": "shop"}));
    is(
        "2026-11-21 10:00:00 CST [77] 错误:  关系 \"x\" 不存在",
        0.0,
        "error",
        "postgresql",
        "",
        "关系 \"x\" 不存在",
    );
    let part = is(
        "2026-11-21 10:00:00 CST [77] STATEMENT:  select 1",
        0.0,
        "",
        "postgresql",
        "",
        "select 1",
    );
    assert_eq!(part.attrs["part"], "statement");
    is(
        "812:M 21 Nov 2026 10:00:00.500 # Can't save in background: fork",
        0.5,
        "warn",
        "redis",
        "",
        "Can't save in background: fork",
    );
    is(
        "2026-11-21 10:00:00.500000+08:00 [error] <0.812.0> closing AMQP connection",
        0.5,
        "error",
        "rabbitmq",
        "",
        "closing AMQP connection",
    );
    is(
        "=WARNING REPORT==== 21-Nov-2026::10:00:00 ===\nmemory alarm",
        0.0,
        "warn",
        "rabbitmq",
        "",
        "memory alarm",
    );
}

#[test]
fn logging_libraries_in_lines() {
    let java = is(
        "2026-11-21 10:00:00,123 ERROR [http-8080-1] c.s.order.OrderService - 下单失败\njava.lang.X: b\n\tat c.D",
        0.123,
        "error",
        "",
        "",
        "下单失败\njava.lang.X: b\n\tat c.D",
    );
    attrs(
        &java,
        json!({"thread": "http-8080-1", "logger": "c.s.order.OrderService"}),
    );
    let spring = is(
        &format!(
            "2026-11-21T10:00:00.123+08:00  WARN 1 --- [order-service] [nio-8080-exec-1] [{TRACE}-{SPAN}] c.s.OrderService                   : 库存不足"
        ),
        0.123,
        "warn",
        "order-service",
        "",
        "库存不足",
    );
    assert_eq!(
        (spring.trace_id.as_str(), spring.span_id.as_str()),
        (TRACE, SPAN)
    );
    let sleuth = is(
        &format!("2026-11-21 10:00:00.123  INFO [pay,{TRACE},{SPAN}] 1 --- [main] c.s.Pay : ok"),
        0.123,
        "info",
        "pay",
        "",
        "ok",
    );
    assert_eq!(sleuth.trace_id, TRACE);
    let python = is(
        "2026-11-21 10:00:00,123 - shop.pay - WARNING - retry 3",
        0.123,
        "warn",
        "",
        "",
        "retry 3",
    );
    attrs(&python, json!({"logger": "shop.pay"}));
    let zap = is(
        "2026-11-21T10:00:00.123+0800\tinfo\torder/a.go:12\tcreated\t{\"user_id\": 7}",
        0.123,
        "info",
        "",
        "",
        "created",
    );
    attrs(&zap, json!({"caller": "order/a.go:12", "user_id": 7}));
    let klog = is(
        "E1121 10:00:00.500000    1 reflector.go:138] failed to list",
        0.5,
        "error",
        "",
        "",
        "failed to list",
    );
    attrs(&klog, json!({"pid": 1, "caller": "reflector.go:138"}));
    is(
        "2026/11/21 10:00:00 listening on :8080",
        0.0,
        "",
        "",
        "",
        "listening on :8080",
    );
    is(
        "[2026-11-21 10:00:00] [ERROR] 支付失败",
        0.0,
        "error",
        "",
        "",
        "支付失败",
    );
    is(
        "2026-11-21 10:00:00 something ERROR in it",
        0.0,
        "",
        "",
        "",
        "something ERROR in it",
    );
}

#[test]
fn plain_text() {
    is("hello 世界", 3.0, "", "", "", "hello 世界");
    is("ERROR: disk full", 3.0, "error", "", "", "disk full");
    is(
        "[WARN] disk nearly full",
        3.0,
        "warn",
        "",
        "",
        "disk nearly full",
    );
    is("错误：磁盘已满", 3.0, "error", "", "", "磁盘已满");
    is(
        "error handling was improved",
        3.0,
        "",
        "",
        "",
        "error handling was improved",
    );
    let traced = line(&format!("call failed trace_id={TRACE} span_id={SPAN}"));
    assert_eq!(
        (traced.trace_id.as_str(), traced.span_id.as_str()),
        (TRACE, SPAN)
    );
    let w3c = line(&format!("headers traceparent: 00-{TRACE}-{SPAN}-01"));
    assert_eq!((w3c.trace_id.as_str(), w3c.span_id.as_str()), (TRACE, SPAN));
    assert_eq!(
        line("trace_id=00000000000000000000000000000000").trace_id,
        ""
    );
}

#[test]
fn what_the_record_does_not_tell_is_the_origins() {
    let origin = Origin {
        service: "order".into(),
        host: "web-1".into(),
        category: LogCategory::System,
        ..origin()
    };
    let line = read(b"hello", &origin);
    assert_eq!(
        (line.service.as_str(), line.host.as_str(), line.category),
        ("order", "web-1", LogCategory::System)
    );
    assert_eq!(
        read(br#"{"service":"pay","msg":"x"}"#, &origin).service,
        "pay"
    );
}

#[test]
fn ten_megabytes_are_cut_at_a_character_and_that_is_told() {
    let line = line(&"啊".repeat(10 << 20 >> 1));
    assert!(line.message.len() <= MAX_MESSAGE && line.message.len() > MAX_MESSAGE - 3);
    assert!(line.message.chars().all(|c| c == '啊'));
    let cut = line.attrs[NOTES]["cut_bytes"].as_u64().unwrap_or_default() as usize;
    assert_eq!(cut + line.message.len(), (10 << 20 >> 1) * 3);
    let json = format!(
        r#"{{"level":"error","msg":"{}","k":"{}"}}"#,
        "a".repeat(10 << 20),
        "b".repeat(1 << 20)
    );
    let line = read(json.as_bytes(), &origin());
    assert_eq!(
        (line.level, line.message.len()),
        (Some(LogLevel::Error), MAX_MESSAGE)
    );
    assert_eq!(line.attrs["k"].as_str().map(str::len), Some(MAX_VALUE));
}

#[test]
fn nuls_broken_text_gbk_colours_and_turned_text() {
    let line = |bytes: &[u8]| read(bytes, &origin());
    let nul = line(b"a\0b");
    assert_eq!(
        (nul.message.as_str(), &nul.attrs[NOTES]),
        ("a␀b", &json!({"controls": 1}))
    );
    let broken = line(b"ok \xff\xfe broken");
    assert_eq!(
        (broken.message.as_str(), &broken.attrs[NOTES]),
        ("ok \u{fffd}\u{fffd} broken", &json!({"replaced": 2}))
    );
    let (gbk, _, _) =
        encoding_rs::GBK.encode("2026-11-21 10:00:00,000 ERROR [main] a.B - 支付失败：余额不足");
    let gbk = line(&gbk);
    assert_eq!(
        (gbk.level, gbk.message.as_str()),
        (Some(LogLevel::Error), "支付失败：余额不足")
    );
    assert_eq!(gbk.attrs[NOTES], json!({"encoding": "gb18030"}));
    let colour = line("\u{1b}[31mERROR\u{1b}[0m 下单失败".as_bytes());
    assert_eq!(
        (colour.level, colour.message.as_str()),
        (Some(LogLevel::Error), "下单失败")
    );
    assert_eq!(colour.attrs[NOTES], json!({"escapes": 2}));
    let bidi = line("pay \u{202e}001".as_bytes());
    assert_eq!(bidi.message, "pay ⟨U+202E⟩001");
    let markup = line(b"<script>alert(1)</script>");
    assert_eq!(markup.message, "<script>alert(1)</script>");
}

#[test]
fn json_that_is_meant_to_hurt() {
    let deep = format!(
        r#"{{"msg":"m","d":{}1{}}}"#,
        r#"{"a":"#.repeat(1000),
        "}".repeat(1000)
    );
    let line = line(&deep);
    assert_eq!(line.message, "m");
    let mut at = &line.attrs["d"];
    let mut depth = 0;
    while let Value::Object(inner) = at {
        at = &inner["a"];
        depth += 1;
    }
    assert!(
        depth < MAX_DEPTH && at.as_str().is_some_and(|t| t.starts_with("{\"a\":")),
        "{depth}"
    );
    let unclosed = "[".repeat(100_000);
    assert_eq!(super::tests::line(&unclosed).message.len(), MAX_MESSAGE);
    let unclosed = r#"{"a":"#.repeat(100_000);
    assert!(super::tests::line(&unclosed).message.starts_with("{\"a\""));
    let twice = super::tests::line(r#"{"msg":"a","k":1,"k":2}"#);
    attrs(&twice, json!({"k": 2, NOTES: {"duplicate_keys": 1}}));
    let huge = super::tests::line(
        r#"{"msg":"a","id":123456789012345678901234567890,"x":1e999,"u":18446744073709551615}"#,
    );
    attrs(
        &huge,
        json!({"id": "123456789012345678901234567890", "x": "1e999", "u": 18446744073709551615u64}),
    );
    let many: String = (0..1_000_000).map(|n| format!("\"k{n:x}\":0,")).collect();
    let many = super::tests::line(&format!("{{{many}\"msg\":\"last\"}}"));
    assert_eq!(many.attrs.len(), MAX_ATTRS + 1);
    assert_eq!(many.attrs[NOTES]["dropped_attrs"], 1_000_000 - MAX_ATTRS);
    assert_eq!(
        many.message, "last",
        "what is known is kept wherever it stands"
    );
}

#[test]
fn names_with_points_become_names_within_names() {
    let flat = json!({"http.status": 500, "http.method": "GET", "http": {"path": "/"}, "a": 1, "a.b": 2, "x..y": 3, "deep": {"p.q": 4}});
    let nested = nest(flat.as_object().cloned().unwrap_or_default());
    assert_eq!(
        Value::Object(nested),
        json!({"http": {"status": 500, "method": "GET", "path": "/"}, "a": 1, "a.b": 2, "x..y": 3, "deep": {"p": {"q": 4}}})
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    /// Nothing that comes makes it panic, and the line keeps its promises.
    #[test]
    fn any_bytes_are_a_line(
        bytes in prop::collection::vec(any::<u8>(), 0..80),
        head in prop::sample::select(vec!["", "<13>1 ", "<13>", "{", "{\"msg\":", "2026-11-21 10:00:00 ", "2026-11-21T10:00:00Z stdout F ", "Nov 21 10:00:00 ", "[", "E1121 ", "__CURSOR=", "1:M ", "=ERROR REPORT==== ", "10.0.0.1 - - [", "level=", "2026年", "ERROR ["]),
        tail in "[\\[\\]{}\":=,. <>#*|a-zA-Z0-9-]{0,30}|.{0,20}",
    ) {
        let record = [head.as_bytes(), tail.as_bytes(), &bytes].concat();
        let line = read(&record, &origin());
        let shown = |t: &str| !t.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t'));
        prop_assert!(shown(&line.message) && shown(&line.service) && shown(&line.host));
        prop_assert!(line.trace_id.bytes().all(|b| b.is_ascii_hexdigit() && !b.is_ascii_uppercase()));
    }
}
