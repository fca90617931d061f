//! Which fields of a store are a line's own.

use model::log::Field;

/// Names of a store's fields. What is `None` is found out: the first of the usual names that the store has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldNames {
    /// Who wrote the line: `service_name`, `service`, `app`, `job`, …
    pub service: Option<String>,
    /// Where: `host`, `hostname`, `pod`, `instance`, …
    pub host: Option<String>,
    /// How serious: `level`, `detected_level`, `severity`, …
    pub level: Option<String>,
    /// The text; unused by Loki, whose lines are texts.
    pub message: Option<String>,
    /// `trace_id`, `traceid`, `trace.id`, …
    pub trace_id: Option<String>,
    /// `span_id`, `spanid`, `span.id`, …
    pub span_id: Option<String>,
    /// Which kind of log: `app`, `system`, `security`.
    pub category: Option<String>,
}

/// What a client of a store of logs needs beside the connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogOptions {
    /// Which fields are a line's own.
    pub fields: FieldNames,
    /// What of the store is looked at: Loki's stream selector (`{job="shop"}`), a filter of VictoriaLogs, the indices of an
    /// Elasticsearch (`logs-*`). `None`: everything, as far as that can be said.
    pub scope: Option<String>,
}

const SERVICE: &[&str] = &[
    "service_name",
    "service.name",
    "service",
    "app",
    "app_kubernetes_io_name",
    "application",
    "job",
    "container",
    "kubernetes.container_name",
    "container_name",
];
const HOST: &[&str] = &[
    "host",
    "hostname",
    "host.name",
    "pod",
    "kubernetes.pod_name",
    "instance",
    "node_name",
];
const LEVEL: &[&str] = &[
    "level",
    "detected_level",
    "severity",
    "severity_text",
    "log.level",
    "lvl",
    "loglevel",
];
const MESSAGE: &[&str] = &["message", "_msg", "msg", "log", "body", "event.original"];
const TRACE: &[&str] = &["trace_id", "traceid", "traceID", "traceId", "trace.id"];
const SPAN: &[&str] = &["span_id", "spanid", "spanID", "spanId", "span.id"];
const CATEGORY: &[&str] = &["category", "log_category"];

/// The names that hold for a store. Where one is `None` no line has that field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Names {
    pub service: Option<String>,
    pub host: Option<String>,
    pub level: Option<String>,
    pub message: Option<String>,
    pub trace_id: Option<String>,
    pub span_id: Option<String>,
    pub category: Option<String>,
}

impl Names {
    /// As configured, else the first usual name for which `has` holds.
    pub(crate) fn find(configured: &FieldNames, has: impl Fn(&str) -> bool) -> Self {
        let find = |said: &Option<String>, usual: &[&str]| {
            said.clone()
                .or_else(|| usual.iter().find(|n| has(n)).map(|n| (*n).to_owned()))
        };
        Self {
            service: find(&configured.service, SERVICE),
            host: find(&configured.host, HOST),
            level: find(&configured.level, LEVEL),
            message: find(&configured.message, MESSAGE),
            trace_id: find(&configured.trace_id, TRACE),
            span_id: find(&configured.span_id, SPAN),
            category: find(&configured.category, CATEGORY),
        }
    }

    /// The store's name of a field of a line's own other than the message.
    pub(crate) fn own(&self, field: &Field) -> Option<&str> {
        match field {
            Field::Level => self.level.as_deref(),
            Field::Category => self.category.as_deref(),
            Field::Service => self.service.as_deref(),
            Field::Host => self.host.as_deref(),
            Field::TraceId => self.trace_id.as_deref(),
            Field::SpanId => self.span_id.as_deref(),
            Field::Message => self.message.as_deref(),
            Field::Attr(_) => None,
        }
    }

    /// Which field of a line's own the store's field `name` is.
    pub(crate) fn field(&self, name: &str) -> Option<Field> {
        Field::OWN
            .into_iter()
            .find(|field| self.own(field) == Some(name))
    }
}
