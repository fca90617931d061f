//! What database, cache, queue, web server and load balancer write by themselves.

use super::{Habit, often, when};
use crate::incident::IncidentKind;
use crate::stories::dice::Dice;
use crate::stories::lines::{Source, line};
use crate::world::{World, ladder};
use model::log::{LogCategory, LogLevel, LogLine};
use serde_json::{Value, json};

pub(super) const HABITS: [Habit; 13] = [
    when(IncidentKind::DiskFilling, 1.5, 2.0, checkpoint),
    often(1.8, vacuum),
    often(2.2, authorized),
    often(0.12, deadlock),
    when(IncidentKind::ReplicaLag, 3.5, 0.0, replica),
    when(IncidentKind::DiskFilling, 1.5, 0.0, no_space),
    often(2.0, redis_save),
    often(0.8, redis_slow),
    often(2.2, rabbit_connection),
    when(IncidentKind::QueuePilingUp, 3.5, 0.0, rabbit_alarm),
    often(0.9, nginx_warn),
    often(1.6, balancer_check),
    when(IncidentKind::EventLoopLag, 2.5, 0.0, balancer_down),
];

fn app(
    source: Source,
    level: LogLevel,
    service: &str,
    host: &str,
    message: String,
    attrs: Value,
) -> LogLine {
    line(
        source,
        LogCategory::App,
        level,
        service,
        host,
        message,
        attrs,
    )
}

fn postgres(level: LogLevel, host: &str, message: String, attrs: Value) -> LogLine {
    app(
        Source::PostgreSql,
        level,
        "postgresql",
        host,
        message,
        attrs,
    )
}

fn checkpoint(w: &World, dice: &mut Dice) -> LogLine {
    let buffers = dice.range(400, 9000);
    let write = dice.around(
        26.0 * ladder(w.level(IncidentKind::DiskFilling), 1.0, [2.0, 5.0, 9.0]),
        1.5,
    );
    postgres(
        LogLevel::Info,
        "sw-db-01",
        format!(
            "LOG:  checkpoint complete: wrote {buffers} buffers ({:.1}%); {} WAL file(s) added, 0 removed, {} recycled; write={write:.3} s, sync=0.{:03} s, total={:.3} s",
            buffers as f64 / 1310.72,
            dice.range(0, 3),
            dice.range(1, 20),
            dice.range(1, 400),
            write + 0.2
        ),
        json!({"event": "checkpoint", "buffers": buffers, "duration_ms": (write * 1000.0).round()}),
    )
}

fn vacuum(_: &World, dice: &mut Dice) -> LogLine {
    let table = dice.pick(&[
        "orders",
        "order_items",
        "stock",
        "sessions",
        "consultation_messages",
    ]);
    let dead = dice.range(40, 18_000);
    postgres(
        LogLevel::Info,
        "sw-db-01",
        format!(
            "LOG:  automatic vacuum of table \"restaurant.public.{table}\": index scans: 1, tuples: {dead} removed, {} remain",
            dice.range(100_000, 4_000_000)
        ),
        json!({"event": "autovacuum", "db": {"name": "restaurant", "table": table}, "rows": dead}),
    )
}

fn authorized(_: &World, dice: &mut Dice) -> LogLine {
    let (host, user) = (
        dice.pick(&["sw-db-01", "sw-db-02"]),
        dice.pick(&["restaurant", "payment", "analytics", "monitor"]),
    );
    let pid = dice.range(1200, 64_000);
    postgres(
        LogLevel::Info,
        host,
        format!(
            "LOG:  connection authorized: user={user} database={user} application_name=HikariPool-{} SSL enabled (protocol=TLSv1.3)",
            dice.range(1, 5)
        ),
        json!({"event": "connection", "user": user, "pid": pid}),
    )
}

