//! Pages of the program and of its libraries.

use std::collections::BTreeSet;
use std::ffi::{CStr, CString, c_int, c_void};
use std::ops::Range;

/// What of the process is a file that stays mapped as long as it runs.
#[derive(Debug, Default)]
pub(crate) struct Files {
    /// As the loader names them; the program has no name there.
    stay: BTreeSet<CString>,
}

impl Files {
    /// Gives back all pages of the program and of its libraries that are as they are in the file. What is still needed is back with the next
    /// access, from the system's cache.
    pub(crate) fn give_back(&mut self) {
        for object in objects() {
            let name = object.name;
            if !self.stay.contains(&name) && (name.is_empty() || is_kept(&name)) {
                self.stay.insert(name);
            }
        }
        // Asked anew: whatever has one of these names now stays where it is.
        let stay = objects()
            .into_iter()
            .filter(|o| self.stay.contains(&o.name));
        let read_only: Vec<_> = stay.flat_map(|o| o.read_only).collect();
        // Without it nothing is given back.
        let maps = std::fs::read_to_string("/proc/self/smaps").unwrap_or_default();
        unchanged(&maps, &read_only).into_iter().for_each(forget);
    }
}

/// The program or a library, as the loader has mapped it.
#[derive(Debug)]
struct Object {
    name: CString,
    /// Addresses of what is not mapped for writing.
    read_only: Vec<Range<usize>>,
}

/// What is loaded at this moment (dl_iterate_phdr(3)).
#[expect(
    unsafe_code,
    reason = "the loader's list; it calls back before it returns, with pointers that are good as long as that takes"
)]
fn objects() -> Vec<Object> {
    unsafe extern "C" fn note(
        info: *mut libc::dl_phdr_info,
        _size: usize,
        all: *mut c_void,
    ) -> c_int {
        let (info, all) = unsafe { (&*info, &mut *all.cast::<Vec<Object>>()) };
        if info.dlpi_name.is_null() || info.dlpi_phdr.is_null() {
            return 0;
        }
        let name = unsafe { CStr::from_ptr(info.dlpi_name) }.to_owned();
        let headers =
            unsafe { std::slice::from_raw_parts(info.dlpi_phdr, usize::from(info.dlpi_phnum)) };
        let read_only = headers
            .iter()
            .filter(|h| h.p_type == libc::PT_LOAD && h.p_flags & libc::PF_W == 0)
            .map(|h| {
                let from = (info.dlpi_addr + h.p_vaddr) as usize;
                from..from + h.p_memsz as usize
            })
            .collect();
        all.push(Object { name, read_only });
        0
    }
    let mut all: Vec<Object> = Vec::new();
    unsafe { libc::dl_iterate_phdr(Some(note), (&raw mut all).cast()) };
    all
}

/// Makes the loader keep the library for good, if it is one that is loaded at this moment. Most are never unloaded anyway, but of one that
/// is, the place may be somebody's memory a moment later.
#[expect(
    unsafe_code,
    reason = "with RTLD_NOLOAD nothing is loaded and no code runs (dlopen(3)); the handle is kept for ever"
)]
fn is_kept(name: &CStr) -> bool {
    let how = libc::RTLD_LAZY | libc::RTLD_NOLOAD | libc::RTLD_NODELETE;
    !unsafe { libc::dlopen(name.as_ptr(), how) }.is_null()
}

#[expect(
    unsafe_code,
    reason = "the ranges are of the program and of libraries that are never unloaded; they cannot be written to and never were: what is read \
              after this is what was there before"
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

