//! A Loki that answers the part of LogQL that a client of ours writes, with its limits, and refuses in plain text what it cannot read.

use crate::fake_logs::{FakeLine, asked, get, plain};
use crate::hostile::{Answer, Hostile, Request};
use crate::victorialogs::Held;
use regex::Regex;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::PoisonError;

/// How it is configured.
#[derive(Clone, Debug)]
pub struct Behaviour {
    /// Only this tenant is answered.
    pub tenant: Option<&'static str>,
    /// Lines of one answer.
    pub most: usize,
    /// Fields that are labels of streams; the others are fields of single lines.
    pub labels: &'static [&'static str],
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            tenant: None,
            most: 5_000,
            labels: &["service", "level", "host", "trace_id", "http_status"],
        }
    }
}

/// 30 days and an hour.
const LONGEST_NS: i64 = 721 * 3_600 * 1_000_000_000;

/// Starts one that [`answers`].
pub fn start(lines: Held, behaviour: Behaviour) -> Hostile {
    Hostile::start(answers(lines, behaviour))
}

/// What it says.
pub fn answers(
    lines: Held,
    behaviour: Behaviour,
) -> impl Fn(&Request) -> Answer + Send + Sync + 'static {
    move |request: &Request| {
        if behaviour.tenant.is_some() && request.header("x-scope-orgid") != behaviour.tenant {
            return plain(401, "no org id");
        }
        let lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
        let fake = Fake {
            lines: &lines,
            behaviour: &behaviour,
        };
        fake.answer(request)
            .unwrap_or_else(|(status, why)| plain(status, &why))
    }
}

type Refused = (u16, String);

struct Fake<'a> {
    lines: &'a [FakeLine],
    behaviour: &'a Behaviour,
}

