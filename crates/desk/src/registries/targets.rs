//! From instances to targets, and all targets together: those of the configuration and those of every registry.

use crate::config::registry::Registry;
use embedded::scrape::{ScrapeTarget, Scraper};
use source::ServiceInstance;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

/// Targets of one registry; each is a task with a page in memory.
const MAX_TARGETS: usize = 1_000;
/// Labels that one target gets from its registry.
const MAX_LABELS: usize = 8;

/// What is scraped; ends with the scraper.
pub struct Targets {
    scraper: Option<Arc<Scraper>>,
    fixed: Vec<ScrapeTarget>,
    found: Mutex<BTreeMap<String, Vec<ScrapeTarget>>>,
}

impl Targets {
    /// Those of the configuration. Without a scraper nothing is scraped.
    pub fn new(scraper: Option<Arc<Scraper>>, fixed: Vec<ScrapeTarget>) -> Self {
        Self {
            scraper,
            fixed,
            found: Mutex::new(BTreeMap::new()),
        }
    }

    /// `registry` has these targets now; answers how many of them are scraped.
    pub async fn set(&self, registry: &str, targets: Vec<ScrapeTarget>) -> usize {
        let Some(scraper) = &self.scraper else {
            return 0;
        };
        // held until they are in force, so that two registries do not overwrite each other
        let mut found = self.found.lock().await;
        let taken = targets.len();
        found.insert(registry.to_owned(), targets);
        let all = together(&self.fixed, found.values().flatten());
        match scraper.set_targets(all).await {
            Ok(()) => taken,
            Err(e) => {
                tracing::warn!(registry, error = %e, "targets are not taken");
                0
            }
        }
    }
}

/// Each target once; what the configuration names wins.
fn together<'a>(
    fixed: &'a [ScrapeTarget],
    found: impl Iterator<Item = &'a ScrapeTarget>,
) -> Vec<ScrapeTarget> {
    let mut seen = BTreeSet::new();
    fixed
        .iter()
        .chain(found)
        .filter(|t| seen.insert((t.job.clone(), t.url.clone(), t.instance())))
        .cloned()
        .collect()
}

/// The targets of a registry's instances. No login is sent to them: an address in a registry is only somebody's word.
pub(super) fn of(registry: &Registry, instances: &[ServiceInstance]) -> Vec<ScrapeTarget> {
    if !registry.scrape {
        return Vec::new();
    }
    let tag = &registry.scrape_tag;
    let mut seen = BTreeSet::new();
    instances
        .iter()
        .filter(|i| tag.is_empty() || i.tags.contains(tag))
        .filter_map(|i| target(registry, i))
        .filter(|t| t.problem().is_none() && seen.insert((t.job.clone(), t.url.clone())))
        .take(MAX_TARGETS)
        .collect()
}

fn target(registry: &Registry, instance: &ServiceInstance) -> Option<ScrapeTarget> {
    let address = &instance.address;
    // host and port and nothing else: a path or a login in it would change what is asked
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._:[]".contains(c);
    if address.is_empty() || !address.chars().all(plain) {
        return None;
    }
    let path = match registry.metrics_path.as_str() {
        "" => "/metrics",
        path => path,
    };
    let mut target = ScrapeTarget::new(&instance.service, format!("http://{address}{path}"));
    target.interval = Duration::from_secs_f64(registry.scrape_interval_seconds.unwrap_or(15.0));
    target.timeout = target.timeout.min(target.interval);
    let meta = instance
        .meta
        .iter()
        .filter(|(n, v)| is_label(n) && !v.is_empty());
    target.labels = meta.take(MAX_LABELS).cloned().collect();
    target
        .labels
        .push(("registry".into(), registry.name.clone()));
    Some(target)
}

fn is_label(name: &str) -> bool {
    let letter = |b: u8| b.is_ascii_alphabetic() || b == b'_';
    let mut bytes = name.bytes();
    bytes.next().is_some_and(letter)
        && bytes.all(|b| letter(b) || b.is_ascii_digit())
        && !name.starts_with("__")
        && !matches!(name, "job" | "instance" | "registry")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instance(address: &str, tags: &[&str]) -> ServiceInstance {
        ServiceInstance {
            service: "order".into(),
            id: address.into(),
            address: address.into(),
            tags: tags.iter().map(|t| (*t).to_owned()).collect(),
            meta: vec![
                ("instance".into(), "forged".into()),
                ("zone".into(), "a".into()),
            ],
            ..ServiceInstance::default()
        }
    }

    #[test]
    fn instances_become_targets() {
        let mut registry = Registry {
            name: "consul".into(),
            scrape: true,
            scrape_tag: "metrics".into(),
            ..Registry::default()
        };
        let all = [
            instance("10.0.0.1:80", &["metrics"]),
            instance("10.0.0.1:80", &["metrics"]),
            instance("[::1]:80", &["metrics"]),
            instance("10.0.0.2:80", &[]),
            instance("user:pw@10.0.0.3:80", &["metrics"]),
            instance("10.0.0.4:80/admin?x=", &["metrics"]),
            instance("", &["metrics"]),
        ];
        let targets = of(&registry, &all);
        let urls: Vec<&str> = targets.iter().map(|t| t.url.as_str()).collect();
        assert_eq!(
            urls,
            ["http://10.0.0.1:80/metrics", "http://[::1]:80/metrics"]
        );
        assert_eq!(targets[0].instance(), "10.0.0.1:80");
        assert_eq!(
            targets[0].labels,
            [
                ("zone".into(), "a".into()),
                ("registry".into(), "consul".into())
            ]
        );
        registry.scrape = false;
        assert!(of(&registry, &all).is_empty());
    }

    #[test]
    fn what_the_configuration_names_is_scraped_once() {
        let fixed = [ScrapeTarget::new("order", "http://10.0.0.1:80/metrics")];
        let mut found = fixed.to_vec();
        found[0].interval = Duration::from_secs(1);
        found.push(ScrapeTarget::new("pay", "http://10.0.0.1:80/metrics"));
        let all = together(&fixed, found.iter());
        assert_eq!(all.len(), 2);
        assert_eq!(all[0].interval, fixed[0].interval);
    }
}
