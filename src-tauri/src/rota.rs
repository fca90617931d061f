//! What the page may ask of the rota. Each command sends one typed request to the rota's desk and returns its answer.

use crate::commands::{Desk, via};
use desk::rota::RotaAsk;
use tauri::{State, WebviewWindow};
use wire::{
    ContactView, ErrorView, ExportAsk, ExportView, ImportAsk, ImportView, NotesPage, NotesQuery,
    PlanAsk, PlanView, RotaChangeView, RotaEdit, RotaPage, RotaPreview, RotaQuery,
};

/// Everything that the rota's page shows; nothing while nothing is different.
#[tauri::command]
pub async fn rota_page(
    desk: State<'_, Desk>,
    query: RotaQuery,
) -> Result<Option<RotaPage>, ErrorView> {
    let rota = desk.rota().await;
    rota.ask(|reply| RotaAsk::Page(query, reply)).await
}

/// What an edit would do.
#[tauri::command]
pub async fn rota_preview(
    desk: State<'_, Desk>,
    edit: RotaEdit,
    query: RotaQuery,
) -> Result<RotaPreview, ErrorView> {
    let rota = desk.rota().await;
    rota.ask(|reply| RotaAsk::Preview(Box::new(edit), query, reply))
        .await
}

/// Something that a person does; answered when it is on the disk.
#[tauri::command]
pub async fn rota_edit(
    desk: State<'_, Desk>,
    window: WebviewWindow,
    edit: RotaEdit,
) -> Result<(), ErrorView> {
    let (rota, via) = (desk.rota().await, via(&window)?);
    rota.ask(|reply| RotaAsk::Edit(Box::new(edit), via, reply))
        .await
}

/// A plan.
#[tauri::command]
pub async fn rota_plan(desk: State<'_, Desk>, ask: PlanAsk) -> Result<PlanView, ErrorView> {
    let rota = desk.rota().await;
    rota.ask(|reply| RotaAsk::Plan(ask, reply)).await
}

/// The change log.
#[tauri::command]
pub async fn rota_log(
    desk: State<'_, Desk>,
    rota: Option<String>,
    before: Option<i64>,
) -> Result<Vec<RotaChangeView>, ErrorView> {
    let handle = desk.rota().await;
    handle.ask(|reply| RotaAsk::Log(rota, before, reply)).await
}

/// The duty record.
#[tauri::command]
pub async fn rota_notes(desk: State<'_, Desk>, query: NotesQuery) -> Result<NotesPage, ErrorView> {
    let rota = desk.rota().await;
    rota.ask(|reply| RotaAsk::Notes(query, reply)).await
}

/// A person's contacts in full.
#[tauri::command]
pub async fn rota_contact(desk: State<'_, Desk>, person: String) -> Result<ContactView, ErrorView> {
    let rota = desk.rota().await;
    rota.ask(|reply| RotaAsk::Contact(person, reply)).await
}

/// Takes a file in.
#[tauri::command]
pub async fn rota_import(
    desk: State<'_, Desk>,
    window: WebviewWindow,
    ask: ImportAsk,
) -> Result<ImportView, ErrorView> {
    let (rota, via) = (desk.rota().await, via(&window)?);
    rota.ask(|reply| RotaAsk::Import(ask, via, reply)).await
}

/// Writes a file.
#[tauri::command]
pub async fn rota_export(desk: State<'_, Desk>, ask: ExportAsk) -> Result<ExportView, ErrorView> {
    let rota = desk.rota().await;
    rota.ask(|reply| RotaAsk::Export(ask, reply)).await
}
