//! Where in a table a line's fields are: in ours, or in one that a mapping describes.

use model::log::{Direction, LogCategory, LogPosition};
use sqlx::{Postgres, QueryBuilder};

/// Text of SQL with its parameters.
pub(crate) type Sql = QueryBuilder<Postgres>;

/// Which columns, as SQL. Text expressions are never null and have the collation C, so that `lower` changes ASCII letters only.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    /// The table, quoted.
    pub table: String,
    /// Whether it is our own, with counters and batches beside it.
    pub own: bool,
    pub time: Time,
    pub id: Id,
    pub level: Level,
    pub category: Category,
    /// `None`: no line has it.
    pub service: Option<String>,
    pub host: Option<String>,
    pub trace_id: Option<Trace>,
    pub span_id: Option<Trace>,
    pub message: String,
    /// All attributes, a jsonb object.
    pub attrs: Option<String>,
    /// Further columns that are attributes: name and the column as jsonb.
    pub extra: Vec<(String, String)>,
}

/// A line's time.
#[derive(Clone, Debug)]
pub(crate) enum Time {
    /// Ours: `ts` to the microsecond and `ns` beyond.
    Split,
    /// `timestamp with time zone`.
    Zoned(String),
    /// `timestamp` or `date` as a clock of this zone shows it.
    Local(String, String),
    /// A whole number of so many nanoseconds since the epoch.
    Epoch(String, i64),
}

/// What orders lines of the same time.
#[derive(Clone, Debug)]
pub(crate) enum Id {
    /// A column of whole numbers.
    Column(String),
    /// The row's place in its file.
    Ctid,
}

/// A line's level.
#[derive(Clone, Debug)]
pub(crate) enum Level {
    /// 0 for none, 1 for trace up to 6 for fatal.
    Code(String),
    /// A word.
    Word(String),
    /// No line has one.
    None,
}

/// A line's category.
#[derive(Clone, Debug)]
pub(crate) enum Category {
    /// 0 app, 1 system, 2 security.
    Code(String),
    /// A word; any other than ours is `app`.
    Word(String),
    /// All lines are of this one.
    Fixed(LogCategory),
}

/// A trace's or span's id.
#[derive(Clone, Debug)]
pub(crate) struct Trace {
    /// As small hex digits.
    pub text: String,
    /// The column, where an index on it can be used for its text in small or capital letters.
    pub column: Option<String>,
}

impl Layout {
    /// The table of [`crate::schema`].
    pub fn own() -> Self {
        let text = |column: &str| Some(column.to_owned());
        let trace = |column: &str| {
            Some(Trace {
                text: column.to_owned(),
                column: None,
            })
        };
        Self {
            table: "shouwang_logs.line".into(),
            own: true,
            time: Time::Split,
            id: Id::Column("id".into()),
            level: Level::Code("level".into()),
            category: Category::Code("category".into()),
            service: text("service"),
            host: text("host"),
            trace_id: trace("trace_id"),
            span_id: trace("span_id"),
            message: "message".into(),
            attrs: text("attrs"),
            extra: Vec::new(),
        }
    }

    /// The columns of a line in the order in which [`crate::read`] takes them; what is not wanted comes empty.
    pub fn select(&self, message: bool, attrs: bool) -> String {
        let text = |e: &Option<String>| e.clone().unwrap_or_else(|| "''".into());
        let trace = |t: &Option<Trace>| t.as_ref().map_or("''".into(), |t| t.text.clone());
        format!(
            "{} AS at_ns, {} AS seq, {} AS level, {} AS category, {} AS service, {} AS host, {} AS trace_id, {} AS span_id, {} AS message, {} AS attrs",
            self.time_ns(),
            self.id.select(),
            match &self.level {
                Level::Code(c) => format!("{c}::text"),
                Level::Word(e) => e.clone(),
                Level::None => "''".into(),
            },
            match &self.category {
                Category::Code(c) => format!("{c}::text"),
                Category::Word(e) => e.clone(),
                Category::Fixed(c) => format!("'{}'", c.name()),
            },
            text(&self.service),
            text(&self.host),
            trace(&self.trace_id),
            trace(&self.span_id),
            if message { &self.message } else { "''" },
            if attrs { self.all_attrs() } else { "''".into() },
        )
    }

