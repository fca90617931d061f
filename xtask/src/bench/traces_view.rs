//! Runs the bench of the page of traces (a program of the tests, because it drives the window as they do) and judges its figures.

use super::{Limit, Report, figure};
use crate::app::{self, cargo};
use crate::procs;
use anyhow::Result;

const LIMITS: &[(&str, Limit)] = &[
    ("received_to_rows_ms", Limit::AtMost(500.0)),
    ("memory_more_mib", Limit::AtMost(250.0)),
    ("wheel_frame_p95_ms", Limit::AtMost(20.0)),
    ("wheel_frame_max_ms", Limit::AtMost(50.0)),
    ("thumb_frame_p95_ms", Limit::AtMost(20.0)),
    ("thumb_frame_max_ms", Limit::AtMost(50.0)),
    ("graph_pressed_to_painted_max_ms", Limit::AtMost(2_000.0)),
];

pub(super) fn measure(report: &mut Report, quick: bool) -> Result<()> {
    let program = app::build(true)?;
    let which = ["-p", "shouwang-tests", "--bin", "traces_bench"];
    procs::step(cargo(&["build"]).args(which))?;
    let mut command = cargo(&["run", "--quiet"]);
    command.args(which).arg("--").env("SHOUWANG_BIN", program);
    if quick {
        command.arg("--quick");
    }
    figure::take_lines(report, "traces-view", &procs::output(&mut command)?, LIMITS)
}
