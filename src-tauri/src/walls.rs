//! The wall's windows: one for each output, placed by us, remembered by the output's name; replaced and brought back for the watchdog.

use crate::page;
use crate::screens;
use crate::windows::{builder, place};
use desk::kiosk::watchdog::Windows;
use desk::kiosk::{MOST_SCREENS, Output, Registry, label_of, screen_of};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tauri::{AppHandle, Manager, Monitor, Runtime, WebviewWindow, WindowEvent};

/// How the wall was started, and what stands where.
#[derive(Clone, Debug, Default)]
pub struct Walls(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    outputs: Vec<Output>,
    kiosk: AtomicBool,
    registry: Registry,
    /// Where each window was put: x, y, width, height in pixels.
    placed: Mutex<BTreeMap<String, Spot>>,
}

type Spot = (i32, i32, u32, u32);

impl Walls {
    /// With the windows that the configuration wants.
    pub fn new(mut outputs: Vec<Output>, kiosk: bool) -> Self {
        // The check of the configuration has told it.
        outputs.truncate(MOST_SCREENS);
        Self(Arc::new(Inner {
            outputs,
            kiosk: AtomicBool::new(kiosk),
            ..Inner::default()
        }))
    }

    /// All pages, for the watchdog.
    pub fn registry(&self) -> &Registry {
        &self.0.registry
    }

    /// Full screen, without cursor or frame.
    pub fn is_kiosk(&self) -> bool {
        self.0.kiosk.load(Ordering::Relaxed)
    }
}

fn spot(monitor: &Monitor) -> Spot {
    let (at, size) = (monitor.position(), monitor.size());
    (at.x, at.y, size.width, size.height)
}

/// What has to be known of a screen to choose one.
#[derive(Clone, Copy, Debug)]
struct Candidate<'a> {
    name: Option<&'a str>,
    at: (i32, i32),
    primary: bool,
}

/// The screen of an output: by its name, or by its number from 1, from left to right and from top to bottom. An output without a name
/// is a kiosk's only one: the primary screen, else the first. An ordinary window stays where its person has put it.
fn choose(all: &[Candidate<'_>], name: &str, kiosk: bool) -> Option<usize> {
    let mut sorted: Vec<usize> = (0..all.len()).collect();
    sorted.sort_by_key(|i| all[*i].at);
    if name.is_empty() {
        let primary = all.iter().position(|c| c.primary);
        return primary.or(sorted.first().copied()).filter(|_| kiosk);
    }
    let named = all.iter().position(|c| c.name == Some(name));
    named.or_else(|| {
        let number = name.parse::<usize>().ok()?.checked_sub(1)?;
        sorted.get(number).copied()
    })
}

fn find<'a>(
    monitors: &'a [Monitor],
    primary: Option<&Monitor>,
    name: &str,
    kiosk: bool,
) -> Option<&'a Monitor> {
    let all: Vec<Candidate<'_>> = monitors
        .iter()
        .map(|m| Candidate {
            name: m.name().map(String::as_str),
            at: (m.position().x, m.position().y),
            primary: primary.is_some_and(|p| spot(p) == spot(m)),
        })
        .collect();
    monitors.get(choose(&all, name, kiosk)?)
}

/// The window of a screen, under whichever of its two labels it stands.
fn window_of<R: Runtime>(app: &AppHandle<R>, screen: usize) -> Option<WebviewWindow<R>> {
    let label = label_of(screen);
    app.get_webview_window(&label)
        .or_else(|| app.get_webview_window(&desk::kiosk::twin_of(&label)))
}

/// Whether a window of the wall is open.
pub fn is_open<R: Runtime>(app: &AppHandle<R>) -> bool {
    let labels = app.webview_windows();
    labels.keys().any(|l| screen_of(l).is_some())
}

/// Opens every window of the wall that is not there, and brings the others to the front.
///
/// # Errors
/// When the window system refuses.
pub fn open<R: Runtime>(app: &AppHandle<R>) -> tauri::Result<()> {
    arrange(app)?;
    let walls = app.state::<Walls>();
    for screen in 0..walls.0.outputs.len().max(1) {
        if let Some(there) = window_of(app, screen) {
            there.unminimize()?;
            there.show()?;
            there.set_focus()?;
        }
    }
    Ok(())
}

