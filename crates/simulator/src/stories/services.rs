//! What services do in a request: call each other, the database, the cache, the queue. Names of spans and tags are those of
//! OpenTelemetry's semantic conventions.

use super::cast::{self, Language, language};
use super::faults;
use super::lines::{self, Source};
use super::tape::{Fault, Message, Tape};
use crate::incident::IncidentKind;
use crate::parts::{Pod, down};
use crate::world::ladder;
use model::log::{LogCategory, LogLevel};
use model::trace::{Link, SpanKind};
use serde_json::json;

/// Milliseconds of a usual step of work.
const STEP_MS: f64 = 8.0;
/// A statement that took longer is written down by the database and by the service, ms.
const SLOW_MS: f64 = 500.0;
/// A statement is given up after this time, ms.
const STATEMENT_TIMEOUT_MS: f64 = 8000.0;

/// One side asks another over HTTP.
pub(super) struct Call {
    pub(super) service: &'static str,
    pub(super) method: &'static str,
    pub(super) route: &'static str,
    pub(super) path: String,
}

/// How much slower than on a calm day a pod works.
pub(super) fn slowness(t: &Tape<'_>, pod: &Pod) -> f64 {
    let level = |kind| t.world.level(kind);
    let busy = 1.0 + 0.15 * t.world.activity;
    busy * match pod.owner {
        "order-service" if pod.suffers.is_some() => {
            ladder(level(IncidentKind::HostCpu), 1.0, [3.5, 9.0, 20.0])
        }
        "payment-service" => ladder(
            level(IncidentKind::PaymentChannelFailing),
            1.0,
            [1.3, 1.8, 2.6],
        ),
        "recommendation" => ladder(level(IncidentKind::PodCrashLoop), 1.0, [1.7, 2.6, 4.5]),
        _ => 1.0,
    }
}

/// The open pod's own work: `share` of what a usual step takes, which is chosen so that whole requests take as long as the
/// metrics say.
pub(super) fn compute(t: &mut Tape<'_>, share: f64) {
    let factor = t.here().map_or(1.0, |pod| slowness(t, pod));
    t.work(share * STEP_MS * factor);
}

/// Asks another service; answers the status. A pod that is down is tried once and then another one.
pub(super) fn call(t: &mut Tape<'_>, c: &Call, f: impl FnOnce(&mut Tape<'_>) -> u16) -> u16 {
    let mut pod = cast::pod(c.service, &mut t.dice);
    let mut resend = 0;
    if down(t.world, pod.suffers) {
        refused(t, c, pod);
        pod = cast::other(pod);
        resend = 1;
    }
    client(t, c, pod, resend);
    t.pass(0.6);
    t.open(pod, &format!("{} {}", c.method, c.route), SpanKind::Server);
    t.tag("http.request.method", c.method);
    t.tag("http.route", c.route);
    t.tag("url.path", &*c.path);
    t.tag("url.scheme", "http");
    t.tag("network.protocol.version", "1.1");
    let status = f(t);
    t.tag("http.response.status_code", i64::from(status));
    if status >= 500 {
        t.failed(status_kind(status));
    }
    t.close();
    t.pass(0.5);
    t.tag("http.response.status_code", i64::from(status));
    if status >= 400 {
        t.failed(status_kind(status));
    }
    t.close();
    status
}

/// The status as a type of error.
pub(super) fn status_kind(status: u16) -> &'static str {
    match status {
        400..=499 => "4xx",
        502 => "502",
        504 => "504",
        503 => "503",
        _ => "500",
    }
}

fn client(t: &mut Tape<'_>, c: &Call, pod: &Pod, resend: i64) {
    if let Some(here) = t.here() {
        t.open(here, c.method, SpanKind::Client);
        t.tag("http.request.method", c.method);
        t.tag(
            "url.full",
            format!("http://{}:{}{}", c.service, cast::port(c.service), c.path),
        );
        t.tag("server.address", c.service);
        t.tag("server.port", cast::port(c.service));
        t.tag("network.peer.address", cast::address(pod));
        if resend > 0 {
            t.tag("http.request.resend_count", resend);
        }
    }
}

