//! The alert list as a window asks for it: which alerts, in which order and groups, and only the entries that it shows.
//!
//! A list of 50,000 costs a filter and a sort of [`Brief`]s here; what crosses the wire is what fits on the screen.

use super::filter::Filter;
use model::Level;
use model::duty::{Alert, AlertId, PersonId, Suppression};
use std::collections::BTreeMap;
use wire::{AlertGrouping, AlertOrder, AlertTab, LevelCount, TabCounts};

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

/// What lists and counts need of an alert, small and beside the others: alerts lie all over the memory, and with very many, to bring each of
/// them before the processor is what costs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Brief {
    /// Whose.
    pub id: AlertId,
    /// Its level.
    pub level: Level,
    /// Whether it holds.
    pub open: bool,
    /// Whether somebody has it.
    pub acked: bool,
    /// Whether more than an acknowledgement keeps it quiet.
    pub suppressed: bool,
    /// Whether it is the person's who asks.
    pub mine: bool,
    /// When its times began to count, ms.
    pub from: i64,
    /// When it began, ms.
    pub starts_at: i64,
    /// When it was over, ms.
    pub resolved_at: Option<i64>,
    /// The next step of its escalation, ms.
    pub due_at: Option<i64>,
}

impl Brief {
    /// Of this alert, for this person.
    pub fn of(alert: &Alert, me: &str) -> Self {
        Self {
            id: alert.id,
            level: alert.level,
            open: alert.is_open(),
            acked: alert.ack.is_some(),
            suppressed: is_suppressed(alert),
            mine: is_mine(alert, me),
            from: alert.starts_at.max(alert.first_seen),
            starts_at: alert.starts_at,
            resolved_at: alert.resolved.as_ref().map(|r| r.0),
            due_at: alert.escalation.due_at,
        }
    }

    /// Whether a window may stand over everything for it, as far as can be told from here.
    pub fn may_take_over(&self) -> bool {
        self.level == Level::P0 && self.is_unacked()
    }

    fn is_unacked(&self) -> bool {
        self.open && !self.acked && !self.suppressed
    }

    fn belongs(&self, tab: AlertTab) -> bool {
        match tab {
            AlertTab::Open => self.open && !self.suppressed,
            AlertTab::Unacked => self.is_unacked(),
            AlertTab::Mine => self.mine,
            AlertTab::Suppressed => self.open && self.suppressed,
            AlertTab::Resolved => !self.open,
        }
    }
}

/// What the whole list comes to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Survey {
    /// How many alerts each tab has.
    pub tabs: TabCounts,
    /// Those that hold and are not suppressed, by level, P0 first.
    pub levels: [LevelCount; 4],
    /// Those that hold and are suppressed.
    pub suppressed: u32,
    /// The next step of an escalation: when, ms, and of which alert.
    pub due: Option<(i64, AlertId)>,
}

/// Counts all alerts in one go.
pub fn survey(briefs: &[Brief]) -> Survey {
    let mut all = Survey::default();
    for brief in briefs {
        if !brief.open {
            all.tabs.resolved += 1;
            continue;
        }
        let (suppressed, unacked) = (brief.suppressed, brief.is_unacked());
        all.tabs.open += u32::from(!suppressed);
        all.tabs.suppressed += u32::from(suppressed);
        all.tabs.unacked += u32::from(unacked);
        all.tabs.mine += u32::from(brief.mine);
        all.suppressed += u32::from(suppressed);
        if let Some(level) = all.levels.get_mut(brief.level.number() as usize) {
            level.open += u32::from(!suppressed);
            level.unacked += u32::from(unacked);
        }
        if let Some(at) = brief.due_at {
            let due = (at, brief.id);
            all.due = Some(all.due.map_or(due, |other| other.min(due)));
        }
    }
    all
}

/// Whether a brief's alert is in what is asked for, but for the search.
fn asked(brief: &Brief, question: &Question<'_>) -> bool {
    brief.belongs(question.tab)
        && (question.levels.is_empty() || question.levels.contains(&brief.level))
}

/// Where an alert stands in the list; the smaller comes first.
type Rank = ([i64; 3], AlertId);

fn rank(b: &Brief, order: AlertOrder, tab: AlertTab) -> Rank {
    let key = match order {
        AlertOrder::Urgency if tab == AlertTab::Resolved => [
            b.resolved_at.map_or(i64::MAX, |at| at.saturating_neg()),
            0,
            0,
        ],
        // The oldest of a level has the nearest deadline.
        AlertOrder::Urgency => [i64::from(b.acked), i64::from(b.level.number()), b.from],
        AlertOrder::Newest => [b.starts_at.saturating_neg(), b.id.0.saturating_neg(), 0],
        // Titles are not in a brief: who asks for them sorts by himself.
        AlertOrder::Oldest | AlertOrder::Title => [b.starts_at, 0, 0],
    };
    (key, b.id)
}

