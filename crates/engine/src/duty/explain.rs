//! "为什么通知/没有通知我": from what was kept of an episode, present or past, to findings in the order of the way that an alert takes: source,
//! level, policy, what kept it quiet, steps, channels, and the person who asks.

use super::people::Policies;
use super::setup::{Policy, Setup};
use model::Level;
use model::Reported;
use model::duty::{
    Alert, DropReason, LevelReason, Notice, NoticeId, NoticeKind, NoticeState, PersonId,
    Resolution, Suppression, Transition, WaitReason, What,
};
use std::collections::BTreeMap;

/// One thing that speaks for or against somebody being told.
#[derive(Clone, Debug, PartialEq)]
pub enum Finding {
    /// A source reports it, or has reported it.
    Source {
        /// Which.
        source: String,
        /// What it says, or last said.
        state: Reported,
        /// Since when, by the source; ms.
        since: i64,
        /// When it last said so, ms.
        seen_at: i64,
    },
    /// Its level.
    Level {
        /// Which.
        level: Level,
        /// By what.
        reason: LevelReason,
    },
    /// The policy by which it is told.
    Policy {
        /// Its name.
        policy: String,
        /// Whether the present configuration still has it.
        exists: bool,
    },
    /// No policy was found; cannot be while the handbook's stand in, but may be of an old record.
    NoPolicy,
    /// Something keeps or kept it quiet.
    Quiet {
        /// What.
        by: Suppression,
        /// From when, ms.
        from: i64,
        /// When that ended; `None`: still holds.
        ended: Option<i64>,
    },
    /// Nothing ever kept it quiet.
    NotQuiet,
    /// A step was taken.
    StepDone {
        /// Its index.
        step: u32,
        /// The policy's round.
        round: u32,
        /// When, ms.
        at: i64,
        /// How late, ms.
        late: i64,
        /// Whom it told.
        to: Vec<PersonId>,
        /// By which channels.
        channels: Vec<String>,
        /// It named nobody who can be told; these were told instead.
        instead: bool,
    },
    /// A step that comes if nobody does anything.
    StepAhead {
        /// Its index.
        step: u32,
        /// The policy's round.
        round: u32,
        /// When, ms.
        at: i64,
        /// Whom it would tell, as of now.
        to: Vec<PersonId>,
        /// By which channels.
        channels: Vec<String>,
    },
    /// A step that does not come, or not as long as something holds.
    StepStopped {
        /// Its index.
        step: u32,
        /// The policy's round.
        round: u32,
        /// By what.
        why: Stop,
        /// Whom it would tell, as of now.
        to: Vec<PersonId>,
    },
    /// A notice and what its channel answered; of one that stands in a digest, what became of the digest.
    Notice {
        /// Which.
        id: NoticeId,
        /// Why it exists.
        kind: NoticeKind,
        /// Whom.
        to: PersonId,
        /// By which channel.
        channel: String,
        /// When it was made, ms.
        at: i64,
        /// The digest in which it stands.
        digest: Option<NoticeId>,
        /// What became of it.
        outcome: NoticeState,
    },
    /// The person who asks.
    You(You),
}

/// What holds a step.
#[derive(Clone, Debug, PartialEq)]
pub enum Stop {
    /// The episode is over.
    Resolved(Resolution),
    /// Something keeps it quiet; the clock goes on with so much left, ms, when that ends.
    Held {
        /// What, the first of all.
        by: Suppression,
        /// Left to the step, ms.
        remaining: i64,
    },
}

/// Whether a person was told, and if not, why.
#[derive(Clone, Debug, PartialEq)]
pub enum You {
    /// Told.
    Told {
        /// When first, ms.
        at: i64,
        /// By which channel.
        channel: String,
    },
    /// A notice is on its way.
    Waiting {
        /// By which channel.
        channel: String,
        /// When it goes; `None`: it is being sent.
        until: Option<i64>,
        /// Why it waits.
        why: Option<WaitReason>,
    },
    /// Every notice to this person failed.
    Failed {
        /// By which channel last.
        channel: String,
        /// The channel's code.
        code: String,
    },
    /// The notice was not sent, on purpose.
    Dropped {
        /// Why.
        why: DropReason,
    },
    /// This person's step comes later.
    Later {
        /// Which.
        step: u32,
        /// When, ms.
        at: i64,
    },
    /// This person's step would have come, but something holds it.
    Stopped {
        /// Which.
        step: u32,
        /// By what.
        why: Stop,
    },
    /// Not among those whom the policy names.
    NotTarget,
    /// Nobody with this id is configured.
    Unknown,
}

