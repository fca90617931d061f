//! What people do.

use super::check::unique;
use super::{Action, Duty, Effect, Refused};
use model::Matcher;
use model::duty::{
    Ack, Actor, AlertId, AuditEntry, Mute, MuteId, MuteKind, NoticeKind, PersonId, Resolution, What,
};
use std::collections::BTreeMap;

impl Duty {
    /// Does what a person wants done, at `now`, ms.
    ///
    /// # Errors
    /// [`Refused`] says what is wrong with it; then nothing has changed.
    pub fn act(&mut self, action: Action, by: &Actor, now: i64) -> Result<Vec<Effect>, Refused> {
        self.check(&action, now)?;
        self.watch_clock(now);
        match action {
            Action::Ack {
                alerts,
                comment,
                for_ms,
                mirror,
            } => {
                let mirror = mirror.unwrap_or_default();
                self.ack(&self.open_of(&alerts)?, by, &comment, for_ms, &mirror, now);
            }
            Action::Unack { alerts } => self.unack(&alerts, by, now)?,
            Action::Assign {
                alerts,
                to,
                comment,
            } => self.assign(&self.open_of(&alerts)?, to, by, &comment, now),
            Action::Snooze { alerts, for_ms } => {
                self.snooze(&self.open_of(&alerts)?, Some(now + for_ms), by, now);
            }
            Action::Unsnooze { alerts } => {
                let put_off = |id: &AlertId| {
                    self.alerts
                        .get(id)
                        .is_some_and(|e| e.alert.snooze.is_some())
                };
                let some: Vec<_> = alerts.iter().copied().filter(put_off).collect();
                self.snooze(&some, None, by, now);
            }
            Action::Resolve { alerts, comment } => {
                self.resolve_by_hand(&self.open_of(&alerts)?, by, &comment, now);
            }
            Action::Comment { alerts, comment } => {
                for id in unique(&alerts) {
                    let (by, comment) = (by.clone(), comment.clone());
                    self.log(id, now, What::Commented { by, comment });
                    self.touch(id);
                }
                self.audit(
                    by,
                    "comment",
                    &unique(&alerts),
                    &[("comment", &comment)],
                    now,
                );
            }
            Action::Mute {
                kind,
                matchers,
                starts_at,
                ends_at,
                comment,
            } => self.mute(
                kind,
                matchers,
                (starts_at.max(now), ends_at),
                by,
                &comment,
                now,
            ),
            Action::Unmute { id } => self.unmute(id, by, now)?,
        }
        Ok(self.finish(now))
    }

    fn ack(
        &mut self,
        alerts: &[AlertId],
        by: &Actor,
        comment: &str,
        for_ms: Option<i64>,
        mirror: &[String],
        now: i64,
    ) {
        for id in alerts {
            self.take_ack_back(*id);
            let Some(entry) = self.alerts.get_mut(id) else {
                continue;
            };
            let ack = Ack {
                by: by.clone(),
                at: now,
                comment: comment.to_string(),
                until: for_ms.map(|ms| now + ms),
                mirrored: BTreeMap::new(),
                mirror: mirror.to_vec(),
            };
            entry.alert.ack = Some(ack.clone());
            entry.alert.responded_at.get_or_insert(now);
            self.pending.withdraw.extend(entry.shown.iter().cloned());
            self.log(*id, now, What::Acked { ack });
            self.touch(*id);
        }
        self.begin_mirror(alerts, now);
        let until = for_ms.map(|ms| (now + ms).to_string()).unwrap_or_default();
        let labels = mirror.join(", ");
        let detail = [
            ("comment", comment),
            ("until", until.as_str()),
            ("mirror", labels.as_str()),
        ];
        self.audit(by, "ack", alerts, &detail, now);
    }

    /// Removes an acknowledgement and the silences that mirror it.
    fn take_ack_back(&mut self, id: AlertId) -> bool {
        let Some(ack) = self.alerts.get_mut(&id).and_then(|e| e.alert.ack.take()) else {
            return false;
        };
        self.unmirror(id, &ack);
        true
    }

    fn unack(&mut self, alerts: &[AlertId], by: &Actor, now: i64) -> Result<(), Refused> {
        let mut done = Vec::new();
        for id in self.open_of(alerts)? {
            if self.take_ack_back(id) {
                self.log(id, now, What::Unacked { by: by.clone() });
                self.touch(id);
                done.push(id);
            }
        }
        self.audit(by, "unack", &done, &[], now);
        Ok(())
    }

    fn assign(
        &mut self,
        alerts: &[AlertId],
        to: Option<PersonId>,
        by: &Actor,
        comment: &str,
        now: i64,
    ) {
        let to_self = to.as_ref() == Some(&by.id);
        for id in alerts {
            let Some(entry) = self.alerts.get_mut(id) else {
                continue;
            };
            entry.alert.assignee.clone_from(&to);
            if to_self {
                entry.alert.responded_at.get_or_insert(now);
            }
            let what = What::Assigned {
                to: to.clone(),
                by: by.clone(),
                comment: comment.to_string(),
            };
            self.log(*id, now, what);
            self.touch(*id);
        }
        let shown = to.clone().unwrap_or_default();
        let detail = [("to", shown.as_str()), ("comment", comment)];
        self.audit(by, "assign", alerts, &detail, now);
        if let Some(to) = to.filter(|_| !to_self) {
            self.tell_assigned(alerts, &to, by, comment, now);
        }
    }