fn deadlock(_: &World, dice: &mut Dice) -> LogLine {
    let (a, b) = (dice.range(1200, 30_000), dice.range(30_001, 64_000));
    postgres(
        LogLevel::Error,
        "sw-db-01",
        format!(
            "ERROR:  deadlock detected\nDETAIL:  Process {a} waits for ShareLock on transaction {}; blocked by process {b}.\n\tProcess {b} waits for ShareLock on transaction {}; blocked by process {a}.\nHINT:  See server log for query details.\nCONTEXT:  while updating tuple ({},{}) in relation \"stock\"",
            dice.range(700_000, 990_000),
            dice.range(700_000, 990_000),
            dice.range(1, 900),
            dice.range(1, 60)
        ),
        json!({"event": "deadlock", "pid": a, "db": {"name": "restaurant", "table": "stock"}}),
    )
}

fn replica(w: &World, dice: &mut Dice) -> LogLine {
    let lag = ladder(w.level(IncidentKind::ReplicaLag), 0.2, [9.0, 31.0, 80.0])
        * (0.85 + 0.3 * dice.unit());
    if dice.chance(0.4) {
        return postgres(
            LogLevel::Error,
            "sw-db-02",
            "ERROR:  canceling statement due to conflict with recovery\nDETAIL:  User query might have needed to see row versions that must be removed.".into(),
            json!({"event": "recovery_conflict", "db": {"name": "restaurant"}}),
        );
    }
    postgres(
        LogLevel::Warn,
        "sw-db-02",
        format!(
            "WARNING:  replication lag {lag:.1} s exceeds 5 s: received {:X}/{:08X}, replayed behind by {} MB",
            dice.range(16, 90),
            dice.range(0, 0xffff_ffff),
            (lag * 14.0).round()
        ),
        json!({"event": "replication_lag", "lag_seconds": (lag * 10.0).round() / 10.0}),
    )
}

fn no_space(w: &World, dice: &mut Dice) -> LogLine {
    if w.level(IncidentKind::DiskFilling) < 2.2 {
        return postgres(
            LogLevel::Warn,
            "sw-db-01",
            format!(
                "LOG:  checkpoints are occurring too frequently ({} seconds apart)\nHINT:  Consider increasing the configuration parameter \"max_wal_size\".",
                dice.range(4, 28)
            ),
            json!({"event": "checkpoint_frequent"}),
        );
    }
    postgres(
        LogLevel::Fatal,
        "sw-db-01",
        format!(
            "ERROR:  could not extend file \"base/16384/{}\": No space left on device\nHINT:  Check free disk space.",
            dice.range(17_000, 99_000)
        ),
        json!({"event": "disk_full", "db": {"name": "restaurant"}}),
    )
}

fn redis_save(_: &World, dice: &mut Dice) -> LogLine {
    let text = match dice.range(0, 3) {
        0 => format!(
            "{} changes in 60 seconds. Saving...",
            dice.range(10_000, 60_000)
        ),
        1 => format!(
            "Background saving started by pid {}",
            dice.range(2000, 60_000)
        ),
        _ => format!(
            "Fork CoW for RDB: current {} MB, peak {} MB, average {} MB",
            dice.range(4, 30),
            dice.range(30, 60),
            dice.range(4, 30)
        ),
    };
    app(
        Source::Redis,
        LogLevel::Info,
        "redis",
        "sw-mq-01",
        format!("1:M * {text}"),
        json!({"role": "master"}),
    )
}

fn redis_slow(_: &World, dice: &mut Dice) -> LogLine {
    let us = dice.range(10_500, 90_000);
    let command = dice.pick(&[
        "KEYS session:*",
        "HGETALL menu:page:1",
        "SMEMBERS online:users",
        "ZRANGE rank:dishes 0 -1",
    ]);
    app(
        Source::Redis,
        LogLevel::Warn,
        "redis",
        dice.pick(&["sw-mq-01", "sw-app-02"]),
        format!(
            "slowlog: {us} us, {command}, client 10.42.1.{}:{}",
            dice.range(30, 42),
            dice.range(32_000, 60_000)
        ),
        json!({"event": "slow_command", "duration_ms": us as f64 / 1000.0, "command": command}),
    )
}

