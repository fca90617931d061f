//! An order from its making over the payment and the next recommendation to the nutritionist.

use super::cast::{DISHES, Dish, STORES};
use super::edge::{Ask, request};
use super::faults;
use super::lines::Source;
use super::nutrition;
use super::services::{
    Call, Sql, call, compute, mistake, publish, publish_and_follow, redis, sql, unlucky,
};
use super::tape::Tape;
use crate::world::CHANNELS;
use chrono::DateTime;
use model::log::LogLevel;
use model::trace::SpanKind;
use serde_json::json;

/// How often a payment is tried.
const TRIES: i64 = 3;

/// A number as the platform gives it to orders: the date in Shanghai and eight digits.
pub(super) fn order_number(t: &mut Tape<'_>) -> String {
    // the platform's days are those of Shanghai
    let there = DateTime::from_timestamp_nanos(t.now.saturating_add(8 * 3_600_000_000_000));
    let number = t.dice.range(0, 99_999_999);
    format!("SW{}{number:08}", there.format("%y%m%d"))
}

/// What is ordered.
struct Order {
    id: String,
    dishes: Vec<Dish>,
    yuan: f64,
    store: &'static str,
    /// Index into [`CHANNELS`].
    channel: usize,
}

impl Order {
    fn any(t: &mut Tape<'_>) -> Self {
        let count = t.dice.range(1, 5);
        let dishes: Vec<Dish> = (0..count).map(|_| t.dice.pick(&DISHES)).collect();
        Self {
            id: order_number(t),
            yuan: dishes.iter().map(|d| d.yuan).sum(),
            dishes,
            store: t.dice.pick(&STORES),
            channel: *t.dice.weighted(&[0, 1, 2], |i: &usize| CHANNELS[*i].share),
        }
    }

    fn names(&self) -> String {
        let names: Vec<&str> = self.dishes.iter().map(|d| d.name).collect();
        names.join("、")
    }
}

const STOCK: Sql = Sql {
    database: "restaurant",
    operation: "SELECT",
    table: "stock",
    text: "SELECT dish_id, quantity FROM stock WHERE store_id = $1 AND dish_id = ANY($2) FOR UPDATE",
    ms: 6.0,
    replica: false,
};
const INSERT: Sql = Sql {
    database: "restaurant",
    operation: "INSERT",
    table: "orders",
    text: "INSERT INTO orders (id, user_id, store_id, amount, channel, state) VALUES ($1, $2, $3, $4, $5, 'created')",
    ms: 7.0,
    replica: false,
};
const ITEMS: Sql = Sql {
    database: "restaurant",
    operation: "INSERT",
    table: "order_items",
    text: "INSERT INTO order_items (order_id, dish_id, quantity, price) SELECT * FROM unnest($1, $2, $3, $4)",
    ms: 5.0,
    replica: false,
};
const LEDGER: Sql = Sql {
    database: "payment",
    operation: "INSERT",
    table: "transactions",
    text: "INSERT INTO transactions (order_id, channel, amount, state) VALUES ($1, $2, $3, $4) RETURNING id",
    ms: 6.0,
    replica: false,
};
const STATE: Sql = Sql {
    database: "restaurant",
    operation: "UPDATE",
    table: "orders",
    text: "UPDATE orders SET state = $2, paid_at = now() WHERE id = $1",
    ms: 5.0,
    replica: false,
};

fn post(service: &'static str, route: &'static str) -> Call {
    Call {
        service,
        method: "POST",
        route,
        path: route.into(),
    }
}

/// 下单 → 支付 → AI 推荐 → 营养师咨询.
pub(super) fn order(t: &mut Tape<'_>) {
    let order = Order::any(t);
    let ask = Ask {
        method: "POST",
        route: "/api/v1/orders",
        path: "/api/v1/orders".into(),
        event: "order",
    };
    request(t, &ask, |t| {
        let status = call(t, &post("order-service", "/api/v1/orders"), |t| {
            make(t, &order)
        });
        if status < 300 {
            nutrition::afterwards(t, &order.id);
        }
        status
    });
}

/// The order service's part.
fn make(t: &mut Tape<'_>, order: &Order) -> u16 {
    compute(t, 6.0);
    t.tag("app.order.id", &*order.id);
    t.tag("app.order.amount_yuan", order.yuan);
    t.tag("app.store", order.store);
    let user_id = t.guest.user_id();
    let profile = Call {
        service: "user-service",
        method: "GET",
        route: "/api/v1/profile",
        path: "/api/v1/profile".into(),
    };
    let stock = Call {
        service: "menu-service",
        method: "POST",
        route: "/internal/stock/reserve",
        path: "/internal/stock/reserve".into(),
    };
    let (_, reserved) = t.both(
        |t| {
            call(t, &profile, |t| {
                redis(t, "GET", &format!("profile:{user_id}"), 0.9);
                compute(t, 2.0);
                200
            })
        },
        |t| call(t, &stock, |t| reserve(t, order)),
    );
    if reserved >= 300 {
        return reserved;
    }
    if unlucky(t, 0.001) {
        return mistake(
            t,
            "创建订单失败",
            json!({"event": "order_failed", "order_id": order.id, "user_id": user_id}),
        );
    }
    let kept = t.within("create order transaction", |t| {
        sql(t, &INSERT).and_then(|()| sql(t, &ITEMS))
    });
    if let Err(fault) = kept {
        let attrs = json!({"event": "order_failed", "order_id": order.id, "user_id": user_id});
        t.throw(&fault, "创建订单失败：写库超时", attrs);
        return 500;
    }
    created(t, order);
    pay_and_tell(t, order)
}

