//! From the start of the process to the first painted panel with live data, with the default configuration.

use super::{Figure, Limit, Report};
use crate::app::{self, Running};
use crate::display::Size;
use anyhow::{Context, Result};

pub(super) fn measure(report: &mut Report, quick: bool) -> Result<()> {
    let program = app::build(true)?;
    let args = vec!["--kiosk".to_owned()];
    // the first start fills the disk cache and the data directory, as a wall's first start ever does
    let mut running = Running::start(&program, &args, Size::FULL_HD)?;
    let first = running.painted()?;
    let mut times = Vec::new();
    for _ in 0..if quick { 3 } else { 5 } {
        running = running.again(&program, &args)?;
        times.push(running.painted()?.as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    let median = *times
        .get(times.len() / 2)
        .context("no start was measured")?;
    let greatest = *times.last().context("no start was measured")?;
    let mut add = |name: &str, value: f64, limit: Limit| {
        report.add(Figure {
            bench: "start",
            name: name.into(),
            value,
            unit: "s".into(),
            limit,
        })
    };
    add(
        "process start to first live panel, median",
        median,
        Limit::AtMost(1.2),
    )?;
    add("  slowest", greatest, Limit::None)?;
    add(
        "  the very first, with no data yet",
        first.as_secs_f64(),
        Limit::None,
    )
}