impl Fake<'_> {
    fn answer(&self, request: &Request) -> Result<Answer, Refused> {
        let (path, params) = asked(request);
        let data = match path.as_str() {
            "/loki/api/v1/labels" => json!(self.behaviour.labels),
            "/loki/api/v1/status/buildinfo" => {
                return Ok(Answer::json(200, r#"{"version":"3.1.0","revision":"x"}"#));
            }
            "/loki/api/v1/query_range" => self.range(&params)?,
            "/loki/api/v1/query" => self.instant(&params)?,
            _ => return Err((404, "404 page not found".into())),
        };
        let answer = json!({"status": "success", "data": data});
        Ok(Answer::json(200, answer.to_string()))
    }

    fn range(&self, params: &[(String, String)]) -> Result<Value, Refused> {
        let query = get(params, "query");
        let newest = self.lines.iter().map(|l| l.at_ns).max().unwrap_or(0) + 1;
        let time = |name: &str, otherwise: i64| match get(params, name) {
            "" => Ok(otherwise),
            text => text
                .parse::<i64>()
                .map_err(|_| bad(&format!("{name}: {text}"))),
        };
        let end = time("end", newest)?;
        let start = time("start", end - 3_600_000_000_000)?;
        if end - start > LONGEST_NS {
            return Err(bad("the query time range exceeds the limit (limit: 30d1h)"));
        }
        if query.starts_with("sum") {
            let step = get(params, "step")
                .parse::<f64>()
                .map_err(|e| bad(&e.to_string()))?;
            let step = (step * 1e9).round() as i64;
            if step <= 0 || (end - start) / step > 11_000 {
                return Err(bad(
                    "exceeded maximum resolution of 11,000 points per time series",
                ));
            }
            let metric = Metric::parse(query)?;
            let times = (0..).map(|n| start + n * step).take_while(|t| *t <= end);
            return Ok(self.matrix(&metric, times));
        }
        let limit: usize = get(params, "limit").parse().map_err(|_| bad("limit"))?;
        if limit > self.behaviour.most {
            let most = self.behaviour.most;
            return Err(bad(&format!(
                "max entries limit per query exceeded, limit > max_entries_limit ({limit} > {most})"
            )));
        }
        let selected = Selected::parse(query)?;
        let mut found: Vec<&FakeLine> = self
            .lines
            .iter()
            .filter(|l| (start..end).contains(&l.at_ns) && selected.fits(l))
            .collect();
        // nothing is promised among equal times
        found.sort_by_key(|l| (l.at_ns, l.message.len()));
        match get(params, "direction") {
            "forward" => {}
            "" | "backward" => found.reverse(),
            other => return Err(bad(&format!("invalid direction {other}"))),
        }
        found.truncate(limit);
        let streams: Vec<Value> = found.into_iter().map(|l| self.stream(l)).collect();
        Ok(json!({"resultType": "streams", "result": streams, "stats": {}}))
    }

    /// A stream of one line; fields of the line alone stand beside it as newer versions have them.
    fn stream(&self, line: &FakeLine) -> Value {
        let (mut stream, mut own) = (serde_json::Map::new(), serde_json::Map::new());
        for (name, value) in line.fields.iter().filter(|(_, v)| !v.is_empty()) {
            let labels = self.behaviour.labels.contains(&name.as_str());
            let into = if labels { &mut stream } else { &mut own };
            into.insert(name.clone(), value.clone().into());
        }
        let at = line.at_ns.to_string();
        let value = match own.is_empty() {
            true => json!([at, line.message]),
            false => json!([at, line.message, own]),
        };
        json!({"stream": stream, "values": [value]})
    }

    fn instant(&self, params: &[(String, String)]) -> Result<Value, Refused> {
        let metric = Metric::parse(get(params, "query"))?;
        let time: i64 = get(params, "time").parse().map_err(|_| bad("time"))?;
        if metric.length > LONGEST_NS {
            return Err(bad("the query time range exceeds the limit (limit: 30d1h)"));
        }
        let counts = self.counts(&metric, time);
        let series = |(value, n): (String, u64)| json!({"metric": metric.labels(&value), "value": [time as f64 / 1e9, n.to_string()]});
        let all: Vec<Value> = counts.into_iter().map(series).collect();
        Ok(json!({"resultType": "vector", "result": all}))
    }

    fn matrix(&self, metric: &Metric, times: impl Iterator<Item = i64>) -> Value {
        let mut series: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for time in times {
            for (value, n) in self.counts(metric, time) {
                let points = series.entry(value).or_default();
                points.push(json!([time as f64 / 1e9, n.to_string()]));
            }
        }
        let all: Vec<Value> = series
            .into_iter()
            .map(|(value, points)| json!({"metric": metric.labels(&value), "values": points}))
            .collect();
        json!({"resultType": "matrix", "result": all})
    }

    /// Counts in the stretch whose end belongs to it and whose beginning does not, moved back by the offset.
    fn counts(&self, metric: &Metric, time: i64) -> BTreeMap<String, u64> {
        let end = time - metric.offset;
        let start = end - metric.length;
        let mut counts = BTreeMap::new();
        for line in self.lines {
            if line.at_ns > start && line.at_ns <= end && metric.of.fits(line) {
                let value = metric.by.as_deref().map_or("", |by| line.field(by));
                *counts.entry(value.to_owned()).or_default() += 1;
            }
        }
        counts
    }
}

fn bad(why: &str) -> Refused {
    (400, why.to_owned())
}

/// `sum by (label) (count_over_time(… [5m] offset 1ns))`.
struct Metric {
    by: Option<String>,
    of: Selected,
    length: i64,
    offset: i64,
}

impl Metric {
    fn parse(query: &str) -> Result<Self, Refused> {
        let failed = || {
            bad(&format!(
                "parse error at line 1, col 1: syntax error in {query}"
            ))
        };
        let rest = query.strip_prefix("sum").ok_or_else(failed)?.trim_start();
        let (by, rest) = match rest.strip_prefix("by (") {
            Some(rest) => {
                let (by, rest) = rest.split_once(") ").ok_or_else(failed)?;
                (Some(by.to_owned()), rest)
            }
            None => (None, rest),
        };
        let inner = rest
            .strip_prefix("(count_over_time(")
            .and_then(|r| r.strip_suffix("))"))
            .ok_or_else(failed)?;
        let (query, rest) = inner.rsplit_once(" [").ok_or_else(failed)?;
        let (length, offset) = rest.split_once("] offset ").ok_or_else(failed)?;
        Ok(Self {
            by,
            of: Selected::parse(query)?,
            length: duration(length).ok_or_else(failed)?,
            offset: duration(offset).ok_or_else(failed)?,
        })
    }

    fn labels(&self, value: &str) -> Value {
        match &self.by {
            Some(by) if !value.is_empty() => json!({by: value}),
            _ => json!({}),
        }
    }
}

fn duration(text: &str) -> Option<i64> {
    let units = [
        ("ns", 1),
        ("us", 1_000),
        ("ms", 1_000_000),
        ("s", 1_000_000_000),
    ];
    units
        .iter()
        .find_map(|(unit, ns)| Some(text.strip_suffix(unit)?.parse::<i64>().ok()? * ns))
}

/// A selector and its stages.
struct Selected(Vec<Stage>);

enum Stage {
    Line(bool, Regex),
    Label(Logic),
}

enum Logic {
    Match(String, bool, Regex),
    And(Vec<Self>),
    Or(Vec<Self>),
}

impl Logic {
    fn fits(&self, line: &FakeLine) -> bool {
        match self {
            Self::Match(name, wanted, regex) => regex.is_match(line.field(name)) == *wanted,
            Self::And(all) => all.iter().all(|l| l.fits(line)),
            Self::Or(any) => any.iter().any(|l| l.fits(line)),
        }
    }
}

impl Selected {
    fn fits(&self, line: &FakeLine) -> bool {
        self.0.iter().all(|stage| match stage {
            Stage::Line(wanted, regex) => regex.is_match(&line.message) == *wanted,
            Stage::Label(logic) => logic.fits(line),
        })
    }

    fn parse(query: &str) -> Result<Self, Refused> {
        let mut parser = Parser { rest: query };
        let all = parser.selected();
        all.map(Self).map_err(|why| {
            bad(&format!(
                "parse error at line 1, col {}: {why}",
                query.len() - parser.rest.len() + 1
            ))
        })
    }
}

struct Parser<'q> {
    rest: &'q str,
}

