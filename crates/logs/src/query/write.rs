//! A filter as a query.

use super::token::{begins_name, in_name, keyword};
use model::log::{Compare, Field, Filter, LogCategory, LogLevel};

/// Numbers beyond this are written with an exponent.
const PLAIN_BELOW: f64 = 1e15;

/// The filter as a query that asks for the same lines. What [`parse`](super::parse()) read comes back as it was; a filter that no query can say
/// (an empty conjunction, a comparison with "not a number") becomes one with the same meaning.
pub fn write(filter: &Filter) -> String {
    match filter {
        // every line is what nothing asks for
        Filter::All => String::new(),
        _ => inner(filter),
    }
}

/// Every line.
const ALL: &str = "*";
/// No line.
const NONE: &str = "-*";

fn inner(filter: &Filter) -> String {
    match filter {
        Filter::All => ALL.to_owned(),
        Filter::And(all) => match all.as_slice() {
            [] => ALL.to_owned(),
            [only] => inner(only),
            _ => joined(all, " "),
        },
        Filter::Or(any) => match any.as_slice() {
            [] => NONE.to_owned(),
            [only] => inner(only),
            _ => list(any).unwrap_or_else(|| joined(any, " or ")),
        },
        Filter::Not(not) => format!("-{}", not_loose(not, true)),
        Filter::Text(text) => word(text),
        Filter::Is(Field::Message, value) => named(&Field::Message, "=", &quoted(value)),
        Filter::Is(field, value) => named(field, ":", &value_of(field, value)),
        Filter::Contains(field, part) => named(field, ":~", &bare_or_quoted(part)),
        Filter::Prefix(field, start) => named(field, ":", &format!("{}*", quoted_if_odd(start))),
        Filter::Has(field) => named(field, ":", "*"),
        Filter::Number(field, compare, number) => compared(field, *compare, *number),
        Filter::AtLeast(level) => format!("level>={level}"),
    }
}

/// Several with a sign between them, each in parentheses where it would fall apart.
fn joined(filters: &[Filter], between: &str) -> String {
    let parts: Vec<String> = filters.iter().map(|f| not_loose(f, false)).collect();
    parts.join(between)
}

/// In parentheses when it consists of several; also a negation, if asked for, because `--` begins a word.
fn not_loose(filter: &Filter, negation_too: bool) -> String {
    let text = inner(filter);
    let loose = match filter {
        Filter::And(f) => f.len() != 1 || f.first().is_some_and(is_loose),
        Filter::Or(f) => f.len() != 1 || f.first().is_some_and(is_loose),
        _ => false,
    };
    if loose || (negation_too && text.starts_with('-')) {
        format!("({text})")
    } else {
        text
    }
}

fn is_loose(filter: &Filter) -> bool {
    matches!(filter, Filter::And(_) | Filter::Or(_))
}

/// `field:(a or b)`, when all are values of one field.
fn list(any: &[Filter]) -> Option<String> {
    let Some(Filter::Is(field, _)) = any.first() else {
        return None;
    };
    if *field == Field::Message || name(field).is_none() {
        return None;
    }
    let values: Option<Vec<String>> = any
        .iter()
        .map(|f| match f {
            Filter::Is(of, value) if of == field => Some(value_of(field, value)),
            _ => None,
        })
        .collect();
    Some(named(field, ":", &format!("({})", values?.join(" or "))))
}

/// A condition on a field; no line when the field has no name.
fn named(field: &Field, op: &str, value: &str) -> String {
    name(field).map_or_else(|| NONE.to_owned(), |name| format!("{name}{op}{value}"))
}

/// The field as a query names it; `None` for an attribute without a name.
fn name(field: &Field) -> Option<String> {
    let Field::Attr(path) = field else {
        return Some(field.to_string());
    };
    let own = |n: &str| {
        Field::OWN
            .iter()
            .any(|f| f.to_string().eq_ignore_ascii_case(n))
    };
    let segments: Vec<String> = path
        .iter()
        .enumerate()
        .map(|(n, segment)| {
            let begins = segment.starts_with(begins_name) || (n > 0 && !segment.is_empty());
            let bare = begins && segment.chars().all(in_name) && !segment.ends_with(['-', '/']);
            if bare {
                segment.clone()
            } else {
                quoted(segment)
            }
        })
        .collect();
    match segments.as_slice() {
        [] => None,
        [only] if own(only) => Some(format!("\\{only}")),
        _ => Some(segments.join(".")),
    }
}

fn compared(field: &Field, compare: Compare, number: f64) -> String {
    // a level or a category is never a number
    if number.is_nan() || matches!(field, Field::Level | Field::Category) {
        return NONE.to_owned();
    }
    let (sign, beyond) = match compare {
        Compare::Less => ("<", number == f64::NEG_INFINITY),
        Compare::AtMost => ("<=", number == f64::NEG_INFINITY),
        Compare::More => (">", number == f64::INFINITY),
        Compare::AtLeast => (">=", number == f64::INFINITY),
    };
    if beyond {
        return NONE.to_owned();
    }
    // values are finite, so that the last finite number is as good a bound as infinity
    let (sign, number) = match compare {
        _ if number.is_finite() => (sign, number),
        Compare::Less | Compare::AtMost => ("<=", f64::MAX),
        Compare::More | Compare::AtLeast => (">=", f64::MIN),
    };
    let plain = number == 0.0 || (1.0 / PLAIN_BELOW..PLAIN_BELOW).contains(&number.abs());
    let number = if plain {
        format!("{number}")
    } else {
        format!("{number:e}")
    };
    named(field, sign, &number)
}

/// A field's value; in quotation marks when it would be read as something else.
fn value_of(field: &Field, value: &str) -> String {
    let same = match field {
        Field::Level => LogLevel::read(value).is_some_and(|l| l.name() == value),
        Field::Category => LogCategory::ALL.iter().any(|c| c.name() == value),
        _ => true,
    };
    if same {
        bare_or_quoted(value)
    } else {
        quoted(value)
    }
}

fn bare_or_quoted(value: &str) -> String {
    if keyword(value).is_some() {
        quoted(value)
    } else {
        quoted_if_odd(value)
    }
}

fn quoted_if_odd(value: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | ':' | '@');
    // signs at the beginning could be taken for a part of the operator
    let begins = value.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '/'));
    if begins && !value.starts_with("//") && value.chars().all(plain) {
        value.to_owned()
    } else {
        quoted(value)
    }
}

/// A phrase; without quotation marks when it is one plain word.
fn word(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    let bare = text.starts_with(char::is_alphanumeric)
        && text.chars().all(plain)
        && keyword(text).is_none();
    if bare { text.to_owned() } else { quoted(text) }
}

fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
#[path = "write_tests.rs"]
mod tests;
