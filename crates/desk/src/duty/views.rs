//! From the alert desk's state to what its windows see.

use super::list::{self, Entry, is_suppressed};
use super::sentences::{self, Names, With, sentence, text};
use engine::duty::{Next, Setup, Step, Target};
use model::duty::{Alert, Mute, MuteKind, PersonId, Suppression};
use model::{Level, Matcher, Reported};
use std::collections::BTreeSet;
use wire::{
    AlertItem, AlertLook, AlertRow, FailingView, MatcherView, MuteView, NextView, Param, PersonView,
};

/// The name under which alerts of rules over the simulated platform are taken in: rows with no other source are marked 演示.
pub const DEMO_SOURCE: &str = "demo";

/// Characters of a title or a place.
const MAX_TEXT: usize = 300;
/// Labels that tell where an alert is, most telling first.
const PLACES: [&str; 14] = [
    "service",
    "channel",
    "queue",
    "instance",
    "host",
    "node",
    "pod",
    "namespace",
    "device",
    "mountpoint",
    "datname",
    "handler",
    "cluster",
    "job",
];
/// Places of a row.
const MAX_PLACES: usize = 3;

/// What a row needs beside its alert.
pub struct Scene<'a> {
    /// The configuration as the engine has it.
    pub setup: &'a Setup,
    /// Names of persons.
    pub names: &'a Names,
    /// Sources that do not answer.
    pub lost: &'a BTreeSet<String>,
}

fn cut(value: &str) -> String {
    value.chars().take(MAX_TEXT).collect()
}

/// Since when an alert's limits count: its start, or when we heard of it if that was later.
pub fn counted_from(alert: &Alert) -> i64 {
    alert.starts_at.max(alert.first_seen)
}

/// A line of a list. `next` is what the engine says comes next.
pub fn row(alert: &Alert, next: Option<&Next>, scene: &Scene<'_>) -> AlertRow {
    let targets = &scene.setup.targets;
    let from = counted_from(alert);
    let open = alert.is_open();
    let limit = |ms: Option<i64>| ms.map(|ms| (from + ms) as f64);
    let ack = alert.ack.as_ref();
    AlertRow {
        id: alert.id.0,
        fingerprint: alert.fingerprint.to_string(),
        level: alert.level.into(),
        look: look(alert),
        title: cut(list::title(alert)),
        rule: cut(alert.name()),
        place: places(alert),
        sources: u32::try_from(reporting(alert).count()).unwrap_or(u32::MAX),
        starts_at: alert.starts_at as f64,
        respond_by: (open && alert.responded_at.is_none())
            .then(|| limit(targets.respond_ms.of(alert.level)))
            .flatten(),
        resolve_by: open
            .then(|| limit(targets.resolve_ms.of(alert.level)))
            .flatten(),
        resolved_at: alert.resolved.as_ref().map(|(at, _)| *at as f64),
        acked_by: ack.map(|a| cut(&a.by.name)),
        ack_comment: ack.map(|a| cut(&a.comment)).filter(|c| !c.is_empty()),
        ack_until: ack.and_then(|a| a.until).map(|at| at as f64),
        assignee: alert
            .assignee
            .as_deref()
            .map(|id| sentences::name(scene.names, id)),
        quiet: foremost(alert).map(sentences::suppression),
        next: next.map(|n| next_view(n, alert)),
        flapping: alert
            .suppressions
            .iter()
            .any(|s| matches!(s, Suppression::Flapping { .. })),
        unverified: open && reporting(alert).all(|(source, _)| scene.lost.contains(source)),
        demo: !alert.sights.is_empty() && alert.sights.keys().all(|s| s == DEMO_SOURCE),
    }
}

/// Alerts of the past or the present that held at `at` (ms), most urgent first; what only keeps them quiet now is not known of the past.
pub fn open_rows(alerts: &[Alert], at: i64) -> Vec<AlertRow> {
    let held = |a: &&Alert| {
        let over = a.resolved.as_ref().is_some_and(|(end, _)| *end <= at);
        a.starts_at <= at && !over && !(a.is_open() && is_suppressed(a))
    };
    let mut all: Vec<&Alert> = alerts.iter().filter(held).collect();
    let taken = |a: &Alert| a.ack.as_ref().is_some_and(|ack| ack.at <= at);
    all.sort_by_key(|a| (taken(a), a.level, a.starts_at, a.id));
    let (setup, names, lost) = (Setup::default(), Names::default(), BTreeSet::new());
    let scene = Scene {
        setup: &setup,
        names: &names,
        lost: &lost,
    };
    all.into_iter().map(|a| row(a, None, &scene)).collect()
}

/// Alerts that may move the wall, in their order.
pub fn failing(alerts: &[&Alert]) -> Vec<FailingView> {
    let view = |alert: &&Alert| FailingView {
        id: alert.id.0,
        level: alert.level.into(),
        domain: engine::kiosk::domain_of(&alert.labels).map(crate::kiosk::domain_name),
        board: alert.labels.get("board").map(cut),
        title: cut(list::title(alert)),
        since: alert.starts_at,
        acked: alert.ack.is_some(),
    };
    alerts.iter().map(view).collect()
}

/// Sources by which it holds.
fn reporting(alert: &Alert) -> impl Iterator<Item = (&str, &model::duty::Sight)> {
    alert
        .sights
        .iter()
        .filter(|(_, s)| s.state != Reported::Resolved)
        .map(|(n, s)| (n.as_str(), s))
}

