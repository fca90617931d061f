//! The restaurant platform as metrics, traces and logs, with scripted incidents.
//!
//! [`stories`] are its requests, as traces and log lines; [`trace_server`] serves traces as Jaeger does; [`giants`] are traces
//! and graphs of a size that tests need.
//!
//! A [`Platform`] knows its series and their values at one moment. It has no clock and does no I/O: [`Platform::advance_to`] takes the
//! time. The same seed, start and steps give the same values. Names are those of real exporters where there is one (node exporter,
//! cAdvisor, kube-state-metrics, snmp exporter, …) and those of the platform's own code otherwise. Series carry their own `job` and
//! `instance`, so a Prometheus that scrapes them needs `honor_labels: true`; all have `environment="demo"`.
#![warn(missing_docs)]

pub mod giants;
pub mod incident;
mod noise;
mod parts;
mod registry;
mod rhythm;
pub mod scenario;
pub mod server;
pub mod stories;
pub mod trace_server;
mod world;

pub use incident::{Incident, IncidentKind, Planned};
pub use scenario::Scenario;

use exposition::Metadata;
use model::{Labels, Sample, Series, Severity};
use registry::{Builder, Registry};
use world::World;

/// The longest step of the simulation. A longer gap (a laptop that slept) is walked in steps of this length.
const LONGEST_STEP_MS: i64 = 15_000;
/// A gap longer than this is not walked but jumped over, so that a wrong clock cannot keep a processor busy for hours.
const LONGEST_GAP_MS: i64 = 32 * 86_400_000;
/// More incidents than this at once are no script but a mistake.
const MOST_INCIDENTS: usize = 1000;

/// The simulated platform.
pub struct Platform {
    seed: u64,
    gentle: bool,
    incidents: Vec<Incident>,
    now_ms: i64,
    longest_step_ms: i64,
    registry: Registry,
}

impl Platform {
    /// A platform at `start_ms` (milliseconds since the epoch) on which a gentle incident comes now and then.
    pub fn new(seed: u64, start_ms: i64) -> Self {
        Self::with_scenario(
            &Scenario {
                seed,
                ..Scenario::default()
            },
            start_ms,
        )
    }

    /// A platform that lives through `scenario` from `start_ms` on.
    pub fn with_scenario(scenario: &Scenario, start_ms: i64) -> Self {
        let mut builder = Builder::default();
        parts::build(&mut builder, start_ms);
        let mut platform = Self {
            seed: scenario.seed,
            gentle: scenario.ambient,
            incidents: Vec::new(),
            now_ms: start_ms,
            longest_step_ms: LONGEST_STEP_MS,
            registry: builder.finish(),
        };
        for planned in &scenario.incidents {
            platform.start_incident(planned);
        }
        platform.refresh();
        platform
    }

    /// The same platform with the series of these families alone, walked in steps of up to `step_ms`: what days and weeks of a few
    /// metrics cost little with. Counters of a coarser walk differ by less than what happens in one step.
    #[must_use]
    pub fn only(mut self, families: &[&str], step_ms: i64) -> Self {
        self.registry.keep(families);
        self.longest_step_ms = step_ms.max(LONGEST_STEP_MS);
        self
    }

    /// The moment whose values [`Platform::samples`] gives.
    pub fn now_ms(&self) -> i64 {
        self.now_ms
    }

    /// Lets time pass. A time before [`Platform::now_ms`] changes nothing: counters do not run backwards.
    pub fn advance_to(&mut self, now_ms: i64) {
        self.now_ms = self.now_ms.max(now_ms.saturating_sub(LONGEST_GAP_MS));
        while self.now_ms < now_ms {
            let step_ms = (now_ms - self.now_ms).min(self.longest_step_ms);
            self.now_ms += step_ms;
            let world = World::at(self.seed, self.now_ms, &self.incidents, self.gentle);
            self.registry.step(&world, step_ms as f64 / 1000.0);
        }
        let now = self.now_ms;
        self.incidents.retain(|i| i.end_ms > now);
    }

