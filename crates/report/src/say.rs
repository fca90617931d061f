//! Sentences of `locales/`, and times as a report writes them.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

/// Writes in one language and zone.
#[derive(Clone, Debug)]
pub struct Writer {
    /// `zh-CN` or `en`.
    pub locale: String,
    /// The zone of days and times.
    pub zone: Tz,
}

impl Writer {
    /// The sentence `report.<key>`, its values filled in once; a value that looks like a placeholder stays as it is.
    pub fn say(&self, key: &str, values: &[(&str, &str)]) -> String {
        let key = format!("report.{key}");
        let template = rust_i18n::t!(&key, locale = &self.locale);
        let mut out = String::with_capacity(template.len() + 32);
        let mut rest: &str = &template;
        while let Some((before, after)) = rest.split_once("%{") {
            let Some((name, tail)) = after.split_once('}') else {
                break;
            };
            out.push_str(before);
            match values.iter().find(|(n, _)| *n == name) {
                Some((_, value)) => out.push_str(value),
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

    /// A sentence without values.
    pub fn plain(&self, key: &str) -> String {
        self.say(key, &[])
    }

    /// A label's value in words where there are some (支付宝 for `alipay`), as it is otherwise.
    pub fn part(&self, value: &str) -> String {
        let key = format!("report.part.{value}");
        crate::_rust_i18n_try_translate(&self.locale, &key).map_or_else(
            || value.chars().take(60).collect(),
            |text| text.into_owned(),
        )
    }

    /// A time by a format of chrono.
    pub fn time(&self, at: i64, format: &str) -> String {
        DateTime::<Utc>::from_timestamp_millis(at)
            .map(|t| t.with_timezone(&self.zone).format(format).to_string())
            .unwrap_or_default()
    }

    /// A length of time: 45 秒, 4 分, 1 小时 5 分, 3 天 2 小时. What is negative counts as nothing.
    pub fn length(&self, ms: i64) -> String {
        let seconds = ms.max(0) / 1_000;
        let part =
            |n: i64, unit: &str| self.say(&format!("length.{unit}"), &[("n", &n.to_string())]);
        let two = |big: String, small: i64, unit: &str| {
            if small == 0 {
                big
            } else {
                format!("{big} {}", part(small, unit))
            }
        };
        match seconds {
            s if s < 60 => part(s, "seconds"),
            s if s < 3_600 => two(
                part(s / 60, "minutes"),
                if s < 600 { s % 60 } else { 0 },
                "seconds",
            ),
            s if s < 86_400 => two(part(s / 3_600, "hours"), s % 3_600 / 60, "minutes"),
            s => two(part(s / 86_400, "days"), s % 86_400 / 3_600, "hours"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_have_two_units() {
        let zh = Writer {
            locale: "zh-CN".into(),
            zone: chrono_tz::Asia::Shanghai,
        };
        assert_eq!(zh.length(-5), "0 秒");
        assert_eq!(zh.length(272_000), "4 分 32 秒");
        assert_eq!(zh.length(65 * 60_000), "1 小时 5 分");
        assert_eq!(zh.length(74 * 3_600_000), "3 天 2 小时");
        let en = Writer {
            locale: "en".into(),
            ..zh
        };
        assert_eq!(en.length(65 * 60_000), "1 h 5 min");
        assert_eq!(en.time(0, "%Y-%m-%d %H:%M"), "1970-01-01 08:00");
    }
}
