//! Runs the store's own bench (an example of the crate `embedded`) and judges its figures.

use super::{Limit, Report, figure};
use crate::app::cargo;
use crate::procs;
use anyhow::Result;

const LIMITS: &[(&str, Limit)] = &[
    ("rss_mib", Limit::AtMost(320.0)),
    ("ingest_samples_per_second", Limit::AtLeast(200_000.0)),
    ("ratio_to_prometheus", Limit::AtMost(1.0)),
    ("answers_agree", Limit::AtLeast(1.0)),
];

pub(super) fn measure(report: &mut Report, quick: bool) -> Result<()> {
    let build = [
        "build",
        "--release",
        "-p",
        "embedded",
        "--example",
        "tsdb_bench",
    ];
    procs::step(&mut cargo(&build))?;
    let mut command = cargo(&[
        "run",
        "--release",
        "--quiet",
        "-p",
        "embedded",
        "--example",
        "tsdb_bench",
        "--",
    ]);
    if quick {
        command.arg("--quick");
    }
    figure::take_lines(report, "tsdb", &procs::output(&mut command)?, LIMITS)
}
