//! What keeps an alert quiet, and what follows when that begins or ends.

use super::matchers::Matchers;
use super::setup::{Setup, When, Window};
use super::{Duty, Entry};
use model::Reported;
use model::duty::{AlertId, DropReason, Mute, MuteId, MuteKind, Suppression, What};
use std::collections::{BTreeMap, BTreeSet};

/// Silences and maintenance windows. Windows of the configuration have negative numbers, from -1 down.
#[derive(Debug, Default)]
pub struct Covers {
    all: BTreeMap<MuteId, Cover>,
    zone: chrono_tz::Tz,
    /// When one of them begins or ends next.
    boundary: Option<(i64, MuteId)>,
    last: i64,
}

#[derive(Debug)]
struct Cover {
    what: Covering,
    matchers: Matchers,
    /// From, until, if it holds now.
    current: Option<(i64, i64)>,
}

#[derive(Debug)]
enum Covering {
    Mute(Mute),
    Window(Window),
}

impl Cover {
    fn at(&self, now: i64, zone: chrono_tz::Tz) -> Option<(i64, i64)> {
        let once = |from, until| (from <= now && now < until).then_some((from, until));
        match &self.what {
            Covering::Mute(m) => once(m.starts_at, m.ends_at),
            Covering::Window(w) => match &w.when {
                When::Once(from, until) => once(*from, *until),
                When::Weekly(time) => time.covering(now, zone),
            },
        }
    }

    fn next_change(&self, now: i64, zone: chrono_tz::Tz) -> Option<i64> {
        if let Some((_, until)) = self.current {
            return Some(until);
        }
        let start = match &self.what {
            Covering::Mute(m) => Some(m.starts_at),
            Covering::Window(w) => match &w.when {
                When::Once(from, _) => Some(*from),
                When::Weekly(time) => time.next_start(now, zone),
            },
        };
        start.filter(|at| *at > now)
    }

    fn suppression(&self, id: MuteId, until: i64) -> Suppression {
        match &self.what {
            Covering::Mute(m) if m.kind == MuteKind::Silence => Suppression::Silenced {
                mute: id,
                by: m.by.name.clone(),
                until,
            },
            Covering::Mute(m) => Suppression::Maintenance {
                mute: id,
                title: m.comment.clone(),
                until,
            },
            Covering::Window(w) => Suppression::Maintenance {
                mute: id,
                title: w.title.clone(),
                until,
            },
        }
    }
}

impl Covers {
    /// The configuration's windows, instead of the former ones. Gives back all whose coverage may have changed, and the titles of
    /// those that cannot be read.
    pub fn configure(&mut self, setup: &Setup) -> Vec<String> {
        self.zone = setup.zone;
        self.all.retain(|id, _| id.0 > 0);
        let mut bad = Vec::new();
        for (i, window) in setup.maintenance.iter().enumerate() {
            let Ok(matchers) = Matchers::compile(&window.matchers) else {
                bad.push(window.title.clone());
                continue;
            };
            let id = MuteId(-1 - i64::try_from(i).unwrap_or(i64::MAX - 1));
            let cover = Cover {
                what: Covering::Window(window.clone()),
                matchers,
                current: None,
            };
            self.all.insert(id, cover);
        }
        self.boundary = None;
        self.last = i64::MAX; // looked at anew, whatever the time
        bad
    }

    /// A new or changed silence. One that cannot be read (kept by another version) never holds.
    pub fn put(&mut self, mute: Mute) {
        let Ok(matchers) = Matchers::for_mute(&mute.matchers) else {
            return;
        };
        let current = self.all.get(&mute.id).and_then(|c| c.current);
        let cover = Cover {
            what: Covering::Mute(mute.clone()),
            matchers,
            current,
        };
        self.all.insert(mute.id, cover);
        self.last = i64::MAX;
    }

    /// Silences and windows by hand that have not ended.
    pub fn mutes(&self) -> impl Iterator<Item = &Mute> {
        self.all.values().filter_map(|c| match &c.what {
            Covering::Mute(m) => Some(m),
            Covering::Window(_) => None,
        })
    }

    /// The next begin or end.
    pub fn next(&self) -> Option<(i64, MuteId)> {
        self.boundary
    }

    /// Those that have begun or ended since the last call; those that have ended for good are forgotten with the next call.
    pub fn due(&mut self, now: i64) -> Vec<MuteId> {
        let quiet = self.last <= now && self.boundary.is_none_or(|(at, _)| at > now);
        self.last = if quiet { self.last } else { now };
        if quiet {
            return Vec::new();
        }
        let zone = self.zone;
        let mut changed = Vec::new();
        for (id, cover) in &mut self.all {
            let current = cover.at(now, zone);
            if current != cover.current {
                cover.current = current;
                changed.push(*id);
            }
        }
        let next = self
            .all
            .iter()
            .filter_map(|(id, c)| Some((c.next_change(now, zone)?, *id)));
        self.boundary = next.min();
        changed
    }

    fn forget_ended(&mut self, now: i64) {
        let over = |c: &Cover| matches!(&c.what, Covering::Mute(m) if m.ends_at <= now && m.ends_at < i64::MAX);
        self.all.retain(|_, c| c.current.is_some() || !over(c));
    }
}

/// What makes two suppressions the same one although their texts or times differ.
pub(super) fn same(a: &Suppression, b: &Suppression) -> bool {
    use Suppression as S;
    match (a, b) {
        (S::Silenced { mute: a, .. }, S::Silenced { mute: b, .. })
        | (S::Maintenance { mute: a, .. }, S::Maintenance { mute: b, .. }) => a == b,
        _ => std::mem::discriminant(a) == std::mem::discriminant(b),
    }
}

