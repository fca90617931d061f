//! Notices: made once, sent, tried again, dropped with a reason.

use super::Duty;
use super::batch::Lane;
use model::Level;
use model::duty::{
    AlertId, DropReason, Notice, NoticeId, NoticeKind, NoticeState, PersonId, Suppression,
    WaitReason, What,
};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// Notices that wait or are being sent.
#[derive(Debug, Default)]
pub struct Outbox {
    pub(super) notices: BTreeMap<NoticeId, Notice>,
    /// When which waiting notice is looked at.
    pub(super) due: BTreeSet<(i64, NoticeId)>,
    /// Made in this call, and not yet in the timeline.
    pub(super) fresh: BTreeSet<NoticeId>,
    pub(super) lanes: BTreeMap<(PersonId, String), Lane>,
    /// How many notices had been kept when this run of the program began.
    pub(super) before: u64,
    made: u64,
    /// Sent, and perhaps still on a screen: about which alerts.
    pub(super) shown: BTreeMap<NoticeId, Vec<AlertId>>,
}

impl Outbox {
    pub(super) fn next(&self) -> Option<(i64, NoticeId)> {
        self.due.first().cloned()
    }

    /// Adds or replaces one.
    pub(super) fn put(&mut self, notice: Notice) {
        self.forget_due(&notice.id);
        let lane = (notice.to.clone(), notice.channel.clone());
        if let NoticeState::Waiting { not_before, why } = &notice.outcome {
            self.due.insert((*not_before, notice.id));
            if *why == Some(WaitReason::Collecting) {
                let lane = self.lanes.entry(lane).or_default();
                lane.collecting.insert(notice.id);
            }
        }
        self.notices.insert(notice.id, notice);
    }

    fn forget_due(&mut self, id: &NoticeId) {
        if let Some(old) = self.notices.get(id)
            && let NoticeState::Waiting { not_before, .. } = old.outcome
        {
            self.due.remove(&(not_before, *id));
            let lane = (old.to.clone(), old.channel.clone());
            if let Some(lane) = self.lanes.get_mut(&lane) {
                lane.collecting.remove(id);
            }
        }
    }

    pub(super) fn remove(&mut self, id: &NoticeId) -> Option<Notice> {
        self.forget_due(id);
        self.fresh.remove(id);
        self.notices.remove(id)
    }

    pub(super) fn forget_shown(&mut self, alert: AlertId, shown: &[NoticeId]) {
        for id in shown {
            if let Some(about) = self.shown.get_mut(id) {
                about.retain(|a| *a != alert);
                if about.is_empty() {
                    self.shown.remove(id);
                }
            }
        }
    }
}

/// Whether it is about something that ends when somebody takes the alert.
pub(super) fn wakes(kind: &NoticeKind) -> bool {
    matches!(
        kind,
        NoticeKind::Step { .. }
            | NoticeKind::AckLapsed
            | NoticeKind::Flapping
            | NoticeKind::Digest { .. }
    )
}

impl Duty {
    /// The first 128 bits of SHA-256 over what a notice is about. Not a fast hash: the id leaves this machine, and other systems take
    /// equal ids for the same message.
    pub(super) fn notice_id(&self, alerts: &[AlertId], parts: &[&str]) -> NoticeId {
        let mut hash = Sha256::new();
        for id in alerts {
            hash.update(id.0.to_le_bytes());
            if let Some(entry) = self.alerts.get(id) {
                hash.update(entry.alert.fingerprint.0.to_le_bytes());
                hash.update(entry.alert.first_seen.to_le_bytes());
            }
        }
        for part in parts {
            hash.update(part.len().to_le_bytes());
            hash.update(part.as_bytes());
        }
        let digest = hash.finalize();
        let first = digest.iter().take(16);
        NoticeId(first.fold(0, |id, byte| id << 8 | u128::from(*byte)))
    }

    /// For notices that are made once by what somebody does or by what happens: two in one millisecond differ, also when the clock was put
    /// back and the program started again in between.
    pub(super) fn unique(&mut self, now: i64) -> String {
        self.outbox.made += 1;
        format!("{now} {} {}", self.outbox.before, self.outbox.made)
    }

    /// Puts a notice into the outbox, once for each `key`, person and channel.
    pub(super) fn make(
        &mut self,
        kind: NoticeKind,
        level: Level,
        alerts: Vec<AlertId>,
        (to, channel): (PersonId, String),
        key: &str,
        now: i64,
    ) {
        let id = self.notice_id(&alerts, &[key, &to, &channel]);
        if self.outbox.notices.contains_key(&id) {
            return;
        }
        if matches!(kind, NoticeKind::Step { .. }) {
            self.supersede(&alerts, &to, &channel, now);
        }
        let (not_before, why) = match self.wait_for(&kind, level, &alerts, &to, now) {
            Some((until, why)) => (until, Some(why)),
            None => (now, None),
        };
        for alert in &alerts {
            if let Some(entry) = self.alerts.get_mut(alert) {
                entry.live.push(id);
            }
        }
        self.outbox.fresh.insert(id);
        self.outbox.put(Notice {
            id,
            kind,
            level,
            alerts,
            to,
            channel,
            created_at: now,
            attempts: 0,
            outcome: NoticeState::Waiting { not_before, why },
        });
    }