fn reserve(t: &mut Tape<'_>, order: &Order) -> u16 {
    compute(t, 3.0);
    if let Err(fault) = sql(t, &STOCK) {
        t.throw(&fault, "库存锁定失败", json!({"order_id": order.id}));
        return 500;
    }
    if t.dice.chance(0.006) {
        let name = order.dishes.first().map_or("", |d| d.name);
        t.say(
            LogLevel::Warn,
            Source::Business,
            format!("库存不足：{}「{name}」已售罄，订单 {} 未创建", order.store, order.id),
            json!({"event": "out_of_stock", "order_id": order.id, "store": order.store, "dish": name}),
        );
        return 409;
    }
    200
}

fn created(t: &mut Tape<'_>, order: &Order) {
    let user_id = t.guest.user_id();
    t.say(
        LogLevel::Info,
        Source::Business,
        format!("订单创建成功 order={} 用户={user_id} 门店={} 金额={:.2} 元：{}", order.id, order.store, order.yuan, order.names()),
        json!({
            "event": "order_created", "order_id": order.id, "user_id": user_id, "store": order.store,
            "amount_yuan": order.yuan, "items": order.dishes.len(), "channel": t.guest.way_name(),
        }),
    );
    publish(t, "order.created", &order.id);
}

fn pay_and_tell(t: &mut Tape<'_>, order: &Order) -> u16 {
    let paid = call(t, &post("payment-service", "/api/v1/payments"), |t| {
        pay(t, order)
    });
    let user_id = t.guest.user_id();
    if paid >= 300 {
        t.say(
            LogLevel::Error,
            Source::Business,
            format!("订单 {} 支付失败（HTTP {paid}），已释放库存，用户 {user_id}", order.id),
            json!({"event": "order_unpaid", "order_id": order.id, "user_id": user_id, "payment_channel": CHANNELS[order.channel].name}),
        );
        return if paid == 504 { 504 } else { 502 };
    }
    if let Err(fault) = sql(t, &STATE) {
        t.throw(
            &fault,
            "订单状态更新失败，等待对账补偿",
            json!({"order_id": order.id}),
        );
        return 500;
    }
    publish(t, "order.notify", &order.id);
    201
}

/// The payment service's part: three tries at most.
fn pay(t: &mut Tape<'_>, order: &Order) -> u16 {
    compute(t, 5.0);
    let channel = CHANNELS[order.channel];
    t.tag("app.payment.channel", channel.name);
    t.tag("app.order.id", &*order.id);
    let mut status = 502;
    for attempt in 1..=TRIES {
        status = charge(t, order, attempt);
        if status == 200 {
            break;
        }
        if attempt < TRIES {
            t.work(120.0 * attempt as f64);
        }
    }
    let user_id = t.guest.user_id();
    if status != 200 {
        t.say(
            LogLevel::Error,
            Source::Business,
            format!("支付失败 order={} 渠道={} 重试 {TRIES} 次后放弃", order.id, shown(channel.name)),
            json!({"event": "payment_failed", "order_id": order.id, "payment_channel": channel.name, "user_id": user_id, "result": "failure", "amount_yuan": order.yuan}),
        );
        return status;
    }
    if let Err(fault) = sql(t, &LEDGER) {
        t.throw(&fault, "支付流水写入失败", json!({"order_id": order.id}));
        return 500;
    }
    t.say(
        LogLevel::Info,
        Source::Business,
        format!("支付成功 order={} 渠道={} 金额={:.2} 元 付款人 {}", order.id, shown(channel.name), order.yuan, t.guest.phone()),
        json!({"event": "payment_ok", "order_id": order.id, "payment_channel": channel.name, "user_id": user_id, "result": "success", "amount_yuan": order.yuan}),
    );
    let id = order.id.clone();
    publish_and_follow(t, "payment.callback", "order-service", 35.0, |t| {
        compute(t, 3.0);
        t.tag("app.order.id", &*id);
        redis(t, "DEL", &format!("order:{id}"), 1.0);
    });
    200
}

/// What guests call a channel.
fn shown(channel: &str) -> &'static str {
    match channel {
        "alipay" => "支付宝",
        "wechat" => "微信支付",
        _ => "银行卡",
    }
}

/// One try at the other company's server.
fn charge(t: &mut Tape<'_>, order: &Order, attempt: i64) -> u16 {
    let channel = CHANNELS[order.channel];
    let state = t.world.payments[order.channel];
    let Some(pod) = t.here() else { return 500 };
    t.open(pod, "POST", SpanKind::Client);
    t.tag("http.request.method", "POST");
    t.tag("url.full", format!("https://{}/gateway.do", channel.server));
    t.tag("server.address", channel.server);
    t.tag("server.port", 443);
    if attempt > 1 {
        t.tag("http.request.resend_count", attempt - 1);
    }
    let luck = t.dice.unit();
    let attrs = |kind: &str| json!({"event": kind, "order_id": order.id, "payment_channel": channel.name, "attempt": attempt, "retry": attempt < TRIES});
    let status = if luck < state.timeout {
        t.pass(3000.0);
        let fault = faults::channel_timeout(channel.server);
        let said = format!("{}渠道超时，第 {attempt} 次", shown(channel.name));
        t.throw(&fault, &said, attrs("payment_timeout"));
        504
    } else if luck < state.timeout + state.failed {
        t.work(state.seconds * 700.0);
        t.tag("http.response.status_code", 200);
        let code = t.dice.range(20_000, 20_004).to_string();
        let fault = faults::channel_refused(&code);
        let said = format!("{}渠道返回失败，第 {attempt} 次", shown(channel.name));
        t.throw(&fault, &said, attrs("payment_refused"));
        502
    } else {
        t.work(state.seconds * 450.0);
        t.tag("http.response.status_code", 200);
        200
    };
    t.close();
    status
}
