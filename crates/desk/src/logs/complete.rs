//! Queries as people type them: read, with what is wrong at its place, and with what could be typed next.
//!
//! The page counts text in UTF-16 units, the language of queries in characters; it is here that one becomes the other.

use super::scope;
use logs::query::{self, Completion, QueryFault, Wants};
use model::log::{Direction, Field, Filter, LogCategory, LogLevel, LogLine, LogRange, PageAsk};
use source::Logs;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use wire::{ErrorCode, ErrorView, LogCompletion, LogFault, LogProposal, LogProposalKind, LogScope};

/// Proposals of an answer.
const PROPOSALS: usize = 12;
/// Values of a field that are asked for, lines whose phrases are looked at.
const VALUES: usize = 50;
const LINES: usize = 200;
/// Somebody types: what takes longer is not proposed.
const WITHIN: Duration = Duration::from_millis(1_500);
/// Phrases of Chinese text, characters.
const PHRASE: std::ops::RangeInclusive<usize> = 2..=8;

/// What a query asks for.
///
/// # Errors
/// [`ErrorCode::LogQuery`]: where it cannot be read, and why.
pub(super) fn parse(text: &str) -> Result<Filter, ErrorView> {
    query::parse(text).map_err(|fault| error(text, &fault))
}

/// What is to be marked in messages.
pub(super) fn phrases(filter: &Filter) -> Vec<String> {
    query::highlights(filter).into_iter().take(20).collect()
}

fn error(text: &str, fault: &QueryFault) -> ErrorView {
    let (from, to) = (units(text, fault.at.start), units(text, fault.at.end));
    let mut view = ErrorView::new(ErrorCode::LogQuery)
        .with(
            "reason_key",
            format!("log_query.fault.{}", fault.fault.code()),
        )
        .with("found", &fault.found)
        .with(
            "expected_key",
            format!("log_query.expected.{}", fault.expected.code()),
        )
        .with("from", from)
        .with("to", to);
    if let Some(limit) = fault.fault.limit() {
        view = view.with("limit", limit);
    }
    match &fault.meant {
        Some(meant) => view.with("meant", meant),
        None => view,
    }
}

/// UTF-16 units before the character with this number.
fn units(text: &str, chars: usize) -> u32 {
    let units: usize = text.chars().take(chars).map(char::len_utf16).sum();
    u32::try_from(units).unwrap_or(u32::MAX)
}

/// Characters before this UTF-16 unit.
fn chars(text: &str, units: u32) -> usize {
    let mut left = units as usize;
    text.chars()
        .take_while(|c| {
            let fits = left >= c.len_utf16();
            left = left.saturating_sub(c.len_utf16());
            fits
        })
        .count()
}

/// What could be typed at the caret. Values, fields and phrases come from the lines of the range, whatever the query is; without an
/// answer in time only what the language itself knows is proposed.
///
/// # Errors
/// A range that is none.
pub(super) async fn complete(
    store: Arc<dyn Logs>,
    scope: LogScope,
    caret: u32,
) -> Result<LogCompletion, ErrorView> {
    let text = scope.query.clone();
    let fault = query::parse(&text).err().map(|fault| {
        let error = error(&text, &fault);
        let (from, to) = (units(&text, fault.at.start), units(&text, fault.at.end));
        LogFault { from, to, error }
    });
    let at = query::complete(&text, chars(&text, caret));
    let all = scope::range(&LogScope {
        query: String::new(),
        ..scope
    })?;
    let seen = tokio::time::timeout(WITHIN, look(store.as_ref(), &all, &at)).await;
    let mut proposals = seen.unwrap_or_else(|_| known(&at));
    let prefix = at.prefix.to_lowercase();
    proposals.retain(|p| {
        let insert = p.insert.trim_start_matches('"').to_lowercase();
        insert.contains(&prefix) && insert.trim_end() != prefix
    });
    // What begins with what is typed stands before what only contains it.
    proposals.sort_by_key(|p| {
        !p.insert
            .trim_start_matches('"')
            .to_lowercase()
            .starts_with(&prefix)
    });
    proposals.truncate(PROPOSALS);
    Ok(LogCompletion {
        from: units(&text, at.replace.start),
        to: units(&text, at.replace.end),
        proposals,
        fault,
    })
}

