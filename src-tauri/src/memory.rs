//! Pages of memory that only the start needed are given back: a wall runs for months, and what it does in all that time is a small part of
//! the program and of its libraries. They are pages of files, unchanged, which the system reads again should they be needed after all.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::OnceLock;
use std::time::Duration;

/// From so many bytes on glibc gives each piece of memory pages of its own, which go back when it is freed, and so many free bytes at the end
/// of its heap go back as well. It begins with these values itself, and raises both with each large piece that is freed, up to 32 and 64 MB.
const LARGE: i32 = 128 << 10;
/// Heaps that glibc divides threads among. Left alone it makes eight for each processor, and each keeps its own holes: a desk that wrote
/// 5,000 lines a second had 99 MB in them after ten minutes, and with two 48.
const HEAPS: i32 = 2;

/// The start is over, and the first questions have been answered.
const AFTER: Duration = Duration::from_secs(20);
/// Holes are looked for so often.
const EVERY: Duration = Duration::from_secs(60);
/// Every so many times also pages of files go. Within a second what is needed is back, and after ten seconds nearly as much as after a minute: more
/// often would only make a curve of memory jagged.
const SELDOM: u32 = 10;

/// Files that were mapped when the program began: itself and the libraries that it is linked with. No one unloads them. Others come and go, and
/// their place may be somebody's memory a moment later; those are left alone.
static LINKED: OnceLock<BTreeSet<String>> = OnceLock::new();

/// Notes which libraries stay; to be called before anything is loaded at run time.
pub fn note_linked() {
    let maps = || std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
    LINKED.get_or_init(|| files(&maps()));
}

/// The files in `/proc/self/maps` (proc(5)).
fn files(maps: &str) -> BTreeSet<String> {
    let path = |line: &str| line.find('/').map(|at| line[at..].to_owned());
    maps.lines().filter_map(path).collect()
}

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

/// Gives them back again and again.
pub async fn give_back_unused() {
    tokio::time::sleep(AFTER).await;
    for times in 0_u32.. {
        // Both take milliseconds.
        let _ = tokio::task::spawn_blocking(move || {
            give_back_holes();
            if times.is_multiple_of(SELDOM) {
                parts().into_iter().for_each(forget);
            }
        })
        .await;
        tokio::time::sleep(EVERY).await;
    }
}

/// What can be given back of files.
#[cfg(target_os = "linux")]
fn parts() -> Vec<Range<usize>> {
    let maps = std::fs::read_to_string("/proc/self/smaps").unwrap_or_default();
    LINKED
        .get()
        .map_or_else(Vec::new, |linked| unchanged(&maps, linked))
}

#[cfg(not(target_os = "linux"))]
fn parts() -> Vec<Range<usize>> {
    Vec::new()
}

/// glibc gives back by itself what is free at the end of a heap; this is for what is free between two pieces in use (malloc_trim(3)): in a
/// desk that wrote 5,000 lines a second 13 of 53 MB.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(
    unsafe_code,
    reason = "a function of the allocator that may be called at any time"
)]
fn give_back_holes() {
    unsafe { libc::malloc_trim(0) };
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn give_back_holes() {}

#[cfg(target_os = "linux")]
#[expect(
    unsafe_code,
    reason = "the ranges are of the program and of libraries that it is linked with, so they stay mapped as long as it runs; they cannot be \
              written to and never were: what is read after this is what was there before"
)]
fn forget(range: Range<usize>) {
    let start = std::ptr::with_exposed_provenance_mut(range.start);
    // A kernel that does not want to keeps the pages.
    let _ = unsafe {
        rustix::mm::madvise(
            start,
            range.end - range.start,
            rustix::mm::Advice::LinuxDontNeed,
        )
    };
}

#[cfg(not(target_os = "linux"))]
fn forget(_: Range<usize>) {}

/// Parts of `linked` files in `/proc/self/smaps` (proc(5)) that cannot be written to and that nothing has been written to: addresses.
fn unchanged(maps: &str, linked: &BTreeSet<String>) -> Vec<Range<usize>> {
    let mut out: Vec<(Range<usize>, bool)> = Vec::new();
    let mut counts = false;
    for line in maps.lines() {
        let Some((key, value)) = line.split_once(' ') else {
            continue;
        };
        if let Some(range) = addresses(key) {
            counts = stays(value, linked);
            if counts {
                out.push((range, true));
            }
        } else if counts
            && WRITTEN.contains(&key)
            && value.trim() != "0 kB"
            && let Some((_, clean)) = out.last_mut()
        {
            *clean = false;
        }
    }
    out.into_iter()
        .filter(|(_, clean)| *clean)
        .map(|(range, _)| range)
        .collect()
}

/// Whether a part stays mapped and is only read; the line after its addresses: `r-xp 00001000 fe:00 10 /opt/x`.
fn stays(line: &str, linked: &BTreeSet<String>) -> bool {
    let rights = line.split_ascii_whitespace().next().unwrap_or_default();
    let is_linked = line
        .find('/')
        .is_some_and(|at| linked.contains(&line[at..]));
    rights.starts_with('r') && !rights.contains('w') && is_linked
}

