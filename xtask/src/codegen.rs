//! `cargo xtask codegen`: the files that are generated from code, written by the tests that otherwise check
//! them.

use crate::app::cargo;
use crate::args::Args;
use crate::{procs, say};
use anyhow::Result;

/// Crates that have such tests.
const CRATES: [&str; 2] = ["wire", "desk"];

/// `cargo xtask codegen`.
///
/// # Errors
/// When a generator fails.
pub fn main(args: Args) -> Result<()> {
    args.finish()?;
    for name in CRATES {
        say::step(
            &format!("生成 {name} 导出的文件"),
            &format!("writing what {name} exports"),
        );
        // each generator is a test called `…_is_up_to_date`
        let mut command = cargo(&["test", "-p", name, "--quiet", "up_to_date"]);
        command.env("UPDATE_GENERATED", "1");
        procs::step(&mut command)?;
    }
    Ok(())
}
