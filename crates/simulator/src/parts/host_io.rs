//! Disks and network of the hosts, as the node exporter 1.5 shows them.

use crate::registry::Scope;
use crate::world::{HostSpec, World};

const GIB: f64 = 1_073_741_824.0;

pub(super) fn disks(s: &mut Scope<'_>, i: usize, spec: &HostSpec) {
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

pub(super) fn network(s: &mut Scope<'_>, i: usize) {
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
