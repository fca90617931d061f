//! Our collector beside the real node exporter on the same host: the same series, and the same values at the same time.

use embedded::collector::{CollectError, Collection, HostCollector, HostOptions};
use exposition::{Format, Kind, Limits};
use model::Labels;
use shouwang_tests::http;
use shouwang_tests::servers::{Ready, Server, Spec};
use std::collections::BTreeMap;

/// Families that both have. What only the exporter has of them is in [`THEIRS`].
const FAMILIES: [&str; 29] = [
    "node_cpu_",
    "node_load",
    "node_memory_",
    "node_vmstat_",
    "node_filesystem_",
    "node_disk_",
    "node_network_receive_",
    "node_network_transmit_",
    "node_network_up",
    "node_network_speed_bytes",
    "node_network_info",
    "node_netstat_",
    "node_sockstat_",
    "node_filefd_",
    "node_procs_",
    "node_processes_",
    "node_uname_info",
    "node_boot_time_seconds",
    "node_time_seconds",
    "node_timex_offset_seconds",
    "node_timex_sync_status",
    "node_timex_maxerror_seconds",
    "node_context_switches_total",
    "node_forks_total",
    "node_intr_total",
    "node_pressure_",
    "node_hwmon_temp_celsius",
    "node_thermal_zone_temp",
    "node_nf_conntrack_entries",
];
/// Facts about the disk's maker, CPU details and counters that need netlink: not among what the wall shows.
const THEIRS: [&str; 6] = [
    "node_disk_info",
    "node_disk_ata_",
    "node_disk_filesystem_info",
    "node_network_receive_nohandler_total",
    "node_network_transmit_queue_length",
    "node_processes_threads_state",
];
/// Values that nothing changes between two looks.
const FIXED: [&str; 9] = [
    "node_memory_MemTotal_bytes",
    "node_memory_SwapTotal_bytes",
    "node_filesystem_size_bytes",
    "node_filesystem_files",
    "node_filesystem_readonly",
    "node_filefd_maximum",
    "node_boot_time_seconds",
    "node_network_speed_bytes",
    "node_processes_max_processes",
];

fn exporter() -> Server {
    Server::start(Spec {
        program: "prometheus-node-exporter".into(),
        args: vec![
            "--web.listen-address=127.0.0.1:{port}".into(),
            "--collector.processes".into(),
            // the upstream default; Debian adds places under which our tests themselves mount nothing
            "--collector.filesystem.mount-points-exclude=^/(dev|proc|run|sys|var/lib/docker/.+|var/lib/containers/storage/.+)($|/)".into(),
        ],
        env: Vec::new(),
        files: Vec::new(),
        ready: Ready::Http("/"),
        scheme: "http",
    })
}

fn theirs(port: u16) -> (BTreeMap<Labels, f64>, BTreeMap<String, Kind>) {
    let page = http::get(port, "/metrics").expect("the exporter answers");
    let read = exposition::parse(&page.body, Format::Text, &Limits::default())
        .expect("the exporter's page is in order");
    let of_interest = |l: &Labels| {
        l.metric_name().is_some_and(|n| {
            FAMILIES.iter().any(|f| n.starts_with(f)) && !THEIRS.iter().any(|t| n.starts_with(t))
        })
    };
    (
        read.samples
            .into_iter()
            .filter(|s| of_interest(&s.labels))
            .map(|s| (s.labels, s.value))
            .collect(),
        read.metadata
            .into_iter()
            .map(|m| (m.name, m.kind))
            .collect(),
    )
}

#[expect(
    clippy::disallowed_methods,
    reason = "compared with an exporter that looks at the real clock"
)]
fn now_ms() -> i64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .expect("after 1970")
        .as_millis() as i64
}

fn ours(collection: &Collection) -> BTreeMap<Labels, f64> {
    collection
        .samples
        .iter()
        .map(|(l, s)| (l.without(|n| n == "job" || n == "instance"), s.v))
        .collect()
}