fn proposal(insert: impl Into<String>, kind: LogProposalKind, lines: Option<u64>) -> LogProposal {
    LogProposal {
        insert: insert.into(),
        kind,
        lines: lines.map(|n| n as f64),
    }
}

/// What the language itself knows.
fn known(at: &Completion) -> Vec<LogProposal> {
    use LogProposalKind::{Field as Name, Operator, Value};
    match &at.wants {
        Wants::Term { joined } => {
            let mut out = Vec::new();
            if *joined {
                out.extend(["and ", "or "].map(|o| proposal(o, Operator, None)));
            }
            out.push(proposal("not ", Operator, None));
            out.extend(Field::OWN.map(|f| proposal(format!("{f}:"), Name, None)));
            out
        }
        Wants::Operator(Field::Level) => [":", ">="].map(|o| proposal(o, Operator, None)).to_vec(),
        Wants::Operator(_) => [":", ":~", ":*", ">=", "<=", ">", "<", ":["]
            .map(|o| proposal(o, Operator, None))
            .to_vec(),
        Wants::Value {
            field: Field::Level,
            ..
        } => LogLevel::ALL
            .iter()
            .rev()
            .map(|l| proposal(l.name(), Value, None))
            .collect(),
        Wants::Value {
            field: Field::Category,
            ..
        } => LogCategory::ALL
            .map(|c| proposal(c.name(), Value, None))
            .to_vec(),
        Wants::Value { .. } => Vec::new(),
    }
}

/// What the lines of the range have, with what the language knows.
async fn look(store: &dyn Logs, range: &LogRange, at: &Completion) -> Vec<LogProposal> {
    let mut out = known(at);
    match &at.wants {
        Wants::Value { field, number } if !number => {
            let fields = [field.clone()];
            let Ok(answer) = store.facets(range, &fields, VALUES).await else {
                return out;
            };
            let values = answer.value.into_iter().flat_map(|f| f.values);
            let found: Vec<LogProposal> = values
                .map(|v| {
                    let insert = written(field, &v.value);
                    proposal(insert, LogProposalKind::Value, Some(v.lines))
                })
                .collect();
            out.retain(|o| found.iter().all(|f| f.insert != o.insert));
            [found, out].concat()
        }
        Wants::Term { .. } => {
            if let Ok(answer) = store.fields(range).await {
                let attrs = answer.value.iter().filter(|f| matches!(f, Field::Attr(_)));
                out.extend(attrs.map(|f| proposal(format!("{f}:"), LogProposalKind::Field, None)));
            }
            if !at.prefix.is_empty() {
                out.extend(seen_phrases(store, range, &at.prefix).await);
            }
            out
        }
        Wants::Operator(_) | Wants::Value { .. } => out,
    }
}

/// A value as the language takes it: what is written for the condition, without its field.
fn written(field: &Field, value: &str) -> String {
    let condition = query::write(&Filter::Is(field.clone(), value.to_owned()));
    let name = query::write(&Filter::Has(field.clone()));
    // `name:*` for a field that is there, `name:value` for one with a value: they differ behind the operator.
    let operator = name.trim_end_matches('*');
    match condition.strip_prefix(operator) {
        Some(value) => value.to_owned(),
        None => condition
            .split_once([':', '='])
            .map_or(condition.clone(), |(_, v)| v.to_owned()),
    }
}

/// Words and Chinese phrases that begin with the prefix in the newest lines that contain it.
async fn seen_phrases(store: &dyn Logs, range: &LogRange, prefix: &str) -> Vec<LogProposal> {
    let wanted = LogRange {
        filter: range.filter.clone().and(Filter::Text(prefix.to_owned())),
        ..range.clone()
    };
    let page = PageAsk {
        beyond: None,
        direction: Direction::Older,
        limit: LINES,
    };
    let Ok(answer) = store.page(&wanted, page).await else {
        return Vec::new();
    };
    let mut found: BTreeMap<String, u64> = BTreeMap::new();
    for LogLine { message, .. } in &answer.value.lines {
        if let Some(phrase) = phrases_from(message, prefix) {
            *found.entry(phrase).or_default() += 1;
        }
    }
    let mut found: Vec<(String, u64)> = found.into_iter().collect();
    // The longest of what is equally frequent says most.
    found.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| b.0.len().cmp(&a.0.len())));
    found
        .into_iter()
        .take(PROPOSALS)
        .map(|(phrase, lines)| {
            let insert = query::write(&Filter::Text(phrase));
            proposal(insert, LogProposalKind::Phrase, Some(lines))
        })
        .collect()
}

