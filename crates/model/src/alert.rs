//! Alerts: what a source says of them, what they are called, how urgent they are.

use crate::Labels;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// The label that names an alert's rule.
pub const ALERT_NAME: &str = "alertname";

/// What makes two reports the same alert: the Alertmanager's fingerprint of its labels, FNV-1a of 64 bits over the names in order, each name
/// and each value followed by byte 0xFF (`LabelSet.Fingerprint` of prometheus/common).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Fingerprint(pub u64);

impl Fingerprint {
    /// Of a label set. All labels count, also `alertname`; there is no `__name__` on an alert.
    pub fn of(labels: &Labels) -> Self {
        const PRIME: u64 = 0x0000_0100_0000_01b3;
        let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
        let mut add = |bytes: &[u8]| {
            for byte in bytes.iter().chain(std::iter::once(&0xFF)) {
                hash = (hash ^ u64::from(*byte)).wrapping_mul(PRIME);
            }
        };
        for (name, value) in labels.iter() {
            add(name.as_bytes());
            add(value.as_bytes());
        }
        Self(hash)
    }
}

hex_id! {
    /// 16 hexadecimal digits, as the Alertmanager writes it.
    Fingerprint, u64, "a fingerprint", 16, NotAFingerprint
}

/// How urgent: P0 is the most. The order is that of urgency: `P0 < P1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Level {
    /// 严重影响核心业务功能
    P0,
    /// 显著影响用户体验
    P1,
    /// 潜在风险，需要关注
    P2,
    /// 一般性问题，定期处理
    P3,
}

impl Level {
    /// All, most urgent first.
    pub const ALL: [Self; 4] = [Self::P0, Self::P1, Self::P2, Self::P3];

    /// 0 to 3.
    pub fn number(self) -> u8 {
        self as u8
    }

    /// `P0` to `P3`, or `0` to `3`, in either case.
    pub fn parse(s: &str) -> Option<Self> {
        match s.trim() {
            "P0" | "p0" | "0" => Some(Self::P0),
            "P1" | "p1" | "1" => Some(Self::P1),
            "P2" | "p2" | "2" => Some(Self::P2),
            "P3" | "p3" | "3" => Some(Self::P3),
            _ => None,
        }
    }

    /// Its name: `P0` to `P3`.
    pub fn name(self) -> &'static str {
        match self {
            Self::P0 => "P0",
            Self::P1 => "P1",
            Self::P2 => "P2",
            Self::P3 => "P3",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// In what state a source reports an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reported {
    /// It holds.
    Firing,
    /// It holds, and the source itself (the Alertmanager) keeps quiet about it.
    Suppressed,
    /// It holds no more.
    Resolved,
}

/// One alert as one source reports it at one time. Pending alerts of a Prometheus are not reported.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    /// Identity: [`Fingerprint::of`] these.
    pub labels: Labels,
    /// Texts for people: `summary`, `description`, `runbook_url`, … Hostile input: text, never markup.
    pub annotations: BTreeMap<String, String>,
    /// In what state.
    pub state: Reported,
    /// Since when it holds, ms.
    pub starts_at: i64,
    /// When it ended (resolved), or until when the source holds it without hearing of it again; ms.
    pub ends_at: Option<i64>,
    /// Where it can be looked at; `http` or `https` only, anything else is dropped by the source.
    pub generator_url: Option<String>,
    /// The value of the rule's expression, where the source tells it.
    pub value: Option<f64>,
    /// The rule's expression, where the source tells it (our own rules do): the metric around the firing is drawn from it.
    pub expr: Option<String>,
    /// Ids of the source's silences that hold it.
    pub silenced_by: Vec<String>,
    /// Alerts that inhibit it at the source.
    pub inhibited_by: Vec<Fingerprint>,
    /// Names of the source's time intervals that mute it.
    pub muted_by: Vec<String>,
}

impl Observation {
    /// Firing since `starts_at` with these labels, and nothing else known.
    pub fn firing(labels: Labels, starts_at: i64) -> Self {
        Self {
            labels,
            annotations: BTreeMap::new(),
            state: Reported::Firing,
            starts_at,
            ends_at: None,
            generator_url: None,
            value: None,
            expr: None,
            silenced_by: Vec::new(),
            inhibited_by: Vec::new(),
            muted_by: Vec::new(),
        }
    }

    /// Its identity.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.labels)
    }
}

