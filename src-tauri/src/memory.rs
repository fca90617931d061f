//! How the allocators hold memory, here and in the pages' processes.

/// From so many bytes on glibc gives each piece of memory pages of its own, which go back when it is freed, and so many free bytes at the end
/// of its heap go back as well. It begins with these values itself, and raises both with each large piece that is freed, up to 32 and 64 MB.
const LARGE: i32 = 128 << 10;
/// Heaps that glibc divides threads among. Left alone it makes eight for each processor, and each keeps its own holes: a desk that wrote
/// 5,000 lines a second had 99 MB in them after ten minutes, and with two 48.
const HEAPS: i32 = 2;

/// From now on freed memory goes back to the system at once. It costs an allocation now and then a little time, which a wall has.
#[expect(
    unsafe_code,
    reason = "an option of the allocator that may be set at any time"
)]
pub fn keep_no_reserve() {
    // `mi_option_purge_delay`, ms (mimalloc.h; the same number in versions 2 and 3).
    const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;
    unsafe { libmimalloc_sys::mi_option_set(PURGE_DELAY, 0) };
}

/// The allocator that GTK, WebKit and SQLite use keeps little that is free: here by its options (mallopt(3)), in the pages' processes, which
/// inherit the environment, by the variables of the same meaning. Those that somebody has set stay.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(
    unsafe_code,
    reason = "options of the allocator that may be set at any time"
)]
pub fn keep_few_holes(set: impl Fn(&str, &str)) {
    for (name, option, value) in [
        ("MALLOC_ARENA_MAX", libc::M_ARENA_MAX, HEAPS),
        ("MALLOC_TRIM_THRESHOLD_", libc::M_TRIM_THRESHOLD, LARGE),
        ("MALLOC_MMAP_THRESHOLD_", libc::M_MMAP_THRESHOLD, LARGE),
    ] {
        if std::env::var_os(name).is_none() {
            set(name, &value.to_string());
            unsafe { libc::mallopt(option, value) };
        }
    }
}

/// Another allocator has no such options.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn keep_few_holes(_: impl Fn(&str, &str)) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_option_is_the_one_that_is_meant() {
        // A delay as released: ten milliseconds or a second.
        let get = || {
            #[expect(unsafe_code, reason = "reads an option")]
            unsafe {
                libmimalloc_sys::mi_option_get(15)
            }
        };
        assert!((1..=1_000).contains(&get()), "{}", get());
        keep_no_reserve();
        assert_eq!(get(), 0);
    }

    #[test]
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    fn the_pages_get_the_options_that_nobody_has_set() {
        let given = std::cell::RefCell::new(Vec::new());
        keep_few_holes(|name, value| given.borrow_mut().push((name.to_owned(), value.to_owned())));
        let wanted = [
            ("MALLOC_ARENA_MAX", "2"),
            ("MALLOC_TRIM_THRESHOLD_", "131072"),
            ("MALLOC_MMAP_THRESHOLD_", "131072"),
        ];
        let free = wanted
            .iter()
            .filter(|(name, _)| std::env::var_os(name).is_none());
        let free: Vec<_> = free
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
            .collect();
        assert_eq!(given.into_inner(), free);
    }
}
