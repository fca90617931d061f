//! A filter against a line: the reference for every store.

use memchr::memchr2_iter;
use model::log::{Attrs, Field, Filter, LogLine};
use serde_json::{Number, Value};
use std::borrow::Cow;

/// Whether the line is one of those that the filter wants. Every store gives exactly the lines for which this is true.
///
/// An empty conjunction holds, an empty alternative does not; an empty phrase is in every message.
pub fn matches(filter: &Filter, line: &LogLine) -> bool {
    match filter {
        Filter::All => true,
        Filter::And(all) => all.iter().all(|f| matches(f, line)),
        Filter::Or(any) => any.iter().any(|f| matches(f, line)),
        Filter::Not(inner) => !matches(inner, line),
        Filter::Text(phrase) => contains(&line.message, phrase),
        Filter::Is(field, value) => {
            field_text(line, field).is_some_and(|t| t.eq_ignore_ascii_case(value))
        }
        Filter::Contains(field, part) => {
            field_text(line, field).is_some_and(|t| contains(&t, part))
        }
        Filter::Prefix(field, start) => field_text(line, field).is_some_and(|t| begins(&t, start)),
        Filter::Has(field) => is_there(line, field),
        Filter::Number(field, compare, bound) => {
            field_number(line, field).is_some_and(|n| compare.holds(n, *bound))
        }
        Filter::AtLeast(level) => line.level.is_some_and(|l| l >= *level),
    }
}

/// The field as text: a level or category by its name, a number in its usual spelling ([`number_text`]), `true` and `false`,
/// a list or an object as compact JSON.
///
/// `None` when the line lacks it: an own field other than the message that is empty, an attribute that is not there or null.
pub fn field_text<'a>(line: &'a LogLine, field: &Field) -> Option<Cow<'a, str>> {
    let own = |text: &'a str| (!text.is_empty()).then_some(Cow::Borrowed(text));
    match field {
        Field::Level => line.level.map(|l| Cow::Borrowed(l.name())),
        Field::Category => Some(Cow::Borrowed(line.category.name())),
        Field::Service => own(&line.service),
        Field::Host => own(&line.host),
        Field::Message => Some(Cow::Borrowed(&line.message)),
        Field::TraceId => own(&line.trace_id),
        Field::SpanId => own(&line.span_id),
        Field::Attr(path) => match attr(&line.attrs, path)? {
            Value::Null => None,
            Value::Bool(true) => Some(Cow::Borrowed("true")),
            Value::Bool(false) => Some(Cow::Borrowed("false")),
            Value::Number(number) => Some(Cow::Owned(number_text(number))),
            Value::String(text) => Some(Cow::Borrowed(text)),
            nested @ (Value::Array(_) | Value::Object(_)) => Some(Cow::Owned(nested.to_string())),
        },
    }
}

/// The field as a number: a number, or a text that is one in decimal notation. Never infinite, never "not a number".
pub fn field_number(line: &LogLine, field: &Field) -> Option<f64> {
    let number = match field {
        Field::Attr(path) => match attr(&line.attrs, path)? {
            Value::Number(number) => number.as_f64()?,
            Value::String(text) => decimal(text)?,
            _ => return None,
        },
        own => decimal(&field_text(line, own)?)?,
    };
    number.is_finite().then_some(number)
}

/// Whether the line has the field and it is not empty; null, an empty text, list or object are nothing.
pub fn is_there(line: &LogLine, field: &Field) -> bool {
    if let Field::Attr(path) = field {
        match attr(&line.attrs, path) {
            Some(Value::Array(items)) => return !items.is_empty(),
            Some(Value::Object(map)) => return !map.is_empty(),
            _ => (),
        }
    }
    field_text(line, field).is_some_and(|t| !t.is_empty())
}

/// A number as people write it: digits without exponent, no fraction that is zero (`500`, `0.25`; 500.0 is `500`).
pub fn number_text(number: &Number) -> String {
    match number.as_f64() {
        Some(float) if number.is_f64() => float.to_string(),
        _ => number.to_string(),
    }
}

