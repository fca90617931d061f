//! How much a refresh of all panels asks of Prometheus, against their full ranges.

use super::{Figure, Limit, Report};
use crate::app::{self, Running};
use crate::display::Size;
use crate::fixture::{self, Counter, Fixture, Layout};
use crate::procs;
use anyhow::Result;
use std::time::Duration;

pub(super) fn measure(report: &mut Report, quick: bool) -> Result<()> {
    let program = app::build(true)?;
    let fixture = Fixture::start()?;
    let counter = Counter::start(fixture.port())?;
    let args = fixture::configure(fixture.dir(), counter.port(), Layout::ONE)?;
    let mut running = Running::start(&program, &args, Size::FULL_HD)?;
    running.painted()?;
    procs::pause(Duration::from_secs(10))?;
    let (before, begun) = (counter.bytes(), procs::now());
    procs::pause(Duration::from_secs(if quick { 20 } else { 60 }))?;
    running.check()?;
    let seconds = begun.elapsed().as_secs_f64();
    // the board is asked once a second
    let refresh = (counter.bytes() - before) as f64 / seconds;
    let full = fixture.full_range_bytes()? as f64;
    let mut add = |name: &str, value: f64, unit: &str, limit: Limit| {
        report.add(Figure {
            bench: "refresh-bytes",
            name: name.into(),
            value,
            unit: unit.into(),
            limit,
        })
    };
    add(
        "all panels, full range, with headers",
        full,
        "B",
        Limit::None,
    )?;
    add(
        "all panels, one refresh, with headers",
        refresh,
        "B",
        Limit::None,
    )?;
    // nothing at all would not be a refresh
    let share = if refresh > 0.0 {
        refresh / full * 100.0
    } else {
        f64::NAN
    };
    add(
        "a refresh of the full range",
        share,
        "%",
        Limit::AtMost(2.0),
    )
}
