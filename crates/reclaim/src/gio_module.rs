//! The module. A process that uses GIO loads every library in the directories that the environment names in `GIO_EXTRA_MODULES`
//! (<https://docs.gtk.org/gio/overview.html>, "GIO_EXTRA_MODULES") and calls `g_io_<name>_load` of each
//! (<https://docs.gtk.org/gio/method.IOModule.load.html>). WebKit's processes inherit the environment of the program, and both of its kinds,
//! for pages and for the network, use GIO as they begin. (WebKit has modules of its own, but only for the pages' processes: what these give
//! back of libraries that are in both would only be counted in the other one.)

use std::ffi::c_void;
use std::path::Path;

/// Begins to give back, in a process of WebKit's; in any other that inherits the environment nothing happens. The argument is GIO's object for
/// the module, which is left alone.
#[expect(
    unsafe_code,
    reason = "GIO finds the function by this name, which has the library's in it"
)]
#[unsafe(no_mangle)]
pub extern "C" fn g_io_reclaim_load(_module: *mut c_void) {
    if std::env::current_exe().is_ok_and(|p| is_webkits(&p)) {
        crate::begin();
    }
}

/// GIO wants one. The library stays loaded all the same (`build.rs`).
#[expect(
    unsafe_code,
    reason = "GIO finds the function by this name, which has the library's in it"
)]
#[unsafe(no_mangle)]
pub extern "C" fn g_io_reclaim_unload(_module: *mut c_void) {}

/// `WebKitWebProcess`, `WebKitNetworkProcess`.
fn is_webkits(program: &Path) -> bool {
    let name = program.file_name().unwrap_or_default();
    name.as_encoded_bytes().starts_with(b"WebKit")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_programs_are_left_alone() {
        for theirs in ["WebKitWebProcess", "WebKitNetworkProcess"] {
            assert!(is_webkits(
                &Path::new("/usr/lib/webkit2gtk-4.1").join(theirs)
            ));
        }
        for other in ["/usr/bin/shouwang", "/opt/WebKit/firefox", "/", ""] {
            assert!(!is_webkits(Path::new(other)), "{other}");
        }
    }
}
