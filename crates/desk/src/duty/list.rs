//! The alert list as a window asks for it: which alerts, in which order and groups, and only the entries that it shows.
//!
//! A list of 50,000 costs a filter and a sort here; what crosses the wire is what fits on the screen.

use super::filter::Filter;
use model::Level;
use model::duty::{Alert, PersonId, Suppression};
use std::collections::BTreeMap;
use wire::{AlertGrouping, AlertOrder, AlertTab, TabCounts};

/// Entries that are sent at once, at most.
pub const MAX_ENTRIES: u32 = 200;

/// One entry of the list.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry<'a> {
    /// A group's head.
    Group {
        /// Its key, also its title.
        key: String,
        /// Its most urgent level.
        level: Level,
        /// Alerts in it.
        count: u32,
        /// Of these nobody has.
        open: u32,
        /// Whether its alerts follow.
        unfolded: bool,
    },
    /// An alert.
    Alert(&'a Alert),
}

/// A part of the list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Window<'a> {
    /// Entries of the whole list, heads included.
    pub total: u32,
    /// Alerts of the whole list.
    pub alerts: u32,
    /// The first entry's number.
    pub offset: u32,
    /// The entries asked for.
    pub entries: Vec<Entry<'a>>,
}

/// What is asked.
#[derive(Clone, Debug, Default)]
pub struct Question<'a> {
    /// Which tab.
    pub tab: AlertTab,
    /// Only these levels; empty: all.
    pub levels: Vec<Level>,
    /// Groups.
    pub group: AlertGrouping,
    /// Order.
    pub order: AlertOrder,
    /// Unfolded groups.
    pub unfolded: &'a [String],
    /// First entry.
    pub offset: u32,
    /// How many.
    pub limit: u32,
    /// Who asks.
    pub me: PersonId,
}

/// Whether more than an acknowledgement keeps it quiet.
pub fn is_suppressed(alert: &Alert) -> bool {
    alert
        .suppressions
        .iter()
        .any(|s| !matches!(s, Suppression::Acknowledged { .. }))
}

/// Whether it waits for somebody.
pub fn is_unacked(alert: &Alert) -> bool {
    alert.is_open() && alert.ack.is_none() && !is_suppressed(alert)
}

fn is_mine(alert: &Alert, me: &str) -> bool {
    let acked = alert.ack.as_ref().is_some_and(|a| a.by.id == me);
    alert.is_open() && (acked || alert.assignee.as_deref() == Some(me))
}

fn belongs(tab: AlertTab, alert: &Alert, me: &str) -> bool {
    match tab {
        AlertTab::Open => alert.is_open() && !is_suppressed(alert),
        AlertTab::Unacked => is_unacked(alert),
        AlertTab::Mine => is_mine(alert, me),
        AlertTab::Suppressed => alert.is_open() && is_suppressed(alert),
        AlertTab::Resolved => !alert.is_open(),
    }
}

/// How many alerts each tab has.
pub fn tabs<'a>(alerts: impl Iterator<Item = &'a Alert>, me: &str) -> TabCounts {
    let mut counts = TabCounts::default();
    for alert in alerts {
        let add = |tab, count: &mut u32| *count += u32::from(belongs(tab, alert, me));
        add(AlertTab::Open, &mut counts.open);
        add(AlertTab::Unacked, &mut counts.unacked);
        add(AlertTab::Mine, &mut counts.mine);
        add(AlertTab::Suppressed, &mut counts.suppressed);
        add(AlertTab::Resolved, &mut counts.resolved);
    }
    counts
}

/// The part of the list that is asked for. `hay` gives an alert's words; it is only called when the search has some.
pub fn window<'a>(
    alerts: impl Iterator<Item = &'a Alert>,
    filter: &Filter,
    question: &Question<'_>,
    mut hay: impl FnMut(&'a Alert) -> &'a str,
) -> Window<'a> {
    let words = filter.has_words();
    let mut found: Vec<&Alert> = alerts
        .filter(|a| belongs(question.tab, a, &question.me))
        .filter(|a| question.levels.is_empty() || question.levels.contains(&a.level))
        .filter(|a| filter.matches(a, if words { hay(a) } else { "" }))
        .collect();
    sort(&mut found, question.order, question.tab);
    let limit = question.limit.min(MAX_ENTRIES);
    if question.group == AlertGrouping::None {
        plain(&found, question.offset, limit)
    } else {
        grouped(&found, question, limit)
    }
}

fn sort(alerts: &mut [&Alert], order: AlertOrder, tab: AlertTab) {
    match order {
        AlertOrder::Urgency if tab == AlertTab::Resolved => {
            alerts.sort_by_key(|a| (std::cmp::Reverse(a.resolved.as_ref().map(|r| r.0)), a.id));
        }
        // The oldest of a level has the nearest deadline.
        AlertOrder::Urgency => {
            alerts.sort_by_key(|a| {
                (
                    a.ack.is_some(),
                    a.level,
                    a.first_seen.max(a.starts_at),
                    a.id,
                )
            });
        }
        AlertOrder::Newest => {
            alerts.sort_by_key(|a| (std::cmp::Reverse(a.starts_at), std::cmp::Reverse(a.id)));
        }
        AlertOrder::Oldest => alerts.sort_by_key(|a| (a.starts_at, a.id)),
        AlertOrder::Title => {
            alerts.sort_by(|a, b| (title(a), a.level, a.id).cmp(&(title(b), b.level, b.id)));
        }
    }
}

