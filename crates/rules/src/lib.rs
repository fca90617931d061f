//! Prometheus rule files: read and checked ([`parse`]), evaluated as Prometheus 2.42 evaluates them ([`RuleEngine`]), written
//! ([`export`]); the built-in ones are inside ([`builtin`]). No I/O, no clock, no async runtime.
//!
//! The engine asks questions ([`Ask`]) and is told the answers; whoever drives it asks a metrics source. That it fires what a real
//! Prometheus fires, on the same samples, with the same labels, texts and times, is shown by tests against `promtool` and a running
//! Prometheus (`rules_*` among the workspace's tests).
#![warn(missing_docs)]

mod ask;
pub mod builtin;
pub mod duration;
mod engine;
mod error;
mod export;
mod file;
mod needs;
mod parse;
mod rule_state;
mod saved;
mod schedule;
pub mod template;

pub use ask::{ActiveAlert, Ask, Assignment, Failure, Options, RuleStatus};
pub use engine::RuleEngine;
pub use error::{Problem, RuleError};
pub use export::{export, export_file};
pub use file::{Group, Kind, Rule, RuleFile};
pub use needs::needs;
pub use parse::{Loaded, parse};
pub use rule_state::AlertState;
pub use saved::{SavedAlert, SavedRule, SavedState};
