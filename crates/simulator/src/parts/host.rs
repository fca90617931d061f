//! Hosts, as the node exporter 1.5 shows them.

use crate::incident::IncidentKind;
use crate::registry::{Builder, Scope};
use crate::world::{HOSTS, HostSpec, World, ladder};

const GIB: f64 = 1_073_741_824.0;

pub(crate) fn build(b: &mut Builder, booted_s: f64) {
    for (i, spec) in HOSTS.iter().enumerate() {
        let instance = format!("{}:9100", spec.name);
        let mut s = b.scope(&[("job", "node"), ("instance", &instance)]);
        cpu(&mut s, i, spec);
        memory(&mut s, i, spec);
        disks(&mut s, i, spec);
        network(&mut s, i);
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

fn memory(s: &mut Scope<'_>, i: usize, spec: &HostSpec) {
    let total = spec.memory_gib * GIB * 0.98;
    let swap = 4.0 * GIB;
    s.fact(
        "node_memory_MemTotal_bytes",
        "Memory information field MemTotal_bytes.",
        &[],
        total,
    );
    let of_total: [(&'static str, &'static str, fn(f64) -> f64); 9] = [
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

fn disks(s: &mut Scope<'_>, i: usize, spec: &HostSpec) {
    filesystem(s, "/dev/vda1", "/", 80.0 * GIB, move |w| {
        w.hosts[i].root_used
    });
    disk(s, i, "vda", if spec.data_gib > 0.0 { 0.3 } else { 1.0 });
    if spec.data_gib > 0.0 {
        filesystem(
            s,
            "/dev/vdb1",
            spec.data_mount,
            spec.data_gib * GIB,
            move |w| w.hosts[i].data_used,
        );
        disk(s, i, "vdb", 1.0);
    }
}

fn filesystem(
    s: &mut Scope<'_>,
    device: &str,
    mount: &str,
    size: f64,
    used: impl Fn(&World) -> f64 + Copy + Send + Sync + 'static,
) {
    let labels = [
        ("device", device),
        ("fstype", "ext4"),
        ("mountpoint", mount),
    ];
    let files = (size / 16_384.0).round();
    s.fact(
        "node_filesystem_size_bytes",
        "Filesystem size in bytes.",
        &labels,
        size,
    );
    s.gauge(
        "node_filesystem_avail_bytes",
        "Filesystem space available to non-root users in bytes.",
        &labels,
        move |w, _| (size * (1.0 - used(w)).max(0.0)).round(),
    );
    s.gauge(
        "node_filesystem_free_bytes",
        "Filesystem free space in bytes.",
        &labels,
        move |w, _| (size * (1.0 - used(w)).max(0.0) + size * 0.02).round(),
    );
    s.fact(
        "node_filesystem_files",
        "Filesystem total file nodes.",
        &labels,
        files,
    );
    s.gauge(
        "node_filesystem_files_free",
        "Filesystem total free file nodes.",
        &labels,
        move |w, _| (files * (1.0 - 0.25 * used(w))).round(),
    );
    s.fact(
        "node_filesystem_readonly",
        "Filesystem read-only status.",
        &labels,
        0.0,
    );
    s.fact(
        "node_filesystem_device_error",
        "Whether an error occurred while getting statistics for the given device.",
        &labels,
        0.0,
    );
}

fn disk(s: &mut Scope<'_>, i: usize, device: &str, part: f64) {
    let labels = [("device", device)];
    let io = move |w: &World| w.hosts[i].io * part;
    let read = move |w: &World, k: u64| io(w) * 900.0 * w.wobble(k, 12.0, 0.25);
    let written = move |w: &World, k: u64| io(w) * 1500.0 * w.wobble(k, 12.0, 0.25);
    // a disk answers later the busier it is
    let latency = move |w: &World| 0.0008 / (1.02 - io(w)).max(0.04);
    s.counter(
        "node_disk_reads_completed_total",
        "The total number of reads completed successfully.",
        &labels,
        read,
    );
    s.counter(
        "node_disk_writes_completed_total",
        "The total number of writes completed.",
        &labels,
        written,
    );
    s.counter(
        "node_disk_read_bytes_total",
        "The total number of bytes read successfully.",
        &labels,
        move |w, k| read(w, k) * 26_000.0,
    );
    s.counter(
        "node_disk_written_bytes_total",
        "The total number of bytes written successfully.",
        &labels,
        move |w, k| written(w, k) * 18_000.0,
    );
    s.counter_of(
        "node_disk_read_time_seconds_total",
        "The total number of seconds spent by all reads.",
        &labels,
        move |w, k| read(w, k) * latency(w),
    );
    s.counter_of(
        "node_disk_write_time_seconds_total",
        "This is the total number of seconds spent by all writes.",
        &labels,
        move |w, k| written(w, k) * latency(w) * 1.6,
    );
    s.counter_of(
        "node_disk_io_time_seconds_total",
        "Total seconds spent doing I/Os.",
        &labels,
        move |w, _| io(w),
    );
    s.counter_of(
        "node_disk_io_time_weighted_seconds_total",
        "The weighted # of seconds spent doing I/Os.",
        &labels,
        move |w, k| (read(w, k) + 1.6 * written(w, k)) * latency(w),
    );
    s.gauge(
        "node_disk_io_now",
        "The number of I/Os currently in progress.",
        &labels,
        move |w, _| (io(w) * 6.0).floor(),
    );
}

fn network(s: &mut Scope<'_>, i: usize) {
    let eth = [("device", "eth0")];
    s.counter(
        "node_network_receive_bytes_total",
        "Network device statistic receive_bytes.",
        &eth,
        move |w, _| w.hosts[i].received,
    );
    s.counter(
        "node_network_transmit_bytes_total",
        "Network device statistic transmit_bytes.",
        &eth,
        move |w, _| w.hosts[i].sent,
    );
    s.counter(
        "node_network_receive_packets_total",
        "Network device statistic receive_packets.",
        &eth,
        move |w, _| w.hosts[i].received / 620.0,
    );
    s.counter(
        "node_network_transmit_packets_total",
        "Network device statistic transmit_packets.",
        &eth,
        move |w, _| w.hosts[i].sent / 700.0,
    );
    s.counter(
        "node_network_receive_errs_total",
        "Network device statistic receive_errs.",
        &eth,
        move |w, k| (w.noise(k, 300.0) - 0.8).max(0.0) * 0.2,
    );
    s.counter(
        "node_network_transmit_errs_total",
        "Network device statistic transmit_errs.",
        &eth,
        |_, _| 0.0,
    );
    s.counter(
        "node_network_receive_drop_total",
        "Network device statistic receive_drop.",
        &eth,
        move |w, k| (w.noise(k, 240.0) - 0.6).max(0.0),
    );
    s.counter(
        "node_network_transmit_drop_total",
        "Network device statistic transmit_drop.",
        &eth,
        |_, _| 0.0,
    );
    s.fact(
        "node_network_speed_bytes",
        "speed_bytes value of /sys/class/net/<iface>.",
        &eth,
        1.25e8,
    );
    s.fact(
        "node_network_up",
        "Value is 1 if operstate is 'up', 0 otherwise.",
        &eth,
        1.0,
    );
    let sockets = move |w: &World, k: u64| {
        (60.0 + w.online * [0.5, 0.48, 0.3, 0.3, 0.08, 0.04, 0.1][i]) * w.wobble(k, 25.0, 0.04)
    };
    s.gauge(
        "node_netstat_Tcp_CurrEstab",
        "Statistic TcpCurrEstab.",
        &[],
        move |w, k| sockets(w, k).round(),
    );
    s.counter(
        "node_netstat_Tcp_RetransSegs",
        "Statistic TcpRetransSegs.",
        &[],
        move |w, k| w.hosts[i].sent / 700.0 * 0.0004 * w.wobble(k, 40.0, 0.5),
    );
    s.counter(
        "node_netstat_Tcp_OutSegs",
        "Statistic TcpOutSegs.",
        &[],
        move |w, _| w.hosts[i].sent / 720.0,
    );
    s.gauge(
        "node_sockstat_TCP_inuse",
        "Number of TCP sockets in state inuse.",
        &[],
        move |w, k| (sockets(w, k) * 1.06).round(),
    );
    s.gauge(
        "node_sockstat_TCP_tw",
        "Number of TCP sockets in state tw.",
        &[],
        move |w, k| (w.rps * 0.9 * w.wobble(k, 30.0, 0.2)).round(),
    );
    s.gauge(
        "node_sockstat_TCP_alloc",
        "Number of TCP sockets in state alloc.",
        &[],
        move |w, k| (sockets(w, k) * 1.2).round(),
    );
    s.gauge(
        "node_sockstat_sockets_used",
        "Number of IPv4 sockets in use.",
        &[],
        move |w, k| (sockets(w, k) * 1.3 + 120.0).round(),
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