fn refused(t: &mut Tape<'_>, c: &Call, pod: &'static Pod) {
    client(t, c, pod, 0);
    t.work(3.0);
    let address = format!("{}:{}", cast::address(pod), cast::port(c.service));
    t.event(
        "exception",
        vec![
            super::tape::tag("exception.type", "ECONNREFUSED"),
            super::tape::tag(
                "exception.message",
                format!("connect ECONNREFUSED {address}"),
            ),
        ],
    );
    t.failed("ECONNREFUSED");
    t.say(
        LogLevel::Warn,
        Source::Fault,
        format!(
            "调用 {} 失败：connect ECONNREFUSED {address}，换实例重试 1/2",
            c.service
        ),
        json!({"peer": c.service, "retry": 1, "event": "upstream_retry"}),
    );
    t.close();
    t.work(20.0);
}

/// A statement.
pub(super) struct Sql {
    pub(super) database: &'static str,
    pub(super) operation: &'static str,
    pub(super) table: &'static str,
    pub(super) text: &'static str,
    /// Median on a calm day.
    pub(super) ms: f64,
    /// Whether the replica answers.
    pub(super) replica: bool,
}

/// Asks the database.
///
/// # Errors
/// When the statement took too long and was given up.
pub(super) fn sql(t: &mut Tape<'_>, q: &Sql) -> Result<(), Fault> {
    let Some(pod) = t.here() else { return Ok(()) };
    let host = if q.replica { "sw-db-02" } else { "sw-db-01" };
    let hardship = if q.replica {
        ladder(
            t.world.level(IncidentKind::ReplicaLag),
            1.0,
            [25.0, 90.0, 320.0],
        )
    } else {
        ladder(
            t.world.level(IncidentKind::DiskFilling),
            1.0,
            [8.0, 40.0, 160.0],
        )
    };
    let unlucky = if t.dice.chance(0.0015) { 180.0 } else { 1.0 };
    let ms = t.dice.around(q.ms * hardship * unlucky, 1.6);
    let given_up = ms > STATEMENT_TIMEOUT_MS;
    let ms = ms.min(STATEMENT_TIMEOUT_MS);
    t.open(
        pod,
        &format!("{} {}.{}", q.operation, q.database, q.table),
        SpanKind::Client,
    );
    t.tag("db.system.name", "postgresql");
    t.tag("db.namespace", q.database);
    t.tag("db.operation.name", q.operation);
    t.tag("db.collection.name", q.table);
    t.tag("db.query.text", q.text);
    t.tag("server.address", host);
    t.tag("server.port", 5432);
    t.pass(ms);
    let fault = given_up.then(|| faults::statement_timeout(language(pod.owner)));
    if given_up {
        t.tag("db.response.status_code", "57014");
        t.failed("57014");
    }
    if ms > SLOW_MS {
        slow_statement(t, q, host, ms, given_up);
    }
    t.close();
    fault.map_or(Ok(()), Err)
}

fn slow_statement(t: &mut Tape<'_>, q: &Sql, host: &str, ms: f64, given_up: bool) {
    let backend = t.dice.range(1200, 64_000);
    let attrs = |level: &str| {
        json!({
            "duration_ms": ms.round(), "severity": level, "pid": backend,
            "db": {"name": q.database, "table": q.table, "operation": q.operation},
        })
    };
    let line = if given_up {
        lines::line(
            Source::PostgreSql,
            LogCategory::App,
            LogLevel::Error,
            "postgresql",
            host,
            format!(
                "ERROR:  canceling statement due to statement timeout\nSTATEMENT:  {}",
                q.text
            ),
            attrs("ERROR"),
        )
    } else {
        lines::line(
            Source::PostgreSql,
            LogCategory::App,
            LogLevel::Info,
            "postgresql",
            host,
            format!("LOG:  duration: {ms:.3} ms  execute <unnamed>: {}", q.text),
            attrs("LOG"),
        )
    };
    t.put_of_trace(line);
    t.say(
        LogLevel::Warn,
        Source::Performance,
        format!("慢查询：{} {}.{} 耗时 {ms:.0} 毫秒，阈值 500 毫秒", q.operation, q.database, q.table),
        json!({"event": "slow_query", "duration_ms": ms.round(), "db": {"name": q.database, "table": q.table}}),
    );
}

