//! nginx: access lines in the combined format, and errors.

use super::draft::Draft;
use super::stamp;
use model::log::{Attrs, LogLevel};
use serde_json::Value;

/// Reads a line of nginx; false when it is none.
pub(super) fn read(text: &str, draft: &mut Draft<'_>) -> bool {
    access(text, draft).is_some() || error(text, draft).is_some()
}

/// `10.0.0.1 - user [21/Nov/2026:10:00:00 +0800] "GET / HTTP/1.1" 200 123 "referrer" "agent" more`
fn access(text: &str, draft: &mut Draft<'_>) -> Option<()> {
    let (front, rest) = text.split_once(" [")?;
    let mut front = front.splitn(3, ' ');
    let (client, _, user) = (front.next()?, front.next()?, front.next()?);
    let (time, rest) = rest.split_once("] \"")?;
    let at = stamp::whole(time, draft.origin)?;
    let (request, rest) = until_quote(rest)?;
    let mut numbers = rest.trim_start().splitn(3, ' ');
    let status: u16 = numbers.next()?.parse().ok()?;
    let bytes = numbers.next().unwrap_or_default();
    let mut tail = numbers.next().unwrap_or_default();
    let mut http = Attrs::new();
    http.insert("status".to_owned(), status.into());
    let mut parts = request.splitn(3, ' ');
    for key in ["method", "path", "version"] {
        if let Some(part) = parts.next().filter(|p| !p.is_empty()) {
            http.insert(key.to_owned(), part.into());
        }
    }
    if let Ok(bytes) = bytes.parse::<u64>() {
        http.insert("bytes".to_owned(), bytes.into());
    }
    for key in ["referrer", "agent", "forwarded_for"] {
        let Some((value, rest)) = tail.trim_start().strip_prefix('"').and_then(until_quote) else {
            break;
        };
        if !matches!(value, "" | "-") {
            http.insert(key.to_owned(), value.into());
        }
        tail = rest;
    }
    draft.at_ns = Some(at);
    draft.level = Some(match status {
        500.. => LogLevel::Error,
        400..500 => LogLevel::Warn,
        _ => LogLevel::Info,
    });
    draft.service("nginx");
    draft.attr("client", client);
    if user != "-" {
        draft.attr("user", user);
    }
    draft.put("http", Value::Object(http));
    // what a configuration appends, most often `$request_time`
    let first = tail.split_whitespace().next().unwrap_or_default();
    if let Some(seconds) = first.parse::<f64>().ok().filter(|s| s.is_finite()) {
        draft.put("duration_ms", (seconds * 1e3).into());
    }
    draft.message(text);
    Some(())
}

fn until_quote(text: &str) -> Option<(&str, &str)> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => return Some((text.get(..at)?, text.get(at + 1..)?)),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    None
}

/// `2026/11/21 10:00:00 [error] 123#45: *67 message, client: 10.0.0.1, server: shop, request: "GET / HTTP/1.1", …`
fn error(text: &str, draft: &mut Draft<'_>) -> Option<()> {
    let (at, length) = stamp::at_start(text, draft.origin)?;
    let rest = text.get(length..)?.trim_start().strip_prefix('[')?;
    let (level, rest) = rest.split_once("] ")?;
    let level = LogLevel::read(level)?;
    let (process, rest) = rest.split_once('#')?;
    let (thread, message) = rest.split_once(": ")?;
    let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    if !digits(process) || !digits(thread) {
        return None;
    }
    let message = match message.strip_prefix('*').and_then(|m| m.split_once(' ')) {
        Some((connection, message)) if digits(connection) => {
            draft.number("connection", connection);
            message
        }
        _ => message,
    };
    for key in [
        "client", "server", "request", "upstream", "host", "referrer",
    ] {
        let Some(at) = message.find(&format!(", {key}: ")) else {
            continue;
        };
        let value = message.get(at + key.len() + 4..).unwrap_or_default();
        let value = match value.strip_prefix('"') {
            Some(quoted) => quoted.split('"').next(),
            None => value.split(", ").next(),
        };
        draft.attr(
            if key == "host" { "http_host" } else { key },
            value.unwrap_or_default(),
        );
    }
    draft.at_ns = Some(at);
    draft.level = Some(level);
    draft.service("nginx");
    draft.number("pid", process);
    draft.message(message);
    Some(())
}
