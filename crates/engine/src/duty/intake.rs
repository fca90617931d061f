//! What sources say, put into one list without doubles.

use super::Duty;
use super::event::Extent;
use model::duty::{Alert, AlertId, Resolution, Sight, Sights, What};
use model::{Fingerprint, Observation, Reported};
use std::collections::{BTreeMap, HashMap};

/// What is known of a source.
#[derive(Debug, Default)]
pub struct Source {
    /// Its number of full answers; an alert that it reports → in which of them last.
    generation: u64,
    present: HashMap<AlertId, u64>,
    /// It cannot be reached.
    pub lost: bool,
}

/// What an observation is to what is known.
enum Verdict {
    Nothing,
    /// It holds there too, or again.
    Appeared,
    /// It holds there as before; something that is kept has changed.
    Changed,
    Ended,
}

impl Duty {
    pub(super) fn observed(
        &mut self,
        source: &str,
        extent: Extent,
        alerts: Vec<Observation>,
        now: i64,
    ) {
        let mut known = self.sources.remove(source).unwrap_or_default();
        known.lost = false;
        known.generation += u64::from(extent.begins());
        let full = extent.is_of_all();
        let mut volatile = false;
        for observation in alerts {
            let fingerprint = observation.fingerprint();
            volatile |= self.observe(source, &mut known, fingerprint, observation, full, now);
        }
        if extent.ends() {
            self.missing(source, &mut known, now);
        }
        self.sources.insert(source.to_string(), known);
        self.revision += u64::from(volatile);
    }

    /// One observation; answers whether something changed that is shown but not kept.
    fn observe(
        &mut self,
        source: &str,
        known: &mut Source,
        fingerprint: Fingerprint,
        seen: Observation,
        full: bool,
        now: i64,
    ) -> bool {
        let holds = seen.state != Reported::Resolved;
        let id = self.by_fingerprint.get(&fingerprint).copied();
        let Some((id, entry)) = id.and_then(|id| Some((id, self.alerts.get_mut(&id)?))) else {
            if holds {
                self.first_of(source, known, fingerprint, seen, now);
            }
            return false;
        };
        if !entry.alert.is_open() && holds && self.is_another(id, source, &seen, full, now) {
            self.first_of(source, known, fingerprint, seen, now);
            return false;
        }
        let Some(entry) = self.alerts.get_mut(&id) else {
            return false;
        };
        let grace = if full {
            self.setup.missing_ms
        } else {
            i64::MAX
        };
        let verdict = see(&mut entry.alert, source, &seen, grace, now);
        let shown = holds && tell(&mut entry.alert, source, &seen);
        if shown {
            entry.revision = self.revision + 1;
            self.changes.note(entry.revision, id);
        }
        match verdict {
            Verdict::Ended => {
                known.present.remove(&id);
                let resolution = Resolution::Source {
                    source: source.to_string(),
                };
                self.ended_at(id, source, resolution, now);
            }
            Verdict::Nothing if !holds || !reports(&entry.alert, source) => {}
            Verdict::Nothing => {
                known.present.insert(id, known.generation);
            }
            Verdict::Changed => {
                known.present.insert(id, known.generation);
                self.touch(id);
            }
            Verdict::Appeared => {
                known.present.insert(id, known.generation);
                self.appeared(id, source, now);
            }
        }
        shown
    }

    /// Whether what fires is another episode than the one that is over.
    fn is_another(
        &self,
        id: AlertId,
        source: &str,
        seen: &Observation,
        full: bool,
        now: i64,
    ) -> bool {
        let Some(alert) = self.alerts.get(&id).map(|e| &e.alert) else {
            return true;
        };
        let grace = if full {
            self.setup.missing_ms
        } else {
            i64::MAX
        };
        let late = |s: &Sight| is_late(s, seen, grace, now);
        if alert.sights.get(source).is_some_and(late) {
            return false;
        }
        match &alert.resolved {
            None => false,
            // Closed by hand: until every source has resolved it once.
            Some((_, Resolution::ByHand { .. })) => {
                alert.sights.values().all(|s| s.state == Reported::Resolved)
            }
            Some((at, _)) => now - at > self.setup.reopen_ms && self.flapping(alert, now).is_none(),
        }
    }

