//! What tests against real servers share: the servers themselves ([`servers`]), a server that misbehaves
//! on purpose ([`hostile`]), certificates ([`certs`]), samples by remote write ([`remote_write`]) and a
//! notification server on a bus of its own ([`notifications`]); servers that play a Jaeger ([`jaeger`])
//! a small Prometheus that can be made to misbehave ([`fake_prometheus`]) and stores of logs ([`elastic`], [`loki`], [`victorialogs`]); a real InfluxDB 1 and servers that play its successors ([`influx`]); a
//! real etcd ([`etcd`]) and a server that plays Consul ([`consul`]).
//!
//! Everything here is blocking and needs no runtime, so that it works in any test.
#![warn(missing_docs)]

pub mod alertmanager;
pub mod certs;
pub mod consul;
pub mod elastic;
pub mod etcd;
pub mod fake_logs;
pub mod fake_prometheus;
pub mod hostile;
pub mod http;
pub mod influx;
pub mod jaeger;
pub mod kiosk;
pub mod loki;
pub mod notifications;
pub mod postgres;
pub mod remote_write;
pub mod servers;
pub mod traces;
pub mod tray;
pub mod victorialogs;
pub mod window;

/// The machine's clock, ms since the epoch: real servers live in real time.
///
/// # Panics
/// When the clock stands before 1970.
#[expect(
    clippy::disallowed_methods,
    reason = "samples for a real server have to be recent"
)]
pub fn now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    i64::try_from(since.expect("a clock after 1970").as_millis())
        .expect("a clock before the year 292 million")
}
