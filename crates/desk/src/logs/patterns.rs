//! Similar lines folded, over the newest lines of a range; the answer says over how many.

use super::ask::newest;
use super::scope::{MS, store_error};
use super::views;
use logs::patterns::{Miner, Part, Pattern, PatternId};
use logs::query;
use model::log::{Filter, LogLevel, LogLine, LogRange};
use source::Logs;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use wire::{ErrorView, LogPatternPart, LogPatternView, LogPatternsView};

/// Lines that are looked at.
const LINES: usize = 50_000;
/// Patterns of an answer.
const PATTERNS: usize = 500;
/// Points of a pattern's course.
const SPARK: usize = 24;
/// Services of a pattern that are named.
const SERVICES: usize = 5;
/// Phrases that a pattern's query asks for, and characters of the shortest that tells anything.
const PHRASES: usize = 6;
const SHORTEST: usize = 2;

/// What of a line is needed when its pattern is known for good.
struct Seen {
    pattern: PatternId,
    at_ns: i64,
    level: Option<LogLevel>,
    service: usize,
}

/// Reads and folds.
#[derive(Default)]
struct Folding {
    miner: Miner,
    seen: Vec<Seen>,
    /// Names of services by their number in `seen`.
    services: BTreeMap<String, usize>,
}

impl Folding {
    fn take(&mut self, lines: &[LogLine]) {
        for line in lines {
            let next = self.services.len();
            let service = *self.services.entry(line.service.clone()).or_insert(next);
            self.seen.push(Seen {
                pattern: self.miner.add_at(&line.message, line.position.at_ns),
                at_ns: line.position.at_ns,
                level: line.level,
                service,
            });
        }
    }

    /// The lines of each pattern, under its id at the end: patterns become parts of others while lines come.
    fn by_pattern(&self) -> BTreeMap<PatternId, Vec<&Seen>> {
        let mut all: BTreeMap<PatternId, Vec<&Seen>> = BTreeMap::new();
        for seen in &self.seen {
            all.entry(self.miner.resolve(seen.pattern))
                .or_default()
                .push(seen);
        }
        all
    }

    fn answer(&self, limit: usize, whole: bool) -> LogPatternsView {
        let of = self.by_pattern();
        let all = self.miner.patterns();
        let since = self.seen.iter().map(|s| s.at_ns).min().unwrap_or(0);
        let until = self.seen.iter().map(|s| s.at_ns).max().unwrap_or(0);
        let names: BTreeMap<usize, &str> = self
            .services
            .iter()
            .map(|(n, i)| (*i, n.as_str()))
            .collect();
        let around = Around {
            since,
            until,
            lines: self.seen.len(),
            names,
        };
        let none = Vec::new();
        let shown = all.iter().take(limit.clamp(1, PATTERNS));
        let patterns: Vec<LogPatternView> = shown
            .map(|p| around.view(p, of.get(&p.id).unwrap_or(&none)))
            .collect();
        let evicted = self.miner.evicted().patterns;
        let left_out = (all.len() - patterns.len()) as u64 + evicted;
        LogPatternsView {
            patterns,
            looked_at: self.seen.len() as f64,
            whole,
            since: since as f64 / MS as f64,
            left_out: left_out as f64,
        }
    }
}

/// What patterns are compared with.
struct Around<'a> {
    since: i64,
    until: i64,
    lines: usize,
    names: BTreeMap<usize, &'a str>,
}

impl Around<'_> {
    fn view(&self, pattern: &Pattern, seen: &[&Seen]) -> LogPatternView {
        let services: BTreeSet<usize> = seen.iter().map(|s| s.service).collect();
        let services = services.into_iter().filter_map(|i| self.names.get(&i));
        LogPatternView {
            id: pattern.id.0.to_string(),
            parts: pattern.parts.iter().map(part).collect(),
            lines: pattern.count as f64,
            share: pattern.count as f64 / self.lines.max(1) as f64,
            level: seen.iter().filter_map(|s| s.level).max().map(views::level),
            services: services
                .filter(|n| !n.is_empty())
                .take(SERVICES)
                .map(|n| views::head(n, 300).0)
                .collect(),
            spark: self.spark(seen),
            first: pattern.first as f64 / MS as f64,
            last: pattern.last as f64 / MS as f64,
            example: pattern.example.clone(),
            query: wanted(pattern),
        }
    }

    fn spark(&self, seen: &[&Seen]) -> Vec<f64> {
        let mut out = vec![0.0; SPARK];
        let span = i128::from(self.until) - i128::from(self.since) + 1;
        for one in seen {
            let into = (i128::from(one.at_ns) - i128::from(self.since)) * SPARK as i128 / span;
            let slot = usize::try_from(into).ok().and_then(|i| out.get_mut(i));
            if let Some(slot) = slot {
                *slot += 1.0;
            }
        }
        out
    }
}

