//! `/proc/meminfo` and `/proc/vmstat`.

use super::page::Page;
use super::{CollectError, HostCollector, read};

/// `Active(anon):  12 kB` as (`Active_anon_bytes`, 12288); lines without a unit keep their number and get no suffix.
fn memory_line(line: &str) -> Option<(String, f64)> {
    let (name, rest) = line.split_once(':')?;
    let mut words = rest.split_ascii_whitespace();
    let value: f64 = words.next()?.parse().ok()?;
    let name: String = name.replace('(', "_").replace(')', "");
    match words.next() {
        Some("kB") => Some((format!("{name}_bytes"), value * 1024.0)),
        _ => Some((name, value)),
    }
}

pub(super) fn meminfo(host: &mut HostCollector, page: &mut Page) -> Result<(), CollectError> {
    let path = host.options.proc.join("meminfo");
    let text = read::text(&path)?;
    let mut any = false;
    for (name, value) in text.lines().filter_map(memory_line) {
        any = true;
        page.gauge(
            &format!("node_memory_{name}"),
            &format!("Memory information field {name}."),
            &[],
            value,
        );
    }
    if any {
        Ok(())
    } else {
        Err(read::malformed(&path, &text))
    }
}

/// The fields that the node exporter takes: `^(oom_kill|pgpg|pswp|pg.*fault).*`.
fn is_wanted(field: &str) -> bool {
    ["oom_kill", "pgpg", "pswp"]
        .iter()
        .any(|p| field.starts_with(p))
        || (field.starts_with("pg") && field.contains("fault"))
}

pub(super) fn vmstat(host: &mut HostCollector, page: &mut Page) -> Result<(), CollectError> {
    let text = read::text(&host.options.proc.join("vmstat"))?;
    for line in text.lines() {
        let Some((field, value)) = line.split_once(' ') else {
            continue;
        };
        let Ok(value) = value.trim().parse() else {
            continue;
        };
        if is_wanted(field) {
            page.untyped(
                &format!("node_vmstat_{field}"),
                &format!("/proc/vmstat information field {field}."),
                &[],
                value,
            );
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_units_are_the_exporters() {
        assert_eq!(
            memory_line("MemTotal:       24684092 kB"),
            Some(("MemTotal_bytes".into(), 25_276_510_208.0))
        );
        assert_eq!(
            memory_line("Active(anon):  2 kB"),
            Some(("Active_anon_bytes".into(), 2048.0))
        );
        assert_eq!(
            memory_line("HugePages_Total:       0"),
            Some(("HugePages_Total".into(), 0.0))
        );
        assert_eq!(memory_line("nonsense"), None);
        assert!(is_wanted("pgmajfault") && is_wanted("pswpin") && !is_wanted("pgalloc_dma"));
    }
}
