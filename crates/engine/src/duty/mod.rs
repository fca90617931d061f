//! The alert desk's brain: one list of alerts without doubles, who has taken them, what keeps them quiet, who is told what and when.
//!
//! [`Duty::handle`] takes an [`Event`] and the time and answers with [`Effect`]s as data; [`Duty::act`] takes what a person does and may
//! refuse it; [`Duty::next_wakeup`] tells when it wants to be called again, and why. No clock, no runtime, no database: every change is an
//! [`Effect::Keep`], and [`Event::Restored`] goes on from what was kept.
//!
//! Not kept, because it changes with every answer of a source: `value`, `annotations`, `seen_at`, `missing_since`, `ends_at` of an alert
//! that has not changed otherwise.
#![warn(missing_docs)]

mod act;
mod batch;
pub mod calendar;
mod catch_up;
mod changes;
mod check;
mod delivery;
mod escalate;
mod event;
mod explain;
mod flap;
mod hold;
mod inhibit;
mod intake;
mod level;
mod life;
pub mod matchers;
mod mirror;
mod outbox;
mod people;
mod read;
pub mod setup;
mod system;
mod timer;

pub use event::{
    Action, Changes, Count, Effect, Episode, Event, Extent, Next, Refused, Retry, SendFailure,
    WakeReason,
};
pub use explain::{Finding, Stop, You, explain};
pub use people::Policies;
pub use setup::{
    FlapLimits, InhibitRule, LevelMapping, PerLevel, Policy, QuietHours, Repeat, ResponseTargets,
    RetryLimits, Setup, Step, StormLimits, Target, When, Window,
};

use hold::Covers;
use inhibit::Inhibitions;
use model::Fingerprint;
use model::duty::{
    Alert, AlertId, AuditEntry, Mute, MuteId, Notice, NoticeId, Record, Transition, What,
};
use outbox::Outbox;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The alert desk's state. See the module.
#[derive(Debug)]
pub struct Duty {
    setup: Setup,
    policies: Policies,
    inhibitions: Inhibitions,
    covers: Covers,
    /// Boxed: half of a tree's places are empty.
    alerts: BTreeMap<AlertId, Box<Entry>>,
    open: usize,
    by_fingerprint: HashMap<Fingerprint, AlertId>,
    sources: BTreeMap<String, intake::Source>,
    timers: BTreeSet<(i64, AlertId)>,
    outbox: Outbox,
    mirrors: mirror::Mirrors,
    last_alert: AlertId,
    last_mute: MuteId,
    revision: u64,
    /// The largest revision of an episode that is forgotten by now.
    forgotten: u64,
    changes: changes::Log,
    last_now: Option<i64>,
    alive_at: Option<i64>,
    /// Troubles that were told already.
    reported: BTreeSet<String>,
    pending: Pending,
}

/// One episode and what need not be kept of it.
#[derive(Debug)]
struct Entry {
    alert: Alert,
    revision: u64,
    timer: Option<i64>,
    /// Notices of it that wait or are being sent.
    live: Vec<NoticeId>,
    /// Notices of it that may still be on a screen.
    shown: Vec<NoticeId>,
    /// Whether a channel has taken a notice of the latest step.
    step_sent: bool,
    /// An acknowledgement has lapsed in this very call.
    lapsed: bool,
}

impl Entry {
    fn new(alert: Alert) -> Box<Self> {
        Box::new(Self {
            alert,
            revision: 0,
            timer: None,
            live: Vec::new(),
            shown: Vec::new(),
            step_sent: false,
            lapsed: false,
        })
    }

    fn is_acked(&self) -> bool {
        self.alert.ack.is_some()
    }
}

/// What one call has changed so far.
#[derive(Debug, Default)]
struct Pending {
    alerts: BTreeSet<AlertId>,
    /// Alerts whose suppressions may have changed.
    dirty: BTreeSet<AlertId>,
    transitions: Vec<Transition>,
    notices: BTreeMap<NoticeId, Notice>,
    mutes: Vec<Mute>,
    audit: Vec<AuditEntry>,
    alive: bool,
    sends: Vec<Notice>,
    /// Shown notices of which an alert was taken or is over.
    withdraw: BTreeSet<NoticeId>,
    others: Vec<Effect>,
    /// Notices about several alerts of which one was taken, kept quiet or is over.
    moot: BTreeSet<NoticeId>,
    /// Acknowledgements that have lapsed: whom, by which channel, made when → which alerts.
    lapses: BTreeMap<(String, String, i64), Vec<AlertId>>,
}

impl Default for Duty {
    fn default() -> Self {
        Self::new()
    }
}