fn part(part: &Part) -> LogPatternPart {
    match part {
        Part::Text(text) => LogPatternPart {
            text: views::head(text, 500).0,
            any: false,
        },
        Part::Any(wild) => LogPatternPart {
            text: wild.name().to_owned(),
            any: true,
        },
    }
}

/// A query that finds the pattern's lines: what stays the same in them, the longest phrases.
fn wanted(pattern: &Pattern) -> String {
    let mut phrases: Vec<&str> = pattern
        .parts
        .iter()
        .filter_map(|p| match p {
            Part::Text(text) => Some(text.trim()),
            Part::Any(_) => None,
        })
        .filter(|t| t.chars().count() >= SHORTEST && t.chars().any(char::is_alphanumeric))
        .collect();
    phrases.sort_by_key(|t| std::cmp::Reverse(t.len()));
    phrases.truncate(PHRASES);
    if phrases.is_empty() {
        return String::new();
    }
    let filters = phrases.iter().map(|t| Filter::Text((*t).to_owned()));
    query::write(&filters.fold(Filter::All, Filter::and))
}

/// The patterns of the newest lines of the range.
///
/// # Errors
/// What the store answers.
pub(super) async fn find(
    store: Arc<dyn Logs>,
    range: LogRange,
    limit: usize,
) -> Result<LogPatternsView, ErrorView> {
    let mut folding = Folding::default();
    let read = newest(store.as_ref(), &range, LINES, |lines| folding.take(&lines)).await;
    let (_, whole) = read.map_err(|e| store_error(&e))?;
    Ok(folding.answer(limit, whole))
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::log::LogPosition;

    fn lines() -> Vec<LogLine> {
        (0..200)
            .map(|i| LogLine {
                position: LogPosition {
                    at_ns: i * MS,
                    seq: 0,
                },
                level: Some(if i % 4 == 0 {
                    LogLevel::Error
                } else {
                    LogLevel::Info
                }),
                service: "payment-service".into(),
                message: if i % 4 == 0 {
                    format!("调用支付渠道超时，耗时 {} 毫秒，订单 {}", i * 7, 9000 + i)
                } else {
                    format!("GET /api/menu/{i} 200 {i}ms")
                },
                ..LogLine::default()
            })
            .collect()
    }

    #[test]
    fn lines_are_folded_and_a_pattern_s_query_finds_just_its_lines() {
        let lines = lines();
        let mut folding = Folding::default();
        folding.take(&lines);
        let view = folding.answer(100, true);
        assert_eq!(view.looked_at, 200.0);
        let all: f64 = view.patterns.iter().map(|p| p.lines).sum();
        assert_eq!(all, 200.0, "each line is in one pattern");
        let failed = view
            .patterns
            .iter()
            .find(|p| p.example.contains("超时"))
            .expect("a pattern");
        assert_eq!((failed.lines, failed.share), (50.0, 0.25));
        assert_eq!(failed.level, Some(wire::LogLevelView::Error));
        assert_eq!(failed.services, ["payment-service"]);
        assert_eq!(failed.spark.iter().sum::<f64>(), 50.0);
        assert!(failed.parts.iter().any(|p| p.any));
        let filter = query::parse(&failed.query).expect("a query");
        let found = lines.iter().filter(|l| logs::matches(&filter, l)).count();
        assert_eq!(found, 50);
    }

    #[test]
    fn what_is_left_out_is_counted() {
        let mut folding = Folding::default();
        folding.take(&lines());
        let view = folding.answer(1, false);
        assert_eq!(view.patterns.len(), 1);
        assert!(view.left_out >= 1.0 && !view.whole);
    }
}
