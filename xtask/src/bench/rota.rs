//! Runs the rota's own bench (an example of the crate `engine`) and judges its figures.

use super::{Limit, Report, figure};
use crate::app::cargo;
use crate::procs;
use anyhow::Result;

const EXAMPLE: [&str; 5] = ["--release", "-p", "engine", "--example", "rota_bench"];
const LIMITS: &[(&str, Limit)] = &[
    ("coverage_year_50_people_6_layers_ms", Limit::AtMost(20.0)),
    ("plan_quarter_20_people_8_layers_ms", Limit::AtMost(1_000.0)),
];

pub(super) fn measure(report: &mut Report, _quick: bool) -> Result<()> {
    procs::step(cargo(&["build"]).args(EXAMPLE))?;
    let mut command = cargo(&["run", "--quiet"]);
    command.args(EXAMPLE);
    figure::take_lines(report, "rota", &procs::output(&mut command)?, LIMITS)
}
