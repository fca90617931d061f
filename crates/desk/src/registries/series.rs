//! What is known of services as series, so that any board and any rule can use it.

use model::sample::stale_marker;
use model::{Labels, Sample};
use source::{InstanceHealth, ServiceInstance};
use std::collections::{BTreeMap, BTreeSet};

/// 1 while the registry answers, 0 while it does not.
pub const UP: &str = "shouwang_registry_up";
/// 1 for an instance that passes its checks or only warns, 0 for one that is critical or in maintenance.
pub const HEALTHY: &str = "shouwang_registry_service_healthy";
/// How many instances a service has.
pub const INSTANCES: &str = "shouwang_registry_service_instances";

/// The samples of one registry at `now` (ms). `instances` is `None` while the registry does not answer: then nothing is said of its
/// services, and their series grow old. `before` are the series of the last call; those that are gone get an end.
pub(super) fn samples(
    registry: &str,
    up: bool,
    instances: Option<&[ServiceInstance]>,
    before: &mut BTreeSet<Labels>,
    now: i64,
) -> Vec<(Labels, Sample)> {
    let labels = |name: &str, more: &[(&str, &str)]| {
        let own = [("__name__", name), ("registry", registry)];
        Labels::from_pairs(own.into_iter().chain(more.iter().copied()))
    };
    let at = |v: f64| Sample { t: now, v };
    let mut out = vec![(labels(UP, &[]), at(f64::from(u8::from(up))))];
    let Some(instances) = instances else {
        return out;
    };
    // two instances may name one address: the worse counts
    let mut healthy: BTreeMap<Labels, f64> = BTreeMap::new();
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    for one in instances {
        let instance = if one.address.is_empty() {
            &one.id
        } else {
            &one.address
        };
        let of = labels(
            HEALTHY,
            &[("service", &one.service), ("instance", instance)],
        );
        let v = f64::from(u8::from(one.health <= InstanceHealth::Warning));
        let known = healthy.entry(of).or_insert(v);
        *known = known.min(v);
        *counts.entry(&one.service).or_default() += 1;
    }
    let counted = counts
        .into_iter()
        .map(|(service, n)| (labels(INSTANCES, &[("service", service)]), f64::from(n)));
    let alive: BTreeMap<Labels, f64> = healthy.into_iter().chain(counted).collect();
    let gone = before.iter().filter(|l| !alive.contains_key(*l));
    out.extend(gone.map(|l| (l.clone(), at(stale_marker()))));
    *before = alive.keys().cloned().collect();
    out.extend(alive.into_iter().map(|(l, v)| (l, at(v))));
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::sample::is_stale_marker;

    fn instance(service: &str, address: &str, health: InstanceHealth) -> ServiceInstance {
        ServiceInstance {
            service: service.into(),
            id: format!("{service}@{address}"),
            address: address.into(),
            health,
            ..ServiceInstance::default()
        }
    }

    fn value(all: &[(Labels, Sample)], text: &str) -> Option<f64> {
        all.iter()
            .find(|(l, _)| l.to_string() == text)
            .map(|(_, s)| s.v)
    }

    #[test]
    fn services_are_series_that_end_when_they_go() {
        let mut before = BTreeSet::new();
        let all = [
            instance("order", "a:1", InstanceHealth::Passing),
            instance("order", "b:1", InstanceHealth::Critical),
            instance("pay", "", InstanceHealth::Warning),
        ];
        let first = samples("etcd", true, Some(&all), &mut before, 1);
        let a = r#"shouwang_registry_service_healthy{instance="a:1", registry="etcd", service="order"}"#;
        let b = a.replace("a:1", "b:1");
        assert_eq!(
            (value(&first, a), value(&first, &b)),
            (Some(1.0), Some(0.0))
        );
        let count = r#"shouwang_registry_service_instances{registry="etcd", service="order"}"#;
        assert_eq!(value(&first, count), Some(2.0));
        assert_eq!(
            value(&first, r#"shouwang_registry_up{registry="etcd"}"#),
            Some(1.0)
        );
        // the registry is away: nothing is said
        let away = samples("etcd", false, None, &mut before, 2);
        assert_eq!((away.len(), away[0].1.v), (1, 0.0));
        let later = samples("etcd", true, Some(&all[1..]), &mut before, 3);
        assert!(value(&later, a).is_some_and(is_stale_marker));
        assert_eq!(value(&later, count), Some(1.0));
        let last = samples("etcd", true, Some(&all[1..]), &mut before, 4);
        assert_eq!(value(&last, a), None, "an end is told once");
    }
}