    /// A later step takes the place of what still waits for the same person and channel.
    fn supersede(&mut self, alerts: &[AlertId], to: &str, channel: &str, now: i64) {
        let live = alerts.iter().filter_map(|a| self.alerts.get(a));
        let waiting = |id: &&NoticeId| {
            self.outbox.notices.get(*id).is_some_and(|n| {
                matches!(n.kind, NoticeKind::Step { .. })
                    && matches!(n.outcome, NoticeState::Waiting { .. })
                    && n.to == to
                    && n.channel == channel
            })
        };
        let old: Vec<NoticeId> = live
            .flat_map(|e| &e.live)
            .filter(waiting)
            .cloned()
            .collect();
        for id in old {
            self.drop_notice(&id, DropReason::Superseded, now);
        }
    }

    pub(super) fn drop_notice(&mut self, id: &NoticeId, why: DropReason, now: i64) {
        self.end(id, NoticeState::Dropped { at: now, why }, now);
    }

    /// What is waiting for an alert is not sent any more.
    pub(super) fn drop_waiting(&mut self, alert: AlertId, why: &DropReason, now: i64) {
        let Some(entry) = self.alerts.get(&alert) else {
            return;
        };
        let flaps = matches!(
            why,
            DropReason::Suppressed {
                by: Suppression::Flapping { .. }
            }
        );
        for id in entry.live.clone() {
            let Some(notice) = self.outbox.notices.get(&id) else {
                continue;
            };
            if notice.alerts.len() > 1 || matches!(notice.kind, NoticeKind::Digest { .. }) {
                // Looked at once when everything else is done: of ten thousand alerts each one would ask for all the others.
                self.pending.moot.insert(id);
                continue;
            }
            let concerned = match (&notice.kind, why) {
                (NoticeKind::Flapping, _) if flaps => false,
                (NoticeKind::Resolved, DropReason::Superseded)
                | (NoticeKind::Assigned { .. }, DropReason::Resolved) => true,
                (kind, _) => wakes(kind),
            };
            if concerned && matches!(notice.outcome, NoticeState::Waiting { .. }) {
                self.drop_notice(&id, why.clone(), now);
            }
        }
    }

    /// Notices about several alerts that have nothing left to tell.
    pub(super) fn drop_moot(&mut self, now: i64) {
        for id in std::mem::take(&mut self.pending.moot) {
            let Some(notice) = self.outbox.notices.get(&id) else {
                continue;
            };
            let waits = matches!(notice.outcome, NoticeState::Waiting { .. });
            if waits && self.is_moot(notice) {
                let why = self.moot_reason(notice);
                self.drop_notice(&id, why, now);
            }
        }
    }

    /// Whether everything that it tells is in somebody's hands, or kept quiet, by now.
    pub(super) fn is_moot(&self, notice: &Notice) -> bool {
        let digest = matches!(notice.kind, NoticeKind::Digest { .. });
        if !wakes(&notice.kind) {
            return false;
        }
        notice.alerts.iter().all(|id| {
            self.alerts.get(id).is_none_or(|e| {
                if e.alert.is_open() {
                    let flapping = |s: &Suppression| matches!(s, Suppression::Flapping { .. });
                    let told = notice.kind == NoticeKind::Flapping;
                    e.alert.suppressions.iter().any(|s| !(told && flapping(s)))
                } else {
                    // A digest may tell that it is over.
                    !digest
                }
            })
        })
    }

    /// A notice has come to its end.
    pub(super) fn end(&mut self, id: &NoticeId, outcome: NoticeState, now: i64) {
        let Some(mut notice) = self.outbox.remove(id) else {
            return;
        };
        notice.outcome = outcome;
        for alert in &notice.alerts {
            if let Some(entry) = self.alerts.get_mut(alert) {
                entry.live.retain(|n| n != id);
            }
        }
        // A digest's end stands in its own row: ten thousand lines would say no more.
        if !matches!(notice.kind, NoticeKind::Digest { .. }) {
            for alert in &notice.alerts {
                let what = What::NoticeEnded {
                    notice: *id,
                    to: notice.to.clone(),
                    channel: notice.channel.clone(),
                    outcome: notice.outcome.clone(),
                };
                self.log(*alert, now, what);
            }
        }
        self.pending.notices.insert(*id, notice);
    }

    pub(super) fn most_urgent(&self, alerts: &[AlertId]) -> Level {
        let levels = alerts.iter().filter_map(|id| self.alerts.get(id));
        levels.map(|e| e.alert.level).min().unwrap_or(Level::P3)
    }
}
