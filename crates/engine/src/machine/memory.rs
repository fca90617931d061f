//! What the wall knew when the program ended, so that a start without network shows it at once, marked as old.

use super::Engine;
use crate::binding::bind;
use crate::freshness::Ages;
use crate::stream::{Shape, Stream, StreamKey};
use model::{Labels, RangeFrame};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What of the engine outlives the program.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Memory {
    /// Which metrics each source had: what is bound to which dialect.
    pub sources: Vec<RememberedSource>,
    /// Questions with their last answers.
    pub streams: Vec<Remembered>,
}

/// A source of metrics as it last was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RememberedSource {
    /// Its name.
    pub name: String,
    /// Those of the discovery metrics that it had.
    pub present: BTreeSet<String>,
}

/// A question with its last answer. Times are ms since the epoch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Remembered {
    /// The source's name.
    pub source: String,
    /// PromQL, concepts filled in.
    pub expr: String,
    /// Window and step of a question about the past, ms; `None` for one about the present.
    pub range: Option<(i64, i64)>,
    /// Time of the first point, or of the evaluation.
    pub start: i64,
    /// Each series with its points (one for a question about the present); `None` is a gap.
    pub series: Vec<(Labels, Vec<Option<f64>>)>,
    /// Data time of each instance, if it was known.
    pub ages: Option<Vec<(String, i64)>>,
}

/// How much is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryLimits {
    /// Questions.
    pub streams: usize,
    /// Points of all of them together.
    pub points: usize,
}

impl Default for MemoryLimits {
    fn default() -> Self {
        Self {
            streams: 8_192,
            points: 4_000_000,
        }
    }
}

fn gap(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

impl Remembered {
    fn of(stream: &Stream) -> Self {
        let (range, start, series) = match stream.key.shape {
            Shape::Range(window, step) => {
                let series = stream.columns.series();
                let points = series.map(|(l, v)| (l.clone(), v.iter().copied().map(gap).collect()));
                (
                    Some((window, step)),
                    stream.columns.start(),
                    points.collect(),
                )
            }
            Shape::Instant => {
                let values = stream.instant.1.iter();
                let points = values.map(|(l, v)| (l.clone(), vec![gap(*v)]));
                (None, stream.instant.0, points.collect())
            }
        };
        Self {
            source: stream.key.source.clone(),
            expr: stream.key.expr.clone(),
            range,
            start,
            series,
            ages: stream.ages.as_ref().map(Ages::times),
        }
    }

    fn points(&self) -> usize {
        self.series.iter().map(|(_, points)| points.len()).sum()
    }

    fn key(&self) -> StreamKey {
        StreamKey {
            source: self.source.clone(),
            expr: self.expr.clone(),
            shape: self
                .range
                .map_or(Shape::Instant, |(window, step)| Shape::Range(window, step)),
        }
    }

    /// Gives a stream that knows nothing what is remembered.
    pub(super) fn fill(self, stream: &mut Stream, revision: u64) {
        let value = |v: Option<f64>| v.unwrap_or(f64::NAN);
        match self.range {
            Some((_, step)) => {
                let len = self.series.iter().map(|(_, p)| p.len()).max().unwrap_or(0);
                let column = |points: Vec<Option<f64>>| {
                    let mut all: Vec<f64> = points.into_iter().map(value).collect();
                    all.resize(len, f64::NAN);
                    all
                };
                let frame = RangeFrame {
                    start_ms: self.start,
                    step_ms: step,
                    len,
                    series: self
                        .series
                        .into_iter()
                        .map(|(labels, points)| (labels, column(points)))
                        .collect(),
                };
                stream.columns.merge(&frame, self.start, revision);
            }
            None => {
                let first = |points: Vec<Option<f64>>| value(points.into_iter().next().flatten());
                let values = self.series.into_iter().map(|(l, p)| (l, first(p)));
                stream.set_instant(self.start, values.collect());
            }
        }
        stream.ages = self.ages.map(Ages::new);
        stream.remembered = !stream.is_empty();
    }
}

impl Engine {
    /// What is worth keeping for the next start: of the questions with an answer, those of boards that were needed last.
    pub fn memory(&self, limits: MemoryLimits) -> Memory {
        let sources = self.sources.values().filter_map(|s| {
            Some(RememberedSource {
                name: s.spec.name.clone(),
                present: s.present.clone()?,
            })
        });
        let mut boards: Vec<_> = self.open.values().collect();
        boards.sort_by_key(|b| (!b.needed, std::cmp::Reverse(b.used_at)));
        let panels = boards.into_iter().flat_map(|b| &b.panels);
        let ids = panels.flat_map(|p| &p.queries).flat_map(|q| &q.streams);
        let mut seen = BTreeSet::new();
        let mut points = 0;
        let streams = ids
            .filter(|id| seen.insert(**id))
            .filter_map(|id| self.streams.get(id))
            .filter(|s| s.is_settled() && !s.is_empty())
            .map(Remembered::of)
            // what no board has asked for since the start is as good as it was
            .chain(self.memory.values().cloned())
            .take(limits.streams)
            .take_while(|r| {
                points += r.points();
                points <= limits.points
            });
        Memory {
            sources: sources.collect(),
            streams: streams.collect(),
        }
    }

    pub(super) fn remember(&mut self, memory: Memory, now: i64) {
        self.memory = memory.streams.into_iter().map(|r| (r.key(), r)).collect();
        for known in memory.sources {
            let Some(source) = self.sources.get_mut(&known.name) else {
                continue;
            };
            if source.present.is_none() {
                source.bindings = bind(&self.setup.concepts, &known.present, source.spec.langs);
                source.present = Some(known.present);
            }
        }
        let ids: Vec<String> = self.open.keys().cloned().collect();
        for id in ids {
            self.lay_out(&id, true, now);
        }
        self.settle(now);
    }
}
