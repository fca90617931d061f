//! Logs, from a page to the stores: which stores there are and how they are, questions with a time limit that give way to newer
//! ones, kept views, boards, exports. Nothing here grows with what a store holds: each answer is bounded.

pub mod alarm;
mod ask;
pub mod boards;
mod complete;
mod export;
pub mod keeping;
mod lanes;
mod local;
mod news;
mod numbers;
mod patterns;
pub mod postgres;
mod saved;
mod scope;
mod setup;
pub mod steps;
mod stores;
mod stream;
mod views;

pub use self::ask::LogsHandle;
pub use self::local::LocalLogs;
pub use self::setup::{reader, start};
pub use self::stores::{Entry, Stores};