/// Why somebody was told of an alert, or was not, from what was kept of it; `person`: the one who asks.
///
/// `transitions` and `notices` are those of the episode, in their order; digests that contain it belong to its notices.
pub fn explain(
    alert: &Alert,
    transitions: &[Transition],
    notices: &[Notice],
    setup: &Setup,
    person: Option<&PersonId>,
) -> Vec<Finding> {
    let (policies, _) = Policies::new(setup);
    let policy = policies.get(&alert.escalation.policy);
    let mut out: Vec<Finding> = alert
        .sights
        .iter()
        .map(|(source, s)| Finding::Source {
            source: source.clone(),
            state: s.state,
            since: s.starts_at,
            seen_at: s.seen_at,
        })
        .collect();
    out.push(Finding::Level {
        level: alert.level,
        reason: alert.level_reason.clone(),
    });
    out.push(match alert.escalation.policy.as_str() {
        "" => Finding::NoPolicy,
        name => Finding::Policy {
            policy: name.to_string(),
            exists: policy.is_some(),
        },
    });
    out.extend(quiet(alert, transitions));
    out.extend(steps_done(transitions));
    out.extend(policy.map_or_else(Vec::new, |p| steps_ahead(alert, p, setup)));
    out.extend(answers(notices));
    if let Some(person) = person {
        let you = you(&out, setup, person);
        out.push(Finding::You(you));
    }
    out
}

/// Every reason for quiet, from its begin to its end; what holds now stands in the episode as well, should its begin be lost.
fn quiet(alert: &Alert, transitions: &[Transition]) -> Vec<Finding> {
    let mut spans: Vec<(Suppression, i64, Option<i64>)> = Vec::new();
    for t in transitions {
        match &t.what {
            What::Suppressed { by } => spans.push((by.clone(), t.at, None)),
            What::Unsuppressed { by } => {
                let open = |s: &&mut (Suppression, i64, Option<i64>)| {
                    s.2.is_none() && super::hold::same(&s.0, by)
                };
                if let Some(span) = spans.iter_mut().rev().find(open) {
                    span.2 = Some(t.at);
                }
            }
            _ => {}
        }
    }
    for held in &alert.suppressions {
        let open = spans
            .iter_mut()
            .find(|s| s.2.is_none() && super::hold::same(&s.0, held));
        match open {
            Some(span) => span.0 = held.clone(), // as it stands now
            None => spans.push((held.clone(), alert.first_seen, None)),
        }
    }
    if spans.is_empty() {
        return vec![Finding::NotQuiet];
    }
    let finding = |(by, from, ended)| Finding::Quiet { by, from, ended };
    spans.into_iter().map(finding).collect()
}

fn steps_done(transitions: &[Transition]) -> Vec<Finding> {
    let mut out = Vec::new();
    let mut nobody = None;
    for t in transitions {
        match &t.what {
            What::NobodyToTell { step } => nobody = Some(*step),
            What::StepDue {
                step,
                round,
                targets,
                channels,
                late,
            } => out.push(Finding::StepDone {
                step: *step,
                round: *round,
                at: t.at,
                late: *late,
                to: targets.clone(),
                channels: channels.clone(),
                instead: nobody.take() == Some(*step),
            }),
            _ => {}
        }
    }
    out
}

