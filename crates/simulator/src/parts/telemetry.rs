//! What watches the platform: lines that services write (Micrometer's logback counters), the shippers of lines (beat-exporter, the
//! Prometheus plugin of fluentd), and the collector of traces (its own metrics, its span metrics, its graph of services).

use crate::incident::IncidentKind;
use crate::registry::{Builder, Flow, Scope};
use crate::world::World;

const SPAN_LIMITS: &[f64] = &[
    5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1000.0, 2500.0, 5000.0, 10_000.0,
];
const MIB: f64 = 1_048_576.0;

/// A service that sends spans: its name, the share of the platform's requests that reach it, its median in ms.
struct Traced {
    name: &'static str,
    share: f64,
    median: f64,
}

const fn traced(name: &'static str, share: f64, median: f64) -> Traced {
    Traced {
        name,
        share,
        median,
    }
}

const SERVICES: [Traced; 7] = [
    traced("gateway", 1.0, 88.0),
    traced("menu-service", 0.47, 62.0),
    traced("user-service", 0.16, 48.0),
    traced("order-service", 0.28, 74.0),
    traced("payment-service", 0.045, 150.0),
    traced("recommendation", 0.025, 180.0),
    traced("consultation", 0.02, 76.0),
];

/// Who calls whom: client, server, kind of connection, calls for one request of the platform.
const EDGES: [(&str, &str, &str, f64); 16] = [
    ("gateway", "menu-service", "", 0.47),
    ("gateway", "user-service", "", 0.16),
    ("gateway", "order-service", "", 0.28),
    ("gateway", "payment-service", "", 0.045),
    ("gateway", "recommendation", "", 0.025),
    ("gateway", "consultation", "", 0.02),
    ("order-service", "menu-service", "", 0.05),
    ("order-service", "payment-service", "", 0.045),
    ("order-service", "postgresql", "database", 0.52),
    ("order-service", "rabbitmq", "messaging_system", 0.05),
    ("menu-service", "redis", "database", 0.61),
    ("menu-service", "postgresql", "database", 0.19),
    ("user-service", "postgresql", "database", 0.17),
    ("payment-service", "alipay", "", 0.021),
    ("payment-service", "wechat-pay", "", 0.024),
    ("rabbitmq", "notification-worker", "messaging_system", 0.05),
];

pub(crate) fn build(b: &mut Builder) {
    lines(b);
    shippers(b);
    let mut s = b.scope(&[
        ("job", "otel-collector"),
        ("instance", "otel-collector:8888"),
    ]);
    collector(&mut s);
    spans(&mut s.fractional());
}

/// Share of a service's calls that fail: what everybody has, and what an incident adds.
fn failing(service: &str, w: &World) -> f64 {
    let own = match service {
        "payment-service" | "alipay" => 0.05 * w.level(IncidentKind::PaymentChannelFailing),
        "recommendation" => 0.05 * w.level(IncidentKind::PodCrashLoop),
        "gateway" => 0.02 * w.level(IncidentKind::EventLoopLag),
        _ => 0.0,
    };
    (w.failures + own).min(0.9)
}

fn lines(b: &mut Builder) {
    for (service, share) in [
        ("order-service", 0.28),
        ("payment-service", 0.045),
        ("user-service", 0.16),
    ] {
        for number in [1, 2] {
            let instance = format!("{service}-{number}:8081");
            let mut s = b
                .scope(&[
                    ("job", service),
                    ("instance", &instance),
                    ("application", service),
                ])
                .fractional();
            for level in ["error", "warn", "info", "debug"] {
                s.counter(
                    "logback_events_total",
                    "Number of log events that were enabled by the effective log level",
                    &[("level", level)],
                    move |w, k| {
                        let calls = w.rps * share * 0.5;
                        w.wobble(k, 60.0, 0.1)
                            * match level {
                                "error" => calls * failing(service, w),
                                "warn" => calls * (0.004 + 2.0 * failing(service, w)),
                                "info" => calls * 1.6,
                                _ => calls * 0.1,
                            }
                    },
                );
            }
        }
    }
}

/// Lines a second that all of the platform writes.
fn written(w: &World) -> f64 {
    4.0 + 2.2 * w.rps
}

fn shippers(b: &mut Builder) {
    for (host, share) in [("sw-web-01", 0.3), ("sw-app-01", 0.4), ("sw-app-02", 0.3)] {
        let instance = format!("{host}:9479");
        let mut s = b.scope(&[("job", "filebeat"), ("instance", &instance)]);
        filebeat(&mut s, share);
    }
    let mut s = b.scope(&[("job", "fluentd"), ("instance", "fluentd:24231")]);
    fluentd(&mut s);
}

fn filebeat(s: &mut Scope<'_>, share: f64) {
    for harvester in ["running", "open_files"] {
        s.gauge(
            "filebeat_harvester",
            "filebeat.harvester",
            &[("harvester", harvester)],
            move |w, k| (14.0 + 10.0 * share + 2.0 * w.noise(k, 600.0)).round(),
        );
    }
    for (kind, part) in [("acked", 1.0), ("failed", 0.0), ("dropped", 0.0)] {
        s.counter(
            "libbeat_output_events",
            "libbeat.output.events",
            &[("type", kind)],
            move |w, k| written(w) * share * part * w.wobble(k, 30.0, 0.05),
        );
    }
    s.gauge(
        "libbeat_pipeline_queue",
        "libbeat.pipeline.queue",
        &[("type", "active")],
        move |w, k| (written(w) * share * 0.8 * w.wobble(k, 20.0, 0.3)).round(),
    );
}

