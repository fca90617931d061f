//! Orders and payments. No exporter knows these; the names are those of the platform's own specification.

use crate::incident::IncidentKind;
use crate::registry::{Builder, Flow, Scope};
use crate::world::{CHANNELS, World};

/// Stores with their share of the orders.
const STORES: [(&str, f64); 10] = [
    ("国贸店", 0.17),
    ("中关村店", 0.15),
    ("望京店", 0.13),
    ("西单店", 0.11),
    ("三里屯店", 0.10),
    ("五道口店", 0.09),
    ("亦庄店", 0.08),
    ("通州店", 0.07),
    ("金融街店", 0.06),
    ("首都机场店", 0.04),
];
/// Where an order is made, with its share and the mean amount in yuan.
const WAYS: [(&str, f64, f64); 3] = [
    ("wechat_miniprogram", 0.52, 43.0),
    ("app", 0.31, 52.0),
    ("dine_in", 0.17, 68.0),
];
const PAYMENT_LIMITS: &[f64] = &[0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0];

pub(crate) fn build(b: &mut Builder) {
    let mut s = b
        .scope(&[("job", "business"), ("instance", "business-metrics:9400")])
        .fractional();
    for (store, store_share) in STORES {
        for (way, share, amount) in WAYS {
            orders(
                &mut s,
                &[("store", store), ("channel", way)],
                store_share * share,
                amount,
            );
        }
    }
    payments(&mut s);
}

fn orders(s: &mut Scope<'_>, labels: &[(&str, &str)], share: f64, amount: f64) {
    let created = move |w: &World, k: u64| w.orders * share * w.wobble(k, 45.0, 0.12);
    let paid = move |w: &World, k: u64| created(w, k) * w.paid;
    s.counter("orders_created_total", "Orders created.", labels, created);
    s.counter("orders_paid_total", "Orders paid.", labels, paid);
    s.counter(
        "orders_delivered_total",
        "Orders delivered or served.",
        labels,
        move |w, k| paid(w, k) * (0.986 - 0.04 * w.level(IncidentKind::QueuePilingUp)),
    );
    s.counter(
        "orders_cancelled_total",
        "Orders cancelled by guest or restaurant.",
        labels,
        move |w, k| created(w, k) * (0.012 + 1.6 * (0.975 - w.paid).max(0.0)),
    );
    s.counter(
        "orders_refunded_total",
        "Orders refunded.",
        labels,
        move |w, k| paid(w, k) * 0.0075 * w.wobble(k + 1, 600.0, 0.3),
    );
    s.counter_of(
        "order_amount_yuan_total",
        "Amount of paid orders in yuan (total_order_amount).",
        labels,
        move |w, k| paid(w, k) * amount * w.wobble(k + 2, 240.0, 0.05),
    );
}

fn payments(s: &mut Scope<'_>) {
    for (i, channel) in CHANNELS.iter().enumerate() {
        let name = [("channel", channel.name)];
        for result in ["ok", "failed", "timeout"] {
            s.counter(
                "payment_attempts_total",
                "Payments attempted.",
                &[("channel", channel.name), ("result", result)],
                move |w, _| {
                    let p = w.payments[i];
                    p.attempts
                        * match result {
                            "ok" => p.ok(),
                            "failed" => p.failed,
                            _ => p.timeout,
                        }
                },
            );
        }
        let ok = move |w: &World| w.payments[i].attempts * w.payments[i].ok();
        s.counter_of(
            "payment_amount_yuan_total",
            "Amount paid in yuan.",
            &name,
            move |w, k| ok(w) * 49.0 * w.wobble(k, 240.0, 0.05),
        );
        s.histogram(
            "payment_processing_seconds",
            "From the attempt to its result (payment_processing_time).",
            &name,
            PAYMENT_LIMITS,
            move |w, _| Flow {
                rate: w.payments[i].attempts,
                median: w.payments[i].seconds,
                shape: 2.7,
            },
        );
    }
    let count = |i: usize| move |w: &World, _: u64| w.payments[i].attempts * w.payments[i].ok();
    s.counter(
        "alipay_transaction_count_total",
        "Transactions through Alipay.",
        &[],
        count(0),
    );
    s.counter(
        "wechat_transaction_count_total",
        "Transactions through WeChat Pay.",
        &[],
        count(1),
    );
    s.counter(
        "bank_card_transaction_count_total",
        "Transactions by bank card.",
        &[],
        count(2),
    );
}
