//! What the page may ask. Each command sends one typed request to the desk and returns its answer.

use crate::walls::{self, Walls};
use crate::windows;
use desk::Handle;
use desk::core::{Look, Zoom};

use desk::duty::{DutyHandle, Message, Window};
use desk::editor::EditorHandle;
use desk::investigation::Investigator;
use desk::kiosk::screen_of;
use desk::logs::LogsHandle;
use desk::reports::ReportsHandle;
use desk::rota::RotaHandle;
use desk::traces::TracesHandle;
use model::duty::{AlertId, Via};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;
use tauri::ipc::Response;
use tauri::{AppHandle, State, WebviewWindow};
use tokio::sync::SetOnce;
use wire::{
    AlertAct, AlertChart, AlertDetail, AlertPage, AlertQuery, ErrorCode, ErrorView, FiguresView,
    HealthView, HistoryPage, HistoryQuery, LeaveAnswer, LeaveView, MatcherView, MuteView,
    PreviewView, ReadyBoard, WallCommand,
};

/// The desk, as soon as it has started; the page may be there first.
#[derive(Clone, Default)]
pub struct Desk(pub Arc<SetOnce<Handles>>);

/// Whom the commands ask.
#[derive(Debug)]
pub struct Handles {
    /// The wall.
    pub wall: Handle,
    /// The alert desk.
    pub duty: DutyHandle,
    /// The rota.
    pub rota: RotaHandle,
    /// The logs.
    pub logs: LogsHandle,
    /// The traces.
    pub traces: TracesHandle,
    /// The editor of boards.
    pub editor: EditorHandle,
    /// The reports.
    pub reports: ReportsHandle,
    /// Who gathers what explains an alert.
    pub investigation: Investigator,
}

impl Desk {
    pub(crate) async fn handle(&self) -> &Handle {
        &self.0.wait().await.wall
    }

    pub(crate) async fn duty(&self) -> &DutyHandle {
        &self.0.wait().await.duty
    }

    pub(crate) async fn rota(&self) -> &RotaHandle {
        &self.0.wait().await.rota
    }

    pub(crate) async fn investigation(&self) -> &Investigator {
        &self.0.wait().await.investigation
    }

    pub(crate) async fn traces(&self) -> &TracesHandle {
        &self.0.wait().await.traces
    }

    pub(crate) async fn editor(&self) -> &EditorHandle {
        &self.0.wait().await.editor
    }

    pub(crate) async fn reports(&self) -> &ReportsHandle {
        &self.0.wait().await.reports
    }

    pub(crate) async fn logs(&self) -> &LogsHandle {
        &self.0.wait().await.logs
    }
}

/// By which window somebody acts. The wall only reads.
pub(crate) fn via(window: &WebviewWindow) -> Result<Via, ErrorView> {
    match window.label() {
        "desk" => Ok(Via::Desk),
        "pocket" => Ok(Via::Pocket),
        label if label.starts_with("takeover") => Ok(Via::Takeover),
        _ => Err(ErrorView::new(ErrorCode::ReadOnly)),
    }
}

/// A window that a page may ask for.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WindowKind {
    /// 大屏
    Wall,
    /// 告警台
    Desk,
    /// 掌上告警
    Pocket,
}

/// When the program began, and whether the first picture has been reported.
pub struct Began {
    /// Start of the process.
    pub at: Instant,
    /// Set by the first report; what could wait for the picture goes on then.
    pub painted: Arc<SetOnce<()>>,
}

/// The frame with everything new since `cursor`.
#[tauri::command]
pub async fn pull(
    desk: State<'_, Desk>,
    walls: State<'_, Walls>,
    window: WebviewWindow,
    cursor: u64,
    painted: u64,
    hidden: bool,
    ready: Vec<ReadyBoard>,
) -> Result<Response, ErrorView> {
    hear(&walls, &window, painted, hidden);
    let screen = screen(&window);
    let frame = desk.handle().await.pull_with(screen, cursor, ready).await;
    frame.map(Response::new)
}

/// The page of this window lives: it has painted so many pictures.
fn hear(walls: &Walls, window: &WebviewWindow, pictures: u64, hidden: bool) {
    let now = desk::clock::instant();
    walls
        .registry()
        .painted(window.label(), pictures, hidden, now);
}

/// The index of the wall's screen that a window is.
fn screen(window: &WebviewWindow) -> usize {
    screen_of(window.label()).unwrap_or(0)
}

/// What a key of the wall's keyboard does.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WallKey {
    /// The next board.
    Next,
    /// The board before.
    Previous,
    /// Stay.
    Pause,
    /// Go on.
    Resume,
}

/// Another board of this screen's rotation, or a stop.
#[tauri::command]
pub async fn wall_command(
    desk: State<'_, Desk>,
    window: WebviewWindow,
    what: WallKey,
) -> Result<(), ErrorView> {
    let screen = Some((screen(&window) + 1).to_string());
    let command = match what {
        WallKey::Next => WallCommand::Next { screen },
        WallKey::Previous => WallCommand::Previous { screen },
        WallKey::Pause => WallCommand::Pause { screen },
        WallKey::Resume => WallCommand::Resume { screen },
    };
    desk.handle().await.wall(command).await
}

