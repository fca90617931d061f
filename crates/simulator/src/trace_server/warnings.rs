//! What Jaeger finds odd in a trace when it gives it: parents that are not there, ids that repeat, clocks that do not agree. With
//! its default settings it moves no span, it only says by how much it would have.

use model::trace::{Span, SpanId, Trace};
use std::collections::HashMap;

/// The warnings of each span, in the order of the spans.
pub(super) fn of(trace: &Trace) -> Vec<Vec<String>> {
    let mut seen: HashMap<SpanId, Option<usize>> = HashMap::with_capacity(trace.spans.len());
    for (i, span) in trace.spans.iter().enumerate() {
        seen.entry(span.id)
            .and_modify(|first| *first = None)
            .or_insert(Some(i));
    }
    trace
        .spans
        .iter()
        .map(|span| {
            let mut all = span.warnings.clone();
            all.extend(found(trace, &seen, span));
            all
        })
        .collect()
}

fn found(trace: &Trace, seen: &HashMap<SpanId, Option<usize>>, span: &Span) -> Option<String> {
    if seen.get(&span.id) == Some(&None) {
        return Some("duplicate span IDs; skipping clock skew adjustment".into());
    }
    let id = span.parent?;
    let Some(place) = seen.get(&id) else {
        return Some(format!(
            "parent span ID={id} is not in the trace; skipping clock skew adjustment"
        ));
    };
    let parent = place.and_then(|i| trace.spans.get(i))?;
    if host(trace, parent) == host(trace, span) {
        return None;
    }
    let delta = skew_ns(parent, span);
    (delta != 0).then(|| {
        format!(
            "clock skew adjustment disabled; not applying calculated delta of {}",
            duration(delta)
        )
    })
}

/// Where a span ran: its process' address, as Jaeger compares it.
fn host(trace: &Trace, span: &Span) -> Option<String> {
    let process = trace.processes.get(span.process as usize)?;
    let tag = process.tags.iter().find(|t| &*t.key == "ip")?;
    Some(tag.value.to_string())
}

/// By how much a child would have to be moved to lie within its parent, ns: to its beginning when it is longer, else to its middle.
fn skew_ns(parent: &Span, child: &Span) -> i64 {
    if child.start_ns >= parent.start_ns && child.end_ns() <= parent.end_ns() {
        return 0;
    }
    let room = parent.duration_ns - child.duration_ns;
    if room < 0 {
        return (parent.start_ns - child.start_ns).max(0);
    }
    parent.start_ns + room / 2 - child.start_ns
}

/// A span of time as Go writes it.
pub(super) fn duration(ns: i64) -> String {
    let sign = if ns < 0 { "-" } else { "" };
    let n = ns.unsigned_abs();
    let shown = |unit: u64, name: &str| {
        let digits = unit.ilog10() as usize;
        let fraction = format!("{:0digits$}", n % unit);
        let fraction = fraction.trim_end_matches('0');
        let point = if fraction.is_empty() || unit == 1 {
            String::new()
        } else {
            format!(".{fraction}")
        };
        format!("{sign}{}{point}{name}", n / unit)
    };
    match n {
        0 => "0s".into(),
        1..1000 => shown(1, "ns"),
        1000..1_000_000 => shown(1000, "µs"),
        1_000_000..1_000_000_000 => shown(1_000_000, "ms"),
        _ => {
            let (minutes, rest) = (n / 60_000_000_000, n % 60_000_000_000);
            let seconds = duration_of_seconds(rest);
            match (minutes / 60, minutes % 60) {
                (0, 0) => format!("{sign}{seconds}"),
                (0, m) => format!("{sign}{m}m{seconds}"),
                (h, m) => format!("{sign}{h}h{m}m{seconds}"),
            }
        }
    }
}

fn duration_of_seconds(ns: u64) -> String {
    let fraction = format!("{:09}", ns % 1_000_000_000);
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{}{point}{fraction}s", ns / 1_000_000_000)
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn durations_as_go_writes_them() {
        for (ns, text) in [
            (0, "0s"),
            (7, "7ns"),
            (-1_200_000, "-1.2ms"),
            (1_050, "1.05µs"),
            (12_000_000, "12ms"),
            (1_500_000_000, "1.5s"),
            (90_000_000_000, "1m30s"),
            (3_600_000_000_000, "1h0m0s"),
        ] {
            assert_eq!(duration(ns), text);
        }
    }
}
