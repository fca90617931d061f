//! From what happened to the sentence that the page writes: a locale key and its values, never a finished text.

use model::duty::{
    DigestReason, DropReason, Notice, NoticeKind, NoticeState, Resolution, Suppression, Transition,
    WaitReason, What,
};
use model::duty::{LevelReason, PersonId};
use std::collections::BTreeMap;
use wire::{Param, Sentence, TimelineItem};

/// Characters of a text of an alert or a person inside a sentence.
const MAX_TEXT: usize = 300;
/// A step that is later than this is said to be late, ms.
const LATE: i64 = 60_000;

/// Names of persons by id.
pub type Names = BTreeMap<PersonId, String>;

/// A person's name, or the id of somebody who is configured no more.
pub fn name(names: &Names, id: &str) -> String {
    names.get(id).cloned().unwrap_or_else(|| id.to_owned())
}

/// Names in their order, with the comma of lists.
pub fn all_names(names: &Names, ids: &[PersonId]) -> Param {
    let name = |id: &PersonId| name(names, id).chars().take(MAX_TEXT).collect();
    Param::Texts(ids.iter().map(name).collect())
}

/// A sentence without values.
pub fn sentence(key: impl Into<String>) -> Sentence {
    Sentence {
        key: key.into(),
        params: BTreeMap::new(),
    }
}

/// A text value, bounded.
pub fn text(value: &str) -> Param {
    Param::Text(value.chars().take(MAX_TEXT).collect())
}

/// A point in time.
pub fn time(ms: i64) -> Param {
    Param::Time(ms as f64)
}

/// A channel's name.
pub fn channel(kind: &str) -> Param {
    Param::Key(format!("channel.{kind}.name"))
}

/// Names of channels.
pub fn channels(kinds: &[String]) -> Param {
    Param::Keys(kinds.iter().map(|k| format!("channel.{k}.name")).collect())
}

/// Adds values to a sentence.
pub trait With {
    /// With one more value.
    fn with(self, name: &str, value: Param) -> Sentence;
}

impl With for Sentence {
    fn with(mut self, name: &str, value: Param) -> Sentence {
        self.params.insert(name.to_owned(), value);
        self
    }
}

/// Why it is quiet.
pub fn suppression(by: &Suppression) -> Sentence {
    suppressed("alert.quiet", by)
}

/// The same below another key: what is said when it begins or ends.
fn suppressed(under: &str, suppression: &Suppression) -> Sentence {
    let say = |key: &str| sentence(format!("{under}.{key}"));
    match suppression {
        Suppression::Acknowledged {
            by,
            until: Some(at),
        } => say("acknowledged")
            .with("by", text(by))
            .with("until", time(*at)),
        Suppression::Acknowledged { by, until: None } => {
            let key = if under == "alert.quiet" {
                "acknowledged_open"
            } else {
                "acknowledged"
            };
            say(key).with("by", text(by))
        }
        Suppression::Snoozed { by, until } => say("snoozed")
            .with("by", text(by))
            .with("until", time(*until)),
        Suppression::Silenced { by, until, .. } => say("silenced")
            .with("by", text(by))
            .with("until", time(*until)),
        Suppression::Maintenance { title, until, .. } => say("maintenance")
            .with("title", text(title))
            .with("until", time(*until)),
        Suppression::Inhibited { name, .. } => say("inhibited").with("name", text(name)),
        Suppression::AtSource { source, by } => say("at_source")
            .with("source", text(source))
            .with("by", text(&by.join(", "))),
        Suppression::Flapping { changes, until } => say("flapping")
            .with("changes", Param::Number(f64::from(*changes)))
            .with("until", time(*until)),
    }
}

/// By what it has its level.
pub fn level_reason(reason: &LevelReason) -> Sentence {
    match reason {
        LevelReason::PriorityLabel { label, value } => {
            sentence("alert.level_reason.priority_label")
                .with("label", text(label))
                .with("value", text(value))
        }
        LevelReason::Mapping { label, value } => sentence("alert.level_reason.mapping")
            .with("label", text(label))
            .with("value", text(value)),
        LevelReason::Default => sentence("alert.level_reason.default"),
    }
}

fn leveled(level: model::Level, reason: &LevelReason) -> Sentence {
    let key = match reason {
        LevelReason::PriorityLabel { .. } => "timeline.leveled_label",
        LevelReason::Mapping { .. } => "timeline.leveled_mapping",
        LevelReason::Default => "timeline.leveled_default",
    };
    let mut said = level_reason(reason);
    said.key = key.to_owned();
    said.with("level", text(level.name()))
}

/// Why a channel did not take it: a key below `channel.code`.
pub fn channel_error(code: &str) -> Param {
    Param::Key(format!("channel.code.{code}"))
}

