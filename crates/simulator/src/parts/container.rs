//! Containers: cAdvisor, the kubelet's volumes, and the Docker engine of the web hosts. What Kubernetes itself says is in
//! [`super::kubernetes`].

use super::kubernetes;
use crate::incident::IncidentKind;
use crate::registry::{Builder, Scope};
use crate::world::World;

pub(super) const MIB: f64 = 1_048_576.0;
pub(super) const GIB: f64 = 1024.0 * MIB;
pub(crate) const NAMESPACE: &str = "restaurant";

pub(crate) struct Pod {
    pub(crate) name: &'static str,
    pub(crate) owner: &'static str,
    pub(crate) node: &'static str,
    /// Limits: cores, MiB.
    pub(super) cpu_limit: f64,
    pub(super) memory_limit: f64,
    /// Cores at full activity, share of memory in use.
    pub(super) cpu: f64,
    pub(super) memory: f64,
    /// The incident that this pod suffers from.
    pub(crate) suffers: Option<IncidentKind>,
}

const fn pod(
    name: &'static str,
    owner: &'static str,
    node: &'static str,
    limits: (f64, f64),
    use_of: (f64, f64),
    suffers: Option<IncidentKind>,
) -> Pod {
    Pod {
        name,
        owner,
        node,
        cpu_limit: limits.0,
        memory_limit: limits.1,
        cpu: use_of.0,
        memory: use_of.1,
        suffers,
    }
}

pub(crate) const PODS: [Pod; 12] = [
    pod(
        "gateway-6d4b9c7f5-2xk8p",
        "gateway",
        "sw-app-01",
        (1.0, 1024.0),
        (0.46, 0.52),
        Some(IncidentKind::EventLoopLag),
    ),
    pod(
        "gateway-6d4b9c7f5-q7m4z",
        "gateway",
        "sw-app-02",
        (1.0, 1024.0),
        (0.45, 0.51),
        Some(IncidentKind::EventLoopLag),
    ),
    pod(
        "order-service-79f8d5b6c-hn5tw",
        "order-service",
        "sw-app-01",
        (1.5, 2048.0),
        (0.70, 0.62),
        Some(IncidentKind::HostCpu),
    ),
    pod(
        "order-service-79f8d5b6c-zl2vd",
        "order-service",
        "sw-app-02",
        (1.5, 2048.0),
        (0.66, 0.61),
        None,
    ),
    pod(
        "payment-service-5c9b7d8f4-8rj6k",
        "payment-service",
        "sw-app-01",
        (1.0, 2048.0),
        (0.30, 0.55),
        None,
    ),
    pod(
        "payment-service-5c9b7d8f4-w3f9x",
        "payment-service",
        "sw-app-02",
        (1.0, 2048.0),
        (0.29, 0.56),
        None,
    ),
    pod(
        "user-service-84d6c9f7b-c6p2m",
        "user-service",
        "sw-app-02",
        (1.0, 1024.0),
        (0.38, 0.58),
        None,
    ),
    pod(
        "menu-service-6f7b5d9c8-t4k7q",
        "menu-service",
        "sw-app-01",
        (1.0, 1024.0),
        (0.31, 0.49),
        None,
    ),
    pod(
        "recommendation-7b8c6d5f9-5gv8n",
        "recommendation",
        "sw-app-01",
        (2.0, 4096.0),
        (0.95, 0.66),
        Some(IncidentKind::PodCrashLoop),
    ),
    pod(
        "recommendation-7b8c6d5f9-x9d3s",
        "recommendation",
        "sw-app-02",
        (2.0, 4096.0),
        (0.93, 0.67),
        None,
    ),
    pod(
        "consultation-5d6f8c9b7-j2w6h",
        "consultation",
        "sw-app-02",
        (0.5, 512.0),
        (0.16, 0.54),
        None,
    ),
    pod(
        "notification-worker-68c7d5b9f-m8n4r",
        "notification-worker",
        "sw-app-02",
        (0.5, 512.0),
        (0.17, 0.47),
        Some(IncidentKind::QueuePilingUp),
    ),
];

