//! The languages in which a question to a source of metrics can be written, and how a question in a store's own language stands
//! inside PromQL: `{influxql="SELECT …"}` is a selector whose series are what the store answers to that text.

use serde::{Deserialize, Serialize};

/// In which language a query is written.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    /// Prometheus' language.
    #[default]
    Promql,
    /// InfluxDB's language like SQL.
    Influxql,
    /// The language of InfluxDB 2.
    Flux,
    /// SQL as InfluxDB 3 answers it.
    Sql,
}

/// Placeholder of the beginning of the time that is asked for, itself included.
pub const FROM: &str = "$from";
/// Placeholder of its end, itself excluded.
pub const TO: &str = "$to";
/// Placeholder of the distance of two points.
pub const STEP: &str = "$step";
/// Placeholder of the database or bucket that the source's configuration names.
pub const DATABASE: &str = "$database";

impl Lang {
    /// All that are not PromQL.
    pub const NATIVE: [Self; 3] = [Self::Influxql, Self::Flux, Self::Sql];

    /// As it is written in files; of a native language also the label that holds its text in a selector.
    pub fn name(self) -> &'static str {
        match self {
            Self::Promql => "promql",
            Self::Influxql => "influxql",
            Self::Flux => "flux",
            Self::Sql => "sql",
        }
    }

    /// `text` as PromQL: itself, or a selector that holds it.
    pub fn in_promql(self, text: &str) -> String {
        if self == Self::Promql {
            return text.to_owned();
        }
        let mut out = String::with_capacity(text.len() + 16);
        out.push('{');
        out.push_str(self.name());
        out.push_str("=\"");
        for c in text.trim().chars() {
            match c {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                c => out.push(c),
            }
        }
        out.push_str("\"}");
        out
    }

    /// Which placeholder `text` lacks: without bounds of time a store would read everything it has.
    pub fn missing_placeholder(self, text: &str) -> Option<&'static str> {
        if self == Self::Promql {
            return None;
        }
        [FROM, TO].into_iter().find(|p| !has(text, p))
    }
}

fn has(text: &str, placeholder: &str) -> bool {
    text.match_indices(placeholder)
        .any(|(at, p)| is_whole(text, at + p.len()))
}

/// Whether a name that ends at byte `end` is not only the beginning of a longer one.
fn is_whole(text: &str, end: usize) -> bool {
    !text
        .get(end..)
        .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_'))
}

/// `text` with each `(placeholder, value)` filled in, in one pass: what was filled in is not looked at again.
pub fn fill(text: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(text.len() + 64);
    let mut at = 0;
    while let Some(found) = text
        .get(at..)
        .and_then(|rest| rest.find('$'))
        .map(|i| at + i)
    {
        out.push_str(text.get(at..found).unwrap_or(""));
        let rest = text.get(found..).unwrap_or("");
        let hit = values
            .iter()
            .find(|(name, _)| rest.starts_with(name) && is_whole(text, found + name.len()));
        match hit {
            Some((name, value)) => {
                out.push_str(value);
                at = found + name.len();
            }
            None => {
                out.push('$');
                at = found + 1;
            }
        }
    }
    out.push_str(text.get(at..).unwrap_or(""));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_native_query_stands_in_promql_as_a_selector() {
        assert_eq!(Lang::Promql.in_promql("up"), "up");
        assert_eq!(
            Lang::Influxql.in_promql(" SELECT \"a\"\nFROM b WHERE c =~ /\\d/ "),
            r#"{influxql="SELECT \"a\"\nFROM b WHERE c =~ /\\d/"}"#
        );
    }

    #[test]
    fn placeholders_are_whole_names_and_filled_once() {
        let values = [(FROM, "$to"), (TO, "2"), (STEP, "3")];
        assert_eq!(
            fill("$from $to $total $step; 5$ $", &values),
            "$to 2 $total 3; 5$ $"
        );
        assert_eq!(fill("价格$from元", &values), "价格$to元");
        assert_eq!(Lang::Sql.missing_placeholder("a > $from"), Some(TO));
        assert_eq!(Lang::Sql.missing_placeholder("$fromage $to"), Some(FROM));
        assert_eq!(Lang::Sql.missing_placeholder("$from $to"), None);
        assert_eq!(Lang::Promql.missing_placeholder("up"), None);
    }
}
