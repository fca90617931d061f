//! Which lines are wanted.

use super::LogLevel;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A field of a line by its name in queries.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// `level`
    Level,
    /// `category`
    Category,
    /// `service`
    Service,
    /// `host`
    Host,
    /// `message`
    Message,
    /// `trace_id`
    TraceId,
    /// `span_id`
    SpanId,
    /// Anything else: keys into [`super::LogLine::attrs`], from the outside in.
    Attr(Vec<String>),
}

impl Field {
    /// The fields that every line has.
    pub const OWN: [Self; 7] = [
        Self::Level,
        Self::Category,
        Self::Service,
        Self::Host,
        Self::Message,
        Self::TraceId,
        Self::SpanId,
    ];

    /// The field that a query calls `name`; `http.status` is the key `status` in the attribute `http`.
    pub fn named(name: &str) -> Self {
        Self::OWN
            .into_iter()
            .find(|f| f.to_string() == name)
            .unwrap_or_else(|| Self::Attr(name.split('.').map(str::to_owned).collect()))
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Level => f.write_str("level"),
            Self::Category => f.write_str("category"),
            Self::Service => f.write_str("service"),
            Self::Host => f.write_str("host"),
            Self::Message => f.write_str("message"),
            Self::TraceId => f.write_str("trace_id"),
            Self::SpanId => f.write_str("span_id"),
            Self::Attr(path) => f.write_str(&path.join(".")),
        }
    }
}

/// How a number is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Compare {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    More,
    /// `>=`
    AtLeast,
}

impl Compare {
    /// Whether `a` stands so to `b`; never when one of them is no number.
    pub fn holds(self, a: f64, b: f64) -> bool {
        match self {
            Self::Less => a < b,
            Self::AtMost => a <= b,
            Self::More => a > b,
            Self::AtLeast => a >= b,
        }
    }
}

/// Which lines are wanted. Every store answers the same lines to the same filter; what a store cannot decide by itself is
/// decided on the lines that it gives.
///
/// Text is compared without regard to the case of ASCII letters.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Filter {
    /// Every line.
    #[default]
    All,
    /// Lines for which all hold.
    And(Vec<Self>),
    /// Lines for which any holds.
    Or(Vec<Self>),
    /// Lines for which it does not hold, also those that lack the field.
    Not(Box<Self>),
    /// The message contains this phrase, of any length from one character up.
    Text(String),
    /// The field, as text, is this. A number is equal to its usual spelling, `true` to true.
    Is(Field, String),
    /// The field, as text, contains this.
    Contains(Field, String),
    /// The field, as text, begins with this.
    Prefix(Field, String),
    /// The field is there and not empty.
    Has(Field),
    /// The field is a number, or a text that is one, and stands so to this one.
    Number(Field, Compare, f64),
    /// At least this serious; lines without a level are not.
    AtLeast(LogLevel),
}

impl Filter {
    /// Both; without needless nesting.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::All, f) | (f, Self::All) => f,
            (Self::And(mut a), Self::And(b)) => {
                a.extend(b);
                Self::And(a)
            }
            (Self::And(mut a), b) => {
                a.push(b);
                Self::And(a)
            }
            (a, Self::And(mut b)) => {
                b.insert(0, a);
                Self::And(b)
            }
            (a, b) => Self::And(vec![a, b]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_as_they_are_written() {
        for field in Field::OWN {
            assert_eq!(Field::named(&field.to_string()), field);
        }
        let nested = Field::Attr(vec!["http".into(), "status".into()]);
        assert_eq!(Field::named("http.status"), nested);
        assert_eq!(nested.to_string(), "http.status");
    }

    #[test]
    fn both_without_nesting() {
        let text = |t: &str| Filter::Text(t.into());
        assert_eq!(Filter::All.and(text("a")), text("a"));
        assert_eq!(
            text("a").and(text("b")).and(text("c")),
            Filter::And(vec![text("a"), text("b"), text("c")])
        );
        assert_eq!(
            text("a").and(text("b").and(text("c"))),
            Filter::And(vec![text("a"), text("b"), text("c")])
        );
    }

    #[test]
    fn what_is_no_number_stands_to_nothing() {
        assert!(Compare::AtMost.holds(1.0, 1.0));
        assert!(!Compare::Less.holds(1.0, 1.0));
        assert!(!Compare::AtLeast.holds(f64::NAN, 1.0));
    }
}
