//! Redis: a master and a replica, as the redis exporter shows them.

use crate::registry::{Builder, Scope};
use crate::world::World;

const GIB: f64 = 1_073_741_824.0;

pub(crate) fn build(b: &mut Builder) {
    for (instance, master) in [("sw-mq-01:9121", true), ("sw-app-02:9121", false)] {
        let mut s = b.scope(&[("job", "redis"), ("instance", instance)]);
        memory(&mut s, master);
        commands(&mut s, master);
        clients(&mut s, master);
    }
}

fn memory(s: &mut Scope<'_>, master: bool) {
    let max = 4.0 * GIB;
    let used = move |w: &World, k: u64| max * (0.52 + 0.10 * w.activity + 0.02 * w.noise(k, 600.0));
    s.gauge(
        "redis_memory_used_bytes",
        "memory_used_bytes metric",
        &[],
        move |w, k| used(w, k).round(),
    );
    s.fact(
        "redis_memory_max_bytes",
        "memory_max_bytes metric",
        &[],
        max,
    );
    s.gauge(
        "redis_memory_used_rss_bytes",
        "memory_used_rss_bytes metric",
        &[],
        move |w, k| (used(w, k) * 1.16).round(),
    );
    s.gauge(
        "redis_mem_fragmentation_ratio",
        "mem_fragmentation_ratio metric",
        &[],
        |w, k| 1.16 + 0.04 * w.noise(k, 900.0),
    );
    s.fact(
        "redis_total_system_memory_bytes",
        "total_system_memory_bytes metric",
        &[],
        16.0 * GIB,
    );
    s.gauge(
        "redis_db_keys",
        "Total number of keys by DB",
        &[("db", "db0")],
        |w, k| ((410_000.0 + 120_000.0 * w.activity) * w.wobble(k, 600.0, 0.02)).round(),
    );
    s.counter(
        "redis_evicted_keys_total",
        "evicted_keys_total metric",
        &[],
        |w, k| (w.noise(k, 300.0) - 0.5).max(0.0) * 0.3,
    );
    s.counter(
        "redis_expired_keys_total",
        "expired_keys_total metric",
        &[],
        |w, k| (4.0 + 60.0 * w.activity) * w.wobble(k, 30.0, 0.2),
    );
    s.fact("redis_up", "Information about the Redis instance", &[], 1.0);
    s.gauge(
        "up",
        "1 if the target could be scraped, 0 if not.",
        &[],
        |_, _| 1.0,
    );
    s.fact(
        "redis_instance_info",
        "Information about the Redis instance",
        &[
            ("redis_version", "7.2.6"),
            ("role", if master { "master" } else { "slave" }),
            ("redis_mode", "standalone"),
        ],
        1.0,
    );
    s.fact(
        "redis_rdb_last_bgsave_status",
        "rdb_last_bgsave_status metric",
        &[],
        1.0,
    );
    s.fact(
        "redis_uptime_in_seconds",
        "uptime_in_seconds metric",
        &[],
        345_600.0,
    );
}

fn commands(s: &mut Scope<'_>, master: bool) {
    let part = if master { 1.0 } else { 0.3 };
    let ops = move |w: &World, k: u64| (30.0 + w.rps * 9.0) * part * w.wobble(k, 12.0, 0.06);
    s.counter(
        "redis_commands_processed_total",
        "commands_processed_total metric",
        &[],
        ops,
    );
    s.counter(
        "redis_keyspace_hits_total",
        "keyspace_hits_total metric",
        &[],
        move |w, k| ops(w, k) * 0.66 * (0.962 + 0.012 * w.noise(k, 240.0)),
    );
    s.counter(
        "redis_keyspace_misses_total",
        "keyspace_misses_total metric",
        &[],
        move |w, k| ops(w, k) * 0.66 * (0.038 - 0.012 * w.noise(k, 240.0)),
    );
    for (cmd, share, micros) in [
        ("get", 0.6, 16.0),
        ("set", 0.18, 24.0),
        ("hgetall", 0.1, 58.0),
        ("expire", 0.08, 11.0),
        ("zrange", 0.04, 96.0),
    ] {
        let labels = [("cmd", cmd)];
        s.counter(
            "redis_commands_total",
            "Total number of calls per command",
            &labels,
            move |w, k| ops(w, k) * share,
        );
        s.counter_of(
            "redis_commands_duration_seconds_total",
            "Total amount of time in seconds spent per command",
            &labels,
            move |w, k| {
                ops(w, k)
                    * share
                    * micros
                    * 1e-6
                    * (1.0 + 0.3 * w.activity)
                    * w.wobble(k, 30.0, 0.1)
            },
        );
    }
    s.counter(
        "redis_slowlog_last_id",
        "slowlog_last_id metric",
        &[],
        move |w, k| (w.activity * 0.004 * part) * w.wobble(k, 200.0, 0.9),
    );
    s.gauge("redis_slowlog_length", "Total slowlog", &[], |_, _| 128.0);
    s.counter(
        "redis_net_input_bytes_total",
        "net_input_bytes_total metric",
        &[],
        move |w, k| ops(w, k) * 96.0,
    );
    s.counter(
        "redis_net_output_bytes_total",
        "net_output_bytes_total metric",
        &[],
        move |w, k| ops(w, k) * 420.0,
    );
}

fn clients(s: &mut Scope<'_>, master: bool) {
    let part = if master { 1.0 } else { 0.3 };
    s.gauge(
        "redis_connected_clients",
        "connected_clients metric",
        &[],
        move |w, k| ((38.0 + 140.0 * w.activity) * part * w.wobble(k, 40.0, 0.05)).round(),
    );
    s.gauge(
        "redis_blocked_clients",
        "blocked_clients metric",
        &[],
        move |w, k| {
            (2.0 * part + 2.0 * part * w.noise(k, 60.0))
                .max(0.0)
                .round()
        },
    );
    s.fact(
        "redis_config_maxclients",
        "config_maxclients metric",
        &[],
        10_000.0,
    );
    s.counter(
        "redis_rejected_connections_total",
        "rejected_connections_total metric",
        &[],
        |_, _| 0.0,
    );
    s.counter(
        "redis_connections_received_total",
        "connections_received_total metric",
        &[],
        move |w, k| (0.4 + 3.0 * w.activity) * part * w.wobble(k, 30.0, 0.2),
    );
    if master {
        s.fact(
            "redis_connected_slaves",
            "connected_slaves metric",
            &[],
            1.0,
        );
        s.gauge(
            "redis_connected_slave_lag_seconds",
            "Lag of connected slave",
            &[
                ("slave_ip", "10.0.1.12"),
                ("slave_port", "6379"),
                ("slave_state", "online"),
            ],
            |w, k| (0.4 + 0.6 * w.noise(k, 15.0)).max(0.0).round(),
        );
    } else {
        s.fact(
            "redis_master_link_up",
            "master_link_up metric",
            &[("master_host", "10.0.1.20"), ("master_port", "6379")],
            1.0,
        );
        s.gauge(
            "redis_master_last_io_seconds_ago",
            "Master last io seconds ago",
            &[("master_host", "10.0.1.20"), ("master_port", "6379")],
            |w, k| (1.0 + w.noise(k, 10.0)).round(),
        );
    }
}
