//! Which episodes changed lately, so that whoever follows them pays for what has changed and not for all there are.

use model::duty::AlertId;
use std::collections::VecDeque;

/// Changes that are remembered; whoever is further behind reads all.
const MOST: usize = 4_096;

/// The latest changes, oldest first.
#[derive(Debug, Default)]
pub(super) struct Log {
    /// Revision and episode; revisions never fall.
    latest: VecDeque<(u64, AlertId)>,
    /// Every change after this revision is in `latest`.
    from: u64,
}

impl Log {
    /// Nothing has changed since `revision`.
    pub fn from(revision: u64) -> Self {
        Self {
            latest: VecDeque::new(),
            from: revision,
        }
    }

    /// `id` changed; it is seen from `revision` on.
    pub fn note(&mut self, revision: u64, id: AlertId) {
        if self.latest.back() == Some(&(revision, id)) {
            return;
        }
        self.latest.push_back((revision, id));
        if self.latest.len() > MOST
            && let Some((gone, _)) = self.latest.pop_front()
        {
            self.from = gone;
        }
    }

    /// What changed after `revision`, each once in order; `None` when that is too long ago.
    pub fn since(&self, revision: u64) -> Option<Vec<AlertId>> {
        if revision < self.from {
            return None;
        }
        let begin = self.latest.partition_point(|(at, _)| *at <= revision);
        let mut ids: Vec<AlertId> = self.latest.range(begin..).map(|(_, id)| *id).collect();
        ids.sort_unstable();
        ids.dedup();
        Some(ids)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_ago_is_not_half_remembered() {
        let mut log = Log::from(7);
        assert_eq!(log.since(6), None);
        assert_eq!(log.since(7), Some(Vec::new()));
        for (revision, id) in [(8, 3), (9, 1), (9, 3), (9, 3)] {
            log.note(revision, AlertId(id));
        }
        assert_eq!(log.since(7), Some(vec![AlertId(1), AlertId(3)]));
        assert_eq!(log.since(8), Some(vec![AlertId(1), AlertId(3)]));
        assert_eq!(log.since(9), Some(Vec::new()));
        for revision in 10..10 + MOST as u64 {
            log.note(revision, AlertId(5));
        }
        assert_eq!(log.since(8), None);
        assert_eq!(log.since(9), Some(vec![AlertId(5)]));
    }
}
