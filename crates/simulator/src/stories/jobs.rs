//! What runs by itself at fixed times: 后台任务. Independent of how many guests there are.

use super::cast;
use super::dice::Dice;
use super::lines::Source;
use super::services::{Call, Sql, call, compute, redis, sql};
use super::tape::Tape;
use crate::noise;
use crate::world::World;
use model::log::LogLevel;
use model::trace::SpanKind;
use serde_json::json;

struct Job {
    name: &'static str,
    /// What people call it.
    title: &'static str,
    service: &'static str,
    every_s: i64,
    /// Seconds after the full period.
    at_s: i64,
    /// Pieces of work.
    steps: i64,
    statement: Sql,
}

const JOBS: [Job; 4] = [
    Job {
        name: "cancel-unpaid-orders",
        title: "超时未支付订单取消",
        service: "order-service",
        every_s: 60,
        at_s: 5,
        steps: 3,
        statement: Sql {
            database: "restaurant",
            operation: "UPDATE",
            table: "orders",
            text: "UPDATE orders SET state = 'cancelled' WHERE state = 'created' AND created_at < now() - interval '15 min' RETURNING id",
            ms: 38.0,
            replica: false,
        },
    },
    Job {
        name: "reconcile-payments",
        title: "支付对账",
        service: "payment-service",
        every_s: 300,
        at_s: 20,
        steps: 6,
        statement: Sql {
            database: "payment",
            operation: "SELECT",
            table: "transactions",
            text: "SELECT id, order_id, channel, amount FROM transactions WHERE state = 'pending' AND created_at < now() - interval '5 min'",
            ms: 60.0,
            replica: true,
        },
    },
    Job {
        name: "warm-menu-cache",
        title: "菜单缓存预热",
        service: "menu-service",
        every_s: 120,
        at_s: 40,
        steps: 9,
        statement: Sql {
            database: "restaurant",
            operation: "SELECT",
            table: "menus",
            text: "SELECT store_id, json_agg(m) FROM menus m WHERE on_sale GROUP BY store_id",
            ms: 45.0,
            replica: true,
        },
    },
    Job {
        name: "refresh-user-features",
        title: "用户特征刷新",
        service: "recommendation",
        every_s: 180,
        at_s: 90,
        steps: 12,
        statement: Sql {
            database: "analytics",
            operation: "SELECT",
            table: "user_actions",
            text: "SELECT user_id, dish_id, count(*) FROM user_actions WHERE at > now() - interval '1 hour' GROUP BY 1, 2",
            ms: 120.0,
            replica: true,
        },
    },
];

/// The jobs that begin from `from_ns` up to, without, `to_ns`.
pub(super) fn due<'w>(world: &'w World, seed: u64, from_ns: i64, to_ns: i64) -> Vec<Tape<'w>> {
    let mut tapes = Vec::new();
    for job in &JOBS {
        let every = job.every_s * 1_000_000_000;
        let shift = job.at_s * 1_000_000_000;
        let round = (to_ns - 1 - shift).div_euclid(every);
        let at_ns = round * every + shift;
        if at_ns >= from_ns {
            let key = noise::key(&["job", job.name]);
            let mut t = Tape::new(world, seed, key, round as u64, at_ns);
            run(&mut t, job);
            tapes.push(t);
        }
    }
    tapes
}

fn run(t: &mut Tape<'_>, job: &Job) {
    let begun = t.now;
    let pod = cast::pod(job.service, &mut t.dice);
    t.open(pod, job.name, SpanKind::Internal);
    t.tag("app.job.name", job.name);
    let done = sql(t, &job.statement);
    if let Err(fault) = done {
        let said = format!("定时任务「{}」失败", job.title);
        t.throw(
            &fault,
            &said,
            json!({"event": "job_failed", "job": job.name}),
        );
        return;
    }
    for step in 0..job.steps {
        t.within(&format!("step {}", step + 1), |t| {
            compute(t, 6.0);
            redis(t, "SET", &format!("{}:{step}", job.name), 1.0);
        });
    }
    if job.name == "warm-menu-cache" {
        let ask = Call {
            service: "recommendation",
            method: "POST",
            route: "/internal/dishes/changed",
            path: "/internal/dishes/changed".into(),
        };
        call(t, &ask, |t| {
            compute(t, 8.0);
            204
        });
    }
    let ms = ((t.now - begun) as f64 / 1e6).round();
    let rows = Dice::new(t.dice.next(), 1, 1).range(0, 240);
    t.say(
        LogLevel::Info,
        Source::Performance,
        format!(
            "定时任务「{}」完成，处理 {rows} 条，耗时 {ms} 毫秒",
            job.title
        ),
        json!({"event": "job_done", "job": job.name, "rows": rows, "duration_ms": ms}),
    );
}
