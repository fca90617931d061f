//! Which values and which fields lines have.

use super::Reader;
use super::counts::Minutes;
use super::walk::{End, Wanted, push_between};
use crate::layout::{Sql, split};
use crate::predicate::{self, counters};
use model::log::{
    Attrs, Facet, FacetValue, Field, LogCategory, LogLevel, LogLine, LogRange, PageAsk,
};
use serde_json::Value;
use source::SourceError;
use std::collections::HashMap;

/// Lines that are looked at for values that have no counters.
const SAMPLE: usize = 10_000;
/// A range with more lines is looked at in about so many parts, in each at least so many lines.
const PARTS: i64 = 20;
const LEAST: usize = 30;
const MINUTE: i64 = 60_000_000_000;
/// Lines that are looked at for their fields.
const FIELDS_SAMPLE: usize = 1_000;
const MAX_FIELDS: usize = 500;
/// Keys into each other that make a field.
const MAX_PATH: usize = 6;
/// Longest value that is one of a facet.
const MAX_VALUE: usize = 1_000;
/// Different values that are told apart.
const MAX_VALUES: usize = 100_000;

/// A part of a range, ns, and its lines.
#[derive(Clone, Copy, Debug)]
struct Part {
    from: i64,
    to: i64,
    lines: u64,
}

/// Values of fields and how often they were seen.
#[derive(Debug)]
struct Tallies<'f> {
    fields: Vec<&'f Field>,
    of: Vec<HashMap<String, f64>>,
    /// False when there were too many different values.
    told_apart: bool,
}

impl<'f> Tallies<'f> {
    fn new(fields: Vec<&'f Field>) -> Self {
        Self {
            of: vec![HashMap::new(); fields.len()],
            fields,
            told_apart: true,
        }
    }

    /// Counts a line that stands for `weight` lines.
    fn add(&mut self, line: &LogLine, weight: f64) {
        for (field, tally) in self.fields.iter().zip(&mut self.of) {
            let Some(text) = logs::field_text(line, field) else {
                continue;
            };
            let text: String = text.chars().take(MAX_VALUE).collect();
            if tally.len() < MAX_VALUES || tally.contains_key(&text) {
                *tally.entry(text).or_default() += weight;
            } else {
                self.told_apart = false;
            }
        }
    }

    /// What is needed of each line.
    fn wanted(&self, rows: usize) -> Wanted {
        Wanted {
            message: self.fields.contains(&&Field::Message),
            attrs: self.fields.iter().any(|f| matches!(f, Field::Attr(_))),
            rows,
        }
    }
}

/// How the numbers of a facet were come by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Basis {
    Exact,
    Newest,
    Estimate,
}

fn facet(field: &Field, tally: HashMap<String, f64>, limit: usize, basis: Basis) -> Facet {
    Facet {
        field: field.clone(),
        values: most(tally, limit),
        exact: basis == Basis::Exact,
        estimated: basis == Basis::Estimate,
    }
}

/// The most frequent values among these lines; `exact` when they are all there are.
pub(crate) fn tallied(
    lines: &[LogLine],
    fields: &[Field],
    limit: usize,
    exact: bool,
) -> Vec<Facet> {
    let mut tallies = Tallies::new(fields.iter().collect());
    for line in lines {
        tallies.add(line, 1.0);
    }
    let basis = if exact && tallies.told_apart {
        Basis::Exact
    } else {
        Basis::Newest
    };
    let all = tallies.fields.into_iter().zip(tallies.of);
    all.map(|(field, tally)| facet(field, tally, limit, basis))
        .collect()
}

/// The fields of these lines, the frequent ones first.
pub(crate) fn fields<'l>(lines: impl IntoIterator<Item = &'l LogLine>) -> Vec<Field> {
    let mut tally = HashMap::new();
    for line in lines {
        count_fields(line, &mut tally);
    }
    frequent(tally)
}

fn count_fields(line: &LogLine, tally: &mut HashMap<Field, u64>) {
    for field in Field::OWN {
        if field == Field::Message || logs::is_there(line, &field) {
            *tally.entry(field).or_default() += 1;
        }
    }
    paths(&line.attrs, &mut Vec::new(), tally);
}

