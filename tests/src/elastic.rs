//! An Elasticsearch that answers the searches that a client of ours writes, with its window of 10,000 lines, and refuses in JSON what it
//! does not know. Its message is an analysed text, its other fields are keywords, its times are milliseconds.

use crate::fake_logs::{FakeLine, asked};
use crate::hostile::{Answer, Hostile, Request};
use crate::victorialogs::Held;
use regex::Regex;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::PoisonError;

/// Starts one that [`answers`].
pub fn start(lines: Held, version: &'static str, window: usize) -> Hostile {
    Hostile::start(answers(lines, version, window))
}

/// What one of this version says, in which every other field is mapped as texts usually are (`field` and `field.keyword`); with `window`
/// lines in one answer.
pub fn answers(
    lines: Held,
    version: &'static str,
    window: usize,
) -> impl Fn(&Request) -> Answer + Send + Sync + 'static {
    move |request: &Request| {
        if request.header("authorization") == Some("Bearer wrong") {
            return refused(
                401,
                "security_exception",
                "missing authentication credentials",
            );
        }
        let lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
        let fake = Fake {
            lines: &lines,
            version,
            window,
        };
        match fake.answer(request) {
            Ok(value) => Answer::json(200, value.to_string()),
            Err((status, kind, why)) => refused(status, kind, &why),
        }
    }
}

/// Fields that are plain keywords; the others are texts with a keyword beside.
const KEYWORDS: [&str; 2] = ["service", "level"];
const OTHERS: [&str; 5] = ["host", "trace_id", "span_id", "category", "http_status"];

type Refused = (u16, &'static str, String);

fn refused(status: u16, kind: &str, why: &str) -> Answer {
    let error = json!({"type": kind, "reason": why});
    let body = json!({"error": {"root_cause": [error], "type": kind, "reason": "all shards failed"}, "status": status});
    Answer::json(status, body.to_string())
}

fn bad(why: impl Into<String>) -> Refused {
    (400, "parsing_exception", why.into())
}

struct Fake<'a> {
    lines: &'a [FakeLine],
    version: &'static str,
    window: usize,
}

impl Fake<'_> {
    fn answer(&self, request: &Request) -> Result<Value, Refused> {
        let (path, _) = asked(request);
        let is_old = self.version < "7.2";
        match path.rsplit('/').next() {
            Some("") => Ok(
                json!({"name": "n", "version": {"number": self.version}, "tagline": "You Know, for Search"}),
            ),
            Some("_field_caps") => Ok(caps()),
            Some("_search") => {
                let body: Value =
                    serde_json::from_slice(&request.body).map_err(|e| bad(e.to_string()))?;
                self.search(&body, is_old)
            }
            other => Err((
                400,
                "illegal_argument_exception",
                format!("no handler found for {other:?}"),
            )),
        }
    }

    fn search(&self, body: &Value, is_old: bool) -> Result<Value, Refused> {
        let query = Query::read(&body["query"])?;
        // the number of each is that of its coming
        let numbered = self.lines.iter().enumerate();
        let mut found: Vec<(i64, usize, &FakeLine)> = numbered
            .filter(|(_, l)| query.fits(l))
            .map(|(n, l)| (millis(l), n, l))
            .collect();
        let total = found.len();
        let mut aggs = Map::new();
        for (name, agg) in body["aggs"].as_object().into_iter().flatten() {
            aggs.insert(name.clone(), aggregate(agg, &found, is_old)?);
        }
        let size = body["size"].as_u64().unwrap_or(10) as usize;
        if size > self.window {
            return Err((
                400,
                "illegal_argument_exception",
                format!(
                    "Result window is too large, from + size must be less than or equal to: [{}] but was [{size}]",
                    self.window
                ),
            ));
        }
        if size > 0 {
            let sort = body["sort"].as_array().ok_or_else(|| bad("sort"))?;
            let order = |n: usize, field: &str| match sort.get(n).map(|s| &s[field]["order"]) {
                Some(Value::String(order)) => Ok(order == "desc"),
                _ => Err(bad(format!("no sort by {field}"))),
            };
            let descending = order(0, "@timestamp")?;
            if order(1, "_seq_no")? != descending {
                return Err(bad("mixed orders"));
            }
            found.sort_by_key(|(at, n, _)| (*at, *n));
            if descending {
                found.reverse();
            }
            if let Some(after) = body.get("search_after") {
                let after = (after[0].as_i64(), after[1].as_u64());
                let (Some(at), Some(n)) = after else {
                    return Err(bad("search_after must have 2 value(s)"));
                };
                let edge = (at, n as usize);
                found.retain(|(at, n, _)| {
                    if descending {
                        (*at, *n) < edge
                    } else {
                        (*at, *n) > edge
                    }
                });
            }
            found.truncate(size);
        } else {
            found.clear();
        }
        let hit = |(at, n, line): &(i64, usize, &FakeLine)| json!({"_index": "logs-1", "_id": n.to_string(), "_source": source(line), "sort": [at, n]});
        let hits: Vec<Value> = found.iter().map(hit).collect();
        let mut hits = json!({"max_score": null, "hits": hits});
        if body["track_total_hits"] == json!(true) {
            hits["total"] = if is_old {
                json!(total)
            } else {
                json!({"value": total, "relation": "eq"})
            };
        }
        Ok(json!({
            "took": 1, "timed_out": false, "_shards": {"total": 1, "successful": 1, "skipped": 0, "failed": 0},
            "hits": hits, "aggregations": aggs,
        }))
    }
}