fn fluentd(s: &mut Scope<'_>) {
    for (plugin, part, slow) in [
        ("postgresql", 1.0, true),
        ("archive", 1.0, false),
        ("security", 0.04, false),
    ] {
        let labels = [("plugin_id", plugin), ("type", "output")];
        // The lines' database stands on the disk that fills.
        let held = move |w: &World| {
            if slow {
                w.level(IncidentKind::DiskFilling)
            } else {
                0.0
            }
        };
        s.counter(
            "fluentd_output_status_emit_records",
            "Current emit records.",
            &labels,
            move |w, k| written(w) * part * w.wobble(k, 30.0, 0.05),
        );
        s.gauge(
            "fluentd_output_status_buffer_queue_length",
            "Current buffer queue length.",
            &labels,
            move |w, k| {
                (2.0 + 1.5 * w.activity + w.noise(k, 40.0) + 9.0 * held(w))
                    .max(0.0)
                    .round()
            },
        );
        s.gauge(
            "fluentd_output_status_buffer_total_bytes",
            "Current total size of stage and queue buffers.",
            &labels,
            move |w, k| {
                (MIB * (6.0 + 9.0 * w.activity + 40.0 * held(w)) * part * w.wobble(k, 60.0, 0.1))
                    .round()
            },
        );
        s.gauge(
            "fluentd_output_status_buffer_available_space_ratio",
            "Ratio of available space in buffer.",
            &labels,
            move |w, k| {
                (97.0 - 2.0 * w.activity + 0.5 * w.noise(k, 60.0) - 8.0 * held(w)).clamp(0.0, 100.0)
            },
        );
        s.counter(
            "fluentd_output_status_retry_count",
            "Current retry counts.",
            &labels,
            move |w, _| 0.03 * held(w),
        );
    }
}

/// Spans a second that the platform sends.
fn sent(w: &World) -> f64 {
    w.rps * 7.5
}

fn collector(s: &mut Scope<'_>) {
    let labels = [("receiver", "otlp"), ("transport", "grpc")];
    s.counter(
        "otelcol_receiver_accepted_spans_total",
        "Number of spans successfully pushed into the pipeline.",
        &labels,
        |w, k| sent(w) * w.wobble(k, 20.0, 0.03),
    );
    s.counter(
        "otelcol_receiver_refused_spans_total",
        "Number of spans that could not be pushed into the pipeline.",
        &labels,
        |_, _| 0.0,
    );
    let exporter = [("exporter", "otlp/jaeger")];
    s.counter(
        "otelcol_exporter_sent_spans_total",
        "Number of spans successfully sent to destination.",
        &exporter,
        |w, k| sent(w) * 0.25 * w.wobble(k, 20.0, 0.03),
    );
    s.counter(
        "otelcol_exporter_send_failed_spans_total",
        "Number of spans in failed attempts to send to destination.",
        &exporter,
        |_, _| 0.0,
    );
    s.gauge(
        "otelcol_exporter_queue_size",
        "Current size of the retry queue (in batches)",
        &exporter,
        |w, k| (3.0 + 12.0 * w.activity * w.wobble(k, 15.0, 0.5)).round(),
    );
    s.fact(
        "otelcol_exporter_queue_capacity",
        "Fixed capacity of the retry queue (in batches)",
        &exporter,
        1000.0,
    );
}

fn spans(s: &mut Scope<'_>) {
    for t in &SERVICES {
        for status in ["STATUS_CODE_UNSET", "STATUS_CODE_ERROR"] {
            s.counter(
                "traces_span_metrics_calls_total",
                "Calls by service, kind and status.",
                &[
                    ("service_name", t.name),
                    ("span_kind", "SPAN_KIND_SERVER"),
                    ("status_code", status),
                ],
                move |w, k| {
                    let bad = failing(t.name, w);
                    w.rps
                        * t.share
                        * w.wobble(k, 30.0, 0.04)
                        * if status == "STATUS_CODE_ERROR" {
                            bad
                        } else {
                            1.0 - bad
                        }
                },
            );
        }
        s.histogram(
            "traces_span_metrics_duration_milliseconds",
            "Durations of spans.",
            &[("service_name", t.name), ("span_kind", "SPAN_KIND_SERVER")],
            SPAN_LIMITS,
            move |w, k| Flow {
                rate: w.rps * t.share,
                median: t.median * w.slowness * w.wobble(k, 45.0, 0.05),
                shape: 2.6,
            },
        );
    }
    for (client, server, connection, share) in EDGES {
        let labels = [
            ("client", client),
            ("server", server),
            ("connection_type", connection),
        ];
        s.counter(
            "traces_service_graph_request_total",
            "Total count of requests between two nodes.",
            &labels,
            move |w, k| w.rps * share * w.wobble(k, 30.0, 0.05),
        );
        s.counter(
            "traces_service_graph_request_failed_total",
            "Total count of failed requests between two nodes.",
            &labels,
            move |w, k| w.rps * share * failing(server, w) * w.wobble(k, 30.0, 0.2),
        );
    }
}
