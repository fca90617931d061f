//! Lines that would spoil an answer: very long, colours, controls, bytes that are no UTF-8, JSON deeper than a parser goes. Each costs at
//! most itself; all others of the page are as they should be.

use super::*;
use encoding_rs::GB18030;
use shouwang_tests::hostile::Request;
use shouwang_tests::{elastic, loki};

/// What stands in a held line for bytes that a text cannot hold.
const GBK: &str = "@@GBK@@";
const BROKEN: &str = "@@BROKEN@@";
const DEEP: &str = "\"@@DEEP@@\"";
/// Levels; serde_json alone reads 128.
const LEVELS: usize = 1_000;

fn nested() -> String {
    format!("{}1{}", "{\"a\":".repeat(LEVELS), "}".repeat(LEVELS))
}

fn bad_lines() -> Vec<FakeLine> {
    let line = |n: i64, message: String, more: &[(&str, &str)]| {
        let mut fields = vec![("service".to_owned(), format!("line-{n}"))];
        fields.extend(more.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())));
        FakeLine {
            at_ns: START_NS + n * TICK_NS,
            message,
            fields,
        }
    };
    vec![
        line(0, "good".into(), &[]),
        line(
            1,
            "\u{1b}[1;31m错误\u{1b}[0m 支付\u{1b}]0;t\u{7}失败".into(),
            &[],
        ),
        line(2, format!("long {}", "长".repeat((10 << 20) / 3)), &[]),
        line(3, "a\0b\u{7}c <img src=x onerror=alert(1)>".into(), &[]),
        line(4, format!("{GBK} gbk"), &[]),
        line(5, format!("{BROKEN} broken"), &[]),
        line(6, "deep".into(), &[("deep", "@@DEEP@@")]),
        line(
            7,
            format!("{{\"order_id\":\"7\",\"deep\":{}}}", nested()),
            &[],
        ),
        line(8, "good again".into(), &[]),
    ]
}

/// The answer with the bytes that were meant.
fn spoilt(answer: Answer) -> Answer {
    let Body::Full(body) = answer.body else {
        return answer;
    };
    let (gbk, _, _) = GB18030.encode("订单创建失败");
    let replaced = |body: Vec<u8>, mark: &str, with: &[u8]| {
        let mut out = Vec::with_capacity(body.len());
        let mut rest = body.as_slice();
        while let Some(at) = rest.windows(mark.len()).position(|w| w == mark.as_bytes()) {
            out.extend_from_slice(&rest[..at]);
            out.extend_from_slice(with);
            rest = &rest[at + mark.len()..];
        }
        out.extend_from_slice(rest);
        out
    };
    let body = replaced(body, GBK, &gbk);
    let body = replaced(body, BROKEN, b"\xff\xfe\x80");
    let body = replaced(body, DEEP, nested().as_bytes());
    Answer {
        body: Body::Full(body),
        ..answer
    }
}

fn spoiling(answers: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Hostile {
    Hostile::start(move |request| spoilt(answers(request)))
}

fn found(lines: &[LogLine], n: usize) -> &LogLine {
    let service = format!("line-{n}");
    let found = lines.iter().find(|l| l.service == service);
    found.unwrap_or_else(|| panic!("no {service} among {}", lines.len()))
}

async fn spoils_nothing(kind: &str, server: &Hostile) {
    let store = client(kind, server);
    let lines = all_pages(&*store, &range(Filter::All), Direction::Older, 20).await;
    assert_eq!(lines.len(), bad_lines().len(), "{kind}");
    let text = |n: usize| found(&lines, n).message.as_str();
    assert_eq!((text(0), text(8)), ("good", "good again"), "{kind}");
    assert_eq!(text(1), "错误 支付失败", "{kind}: colours go as a whole");
    assert!(
        text(2).starts_with("long 长") && text(2).len() <= (1 << 20) + "…".len(),
        "{kind}: {} bytes",
        text(2).len()
    );
    assert!(text(2).ends_with('…'));
    assert_eq!(text(3), "abc <img src=x onerror=alert(1)>", "{kind}");
    for (n, rest) in [(4, " gbk"), (5, " broken")] {
        assert!(
            text(n).ends_with(rest) && text(n).contains('\u{fffd}'),
            "{kind}: {:?}",
            text(n)
        );
    }
    assert_eq!(text(6), "deep", "{kind}: a deep field costs no line");
    let deep = found(&lines, 6).attrs.get("deep");
    assert!(
        kind == "loki" || deep.is_some_and(|d| d.to_string().contains("\"a\"") || d.to_string().contains("\\\"a")),
        "{kind}: {deep:?}"
    );
    assert!(text(7).starts_with("{\"order_id\""), "{kind}");
    // and it can be looked for
    let gone = Filter::Text("支付失败".into());
    let some = all_pages(&*store, &range(gone), Direction::Older, 20).await;
    assert!(some.iter().all(|l| l.message == "错误 支付失败"), "{kind}");
    if kind == "loki" {
        let json = found(&lines, 7).attrs.get("order_id");
        assert_eq!(json.and_then(|v| v.as_str()), Some("7"));
    }
}

#[tokio::test]
async fn a_bad_line_costs_at_most_itself() {
    let lines = bad_lines();
    let server = spoiling(elastic::answers(held(&lines), "8.11.0", 10_000));
    spoils_nothing("elasticsearch", &server).await;
    let server = spoiling(victorialogs::answers(held(&lines), None));
    spoils_nothing("victorialogs", &server).await;
    let behaviour = loki::Behaviour::default();
    // fields of its lines are always texts; what is deep there is a line that is JSON
    let mut lines = lines;
    lines
        .iter_mut()
        .for_each(|l| l.fields.retain(|(name, _)| name != "deep"));
    let server = spoiling(loki::answers(held(&lines), behaviour));
    spoils_nothing("loki", &server).await;
}

#[tokio::test]
async fn bodies_that_are_no_answers_are_said_to_be_none() {
    for kind in ["elasticsearch", "victorialogs", "loki"] {
        for body in [
            &b"\xff\xfe\x00"[..],
            b"{\"hits\": {\"hits\": [{\"_source\": {",
            b"<html>proxy</html>",
        ] {
            let body = body.to_vec();
            let server = Hostile::start(move |_| {
                Answer::with(200, "application/json", Body::Full(body.clone()))
            });
            let store = client(kind, &server);
            let ask = PageAsk {
                limit: 5,
                ..PageAsk::default()
            };
            let said = store.page(&range(Filter::All), ask).await;
            let said = said.expect_err("no answer");
            assert!(
                matches!(
                    said,
                    SourceError::Malformed { .. }
                        | SourceError::Truncated
                        | SourceError::NotExpected { .. }
                ),
                "{kind}: {said:?}"
            );
        }
    }
}
