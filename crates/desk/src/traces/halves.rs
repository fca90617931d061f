//! Traces of which only the lower half of the id is known: some logs write 64 bits of 128, and stores find whole ids only.

use super::stores::Store;
use model::trace::{TraceId, TraceQuery};
use std::sync::Arc;
use wire::TraceNear;

/// How long before the line its trace may have begun, and how many traces are looked at: the nearest first.
const WINDOWS: [(i64, usize); 2] = [(5_000, 500), (600_000, 1_500)];
/// Clocks of hosts differ, ms.
const AFTER: i64 = 5_000;
const MS: i64 = 1_000_000;

/// A trace about this time through this service whose id ends with `half`, and who has it. A store that fails has none: it has been asked
/// for the id itself before, and that failure is told.
pub(super) async fn find<'a>(
    stores: &'a [Arc<Store>],
    half: TraceId,
    near: &TraceNear,
) -> Option<(&'a Arc<Store>, TraceId)> {
    if near.service.is_empty() || !near.at.is_finite() {
        return None;
    }
    let at = near.at as i64;
    for (before, limit) in WINDOWS {
        for store in stores {
            let Ok(client) = store.client() else {
                continue;
            };
            let query = TraceQuery {
                service: near.service.clone(),
                from_ns: at.saturating_sub(before).saturating_mul(MS),
                to_ns: at.saturating_add(AFTER).saturating_mul(MS),
                limit,
                ..TraceQuery::default()
            };
            let Ok(answer) = client.search(&query).await else {
                continue;
            };
            let mut found = answer.value.traces.iter().map(|t| t.id);
            if let Some(id) = found.find(|id| id.may_be(half)) {
                return Some((store, id));
            }
        }
    }
    None
}
