//! When a notice goes: at once, collected with others, after quiet hours, or in a storm's digest. A lane is one person by one channel.

use super::Duty;
use super::setup::Setup;
use model::Level;
use model::duty::{
    AlertId, DigestReason, DropReason, Notice, NoticeId, NoticeKind, NoticeState, PersonId,
    WaitReason, What,
};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Sendings that are remembered of a lane.
const SENDINGS: usize = 1024;

/// What one person gets by one channel.
#[derive(Debug, Default)]
pub struct Lane {
    /// Notices that are collected.
    pub(super) collecting: BTreeSet<NoticeId>,
    /// When something was sent, oldest first.
    sent: VecDeque<i64>,
    /// When P0 passed by themselves during a storm.
    urgent: VecDeque<i64>,
    /// When the storm's next digest goes; `None`: no storm.
    storm: Option<i64>,
    /// When P0 last went in a digest.
    urgent_digest: Option<i64>,
}

impl Lane {
    /// Forgets what is too long ago, or lies in the future because the clock was put back.
    fn prune(&mut self, now: i64, within: i64) {
        for times in [&mut self.sent, &mut self.urgent] {
            times.retain(|t| *t <= now && now - *t < within);
        }
        if self.storm.is_some_and(|t| t > now + within) {
            self.storm = Some(now + within);
        }
        self.urgent_digest = self.urgent_digest.filter(|t| *t <= now);
    }

    fn count(&mut self, now: i64) {
        if self.sent.len() < SENDINGS {
            self.sent.push_back(now);
        }
    }

    /// `None`: it may go now; else when the digest goes that takes it.
    fn gate(&mut self, level: Level, setup: &Setup, now: i64) -> Option<i64> {
        let limits = &setup.storm;
        self.prune(now, limits.within_ms);
        if self.storm.is_some_and(|next| next <= now) {
            self.storm = None; // nothing waited for it, else the digest would have moved it on
        }
        if self.storm.is_none() && self.sent.len() < limits.notices {
            return None;
        }
        let next = *self.storm.get_or_insert(now + limits.within_ms);
        if level != Level::P0 {
            return Some(next);
        }
        if self.urgent.len() < limits.urgent {
            self.urgent.push_back(now);
            return None;
        }
        let earliest = self.urgent_digest.map(|t| t + limits.urgent_every_ms);
        Some(earliest.map_or(now, |t| t.max(now)).min(next))
    }
}

/// What is due in one lane.
#[derive(Debug, Default)]
struct Due {
    first: Vec<NoticeId>,
    again: Vec<NoticeId>,
    collecting: bool,
    quiet: Vec<NoticeId>,
    storm: Vec<NoticeId>,
}

/// Whether it may stand in a digest; what people do, and what the program says of itself, stands by itself.
fn is_common(kind: &NoticeKind) -> bool {
    matches!(
        kind,
        NoticeKind::Step { .. } | NoticeKind::Resolved | NoticeKind::Flapping
    )
}

impl Duty {
    /// Whether a new notice waits from the beginning.
    pub(super) fn wait_for(
        &self,
        kind: &NoticeKind,
        level: Level,
        alerts: &[AlertId],
        to: &str,
        now: i64,
    ) -> Option<(i64, WaitReason)> {
        if matches!(kind, NoticeKind::System { .. }) {
            return None;
        }
        let at_once = |id: &AlertId| {
            let entry = self.alerts.get(id);
            let policy = entry.and_then(|e| self.policies.get(&e.alert.escalation.policy));
            policy.is_some_and(|p| p.at_once)
        };
        if !alerts.is_empty() && alerts.iter().all(at_once) {
            return None;
        }
        if let Some(until) = self.setup.quiet_until(to, level, now) {
            return Some((until, WaitReason::QuietHours));
        }
        let collect = self.setup.collect.of(level);
        (collect > 0 && is_common(kind)).then_some((now + collect, WaitReason::Collecting))
    }

    /// Sends what may be sent at `now`, and lets the rest wait.
    pub(super) fn release(&mut self, now: i64) {
        let fresh: Vec<NoticeId> = self.outbox.fresh.iter().cloned().collect();
        for id in fresh {
            let waits = |n: &&Notice| matches!(&n.outcome, NoticeState::Waiting { why: Some(_), not_before } if *not_before > now);
            if let Some(n) = self.outbox.notices.get(&id).filter(waits).cloned() {
                self.keep_waiting(n, now);
            }
        }
        for (lane, due) in self.take_due(now) {
            self.release_lane(&lane, due, now);
        }
    }

