//! Dashboards of Grafana: their JSON (the classic model, schemaVersion up to 41, rows of the days before the grid included) read into
//! boards, and boards written as such JSON. Bytes in, nouns out, and back; no I/O, no clock.
//!
//! A dashboard scrolls and a wall does not: what does not fit one screen becomes several boards, cut where rows begin. What a board
//! cannot say is not left out in silence: each such thing is a [`Loss`] with its panel, its place in the JSON, why, and what to do.
//! Looks (colours of lines, places of legends, widths) are the house's and are not listed.
//!
//! The model is the one of Grafana's documentation, "JSON model" of dashboards and of each visualization.
#![warn(missing_docs)]

mod boards;
mod colour;
mod export;
mod fault;
mod kinds;
mod layout;
mod panel;
mod read;
mod thresholds;
mod units;
mod variables;

pub use boards::{ImportOptions, Imported, import};
pub use export::{ExportOptions, Exported, export};
pub use fault::{Loss, LossKind, MAX_LOSSES, Refused};
pub use read::MAX_BYTES;

/// Panels of one dashboard that are looked at; no dashboard that people read has a tenth of it.
pub const MAX_PANELS: usize = 1_000;
