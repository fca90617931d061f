//! The escalation clock: which step comes when, and what a step does. The clock runs only while nothing keeps the alert quiet.

use super::Duty;
use super::setup::{MINUTE, Policy, Step};
use model::duty::{Actor, AlertId, AuditEntry, DropReason, Escalation, NoticeKind, PersonId, What};
use std::collections::BTreeMap;

/// The audit log's word for a step after the first.
const ESCALATED: &str = "escalated";

/// Stops the clock and remembers what was left.
pub fn freeze(clock: &mut Escalation, now: i64) {
    if let Some(due) = clock.due_at.take() {
        clock.remaining = Some((due - now).max(0));
    }
}

/// From one step to the next, ms; `None` if there is no such step.
fn gap(policy: &Policy, to: u32) -> Option<i64> {
    let to = to as usize;
    let before = to.checked_sub(1).and_then(|i| policy.steps.get(i));
    Some(policy.steps.get(to)?.after_ms - before.map_or(0, |s| s.after_ms))
}

impl Duty {
    /// The policy that fits begins, or begins anew.
    pub(super) fn start_policy(&mut self, id: AlertId, now: i64) {
        let Some(entry) = self.alerts.get_mut(&id) else {
            return;
        };
        let alert = &mut entry.alert;
        let Some(policy) = self.policies.choose(alert.level, &alert.labels) else {
            return;
        };
        let clock = &mut alert.escalation;
        let another = clock.policy != policy.name;
        if another {
            clock.policy.clone_from(&policy.name);
        }
        clock.round += u32::from(clock.next_step > 0);
        clock.first_round = clock.round;
        clock.next_step = 0;
        clock.remaining = None;
        clock.due_at = Some(now + gap(policy, 0).unwrap_or(0));
        entry.step_sent = false;
        if another {
            let policy = policy.name.clone();
            self.log(id, now, What::PolicyChosen { policy });
        }
        self.touch(id);
    }

    /// Another policy goes on where the first telling has happened already.
    fn switch_policy(&mut self, id: AlertId, now: i64) {
        let Some(entry) = self.alerts.get_mut(&id) else {
            return;
        };
        let alert = &mut entry.alert;
        let begun =
            alert.escalation.next_step > 0 || alert.escalation.round > alert.escalation.first_round;
        if !begun {
            return self.start_policy(id, now);
        }
        let Some(policy) = self.policies.choose(alert.level, &alert.labels) else {
            return;
        };
        let name = policy.name.clone();
        let clock = &mut alert.escalation;
        clock.policy.clone_from(&name);
        go_on_after_first(clock, policy, now);
        self.log(id, now, What::PolicyChosen { policy: name });
        self.touch(id);
    }

    /// Nothing keeps it quiet any more: the clock goes on with what was left.
    pub(super) fn thaw(&mut self, id: AlertId, acked: bool, now: i64) {
        let Some(entry) = self.alerts.get_mut(&id) else {
            return;
        };
        let lapsed = std::mem::take(&mut entry.lapsed);
        let clock = &mut entry.alert.escalation;
        let unheard = entry.alert.told.is_empty() && clock.next_step > 0;
        if unheard && !lapsed {
            // What the first steps made was dropped before it was sent.
            return self.start_policy(id, now);
        }
        if let Some(left) = clock.remaining.take() {
            clock.due_at = Some(now + left);
        } else if acked && clock.due_at.is_none() {
            // All steps were done, and now nobody has it: from the beginning. A lapse tells by itself what the first step would.
            if !lapsed {
                return self.start_policy(id, now);
            }
            if let Some(policy) = self.policies.get(&clock.policy) {
                go_on_after_first(clock, policy, now);
            }
        }
        self.touch(id);
    }

    /// Every step that is due, each once.
    pub(super) fn fire_due(&mut self, id: AlertId, now: i64) {
        while let Some(entry) = self.alerts.get(&id) {
            let alert = &entry.alert;
            let Some(due) = alert.escalation.due_at.filter(|due| *due <= now) else {
                return;
            };
            if !alert.is_open() || !alert.suppressions.is_empty() {
                return;
            }
            self.fire(id, due, now);
        }
    }

    fn fire(&mut self, id: AlertId, due: i64, now: i64) {
        let Some(entry) = self.alerts.get_mut(&id) else {
            return;
        };
        entry.step_sent = false;
        let clock = &mut entry.alert.escalation;
        let (number, round, level) = (clock.next_step, clock.round, entry.alert.level);
        let policy = self.policies.get(&clock.policy);
        let step = policy.and_then(|p| p.steps.get(number as usize));
        let (Some(policy), Some(step)) = (policy, step.cloned()) else {
            clock.due_at = None;
            return;
        };
        advance(clock, policy, due);
        let name = policy.name.clone();
        self.touch(id);
        let (to, channels) = self.reach(id, &name, number, &step, now);
        let late = (now - due).max(0);
        self.log(
            id,
            now,
            What::StepDue {
                step: number,
                round,
                targets: to.clone(),
                channels: channels.clone(),
                late,
            },
        );
        if number > 0 || round > 0 {
            self.audit_step(id, &name, number, round, &to, now);
        }
        let key = format!("step {round} {number}");
        for person in &to {
            for channel in &channels {
                let kind = NoticeKind::Step {
                    step: number,
                    round,
                };
                let address = (person.clone(), channel.clone());
                self.make(kind, level, vec![id], address, &key, now);
            }
        }
    }