    fn all_attrs(&self) -> String {
        let mut all = self.attrs.clone().unwrap_or_else(|| "'{}'::jsonb".into());
        for (name, column) in &self.extra {
            all = format!("{all} || jsonb_build_object({}, {column})", literal(name));
        }
        format!("({all})::text")
    }

    /// A line's time in nanoseconds, a bigint; only for rows that a time bound has chosen, because others may not fit.
    pub fn time_ns(&self) -> String {
        let micros = |e: &str| format!("(extract(epoch FROM {e}) * 1000000)::int8 * 1000");
        match &self.time {
            Time::Split => format!("{} + ns", micros("ts")),
            Time::Zoned(c) => micros(c),
            Time::Local(c, zone) => micros(&format!("({c} AT TIME ZONE {})", literal(zone))),
            Time::Epoch(c, unit) => format!("{c}::int8 * {unit}"),
        }
    }

    /// The order of lines.
    pub fn order(&self, direction: Direction) -> String {
        let way = match direction {
            Direction::Older => "DESC",
            Direction::Newer => "ASC",
        };
        match &self.time {
            Time::Split => format!("ts {way}, ns {way}, id {way}"),
            Time::Zoned(c) | Time::Local(c, _) | Time::Epoch(c, _) => {
                format!("{c} {way}, {} {way}", self.id.column())
            }
        }
    }

    /// Lines from `from_ns` on and before `to_ns`.
    pub fn push_range(&self, sql: &mut Sql, from_ns: i64, to_ns: i64) {
        if let Time::Split = self.time {
            let (us, ns) = split(from_ns);
            sql.push("ts >= ");
            push_time(sql, us);
            if ns > 0 {
                sql.push(" AND (ts > ");
                push_time(sql, us);
                sql.push(format!(" OR ns >= {ns})"));
            }
            let (us, ns) = split(to_ns);
            if ns == 0 {
                sql.push(" AND ts < ");
                push_time(sql, us);
            } else {
                sql.push(" AND ts <= ");
                push_time(sql, us);
                sql.push(" AND (ts < ");
                push_time(sql, us);
                sql.push(format!(" OR ns < {ns})"));
            }
            return;
        }
        let unit = self.unit_ns();
        let column = self.time_column();
        sql.push(format!("{column} >= "));
        self.push_bound(sql, div_ceil(from_ns, unit));
        sql.push(format!(" AND {column} < "));
        self.push_bound(sql, div_ceil(to_ns, unit));
    }

    /// Lines on the far side of this position.
    pub fn push_beyond(&self, sql: &mut Sql, beyond: LogPosition, direction: Direction) {
        let sign = match direction {
            Direction::Older => '<',
            Direction::Newer => '>',
        };
        let seq = i64::try_from(beyond.seq).unwrap_or(i64::MAX);
        if let Time::Split = self.time {
            let (us, ns) = split(beyond.at_ns);
            // the first comparison is for the index, the second decides among equal times
            sql.push(format!("ts {sign}= "));
            push_time(sql, us);
            sql.push(format!(" AND (ts, ns, id) {sign} ("));
            push_time(sql, us);
            sql.push(format!(", {ns}::int2, "));
            sql.push_bind(seq);
            sql.push("::int8)");
            return;
        }
        let unit = self.unit_ns();
        let (whole, rest) = (beyond.at_ns.div_euclid(unit), beyond.at_ns.rem_euclid(unit));
        let column = self.time_column();
        if rest > 0 {
            // no line is exactly there: all of the same coarse time are before it
            sql.push(match direction {
                Direction::Older => format!("{column} <= "),
                Direction::Newer => format!("{column} > "),
            });
            self.push_bound(sql, whole);
            return;
        }
        sql.push(format!("{column} {sign}= "));
        self.push_bound(sql, whole);
        sql.push(format!(" AND ({column}, {}) {sign} (", self.id.column()));
        self.push_bound(sql, whole);
        sql.push(", ");
        self.id.push(sql, seq);
        sql.push(")");
    }