pub(crate) fn build(b: &mut Builder, booted_s: f64) {
    for p in &PODS {
        let instance = format!("{}:10250", p.node);
        cadvisor(
            &mut b.scope(&[("job", "kubelet"), ("instance", &instance)]),
            p,
            booted_s,
        );
        kubernetes::state(
            &mut b.scope(&[
                ("job", "kube-state-metrics"),
                ("instance", "kube-state-metrics:8080"),
            ]),
            p,
            booted_s,
        );
    }
    kubernetes::cluster(&mut b.scope(&[
        ("job", "kube-state-metrics"),
        ("instance", "kube-state-metrics:8080"),
    ]));
    volumes(&mut b.scope(&[("job", "kubelet"), ("instance", "sw-app-01:10250")]));
    for host in ["sw-web-01", "sw-web-02"] {
        let instance = format!("{host}:9323");
        docker(&mut b.scope(&[("job", "docker"), ("instance", &instance)]));
    }
}

/// Share of the time in which a pod that crashes again and again is down: all but a few seconds of each minute.
pub(crate) fn down(w: &World, suffers: Option<IncidentKind>) -> bool {
    suffers == Some(IncidentKind::PodCrashLoop)
        && w.level(IncidentKind::PodCrashLoop) > 0.3
        && w.t_ms.rem_euclid(60_000) > 8_000
}

fn cadvisor(s: &mut Scope<'_>, p: &Pod, booted_s: f64) {
    let (peak, limit, share, suffers) = (p.cpu, p.cpu_limit, p.memory, p.suffers);
    let memory_limit = p.memory_limit * MIB;
    let image = format!("registry.example/{}:2.8.1", p.owner);
    let id = format!("/kubepods/burstable/{}", p.name);
    let container = [
        ("namespace", NAMESPACE),
        ("pod", p.name),
        ("container", p.owner),
        ("image", &*image),
        ("id", &*id),
    ];
    let cores = move |w: &World, k: u64| {
        if down(w, suffers) {
            return 0.002;
        }
        let hot = match suffers {
            Some(IncidentKind::HostCpu) => 1.0 + 0.5 * w.level(IncidentKind::HostCpu),
            Some(IncidentKind::EventLoopLag) => 1.0 + 0.35 * w.level(IncidentKind::EventLoopLag),
            _ => 1.0,
        };
        ((0.03 + 0.58 * peak * w.activity) * hot * w.wobble(k, 40.0, 0.08)).min(limit)
    };
    let resident = move |w: &World, k: u64| {
        if down(w, suffers) {
            return memory_limit * 0.05;
        }
        let more = if suffers == Some(IncidentKind::QueuePilingUp) {
            0.1 * w.level(IncidentKind::QueuePilingUp)
        } else {
            0.0
        };
        memory_limit * (share + 0.12 * w.activity + more + 0.02 * w.noise(k, 300.0)).min(0.98)
    };
    s.counter_of(
        "container_cpu_usage_seconds_total",
        "Cumulative cpu time consumed in seconds.",
        &container,
        cores,
    );
    s.counter(
        "container_cpu_cfs_periods_total",
        "Number of elapsed enforcement period intervals.",
        &container,
        |_, _| 10.0,
    );
    s.counter(
        "container_cpu_cfs_throttled_periods_total",
        "Number of throttled period intervals.",
        &container,
        move |w, k| 10.0 * ((cores(w, k) / limit - 0.6).max(0.0) * 1.1).min(0.9),
    );
    s.gauge(
        "container_memory_working_set_bytes",
        "Current working set in bytes.",
        &container,
        move |w, k| resident(w, k).round(),
    );
    s.gauge(
        "container_memory_usage_bytes",
        "Current memory usage in bytes, including all memory regardless of when it was accessed",
        &container,
        move |w, k| (resident(w, k) * 1.12).round(),
    );
    s.gauge(
        "container_memory_rss",
        "Size of RSS in bytes.",
        &container,
        move |w, k| (resident(w, k) * 0.9).round(),
    );
    s.fact(
        "container_spec_memory_limit_bytes",
        "Memory limit for the container.",
        &container,
        memory_limit,
    );
    s.gauge(
        "container_fs_usage_bytes",
        "Number of bytes that are consumed by the container on this filesystem.",
        &container,
        move |w, k| (180.0 * MIB + 40.0 * MIB * (1.0 + w.noise(k, 3600.0))).round(),
    );
    s.counter(
        "container_fs_reads_bytes_total",
        "Cumulative count of bytes read",
        &container,
        move |w, k| 12_000.0 * w.activity * w.wobble(k, 20.0, 0.4),
    );
    s.counter(
        "container_fs_writes_bytes_total",
        "Cumulative count of bytes written",
        &container,
        move |w, k| (2_000.0 + 60_000.0 * w.activity) * w.wobble(k, 20.0, 0.3),
    );
    s.gauge(
        "container_start_time_seconds",
        "Start time of the container since unix epoch in seconds.",
        &container,
        move |w, _| {
            if suffers == Some(IncidentKind::PodCrashLoop)
                && w.level(IncidentKind::PodCrashLoop) > 0.3
            {
                (w.t_ms.div_euclid(60_000) * 60) as f64
            } else {
                booted_s + 300.0
            }
        },
    );
    s.gauge(
        "container_last_seen",
        "Last time a container was seen by the exporter",
        &container,
        |w, _| (w.t_ms / 1000) as f64,
    );
    let net = [
        ("namespace", NAMESPACE),
        ("pod", p.name),
        ("interface", "eth0"),
    ];
    let bytes = move |w: &World, k: u64| {
        if down(w, suffers) {
            0.0
        } else {
            (3_000.0 + w.rps * peak * 2_600.0) * w.wobble(k, 15.0, 0.12)
        }
    };
    s.counter(
        "container_network_receive_bytes_total",
        "Cumulative count of bytes received",
        &net,
        bytes,
    );
    s.counter(
        "container_network_transmit_bytes_total",
        "Cumulative count of bytes transmitted",
        &net,
        move |w, k| bytes(w, k) * 1.4,
    );
    s.counter(
        "container_network_receive_packets_dropped_total",
        "Cumulative count of packets dropped while receiving",
        &net,
        |_, _| 0.0,
    );
}

