//! What can be said of the panels, and of all together.

use super::{Engine, Verdict};
use crate::panels::{Facts, PanelStatus, State};
use crate::stream::{Stream, StreamId};
use model::board::PanelKind;

impl Engine {
    pub(super) fn update_panels_of(&mut self, id: StreamId, now: i64) {
        let touched: Vec<usize> = (0..self.panels.len())
            .filter(|i| self.panels[*i].reads(id))
            .collect();
        self.update_some(&touched, now);
    }

    pub(super) fn update_panels(&mut self, of: impl Fn(&Stream) -> bool, now: i64) {
        let hit = |p: &PanelStatus| {
            let mut ids = p.queries.iter().flat_map(|q| &q.streams).peekable();
            ids.peek().is_none() || ids.any(|id| self.streams.get(id).is_some_and(&of))
        };
        let touched: Vec<usize> = (0..self.panels.len())
            .filter(|i| hit(&self.panels[*i]))
            .collect();
        self.update_some(&touched, now);
    }

    pub(super) fn update_some(&mut self, touched: &[usize], now: i64) {
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

    pub(super) fn update_verdict(&mut self, now: i64) {
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
        let checks: Vec<&State> = board
            .panels
            .iter()
            .zip(&self.panels)
            .filter(|(p, _)| tiles == (p.kind == PanelKind::Tile) && !p.queries.is_empty())
            .map(|(_, status)| &status.state)
            .collect();
        let lost =
            |s: &&&State| matches!(s, State::Stale(_) | State::Failed(..) | State::NoData(None));
        let unknown = if checks.iter().any(|s| **s == State::Data) {
            // What no source has ever had is not missed.
            checks.iter().filter(lost).count()
        } else {
            // Nothing has been seen at all: nothing can be said, and least of all that all is well.
            checks.len()
        };
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
    pub(super) fn refresh_ages(&mut self, now: i64) {
        let expired = |p: &PanelStatus| p.next_change.is_some_and(|t| t <= now);
        let touched: Vec<usize> = (0..self.panels.len())
            .filter(|i| expired(&self.panels[*i]))
            .collect();
        self.update_some(&touched, now);
    }

    pub(super) fn next_age_change(&self, panel: &PanelStatus) -> Option<i64> {
        panel.next_change
    }
}
