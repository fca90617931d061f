//! PostgreSQL: a primary and a replica, as the postgres exporter 0.15 shows them.

use crate::incident::IncidentKind;
use crate::registry::{Builder, Scope};
use crate::world::{World, ladder};

const MIB: f64 = 1_048_576.0;
const GIB: f64 = 1024.0 * MIB;
const DATABASES: [(&str, f64, f64); 3] = [
    ("restaurant", 0.78, 86.0),
    ("payment", 0.15, 31.0),
    ("analytics", 0.07, 172.0),
];

pub(crate) fn build(b: &mut Builder, booted_s: f64) {
    for (host, replica) in [("sw-db-01", false), ("sw-db-02", true)] {
        let instance = format!("{host}:9187");
        let mut s = b.scope(&[("job", "postgres"), ("instance", &instance)]);
        connections(&mut s, replica);
        work(&mut s, replica);
        replication(&mut s, replica);
        storage(&mut s, replica, booted_s);
    }
    statements(&mut b.scope(&[("job", "postgres"), ("instance", "sw-db-01:9187")]));
}

fn slowness(w: &World) -> f64 {
    1.0 + 0.3 * w.activity
        + 0.35 * w.level(IncidentKind::ReplicaLag)
        + 0.25 * w.level(IncidentKind::DiskFilling)
}

fn connections(s: &mut Scope<'_>, replica: bool) {
    let part = if replica { 0.35 } else { 1.0 };
    for (name, share, _) in DATABASES {
        for state in ["active", "idle", "idle in transaction"] {
            s.gauge(
                "pg_stat_activity_count",
                "number of connections in this state",
                &[("datname", name), ("state", state)],
                move |w, k| {
                    let busy = (3.0 + 42.0 * w.activity * slowness(w).min(2.0)) * share * part;
                    let n = match state {
                        "active" => busy,
                        "idle" => 60.0 * share * part,
                        _ => busy * 0.06,
                    };
                    (n * w.wobble(k, 20.0, 0.1)).round()
                },
            );
        }
        s.gauge(
            "pg_stat_activity_max_tx_duration",
            "max duration in seconds any active transaction has been running",
            &[("datname", name), ("state", "active")],
            move |w, k| {
                0.4 * slowness(w) * (1.0 + w.noise(k, 30.0))
                    + if share < 0.1 {
                        6.0 * (1.0 + w.noise(k, 240.0))
                    } else {
                        0.0
                    }
            },
        );
        s.gauge(
            "pg_stat_database_numbackends",
            "Number of backends currently connected to this database.",
            &[("datname", name)],
            move |w, k| {
                ((63.0 + 43.0 * w.activity) * share * part * w.wobble(k, 30.0, 0.05)).round()
            },
        );
    }
    s.fact(
        "pg_settings_max_connections",
        "Server Parameter: max_connections",
        &[],
        200.0,
    );
    s.fact(
        "pg_settings_superuser_reserved_connections",
        "Server Parameter: superuser_reserved_connections",
        &[],
        3.0,
    );
    s.fact("pg_up", "Whether the last scrape of metrics from PostgreSQL was able to connect to the server (1 for yes, 0 for no).", &[], 1.0);
    s.gauge(
        "up",
        "1 if the target could be scraped, 0 if not.",
        &[],
        |_, _| 1.0,
    );
    for mode in [
        "accesssharelock",
        "rowsharelock",
        "rowexclusivelock",
        "exclusivelock",
    ] {
        s.gauge(
            "pg_locks_count",
            "Number of locks",
            &[("datname", "restaurant"), ("mode", mode)],
            move |w, k| {
                let n = match mode {
                    "accesssharelock" => 12.0 + 90.0 * w.activity,
                    "rowexclusivelock" => 2.0 + 34.0 * w.activity,
                    _ => 1.0 + 4.0 * w.activity,
                };
                (n * part * w.wobble(k, 15.0, 0.25)).round()
            },
        );
    }
}

