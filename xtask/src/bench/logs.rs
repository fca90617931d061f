//! Runs the log store's own bench (an example of the crate `embedded`) and judges its figures.

use super::{Limit, Report, figure};
use crate::app::cargo;
use crate::procs;
use anyhow::Result;

const EXAMPLE: [&str; 5] = ["--release", "-p", "embedded", "--example", "logs_bench"];
const LIMITS: &[(&str, Limit)] = &[
    ("ingest_lines_per_second", Limit::AtLeast(50_000.0)),
    ("newest_100_p95_ms", Limit::AtMost(20.0)),
    ("word_count_ms", Limit::AtMost(40.0)),
    ("histogram_24h_by_minute_ms", Limit::AtMost(40.0)),
];

pub(super) fn measure(report: &mut Report, quick: bool) -> Result<()> {
    procs::step(cargo(&["build"]).args(EXAMPLE))?;
    let mut command = cargo(&["run", "--quiet"]);
    command.args(EXAMPLE);
    if quick {
        command.args(["--", "--quick"]);
    }
    figure::take_lines(report, "logs", &procs::output(&mut command)?, LIMITS)
}
