//! A filter as a condition of SQL.
//!
//! The condition chooses every line that the filter wants, and, where SQL and [`logs::matches`] cannot be held to the same answer
//! (numbers, nested values), some more; then [`push`] says so and the lines are looked at again.

use crate::layout::{Category, Layout, Level, Sql, literal};
use model::log::{Compare, Field, Filter, LogCategory, LogLevel};
use source::{QueryFault, SourceError};

/// Nesting and conditions that a filter may have: what a person writes has a dozen.
const MAX_DEPTH: usize = 64;
const MAX_LEAVES: usize = 2000;

/// Refuses a filter that is larger than any that is written by hand.
///
/// # Errors
/// [`SourceError::Query`].
pub(crate) fn check(filter: &Filter) -> Result<(), SourceError> {
    fn walk(filter: &Filter, depth: usize, leaves: &mut usize) -> bool {
        *leaves += 1;
        if depth > MAX_DEPTH || *leaves > MAX_LEAVES {
            return false;
        }
        match filter {
            Filter::And(all) | Filter::Or(all) => all.iter().all(|f| walk(f, depth + 1, leaves)),
            Filter::Not(inner) => walk(inner, depth + 1, leaves),
            _ => true,
        }
    }
    if walk(filter, 0, &mut 0) {
        Ok(())
    } else {
        Err(SourceError::Query {
            fault: QueryFault::Invalid,
            message: format!("more than {MAX_DEPTH} levels or {MAX_LEAVES} conditions"),
        })
    }
}

/// Writes the condition. True when it chooses exactly the lines of the filter.
pub(crate) fn push(sql: &mut Sql, layout: &Layout, filter: &Filter) -> bool {
    Writer { sql, layout }.filter(filter, false)
}

/// The levels that lines of this filter can have; a superset, all (with none) when it says nothing about them.
pub(crate) fn levels(filter: &Filter) -> Vec<Option<LogLevel>> {
    all_levels().filter(|l| possible(filter, *l)).collect()
}

fn all_levels() -> impl Iterator<Item = Option<LogLevel>> {
    std::iter::once(None).chain(LogLevel::ALL.into_iter().map(Some))
}

fn possible(filter: &Filter, level: Option<LogLevel>) -> bool {
    match filter {
        Filter::And(all) => all.iter().all(|f| possible(f, level)),
        Filter::Or(any) => any.iter().any(|f| possible(f, level)),
        Filter::Not(inner) => match inner.as_ref() {
            leaf if is_of_level(leaf) => !possible(leaf, level),
            _ => true,
        },
        leaf if is_of_level(leaf) => level_holds(leaf, level),
        _ => true,
    }
}

fn is_of_level(filter: &Filter) -> bool {
    matches!(
        filter,
        Filter::AtLeast(_)
            | Filter::Is(Field::Level, _)
            | Filter::Contains(Field::Level, _)
            | Filter::Prefix(Field::Level, _)
            | Filter::Has(Field::Level)
            | Filter::Number(Field::Level, ..)
    )
}

/// Whether a line with this level and nothing else fits; what is said about a level alone is decided by the reference itself.
fn level_holds(filter: &Filter, level: Option<LogLevel>) -> bool {
    let line = model::log::LogLine {
        level,
        ..Default::default()
    };
    logs::matches(filter, &line)
}

fn category_holds(filter: &Filter, category: LogCategory) -> bool {
    let line = model::log::LogLine {
        category,
        ..Default::default()
    };
    logs::matches(filter, &line)
}

/// The service that all lines of this filter have, in small letters, if it names one.
pub(crate) fn service(filter: &Filter) -> Option<String> {
    match filter {
        Filter::Is(Field::Service, value) if !value.is_empty() => Some(value.to_ascii_lowercase()),
        Filter::And(all) => all.iter().find_map(service),
        _ => None,
    }
}

/// Whether the filter asks about nothing but what the counters of each minute know.
pub(crate) fn counted(filter: &Filter) -> bool {
    match filter {
        Filter::All | Filter::AtLeast(_) => true,
        Filter::And(all) | Filter::Or(all) => all.iter().all(counted),
        Filter::Not(inner) => counted(inner),
        Filter::Text(phrase) => phrase.is_empty(),
        Filter::Is(f, _) | Filter::Contains(f, _) | Filter::Prefix(f, _) | Filter::Has(f) => {
            matches!(f, Field::Level | Field::Category | Field::Service)
        }
        Filter::Number(..) => false,
    }
}

