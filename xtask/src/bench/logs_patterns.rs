//! Runs the bench of the log patterns (an example of the crate `logs`) and judges its figures.

use super::{Limit, Report, figure};
use crate::app::cargo;
use crate::procs;
use anyhow::Result;

const EXAMPLE: [&str; 5] = ["--release", "-p", "logs", "--example", "patterns_bench"];
const LIMITS: &[(&str, Limit)] = &[("patterns_lines_per_second", Limit::AtLeast(200_000.0))];

pub(super) fn measure(report: &mut Report, _quick: bool) -> Result<()> {
    procs::step(cargo(&["build"]).args(EXAMPLE))?;
    let mut command = cargo(&["run", "--quiet"]);
    command.args(EXAMPLE);
    let said = procs::output(&mut command)?;
    figure::take_lines(report, "logs-patterns", &said, LIMITS)
}
