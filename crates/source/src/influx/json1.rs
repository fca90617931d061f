//! Answers of `/query` of InfluxDB 1.x with `epoch=ms`.

use super::rows::{Collect, Read, bounded, labels, unreadable};
use crate::connection::Limits;
use crate::error::{Capacity, QueryFault, SourceError};
use model::Series;
use serde::de::{DeserializeOwned, IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use std::fmt;

/// Most cells that are taken into memory, 8 bytes each.
const MAX_CELLS: usize = 16 << 20;

#[derive(Deserialize)]
#[serde(bound = "V: DeserializeOwned + Default")]
struct Envelope<V> {
    results: Option<Vec<ResultSet<V>>>,
    error: Option<String>,
}

#[derive(Deserialize)]
#[serde(bound = "V: DeserializeOwned + Default")]
struct ResultSet<V> {
    #[serde(default)]
    series: Vec<Table<V>>,
    error: Option<String>,
    #[serde(default)]
    partial: bool,
    #[serde(default)]
    messages: Vec<Message>,
}

#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    text: String,
}

#[derive(Deserialize)]
#[serde(bound = "V: DeserializeOwned + Default")]
struct Table<V> {
    #[serde(default)]
    name: String,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    columns: Vec<String>,
    #[serde(default)]
    values: V,
    #[serde(default)]
    partial: bool,
}

/// Rows of numbers, one after the other; NaN stands for null and for what is no number.
#[derive(Default)]
struct Cells {
    cells: Vec<f64>,
    /// Columns of each row; `None` before the first.
    width: Option<usize>,
    /// Not all rows are of one length.
    ragged: bool,
    /// More than [`MAX_CELLS`].
    over: bool,
}

struct Cell(f64);

impl<'de> Deserialize<'de> for Cell {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct One;
        impl<'de> Visitor<'de> for One {
            type Value = Cell;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, a text, true, false or null")
            }
            fn visit_f64<E>(self, v: f64) -> Result<Cell, E> {
                Ok(Cell(v))
            }
            fn visit_i64<E>(self, v: i64) -> Result<Cell, E> {
                Ok(Cell(v as f64))
            }
            fn visit_u64<E>(self, v: u64) -> Result<Cell, E> {
                Ok(Cell(v as f64))
            }
            fn visit_bool<E>(self, v: bool) -> Result<Cell, E> {
                Ok(Cell(f64::from(u8::from(v))))
            }
            fn visit_str<E>(self, _: &str) -> Result<Cell, E> {
                Ok(Cell(f64::NAN))
            }
            fn visit_unit<E>(self) -> Result<Cell, E> {
                Ok(Cell(f64::NAN))
            }
        }
        d.deserialize_any(One)
    }
}

impl<'de> Deserialize<'de> for Cells {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Row<'a>(&'a mut Cells);
        impl<'de> serde::de::DeserializeSeed<'de> for Row<'_> {
            type Value = ();
            fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<(), D::Error> {
                d.deserialize_seq(self)
            }
        }
        impl<'de> Visitor<'de> for Row<'_> {
            type Value = ();
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a row of values")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
                let mut width = 0;
                if self.0.cells.len() > MAX_CELLS {
                    self.0.over = true;
                    while seq.next_element::<IgnoredAny>()?.is_some() {}
                    return Ok(());
                }
                while let Some(Cell(v)) = seq.next_element()? {
                    self.0.cells.push(v);
                    width += 1;
                }
                self.0.ragged |= self.0.width.is_some_and(|w| w != width);
                self.0.width = Some(width);
                Ok(())
            }
        }
        struct Rows;
        impl<'de> Visitor<'de> for Rows {
            type Value = Cells;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("rows")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Cells, A::Error> {
                let mut cells = Cells::default();
                while seq.next_element_seed(Row(&mut cells))?.is_some() {}
                Ok(cells)
            }
        }
        d.deserialize_seq(Rows)
    }
}

/// The tables of an answer, or the error that stands in it, with HTTP 200 or not.
fn tables<V: DeserializeOwned + Default>(body: &[u8]) -> Result<Read<Vec<Table<V>>>, SourceError> {
    let envelope: Envelope<V> =
        serde_json::from_slice(body).map_err(|e| unreadable(&e, "an answer of InfluxDB"))?;
    let failed = |message: String| SourceError::Query {
        fault: QueryFault::Failed,
        message,
    };
    if let Some(message) = envelope.error {
        return Err(failed(message));
    }
    let results = envelope.results.ok_or(SourceError::Malformed {
        at: 0,
        what: "results",
    })?;
    let mut read = Read::whole(Vec::new());
    for result in results {
        if let Some(message) = result.error {
            return Err(failed(message));
        }
        read.partial |= result.partial || result.series.iter().any(|t| t.partial);
        read.warnings
            .extend(result.messages.into_iter().map(|m| m.text));
        read.value.extend(result.series);
    }
    Ok(read)
}

/// The numbers of an answer as series.
pub(super) fn series(body: &[u8], limits: &Limits) -> Result<Read<Vec<Series>>, SourceError> {
    let read = tables::<Cells>(body)?;
    let mut all = Collect::new(limits);
    for table in read.value {
        take(&table, &mut all, limits)?;
    }
    Ok(Read {
        value: all.finish(),
        warnings: read.warnings,
        partial: read.partial,
    })
}

fn take(table: &Table<Cells>, all: &mut Collect<'_>, limits: &Limits) -> Result<(), SourceError> {
    if table.values.over {
        return Err(SourceError::Limit {
            what: Capacity::Values,
            limit: limits.values as u64,
        });
    }
    let width = table.columns.len();
    let malformed = |what| SourceError::Malformed { at: 1, what };
    if table.values.ragged || table.values.width.is_some_and(|w| w != width) {
        return Err(malformed("rows as long as the list of columns"));
    }
    let Some(time) = table.columns.iter().position(|c| c == "time") else {
        return Err(malformed("a column of times"));
    };
    let fields: Vec<usize> = (0..width).filter(|i| *i != time).collect();
    let mut places = vec![None; width];
    for row in table.values.cells.chunks_exact(width.max(1)) {
        let Some(t) = row.get(time).filter(|t| t.abs() < 9e15) else {
            continue;
        };
        let t = *t as i64;
        for i in &fields {
            let Some(v) = row.get(*i).filter(|v| !v.is_nan()) else {
                continue;
            };
            let place = match places.get(*i).copied().flatten() {
                Some(place) => place,
                None => {
                    let field = table.columns.get(*i).filter(|_| fields.len() > 1);
                    let tags = table.tags.iter().map(|(n, v)| (n.as_str(), v.as_str()));
                    let place = all.series(labels(&table.name, tags, field.map(String::as_str)))?;
                    if let Some(slot) = places.get_mut(*i) {
                        *slot = Some(place);
                    }
                    place
                }
            };
            all.push(place, t, *v)?;
        }
    }
    Ok(())
}

/// The texts in the column `column` of every table, each once.
pub(super) fn texts(
    body: &[u8],
    column: &str,
    limits: &Limits,
) -> Result<Read<Vec<String>>, SourceError> {
    let read = tables::<Vec<Vec<Option<String>>>>(body)?;
    let mut found = std::collections::BTreeSet::new();
    for table in &read.value {
        let Some(at) = table.columns.iter().position(|c| c == column) else {
            continue;
        };
        for row in &table.values {
            if let Some(Some(text)) = row.get(at) {
                found.insert(bounded(text, limits)?);
            }
        }
    }
    Ok(Read {
        value: found.into_iter().collect(),
        warnings: read.warnings,
        partial: read.partial,
    })
}