/// The table of counters that answers a filter that is [`counted`], the smaller if it can.
pub(crate) fn counters(filter: &Filter) -> &'static str {
    if names_service(filter) {
        "shouwang_logs.minute"
    } else {
        "shouwang_logs.minute_level"
    }
}

fn names_service(filter: &Filter) -> bool {
    match filter {
        Filter::And(all) | Filter::Or(all) => all.iter().any(names_service),
        Filter::Not(inner) => names_service(inner),
        Filter::Is(f, _) | Filter::Contains(f, _) | Filter::Prefix(f, _) | Filter::Has(f) => {
            *f == Field::Service
        }
        Filter::All | Filter::AtLeast(_) | Filter::Text(_) | Filter::Number(..) => false,
    }
}

struct Writer<'a> {
    sql: &'a mut Sql,
    layout: &'a Layout,
}

impl Writer<'_> {
    fn filter(&mut self, filter: &Filter, not: bool) -> bool {
        match filter {
            Filter::And(all) if !not => self.several(all, " AND ", "TRUE", not),
            Filter::And(all) => self.several(all, " OR ", "FALSE", not),
            Filter::Or(any) if !not => self.several(any, " OR ", "FALSE", not),
            Filter::Or(any) => self.several(any, " AND ", "TRUE", not),
            Filter::Not(inner) => self.filter(inner, !not),
            leaf => self.leaf(leaf, not),
        }
    }

    fn several(&mut self, parts: &[Filter], between: &str, none: &str, not: bool) -> bool {
        if parts.is_empty() {
            self.sql.push(none);
            return true;
        }
        let mut exact = true;
        self.sql.push("(");
        for (i, part) in parts.iter().enumerate() {
            if i > 0 {
                self.sql.push(between);
            }
            exact &= self.filter(part, not);
        }
        self.sql.push(")");
        exact
    }

    /// A leaf, or its opposite. What is not exact has no opposite in SQL: then every line is chosen and looked at again.
    fn leaf(&mut self, leaf: &Filter, not: bool) -> bool {
        if !is_exact(leaf) && not {
            self.sql.push("TRUE");
            return false;
        }
        if not {
            self.sql.push("NOT ");
        }
        self.sql.push("(");
        self.positive(leaf);
        self.sql.push(")");
        is_exact(leaf)
    }

    fn positive(&mut self, leaf: &Filter) {
        if is_of_level(leaf) {
            return self.level(leaf);
        }
        match leaf {
            Filter::Is(Field::Category, _)
            | Filter::Contains(Field::Category, _)
            | Filter::Prefix(Field::Category, _)
            | Filter::Has(Field::Category)
            | Filter::Number(Field::Category, ..) => self.category(leaf),
            Filter::Text(phrase) => {
                let message = self.layout.message.clone();
                self.contains(&message, phrase);
            }
            Filter::Is(Field::Attr(path), value) => self.attr_is(path, value),
            Filter::Contains(Field::Attr(path), part) => self.attr_part(path, part, false),
            Filter::Prefix(Field::Attr(path), start) => self.attr_part(path, start, true),
            Filter::Has(Field::Attr(path)) => self.attr_has(path),
            Filter::Number(Field::Attr(path), compare, bound) => {
                self.attr_number(path, *compare, *bound);
            }
            Filter::Is(field, value) => self.own_is(field, value),
            Filter::Contains(field, part) => match self.own(field) {
                Some(text) => {
                    self.sql.push(there(field, &text));
                    self.contains(&text, part);
                }
                None => self.no(),
            },
            Filter::Prefix(field, start) => match self.own(field) {
                Some(text) => {
                    self.sql.push(there(field, &text));
                    self.begins(&text, start);
                }
                None => self.no(),
            },
            Filter::Has(field) => match self.own(field) {
                Some(text) => {
                    self.sql.push(format!("{text} <> ''"));
                }
                None => self.no(),
            },
            Filter::Number(field, compare, bound) => match self.own(field) {
                Some(text) => self.text_number(&text, *compare, *bound),
                None => self.no(),
            },
            // taken apart before, or about levels
            Filter::All | Filter::And(_) | Filter::Or(_) | Filter::Not(_) | Filter::AtLeast(_) => {
                self.sql.push("TRUE");
            }
        }
    }

    fn no(&mut self) {
        self.sql.push("FALSE");
    }

    /// A field of every line as text.
    fn own(&self, field: &Field) -> Option<String> {
        match field {
            Field::Service => self.layout.service.clone(),
            Field::Host => self.layout.host.clone(),
            Field::Message => Some(self.layout.message.clone()),
            Field::TraceId => self.layout.trace_id.as_ref().map(|t| t.text.clone()),
            Field::SpanId => self.layout.span_id.as_ref().map(|t| t.text.clone()),
            Field::Level | Field::Category | Field::Attr(_) => None,
        }
    }

    fn own_is(&mut self, field: &Field, value: &str) {
        let Some(text) = self.own(field) else {
            return self.no();
        };
        if value.contains('\0') {
            return self.no();
        }
        let column = match field {
            Field::TraceId => self.layout.trace_id.as_ref(),
            Field::SpanId => self.layout.span_id.as_ref(),
            _ => None,
        }
        .and_then(|t| t.column.clone());
        if let Some(column) = column {
            self.sql.push(format!("coalesce({column} IN ("));
            self.sql.push_bind(value.to_ascii_lowercase());
            self.sql.push(", ");
            self.sql.push_bind(value.to_ascii_uppercase());
            self.sql.push("), FALSE)");
            return;
        }
        self.sql.push(there(field, &text));
        self.sql.push(format!("lower({text}) = "));
        self.sql.push_bind(value.to_ascii_lowercase());
    }

    /// Whether `text` contains `part`. Without ASCII letters in it there are no small and capital ones to make equal.
    fn contains(&mut self, text: &str, part: &str) {
        if part.contains('\0') {
            return self.no();
        }
        if part.is_empty() {
            self.sql.push("TRUE");
        } else if part.bytes().any(|b| b.is_ascii_alphabetic()) {
            self.sql.push(format!("strpos(lower({text}), "));
            self.sql.push_bind(part.to_ascii_lowercase());
            self.sql.push(") > 0");
        } else {
            self.sql.push(format!("strpos({text}, "));
            self.sql.push_bind(part.to_owned());
            self.sql.push(") > 0");
        }
    }

    fn begins(&mut self, text: &str, start: &str) {
        if start.contains('\0') {
            return self.no();
        }
        let mut pattern: String = String::with_capacity(start.len() + 1);
        for c in start.to_ascii_lowercase().chars() {
            if matches!(c, '%' | '_' | '\\') {
                pattern.push('\\');
            }
            pattern.push(c);
        }
        pattern.push('%');
        self.sql.push(format!("lower({text}) LIKE "));
        self.sql.push_bind(pattern);
    }

    fn level(&mut self, leaf: &Filter) {
        let held: Vec<Option<LogLevel>> = all_levels().filter(|l| level_holds(leaf, *l)).collect();
        match &self.layout.level {
            Level::None => {
                let held = held.contains(&None);
                self.sql.push(if held { "TRUE" } else { "FALSE" });
            }
            Level::Code(column) => {
                let codes: Vec<String> = held.iter().map(|l| level_code(*l).to_string()).collect();
                self.sql.push(format!(
                    "{column} = ANY ('{{{}}}'::int2[])",
                    codes.join(",")
                ));
            }
            Level::Word(expr) => {
                // lines of no level are those whose word is none that we know
                let (not, of) = if held.contains(&None) {
                    let others = all_levels().filter(|l| !held.contains(l));
                    ("NOT ", others.collect::<Vec<_>>())
                } else {
                    ("", held)
                };
                let words: Vec<String> = of
                    .iter()
                    .flatten()
                    .flat_map(|l| l.words())
                    .map(|w| literal(w))
                    .collect();
                let word = format!("lower(btrim({expr}, E' \\t\\r\\n\\f\\u00a0\\u3000'))");
                self.sql.push(format!(
                    "{not}({word} = ANY (ARRAY[{}]::text[]))",
                    words.join(",")
                ));
            }
        }
    }

    fn category(&mut self, leaf: &Filter) {
        let held: Vec<LogCategory> = LogCategory::ALL
            .into_iter()
            .filter(|c| category_holds(leaf, *c))
            .collect();
        match &self.layout.category {
            Category::Fixed(c) => {
                self.sql
                    .push(if held.contains(c) { "TRUE" } else { "FALSE" });
            }
            Category::Code(column) => {
                let codes: Vec<String> =
                    held.iter().map(|c| category_code(*c).to_string()).collect();
                self.sql.push(format!(
                    "{column} = ANY ('{{{}}}'::int2[])",
                    codes.join(",")
                ));
            }
            Category::Word(expr) => {
                let of = |c: &LogCategory| [literal(c.name()), literal(&format!("{c}-logs"))];
                let (not, words): (_, Vec<String>) = if held.contains(&LogCategory::App) {
                    let others = LogCategory::ALL.iter().filter(|c| !held.contains(c));
                    ("NOT ", others.flat_map(of).collect())
                } else {
                    ("", held.iter().flat_map(of).collect())
                };
                self.sql.push(format!(
                    "{not}({expr} = ANY (ARRAY[{}]::text[]))",
                    words.join(",")
                ));
            }
        }
    }

    /// An attribute as jsonb, null where there is none; `None` when no line can have it.
    fn attr(&self, path: &[String]) -> Option<String> {
        if path.iter().any(|key| key.contains('\0')) {
            return None;
        }
        let (first, rest) = path.split_first()?;
        let extra = self.layout.extra.iter().find(|(name, _)| name == first);
        let (base, keys) = match (extra, &self.layout.attrs) {
            (Some((_, column)), _) => (column.clone(), rest),
            (None, Some(attrs)) => (attrs.clone(), path),
            (None, None) => return None,
        };
        // by name only: `#>` would take a number as a place in a list
        Some(
            keys.iter()
                .fold(base, |at, key| format!("({at} -> {}::text)", literal(key))),
        )
    }

    fn attr_is(&mut self, path: &[String], value: &str) {
        let Some(at) = self.attr(path).filter(|_| !value.contains('\0')) else {
            return self.no();
        };
        let text = format!("({at} #>> '{{}}')");
        self.sql.push(format!(
            "coalesce(CASE jsonb_typeof({at}) WHEN 'null' THEN FALSE WHEN 'number' THEN {} WHEN 'array' THEN {} WHEN 'object' THEN {} ELSE lower({text} COLLATE \"C\") = ",
            match as_number(value) {
                Some(number) => format!("{text}::numeric BETWEEN {} AND {}", below(number), above(number)),
                None => "FALSE".into(),
            },
            value.starts_with('['),
            value.starts_with('{'),
        ));
        self.sql.push_bind(value.to_ascii_lowercase());
        self.sql.push(" END, FALSE)");
    }

    fn attr_part(&mut self, path: &[String], part: &str, begins: bool) {
        let Some(at) = self.attr(path) else {
            return self.no();
        };
        let text = format!("({at} #>> '{{}}') COLLATE \"C\"");
        self.sql.push(format!(
            "coalesce(CASE WHEN jsonb_typeof({at}) IN ('number', 'array', 'object') THEN TRUE WHEN jsonb_typeof({at}) = 'null' THEN FALSE ELSE "
        ));
        if begins {
            self.begins(&text, part);
        } else {
            self.contains(&text, part);
        }
        self.sql.push(" END, FALSE)");
    }

    fn attr_has(&mut self, path: &[String]) {
        let Some(at) = self.attr(path) else {
            return self.no();
        };
        self.sql.push(format!(
            "coalesce({at} NOT IN ('null', '\"\"', '[]', '{{}}'), FALSE)"
        ));
    }

    fn attr_number(&mut self, path: &[String], compare: Compare, bound: f64) {
        let Some(at) = self.attr(path) else {
            return self.no();
        };
        let text = format!("({at} #>> '{{}}')");
        let stands = stands(compare, bound);
        self.sql.push(format!(
            "coalesce(CASE jsonb_typeof({at}) WHEN 'number' THEN {text}::numeric{stands} WHEN 'string' THEN "
        ));
        self.text_number(&text, compare, bound);
        self.sql.push(" ELSE FALSE END, FALSE)");
    }

    /// Texts that are numbers and stand so; those whose spelling PostgreSQL might not take are looked at again.
    fn text_number(&mut self, text: &str, compare: Compare, bound: f64) {
        let usual = "'^[+-]?[0-9]{1,200}([.][0-9]{1,200})?([eE][+-]?[0-9]{1,3})?$'";
        self.sql.push(format!(
            "CASE WHEN {text} ~ {usual} THEN {text}::numeric{} ELSE {text} ~ '[0-9]' AND {text} !~ '[a-df-zA-DF-Z]' END",
            stands(compare, bound)
        ));
    }
}

