//! The windows: which there are, how they look, what they may.

use crate::page;
use crate::walls::{self, Walls};
use desk::duty::Window;
use parking_lot::Mutex;
use tauri::window::Color;
use tauri::{AppHandle, Manager, Monitor, Runtime, WebviewUrl, WebviewWindowBuilder, WindowEvent};

/// Screens that a takeover covers; each window needs a file of capabilities.
const SCREENS: usize = 6;
/// The page's own ground: no white flash before the first picture.
const GROUND: Color = Color(10, 15, 20, 255);

/// Two threads that open the same window would make one of them fail.
#[derive(Default)]
pub struct Opening(Mutex<()>);

fn label(window: Window) -> &'static str {
    match window {
        Window::Wall => "wall",
        Window::Desk => "desk",
        Window::Pocket => "pocket",
    }
}

/// The head of every window.
pub fn builder<'a, R: Runtime>(
    app: &'a AppHandle<R>,
    label: &str,
    page: &str,
) -> WebviewWindowBuilder<'a, R, AppHandle<R>> {
    WebviewWindowBuilder::new(app, label, WebviewUrl::App(page.into()))
        .background_color(GROUND)
        .on_navigation(|url| url.scheme() == "tauri" || url.host_str() == Some("tauri.localhost"))
}

/// Opens the window, or brings it to the front.
///
/// # Errors
/// When the window system refuses.
pub fn open<R: Runtime>(app: &AppHandle<R>, window: Window) -> tauri::Result<()> {
    let opening = app.state::<Opening>();
    let _one = opening.0.lock();
    let name = label(window);
    step_aside(app);
    if window == Window::Wall {
        return walls::open(app);
    }
    if let Some(there) = app.get_webview_window(name) {
        there.unminimize()?;
        there.show()?;
        return there.set_focus();
    }
    let opened = match window {
        Window::Wall => return Ok(()),
        Window::Desk => builder(app, name, "index.html#desk")
            .title("守望 · 告警台")
            .inner_size(1600.0, 960.0)
            .min_inner_size(960.0, 600.0)
            .center()
            .build()?,
        Window::Pocket => builder(app, name, "index.html#pocket")
            .title("守望 · 掌上告警")
            .inner_size(390.0, 844.0)
            .resizable(false)
            .maximizable(false)
            .build()?,
    };
    page::observe(&opened, app.state::<Walls>().registry());
    Ok(())
}

/// On this screen, as large as it is.
pub fn place<'a, R: Runtime>(
    window: WebviewWindowBuilder<'a, R, AppHandle<R>>,
    screen: &Monitor,
) -> WebviewWindowBuilder<'a, R, AppHandle<R>> {
    let scale = screen.scale_factor();
    let place = screen.position().to_logical::<f64>(scale);
    let size = screen.size().to_logical::<f64>(scale);
    window
        .position(place.x, place.y)
        .inner_size(size.width, size.height)
}

/// Who asks for another window while a takeover stands wants to see it: the takeover stays, but no longer above everything. The next P0
/// brings it up again.
fn step_aside<R: Runtime>(app: &AppHandle<R>) {
    for window in (0..SCREENS).filter_map(|i| app.get_webview_window(&takeover_label(i))) {
        if let Err(error) = window.set_always_on_top(false) {
            tracing::debug!(%error, "a takeover window does not step aside");
        }
    }
}

fn takeover_label(screen: usize) -> String {
    format!("takeover-{screen}")
}

/// While `wanted`, a window stands on every screen; otherwise on none. Called again whenever a screen may have come or gone. `anew`: there is
/// something on it that was not there before, so that it comes to the front.
pub fn takeover<R: Runtime>(app: &AppHandle<R>, wanted: bool, anew: bool) {
    let screens = if wanted { screens(app) } else { Vec::new() };
    for i in 0..SCREENS {
        let name = takeover_label(i);
        let there = app.get_webview_window(&name);
        match (there, screens.get(i)) {
            (None, Some(screen)) => {
                if let Err(error) = cover(app, &name, screen) {
                    tracing::error!(%error, screen = i, "no takeover window");
                }
            }
            (Some(window), None) => {
                if let Err(error) = window.destroy() {
                    tracing::debug!(%error, "takeover window already gone");
                }
            }
            (Some(window), Some(_)) if anew => {
                let raised = window
                    .set_always_on_top(true)
                    .and_then(|()| window.set_focus());
                if let Err(error) = raised {
                    tracing::warn!(%error, "a takeover window stays behind");
                }
            }
            _ => {}
        }
    }
}

fn screens<R: Runtime>(app: &AppHandle<R>) -> Vec<Monitor> {
    app.available_monitors().unwrap_or_else(|error| {
        tracing::error!(%error, "screens cannot be listed");
        Vec::new()
    })
}

fn cover<R: Runtime>(app: &AppHandle<R>, name: &str, screen: &Monitor) -> tauri::Result<()> {
    let window = place(builder(app, name, "index.html#takeover"), screen)
        .title("守望 · P0")
        .decorations(false)
        .resizable(false)
        .skip_taskbar(true)
        .always_on_top(true)
        .visible_on_all_workspaces(true)
        .fullscreen(true)
        .focused(true)
        .build()?;
    page::observe(&window, app.state::<Walls>().registry());
    // it goes away when somebody takes what it shows, and not by the window manager's key
    window.on_window_event(|event| {
        if let WindowEvent::CloseRequested { api, .. } = event {
            api.prevent_close();
        }
    });
    window.set_focus()
}

/// Brings up what a second start of the program asked for; without a wish, what is open.
pub fn second_start<R: Runtime>(app: &AppHandle<R>, arguments: &[String]) {
    let asked = |flag: &str| arguments.iter().any(|a| a == flag);
    let mut wanted = Vec::new();
    if asked("--desk") {
        wanted.push(Window::Desk);
    }
    if asked("--pocket") {
        wanted.push(Window::Pocket);
    }
    if wanted.is_empty() {
        let all = [Window::Wall, Window::Desk, Window::Pocket];
        let open = |w: &Window| match w {
            Window::Wall => walls::is_open(app),
            other => app.get_webview_window(label(*other)).is_some(),
        };
        wanted.push(all.into_iter().find(open).unwrap_or(Window::Wall));
    }
    for window in wanted {
        if let Err(error) = open(app, window) {
            tracing::error!(%error, ?window, "a window could not be opened");
        }
    }
}
