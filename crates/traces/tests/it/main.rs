//! The public interface against slow, obvious references and odd traces.

mod common;
mod merged;
mod tree;
