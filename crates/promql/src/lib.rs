//! PromQL evaluator over promql-parser's syntax tree. Pure: storage is a trait, time is a parameter.
#![warn(missing_docs)]

pub mod storage;
pub use storage::{Storage, StorageError};
