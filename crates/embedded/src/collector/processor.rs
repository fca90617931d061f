//! `/proc/stat`, `/proc/loadavg`, `/proc/pressure`.

use super::page::Page;
use super::{CollectError, HostCollector, read};
use std::collections::BTreeMap;

/// Ticks a second in `/proc/stat`: USER_HZ, which is 100 on every architecture that Linux supports but Alpha and IA-64.
const TICKS: f64 = 100.0;
const MODES: [&str; 8] = [
    "user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal",
];
/// A counter that falls by less than this many seconds wobbles; by more, the core was off and starts again.
const WOBBLE_S: f64 = 3.0;

/// Times of the last collection. The kernel's idle and iowait times sometimes fall a little; a counter must not.
#[derive(Debug, Default)]
pub(super) struct Memory {
    cores: BTreeMap<String, [f64; 10]>,
}

/// One core's line: its number and up to ten times in seconds.
fn core(line: &str) -> Option<(&str, [f64; 10])> {
    let mut words = line.strip_prefix("cpu")?.split_ascii_whitespace();
    let number = words.next().filter(|n| {
        line.as_bytes().get(3) != Some(&b' ') && n.bytes().all(|b| b.is_ascii_digit())
    })?;
    let mut times = [0.0; 10];
    for (time, word) in times.iter_mut().zip(words) {
        *time = word.parse::<f64>().ok()? / TICKS;
    }
    Some((number, times))
}

impl Memory {
    /// The times to show for a core that says `now`.
    fn smooth(&mut self, number: &str, mut now: [f64; 10]) -> [f64; 10] {
        if let Some(last) = self.cores.get(number) {
            for (n, l) in now.iter_mut().zip(last) {
                if *n < *l && *l - *n < WOBBLE_S {
                    *n = *l;
                }
            }
        }
        self.cores.insert(number.to_owned(), now);
        now
    }
}

pub(super) fn cpu(host: &mut HostCollector, page: &mut Page) -> Result<(), CollectError> {
    let path = host.options.proc.join("stat");
    let text = read::text(&path)?;
    let mut any = false;
    for line in text.lines().take_while(|l| l.starts_with("cpu")) {
        let Some((number, times)) = core(line) else {
            continue;
        };
        any = true;
        let times = host.processor.smooth(number, times);
        for (mode, time) in MODES.into_iter().zip(times) {
            page.counter(
                "node_cpu_seconds_total",
                "Seconds the CPUs spent in each mode.",
                &[("cpu", number), ("mode", mode)],
                time,
            );
        }
        for (mode, time) in ["user", "nice"].into_iter().zip(times.into_iter().skip(8)) {
            page.counter(
                "node_cpu_guest_seconds_total",
                "Seconds the CPUs spent in guests (VMs) for each mode.",
                &[("cpu", number), ("mode", mode)],
                time,
            );
        }
    }
    if any {
        Ok(())
    } else {
        Err(read::malformed(&path, text.lines().next().unwrap_or("")))
    }
}

pub(super) fn stat(host: &mut HostCollector, page: &mut Page) -> Result<(), CollectError> {
    let text = read::text(&host.options.proc.join("stat"))?;
    for line in text.lines() {
        let mut words = line.split_ascii_whitespace();
        let (Some(name), Some(value)) = (words.next(), words.next().and_then(|v| v.parse().ok()))
        else {
            continue;
        };
        match name {
            "intr" => page.counter(
                "node_intr_total",
                "Total number of interrupts serviced.",
                &[],
                value,
            ),
            "ctxt" => page.counter(
                "node_context_switches_total",
                "Total number of context switches.",
                &[],
                value,
            ),
            "processes" => page.counter("node_forks_total", "Total number of forks.", &[], value),
            "btime" => page.gauge(
                "node_boot_time_seconds",
                "Node boot time, in unixtime.",
                &[],
                value,
            ),
            "procs_running" => page.gauge(
                "node_procs_running",
                "Number of processes in runnable state.",
                &[],
                value,
            ),
            "procs_blocked" => page.gauge(
                "node_procs_blocked",
                "Number of processes blocked waiting for I/O to complete.",
                &[],
                value,
            ),
            _ => {}
        }
    }
    Ok(())
}

