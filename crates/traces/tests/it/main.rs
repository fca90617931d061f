//! The public interface against slow, obvious references and odd traces.

mod common;
mod graph;
mod merged;
mod tree;
