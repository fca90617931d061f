//! `cargo xtask test`: everything that must hold, quick failures first.

use crate::app::cargo;
use crate::args::Args;
use crate::packages::Need;
use crate::{paths, procs, say, setup, ui};
use anyhow::{Context, Result};
use std::time::Duration;

/// A step's name on the command line, what it says, and what it does.
struct Step {
    name: &'static str,
    zh: &'static str,
    en: &'static str,
    go: fn() -> Result<()>,
}

const STEPS: &[Step] = &[
    Step {
        name: "fmt",
        zh: "代码格式",
        en: "format",
        go: fmt,
    },
    Step {
        name: "ui",
        zh: "界面：类型检查、测试、构建",
        en: "the page: types, tests, build",
        go: page,
    },
    Step {
        name: "clippy",
        zh: "clippy：警告即错误",
        en: "clippy, warnings denied",
        go: clippy,
    },
    Step {
        name: "build",
        zh: "编译程序与全部测试",
        en: "compiling the program and all tests",
        go: build,
    },
    Step {
        name: "rust",
        zh: "单元、属性、真实服务器与真实窗口测试",
        en: "unit, property, real-server and real-window tests",
        go: rust,
    },
];

/// `cargo xtask test [STEP…]`.
///
/// # Errors
/// When a step fails.
pub fn main(mut args: Args) -> Result<()> {
    let names: Vec<&str> = STEPS.iter().map(|s| s.name).collect();
    let only = args.words(&names)?;
    args.finish()?;
    let begun = procs::now();
    setup::ensure(Need::Test)?;
    let mut times: Vec<(&str, Duration)> = vec![("setup", begun.elapsed())];
    for step in STEPS {
        if !only.is_empty() && !only.iter().any(|o| o == step.name) {
            continue;
        }
        say::step(step.zh, step.en);
        let begun = procs::now();
        let result = (step.go)();
        times.push((step.name, begun.elapsed()));
        if result.is_err() {
            say::times(&times);
        }
        result.with_context(|| format!("{} · {}", step.zh, step.en))?;
    }
    say::times(&times);
    say::note("全部通过", "all passed");
    Ok(())
}

fn fmt() -> Result<()> {
    procs::step(&mut cargo(&["fmt", "--all", "--check"]))
}

fn page() -> Result<()> {
    ui::install()?;
    procs::step(&mut ui::npm(&["run", "check"]))?;
    procs::step(&mut ui::npm(&["test"]))?;
    // the program embeds the page, so even clippy needs it
    ui::build()
}

fn clippy() -> Result<()> {
    ui::build()?;
    procs::step(&mut cargo(&[
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ]))
}

/// All targets at once: the window tests need the program itself, and a build of its own would choose other
/// features for the shared dependencies and compile them anew.
fn build() -> Result<()> {
    ui::build()?;
    procs::step(&mut cargo(&["build", "--workspace", "--all-targets"]))
}

fn rust() -> Result<()> {
    build()?;
    let mut command = cargo(&["test", "--workspace", "--no-fail-fast"]);
    command
        .env("SHOUWANG_BIN", paths::program(false))
        .env_remove("UPDATE_GENERATED");
    procs::step(&mut command)
}
