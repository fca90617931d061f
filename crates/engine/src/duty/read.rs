//! What others read of the alert desk.

use super::event::{Changes, Count, Next};
use super::matchers::Matchers;
use super::{Duty, Refused, Setup};
use model::duty::{Alert, AlertId, Mute, Notice, Suppression};
use model::{Fingerprint, Level, Matcher};

impl Duty {
    /// The configuration in force.
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// Open episodes, oldest first.
    pub fn alerts(&self) -> impl Iterator<Item = &Alert> {
        self.known().filter(|a| a.is_open())
    }

    /// Open episodes and those that were over lately, oldest first.
    pub fn known(&self) -> impl ExactSizeIterator<Item = &Alert> {
        self.alerts.values().map(|e| &e.alert)
    }

    /// An episode that is open or was over lately.
    pub fn alert(&self, id: AlertId) -> Option<&Alert> {
        self.alerts.get(&id).map(|e| &e.alert)
    }

    /// The newest episode with this fingerprint that is open or was over lately.
    pub fn find(&self, fingerprint: Fingerprint) -> Option<&Alert> {
        self.alert(*self.by_fingerprint.get(&fingerprint)?)
    }

    /// Silences and maintenance windows by hand that have not ended.
    pub fn mutes(&self) -> impl Iterator<Item = &Mute> {
        self.covers.mutes()
    }

    /// Notices that wait or are being sent.
    pub fn notices(&self) -> impl Iterator<Item = &Notice> {
        self.outbox.notices.values()
    }

    /// Those of `among` for which a takeover window stands: P0 whose first step was taken, and that nobody has and nothing keeps quiet.
    pub fn takeover(&self, among: impl Iterator<Item = AlertId>) -> Vec<AlertId> {
        let stands = |a: &&Alert| {
            let clock = &a.escalation;
            let told = clock.next_step > 0 || clock.round > 0;
            a.is_open() && a.level == Level::P0 && a.suppressions.is_empty() && told
        };
        let known = among.filter_map(|id| self.alert(id));
        known.filter(stands).map(|a| a.id).collect()
    }

    /// Open alerts by level, P0 first.
    pub fn counts(&self, now: i64) -> [Count; 4] {
        let mut out = [Count::default(); 4];
        for alert in self.alerts() {
            let Some(count) = out.get_mut(alert.level.number() as usize) else {
                continue;
            };
            count.open += 1;
            let acked = alert.ack.is_some();
            let held = |s: &Suppression| !matches!(s, Suppression::Acknowledged { .. });
            let suppressed = alert.suppressions.iter().any(held);
            count.unacked += usize::from(!acked && !suppressed);
            count.suppressed += usize::from(suppressed);
            let due = self.respond_due(alert).is_some_and(|due| due <= now);
            count.overdue += usize::from(due && alert.responded_at.is_none() && !suppressed);
        }
        out
    }

    /// What happens next to an alert if nobody does anything; `None` if nothing does, or it is kept quiet.
    pub fn next_for(&self, id: AlertId) -> Option<Next> {
        let alert = self.alert(id)?;
        let clock = &alert.escalation;
        let at = clock.due_at.filter(|_| alert.is_open())?;
        let policy = self.policies.get(&clock.policy)?;
        let step = policy.steps.get(clock.next_step as usize)?;
        let mut to = self.setup.named_by(step);
        if to.is_empty() {
            to = self.setup.everyone();
        }
        Some(Next {
            at,
            step: clock.next_step,
            round: clock.round,
            names: to.iter().map(|p| self.setup.name_of(p)).collect(),
            to,
            channels: self.setup.channels_of(step),
        })
    }

    /// By when somebody must have taken it, ms; counted from its start or from when we first heard of it, whichever is later.
    pub fn respond_due(&self, alert: &Alert) -> Option<i64> {
        let target = self.setup.targets.respond_ms.of(alert.level)?;
        Some(alert.starts_at.max(alert.first_seen) + target)
    }

    /// By when it must be over, ms.
    pub fn resolve_due(&self, alert: &Alert) -> Option<i64> {
        let target = self.setup.targets.resolve_ms.of(alert.level)?;
        Some(alert.starts_at.max(alert.first_seen) + target)
    }

    /// Goes up with every change.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// What has changed since [`Self::revision`] was `revision`.
    pub fn changed_since(&self, revision: u64) -> Changes {
        let logged = self.changes.since(revision).map(|ids| {
            let known = |id: &AlertId| self.alerts.contains_key(id);
            ids.into_iter().filter(known).collect()
        });
        let alerts = logged.unwrap_or_else(|| {
            let newer = self.alerts.iter().filter(|(_, e)| e.revision > revision);
            newer.map(|(id, _)| *id).collect()
        });
        Changes {
            alerts,
            complete: revision >= self.forgotten,
        }
    }

    /// Sources that cannot be reached.
    pub fn lost_sources(&self) -> impl Iterator<Item = &str> {
        let lost = self.sources.iter().filter(|(_, s)| s.lost);
        lost.map(|(name, _)| name.as_str())
    }

    /// Open alerts that a silence with these matchers would hide.
    ///
    /// # Errors
    /// Why such a silence would be refused.
    pub fn would_hide(&self, matchers: &[Matcher]) -> Result<Vec<AlertId>, Refused> {
        let all = Matchers::for_mute(matchers)?;
        let hidden = self.alerts().filter(|a| all.matches(&a.labels));
        Ok(hidden.map(|a| a.id).collect())
    }
}
