//! Prometheus' functions that write numbers for people (`template/template.go`).

use super::format::{general, time};
use chrono::{DateTime, Utc};

const SMALL: [&str; 8] = ["m", "u", "n", "p", "f", "a", "z", "y"];

fn four(v: f64) -> String {
    general(v, Some(4))
}

fn plain(v: f64) -> bool {
    v.is_nan() || v.is_infinite()
}

fn small(mut v: f64) -> (f64, &'static str) {
    let mut prefix = "";
    for p in SMALL {
        if v.abs() >= 1.0 {
            break;
        }
        prefix = p;
        v *= 1000.0;
    }
    (v, prefix)
}

fn large(mut v: f64, step: f64, prefixes: [&'static str; 8]) -> String {
    let mut prefix = "";
    for p in prefixes {
        if v.abs() < step {
            break;
        }
        prefix = p;
        v /= step;
    }
    format!("{}{prefix}", four(v))
}

pub(super) fn humanize(v: f64) -> String {
    if v == 0.0 || plain(v) {
        return four(v);
    }
    if v.abs() >= 1.0 {
        return large(v, 1000.0, ["k", "M", "G", "T", "P", "E", "Z", "Y"]);
    }
    let (v, prefix) = small(v);
    format!("{}{prefix}", four(v))
}

pub(super) fn humanize1024(v: f64) -> String {
    if v.abs() <= 1.0 || plain(v) {
        return four(v);
    }
    large(v, 1024.0, ["ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"])
}

pub(super) fn duration(v: f64) -> String {
    if plain(v) {
        return four(v);
    }
    if v == 0.0 {
        return format!("{}s", four(v));
    }
    if v.abs() < 1.0 {
        let (v, prefix) = small(v);
        return format!("{}{prefix}s", four(v));
    }
    let sign = if v < 0.0 { "-" } else { "" };
    // what does not fit into 64 bits is the smallest number, as Go converts it
    let all = if v.abs() < 9.223_372_036_854_776e18 {
        v.abs() as i64
    } else {
        i64::MIN
    };
    let (seconds, minutes, hours) = (all % 60, all / 60 % 60, all / 3600 % 24);
    let days = all / 86_400;
    if days != 0 {
        format!("{sign}{days}d {hours}h {minutes}m {seconds}s")
    } else if hours != 0 {
        format!("{sign}{hours}h {minutes}m {seconds}s")
    } else if minutes != 0 {
        format!("{sign}{minutes}m {seconds}s")
    } else {
        format!("{sign}{}s", four(v.abs()))
    }
}

pub(super) fn percentage(v: f64) -> String {
    format!("{}%", four(v * 100.0))
}

/// Seconds since the epoch as a time; `None` for what is no number.
pub(super) fn to_time(v: f64) -> Result<Option<DateTime<Utc>>, String> {
    if plain(v) {
        return Ok(None);
    }
    let nanos = v * 1e9;
    if nanos > i64::MAX as f64 || nanos < i64::MIN as f64 {
        return Err(format!(
            "{} cannot be represented as a nanoseconds timestamp since it overflows int64",
            general(v, None)
        ));
    }
    // prometheus/common cuts to milliseconds
    Ok(DateTime::from_timestamp_millis(nanos as i64 / 1_000_000))
}

pub(super) fn timestamp(v: f64) -> Result<String, String> {
    Ok(to_time(v)?.map_or_else(|| four(v), time))
}
