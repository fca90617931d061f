//! What the desk does with a PostgreSQL of its own: `shouwang logs`, the keeping of partitions while it runs, the simulated platform's
//! lines in it.

mod command;
mod ground;
mod keeping;

use ground::{BEGIN, COMMAND};
use std::process::ExitCode;

/// Started with arguments this is `shouwang`, else nothing.
#[test]
fn this_program_is_the_command() {
    let Ok(arguments) = std::env::var(COMMAND) else {
        return;
    };
    println!("{BEGIN}");
    let good = match desk::cli::parse(arguments.lines().map(Into::into)) {
        desk::cli::Action::Done(code) => format!("{code:?}") == format!("{:?}", ExitCode::SUCCESS),
        desk::cli::Action::Wall(_) => false,
    };
    std::process::exit(i32::from(!good));
}
