//! The state machine: events in, effects out.

mod answers;
mod due;
mod layout;
mod memory;
mod shown;
mod status;
mod variables;

pub use variables::{Chosen, VariableStatus};

pub use memory::{Memory, MemoryLimits, Remembered, RememberedSource};
pub use shown::{OpenBoard, Shown};

use crate::panels::{Abnormal, PanelStatus};
use crate::plan::RangeRequest;
use crate::stream::{Stream, StreamId, StreamKey};
use crate::{Caveat, Failure, SourceSpec, SourceState};
use model::board::{Board, Concept};
use model::{Labels, RangeFrame, Severity};
use std::collections::{BTreeMap, BTreeSet};

/// What the configuration and the files say.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// In order of preference.
    pub sources: Vec<SourceSpec>,
    /// By id.
    pub concepts: BTreeMap<String, Concept>,
    /// By id.
    pub boards: BTreeMap<String, Board>,
    /// The board that is open when nobody has said anything else.
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
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Meta {
    /// Duration in ms.
    pub latency: i64,
    /// The source's clock in ms, if it told.
    pub server_time: Option<i64>,
    /// Size of the body.
    pub bytes: u64,
    /// What the source said of its answer.
    pub caveat: Option<Caveat>,
}

/// Everything that can happen.
#[derive(Clone, Debug)]
pub enum Event {
    /// The first event; later ones replace everything but the data that stays meaningful.
    Configured(Setup),
    /// This source has got samples of the past: what is known of the window may have holes that it could fill now.
    Backfilled(String),
    /// What feeds this source is not well (a target of its own that cannot be scraped), or is again: it answers all the same.
    Troubled(String, Option<Failure>),
    /// This board and no other is to be shown.
    Opened(String),
    /// These boards are on a screen, or will be in a moment: their questions are asked. What others know is kept for a while.
    Needed(BTreeSet<String>),
    /// What was known when the program ended; it fills only what nothing is known of.
    Remembered(Memory),
    /// Values were chosen for a board's variables.
    Chosen(String, Chosen),
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

/// Everything that is to be done. Each question is answered by exactly one event, also when it fails.
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
    /// Nobody waits for the answer about this stream any more. The question itself is still answered, as `cancelled`.
    Cancel(StreamId),
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
    /// Checks of which nothing can be said, or not of all that they look at.
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
    /// By id: those that are needed, and those that were a while ago.
    open: BTreeMap<String, OpenBoard>,
    /// From the last run, for streams that do not exist yet.
    memory: BTreeMap<StreamKey, Remembered>,
    /// By board.
    chosen: BTreeMap<String, Chosen>,
    /// Streams that no panel reads: what can be chosen, what happened.
    beside: BTreeSet<StreamId>,
    beside_revision: u64,
    /// Questions under way for which nobody waits any more.
    given_up: Vec<StreamId>,
    revision: u64,
    sources_revision: u64,
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
                if self.setup.boards.contains_key(&board) {
                    self.setup.open.clone_from(&board);
                    self.need(&BTreeSet::from([board]), now);
                }
            }
            Event::Needed(boards) => self.need(&boards, now),
            Event::Remembered(memory) => self.remember(memory, now),
            Event::Chosen(board, chosen) => {
                if self.choose(&board, &chosen) && self.open.contains_key(&board) {
                    self.lay_out(&board, true, now);
                    self.settle(now);
                }
            }
            Event::Wakeup => {}
            Event::Backfilled(source) => {
                self.ask_all_again(&source, now);
                for stream in self.streams.values_mut().filter(|s| s.key.source == source) {
                    stream.refill = true;
                }
            }
            Event::Troubled(source, trouble) => self.troubled(&source, trouble),
            Event::Probed(source, result, meta) => self.probed(&source, result, meta, now),
            Event::Ranged(id, result, meta) => self.ranged(id, result, meta, now),
            Event::Instant(id, result, meta) => self.instant(id, result, meta, now),
            Event::Aged(id, result, meta) => self.aged(id, result, meta, now),
        }
        self.refresh_ages(now);
        let given_up = std::mem::take(&mut self.given_up);
        let mut effects: Vec<Effect> = given_up.into_iter().map(Effect::Cancel).collect();
        effects.extend(self.due(now));
        effects
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
            .filter(|s| s.needed && self.may_ask(s))
            .flat_map(|s| {
                let ask = (!s.in_flight).then_some((s.next_at, WakeReason::Ask));
                let age = (!s.age_in_flight && s.age_query.is_some())
                    .then_some((s.next_age_at, WakeReason::Ask));
                [ask, age].into_iter().flatten()
            });
        let ages = self
            .open
            .values()
            .filter(|b| b.needed)
            .flat_map(|b| &b.panels)
            .filter_map(|p| p.next_change)
            .map(|t| (t, WakeReason::Age));
        probes.chain(asks).chain(ages).min_by_key(|(t, _)| *t)
    }

    // ---- what readers see -------------------------------------------------------------------------------------------------

    /// Counts events; a page's cursor is a value of it.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Revisions of the last change of the first board, of sources and of the first board's verdict.
    pub fn revisions(&self) -> (u64, u64, u64) {
        self.first().revisions()
    }

    /// Revision of the last change of what can be chosen, and of what happened by metrics; a choice lays the board out anew.
    pub fn beside_revision(&self) -> u64 {
        self.beside_revision
    }

    /// The first board.
    pub fn board(&self) -> Option<&Board> {
        self.setup.boards.get(&self.setup.open)
    }

    /// All boards, concepts and the order of sources.
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// Status of the first board's panels, in their order.
    pub fn panels(&self) -> &[PanelStatus] {
        self.first().panels()
    }

    /// What a screen with this board shows.
    pub fn shown(&self, board: &str) -> Shown<'_> {
        Shown::new(self, board)
    }

    fn first(&self) -> Shown<'_> {
        self.shown(&self.setup.open)
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

    /// The answer to "is it well" of the first board.
    pub fn verdict(&self) -> &Verdict {
        self.first().verdict()
    }
}
