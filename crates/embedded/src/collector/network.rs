//! Network devices, protocols and sockets.

use super::page::Page;
use super::{CollectError, HostCollector, read};
use std::path::Path;

/// Columns of `/proc/net/dev` by the names of the node exporter.
const RECEIVED: [&str; 8] = [
    "bytes",
    "packets",
    "errs",
    "drop",
    "fifo",
    "frame",
    "compressed",
    "multicast",
];
const SENT: [&str; 8] = [
    "bytes",
    "packets",
    "errs",
    "drop",
    "fifo",
    "colls",
    "carrier",
    "compressed",
];

/// A device's name and its sixteen counters.
fn device(line: &str) -> Option<(&str, Vec<f64>)> {
    let (name, rest) = line.rsplit_once(':')?;
    let values: Vec<f64> = rest
        .split_ascii_whitespace()
        .map_while(|w| w.parse().ok())
        .collect();
    (values.len() >= 16).then(|| (name.trim(), values))
}

pub(super) fn devices(host: &mut HostCollector, page: &mut Page) -> Result<(), CollectError> {
    let text = read::text(&host.options.proc.join("net/dev"))?;
    for (name, values) in text.lines().filter_map(device).filter(|(n, _)| *n != "lo") {
        let columns = RECEIVED
            .iter()
            .map(|c| ("receive", c))
            .chain(SENT.iter().map(|c| ("transmit", c)));
        for ((way, column), value) in columns.zip(values) {
            page.counter(
                &format!("node_network_{way}_{column}_total"),
                &format!("Network device statistic {way}_{column}."),
                &[("device", name)],
                value,
            );
        }
    }
    Ok(())
}

pub(super) fn classes(host: &mut HostCollector, page: &mut Page) -> Result<(), CollectError> {
    let folder = host.options.sys.join("class/net");
    for name in read::names(&folder)? {
        let at = folder.join(&name);
        let fact = |file: &str| {
            read::text(&at.join(file))
                .map(|t| t.trim().to_owned())
                .unwrap_or_default()
        };
        let state = fact("operstate");
        if state.is_empty() {
            // bonding_masters and the like are no devices
            continue;
        }
        let labels = [("device", &*name)];
        page.gauge(
            "node_network_up",
            "Value is 1 if operstate is 'up', 0 otherwise.",
            &labels,
            f64::from(state == "up"),
        );
        if let Some(mbit) = read::number(&at.join("speed")) {
            page.gauge(
                "node_network_speed_bytes",
                "Network device property: speed_bytes",
                &labels,
                mbit * 125_000.0,
            );
        }
        for (file, metric) in [
            ("mtu", "node_network_mtu_bytes"),
            ("carrier", "node_network_carrier"),
        ] {
            if let Some(value) = read::number(&at.join(file)) {
                page.gauge(
                    metric,
                    &format!("Network device property: {file}"),
                    &labels,
                    value,
                );
            }
        }
        let (address, broadcast, duplex, alias) = (
            fact("address"),
            fact("broadcast"),
            fact("duplex"),
            fact("ifalias"),
        );
        let facts = [
            ("device", &*name),
            ("address", &*address),
            ("broadcast", &*broadcast),
            ("duplex", &*duplex),
            ("ifalias", &*alias),
            ("operstate", &*state),
        ];
        page.gauge(
            "node_network_info",
            "Non-numeric data from /sys/class/net/<iface>, value is always 1.",
            &facts,
            1.0,
        );
    }
    Ok(())
}

/// Whether the node exporter takes `protocol_field`:
/// `^(.*_(InErrors|InErrs)|Ip_Forwarding|Ip(6|Ext)_(InOctets|OutOctets)|Icmp6?_(InMsgs|OutMsgs)|TcpExt_(Listen.*|Syncookies.*|TCPSynRetrans|TCPTimeouts)|Tcp_(ActiveOpens|InSegs|OutSegs|OutRsts|PassiveOpens|RetransSegs|CurrEstab)|Udp6?_(InDatagrams|OutDatagrams|NoPorts|RcvbufErrors|SndbufErrors))$`
fn is_wanted(protocol: &str, field: &str) -> bool {
    if matches!(field, "InErrors" | "InErrs") {
        return true;
    }
    match protocol {
        "Ip" => field == "Forwarding",
        "Ip6" | "IpExt" => matches!(field, "InOctets" | "OutOctets"),
        "Icmp" | "Icmp6" => matches!(field, "InMsgs" | "OutMsgs"),
        "TcpExt" => {
            field.starts_with("Listen")
                || field.starts_with("Syncookies")
                || matches!(field, "TCPSynRetrans" | "TCPTimeouts")
        }
        "Tcp" => matches!(
            field,
            "ActiveOpens"
                | "InSegs"
                | "OutSegs"
                | "OutRsts"
                | "PassiveOpens"
                | "RetransSegs"
                | "CurrEstab"
        ),
        "Udp" | "Udp6" => matches!(
            field,
            "InDatagrams" | "OutDatagrams" | "NoPorts" | "RcvbufErrors" | "SndbufErrors"
        ),
        _ => false,
    }
}

