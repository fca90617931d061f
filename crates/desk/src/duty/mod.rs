//! The alert desk: one loop, the only writer of alerts, around `engine::duty`. Sources and people come in as messages, what is to be kept goes to
//! the store in one transaction, and only then anybody is told.

pub mod chart;
pub mod commit;
pub mod control;
mod core;
mod detail;
pub mod driver;
mod figures;
pub mod filter;
mod findings;
pub mod handle;
pub mod list;
pub mod own_rules;
mod pack;
mod poll;
pub mod remote;
#[cfg(test)]
pub mod samples;
mod seen;
pub mod sentences;
pub mod setup;
pub mod shell;
pub mod start;
mod views;

pub use self::core::{DutyCore, Facts, Parts};
pub use self::views::open_rows;
pub use detail::store_error;
pub use handle::{Ask, DutyHandle, Message};
pub use shell::{Headless, Shell, ShellState, Window};
pub use views::{DEMO_SOURCE, matcher};
