//! Answers of `/api/v2/query`: annotated CSV (<https://docs.influxdata.com/influxdb/v2/reference/syntax/annotated-csv/>).
//!
//! Tables follow each other; each set of annotations (`#datatype`, `#group`, `#default`) begins one with a header line of its own. An
//! error can come after good tables: then it is a table with the column `error`.

use super::rows::{Collect, Read, bounded, labels, time_ms};
use crate::connection::Limits;
use crate::error::{Capacity, QueryFault, SourceError};
use ::csv::{ByteRecord, ReaderBuilder};
use model::{Labels, Series};
use std::collections::{BTreeSet, HashMap};

/// Columns of one table; more are no answer of a server.
const MAX_COLUMNS: usize = 1_000;

/// What is known of the table that is being read.
#[derive(Default)]
struct Layout {
    types: Vec<String>,
    group: Vec<bool>,
    defaults: Vec<String>,
    names: Vec<String>,
    /// The annotations of the next table have begun.
    fresh: bool,
}

impl Layout {
    fn cell<'a>(&'a self, row: &'a ByteRecord, i: usize) -> Result<&'a str, SourceError> {
        let text = std::str::from_utf8(row.get(i).unwrap_or_default())
            .map_err(|_| malformed(row, "UTF-8"))?;
        Ok(match (text, self.defaults.get(i)) {
            ("", Some(default)) => default,
            (text, _) => text,
        })
    }

    fn find(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|n| n == name)
    }

    fn is_number(&self, i: usize) -> bool {
        self.types
            .get(i)
            .is_some_and(|t| matches!(t.as_str(), "double" | "long" | "unsignedLong" | "boolean"))
    }

    /// Columns that hold values: `_value`, or every number outside the group key.
    fn values(&self) -> Vec<usize> {
        if let Some(value) = self.find("_value") {
            return vec![value];
        }
        (0..self.names.len())
            .filter(|i| self.is_number(*i) && !self.group.get(*i).copied().unwrap_or(false))
            .filter(|i| !matches!(self.names.get(*i).map(String::as_str), Some("table" | "")))
            .collect()
    }

    /// Columns that are labels: texts of the group key, without what the server adds.
    fn tags(&self) -> Vec<usize> {
        (0..self.names.len())
            .filter(|i| self.group.get(*i).copied().unwrap_or(false))
            .filter(|i| self.types.get(*i).is_some_and(|t| t == "string"))
            .filter(|i| {
                let name = self.names.get(*i).map_or("", String::as_str);
                !matches!(name, "" | "result" | "_measurement" | "_field")
            })
            .collect()
    }
}

fn malformed(row: &ByteRecord, what: &'static str) -> SourceError {
    let at = row
        .position()
        .map_or(0, |p| usize::try_from(p.byte()).unwrap_or(0));
    SourceError::Malformed { at, what }
}

/// Calls `each` for every row of data.
fn walk(
    body: &[u8],
    each: &mut dyn FnMut(&Layout, &ByteRecord) -> Result<(), SourceError>,
) -> Result<(), SourceError> {
    let complete = body.is_empty() || body.ends_with(b"\n");
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(body);
    let mut row = ByteRecord::new();
    let mut layout = Layout::default();
    let mut has_header = false;
    let mut begun = false;
    while reader
        .read_byte_record(&mut row)
        .map_err(|_| malformed(&row, "CSV"))?
    {
        if row.len() > MAX_COLUMNS {
            return Err(SourceError::Limit {
                what: Capacity::Labels,
                limit: MAX_COLUMNS as u64,
            });
        }
        if row.len() <= 1 && row.get(0).is_none_or(|c| c.trim_ascii().is_empty()) {
            continue;
        }
        let first = row.get(0).unwrap_or_default();
        if first.starts_with(b"#") {
            if !layout.fresh {
                layout = Layout {
                    fresh: true,
                    ..Layout::default()
                };
                has_header = false;
            }
            begun = true;
            let cells = texts_of(&row)?;
            match first {
                b"#datatype" => layout.types = cells,
                b"#group" => layout.group = cells.iter().map(|c| c == "true").collect(),
                b"#default" => layout.defaults = cells,
                _ => {}
            }
            // the annotation's own name is not the first column's value
            if let Some(default) = layout.defaults.first_mut() {
                default.clear();
            }
            continue;
        }
        if !begun {
            return Err(malformed(&row, "annotated CSV"));
        }
        if !has_header {
            layout.names = texts_of(&row)?;
            has_header = true;
            layout.fresh = false;
            continue;
        }
        if let Some(at) = layout.find("error") {
            return Err(SourceError::Query {
                fault: QueryFault::Failed,
                message: layout.cell(&row, at)?.to_owned(),
            });
        }
        if row.len() != layout.names.len() {
            return Err(if complete {
                malformed(&row, "as many cells as columns")
            } else {
                SourceError::Truncated
            });
        }
        each(&layout, &row)?;
    }
    if complete {
        Ok(())
    } else {
        Err(SourceError::Truncated)
    }
}

