//! What the page may ask of traces. Each command asks one thing and returns its answer.

use crate::commands::Desk;
use tauri::State;
use wire::{
    ErrorView, TraceChoicesView, TraceDiffView, TraceFind, TraceFlameAsk, TraceFlameView,
    TraceFound, TraceGraphAsk, TraceGraphView, TraceHead, TraceListView, TraceOpen, TraceRowsAsk,
    TraceRowsView, TraceSearch, TraceSourceView, TraceSpanView, TraceStatisticsAsk,
    TraceStatisticsView,
};

/// All stores of traces and how they are.
#[tauri::command]
pub async fn trace_sources(desk: State<'_, Desk>) -> Result<Vec<TraceSourceView>, ErrorView> {
    Ok(desk.traces().await.stores())
}

/// The services of a store, or the operations of one of them.
#[tauri::command]
pub async fn trace_names(
    desk: State<'_, Desk>,
    source: Option<String>,
    service: Option<String>,
) -> Result<TraceChoicesView, ErrorView> {
    desk.traces().await.names(source, service).await
}

/// Traces that match.
#[tauri::command]
pub async fn trace_search(
    desk: State<'_, Desk>,
    ask: TraceSearch,
) -> Result<TraceListView, ErrorView> {
    desk.traces().await.search(ask).await
}

/// Opens a trace.
#[tauri::command]
pub async fn trace_open(desk: State<'_, Desk>, ask: TraceOpen) -> Result<TraceHead, ErrorView> {
    desk.traces().await.open(ask).await
}

/// Rows of an open trace.
#[tauri::command]
pub async fn trace_rows(
    desk: State<'_, Desk>,
    ask: TraceRowsAsk,
) -> Result<TraceRowsView, ErrorView> {
    desk.traces().await.rows(&ask)
}

/// Everything about a span.
#[tauri::command]
pub async fn trace_span(
    desk: State<'_, Desk>,
    key: String,
    row: u32,
) -> Result<TraceSpanView, ErrorView> {
    desk.traces().await.span(&key, row)
}

/// Finds spans in an open trace.
#[tauri::command]
pub async fn trace_find(desk: State<'_, Desk>, ask: TraceFind) -> Result<TraceFound, ErrorView> {
    desk.traces().await.find(ask).await
}

/// The flame graph of an open trace.
#[tauri::command]
pub async fn trace_flame(
    desk: State<'_, Desk>,
    ask: TraceFlameAsk,
) -> Result<TraceFlameView, ErrorView> {
    desk.traces().await.flame(ask).await
}

/// Statistics of an open trace.
#[tauri::command]
pub async fn trace_statistics(
    desk: State<'_, Desk>,
    ask: TraceStatisticsAsk,
) -> Result<TraceStatisticsView, ErrorView> {
    desk.traces().await.statistics(ask).await
}

/// Two traces beside each other.
#[tauri::command]
pub async fn trace_compare(
    desk: State<'_, Desk>,
    first: TraceOpen,
    second: TraceOpen,
) -> Result<TraceDiffView, ErrorView> {
    desk.traces().await.compare(first, second).await
}

/// Who calls whom.
#[tauri::command]
pub async fn trace_graph(
    desk: State<'_, Desk>,
    ask: TraceGraphAsk,
) -> Result<TraceGraphView, ErrorView> {
    desk.traces().await.graph(ask).await
}