impl Duty {
    /// Alerts that a cover matches, or by which they are kept quiet, are to be looked at.
    pub(super) fn cover_changed(&mut self, id: MuteId) {
        let matchers = self.covers.all.get(&id).map(|c| &c.matchers);
        let held = |s: &Suppression| matches!(s, Suppression::Silenced { mute, .. } | Suppression::Maintenance { mute, .. } if *mute == id);
        let concerned = self.alerts.iter().filter(|(_, e)| {
            e.alert.is_open()
                && (e.alert.suppressions.iter().any(held)
                    || matchers.is_some_and(|m| m.matches(&e.alert.labels)))
        });
        self.pending.dirty.extend(concerned.map(|(id, _)| *id));
    }

    pub(super) fn settle_all(&mut self, now: i64) {
        let explained = self.inhibitions.take_changed();
        self.pending.dirty.extend(explained);
        while let Some(id) = self.pending.dirty.pop_first() {
            self.settle(id, now);
        }
        self.covers.forget_ended(now);
    }

    /// All reasons that keep an alert quiet at `now`.
    fn holds(&self, id: AlertId, entry: &Entry, now: i64) -> Vec<Suppression> {
        let alert = &entry.alert;
        let mut out = Vec::new();
        out.extend(self.flapping(alert, now));
        if !alert.is_open() {
            return out;
        }
        if let Some(ack) = &alert.ack {
            out.push(Suppression::Acknowledged {
                by: ack.by.name.clone(),
                until: ack.until,
            });
        }
        if let Some((by, until)) = &alert.snooze {
            out.push(Suppression::Snoozed {
                by: by.name.clone(),
                until: *until,
            });
        }
        for (id, cover) in &self.covers.all {
            if let Some((_, until)) = cover.current
                && cover.matchers.matches(&alert.labels)
            {
                out.push(cover.suppression(*id, until));
            }
        }
        if let Some(by) = self.inhibitions.inhibitor(id) {
            let name = self.alerts.get(&by).map(|e| e.alert.name().to_string());
            let name = name.unwrap_or_default();
            out.push(Suppression::Inhibited { by, name });
        }
        out.extend(at_source(entry));
        out.sort();
        out
    }

    /// Compares what keeps an alert quiet with what did, and lets its clock stop or go on.
    pub(super) fn settle(&mut self, id: AlertId, now: i64) {
        let Some(entry) = self.alerts.get(&id) else {
            return;
        };
        let new = self.holds(id, entry, now);
        if new != entry.alert.suppressions {
            self.hold(id, new, now);
        }
        if let Some(entry) = self.alerts.get_mut(&id) {
            let held = !entry.alert.suppressions.is_empty();
            if held && entry.alert.escalation.due_at.is_some() {
                super::escalate::freeze(&mut entry.alert.escalation, now);
                self.pending.alerts.insert(id);
            }
        }
        self.set_timer(id);
    }

    fn hold(&mut self, id: AlertId, new: Vec<Suppression>, now: i64) {
        let Some(entry) = self.alerts.get_mut(&id) else {
            return;
        };
        let old = std::mem::replace(&mut entry.alert.suppressions, new.clone());
        let open = entry.alert.is_open();
        self.pending.alerts.insert(id);
        for by in old.iter().filter(|o| !new.iter().any(|n| same(o, n))) {
            self.log(id, now, What::Unsuppressed { by: by.clone() });
        }
        let begun: Vec<_> = new
            .iter()
            .filter(|n| !old.iter().any(|o| same(n, o)))
            .collect();
        for by in &begun {
            self.log(id, now, What::Suppressed { by: (*by).clone() });
        }
        let flaps = |s: &Suppression| matches!(s, Suppression::Flapping { .. });
        if let Some(by) = begun.first() {
            self.drop_waiting(id, &reason((*by).clone()), now);
            if new.len() == 1 && flaps(by) {
                self.tell_flapping(id, now);
            }
        }
        let ended = old.iter().any(flaps) && !new.iter().any(flaps);
        if ended && let Some(entry) = self.alerts.get_mut(&id) {
            entry.alert.changes.clear();
        }
        if old.is_empty() || !new.is_empty() {
            return;
        }
        if open {
            let acked = old
                .iter()
                .any(|s| matches!(s, Suppression::Acknowledged { .. }));
            self.thaw(id, acked, now);
        } else if ended {
            self.tell_resolved(id, None, now);
        }
    }
}

fn reason(by: Suppression) -> DropReason {
    match by {
        Suppression::Acknowledged { .. } => DropReason::Acknowledged,
        by => DropReason::Suppressed { by },
    }
}

/// Whether every source that still reports it keeps quiet about it for another reason than our own acknowledgement's silence.
fn at_source(entry: &Entry) -> Option<Suppression> {
    let alert = &entry.alert;
    let mut first: Option<(&String, BTreeSet<String>)> = None;
    for (source, sight) in alert.sights.iter() {
        match sight.state {
            Reported::Resolved => continue,
            Reported::Firing => return None,
            Reported::Suppressed => {}
        }
        let mine = alert.ack.as_ref().and_then(|a| a.mirrored.get(source));
        let silences = sight
            .silenced_by
            .iter()
            .filter(|s| mine != Some(s))
            .cloned();
        let inhibitors = sight.inhibited_by.iter().map(ToString::to_string);
        let by: BTreeSet<String> = silences
            .chain(inhibitors)
            .chain(sight.muted_by.iter().cloned())
            .collect();
        if by.is_empty() && mine.is_some() {
            return None;
        }
        first = first.or(Some((source, by)));
    }
    first.map(|(source, by)| Suppression::AtSource {
        source: source.clone(),
        by: by.into_iter().collect(),
    })
}
