//! Every series with the law it follows.

use crate::noise;
use crate::world::World;
use exposition::{Kind, Metadata};
use model::Labels;
use model::labels::METRIC_NAME;
use std::collections::HashMap;

/// Value of a gauge, or rate a second of a counter. The number is the series' own key for noise.
type Law = Box<dyn Fn(&World, u64) -> f64 + Send + Sync>;
/// What flows into a histogram.
type FlowLaw = Box<dyn Fn(&World, u64) -> Flow + Send + Sync>;

/// A stream of observations with a log-logistic distribution, whose long tail is that of latencies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flow {
    /// Observations a second.
    pub rate: f64,
    /// Half of them are below.
    pub median: f64,
    /// The greater, the narrower; above 1. The 90th percentile is `median · 9^(1/shape)`.
    pub shape: f64,
}

impl Flow {
    fn below(&self, limit: f64) -> f64 {
        if limit.is_infinite() || self.median <= 0.0 {
            1.0
        } else {
            1.0 / (1.0 + (self.median / limit).powf(self.shape))
        }
    }

    /// Mean of the distribution.
    pub(crate) fn mean(&self) -> f64 {
        let x = std::f64::consts::PI / self.shape.max(1.05);
        self.median * x / x.sin()
    }
}

enum Kept {
    Gauge(Law),
    /// Integrated.
    Counter(Law),
    Histogram {
        law: FlowLaw,
        limits: &'static [f64],
    },
}

struct Entry {
    kept: Kept,
    key: u64,
    /// First of its slots in `Registry::values`.
    slot: usize,
}

struct Slot {
    family: usize,
    labels: Labels,
    shown: Shown,
}

/// How a kept value is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    AsItIs,
    /// Whole events only.
    Whole,
    /// See [`Scope::fractional`].
    Thousandths,
}

/// Collects families and series while the platform is built.
#[derive(Default)]
pub(crate) struct Builder {
    families: Vec<Metadata>,
    by_name: HashMap<&'static str, usize>,
    entries: Vec<Entry>,
    slots: Vec<Slot>,
}

/// Adds series that share labels.
pub(crate) struct Scope<'b> {
    builder: &'b mut Builder,
    shared: Vec<(String, String)>,
    events: Shown,
}

/// The label that every simulated series has, so that nobody takes one for real.
pub(crate) const DEMO: (&str, &str) = ("environment", "demo");

impl Builder {
    pub(crate) fn scope(&mut self, shared: &[(&str, &str)]) -> Scope<'_> {
        let shared = shared
            .iter()
            .chain([&DEMO])
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
            .collect();
        Scope {
            builder: self,
            shared,
            events: Shown::Whole,
        }
    }

    /// Families in order of name, series in order of family and of making.
    pub(crate) fn finish(self) -> Registry {
        let mut order: Vec<usize> = (0..self.slots.len()).collect();
        order.sort_by(|a, b| {
            let name = |i: &usize| {
                self.slots
                    .get(*i)
                    .and_then(|s| self.families.get(s.family))
                    .map(|f| f.name.as_str())
            };
            name(a).cmp(&name(b)).then(a.cmp(b))
        });
        let labels: Vec<Labels> = order
            .iter()
            .map(|i| self.slots[*i].labels.clone())
            .collect();
        let shown = order.iter().map(|i| self.slots[*i].shown).collect();
        let family = order
            .iter()
            .map(|i| self.families[self.slots[*i].family].name.clone())
            .collect();
        let mut metadata = self.families;
        metadata.sort_by(|a, b| a.name.cmp(&b.name));
        // counters begin at 0, as after a restart of every process: any other value would look like a burst to whoever has
        // samples of an earlier run
        Registry {
            metadata,
            labels,
            family,
            shown,
            order,
            values: vec![0.0; self.slots.len()],
            entries: self.entries,
        }
    }

    fn family(&mut self, name: &'static str, kind: Kind, help: &'static str) -> usize {
        *self.by_name.entry(name).or_insert_with(|| {
            self.families.push(Metadata {
                name: name.to_owned(),
                kind,
                help: help.to_owned(),
                unit: String::new(),
            });
            self.families.len() - 1
        })
    }
}

/// How long the platform's hosts have been up when it is first seen, in seconds.
pub(crate) const UPTIME_S: f64 = 4.0 * 86_400.0;

