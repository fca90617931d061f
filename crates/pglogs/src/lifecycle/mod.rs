//! The life of partitions: made days ahead, hot with all indexes, warm without those for searching, cold as files, gone.
//!
//! [`plan`] decides from a [`State`] what is to be done and does nothing; [`Maintainer`] looks at the state and carries out one step at a
//! time. Every step can be cut off at any moment: what it has done by then is seen in the next state, and the next plan goes on there.

mod export;
mod maintain;
mod plan;
mod state;

pub use maintain::{Maintainer, Progress};
pub use plan::{Finding, Policy, Step, findings, plan};
pub use state::{ColdPart, Damaged, DefaultDay, Partition, State, Unfinished};
