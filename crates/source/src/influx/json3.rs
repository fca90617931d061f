//! Answers of `/api/v3/query_sql` with `format=jsonl`: one flat object a line. Texts are labels, numbers are values (with the label
//! `field`, but for the one called `value`), `time` is the point's time; what is null is left out.

use super::rows::{Collect, Read, bounded, labels, time_ms, unreadable};
use crate::connection::Limits;
use crate::error::{Capacity, QueryFault, SourceError};
use model::Series;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Columns of one row.
const MAX_COLUMNS: usize = 1_000;

type Row = BTreeMap<String, Cell>;

/// One value of a row; arrays and objects are none that a chart could show.
enum Cell {
    Number(f64),
    Text(String),
    Other,
}

impl<'de> Deserialize<'de> for Cell {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Ok(match Value::deserialize(d)? {
            Value::Number(n) => n.as_f64().map_or(Self::Other, Self::Number),
            Value::Bool(b) => Self::Number(f64::from(u8::from(b))),
            Value::String(s) => Self::Text(s),
            Value::Null | Value::Array(_) | Value::Object(_) => Self::Other,
        })
    }
}

fn walk(
    body: &[u8],
    each: &mut dyn FnMut(&Row, usize) -> Result<(), SourceError>,
) -> Result<(), SourceError> {
    let mut at = 0;
    for line in body.split_inclusive(|b| *b == b'\n') {
        let here = at;
        at += line.len();
        if line.trim_ascii().is_empty() {
            continue;
        }
        let row: Row =
            serde_json::from_slice(line).map_err(|e| match unreadable(&e, "a row of JSON") {
                SourceError::Malformed { at, what } => SourceError::Malformed {
                    at: here + at,
                    what,
                },
                other => other,
            })?;
        if row.len() > MAX_COLUMNS {
            return Err(SourceError::Limit {
                what: Capacity::Labels,
                limit: MAX_COLUMNS as u64,
            });
        }
        if let (Some(Cell::Text(message)), 1) = (row.get("error"), row.len()) {
            return Err(SourceError::Query {
                fault: QueryFault::Failed,
                message: message.clone(),
            });
        }
        each(&row, here)?;
    }
    Ok(())
}

/// The numbers of an answer as series.
pub(super) fn series(body: &[u8], limits: &Limits) -> Result<Read<Vec<Series>>, SourceError> {
    let mut all = Collect::new(limits);
    walk(body, &mut |row, at| {
        let malformed = |what| SourceError::Malformed {
            at: at.max(1),
            what,
        };
        let t = match row.get("time") {
            Some(Cell::Text(text)) => time_ms(text).ok_or_else(|| malformed("a time"))?,
            _ => return Err(malformed("a column time")),
        };
        let tags = row.iter().filter_map(|(n, c)| match c {
            Cell::Text(v) if n != "time" && n != MEASUREMENT => Some((n.as_str(), v.as_str())),
            _ => None,
        });
        let measurement = match row.get(MEASUREMENT) {
            Some(Cell::Text(name)) => name.as_str(),
            _ => "",
        };
        let numbers = || {
            row.iter().filter_map(|(n, c)| match c {
                Cell::Number(v) => Some((n.as_str(), *v)),
                _ => None,
            })
        };
        for (name, v) in numbers() {
            // another row may have other numbers: a number's labels must not depend on its neighbours
            let field = (name != "value").then_some(name);
            let place = all.series(labels(measurement, tags.clone(), field))?;
            all.push(place, t, v)?;
        }
        Ok(())
    })?;
    Ok(Read::whole(all.finish()))
}

/// The column in which a question over several tables says which one.
const MEASUREMENT: &str = "iox::measurement";

/// The texts in the column `column`, each once.
pub(super) fn texts(
    body: &[u8],
    column: &str,
    limits: &Limits,
) -> Result<Read<Vec<String>>, SourceError> {
    let mut found = BTreeSet::new();
    walk(body, &mut |row, _| {
        if let Some(Cell::Text(text)) = row.get(column) {
            found.insert(bounded(text, limits)?);
        }
        Ok(())
    })?;
    Ok(Read::whole(found.into_iter().collect()))
}
