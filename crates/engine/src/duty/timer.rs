//! What time alone brings about, and when it does next.

use super::event::WakeReason;
use super::setup::MINUTE;
use super::{Duty, Entry};
use model::duty::{Actor, AlertId, Suppression, What};

impl Duty {
    /// When this desk wants to be called next, and why; `None` before its first event.
    pub fn next_wakeup(&self) -> Option<(i64, WakeReason)> {
        let timer = self
            .timers
            .first()
            .map(|(at, id)| (*at, self.why(*id, *at)));
        let notice = self
            .outbox
            .next()
            .map(|(at, id)| (at, WakeReason::Notice(id)));
        let cover = self
            .covers
            .next()
            .map(|(at, id)| (at, WakeReason::Mute(id)));
        let alive = match self.alive_at {
            Some(at) => Some(at + MINUTE),
            None => self.last_now,
        };
        let alive = alive.map(|at| (at, WakeReason::Alive));
        let all = [timer, notice, cover, alive];
        all.into_iter().flatten().min_by_key(|(at, _)| *at)
    }

    fn why(&self, id: AlertId, at: i64) -> WakeReason {
        let Some(alert) = self.alerts.get(&id).map(|e| &e.alert) else {
            return WakeReason::Forget(id);
        };
        if alert.is_open() && alert.escalation.due_at == Some(at) {
            WakeReason::Step(id)
        } else if alert.is_open() && alert.ack.as_ref().is_some_and(|a| a.until == Some(at)) {
            WakeReason::AckLapses(id)
        } else if alert.is_open() && alert.snooze.as_ref().is_some_and(|s| s.1 == at) {
            WakeReason::SnoozeEnds(id)
        } else if flapping_until(alert) == Some(at) {
            WakeReason::FlappingEnds(id)
        } else {
            WakeReason::Forget(id)
        }
    }

    pub(super) fn set_timer(&mut self, id: AlertId) {
        let Some(entry) = self.alerts.get(&id) else {
            return;
        };
        let alert = &entry.alert;
        let next = if alert.is_open() {
            let ack = alert.ack.as_ref().and_then(|a| a.until);
            let snooze = alert.snooze.as_ref().map(|s| s.1);
            let all = [alert.escalation.due_at, ack, snooze, flapping_until(alert)];
            all.into_iter().flatten().min()
        } else {
            let all = [flapping_until(alert), self.forget_at(alert)];
            all.into_iter().flatten().min()
        };
        let Some(entry) = self.alerts.get_mut(&id) else {
            return;
        };
        let before = std::mem::replace(&mut entry.timer, next);
        if before != next {
            if let Some(at) = before {
                self.timers.remove(&(at, id));
            }
            if let Some(at) = next {
                self.timers.insert((at, id));
            }
        }
    }

    pub(super) fn run_timers(&mut self, now: i64) {
        while let Some((at, id)) = self.timers.first().copied() {
            if at > now {
                return;
            }
            self.timers.remove(&(at, id));
            if let Some(entry) = self.alerts.get_mut(&id) {
                entry.timer = None;
            }
            self.timer_due(id, now);
            self.settle(id, now);
            self.fire_due(id, now);
            self.set_timer(id);
        }
    }

    fn timer_due(&mut self, id: AlertId, now: i64) {
        let Some(entry) = self.alerts.get_mut(&id) else {
            return;
        };
        let alert = &mut entry.alert;
        if !alert.is_open() {
            let over = self.forget_at_of(id).is_some_and(|at| at <= now);
            if over {
                self.forget(id);
            }
            return;
        }
        if alert.snooze.as_ref().is_some_and(|s| s.1 <= now) {
            alert.snooze = None;
            let by = Actor::default();
            self.log(id, now, What::Snoozed { by, until: None });
            self.touch(id);
        }
        self.lapse(id, now);
    }

    fn forget_at_of(&self, id: AlertId) -> Option<i64> {
        self.forget_at(&self.alerts.get(&id)?.alert)
    }

    /// An acknowledgement's time is over. Who had it, and who was told by the latest step, hear of it, unless something else keeps it quiet.
    fn lapse(&mut self, id: AlertId, now: i64) {
        let Some(entry) = self.alerts.get_mut(&id) else {
            return;
        };
        let over = |e: &Entry| {
            let until = e.alert.ack.as_ref().and_then(|a| a.until);
            until.is_some_and(|u| u <= now)
        };
        if !over(entry) {
            return;
        }
        let Some(ack) = entry.alert.ack.take() else {
            return;
        };
        entry.lapsed = true;
        let told = self.lapse_to(id, &ack.by.id); // before the clock goes on: the latest step is that before the acknowledgement
        self.log(id, now, What::AckLapsed);
        self.mirrors.let_go(id);
        self.touch(id);
        self.settle(id, now);
        let Some(entry) = self.alerts.get_mut(&id) else {
            return;
        };
        entry.lapsed = false;
        if !entry.alert.suppressions.is_empty() {
            return;
        }
        for (person, channel) in told {
            let key = (person, channel, ack.at);
            self.pending.lapses.entry(key).or_default().push(id);
        }
    }

    /// Whom a lapse is told: who had it, and whom the latest step named.
    fn lapse_to(&self, id: AlertId, acker: &str) -> Vec<(String, String)> {
        let Some(entry) = self.alerts.get(&id) else {
            return Vec::new();
        };
        let clock = &entry.alert.escalation;
        let Some(policy) = self.policies.get(&clock.policy) else {
            return Vec::new();
        };
        let latest = match clock.next_step {
            0 if clock.round > clock.first_round => policy.steps.len() - 1,
            n => (n as usize).saturating_sub(1),
        };
        let step = policy.steps.get(latest).or_else(|| policy.steps.last());
        let Some(step) = step else {
            return Vec::new();
        };
        let mut people = self.setup.named_by(step);
        if people.is_empty() {
            people = self.setup.everyone();
        }
        if self.setup.knows(acker) && !people.iter().any(|p| p == acker) {
            people.insert(0, acker.to_string());
        }
        let channels = self.setup.channels_of(step);
        let pair =
            |p: &String| -> Vec<_> { channels.iter().map(|c| (p.clone(), c.clone())).collect() };
        people.iter().flat_map(pair).collect()
    }

    /// One notice for all acknowledgements that were made together and have lapsed together.
    pub(super) fn make_lapse_notices(&mut self, now: i64) {
        let lapses = std::mem::take(&mut self.pending.lapses);
        for ((person, channel, at), alerts) in lapses {
            let key = format!("lapse {at} {}", self.unique(now));
            let level = self.most_urgent(&alerts);
            let kind = model::duty::NoticeKind::AckLapsed;
            self.make(kind, level, alerts, (person, channel), &key, now);
        }
    }
}

fn flapping_until(alert: &model::duty::Alert) -> Option<i64> {
    alert.suppressions.iter().find_map(|s| match s {
        Suppression::Flapping { until, .. } => Some(*until),
        _ => None,
    })
}
