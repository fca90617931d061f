//! What a process and all its children cost, read from Linux' `/proc`.

use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

/// CPU time and memory of a tree of processes at one moment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Cost {
    /// CPU time used so far by each process, by process id.
    pub cpu: BTreeMap<u32, Duration>,
    /// Proportional set size in bytes of each process: its memory, shared pages divided by their users.
    pub pss: BTreeMap<u32, u64>,
    /// Name of each process.
    pub names: BTreeMap<u32, String>,
}

impl Cost {
    /// Of `root` and everything below it.
    ///
    /// # Errors
    /// When `root` is gone.
    pub fn of_tree(root: u32) -> Result<Self> {
        let mut cost = Self::default();
        for (pid, stat) in tree(root)? {
            cost.cpu.insert(pid, stat.cpu);
            cost.names.insert(pid, stat.name);
            // a child may end between the two readings
            if let Ok(bytes) = pss(pid) {
                cost.pss.insert(pid, bytes);
            }
        }
        Ok(cost)
    }

    /// Memory of all, in bytes.
    pub fn pss_total(&self) -> u64 {
        self.pss.values().sum()
    }

    /// CPU time that all used since `before`, also those that are new since.
    pub fn cpu_since(&self, before: &Self) -> Duration {
        self.cpu
            .iter()
            .map(|(pid, now)| now.saturating_sub(before.cpu.get(pid).copied().unwrap_or_default()))
            .sum()
    }

    /// CPU time since `before` by name of process.
    pub fn cpu_since_by_name(&self, before: &Self) -> BTreeMap<String, Duration> {
        let mut out: BTreeMap<String, Duration> = BTreeMap::new();
        for (pid, now) in &self.cpu {
            let used = now.saturating_sub(before.cpu.get(pid).copied().unwrap_or_default());
            *out.entry(self.names.get(pid).cloned().unwrap_or_default())
                .or_default() += used;
        }
        out
    }
}

/// One line of `/proc/PID/stat`.
#[derive(Debug, PartialEq)]
struct Stat {
    name: String,
    parent: u32,
    cpu: Duration,
}

fn tree(root: u32) -> Result<Vec<(u32, Stat)>> {
    let mut all: BTreeMap<u32, Stat> = BTreeMap::new();
    for entry in fs::read_dir("/proc").context("/proc")?.flatten() {
        let Some(pid) = entry
            .file_name()
            .to_str()
            .and_then(|n| n.parse::<u32>().ok())
        else {
            continue;
        };
        if let Some(stat) = fs::read_to_string(entry.path().join("stat"))
            .ok()
            .and_then(|t| parse(&t, ticks()))
        {
            all.insert(pid, stat);
        }
    }
    let mut wanted = vec![root];
    let mut out = Vec::new();
    while let Some(pid) = wanted.pop() {
        let Some(stat) = all.remove(&pid) else {
            continue;
        };
        wanted.extend(all.iter().filter(|(_, s)| s.parent == pid).map(|(p, _)| *p));
        out.push((pid, stat));
    }
    if out.is_empty() {
        bail!("进程 {root} 已经不在 · process {root} is gone");
    }
    Ok(out)
}

/// The name stands in parentheses and may itself have spaces and parentheses; fields count after the last one.
fn parse(text: &str, ticks_per_second: u64) -> Option<Stat> {
    let (head, tail) = text.rsplit_once(')')?;
    let name = head.split_once('(')?.1.to_owned();
    let fields: Vec<&str> = tail.split_whitespace().collect();
    let number = |i: usize| fields.get(i)?.parse::<u64>().ok();
    let used = number(11)? + number(12)?;
    Some(Stat {
        name,
        parent: u32::try_from(number(1)?).ok()?,
        cpu: Duration::from_millis(used * 1000 / ticks_per_second.max(1)),
    })
}

fn pss(pid: u32) -> Result<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
    parse_pss(&text).context("no Pss line")
}

fn parse_pss(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|l| l.strip_prefix("Pss:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

#[cfg(unix)]
fn ticks() -> u64 {
    rustix::param::clock_ticks_per_second()
}

#[cfg(not(unix))]
fn ticks() -> u64 {
    100
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stat_line_with_a_strange_name_is_read() {
        let line = "42 (Web (x) y) S 7 42 42 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 5 0 1 2 3";
        let stat = parse(line, 100).unwrap();
        assert_eq!(
            stat,
            Stat {
                name: "Web (x) y".into(),
                parent: 7,
                cpu: Duration::from_secs(3)
            }
        );
        assert_eq!(parse("nonsense", 100), None);
    }

    #[test]
    fn memory_is_in_bytes() {
        assert_eq!(
            parse_pss("Rss: 10 kB\nPss:      2048 kB\nPss_Dirty: 1 kB\n"),
            Some(2 * 1024 * 1024)
        );
        assert_eq!(parse_pss("Rss: 10 kB\n"), None);
    }

    #[test]
    fn work_and_children_are_seen() {
        let before = Cost::of_tree(std::process::id()).unwrap();
        let mut child = std::process::Command::new("sh")
            .args([
                "-c",
                "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; sleep 60",
            ])
            .spawn()
            .unwrap();
        let begun = crate::procs::now();
        let mut used = Duration::ZERO;
        while used < Duration::from_millis(50) && begun.elapsed() < Duration::from_secs(20) {
            std::thread::sleep(Duration::from_millis(50));
            let after = Cost::of_tree(std::process::id()).unwrap();
            used = after.cpu_since(&before);
            assert!(after.pss_total() > 0);
        }
        let names = Cost::of_tree(std::process::id()).unwrap().names;
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(used >= Duration::from_millis(50), "{used:?}");
        assert!(names.contains_key(&child.id()), "{names:?}");
    }
}
