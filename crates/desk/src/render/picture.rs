//! From the engine's state to the picture of a board.

use super::beside::Beside;
use super::body;
use super::words::{Words, grade};
use chart::panel::{Body, Cell, Picture, Sheet, Theme};
use engine::panels::State;
use engine::{Engine, PanelStatus};
use model::board::{Board, Panel, PanelKind};

/// How the picture is to look.
#[derive(Clone, Debug)]
pub struct How {
    /// Width and height, pixels.
    pub size: (u32, u32),
    /// Colours.
    pub theme: Theme,
    /// Words.
    pub words: Words,
    /// The end of what is shown, ms.
    pub at: i64,
    /// What is shown beside metrics.
    pub beside: Beside,
}

/// The board that the engine shows; one panel alone fills the picture.
pub fn sheet(engine: &Engine, how: &How) -> Sheet {
    let empty = Sheet {
        size: how.size,
        theme: how.theme,
        head: None,
        grid: (1, 1),
        cells: Vec::new(),
    };
    let Some(board) = engine.board() else {
        return empty;
    };
    let picture = |(panel, status)| picture(engine, board, panel, status, how);
    let pictures = board.panels.iter().zip(engine.panels()).map(picture);
    if let [_] = board.panels.as_slice() {
        let cells = pictures.map(|picture| Cell {
            at: (0, 0, 1, 1),
            picture,
        });
        return Sheet {
            cells: cells.collect(),
            ..empty
        };
    }
    let words = &how.words;
    let title = format!(
        "{} · {}",
        words.plain("app.name"),
        words.plain(&board.title)
    );
    let cells = board
        .panels
        .iter()
        .zip(pictures)
        .map(|(panel, picture)| Cell {
            at: (panel.at.x, panel.at.y, panel.at.w, panel.at.h),
            picture,
        });
    Sheet {
        head: Some((title, words.time(how.at))),
        grid: (board.columns, board.rows),
        cells: cells.collect(),
        ..empty
    }
}

fn picture(
    engine: &Engine,
    board: &Board,
    panel: &Panel,
    status: &PanelStatus,
    how: &How,
) -> Picture {
    let words = &how.words;
    let mut notes = Vec::new();
    if status.demo {
        notes.push(words.plain("ui.demo.mark"));
    }
    if let State::Stale(since) = &status.state {
        notes.push(format!(
            "{} {}",
            words.plain("ui.state.stale"),
            words.time(*since)
        ));
    }
    let body = match nothing(panel, status, words) {
        Some(lines) => Body::Words(lines),
        None => body::body(engine, board, panel, status, how),
    };
    Picture {
        title: words.plain(&panel.title),
        subtitle: panel
            .subtitle
            .as_deref()
            .map_or_else(String::new, |key| words.plain(key)),
        grade: grade(status.severity),
        notes,
        body,
    }
}

/// Why there is nothing to be drawn, if there is nothing.
fn nothing(panel: &Panel, status: &PanelStatus, words: &Words) -> Option<Vec<String>> {
    if panel.kind == PanelKind::Text {
        let text = words.plain(panel.text.as_deref().unwrap_or(&panel.title));
        return Some(text.lines().map(str::to_owned).collect());
    }
    match &status.state {
        State::Data | State::Stale(_) => None,
        State::Loading => Some(vec![words.plain("ui.state.no_answer")]),
        State::NoData(None) => Some(vec![
            words.plain("ui.state.no_data"),
            words.plain("ui.state.no_series"),
        ]),
        State::NoData(Some(why)) => Some(vec![words.plain("ui.state.no_data"), words.failure(why)]),
        State::Failed(_, why) => Some(vec![words.plain("ui.state.failed"), words.failure(why)]),
    }
}
