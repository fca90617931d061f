//! Configuration and layout: which streams the open boards need.

use super::{Engine, OpenBoard, Setup};
use crate::binding::{self, bind};
use crate::judge;
use crate::panels::{PanelStatus, QueryStatus};
use crate::plan::{VARIABLES, question};
use crate::stream::{Stream, StreamId, StreamKey};
use crate::{Failure, SourceState};
use model::board::{Board, Panel, Query};
use std::collections::{BTreeMap, BTreeSet};

/// A board that nobody has needed for so long is forgotten, ms.
const KEEP_BOARD: i64 = 30 * 60_000;
/// So many boards are known at once; a board of 48 charts is a megabyte.
const MOST_BOARDS: usize = 32;

impl Engine {
    pub(super) fn configure(&mut self, setup: Setup, now: i64) {
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
        let boards = self.setup.boards.values_mut();
        boards
            .flat_map(|b| &mut b.panels)
            .for_each(Panel::spread_slo);
        for source in self.sources.values_mut() {
            if let Some(present) = &source.present {
                source.bindings = bind(&self.setup.concepts, present, source.spec.langs);
            }
            source.next_probe = now;
        }
        self.sources_revision = self.revision;
        self.open.retain(|id, _| self.setup.boards.contains_key(id));
        if !self.open.values().any(|b| b.needed) && self.setup.boards.contains_key(&self.setup.open)
        {
            self.open
                .insert(self.setup.open.clone(), OpenBoard::new(now));
        }
        let ids: Vec<String> = self.open.keys().cloned().collect();
        for id in ids {
            self.lay_out(&id, true, now);
        }
        self.settle(now);
    }

    /// These boards are asked for from now on; others keep what they know for a while.
    pub(super) fn need(&mut self, boards: &BTreeSet<String>, now: i64) {
        for (id, open) in &mut self.open {
            if std::mem::replace(&mut open.needed, boards.contains(id)) {
                open.used_at = now;
            }
        }
        for id in boards {
            let Some(open) = self.open.get_mut(id) else {
                if self.setup.boards.contains_key(id) {
                    self.open.insert(id.clone(), OpenBoard::new(now));
                    self.lay_out(id, true, now);
                }
                continue;
            };
            open.used_at = now;
            let all: Vec<usize> = (0..open.panels.len()).collect();
            self.update_some(id, &all, now);
        }
        self.forget_boards(now);
        self.settle(now);
    }

    /// Boards that nobody has needed for long, and the longest unused of too many.
    fn forget_boards(&mut self, now: i64) {
        self.open
            .retain(|_, b| b.needed || now - b.used_at < KEEP_BOARD);
        while self.open.len() > MOST_BOARDS {
            let idle = self.open.iter().filter(|(_, b)| !b.needed);
            let Some(oldest) = idle
                .min_by_key(|(_, b)| b.used_at)
                .map(|(id, _)| id.clone())
            else {
                return;
            };
            self.open.remove(&oldest);
        }
    }

    /// Drops streams that no open board reads, and says of the others how often they are to be asked, if at all.
    pub(super) fn settle(&mut self, now: i64) {
        let mut needed: BTreeMap<StreamId, i64> = BTreeMap::new();
        let mut used = BTreeSet::new();
        for (id, open) in &self.open {
            let Some(board) = self.setup.boards.get(id) else {
                continue;
            };
            used.extend(open.variables.iter().copied());
            for stream in open.variables.iter().filter(|_| open.needed) {
                let often = needed.entry(*stream).or_insert(VARIABLES);
                *often = (*often).min(VARIABLES);
            }
            for (panel, status) in board.panels.iter().zip(&open.panels) {
                for (query, asked) in panel.queries.iter().zip(&status.queries) {
                    let (_, refresh) = question(board, panel, query);
                    used.extend(asked.streams.iter().copied());
                    for stream in asked.streams.iter().filter(|_| open.needed) {
                        let often = needed.entry(*stream).or_insert(refresh);
                        *often = (*often).min(refresh);
                    }
                }
            }
        }
        let unwanted = self.streams.iter().filter(|(id, s)| {
            let wanted = used.contains(id) && needed.contains_key(id);
            s.in_flight && (s.needed || !used.contains(id)) && !wanted
        });
        self.given_up.extend(unwanted.map(|(id, _)| *id));
        self.streams.retain(|id, _| used.contains(id));
        self.ids.retain(|_, id| used.contains(id));
        self.beside.retain(|id| used.contains(id));
        for source in self.sources.values_mut() {
            // Of what nobody asks any more nothing is known.
            let before = source.caveats.len();
            source.caveats.retain(|id, _| needed.contains_key(id));
            if source.caveats.len() != before {
                source.weigh();
                self.sources_revision = self.revision;
            }
        }
        for (id, stream) in &mut self.streams {
            let often = needed.get(id);
            let was = std::mem::replace(&mut stream.needed, often.is_some());
            stream.refresh = often.copied().unwrap_or(stream.refresh);
            if stream.needed && !was {
                // What has been left alone for a while is asked at once; what was answered this moment is not.
                stream.next_at = stream.next_at.min(now + stream.refresh);
                stream.next_age_at = stream.next_age_at.min(now + stream.refresh);
            }
        }
    }