/// Pairs of lines `Tcp: names…` and `Tcp: values…`.
fn paired<'t>(text: &'t str, take: &mut dyn FnMut(&'t str, &'t str, f64)) {
    let mut lines = text.lines();
    while let (Some(names), Some(values)) = (lines.next(), lines.next()) {
        let (Some((protocol, names)), Some((_, values))) =
            (names.split_once(':'), values.split_once(':'))
        else {
            continue;
        };
        for (name, value) in names
            .split_ascii_whitespace()
            .zip(values.split_ascii_whitespace())
        {
            if let Ok(value) = value.parse() {
                take(protocol, name, value);
            }
        }
    }
}

/// Lines `Udp6InErrors 0`.
fn single<'t>(text: &'t str, take: &mut dyn FnMut(&'t str, &'t str, f64)) {
    for line in text.lines() {
        let mut words = line.split_ascii_whitespace();
        let (Some(name), Some(value)) = (words.next(), words.next().and_then(|v| v.parse().ok()))
        else {
            continue;
        };
        if let Some((protocol, field)) = name.find('6').and_then(|i| name.split_at_checked(i + 1)) {
            take(protocol, field, value);
        }
    }
}

pub(super) fn netstat(host: &mut HostCollector, page: &mut Page) -> Result<(), CollectError> {
    let net = host.options.proc.join("net");
    let (extended, plain) = (
        read::text(&net.join("netstat"))?,
        read::text(&net.join("snmp"))?,
    );
    // without IPv6 there is no such file
    let six = read::text(&net.join("snmp6")).unwrap_or_default();
    let mut take = |protocol: &str, field: &str, value: f64| {
        if is_wanted(protocol, field) {
            page.untyped(
                &format!("node_netstat_{protocol}_{field}"),
                &format!("Statistic {protocol}{field}."),
                &[],
                value,
            );
        }
    };
    paired(&extended, &mut take);
    paired(&plain, &mut take);
    single(&six, &mut take);
    Ok(())
}

pub(super) fn sockstat(host: &mut HostCollector, page: &mut Page) -> Result<(), CollectError> {
    let net = host.options.proc.join("net");
    let mut text = read::text(&net.join("sockstat"))?;
    text.push_str(&read::text(&net.join("sockstat6")).unwrap_or_default());
    let page_bytes = rustix::param::page_size() as f64;
    for (protocol, rest) in text.lines().filter_map(|l| l.split_once(':')) {
        let words: Vec<&str> = rest.split_ascii_whitespace().collect();
        for pair in words.chunks_exact(2) {
            let [state, value] = pair else { continue };
            let Ok(value) = value.parse::<f64>() else {
                continue;
            };
            if protocol == "sockets" {
                page.gauge(
                    "node_sockstat_sockets_used",
                    "Number of IPv4 sockets in use.",
                    &[],
                    value,
                );
                continue;
            }
            let name = format!("node_sockstat_{protocol}_{state}");
            page.gauge(
                &name,
                &format!("Number of {protocol} sockets in state {state}."),
                &[],
                value,
            );
            if *state == "mem" {
                page.gauge(
                    &format!("{name}_bytes"),
                    &format!("Number of {protocol} sockets in state mem_bytes."),
                    &[],
                    value * page_bytes,
                );
            }
        }
    }
    Ok(())
}

pub(super) fn conntrack(host: &mut HostCollector, page: &mut Page) -> Result<(), CollectError> {
    let folder = host.options.proc.join("sys/net/netfilter");
    let number = |path: &Path| {
        let text = read::text(path)?;
        text.trim()
            .parse::<f64>()
            .map_err(|_| read::malformed(path, &text))
    };
    let (count, max) = (
        number(&folder.join("nf_conntrack_count"))?,
        number(&folder.join("nf_conntrack_max"))?,
    );
    page.gauge(
        "node_nf_conntrack_entries",
        "Number of currently allocated flow entries for connection tracking.",
        &[],
        count,
    );
    page.gauge(
        "node_nf_conntrack_entries_limit",
        "Maximum size of connection tracking table.",
        &[],
        max,
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_devices_line_is_read_even_without_a_blank_after_the_colon() {
        let (name, values) = device("  eth0:305448352    9285    0    1    0     0          0         7   755600    5946    0    0    0     0       0          0").expect("a device");
        assert_eq!(
            (name, values[0], values[3], values[7], values[8]),
            ("eth0", 305_448_352.0, 1.0, 7.0, 755_600.0)
        );
        assert_eq!(device(" face |bytes    packets"), None);
        assert_eq!(device("eth0: 1 2 3"), None);
    }

    #[test]
    fn protocols_come_in_pairs_of_lines_or_singly() {
        let mut got = Vec::new();
        paired(
            "Tcp: RtoMin CurrEstab\nTcp: -1 17\nUdp: InErrors\nUdp: 3\n",
            &mut |p, f, v| got.push((p, f, v)),
        );
        single("Udp6InErrors   \t4\nnonsense\n", &mut |p, f, v| {
            got.push((p, f, v))
        });
        assert_eq!(
            got,
            [
                ("Tcp", "RtoMin", -1.0),
                ("Tcp", "CurrEstab", 17.0),
                ("Udp", "InErrors", 3.0),
                ("Udp6", "InErrors", 4.0)
            ]
        );
        assert!(
            is_wanted("Tcp", "CurrEstab")
                && is_wanted("UdpLite6", "InErrors")
                && !is_wanted("Tcp", "RtoMin")
        );
    }
}
