//! Network devices through the snmp exporter (IF-MIB and the makers' own MIBs), and the load balancer's own exporter.

use crate::incident::IncidentKind;
use crate::registry::{Builder, Scope};
use crate::world::{World, ladder};

const DEVICES: [(&str, &str, [&str; 4]); 4] = [
    (
        "10.0.0.1",
        "sw-edge-rt",
        [
            "GigabitEthernet0/0/0",
            "GigabitEthernet0/0/1",
            "GigabitEthernet0/0/2",
            "GigabitEthernet0/0/3",
        ],
    ),
    (
        "10.0.0.2",
        "sw-core-01",
        ["10GE1/0/1", "10GE1/0/2", "10GE1/0/3", "10GE1/0/4"],
    ),
    (
        "10.0.0.3",
        "sw-core-02",
        ["10GE1/0/1", "10GE1/0/2", "10GE1/0/3", "10GE1/0/4"],
    ),
    (
        "10.0.0.4",
        "sw-fw-01",
        ["wan1", "wan2", "internal1", "internal2"],
    ),
];

pub(crate) fn build(b: &mut Builder, booted_s: f64) {
    for (d, (address, name, ports)) in DEVICES.iter().enumerate() {
        let mut s = b.scope(&[("job", "snmp"), ("instance", address), ("sysName", name)]);
        for (i, port) in ports.iter().enumerate() {
            interface(&mut s, d, i, port);
        }
        device(&mut s, booted_s, d);
        if *name == "sw-fw-01" {
            firewall(&mut s);
        }
    }
    balancer(&mut b.scope(&[("job", "haproxy"), ("instance", "sw-lb-01:8405")]));
}

fn interface(s: &mut Scope<'_>, device: usize, port: usize, name: &str) {
    let mbit = if device == 1 || device == 2 {
        10_000.0
    } else {
        1000.0
    };
    let index = (port + 1).to_string();
    let alias = ["uplink", "servers", "storage", "spare"][port];
    let labels = [
        ("ifIndex", &*index),
        ("ifName", name),
        ("ifDescr", name),
        ("ifAlias", alias),
    ];
    let spare = port == 3;
    // the platform's traffic in bytes a second over this port
    let share = [1.0, 0.8, 0.45, 0.0][port] * if mbit > 1000.0 { 1.6 } else { 1.0 };
    let inward = move |w: &World, k: u64| {
        if spare {
            0.0
        } else {
            (90_000.0 + w.rps * 52_000.0 * share) * w.wobble(k, 20.0, 0.1)
        }
    };
    let outward = move |w: &World, k: u64| {
        if spare {
            0.0
        } else {
            (80_000.0 + w.rps * 78_000.0 * share) * w.wobble(k, 20.0, 0.1)
        }
    };
    s.counter("ifHCInOctets", "The total number of octets received on the interface, including framing characters - 1.3.6.1.2.1.31.1.1.1.6", &labels, inward);
    s.counter("ifHCOutOctets", "The total number of octets transmitted out of the interface, including framing characters - 1.3.6.1.2.1.31.1.1.1.10", &labels, outward);
    s.counter("ifHCInUcastPkts", "The number of packets, delivered by this sub-layer to a higher (sub-)layer - 1.3.6.1.2.1.31.1.1.1.7", &labels, move |w, k| inward(w, k) / 640.0);
    s.counter("ifHCOutUcastPkts", "The total number of packets that higher-level protocols requested be transmitted - 1.3.6.1.2.1.31.1.1.1.11", &labels, move |w, k| outward(w, k) / 820.0);
    s.counter(
        "ifHCInBroadcastPkts",
        "Broadcast packets received - 1.3.6.1.2.1.31.1.1.1.9",
        &labels,
        move |_, _| if spare { 0.0 } else { 2.5 },
    );
    s.counter(
        "ifHCInMulticastPkts",
        "Multicast packets received - 1.3.6.1.2.1.31.1.1.1.8",
        &labels,
        move |_, _| if spare { 0.0 } else { 1.2 },
    );
    s.counter(
        "ifInErrors",
        "The number of inbound packets that contained errors - 1.3.6.1.2.1.2.2.1.14",
        &labels,
        move |w, k| inward(w, k) / 640.0 * 0.00002 * (1.0 + w.noise(k, 120.0)),
    );
    s.counter("ifOutErrors", "The number of outbound packets that could not be transmitted because of errors - 1.3.6.1.2.1.2.2.1.20", &labels, |_, _| 0.0);
    s.counter(
        "ifInDiscards",
        "The number of inbound packets which were chosen to be discarded - 1.3.6.1.2.1.2.2.1.13",
        &labels,
        move |w, k| inward(w, k) / 640.0 * 0.0001 * (1.0 + w.noise(k, 150.0)),
    );
    s.counter(
        "ifOutDiscards",
        "The number of outbound packets which were chosen to be discarded - 1.3.6.1.2.1.2.2.1.19",
        &labels,
        move |w, k| outward(w, k) / 820.0 * 0.0001 * (1.0 + w.noise(k, 150.0)),
    );
    s.fact(
        "ifOperStatus",
        "The current operational state of the interface - 1.3.6.1.2.1.2.2.1.8",
        &labels,
        if spare { 2.0 } else { 1.0 },
    );
    s.fact(
        "ifAdminStatus",
        "The desired state of the interface - 1.3.6.1.2.1.2.2.1.7",
        &labels,
        if spare { 2.0 } else { 1.0 },
    );
    s.fact("ifHighSpeed", "An estimate of the interface's current bandwidth in units of 1,000,000 bits per second - 1.3.6.1.2.1.31.1.1.1.15", &labels, mbit);
}