/// One condition on a label, as the Alertmanager has it. A missing label counts as empty.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Matcher {
    /// The label's name.
    pub name: String,
    /// The value, or a regular expression that must match the whole value.
    pub value: String,
    /// Whether `value` is a regular expression (RE2 syntax).
    #[serde(default)]
    pub is_regex: bool,
    /// False turns the condition round.
    #[serde(default = "yes")]
    pub is_equal: bool,
}

fn yes() -> bool {
    true
}

impl Matcher {
    /// `name = value`.
    pub fn equal(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
            is_regex: false,
            is_equal: true,
        }
    }
}

/// Not a condition on a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAMatcher;

impl fmt::Display for NotAMatcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a condition is name=value, name!=value, name=~regex or name!~regex")
    }
}

impl std::error::Error for NotAMatcher {}

/// `name=value`, `!=`, `=~`, `!~`; the value may stand in double quotes. Whether a regular expression is one is not looked at here.
impl FromStr for Matcher {
    type Err = NotAMatcher;

    fn from_str(s: &str) -> Result<Self, NotAMatcher> {
        let at = s.find(['=', '!']).ok_or(NotAMatcher)?;
        let (name, rest) = (s[..at].trim(), &s[at..]);
        let first = name.bytes().next().ok_or(NotAMatcher)?;
        let good = (first.is_ascii_alphabetic() || first == b'_')
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        let ops = [
            ("=~", true, true),
            ("!~", true, false),
            ("!=", false, false),
            ("=", false, true),
        ];
        let (value, is_regex, is_equal) = ops
            .iter()
            .find_map(|(op, r, e)| rest.strip_prefix(op).map(|v| (v.trim(), *r, *e)))
            .filter(|_| good)
            .ok_or(NotAMatcher)?;
        let quoted = value
            .strip_prefix('"')
            .and_then(|v| v.strip_suffix('"'))
            .map(|v| v.replace("\\\"", "\"").replace("\\\\", "\\"));
        Ok(Self {
            name: name.to_owned(),
            value: quoted.unwrap_or_else(|| value.to_owned()),
            is_regex,
            is_equal,
        })
    }
}

/// As PromQL writes it: `name="value"`, `!=`, `=~`, `!~`.
impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let op = match (self.is_equal, self.is_regex) {
            (true, false) => "=",
            (false, false) => "!=",
            (true, true) => "=~",
            (false, true) => "!~",
        };
        write!(f, "{}{op}{:?}", self.name, self.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_are_those_of_the_alertmanager() {
        // The empty set is FNV's offset basis.
        assert_eq!(
            Fingerprint::of(&Labels::default()).to_string(),
            "cbf29ce484222325"
        );
        // FNV-1a of "a\xFFb\xFF", from the published constants
        let l = Labels::from_pairs([("a", "b")]);
        let step = |h: u64, b: u8| (h ^ u64::from(b)).wrapping_mul(1_099_511_628_211);
        let by_hand = b"a\xFFb\xFF"
            .iter()
            .fold(14_695_981_039_346_656_037, |h, b| step(h, *b));
        assert_eq!(Fingerprint::of(&l), Fingerprint(by_hand));
    }

    #[test]
    fn fingerprints_are_read_as_written() {
        let f = Fingerprint(0x00ab);
        assert_eq!(f.to_string().parse(), Ok(f));
        for wrong in [
            "",
            "ab",
            "+0000000000000ab",
            "00000000000000abc",
            "zz000000000000ab",
        ] {
            assert_eq!(
                wrong.parse::<Fingerprint>(),
                Err(NotAFingerprint),
                "{wrong}"
            );
        }
    }

    #[test]
    fn conditions_are_read_as_written() {
        let m: Matcher = "service =~ \"pg.*\"".parse().unwrap();
        assert_eq!(
            (m.name.as_str(), m.value.as_str(), m.is_regex, m.is_equal),
            ("service", "pg.*", true, true)
        );
        for text in [
            "a=\"b\"",
            "a!=\"b c\"",
            "a=~\"x|y\"",
            "a!~\"\"",
            "a=\"say \\\"hi\\\"\"",
        ] {
            assert_eq!(text.parse::<Matcher>().unwrap().to_string(), text);
        }
        for wrong in ["", "=x", "a", "1a=b", "a b=c", "a!b", "服务=x"] {
            assert_eq!(wrong.parse::<Matcher>(), Err(NotAMatcher), "{wrong}");
        }
    }

    #[test]
    fn the_most_urgent_level_is_the_smallest() {
        assert!(Level::P0 < Level::P3);
        assert_eq!(Level::parse(" p1"), Some(Level::P1));
        assert_eq!(Level::parse("high"), None);
    }
}
