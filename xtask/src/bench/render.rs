//! Runs the bench of pictures and reports (an example of `desk`) and judges its figures.

use super::{Limit, Report, figure};
use crate::app::{self, cargo};
use crate::{paths, procs};
use anyhow::Result;
use std::path::PathBuf;
use std::process::Command;

const EXAMPLE: [&str; 5] = ["--release", "-p", "desk", "--example", "render_bench"];
const ROUNDS: usize = 5;
const LIMITS: &[(&str, Limit)] = &[
    ("panel_10x1440_ms", Limit::AtMost(150.0)),
    ("weekly_report_ms", Limit::AtMost(5_000.0)),
];

pub(super) fn measure(report: &mut Report, _quick: bool) -> Result<()> {
    procs::step(cargo(&["build"]).args(EXAMPLE))?;
    let mut command = cargo(&["run", "--quiet"]);
    command.args(EXAMPLE);
    figure::take_lines(report, "render", &procs::output(&mut command)?, LIMITS)?;
    whole_command(report)
}

/// The whole command, from its start to the file, over the simulated platform: told beside the drawing alone, because most of it is the
/// platform's past being made up.
fn whole_command(report: &mut Report) -> Result<()> {
    let program = app::build(true)?;
    let folder = own_folder()?;
    let config = folder.join("config.toml");
    std::fs::write(&config, "[embedded]\nhost = false\n")?;
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let mut command = Command::new(&program);
        command
            .args(["render", "overview", "-o"])
            .arg(folder.join("overview.png"))
            .arg("--config")
            .arg(&config)
            .env("SHOUWANG_DATA", folder.join("data"));
        let begun = procs::now();
        procs::output(&mut command)?;
        times.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    report.add(figure::Figure {
        bench: "render",
        name: "whole_command_board_ms".to_owned(),
        value: times[times.len() / 2],
        unit: "ms".to_owned(),
        limit: Limit::None,
    })
}

fn own_folder() -> Result<PathBuf> {
    let folder = paths::output().join("render-bench");
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}