fn texts_of(row: &ByteRecord) -> Result<Vec<String>, SourceError> {
    row.iter()
        .map(|c| String::from_utf8(c.to_vec()).map_err(|_| malformed(row, "UTF-8")))
        .collect()
}

/// The numbers of an answer as series.
pub(super) fn series(body: &[u8], limits: &Limits) -> Result<Read<Vec<Series>>, SourceError> {
    let mut all = Collect::new(limits);
    // rows of one table come together: its labels are made once
    let mut known: HashMap<(Vec<String>, usize), usize> = HashMap::new();
    walk(body, &mut |layout, row| {
        let time = layout.find("_time").or_else(|| layout.find("_stop"));
        let Some(time) = time else {
            return Err(malformed(row, "a column _time"));
        };
        let Some(t) = time_ms(layout.cell(row, time)?) else {
            return Err(malformed(row, "a time as in RFC 3339"));
        };
        let tags = layout.tags();
        let values = layout.values();
        for i in &values {
            let Some(v) = number(layout, row, *i)? else {
                continue;
            };
            let key: Vec<String> = key(layout, row, &tags)?;
            let place = match known.get(&(key.clone(), *i)) {
                Some(place) => *place,
                None => {
                    let field = layout.names.get(*i).filter(|_| values.len() > 1);
                    let place = all.series(labels_of(layout, row, &tags, field)?)?;
                    known.insert((key, *i), place);
                    place
                }
            };
            all.push(place, t, v)?;
        }
        Ok(())
    })?;
    Ok(Read::whole(all.finish()))
}

/// What tells one table's rows from another's.
fn key(layout: &Layout, row: &ByteRecord, tags: &[usize]) -> Result<Vec<String>, SourceError> {
    let special = ["_measurement", "_field"]
        .iter()
        .filter_map(|n| layout.find(n));
    let columns = tags.iter().copied().chain(special);
    let cell = |i: usize| {
        let name = layout.names.get(i).map_or("", String::as_str);
        layout.cell(row, i).map(|v| format!("{name}={v}"))
    };
    columns.map(cell).collect()
}

fn labels_of(
    layout: &Layout,
    row: &ByteRecord,
    tags: &[usize],
    field: Option<&String>,
) -> Result<Labels, SourceError> {
    let mut pairs: Vec<(&str, &str)> = Vec::with_capacity(tags.len());
    for i in tags {
        let name = layout.names.get(*i).map_or("", String::as_str);
        pairs.push((name, layout.cell(row, *i)?));
    }
    let special = |name: &str| match layout.find(name) {
        Some(i) => layout.cell(row, i),
        None => Ok(""),
    };
    let (measurement, own) = (special("_measurement")?, special("_field")?);
    let field = field.map(String::as_str).or(Some(own));
    Ok(labels(measurement, pairs.iter().copied(), field))
}

fn number(layout: &Layout, row: &ByteRecord, i: usize) -> Result<Option<f64>, SourceError> {
    if !layout.is_number(i) {
        return Ok(None);
    }
    Ok(match layout.cell(row, i)? {
        "" => None,
        "true" => Some(1.0),
        "false" => Some(0.0),
        text => Some(text.parse().map_err(|_| malformed(row, "a number"))?),
    })
}

/// The texts in the column `column`, each once.
pub(super) fn texts(
    body: &[u8],
    column: &str,
    limits: &Limits,
) -> Result<Read<Vec<String>>, SourceError> {
    let mut found = BTreeSet::new();
    walk(body, &mut |layout, row| {
        if let Some(i) = layout.find(column) {
            found.insert(bounded(layout.cell(row, i)?, limits)?);
            if found.len() > limits.series {
                return Err(SourceError::Limit {
                    what: Capacity::Series,
                    limit: limits.series as u64,
                });
            }
        }
        Ok(())
    })?;
    Ok(Read::whole(found.into_iter().collect()))
}
