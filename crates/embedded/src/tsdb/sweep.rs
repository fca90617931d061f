//! What leaves memory: chunks that are old and in the file, chunks beyond the limit, series without samples.

use super::Shared;
use super::series::MemSeries;
use std::sync::Arc;

/// What a sweep found.
#[derive(Debug, Default)]
pub(super) struct Swept {
    /// Bytes that samples take.
    pub(super) memory: u64,
    /// Samples that are in no file.
    pub(super) unsaved: u64,
    /// Samples dropped that were in no file, though there is one.
    pub(super) lost: u64,
    /// Keys of the series that are gone.
    pub(super) removed: Vec<i64>,
}

/// Steps in which memory beyond its limit is given back, oldest first.
const STEPS: i64 = 8;

/// `newest`: time of the newest sample; nothing is kept that is earlier than `oldest`.
pub(super) fn sweep(shared: &Shared, newest: i64, oldest: i64, has_file: bool) -> Swept {
    let window = newest.saturating_sub(shared.options.memory_window_ms);
    let all = shared.head.read().all();
    let mut swept = Swept::default();
    // without a file, memory holds all that is kept
    let _ = evict(
        &all,
        if has_file { window.max(oldest) } else { oldest },
        !has_file,
    );
    if has_file {
        swept.lost += evict(&all, oldest, true);
    }
    for s in &all {
        let mut state = s.state.lock();
        if state.last_t >= oldest {
            state.first_t = state.first_t.max(oldest);
        }
    }
    (swept.memory, swept.unsaved) = measure(&all);
    let start = if has_file { window } else { oldest };
    for unsaved in [false, true] {
        for step in 1..=STEPS {
            if swept.memory <= shared.options.max_memory_bytes {
                break;
            }
            let before = start + newest.saturating_sub(start) / STEPS * step;
            let lost = evict(&all, before, unsaved);
            swept.lost += if has_file { lost } else { 0 };
            (swept.memory, swept.unsaved) = measure(&all);
        }
    }
    drop(all);
    swept.removed = remove_empty(shared, oldest);
    swept
}

fn evict(all: &[Arc<MemSeries>], before: i64, unsaved: bool) -> u64 {
    let mut lost = 0;
    for s in all {
        let mut state = s.state.lock();
        if state.open.as_ref().is_some_and(|o| o.end() < before) {
            state.close();
        }
        lost += state.evict(before, unsaved);
    }
    lost
}

fn measure(all: &[Arc<MemSeries>]) -> (u64, u64) {
    let mut sum = (0, 0);
    for s in all {
        let state = s.state.lock();
        sum.0 += state.memory() as u64;
        sum.1 += state.unsaved();
    }
    sum
}

fn remove_empty(shared: &Shared, oldest: i64) -> Vec<i64> {
    let gone = |s: &MemSeries| {
        let state = s.state.lock();
        let had_samples = state.last_t != i64::MIN;
        had_samples && state.last_t < oldest && state.closed.is_empty() && state.open.is_none()
    };
    if !shared.head.read().all().iter().any(|s| gone(s)) {
        return Vec::new();
    }
    shared.head.write().remove_where(gone)
}