/// Brings the windows in line with the screens that are plugged in. The first window stays also without its screen, because a wall
/// without any window cannot be seen to be one.
///
/// # Errors
/// When the window system refuses.
fn arrange<R: Runtime>(app: &AppHandle<R>) -> tauri::Result<()> {
    let walls = app.state::<Walls>().inner().clone();
    let monitors = app.available_monitors()?;
    let primary = app.primary_monitor()?;
    let none = [Output::default()];
    let outputs: &[Output] = match walls.0.outputs.as_slice() {
        [] => &none,
        some => some,
    };
    for (screen, output) in outputs.iter().enumerate() {
        let monitor = find(&monitors, primary.as_ref(), &output.name, walls.is_kiosk());
        match (window_of(app, screen), monitor) {
            (Some(window), Some(monitor)) => follow(&walls, &window, monitor)?,
            (Some(window), None) if screen > 0 => window.destroy()?,
            (Some(_), None) => {}
            (None, Some(monitor)) => {
                build(app, &label_of(screen), Some(monitor), false)?;
            }
            (None, None) if screen == 0 => {
                build(app, &label_of(screen), None, false)?;
            }
            (None, None) => tracing::debug!(output = output.name, "no such screen"),
        }
    }
    Ok(())
}

/// A screen that has moved, or has another size than when its window was put there.
fn follow<R: Runtime>(
    walls: &Walls,
    window: &WebviewWindow<R>,
    monitor: &Monitor,
) -> tauri::Result<()> {
    let here = spot(monitor);
    let before = walls
        .0
        .placed
        .lock()
        .insert(window.label().to_owned(), here);
    if before.is_none_or(|b| b == here) {
        return Ok(());
    }
    tracing::info!(window = window.label(), ?here, "a screen has changed");
    let full = walls.is_kiosk();
    // A full-screen window stays on the screen where it is.
    window.set_fullscreen(false)?;
    window.set_position(*monitor.position())?;
    window.set_size(*monitor.size())?;
    window.set_fullscreen(full)
}

/// A window of the wall; `behind`: it must not cover what is there.
fn build<R: Runtime>(
    app: &AppHandle<R>,
    label: &str,
    monitor: Option<&Monitor>,
    behind: bool,
) -> tauri::Result<WebviewWindow<R>> {
    let walls = app.state::<Walls>().inner().clone();
    let kiosk = walls.is_kiosk();
    let mut wanted = builder(app, label, "index.html").title("守望");
    wanted = match monitor {
        Some(monitor) => place(wanted, monitor).decorations(!kiosk),
        None => wanted
            .inner_size(1920.0, 1080.0)
            .decorations(!kiosk)
            .maximized(!kiosk),
    };
    let window = wanted
        .fullscreen(kiosk)
        .always_on_top(kiosk && !behind)
        .always_on_bottom(behind)
        .focused(!behind)
        .build()?;
    if let Some(monitor) = monitor {
        walls
            .0
            .placed
            .lock()
            .insert(label.to_owned(), spot(monitor));
    }
    page::observe(&window, walls.registry());
    if kiosk {
        page::paint_in_bands(&window);
    }
    let (handle, name) = (app.clone(), label.to_owned());
    window.on_window_event(move |event| {
        if let WindowEvent::CloseRequested { api, .. } = event
            && is_locked(&handle)
        {
            api.prevent_close();
            ask_to_leave(&handle, &name);
        }
    });
    Ok(window)
}

/// Full screen, and a PIN is needed to leave.
pub fn is_locked<R: Runtime>(app: &AppHandle<R>) -> bool {
    let desk = app.state::<crate::commands::Desk>();
    let locked = desk.0.get().is_some_and(|d| d.wall.is_locked());
    app.state::<Walls>().is_kiosk() && locked
}

/// The page asks for the PIN.
fn ask_to_leave<R: Runtime>(app: &AppHandle<R>, label: &str) {
    if let Some(window) = app.get_webview_window(label)
        && let Err(error) = window.eval("dispatchEvent(new Event('shouwang-leave'))")
    {
        tracing::warn!(%error, "the page cannot ask for the PIN");
    }
}

/// The wall's windows become ordinary ones.
pub fn leave<R: Runtime>(app: &AppHandle<R>) {
    let walls = app.state::<Walls>();
    walls.0.kiosk.store(false, Ordering::Relaxed);
    for (label, window) in app.webview_windows() {
        if screen_of(&label).is_none() {
            continue;
        }
        let done = window
            .set_fullscreen(false)
            .and_then(|()| window.set_always_on_top(false))
            .and_then(|()| window.set_decorations(true));
        if let Err(error) = done {
            tracing::error!(%error, window = label, "full screen cannot be left");
        }
    }
}

