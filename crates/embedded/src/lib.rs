//! The source that needs no server: time-series store, host collector, scraper, Prometheus' HTTP API.
#![warn(missing_docs)]

pub mod api;
pub mod collector;
pub mod logs;
pub mod scrape;
pub mod tsdb;

/// The present time in milliseconds since 1970-01-01T00:00:00Z. Only the driver reads the real clock.
pub type Clock = std::sync::Arc<dyn Fn() -> i64 + Send + Sync>;
