//! Values of a template while it is filled in.

use super::format;
use chrono::{DateTime, Utc};
use model::Labels;

#[derive(Clone, Debug)]
pub(super) enum Value<'a> {
    /// `nil`
    Nil,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    /// `map[string]string`
    Map(&'a Labels),
    Time(DateTime<Utc>),
    /// The dot at the beginning.
    Root(&'a super::Data),
}

impl Value<'_> {
    /// Its type's name in Go.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Self::Nil => "<nil>",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Float(_) => "float64",
            Self::Text(_) => "string",
            Self::Map(_) => "map[string]string",
            Self::Time(_) => "*time.Time",
            Self::Root(_) => {
                "struct { Labels map[string]string; ExternalLabels map[string]string; ExternalURL string; Value float64 }"
            }
        }
    }

    /// Whether `if` takes it for true.
    pub(super) fn is_true(&self) -> bool {
        match self {
            Self::Nil => false,
            Self::Bool(b) => *b,
            Self::Int(n) => *n != 0,
            Self::Float(v) => *v != 0.0,
            Self::Text(s) => !s.is_empty(),
            Self::Map(labels) => !labels.is_empty(),
            Self::Time(_) | Self::Root(_) => true,
        }
    }

    /// As `%v` prints it.
    pub(super) fn print(&self) -> String {
        match self {
            Self::Nil => "<nil>".to_owned(),
            Self::Bool(b) => b.to_string(),
            Self::Int(n) => n.to_string(),
            Self::Float(v) => format::general(*v, None),
            Self::Text(s) => s.clone(),
            Self::Map(labels) => {
                let pairs: Vec<String> = labels.iter().map(|(n, v)| format!("{n}:{v}")).collect();
                format!("map[{}]", pairs.join(" "))
            }
            Self::Time(t) => format::time(*t),
            Self::Root(data) => format!(
                "{{{} {} {} {}}}",
                Value::Map(&data.labels).print(),
                Value::Map(&data.external_labels).print(),
                data.external_url,
                Value::Float(data.value).print()
            ),
        }
    }
}
