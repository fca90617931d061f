//! How far the embedded store's PromQL agrees with a real Prometheus: the corpus is a test, and this tells its figures.

use super::{Limit, Report, figure};
use crate::app::cargo;
use crate::procs;
use anyhow::Result;

const LIMITS: &[(&str, Limit)] = &[
    ("agree_percent", Limit::AtLeast(99.0)),
    ("queries", Limit::AtLeast(300.0)),
];

pub(super) fn measure(report: &mut Report, _quick: bool) -> Result<()> {
    let mut command = cargo(&["test", "--quiet", "-p", "shouwang-tests"]);
    command.args(["--test", "promql_corpus", "--", "--nocapture"]);
    figure::take_lines(report, "promql", &procs::output(&mut command)?, LIMITS)
}
