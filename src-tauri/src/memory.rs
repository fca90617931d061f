//! Pages of memory that only the start needed are given back: a wall runs for months, and what it does in all that time is a small part of
//! the program. They are pages of the program's own file, unchanged, which the system reads again should they be needed after all.

use std::ops::Range;
use std::time::Duration;

/// The start is over, and the first questions have been answered.
const AFTER: Duration = Duration::from_secs(20);
/// What is needed only now and then is not kept for ever.
const EVERY: Duration = Duration::from_secs(3_600);

/// Gives them back again and again.
pub async fn give_back_unused() {
    tokio::time::sleep(AFTER).await;
    loop {
        // Reading the list takes milliseconds.
        let _ = tokio::task::spawn_blocking(give_back).await;
        tokio::time::sleep(EVERY).await;
    }
}

#[cfg(target_os = "linux")]
fn give_back() {
    let program = std::env::current_exe().unwrap_or_default();
    let maps = std::fs::read_to_string("/proc/self/smaps").unwrap_or_default();
    for range in unchanged(&maps, &program.to_string_lossy()) {
        forget(range);
    }
}

#[cfg(not(target_os = "linux"))]
fn give_back() {}

#[cfg(target_os = "linux")]
#[expect(
    unsafe_code,
    reason = "the ranges are of the program's own file, stay mapped as long as it runs, cannot be written to and never were: what is read \
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

/// Parts of `program` in `/proc/self/smaps` (proc(5)) that cannot be written to and that nothing has been written to: addresses.
fn unchanged(maps: &str, program: &str) -> Vec<Range<usize>> {
    let mut out: Vec<(Range<usize>, bool)> = Vec::new();
    let mut is_ours = false;
    for line in maps.lines() {
        let Some((key, value)) = line.split_once(' ') else {
            continue;
        };
        if let Some(range) = addresses(key) {
            let mut fields = value.split_ascii_whitespace();
            let reads_only = fields
                .next()
                .is_some_and(|rights| rights.starts_with('r') && !rights.contains('w'));
            is_ours = reads_only && value.ends_with(program) && !program.is_empty();
            if is_ours {
                out.push((range, true));
            }
        } else if is_ours
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

/// Lines of a part that say how much of it was written to, or belongs to nobody's file.
const WRITTEN: [&str; 4] = ["Shared_Dirty:", "Private_Dirty:", "Anonymous:", "Swap:"];

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
Private_Dirty:         0 kB
5000-6000 r--p 00004000 fe:00 10 /opt/shouwang
Private_Dirty:        16 kB
6000-7000 rw-p 00005000 fe:00 10 /opt/shouwang
Private_Dirty:         0 kB
7000-8000 r-xp 00000000 fe:00 11 /usr/lib/libc.so.6
Private_Dirty:         0 kB
8000-9000 rw-p 00000000 00:00 0
Private_Dirty:         8 kB
";

    #[test]
    fn only_unchanged_parts_of_the_program_are_given_back() {
        assert_eq!(
            unchanged(MAPS, "/opt/shouwang"),
            [0x1000..0x2000, 0x2000..0x5000]
        );
        assert!(unchanged(MAPS, "").is_empty());
        assert!(unchanged("1000-\nx-y r--p\n\n", "/opt/shouwang").is_empty());
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_program_goes_on_without_them() {
        let before = std::fs::read_to_string("/proc/self/smaps").expect("what is mapped");
        let program = std::env::current_exe().expect("the program");
        assert!(!unchanged(&before, &program.to_string_lossy()).is_empty());
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
        give_back();
        let after = std::fs::read_to_string("/proc/self/smaps").expect("what is mapped");
        assert!(
            held(&after) < held(&before),
            "{} and {}",
            held(&after),
            held(&before)
        );
    }
}
