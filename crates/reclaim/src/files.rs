//! Pages of the program and of its libraries.

use std::collections::BTreeSet;
use std::ffi::CString;
use std::ops::Range;

/// The files that stay mapped as long as the process runs.
#[derive(Debug, Default)]
pub(crate) struct Files {
    stay: BTreeSet<String>,
}

impl Files {
    /// Gives back all pages of the program and of its libraries that are as they are in the file. What is still needed is back with the next
    /// access, from the system's cache.
    pub(crate) fn give_back(&mut self) {
        for file in code(&read("/proc/self/maps")) {
            if !self.stay.contains(&file) && (is_program(&file) || is_kept(&file)) {
                self.stay.insert(file);
            }
        }
        // Read anew: whatever is in it under these names stays where it is.
        let parts = unchanged(&read("/proc/self/smaps"), &self.stay);
        parts.into_iter().for_each(forget);
    }
}

/// Without it nothing is given back.
fn read(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

fn is_program(file: &str) -> bool {
    std::env::current_exe().is_ok_and(|p| p.as_os_str() == file)
}

/// Makes the loader keep the library for good, if it is one that is loaded at this moment. Most are never unloaded anyway, but of one that
/// is, the place may be somebody's memory a moment later.
#[expect(
    unsafe_code,
    reason = "with RTLD_NOLOAD nothing is loaded and no code runs (dlopen(3)); the handle is kept for ever"
)]
fn is_kept(file: &str) -> bool {
    let Ok(path) = CString::new(file) else {
        return false;
    };
    let how = libc::RTLD_LAZY | libc::RTLD_NOLOAD | libc::RTLD_NODELETE;
    !unsafe { libc::dlopen(path.as_ptr(), how) }.is_null()
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

/// Files of which something may be executed, in `/proc/self/maps` (proc(5)): programs and libraries, `r-xp 00001000 fe:00 10 /opt/x`.
fn code(maps: &str) -> BTreeSet<String> {
    let path = |line: &str| {
        let rights = line.split_ascii_whitespace().nth(1)?;
        let at = line.find('/')?;
        rights.contains('x').then(|| line[at..].to_owned())
    };
    maps.lines().filter_map(path).collect()
}

/// Parts of `stay` in `/proc/self/smaps` (proc(5)) that cannot be written to and that nothing has been written to: addresses.
fn unchanged(maps: &str, stay: &BTreeSet<String>) -> Vec<Range<usize>> {
    let mut out: Vec<(Range<usize>, bool)> = Vec::new();
    let mut counts = false;
    for line in maps.lines() {
        let Some((key, value)) = line.split_once(' ') else {
            continue;
        };
        if let Some(range) = addresses(key) {
            counts = is_read_only(value, stay);
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

/// Whether a part is of one of these files and is only read; the line after its addresses: `r-xp 00001000 fe:00 10 /opt/x`.
fn is_read_only(line: &str, files: &BTreeSet<String>) -> bool {
    let rights = line.split_ascii_whitespace().next().unwrap_or_default();
    let is_one = line.find('/').is_some_and(|at| files.contains(&line[at..]));
    rights.starts_with('r') && !rights.contains('w') && is_one
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
a000-b000 r--p 00000000 fe:00 13 /usr/share/fonts/a.ttc
Private_Dirty:         0 kB
";

    #[test]
    fn only_unchanged_parts_of_what_stays_are_given_back() {
        let all = code(MAPS);
        let names: Vec<&str> = all.iter().map(String::as_str).collect();
        assert_eq!(
            names,
            [
                "/opt/shouwang",
                "/usr/lib/gio/modules/libdconf.so",
                "/usr/lib/libwebkit2gtk-4.1.so.0.1"
            ]
        );
        let mut stay = all.clone();
        stay.remove("/usr/lib/gio/modules/libdconf.so");
        assert_eq!(
            unchanged(MAPS, &stay),
            [0x1000..0x2000, 0x2000..0x5000, 0x9000..0xa000]
        );
        assert!(unchanged(MAPS, &BTreeSet::new()).is_empty());
        assert!(unchanged("1000-\nx-y r--p\n\n", &stay).is_empty());
        for kept in [
            "rw-p 00000000 fe:00 10 /opt/shouwang",
            "---p 00000000 fe:00 10 /opt/shouwang",
            "r--p 00000000 fe:00 10 /opt/shouwang (deleted)",
            "r--p 00000000 fe:00 10 /usr/share/fonts/a.ttc",
            "r-xp 00000000 00:00 0                          [vdso]",
            "",
        ] {
            assert!(!is_read_only(kept, &stay), "{kept}");
        }
    }

    #[test]
    fn a_library_is_kept_when_it_is_loaded_and_a_file_that_is_none_is_not() {
        let mine = code(&read("/proc/self/maps"));
        let libc = mine.iter().find(|f| f.contains("/libc.so"));
        assert!(is_kept(libc.expect("the C library")));
        let program = std::env::current_exe().expect("the program");
        let program = program.to_str().expect("a name");
        assert!(is_program(program) && mine.contains(program));
        assert!(!is_program("/opt/shouwang"));
        let file = std::env::temp_dir().join(format!("reclaim-{}.so", std::process::id()));
        std::fs::write(&file, "no library").expect("written");
        let name = file.to_string_lossy();
        assert!(!is_kept(&name) && !is_kept(&format!("{name}.gone")) && !is_kept("a\0b"));
        std::fs::remove_file(&file).expect("removed");
    }

    #[test]
    fn the_process_goes_on_without_them() {
        let held = |maps: &str, file: &str| -> u64 {
            let mut ours = false;
            let mut sum = 0;
            for line in maps.lines() {
                let (key, value) = line.split_once(' ').unwrap_or_default();
                if addresses(key).is_some() {
                    ours = value.ends_with(file);
                } else if ours && key == "Rss:" {
                    let kib = value.trim().trim_end_matches(" kB");
                    sum += kib.parse::<u64>().expect("kB");
                }
            }
            sum
        };
        let program = std::env::current_exe().expect("the program");
        let program = program.to_string_lossy();
        let before = read("/proc/self/smaps");
        let mut files = Files::default();
        files.give_back();
        let after = read("/proc/self/smaps");
        assert!(files.stay.contains(&*program));
        assert!(files.stay.iter().any(|f| f.contains("/libc.so")));
        let (before, after) = (held(&before, &program), held(&after, &program));
        assert!(after < before, "{before} and {after}");
        // A second time finds the same.
        let known = files.stay.len();
        files.give_back();
        assert_eq!(files.stay.len(), known);
    }
}
