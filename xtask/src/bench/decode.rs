//! Runs the decoder's own bench (an example of the crate `source`) and judges its figures.

use super::{Limit, Report, figure};
use crate::app::cargo;
use crate::procs;
use anyhow::Result;

const LIMITS: &[(&str, Limit)] = &[("ratio", Limit::AtLeast(3.0))];

pub(super) fn measure(report: &mut Report, _: bool) -> Result<()> {
    let build = [
        "build",
        "--release",
        "-p",
        "source",
        "--example",
        "decode_bench",
    ];
    procs::step(&mut cargo(&build))?;
    let mut command = cargo(&[
        "run",
        "--release",
        "--quiet",
        "-p",
        "source",
        "--example",
        "decode_bench",
    ]);
    figure::take_lines(report, "decode", &procs::output(&mut command)?, LIMITS)
}
