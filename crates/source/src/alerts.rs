//! What every source of alerts answers, and the kinds of them.

use crate::metrics::{Answer, Ask};
use crate::{ConfigError, Connection, SourceError, alertmanager, prometheus};
use futures::FutureExt as _;
use model::Labels;
use model::alert::{Fingerprint, Matcher, Observation};
use std::fmt::{Debug, Display};
use std::sync::Arc;
use std::time::Duration;

/// How much of an answer or of a webhook's body we are ready to take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlertLimits {
    /// Bytes of the body, decompressed. 50,000 alerts are about 43 MB.
    pub body_bytes: u64,
    /// Alerts of one answer; more are an error, because a list that is cut would read as "the others are over".
    pub alerts: usize,
    /// Silences of one answer; more are an error.
    pub silences: usize,
    /// Labels of one alert; an alert with more is refused and counted. Annotations beyond as many are dropped and counted.
    pub labels: usize,
    /// Bytes of a label's name or value; an alert with a longer one is refused and counted: a label that is cut would
    /// make another alert of it.
    pub label_bytes: usize,
    /// Bytes of an annotation, of a URL or of an expression; longer annotations are cut, marked with `…` and counted.
    pub annotation_bytes: usize,
}

impl Default for AlertLimits {
    fn default() -> Self {
        Self {
            body_bytes: 128 << 20,
            alerts: 100_000,
            silences: 20_000,
            labels: 256,
            label_bytes: 16 << 10,
            annotation_bytes: 16 << 10,
        }
    }
}

/// What a client of alerts needs beside the connection.
#[derive(Clone, Debug, Default)]
pub struct AlertOptions {
    /// How much of an answer is taken. `body_bytes` counts here, not that of [`Connection::limits`].
    pub limits: AlertLimits,
    /// A Prometheus' `external_labels`: its own list of alerts does not show them, but the Alertmanager that it sends to
    /// does, so without them the same alert has two fingerprints. Unused by an Alertmanager.
    pub external_labels: Labels,
}

/// What was odd in a list of alerts: how often, of each kind. Nothing of it stops the rest from being taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Oddities {
    /// Refused: more labels than allowed.
    pub too_many_labels: usize,
    /// Refused: a label's name or value is longer than allowed.
    pub label_too_long: usize,
    /// Refused: no labels at all, so there is no identity.
    pub no_labels: usize,
    /// Refused: no time at which it began, and nothing to take for it.
    pub no_start: usize,
    /// Taken: the fingerprint that was stated is not the one of the labels; ours is used.
    pub fingerprint_mismatch: usize,
    /// Taken as firing: a state that we do not know. Louder is safer.
    pub unknown_state: usize,
    /// Annotations that were cut or, beyond the number allowed, dropped.
    pub annotations_cut: usize,
    /// URLs that were dropped because they are neither `http` nor `https`, or longer than allowed.
    pub url_dropped: usize,
}

impl Oddities {
    /// Alerts that were not taken.
    pub fn refused(&self) -> usize {
        self.too_many_labels + self.label_too_long + self.no_labels + self.no_start
    }

    /// Each kind that occurred, with its code (locale key `alert_source.oddity.<code>`) and how often.
    pub fn counts(&self) -> impl Iterator<Item = (&'static str, usize)> {
        [
            ("too_many_labels", self.too_many_labels),
            ("label_too_long", self.label_too_long),
            ("no_labels", self.no_labels),
            ("no_start", self.no_start),
            ("fingerprint_mismatch", self.fingerprint_mismatch),
            ("unknown_state", self.unknown_state),
            ("annotations_cut", self.annotations_cut),
            ("url_dropped", self.url_dropped),
        ]
        .into_iter()
        .filter(|(_, n)| *n > 0)
    }

    /// The codes that [`Oddities::counts`] can answer; a test holds the locales to it.
    pub const CODES: [&'static str; 8] = [
        "too_many_labels",
        "label_too_long",
        "no_labels",
        "no_start",
        "fingerprint_mismatch",
        "unknown_state",
        "annotations_cut",
        "url_dropped",
    ];

    /// For [`Answer::warnings`] and the log.
    pub(crate) fn warnings(&self) -> Vec<String> {
        self.counts().map(|(c, n)| format!("{c}: {n}")).collect()
    }
}

