//! Hosts, as the node exporter 1.5 shows them.

use super::host_io;
use crate::incident::IncidentKind;
use crate::registry::{Builder, Scope};
use crate::world::{HOSTS, HostSpec, ladder};

const GIB: f64 = 1_073_741_824.0;

pub(crate) fn build(b: &mut Builder, booted_s: f64) {
    for (i, spec) in HOSTS.iter().enumerate() {
        let instance = format!("{}:9100", spec.name);
        let mut s = b.scope(&[("job", "node"), ("instance", &instance)]);
        cpu(&mut s, i, spec);
        memory(&mut s, i, spec);
        host_io::disks(&mut s, i, spec);
        host_io::network(&mut s, i);
        system(&mut s, i, spec, booted_s);
    }
}

/// Shares of a core's time by mode for a share `busy`.
fn mode_share(mode: &str, busy: f64, io: f64) -> f64 {
    let waiting = (0.05 * io).min((1.0 - busy).max(0.0) * 0.5);
    match mode {
        "user" => busy * 0.72,
        "system" => busy * 0.21,
        "softirq" => busy * 0.05,
        "irq" => busy * 0.01,
        "nice" => busy * 0.01,
        "iowait" => waiting,
        "steal" => 0.002_f64.min(1.0 - busy - waiting).max(0.0),
        _ => (1.0 - busy - waiting - 0.002).max(0.0),
    }
}

fn cpu(s: &mut Scope<'_>, i: usize, spec: &HostSpec) {
    let cores = spec.cores as f64;
    for core in 0..spec.cores {
        let number = core.to_string();
        let lean = 200 + (i * 16 + core) as u64;
        for mode in [
            "idle", "iowait", "irq", "nice", "softirq", "steal", "system", "user",
        ] {
            s.counter_of(
                "node_cpu_seconds_total",
                "Seconds the CPUs spent in each mode.",
                &[("cpu", &number), ("mode", mode)],
                move |w, _| {
                    let h = &w.hosts[i];
                    // cores differ from each other, the less the busier they are
                    let busy = (h.cpu + 0.12 * (1.0 - h.cpu) * h.cpu * w.noise(lean, 30.0))
                        .clamp(0.0, 1.0);
                    mode_share(mode, busy, h.io)
                },
            );
        }
    }
    let load =
        move |cpu: f64| cores * (cpu * 1.05 + if cpu > 0.85 { (cpu - 0.85) * 9.0 } else { 0.0 });
    s.gauge("node_load1", "1m load average.", &[], move |w, k| {
        load(w.hosts[i].cpu) * w.wobble(k, 30.0, 0.08)
    });
    s.gauge("node_load5", "5m load average.", &[], move |w, k| {
        load(w.hosts[i].cpu_5m) * w.wobble(k, 150.0, 0.04)
    });
    s.gauge("node_load15", "15m load average.", &[], move |w, k| {
        load(w.hosts[i].cpu_15m) * w.wobble(k, 450.0, 0.02)
    });
    s.gauge(
        "node_hwmon_temp_celsius",
        "Hardware monitor for temperature (input)",
        &[("chip", "platform_coretemp_0"), ("sensor", "temp1")],
        move |w, k| {
            // a heat sink lags behind the load
            38.0 + 36.0 * (0.3 * w.hosts[i].cpu + 0.7 * w.hosts[i].cpu_5m) + w.noise(k, 90.0)
        },
    );
    s.gauge(
        "node_thermal_zone_temp",
        "Zone temperature in Celsius",
        &[("type", "x86_pkg_temp"), ("zone", "0")],
        move |w, k| {
            39.0 + 36.0 * (0.3 * w.hosts[i].cpu + 0.7 * w.hosts[i].cpu_5m) + w.noise(k, 90.0)
        },
    );
    s.gauge(
        "node_procs_running",
        "Number of processes in runnable state.",
        &[],
        move |w, _| 1.0 + load(w.hosts[i].cpu).round(),
    );
    s.gauge(
        "node_procs_blocked",
        "Number of processes blocked waiting for I/O to complete.",
        &[],
        move |w, _| (w.hosts[i].io * 4.0 - 0.6).max(0.0).round(),
    );
    for (name, help, share) in [
        (
            "node_pressure_cpu_waiting_seconds_total",
            "Total time in seconds that processes have waited for CPU time",
            0,
        ),
        (
            "node_pressure_io_waiting_seconds_total",
            "Total time in seconds that processes have waited due to IO congestion",
            1,
        ),
        (
            "node_pressure_memory_waiting_seconds_total",
            "Total time in seconds that processes have waited for memory",
            2,
        ),
    ] {
        s.counter_of(name, help, &[], move |w, _| {
            let h = &w.hosts[i];
            match share {
                0 => 0.02 + h.cpu.powi(6) * 0.7,
                1 => h.io * h.io * 0.5,
                _ => (h.memory - 0.8).max(0.0),
            }
        });
    }
}

