//! What the servers that play stores of logs share: the lines they hold, and reading of what clients send.

use crate::hostile::{Answer, Body, Request};

/// A line that a fake store holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FakeLine {
    /// When, ns since the epoch.
    pub at_ns: i64,
    /// The text.
    pub message: String,
    /// Flat fields.
    pub fields: Vec<(String, String)>,
}

impl FakeLine {
    /// A field's value; empty when it is not there.
    pub fn field(&self, name: &str) -> &str {
        let found = self.fields.iter().find(|(n, _)| n == name);
        found.map_or("", |(_, v)| v.as_str())
    }
}

/// A plain text with a status, as Go's servers send errors.
pub fn plain(status: u16, text: &str) -> Answer {
    let body = Body::Full(format!("{text}\n").into_bytes());
    Answer::with(status, "text/plain; charset=utf-8", body)
}

/// Path and parameters of a request, from its address and from a form in its body.
pub fn asked(request: &Request) -> (String, Vec<(String, String)>) {
    let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
    let mut all = pairs(query);
    let form = request.header("content-type").unwrap_or_default();
    if form.starts_with("application/x-www-form-urlencoded") {
        all.extend(pairs(&request.text()));
    }
    (decoded(path), all)
}

/// The value of a parameter; empty when it is not there.
pub fn get<'q>(query: &'q [(String, String)], name: &str) -> &'q str {
    let found = query.iter().find(|(n, _)| n == name);
    found.map_or("", |(_, v)| v.as_str())
}

/// Names and values of a query string or form.
pub fn pairs(query: &str) -> Vec<(String, String)> {
    let pair = |p: &str| {
        let (name, value) = p.split_once('=').unwrap_or((p, ""));
        (
            decoded(&name.replace('+', " ")),
            decoded(&value.replace('+', " ")),
        )
    };
    query
        .split('&')
        .filter(|p| !p.is_empty())
        .map(pair)
        .collect()
}

/// Percent-encoding undone.
pub fn decoded(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let pair = |b: &mut std::str::Bytes<'_>| {
            let digits = [b.next()?, b.next()?];
            u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()
        };
        out.push(if byte == b'%' {
            pair(&mut bytes).unwrap_or(b'?')
        } else {
            byte
        });
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// `2026-11-21T11:25:28.922123456Z` in ns.
pub fn rfc3339_ns(text: &str) -> Option<i64> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let mut date = date.splitn(3, '-').map(str::parse::<i64>);
    let (year, month, day) = (date.next()?.ok()?, date.next()?.ok()?, date.next()?.ok()?);
    let (clock, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let mut clock = clock.splitn(3, ':').map(str::parse::<i64>);
    let (h, m, s) = (
        clock.next()?.ok()?,
        clock.next()?.ok()?,
        clock.next()?.ok()?,
    );
    let nanos: i64 = format!("{fraction:0<9}").get(..9)?.parse().ok()?;
    // days from civil, after Howard Hinnant's "chrono-Compatible Low-Level Date Algorithms"
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let yoe = year.rem_euclid(400);
    let doy = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    let days = era * 146_097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719_468;
    Some((((days * 24 + h) * 60 + m) * 60 + s) * 1_000_000_000 + nanos)
}

/// A time as [`rfc3339_ns`] reads it.
pub fn rfc3339(ns: i64) -> String {
    let millis = crate::alertmanager::rfc3339(ns.div_euclid(1_000_000));
    let rest = ns.rem_euclid(1_000_000);
    format!("{}{rest:06}Z", millis.trim_end_matches('Z'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_clients_send_is_understood() {
        assert_eq!(
            pairs("a=%E8%AE%A2+%26&b="),
            [("a".into(), "订 &".into()), ("b".into(), String::new())]
        );
        let ns = 1_795_260_328_922_123_456;
        assert_eq!(rfc3339(ns), "2026-11-21T11:25:28.922123456Z");
        assert_eq!(rfc3339_ns(&rfc3339(ns)), Some(ns));
        assert_eq!(
            rfc3339_ns("2000-02-29T00:00:00Z"),
            Some(951_782_400_000_000_000)
        );
        assert_eq!(rfc3339_ns("today"), None);
    }
}
