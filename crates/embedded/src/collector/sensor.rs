//! Temperatures: `/sys/class/hwmon` and `/sys/class/thermal`.

use super::page::Page;
use super::{CollectError, HostCollector, read};
use std::path::Path;

/// Lower case, everything but letters, digits, `:` and `_` as `_`, none at the ends: the node exporter's `cleanMetricName`.
fn clean(name: &str) -> String {
    let lower = name.trim().to_lowercase();
    let mapped: String = lower
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == ':' || c == '_' {
                c
            } else {
                '_'
            }
        })
        .collect();
    mapped.trim_matches('_').to_owned()
}

/// The chip's label: its bus and place (`platform_coretemp_0`), its name where it has no device, else its folder.
fn chip(folder: &Path) -> String {
    let base = |path: &Path| {
        std::fs::canonicalize(path)
            .ok()
            .and_then(|p| p.file_name().map(|n| clean(&n.to_string_lossy())))
            .unwrap_or_default()
    };
    let device = base(&folder.join("device"));
    let bus = base(&folder.join("device/subsystem"));
    if !device.is_empty() && !bus.is_empty() {
        return format!("{bus}_{device}");
    }
    let name = read::text(&folder.join("name"))
        .map(|n| clean(&n))
        .unwrap_or_default();
    if name.is_empty() { base(folder) } else { name }
}

pub(super) fn hwmon(host: &mut HostCollector, page: &mut Page) -> Result<(), CollectError> {
    let folder = host.options.sys.join("class/hwmon");
    for monitor in read::names(&folder)? {
        let at = folder.join(&monitor);
        let chip = chip(&at);
        let Ok(files) = read::names(&at) else {
            continue;
        };
        for file in &files {
            let Some(sensor) = file
                .strip_suffix("_input")
                .filter(|s| s.starts_with("temp"))
            else {
                continue;
            };
            // a sensor that sleeps answers with an error
            let Some(value) = read::number(&at.join(file)) else {
                continue;
            };
            page.gauge(
                "node_hwmon_temp_celsius",
                "Hardware monitor for temperature (input)",
                &[("chip", &chip), ("sensor", sensor)],
                value / 1000.0,
            );
            if let Ok(label) = read::text(&at.join(format!("{sensor}_label"))) {
                page.gauge(
                    "node_hwmon_sensor_label",
                    "Label for given chip and sensor",
                    &[("chip", &chip), ("sensor", sensor), ("label", label.trim())],
                    1.0,
                );
            }
        }
        if let Ok(name) = read::text(&at.join("name")) {
            page.gauge(
                "node_hwmon_chip_names",
                "Annotation metric for human-readable chip names",
                &[("chip", &chip), ("chip_name", name.trim())],
                1.0,
            );
        }
    }
    Ok(())
}

pub(super) fn thermal_zones(host: &mut HostCollector, page: &mut Page) -> Result<(), CollectError> {
    let folder = host.options.sys.join("class/thermal");
    for name in read::names(&folder)? {
        let Some(zone) = name.strip_prefix("thermal_zone") else {
            continue;
        };
        let at = folder.join(&name);
        let kind = read::text(&at.join("type")).unwrap_or_default();
        if let Some(value) = read::number(&at.join("temp")) {
            page.gauge(
                "node_thermal_zone_temp",
                "Zone temperature in Celsius",
                &[("type", kind.trim()), ("zone", zone)],
                value / 1000.0,
            );
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collector::HostOptions;

    #[test]
    fn temperatures_come_under_the_exporters_names() {
        let dir = tempfile::tempdir().expect("a folder");
        let write = |path: &str, text: &str| {
            let path = dir.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
            std::fs::write(path, text).expect("a file");
        };
        write("class/hwmon/hwmon0/name", "coretemp\n");
        write("class/hwmon/hwmon0/temp1_input", "45500\n");
        write("class/hwmon/hwmon0/temp1_label", "Package id 0\n");
        write("class/hwmon/hwmon0/temp2_input", "asleep\n");
        write("class/thermal/thermal_zone3/type", "x86_pkg_temp\n");
        write("class/thermal/thermal_zone3/temp", "47000\n");
        let mut host = HostCollector::new(HostOptions {
            sys: dir.path().to_owned(),
            instance: Some("here".into()),
            ..HostOptions::default()
        });
        let mut page = Page::new(0, "node", "here");
        hwmon(&mut host, &mut page).expect("hwmon");
        thermal_zones(&mut host, &mut page).expect("zones");
        let (samples, _) = page.finish();
        let shown: Vec<String> = samples
            .iter()
            .map(|(l, s)| format!("{l} {}", s.v))
            .collect();
        assert_eq!(
            shown,
            [
                r#"node_hwmon_temp_celsius{chip="coretemp", instance="here", job="node", sensor="temp1"} 45.5"#,
                r#"node_hwmon_sensor_label{chip="coretemp", instance="here", job="node", label="Package id 0", sensor="temp1"} 1"#,
                r#"node_hwmon_chip_names{chip="coretemp", chip_name="coretemp", instance="here", job="node"} 1"#,
                r#"node_thermal_zone_temp{instance="here", job="node", type="x86_pkg_temp", zone="3"} 47"#,
            ]
        );
        assert_eq!(clean("Coretemp.0 "), "coretemp_0");
    }
}
