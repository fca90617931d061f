//! Adding up.

use super::{AcksBy, Episode, Kept, Noisy, Spread, Tally, Targets, Unanswered, index};
use model::duty::Actor;
use std::collections::HashMap;

/// Rules that are told.
const NOISIEST: usize = 10;
/// Rules and persons that are told apart at most; labels are hostile input.
const NAMES: usize = 10_000;

/// What stands for rules beyond [`NAMES`].
const OTHERS: &str = "…";

#[derive(Clone, Debug, Default)]
pub(super) struct Counting {
    by_level: [u64; 4],
    responses: [Vec<i64>; 4],
    resolutions: [Vec<i64>; 4],
    unanswered: Unanswered,
    open: u64,
    response_target: [Kept; 4],
    resolution_target: [Kept; 4],
    rules: HashMap<String, u64>,
    acks: HashMap<String, (String, u64)>,
}

/// One more.
fn one(n: &mut u64) {
    *n = n.saturating_add(1);
}

/// `Met`, `missed` or `pending` for what took or has taken this long.
fn decide(kept: &mut Kept, done: bool, time: i64, target: i64) {
    one(match (done, time <= target) {
        (true, true) => &mut kept.met,
        (false, true) => &mut kept.pending,
        (_, false) => &mut kept.missed,
    });
}

/// All levels together.
fn sum(levels: &[Kept; 4]) -> Kept {
    levels.iter().fold(Kept::default(), |a, b| Kept {
        met: a.met + b.met,
        missed: a.missed + b.missed,
        pending: a.pending + b.pending,
        not_needed: a.not_needed + b.not_needed,
        quieted: a.quieted + b.quieted,
        without: a.without + b.without,
    })
}

impl Counting {
    pub(super) fn episode(&mut self, episode: &Episode, targets: &Targets, now: i64) {
        let level = index(episode.level);
        let after = |at: i64| at.saturating_sub(episode.begins_at).max(0);
        if let Some(count) = self.by_level.get_mut(level) {
            one(count);
        }
        self.rule(&episode.name);
        let response = episode.responded_at.map(after);
        let resolution = episode.resolved_at.map(after);
        let until_now = after(now);
        self.responses[level].extend(response);
        self.resolutions[level].extend(resolution);
        let unanswered = &mut self.unanswered;
        match (response, resolution) {
            (Some(_), _) => {}
            (None, _) if episode.quieted => one(&mut unanswered.quieted),
            (None, Some(_)) => one(&mut unanswered.ended),
            (None, None) => one(&mut unanswered.open),
        }
        if resolution.is_none() {
            one(&mut self.open);
        }
        let kept = &mut self.response_target[level];
        match (targets.response.get(level).copied().flatten(), response) {
            (None, _) => one(&mut kept.without),
            (Some(target), Some(time)) => decide(kept, true, time, target),
            (Some(_), None) if episode.quieted => one(&mut kept.quieted),
            (Some(target), None) => match resolution {
                Some(time) if time <= target => one(&mut kept.not_needed),
                Some(_) => one(&mut kept.missed),
                None => decide(kept, false, until_now, target),
            },
        }
        let kept = &mut self.resolution_target[level];
        match targets.resolution.get(level).copied().flatten() {
            None => one(&mut kept.without),
            Some(target) => decide(
                kept,
                resolution.is_some(),
                resolution.unwrap_or(until_now),
                target,
            ),
        }
    }

    fn rule(&mut self, name: &str) {
        if let Some(count) = self.rules.get_mut(name) {
            return one(count);
        }
        let known = if self.rules.len() < NAMES {
            name
        } else {
            OTHERS
        };
        one(self.rules.entry(known.to_owned()).or_default());
    }

    pub(super) fn acknowledgement(&mut self, by: &Actor) {
        if self.acks.len() >= NAMES && !self.acks.contains_key(&by.id) {
            return; // more persons than anybody configures
        }
        let (name, count) = self.acks.entry(by.id.clone()).or_default();
        name.clone_from(&by.name);
        one(count);
    }

    pub(super) fn finish(self) -> Tally {
        let rules = self.rules.into_iter();
        let mut noisiest: Vec<_> = rules.map(|(rule, count)| Noisy { rule, count }).collect();
        // the same order whatever the map's
        noisiest.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.rule.cmp(&b.rule)));
        noisiest.truncate(NOISIEST);
        let acks = self.acks.into_iter();
        let mut acks: Vec<_> = acks
            .map(|(person, (name, count))| AcksBy {
                person,
                name,
                count,
            })
            .collect();
        acks.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.person.cmp(&b.person)));
        Tally {
            fired: self.by_level.iter().sum(),
            by_level: self.by_level,
            response: spread(self.responses.concat()),
            response_times: self.responses.map(spread),
            unanswered: self.unanswered,
            resolution: spread(self.resolutions.concat()),
            resolution_times: self.resolutions.map(spread),
            open: self.open,
            response_target: sum(&self.response_target),
            resolution_target: sum(&self.resolution_target),
            response_by_level: self.response_target,
            resolution_by_level: self.resolution_target,
            noisiest,
            acks,
        }
    }
}

pub(super) fn spread(mut times: Vec<i64>) -> Spread {
    times.sort_unstable();
    let n = times.len();
    let at = |i: usize| times.get(i).copied();
    let sum: i128 = times.iter().map(|t| i128::from(*t)).sum();
    let mean = (n > 0).then(|| (sum / n.max(1) as i128) as i64);
    let upper = at(n / 2);
    let median = match n {
        0 => None,
        n if n % 2 == 1 => upper,
        n => at(n / 2 - 1).zip(upper).map(|(a, b)| a + (b - a) / 2),
    };
    let rank = (n * 95).div_ceil(100);
    Spread {
        count: n as u64,
        mean,
        median,
        p95: rank.checked_sub(1).and_then(at),
    }
}
