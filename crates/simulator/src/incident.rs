//! Incidents: what goes wrong, when, for how long and how badly.

use crate::noise;
use model::Severity;
use std::fmt;
use std::str::FromStr;

/// What can go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IncidentKind {
    /// The CPU of `sw-app-01` is busy; the order service on it gets slow.
    HostCpu,
    /// The data disk of `sw-db-01` fills.
    DiskFilling,
    /// The replica of PostgreSQL falls behind.
    ReplicaLag,
    /// Payments through 支付宝 fail and time out.
    PaymentChannelFailing,
    /// The queue `order.notify` grows, its consumers are stuck.
    QueuePilingUp,
    /// A pod of the recommendation service crashes again and again.
    PodCrashLoop,
    /// The event loop of the API gateway (Node.js) is blocked.
    EventLoopLag,
}

impl IncidentKind {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::HostCpu,
        Self::DiskFilling,
        Self::ReplicaLag,
        Self::PaymentChannelFailing,
        Self::QueuePilingUp,
        Self::PodCrashLoop,
        Self::EventLoopLag,
    ];

    /// The name on the command line and in a scenario's file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::HostCpu => "host-cpu",
            Self::DiskFilling => "disk-filling",
            Self::ReplicaLag => "replica-lag",
            Self::PaymentChannelFailing => "payment-channel-failing",
            Self::QueuePilingUp => "queue-piling-up",
            Self::PodCrashLoop => "pod-crash-loop",
            Self::EventLoopLag => "event-loop-lag",
        }
    }
}

impl fmt::Display for IncidentKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why an incident's description could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    /// No incident has this name.
    #[error("no incident is called {0:?}")]
    UnknownIncident(String),
    /// Not warning, critical or emergency.
    #[error("{0:?} is no severity (warning, critical, emergency)")]
    UnknownSeverity(String),
    /// Not a span of time like `90s`, `10m`, `1h30m`.
    #[error("{0:?} is no span of time (examples: 90s, 10m, 1h30m)")]
    Duration(String),
}

impl FromStr for IncidentKind {
    type Err = SpecError;
    fn from_str(s: &str) -> Result<Self, SpecError> {
        Self::ALL
            .into_iter()
            .find(|k| k.as_str() == s)
            .ok_or_else(|| SpecError::UnknownIncident(s.chars().take(40).collect()))
    }
}

/// A span of time as people write it: `90s`, `10m`, `1h30m`, `500ms`. In milliseconds.
///
/// # Errors
/// On anything else, zero, and more than a year.
pub fn parse_duration_ms(text: &str) -> Result<i64, SpecError> {
    let bad = || SpecError::Duration(text.chars().take(40).collect());
    let mut rest = text.trim();
    let mut total: i64 = 0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(bad)?;
        let number: i64 = rest
            .get(..digits)
            .and_then(|d| d.parse().ok())
            .ok_or_else(bad)?;
        rest = rest.get(digits..).unwrap_or("");
        let (unit, ms) = [
            ("ms", 1),
            ("s", 1000),
            ("m", 60_000),
            ("h", 3_600_000),
            ("d", 86_400_000),
        ]
        .into_iter()
        .find(|(unit, _)| rest.starts_with(unit))
        .ok_or_else(bad)?;
        rest = rest.get(unit.len()..).unwrap_or("");
        total = number
            .checked_mul(ms)
            .and_then(|n| total.checked_add(n))
            .ok_or_else(bad)?;
    }
    if total <= 0 || total > 366 * 86_400_000 {
        return Err(bad());
    }
    Ok(total)
}

/// An incident of a scenario: times count from the scenario's start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Planned {
    /// What goes wrong.
    pub kind: IncidentKind,
    /// Milliseconds after the scenario's start.
    pub after_ms: i64,
    /// Milliseconds from the first sign to the last.
    pub duration_ms: i64,
    /// How bad it gets.
    pub severity: Severity,
}

/// How long an incident lasts when nobody says.
pub const DEFAULT_DURATION_MS: i64 = 12 * 60_000;

/// `NAME[:SEVERITY][@DELAY][+DURATION]`, for example `replica-lag:emergency@30s+10m`.
impl FromStr for Planned {
    type Err = SpecError;
    fn from_str(s: &str) -> Result<Self, SpecError> {
        let (head, duration) = match s.split_once('+') {
            Some((head, d)) => (head, parse_duration_ms(d)?),
            None => (s, DEFAULT_DURATION_MS),
        };
        let (head, after_ms) = match head.split_once('@') {
            Some((head, "0" | "0s")) => (head, 0),
            Some((head, d)) => (head, parse_duration_ms(d)?),
            None => (head, 0),
        };
        let (name, severity) = match head.split_once(':') {
            Some((name, s)) => (name, parse_severity(s)?),
            None => (head, Severity::Critical),
        };
        Ok(Self {
            kind: name.trim().parse()?,
            after_ms,
            duration_ms: duration,
            severity,
        })
    }
}

