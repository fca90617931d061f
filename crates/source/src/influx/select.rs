//! What is sent for one selector.

use super::Generation;
use super::evaluate::Wanted;
use super::guard;
use crate::error::{QueryFault, SourceError};
use model::labels::METRIC_NAME;
use model::lang::{DATABASE, FROM, STEP, TO, fill};
use model::{Lang, Series};
use promql_parser::label::{MatchOp, Matcher, Matchers};

/// The text that gives the series of `wanted`, in the language of `generation`. Points are `step` ms apart where the text groups them.
pub(super) fn question(
    wanted: &Wanted,
    step: i64,
    generation: Generation,
    database: &str,
) -> Result<String, SourceError> {
    let lang = generation.lang();
    match wanted.native() {
        Some((asked, text)) if asked == lang => {
            guard::read_only(lang, text)?;
            if let Some(missing) = lang.missing_placeholder(text) {
                return Err(invalid(format!("{missing} is missing in the query")));
            }
            Ok(filled(wanted, step, lang, text, database))
        }
        Some((asked, _)) => Err(invalid(format!(
            "this source speaks {}, not {}",
            lang.name(),
            asked.name()
        ))),
        None if generation == Generation::One => plain(wanted, "\"value\""),
        None => Err(SourceError::Unsupported {
            what: "PromQL selectors",
        }),
    }
}

/// The newest value of each series of a plain selector.
pub(super) fn newest(wanted: &Wanted) -> Result<String, SourceError> {
    plain(wanted, "last(\"value\")")
}

/// Leaves what fits all matchers: the server's answer may have more, and a native text knows nothing of them.
pub(super) fn only(series: &mut Vec<Series>, wanted: &Wanted) {
    let native = |m: &Matcher| Lang::NATIVE.iter().any(|l| l.name() == m.name);
    let rest: Vec<Matcher> = wanted
        .matchers
        .matchers
        .iter()
        .filter(|m| !native(m))
        .cloned()
        .collect();
    let rest = Matchers::new(rest);
    series.retain(|s| promql::memory::matches(&rest, &s.labels));
}

fn filled(wanted: &Wanted, step: i64, lang: Lang, text: &str, database: &str) -> String {
    let step = step.max(1);
    // whole groups at both ends; the end is not included, so that the group that has just begun is
    let from = wanted.start.div_euclid(step) * step;
    let to = (wanted.end.div_euclid(step) + 1) * step;
    let (from, to, step, database) = match lang {
        Lang::Influxql => (
            format!("{from}ms"),
            format!("{to}ms"),
            format!("{step}ms"),
            identifier(database),
        ),
        Lang::Sql => (
            format!("TIMESTAMP '{}'", rfc3339(from)),
            format!("TIMESTAMP '{}'", rfc3339(to)),
            format!("INTERVAL '{step} milliseconds'"),
            identifier(database),
        ),
        Lang::Flux | Lang::Promql => (
            rfc3339(from),
            rfc3339(to),
            format!("{step}ms"),
            quoted(database),
        ),
    };
    fill(
        text,
        &[
            (FROM, &from),
            (TO, &to),
            (STEP, &step),
            (DATABASE, &database),
        ],
    )
}

/// A selector of PromQL in InfluxQL, in the shape in which InfluxDB stores what Prometheus writes to it.
fn plain(wanted: &Wanted, what: &str) -> Result<String, SourceError> {
    let mut from = "/.+/".to_owned();
    let mut conditions = vec![
        format!("time >= {}ms", wanted.start),
        format!("time <= {}ms", wanted.end),
    ];
    for m in &wanted.matchers.matchers {
        if m.name == METRIC_NAME {
            match &m.op {
                MatchOp::Equal => from = identifier(&m.value),
                MatchOp::Re(_) => from = regex(&m.value),
                // InfluxQL cannot say it; what is too much is taken out of the answer
                MatchOp::NotEqual | MatchOp::NotRe(_) => {}
            }
            continue;
        }
        let tag = identifier(&m.name);
        conditions.push(match &m.op {
            MatchOp::Equal => format!("{tag} = {}", literal(&m.value)),
            MatchOp::NotEqual => format!("{tag} != {}", literal(&m.value)),
            MatchOp::Re(_) => format!("{tag} =~ {}", regex(&m.value)),
            MatchOp::NotRe(_) => format!("{tag} !~ {}", regex(&m.value)),
        });
    }
    let conditions = conditions.join(" AND ");
    Ok(format!(
        "SELECT {what} FROM {from} WHERE {conditions} GROUP BY *"
    ))
}

/// A name in double quotes.
pub(super) fn identifier(name: &str) -> String {
    let escaped = name
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n");
    format!("\"{escaped}\"")
}

/// A text in Flux.
pub(super) fn quoted(text: &str) -> String {
    // `${` would begin an expression
    identifier(text).replace("${", "\\${")
}

fn literal(text: &str) -> String {
    let escaped = text
        .replace('\\', "\\\\")
        .replace('\'', "\\'")
        .replace('\n', "\\n");
    format!("'{escaped}'")
}

/// An anchored regular expression; PromQL's are anchored, both are RE2.
fn regex(pattern: &str) -> String {
    format!("/^(?:{})$/", pattern.replace('/', "\\/"))
}

fn rfc3339(ms: i64) -> String {
    chrono::DateTime::from_timestamp_millis(ms)
        .unwrap_or_default()
        .to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

fn invalid(message: String) -> SourceError {
    SourceError::Query {
        fault: QueryFault::Invalid,
        message,
    }
}
