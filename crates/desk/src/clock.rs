//! The one place that reads the clock.

/// Milliseconds since the epoch.
#[expect(
    clippy::disallowed_methods,
    reason = "the driver's clock; everything else gets time as a parameter"
)]
pub fn now_ms() -> i64 {
    chrono::Utc::now().timestamp_millis()
}

/// A monotonic instant, for durations only.
#[expect(
    clippy::disallowed_methods,
    reason = "the driver's clock; everything else gets time as a parameter"
)]
pub fn instant() -> std::time::Instant {
    std::time::Instant::now()
}
