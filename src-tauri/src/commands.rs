//! What the page may ask. Each command sends one typed request to the desk and returns its answer.

use desk::Handle;
use desk::core::{Look, Zoom};
use std::sync::Arc;
use std::time::Instant;
use tauri::State;
use tauri::ipc::Response;
use tokio::sync::SetOnce;
use wire::{ErrorView, HealthView};

/// The desk, as soon as it has started; the page may be there first.
#[derive(Clone, Default)]
pub struct Desk(pub Arc<SetOnce<Handle>>);

impl Desk {
    async fn handle(&self) -> &Handle {
        self.0.wait().await
    }
}

/// When the program began, and whether the first picture has been reported.
pub struct Began {
    /// Start of the process.
    pub at: Instant,
    /// Set by the first report.
    pub painted: std::sync::Once,
}

/// The frame with everything new since `cursor`.
#[tauri::command]
pub async fn pull(desk: State<'_, Desk>, cursor: u64) -> Result<Response, ErrorView> {
    desk.handle().await.pull(cursor).await.map(Response::new)
}

/// Finer points of one panel between two times (ms).
#[tauri::command]
pub async fn panel_range(
    desk: State<'_, Desk>,
    panel: String,
    from: f64,
    to: f64,
    points: u32,
) -> Result<Response, ErrorView> {
    let zoom = Zoom {
        panel,
        from: from as i64,
        to: to as i64,
        points,
    };
    desk.handle().await.zoom(zoom).await.map(Response::new)
}

/// The health page.
#[tauri::command]
pub async fn health(desk: State<'_, Desk>) -> Result<HealthView, ErrorView> {
    desk.handle().await.health().await
}

/// Shows another board.
#[tauri::command]
pub async fn open_board(desk: State<'_, Desk>, board: String) -> Result<(), ErrorView> {
    desk.handle().await.open(board).await
}

/// Another language.
#[tauri::command]
pub async fn set_locale(desk: State<'_, Desk>, locale: String) -> Result<(), ErrorView> {
    desk.handle().await.look(Look::Locale(locale)).await;
    Ok(())
}

/// Another theme.
#[tauri::command]
pub async fn set_theme(desk: State<'_, Desk>, theme: String) -> Result<(), ErrorView> {
    desk.handle().await.look(Look::Theme(theme)).await;
    Ok(())
}

/// The page has painted this many panels with data: sent once after the first of them, then as a sign of life.
#[tauri::command(async)]
pub fn painted(began: State<'_, Began>, panels: u32) {
    began.painted.call_once(|| {
        tracing::info!(
            "first_paint ms={} panels={panels}",
            began.at.elapsed().as_millis()
        );
    });
    tracing::debug!(panels, "painted");
}