    fn refresh(&mut self) {
        let world = World::at(self.seed, self.now_ms, &self.incidents, self.gentle);
        self.registry.step(&world, 0.0);
    }

    /// Starts an incident; `after_ms` counts from now. One of the same kind that runs already goes on, the worse of both shows.
    /// Does nothing when a thousand are planned already.
    pub fn start_incident(&mut self, planned: &Planned) {
        if self.incidents.len() < MOST_INCIDENTS {
            let start_ms = self.now_ms.saturating_add(planned.after_ms);
            let end_ms = start_ms.saturating_add(planned.duration_ms);
            self.incidents.push(Incident {
                kind: planned.kind,
                start_ms,
                end_ms,
                severity: planned.severity,
            });
        }
    }

    /// Ends all incidents of this kind, planned ones too; answers how many. What comes by itself stays.
    pub fn stop_incident(&mut self, kind: IncidentKind) -> usize {
        let before = self.incidents.len();
        self.incidents.retain(|i| i.kind != kind);
        self.refresh();
        before - self.incidents.len()
    }

    /// Incidents that run or are planned, the gentle one included while it runs, in order of their start.
    pub fn incidents(&self) -> Vec<Incident> {
        let own = if self.gentle {
            incident::ambient(self.seed, self.now_ms)
        } else {
            None
        };
        let running = own.filter(|i| i.severity > Severity::Normal && i.level(self.now_ms) > 0.0);
        let mut all: Vec<Incident> = self.incidents.iter().copied().chain(running).collect();
        all.sort_by_key(|i| (i.start_ms, i.kind));
        all
    }

    /// Families of metrics, by name.
    pub fn metadata(&self) -> &[Metadata] {
        &self.registry.metadata
    }

    /// All series; they never change while the platform lives.
    pub fn labels(&self) -> &[Labels] {
        &self.registry.labels
    }

    /// The present values, in the order of [`Platform::labels`].
    pub fn values(&self) -> impl Iterator<Item = f64> + '_ {
        self.registry.values()
    }

    /// All series with their present values, stamped with [`Platform::now_ms`].
    pub fn samples(&self) -> Vec<(Labels, Sample)> {
        self.labels()
            .iter()
            .cloned()
            .zip(self.values().map(|v| Sample { t: self.now_ms, v }))
            .collect()
    }

    /// Lives from `from_ms` to `to_ms` and gives every series sampled at `from_ms`, `from_ms + step_ms`, … up to and with `to_ms`.
    /// Times before now are left out. A step below 1 is taken as 1. Needs 16 bytes a sample: ask for long times in pieces, the
    /// platform goes on where it stopped.
    pub fn history(&mut self, from_ms: i64, to_ms: i64, step_ms: i64) -> Vec<Series> {
        let step_ms = step_ms.max(1);
        let mut t = from_ms;
        if t < self.now_ms {
            t += (self.now_ms - t).div_euclid(step_ms) * step_ms;
            t += if t < self.now_ms { step_ms } else { 0 };
        }
        let steps = if t > to_ms {
            0
        } else {
            ((to_ms - t) / step_ms + 1) as usize
        };
        let mut series: Vec<Series> = self
            .labels()
            .iter()
            .map(|labels| Series {
                labels: labels.clone(),
                samples: Vec::with_capacity(steps),
            })
            .collect();
        for _ in 0..steps {
            self.advance_to(t);
            for (one, v) in series.iter_mut().zip(self.registry.values()) {
                one.samples.push(Sample { t, v });
            }
            t += step_ms;
        }
        series
    }

    /// Writes a page in the Prometheus text format, without timestamps: the scraper's clock counts.
    pub fn write_text(&self, out: &mut String) {
        let mut metadata = self.registry.metadata.iter();
        let mut family = "";
        for ((labels, value), name) in self
            .labels()
            .iter()
            .zip(self.values())
            .zip(&self.registry.family)
        {
            if name != family {
                family = name;
                if let Some(m) = metadata.by_ref().find(|m| m.name == *name) {
                    exposition::write_metadata(out, m);
                }
            }
            exposition::write_sample(out, labels, value, None);
        }
    }
}