    fn take_due(&mut self, now: i64) -> BTreeMap<(PersonId, String), Due> {
        let mut lanes: BTreeMap<(PersonId, String), Due> = BTreeMap::new();
        while let Some((at, id)) = self.outbox.due.pop_first() {
            if at > now {
                self.outbox.due.insert((at, id));
                break;
            }
            let Some(notice) = self.outbox.notices.get(&id) else {
                continue;
            };
            let lane = (notice.to.clone(), notice.channel.clone());
            let due = lanes.entry(lane).or_default();
            match &notice.outcome {
                NoticeState::Waiting { why, .. } => match why {
                    None => due.first.push(id),
                    Some(WaitReason::Retry { .. }) => due.again.push(id),
                    Some(WaitReason::Collecting) => due.collecting = true,
                    Some(WaitReason::QuietHours) => due.quiet.push(id),
                    Some(WaitReason::Storm) => due.storm.push(id),
                },
                _ => continue,
            }
        }
        lanes
    }

    fn release_lane(&mut self, lane: &(PersonId, String), due: Due, now: i64) {
        let mut singles = due.first;
        if due.collecting {
            let known = self.outbox.lanes.get_mut(lane);
            let all = known.map(|l| std::mem::take(&mut l.collecting));
            let ready = self.unless_quiet(all.unwrap_or_default(), now);
            singles.extend(self.together(ready, DigestReason::Collected, now));
        }
        singles.extend(self.together(due.quiet, DigestReason::QuietHours, now));
        if !due.storm.is_empty() {
            let within = self.setup.storm.within_ms;
            let known = self.outbox.lanes.entry(lane.clone()).or_default();
            if known.storm.is_some_and(|next| next <= now) {
                known.storm = Some(now + within);
            }
            for id in self.together(due.storm, DigestReason::Storm, now) {
                self.send(&id, now);
            }
        }
        for id in due.again {
            self.send(&id, now);
        }
        let mut order: Vec<_> = singles
            .into_iter()
            .filter_map(|id| {
                let n = self.outbox.notices.get(&id)?;
                Some((n.level, n.alerts.first().copied(), id))
            })
            .collect();
        order.sort();
        let mut at_once = Vec::new();
        for (level, _, id) in order {
            match self.pass(lane, &id, level, now) {
                None => self.send(&id, now),
                Some(at) if at <= now => at_once.push(id),
                Some(at) => self.wait(&id, at, WaitReason::Storm, now),
            }
        }
        if !at_once.is_empty() {
            let known = self.outbox.lanes.entry(lane.clone()).or_default();
            known.urgent_digest = Some(now);
            for id in self.together(at_once, DigestReason::Storm, now) {
                self.send(&id, now);
            }
        }
    }

    fn pass(
        &mut self,
        lane: &(PersonId, String),
        id: &NoticeId,
        level: Level,
        now: i64,
    ) -> Option<i64> {
        let common = self
            .outbox
            .notices
            .get(id)
            .is_some_and(|n| is_common(&n.kind));
        if !common {
            return None;
        }
        let lane = self.outbox.lanes.entry(lane.clone()).or_default();
        lane.gate(level, &self.setup, now)
    }

    /// Collected notices whose time has come in the midst of quiet hours wait on.
    fn unless_quiet(&mut self, ids: BTreeSet<NoticeId>, now: i64) -> Vec<NoticeId> {
        let mut ready = Vec::new();
        for id in ids {
            let Some(n) = self.outbox.notices.get(&id) else {
                continue;
            };
            match self.setup.quiet_until(&n.to, n.level, now) {
                Some(until) => self.wait(&id, until, WaitReason::QuietHours, now),
                None => ready.push(id),
            }
        }
        ready
    }

