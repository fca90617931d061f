//! Questions in Elasticsearch's query language, as JSON: what comes from outside is a value in it and cannot become anything else.
//!
//! Everything is a `regexp`, in which letters are written in both cases: unlike `case_insensitive` it is in every version.

use super::fields::{Fields, Kind};
use crate::weblogs::{Expr, How};
use chrono::{DateTime, SecondsFormat};
use model::log::Direction;
use serde_json::{Value, json};

/// Characters of a pattern that a server takes.
const PATTERN: usize = 1_000;

/// Whether the server can be asked so of a field of this kind; and whether what it says is exact.
pub(super) fn decides(fields: &Fields, name: Option<&str>, is_own: bool) -> Option<bool> {
    match name {
        None => (fields.message != Kind::Other).then_some(fields.message == Kind::Keyword),
        Some(name) => {
            let (_, kind) = fields.of(name)?;
            // a field of several values is a list to us, and each of its values to the server
            (kind == Kind::Keyword).then_some(is_own)
        }
    }
}

/// What is asked, with the stretch of time. `None` when the server would refuse it for its length.
pub(super) fn query(
    expr: &Expr,
    fields: &Fields,
    from_ns: i64,
    to_ns: Option<i64>,
) -> Option<Value> {
    let mut all = vec![time(fields, from_ns, to_ns)];
    if *expr != Expr::All {
        all.push(write(expr, fields)?);
    }
    Some(json!({"bool": {"filter": all}}))
}

fn time(fields: &Fields, from_ns: i64, to_ns: Option<i64>) -> Value {
    let mut range = serde_json::Map::new();
    let at = |ns: i64| {
        if fields.grain_ns == 1 {
            let time = DateTime::from_timestamp_nanos(ns);
            Value::from(time.to_rfc3339_opts(SecondsFormat::Nanos, true))
        } else {
            // the least time of the index that is not before it
            let grain = fields.grain_ns;
            let up = ns.div_euclid(grain) + i64::from(ns.rem_euclid(grain) != 0);
            Value::from(up)
        }
    };
    if from_ns != i64::MIN {
        range.insert("gte".into(), at(from_ns));
    }
    if let Some(to) = to_ns {
        range.insert("lt".into(), at(to));
    }
    if fields.grain_ns != 1 {
        range.insert("format".into(), "epoch_millis".into());
    }
    if range.len() <= 1 && from_ns == i64::MIN && to_ns.is_none() {
        return json!({"exists": {"field": super::TIME}});
    }
    json!({"range": {super::TIME: range}})
}

fn write(expr: &Expr, fields: &Fields) -> Option<Value> {
    let list = |parts: &[Expr]| {
        parts
            .iter()
            .map(|p| write(p, fields))
            .collect::<Option<Vec<_>>>()
    };
    Some(match expr {
        Expr::All => json!({"match_all": {}}),
        Expr::Nothing => json!({"match_none": {}}),
        Expr::And(all) => json!({"bool": {"filter": list(all)?}}),
        Expr::Or(any) => json!({"bool": {"should": list(any)?, "minimum_should_match": 1}}),
        Expr::Not(inner) => json!({"bool": {"must_not": [write(inner, fields)?]}}),
        Expr::Match(None, how) if fields.message == Kind::Text => words(fields, how)?,
        Expr::Match(None, how) => regexp(&fields.message_field, how)?,
        Expr::Match(Some(name), how) => regexp(&fields.of(name)?.0, how)?,
    })
}

fn regexp(field: &str, how: &How) -> Option<Value> {
    let one = |pattern: String| {
        let fits = pattern.len() <= PATTERN;
        fits.then(|| json!({"regexp": {field: {"value": pattern, "flags": "NONE"}}}))
    };
    match how {
        How::Is(value) => one(literal(value)),
        How::Contains(part) => one(format!("(.|\n)*{}(.|\n)*", literal(part))),
        How::Prefix(start) => one(format!("{}(.|\n)*", literal(start))),
        How::There => Some(json!({"bool": {
            "filter": [{"exists": {"field": field}}], "must_not": [{"term": {field: ""}}],
        }})),
        How::Word(words) => {
            let all: Vec<String> = words.iter().map(|w| literal(w)).collect();
            one(format!("[ \t]*({})[ \t]*", all.join("|")))
        }
    }
}

