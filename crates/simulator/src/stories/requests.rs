//! What guests ask for, but ordering.

use super::cast::{DISHES, SEARCHES, STORES};
use super::checkout;
use super::edge::{Ask, request};
use super::faults;
use super::lines::Source;
use super::nutrition;
use super::services::{Call, Sql, call, compute, mistake, redis, sql, unlucky};
use super::tape::Tape;
use model::log::LogLevel;
use serde_json::json;

/// A kind of request and its share.
struct Kind {
    share: f64,
    play: fn(&mut Tape<'_>),
}

const KINDS: [Kind; 10] = [
    kind(0.20, menus),
    kind(0.16, dish),
    kind(0.09, search),
    kind(0.06, login),
    kind(0.12, profile),
    kind(0.12, checkout::order),
    kind(0.12, order_view),
    kind(0.08, cart),
    kind(0.03, recommendations),
    kind(0.02, chat),
];

const fn kind(share: f64, play: fn(&mut Tape<'_>)) -> Kind {
    Kind { share, play }
}

/// One request, chosen by chance.
pub(super) fn play(t: &mut Tape<'_>) {
    let kind = t.dice.weighted(&KINDS, |k| k.share);
    (kind.play)(t);
}

fn get(
    service: &'static str,
    route: &'static str,
    path: String,
    event: &'static str,
) -> (Ask, Call) {
    let ask = Ask {
        method: "GET",
        route,
        path: path.clone(),
        event,
    };
    let call = Call {
        service,
        method: "GET",
        route,
        path,
    };
    (ask, call)
}

fn menus(t: &mut Tape<'_>) {
    let page = t.dice.range(1, 9);
    let store = t.dice.pick(&STORES);
    let path = format!("/api/v1/menus?page={page}");
    let (ask, to) = get("menu-service", "/api/v1/menus", path, "browse_menu");
    request(t, &ask, |t| {
        call(t, &to, |t| {
            compute(t, 3.0);
            if redis(t, "HGETALL", &format!("menu:page:{page}"), 0.88) {
                return 200;
            }
            if let Err(fault) = sql(t, &MENU) {
                t.throw(&fault, "菜单读取失败", json!({"event": "browse_menu"}));
                return 500;
            }
            redis(t, "HSET", &format!("menu:page:{page}"), 1.0);
            let user_id = t.guest.user_id();
            t.say(
                LogLevel::Info,
                Source::Business,
                format!("用户 {user_id} 浏览{store}菜单第 {page} 页，缓存未命中，已回源"),
                json!({"event": "browse_menu", "user_id": user_id, "store": store, "cache_hit": false}),
            );
            200
        })
    });
}

const MENU: Sql = Sql {
    database: "restaurant",
    operation: "SELECT",
    table: "menus",
    text: "SELECT id, name, price, calories FROM menus WHERE store_id = $1 AND on_sale ORDER BY rank LIMIT 20 OFFSET $2",
    ms: 9.0,
    replica: true,
};
const DISH: Sql = Sql {
    database: "restaurant",
    operation: "SELECT",
    table: "dishes",
    text: "SELECT d.*, n.* FROM dishes d JOIN nutrition n ON n.dish_id = d.id WHERE d.id = $1",
    ms: 4.0,
    replica: true,
};
const SEARCH: Sql = Sql {
    database: "restaurant",
    operation: "SELECT",
    table: "dishes",
    text: "SELECT id, name, ts_rank(doc, q) FROM dishes, to_tsquery($1) q WHERE doc @@ q ORDER BY 3 DESC LIMIT 30",
    ms: 24.0,
    replica: true,
};
const USER: Sql = Sql {
    database: "restaurant",
    operation: "SELECT",
    table: "users",
    text: "SELECT id, password_hash, locked_until FROM users WHERE phone_hash = $1",
    ms: 5.0,
    replica: true,
};
const PROFILE: Sql = Sql {
    database: "restaurant",
    operation: "SELECT",
    table: "health_profiles",
    text: "SELECT height_cm, weight_kg, goals, allergies FROM health_profiles WHERE user_id = $1",
    ms: 6.0,
    replica: true,
};
const ORDER: Sql = Sql {
    database: "restaurant",
    operation: "SELECT",
    table: "orders",
    text: "SELECT o.*, i.* FROM orders o JOIN order_items i ON i.order_id = o.id WHERE o.id = $1",
    ms: 7.0,
    replica: true,
};
const MESSAGES: Sql = Sql {
    database: "restaurant",
    operation: "SELECT",
    table: "consultation_messages",
    text: "SELECT id, author, body, created_at FROM consultation_messages WHERE consultation_id = $1 AND id > $2 ORDER BY id LIMIT 50",
    ms: 6.0,
    replica: true,
};

fn dish(t: &mut Tape<'_>) {
    let dish = t.dice.pick(&DISHES);
    // now and then somebody follows an old link
    let gone = t.dice.chance(0.02);
    let id = if gone { dish.id + 7000 } else { dish.id };
    let path = format!("/api/v1/dishes/{id}");
    let (ask, to) = get("menu-service", "/api/v1/dishes/{id}", path, "view_dish");
    request(t, &ask, |t| {
        call(t, &to, |t| {
            compute(t, 2.4);
            let user_id = t.guest.user_id();
            if gone {
                t.say(
                    LogLevel::Warn,
                    Source::Business,
                    format!("菜品 {id} 不存在或已下架，用户 {user_id}"),
                    json!({"event": "dish_missing", "dish_id": id, "user_id": user_id}),
                );
                return 404;
            }
            if !redis(t, "GET", &format!("dish:{id}"), 0.92)
                && let Err(fault) = sql(t, &DISH)
            {
                t.throw(&fault, "菜品读取失败", json!({"dish_id": id}));
                return 500;
            }
            if unlucky(t, 0.0008) {
                return mistake(t, "菜品详情组装失败", json!({"dish_id": id}));
            }
            if t.dice.chance(0.35) {
                t.say(
                    LogLevel::Info,
                    Source::Business,
                    format!("用户 {user_id} 查看菜品「{}」（{} 千卡）", dish.name, dish.kcal),
                    json!({"event": "view_dish", "user_id": user_id, "dish_id": id, "dish": dish.name}),
                );
            }
            200
        })
    });
}

fn search(t: &mut Tape<'_>) {
    let word = t.dice.pick(&SEARCHES);
    let path = format!("/api/v1/search?q={word}");
    let (ask, to) = get("menu-service", "/api/v1/search", path, "search");
    request(t, &ask, |t| {
        call(t, &to, |t| {
            compute(t, 5.0);
            if let Err(fault) = sql(t, &SEARCH) {
                t.throw(
                    &fault,
                    "搜索失败",
                    json!({"event": "search", "query": word}),
                );
                return 500;
            }
            let hits = t.dice.range(0, 30);
            let user_id = t.guest.user_id();
            t.say(
                LogLevel::Info,
                Source::Business,
                format!("用户 {user_id} 搜索「{word}」，命中 {hits} 个菜品"),
                json!({"event": "search", "user_id": user_id, "query": word, "hits": hits}),
            );
            200
        })
    });
}

fn login(t: &mut Tape<'_>) {
    let ask = Ask {
        method: "POST",
        route: "/api/v1/login",
        path: "/api/v1/login".into(),
        event: "login",
    };
    let to = Call {
        service: "user-service",
        method: "POST",
        route: "/api/v1/login",
        path: "/api/v1/login".into(),
    };
    request(t, &ask, |t| {
        call(t, &to, |t| {
            compute(t, 2.0);
            if let Err(fault) = sql(t, &USER) {
                t.throw(&fault, "登录失败：账户库不可用", json!({"event": "login"}));
                return 500;
            }
            t.within("verify password", |t| compute(t, 11.0));
            signed_in(t)
        })
    });
}

fn signed_in(t: &mut Tape<'_>) -> u16 {
    let guest = t.guest;
    let (user_id, ip, phone) = (guest.user_id(), guest.ip(), guest.phone());
    if t.dice.chance(0.07) {
        let tries = t.dice.range(1, 5);
        t.say(
            LogLevel::Warn,
            Source::Audit,
            format!("登录失败：用户 {user_id}（{phone}）密码错误，第 {tries} 次，来源 {ip}"),
            json!({"event": "login_failed", "user_id": user_id, "client_ip": ip, "result": "failure", "attempts": tries, "channel": guest.way_name()}),
        );
        return 401;
    }
    redis(t, "SETEX", &format!("session:{user_id}"), 1.0);
    t.say(
        LogLevel::Info,
        Source::Audit,
        format!("用户 {user_id}（{phone}）登录成功，来源 {ip}，终端 {}", guest.way_name()),
        json!({"event": "login", "user_id": user_id, "client_ip": ip, "result": "success", "channel": guest.way_name()}),
    );
    200
}

fn profile(t: &mut Tape<'_>) {
    let (ask, to) = get(
        "user-service",
        "/api/v1/profile",
        "/api/v1/profile".into(),
        "view_profile",
    );
    request(t, &ask, |t| {
        call(t, &to, |t| {
            compute(t, 2.0);
            let key = format!("profile:{}", t.guest.user_id());
            if !redis(t, "GET", &key, 0.7)
                && let Err(fault) = sql(t, &PROFILE)
            {
                t.throw(&fault, "健康档案读取失败", json!({"event": "view_profile"}));
                return 500;
            }
            if t.dice.chance(0.08) {
                let user_id = t.guest.user_id();
                t.say(
                    LogLevel::Info,
                    Source::Audit,
                    format!("敏感数据访问：用户 {user_id} 读取本人健康档案，字段 4 个，已脱敏"),
                    json!({"event": "sensitive_read", "user_id": user_id, "resource": "health_profile", "result": "success"}),
                );
            }
            200
        })
    });
}

fn order_view(t: &mut Tape<'_>) {
    let order = checkout::order_number(t);
    let path = format!("/api/v1/orders/{order}");
    let (ask, to) = get("order-service", "/api/v1/orders/{id}", path, "view_order");
    request(t, &ask, |t| {
        call(t, &to, |t| {
            compute(t, 3.0);
            if !redis(t, "GET", &format!("order:{order}"), 0.55)
                && let Err(fault) = sql(t, &ORDER)
            {
                t.throw(&fault, "订单读取失败", json!({"order_id": order}));
                return 500;
            }
            200
        })
    });
}

fn cart(t: &mut Tape<'_>) {
    let dish = t.dice.pick(&DISHES);
    let ask = Ask {
        method: "PUT",
        route: "/api/v1/cart",
        path: "/api/v1/cart".into(),
        event: "cart",
    };
    let to = Call {
        service: "order-service",
        method: "PUT",
        route: "/api/v1/cart",
        path: "/api/v1/cart".into(),
    };
    request(t, &ask, |t| {
        call(t, &to, |t| {
            compute(t, 4.0);
            let count = t.dice.range(1, 4);
            let user_id = t.guest.user_id();
            redis(t, "HINCRBY", &format!("cart:{user_id}"), 1.0);
            t.say(
                LogLevel::Info,
                Source::Business,
                format!("用户 {user_id} 将「{}」×{count} 加入购物车", dish.name),
                json!({"event": "add_to_cart", "user_id": user_id, "dish_id": dish.id, "quantity": count, "channel": t.guest.way_name()}),
            );
            200
        })
    });
}

fn recommendations(t: &mut Tape<'_>) {
    let path = "/api/v1/recommendations".to_owned();
    let (ask, to) = get(
        "recommendation",
        "/api/v1/recommendations",
        path,
        "recommendation",
    );
    request(t, &ask, |t| {
        call(t, &to, |t| nutrition::recommend(t, "daily"))
    });
}

fn chat(t: &mut Tape<'_>) {
    let id = t.dice.range(20_000, 29_999);
    let path = format!("/api/v1/consultations/{id}/messages");
    let (ask, to) = get(
        "consultation",
        "/api/v1/consultations/{id}/messages",
        path,
        "consultation",
    );
    request(t, &ask, |t| {
        call(t, &to, |t| {
            compute(t, 3.0);
            if let Err(fault) = sql(t, &MESSAGES) {
                t.throw(&fault, "咨询消息读取失败", json!({"consultation_id": id}));
                return 500;
            }
            if unlucky(t, 0.002) {
                let fault = faults::hang_up();
                t.throw(&fault, "咨询长连接中断", json!({"consultation_id": id}));
                return 500;
            }
            200
        })
    });
}