/// From the prefix on: the run of Han characters, or the word of letters and digits, that it begins.
fn phrases_from(message: &str, prefix: &str) -> Option<String> {
    let at = find(message, prefix)?;
    let rest = message.get(at..)?;
    let han = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
    let word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    let is_han = prefix.chars().last().is_some_and(han);
    let most = if is_han { *PHRASE.end() } else { 40 };
    let phrase: String = rest
        .chars()
        .enumerate()
        .take_while(|(i, c)| {
            *i < prefix.chars().count()
                || if is_han {
                    han(*c)
                } else {
                    word(*c) && !han(*c)
                }
        })
        .map(|(_, c)| c)
        .take(most)
        .collect();
    (phrase.chars().count() >= *PHRASE.start()).then_some(phrase)
}

/// Without regard to the case of ASCII letters.
fn find(text: &str, part: &str) -> Option<usize> {
    let (text, part) = (text.to_ascii_lowercase(), part.to_ascii_lowercase());
    text.find(&part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_and_characters_become_each_other() {
        let text = "a𠮷超:";
        assert_eq!(units(text, 2), 3);
        assert_eq!(
            (
                chars(text, 0),
                chars(text, 1),
                chars(text, 3),
                chars(text, 4)
            ),
            (0, 1, 2, 3)
        );
        // in the middle of a pair: before it
        assert_eq!(chars(text, 2), 1);
        assert_eq!(chars(text, 99), 4);
    }

    #[test]
    fn faults_are_at_their_place_in_the_page_s_units() {
        let fault = parse("𠮷 and (level:error").expect_err("not closed");
        assert_eq!(fault.code, ErrorCode::LogQuery);
        let key = fault.params.get("reason_key").map(String::as_str);
        assert_eq!(key, Some("log_query.fault.paren_open"));
        assert_eq!(fault.params.get("from").map(String::as_str), Some("7"));
    }

    /// What the language itself proposes where `|` stands.
    fn language(marked: &str) -> Vec<String> {
        let caret = marked.chars().position(|c| c == '|').expect("a caret");
        let at = query::complete(&marked.replacen('|', "", 1), caret);
        known(&at).into_iter().map(|p| p.insert).collect()
    }

    #[test]
    fn what_joins_terms_is_proposed_where_it_can_stand() {
        let has = |marked: &str, insert: &str| language(marked).contains(&insert.to_owned());
        for joined in ["超时 |", "level:error |", "(a or b) |", "n:[1 TO 5] |"] {
            for word in ["and ", "or ", "not ", "service:"] {
                assert!(has(joined, word), "{joined} {word}");
            }
        }
        for first in ["|", "超时 and |", "(|", "not |"] {
            assert!(!has(first, "and ") && !has(first, "or "), "{first}");
            assert!(has(first, "not ") && has(first, "level:"), "{first}");
        }
    }

    #[test]
    fn what_stands_between_a_field_and_its_value_is_proposed() {
        assert_eq!(language("level |"), [":", ">="]);
        assert_eq!(language("级别 |"), [":", ">="]);
        let all = language("service |");
        assert!(
            all.contains(&":[".to_owned()) && all.contains(&":~".to_owned()),
            "{all:?}"
        );
        // a range that is begun so can be read when it is ended
        assert!(parse("service:[1 TO 5]").is_ok());
    }

    #[test]
    fn phrases_grow_from_what_is_typed() {
        let of = |m: &str, p: &str| phrases_from(m, p);
        assert_eq!(
            of("调用支付渠道超时，重试", "支付"),
            Some("支付渠道超时".into())
        );
        assert_eq!(
            of("connect ECONNREFUSED 10.0.0.1", "econn"),
            Some("ECONNREFUSED".into())
        );
        assert_eq!(of("下单", "退款"), None);
        assert_eq!(of("a 单", "单"), None, "one character is no proposal");
    }

    #[test]
    fn values_are_written_as_the_language_takes_them() {
        let status = Field::named("http.status");
        assert_eq!(written(&status, "502"), "502");
        for hostile in ["a b", "x\"y", "(", "且", "-a", "*"] {
            let text = format!("{status}:{}", written(&status, hostile));
            assert_eq!(
                parse(&text),
                Ok(Filter::Is(status.clone(), hostile.into())),
                "{text}"
            );
        }
    }
}
