//! One line of a log.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// How serious the writer called a line. The order is that of seriousness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Step by step.
    Trace,
    /// For whoever looks for a fault.
    Debug,
    /// What happens.
    Info,
    /// Odd, and dealt with.
    Warn,
    /// Something failed.
    Error,
    /// The program ends, or should.
    Fatal,
}

impl LogLevel {
    /// All, the least serious first.
    pub const ALL: [Self; 6] = [
        Self::Trace,
        Self::Debug,
        Self::Info,
        Self::Warn,
        Self::Error,
        Self::Fatal,
    ];

    /// Its name on the wire, in stores and in queries.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
            Self::Fatal => "fatal",
        }
    }

    /// What writers call it, in any case: the names of log4j, syslog, Go, Python and Node, and the words in Chinese logs.
    pub const fn words(self) -> &'static [&'static str] {
        match self {
            Self::Trace => &["trace", "trc", "finest", "verbose", "silly", "跟踪"],
            Self::Debug => &["debug", "dbg", "fine", "finer", "debug1", "调试"],
            Self::Info => &[
                "info",
                "inf",
                "information",
                "informational",
                "notice",
                "log",
                "信息",
                "提示",
            ],
            Self::Warn => &["warn", "warning", "wrn", "警告", "告警"],
            Self::Error => &["error", "err", "severe", "错误", "异常"],
            Self::Fatal => &[
                "fatal",
                "ftl",
                "critical",
                "crit",
                "alert",
                "emerg",
                "emergency",
                "panic",
                "致命",
                "严重",
            ],
        }
    }

    /// The level that writers call so ([`LogLevel::words`]). `None` for a word that is none of them.
    pub fn read(word: &str) -> Option<Self> {
        let word = word.trim();
        let says = |l: &Self| l.words().iter().any(|w| w.eq_ignore_ascii_case(word));
        Self::ALL.into_iter().find(says)
    }
}

impl fmt::Display for LogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Which kind of log a line is of; the three indexes of the platform's plan.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum LogCategory {
    /// `app-logs`: what the platform's own programs write, and the middleware under them.
    #[default]
    App,
    /// `system-logs`: operating system, containers, network devices.
    System,
    /// `security-logs`: audit, logins, firewalls.
    Security,
}

impl LogCategory {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::App, Self::System, Self::Security];

    /// Its name on the wire, in stores and in queries.
    pub const fn name(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::System => "system",
            Self::Security => "security",
        }
    }
}

impl fmt::Display for LogCategory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for LogCategory {
    type Err = ();

    /// Its name, or the index's: `app`, `app-logs`.
    fn from_str(text: &str) -> Result<Self, ()> {
        let name = text.strip_suffix("-logs").unwrap_or(text);
        Self::ALL.into_iter().find(|c| c.name() == name).ok_or(())
    }
}

/// A line's place in a store. The order of positions is the order of lines: by time, and by `seq` among equal times.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct LogPosition {
    /// When it was written, by the writer's clock, nanoseconds since the epoch.
    pub at_ns: i64,
    /// Its number among the lines of the same time. What it is made of is the store's matter; it stays the same as long as
    /// the line is there.
    pub seq: u64,
}

impl LogPosition {
    /// Before every line written at `at_ns` or later.
    pub const fn before(at_ns: i64) -> Self {
        Self { at_ns, seq: 0 }
    }
}

/// Further fields of a line as its writer gave them, nested as they were.
pub type Attrs = serde_json::Map<String, serde_json::Value>;

/// One line. Everything in it is hostile input: text, never markup.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LogLine {
    /// Its place.
    pub position: LogPosition,
    /// How serious, when the writer said so in a word that we know.
    pub level: Option<LogLevel>,
    /// Which kind of log.
    pub category: LogCategory,
    /// What wrote it: the program's name. Empty when unknown.
    pub service: String,
    /// Where it was written: a host's or a pod's name. Empty when unknown.
    pub host: String,
    /// The text, without control characters other than line feeds and tabs.
    pub message: String,
    /// The trace that it belongs to, lower-case hex. Empty when it belongs to none.
    pub trace_id: String,
    /// The span, lower-case hex. Empty when it belongs to none.
    pub span_id: String,
    /// Everything else.
    pub attrs: Attrs,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_by_their_many_names() {
        for level in LogLevel::ALL {
            assert_eq!(LogLevel::read(level.name()), Some(level));
            assert_eq!(LogLevel::read(&level.name().to_uppercase()), Some(level));
        }
        assert_eq!(LogLevel::read("WARNING"), Some(LogLevel::Warn));
        assert_eq!(LogLevel::read(" 错误 "), Some(LogLevel::Error));
        assert_eq!(LogLevel::read("emerg"), Some(LogLevel::Fatal));
        assert_eq!(LogLevel::read("loud"), None);
        assert_eq!(LogLevel::read(""), None);
        assert!(LogLevel::Error > LogLevel::Warn);
    }

    #[test]
    fn categories_by_name_and_by_index() {
        for category in LogCategory::ALL {
            assert_eq!(category.name().parse(), Ok(category));
            assert_eq!(format!("{category}-logs").parse(), Ok(category));
        }
        assert_eq!("audit".parse::<LogCategory>(), Err(()));
    }

    #[test]
    fn equal_times_have_an_order() {
        let at = |at_ns, seq| LogPosition { at_ns, seq };
        assert!(at(1, 9) < at(2, 0));
        assert!(at(2, 0) < at(2, 1));
        assert!(LogPosition::before(2) <= at(2, 0));
        assert!(LogPosition::before(2) > at(1, u64::MAX));
    }
}
