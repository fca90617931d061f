//! The process behind a window's page: its end is noticed, and it can be begun anew.

use desk::kiosk::Registry;
use tauri::{Runtime, WebviewWindow, WindowEvent};

/// Tells the registry what happens to the page of this window.
pub fn observe<R: Runtime>(window: &WebviewWindow<R>, registry: &Registry) {
    let label = window.label().to_owned();
    registry.begun(&label);
    let (closed, name) = (registry.clone(), label.clone());
    window.on_window_event(move |event| {
        if matches!(event, WindowEvent::Destroyed) {
            closed.closed(&name);
        }
    });
    #[cfg(target_os = "linux")]
    linux::observe(window, registry.clone(), label);
}

/// Ends the page's process, if it lives, and begins the page anew.
///
/// # Errors
/// When the window is gone.
pub fn revive<R: Runtime>(window: &WebviewWindow<R>) -> tauri::Result<()> {
    #[cfg(target_os = "linux")]
    return linux::revive(window);
    #[cfg(not(target_os = "linux"))]
    window.reload()
}

#[cfg(target_os = "linux")]
mod linux {
    use desk::kiosk::Registry;
    use tauri::{Runtime, WebviewWindow};
    use webkit2gtk::{WebProcessTerminationReason, WebViewExt as _};

    pub(super) fn observe<R: Runtime>(
        window: &WebviewWindow<R>,
        registry: Registry,
        label: String,
    ) {
        let watched = window.with_webview(move |page| {
            let view = page.inner();
            let (gone, name) = (registry.clone(), label.clone());
            view.connect_web_process_terminated(move |_, reason| {
                // What we ended ourselves is being begun anew.
                if reason != WebProcessTerminationReason::TerminatedByApi {
                    tracing::warn!(window = name, ?reason, "the page's process has ended");
                    gone.gone(&name);
                }
            });
            view.connect_is_web_process_responsive_notify(move |view| {
                registry.responds(&label, view.is_web_process_responsive());
            });
        });
        if let Err(error) = watched {
            tracing::warn!(%error, "the page's process cannot be watched");
        }
    }

    pub(super) fn revive<R: Runtime>(window: &WebviewWindow<R>) -> tauri::Result<()> {
        window.with_webview(|page| {
            let view = page.inner();
            view.terminate_web_process();
            view.reload();
        })
    }
}
