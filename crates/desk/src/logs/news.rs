//! What became of lines in the store of this process: what was refused, put aside or dropped, for the page of health.

use crate::duty::sentences::{With as _, sentence, text};
use embedded::logs::{AppendError, Health, Why};
use source::LogStoreNews;
use wire::{Param, Sentence};

/// What is worth saying of a store's health, the gravest first.
pub(super) fn of(health: &Health) -> Vec<LogStoreNews> {
    let mut all = Vec::new();
    if let Some(why) = &health.failing {
        all.push(LogStoreNews::Failing {
            full: matches!(why, AppendError::Full { .. }),
            text: why.to_string(),
        });
    }
    if health.refused > 0 {
        all.push(LogStoreNews::Refused(health.refused));
    }
    if let Some(last) = health.set_aside.last() {
        all.push(LogStoreNews::SetAside {
            files: health.set_aside.len(),
            to: last.to.display().to_string(),
            cause: last.cause.clone(),
        });
    }
    // Days that have become old are dropped as was asked for.
    let early = || health.dropped.iter().filter(|d| d.why == Why::Size);
    if let Some(last) = early().next_back() {
        all.push(LogStoreNews::Dropped {
            days: early().count(),
            last: last.date.clone(),
        });
    }
    if health.times_replaced > 0 {
        all.push(LogStoreNews::TimesReplaced(health.times_replaced));
    }
    all
}

/// The sentence for it.
pub(super) fn said(news: &LogStoreNews) -> Sentence {
    let key = |name: &str| sentence(format!("logs.health.note.{name}"));
    let number = |n: u64| Param::Number(n as f64);
    match news {
        LogStoreNews::Failing { full, text: why } => {
            key(if *full { "full" } else { "failing" }).with("detail", text(why))
        }
        LogStoreNews::Refused(lines) => key("refused").with("count", number(*lines)),
        LogStoreNews::TimesReplaced(lines) => key("times").with("count", number(*lines)),
        LogStoreNews::SetAside { files, to, cause } => key("set_aside")
            .with("count", number(*files as u64))
            .with("path", text(to))
            .with("detail", text(cause)),
        LogStoreNews::Dropped { days, last } => key("dropped")
            .with("count", number(*days as u64))
            .with("last", text(last)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::texts;
    use embedded::logs::{Dropped, SetAside};

    #[test]
    fn what_was_lost_is_said_and_what_was_asked_for_is_not() {
        assert_eq!(of(&Health::default()), []);
        let old = Dropped {
            date: "2026-10-01".into(),
            bytes: 1,
            why: Why::Age,
        };
        let early = Dropped {
            date: "2026-11-02".into(),
            why: Why::Size,
            ..old.clone()
        };
        let health = Health {
            failing: Some(AppendError::Full {
                kept: 0,
                text: "database or disk is full".into(),
            }),
            kept: 10,
            times_replaced: 2,
            refused: 3,
            dropped: vec![early, old.clone()],
            set_aside: vec![SetAside {
                to: "/data/logs/2026-11-01.damaged".into(),
                cause: "malformed".into(),
            }],
        };
        let all = of(&health);
        assert_eq!(all.len(), 5, "{all:?}");
        assert!(matches!(all[0], LogStoreNews::Failing { full: true, .. }));
        let dropped = LogStoreNews::Dropped {
            days: 1,
            last: "2026-11-02".into(),
        };
        assert!(all.contains(&dropped));
        for locale in ["zh-CN", "en"] {
            for news in &all {
                let sentence = said(news);
                let text = texts::plain(locale, &sentence.key);
                assert!(!text.contains("logs.health"), "{locale}: {}", sentence.key);
            }
        }
        let kept = Health {
            kept: 10,
            dropped: vec![old],
            ..Health::default()
        };
        assert_eq!(of(&kept), [], "old days are dropped as was asked for");
    }
}