/// Looks now and then whether screens came or went, for as long as the program runs.
pub async fn follow_screens(app: AppHandle) {
    const LOOK: std::time::Duration = std::time::Duration::from_secs(2);
    loop {
        tokio::time::sleep(LOOK).await;
        let handle = app.clone();
        // Only while the wall is open: whoever has closed it does not want it back.
        let done = tokio::task::spawn_blocking(move || match is_open(&handle) {
            true => arrange(&handle),
            false => Ok(()),
        });
        match done.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "windows cannot follow the screens"),
            Err(_) => return,
        }
    }
}

/// Windows for the watchdog.
pub struct Hands(pub AppHandle);

impl Hands {
    /// Does something with windows beside the watchdog, which must not wait for the window system.
    fn spawn(&self, what: impl FnOnce(&AppHandle) -> tauri::Result<()> + Send + 'static) {
        let app = self.0.clone();
        tauri::async_runtime::spawn_blocking(move || {
            if let Err(error) = what(&app) {
                tracing::error!(%error, "a window does not do what the watchdog wants");
            }
        });
    }
}

impl Windows for Hands {
    fn are_full_screen(&self) -> bool {
        self.0.state::<Walls>().is_kiosk()
    }

    fn revive(&self, label: &str) {
        let label = label.to_owned();
        self.spawn(move |app| match app.get_webview_window(&label) {
            Some(window) => page::revive(&window),
            None => Ok(()),
        });
    }

    fn prepare(&self, label: &str, twin: &str) {
        let (label, twin) = (label.to_owned(), twin.to_owned());
        self.spawn(move |app| {
            let Some(window) = app.get_webview_window(&label) else {
                return Ok(());
            };
            let monitor = window.current_monitor()?;
            let second = build(app, &twin, monitor.as_ref(), true)?;
            screens::without_background(&second);
            if !app.state::<Walls>().is_kiosk() {
                second.set_position(window.outer_position()?)?;
                second.set_size(window.inner_size()?)?;
            }
            // Two windows of one layer: the old one stays above.
            window.set_focus()
        });
    }

    fn change(&self, label: &str, twin: &str) {
        let (label, twin) = (label.to_owned(), twin.to_owned());
        self.spawn(move |app| {
            let Some(second) = app.get_webview_window(&twin) else {
                return Ok(());
            };
            second.set_always_on_bottom(false)?;
            second.set_always_on_top(app.state::<Walls>().is_kiosk())?;
            second.set_focus()?;
            // The old one goes when the new one is above it: no gap.
            std::thread::sleep(std::time::Duration::from_millis(300));
            match app.get_webview_window(&label) {
                Some(old) => old.destroy(),
                None => Ok(()),
            }
        });
    }

    fn give_up(&self, twin: &str) {
        let twin = twin.to_owned();
        self.spawn(move |app| match app.get_webview_window(&twin) {
            Some(window) => window.destroy(),
            None => Ok(()),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn screens() -> [Candidate<'static>; 2] {
        let screen = |name, x, primary| Candidate {
            name: Some(name),
            at: (x, 0),
            primary,
        };
        [screen("DP-1", 1920, true), screen("HDMI-1", 0, false)]
    }

    #[test]
    fn the_only_wall_follows_the_primary_screen_and_named_ones_theirs() {
        let all = screens();
        assert_eq!(choose(&all, "", true), Some(0));
        assert_eq!(
            choose(&all, "", false),
            None,
            "an ordinary window is its person's"
        );
        assert_eq!(choose(&all[1..], "", true), Some(0), "what is left");
        assert_eq!(choose(&[], "", true), None);
        assert_eq!(choose(&all, "HDMI-1", true), Some(1));
        assert_eq!(choose(&all, "1", false), Some(1), "from left to right");
        assert_eq!(
            (choose(&all, "3", true), choose(&all, "DP-9", true)),
            (None, None)
        );
    }

    #[test]
    fn every_window_of_every_screen_has_its_capabilities() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("capabilities");
        for screen in 0..MOST_SCREENS {
            let label = label_of(screen);
            for label in [desk::kiosk::twin_of(&label), label] {
                let file = folder.join(format!("{label}.json"));
                let text =
                    std::fs::read_to_string(&file).unwrap_or_else(|e| panic!("{label}: {e}"));
                assert!(text.contains(&format!("\"{label}\"")), "{label}");
                assert!(text.contains("allow-painted"), "{label}");
            }
        }
    }
}
