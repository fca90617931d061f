//! Runs the bench of the live tail (a program of the tests, because it drives the window as they do) and judges its figures.

use super::{Limit, Report, figure};
use crate::app::{self, cargo};
use crate::procs;
use anyhow::Result;

const LIMITS: &[(&str, Limit)] = &[
    ("tail_frame_p95_ms", Limit::AtMost(20.0)),
    // 5,000 are written; what is asked four times a second ends up to a quarter of a second before the clock does
    ("lines_arrived_per_second", Limit::AtLeast(4_900.0)),
    // flat: from the first two minutes to the last, in which nothing is left of what a collector has not got to yet
    ("memory_floor_grown_mib", Limit::AtMost(5.0)),
];

pub(super) fn measure(report: &mut Report, quick: bool) -> Result<()> {
    let program = app::build(true)?;
    let which = ["-p", "shouwang-tests", "--bin", "logs_tail_bench"];
    procs::step(cargo(&["build"]).args(which))?;
    let mut command = cargo(&["run", "--quiet"]);
    command.args(which).arg("--").env("SHOUWANG_BIN", program);
    if quick {
        command.arg("--quick");
    }
    figure::take_lines(report, "logs-tail", &procs::output(&mut command)?, LIMITS)
}
