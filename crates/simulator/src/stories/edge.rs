//! Where requests come in: the load balancer, the web server, the gateway.

use super::cast;
use super::faults;
use super::lines::{self, Source};
use super::services::{compute, redis, status_kind};
use super::tape::Tape;
use crate::incident::IncidentKind;
use crate::world::ladder;
use model::log::{LogCategory, LogLevel};
use model::trace::SpanKind;
use serde_json::{Value, json};

/// The web server gives up after this time.
const GIVE_UP_NS: i64 = 8_000_000_000;

/// What a guest asks for.
pub(super) struct Ask {
    pub(super) method: &'static str,
    pub(super) route: &'static str,
    pub(super) path: String,
    /// Attributes of the lines of web server and gateway.
    pub(super) event: &'static str,
}

/// A guest's request through all that stands before the services. `f` is what the gateway asks for; it answers the status.
pub(super) fn request(t: &mut Tape<'_>, ask: &Ask, f: impl FnOnce(&mut Tape<'_>) -> u16) {
    let begun = t.now;
    t.work(0.8);
    let pod = cast::pod("gateway", &mut t.dice);
    t.open(
        pod,
        &format!("{} {}", ask.method, ask.route),
        SpanKind::Server,
    );
    let guest = t.guest;
    t.tag("http.request.method", ask.method);
    t.tag("http.route", ask.route);
    t.tag("url.path", &*ask.path);
    t.tag("url.scheme", "https");
    t.tag("client.address", guest.ip());
    t.tag("user_agent.original", guest.agent());
    t.tag("enduser.id", guest.user_id());
    blocked(t);
    if ask.event != "login" {
        t.within("authenticate", |t| {
            redis(t, "GET", &format!("session:{}", guest.user_id()), 0.97);
            compute(t, 0.9);
        });
    }
    let lost = t.dice.chance(t.world.failures * 0.6);
    let mut status = if lost { hung_up(t, ask) } else { f(t) };
    compute(t, 1.6);
    t.tag("http.response.status_code", i64::from(status));
    if status >= 500 {
        t.failed(status_kind(status));
    }
    t.close();
    t.work(0.5);
    let took = t.now - begun;
    if took > GIVE_UP_NS {
        status = 504;
    }
    access(t, ask, status, took as f64 / 1e6);
}

/// The event loop lets requests wait while it is blocked.
fn blocked(t: &mut Tape<'_>) {
    let level = t.world.level(IncidentKind::EventLoopLag);
    compute(t, 2.2);
    let wait = ladder(level, 0.0, [420.0, 1150.0, 2900.0]);
    if wait < 5.0 {
        return;
    }
    let lag = t.dice.around(wait, 1.7);
    t.pass(lag);
    if t.dice.chance(0.3) {
        t.event(
            "event_loop.blocked",
            vec![super::tape::tag(
                "nodejs.eventloop.delay.max_ms",
                lag.round(),
            )],
        );
        t.say(
            LogLevel::Warn,
            Source::Performance,
            format!("事件循环延迟 {lag:.0} 毫秒，超过阈值 100 毫秒，请求排队中"),
            json!({"event": "event_loop_lag", "duration_ms": lag.round()}),
        );
    }
}

fn hung_up(t: &mut Tape<'_>, ask: &Ask) -> u16 {
    let fault = faults::hang_up();
    t.work(40.0);
    let user = t.guest.user_id();
    t.throw(
        &fault,
        &format!("代理请求失败 {} {}", ask.method, ask.path),
        json!({"event": "proxy_error", "user_id": user, "http": {"method": ask.method, "route": ask.route, "status": 502}}),
    );
    502
}

/// What web server and load balancer write of a request.
fn access(t: &mut Tape<'_>, ask: &Ask, status: u16, ms: f64) {
    let guest = t.guest;
    let web = if t.dice.chance(0.5) {
        "sw-web-01"
    } else {
        "sw-web-02"
    };
    let bytes = t.dice.range(180, 26_000);
    let attrs = json!({
        "event": ask.event, "user_id": guest.user_id(), "channel": guest.way_name(), "client_ip": guest.ip(),
        "duration_ms": (ms * 10.0).round() / 10.0, "bytes": bytes, "user_agent": guest.agent(),
        "http": {"method": ask.method, "route": ask.route, "path": ask.path, "status": status},
    });
    let level = match status {
        500.. => LogLevel::Error,
        400..=499 => LogLevel::Warn,
        _ => LogLevel::Info,
    };
    let message = format!(
        "{} - - \"{} {} HTTP/1.1\" {status} {bytes} \"-\" \"{}\" rt={:.3} urt={:.3} trace={}",
        guest.ip(),
        ask.method,
        ask.path,
        guest.agent(),
        ms / 1000.0,
        (ms - 1.0).max(0.0) / 1000.0,
        t.id()
    );
    let line = |source, level, service, host, message, attrs| {
        lines::line(
            source,
            LogCategory::App,
            level,
            service,
            host,
            message,
            attrs,
        )
    };
    t.put_of_trace(line(Source::Nginx, level, "nginx", web, message, attrs));
    if status == 504 || status == 502 {
        t.put_of_trace(line(
            Source::Nginx,
            LogLevel::Error,
            "nginx",
            web,
            upstream_error(t.guest.ip(), ask, status),
            json!({"event": "upstream_error", "http": {"method": ask.method, "route": ask.route, "status": status}}),
        ));
    }
    if status >= 500 || ms > 3000.0 || t.dice.chance(0.15) {
        let server = t.dice.range(1, 3);
        let message = balancer(t, server, status, ms, ask);
        let attrs: Value = json!({
            "frontend": "restaurant", "backend": "gateway", "server": format!("gateway-{server}"),
            "duration_ms": ms.round(), "http": {"method": ask.method, "route": ask.route, "status": status},
        });
        t.put_of_trace(line(
            Source::LoadBalancer,
            level,
            "haproxy",
            "sw-lb-01",
            message,
            attrs,
        ));
    }
}

fn upstream_error(client: String, ask: &Ask, status: u16) -> String {
    let what = if status == 504 {
        "upstream timed out (110: Connection timed out) while reading response header from upstream"
    } else {
        "upstream prematurely closed connection while reading response header from upstream"
    };
    format!(
        "[error] 31#31: *{} {what}, client: {client}, server: api.restaurant.example, request: \"{} {} HTTP/1.1\", upstream: \"http://gateway:3000{}\"",
        client.len() * 7919 % 99_991,
        ask.method,
        ask.path,
        ask.path
    )
}

fn balancer(t: &mut Tape<'_>, server: i64, status: u16, ms: f64, ask: &Ask) -> String {
    let port = t.dice.range(20_000, 60_000);
    let open = (t.world.online / 8.0) as i64;
    format!(
        "{}:{port} restaurant~ gateway/gateway-{server} 0/0/0/{:.0}/{:.0} {status} {} - - ---- {open}/{open}/{}/{}/0 0/0 \"{} {} HTTP/1.1\"",
        t.guest.ip(),
        ms - 0.5,
        ms,
        t.dice.range(180, 26_000),
        open / 2,
        open / 4,
        ask.method,
        ask.path
    )
}
