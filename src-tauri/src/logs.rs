//! What the page may ask of logs. Each command sends one typed request and returns its answer.

use crate::commands::Desk;
use tauri::{State, WebviewWindow};
use wire::{
    ErrorView, LogCompleteAsk, LogCompletion, LogDetailView, LogExportAsk, LogExportView,
    LogFacetsAsk, LogFacetsView, LogHistogramAsk, LogHistogramView, LogNumbersAsk, LogNumbersView,
    LogPageAsk, LogPageView, LogPatternsAsk, LogPatternsView, LogReadingView, LogSavedView,
    LogTailAsk, LogTailView, LogViewEdit, LogsHome,
};

/// Stores, boards, kept views.
#[tauri::command]
pub async fn logs_home(desk: State<'_, Desk>) -> Result<LogsHome, ErrorView> {
    Ok(desk.logs().await.home().await)
}

/// How far a slow store has read.
#[tauri::command]
pub async fn logs_reading(
    desk: State<'_, Desk>,
    store: Option<String>,
) -> Result<Option<LogReadingView>, ErrorView> {
    desk.logs().await.reading(store.as_deref())
}

/// Gives up what a place of the page has asked.
#[tauri::command]
pub async fn logs_cancel(desk: State<'_, Desk>, lane: String) -> Result<(), ErrorView> {
    desk.logs().await.cancel(&lane);
    Ok(())
}

/// One line as a whole.
#[tauri::command]
pub async fn logs_line(
    desk: State<'_, Desk>,
    store: Option<String>,
    place: String,
) -> Result<LogDetailView, ErrorView> {
    desk.logs().await.line(store, place).await
}

/// Keeps or forgets a view.
#[tauri::command]
pub async fn logs_view(
    desk: State<'_, Desk>,
    edit: LogViewEdit,
) -> Result<Vec<LogSavedView>, ErrorView> {
    desk.logs().await.edit_views(edit).await
}

/// A page of lines.
#[tauri::command]
pub async fn logs_page(desk: State<'_, Desk>, ask: LogPageAsk) -> Result<LogPageView, ErrorView> {
    desk.logs().await.page(ask).await
}

/// Lines by time and level.
#[tauri::command]
pub async fn logs_histogram(
    desk: State<'_, Desk>,
    ask: LogHistogramAsk,
) -> Result<LogHistogramView, ErrorView> {
    desk.logs().await.histogram(ask).await
}

/// The most frequent values of fields.
#[tauri::command]
pub async fn logs_facets(
    desk: State<'_, Desk>,
    ask: LogFacetsAsk,
) -> Result<LogFacetsView, ErrorView> {
    desk.logs().await.facets(ask).await
}

/// What has arrived since a mark.
#[tauri::command]
pub async fn logs_tail(desk: State<'_, Desk>, ask: LogTailAsk) -> Result<LogTailView, ErrorView> {
    desk.logs().await.tail(ask).await
}

/// The newest lines of a board's log stream: which ones is said by the board, so that the wall needs no other right to logs.
#[tauri::command]
pub async fn panel_lines(
    window: WebviewWindow,
    desk: State<'_, Desk>,
    board: String,
    panel: String,
    mark: Option<String>,
) -> Result<LogTailView, ErrorView> {
    let lane = format!("{}/{panel}", window.label());
    let query = desk.handle().await.stream(board, panel).await?;
    desk.logs().await.stream(&lane, query, mark).await
}

/// Similar lines folded.
#[tauri::command]
pub async fn logs_patterns(
    desk: State<'_, Desk>,
    ask: LogPatternsAsk,
) -> Result<LogPatternsView, ErrorView> {
    desk.logs().await.patterns(ask).await
}

/// A number's size by the values of a field.
#[tauri::command]
pub async fn logs_numbers(
    desk: State<'_, Desk>,
    ask: LogNumbersAsk,
) -> Result<LogNumbersView, ErrorView> {
    desk.logs().await.numbers(ask).await
}

/// What could be typed next, and what is wrong with a query.
#[tauri::command]
pub async fn logs_complete(
    desk: State<'_, Desk>,
    ask: LogCompleteAsk,
) -> Result<LogCompletion, ErrorView> {
    desk.logs().await.complete(ask).await
}

/// Writes lines into a file.
#[tauri::command]
pub async fn logs_export(
    desk: State<'_, Desk>,
    ask: LogExportAsk,
) -> Result<LogExportView, ErrorView> {
    desk.logs().await.export(ask).await
}
