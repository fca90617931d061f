//! Those who take messages out of the queues: each begins a trace that links to the writer's span.

use super::cast;
use super::lines::Source;
use super::services::{Sql, compute, messaging, publish_and_follow, redis, sql};
use super::tape::{Message, Tape, tag};
use crate::incident::IncidentKind;
use crate::noise;
use crate::world::{World, ladder};
use model::log::LogLevel;
use model::trace::SpanKind;
use serde_json::json;

const TICKET: Sql = Sql {
    database: "restaurant",
    operation: "INSERT",
    table: "kitchen_tickets",
    text: "INSERT INTO kitchen_tickets (order_id, station, state) VALUES ($1, $2, 'queued')",
    ms: 5.0,
    replica: false,
};

/// What follows from a message.
pub(super) fn take<'w>(world: &'w World, seed: u64, message: &Message) -> Tape<'w> {
    let key = noise::key(&["message", message.queue]);
    let mut t = Tape::new(world, seed, key, message.from.span.0, message.at_ns);
    t.guest.id = message.guest_id;
    if message.queue == "order.notify" {
        notify(&mut t, message);
    } else {
        kitchen(&mut t, message);
    }
    t
}

fn begin(t: &mut Tape<'_>, service: &str, message: &Message) {
    let pod = cast::pod(service, &mut t.dice);
    t.open(
        pod,
        &format!("process {}", message.queue),
        SpanKind::Consumer,
    );
    t.link(message.from);
    messaging(t, message.queue, "process", "process");
    t.tag("messaging.message.id", &*message.id);
    t.tag("app.order.id", &*message.order_id);
}

/// 订单推送: the guest hears of the order.
fn notify(t: &mut Tape<'_>, message: &Message) {
    let stuck = t.world.level(IncidentKind::QueuePilingUp);
    let wait = ladder(stuck, 60.0, [7000.0, 19_000.0, 42_000.0]);
    t.work(wait);
    let waited = ((t.now - message.at_ns) as f64 / 1e6).round();
    begin(t, "notification-worker", message);
    let user_id = t.guest.user_id();
    let queued = json!({"event": "message_late", "queue": message.queue, "order_id": message.order_id, "wait_ms": waited});
    if waited > 3000.0 {
        t.say(
            LogLevel::Warn,
            Source::Performance,
            format!(
                "消息积压：队列 order.notify 等待 {waited} 毫秒后才被消费，订单 {}",
                message.order_id
            ),
            queued,
        );
    }
    compute(t, 4.0);
    if t.dice.chance(0.002 + 0.10 * stuck) {
        again(t, message);
    }
    push(t, message, stuck);
    t.say(
        LogLevel::Info,
        Source::Business,
        format!("订单 {} 状态已推送给用户 {user_id}（{}）", message.order_id, t.guest.phone()),
        json!({"event": "order_notified", "order_id": message.order_id, "user_id": user_id, "wait_ms": waited, "channel": t.guest.way_name()}),
    );
}

fn again(t: &mut Tape<'_>, message: &Message) {
    t.event(
        "message.requeued",
        vec![tag("messaging.rabbitmq.redelivered", true)],
    );
    t.say(
        LogLevel::Warn,
        Source::Fault,
        format!("消费失败，消息重新入队：delivery acknowledgement timeout，order={} redelivered=true", message.order_id),
        json!({"event": "message_requeued", "queue": message.queue, "order_id": message.order_id, "retry": 1}),
    );
    t.work(900.0);
}

fn push(t: &mut Tape<'_>, message: &Message, stuck: f64) {
    let Some(pod) = t.here() else { return };
    t.open(pod, "POST", SpanKind::Client);
    t.tag("http.request.method", "POST");
    t.tag("url.full", "https://dysmsapi.aliyuncs.com/");
    t.tag("server.address", "dysmsapi.aliyuncs.com");
    t.tag("server.port", 443);
    t.work(80.0 * ladder(stuck, 1.0, [6.0, 14.0, 30.0]));
    let failed = t.dice.chance(0.004 + 0.04 * stuck);
    t.tag(
        "http.response.status_code",
        if failed { 503_i64 } else { 200 },
    );
    if failed {
        t.failed("503");
        t.say(
            LogLevel::Error,
            Source::Fault,
            format!("短信网关返回 503，订单 {} 改用站内消息", message.order_id),
            json!({"event": "sms_failed", "order_id": message.order_id, "http": {"status": 503}}),
        );
    }
    t.close();
}

/// The kitchen gets the order, and the recommendation learns from it.
fn kitchen(t: &mut Tape<'_>, message: &Message) {
    t.work(45.0);
    begin(t, "order-service", message);
    compute(t, 3.0);
    if let Err(fault) = sql(t, &TICKET) {
        t.throw(
            &fault,
            "后厨出单失败",
            json!({"order_id": message.order_id}),
        );
    }
    t.say(
        LogLevel::Info,
        Source::Business,
        format!("订单 {} 已下发后厨", message.order_id),
        json!({"event": "kitchen_ticket", "order_id": message.order_id}),
    );
    publish_and_follow(t, "recommendation.train", "recommendation", 400.0, |t| {
        let user = t.guest.user_id();
        redis(t, "HSET", &format!("features:{user}"), 1.0);
        compute(t, 12.0);
    });
}
