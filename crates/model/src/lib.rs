//! The nouns of Shouwang. No I/O, no clock, no async runtime.
#![warn(missing_docs)]

#[macro_use]
mod hex;
pub mod alert;
pub mod annotation;
pub mod board;
pub mod duty;
pub mod frame;
pub mod labels;
pub mod lang;
pub mod log;
pub mod rota;
pub mod sample;
pub mod secret;
pub mod severity;
pub mod sights;
pub mod trace;

pub use alert::{Fingerprint, Level, Matcher, Observation, Reported};
pub use annotation::{Annotation, Happened};
pub use frame::{InstantValue, RangeFrame};
pub use labels::Labels;
pub use lang::Lang;
pub use sample::{Sample, Series};
pub use secret::Secret;
pub use severity::{Direction, Severity, Thresholds};