/// Whether `text` contains `part`, without regard to the case of ASCII letters.
pub fn contains(text: &str, part: &str) -> bool {
    let (text, part) = (text.as_bytes(), part.as_bytes());
    let Some(&first) = part.first() else {
        return true;
    };
    // a part begins with the first byte of a character, so what is found begins there too
    let (lower, upper) = (first.to_ascii_lowercase(), first.to_ascii_uppercase());
    memchr2_iter(lower, upper, text).any(|at| {
        text.get(at..at + part.len())
            .is_some_and(|here| here.eq_ignore_ascii_case(part))
    })
}

/// Whether `text` begins with `start`, without regard to the case of ASCII letters.
fn begins(text: &str, start: &str) -> bool {
    text.as_bytes()
        .get(..start.len())
        .is_some_and(|head| head.eq_ignore_ascii_case(start.as_bytes()))
}

/// A text that is a number: sign, digits, point, exponent; not the words for infinity that Rust reads too.
fn decimal(text: &str) -> Option<f64> {
    let text = text.trim();
    let spelled = |b: u8| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E');
    if !text.bytes().all(spelled) {
        return None;
    }
    text.parse().ok()
}

/// The attribute at the end of this path.
fn attr<'a>(attrs: &'a Attrs, path: &[String]) -> Option<&'a Value> {
    let (first, rest) = path.split_first()?;
    rest.iter().try_fold(attrs.get(first)?, |v, key| v.get(key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::log::{Compare, LogCategory, LogLevel};
    use proptest::prelude::*;
    use serde_json::json;

    fn line() -> LogLine {
        let attrs = json!({
            "http": {"status": 502, "path": "/api/orders"},
            "duration_ms": "1250.5",
            "retry": true,
            "ratio": 500.0,
            "small": 0.25,
            "none": null,
            "empty": "",
            "tags": ["a", "b"],
            "no_tags": [],
            "inf": "inf",
        });
        LogLine {
            level: Some(LogLevel::Error),
            category: LogCategory::App,
            service: "order-service".into(),
            message: "PreserveService: 下单失败，连接超时 (timeout)".into(),
            attrs: attrs.as_object().cloned().unwrap_or_default(),
            ..LogLine::default()
        }
    }

    fn f(name: &str) -> Field {
        Field::named(name)
    }

    fn is(name: &str, value: &str) -> Filter {
        Filter::Is(f(name), value.into())
    }

    #[test]
    fn phrases_of_any_length_in_any_case() {
        let text = |t: &str| matches(&Filter::Text(t.into()), &line());
        for there in [
            "超",
            "超时",
            "连接超时",
            "preserveSERVICE",
            "，",
            "时 (",
            "",
        ] {
            assert!(text(there), "{there}");
        }
        for absent in ["时超", "preserve service", "下单失败,", "timeout))"] {
            assert!(!text(absent), "{absent}");
        }
    }

    #[test]
    fn fields_as_text() {
        let line = line();
        let text = |name: &str| field_text(&line, &f(name)).map(Cow::into_owned);
        assert_eq!(text("level").as_deref(), Some("error"));
        assert_eq!(text("category").as_deref(), Some("app"));
        assert_eq!(text("host"), None);
        assert_eq!(text("http.status").as_deref(), Some("502"));
        assert_eq!(text("ratio").as_deref(), Some("500"));
        assert_eq!(text("small").as_deref(), Some("0.25"));
        assert_eq!(text("retry").as_deref(), Some("true"));
        assert_eq!(text("none"), None);
        assert_eq!(text("empty").as_deref(), Some(""));
        assert_eq!(text("tags").as_deref(), Some(r#"["a","b"]"#));
        assert_eq!(text("http.status.code"), None);
        assert_eq!(text("nothing.there"), None);
        assert_eq!(field_text(&line, &Field::Attr(vec![])), None);
    }

    #[test]
    fn values_beginnings_and_parts() {
        let line = line();
        let holds = |filter: &Filter| matches(filter, &line);
        assert!(holds(&is("service", "Order-Service")));
        assert!(!holds(&is("service", "order")));
        assert!(holds(&Filter::Prefix(f("service"), "ORDER-".into())));
        assert!(!holds(&Filter::Prefix(f("service"), "service".into())));
        assert!(holds(&Filter::Contains(f("http.path"), "ORDERS".into())));
        assert!(holds(&is("http.status", "502")));
        assert!(!holds(&is("http.status", "502.0")));
        assert!(holds(&is("retry", "TRUE")));
        assert!(!holds(&is("none", "null")));
    }

    #[test]
    fn what_is_there() {
        let line = line();
        let has = |name: &str| matches(&Filter::Has(f(name)), &line);
        for there in ["service", "message", "http", "http.status", "retry", "tags"] {
            assert!(has(there), "{there}");
        }
        for absent in ["host", "trace_id", "none", "empty", "no_tags", "nothing"] {
            assert!(!has(absent), "{absent}");
        }
    }

    #[test]
    fn numbers_and_texts_that_are_numbers() {
        let line = line();
        let stands =
            |name: &str, compare, to| matches(&Filter::Number(f(name), compare, to), &line);
        assert!(stands("http.status", Compare::AtLeast, 502.0));
        assert!(!stands("http.status", Compare::More, 502.0));
        assert!(stands("duration_ms", Compare::More, 1250.0));
        assert!(!stands("inf", Compare::More, 0.0));
        assert!(!stands("retry", Compare::AtMost, 1e9));
        assert!(!stands("nothing", Compare::AtMost, 1e9));
        assert!(!stands("service", Compare::AtMost, 1e9));
    }

    #[test]
    fn levels_from_one_up_and_none_is_below_all() {
        let mut line = line();
        assert!(matches(&Filter::AtLeast(LogLevel::Error), &line));
        assert!(!matches(&Filter::AtLeast(LogLevel::Fatal), &line));
        line.level = None;
        assert!(!matches(&Filter::AtLeast(LogLevel::Trace), &line));
        assert!(matches(&Filter::Not(Box::new(is("level", "error"))), &line));
    }

    #[test]
    fn nothing_to_hold_holds_and_nothing_to_choose_does_not() {
        assert!(matches(&Filter::All, &line()));
        assert!(matches(&Filter::And(vec![]), &line()));
        assert!(!matches(&Filter::Or(vec![]), &line()));
    }

    proptest! {
        /// The fast search says what lower-casing both would say.
        #[test]
        fn parts_are_found_as_by_the_simple_way(text in "[aAbB下单é ]{0,20}", part in "[aAbB下单é ]{0,3}") {
            let simple = text.to_ascii_lowercase().contains(&part.to_ascii_lowercase());
            prop_assert_eq!(contains(&text, &part), simple);
            let simple = text.to_ascii_lowercase().starts_with(&part.to_ascii_lowercase());
            prop_assert_eq!(begins(&text, &part), simple);
        }

        /// A line has every value it shows: what a facet or a detail offers as a filter finds the line again.
        #[test]
        fn a_value_shown_finds_its_line(number in any::<f64>().prop_filter("JSON", |n| n.is_finite()), text in ".{1,20}", whole in any::<i64>()) {
            let attrs = json!({"n": number, "t": text, "w": whole, "l": [number, text]});
            let line = LogLine { attrs: attrs.as_object().cloned().unwrap_or_default(), ..line() };
            for name in ["n", "t", "w", "l", "level", "category", "service", "message"] {
                let value = field_text(&line, &f(name)).map(Cow::into_owned).unwrap_or_default();
                let shown = || value.clone();
                prop_assert!(matches(&Filter::Is(f(name), shown()), &line));
                prop_assert!(matches(&Filter::Prefix(f(name), shown()), &line));
                prop_assert!(matches(&Filter::Contains(f(name), shown()), &line));
                prop_assert!(matches(&Filter::Has(f(name)), &line));
            }
            prop_assert!(matches(&Filter::Number(f("n"), Compare::AtMost, number), &line));
            prop_assert!(!matches(&Filter::Number(f("n"), Compare::Less, number), &line));
        }

        /// No and nothing turn into each other.
        #[test]
        fn not_turns_it_round(part in "[超时a]{0,2}") {
            let text = Filter::Text(part);
            let line = line();
            let not = Filter::Not(Box::new(text.clone()));
            prop_assert_ne!(matches(&text, &line), matches(&not, &line));
            prop_assert!(matches(&Filter::Or(vec![text.clone(), not.clone()]), &line));
            prop_assert!(!matches(&Filter::And(vec![text, not]), &line));
        }
    }
}
