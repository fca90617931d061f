//! Times and values as Prometheus writes them.

/// Powers of ten that a double holds exactly.
const EXACT: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/// A sample's value: a number, `NaN`, `+Inf`, `-Inf`; `None` if it is none of them.
pub(crate) fn value(text: &[u8]) -> Option<f64> {
    match compact_value(text) {
        Some((value, length)) if length == text.len() => Some(value),
        _ => long(text),
    }
}

/// The plain decimal at the beginning of `text` and its length.
///
/// Up to 2^53 in digits and 22 decimals, one division gives the correctly rounded result (Clinger's fast path, "How to
/// read floating point numbers accurately", 1990); longer ones go to the standard library.
#[inline]
pub(crate) fn compact_value(text: &[u8]) -> Option<(f64, usize)> {
    let sign = usize::from(text.first() == Some(&b'-'));
    let mut mantissa: u64 = 0;
    let mut at = sign;
    at += digits(text.get(at..)?, &mut mantissa);
    if at == sign {
        return None;
    }
    let mut decimals = 0;
    if text.get(at) == Some(&b'.') {
        decimals = digits(text.get(at + 1..)?, &mut mantissa);
        if decimals == 0 {
            return None;
        }
        at += 1 + decimals;
    }
    // 19 digits fit into 64 bits; with more of them the mantissa has wrapped
    if at <= 19 && mantissa <= 1 << 53 {
        let value = mantissa as f64 / EXACT.get(decimals)?;
        return Some((if sign == 1 { -value } else { value }, at));
    }
    let text = std::str::from_utf8(text.get(..at)?).ok()?;
    Some((text.parse().ok()?, at))
}

/// Adds the digits at the beginning of `text` to `number`, wrapping; how many there were.
#[inline]
fn digits(text: &[u8], number: &mut u64) -> usize {
    let mut length = 0;
    while let Some(eight) = text.get(length..).and_then(|t| t.first_chunk::<8>()) {
        let Some(value) = eight_digits(u64::from_le_bytes(*eight)) else {
            break;
        };
        *number = number.wrapping_mul(100_000_000).wrapping_add(value);
        length += 8;
    }
    while let Some(digit) = text
        .get(length)
        .map(|b| b.wrapping_sub(b'0'))
        .filter(|d| *d < 10)
    {
        *number = number.wrapping_mul(10).wrapping_add(u64::from(digit));
        length += 1;
    }
    length
}

/// Eight digits at once, the first one in the lowest byte (Lemire, "Quickly parsing eight digits", 2018).
#[inline]
fn eight_digits(chunk: u64) -> Option<u64> {
    let high = chunk & 0xf0f0_f0f0_f0f0_f0f0;
    let carried = chunk.wrapping_add(0x0606_0606_0606_0606) & 0xf0f0_f0f0_f0f0_f0f0;
    if high != 0x3030_3030_3030_3030 || carried != 0x3030_3030_3030_3030 {
        return None;
    }
    let pairs = (chunk & 0x0f0f_0f0f_0f0f_0f0f).wrapping_mul(2561) >> 8;
    let fours = (pairs & 0x00ff_00ff_00ff_00ff).wrapping_mul(6_553_601) >> 16;
    Some((fours & 0x0000_ffff_0000_ffff).wrapping_mul(42_949_672_960_001) >> 32)
}

/// The plain time in seconds at the beginning of `text` as ms, and its length.
#[inline]
pub(crate) fn compact_time(text: &[u8]) -> Option<(i64, usize)> {
    let mut seconds: u64 = 0;
    let whole = digits(text, &mut seconds);
    if whole == 0 || whole > 12 {
        return None;
    }
    let ms = i64::try_from(seconds).ok()? * 1000;
    if text.get(whole) != Some(&b'.') {
        return Some((ms, whole));
    }
    let mut fraction: u64 = 0;
    let decimals = digits(text.get(whole + 1..)?, &mut fraction);
    let scale = [100, 10, 1].get(decimals.checked_sub(1)?)?;
    Some((
        ms + i64::try_from(fraction).ok()? * scale,
        whole + 1 + decimals,
    ))
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
pub(crate) fn time_ms(text: &[u8]) -> Option<i64> {
    if let Some((ms, length)) = compact_time(text)
        && length == text.len()
    {
        return Some(ms);
    }
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
