//! A table that is already there, described by which of its columns is what, and checked against the catalogue before anything is read.

use crate::PgLogsError;
use crate::layout::{Category, Id, Layout, Level, Time, Trace, ident};
use model::log::LogCategory;
use sqlx::PgConnection;
use std::collections::BTreeMap;

/// Which column is what. Only `table`, `time` and `message` must be there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mapping {
    /// The table, a partitioned one or a view: `name` or `schema.name`.
    pub table: String,
    /// When a line was written: `timestamptz`, `timestamp`, `date`, or a whole number since the epoch.
    pub time: String,
    /// The zone of a `timestamp` without one, by its name in the time-zone database.
    pub time_zone: String,
    /// What a number counts: `s`, `ms`, `us` or `ns`.
    pub time_unit: String,
    /// A column of unique whole numbers that orders lines of the same time. Without one the row's place in a plain table is taken.
    pub id: String,
    /// How serious, as a word.
    pub level: String,
    /// Which category, as a word, or `=app`, `=system`, `=security` for all lines.
    pub category: String,
    /// What wrote it.
    pub service: String,
    /// Where.
    pub host: String,
    /// The text.
    pub message: String,
    /// The trace.
    pub trace_id: String,
    /// The span.
    pub span_id: String,
    /// Further fields: `json` or `jsonb`.
    pub attrs: String,
    /// Columns that are fields of their own name.
    pub extra: Vec<String>,
}

/// A table as the catalogue knows it.
#[derive(Debug)]
struct Table<'a> {
    name: &'a str,
    /// `r` plain, `p` partitioned, `v` view, `m` materialised view, `f` foreign.
    kind: char,
    /// Column to its type.
    columns: BTreeMap<String, String>,
}