/// What a field of text must be before anything else is asked about it: a field that is empty is not there, but for the message.
fn there(field: &Field, text: &str) -> String {
    match field {
        Field::Message => String::new(),
        _ => format!("{text} <> '' AND "),
    }
}

fn is_exact(leaf: &Filter) -> bool {
    match leaf {
        Filter::Number(Field::Level | Field::Category, ..) => true,
        Filter::Number(..)
        | Filter::Contains(Field::Attr(_), _)
        | Filter::Prefix(Field::Attr(_), _) => false,
        Filter::Is(Field::Attr(_), value) => {
            as_number(value).is_none() && !value.starts_with(['[', '{'])
        }
        _ => true,
    }
}

fn as_number(text: &str) -> Option<f64> {
    text.parse::<f64>().ok().filter(|n| n.is_finite())
}

/// ` <= bound`, with the bound moved a little outwards: f64 and numeric round differently, and lines are looked at again.
fn stands(compare: Compare, bound: f64) -> String {
    if bound.is_nan() {
        return " IS NULL".into();
    }
    match compare {
        Compare::Less | Compare::AtMost => format!(" <= {}", above(bound)),
        Compare::More | Compare::AtLeast => format!(" >= {}", below(bound)),
    }
}

fn above(bound: f64) -> String {
    numeric(bound.next_up().next_up())
}

