//! What of a filter the columns and the index can say.

use super::columns::LineKind;
use super::index::{ALL_ATTRS, WHOLE_TEXT, attr_token, trace_token};
use super::read::{Snapshot, Stop};
use logs::tokens::{Need, needs};
use model::log::{Field, Filter, LogLevel, LogLine};

/// A filter for one day.
pub(super) enum Plan {
    /// All rows or none.
    Const(bool),
    /// Decided by the row's kind: wanted or not, by the kind's number.
    Kinds(Vec<bool>),
    /// Decided by tokens.
    Tokens {
        /// For FTS5. `None`: no line of the day can be meant, other than those that are not wholly indexed.
        expression: Option<String>,
        /// The token of lines that are not wholly indexed.
        unsure: &'static str,
        /// Whether each hit is wanted.
        exact: bool,
    },
    /// Only rows can say.
    Unknown,
    And(Vec<Self>),
    Or(Vec<Self>),
    Not(Box<Self>),
}

/// Whether a filter looks at attributes.
pub(super) fn looks_at_attrs(filter: &Filter) -> bool {
    match filter {
        Filter::All | Filter::Text(_) | Filter::AtLeast(_) => false,
        Filter::And(all) | Filter::Or(all) => all.iter().any(looks_at_attrs),
        Filter::Not(inner) => looks_at_attrs(inner),
        Filter::Is(f, _)
        | Filter::Contains(f, _)
        | Filter::Prefix(f, _)
        | Filter::Has(f)
        | Filter::Number(f, ..) => matches!(f, Field::Attr(_)),
    }
}

/// Whether a filter looks only at what a kind is: level, category, service, host.
fn is_of_kinds(filter: &Filter) -> bool {
    match filter {
        Filter::All | Filter::AtLeast(_) => true,
        Filter::Text(_) => false,
        Filter::And(all) | Filter::Or(all) => all.iter().all(is_of_kinds),
        Filter::Not(inner) => is_of_kinds(inner),
        Filter::Is(f, _)
        | Filter::Contains(f, _)
        | Filter::Prefix(f, _)
        | Filter::Has(f)
        | Filter::Number(f, ..) => is_of_kind(f),
    }
}

/// Whether a field is part of a row's kind.
pub(super) fn is_of_kind(field: &Field) -> bool {
    matches!(
        field,
        Field::Level | Field::Category | Field::Service | Field::Host
    )
}

/// The plan of a filter for a day.
pub(super) fn plan(filter: &Filter, day: &Snapshot) -> Result<Plan, Stop> {
    if *filter == Filter::All {
        return Ok(Plan::Const(true));
    }
    if is_of_kinds(filter) {
        return Ok(kinds(filter, day));
    }
    let each = |all: &[Filter]| {
        all.iter()
            .map(|f| plan(f, day))
            .collect::<Result<Vec<_>, _>>()
    };
    Ok(match filter {
        Filter::And(all) => Plan::And(each(all)?),
        Filter::Or(any) => Plan::Or(each(any)?),
        Filter::Not(inner) => Plan::Not(Box::new(plan(inner, day)?)),
        Filter::Text(phrase) | Filter::Contains(Field::Message, phrase) => text(phrase, true, day)?,
        Filter::Is(Field::Message, phrase) | Filter::Prefix(Field::Message, phrase) => {
            text(phrase, false, day)?
        }
        Filter::Is(Field::TraceId, id) => hashed(trace_token(id)),
        Filter::Is(Field::Attr(path), value) => {
            attr_token(path, value).map_or(Plan::Unknown, hashed)
        }
        _ => Plan::Unknown,
    })
}

/// Each stream with each level is asked once.
fn kinds(filter: &Filter, day: &Snapshot) -> Plan {
    let mut wanted = Vec::with_capacity(day.streams.len() * 8);
    for stream in &day.streams {
        let mut line = LogLine {
            category: stream.category,
            service: stream.service.clone(),
            host: stream.host.clone(),
            ..LogLine::default()
        };
        let levels = std::iter::once(None).chain(LogLevel::ALL.into_iter().map(Some));
        for level in levels {
            line.level = level;
            wanted.push(logs::matches(filter, &line));
        }
        wanted.push(false); // kinds are numbered by eights
    }
    Plan::Kinds(wanted)
}

/// Whether a kind is one of those that a plan wants.
pub(super) fn wants(kinds: &[bool], kind: LineKind) -> bool {
    kinds.get(kind.index()).copied().unwrap_or(false)
}

fn hashed(token: String) -> Plan {
    Plan::Tokens {
        expression: Some(quoted(&token)),
        unsure: ALL_ATTRS,
        exact: false,
    }
}

fn quoted(token: &str) -> String {
    format!("\"{token}\"")
}

/// Lines whose message contains `phrase`; `whole`: and nothing else is asked of them.
fn text(phrase: &str, whole: bool, day: &Snapshot) -> Result<Plan, Stop> {
    if phrase.is_empty() {
        return Ok(if whole {
            Plan::Const(true)
        } else {
            Plan::Unknown
        });
    }
    let needs = needs(phrase);
    let mut parts = Vec::new();
    let mut exact = whole && needs.exact;
    for need in &needs.all {
        match need {
            Need::Token(token) => parts.push(quoted(token)),
            Need::Prefix(start) => parts.push(format!("{}*", quoted(start))),
            Need::Word { .. } => match day.words(need)? {
                Some(words) if words.is_empty() => {
                    return Ok(Plan::Tokens {
                        expression: None,
                        unsure: WHOLE_TEXT,
                        exact,
                    });
                }
                Some(words) => {
                    let any: Vec<String> = words.iter().map(|w| quoted(w)).collect();
                    parts.push(format!("({})", any.join(" OR ")));
                }
                None => exact = false,
            },
        }
    }
    if parts.is_empty() {
        return Ok(Plan::Unknown);
    }
    Ok(Plan::Tokens {
        expression: Some(parts.join(" AND ")),
        unsure: WHOLE_TEXT,
        exact,
    })
}
