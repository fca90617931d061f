//! Notices: made once, sent, tried again, dropped with a reason.

use super::batch::Lane;
use super::setup::DUTY;
use super::{Duty, Retry, SendFailure};
use model::Level;
use model::duty::{
    AlertId, DropReason, Notice, NoticeId, NoticeKind, NoticeState, PersonId, Suppression,
    WaitReason, What,
};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// Persons and channels that are remembered for an alert.
const TOLD: usize = 64;

/// Notices that wait or are being sent.
#[derive(Debug, Default)]
pub struct Outbox {
    pub(super) notices: BTreeMap<NoticeId, Notice>,
    /// When which waiting notice is looked at.
    pub(super) due: BTreeSet<(i64, NoticeId)>,
    /// Made in this call, and not yet in the timeline.
    pub(super) fresh: BTreeSet<NoticeId>,
    pub(super) lanes: BTreeMap<(PersonId, String), Lane>,
    made: u64,
    /// Sent, and perhaps still on a screen: about which alerts.
    shown: BTreeMap<NoticeId, Vec<AlertId>>,
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
            self.due.insert((*not_before, notice.id.clone()));
            if *why == Some(WaitReason::Collecting) {
                let lane = self.lanes.entry(lane).or_default();
                lane.collecting.insert(notice.id.clone());
            }
        }
        self.notices.insert(notice.id.clone(), notice);
    }

    fn forget_due(&mut self, id: &NoticeId) {
        if let Some(old) = self.notices.get(id)
            && let NoticeState::Waiting { not_before, .. } = old.outcome
        {
            self.due.remove(&(not_before, id.clone()));
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
        let mut text = String::with_capacity(32);
        for byte in digest.iter().take(16) {
            for nibble in [byte >> 4, byte & 15] {
                text.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
            }
        }
        NoticeId(text)
    }

    /// For notices that are made once by what somebody does or by what happens: two in one millisecond differ.
    pub(super) fn unique(&mut self, now: i64) -> String {
        self.outbox.made += 1;
        format!("{now} {}", self.outbox.made)
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
        let (not_before, why) = match self.wait_for(&kind, level, &to, now) {
            Some((until, why)) => (until, Some(why)),
            None => (now, None),
        };
        for alert in &alerts {
            if let Some(entry) = self.alerts.get_mut(alert) {
                entry.live.push(id.clone());
            }
        }
        self.outbox.fresh.insert(id.clone());
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
                    notice: id.clone(),
                    to: notice.to.clone(),
                    channel: notice.channel.clone(),
                    outcome: notice.outcome.clone(),
                };
                self.log(*alert, now, what);
            }
        }
        self.pending.notices.insert(id.clone(), notice);
    }

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
                entry.shown.push(id.clone());
            }
        }
        self.outbox.shown.insert(id.clone(), notice.alerts.clone());
        self.pending.withdraw.insert(id.clone());
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
                    notice: notice.id.clone(),
                    to: notice.to.clone(),
                    channel: notice.channel.clone(),
                    code: code.clone(),
                    next_at,
                };
                self.log(*alert, now, what);
            }
        }
        self.outbox.put(notice.clone());
        self.pending.notices.insert(notice.id.clone(), notice);
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
            let done = |e: &Box<super::Entry>| e.is_acked() || !e.alert.is_open();
            if !about.iter().all(|a| self.alerts.get(a).is_none_or(done)) {
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

    /// The program tells of itself, once until `key` is forgotten, by other channels than `but`.
    pub(super) fn tell_system_once(
        &mut self,
        key: &str,
        code: &str,
        params: &[(&str, &str)],
        but: Option<&str>,
        now: i64,
    ) {
        if self.reported.insert(key.to_string()) {
            self.tell_system(code, params, but, now);
        }
    }

    pub(super) fn tell_system(
        &mut self,
        code: &str,
        params: &[(&str, &str)],
        but: Option<&str>,
        now: i64,
    ) {
        let mut to = self.setup.in_role(DUTY);
        to.retain(|p| self.setup.knows(p));
        if to.is_empty() {
            to = self.setup.everyone();
        }
        let mut channels = self.setup.channels_for_system();
        if channels.iter().any(|c| Some(c.as_str()) == but) {
            channels = self.setup.channels.iter().cloned().collect();
            channels.retain(|c| Some(c.as_str()) != but);
        }
        let named = |(n, v): &(&str, &str)| ((*n).to_string(), (*v).to_string());
        let params: BTreeMap<String, String> = params.iter().map(named).collect();
        let key = format!("system {code} {}", self.unique(now));
        for person in &to {
            for channel in &channels {
                let kind = NoticeKind::System {
                    code: code.to_string(),
                    params: params.clone(),
                };
                let address = (person.clone(), channel.clone());
                self.make(kind, Level::P1, Vec::new(), address, &key, now);
            }
        }
    }

    pub(super) fn most_urgent(&self, alerts: &[AlertId]) -> Level {
        let levels = alerts.iter().filter_map(|id| self.alerts.get(id));
        levels.map(|e| e.alert.level).min().unwrap_or(Level::P3)
    }
}