fn frequent(tally: HashMap<Field, u64>) -> Vec<Field> {
    let mut all: Vec<(Field, u64)> = tally.into_iter().collect();
    all.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    all.truncate(MAX_FIELDS);
    all.into_iter().map(|(field, _)| field).collect()
}

impl Reader {
    pub(super) async fn facets_of(
        &self,
        range: &LogRange,
        fields: &[Field],
        limit: usize,
    ) -> Result<Vec<Facet>, SourceError> {
        predicate::check(&range.filter)?;
        let own = self.layout().await?.own && predicate::counted(&range.filter);
        let is_counted =
            |f: &Field| own && matches!(f, Field::Level | Field::Category | Field::Service);
        let mut looked_at = Tallies::new(fields.iter().filter(|f| !is_counted(f)).collect());
        let basis = if looked_at.fields.is_empty() {
            Basis::Exact
        } else {
            match self.parts(range, own).await? {
                Some(parts) => self.estimate(range, &parts, &mut looked_at).await?,
                None => self.newest_values(range, &mut looked_at).await?,
            }
        };
        let mut tallies = looked_at.of.into_iter();
        let mut facets = Vec::with_capacity(fields.len());
        for field in fields {
            facets.push(if is_counted(field) {
                let tally = self.tally(range, field).await?;
                facet(field, tally, limit, Basis::Exact)
            } else {
                facet(field, tallies.next().unwrap_or_default(), limit, basis)
            });
        }
        Ok(facets)
    }

    /// Values in the newest lines, and whether those are all.
    async fn newest_values(
        &self,
        range: &LogRange,
        into: &mut Tallies<'_>,
    ) -> Result<Basis, SourceError> {
        let mut left = SAMPLE;
        let end = self
            .walk(range, PageAsk::default(), into.wanted(SAMPLE), |line| {
                into.add(&line, 1.0);
                left -= 1;
                left > 0
            })
            .await?;
        Ok(if into.told_apart && end == End::Complete {
            Basis::Exact
        } else {
            Basis::Newest
        })
    }

    /// A range with more lines than are looked at, in parts with their numbers of lines; `None` when the counters do not tell, or all
    /// lines can be looked at.
    async fn parts(&self, range: &LogRange, own: bool) -> Result<Option<Vec<Part>>, SourceError> {
        if !own || range.from_ns >= range.to_ns {
            return Ok(None);
        }
        let layout = self.layout().await?;
        let (from, to) = self.clip(layout, range.from_ns, range.to_ns).await?;
        if from >= to {
            return Ok(None);
        }
        // whole minutes, because those are counted
        let step = to.saturating_sub(from) / PARTS / MINUTE * MINUTE + MINUTE;
        let range = LogRange {
            from_ns: from,
            to_ns: to,
            filter: range.filter.clone(),
        };
        let counted = self.histogram_of(&range, step).await?;
        if !counted.exact || counted.total() <= SAMPLE as u64 {
            return Ok(None);
        }
        let mut begin = counted.start_ns;
        let mut parts = Vec::new();
        for row in &counted.counts {
            let end = begin.saturating_add(step);
            parts.push(Part {
                from: begin.max(from),
                to: end.min(to),
                lines: row.iter().sum(),
            });
            begin = end;
        }
        Ok(Some(parts))
    }

    /// Values as some lines of every part let expect them.
    async fn estimate(
        &self,
        range: &LogRange,
        parts: &[Part],
        into: &mut Tallies<'_>,
    ) -> Result<Basis, SourceError> {
        let total: u64 = parts.iter().map(|p| p.lines).sum();
        let deadline = self.deadline();
        let mut covered = 0;
        for part in parts.iter().rev().filter(|p| p.lines > 0) {
            if tokio::time::Instant::now() > deadline {
                break;
            }
            let share = SAMPLE as f64 * part.lines as f64 / total.max(1) as f64;
            let rows = (share.ceil() as usize).max(LEAST);
            let range = LogRange {
                from_ns: part.from,
                to_ns: part.to,
                filter: range.filter.clone(),
            };
            let mut lines = Vec::with_capacity(rows);
            self.walk(&range, PageAsk::default(), into.wanted(rows), |line| {
                lines.push(line);
                lines.len() < rows
            })
            .await?;
            let weight = part.lines as f64 / lines.len().max(1) as f64;
            for line in &lines {
                into.add(line, weight);
            }
            covered += part.lines;
        }
        // what there was no time for is taken to be like the rest
        let scale = total as f64 / covered.max(1) as f64;
        let counts = into.of.iter_mut().flat_map(HashMap::values_mut);
        counts.for_each(|lines| *lines *= scale);
        Ok(Basis::Estimate)
    }

