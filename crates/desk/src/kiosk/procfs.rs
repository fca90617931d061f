//! What Linux says of the pages' processes. Elsewhere nothing is said, and the watchdog goes by what is painted alone.

use std::fs;
use std::path::Path;

/// The name of a page's process; the system cuts it at 15 characters.
const NAME: &str = "WebKitWebProces";

/// A page's process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Its id.
    pub pid: u32,
    /// When it began, in ticks since the start of the machine.
    pub started: u64,
    /// It is stopped (SIGSTOP, a debugger), so that it cannot do anything.
    pub stopped: bool,
}

/// `/proc/PID/stat`: name, state, parent, start. The name stands in parentheses and may hold any of them.
fn parse(stat: &str) -> Option<(&str, char, u32, u64)> {
    let (before, after) = stat.rsplit_once(')')?;
    let name = before.split_once('(')?.1;
    let mut fields = after.split_ascii_whitespace();
    let state = fields.next()?.chars().next()?;
    let parent = fields.next()?.parse().ok()?;
    // state is field 3 of proc(5), the start is field 22
    let started = fields.nth(17)?.parse().ok()?;
    Some((name, state, parent, started))
}

/// All processes of pages that `parent` started, directly or through a helper of the sandbox.
pub fn pages_of(parent: u32) -> Vec<Process> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let mut all = Vec::new();
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(pid) = name.to_str().and_then(|n| n.parse::<u32>().ok()) else {
            continue;
        };
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else {
            continue;
        };
        if let Some((name, state, parent, started)) = parse(&stat) {
            all.push((pid, name.to_owned(), state, parent, started));
        }
    }
    let parent_of = |pid: u32| all.iter().find(|p| p.0 == pid).map(|p| p.3);
    let below = |pid: u32| {
        let mut at = pid;
        for _ in 0..4 {
            match parent_of(at) {
                Some(up) if up == parent => return true,
                Some(up) if up > 1 => at = up,
                _ => return false,
            }
        }
        false
    };
    // A zombie has ended; its parent has only not looked yet.
    all.iter()
        .filter(|(pid, name, state, _, _)| name == NAME && *state != 'Z' && below(*pid))
        .map(|(pid, _, state, _, started)| Process {
            pid: *pid,
            started: *started,
            stopped: matches!(state, 'T' | 't'),
        })
        .collect()
}

/// Whether the machine has had more to do in the last minute than it can: more than two tasks for each processor wanted to run.
pub fn is_busy() -> bool {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    is_too_much(&load, processors)
}

fn is_too_much(load: &str, processors: usize) -> bool {
    let minute = load.split_ascii_whitespace().next();
    let minute: Option<f64> = minute.and_then(|n| n.parse().ok());
    minute.is_some_and(|n| n > 2.0 * processors as f64)
}

/// Memory of a process, bytes: its own, and its part of what it shares (proportional set size).
pub fn memory(pid: u32) -> Option<u64> {
    memory_in(
        &Path::new("/proc")
            .join(pid.to_string())
            .join("smaps_rollup"),
    )
}

fn memory_in(file: &Path) -> Option<u64> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find_map(|l| l.strip_prefix("Pss:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_whatever_the_name_holds() {
        let line = "42 (a) R (b)) T 7 42 42 0 -1 4194560 1 0 0 0 5 3 0 0 20 0 1 0 123456 1000 10 18446744073709551615";
        assert_eq!(parse(line), Some(("a) R (b)", 'T', 7, 123_456)));
        assert_eq!(parse("nonsense"), None);
        assert_eq!(parse("1 (x) S"), None);
    }

    #[test]
    fn more_than_two_tasks_for_each_processor_are_too_much() {
        assert!(is_too_much("4.10 3.00 2.00 3/1234 99", 2));
        assert!(!is_too_much("3.90 9.00 9.00 3/1234 99", 2));
        assert!(!is_too_much("", 2));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_has_memory_and_no_pages() {
        assert!(memory(std::process::id()).is_some_and(|bytes| bytes > 1 << 20));
        assert_eq!(memory(0), None);
        assert_eq!(pages_of(std::process::id()), []);
    }
}
