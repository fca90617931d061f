//! The state machine: events in, effects out.

use crate::binding::{self, bind, discovery_metrics};
use crate::freshness::Ages;
use crate::judge;
use crate::panels::{Abnormal, Facts, PanelStatus, QueryStatus, SinceBook, State};
use crate::plan::{RangeRequest, next_range, step_for};
use crate::stream::{Shape, Stream, StreamId, StreamKey};
use crate::{Columns, Failure, Health, SourceSpec, SourceState};
use model::board::{Board, Concept, Panel, PanelKind, Query, Role};
use model::{Labels, RangeFrame, Severity};
use std::collections::{BTreeMap, BTreeSet};

/// A healthy source is probed at least this often, ms: metrics of a new exporter are bound within a minute.
const PROBE_EVERY: i64 = 60_000;
/// A source that is failing, or in which something new was found, ms: a source that has just started shows its metrics little by
/// little. From here the time between two probes doubles as long as nothing changes.
const PROBE_AGAIN: i64 = 2_000;
/// Data times are asked for this often at most, ms.
const AGES_EVERY: i64 = 5_000;

/// Whether panels are asked over a window or for the present only.
pub type Mode = Shape;

/// What the configuration and the files say.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// In order of preference.
    pub sources: Vec<SourceSpec>,
    /// By id.
    pub concepts: BTreeMap<String, Concept>,
    /// By id.
    pub boards: BTreeMap<String, Board>,
    /// The board to show.
    pub open: String,
}

/// What a probe found.
#[derive(Clone, Debug, PartialEq)]
pub struct ProbeReport {
    /// Name and version of what answers.
    pub version: String,
    /// Those of the asked metrics that it has.
    pub present: BTreeSet<String>,
}

/// Circumstances of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Meta {
    /// Duration in ms.
    pub latency: i64,
    /// The source's clock in ms, if it told.
    pub server_time: Option<i64>,
    /// Size of the body.
    pub bytes: u64,
    /// The source had warnings or gave only a part.
    pub warned: bool,
}

/// Everything that can happen.
#[derive(Clone, Debug)]
pub enum Event {
    /// The first event; later ones replace everything but the data that stays meaningful.
    Configured(Setup),
    /// This source has got samples of the past: what is known of the window may have holes that it could fill now.
    Backfilled(String),
    /// Another board is to be shown.
    Opened(String),
    /// The time of [`Engine::next_wakeup`] has come (or not; it does not hurt).
    Wakeup,
    /// Answer to [`Effect::Probe`].
    Probed(String, Result<ProbeReport, Failure>, Meta),
    /// Answer to [`Effect::Range`].
    Ranged(StreamId, Result<RangeFrame, Failure>, Meta),
    /// Answer to [`Effect::Instant`]: time of evaluation and values.
    Instant(StreamId, Result<(i64, Vec<(Labels, f64)>), Failure>, Meta),
    /// Answer to [`Effect::Ages`]: instance and time in ms of the source's clock.
    Aged(StreamId, Result<Vec<(String, i64)>, Failure>, Meta),
}

/// Everything that is to be done. Each is answered by exactly one event, also when it fails.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Find out what the source is and which of these metrics it has.
    Probe(String, Vec<String>),
    /// Ask for a range.
    Range(StreamId, StreamKey, RangeRequest),
    /// Ask for the present.
    Instant(StreamId, StreamKey),
    /// Ask for data times with this query.
    Ages(StreamId, StreamKey, String),
}

/// Why the engine wants to be woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WakeReason {
    /// A source is to be probed.
    Probe,
    /// A question is due.
    Ask,
    /// A value leaves its budget of age.
    Age,
}

/// The answer to "is it well".
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Verdict {
    /// Worst and newest first.
    pub abnormal: Vec<Abnormal>,
    /// Checks of which nothing can be said.
    pub unknown: u32,
    /// Oldest of the newest data times on the board, ms.
    pub data_at: Option<i64>,
}

