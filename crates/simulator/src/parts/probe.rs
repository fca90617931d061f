//! Probes from outside, as the blackbox exporter shows them, and the monitoring's own health.

use crate::registry::{Builder, Scope};

/// What is probed, with its share of the platform's slowness and the days that its certificate is still good.
const SITES: [(&str, f64, f64); 4] = [
    ("https://order.restaurant.example/health", 1.0, 61.0),
    ("https://api.restaurant.example/health", 1.0, 61.0),
    ("https://pay.restaurant.example/callback/health", 0.6, 124.0),
    ("https://admin.restaurant.example/", 0.3, 203.0),
];

pub(crate) fn build(b: &mut Builder, booted_s: f64) {
    for (url, part, days) in SITES {
        site(
            &mut b.scope(&[("job", "blackbox"), ("instance", url)]),
            part,
            booted_s + days * 86_400.0,
        );
    }
    let mut s = b.scope(&[("job", "blackbox-icmp"), ("instance", "223.5.5.5")]);
    s.fact(
        "probe_success",
        "Displays whether or not the probe was a success",
        &[],
        1.0,
    );
    for (phase, share) in [("resolve", 0.05), ("setup", 0.1), ("rtt", 0.85)] {
        s.gauge(
            "probe_icmp_duration_seconds",
            "Duration of icmp request by phase",
            &[("phase", phase)],
            move |w, k| 0.0072 * share * w.wobble(k, 20.0, 0.15),
        );
    }
    s.gauge(
        "probe_duration_seconds",
        "Returns how long the probe took to complete in seconds",
        &[],
        |w, k| 0.0074 * w.wobble(k, 20.0, 0.15),
    );
}

fn site(s: &mut Scope<'_>, part: f64, expires_s: f64) {
    s.fact(
        "probe_success",
        "Displays whether or not the probe was a success",
        &[],
        1.0,
    );
    s.fact(
        "probe_http_status_code",
        "Response HTTP status code",
        &[],
        200.0,
    );
    s.fact(
        "probe_http_ssl",
        "Indicates if SSL was used for the final redirect",
        &[],
        1.0,
    );
    s.fact(
        "probe_ssl_earliest_cert_expiry",
        "Returns last SSL chain expiry in unixtime",
        &[],
        expires_s,
    );
    s.gauge(
        "probe_dns_lookup_time_seconds",
        "Returns the time taken for probe dns lookup in seconds",
        &[],
        |w, k| 0.004 * w.wobble(k, 30.0, 0.4),
    );
    for (phase, seconds) in [
        ("resolve", 0.004),
        ("connect", 0.009),
        ("tls", 0.021),
        ("processing", 0.035),
        ("transfer", 0.006),
    ] {
        s.gauge(
            "probe_http_duration_seconds",
            "Duration of http request by phase, summed over all redirects",
            &[("phase", phase)],
            move |w, k| {
                let slow = if phase == "processing" {
                    1.0 + (w.slowness - 1.0) * part
                } else {
                    1.0
                };
                seconds * slow * w.wobble(k, 20.0, 0.12)
            },
        );
    }
    s.gauge(
        "probe_duration_seconds",
        "Returns how long the probe took to complete in seconds",
        &[],
        move |w, k| (0.04 + 0.035 * (1.0 + (w.slowness - 1.0) * part)) * w.wobble(k, 20.0, 0.06),
    );
}