fn rabbit(level: LogLevel, message: String, attrs: Value) -> LogLine {
    app(
        Source::RabbitMq,
        level,
        "rabbitmq",
        "sw-mq-01",
        message,
        attrs,
    )
}

fn rabbit_connection(_: &World, dice: &mut Dice) -> LogLine {
    let from = format!(
        "10.42.{}.{}:{}",
        dice.range(1, 3),
        dice.range(30, 42),
        dice.range(32_000, 60_000)
    );
    let (level, text) = match dice.range(0, 3) {
        0 => (
            LogLevel::Info,
            format!("accepting AMQP connection ({from} -> 10.0.1.7:5672)"),
        ),
        1 => (
            LogLevel::Info,
            format!(
                "connection <0.{}.0> ({from}): user 'restaurant' authenticated and granted access to vhost '/'",
                dice.range(600, 9000)
            ),
        ),
        _ => (
            LogLevel::Warn,
            format!(
                "closing AMQP connection <0.{}.0> ({from}): client unexpectedly closed TCP connection",
                dice.range(600, 9000)
            ),
        ),
    };
    rabbit(
        level,
        format!("[{}] <0.{}.0> {text}", level.name(), dice.range(600, 9000)),
        json!({"vhost": "/"}),
    )
}

fn rabbit_alarm(w: &World, dice: &mut Dice) -> LogLine {
    let level = w.level(IncidentKind::QueuePilingUp);
    let depth =
        (ladder(level, 10.0, [1900.0, 7600.0, 26_000.0]) * (0.9 + 0.2 * dice.unit())).round();
    if dice.chance(0.35) {
        return rabbit(
            LogLevel::Error,
            format!(
                "[error] <0.{}.0> Consumer ctag{} on channel 1 and queue 'order.notify' in vhost '/' has timed out waiting for a consumer acknowledgement of a delivery. Timeout used: 1800000 ms",
                dice.range(600, 9000),
                dice.range(1, 9)
            ),
            json!({"event": "consumer_timeout", "queue": "order.notify"}),
        );
    }
    rabbit(
        LogLevel::Warn,
        format!(
            "[warning] 队列 order.notify 积压 {depth} 条，消费者 {} 个，超过阈值 1000",
            (8.0 - 2.0 * level).round()
        ),
        json!({"event": "queue_depth", "queue": "order.notify", "depth": depth}),
    )
}

fn nginx_warn(_: &World, dice: &mut Dice) -> LogLine {
    let number = dice.range(1000, 99_999);
    app(
        Source::Nginx,
        LogLevel::Warn,
        "nginx",
        dice.pick(&["sw-web-01", "sw-web-02"]),
        format!(
            "[warn] 31#31: *{number} an upstream response is buffered to a temporary file /var/cache/nginx/proxy_temp/{}/{:02}/{number:010} while reading upstream",
            dice.range(0, 9),
            dice.range(0, 99)
        ),
        json!({"event": "buffered"}),
    )
}

fn balancer_check(_: &World, dice: &mut Dice) -> LogLine {
    let server = dice.range(1, 3);
    let ms = dice.range(1, 12);
    app(
        Source::LoadBalancer,
        LogLevel::Info,
        "haproxy",
        "sw-lb-01",
        format!(
            "Health check for server gateway/gateway-{server} succeeded, reason: Layer7 check passed, code: 200, check duration: {ms}ms, status: 3/3 UP."
        ),
        json!({"event": "health_check", "health": "up", "target": "gateway", "server": format!("gateway-{server}"), "duration_ms": ms}),
    )
}

fn balancer_down(_: &World, dice: &mut Dice) -> LogLine {
    let server = dice.range(1, 3);
    app(
        Source::LoadBalancer,
        LogLevel::Error,
        "haproxy",
        "sw-lb-01",
        format!(
            "Health check for server gateway/gateway-{server} failed, reason: Layer7 timeout, check duration: 2001ms, status: {}/3 UP.",
            dice.range(1, 3)
        ),
        json!({"event": "health_check", "health": "down", "target": "gateway", "server": format!("gateway-{server}"), "duration_ms": 2001}),
    )
}
