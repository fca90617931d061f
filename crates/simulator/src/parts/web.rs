//! The HTTP services, as OpenTelemetry's semantic conventions name them once in Prometheus.

use crate::incident::IncidentKind;
use crate::registry::{Builder, Flow, Scope};
use crate::world::{CHANNELS, World, ladder};

/// OpenTelemetry's advised limits for durations of HTTP requests, in seconds.
const LIMITS: &[f64] = &[
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];

struct Route {
    service: &'static str,
    method: &'static str,
    route: &'static str,
    /// Share of all requests, and the median in seconds.
    share: f64,
    median: f64,
}

const fn route(
    service: &'static str,
    method: &'static str,
    route: &'static str,
    share: f64,
    median: f64,
) -> Route {
    Route {
        service,
        method,
        route,
        share,
        median,
    }
}

const ROUTES: [Route; 12] = [
    route("menu-service", "GET", "/api/v1/menus", 0.21, 0.075),
    route("menu-service", "GET", "/api/v1/dishes/{id}", 0.17, 0.062),
    route("menu-service", "GET", "/api/v1/search", 0.09, 0.115),
    route("user-service", "POST", "/api/v1/login", 0.03, 0.12),
    route("user-service", "GET", "/api/v1/profile", 0.13, 0.055),
    route("order-service", "POST", "/api/v1/orders", 0.05, 0.145),
    route("order-service", "GET", "/api/v1/orders/{id}", 0.15, 0.07),
    route("order-service", "PUT", "/api/v1/cart", 0.08, 0.085),
    route("payment-service", "POST", "/api/v1/payments", 0.045, 0.16),
    route(
        "recommendation",
        "GET",
        "/api/v1/recommendations",
        0.025,
        0.19,
    ),
    route(
        "consultation",
        "POST",
        "/api/v1/consultations",
        0.005,
        0.125,
    ),
    route(
        "consultation",
        "GET",
        "/api/v1/consultations/{id}/messages",
        0.015,
        0.08,
    ),
];

pub(crate) fn build(b: &mut Builder) {
    for r in &ROUTES {
        let instance = format!("{}:8080", r.service);
        let mut s = b.scope(&[("job", r.service), ("instance", &instance)]);
        for status in ["200", "404", "500", "504"] {
            let labels = [
                ("http_request_method", r.method),
                ("http_route", r.route),
                ("http_response_status_code", status),
            ];
            s.histogram(
                "http_server_request_duration_seconds",
                "Duration of HTTP server requests.",
                &labels,
                LIMITS,
                move |w, k| flow(w, k, r, status),
            );
        }
        let active = [("http_request_method", r.method), ("http_route", r.route)];
        s.gauge(
            "http_server_active_requests",
            "Number of active HTTP server requests.",
            &active,
            move |w, k| {
                // Little's law for the work, and those who wait for news over a long poll
                let ok = flow(w, k, r, "200");
                (ok.rate * ok.mean() + w.online * 0.05 * r.share).round()
            },
        );
    }
    for service in [
        "menu-service",
        "user-service",
        "order-service",
        "payment-service",
        "recommendation",
        "consultation",
    ] {
        let instance = format!("{service}:8080");
        b.scope(&[("job", service), ("instance", &instance)]).gauge(
            "up",
            "1 if the target could be scraped, 0 if not.",
            &[],
            |_, _| 1.0,
        );
    }
    let mut payment = b
        .scope(&[
            ("job", "payment-service"),
            ("instance", "payment-service:8080"),
        ])
        .fractional();
    others(&mut payment);
    files(&mut b.scope(&[("job", "gateway"), ("instance", "gateway:3000")]));
}

/// What an incident does to one service: factor on its times, its share of failures and of timeouts.
fn hardship(w: &World, service: &str) -> (f64, f64, f64) {
    let (pay, crash, lag) = (
        w.level(IncidentKind::PaymentChannelFailing),
        w.level(IncidentKind::PodCrashLoop),
        w.level(IncidentKind::ReplicaLag),
    );
    match service {
        "payment-service" => (ladder(pay, 1.0, [1.9, 3.4, 6.0]), 0.012 * pay, 0.006 * pay),
        "recommendation" => (
            ladder(crash, 1.0, [1.7, 2.6, 4.5]),
            0.03 * crash,
            0.008 * crash,
        ),
        "user-service" => (1.0 + 0.25 * lag, 0.0, 0.0),
        _ => (1.0, 0.0, 0.0),
    }
}

fn flow(w: &World, key: u64, r: &Route, status: &str) -> Flow {
    let (slow, failing, late) = hardship(w, r.service);
    let failed = (w.failures + failing).min(0.6);
    let timeout = (0.00025 + w.failures * 0.12 + late).min(0.3);
    let refused = 0.0045;
    let share = match status {
        "404" => refused,
        "500" => failed,
        "504" => timeout,
        _ => 1.0 - refused - failed - timeout,
    };
    // the blocked event loop is in the gateway: its factor holds for all routes, the busy host's for those of the order service
    let median = r.median * w.slowness * slow;
    let (median, shape) = match status {
        "404" => (median * 0.4, 2.6),
        "500" => (median * 1.3, 2.0),
        "504" => (9.2, 14.0),
        _ => (median, 2.35),
    };
    Flow {
        rate: w.rps * r.share * share * w.wobble(key, 12.0, 0.05),
        median,
        shape,
    }
}

/// Calls to other companies' servers.
fn others(s: &mut Scope<'_>) {
    for (i, c) in CHANNELS.iter().enumerate() {
        for status in ["200", "504"] {
            let labels = [
                ("server_address", c.server),
                ("http_request_method", "POST"),
                ("http_response_status_code", status),
            ];
            s.histogram(
                "http_client_request_duration_seconds",
                "Duration of HTTP client requests.",
                &labels,
                LIMITS,
                move |w, _| {
                    let p = w.payments[i];
                    if status == "200" {
                        Flow {
                            rate: p.attempts * (1.0 - p.timeout),
                            median: p.seconds * 0.45,
                            shape: 2.6,
                        }
                    } else {
                        Flow {
                            rate: p.attempts * p.timeout,
                            median: 9.5,
                            shape: 14.0,
                        }
                    }
                },
            );
        }
    }
    s.histogram(
        "http_client_request_duration_seconds",
        "Duration of HTTP client requests.",
        &[
            ("server_address", "dysmsapi.aliyuncs.com"),
            ("http_request_method", "POST"),
            ("http_response_status_code", "200"),
        ],
        LIMITS,
        |w, k| Flow {
            rate: w.orders * 0.4 * w.wobble(k, 30.0, 0.1),
            median: 0.09,
            shape: 2.8,
        },
    );
}

fn files(s: &mut Scope<'_>) {
    for (direction, bytes) in [("upload", 26_000.0), ("download", 410_000.0)] {
        s.counter(
            "file_transfer_bytes_total",
            "Bytes of files (pictures, reports) transferred.",
            &[("direction", direction)],
            move |w, k| w.online * bytes / 60.0 * w.wobble(k, 20.0, 0.15),
        );
    }
}
