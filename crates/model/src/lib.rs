//! The nouns of Shouwang. No I/O, no clock, no async runtime.
#![warn(missing_docs)]

pub mod board;
pub mod labels;
pub mod sample;
pub mod severity;

pub use labels::Labels;
pub use sample::{Sample, Series};
pub use severity::{Direction, Severity, Thresholds};
