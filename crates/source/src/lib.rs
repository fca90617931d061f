//! Outside systems behind small traits; their wire formats become the model.
//!
//! - [`Metrics`] is what every source of metrics answers; [`registry`] builds one from its kind's name.
//! - [`influx`] asks an InfluxDB in its own languages and evaluates PromQL around its answers.
//! - [`prometheus`] speaks Prometheus' HTTP API, to Prometheus itself and to VictoriaMetrics.
//! - [`Alerts`] is what every source of alerts answers; [`connect_alerts`] builds one from its kind's name: [`alertmanager`]
//!   speaks the Alertmanager's API v2, [`prometheus::alerts`] reads a Prometheus' own list.
//! - [`Logs`] is what every store of logs answers, [`Traces`] what every store of traces answers; [`connect_logs`] and
//!   [`connect_traces`] build one from its kind's name.
//! - [`jaeger`] speaks Jaeger's two HTTP APIs.
//! - [`elastic`] speaks to Elasticsearch and OpenSearch.
//! - [`loki`] speaks Grafana Loki's API.
//! - [`victorialogs`] speaks VictoriaLogs' LogsQL API.
//! - [`ServiceRegistry`] is what every registry of services answers: [`etcd`] and [`consul`].
//! - [`webhook`] reads what an Alertmanager sends to a webhook.
//! - [`SourceError`] says what went wrong as a closed set of codes; [`Connection`] says how to reach a server.
#![warn(missing_docs)]

pub mod alertmanager;
mod alerts;
#[cfg(feature = "conformance")]
pub mod conformance;
#[cfg(feature = "conformance")]
pub mod conformance_alerts;
#[cfg(feature = "conformance")]
pub mod conformance_logs;
mod connection;
pub mod consul;
pub mod elastic;
mod error;
pub mod etcd;
mod http;
pub mod influx;
pub mod jaeger;
mod logs;
pub mod loki;
mod metrics;
pub mod prometheus;
pub mod registry;
mod services;
mod traces;
pub mod victorialogs;
pub mod webhook;
mod weblogs;

pub use alerts::{
    ALERT_KINDS, AlertKind, AlertLimits, AlertList, AlertOptions, AlertSourceInfo, Alerts,
    Oddities, SilenceRequest, SilenceState, SourceSilence, connect_alerts, next_poll_after,
};
pub use connection::{Auth, ConfigError, Connection, Limits, Part, Proxy, TlsOptions};
pub use error::{Capacity, QueryFault, SourceError, TlsFault};
pub use http::{prepare_tls, tls_fault};
pub use logs::{LOG_KINDS, LogKind, LogSink, LogStoreInfo, LogStoreNews, Logs, connect_logs};
pub use metrics::{Answer, Ask, Flavor, Metadata, Metrics, SourceInfo, Span, cancellable};
pub use services::{
    InstanceHealth, KeyChange, KeyEvent, News, REGISTRY_KINDS, RegistryKind, RegistryOptions,
    ServiceInstance, ServiceRegistry, Watch, connect_registry,
};
pub use traces::{TRACE_KINDS, TraceApi, TraceKind, TraceSourceInfo, Traces, connect_traces};
pub use weblogs::{FieldNames, LOG_WARNINGS, LogOptions};