fn work(s: &mut Scope<'_>, replica: bool) {
    let part = if replica { 0.4 } else { 1.0 };
    for (name, share, _) in DATABASES {
        let db = [("datname", name)];
        let commits =
            move |w: &World, k: u64| (8.0 + w.rps * 2.1) * share * part * w.wobble(k, 15.0, 0.06);
        s.counter(
            "pg_stat_database_xact_commit",
            "Number of transactions in this database that have been committed",
            &db,
            commits,
        );
        s.counter(
            "pg_stat_database_xact_rollback",
            "Number of transactions in this database that have been rolled back",
            &db,
            move |w, k| commits(w, k) * 0.004 * slowness(w),
        );
        s.counter(
            "pg_stat_database_blks_hit",
            "Number of times disk blocks were found already in the buffer cache",
            &db,
            move |w, k| commits(w, k) * 62.0,
        );
        s.counter(
            "pg_stat_database_blks_read",
            "Number of disk blocks read in this database",
            &db,
            move |w, k| {
                commits(w, k)
                    * 62.0
                    * (0.0055
                        + 0.002 * w.noise(k, 300.0)
                        + 0.0015 * w.level(IncidentKind::ReplicaLag))
            },
        );
        s.counter(
            "pg_stat_database_deadlocks",
            "Number of deadlocks detected in this database",
            &db,
            move |w, k| (w.noise(k, 200.0) - 0.75).max(0.0) * 0.01 * share * part,
        );
        s.counter(
            "pg_stat_database_tup_returned",
            "Number of rows returned by queries in this database",
            &db,
            move |w, k| commits(w, k) * 140.0,
        );
        s.counter(
            "pg_stat_database_tup_fetched",
            "Number of rows fetched by queries in this database",
            &db,
            move |w, k| commits(w, k) * 31.0,
        );
        s.counter(
            "pg_stat_database_tup_inserted",
            "Number of rows inserted by queries in this database",
            &db,
            move |w, k| commits(w, k) * 0.9,
        );
        s.counter(
            "pg_stat_database_temp_bytes",
            "Total amount of data written to temporary files by queries in this database.",
            &db,
            move |w, k| commits(w, k) * 220.0,
        );
    }
    // counted from the server's log (log_min_duration_statement = 1s): no exporter has it
    s.counter_of(
        "pg_slow_queries_total",
        "Statements that took longer than a second, counted from the server's log.",
        &[("datname", "restaurant")],
        move |w, k| {
            (ladder(
                w.level(IncidentKind::ReplicaLag),
                1.6 + 2.2 * w.activity,
                [16.0, 34.0, 70.0],
            ) + 2.5 * w.level(IncidentKind::DiskFilling))
                / 60.0
                * part
                * w.wobble(k, 60.0, 0.3)
        },
    );
}

fn replication(s: &mut Scope<'_>, replica: bool) {
    let lag = |w: &World, k: u64| {
        ladder(
            w.level(IncidentKind::ReplicaLag),
            0.35 + 0.3 * w.noise(k, 20.0),
            [9.0, 48.0, 140.0],
        ) * w.wobble(k + 1, 12.0, 0.06)
    };
    s.gauge(
        "pg_replication_lag_seconds",
        "Replication lag behind master in seconds",
        &[],
        move |w, k| if replica { lag(w, k) } else { 0.0 },
    );
    s.fact(
        "pg_replication_is_replica",
        "Indicates if the server is a replica",
        &[],
        f64::from(replica),
    );
    s.gauge(
        "pg_replication_last_replay_seconds",
        "Age of last transaction in seconds",
        &[],
        move |w, k| if replica { lag(w, k) * 1.02 } else { 0.0 },
    );
    if !replica {
        let to = [
            ("application_name", "sw-db-02"),
            ("client_addr", "10.0.2.12"),
            ("state", "streaming"),
            ("slot_name", "sw_db_02"),
        ];
        // bytes of log written in the seconds that the replica is behind
        s.gauge(
            "pg_stat_replication_pg_wal_lsn_diff",
            "Lag in bytes between master and slave",
            &to,
            move |w, k| (lag(w, k) * (60_000.0 + 2.2e6 * w.activity)).round(),
        );
        s.fact(
            "pg_replication_slots_active",
            "Flag indicating if the slot is active",
            &[("slot_name", "sw_db_02"), ("slot_type", "physical")],
            1.0,
        );
        s.gauge(
            "pg_replication_slots_pg_wal_lsn_diff",
            "Replication lag in bytes",
            &[("slot_name", "sw_db_02"), ("slot_type", "physical")],
            move |w, k| (lag(w, k) * (60_000.0 + 2.2e6 * w.activity)).round(),
        );
    }
}

