//! Boards are the user's: drawn anew on the screen with the real panels, written as the YAML that a person writes, taken from Grafana
//! and given to it.

mod checks;
mod complete;
pub mod file;
mod grafana_views;
mod handle;
mod preview;
mod promql_names;
pub mod yaml;

pub use handle::{EditorHandle, Parts};
pub use preview::{Clients, Ground};
