//! What users do. No exporter knows these; the names are those of the platform's own specification.

use crate::registry::{Builder, Flow, Scope};
use crate::rhythm;
use crate::world::World;

const PLATFORMS: [(&str, f64); 4] = [
    ("wechat_miniprogram", 0.55),
    ("ios", 0.19),
    ("android", 0.20),
    ("web", 0.06),
];
const SESSION_LIMITS: &[f64] = &[10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0];

pub(crate) fn build(b: &mut Builder) {
    let mut s = b.scope(&[("job", "business"), ("instance", "business-metrics:9400")]);
    active(&mut s);
    behaviour(&mut s);
    s.gauge(
        "up",
        "1 if the target could be scraped, 0 if not.",
        &[],
        |_, _| 1.0,
    );
}

/// Users of the day so far: most of them have come by the evening.
fn today(w: &World) -> f64 {
    let d = rhythm::day_share(w.t_ms);
    let weekend = if rhythm::is_weekend(w.t_ms) {
        1.12
    } else {
        1.0
    };
    38_000.0 * weekend * (d * d * (3.0 - 2.0 * d))
}

fn active(s: &mut Scope<'_>) {
    for (platform, share) in PLATFORMS {
        let labels = [("platform", platform)];
        s.gauge("online_users", "Users online.", &labels, move |w, k| {
            (w.online * share * w.wobble(k, 20.0, 0.02)).round()
        });
        s.gauge(
            "active_sessions",
            "Sessions with an action in the last 30 minutes.",
            &labels,
            move |w, k| (w.online * 1.28 * share * w.wobble(k, 30.0, 0.02)).round(),
        );
        s.counter(
            "new_registrations_total",
            "Users registered.",
            &labels,
            move |w, k| (0.004 + 0.11 * w.activity) * share * w.wobble(k, 90.0, 0.5),
        );
    }
    for (action, rate) in [
        ("browse", 0.062),
        ("search", 0.012),
        ("add_to_cart", 0.009),
        ("order", 0.0011),
        ("share", 0.002),
        ("favorite", 0.003),
    ] {
        s.counter(
            "user_actions_total",
            "Actions of users; a minute's rate is user_actions_per_minute.",
            &[("action", action)],
            move |w, k| w.online * rate * w.wobble(k, 25.0, 0.08),
        );
    }
    s.gauge(
        "daily_active_users",
        "Users seen since midnight.",
        &[],
        |w, _| today(w).round(),
    );
    s.gauge(
        "weekly_active_users",
        "Users seen in the last 7 days.",
        &[],
        |w, k| (131_000.0 + 0.06 * today(w) + 900.0 * w.noise(k, 86_400.0)).round(),
    );
    s.gauge(
        "monthly_active_users",
        "Users seen in the last 30 days.",
        &[],
        |w, k| (318_000.0 + 0.02 * today(w) + 1500.0 * w.noise(k, 172_800.0)).round(),
    );
    for (day, rate) in [("1", 0.43), ("7", 0.27), ("30", 0.16)] {
        s.gauge(
            "user_retention_rate",
            "Share of new users who come back after so many days.",
            &[("day", day)],
            move |w, k| rate + 0.01 * w.noise(k, 86_400.0),
        );
    }
    s.gauge(
        "merchants_online",
        "Restaurants that take orders now.",
        &[],
        |w, _| (4.0 + 6.0 * w.activity.min(1.0).sqrt()).round().min(10.0),
    );
}

fn behaviour(s: &mut Scope<'_>) {
    for (page, share) in [
        ("home", 0.31),
        ("menu", 0.27),
        ("dish", 0.19),
        ("cart", 0.08),
        ("order", 0.09),
        ("consultation", 0.02),
        ("profile", 0.04),
    ] {
        let labels = [("page", page)];
        let views = move |w: &World, k: u64| w.online * 0.055 * share * w.wobble(k, 20.0, 0.08);
        s.counter("page_views_total", "Pages viewed.", &labels, views);
        s.counter(
            "unique_page_views_total",
            "Pages viewed, each once a session.",
            &labels,
            move |w, k| views(w, k) * 0.58,
        );
    }
    for (feature, share) in [
        ("ai_recommendation", 0.34),
        ("nutrition_report", 0.12),
        ("coupon", 0.25),
        ("group_order", 0.08),
        ("reservation", 0.21),
    ] {
        s.counter(
            "feature_usage_count_total",
            "Uses of a feature.",
            &[("feature", feature)],
            move |w, k| w.online * 0.011 * share * w.wobble(k, 40.0, 0.1),
        );
    }
    s.counter("search_queries_total", "Searches.", &[], |w, k| {
        w.online * 0.012 * w.wobble(k, 25.0, 0.08)
    });
    s.gauge(
        "bounce_rate",
        "Share of sessions with one page only.",
        &[],
        |w, k| 0.31 + 0.03 * w.noise(k, 600.0),
    );
    s.gauge(
        "click_through_rate",
        "Share of shown entries that are clicked.",
        &[],
        |w, k| 0.118 + 0.012 * w.noise(k, 480.0),
    );
    s.gauge(
        "conversion_rate",
        "Share of sessions that end with a paid order.",
        &[],
        |w, k| (0.086 + 0.02 * w.activity + 0.004 * w.noise(k, 300.0)) * w.paid,
    );
    s.histogram(
        "session_duration_seconds",
        "How long sessions last.",
        &[],
        SESSION_LIMITS,
        |w, _| Flow {
            rate: w.online / 420.0,
            median: 190.0,
            shape: 2.0,
        },
    );
}