fn storage(s: &mut Scope<'_>, replica: bool, booted_s: f64) {
    for (name, _, gib) in DATABASES {
        s.gauge(
            "pg_database_size_bytes",
            "Disk space used by the database",
            &[("datname", name)],
            move |w, k| (gib * GIB * (1.0 + 0.001 * w.noise(k, 7200.0))).round(),
        );
    }
    s.gauge(
        "pg_wal_size_bytes",
        "Total size of WAL segments",
        &[],
        move |w, _| {
            16.0 * MIB
                * (64.0
                    + (160.0 * w.level(IncidentKind::DiskFilling)).round()
                    + (20.0 * w.level(IncidentKind::ReplicaLag)).round())
        },
    );
    s.fact(
        "pg_postmaster_start_time_seconds",
        "Time at which postmaster started",
        &[],
        booted_s + 60.0,
    );
    for (table, rows) in [
        ("orders", 18.4e6),
        ("payments", 17.9e6),
        ("dishes", 42_000.0),
    ] {
        let labels = [
            ("datname", "restaurant"),
            ("schemaname", "public"),
            ("relname", table),
        ];
        s.gauge(
            "pg_stat_user_tables_n_live_tup",
            "Estimated number of live rows",
            &labels,
            move |w, k| (rows * (1.0 + 0.0005 * w.noise(k, 3600.0))).round(),
        );
        s.gauge(
            "pg_stat_user_tables_n_dead_tup",
            "Estimated number of dead rows",
            &labels,
            move |w, k| (rows * 0.04 * (1.2 + w.noise(k, 1800.0))).round(),
        );
    }
    if !replica {
        s.counter(
            "pg_stat_bgwriter_checkpoints_timed_total",
            "Number of scheduled checkpoints that have been performed",
            &[],
            |_, _| 1.0 / 300.0,
        );
        s.counter(
            "pg_stat_bgwriter_checkpoints_req_total",
            "Number of requested checkpoints that have been performed",
            &[],
            |w, _| 0.0002 + 0.002 * w.level(IncidentKind::DiskFilling),
        );
    }
}

fn statements(s: &mut Scope<'_>) {
    for (id, share, ms) in [
        ("6207394850172", 0.40, 0.8),
        ("1180427356921", 0.28, 1.9),
        ("9035512874406", 0.18, 3.4),
        ("4471920063385", 0.1, 11.0),
        ("2750916638204", 0.03, 38.0),
        ("8129604471550", 0.01, 190.0),
    ] {
        let labels = [
            ("user", "restaurant"),
            ("datname", "restaurant"),
            ("queryid", id),
        ];
        let calls = move |w: &World, k: u64| w.rps * 2.0 * share * w.wobble(k, 20.0, 0.08);
        s.counter(
            "pg_stat_statements_calls_total",
            "Number of times executed",
            &labels,
            calls,
        );
        s.counter_of(
            "pg_stat_statements_seconds_total",
            "Total time spent in the statement, in seconds",
            &labels,
            move |w, k| calls(w, k) * ms / 1000.0 * slowness(w),
        );
        s.counter(
            "pg_stat_statements_rows_total",
            "Total number of rows retrieved or affected by the statement",
            &labels,
            move |w, k| calls(w, k) * 3.0,
        );
    }
}
