//! Numbers, times and quoted texts as Go prints them (`strconv`, `fmt`, `time`).

use chrono::{DateTime, Utc};

/// `strconv.FormatFloat(v, 'g', precision)`; no precision is as many digits as are needed.
pub(super) fn general(v: f64, precision: Option<usize>) -> String {
    if let Some(text) = not_finite(v) {
        return text;
    }
    let scientific = match precision {
        None => format!("{v:e}"),
        Some(p) => format!("{v:.*e}", p.max(1) - 1),
    };
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i64 = exponent.parse().unwrap_or(0);
    let digits = if digits.contains('.') {
        digits.trim_end_matches('0').trim_end_matches('.')
    } else {
        digits
    };
    let count = digits.chars().filter(char::is_ascii_digit).count();
    // `%e` is used if the exponent is less than -4 or not below the precision (strconv/ftoa.go)
    let threshold = match precision {
        None => SHORTEST_THRESHOLD,
        Some(p) => {
            let p = p.max(1) as i64;
            let count = count as i64;
            if p > count && count > exponent {
                count
            } else {
                p
            }
        }
    };
    if v == 0.0 {
        return digits.to_owned();
    }
    if exponent < -4 || exponent >= threshold {
        return format!("{digits}{}", exponent_of(exponent));
    }
    let decimals = (count as i64 - exponent - 1).max(0);
    format!("{v:.*}", usize::try_from(decimals).unwrap_or(0))
}

/// From which exponent on the shortest form is written with one.
const SHORTEST_THRESHOLD: i64 = 6;

/// `e+06`
fn exponent_of(exponent: i64) -> String {
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("e{sign}{:02}", exponent.unsigned_abs())
}

/// `strconv.FormatFloat(v, 'e', precision)`.
pub(super) fn scientific(v: f64, precision: usize) -> String {
    not_finite(v).unwrap_or_else(|| {
        let text = format!("{v:.precision$e}");
        match text.split_once('e') {
            Some((digits, e)) => format!("{digits}{}", exponent_of(e.parse().unwrap_or(0))),
            None => text,
        }
    })
}

/// `strconv.FormatFloat(v, 'f', precision)`.
pub(super) fn fixed(v: f64, precision: usize) -> String {
    not_finite(v).unwrap_or_else(|| format!("{v:.precision$}"))
}

fn not_finite(v: f64) -> Option<String> {
    if v.is_nan() {
        Some("NaN".to_owned())
    } else if v.is_infinite() {
        Some(if v > 0.0 { "+Inf" } else { "-Inf" }.to_owned())
    } else {
        None
    }
}

/// `strconv.Quote`.
pub(super) fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{b}' => out.push_str("\\v"),
            c if u32::from(c) < 0x20 || c == '\u{7f}' => {
                out.push_str(&format!("\\x{:02x}", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// `time.Time.String` of a time in UTC.
pub(super) fn time(t: DateTime<Utc>) -> String {
    let mut text = t.format("%Y-%m-%d %H:%M:%S").to_string();
    let ms = t.timestamp_subsec_millis();
    if ms > 0 {
        text.push_str(format!(".{ms:03}").trim_end_matches('0'));
    }
    text.push_str(" +0000 UTC");
    text
}
