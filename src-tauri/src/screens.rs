//! The screens under the wall: while it stands there in full screen they neither blank themselves nor fall asleep for want of a key press,
//! and in the hours in which it is dark they lose their power. Both are asked of the X server, and of the desktop's screen saver, where
//! there is one; where there is neither (Wayland without a desktop), the wall is dark by a black page alone.

use crate::commands::Desk;
use crate::walls::{self, Walls};
use std::sync::Arc;
use tauri::{AppHandle, Manager};
use wire::WallStatus;

/// How the screens are to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Power {
    /// As whoever sits there has set them.
    Theirs,
    /// Lit, whatever the saver says.
    Lit,
    /// Without power.
    Dark,
}

async fn wanted(app: &AppHandle) -> (Power, String) {
    let desk = app.state::<Desk>().inner().clone();
    let status = match desk.0.get() {
        Some(handles) => handles.wall.status().await.unwrap_or_default(),
        None => WallStatus::default(),
    };
    let power = if !app.state::<Walls>().is_kiosk() || !walls::is_open(app) {
        Power::Theirs
    } else if !status.screens.is_empty() && status.screens.iter().all(|s| s.kiosk.off) {
        Power::Dark
    } else {
        Power::Lit
    };
    (power, status.locale)
}

/// What was asked of the screens, so that it can be taken back.
#[derive(Clone, Default)]
pub struct Screens {
    #[cfg(target_os = "linux")]
    before: Arc<parking_lot::Mutex<Option<linux::Before>>>,
    #[cfg(not(target_os = "linux"))]
    _nothing: Arc<()>,
}

impl Screens {
    /// Sees to it, for as long as the program runs.
    #[cfg(target_os = "linux")]
    pub async fn keep(self, app: AppHandle) {
        use desk::clock;
        use std::time::Duration;
        /// So long may a P0 wait for the light.
        const LOOK: Duration = Duration::from_secs(2);
        /// Somebody else may set the saver too, and a mouse that is touched lights a dark screen.
        const AGAIN: Duration = Duration::from_secs(60);
        let mut desktop = None;
        let mut last = (Power::Theirs, clock::instant());
        loop {
            tokio::time::sleep(LOOK).await;
            let (now, locale) = wanted(&app).await;
            let same = now == last.0;
            if same && (now == Power::Theirs || last.1.elapsed() < AGAIN) {
                continue;
            }
            let place = self.before.clone();
            let done = tokio::task::spawn_blocking(move || linux::server(now, &mut place.lock()));
            match done.await {
                Ok(Err(error)) if !same => {
                    tracing::warn!(
                        %error,
                        "the X server does not do what the wall wants of the screens"
                    );
                }
                _ if !same => tracing::info!(power = ?now, "screens"),
                _ => {}
            }
            desktop = linux::desktop(now, desktop, &locale).await;
            last = (now, clock::instant());
        }
    }

    /// Elsewhere the screens are left alone.
    #[cfg(not(target_os = "linux"))]
    pub async fn keep(self, app: AppHandle) {
        let (power, locale) = wanted(&app).await;
        tracing::debug!(
            ?power,
            locale,
            "screens are left as they are on this system"
        );
    }

    /// At the end: as they were before.
    pub fn give_back(&self) {
        #[cfg(target_os = "linux")]
        if let Err(error) = linux::server(Power::Theirs, &mut self.before.lock()) {
            tracing::debug!(%error, "the X server is gone");
        }
    }
}

/// What stands below this window stays to be seen until it has painted itself, when it is raised: without a program that composes, the
/// server would paint the window's background first, and a wall that is replaced would flash. To be called when the window is there.
pub fn without_background(window: &tauri::WebviewWindow) {
    #[cfg(target_os = "linux")]
    linux::without_background(window);
    #[cfg(not(target_os = "linux"))]
    let _ = window;
}

#[cfg(target_os = "linux")]
mod linux {
    use super::Power;
    use desk::texts;
    use raw_window_handle::{HasWindowHandle as _, RawWindowHandle};
    use x11rb::connection::RequestConnection as _;
    use x11rb::protocol::dpms::{self, ConnectionExt as _, DPMSMode};
    use x11rb::protocol::xproto::{
        Blanking, ChangeWindowAttributesAux, ConnectionExt as _, Exposures, GetScreenSaverReply,
        ScreenSaver,
    };
    use x11rb::rust_connection::RustConnection;

    const SAVER: &str = "org.freedesktop.ScreenSaver";
    const SAVER_PATH: &str = "/org/freedesktop/ScreenSaver";

