//! An episode's life: it begins, is over, fires again, is forgotten.

use super::intake::first_sight;
use super::{Duty, Entry};
use model::duty::{
    Actor, Alert, AlertId, DropReason, Escalation, NoticeKind, PersonId, Resolution, What,
};
use model::{Fingerprint, Observation, Reported};

/// A channel that only makes noise: nobody is woken by it because something is over.
const NOISE: &str = "sound";

impl Duty {
    pub(super) fn new_episode(
        &mut self,
        source: &str,
        fingerprint: Fingerprint,
        seen: Observation,
        now: i64,
    ) -> AlertId {
        self.last_alert.0 += 1;
        let id = self.last_alert;
        let (level, level_reason) = self.setup.levels.level_of(&seen.labels);
        let former = self.by_fingerprint.insert(fingerprint, id);
        let former = former.and_then(|id| self.alerts.get(&id));
        let changes = former.map_or_else(Vec::new, |e| e.alert.changes.clone());
        let alert = Alert {
            id,
            fingerprint,
            level,
            level_reason,
            starts_at: seen.starts_at,
            first_seen: now,
            sights: first_sight(source, &seen, now),
            expr: seen.expr,
            value: seen.value,
            labels: seen.labels,
            annotations: seen.annotations,
            ack: None,
            assignee: None,
            snooze: None,
            suppressions: Vec::new(),
            escalation: Escalation::default(),
            responded_at: None,
            resolved: None,
            changes,
            told: Vec::new(),
            told_by: Vec::new(),
        };
        self.open += 1;
        self.inhibitions.opened(id, &alert.labels);
        self.alerts.insert(id, Entry::new(alert));
        self.note_change(id, now);
        let source = source.to_string();
        self.log(id, now, What::Fired { source });
        self.start_policy(id, now);
        id
    }

    /// It is over.
    pub(super) fn resolve(&mut self, id: AlertId, resolution: Resolution, now: i64) {
        let Some(entry) = self.alerts.get_mut(&id) else {
            return;
        };
        if !entry.alert.is_open() {
            return;
        }
        let by_hand = match &resolution {
            Resolution::ByHand { by, .. } => Some(by.clone()),
            _ => None,
        };
        super::escalate::freeze(&mut entry.alert.escalation, now);
        entry.alert.escalation.remaining = None;
        entry.alert.resolved = Some((now, resolution.clone()));
        self.pending.withdraw.extend(entry.shown.iter().cloned());
        self.open -= 1;
        if self.open * 10 < self.setup.max_open * 9 {
            self.reported.remove("too_many_alerts");
        }
        self.note_change(id, now);
        self.log(id, now, What::Resolved { resolution });
        self.drop_waiting(id, &DropReason::Resolved, now);
        self.inhibitions.closed(id);
        self.end_mirror(id);
        self.touch(id);
        self.settle(id, now);
        let flaps = self
            .alerts
            .get(&id)
            .is_some_and(|e| !e.alert.suppressions.is_empty());
        if !flaps {
            self.tell_resolved(id, by_hand.as_ref(), now);
        }
    }

    /// Those who were told of it are told that it is over, except who ended it.
    pub(super) fn tell_resolved(&mut self, id: AlertId, but: Option<&Actor>, now: i64) {
        let Some(entry) = self.alerts.get(&id) else {
            return;
        };
        let alert = &entry.alert;
        let level = alert.level;
        if !self.setup.tell_resolved.of(level) {
            return;
        }
        let wants = |(person, channel): &&(PersonId, String)| {
            channel != NOISE
                && but.is_none_or(|a| a.id != *person)
                && self.setup.knows(person)
                && self.setup.channels.contains(channel)
        };
        let to: Vec<_> = alert.told_by.iter().filter(wants).cloned().collect();
        let key = format!("resolved {}", self.unique(now));
        for address in to {
            self.make(NoticeKind::Resolved, level, vec![id], address, &key, now);
        }
    }

    /// The same alert fires again shortly after it was over.
    pub(super) fn reopen(&mut self, id: AlertId, source: &str, now: i64) {
        self.drop_waiting(id, &DropReason::Superseded, now);
        let Some(entry) = self.alerts.get_mut(&id) else {
            return;
        };
        let alert = &mut entry.alert;
        alert.resolved = None;
        let labels = alert.labels.clone();
        let lapsed = alert
            .ack
            .as_ref()
            .is_some_and(|a| a.until.is_some_and(|u| u <= now));
        if lapsed {
            alert.ack = None;
        }
        if alert
            .snooze
            .as_ref()
            .is_some_and(|(_, until)| *until <= now)
        {
            alert.snooze = None;
        }
        self.open += 1;
        self.inhibitions.opened(id, &labels);
        self.note_change(id, now);
        let source = source.to_string();
        self.log(id, now, What::Reopened { source });
        if lapsed {
            self.log(id, now, What::AckLapsed);
        }
        // Who was told that it is over must hear that it is not; who has it is not woken again, because the clock is held.
        self.start_policy(id, now);
    }

    /// When an episode that is over need not be remembered any more.
    pub(super) fn forget_at(&self, alert: &Alert) -> Option<i64> {
        let (at, resolution) = alert.resolved.as_ref()?;
        let by_hand = matches!(resolution, Resolution::ByHand { .. });
        if by_hand && alert.sights.values().any(|s| s.state != Reported::Resolved) {
            return None;
        }
        let flapping = self
            .setup
            .flapping
            .within_ms
            .max(self.setup.flapping.still_ms);
        // A source's end after one by hand counts as well.
        let last = alert.sights.values().map(|s| s.seen_at).max().unwrap_or(0);
        let last = if by_hand { last.max(*at) } else { *at };
        Some(last + flapping.max(self.setup.reopen_ms) + 1)
    }

    pub(super) fn forget(&mut self, id: AlertId) {
        let Some(entry) = self.alerts.remove(&id) else {
            return;
        };
        if let Some(at) = entry.timer {
            self.timers.remove(&(at, id));
        }
        self.forgotten = self.forgotten.max(entry.revision);
        let fingerprint = entry.alert.fingerprint;
        if self.by_fingerprint.get(&fingerprint) == Some(&id) {
            self.by_fingerprint.remove(&fingerprint);
        }
        self.mirrors.forget(id);
        self.outbox.forget_shown(id, &entry.shown);
    }
}
