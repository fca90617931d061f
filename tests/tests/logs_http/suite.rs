//! The suite that every store of logs passes.

use super::*;
use shouwang_tests::{elastic, loki};
use source::LogSink;
use source::conformance_logs::{Lacks, check_but};

/// Puts lines into what a fake store holds, as an agent would.
#[derive(Debug)]
struct Agent(Held);

impl LogSink for Agent {
    fn append(&self, lines: Vec<LogLine>) -> Ask<'_, usize> {
        let flat = |l: &LogLine| {
            let level = l.level.map_or("", LogLevel::name);
            let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
            FakeLine {
                at_ns: l.position.at_ns,
                message: l.message.clone(),
                fields: vec![
                    field("service", &l.service),
                    field("level", level),
                    field("host", &l.host),
                    field("trace_id", &l.trace_id),
                    field("span_id", &l.span_id),
                    field("category", l.category.name()),
                ],
            }
        };
        self.0
            .lock()
            .expect("the lines")
            .extend(lines.iter().map(flat));
        let kept = lines.len();
        Box::pin(async move { Ok(source::Answer::local(kept)) })
    }
}

#[tokio::test]
async fn all_pass_the_suite_of_log_stores() {
    let base_ns = START_NS.div_euclid(60_000_000_000) * 60_000_000_000;
    for kind in source::LOG_KINDS.iter().map(|k| k.name) {
        let held = held(&[]);
        let server = match kind {
            "loki" => loki::start(held.clone(), loki::Behaviour::default()),
            "elasticsearch" => elastic::start(held.clone(), "8.11.0", 10_000),
            _ => victorialogs::start(held.clone(), None),
        };
        let store = client(kind, &server);
        let lacks = Lacks {
            attributes: true,
            // they do not say in which order lines came: what is later than ten seconds is missed
            late_lines: true,
            ..Lacks::default()
        };
        let failures = check_but(&*store, &Agent(held), base_ns, lacks).await;
        assert!(failures.is_empty(), "{kind}: {failures:#?}");
    }
}
