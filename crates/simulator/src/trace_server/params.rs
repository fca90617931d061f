//! Parameters of questions, read as Jaeger reads them; texts of errors are those of its parser and of Go's library.

use super::store::Wanted;
use model::trace::TraceId;
use std::fmt::Display;

/// What a limit that is none is answered with.
pub(super) const DEPTH: &str = "search depth must be greater than 0 and less than max traces";

/// The parameters in their order; names may repeat.
pub(super) type Params = Vec<(String, String)>;

/// The first value of a parameter; an empty one counts as none.
pub(super) fn first<'a>(params: &'a Params, name: &str) -> Option<&'a str> {
    params
        .iter()
        .find(|(k, v)| k == name && !v.is_empty())
        .map(|(_, v)| &**v)
}

fn every<'a>(params: &'a Params, name: &'a str) -> impl Iterator<Item = &'a str> {
    params
        .iter()
        .filter(move |(k, _)| k == name)
        .map(|(_, v)| &**v)
}

fn wrong(name: &str, error: impl Display) -> String {
    format!("unable to parse param '{name}': {error}")
}

/// A whole number.
pub(super) fn integer(text: &str) -> Result<i64, String> {
    text.parse::<i64>().map_err(|e| {
        let why = match e.kind() {
            std::num::IntErrorKind::PosOverflow | std::num::IntErrorKind::NegOverflow => {
                "value out of range"
            }
            _ => "invalid syntax",
        };
        format!("strconv.ParseInt: parsing {text:?}: {why}")
    })
}

/// A span of time as Go writes it (`1.5s`, `100ms`, `1h30m`), in nanoseconds. A day is no unit.
pub(super) fn duration(text: &str) -> Result<i64, String> {
    let invalid = || format!("time: invalid duration {text:?}");
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut total = 0.0;
    while !rest.is_empty() {
        let end = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(rest.len());
        let (number, after) = rest.split_at(end);
        let number: f64 = number.parse().map_err(|_| invalid())?;
        let end = after
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        let ns = match unit {
            "ns" => 1.0,
            "us" | "µs" | "μs" => 1e3,
            "ms" => 1e6,
            "s" => 1e9,
            "m" => 60e9,
            "h" => 3600e9,
            "" => return Err(format!("time: missing unit in duration {text:?}")),
            _ => return Err(format!("time: unknown unit {unit:?} in duration {text:?}")),
        };
        total += number * ns;
        rest = after;
    }
    if total >= i64::MAX as f64 {
        return Err(invalid());
    }
    Ok((sign * total) as i64)
}

/// True or false as Go reads it.
pub(super) fn boolean(text: &str) -> Result<bool, String> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Ok(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Ok(false),
        _ => Err(format!(
            "strconv.ParseBool: parsing {text:?}: invalid syntax"
        )),
    }
}

/// A trace's id: hexadecimal, or the base64 of its 16 bytes.
pub(super) fn trace_id(text: &str) -> Result<TraceId, String> {
    if let Ok(id) = text.parse::<TraceId>() {
        return Ok(id);
    }
    use base64::Engine;
    use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
    if text.len() <= 24 {
        for engine in [STANDARD, URL_SAFE, STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
            if let Ok(bytes) = engine.decode(text)
                && let Ok(bytes) = <[u8; 16]>::try_from(bytes)
            {
                return Ok(TraceId(u128::from_be_bytes(bytes)));
            }
        }
        return Err(format!(
            "strconv.ParseUint: parsing {text:?}: invalid syntax"
        ));
    }
    Err(format!(
        "TraceID cannot be longer than 32 hex characters: {text}"
    ))
}

/// A question of the classic API.
pub(super) struct Search {
    pub(super) wanted: Wanted,
    pub(super) raw: bool,
    /// Traces asked for by their ids; then nothing else counts.
    pub(super) ids: Vec<TraceId>,
}

