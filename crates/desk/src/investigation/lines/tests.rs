use super::*;
use futures::FutureExt as _;
use model::log::{Counted, Facet, Field, Histogram, LogPosition, LogTail, TailMark};
use source::{Answer, Ask, LogStoreInfo};
use std::sync::Arc;

/// When the alert's stretch begins, ms.
const FROM: i64 = 10_000_000;

/// Holds lines in memory and answers pages of them.
#[derive(Debug, Default)]
struct Memory {
    lines: Vec<LogLine>,
    /// Never answers about the time before.
    past_hangs: bool,
    /// Never answers when words are asked for.
    words_hang: bool,
    hangs: bool,
}

fn given<'a, T: Send + 'a>(value: T) -> Ask<'a, T> {
    futures::future::ready(Ok(Answer::local(value))).boxed()
}

fn has_words(filter: &Filter) -> bool {
    match filter {
        Filter::And(all) => all.iter().any(has_words),
        other => matches!(other, Filter::Text(_)),
    }
}

impl Logs for Memory {
    fn kind(&self) -> &'static str {
        "memory"
    }
    fn probe(&self) -> Ask<'_, LogStoreInfo> {
        given(LogStoreInfo::default())
    }
    fn page<'a>(&'a self, range: &'a LogRange, page: PageAsk) -> Ask<'a, LogPage> {
        let past = range.to_ns <= FROM * MS;
        let words = has_words(&range.filter);
        if self.hangs || (self.past_hangs && past) || (self.words_hang && words) {
            return futures::future::pending().boxed();
        }
        let mut lines: Vec<LogLine> = self
            .lines
            .iter()
            .filter(|l| (range.from_ns..range.to_ns).contains(&l.position.at_ns))
            .filter(|l| logs::matches(&range.filter, l))
            .cloned()
            .collect();
        lines.sort_by_key(|l| std::cmp::Reverse(l.position));
        let more = lines.len() > page.limit;
        lines.truncate(page.limit);
        given(LogPage { lines, more })
    }
    fn histogram<'a>(&'a self, _: &'a LogRange, _: i64) -> Ask<'a, Histogram> {
        given(Histogram::default())
    }
    fn count<'a>(&'a self, _: &'a LogRange) -> Ask<'a, Counted> {
        given(Counted::default())
    }
    fn facets<'a>(&'a self, _: &'a LogRange, _: &'a [Field], _: usize) -> Ask<'a, Vec<Facet>> {
        given(Vec::new())
    }
    fn fields<'a>(&'a self, _: &'a LogRange) -> Ask<'a, Vec<Field>> {
        given(Vec::new())
    }
    fn tail<'a>(&'a self, _: &'a LogRange, _: Option<&'a TailMark>, _: usize) -> Ask<'a, LogTail> {
        given(LogTail::default())
    }
}

/// A warning so many seconds after the stretch began.
fn line(at_s: i64, service: &str, message: &str) -> LogLine {
    LogLine {
        position: LogPosition::before((FROM + at_s * 1_000) * MS),
        level: Some(LogLevel::Warn),
        service: service.into(),
        message: message.into(),
        ..LogLine::default()
    }
}

/// An hour before with more lines than a page holds, the oldest of which have what is seen again.
fn crowded() -> Vec<LogLine> {
    let mut lines = vec![line(-3_000, "pay", "渠道 wechat 签名错误，订单 12")];
    let retry = |n: i64| line(-2_900 + n, "pay", &format!("retry {n} of channel wechat"));
    lines.extend((0..2_500).map(retry));
    lines.push(line(5, "pay", "渠道 wechat 签名错误，订单 77"));
    lines.push(line(6, "pay", "支付渠道没有应答，订单 78"));
    lines.push(line(7, "pay", "支付渠道没有应答，订单 79"));
    lines
}

fn entry(name: &str, demo: bool, memory: Memory) -> Entry {
    Entry::new(name, "memory", demo, Ok(Arc::new(memory)))
}

async fn about(entries: Vec<Entry>, demo: bool) -> InvestigationLogs {
    let clues = Clues {
        services: vec!["pay".into()],
        hosts: Vec::new(),
    };
    let stretch = Stretch {
        from: FROM,
        to: FROM + 600_000,
    };
    let all = Deadline::begin(ASKING + Duration::from_millis(300));
    gather(&Stores::new(entries), &clues, stretch, demo, all).await
}

