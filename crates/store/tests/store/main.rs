//! The store from outside.

mod contract;
mod more;
mod samples;
