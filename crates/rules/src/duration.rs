//! Spans of time as Prometheus writes them (`model.ParseDuration` of prometheus/common).

use std::fmt;

/// Why a text is no span of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DurationError {
    /// No text at all.
    Empty,
    /// Not numbers with units from the largest to the smallest, each once.
    Syntax(String),
    /// More than 292 years.
    OutOfRange,
}

impl fmt::Display for DurationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("empty duration string"),
            Self::Syntax(s) => write!(f, "not a valid duration string: {s:?}"),
            Self::OutOfRange => f.write_str("duration out of range"),
        }
    }
}

impl std::error::Error for DurationError {}

/// Units from the largest to the smallest, ms.
const UNITS: [(&str, i64); 7] = [
    ("y", 365 * 86_400_000),
    ("w", 7 * 86_400_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1000),
    ("ms", 1),
];

/// The largest span, ms: 64 bits of nanoseconds.
const MAX_MS: i64 = i64::MAX / 1_000_000;

/// `1h30m`, `5m`, `500ms`, `0` in milliseconds.
///
/// # Errors
/// [`DurationError`], with Prometheus' own words.
pub fn parse(text: &str) -> Result<i64, DurationError> {
    let syntax = || DurationError::Syntax(text.chars().take(100).collect());
    match text {
        "" => return Err(DurationError::Empty),
        "0" => return Ok(0),
        _ => {}
    }
    let mut rest = text;
    let mut units = UNITS.iter();
    let mut total: i64 = 0;
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit())
            .ok_or_else(syntax)?;
        let (number, unit) = rest.split_at(digits);
        let letters = unit
            .find(|c: char| !c.is_ascii_lowercase())
            .unwrap_or(unit.len());
        let (unit, after) = unit.split_at(letters);
        let ms = units
            .find(|(name, _)| *name == unit)
            .map(|(_, ms)| *ms)
            .filter(|_| !number.is_empty())
            .ok_or_else(syntax)?;
        total = number
            .parse::<i64>()
            .ok()
            .and_then(|n| n.checked_mul(ms))
            .and_then(|n| total.checked_add(n))
            .filter(|n| *n <= MAX_MS)
            .ok_or(DurationError::OutOfRange)?;
        rest = after;
    }
    Ok(total)
}

/// As Prometheus writes it; weeks and years only where nothing is left over.
pub fn format(ms: i64) -> String {
    if ms == 0 {
        return "0s".to_owned();
    }
    let mut out = String::new();
    let mut left = ms.unsigned_abs();
    if ms < 0 {
        out.push('-');
    }
    for (name, unit) in UNITS {
        let unit = unit.unsigned_abs();
        let exact = matches!(name, "y" | "w");
        if exact && !left.is_multiple_of(unit) {
            continue;
        }
        if left >= unit {
            out.push_str(&(left / unit).to_string());
            out.push_str(name);
            left %= unit;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_and_written_as_prometheus_does() {
        for (text, ms) in [
            ("0", 0),
            ("324ms", 324),
            ("3s", 3000),
            ("5m", 300_000),
            ("1h30m", 5_400_000),
            ("4d", 4 * 86_400_000),
            ("4d1h", 4 * 86_400_000 + 3_600_000),
            ("14d", 14 * 86_400_000),
            ("3w2d1h", 23 * 86_400_000 + 3_600_000),
            ("10y", 3650 * 86_400_000),
        ] {
            assert_eq!(parse(text), Ok(ms), "{text}");
            assert_eq!(parse(&format(ms)), Ok(ms), "{text}");
        }
        assert_eq!(format(14 * 86_400_000), "2w");
        assert_eq!(format(90_000), "1m30s");
        for wrong in [
            "1", "1y1m1d", "-1w", "1.5d", "d", "5m5m", "5 m", "5µs", "1msx",
        ] {
            assert!(
                matches!(parse(wrong), Err(DurationError::Syntax(_))),
                "{wrong}"
            );
        }
        assert_eq!(parse(""), Err(DurationError::Empty));
        assert_eq!(parse("294y"), Err(DurationError::OutOfRange));
        assert_eq!(
            parse("99999999999999999999s"),
            Err(DurationError::OutOfRange)
        );
    }
}
