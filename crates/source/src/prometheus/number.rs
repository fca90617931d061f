//! Times and values as Prometheus writes them.

/// Powers of ten that a double holds exactly.
const EXACT: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/// A sample's value: a number, `NaN`, `+Inf`, `-Inf`; `None` if it is none of them.
#[inline]
pub(crate) fn value(text: &[u8]) -> Option<f64> {
    short(text).or_else(|| long(text))
}

/// Plain decimals whose digits fit a double exactly and whose scale is an exact power of ten: one division gives
/// the correctly rounded result (Clinger's fast path, "How to read floating point numbers accurately", 1990).
#[inline]
fn short(text: &[u8]) -> Option<f64> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        rest => (false, rest),
    };
    if digits.len() > 18 || !digits.first()?.is_ascii_digit() {
        return None;
    }
    let mut mantissa: u64 = 0;
    let mut point = None;
    for (i, b) in digits.iter().enumerate() {
        match b {
            b'0'..=b'9' => mantissa = mantissa * 10 + u64::from(b - b'0'),
            b'.' if point.is_none() => point = Some(i),
            _ => return None,
        }
    }
    let decimals = match point {
        Some(i) if i + 1 == digits.len() => return None,
        Some(i) => digits.len() - i - 1,
        None => 0,
    };
    if mantissa > 1 << 53 {
        return None;
    }
    let value = mantissa as f64 / EXACT.get(decimals)?;
    Some(if negative { -value } else { value })
}

#[cold]
fn named(text: &str) -> Option<f64> {
    match text {
        "NaN" => Some(f64::NAN),
        "+Inf" | "Inf" => Some(f64::INFINITY),
        "-Inf" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

fn long(text: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(text).ok()?;
    // the standard library also reads "infinity" and the like, which is not Prometheus'
    if text
        .bytes()
        .any(|b| b.is_ascii_alphabetic() && !matches!(b, b'e' | b'E'))
    {
        return named(text);
    }
    text.parse().ok()
}

/// A time in seconds, with or without decimals, as milliseconds.
#[inline]
pub(crate) fn time_ms(text: &[u8]) -> Option<i64> {
    let (whole, decimals) = match memchr::memchr(b'.', text) {
        Some(at) => (text.get(..at)?, text.get(at + 1..)?),
        None => (text, &[][..]),
    };
    if whole.is_empty() || whole.len() > 15 || decimals.len() > 3 {
        return unusual_time(text);
    }
    let mut ms: i64 = 0;
    for b in whole {
        if !b.is_ascii_digit() {
            return unusual_time(text);
        }
        ms = ms * 10 + i64::from(b - b'0');
    }
    let mut scale = 1000;
    ms *= 1000;
    for b in decimals {
        if !b.is_ascii_digit() {
            return unusual_time(text);
        }
        scale /= 10;
        ms += i64::from(b - b'0') * scale;
    }
    Some(ms)
}

#[cold]
fn unusual_time(text: &[u8]) -> Option<i64> {
    let seconds: f64 = long(text)?;
    let ms = (seconds * 1000.0).round();
    // beyond this a double does not tell neighbouring milliseconds apart
    (ms.abs() <= (1_u64 << 53) as f64).then_some(ms as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn prometheus_own_words() {
        assert!(value(b"NaN").is_some_and(f64::is_nan));
        assert_eq!(value(b"+Inf"), Some(f64::INFINITY));
        assert_eq!(value(b"-Inf"), Some(f64::NEG_INFINITY));
        assert_eq!(value(b"-0").map(f64::to_bits), Some((-0.0_f64).to_bits()));
        for bad in [
            "", "infinity", "nan", "1..2", "--1", "0x10", "1 ", "1_000", ".",
        ] {
            assert_eq!(value(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn times() {
        assert_eq!(time_ms(b"1435781430.781"), Some(1_435_781_430_781));
        assert_eq!(time_ms(b"1435781430.7"), Some(1_435_781_430_700));
        assert_eq!(time_ms(b"1435781430"), Some(1_435_781_430_000));
        assert_eq!(time_ms(b"1.435781430781e9"), Some(1_435_781_430_781));
        assert_eq!(time_ms(b"1435781430.78149"), Some(1_435_781_430_781));
        assert_eq!(time_ms(b"-5.5"), Some(-5_500));
        for bad in ["", "-", "x", "1e300", "NaN"] {
            assert_eq!(time_ms(bad.as_bytes()), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn as_the_standard_library_reads_it(v in prop::num::f64::NORMAL | prop::num::f64::SUBNORMAL | prop::num::f64::ZERO) {
            prop_assert_eq!(value(v.to_string().as_bytes()).map(f64::to_bits), Some(v.to_bits()));
            prop_assert_eq!(value(format!("{v:e}").as_bytes()).map(f64::to_bits), Some(v.to_bits()));
        }

        #[test]
        fn short_decimals_too(digits in 0_u64..1 << 54, scale in 0_usize..17, negative: bool) {
            let mut text = format!("{digits:018}");
            text.insert(18 - scale, '.');
            if scale == 0 { text.pop(); }
            if negative { text.insert(0, '-'); }
            let expected: f64 = text.parse().expect("a number");
            prop_assert_eq!(value(text.as_bytes()).map(f64::to_bits), Some(expected.to_bits()));
        }
    }
}