    /// Decides which streams this open board reads; those that are there keep their data. `anew`: the page must forget what it has of it.
    pub(super) fn lay_out(&mut self, id: &str, anew: bool, now: i64) {
        let Some(board) = self.setup.boards.get(id).cloned() else {
            return;
        };
        let mut panels = Vec::with_capacity(board.panels.len());
        let mut before = match self.open.get_mut(id) {
            Some(open) if !anew => std::mem::take(&mut open.panels),
            _ => Vec::new(),
        }
        .into_iter();
        for panel in &board.panels {
            let mut before = before.next().map(|p| p.queries.into_iter());
            let mut queries = Vec::with_capacity(panel.queries.len());
            for query in &panel.queries {
                let (ids, unbound) = self.streams_for(&board, panel, query, now);
                let limits = judge::thresholds(panel, query, &self.setup.concepts);
                let mut status = QueryStatus::new(ids, unbound, limits, self.revision);
                if let Some(before) = before.as_mut().and_then(Iterator::next) {
                    status.goes_on(&before);
                }
                queries.push(status);
            }
            panels.push(PanelStatus::new(queries, self.revision));
        }
        let variables = self.beside_streams(&board, now);
        let all: Vec<usize> = (0..panels.len()).collect();
        if let Some(open) = self.open.get_mut(id) {
            open.panels = panels;
            open.variables = variables;
            if anew {
                open.laid_out = self.revision;
                open.since.clear();
            }
        }
        self.update_some(id, &all, now);
        self.update_verdict(id, now);
    }

    fn streams_for(
        &mut self,
        board: &Board,
        panel: &Panel,
        query: &Query,
        now: i64,
    ) -> (Vec<StreamId>, Option<Failure>) {
        if let Some(missing) = query
            .concepts()
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
        let (shape, refresh) = question(board, panel, query);
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
            if !binding::speaks(query, state.spec.langs) {
                if query.source.is_some() {
                    let lang = query.lang.name();
                    unbound = Some(Failure::new("unsupported", "detail", lang));
                }
                continue;
            }
            match self.asked(board, query, &state.bindings) {
                Ok(expr) => {
                    let key = StreamKey {
                        source,
                        expr,
                        shape,
                    };
                    ids.push(self.stream_id(key, refresh, now));
                }
                Err(concept) => unbound = Some(Failure::new("unbound_concept", "concept", concept)),
            }
        }
        (ids, unbound)
    }

    pub(super) fn stream_id(&mut self, key: StreamKey, refresh: i64, now: i64) -> StreamId {
        if let Some(id) = self.ids.get(&key) {
            return *id;
        }
        let id = StreamId(self.next_id);
        self.next_id = self.next_id.wrapping_add(1);
        self.ids.insert(key.clone(), id);
        let memory = self.memory.remove(&key);
        let mut stream = Stream::new(key, refresh, now);
        if let Some(memory) = memory {
            memory.fill(&mut stream, self.revision);
        }
        self.streams.insert(id, stream);
        id
    }
}
