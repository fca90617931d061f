//! "为什么通知/没有通知我", line by line.

use super::sentences::{
    Names, With, all_names, channel, level_reason, name, outcome, sentence, suppression, text, time,
};
use engine::duty::{Finding, Stop, You};
use model::Reported;
use model::duty::{NoticeState, PersonId};
use wire::{FindingView, Param, Sentence};

/// Speaks for telling, against it, or for neither.
const FOR: &str = "for";
const AGAINST: &str = "against";
const NEITHER: &str = "neither";

fn say(key: &str) -> Sentence {
    sentence(format!("alert.finding.{key}"))
}

fn number(step: u32) -> Param {
    Param::Number(f64::from(step + 1))
}

fn line(stage: &str, verdict: &str, at: Option<i64>, what: Sentence) -> FindingView {
    FindingView {
        stage: stage.to_owned(),
        verdict: verdict.to_owned(),
        at: at.map(|t| t as f64),
        what,
    }
}

/// A sentence inside another: the inner one's values become the outer one's.
fn inside(outer: Sentence, place: &str, inner: Sentence) -> Sentence {
    let outer = outer.with(place, Param::Key(inner.key));
    inner
        .params
        .into_iter()
        .fold(outer, |s, (n, v)| s.with(&n, v))
}

/// A finding as the page sees it.
pub fn view(finding: &Finding, names: &Names) -> FindingView {
    match finding {
        Finding::Source {
            source,
            state,
            since,
            ..
        } => {
            let (key, verdict) = match state {
                Reported::Firing => ("source", FOR),
                Reported::Suppressed => ("source_quiet", AGAINST),
                Reported::Resolved => ("source_over", NEITHER),
            };
            line(
                "source",
                verdict,
                Some(*since),
                say(key).with("source", text(source)),
            )
        }
        Finding::Level { level, reason } => {
            let said = inside(say("level"), "reason", level_reason(reason));
            line(
                "level",
                NEITHER,
                None,
                said.with("level", text(level.name())),
            )
        }
        Finding::Policy { policy, exists } => {
            let key = if *exists { "policy" } else { "policy_gone" };
            line("policy", FOR, None, say(key).with("policy", text(policy)))
        }
        Finding::NoPolicy => line("policy", AGAINST, None, say("no_policy")),
        Finding::Quiet {
            by,
            from,
            ended: None,
        } => line(
            "quiet",
            AGAINST,
            Some(*from),
            inside(say("quiet"), "why", suppression(by)),
        ),
        Finding::Quiet {
            by,
            from,
            ended: Some(at),
        } => {
            let said = inside(say("was_quiet"), "why", suppression(by)).with("ended", time(*at));
            line("quiet", NEITHER, Some(*from), said)
        }
        Finding::NotQuiet => line("quiet", FOR, None, say("not_quiet")),
        Finding::StepDone {
            step,
            at,
            to,
            channels,
            instead,
            ..
        } => {
            let key = if *instead {
                "step_instead"
            } else {
                "step_done"
            };
            line(
                "step",
                FOR,
                Some(*at),
                step_line(key, *step, to, channels, names),
            )
        }
        Finding::StepAhead {
            step,
            at,
            to,
            channels,
            ..
        } => line(
            "step",
            FOR,
            Some(*at),
            step_line("step_due", *step, to, channels, names),
        ),
        Finding::StepStopped { step, why, .. } => line(
            "step",
            AGAINST,
            None,
            stopped("step_stopped", why).with("step", number(*step)),
        ),
        Finding::Notice {
            to,
            channel: by,
            at,
            outcome: o,
            ..
        } => notice(to, by, *at, o, names),
        Finding::You(you) => yours(you),
    }
}

fn step_line(
    key: &str,
    step: u32,
    to: &[PersonId],
    channels: &[String],
    names: &Names,
) -> Sentence {
    say(key)
        .with("step", number(step))
        .with("to", all_names(names, to))
        .with("channels", super::sentences::channels(channels))
}

fn stopped(key: &str, why: &Stop) -> Sentence {
    match why {
        Stop::Resolved(_) => say(&format!("{key}_over")),
        Stop::Held { by, .. } => inside(say(key), "why", suppression(by)),
    }
}

fn notice(to: &str, by: &str, at: i64, state: &NoticeState, names: &Names) -> FindingView {
    let said = |key: &str| {
        say(key)
            .with("to", text(&name(names, to)))
            .with("channel", channel(by))
    };
    match state {
        NoticeState::Sent { at, .. } => line("notice", FOR, Some(*at), said("notice_sent")),
        NoticeState::Failed { at, code, params } => {
            let s = said("notice_failed").with("reason", super::sentences::channel_error(code));
            let s = params.iter().fold(s, |s, (n, v)| s.with(n, text(v)));
            line("notice", AGAINST, Some(*at), s)
        }
        NoticeState::Dropped { at, .. } => line(
            "notice",
            AGAINST,
            Some(*at),
            inside(said("notice_dropped"), "reason", outcome(state)),
        ),
        NoticeState::Waiting { not_before, .. } => line(
            "notice",
            NEITHER,
            Some(at),
            said("notice_waits").with("until", time(*not_before)),
        ),
        NoticeState::Sending { .. } => line("notice", NEITHER, Some(at), said("notice_sending")),
    }
}

fn yours(you: &You) -> FindingView {
    let mine = |verdict, at, what| line("you", verdict, at, what);
    match you {
        You::Told { at, channel: by } => {
            mine(FOR, Some(*at), say("you_told").with("channel", channel(by)))
        }
        You::Waiting {
            channel: by, until, ..
        } => {
            let s = say(if until.is_some() {
                "you_wait"
            } else {
                "you_sending"
            });
            let s = s.with("channel", channel(by));
            mine(
                NEITHER,
                None,
                until.map_or(s.clone(), |at| s.with("at", time(at))),
            )
        }
        You::Failed { channel: by, code } => {
            let s = say("you_failed").with("channel", channel(by));
            mine(
                AGAINST,
                None,
                s.with("reason", super::sentences::channel_error(code)),
            )
        }
        You::Dropped { why } => {
            let state = NoticeState::Dropped {
                at: 0,
                why: why.clone(),
            };
            mine(
                AGAINST,
                None,
                inside(say("you_dropped"), "reason", outcome(&state)),
            )
        }
        You::Later { at, .. } => mine(NEITHER, Some(*at), say("you_later").with("at", time(*at))),
        You::Stopped { why, .. } => mine(AGAINST, None, stopped("you_stopped", why)),
        You::NotTarget => mine(AGAINST, None, say("you_not_target")),
        You::Unknown => mine(AGAINST, None, say("you_unknown")),
    }
}
