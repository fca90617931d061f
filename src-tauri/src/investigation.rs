//! What the page may ask about everything around an alert.

use crate::commands::Desk;
use model::duty::AlertId;
use tauri::State;
use wire::{ErrorView, ExportView, InvestigationView};

/// Everything that may explain an alert.
#[tauri::command]
pub async fn investigate(desk: State<'_, Desk>, id: i64) -> Result<InvestigationView, ErrorView> {
    desk.investigation().await.investigate(AlertId(id)).await
}

/// The same as a picture, written to a file.
#[tauri::command]
pub async fn investigation_picture(
    desk: State<'_, Desk>,
    id: i64,
    locale: String,
) -> Result<ExportView, ErrorView> {
    let gathers = desk.investigation().await;
    gathers.picture(AlertId(id), &locale).await
}