    fn appeared(&mut self, id: AlertId, source: &str, now: i64) {
        let Some(alert) = self.alerts.get(&id).map(|e| &e.alert) else {
            return;
        };
        match &alert.resolved {
            Some((_, Resolution::ByHand { .. })) => self.touch(id),
            Some(_) => self.reopen(id, source, now),
            None => {
                let source = source.to_string();
                self.log(id, now, What::AlsoFrom { source });
                self.touch(id);
            }
        }
    }

    fn first_of(
        &mut self,
        source: &str,
        known: &mut Source,
        fingerprint: Fingerprint,
        seen: Observation,
        now: i64,
    ) {
        if self.open >= self.setup.max_open || self.alerts.len() >= 2 * self.setup.max_open {
            let max = self.setup.max_open.to_string();
            let params = [("max", max.as_str())];
            self.tell_system_once("too_many_alerts", "too_many_alerts", &params, None, now);
            return;
        }
        let id = self.new_episode(source, fingerprint, seen, now);
        known.present.insert(id, known.generation);
    }

    /// A source says, or shows by its silence, that it is over there.
    fn ended_at(&mut self, id: AlertId, source: &str, resolution: Resolution, now: i64) {
        let Some(alert) = self.alerts.get(&id).map(|e| &e.alert) else {
            return;
        };
        let elsewhere = alert.sights.values().any(|s| s.state != Reported::Resolved);
        if !alert.is_open() {
            self.touch(id);
        } else if elsewhere {
            let source = source.to_string();
            self.log(id, now, What::EndedAt { source });
            self.touch(id);
        } else {
            self.resolve(id, resolution, now);
        }
    }

    /// What a full answer does not name any more.
    fn missing(&mut self, source: &str, known: &mut Source, now: i64) {
        let generation = known.generation;
        let mut gone: Vec<AlertId> = Vec::new();
        let duty = &mut *self;
        known.present.retain(|id, seen| {
            if *seen == generation {
                return true;
            }
            let entry = duty.alerts.get_mut(id);
            let Some(sight) = entry.and_then(|e| e.alert.sights.get_mut(source)) else {
                return false;
            };
            let since = *sight.missing_since.get_or_insert(now);
            // A clock that was put back begins the wait anew.
            if since > now {
                sight.missing_since = Some(now);
            }
            if now - since < duty.setup.missing_ms {
                return true;
            }
            sight.state = Reported::Resolved;
            sight.ends_at = None;
            sight.seen_at = now;
            gone.push(*id);
            false
        });
        gone.sort_unstable();
        for id in gone {
            let resolution = Resolution::Gone {
                source: source.to_string(),
            };
            self.ended_at(id, source, resolution, now);
        }
    }

    pub(super) fn source_lost(&mut self, source: &str) {
        let Some(known) = self.sources.get_mut(source) else {
            return;
        };
        known.lost = true;
        for id in known.present.keys() {
            let entry = self.alerts.get_mut(id);
            if let Some(sight) = entry.and_then(|e| e.alert.sights.get_mut(source)) {
                sight.missing_since = None;
            }
        }
    }

    pub(super) fn source_back(&mut self, source: &str) {
        if let Some(known) = self.sources.get_mut(source) {
            known.lost = false;
        }
    }

    pub(super) fn source_removed(&mut self, source: &str, now: i64) {
        self.sources.remove(source);
        let mut named: Vec<AlertId> = Vec::new();
        for (id, entry) in &mut self.alerts {
            if let Some(sight) = entry.alert.sights.get_mut(source)
                && sight.state != Reported::Resolved
            {
                sight.state = Reported::Resolved;
                sight.ends_at = None;
                sight.seen_at = now;
                named.push(*id);
            }
        }
        for id in named {
            let resolution = Resolution::Gone {
                source: source.to_string(),
            };
            self.ended_at(id, source, resolution, now);
        }
    }

