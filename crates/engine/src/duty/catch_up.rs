//! Going on after the program was not running, the machine slept, the clock was moved, or the configuration has changed.

use super::inhibit::Inhibitions;
use super::outbox::wakes;
use super::people::Policies;
use super::setup::{MINUTE, Setup};
use super::{Duty, Entry};
use model::duty::{Actor, AlertId, AuditEntry, Notice, NoticeState, Snapshot, What};
use std::collections::BTreeMap;

/// Away for longer than this is told after a restart, ms.
const AWAY: i64 = 2 * MINUTE;
/// A clock that jumps further than this is recorded, ms.
const JUMP: i64 = 5 * MINUTE;
/// Asleep for longer than this is told, ms.
const ASLEEP: i64 = 10 * MINUTE;

impl Duty {
    /// Everything as it was kept.
    pub(super) fn restored(&mut self, snapshot: Snapshot, now: i64) {
        self.last_alert = snapshot.last_alert;
        self.last_mute = snapshot.last_mute;
        self.outbox.before = snapshot.last_notice;
        for alert in snapshot.alerts {
            self.last_alert = self.last_alert.max(alert.id);
            // The newest episode of a fingerprint has the largest id.
            let newest = self.by_fingerprint.entry(alert.fingerprint).or_default();
            *newest = (*newest).max(alert.id);
            if alert.is_open() {
                self.open += 1;
                self.inhibitions.opened(alert.id, &alert.labels);
            }
            let mut entry = Entry::new(alert);
            // Whether the latest step was heard is not kept; who was told of it at all is.
            entry.step_sent = !entry.alert.told.is_empty();
            self.pending.dirty.insert(entry.alert.id);
            self.alerts.insert(entry.alert.id, entry);
        }
        self.revision += 1;
        self.forgotten = self.revision;
        self.changes = super::changes::Log::from(self.revision);
        for mute in snapshot.mutes {
            self.last_mute = self.last_mute.max(mute.id);
            self.covers.put(mute);
        }
        self.rebuild_sources();
        let begun: Vec<AlertId> = self.alerts.keys().copied().collect();
        for entry in self.alerts.values_mut() {
            entry.revision = self.revision;
        }
        self.restore_outbox(snapshot.notices, now);
        for id in begun {
            self.set_timer(id);
        }
        self.relevel(now);
        self.rebuild_mirrors(now);
        self.alive(now);
        if let Some(since) = snapshot.alive_at
            && now - since > AWAY
        {
            self.caught_up(since, "caught_up", now);
        }
    }

    /// Waiting notices wait on; what was being sent is sent again under the same id, unless somebody has taken it by now.
    fn restore_outbox(&mut self, notices: Vec<Notice>, now: i64) {
        let mut again = Vec::new();
        for notice in notices {
            match &notice.outcome {
                NoticeState::Waiting { .. } => {}
                NoticeState::Sending { .. } => again.push(notice.id),
                _ => continue,
            }
            for alert in &notice.alerts {
                if let Some(entry) = self.alerts.get_mut(alert) {
                    entry.live.push(notice.id);
                }
            }
            self.outbox.put(notice);
        }
        for id in again {
            let Some(notice) = self.outbox.notices.get(&id) else {
                continue;
            };
            // Its episode is over and forgotten, or in somebody's hands.
            let moot = self.is_moot(notice) && wakes(&notice.kind);
            if moot {
                let why = self.moot_reason(notice);
                self.drop_notice(&id, why, now);
            } else {
                self.send(&id, now);
            }
        }
    }

    /// Another configuration. Comes before [`super::Event::Restored`] at the start, lest steps be taken by the wrong policy.
    pub(super) fn configured(&mut self, setup: Setup, now: i64) {
        self.setup = setup;
        let (policies, bad) = Policies::new(&self.setup);
        self.policies = policies;
        self.reported.clear();
        let (mut index, rules) = Inhibitions::new(&self.setup.inhibitions);
        for (id, entry) in self.alerts.iter().filter(|(_, e)| e.alert.is_open()) {
            index.opened(*id, &entry.alert.labels);
        }
        self.inhibitions = index;
        let windows = self.covers.configure(&self.setup);
        self.pending.dirty.extend(self.alerts.keys().copied());
        for name in bad {
            self.tell_system("bad_policy", &[("policy", &name)], None, now);
        }
        for index in rules {
            let number = (index + 1).to_string();
            self.tell_system("bad_inhibition", &[("number", &number)], None, now);
        }
        for title in windows {
            self.tell_system("bad_window", &[("title", &title)], None, now);
        }
        self.relevel(now);
    }

    /// A channel works again: what waits for another try goes now. It does not: that is told once by the others.
    pub(super) fn channel_health(&mut self, channel: &str, ok: bool, now: i64) {
        let key = format!("channel_down {channel}");
        if !ok {
            let params = [("channel", channel)];
            return self.tell_system_once(&key, "channel_down", &params, Some(channel), now);
        }
        self.reported.remove(&key);
        let retries = |n: &&Notice| {
            use model::duty::WaitReason::Retry;
            n.channel == channel
                && matches!(
                    &n.outcome,
                    NoticeState::Waiting {
                        why: Some(Retry { .. }),
                        ..
                    }
                )
        };
        let waiting: Vec<Notice> = self
            .outbox
            .notices
            .values()
            .filter(retries)
            .cloned()
            .collect();
        for mut notice in waiting {
            if let NoticeState::Waiting { not_before, .. } = &mut notice.outcome {
                *not_before = (*not_before).min(now);
            }
            self.outbox.put(notice);
        }
    }

    /// The database learns that the program lives, at most once a minute.
    pub(super) fn alive(&mut self, now: i64) {
        let recent = |at: i64| at <= now && now - at < MINUTE;
        self.pending.alive |= !self.alive_at.is_some_and(recent);
    }

    /// The time between two events tells of sleep and of a clock that was moved; somebody always wakes this desk once a minute.
    pub(super) fn watch_clock(&mut self, now: i64) {
        let Some(before) = self.last_now else {
            return;
        };
        let jump = now - before;
        if jump.abs() <= JUMP {
            return;
        }
        let action = if jump > 0 {
            "clock_forward"
        } else {
            "clock_back"
        };
        let detail = BTreeMap::from([
            ("from".to_string(), before.to_string()),
            ("to".to_string(), now.to_string()),
        ]);
        self.pending.audit.push(AuditEntry {
            at: now,
            by: Actor::default(),
            action: action.to_string(),
            alerts: Vec::new(),
            detail,
        });
        if jump > ASLEEP {
            self.caught_up(before, "slept", now);
        }
    }

    /// Every open alert says from when nobody looked; whoever is told first is told how long.
    fn caught_up(&mut self, since: i64, code: &str, now: i64) {
        if self.open == 0 {
            return;
        }
        let open: Vec<AlertId> = self
            .alerts
            .iter()
            .filter(|(_, e)| e.alert.is_open())
            .map(|(id, _)| *id)
            .collect();
        let (minutes, count) = ((now - since) / MINUTE, open.len());
        for id in open {
            self.log(id, now, What::CaughtUp { since });
        }
        let (minutes, count) = (minutes.to_string(), count.to_string());
        let params = [("minutes", minutes.as_str()), ("open", count.as_str())];
        self.tell_system(code, &params, None, now);
    }
}
