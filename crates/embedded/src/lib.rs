//! The source that needs no server: time-series store, host collector, scraper, Prometheus' HTTP API.
#![warn(missing_docs)]