/// What an alert says: its summary, or its rule's name.
pub fn title(alert: &Alert) -> &str {
    alert
        .annotations
        .get("summary")
        .map(|s| s.trim())
        .filter(|s| !s.is_empty())
        .unwrap_or_else(|| alert.name())
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

fn plain<'a>(found: &[&'a Alert], offset: u32, limit: u32) -> Window<'a> {
    let all = count(found.len());
    let offset = offset.min(all.saturating_sub(1));
    Window {
        total: all,
        alerts: all,
        offset,
        entries: found
            .iter()
            .skip(offset as usize)
            .take(limit as usize)
            .map(|a| Entry::Alert(a))
            .collect(),
    }
}

fn key(alert: &Alert, group: AlertGrouping) -> String {
    match group {
        AlertGrouping::None => String::new(),
        AlertGrouping::Rule => alert.name().to_owned(),
        AlertGrouping::Level => alert.level.to_string(),
        AlertGrouping::Source => {
            let all: Vec<&str> = alert.sights.keys().map(String::as_str).collect();
            all.join(", ")
        }
        AlertGrouping::Service => alert.labels.get("service").unwrap_or("").to_owned(),
    }
}

/// Groups stand in the order of their first alert.
fn grouped<'a>(found: &[&'a Alert], question: &Question<'_>, limit: u32) -> Window<'a> {
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut groups: Vec<(String, Vec<&'a Alert>)> = Vec::new();
    for alert in found {
        let key = key(alert, question.group);
        let at = *places.entry(key.clone()).or_insert_with(|| {
            groups.push((key, Vec::new()));
            groups.len() - 1
        });
        if let Some((_, members)) = groups.get_mut(at) {
            members.push(alert);
        }
    }
    let mut all: Vec<Entry<'a>> = Vec::new();
    for (key, members) in groups {
        let unfolded = question.unfolded.contains(&key);
        all.push(Entry::Group {
            level: members.iter().map(|a| a.level).min().unwrap_or(Level::P3),
            count: count(members.len()),
            open: count(members.iter().filter(|a| is_unacked(a)).count()),
            unfolded,
            key,
        });
        if unfolded {
            all.extend(members.into_iter().map(Entry::Alert));
        }
    }
    let total = count(all.len());
    let offset = question.offset.min(total.saturating_sub(1));
    Window {
        total,
        alerts: count(found.len()),
        offset,
        entries: all
            .into_iter()
            .skip(offset as usize)
            .take(limit as usize)
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::duty::samples::{acked, alert};

    fn ids(window: &Window<'_>) -> Vec<i64> {
        let id = |e: &Entry<'_>| match e {
            Entry::Alert(a) => a.id.0,
            Entry::Group { count, .. } => -i64::from(*count),
        };
        window.entries.iter().map(id).collect()
    }

    fn all() -> Vec<Alert> {
        vec![
            alert(1, Level::P2, &[("alertname", "A"), ("service", "pay")]),
            alert(2, Level::P0, &[("alertname", "B")]),
            acked(alert(3, Level::P0, &[("alertname", "A")]), "lisi"),
            alert(4, Level::P2, &[("alertname", "A")]),
        ]
    }

    fn ask<'a>(alerts: &'a [Alert], question: &Question<'_>) -> Window<'a> {
        window(alerts.iter(), &Filter::default(), question, |_| "")
    }

    #[test]
    fn what_waits_for_somebody_stands_first_and_the_most_urgent_of_it() {
        let alerts = all();
        let mut q = Question {
            limit: 10,
            me: "lisi".into(),
            ..Question::default()
        };
        assert_eq!(ids(&ask(&alerts, &q)), [2, 1, 4, 3]);
        q.tab = AlertTab::Mine;
        assert_eq!(ids(&ask(&alerts, &q)), [3]);
        let counts = tabs(alerts.iter(), "lisi");
        assert_eq!((counts.open, counts.unacked, counts.mine), (4, 3, 1));
    }

    #[test]
    fn only_the_window_is_given_and_an_offset_behind_the_end_gives_the_end() {
        let alerts = all();
        let q = Question {
            offset: 1,
            limit: 2,
            ..Question::default()
        };
        let w = ask(&alerts, &q);
        assert_eq!((w.total, w.offset, ids(&w)), (4, 1, vec![1, 4]));
        let w = ask(
            &alerts,
            &Question {
                offset: 99,
                limit: 2,
                ..Question::default()
            },
        );
        assert_eq!((w.offset, ids(&w)), (3, vec![3]));
    }

    #[test]
    fn groups_fold() {
        let alerts = all();
        let unfolded = ["A".to_owned()];
        let q = Question {
            group: AlertGrouping::Rule,
            unfolded: &unfolded,
            limit: 10,
            ..Question::default()
        };
        let w = ask(&alerts, &q);
        assert_eq!(ids(&w), [-1, -3, 1, 4, 3]);
        assert_eq!(w.alerts, 4);
    }
}
