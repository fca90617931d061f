//! Runs the bench of pictures and reports (an example of `desk`) and judges its figures.

use super::{Limit, Report, figure};
use crate::app::cargo;
use crate::procs;
use anyhow::Result;

const EXAMPLE: [&str; 5] = ["--release", "-p", "desk", "--example", "render_bench"];
const LIMITS: &[(&str, Limit)] = &[
    ("panel_10x1440_ms", Limit::AtMost(150.0)),
    ("weekly_report_ms", Limit::AtMost(5_000.0)),
];

pub(super) fn measure(report: &mut Report, _quick: bool) -> Result<()> {
    procs::step(cargo(&["build"]).args(EXAMPLE))?;
    let mut command = cargo(&["run", "--quiet"]);
    command.args(EXAMPLE);
    figure::take_lines(report, "render", &procs::output(&mut command)?, LIMITS)
}