impl Verdict {
    /// How many checks are exactly this bad.
    pub fn count(&self, severity: Severity) -> u32 {
        u32::try_from(
            self.abnormal
                .iter()
                .filter(|a| a.judged.severity == severity)
                .count(),
        )
        .unwrap_or(u32::MAX)
    }
}

/// All state of the wall.
#[derive(Debug, Default)]
pub struct Engine {
    setup: Setup,
    sources: BTreeMap<String, SourceState>,
    streams: BTreeMap<StreamId, Stream>,
    ids: BTreeMap<StreamKey, StreamId>,
    next_id: u32,
    panels: Vec<PanelStatus>,
    since: SinceBook,
    verdict: Verdict,
    revision: u64,
    board_revision: u64,
    sources_revision: u64,
    verdict_revision: u64,
}

impl Engine {
    /// An engine that waits for [`Event::Configured`].
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes note of what happened and says what is to be done.
    pub fn handle(&mut self, event: Event, now: i64) -> Vec<Effect> {
        self.revision += 1;
        match event {
            Event::Configured(setup) => self.configure(setup, now),
            Event::Opened(board) => {
                if self.setup.boards.contains_key(&board) && self.setup.open != board {
                    self.setup.open = board;
                    self.lay_out(now);
                }
            }
            Event::Wakeup => {}
            Event::Backfilled(source) => {
                self.ask_all_again(&source, now);
                for stream in self.streams.values_mut().filter(|s| s.key.source == source) {
                    stream.refill = true;
                }
            }
            Event::Probed(source, result, meta) => self.probed(&source, result, meta, now),
            Event::Ranged(id, result, meta) => self.ranged(id, result, meta, now),
            Event::Instant(id, result, meta) => self.instant(id, result, meta, now),
            Event::Aged(id, result, meta) => self.aged(id, result, meta, now),
        }
        self.refresh_ages(now);
        self.due(now)
    }

    /// When to send [`Event::Wakeup`], ms, and why.
    pub fn next_wakeup(&self) -> Option<(i64, WakeReason)> {
        let probes = self
            .sources
            .values()
            .filter(|s| !s.probing)
            .map(|s| (s.next_probe, WakeReason::Probe));
        let asks = self
            .streams
            .values()
            .filter(|s| self.may_ask(s))
            .flat_map(|s| {
                let ask = (!s.in_flight).then_some((s.next_at, WakeReason::Ask));
                let age = (!s.age_in_flight && s.age_query.is_some())
                    .then_some((s.next_age_at, WakeReason::Ask));
                [ask, age].into_iter().flatten()
            });
        let ages = self
            .panels
            .iter()
            .filter_map(|p| self.next_age_change(p))
            .map(|t| (t, WakeReason::Age));
        probes.chain(asks).chain(ages).min_by_key(|(t, _)| *t)
    }

    // ---- what readers see -------------------------------------------------------------------------------------------------

    /// Counts events; a page's cursor is a value of it.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Revisions of the last change of board, sources and verdict.
    pub fn revisions(&self) -> (u64, u64, u64) {
        (
            self.board_revision,
            self.sources_revision,
            self.verdict_revision,
        )
    }

    /// The board that is shown.
    pub fn board(&self) -> Option<&Board> {
        self.setup.boards.get(&self.setup.open)
    }

    /// All boards, concepts and the order of sources.
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// Status of the board's panels, in their order.
    pub fn panels(&self) -> &[PanelStatus] {
        &self.panels
    }

    /// A stream.
    pub fn stream(&self, id: StreamId) -> Option<&Stream> {
        self.streams.get(&id)
    }

    /// Sources in order of preference.
    pub fn sources(&self) -> impl Iterator<Item = &SourceState> {
        self.setup
            .sources
            .iter()
            .filter_map(|s| self.sources.get(&s.name))
    }

