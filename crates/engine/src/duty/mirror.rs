//! Acknowledgements that also stand as silences at Alertmanagers. Alerts taken together with the same matchers share one silence.

use super::{Duty, Effect};
use model::duty::{Ack, AlertId, What};
use model::{Matcher, Reported};
use std::collections::{BTreeMap, BTreeSet};

/// Which silences are asked for and which stand.
#[derive(Debug, Default)]
pub struct Mirrors {
    /// Asked for: the alert and source of the effect → all alerts that share the silence.
    asked: BTreeMap<(AlertId, String), Vec<AlertId>>,
    /// Standing: source and silence → whose acknowledgements.
    standing: BTreeMap<(String, String), BTreeSet<AlertId>>,
}

impl Mirrors {
    /// Its silences end by themselves.
    pub(super) fn let_go(&mut self, id: AlertId) {
        self.standing.retain(|_, alerts| {
            alerts.remove(&id);
            !alerts.is_empty()
        });
    }

    pub(super) fn forget(&mut self, id: AlertId) {
        self.let_go(id);
        self.asked.retain(|(alert, _), _| *alert != id);
    }

    /// Answers whether nobody else needs that silence.
    fn release(&mut self, id: AlertId, key: &(String, String)) -> bool {
        let Some(alerts) = self.standing.get_mut(key) else {
            return true;
        };
        alerts.remove(&id);
        let last = alerts.is_empty();
        if last {
            self.standing.remove(key);
        }
        last
    }
}

impl Duty {
    /// Asks for the silences of these alerts' acknowledgements that do not stand yet.
    pub(super) fn begin_mirror(&mut self, ids: &[AlertId], now: i64) {
        let mut groups: BTreeMap<(String, Vec<Matcher>), Vec<AlertId>> = BTreeMap::new();
        for id in ids {
            let Some(entry) = self.alerts.get_mut(id) else {
                continue;
            };
            let alert = &mut entry.alert;
            let Some(ack) = &mut alert.ack else {
                continue;
            };
            let value = |name: &String| Some(Matcher::equal(name, alert.labels.get(name)?));
            let matchers: Vec<Matcher> = ack.mirror.iter().filter_map(value).collect();
            if matchers.is_empty() {
                continue;
            }
            for (source, sight) in alert.sights.iter() {
                let able = self.setup.silencing.contains(source);
                let stands = ack.mirrored.get(source).is_some_and(|s| !s.is_empty());
                if able && !stands && sight.state != Reported::Resolved {
                    ack.mirrored.insert(source.clone(), String::new());
                    let key = (source.clone(), matchers.clone());
                    groups.entry(key).or_default().push(*id);
                }
            }
        }
        for ((source, matchers), alerts) in groups {
            let ack = alerts.first().and_then(|id| self.alerts.get(id));
            let Some(ack) = ack.and_then(|e| e.alert.ack.clone()) else {
                continue;
            };
            let Some(first) = alerts.first().copied() else {
                continue;
            };
            self.pending.others.push(Effect::Mirror {
                alert: first,
                source: source.clone(),
                matchers,
                until: ack.until.unwrap_or(now + self.setup.mirror_ms),
                by: ack.by,
                comment: ack.comment,
            });
            self.mirrors.asked.insert((first, source), alerts);
        }
    }

    pub(super) fn mirrored(
        &mut self,
        alert: AlertId,
        source: &str,
        result: Result<String, String>,
        now: i64,
    ) {
        let key = (alert, source.to_string());
        let group = self.mirrors.asked.remove(&key).unwrap_or_default();
        let mut wanted = false;
        for id in group {
            let Some(entry) = self.alerts.get_mut(&id) else {
                continue;
            };
            let Some(ack) = &mut entry.alert.ack else {
                continue;
            };
            if ack.mirrored.get(source).is_none_or(|s| !s.is_empty()) {
                continue;
            }
            match &result {
                Ok(silence) => {
                    ack.mirrored.insert(source.to_string(), silence.clone());
                    let key = (source.to_string(), silence.clone());
                    self.mirrors.standing.entry(key).or_default().insert(id);
                    wanted = true;
                }
                Err(_) => {
                    ack.mirrored.remove(source);
                }
            }
            let what = What::Mirrored {
                source: source.to_string(),
                result: result.clone(),
                created: true,
            };
            self.log(id, now, what);
            self.touch(id);
        }
        match result {
            // Taken back while it was made.
            Ok(silence) if !wanted => self.pending.others.push(Effect::Unmirror {
                alert,
                source: source.to_string(),
                silence,
            }),
            Ok(_) => {}
            Err(code) => {
                let key = format!("mirror_failed {source} {code}");
                let params = [("source", source), ("code", code.as_str())];
                self.tell_system_once(&key, "mirror_failed", &params, None, now);
            }
        }
    }

    /// The acknowledgement of an alert that is over needs no silence any more; the same alert firing again must not be hidden by it.
    pub(super) fn end_mirror(&mut self, id: AlertId) {
        let Some(entry) = self.alerts.get_mut(&id) else {
            return;
        };
        if let Some(ack) = &mut entry.alert.ack {
            let gone = Ack {
                mirrored: std::mem::take(&mut ack.mirrored),
                ..ack.clone()
            };
            self.unmirror(id, &gone);
        }
    }

    /// Removes the silences of an acknowledgement.
    pub(super) fn unmirror(&mut self, id: AlertId, ack: &Ack) {
        for (source, silence) in &ack.mirrored {
            let key = (source.clone(), silence.clone());
            // Not answered yet: the answer finds nobody who wants it.
            if silence.is_empty() || !self.mirrors.release(id, &key) {
                continue;
            }
            self.pending.others.push(Effect::Unmirror {
                alert: id,
                source: source.clone(),
                silence: silence.clone(),
            });
        }
    }

    pub(super) fn unmirrored(
        &mut self,
        alert: AlertId,
        source: &str,
        silence: &str,
        result: Result<(), String>,
        now: i64,
    ) {
        if let Err(code) = &result {
            let key = format!("unmirror_failed {source} {silence}");
            let params = [
                ("source", source),
                ("silence", silence),
                ("code", code.as_str()),
            ];
            self.tell_system_once(&key, "unmirror_failed", &params, None, now);
        }
        if self.alerts.contains_key(&alert) {
            let what = What::Mirrored {
                source: source.to_string(),
                result: result.map(|()| silence.to_string()),
                created: false,
            };
            self.log(alert, now, what);
        }
    }

    /// After a restart: which silences stand, and those that were asked for and not answered are asked for again.
    pub(super) fn rebuild_mirrors(&mut self, now: i64) {
        let mut open = Vec::new();
        for (id, entry) in &self.alerts {
            for (source, silence) in entry.alert.ack.iter().flat_map(|a| &a.mirrored) {
                if silence.is_empty() {
                    open.push(*id);
                } else {
                    let key = (source.clone(), silence.clone());
                    self.mirrors.standing.entry(key).or_default().insert(*id);
                }
            }
        }
        self.begin_mirror(&open, now);
    }
}