fn templates(patterns: &[InvestigationPattern]) -> Vec<&str> {
    patterns.iter().map(|p| p.template.as_str()).collect()
}

#[tokio::test]
async fn new_is_only_what_the_whole_hour_before_has_not() {
    let memory = Memory {
        lines: crowded(),
        ..Memory::default()
    };
    let view = about(vec![entry("logs", false, memory)], false).await;
    assert!(view.error.is_none(), "{:?}", view.error);
    assert!(!view.before_exact && view.exact && view.narrow);
    // What is not among the newest 2,000 lines of the hour before was asked for.
    assert_eq!(templates(&view.new), ["支付渠道没有应答，订单 <number>"]);
    assert_eq!(view.new[0].count, 2);
    assert!(view.unsure.is_empty() && view.more.is_empty());
    assert_eq!((view.store.as_str(), view.lines), ("logs", 3));
}

#[tokio::test]
async fn what_was_not_asked_in_time_is_unsure() {
    let memory = Memory {
        lines: crowded(),
        words_hang: true,
        ..Memory::default()
    };
    let view = about(vec![entry("logs", false, memory)], false).await;
    assert!(view.new.is_empty());
    assert_eq!(view.unsure.len(), 2, "{:?}", templates(&view.unsure));
}

#[tokio::test]
async fn lines_since_stay_when_the_hour_before_hangs() {
    let memory = Memory {
        lines: crowded(),
        past_hangs: true,
        ..Memory::default()
    };
    let view = about(vec![entry("logs", false, memory)], false).await;
    assert!(view.error.is_none() && view.new.is_empty());
    assert_eq!((view.lines, view.unsure.len()), (3, 2));
    assert_eq!(view.gaps.len(), 1);
    assert_eq!(view.gaps[0].error.code, wire::ErrorCode::Timeout);
}

#[tokio::test]
async fn a_quiet_hour_before_needs_no_further_question() {
    let lines = vec![
        line(-100, "pay", "retry 1 of channel wechat"),
        line(1, "pay", "retry 2 of channel wechat"),
        line(2, "pay", "支付渠道没有应答，订单 1"),
    ];
    let memory = Memory {
        lines,
        words_hang: true,
        ..Memory::default()
    };
    let view = about(vec![entry("logs", false, memory)], false).await;
    assert!(view.before_exact && view.exact);
    assert_eq!((view.new.len(), view.unsure.len()), (1, 0));
    assert_eq!(view.new[0].first, (FROM + 2_000) as f64);
}

#[tokio::test]
async fn of_several_stores_the_one_that_knows_the_service_is_asked() {
    let of = |service: &str| Memory {
        lines: vec![line(1, service, "支付渠道没有应答，订单 1")],
        ..Memory::default()
    };
    let hangs = || Memory {
        hangs: true,
        ..Memory::default()
    };
    let view = about(
        vec![
            entry("web", false, of("web")),
            entry("hangs", false, hangs()),
            entry("pay", false, of("pay")),
            entry("made up", true, of("pay")),
        ],
        false,
    )
    .await;
    assert_eq!((view.store.as_str(), view.narrow), ("pay", true));
    assert_eq!(view.asked, ["web", "hangs", "pay"]);
    assert_eq!(view.gaps.len(), 1);
    assert_eq!(view.gaps[0].what, "hangs");

    // Nothing about what is named: the first that has lines, about everything.
    let stores = || {
        vec![
            entry("empty", false, Memory::default()),
            entry("web", false, of("web")),
            entry("made up", true, of("pay")),
        ]
    };
    let view = about(stores(), false).await;
    assert_eq!((view.store.as_str(), view.narrow), ("web", false));
    let view = about(stores(), true).await;
    assert_eq!((view.store.as_str(), view.demo), ("made up", true));

    let view = about(vec![entry("hangs", false, hangs())], false).await;
    assert!(view.error.is_some() && view.store == "hangs");
    let view = about(Vec::new(), false).await;
    assert!(view.error.is_none() && view.store.is_empty());
}
