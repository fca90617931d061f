//! Why a page could not be read.

use thiserror::Error;

/// What is wrong and where. Prometheus refuses a page with one bad line as a whole, and so do we: half a page would look like
/// series that disappeared.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line}, column {column}: {problem}")]
pub struct ParseError {
    /// From 1.
    pub line: usize,
    /// In bytes, from 1.
    pub column: usize,
    /// What is wrong there.
    pub problem: Problem,
}

/// What is wrong. Texts taken from the page are cut to 40 characters.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Problem {
    /// The page is larger than [`Limits::body`](crate::Limits::body).
    #[error("the page has more than {limit} bytes")]
    BodyTooLarge {
        /// In bytes.
        limit: usize,
    },
    /// A line is longer than [`Limits::line`](crate::Limits::line).
    #[error("the line has {length} bytes, more than {limit}")]
    LineTooLong {
        /// In bytes.
        length: usize,
        /// In bytes.
        limit: usize,
    },
    /// More samples than [`Limits::samples`](crate::Limits::samples).
    #[error("more than {limit} samples")]
    TooManySamples {
        /// Samples.
        limit: usize,
    },
    /// More families than [`Limits::families`](crate::Limits::families).
    #[error("more than {limit} metric families")]
    TooManyFamilies {
        /// Families.
        limit: usize,
    },
    /// More labels than [`Limits::labels`](crate::Limits::labels).
    #[error("more than {limit} labels on one sample")]
    TooManyLabels {
        /// Labels.
        limit: usize,
    },
    /// A metric's or label's name is longer than [`Limits::name`](crate::Limits::name).
    #[error("a name of more than {limit} bytes")]
    NameTooLong {
        /// In bytes.
        limit: usize,
    },
    /// A label's value is longer than [`Limits::label_value`](crate::Limits::label_value).
    #[error("the value of label {label:?} has more than {limit} bytes")]
    LabelValueTooLong {
        /// Whose value.
        label: String,
        /// In bytes.
        limit: usize,
    },
    /// The page is a web page: a login form, a proxy's error.
    #[error("this is HTML, not metrics: is the path right, and is a login in the way?")]
    Html,
    /// Not UTF-8.
    #[error("not valid UTF-8")]
    NotUtf8,
    /// Something else was due here.
    #[error("expected {expected}, found {found:?}")]
    Expected {
        /// What was due.
        expected: &'static str,
        /// What stands there, cut.
        found: String,
    },
    /// A label value without its closing quote.
    #[error("the value of label {label:?} has no closing quote")]
    Unterminated {
        /// Whose value.
        label: String,
    },
    /// A label stands twice.
    #[error("label {label:?} stands twice")]
    DuplicateLabel {
        /// Which.
        label: String,
    },
    /// Not a number.
    #[error("{text:?} is not a number")]
    Value {
        /// What stands there, cut.
        text: String,
    },
    /// Not a time.
    #[error("{text:?} is not a timestamp")]
    Timestamp {
        /// What stands there, cut.
        text: String,
    },
    /// A `# TYPE` that neither format knows.
    #[error("{text:?} is no type of metric")]
    Type {
        /// What stands there, cut.
        text: String,
    },
    /// OpenMetrics without `# EOF`: the page was cut off.
    #[error("the page ends without `# EOF`: it was cut off")]
    MissingEof,
    /// Something follows `# EOF`.
    #[error("data after `# EOF`")]
    AfterEof,
}

/// A piece of the page for an error: at most 40 characters.
pub(crate) fn excerpt(text: &str) -> String {
    text.chars().take(40).collect()
}
