//! What is wrong with a query, where, and what was expected.

use super::{MAX_CHARS, MAX_DEPTH, MAX_TERMS};
use std::fmt;
use std::ops::Range;

/// What could have stood there. [`Expected::code`] is the key of its name under `log_query.expected`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Expected {
    /// A word, a phrase or a condition.
    Term,
    /// A field's value.
    Value,
    /// A number.
    Number,
    /// One of the levels.
    Level,
    /// One of the categories.
    Category,
    /// `TO`
    To,
    /// `)`
    Close,
    /// `]` or `}`
    RangeEnd,
    /// A closing quotation mark.
    Quote,
    /// `or`
    Or,
    /// Less of it.
    Less,
}

impl Expected {
    /// Every one.
    pub const ALL: [Self; 11] = [
        Self::Term,
        Self::Value,
        Self::Number,
        Self::Level,
        Self::Category,
        Self::To,
        Self::Close,
        Self::RangeEnd,
        Self::Quote,
        Self::Or,
        Self::Less,
    ];

    /// Stable, snake case.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Term => "term",
            Self::Value => "value",
            Self::Number => "number",
            Self::Level => "level",
            Self::Category => "category",
            Self::To => "to",
            Self::Close => "close",
            Self::RangeEnd => "range_end",
            Self::Quote => "quote",
            Self::Or => "or",
            Self::Less => "less",
        }
    }
}

/// What can be wrong. [`Fault::code`] is the key of its sentence under `log_query.fault`; `%{found}` in it is
/// [`QueryFault::found`], `%{limit}` is [`Fault::limit`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// More characters than [`MAX_CHARS`].
    TooLong,
    /// Deeper than [`MAX_DEPTH`].
    TooDeep,
    /// More conditions than [`MAX_TERMS`].
    TooMany,
    /// Nothing to combine or exclude: `and` at the end, `()`.
    TermMissing,
    /// A field and an operator without a value.
    ValueMissing,
    /// A parenthesis that is not closed.
    ParenOpen,
    /// A parenthesis that was not opened.
    ParenClose,
    /// A quotation mark that is not closed.
    QuoteOpen,
    /// A range that is not closed, or not of the shape `[a TO b]`.
    Range,
    /// Compared with what is no number.
    NotNumber,
    /// No level's name.
    UnknownLevel,
    /// No category's name.
    UnknownCategory,
    /// No level is so serious, or so little.
    NoSuchLevel,
    /// `*` elsewhere than at a value's end.
    Wildcard,
    /// A list of values with something else than `or` between them, or within a list.
    List,
}

impl Fault {
    /// Every one.
    pub const ALL: [Self; 15] = [
        Self::TooLong,
        Self::TooDeep,
        Self::TooMany,
        Self::TermMissing,
        Self::ValueMissing,
        Self::ParenOpen,
        Self::ParenClose,
        Self::QuoteOpen,
        Self::Range,
        Self::NotNumber,
        Self::UnknownLevel,
        Self::UnknownCategory,
        Self::NoSuchLevel,
        Self::Wildcard,
        Self::List,
    ];

    /// Stable, snake case.
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::TooDeep => "too_deep",
            Self::TooMany => "too_many",
            Self::TermMissing => "term_missing",
            Self::ValueMissing => "value_missing",
            Self::ParenOpen => "paren_open",
            Self::ParenClose => "paren_close",
            Self::QuoteOpen => "quote_open",
            Self::Range => "range",
            Self::NotNumber => "not_number",
            Self::UnknownLevel => "unknown_level",
            Self::UnknownCategory => "unknown_category",
            Self::NoSuchLevel => "no_such_level",
            Self::Wildcard => "wildcard",
            Self::List => "list",
        }
    }

    /// What may not be exceeded, where that is the fault.
    pub const fn limit(self) -> Option<usize> {
        match self {
            Self::TooLong => Some(MAX_CHARS),
            Self::TooDeep => Some(MAX_DEPTH),
            Self::TooMany => Some(MAX_TERMS),
            _ => None,
        }
    }
}

/// Why a query cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryFault {
    /// What is wrong.
    pub fault: Fault,
    /// Which characters; empty (at the end, say) where something is missing.
    pub at: Range<usize>,
    /// What stands there, cut to 60 characters.
    pub found: String,
    /// What could have stood there.
    pub expected: Expected,
    /// What was probably meant.
    pub meant: Option<String>,
}

impl fmt::Display for QueryFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (fault, expected) = (self.fault.code(), self.expected.code());
        let (start, end) = (self.at.start, self.at.end);
        write!(f, "query, characters {start} to {end}: {fault}")?;
        write!(f, " at {:?}, expected {expected}", self.found)?;
        match &self.meant {
            Some(meant) => write!(f, "; did you mean {meant:?}?"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for QueryFault {}

/// The one of these names that differs from `word` by a slip of the finger.
pub(super) fn nearest<'a>(word: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let length = word.chars().count();
    let allowed = if length < 3 { 0 } else { length.div_ceil(4) };
    names
        .map(|name| (strsim::osa_distance(&word, &name.to_lowercase()), name))
        .filter(|(distance, _)| (1..=allowed).contains(distance))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn every_fault_has_a_sentence() {
        for locale in [
            include_str!("../../../../locales/zh-CN.yml"),
            include_str!("../../../../locales/en.yml"),
        ] {
            let texts: Value = serde_saphyr::from_str(locale).expect("YAML");
            let query = &texts["log_query"];
            for fault in Fault::ALL {
                let text = query["fault"][fault.code()].as_str();
                let text = text.unwrap_or_else(|| panic!("log_query.fault.{}", fault.code()));
                assert_eq!(text.contains("%{limit}"), fault.limit().is_some(), "{text}");
            }
            for expected in Expected::ALL {
                let text = query["expected"][expected.code()].as_str();
                assert!(text.is_some(), "log_query.expected.{}", expected.code());
            }
        }
    }

    #[test]
    fn slips_of_the_finger() {
        let names = || ["service", "level", "host", "trace_id"].into_iter();
        assert_eq!(nearest("sevrice", names()), Some("service"));
        assert_eq!(nearest("Levl", names()), Some("level"));
        assert_eq!(nearest("traceid", names()), Some("trace_id"));
        assert_eq!(nearest("service", names()), None);
        assert_eq!(nearest("user", names()), None);
        assert_eq!(nearest("a", names()), None);
    }
}
