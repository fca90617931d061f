//! Memory that only a process's start needed goes back to the system: a wall runs for months, and what it does in all that time is a small part
//! of the program and of its libraries. They are pages of files, unchanged, which the system reads again should they be needed after all; and
//! holes in glibc's heaps.
//!
//! Only a process itself may do that (another one would need rights that a wall does not have), and the larger part is WebKit's, in processes of
//! its own. So this is a library for the program, and a module that those load ([`gio_module`]).

#[cfg(target_os = "linux")]
mod files;
#[cfg(target_os = "linux")]
pub mod gio_module;
#[cfg(target_os = "linux")]
mod holes;

/// Begins to give back, in a thread of its own and for as long as the process lives: first when the start is over, after twenty seconds. A
/// second call does nothing, and neither does any on another system than Linux.
pub fn begin() {
    #[cfg(target_os = "linux")]
    rounds::begin();
}

#[cfg(target_os = "linux")]
mod rounds {
    use super::{files::Files, holes};
    use std::sync::Once;
    use std::time::Duration;

    /// The start is over, and the first questions have been answered.
    const AFTER: Duration = Duration::from_secs(20);
    /// Holes are looked for so often.
    const EVERY: Duration = Duration::from_secs(60);
    /// Every so many times, once an hour, also pages of files go. Within a second what is needed is back, and after ten seconds nearly as much as
    /// after a minute: more often would only make a curve of memory jagged.
    const SELDOM: u32 = 60;
    /// Bytes: it calls nothing deep.
    const STACK: usize = 128 << 10;

    pub(super) fn begin() {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            let thread = std::thread::Builder::new()
                .name("reclaim".to_owned())
                .stack_size(STACK);
            // A process that can have no further thread keeps its memory.
            let _ = thread.spawn(go);
        });
    }

    fn go() {
        let mut files = Files::default();
        std::thread::sleep(AFTER);
        for times in 0_u32.. {
            holes::give_back();
            if times.is_multiple_of(SELDOM) {
                files.give_back();
            }
            std::thread::sleep(EVERY);
        }
    }
}
