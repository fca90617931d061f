//! What kube-state-metrics says of pods, nodes and deployments.

use super::container::{GIB, MIB, NAMESPACE, PODS, Pod, down};
use crate::incident::IncidentKind;
use crate::registry::Scope;

/// Time between two releases of one deployment, ms.
const BETWEEN_RELEASES: i64 = 12 * 3_600_000;

pub(super) fn state(s: &mut Scope<'_>, p: &Pod, booted_s: f64) {
    let suffers = p.suffers;
    let pod = [("namespace", NAMESPACE), ("pod", p.name)];
    let container = [
        ("namespace", NAMESPACE),
        ("pod", p.name),
        ("container", p.owner),
    ];
    s.fact(
        "kube_pod_info",
        "Information about pod.",
        &[
            ("namespace", NAMESPACE),
            ("pod", p.name),
            ("node", p.node),
            ("created_by_kind", "ReplicaSet"),
            ("created_by_name", p.owner),
        ],
        1.0,
    );
    for phase in ["Pending", "Running", "Succeeded", "Failed", "Unknown"] {
        // a pod whose container crashes stays in the phase Running
        s.fact(
            "kube_pod_status_phase",
            "The pods current phase.",
            &[pod[0], pod[1], ("phase", phase)],
            f64::from(phase == "Running"),
        );
    }
    s.gauge(
        "kube_pod_status_ready",
        "Describes whether the pod is ready to serve requests.",
        &[pod[0], pod[1], ("condition", "true")],
        move |w, _| f64::from(!down(w, suffers)),
    );
    s.gauge(
        "kube_pod_container_status_running",
        "Describes whether the container is currently in running state.",
        &container,
        move |w, _| f64::from(!down(w, suffers)),
    );
    s.gauge(
        "kube_pod_container_status_waiting",
        "Describes whether the container is currently in waiting state.",
        &container,
        move |w, _| f64::from(down(w, suffers)),
    );
    s.fact(
        "kube_pod_container_status_terminated",
        "Describes whether the container is currently in terminated state.",
        &container,
        0.0,
    );
    s.gauge(
        "kube_pod_container_status_waiting_reason",
        "Describes the reason the container is currently in waiting state.",
        &[
            container[0],
            container[1],
            container[2],
            ("reason", "CrashLoopBackOff"),
        ],
        move |w, _| f64::from(down(w, suffers)),
    );
    s.gauge(
        "kube_pod_container_status_last_terminated_reason",
        "Describes the last reason the container was in terminated state.",
        &[
            container[0],
            container[1],
            container[2],
            ("reason", "OOMKilled"),
        ],
        move |w, _| {
            f64::from(
                suffers == Some(IncidentKind::PodCrashLoop)
                    && w.level(IncidentKind::PodCrashLoop) > 0.3,
            )
        },
    );
    s.counter(
        "kube_pod_container_status_restarts_total",
        "The number of container restarts per container.",
        &container,
        move |w, _| {
            if suffers == Some(IncidentKind::PodCrashLoop) {
                w.level(IncidentKind::PodCrashLoop) / 60.0
            } else {
                0.0
            }
        },
    );
    for (resource, unit, value) in [
        ("cpu", "core", p.cpu_limit),
        ("memory", "byte", p.memory_limit * MIB),
    ] {
        let labels = [
            container[0],
            container[1],
            container[2],
            ("node", p.node),
            ("resource", resource),
            ("unit", unit),
        ];
        s.fact(
            "kube_pod_container_resource_limits",
            "The number of requested limit resource by a container.",
            &labels,
            value,
        );
        s.fact(
            "kube_pod_container_resource_requests",
            "The number of requested request resource by a container.",
            &labels,
            value * 0.5,
        );
    }
    s.fact(
        "kube_pod_start_time",
        "Start time in unix timestamp for a pod.",
        &pod,
        booted_s + 300.0,
    );
}

pub(super) fn cluster(s: &mut Scope<'_>) {
    for node in ["sw-app-01", "sw-app-02"] {
        s.fact(
            "kube_node_info",
            "Information about a cluster node.",
            &[("node", node), ("kubelet_version", "v1.31.4")],
            1.0,
        );
        for condition in ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"] {
            for status in ["true", "false", "unknown"] {
                let value = f64::from(
                    (condition == "Ready" && status == "true")
                        || (condition != "Ready" && status == "false"),
                );
                s.fact(
                    "kube_node_status_condition",
                    "The condition of a cluster node.",
                    &[("node", node), ("condition", condition), ("status", status)],
                    value,
                );
            }
        }
        s.fact(
            "kube_node_status_allocatable",
            "The allocatable for different resources of a node that are available for scheduling.",
            &[("node", node), ("resource", "cpu"), ("unit", "core")],
            3.8,
        );
        s.fact(
            "kube_node_status_allocatable",
            "The allocatable for different resources of a node that are available for scheduling.",
            &[("node", node), ("resource", "memory"), ("unit", "byte")],
            30.0 * GIB,
        );
    }
    let mut owners: Vec<(&str, u32, Option<IncidentKind>)> = Vec::new();
    for p in &PODS {
        match owners.last_mut().filter(|(name, ..)| *name == p.owner) {
            Some(o) => o.1 += 1,
            None => owners.push((p.owner, 1, p.suffers)),
        }
    }
    for (nth, (name, replicas, suffers)) in owners.into_iter().enumerate() {
        let labels = [("namespace", NAMESPACE), ("deployment", name)];
        let wanted = f64::from(replicas);
        let set = PODS.iter().find(|p| p.owner == name);
        let set = set
            .and_then(|p| p.name.rsplit_once('-'))
            .map_or(name, |(set, _)| set);
        // Each deployment is released twice a day, one after the other: most boards of an hour have a release to mark.
        s.gauge(
            "kube_replicaset_created",
            "Unix creation timestamp.",
            &[("namespace", NAMESPACE), ("replicaset", set)],
            move |w, _| last_release(w.t_ms, nth),
        );
        s.fact(
            "kube_deployment_spec_replicas",
            "Number of desired pods for a deployment.",
            &labels,
            wanted,
        );
        s.gauge(
            "kube_deployment_status_replicas_available",
            "The number of available replicas per deployment.",
            &labels,
            move |w, _| wanted - f64::from(down(w, suffers)),
        );
        s.gauge(
            "kube_deployment_status_replicas_unavailable",
            "The number of unavailable replicas per deployment.",
            &labels,
            move |w, _| f64::from(down(w, suffers)),
        );
    }
    let hpa = [
        ("namespace", NAMESPACE),
        ("horizontalpodautoscaler", "order-service"),
    ];
    s.fact(
        "kube_horizontalpodautoscaler_status_current_replicas",
        "Current number of replicas of pods managed by this autoscaler.",
        &hpa,
        2.0,
    );
    s.fact(
        "kube_horizontalpodautoscaler_spec_max_replicas",
        "Upper limit for the number of pods that can be set by the autoscaler.",
        &hpa,
        6.0,
    );
    s.fact(
        "kube_job_status_failed",
        "The number of pods which reached Phase Failed and the reason for failure.",
        &[("namespace", NAMESPACE), ("job_name", "nightly-settlement")],
        0.0,
    );
}

/// When the deployment with this number was last released, seconds since the epoch.
fn last_release(t_ms: i64, nth: usize) -> f64 {
    let turn = i64::try_from(nth).unwrap_or(0) * 97 * 60_000;
    let last = (t_ms - turn).div_euclid(BETWEEN_RELEASES) * BETWEEN_RELEASES + turn;
    last as f64 / 1000.0
}