    fn time_column(&self) -> &str {
        match &self.time {
            Time::Split => "ts",
            Time::Zoned(c) | Time::Local(c, _) | Time::Epoch(c, _) => c,
        }
    }

    /// Nanoseconds of the smallest step of the column.
    fn unit_ns(&self) -> i64 {
        match &self.time {
            Time::Split | Time::Zoned(_) | Time::Local(..) => 1000,
            Time::Epoch(_, unit) => *unit,
        }
    }

    fn push_bound(&self, sql: &mut Sql, units: i64) {
        match &self.time {
            Time::Split | Time::Zoned(_) => push_time(sql, units),
            Time::Local(_, zone) => {
                sql.push("(");
                push_time(sql, units);
                sql.push(format!(" AT TIME ZONE {})", literal(zone)));
            }
            Time::Epoch(..) => {
                sql.push_bind(units);
            }
        }
    }
}

impl Id {
    fn column(&self) -> &str {
        match self {
            Self::Column(c) => c,
            Self::Ctid => "ctid",
        }
    }

    fn select(&self) -> String {
        match self {
            Self::Column(c) => format!("{c}::int8"),
            // block and place in it
            Self::Ctid => {
                "(((ctid::text::point)[0])::int8 << 16 | ((ctid::text::point)[1])::int8)".into()
            }
        }
    }

    fn push(&self, sql: &mut Sql, seq: i64) {
        match self {
            Self::Column(_) => {
                sql.push_bind(seq);
                sql.push("::int8");
            }
            Self::Ctid => {
                // a block's number has 32 bits
                let block = (seq >> 16) & 0xffff_ffff;
                sql.push(format!("'({block},{})'::tid", seq & 0xffff));
            }
        }
    }
}

/// Microseconds and nanoseconds beyond.
pub(crate) fn split(at_ns: i64) -> (i64, i16) {
    let rest = i16::try_from(at_ns.rem_euclid(1000)).unwrap_or(0);
    (at_ns.div_euclid(1000), rest)
}

fn div_ceil(a: i64, unit: i64) -> i64 {
    a.div_euclid(unit) + i64::from(a.rem_euclid(unit) > 0)
}

/// A parameter of type `timestamptz`.
pub(crate) fn push_time(sql: &mut Sql, us: i64) {
    // every i64 of nanoseconds, and so every such count of microseconds, is a date that chrono knows
    sql.push_bind(chrono::DateTime::from_timestamp_micros(us).unwrap_or_default());
}

/// A text as a literal; for names that come from a configuration and that a parameter cannot stand for.
pub(crate) fn literal(text: &str) -> String {
    let text: String = text.chars().filter(|c| *c != '\0').collect();
    if text.contains('\\') {
        format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
    } else {
        format!("'{}'", text.replace('\'', "''"))
    }
}

/// An identifier, quoted.
pub(crate) fn ident(name: &str) -> String {
    let name: String = name.chars().filter(|c| *c != '\0').collect();
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_before_the_epoch_keep_their_order() {
        assert_eq!(split(1_234_567), (1234, 567));
        assert_eq!(split(-1), (-1, 999));
        assert_eq!(div_ceil(1001, 1000), 2);
        assert_eq!(div_ceil(-1, 1000), 0);
        assert_eq!(div_ceil(-1000, 1000), -1);
    }

    #[test]
    fn names_and_texts_cannot_leave_their_quotes() {
        assert_eq!(ident("a\"; DROP"), "\"a\"\"; DROP\"");
        assert_eq!(literal("Asia/Shanghai"), "'Asia/Shanghai'");
        assert_eq!(literal("a'b\\"), "E'a''b\\\\'");
    }
}