/// Name, help, and the share of all memory for a share in use.
type ShareOfMemory = (&'static str, &'static str, fn(f64) -> f64);

fn memory(s: &mut Scope<'_>, i: usize, spec: &HostSpec) {
    let total = spec.memory_gib * GIB * 0.98;
    let swap = 4.0 * GIB;
    s.fact(
        "node_memory_MemTotal_bytes",
        "Memory information field MemTotal_bytes.",
        &[],
        total,
    );
    let of_total: [ShareOfMemory; 9] = [
        (
            "node_memory_MemAvailable_bytes",
            "Memory information field MemAvailable_bytes.",
            |used| 1.0 - used,
        ),
        (
            "node_memory_MemFree_bytes",
            "Memory information field MemFree_bytes.",
            |used| (1.0 - used) * 0.35,
        ),
        (
            "node_memory_Buffers_bytes",
            "Memory information field Buffers_bytes.",
            |used| (1.0 - used) * 0.04,
        ),
        (
            "node_memory_Cached_bytes",
            "Memory information field Cached_bytes.",
            |used| (1.0 - used) * 0.58,
        ),
        (
            "node_memory_SReclaimable_bytes",
            "Memory information field SReclaimable_bytes.",
            |used| (1.0 - used) * 0.03,
        ),
        (
            "node_memory_Slab_bytes",
            "Memory information field Slab_bytes.",
            |used| 0.01 + (1.0 - used) * 0.03,
        ),
        (
            "node_memory_AnonPages_bytes",
            "Memory information field AnonPages_bytes.",
            |used| used * 0.93,
        ),
        (
            "node_memory_Active_bytes",
            "Memory information field Active_bytes.",
            |used| used * 0.7,
        ),
        (
            "node_memory_Dirty_bytes",
            "Memory information field Dirty_bytes.",
            |used| 0.0004 + used * 0.0008,
        ),
    ];
    for (name, help, share) in of_total {
        s.gauge(name, help, &[], move |w, _| {
            (total * share(w.hosts[i].memory)).round()
        });
    }
    s.fact(
        "node_memory_SwapTotal_bytes",
        "Memory information field SwapTotal_bytes.",
        &[],
        swap,
    );
    s.gauge(
        "node_memory_SwapFree_bytes",
        "Memory information field SwapFree_bytes.",
        &[],
        move |w, _| (swap * (0.97 - (w.hosts[i].memory - 0.75).max(0.0) * 0.6)).round(),
    );
    s.fact(
        "node_memory_SwapCached_bytes",
        "Memory information field SwapCached_bytes.",
        &[],
        4096.0 * 300.0,
    );
    for (name, help, rate) in [
        (
            "node_vmstat_pgfault",
            "/proc/vmstat information field pgfault.",
            2400.0,
        ),
        (
            "node_vmstat_pgmajfault",
            "/proc/vmstat information field pgmajfault.",
            0.7,
        ),
        (
            "node_vmstat_pgpgin",
            "/proc/vmstat information field pgpgin.",
            900.0,
        ),
        (
            "node_vmstat_pgpgout",
            "/proc/vmstat information field pgpgout.",
            2600.0,
        ),
        (
            "node_vmstat_pswpin",
            "/proc/vmstat information field pswpin.",
            0.05,
        ),
        (
            "node_vmstat_pswpout",
            "/proc/vmstat information field pswpout.",
            0.08,
        ),
    ] {
        s.counter(name, help, &[], move |w, k| {
            rate * (0.1 + w.hosts[i].io * 3.0 + (w.hosts[i].memory - 0.75).max(0.0) * 40.0)
                * w.wobble(k, 20.0, 0.3)
        });
    }
    s.counter(
        "node_vmstat_oom_kill",
        "/proc/vmstat information field oom_kill.",
        &[],
        |_, _| 0.0,
    );
}

