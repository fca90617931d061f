//! Which open alerts keep which others quiet, kept up to date as alerts come and go.
//!
//! Each rule has slots, one for each combination of the values of its `equal` labels; a slot knows its sources and its targets, so that an
//! alert's coming or going costs what stands in its own slot.

use super::matchers::Matchers;
use super::setup::InhibitRule;
use model::Labels;
use model::duty::AlertId;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The index of all rules.
#[derive(Debug, Default)]
pub struct Inhibitions {
    rules: Vec<Rule>,
    places: HashMap<AlertId, Vec<Place>>,
    changed: BTreeSet<(usize, String)>,
}

#[derive(Debug)]
struct Rule {
    source: Matchers,
    target: Matchers,
    equal: Vec<String>,
    slots: HashMap<String, Slot>,
}

#[derive(Debug, Default)]
struct Slot {
    /// Whether the source is also a target.
    sources: BTreeMap<AlertId, bool>,
    targets: BTreeSet<AlertId>,
}

#[derive(Clone, Debug)]
struct Place {
    rule: usize,
    slot: String,
    source: bool,
    target: bool,
}

impl Inhibitions {
    /// An index without alerts. Rules that cannot be read never match; their numbers are given back.
    pub fn new(rules: &[InhibitRule]) -> (Self, Vec<usize>) {
        let mut out = Self::default();
        let mut bad = Vec::new();
        for (i, rule) in rules.iter().enumerate() {
            let sides = (
                Matchers::compile(&rule.source),
                Matchers::compile(&rule.target),
            );
            match sides {
                (Ok(source), Ok(target)) if !source.is_empty() && !target.is_empty() => {
                    out.rules.push(Rule {
                        source,
                        target,
                        equal: rule.equal.clone(),
                        slots: HashMap::new(),
                    });
                }
                _ => bad.push(i),
            }
        }
        (out, bad)
    }

    /// An alert is open.
    pub fn opened(&mut self, id: AlertId, labels: &Labels) {
        let mut places = Vec::new();
        for (i, rule) in self.rules.iter_mut().enumerate() {
            let (source, target) = (rule.source.matches(labels), rule.target.matches(labels));
            if !source && !target {
                continue;
            }
            let key = key(&rule.equal, labels);
            let slot = rule.slots.entry(key.clone()).or_default();
            if source {
                // One that is only a source keeps every target quiet already; another changes nothing.
                let settled = slot.sources.values().any(|both| !both);
                slot.sources.insert(id, target);
                if !settled {
                    self.changed.insert((i, key.clone()));
                }
            }
            if target {
                slot.targets.insert(id);
            }
            places.push(Place {
                rule: i,
                slot: key,
                source,
                target,
            });
        }
        if !places.is_empty() {
            self.places.insert(id, places);
        }
    }

    /// An alert is over.
    pub fn closed(&mut self, id: AlertId) {
        for place in self.places.remove(&id).unwrap_or_default() {
            let Some(rule) = self.rules.get_mut(place.rule) else {
                continue;
            };
            let Some(slot) = rule.slots.get_mut(&place.slot) else {
                continue;
            };
            slot.targets.remove(&id);
            if slot.sources.remove(&id).is_some() {
                self.changed.insert((place.rule, place.slot.clone()));
            }
            if slot.sources.is_empty() && slot.targets.is_empty() {
                rule.slots.remove(&place.slot);
            }
        }
    }

    /// Alerts for which the answer of [`Self::inhibitor`] may have changed since the last call.
    pub fn take_changed(&mut self) -> BTreeSet<AlertId> {
        let changed = std::mem::take(&mut self.changed);
        let slots = changed
            .iter()
            .filter_map(|(rule, key)| self.rules.get(*rule)?.slots.get(key));
        slots.flat_map(|s| s.targets.iter().copied()).collect()
    }

    /// The oldest alert that keeps this one quiet.
    pub fn inhibitor(&self, id: AlertId) -> Option<AlertId> {
        let places = self.places.get(&id)?;
        let of = |place: &Place| {
            let slot = self.rules.get(place.rule)?.slots.get(&place.slot)?;
            slot.sources
                .iter()
                .find(|(source, both)| **source != id && !(place.source && **both))
                .map(|(source, _)| *source)
        };
        places.iter().filter(|p| p.target).filter_map(of).min()
    }
}

fn key(equal: &[String], labels: &Labels) -> String {
    let mut out = String::new();
    for name in equal {
        let value = labels.get(name).unwrap_or("");
        // with its length, because a value may hold any separator
        out.push_str(&value.len().to_string());
        out.push(':');
        out.push_str(value);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Matcher;

    fn rule() -> InhibitRule {
        InhibitRule {
            source: vec![Matcher::equal("severity", "critical")],
            target: vec![Matcher {
                is_regex: true,
                ..Matcher::equal("severity", "critical|warning")
            }],
            equal: vec!["cluster".into()],
        }
    }

    fn labels(severity: &str, cluster: &str) -> Labels {
        Labels::from_pairs([("severity", severity), ("cluster", cluster)])
    }

    #[test]
    fn an_alert_inhibits_neither_itself_nor_its_equal() {
        let (mut index, bad) = Inhibitions::new(&[rule()]);
        assert!(bad.is_empty());
        index.opened(AlertId(1), &labels("critical", "a"));
        index.opened(AlertId(2), &labels("critical", "a"));
        index.opened(AlertId(3), &labels("warning", "a"));
        index.opened(AlertId(4), &labels("warning", "b"));
        let got = [1, 2, 3, 4].map(|n| index.inhibitor(AlertId(n)));
        assert_eq!(got, [None, None, Some(AlertId(1)), None]);
    }

    #[test]
    fn another_source_takes_over_when_the_first_ends() {
        let (mut index, _) = Inhibitions::new(&[rule()]);
        for (n, severity) in [(1, "critical"), (2, "critical"), (3, "warning")] {
            index.opened(AlertId(n), &labels(severity, ""));
        }
        assert!(index.take_changed().contains(&AlertId(3)));
        index.closed(AlertId(1));
        assert!(index.take_changed().contains(&AlertId(3)));
        assert_eq!(index.inhibitor(AlertId(3)), Some(AlertId(2)));
        index.closed(AlertId(2));
        assert_eq!(index.inhibitor(AlertId(3)), None);
        assert!(index.take_changed().contains(&AlertId(3)));
    }

    #[test]
    fn values_that_look_like_separators_do_not_meet() {
        let equal = ["a".to_string(), "b".to_string()];
        let one = Labels::from_pairs([("a", "1:x"), ("b", "")]);
        let two = Labels::from_pairs([("a", "1"), ("b", "x")]);
        assert_ne!(key(&equal, &one), key(&equal, &two));
    }
}
