//! Alerts that come and go: told once, then quiet until they have been still for a while.

use super::Duty;
use model::duty::{Alert, AlertId, NoticeKind, Suppression};

/// Changes that are remembered.
const MOST: usize = 32;

impl Duty {
    /// It has fired or was resolved.
    pub(super) fn note_change(&mut self, id: AlertId, now: i64) {
        let keep = self
            .setup
            .flapping
            .within_ms
            .max(self.setup.flapping.still_ms);
        if let Some(entry) = self.alerts.get_mut(&id) {
            let changes = &mut entry.alert.changes;
            changes.retain(|t| now - *t <= keep && *t <= now);
            changes.push(now);
            let surplus = changes.len().saturating_sub(MOST);
            changes.drain(..surplus);
        }
    }

    /// Whether it flaps at `now`.
    pub(super) fn flapping(&self, alert: &Alert, now: i64) -> Option<Suppression> {
        let limits = &self.setup.flapping;
        let until = alert.changes.last()? + limits.still_ms;
        if until <= now {
            return None;
        }
        let recent = alert
            .changes
            .iter()
            .filter(|t| now - **t < limits.within_ms)
            .count();
        let changes = u32::try_from(recent).unwrap_or(u32::MAX);
        let already = alert
            .suppressions
            .iter()
            .any(|s| matches!(s, Suppression::Flapping { .. }));
        if already {
            // Counting goes down with time by itself; only a change is news.
            let last = alert.suppressions.iter().find_map(|s| match s {
                Suppression::Flapping { changes, until: u } if *u == until => Some(*changes),
                _ => None,
            });
            let changes = last.unwrap_or(changes);
            return Some(Suppression::Flapping { changes, until });
        }
        (changes >= limits.changes.max(2)).then_some(Suppression::Flapping { changes, until })
    }

    /// Tells those who know of it, or who would be told first, that it comes and goes.
    pub(super) fn tell_flapping(&mut self, id: AlertId, now: i64) {
        let Some(entry) = self.alerts.get(&id) else {
            return;
        };
        let alert = &entry.alert;
        let to = match self.policies.get(&alert.escalation.policy) {
            _ if !alert.told_by.is_empty() => alert.told_by.clone(),
            Some(policy) => match policy.steps.first() {
                Some(step) => {
                    let people = self.setup.named_by(step);
                    let channels = self.setup.channels_of(step);
                    let pair = |p: &String| -> Vec<_> {
                        channels.iter().map(|c| (p.clone(), c.clone())).collect()
                    };
                    people.iter().flat_map(pair).collect()
                }
                None => Vec::new(),
            },
            None => Vec::new(),
        };
        let level = alert.level;
        let key = format!("flapping {}", self.unique(now));
        for (person, channel) in to {
            self.make(
                NoticeKind::Flapping,
                level,
                vec![id],
                (person, channel),
                &key,
                now,
            );
        }
    }
}