fn system(s: &mut Scope<'_>, i: usize, spec: &HostSpec, booted_s: f64) {
    s.gauge(
        "node_filefd_allocated",
        "File descriptor statistics: allocated.",
        &[],
        move |w, k| (2200.0 + w.online * 1.3 * w.wobble(k, 60.0, 0.05)).round(),
    );
    s.fact(
        "node_filefd_maximum",
        "File descriptor statistics: maximum.",
        &[],
        262_144.0,
    );
    s.gauge("node_processes_pids", "Number of PIDs", &[], move |w, k| {
        (180.0 + 60.0 * w.activity + 4.0 * w.noise(k, 90.0)).round()
    });
    s.gauge(
        "node_processes_threads",
        "Allocated threads in system",
        &[],
        move |w, k| (640.0 + 300.0 * w.activity + 12.0 * w.noise(k, 90.0)).round(),
    );
    s.fact(
        "node_processes_max_processes",
        "Number of max PIDs limit",
        &[],
        4_194_304.0,
    );
    for (state, base) in [
        ("R", 1.0),
        ("S", 160.0),
        ("D", 0.0),
        ("Z", 0.0),
        ("I", 70.0),
    ] {
        s.gauge(
            "node_processes_state",
            "Number of processes in each state.",
            &[("state", state)],
            move |w, _| match state {
                "R" => 1.0 + (w.hosts[i].cpu * 4.0).round(),
                "D" => (w.hosts[i].io * 4.0 - 0.6).max(0.0).round(),
                _ => base,
            },
        );
    }
    s.fact(
        "node_uname_info",
        "Labeled system information as provided by the uname system call.",
        &[
            ("domainname", "(none)"),
            ("machine", "x86_64"),
            ("nodename", spec.name),
            ("release", "6.1.0-28-amd64"),
            ("sysname", "Linux"),
            ("version", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.119-1"),
        ],
        1.0,
    );
    s.fact(
        "node_boot_time_seconds",
        "Node boot time, in unixtime.",
        &[],
        booted_s,
    );
    s.gauge(
        "node_time_seconds",
        "System time in seconds since epoch (1970).",
        &[],
        |w, _| w.t_ms as f64 / 1000.0,
    );
    s.gauge(
        "node_timex_offset_seconds",
        "Time offset in between local system and reference clock.",
        &[],
        |w, k| 0.0004 * w.noise(k, 300.0),
    );
    s.fact(
        "node_timex_sync_status",
        "Is clock synchronized to a reliable server (1 = yes, 0 = no).",
        &[],
        1.0,
    );
    let cores = spec.cores as f64;
    s.counter(
        "node_context_switches_total",
        "Total number of context switches.",
        &[],
        move |w, k| cores * (1500.0 + 14_000.0 * w.hosts[i].cpu) * w.wobble(k, 15.0, 0.1),
    );
    s.counter(
        "node_intr_total",
        "Total number of interrupts serviced.",
        &[],
        move |w, k| cores * (900.0 + 6000.0 * w.hosts[i].cpu) * w.wobble(k, 15.0, 0.1),
    );
    s.counter(
        "node_forks_total",
        "Total number of forks.",
        &[],
        move |w, k| (1.5 + 4.0 * w.activity) * w.wobble(k, 30.0, 0.3),
    );
    s.gauge(
        "node_nf_conntrack_entries",
        "Number of currently allocated flow entries for connection tracking.",
        &[],
        move |w, k| (300.0 + w.online * 2.0 * w.wobble(k, 40.0, 0.05)).round(),
    );
    s.fact(
        "node_nf_conntrack_entries_limit",
        "Maximum size of connection tracking table.",
        &[],
        262_144.0,
    );
    s.gauge(
        "up",
        "1 if the target could be scraped, 0 if not.",
        &[],
        |_, _| 1.0,
    );
    s.gauge(
        "scrape_duration_seconds",
        "How long the scrape took.",
        &[],
        move |w, k| {
            ladder(
                if i == 2 {
                    w.level(IncidentKind::HostCpu)
                } else {
                    0.0
                },
                0.021,
                [0.05, 0.12, 0.4],
            ) * w.wobble(k, 20.0, 0.2)
        },
    );
}
