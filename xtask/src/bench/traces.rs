//! Runs the bench of the crate `traces` (an example of it) and judges its figures.

use super::{Limit, Report, figure};
use crate::app::cargo;
use crate::procs;
use anyhow::Result;

const EXAMPLE: [&str; 5] = ["--release", "-p", "traces", "--example", "traces_bench"];
const LIMITS: &[(&str, Limit)] = &[
    ("wide_50000_arrange_ms", Limit::AtMost(60.0)),
    ("wide_50000_window_of_60_rows_ms", Limit::AtMost(0.2)),
    ("deep_50000_arrange_ms", Limit::AtMost(60.0)),
    ("deep_50000_window_of_60_rows_ms", Limit::AtMost(0.2)),
    ("layout_1238_nodes_4271_edges_ms", Limit::AtMost(2_000.0)),
];

pub(super) fn measure(report: &mut Report, _quick: bool) -> Result<()> {
    procs::step(cargo(&["build"]).args(EXAMPLE))?;
    let mut command = cargo(&["run", "--quiet"]);
    command.args(EXAMPLE);
    figure::take_lines(report, "traces", &procs::output(&mut command)?, LIMITS)
}