/// Asks the cache; answers whether it had the key.
pub(super) fn redis(t: &mut Tape<'_>, command: &'static str, key: &str, hit: f64) -> bool {
    let Some(pod) = t.here() else { return true };
    let found = t.dice.chance(hit);
    t.open(pod, command, SpanKind::Client);
    t.tag("db.system.name", "redis");
    t.tag("db.operation.name", command);
    t.tag("db.query.text", format!("{command} {key}"));
    t.tag("server.address", "sw-mq-01");
    t.tag("server.port", 6379);
    if command == "GET" || command == "HGETALL" {
        t.tag("cache.hit", found);
    }
    t.work(0.7);
    t.close();
    found
}

/// Puts a message into a queue, from where its reader begins a trace of its own.
pub(super) fn publish(t: &mut Tape<'_>, queue: &'static str, order_id: &str) {
    if let Some(from) = producer(t, queue) {
        let id = t.dice.hex(16);
        t.messages.push(Message {
            queue,
            id,
            from,
            at_ns: t.now,
            guest_id: t.guest.id,
            order_id: order_id.to_owned(),
        });
    }
}

/// Puts a message into a queue and follows it into its reader, in the same trace, while the writer goes on.
pub(super) fn publish_and_follow(
    t: &mut Tape<'_>,
    queue: &'static str,
    reader: &'static str,
    wait_ms: f64,
    f: impl FnOnce(&mut Tape<'_>),
) {
    let Some(pod) = t.here() else { return };
    t.open(pod, &format!("publish {queue}"), SpanKind::Producer);
    messaging(t, queue, "publish", "send");
    t.work(1.4);
    let wait = t.dice.around(wait_ms, 1.6);
    t.aside(wait, |t| {
        let to = cast::pod(reader, &mut t.dice);
        t.open(to, &format!("process {queue}"), SpanKind::Consumer);
        messaging(t, queue, "process", "process");
        f(t);
        t.close();
    });
    t.close();
}

fn producer(t: &mut Tape<'_>, queue: &'static str) -> Option<Link> {
    let pod = t.here()?;
    let span = t.open(pod, &format!("publish {queue}"), SpanKind::Producer);
    messaging(t, queue, "publish", "send");
    t.work(1.4);
    t.close();
    Some(Link {
        trace: t.id(),
        span,
    })
}

/// What a span of messaging says of itself.
pub(super) fn messaging(t: &mut Tape<'_>, queue: &str, name: &str, kind: &str) {
    t.tag("messaging.system", "rabbitmq");
    t.tag("messaging.destination.name", queue);
    t.tag("messaging.operation.name", name);
    t.tag("messaging.operation.type", kind);
    t.tag("messaging.rabbitmq.destination.routing_key", queue);
    t.tag("server.address", "sw-mq-01");
    t.tag("server.port", 5672);
}

/// Whether something fails that fails now and then, in the services' own code.
pub(super) fn unlucky(t: &mut Tape<'_>, share: f64) -> bool {
    let p = (share + t.world.failures * 0.5).min(0.5);
    t.dice.chance(p)
}

/// The service's own mistake: an exception, and the status that its caller gets.
pub(super) fn mistake(t: &mut Tape<'_>, said: &str, attrs: serde_json::Value) -> u16 {
    let made_of = t.here().map_or(Language::Java, |p| language(p.owner));
    let n = t.dice.range(0, 1 << 20);
    let fault = faults::own(made_of, n);
    t.throw(&fault, said, attrs);
    500
}
