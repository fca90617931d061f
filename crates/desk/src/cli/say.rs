//! Sentences of the wire, said on a terminal.

use crate::texts::{exists, plain, say};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use std::collections::BTreeMap;
use wire::{ErrorView, Param, Sentence};

/// Says things in one language and one zone.
pub struct Speaker<'a> {
    /// The language.
    pub locale: &'a str,
    zone: Tz,
}

impl<'a> Speaker<'a> {
    /// In this language; times in this zone.
    pub fn new(locale: &'a str, zone: &str) -> Self {
        Self {
            locale,
            zone: zone.parse().unwrap_or(chrono_tz::Asia::Shanghai),
        }
    }

    /// A sentence without values.
    pub fn plain(&self, key: &str) -> String {
        plain(self.locale, key)
    }

    /// A point in time as people write it: `2026-10-01 09:00` in the configuration's zone, RFC 3339, or seconds since the epoch; ms.
    pub fn moment(&self, text: &str) -> Option<i64> {
        if let Some(at) = super::query::moment(text) {
            return Some(at);
        }
        let text = text.trim().replace('T', " ");
        let local = ["%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"]
            .iter()
            .find_map(|form| chrono::NaiveDateTime::parse_from_str(&text, form).ok())?;
        let at = |local| chrono::TimeZone::from_local_datetime(&self.zone, &local).earliest();
        // A time that a change of clocks leaves out is an hour later, as clocks show it; of one that comes twice the first is meant.
        let t = at(local).or_else(|| at(local + chrono::TimeDelta::hours(1)))?;
        Some(t.timestamp_millis())
    }

    /// A point in time, ms: date and time of the zone.
    pub fn time(&self, ms: f64) -> String {
        DateTime::<Utc>::from_timestamp_millis(ms as i64)
            .map(|t| {
                t.with_timezone(&self.zone)
                    .format("%m-%d %H:%M:%S")
                    .to_string()
            })
            .unwrap_or_default()
    }

    /// A sentence with `%{at}`.
    pub fn with_time(&self, key: &str, ms: f64) -> String {
        say(
            self.locale,
            key,
            &BTreeMap::from([("at".to_owned(), self.time(ms))]),
        )
    }

    /// A sentence of the wire.
    pub fn say(&self, sentence: &Sentence) -> String {
        let mut params: BTreeMap<String, String> = BTreeMap::new();
        for (name, value) in &sentence.params {
            if !matches!(value, Param::Key(_) | Param::Keys(_)) {
                params.insert(name.clone(), self.value(value));
            }
        }
        // What stands inside is said with the same values.
        for (name, value) in &sentence.params {
            let keys = match value {
                Param::Key(key) => std::slice::from_ref(key),
                Param::Keys(keys) => keys.as_slice(),
                _ => continue,
            };
            let inner: Vec<String> = keys.iter().map(|k| say(self.locale, k, &params)).collect();
            params.insert(name.clone(), self.list(&inner));
        }
        say(self.locale, &sentence.key, &params)
    }

    fn value(&self, value: &Param) -> String {
        match value {
            Param::Text(text) => text.clone(),
            Param::Time(ms) => self.time(*ms),
            Param::Duration(ms) => self.duration(*ms),
            Param::Number(n) => n.to_string(),
            Param::Key(key) => self.plain(key),
            Param::Texts(all) => self.list(all),
            Param::Keys(keys) => {
                let said: Vec<String> = keys.iter().map(|k| self.plain(k)).collect();
                self.list(&said)
            }
        }
    }

    fn list(&self, all: &[String]) -> String {
        all.join(&self.plain("list.separator"))
    }

    fn duration(&self, ms: f64) -> String {
        let seconds = (ms / 1000.0).max(0.0) as i64;
        let (n, key) = match seconds {
            s if s < 60 => (s, "seconds"),
            s if s < 3_600 => (s / 60, "minutes"),
            s if s < 86_400 => (s / 3_600, "hours"),
            s => (s / 86_400, "days"),
        };
        let params = BTreeMap::from([("n".to_owned(), n.to_string())]);
        say(self.locale, &format!("notice.duration.{key}"), &params)
    }

    /// An error; a value whose name ends in `_key` is itself a sentence.
    pub fn error(&self, e: &ErrorView) -> String {
        let mut params = e.params.clone();
        for (name, key) in &e.params {
            if let Some(short) = name.strip_suffix("_key") {
                params.insert(short.to_owned(), say(self.locale, key, &e.params));
            }
        }
        let code = serde_json::to_value(e.code).ok();
        let code = code.as_ref().and_then(|c| c.as_str()).unwrap_or("internal");
        let key = format!("error.{code}");
        if exists(self.locale, &key) {
            say(self.locale, &key, &params)
        } else {
            key
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::ErrorCode;

    #[test]
    fn a_moment_is_of_the_configured_zone_also_where_clocks_change() {
        let shanghai = Speaker::new("zh-CN", "Asia/Shanghai");
        let berlin = Speaker::new("en", "Europe/Berlin");
        let utc = |text: &str| {
            let t = DateTime::parse_from_rfc3339(text).unwrap();
            Some(t.timestamp_millis())
        };
        for (text, expected) in [
            ("2026-10-01 09:00", "2026-10-01T01:00:00Z"),
            ("2026-10-01T09:00", "2026-10-01T01:00:00Z"),
            (" 2026-10-01 09:00:30 ", "2026-10-01T01:00:30Z"),
            ("2026-10-01T09:00:00+02:00", "2026-10-01T07:00:00Z"),
            ("1790816400", "2026-10-01T01:00:00Z"),
        ] {
            assert_eq!(shanghai.moment(text), utc(expected), "{text}");
        }
        for (text, expected) in [
            ("2026-07-01 09:00", "2026-07-01T07:00:00Z"),
            ("2026-12-01 09:00", "2026-12-01T08:00:00Z"),
            // It comes twice, and it does not come at all.
            ("2026-10-25 02:30", "2026-10-25T00:30:00Z"),
            ("2026-03-29 02:30", "2026-03-29T01:30:00Z"),
        ] {
            assert_eq!(berlin.moment(text), utc(expected), "{text}");
        }
        for text in [
            "",
            "明天",
            "2026-02-30 09:00",
            "2026-10-01 25:00",
            "2026-10-01",
        ] {
            assert_eq!(shanghai.moment(text), None, "{text}");
        }
    }

    #[test]
    fn what_stands_inside_a_sentence_is_said_too() {
        let zh = Speaker::new("zh-CN", "Asia/Shanghai");
        let e = ErrorView::new(ErrorCode::Refused)
            .with("reason_key", "refused.already_resolved")
            .with("id", 7);
        assert_eq!(zh.error(&e), "没有做：告警 7 已经恢复");
        let s = Sentence {
            key: "alert.outcome.failed".into(),
            params: BTreeMap::from([
                ("reason".into(), Param::Key("channel.error.connect".into())),
                ("host".into(), Param::Text("a.b".into())),
            ]),
        };
        assert_eq!(zh.say(&s), "渠道失败：连不上 a.b");
        assert_eq!(zh.duration(90_000.0), "1 分钟");
        assert_eq!(zh.time(0.0), "01-01 08:00:00");
    }
}
