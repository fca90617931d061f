//! Times on the wire.

use model::trace::{Tag, TagValue};
use wire::TraceTagView;

/// Characters of a value that reach the page at first.
pub const MAX_VALUE: usize = 4_000;
/// Characters of a name that reach the page.
pub const MAX_NAME: usize = 300;

/// ns since the epoch as ms since the epoch.
pub fn at_ms(ns: i64) -> f64 {
    // In two parts, because ns since the epoch are more than a double holds.
    let (ms, rest) = (ns.div_euclid(1_000_000), ns.rem_euclid(1_000_000));
    ms as f64 + rest as f64 / 1e6
}

/// ms since the epoch as ns since the epoch, within what an i64 holds.
pub fn at_ns(ms: f64) -> i64 {
    let whole = ms.floor();
    let rest = ((ms - whole) * 1e6).round();
    // `as` saturates and makes 0 of what is no number
    (whole as i64)
        .saturating_mul(1_000_000)
        .saturating_add(rest as i64)
}

/// Text of at most `most` characters, and whether it goes on.
pub fn cut(text: &str, most: usize) -> (String, bool) {
    match text.char_indices().nth(most) {
        Some((end, _)) => (text.get(..end).unwrap_or_default().to_owned(), true),
        None => (text.to_owned(), false),
    }
}

/// A name that fits.
pub fn name(text: &str) -> String {
    cut(text, MAX_NAME).0
}

/// A length of time as people in the field write it: `1.2 ms`, `340 µs`, `2.5 s`. The symbols are those of every language.
pub fn length(ns: i64) -> String {
    let size = ns.unsigned_abs() as f64;
    let (value, unit) = match size {
        s if s >= 1e9 => (s / 1e9, "s"),
        s if s >= 1e6 => (s / 1e6, "ms"),
        s if s >= 1e3 => (s / 1e3, "µs"),
        s => (s, "ns"),
    };
    let digits = if value < 10.0 && unit != "ns" { 2 } else { 0 };
    let sign = if ns < 0 { "-" } else { "" };
    let text = format!("{value:.digits$}");
    let text = if digits > 0 {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    };
    format!("{sign}{text} {unit}")
}

/// A tag as the page sees it.
pub fn tag(tag: &Tag) -> TraceTagView {
    let kind = match &tag.value {
        TagValue::Text(_) => "text",
        TagValue::Bool(_) => "bool",
        TagValue::Int(_) | TagValue::Float(_) => "number",
        TagValue::Binary(_) => "binary",
    };
    let (value, more) = match &tag.value {
        TagValue::Text(text) => cut(text, MAX_VALUE),
        other => (other.to_string(), false),
    };
    TraceTagView {
        key: name(&tag.key),
        value,
        kind: kind.to_owned(),
        cut: more,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_keep_their_microseconds() {
        let ns = 1_781_234_567_890_123_456;
        assert!((at_ns(at_ms(ns)) - ns).abs() < 1_000);
        assert_eq!(at_ns(f64::NAN), 0);
        assert_eq!(at_ns(1e300), i64::MAX);
        assert!((at_ms(-1) + 1e-6).abs() < 1e-9);
    }

    #[test]
    fn lengths_are_short() {
        let said = [0, 999, 1_500, 12_345, 2_340_000, 61_000_000_000, -7_000].map(length);
        assert_eq!(
            said,
            [
                "0 ns", "999 ns", "1.5 µs", "12 µs", "2.34 ms", "61 s", "-7 µs"
            ]
        );
    }

    #[test]
    fn text_is_cut_between_characters() {
        assert_eq!(cut("下单服务", 2), ("下单".to_owned(), true));
        assert_eq!(cut("下单", 2), ("下单".to_owned(), false));
    }
}
