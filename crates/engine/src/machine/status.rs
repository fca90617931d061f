//! What can be said of the panels, and of all together.

use super::{Engine, Verdict};
use crate::Remark;
use crate::panels::{Facts, PanelStatus, State};
use crate::stream::{Stream, StreamId};
use model::board::PanelKind;
use std::collections::BTreeMap;

impl Engine {
    pub(super) fn update_panels_of(&mut self, id: StreamId, now: i64) {
        self.update_where(|p, _| p.reads(id), now);
    }

    pub(super) fn update_panels(&mut self, of: impl Fn(&Stream) -> bool, now: i64) {
        self.update_where(
            |p, streams| {
                let mut ids = p.queries.iter().flat_map(|q| &q.streams).peekable();
                ids.peek().is_none() || ids.any(|id| streams.get(id).is_some_and(&of))
            },
            now,
        );
    }

    /// Only boards that are needed: the others are judged anew when they are.
    fn update_where(
        &mut self,
        hit: impl Fn(&PanelStatus, &BTreeMap<StreamId, Stream>) -> bool,
        now: i64,
    ) {
        let mut touched: Vec<(String, Vec<usize>)> = Vec::new();
        for (id, open) in self.open.iter().filter(|(_, b)| b.needed) {
            let which = open.panels.iter().enumerate();
            let which = which.filter(|(_, p)| hit(p, &self.streams));
            let which: Vec<usize> = which.map(|(i, _)| i).collect();
            if !which.is_empty() {
                touched.push((id.clone(), which));
            }
        }
        for (id, which) in touched {
            self.update_some(&id, &which, now);
        }
    }

    pub(super) fn update_some(&mut self, id: &str, touched: &[usize], now: i64) {
        let (Some(board), Some(open)) = (self.setup.boards.get(id), self.open.get_mut(id)) else {
            return;
        };
        let facts = Facts {
            streams: &self.streams,
            sources: &self.sources,
            now,
            revision: self.revision,
        };
        for i in touched {
            if let (Some(status), Some(panel)) = (open.panels.get_mut(*i), board.panels.get(*i)) {
                status.update(panel, &facts);
            }
        }
        if !touched.is_empty() {
            self.update_verdict(id, now);
        }
    }

    pub(super) fn update_verdict(&mut self, id: &str, now: i64) {
        let (Some(board), Some(open)) = (self.setup.boards.get(id), self.open.get_mut(id)) else {
            return;
        };
        let facts = Facts {
            streams: &self.streams,
            sources: &self.sources,
            now,
            revision: self.revision,
        };
        let tiles = board.panels.iter().any(|p| p.kind == PanelKind::Tile);
        let checks: Vec<&PanelStatus> = board
            .panels
            .iter()
            .zip(&open.panels)
            .filter(|(p, _)| tiles == (p.kind == PanelKind::Tile) && !p.queries.is_empty())
            .map(|(_, status)| status)
            .collect();
        let lost = |s: &&&PanelStatus| match s.state {
            State::Stale(_) | State::Failed(..) | State::NoData(None) => true,
            State::Data => s.remarks.iter().any(Remark::is_doubt),
            State::Loading | State::NoData(Some(_)) => false,
        };
        let unknown = if checks.iter().any(|s| s.state == State::Data) {
            // What no source has ever had is not missed.
            checks.iter().filter(lost).count()
        } else {
            // Nothing has been seen at all: nothing can be said, and least of all that all is well.
            checks.len()
        };
        let data_at = open
            .panels
            .iter()
            .filter(|p| matches!(p.state, State::Data | State::Stale(_)))
            .filter_map(PanelStatus::data_at)
            .min();
        let verdict = Verdict {
            abnormal: open.since.collect(&board.panels, &open.panels, &facts),
            unknown: u32::try_from(unknown).unwrap_or(u32::MAX),
            data_at,
        };
        if verdict != open.verdict {
            open.verdict = verdict;
            open.judged = self.revision;
        }
    }

    /// Values leave their budget by time alone.
    pub(super) fn refresh_ages(&mut self, now: i64) {
        self.update_where(|p, _| p.next_change.is_some_and(|t| t <= now), now);
    }
}