fn waiting(why: Option<&WaitReason>) -> Sentence {
    match why {
        None => sentence("alert.outcome.waiting"),
        Some(WaitReason::Collecting) => sentence("alert.outcome.waiting_collecting"),
        Some(WaitReason::QuietHours) => sentence("alert.outcome.waiting_quiet_hours"),
        Some(WaitReason::Storm) => sentence("alert.outcome.waiting_storm"),
        Some(WaitReason::Retry { code }) => {
            sentence("alert.outcome.waiting_retry").with("code", channel_error(code))
        }
    }
}

/// What became of a notice.
pub fn outcome(state: &NoticeState) -> Sentence {
    match state {
        NoticeState::Waiting { why, not_before } => {
            waiting(why.as_ref()).with("until", time(*not_before))
        }
        NoticeState::Sending { .. } => sentence("alert.outcome.sending"),
        NoticeState::Sent { receipt, .. } if receipt.is_empty() => sentence("alert.outcome.sent"),
        NoticeState::Sent { receipt, .. } => {
            sentence("alert.outcome.sent_receipt").with("receipt", text(receipt))
        }
        NoticeState::Failed { code, params, .. } => {
            let failed = sentence("alert.outcome.failed").with("reason", channel_error(code));
            params.iter().fold(failed, |s, (n, v)| s.with(n, text(v)))
        }
        NoticeState::Dropped { why, .. } => sentence(match why {
            DropReason::Acknowledged => "alert.outcome.dropped_acknowledged",
            DropReason::Resolved => "alert.outcome.dropped_resolved",
            DropReason::Suppressed { .. } => "alert.outcome.dropped_suppressed",
            DropReason::InDigest { .. } => "alert.outcome.dropped_in_digest",
            DropReason::Superseded => "alert.outcome.dropped_superseded",
        }),
    }
}

/// Code and time of a notice's state: `waiting` with until when, the others with when.
pub fn state(state: &NoticeState) -> (&'static str, Option<i64>) {
    match state {
        NoticeState::Waiting { not_before, .. } => ("waiting", Some(*not_before)),
        NoticeState::Sending { since } => ("sending", Some(*since)),
        NoticeState::Sent { at, .. } => ("sent", Some(*at)),
        NoticeState::Failed { at, .. } => ("failed", Some(*at)),
        NoticeState::Dropped { at, .. } => ("dropped", Some(*at)),
    }
}

/// Why a notice exists.
pub fn why(notice: &Notice) -> Sentence {
    let say = |key: &str| sentence(format!("alert.why.{key}"));
    match &notice.kind {
        NoticeKind::Step { step: 0, round: 0 } => say("first"),
        NoticeKind::Step { step, .. } => {
            say("step").with("step", Param::Number(f64::from(step + 1)))
        }
        NoticeKind::AckLapsed => say("ack_lapsed"),
        NoticeKind::Assigned { by, .. } => say("assigned").with("by", text(by)),
        NoticeKind::Resolved => say("resolved"),
        NoticeKind::Flapping => say("flapping"),
        NoticeKind::Digest {
            why: DigestReason::Storm,
        } => say("digest_storm"),
        NoticeKind::Digest {
            why: DigestReason::Collected,
        } => say("digest_collected"),
        NoticeKind::Digest {
            why: DigestReason::QuietHours,
        } => say("digest_quiet_hours"),
        NoticeKind::System { .. } => say("system"),
    }
}

fn resolution(resolution: &Resolution) -> (Sentence, Option<String>) {
    match resolution {
        Resolution::Source { source } => (
            sentence("timeline.resolved_source").with("source", text(source)),
            None,
        ),
        Resolution::Gone { source } => (
            sentence("timeline.resolved_gone").with("source", text(source)),
            None,
        ),
        Resolution::ByHand { by, comment } => (
            sentence("timeline.resolved_by_hand").with("by", text(&by.name)),
            Some(comment.clone()),
        ),
    }
}

/// A line of the timeline.
pub fn timeline(transition: &Transition, names: &Names) -> TimelineItem {
    let (tone, what, comment) = happened(&transition.what, names);
    TimelineItem {
        at: transition.at as f64,
        tone: tone.to_owned(),
        what,
        comment: comment.filter(|c| !c.is_empty()),
    }
}