impl Table<'_> {
    fn column(&self, key: &str, name: &str) -> Result<(String, &str), PgLogsError> {
        match self.columns.get(name) {
            Some(kind) => Ok((ident(name), kind)),
            None => Err(PgLogsError::NoColumn {
                key: key.to_owned(),
                table: self.name.to_owned(),
                column: name.to_owned(),
                known: self.columns.keys().cloned().collect::<Vec<_>>().join(", "),
            }),
        }
    }

    /// A column as text that is never null, if one is named.
    fn text(&self, key: &str, name: &str) -> Result<Option<String>, PgLogsError> {
        if name.is_empty() {
            return Ok(None);
        }
        let (column, _) = self.column(key, name)?;
        Ok(Some(as_text(&column)))
    }

    fn wrong(&self, key: &str, name: &str, wanted: &'static str) -> PgLogsError {
        PgLogsError::ColumnType {
            key: key.to_owned(),
            column: name.to_owned(),
            found: self.columns.get(name).cloned().unwrap_or_default(),
            wanted,
        }
    }

    fn time(&self, mapping: &Mapping) -> Result<Time, PgLogsError> {
        let (column, kind) = self.column("time", &mapping.time)?;
        match kind {
            "timestamp with time zone" => Ok(Time::Zoned(column)),
            "timestamp without time zone" | "date" => {
                if mapping.time_zone.is_empty() {
                    return Err(PgLogsError::MappingNeeds {
                        key: "time_zone",
                        why: "time_zone",
                    });
                }
                if mapping.time_zone.parse::<chrono_tz::Tz>().is_err() {
                    return Err(PgLogsError::Mapping {
                        key: "time_zone",
                        value: mapping.time_zone.clone(),
                    });
                }
                Ok(Time::Local(column, mapping.time_zone.clone()))
            }
            "bigint" | "integer" => {
                let unit = match mapping.time_unit.as_str() {
                    "s" => 1_000_000_000,
                    "ms" => 1_000_000,
                    "us" => 1_000,
                    "ns" => 1,
                    "" => {
                        return Err(PgLogsError::MappingNeeds {
                            key: "time_unit",
                            why: "time_unit",
                        });
                    }
                    other => {
                        return Err(PgLogsError::Mapping {
                            key: "time_unit",
                            value: other.to_owned(),
                        });
                    }
                };
                Ok(Time::Epoch(column, unit))
            }
            _ => Err(self.wrong("time", &mapping.time, TIMES)),
        }
    }

    fn id(&self, mapping: &Mapping) -> Result<Id, PgLogsError> {
        if mapping.id.is_empty() {
            // the places of rows repeat in each partition, and a view has none
            return if matches!(self.kind, 'r' | 'm') {
                Ok(Id::Ctid)
            } else {
                Err(PgLogsError::MappingNeeds {
                    key: "id",
                    why: "id",
                })
            };
        }
        let (column, kind) = self.column("id", &mapping.id)?;
        match kind {
            "bigint" | "integer" | "smallint" => Ok(Id::Column(column)),
            _ => Err(self.wrong("id", &mapping.id, "bigint, integer, smallint")),
        }
    }

    fn category(&self, mapping: &Mapping) -> Result<Category, PgLogsError> {
        if mapping.category.is_empty() {
            return Ok(Category::Fixed(LogCategory::App));
        }
        if let Some(fixed) = mapping.category.strip_prefix('=') {
            return fixed
                .parse()
                .map(Category::Fixed)
                .map_err(|()| PgLogsError::Mapping {
                    key: "category",
                    value: mapping.category.clone(),
                });
        }
        let (column, _) = self.column("category", &mapping.category)?;
        Ok(Category::Word(as_text(&column)))
    }

    /// A trace's or span's id: hex digits as text, as a UUID or as bytes.
    fn trace(&self, key: &str, name: &str) -> Result<Option<Trace>, PgLogsError> {
        if name.is_empty() {
            return Ok(None);
        }
        let (column, kind) = self.column(key, name)?;
        Ok(Some(match kind {
            "uuid" => Trace {
                text: format!("replace({}, '-', '')", as_text(&column)),
                column: None,
            },
            "bytea" => Trace {
                text: format!("(coalesce(encode({column}, 'hex'), '') COLLATE \"C\")"),
                column: None,
            },
            "text" | "character varying" | "character" => Trace {
                text: format!("lower({})", as_text(&column)),
                column: Some(column),
            },
            _ => return Err(self.wrong(key, name, "text, character varying, uuid, bytea")),
        }))
    }

    fn attrs(&self, mapping: &Mapping) -> Result<Option<String>, PgLogsError> {
        if mapping.attrs.is_empty() {
            return Ok(None);
        }
        let (column, kind) = self.column("attrs", &mapping.attrs)?;
        let json = match kind {
            "jsonb" => column,
            // json may hold what jsonb refuses (NULs); such a line cannot be read as fields by the server at all
            "json" => format!("{column}::jsonb"),
            _ => return Err(self.wrong("attrs", &mapping.attrs, "jsonb, json")),
        };
        // an array or a number is a field called `attrs`
        Ok(Some(format!(
            "(CASE jsonb_typeof({json}) WHEN 'object' THEN {json} WHEN 'null' THEN '{{}}' ELSE coalesce(jsonb_build_object('attrs', {json}), '{{}}') END)"
        )))
    }
}

const TIMES: &str = "timestamp with time zone, timestamp, date, bigint, integer";

fn as_text(column: &str) -> String {
    format!("(coalesce({column}::text, '') COLLATE \"C\")")
}

/// What can be read of the table; every name of the mapping is one that the catalogue has.
///
/// # Errors
/// What does not fit, by key and column.
pub(crate) async fn layout(
    conn: &mut PgConnection,
    mapping: &Mapping,
) -> Result<Layout, PgLogsError> {
    for (key, value) in [
        ("table", &mapping.table),
        ("time", &mapping.time),
        ("message", &mapping.message),
    ] {
        if value.is_empty() {
            return Err(PgLogsError::Mapping {
                key,
                value: String::new(),
            });
        }
    }
    let name = quoted(&mapping.table);
    let no_table = || PgLogsError::NoTable {
        table: mapping.table.clone(),
    };
    let found: Option<(i64, String)> = sqlx::query_as(
        "SELECT c.oid::int8, c.relkind::text FROM pg_class c WHERE c.oid = to_regclass($1) AND c.relkind IN ('r', 'p', 'v', 'm', 'f') \
         AND has_table_privilege(c.oid, 'SELECT')",
    )
    .bind(&name)
    .fetch_optional(&mut *conn)
    .await?;
    let (oid, kind) = found.ok_or_else(no_table)?;
    let columns: Vec<(String, String)> = sqlx::query_as(
        "SELECT attname::text, regexp_replace(format_type(atttypid, NULL), '\\(.*\\)', '') FROM pg_attribute \
         WHERE attrelid::int8 = $1 AND attnum > 0 AND NOT attisdropped AND has_column_privilege(attrelid, attnum, 'SELECT')",
    )
    .bind(oid)
    .fetch_all(conn)
    .await?;
    let table = Table {
        name: &mapping.table,
        kind: kind.chars().next().unwrap_or('r'),
        columns: columns.into_iter().collect(),
    };
    describe(&table, name, mapping)
}

