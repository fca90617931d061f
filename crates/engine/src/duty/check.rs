//! What can be said against an action, before anything is changed.

use super::matchers::Matchers;
use super::{Action, Duty, Refused};
use model::Matcher;
use model::duty::{AlertId, Mute, MuteId};
use std::collections::BTreeSet;

/// Bytes of a comment.
const COMMENT: usize = 4096;
/// Silences and maintenance windows by hand at one time.
const MUTES: usize = 1000;

impl Duty {
    /// Everything that can be said against an action, before anything is changed.
    pub(super) fn check(&self, action: &Action, now: i64) -> Result<(), Refused> {
        match action {
            Action::Ack {
                alerts,
                comment,
                for_ms,
                mirror,
            } => {
                self.check_comment(comment)?;
                for_ms.map_or(Ok(()), |ms| self.check_duration(ms))?;
                let open = self.open_of(alerts)?;
                mirror
                    .as_ref()
                    .map_or(Ok(()), |names| self.check_mirror(&open, names))
            }
            Action::Unack { alerts } => self.check_any(alerts, Refused::NotAcknowledged, |e| {
                e.is_acked() && e.alert.is_open()
            }),
            Action::Unsnooze { alerts } => self.check_any(alerts, Refused::NotSnoozed, |e| {
                e.alert.snooze.is_some() && e.alert.is_open()
            }),
            Action::Assign {
                alerts,
                to,
                comment,
            } => {
                self.check_comment(comment)?;
                self.open_of(alerts)?;
                match to {
                    Some(id) if !self.setup.knows(id) => Err(Refused::UnknownPerson(id.clone())),
                    _ => Ok(()),
                }
            }
            Action::Snooze { alerts, for_ms } => {
                self.check_duration(*for_ms)?;
                self.open_of(alerts).map(|_| ())
            }
            Action::Resolve { alerts, comment } => {
                self.check_comment(comment)?;
                self.open_of(alerts).map(|_| ())
            }
            Action::Comment { alerts, comment } => {
                self.check_comment(comment)?;
                self.check_any(alerts, Refused::UnknownAlert, |_| true)
            }
            Action::Mute {
                matchers,
                starts_at,
                ends_at,
                comment,
                ..
            } => {
                self.check_comment(comment)?;
                self.check_mute(matchers, *starts_at, *ends_at, now)
            }
            Action::Unmute { id } => self.standing_mute(*id, now).map(|_| ()),
        }
    }

    fn check_comment(&self, comment: &str) -> Result<(), Refused> {
        if comment.len() > COMMENT {
            return Err(Refused::CommentTooLong { max: COMMENT });
        }
        Ok(())
    }

    fn check_duration(&self, ms: i64) -> Result<(), Refused> {
        let max_ms = self.setup.longest_ms;
        match ms {
            ..=0 => Err(Refused::BadDuration),
            ms if ms > max_ms => Err(Refused::TooLong { max_ms }),
            _ => Ok(()),
        }
    }

    fn check_mirror(&self, open: &[AlertId], names: &[String]) -> Result<(), Refused> {
        if names.is_empty() {
            return Err(Refused::NoMirrorLabels);
        }
        for id in open {
            let labels = self.alerts.get(id).map(|e| &e.alert.labels);
            for label in names {
                if labels.is_some_and(|l| l.get(label).is_none()) {
                    let label = label.clone();
                    return Err(Refused::UnknownLabel { alert: *id, label });
                }
            }
        }
        Ok(())
    }

    fn check_mute(
        &self,
        matchers: &[Matcher],
        starts_at: i64,
        ends_at: i64,
        now: i64,
    ) -> Result<(), Refused> {
        Matchers::for_mute(matchers)?;
        let max_ms = self.setup.longest_ms;
        if ends_at <= starts_at {
            return Err(Refused::EndBeforeStart);
        }
        if ends_at <= now {
            return Err(Refused::AlreadyOver);
        }
        let from = starts_at.max(now);
        if ends_at.saturating_sub(from) > max_ms || from.saturating_sub(now) > max_ms {
            return Err(Refused::TooLong { max_ms });
        }
        if self.covers.mutes().count() >= MUTES {
            return Err(Refused::TooMany { max: MUTES });
        }
        Ok(())
    }

    /// All must be known; for one at least `fits` must hold.
    fn check_any(
        &self,
        alerts: &[AlertId],
        refuse: fn(AlertId) -> Refused,
        fits: impl Fn(&super::Entry) -> bool,
    ) -> Result<(), Refused> {
        let first = *alerts.first().ok_or(Refused::NoAlerts)?;
        let mut some = false;
        for id in alerts {
            some |= fits(self.alerts.get(id).ok_or(Refused::UnknownAlert(*id))?);
        }
        if some { Ok(()) } else { Err(refuse(first)) }
    }

    /// Those that are open, each once.
    pub(super) fn open_of(&self, alerts: &[AlertId]) -> Result<Vec<AlertId>, Refused> {
        self.check_any(alerts, Refused::AlreadyResolved, |e| e.alert.is_open())?;
        let is_open = |id: &AlertId| self.alerts.get(id).is_some_and(|e| e.alert.is_open());
        Ok(unique(alerts).into_iter().filter(is_open).collect())
    }

    pub(super) fn standing_mute(&self, id: MuteId, now: i64) -> Result<Mute, Refused> {
        let mut all = self.covers.mutes();
        let found = all.find(|m| m.id == id && m.ends_at > now);
        found.cloned().ok_or(Refused::UnknownMute(id))
    }
}

/// Each once, in order.
pub(super) fn unique(alerts: &[AlertId]) -> Vec<AlertId> {
    let all: BTreeSet<AlertId> = alerts.iter().copied().collect();
    all.into_iter().collect()
}