impl Duty {
    /// Knows no alert; configured with [`Setup::default`].
    pub fn new() -> Self {
        let setup = Setup::default();
        let (inhibitions, _) = Inhibitions::new(&setup.inhibitions);
        let mut covers = Covers::default();
        covers.configure(&setup);
        Self {
            policies: Policies::new(&setup).0,
            inhibitions,
            covers,
            setup,
            alerts: BTreeMap::new(),
            open: 0,
            by_fingerprint: HashMap::new(),
            sources: BTreeMap::new(),
            timers: BTreeSet::new(),
            outbox: Outbox::default(),
            mirrors: mirror::Mirrors::default(),
            last_alert: AlertId(0),
            last_mute: MuteId(0),
            revision: 0,
            forgotten: 0,
            changes: changes::Log::default(),
            last_now: None,
            alive_at: None,
            reported: BTreeSet::new(),
            pending: Pending::default(),
        }
    }

    /// Something has happened at `now`, ms. An [`Effect::Keep`] comes first, and there is one at most.
    pub fn handle(&mut self, event: Event, now: i64) -> Vec<Effect> {
        let restored = matches!(event, Event::Restored(_));
        if !restored {
            self.watch_clock(now);
        }
        match event {
            Event::Restored(snapshot) => self.restored(*snapshot, now),
            Event::Configured(setup) => self.configured(*setup, now),
            Event::Roles(roles) => self.setup.roles = roles,
            Event::Observed {
                source,
                extent,
                alerts,
            } => self.observed(&source, extent, alerts, now),
            Event::SourceLost { source } => self.source_lost(&source),
            Event::SourceBack { source } => self.source_back(&source),
            Event::SourceRemoved { source } => self.source_removed(&source, now),
            Event::Sent { notice, result } => self.sent(&notice, result, now),
            Event::Mirrored {
                alert,
                source,
                result,
            } => self.mirrored(alert, &source, result, now),
            Event::Unmirrored {
                alert,
                source,
                silence,
                result,
            } => self.unmirrored(alert, &source, &silence, result, now),
            Event::ChannelHealth { channel, ok } => self.channel_health(&channel, ok, now),
            Event::Wakeup => self.alive(now),
        }
        self.finish(now)
    }

    /// Everything that follows from what has just changed, and from the time.
    fn finish(&mut self, now: i64) -> Vec<Effect> {
        self.last_now = Some(now);
        for id in self.covers.due(now) {
            self.cover_changed(id);
        }
        self.settle_all(now);
        while self.timers.first().is_some_and(|(at, _)| *at <= now) {
            self.run_timers(now);
            self.settle_all(now);
        }
        self.make_lapse_notices(now);
        self.drop_moot(now);
        self.release(now);
        self.check_shown();
        self.take_effects(now)
    }

    fn take_effects(&mut self, now: i64) -> Vec<Effect> {
        let mut p = std::mem::take(&mut self.pending);
        // Very many at once: room for all of them from the beginning costs a copy less.
        let most = p.alerts.len()
            + p.transitions.len()
            + p.notices.len()
            + p.mutes.len()
            + p.audit.len()
            + usize::from(p.alive);
        let mut records = Vec::with_capacity(most);
        if !p.alerts.is_empty() || !p.mutes.is_empty() {
            self.revision += 1;
        }
        for id in &p.alerts {
            if let Some(entry) = self.alerts.get_mut(id) {
                entry.revision = self.revision;
                self.changes.note(self.revision, *id);
                records.push(Record::Alert(Box::new(entry.alert.clone())));
            }
        }
        records.extend(p.transitions.into_iter().map(Record::Transition));
        records.extend(p.notices.into_values().map(Record::Notice));
        records.extend(p.mutes.into_iter().map(Record::Mute));
        records.extend(p.audit.into_iter().map(Record::Audit));
        if p.alive {
            self.alive_at = Some(now);
            records.push(Record::Alive(now));
        }
        let mut out = Vec::with_capacity(p.sends.len() + p.others.len() + 2);
        if !records.is_empty() {
            out.push(Effect::Keep(records));
        }
        if !p.withdraw.is_empty() {
            out.push(Effect::Withdraw(p.withdraw.into_iter().collect()));
        }
        p.sends
            .sort_by(|a, b| (a.level, &a.alerts, &a.id).cmp(&(b.level, &b.alerts, &b.id)));
        out.extend(p.sends.into_iter().map(Effect::Send));
        out.append(&mut p.others);
        out
    }

    /// This alert is to be kept, and its suppressions, timers and revision are to be looked at.
    fn touch(&mut self, id: AlertId) {
        self.pending.alerts.insert(id);
        self.pending.dirty.insert(id);
    }

    fn log(&mut self, alert: AlertId, at: i64, what: What) {
        self.pending
            .transitions
            .push(Transition { alert, at, what });
    }
}
