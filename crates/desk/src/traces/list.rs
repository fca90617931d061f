//! Traces in a list.

use super::units::{at_ms, name};
use model::trace::TraceSummary;
use wire::{TraceItem, TraceShareView};

/// Services of a trace that a list names.
const SHARES: usize = 8;

/// A trace in a list as the page sees it.
pub fn item(t: &TraceSummary) -> TraceItem {
    let share = |s: &model::trace::ServiceShare| TraceShareView {
        name: name(&s.name),
        spans: s.spans,
        errors: s.errors,
    };
    TraceItem {
        id: t.id.to_string(),
        service: name(&t.root_service),
        operation: name(&t.root_operation),
        at: at_ms(t.start_ns),
        duration: t.duration_ns as f64,
        spans: t.spans,
        errors: t.errors,
        orphans: t.orphans,
        shares: t.services.iter().take(SHARES).map(share).collect(),
        services: u32::try_from(t.services.len()).unwrap_or(u32::MAX),
    }
}
