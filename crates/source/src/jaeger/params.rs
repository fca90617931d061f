//! A search as each API wants it.

use chrono::{DateTime, SecondsFormat};
use model::trace::{Trace, TraceQuery};

/// Traces that Jaeger's own page asks for at most; servers are tested with no more.
const MOST: usize = 1_500;

/// How `/api/v3` spells its parameters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Spelling {
    /// `query.serviceName`, since trace summaries are there.
    #[default]
    Camel,
    /// `query.service_name`, which servers before wanted. They know no attributes.
    Snake,
}

impl Spelling {
    fn name(self, camel: &'static str) -> String {
        let mut out = String::from("query.");
        for c in camel.chars() {
            if self == Self::Snake && c.is_ascii_uppercase() {
                out.push('_');
            }
            out.push(match self {
                Self::Camel => c,
                Self::Snake => c.to_ascii_lowercase(),
            });
        }
        out
    }
}

/// As many traces as are asked for, within what servers bear.
pub(super) fn limit(query: &TraceQuery) -> usize {
    query.limit.clamp(1, MOST)
}

/// Parameters of `GET /api/traces`: times in µs, durations as Go writes them. Rounded so that the stretch of time grows, never shrinks.
pub(super) fn classic(query: &TraceQuery) -> Vec<(&'static str, String)> {
    let mut all = vec![
        ("service", query.service.clone()),
        ("start", query.from_ns.div_euclid(1_000).to_string()),
        ("end", ceil_us(query.to_ns).to_string()),
        ("limit", limit(query).to_string()),
    ];
    all.extend(query.operation.clone().map(|o| ("operation", o)));
    all.extend(query.min_duration_ns.map(|d| ("minDuration", go(d))));
    all.extend(query.max_duration_ns.map(|d| ("maxDuration", go(d))));
    all.extend(tags(query).map(|t| ("tags", t)));
    all
}

fn ceil_us(ns: i64) -> i64 {
    ns.div_euclid(1_000) + i64::from(ns.rem_euclid(1_000) != 0)
}

/// Parameters of `GET /api/v3/traces` and `/api/v3/trace-summaries`.
pub(super) fn v3(query: &TraceQuery, spelling: Spelling) -> Vec<(String, String)> {
    let depth = match spelling {
        Spelling::Camel => "searchDepth",
        Spelling::Snake => "numTraces",
    };
    let mut all = vec![
        ("startTimeMin", rfc3339(query.from_ns)),
        ("startTimeMax", rfc3339(query.to_ns)),
        (depth, limit(query).to_string()),
    ];
    if !query.service.is_empty() {
        all.push(("serviceName", query.service.clone()));
    }
    all.extend(query.operation.clone().map(|o| ("operationName", o)));
    all.extend(query.min_duration_ns.map(|d| ("durationMin", go(d))));
    all.extend(query.max_duration_ns.map(|d| ("durationMax", go(d))));
    if spelling == Spelling::Camel {
        all.extend(tags(query).map(|t| ("attributes", t)));
    }
    all.into_iter()
        .map(|(name, value)| (spelling.name(name), value))
        .collect()
}

/// The tags as one JSON object of texts; serde escapes them, so a value cannot end its text.
fn tags(query: &TraceQuery) -> Option<String> {
    if query.tags.is_empty() {
        return None;
    }
    let all: serde_json::Map<String, serde_json::Value> = query
        .tags
        .iter()
        .map(|(k, v)| (k.clone(), v.clone().into()))
        .collect();
    Some(serde_json::Value::from(all).to_string())
}

fn rfc3339(ns: i64) -> String {
    DateTime::from_timestamp_nanos(ns).to_rfc3339_opts(SecondsFormat::Nanos, true)
}

/// A duration as Go's `ParseDuration` reads it, in the greatest unit that keeps it exact; there is no unit above the hour.
pub(super) fn go(ns: i64) -> String {
    for (unit, size) in [("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1_000)] {
        if ns % size == 0 {
            return format!("{}{unit}", ns / size);
        }
    }
    format!("{ns}ns")
}

/// Whether one span of the service has all the tags: what the server should have looked at, for one that cannot.
pub(super) fn has_tags(trace: &Trace, query: &TraceQuery) -> bool {
    trace.spans.iter().any(|span| {
        (query.service.is_empty() || trace.service(span) == query.service)
            && query.tags.iter().all(|(key, value)| {
                let process = trace.processes.get(span.process as usize);
                let process = process.map_or(&[][..], |p| &p.tags);
                let events = span.events.iter().flat_map(|e| &e.fields);
                span.tags
                    .iter()
                    .chain(process)
                    .chain(events)
                    .any(|tag| *tag.key == **key && tag.value.to_string() == *value)
            })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query() -> TraceQuery {
        TraceQuery {
            service: "订单 & 支付".into(),
            operation: Some("GET /菜单?x=1".into()),
            tags: vec![("http.status_code".into(), "500\"}".into())],
            from_ns: 1_795_260_328_922_000_001,
            to_ns: 1_795_260_328_922_000_001,
            min_duration_ns: Some(1_500_000_000),
            max_duration_ns: Some(2_500),
            limit: 9_999,
        }
    }

    #[test]
    fn durations_as_go_reads_them() {
        for (ns, text) in [
            (0, "0s"),
            (90_000_000_000, "90s"),
            (100_000_000, "100ms"),
            (1_500_000_000, "1500ms"),
            (2_000, "2us"),
            (1, "1ns"),
        ] {
            assert_eq!(go(ns), text);
        }
    }

    #[test]
    fn a_search_in_the_classic_api() {
        let all = classic(&query());
        let get = |name: &str| {
            all.iter()
                .find(|(n, _)| *n == name)
                .map(|(_, v)| v.as_str())
        };
        assert_eq!(get("service"), Some("订单 & 支付"));
        assert_eq!(get("start"), Some("1795260328922000"));
        assert_eq!(get("end"), Some("1795260328922001"), "rounded up");
        assert_eq!(get("limit"), Some("1500"));
        assert_eq!(get("minDuration"), Some("1500ms"));
        assert_eq!(get("maxDuration"), Some("2500ns"));
        assert_eq!(get("tags"), Some(r#"{"http.status_code":"500\"}"}"#));
    }

    #[test]
    fn a_search_in_v3() {
        let all = v3(&query(), Spelling::Camel);
        let get = |name: &str| all.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
        assert_eq!(
            get("query.startTimeMin"),
            Some("2026-11-21T11:25:28.922000001Z")
        );
        assert_eq!(get("query.searchDepth"), Some("1500"));
        assert!(get("query.attributes").is_some());
        let all = v3(&query(), Spelling::Snake);
        let names: Vec<&str> = all.iter().map(|(n, _)| n.as_str()).collect();
        assert!(names.contains(&"query.start_time_min") && names.contains(&"query.num_traces"));
        assert!(!names.iter().any(|n| n.contains("attributes")));
    }
}
