//! The end of the process.

/// From now on the process ends without the destructors of its libraries. Threads of GTK, of the window library and of D-Bus never end
/// before it does, and with libraries that are gone already two in a thousand second starts, which end at once, crashed (in libXext).
/// What this program has to write it has written by then, and the system takes back the rest.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(
    unsafe_code,
    reason = "a handler that may be set at any time, and that only ends the process"
)]
pub fn without_destructors() {
    use std::ffi::{c_int, c_void};
    unsafe extern "C" {
        /// on_exit(3): as atexit, and the handler learns the status. Handlers run before the libraries' destructors.
        fn on_exit(handler: extern "C" fn(c_int, *mut c_void), argument: *mut c_void) -> c_int;
    }
    extern "C" fn end(status: c_int, _: *mut c_void) {
        unsafe { libc::_exit(status) }
    }
    // Refused only when there is no memory for a pointer; then it ends as it would.
    let _ = unsafe { on_exit(end, std::ptr::null_mut()) };
}

/// Other systems end otherwise.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn without_destructors() {}
