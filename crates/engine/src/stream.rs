//! One question to one source, asked again and again.

use crate::freshness::{Ages, age_query};
use crate::{Caveat, Columns, Failure};
use model::Labels;

/// Identifies a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId(pub u32);

/// What kind of answer is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shape {
    /// The past: window and step in ms.
    Range(i64, i64),
    /// The present.
    Instant,
}

/// What makes two questions the same one: panels that ask it share the answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StreamKey {
    /// The source's name.
    pub source: String,
    /// PromQL, concepts filled in.
    pub expr: String,
    /// What kind of answer.
    pub shape: Shape,
}

/// The newest value of a series.
#[derive(Clone, Debug, PartialEq)]
pub struct Latest<'a> {
    /// Its labels.
    pub labels: &'a Labels,
    /// The value.
    pub value: f64,
    /// The data's own time, ms of our clock; `None` when it is not known.
    pub at: Option<i64>,
    /// The source has newer points of others and none of this one: it is over, and not late.
    pub ended: bool,
}

/// A question with its newest answer.
#[derive(Clone, Debug)]
pub struct Stream {
    /// What is asked.
    pub key: StreamKey,
    /// How often, ms.
    pub refresh: i64,
    /// The past, for [`Shape::Range`].
    pub columns: Columns,
    /// The present, for [`Shape::Instant`], in order of labels, with the time of evaluation in ms.
    pub instant: (i64, Vec<(Labels, f64)>),
    /// Changes when the set of series does (for [`Shape::Instant`]).
    pub instant_epoch: u32,
    /// Series of the last answer about the present that were left out.
    pub instant_dropped: usize,
    /// The query for data times, if the expression reads series.
    pub age_query: Option<String>,
    /// Data times; `None` until the first answer.
    pub ages: Option<Ages>,
    /// Why the last question failed, since (ms), if it did.
    pub error: Option<(i64, Failure)>,
    /// What the source said of the last answer.
    pub caveat: Option<Caveat>,
    /// Failures in a row.
    pub failures: u32,
    /// Answered at least once.
    pub answered: bool,
    /// What is known comes from the last run of the program: never fresh.
    pub remembered: bool,
    /// A board that is shown reads it, so it is asked.
    pub needed: bool,
    /// When to ask next, ms.
    pub next_at: i64,
    /// When to ask for data times next, ms.
    pub next_age_at: i64,
    /// The whole window is to be asked again, because the source has got samples of the past.
    pub refill: bool,
    /// Asked and not answered.
    pub in_flight: bool,
    /// The same for data times.
    pub age_in_flight: bool,
}

impl Stream {
    /// A question not asked yet, due at once.
    pub fn new(key: StreamKey, refresh: i64, now: i64) -> Self {
        Self {
            age_query: age_query(&key.expr),
            key,
            refresh,
            columns: Columns::default(),
            instant: (0, Vec::new()),
            instant_epoch: 0,
            ages: None,
            error: None,
            caveat: None,
            instant_dropped: 0,
            failures: 0,
            answered: false,
            remembered: false,
            needed: true,
            next_at: now,
            next_age_at: now,
            refill: false,
            in_flight: false,
            age_in_flight: false,
        }
    }

    /// Whether there is an answer and, if data times can be asked for, they have been answered too.
    pub fn is_settled(&self) -> bool {
        (self.answered || self.remembered) && (self.age_query.is_none() || self.ages.is_some())
    }

    /// Changes when the set of series does.
    pub fn epoch(&self) -> u32 {
        match self.key.shape {
            Shape::Range(..) => self.columns.epoch(),
            Shape::Instant => self.instant_epoch,
        }
    }

    /// How far the newest point can be behind for no other reason than the grid, ms.
    pub fn step(&self) -> i64 {
        match self.key.shape {
            Shape::Range(_, step) => step,
            Shape::Instant => self.refresh,
        }
    }

    /// Number of series.
    pub fn len(&self) -> usize {
        match self.key.shape {
            Shape::Range(..) => self.columns.series().len(),
            Shape::Instant => self.instant.1.len(),
        }
    }

    /// Whether there is no series.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Series of the last answer that were left out because there were too many.
    pub fn dropped(&self) -> usize {
        match self.key.shape {
            Shape::Range(..) => self.columns.dropped(),
            Shape::Instant => self.instant_dropped,
        }
    }

    /// The newest value of each series in order of labels. `skew` (ms) turns the source's times into ours.
    pub fn latest(&self, skew: i64) -> Vec<Latest<'_>> {
        match self.key.shape {
            Shape::Range(..) => self
                .columns
                .series()
                .map(|(labels, values)| {
                    let newest = self.columns.newest(values);
                    let value = newest.map_or(f64::NAN, |n| n.1);
                    // A point at the end of the grid is as old as its raw samples; an earlier one is over since then.
                    let ended = newest.is_some_and(|(t, _)| Some(t) != self.columns.last());
                    let at = newest.and_then(|(t, _)| {
                        if ended {
                            Some(t - skew)
                        } else {
                            self.data_time(labels, t - skew)
                        }
                    });
                    Latest {
                        labels,
                        value,
                        at,
                        ended,
                    }
                })
                .collect(),
            Shape::Instant => {
                let at = self.instant.0 - skew;
                let values = self.instant.1.iter();
                values
                    .map(|(labels, value)| Latest {
                        labels,
                        value: *value,
                        at: self.data_time(labels, at),
                        ended: false,
                    })
                    .collect()
            }
        }
    }

    fn data_time(&self, labels: &Labels, evaluated: i64) -> Option<i64> {
        match (&self.age_query, &self.ages) {
            (None, _) => Some(evaluated),
            (Some(_), Some(ages)) => ages.of(labels.get("instance")),
            (Some(_), None) => None,
        }
    }

    /// Takes over the present values; answers whether the set of series is another one.
    pub fn set_instant(&mut self, at: i64, mut values: Vec<(Labels, f64)>) -> bool {
        values.sort_by(|a, b| a.0.cmp(&b.0));
        self.instant_dropped = values.len().saturating_sub(crate::columns::MAX_SERIES);
        values.truncate(crate::columns::MAX_SERIES);
        let same = values.len() == self.instant.1.len()
            && values.iter().zip(&self.instant.1).all(|(a, b)| a.0 == b.0);
        self.instant = (at, values);
        if !same {
            self.instant_epoch = self.instant_epoch.wrapping_add(1);
        }
        !same
    }
}
