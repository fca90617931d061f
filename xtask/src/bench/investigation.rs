//! Runs the bench of 现场 (an example of `desk`) and judges its figures.

use super::{Limit, Report, figure};
use crate::app::cargo;
use crate::procs;
use anyhow::Result;

const EXAMPLE: [&str; 5] = [
    "--release",
    "-p",
    "desk",
    "--example",
    "investigation_bench",
];
/// What is given up in time is not gathered: all of it has to be there.
const LIMITS: &[(&str, Limit)] = &[
    ("gathered_max_ms", Limit::AtMost(2_000.0)),
    ("whole_percent", Limit::AtLeast(100.0)),
];

pub(super) fn measure(report: &mut Report, quick: bool) -> Result<()> {
    procs::step(cargo(&["build"]).args(EXAMPLE))?;
    let mut command = cargo(&["run", "--quiet"]);
    command.args(EXAMPLE);
    if quick {
        command.args(["--", "--quick"]);
    }
    figure::take_lines(
        report,
        "investigation",
        &procs::output(&mut command)?,
        LIMITS,
    )
}
