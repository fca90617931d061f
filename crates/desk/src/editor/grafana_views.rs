//! What crate `grafana` says, in the page's words.

use grafana::{Imported, Loss, Refused};
use model::board::Board;
use serde_json::Value;
use wire::{EditorImported, EditorLoss, EditorReason};

pub(super) fn losses(all: &[Loss]) -> Vec<EditorLoss> {
    all.iter()
        .map(|loss| EditorLoss {
            panel: loss.panel.clone(),
            path: loss.path.clone(),
            reason: EditorReason {
                code: loss.kind.code().to_owned(),
                params: loss.kind.params(),
            },
            whole: loss.kind.costs_the_panel(),
        })
        .collect()
}

pub(super) fn json(board: &Board) -> Value {
    // A board is plain data: nothing in it can fail to become JSON.
    serde_json::to_value(board).unwrap_or_default()
}

pub(super) fn imported(result: Result<Imported, Refused>) -> EditorImported {
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    match result {
        Ok(imported) => EditorImported {
            refused: None,
            boards: imported.boards.iter().map(json).collect(),
            found: count(imported.found),
            taken: count(imported.taken),
            losses: losses(&imported.losses),
            title: imported.title,
        },
        Err(refused) => EditorImported {
            refused: Some(EditorReason {
                code: refused.code().to_owned(),
                params: refused.params(),
            }),
            title: String::new(),
            boards: Vec::new(),
            found: 0,
            taken: 0,
            losses: Vec::new(),
        },
    }
}
