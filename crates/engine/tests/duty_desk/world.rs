//! A desk with a clock that jumps, channels that do as they are told, and a database that keeps what it is given.

use chrono::{TimeZone, Timelike};
use chrono_tz::Asia::Shanghai;
use engine::duty::setup::{MINUTE, seed_policies};
use engine::duty::{Action, Duty, Effect, Event, Extent, Refused, Retry, SendFailure, Setup};
use model::duty::{
    Actor, Alert, AlertId, AuditEntry, Mute, MuteId, MuteKind, Notice, NoticeId, NoticeKind,
    NoticeState, Person, Record, Resolution, Snapshot, Transition, Via, What,
};
use model::{Labels, Matcher, Observation, Reported};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

pub const SECOND: i64 = 1_000;

/// The database: what the store does with records, and what it gives back at the start.
#[derive(Clone, Default)]
pub struct Keeper {
    pub alerts: BTreeMap<AlertId, Alert>,
    pub notices: BTreeMap<NoticeId, Notice>,
    pub mutes: BTreeMap<MuteId, Mute>,
    pub transitions: Vec<Transition>,
    pub audit: Vec<AuditEntry>,
    pub alive_at: Option<i64>,
}

impl Keeper {
    fn keep(&mut self, record: Record) {
        match record {
            Record::Alert(a) => {
                self.alerts.insert(a.id, *a);
            }
            Record::Notice(n) => {
                self.notices.insert(n.id, n);
            }
            Record::Mute(m) => {
                self.mutes.insert(m.id, m);
            }
            Record::Transition(t) => self.transitions.push(t),
            Record::Audit(a) => self.audit.push(a),
            Record::Alive(at) => self.alive_at = Some(at),
        }
    }

    pub fn snapshot(&self, now: i64) -> Snapshot {
        let matters = |a: &&Alert| match &a.resolved {
            None => true,
            Some((_, Resolution::ByHand { .. }))
                if a.sights.values().any(|s| s.state != Reported::Resolved) =>
            {
                true
            }
            Some((at, _)) => now - at < 60 * MINUTE,
        };
        let is_open = |n: &&Notice| {
            matches!(
                n.outcome,
                NoticeState::Waiting { .. } | NoticeState::Sending { .. }
            )
        };
        Snapshot {
            alerts: self.alerts.values().filter(matters).cloned().collect(),
            notices: self.notices.values().filter(is_open).cloned().collect(),
            mutes: self
                .mutes
                .values()
                .filter(|m| m.ends_at > now)
                .cloned()
                .collect(),
            last_alert: self.alerts.keys().last().copied().unwrap_or_default(),
            last_mute: self.mutes.keys().last().copied().unwrap_or_default(),
            last_notice: self.notices.len() as u64,
            alive_at: self.alive_at,
        }
    }
}

/// What a channel answers.
#[derive(Clone)]
pub enum Answer {
    Takes,
    Later(i64),
    Never,
    /// Nothing is heard of it.
    Silent,
}

pub struct World {
    pub duty: Duty,
    pub setup: Setup,
    pub now: i64,
    pub keeper: Keeper,
    /// By channel: answers to the next sendings; then it takes everything.
    pub script: BTreeMap<String, VecDeque<Answer>>,
    /// Channels that always answer the same.
    pub always: BTreeMap<String, Answer>,
    pub sent: Vec<(i64, Notice)>,
    told: usize,
    pub withdrawn: Vec<NoticeId>,
    pub mirrors: Vec<Effect>,
    pub mirror_answer: Option<Result<String, String>>,
    /// Effects after the next records are lost: the program is killed between both.
    pub killed: bool,
    /// Given to a channel that has not answered, since the last start.
    in_flight: BTreeSet<NoticeId>,
    pub effects: usize,
}

/// 10:00 of Saturday, 21 November 2026 in Shanghai.
pub fn morning() -> i64 {
    let t = Shanghai.with_ymd_and_hms(2026, 11, 21, 10, 0, 0).unwrap();
    t.timestamp_millis()
}

pub fn person(id: &str) -> Person {
    Person {
        id: id.into(),
        name: id.to_uppercase(),
        ..Person::default()
    }
}

