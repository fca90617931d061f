//! Counting on lines that were read, where the server cannot count them itself.

use super::reader::{Backend, Reader};
use crate::error::{Capacity, SourceError};
use crate::metrics::Answer;
use model::log::{Counted, Direction, Facet, FacetValue, Field, Histogram, LogLine, LogRange};
use serde_json::Value;
use std::collections::HashMap;

/// Buckets of a histogram.
const BUCKETS: i64 = 20_000;
/// Different values of a field that are counted.
const VALUES: usize = 50_000;
/// Fields that are answered.
const FIELDS: usize = 500;
/// Lines in which fields are looked for.
const SAMPLE: usize = 1_000;
/// Levels of nesting in which fields are looked for.
const LEVELS: usize = 8;

/// An empty histogram over the range.
///
/// # Errors
/// [`SourceError::Limit`] for more buckets than anybody can look at.
pub(crate) fn buckets(range: &LogRange, step_ns: i64) -> Result<Histogram, SourceError> {
    let too_many = SourceError::Limit {
        what: Capacity::Points,
        limit: BUCKETS.unsigned_abs(),
    };
    if step_ns <= 0 {
        return Err(too_many);
    }
    let start_ns = range.from_ns.div_euclid(step_ns).saturating_mul(step_ns);
    let length = range.to_ns.saturating_sub(start_ns).max(0);
    let number = length.div_euclid(step_ns) + i64::from(length % step_ns != 0);
    if number > BUCKETS {
        return Err(too_many);
    }
    Ok(Histogram {
        start_ns,
        step_ns,
        counts: vec![[0; 7]; usize::try_from(number).unwrap_or(0)],
        exact: true,
    })
}

/// Everything that can be read, the newest first; whether that was all.
async fn scan(
    backend: &dyn Backend,
    range: &LogRange,
    mut take: impl FnMut(&LogLine),
) -> Result<Answer<bool>, SourceError> {
    let mut reader = Reader::new(backend, range, Direction::Older, backend.most());
    while let Some(lines) = reader.next().await? {
        lines.iter().for_each(&mut take);
    }
    let done = reader.done && reader.gathered.warnings.is_empty();
    Ok(reader.gathered.answer(done))
}

/// As [`crate::Logs::histogram`].
pub(crate) async fn histogram(
    backend: &dyn Backend,
    range: &LogRange,
    step_ns: i64,
) -> Result<Answer<Histogram>, SourceError> {
    let mut all = buckets(range, step_ns)?;
    let start = all.start_ns;
    let counts = &mut all.counts;
    let done = scan(backend, range, |line| {
        let at = line
            .position
            .at_ns
            .saturating_sub(start)
            .div_euclid(step_ns);
        let bucket = usize::try_from(at).ok().and_then(|at| counts.get_mut(at));
        if let Some(n) = bucket.and_then(|b| b.get_mut(Histogram::column(line.level))) {
            *n += 1;
        }
    })
    .await?;
    all.exact = done.value;
    Ok(done.map(|_| all))
}

/// As [`crate::Logs::count`].
pub(crate) async fn count(
    backend: &dyn Backend,
    range: &LogRange,
) -> Result<Answer<Counted>, SourceError> {
    let mut lines = 0;
    let done = scan(backend, range, |_| lines += 1).await?;
    Ok(done.map(|exact| Counted { lines, exact }))
}

/// As [`crate::Logs::facets`].
pub(crate) async fn facets(
    backend: &dyn Backend,
    range: &LogRange,
    fields: &[Field],
    limit: usize,
) -> Result<Answer<Vec<Facet>>, SourceError> {
    let mut counts: Vec<HashMap<String, u64>> = vec![HashMap::new(); fields.len()];
    let mut crowded = false;
    let done = scan(backend, range, |line| {
        for (field, counts) in fields.iter().zip(&mut counts) {
            let Some(value) = logs::field_text(line, field) else {
                continue;
            };
            let room = counts.len() < VALUES;
            match counts.get_mut(&*value) {
                Some(n) => *n += 1,
                None if room => {
                    counts.insert(value.into_owned(), 1);
                }
                None => crowded = true,
            }
        }
    })
    .await?;
    let exact = done.value && !crowded;
    let facet = |(field, counts): (&Field, HashMap<String, u64>)| {
        let values = counts
            .into_iter()
            .map(|(value, lines)| FacetValue { value, lines })
            .collect();
        Facet {
            field: field.clone(),
            values: most_frequent(values, limit),
            exact,
            estimated: false,
        }
    };
    let all = fields.iter().zip(counts).map(facet).collect();
    Ok(done.map(|_| all))
}

/// The most frequent first, equal ones by value.
pub(crate) fn most_frequent(mut values: Vec<FacetValue>, limit: usize) -> Vec<FacetValue> {
    values.sort_by(|a, b| b.lines.cmp(&a.lines).then_with(|| a.value.cmp(&b.value)));
    values.truncate(limit);
    values
}

/// As [`crate::Logs::fields`].
pub(crate) async fn fields(
    backend: &dyn Backend,
    range: &LogRange,
) -> Result<Answer<Vec<Field>>, SourceError> {
    let mut reader = Reader::new(backend, range, Direction::Older, SAMPLE);
    let mut seen: HashMap<Field, u64> = HashMap::new();
    let mut looked = 0;
    while looked < SAMPLE {
        let Some(lines) = reader.next().await? else {
            break;
        };
        looked += lines.len();
        for line in &lines {
            for field in Field::OWN {
                if logs::is_there(line, &field) {
                    *seen.entry(field).or_default() += 1;
                }
            }
            for (key, value) in &line.attrs {
                leaves(&mut vec![key.clone()], value, &mut seen);
            }
        }
    }
    let mut all: Vec<(Field, u64)> = seen.into_iter().collect();
    all.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    all.truncate(FIELDS);
    // a sample is enough: how far it reached is no fault
    reader.gathered.warnings.clear();
    let fields = all.into_iter().map(|(field, _)| field).collect();
    Ok(reader.gathered.answer(fields))
}

fn leaves(path: &mut Vec<String>, value: &Value, seen: &mut HashMap<Field, u64>) {
    match value {
        Value::Object(inner) if path.len() < LEVELS => {
            for (key, value) in inner {
                path.push(key.clone());
                leaves(path, value, seen);
                path.pop();
            }
        }
        Value::Null => {}
        _ if seen.len() < FIELDS * 4 => {
            *seen.entry(Field::Attr(path.clone())).or_default() += 1;
        }
        _ => {}
    }
}