    /// One notice for all, by the channels of the most urgent one's first step.
    fn tell_assigned(
        &mut self,
        alerts: &[AlertId],
        to: &PersonId,
        by: &Actor,
        comment: &str,
        now: i64,
    ) {
        let level = self.most_urgent(alerts);
        let first = alerts
            .iter()
            .filter_map(|id| self.alerts.get(id))
            .min_by_key(|e| e.alert.level);
        let policy = first.and_then(|e| self.policies.get(&e.alert.escalation.policy));
        let step = policy.and_then(|p| p.steps.first());
        let channels = step.map_or_else(Vec::new, |s| self.setup.channels_of(s));
        let mut about = alerts.to_vec();
        let key = format!("assigned {}", self.unique(now));
        about.sort_by_key(|id| (self.alerts.get(id).map(|e| e.alert.level), *id));
        for channel in channels {
            let kind = NoticeKind::Assigned {
                by: by.name.clone(),
                comment: comment.to_string(),
            };
            let address = (to.clone(), channel);
            self.make(kind, level, about.clone(), address, &key, now);
        }
    }

    fn snooze(&mut self, alerts: &[AlertId], until: Option<i64>, by: &Actor, now: i64) {
        for id in alerts {
            let Some(entry) = self.alerts.get_mut(id) else {
                continue;
            };
            entry.alert.snooze = until.map(|u| (by.clone(), u));
            let by = by.clone();
            self.log(*id, now, What::Snoozed { by, until });
            self.touch(*id);
        }
        let shown = until.map(|u| u.to_string()).unwrap_or_default();
        let action = if until.is_some() {
            "snooze"
        } else {
            "unsnooze"
        };
        self.audit(by, action, alerts, &[("until", &shown)], now);
    }

    fn resolve_by_hand(&mut self, alerts: &[AlertId], by: &Actor, comment: &str, now: i64) {
        for id in alerts {
            if let Some(entry) = self.alerts.get_mut(id) {
                entry.alert.responded_at.get_or_insert(now);
            }
            let resolution = Resolution::ByHand {
                by: by.clone(),
                comment: comment.to_string(),
            };
            self.resolve(*id, resolution, now);
        }
        self.audit(by, "resolve", alerts, &[("comment", comment)], now);
    }

    fn mute(
        &mut self,
        kind: MuteKind,
        matchers: Vec<Matcher>,
        (starts_at, ends_at): (i64, i64),
        by: &Actor,
        comment: &str,
        now: i64,
    ) {
        self.last_mute.0 += 1;
        let mute = Mute {
            id: self.last_mute,
            kind,
            matchers,
            starts_at,
            ends_at,
            by: by.clone(),
            comment: comment.to_string(),
        };
        let action = match kind {
            MuteKind::Silence => "silence",
            MuteKind::Maintenance => "maintenance",
        };
        self.keep_mute(&mute, action, by, now);
    }

    fn unmute(&mut self, id: MuteId, by: &Actor, now: i64) -> Result<(), Refused> {
        let mut mute = self.standing_mute(id, now)?;
        mute.ends_at = now;
        mute.starts_at = mute.starts_at.min(now);
        self.keep_mute(&mute, "unsilence", by, now);
        Ok(())
    }

    fn keep_mute(&mut self, mute: &Mute, action: &str, by: &Actor, now: i64) {
        self.covers.put(mute.clone());
        self.pending.mutes.push(mute.clone());
        let matchers: Vec<String> = mute.matchers.iter().map(ToString::to_string).collect();
        let (id, matchers) = (mute.id.0.to_string(), matchers.join(", "));
        let (from, until) = (mute.starts_at.to_string(), mute.ends_at.to_string());
        let detail = [
            ("mute", id.as_str()),
            ("matchers", matchers.as_str()),
            ("from", from.as_str()),
            ("until", until.as_str()),
            ("comment", mute.comment.as_str()),
        ];
        self.audit(by, action, &[], &detail, now);
    }

    fn audit(
        &mut self,
        by: &Actor,
        action: &str,
        alerts: &[AlertId],
        detail: &[(&str, &str)],
        now: i64,
    ) {
        let filled = detail.iter().filter(|(_, v)| !v.is_empty());
        self.pending.audit.push(AuditEntry {
            at: now,
            by: by.clone(),
            action: action.to_string(),
            alerts: alerts.to_vec(),
            detail: filled
                .map(|(n, v)| ((*n).to_string(), (*v).to_string()))
                .collect(),
        });
    }
}
