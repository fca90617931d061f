//! Numbers as people read them, in the same words as the page (`ui/src/shared/format.ts`; both are held to the same cases).

use model::board::Unit;

/// Shown where there is no number.
pub const NOTHING: &str = "–";

/// A number as it is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// Digits with sign and grouping, or a word.
    pub text: String,
    /// Unit with a multiplier before it (`万元`, `ms`); empty when there is none.
    pub unit: String,
}

impl Shown {
    fn new(text: impl Into<String>, unit: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            unit: unit.into(),
        }
    }
}

fn chinese(locale: &str) -> bool {
    locale.starts_with("zh")
}

/// Groups digits by thousands.
fn grouped(digits: &str) -> String {
    let (sign, body) = digits.strip_prefix('-').map_or(("", digits), |b| ("-", b));
    let (whole, fraction) = body
        .split_once('.')
        .map_or((body, None), |(w, f)| (w, Some(f)));
    let mut out = String::from(sign);
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if let Some(fraction) = fraction {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

/// With so many places, rounded half away from zero as people expect it.
fn fixed(value: f64, places: usize) -> String {
    let text = format!(
        "{:.places$}",
        value + value.signum() * value.abs() * f64::EPSILON
    );
    match text.strip_prefix('-') {
        Some(rest) if rest.chars().all(|c| c == '0' || c == '.') => rest.to_owned(),
        _ => text,
    }
}

fn places(size: f64) -> usize {
    match size {
        s if s >= 99.95 => 0,
        s if s >= 9.995 => 1,
        s if s >= 0.0995 => 2,
        s if s >= 0.00995 => 3,
        s if s > 0.0 => 4,
        _ => 0,
    }
}

/// About three significant digits; a whole number stays one.
pub fn digits(value: f64) -> String {
    let size = value.abs();
    if value.fract() == 0.0 && size < 1e15 {
        return grouped(&fixed(value, 0));
    }
    grouped(&fixed(value, places(size)))
}

/// Three significant digits of a number with a multiplier, without zeros at the end.
fn scaled(value: f64) -> String {
    let places = match value.abs() {
        s if s >= 99.95 => 0,
        s if s >= 9.995 => 1,
        _ => 2,
    };
    let text = fixed(value, places);
    if places == 0 {
        return grouped(&text);
    }
    grouped(text.trim_end_matches('0').trim_end_matches('.'))
}

type Steps = [(f64, &'static str)];
const HAN: &Steps = &[(1e12, "万亿"), (1e8, "亿"), (1e4, "万")];
const LATIN: &Steps = &[(1e12, "T"), (1e9, "B"), (1e6, "M"), (1e4, "K")];
const KIB: f64 = 1024.0;
const BINARY: &Steps = &[
    (KIB * KIB * KIB * KIB * KIB, "Pi"),
    (KIB * KIB * KIB * KIB, "Ti"),
    (KIB * KIB * KIB, "Gi"),
    (KIB * KIB, "Mi"),
    (KIB, "Ki"),
];
const DECIMAL: &Steps = &[(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")];

/// Divided by the greatest step that the number reaches once it is rounded.
fn stepped(value: f64, steps: &Steps, round: f64) -> Option<(f64, &'static str)> {
    let size = value.abs();
    steps
        .iter()
        .find(|(step, _)| size >= step - round * step)
        .map(|(step, prefix)| {
            let divisor = if *prefix == "K" { 1e3 } else { *step };
            (value / divisor, *prefix)
        })
}

fn counted(value: f64, locale: &str, unit: &str) -> Shown {
    let steps = if chinese(locale) { HAN } else { LATIN };
    match stepped(value, steps, 0.000_05) {
        None => Shown::new(digits(value), unit),
        Some((v, prefix)) => Shown::new(scaled(v), format!("{prefix}{unit}")),
    }
}

fn prefixed(value: f64, steps: &Steps, unit: &str) -> Shown {
    match stepped(value, steps, 0.000_5) {
        None => {
            let shown = if value.abs() < 1.0 {
                value
            } else {
                (value * 10.0).round() / 10.0
            };
            Shown::new(digits(shown), unit)
        }
        Some((v, prefix)) => Shown::new(scaled(v), format!("{prefix}{unit}")),
    }
}

/// 99.97 must not read 100, nor 0.004 read 0.
fn percent(value: f64) -> Shown {
    let size = value.abs();
    let places = if value.fract() == 0.0 || size >= 999.5 {
        0
    } else if (size > 99.0 && size < 100.0) || size < 1.0 {
        2
    } else {
        1
    };
    let text = fixed(value, places);
    let read: f64 = text.parse().unwrap_or(value);
    if size < 100.0 && read.abs() >= 100.0 {
        return Shown::new(if value < 0.0 { "-99.99" } else { "99.99" }, "%");
    }
    if size > 0.0 && read == 0.0 {
        return Shown::new(if value < 0.0 { "-0" } else { "<0.01" }, "%");
    }
    Shown::new(grouped(&text), "%")
}

const TIME: [(f64, &str, &str); 6] = [
    (86_400.0, "天", "d"),
    (3_600.0, "小时", "h"),
    (60.0, "分", "min"),
    (1.0, "s", "s"),
    (1e-3, "ms", "ms"),
    (1e-6, "µs", "µs"),
];

/// A span of time with the unit that fits it.
fn span(seconds: f64, locale: &str) -> Shown {
    let size = seconds.abs();
    if size == 0.0 {
        return Shown::new("0", "s");
    }
    for (step, han, latin) in TIME {
        let begin = if step >= 60.0 { 2.0 * step } else { step };
        if size >= begin * 0.999_5 || step == 1e-6 {
            let v = seconds / step;
            let text = if step < 1.0 && v.abs() >= 9.995 {
                grouped(&fixed(v, 0))
            } else {
                scaled(v)
            };
            return Shown::new(text, if chinese(locale) { han } else { latin });
        }
    }
    Shown::new(digits(seconds), "s")
}

/// A value of a unit as people read it in a language. Not a number: –. Infinite: ∞.
pub fn show(value: f64, unit: Unit, locale: &str) -> Shown {
    if value.is_nan() {
        return Shown::new(NOTHING, "");
    }
    if value.is_infinite() {
        return Shown::new(if value > 0.0 { "∞" } else { "-∞" }, "");
    }
    let han = chinese(locale);
    let pick = |zh: &'static str, en: &'static str| if han { zh } else { en };
    match unit {
        Unit::Percent => percent(value),
        Unit::Ratio => percent((value * 1e12).round() / 1e10),
        Unit::Seconds => span(value, locale),
        Unit::Milliseconds => span(value / 1000.0, locale),
        Unit::Bytes => prefixed(value, BINARY, "B"),
        Unit::BytesPerSecond => prefixed(value, BINARY, "B/s"),
        Unit::BitsPerSecond => prefixed(value, DECIMAL, "bit/s"),
        Unit::PerSecond => counted(value, locale, pick("/秒", "/s")),
        Unit::PerMinute => counted(value, locale, pick("/分", "/min")),
        Unit::Yuan => counted(value, locale, pick("元", " CNY")),
        Unit::YuanPerMinute => counted(value, locale, pick("元/分", " CNY/min")),
        Unit::Celsius => Shown::new(
            grouped(&fixed(value, usize::from(value.fract() != 0.0))),
            "°C",
        ),
        Unit::Score => {
            let places = if (value * 10.0).fract() == 0.0 { 1 } else { 2 };
            Shown::new(fixed(value, places), pick("分", ""))
        }
        Unit::UpDown if value >= 1.0 => Shown::new(pick("正常", "Up"), ""),
        Unit::UpDown if value <= 0.0 => Shown::new(pick("中断", "Down"), ""),
        Unit::UpDown => percent(value * 100.0),
        Unit::Count => counted(value, locale, ""),
    }
}

/// Digits and unit as one text, with a space between a digit and a word.
pub fn line(value: f64, unit: Unit, locale: &str) -> String {
    let shown = show(value, unit, locale);
    if shown.unit.is_empty() {
        return shown.text;
    }
    let bytes = matches!(
        unit,
        Unit::Bytes | Unit::BytesPerSecond | Unit::BitsPerSecond
    );
    let tight = shown.unit.starts_with(['%', '/', '°', ' ']);
    let multiplied = !chinese(locale) && !bytes && {
        let rest = shown.unit.strip_prefix(['K', 'M', 'B', 'T']);
        rest.is_some_and(|r| r.is_empty() || r.starts_with([' ', '/']))
    };
    if tight || multiplied {
        format!("{}{}", shown.text, shown.unit)
    } else {
        format!("{} {}", shown.text, shown.unit)
    }
}

/// A change in percent with its sign: `+6.2%`, `-0.4%`, `±0%`; `–` where there is nothing to compare with.
pub fn change(now: Option<f64>, before: Option<f64>) -> String {
    let (Some(now), Some(before)) = (now, before) else {
        return NOTHING.to_owned();
    };
    if before == 0.0 || !now.is_finite() || !before.is_finite() {
        return NOTHING.to_owned();
    }
    let share = (now - before) / before.abs() * 100.0;
    if share.abs() < 0.05 {
        return "±0%".to_owned();
    }
    let places = usize::from(share.abs() < 99.95);
    format!(
        "{}{}%",
        if share > 0.0 { "+" } else { "-" },
        grouped(&fixed(share.abs(), places))
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_chinese() {
        let cases = [
            (0.0, "0"),
            (-0.0, "0"),
            (8412.0, "8,412"),
            (9999.0, "9,999"),
            (9999.6, "1 万"),
            (10_000.0, "1 万"),
            (12_480.0, "1.25 万"),
            (125_000.0, "12.5 万"),
            (1_250_000.0, "125 万"),
            (12_500_000.0, "1,250 万"),
            (99_999_999.0, "1 亿"),
            (340_000_000.0, "3.4 亿"),
            (2_500_000_000_000.0, "2.5 万亿"),
            (-12_480.0, "-1.25 万"),
            (0.314, "0.31"),
            (0.05, "0.050"),
            (3.456_78, "3.46"),
            (9.996, "10.0"),
            (31.4159, "31.4"),
            (314.159, "314"),
            (1e-9, "0.0000"),
            (-0.000_01, "0.0000"),
        ];
        for (value, text) in cases {
            assert_eq!(line(value, Unit::Count, "zh-CN"), text, "{value}");
        }
    }

    #[test]
    fn numbers_in_english() {
        for (value, text) in [
            (8412.0, "8,412"),
            (9999.6, "10K"),
            (12_480.0, "12.5K"),
            (340_000_000.0, "340M"),
        ] {
            assert_eq!(line(value, Unit::Count, "en"), text);
        }
        assert_eq!(line(86_200.0, Unit::YuanPerMinute, "en"), "86.2K CNY/min");
    }

    #[test]
    fn units() {
        let cases = [
            (Unit::Percent, 96.1, "96.1%"),
            (Unit::Percent, 38.0, "38%"),
            (Unit::Percent, 99.999, "99.99%"),
            (Unit::Percent, 99.95, "99.95%"),
            (Unit::Percent, 0.12, "0.12%"),
            (Unit::Percent, 0.001, "<0.01%"),
            (Unit::Percent, 117.84, "117.8%"),
            (Unit::Ratio, 0.987, "98.7%"),
            (Unit::Ratio, 0.07, "7%"),
            (Unit::Seconds, 0.31, "310 ms"),
            (Unit::Seconds, 0.0042, "4.2 ms"),
            (Unit::Seconds, 0.000_25, "250 µs"),
            (Unit::Seconds, 0.9999, "1 s"),
            (Unit::Seconds, 90.0, "90 s"),
            (Unit::Seconds, 150.0, "2.5 分"),
            (Unit::Seconds, 9000.0, "2.5 小时"),
            (Unit::Seconds, 200_000.0, "2.31 天"),
            (Unit::Milliseconds, 418.0, "418 ms"),
            (Unit::Bytes, 512.0, "512 B"),
            (Unit::Bytes, 1_572_864.0, "1.5 MiB"),
            (Unit::Bytes, 1_073_741_823.0, "1 GiB"),
            (Unit::BitsPerSecond, 940_000_000.0, "940 Mbit/s"),
            (Unit::PerSecond, 342.0, "342/秒"),
            (Unit::PerMinute, 12_040.0, "1.2 万/分"),
            (Unit::Yuan, 46.2, "46.2 元"),
            (Unit::YuanPerMinute, 86_200.0, "8.62 万元/分"),
            (Unit::Celsius, 61.25, "61.3°C"),
            (Unit::Score, 4.8, "4.8 分"),
            (Unit::Score, 4.83, "4.83 分"),
            (Unit::UpDown, 1.0, "正常"),
            (Unit::UpDown, 0.75, "75%"),
        ];
        for (unit, value, text) in cases {
            assert_eq!(line(value, unit, "zh-CN"), text, "{unit:?} {value}");
        }
        assert_eq!(line(f64::NAN, Unit::Percent, "zh-CN"), "–");
        assert_eq!(line(f64::NEG_INFINITY, Unit::Seconds, "en"), "-∞");
    }

    #[test]
    fn a_share_that_is_not_whole_never_reads_as_whole() {
        let mut v = 99.9;
        while v < 100.0 {
            assert!(!show(v, Unit::Percent, "en").text.starts_with("100"), "{v}");
            v += 0.000_37;
        }
    }

    #[test]
    fn changes_have_their_sign() {
        assert_eq!(change(Some(106.2), Some(100.0)), "+6.2%");
        assert_eq!(change(Some(50.0), Some(100.0)), "-50.0%");
        assert_eq!(change(Some(100.01), Some(100.0)), "±0%");
        assert_eq!(change(Some(500.0), Some(100.0)), "+400%");
        assert_eq!(change(Some(1.0), Some(0.0)), NOTHING);
        assert_eq!(change(None, Some(1.0)), NOTHING);
    }
}
