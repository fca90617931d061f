//! Runs the test of sources that hang, come late or send too much, as a release build, and judges how long other panels waited.

use super::{Limit, Report, figure};
use crate::app::cargo;
use crate::procs;
use anyhow::Result;

/// A panel that is asked once a second keeps its second: with what a look of 50 ms and the next question add to it.
const LIMITS: &[(&str, Limit)] = &[("other_panels_greatest_gap_ms", Limit::AtMost(2_000.0))];

pub(super) fn measure(report: &mut Report, _quick: bool) -> Result<()> {
    let which = [
        "--release",
        "-p",
        "shouwang-tests",
        "--test",
        "slow_sources",
    ];
    procs::step(cargo(&["test", "--no-run"]).args(which))?;
    let mut command = cargo(&["test", "--quiet"]);
    command.args(which).args(["--", "--nocapture"]);
    figure::take_lines(
        report,
        "slow-sources",
        &procs::output(&mut command)?,
        LIMITS,
    )
}