/// Leaves full screen, with the PIN where one is set.
#[tauri::command]
pub async fn leave_kiosk(
    app: AppHandle,
    desk: State<'_, Desk>,
    pin: String,
) -> Result<LeaveView, ErrorView> {
    let view = desk.handle().await.leave(pin).await;
    if view.answer == LeaveAnswer::Left {
        walls::leave(&app);
    }
    Ok(view)
}

/// Finer points of one panel between two times (ms).
#[tauri::command]
pub async fn panel_range(
    desk: State<'_, Desk>,
    window: WebviewWindow,
    panel: String,
    from: f64,
    to: f64,
    points: u32,
) -> Result<Response, ErrorView> {
    let zoom = Zoom {
        screen: screen(&window),
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
pub async fn open_board(
    desk: State<'_, Desk>,
    window: WebviewWindow,
    board: String,
) -> Result<(), ErrorView> {
    desk.handle().await.open(screen(&window), board).await
}

/// Values for a board's variables; none for everything. A kiosk refuses.
#[tauri::command]
pub async fn choose_variables(
    desk: State<'_, Desk>,
    board: String,
    values: BTreeMap<String, Vec<String>>,
) -> Result<(), ErrorView> {
    desk.handle().await.choose(board, values).await
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

/// The page has painted this many panels with data, in so many pictures: sent once after the first of them, then as a sign of life.
#[tauri::command(async)]
pub fn painted(
    began: State<'_, Began>,
    walls: State<'_, Walls>,
    window: WebviewWindow,
    panels: u32,
    pictures: u64,
    hidden: bool,
) {
    hear(&walls, &window, pictures, hidden);
    if began.painted.set(()).is_ok() {
        tracing::info!(
            "first_paint ms={} panels={panels}",
            began.at.elapsed().as_millis()
        );
    }
    tracing::debug!(panels, "painted");
}

/// Opens the desk at one of its pages: logs with a query, traces of a service.
#[tauri::command]
pub async fn open_place(
    app: AppHandle,
    desk: State<'_, Desk>,
    page: String,
    query: String,
) -> Result<(), ErrorView> {
    desk.duty().await.send(Message::Place(page, query)).await;
    show(app, Window::Desk).await
}

/// Opens a window, or brings it to the front; the desk shows the alert, if one is named.
#[tauri::command]
pub async fn open_window(
    app: AppHandle,
    desk: State<'_, Desk>,
    kind: WindowKind,
    alert: Option<i64>,
) -> Result<(), ErrorView> {
    if let Some(alert) = alert {
        let wanted = Message::Want(AlertId(alert));
        desk.duty().await.send(wanted).await;
    }
    let window = match kind {
        WindowKind::Wall => Window::Wall,
        WindowKind::Desk => Window::Desk,
        WindowKind::Pocket => Window::Pocket,
    };
    show(app, window).await
}

async fn show(app: AppHandle, window: Window) -> Result<(), ErrorView> {
    let opened = tokio::task::spawn_blocking(move || windows::open(&app, window)).await;
    match opened {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(ErrorView::new(ErrorCode::Internal).with("detail", error)),
        Err(error) => Err(ErrorView::new(ErrorCode::Internal).with("detail", error)),
    }
}

/// A part of the alert list.
#[tauri::command]
pub async fn alerts(desk: State<'_, Desk>, query: AlertQuery) -> Result<AlertPage, ErrorView> {
    desk.duty().await.list(query).await
}

/// Answers when the list is another than this one, or after a while; a hint to ask for it.
#[tauri::command]
pub async fn alerts_changed(desk: State<'_, Desk>, cursor: u64) -> Result<u64, ErrorView> {
    Ok(desk.duty().await.changed(cursor).await)
}

/// Everything about an episode.
#[tauri::command]
pub async fn alert_detail(desk: State<'_, Desk>, id: i64) -> Result<AlertDetail, ErrorView> {
    desk.duty().await.detail(AlertId(id)).await
}

/// The metric around an episode's firing.
#[tauri::command]
pub async fn alert_chart(desk: State<'_, Desk>, id: i64) -> Result<AlertChart, ErrorView> {
    desk.duty().await.chart(AlertId(id)).await
}

/// Something that a person does; answered when it is on the disk.
#[tauri::command]
pub async fn alert_act(
    desk: State<'_, Desk>,
    window: WebviewWindow,
    act: AlertAct,
) -> Result<(), ErrorView> {
    desk.duty().await.act(act, via(&window)?).await
}

/// What a silence would hold.
#[tauri::command]
pub async fn alert_preview(
    desk: State<'_, Desk>,
    matchers: Vec<MatcherView>,
) -> Result<PreviewView, ErrorView> {
    desk.duty().await.preview(matchers).await
}

/// Silences and maintenance windows.
#[tauri::command]
pub async fn mutes(desk: State<'_, Desk>) -> Result<Vec<MuteView>, ErrorView> {
    desk.duty().await.mutes().await
}

/// The past.
#[tauri::command]
pub async fn alert_history(
    desk: State<'_, Desk>,
    query: HistoryQuery,
) -> Result<HistoryPage, ErrorView> {
    desk.duty().await.history(query).await
}

/// MTTA, MTTR, limits kept.
#[tauri::command]
pub async fn alert_figures(desk: State<'_, Desk>, weeks: u32) -> Result<FiguresView, ErrorView> {
    desk.duty().await.figures(weeks).await
}
