//! What the desk sees of this machine: it says how things are, and threads of our own make windows and tray so.

use crate::{tray, windows};
use desk::duty::{Shell, ShellState, Window};
use model::duty::AlertId;
use std::sync::Arc;
use std::time::Duration;
use tauri::AppHandle;
use tokio::sync::{SetOnce, mpsc, watch};

/// Screens that came or went are noticed this often while a takeover stands.
const LOOK_AT_SCREENS: Duration = Duration::from_secs(2);
/// Windows asked for and not yet opened.
const QUEUE: usize = 16;

/// The window system, as soon as it is there.
pub type App = Arc<SetOnce<AppHandle>>;

/// The shell. What it is told is kept, and carried out when there is a window system; only the newest state matters.
pub struct Machine {
    state: watch::Sender<ShellState>,
    show: mpsc::Sender<Window>,
}

impl Machine {
    /// Begins to carry out, on `runtime`, what it will be told.
    pub fn start(app: &App, runtime: &tokio::runtime::Handle) -> Arc<Self> {
        let (state, states) = watch::channel(ShellState::default());
        let (show, shows) = mpsc::channel(QUEUE);
        runtime.spawn(follow(Arc::clone(app), states));
        runtime.spawn(open(Arc::clone(app), shows));
        Arc::new(Self { state, show })
    }
}

impl Shell for Machine {
    fn update(&self, state: &ShellState) {
        self.state.send_replace(state.clone());
    }

    fn show(&self, window: Window, _: Option<AlertId>) {
        // which alert the page shows is told to it by the desk
        if self.show.try_send(window).is_err() {
            tracing::warn!(?window, "too many windows were asked for");
        }
    }
}

/// Brings the takeover windows and the tray in line with the newest state.
async fn follow(app: App, mut states: watch::Receiver<ShellState>) {
    let app = app.wait().await;
    let mut seen: Vec<AlertId> = Vec::new();
    loop {
        let state = states.borrow_and_update().clone();
        let takeover = !state.takeover.is_empty();
        let anew = state.takeover.iter().any(|id| !seen.contains(id));
        seen.clone_from(&state.takeover);
        let handle = app.clone();
        // the window system answers when its own thread has time
        let done = tokio::task::spawn_blocking(move || {
            windows::takeover(&handle, takeover, anew);
            tray::update(&handle, &state);
        });
        if done.await.is_err() {
            tracing::error!("windows could not be brought in line");
        }
        tokio::select! {
            changed = states.changed() => if changed.is_err() { return },
            () = tokio::time::sleep(LOOK_AT_SCREENS), if takeover => {}
        }
    }
}

async fn open(app: App, mut shows: mpsc::Receiver<Window>) {
    let app = app.wait().await;
    while let Some(window) = shows.recv().await {
        let handle = app.clone();
        let opened = tokio::task::spawn_blocking(move || windows::open(&handle, window)).await;
        if !matches!(opened, Ok(Ok(()))) {
            tracing::error!(?window, ?opened, "a window could not be opened");
        }
    }
}
