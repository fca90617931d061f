//! The window, and the program's life around it.

use crate::commands::{self, Began, Desk};
use anyhow::Context;
use desk::cli::WallArguments;
use desk::start::{self, Machine, Overrides};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, Once};
use std::time::{Duration, Instant};
use tauri::{AppHandle, Manager, RunEvent, WebviewUrl, WebviewWindowBuilder};

/// The last samples must be on the disk by then, or the program ends without them.
const LAST_FLUSH: Duration = Duration::from_secs(5);

/// Shows the wall until its window is closed, a signal comes, or the time given on the command line is over.
pub fn run(arguments: WallArguments, began: Instant) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("no threads")?;
    tauri::async_runtime::set(runtime.handle().clone());
    let desk = Desk::default();
    let running = Arc::new(Mutex::new(None));
    let kiosk = arguments.kiosk();
    let (slot, keep) = (desk.0.clone(), running.clone());
    let loaded = arguments.loaded;
    let overrides = Overrides {
        kiosk,
        board: arguments.board,
        incidents: arguments.incidents,
    };
    runtime.spawn(async move {
        let started = start::start(loaded, overrides, Machine::none()).await;
        // Set once: this is the only place.
        let _ = slot.set((started.handle.clone(), started.duty.clone()));
        if let Ok(mut place) = keep.lock() {
            *place = Some(started);
        }
    });
    let app = tauri::Builder::default()
        .manage(desk)
        .manage(Began {
            at: began,
            painted: Once::new(),
        })
        .invoke_handler(tauri::generate_handler![
            commands::pull,
            commands::panel_range,
            commands::health,
            commands::open_board,
            commands::set_locale,
            commands::set_theme,
            commands::painted,
            commands::alerts,
            commands::alert_detail,
            commands::alert_chart,
            commands::alert_act,
            commands::alert_preview,
            commands::mutes,
            commands::alert_history,
            commands::alert_figures,
        ])
        .setup(move |app| Ok(open_wall(app.handle(), kiosk)?))
        .build(tauri::generate_context!())
        .context("no window system")?;
    runtime.spawn(until_told_to_end(app.handle().clone(), arguments.seconds));
    let code = app.run_return(|_, event| {
        if let RunEvent::ExitRequested { .. } = event {
            tracing::debug!("ending");
        }
    });
    let started = running.lock().ok().and_then(|mut place| place.take());
    if let Some(started) = started {
        // A store that hangs must not keep the program alive.
        let _ = runtime.block_on(async { tokio::time::timeout(LAST_FLUSH, started.stop()).await });
    }
    runtime.shutdown_background();
    Ok(ExitCode::from(u8::try_from(code).unwrap_or(1)))
}

fn open_wall(app: &AppHandle, kiosk: bool) -> tauri::Result<()> {
    let window = WebviewWindowBuilder::new(app, "wall", WebviewUrl::App("index.html".into()))
        .title("守望")
        .inner_size(1920.0, 1080.0)
        // The wall's own ground: no white flash before the first picture.
        .background_color(tauri::window::Color(10, 15, 20, 255))
        .on_navigation(|url| url.scheme() == "tauri" || url.host_str() == Some("tauri.localhost"))
        .fullscreen(kiosk)
        .decorations(!kiosk)
        .always_on_top(kiosk)
        .maximized(!kiosk);
    window.build()?;
    Ok(())
}

async fn until_told_to_end(app: AppHandle, seconds: Option<u64>) {
    let over = async {
        match seconds {
            Some(s) => tokio::time::sleep(Duration::from_secs(s)).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = over => {}
        () = signal() => {}
    }
    // Windows first, so that the page is gone before its host.
    for window in app.webview_windows().values() {
        if let Err(e) = window.destroy() {
            tracing::debug!(error = %e, "window already gone");
        }
    }
    app.exit(0);
}

#[cfg(unix)]
async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut term), Ok(mut int)) = (
        signal(SignalKind::terminate()),
        signal(SignalKind::interrupt()),
    ) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
}

#[cfg(not(unix))]
async fn signal() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending().await
    }
}