fn describe(table: &Table<'_>, name: String, mapping: &Mapping) -> Result<Layout, PgLogsError> {
    let (message, _) = table.column("message", &mapping.message)?;
    let mut extra = Vec::with_capacity(mapping.extra.len());
    for column in &mapping.extra {
        let (quoted, _) = table.column("extra", column)?;
        extra.push((column.clone(), format!("to_jsonb({quoted})")));
    }
    Ok(Layout {
        table: name,
        own: false,
        time: table.time(mapping)?,
        id: table.id(mapping)?,
        level: table
            .text("level", &mapping.level)?
            .map_or(Level::None, Level::Word),
        category: table.category(mapping)?,
        service: table.text("service", &mapping.service)?,
        host: table.text("host", &mapping.host)?,
        trace_id: table.trace("trace_id", &mapping.trace_id)?,
        span_id: table.trace("span_id", &mapping.span_id)?,
        message: as_text(&message),
        attrs: table.attrs(mapping)?,
        extra,
    })
}

/// `name` or `schema.name`, each part quoted.
fn quoted(table: &str) -> String {
    match table.split_once('.') {
        Some((schema, name)) => format!("{}.{}", ident(schema), ident(name)),
        None => ident(table),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table<'static> {
        let columns = [
            ("id", "bigint"),
            ("at", "timestamp with time zone"),
            ("local", "timestamp without time zone"),
            ("ms", "bigint"),
            ("text", "text"),
            ("doc", "jsonb"),
            ("trace", "uuid"),
        ];
        Table {
            name: "app.log",
            kind: 'r',
            columns: columns
                .iter()
                .map(|(n, t)| ((*n).to_owned(), (*t).to_owned()))
                .collect(),
        }
    }

    fn mapping() -> Mapping {
        Mapping {
            table: "app.log".into(),
            time: "at".into(),
            message: "text".into(),
            ..Mapping::default()
        }
    }

    fn tried(mapping: &Mapping) -> Result<Layout, PgLogsError> {
        describe(&table(), quoted(&mapping.table), mapping)
    }

    #[test]
    fn the_least_that_is_needed() {
        let layout = tried(&mapping()).expect("good");
        assert_eq!(layout.table, "\"app\".\"log\"");
        assert!(matches!(layout.id, Id::Ctid) && matches!(layout.level, Level::None));
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let code = |change: fn(&mut Mapping)| {
            let mut m = mapping();
            change(&mut m);
            tried(&m).expect_err("wrong").code()
        };
        assert_eq!(code(|m| m.message = "texts".into()), "no_column");
        assert_eq!(code(|m| m.time = "text".into()), "column_type");
        assert_eq!(code(|m| m.time = "local".into()), "mapping_time_zone");
        assert_eq!(code(|m| m.time = "ms".into()), "mapping_time_unit");
        assert_eq!(code(|m| m.id = "text".into()), "column_type");
        assert_eq!(code(|m| m.attrs = "text".into()), "column_type");
        assert_eq!(code(|m| m.trace_id = "ms".into()), "column_type");
        assert_eq!(code(|m| m.category = "=loud".into()), "mapping");
        assert_eq!(
            code(|m| {
                m.time = "local".into();
                m.time_zone = "China".into();
            }),
            "mapping"
        );
        let mut view = table();
        view.kind = 'v';
        let error = describe(&view, String::new(), &mapping()).expect_err("a view");
        assert_eq!(error.code(), "mapping_id");
    }

    #[test]
    fn the_columns_that_there_are_stand_in_the_error() {
        let mut m = mapping();
        m.extra = vec!["colour".into()];
        let params = tried(&m).expect_err("wrong").params();
        assert!(params.contains(&("known", "at, doc, id, local, ms, text, trace".into())));
    }
}