/// zhang is on duty, li leads, wang is there; one channel.
pub fn team() -> Setup {
    let channels: BTreeSet<String> = ["popup".to_string()].into();
    Setup {
        people: ["zhang", "li", "wang"].map(person).into(),
        roles: [("duty", "zhang"), ("lead", "li")]
            .map(|(r, p)| (r.to_string(), vec![p.to_string()]))
            .into(),
        policies: seed_policies(&channels),
        channels,
        ..Setup::default()
    }
}

pub fn actor(id: &str) -> Actor {
    Actor {
        id: id.into(),
        name: id.to_uppercase(),
        via: Via::Desk,
    }
}

/// `A:critical` or `A:critical,team=pay`.
pub fn labels(text: &str) -> Labels {
    let mut parts = text.split(',');
    let (name, severity) = parts.next().unwrap().split_once(':').unwrap();
    let more = parts.map(|p| p.split_once('=').unwrap());
    Labels::from_pairs(
        [("alertname", name), ("severity", severity)]
            .into_iter()
            .chain(more),
    )
}

pub fn failure(retry: Retry) -> SendFailure {
    SendFailure {
        code: "down".into(),
        params: BTreeMap::new(),
        retry,
    }
}

impl World {
    pub fn new(setup: Setup) -> Self {
        Self::at(setup, morning())
    }

    pub fn at(setup: Setup, now: i64) -> Self {
        let mut world = Self {
            duty: Duty::new(),
            setup: setup.clone(),
            now,
            keeper: Keeper::default(),
            script: BTreeMap::new(),
            always: BTreeMap::new(),
            sent: Vec::new(),
            told: 0,
            withdrawn: Vec::new(),
            mirrors: Vec::new(),
            mirror_answer: None,
            killed: false,
            in_flight: BTreeSet::new(),
            effects: 0,
        };
        world.event(Event::Configured(Box::new(setup)));
        world.event(Event::Wakeup);
        world
    }

    pub fn team() -> Self {
        Self::new(team())
    }

    /// As the driver does it: all records in one transaction, then everything else.
    pub fn run(&mut self, effects: Vec<Effect>) {
        self.effects += effects.len();
        let is_keep = |e: &Effect| matches!(e, Effect::Keep(_));
        let first_other = effects.iter().position(|e| !is_keep(e));
        if let Some(at) = first_other {
            assert!(
                !effects[at..].iter().any(is_keep),
                "records come before everything else"
            );
        }
        let (keeps, others): (Vec<_>, Vec<_>) = effects.into_iter().partition(is_keep);
        for keep in keeps {
            if let Effect::Keep(records) = keep {
                for record in records {
                    self.keeper.keep(record);
                }
            }
        }
        if self.killed {
            return;
        }
        for effect in others {
            match effect {
                Effect::Send(notice) => self.send(notice),
                Effect::Withdraw(ids) => self.withdrawn.extend(ids),
                Effect::Mirror {
                    alert, ref source, ..
                } => {
                    let source = source.clone();
                    self.mirrors.push(effect);
                    if let Some(result) = self.mirror_answer.clone() {
                        self.event(Event::Mirrored {
                            alert,
                            source,
                            result,
                        });
                    }
                }
                Effect::Unmirror { .. } => self.mirrors.push(effect),
                Effect::Keep(_) => unreachable!(),
            }
        }
    }

    fn send(&mut self, notice: Notice) {
        let kept = self.keeper.notices.get(&notice.id);
        assert_eq!(
            kept.map(|n| &n.outcome),
            Some(&NoticeState::Sending { since: self.now }),
            "what is sent was kept as being sent"
        );
        let wakes = !matches!(
            notice.kind,
            NoticeKind::Resolved | NoticeKind::System { .. } | NoticeKind::Assigned { .. }
        );
        let taken = |id: &AlertId| {
            let alert = self.duty.alert(*id);
            alert.is_some_and(|a| a.is_open() && a.ack.is_some())
        };
        assert!(
            !wakes || !notice.alerts.iter().all(taken),
            "told after it was acknowledged: {}",
            self.line(self.now, &notice)
        );
        assert!(
            self.in_flight.insert(notice.id),
            "sent twice without an answer: {}",
            self.line(self.now, &notice)
        );
        self.sent.push((self.now, notice.clone()));
        let scripted = self
            .script
            .get_mut(&notice.channel)
            .and_then(VecDeque::pop_front);
        let always = self.always.get(&notice.channel).cloned();
        let result = match scripted.or(always).unwrap_or(Answer::Takes) {
            Answer::Takes => Ok("ok".to_string()),
            Answer::Later(ms) => Err(failure(Retry::After(ms))),
            Answer::Never => Err(failure(Retry::Never)),
            Answer::Silent => return,
        };
        // What a channel has taken stays here: it must not be sent again.
        if result.is_err() {
            self.in_flight.remove(&notice.id);
        }
        self.event(Event::Sent {
            notice: notice.id,
            result,
        });
    }

