//! How much of a span's time is its own.

use crate::Arrangement;

/// The self time of each row, ns. Children come in the order of their start, so one sweep over them makes their union.
pub(crate) fn all(a: &Arrangement) -> Vec<i64> {
    let own = |row: usize| {
        let (start, end) = (a.start[row], a.end[row]);
        let (mut covered, mut until) = (0i64, start);
        for child in a.children(row as u32) {
            let from = a.start[child as usize].max(until);
            let to = a.end[child as usize].min(end);
            if to > from {
                covered = covered.saturating_add(to.saturating_sub(from));
                until = to;
            }
        }
        end.saturating_sub(start).saturating_sub(covered).max(0)
    };
    (0..a.len()).map(own).collect()
}