fn caps() -> Value {
    let of = |kind: &str| json!({kind: {"type": kind, "searchable": true, "aggregatable": kind != "text"}});
    let mut fields = json!({"@timestamp": of("date"), "message": of("text"), "_id": of("_id")});
    for name in KEYWORDS {
        fields[name] = of("keyword");
    }
    for name in OTHERS {
        fields[name] = of("text");
        fields[format!("{name}.keyword")] = of("keyword");
    }
    json!({"indices": ["logs-1"], "fields": fields})
}

fn millis(line: &FakeLine) -> i64 {
    line.at_ns.div_euclid(1_000_000)
}

fn source(line: &FakeLine) -> Value {
    let mut all: Map<String, Value> = line
        .fields
        .iter()
        .filter(|(_, v)| !v.is_empty())
        .map(|(k, v)| (k.clone(), v.clone().into()))
        .collect();
    all.insert("message".into(), line.message.clone().into());
    all.insert(
        "@timestamp".into(),
        crate::fake_logs::rfc3339(line.at_ns).into(),
    );
    all.into()
}

/// Values of a field as they are indexed: a keyword as it is, a text as its words, small.
fn indexed(line: &FakeLine, field: &str) -> Result<Vec<String>, Refused> {
    let name = field.strip_suffix(".keyword").unwrap_or(field);
    let one = || {
        Some(line.field(name).to_owned())
            .filter(|v| !v.is_empty())
            .into_iter()
            .collect()
    };
    match field {
        "message" => Ok(words(&line.message)),
        _ if KEYWORDS.contains(&field) || (name != field && OTHERS.contains(&name)) => Ok(one()),
        _ if OTHERS.contains(&field) => Ok(words(line.field(field))),
        _ => Ok(Vec::new()),
    }
}

/// As the standard analyser has them: words in small letters, Chinese characters one by one.
fn words(text: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut word = String::new();
    for c in text.chars() {
        if c.is_alphanumeric() && c.is_ascii() {
            word.extend(c.to_lowercase());
            continue;
        }
        if !word.is_empty() {
            all.push(std::mem::take(&mut word));
        }
        if c.is_alphanumeric() {
            all.push(c.to_string());
        }
    }
    all.extend(Some(word).filter(|w| !w.is_empty()));
    all
}

enum Query {
    All,
    Range(i64, i64),
    Exists(String),
    Term(String, String),
    Regexp(String, Regex),
    Bool {
        filter: Vec<Self>,
        should: Vec<Self>,
        must_not: Vec<Self>,
    },
}

impl Query {
    fn read(value: &Value) -> Result<Self, Refused> {
        let one = value
            .as_object()
            .filter(|o| o.len() == 1)
            .and_then(|o| o.iter().next());
        let (kind, of) =
            one.ok_or_else(|| bad("[_na] query malformed, no start_object after query name"))?;
        let field = || {
            of.as_object()
                .and_then(|o| o.iter().next())
                .ok_or_else(|| bad("no field"))
        };
        Ok(match kind.as_str() {
            "match_all" => Self::All,
            "match_none" => Self::Bool {
                filter: vec![Self::Exists("none".into())],
                should: vec![],
                must_not: vec![],
            },
            "exists" => Self::Exists(
                of["field"]
                    .as_str()
                    .ok_or_else(|| bad("exists"))?
                    .to_owned(),
            ),
            "term" => {
                let (name, value) = field()?;
                Self::Term(
                    name.clone(),
                    value.as_str().ok_or_else(|| bad("term"))?.to_owned(),
                )
            }
            "regexp" => {
                let (name, of) = field()?;
                let pattern = of["value"].as_str().ok_or_else(|| bad("regexp"))?;
                if pattern.len() > 1_000 {
                    return Err(bad(
                        "The length of regex used in the [Regexp Query] request has exceeded the allowed maximum of [1000]",
                    ));
                }
                Self::Regexp(name.clone(), lucene(pattern)?)
            }
            "range" => {
                let range = &of["@timestamp"];
                if range["format"] != json!("epoch_millis") {
                    return Err(bad("failed to parse date field"));
                }
                let at = |name: &str, otherwise| {
                    range
                        .get(name)
                        .map_or(Some(otherwise), Value::as_i64)
                        .ok_or_else(|| bad(name))
                };
                Self::Range(at("gte", i64::MIN)?, at("lt", i64::MAX)?)
            }
            "bool" => {
                let list = |name: &str| match of.get(name) {
                    Some(Value::Array(all)) => all.iter().map(Self::read).collect(),
                    Some(_) => Err(bad(name)),
                    None => Ok(Vec::new()),
                };
                Self::Bool {
                    filter: list("filter")?,
                    should: list("should")?,
                    must_not: list("must_not")?,
                }
            }
            other => return Err(bad(format!("unknown query [{other}]"))),
        })
    }

