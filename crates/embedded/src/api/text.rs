//! Numbers and times as Prometheus writes and reads them.

use chrono::DateTime;
use std::fmt::Write as _;

/// A time in seconds, with three digits after the point unless it is whole (`util/jsonutil/marshal.go`).
pub(super) fn put_time(out: &mut String, t: i64) {
    if t < 0 {
        out.push('-');
    }
    let t = t.unsigned_abs();
    let _ = match t % 1000 {
        0 => write!(out, "{}", t / 1000),
        ms => write!(out, "{}.{ms:03}", t / 1000),
    };
}

/// A value as Go writes it: shortest digits that give the same number, exponents below 1e-6 and from 1e21 on.
pub(super) fn put_value(out: &mut String, v: f64) {
    let size = v.abs();
    let _ = if v.is_nan() {
        out.write_str("NaN")
    } else if v.is_infinite() {
        out.write_str(if v > 0.0 { "+Inf" } else { "-Inf" })
    } else if size != 0.0 && !(1e-6..1e21).contains(&size) {
        let text = format!("{v:e}");
        match text.split_once('e') {
            // Go writes the exponent's sign and at least two digits
            Some((digits, exponent)) => match exponent.strip_prefix('-') {
                Some(e) => write!(out, "{digits}e-{e:0>2}"),
                None => write!(out, "{digits}e+{exponent:0>2}"),
            },
            None => out.write_str(&text),
        }
    } else {
        write!(out, "{v}")
    };
}

/// Prometheus' least and greatest times as its clients write them (`web/api/v1/api.go`, `minTimeFormatted`).
const MIN_TIME: &str = "-292273086-05-16T16:47:06Z";
const MAX_TIME: &str = "292277025-08-18T07:12:54.999999999Z";

/// A time parameter: seconds since the epoch with fraction, or RFC 3339. Milliseconds.
pub(super) fn parse_time(text: &str) -> Result<i64, String> {
    let wrong = || format!("cannot parse {text:?} to a valid timestamp");
    if let Ok(seconds) = text.parse::<f64>() {
        let ms = (seconds * 1000.0).round();
        return if ms.is_finite() {
            Ok(ms as i64)
        } else {
            Err(wrong())
        };
    }
    match text {
        MIN_TIME => return Ok(i64::MIN),
        MAX_TIME => return Ok(i64::MAX),
        _ => {}
    }
    DateTime::parse_from_rfc3339(text)
        .map(|t| t.timestamp_millis())
        .map_err(|_| wrong())
}

/// Units of a duration, in the order in which they may stand (`common/model/time.go`).
const UNITS: [(&str, i64); 7] = [
    ("y", 365 * 24 * 3_600_000),
    ("w", 7 * 24 * 3_600_000),
    ("d", 24 * 3_600_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1000),
    ("ms", 1),
];

/// A duration parameter: seconds with fraction, or `1h30m`. Milliseconds.
pub(super) fn parse_duration(text: &str) -> Result<i64, String> {
    if let Ok(seconds) = text.parse::<f64>() {
        let ms = seconds * 1000.0;
        // Prometheus counts nanoseconds in 64 bits
        return if ms.abs() < 9_223_372_036_854.0 {
            Ok(ms.round() as i64)
        } else {
            Err(format!(
                "cannot parse {text:?} to a valid duration. It overflows int64"
            ))
        };
    }
    parse_units(text).ok_or_else(|| format!("cannot parse {text:?} to a valid duration"))
}

fn parse_units(text: &str) -> Option<i64> {
    let mut rest = text;
    let mut allowed = UNITS.iter();
    let mut sum = 0i64;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, after) = rest.split_at(digits);
        let letters = after
            .find(|c: char| !c.is_ascii_lowercase())
            .unwrap_or(after.len());
        let (unit, next) = after.split_at(letters);
        let &(_, ms) = allowed.find(|(name, _)| *name == unit)?;
        sum = sum.checked_add(number.parse::<i64>().ok()?.checked_mul(ms)?)?;
        rest = next;
    }
    (!text.is_empty()).then_some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_and_times_as_prometheus_writes_them() {
        let value = |v| {
            let mut out = String::new();
            put_value(&mut out, v);
            out
        };
        // taken from a Prometheus 2.42
        for (v, text) in [
            (1e-7, "1e-07"),
            (-1.5e-10, "-1.5e-10"),
            (1e-6, "0.000001"),
            (123_456_789_012_345_678_901_234.0, "1.2345678901234569e+23"),
            (1e21, "1e+21"),
            (1e20, "100000000000000000000"),
            (2.249_999_999_999_999_7e30, "2.2499999999999997e+30"),
            (1e100, "1e+100"),
            (0.1 + 0.2, "0.30000000000000004"),
            (-0.0, "-0"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
        ] {
            assert_eq!(value(v), text);
        }
        let time = |t| {
            let mut out = String::new();
            put_time(&mut out, t);
            out
        };
        assert_eq!(
            [time(1500), time(2000), time(1_435_781_451_007), time(-500)],
            ["1.500", "2", "1435781451.007", "-0.500"]
        );
    }

    #[test]
    fn times_in_both_forms() {
        assert_eq!(parse_time("1435781451.781"), Ok(1_435_781_451_781));
        assert_eq!(parse_time("2020-01-01T00:00:00.5Z"), Ok(1_577_836_800_500));
        assert_eq!(
            parse_time("2020-01-01T08:00:00+08:00"),
            Ok(1_577_836_800_000)
        );
        assert_eq!(parse_time(MIN_TIME), Ok(i64::MIN));
        for bad in ["", "abc", "NaN", "1e400", "2020-13-01T00:00:00Z"] {
            assert_eq!(
                parse_time(bad),
                Err(format!("cannot parse {bad:?} to a valid timestamp"))
            );
        }
    }

    #[test]
    fn durations_in_both_forms() {
        for (text, ms) in [
            ("5m", 300_000),
            ("1h30m", 5_400_000),
            ("0.5", 500),
            ("15", 15_000),
            ("1y2w3d4h5m6s7ms", 33_019_506_007),
            ("0s", 0),
        ] {
            assert_eq!(parse_duration(text), Ok(ms), "{text}");
        }
        for bad in [
            "",
            "m",
            "5m1h",
            "1m1m",
            "5 m",
            "5x",
            "99999999999999999999y",
            "abc",
            "-5m",
            "NaN",
        ] {
            assert!(parse_duration(bad).is_err(), "{bad}");
        }
        assert!(
            parse_duration("1e300")
                .unwrap_err()
                .ends_with("It overflows int64")
        );
    }
}
