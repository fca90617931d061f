//! Traces for the desk's page: the stores that are configured, the few traces that are open, and what the page asks of them.
//!
//! A trace stays here, arranged; the page gets the rows that it shows. Reading and arranging a large one is done beside the threads
//! that answer. Whatever is asked again for the same place of the page gives up the question before.

mod compare;
mod demo;
mod flame;
mod graph;
mod halves;
mod handle;
mod health;
mod lanes;
mod list;
mod opened;
mod search;
mod span;
mod statistics;
mod stores;
mod units;
mod waterfall;

pub use handle::TracesHandle;
pub use stores::{Store, start};
