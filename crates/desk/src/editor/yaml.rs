//! A board as the YAML that a person writes: the fields in their usual order, nothing that is as it would be anyway, short things on
//! one line. Where the board has a file already, whatever did not change stays as it was written, its comments included.

mod emit;
mod keep;

use crate::boards::{auto_id, parse};
use emit::{Node, panel_lines, top_lines};
use model::board::Board;
use serde::Serialize;
use std::path::Path;

/// A board's new text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The YAML.
    pub text: String,
    /// Comments that stood inside of what changed and are not in the new text.
    pub comments_lost: usize,
}

/// Why a board could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The model says something that its file cannot (a number that is not finite).
    #[error("the board cannot be written: {0}")]
    NotWritable(String),
    /// What was written reads back as something else; nothing was saved.
    #[error("the written text reads back as another board: {0}")]
    ReadsOtherwise(String),
}

/// `board` as text. `before` is what its file says now.
///
/// # Errors
/// When what was written would not be read back as the same board.
pub fn write(board: &Board, before: Option<&str>) -> Result<Written, WriteError> {
    let kept = before.and_then(|text| {
        let old = read(text).ok()?;
        keep::written(text, &old, board)
    });
    if let Some(written) = kept
        && read(&written.text).is_ok_and(|b| b == *board)
    {
        return Ok(written);
    }
    let mut lines = top_lines(&node(board)?);
    lines.push("panels:".to_owned());
    for panel in &board.panels {
        lines.extend(panel_lines(&node(panel)?, 2));
    }
    let text = lines.join("\n") + "\n";
    let back = read(&text).map_err(|e| WriteError::ReadsOtherwise(e.to_string()))?;
    if back != *board {
        return Err(WriteError::ReadsOtherwise(board.id.clone()));
    }
    let comments_lost = before.map_or(0, |t| t.lines().map(keep::comments).sum());
    Ok(Written {
        text,
        comments_lost,
    })
}

/// The board of a text, with the ids that queries get when they have none; not checked for sense.
fn read(text: &str) -> Result<Board, crate::Problem> {
    let mut board: Board = parse(Path::new("board.yaml"), text)?;
    auto_id(&mut board);
    Ok(board)
}

fn node<T: Serialize>(value: &T) -> Result<Node, WriteError> {
    let refused = |e: serde_json::Error| WriteError::NotWritable(e.to_string());
    // Through JSON's text, because a tree of JSON forgets the order of fields.
    let text = serde_json::to_string(value).map_err(refused)?;
    serde_json::from_str(&text).map_err(refused)
}

#[cfg(test)]
#[path = "yaml_tests.rs"]
mod tests;