    /// Several become one digest, which is sent; what remains goes by itself.
    fn together(&mut self, ids: Vec<NoticeId>, why: DigestReason, now: i64) -> Vec<NoticeId> {
        let common = |id: &NoticeId| {
            self.outbox
                .notices
                .get(id)
                .is_some_and(|n| is_common(&n.kind))
        };
        let (mut members, mut others): (Vec<_>, Vec<_>) = ids.into_iter().partition(common);
        if members.len() < 2 {
            others.append(&mut members);
            return others;
        }
        members.sort();
        let notices: Vec<&Notice> = members
            .iter()
            .filter_map(|id| self.outbox.notices.get(id))
            .collect();
        let mut about: BTreeSet<(Level, AlertId)> = BTreeSet::new();
        for n in &notices {
            about.extend(n.alerts.iter().map(|a| (n.level, *a)));
        }
        let Some(first) = notices.first() else {
            return others;
        };
        let (to, channel) = (first.to.clone(), first.channel.clone());
        let level = about.first().map_or(Level::P3, |(l, _)| *l);
        let mut alerts: Vec<AlertId> = Vec::with_capacity(about.len());
        let mut seen = BTreeSet::new();
        alerts.extend(about.iter().map(|(_, a)| *a).filter(|a| seen.insert(*a)));
        let ids: Vec<String> = members.iter().map(ToString::to_string).collect();
        let mut parts = vec!["digest", to.as_str(), channel.as_str()];
        parts.extend(ids.iter().map(String::as_str));
        let digest = self.notice_id(&[], &parts);
        self.urgent_digest_sent(&to, &channel, level, why, now);
        for member in &members {
            self.drop_notice(member, DropReason::InDigest { digest }, now);
        }
        for alert in &alerts {
            if let Some(entry) = self.alerts.get_mut(alert) {
                entry.live.push(digest);
            }
        }
        self.outbox.put(Notice {
            id: digest,
            kind: NoticeKind::Digest { why },
            level,
            alerts,
            to,
            channel,
            created_at: now,
            attempts: 0,
            outcome: NoticeState::Waiting {
                not_before: now,
                why: None,
            },
        });
        self.send(&digest, now);
        others
    }

    fn urgent_digest_sent(
        &mut self,
        to: &str,
        channel: &str,
        level: Level,
        why: DigestReason,
        now: i64,
    ) {
        if why == DigestReason::Storm && level == Level::P0 {
            let lane = (to.to_string(), channel.to_string());
            self.outbox.lanes.entry(lane).or_default().urgent_digest = Some(now);
        }
    }

    /// Gives a notice to its channel.
    pub(super) fn send(&mut self, id: &NoticeId, now: i64) {
        let Some(mut notice) = self.outbox.notices.get(id).cloned() else {
            return;
        };
        if self.is_moot(&notice) {
            return self.drop_notice(id, self.moot_reason(&notice), now);
        }
        notice.attempts += 1;
        notice.outcome = NoticeState::Sending { since: now };
        let lane = (notice.to.clone(), notice.channel.clone());
        self.outbox.lanes.entry(lane).or_default().count(now);
        self.log_made(&notice, None, now);
        self.mark_told(&notice);
        self.outbox.put(notice.clone());
        self.pending.sends.push(notice.clone());
        self.pending.notices.insert(notice.id, notice);
    }

    fn wait(&mut self, id: &NoticeId, until: i64, why: WaitReason, now: i64) {
        let Some(mut notice) = self.outbox.notices.get(id).cloned() else {
            return;
        };
        notice.outcome = NoticeState::Waiting {
            not_before: until,
            why: Some(why),
        };
        self.outbox.put(notice.clone());
        self.keep_waiting(notice, now);
    }

    fn keep_waiting(&mut self, notice: Notice, now: i64) {
        if let NoticeState::Waiting {
            not_before,
            why: Some(why),
        } = &notice.outcome
        {
            self.log_made(&notice, Some((why.clone(), *not_before)), now);
        }
        self.pending.notices.insert(notice.id, notice);
    }

    /// The timeline tells of a notice once, with what became of it first.
    fn log_made(&mut self, notice: &Notice, waits: Option<(WaitReason, i64)>, now: i64) {
        if !self.outbox.fresh.remove(&notice.id) {
            return;
        }
        let (waits, until) = waits.unzip();
        for alert in &notice.alerts {
            let what = What::NoticeMade {
                notice: notice.id,
                to: notice.to.clone(),
                channel: notice.channel.clone(),
                waits: waits.clone(),
                until,
            };
            self.log(*alert, now, what);
        }
    }
}

impl Setup {
    /// Until when a person is not to be disturbed with a level at `now`; `None`: may be told. P0 and P1 may always be told.
    pub fn quiet_until(&self, person: &str, level: Level, now: i64) -> Option<i64> {
        if level < Level::P2 {
            return None;
        }
        let mut at = now;
        // One stretch may follow another; a week of them without a gap is taken as an end.
        for _ in 0..14 {
            let covering = self
                .quiet
                .iter()
                .filter(|q| q.levels.contains(&level))
                .filter(|q| q.person.as_deref().is_none_or(|p| p == person))
                .filter_map(|q| q.time.covering(at, self.zone))
                .map(|(_, until)| until)
                .max();
            match covering {
                Some(until) => at = until,
                None => break,
            }
        }
        (at > now).then_some(at)
    }
}