    /// A source by name.
    pub fn source(&self, name: &str) -> Option<&SourceState> {
        self.sources.get(name)
    }

    /// The answer to "is it well".
    pub fn verdict(&self) -> &Verdict {
        &self.verdict
    }

    // ---- configuration and layout -----------------------------------------------------------------------------------------

    fn configure(&mut self, setup: Setup, now: i64) {
        let mut sources = BTreeMap::new();
        for spec in &setup.sources {
            let state = match self.sources.remove(&spec.name) {
                Some(old) if old.spec == *spec => old,
                _ => SourceState {
                    next_probe: now,
                    ..SourceState::new(spec.clone())
                },
            };
            sources.insert(spec.name.clone(), state);
        }
        self.sources = sources;
        self.setup = setup;
        for source in self.sources.values_mut() {
            if let Some(present) = &source.present {
                source.bindings = bind(&self.setup.concepts, present);
            }
            source.next_probe = now;
        }
        self.sources_revision = self.revision;
        self.lay_out(now);
    }

    /// Decides which streams the open board needs; those that stay keep their data.
    fn lay_out(&mut self, now: i64) {
        self.board_revision = self.revision;
        self.since.clear();
        let Some(board) = self.setup.boards.get(&self.setup.open).cloned() else {
            self.panels.clear();
            self.streams.clear();
            self.ids.clear();
            return;
        };
        let mut used = BTreeSet::new();
        let mut panels = Vec::with_capacity(board.panels.len());
        for panel in &board.panels {
            let mut queries = Vec::with_capacity(panel.queries.len());
            for query in &panel.queries {
                let (ids, unbound) = self.streams_for(&board, panel, query, now);
                used.extend(ids.iter().copied());
                let limits = judge::thresholds(panel, query, &self.setup.concepts);
                queries.push(QueryStatus::new(ids, unbound, limits, self.revision));
            }
            panels.push(PanelStatus::new(queries, self.revision));
        }
        self.streams.retain(|id, _| used.contains(id));
        self.ids.retain(|_, id| used.contains(id));
        self.panels = panels;
        self.update_panels(|_| true, now);
    }

    fn streams_for(
        &mut self,
        board: &Board,
        panel: &Panel,
        query: &Query,
        now: i64,
    ) -> (Vec<StreamId>, Option<Failure>) {
        if let Some(missing) = model::board::concepts_in(&query.expr)
            .into_iter()
            .find(|c| !self.setup.concepts.contains_key(c))
        {
            return (
                Vec::new(),
                Some(Failure::new("unknown_concept", "concept", missing)),
            );
        }
        if let Some(name) = query
            .source
            .as_ref()
            .filter(|n| !self.sources.contains_key(*n))
        {
            return (
                Vec::new(),
                Some(Failure::new("unknown_source", "source", name)),
            );
        }
        let refresh = i64::from(board.refresh_seconds.max(1)) * 1_000;
        let window = i64::from(board.window_seconds.max(60)) * 1_000;
        let history = panel.kind.needs_history() && query.role == Role::Main;
        let shape = if history {
            Shape::Range(window, step_for(window, refresh))
        } else {
            Shape::Instant
        };
        let mut ids = Vec::new();
        let mut unbound = None;
        let specs: Vec<String> = self.setup.sources.iter().map(|s| s.name.clone()).collect();
        for source in specs
            .into_iter()
            .filter(|n| query.source.as_ref().is_none_or(|only| only == n))
        {
            let Some(state) = self.sources.get(&source).filter(|s| s.present.is_some()) else {
                continue;
            };
            match binding::expression(query, &self.setup.concepts, &state.bindings) {
                Ok(expr) => ids.push(self.stream_id(
                    StreamKey {
                        source,
                        expr,
                        shape,
                    },
                    refresh,
                    now,
                )),
                Err(concept) => unbound = Some(Failure::new("unbound_concept", "concept", concept)),
            }
        }
        (ids, unbound)
    }

