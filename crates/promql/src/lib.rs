//! PromQL evaluator over promql-parser's syntax tree, agreeing with Prometheus 2.42 (without native histograms).
//! Pure: storage is a trait, time is a parameter.
//!
//! A query goes through three hands: `guard` bounds its text and lets promql-parser build the tree, `compile`
//! checks types and resolves times into a plan, `eval` streams rows through the plan. A selector is read once per
//! query, one series at a time; windows walk forward along it, and most aggregations fold the rows as they come.
//!
//! Where it differs from Prometheus 2.42, on purpose:
//! - over a range, `predict_linear(m[5m] @ t, s)` keeps the window at `t`; Prometheus moves it on with each step;
//! - there are no native histograms: functions of them give nothing;
//! - bounds on the text (length, depth, operators), the steps and the samples held are typed errors.
//!
//! The agreement is tested against a real Prometheus on the same samples (`promql_corpus` among the workspace's tests).
#![warn(missing_docs)]

mod aggregate;
mod binary;
mod calendar;
mod call;
mod compile;
mod engine;
mod error;
mod eval;
mod functions;
mod guard;
mod histogram;
mod labels_of;
mod math;
pub mod memory;
mod over_time;
mod plan;
mod rows;
mod set;
pub mod storage;
mod topk;
mod window;

pub use engine::{CancelHook, Engine, Value, selectors};
pub use error::{ExecutionError, LimitError, PromqlError};
pub use memory::MemoryStorage;
pub use storage::{Storage, StorageError};
