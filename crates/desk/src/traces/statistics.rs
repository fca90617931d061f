//! Statistics of an open trace.

use super::opened::Opened;
use super::units::{cut, name};
use traces::{By, Group};
use wire::{TraceGroupView, TraceStatisticsAsk, TraceStatisticsView};

/// Groups that are told.
const GROUPS: usize = 2_000;
/// Tags that are told.
const TAGS: usize = 300;
/// Characters of a tag's value that are told.
const VALUE: usize = 300;

/// What the page shows.
pub fn statistics(opened: &Opened, ask: &TraceStatisticsAsk) -> TraceStatisticsView {
    let by = match ask.by.as_str() {
        "operation" => By::Operation,
        "tag" if !ask.tag.is_empty() => By::Tag(ask.tag.clone()),
        _ => By::Service,
    };
    let mut groups = opened.arrangement.statistics(&by);
    let total = u32::try_from(groups.len()).unwrap_or(u32::MAX);
    order(&mut groups, &ask.order);
    groups.truncate(GROUPS);
    let tags = opened.arrangement.tag_keys();
    TraceStatisticsView {
        groups: groups.iter().map(|g| view(opened, g, &by)).collect(),
        total,
        tags: tags.iter().take(TAGS).map(|(key, _)| name(key)).collect(),
    }
}

/// The greatest first; they come by self time, and that decides between equal ones.
fn order(groups: &mut [Group], by: &str) {
    let number = |g: &Group| match by {
        "total" => g.total_ns,
        "count" => i64::from(g.spans),
        "errors" => i64::from(g.errors),
        "average" => g.mean_ns,
        "p50" => g.p50_ns,
        "p95" => g.p95_ns,
        "max" => g.max_ns,
        _ => g.self_ns,
    };
    if by == "name" {
        groups.sort_by(|a, b| {
            (&a.service, &a.operation, &a.value).cmp(&(&b.service, &b.operation, &b.value))
        });
    } else {
        groups.sort_by_key(|g| std::cmp::Reverse(number(g)));
    }
}

fn view(opened: &Opened, g: &Group, by: &By) -> TraceGroupView {
    let of_tag = matches!(by, By::Tag(_));
    let text = match (&g.operation, &g.value) {
        (Some(operation), _) => name(operation),
        (None, Some(value)) => cut(value, VALUE).0,
        (None, None) => String::new(),
    };
    TraceGroupView {
        service: g.service.as_ref().map(|s| opened.service(s)),
        name: text,
        without: of_tag && g.value.is_none(),
        spans: g.spans,
        errors: g.errors,
        total: g.total_ns as f64,
        self_time: g.self_ns as f64,
        average: g.mean_ns as f64,
        p50: g.p50_ns as f64,
        p95: g.p95_ns as f64,
        max: g.max_ns as f64,
        share: g.share,
        longest: g.longest,
    }
}
