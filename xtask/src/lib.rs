//! The developer's commands, and the pieces of them that the window tests use too: a private display
//! ([`display`]) and processes that end with us ([`procs`]).
#![warn(missing_docs)]

pub mod app;
pub mod args;
pub mod bench;
pub mod codegen;
pub mod display;
pub mod fixture;
pub mod packages;
pub mod paths;
pub mod procfs;
pub mod procs;
pub mod run;
pub mod say;
pub mod screens;
pub mod screenshots;
pub mod setup;
pub mod soak;
pub mod test;
pub mod ui;