/// Reads a search of the classic API. Times are in microseconds, and now where they are left out (the beginning: an hour ago).
pub(super) fn search(params: &Params, now_ms: i64) -> Result<Search, String> {
    let time = |name: &str, otherwise: i64| match first(params, name) {
        None => Ok(otherwise),
        Some(text) => integer(text)
            .map(|us| us.saturating_mul(1000))
            .map_err(|e| wrong(name, e)),
    };
    let now_ns = now_ms.saturating_mul(1_000_000);
    let length =
        |name: &str| first(params, name).map_or(Ok(0), |t| duration(t).map_err(|e| wrong(name, e)));
    let (from_ns, to_ns) = (
        time("start", now_ns - 3_600_000_000_000)?,
        time("end", now_ns)?,
    );
    let tags = tags(params)?;
    let limit = first(params, "limit").map_or(Ok(100), integer)?;
    let (min_ns, max_ns) = (length("minDuration")?, length("maxDuration")?);
    let mut ids = Vec::new();
    for text in every(params, "traceID") {
        ids.push(trace_id(text).map_err(|e| format!("cannot parse traceID param: {e}"))?);
    }
    let raw = raw(params)?;
    let service = first(params, "service").unwrap_or_default().to_owned();
    if service.is_empty() && ids.is_empty() {
        return Err("parameter 'service' is required".into());
    }
    if min_ns != 0 && max_ns != 0 && max_ns < min_ns {
        return Err("'maxDuration' should be greater than 'minDuration'".into());
    }
    Ok(Search {
        wanted: Wanted {
            service,
            operation: first(params, "operation").unwrap_or_default().to_owned(),
            tags,
            from_ns,
            to_ns,
            min_ns,
            max_ns,
            limit,
        },
        raw,
        ids,
    })
}

/// Whether the answer should be as it was received.
pub(super) fn raw(params: &Params) -> Result<bool, String> {
    first(params, "raw").map_or(Ok(false), |t| boolean(t).map_err(|e| wrong("raw", e)))
}

fn tags(params: &Params) -> Result<Vec<(String, String)>, String> {
    let mut all = Vec::new();
    for text in every(params, "tag") {
        let (key, value) = text.split_once(':').ok_or_else(|| {
            format!("malformed 'tag' parameter, expecting key:value, received: {text}")
        })?;
        all.push((key.to_owned(), value.to_owned()));
    }
    for text in every(params, "tags") {
        let map: std::collections::BTreeMap<String, String> = serde_json::from_str(text)
            .map_err(|e| format!("malformed 'tags' parameter, cannot unmarshal JSON: {e}"))?;
        all.extend(map);
    }
    Ok(all)
}

/// The time of dependencies in nanoseconds: from, to. Parameters are in milliseconds, a day where the length is left out.
pub(super) fn dependencies(params: &Params, now_ms: i64) -> Result<(i64, i64), String> {
    let number = |name: &str, otherwise: i64| {
        first(params, name).map_or(Ok(otherwise), |t| integer(t).map_err(|e| wrong(name, e)))
    };
    let end_ms = number("endTs", now_ms)?;
    let lookback_ms = number("lookback", 86_400_000)?;
    let ns = |ms: i64| ms.saturating_mul(1_000_000);
    Ok((ns(end_ms.saturating_sub(lookback_ms)), ns(end_ms)))
}

/// The first of two names of a parameter that is there, with the name.
fn either<'a>(params: &'a Params, name: &'a str, old: &'a str) -> Option<(&'a str, &'a str)> {
    first(params, name)
        .map(|v| (name, v))
        .or_else(|| first(params, old).map(|v| (old, v)))
}

fn malformed(name: &str, error: impl Display) -> String {
    format!("malformed parameter {name}: {error}")
}

/// A time as RFC 3339 has it, in nanoseconds.
pub(super) fn time(name: &str, text: &str) -> Result<i64, String> {
    chrono::DateTime::parse_from_rfc3339(text)
        .ok()
        .and_then(|t| t.timestamp_nanos_opt())
        .ok_or_else(|| {
            malformed(
                name,
                format!("parsing time {text:?} as \"2006-01-02T15:04:05.999999999Z07:00\": cannot parse {text:?} as \"2006\""),
            )
        })
}

