//! Runtimes: the JVM as Micrometer shows it, Node.js as prom-client shows it.

use crate::incident::IncidentKind;
use crate::registry::{Builder, Flow, Scope};
use crate::world::{World, ladder};

const MIB: f64 = 1_048_576.0;

pub(crate) fn build(b: &mut Builder, booted_s: f64) {
    for (service, number, work) in [
        ("order-service", 1, 1.0),
        ("order-service", 2, 0.95),
        ("payment-service", 1, 0.5),
        ("payment-service", 2, 0.5),
    ] {
        let instance = format!("{service}-{number}:8081");
        let hot = service == "order-service" && number == 1;
        let waits = service == "payment-service";
        let mut s = b.scope(&[
            ("job", service),
            ("instance", &instance),
            ("application", service),
        ]);
        jvm_memory(&mut s, work, hot);
        jvm_rest(&mut s, work, hot, waits);
    }
    for number in [1, 2] {
        let instance = format!("gateway-{number}:3000");
        node(
            &mut b.scope(&[("job", "gateway"), ("instance", &instance)]),
            booted_s,
        );
    }
}

fn jvm_memory(s: &mut Scope<'_>, work: f64, hot: bool) {
    let heap = 1024.0 * MIB;
    for (id, max, base, swing) in [
        ("G1 Eden Space", -1.0, 0.05, 0.16),
        ("G1 Old Gen", heap, 0.30, 0.06),
        ("G1 Survivor Space", -1.0, 0.02, 0.005),
    ] {
        let labels = [("area", "heap"), ("id", id)];
        s.gauge(
            "jvm_memory_used_bytes",
            "The amount of used memory",
            &labels,
            move |w, k| {
                // Eden fills and is emptied again and again, the faster the more work there is
                let period = 40.0 / (0.2 + work * w.activity);
                let saw = if id == "G1 Eden Space" {
                    (w.t_ms as f64 / 1000.0 / period).fract()
                } else {
                    0.5 + 0.5 * w.noise(k, 240.0)
                };
                let more = if hot {
                    0.03 * w.level(IncidentKind::HostCpu)
                } else {
                    0.0
                };
                (heap * (base + swing * saw + 0.04 * w.activity + more)).round()
            },
        );
        s.fact(
            "jvm_memory_max_bytes",
            "The maximum amount of memory in bytes that can be used for memory management",
            &labels,
            max,
        );
        s.fact(
            "jvm_memory_committed_bytes",
            "The amount of memory in bytes that is committed for the Java virtual machine to use",
            &labels,
            heap * 0.4,
        );
    }
    let meta = [("area", "nonheap"), ("id", "Metaspace")];
    s.gauge(
        "jvm_memory_used_bytes",
        "The amount of used memory",
        &meta,
        |w, k| (118.0 * MIB * w.wobble(k, 900.0, 0.01)).round(),
    );
    s.fact(
        "jvm_memory_max_bytes",
        "The maximum amount of memory in bytes that can be used for memory management",
        &meta,
        -1.0,
    );
}

fn jvm_rest(s: &mut Scope<'_>, work: f64, hot: bool, waits: bool) {
    let stress = move |w: &World| {
        if hot {
            1.0 + 0.8 * w.level(IncidentKind::HostCpu)
        } else {
            1.0
        }
    };
    for (action, cause, rate, pause) in [
        ("end of minor GC", "G1 Evacuation Pause", 0.28, 0.011),
        ("end of major GC", "Metadata GC Threshold", 0.0006, 0.12),
    ] {
        let labels = [("action", action), ("cause", cause)];
        let rate = move |w: &World| rate * (0.1 + work * w.activity) * stress(w);
        s.counter(
            "jvm_gc_pause_seconds_count",
            "Time spent in GC pause",
            &labels,
            move |w, _| rate(w),
        );
        s.counter_of(
            "jvm_gc_pause_seconds_sum",
            "Time spent in GC pause",
            &labels,
            move |w, k| rate(w) * pause * stress(w) * w.wobble(k, 60.0, 0.2),
        );
        s.gauge(
            "jvm_gc_pause_seconds_max",
            "Time spent in GC pause",
            &labels,
            move |w, k| pause * 2.2 * stress(w) * w.wobble(k, 120.0, 0.3),
        );
    }
    s.gauge(
        "jvm_threads_live_threads",
        "The current number of live threads including both daemon and non-daemon threads",
        &[],
        move |w, k| (78.0 + 70.0 * work * w.activity + 3.0 * w.noise(k, 60.0)).round(),
    );
    s.gauge(
        "jvm_threads_daemon_threads",
        "The current number of live daemon threads",
        &[],
        |_, _| 52.0,
    );
    for state in ["runnable", "blocked", "waiting", "timed-waiting"] {
        s.gauge(
            "jvm_threads_states_threads",
            "The current number of threads",
            &[("state", state)],
            move |w, _| {
                let stuck = if waits {
                    w.level(IncidentKind::PaymentChannelFailing) * 6.0
                } else {
                    0.0
                };
                match state {
                    "runnable" => 14.0 + (20.0 * work * w.activity).round(),
                    "blocked" => (stuck * 0.5).round(),
                    "waiting" => 40.0 + stuck.round(),
                    _ => 24.0,
                }
            },
        );
    }
    let pool = [("pool", "HikariPool-1")];
    s.fact("hikaricp_connections", "Total connections", &pool, 20.0);
    s.fact("hikaricp_connections_max", "Max connections", &pool, 20.0);
    let active = move |w: &World| {
        let held = if waits {
            w.level(IncidentKind::PaymentChannelFailing) * 3.0
        } else {
            0.0
        };
        (1.0 + 8.0 * work * w.activity * stress(w).min(1.8) + held)
            .min(20.0)
            .round()
    };
    s.gauge(
        "hikaricp_connections_active",
        "Active connections",
        &pool,
        move |w, _| active(w),
    );
    s.gauge(
        "hikaricp_connections_idle",
        "Idle connections",
        &pool,
        move |w, _| 20.0 - active(w),
    );
    s.gauge(
        "hikaricp_connections_pending",
        "Pending threads",
        &pool,
        move |w, _| (active(w) - 17.0).max(0.0) * 2.0,
    );
    s.gauge(
        "process_cpu_usage",
        "The \"recent cpu usage\" for the Java Virtual Machine process",
        &[],
        move |w, k| {
            ((0.02 + 0.3 * work * w.activity) * stress(w) * w.wobble(k, 30.0, 0.1)).min(1.0)
        },
    );
}