/// All alerts that a source holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AlertList {
    /// The alerts, in the source's order. An alert that was there before and is missing here is over, unless
    /// [`Oddities::refused`] is not 0 or the source has just been restarted ([`AlertList::started_at_ms`]): an
    /// Alertmanager keeps no alerts over a restart and hears of them again within minutes.
    pub alerts: Vec<Observation>,
    /// What was odd.
    pub oddities: Oddities,
    /// When the source's process started, ms since the epoch, where it tells. Asked for after the list, so that a restart
    /// between two lists, however short, shows with the first list that may lack alerts.
    pub started_at_ms: Option<i64>,
    /// Time from asking to the last byte of the answer, for [`next_poll_after`].
    pub took: Duration,
}

/// What probing a source of alerts told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AlertSourceInfo {
    /// Its version, where it tells one.
    pub version: Option<String>,
    /// When its process started, ms since the epoch, where it tells: another value than before means a restart.
    pub started_at_ms: Option<i64>,
    /// False while it starts (log replay, settling of a cluster): what it does not list yet is not over.
    pub ready: bool,
    /// Whether it can hold silences.
    pub silences: bool,
}

/// A silence to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SilenceRequest {
    /// All must hold. At least one, and one of them must not match a missing label.
    pub matchers: Vec<Matcher>,
    /// From when, ms; the past counts as now.
    pub starts_at: i64,
    /// Until when, ms; in the future.
    pub ends_at: i64,
    /// Who.
    pub created_by: String,
    /// Why.
    pub comment: String,
}

/// Where in its life a silence is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SilenceState {
    /// Begins later.
    Pending,
    /// Holds.
    Active,
    /// Over, kept for a while.
    Expired,
}

/// A silence as the source has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceSilence {
    /// The source's id.
    pub id: String,
    /// What it is.
    pub silence: SilenceRequest,
    /// Where in its life it is.
    pub state: SilenceState,
    /// When it was changed last, ms.
    pub updated_at: i64,
}

impl SourceSilence {
    /// Whether this is what `request` asked for and not over. Whoever made one and did not hear the answer looks for it with
    /// this before making a second one.
    pub fn answers(&self, request: &SilenceRequest) -> bool {
        let sorted = |matchers: &[Matcher]| {
            let mut all = matchers.to_vec();
            all.sort();
            all
        };
        self.state != SilenceState::Expired
            && self.silence.created_by == request.created_by
            && self.silence.comment == request.comment
            && self.silence.ends_at == request.ends_at
            && sorted(&self.silence.matchers) == sorted(&request.matchers)
    }
}

/// A source of alerts. All times are milliseconds since the epoch; all methods end within the source's own time limit; what
/// an answer says is hostile input.
pub trait Alerts: Send + Sync + Debug {
    /// The kind's name in the registry and the configuration.
    fn kind(&self) -> &'static str;

    /// All alerts that hold now, also those that the source keeps quiet about; pending ones are not among them.
    fn alerts(&self) -> Ask<'_, AlertList>;

    /// The alerts that a silence of these matchers would hide, by the source's own judgement.
    /// [`SourceError::Unsupported`] where there are no silences.
    fn matching<'a>(&'a self, matchers: &'a [Matcher]) -> Ask<'a, Vec<Fingerprint>>;

    /// Who answers there, since when, and what it can do.
    fn probe(&self) -> Ask<'_, AlertSourceInfo>;

    /// Whether it can hold silences; the three methods below answer [`SourceError::Unsupported`] where not.
    fn can_silence(&self) -> bool;

    /// Makes a silence; answers its id. Sent once: where the answer is lost, [`SourceSilence::answers`] finds out.
    fn silence<'a>(&'a self, request: &'a SilenceRequest) -> Ask<'a, String>;

    /// Ends a silence. One that is over or unknown counts as ended.
    fn expire_silence<'a>(&'a self, id: &'a str) -> Ask<'a, ()>;

    /// All silences that the source knows, expired ones included.
    fn silences(&self) -> Ask<'_, Vec<SourceSilence>>;
}

/// When to ask again, counted from the answer: after `interval`, but never so soon that the source would spend more than a
/// tenth of its time on us. An Alertmanager needs 0.4 s to answer 10,000 alerts and 2.8 s for 50,000.
pub fn next_poll_after(interval: Duration, took: Duration) -> Duration {
    interval.max(took.saturating_mul(10))
}

/// Makes a client of one kind; sends nothing.
type Connect = fn(&Connection, &AlertOptions) -> Result<Arc<dyn Alerts>, ConfigError>;

/// One kind of source of alerts.
#[derive(Clone, Copy, Debug)]
pub struct AlertKind {
    /// Its name in the configuration.
    pub name: &'static str,
    /// Makes a client; sends nothing.
    pub connect: Connect,
}