    /// Values of level, category or service over the whole range.
    async fn tally(
        &self,
        range: &LogRange,
        field: &Field,
    ) -> Result<HashMap<String, f64>, SourceError> {
        let layout = self.layout().await?;
        let column = field.to_string();
        let minutes = Minutes::of(range.from_ns, range.to_ns);
        let mut questions = Vec::new();
        if minutes.whole.0 < minutes.whole.1 {
            let table = match field {
                Field::Service => "shouwang_logs.minute",
                _ => counters(&range.filter),
            };
            let mut sql = Sql::new(format!(
                "SELECT {column}::text, sum(lines)::int8 FROM {table} WHERE "
            ));
            let (from, to) = minutes.whole;
            push_between(&mut sql, "minute", split(from).0, split(to).0);
            questions.push(sql);
        }
        for (from, to) in minutes.edges {
            let mut sql = Sql::new(format!(
                "SELECT {column}::text, count(*) FROM {} WHERE ",
                layout.table
            ));
            layout.push_range(&mut sql, from, to);
            questions.push(sql);
        }
        let mut tally: HashMap<String, f64> = HashMap::new();
        for mut sql in questions {
            sql.push(" AND ");
            predicate::push(&mut sql, layout, &range.filter);
            sql.push(" GROUP BY 1");
            let rows: Vec<(String, i64)> = sql
                .build_query_as()
                .fetch_all(&self.pool)
                .await
                .map_err(|e| self.failed(&e))?;
            for (value, lines) in rows {
                if let Some(name) = name(field, value) {
                    *tally.entry(name).or_default() += lines.max(0) as f64;
                }
            }
        }
        Ok(tally)
    }

    pub(super) async fn fields_of(&self, range: &LogRange) -> Result<Vec<Field>, SourceError> {
        let mut tally: HashMap<Field, u64> = HashMap::new();
        let mut left = FIELDS_SAMPLE;
        let wanted = Wanted {
            message: false,
            attrs: true,
            rows: FIELDS_SAMPLE,
        };
        self.walk(range, PageAsk::default(), wanted, |line| {
            count_fields(&line, &mut tally);
            left -= 1;
            left > 0
        })
        .await?;
        Ok(frequent(tally))
    }
}

/// What a value of a counter's column is called; `None` for what a line lacks.
fn name(field: &Field, value: String) -> Option<String> {
    match field {
        Field::Level => {
            let code: usize = value.parse().ok()?;
            let level = LogLevel::ALL.get(code.checked_sub(1)?)?;
            Some(level.name().to_owned())
        }
        Field::Category => {
            let category = LogCategory::ALL.get(value.parse::<usize>().ok()?)?;
            Some(category.name().to_owned())
        }
        _ => (!value.is_empty()).then_some(value),
    }
}

fn most(tally: HashMap<String, f64>, limit: usize) -> Vec<FacetValue> {
    let mut values: Vec<FacetValue> = tally
        .into_iter()
        .map(|(value, lines)| FacetValue {
            value,
            lines: lines.round() as u64,
        })
        .collect();
    values.sort_by(|a, b| b.lines.cmp(&a.lines).then_with(|| a.value.cmp(&b.value)));
    values.truncate(limit);
    values
}

/// Counts the attributes at the ends of all paths.
fn paths(attrs: &Attrs, path: &mut Vec<String>, into: &mut HashMap<Field, u64>) {
    for (key, value) in attrs {
        path.push(key.clone());
        match value {
            Value::Object(inner) if path.len() < MAX_PATH && !inner.is_empty() => {
                paths(inner, path, into);
            }
            Value::Null => {}
            _ if into.len() < 10 * MAX_FIELDS => {
                *into.entry(Field::Attr(path.clone())).or_default() += 1;
            }
            _ => {}
        }
        path.pop();
    }
}
