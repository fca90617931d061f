//! Outside systems behind small traits; their wire formats become the model.
//!
//! - [`Metrics`] is what every source of metrics answers; [`registry`] builds one from its kind's name.
//! - [`prometheus`] speaks Prometheus' HTTP API, to Prometheus itself and to VictoriaMetrics.
//! - [`SourceError`] says what went wrong as a closed set of codes; [`Connection`] says how to reach a server.
#![warn(missing_docs)]

#[cfg(feature = "conformance")]
pub mod conformance;
mod connection;
mod error;
mod http;
mod metrics;
pub mod prometheus;
pub mod registry;

pub use connection::{Auth, ConfigError, Connection, Limits, Proxy, TlsOptions};
pub use error::{Capacity, QueryFault, SourceError, TlsFault};
pub use metrics::{Answer, Ask, Flavor, Metadata, Metrics, SourceInfo, Span, cancellable};
