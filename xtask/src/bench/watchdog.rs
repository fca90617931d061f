//! Runs the bench of the watchdog (a program of the tests, because it drives the window as they do) and judges its figures.

use super::{Limit, Report, figure};
use crate::app::{self, cargo};
use crate::procs;
use anyhow::Result;

const LIMITS: &[(&str, Limit)] = &[
    ("killed_ms", Limit::AtMost(3_000.0)),
    ("stopped_ms", Limit::AtMost(3_000.0)),
    ("spinning_ms", Limit::AtMost(3_000.0)),
];

pub(super) fn measure(report: &mut Report, quick: bool) -> Result<()> {
    let program = app::build(true)?;
    let which = ["-p", "shouwang-tests", "--bin", "watchdog_bench"];
    procs::step(cargo(&["build"]).args(which))?;
    let mut command = cargo(&["run", "--quiet"]);
    command.args(which).arg("--").env("SHOUWANG_BIN", program);
    if quick {
        command.arg("--quick");
    }
    figure::take_lines(report, "watchdog", &procs::output(&mut command)?, LIMITS)
}
