//! Which values and which fields lines have.

use super::Reader;
use super::counts::Minutes;
use super::walk::{End, Wanted, push_between};
use crate::layout::{Sql, split};
use crate::predicate::{self, counters};
use model::log::{Attrs, Facet, FacetValue, Field, LogCategory, LogLevel, LogRange, PageAsk};
use serde_json::Value;
use source::SourceError;
use std::collections::HashMap;

/// Lines that are looked at for values that have no counters.
const SAMPLE: usize = 10_000;
/// Lines that are looked at for their fields.
const FIELDS_SAMPLE: usize = 1_000;
const MAX_FIELDS: usize = 500;
/// Keys into each other that make a field.
const MAX_PATH: usize = 6;
/// Longest value that is one of a facet.
const MAX_VALUE: usize = 1_000;
/// Different values that are told apart.
const MAX_VALUES: usize = 100_000;

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
        let sampled: Vec<&Field> = fields.iter().filter(|f| !is_counted(f)).collect();
        let (tallies, complete) = self.sample(range, &sampled).await?;
        let mut tallies = tallies.into_iter();
        let mut facets = Vec::with_capacity(fields.len());
        for field in fields {
            let (tally, exact) = if is_counted(field) {
                (self.tally(range, field).await?, true)
            } else {
                (tallies.next().unwrap_or_default(), complete)
            };
            facets.push(Facet {
                field: field.clone(),
                values: most(tally, limit),
                exact,
            });
        }
        Ok(facets)
    }

    /// Values of each field in the newest lines, and whether those are all.
    async fn sample(
        &self,
        range: &LogRange,
        fields: &[&Field],
    ) -> Result<(Vec<HashMap<String, u64>>, bool), SourceError> {
        let mut tallies = vec![HashMap::new(); fields.len()];
        if fields.is_empty() {
            return Ok((tallies, true));
        }
        let ask = PageAsk::default();
        let wanted = Wanted {
            message: fields.contains(&&Field::Message),
            attrs: fields.iter().any(|f| matches!(f, Field::Attr(_))),
            rows: SAMPLE,
        };
        let mut left = SAMPLE;
        let mut told_apart = true;
        let end = self
            .walk(range, ask, wanted, |line| {
                for (field, tally) in fields.iter().zip(&mut tallies) {
                    let Some(text) = logs::field_text(&line, field) else {
                        continue;
                    };
                    let text: String = text.chars().take(MAX_VALUE).collect();
                    if tally.len() < MAX_VALUES || tally.contains_key(&text) {
                        *tally.entry(text).or_default() += 1;
                    } else {
                        told_apart = false;
                    }
                }
                left -= 1;
                left > 0
            })
            .await?;
        Ok((tallies, told_apart && end == End::Complete))
    }

    /// Values of level, category or service over the whole range.
    async fn tally(
        &self,
        range: &LogRange,
        field: &Field,
    ) -> Result<HashMap<String, u64>, SourceError> {
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
        let mut tally: HashMap<String, u64> = HashMap::new();
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
                    *tally.entry(name).or_default() += u64::try_from(lines).unwrap_or(0);
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
            for field in Field::OWN {
                if field == Field::Message || logs::is_there(&line, &field) {
                    *tally.entry(field).or_default() += 1;
                }
            }
            paths(&line.attrs, &mut Vec::new(), &mut tally);
            left -= 1;
            left > 0
        })
        .await?;
        let mut all: Vec<(Field, u64)> = tally.into_iter().collect();
        all.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        all.truncate(MAX_FIELDS);
        Ok(all.into_iter().map(|(field, _)| field).collect())
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

fn most(tally: HashMap<String, u64>, limit: usize) -> Vec<FacetValue> {
    let mut values: Vec<FacetValue> = tally
        .into_iter()
        .map(|(value, lines)| FacetValue { value, lines })
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