/// Of an analysed text only its words are known to the server. Each word or Chinese character of what is looked for stands in some
/// word of the text, so these are asked for, and the rest is seen on the lines.
fn words(fields: &Fields, how: &How) -> Option<Value> {
    let text = match how {
        How::Is(text) | How::Contains(text) | How::Prefix(text) => text,
        How::There => return Some(json!({"exists": {"field": fields.message_field}})),
        How::Word(_) => return None,
    };
    let mut all: Vec<Value> = Vec::new();
    for run in runs(text) {
        let pattern = format!(".*{}.*", literal(run));
        if pattern.len() <= PATTERN && all.len() < 32 {
            all.push(
                json!({"regexp": {&fields.message_field: {"value": pattern, "flags": "NONE"}}}),
            );
        }
    }
    Some(match all.is_empty() {
        true => json!({"match_all": {}}),
        false => json!({"bool": {"filter": all}}),
    })
}

/// Runs of ASCII letters and digits, and single Chinese characters.
fn runs(text: &str) -> Vec<&str> {
    let is_han = |c: char| matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}');
    let mut all = Vec::new();
    let mut begun = None;
    let ends = text.char_indices().chain([(text.len(), ' ')]);
    for (at, c) in ends {
        if c.is_ascii_alphanumeric() {
            begun = begun.or(Some(at));
            continue;
        }
        all.extend(begun.take().and_then(|from| text.get(from..at)));
        if is_han(c) {
            all.extend(text.get(at..at + c.len_utf8()));
        }
    }
    all
}

/// Exactly this text in Lucene's patterns, letters in either case.
fn literal(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    for c in text.chars() {
        match c {
            c if c.is_ascii_alphabetic() => {
                out.push('[');
                out.push(c.to_ascii_lowercase());
                out.push(c.to_ascii_uppercase());
                out.push(']');
            }
            c if c.is_ascii_punctuation() => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

/// The body of a search for lines. Among equal times the number of the change in its shard decides, so that one page goes on where the
/// last one ended.
pub(super) fn lines(
    query: &Value,
    direction: Direction,
    size: usize,
    after: Option<&Value>,
) -> Value {
    let order = match direction {
        Direction::Older => "desc",
        Direction::Newer => "asc",
    };
    let mut body = json!({
        "size": size,
        "track_total_hits": false,
        "query": query,
        "sort": [
            {super::TIME: {"order": order, "unmapped_type": "date"}},
            {"_seq_no": {"order": order}},
        ],
    });
    if let (Some(after), Some(body)) = (after, body.as_object_mut()) {
        body.insert("search_after".into(), after.clone());
    }
    body
}

/// The body of a count by time and by level.
pub(super) fn per_bucket(
    query: &Value,
    step_ms: i64,
    level: Option<&str>,
    interval: &str,
) -> Value {
    let mut by_time = json!({"date_histogram": {
        "field": super::TIME, interval: format!("{step_ms}ms"), "min_doc_count": 1,
    }});
    if let (Some(level), Some(by_time)) = (level, by_time.as_object_mut()) {
        let words = json!({"words": {"terms": {"field": level, "size": 100}}});
        by_time.insert("aggs".into(), words);
    }
    json!({"size": 0, "track_total_hits": true, "query": query, "aggs": {"times": by_time}})
}

/// The body of a count of values.
pub(super) fn top(query: &Value, fields: &[&str], limit: usize) -> Value {
    let all: serde_json::Map<String, Value> = fields
        .iter()
        .enumerate()
        // an empty value is none, so one more is asked for
        .map(|(n, f)| {
            (
                n.to_string(),
                json!({"terms": {"field": f, "size": limit + 1}}),
            )
        })
        .collect();
    json!({"size": 0, "track_total_hits": false, "query": query, "aggs": all})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_looked_for_in_words() {
        assert_eq!(
            runs("连接 timeout: a_b2, é"),
            ["连", "接", "timeout", "a", "b2"]
        );
        assert!(runs("——!").is_empty());
    }

    #[test]
    fn patterns_are_exactly_the_text() {
        assert_eq!(literal("a.*\"#@&<>~超1"), r#"[aA]\.\*\"\#\@\&\<\>\~超1"#);
    }
}
