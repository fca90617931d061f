//! The query language: text to [`Filter`] and back, what could be completed, what is to be marked in messages. Its page for people is
//! `docs/log-query.md`.
//!
//! Positions are counted in characters (Unicode scalar values) from the text's beginning.

mod complete;
mod fault;
mod parse;
mod token;
mod write;

pub use complete::{Completion, Wants, complete};
pub use fault::{Expected, Fault, QueryFault};
pub use parse::{Doubt, Parsed, parse, read};
pub use write::write;

use model::log::{Field, Filter};

/// Characters of a query at most.
pub const MAX_CHARS: usize = 4096;
/// Nested parentheses and negations at most.
pub const MAX_DEPTH: usize = 32;
/// Conditions of a query at most.
pub const MAX_TERMS: usize = 200;

/// The phrases that a message was found by, to be marked in it: each once, the longest first, none that is excluded.
pub fn highlights(filter: &Filter) -> Vec<String> {
    let mut out = Vec::new();
    collect(filter, &mut out);
    out.sort_by(|a: &String, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    out.dedup();
    out
}

fn collect(filter: &Filter, into: &mut Vec<String>) {
    match filter {
        Filter::And(inner) | Filter::Or(inner) => inner.iter().for_each(|f| collect(f, into)),
        Filter::Text(phrase)
        | Filter::Is(Field::Message, phrase)
        | Filter::Contains(Field::Message, phrase)
        | Filter::Prefix(Field::Message, phrase)
            if !phrase.is_empty() =>
        {
            into.push(phrase.clone());
        }
        _ => (),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_marked() {
        let filter = parse("超时 or (message:连接超时 and -重试) service:a message:下单* 超时");
        let filter = filter.unwrap_or_default();
        assert_eq!(highlights(&filter), ["连接超时", "下单", "超时"]);
        assert!(highlights(&Filter::All).is_empty());
    }

    #[test]
    fn the_page_for_people_is_right() {
        let page = include_str!("../../../docs/log-query.md");
        let blocks = page.split("```").skip(1).step_by(2);
        let queries: Vec<&str> = blocks
            .flat_map(|b| b.lines().skip(1))
            .map(|l| l.split("  #").next().unwrap_or_default().trim())
            .filter(|l| !l.is_empty())
            .collect();
        assert!(queries.len() > 20, "{queries:?}");
        for query in queries {
            let filter = parse(query).unwrap_or_else(|e| panic!("{query}: {e}"));
            assert_ne!(filter, Filter::All, "{query}");
            assert_eq!(parse(&write(&filter)), Ok(filter), "{query}");
        }
    }
}