    /// Whom a step tells, by which channels: somebody in any case, and what it names in vain is told.
    fn reach(
        &mut self,
        id: AlertId,
        policy: &str,
        number: u32,
        step: &Step,
        now: i64,
    ) -> (Vec<PersonId>, Vec<String>) {
        for channel in &step.channels {
            if !self.setup.channels.contains(channel) {
                let params = [("policy", policy), ("channel", channel)];
                let key = format!("unknown_channel {policy} {channel}");
                self.tell_system_once(&key, "unknown_channel", &params, None, now);
            }
        }
        for role in self.setup.unknown_roles(step) {
            let shown = (number + 1).to_string();
            let params = [
                ("policy", policy),
                ("step", shown.as_str()),
                ("role", role.as_str()),
            ];
            let key = format!("unknown_role {policy} {number} {role}");
            self.tell_system_once(&key, "unknown_role", &params, None, now);
        }
        let mut to = self.setup.named_by(step);
        if to.is_empty() {
            to = self.setup.everyone();
            self.log(id, now, What::NobodyToTell { step: number });
            let shown = number.to_string();
            let params = [("policy", policy), ("step", shown.as_str())];
            let key = format!("nobody_to_tell {policy} {number}");
            self.tell_system_once(&key, "nobody_to_tell", &params, None, now);
        }
        (to, self.setup.channels_of(step))
    }

    fn audit_step(
        &mut self,
        id: AlertId,
        policy: &str,
        step: u32,
        round: u32,
        to: &[PersonId],
        now: i64,
    ) {
        let detail = BTreeMap::from([
            ("policy".to_string(), policy.to_string()),
            ("step".to_string(), step.to_string()),
            ("round".to_string(), round.to_string()),
            ("to".to_string(), to.join(", ")),
        ]);
        // Many that escalate together are one line.
        let same = |a: &&mut AuditEntry| a.action == ESCALATED && a.detail == detail;
        if let Some(line) = self.pending.audit.iter_mut().rev().take(8).find(same) {
            line.alerts.push(id);
            return;
        }
        self.pending.audit.push(AuditEntry {
            at: now,
            by: Actor::default(),
            action: ESCALATED.to_string(),
            alerts: vec![id],
            detail,
        });
    }

    /// Everything that the latest step made has failed: the next step of this round comes now. A further round keeps its time, lest an
    /// hour's outage of a channel use up the policy in seconds.
    pub(super) fn bring_forward(&mut self, id: AlertId, now: i64) {
        let Some(entry) = self.alerts.get_mut(&id) else {
            return;
        };
        let clock = &mut entry.alert.escalation;
        let step = clock.next_step;
        match clock.due_at {
            Some(due) if step > 0 && due > now => clock.due_at = Some(now),
            Some(_) if step > 0 => return,
            _ => return self.nobody_reached(now),
        }
        self.log(id, now, What::BroughtForward { step });
        self.touch(id);
    }

    fn nobody_reached(&mut self, now: i64) {
        self.tell_system_once("nobody_reached", "nobody_reached", &[], None, now);
    }

    /// Levels and policies of all open alerts by the present configuration.
    pub(super) fn relevel(&mut self, now: i64) {
        let open: Vec<AlertId> = self
            .alerts
            .iter()
            .filter(|(_, e)| e.alert.is_open())
            .map(|(id, _)| *id)
            .collect();
        for id in open {
            let Some(entry) = self.alerts.get_mut(&id) else {
                continue;
            };
            let alert = &mut entry.alert;
            let (level, reason) = self.setup.levels.level_of(&alert.labels);
            let before = alert.level;
            if level != before {
                alert.level = level;
                alert.level_reason = reason.clone();
                self.log(id, now, What::Leveled { level, reason });
                self.drop_waiting(id, &DropReason::Superseded, now);
                self.touch(id);
            }
            if level < before {
                self.start_policy(id, now);
            } else {
                self.follow_policy(id, now);
            }
        }
    }

    /// Where the policy that fits is another one, or has become longer or shorter.
    fn follow_policy(&mut self, id: AlertId, now: i64) {
        let Some(entry) = self.alerts.get_mut(&id) else {
            return;
        };
        let alert = &mut entry.alert;
        let Some(policy) = self.policies.choose(alert.level, &alert.labels) else {
            return;
        };
        let clock = &mut alert.escalation;
        if policy.name != clock.policy {
            return self.switch_policy(id, now);
        }
        let stands = clock.due_at.is_none() && clock.remaining.is_none();
        match gap(policy, clock.next_step) {
            None if !stands => {
                clock.due_at = None;
                clock.remaining = None;
            }
            Some(after) if stands => clock.due_at = Some(now + after),
            _ => return,
        }
        self.touch(id);
    }
}

/// A new round that begins with its second step: the first telling has happened.
fn go_on_after_first(clock: &mut Escalation, policy: &Policy, now: i64) {
    clock.round += u32::from(clock.next_step > 0);
    clock.first_round = clock.round;
    clock.next_step = 1;
    clock.remaining = None;
    clock.due_at = gap(policy, 1).map(|after| now + after);
}

/// After the step that was due at `due`: when the next is.
fn advance(clock: &mut Escalation, policy: &Policy, due: i64) {
    clock.next_step += 1;
    clock.due_at = gap(policy, clock.next_step).map(|after| due + after);
    if clock.due_at.is_none()
        && let Some(repeat) = policy.repeat
        && clock.round - clock.first_round.min(clock.round) < repeat.times
    {
        clock.round += 1;
        clock.next_step = 0;
        clock.due_at = Some(due + repeat.every_ms.max(MINUTE));
    }
}