    pub fn event(&mut self, event: Event) {
        let effects = self.duty.handle(event, self.now);
        self.run(effects);
    }

    pub fn act(&mut self, who: &str, action: Action) -> Result<(), Refused> {
        let effects = self.duty.act(action, &actor(who), self.now)?;
        self.run(effects);
        Ok(())
    }

    /// The clock runs; the desk is woken when it wants to be.
    pub fn run_for(&mut self, ms: i64) {
        let end = self.now + ms;
        while let Some((at, _)) = self.duty.next_wakeup() {
            if at > end {
                break;
            }
            self.now = self.now.max(at);
            self.event(Event::Wakeup);
        }
        self.now = end;
    }

    pub fn minutes(&mut self, n: i64) {
        self.run_for(n * MINUTE);
    }

    /// The machine sleeps, and wakes.
    pub fn sleep(&mut self, minutes: i64) {
        self.now += minutes * MINUTE;
        self.event(Event::Wakeup);
    }

    /// The program is not running for so long.
    pub fn restart_after(&mut self, ms: i64) {
        self.now += ms;
        self.killed = false;
        let heard =
            |id: &NoticeId| matches!(self.keeper.notices[id].outcome, NoticeState::Sent { .. });
        self.in_flight.retain(heard);
        self.duty = Duty::new();
        self.event(Event::Configured(Box::new(self.setup.clone())));
        let snapshot = self.keeper.snapshot(self.now);
        self.event(Event::Restored(Box::new(snapshot)));
    }

    pub fn configure(&mut self, change: impl FnOnce(&mut Setup)) {
        change(&mut self.setup);
        self.event(Event::Configured(Box::new(self.setup.clone())));
    }

    pub fn observed(&mut self, source: &str, full: bool, alerts: Vec<Observation>) {
        let extent = if full { Extent::All } else { Extent::Some };
        self.piece(source, extent, alerts);
    }

    /// Alerts for which a takeover window stands.
    pub fn takeover(&self) -> Vec<AlertId> {
        self.duty.takeover(self.duty.alerts().map(|a| a.id))
    }

    /// A piece of an answer.
    pub fn piece(&mut self, source: &str, extent: Extent, alerts: Vec<Observation>) {
        self.event(Event::Observed {
            source: source.into(),
            extent,
            alerts,
        });
    }

    /// One source reports these as firing, since now.
    pub fn fire_at(&mut self, source: &str, alerts: &[&str]) {
        let now = self.now;
        let all = alerts.iter().map(|a| Observation::firing(labels(a), now));
        let all = all.collect();
        self.observed(source, false, all);
    }

    pub fn fire(&mut self, alert: &str) -> AlertId {
        self.fire_at("am", &[alert]);
        self.id(alert)
    }

    pub fn resolve_at(&mut self, source: &str, alert: &str) {
        let o = Observation {
            state: Reported::Resolved,
            ends_at: Some(self.now),
            ..Observation::firing(labels(alert), self.now - 1)
        };
        self.observed(source, false, vec![o]);
    }

    pub fn resolve(&mut self, alert: &str) {
        self.resolve_at("am", alert);
    }

    /// A full answer: exactly these fire, since the morning.
    pub fn poll(&mut self, source: &str, alerts: &[&str]) {
        let all = alerts
            .iter()
            .map(|a| Observation::firing(labels(a), morning()));
        let all = all.collect();
        self.observed(source, true, all);
    }

    pub fn id(&self, alert: &str) -> AlertId {
        let fingerprint = model::Fingerprint::of(&labels(alert));
        self.duty.find(fingerprint).expect("known").id
    }

