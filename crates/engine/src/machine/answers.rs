//! What answers change.

use super::due::next_turn;
use super::{Engine, Meta, ProbeReport};
use crate::binding::bind;
use crate::freshness::Ages;
use crate::stream::{Shape, StreamId};
use crate::{Caveat, Failure, Health};
use model::{Labels, RangeFrame};

/// A healthy source is probed at least this often, ms: metrics of a new exporter are bound within a minute.
const PROBE_EVERY: i64 = 60_000;
/// A source that is failing, or in which something new was found, ms: a source that has just started shows its metrics little by
/// little. From here the time between two probes doubles as long as nothing changes.
const PROBE_AGAIN: i64 = 2_000;
/// Data times are asked for this often at most, ms.
const AGES_EVERY: i64 = 5_000;

impl Engine {
    pub(super) fn probed(
        &mut self,
        name: &str,
        result: Result<ProbeReport, Failure>,
        meta: Meta,
        now: i64,
    ) {
        let Some(source) = self.sources.get_mut(name) else {
            return;
        };
        source.probing = false;
        self.sources_revision = self.revision;
        match result {
            Ok(report) => {
                // Before a first answer nothing has failed; what is remembered has been asked for all the same.
                let was_failed = matches!(source.health, Health::Failed(..));
                source.answered(now, meta.latency, meta.server_time, meta.bytes);
                source.version = Some(report.version);
                let first = source.present.is_none();
                // What was there once stays bound: when it is gone, the panel must say that it is, and not that nobody has it.
                let mut present = source.present.take().unwrap_or_default();
                let before = present.len();
                present.extend(report.present);
                let quiet = !first && !present.is_empty() && present.len() == before;
                source.probe_every = if quiet {
                    // a source that is remembered begins here with no time between probes yet
                    (source.probe_every * 2).clamp(PROBE_AGAIN, PROBE_EVERY)
                } else {
                    PROBE_AGAIN
                };
                source.next_probe = now + source.probe_every;
                let bindings = bind(&self.setup.concepts, &present, source.spec.langs);
                let others = bindings != source.bindings;
                source.bindings = bindings;
                source.present = Some(present);
                if was_failed {
                    self.ask_all_again(name, now);
                }
                if first || others {
                    self.rebind(now);
                } else if was_failed {
                    self.update_panels(|s| s.key.source == name, now);
                }
            }
            Err(why) => {
                source.failed(now, why);
                source.next_probe = now + source.backoff(PROBE_AGAIN);
                if source.present.is_none() {
                    self.update_panels(|_| true, now);
                } else {
                    self.update_panels(|s| s.key.source == name, now);
                }
            }
        }
    }

    /// New bindings: the board's questions change, its panels stay the same ones for the page.
    fn rebind(&mut self, now: i64) {
        let ids: Vec<String> = self.open.keys().cloned().collect();
        for id in ids {
            self.lay_out(&id, false, now);
        }
        self.settle(now);
    }

    pub(super) fn troubled(&mut self, name: &str, trouble: Option<Failure>) {
        if let Some(source) = self.sources.get_mut(name)
            && source.trouble != trouble
        {
            source.trouble = trouble;
            source.weigh();
            self.sources_revision = self.revision;
        }
    }

    pub(super) fn ask_all_again(&mut self, source: &str, now: i64) {
        for stream in self.streams.values_mut().filter(|s| s.key.source == source) {
            stream.next_at = now;
            stream.next_age_at = now;
            stream.error = None;
        }
    }

    pub(super) fn ranged(
        &mut self,
        id: StreamId,
        result: Result<RangeFrame, Failure>,
        meta: Meta,
        now: i64,
    ) {
        let Some(stream) = self.streams.get_mut(&id) else {
            return;
        };
        stream.in_flight = false;
        stream.next_at = next_turn(id, stream.refresh, now);
        match result {
            Ok(frame) => {
                let window = match stream.key.shape {
                    Shape::Range(window, _) => window,
                    Shape::Instant => 0,
                };
                let end = frame.time(frame.len.saturating_sub(1));
                stream.columns.merge(&frame, end - window, self.revision);
                self.stream_ok(id, meta, now);
            }
            Err(why) => self.stream_failed(id, why, now),
        }
    }