/// Lines of a part that say how much of it is no longer the file's: what is written to a private part becomes a copy of this process. Dirty
/// alone says little: so is a file that was written a moment ago and waits for the disk.
const WRITTEN: [&str; 2] = ["Anonymous:", "Swap:"];

fn addresses(text: &str) -> Option<Range<usize>> {
    let (from, to) = text.split_once('-')?;
    Some(usize::from_str_radix(from, 16).ok()?..usize::from_str_radix(to, 16).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAPS: &str = "\
1000-2000 r--p 00000000 fe:00 10 /opt/shouwang
Rss:                  64 kB
Private_Dirty:         0 kB
Anonymous:             0 kB
VmFlags: rd mr mw me
2000-5000 r-xp 00001000 fe:00 10 /opt/shouwang
Private_Clean:       640 kB
Private_Dirty:        64 kB
Anonymous:             0 kB
5000-6000 r--p 00004000 fe:00 10 /opt/shouwang
Private_Dirty:        16 kB
Anonymous:            16 kB
6000-7000 rw-p 00005000 fe:00 10 /opt/shouwang
Private_Dirty:         0 kB
7000-8000 r-xp 00000000 fe:00 11 /usr/lib/gio/modules/libdconf.so
Private_Dirty:         0 kB
8000-9000 rw-p 00000000 00:00 0
Private_Dirty:         8 kB
9000-a000 r-xp 00000000 fe:00 12 /usr/lib/libwebkit2gtk-4.1.so.0.1
Private_Dirty:         0 kB
";

    #[test]
    fn only_unchanged_parts_of_what_stays_are_given_back() {
        let linked = files(
            "2000-5000 r-xp 00001000 fe:00 10 /opt/shouwang\n9000-a000 r-xp 00000000 fe:00 12 /usr/lib/libwebkit2gtk-4.1.so.0.1\n\
             b000-c000 rw-p 00000000 00:00 0 [heap]\n",
        );
        assert_eq!(linked.len(), 2);
        assert_eq!(
            unchanged(MAPS, &linked),
            [0x1000..0x2000, 0x2000..0x5000, 0x9000..0xa000]
        );
        assert!(unchanged(MAPS, &BTreeSet::new()).is_empty());
        assert!(unchanged("1000-\nx-y r--p\n\n", &linked).is_empty());
        for kept in [
            "rw-p 00000000 fe:00 10 /opt/shouwang",
            "---p 00000000 fe:00 10 /opt/shouwang",
            "r--p 00000000 fe:00 10 /opt/shouwang (deleted)",
            "r--p 00000000 fe:00 10 /usr/share/fonts/a.ttc",
            "r-xp 00000000 00:00 0                          [vdso]",
            "",
        ] {
            assert!(!stays(kept, &linked), "{kept}");
        }
    }

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

    #[test]
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    fn what_is_free_between_pieces_in_use_is_given_back() {
        const PIECE: usize = 16 << 10;
        // Bytes that this process holds and no file does (proc(5), statm).
        let held = || -> usize {
            let text = std::fs::read_to_string("/proc/self/statm").expect("statm");
            let pages: Vec<usize> = text
                .split_ascii_whitespace()
                .map(|n| n.parse().expect("a number"))
                .collect();
            (pages[1] - pages[2]) * rustix::param::page_size()
        };
        #[expect(
            unsafe_code,
            reason = "pieces of glibc's own heap, which Rust's allocator here does not use"
        )]
        let get = || unsafe {
            let piece = libc::malloc(PIECE);
            assert!(!piece.is_null());
            libc::memset(piece, 1, PIECE);
            piece
        };
        let pieces: Vec<_> = (0..4_000).map(|_| get()).collect();
        for (i, piece) in pieces.iter().enumerate() {
            if i % 100 != 99 {
                #[expect(unsafe_code, reason = "each is freed once")]
                unsafe {
                    libc::free(*piece);
                }
            }
        }
        let before = held();
        give_back_holes();
        let after = held();
        assert!(after + 3_000 * PIECE < before, "{before} and {after}");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_program_goes_on_without_them() {
        let before = std::fs::read_to_string("/proc/self/smaps").expect("what is mapped");
        let program = std::env::current_exe().expect("the program");
        note_linked();
        let parts = parts();
        assert!(!parts.is_empty());
        let held = |maps: &str| -> u64 {
            let mut ours = false;
            let mut sum = 0;
            for line in maps.lines() {
                let (key, value) = line.split_once(' ').unwrap_or_default();
                if addresses(key).is_some() {
                    ours = value.ends_with(&*program.to_string_lossy());
                } else if ours && key == "Rss:" {
                    let kib = value.trim().trim_end_matches(" kB");
                    sum += kib.parse::<u64>().expect("kB");
                }
            }
            sum
        };
        parts.into_iter().for_each(forget);
        let after = std::fs::read_to_string("/proc/self/smaps").expect("what is mapped");
        assert!(
            held(&after) < held(&before),
            "{} and {}",
            held(&after),
            held(&before)
        );
    }
}
