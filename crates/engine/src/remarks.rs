//! What is to be said of a panel beside its look: that a part of what it shows is old, missing, incomplete or left out.

use crate::Failure;
use crate::panels::{Facts, QueryStatus};
use crate::stream::Stream;
use model::board::{Panel, Role};

/// What a source said of an answer that it gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caveat {
    /// It gave only a part, because it could not reach all of its own data.
    pub partial: bool,
    /// What it warned of, in its own words. Hostile input.
    pub texts: Vec<String>,
}

impl Caveat {
    /// `None` when there is nothing to say.
    pub fn new(partial: bool, texts: Vec<String>) -> Option<Self> {
        (partial || !texts.is_empty()).then_some(Self { partial, texts })
    }
}

/// One thing to say of a panel that shows something.
#[derive(Clone, Debug, PartialEq)]
pub enum Remark {
    /// So many of its series are older than their budget while the rest is fresh.
    Old {
        /// How many.
        series: u32,
        /// Of how many.
        of: u32,
        /// Data time of the oldest, ms; `None` when it is not known.
        since: Option<i64>,
    },
    /// A source that knows what the panel asks does not answer; the others do.
    Missing {
        /// Its name.
        source: String,
        /// Since when, ms.
        since: i64,
        /// Why.
        why: Failure,
    },
    /// A source gave only a part or warned.
    Warned {
        /// Its name.
        source: String,
        /// What it said.
        caveat: Caveat,
    },
    /// There are more series than are kept.
    Cut {
        /// So many are shown and judged.
        shown: u32,
        /// So many are not.
        dropped: u32,
    },
}

impl Remark {
    /// Whether it cannot be said that all is well because of it: what is not known or not looked at may be bad.
    pub fn is_doubt(&self) -> bool {
        match self {
            Self::Old { .. } | Self::Missing { .. } | Self::Cut { .. } => true,
            Self::Warned { caveat, .. } => caveat.partial,
        }
    }
}

/// Why this stream gives nothing, if it does not: its own failure, or its source's.
pub(crate) fn lost<'a>(stream: &'a Stream, facts: &'a Facts<'_>) -> Option<(i64, &'a Failure)> {
    if let Some((since, why)) = &stream.error {
        return Some((*since, why));
    }
    match facts.sources.get(&stream.key.source).map(|s| &s.health) {
        Some(crate::Health::Failed(since, why)) => Some((*since, why)),
        _ => None,
    }
}

/// Everything that is to be said of a panel that shows something.
pub(crate) fn of_panel(
    panel: &Panel,
    queries: &[QueryStatus],
    fresh: bool,
    facts: &Facts<'_>,
) -> Vec<Remark> {
    let mut out: Vec<Remark> = Vec::new();
    let asked = queries.iter().zip(&panel.queries);
    let main = || asked.clone().filter(|(_, q)| q.role == Role::Main);
    let old: u32 = main().map(|(s, _)| s.behind.series).sum();
    if fresh && old > 0 {
        out.push(Remark::Old {
            series: old,
            of: main().map(|(s, _)| count(s.judged.len())).sum(),
            since: main().filter_map(|(s, _)| s.behind.since).min(),
        });
    }
    let (mut shown, mut dropped) = (0, 0);
    for stream in asked
        .flat_map(|(s, _)| &s.streams)
        .filter_map(|id| facts.streams.get(id))
    {
        let name = &stream.key.source;
        if let Some((since, why)) = lost(stream, facts) {
            let told = |r: &Remark| matches!(r, Remark::Missing { source, .. } if source == name);
            if !out.iter().any(told) {
                out.push(Remark::Missing {
                    source: name.clone(),
                    since,
                    why: why.clone(),
                });
            }
            continue;
        }
        if stream.dropped() > 0 {
            shown += count(stream.len());
            dropped += count(stream.dropped());
        }
        if let Some(caveat) = &stream.caveat {
            warn(&mut out, name, caveat);
        }
    }
    if dropped > 0 {
        out.push(Remark::Cut { shown, dropped });
    }
    out
}

/// What one source says of several questions of a panel is said once.
fn warn(out: &mut Vec<Remark>, name: &str, new: &Caveat) {
    for remark in out.iter_mut() {
        if let Remark::Warned { source, caveat } = remark
            && source == name
        {
            caveat.partial |= new.partial;
            for text in &new.texts {
                if !caveat.texts.contains(text) {
                    caveat.texts.push(text.clone());
                }
            }
            return;
        }
    }
    out.push(Remark::Warned {
        source: name.to_owned(),
        caveat: new.clone(),
    });
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