fn below(bound: f64) -> String {
    numeric(bound.next_down().next_down())
}

fn numeric(value: f64) -> String {
    // beyond f64 on either side, because a jsonb number may be too
    if value == f64::INFINITY {
        "'Infinity'::numeric".into()
    } else if value == f64::NEG_INFINITY {
        "'-Infinity'::numeric".into()
    } else {
        format!("'{value}'::numeric")
    }
}

/// The number that stands for a level in our table.
pub(crate) fn level_code(level: Option<LogLevel>) -> i16 {
    level.map_or(0, |l| 1 + l as i16)
}

/// The number that stands for a category in our table.
pub(crate) fn category_code(category: LogCategory) -> i16 {
    category as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(filter: &Filter) -> (String, bool) {
        let mut sql = Sql::new("");
        let exact = push(&mut sql, &Layout::own(), filter);
        (sql.into_string(), exact)
    }

    #[test]
    fn levels_are_codes_and_what_lacks_one_is_not_at_least_anything() {
        let (sql, exact) = written(&Filter::AtLeast(LogLevel::Error));
        assert!(exact && sql.contains("'{5,6}'"), "{sql}");
        let not = Filter::Not(Box::new(Filter::AtLeast(LogLevel::Error)));
        assert_eq!(levels(&not).len(), 5);
        assert!(written(&not).0.starts_with("NOT ("));
        let both = Filter::AtLeast(LogLevel::Warn).and(Filter::Not(Box::new(Filter::Is(
            Field::Level,
            "ERROR".into(),
        ))));
        assert_eq!(levels(&both), [Some(LogLevel::Warn), Some(LogLevel::Fatal)]);
    }

    #[test]
    fn what_sql_cannot_decide_is_never_turned_round() {
        let number = Filter::Number(Field::named("http.status"), Compare::More, 499.0);
        let (sql, exact) = written(&Filter::Not(Box::new(number.clone())));
        assert_eq!((sql.as_str(), exact), ("TRUE", false));
        let either = Filter::Not(Box::new(Filter::Or(vec![
            number,
            Filter::Text("超时".into()),
        ])));
        let (sql, exact) = written(&either);
        assert!(!exact && sql.contains(" AND NOT ("), "{sql}");
    }

    #[test]
    fn nothing_of_a_filter_becomes_sql() {
        let evil = "x'); DROP TABLE line; --";
        let filter = Filter::And(vec![
            Filter::Text(evil.into()),
            Filter::Is(Field::Service, evil.into()),
            Filter::Prefix(Field::Host, evil.into()),
            Filter::Is(Field::named("a"), evil.into()),
        ]);
        assert!(!written(&filter).0.contains("DROP"));
        let (sql, _) = written(&Filter::Has(Field::Attr(vec![evil.into()])));
        assert!(sql.contains("'x''); DROP"), "{sql}");
    }

    #[test]
    fn counters_know_level_category_and_service() {
        let yes = Filter::And(vec![
            Filter::AtLeast(LogLevel::Warn),
            Filter::Not(Box::new(Filter::Is(Field::Service, "a".into()))),
        ]);
        assert!(counted(&yes) && counted(&Filter::All));
        assert!(!counted(&yes.and(Filter::Text("x".into()))));
        assert!(!counted(&Filter::Has(Field::Host)));
        assert_eq!(
            counters(&Filter::AtLeast(LogLevel::Warn)),
            "shouwang_logs.minute_level"
        );
        let service = Filter::Is(Field::Service, "a".into());
        assert_eq!(
            counters(&Filter::Not(Box::new(service))),
            "shouwang_logs.minute"
        );
    }

    #[test]
    fn filters_without_end_are_refused() {
        let mut deep = Filter::All;
        for _ in 0..100 {
            deep = Filter::Not(Box::new(deep));
        }
        assert!(check(&deep).is_err());
        assert!(check(&Filter::Or(vec![Filter::All; 3000])).is_err());
        assert!(check(&Filter::Text("x".into())).is_ok());
    }
}