#[test]
fn the_same_series_and_values_as_the_node_exporter() {
    let server = exporter();
    let mut host = HostCollector::new(HostOptions::default());
    let (before, kinds) = theirs(server.port());
    let collection = host.collect(now_ms());
    let (after, _) = theirs(server.port());
    let mine = ours(&collection);
    assert_eq!(mine.len(), collection.samples.len(), "each series once");
    assert!(
        before.len() > 200,
        "the exporter shows {} series",
        before.len()
    );

    let mut wrong = Vec::new();
    for (labels, low) in &before {
        let name = labels.metric_name().unwrap_or_default();
        // a state or a device may be there at one look only
        let Some(high) = after.get(labels) else {
            continue;
        };
        let Some(value) = mine.get(labels) else {
            if !name.starts_with("node_processes_state") {
                wrong.push(format!("we lack {labels}"));
            }
            continue;
        };
        let kind = kinds.get(name).copied().unwrap_or_default();
        let rises = kind == Kind::Counter
            || name.starts_with("node_vmstat_")
            || (kind == Kind::Unknown && low <= high && !name.ends_with("CurrEstab"));
        // /proc/stat counts in hundredths, and the exporter keeps idle times from falling for itself
        let slack = if name.starts_with("node_cpu_") {
            0.5
        } else {
            1e-9 * high.abs()
        };
        if rises && kind != Kind::Gauge && !(*low - slack <= *value && *value <= *high + slack) {
            wrong.push(format!(
                "{labels}: {low} before, {value} here, {high} after"
            ));
        }
        if FIXED.contains(&name) && value != low {
            wrong.push(format!("{labels}: {low} there, {value} here"));
        }
        let share = [
            "node_memory_MemAvailable_bytes",
            "node_filesystem_avail_bytes",
            "node_time_seconds",
            "node_memory_Cached_bytes",
        ]
        .contains(&name);
        if share && (value - low).abs() > 0.15 * low.abs() {
            wrong.push(format!("{labels}: {low} there, {value} here"));
        }
    }
    for m in host.metadata() {
        if kinds.get(&m.name).is_some_and(|k| *k != m.kind) {
            wrong.push(format!(
                "{} is {:?} there and {:?} here",
                m.name, kinds[&m.name], m.kind
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
#[expect(clippy::disallowed_methods, reason = "measures a duration")]
fn a_collection_is_cheap_and_says_what_is_missing() {
    let mut host = HostCollector::new(HostOptions::default());
    host.collect(0);
    let begun = std::time::Instant::now();
    let rounds = 20;
    for i in 1..=rounds {
        assert!(host.collect(i).samples.len() > 150);
    }
    let each = begun.elapsed() / rounds as u32;
    println!("one collection: {each:?}");
    assert!(each.as_millis() < 250, "{each:?} for one collection");

    let nowhere = tempfile::tempdir().expect("a folder");
    let options = HostOptions {
        proc: nowhere.path().to_owned(),
        sys: nowhere.path().to_owned(),
        ..HostOptions::default()
    };
    let nothing = HostCollector::new(options).collect(7);
    let absent: Vec<&str> = nothing
        .missing
        .iter()
        .filter(|(_, e)| matches!(e, CollectError::Absent { .. }))
        .map(|(part, _)| *part)
        .collect();
    assert!(
        absent.contains(&"cpu") && absent.contains(&"meminfo") && absent.contains(&"diskstats"),
        "{absent:?}"
    );
    assert!(nothing.samples.iter().all(|(_, s)| s.t == 7));
    assert!(nothing.samples.iter().any(|(l, s)| l.metric_name()
        == Some("node_scrape_collector_success")
        && l.get("collector") == Some("cpu")
        && s.v == 0.0));
}

#[test]
fn nonsense_in_proc_is_named_and_harms_nothing() {
    let dir = tempfile::tempdir().expect("a folder");
    for file in [
        "stat",
        "meminfo",
        "vmstat",
        "loadavg",
        "diskstats",
        "net/dev",
        "net/netstat",
        "net/snmp",
        "net/sockstat",
        "self/mounts",
        "sys/fs/file-nr",
        "pressure/cpu",
        "pressure/io",
        "pressure/memory",
    ] {
        let path = dir.path().join(file);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
        std::fs::write(
            path,
            b"cpu\xff 1 2 x\n: : :\n\n99999999999999999999999 nan\neth0: 1\n)(\n",
        )
        .expect("a file");
    }
    let options = HostOptions {
        proc: dir.path().to_owned(),
        sys: dir.path().to_owned(),
        ..HostOptions::default()
    };
    let got = HostCollector::new(options).collect(1);
    let malformed: Vec<&str> = got
        .missing
        .iter()
        .filter(|(_, e)| matches!(e, CollectError::Malformed { .. }))
        .map(|(part, _)| *part)
        .collect();
    for part in ["cpu", "loadavg", "filefd", "pressure"] {
        assert!(
            malformed.contains(&part),
            "{part} is not named: {malformed:?}"
        );
    }
    assert!(
        got.samples
            .iter()
            .any(|(l, _)| l.metric_name() == Some("node_uname_info")),
        "the rest is there"
    );
}
