//! Words, numbers and times of a picture in one language and zone.

use crate::cli::say::Speaker;
use crate::frames::error_view;
use crate::texts;
use chart::panel::{Figure, Grade, Writer};
use chrono::{DateTime, Offset as _, TimeZone as _, Utc};
use chrono_tz::Tz;
use engine::Failure;
use model::board::Unit;
use model::{Level, Severity};
use report::figure;
use std::collections::BTreeMap;

const HOUR: f64 = 3_600_000.0;

/// Writes for people.
#[derive(Clone, Debug)]
pub struct Words {
    /// `zh-CN` or `en`.
    pub locale: String,
    /// The zone that times are told in.
    pub zone: Tz,
}

impl Words {
    /// The text of a key.
    pub fn plain(&self, key: &str) -> String {
        texts::plain(&self.locale, key)
    }

    /// The text of a key with one value.
    pub fn with(&self, key: &str, name: &str, value: &str) -> String {
        let params = BTreeMap::from([(name.to_owned(), value.to_owned())]);
        texts::say(&self.locale, key, &params)
    }

    /// The text of a key with its values.
    pub fn say(&self, key: &str, params: impl IntoIterator<Item = (String, String)>) -> String {
        texts::say(&self.locale, key, &params.into_iter().collect())
    }

    /// Why something failed.
    pub fn failure(&self, why: &Failure) -> String {
        self.error(&error_view(why))
    }

    /// Why something was refused.
    pub fn error(&self, why: &wire::ErrorView) -> String {
        Speaker::new(&self.locale, self.zone.name()).error(why)
    }

    /// A value as it is shown.
    pub fn figure(&self, value: f64, unit: Unit, severity: Severity, faded: bool) -> Figure {
        let shown = figure::show(value, unit, &self.locale);
        Figure {
            text: shown.text,
            unit: shown.unit,
            grade: grade(severity),
            faded,
        }
    }

    /// A value in a line of text.
    pub fn line(&self, value: f64, unit: Unit) -> String {
        figure::line(value, unit, &self.locale)
    }

    /// Writes values beside an axis.
    pub fn axis(&self, unit: Unit) -> Writer {
        let locale = self.locale.clone();
        Writer::new(move |value| figure::line(value, unit, &locale))
    }

    /// Writes times below an axis of this length (ms).
    pub fn clock(&self, span: f64) -> Writer {
        let (zone, format) = (self.zone, format(span));
        Writer::new(move |ms| local(ms, zone, format))
    }

    /// A date and a time.
    pub fn time(&self, ms: i64) -> String {
        local(ms as f64, self.zone, "%Y-%m-%d %H:%M")
    }

    /// How far the zone's clock is before UTC at a time, ms.
    pub fn offset(&self, at: i64) -> f64 {
        let Some(utc) = DateTime::<Utc>::from_timestamp_millis(at) else {
            return 0.0;
        };
        let offset = self.zone.offset_from_utc_datetime(&utc.naive_utc()).fix();
        f64::from(offset.local_minus_utc()) * 1_000.0
    }
}

fn format(span: f64) -> &'static str {
    match span {
        s if s <= 0.1 * HOUR => "%H:%M:%S",
        s if s <= 36.0 * HOUR => "%H:%M",
        s if s <= 4.0 * 24.0 * HOUR => "%m-%d %H:%M",
        _ => "%m-%d",
    }
}

fn local(ms: f64, zone: Tz, format: &str) -> String {
    DateTime::<Utc>::from_timestamp_millis(ms as i64)
        .map(|t| t.with_timezone(&zone).format(format).to_string())
        .unwrap_or_default()
}

/// How bad, as pictures know it.
pub fn grade(severity: Severity) -> Grade {
    match severity {
        Severity::Normal => Grade::Normal,
        Severity::Warning => Grade::Warning,
        Severity::Critical => Grade::Critical,
        Severity::Emergency => Grade::Emergency,
    }
}

/// How bad an alert of a level is.
pub fn level_grade(level: Level) -> Grade {
    match level {
        Level::P0 => Grade::Emergency,
        Level::P1 => Grade::Critical,
        Level::P2 => Grade::Warning,
        Level::P3 => Grade::Normal,
    }
}
