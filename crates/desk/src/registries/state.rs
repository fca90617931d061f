//! What is known of every registry, for the health page and the series.

use super::series;
use crate::config::registry::Registry;
use crate::frames;
use embedded::tsdb::Tsdb;
use engine::Failure;
use model::Labels;
use source::{InstanceHealth, ServiceInstance};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use wire::{RegistryService, RegistryView, SourceHealth};

/// Services that the health page lists for one registry.
const LISTED: usize = 200;

/// All registries in the order of the configuration. Cloning gives the same ones.
#[derive(Clone, Debug, Default)]
pub struct Registries {
    inner: Arc<Mutex<Vec<Known>>>,
}

#[derive(Debug)]
struct Known {
    name: String,
    kind: String,
    address: String,
    /// Since when (ms) and why services are not known.
    failure: Option<(i64, Failure)>,
    /// The same for keys.
    keys_failure: Option<(i64, Failure)>,
    last_ok: Option<i64>,
    instances: Vec<ServiceInstance>,
    targets: usize,
    changes: u32,
    written: BTreeSet<Labels>,
}

impl Registries {
    pub(super) fn new(config: &[Registry]) -> Self {
        let one = |r: &Registry| Known {
            name: r.name.clone(),
            kind: r.kind.clone(),
            address: r.url.clone(),
            failure: None,
            keys_failure: None,
            last_ok: None,
            instances: Vec::new(),
            targets: 0,
            changes: 0,
            written: BTreeSet::new(),
        };
        Self {
            inner: Arc::new(Mutex::new(config.iter().map(one).collect())),
        }
    }

    fn with(&self, i: usize, f: impl FnOnce(&mut Known)) {
        let mut all = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = all.get_mut(i) {
            f(known);
        }
    }

    pub(super) fn answered(&self, i: usize, now: i64) {
        self.with(i, |k| {
            k.last_ok = Some(now);
            k.failure = None;
        });
    }

    pub(super) fn found(&self, i: usize, all: Vec<ServiceInstance>, targets: usize, now: i64) {
        self.answered(i, now);
        self.with(i, |k| (k.instances, k.targets) = (all, targets));
    }

    pub(super) fn failed(&self, i: usize, why: Failure, now: i64) {
        self.with(i, |k| {
            let since = k.failure.as_ref().map_or(now, |(since, _)| *since);
            k.failure = Some((since, why));
        });
    }

    pub(super) fn keys_failed(&self, i: usize, why: Failure, now: i64) {
        self.with(i, |k| {
            let since = k.keys_failure.as_ref().map_or(now, |(since, _)| *since);
            k.keys_failure = Some((since, why));
        });
    }

    pub(super) fn changed(&self, i: usize) {
        self.with(i, |k| {
            k.changes = k.changes.saturating_add(1);
            k.keys_failure = None;
        });
    }

    /// Writes the health of every service.
    pub(super) fn write(&self, store: &Tsdb, now: i64) {
        let mut all = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let mut batch = Vec::new();
        for k in all.iter_mut() {
            if k.last_ok.is_none() && k.failure.is_none() {
                continue;
            }
            let up = k.failure.is_none();
            let instances = up.then_some(k.instances.as_slice());
            batch.extend(series::samples(&k.name, up, instances, &mut k.written, now));
        }
        store.append(&batch);
    }

    /// For the health page.
    pub fn views(&self) -> Vec<RegistryView> {
        let all = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().map(Known::view).collect()
    }
}

impl Known {
    fn view(&self) -> RegistryView {
        let failure = self.failure.as_ref().or(self.keys_failure.as_ref());
        let mut services: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
        for one in &self.instances {
            let (healthy, all) = services.entry(&one.service).or_default();
            *all += 1;
            *healthy += u32::from(one.health <= InstanceHealth::Warning);
        }
        let mut services: Vec<RegistryService> = services
            .into_iter()
            .map(|(name, (healthy, instances))| RegistryService {
                name: name.to_owned(),
                instances,
                healthy,
            })
            .collect();
        // what is not whole first, so that a cut list has it
        services.sort_by_key(|s| s.healthy == s.instances);
        services.truncate(LISTED);
        RegistryView {
            name: self.name.clone(),
            kind: self.kind.clone(),
            address: self.address.clone(),
            health: match (&self.failure, &self.keys_failure, self.last_ok) {
                (Some(_), _, _) => SourceHealth::Failed,
                (None, Some(_), _) => SourceHealth::Degraded,
                (None, None, Some(_)) => SourceHealth::Ok,
                (None, None, None) => SourceHealth::Unknown,
            },
            error: failure.map(|(_, why)| frames::error_view(why)),
            last_ok: self.last_ok.map(|t| t as f64),
            services,
            targets: u32::try_from(self.targets).unwrap_or(u32::MAX),
            changes: self.changes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_health_page_sees_what_is_not_whole_first() {
        let all = Registries::new(&[Registry {
            name: "etcd".into(),
            ..Registry::default()
        }]);
        let one = |service: &str, health| ServiceInstance {
            service: service.into(),
            id: "1".into(),
            health,
            ..ServiceInstance::default()
        };
        assert_eq!(all.views()[0].health, SourceHealth::Unknown);
        let instances = vec![
            one("a", InstanceHealth::Passing),
            one("b", InstanceHealth::Critical),
        ];
        all.found(0, instances, 2, 5);
        let view = &all.views()[0];
        assert_eq!(
            (view.health, view.targets, view.last_ok),
            (SourceHealth::Ok, 2, Some(5.0))
        );
        assert_eq!(
            (view.services[0].name.as_str(), view.services[0].healthy),
            ("b", 0)
        );
        all.failed(0, Failure::new("connect", "detail", "x"), 6);
        assert_eq!(all.views()[0].health, SourceHealth::Failed);
        all.answered(0, 7);
        assert_eq!(all.views()[0].health, SourceHealth::Ok);
    }
}