    /// What the X server had before us.
    #[derive(Clone, Copy, Debug)]
    pub(super) struct Before {
        saver: GetScreenSaverReply,
        /// Whether the extension was at work, and after how many seconds without a key press.
        power: Option<(bool, [u16; 3])>,
    }

    /// Asks the desktop's screen saver to wait, or lets it go; gives the connection that holds the request, which ends with it.
    /// <https://specifications.freedesktop.org/idle-inhibit-spec/latest/>
    pub(super) async fn desktop(
        power: Power,
        held: Option<zbus::Connection>,
        locale: &str,
    ) -> Option<zbus::Connection> {
        match (power, held) {
            (Power::Lit, None) => {
                let bus = zbus::Connection::session().await.ok()?;
                let say = |key: &str| texts::plain(locale, key);
                let asked = (say("app.name"), say("screens.shown"));
                bus.call_method(Some(SAVER), SAVER_PATH, Some(SAVER), "Inhibit", &asked)
                    .await
                    .ok()?;
                Some(bus)
            }
            (Power::Lit, held) => held,
            (Power::Theirs | Power::Dark, _) => None,
        }
    }

    /// The core protocol's screen saver and the extension DPMS
    /// (<https://www.x.org/releases/current/doc/xextproto/dpms.html>).
    pub(super) fn server(power: Power, before: &mut Option<Before>) -> anyhow::Result<()> {
        if power == Power::Theirs && before.is_none() {
            return Ok(());
        }
        let (x, _) = x11rb::connect(None)?;
        let has_power = x.extension_information(dpms::X11_EXTENSION_NAME)?.is_some()
            && x.dpms_capable()?.reply()?.capable;
        if power == Power::Theirs {
            return match before.take() {
                Some(theirs) => restore(&x, &theirs),
                None => Ok(()),
            };
        }
        if before.is_none() {
            let saver = x.get_screen_saver()?.reply()?;
            let power = match has_power {
                true => {
                    let (is_on, after) = (x.dpms_info()?.reply()?, x.dpms_get_timeouts()?.reply()?);
                    let after = [
                        after.standby_timeout,
                        after.suspend_timeout,
                        after.off_timeout,
                    ];
                    Some((is_on.state, after))
                }
                false => None,
            };
            *before = Some(Before { saver, power });
        }
        x.set_screen_saver(0, 0, Blanking::DEFAULT, Exposures::DEFAULT)?
            .check()?;
        if power == Power::Lit {
            x.force_screen_saver(ScreenSaver::RESET)?.check()?;
        }
        if has_power {
            x.dpms_set_timeouts(0, 0, 0)?.check()?;
            x.dpms_enable()?.check()?;
            let level = match power {
                Power::Dark => DPMSMode::OFF,
                Power::Lit | Power::Theirs => DPMSMode::ON,
            };
            x.dpms_force_level(level)?.check()?;
        }
        Ok(())
    }

    fn restore(x: &RustConnection, to: &Before) -> anyhow::Result<()> {
        let seconds = |n: u16| i16::try_from(n).unwrap_or(i16::MAX);
        let GetScreenSaverReply {
            timeout,
            interval,
            prefer_blanking,
            allow_exposures,
            ..
        } = to.saver;
        x.set_screen_saver(
            seconds(timeout),
            seconds(interval),
            prefer_blanking,
            allow_exposures,
        )?
        .check()?;
        if let Some((was_on, [standby, suspend, off])) = to.power {
            x.dpms_force_level(DPMSMode::ON)?.check()?;
            x.dpms_set_timeouts(standby, suspend, off)?.check()?;
            if !was_on {
                x.dpms_disable()?.check()?;
            }
        }
        Ok(())
    }

    pub(super) fn without_background(window: &tauri::WebviewWindow) {
        let id = match window.window_handle().map(|h| h.as_raw()) {
            Ok(RawWindowHandle::Xlib(handle)) => u32::try_from(handle.window).ok(),
            Ok(RawWindowHandle::Xcb(handle)) => Some(handle.window.get()),
            _ => None,
        };
        let Some(id) = id else {
            return;
        };
        let change = || -> anyhow::Result<()> {
            let (x, _) = x11rb::connect(None)?;
            let none = ChangeWindowAttributesAux::new().background_pixmap(x11rb::NONE);
            x.change_window_attributes(id, &none)?.check()?;
            Ok(())
        };
        if let Err(error) = change() {
            tracing::warn!(%error, "the window keeps its background");
        }
    }
}