/// Puts these alerts at their places in what [`find`] found before they changed. `briefs` are those of now, of the same alerts. False,
/// with nothing done, where the order is not told by briefs. `matches` tells whether the search is for an alert.
pub fn renew(
    found: &mut Vec<AlertId>,
    briefs: &[Brief],
    changed: &[AlertId],
    question: &Question<'_>,
    matches: impl Fn(AlertId) -> bool,
) -> bool {
    if question.order == AlertOrder::Title {
        return false;
    }
    let brief = |id: AlertId| {
        let at = briefs.binary_search_by_key(&id, |b| b.id).ok()?;
        briefs.get(at)
    };
    let place = |b: &Brief| rank(b, question.order, question.tab);
    found.retain(|id| !changed.contains(id));
    for new in changed.iter().filter_map(|id| brief(*id)) {
        if asked(new, question) && matches(new.id) {
            let at = found.partition_point(|id| brief(*id).is_some_and(|b| place(b) < place(new)));
            found.insert(at, new.id);
        }
    }
    true
}

/// Which alerts are asked for, in order. `alerts` are those that `briefs` are of, in the same order; they are only looked at when the search
/// or the order needs more than a brief. `hay` gives an alert's words; it is only called when the search has some.
pub fn find<'a, 'w>(
    briefs: &[Brief],
    alerts: impl Iterator<Item = &'a Alert>,
    filter: &Filter,
    question: &Question<'_>,
    hay: impl Fn(&AlertId) -> &'w str,
) -> Vec<AlertId> {
    let asked = |b: &Brief| asked(b, question);
    if filter.is_empty() && question.order != AlertOrder::Title {
        let found = briefs.iter().filter(|b| asked(b)).copied();
        return sorted(found, question.order, question.tab);
    }
    let words = filter.has_words();
    let found = briefs
        .iter()
        .zip(alerts)
        .filter(|(b, a)| asked(b) && filter.matches(a, if words { hay(&b.id) } else { "" }));
    if question.order == AlertOrder::Title {
        return by_key(found.map(|(b, a)| ((title(a), b.level), b.id)));
    }
    sorted(found.map(|(b, _)| *b), question.order, question.tab)
}

/// The part of the list that is asked for, of what was found. `alert` gives an alert by its id.
pub fn window<'a>(
    found: &[AlertId],
    alert: impl Fn(AlertId) -> Option<&'a Alert>,
    question: &Question<'_>,
) -> Window<'a> {
    let limit = question.limit.min(MAX_ENTRIES);
    if question.group == AlertGrouping::None {
        plain(found, alert, question.offset, limit)
    } else {
        let found: Vec<&Alert> = found.iter().filter_map(|id| alert(*id)).collect();
        grouped(&found, question, limit)
    }
}

/// Ids in the order of their keys.
fn by_key<K: Ord>(keyed: impl Iterator<Item = (K, AlertId)>) -> Vec<AlertId> {
    let mut all: Vec<(K, AlertId)> = keyed.collect();
    all.sort_unstable();
    all.into_iter().map(|(_, id)| id).collect()
}

fn sorted(briefs: impl Iterator<Item = Brief>, order: AlertOrder, tab: AlertTab) -> Vec<AlertId> {
    by_key(briefs.map(|b| (rank(&b, order, tab), b.id)))
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

fn plain<'a>(
    found: &[AlertId],
    alert: impl Fn(AlertId) -> Option<&'a Alert>,
    offset: u32,
    limit: u32,
) -> Window<'a> {
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
            .filter_map(|id| alert(*id).map(Entry::Alert))
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

    fn briefs(alerts: &[Alert], me: &str) -> Vec<Brief> {
        alerts.iter().map(|a| Brief::of(a, me)).collect()
    }

    fn ask<'a>(alerts: &'a [Alert], question: &Question<'_>) -> Window<'a> {
        let briefs = briefs(alerts, &question.me);
        let found = find(&briefs, alerts.iter(), &Filter::default(), question, |_| "");
        let alert = |id| alerts.iter().find(|a| a.id == id);
        window(&found, alert, question)
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
        let all = survey(&briefs(&alerts, "lisi"));
        assert_eq!((all.tabs.open, all.tabs.unacked, all.tabs.mine), (4, 3, 1));
        let levels = all.levels.map(|l| (l.open, l.unacked));
        assert_eq!(levels, [(2, 1), (0, 0), (2, 2), (0, 0)]);
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
    fn what_has_changed_goes_to_its_place_as_if_all_were_found_anew() {
        let mut alerts = all();
        for (order, tab) in [
            (AlertOrder::Urgency, AlertTab::Open),
            (AlertOrder::Urgency, AlertTab::Mine),
            (AlertOrder::Newest, AlertTab::Unacked),
            (AlertOrder::Oldest, AlertTab::Open),
        ] {
            let question = Question {
                order,
                tab,
                me: "lisi".into(),
                ..Question::default()
            };
            let anew = |alerts: &[Alert]| {
                let all = briefs(alerts, "lisi");
                find(&all, alerts.iter(), &Filter::default(), &question, |_| "")
            };
            let mut found = anew(&alerts);
            let before = alerts.clone();
            alerts[0] = acked(alerts[0].clone(), "lisi");
            alerts[2].ack = None;
            alerts[3].starts_at -= 5_000;
            let now = briefs(&alerts, "lisi");
            let changed = [AlertId(1), AlertId(3), AlertId(4)];
            assert!(renew(&mut found, &now, &changed, &question, |_| true));
            assert_eq!(found, anew(&alerts), "{order:?} {tab:?}");
            assert!(renew(&mut found, &now, &changed, &question, |id| id != AlertId(3)));
            assert!(!found.contains(&AlertId(3)));
            alerts = before;
        }
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