    fn stream_id(&mut self, key: StreamKey, refresh: i64, now: i64) -> StreamId {
        if let Some(id) = self.ids.get(&key) {
            if let Some(stream) = self.streams.get_mut(id) {
                stream.refresh = refresh;
            }
            return *id;
        }
        let id = StreamId(self.next_id);
        self.next_id = self.next_id.wrapping_add(1);
        self.ids.insert(key.clone(), id);
        self.streams.insert(id, Stream::new(key, refresh, now));
        id
    }

    // ---- answers ----------------------------------------------------------------------------------------------------------

    fn probed(&mut self, name: &str, result: Result<ProbeReport, Failure>, meta: Meta, now: i64) {
        let Some(source) = self.sources.get_mut(name) else {
            return;
        };
        source.probing = false;
        self.sources_revision = self.revision;
        match result {
            Ok(report) => {
                let was_failed = matches!(source.health, Health::Failed(..));
                source.answered(now, meta.latency, meta.server_time, meta.bytes, meta.warned);
                source.version = Some(report.version);
                let first = source.present.is_none();
                // What was there once stays bound: when it is gone, the panel must say that it is, and not that nobody has it.
                let mut present = source.present.take().unwrap_or_default();
                let before = present.len();
                present.extend(report.present);
                let quiet = !first && !present.is_empty() && present.len() == before;
                source.probe_every = if quiet {
                    (source.probe_every * 2).min(PROBE_EVERY)
                } else {
                    PROBE_AGAIN
                };
                source.next_probe = now + source.probe_every;
                let bindings = bind(&self.setup.concepts, &present);
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
        let (board_revision, since) = (self.board_revision, std::mem::take(&mut self.since));
        self.lay_out(now);
        self.board_revision = board_revision;
        self.since = since;
        self.update_verdict(now);
    }

    fn ask_all_again(&mut self, source: &str, now: i64) {
        for stream in self.streams.values_mut().filter(|s| s.key.source == source) {
            stream.next_at = now;
            stream.next_age_at = now;
            stream.error = None;
        }
    }

    fn ranged(&mut self, id: StreamId, result: Result<RangeFrame, Failure>, meta: Meta, now: i64) {
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

    fn instant(
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
                stream.set_instant(at, values);
                self.stream_ok(id, meta, now);
            }
            Err(why) => self.stream_failed(id, why, now),
        }
    }

    fn aged(
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
        stream.next_age_at = next_turn(id, stream.refresh.max(AGES_EVERY), now);
        let Some(source) = self.sources.get_mut(&stream.key.source) else {
            return;
        };
        if let Ok(times) = result {
            source.answered(now, meta.latency, meta.server_time, meta.bytes, meta.warned);
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
        stream.error = None;
        stream.failures = 0;
        if let Some(source) = self.sources.get_mut(&stream.key.source) {
            let before = source.health.clone();
            source.answered(now, meta.latency, meta.server_time, meta.bytes, meta.warned);
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
        stream.failures = stream.failures.saturating_add(1);
        let own_fault = matches!(
            why.code,
            "query" | "limit" | "too_large" | "malformed" | "truncated"
        );
        if own_fault || stream.failures > 1 {
            let since = stream.error.as_ref().map_or(now, |(since, _)| *since);
            stream.error = Some((since, why));
            stream.next_at = now
                + (stream.refresh * 2_i64.pow(stream.failures.min(5)))
                    .min(60_000.max(stream.refresh));
        }
        if !own_fault
            && let Some(source) = self.sources.get_mut(&stream.key.source)
            && !source.probing
        {
            source.next_probe = now;
        }
        self.update_panels_of(id, now);
    }

    // ---- status -----------------------------------------------------------------------------------------------------------

    fn update_panels_of(&mut self, id: StreamId, now: i64) {
        let touched: Vec<usize> = (0..self.panels.len())
            .filter(|i| self.panels[*i].reads(id))
            .collect();
        self.update_some(&touched, now);
    }

    fn update_panels(&mut self, of: impl Fn(&Stream) -> bool, now: i64) {
        let hit = |p: &PanelStatus| {
            let mut ids = p.queries.iter().flat_map(|q| &q.streams).peekable();
            ids.peek().is_none() || ids.any(|id| self.streams.get(id).is_some_and(&of))
        };
        let touched: Vec<usize> = (0..self.panels.len())
            .filter(|i| hit(&self.panels[*i]))
            .collect();
        self.update_some(&touched, now);
    }

    fn update_some(&mut self, touched: &[usize], now: i64) {
        let Some(board) = self.setup.boards.get(&self.setup.open) else {
            return;
        };
        let facts = Facts {
            streams: &self.streams,
            sources: &self.sources,
            now,
            revision: self.revision,
        };
        for i in touched {
            if let (Some(status), Some(panel)) = (self.panels.get_mut(*i), board.panels.get(*i)) {
                status.update(panel, &facts);
            }
        }
        if !touched.is_empty() {
            self.update_verdict(now);
        }
    }

    fn update_verdict(&mut self, now: i64) {
        let Some(board) = self.setup.boards.get(&self.setup.open) else {
            return;
        };
        let facts = Facts {
            streams: &self.streams,
            sources: &self.sources,
            now,
            revision: self.revision,
        };
        let tiles = board.panels.iter().any(|p| p.kind == PanelKind::Tile);
        let checks = board
            .panels
            .iter()
            .zip(&self.panels)
            .filter(|(p, _)| tiles == (p.kind == PanelKind::Tile));
        let unknown = checks
            .filter(|(_, s)| {
                matches!(
                    s.state,
                    State::Stale(_) | State::Failed(..) | State::NoData(None)
                )
            })
            .count();
        let data_at = self
            .panels
            .iter()
            .filter(|p| matches!(p.state, State::Data | State::Stale(_)))
            .filter_map(PanelStatus::data_at)
            .min();
        let verdict = Verdict {
            abnormal: self.since.collect(&board.panels, &self.panels, &facts),
            unknown: u32::try_from(unknown).unwrap_or(u32::MAX),
            data_at,
        };
        if verdict != self.verdict {
            self.verdict = verdict;
            self.verdict_revision = self.revision;
        }
    }

    /// Values leave their budget by time alone.
    fn refresh_ages(&mut self, now: i64) {
        let expired = |p: &PanelStatus| p.next_change.is_some_and(|t| t <= now);
        let touched: Vec<usize> = (0..self.panels.len())
            .filter(|i| expired(&self.panels[*i]))
            .collect();
        self.update_some(&touched, now);
    }

    fn next_age_change(&self, panel: &PanelStatus) -> Option<i64> {
        panel.next_change
    }

    // ---- what is due ------------------------------------------------------------------------------------------------------

    fn may_ask(&self, stream: &Stream) -> bool {
        self.sources
            .get(&stream.key.source)
            .is_some_and(|s| !matches!(s.health, Health::Failed(..)))
    }

    fn due(&mut self, now: i64) -> Vec<Effect> {
        let mut effects = Vec::new();
        let metrics = discovery_metrics(&self.setup.concepts);
        for (name, source) in &mut self.sources {
            if !source.probing && source.next_probe <= now {
                source.probing = true;
                effects.push(Effect::Probe(name.clone(), metrics.clone()));
            }
        }
        let ready: Vec<StreamId> = self
            .streams
            .iter()
            .filter(|(_, s)| self.may_ask(s))
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
fn next_turn(id: StreamId, interval: i64, now: i64) -> i64 {
    // The golden ratio spreads any number of consecutive ids evenly.
    let phase = (i64::from(id.0.wrapping_mul(2_654_435_769)) * interval * 8 / 10) >> 32;
    let mut at = now.div_euclid(interval) * interval + phase;
    while at <= now {
        at += interval;
    }
    at
}