    pub fn alert(&self, alert: &str) -> &Alert {
        self.duty.alert(self.id(alert)).expect("known")
    }

    pub fn ack(&mut self, who: &str, alert: &str) {
        self.ack_for(who, alert, None);
    }

    pub fn ack_for(&mut self, who: &str, alert: &str, minutes: Option<i64>) {
        let action = Action::Ack {
            alerts: vec![self.id(alert)],
            comment: "我来处理".into(),
            for_ms: minutes.map(|m| m * MINUTE),
            mirror: None,
        };
        self.act(who, action).expect("accepted");
    }

    pub fn unack(&mut self, who: &str, alert: &str) {
        let alerts = vec![self.id(alert)];
        self.act(who, Action::Unack { alerts }).expect("accepted");
    }

    pub fn silence(&mut self, name: &str, value: &str, minutes: i64) -> MuteId {
        let action = Action::Mute {
            kind: MuteKind::Silence,
            matchers: vec![Matcher::equal(name, value)],
            starts_at: self.now,
            ends_at: self.now + minutes * MINUTE,
            comment: "换盘".into(),
        };
        self.act("wang", action).expect("accepted");
        self.keeper.mutes.keys().last().copied().expect("kept")
    }

    /// Who was told what since the last call, by time and then by person: `10:00 zhang popup step0 A`.
    pub fn told(&mut self) -> Vec<String> {
        let new: Vec<_> = self.sent[self.told..].to_vec();
        self.told = self.sent.len();
        let mut lines: Vec<_> = new.iter().map(|(at, n)| (*at, self.line(*at, n))).collect();
        lines.sort();
        lines.into_iter().map(|(_, line)| line).collect()
    }

    pub fn line(&self, at: i64, n: &Notice) -> String {
        let kind = match &n.kind {
            NoticeKind::Step { step, round: 0 } => format!("step{step}"),
            NoticeKind::Step { step, round } => format!("step{step}/{round}"),
            NoticeKind::AckLapsed => "lapsed".into(),
            NoticeKind::Assigned { .. } => "assigned".into(),
            NoticeKind::Resolved => "resolved".into(),
            NoticeKind::Flapping => "flapping".into(),
            NoticeKind::Digest { why } => format!("digest-{why:?}").to_lowercase(),
            NoticeKind::System { code, .. } => code.clone(),
        };
        let names = n.alerts.iter().map(|id| match self.keeper.alerts.get(id) {
            Some(a) => a.name().to_string(),
            None => "?".into(),
        });
        let names: Vec<String> = names.collect();
        let line = format!(
            "{} {} {} {kind} {}",
            clock(at),
            n.to,
            n.channel,
            names.join(" ")
        );
        line.trim_end().to_string()
    }

    /// What the timeline of an alert says, without its times.
    pub fn timeline(&self, id: AlertId) -> Vec<&What> {
        let mine = self.keeper.transitions.iter().filter(|t| t.alert == id);
        mine.map(|t| &t.what).collect()
    }

    pub fn has(&self, alert: &str, what: impl Fn(&What) -> bool) -> bool {
        self.timeline(self.id(alert)).into_iter().any(what)
    }

    /// What became of the notices to a person: `step0 Sent`.
    pub fn outcomes(&self, to: &str) -> Vec<String> {
        let mut all: Vec<&Notice> = self
            .keeper
            .notices
            .values()
            .filter(|n| n.to == to)
            .collect();
        all.sort_by_key(|n| (n.created_at, n.alerts.clone()));
        all.iter()
            .map(|n| {
                let line = self.line(n.created_at, n);
                let kind = line.split(' ').nth(3).unwrap_or_default().to_string();
                let outcome = match &n.outcome {
                    NoticeState::Dropped { why, .. } => format!("{why:?}"),
                    other => format!("{other:?}"),
                };
                let end = outcome.find([' ', '{']).unwrap_or(outcome.len());
                format!("{kind} {}", &outcome[..end])
            })
            .collect()
    }
}

/// `10:00`, or `10:00:15`.
pub fn clock(at: i64) -> String {
    let t = Shanghai.timestamp_millis_opt(at).unwrap();
    if t.second() == 0 {
        t.format("%H:%M").to_string()
    } else {
        t.format("%H:%M:%S").to_string()
    }
}
