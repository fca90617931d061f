//! The program `shouwang`: the wall, and the command line over the same desk.
// No console window beside the wall on Windows.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

mod commands;
mod editor;
mod end;
mod environment;
mod investigation;
mod logs;
mod machine;
mod memory;
mod page;
mod popups;
mod reports;
mod rota;
mod screens;
mod shell;
mod traces;
mod tray;
mod walls;
mod windows;

use desk::cli::{self, Action};
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let began = desk::clock::instant();
    // Before any thread exists, because the environment is changed.
    environment::prepare();
    match cli::parse(std::env::args_os()) {
        Action::Done(code) => code,
        Action::Wall(arguments) => {
            environment::prepare_windows(arguments.kiosk());
            end::without_destructors();
            match shell::run(*arguments, began) {
                Ok(code) => code,
                Err(e) => {
                    tracing::error!(error = format!("{e:#}"), "the wall could not be shown");
                    ExitCode::FAILURE
                }
            }
        }
    }
}
