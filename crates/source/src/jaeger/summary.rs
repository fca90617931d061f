//! A trace in short, as it stands in a list.

use model::trace::{ServiceShare, Span, Trace, TraceSummary};
use std::collections::{HashMap, HashSet};

/// The trace in short. Its root is the first span (by beginning, then as listed) that names no parent; without one the first
/// whose parent is not there; where all parents form rings, the first of all.
pub fn summarise(trace: &Trace) -> TraceSummary {
    let ids: HashSet<u64> = trace.spans.iter().map(|s| s.id.0).collect();
    let is_orphan = |s: &Span| s.parent.is_some_and(|p| !ids.contains(&p.0));
    let (start_ns, end_ns) = trace.extent_ns().unwrap_or_default();
    let root = trace.spans.iter().min_by_key(|s| {
        (
            s.parent.is_some() && !is_orphan(s),
            is_orphan(s),
            s.start_ns,
        )
    });
    let mut shares: HashMap<&str, (u32, u32)> = HashMap::new();
    for span in &trace.spans {
        let share = shares.entry(trace.service(span)).or_default();
        share.0 += 1;
        share.1 += u32::from(span.error);
    }
    let mut services: Vec<ServiceShare> = shares
        .into_iter()
        .map(|(name, (spans, errors))| ServiceShare {
            name: name.to_owned(),
            spans,
            errors,
        })
        .collect();
    services.sort_by(|a, b| b.spans.cmp(&a.spans).then_with(|| a.name.cmp(&b.name)));
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    TraceSummary {
        id: trace.id,
        root_service: root.map_or_else(String::new, |s| trace.service(s).to_owned()),
        root_operation: root.map_or_else(String::new, |s| s.operation.to_string()),
        start_ns,
        duration_ns: end_ns.saturating_sub(start_ns),
        spans: count(trace.spans.len()),
        errors: count(trace.spans.iter().filter(|s| s.error).count()),
        orphans: count(trace.spans.iter().filter(|s| is_orphan(s)).count()),
        services,
    }
}