    fn fits(&self, line: &FakeLine) -> bool {
        let values = |field: &str| indexed(line, field).unwrap_or_default();
        match self {
            Self::All => true,
            Self::Range(from, to) => (*from..*to).contains(&millis(line)),
            Self::Exists(field) => field == "@timestamp" || !values(field).is_empty(),
            Self::Term(field, value) => values(field).contains(value),
            Self::Regexp(field, regex) => values(field).iter().any(|v| regex.is_match(v)),
            Self::Bool {
                filter,
                should,
                must_not,
            } => {
                filter.iter().all(|q| q.fits(line))
                    && (should.is_empty() || should.iter().any(|q| q.fits(line)))
                    && !must_not.iter().any(|q| q.fits(line))
            }
        }
    }
}

/// Lucene's patterns are of the whole value; any character may be escaped.
fn lucene(pattern: &str) -> Result<Regex, Refused> {
    let mut out = String::from("^(?:");
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                let c = chars.next().ok_or_else(|| bad("end of pattern"))?;
                out.push_str(&regex::escape(&c.to_string()));
            }
            c => out.push(c),
        }
    }
    out.push_str(")$");
    Regex::new(&out).map_err(|e| bad(e.to_string()))
}

type Found<'a> = (i64, usize, &'a FakeLine);

fn aggregate(agg: &Value, found: &[Found<'_>], is_old: bool) -> Result<Value, Refused> {
    if let Some(terms) = agg.get("terms") {
        return terms_of(terms, found);
    }
    let times = agg
        .get("date_histogram")
        .ok_or_else(|| bad("unknown aggregation"))?;
    let (name, unknown) = if is_old {
        ("interval", "fixed_interval")
    } else {
        ("fixed_interval", "interval")
    };
    if times.get(unknown).is_some() {
        return Err((
            400,
            "x_content_parse_exception",
            format!("[date_histogram] unknown field [{unknown}]"),
        ));
    }
    let step = times[name]
        .as_str()
        .and_then(|s| s.strip_suffix("ms")?.parse::<i64>().ok());
    let step = step.filter(|s| *s > 0).ok_or_else(|| bad("interval"))?;
    let mut buckets: BTreeMap<i64, Vec<Found<'_>>> = BTreeMap::new();
    for one in found {
        buckets
            .entry(one.0.div_euclid(step) * step)
            .or_default()
            .push(*one);
    }
    let mut all = Vec::new();
    for (key, of) in buckets {
        let mut bucket = json!({"key": key, "doc_count": of.len()});
        for (name, inner) in agg["aggs"].as_object().into_iter().flatten() {
            bucket[name] = aggregate(inner, &of, is_old)?;
        }
        all.push(bucket);
    }
    Ok(json!({"buckets": all}))
}

fn terms_of(terms: &Value, found: &[Found<'_>]) -> Result<Value, Refused> {
    let field = terms["field"].as_str().ok_or_else(|| bad("terms"))?;
    if field == "message" || OTHERS.contains(&field) {
        return Err((
            400,
            "illegal_argument_exception",
            format!(
                "Fielddata is disabled on [{field}] in [logs-1]. Text fields are not optimised for this"
            ),
        ));
    }
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for (_, _, line) in found {
        for value in indexed(line, field)? {
            *counts.entry(value).or_default() += 1;
        }
    }
    let mut counts: Vec<(String, u64)> = counts.into_iter().collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    counts.truncate(terms["size"].as_u64().unwrap_or(10) as usize);
    let all: Vec<Value> = counts
        .into_iter()
        .map(|(k, n)| json!({"key": k, "doc_count": n}))
        .collect();
    Ok(json!({"doc_count_error_upper_bound": 0, "sum_other_doc_count": 0, "buckets": all}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_as_the_standard_analyser_has_them() {
        assert_eq!(
            words("PreserveService: 超时 a1"),
            ["preserveservice", "超", "时", "a1"]
        );
    }
}