    /// After a restart: which source reports what.
    pub(super) fn rebuild_sources(&mut self) {
        let mut sources: BTreeMap<String, Source> = BTreeMap::new();
        for (id, entry) in &mut self.alerts {
            for (name, sight) in entry.alert.sights.iter_mut() {
                sight.missing_since = None;
                if sight.state != Reported::Resolved {
                    let source = sources.entry(name.clone()).or_default();
                    source.present.insert(*id, 0);
                }
            }
        }
        self.sources = sources;
    }
}

fn reports(alert: &Alert, source: &str) -> bool {
    let sight = alert.sights.get(source);
    sight.is_some_and(|s| s.state != Reported::Resolved)
}

/// Whether a firing is older than the end that the same source has told already: a late or doubled message. A full answer may have been
/// under way when the end was told; after `grace` it is believed.
fn is_late(sight: &Sight, seen: &Observation, grace: i64, now: i64) -> bool {
    let told =
        sight.state == Reported::Resolved && sight.ends_at.is_some_and(|e| seen.starts_at <= e);
    told && (grace == i64::MAX || (now - sight.seen_at).abs() < grace)
}

/// Compares with what the source said before, and notes it.
fn see(alert: &mut Alert, source: &str, seen: &Observation, grace: i64, now: i64) -> Verdict {
    let Some(sight) = alert.sights.get_mut(source) else {
        if seen.state == Reported::Resolved {
            return Verdict::Nothing;
        }
        alert.starts_at = alert.starts_at.min(seen.starts_at);
        alert.sights.insert(source.to_string(), sight_of(seen, now));
        return Verdict::Appeared;
    };
    if seen.state == Reported::Resolved {
        let end = seen.ends_at.unwrap_or(now);
        if sight.state == Reported::Resolved || end < sight.starts_at {
            return Verdict::Nothing;
        }
        sight.state = Reported::Resolved;
        sight.ends_at = Some(end);
        sight.seen_at = now;
        sight.missing_since = None;
        return Verdict::Ended;
    }
    if is_late(sight, seen, grace, now) {
        return Verdict::Nothing;
    }
    if sight.state == Reported::Resolved {
        *sight = sight_of(seen, now);
        return Verdict::Appeared;
    }
    sight.seen_at = now;
    sight.missing_since = None;
    sight.ends_at = seen.ends_at;
    let same = sight.state == seen.state
        && sight.starts_at == seen.starts_at
        && sight.silenced_by == seen.silenced_by
        && sight.inhibited_by == seen.inhibited_by
        && sight.muted_by == seen.muted_by
        && sight.generator_url == seen.generator_url;
    if same {
        return Verdict::Nothing;
    }
    *sight = sight_of(seen, now);
    alert.starts_at = alert.starts_at.min(seen.starts_at);
    Verdict::Changed
}

fn sight_of(seen: &Observation, now: i64) -> Sight {
    Sight {
        state: seen.state,
        seen_at: now,
        missing_since: None,
        starts_at: seen.starts_at,
        ends_at: seen.ends_at,
        silenced_by: seen.silenced_by.clone(),
        inhibited_by: seen.inhibited_by.clone(),
        muted_by: seen.muted_by.clone(),
        generator_url: seen.generator_url.clone(),
    }
}

/// Texts and value, from the first source that reports it. Answers whether they are others now.
fn tell(alert: &mut Alert, source: &str, seen: &Observation) -> bool {
    let mut reporting = alert
        .sights
        .iter()
        .filter(|(_, s)| s.state != Reported::Resolved);
    if reporting.next().is_none_or(|(name, _)| name != source) {
        return false;
    }
    let mut changed = false;
    if alert.annotations != seen.annotations {
        alert.annotations.clone_from(&seen.annotations);
        changed = true;
    }
    let same_value = |a: f64, b: f64| a.to_bits() == b.to_bits();
    if let Some(value) = seen.value
        && !alert.value.is_some_and(|v| same_value(v, value))
    {
        alert.value = Some(value);
        changed = true;
    }
    if seen.expr.is_some() && alert.expr != seen.expr {
        alert.expr.clone_from(&seen.expr);
        changed = true;
    }
    changed
}

pub(super) fn first_sight(source: &str, seen: &Observation, now: i64) -> Sights {
    Sights::from([(source.to_string(), sight_of(seen, now))])
}