/// Parts of `/proc/self/smaps` (proc(5)) inside of `objects` that cannot be written to and that nothing has been written to: addresses.
fn unchanged(maps: &str, objects: &[Range<usize>]) -> Vec<Range<usize>> {
    let page = rustix::param::page_size();
    let mut out: Vec<(Range<usize>, bool)> = Vec::new();
    let mut counts = false;
    for line in maps.lines() {
        let Some((key, value)) = line.split_once(' ') else {
            continue;
        };
        if let Some(range) = addresses(key) {
            // A part has whole pages.
            let inside = |o: &Range<usize>| {
                o.start - o.start % page <= range.start && range.end <= o.end.next_multiple_of(page)
            };
            counts = is_read_only(value) && objects.iter().any(inside);
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

/// Whether a part is of a file and is only read; the line after its addresses: `r-xp 00001000 fe:00 10 /opt/x`.
fn is_read_only(line: &str) -> bool {
    let rights = line.split_ascii_whitespace().next().unwrap_or_default();
    rights.starts_with('r') && !rights.contains('w') && line.contains('/')
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
10000-20000 r--p 00000000 fe:00 10 /opt/shouwang
Rss:                  64 kB
Private_Dirty:         0 kB
Anonymous:             0 kB
VmFlags: rd mr mw me
20000-50000 r-xp 00001000 fe:00 10 /opt/shouwang
Private_Clean:       640 kB
Private_Dirty:        64 kB
Anonymous:             0 kB
50000-60000 r--p 00004000 fe:00 10 /opt/shouwang
Private_Dirty:        16 kB
Anonymous:            16 kB
60000-70000 rw-p 00005000 fe:00 10 /opt/shouwang
Private_Dirty:         0 kB
70000-80000 r-xp 00000000 fe:00 11 /usr/lib/gio/modules/libdconf.so
Private_Dirty:         0 kB
80000-90000 rw-p 00000000 00:00 0
Private_Dirty:         8 kB
90000-a0000 r-xp 00000000 fe:00 12 /usr/lib/libwebkit2gtk-4.1.so.0.1
Swap:                  0 kB
a0000-b0000 r--p 00000000 fe:00 10 /opt/shouwang
Private_Dirty:         0 kB
b0000-c0000 r--p 00000000 00:00 0
Private_Dirty:         0 kB
";

    #[test]
    #[expect(clippy::single_range_in_vec_init, reason = "there is one")]
    fn only_unchanged_parts_of_what_stays_are_given_back() {
        // All of the program, and of the library a part that does not end with a page.
        let stay = [0x10000..0x70000, 0x90010..0x9fff8, 0xb0000..0xc0000];
        assert_eq!(
            unchanged(MAPS, &stay),
            [0x10000..0x20000, 0x20000..0x50000, 0x90000..0xa0000],
            "somebody has mapped the program a second time, and a library may go"
        );
        assert_eq!(unchanged(MAPS, &[0x18000..0x48000]), []);
        assert_eq!(unchanged(MAPS, &[0x70000..0x80000]), [0x70000..0x80000]);
        assert!(unchanged(MAPS, &[]).is_empty());
        assert!(unchanged("1000-\nx-y r--p\n\n", &stay).is_empty());
        for kept in [
            "rw-p 00000000 fe:00 10 /opt/shouwang",
            "---p 00000000 fe:00 10 /opt/shouwang",
            "r-xp 00000000 00:00 0                          [vdso]",
            "",
        ] {
            assert!(!is_read_only(kept), "{kept}");
        }
    }

    #[test]
    fn a_library_is_kept_when_it_is_loaded_and_a_file_that_is_none_is_not() {
        let loaded = objects();
        let libc = loaded
            .iter()
            .find(|o| o.name.to_string_lossy().contains("/libc.so"));
        let libc = libc.expect("the C library");
        assert!(is_kept(&libc.name) && !libc.read_only.is_empty());
        let own = objects as *const () as usize;
        let program = loaded.iter().find(|o| o.name.is_empty());
        let program = program.expect("the program");
        assert!(program.read_only.iter().any(|r| r.contains(&own)));
        let file = std::env::temp_dir().join(format!("reclaim-{}.so", std::process::id()));
        std::fs::write(&file, "no library").expect("written");
        let name = CString::new(file.to_str().expect("a name")).expect("no zero");
        assert!(!is_kept(&name));
        std::fs::remove_file(&file).expect("removed");
        assert!(!is_kept(&name));
    }

    #[test]
    fn the_process_goes_on_without_them() {
        let held = || -> u64 {
            let program = std::env::current_exe().expect("the program");
            let maps = std::fs::read_to_string("/proc/self/smaps").expect("what is mapped");
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
        let mut files = Files::default();
        let before = held();
        files.give_back();
        let after = held();
        assert!(after < before, "{before} and {after}");
        assert!(files.stay.contains(c""));
        assert!(files.stay.len() > 1, "the libraries too");
        // A second time finds the same.
        let known = files.stay.len();
        files.give_back();
        assert_eq!(files.stay.len(), known);
    }
}
