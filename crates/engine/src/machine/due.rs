//! What is to be asked now.

use super::{Effect, Engine};
use crate::binding::discovery_metrics;
use crate::plan::next_range;
use crate::stream::{Shape, Stream, StreamId};
use crate::{Columns, Health};

impl Engine {
    pub(super) fn may_ask(&self, stream: &Stream) -> bool {
        self.sources
            .get(&stream.key.source)
            .is_some_and(|s| !matches!(s.health, Health::Failed(..)))
    }

    pub(super) fn due(&mut self, now: i64) -> Vec<Effect> {
        let mut effects = Vec::new();
        for (name, source) in &mut self.sources {
            if !source.probing && source.next_probe <= now {
                source.probing = true;
                let metrics = discovery_metrics(&self.setup.concepts);
                effects.push(Effect::Probe(name.clone(), metrics));
            }
        }
        let ready: Vec<StreamId> = self
            .streams
            .iter()
            .filter(|(_, s)| s.needed && self.may_ask(s))
            .map(|(id, _)| *id)
            .collect();
        for id in ready {
            let Some(stream) = self.streams.get_mut(&id) else {
                continue;
            };
            let skew = self.sources.get(&stream.key.source).map_or(0, |s| s.skew);
            if !stream.in_flight && stream.next_at <= now {
                ask(id, stream, now + skew, now, &mut effects);
            }
            if let Some(query) = stream
                .age_query
                .clone()
                .filter(|_| !stream.age_in_flight && stream.next_age_at <= now)
            {
                stream.age_in_flight = true;
                effects.push(Effect::Ages(id, stream.key.clone(), query));
            }
        }
        effects
    }
}

fn ask(id: StreamId, stream: &mut Stream, source_now: i64, now: i64, effects: &mut Vec<Effect>) {
    match stream.key.shape {
        Shape::Instant => {
            stream.in_flight = true;
            effects.push(Effect::Instant(id, stream.key.clone()));
        }
        Shape::Range(window, step) => {
            let nothing = Columns::default();
            let have = if stream.refill {
                &nothing
            } else {
                &stream.columns
            };
            match next_range(have, window, step, source_now) {
                Some(request) => {
                    stream.in_flight = true;
                    stream.refill = false;
                    effects.push(Effect::Range(id, stream.key.clone(), request));
                }
                None => stream.next_at = next_turn(id, stream.refresh, now),
            }
        }
    }
}

/// The next multiple of the interval, shifted by a phase of the stream's own so that questions are spread over the interval.
pub(super) fn next_turn(id: StreamId, interval: i64, now: i64) -> i64 {
    // The golden ratio spreads any number of consecutive ids evenly.
    let phase = (i64::from(id.0.wrapping_mul(2_654_435_769)) * interval * 8 / 10) >> 32;
    let mut at = now.div_euclid(interval) * interval + phase;
    while at <= now {
        at += interval;
    }
    at
}