impl Scope<'_> {
    /// Shows counters of events to the thousandth. For what is rare at night: of a handful of whole events every ratio and
    /// quantile jumps, and a demonstration should raise an alarm by script alone.
    pub(crate) fn fractional(mut self) -> Self {
        self.events = Shown::Thousandths;
        self
    }

    /// A gauge.
    pub(crate) fn gauge(
        &mut self,
        name: &'static str,
        help: &'static str,
        labels: &[(&str, &str)],
        law: impl Fn(&World, u64) -> f64 + Send + Sync + 'static,
    ) {
        self.add(
            name,
            Kind::Gauge,
            help,
            labels,
            Kept::Gauge(Box::new(law)),
            Shown::AsItIs,
        );
    }

    /// A gauge that never changes.
    pub(crate) fn fact(
        &mut self,
        name: &'static str,
        help: &'static str,
        labels: &[(&str, &str)],
        value: f64,
    ) {
        self.gauge(name, help, labels, move |_, _| value);
    }

    /// A counter of whole events; the law is the rate a second.
    pub(crate) fn counter(
        &mut self,
        name: &'static str,
        help: &'static str,
        labels: &[(&str, &str)],
        law: impl Fn(&World, u64) -> f64 + Send + Sync + 'static,
    ) {
        self.add(
            name,
            Kind::Counter,
            help,
            labels,
            Kept::Counter(Box::new(law)),
            self.events,
        );
    }

    /// A counter of something divisible (seconds, yuan); the law is the rate a second.
    pub(crate) fn counter_of(
        &mut self,
        name: &'static str,
        help: &'static str,
        labels: &[(&str, &str)],
        law: impl Fn(&World, u64) -> f64 + Send + Sync + 'static,
    ) {
        self.add(
            name,
            Kind::Counter,
            help,
            labels,
            Kept::Counter(Box::new(law)),
            Shown::AsItIs,
        );
    }

    /// A histogram with upper limits `limits` and `+Inf`.
    pub(crate) fn histogram(
        &mut self,
        name: &'static str,
        help: &'static str,
        labels: &[(&str, &str)],
        limits: &'static [f64],
        law: impl Fn(&World, u64) -> Flow + Send + Sync + 'static,
    ) {
        let family = self.builder.family(name, Kind::Histogram, help);
        let slot = self.builder.slots.len();
        for limit in limits.iter().copied().chain([f64::INFINITY]) {
            let mut le = String::new();
            exposition::format_value(&mut le, limit);
            self.slot(
                family,
                &format!("{name}_bucket"),
                labels,
                Some(&le),
                self.events,
            );
        }
        self.slot(family, &format!("{name}_sum"), labels, None, Shown::AsItIs);
        self.slot(family, &format!("{name}_count"), labels, None, self.events);
        let key = self.key(name, labels);
        self.builder.entries.push(Entry {
            kept: Kept::Histogram {
                law: Box::new(law),
                limits,
            },
            key,
            slot,
        });
    }

    fn add(
        &mut self,
        name: &'static str,
        kind: Kind,
        help: &'static str,
        labels: &[(&str, &str)],
        kept: Kept,
        shown: Shown,
    ) {
        let family = self.builder.family(name, kind, help);
        let slot = self.builder.slots.len();
        self.slot(family, name, labels, None, shown);
        let key = self.key(name, labels);
        self.builder.entries.push(Entry { kept, key, slot });
    }

    fn slot(
        &mut self,
        family: usize,
        name: &str,
        labels: &[(&str, &str)],
        le: Option<&str>,
        shown: Shown,
    ) {
        let shared = self.shared.iter().map(|(n, v)| (n.as_str(), v.as_str()));
        let all = shared
            .chain(labels.iter().copied())
            .chain(le.map(|le| ("le", le)))
            .chain([(METRIC_NAME, name)]);
        self.builder.slots.push(Slot {
            family,
            labels: Labels::from_pairs(all),
            shown,
        });
    }

    fn key(&self, name: &str, labels: &[(&str, &str)]) -> u64 {
        let shared = self
            .shared
            .iter()
            .flat_map(|(n, v)| [n.as_str(), v.as_str()]);
        let words: Vec<&str> = shared
            .chain(labels.iter().flat_map(|(n, v)| [*n, *v]))
            .chain([name])
            .collect();
        noise::key(&words)
    }
}

/// All series with their present values.
pub(crate) struct Registry {
    pub(crate) metadata: Vec<Metadata>,
    /// In the order in which they are shown: by family.
    pub(crate) labels: Vec<Labels>,
    /// Name of the family of each series.
    pub(crate) family: Vec<String>,
    shown: Vec<Shown>,
    order: Vec<usize>,
    values: Vec<f64>,
    entries: Vec<Entry>,
}

impl Registry {
    /// Sets gauges to their value in `world` and lets counters run for `seconds`.
    pub(crate) fn step(&mut self, world: &World, seconds: f64) {
        for Entry { kept, key, slot } in &self.entries {
            match kept {
                Kept::Gauge(law) => self.values[*slot] = law(world, *key),
                Kept::Counter(law) => self.values[*slot] += law(world, *key).max(0.0) * seconds,
                Kept::Histogram { law, limits } => {
                    let flow = law(world, *key);
                    let n = flow.rate.max(0.0) * seconds;
                    let slots = &mut self.values[*slot..*slot + limits.len() + 3];
                    for (value, limit) in slots
                        .iter_mut()
                        .zip(limits.iter().copied().chain([f64::INFINITY]))
                    {
                        *value += n * flow.below(limit);
                    }
                    slots[limits.len() + 1] += n * flow.mean();
                    slots[limits.len() + 2] += n;
                }
            }
        }
    }

    /// Forgets every series whose family is not among `families`, so that steps cost only what is wanted.
    pub(crate) fn keep(&mut self, families: &[&str]) {
        let kept: Vec<usize> = (0..self.family.len())
            .filter(|i| families.contains(&self.family[*i].as_str()))
            .collect();
        self.labels = kept.iter().map(|i| self.labels[*i].clone()).collect();
        self.shown = kept.iter().map(|i| self.shown[*i]).collect();
        self.order = kept.iter().map(|i| self.order[*i]).collect();
        self.family = kept.iter().map(|i| self.family[*i].clone()).collect();
        self.metadata
            .retain(|m| families.contains(&m.name.as_str()));
        let slots: std::collections::HashSet<usize> = self.order.iter().copied().collect();
        // All slots of an entry are of one family: its first says whether it is kept.
        self.entries.retain(|e| slots.contains(&e.slot));
    }

    /// Values in the order of `labels`.
    pub(crate) fn values(&self) -> impl Iterator<Item = f64> + '_ {
        self.order.iter().zip(&self.shown).map(|(i, shown)| {
            let value = self.values[*i];
            match shown {
                Shown::AsItIs => value,
                Shown::Whole => value.floor(),
                Shown::Thousandths => (value * 1000.0).floor() / 1000.0,
            }
        })
    }
}
