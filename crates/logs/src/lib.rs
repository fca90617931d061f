//! What can be said about log lines without a store: whether one matches a filter, the language that filters are written in,
//! the patterns that messages follow, what program wrote which line and when. No I/O, no clock.
//!
//! Everything a line says is hostile input: bounded, and text, never markup.
#![warn(missing_docs)]

mod matches;
pub mod patterns;
pub mod query;
pub mod raw;
pub mod tokens;

pub use matches::{contains, field_number, field_text, is_there, matches, number_text};