/// Reads a search of v3: whether raw, and what.
pub(super) fn search_v3(params: &Params) -> Result<(bool, Wanted), String> {
    const MIN: &str = "query.startTimeMin";
    const MAX: &str = "query.startTimeMax";
    let text = |name, old| {
        either(params, name, old)
            .map(|(_, v)| v.to_owned())
            .unwrap_or_default()
    };
    let tags: std::collections::BTreeMap<String, String> = match first(params, "query.attributes") {
        None => Default::default(),
        Some(json) => serde_json::from_str(json).map_err(|e| malformed("query.attributes", e))?,
    };
    let (Some(from), Some(to)) = (
        either(params, MIN, "query.start_time_min"),
        either(params, MAX, "query.start_time_max"),
    ) else {
        return Err(format!("{MIN} and {MAX} are required"));
    };
    let (from_ns, to_ns) = (time(from.0, from.1)?, time(to.0, to.1)?);
    if from_ns >= to_ns {
        return Err(format!("{MIN} must be before {MAX}"));
    }
    let depth = either(params, "query.searchDepth", "query.search_depth")
        .or_else(|| first(params, "query.num_traces").map(|v| ("query.num_traces", v)));
    let limit = match depth {
        None => 100,
        Some((name, v)) => {
            integer(v).map_err(|e| malformed(name, e.replace("ParseInt", "Atoi")))?
        }
    };
    let length = |name, old| match either(params, name, old) {
        None => Ok(0),
        Some((name, v)) => duration(v).map_err(|e| malformed(name, e)),
    };
    let wanted = Wanted {
        service: text("query.serviceName", "query.service_name"),
        operation: text("query.operationName", "query.operation_name"),
        tags: tags.into_iter().collect(),
        from_ns,
        to_ns,
        min_ns: length("query.durationMin", "query.duration_min")?,
        max_ns: length("query.durationMax", "query.duration_max")?,
        limit,
    };
    let raw = raw_v3(params, "query.rawTraces", "query.raw_traces")?;
    if wanted.service.is_empty() {
        return Err("this storage backend requires a service name to search; searching all services is not supported".into());
    }
    Ok((raw, wanted))
}

/// Whether the answer of v3 should be as it was received.
pub(super) fn raw_v3(params: &Params, name: &str, old: &str) -> Result<bool, String> {
    either(params, name, old).map_or(Ok(false), |(name, v)| {
        boolean(v).map_err(|e| malformed(name, e))
    })
}

/// A time that may be left out.
pub(super) fn time_v3(params: &Params, name: &str, old: &str) -> Result<Option<i64>, String> {
    either(params, name, old).map_or(Ok(None), |(name, v)| time(name, v).map(Some))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_as_go_reads_them() {
        for (text, ns) in [
            ("1.2s", 1_200_000_000),
            ("100ms", 100_000_000),
            ("500us", 500_000),
            ("1h30m", 5_400_000_000_000),
            ("0", 0),
            ("-1s", -1_000_000_000),
            ("7µs", 7000),
        ] {
            assert_eq!(duration(text), Ok(ns), "{text}");
        }
        assert_eq!(
            duration("1d").unwrap_err(),
            "time: unknown unit \"d\" in duration \"1d\""
        );
        assert!(duration("5").unwrap_err().contains("missing unit"));
        for bad in ["", "-", "s", "1.2.3s", "999999999h"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn ids_in_both_spellings() {
        let id = TraceId(0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10);
        assert_eq!(trace_id(&id.to_string()), Ok(id));
        assert_eq!(trace_id("AQIDBAUGBwgJCgsMDQ4PEA=="), Ok(id));
        assert_eq!(trace_id("AQIDBAUGBwgJCgsMDQ4PEA"), Ok(id));
        assert_eq!(trace_id("1f"), Ok(TraceId(0x1f)));
        for bad in ["xyz!", "", &"f".repeat(33)] {
            assert!(trace_id(bad).is_err(), "{bad}");
        }
    }
}
