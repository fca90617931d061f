//! Configuration and layout: which streams the open board needs.

use super::{Engine, Setup};
use crate::binding::{self, bind};
use crate::judge;
use crate::panels::{PanelStatus, QueryStatus};
use crate::plan::question;
use crate::stream::{Stream, StreamId, StreamKey};
use crate::{Failure, SourceState};
use model::board::{Board, Panel, Query};
use std::collections::{BTreeMap, BTreeSet};

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
        self.lay_out(now);
    }

    /// Decides which streams the open board needs; those that stay keep their data.
    pub(super) fn lay_out(&mut self, now: i64) {
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
        used.extend(self.beside_streams(&board, now));
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
            match binding::expression(query, &self.setup.concepts, &state.bindings) {
                Ok(expr) => {
                    let expr = self.with_variables(board, expr);
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
}