type Told = (&'static str, Sentence, Option<String>);

fn happened(what: &What, names: &Names) -> Told {
    let say = |key: &str| sentence(format!("timeline.{key}"));
    let plain = |tone, s: Sentence| (tone, s, None);
    match what {
        What::Fired { source } => plain("fired", say("fired").with("source", text(source))),
        What::AlsoFrom { source } => plain("note", say("also_from").with("source", text(source))),
        What::EndedAt { source } => plain("note", say("ended_at").with("source", text(source))),
        What::Leveled { level, reason } => plain("note", leveled(*level, reason)),
        What::Suppressed { by } => plain("held", suppressed("timeline.suppressed", by)),
        What::Unsuppressed { by } => plain("note", suppressed("timeline.unsuppressed", by)),
        What::PolicyChosen { policy } => {
            plain("note", say("policy_chosen").with("policy", text(policy)))
        }
        What::StepDue {
            step,
            round,
            targets,
            channels,
            late,
        } => {
            let key = match (*late > LATE, *step, *round) {
                (true, ..) => "step_late",
                (false, 0, 0) => "step_first",
                _ => "step_due",
            };
            let s = say(key)
                .with("step", Param::Number(f64::from(step + 1)))
                .with("to", all_names(names, targets))
                .with("channels", self::channels(channels))
                .with("late", Param::Duration(*late as f64));
            plain("told", s)
        }
        What::NobodyToTell { step } => plain(
            "failed",
            say("nobody_to_tell").with("step", Param::Number(f64::from(step + 1))),
        ),
        What::Commented { by, comment } => (
            "acted",
            say("commented").with("by", text(&by.name)),
            Some(comment.clone()),
        ),
        What::Reopened { source } => plain("fired", say("reopened").with("source", text(source))),
        What::Resolved { resolution: r } => {
            let (s, comment) = resolution(r);
            ("resolved", s, comment)
        }
        What::CaughtUp { since } => plain("note", say("caught_up").with("since", time(*since))),
        told @ (What::NoticeMade { .. } | What::NoticeEnded { .. } | What::NoticeRetry { .. }) => {
            notice(told, names)
        }
        What::BroughtForward { step } => plain(
            "failed",
            say("brought_forward").with("step", Param::Number(f64::from(step + 1))),
        ),
        acted @ (What::Acked { .. }
        | What::Unacked { .. }
        | What::AckLapsed
        | What::Mirrored { .. }
        | What::Assigned { .. }
        | What::Snoozed { .. }) => action(acted, names),
    }
}

fn notice(what: &What, names: &Names) -> Told {
    let say = |key: &str, to: &str, by: &str| {
        sentence(format!("timeline.{key}"))
            .with("to", text(&name(names, to)))
            .with("channel", channel(by))
    };
    match what {
        What::NoticeMade {
            to,
            channel,
            waits: Some(_),
            until: Some(at),
            ..
        } => (
            "held",
            say("notice_waits", to, channel).with("until", time(*at)),
            None,
        ),
        What::NoticeMade { to, channel, .. } => ("told", say("notice_made", to, channel), None),
        What::NoticeEnded {
            to,
            channel,
            outcome: o,
            ..
        } => match o {
            NoticeState::Failed { code, params, .. } => {
                let s = say("notice_failed", to, channel).with("reason", channel_error(code));
                (
                    "failed",
                    params.iter().fold(s, |s, (n, v)| s.with(n, text(v))),
                    None,
                )
            }
            NoticeState::Dropped { .. } => {
                let s = say("notice_dropped", to, channel);
                ("held", s.with("reason", Param::Key(outcome(o).key)), None)
            }
            _ => ("told", say("notice_sent", to, channel), None),
        },
        What::NoticeRetry {
            to,
            channel,
            code,
            next_at,
            ..
        } => {
            let s = say("notice_retry", to, channel)
                .with("code", channel_error(code))
                .with("next_at", time(*next_at));
            ("failed", s, None)
        }
        _ => ("note", sentence("timeline.notice_made"), None),
    }
}

fn action(what: &What, names: &Names) -> Told {
    let say = |key: &str, by: &str| sentence(format!("timeline.{key}")).with("by", text(by));
    match what {
        What::Acked { ack } => {
            let s = match ack.until {
                Some(at) => say("acked_until", &ack.by.name).with("until", time(at)),
                None => say("acked", &ack.by.name),
            };
            ("acted", s, Some(ack.comment.clone()))
        }
        What::Unacked { by } => ("acted", say("unacked", &by.name), None),
        What::AckLapsed => ("fired", sentence("timeline.ack_lapsed"), None),
        What::Mirrored {
            source,
            result,
            created,
        } => {
            let key = match (result.is_ok(), created) {
                (true, true) => "mirrored",
                (true, false) => "unmirrored",
                (false, true) => "mirror_failed",
                (false, false) => "unmirror_failed",
            };
            let tone = if result.is_ok() { "note" } else { "failed" };
            let s = sentence(format!("timeline.{key}")).with("source", text(source));
            let s = match result {
                Ok(id) => s.with("id", text(id)),
                Err(code) => s.with("code", Param::Key(format!("cause.{code}"))),
            };
            (tone, s, None)
        }
        What::Assigned {
            to: Some(to),
            by,
            comment,
        } => (
            "acted",
            say("assigned", &by.name).with("to", text(&name(names, to))),
            Some(comment.clone()),
        ),
        What::Assigned {
            to: None,
            by,
            comment,
        } => ("acted", say("unassigned", &by.name), Some(comment.clone())),
        What::Snoozed {
            by,
            until: Some(at),
        } => (
            "held",
            say("snoozed", &by.name).with("until", time(*at)),
            None,
        ),
        What::Snoozed { by, until: None } => ("acted", say("unsnoozed", &by.name), None),
        _ => ("note", sentence("timeline.commented"), None),
    }
}
