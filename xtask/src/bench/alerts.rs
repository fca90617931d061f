//! Runs the alert desk's bench (a program of the tests, because it drives the window as they do) and judges its figures.

use super::{Limit, Report, figure};
use crate::app::{self, cargo};
use crate::procs;
use anyhow::Result;

const LIMITS: &[(&str, Limit)] = &[
    ("painted_10000_ms", Limit::AtMost(500.0)),
    ("painted_50000_ms", Limit::AtMost(2_000.0)),
    ("memory_50000_more_than_none_mib", Limit::AtMost(400.0)),
    ("wheel_frame_p95_ms", Limit::AtMost(20.0)),
    ("thumb_frame_p95_ms", Limit::AtMost(20.0)),
    ("key_to_list_p95_ms", Limit::AtMost(50.0)),
    ("click_to_shown_p95_ms", Limit::AtMost(50.0)),
    ("rest_p99_ms", Limit::AtMost(100.0)),
    ("storm_max_ms", Limit::AtMost(1_000.0)),
];

pub(super) fn measure(report: &mut Report, quick: bool) -> Result<()> {
    let program = app::build(true)?;
    let which = ["-p", "shouwang-tests", "--bin", "alerts_bench"];
    procs::step(cargo(&["build"]).args(which))?;
    let mut command = cargo(&["run", "--quiet"]);
    command.args(which).arg("--").env("SHOUWANG_BIN", program);
    if quick {
        command.arg("--quick");
    }
    figure::take_lines(report, "alerts", &procs::output(&mut command)?, LIMITS)
}
