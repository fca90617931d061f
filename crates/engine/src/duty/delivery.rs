//! What channels answer, and what follows: tries, failures, who has been told, pop-ups that are closed.

use super::outbox::wakes;
use super::{Duty, Retry, SendFailure};
use model::duty::{
    AlertId, DropReason, Notice, NoticeId, NoticeKind, NoticeState, WaitReason, What,
};

/// Persons and channels that are remembered for an alert.
const TOLD: usize = 64;

impl Duty {
    /// A channel has answered.
    pub(super) fn sent(&mut self, id: &NoticeId, result: Result<String, SendFailure>, now: i64) {
        let sending = |n: &&Notice| matches!(n.outcome, NoticeState::Sending { .. });
        let Some(notice) = self.outbox.notices.get(id).filter(sending).cloned() else {
            return;
        };
        match result {
            Ok(receipt) => self.delivered(&notice, receipt, now),
            Err(why) => self.refused(&notice, why, now),
        }
    }

    fn delivered(&mut self, notice: &Notice, receipt: String, now: i64) {
        let id = &notice.id;
        if wakes(&notice.kind) {
            self.reported.remove("nobody_reached");
        }
        self.reported
            .remove(&format!("channel_failed {}", notice.channel));
        self.end(id, NoticeState::Sent { at: now, receipt }, now);
        if !wakes(&notice.kind) {
            return;
        }
        for alert in &notice.alerts {
            if let Some(entry) = self.alerts.get_mut(alert) {
                entry.step_sent = true;
                entry.shown.push(*id);
            }
        }
        self.outbox.shown.insert(*id, notice.alerts.clone());
        self.pending.withdraw.insert(*id);
    }

    fn refused(&mut self, notice: &Notice, why: SendFailure, now: i64) {
        let id = &notice.id;
        if let Retry::After(wait) = why.retry
            && notice.attempts < self.setup.retry.attempts
        {
            if self.is_moot(notice) {
                return self.drop_notice(id, self.moot_reason(notice), now);
            }
            let limits = &self.setup.retry;
            let next_at = now + wait.clamp(limits.min_ms, limits.max_ms.max(limits.min_ms));
            return self.retry(notice, why.code, next_at, now);
        }
        let failed = NoticeState::Failed {
            at: now,
            code: why.code.clone(),
            params: why.params,
        };
        self.end(id, failed, now);
        self.untell(notice);
        if wakes(&notice.kind) {
            for alert in &notice.alerts {
                if self.is_unreached(*alert) {
                    self.bring_forward(*alert, now);
                }
            }
        }
        if !matches!(notice.kind, NoticeKind::System { .. }) {
            let channel = notice.channel.as_str();
            let key = format!("channel_failed {channel}");
            let params = [("channel", channel), ("code", why.code.as_str())];
            self.tell_system_once(&key, "channel_failed", &params, Some(channel), now);
        }
    }

    /// Why a notice that says nothing new any more is dropped.
    pub(super) fn moot_reason(&self, notice: &Notice) -> DropReason {
        let first = notice.alerts.first().and_then(|id| self.alerts.get(id));
        match first {
            Some(e) if e.is_acked() => DropReason::Acknowledged,
            Some(e) if e.alert.is_open() => match e.alert.suppressions.first() {
                Some(by) => DropReason::Suppressed { by: by.clone() },
                None => DropReason::Superseded,
            },
            _ => DropReason::Resolved,
        }
    }

    fn retry(&mut self, notice: &Notice, code: String, next_at: i64, now: i64) {
        let mut notice = notice.clone();
        notice.outcome = NoticeState::Waiting {
            not_before: next_at,
            why: Some(WaitReason::Retry { code: code.clone() }),
        };
        if !matches!(notice.kind, NoticeKind::Digest { .. }) {
            for alert in &notice.alerts {
                let what = What::NoticeRetry {
                    notice: notice.id,
                    to: notice.to.clone(),
                    channel: notice.channel.clone(),
                    code: code.clone(),
                    next_at,
                };
                self.log(*alert, now, what);
            }
        }
        self.outbox.put(notice.clone());
        self.pending.notices.insert(notice.id, notice);
    }

    /// Whether nothing of an alert's latest step has reached anybody, or still may.
    fn is_unreached(&self, id: AlertId) -> bool {
        self.alerts.get(&id).is_some_and(|e| {
            let alive = |n: &NoticeId| {
                let notice = self.outbox.notices.get(n);
                notice.is_some_and(|n| wakes(&n.kind))
            };
            let quiet = !e.alert.suppressions.is_empty();
            e.alert.is_open() && !quiet && !e.step_sent && !e.live.iter().any(alive)
        })
    }

    /// Remembers who hears of an alert by which channel.
    pub(super) fn mark_told(&mut self, notice: &Notice) {
        if !wakes(&notice.kind) {
            return;
        }
        let address = (notice.to.clone(), notice.channel.clone());
        for alert in &notice.alerts {
            let Some(entry) = self.alerts.get_mut(alert) else {
                continue;
            };
            let told = &mut entry.alert;
            if told.told_by.len() < TOLD && !told.told_by.contains(&address) {
                told.told_by.push(address.clone());
                if !told.told.contains(&address.0) {
                    told.told.push(address.0.clone());
                }
                self.pending.alerts.insert(*alert);
            }
        }
    }

    fn untell(&mut self, notice: &Notice) {
        for alert in &notice.alerts {
            let Some(entry) = self.alerts.get_mut(alert) else {
                continue;
            };
            let told = &mut entry.alert;
            let before = told.told_by.len();
            told.told_by
                .retain(|(p, c)| *p != notice.to || *c != notice.channel);
            if told.told_by.len() != before {
                let by = &told.told_by;
                told.told.retain(|p| by.iter().any(|(q, _)| p == q));
                self.pending.alerts.insert(*alert);
            }
        }
    }

    /// Pop-ups of which every alert is taken or over are closed.
    pub(super) fn check_shown(&mut self) {
        let asked = std::mem::take(&mut self.pending.withdraw);
        for id in asked {
            let Some(about) = self.outbox.shown.get(&id) else {
                continue;
            };
            let done = about.iter().all(|a| {
                let entry = self.alerts.get(a);
                entry.is_none_or(|e| e.is_acked() || !e.alert.is_open())
            });
            if !done {
                continue;
            }
            for alert in self.outbox.shown.remove(&id).unwrap_or_default() {
                if let Some(entry) = self.alerts.get_mut(&alert) {
                    entry.shown.retain(|n| *n != id);
                }
            }
            self.pending.withdraw.insert(id);
        }
    }
}
