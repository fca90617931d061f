//! A VictoriaLogs that answers the part of LogsQL that a client of ours writes, refuses what it cannot read as the real one does, and
//! keeps no order that a query does not ask for.

use crate::fake_logs::{FakeLine, asked, get, plain, rfc3339, rfc3339_ns};
use crate::hostile::{Answer, Body, Hostile, Request};
use regex::Regex;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The lines, which a test may add to while the server runs.
pub type Held = Arc<Mutex<Vec<FakeLine>>>;

/// Starts one that [`answers`].
pub fn start(lines: Held, tenant: Option<&'static str>) -> Hostile {
    Hostile::start(answers(lines, tenant))
}

/// What it says; with `tenant` only requests with this `AccountID` are answered.
pub fn answers(
    lines: Held,
    tenant: Option<&'static str>,
) -> impl Fn(&Request) -> Answer + Send + Sync + 'static {
    move |request: &Request| {
        if tenant.is_some_and(|t| request.header("accountid") != Some(t)) {
            return plain(400, "cannot obtain tenantID: missing AccountID");
        }
        let lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
        answer(request, &lines)
    }
}

fn answer(request: &Request, lines: &[FakeLine]) -> Answer {
    let (path, params) = asked(request);
    let query = get(&params, "query");
    let run = || {
        run(query, lines).map_err(|why| plain(400, &format!("cannot parse query [{query}]: {why}")))
    };
    match path.as_str() {
        "/select/logsql/query" => match run() {
            Ok(rows) => {
                let text: String = rows
                    .iter()
                    .map(|r| format!("{}\n", Value::from(r.clone())))
                    .collect();
                Answer::with(
                    200,
                    "application/stream+json",
                    Body::Full(text.into_bytes()),
                )
            }
            Err(refused) => refused,
        },
        "/select/logsql/field_names" => match run() {
            Ok(rows) => {
                let mut hits: BTreeMap<&str, u64> = BTreeMap::new();
                for row in &rows {
                    row.keys().for_each(|k| *hits.entry(k).or_default() += 1);
                }
                let all: Vec<Value> = hits
                    .iter()
                    .map(|(k, n)| json!({"value": k, "hits": n}))
                    .collect();
                Answer::json(200, json!({"values": all}).to_string())
            }
            Err(refused) => refused,
        },
        _ => plain(400, &format!("unsupported path requested: {path}")),
    }
}

type Row = Map<String, Value>;

fn row(line: &FakeLine) -> Row {
    let mut row: Row = line
        .fields
        .iter()
        .filter(|(_, v)| !v.is_empty())
        .map(|(k, v)| (k.clone(), v.clone().into()))
        .collect();
    row.insert("_time".into(), rfc3339(line.at_ns).into());
    row.insert("_stream".into(), "{}".into());
    row.insert("_stream_id".into(), "0000".into());
    row.insert("_msg".into(), line.message.clone().into());
    row
}

fn text<'r>(row: &'r Row, name: &str) -> &'r str {
    row.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn run(query: &str, lines: &[FakeLine]) -> Result<Vec<Row>, String> {
    let mut parser = Parser { rest: query };
    let filter = parser.all()?;
    let mut rows: Vec<Row> = lines.iter().map(row).filter(|r| filter.fits(r)).collect();
    // the order of the parts that they lie in
    rows.sort_by_key(|r| text(r, "_time").len() + text(r, "_msg").len());
    while parser.take("|") {
        rows = parser.pipe(rows)?;
    }
    match parser.rest.trim() {
        "" => Ok(rows),
        rest => Err(format!("unexpected tail: {rest}")),
    }
}

enum Filter {
    All,
    Time(i64, i64),
    There(String),
    Matches(String, Regex),
    Not(Box<Self>),
    And(Vec<Self>),
    Or(Vec<Self>),
}

impl Filter {
    fn fits(&self, row: &Row) -> bool {
        match self {
            Self::All => true,
            Self::Time(from, to) => {
                rfc3339_ns(text(row, "_time")).is_some_and(|at| (*from..*to).contains(&at))
            }
            Self::There(name) => !text(row, name).is_empty(),
            Self::Matches(name, regex) => regex.is_match(text(row, name)),
            Self::Not(inner) => !inner.fits(row),
            Self::And(all) => all.iter().all(|f| f.fits(row)),
            Self::Or(any) => any.iter().any(|f| f.fits(row)),
        }
    }
}

struct Parser<'q> {
    rest: &'q str,
}

