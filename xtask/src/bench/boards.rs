//! Runs the bench of going from board to board (a program of the tests, because it drives the window as they do) and judges its figures.

use super::{Limit, Report, figure};
use crate::app::{self, cargo};
use crate::procs;
use anyhow::Result;

const LIMITS: &[(&str, Limit)] = &[
    ("by_rotation_p95_ms", Limit::AtMost(200.0)),
    ("by_key_p95_ms", Limit::AtMost(200.0)),
    ("by_keys_to_and_fro_p95_ms", Limit::AtMost(200.0)),
    ("by_rotation_4k_p95_ms", Limit::AtMost(200.0)),
    ("by_key_4k_p95_ms", Limit::AtMost(200.0)),
    ("by_keys_to_and_fro_4k_p95_ms", Limit::AtMost(200.0)),
];

pub(super) fn measure(report: &mut Report, quick: bool) -> Result<()> {
    let program = app::build(true)?;
    let which = ["-p", "shouwang-tests", "--bin", "boards_bench"];
    procs::step(cargo(&["build"]).args(which))?;
    let mut command = cargo(&["run", "--quiet"]);
    command.args(which).arg("--").env("SHOUWANG_BIN", program);
    if quick {
        command.arg("--quick");
    }
    figure::take_lines(report, "boards", &procs::output(&mut command)?, LIMITS)
}
