//! The window, and the program's life around it.

use crate::commands::{self, Began, Desk, Handles};
use crate::editor;
use crate::investigation;
use crate::logs;
use crate::machine::{App, Machine};
use crate::popups::Popups;
use crate::reports;
use crate::rota;
use crate::screens::Screens;
use crate::traces;
use crate::tray::{self, Tray};
use crate::walls::{self, Hands, Walls};
use crate::windows::{self, Opening};
use anyhow::Context;
use desk::cli::WallArguments;
use desk::config::Config;
use desk::duty::Window;
use desk::kiosk::{limits, watchdog};
use desk::start::{self, Overrides};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tauri::plugin::TauriPlugin;
use tauri::{AppHandle, Manager, RunEvent, Wry};
use tokio::sync::SetOnce;

/// The last samples must be on the disk by then, or the program ends without them.
const LAST_FLUSH: Duration = Duration::from_secs(5);
/// As in `tauri.conf.json`.
const IDENTIFIER: &str = "cn.shouwang.desk";

/// Shows the wall until its window is closed, a signal comes, or the time given on the command line is over.
pub fn run(arguments: WallArguments, began: Instant) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("no threads")?;
    tauri::async_runtime::set(runtime.handle().clone());
    let desk = Desk::default();
    let kiosk = arguments.kiosk();
    let wanted = first_windows(&arguments);
    let shown = arguments.loaded.config.locale.clone();
    let place = App::default();
    let walls = walls_of(&arguments.loaded.config, kiosk);
    let machine = Machine::start(&place, runtime.handle());
    let (popups, popup_events) = Popups::new(place.clone());
    let listening = popups.clone();
    let first_picture = Arc::new(SetOnce::new());
    let mut builder = tauri::Builder::default();
    // first, so that a second start ends before it has touched anything
    if let Some(plugin) = single_instance(&arguments.loaded.config) {
        builder = builder.plugin(plugin);
    }
    let app = builder
        .plugin(tauri_plugin_notification::init())
        .manage(desk.clone())
        .manage(Began {
            at: began,
            painted: first_picture.clone(),
        })
        .manage(walls.clone())
        .manage(Opening::default())
        .manage(Tray::default())
        .invoke_handler(tauri::generate_handler![
            commands::pull,
            commands::panel_range,
            commands::health,
            commands::open_board,
            commands::choose_variables,
            commands::set_locale,
            commands::set_theme,
            commands::painted,
            commands::wall_command,
            commands::leave_kiosk,
            commands::open_window,
            commands::open_place,
            commands::alerts,
            commands::alerts_changed,
            commands::alert_detail,
            commands::alert_chart,
            investigation::investigate,
            investigation::investigation_picture,
            commands::alert_act,
            commands::alert_preview,
            commands::mutes,
            commands::alert_history,
            commands::alert_figures,
            rota::rota_page,
            rota::rota_preview,
            rota::rota_edit,
            rota::rota_plan,
            rota::rota_log,
            rota::rota_notes,
            rota::rota_contact,
            rota::rota_import,
            rota::rota_export,
            logs::logs_home,
            logs::logs_page,
            logs::logs_reading,
            logs::logs_cancel,
            logs::logs_line,
            logs::logs_histogram,
            logs::logs_facets,
            logs::logs_tail,
            logs::panel_lines,
            logs::logs_patterns,
            logs::logs_numbers,
            logs::logs_complete,
            logs::logs_export,
            logs::logs_view,
            traces::trace_sources,
            traces::trace_names,
            traces::trace_search,
            traces::trace_open,
            traces::trace_rows,
            traces::trace_span,
            traces::trace_find,
            traces::trace_flame,
            traces::trace_statistics,
            traces::trace_compare,
            traces::trace_graph,
            editor::editor_home,
            editor::editor_open,
            editor::editor_draft,
            editor::editor_pull,
            editor::editor_save,
            editor::editor_complete,
            editor::editor_import,
            editor::editor_export,
            reports::reports_page,
            reports::report_make,
            reports::report_open,
            reports::report_save,
            reports::report_send,
        ])
        .setup(move |app| {
            let handle = app.handle();
            for window in wanted {
                windows::open(handle, window)?;
            }
            listening.listen(handle);
            tray::start(handle, &shown);
            // now windows and pop-ups can be asked for; set once: this is the only place
            let _ = place.set(handle.clone());
            Ok(())
        })
        .build(tauri::generate_context!())
        .context("no window system")?;

    let running = Arc::new(Mutex::new(None));
    let (slot, keep) = (desk.0.clone(), running.clone());
    let overrides = Overrides {
        kiosk,
        board: arguments.board,
        incidents: arguments.incidents,
    };
    let around = start::Machine {
        shell: machine,
        popup: Some(popups),
        popup_events,
        first_picture,
    };
    let loaded = arguments.loaded;
    let guard = app.handle().clone();
    let screens = Screens::default();
    runtime.spawn(walls::follow_screens(app.handle().clone()));
    runtime.spawn(screens.clone().keep(app.handle().clone()));
    runtime.spawn(async move {
        let started = start::start(loaded, overrides, around).await;
        // Set once: this is the only place.
        let _ = slot.set(Handles {
            wall: started.handle.clone(),
            duty: started.duty.clone(),
            rota: started.rota.clone(),
            logs: started.logs.clone(),
            traces: started.traces.clone(),
            editor: started.editor.clone(),
            reports: started.reports.clone(),
            investigation: started.investigation.clone(),
        });
        let watched = watchdog::Parts {
            registry: walls.registry().clone(),
            windows: Arc::new(Hands(guard)),
            wall: started.handle.clone(),
            duty: started.duty.clone(),
            limits: limits(&started.config),
            words: started.words(),
        };
        tokio::spawn(watchdog::watch(watched, started.stopping()));
        if let Ok(mut place) = keep.lock() {
            *place = Some(started);
        }
    });
    reclaim::begin();
    runtime.spawn(until_told_to_end(app.handle().clone(), arguments.seconds));
    let code = app.run_return(|_, event| {
        if let RunEvent::ExitRequested { .. } = event {
            tracing::debug!("ending");
        }
    });
    screens.give_back();
    let started = running.lock().ok().and_then(|mut place| place.take());
    if let Some(started) = started {
        // A store that hangs must not keep the program alive.
        let _ = runtime.block_on(async { tokio::time::timeout(LAST_FLUSH, started.stop()).await });
    }
    runtime.shutdown_background();
    Ok(ExitCode::from(u8::try_from(code).unwrap_or(1)))
}