/// The steps of the present round that have not been taken.
fn steps_ahead(alert: &Alert, policy: &Policy, setup: &Setup) -> Vec<Finding> {
    let clock = &alert.escalation;
    let first = clock.next_step as usize;
    let start = policy.steps.get(first).map_or(0, |s| s.after_ms);
    let mut out = Vec::new();
    for (i, step) in policy.steps.iter().enumerate().skip(first) {
        let number = u32::try_from(i).unwrap_or(u32::MAX);
        let gap = step.after_ms - start;
        let mut to = setup.named_by(step);
        if to.is_empty() {
            to = setup.everyone();
        }
        let round = clock.round;
        let stop = match (&alert.resolved, alert.suppressions.first(), clock.due_at) {
            (Some((_, resolution)), _, _) => Stop::Resolved(resolution.clone()),
            (None, Some(by), _) => Stop::Held {
                by: by.clone(),
                remaining: clock.remaining.unwrap_or(0) + gap,
            },
            (None, None, Some(due)) => {
                out.push(Finding::StepAhead {
                    step: number,
                    round,
                    at: due + gap,
                    to,
                    channels: setup.channels_of(step),
                });
                continue;
            }
            (None, None, None) => continue,
        };
        out.push(Finding::StepStopped {
            step: number,
            round,
            why: stop,
            to,
        });
    }
    out
}

/// What became of each notice, following those in a digest to the digest.
fn answers(notices: &[Notice]) -> Vec<Finding> {
    let by_id: BTreeMap<&NoticeId, &Notice> = notices.iter().map(|n| (&n.id, n)).collect();
    let own = notices
        .iter()
        .filter(|n| !matches!(n.kind, NoticeKind::Digest { .. }));
    let finding = |n: &Notice| {
        let digest = match &n.outcome {
            NoticeState::Dropped {
                why: DropReason::InDigest { digest },
                ..
            } => Some(*digest),
            _ => None,
        };
        let whole = digest.as_ref().and_then(|d| by_id.get(d));
        Finding::Notice {
            id: n.id,
            kind: n.kind.clone(),
            to: n.to.clone(),
            channel: n.channel.clone(),
            at: n.created_at,
            outcome: whole.map_or_else(|| n.outcome.clone(), |d| d.outcome.clone()),
            digest,
        }
    };
    own.map(finding).collect()
}

/// The best that can be said of a person: told, on the way, failed, dropped, later, held, or not meant at all.
fn you(findings: &[Finding], setup: &Setup, person: &PersonId) -> You {
    let mine = findings.iter().filter_map(|f| match f {
        Finding::Notice {
            to,
            channel,
            outcome,
            ..
        } if to == person => Some((channel, outcome)),
        _ => None,
    });
    let mut best: Option<(u8, You)> = None;
    for (channel, outcome) in mine {
        let (rank, you) = of_notice(channel, outcome);
        // Of equals the first telling counts, and the last failure.
        if best
            .as_ref()
            .is_none_or(|(r, _)| rank < *r || (rank > 1 && rank == *r))
        {
            best = Some((rank, you));
        }
    }
    let ahead = findings.iter().find_map(|f| match f {
        Finding::StepAhead { step, at, to, .. } if to.contains(person) => Some(You::Later {
            step: *step,
            at: *at,
        }),
        Finding::StepStopped { step, why, to, .. } if to.contains(person) => Some(You::Stopped {
            step: *step,
            why: why.clone(),
        }),
        _ => None,
    });
    match (best, ahead) {
        (Some((_, you)), _) | (None, Some(you)) => you,
        (None, None) if !setup.knows(person) => You::Unknown,
        (None, None) => You::NotTarget,
    }
}

fn of_notice(channel: &str, outcome: &NoticeState) -> (u8, You) {
    let channel = channel.to_string();
    match outcome {
        NoticeState::Sent { at, .. } => (0, You::Told { at: *at, channel }),
        NoticeState::Waiting { not_before, why } => {
            let (until, why) = (Some(*not_before), why.clone());
            (
                1,
                You::Waiting {
                    channel,
                    until,
                    why,
                },
            )
        }
        NoticeState::Sending { .. } => {
            let (until, why) = (None, None);
            (
                1,
                You::Waiting {
                    channel,
                    until,
                    why,
                },
            )
        }
        NoticeState::Failed { code, .. } => {
            let code = code.clone();
            (2, You::Failed { channel, code })
        }
        NoticeState::Dropped { why, .. } => (3, You::Dropped { why: why.clone() }),
    }
}
