//! Collects samples with their metadata while the parts run.

#[cfg(target_os = "linux")]
use super::CollectError;
use exposition::{Kind, Metadata};
use model::labels::METRIC_NAME;
use model::{Labels, Sample};
use std::collections::BTreeMap;

/// What is being collected.
pub(super) struct Page {
    now_ms: i64,
    job: Box<str>,
    instance: Box<str>,
    samples: Vec<(Labels, Sample)>,
    families: BTreeMap<String, (Kind, String)>,
    #[cfg(target_os = "linux")]
    notes: Vec<CollectError>,
}

impl Page {
    pub(super) fn new(now_ms: i64, job: &str, instance: &str) -> Self {
        Self {
            now_ms,
            job: job.into(),
            instance: instance.into(),
            samples: Vec::with_capacity(512),
            families: BTreeMap::new(),
            #[cfg(target_os = "linux")]
            notes: Vec::new(),
        }
    }

    pub(super) fn now_ms(&self) -> i64 {
        self.now_ms
    }

    pub(super) fn gauge(&mut self, name: &str, help: &str, labels: &[(&str, &str)], value: f64) {
        self.add(name, Kind::Gauge, help, labels, value);
    }

    #[cfg(target_os = "linux")]
    pub(super) fn counter(&mut self, name: &str, help: &str, labels: &[(&str, &str)], value: f64) {
        self.add(name, Kind::Counter, help, labels, value);
    }

    #[cfg(target_os = "linux")]
    /// Of a kind that the kernel does not tell, as the node exporter says of netstat and vmstat.
    pub(super) fn untyped(&mut self, name: &str, help: &str, labels: &[(&str, &str)], value: f64) {
        self.add(name, Kind::Unknown, help, labels, value);
    }

    fn add(&mut self, name: &str, kind: Kind, help: &str, labels: &[(&str, &str)], value: f64) {
        if !self.families.contains_key(name) {
            self.families
                .insert(name.to_owned(), (kind, help.to_owned()));
        }
        let own = [
            (METRIC_NAME, name),
            ("job", &*self.job),
            ("instance", &*self.instance),
        ];
        let labels = Labels::from_pairs(labels.iter().copied().chain(own));
        self.samples.push((
            labels,
            Sample {
                t: self.now_ms,
                v: value,
            },
        ));
    }

    /// Something that is missing while the rest of the part is there.
    #[cfg(target_os = "linux")]
    pub(super) fn note(&mut self, error: CollectError) {
        self.notes.push(error);
    }

    #[cfg(target_os = "linux")]
    pub(super) fn take_notes(&mut self) -> Vec<CollectError> {
        std::mem::take(&mut self.notes)
    }

    pub(super) fn finish(self) -> (Vec<(Labels, Sample)>, Vec<Metadata>) {
        let families = self.families.into_iter();
        let metadata = families
            .map(|(name, (kind, help))| Metadata {
                name,
                kind,
                help,
                unit: String::new(),
            })
            .collect();
        (self.samples, metadata)
    }
}
