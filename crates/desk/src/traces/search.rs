//! A search as a person writes it: tags, lengths of time.

use model::trace::TraceQuery;
use wire::{ErrorCode, ErrorView, TraceSearch};

use super::units::at_ns;

/// Traces that one search asks for at most, as Jaeger's own page.
pub const MOST: u32 = 1_500;
/// Characters of the tags' line.
const MAX_TAGS: usize = 4_000;
/// Tags of one search.
const MAX_COUNT: usize = 30;

fn refuse(reason: &str, term: &str) -> ErrorView {
    ErrorView::new(ErrorCode::Search)
        .with("reason_key", format!("traces.search.{reason}"))
        .with("term", term)
}

/// The question for the store.
///
/// # Errors
/// [`ErrorCode::Search`] with the term that cannot be read.
pub fn query(ask: &TraceSearch) -> Result<TraceQuery, ErrorView> {
    if ask.service.trim().is_empty() {
        return Err(refuse("no_service", ""));
    }
    let length = |text: &str| match text.trim() {
        "" => Ok(None),
        t => duration(t).map(Some).ok_or_else(|| refuse("duration", t)),
    };
    let (min, max) = (length(&ask.min_duration)?, length(&ask.max_duration)?);
    if let (Some(min), Some(max)) = (min, max)
        && min > max
    {
        return Err(refuse("min_over_max", ask.min_duration.trim()));
    }
    if ask.from.is_nan() || ask.to.is_nan() || ask.from >= ask.to {
        return Err(refuse("time", ""));
    }
    Ok(TraceQuery {
        service: ask.service.clone(),
        operation: ask.operation.clone().filter(|o| !o.is_empty()),
        tags: tags(&ask.tags)?,
        from_ns: at_ns(ask.from),
        to_ns: at_ns(ask.to),
        min_duration_ns: min,
        max_duration_ns: max,
        limit: ask.limit.clamp(1, MOST) as usize,
    })
}

/// `200ms`, `1.5s`, `1m30s`, `2h`; digits and units may stand apart, units may be Chinese. ns.
pub fn duration(text: &str) -> Option<i64> {
    const UNITS: [(&str, f64); 15] = [
        ("毫秒", 1e6),
        ("微秒", 1e3),
        ("纳秒", 1.0),
        ("小时", 3.6e12),
        ("分钟", 6e10),
        ("ms", 1e6),
        ("us", 1e3),
        ("µs", 1e3),
        ("μs", 1e3),
        ("ns", 1.0),
        ("秒", 1e9),
        ("分", 6e10),
        ("s", 1e9),
        ("m", 6e10),
        ("h", 3.6e12),
    ];
    let mut rest = text.trim();
    let mut sum = 0.0;
    while !rest.is_empty() {
        let end = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .filter(|end| *end > 0)?;
        let value: f64 = rest.get(..end)?.parse().ok()?;
        rest = rest.get(end..)?.trim_start();
        let (unit, factor) = UNITS.iter().find(|(unit, _)| rest.starts_with(unit))?;
        rest = rest.get(unit.len()..)?.trim_start();
        sum += value * factor;
    }
    (!text.trim().is_empty() && sum < 9e18).then_some(sum.round() as i64)
}

/// `key=value key2="two words"`; a quotation mark within quotation marks is written `\"`.
fn tags(text: &str) -> Result<Vec<(String, String)>, ErrorView> {
    if text.chars().count() > MAX_TAGS {
        return Err(refuse("too_long", ""));
    }
    let mut out = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (key, after) = rest
            .split_once('=')
            .filter(|(key, _)| !key.is_empty() && !key.contains(char::is_whitespace))
            .ok_or_else(|| refuse("tag", rest.split_whitespace().next().unwrap_or(rest)))?;
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => unquote(quoted).ok_or_else(|| refuse("quote", key))?,
            None => {
                let end = after.find(char::is_whitespace).unwrap_or(after.len());
                let (value, after) = after.split_at(end);
                (value.to_owned(), after)
            }
        };
        out.push((key.to_owned(), value));
        if out.len() > MAX_COUNT {
            return Err(refuse("too_long", key));
        }
        rest = after.trim_start();
    }
    Ok(out)
}

/// The text up to the closing quotation mark, and what follows it.
fn unquote(text: &str) -> Option<(String, &str)> {
    let mut out = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((out, text.get(at + 1..)?)),
            '\\' => out.push(chars.next()?.1),
            c => out.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_read_as_people_write_them() {
        for (text, ns) in [
            ("200ms", 200_000_000),
            ("1.5s", 1_500_000_000),
            ("1m30s", 90_000_000_000),
            ("2 h", 7_200_000_000_000),
            ("30 毫秒", 30_000_000),
            ("1分30秒", 90_000_000_000),
            ("15µs", 15_000),
        ] {
            assert_eq!(duration(text), Some(ns), "{text}");
        }
        for bad in [
            "",
            "5",
            "ms",
            "-3s",
            "1..5s",
            "3 parsecs",
            "9999999999h",
            "1e9s",
        ] {
            assert_eq!(duration(bad), None, "{bad}");
        }
    }

    #[test]
    fn tags_are_read_with_quotation_marks() {
        let read = |text: &str| tags(text).map_err(|e| e.params["reason_key"].clone());
        let pair = |k: &str, v: &str| (k.to_owned(), v.to_owned());
        assert_eq!(
            read(r#" http.status_code=500  note="two \"words\"" url=/a?b=c empty="#),
            Ok(vec![
                pair("http.status_code", "500"),
                pair("note", r#"two "words""#),
                pair("url", "/a?b=c"),
                pair("empty", "")
            ])
        );
        assert_eq!(read("error"), Err("traces.search.tag".into()));
        assert_eq!(read("a b=c"), Err("traces.search.tag".into()));
        assert_eq!(read("=c"), Err("traces.search.tag".into()));
        assert_eq!(read("a=\"b"), Err("traces.search.quote".into()));
        assert_eq!(
            read(&"a=b ".repeat(31)),
            Err("traces.search.too_long".into())
        );
        assert_eq!(
            read(&"a".repeat(5_000)),
            Err("traces.search.too_long".into())
        );
    }

    #[test]
    fn a_search_that_cannot_be_meant_is_refused() {
        let good = TraceSearch {
            service: "order".into(),
            min_duration: "10ms".into(),
            from: 1.0,
            to: 2.0,
            limit: 5_000,
            ..TraceSearch::default()
        };
        let asked = query(&good).expect("a query");
        assert_eq!(
            (asked.limit, asked.min_duration_ns),
            (1_500, Some(10_000_000))
        );
        let reason =
            |ask: TraceSearch| query(&ask).expect_err("refused").params["reason_key"].clone();
        let base = || good.clone();
        assert!(
            reason(TraceSearch {
                service: " ".into(),
                ..base()
            })
            .ends_with("no_service")
        );
        assert!(
            reason(TraceSearch {
                max_duration: "1ms".into(),
                ..base()
            })
            .ends_with("min_over_max")
        );
        assert!(
            reason(TraceSearch {
                max_duration: "fast".into(),
                ..base()
            })
            .ends_with("duration")
        );
        assert!(
            reason(TraceSearch {
                to: f64::NAN,
                ..base()
            })
            .ends_with("time")
        );
    }
}
