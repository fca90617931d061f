//! When a group is evaluated: at times that are a multiple of its interval plus an offset of its own, so that groups spread and a
//! restart does not move them.

use model::{Fingerprint, Labels};

/// The times of one group on one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Schedule {
    interval: i64,
    offset: i64,
    /// The next evaluation's time.
    next: i64,
}

impl Schedule {
    /// The first evaluation is at the first slot after `now`.
    pub(crate) fn new(interval_ms: i64, file: &str, group: &str, source: &str, now: i64) -> Self {
        let interval = interval_ms.max(1);
        let key = Labels::from_pairs([("name", group), ("file", file), ("source", source)]);
        let offset = Fingerprint::of(&key).0 % interval.unsigned_abs();
        let mut schedule = Self {
            interval,
            offset: i64::try_from(offset).unwrap_or(0),
            next: now,
        };
        schedule.next = schedule.slot(now).saturating_add(interval);
        schedule
    }

    pub(crate) fn interval(&self) -> i64 {
        self.interval
    }

    /// The last slot that is not after `now`.
    fn slot(&self, now: i64) -> i64 {
        let beyond = now.saturating_sub(self.offset).rem_euclid(self.interval);
        now.saturating_sub(beyond)
    }

    /// When it is due next, as seen from `now`.
    pub(crate) fn next(&self, now: i64) -> i64 {
        // a clock that was put back must not stop the evaluations: then one is due at once
        if self.next.saturating_sub(now) <= self.interval {
            self.next
        } else {
            self.slot(now)
        }
    }

    /// Whether it is due at `now`: then the evaluation's time. Of slots that passed while nobody looked only the last one counts.
    pub(crate) fn due(&mut self, now: i64) -> Option<i64> {
        if now < self.next(now) {
            return None;
        }
        let slot = self.slot(now);
        self.next = slot.saturating_add(self.interval);
        Some(slot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_steady_and_missed_ones_are_not_made_up_for() {
        let t = 1_794_931_200_000;
        let mut s = Schedule::new(30_000, "f", "g", "s", t);
        let offset = s.offset;
        assert!((0..30_000).contains(&offset));
        assert_eq!(s.due(t), None);
        let first = s.next(t);
        assert!(first > t && first <= t + 30_000 && (first - offset) % 30_000 == 0);
        assert_eq!(s.due(first - 1), None);
        assert_eq!(s.due(first), Some(first));
        assert_eq!(s.due(first), None);
        // a late look: the slot's time counts, not the look's
        assert_eq!(s.due(first + 30_700), Some(first + 30_000));
        // the machine slept for an hour
        let hour = first + 3_600_000;
        assert_eq!(s.due(hour + 5), Some(hour));
        assert_eq!(s.due(hour + 6), None);
        assert_eq!(s.next(hour + 6), hour + 30_000);
        // the clock was put back by a day
        let back = hour - 86_400_000;
        assert_eq!(s.next(back + 6), back);
        assert_eq!(s.due(back + 6), Some(back));
        assert_eq!(s.due(back + 30_000), Some(back + 30_000));
    }

    #[test]
    fn groups_have_offsets_of_their_own() {
        let offsets: std::collections::BTreeSet<i64> = (0..20)
            .map(|i| Schedule::new(60_000, "f", &format!("g{i}"), "s", 0).offset)
            .collect();
        assert!(offsets.len() > 15);
    }
}