impl Parser<'_> {
    fn take(&mut self, word: &str) -> bool {
        match self.rest.trim_start().strip_prefix(word) {
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
        Err(format!(
            "syntax error: unexpected {:?}, expecting {word:?}",
            self.rest
        ))
    }

    fn quoted(&mut self) -> Result<String, String> {
        let rest = self.rest.trim_start();
        let mut strings = serde_json::Deserializer::from_str(rest).into_iter::<String>();
        let text = strings
            .next()
            .ok_or("unexpected end")?
            .map_err(|e| e.to_string())?;
        self.rest = rest.get(strings.byte_offset()..).unwrap_or_default();
        Ok(text)
    }

    fn name(&mut self) -> Result<String, String> {
        let rest = self.rest.trim_start();
        let end = rest
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        self.rest = after;
        if name.is_empty() {
            return Err(format!(
                "syntax error: unexpected {after:?}, expecting IDENTIFIER"
            ));
        }
        Ok(name.to_owned())
    }

    /// A label's patterns are of the whole value.
    fn matcher(&mut self) -> Result<Logic, String> {
        let name = self.name()?;
        let (wanted, is_pattern) = match () {
            () if self.take("=~") => (true, true),
            () if self.take("!~") => (false, true),
            () if self.take("!=") => (false, false),
            () => {
                self.need("=")?;
                (true, false)
            }
        };
        let value = self.quoted()?;
        let pattern = if is_pattern {
            value
        } else {
            regex::escape(&value)
        };
        let regex = Regex::new(&format!("^(?:{pattern})$")).map_err(|e| e.to_string())?;
        Ok(Logic::Match(name, wanted, regex))
    }

    fn selected(&mut self) -> Result<Vec<Stage>, String> {
        self.need("{")?;
        let mut matchers = Vec::new();
        loop {
            matchers.push(self.matcher()?);
            if !self.take(",") {
                break;
            }
        }
        self.need("}")?;
        let is_named = |m: &Logic| matches!(m, Logic::Match(_, wanted, regex) if regex.is_match("") != *wanted);
        if !matchers.iter().any(is_named) {
            return Err("queries require at least one regexp or equality matcher that does not have an empty-compatible value".into());
        }
        let mut stages: Vec<Stage> = matchers.into_iter().map(Stage::Label).collect();
        while !self.rest.trim().is_empty() {
            if self.take("|~") {
                stages.push(self.line(true)?);
            } else if self.take("!~") {
                stages.push(self.line(false)?);
            } else {
                self.need("|")?;
                stages.push(Stage::Label(self.or()?));
            }
        }
        Ok(stages)
    }

    fn line(&mut self, wanted: bool) -> Result<Stage, String> {
        let regex = Regex::new(&self.quoted()?).map_err(|e| e.to_string())?;
        Ok(Stage::Line(wanted, regex))
    }

    fn or(&mut self) -> Result<Logic, String> {
        let mut any = vec![self.and()?];
        while self.take("or ") {
            any.push(self.and()?);
        }
        Ok(Logic::Or(any))
    }

    fn and(&mut self) -> Result<Logic, String> {
        let mut all = vec![self.one()?];
        while self.take("and ") {
            all.push(self.one()?);
        }
        Ok(Logic::And(all))
    }

    fn one(&mut self) -> Result<Logic, String> {
        if self.take("(") {
            let inner = self.or()?;
            self.need(")")?;
            return Ok(inner);
        }
        self.matcher()
    }
}