    pub(super) fn instant(
        &mut self,
        id: StreamId,
        result: Result<(i64, Vec<(Labels, f64)>), Failure>,
        meta: Meta,
        now: i64,
    ) {
        let Some(stream) = self.streams.get_mut(&id) else {
            return;
        };
        stream.in_flight = false;
        stream.next_at = next_turn(id, stream.refresh, now);
        match result {
            Ok((at, values)) => {
                let beside = self.beside.contains(&id);
                let before = if beside {
                    stream.instant.1.clone()
                } else {
                    Vec::new()
                };
                stream.set_instant(at, values);
                if beside && stream.instant.1 != before {
                    self.beside_revision = self.revision;
                }
                self.stream_ok(id, meta, now);
            }
            Err(why) => self.stream_failed(id, why, now),
        }
    }

    pub(super) fn aged(
        &mut self,
        id: StreamId,
        result: Result<Vec<(String, i64)>, Failure>,
        meta: Meta,
        now: i64,
    ) {
        let Some(stream) = self.streams.get_mut(&id) else {
            return;
        };
        stream.age_in_flight = false;
        let Some(source) = self.sources.get_mut(&stream.key.source) else {
            return;
        };
        // Often enough that a value never looks old only because its time has not been asked for again.
        let every = AGES_EVERY.min(source.spec.budget.old_ms / 3);
        // All at the same time, so that one question can ask for many.
        stream.next_age_at = next_turn(StreamId(0), stream.refresh.max(every), now);
        if let Ok(times) = result {
            let before = source.health.clone();
            source.answered(now, meta.latency, meta.server_time, meta.bytes);
            if before != source.health {
                self.sources_revision = self.revision;
            }
            let skew = source.skew;
            let ages = Ages::new(times.into_iter().map(|(i, t)| (i, t - skew)));
            source.newest = source.newest.max(ages.newest());
            stream.ages = Some(ages);
        } else if stream.ages.is_none() {
            // Settled without knowledge of its age: shown as unknown, not as loading for ever.
            stream.ages = Some(Ages::default());
        }
        self.update_panels_of(id, now);
    }

    fn stream_ok(&mut self, id: StreamId, meta: Meta, now: i64) {
        let Some(stream) = self.streams.get_mut(&id) else {
            return;
        };
        stream.answered = true;
        stream.remembered = false;
        stream.error = None;
        stream.failures = 0;
        let partial = |c: &Option<Caveat>| c.as_ref().is_some_and(|c| c.partial);
        if partial(&stream.caveat) && !partial(&meta.caveat) {
            // What was left out then is asked for again; a refresh alone would leave it as a hole for the length of the window.
            stream.refill = true;
        }
        stream.caveat.clone_from(&meta.caveat);
        if let Some(source) = self.sources.get_mut(&stream.key.source) {
            let before = source.health.clone();
            match meta.caveat {
                Some(caveat) => source.caveats.insert(id, caveat),
                None => source.caveats.remove(&id),
            };
            source.answered(now, meta.latency, meta.server_time, meta.bytes);
            if before != source.health {
                self.sources_revision = self.revision;
            }
        }
        self.update_panels_of(id, now);
    }

    /// The query's own fault shows at once. For everything else the source is probed first: one lost answer is no outage.
    fn stream_failed(&mut self, id: StreamId, why: Failure, now: i64) {
        let Some(stream) = self.streams.get_mut(&id) else {
            return;
        };
        if why.code == "cancelled" {
            // Given up, and perhaps wanted again since: nothing has failed, and its turn comes.
            return;
        }
        stream.failures = stream.failures.saturating_add(1);
        let own_fault = why.is_of_the_question();
        stream.caveat = None;
        if own_fault || stream.failures > 1 {
            let since = stream.error.as_ref().map_or(now, |(since, _)| *since);
            stream.error = Some((since, why));
            stream.next_at = now
                + (stream.refresh * 2_i64.pow(stream.failures.min(5)))
                    .min(60_000.max(stream.refresh));
        }
        if let Some(source) = self.sources.get_mut(&stream.key.source)
            && source.caveats.remove(&id).is_some()
        {
            source.weigh();
            self.sources_revision = self.revision;
        }
        if !own_fault
            && let Some(source) = self.sources.get_mut(&stream.key.source)
            && !source.probing
        {
            source.next_probe = now;
        }
        self.update_panels_of(id, now);
    }
}
