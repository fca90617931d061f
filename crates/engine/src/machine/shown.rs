//! A board that is open, and what a screen sees of it.

use super::{Engine, Verdict};
use crate::panels::{PanelStatus, SinceBook};
use crate::stream::StreamId;
use model::board::Board;
use std::ops::Deref;

/// What is known of a board that is on a screen, will be in a moment, or was a while ago.
#[derive(Debug, Default)]
pub struct OpenBoard {
    pub(super) panels: Vec<PanelStatus>,
    /// Streams that say what its variables can be.
    pub(super) variables: Vec<StreamId>,
    pub(super) since: SinceBook,
    pub(super) verdict: Verdict,
    /// Revision at which it was last laid out: the page must forget what it has.
    pub(super) laid_out: u64,
    /// Revision of the last change of its verdict.
    pub(super) judged: u64,
    /// Its questions are asked.
    pub(super) needed: bool,
    /// When it was last needed, ms.
    pub(super) used_at: i64,
}

impl OpenBoard {
    pub(super) fn new(now: i64) -> Self {
        Self {
            needed: true,
            used_at: now,
            ..Self::default()
        }
    }
}

/// The engine as a screen with a certain board sees it: its board, panels and verdict; everything else is the engine's.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    engine: &'a Engine,
    board: Option<&'a Board>,
    open: Option<&'a OpenBoard>,
}

/// Of a board that is not open: nothing can be said, and least of all that all is well.
static NOTHING: Verdict = Verdict {
    abnormal: Vec::new(),
    unknown: 1,
    data_at: None,
};

impl<'a> Shown<'a> {
    pub(super) fn new(engine: &'a Engine, board: &str) -> Self {
        Self {
            engine,
            board: engine.setup.boards.get(board),
            open: engine.open.get(board),
        }
    }

    /// The board.
    pub fn board(&self) -> Option<&'a Board> {
        self.board
    }

    /// Status of its panels, in their order; none while it is not open.
    pub fn panels(&self) -> &'a [PanelStatus] {
        self.open.map_or(&[], |b| &b.panels)
    }

    /// The answer to "is it well", as far as this board looks.
    pub fn verdict(&self) -> &'a Verdict {
        self.open.map_or(&NOTHING, |b| &b.verdict)
    }

    /// Revisions of the last change of board, sources and verdict.
    pub fn revisions(&self) -> (u64, u64, u64) {
        let sources = self.engine.sources_revision;
        self.open
            .map_or((0, sources, 0), |b| (b.laid_out, sources, b.judged))
    }

    /// Whether every panel that asks something has been answered or has failed: nothing on the screen still loads.
    pub fn is_complete(&self) -> bool {
        self.open.is_some()
            && self
                .panels()
                .iter()
                .all(|p| p.state != crate::panels::State::Loading)
    }
}

impl Deref for Shown<'_> {
    type Target = Engine;

    fn deref(&self) -> &Engine {
        self.engine
    }
}
