//! Sentences of `locales/`, and durations, times and numbers as a person says them.

use chrono::{DateTime, Datelike as _, Utc};
use chrono_tz::Tz;
use std::collections::BTreeMap;

/// The sentence of `key` in `locale` with its `%{name}` filled in once; a value that looks like a placeholder stays as it is. The key itself
/// where there is no sentence.
pub fn sentence(locale: &str, key: &str, params: &BTreeMap<String, String>) -> String {
    let template = rust_i18n::t!(key, locale = locale);
    fill(&template, |name| params.get(name).map(String::as_str))
}

/// The same with values by name.
pub(crate) fn say(locale: &str, key: &str, params: &[(&str, &str)]) -> String {
    let template = rust_i18n::t!(key, locale = locale);
    fill(&template, |name| {
        params.iter().find(|(n, _)| *n == name).map(|(_, v)| *v)
    })
}

/// Whether `locale` itself has the sentence.
pub(crate) fn exists(locale: &str, key: &str) -> bool {
    crate::_rust_i18n_try_translate(locale, key).is_some()
}

fn fill<'a>(template: &str, value: impl Fn(&str) -> Option<&'a str>) -> String {
    let mut out = String::with_capacity(template.len() + 32);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("%{") {
        let Some((name, tail)) = after.split_once('}') else {
            break;
        };
        out.push_str(before);
        match value(name) {
            Some(v) => out.push_str(v),
            None => {
                out.push_str("%{");
                out.push_str(name);
                out.push('}');
            }
        }
        rest = tail;
    }
    out.push_str(rest);
    out
}

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// `45 秒`, `4 分钟`, `1 小时 5 分钟`, `3 天 2 小时`: the two largest units, rounded down. What is negative counts as nothing (clocks differ).
pub(crate) fn duration(locale: &str, ms: i64) -> String {
    let ms = ms.max(0);
    let part = |unit: &str, n: i64| {
        say(
            locale,
            &format!("notice.duration.{unit}"),
            &[("n", &n.to_string())],
        )
    };
    let two = |big: String, small: i64, unit: &str| {
        if small == 0 {
            big
        } else {
            format!("{big} {}", part(unit, small))
        }
    };
    if ms < MINUTE {
        part("seconds", ms / SECOND)
    } else if ms < HOUR {
        part("minutes", ms / MINUTE)
    } else if ms < DAY {
        two(part("hours", ms / HOUR), ms % HOUR / MINUTE, "minutes")
    } else {
        two(part("days", ms / DAY), ms % DAY / HOUR, "hours")
    }
}

/// `15:32` on the same day as `now`, `11-22 03:00` otherwise, `2027-01-01 03:00` in another year.
pub(crate) fn clock(zone: Tz, at: i64, now: i64) -> String {
    let local = |ms| DateTime::<Utc>::from_timestamp_millis(ms).map(|t| t.with_timezone(&zone));
    let (Some(at), Some(now)) = (local(at), local(now)) else {
        return "–".to_owned();
    };
    if at.date_naive() == now.date_naive() {
        at.format("%H:%M").to_string()
    } else if at.year() == now.year() {
        at.format("%m-%d %H:%M").to_string()
    } else {
        at.format("%Y-%m-%d %H:%M").to_string()
    }
}

/// A value with at most four significant digits: `93.2`, `0.0123`, `1536000`.
pub(crate) fn number(v: f64) -> String {
    if v.is_nan() {
        return "NaN".to_owned();
    }
    if v.is_infinite() {
        return if v > 0.0 { "+∞" } else { "-∞" }.to_owned();
    }
    let size = v.abs();
    if size >= 1e15 || (size > 0.0 && size < 1e-6) {
        return format!("{v:.3e}");
    }
    let decimals = match size {
        s if s >= 1000.0 || s == 0.0 => 0,
        s if s >= 100.0 => 1,
        s if s >= 10.0 => 2,
        s if s >= 1.0 => 3,
        s if s >= 0.01 => 4,
        _ => 8,
    };
    let text = format!("{v:.decimals$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_two_units() {
        let zh = |ms| duration("zh-CN", ms);
        assert_eq!(zh(-5), "0 秒");
        assert_eq!(zh(45_999), "45 秒");
        assert_eq!(zh(4 * MINUTE + 30_000), "4 分钟");
        assert_eq!(zh(65 * MINUTE), "1 小时 5 分钟");
        assert_eq!(zh(2 * HOUR), "2 小时");
        assert_eq!(zh(74 * HOUR), "3 天 2 小时");
        assert_eq!(duration("en", 65 * MINUTE), "1 h 5 min");
    }

    #[test]
    fn times_are_those_of_the_zone() {
        let zone = chrono_tz::Asia::Shanghai;
        let noon = 1_795_233_600_000; // 2026-11-21T04:00:00Z
        assert_eq!(clock(zone, noon, noon), "12:00");
        assert_eq!(clock(zone, noon + 15 * HOUR, noon), "11-22 03:00");
        assert_eq!(clock(zone, noon + 60 * DAY, noon), "2027-01-20 12:00");
        assert_eq!(clock(zone, i64::MAX, noon), "–");
    }

    #[test]
    fn numbers_are_short() {
        let cases = [
            (93.2, "93.2"),
            (0.0, "0"),
            (0.012_345, "0.0123"),
            (1_536_000.0, "1536000"),
            (12.0, "12"),
            (99.987_6, "99.99"),
            (1e20, "1.000e20"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-∞"),
        ];
        for (v, text) in cases {
            assert_eq!(number(v), text);
        }
    }

    #[test]
    fn a_value_is_put_in_once() {
        let params = BTreeMap::from([("detail".to_owned(), "%{host}".to_owned())]);
        assert!(sentence("en", "error.connect", &params).contains("%{host}"));
    }
}
