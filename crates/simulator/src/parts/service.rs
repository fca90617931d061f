//! Nutrition: recommendations by AI and consultations. Names are those of the platform's own specification.

use crate::incident::IncidentKind;
use crate::registry::{Builder, Flow, Scope};
use crate::world::{World, ladder};

const RECOMMENDATION_LIMITS: &[f64] = &[0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
const RESPONSE_LIMITS: &[f64] = &[10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0];
const MODELS: [(&str, f64, f64); 2] = [
    ("dish-ranker-v3", 0.82, 0.21),
    ("nutrition-llm-v1", 0.18, 0.64),
];

pub(crate) fn build(b: &mut Builder) {
    let mut s = b
        .scope(&[("job", "business"), ("instance", "business-metrics:9400")])
        .fractional();
    recommendation(&mut s);
    consultation(&mut s);
}

fn recommendation(s: &mut Scope<'_>) {
    let crash = |w: &World| w.level(IncidentKind::PodCrashLoop);
    for (model, share, median) in MODELS {
        let labels = [("model", model)];
        let requests = move |w: &World| w.online * 0.0058 * share;
        for result in ["ok", "error"] {
            s.counter(
                "recommendation_requests_total",
                "Recommendations asked for.",
                &[("model", model), ("result", result)],
                move |w, k| {
                    let error = ladder(
                        crash(w),
                        0.004 * w.wobble(k, 90.0, 0.4),
                        [0.028, 0.066, 0.16],
                    );
                    requests(w) * if result == "ok" { 1.0 - error } else { error }
                },
            );
        }
        s.histogram(
            "recommendation_duration_seconds",
            "Time to a recommendation (recommendation_response_time).",
            &labels,
            RECOMMENDATION_LIMITS,
            move |w, k| Flow {
                rate: requests(w),
                median: median
                    * (1.0 + 0.2 * w.activity)
                    * ladder(crash(w), 1.0, [1.8, 2.9, 5.0])
                    * w.wobble(k, 60.0, 0.06),
                shape: 2.6,
            },
        );
        s.counter(
            "recommendation_shown_total",
            "Recommendations shown.",
            &labels,
            move |w, _| requests(w) * 0.98,
        );
        s.counter(
            "recommendation_clicks_total",
            "Recommendations clicked.",
            &labels,
            move |w, k| requests(w) * 0.98 * (0.27 + 0.03 * w.noise(k, 300.0) - 0.02 * crash(w)),
        );
        s.counter(
            "recommendation_adopted_total",
            "Recommendations that became an order.",
            &labels,
            move |w, k| requests(w) * 0.98 * 0.095 * w.wobble(k, 300.0, 0.15),
        );
        s.gauge(
            "recommendation_accuracy",
            "Share of recommendations that fit the user's goals (offline evaluation).",
            &labels,
            move |w, k| 0.884 + 0.008 * w.noise(k, 21_600.0) - if share < 0.5 { 0.02 } else { 0.0 },
        );
        s.gauge(
            "recommendation_diversity",
            "Intra-list diversity, 0 to 1.",
            &labels,
            |w, k| 0.63 + 0.03 * w.noise(k, 7200.0),
        );
    }
    s.gauge(
        "user_satisfaction_score",
        "Mean score that users give recommendations, 1 to 5.",
        &[],
        move |w, k| 4.52 + 0.08 * w.noise(k, 1800.0) - 0.06 * crash(w),
    );
}

/// Consultations asked for in a second: in office hours and in the evening.
fn asked(w: &World, k: u64) -> f64 {
    (0.0012 + 0.031 * w.activity.sqrt() * w.activity.min(1.0)) * w.wobble(k, 120.0, 0.25)
}

fn consultation(s: &mut Scope<'_>) {
    for (topic, share) in [
        ("减脂", 0.38),
        ("慢病饮食", 0.24),
        ("孕期营养", 0.14),
        ("运动增肌", 0.17),
        ("儿童营养", 0.07),
    ] {
        let labels = [("topic", topic)];
        s.counter(
            "consultation_requests_total",
            "Consultations asked for.",
            &labels,
            move |w, k| asked(w, k) * share,
        );
        s.counter(
            "consultation_completed_total",
            "Consultations completed.",
            &labels,
            move |w, k| asked(w, k) * share * 0.955,
        );
    }
    let online = |w: &World| (6.0 + 22.0 * w.activity.min(1.0).sqrt()).round();
    // a consultation occupies a nutritionist for about nine minutes
    let busy = move |w: &World| (asked(w, 7) * 540.0 / online(w)).min(1.0);
    s.gauge(
        "nutritionists_online",
        "Nutritionists on duty.",
        &[],
        move |w, _| online(w),
    );
    s.gauge(
        "nutritionist_utilization",
        "Share of nutritionists in a consultation.",
        &[],
        move |w, k| (0.08 + busy(w) * 0.95 + 0.03 * w.noise(k, 120.0)).clamp(0.0, 1.0),
    );
    s.gauge(
        "consultation_waiting",
        "Users who wait for a nutritionist.",
        &[],
        move |w, k| (busy(w) * busy(w) * 6.0 * (1.0 + w.noise(k, 60.0))).round(),
    );
    s.histogram(
        "consultation_first_response_seconds",
        "Wait for the first answer (consultation_response_time).",
        &[],
        RESPONSE_LIMITS,
        move |w, k| Flow {
            rate: asked(w, k),
            median: 24.0 + 34.0 * busy(w),
            shape: 2.4,
        },
    );
    s.gauge(
        "consultation_rating",
        "Mean rating of consultations, 1 to 5.",
        &[],
        |w, k| 4.71 + 0.05 * w.noise(k, 3600.0),
    );
    s.gauge(
        "customer_satisfaction",
        "Share of satisfied customers.",
        &[],
        |w, k| {
            0.948 + 0.012 * w.noise(k, 3600.0) - 0.01 * w.level(IncidentKind::PaymentChannelFailing)
        },
    );
    s.gauge(
        "repeat_consultation_rate",
        "Share of consultations by users who had one before.",
        &[],
        |w, k| 0.37 + 0.02 * w.noise(k, 21_600.0),
    );
}