fn device(s: &mut Scope<'_>, booted_s: f64, device: usize) {
    s.gauge("sysUpTime", "The time (in hundredths of a second) since the network management portion of the system was last re-initialized. - 1.3.6.1.2.1.1.3", &[], move |w, _| ((w.t_ms as f64 / 1000.0 - booted_s + 40.0 * 86_400.0) * 100.0).round());
    s.gauge("hrProcessorLoad", "The average, over the last minute, of the percentage of time that this processor was not idle - 1.3.6.1.2.1.25.3.3.1.2", &[("hrDeviceIndex", "1")], |w, k| (12.0 + 24.0 * w.activity + 2.0 * w.noise(k, 60.0)).round());
    let memory = [
        ("hrStorageIndex", "1"),
        ("hrStorageDescr", "Physical memory"),
        ("hrStorageType", "1.3.6.1.2.1.25.2.1.2"),
    ];
    s.fact(
        "hrStorageSize",
        "The size of the storage, in units of hrStorageAllocationUnits - 1.3.6.1.2.1.25.2.3.1.5",
        &memory,
        2_097_152.0,
    );
    s.gauge("hrStorageUsed", "The amount of the storage that is allocated, in units of hrStorageAllocationUnits. - 1.3.6.1.2.1.25.2.3.1.6", &memory, |w, k| (2_097_152.0 * (0.46 + 0.06 * w.activity + 0.01 * w.noise(k, 600.0))).round());
    let warm = [41.0, 38.0, 39.0, 44.0][device];
    s.gauge("entPhySensorValue", "The most recent measurement obtained by the agent for this sensor. - 1.3.6.1.2.1.99.1.1.1.4", &[("entPhysicalIndex", "1001"), ("entPhysicalName", "Chassis temperature"), ("entPhySensorType", "celsius")], move |w, k| (warm + 5.0 * w.activity + w.noise(k, 300.0)).round());
    s.gauge(
        "snmp_scrape_duration_seconds",
        "Total SNMP time scrape took (walk and processing).",
        &[],
        |w, k| 0.8 * w.wobble(k, 30.0, 0.2),
    );
    s.fact(
        "snmp_scrape_pdus_returned",
        "PDUs returned from get, bulkget, and walk.",
        &[],
        212.0,
    );
    s.gauge(
        "up",
        "1 if the target could be scraped, 0 if not.",
        &[],
        |_, _| 1.0,
    );
}

