//! What the page may ask of the editor of boards. Each command asks one thing and returns its answer.

use crate::commands::Desk;
use serde_json::Value;
use tauri::State;
use tauri::ipc::Response;
use wire::{
    EditorCompleteAsk, EditorCompletion, EditorExported, EditorHome, EditorImported, EditorOpened,
    EditorProblem, EditorSave, EditorSaved, ErrorView,
};

/// Boards, concepts, sources.
#[tauri::command]
pub async fn editor_home(desk: State<'_, Desk>) -> Result<EditorHome, ErrorView> {
    desk.editor().await.home().await
}

/// A board to be edited.
#[tauri::command]
pub async fn editor_open(desk: State<'_, Desk>, id: String) -> Result<EditorOpened, ErrorView> {
    desk.editor().await.open(id).await
}

/// Checks a draft, and shows it if it is to be shown.
#[tauri::command]
pub async fn editor_draft(
    desk: State<'_, Desk>,
    board: Value,
    show: bool,
) -> Result<Vec<EditorProblem>, ErrorView> {
    desk.editor().await.draft(board, show).await
}

/// The frame of the draft's picture since `cursor`.
#[tauri::command]
pub async fn editor_pull(desk: State<'_, Desk>, cursor: u64) -> Result<Response, ErrorView> {
    desk.editor().await.pull(cursor).await.map(Response::new)
}

/// Writes a board's file.
#[tauri::command]
pub async fn editor_save(desk: State<'_, Desk>, ask: EditorSave) -> Result<EditorSaved, ErrorView> {
    desk.editor().await.save(ask).await
}

/// What could be typed next in a query.
#[tauri::command]
pub async fn editor_complete(
    desk: State<'_, Desk>,
    ask: EditorCompleteAsk,
) -> Result<EditorCompletion, ErrorView> {
    desk.editor().await.complete(ask).await
}

/// A dashboard of Grafana as boards.
#[tauri::command]
pub async fn editor_import(
    desk: State<'_, Desk>,
    text: String,
) -> Result<EditorImported, ErrorView> {
    desk.editor().await.import(text).await
}

/// Writes a board as a dashboard of Grafana.
#[tauri::command]
pub async fn editor_export(
    desk: State<'_, Desk>,
    board: Value,
    locale: String,
) -> Result<EditorExported, ErrorView> {
    desk.editor().await.export(board, locale).await
}
