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

/// Paints a wall in bands. cairo keeps a piece of memory as large as the largest picture that it has ever handed over whole to the X
/// server (`_cairo_xlib_surface_get_shm` of its source): a screen of 3840×2160 is 33 MB that a wall needs again only when another board
/// comes. A band is no whole picture, and goes another way that keeps nothing.
pub fn paint_in_bands<R: Runtime>(window: &WebviewWindow<R>) {
    #[cfg(target_os = "linux")]
    if let Err(error) = window.with_webview(|page| linux::paint_in_bands(&page.inner())) {
        tracing::warn!(%error, "the page is painted whole");
    }
    #[cfg(not(target_os = "linux"))]
    let _ = window;
}

#[cfg(target_os = "linux")]
mod linux {
    use desk::kiosk::Registry;
    use gtk::gdk::prelude::GdkContextExt as _;
    use gtk::glib::Propagation;
    use gtk::glib::translate::ToGlibPtr as _;
    use gtk::prelude::{IsA, WidgetExt as _};
    use gtk::{cairo, gdk};
    use tauri::{Runtime, WebviewWindow};
    use webkit2gtk::{
        CacheModel, WebContextExt as _, WebProcessTerminationReason, WebView, WebViewExt,
    };

    /// Pixels (of the window) that are painted at once: what changes within a second on a board is less.
    const AT_ONCE: i32 = 1 << 20;

    pub(super) fn paint_in_bands(view: &WebView) {
        view.connect_draw(|view, context| {
            let Some(clip) = context.clip_rectangle() else {
                return Propagation::Proceed;
            };
            let bands = bands(&clip);
            if bands.len() < 2 {
                return Propagation::Proceed;
            }
            for band in bands {
                if context.save().is_err() {
                    return Propagation::Proceed;
                }
                context.rectangle(
                    f64::from(clip.x()),
                    f64::from(band.0),
                    f64::from(clip.width()),
                    f64::from(band.1),
                );
                context.clip();
                draw(view, context);
                if context.restore().is_err() {
                    break;
                }
            }
            Propagation::Stop
        });
    }

    /// Tops and heights.
    fn bands(clip: &gdk::Rectangle) -> Vec<(i32, i32)> {
        let rows = (AT_ONCE / clip.width().max(1)).max(1);
        if clip.height() <= rows {
            return vec![(clip.y(), clip.height())];
        }
        (0..clip.height())
            .step_by(usize::try_from(rows).unwrap_or(1))
            .map(|top| (clip.y() + top, rows.min(clip.height() - top)))
            .collect()
    }

    /// What the widget does itself when it is to be drawn.
    #[expect(
        unsafe_code,
        reason = "a class' own function, which gtk-rs offers to subclasses alone; called on the widget's thread with what GTK gave us"
    )]
    fn draw(view: &impl IsA<gtk::Widget>, context: &cairo::Context) {
        let widget: *mut gtk::ffi::GtkWidget = view.as_ref().to_glib_none().0;
        unsafe {
            let class = (*widget.cast::<gtk::glib::gobject_ffi::GTypeInstance>()).g_class;
            if let Some(draw) = (*class.cast::<gtk::ffi::GtkWidgetClass>()).draw {
                draw(widget, context.to_glib_none().0);
            }
        }
    }

    pub(super) fn observe<R: Runtime>(
        window: &WebviewWindow<R>,
        registry: Registry,
        label: String,
    ) {
        let watched = window.with_webview(move |page| {
            let view = page.inner();
            if let Some(context) = WebViewExt::context(&view) {
                // A page asks for answers again and again and never goes back to one: for a browser's pages WebKit would keep them.
                context.set_cache_model(CacheModel::DocumentViewer);
            }
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

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn bands_cover_what_is_to_be_drawn_once() {
            let whole = gdk::Rectangle::new(10, 7, 3_840, 2_160);
            let all = bands(&whole);
            assert_eq!(all.first().map(|b| b.0), Some(7));
            assert!(all.windows(2).all(|two| two[0].0 + two[0].1 == two[1].0));
            assert_eq!(all.last().map(|b| b.0 + b.1), Some(2_167));
            assert!(all.iter().all(|b| b.1 * 3_840 <= AT_ONCE && b.1 > 0));
            let panel = gdk::Rectangle::new(0, 0, 600, 400);
            assert_eq!(bands(&panel), [(0, 400)]);
        }
    }
}