/// prom-client's limits for garbage collections, in seconds.
const GC_LIMITS: &[f64] = &[0.001, 0.01, 0.1, 1.0, 2.0, 5.0];

fn node(s: &mut Scope<'_>, booted_s: f64) {
    s.fact(
        "nodejs_version_info",
        "Node.js version info.",
        &[
            ("version", "v20.18.1"),
            ("major", "20"),
            ("minor", "18"),
            ("patch", "1"),
        ],
        1.0,
    );
    for (name, help, factor) in [
        (
            "nodejs_eventloop_lag_seconds",
            "Lag of event loop in seconds.",
            0.42,
        ),
        (
            "nodejs_eventloop_lag_min_seconds",
            "The minimum recorded event loop delay.",
            0.15,
        ),
        (
            "nodejs_eventloop_lag_max_seconds",
            "The maximum recorded event loop delay.",
            1.9,
        ),
        (
            "nodejs_eventloop_lag_mean_seconds",
            "The mean of the recorded event loop delays.",
            0.4,
        ),
        (
            "nodejs_eventloop_lag_stddev_seconds",
            "The standard deviation of the recorded event loop delays.",
            0.12,
        ),
        (
            "nodejs_eventloop_lag_p50_seconds",
            "The 50th percentile of the recorded event loop delays.",
            0.38,
        ),
        (
            "nodejs_eventloop_lag_p90_seconds",
            "The 90th percentile of the recorded event loop delays.",
            0.7,
        ),
        (
            "nodejs_eventloop_lag_p99_seconds",
            "The 99th percentile of the recorded event loop delays.",
            1.0,
        ),
    ] {
        s.gauge(name, help, &[], move |w, k| {
            ladder(
                w.level(IncidentKind::EventLoopLag),
                0.018 + 0.012 * w.activity,
                [0.16, 0.48, 1.6],
            ) * factor
                * w.wobble(k, 15.0, 0.12)
        });
    }
    let total = 420.0 * MIB;
    s.fact(
        "nodejs_heap_size_total_bytes",
        "Process heap size from Node.js in bytes.",
        &[],
        total,
    );
    s.gauge(
        "nodejs_heap_size_used_bytes",
        "Process heap size used from Node.js in bytes.",
        &[],
        move |w, k| {
            (total
                * (0.48
                    + 0.14 * w.activity
                    + 0.05 * w.noise(k, 25.0)
                    + 0.06 * w.level(IncidentKind::EventLoopLag)))
            .round()
        },
    );
    s.gauge(
        "nodejs_external_memory_bytes",
        "Node.js external memory size in bytes.",
        &[],
        |w, k| (14.0 * MIB * w.wobble(k, 60.0, 0.1)).round(),
    );
    s.gauge(
        "nodejs_active_handles_total",
        "Total number of active handles.",
        &[],
        |w, k| {
            ((25.0 + 0.16 * w.online)
                * (1.0 + 0.5 * w.level(IncidentKind::EventLoopLag))
                * w.wobble(k, 20.0, 0.05))
            .round()
        },
    );
    s.gauge(
        "nodejs_active_requests_total",
        "Total number of active requests.",
        &[],
        |w, k| (w.rps * 0.004 * w.slowness * w.wobble(k, 10.0, 0.3)).round(),
    );
    for (kind, rate, median) in [
        ("minor", 0.9, 0.0018),
        ("incremental", 0.02, 0.004),
        ("major", 0.015, 0.022),
    ] {
        s.histogram(
            "nodejs_gc_duration_seconds",
            "Garbage collection duration by kind, one of major, minor, incremental or weakcb.",
            &[("kind", kind)],
            GC_LIMITS,
            move |w, _| Flow {
                rate: rate * (0.1 + w.activity),
                median,
                shape: 3.0,
            },
        );
    }
    s.gauge(
        "process_resident_memory_bytes",
        "Resident memory size in bytes.",
        &[],
        |w, k| ((510.0 + 60.0 * w.activity) * MIB * w.wobble(k, 120.0, 0.02)).round(),
    );
    s.counter_of(
        "process_cpu_seconds_total",
        "Total user and system CPU time spent in seconds.",
        &[],
        |w, k| {
            (0.03 + 0.45 * w.activity + 0.12 * w.level(IncidentKind::EventLoopLag))
                * w.wobble(k, 30.0, 0.08)
        },
    );
    s.fact(
        "process_start_time_seconds",
        "Start time of the process since unix epoch in seconds.",
        &[],
        booted_s + 420.0,
    );
    s.gauge(
        "up",
        "1 if the target could be scraped, 0 if not.",
        &[],
        |_, _| 1.0,
    );
}