impl Parser<'_> {
    fn take(&mut self, word: &str) -> bool {
        let rest = self.rest.trim_start();
        match rest.strip_prefix(word) {
            Some(after) => {
                self.rest = after;
                true
            }
            None => false,
        }
    }

    fn need(&mut self, word: &str) -> Result<(), String> {
        if self.take(word) {
            return Ok(());
        }
        Err(format!("missing {word:?} at {:?}", self.rest))
    }

    fn quoted(&mut self) -> Result<String, String> {
        let rest = self.rest.trim_start();
        let mut strings = serde_json::Deserializer::from_str(rest).into_iter::<String>();
        let text = strings.next().ok_or("a quoted text is missing")?;
        let text = text.map_err(|e| format!("bad quoted text: {e}"))?;
        self.rest = rest.get(strings.byte_offset()..).unwrap_or_default();
        Ok(text)
    }

    /// Up to one of these characters.
    fn until(&mut self, ends: &[char]) -> String {
        let rest = self.rest.trim_start();
        let end = rest.find(ends).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        self.rest = after;
        word.trim().to_owned()
    }

    /// Filters side by side must all hold.
    fn all(&mut self) -> Result<Filter, String> {
        let mut all = vec![self.or()?];
        while !matches!(
            self.rest.trim_start().chars().next(),
            None | Some('|' | ')')
        ) {
            all.push(self.or()?);
        }
        Ok(Filter::And(all))
    }

    fn or(&mut self) -> Result<Filter, String> {
        let mut any = vec![self.and()?];
        while self.take("or ") {
            any.push(self.and()?);
        }
        Ok(Filter::Or(any))
    }

    fn and(&mut self) -> Result<Filter, String> {
        let mut all = vec![self.one()?];
        while self.take("and ") {
            all.push(self.one()?);
        }
        Ok(Filter::And(all))
    }

    fn one(&mut self) -> Result<Filter, String> {
        if self.take("!") {
            return Ok(Filter::Not(Box::new(self.one()?)));
        }
        if self.take("(") {
            let inner = self.all()?;
            self.need(")")?;
            return Ok(inner);
        }
        if self.take("_time:") {
            return self.time();
        }
        if self.take("*") {
            return Ok(Filter::All);
        }
        let name = self.quoted()?;
        if self.take(":*") {
            return Ok(Filter::There(name));
        }
        self.need(":~")?;
        let pattern = self.quoted()?;
        let regex = Regex::new(&pattern).map_err(|e| format!("invalid regexp {pattern:?}: {e}"))?;
        Ok(Filter::Matches(name, regex))
    }

    fn time(&mut self) -> Result<Filter, String> {
        let read = |text: String| rfc3339_ns(&text).ok_or(format!("cannot parse time {text:?}"));
        if self.take("[") {
            let from = read(self.until(&[',']))?;
            self.need(",")?;
            let to = read(self.until(&[')', ']']))?;
            // `]` would include the end
            self.need(")")?;
            return Ok(Filter::Time(from, to));
        }
        if self.take(">=") {
            return Ok(Filter::Time(read(self.until(&[' ', '|']))?, i64::MAX));
        }
        match self.until(&[' ', '|']).as_str() {
            // as old as lines of a test may be
            "1d" | "5m" => Ok(Filter::Time(i64::MIN, i64::MAX)),
            other => Err(format!("cannot parse duration {other:?}")),
        }
    }

    fn number(&mut self) -> Result<usize, String> {
        let word = self.until(&[' ', '|']);
        word.parse()
            .map_err(|_| format!("cannot parse number {word:?}"))
    }

    fn pipe(&mut self, mut rows: Vec<Row>) -> Result<Vec<Row>, String> {
        if self.take("filter ") {
            let filter = self.one()?;
            rows.retain(|r| filter.fits(r));
            return Ok(rows);
        }
        if self.take("sort by (") {
            let mut keys = Vec::new();
            loop {
                let name = if self.rest.trim_start().starts_with('"') {
                    self.quoted()?
                } else {
                    self.until(&[' ', ',', ')'])
                };
                let descending = match self.until(&[',', ')']).as_str() {
                    "desc" => true,
                    "asc" | "" => false,
                    other => return Err(format!("unexpected order {other:?}")),
                };
                keys.push((name, descending));
                if !self.take(",") {
                    break;
                }
            }
            self.need(")")?;
            self.need("limit ")?;
            let limit = self.number()?;
            rows.sort_by(|a, b| {
                let each = keys.iter().map(|(name, descending)| {
                    let (a, b) = (text(a, name), text(b, name));
                    let order = match (a.parse::<f64>(), b.parse::<f64>()) {
                        (Ok(a), Ok(b)) => a.total_cmp(&b),
                        _ => a.cmp(b),
                    };
                    if *descending { order.reverse() } else { order }
                });
                each.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
            });
            rows.truncate(limit);
            return Ok(rows);
        }
        self.need("stats ")?;
        self.stats(&rows)
    }

    fn stats(&mut self, rows: &[Row]) -> Result<Vec<Row>, String> {
        let (mut step, mut names) = (None, Vec::new());
        if self.take("by (") {
            loop {
                if self.take("_time:") {
                    let word = self.until(&[',', ')']);
                    let number = word.strip_suffix("ns").and_then(|n| n.parse::<i64>().ok());
                    step = Some(number.ok_or(format!("cannot parse bucket size {word:?}"))?);
                } else {
                    names.push(self.quoted()?);
                }
                if !self.take(",") {
                    break;
                }
            }
            self.need(")")?;
        }
        self.need("count() as lines")?;
        let mut counts: BTreeMap<Vec<String>, u64> = BTreeMap::new();
        for row in rows {
            let bucket = step.map(|step| {
                let at = rfc3339_ns(text(row, "_time")).unwrap_or_default();
                rfc3339(at.div_euclid(step) * step)
            });
            let values = names.iter().map(|n| text(row, n).to_owned());
            *counts
                .entry(bucket.into_iter().chain(values).collect())
                .or_default() += 1;
        }
        if names.is_empty() && step.is_none() && counts.is_empty() {
            counts.insert(Vec::new(), 0);
        }
        let keys: Vec<&str> = step
            .map(|_| "_time")
            .into_iter()
            .chain(names.iter().map(String::as_str))
            .collect();
        let row = |(values, lines): (Vec<String>, u64)| {
            let mut row: Row = keys
                .iter()
                .zip(values)
                .map(|(k, v)| ((*k).to_owned(), v.into()))
                .collect();
            row.insert("lines".into(), lines.to_string().into());
            row
        };
        Ok(counts.into_iter().map(row).collect())
    }
}