fn firewall(s: &mut Scope<'_>) {
    s.gauge(
        "fgSysSesCount",
        "Number of active sessions on the device - 1.3.6.1.4.1.12356.101.4.1.8",
        &[],
        |w, k| ((400.0 + 5.5 * w.online) * w.wobble(k, 25.0, 0.05)).round(),
    );
    s.gauge(
        "fgSysCpuUsage",
        "Current CPU usage (percentage) - 1.3.6.1.4.1.12356.101.4.1.3",
        &[],
        |w, k| (9.0 + 27.0 * w.activity + 2.0 * w.noise(k, 45.0)).round(),
    );
    s.gauge(
        "fgSysMemUsage",
        "Current memory utilization (percentage) - 1.3.6.1.4.1.12356.101.4.1.4",
        &[],
        |w, _| (48.0 + 7.0 * w.activity).round(),
    );
    s.counter("fgIpsIntrusionsBlocked", "Number of intrusions blocked since start-up in this virtual domain - 1.3.6.1.4.1.12356.101.9.2.1.1.2", &[("fgVdEntName", "root")], |w, k| (0.15 + 0.35 * w.activity) * w.wobble(k, 120.0, 0.6));
    s.counter("fgIpsIntrusionsDetected", "Number of intrusions detected since start-up in this virtual domain - 1.3.6.1.4.1.12356.101.9.2.1.1.1", &[("fgVdEntName", "root")], |w, k| (0.17 + 0.4 * w.activity) * w.wobble(k, 120.0, 0.6));
    for (policy, share) in [("1", 30.0), ("2", 9.0), ("7", 2.0)] {
        s.counter("fgFwPolPktCount", "Number of packets matched to policy (passed or blocked, depending on policy action) - 1.3.6.1.4.1.12356.101.5.1.2.1.1.2", &[("fgFwPolID", policy)], move |w, k| w.rps * share * w.wobble(k, 20.0, 0.1));
    }
}

/// HAProxy 2.8's own exporter.
fn balancer(s: &mut Scope<'_>) {
    let front = [("proxy", "restaurant")];
    let open = |w: &World, k: u64| {
        ((20.0 + 0.33 * w.online)
            * ladder(w.level(IncidentKind::EventLoopLag), 1.0, [1.5, 2.2, 3.5])
            * w.wobble(k, 15.0, 0.04))
        .round()
    };
    s.gauge(
        "haproxy_frontend_current_sessions",
        "Number of current sessions on the frontend, backend or server",
        &front,
        open,
    );
    s.fact(
        "haproxy_frontend_limit_sessions",
        "Frontend/listener/server's maxconn, backend's fullconn",
        &front,
        20_000.0,
    );
    s.counter(
        "haproxy_frontend_http_requests_total",
        "Total number of HTTP requests processed by this object (frontend only)",
        &front,
        |w, _| w.rps,
    );
    for (code, share) in [("2xx", 0.991), ("4xx", 0.006), ("5xx", 0.0)] {
        s.counter(
            "haproxy_frontend_http_responses_total",
            "Total number of HTTP responses with status 100-599",
            &[("proxy", "restaurant"), ("code", code)],
            move |w, _| w.rps * if code == "5xx" { w.failures } else { share },
        );
    }
    s.counter(
        "haproxy_frontend_bytes_in_total",
        "Total number of request bytes since process started",
        &front,
        |w, _| w.rps * 900.0,
    );
    s.counter(
        "haproxy_frontend_bytes_out_total",
        "Total number of response bytes since process started",
        &front,
        |w, _| w.rps * 11_000.0,
    );
    s.gauge(
        "haproxy_backend_response_time_average_seconds",
        "Avg. response time for last 1024 successful connections.",
        &[("proxy", "gateway")],
        |w, k| 0.13 * w.slowness * w.wobble(k, 20.0, 0.06),
    );
    for server in ["gateway-1", "gateway-2"] {
        for state in ["UP", "DOWN"] {
            s.fact(
                "haproxy_server_status",
                "Current status of the service, per state label value.",
                &[("proxy", "gateway"), ("server", server), ("state", state)],
                f64::from(state == "UP"),
            );
        }
    }
    s.gauge(
        "up",
        "1 if the target could be scraped, 0 if not.",
        &[],
        |_, _| 1.0,
    );
}
