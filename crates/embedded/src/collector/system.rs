//! File handles, processes, names, clocks.

use super::page::Page;
use super::{CollectError, HostCollector, read};
use std::collections::BTreeMap;

/// Processes that are looked at; a host with more has other worries.
const MOST_PROCESSES: usize = 32_768;

pub(super) fn file_handles(host: &mut HostCollector, page: &mut Page) -> Result<(), CollectError> {
    let path = host.options.proc.join("sys/fs/file-nr");
    let text = read::text(&path)?;
    let values: Vec<f64> = text
        .split_ascii_whitespace()
        .filter_map(|w| w.parse().ok())
        .collect();
    let [allocated, _, maximum] = values[..] else {
        return Err(read::malformed(&path, &text));
    };
    page.gauge(
        "node_filefd_allocated",
        "File descriptor statistics: allocated.",
        &[],
        allocated,
    );
    page.gauge(
        "node_filefd_maximum",
        "File descriptor statistics: maximum.",
        &[],
        maximum,
    );
    Ok(())
}

/// State and number of threads from `/proc/<pid>/stat`. The name in brackets may hold anything, brackets and blanks too.
fn process(stat: &str) -> Option<(&str, f64)> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut words = rest.split_ascii_whitespace();
    let state = words.next()?;
    let threads = words.nth(16)?.parse().ok()?;
    Some((state, threads))
}

pub(super) fn processes(host: &mut HostCollector, page: &mut Page) -> Result<(), CollectError> {
    let proc = &host.options.proc;
    let mut states: BTreeMap<String, f64> = BTreeMap::new();
    let (mut pids, mut threads) = (0.0, 0.0);
    let numbers = read::names(proc)?
        .into_iter()
        .filter(|n| n.bytes().all(|b| b.is_ascii_digit()));
    for pid in numbers.take(MOST_PROCESSES) {
        // a process may end while we look
        let Ok(stat) = read::text(&proc.join(pid).join("stat")) else {
            continue;
        };
        let Some((state, own)) = process(&stat) else {
            continue;
        };
        *states.entry(state.to_owned()).or_default() += 1.0;
        pids += 1.0;
        threads += own;
    }
    for (state, count) in &states {
        page.gauge(
            "node_processes_state",
            "Number of processes in each state.",
            &[("state", state)],
            *count,
        );
    }
    page.gauge("node_processes_pids", "Number of PIDs", &[], pids);
    page.gauge(
        "node_processes_threads",
        "Allocated threads in system",
        &[],
        threads,
    );
    for (file, metric, help) in [
        (
            "sys/kernel/pid_max",
            "node_processes_max_processes",
            "Number of max PIDs limit",
        ),
        (
            "sys/kernel/threads-max",
            "node_processes_max_threads",
            "Limit of threads in the system",
        ),
    ] {
        if let Some(value) = read::number(&proc.join(file)) {
            page.gauge(metric, help, &[], value);
        }
    }
    Ok(())
}

pub(super) fn uname(_: &mut HostCollector, page: &mut Page) -> Result<(), CollectError> {
    let u = rustix::system::uname();
    let text = |c: &std::ffi::CStr| c.to_string_lossy().into_owned();
    let (system, node, release, version, machine, domain) = (
        text(u.sysname()),
        text(u.nodename()),
        text(u.release()),
        text(u.version()),
        text(u.machine()),
        text(u.domainname()),
    );
    let labels = [
        ("sysname", &*system),
        ("nodename", &*node),
        ("release", &*release),
        ("version", &*version),
        ("machine", &*machine),
        ("domainname", &*domain),
    ];
    page.gauge(
        "node_uname_info",
        "Labeled system information as provided by the uname system call.",
        &labels,
        1.0,
    );
    Ok(())
}

pub(super) fn time(_: &mut HostCollector, page: &mut Page) -> Result<(), CollectError> {
    let seconds = page.now_ms() as f64 / 1000.0;
    page.gauge(
        "node_time_seconds",
        "System time in seconds since epoch (1970).",
        &[],
        seconds,
    );
    Ok(())
}

/// What the kernel says about its clock (`adjtimex(2)`).
struct Clock {
    offset_s: f64,
    frequency_ratio: f64,
    maxerror_s: f64,
    esterror_s: f64,
    status: f64,
    synchronised: bool,
}

#[expect(
    unsafe_code,
    reason = "adjtimex has no safe wrapper in any maintained crate"
)]
fn kernel_clock() -> Result<Clock, std::io::Error> {
    // SAFETY: timex consists of integers, for which zero is a value; mode 0 only reads; the pointer is to our own, whole struct
    let (state, t) = unsafe {
        let mut t: libc::timex = std::mem::zeroed();
        let state = libc::adjtimex(&raw mut t);
        (state, t)
    };
    if state < 0 {
        return Err(std::io::Error::last_os_error());
    }
    let divisor = if t.status & libc::STA_NANO != 0 {
        1e9
    } else {
        1e6
    };
    Ok(Clock {
        offset_s: t.offset as f64 / divisor,
        // parts per million with 16 bits of fraction
        frequency_ratio: 1.0 + t.freq as f64 / (65_536.0 * 1e6),
        maxerror_s: t.maxerror as f64 / 1e6,
        esterror_s: t.esterror as f64 / 1e6,
        status: f64::from(t.status),
        synchronised: state != libc::TIME_ERROR,
    })
}

pub(super) fn timex(_: &mut HostCollector, page: &mut Page) -> Result<(), CollectError> {
    let clock = kernel_clock().map_err(|e| CollectError::Unreadable {
        path: "adjtimex".into(),
        reason: e.to_string(),
    })?;
    page.gauge(
        "node_timex_offset_seconds",
        "Time offset in between local system and reference clock.",
        &[],
        clock.offset_s,
    );
    page.gauge(
        "node_timex_frequency_adjustment_ratio",
        "Local clock frequency adjustment.",
        &[],
        clock.frequency_ratio,
    );
    page.gauge(
        "node_timex_maxerror_seconds",
        "Maximum error in seconds.",
        &[],
        clock.maxerror_s,
    );
    page.gauge(
        "node_timex_estimated_error_seconds",
        "Estimated error in seconds.",
        &[],
        clock.esterror_s,
    );
    page.gauge(
        "node_timex_status",
        "Value of the status array bits.",
        &[],
        clock.status,
    );
    page.gauge(
        "node_timex_sync_status",
        "Is clock synchronized to a reliable server (1 = yes, 0 = no).",
        &[],
        f64::from(clock.synchronised),
    );
    Ok(())
}

pub(super) fn entropy(host: &mut HostCollector, page: &mut Page) -> Result<(), CollectError> {
    let path = host.options.proc.join("sys/kernel/random/entropy_avail");
    let text = read::text(&path)?;
    let bits = text
        .trim()
        .parse()
        .map_err(|_| read::malformed(&path, &text))?;
    page.gauge(
        "node_entropy_available_bits",
        "Bits of available entropy.",
        &[],
        bits,
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_may_be_called_anything() {
        let stat = "4242 (a) R (b) S 1 4242 4242 0 -1 4194560 100 0 0 0 0 0 0 0 20 0 7 0 1234 0 0";
        assert_eq!(process(stat), Some(("S", 7.0)));
        assert_eq!(process("4242 (half"), None);
        assert_eq!(process("1 (x) S 2 3"), None);
    }
}
