//! What the page may ask of reports. Each command asks one thing and returns its answer.

use crate::commands::Desk;
use tauri::State;
use wire::{ErrorView, ReportMake, ReportSaved, ReportSheet, ReportsPage};

/// Which reports there are, what comes when, what is being made.
#[tauri::command]
pub async fn reports_page(desk: State<'_, Desk>) -> Result<ReportsPage, ErrorView> {
    desk.reports().await.page().await
}

/// Begins to make one.
#[tauri::command]
pub async fn report_make(desk: State<'_, Desk>, ask: ReportMake) -> Result<(), ErrorView> {
    desk.reports().await.make(&ask)
}

/// One of them as it was written.
#[tauri::command]
pub async fn report_open(desk: State<'_, Desk>, id: String) -> Result<ReportSheet, ErrorView> {
    desk.reports().await.open(id).await
}

/// Copies its files to where they can be fetched.
#[tauri::command]
pub async fn report_save(desk: State<'_, Desk>, id: String) -> Result<ReportSaved, ErrorView> {
    desk.reports().await.save(id).await
}

/// Mails it to the confirmed receivers.
#[tauri::command]
pub async fn report_send(
    desk: State<'_, Desk>,
    id: String,
    to: Vec<String>,
) -> Result<(), ErrorView> {
    desk.reports().await.send(id, to).await
}
