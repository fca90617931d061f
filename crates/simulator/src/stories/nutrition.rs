//! What follows an order: what to eat next, by AI, and for some a nutritionist.

use super::cast::{DISHES, TOPICS};
use super::lines::Source;
use super::services::{Call, Sql, call, compute, mistake, redis, sql};
use super::tape::{Tape, tag};
use crate::incident::IncidentKind;
use model::log::LogLevel;
use serde_json::json;

const CONSULT: Sql = Sql {
    database: "restaurant",
    operation: "INSERT",
    table: "consultations",
    text: "INSERT INTO consultations (user_id, nutritionist_id, topic, order_id) VALUES ($1, $2, $3, $4) RETURNING id",
    ms: 6.0,
    replica: false,
};

/// What the gateway asks for after an order: what to eat next, and for some a nutritionist.
pub(super) fn afterwards(t: &mut Tape<'_>, order_id: &str) {
    let ask = Call {
        service: "recommendation",
        method: "GET",
        route: "/api/v1/recommendations",
        path: format!("/api/v1/recommendations?after={}", order_id),
    };
    let status = call(t, &ask, |t| recommend(t, "after_order"));
    if status < 300 && t.dice.chance(0.25) {
        consult(t, order_id);
    }
}

/// The recommendation service's part.
pub(super) fn recommend(t: &mut Tape<'_>, scene: &'static str) -> u16 {
    compute(t, 3.0);
    let user_id = t.guest.user_id();
    let hard = t.world.level(IncidentKind::PodCrashLoop);
    redis(t, "HGETALL", &format!("features:{user_id}"), 0.93);
    let large = t.dice.chance(0.18);
    let model = if large {
        "nutrition-llm-v1"
    } else {
        "dish-ranker-v3"
    };
    let candidates = t.dice.range(60, 240);
    t.within("recall candidates", |t| {
        t.tag("app.candidates", candidates);
        compute(t, 3.0);
    });
    let begun = t.now;
    t.within("score candidates", |t| {
        t.tag("gen_ai.request.model", model);
        t.tag("app.batch_size", candidates);
        compute(t, if large { 45.0 } else { 11.0 });
    });
    let ms = ((t.now - begun) as f64 / 1e6).round();
    if t.dice.chance(0.003 + 0.05 * hard) {
        return mistake(
            t,
            "推荐打分失败，模型内存不足",
            json!({"event": "recommendation_failed", "model": model, "user_id": user_id}),
        );
    }
    let dish = t.dice.pick(&DISHES);
    t.say(
        LogLevel::Info,
        Source::Performance,
        format!("推荐完成 user={user_id} 模型={model} 候选={candidates} 首选「{}」耗时={ms} 毫秒", dish.name),
        json!({"event": "recommendation", "user_id": user_id, "model": model, "scene": scene, "duration_ms": ms, "candidates": candidates, "dish_id": dish.id}),
    );
    200
}

fn consult(t: &mut Tape<'_>, order_id: &str) {
    let topic = t.dice.pick(&TOPICS);
    let ask = Call {
        service: "consultation",
        method: "POST",
        route: "/api/v1/consultations",
        path: "/api/v1/consultations".into(),
    };
    call(t, &ask, |t| {
        compute(t, 4.0);
        if let Err(fault) = sql(t, &CONSULT) {
            t.throw(&fault, "咨询创建失败", json!({"order_id": order_id}));
            return 500;
        }
        let expert = t.dice.range(1, 29);
        let user_id = t.guest.user_id();
        t.event(
            "nutritionist.assigned",
            vec![tag("app.nutritionist.id", expert)],
        );
        t.say(
            LogLevel::Info,
            Source::Business,
            format!("用户 {user_id} 发起「{topic}」咨询，分配营养师 N{expert:03}，关联订单 {}", order_id),
            json!({"event": "consultation_created", "user_id": user_id, "topic": topic, "nutritionist": format!("N{expert:03}"), "order_id": order_id}),
        );
        201
    });
}
