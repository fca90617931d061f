//! What the services count of themselves: 性能统计.

use super::{Habit, often, when};
use crate::incident::IncidentKind;
use crate::parts::{PODS, Pod};
use crate::stories::cast::{Language, language};
use crate::stories::dice::Dice;
use crate::stories::lines::{Source, line};
use crate::world::{World, ladder};
use model::log::{LogCategory, LogLevel, LogLine};
use serde_json::{Value, json};

pub(super) const HABITS: [Habit; 6] = [
    often(2.6, collected),
    often(2.0, pool),
    often(1.8, event_loop),
    often(2.4, routes),
    when(IncidentKind::HostCpu, 1.6, 0.0, long_pause),
    when(IncidentKind::PaymentChannelFailing, 2.2, 0.0, breaker),
];

fn said(pod: &Pod, level: LogLevel, message: String, attrs: Value) -> LogLine {
    line(
        Source::Performance,
        LogCategory::App,
        level,
        pod.owner,
        pod.name,
        message,
        attrs,
    )
}

fn of(made_of: Language, dice: &mut Dice) -> &'static Pod {
    let fits = |p: &&Pod| language(p.owner) == made_of;
    let count = PODS.iter().filter(fits).count().max(1);
    let nth = dice.range(0, count as i64) as usize;
    PODS.iter().filter(fits).nth(nth).unwrap_or(&PODS[0])
}

fn collected(_: &World, dice: &mut Dice) -> LogLine {
    let pod = of(Language::Java, dice);
    let (before, after) = (dice.range(500, 900), dice.range(180, 420));
    let ms = dice.around(14.0, 1.7);
    said(
        pod,
        LogLevel::Info,
        format!(
            "[gc] GC({}) Pause Young (Normal) (G1 Evacuation Pause) {before}M->{after}M(1024M) {ms:.3}ms",
            dice.range(100, 99_999)
        ),
        json!({"event": "gc", "duration_ms": (ms * 1000.0).round() / 1000.0, "heap_before_mb": before, "heap_after_mb": after}),
    )
}

fn long_pause(_: &World, dice: &mut Dice) -> LogLine {
    let pod = PODS
        .iter()
        .find(|p| p.suffers == Some(IncidentKind::HostCpu))
        .unwrap_or(&PODS[0]);
    let ms = dice.around(1400.0, 1.4);
    said(
        pod,
        LogLevel::Warn,
        format!(
            "[gc] GC({}) Pause Full (G1 Compaction Pause) 1019M->811M(1024M) {ms:.3}ms",
            dice.range(100, 99_999)
        ),
        json!({"event": "gc", "duration_ms": ms.round(), "heap_before_mb": 1019, "heap_after_mb": 811}),
    )
}

fn pool(w: &World, dice: &mut Dice) -> LogLine {
    let pod = of(Language::Java, dice);
    let hard = w.level(IncidentKind::DiskFilling) + w.level(IncidentKind::ReplicaLag);
    let active = ((2.0 + 12.0 * w.activity) * ladder(hard, 1.0, [1.3, 1.5, 1.6]))
        .min(20.0)
        .round();
    let waiting = ladder(hard, 0.0, [2.0, 9.0, 30.0]).round();
    let level = if waiting > 5.0 {
        LogLevel::Warn
    } else {
        LogLevel::Debug
    };
    said(
        pod,
        level,
        format!(
            "HikariPool-{} - Pool stats (total=20, active={active}, idle={}, waiting={waiting})",
            dice.range(1, 3),
            20.0 - active
        ),
        json!({"event": "pool", "active": active, "waiting": waiting}),
    )
}

fn event_loop(w: &World, dice: &mut Dice) -> LogLine {
    let pod = of(Language::Node, dice);
    let lag = dice.around(
        ladder(
            w.level(IncidentKind::EventLoopLag),
            4.0,
            [420.0, 1150.0, 2900.0],
        ),
        1.4,
    );
    let level = if lag > 100.0 && pod.owner == "gateway" {
        LogLevel::Warn
    } else {
        LogLevel::Info
    };
    let lag = if pod.owner == "gateway" {
        lag
    } else {
        lag.min(9.0)
    };
    let heap = dice.range(180, 420);
    said(
        pod,
        level,
        format!(
            "运行时统计：事件循环延迟 p99 {lag:.0} 毫秒，堆 {heap} MB，活跃句柄 {}",
            dice.range(60, 900)
        ),
        json!({"event": "runtime", "event_loop_lag_ms": lag.round(), "heap_mb": heap}),
    )
}

fn routes(w: &World, dice: &mut Dice) -> LogLine {
    let (service, route, median) = dice.pick(&[
        ("menu-service", "GET /api/v1/menus", 0.075),
        ("user-service", "POST /api/v1/login", 0.12),
        ("order-service", "POST /api/v1/orders", 0.145),
        ("payment-service", "POST /api/v1/payments", 0.16),
        ("recommendation", "GET /api/v1/recommendations", 0.19),
    ]);
    let pod = PODS.iter().find(|p| p.owner == service).unwrap_or(&PODS[0]);
    let p90 = (median * w.slowness * 2.4 * 1000.0 * (0.9 + 0.2 * dice.unit())).round();
    let count = (w.rps * 6.0 * (0.8 + 0.4 * dice.unit())).round();
    let errors = (count * w.failures).round();
    let level = if p90 > 2000.0 {
        LogLevel::Warn
    } else {
        LogLevel::Info
    };
    said(
        pod,
        level,
        format!("接口统计 {route}：1 分钟 {count} 次，错误 {errors} 次，P90 {p90} 毫秒"),
        json!({"event": "api_stats", "http": {"route": route}, "count": count, "errors": errors, "p90_ms": p90}),
    )
}

fn breaker(w: &World, dice: &mut Dice) -> LogLine {
    let pod = PODS
        .iter()
        .find(|p| p.owner == "payment-service")
        .unwrap_or(&PODS[0]);
    let rate = ((w.payments[0].failed + w.payments[0].timeout) * 1000.0).round() / 10.0;
    said(
        pod,
        LogLevel::Warn,
        format!(
            "支付宝渠道失败率 {rate}%，最近 {} 笔，熔断器状态 HALF_OPEN",
            dice.range(40, 300)
        ),
        json!({"event": "circuit_breaker", "payment_channel": "alipay", "failure_percent": rate, "state": "HALF_OPEN"}),
    )
}