pub(super) fn load(host: &mut HostCollector, page: &mut Page) -> Result<(), CollectError> {
    let path = host.options.proc.join("loadavg");
    let text = read::text(&path)?;
    let loads: Vec<f64> = text
        .split_ascii_whitespace()
        .take(3)
        .filter_map(|w| w.parse().ok())
        .collect();
    let [one, five, fifteen] = loads[..] else {
        return Err(read::malformed(&path, &text));
    };
    page.gauge("node_load1", "1m load average.", &[], one);
    page.gauge("node_load5", "5m load average.", &[], five);
    page.gauge("node_load15", "15m load average.", &[], fifteen);
    Ok(())
}

/// The `total=` (microseconds) of the line that begins with `kind`, in seconds.
fn stalled_seconds(text: &str, kind: &str) -> Option<f64> {
    let line = text.lines().find(|l| l.starts_with(kind))?;
    let total = line
        .split_ascii_whitespace()
        .find_map(|w| w.strip_prefix("total="))?;
    Some(total.parse::<f64>().ok()? / 1e6)
}

pub(super) fn pressure(host: &mut HostCollector, page: &mut Page) -> Result<(), CollectError> {
    let folder = host.options.proc.join("pressure");
    let part = |name: &str| read::text(&folder.join(name));
    let (cpu, io, memory) = (part("cpu")?, part("io")?, part("memory")?);
    for (text, kind, name, help) in [
        (
            &cpu,
            "some",
            "node_pressure_cpu_waiting_seconds_total",
            "Total time in seconds that processes have waited for CPU time",
        ),
        (
            &io,
            "some",
            "node_pressure_io_waiting_seconds_total",
            "Total time in seconds that processes have waited due to IO congestion",
        ),
        (
            &io,
            "full",
            "node_pressure_io_stalled_seconds_total",
            "Total time in seconds no process could make progress due to IO congestion",
        ),
        (
            &memory,
            "some",
            "node_pressure_memory_waiting_seconds_total",
            "Total time in seconds that processes have waited for memory",
        ),
        (
            &memory,
            "full",
            "node_pressure_memory_stalled_seconds_total",
            "Total time in seconds no process could make progress due to memory congestion",
        ),
    ] {
        let seconds = stalled_seconds(text, kind).ok_or_else(|| read::malformed(&folder, text))?;
        page.counter(name, help, &[], seconds);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cores_line_is_read_and_the_sum_of_all_is_not() {
        assert_eq!(core("cpu  1 2 3 4 5 6 7 8 9 10"), None);
        let (number, times) =
            core("cpu12 105297 7437 20298 205147 418 0 135 180 0 0").expect("a core");
        assert_eq!((number, times[0], times[3]), ("12", 1052.97, 2051.47));
        assert_eq!(core("cpu1 x 2"), None);
        let (_, old) = core("cpu0 1 2 3 4").expect("an old kernel has fewer columns");
        assert_eq!(old[4..], [0.0; 6]);
    }

    #[test]
    fn idle_time_that_falls_a_little_does_not_fall() {
        let mut memory = Memory::default();
        let times = |idle: f64| [1.0, 0.0, 0.0, idle, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
        assert_eq!(memory.smooth("0", times(100.0))[3], 100.0);
        assert_eq!(memory.smooth("0", times(99.5))[3], 100.0);
        assert_eq!(
            memory.smooth("0", times(1.0))[3],
            1.0,
            "a core that was off begins again"
        );
    }

    #[test]
    fn pressure_is_in_seconds() {
        let text = "some avg10=98.39 avg60=98.34 avg300=84.17 total=906155767\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n";
        assert_eq!(stalled_seconds(text, "some"), Some(906.155767));
        assert_eq!(stalled_seconds(text, "full"), Some(0.0));
        assert_eq!(stalled_seconds("nonsense", "some"), None);
    }
}