fn look(alert: &Alert) -> AlertLook {
    if !alert.is_open() {
        AlertLook::Resolved
    } else if is_suppressed(alert) {
        AlertLook::Suppressed
    } else if alert.ack.is_some() {
        AlertLook::Acked
    } else {
        AlertLook::Open
    }
}

/// The reason to name first: one that a person set, then the others; an acknowledgement has its own place in a row.
fn foremost(alert: &Alert) -> Option<&Suppression> {
    alert
        .suppressions
        .iter()
        .filter(|s| !matches!(s, Suppression::Acknowledged { .. }))
        .min()
}

fn places(alert: &Alert) -> Vec<String> {
    let named = PLACES.iter().filter_map(|name| alert.labels.get(name));
    let mut found: Vec<String> = Vec::new();
    for value in named.map(cut) {
        if !found.contains(&value) {
            found.push(value);
        }
        if found.len() == MAX_PLACES {
            break;
        }
    }
    found
}

/// What comes next: "升级给 李四".
pub fn next_view(next: &Next, alert: &Alert) -> NextView {
    let all_told = !next.to.is_empty() && next.to.iter().all(|p| alert.told.contains(p));
    let key = match (next.step, next.round) {
        (0, 0) => "alert.next.tell",
        (0, _) => "alert.next.repeat",
        _ if all_told => "alert.next.remind",
        _ => "alert.next.escalate",
    };
    let to = if next.names.is_empty() {
        Param::Key("alert.next.nobody".into())
    } else {
        text(&next.names.join("、"))
    };
    NextView {
        at: next.at as f64,
        what: sentence(key).with("to", to),
    }
}

/// All steps that are still to come in this round, with their times if nobody does anything.
pub fn steps_ahead(alert: &Alert, next: Option<&Next>, scene: &Scene<'_>) -> Vec<NextView> {
    let Some(next) = next else { return Vec::new() };
    let named = scene
        .setup
        .policies
        .iter()
        .find(|p| p.name == alert.escalation.policy);
    let steps = named.map(|p| p.steps.as_slice()).unwrap_or_default();
    let first = steps.get(next.step as usize).map_or(0, |s| s.after_ms);
    let later = steps
        .iter()
        .enumerate()
        .skip(next.step as usize + 1)
        .map(|(i, step)| {
            let to = people(step, scene.setup);
            let then = Next {
                at: next.at + step.after_ms - first,
                step: u32::try_from(i).unwrap_or(u32::MAX),
                round: next.round,
                names: to
                    .iter()
                    .map(|id| sentences::name(scene.names, id))
                    .collect(),
                to,
                channels: step.channels.clone(),
            };
            next_view(&then, alert)
        });
    std::iter::once(next_view(next, alert))
        .chain(later)
        .collect()
}

/// Whom a step names, as of now.
fn people(step: &Step, setup: &Setup) -> Vec<PersonId> {
    let mut all: Vec<PersonId> = Vec::new();
    for target in &step.targets {
        let found: Vec<PersonId> = match target {
            Target::Person(id) => vec![id.clone()],
            Target::Group(name) => setup.groups.get(name).cloned().unwrap_or_default(),
            Target::Role(name) => setup.roles.get(name).cloned().unwrap_or_default(),
            Target::Everyone => setup.people.iter().map(|p| p.id.clone()).collect(),
        };
        all.extend(
            found
                .into_iter()
                .filter(|id| !all.contains(id))
                .collect::<Vec<_>>(),
        );
    }
    all
}

/// Entries of a list as they cross the wire.
pub fn items<'a>(
    entries: &[Entry<'a>],
    scene: &Scene<'_>,
    mut next: impl FnMut(&'a Alert) -> Option<Next>,
) -> Vec<AlertItem> {
    let item = |entry: &Entry<'a>| match entry {
        Entry::Group {
            key,
            level,
            count,
            open,
            unfolded,
        } => AlertItem::Group {
            key: key.clone(),
            title: cut(key),
            level: (*level).into(),
            count: *count,
            open: *open,
            unfolded: *unfolded,
        },
        Entry::Alert(alert) => AlertItem::Alert {
            row: Box::new(row(alert, next(alert).as_ref(), scene)),
        },
    };
    entries.iter().map(item).collect()
}

/// A condition as it crosses the wire.
pub fn matcher_view(m: &Matcher) -> MatcherView {
    MatcherView {
        name: m.name.clone(),
        value: m.value.clone(),
        is_regex: m.is_regex,
        is_equal: m.is_equal,
    }
}

/// A condition as it came.
pub fn matcher(m: MatcherView) -> Matcher {
    Matcher {
        name: m.name,
        value: m.value,
        is_regex: m.is_regex,
        is_equal: m.is_equal,
    }
}

/// A silence or maintenance window; `holds` is the number of alerts that it holds now.
pub fn mute_view(mute: &Mute, holds: usize) -> MuteView {
    MuteView {
        id: mute.id.0,
        maintenance: mute.kind == MuteKind::Maintenance,
        matchers: mute.matchers.iter().map(matcher_view).collect(),
        from: mute.starts_at as f64,
        until: mute.ends_at as f64,
        by: cut(&mute.by.name),
        comment: cut(&mute.comment),
        holds: u32::try_from(holds).unwrap_or(u32::MAX),
    }
}

/// Persons for menus.
pub fn person_view(names: &Names, id: &str) -> PersonView {
    PersonView {
        id: id.to_owned(),
        name: sentences::name(names, id),
    }
}

/// Levels from the wire.
pub fn levels(levels: &[wire::LevelView]) -> Vec<Level> {
    levels.iter().map(|l| (*l).into()).collect()
}