/// `warning`, `critical` or `emergency`.
///
/// # Errors
/// On anything else; `normal` is no incident.
pub fn parse_severity(text: &str) -> Result<Severity, SpecError> {
    match text {
        "warning" => Ok(Severity::Warning),
        "critical" => Ok(Severity::Critical),
        "emergency" => Ok(Severity::Emergency),
        other => Err(SpecError::UnknownSeverity(other.chars().take(40).collect())),
    }
}

/// An incident at its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Incident {
    /// What goes wrong.
    pub kind: IncidentKind,
    /// First sign, milliseconds since the epoch.
    pub start_ms: i64,
    /// Last sign; exclusive.
    pub end_ms: i64,
    /// How bad it gets.
    pub severity: Severity,
}

impl Incident {
    /// How bad it is at `t_ms`: 0 not at all, 1 warning, 2 critical, 3 emergency, and everything between. It rises over a fifth of
    /// its time (at most 90 s), stays, and falls over a fifth (at most 2 min).
    pub fn level(&self, t_ms: i64) -> f64 {
        if t_ms < self.start_ms || t_ms >= self.end_ms {
            return 0.0;
        }
        let span = (self.end_ms - self.start_ms) as f64;
        let up = (span / 5.0).min(90_000.0);
        let down = (span / 5.0).min(120_000.0);
        let shape = ((t_ms - self.start_ms) as f64 / up)
            .min((self.end_ms - t_ms) as f64 / down)
            .min(1.0);
        let top = match self.severity {
            Severity::Normal => 0.0,
            Severity::Warning => 1.0,
            Severity::Critical => 2.0,
            Severity::Emergency => 3.0,
        };
        top * shape
    }
}

const AMBIENT_SLOT_MS: i64 = 45 * 60_000;
const AMBIENT_DURATION_MS: i64 = 9 * 60_000;

/// The gentle incident (warning, 9 minutes) that now and then comes by itself: in three of four spans of 45 minutes, which one and
/// when decided by the seed.
pub(crate) fn ambient(seed: u64, t_ms: i64) -> Option<Incident> {
    let slot = t_ms.div_euclid(AMBIENT_SLOT_MS);
    let h = noise::hash(seed, noise::key(&["ambient"]), slot as u64);
    if h.is_multiple_of(4) {
        return None;
    }
    let kind = *IncidentKind::ALL.get((h >> 8) as usize % IncidentKind::ALL.len())?;
    let room = AMBIENT_SLOT_MS - AMBIENT_DURATION_MS - 240_000;
    let start_ms =
        slot * AMBIENT_SLOT_MS + 120_000 + (noise::unit(h.rotate_left(17)) * room as f64) as i64;
    Some(Incident {
        kind,
        start_ms,
        end_ms: start_ms + AMBIENT_DURATION_MS,
        severity: Severity::Warning,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_are_read_and_mistakes_named() {
        let p: Planned = "replica-lag:emergency@30s+1h30m".parse().unwrap();
        assert_eq!(
            p,
            Planned {
                kind: IncidentKind::ReplicaLag,
                after_ms: 30_000,
                duration_ms: 5_400_000,
                severity: Severity::Emergency
            }
        );
        let p: Planned = "host-cpu".parse().unwrap();
        assert_eq!(
            (p.after_ms, p.duration_ms, p.severity),
            (0, DEFAULT_DURATION_MS, Severity::Critical)
        );
        assert_eq!(
            "fire".parse::<Planned>(),
            Err(SpecError::UnknownIncident("fire".into()))
        );
        assert_eq!(
            "host-cpu+soon".parse::<Planned>(),
            Err(SpecError::Duration("soon".into()))
        );
        assert_eq!(
            "host-cpu+0s".parse::<Planned>(),
            Err(SpecError::Duration("0s".into()))
        );
        assert!("host-cpu+99999999999999999999h".parse::<Planned>().is_err());
        assert_eq!(
            "host-cpu:bad".parse::<Planned>(),
            Err(SpecError::UnknownSeverity("bad".into()))
        );
        for kind in IncidentKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
        }
    }

    #[test]
    fn an_incident_rises_stays_and_ends() {
        let i = Incident {
            kind: IncidentKind::HostCpu,
            start_ms: 1000,
            end_ms: 601_000,
            severity: Severity::Critical,
        };
        assert_eq!((i.level(999), i.level(601_000)), (0.0, 0.0));
        assert!(i.level(46_000) > 0.9 && i.level(46_000) < 1.1);
        assert_eq!(i.level(300_000), 2.0);
    }

    #[test]
    fn gentle_incidents_come_now_and_then_and_all_kinds_do() {
        let mut kinds = std::collections::BTreeSet::new();
        let mut quiet = 0;
        for slot in 0..400 {
            match ambient(42, slot * AMBIENT_SLOT_MS + 5) {
                Some(i) => {
                    assert!(
                        i.start_ms >= slot * AMBIENT_SLOT_MS
                            && i.end_ms <= (slot + 1) * AMBIENT_SLOT_MS
                    );
                    kinds.insert(i.kind);
                }
                None => quiet += 1,
            }
        }
        assert_eq!(kinds.len(), IncidentKind::ALL.len());
        assert!((60..140).contains(&quiet), "{quiet} of 400 quiet");
    }
}