/// All kinds. A new kind is one entry here.
pub const ALERT_KINDS: &[AlertKind] = &[
    AlertKind {
        name: "alertmanager",
        connect: |c, o| Ok(Arc::new(alertmanager::Alertmanager::new(c, o)?)),
    },
    AlertKind {
        name: "prometheus",
        connect: |c, o| Ok(Arc::new(prometheus::alerts::PrometheusAlerts::new(c, o)?)),
    },
];

/// A client of kind `kind`.
///
/// # Errors
/// [`ConfigError::UnknownKind`], or what is wrong with the connection.
pub fn connect_alerts(
    kind: &str,
    connection: &Connection,
    options: &AlertOptions,
) -> Result<Arc<dyn Alerts>, ConfigError> {
    ALERT_KINDS
        .iter()
        .find(|k| k.name == kind)
        .ok_or_else(|| ConfigError::UnknownKind(kind.to_owned()))
        .and_then(|k| (k.connect)(connection, options))
}

/// `connection` with the bytes that a list of alerts may have.
pub(crate) fn bounded(connection: &Connection, limits: &AlertLimits) -> Connection {
    let mut connection = connection.clone();
    connection.limits.body_bytes = limits.body_bytes;
    connection
}

/// The answer of a source that cannot do `what`.
pub(crate) fn unsupported<'a, T: Send + 'a>(what: &'static str) -> Ask<'a, T> {
    futures::future::ready(Err::<Answer<T>, _>(SourceError::Unsupported { what })).boxed()
}

/// `time` (RFC 3339) in ms. Go's zero time, `0001-01-01T00:00:00Z`, is no time.
pub(crate) fn time_ms(text: &str) -> Result<Option<i64>, impl Display> {
    chrono::DateTime::parse_from_rfc3339(text)
        .map(|t| Some(t.timestamp_millis()).filter(|ms| *ms > ZERO_TIME_MS))
}

/// `0001-01-01T00:00:00Z`.
const ZERO_TIME_MS: i64 = -62_135_596_800_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_source_rests_ten_times_as_long_as_it_worked() {
        let s = Duration::from_millis;
        assert_eq!(next_poll_after(s(15_000), s(400)), s(15_000));
        assert_eq!(next_poll_after(s(15_000), s(2_800)), s(28_000));
        assert_eq!(next_poll_after(s(1), Duration::MAX), Duration::MAX);
    }

    #[test]
    fn kinds_are_found_by_name() {
        let to = Connection::to("http://127.0.0.1:9");
        let options = AlertOptions::default();
        for kind in ALERT_KINDS {
            let made = connect_alerts(kind.name, &to, &options).expect("a client");
            assert_eq!(made.kind(), kind.name);
        }
        let unknown = connect_alerts("nagios", &to, &options).map(|_| ());
        assert_eq!(unknown, Err(ConfigError::UnknownKind("nagios".into())));
    }

    #[test]
    fn times_and_the_zero_time() {
        let read = |t: &str| time_ms(t).ok();
        assert_eq!(
            read("2026-11-21T11:25:28.922Z"),
            Some(Some(1_795_260_328_922))
        );
        assert_eq!(
            read("2026-11-21T19:25:28.922167112+08:00"),
            Some(Some(1_795_260_328_922))
        );
        assert_eq!(read("0001-01-01T00:00:00Z"), Some(None));
        assert_eq!(read("0001-01-01T00:00:00.000Z"), Some(None));
        assert_eq!(read("yesterday"), None);
    }

    #[test]
    fn codes_are_those_that_are_counted() {
        let all = Oddities {
            too_many_labels: 1,
            label_too_long: 2,
            no_labels: 3,
            no_start: 4,
            fingerprint_mismatch: 5,
            unknown_state: 6,
            annotations_cut: 7,
            url_dropped: 8,
        };
        let codes: Vec<_> = all.counts().map(|(c, _)| c).collect();
        assert_eq!(codes, Oddities::CODES);
        assert_eq!(all.refused(), 10);
        assert!(Oddities::default().warnings().is_empty());
    }

    #[test]
    fn a_silence_is_known_again() {
        let request = SilenceRequest {
            matchers: vec![Matcher::equal("b", "2"), Matcher::equal("a", "1")],
            starts_at: 5,
            ends_at: 10,
            created_by: "张三".into(),
            comment: "shouwang 7".into(),
        };
        let mut held = SourceSilence {
            id: "x".into(),
            silence: SilenceRequest {
                // the Alertmanager sorts them, and moves the start to now
                matchers: vec![Matcher::equal("a", "1"), Matcher::equal("b", "2")],
                starts_at: 6,
                ..request.clone()
            },
            state: SilenceState::Active,
            updated_at: 6,
        };
        assert!(held.answers(&request));
        held.state = SilenceState::Expired;
        assert!(!held.answers(&request));
    }
}