fn volumes(s: &mut Scope<'_>) {
    for (claim, size, used) in [
        ("order-uploads", 50.0 * GIB, 0.44),
        ("recommendation-models", 100.0 * GIB, 0.57),
    ] {
        let labels = [("namespace", NAMESPACE), ("persistentvolumeclaim", claim)];
        s.fact(
            "kubelet_volume_stats_capacity_bytes",
            "Capacity in bytes of the volume",
            &labels,
            size,
        );
        let free =
            move |w: &World, k: u64| (size * (1.0 - used - 0.01 * w.noise(k, 7200.0))).round();
        s.gauge(
            "kubelet_volume_stats_available_bytes",
            "Number of available bytes in the volume",
            &labels,
            free,
        );
        s.gauge(
            "kubelet_volume_stats_used_bytes",
            "Number of used bytes in the volume",
            &labels,
            move |w, k| size * used + 0.005 * size * w.noise(k, 7200.0),
        );
    }
}

fn docker(s: &mut Scope<'_>) {
    for (state, count) in [("running", 6.0), ("paused", 0.0), ("stopped", 1.0)] {
        s.fact(
            "engine_daemon_container_states_containers",
            "The count of containers in various states",
            &[("state", state)],
            count,
        );
    }
    s.fact(
        "engine_daemon_engine_info",
        "The information related to the engine and the OS it is running on",
        &[("version", "27.3.1"), ("graphdriver", "overlay2")],
        1.0,
    );
    s.counter(
        "engine_daemon_container_actions_seconds_count",
        "The number of container actions",
        &[("action", "start")],
        |_, _| 0.00002,
    );
    let id = [("id", "/docker")];
    s.counter_of(
        "container_cpu_usage_seconds_total",
        "Cumulative cpu time consumed in seconds.",
        &id,
        |w, k| (0.06 + 0.9 * w.activity) * w.wobble(k, 40.0, 0.08),
    );
    s.gauge(
        "container_memory_usage_bytes",
        "Current memory usage in bytes, including all memory regardless of when it was accessed",
        &id,
        |w, k| (GIB * (3.1 + 1.2 * w.activity + 0.1 * w.noise(k, 300.0))).round(),
    );
    s.gauge(
        "container_fs_usage_bytes",
        "Number of bytes that are consumed by the container on this filesystem.",
        &id,
        |w, k| (GIB * (11.0 + 0.2 * w.noise(k, 7200.0))).round(),
    );
    s.gauge(
        "up",
        "1 if the target could be scraped, 0 if not.",
        &[],
        |_, _| 1.0,
    );
}
