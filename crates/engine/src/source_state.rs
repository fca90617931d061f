//! What is known of each source.

use crate::binding::Bindings;
use crate::stream::StreamId;
use crate::{Budget, Caveat, Failure};
use model::Lang;
use std::collections::{BTreeMap, BTreeSet};

/// What the configuration says of a source.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceSpec {
    /// Unique name.
    pub name: String,
    /// `embedded`, `simulator`, or a kind of the registry of sources.
    pub kind: String,
    /// Address without credentials; empty inside the program.
    pub address: String,
    /// Everything from here is simulated and must be marked.
    pub demo: bool,
    /// How old its data may become.
    pub budget: Budget,
    /// The languages in which it can be asked.
    pub langs: &'static [Lang],
}

/// Whether a source answers.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Health {
    /// Not asked yet.
    #[default]
    Unknown,
    /// Answers.
    Ok,
    /// Answers, but not everything is well with it: parts of answers, warnings, a clock that is off, what feeds it.
    Degraded(Failure),
    /// Does not answer, since (ms) and why.
    Failed(i64, Failure),
}

/// A source's clock may be off by this much before it is told, ms (the Date header counts in seconds).
pub const SKEW_TOLERANCE_MS: i64 = 3_000;

/// A source and what the last answers said.
#[derive(Clone, Debug)]
pub struct SourceState {
    /// Its configuration.
    pub spec: SourceSpec,
    /// Whether it answers.
    pub health: Health,
    /// What it says it is.
    pub version: Option<String>,
    /// Which of the discovery metrics it has; `None` until it has been probed once.
    pub present: Option<BTreeSet<String>>,
    /// Concepts bound here.
    pub bindings: Bindings,
    /// What it said of the last answer to each question, where it said something.
    pub caveats: BTreeMap<StreamId, Caveat>,
    /// What is not well with that which feeds it.
    pub trouble: Option<Failure>,
    /// Its clock minus ours, ms.
    pub skew: i64,
    /// When it last answered, ms.
    pub last_ok: Option<i64>,
    /// Newest data time seen, ms of our clock.
    pub newest: Option<i64>,
    /// How long the last answer took, ms.
    pub latency: Option<i64>,
    /// Bytes received in all.
    pub bytes: u64,
    /// Failures in a row.
    pub failures: u32,
    /// When to probe next, ms.
    pub next_probe: i64,
    /// Time between two probes, ms.
    pub probe_every: i64,
    /// A probe is under way.
    pub probing: bool,
    /// Revision of the last change that can be seen.
    pub revision: u64,
}

impl SourceState {
    /// A source that has not been asked.
    pub fn new(spec: SourceSpec) -> Self {
        Self {
            spec,
            health: Health::Unknown,
            version: None,
            present: None,
            bindings: Bindings::new(),
            caveats: BTreeMap::new(),
            trouble: None,
            skew: 0,
            last_ok: None,
            newest: None,
            latency: None,
            bytes: 0,
            failures: 0,
            next_probe: i64::MIN,
            probe_every: 0,
            probing: false,
            revision: 0,
        }
    }

    /// Notes an answer. `server_time` has the resolution of a second, so a small difference says nothing.
    pub fn answered(&mut self, now: i64, latency: i64, server_time: Option<i64>, bytes: u64) {
        if let Some(theirs) = server_time {
            // The header was cut to the second: half a second is the best guess of the rest.
            let off = theirs + 500 - (now - latency / 2);
            self.skew = if off.abs() > SKEW_TOLERANCE_MS {
                off
            } else {
                0
            };
        }
        self.last_ok = Some(now);
        self.latency = Some(latency);
        self.bytes = self.bytes.saturating_add(bytes);
        self.failures = 0;
        self.health = Health::Ok;
        self.weigh();
    }

    /// Says again how well a source is that answers, after one of the reasons has come or gone.
    pub fn weigh(&mut self) {
        if !matches!(self.health, Health::Ok | Health::Degraded(_)) {
            return;
        }
        let said = |partial: bool| self.caveats.values().find(|c| c.partial == partial);
        let of = |code: &'static str, caveat: &Caveat| {
            let detail = caveat.texts.first().map_or("", String::as_str);
            Failure::new(code, "detail", detail)
        };
        // What is worst first: what is not known at all, what may be missing, what may be drawn at a wrong place, words.
        let reason = self
            .trouble
            .clone()
            .or_else(|| said(true).map(|c| of("partial", c)))
            .or_else(|| {
                (self.skew != 0).then(|| Failure {
                    code: "skew",
                    // The number stands beside it and changes with every answer.
                    params: Vec::new(),
                })
            })
            .or_else(|| said(false).map(|c| of("warned", c)));
        self.health = reason.map_or(Health::Ok, Health::Degraded);
    }

    /// Notes a failure of the source itself (not of a single query).
    pub fn failed(&mut self, now: i64, failure: Failure) {
        self.failures = self.failures.saturating_add(1);
        let since = match self.health {
            Health::Failed(since, _) => since,
            _ => now,
        };
        self.health = Health::Failed(since, failure);
    }

    /// How long to wait before the next attempt, ms: doubling from `base` to half a minute, so that a dead source costs little
    /// and a living one is back within one interval.
    pub fn backoff(&self, base: i64) -> i64 {
        let doubled = base.saturating_mul(1 << self.failures.saturating_sub(1).min(6));
        if self.failures == 0 {
            base
        } else {
            doubled.clamp(base, 30_000.max(base))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source() -> SourceState {
        SourceState::new(SourceSpec {
            name: "p".into(),
            kind: "prometheus".into(),
            address: String::new(),
            demo: false,
            budget: Budget::default(),
            langs: &[Lang::Promql],
        })
    }

    #[test]
    fn a_clock_that_is_off_is_told_and_a_rounded_one_is_not() {
        let mut s = source();
        s.answered(100_000, 10, Some(99_000), 1);
        assert_eq!((s.skew, &s.health), (0, &Health::Ok));
        s.answered(100_000, 0, Some(160_000), 1);
        assert!(
            matches!(&s.health, Health::Degraded(why) if s.skew == 60_500 && why.code == "skew")
        );
    }

    #[test]
    fn failing_since_the_first_failure_and_asked_ever_less_often() {
        let mut s = source();
        for t in 0..10 {
            s.failed(t, Failure::new("connect", "detail", "x"));
        }
        assert!(matches!(s.health, Health::Failed(0, _)));
        assert_eq!(s.backoff(5_000), 30_000);
        s.answered(20, 1, None, 0);
        assert_eq!(s.backoff(5_000), 5_000);
    }
}
