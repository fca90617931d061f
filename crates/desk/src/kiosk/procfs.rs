//! What Linux says of the pages' processes. Elsewhere nothing is said, and the watchdog goes by what is painted alone.

use std::collections::BTreeMap;
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

/// Generations below this process that are looked at: a page's process is a child, or a child of the sandbox's helper.
const GENERATIONS: usize = 4;

/// All processes of pages that `parent` started, directly or through a helper of the sandbox.
pub fn pages_of(parent: u32) -> Vec<Process> {
    below(parent).iter().filter_map(|pid| page(*pid)).collect()
}

/// The same processes as they are now; `None` when one of them has ended, so that they are to be looked for anew.
pub fn still(known: &[Process]) -> Option<Vec<Process>> {
    let same = |before: &Process| page(before.pid).filter(|now| now.started == before.started);
    known.iter().map(same).collect()
}

fn stat_of(pid: u32) -> Option<String> {
    fs::read_to_string(format!("/proc/{pid}/stat")).ok()
}

/// A zombie has ended; its parent has only not looked yet.
fn page(pid: u32) -> Option<Process> {
    let stat = stat_of(pid)?;
    let (name, state, _, started) = parse(&stat)?;
    (name == NAME && state != 'Z').then_some(Process {
        pid,
        started,
        stopped: matches!(state, 'T' | 't'),
    })
}

/// The processes that came from this one. A kernel without lists of children (`CONFIG_PROC_CHILDREN`) is asked for all processes instead,
/// which costs more the more the machine has to do.
fn below(parent: u32) -> Vec<u32> {
    let Some(first) = children(parent) else {
        return below_of_all(parent);
    };
    let (mut found, mut from) = (first.clone(), first);
    for _ in 1..GENERATIONS {
        from = from
            .iter()
            .filter_map(|pid| children(*pid))
            .flatten()
            .collect();
        found.extend(&from);
    }
    found
}

/// Each thread has the list of those that it started.
fn children(pid: u32) -> Option<Vec<u32>> {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).ok()?;
    let mut found = Vec::new();
    for thread in threads.flatten() {
        match fs::read_to_string(thread.path().join("children")) {
            Ok(list) => found.extend(
                list.split_ascii_whitespace()
                    .filter_map(|n| n.parse::<u32>().ok()),
            ),
            // the thread has just ended, or the kernel has no such lists
            Err(_) if thread.path().exists() => return None,
            Err(_) => {}
        }
    }
    Some(found)
}

fn below_of_all(parent: u32) -> Vec<u32> {
    let pids = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = pids.filter_map(|e| e.file_name().to_str()?.parse::<u32>().ok());
    let parents: BTreeMap<u32, u32> = pids
        .filter_map(|pid| Some((pid, parse(&stat_of(pid)?)?.2)))
        .collect();
    let is_below = |pid: &u32| {
        let up = std::iter::successors(parents.get(pid).copied(), |at| parents.get(at).copied());
        up.take(GENERATIONS).any(|at| at == parent)
    };
    parents.keys().copied().filter(is_below).collect()
}

/// Whether the machine has had more to do in the last minute than it can: more than two tasks for each of so many processors wanted to run.
pub fn is_busy(processors: usize) -> bool {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
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
        assert_eq!(still(&[]), Some(vec![]));
        // It lives, but is no page.
        let own = Process {
            pid: std::process::id(),
            started: 0,
            stopped: false,
        };
        assert_eq!(still(&[own]), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn children_and_theirs_are_found_both_ways() {
        use std::io::{BufRead as _, BufReader};
        use std::process::{Command, Stdio};
        let own = std::process::id();
        // A shell that waits for a shell that waits until its input ends.
        let mut child = Command::new("sh")
            .args(["-c", "sh -c 'echo $$; read never'; true"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell");
        let mut said = String::new();
        let out = child.stdout.take().expect("its output");
        BufReader::new(out).read_line(&mut said).expect("a line");
        let second: u32 = said.trim().parse().expect("a process");
        for found in [below(own), below_of_all(own)] {
            assert!(
                found.contains(&child.id()) && found.contains(&second),
                "{found:?}"
            );
        }
        drop(child.stdin.take());
        assert!(child.wait().is_ok());
        assert!(!below(own).contains(&second) && !below_of_all(own).contains(&second));
    }
}