/// The wall's windows as the configuration wants them.
fn walls_of(config: &Config, kiosk: bool) -> Walls {
    Walls::new(desk::kiosk::outputs(config), kiosk)
}

fn first_windows(arguments: &WallArguments) -> Vec<Window> {
    let mut wanted = Vec::new();
    if arguments.desk {
        wanted.push(Window::Desk);
    }
    if arguments.pocket {
        wanted.push(Window::Pocket);
    }
    if wanted.is_empty() {
        wanted.push(Window::Wall);
    }
    wanted
}

/// Two programs over the same data would tell everybody twice. Each data directory has an instance of its own; without one, nothing is shared.
fn single_instance(config: &Config) -> Option<TauriPlugin<Wry>> {
    let data = desk::config::data_dir(config)?;
    let data = std::path::absolute(&data).unwrap_or(data);
    let mut name = format!("{IDENTIFIER}.d");
    for byte in Sha256::digest(data.as_os_str().as_encoded_bytes())
        .iter()
        .take(8)
    {
        // writing to a String cannot fail
        let _ = write!(name, "{byte:02x}");
    }
    let plugin = tauri_plugin_single_instance::Builder::new()
        .dbus_id(name)
        .callback(|app, arguments, _| windows::second_start(app, &arguments))
        .build();
    Some(plugin)
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
