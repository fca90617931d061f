//! What is wrong with a rule file, where, and what to do about it.

use std::fmt;

/// One thing that is wrong with a rule file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct RuleError {
    /// The file's name as it was given.
    pub file: String,
    /// Line, from 1; 0 where it is not known.
    pub line: u64,
    /// The group's name, or empty.
    pub group: String,
    /// The rule's name (`alert` or `record`), or empty.
    pub rule: String,
    /// The key that is wrong (`expr`, `labels.severity`), or empty.
    pub field: String,
    /// What is wrong.
    pub problem: Problem,
}

/// What can be wrong with a rule file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// Not YAML, a key that does not exist, or a value of the wrong kind; the reader's own words.
    Yaml(String),
    /// Larger than is read.
    TooLarge {
        /// Of what there is too much: `bytes`, `groups`, `rules`, `labels`, `text`.
        what: &'static str,
        /// How much there is.
        is: usize,
        /// How much is read.
        max: usize,
    },
    /// A group without a name.
    GroupWithoutName,
    /// Two groups of a file with the same name.
    GroupTwice,
    /// Both `alert` and `record`, or none of them.
    AlertOrRecord,
    /// No `expr`.
    NoExpression,
    /// The expression is not PromQL of Prometheus 2.42; the evaluator's own words.
    Expression(String),
    /// The expression's result is a string or a range of samples, and a rule needs one value for each series.
    ExpressionType(String),
    /// A key that a recording rule does not have.
    NotForRecording,
    /// Not the name of a metric.
    MetricName(String),
    /// Not a label's name, or one that may not be set.
    LabelName(String),
    /// A label's value that is no text.
    LabelValue,
    /// Not a span of time as Prometheus writes them.
    Duration(String),
    /// A number that may not be below zero.
    Negative,
    /// A template that cannot be read; the template engine's own words.
    Template(String),
    /// A template calls a function of Prometheus that there is none of here. Only a warning: the alert fires, the text says so.
    TemplateFunction(String),
    /// Another rule has the same name and labels. Only a warning.
    Duplicate,
    /// A recording rule: it is listed, not evaluated. Only a warning.
    RecordingNotEvaluated,
}

impl Problem {
    /// A short name that never changes, for texts in other languages.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Yaml(_) => "yaml",
            Self::TooLarge { .. } => "too_large",
            Self::GroupWithoutName => "group_without_name",
            Self::GroupTwice => "group_twice",
            Self::AlertOrRecord => "alert_or_record",
            Self::NoExpression => "no_expression",
            Self::Expression(_) => "expression",
            Self::ExpressionType(_) => "expression_type",
            Self::NotForRecording => "not_for_recording",
            Self::MetricName(_) => "metric_name",
            Self::LabelName(_) => "label_name",
            Self::LabelValue => "label_value",
            Self::Duration(_) => "duration",
            Self::Negative => "negative",
            Self::Template(_) => "template",
            Self::TemplateFunction(_) => "template_function",
            Self::Duplicate => "duplicate",
            Self::RecordingNotEvaluated => "recording_not_evaluated",
        }
    }

    /// The variable part of the message: the wrong name, the parser's words.
    pub fn detail(&self) -> String {
        match self {
            Self::Yaml(s)
            | Self::Expression(s)
            | Self::ExpressionType(s)
            | Self::MetricName(s)
            | Self::LabelName(s)
            | Self::Duration(s)
            | Self::Template(s)
            | Self::TemplateFunction(s) => s.clone(),
            Self::TooLarge { what, is, max } => format!("{what}: {is} > {max}"),
            _ => String::new(),
        }
    }

    /// Whether the file is used nevertheless.
    pub fn is_warning(&self) -> bool {
        matches!(
            self,
            Self::TemplateFunction(_) | Self::Duplicate | Self::RecordingNotEvaluated
        )
    }

    /// What to do about it, in English.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Yaml(_) => {
                "see the Prometheus documentation on rule files for the keys there are"
            }
            Self::TooLarge { .. } => "split the file",
            Self::GroupWithoutName => "give the group a name",
            Self::GroupTwice => "rename one of the groups, or join them",
            Self::AlertOrRecord => "write exactly one of alert and record",
            Self::NoExpression => "write the PromQL expression under expr",
            Self::Expression(_) => "try the expression in the query page of a Prometheus",
            Self::ExpressionType(_) => {
                "take a function over the range (such as rate), or leave the range out"
            }
            Self::NotForRecording => "remove the key, or make it an alerting rule",
            Self::MetricName(_) => "use letters, digits, _ and :, no digit first",
            Self::LabelName(_) => "use letters, digits and _, no digit first, not __name__",
            Self::LabelValue => "write the value as text",
            Self::Duration(_) => "write it like 30s, 5m or 1h30m",
            Self::Negative => "write 0 or more",
            Self::Template(_) => "check the braces and the functions' names",
            Self::TemplateFunction(_) => {
                "write the text without it: the desk asks no second question for a text"
            }
            Self::Duplicate => "give one of them another name or another label",
            Self::RecordingNotEvaluated => "let a Prometheus evaluate recording rules",
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Yaml(s) => write!(f, "{s}"),
            Self::TooLarge { what, is, max } => write!(f, "too many {what}: {is}, at most {max}"),
            Self::GroupWithoutName => f.write_str("the group has no name"),
            Self::GroupTwice => f.write_str("the group's name is repeated in the same file"),
            Self::AlertOrRecord => f.write_str("exactly one of 'alert' and 'record' must be set"),
            Self::NoExpression => f.write_str("field 'expr' must be set"),
            Self::Expression(s) => write!(f, "could not parse expression: {s}"),
            Self::ExpressionType(s) => {
                write!(f, "the expression gives a {s}, not a vector or scalar")
            }
            Self::NotForRecording => f.write_str("invalid field in recording rule"),
            Self::MetricName(s) => write!(f, "invalid recording rule name: {s:?}"),
            Self::LabelName(s) => write!(f, "invalid label name: {s:?}"),
            Self::LabelValue => f.write_str("invalid label value"),
            Self::Duration(s) => write!(f, "not a valid duration string: {s:?}"),
            Self::Negative => f.write_str("the number is negative"),
            Self::Template(s) => write!(f, "{s}"),
            Self::TemplateFunction(s) => {
                write!(f, "the template function {s:?} is not available here")
            }
            Self::Duplicate => f.write_str("another rule has the same name and labels"),
            Self::RecordingNotEvaluated => f.write_str("recording rules are not evaluated"),
        }
    }
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        for (name, value) in [
            ("group", &self.group),
            ("rule", &self.rule),
            ("field", &self.field),
        ] {
            if !value.is_empty() {
                write!(f, ", {name} {value:?}")?;
            }
        }
        write!(f, ": {} ({})", self.problem, self.problem.remedy())
    }
}
